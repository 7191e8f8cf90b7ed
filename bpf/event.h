/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Writing records: fixed ones straight into the ring, those with text by way of a buffer for each CPU. */

#define SCRATCH (SCRATCH_BYTES / 2) /* what starts below it ends below twice as much */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} events SEC(".maps");

/* Comings and goings of cgroups, apart, so that no flood of events can lose one. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, CGROUP_RING_KIB << 10);
} cgroup_events SEC(".maps");

struct scratch {
	__u8 bytes[SCRATCH_BYTES];
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

const volatile __u64 ring_bytes = 16 << 20;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 514);
	__type(key, __u32);
	__type(value, struct share);
} shares SEC(".maps");

static __always_inline struct scratch *scratch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratches, &zero);
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

/* Whether anyone wants an event that takes a depth: the ring, or the flight recorder, which the host has none of. */
static __always_inline int wanted(__u32 slot, __u32 depth)
{
	return (program_mask && slot >= SLOT_FIRST) || depth_of(slot) >= depth;
}

/* Takes room in the ring for a container. A quarter of it is for each, and little once it is half full: what one loses by
 * its own flood costs the others nothing. Its account begins anew when the reader has passed all that was there. */
static __always_inline int take_share(__u32 slot, __u64 len, __u64 consumed, __u64 produced)
{
	struct share *share = bpf_map_lookup_elem(&shares, &slot);
	__u64 limit = produced - consumed > ring_bytes / 2 ? ring_bytes / 32 : ring_bytes / 4;

	if (!share)
		return 0;
	if (consumed >= share->until) {
		share->until = produced;
		share->bytes = 0;
	}
	if (share->bytes + len > limit)
		return 0;
	add(share->bytes, len);
	return 1;
}

/* Hands a record that takes a depth to the ring, or to the flight recorder where its container is not watched so deep.
 * The reader comes by on its own, once a second: it is woken only when the ring fills faster than that, and long before
 * one container has spent its share. */
static __always_inline void put(struct header *record, __u64 len, __u32 depth)
{
	if (depth_of(record->slot) < depth) {
		remember(record, len, record->slot, record->kind == KIND_EXEC || record->kind == KIND_RARE);
		return;
	}
	struct row *row = row_of(record->slot);
	if (!row)
		return;
	__u64 consumed = bpf_ringbuf_query(&events, BPF_RB_CONS_POS);
	__u64 produced = bpf_ringbuf_query(&events, BPF_RB_PROD_POS);
	__u64 wake = produced - consumed > ring_bytes / 8 ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
	if (!take_share(record->slot, len, consumed, produced))
		add(row->count[COUNT_LOST_QUOTA], 1);
	else if (bpf_ringbuf_output(&events, record, len, wake))
		add(row->count[COUNT_LOST_RING], 1);
	else
		add(row->count[COUNT_EVENTS], 1);
	if (wake == BPF_RB_FORCE_WAKEUP)
		add(row->count[COUNT_WAKEUPS], 1);
}
