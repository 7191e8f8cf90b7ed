/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The flight recorder: what a container did at a low depth, kept in the kernel until it is overwritten.
 *
 * Two rings a container, so that a flood of one kind does not wash out the other: programs, rare calls and first
 * connections to a peer in one; forks, exits, accepts, closes and files in the other. A ring is a row of cells; a record takes
 * as many as it is long. Nobody is woken, and nobody reads before the container's depth is raised. */

/* The number of cells of each ring less one, a power of two less one; 0 where there is no flight recorder. */
const volatile __u32 program_mask = 0;
const volatile __u32 activity_mask = 0;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cell);
} program_cells SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cell);
} activity_cells SEC(".maps");

/* How many cells of each ring were ever taken. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 514);
	__type(key, __u32);
	__type(value, struct flight);
} flights SEC(".maps");

/* Where in a ring of programs a peer was last put. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, PEER_ENTRIES);
	__type(key, struct peer);
	__type(value, __u64);
} peers SEC(".maps");

/* Whether nothing of a peer is in the younger half of its ring: a repeat takes no room, and none is forgotten. */
static __always_inline int is_new_peer(const struct net_record *record)
{
	struct peer peer = {.slot = record->header.slot, .port = record->remote_port, .family = record->family};
	struct flight *flight = bpf_map_lookup_elem(&flights, &peer.slot);

	if (!flight)
		return 0;
	__u64 place = flight->programs;
	__builtin_memcpy(peer.address, record->remote, sizeof(peer.address));
	__u64 *last = bpf_map_lookup_elem(&peers, &peer);
	if (last && place - *last < program_mask / 2)
		return 0;
	bpf_map_update_elem(&peers, &peer, &place, BPF_ANY);
	return 1;
}

/* Writes a record into a ring of its container. */
static __noinline int remember(const void *record, __u32 len, __u32 slot, __u32 programs)
{
	struct flight *flight = bpf_map_lookup_elem(&flights, &slot);
	__u32 mask = programs ? program_mask : activity_mask;
	__u64 cells = (len + CELL_BYTES - 1) / CELL_BYTES;

	if (!flight || slot < SLOT_FIRST)
		return 0;
	if (cells > RECORD_CELLS)
		cells = RECORD_CELLS;
	__u64 first = __sync_fetch_and_add(programs ? &flight->programs : &flight->activity, cells);
	for (__u32 part = 0; part < RECORD_CELLS && part < cells; part++) {
		__u32 key = slot * (mask + 1) + ((first + part) & mask);
		volatile struct cell *cell = programs ? bpf_map_lookup_elem(&program_cells, &key)
						      : bpf_map_lookup_elem(&activity_cells, &key);
		__u32 left = len - part * CELL_BYTES;

		if (!cell)
			break;
		/* An older verifier forgets what a copy of a register was compared with: the barrier keeps it in one. */
		left = left < CELL_BYTES ? left : CELL_BYTES;
		asm volatile("" : "+r"(left));
		if (left > CELL_BYTES)
			break;
		cell->sequence = 0;
		cell->part = part;
		cell->len = len;
		bpf_probe_read_kernel((void *)cell->data, left, record + part * CELL_BYTES);
		cell->sequence = first + part + 1;
	}
	return 0;
}
