/* SPDX-License-Identifier: MIT
 *
 * fs/initramfs.c - the boot archive, unpacked into the root
 *
 * Owns:      the state of one unpacking.
 * Layer:     fs. Uses lib (cpio, inflate).
 * Locks:     none; runs once, before there are other processes (and in a kernel test).
 * Contexts:  process context; may sleep.
 * Manual:    cpio(5) "New ASCII Format"; Linux' early userspace: plain or gzip, several archives one after
 *            another.
 * Tests:     tests/boot, fs/initramfs_ktest.c (mutated archives).
 *
 * Theory
 * ------
 * The archive comes in pieces of any size: all at once when plain, 32 KiB at a time when it is being
 * decompressed.
 *
 *      HEADER --110 bytes--> NAME --namesize, padded--> BODY --filesize, padded--> HEADER ...
 *                                 "TRAILER!!!" --> PADDING --a byte that is not 0--> next archive
 *
 * Header and name are gathered in a small buffer; a body goes straight into its file, wherever the piece is.
 * A name that cannot be made (its directory is missing, it is in use as another type) is skipped with its
 * body, as Linux does; only a damaged archive or lack of memory ends the work.  ".." cannot leave the root:
 * the walk starts in it. Times of directories are set at the end, since making their entries changes them.
 */
#include <fs/initramfs.h>
#include <fs/file.h>
#include <lib/cpio.h>
#include <lib/inflate.h>
#include <lib/list.h>
#include <lib/string.h>
#include <base/log.h>
#include <mem/slab.h>
#include <abi/errno.h>

enum { HEADER = 110, NAME_LIMIT = PATH_MAX, SIZE_AT = 54, NAMESIZE_AT = 94, WINDOW = 32768 };
enum state { AT_HEADER, AT_NAME, AT_BODY, AT_LINK_TEXT, AT_PADDING };

/* A name to come back to: the first of several hard links, or a directory whose time is set at the end. */
struct remembered {
	struct list_head link;
	u32 ino, major, minor, mtime;
	char name[];
};
struct unpack {
	const struct fs_walk *w;
	enum state state;
	char *buf;         /* header and name, or a link's text; HEADER + NAME_LIMIT + 4 bytes */
	size_t have, need; /* gathered, wanted in buf */
	u64 offset;        /* in the (decompressed) archive, for the padding to 4 */
	u64 body_left;
	loff_t pos; /* in the file */
	struct cpio_entry e;
	char *name;        /* e's, a copy: buf is used again for a link's text */
	struct file *file; /* being written, or NULL: skip */
	struct list_head links, dirs;
	int fatal; /* the error that ends it */
};

/* ---- entries ---- */

static struct remembered *remember(struct list_head *list, const struct cpio_entry *e, const char *name)
{
	size_t n = strlen(name) + 1;
	struct remembered *r = kmalloc(sizeof(*r) + n, 0);

	if (!r)
		return NULL;
	r->ino = e->ino;
	r->major = e->dev_major;
	r->minor = e->dev_minor;
	r->mtime = e->mtime;
	memcpy(r->name, name, n);
	list_add(&r->link, list);
	return r;
}

static void forget(struct list_head *list)
{
	while (!list_empty(list)) {
		struct remembered *r = list_first_entry(list, struct remembered, link);

		list_del(&r->link);
		kfree(r);
	}
}

/* Owner, mode and time as the archive says, on the name itself. */
static void set_attrs(struct unpack *u, const char *name, const struct cpio_entry *e)
{
	struct iattr owner = { .valid = ATTR_UID | ATTR_GID | ATTR_FORCE, .uid = e->uid, .gid = e->gid };
	struct iattr rest = { .valid = ATTR_MTIME | ATTR_MTIME_SET | ATTR_FORCE,
		              .mode = e->mode & S_IALLUGO,
		              .mtime = (ktime_t)e->mtime * NSEC_PER_SEC };

	if (!s_islnk(e->mode))
		rest.valid |= ATTR_MODE;
	if (e->uid || e->gid)
		(void)!vfs_setattr(u->w, name, 0, &owner);
	(void)!vfs_setattr(u->w, name, 0, &rest);
}

/* What stands there gives way, unless it is of the same type and may be overwritten. */
static void clean_name(struct unpack *u, const struct cpio_entry *e)
{
	struct kstat st;

	if (vfs_stat(u->w, u->name, 0, &st))
		return;
	if (s_isdir(st.mode)) {
		if (!s_isdir(e->mode))
			(void)!vfs_rmdir(u->w, u->name);
	} else if ((st.mode & S_IFMT) != (e->mode & S_IFMT) || !s_isreg(e->mode)) {
		(void)!vfs_unlink(u->w, u->name);
	}
}

