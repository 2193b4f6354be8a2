/* SPDX-License-Identifier: MIT
 *
 * procfs/pid_links.c - [pid]/cwd, root, exe, fd/ and fdinfo/: links to objects
 *
 * Owns:      nothing; reads what others own.
 * Layer:     procfs.
 * Locks:     none of its own.
 * Contexts:  process context; may sleep.
 * Manual:    proc(5): /proc/[pid]/fd, fdinfo.
 * Tests:     tests/abi/procself.c
 */
#include <procfs/internal.h>
#include <fs/mount.h>

/* ---- cwd, root, exe ---- */

static int follow_ctx(struct proc_node *n, struct path *out, void (*get)(struct fs_ctx *fs, struct path *out))
{
	struct task *t = proc_task(n);
	struct fs_ctx *fs = t ? task_fs_get(t) : NULL;

	if (t)
		task_put(t);
	if (!fs)
		return -ENOENT;
	get(fs, out);
	fs_ctx_put(fs);
	return 0;
}

int proc_follow_cwd(struct proc_node *n, struct path *out)
{
	return follow_ctx(n, out, fs_ctx_cwd);
}

int proc_follow_root(struct proc_node *n, struct path *out)
{
	return follow_ctx(n, out, fs_ctx_root);
}

int proc_follow_exe(struct proc_node *n, struct path *out)
{
	struct task *t = proc_task(n);
	struct vm_space *mm = t ? task_mm_get(t) : NULL;
	int err = -ENOENT;

	if (t)
		task_put(t);
	if (!mm)
		return err;
	/* Set once, by exec, before the space is anyone's: the reference to mm keeps it. */
	const struct file *exe = mm->exe;
	if (exe) {
		*out = exe->path;
		path_get(out);
		err = 0;
	}
	vm_space_put(mm);
	return err;
}

/* ---- descriptors ---- */

static struct file *node_file(struct proc_node *n)
{
	struct task *t = proc_task(n);
	struct fd_table *files = t ? task_files_get(t) : NULL;
	struct file *f = NULL;

	if (files) {
		f = fd_file_get(files, n->fd);
		fd_table_put(files);
	}
	if (t)
		task_put(t);
	return f;
}

static int follow_fd(struct proc_node *n, struct path *out)
{
	struct file *f = node_file(n);

	if (!f)
		return -ENOENT;
	*out = f->path;
	path_get(out);
	file_put(f);
	return 0;
}

static int show_fdinfo(struct seq *s, struct proc_node *n)
{
	struct task *t = proc_task(n);
	struct fd_table *files = t ? task_files_get(t) : NULL;
	struct file *f = NULL;
	u32 flags = 0;

	if (files) {
		f = fd_file_get(files, n->fd);
		flags = fd_get_cloexec(files, n->fd) > 0 ? O_CLOEXEC : 0;
		fd_table_put(files);
	}
	if (t)
		task_put(t);
	if (!f)
		return -ENOENT;
	seq_printf(s, "pos:\t%lld\nflags:\t0%o\nmnt_id:\t%u\nino:\t%llu\n",
	           f->mode & FMODE_LSEEK ? (long long)f->pos : 0LL, f->flags | flags,
	           f->path.mnt ? f->path.mnt->id : 0, (unsigned long long)f->inode->ino);
	if (f->ops->fdinfo)
		f->ops->fdinfo(f, s);
	file_put(f);
	return 0;
}

/* The descriptor's own rights show in the mode of the link, as on Linux. */
static const struct proc_entry fd_links[4] = {
	{ .name = "fd", .mode = S_IFLNK, .guarded = true, .follow = follow_fd },
	{ .name = "fd", .mode = S_IFLNK | 0500, .guarded = true, .follow = follow_fd },
	{ .name = "fd", .mode = S_IFLNK | 0300, .guarded = true, .follow = follow_fd },
	{ .name = "fd", .mode = S_IFLNK | 0700, .guarded = true, .follow = follow_fd },
};
static const struct proc_entry fdinfo_file = {
	.name = "fdinfo", .mode = S_IFREG | 0400, .guarded = true, .show = show_fdinfo
};

static struct inode *lookup_fd(struct inode *dir, const char *name, unsigned len, bool info)
{
	struct proc_node *n = proc_node(dir), probe = *n;
	const struct proc_entry *e = &fdinfo_file;
	struct file *f;

	if (!proc_parse_number(name, len, &probe.fd))
		return NULL;
	f = node_file(&probe);
	if (!f)
		return NULL;
	if (!info)
		e = &fd_links[(f->mode & FMODE_READ ? 1 : 0) | (f->mode & FMODE_WRITE ? 2 : 0)];
	file_put(f);
	return proc_inode(dir, e, pid_get(n->pid), n->thread, probe.fd, name, len);
}

static struct inode *fd_lookup(struct inode *dir, const char *name, unsigned len)
{
	return lookup_fd(dir, name, len, false);
}

static struct inode *fdinfo_lookup(struct inode *dir, const char *name, unsigned len)
{
	return lookup_fd(dir, name, len, true);
}

static bool next_fd(struct proc_node *n, u32 *key, char *name)
{
	struct task *t = proc_task(n);
	struct fd_table *files = t ? task_files_get(t) : NULL;
	int fd = -1;

	if (files) {
		fd = fd_next(files, *key);
		fd_table_put(files);
	}
	if (t)
		task_put(t);
	if (fd < 0)
		return false;
	*key = (u32)fd;
	scnprintf(name, PROC_NAME, "%d", fd);
	return true;
}

static bool fd_dir_next(struct proc_node *n, u32 *key, char *name, unsigned *d_type)
{
	*d_type = DT_LNK;
	return next_fd(n, key, name);
}

static bool fdinfo_dir_next(struct proc_node *n, u32 *key, char *name, unsigned *d_type)
{
	*d_type = DT_REG;
	return next_fd(n, key, name);
}

const struct proc_dir proc_fd_dir = { .lookup = fd_lookup, .next = fd_dir_next };
const struct proc_dir proc_fdinfo_dir = { .lookup = fdinfo_lookup, .next = fdinfo_dir_next };
