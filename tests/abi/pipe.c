/* SPDX-License-Identifier: MIT
 * tests/abi/pipe.c - pipe(7): ends, atomicity, capacity, non-blocking, SIGPIPE, FIFOs */
#include "abi.h"

static void on_pipe(int s) { (void)s; printf("SIGPIPE\n"); fflush(stdout); }
int main(void)
{
	static char b[200000];
	int p[2];
	SECTION("basic");
	SHOW(pipe(p));
	SHOW(write(p[1], "hello", 5));
	SHOW(read(p[0], b, 3));
	SHOW(read(p[0], b, 10));
	SHOW(pipe((void *)8));
	SHOW(pipe2(p, 0x1));
	SECTION("end of file, SIGPIPE");
	pipe(p);
	write(p[1], "x", 1);
	close(p[1]);
	SHOW(read(p[0], b, 10));
	SHOW(read(p[0], b, 10));
	close(p[0]);
	signal(SIGPIPE, on_pipe);
	pipe(p);
	close(p[0]);
	SHOW(write(p[1], "x", 1));
	SHOW(write(p[1], "x", 0));
	signal(SIGPIPE, SIG_DFL);
	IN_CHILD("default", write(p[1], "x", 1));
	close(p[1]);
	SECTION("non-blocking and capacity");
	SHOW(pipe2(p, O_NONBLOCK | O_CLOEXEC));
	SHOW(fcntl(p[0], F_GETFD));
	SHOW(read(p[0], b, 1));
	SHOW(fcntl(p[0], F_GETPIPE_SZ));
	SHOW(write(p[1], b, 65536));
	SHOW(write(p[1], b, 1));
	SHOW(read(p[0], b, 100));
	SHOW(write(p[1], b, 4096));
	SHOW(read(p[0], b, 4096));
	SHOW_INT(write(p[1], b, 4097) >= 4096); /* Linux counts whole pages */
	int n;
	SHOW(ioctl(p[0], FIONREAD, &n));
	while (read(p[0], b, sizeof b) > 0)
		;
	SHOW(fcntl(p[0], F_SETPIPE_SZ, 1));
	SHOW(fcntl(p[0], F_GETPIPE_SZ));
	SHOW(fcntl(p[0], F_SETPIPE_SZ, 100000));
	SHOW(write(p[1], b, 200000));
	SHOW(fcntl(p[0], F_SETPIPE_SZ, 4096));
	SHOW(write(p[1], (void *)8, 10));
	close(p[0]);
	close(p[1]);
	SECTION("blocking transfer of 1 MB");
	pipe(p);
	fflush(stdout);
	if (fork() == 0) {
		close(p[0]);
		unsigned s = 0;
		for (int i = 0; i < 10; i++) {
			for (int j = 0; j < 100000; j++)
				b[j] = s++ * 7;
			write(p[1], b, 100000);
		}
		_exit(0);
	}
	close(p[1]);
	unsigned s = 0, bad = 0, total = 0;
	for (ssize_t r; (r = read(p[0], b, 7777)) > 0; total += r)
		for (int j = 0; j < r; j++)
			bad += b[j] != (char)(s++ * 7);
	SHOW_INT(total);
	SHOW_INT(bad);
	wait(NULL);
	close(p[0]);
	SECTION("atomic writers");
	pipe(p);
	for (int w = 0; w < 4; w++)
		if (fork() == 0) {
			memset(b, 'a' + w, 512);
			for (int i = 0; i < 200; i++)
				write(p[1], b, 512);
			_exit(0);
		}
	close(p[1]);
	total = bad = 0;
	size_t fill = 0;
	for (ssize_t r; (r = read(p[0], b + fill, 512 - fill)) > 0;) {
		fill += r;
		total += r;
		if (fill == 512) {
			for (int i = 1; i < 512; i++)
				bad += b[i] != b[0];
			fill = 0;
		}
	}
	while (wait(NULL) > 0)
		;
	SHOW_INT(total);
	SHOW_INT(bad);
	close(p[0]);
	SECTION("poll");
	pipe(p);
	struct pollfd f[2] = { { p[0], POLLIN, 0 }, { p[1], POLLOUT, 0 } };
	SHOW(poll(f, 2, 0));
	SHOW_HEX(f[0].revents);
	SHOW_HEX(f[1].revents);
	write(p[1], "x", 1);
	SHOW(poll(f, 2, 0));
	SHOW_HEX(f[0].revents);
	close(p[1]);
	SHOW(poll(f, 1, 0));
	SHOW_HEX(f[0].revents);
	read(p[0], b, 1);
	SHOW(poll(f, 1, 0));
	SHOW_HEX(f[0].revents);
	close(p[0]);
	pipe(p);
	close(p[0]);
	f[1].fd = p[1];
	SHOW(poll(f + 1, 1, 0));
	SHOW_HEX(f[1].revents);
	close(p[1]);
	SECTION("fifo");
	SHOW(mkfifo("q", 0600));
	SHOW(open("q", O_WRONLY | O_NONBLOCK));
	int r = SHOW(open("q", O_RDONLY | O_NONBLOCK));
	SHOW(read(r, b, 1));
	int w = SHOW(open("q", O_WRONLY | O_NONBLOCK));
	SHOW(read(r, b, 1));
	SHOW(write(w, "abc", 3));
	SHOW(read(r, b, 10));
	close(w);
	SHOW(read(r, b, 1));
	close(r);
	r = SHOW(open("q", O_RDWR));
	SHOW(write(r, "z", 1));
	SHOW(read(r, b, 1));
	close(r);
	fflush(stdout);
	if (fork() == 0) {
		w = open("q", O_WRONLY);
		write(w, "late", 4);
		_exit(0);
	}
	r = open("q", O_RDONLY);
	SHOW(read(r, b, 10));
	wait(NULL);
	return 0;
}
