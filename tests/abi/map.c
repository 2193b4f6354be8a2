/* SPDX-License-Identifier: MIT
 * tests/abi/map.c - mappings: kinds over fork and exec, ends of files, protections, mremap, madvise, locking, brk, stacks */
#include "abi.h"

#include <sys/prctl.h>
enum { PAGE = 4096 };
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#ifndef MADV_COLD
#define MADV_COLD 20
#define MADV_PAGEOUT 21
#endif
enum { POPULATE_READ = 22, POPULATE_WRITE = 23, DONTUNMAP = 4 };
static int fd;

static char *map(size_t pages) { return mmap(NULL, pages * PAGE, RW, ANON, -1, 0); }
/* mmap's answer without its address. */
static void *try_map_(const char *what, void *at, size_t len, int prot, int flags, int f, long off)
{
	errno = 0;
	void *p = (void *)syscall(SYS_mmap, at, len, (long)prot, (long)flags, (long)f, off);
	printf("mmap(%s): %s\n", what, p == MAP_FAILED ? strerror(errno) : "ok");
	fflush(stdout);
	return p;
}
#define TRY_MAP(...) try_map_(#__VA_ARGS__, __VA_ARGS__)
static void arguments(void)
{
	char *p = map(4);
	int ro = open("f", O_RDONLY), wo = open("f", O_WRONLY), path = open("f", O_PATH), dir = open(".", O_RDONLY), q[2];
	int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR);
	pipe(q);
	SECTION("arguments");
	TRY_MAP(NULL, 0, RW, ANON, -1, 0);
	TRY_MAP(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0);
	TRY_MAP(NULL, PAGE, RW, MAP_SHARED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	TRY_MAP(NULL, PAGE, RW, ANON, fd, 0);
	TRY_MAP(NULL, PAGE, RW, ANON, -1, 12345);
	TRY_MAP(NULL, PAGE, RW, ANON, -1, -4096L);
	TRY_MAP(NULL, -1, RW, ANON, -1, 0);
	TRY_MAP(NULL, 1, RW, ANON, -1, 0);
	TRY_MAP(NULL, PAGE, RW, MAP_PRIVATE, -1, 0);
	TRY_MAP(NULL, PAGE, RW, MAP_PRIVATE, 99, 0);
	TRY_MAP(NULL, PAGE, RW, MAP_PRIVATE, fd, 4095);
	TRY_MAP(NULL, PAGE, RW, MAP_PRIVATE, fd, -4096L);
	TRY_MAP(NULL, PAGE, RW, MAP_SHARED, fd, 0x7ffffffffffff000L);
	TRY_MAP(NULL, PAGE, RW, MAP_PRIVATE, fd, 1L << 40);
	TRY_MAP(NULL, PAGE, PROT_READ, MAP_PRIVATE, ro, 0);
	TRY_MAP(NULL, PAGE, RW, MAP_PRIVATE, ro, 0);
	TRY_MAP(NULL, PAGE, PROT_READ, MAP_SHARED, ro, 0);
	TRY_MAP(NULL, PAGE, RW, MAP_SHARED, ro, 0);
	TRY_MAP(NULL, PAGE, PROT_WRITE, MAP_SHARED, wo, 0);
	TRY_MAP(NULL, PAGE, PROT_WRITE, MAP_PRIVATE, wo, 0);
	TRY_MAP(NULL, PAGE, PROT_NONE, MAP_PRIVATE, wo, 0);
	TRY_MAP(NULL, PAGE, PROT_READ, MAP_PRIVATE, path, 0);
	TRY_MAP(NULL, PAGE, PROT_READ, MAP_PRIVATE, dir, 0);
	TRY_MAP(NULL, PAGE, PROT_READ, MAP_PRIVATE, q[0], 0);
	TRY_MAP(NULL, PAGE, PROT_READ, MAP_PRIVATE, null, 0);
	TRY_MAP(NULL, PAGE, RW, MAP_PRIVATE, zero, 0);
	TRY_MAP(NULL, PAGE, RW, MAP_SHARED, zero, 0);
	TRY_MAP(NULL, PAGE, RW, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1, 0);
	TRY_MAP(NULL, PAGE, RW, MAP_SHARED_VALIDATE, fd, 0);
	TRY_MAP(NULL, PAGE, RW, MAP_SHARED_VALIDATE | 0x200000, fd, 0);
	TRY_MAP(NULL, PAGE, RW, MAP_SHARED_VALIDATE | MAP_LOCKED | MAP_POPULATE | MAP_NORESERVE, fd, 0);
	TRY_MAP(NULL, PAGE, RW, ANON | 0x8000000, -1, 0);
	TRY_MAP((void *)0x1234, PAGE, RW, ANON, -1, 0);
	TRY_MAP((void *)PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	TRY_MAP(p + 1, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	TRY_MAP((void *)(0x800000000000 - PAGE), PAGE, RW, ANON | MAP_FIXED, -1, 0);
	TRY_MAP((void *)(0x7fffffffe000), PAGE, RW, ANON | MAP_FIXED, -1, 0);
	TRY_MAP((void *)(0x7fffffffe000), 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0);
	TRY_MAP((void *)-4096L, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	TRY_MAP(NULL, 1UL << 47, RW, ANON | MAP_NORESERVE, -1, 0);
	TRY_MAP(NULL, 1UL << 40, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
	SHOW_INT(mmap(p + PAGE, PAGE, RW, ANON, -1, 0) != p + PAGE); /* a hint that is taken is not obeyed */
	SHOW_INT(mmap(p, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED);
	SHOW_INT((unsigned long)mmap(NULL, PAGE, RW, ANON | MAP_32BIT, -1, 0) < 1UL << 31);
	IN_CHILD("user", become(1000); TRY_MAP((void *)0, PAGE, RW, ANON | MAP_FIXED, -1, 0));
	SECTION("munmap");
	CALL(munmap, p, 0);
	CALL(munmap, p + 1, PAGE);
	CALL(munmap, p, -1);
	CALL(munmap, 0x800000000000, PAGE);
	CALL(munmap, 0x10000, PAGE);
	CALL(munmap, p + PAGE, 1);
	CALL(munmap, p, 4 * PAGE);
	CALL(munmap, p, 4 * PAGE);
	IN_CHILD("gone", p[0] = 1);
	close(q[0]);
	close(q[1]);
}
static void protections(void)
{
	char *p = map(6);
	memset(p, 'p', 6 * PAGE);
	SECTION("mprotect");
	CALL(mprotect, p, PAGE, PROT_NONE);
	IN_CHILD("PROT_NONE, read", (void)*(volatile char *)p);
	IN_CHILD("PROT_NONE, then writable", mprotect(p, PAGE, RW); SHOW_INT(p[5]); p[5] = 1);
	CALL(mprotect, p, PAGE, PROT_READ);
	IN_CHILD("write", p[0] = 1);
	IN_CHILD("system call writes", CALL(read, open("/dev/zero", O_RDONLY), p, 10));
	IN_CHILD("system call writes half", mprotect(p, PAGE, RW); mprotect(p + PAGE, PAGE, PROT_READ);
		 CALL(read, open("/dev/zero", O_RDONLY), p + PAGE - 5, 10));
	CALL(mprotect, p, PAGE, PROT_WRITE);
	SHOW_INT(p[0]);
	CALL(mprotect, p, PAGE, PROT_EXEC);
	CALL(mprotect, p, PAGE, 8);
	CALL(mprotect, p, PAGE, PROT_GROWSDOWN);
	CALL(mprotect, p, PAGE, PROT_GROWSDOWN | PROT_GROWSUP);
	CALL(mprotect, p, 0, PROT_READ);
	CALL(mprotect, p + 8, PAGE, PROT_READ);
	CALL(mprotect, p, -1, PROT_READ);
	CALL(mprotect, p, -4096L, PROT_READ);
	munmap(p + 2 * PAGE, PAGE);
	CALL(mprotect, p, 6 * PAGE, PROT_READ);
	IN_CHILD("before the hole", p[PAGE] = 1);
	IN_CHILD("behind the hole", p[3 * PAGE] = 1);
	p = mmap(NULL, PAGE, PROT_NONE, ANON, -1, 0);
	CALL(mprotect, p, PAGE, RW);
	SHOW_INT(p[100]);
	int ro = open("f", O_RDONLY);
	char *s = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ro, 0), *q = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, ro, 0);
	CALL(mprotect, s, PAGE, RW);
	CALL(mprotect, s, PAGE, PROT_READ | PROT_EXEC);
	CALL(mprotect, q, PAGE, RW);
	q[0] = 'Q';
	SHOW_INT(s[0]);
}
static void files(void)
{
	char b[16];
	SECTION("private and shared");
	ftruncate(fd, 0);
	ftruncate(fd, 3 * PAGE);
	char *s = mmap(NULL, 3 * PAGE, RW, MAP_SHARED, fd, 0), *p = mmap(NULL, 3 * PAGE, RW, MAP_PRIVATE, fd, 0);
	pwrite(fd, "one", 3, 0);
	SHOW_INT(p[0]);
	p[PAGE] = 'P';
	pwrite(fd, "two", 3, PAGE);
	SHOW_INT(p[PAGE]);
	SHOW_INT(p[PAGE + 1]);
	SHOW_INT(s[PAGE + 1]);
	s[1] = 'S';
	pread(fd, b, 3, 0);
	SHOW_INT(b[1]);
	SHOW_INT(p[1]);
	IN_CHILD("child", s[2] = 'C'; p[2] = 'D'; p[PAGE + 2] = 'E');
	SHOW_INT(s[2]);
	SHOW_INT(p[2]);
	SHOW_INT(p[PAGE + 2]);
	SECTION("the end of the file");
	ftruncate(fd, PAGE + 100);
	SHOW_INT(s[PAGE]);
	SHOW_INT(s[PAGE + 100]);
	s[PAGE + 200] = 'X';
	IN_CHILD("behind the end", s[2 * PAGE] = 1);
	IN_CHILD("private copy behind the end", p[2 * PAGE] = 1);
	IN_CHILD("system call behind the end", CALL(write, open("/dev/null", O_WRONLY), s + 2 * PAGE, 1);
		 CALL(write, open("out", O_CREAT | O_WRONLY, 0600), s + 2 * PAGE, 1); CALL(pread64, fd, s + 2 * PAGE, 1, 0));
	ftruncate(fd, 3 * PAGE);
	SHOW_INT(s[PAGE + 200]);
	SHOW_INT(s[2 * PAGE]);
	SHOW_INT(p[PAGE]);
	ftruncate(fd, 0);
	IN_CHILD("private dirty page of an emptied file", SHOW_INT(p[PAGE]));
	pwrite(fd, "new", 3, PAGE);
	SHOW_INT(p[PAGE]);
	close(fd);
	SHOW_INT(s[PAGE + 1]);
	unlink("f");
	SHOW_INT(s[PAGE + 1]);
	fd = open("f", O_RDWR | O_CREAT, 0644);
	ftruncate(fd, PAGE);
	SECTION("msync");
	CALL(msync, s, PAGE, 0);
	CALL(msync, s, PAGE, MS_ASYNC);
	CALL(msync, s, PAGE, MS_INVALIDATE);
	CALL(msync, s, PAGE, MS_SYNC | MS_INVALIDATE);
	CALL(msync, s, PAGE, MS_SYNC | MS_ASYNC);
	CALL(msync, s, PAGE, 8);
	CALL(msync, s + 1, PAGE, MS_SYNC);
	CALL(msync, s, 0, MS_SYNC);
	CALL(msync, s, -1, MS_SYNC);
	munmap(s + PAGE, PAGE);
	CALL(msync, s, 3 * PAGE, MS_SYNC);
	SECTION("shared anonymous memory");
	char *a = mmap(NULL, 2 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	a[0] = 1;
	IN_CHILD("child", a[0]++; a[PAGE] = 7; IN_CHILD("grandchild", a[0]++));
	SHOW_INT(a[0]);
	SHOW_INT(a[PAGE]);
	IN_CHILD("child unmaps", munmap(a, 2 * PAGE));
	SHOW_INT(a[0]);
}
static void remapping(void)
{
	char *p = map(4), *q;
	SECTION("mremap");
	for (int i = 0; i < 4; i++)
		p[i * PAGE] = i + 1;
	SHOW_INT((q = mremap(p, 4 * PAGE, 2 * PAGE, 0)) == p);
	IN_CHILD("cut off", p[2 * PAGE] = 1);
	q = mremap(p, 2 * PAGE, 100 * PAGE, MREMAP_MAYMOVE);
	SHOW_INT(q[0] * 10 + q[PAGE]);
	SHOW_INT(q[99 * PAGE]);
	char *at = map(200);
	SHOW_INT(mremap(q, 100 * PAGE, 50 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at) == at);
	SHOW_INT(at[0] * 10 + at[PAGE]);
	IN_CHILD("the old place", q[0] = 1);
	IN_CHILD("the old place's rest", q[60 * PAGE] = 1);
	SHOW_INT(at[50 * PAGE]);
	SHOW_OK(mremap(at, PAGE, 2 * PAGE, MREMAP_FIXED, at + 150 * PAGE));
	SHOW_OK(mremap(at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at));
	SHOW_OK(mremap(at, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at + PAGE));
	SHOW_OK(mremap(at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at + 151 * PAGE + 1));
	SHOW_OK(mremap(at, PAGE, PAGE, 8));
	SHOW_OK(mremap(at, 0, PAGE, MREMAP_MAYMOVE));
	SHOW_OK(mremap(at, PAGE, 0, MREMAP_MAYMOVE));
	SHOW_OK(mremap(at + 1, PAGE, PAGE, 0));
	SHOW_OK(mremap((void *)0x10000, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	munmap(at + 10 * PAGE, PAGE);
	SHOW_OK(mremap(at + 9 * PAGE, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE));
	at[9 * PAGE] = 9;
	SHOW_INT(mremap(at + 9 * PAGE, PAGE, 2 * PAGE, 0) == at + 9 * PAGE);
	SHOW_INT(at[9 * PAGE] * 10 + at[10 * PAGE]);
	SHOW_OK(mremap(at + 9 * PAGE, PAGE, 2 * PAGE, 0));
	SECTION("a shared mapping twice");
	ftruncate(fd, 2 * PAGE);
	char *s = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	char *t = mremap(s, 0, PAGE, MREMAP_MAYMOVE);
	SHOW_INT(t != MAP_FAILED && t != s);
	if (t != MAP_FAILED) {
		s[5] = 55;
		SHOW_INT(t[5]);
	}
	SECTION("leaving the old place mapped");
	char *d = map(2);
	d[0] = 1;
	char *e = mremap(d, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | DONTUNMAP);
	SHOW_INT(e != MAP_FAILED && e != d);
	if (e != MAP_FAILED)
		SHOW_INT(e[0] * 10 + d[0]);
	SHOW_OK(mremap(d, 2 * PAGE, PAGE, MREMAP_MAYMOVE | DONTUNMAP));
	SHOW_OK(mremap(d, 2 * PAGE, 2 * PAGE, DONTUNMAP));
	char *grown = mremap(s, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
	grown[PAGE] = 9;
	SHOW_INT(grown[5]);
	char c;
	pread(fd, &c, 1, PAGE);
	SHOW_INT(c);
}
static void advice(void)
{
	char *p = map(8);
	SECTION("madvise");
	memset(p, 1, 8 * PAGE);
	for (int a = -1; a <= 26; a++) {
		if (a == 5 || a == 6 || a == 7 || (a >= 12 && a <= 15) || a == 24 || a == 25 || a == 26)
			continue;
		char *m = map(2);
		memset(m, 1, 2 * PAGE);
		errno = 0;
		int r = madvise(m, 2 * PAGE, a);
		printf("advice %d: %d %s %d\n", a, r, r ? strerror(errno) : "", a == MADV_FREE ? 0 : m[0]);
	}
	CALL(madvise, p, PAGE + 1, MADV_DONTNEED);
	SHOW_INT(p[0] + p[PAGE] * 2 + p[2 * PAGE] * 4);
	CALL(madvise, p, 0, MADV_DONTNEED);
	CALL(madvise, p, 0, 999);
	CALL(madvise, p + 5, PAGE, MADV_NORMAL);
	CALL(madvise, p, -1, MADV_NORMAL);
	CALL(madvise, p, -4096L, MADV_NORMAL);
	munmap(p + 4 * PAGE, PAGE);
	CALL(madvise, p, 8 * PAGE, MADV_DONTNEED);
	SHOW_INT(p[6 * PAGE]);
	p = map(4);
	memset(p, 1, 4 * PAGE);
	CALL(madvise, p, PAGE, MADV_DONTFORK);
	CALL(madvise, p + PAGE, PAGE, MADV_WIPEONFORK);
	IN_CHILD("child sees wiped", SHOW_INT(p[PAGE]); SHOW_INT(p[2 * PAGE]); IN_CHILD("grandchild", SHOW_INT(p[PAGE])));
	IN_CHILD("child does not see", SHOW_INT(p[0]));
	CALL(madvise, p, PAGE, MADV_DOFORK);
	CALL(madvise, p + PAGE, PAGE, MADV_KEEPONFORK);
	IN_CHILD("child sees again", SHOW_INT(p[0] + p[PAGE]));
	char *s = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	CALL(madvise, s, PAGE, MADV_WIPEONFORK);
	CALL(madvise, s, PAGE, MADV_FREE);
	s[0] = s[PAGE] = 5;
	CALL(madvise, s, PAGE, MADV_REMOVE);
	SHOW_INT(s[0] * 10 + s[PAGE]);
	CALL(madvise, s, PAGE, MADV_DONTNEED);
	SHOW_INT(s[PAGE]);
	CALL(madvise, p, PAGE, MADV_REMOVE);
	SECTION("populate");
	unsigned char v[8];
	char *q = map(4);
	CALL(mincore, q, 4 * PAGE, v);
	SHOW_INT(v[0] + v[3]);
	CALL(madvise, q, 2 * PAGE, POPULATE_READ);
	CALL(madvise, q + 2 * PAGE, PAGE, POPULATE_WRITE);
	CALL(mincore, q, 4 * PAGE, v);
	SHOW_INT(v[2] * 10 + v[3]);
	mprotect(q, PAGE, PROT_READ);
	CALL(madvise, q, PAGE, POPULATE_WRITE);
	mprotect(q, PAGE, PROT_NONE);
	CALL(madvise, q, PAGE, POPULATE_READ);
	munmap(q, PAGE);
	CALL(madvise, q, PAGE, POPULATE_READ);
	ftruncate(fd, PAGE);
	CALL(madvise, s + PAGE, PAGE, POPULATE_READ);
	q = mmap(NULL, 4 * PAGE, RW, ANON | MAP_POPULATE, -1, 0);
	CALL(mincore, q, 4 * PAGE, v);
	SHOW_INT(v[0] + v[1] + v[2] + v[3]);
	CALL(mincore, q + 1, PAGE, v);
	CALL(mincore, q, -1, v);
	CALL(mincore, q, 4 * PAGE, 8);
	CALL(mincore, q, 0, v);
	CALL(mincore, q, 1, v);
	munmap(q + PAGE, PAGE);
	CALL(mincore, q, 4 * PAGE, v);
}
static void locking(void)
{
	char *p = map(4);
	SECTION("mlock");
	CALL(mlock, p, 1);
	CALL(mlock, p + 100, PAGE);
	CALL(mlock, p, 0);
	CALL(mlock, p, -1);
	CALL(munlock, p, 4 * PAGE);
	CALL(munlock, 0x10000, PAGE);
	CALL(mlock2, p, PAGE, 0);
	CALL(mlock2, p, PAGE, 1);
	CALL(mlock2, p, PAGE, 2);
	CALL(madvise, p, PAGE, MADV_DONTNEED);
	CALL(munlock, p, PAGE);
	CALL(madvise, p, PAGE, MADV_DONTNEED);
	CALL(mlockall, 0);
	CALL(mlockall, 8);
	CALL(mlockall, 4);
	CALL(munlockall);
	munmap(p + PAGE, PAGE);
	CALL(mlock, p, 4 * PAGE);
	munlockall();
	IN_CHILD("a limit", struct rlimit r = { 2 * PAGE, 2 * PAGE }; setrlimit(RLIMIT_MEMLOCK, &r); become(1000); char *m = map(8);
		 CALL(mlock, m, 2 * PAGE); CALL(mlock, m, 2 * PAGE); CALL(mlock, m + 2 * PAGE, PAGE); CALL(munlock, m, PAGE);
		 CALL(mlock, m + 2 * PAGE, PAGE); CALL(mlockall, MCL_CURRENT);
		 TRY_MAP(NULL, 4 * PAGE, RW, ANON | MAP_LOCKED, -1, 0));
	IN_CHILD("no limit at all", struct rlimit r = { 0, 0 }; setrlimit(RLIMIT_MEMLOCK, &r); become(1000); char *m = map(8);
		 CALL(mlock, m, PAGE); CALL(mlockall, MCL_CURRENT); CALL(mlockall, MCL_FUTURE); CALL(munlockall); CALL(munlock, m, PAGE);
		 TRY_MAP(NULL, PAGE, RW, ANON | MAP_LOCKED, -1, 0));
}
static __attribute__((noinline)) void dive(int kb)
{
	volatile char here[1024];
	here[0] = here[1023] = 1;
	if (kb > 1)
		dive(kb - 1);
	__asm__ volatile("" ::: "memory");
}
static void ends(void)
{
	SECTION("brk and its limit");
	char *b = sbrk(0);
	SHOW_INT((char *)syscall(SYS_brk, b + 10) == b + 10);
	b[5] = 1;
	SHOW_INT((char *)syscall(SYS_brk, b) == b);
	SHOW_INT((char *)syscall(SYS_brk, b + 100 * PAGE) == b + 100 * PAGE);
	SHOW_INT(b[5 + PAGE]);
	b[5 + PAGE] = 1;
	syscall(SYS_brk, b);
	syscall(SYS_brk, b + 100 * PAGE);
	SHOW_INT(b[5 + PAGE]);
	SHOW_INT((char *)syscall(SYS_brk, -1L) == b + 100 * PAGE);
	syscall(SYS_brk, b);
	IN_CHILD("RLIMIT_DATA", struct rlimit r = { 1 << 20, 1 << 20 }; setrlimit(RLIMIT_DATA, &r);
		 SHOW_INT((char *)syscall(SYS_brk, b + (2 << 20)) == b); TRY_MAP(NULL, 2 << 20, RW, ANON, -1, 0);
		 TRY_MAP(NULL, 2 << 20, PROT_READ, ANON, -1, 0); TRY_MAP(NULL, 2 << 20, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	IN_CHILD("RLIMIT_MEMLOCK binds not root", struct rlimit r = { PAGE, PAGE }; setrlimit(RLIMIT_MEMLOCK, &r);
		 char *m = map(8); CALL(mlock, m, 8 * PAGE); SHOW_INT(mremap(m, 8 * PAGE, 16 * PAGE, MREMAP_MAYMOVE) != MAP_FAILED));
	IN_CHILD("locking what comes", CALL(mlockall, MCL_FUTURE); char *m = map(3); unsigned char v[3]; mincore(m, 3 * PAGE, v);
		 SHOW_INT(v[0] + v[1] + v[2]); CALL(madvise, m, PAGE, MADV_DONTNEED); char *h = sbrk(2 * PAGE);
		 IN_CHILD("not in a child", char *c = map(1); mincore(c, PAGE, v); SHOW_INT(v[0]));
		 h = (char *)(((unsigned long)h + PAGE - 1) & -PAGE); mincore(h, PAGE, v); SHOW_INT(v[0]); CALL(munlockall);
		 CALL(madvise, m, PAGE, MADV_DONTNEED); m = map(1); mincore(m, PAGE, v); SHOW_INT(v[0]));
	IN_CHILD("on faults", CALL(mlockall, MCL_FUTURE | 4); char *m = map(2); unsigned char v[3]; m[0] = 1; mincore(m, 2 * PAGE, v);
		 SHOW_INT(v[0] * 10 + v[1]); CALL(madvise, m, 2 * PAGE, MADV_DONTNEED));
	IN_CHILD("a limit of what comes", struct rlimit r = { 8 * PAGE, 8 * PAGE }; setrlimit(RLIMIT_MEMLOCK, &r); become(1000);
		 CALL(mlockall, MCL_FUTURE); TRY_MAP(NULL, 4 * PAGE, RW, ANON, -1, 0); TRY_MAP(NULL, 8 * PAGE, RW, ANON, -1, 0);
		 SHOW_INT((char *)syscall(SYS_brk, b + 16 * PAGE) == b));
	SECTION("stack");
	IN_CHILD("grows", dive(4000));
	IN_CHILD("to its limit", struct rlimit r = { 1 << 20, 8 << 20 }; setrlimit(RLIMIT_STACK, &r); dive(2000));
	IN_CHILD("within its limit", struct rlimit r = { 3 << 20, 8 << 20 }; setrlimit(RLIMIT_STACK, &r); dive(2000));
	IN_CHILD("into a mapping", char *sp = (char *)((unsigned long)__builtin_frame_address(0) & -PAGE);
		 mmap(sp - 512 * 1024, PAGE, RW, ANON | MAP_FIXED, -1, 0); dive(1000));
	char *g = mmap(NULL, 2048 * PAGE, PROT_NONE, ANON, -1, 0);
	munmap(g, 2048 * PAGE);
	char *s = mmap(g + 2047 * PAGE, PAGE, RW, ANON | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
	SHOW_INT(s == g + 2047 * PAGE);
	s[0] = 1;
	IN_CHILD("MAP_GROWSDOWN", s[-100] = 1; s[-PAGE - 1] = 2; SHOW_INT(s[-100] + s[-PAGE - 1]));
	SECTION("address space limit");
	IN_CHILD("RLIMIT_AS", struct rlimit r = { 100 << 20, 100 << 20 }; setrlimit(RLIMIT_AS, &r);
		 TRY_MAP(NULL, 200 << 20, PROT_NONE, ANON, -1, 0); char *p = TRY_MAP(NULL, 50 << 20, PROT_NONE, ANON, -1, 0);
		 TRY_MAP(NULL, 60 << 20, PROT_NONE, ANON, -1, 0); SHOW_OK(mremap(p, 50 << 20, 150 << 20, MREMAP_MAYMOVE));
		 munmap(p, 50 << 20); TRY_MAP(NULL, 60 << 20, PROT_NONE, ANON, -1, 0); SHOW_INT((char *)syscall(SYS_brk, b + (90 << 20)) == b));
	SECTION("signals of faults");
	IN_CHILD("exec of data", char *p = map(1); p[0] = 0xc3; ((void (*)(void))p)());
	IN_CHILD("exec allowed", char *p = map(1); p[0] = 0xc3; mprotect(p, PAGE, PROT_READ | PROT_EXEC); ((void (*)(void))p)());
	IN_CHILD("exec alone", char *p = map(1); p[0] = 0xc3; mprotect(p, PAGE, PROT_EXEC); ((void (*)(void))p)());
}
static void on_fault(int s, siginfo_t *i, void *u)
{
	static int n;
	(void)u;
	printf("signal %d code %d offset %ld\n", s, i->si_code, (long)((unsigned long)i->si_addr & 0xfff));
	fflush(stdout);
	_exit(++n);
}
static void fault_info(void)
{
	struct sigaction a = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	char *p = map(2);
	SECTION("siginfo of faults");
	sigaction(SIGSEGV, &a, NULL);
	sigaction(SIGBUS, &a, NULL);
	sigaction(SIGFPE, &a, NULL);
	sigaction(SIGILL, &a, NULL);
	sigaction(SIGTRAP, &a, NULL);
	munmap(p + PAGE, PAGE);
	mprotect(p, PAGE, PROT_READ);
	IN_CHILD("unmapped", p[PAGE + 77] = 1);
	IN_CHILD("protected", p[78] = 1);
	IN_CHILD("null", *(volatile char *)7 = 1);
	IN_CHILD("non-canonical", *(volatile char *)0x8000000000000123UL = 1);
	ftruncate(fd, 0);
	char *s = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	IN_CHILD("no such page of the file", s[79] = 1);
	IN_CHILD("divide", volatile int z = 0; z = 1 / z);
	IN_CHILD("jump", ((void (*)(void))0x123)());
	IN_CHILD("execute data", ((void (*)(void))(p + 0x45))());
}
int main(void)
{
	make_file("f", "text of the file", 0644);
	fd = open("f", O_RDWR);
	prctl(PR_SET_DUMPABLE, 1);
	struct rlimit none = { 0, 0 };
	setrlimit(RLIMIT_CORE, &none);
	arguments();
	protections();
	files();
	remapping();
	advice();
	locking();
	ends();
	fault_info();
	return 0;
}
