/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* From a cgroup to its container's slot.
 *
 * `slot_cache` is direct-mapped by the low bits of the cgroup id and keeps the whole id beside the slot, so that a hit
 * costs one load and one comparison and an id is never taken for another. It is a global and not a map of its own,
 * because that saves the key on the stack and the bounds check. `slots` is the truth behind it: who changes that from
 * user space empties the cache. */

#define CACHE_MASK (CACHE_ENTRIES - 1)
#define ID_MASK ((1ULL << 48) - 1)
#define CGROUP_LEVELS 128 /* who may nest cgroups must not get out of their container by it */

volatile __u64 slot_cache[CACHE_ENTRIES]; /* id << 16 | slot */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SLOT_ENTRIES);
	__type(key, __u64);
	__type(value, __u32);
} slots SEC(".maps");

/* Sized by user space before loading: --max-containers and the two slots that are no container's. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 514);
	__type(key, __u32);
	__type(value, struct row);
} rows SEC(".maps");

/* Of no use, and of one entry, while calls are counted all the time. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct samples);
} cpu_samples SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 514);
	__type(key, __u32);
	__type(value, struct control);
} controls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 514);
	__type(value, __u32);
} free_slots SEC(".maps");

static __always_inline void cache_slot(__u64 id, __u32 slot)
{
	slot_cache[id & CACHE_MASK] = id << 16 | slot;
}

/* The slot of the nearest registered ancestor: children of a container are the container. */
static __noinline __u32 find_slot(struct cgroup *cgroup)
{
	__u64 id = cgroup->kn->id;
	__u32 found = SLOT_HOST;

	for (int level = 0; level < CGROUP_LEVELS && cgroup; level++) {
		__u64 ancestor = cgroup->kn->id;
		__u32 *slot = bpf_map_lookup_elem(&slots, &ancestor);

		if (slot) {
			found = *slot;
			break;
		}
		struct cgroup_subsys_state *parent = cgroup->self.parent;
		cgroup = parent ? parent->cgroup : 0;
	}
	cache_slot(id, found);
	return found;
}

static __always_inline __u32 slot_of(struct cgroup *cgroup)
{
	__u64 id = cgroup->kn->id;
	__u64 cached = slot_cache[id & CACHE_MASK];

	if (cached >> 16 == (id & ID_MASK))
		return cached & 0xffff;
	return find_slot(cgroup);
}

static __always_inline struct row *row_of(__u32 slot)
{
	return slot == SLOT_IGNORED ? 0 : bpf_map_lookup_elem(&rows, &slot);
}

static __always_inline __u32 depth_of(__u32 slot)
{
	struct control *control = bpf_map_lookup_elem(&controls, &slot);

	return control ? control->depth : DEPTH_CENSUS;
}

/* Whose a task in a cgroup is whose own work has not begun: its maker's. */
static __always_inline __u32 slot_above(struct cgroup *cgroup)
{
	struct cgroup_subsys_state *parent = cgroup->self.parent;

	return parent ? slot_of(parent->cgroup) : SLOT_HOST;
}

#define add(counter, n) __sync_fetch_and_add(&(counter), (n))
