/* SPDX-License-Identifier: MIT
 * tests/abi/fsopen.c - fsopen, fsconfig, fsmount, fspick: contexts, their options and their log */
#include "abi.h"
#include <sys/mount.h>

enum { FSCONFIG_SET_FLAG, FSCONFIG_SET_STRING, FSCONFIG_SET_BINARY, FSCONFIG_SET_PATH, FSCONFIG_SET_PATH_EMPTY, FSCONFIG_SET_FD,
       FSCONFIG_CMD_CREATE, FSCONFIG_CMD_RECONFIGURE };

/* What the context has to say. */
static void log_of(int fd)
{
	char b[300];
	ssize_t n;
	while ((n = read(fd, b, sizeof b - 1)) >= 0) {
		b[n] = 0;
		printf("log: %s", b);
	}
	printf("log: %s\n", strerror(errno));
	fflush(stdout);
}
/* The mounts at or below this name, without their numbers. */
static void mounts_at(const char *name)
{
	char c[200];
	snprintf(c, sizeof c, "grep ' /tmp/w/%s' /proc/self/mountinfo | sed 's/master:[0-9]*/master/;s/shared:[0-9]*/shared/' | cut -d' ' -f4-", name);
	fflush(stdout);
	system(c);
}
static void show_link(int fd)
{
	char name[50], l[100];
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(name, l, sizeof l);
	printf("link: %.*s\n", (int)n, l);
}
static void rest(void)
{
	int fd, t;
	mkdir("b", 0755);
	mount("srcdir", "b", "tmpfs", 0, "size=64k");
	mkdir("b/d", 0755);
	SECTION("fspick");
	CALL(fspick, AT_FDCWD, "b", 0x20);
	CALL(fspick, AT_FDCWD, "none", 0);
	CALL(fspick, AT_FDCWD, "b/d", 0);
	CALL(fspick, AT_FDCWD, "", 8);
	fd = CALL(fspick, AT_FDCWD, "b", 1);
	SHOW(fcntl(fd,F_GETFD));
	CALL(fsconfig, fd, FSCONFIG_CMD_CREATE, 0,0,0);
	CALL(fsmount, fd, 0, 0);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "size","128k",0);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "bad","128k",0); 
	CALL(fsconfig, fd, FSCONFIG_CMD_RECONFIGURE, 0,0,0);
	log_of(fd);
	mounts_at("b");
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "size","4k",0);
	CALL(fsconfig, fd, FSCONFIG_SET_FLAG, "ro",0,0);
	CALL(fsconfig, fd, FSCONFIG_CMD_RECONFIGURE, 0,0,0);
	log_of(fd);
	mounts_at("b");
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "source","x",0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_CMD_RECONFIGURE, 0,0,0);
	log_of(fd);
	mounts_at("b");
	int fd2 = CALL(fspick, AT_FDCWD, "b", 1);
	CALL(fsconfig, fd2, FSCONFIG_CMD_RECONFIGURE, 0,0,0);
	log_of(fd2);
	mounts_at("b");
	CALL(fsconfig, fd2, FSCONFIG_SET_FLAG, "rw",0,0);
	CALL(fsconfig, fd2, FSCONFIG_CMD_RECONFIGURE, 0,0,0);
	log_of(fd2);
	mounts_at("b");
	CALL(fsconfig, fd2, FSCONFIG_SET_STRING, "mode","700",0);
	CALL(fsconfig, fd2, FSCONFIG_CMD_RECONFIGURE, 0,0,0);
	log_of(fd2);
	mounts_at("b");
	close(fd);
	close(fd2);
	SHOW(umount("b"));
	SECTION("others");
	fd = CALL(fsopen,"proc",0);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "bad","128k",0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_CMD_CREATE, 0,0,0);
	log_of(fd);
	t = CALL(fsmount, fd, 1, 0x0f);
	CALL(move_mount, t, "", AT_FDCWD, "b", 4);
	mounts_at("b");
	close(t);
	close(fd);
	SHOW(access("b/self/status",F_OK));
	SHOW(umount("b"));
	fd = CALL(fsopen,"sysfs",0);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "bad","128k",0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_CMD_CREATE, 0,0,0);
	log_of(fd);
	t = CALL(fsmount, fd, 1, 0x0f);
	CALL(move_mount, t, "", AT_FDCWD, "b", 4);
	mounts_at("b");
	close(t);
	close(fd);
	SHOW(umount("b"));
	fd = CALL(fsopen,"ext4",0);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "bad","128k",0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_CMD_CREATE, 0,0,0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_CMD_CREATE, 0,0,0);
	log_of(fd);
	close(fd);
	fd = CALL(fsopen,"ext4",0);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "source","none",0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_CMD_CREATE, 0,0,0);
	log_of(fd);
	close(fd);
	fd = CALL(fsopen,"ext4",0);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "source","/dev/null",0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_CMD_CREATE, 0,0,0);
	log_of(fd);
	close(fd);
	fd = CALL(fsopen,"overlay",0);
	CALL(fsconfig, fd, FSCONFIG_CMD_CREATE, 0,0,0);
	log_of(fd);
	close(fd);
	mkdir("lo",0755); mkdir("up",0755); mkdir("wo",0755);
	close(creat("lo/q",0644));
	fd = CALL(fsopen,"overlay",0);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "source","ovl",0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "lowerdir","lo",0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "upperdir","up",0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "workdir","wo",0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_CMD_CREATE, 0,0,0);
	log_of(fd);
	t = CALL(fsmount, fd, 1, 0);
	CALL(move_mount, t, "", AT_FDCWD, "b", 4);
	close(t);
	close(fd);
	SHOW(access("b/q",F_OK));
	SHOW(umount("b"));
	SECTION("user");
	fd = CALL(fsopen,"tmpfs",0);
	CALL(fsconfig, fd, FSCONFIG_CMD_CREATE, 0,0,0); 
	IN_CHILD("user", setuid(1000);
	CALL(fsopen,"tmpfs",0); CALL(fsopen,"nosuch",0);
	CALL(fsconfig, fd, FSCONFIG_CMD_CREATE, 0,0,0);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "size","128k",0);
	CALL(fsmount, fd, 0, 0);
	CALL(open_tree, AT_FDCWD, "/", 1);
	CALL(open_tree, AT_FDCWD, "/", 0);
	CALL(fspick, AT_FDCWD, "/", 0);
	CALL(move_mount, AT_FDCWD, "/", AT_FDCWD, "/", 0);
	
	);
	close(fd);
}
int main(void)
{
	int fd;
	CALL(fsopen, "nosuch", 0);
	CALL(fsopen, "tmpfs", 2);
	CALL(fsopen, NULL, 0);
	fd = CALL(fsopen, "tmpfs", 0);
	log_of(fd);
	SHOW(fcntl(fd, F_GETFD));
	SHOW_HEX(fcntl(fd, F_GETFL));
	SHOW_OK(write(fd, "x", 1));
	show_link(fd);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "size", "64k", 0);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "nonsense", "64k", 0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "size", "x", 0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_SET_FLAG, "size", 0, 0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_SET_FLAG, "ro", 0, 0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "ro", "1", 0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_SET_FLAG, "rw", 0, 0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_SET_FLAG, "noatime", 0, 0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_SET_FLAG, "sync", 0, 0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_SET_FLAG, "lazytime", 0, 0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_SET_FLAG, "mand", 0, 0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "source", "hello", 0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "source", "again", 0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_SET_FLAG, "source", 0, 0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_SET_FLAG, "flag", "x", 0);
	CALL(fsconfig, fd, FSCONFIG_SET_FLAG, NULL, 0, 0);
	CALL(fsconfig, fd, FSCONFIG_SET_FLAG, "flag", 0, 1);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "size", 0, 0);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "size", "1k", 1);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "", "1k", 0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_SET_FLAG, "", 0, 0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_SET_BINARY, "size", "1k", 2);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_SET_BINARY, "size", "1k", 0);
	CALL(fsconfig, fd, FSCONFIG_SET_PATH, "size", "/tmp", 0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_SET_PATH, "size", "/tmp", AT_FDCWD);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_SET_PATH_EMPTY, "size", "", AT_FDCWD);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_SET_FD, "size", 0, 0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_SET_FD, "size", 0, 99);
	CALL(fsconfig, fd, FSCONFIG_SET_FD, "size", "x", 0);
	CALL(fsconfig, fd, FSCONFIG_CMD_CREATE, "x", 0, 0);
	CALL(fsconfig, fd, FSCONFIG_CMD_CREATE, 0, "x", 0);
	CALL(fsconfig, fd, FSCONFIG_CMD_CREATE, 0, 0, 1);
	CALL(fsconfig, fd, 77, 0, 0, 0);
	CALL(fsconfig, 99, FSCONFIG_CMD_CREATE, 0, 0, 0);
	CALL(fsconfig, -1, FSCONFIG_CMD_CREATE, 0, 0, 0);
	CALL(fsconfig, 0, FSCONFIG_CMD_CREATE, 0, 0, 0);
	CALL(fsmount, fd, 0, 0);
	CALL(fsconfig, fd, FSCONFIG_CMD_RECONFIGURE, 0, 0, 0);
	CALL(fsconfig, fd, FSCONFIG_CMD_CREATE, 0, 0, 0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_CMD_CREATE, 0, 0, 0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "size", "64k", 0);
	log_of(fd);
	CALL(fsmount, fd, 2, 0);
	CALL(fsmount, fd, 0, 0x1000000);
	CALL(fsmount, fd, 0, 0x30);
	CALL(fsmount, 99, 0, 0);
	CALL(fsmount, 0, 0, 0);
	int m = CALL(fsmount, fd, 0, 0x1|0x10);
	log_of(fd);
	CALL(fsmount, fd, 0, 0);
	CALL(fsconfig, fd, FSCONFIG_SET_STRING, "size", "64k", 0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_CMD_RECONFIGURE, 0, 0, 0);
	log_of(fd);
	CALL(fsconfig, fd, FSCONFIG_CMD_CREATE, 0, 0, 0);
	log_of(fd);
	SHOW(fcntl(m, F_GETFD));
	SHOW_HEX(fcntl(m, F_GETFL));
	show_link(m);
	SHOW(openat(m, "f", O_CREAT|O_RDWR, 0600));
	SHOW(mkdirat(m,"d",0755));
	mkdir("a",0755);
	CALL(move_mount, m, "", AT_FDCWD, "nowhere", 4);
	CALL(move_mount, m, "", AT_FDCWD, "a", 0);
	CALL(move_mount, m, "", AT_FDCWD, "a", 0x80000000);
	CALL(move_mount, m, "d", AT_FDCWD, "a", 0);
	CALL(move_mount, m, "", AT_FDCWD, "a", 4);
	CALL(move_mount, m, "", AT_FDCWD, "a", 4);
	mounts_at("a");
	SHOW(umount("a"));
	close(m);
	SHOW(umount("a"));
	rest();
	return 0;
}
