/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* All that runs in the kernel. */
#include <linux/types.h>
#include <linux/bpf.h>
#include <asm/unistd_64.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include "kernel.h"
#include "wire.h"
#include "slot.h"
#include "flight.h"
#include "event.h"
#include "path.h"
#include "rare.h"
#include "socket.h"
#include "process.h"
#include "file.h"

char _license[] SEC("license") = "Dual MIT/GPL";

#ifndef __NR_fchmodat2
#define __NR_fchmodat2 452
#endif
#ifndef __NR_mount_setattr
#define __NR_mount_setattr 442
#endif
#define TS_COMPAT 2
#define SET_UP_NS 2000000000ULL

const volatile __u32 own_pid = 0;
/* Calls are counted in slices. Between them this hook is there for what it tells of those who are watched deeper, and
 * counts nothing: what it saw in all of the time would be taken for what it saw in its share. */
const volatile __u8 sliced = 0;
volatile __u32 between_slices SEC(".data.slices") = 0;

static __always_inline int counts_calls(void)
{
	return !(sliced && between_slices);
}

/* What a call asks for beyond being counted. */
enum action {
	ACT_NONE,
	ACT_OPEN,
	ACT_NAME,
	ACT_CONNECT,
	ACT_ACCEPT,
	ACT_SEND,
	ACT_CLOSE,
	ACT_KILL,
	ACT_RARE,
	ACT_RARE_PATH,
};

const volatile __u8 actions[SYSCALLS] = {
	[__NR_open] = ACT_OPEN, [__NR_openat] = ACT_OPEN, [__NR_openat2] = ACT_OPEN, [__NR_creat] = ACT_OPEN,
	[__NR_unlink] = ACT_NAME, [__NR_unlinkat] = ACT_NAME, [__NR_rmdir] = ACT_NAME,
	[__NR_rename] = ACT_NAME, [__NR_renameat] = ACT_NAME, [__NR_renameat2] = ACT_NAME,
	[__NR_chmod] = ACT_NAME, [__NR_fchmod] = ACT_NAME, [__NR_fchmodat] = ACT_NAME, [__NR_fchmodat2] = ACT_NAME,
	[__NR_mkdir] = ACT_NAME, [__NR_mkdirat] = ACT_NAME, [__NR_link] = ACT_NAME, [__NR_linkat] = ACT_NAME,
	[__NR_symlink] = ACT_NAME, [__NR_symlinkat] = ACT_NAME,
	[__NR_mknod] = ACT_NAME, [__NR_mknodat] = ACT_NAME, [__NR_truncate] = ACT_NAME,
	[__NR_connect] = ACT_CONNECT, [__NR_accept] = ACT_ACCEPT, [__NR_accept4] = ACT_ACCEPT,
	[__NR_sendto] = ACT_SEND, [__NR_sendmsg] = ACT_SEND, [__NR_sendmmsg] = ACT_SEND, [__NR_close] = ACT_CLOSE,
	[__NR_kill] = ACT_KILL, [__NR_tkill] = ACT_KILL, [__NR_tgkill] = ACT_KILL,
	[__NR_rt_sigqueueinfo] = ACT_KILL, [__NR_rt_tgsigqueueinfo] = ACT_KILL,
	[__NR_pidfd_send_signal] = ACT_KILL,
	[__NR_ptrace] = ACT_RARE, [__NR_process_vm_writev] = ACT_RARE, [__NR_process_vm_readv] = ACT_RARE,
	[__NR_setuid] = ACT_RARE, [__NR_setgid] = ACT_RARE, [__NR_setreuid] = ACT_RARE, [__NR_setregid] = ACT_RARE,
	[__NR_setresuid] = ACT_RARE, [__NR_setresgid] = ACT_RARE, [__NR_setfsuid] = ACT_RARE, [__NR_setfsgid] = ACT_RARE,
	[__NR_setgroups] = ACT_RARE, [__NR_capset] = ACT_RARE,
	[__NR_unshare] = ACT_RARE, [__NR_setns] = ACT_RARE,
	[__NR_init_module] = ACT_RARE, [__NR_finit_module] = ACT_RARE, [__NR_delete_module] = ACT_RARE,
	[__NR_kexec_load] = ACT_RARE, [__NR_kexec_file_load] = ACT_RARE,
	[__NR_bpf] = ACT_RARE, [__NR_perf_event_open] = ACT_RARE, [__NR_keyctl] = ACT_RARE,
	[__NR_open_by_handle_at] = ACT_RARE, [__NR_fsopen] = ACT_RARE, [__NR_fsmount] = ACT_RARE,
	[__NR_fsconfig] = ACT_RARE, [__NR_fspick] = ACT_RARE_PATH, [__NR_mount_setattr] = ACT_RARE_PATH,
	[__NR_mount] = ACT_RARE_PATH, [__NR_umount2] = ACT_RARE_PATH, [__NR_pivot_root] = ACT_RARE_PATH,
	[__NR_chroot] = ACT_RARE_PATH, [__NR_move_mount] = ACT_RARE_PATH, [__NR_open_tree] = ACT_RARE_PATH,
};

