/* SPDX-License-Identifier: MIT
 * tests/abi/mountfd.c - open_tree, move_mount, mount_setattr: mounts held by descriptors */
#include "mounts.h"
#include <sys/mount.h>

enum { OPEN_TREE_CLONE = 1, OPEN_TREE_CLOEXEC = O_CLOEXEC };
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

struct mattr { uint64_t set, clr, prop, ns; };
#define M(...) (&(struct mattr){ __VA_ARGS__ })
#define SETATTR(dir, path, flags, ...) setattr_(dir, path, flags, #__VA_ARGS__, M(__VA_ARGS__))
static void setattr_(int dir, const char *path, unsigned flags, const char *text, struct mattr *m)
{
	errno = 0;
	long r = syscall(SYS_mount_setattr, dir, path, flags, m, 32);
	printf("mount_setattr %s flags %x %s: %ld %s\n", path, flags, text, r, strerror(errno));
	fflush(stdout);
}
int main(void)
{
	int fd, t;
	mkdir("a",0755); mkdir("b",0755); mkdir("c", 0755);
	mount("srcdir","a","tmpfs",0,"size=64k"); mount(NULL,"a",NULL,MS_PRIVATE,NULL);
	mkdir("a/d",0755);
	close(creat("a/f",0644)); symlink("d","a/l");
	SECTION("open_tree");
	t = CALL(open_tree, AT_FDCWD, "a", 0);
	SHOW_HEX(fcntl(t,F_GETFL));
	SHOW(fcntl(t,F_GETFD));
	close(t);
	CALL(open_tree, AT_FDCWD, "a", 0x8000);
	CALL(open_tree, AT_FDCWD, "a", 0x10);
	CALL(open_tree, AT_FDCWD, "none", 0);
	CALL(open_tree, AT_FDCWD, "", 0);
	CALL(open_tree, AT_FDCWD, "a/l", OPEN_TREE_CLONE|AT_SYMLINK_NOFOLLOW|O_CLOEXEC);
	CALL(open_tree, 99, "x", 0);
	t = CALL(open_tree, AT_FDCWD, "a/d", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC);
	SHOW(fcntl(t,F_GETFD));
	SETATTR(t, "", AT_EMPTY_PATH, .set = 1);
	SHOW(openat(t, "x", O_CREAT|O_RDWR, 0600));
	SHOW(openat(t, "..", O_RDONLY)>=0);
	show_link(t);
	CALL(move_mount, t, "", AT_FDCWD, "b", 4);
	mounts_at("b");
	SHOW(mkdir("b/x",0755));
	SHOW(umount("b"));
	CALL(move_mount, t, "", AT_FDCWD, "b", 4);
	close(t);
	SHOW(umount("b"));
	CALL(move_mount, AT_FDCWD, "a", AT_FDCWD, "b", 0);
	mounts_at("b");
	CALL(move_mount, AT_FDCWD, "b/d", AT_FDCWD, "a", 0);
	CALL(move_mount, AT_FDCWD, "b", AT_FDCWD, "b/d", 0);
	CALL(move_mount, AT_FDCWD, "b", AT_FDCWD, "b/f", 0);
	t = CALL(open_tree, AT_FDCWD, "b/f", 1);
	CALL(move_mount, t, "", AT_FDCWD, "c", 4);
	close(creat("file",0644));
	CALL(move_mount, t, "", AT_FDCWD, "file", 4);
	mounts_at("file");
	CALL(move_mount, t, "", AT_FDCWD, "file", 0x80);
	SHOW(umount("file"));
	close(t);
	SHOW(umount("file"));
	SECTION("mount_setattr");
	CALL(mount_setattr, AT_FDCWD, "b", 0, M(.set = 1), 31);
	CALL(mount_setattr, AT_FDCWD, "b", 0, M(.set = 1), 5000);
	CALL(mount_setattr, AT_FDCWD, "b", 0, NULL, 32);
	SETATTR(AT_FDCWD, "b", 0x10, .set = 1);
	SETATTR(AT_FDCWD, "none", 0, .set = 1);
	SETATTR(AT_FDCWD, "b/d", 0, .set = 1);
	SETATTR(AT_FDCWD, "b", 0, .set = 0x400);
	SETATTR(AT_FDCWD, "b", 0, .set = 0x10);
	SETATTR(AT_FDCWD, "b", 0, .set = 0x10, .clr=0x10);
	SETATTR(AT_FDCWD, "b", 0, .set = 0x30, .clr=0x70);
	SETATTR(AT_FDCWD, "b", 0, .set = 0x10, .clr=0x70);
	mounts_at("b");
	SETATTR(AT_FDCWD, "b", 0, .set = 0x20|0x80, .clr=0x70);
	mounts_at("b");
	SETATTR(AT_FDCWD, "b", 0, .clr=0x70|0x80);
	mounts_at("b");
	SETATTR(AT_FDCWD, "b", 0, .set=0x20000f);
	mounts_at("b");
	SETATTR(AT_FDCWD, "b", 0, .clr=0x1,.set=1);
	mounts_at("b");
	SETATTR(AT_FDCWD, "b", 0, .clr=0x20000f);
	mounts_at("b");
	SETATTR(AT_FDCWD, "b", 0, .prop=MS_SHARED);
	mounts_at("b");
	SETATTR(AT_FDCWD, "b", 0, .prop=MS_SHARED|MS_SLAVE);
	SETATTR(AT_FDCWD, "b", 0, .prop=MS_REC);
	SETATTR(AT_FDCWD, "b", 0, .prop=MS_PRIVATE);
	mounts_at("b");
	SETATTR(AT_FDCWD, "b", 0, 0);
	SETATTR(AT_FDCWD, "b", 0, .set=0x100000);
	SETATTR(AT_FDCWD, "b", 0, .ns=5);
	struct { struct mattr a; long more; } big = { { .set = 1 }, 1 };
	CALL(mount_setattr, AT_FDCWD, "b", 0, &big, 40); big.more = 0;
	CALL(mount_setattr, AT_FDCWD, "b", 0, &big, 40);
	mounts_at("b");
	SETATTR(AT_FDCWD, "b", 0, .clr=0x1);
	fd = open("b/f", O_RDWR);
	SETATTR(AT_FDCWD, "b", 0, .set=0x1);
	SETATTR(AT_FDCWD, "b", 0, .set=0x2);
	mounts_at("b");
	close(fd);
	mount("low","b/d","tmpfs",0,NULL);
	SETATTR(AT_FDCWD, "b", AT_RECURSIVE, .set=0x8);
	mounts_at("b");
	fd = open("b/d/f", O_RDWR|O_CREAT,0644);
	SETATTR(AT_FDCWD, "b", AT_RECURSIVE, .set=0x1);
	mounts_at("b");
	close(fd);
	SECTION("recursive clone");
	t = CALL(open_tree, AT_FDCWD, "b", OPEN_TREE_CLONE|AT_RECURSIVE);
	CALL(move_mount, t, "", AT_FDCWD, "c", 4);
	mounts_at("c");
	CALL(move_mount, t, "d", AT_FDCWD, "c", 0);
	close(t);
	SHOW(umount("c"));
	SHOW(umount("c/d"));
	SHOW(umount("c"));
	t = CALL(open_tree, AT_FDCWD, "b", OPEN_TREE_CLONE|AT_RECURSIVE);
	close(t);
	mount(NULL,"b",NULL,MS_UNBINDABLE,NULL);
	CALL(open_tree, AT_FDCWD, "b", OPEN_TREE_CLONE);
	SHOW(umount("b/d"));
	mount(NULL,"b",NULL,MS_PRIVATE,NULL);
	SHOW(umount("b"));
	SHOW(umount2("b", MNT_DETACH)); /* the directory is open */
	IN_CHILD("user", setuid(1000); SETATTR(AT_FDCWD, "/", 0, .set=0x1); SETATTR(AT_FDCWD, "/", 0, .set=0x400000));
	return 0;
}
