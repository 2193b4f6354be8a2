/* SPDX-License-Identifier: MIT
 * tests/abi/fdctl.c - fcntl, dup, close_range, flock and record locks at length: arguments, owners, deadlock, inheritance */
#include "abi.h"

#include <sys/file.h>
enum { F_GETSIG_ = 11, OFD_GETLK = 36, OFD_SETLK = 37, OFD_SETLKW = 38 };
static int f, g;

static void which_open(const char *what, int from, int to)
{
	printf("%s:", what);
	for (int i = from; i <= to; i++)
		if (fcntl(i, F_GETFD) >= 0)
			printf(" %d%s", i, fcntl(i, F_GETFD) ? "c" : "");
	printf("\n");
	fflush(stdout);
}
static void flags(void)
{
	int p[2];
	SECTION("flags");
	pipe(p);
	CALL(fcntl, f, F_GETFL);
	CALL(fcntl, f, F_SETFL, -1 & ~(O_DIRECT | O_ASYNC));
	CALL(fcntl, f, F_GETFL);
	CALL(fcntl, f, F_SETFL, 0);
	CALL(fcntl, f, F_GETFL);
	CALL(fcntl, p[0], F_GETFL);
	CALL(fcntl, p[1], F_GETFL);
	CALL(fcntl, p[1], F_SETFL, O_NONBLOCK | O_APPEND);
	CALL(fcntl, p[1], F_GETFL);
	CALL(fcntl, f, F_SETFD, -1);
	CALL(fcntl, f, F_GETFD);
	CALL(fcntl, f, F_SETFD, 2);
	CALL(fcntl, f, F_GETFD);
	int s = open("f", O_RDWR | O_SYNC), d = open("f", O_RDWR | O_DSYNC), n = open("f", O_RDONLY | O_NOATIME);
	CALL(fcntl, s, F_GETFL);
	CALL(fcntl, d, F_GETFL);
	CALL(fcntl, n, F_GETFL);
	CALL(fcntl, s, F_SETFL, 0);
	CALL(fcntl, s, F_GETFL);
	int x = open("f", 3);
	CALL(fcntl, x, F_GETFL);
	char b[2];
	CALL(read, x, b, 1);
	CALL(write, x, b, 1);
	CALL(fcntl, open("/dev/null", O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_EXCL * 0, 0600), F_GETFL);
	CALL(fcntl, open(".", O_RDONLY), F_GETFL);
	CALL(fcntl, open(".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW), F_GETFL);
	CALL(fcntl, open(".", O_TMPFILE | O_RDWR, 0600), F_GETFL);
	CALL(fcntl, -1, F_GETFL);
	CALL(fcntl, 99, F_GETFL);
	CALL(fcntl, f, 4711);
	CALL(fcntl, f, -1);
	SECTION("owners and signals");
	CALL(fcntl, f, F_GETOWN);
	SHOW_INT(fcntl(f, F_SETOWN, getpid()));
	SHOW_INT(fcntl(f, F_GETOWN) == getpid());
	CALL(fcntl, f, F_SETOWN, 0);
	CALL(fcntl, f, F_GETOWN);
	CALL(fcntl, f, F_SETOWN, 999999);
	CALL(fcntl, f, F_SETOWN, INT_MIN);
	SHOW_INT(fcntl(p[0], F_SETOWN, -getpgrp()));
	struct { int type, pid; } ex = { 9, 9 };
	CALL(fcntl, p[0], F_GETOWN_EX, &ex);
	SHOW_INT(ex.type);
	SHOW_INT(ex.pid == getpgrp());
	ex.type = 1;
	ex.pid = getpid();
	CALL(fcntl, f, F_SETOWN_EX, &ex);
	ex.type = 7;
	CALL(fcntl, f, F_SETOWN_EX, &ex);
	CALL(fcntl, f, F_SETOWN_EX, 8);
	CALL(fcntl, f, F_GETOWN_EX, 8);
	ex.type = 0;
	ex.pid = getpid();
	CALL(fcntl, f, F_SETOWN_EX, &ex);
	ex.type = 5;
	CALL(fcntl, f, F_GETOWN_EX, &ex);
	SHOW_INT(ex.type * 10 + (ex.pid == getpid()));
	CALL(fcntl, f, F_SETOWN, 0);
	for (int i = 0; i < 40; i++) { /* a new one has no owner, whatever was in its place before */
		int fresh = dup(f), other = open(".", O_RDONLY);
		ex.type = 0; /* a thread */
		ex.pid = getpid();
		fcntl(other, F_SETOWN_EX, &ex);
		close(other);
		close(fresh);
	}
	for (int i = 0; i < 40; i++) {
		int fresh = open(".", O_RDONLY);
		fcntl(fresh, F_GETOWN_EX, &ex);
		close(fresh);
		if (ex.type != 1 || ex.pid)
			break;
	}
	SHOW_INT(ex.type * 10 + ex.pid);
	CALL(fcntl, f, F_GETSIG_);
	ex.type = 1;
	ex.pid = -5;
	CALL(fcntl, f, F_SETOWN_EX, &ex);
	ex.pid = 999999;
	CALL(fcntl, f, F_SETOWN_EX, &ex);
	pid_t k = fork();
	if (!k)
		pause();
	fcntl(f, F_SETOWN, k);
	SHOW_INT(fcntl(f, F_GETOWN) == k);
	kill(k, SIGKILL);
	waitpid(k, NULL, 0);
	CALL(fcntl, f, F_GETOWN);
	close(p[0]);
	close(p[1]);
}
static void copies(void)
{
	int base = 40;
	SECTION("dup and close_range");
	for (int i = 0; i < 10; i++)
		dup2(f, base + i);
	fcntl(base + 3, F_SETFD, FD_CLOEXEC);
	which_open("all", base, base + 10);
	CALL(close_range, base + 2, base + 4, 4);
	which_open("on exec", base, base + 10);
	CALL(close_range, base + 4, base + 5, 0);
	which_open("closed", base, base + 10);
	CALL(close_range, base + 8, -1, 0);
	which_open("the rest", base, base + 10);
	CALL(close_range, base + 4, base + 5, 0);
	CALL(close_range, 5, 4, 0);
	CALL(close_range, 5, 4, 8);
	CALL(close_range, base, base, 1);
	CALL(close_range, base, base, 2);
	which_open("after unshare", base, base + 10);
	CALL(close_range, base + 1, base + 1, 6);
	which_open("unshare, on exec", base, base + 10);
	IN_CHILD("shared table", pid_t k = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0L, 0L, 0L, 0L); if (!k) {
		 syscall(SYS_close_range, (long)base, (long)base + 9, 2L); which_open("child's own", base, base + 10); _exit(0); }
		 waitpid(k, NULL, 0); which_open("parent's", base, base + 10));
	CALL(close_range, base, base + 20, 0);
	CALL(dup3, f, 45, 0);
	CALL(dup3, f, 45, O_CLOEXEC);
	which_open("dup3", 40, 50);
	CALL(dup3, f, 45, O_NONBLOCK);
	CALL(dup3, 45, 45, O_CLOEXEC);
	CALL(dup3, 99, 45, 0);
	CALL(dup3, f, -1, 0);
	CALL(dup2, 45, 45);
	which_open("dup2 on itself", 40, 50);
	CALL(dup2, 99, 99);
	CALL(dup2, f, 45);
	which_open("dup2", 40, 50);
	CALL(fcntl, f, F_DUPFD, 45);
	CALL(fcntl, f, F_DUPFD_CLOEXEC, 45);
	which_open("F_DUPFD", 40, 50);
	CALL(fcntl, f, F_DUPFD, 1 << 30);
	CALL(fcntl, f, F_DUPFD, -1);
	CALL(close_range, 40, 60, 0);
	CALL(close, 45);
	CALL(close, -1);
}
static struct flock lk(int type, int whence, long start, long len) { return (struct flock){ .l_type = type, .l_whence = whence, .l_start = start, .l_len = len }; }
static void lock(const char *what, int fd, int cmd, int type, int whence, long start, long len)
{
	struct flock l = lk(type, whence, start, len);
	errno = 0;
	int r = fcntl(fd, cmd, &l);
	printf("%s: %d %s", what, r, r ? strerror(errno) : "");
	if (cmd == F_GETLK || cmd == OFD_GETLK)
		printf(" type %d whence %d start %ld len %ld pid %d", l.l_type, l.l_whence, l.l_start, l.l_len, l.l_pid > 0 ? 1 : l.l_pid);
	printf("\n");
	fflush(stdout);
}
/* What another process may lock of bytes 0..n. */
static void map_locks(const char *what, int n)
{
	fflush(stdout);
	if (!fork()) {
		printf("%s: ", what);
		for (int i = 0; i < n; i++) {
			struct flock w = lk(F_WRLCK, SEEK_SET, i, 1), r = lk(F_RDLCK, SEEK_SET, i, 1);
			fcntl(f, F_GETLK, &w);
			fcntl(f, F_GETLK, &r);
			putchar(r.l_type == F_WRLCK ? 'W' : w.l_type == F_RDLCK ? 'R' : '-');
		}
		printf("\n");
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
}
static void record_locks(void)
{
	SECTION("record locks");
	ftruncate(f, 20);
	lock("write 5-9", f, F_SETLK, F_WRLCK, SEEK_SET, 5, 5);
	map_locks("map", 25);
	lock("read 7", f, F_SETLK, F_RDLCK, SEEK_SET, 7, 1);
	map_locks("map", 25);
	lock("unlock 5-6", f, F_SETLK, F_UNLCK, SEEK_SET, 5, 2);
	map_locks("map", 25);
	lock("join", f, F_SETLK, F_RDLCK, SEEK_SET, 0, 10);
	map_locks("map", 25);
	lock("from the end", f, F_SETLK, F_WRLCK, SEEK_END, -3, 3);
	lseek(f, 12, SEEK_SET);
	lock("from here", f, F_SETLK, F_WRLCK, SEEK_CUR, 0, 2);
	lock("backwards", f, F_SETLK, F_WRLCK, SEEK_CUR, 4, -2);
	map_locks("map", 25);
	lock("to the end of all", f, F_SETLK, F_WRLCK, SEEK_SET, 22, 0);
	map_locks("map", 30);
	lock("before the start", f, F_SETLK, F_WRLCK, SEEK_SET, -1, 1);
	lock("before the start", f, F_SETLK, F_WRLCK, SEEK_SET, 1, -2);
	lock("too far", f, F_SETLK, F_WRLCK, SEEK_SET, LONG_MAX, 2);
	lock("up to the last", f, F_SETLK, F_WRLCK, SEEK_SET, LONG_MAX, 1);
	lock("bad whence", f, F_SETLK, F_WRLCK, 9, 0, 1);
	lock("bad type", f, F_SETLK, 9, SEEK_SET, 0, 1);
	lock("bad type to test", f, F_GETLK, F_UNLCK, SEEK_SET, 0, 1);
	lock("own locks do not hinder", f, F_GETLK, F_WRLCK, SEEK_SET, 0, 0);
	int ro = open("f", O_RDONLY), wo = open("f", O_WRONLY), path = open("f", O_PATH), p[2];
	pipe(p);
	lock("write lock, read only", ro, F_SETLK, F_WRLCK, SEEK_SET, 0, 1);
	lock("read lock, write only", wo, F_SETLK, F_RDLCK, SEEK_SET, 0, 1);
	lock("path", path, F_SETLK, F_RDLCK, SEEK_SET, 0, 1);
	lock("pipe", p[0], F_SETLK, F_RDLCK, SEEK_SET, 0, 1);
	lock("test through read only", ro, F_GETLK, F_WRLCK, SEEK_SET, 0, 1);
	map_locks("before a close", 25);
	close(wo);
	map_locks("a close drops all", 25);
	lock("again", f, F_SETLK, F_WRLCK, SEEK_SET, 0, 10);
	IN_CHILD("not inherited", lock("child", f, F_SETLK, F_WRLCK, SEEK_SET, 0, 1); lock("child", f, F_GETLK, F_WRLCK, SEEK_SET, 3, 100);
		 lock("child", f, F_SETLK, F_WRLCK, SEEK_SET, 10, 5); close(ro));
	map_locks("a child's close drops none", 25);
	SECTION("waiting");
	int go[2];
	char c;
	pipe(go);
	fflush(stdout);
	pid_t k = fork();
	if (!k) {
		lock("child has 20", f, F_SETLK, F_WRLCK, SEEK_SET, 20, 1);
		write(go[1], "r", 1);
		struct flock first = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1 };
		int r = fcntl(f, F_SETLKW, &first);
		read(go[0], &c, 1); /* the parent's line first */
		printf("child waits for 0: %d\n", r);
		fflush(stdout);
		_exit(0);
	}
	read(go[0], &c, 1);
	until_asleep(k);
	lock("a deadlock", f, F_SETLKW, F_WRLCK, SEEK_SET, 20, 1);
	lock("let go", f, F_SETLK, F_UNLCK, SEEK_SET, 0, 1);
	write(go[1], "g", 1);
	waitpid(k, NULL, 0);
	struct sigaction sa = { .sa_handler = (void (*)(int))close };
	sigaction(SIGALRM, &sa, NULL);
	IN_CHILD("interrupted", ring(30);
		 lock("waits", f, F_SETLKW, F_WRLCK, SEEK_SET, 5, 1));
	lock("all off", f, F_SETLK, F_UNLCK, SEEK_SET, 0, 0);
	SECTION("open file description locks");
	lock("one", f, OFD_SETLK, F_WRLCK, SEEK_SET, 0, 5);
	lock("other", g, OFD_SETLK, F_WRLCK, SEEK_SET, 4, 1);
	lock("other", g, OFD_SETLK, F_WRLCK, SEEK_SET, 5, 1);
	lock("test", g, OFD_GETLK, F_WRLCK, SEEK_SET, 0, 0);
	lock("process locks see them", g, F_GETLK, F_WRLCK, SEEK_SET, 0, 1);
	lock("process locks conflict", f, F_SETLK, F_WRLCK, SEEK_SET, 0, 1);
	IN_CHILD("inherited", lock("through the description", f, OFD_SETLK, F_WRLCK, SEEK_SET, 2, 1); lock("other", g, OFD_SETLK, F_WRLCK, SEEK_SET, 2, 1));
	int du = dup(f);
	close(du);
	lock("a close of a copy drops none", g, OFD_SETLK, F_WRLCK, SEEK_SET, 0, 1);
	lock("off", f, OFD_SETLK, F_UNLCK, SEEK_SET, 0, 0);
	lock("other", g, OFD_SETLK, F_WRLCK, SEEK_SET, 0, 1);
	lock("off", g, OFD_SETLK, F_UNLCK, SEEK_SET, 0, 0);
	SECTION("flock");
	CALL(flock, f, LOCK_SH);
	CALL(flock, g, LOCK_SH | LOCK_NB);
	CALL(flock, g, LOCK_EX | LOCK_NB);
	CALL(flock, g, LOCK_UN);
	CALL(flock, f, LOCK_EX | LOCK_NB);
	CALL(flock, g, LOCK_SH | LOCK_NB);
	IN_CHILD("inherited", CALL(flock, f, LOCK_SH | LOCK_NB); CALL(flock, g, LOCK_SH | LOCK_NB); CALL(flock, f, LOCK_UN));
	CALL(flock, g, LOCK_EX | LOCK_NB);
	CALL(flock, f, 0);
	CALL(flock, f, LOCK_NB);
	CALL(flock, f, LOCK_SH | LOCK_EX);
	CALL(flock, f, 16);
	CALL(flock, 99, LOCK_SH);
	CALL(flock, open("f", O_PATH), LOCK_SH);
	CALL(flock, open(".", O_RDONLY), LOCK_SH | LOCK_NB);
	CALL(flock, p[0], LOCK_SH | LOCK_NB);
	lock("record locks are another thing", f, F_SETLK, F_WRLCK, SEEK_SET, 0, 1);
	IN_CHILD("interrupted", ring(30); int h = open("f", O_RDWR);
		 CALL(flock, h, LOCK_EX));
	fflush(stdout);
	k = fork();
	if (!k) {
		int h = open("f", O_RDWR);
		close(g); /* or the lock would stay with this copy */
		write(go[1], "r", 1);
		CALL(flock, h, LOCK_EX);
		_exit(0);
	}
	read(go[0], &c, 1);
	until_asleep(k);
	printf("closing\n");
	fflush(stdout);
	close(g);
	waitpid(k, NULL, 0);
}
int main(void)
{
	setpgid(0, 0);
	f = open("f", O_RDWR | O_CREAT, 0644);
	g = open("f", O_RDWR);
	flags();
	copies();
	record_locks();
	return 0;
}
