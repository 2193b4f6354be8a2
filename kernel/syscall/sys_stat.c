/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_stat.c - stat(2), statx(2), statfs(2)
 *
 * Owns:      nothing; the translation of struct kstat to what programs see.
 * Layer:     syscall.  Uses fs.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    stat(2), statx(2), statfs(2), makedev(3) for the split of device numbers.
 * Tests:     tests/abi/stat.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <fs/mount.h>

/* Linux's 64-bit form: 12 bits of major between 8 low and 12 high bits of minor. */
static u64 dev_encode(dev_t d)
{
	u64 major = dev_major(d), minor = dev_minor(d);

	return (minor & 0xff) | major << 8 | (minor & ~0xffUL) << 12;
}

/* Of times before 1970 the nanoseconds are positive, too. */
static s64 time_sec(ktime_t t)
{
	return t / NSEC_PER_SEC - (t % NSEC_PER_SEC < 0);
}

static u32 time_ns(ktime_t t)
{
	return (u32)(t - time_sec(t) * NSEC_PER_SEC);
}

/* The i386 ABI's struct stat64. */
static COLD int stat64_put(const struct stat_k *k, void __user *u)
{
	struct stat64_i386_k s = {
		.st_dev = k->st_dev,
		.st_ino32 = (u32)k->st_ino,
		.st_mode = k->st_mode,
		.st_nlink = (u32)k->st_nlink,
		.st_uid = k->st_uid,
		.st_gid = k->st_gid,
		.st_rdev = k->st_rdev,
		.st_size = k->st_size,
		.st_blksize = (u32)k->st_blksize,
		.st_blocks = (u64)k->st_blocks,
		.st_atime = (u32)k->st_atime,
		.st_atime_nsec = (u32)k->st_atime_nsec,
		.st_mtime = (u32)k->st_mtime,
		.st_mtime_nsec = (u32)k->st_mtime_nsec,
		.st_ctime = (u32)k->st_ctime,
		.st_ctime_nsec = (u32)k->st_ctime_nsec,
		.st_ino = k->st_ino,
	};

	return copy_to_user(u, &s, sizeof(s));
}

void stat_fill(struct stat_k *to, const struct kstat *st)
{
	*to = (struct stat_k){
		.st_dev = dev_encode(st->dev),
		.st_ino = st->ino,
		.st_nlink = st->nlink,
		.st_mode = st->mode,
		.st_uid = st->uid,
		.st_gid = st->gid,
		.st_rdev = dev_encode(st->rdev),
		.st_size = (s64)st->size,
		.st_blksize = st->blksize,
		.st_blocks = (s64)st->blocks,
		.st_atime = (u64)time_sec(st->atime),
		.st_atime_nsec = time_ns(st->atime),
		.st_mtime = (u64)time_sec(st->mtime),
		.st_mtime_nsec = time_ns(st->mtime),
		.st_ctime = (u64)time_sec(st->ctime),
		.st_ctime_nsec = time_ns(st->ctime),
	};
}

static int stat_put(const struct kstat *st, struct stat_k __user *u)
{
	struct stat_k k;

	stat_fill(&k, st);
	return call_small() ? stat64_put(&k, u) : copy_to_user(u, &k, sizeof(k));
}

int stat_path(int dirfd, const char __user *path, unsigned lookup, struct kstat *st)
{
	struct user_path p;
	int err = user_path_get(&p, dirfd, path, lookup);

	if (err)
		return err;
	err = vfs_stat(&p.walk, p.name, lookup, st);
	user_path_put(&p);
	return err;
}

static long do_stat(int dirfd, const char __user *path, unsigned lookup, struct stat_k __user *u)
{
	struct kstat st;
	int err = stat_path(dirfd, path, lookup, &st);

	return err ? err : stat_put(&st, u);
}

long sys_stat(const char __user *path, struct stat_k __user *st)
{
	return do_stat(AT_FDCWD, path, LOOKUP_FOLLOW, st);
}

long sys_lstat(const char __user *path, struct stat_k __user *st)
{
	return do_stat(AT_FDCWD, path, 0, st);
}

long sys_newfstatat(int dirfd, const char __user *path, struct stat_k __user *st, int flags)
{
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	return do_stat(dirfd, path, at_lookup(flags), st);
}

int stat_fd(unsigned fd, struct kstat *st)
{
	struct fd_ref r = fd_arg_path(fd);
	int err;

	if (!r.file)
		return -EBADF;
	err = vfs_stat_path(&r.file->path, st);
	fd_ref_put(r);
	return err;
}

long sys_fstat(unsigned fd, struct stat_k __user *u)
{
	struct kstat st;
	int err = stat_fd(fd, &st);

	return err ? err : stat_put(&st, u);
}

static struct statx_timestamp_k statx_time(ktime_t t)
{
	return (struct statx_timestamp_k){ time_sec(t), time_ns(t), 0 };
}

