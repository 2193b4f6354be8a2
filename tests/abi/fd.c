/* SPDX-License-Identifier: MIT
 * tests/abi/fd.c - dup, dup2, dup3, fcntl, close_range, flock, record locks */
#include "abi.h"

#include <sys/file.h>
int main(void)
{
	int fd = open("f", O_RDWR | O_CREAT, 0644);
	SECTION("dup");
	int a = SHOW(dup(fd));
	SHOW(dup2(fd, 10));
	SHOW(dup2(fd, fd));
	SHOW(dup2(99, 10));
	SHOW(dup2(fd, -1));
	SHOW(dup2(fd, 100000000));
	SHOW(dup3(fd, 11, O_CLOEXEC));
	SHOW(fcntl(11, F_GETFD));
	SHOW(dup3(fd, fd, 0));
	SHOW(dup3(fd, 12, 1));
	SHOW(fcntl(fd, F_DUPFD, 20));
	SHOW(fcntl(fd, F_DUPFD_CLOEXEC, 20));
	SHOW(fcntl(21, F_GETFD));
	SHOW(fcntl(fd, F_DUPFD, -1));
	SECTION("shared offset and flags");
	write(fd, "hello", 5);
	SHOW(lseek(a, 0, SEEK_CUR));
	SHOW(fcntl(a, F_SETFL, O_APPEND | O_NONBLOCK));
	SHOW_HEX(fcntl(fd, F_GETFL) & ~0100000);
	SHOW(fcntl(a, F_SETFL, O_RDONLY));
	SHOW_HEX(fcntl(fd, F_GETFL) & ~0100000);
	SHOW(fcntl(fd, 9999));
	SHOW(fcntl(99, F_GETFD));
	SHOW(fcntl(fd, F_SETFD, FD_CLOEXEC));
	SHOW(fcntl(fd, F_GETFD));
	SHOW(fcntl(a, F_GETFD));
	SECTION("close_range");
	SHOW(syscall(SYS_close_range, 10, 30, 0));
	SHOW(fcntl(11, F_GETFD));
	SHOW(syscall(SYS_close_range, 30, 10, 0));
	SHOW(syscall(SYS_close_range, a, a, 4));
	SHOW(fcntl(a, F_GETFD));
	SECTION("flock");
	int g = open("f", O_RDWR);
	SHOW(flock(fd, LOCK_EX));
	SHOW(flock(g, LOCK_EX | LOCK_NB));
	SHOW(flock(g, LOCK_SH | LOCK_NB));
	SHOW(flock(fd, LOCK_SH));
	SHOW(flock(g, LOCK_SH | LOCK_NB));
	SHOW(flock(g, LOCK_UN));
	SHOW(flock(fd, 99));
	SHOW(flock(fd, LOCK_UN));
	SECTION("record locks");
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 10 };
	SHOW(fcntl(fd, F_SETLK, &l));
	fflush(stdout);
	if (fork() == 0) {
		struct flock t = { .l_type = F_WRLCK, .l_start = 0, .l_len = 0 };
		SHOW(fcntl(fd, F_GETLK, &t));
		SHOW_INT(t.l_type);
		SHOW_INT(t.l_start);
		SHOW_INT(t.l_len);
		SHOW_INT(t.l_pid == getppid());
		t = (struct flock){ .l_type = F_WRLCK, .l_start = 15, .l_len = 1 };
		SHOW(fcntl(fd, F_SETLK, &t));
		t = (struct flock){ .l_type = F_RDLCK, .l_start = 0, .l_len = 10 };
		SHOW(fcntl(fd, F_SETLK, &t));
		_exit(0);
	}
	wait(NULL);
	l.l_type = F_UNLCK;
	l.l_start = 12;
	l.l_len = 3;
	SHOW(fcntl(fd, F_SETLK, &l));
	fflush(stdout);
	if (fork() == 0) {
		struct flock t = { .l_type = F_WRLCK, .l_start = 12, .l_len = 3 };
		SHOW(fcntl(fd, F_SETLK, &t));
		t = (struct flock){ .l_type = F_WRLCK, .l_start = 0, .l_len = 0 };
		fcntl(fd, F_GETLK, &t);
		SHOW_INT(t.l_start);
		SHOW_INT(t.l_len);
		_exit(0);
	}
	wait(NULL);
	SHOW(close(g)); /* drops all record locks of the process on the file */
	fflush(stdout);
	if (fork() == 0) {
		struct flock t = { .l_type = F_WRLCK };
		SHOW(fcntl(fd, F_SETLK, &t));
		_exit(0);
	}
	wait(NULL);
	int p[2];
	pipe(p);
	l = (struct flock){ .l_type = F_WRLCK };
	SHOW(fcntl(fd, F_SETLKW, &l));
	fflush(stdout);
	pid_t k = fork();
	if (k == 0) {
		struct flock t = { .l_type = F_WRLCK };
		write(p[1], "x", 1);
		SHOW(fcntl(fd, F_SETLKW, &t));
		_exit(0);
	}
	char c;
	read(p[0], &c, 1);
	until_asleep(k);
	l.l_type = F_UNLCK;
	printf("unlocking\n");
	fflush(stdout);
	fcntl(fd, F_SETLK, &l);
	wait(NULL);
	SHOW(fcntl(fd, F_SETLK, (void *)8));
	int ro = open("f", O_RDONLY);
	l = (struct flock){ .l_type = F_WRLCK };
	SHOW(fcntl(ro, F_SETLK, &l));
	SECTION("open file description locks");
	int h = open("f", O_RDWR);
	l = (struct flock){ .l_type = F_WRLCK };
	SHOW(fcntl(fd, 37, &l));
	SHOW(fcntl(h, 37, &l));
	l.l_pid = 5;
	SHOW(fcntl(h, 37, &l));
	return 0;
}