static __always_inline void on_open(struct task_struct *task, struct row *row, __u32 slot, struct pt_regs *regs,
				    __u32 nr, long ret)
{
	__u64 flags = nr == __NR_open ? regs->si : nr == __NR_creat ? 1 : regs->dx;

	if (nr == __NR_openat2)
		bpf_probe_read_user(&flags, sizeof(flags), (void *)regs->dx);
	/* A file may be emptied, or made, by who only reads it. */
	if (!(flags & (O_ACCMODE | O_TRUNC)) && (!(flags & O_CREAT) || !is_created(file_of(task, ret))))
		return;
	if (ret >= 0)
		add(row->count[COUNT_OPEN_WRITE], 1);
	if (!wanted(slot, DEPTH_FULL))
		return;
	if (ret >= 0)
		report_file(task, slot, nr, ret, ret, flags);
	else if (nr == __NR_open || nr == __NR_creat)
		report_name(task, slot, nr, ret, AT_FDCWD, regs->di, 0, 0, 0);
	else
		report_name(task, slot, nr, ret, regs->di, regs->si, 0, 0, 0);
}

static __always_inline void on_name(struct task_struct *task, struct row *row, __u32 slot, struct pt_regs *regs,
				    __u32 nr, long ret)
{
	__u64 a = regs->di, b = regs->si, c = regs->dx, d = regs->r10;
	__u64 path = a, to = 0;
	int dir = AT_FDCWD, to_dir = AT_FDCWD;
	__u32 mode = 0;

	switch (nr) {
	case __NR_unlinkat:
		dir = a, path = b;
		/* fall through */
	case __NR_unlink:
	case __NR_rmdir:
		if (ret == 0)
			add(row->count[COUNT_UNLINK], 1);
		break;
	case __NR_renameat:
	case __NR_renameat2:
		dir = a, path = b, to_dir = c, to = d;
		if (ret == 0)
			add(row->count[COUNT_RENAME], 1);
		break;
	case __NR_rename:
		to = b;
		if (ret == 0)
			add(row->count[COUNT_RENAME], 1);
		break;
	case __NR_fchmodat:
	case __NR_fchmodat2:
		dir = a, path = b, mode = c;
		if (ret == 0)
			add(row->count[COUNT_CHMOD], 1);
		break;
	case __NR_chmod:
	case __NR_fchmod:
		mode = b;
		if (ret == 0)
			add(row->count[COUNT_CHMOD], 1);
		break;
	case __NR_mkdirat:
	case __NR_mknodat:
		dir = a, path = b;
		break;
	case __NR_link:
		to = b;
		break;
	case __NR_linkat:
		dir = a, path = b, to_dir = c, to = d;
		break;
	case __NR_symlink:
		path = b;
		break;
	case __NR_symlinkat:
		dir = b, path = c;
		break;
	}
	if (!wanted(slot, DEPTH_FULL))
		return;
	if (nr == __NR_fchmod)
		report_file(task, slot, nr, ret, a, mode);
	else
		report_name(task, slot, nr, ret, dir, path, to_dir, to, mode);
}

/* The argument of a rare call that says what was asked for: an address or a descriptor says nothing. */
static __always_inline __u64 telling(struct pt_regs *regs, __u32 nr)
{
	switch (nr) {
	case __NR_mount:
		return regs->r10;
	case __NR_umount2:
	case __NR_setns:
	case __NR_fsopen:
		return regs->si;
	case __NR_open_tree:
	case __NR_finit_module:
	case __NR_fsmount:
	case __NR_fspick:
	case __NR_mount_setattr:
		return regs->dx;
	case __NR_fsconfig:
		return regs->si;
	case __NR_move_mount:
		return regs->r8;
	case __NR_pivot_root:
	case __NR_chroot:
	case __NR_capset:
	case __NR_init_module:
	case __NR_delete_module:
	case __NR_kexec_load:
	case __NR_kexec_file_load:
	case __NR_perf_event_open:
	case __NR_open_by_handle_at:
	case __NR_process_vm_readv:
	case __NR_process_vm_writev:
		return NO_ARGUMENT;
	}
	return regs->di;
}

