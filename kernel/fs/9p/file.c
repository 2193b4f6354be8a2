/* SPDX-License-Identifier: MIT
 *
 * fs/9p/file.c - regular files of a shared folder: opening, the page cache, direct reads and writes
 *
 * Owns:      nothing; the open fids of struct p9_node.
 * Layer:     fs/9p.
 * Locks:     node->lock while a fid is opened; inode->lock as fs/filedata.c says.
 * Contexts:  process context; may sleep.
 * Manual:    diod's protocol.md: Tlopen, Tread, Twrite, Tfsync; mount(8) of 9p: cache=.
 * Tests:     tests/run.py share.
 *
 * All openings of a file share one fid for reading and one for writing: the rights were checked here, and to the
 * server we are one user.  The fid for reading stays with the inode, so opening a file again asks nobody.
 *
 *   cached    reads and writes go through the page cache; what was written goes to the server when a descriptor is
 *             closed, at fsync(2) and before attributes are changed: who opens it later, here or there, sees it.
 *   direct    (cache=none) each read and write is a message; the page cache serves private mappings alone.
 */
#include <fs/9p/node.h>
#include <base/clock.h>
#include <mem/slab.h>
#include <sched/thread.h>
#include <lib/string.h>
#include <vm/space.h>
#include <abi/errno.h>
#include <abi/mman.h>
#include <abi/mount.h>

enum { DIRECT_BYTES = 128 * 1024 };

/* ---- fids ---- */

static int open_new(struct inode *i, u32 flags, u32 *fid)
{
	struct p9_client *c = p9_client(i);
	u32 from;
	int err = p9_inode_fid(i, &from);

	if (err)
		return err;
	*fid = p9_fid_new(c);
	err = p9_walk(c, from, NULL, 0, *fid);
	if (err) {
		p9_fid_free(c, *fid);
		return err;
	}
	err = p9_lopen(c, *fid, flags | O_LARGEFILE);
	if (err)
		p9_clunk(c, *fid);
	return err;
}

/* With nothing to be written, ever, the fid of the name itself is opened: it saves the walk that would copy it. */
static bool only_read(const struct inode *i)
{
	return i->sb->flags & MS_RDONLY && p9_super(i->sb)->cache == P9_CACHE_LOOSE;
}

static int open_own_fid(struct inode *i)
{
	struct p9_node *n = p9_node(i);
	int err;

	scoped_mutex(&n->lock);
	if (n->rfid)
		return 0;
	if (!n->names[0].fid)
		return -ENOENT;
	err = p9_lopen(p9_client(i), n->names[0].fid, O_RDONLY | O_LARGEFILE);
	if (!err)
		n->rfid = n->names[0].fid;
	return err;
}

static int open_writable(struct inode *i, u32 *fid, bool *reads)
{
	int err = open_new(i, O_RDWR, fid);

	*reads = !err;
	return err == -EACCES ? open_new(i, O_WRONLY, fid) : err;
}

int p9_open_fid(struct inode *i, bool write)
{
	struct p9_node *n = p9_node(i);
	u32 fid;
	int err;

	if (write ? atomic_load(&n->wfid) : atomic_load(&n->rfid))
		return 0; /* they go away with the last writer, which we are not, or the inode */
	if (!write && only_read(i))
		return open_own_fid(i);
	/* The inode's own lock of names is taken inside: two openers may both open, one keeps its fid. */
	bool reads = true;
	err = write ? open_writable(i, &fid, &reads) : open_new(i, O_RDONLY, &fid);
	if (err)
		return err;
	scoped_mutex(&n->lock);
	if (write ? n->wfid : n->rfid) {
		p9_clunk(p9_client(i), fid);
	} else if (write) {
		n->wfid = fid;
		n->wfid_reads = reads;
	} else {
		n->rfid = fid;
	}
	return 0;
}

int p9_reading_fid(struct inode *i, u32 *fid)
{
	struct p9_node *n = p9_node(i);
	int err;

	*fid = atomic_load(&n->rfid);
	if (*fid)
		return 0;
	*fid = atomic_load(&n->wfid);
	if (*fid && n->wfid_reads)
		return 0;
	err = p9_open_fid(i, false);
	*fid = atomic_load(&n->rfid);
	return err;
}

/* ---- files ---- */

static int open_op(struct inode *i, struct file *f)
{
	struct p9_node *n = p9_node(i);
	bool write = f->mode & FMODE_WRITE;
	int err = 0;

	/* Close-to-open: whatever others did before this open is seen. */
	if (p9_super(i->sb)->cache != P9_CACHE_LOOSE)
		err = p9_inode_refresh(i, !atomic_load(&n->writers) &&
		                                  clock_monotonic() > n->asked_at + P9_JUST_NS);
	if (write) {
		mutex_lock(&n->lock);
		n->writers++;
		mutex_unlock(&n->lock);
	}
	if (!err)
		err = p9_open_fid(i, write);
	if (!err && f->mode & FMODE_READ && write && !n->wfid_reads)
		err = p9_open_fid(i, false);
	if (err && write) {
		mutex_lock(&n->lock);
		n->writers--;
		mutex_unlock(&n->lock);
	}
	return err;
}

