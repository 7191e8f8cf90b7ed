/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Calls that a workload hardly ever makes: reported with their arguments, whether they were allowed or not. */

#define NO_ARGUMENT ~0ULL

static __always_inline void report_rare(struct task_struct *task, __u32 slot, __u16 nr, long ret,
					__u64 a, __u64 b, __u64 c, __u64 path)
{
	struct scratch *buffer = scratch();

	if (!buffer || !wanted(slot, DEPTH_PROCESS))
		return;
	struct rare_record *record = (struct rare_record *)buffer->bytes;
	fill_header(&record->header, task, slot, KIND_RARE);
	record->header.nr = nr;
	record->header.ret = ret;
	record->args[0] = a;
	record->args[1] = b;
	record->args[2] = c;
	record->path_len = 0;
	record->pad = 0;
	if (path) {
		long len = bpf_probe_read_user_str(&buffer->bytes[sizeof(*record)], 512, (void *)path);
		if (len > 0)
			record->path_len = len;
	}
	put(&record->header, (sizeof(*record) + record->path_len) & (SCRATCH - 1), DEPTH_PROCESS);
}
