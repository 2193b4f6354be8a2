/* SPDX-License-Identifier: MIT
 * tests/abi/unshare.c - unshare(2), setns(2): what a process parts with, and the errors */
#include "abi.h"
#include <sys/eventfd.h>

/* A child of clone with the given flags does `what` and ends. */
static char stack[65536] __attribute__((aligned(64)));
static int with(unsigned long flags, int (*what)(void *))
{
	int st = -1;
	fflush(stdout);
	pid_t c = clone(what, stack + sizeof stack, flags | SIGCHLD, NULL);
	if (c < 0) {
		printf("clone: %s\n", strerror(errno));
		return -1;
	}
	waitpid(c, &st, __WALL);
	return st;
}
static int leave_files(void *unused)
{
	(void)unused;
	long r = unshare(CLONE_FILES);
	close(100);
	return r ? errno : 0;
}
static int leave_fs(void *unused)
{
	(void)unused;
	long r = unshare(CLONE_FS);
	umask(0077);
	chdir("/");
	return r ? errno : 0;
}
static int leave_both(void *unused)
{
	(void)unused;
	long r = unshare(CLONE_FS | CLONE_FILES | CLONE_SYSVSEM);
	umask(0077);
	close(100);
	return r ? errno : 0;
}
static int keep(void *unused)
{
	(void)unused;
	long r = unshare(0);
	umask(0011);
	close(100);
	return r ? errno : 0;
}

int main(void)
{
	char cwd[100];
	SECTION("descriptors, the working directory, the mask");
	dup2(1, 100);
	umask(022);
	SHOW(with(CLONE_FILES, leave_files));
	SHOW(fcntl(100, F_GETFD));
	SHOW(with(CLONE_FS, leave_fs));
	SHOW_INT(strcmp(getcwd(cwd, sizeof cwd), "/"));
	SHOW_INT(umask(022));
	SHOW(with(CLONE_FS | CLONE_FILES, leave_both));
	SHOW(fcntl(100, F_GETFD));
	SHOW_INT(umask(022));
	SHOW(with(CLONE_FS | CLONE_FILES, keep));
	SHOW(fcntl(100, F_GETFD));
	SHOW_INT(umask(022));
	SECTION("nothing that is shared");
	SHOW(unshare(0));
	SHOW(unshare(CLONE_FILES | CLONE_FS | CLONE_SYSVSEM));
	SHOW(unshare(CLONE_THREAD));
	SHOW(unshare(CLONE_SIGHAND));
	SHOW(unshare(CLONE_VM));
	SECTION("what cannot be");
	CALL(unshare, CLONE_PARENT);
	CALL(unshare, CLONE_VFORK);
	CALL(unshare, CLONE_SETTLS);
	CALL(unshare, CLONE_IO);
	CALL(unshare, CLONE_PTRACE);
	CALL(unshare, 0x100000000);
	CALL(unshare, SIGCHLD);
	CALL(unshare, -1L);
	IN_CHILD("user", become(1000); SHOW(unshare(CLONE_FILES | CLONE_FS)); SHOW(unshare(CLONE_NEWUTS)); SHOW(unshare(CLONE_NEWIPC));
		 SHOW(unshare(CLONE_NEWNS)); SHOW(unshare(CLONE_NEWPID)); SHOW(unshare(CLONE_NEWNET));
		 SHOW(unshare(CLONE_NEWCGROUP)); SHOW(syscall(SYS_clone, CLONE_NEWUTS | SIGCHLD, 0, 0, 0, 0));
		 SHOW(syscall(SYS_clone, CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0)));
	SHOW(syscall(SYS_clone, CLONE_NEWNS | CLONE_FS | SIGCHLD, 0, 0, 0, 0));
	SHOW(syscall(SYS_clone, CLONE_NEWPID | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, stack + 60000, 0, 0, 0));
	SECTION("setns");
	int e = eventfd(0, 0), f = open("/dev/null", O_RDONLY), p = syscall(SYS_pidfd_open, getpid(), 0);
	SHOW(setns(-1, 0));
	SHOW(setns(200, CLONE_NEWUTS));
	SHOW(setns(e, 0));
	SHOW(setns(f, CLONE_NEWNET));
	SHOW(setns(f, 1));
	SHOW(setns(p, 0));
	SHOW(setns(p, CLONE_FILES));
	SHOW(setns(p, -1));
	return 0;
}
