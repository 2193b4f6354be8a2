/* SPDX-License-Identifier: MIT
 * tests/stress/fsmodel.c - random file operations, each compared with a model in memory
 *
 * usage: fsmodel DIR [ops=N] [seed=N] [procs=N] [size=BYTES] [no=WORD,...] [skip=N] [verify]
 *
 * Each process works in a folder of its own below DIR, DIR/p0, DIR/p1, ...  Before each operation the model
 * says what the answer must be (0 or the errno); afterwards, and now and then in between, the whole tree is
 * compared: names, types, modes, sizes, link counts, bytes, extended attributes, times.  What is random depends
 * on the seed alone, so a failure repeats, and `verify` goes through the model without the file system and then
 * compares: for after a reboot.  `skip` does so with the first N operations, and then goes on for real: the
 * tree is there already, as the lower layer of an overlay.
 *
 * no=: what the file system cannot do: exchange, punch, xattr, mmap, dirlink (link counts
 * of directories), time (of modification), handle (open files that are unlinked or renamed), mknod, dirmove, link.
 *
 * Linux is the reference: on tmpfs and ext4 of Linux it ends with "fsmodel: ok". */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifndef RENAME_NOREPLACE
enum { RENAME_NOREPLACE = 1, RENAME_EXCHANGE = 2 };
#endif
#ifndef FALLOC_FL_KEEP_SIZE
enum { FALLOC_FL_KEEP_SIZE = 1, FALLOC_FL_PUNCH_HOLE = 2 };
#endif

enum { NAMES = 28, CHILDREN = NAMES, HANDLES = 12, NODES = 160, DEPTH = 5, ATTRS = 3, ATTR_SIZE = 200 };
enum kind { FREE, FILE_, DIR_, LINK_, FIFO_ };
struct attr {
	bool set;
	int len;
	char value[ATTR_SIZE];
};
struct node {
	enum kind kind;
	int links, opens, mode;
	long size;
	char *data;      /* `limit` bytes of a file; the target of a link */
	int count;       /* of a directory's entries */
	int name[CHILDREN];
	struct node *child[CHILDREN];
	struct node *parent;
	bool time_known;
	struct timespec mtime;
	struct attr attr[ATTRS];
};
struct handle {
	struct node *node;
	int fd;
	bool append;
};

static struct node nodes[NODES], *root;
static struct handle handles[HANDLES];
static char names[NAMES][256];
static char *buffer;
static long limit = 65536, step, used;
static bool real = true;
static uint64_t random_state;
static char history[32][640];
static bool no_exchange, no_punch, no_xattr, no_mmap, no_dirlink, no_time, no_handle, no_mknod, no_dirmove, no_link;

static uint32_t rnd(uint32_t n)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)((random_state >> 33) % n);
}

static void note(const char *fmt, ...)
{
	va_list ap;
	char *line = history[step % 32];

	va_start(ap, fmt);
	int n = snprintf(line, sizeof(history[0]), "%ld: ", step);
	vsnprintf(line + n, sizeof(history[0]) - (size_t)n, fmt, ap);
	va_end(ap);
}

