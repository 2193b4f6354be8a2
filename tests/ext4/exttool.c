/* SPDX-License-Identifier: MIT
 * tests/ext4/exttool.c - the kernel's ext4 as a program on the host: works on images, crashes, lists
 *
 *     exttool IMAGE [option...] walk              what is there: type, mode, owner, links, size, checksum, name
 *     exttool IMAGE [option...] work SEED N       N random operations, each checked against a model in memory
 *     exttool IMAGE [option...] wreck             all that is there is changed, moved or removed
 *     exttool IMAGE [option...] dirs N            one directory of N names, each found again, half removed
 *
 * Options: ro; opt=MOUNTOPTIONS; out=FILE (where the image is saved); crash=N (the N-th write does not happen, nor
 * anything after it); keep=SEED (which unflushed blocks survive); nomem=N (the N-th allocation fails); eio=N (I/O
 * errors from the N-th request on).  After a crash a line "SYNCED crc size name" says what fsync promised.
 */
#include <fs/inode.h>
#include <fs/ext4/ext4.h>
#include <fs/ext4/internal.h>
#include <fs/xattr.h>
#include <lib/string.h>
#include <lib/inflate.h>
#include <mem/slab.h>
#include <abi/mount.h>
#include <stdlib.h>
#include <stdio.h>
#include <sys/mman.h>
#include "disk.h"
#include "hostkernel.h"

void _exit(int);
static struct super_block *sb;
static const struct cred nobody;
static const char *out_file;
static unsigned keep_seed;

void ext4_init_for_host(void)
{
	ext4_init();
}

