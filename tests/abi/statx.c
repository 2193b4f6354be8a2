/* SPDX-License-Identifier: MIT
 * tests/abi/statx.c - statx, stat, lstat, fstat, newfstatat: fields of all kinds of files, masks, flags, errors */
#include "abi.h"

#include <sys/sysmacros.h>
struct stx {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad;
	uint64_t ino, size, blocks, attributes_mask;
	struct { int64_t sec; uint32_t nsec; int32_t pad; } atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t mnt_id, spare[13];
};
enum { BASIC = 0x7ff, BTIME = 0x800, MNT_ID = 0x1000, FORCE_SYNC = 0x2000, DONT_SYNC = 0x4000 };

static void show(const char *name)
{
	struct stx x;
	struct stat s;
	memset(&x, 77, sizeof x);
	long r = syscall(SYS_statx, (long)AT_FDCWD, name, (long)AT_SYMLINK_NOFOLLOW, (long)(BASIC | BTIME), &x);
	lstat(name, &s);
	printf("%s: %ld mask %x mode %o links %u uid %u gid %u size %lu blocks %lu blksize %u rdev %u:%u\n", name, r, x.mask & (BASIC | BTIME), x.mode,
	       x.nlink, x.uid, x.gid, S_ISDIR(x.mode) ? 0UL : (unsigned long)x.size, S_ISREG(x.mode) ? (unsigned long)x.blocks : 0UL, x.blksize, x.rdev_major,
	       x.rdev_minor);
	printf("  as stat: %d\n", s.st_mode == x.mode && s.st_nlink == x.nlink && s.st_uid == x.uid && s.st_gid == x.gid && s.st_ino == x.ino &&
		(uint64_t)s.st_size == x.size && (uint64_t)s.st_blocks == x.blocks && s.st_blksize == x.blksize &&
		s.st_dev == makedev(x.dev_major, x.dev_minor) && s.st_rdev == makedev(x.rdev_major, x.rdev_minor) &&
		s.st_atim.tv_sec == x.atime.sec && s.st_atim.tv_nsec == x.atime.nsec && s.st_mtim.tv_sec == x.mtime.sec &&
		s.st_mtim.tv_nsec == x.mtime.nsec && s.st_ctim.tv_sec == x.ctime.sec && s.st_ctim.tv_nsec == x.ctime.nsec);
	fflush(stdout);
}
int main(void)
{
	struct stx x;
	struct stat s;
	char proc[40];
	int p[2], fd;
	SECTION("kinds");
	make_file("f", "hello", 0640);
	chown("f", 12, 34);
	make_file("empty", "", 0600);
	mkdir("d", 0751);
	mkdir("d/sub", 0700);
	symlink("f", "l");
	symlink("nowhere", "dangling");
	mkfifo("p", 0600);
	mknod("s", S_IFSOCK | 0755, 0);
	mknod("c", S_IFCHR | 0600, makedev(1, 3));
	mknod("b", S_IFBLK | 0600, makedev(259, 70000));
	link("f", "f2");
	fd = open("sparse", O_CREAT | O_RDWR, 0600);
	pwrite(fd, "x", 1, 100000);
	static const char *const names[] = { "f", "empty", "d", "d/sub", "l", "dangling", "p", "s", "c", "b", "f2", "sparse", "/dev/null" };
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		show(names[i]);
	SECTION("masks and flags");
	static const unsigned masks[] = { 0x7ff, 0xfff, 0x1fff, 0x80000000, 0xffffffff };
	for (unsigned i = 0; i < sizeof masks / sizeof *masks; i++) {
		memset(&x, 0, sizeof x);
		errno = 0;
		long r = syscall(SYS_statx, (long)AT_FDCWD, "f", 0L, (unsigned long)masks[i], &x);
		printf("mask %x: %ld %s, basic %x, mnt_id %d\n", masks[i], r, r ? strerror(errno) : "", x.mask & BASIC, !!(x.mask & MNT_ID));
	}
	CALL(statx, AT_FDCWD, "f", FORCE_SYNC, BASIC, &x);
	CALL(statx, AT_FDCWD, "f", DONT_SYNC, BASIC, &x);
	CALL(statx, AT_FDCWD, "f", FORCE_SYNC | DONT_SYNC, BASIC, &x);
	CALL(statx, AT_FDCWD, "f", AT_NO_AUTOMOUNT, BASIC, &x);
	CALL(statx, AT_FDCWD, "f", AT_SYMLINK_FOLLOW, BASIC, &x);
	CALL(statx, AT_FDCWD, "f", 0x8000, BASIC, &x);
	CALL(statx, AT_FDCWD, "", 0, BASIC, &x);
	CALL(statx, AT_FDCWD, "", AT_EMPTY_PATH, BASIC, &x);
	SHOW_INT(S_ISDIR(x.mode));
	CALL(statx, fd, "", AT_EMPTY_PATH, BASIC, &x);
	SHOW_INT(x.size);
	CALL(statx, fd, "", 0, BASIC, &x);
	CALL(statx, fd, "x", 0, BASIC, &x);
	CALL(statx, 99, "", AT_EMPTY_PATH, BASIC, &x);
	CALL(statx, 99, "x", 0, BASIC, &x);
	CALL(statx, AT_FDCWD, "none", 0, BASIC, &x);
	CALL(statx, AT_FDCWD, "f/x", 0, BASIC, &x);
	CALL(statx, AT_FDCWD, "f/", 0, BASIC, &x);
	CALL(statx, AT_FDCWD, "dangling", 0, BASIC, &x);
	CALL(statx, AT_FDCWD, "f", 0, BASIC, 8);
	CALL(statx, AT_FDCWD, 8, 0, BASIC, &x);
	CALL(statx, AT_FDCWD, "l", 0, BASIC, &x);
	SHOW_INT(x.size);
	CALL(statx, AT_FDCWD, "l", AT_SYMLINK_NOFOLLOW, BASIC, &x);
	SHOW_INT(S_ISLNK(x.mode));
	CALL(statx, open("l", O_PATH | O_NOFOLLOW), "", AT_EMPTY_PATH, BASIC, &x);
	SHOW_INT(S_ISLNK(x.mode));
	SHOW_INT(x.attributes & 0x7c);
	SECTION("mounts");
	CALL(statx, AT_FDCWD, "/proc", 0, BASIC, &x);
	SHOW_INT((x.attributes_mask & 0x2000) != 0);
	SHOW_INT((x.attributes & 0x2000) != 0);
	CALL(statx, AT_FDCWD, "/proc/self", 0, BASIC, &x);
	SHOW_INT((x.attributes & 0x2000) != 0);
	CALL(statx, AT_FDCWD, "/proc", 0, BASIC | MNT_ID, &x);
	uint64_t id = x.mnt_id;
	CALL(statx, AT_FDCWD, "/proc/self/stat", 0, BASIC | MNT_ID, &x);
	SHOW_INT(x.mnt_id == id);
	CALL(statx, AT_FDCWD, ".", 0, BASIC | MNT_ID, &x);
	SHOW_INT(x.mnt_id == id);
	SECTION("birth");
	CALL(statx, AT_FDCWD, "f", 0, BASIC | BTIME, &x);
	SHOW_INT(x.btime.sec > 0 && x.btime.sec <= x.ctime.sec);
	int64_t birth = x.btime.sec * 1000000000 + x.btime.nsec;
	struct timespec old[2] = { { 5, 0 }, { 6, 0 } };
	utimensat(AT_FDCWD, "f", old, 0);
	chmod("f", 0600);
	CALL(statx, AT_FDCWD, "f", 0, BASIC | BTIME, &x);
	SHOW_INT(x.btime.sec * 1000000000 + x.btime.nsec == birth);
	SHOW_INT(x.atime.sec * 10 + x.mtime.sec);
	SECTION("stat");
	CALL(stat, "none", &s);
	CALL(stat, "f/x", &s);
	CALL(stat, "f/", &s);
	CALL(stat, "d/", &s);
	CALL(stat, "dangling", &s);
	CALL(lstat, "dangling", &s);
	CALL(lstat, "dangling/", &s);
	CALL(lstat, "l/", &s);
	CALL(stat, "", &s);
	CALL(stat, 8, &s);
	CALL(stat, "f", 8);
	CALL(lstat, "f", 8);
	CALL(fstat, fd, 8);
	CALL(fstat, 99, &s);
	CALL(fstat, -1, &s);
	symlink("loop", "loop");
	CALL(stat, "loop", &s);
	CALL(lstat, "loop", &s);
	mkdir("closed", 0700);
	make_file("closed/in", "", 0666);
	mkdir("noread", 0711);
	make_file("noread/in", "", 0);
	IN_CHILD("user", become(1000); CALL(stat, "closed/in", &s); CALL(stat, "closed", &s); CALL(stat, "closed/.", &s); CALL(stat, "noread/in", &s);
		 CALL(stat, "noread/none", &s); CALL(open, "noread", O_RDONLY); CALL(stat, "closed/none", &s));
	pipe(p);
	show_fstat("pipe", p[0]);
	fstat(p[0], &s);
	struct stat t;
	fstat(p[1], &t);
	SHOW_INT(s.st_ino == t.st_ino && s.st_dev == t.st_dev);
	SHOW_INT(s.st_blksize);
	show_fstat("O_PATH", open("c", O_PATH));
	unlink("f2");
	fstat(open("f", O_RDONLY), &s);
	SHOW_INT(s.st_nlink);
	sprintf(proc, "/proc/self/fd/%d", fd);
	stat(proc, &s);
	SHOW_INT(s.st_size);
	SECTION("directories count");
	for (int i = 0; i < 4; i++) {
		char n[20];
		sprintf(n, "d/%d", i);
		mkdir(n, 0700);
		stat("d", &s);
		printf("%d ", (int)s.st_nlink);
	}
	rmdir("d/0");
	rename("d/1", "moved");
	rename("d/2", "d/renamed");
	stat("d", &s);
	printf("%d\n", (int)s.st_nlink);
	make_file("d/file", "", 0600);
	symlink("x", "d/link");
	stat("d", &s);
	SHOW_INT(s.st_nlink);
	return 0;
}
