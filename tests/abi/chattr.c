/* SPDX-License-Identifier: MIT
 * tests/abi/chattr.c - FS_IOC_GETFLAGS and FS_IOC_SETFLAGS: append-only and immutable files on tmpfs */
#include "abi.h"
#include <sys/mount.h>
#include <sys/xattr.h>

#define GETFLAGS 0x80086601
#define SETFLAGS 0x40086602
enum { IMMUTABLE = 0x10, APPEND = 0x20, NODUMP = 0x40, NOATIME = 0x80 };

static void flags(const char *name, int value)
{
	int fd = open(name, O_RDONLY), got = -1;
	int r = ioctl(fd, SETFLAGS, &value);
	printf("%s set %x: %s", name, value, r ? strerror(errno) : "ok");
	r = ioctl(fd, GETFLAGS, &got);
	printf(", is %x %s", got, r ? strerror(errno) : "");
	uint64_t x[32] = { 0 };
	syscall(SYS_statx, fd, "", AT_EMPTY_PATH, 0, x); /* stx_attributes is the second word */
	printf(", statx %lx\n", (long)x[1] & 0x70);
	fflush(stdout);
	close(fd);
}
static void all(const char *name)
{
	char other[20], copy[20];
	struct timespec now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } }, past[2] = { { 1000, 0 }, { 1000, 0 } };
	snprintf(other, sizeof other, "%s.moved", name);
	snprintf(copy, sizeof copy, "%s.link", name);
	SHOW(close(open(name, O_RDONLY)));
	SHOW(close(open(name, O_RDWR)));
	SHOW(close(open(name, O_WRONLY | O_APPEND)));
	SHOW(close(open(name, O_RDONLY | O_TRUNC)));
	SHOW(close(open(name, O_WRONLY | O_APPEND | O_TRUNC)));
	SHOW(access(name, W_OK));
	SHOW(chmod(name, 0600));
	SHOW(chown(name, 1, 1));
	SHOW(truncate(name, 2));
	SHOW(utimensat(AT_FDCWD, name, now, 0));
	SHOW(utimensat(AT_FDCWD, name, NULL, 0));
	SHOW(utimensat(AT_FDCWD, name, past, 0));
	SHOW(setxattr(name, "trusted.x", "y", 1, 0));
	SHOW(link(name, copy));
	SHOW(rename(name, other));
	SHOW(unlink(name));
}
static void open_before(void)
{
	int fd = open("f", O_RDWR | O_CREAT, 0644);
	flags("f", APPEND);
	SHOW(ftruncate(fd, 1));
	SHOW(fchmod(fd, 0640));
	close(fd);
	fd = open("f", O_RDWR | O_APPEND);
	SHOW(fcntl(fd, F_SETFL, 0));
	SHOW(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
	SHOW(write(fd, "more", 4));
	SHOW(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	SHOW(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED);
	SHOW(fallocate(fd, 0, 0, 8192));
	SHOW(fallocate(fd, 3, 0, 4096));
	flags("f", 0);
	close(fd);
}
static void directory(int how)
{
	flags("d", how);
	SHOW(close(creat("d/new", 0644)));
	SHOW(mkdir("d/sub", 0755));
	SHOW(unlink("d/old"));
	SHOW(rename("d/old", "d/old2"));
	SHOW(rename("d/old", "old2"));
	SHOW(rename("f", "d/f"));
	SHOW(rename("d", "e"));
	SHOW(rmdir("d"));
	flags("d", 0);
	rename("d/f", "f");
	rename("e", "d");
}
int main(int argc, char **argv)
{
	int none = 0;
	if (argc == 3) { /* NAME FLAGS: as a tool, for tests/ext4 */
		flags(argv[1], (int)strtol(argv[2], NULL, 16));
		return 0;
	}
	mkdir("t", 0755);
	mount("none", "t", "tmpfs", 0, NULL);
	chdir("t");
	make_file("f", "text", 0644);
	mkdir("d", 0755);
	make_file("d/old", "text", 0644);
	SECTION("what there is");
	flags("f", NODUMP | NOATIME);
	flags("f", 0x8);
	flags("f", 0x80000);
	flags("d", NODUMP);
	flags("d", 0);
	int fd = open("f", O_PATH);
	SHOW(ioctl(fd, GETFLAGS, &none));
	close(fd);
	fd = open("f", O_RDONLY);
	SHOW(ioctl(fd, GETFLAGS, NULL));
	SHOW(ioctl(fd, SETFLAGS, NULL));
	close(fd);
	fd = open("/proc/self/status", O_RDONLY);
	SHOW(ioctl(fd, GETFLAGS, &none));
	close(fd);
	SECTION("immutable");
	flags("f", IMMUTABLE);
	all("f");
	flags("f", 0);
	SECTION("append");
	flags("f", APPEND);
	all("f");
	flags("f", 0);
	SECTION("open before");
	open_before();
	SECTION("immutable directory");
	directory(IMMUTABLE);
	SECTION("append-only directory");
	directory(APPEND);
	SECTION("user");
	SHOW(chown("f", 1000, 1000));
	IN_CHILD("user", become(1000); flags("f", NODUMP); flags("f", IMMUTABLE); flags("d", NODUMP));
	flags("f", IMMUTABLE);
	IN_CHILD("user", become(1000); flags("f", 0); SHOW(chmod("f", 0600)));
	flags("f", 0);
	chdir("..");
	SHOW(umount2("t", MNT_DETACH));
	return 0;
}
