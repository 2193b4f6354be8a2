/* SPDX-License-Identifier: MIT
 *
 * tests/abi/abi.h - how a family of checks talks.
 *
 * An ABI test is an ordinary Linux program.  It prints what the kernel answered, one fact a line; the runner
 * runs it on Linux first and on Zerno then, and compares the lines and the exit status.  So no expected value is
 * typed in: print results, not verdicts, and nothing that may differ between two runs on Linux (pids, times,
 * addresses, inode numbers).  A case that hangs is ended by the runner. */
#pragma once
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* "name: result" or "name: -1 No such file or directory" of a call that sets errno. */
static inline long show_(const char *what, long r, int e)
{
	if (r == -1)
		printf("%s: -1 %s\n", what, strerror(e));
	else
		printf("%s: %ld\n", what, r);
	fflush(stdout);
	return r;
}
#define SHOW(call) ({ errno = 0; long r_ = (long)(call); show_(#call, r_, errno); })
/* Only whether it worked: for results that differ from run to run (descriptors are the same, addresses are not). */
#define SHOW_OK(call)                                                                                        \
	({                                                                                                   \
		errno = 0;                                                                                   \
		long r_ = (long)(call);                                                                      \
		int e_ = errno;                                                                              \
		printf("%s: %s\n", #call, r_ == -1 ? strerror(e_) : "ok");                                   \
		fflush(stdout);                                                                              \
		r_;                                                                                          \
	})
#define SHOW_INT(expr) ({ long r_ = (long)(expr); printf("%s = %ld\n", #expr, r_); fflush(stdout); r_; })
#define SHOW_HEX(expr) ({ unsigned long r_ = (unsigned long)(expr); printf("%s = 0x%lx\n", #expr, r_); fflush(stdout); r_; })
/* A system call by its number: what libc's wrapper would refuse, emulate or not know.  Arguments left out are 0. */
#define CALL(name, ...)                                                                                      \
	({                                                                                                   \
		errno = 0;                                                                                   \
		long r_ = CALL6_(SYS_##name, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0);                                \
		show_(#name "(" #__VA_ARGS__ ")", r_, errno);                                                \
	})
#define CALL6_(n, a, b, c, d, e, f, ...)                                                                     \
	syscall(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define SECTION(name) (printf("-- %s\n", name), fflush(stdout))

/* Runs the block in a child and prints how it ended. */
#define IN_CHILD(label, ...)                                                                                 \
	do {                                                                                                 \
		fflush(stdout);                                                                              \
		pid_t child_ = fork();                                                                       \
		if (child_ == 0) {                                                                           \
			__VA_ARGS__;                                                                         \
			fflush(stdout);                                                                      \
			_exit(0);                                                                            \
		}                                                                                            \
		int st_ = 0;                                                                                 \
		waitpid(child_, &st_, 0);                                                                    \
		show_status(label, st_);                                                                     \
	} while (0)
static inline void show_status(const char *label, int st)
{
	if (WIFEXITED(st))
		printf("%s: exit %d\n", label, WEXITSTATUS(st));
	else if (WIFSIGNALED(st))
		printf("%s: signal %d\n", label, WTERMSIG(st));
	else if (WIFSTOPPED(st))
		printf("%s: stopped %d\n", label, WSTOPSIG(st));
	else if (WIFCONTINUED(st))
		printf("%s: continued\n", label);
	fflush(stdout);
}
static inline void sleep_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}
static inline void make_file(const char *name, const char *text, int mode)
{
	int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	if (write(fd, text, strlen(text)) < 0 || fchmod(fd, mode) < 0)
		printf("make_file %s: %s\n", name, strerror(errno));
	close(fd);
}
static inline void print_stat(const char *what, int r, const struct stat *st)
{
	if (r < 0)
		printf("%s: %s\n", what, strerror(errno));
	else
		printf("%s: mode %06o uid %d gid %d links %d size %ld\n", what, st->st_mode, st->st_uid, st->st_gid,
		       (int)st->st_nlink, S_ISDIR(st->st_mode) ? 0 : (long)st->st_size);
	fflush(stdout);
}
/* The facts of a file that do not differ from run to run. */
static inline void show_stat(const char *name)
{
	struct stat st;
	int r = lstat(name, &st);
	print_stat(name, r, &st);
}
static inline void show_fstat(const char *what, int fd)
{
	struct stat st;
	int r = fstat(fd, &st);
	print_stat(what, r, &st);
}
/* From here on an ordinary user. */
static inline void become(int uid)
{
	if (syscall(SYS_setgroups, 0L, NULL) || syscall(SYS_setresgid, uid, uid, uid) || syscall(SYS_setresuid, uid, uid, uid))
		printf("become %d: %s\n", uid, strerror(errno));
}
/* SIGALRM every `ms` from now on (0: no more), so that a call that blocks is interrupted whenever it begins. */
static inline void ring(int ms)
{
	struct itimerval v = { { 0, ms * 1000 }, { 0, ms * 1000 } };
	setitimer(ITIMER_REAL, &v, NULL);
}
/* The state of a process or thread as in its stat file; 0 once it is gone. */
static inline char task_state(pid_t t)
{
	char name[32], b[400];
	snprintf(name, sizeof name, "/proc/%d/stat", t);
	int fd = open(name, O_RDONLY);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, b, sizeof b - 1);
	close(fd);
	b[n > 0 ? n : 0] = 0;
	char *p = strrchr(b, ')');
	return p ? p[2] : 0;
}
/* Until the process or thread `t`, of this process or another, sleeps in the call that it makes next, or has ended.
 * So no test guesses how long another needs to get there.  State S alone says it: a task that waits for a page or for
 * a lock of the kernel is D.  It is for tasks that are on a straight way to that call when this is called: just made
 * or announced, with nothing between that sleeps as well (sleep_ms(), a lock of the C library that others take, a
 * full pipe); where something does, a word or a pipe must tell first that it is over. */
static inline void until_asleep(pid_t t)
{
	while (!strchr("SZX", task_state(t))) /* strchr finds 0, too */
		sleep_ms(1);
}
/* Until the slave `s` has taken in what was written to its master: Linux moves bytes from one side to the other with a
 * worker.  A poll that finds nothing waits for that worker, and the count of what can be read waits for the line that
 * the worker is just taking in, with its echo. */
static inline void tty_settle(int s)
{
	struct pollfd p = { s, POLLIN, 0 };
	int n;
	poll(&p, 1, 0);
	ioctl(s, FIONREAD, &n);
}
/* Abstract names of sockets belong to the whole machine, where the same test may run twice: writes eight letters behind
 * one that only this process and its children know.  Their number. */
static inline unsigned tag_name(char *end)
{
	static char tag[9];
	if (!tag[0]) {
		struct timespec t;
		clock_gettime(CLOCK_MONOTONIC, &t);
		snprintf(tag, sizeof tag, "%08x", (unsigned)(t.tv_sec * 1000000 + t.tv_nsec / 1000));
	}
	memcpy(end, tag, 8);
	return 8;
}
/* Nanoseconds of a clock, to measure what a test cannot bound: how long the machine took. */
static inline long clock_ns(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000 + t.tv_nsec;
}
/* Of a thread of this process, field 18 of its stat file: 20 + nice, or -1 - priority. */
static inline int thread_priority(pid_t t)
{
	char path[64], line[512] = "", *p;
	int v = 0;
	snprintf(path, sizeof path, "/proc/self/task/%d/stat", t);
	FILE *f = fopen(path, "r");
	if (!f || !fgets(line, sizeof line, f) || !(p = strrchr(line, ')')))
		return 0;
	fclose(f);
	sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %d", &v);
	return v;
}
