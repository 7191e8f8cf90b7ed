/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Programs that start and end, and processes that fork. */

#define SIGNAL_UNKILLABLE 0x40 /* the first process of a pid namespace */
#define SI_USER 0
#define SI_KERNEL 0x80
#define SI_QUEUE -1
#define SI_TKILL -6
#define EXECS_PER_SLOT 64
#define ARGS_READ 1024

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, EXEC_ENTRIES);
	__type(key, struct exec_key);
	__type(value, struct exec_count);
} execs SEC(".maps");

/* A process that somebody outside put into a container: by moving it there, or by cloning it into its cgroup. What it
 * clones before it executes anything is of the same making. An orphan is none, wherever its new parent may be. */
struct entry {
	__u64 start_ns;
	__u32 slot;
	__u32 executed;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ENTRIES);
	__type(key, __u32);
	__type(value, struct entry);
} entries SEC(".maps");

static __always_inline __u32 task_slot(struct task_struct *task)
{
	return slot_of(task->cgroups->dfl_cgrp);
}

static __always_inline struct entry *entry_of(struct task_struct *task)
{
	__u32 pid = task->tgid;
	struct entry *entry = bpf_map_lookup_elem(&entries, &pid);

	return entry && entry->start_ns == task->group_leader->start_boottime ? entry : 0;
}

static __always_inline void enters(struct task_struct *task, __u32 slot)
{
	struct entry entry = {.start_ns = task->group_leader->start_boottime, .slot = slot};
	__u32 pid = task->tgid;

	if (slot >= SLOT_FIRST)
		bpf_map_update_elem(&entries, &pid, &entry, BPF_ANY);
}

/* The same; until a cgroup's own work has begun, what runs in it is of those who made it. */
static __always_inline __u32 begun_slot(struct task_struct *task)
{
	__u32 slot = task_slot(task);
	struct row *row = row_of(slot);

	return !row || row->ready ? slot : slot_above(task->cgroups->dfl_cgrp);
}

/* Counts the program whose path lies in the scratch buffer: novelty has to work at every depth. */
static __always_inline void count_program(struct row *row, __u32 slot, struct scratch *buffer, __u32 from, __u32 len)
{
	static const struct exec_count empty;
	struct exec_key key = {.slot = slot, .hash = 14695981039346656037ULL};
	struct exec_count *known;

	if (from > SCRATCH - EXEC_PATH)
		return;
	for (__u32 i = 0; i < EXEC_PATH && i < len; i++)
		key.hash = (key.hash ^ buffer->bytes[bounded(from + i)]) * 1099511628211ULL;
	known = bpf_map_lookup_elem(&execs, &key);
	if (!known) {
		if (row->count[COUNT_EXEC_PATHS] >= EXECS_PER_SLOT || bpf_map_update_elem(&execs, &key, &empty, BPF_NOEXIST)) {
			known = bpf_map_lookup_elem(&execs, &key);
		} else {
			add(row->count[COUNT_EXEC_PATHS], 1);
			known = bpf_map_lookup_elem(&execs, &key);
			if (known) {
				known->len = len < EXEC_PATH ? len : EXEC_PATH;
				bpf_probe_read_kernel(known->path, EXEC_PATH, &buffer->bytes[bounded(from)]);
			}
		}
	}
	if (known)
		add(known->count, 1);
	else
		add(row->count[COUNT_EXEC_OTHER], 1);
}

/* A runtime's own set-up is not the workload's. The workload begins with the first program in another mount namespace than
 * the runtime's, which is its parent, or with one that something inside the cgroup started. */
static __always_inline int is_workload(struct task_struct *task, struct task_struct *parent, int parent_inside)
{
	return parent_inside || task->nsproxy->mnt_ns != parent->nsproxy->mnt_ns;
}

#define PIDTYPE_SID 3

/* The session's id on the host. `numbers` is a flexible array, which CO-RE paths cannot cross: read by its address. */
static __always_inline __u32 session_of(struct task_struct *task)
{
	struct pid *session = BPF_CORE_READ(task, signal, pids[PIDTYPE_SID]);
	__u32 nr = 0;

	bpf_probe_read_kernel(&nr, sizeof(nr), (void *)session + bpf_core_field_offset(struct pid, numbers));
	return nr;
}