/* What the server has no room for is not in the file: its size is asked for again. */
static int write_back(struct inode *i)
{
	int err = p9_write_back(i);

	if (err)
		p9_inode_changed(i);
	return err;
}

static int flush_op(struct file *f)
{
	return f->mode & FMODE_WRITE ? write_back(f->inode) : 0;
}

static void release_op(struct file *f)
{
	struct p9_node *n = p9_node(f->inode);

	if (!(f->mode & FMODE_WRITE))
		return;
	(void)write_back(f->inode); /* of a shared mapping that outlived the descriptor */
	scoped_mutex(&n->lock);
	if (--n->writers)
		return;
	p9_clunk(p9_client(f->inode), n->wfid);
	n->wfid = 0;
}

static int fsync_op(struct file *f, loff_t start, loff_t end, bool datasync)
{
	struct p9_node *n = p9_node(f->inode);
	int err = mapping_sync(&f->inode->data, (u64)start, (u64)end);
	u32 fid = atomic_load(&n->wfid);

	if (!fid)
		fid = atomic_load(&n->rfid);
	return err || !fid ? err : p9_fsync(p9_client(f->inode), fid, datasync);
}

const struct file_ops p9_file_ops = {
	.open = open_op,
	.release = release_op,
	.read = mapping_file_read,
	.write = mapping_file_write,
	.lseek = generic_lseek,
	.mmap = mapping_file_mmap,
	.flush = flush_op,
	.fsync = fsync_op,
};

/* ---- direct ---- */

/* Reads (fn p9_read) or writes through a buffer: the bytes moved, or an error when none were. */
static ssize_t direct(struct file *f, struct iov_iter *it, loff_t *pos, bool write)
{
	struct p9_client *c = p9_client(f->inode);
	u32 size = (u32)MIN(it->count, (size_t)DIRECT_BYTES), fid;
	u8 *buf = kmalloc(size, 0);
	ssize_t done = 0, n = buf ? 0 : -ENOMEM;

	if (!n && !write)
		n = p9_reading_fid(f->inode, &fid);
	else if (!n)
		fid = atomic_load(&p9_node(f->inode)->wfid);
	while (!n && it->count) {
		u32 want = (u32)MIN(it->count, (size_t)size);

		if (write)
			want = (u32)copy_from_iter(buf, want, it);
		n = !want   ? -EFAULT
		    : write ? p9_write(c, fid, (u64)*pos, buf, want)
		            : p9_read(c, fid, (u64)*pos, buf, want);
		if (n <= 0)
			break;
		u32 moved = write ? (u32)n : (u32)copy_to_iter(buf, (size_t)n, it);
		*pos += moved;
		done += moved;
		n = moved < (u32)n && !done ? -EFAULT : moved < want ? 1 : 0; /* 1: short, the end */
		cond_resched();
	}
	kfree(buf);
	return done ? done : n < 0 ? n : 0;
}

static ssize_t direct_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	return to->count ? direct(f, to, pos, false) : 0;
}

static ssize_t direct_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	struct inode *i = f->inode;
	ssize_t n = 0;

	if (!from->count)
		return 0;
	rwlock_write_lock(&i->lock);
	if (f->flags & O_APPEND || from->append) {
		n = p9_inode_refresh(i, true);
		*pos = i->size;
	}
	if (!n)
		n = direct(f, from, pos, true);
	if (*pos > i->size)
		inode_set_size(i, *pos);
	p9_inode_changed(i);
	rwlock_write_unlock(&i->lock);
	return n;
}

static loff_t direct_lseek(struct file *f, loff_t off, int whence)
{
	int err = whence == SEEK_END ? p9_inode_refresh(f->inode, true) : 0;

	return err ? err : generic_lseek(f, off, whence);
}

/* Private mappings of what the file holds now. */
static int direct_mmap(struct file *f, struct vm_mmap_args *a)
{
	struct inode *i = f->inode;
	int err;

	if (((unsigned)a->flags & MAP_TYPE) != MAP_PRIVATE && f->mode & FMODE_WRITE)
		return -EINVAL;
	err = p9_inode_refresh(i, true);
	return err ? err : mapping_file_mmap(f, a);
}

const struct file_ops p9_direct_ops = {
	.open = open_op,
	.release = release_op,
	.read = direct_read,
	.write = direct_write,
	.lseek = direct_lseek,
	.mmap = direct_mmap,
	.fsync = fsync_op,
};