/* Several names of one file: true if u->name was made as a link to an earlier one. */
static bool link_to_earlier(struct unpack *u)
{
	const struct cpio_entry *e = &u->e;
	struct remembered *r;

	if (e->nlink < 2)
		return false;
	list_for_each_entry (r, &u->links, link) {
		if (r->ino != e->ino || r->major != e->dev_major || r->minor != e->dev_minor)
			continue;
		(void)!vfs_unlink(u->w, u->name);
		return !vfs_link(u->w, r->name, u->w, u->name, 0);
	}
	if (!remember(&u->links, e, u->name))
		u->fatal = -ENOMEM;
	return false;
}

static void begin_regular(struct unpack *u)
{
	bool linked = link_to_earlier(u);
	unsigned flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_LARGEFILE;
	int err;

	if (u->fatal || (linked && !u->e.size))
		return;
	err = vfs_open(u->w, u->name, linked ? flags : flags | O_TRUNC, u->e.mode & S_IRWXUGO, &u->file);
	if (err)
		u->file = NULL;
	if (err == -ENOMEM || err == -ENOSPC || err == -ENFILE)
		u->fatal = err;
	u->pos = 0;
}

static void end_regular(struct unpack *u)
{
	if (!u->file)
		return;
	file_put(u->file);
	u->file = NULL;
	set_attrs(u, u->name, &u->e);
}

static int make_special(struct unpack *u)
{
	struct cpio_entry *e = &u->e;
	bool made;
	int err;

	if (s_isdir(e->mode)) {
		err = vfs_mkdir(u->w, u->name, e->mode);
		made = !err || err == -EEXIST;
		if (made && !remember(&u->dirs, e, u->name))
			err = -ENOMEM;
	} else {
		err = vfs_mknod(u->w, u->name, e->mode,
		                dev_make(e->rdev_major & 0xfff, e->rdev_minor & 0xfffff));
		made = !err;
	}
	if (made)
		set_attrs(u, u->name, e);
	return err == -ENOMEM || err == -ENOSPC ? err : 0;
}

/* The header and name are there. */
static void begin_entry(struct unpack *u)
{
	struct cpio_entry *e = &u->e;

	u->state = AT_BODY;
	u->body_left = e->size;
	clean_name(u, e);
	switch (e->mode & S_IFMT) {
	case S_IFREG:
		begin_regular(u);
		break;
	case S_IFLNK:
		if (e->size && e->size < PATH_MAX) {
			u->state = AT_LINK_TEXT;
			u->have = 0;
			u->need = e->size;
		}
		break;
	case S_IFDIR:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		u->fatal = make_special(u);
		break;
	default: /* no type: skipped with its body */
		break;
	}
}

static void end_link(struct unpack *u)
{
	u->buf[u->have] = 0;
	if (!vfs_symlink(u->buf, u->w, u->name))
		set_attrs(u, u->name, &u->e);
}

static void set_dir_times(struct unpack *u)
{
	struct remembered *r;

	list_for_each_entry (r, &u->dirs, link) {
		struct iattr a = { .valid = ATTR_MTIME | ATTR_MTIME_SET | ATTR_FORCE,
			           .mtime = (ktime_t)r->mtime * NSEC_PER_SEC };

		(void)!vfs_setattr(u->w, r->name, 0, &a);
	}
	forget(&u->dirs);
}

/* ---- the stream ---- */

static u64 hex8(const char *p)
{
	u64 v = 0;

	for (int i = 0; i < 8; i++) {
		char c = p[i];
		unsigned d = c >= '0' && c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;

		if (d > 15)
			return UINT64_MAX;
		v = v << 4 | d;
	}
	return v;
}

static void next_header(struct unpack *u)
{
	u->state = AT_HEADER;
	u->have = 0;
	u->need = HEADER;
}

/* The header tells how long the name is (padded so that the body begins at a multiple of 4). */
static void header_done(struct unpack *u)
{
	u64 n = hex8(u->buf + NAMESIZE_AT);

	if (memcmp(u->buf, "07070", 5) != 0 || n == 0 || n > NAME_LIMIT) {
		u->fatal = -EINVAL;
		return;
	}
	u->need = ALIGN_UP(HEADER + n, 4ul);
	u->state = AT_NAME;
}

/* lib/cpio reads the entry; the body is not in the buffer, so it is told there is none. */
static void name_done(struct unpack *u)
{
	u64 size = hex8(u->buf + SIZE_AT);
	size_t at = 0;
	int r;

	if (size == UINT64_MAX) {
		u->fatal = -EINVAL;
		return;
	}
	memset(u->buf + SIZE_AT, '0', 8);
	r = cpio_next((const u8 *)u->buf, u->need, &at, &u->e);
	if (r < 0) {
		u->fatal = r;
	} else if (r == 0) { /* trailer */
		u->state = AT_PADDING;
		forget(&u->links);
	} else {
		u->e.size = size;
		strlcpy(u->name, u->e.name, NAME_LIMIT);
		u->e.name = u->name;
		begin_entry(u);
	}
}

