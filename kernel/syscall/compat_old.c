/* SPDX-License-Identifier: MIT
 *
 * syscall/compat_old.c - the i386 ABI: stat, uname and readdir as the first versions of Linux had them
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses fs through sys_stat.c.
 * Locks:     uts_lock around the names.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    stat(2) "C library/kernel differences", uname(2), readdir(2).
 * Tests:     tests/i386/old.c.
 *
 * What does not fit into the old fields is -EOVERFLOW; ids of users show as 65534, see compat_uid16.c.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <fs/inode.h>
#include <lib/string.h>
#include <proc/uts.h>

enum { OVERFLOW_ID = 65534, OLD_UTS_LEN = 65, OLDEST_UTS_LEN = 9, UTS_FIELDS = 5 };

struct stat32 {
	u16 dev, pad1;
	u32 ino;
	u16 mode, nlink, uid, gid, rdev, pad2;
	u32 size, blksize, blocks, atime, atime_nsec, mtime, mtime_nsec, ctime, ctime_nsec, unused[2];
};
_Static_assert(sizeof(struct stat32) == 64, "struct stat of i386");
struct oldest_stat {
	u16 dev, ino, mode, nlink, uid, gid, rdev, pad;
	u32 size, atime, mtime, ctime;
};
_Static_assert(sizeof(struct oldest_stat) == 32, "struct __old_kernel_stat");

static u16 narrow_id(u32 id)
{
	return id > 0xffff ? OVERFLOW_ID : (u16)id;
}

static u16 narrow_dev(dev_t dev)
{
	return (u16)((dev >> 20 & 0xff) << 8 | (dev & 0xff));
}

static bool dev_fits(dev_t dev)
{
	return dev >> 20 < 256 && (dev & 0xfffff) < 256;
}

/* What does not fit is cut; who stores it looks. */
static struct stat32 stat32_make(const struct kstat *st)
{
	struct stat_k k;

	stat_fill(&k, st);
	return (struct stat32){
		.dev = narrow_dev(st->dev),
		.ino = (u32)k.st_ino,
		.mode = (u16)k.st_mode,
		.nlink = (u16)k.st_nlink,
		.uid = narrow_id(k.st_uid),
		.gid = narrow_id(k.st_gid),
		.rdev = narrow_dev(st->rdev),
		.size = (u32)k.st_size,
		.blksize = (u32)k.st_blksize,
		.blocks = (u32)k.st_blocks,
		.atime = (u32)k.st_atime,
		.atime_nsec = (u32)k.st_atime_nsec,
		.mtime = (u32)k.st_mtime,
		.mtime_nsec = (u32)k.st_mtime_nsec,
		.ctime = (u32)k.st_ctime,
		.ctime_nsec = (u32)k.st_ctime_nsec,
	};
}

static long stat32_put(const struct kstat *st, void __user *u)
{
	struct stat32 s = stat32_make(st);

	if (!dev_fits(st->dev) || !dev_fits(st->rdev) || s.ino != st->ino || s.nlink != st->nlink ||
	    st->size > INT32_MAX)
		return -EOVERFLOW;
	return copy_to_user(u, &s, sizeof(s));
}

static long oldest_stat_put(const struct kstat *st, void __user *u)
{
	struct stat32 s = stat32_make(st);
	struct oldest_stat o = { .dev = s.dev,
		                 .ino = (u16)s.ino,
		                 .mode = s.mode,
		                 .nlink = s.nlink,
		                 .uid = s.uid,
		                 .gid = s.gid,
		                 .rdev = s.rdev,
		                 .size = s.size,
		                 .atime = s.atime,
		                 .mtime = s.mtime,
		                 .ctime = s.ctime };

	if (o.ino != st->ino || o.nlink != st->nlink)
		return -EOVERFLOW;
	return copy_to_user(u, &o, sizeof(o));
}

static long path_stat(const char __user *path, unsigned lookup, void __user *u,
                      long (*put)(const struct kstat *, void __user *))
{
	struct kstat st;
	int err = stat_path(AT_FDCWD, path, lookup, &st);

	return err ? err : put(&st, u);
}

static long fd_stat(unsigned fd, void __user *u, long (*put)(const struct kstat *, void __user *))
{
	struct kstat st;
	int err = stat_fd(fd, &st);

	return err ? err : put(&st, u);
}

long sys_i386_stat(const char __user *path, void __user *st)
{
	return path_stat(path, LOOKUP_FOLLOW, st, stat32_put);
}

long sys_i386_lstat(const char __user *path, void __user *st)
{
	return path_stat(path, 0, st, stat32_put);
}

long sys_i386_fstat(unsigned fd, void __user *st)
{
	return fd_stat(fd, st, stat32_put);
}

long sys_i386_oldstat(const char __user *path, void __user *st)
{
	return path_stat(path, LOOKUP_FOLLOW, st, oldest_stat_put);
}

long sys_i386_oldlstat(const char __user *path, void __user *st)
{
	return path_stat(path, 0, st, oldest_stat_put);
}

long sys_i386_oldfstat(unsigned fd, void __user *st)
{
	return fd_stat(fd, st, oldest_stat_put);
}

/* Five names of `len` bytes each, the last one 0. */
static long names_put(char __user *u, size_t len)
{
	char text[UTS_FIELDS * OLD_UTS_LEN] = { 0 };
	struct utsname_k k;

	uts_get(&k);
	const char *const field[UTS_FIELDS] = { k.sysname, k.nodename, k.release, k.version, k.machine };
	for (unsigned i = 0; i < UTS_FIELDS; i++)
		memcpy(text + i * len, field[i], len - 1);
	return copy_to_user(u, text, UTS_FIELDS * len);
}

long sys_i386_olduname(char __user *name)
{
	return names_put(name, OLD_UTS_LEN);
}

long sys_i386_oldolduname(char __user *name)
{
	return names_put(name, OLDEST_UTS_LEN);
}

/* readdir(2): one entry a call. */
struct old_dir {
	struct dir_context ctx;
	char __user *buf;
	int result;
};
struct old_dirent {
	u32 ino, offset;
	u16 len;
};

static bool old_emit(struct dir_context *ctx, const char *name, unsigned len, u64 ino, unsigned type)
{
	struct old_dir *d = container_of(ctx, struct old_dir, ctx);
	struct old_dirent e = { (u32)ino, (u32)ctx->pos, (u16)len };
	const size_t head = offsetof(struct old_dirent, len) + sizeof(e.len);

	if (d->result)
		return false;
	if (e.ino != ino)
		d->result = -EOVERFLOW;
	else if (copy_to_user(d->buf, &e, head) || copy_to_user(d->buf + head, name, len) ||
	         put_user((char)0, d->buf + head + len))
		d->result = -EFAULT;
	else
		d->result = 1;
	return d->result > 0;
}

long sys_i386_readdir(unsigned fd, void __user *entry, unsigned count)
{
	struct old_dir d = { .ctx = { .emit = old_emit }, .buf = entry };
	struct fd_ref r = fd_arg(fd);
	int err;

	if (!r.file)
		return -EBADF;
	err = file_iterate(r.file, &d.ctx);
	fd_ref_put(r);
	return d.result ? d.result : err;
}