/* The arguments of a call are still in its registers when it ends. */
static __noinline int act(struct pt_regs *regs, struct row *row, __u32 slot, __u32 action)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 nr = regs->orig_ax;
	__u64 a = regs->di, b = regs->si, c = regs->dx;
	long ret = regs->ax;

	switch (action) {
	case ACT_OPEN:
		on_open(task, row, slot, regs, nr, ret);
		break;
	case ACT_NAME:
		on_name(task, row, slot, regs, nr, ret);
		break;
	case ACT_CONNECT:
		report_socket(task, row, slot, a, KIND_CONNECT, nr, ret, b);
		break;
	case ACT_ACCEPT:
		if (ret >= 0)
			report_socket(task, row, slot, ret, KIND_ACCEPT, nr, 0, 0);
		break;
	case ACT_SEND: {
		__u64 peer = nr == __NR_sendto ? regs->r8 : 0;

		if (nr != __NR_sendto)
			bpf_probe_read_user(&peer, sizeof(peer), (void *)b);
		if (ret >= 0 && peer)
			report_socket(task, row, slot, a, KIND_CONNECT, nr, ret, peer);
		break;
	}
	case ACT_CLOSE:
		if (ret == 0)
			end_datagrams(a);
		break;
	case ACT_KILL: {
		/* A call that failed, or that only asked, has sent nothing: what is known is of an earlier one. */
		__u64 signal = nr == __NR_tgkill || nr == __NR_rt_tgsigqueueinfo ? c : b;
		__u32 target = ret == 0 && signal ? take_signalled() : 0;

		/* Signals to itself are the runtime library's business. A group stays the group that the caller named. */
		if (target != task->tgid)
			report_rare(task, slot, nr, ret, target && (int)a > 0 ? target : a, b, c, 0);
		break;
	}
	case ACT_RARE:
		report_rare(task, slot, nr, ret, telling(regs, nr),
			    nr == __NR_process_vm_readv || nr == __NR_process_vm_writev ? a : b, c, 0);
		break;
	case ACT_RARE_PATH:
		report_rare(task, slot, nr, ret, telling(regs, nr), b, c,
			    nr == __NR_pivot_root || nr == __NR_chroot || nr == __NR_umount2 ? a : b);
		break;
	}
	return 0;
}

/* Where a call is counted, below SYSCALLS. */
static __always_inline __u64 call_index(struct task_struct *task, __u64 nr)
{
	if (nr >= SYSCALL_OTHER)
		nr = nr == (__u64)-1 ? __NR_rt_sigreturn : SYSCALL_OTHER; /* sigreturn leaves no number */
	nr |= -(__u64)(task->thread_info.status / TS_COMPAT & 1) & SYSCALL_COMPAT;
	asm volatile("" : "+r"(nr)); /* keeps the mask, which the compiler can prove and an older verifier cannot */
	return nr & (SYSCALLS - 1);
}

static __always_inline void count_call(struct row *row, __u64 index, __u64 error)
{
	add(row->syscall[index], 1);
	__u64 below = error - 1;
	asm volatile("" : "+r"(below)); /* keeps the sign out of the index, and what is compared what is used */
	if (below < ERRNOS - 1)
		add(row->failed[below + 1], 1);
}

/* Nothing that a container does before its workload runs is the workload's: such calls are its maker's. */
static __noinline int still_set_up(struct row *row, __u32 slot, struct task_struct *task, __u64 *ctx)
{
	if (slot == SLOT_IGNORED)
		return 1;
	if (bpf_ktime_get_boot_ns() - row->created_ns >= SET_UP_NS) {
		row->ready = 1;
		return 0;
	}
	struct row *above = row_of(slot_above(task->cgroups->dfl_cgrp));
	if (above && above->ready && counts_calls())
		count_call(above, call_index(task, ((struct pt_regs *)ctx[0])->orig_ax), -ctx[1]);
	return 1;
}

