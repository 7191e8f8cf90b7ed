/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The kernel's own structures, with only the fields that are read: CO-RE finds their offsets when the object is loaded. */
#ifndef VAECTL_KERNEL_H
#define VAECTL_KERNEL_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef int pid_t;
typedef struct {
	unsigned int val;
} kuid_t;
typedef struct {
	int counter;
} atomic_t;

struct kernfs_node {
	__u64 id;
};

struct cgroup;
struct cgroup_root {
	int hierarchy_id;
};
struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};
struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
	struct cgroup_root *root;
};
struct css_set {
	struct cgroup *dfl_cgrp;
};

struct qstr {
	const unsigned char *name;
};
struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
};
struct vfsmount {
	struct dentry *mnt_root;
};
struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};
struct inode {
	__u16 i_mode;
	unsigned int i_nlink;
	unsigned long i_ino;
};
struct file {
	unsigned int f_mode;
	void *private_data;
	struct inode *f_inode;
	struct path f_path;
};
struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};
struct files_struct {
	struct fdtable *fdt;
};
struct fs_struct {
	struct path root;
	struct path pwd;
};

struct mnt_namespace;
struct nsproxy {
	struct mnt_namespace *mnt_ns;
};
/* Its members have changed over the years, its 64 bits have not: read by its address only. */
struct kernel_cap_struct {
	__u32 cap[2];
};
struct user_namespace;
struct cred {
	struct user_namespace *user_ns;
	kuid_t uid;
	struct kernel_cap_struct cap_effective;
};
struct mm_struct {
	unsigned long arg_start;
	unsigned long arg_end;
};

struct upid {
	int nr;
};
struct pid {
	struct upid numbers[1];
};
struct kernel_siginfo {
	int si_code;
};
struct sched_entity {
	__u64 sum_exec_runtime;
};
struct signal_struct {
	atomic_t live;
	int group_exit_code;
	unsigned int flags;
	__u64 utime;
	__u64 stime;
	unsigned long long sum_sched_runtime;
	struct pid *pids[4];
};
struct thread_info {
	__u32 status;
};
struct task_struct {
	struct thread_info thread_info;
	struct sched_entity se;
	struct mm_struct *mm;
	int exit_code;
	pid_t pid;
	pid_t tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	__u64 utime;
	__u64 stime;
	__u64 start_boottime;
	const struct cred *cred;
	char comm[16];
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct css_set *cgroups;
};
/* Its own since the tracepoint says which thread is the last: Linux 6.16. */
struct trace_event_raw_sched_process_exit {
	_Bool group_dead;
};
struct linux_binprm {
	struct file *file;
	int argc;
};

struct in6_addr {
	__u8 bytes[16];
};
struct sock_common {
	__u32 skc_daddr;
	__u32 skc_rcv_saddr;
	__u16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	unsigned long skc_flags;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};
struct sock_cgroup_data {
	struct cgroup *cgroup;
};
struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
	__u16 sk_type;
	int sk_err;
	struct sock_cgroup_data sk_cgrp_data;
};
struct inet_sock {
	__u16 inet_sport;
};
struct tcp_sock {
	__u64 bytes_received;
	__u64 bytes_sent;
	__u64 bytes_retrans;
};
enum sock_flags {
	SOCK_DONE = 1, /* the peer has said that it sends no more */
};
struct socket {
	struct sock *sk;
};

struct pt_regs {
	unsigned long r10;
	unsigned long r9;
	unsigned long r8;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long ax;
	unsigned long orig_ax;
};

#pragma clang attribute pop
#endif
