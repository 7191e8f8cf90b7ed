/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Paths, walked from the leaf up to the root that the current process sees: names in the scratch buffer, each ended by a
 * zero. User space turns them round. */

#define PATH_DEPTH 32
#define NAME_MAX_READ 256

/* Appends the path at `off` and returns where it ends. Addresses are numbers here: the function is verified on its own. */
__noinline int walk_path(__u64 mnt_address, __u64 dentry_address, __u32 off)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct vfsmount *mnt = (void *)mnt_address;
	struct dentry *dentry = (void *)dentry_address;
	struct dentry *root = BPF_CORE_READ(task, fs, root.dentry);
	struct vfsmount *root_mnt = BPF_CORE_READ(task, fs, root.mnt);
	struct scratch *buffer = scratch();

	if (!buffer)
		return off;
	for (int level = 0; level < PATH_DEPTH; level++) {
		if ((dentry == root && mnt == root_mnt) || off >= SCRATCH - NAME_MAX_READ)
			break;
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
		int at_root = dentry == BPF_CORE_READ(mnt, mnt_root);

		if (at_root) {
			struct mount *mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt);
			struct mount *above = BPF_CORE_READ(mount, mnt_parent);

			if (above == mount)
				break;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mnt = (void *)above + bpf_core_field_offset(struct mount, mnt);
			continue;
		}
		long len = bpf_probe_read_kernel_str(&buffer->bytes[bounded(off)], NAME_MAX_READ,
						     BPF_CORE_READ(dentry, d_name.name));
		if (len <= 0)
			break;
		off += len;
		/* A file without a directory, such as a memfd: its name is all there is. */
		if (dentry == parent)
			break;
		dentry = parent;
	}
	return off;
}

/* Appends the path of an open file. */
static __always_inline __u32 walk_file(struct file *file, __u32 off)
{
	return walk_path((__u64)BPF_CORE_READ(file, f_path.mnt), (__u64)BPF_CORE_READ(file, f_path.dentry), off);
}

static __always_inline struct file *file_of(struct task_struct *task, int fd)
{
	struct fdtable *table = task->files->fdt;
	struct file *file = 0;

	if (fd < 0 || (unsigned int)fd >= table->max_fds)
		return 0;
	bpf_probe_read_kernel(&file, sizeof(file), table->fd + fd);
	return file;
}

#define AT_FDCWD -100

/* Appends a path argument as the caller wrote it, then the directory that it is relative to. */
static __always_inline __u32 read_argument(struct task_struct *task, __u64 argument, int dir, __u32 off, __u32 *len,
					   __u32 *dir_len)
{
	struct scratch *buffer = scratch();

	*len = *dir_len = 0;
	if (!buffer || off >= SCRATCH - 512)
		return off;
	__u8 *at = &buffer->bytes[bounded(off)];
	long read = bpf_probe_read_user_str(at, 512, (void *)argument);
	if (read <= 1)
		return off;
	int absolute = at[0] == '/';
	*len = read;
	off += read;
	if (absolute)
		return off;
	__u32 start = off;
	if (dir == AT_FDCWD) {
		off = walk_path((__u64)BPF_CORE_READ(task, fs, pwd.mnt), (__u64)BPF_CORE_READ(task, fs, pwd.dentry), off);
	} else {
		struct file *file = file_of(task, dir);
		if (file)
			off = walk_file(file, off);
	}
	*dir_len = off - start;
	return off;
}
