/* SPDX-License-Identifier: MIT
 *
 * procfs/procfs.c - /proc as a file system: inodes made from tables
 *
 * Owns:      struct proc_node, the instance.
 * Layer:     procfs.  Consumer of everything below; nobody calls it but boot.
 * Locks:     none of its own.  A node holds a struct pid, so its number is not given out again; the task
 * behind it is looked up anew by each access, since it may exit at any time. Contexts:  process context; may
 * sleep. Manual:    proc(5). Tests:     tests/abi/procself.c
 *
 * Theory
 * ------
 * Each directory is a table of struct proc_entry, plus, where names come and go (processes, threads,
 * descriptors), two functions that find one and walk over all.  All directories are marked `revalidate`: the
 * dentry cache does not keep their names, so a process that is gone has no name, and nothing stays cached
 * below a node that was made anew.
 *
 *     proc_root_dir ---- "meminfo" .show = proc_show_meminfo
 *        |        \----- "sys" .dir = &proc_sys_dir ..
 *        \--- .lookup("42") -> the entry of all processes, .dir = &proc_pid_dir
 *                                    |---- "stat"  .task_show = proc_show_stat
 *                                    \---- "fd"    .dir = &proc_fd_dir,  .lookup("0") -> a link to an open
 * file
 *
 * A text is made when it is first read (fs/seq.h), in one go; so one read of a file shows one moment.
 */
#include <procfs/procfs.h>
#include <procfs/internal.h>
#include <fs/dentry.h>
#include <lib/hash.h>
#include <mem/slab.h>
#include <proc/ptrace.h>

enum { PROC_MAGIC = 0x9fa0, PROC_ROOT_INO = 1 };
#define PROC_DYNAMIC (1LL << 20) /* directory positions of moving names begin here */

static const struct inode_ops proc_dir_iops, proc_file_iops, proc_text_link_iops, proc_object_link_iops;
static const struct file_ops proc_dir_fops, proc_text_fops;

/* ---- whom it tells about ---- */

struct task *proc_task(const struct proc_node *n)
{
	struct task *t;

	rcu_read_lock();
	t = n->pid ? rcu_dereference(n->pid->task) : NULL;
	if (t && !ref_get_unless_zero(&t->ref))
		t = NULL;
	rcu_read_unlock();
	return t;
}

bool proc_may_see(struct task *t)
{
	return ptrace_may_access(t, false);
}

int proc_check_guard(struct proc_node *n)
{
	struct task *t = proc_task(n);
	int err;

	if (!t)
		return -ESRCH;
	err = proc_may_see(t) ? 0 : -EACCES;
	task_put(t);
	return err;
}

/* ---- inodes ---- */

/* The same for each look-up of a name, as stat(2) promises. */
static u64 proc_ino(u64 dir, const char *name, unsigned len)
{
	u64 low = hash_bytes(name, len, (u32)dir), high = hash_bytes(name, len, (u32)(dir >> 16) + 1);

	return (low | high << 32) & 0x7fffffffffffULL;
}

/* A process's nodes belong to its effective user, or to root when its memory is not to be read. */
static void proc_set_owner(struct inode *i, struct proc_node *n)
{
	struct task *t = proc_task(n);
	bool open = true;

	if (!t)
		return;
	struct vm_space *mm = task_mm_get(t);
	if (mm) {
		open = mm->dumpable == DUMP_YES || n->entry->dir == &proc_pid_dir;
		vm_space_put(mm);
	}
	if (open) {
		const struct cred *c = task_cred_get(t);
		i->uid = c->euid;
		i->gid = c->egid;
		cred_put(c);
	}
	task_put(t);
}

static int proc_set_ops(struct inode *i, struct proc_node *n)
{
	const struct proc_entry *e = n->entry;

	if (e->dir) {
		i->ops = &proc_dir_iops;
		i->fops = &proc_dir_fops;
		i->nlink = 2;
		i->revalidate = true;
	} else if (e->follow) {
		i->ops = &proc_object_link_iops;
		i->revalidate = true;
	} else if (e->link) {
		char text[64];
		int err = e->link(n, text, sizeof(text));
		if (err)
			return err;
		i->ops = &proc_text_link_iops;
		i->link = kstrdup(text);
		if (!i->link)
			return -ENOMEM;
	} else {
		i->ops = &proc_file_iops;
		i->fops = e->fops ? e->fops : &proc_text_fops;
	}
	return 0;
}

static struct inode *proc_inode_in(struct super_block *sb, u64 ino, const struct proc_entry *entry,
                                   struct pid *pid, bool thread, unsigned fd)
{
	struct proc_node *n = kmalloc(sizeof(*n), 0);
	struct inode *i = n ? inode_alloc(sb, entry->mode) : NULL;
	int err;