static void fail(const char *fmt, ...)
{
	va_list ap;

	for (long i = step > 15 ? step - 15 : 0; i <= step; i++)
		printf("  %s\n", history[i % 32]);
	va_start(ap, fmt);
	printf("fsmodel: FAILED at step %ld: ", step);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

/* The answer of a call against what the model says. */
static void answer(const char *what, long result, int want)
{
	int got = result < 0 ? errno : 0;

	if (got != want)
		fail("%s: %s, expected %s", what, got ? strerror(got) : "success", want ? strerror(want) : "success");
}

/* ---- the model ---- */

static struct node *node_new(enum kind kind)
{
	for (int i = 0; i < NODES; i++) {
		if (nodes[i].kind == FREE) {
			memset(&nodes[i], 0, sizeof(nodes[i]));
			nodes[i].kind = kind;
			if (kind == FILE_ || kind == LINK_) {
				nodes[i].data = calloc(1, kind == FILE_ ? (size_t)limit : 256);
				if (!nodes[i].data)
					fail("no memory for the model");
			}
			used++;
			return &nodes[i];
		}
	}
	return NULL;
}
static void node_check_free(struct node *n)
{
	if (n->links || n->opens)
		return;
	free(n->data);
	n->kind = FREE;
	used--;
}
static int slot(const struct node *dir, int name)
{
	for (int i = 0; i < dir->count; i++)
		if (dir->name[i] == name)
			return i;
	return -1;
}
static struct node *child(const struct node *dir, int name)
{
	int i = slot(dir, name);
	return i < 0 ? NULL : dir->child[i];
}
static void attach(struct node *dir, int name, struct node *n)
{
	dir->name[dir->count] = name;
	dir->child[dir->count++] = n;
	dir->time_known = false;
	n->links++;
	if (n->kind == DIR_)
		n->parent = dir;
}
static void detach(struct node *dir, int name)
{
	int i = slot(dir, name);
	struct node *n = dir->child[i];

	dir->count--;
	dir->name[i] = dir->name[dir->count];
	dir->child[i] = dir->child[dir->count];
	dir->time_known = false;
	n->links--;
}
static bool is_below(const struct node *n, const struct node *top)
{
	for (; n; n = n->parent)
		if (n == top)
			return true;
	return false;
}
static int depth(const struct node *d)
{
	int n = 0;
	for (; d->parent; d = d->parent)
		n++;
	return n;
}
static int height(const struct node *d)
{
	int h = 0;
	for (int i = 0; d->kind == DIR_ && i < d->count; i++)
		if (d->child[i]->kind == DIR_) {
			int c = 1 + height(d->child[i]);
			h = c > h ? c : h;
		}
	return h;
}

/* ---- choosing ---- */

static struct node *random_dir(void)
{
	struct node *d = root;

	while (rnd(3)) {
		struct node *dirs[CHILDREN];
		uint32_t n = 0;
		for (int i = 0; i < d->count; i++)
			if (d->child[i]->kind == DIR_)
				dirs[n++] = d->child[i];
		if (!n)
			break;
		d = dirs[rnd(n)];
	}
	return d;
}
/* A name there: one that exists, more often than not. */
static int random_name(const struct node *d)
{
	return d->count && rnd(4) ? d->name[rnd((uint32_t)d->count)] : (int)rnd(NAMES);
}
static char *path_of(const struct node *dir, int name, char *out)
{
	char part[DEPTH * 256 + 512];

	strcpy(out, names[name]);
	for (const struct node *d = dir; d->parent; d = d->parent) {
		for (int i = 0; i < d->parent->count; i++)
			if (d->parent->child[i] == d) {
				snprintf(part, sizeof(part), "%s/%s", names[d->parent->name[i]], out);
				strcpy(out, part);
				break;
			}
	}
	return out;
}
static void random_bytes(char *p, long n)
{
	uint64_t v = random_state * 0x9e3779b97f4a7c15ULL;

	for (long i = 0; i < n; i++) {
		if (i % 8 == 0)
			v = v * 6364136223846793005ULL + 1;
		p[i] = (char)(v >> (8 * (i % 8)));
	}
}
/* Mostly small, now and then to the limit; often at the border of a page or block. */
static void random_range(long *at, long *n)
{
	*at = rnd(8) ? (long)rnd((uint32_t)limit / 4) : (long)rnd((uint32_t)limit);
	if (!rnd(4))
		*at &= ~4095L;
	*n = rnd(16) ? (long)rnd(600) : (long)rnd((uint32_t)limit / 2);
	if (!rnd(6))
		*n = (*n + 4096) & ~4095L;
	if (*at + *n > limit)
		*n = limit - *at;
}

/* ---- operations on names ---- */

static char p1[DEPTH * 256 + 512], p2[DEPTH * 256 + 512];

static void op_create(void)
{
	struct node *d = random_dir();
	int name = random_name(d);
	struct node *there = child(d, name);
	int mode = 0600 | (int)rnd(0200), want = there ? EEXIST : 0;

	if (!there && used >= NODES - 4)
		return;
	note("create %s", path_of(d, name, p1));
	if (real) {
		int fd = open(p1, O_CREAT | O_EXCL | O_RDWR, mode);
		answer("open O_CREAT|O_EXCL", fd, want);
		if (fd >= 0)
			close(fd);
	}
	if (!want) {
		struct node *n = node_new(FILE_);
		n->mode = mode;
		attach(d, name, n);
	}
}

static void op_mkdir(void)
{
	struct node *d = random_dir();
	int name = random_name(d), mode = 0700 | (int)rnd(0100), want = child(d, name) ? EEXIST : 0;

	if (!want && (used >= NODES - 4 || depth(d) >= DEPTH - 1))
		return;
	note("mkdir %s", path_of(d, name, p1));
	if (real)
		answer("mkdir", mkdir(p1, (mode_t)mode), want);
	if (!want) {
		struct node *n = node_new(DIR_);
		n->mode = mode;
		attach(d, name, n);
	}
}

static void op_symlink(void)
{
	struct node *d = random_dir();
	int name = random_name(d), want = child(d, name) ? EEXIST : 0;
	char target[256];

	if (!want && used >= NODES - 4)
		return;
	int len = 1 + (int)rnd(rnd(3) ? 50 : 200);
	memset(target, 'a' + (int)rnd(26), (size_t)len);
	target[len] = 0;
	note("symlink %s", path_of(d, name, p1));
	if (real)
		answer("symlink", symlink(target, p1), want);
	if (!want) {
		struct node *n = node_new(LINK_);
		n->mode = 0777;
		strcpy(n->data, target);
		n->size = len;
		attach(d, name, n);
	}
}

static void op_mknod(void)
{
	struct node *d = random_dir();
	int name = random_name(d), want = child(d, name) ? EEXIST : 0;

	if (no_mknod || (!want && used >= NODES - 4))
		return;
	note("mkfifo %s", path_of(d, name, p1));
	if (real)
		answer("mkfifo", mkfifo(p1, 0600), want);
	if (!want) {
		struct node *n = node_new(FIFO_);
		n->mode = 0600;
		attach(d, name, n);
	}
}

static void op_link(void)
{
	struct node *a = random_dir(), *b = random_dir();
	int from = random_name(a), to = random_name(b);
	struct node *n = child(a, from);
	int want = !n ? ENOENT : child(b, to) ? EEXIST : n->kind == DIR_ ? EPERM : 0;

	if (no_link)
		return;
	path_of(a, from, p1);
	note("link %s %s", p1, path_of(b, to, p2));
	if (real)
		answer("link", link(p1, p2), want);
	if (!want)
		attach(b, to, n);
}

static void op_unlink(void)
{
	struct node *d = random_dir();
	int name = random_name(d);
	struct node *n = child(d, name);
	int want = !n ? ENOENT : n->kind == DIR_ ? EISDIR : 0;

	if (!want && no_handle && n->opens)
		return;
	note("unlink %s", path_of(d, name, p1));
	if (real)
		answer("unlink", unlink(p1), want);
	if (!want) {
		detach(d, name);
		node_check_free(n);
	}
}

static void op_rmdir(void)
{
	struct node *d = random_dir();
	int name = random_name(d);
	struct node *n = child(d, name);
	int want = !n ? ENOENT : n->kind != DIR_ ? ENOTDIR : n->count ? ENOTEMPTY : 0;

	note("rmdir %s", path_of(d, name, p1));
	if (real)
		answer("rmdir", rmdir(p1), want);
	if (!want) {
		detach(d, name);
		node_check_free(n);
	}
}

static int rename_answer(struct node *od, struct node *o, struct node *nd, struct node *n, unsigned flags)
{
	bool exchange = flags & RENAME_EXCHANGE;

	if (!o)
		return ENOENT;
	if ((flags & RENAME_NOREPLACE) && n)
		return EEXIST;
	if (exchange && !n)
		return ENOENT;
	if (o->kind == DIR_ && od != nd && is_below(nd, o))
		return EINVAL;
	if (n && n->kind == DIR_ && od != nd && is_below(od, n))
		return exchange ? EINVAL : ENOTEMPTY;
	if (o == n || exchange || !n)
		return 0;
	if (o->kind == DIR_ && n->kind != DIR_)
		return ENOTDIR;
	if (o->kind != DIR_ && n->kind == DIR_)
		return EISDIR;
	return n->kind == DIR_ && n->count ? ENOTEMPTY : 0;
}

static void rename_apply(struct node *od, int on, struct node *nd, int nn, bool exchange)
{
	struct node *o = child(od, on), *n = child(nd, nn);

	if (o == n)
		return;
	if (exchange) {
		od->child[slot(od, on)] = n;
		nd->child[slot(nd, nn)] = o;
		if (n->kind == DIR_)
			n->parent = od;
		if (o->kind == DIR_)
			o->parent = nd;
		od->time_known = nd->time_known = false;
		return;
	}
	if (n) {
		detach(nd, nn);
		node_check_free(n);
	}
	detach(od, on);
	attach(nd, nn, o);
}

static void op_rename(void)
{
	struct node *a = random_dir(), *b = rnd(3) ? random_dir() : a;
	int on = random_name(a), nn = random_name(b);
	struct node *o = child(a, on), *n = child(b, nn);
	unsigned flags = rnd(4) ? 0 : rnd(2) ? RENAME_NOREPLACE : no_exchange ? 0 : RENAME_EXCHANGE;

	if (no_handle && ((o && o->opens) || (n && n->opens)))
		return;
	if (no_dirmove && ((o && o->kind == DIR_) || (n && n->kind == DIR_)))
		return;
	if (o && o->kind == DIR_ && depth(b) + 1 + height(o) >= DEPTH)
		return;
	if (n && n->kind == DIR_ && depth(a) + 1 + height(n) >= DEPTH)
		return;
	int want = rename_answer(a, o, b, n, flags);
	path_of(a, on, p1);
	note("rename %s %s flags %u", p1, path_of(b, nn, p2), flags);
	if (real)
		answer("renameat2", syscall(SYS_renameat2, AT_FDCWD, p1, AT_FDCWD, p2, flags), want);
	if (!want)
		rename_apply(a, on, b, nn, flags & RENAME_EXCHANGE);
}

static void compare_stat(const char *what, const struct node *n, const struct stat *st)
{
	static const mode_t type[] = { 0, S_IFREG, S_IFDIR, S_IFLNK, S_IFIFO };
	int links = n->links;

	if ((st->st_mode & S_IFMT) != type[n->kind] || (int)(st->st_mode & 07777) != n->mode)
		fail("%s: mode %o, expected %o", what, st->st_mode, (int)type[n->kind] | n->mode);
	if (n->kind == DIR_) {
		links = 2;
		for (int i = 0; i < n->count; i++)
			links += n->child[i]->kind == DIR_;
	} else if (st->st_size != n->size) {
		fail("%s: size %ld, expected %ld", what, (long)st->st_size, n->size);
	}
	if ((n->kind != DIR_ || !no_dirlink) && (int)st->st_nlink != links)
		fail("%s: %ld links, expected %d", what, (long)st->st_nlink, links);
	if (n->time_known && (st->st_mtim.tv_sec != n->mtime.tv_sec || st->st_mtim.tv_nsec != n->mtime.tv_nsec))
		fail("%s: time %ld.%09ld, expected %ld.%09ld", what, (long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
		     (long)n->mtime.tv_sec, n->mtime.tv_nsec);
}

static void op_stat(void)
{
	struct node *d = random_dir();
	int name = random_name(d);
	struct node *n = child(d, name);
	struct stat st;

	note("lstat %s", path_of(d, name, p1));
	if (!real)
		return;
	answer("lstat", lstat(p1, &st), n ? 0 : ENOENT);
	if (n)
		compare_stat("lstat", n, &st);
}

static void op_chmod(void)
{
	struct node *d = random_dir();
	int name = random_name(d), mode = (int)rnd(0100) | 0600;
	struct node *n = child(d, name);

	if (n && n->kind == LINK_)
		return;
	if (n && n->kind == DIR_)
		mode |= 0700;
	note("chmod %s %o", path_of(d, name, p1), mode);
	if (real)
		answer("chmod", chmod(p1, (mode_t)mode), n ? 0 : ENOENT);
	if (n)
		n->mode = mode;
}

static void op_utimens(void)
{
	struct node *d = random_dir();
	int name = random_name(d);
	struct node *n = child(d, name);
	struct timespec t[2] = { { 1000000000 + (long)rnd(1000000000), (long)rnd(1000000000) }, { 0, 0 } };

	t[1].tv_sec = 1000000000 + (long)rnd(1000000000);
	t[1].tv_nsec = (long)rnd(1000000000);
	if (no_time)
		return;
	note("utimensat %s", path_of(d, name, p1));
	if (real)
		answer("utimensat", utimensat(AT_FDCWD, p1, t, AT_SYMLINK_NOFOLLOW), n ? 0 : ENOENT);
	if (n) {
		n->time_known = true;
		n->mtime = t[1];
	}
}

static void op_xattr(void)
{
	static const char *const attr_names[ATTRS] = { "user.a", "user.a-rather-long-name-for-an-attribute", "user.b" };
	struct node *d = random_dir();
	int name = random_name(d), which = (int)rnd(ATTRS), flags = (int)rnd(3);
	struct node *n = child(d, name);
	char value[ATTR_SIZE];

	if (no_xattr || !n || (n->kind != FILE_ && n->kind != DIR_))
		return;
	struct attr *a = &n->attr[which];
	path_of(d, name, p1);
	if (rnd(3) == 0) {
		note("removexattr %s %d", p1, which);
		if (real)
			answer("removexattr", removexattr(p1, attr_names[which]), a->set ? 0 : ENODATA);
		a->set = false;
		return;
	}
	if (rnd(2)) {
		note("getxattr %s %d", p1, which);
		if (!real)
			return;
		long got = getxattr(p1, attr_names[which], value, sizeof(value));
		answer("getxattr", got, a->set ? 0 : ENODATA);
		if (a->set && (got != a->len || memcmp(value, a->value, (size_t)got)))
			fail("getxattr: %ld bytes, expected %d, or other bytes", got, a->len);
		return;
	}
	int len = (int)rnd(ATTR_SIZE), want = flags == XATTR_CREATE && a->set ? EEXIST : flags == XATTR_REPLACE && !a->set ? ENODATA : 0;
	random_bytes(value, len);
	note("setxattr %s %d, %d bytes, flags %d", p1, which, len, flags);
	if (real)
		answer("setxattr", setxattr(p1, attr_names[which], value, (size_t)len, flags), want);
	if (!want) {
		a->set = true;
		a->len = len;
		memcpy(a->value, value, (size_t)len);
	}
}

/* ---- operations on open files ---- */

static void op_open(void)
{
	struct node *d = random_dir();
	int name = random_name(d), k = (int)rnd(HANDLES);
	struct node *n = child(d, name);
	bool append = !rnd(5), truncates = !rnd(10);
	struct handle *h = &handles[k];

	if (h->node) {
		note("close %d", k);
		if (real)
			answer("close", close(h->fd), 0);
		h->node->opens--;
		node_check_free(h->node);
		h->node = NULL;
		return;
	}
	if (n && n->kind == FIFO_)
		return;
	int want = !n ? ENOENT : n->kind == DIR_ ? EISDIR : n->kind == LINK_ ? ELOOP : 0;
	note("open %s as %d%s%s", path_of(d, name, p1), k, append ? " append" : "", truncates ? " truncate" : "");
	if (real) {
		h->fd = open(p1, O_RDWR | O_NOFOLLOW | (append ? O_APPEND : 0) | (truncates ? O_TRUNC : 0));
		answer("open", h->fd, want);
	}
	if (want)
		return;
	h->node = n;
	h->append = append;
	n->opens++;
	if (truncates) {
		memset(n->data, 0, (size_t)n->size);
		n->size = 0;
		n->time_known = false;
	}
}

static struct handle *open_handle(void)
{
	for (int i = 0; i < 4; i++) {
		struct handle *h = &handles[rnd(HANDLES)];
		if (h->node)
			return h;
	}
	return NULL;
}

static void op_write(void)
{
	struct handle *h = open_handle();
	long at, n;

	if (!h)
		return;
	random_range(&at, &n);
	if (h->append) {
		at = h->node->size;
		n = at + n > limit ? limit - at : n;
	}
	random_bytes(buffer, n);
	note("%s %d at %ld, %ld bytes", h->append ? "append" : "pwrite", (int)(h - handles), at, n);
	if (real) {
		long got = h->append ? write(h->fd, buffer, (size_t)n) : pwrite(h->fd, buffer, (size_t)n, at);
		answer("write", got, 0);
		if (got != n)
			fail("wrote %ld of %ld bytes", got, n);
	}
	if (!n)
		return;
	memcpy(h->node->data + at, buffer, (size_t)n);
	if (at + n > h->node->size)
		h->node->size = at + n;
	h->node->time_known = false;
}

static void op_read(void)
{
	struct handle *h = open_handle();
	long at, n;

	if (!h)
		return;
	random_range(&at, &n);
	note("pread %d at %ld, %ld bytes", (int)(h - handles), at, n);
	if (!real)
		return;
	long want = at >= h->node->size ? 0 : at + n > h->node->size ? h->node->size - at : n;
	long got = pread(h->fd, buffer, (size_t)n, at);
	answer("pread", got, 0);
	if (got != want)
		fail("read %ld bytes, expected %ld", got, want);
	if (memcmp(buffer, h->node->data + at, (size_t)got)) {
		for (long i = 0; i < got; i++)
			if (buffer[i] != h->node->data[at + i])
				fail("byte %ld is %02x, expected %02x", at + i, (unsigned char)buffer[i],
				     (unsigned char)h->node->data[at + i]);
	}
}

static void op_truncate(void)
{
	struct handle *h = open_handle();

	if (!h)
		return;
	long size = rnd(3) ? (long)rnd((uint32_t)limit) : (long)rnd(9000);
	note("ftruncate %d to %ld", (int)(h - handles), size);
	if (real)
		answer("ftruncate", ftruncate(h->fd, size), 0);
	if (size < h->node->size)
		memset(h->node->data + size, 0, (size_t)(h->node->size - size));
	h->node->size = size;
	h->node->time_known = false;
}

static void op_fallocate(void)
{
	struct handle *h = open_handle();
	long at, n;

	if (!h || no_punch)
		return;
	random_range(&at, &n);
	if (!n)
		return;
	bool punch = rnd(2), keep = punch || rnd(2);
	note("fallocate %d %s at %ld, %ld bytes", (int)(h - handles), punch ? "punch" : keep ? "keep" : "extend", at, n);
	if (real)
		answer("fallocate",
		       fallocate(h->fd, (punch ? FALLOC_FL_PUNCH_HOLE : 0) | (keep ? FALLOC_FL_KEEP_SIZE : 0), at, n), 0);
	struct node *f = h->node;
	if (punch && at < f->size)
		memset(f->data + at, 0, (size_t)(at + n > f->size ? f->size - at : n));
	if (!keep && at + n > f->size)
		f->size = at + n;
	f->time_known = false;
}

static void op_mmap(void)
{
	struct handle *h = open_handle();
	long at, n;

	if (!h || no_mmap || !h->node->size)
		return;
	random_range(&at, &n);
	if (at >= h->node->size)
		return;
	if (at + n > h->node->size)
		n = h->node->size - at;
	if (!n)
		return;
	bool writes = rnd(2);
	random_bytes(buffer, n);
	note("mmap %s %d at %ld, %ld bytes", writes ? "write" : "read", (int)(h - handles), at, n);
	if (real) {
		char *m = mmap(NULL, (size_t)h->node->size, PROT_READ | PROT_WRITE, MAP_SHARED, h->fd, 0);
		answer("mmap", m == MAP_FAILED ? -1 : 0, 0);
		if (memcmp(m + at, h->node->data + at, (size_t)n))
			fail("other bytes in the mapping");
		if (writes)
			memcpy(m + at, buffer, (size_t)n);
		if (!rnd(8))
			answer("msync", msync(m, (size_t)h->node->size, MS_SYNC), 0);
		munmap(m, (size_t)h->node->size);
	} else {
		(void)rnd(8);
	}
	if (writes) {
		memcpy(h->node->data + at, buffer, (size_t)n);
		h->node->time_known = false;
	}
}

static void op_seek(void)
{
	struct handle *h = open_handle();

	if (!h || no_punch)
		return;
	long at = (long)rnd((uint32_t)limit);
	note("seek %d data and hole from %ld", (int)(h - handles), at);
	if (!real)
		return;
	struct node *f = h->node;
	long data = lseek(h->fd, at, SEEK_DATA), end;
	if (data < 0) {
		if (errno != ENXIO)
			fail("SEEK_DATA: %s", strerror(errno));
		end = f->size;
	} else {
		end = data;
	}
	for (long i = at; i < end; i++)
		if (f->data[i])
			fail("SEEK_DATA from %ld gave %ld, but byte %ld is not zero", at, data, i);
	long hole = lseek(h->fd, at, SEEK_HOLE);
	answer("SEEK_HOLE", hole, at < f->size ? 0 : ENXIO);
	if (hole > f->size)
		fail("SEEK_HOLE gave %ld beyond the end", hole);
}

static void op_sync(void)
{
	struct handle *h = open_handle();

	if (!h || rnd(4))
		return;
	bool data = rnd(2);
	note("%s %d", data ? "fdatasync" : "fsync", (int)(h - handles));
	if (real)
		answer("fsync", data ? fdatasync(h->fd) : fsync(h->fd), 0);
}

static void op_fstat(void)
{
	struct handle *h = open_handle();
	struct stat st;

	if (!h)
		return;
	note("fstat %d", (int)(h - handles));
	if (!real)
		return;
	answer("fstat", fstat(h->fd, &st), 0);
	compare_stat("fstat", h->node, &st);
}

/* ---- the whole tree ---- */

static void compare_file(const char *path, const struct node *n)
{
	int fd = open(path, O_RDONLY);

	answer(path, fd, 0);
	long got = read(fd, buffer, (size_t)limit + 1);
	if (got != n->size)
		fail("%s: read %ld bytes, expected %ld", path, got, n->size);
	for (long i = 0; i < got; i++)
		if (buffer[i] != n->data[i])
			fail("%s: byte %ld is %02x, expected %02x", path, i, (unsigned char)buffer[i], (unsigned char)n->data[i]);
	close(fd);
}

static void compare_tree(const struct node *d, const char *path)
{
	bool seen[CHILDREN] = { false };
	DIR *dir = opendir(path);
	struct dirent *e;
	int found = 0;
	char below[DEPTH * 256 + 512], text[256];

	if (!dir)
		fail("%s: %s", path, strerror(errno));
	while ((e = readdir(dir))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		int i = 0;
		while (i < d->count && strcmp(names[d->name[i]], e->d_name))
			i++;
		if (i == d->count)
			fail("%s: %s should not be there", path, e->d_name);
		if (seen[i])
			fail("%s: %s is there twice", path, e->d_name);
		seen[i] = true;
		found++;
	}
	closedir(dir);
	if (found != d->count)
		fail("%s: %d names, expected %d", path, found, d->count);
	for (int i = 0; i < d->count; i++) {
		struct node *n = d->child[i];
		struct stat st;

		snprintf(below, sizeof(below), "%s/%s", path, names[d->name[i]]);
		answer(below, lstat(below, &st), 0);
		compare_stat(below, n, &st);
		if (n->kind == FILE_)
			compare_file(below, n);
		if (n->kind == LINK_) {
			long len = readlink(below, text, sizeof(text));
			if (len != n->size || memcmp(text, n->data, (size_t)len))
				fail("%s: another target", below);
		}
		if (n->kind == DIR_)
			compare_tree(n, below);
	}
}

/* ---- the run ---- */

static void one_step(void)
{
	static void (*const ops[])(void) = { op_create,   op_create, op_mkdir,    op_symlink,   op_link,  op_unlink, op_unlink,
		                             op_rmdir,    op_rename, op_rename,   op_stat,      op_stat,  op_chmod,  op_utimens,
		                             op_xattr,    op_open,   op_open,     op_open,      op_write, op_write,  op_write,
		                             op_write,    op_read,   op_read,     op_read,      op_read,  op_truncate, op_fallocate,
		                             op_mmap,     op_seek,   op_sync,     op_fstat,     op_mknod, op_xattr };

	note("nothing");
	ops[rnd(sizeof(ops) / sizeof(ops[0]))]();
}

/* What the run that made the tree had open is closed. */
static void begin_real(void)
{
	for (int i = 0; i < HANDLES; i++) {
		if (!handles[i].node)
			continue;
		handles[i].node->opens--;
		node_check_free(handles[i].node);
		handles[i].node = NULL;
	}
	real = true;
	compare_tree(root, ".");
}

static void run(const char *dir, long ops, uint64_t seed, long skip, bool verify)
{
	umask(0);
	random_state = seed * 0x9e3779b97f4a7c15ULL + 1;
	buffer = malloc((size_t)limit + 4096);
	for (int i = 0; i < NAMES; i++) {
		int n = snprintf(names[i], sizeof(names[i]), "%s%d", i % 3 ? "file" : "d", i);
		if (i >= NAMES - 3) { /* as long as a name may be */
			memset(names[i] + n, 'x', (size_t)(255 - n));
			names[i][255] = 0;
		}
	}
	if (!verify && !skip && mkdir(dir, 0700))
		fail("mkdir %s: %s", dir, strerror(errno));
	if (chdir(dir))
		fail("chdir %s: %s", dir, strerror(errno));
	root = node_new(DIR_);
	root->links = 1;
	real = !verify && !skip;
	for (step = 0; step < ops; step++) {
		if (skip && step == skip && !verify)
			begin_real();
		one_step();
		if (real && step % 20000 == 19999)
			compare_tree(root, ".");
	}
	note("the whole tree");
	compare_tree(root, ".");
}

static void without(char *words)
{
	static const struct {
		const char *name;
		bool *flag;
	} known[] = { { "exchange", &no_exchange }, { "punch", &no_punch },   { "xattr", &no_xattr },   { "mmap", &no_mmap },
		      { "dirlink", &no_dirlink }, { "time", &no_time },     { "handle", &no_handle },
		      { "mknod", &no_mknod },       { "dirmove", &no_dirmove }, { "link", &no_link } };

	for (char *w = strtok(words, ","); w; w = strtok(NULL, ","))
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if (!strcmp(w, known[i].name))
				*known[i].flag = true;
}

int main(int argc, char **argv)
{
	long ops = 20000, seed = 1, procs = 1, skip = 0;
	bool verify = false, bad = false;
	char dir[512];

	if (argc < 2 || argv[1][0] == '-') {
		fprintf(stderr, "usage: fsmodel DIR [ops=N] [seed=N] [procs=N] [size=BYTES] [no=WORD,...] [skip=N] [verify]\n");
		return 2;
	}
	for (int i = 2; i < argc; i++) {
		if (!strncmp(argv[i], "ops=", 4))
			ops = atol(argv[i] + 4);
		else if (!strncmp(argv[i], "seed=", 5))
			seed = atol(argv[i] + 5);
		else if (!strncmp(argv[i], "procs=", 6))
			procs = atol(argv[i] + 6);
		else if (!strncmp(argv[i], "size=", 5))
			limit = atol(argv[i] + 5);
		else if (!strncmp(argv[i], "no=", 3))
			without(argv[i] + 3);
		else if (!strncmp(argv[i], "skip=", 5))
			skip = atol(argv[i] + 5);
		else if (!strcmp(argv[i], "verify"))
			verify = true;
	}
	for (long p = 0; p < procs; p++) {
		snprintf(dir, sizeof(dir), "%s/p%ld", argv[1], p);
		fflush(stdout);
		pid_t pid = fork();
		if (pid < 0) {
			perror("fsmodel: fork");
			return 1;
		}
		if (!pid) {
			run(dir, ops, (uint64_t)(seed + p), skip, verify);
			_exit(0);
		}
	}
	for (int status; wait(&status) > 0;)
		bad |= status != 0;
	printf("fsmodel: %s, %ld operations, %ld processes, seed %ld%s\n", bad ? "FAILED" : "ok", ops, procs, seed,
	       verify ? ", verified" : "");
	return bad;
}
