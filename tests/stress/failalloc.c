/* SPDX-License-Identifier: MIT
 *
 * tests/stress/failalloc.c - each allocation of a system call fails once; nothing may break or leak.
 *
 * For each operation and n = 1, 2, 3, ... a child writes n to /proc/self/fail-nth (the n-th page or slab allocation
 * from now on fails) and does the operation, until it succeeds without the knob having fired.  Each failure must be a
 * clean errno (or, in exec beyond the point of no return, the end of the child by a signal).  After all of it the
 * kernel's used pages and slab objects must be what they were (compared over a second round). */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS_MAX = 400 };

static int knob = -1;

static void fail_nth(int n)
{
	char text[16];
	int len = snprintf(text, sizeof text, "%d", n);
	if (pwrite(knob, text, len, 0) != len)
		_exit(90);
}
/* What is left of the count: 0 = it has fired. */
static int left(void)
{
	char text[16] = "";
	if (pread(knob, text, sizeof text - 1, 0) <= 0)
		_exit(91);
	return atoi(text);
}

/* Each returns 0 or -1 with errno. */
static int op_fork(void)
{
	pid_t p = fork();
	if (p == 0)
		_exit(0);
	if (p < 0)
		return -1;
	int st;
	return waitpid(p, &st, 0) == p ? 0 : -1;
}
static int op_exec(void)
{
	char *argv[] = { "true", NULL }, *envp[] = { NULL };
	return execve("/bin/true", argv, envp);
}
static int op_mmap(void)
{
	char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -1;
	return munmap(p, 1 << 20);
}
static int op_mmap_populate(void)
{
	char *p = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (p == MAP_FAILED)
		return -1;
	return munmap(p, 1 << 16);
}
static int op_open(void)
{
	int fd = open("/tmp/failalloc-file", O_CREAT | O_RDWR, 0600);
	if (fd < 0)
		return -1;
	close(fd);
	return unlink("/tmp/failalloc-file");
}
static int op_pipe(void)
{
	int p[2];
	if (pipe(p) < 0)
		return -1;
	ssize_t r = write(p[1], "x", 1);
	int e = errno;
	close(p[0]);
	close(p[1]);
	errno = e;
	return r == 1 ? 0 : -1;
}
static int op_write(void)
{
	static char big[50000];
	int fd = open("/tmp/failalloc-data", O_CREAT | O_RDWR, 0600);
	if (fd < 0)
		return -1;
	ssize_t r = write(fd, big, sizeof big);
	int e = errno;
	close(fd);
	if (r >= 0 && r < (ssize_t)sizeof big)
		e = ENOSPC; /* a short write is a clean answer too */
	unlink("/tmp/failalloc-data");
	errno = e;
	return r == sizeof big ? 0 : -1;
}
static int op_mkdir(void)
{
	if (mkdir("/tmp/failalloc-dir", 0700) < 0)
		return -1;
	return rmdir("/tmp/failalloc-dir");
}
static const struct {
	const char *name;
	int (*run)(void);
} ops[] = { { "fork", op_fork }, { "exec", op_exec }, { "mmap", op_mmap },	 { "mmap-populate", op_mmap_populate },
	    { "open", op_open }, { "pipe", op_pipe }, { "write", op_write }, { "mkdir", op_mkdir } };

/* One try in a child: 0 = done without a failure, 1 = failed cleanly, 2 = wrong. */
static int try(unsigned i, int n)
{
	pid_t p = fork();
	if (p < 0)
		return 2;
	if (p == 0) {
		knob = open("/proc/self/fail-nth", O_RDWR); /* of this process */
		if (knob < 0)
			_exit(92);
		fail_nth(n);
		int r = ops[i].run(), e = errno, fired = left() == 0;
		fail_nth(0);
		if (r == 0)
			_exit(fired ? 1 : 0); /* fired and done: the kernel found another way */
		_exit(e == ENOMEM || e == ENFILE || e == EAGAIN || e == ENOSPC ? 1 : 100 + e % 100);
	}
	int st;
	if (waitpid(p, &st, 0) != p)
		return 2;
	if (WIFSIGNALED(st)) /* a page fault or exec without memory */
		return WTERMSIG(st) == SIGKILL || WTERMSIG(st) == SIGSEGV || WTERMSIG(st) == SIGBUS ? 1 : 2;
	if (ops[i].run == op_exec && WEXITSTATUS(st) == 0)
		return 0;
	if (WEXITSTATUS(st) > 1) {
		printf("# %s n=%d: status %d\n", ops[i].name, n, WEXITSTATUS(st));
		return 2;
	}
	return WEXITSTATUS(st);
}

int main(void)
{
	int failed = 0, tries = 0;
	for (unsigned i = 0; i < sizeof ops / sizeof *ops; i++) {
		int n = 1, r;
		for (; n <= ROUNDS_MAX && (r = try(i, n)) != 0; n++, tries++)
			failed += r == 2;
		printf("# %s: succeeds after %d failures\n", ops[i].name, n - 1);
		if (n > ROUNDS_MAX)
			failed++;
		fflush(stdout);
	}
	printf("FAILALLOC tries=%d\nFAILALLOC failed=%d\n", tries, failed);
	return failed != 0;
}