	if (!i) {
		kfree(n);
		if (pid)
			pid_put(pid);
		return ERR_PTR(-ENOMEM);
	}
	*n = (struct proc_node){ .entry = entry, .pid = pid, .thread = thread, .fd = fd };
	i->private = n;
	i->ino = ino;
	err = proc_set_ops(i, n);
	if (err) {
		inode_put(i); /* evict frees the node */
		return ERR_PTR(err);
	}
	if (pid)
		proc_set_owner(i, n);
	return i;
}

struct inode *proc_inode(struct inode *dir, const struct proc_entry *entry, struct pid *pid, bool thread,
                         unsigned fd, const char *name, unsigned len)
{
	return proc_inode_in(dir->sb, proc_ino(dir->ino, name, len), entry, pid, thread, fd);
}

static void proc_evict(struct inode *i)
{
	struct proc_node *n = proc_node(i);

	if (!n)
		return;
	if (n->pid)
		pid_put(n->pid);
	kfree(n);
}

/* ---- directories ---- */

bool proc_parse_number(const char *name, unsigned len, u32 *out)
{
	u32 v = 0;

	if (len == 0 || len > 9 || (name[0] == '0' && len > 1))
		return false;
	for (unsigned i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return false;
		v = v * 10 + (u32)(name[i] - '0');
	}
	*out = v;
	return true;
}

static struct inode *proc_lookup(struct inode *dir, const char *name, unsigned len)
{
	struct proc_node *n = proc_node(dir);
	const struct proc_dir *d = n->entry->dir;
	int err = n->entry->guarded ? proc_check_guard(n) : 0;
	struct inode *found;

	if (err)
		return ERR_PTR(err == -ESRCH ? -ENOENT : err);
	for (unsigned i = 0; i < d->count; i++) {
		const struct proc_entry *e = &d->entries[i];
		struct task *t;

		if (strlen(e->name) != len || memcmp(e->name, name, len) != 0)
			continue;
		if (!n->pid)
			return proc_inode(dir, e, NULL, false, 0, name, len);
		t = proc_task(n);
		if (!t)
			return ERR_PTR(-ENOENT);
		task_put(t);
		return proc_inode(dir, e, pid_get(n->pid), n->thread, n->fd, name, len);
	}
	found = d->lookup ? d->lookup(dir, name, len) : NULL;
	return found ? found : ERR_PTR(-ENOENT); /* nothing can be made here, so there are no free names */
}

/* A directory of a process that is gone has no use, whoever holds it open. */
static int proc_permission(struct inode *i, unsigned want, const struct cred *c)
{
	struct proc_node *n = proc_node(i);

	if (n->pid && !atomic_load(&n->pid->task))
		return -ESRCH;
	return inode_permission_mode(i, want, c);
}

static int proc_dir_open(struct inode *i, struct file *f)
{
	struct proc_node *n = proc_node(i);

	return n->entry->guarded ? proc_check_guard(n) : 0;
}

static int proc_iterate_moving(struct file *f, struct dir_context *ctx, struct proc_node *n)
{
	const struct proc_dir *d = n->entry->dir;
	char name[PROC_NAME];
	unsigned type;

	if (ctx->pos < PROC_DYNAMIC)
		ctx->pos = PROC_DYNAMIC;
	while (ctx->pos < PROC_DYNAMIC + INT32_MAX) {
		u32 key = (u32)(ctx->pos - PROC_DYNAMIC);

		if (!d->next(n, &key, name, &type))
			return 0;
		unsigned len = (unsigned)strlen(name);
		ctx->pos = PROC_DYNAMIC + key;
		if (!ctx->emit(ctx, name, len, proc_ino(f->inode->ino, name, len), type))
			return 0;
		ctx->pos++;
	}
	return 0;
}

static unsigned mode_to_dt(umode_t m)
{
	return (m & S_IFMT) >> 12;
}

/* Positions: 0 ".", 1 "..", then the table, from PROC_DYNAMIC on the moving names by key. */
static int proc_iterate(struct file *f, struct dir_context *ctx)
{
	struct proc_node *n = proc_node(f->inode);
	const struct proc_dir *d = n->entry->dir;
	u64 ino = f->inode->ino;
	int err = n->entry->guarded ? proc_check_guard(n) : 0;

	if (err)
		return err;
	if (n->pid && !atomic_load(&n->pid->task))
		return -ENOENT;
	if (ctx->pos == 0) {
		if (!ctx->emit(ctx, ".", 1, ino, DT_DIR))
			return 0;
		ctx->pos = 1;
	}
	if (ctx->pos == 1) {
		struct dentry *parent = f->path.dentry->parent;
		if (!ctx->emit(ctx, "..", 2, parent->inode ? parent->inode->ino : ino, DT_DIR))
			return 0;
		ctx->pos = 2;
	}
	while (ctx->pos >= 2 && ctx->pos < 2 + (loff_t)d->count) {
		const struct proc_entry *e = &d->entries[ctx->pos - 2];
		unsigned len = (unsigned)strlen(e->name);

		if (!ctx->emit(ctx, e->name, len, proc_ino(ino, e->name, len), mode_to_dt(e->mode)))
			return 0;
		ctx->pos++;
	}
	return d->next ? proc_iterate_moving(f, ctx, n) : 0;
}