/* Collects bytes into buf until `need` are there; the bytes used. */
static size_t gather(struct unpack *u, const u8 *p, size_t n)
{
	size_t take = MIN(n, u->need - u->have);

	memcpy(u->buf + u->have, p, take);
	u->have += take;
	if (u->have < u->need)
		return take;
	if (u->state == AT_HEADER) {
		header_done(u);
	} else if (u->state == AT_NAME) {
		name_done(u);
	} else {
		end_link(u);
		u->state = AT_BODY; /* nothing left but the padding */
		u->body_left = 0;
	}
	return take;
}

/* Bytes of a body; at its end, and after the padding, the next header. */
static size_t body(struct unpack *u, const u8 *p, size_t n)
{
	size_t take = (size_t)MIN((u64)n, u->body_left);

	if (take && u->file) {
		ssize_t done = file_write_kernel(u->file, p, take, u->pos);

		if (done < 0) {
			u->fatal = (int)done;
		} else if ((size_t)done < take) {
			u->fatal = -ENOSPC;
		}
		u->pos += (loff_t)take;
	}
	u->body_left -= take;
	if (u->body_left)
		return take;
	if (take < n || !((u->offset + take) % 4)) {
		size_t pad = (size_t)(-(u->offset + take) & 3);

		if (pad <= n - take) {
			end_regular(u);
			next_header(u);
			return take + pad;
		}
		return n; /* the padding is cut by the end of the piece; its rest comes with the next */
	}
	return take;
}

/* After the trailer: zeros. Stops before the first other byte. */
static size_t skip_zeros(const u8 *p, size_t n)
{
	size_t i = 0;

	while (i < n && !p[i])
		i++;
	return i;
}

/* Feeds a piece; the bytes used: fewer than n after a trailer or a fatal error. */
static size_t feed(struct unpack *u, const u8 *p, size_t n)
{
	size_t at = 0;

	while (at < n && !u->fatal) {
		size_t used;

		if (u->state == AT_PADDING) {
			used = skip_zeros(p + at, n - at);
			if (at + used < n)
				return at + used;
		} else if (u->state == AT_BODY) {
			used = body(u, p + at, n - at);
		} else {
			used = gather(u, p + at, n - at);
		}
		at += used;
		u->offset += used;
	}
	/* An empty body ends at once, without waiting for a byte. */
	if (!u->fatal && u->state == AT_BODY && !u->body_left && !(u->offset % 4)) {
		end_regular(u);
		next_header(u);
	}
	return at;
}

static void begin_archive(struct unpack *u)
{
	u->offset = 0;
	next_header(u);
}

/* gzip: each decompressed piece; several cpio archives may be in one gzip member. */
static int feed_piece(void *ctx, const u8 *p, size_t n)
{
	struct unpack *u = ctx;

	while (n) {
		size_t used = feed(u, p, n);

		if (u->fatal)
			return u->fatal;
		p += used;
		n -= used;
		if (n)
			begin_archive(u);
	}
	cond_resched();
	return 0;
}

static bool is_gzip(const u8 *p, size_t n)
{
	return n >= 3 && p[0] == 0x1f && p[1] == 0x8b && p[2] == 8;
}

/* An archive that is cut off in the middle is damaged; one that ends between entries is not. */
static bool at_boundary(const struct unpack *u)
{
	return u->state == AT_PADDING || (u->state == AT_HEADER && !u->have);
}

static int unpack_all(struct unpack *u, const u8 *p, size_t n, void *work)
{
	while (n) {
		ssize_t used = (ssize_t)skip_zeros(p, n);

		p += used;
		n -= (size_t)used;
		if (!n)
			break;
		begin_archive(u);
		if (is_gzip(p, n))
			used = gzip_inflate(p, n, work, feed_piece, u);
		else
			used = (ssize_t)feed(u, p, n);
		if (used < 0)
			return (int)used;
		if (u->fatal)
			return u->fatal;
		if (!at_boundary(u) || !used)
			return -EINVAL;
		p += used;
		n -= (size_t)used;
	}
	return 0;
}

int initramfs_unpack(const struct fs_walk *w, const u8 *p, size_t n, bool *keeps_memory)
{
	struct unpack u = { .w = w };
	u32 umask = w->fs->umask;
	void *work = NULL;
	int err = -ENOMEM;

	*keeps_memory = false; /* all bytes are copied */
	list_init(&u.links);
	list_init(&u.dirs);
	u.buf = kmalloc(HEADER + NAME_LIMIT + 4, 0);
	u.name = kmalloc(NAME_LIMIT, 0);
	work = kmalloc(WINDOW + INFLATE_WORK, 0);
	if (u.buf && u.name && work) {
		w->fs->umask = 0;
		err = unpack_all(&u, p, n, work);
		if (u.file)
			file_put(u.file);
		set_dir_times(&u);
		forget(&u.links);
		w->fs->umask = umask;
	}
	kfree(work);
	kfree(u.name);
	kfree(u.buf);
	return err;
}