static int statx_put(const struct kstat *st, unsigned want, struct statx_k __user *u)
{
	const u32 flags = STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND | STATX_ATTR_NODUMP;
	struct statx_k k = {
		.stx_mask = STATX_BASIC_STATS | (st->btime ? STATX_BTIME : 0) | STATX_MNT_ID,
		.stx_blksize = st->blksize,
		.stx_nlink = st->nlink,
		.stx_uid = st->uid,
		.stx_gid = st->gid,
		.stx_mode = (u16)st->mode,
		.stx_ino = st->ino,
		.stx_size = st->size,
		.stx_blocks = st->blocks,
		.stx_attributes = (st->mount_root ? STATX_ATTR_MOUNT_ROOT : 0) | (st->flags & flags),
		.stx_attributes_mask = STATX_ATTR_MOUNT_ROOT | (st->has_flags ? flags : 0),
		.stx_atime = statx_time(st->atime),
		.stx_btime = statx_time(st->btime),
		.stx_ctime = statx_time(st->ctime),
		.stx_mtime = statx_time(st->mtime),
		.stx_rdev_major = dev_major(st->rdev),
		.stx_rdev_minor = dev_minor(st->rdev),
		.stx_dev_major = dev_major(st->dev),
		.stx_dev_minor = dev_minor(st->dev),
		.stx_mnt_id = st->mnt_id,
	};

	return copy_to_user(u, &k, sizeof(k));
}

long sys_statx(int dirfd, const char __user *path, unsigned flags, unsigned mask, struct statx_k __user *u)
{
	struct kstat st;
	int err;

	if (mask & STATX__RESERVED || (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	if (flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	err = stat_path(dirfd, path, at_lookup((int)flags), &st);
	return err ? err : statx_put(&st, mask, u);
}

/* struct statfs of 32-bit words: -EOVERFLOW when a count does not fit. */
static COLD int statfs32_put(const struct statfs64_k *st, void __user *u)
{
	const u64 *from = (const u64 *)st;
	u32 k[16] = { 0 };
	u64 counts = 0;

	for (unsigned i = 0; i < 7; i++) /* f_type .. f_ffree */
		k[i] = (u32)from[i];
	for (unsigned i = 2; i < 7; i++)
		counts |= from[i] == ~0UL ? 0 : from[i];
	if (counts >> 32)
		return -EOVERFLOW;
	k[7] = (u32)st->f_fsid[0];
	k[8] = (u32)st->f_fsid[1];
	k[9] = (u32)st->f_namelen;
	k[10] = (u32)st->f_frsize;
	k[11] = (u32)st->f_flags;
	return copy_to_user(u, k, sizeof(k));
}

static int statfs_put(const struct statfs64_k *st, struct statfs64_k __user *u)
{
	return call_small() ? statfs32_put(st, u) : copy_to_user(u, st, sizeof(*st));
}

/* statfs64 of the i386 ABI: f_type, f_bsize, f_namelen .. f_spare are words, the counts have 64 bits. */
static int statfs64_i386_put(const struct statfs64_k *st, void __user *u)
{
	struct statfs64_i386_k k = {
		.f_type = (u32)st->f_type,
		.f_bsize = (u32)st->f_bsize,
		.f_blocks = st->f_blocks,
		.f_bfree = st->f_bfree,
		.f_bavail = st->f_bavail,
		.f_files = st->f_files,
		.f_ffree = st->f_ffree,
		.f_fsid = { st->f_fsid[0], st->f_fsid[1] },
		.f_namelen = (u32)st->f_namelen,
		.f_frsize = (u32)st->f_frsize,
		.f_flags = (u32)st->f_flags,
	};

	return copy_to_user(u, &k, sizeof(k));
}

static int path_statfs(const char __user *path, struct statfs64_k *st)
{
	struct user_path p;
	struct path found;
	int err = user_path_get(&p, AT_FDCWD, path, 0);

	if (err)
		return err;
	err = path_lookup(&p.walk, p.name, LOOKUP_FOLLOW, &found);
	user_path_put(&p);
	if (err)
		return err;
	err = vfs_statfs(&found, st);
	path_put(&found);
	return err;
}

static int fd_statfs(unsigned fd, struct statfs64_k *st)
{
	struct fd_ref r = fd_arg_path(fd);
	int err;

	if (!r.file)
		return -EBADF;
	err = vfs_statfs(&r.file->path, st);
	fd_ref_put(r);
	return err;
}

static bool statfs64_size_ok(size_t size)
{
	return size == sizeof(struct statfs64_i386_k) || size == sizeof(struct statfs64_i386_k) + 4;
}

long sys_i386_statfs64(const char __user *path, size_t size, void __user *u)
{
	struct statfs64_k st = { 0 };

	if (!statfs64_size_ok(size))
		return -EINVAL;
	int err = path_statfs(path, &st);
	return err ? err : statfs64_i386_put(&st, u);
}

long sys_i386_fstatfs64(unsigned fd, size_t size, void __user *u)
{
	struct statfs64_k st = { 0 };

	if (!statfs64_size_ok(size))
		return -EINVAL;
	int err = fd_statfs(fd, &st);
	return err ? err : statfs64_i386_put(&st, u);
}

long sys_statfs(const char __user *path, struct statfs64_k __user *u)
{
	struct statfs64_k st = { 0 };
	int err = path_statfs(path, &st);

	return err ? err : statfs_put(&st, u);
}

long sys_fstatfs(unsigned fd, struct statfs64_k __user *u)
{
	struct statfs64_k st = { 0 };
	int err = fd_statfs(fd, &st);

	return err ? err : statfs_put(&st, u);
}