/* ---- text files ---- */

static int proc_text_show(struct seq *s, void *ctx)
{
	struct proc_node *n = ctx;
	struct task *t;
	int err;

	if (n->entry->show)
		return n->entry->show(s, n);
	t = proc_task(n);
	if (!t)
		return -ESRCH;
	err = n->entry->task_show(s, t, n);
	task_put(t);
	return err;
}

static ssize_t proc_text_write(void *ctx, char *text, size_t len)
{
	struct proc_node *n = ctx;
	struct task *t;
	ssize_t result;

	if (n->entry->write)
		return n->entry->write(n, text, len);
	t = proc_task(n);
	if (!t)
		return -ESRCH;
	result = n->entry->task_write(t, text, len);
	task_put(t);
	return result;
}

static int proc_text_open(struct inode *i, struct file *f)
{
	struct proc_node *n = proc_node(i);
	int err = n->entry->guarded ? proc_check_guard(n) : 0;
	bool writable = n->entry->write || n->entry->task_write;

	if (err)
		return err;
	/* The node lives as long as its inode, which f holds. */
	return seq_open(f, proc_text_show, writable ? proc_text_write : NULL, n, NULL);
}

/* ---- links to objects ---- */

static int proc_follow(struct inode *i, struct path *out)
{
	struct proc_node *n = proc_node(i);
	int err = proc_check_guard(n);

	if (err)
		return err == -ESRCH ? -ENOENT : err;
	return n->entry->follow(n, out);
}

static ssize_t proc_readlink(struct inode *i, char *buf, size_t size)
{
	struct path to, root;
	ssize_t n = proc_follow(i, &to);
	char *tmp, *text;

	if (n)
		return n;
	tmp = kmalloc(PATH_MAX, 0);
	if (tmp) {
		fs_ctx_root(current_task()->fs, &root);
		text = path_string(&to, &root, tmp, PATH_MAX);
		path_put(&root);
		if (!IS_ERR(text) && str_starts(text, UNREACHABLE))
			text += strlen(UNREACHABLE); /* getcwd(2) alone says so */
		n = IS_ERR(text) ? PTR_ERR(text) : (ssize_t)MIN(strlen(text), size);
		if (n > 0)
			memcpy(buf, text, (size_t)n);
		kfree(tmp);
	} else {
		n = -ENOMEM;
	}
	path_put(&to);
	return n;
}

/* Owner and mode are facts, not settings; truncation by O_TRUNC does nothing. */
static int proc_setattr(struct inode *i, const struct iattr *a)
{
	return a->valid & (ATTR_MODE | ATTR_UID | ATTR_GID) ? -EPERM : 0;
}

static const struct inode_ops proc_dir_iops = {
	.lookup = proc_lookup,
	.setattr = proc_setattr,
	.permission = proc_permission,
};
static const struct inode_ops proc_file_iops = { .setattr = proc_setattr };
static const struct inode_ops proc_text_link_iops = { .setattr = proc_setattr };
static const struct inode_ops proc_object_link_iops = {
	.follow = proc_follow,
	.readlink = proc_readlink,
	.setattr = proc_setattr,
};
static const struct file_ops proc_dir_fops = {
	.open = proc_dir_open,
	.iterate = proc_iterate,
	.lseek = generic_lseek,
};
static const struct file_ops proc_text_fops = { .open = proc_text_open };

/* ---- the instance ---- */

static const struct super_ops proc_super_ops = { .evict = proc_evict };
static const struct proc_entry proc_root_entry = { .name = "/",
	                                           .mode = S_IFDIR | 0555,
	                                           .dir = &proc_root_dir };

static int proc_fill(struct super_block *sb, const char *source, const char *options)
{
	struct inode *root;

	sb->ops = &proc_super_ops;
	sb->magic = PROC_MAGIC;
	root = proc_inode_in(sb, PROC_ROOT_INO, &proc_root_entry, NULL, false, 0);
	if (IS_ERR(root))
		return (int)PTR_ERR(root);
	sb->root_inode = root;
	return 0;
}

static struct fs_type proc_type = { .name = "proc", .nodev = true, .fill = proc_fill, .param = fs_no_params };

struct pid *proc_dir_pid(const struct inode *i)
{
	if (i->sb->type != &proc_type || proc_node(i)->entry->dir != &proc_pid_dir || proc_node(i)->thread)
		return NULL;
	return pid_get(proc_node(i)->pid);
}

INIT_CODE void procfs_init(void)
{
	fs_register(&proc_type);
}
