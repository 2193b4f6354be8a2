/* SPDX-License-Identifier: MIT
 * tests/abi/mem.c - mmap, munmap, mprotect, mremap, brk, madvise, msync, mincore: private, shared, anonymous, file */
#include "abi.h"

static const char *kind(void *p) { return p == MAP_FAILED ? strerror(errno) : "ok"; }
#define MAP(...) ({ errno = 0; char *p_ = mmap(__VA_ARGS__); printf("mmap(%s): %s\n", #__VA_ARGS__, kind(p_)); fflush(stdout); p_; })
__attribute__((noinline)) static void use_stack(size_t n)
{
	volatile char *p = __builtin_alloca(n);
	p[0] = 1;
	p[n - 1] = 2;
}
int main(void)
{
	unsigned char v[16];
	SECTION("anonymous");
	char *p = MAP(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int sum = 0;
	for (int i = 0; i < 65536; i++)
		sum += p[i];
	SHOW_INT(sum);
	memset(p, 7, 65536);
	SHOW(munmap(p + 4096, 4096));
	IN_CHILD("hole", p[4096] = 1);
	SHOW_INT(p[8192]);
	SHOW(munmap(p + 4096, 4096));
	SHOW(munmap(p + 1, 4096));
	SHOW(munmap(p, 0));
	SHOW(munmap((void *)0x800000000000, 4096));
	SECTION("arguments");
	MAP(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MAP(NULL, 4096, PROT_READ, MAP_ANONYMOUS, -1, 0);
	MAP(NULL, 4096, PROT_READ, MAP_PRIVATE, -1, 0);
	MAP(NULL, 4096, PROT_READ, MAP_PRIVATE, 99, 0);
	MAP(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 100);
	MAP((void *)4096, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	MAP((void *)4097, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	MAP((void *)0x7fffffffe000, 65536, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	MAP(NULL, 1UL << 50, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MAP(p, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	SHOW_INT(mmap(p + 4096, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == p + 4096);
	SHOW_INT(mmap(p, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
	SHOW_INT(p[0]);
	SECTION("protection");
	SHOW(mprotect(p, 4096, PROT_READ));
	IN_CHILD("write", p[0] = 1);
	SHOW(mprotect(p, 4096, PROT_NONE));
	IN_CHILD("read", sum = p[0]);
	SHOW(mprotect(p, 4096, PROT_READ | PROT_WRITE));
	p[0] = 5;
	IN_CHILD("execute", ((void (*)(void))p)());
	SHOW(mprotect(p, 4096, PROT_READ | PROT_EXEC));
	SHOW(mprotect(p + 1, 4096, PROT_READ));
	SHOW(mprotect((void *)0x10000000, 4096, PROT_READ));
	SHOW(mprotect(p, 4096, 0x100));
	SHOW(mprotect(p, 0, PROT_READ));
	SECTION("files");
	int fd = open("f", O_RDWR | O_CREAT | O_TRUNC, 0644);
	for (int i = 0; i < 3; i++) {
		char page[4096];
		memset(page, 'a' + i, 4096);
		write(fd, page, 4096);
	}
	write(fd, "tail", 4);
	char *s = MAP(NULL, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *q = MAP(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 4096);
	SHOW_INT(s[4096]);
	SHOW_INT(q[0]);
	SHOW_INT(s[12288 + 4]);
	s[4096] = 'X';
	SHOW_INT(q[0]);
	q[0] = 'Y';
	SHOW_INT(s[4096]);
	char c;
	pread(fd, &c, 1, 4096);
	SHOW_INT(c);
	pwrite(fd, "Z", 1, 8192);
	SHOW_INT(s[8192]);
	SHOW_INT(q[4096]);
	SHOW(msync(s, 16384, MS_SYNC));
	SHOW(msync(s, 16384, MS_SYNC | MS_ASYNC));
	SHOW(msync(s + 1, 4096, MS_SYNC));
	SHOW(msync((void *)0x10000000, 4096, MS_SYNC));
	MAP(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 100);
	int ro = open("f", O_RDONLY), wo = open("f", O_WRONLY);
	MAP(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ro, 0);
	char *r = MAP(NULL, 4096, PROT_READ, MAP_SHARED, ro, 0);
	SHOW(mprotect(r, 4096, PROT_READ | PROT_WRITE));
	MAP(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, ro, 0);
	MAP(NULL, 4096, PROT_READ, MAP_PRIVATE, wo, 0);
	int d = open(".", O_RDONLY);
	MAP(NULL, 4096, PROT_READ, MAP_PRIVATE, d, 0);
	char *big = MAP(NULL, 65536, PROT_READ, MAP_SHARED, fd, 0);
	IN_CHILD("beyond the end", sum = big[20000]);
	SHOW(ftruncate(fd, 4096));
	IN_CHILD("truncated", sum = s[4096]);
	IN_CHILD("truncated private copy", sum = q[0]);
	SECTION("fork sharing");
	char *sh = MAP(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *pr = MAP(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pr[0] = 1;
	IN_CHILD("child", sh[0] = 9; pr[0] = 9; s[0] = 'C');
	SHOW_INT(sh[0]);
	SHOW_INT(pr[0]);
	SHOW_INT(s[0]);
	SECTION("mremap");
	char *m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	m[0] = 1;
	m[4096] = 2;
	char *n = mremap(m, 8192, 1 << 20, MREMAP_MAYMOVE);
	SHOW_INT(n != MAP_FAILED && n[0] == 1 && n[4096] == 2 && n[500000] == 0);
	SHOW_INT(mremap(n, 1 << 20, 4096, 0) == n);
	IN_CHILD("shrunk", n[4096] = 1);
	char *at = mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	SHOW_INT(mremap(n, 4096, 8192, MREMAP_MAYMOVE | MREMAP_FIXED, at + 4096) == at + 4096 && at[4096] == 1);
	SHOW_INT(mremap(at + 4096, 8192, 16384, 0) == MAP_FAILED);
	SHOW_OK(mremap((void *)0x10000000, 4096, 8192, MREMAP_MAYMOVE));
	SHOW_OK(mremap(at + 1, 4096, 8192, MREMAP_MAYMOVE));
	SHOW_OK(mremap(at, 4096, 0, MREMAP_MAYMOVE));
	SECTION("brk");
	char *b0 = sbrk(0);
	SHOW_INT((char *)syscall(SYS_brk, b0 + 100000) == b0 + 100000);
	b0[99999] = 1;
	SHOW_INT((char *)syscall(SYS_brk, b0) == b0);
	SHOW_INT((char *)syscall(SYS_brk, 0) == b0);
	SHOW_INT((char *)syscall(SYS_brk, 4096) == b0);
	IN_CHILD("gone", b0[99999 + 4096] = 1);
	SECTION("madvise mincore mlock");
	char *a = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(a, 3, 16384);
	SHOW(madvise(a, 4096, MADV_DONTNEED));
	SHOW_INT(a[0] * 100 + a[4096]);
	SHOW(madvise(a + 1, 4096, MADV_DONTNEED));
	SHOW(madvise(a, 4096, 9999));
	SHOW(madvise((void *)0x10000000, 4096, MADV_DONTNEED));
	SHOW(madvise(a, 4096, MADV_WILLNEED));
	SHOW(madvise(a, 16384, MADV_DONTFORK));
	IN_CHILD("dontfork", a[0] = 1);
	SHOW(mincore(sh, 8192, v));
	SHOW_INT(v[0] & 1);
	SHOW(mincore((void *)0x10000000, 4096, v));
	SHOW(mlock(a, 4096));
	SHOW(munlock(a, 4096));
	SHOW(mlock((void *)0x10000000, 4096));
	SECTION("stack");
	IN_CHILD("1 MB of stack", use_stack(1 << 20));
	IN_CHILD("100 MB of stack", use_stack(100 << 20));
	SECTION("address space limit");
	IN_CHILD("as", struct rlimit rl = { 64 << 20, 64 << 20 }; setrlimit(RLIMIT_AS, &rl);
		 MAP(NULL, 128 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		 MAP(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	SECTION("faults counted");
	struct rusage u0, u1;
	char *fl = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(fl, 1 << 20, MADV_NOHUGEPAGE);
	getrusage(RUSAGE_SELF, &u0);
	for (int i = 0; i < 256; i++)
		fl[i * 4096] = 1;
	getrusage(RUSAGE_SELF, &u1);
	SHOW_INT(u1.ru_minflt - u0.ru_minflt >= 200 && u1.ru_minflt - u0.ru_minflt < 270);
	SHOW_INT(u1.ru_majflt - u0.ru_majflt);
	return 0;
}
