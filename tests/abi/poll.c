/* SPDX-License-Identifier: MIT
 * tests/abi/poll.c - poll, ppoll, select, pselect */
#include "abi.h"

#include <sys/select.h>
static void h(int s) { (void)s; }
int main(void)
{
	int p[2], q[2];
	pipe(p);
	pipe(q);
	struct pollfd f[4] = { { p[0], POLLIN, 0 }, { q[0], POLLIN, 0 }, { -5, POLLIN, 7 }, { 99, POLLIN, 0 } };
	SHOW(poll(f, 3, 0));
	SHOW_INT(f[2].revents);
	SHOW(poll(f, 4, 0));
	SHOW_HEX(f[3].revents);
	SHOW(poll(f, 2, 20));
	write(q[1], "x", 1);
	SHOW(poll(f, 2, -1));
	SHOW_HEX(f[0].revents);
	SHOW_HEX(f[1].revents);
	SHOW(poll(NULL, 0, 10));
	SHOW(poll((void *)8, 1, 0));
	SHOW(poll(f, 100000000, 0));
	fflush(stdout);
	if (!fork()) {
		until_asleep(getppid());
		write(p[1], "y", 1);
		_exit(0);
	}
	SHOW(poll(f, 1, 60000));
	wait(NULL);
	struct timespec t = { 0, 1000000 }, bad = { 0, -1 };
	SHOW(ppoll(NULL, 0, &t, NULL));
	SHOW(ppoll(NULL, 0, &bad, NULL));
	SECTION("select");
	fd_set r, w;
	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_SET(p[0], &r);
	FD_SET(q[0], &r);
	FD_SET(p[1], &w);
	SHOW(select(10, &r, &w, NULL, NULL));
	SHOW_INT(FD_ISSET(p[0], &r) + 2 * FD_ISSET(q[0], &r) + 4 * FD_ISSET(p[1], &w));
	char b[2];
	read(p[0], b, 2);
	FD_ZERO(&r);
	FD_SET(p[0], &r);
	struct timeval tv = { 0, 20000 };
	SHOW(select(10, &r, NULL, NULL, &tv));
	SHOW_INT(FD_ISSET(p[0], &r));
	SHOW_INT(tv.tv_usec);
	FD_ZERO(&r);
	FD_SET(50, &r);
	SHOW(select(51, &r, NULL, NULL, NULL));
	SHOW(select(-1, NULL, NULL, NULL, NULL));
	tv.tv_sec = -1;
	SHOW(select(0, NULL, NULL, NULL, &tv));
	SECTION("signal masks");
	sigset_t m, o;
	struct sigaction sa = { .sa_handler = h };
	sigaction(SIGUSR1, &sa, NULL);
	sigemptyset(&m);
	sigaddset(&m, SIGUSR1);
	sigprocmask(SIG_BLOCK, &m, &o);
	raise(SIGUSR1);
	SHOW(ppoll(NULL, 0, NULL, &o));
	raise(SIGUSR1);
	SHOW(pselect(0, NULL, NULL, NULL, NULL, &o));
	sigpending(&m);
	SHOW_INT(sigismember(&m, SIGUSR1));
	SECTION("files are always ready");
	int fd = open("f", O_CREAT | O_RDWR, 0600);
	f[0] = (struct pollfd){ fd, POLLIN | POLLOUT | POLLPRI, 0 };
	SHOW(poll(f, 1, 0));
	SHOW_HEX(f[0].revents);
	f[0].fd = open("/dev/null", O_RDWR);
	SHOW(poll(f, 1, 0));
	SHOW_HEX(f[0].revents);
	return 0;
}
