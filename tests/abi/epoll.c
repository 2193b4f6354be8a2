/* SPDX-License-Identifier: MIT
 * tests/abi/epoll.c - epoll_create, epoll_ctl, epoll_wait, epoll_pwait, epoll_pwait2 */
#include "abi.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
static void h(int s) { (void)s; }
static int ep;
static struct epoll_event got[200];
static int ctl(int e, int op, int fd, unsigned events, int data)
{
	struct epoll_event ev = { .events = events, .data.u64 = data };
	return epoll_ctl(e, op, fd, &ev);
}
static void show_ready(const char *what, int e, int ms)
{
	int n = epoll_wait(e, got, 200, ms);
	printf("%s: %d:", what, n);
	for (int i = 0; i < n && i < 10; i++)
		printf(" %lld=%x", (long long)got[i].data.u64, got[i].events);
	puts("");
	fflush(stdout);
}
static void put(int fd)
{
	uint64_t v = 1;
	write(fd, &v, 8);
}
static void take(int fd)
{
	uint64_t v;
	read(fd, &v, 8);
}
static void errors(void)
{
	SECTION("errors");
	int p[2], f = open("f", O_CREAT | O_RDWR, 0600);
	pipe(p);
	CALL(epoll_create, 0);
	CALL(epoll_create1, 1);
	CALL(epoll_ctl, ep, EPOLL_CTL_ADD, p[0], 8);
	CALL(epoll_ctl, ep, 77, p[0], 8);
	SHOW(ctl(ep, EPOLL_CTL_ADD, f, EPOLLIN, 0));
	SHOW(ctl(ep, EPOLL_CTL_ADD, 99, EPOLLIN, 0));
	SHOW(ctl(99, EPOLL_CTL_ADD, f, EPOLLIN, 0));
	SHOW(ctl(ep, EPOLL_CTL_ADD, ep, EPOLLIN, 0));
	SHOW(ctl(p[0], EPOLL_CTL_ADD, p[1], EPOLLIN, 0));
	SHOW(ctl(ep, 77, p[0], EPOLLIN, 0));
	SHOW(ctl(ep, EPOLL_CTL_MOD, p[0], EPOLLIN, 0));
	CALL(epoll_ctl, ep, EPOLL_CTL_DEL, p[0], 0);
	SHOW(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN, 0));
	SHOW(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN, 0));
	SHOW(ctl(ep, EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLEXCLUSIVE, 0));
	CALL(epoll_ctl, ep, EPOLL_CTL_DEL, p[0], 0);
	SHOW(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT, 0));
	SHOW(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN | EPOLLEXCLUSIVE | EPOLLPRI, 0));
	SHOW(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN | EPOLLEXCLUSIVE | EPOLLET | EPOLLWAKEUP, 0));
	SHOW(ctl(ep, EPOLL_CTL_MOD, p[0], EPOLLIN, 0));
	CALL(epoll_ctl, ep, EPOLL_CTL_DEL, p[0], 0);
	CALL(epoll_wait, ep, got, 0, 0);
	CALL(epoll_wait, ep, got, -1, 0);
	CALL(epoll_wait, ep, got, INT_MAX, 0);
	CALL(epoll_wait, ep, -4096L, 10, 0);
	CALL(epoll_wait, p[0], got, 10, 0);
	CALL(epoll_wait, 99, got, 10, 0);
	write(p[1], "x", 1);
	SHOW(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN, 5));
	CALL(epoll_wait, ep, 8, 10, 0);
	show_ready("after EFAULT", ep, 0);
	show_fstat("epoll", ep);
	char c;
	SHOW(read(ep, &c, 1));
	close(p[0]);
	close(p[1]);
	show_ready("closed", ep, 0);
	close(f);
}
static void triggers(void)
{
	SECTION("level, edge, oneshot");
	int e = eventfd(0, EFD_NONBLOCK);
	SHOW(ctl(ep, EPOLL_CTL_ADD, e, EPOLLIN, 1));
	show_ready("none", ep, 0);
	put(e);
	show_ready("level", ep, 0);
	show_ready("level", ep, 0);
	take(e);
	show_ready("level", ep, 0);
	SHOW(ctl(ep, EPOLL_CTL_MOD, e, EPOLLIN | EPOLLET, 2));
	put(e);
	show_ready("edge", ep, 0);
	show_ready("edge", ep, 0);
	put(e);
	show_ready("edge", ep, 0);
	show_ready("edge", ep, 0);
	SHOW(ctl(ep, EPOLL_CTL_MOD, e, EPOLLIN | EPOLLOUT | EPOLLET, 3));
	show_ready("edge after MOD", ep, 0);
	SHOW(ctl(ep, EPOLL_CTL_MOD, e, EPOLLIN | EPOLLONESHOT, 4));
	show_ready("oneshot", ep, 0);
	put(e);
	show_ready("oneshot", ep, 0);
	SHOW(ctl(ep, EPOLL_CTL_MOD, e, EPOLLIN | EPOLLONESHOT, 5));
	show_ready("rearmed", ep, 0);
	SHOW(ctl(ep, EPOLL_CTL_MOD, e, 0, 6));
	show_ready("nothing asked", ep, 0);
	close(e);
	SECTION("pipes");
	int p[2];
	pipe(p);
	SHOW(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN | EPOLLRDHUP, 1));
	SHOW(ctl(ep, EPOLL_CTL_ADD, p[1], EPOLLOUT, 2));
	show_ready("pipe", ep, 0);
	write(p[1], "x", 1);
	SHOW(ctl(ep, EPOLL_CTL_DEL, p[1], 0, 2));
	show_ready("pipe", ep, 0);
	close(p[1]);
	show_ready("hang-up", ep, 0);
	close(p[0]);
	pipe(p);
	SHOW(ctl(ep, EPOLL_CTL_ADD, p[1], 0, 3));
	show_ready("no reader yet", ep, 0);
	close(p[0]);
	show_ready("no reader", ep, 0);
	SECTION("closing");
	int d = dup(p[1]);
	close(p[1]);
	show_ready("a duplicate is open", ep, 0);
	SHOW(ctl(ep, EPOLL_CTL_DEL, p[1], 0, 3));
	SHOW(ctl(ep, EPOLL_CTL_ADD, d, 0, 4));
	show_ready("two keys", ep, 0);
	close(d);
	show_ready("closed", ep, 0);
}
static void nesting(void)
{
	SECTION("sets in sets");
	int e = eventfd(0, EFD_NONBLOCK), in = epoll_create1(0), out = epoll_create1(0);
	SHOW(ctl(in, EPOLL_CTL_ADD, e, EPOLLIN, 1));
	SHOW(ctl(out, EPOLL_CTL_ADD, in, EPOLLIN, 2));
	SHOW(ctl(out, EPOLL_CTL_ADD, in, EPOLLIN, 2));
	SHOW(ctl(in, EPOLL_CTL_ADD, out, EPOLLIN, 2));
	show_ready("out", out, 0);
	put(e);
	show_ready("out", out, 0);
	struct pollfd p = { out, POLLIN, 0 };
	SHOW(poll(&p, 1, 0));
	show_ready("in", in, 0);
	take(e);
	SHOW(poll(&p, 1, 0));
	show_ready("out", out, 0);
	SHOW(ctl(out, EPOLL_CTL_ADD, epoll_create1(0), EPOLLIN | EPOLLEXCLUSIVE, 0));
	close(in);
	put(e);
	show_ready("inner set closed", out, 0);
	int chain[10];
	for (int i = 0; i < 10; i++)
		chain[i] = epoll_create1(0);
	for (int i = 1; i < 9; i++)
		printf("chain %d: %s\n", i, ctl(chain[i], EPOLL_CTL_ADD, chain[i - 1], EPOLLIN, 0) ? strerror(errno) : "ok");
	SHOW(ctl(chain[0], EPOLL_CTL_ADD, chain[3], EPOLLIN, 0));
	SHOW(ctl(chain[0], EPOLL_CTL_ADD, e, EPOLLIN, 0));
	show_ready("chain", chain[4], 0);
	for (int i = 0; i < 10; i++)
		close(chain[i]);
	close(out);
	close(e);
}
static void many(void)
{
	SECTION("many");
	int e[100];
	for (int i = 0; i < 100; i++) {
		e[i] = eventfd(i % 2, EFD_NONBLOCK);
		ctl(ep, EPOLL_CTL_ADD, e[i], EPOLLIN, i);
	}
	show_ready("half", ep, 0);
	SHOW(epoll_wait(ep, got, 7, 0));
	SHOW_INT(got[0].data.u64);
	SHOW(epoll_wait(ep, got, 45, 0));
	SHOW_INT(got[0].data.u64);
	SHOW_INT(got[44].data.u64);
	for (int i = 0; i < 100; i += 2)
		put(e[i]);
	show_ready("all", ep, 0);
	for (int i = 0; i < 100; i++)
		close(e[i]);
	show_ready("none", ep, 0);
}
static void waiting(void)
{
	SECTION("waiting");
	int e = eventfd(0, EFD_NONBLOCK);
	struct timespec t = { 0, 1000000 }, bad = { 0, -1 };
	ctl(ep, EPOLL_CTL_ADD, e, EPOLLIN | EPOLLEXCLUSIVE, 1);
	show_ready("timeout", ep, 10);
	SHOW(syscall(SYS_epoll_pwait2, ep, got, 10, &t, NULL, 8));
	SHOW(syscall(SYS_epoll_pwait2, ep, got, 10, &bad, NULL, 8));
	fflush(stdout);
	pid_t c = fork();
	if (!c) {
		until_asleep(getppid());
		put(e);
		_exit(0);
	}
	show_ready("woken", ep, -1);
	waitpid(c, NULL, 0);
	take(e);
	struct sigaction sa = { .sa_handler = h, .sa_flags = SA_RESTART };
	sigaction(SIGALRM, &sa, NULL);
	ring(20);
	show_ready("signal", ep, -1);
	puts(strerror(errno));
	ring(0);
	sigset_t m, o;
	sigemptyset(&m);
	sigaddset(&m, SIGALRM);
	sigprocmask(SIG_BLOCK, &m, &o);
	raise(SIGALRM);
	SHOW(epoll_pwait(ep, got, 10, -1, &o));
	sigpending(&m);
	SHOW_INT(sigismember(&m, SIGALRM));
	SHOW(syscall(SYS_epoll_pwait, ep, got, 10, 0, &o, 4));
	close(e);
}
int main(void)
{
	ep = epoll_create1(EPOLL_CLOEXEC);
	SHOW_INT(fcntl(ep, F_GETFD));
	SHOW_HEX(fcntl(ep, F_GETFL));
	errors();
	triggers();
	nesting();
	many();
	waiting();
	return 0;
}
