/* SPDX-License-Identifier: MIT
 *
 * fs/open.c - open(2): from a name and flags to an open file description
 *
 * Owns:      nothing.
 * Layer:     fs.
 * Locks:     O_CREAT of a name that does not exist takes the directory's inode lock for writing.
 * Contexts:  process context; may sleep.
 * Manual:    open(2), execve(2) (ETXTBSY, EACCES).
 * Tests:     tests/abi/open.c.
 *
 * The order of the checks is Linux': the walk; EEXIST; EISDIR; ENOTDIR; ELOOP; the type (EISDIR, nodev and
 * noexec: EACCES); permission; EROFS; ENFILE; ETXTBSY; the file's own open; truncation last.
 */
#include <fs/namei.h>
#include <fs/notify.h>
#include <fs/walk.h>
#include <fs/chrdev.h>
#include <abi/errno.h>

/* What open(2) remembers in the description: not the flags that only steer the opening itself. */
enum { FLAGS_ONCE = O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC };
static const struct file_ops path_only_ops; /* O_PATH: nothing can be done */

static unsigned open_wants(unsigned flags)
{
	static const u8 want[4] = { MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE, MAY_READ | MAY_WRITE };

	return want[flags & O_ACCMODE] | (flags & O_TRUNC ? MAY_WRITE : 0);
}