SEC("tp_btf/sched_process_exec")
int on_exec(__u64 *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx[0];
	struct linux_binprm *binprm = (struct linux_binprm *)ctx[2];
	__u32 slot = task_slot(task);
	struct row *row = row_of(slot);
	struct scratch *buffer = scratch();

	if (!row || !buffer)
		return 0;
	struct task_struct *parent = task->group_leader->real_parent;
	int parent_inside = task_slot(parent) == slot;
	/* A runtime may come into a cgroup whose work goes on, to start a further program there. */
	if ((!row->ready || row->init) && !is_workload(task, parent, parent_inside)) {
		slot = slot_above(task->cgroups->dfl_cgrp);
		row = row_of(slot);
		if (!row || !row->ready)
			return 0;
		parent_inside = task_slot(parent) == slot;
	} else if (!row->ready) {
		row->ready = task->tgid;
		if (task->signal->flags & SIGNAL_UNKILLABLE)
			row->init = task->tgid;
	}
	struct entry *entry = entry_of(task);
	int entered = 0;

	/* What a runtime executes before is its own, and what the workload's first process clones is the workload's. */
	if (entry && entry->slot == slot) {
		entered = row->ready != task->tgid && !(task->signal->flags & SIGNAL_UNKILLABLE);
		entry->executed = 1;
	}
	struct file *file = binprm->file;
	int memfd = file->f_inode->i_nlink == 0;

	if (memfd)
		add(row->count[COUNT_MEMFD_EXEC], 1);
	if (entered)
		add(row->count[COUNT_ENTERED], 1);

	struct exec_record *record = (struct exec_record *)buffer->bytes;
	__u32 start = sizeof(*record);
	__u32 off = walk_path((__u64)BPF_CORE_READ(file, f_path.mnt), (__u64)BPF_CORE_READ(file, f_path.dentry), start);
	if (slot != SLOT_HOST)
		count_program(row, slot, buffer, start, off - start);
	/* After the program: who finds this number unchanged need not look for programs. */
	add(row->count[COUNT_EXEC], 1);
	/* An operator is told of at any depth. */
	__u32 depth = entered ? DEPTH_CENSUS : DEPTH_PROCESS;
	if (!wanted(slot, depth))
		return 0;

	fill_header(&record->header, task, slot, KIND_EXEC);
	record->header.flags = (entered ? FLAG_ENTERED : 0) | (memfd ? FLAG_MEMFD : 0);
	bpf_probe_read_kernel(&record->capabilities, sizeof(record->capabilities), &task->cred->cap_effective);
	record->path_len = off - start;
	start = off;
	off = walk_path((__u64)BPF_CORE_READ(task, fs, pwd.mnt), (__u64)BPF_CORE_READ(task, fs, pwd.dentry), off);
	record->cwd_len = off - start;
	record->arguments = binprm->argc;
	__u64 from = task->mm->arg_start;
	__u64 len = task->mm->arg_end - from;
	if (len > ARGS_READ) {
		len = ARGS_READ;
		record->header.flags |= FLAG_TRUNCATED;
	}
	record->args_len = 0;
	if (off < SCRATCH - ARGS_READ) {
		if (!bpf_probe_read_user(&buffer->bytes[bounded(off)], len & (2 * ARGS_READ - 1), (void *)from))
			record->args_len = len;
		off += record->args_len;
	} else {
		record->header.flags |= FLAG_TRUNCATED;
	}

	/* Up the tree: the ancestors, and the first process of this tree that was still inside. */
	struct task_struct *at = task->group_leader;
	record->entry_pid = task->tgid;
	record->entry_start_ns = at->start_boottime;
	record->ancestors_len = 0;
	int inside = parent_inside;
	for (int i = 0; i < ANCESTORS; i++) {
		struct task_struct *parent = at->real_parent;
		struct task_struct *leader = parent->group_leader;

		if (parent == at || !parent->tgid)
			break;
		record->ancestors[i].pid = leader->tgid;
		record->ancestors[i].start_ns = leader->start_boottime;
		record->ancestors[i].pad = 0;
		bpf_probe_read_kernel_str(record->ancestors[i].comm, 16, leader->comm);
		record->ancestors_len = i + 1;
		inside = inside && task_slot(leader) == slot;
		if (inside) {
			record->entry_pid = leader->tgid;
			record->entry_start_ns = leader->start_boottime;
		}
		at = leader;
	}
	record->session_pid = session_of(task);
	record->pad = 0;
	put(&record->header, off & (2 * SCRATCH - 1), depth);
	return 0;
}

