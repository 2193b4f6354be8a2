/* SPDX-License-Identifier: MIT
 * tests/abi/signalfd.c - signalfd, signalfd4 */
#include "abi.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>
static struct signalfd_siginfo s[4];
static int ready(int fd, int ms)
{
	struct pollfd p = { fd, POLLIN | POLLOUT, 0 };
	poll(&p, 1, ms);
	return p.revents;
}
static void show_info(void)
{
	printf("signo %d code %d me %d status %d int %d\n", s[0].ssi_signo, s[0].ssi_code, s[0].ssi_pid == (unsigned)getpid(),
	       s[0].ssi_status, s[0].ssi_int);
	fflush(stdout);
}
int main(void)
{
	sigset_t m, two;
	sigemptyset(&m);
	sigaddset(&m, SIGUSR1);
	sigaddset(&m, SIGKILL);
	SECTION("errors");
	CALL(signalfd4, -1, &m, 8, 1);
	CALL(signalfd4, -1, &m, 4, 0);
	CALL(signalfd4, -1, 8, 8, 0);
	CALL(signalfd4, 99, &m, 8, 0);
	CALL(signalfd4, 1, &m, 8, 0);
	int f = signalfd(-1, &m, SFD_NONBLOCK | SFD_CLOEXEC);
	SHOW_INT(fcntl(f, F_GETFD));
	SHOW_HEX(fcntl(f, F_GETFL));
	show_fstat("signalfd", f);
	SHOW(read(f, s, 127));
	SHOW(read(f, s, 128));
	SHOW(write(f, s, 128));
	SECTION("reading");
	sigemptyset(&two);
	sigaddset(&two, SIGUSR1);
	sigaddset(&two, SIGUSR2);
	sigaddset(&two, SIGRTMIN);
	sigaddset(&two, SIGCHLD);
	sigprocmask(SIG_BLOCK, &two, NULL);
	SHOW_HEX(ready(f, 0));
	raise(SIGUSR2);
	SHOW_HEX(ready(f, 0));
	kill(getpid(), SIGUSR1);
	SHOW_HEX(ready(f, 0));
	SHOW(read(f, s, sizeof(s)));
	show_info();
	SHOW(read(f, s, sizeof(s)));
	SHOW(signalfd(f, &two, 0) == f);
	SHOW(read(f, s, sizeof(s)));
	show_info();
	union sigval val = { .sival_int = 42 };
	sigqueue(getpid(), SIGRTMIN, val);
	val.sival_int = 43;
	sigqueue(getpid(), SIGRTMIN, val);
	raise(SIGUSR1);
	SHOW(read(f, s, sizeof(s)));
	show_info();
	SHOW_INT(s[1].ssi_int);
	SHOW_INT(s[2].ssi_int);
	SHOW_INT(s[1].ssi_signo == (unsigned)SIGRTMIN);
	raise(SIGUSR1);
	SHOW(read(f, (void *)8, 128));
	SECTION("waiting");
	int e = epoll_create1(0);
	struct epoll_event ev = { .events = EPOLLIN };
	SHOW(epoll_ctl(e, EPOLL_CTL_ADD, f, &ev));
	SHOW(epoll_wait(e, &ev, 1, 0));
	fflush(stdout);
	pid_t c = fork();
	if (!c) {
		until_asleep(getppid());
		_exit(7);
	}
	SHOW(epoll_wait(e, &ev, 1, -1));
	SHOW(read(f, s, sizeof(s)));
	show_info();
	SHOW_INT(s[0].ssi_pid == (unsigned)c);
	wait(NULL);
	int b = signalfd(-1, &two, 0);
	c = getpid();
	if (!fork()) {
		until_asleep(getppid());
		kill(c, SIGUSR2);
		_exit(0);
	}
	SHOW(read(b, s, 128));
	show_info();
	wait(NULL);
	SHOW(read(b, s, sizeof(s)));
	show_info();
	return 0;
}