/* Decodes what contradicts itself. */
static int check_flags(unsigned *flags)
{
	unsigned f = *flags;

	if (f & O_PATH) {
		*flags = f & (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		return 0;
	}
	if (f & O_TMPFILE_BIT) {
		if ((f & O_TMPFILE) != O_TMPFILE || f & O_CREAT || (f & O_ACCMODE) == O_RDONLY)
			return -EINVAL;
	} else if ((f & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY)) {
		return -EINVAL;
	}
	return 0;
}

/* May an existing inode be opened so? */
static int may_open(const struct path *p, unsigned flags, unsigned want, const struct cred *c)
{
	struct inode *i = p->dentry->inode;
	bool ro_matters = true;
	int err;

	switch (i->mode & S_IFMT) {
	case S_IFLNK:
		return -ELOOP;
	case S_IFDIR:
		if (want & MAY_WRITE)
			return -EISDIR;
		if (want & MAY_EXEC)
			return -EACCES;
		break;
	case S_IFCHR:
	case S_IFBLK:
		if (p->mnt->flags & MS_NODEV)
			return -EACCES;
		ro_matters = false;
		break;
	case S_IFREG:
		if (want & MAY_EXEC && p->mnt->flags & MS_NOEXEC)
			return -EACCES;
		break;
	default:
		ro_matters = false;
	}
	err = inode_permission(i, want, c);
	if (!err && want & MAY_WRITE && ro_matters)
		err = path_check_write(p);
	if (!err && i->flags & INODE_APPEND &&
	    ((flags & O_ACCMODE && !(flags & O_APPEND)) || flags & O_TRUNC))
		err = -EPERM;
	if (!err && flags & O_NOATIME && !inode_owner_or_capable(i, c))
		err = -EPERM;
	return err;
}

/* Counts a writer of a regular file, in its inode and its mount. */
static int count_writer(struct file *f)
{
	struct mount *m = f->path.mnt;
	int err;

	/* Count, then look: a remount to read-only sets the flag, then looks at the count. */
	atomic_add(&m->writers, 1);
	err = mount_readonly(m) ? -EROFS : inode_get_write(f->inode);
	if (err)
		atomic_sub(&m->writers, 1);
	else
		f->mode |= FMODE_WCOUNT;
	return err;
}

/* O_TRUNC on an existing regular file. */
static int open_truncate(struct file *f)
{
	struct iattr a = { .valid = ATTR_SIZE, .size = 0 };
	bool counted = f->mode & FMODE_WCOUNT;
	int err = counted ? 0 : inode_get_write(f->inode); /* O_RDONLY | O_TRUNC */

	if (err)
		return err;
	err = inode_setattr(f->inode, &a, f->cred);
	if (!err)
		notify_dentry(f->path.dentry, IN_MODIFY);
	if (!counted)
		inode_put_write(f->inode);
	return err;
}

static const struct file_ops *inode_file_ops(const struct inode *i)
{
	if (unlikely((i->mode & S_IFMT) == S_IFIFO))
		return fifo_file_ops ? fifo_file_ops : &no_open_ops;
	if (unlikely((i->mode & S_IFMT) == S_IFBLK))
		return blkdev_file_ops ? blkdev_file_ops : &no_open_ops;
	return i->fops;
}

/* Makes and opens the description; takes over p.  `mode`: more FMODE_ bits. */
static int open_file(const struct path *p, unsigned flags, u32 mode, const struct cred *c, struct file **out)
{
	struct inode *i = p->dentry->inode;
	/* O_EXCL of a block device asks for it alone; its open takes the flag. */
	unsigned once = (i->mode & S_IFMT) == S_IFBLK ? FLAGS_ONCE & ~O_EXCL : FLAGS_ONCE;
	struct file *f = file_alloc_path(p, inode_file_ops(i), flags & ~once, c);
	int err = 0;

	if (IS_ERR(f))
		return (int)PTR_ERR(f);
	f->mode |= mode;
	if (s_isreg(i->mode)) {
		if (f->mode & FMODE_WRITE)
			err = count_writer(f);
		if (!err && !(flags & O_LARGEFILE) && atomic_load(&i->size) > SMALL_FILE_MAX)
			err = -EOVERFLOW;
		if (!err && flags & O_DIRECT && !i->sb->bdev_dev)
			err = -EINVAL; /* filedata.c does it for file systems on disks */
	}
	if (!err && f->ops->open) {
		err = f->ops->open(i, f); /* a terminal's looks at O_NOCTTY */
		if (f->ops->lseek)
			f->mode |= FMODE_LSEEK;
		else
			f->mode &= ~(u32)FMODE_LSEEK;
	}
	f->flags &= ~(u32)O_NOCTTY;
	if (err) {
		f->ops = &path_only_ops; /* never opened, so never released */
	} else {
		f->opened = true;
		notify_dentry(f->path.dentry, IN_OPEN);
		if (flags & O_TRUNC && s_isreg(i->mode))
			err = open_truncate(f);
	}
	if (err) {
		f->mode &= ~(u32)(mode & FMODE_EXEC); /* the caller's denial is not undone twice */
		file_put(f);
		return err;
	}
	*out = f;
	return 0;
}

/* Takes over p. */
static int open_existing(const struct path *p, unsigned flags, const struct cred *c, struct file **out)
{
	struct inode *i = p->dentry->inode;
	int err = 0;

	if (unlikely(flags & O_PATH)) {
		struct file *f = file_alloc_path(p, &path_only_ops, flags & ~FLAGS_ONCE, c);

		if (IS_ERR(f))
			return (int)PTR_ERR(f);
		f->mode = FMODE_PATH;
		*out = f;
		return 0;
	}
	if (flags & O_DIRECTORY && !s_isdir(i->mode))
		err = -ENOTDIR;
	if (!err)
		err = may_open(p, flags, open_wants(flags), c);
	if (err) {
		path_put(p);
		return err;
	}
	return open_file(p, flags, 0, c, out);
}

int vfs_open_path(const struct path *p, unsigned flags, const struct cred *c, struct file **out)
{
	int err = check_flags(&flags);

	if (err)
		return err;
	if (flags & O_TMPFILE_BIT)
		return -EOPNOTSUPP;
	if (!(flags & O_PATH))
		flags |= O_LARGEFILE; /* the kernel's own: no program's off_t is too small */
	path_get(p);
	return open_existing(p, flags & ~(unsigned)(O_CREAT | O_EXCL), c, out);
}

/* ---- O_CREAT ---- */

/* The name is not known to be there: makes it unless the file system has it or somebody else did meanwhile.  *d: its dentry, with a reference;
 * *made. */
static int create_missing(struct walker *k, const struct fs_walk *w, umode_t mode, struct dentry **d,
                          bool *made)
{
	struct dentry *dir = k->at.dentry;
	int err = 0;

	*made = false;
	rwlock_write_lock(&dir->inode->lock);
	*d = dentry_lookup_locked(dir, &k->last);
	if (IS_ERR(*d)) {
		err = (int)PTR_ERR(*d);
	} else if (!(*d)->inode) {
		err = path_check_write(&k->at);
		if (!err)
			err = may_create(dir, w->cred);
		if (!err)
			err = create_node(*d, S_IFREG | new_mode(dir->inode, mode & S_IALLUGO, w->fs), 0,
			                  NULL, w->cred);
		if (err)
			dentry_put(*d);
		else
			notify_name(dir->inode, IN_CREATE, k->last.s, k->last.len, 0);
		*made = !err;
	}
	rwlock_write_unlock(&dir->inode->lock);
	return err;
}

/* Walks the last component of an O_CREAT open.  0: k->at is what to open; 1: a link, go on; or -errno. */
static int create_last(struct walker *k, const struct fs_walk *w, unsigned flags, umode_t mode, bool *made)
{
	struct dentry *d;
	int err;

	*made = false;
	if (k->last_type != LAST_NORM) {
		err = walk_last(k, false);
		return err ? err : flags & O_EXCL ? -EEXIST : -EISDIR;
	}
	if (k->need_dir)
		return -EISDIR;
	d = dentry_find_cached(k->at.dentry, &k->last);
	if (!d || !d->inode) {
		if (d)
			dentry_put(d);
		err = create_missing(k, w, mode, &d, made);
		if (err)
			return err;
	}
	if (!*made && flags & O_EXCL) {
		dentry_put(d);
		return -EEXIST;
	}
	k->trailing = true;
	err = walk_into(k, d, !(flags & O_NOFOLLOW));
	if (!err && s_isdir(k->at.dentry->inode->mode))
		err = -EISDIR;
	return err;
}

static int open_create(const struct fs_walk *w, const char *name, unsigned flags, umode_t mode,
                       struct file **out)
{
	struct walker k;
	struct path p;
	bool made;
	int err = walk_to_parent(&k, w, name);

	if (err)
		return err;
	while ((err = create_last(&k, w, flags, mode, &made)) == 1) {
		err = walk_parent(&k);
		if (err)
			break;
	}
	if (!err) {
		p = k.at;
		path_get(&p);
	}
	walk_end(&k);
	if (err)
		return err;
	/* Who made it may open it, whatever the mode says; there is nothing to truncate. */
	return made ? open_file(&p, flags & ~(unsigned)O_TRUNC, 0, w->cred, out)
	            : open_existing(&p, flags, w->cred, out);
}

static int open_tmpfile(const struct fs_walk *w, const char *name, unsigned flags, umode_t mode,
                        struct file **out)
{
	struct qname n = { "#tmp", 4, 0 };
	struct path p, dir;
	struct inode *i;
	int err = path_lookup(w, name, LOOKUP_DIRECTORY | (flags & O_NOFOLLOW ? 0 : LOOKUP_FOLLOW), &dir);

	if (err)
		return err;
	err = path_check_write(&dir);
	if (!err)
		err = inode_permission(dir.dentry->inode, MAY_WRITE | MAY_EXEC, w->cred);
	if (!err && !dir.dentry->inode->ops->tmpfile)
		err = -EOPNOTSUPP;
	if (err)
		goto out;
	i = dir.dentry->inode->ops->tmpfile(
	        dir.dentry->inode, S_IFREG | new_mode(dir.dentry->inode, mode & S_IALLUGO, w->fs), w->cred);
	if (IS_ERR(i)) {
		err = (int)PTR_ERR(i);
		goto out;
	}
	i->linkable = !(flags & O_EXCL);
	p.dentry = dentry_alloc(dir.dentry, &n, i);
	if (!p.dentry) {
		inode_put(i);
		err = -ENOMEM;
		goto out;
	}
	p.dentry->unlinked = true;
	p.mnt = mount_get(dir.mnt);
	err = open_file(&p, flags & ~(unsigned)O_TRUNC, 0, w->cred, out);
out:
	path_put(&dir);
	return err;
}

int vfs_open(const struct fs_walk *w, const char *name, unsigned flags, umode_t mode, struct file **out)
{
	unsigned lookup = flags & O_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
	struct path p;
	int err = check_flags(&flags);

	if (unlikely(err))
		return err;
	if (unlikely(flags & O_TMPFILE_BIT))
		return open_tmpfile(w, name, flags, mode, out);
	if (flags & O_CREAT)
		return open_create(w, name, flags, mode, out);
	if (flags & O_DIRECTORY)
		lookup |= LOOKUP_DIRECTORY;
	err = path_lookup(w, name, lookup, &p);
	return err ? err : open_existing(&p, flags, w->cred, out);
}

/* ---- execve ---- */

int vfs_open_exec(const struct fs_walk *w, const char *name, unsigned lookup, struct file **out)
{
	struct path p;
	struct inode *i;
	int err = path_lookup(w, name, lookup, &p);

	if (err)
		return err;
	i = p.dentry->inode;
	err = may_open(&p, 0, MAY_EXEC, w->cred);
	if (!err && !s_isreg(i->mode))
		err = -EACCES;
	if (!err)
		err = inode_deny_write(i);
	if (err) {
		path_put(&p);
		return err;
	}
	path_get(&p); /* open_file takes one */
	err = open_file(&p, O_RDONLY | O_LARGEFILE, FMODE_EXEC, w->cred, out);
	if (err)
		inode_allow_write(i);
	path_put(&p);
	return err;
}
