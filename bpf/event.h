/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Writing records: fixed ones straight into the ring, those with text by way of a buffer for each CPU. */

#define SCRATCH 4096
#define SCRATCH_SLACK 4096 /* what starts below SCRATCH ends below twice as much */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} events SEC(".maps");

/* Comings and goings of cgroups, apart, so that no flood of events can lose one. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 << 10);
} cgroup_events SEC(".maps");

struct scratch {
	__u8 bytes[SCRATCH + SCRATCH_SLACK];
};

/* Only programs in task context use it; they do not interrupt each other on a CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

/* An offset that the verifier sees to be below SCRATCH: without the barrier the compiler drops a mask that it can prove. */
static __always_inline __u32 bounded(__u32 off)
{
	asm volatile("" : "+r"(off));
	return off & (SCRATCH - 1);
}

const volatile __u64 wake_bytes = 4 << 20;

static __always_inline struct scratch *scratch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratches, &zero);
}

/* The reader comes by on its own, ten times a second: it is woken only when the ring fills faster than that. */
static __always_inline __u64 wake_flags(void)
{
	return bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > wake_bytes ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

static __always_inline void put(struct row *row, void *record, __u64 len)
{
	if (bpf_ringbuf_output(&events, record, len, wake_flags()))
		add(row->count[COUNT_LOST_RING], 1);
	else
		add(row->count[COUNT_EVENTS], 1);
}

static __always_inline void fill_header(struct header *header, struct task_struct *task, __u32 slot, __u8 kind)
{
	struct task_struct *leader = task->group_leader;
	struct task_struct *parent = leader->real_parent;

	header->time_ns = bpf_ktime_get_boot_ns();
	header->start_ns = leader->start_boottime;
	header->parent_start_ns = parent->group_leader->start_boottime;
	header->slot = slot;
	header->pid = task->tgid;
	header->parent_pid = parent->tgid;
	header->uid = task->cred->uid.val;
	header->ret = 0;
	header->nr = 0;
	header->kind = kind;
	header->flags = 0;
	bpf_probe_read_kernel_str(header->comm, sizeof(header->comm), task->comm);
}
