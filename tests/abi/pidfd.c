/* SPDX-License-Identifier: MIT
 * tests/abi/pidfd.c - pidfd_open, pidfd_send_signal, pidfd_getfd, waitid(P_PIDFD), kcmp */
#include "abi.h"
#include <sys/epoll.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif
static int ready(int fd, int ms)
{
	struct pollfd p = { fd, POLLIN | POLLOUT, 0 };
	poll(&p, 1, ms);
	return p.revents;
}
/* The lines of fdinfo which only a pidfd has. */
static void show_fdinfo(int fd, int pid)
{
	char name[64], line[64];
	int nr;
	sprintf(name, "/proc/self/fdinfo/%d", fd);
	FILE *f = fopen(name, "r");
	while (fgets(line, sizeof line, f))
		if (strstr(line, "id:") && sscanf(strchr(line, '\t'), "%d", &nr) == 1 && !strstr(line, "mnt"))
			printf("%.*s: %s\n", (int)strcspn(line, ":"), line, nr == pid ? "the process" : nr == -1 ? "none" : "another");
	fclose(f);
}
static int go[2];
/* A child that ends when it is told to. */
static int child(int code)
{
	char b;
	fflush(stdout);
	int c = fork();
	if (c)
		return c;
	read(go[0], &b, 1);
	_exit(code);
}
int main(void)
{
	siginfo_t si;
	SECTION("errors");
	CALL(pidfd_open, 0, 0);
	CALL(pidfd_open, -1, 0);
	CALL(pidfd_open, 1, 1);
	CALL(pidfd_open, 4000000, 0);
	CALL(pidfd_send_signal, 1, 0, 0, 0);
	CALL(pidfd_send_signal, 99, 0, 0, 0);
	CALL(pidfd_getfd, 1, 0, 0);
	CALL(pidfd_getfd, 99, 0, 0);
	CALL(waitid, P_PIDFD, -1, &si, WEXITED, 0);
	CALL(waitid, P_PIDFD, 99, &si, WEXITED, 0);
	CALL(waitid, P_PIDFD, 1, &si, WEXITED, 0);
	SECTION("end of a process");
	pipe2(go, O_CLOEXEC);
	int c = child(5), fd = syscall(SYS_pidfd_open, c, 0);
	SHOW_INT(fd >= 0);
	SHOW_INT(fcntl(fd, F_GETFD));
	SHOW_HEX(fcntl(fd, F_GETFL));
	char b;
	SHOW(read(fd, &b, 1));
	SHOW_HEX(ready(fd, 0));
	show_fdinfo(fd, c);
	SHOW(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
	write(go[1], "", 1);
	SHOW_HEX(ready(fd, 60000));
	SHOW(waitid(P_PIDFD, fd, &si, WEXITED | WNOWAIT));
	SHOW_INT(si.si_status);
	SHOW_INT(si.si_pid == c);
	SHOW(waitid(P_PIDFD, fd, &si, WEXITED));
	show_fdinfo(fd, c);
	SHOW(waitid(P_PIDFD, fd, &si, WEXITED));
	SHOW_HEX(ready(fd, 0) & POLLIN);
	SHOW(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
	SHOW(syscall(SYS_pidfd_getfd, fd, 0, 0));
	close(fd);
	SECTION("not blocking");
	c = child(0);
	fd = syscall(SYS_pidfd_open, c, O_NONBLOCK);
	SHOW_HEX(fcntl(fd, F_GETFL));
	SHOW(waitid(P_PIDFD, fd, &si, WEXITED));
	si.si_pid = 7;
	SHOW(waitid(P_PIDFD, fd, &si, WEXITED | WNOHANG));
	SHOW_INT(si.si_pid);
	SHOW(syscall(SYS_pidfd_send_signal, fd, 65, NULL, 0));
	memset(&si, 0, sizeof(si));
	si.si_signo = SIGTERM;
	SHOW(syscall(SYS_pidfd_send_signal, fd, SIGKILL, &si, 0));
	SHOW(syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0x100));
	SHOW(syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0));
	SHOW_HEX(ready(fd, 60000));
	SHOW(waitid(P_PIDFD, fd, &si, WEXITED));
	SHOW_INT(si.si_status);
	close(fd);
	SECTION("files of another");
	int p[2];
	pipe(p);
	fflush(stdout);
	c = fork();
	if (!c) {
		int q[2];
		close(p[0]);
		pipe(q);
		dup2(q[1], 50);
		write(p[1], "x", 1);
		read(q[0], &b, 1);
		_exit(b);
	}
	read(p[0], &b, 1);
	fd = syscall(SYS_pidfd_open, c, 0);
	int w = syscall(SYS_pidfd_getfd, fd, 50, 0);
	SHOW_INT(w >= 0);
	SHOW_INT(fcntl(w, F_GETFD));
	SHOW(syscall(SYS_pidfd_getfd, fd, 51, 0));
	SHOW(syscall(SYS_pidfd_getfd, fd, 50, 1));
	SECTION("kcmp");
	SHOW(syscall(SYS_kcmp, getpid(), c, 0, w, 50));
	SHOW(syscall(SYS_kcmp, getpid(), c, 0, w, 99));
	SHOW(syscall(SYS_kcmp, getpid(), c, 0, p[1], p[1]));
	SHOW_INT(syscall(SYS_kcmp, getpid(), c, 1, 0, 0) > 0);
	SHOW_INT(syscall(SYS_kcmp, getpid(), c, 2, 0, 0) > 0);
	SHOW(syscall(SYS_kcmp, getpid(), getpid(), 1, 0, 0));
	SHOW(syscall(SYS_kcmp, getpid(), 4000000, 1, 0, 0));
	SHOW(syscall(SYS_kcmp, getpid(), getpid(), 99, 0, 0));
	int ep = epoll_create1(0);
	struct epoll_event ev = { EPOLLIN, { 0 } };
	uint32_t slot[3] = { ep, 70, 0 };
	dup2(p[0], 70);
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, 70, &ev));
	SHOW(syscall(SYS_kcmp, getpid(), getpid(), 7, p[0], slot));
	SHOW_INT(syscall(SYS_kcmp, getpid(), getpid(), 7, p[1], slot) > 0);
	SHOW(syscall(SYS_kcmp, getpid(), c, 7, p[0], slot));
	SHOW(syscall(SYS_kcmp, getpid(), getpid(), 7, 99, slot));
	SHOW(syscall(SYS_kcmp, getpid(), getpid(), 7, p[0], 8));
	slot[2] = 1;
	SHOW(syscall(SYS_kcmp, getpid(), getpid(), 7, p[0], slot));
	slot[1] = 71;
	SHOW(syscall(SYS_kcmp, getpid(), getpid(), 7, p[0], slot));
	slot[0] = p[1];
	SHOW(syscall(SYS_kcmp, getpid(), getpid(), 7, p[0], slot));
	close(ep);
	close(70);
	write(w, "\003", 1);
	SHOW(waitid(P_PIDFD, fd, &si, WEXITED));
	SHOW_INT(si.si_status);
	close(fd);
	SECTION("CLONE_PIDFD");
	int pfd = -1, status;
	long made = syscall(SYS_clone, 0x1000L | SIGCHLD, 0L, &pfd, 0L, 0L);
	if (!made)
		_exit(pfd < 0 && fcntl(3, F_GETFD) < 0 ? 5 : 6); /* only the parent has it */
	SHOW_INT(fcntl(pfd, F_GETFD));
	SHOW(waitid(P_PIDFD, pfd, &si, WEXITED));
	SHOW_INT(si.si_pid == made);
	SHOW_INT(si.si_status >= 5);
	close(pfd);
	SHOW(syscall(SYS_clone, 0x1000L | 0x100000L | SIGCHLD, 0L, &pfd, 0L, 0L)); /* one place for two */
	SHOW(syscall(SYS_clone, 0x1000L | SIGCHLD, 0L, 8L, 0L, 0L));
	SHOW(waitpid(-1, &status, 0));
	struct rlimit none = { 0, 0 }, old;
	getrlimit(RLIMIT_NOFILE, &old);
	none.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_NOFILE, &none);
	SHOW(syscall(SYS_clone, 0x1000L | SIGCHLD, 0L, &pfd, 0L, 0L));
	setrlimit(RLIMIT_NOFILE, &old);
	struct { uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls; } c3 = {
		.flags = 0x1000 | 0x100000, .pidfd = (uint64_t)(uintptr_t)&pfd, .exit_signal = SIGCHLD };
	int tid = 0;
	c3.parent_tid = (uint64_t)(uintptr_t)&tid;
	made = syscall(SYS_clone3, &c3, sizeof c3);
	if (!made)
		_exit(7);
	SHOW_INT(tid == made);
	SHOW(waitid(P_PIDFD, pfd, &si, WEXITED));
	SHOW_INT(si.si_status);
	close(pfd);
	SECTION("a directory of /proc");
	fd = open("/proc/self", O_RDONLY | O_DIRECTORY);
	SHOW(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
	close(fd);
	fd = open("/proc", O_RDONLY | O_DIRECTORY);
	SHOW(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
	close(fd);
	fd = open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
	SHOW(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
	SHOW(waitid(P_PIDFD, fd, &si, WEXITED));
	close(fd);
	SECTION("not ours");
	fd = syscall(SYS_pidfd_open, getpid(), 0);
	SHOW(waitid(P_PIDFD, fd, &si, WEXITED));
	return 0;
}
