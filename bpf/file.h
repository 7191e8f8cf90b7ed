/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Files that are opened for writing, made, removed, renamed or given other permissions. */

#define FMODE_WRITE 0x2
#define FMODE_CREATED 0x100000
#define O_ACCMODE 3
#define O_CREAT 0100
#define O_TRUNC 01000

static __always_inline struct file_record *begin_file(struct scratch *buffer, struct task_struct *task, __u32 slot,
						      __u16 nr, long ret)
{
	struct file_record *record = (struct file_record *)buffer->bytes;

	fill_header(&record->header, task, slot, KIND_FILE);
	record->header.nr = nr;
	record->header.ret = ret;
	record->inode = 0;
	record->mode = 0;
	record->path_len = record->dir_len = record->to_len = record->to_dir_len = 0;
	record->walked = 0;
	return record;
}

/* Whether a file was made by being opened. */
static __always_inline int is_created(struct file *file)
{
	return file && BPF_CORE_READ(file, f_mode) & FMODE_CREATED;
}

/* A call that ended with an open file: its path is the kernel's own. */
static __always_inline void report_file(struct task_struct *task, __u32 slot, __u16 nr, long ret,
					int fd, __u32 mode)
{
	struct scratch *buffer = scratch();
	struct file *file = file_of(task, fd);

	if (!buffer || !file)
		return;
	struct file_record *record = begin_file(buffer, task, slot, nr, ret);
	__u32 start = sizeof(*record);
	__u32 off = walk_file(file, start);
	if (is_created(file))
		record->header.flags |= FLAG_CREATED;
	record->inode = BPF_CORE_READ(file, f_inode, i_ino);
	record->mode = mode;
	record->path_len = off - start;
	record->walked = 1;
	put(&record->header, off & (2 * SCRATCH - 1), DEPTH_FULL);
}

/* A call that names its file: the argument, and the directory that it is relative to. */
static __always_inline void report_name(struct task_struct *task, __u32 slot, __u16 nr, long ret,
					int dir, __u64 path, int to_dir, __u64 to, __u32 mode)
{
	struct scratch *buffer = scratch();

	if (!buffer)
		return;
	struct file_record *record = begin_file(buffer, task, slot, nr, ret);
	__u32 off = read_argument(task, path, dir, sizeof(*record), &record->path_len, &record->dir_len);
	if (to)
		off = read_argument(task, to, to_dir, off, &record->to_len, &record->to_dir_len);
	record->mode = mode;
	put(&record->header, off & (2 * SCRATCH - 1), DEPTH_FULL);
}
