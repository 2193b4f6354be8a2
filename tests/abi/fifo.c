/* SPDX-License-Identifier: MIT
 * tests/abi/fifo.c - FIFOs and pipes: opening, waiting, ends that come and go, poll, ioctl, fcntl, stat */
#include "abi.h"

static char b[70000];
static void state(const char *what, int fd, int want)
{
	struct pollfd p = { fd, want, 0 };
	int r = poll(&p, 1, 0);
	printf("%s: poll %d revents 0x%x\n", what, r, p.revents);
	fflush(stdout);
}
static void opening(void)
{
	int p[2];
	char c;
	SECTION("opening");
	CALL(mknod, "q", S_IFIFO | 0600, 0);
	CALL(open, "q", O_WRONLY | O_NONBLOCK);
	int r = CALL(open, "q", O_RDONLY | O_NONBLOCK);
	state("no writer yet", r, POLLIN);
	CALL(read, r, b, 1);
	int w = CALL(open, "q", O_WRONLY | O_NONBLOCK);
	state("writer", r, POLLIN);
	state("writer's side", w, POLLOUT);
	CALL(read, r, b, 1);
	CALL(write, w, "abc", 3);
	int r2 = CALL(open, "q", O_RDONLY);
	CALL(read, r2, b, 2);
	CALL(read, r, b, 2);
	close(r2);
	write(w, "z", 1);
	close(w);
	state("writer gone", r, POLLIN);
	CALL(read, r, b, 2);
	state("drained", r, POLLIN);
	CALL(read, r, b, 2);
	w = CALL(open, "q", O_WRONLY);
	state("a new writer", r, POLLIN);
	close(r);
	state("no reader", w, POLLOUT);
	signal(SIGPIPE, SIG_IGN);
	CALL(write, w, "x", 1);
	r = open("q", O_RDONLY | O_NONBLOCK);
	CALL(write, w, "x", 1);
	close(r);
	r = open("q", O_RDONLY | O_NONBLOCK);
	CALL(read, r, b, 10);
	close(r);
	close(w);
	r = open("q", O_RDONLY | O_NONBLOCK);
	CALL(read, r, b, 10); /* what was in it is gone with the last end */
	close(r);
	r = open("q", O_RDWR);
	state("both ends", r, POLLIN | POLLOUT);
	CALL(write, r, "self", 4);
	CALL(read, r, b, 10);
	close(r);
	CALL(open, "q", O_RDWR | O_CREAT | O_EXCL, 0600);
	CALL(open, "q", O_RDONLY | O_NONBLOCK | O_DIRECTORY);
	r = CALL(open, "q", O_RDONLY | O_NONBLOCK | O_TRUNC);
	CALL(lseek, r, 0, SEEK_SET);
	CALL(pread64, r, b, 1, 0);
	CALL(ftruncate, r, 0);
	CALL(mmap, 0, 4096, PROT_READ, MAP_SHARED, r, 0);
	CALL(getdents64, r, b, 100);
	CALL(write, r, "x", 1);
	close(r);
	SECTION("openers that wait");
	pipe(p);
	fflush(stdout);
	pid_t k = fork();
	if (!k) {
		write(p[1], "r", 1);
		w = open("q", O_WRONLY);
		write(w, "hello", 5);
		_exit(0);
	}
	read(p[0], &c, 1);
	r = CALL(open, "q", O_RDONLY);
	CALL(read, r, b, 10);
	CALL(read, r, b, 10);
	waitpid(k, NULL, 0);
	close(r);
	k = fork();
	if (!k) {
		r = open("q", O_RDONLY);
		while (read(r, b, 100) > 0)
			;
		_exit(7);
	}
	w = CALL(open, "q", O_WRONLY);
	CALL(write, w, b, 50);
	close(w);
	int st;
	waitpid(k, &st, 0);
	show_status("reader", st);
	struct sigaction sa = { .sa_handler = SIG_DFL };
	sa.sa_handler = (void (*)(int))close; /* any handler without SA_RESTART */
	sigaction(SIGALRM, &sa, NULL);
	ring(30);
	CALL(open, "q", O_RDONLY);
	CALL(open, "q", O_WRONLY);
	ring(0);
	chmod("q", 0400);
	IN_CHILD("user", become(1000); CALL(open, "q", O_RDONLY | O_NONBLOCK));
	show_stat("q");
	CALL(unlink, "q");
	close(p[0]);
	close(p[1]);
}
static void pipes(void)
{
	int p[2], n = -1;
	SECTION("pipes");
	CALL(pipe2, p, O_CLOEXEC);
	SHOW_INT(fcntl(p[0], F_GETFD));
	SHOW_INT(fcntl(p[0], F_GETFL));
	SHOW_INT(fcntl(p[1], F_GETFL));
	show_fstat("read end", p[0]);
	show_fstat("write end", p[1]);
	struct stat st;
	fstat(p[0], &st);
	SHOW_INT(st.st_blksize);
	CALL(fcntl, p[1], F_SETFL, O_NONBLOCK);
	SHOW_INT(fcntl(p[0], F_GETFL));
	state("empty, to read", p[0], POLLIN | POLLOUT | POLLRDNORM);
	state("empty, to write", p[1], POLLIN | POLLOUT | POLLWRNORM);
	CALL(ioctl, p[0], FIONREAD, &n);
	SHOW_INT(n);
	CALL(write, p[1], b, 1000);
	CALL(write, p[1], b, 234);
	CALL(ioctl, p[0], FIONREAD, &n);
	SHOW_INT(n);
	CALL(ioctl, p[1], FIONREAD, &n);
	SHOW_INT(n);
	CALL(ioctl, p[0], FIONREAD, 8);
	n = 1;
	CALL(ioctl, p[0], FIONBIO, &n);
	SHOW_INT(fcntl(p[0], F_GETFL));
	n = 0;
	CALL(ioctl, p[0], FIONBIO, &n);
	SHOW_INT(fcntl(p[0], F_GETFL));
	CALL(ioctl, p[0], FIOCLEX);
	SHOW_INT(fcntl(p[0], F_GETFD));
	CALL(ioctl, p[0], FIONCLEX);
	SHOW_INT(fcntl(p[0], F_GETFD));
	CALL(ioctl, p[0], TCGETS, b);
	CALL(ioctl, p[0], 0xdeadbeef, b);
	CALL(ioctl, 99, FIONREAD, &n);
	CALL(read, p[0], b, 5000);
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	CALL(fcntl, p[0], F_GETPIPE_SZ);
	CALL(fcntl, p[0], F_SETPIPE_SZ, 4097);
	CALL(fcntl, p[1], F_GETPIPE_SZ);
	CALL(fcntl, p[0], F_SETPIPE_SZ, 0);
	CALL(fcntl, p[0], F_SETPIPE_SZ, 1 << 20);
	CALL(fcntl, p[0], F_SETPIPE_SZ, -1);
	IN_CHILD("user", become(1000); CALL(fcntl, p[0], F_SETPIPE_SZ, (1 << 20) + 1); CALL(fcntl, p[0], F_SETPIPE_SZ, 4096));
	int f = open("f", O_RDWR | O_CREAT, 0600);
	CALL(fcntl, f, F_GETPIPE_SZ);
	CALL(fcntl, f, F_SETPIPE_SZ, 4096);
	CALL(write, p[1], b, 4096);
	state("full, to write", p[1], POLLOUT);
	CALL(write, p[1], b, 1);
	CALL(read, p[0], b, 1);
	state("a byte read, to write", p[1], POLLOUT);
	CALL(read, p[0], b, 4095);
	state("empty again", p[1], POLLOUT);
	CALL(write, p[1], b, 60000);
	CALL(read, p[0], b, 60000);
	CALL(fsync, p[0]);
	CALL(flock, p[0], 1);
	CALL(readv, p[1], NULL, 0);
	CALL(write, p[1], b, 0);
	CALL(read, p[0], b, 0);
	CALL(read, p[1], b, 0);
	CALL(write, p[0], b, 0);
	SECTION("doors in /proc");
	char name[40];
	sprintf(name, "/proc/self/fd/%d", p[0]);
	int w = SHOW_OK(open(name, O_WRONLY | O_NONBLOCK));
	CALL(write, w, "through proc", 12);
	CALL(read, p[0], b, 100);
	int r = SHOW_OK(open(name, O_RDONLY | O_NONBLOCK));
	CALL(read, r, b, 100);
	close(w);
	close(p[1]);
	CALL(read, r, b, 100);
	state("hung up", r, POLLIN);
	state("nothing asked", r, 0);
	close(p[0]);
	close(r);
	SECTION("a blocked writer");
	pipe(p);
	fflush(stdout);
	pid_t k = fork();
	if (!k) {
		close(p[0]);
		signal(SIGPIPE, SIG_IGN);
		CALL(write, p[1], b, 70000);
		_exit(0);
	}
	close(p[1]);
	ssize_t got = 0;
	while (got < 70000)
		got += read(p[0], b, 5000);
	close(p[0]);
	waitpid(k, NULL, 0);
	SHOW_INT(got);
	pipe(p);
	k = fork();
	if (!k) {
		close(p[0]);
		write(p[1], b, 70000);
		_exit(1);
	}
	close(p[1]);
	for (got = 0; got < 5000;)
		got += read(p[0], b, 1000);
	close(p[0]);
	int status;
	waitpid(k, &status, 0);
	show_status("writer without reader", status);
}
int main(void)
{
	opening();
	pipes();
	return 0;
}