void host_map_ram(void)
{
	size_t ram = (size_t)HOST_PAGES * PAGE_SIZE, map = HOST_PAGES * sizeof(struct page);

	if (mmap((void *)DIRECT_MAP, ram, PROT_READ | PROT_WRITE,
	         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == MAP_FAILED ||
	    mmap((void *)VMEMMAP, map, PROT_READ | PROT_WRITE,
	         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == MAP_FAILED)
		exit(2);
}

/* After an ordered fault the model does not hold: what counts then is that nothing worse happens. */
static bool faulty;

static void fail(const char *what, const char *name, long err)
{
	if (faulty) {
		printf("STOPPED %s %s: %ld\n", what, name, err);
		fflush(stdout);
		_exit(out_file && disk_save(out_file, 0) ? 3 : 0);
	}
	printf("FAIL %s %s: %ld\n", what, name, err);
	fflush(stdout);
	abort();
}

/* ---- mount ---- */

static int mount_image(const char *options, bool ro)
{
	struct fs_type *t = fs_type_find("ext4");
	int err;

	sb = kzalloc(sizeof(*sb));
	sb->type = t;
	sb->source = "image";
	sb->flags = ro ? MS_RDONLY : 0;
	err = t->fill(sb, "image", options);
	if (err) {
		free(sb);
		sb = NULL;
	}
	return err;
}

static void umount_image(void)
{
	(void)super_sync(sb);
	sb->ops->put_super(sb);
	free(sb);
}

/* ---- names ---- */

static struct inode *look(struct inode *dir, const char *name)
{
	return dir->ops->lookup ? dir->ops->lookup(dir, name, (unsigned)strlen(name)) : ERR_PTR(-ENOTDIR);
}

/* ---- walk ---- */

struct names {
	struct dir_context ctx;
	char **name;
	unsigned n, max;
};

static bool collect(struct dir_context *ctx, const char *name, unsigned len, u64 ino, unsigned type)
{
	struct names *l = container_of(ctx, struct names, ctx);

	if ((len == 1 && name[0] == '.') || (len == 2 && name[0] == '.' && name[1] == '.'))
		return true;
	if (l->n == l->max)
		l->name = realloc(l->name, (l->max = l->max * 2 + 16) * sizeof(char *));
	l->name[l->n] = calloc(1, len + 1);
	memcpy(l->name[l->n++], name, len);
	return l->n < 200000;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int file_crc(struct inode *i, u32 *crc)
{
	u64 limit = MIN((u64)i->size, (u64)64 << 20);

	*crc = 0;
	for (u64 at = 0; at < limit; at += PAGE_SIZE) {
		struct page *p = mapping_get(i->mapping, at >> PAGE_SHIFT);

		if (IS_ERR(p))
			return (int)PTR_ERR(p);
		*crc = crc32(*crc, page_virt(p), MIN(limit - at, PAGE_SIZE));
		page_put(p);
	}
	return 0;
}

static unsigned walked;

static u32 attr_crc(struct inode *i)
{
	static char names[200000], value[8192];
	struct xattr_list l = { .to = names };
	u32 sum = 0;
	ssize_t n = i->ops->listxattr ? i->ops->listxattr(i, &l) : 0;

	if (n < 0)
		return 0xbad00000;
	for (char *name = names; name < names + l.used; name += strlen(name) + 1) {
		n = i->ops->getxattr(i, name, value, sizeof(value));
		sum += crc32(crc32(0, name, strlen(name)), value, n > 0 ? (size_t)n : 0); /* in whatever order */
	}
	return sum;
}

static void walk(struct inode *dir, const char *path, unsigned depth)
{
	struct names l = { .ctx.emit = collect };
	struct file f = { .inode = dir };
	int err = ext4_dir_iterate(&f, &l.ctx);

	if (err)
		printf("error %d listing %s\n", err, path);
	if (l.n)
		qsort(l.name, l.n, sizeof(char *), by_name);
	for (unsigned k = 0; k < l.n; k++) {
		struct inode *i = walked++ < 300000 ? look(dir, l.name[k]) : NULL;
		char *full = malloc(strlen(path) + strlen(l.name[k]) + 2);
		u32 crc = 0;

		sprintf(full, "%s/%s", path, l.name[k]);
		if (IS_ERR_OR_NULL(i)) {
			printf("error %ld %s\n", PTR_ERR(i), full);
		} else {
			err = i->mapping ? file_crc(i, &crc) : 0;
			if (i->link)
				crc = crc32(0, i->link, strlen(i->link));
			printf("%06o %u:%u %u %08x %lld %08x %d %s\n", i->mode, i->uid, i->gid,
			       s_isdir(i->mode) ? 0 : i->nlink, attr_crc(i), s_isdir(i->mode) ? 0 : (long long)i->size, crc,
			       err, full);
			if (s_isdir(i->mode) && depth < 64)
				walk(i, full, depth + 1);
			inode_put(i);
		}
		free(full);
		free(l.name[k]);
	}
	free(l.name);
}

/* ---- bytes ---- */

static int put_bytes(struct inode *i, loff_t off, const char *data, size_t n, size_t *done)
{
	*done = 0;
	while (*done < n) {
		u64 at = (u64)off + *done;
		size_t in = at % PAGE_SIZE, part = MIN(n - *done, PAGE_SIZE - in);
		struct page *p;
		int err = i->mapping->ops->write_begin(i->mapping, at, (unsigned)part);

		if (err)
			return err;
		p = mapping_get(i->mapping, at / PAGE_SIZE);
		if (IS_ERR(p))
			return (int)PTR_ERR(p);
		memcpy((char *)page_virt(p) + in, data + *done, part);
		page_mark_dirty(p);
		page_put(p);
		*done += part;
		if ((loff_t)(at + part) > i->size)
			inode_set_size(i, (loff_t)(at + part));
	}
	inode_touch(i, ATTR_MTIME);
	inode_mark_dirty(i);
	return 0;
}

static void check_bytes(struct inode *i, const char *data, size_t n, const char *name)
{
	if (i->size != (loff_t)n)
		fail("size", name, (long)i->size);
	for (size_t at = 0; at < n; at += PAGE_SIZE) {
		struct page *p = mapping_get(i->mapping, at >> PAGE_SHIFT);

		if (IS_ERR(p))
			fail("read", name, PTR_ERR(p));
		if (memcmp(page_virt(p), data + at, MIN(n - at, PAGE_SIZE)))
			fail("content", name, (long)at);
		page_put(p);
	}
}

/* ---- the model ---- */

enum { NODES = 160, DIRS = 12, MAX_SIZE = 600000 };
struct node {
	bool used, dir, synced, changing;
	int parent;
	char name[64], other[64]; /* other: a second link in the same directory */
	char *data;
	size_t size;
};
static struct node node[NODES];
static bool stopped; /* by an error that was ordered: the model does not hold any more */

static struct inode *get(int n);

static struct inode *dir_of(int n)
{
	return n < 0 ? inode_get(sb->root_inode) : get(n);
}

static struct inode *get(int n)
{
	struct inode *dir = dir_of(node[n].parent), *i = look(dir, node[n].name);

	inode_put(dir);
	if (IS_ERR_OR_NULL(i) && !stopped)
		fail("lookup", node[n].name, PTR_ERR(i));
	return i;
}

static void full_name(int n, char *to, size_t size)
{
	if (node[n].parent >= 0) {
		full_name(node[n].parent, to, size);
		strlcpy(to + strlen(to), "/", size - strlen(to));
	} else {
		strlcpy(to, "/", size);
	}
	strlcpy(to + strlen(to), node[n].name, size - strlen(to));
}

static void crashed(void)
{
	for (int n = 0; n < NODES; n++) {
		char name[1024];

		if (!node[n].used || node[n].dir || !node[n].synced || node[n].changing)
			continue;
		full_name(n, name, sizeof(name));
		printf("SYNCED %08x %zu %s\n", crc32(0, node[n].data, node[n].size), node[n].size, name);
	}
	fflush(stdout);
	if (out_file && disk_save(out_file, keep_seed))
		_exit(3);
	_exit(0);
}

static u32 rnd(u32 n)
{
	static u64 x;
	extern unsigned seed_of_work;

	if (!x)
		x = seed_of_work * 2654435761u + 12345;
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (u32)(x >> 11) % n;
}
unsigned seed_of_work;

static int pick(bool dir)
{
	for (int k = 0; k < 400; k++) {
		int n = (int)rnd(NODES);

		if (node[n].used && node[n].dir == dir)
			return n;
	}
	return -1;
}

static int err_ok(int err, const char *what, const char *name)
{
	if (!err)
		return 0;
	if (err != -ENOSPC && err != -EROFS && err != -EIO && err != -ENOMEM && err != -EUCLEAN)
		fail(what, name, err);
	if (err != -ENOSPC)
		stopped = true;
	return err;
}

/* Neither it nor what is below has its old name after a crash for sure. */
static void unsync(int n)
{
	node[n].synced = false;
	for (int k = 0; k < NODES; k++)
		if (node[k].used && node[k].parent == n)
			unsync(k);
}

static void op_create(bool dir)
{
	int n = 0, parent = rnd(3) ? pick(true) : -1, dirs = 0;
	struct inode *d, *i;
	unsigned pad = rnd(4) ? 0 : rnd(40);

	for (int k = 0; k < NODES; k++)
		dirs += node[k].used && node[k].dir;
	while (n < NODES && node[n].used)
		n++;
	if (n == NODES || (dir && dirs >= DIRS))
		return;
	node[n] = (struct node){ .dir = dir, .parent = parent };
	snprintf(node[n].name, sizeof(node[n].name), "%c%u_%.*s", dir ? 'd' : 'f', rnd(1000000), (int)pad,
	         "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
	d = dir_of(parent);
	i = d->ops->create(d, node[n].name, (unsigned)strlen(node[n].name), (dir ? S_IFDIR : S_IFREG) | 0755, 0, NULL,
	                   &nobody);
	inode_put(d);
	if (IS_ERR(i)) {
		err_ok((int)PTR_ERR(i), "create", node[n].name);
		return;
	}
	inode_put(i);
	node[n].used = true;
	if (!dir)
		node[n].data = calloc(1, MAX_SIZE);
}

static void op_write(int n)
{
	struct inode *i = get(n);
	size_t len = 1 + rnd(rnd(4) ? 5000 : 60000), off = rnd(3) ? node[n].size : rnd(MAX_SIZE - 70000), done;
	char *bytes;
	int err;

	if (off + len > MAX_SIZE)
		off = 0;
	bytes = malloc(len);
	for (size_t k = 0; k < len; k++)
		bytes[k] = (char)(rnd(8) ? 'a' + (k + off) % 26 : 0);
	if (!rnd(10))
		memset(bytes, 0, len);
	node[n].changing = true;
	node[n].synced = false;
	err = put_bytes(i, (loff_t)off, bytes, len, &done);
	memcpy(node[n].data + off, bytes, done);
	if (done)
		node[n].size = MAX(node[n].size, off + done);
	node[n].changing = false;
	free(bytes);
	inode_put(i);
	err_ok(err, "write", node[n].name);
}

/* O_DIRECT, as fs/filedata.c does it: the pages go, before and after; then the bytes are read back past them. */
static void op_direct(int n)
{
	static char bytes[20 * PAGE_SIZE] __attribute__((aligned(4096))), back[20 * PAGE_SIZE] __attribute__((aligned(4096)));
	size_t len = (1 + rnd(20)) * PAGE_SIZE, off = rnd((u32)(MAX_SIZE - sizeof(bytes)) / PAGE_SIZE) * PAGE_SIZE;
	struct inode *i = get(n);
	struct iov_iter it;
	ssize_t r = mapping_sync(i->mapping, off, off + len);

	for (size_t k = 0; k < len; k++)
		bytes[k] = (char)(rnd(8) ? 'A' + (k + off) % 26 : 0);
	node[n].synced = false;
	node[n].changing = true;
	if (!r) {
		mapping_drop(i->mapping, off / PAGE_SIZE, (off + len) / PAGE_SIZE - 1);
		iov_init_kernel(&it, bytes, len);
		r = i->mapping->ops->direct(i->mapping, off, &it, true);
	}
	if (r > 0) {
		memcpy(node[n].data + off, bytes, (size_t)r);
		node[n].size = MAX(node[n].size, off + (size_t)r);
		iov_init_kernel(&it, back, (size_t)r);
		if (i->mapping->ops->direct(i->mapping, off, &it, false) == r && memcmp(bytes, back, (size_t)r))
			fail("direct read", node[n].name, r);
	}
	node[n].changing = false;
	inode_touch(i, ATTR_MTIME);
	inode_mark_dirty(i);
	inode_put(i);
	err_ok(r < 0 ? (int)r : 0, "direct write", node[n].name);
}

static void op_truncate(int n)
{
	struct inode *i = get(n);
	struct iattr a = { .valid = ATTR_SIZE, .size = rnd(4) ? rnd((u32)node[n].size + 1) : rnd(MAX_SIZE) };
	int err;

	node[n].synced = false;
	rwlock_write_lock(&i->lock);
	err = i->ops->setattr(i, &a);
	if (!err)
		inode_truncate(i, a.size);
	rwlock_write_unlock(&i->lock);
	if (!err) {
		if ((size_t)a.size < node[n].size)
			memset(node[n].data + a.size, 0, node[n].size - (size_t)a.size);
		node[n].size = (size_t)a.size;
	}
	inode_put(i);
	err_ok(err, "truncate", node[n].name);
}

/* The model becomes what the file is. */
static void take_over(struct inode *i, struct node *m)
{
	memset(m->data, 0, MAX_SIZE);
	m->size = (size_t)i->size;
	for (size_t at = 0; at < m->size; at += PAGE_SIZE) {
		struct page *p = mapping_get(i->mapping, at >> PAGE_SHIFT);

		if (IS_ERR(p))
			fail("read", m->name, PTR_ERR(p));
		memcpy(m->data + at, page_virt(p), MIN(m->size - at, PAGE_SIZE));
		page_put(p);
	}
}

static void op_fallocate(int n)
{
	static const int shifts[] = { FALLOC_FL_COLLAPSE_RANGE, FALLOC_FL_INSERT_RANGE };
	static const int modes[] = { 0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		                     FALLOC_FL_ZERO_RANGE, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE };
	int mode = modes[rnd(ARRAY_SIZE(modes))], err;
	struct inode *i = get(n);
	struct file f = { .inode = i };
	loff_t off = rnd(MAX_SIZE - 100000), len = 1 + rnd(90000), end = off + len;

	if (!rnd(3)) {
		mode = shifts[rnd(2)];
		off &= ~4095;
		len = (len + 4095) & ~4095;
		end = off + len;
	}
	if (mode == FALLOC_FL_INSERT_RANGE && (loff_t)node[n].size + len > MAX_SIZE) {
		inode_put(i);
		return;
	}
	node[n].synced = false;
	err = ext4_fallocate(&f, mode, off, len);
	if (err == -EINVAL && mode & (FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE)) {
		inode_put(i);
		return; /* behind the end */
	}
	if (err == -ENOSPC)
		take_over(i, &node[n]); /* it may have done a part */
	if (!err && mode == FALLOC_FL_COLLAPSE_RANGE) {
		memmove(node[n].data + off, node[n].data + end, node[n].size - (size_t)end);
		memset(node[n].data + node[n].size - len, 0, (size_t)len);
		node[n].size -= (size_t)len;
	} else if (!err && mode == FALLOC_FL_INSERT_RANGE) {
		memmove(node[n].data + end, node[n].data + off, node[n].size - (size_t)off);
		memset(node[n].data + off, 0, (size_t)len);
		node[n].size += (size_t)len;
	} else
	if (!err) {
		if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE) && off < (loff_t)node[n].size)
			memset(node[n].data + off, 0, (size_t)MIN(end, (loff_t)node[n].size) - (size_t)off);
		if (!(mode & FALLOC_FL_KEEP_SIZE) && end > (loff_t)node[n].size)
			node[n].size = (size_t)end;
	}
	inode_put(i);
	if (err != -EOPNOTSUPP)
		err_ok(err, "fallocate", node[n].name);
}

static void op_unlink(int n)
{
	struct inode *d = dir_of(node[n].parent), *i = get(n);
	int err;

	for (int k = 0; node[n].dir && k < NODES; k++) {
		if (node[k].used && node[k].parent == n) {
			err = d->ops->unlink(d, node[n].name, (unsigned)strlen(node[n].name), i);
			if (err != -ENOTEMPTY)
				fail("rmdir", node[n].name, err);
			inode_put(d);
			inode_put(i);
			return;
		}
	}
	node[n].synced = false;
	err = d->ops->unlink(d, node[n].name, (unsigned)strlen(node[n].name), i);
	if (!err_ok(err, "unlink", node[n].name)) {
		if (node[n].other[0]) {
			strlcpy(node[n].name, node[n].other, sizeof(node[n].name));
			node[n].other[0] = 0;
		} else {
			free(node[n].data);
			node[n] = (struct node){ 0 };
		}
	}
	inode_put(d);
	inode_put(i);
}

static bool below(int n, int top)
{
	for (; n >= 0; n = node[n].parent)
		if (n == top)
			return true;
	return false;
}

static void op_rename(int n)
{
	int parent = rnd(3) ? pick(true) : -1, victim = rnd(3) ? -1 : pick(false);
	struct inode *od, *nd, *i, *v = NULL;
	char name[64];
	int err;

	if (parent >= 0 && below(parent, n))
		return;
	if (node[n].dir || victim == n || (victim >= 0 && node[victim].other[0]))
		victim = -1;
	if (node[n].other[0])
		return;
	snprintf(name, sizeof(name), "r%u", rnd(1000000));
	if (victim >= 0) {
		strlcpy(name, node[victim].name, sizeof(name));
		parent = node[victim].parent;
		v = get(victim);
		node[victim].synced = false;
	}
	unsync(n);
	od = dir_of(node[n].parent);
	nd = dir_of(parent);
	i = get(n);
	err = od->ops->rename(od, node[n].name, (unsigned)strlen(node[n].name), i, nd, name, (unsigned)strlen(name), v, 0);
	if (!err_ok(err, "rename", name)) {
		strlcpy(node[n].name, name, sizeof(name));
		node[n].parent = parent;
		if (victim >= 0) {
			free(node[victim].data);
			node[victim] = (struct node){ 0 };
		}
	}
	inode_put(od);
	inode_put(nd);
	inode_put(i);
	if (v)
		inode_put(v);
}

static void op_link(int n)
{
	struct inode *d, *i;
	char name[64];
	int err;

	if (node[n].other[0])
		return;
	snprintf(name, sizeof(name), "l%u", rnd(1000000));
	d = dir_of(node[n].parent);
	i = get(n);
	err = d->ops->link(d, name, (unsigned)strlen(name), i);
	if (!err_ok(err, "link", name))
		strlcpy(node[n].other, name, sizeof(name));
	inode_put(d);
	inode_put(i);
}

static void op_symlink(void)
{
	static char target[900];
	char name[64];
	struct inode *i;

	memset(target, 'x', sizeof(target) - 1);
	target[1 + rnd(sizeof(target) - 2)] = 0;
	snprintf(name, sizeof(name), "s%u", rnd(1000000));
	i = sb->root_inode->ops->create(sb->root_inode, name, (unsigned)strlen(name), S_IFLNK | 0777, 0, target, &nobody);
	if (IS_ERR(i)) {
		err_ok((int)PTR_ERR(i), "symlink", name);
		return;
	}
	if (!rnd(2))
		err_ok(sb->root_inode->ops->unlink(sb->root_inode, name, (unsigned)strlen(name), i), "unlink", name);
	inode_put(i);
}

/* Sets, looks, and sometimes removes: the value follows from the name. */
static void op_xattr(int n)
{
	static char value[8192], got[8192];
	struct inode *i = get(n);
	char name[64];
	size_t size = rnd(rnd(3) ? 60 : 600), len;
	int err;

	snprintf(name, sizeof(name), "user.%.*s%u", (int)rnd(20), "anattributeofafilewithalongname", rnd(9));
	memset(value, name[strlen(name) - 1], size);
	node[n].synced = false;
	err = i->ops->setxattr(i, name, value, size, 0);
	if (!err_ok(err, "setxattr", name)) {
		len = (size_t)i->ops->getxattr(i, name, got, sizeof(got));
		if (len != size || memcmp(value, got, size))
			fail("getxattr", name, (long)len);
		if (!rnd(3))
			err_ok(i->ops->removexattr(i, name), "removexattr", name);
	}
	inode_put(i);
}

static void op_tmpfile(void)
{
	struct inode *i = sb->root_inode->ops->tmpfile(sb->root_inode, S_IFREG | 0600, &nobody);
	size_t done;

	if (IS_ERR(i)) {
		err_ok((int)PTR_ERR(i), "tmpfile", "");
		return;
	}
	err_ok(put_bytes(i, 0, "temporary", 9, &done), "write", "tmpfile");
	inode_put(i);
}

static void op_sync(int n)
{
	struct inode *i = get(n);
	struct file f = { .inode = i };
	int err = ext4_fsync(&f, 0, INT64_MAX, rnd(2));


	if (!err_ok(err, "fsync", node[n].name))
		node[n].synced = true, getenv("EXTTOOL_VERBOSE") && printf("S %d %s size %lld disk %lld at %llu tid %u datatid %u\n", n, node[n].name, (long long)i->size, (long long)ext4_i(i)->disk_size, (unsigned long long)disk_writes(), ext4_i(i)->tid, ext4_i(i)->datatid);
	inode_put(i);
}

static void check(int n)
{
	struct inode *i = get(n);

	if (!stopped)
		check_bytes(i, node[n].data, node[n].size, node[n].name);
	inode_put(i);
}

/* Mostly the file, now and then a directory. */
static int pick_any(int file)
{
	int dir = rnd(6) ? -1 : pick(true);

	return dir < 0 ? file : dir;
}

static void op_any(void)
{
	u32 what = rnd(100);
	int n = pick(false);

	if (what < 18 || n < 0)
		op_create(what % 6 == 0);
	else if (what < 41)
		op_write(n);
	else if (what < 45)
		op_direct(n);
	else if (what < 53)
		op_truncate(n);
	else if (what < 60)
		op_fallocate(n);
	else if (what < 68)
		op_unlink(pick_any(n));
	else if (what < 76)
		op_rename(pick_any(n));
	else if (what < 80)
		op_link(n);
	else if (what < 83)
		op_symlink();
	else if (what < 85)
		op_tmpfile();
	else if (what < 87)
		op_xattr(n);
	else if (what < 90)
		op_sync(n);
	else if (what < 91)
		err_ok(super_sync(sb), "sync", "");
	else
		check(n);
}

static void work(unsigned seed, unsigned ops)
{
	seed_of_work = seed;
	while (ops-- && !stopped) {
		op_any();
		if (node[0].used && ops % 64 == 0 && getenv("EXTTOOL_VERBOSE"))
			printf("%u left\n", ops);
	}
	for (int n = 0; n < NODES && !stopped; n++)
		if (node[n].used && !node[n].dir)
			check(n);
}

/* ---- everything that is there is changed, whatever it is: for damaged images ---- */

static void wreck_file(struct inode *i)
{
	struct file f = { .inode = i };
	struct iattr a = { .valid = ATTR_SIZE, .size = i->size / 2 };
	size_t done;

	if (i->mapping) {
		(void)put_bytes(i, i->size, "appended", 8, &done);
		(void)put_bytes(i, (loff_t)rnd(1 << 20), "somewhere", 9, &done);
		(void)ext4_fallocate(&f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, rnd(9000), 5000);
		(void)ext4_fallocate(&f, FALLOC_FL_COLLAPSE_RANGE, 4096, 4096);
		(void)mapping_sync(i->mapping, 0, UINT64_MAX);
		if (rnd(2) && i->ops->setattr)
			(void)i->ops->setattr(i, &a);
	}
	if (i->ops->setxattr && rnd(2))
		(void)i->ops->setxattr(i, "user.wreck", "value", 5, 0);
}

static void wreck(struct inode *dir, unsigned depth)
{
	struct names l = { .ctx.emit = collect };
	struct file f = { .inode = dir };
	struct inode *i;
	char name[64];

	(void)ext4_dir_iterate(&f, &l.ctx);
	for (unsigned k = 0; k < 40 && walked < 20000; k++) {
		snprintf(name, sizeof(name), "a new name in an old directory %u", k);
		i = dir->ops->create(dir, name, (unsigned)strlen(name), S_IFREG | 0644, 0, NULL, &nobody);
		if (!IS_ERR(i))
			inode_put(i);
	}
	for (unsigned k = 0; k < l.n; k++) {
		i = walked++ < 20000 ? look(dir, l.name[k]) : NULL;
		if (!IS_ERR_OR_NULL(i)) {
			wreck_file(i);
			if (s_isdir(i->mode) && depth < 32)
				wreck(i, depth + 1);
			if (k % 3 == 0)
				(void)dir->ops->rename(dir, l.name[k], (unsigned)strlen(l.name[k]), i, sb->root_inode,
				                       "renamed", 7, NULL, 0);
			else
				(void)dir->ops->unlink(dir, l.name[k], (unsigned)strlen(l.name[k]), i);
			inode_put(i);
		}
		free(l.name[k]);
	}
	free(l.name);
}

/* ---- large directories ---- */

static void make_name(unsigned n, char *to)
{
	sprintf(to, "entry-%u-%.*s", n, (int)(n * 7 % 60), "the quick brown fox jumps over the lazy dog and goes on");
}

static void dirs(unsigned count)
{
	struct inode *d = sb->root_inode->ops->create(sb->root_inode, "big", 3, S_IFDIR | 0755, 0, NULL, &nobody), *i;
	char name[128];

	if (IS_ERR(d))
		fail("mkdir", "big", PTR_ERR(d));
	for (unsigned n = 0; n < count; n++) {
		make_name(n, name);
		i = d->ops->create(d, name, (unsigned)strlen(name), S_IFREG | 0644, 0, NULL, &nobody);
		if (IS_ERR(i))
			fail("create", name, PTR_ERR(i));
		inode_put(i);
	}
	for (unsigned n = 0; n < count; n++) {
		make_name(n, name);
		i = look(d, name);
		if (IS_ERR_OR_NULL(i))
			fail("lookup", name, PTR_ERR(i));
		if (n % 2 && d->ops->unlink(d, name, (unsigned)strlen(name), i))
			fail("unlink", name, 0);
		inode_put(i);
		if (n % 2 && look(d, name))
			fail("still there", name, 0);
	}
	inode_put(d);
}

static bool option(const char *arg, const char *key, const char **value)
{
	size_t n = strlen(key);

	if (strncmp(arg, key, n) || arg[n] != '=')
		return false;
	*value = arg + n + 1;
	return true;
}

int main(int argc, char **argv)
{
	const char *options = "", *v;
	u64 crash = 0, nomem = 0, eio = 0;
	bool ro = false;
	int k = 2, err;

	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	for (; k < argc; k++) {
		if (!strcmp(argv[k], "ro"))
			ro = true;
		else if (option(argv[k], "opt", &v))
			options = v;
		else if (option(argv[k], "out", &v))
			out_file = v;
		else if (option(argv[k], "crash", &v))
			crash = strtoull(v, NULL, 0);
		else if (option(argv[k], "keep", &v))
			keep_seed = (unsigned)atoi(v);
		else if (option(argv[k], "nomem", &v))
			nomem = strtoull(v, NULL, 0);
		else if (option(argv[k], "eio", &v))
			eio = strtoull(v, NULL, 0);
		else
			break;
	}
	if (k >= argc || disk_open(argv[1], 0))
		return 2;
	host_init();
	disk_crashed = crashed;
	disk_crash_at(crash);
	disk_fail_from(eio);
	host_alloc_fail_at = nomem;
	faulty = nomem || eio;
	err = mount_image(options, ro);
	printf("mount %d\n", err);
	if (!err) {
		if (!strcmp(argv[k], "walk"))
			walk(sb->root_inode, "", 0);
		else if (!strcmp(argv[k], "work"))
			work((unsigned)atoi(argv[k + 1]), (unsigned)atoi(argv[k + 2]));
		else if (!strcmp(argv[k], "wreck"))
			wreck(sb->root_inode, 0);
		else if (!strcmp(argv[k], "dirs"))
			dirs((unsigned)atoi(argv[k + 1]));
		umount_image();
	}
	printf("writes %llu\n", (unsigned long long)disk_writes());
	if (out_file && disk_save(out_file, 0))
		return 3;
	return 0;
}
