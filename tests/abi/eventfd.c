/* SPDX-License-Identifier: MIT
 * tests/abi/eventfd.c - eventfd, eventfd2 */
#include "abi.h"

#include <sys/eventfd.h>
static uint64_t v;
static void h(int s) { (void)s; }
static int ready(int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLPRI, 0 };
	poll(&p, 1, 0);
	return p.revents;
}
int main(void)
{
	SECTION("arguments");
	CALL(eventfd2, 0, 2);
	CALL(eventfd2, 0, 0x10000);
	int e = eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC);
	SHOW_INT(fcntl(e, F_GETFD));
	SHOW_HEX(fcntl(e, F_GETFL));
	char b[64] = "", name[64];
	snprintf(name, sizeof(name), "/proc/self/fd/%d", e);
	SHOW(readlink(name, b, sizeof(b)));
	puts(b);
	show_fstat("eventfd", e);
	SECTION("counting");
	SHOW_HEX(ready(e));
	SHOW(read(e, &v, 4));
	SHOW(read(e, &v, 16));
	SHOW_INT(v);
	SHOW_HEX(ready(e));
	SHOW(read(e, &v, 8));
	v = 0;
	SHOW(write(e, &v, 8));
	SHOW_HEX(ready(e));
	v = 5;
	SHOW(write(e, &v, 7));
	SHOW(write(e, &v, 8));
	SHOW(write(e, &v, 8));
	SHOW(read(e, (void *)8, 8));
	SHOW(write(e, (void *)8, 8));
	SHOW(read(e, &v, 8));
	v = UINT64_MAX;
	SHOW(write(e, &v, 8));
	v = UINT64_MAX - 1;
	SHOW(write(e, &v, 8));
	SHOW_HEX(ready(e));
	v = 1;
	SHOW(write(e, &v, 8));
	SHOW(read(e, &v, 8));
	SHOW_HEX(v);
	SECTION("semaphore");
	int s = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
	SHOW(read(s, &v, 8));
	SHOW_INT(v);
	SHOW(read(s, &v, 8));
	SHOW(read(s, &v, 8));
	SECTION("blocking");
	e = eventfd(0, 0);
	int back = eventfd(0, 0);
	fflush(stdout);
	pid_t c = fork();
	if (!c) {
		for (int i = 0; i < 100; i++) {
			uint64_t x;
			read(e, &x, 8);
			write(back, &x, 8);
		}
		_exit(0);
	}
	uint64_t sum = 0;
	for (int i = 1; i <= 100; i++) {
		v = i;
		write(e, &v, 8);
		read(back, &v, 8);
		sum += v;
	}
	waitpid(c, NULL, 0);
	SHOW_INT(sum);
	v = UINT64_MAX - 1;
	write(e, &v, 8);
	fflush(stdout);
	if (!fork()) {
		until_asleep(getppid());
		read(e, &v, 8);
		_exit(0);
	}
	v = 7;
	SHOW(write(e, &v, 8));
	wait(NULL);
	SHOW(read(e, &v, 8));
	SHOW_INT(v);
	struct sigaction sa = { .sa_handler = h };
	sigaction(SIGALRM, &sa, NULL);
	ring(20);
	SHOW(read(e, &v, 8));
	ring(0);
	return 0;
}
