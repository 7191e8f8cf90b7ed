/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Records and rows as they cross from kernel to user space: the only definition. src/wire.rs is generated from here.
 * One field a line; integers are in host order, times in nanoseconds of CLOCK_BOOTTIME. */
#ifndef VAECTL_WIRE_H
#define VAECTL_WIRE_H

#define SLOT_IGNORED 0 /* the observer itself, and what it was told to leave out */
#define SLOT_HOST 1 /* everything outside containers */
#define SLOT_FIRST 2 /* the first container */

#define CACHE_ENTRIES 65536 /* the direct-mapped cache of slots: a power of two */

/* How much there is room for, beside what is sized for the containers. */
#define SLOT_ENTRIES 16384
#define EXEC_ENTRIES 16384
#define FLOW_ENTRIES 32768
#define DATAGRAM_ENTRIES 8192
#define PEER_ENTRIES 8192
#define SIGNAL_ENTRIES 1024
#define ENTRIES 4096 /* processes that came into containers */
#define ENDED_ENTRIES 1024
#define CGROUP_RING_KIB 256
#define SCRATCH_BYTES 8192

#define SYSCALLS 512
#define SYSCALL_NONE 509 /* a CPU sample that fell into no call */
#define SYSCALL_OTHER 510 /* numbers beyond the table */
#define SYSCALL_COMPAT 511 /* calls by the 32-bit gate, whatever their number: all bits set */
#define ERRNOS 134
#define ANCESTORS 8
#define EXEC_PATH 256

#define CELL_BYTES 128
#define RECORD_CELLS 16 /* what a longer record has beyond them is not kept */

#define DEPTH_CENSUS 0
#define DEPTH_PROCESS 1
#define DEPTH_FULL 2

#define STATE_FREE 0
#define STATE_UNDECIDED 1 /* a new cgroup of which user space has not said what it is */
#define STATE_CONTAINER 2

/* Counters of a row beside its calls. */
#define COUNT_EXEC 0
#define COUNT_FORK 1
#define COUNT_EXIT 2
#define COUNT_EXIT_NONZERO 3
#define COUNT_SIGNAL 4
#define COUNT_ACCEPT 5
#define COUNT_CONNECT 6
#define COUNT_CONNECT_FAILED 7
#define COUNT_CLOSE 8
#define COUNT_TX_BYTES 9
#define COUNT_RX_BYTES 10
#define COUNT_UNIX_CONNECT 11
#define COUNT_OPEN_WRITE 12
#define COUNT_UNLINK 13
#define COUNT_RENAME 14
#define COUNT_CHMOD 15
#define COUNT_IO_URING 16
#define COUNT_MEMFD_EXEC 17
#define COUNT_ENTERED 18
#define COUNT_LOST_RING 19 /* events that found the ring full */
#define COUNT_EVENTS 20 /* events that were written */
#define COUNT_EXEC_PATHS 21 /* different programs seen */
#define COUNT_EXEC_OTHER 22 /* executions beyond the programs that are kept */
#define COUNT_DEAD_CPU 23 /* CPU time of processes that ended, ns */
#define COUNT_DEAD_USER 24 /* its user part, by ticks, ns */
#define COUNT_DEAD_SYSTEM 25 /* its system part, by ticks, ns */
#define COUNT_LOST_QUOTA 26 /* events beyond the container's share of the ring */
#define COUNT_WAKEUPS 27 /* events that woke the reader, because the ring filled */
#define COUNT_UDP_CONNECT 28 /* peers that datagrams were sent to */
#define COUNT_NAMESPACE 29 /* processes that began in other namespaces than their parent's */
#define COUNTS 30

#define KIND_EXEC 1
#define KIND_EXIT 2
#define KIND_FORK 3
#define KIND_RARE 4
#define KIND_FILE 5
#define KIND_CONNECT 6
#define KIND_ACCEPT 7
#define KIND_LISTEN 8
#define KIND_CLOSE 9
#define KIND_CGROUP_NEW 10
#define KIND_CGROUP_GONE 11

#define FLAG_ENTERED 1 /* the process came into its container from outside */
#define FLAG_MEMFD 2 /* the program has no name in any directory */
#define FLAG_CREATED 4 /* the file is new */
#define FLAG_TRUNCATED 8 /* a path or the arguments were cut */
#define FLAG_INBOUND 16 /* the peer opened the connection */
#define FLAG_NO_PROCESS 32 /* the process that owns the socket is not known */