/* A process that somebody inside made, or moves, was there before, in another cgroup of its container. */
SEC("tp_btf/cgroup_attach_task")
int on_attach(__u64 *ctx)
{
	struct cgroup *cgroup = (struct cgroup *)ctx[0];
	struct task_struct *task = (struct task_struct *)ctx[2];
	struct task_struct *mover = bpf_get_current_task_btf();

	if (cgroup->root->hierarchy_id)
		return 0;
	__u32 slot = slot_of(cgroup);
	int moves_itself = mover->tgid == task->tgid;
	if (task_slot(task->group_leader->real_parent) != slot && (moves_itself || task_slot(mover) != slot))
		enters(task, slot);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int on_fork(__u64 *ctx)
{
	struct task_struct *parent = (struct task_struct *)ctx[0];
	struct task_struct *child = (struct task_struct *)ctx[1];

	if (child->tgid != child->pid)
		return 0;
	__u32 own = task_slot(child);
	struct entry *entry = entry_of(parent);

	if (own != task_slot(parent) || (entry && entry->slot == own && !entry->executed))
		enters(child, own);
	__u32 slot = begun_slot(parent);
	struct row *row = row_of(slot);
	if (!row || !row->ready)
		return 0;
	add(row->count[COUNT_FORK], 1);
	/* The flags in memory may be gone by the time the call ends (vfork shares it): the result is what counts. */
	if (child->nsproxy != parent->nsproxy || child->cred->user_ns != parent->cred->user_ns) {
		add(row->count[COUNT_NAMESPACE], 1);
		report_rare(parent, slot, __NR_clone, child->tgid, 0, 0, 0, 0);
	}
	if (!wanted(slot, DEPTH_FULL))
		return 0;
	struct fork_record record = {.child_pid = child->tgid, .child_start_ns = child->start_boottime};
	fill_header(&record.header, parent, slot, KIND_FORK);
	put(&record.header, sizeof(record), DEPTH_FULL);
	return 0;
}

/* Processes whose end was told, where the kernel does not say which thread is the last. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ENDED_ENTRIES);
	__type(key, struct process);
	__type(value, __u8);
} ended SEC(".maps");

/* Whether a process ends with this thread. Where the kernel does not say so, none is left alive for every thread that comes
 * by after the last one began to end: the first of them stands for the process. */
static __always_inline int ends_process(struct task_struct *task, __u64 *ctx)
{
	if (bpf_core_field_exists(struct trace_event_raw_sched_process_exit, group_dead))
		return ctx[1] & 1;
	struct process process = {.start_ns = task->group_leader->start_boottime, .pid = task->tgid};
	__u8 yes = 1;

	return !task->signal->live.counter && !bpf_map_update_elem(&ended, &process, &yes, BPF_NOEXIST);
}

SEC("tp_btf/sched_process_exit")
int on_exit(__u64 *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx[0];
	struct signal_struct *signal = task->signal;
	__u32 slot = begun_slot(task);
	struct row *row = row_of(slot);

	if (!row || !row->ready || !ends_process(task, ctx))
		return 0;
	int status = signal->group_exit_code ? signal->group_exit_code : task->exit_code;
	add(row->count[COUNT_EXIT], 1);
	if (status)
		add(row->count[COUNT_EXIT_NONZERO], 1);
	/* Counts what cpu.stat can no longer tell once the cgroup is gone. */
	add(row->count[COUNT_DEAD_CPU], signal->sum_sched_runtime + task->se.sum_exec_runtime);
	add(row->count[COUNT_DEAD_USER], signal->utime + task->utime);
	add(row->count[COUNT_DEAD_SYSTEM], signal->stime + task->stime);
	if (!wanted(slot, DEPTH_PROCESS))
		return 0;
	end_all_datagrams(task);
	struct header record;
	fill_header(&record, task, slot, KIND_EXIT);
	record.ret = status;
	put(&record, sizeof(record), DEPTH_PROCESS);
	return 0;
}

/* Whom a thread has just sent a signal: the call itself has only the number in the caller's namespace. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SIGNAL_ENTRIES);
	__type(key, __u64); /* the sender, as bpf_get_current_pid_tgid has it */
	__type(value, __u32); /* the process that got it */
} signalled SEC(".maps");

SEC("tp_btf/signal_generate")
int on_signal(__u64 *ctx)
{
	struct task_struct *target = (struct task_struct *)ctx[2];
	struct kernel_siginfo *info = (struct kernel_siginfo *)ctx[1];
	struct row *row = row_of(task_slot(target));

	if (row && row->ready)
		add(row->count[COUNT_SIGNAL], 1);
	/* Zero and one are no addresses. Of the other codes those of timers and queues are not the sender's calls. */
	int code = (__u64)info > 1 ? BPF_CORE_READ(info, si_code) : SI_KERNEL;
	if (code == SI_USER || code == SI_QUEUE || code == SI_TKILL) {
		__u64 sender = bpf_get_current_pid_tgid();
		__u32 process = target->tgid;
		bpf_map_update_elem(&signalled, &sender, &process, BPF_ANY);
	}
	return 0;
}

/* The process that a call of the current thread has sent a signal to, by the host's number; 0 where none got one. */
static __always_inline __u32 take_signalled(void)
{
	__u64 sender = bpf_get_current_pid_tgid();
	__u32 *known = bpf_map_lookup_elem(&signalled, &sender);
	__u32 process = known ? *known : 0;

	if (known)
		bpf_map_delete_elem(&signalled, &sender);
	return process;
}