SEC("tp_btf/sys_exit")
int on_sys_exit(__u64 *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 slot = task_slot(task);
	/* Every process on the host pays for each branch here: what is left out has a row too, which is never ready. */
	struct row *row = bpf_map_lookup_elem(&rows, &slot);

	if (!row || (!row->ready && still_set_up(row, slot, task, ctx)))
		return 0;
	if (slot == SLOT_HOST && (__u32)task->tgid == own_pid)
		return 0;
	struct pt_regs *regs = (struct pt_regs *)ctx[0];
	__u64 index = call_index(task, regs->orig_ax);
	__u32 action = actions[index];
	if (counts_calls()) {
		count_call(row, index, -ctx[1]);
	} else {
		__u32 nobody = SLOT_IGNORED;
		if (!action || !(row = bpf_map_lookup_elem(&rows, &nobody)))
			return 0;
	}
	if (action)
		act(regs, row, slot, action);
	return 0;
}

/* While no calls are counted, this says what a container's CPU time goes to. It interrupts whatever runs: the registers
 * that a task came into the kernel with have the number of its call, or -1 where an interrupt or a fault brought it. */
SEC("perf_event")
int on_tick(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 slot = task_slot(task);
	struct samples *samples = bpf_map_lookup_elem(&cpu_samples, &slot);

	if (slot < SLOT_FIRST || !samples)
		return 0;
	__u64 nr = BPF_CORE_READ((struct pt_regs *)bpf_task_pt_regs(task), orig_ax);
	add(samples->syscall[nr == (__u64)-1 ? SYSCALL_NONE : call_index(task, nr)], 1);
	return 0;
}

SEC("tp_btf/io_uring_submit_req")
int on_io_uring(__u64 *ctx)
{
	struct row *row = row_of(task_slot(bpf_get_current_task_btf()));

	if (row && row->ready)
		add(row->count[COUNT_IO_URING], 1);
	return 0;
}

static __always_inline void report_cgroup(struct cgroup *cgroup, const char *path, __u32 slot, __u32 kind)
{
	struct scratch *buffer = scratch();

	if (!buffer)
		return;
	struct cgroup_record *record = (struct cgroup_record *)buffer->bytes;
	record->time_ns = bpf_ktime_get_boot_ns();
	record->id = cgroup->kn->id;
	record->slot = slot;
	record->kind = kind;
	record->pad = 0;
	long len = bpf_probe_read_kernel_str(&buffer->bytes[sizeof(*record)], 1024, path);
	record->path_len = len > 0 ? len : 0;
	bpf_ringbuf_output(&cgroup_events, record, (sizeof(*record) + record->path_len) & (SCRATCH - 1), 0);
}

SEC("tp_btf/cgroup_mkdir")
int on_cgroup_new(__u64 *ctx)
{
	struct cgroup *cgroup = (struct cgroup *)ctx[0];
	struct cgroup_subsys_state *parent = cgroup->self.parent;
	__u64 id = cgroup->kn->id;
	__u32 slot = SLOT_HOST, free = 0;

	/* Only the v2 hierarchy, which has no number. */
	if (cgroup->root->hierarchy_id || !parent)
		return 0;
	__u32 above = slot_of(parent->cgroup);
	struct control *control = bpf_map_lookup_elem(&controls, &above);
	if (above == SLOT_IGNORED || (control && control->state == STATE_CONTAINER)) {
		cache_slot(id, above);
		return 0;
	}
	/* An empty queue gives a zero beside its error. */
	if (!bpf_map_pop_elem(&free_slots, &free)) {
		slot = free;
		struct row *row = row_of(slot);

		if (row)
			row->created_ns = bpf_ktime_get_boot_ns();
		bpf_map_update_elem(&slots, &id, &slot, BPF_ANY);
	}
	cache_slot(id, slot);
	report_cgroup(cgroup, (const char *)ctx[1], slot, KIND_CGROUP_NEW);
	return 0;
}

SEC("tp_btf/cgroup_rmdir")
int on_cgroup_gone(__u64 *ctx)
{
	struct cgroup *cgroup = (struct cgroup *)ctx[0];
	__u64 id = cgroup->kn->id;
	__u32 *slot = bpf_map_lookup_elem(&slots, &id);

	if (!cgroup->root->hierarchy_id && slot)
		report_cgroup(cgroup, (const char *)ctx[1], *slot, KIND_CGROUP_GONE);
	return 0;
}