/* One container's census. */
struct row {
	__u64 created_ns;
	__u64 ready; /* 0 while only the runtime has run in it; then the workload's first process, or 1 */
	__u64 init; /* the process that was the first of a pid namespace of its own: what has one is a container */
	__u64 syscall[SYSCALLS];
	__u64 failed[ERRNOS];
	__u64 count[COUNTS];
};

/* In which calls a container's CPU time was spent: one sample a CPU and tick. */
struct samples {
	__u64 syscall[SYSCALLS];
};

/* What user space says of a slot. */
struct control {
	__u32 depth;
	__u32 state;
};

/* Which program a container executed. */
struct exec_key {
	__u64 hash;
	__u32 slot;
	__u32 pad;
};

struct exec_count {
	__u64 count;
	__u32 len;
	__u32 pad;
	__u8 path[EXEC_PATH]; /* names from the leaf up, each ended by a zero */
};

/* Whose a flow is: datagrams are a process's alone, since their socket's address is used again when it is gone. */
struct flow_key {
	__u64 socket; /* its address */
	__u64 start_ns; /* of the process that sends datagrams; 0 for a connection */
	__u32 pid;
	__u32 pad;
};

/* A process, whatever becomes of its number. */
struct process {
	__u64 start_ns;
	__u32 pid;
	__u32 pad;
};

/* Whom a container connects to. */
struct peer {
	__u32 slot;
	__u16 port;
	__u16 family;
	__u8 address[16];
};

struct header {
	__u64 time_ns;
	__u64 start_ns; /* of the process */
	__u64 parent_start_ns;
	__u32 slot;
	__u32 pid;
	__u32 parent_pid;
	__u32 uid;
	__s32 ret; /* what the call returned; the wait status for exits */
	__u16 nr; /* the call's number */
	__u8 kind;
	__u8 flags;
	__u8 comm[16];
};

struct ancestor {
	__u64 start_ns;
	__u32 pid;
	__u32 pad;
	__u8 comm[16];
};

/* Followed by the program's path, the working directory's, and the arguments, each ended by a zero. */
struct exec_record {
	struct header header;
	__u64 capabilities; /* effective */
	__u64 entry_start_ns; /* of the tree's first process inside the container */
	__u32 session_pid;
	__u32 entry_pid;
	__u32 arguments;
	__u32 ancestors_len;
	__u32 path_len;
	__u32 cwd_len;
	__u32 args_len;
	__u32 pad;
	struct ancestor ancestors[ANCESTORS];
};

struct fork_record {
	struct header header;
	__u64 child_start_ns;
	__u32 child_pid;
	__u32 pad;
};

/* Followed by the path (or argument), its directory, the second argument, and its directory. */
struct file_record {
	struct header header;
	__u64 inode;
	__u32 mode; /* permissions, or the flags of the open */
	__u32 path_len;
	__u32 dir_len;
	__u32 to_len;
	__u32 to_dir_len;
	__u32 walked; /* the path was walked from the file; else it is the argument */
};

struct net_record {
	struct header header;
	__u64 tx_bytes;
	__u64 rx_bytes;
	__u64 opened_ns; /* 0 where the beginning was not seen */
	__u16 family;
	__u16 protocol;
	__u16 local_port;
	__u16 remote_port;
	__u8 local[16];
	__u8 remote[16];
};

/* Followed by the path argument of mount and its kin. */
struct rare_record {
	struct header header;
	__u64 args[3];
	__u32 path_len;
	__u32 pad;
};

/* One cell of a flight recorder's ring. */
struct cell {
	__u32 sequence; /* 0 while it is written; else its number in the ring, from 1 */
	__u16 part; /* which part of its record it holds */
	__u16 len; /* of the whole record */
	__u8 data[CELL_BYTES];
};

/* What a container has in the ring. */
struct share {
	__u64 until; /* where the ring's writer stood when this began */
	__u64 bytes;
};

/* How many cells of a container's two rings were ever taken. */
struct flight {
	__u64 programs;
	__u64 activity;
};

/* Followed by the path below the root of the hierarchy. */
struct cgroup_record {
	__u64 time_ns;
	__u64 id;
	__u32 slot;
	__u32 kind;
	__u32 path_len;
	__u32 pad;
};

#endif
