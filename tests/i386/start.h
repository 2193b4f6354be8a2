/* SPDX-License-Identifier: MIT
 *
 * tests/i386/start.h - what a 32-bit program without a library needs: an entry, int $0x80, and words on the screen.
 *
 * The programs print what the kernel answered, one fact a line; the runner compares that with Linux's answers. */
#pragma once
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned u32;
typedef unsigned long long u64;
typedef long long s64;

int program(int argc, char **argv, char **envp);

static inline long sys6(long nr, long a, long b, long c, long d, long e, long f)
{
	struct {
		long b, nr;
	} regs = { f, nr };
	long r;

	/* ebp cannot be named as an operand. */
	__asm__ volatile("pushl %%ebp\n\tmovl (%%eax), %%ebp\n\tmovl 4(%%eax), %%eax\n\tint $0x80\n\tpopl %%ebp"
	                 : "=a"(r)
	                 : "a"(&regs), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
	                 : "memory");
	return r;
}
#define SYS_(nr, a, b, c, d, e, f, ...) sys6(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define SYS(...) SYS_(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)
enum {
	NR_exit = 1, NR_fork, NR_read, NR_write, NR_open, NR_close, NR_waitpid, NR_unlink = 10, NR_execve, NR_time = 13,
	NR_lseek = 19, NR_getpid, NR_setuid16 = 23, NR_getuid16, NR_alarm = 27, NR_pause = 29, NR_utime = 30,
	NR_nice = 34, NR_kill = 37, NR_mkdir = 39, NR_pipe = 42, NR_times, NR_brk = 45, NR_getgid16 = 47, NR_signal, NR_fcntl = 55,
	NR_sigaction = 67, NR_sgetmask, NR_ssetmask, NR_sigsuspend = 72, NR_sigpending, NR_setrlimit = 75, NR_getrlimit,
	NR_getrusage, NR_gettimeofday, NR_getgroups16 = 80, NR_select = 82, NR_mmap = 90, NR_munmap, NR_truncate, NR_ftruncate,
	NR_fchown16 = 95, NR_statfs = 99, NR_setitimer = 104, NR_getitimer, NR_wait4 = 114, NR_sysinfo = 116,
	NR_sigreturn = 119, NR_clone, NR_uname = 122, NR_mprotect = 125, NR_sigprocmask, NR__llseek = 140, NR_getdents,
	NR__newselect, NR_readv = 145, NR_writev, NR_nanosleep = 162, NR_getresuid16 = 165, NR_poll = 168,
	NR_rt_sigreturn = 173, NR_rt_sigaction, NR_rt_sigprocmask, NR_rt_sigpending, NR_rt_sigtimedwait,
	NR_rt_sigqueueinfo, NR_rt_sigsuspend, NR_pread64, NR_pwrite64, NR_chown16, NR_sigaltstack = 186, NR_sendfile,
	NR_ugetrlimit = 191, NR_mmap2, NR_truncate64, NR_ftruncate64, NR_stat64, NR_lstat64, NR_fstat64,
	NR_getuid = 199, NR_getdents64 = 220, NR_fcntl64, NR_gettid = 224, NR_sendfile64 = 239, NR_futex,
	NR_set_thread_area = 243, NR_get_thread_area, NR_exit_group = 252, NR_clock_gettime = 265, NR_clock_nanosleep = 267,
	NR_statfs64, NR_tgkill = 270, NR_utimes, NR_waitid = 284, NR_fstatat64 = 300, NR_utimensat = 320, NR_preadv = 333, NR_prlimit64 = 340,
	NR_clock_gettime64 = 403, NR_clock_nanosleep64 = 407, NR_utimensat64 = 412, NR_pselect6_64, NR_ppoll_64
};

static inline unsigned length(const char *s)
{
	unsigned n = 0;

	while (s[n])
		n++;
	return n;
}
static inline void say(const char *s)
{
	SYS(NR_write, 1, s, length(s));
}
static inline void say_number(const char *what, s64 v, unsigned base)
{
	char buf[32], *p = buf + sizeof(buf);
	u32 low = (u32)v, rest;
	int negative = base == 10 && v < 0;
	u64 n = negative ? (u64)-v : (u64)v;

	*--p = 0;
	*--p = '\n';
	do { /* no 64-bit division without a library */
		u32 hi = (u32)(n >> 32), lo = (u32)n, q_hi = hi / base, q_lo;
		__asm__("divl %4" : "=a"(q_lo), "=d"(rest) : "a"(lo), "d"(hi % base), "r"(base));
		n = (u64)q_hi << 32 | q_lo;
		*--p = "0123456789abcdef"[rest];
	} while (n);
	(void)low;
	if (negative)
		*--p = '-';
	if (base == 16) {
		*--p = 'x';
		*--p = '0';
	}
	say(what);
	say(": ");
	say(p);
}
/* Until the process is in this state of its stat file, 'S' for asleep in a call (see tests/abi/abi.h). */
static inline void until_state(u32 pid, char state)
{
	char name[24] = "/proc/", text[200], *p = name + 6;
	u32 digits = 1, ms[2] = { 0, 1000000 };

	while (digits <= pid / 10)
		digits *= 10;
	for (; digits; digits /= 10)
		*p++ = (char)('0' + pid / digits % 10);
	for (const char *s = "/stat"; (*p++ = *s++);)
		;
	for (;;) {
		int fd = SYS(NR_open, name, 0), n = SYS(NR_read, fd, text, sizeof(text));
		SYS(NR_close, fd);
		while (--n > 0 && text[n] != ')')
			;
		if (n > 0 && text[n + 2] == state)
			return;
		SYS(NR_nanosleep, ms, 0);
	}
}
#define SHOW(expr) say_number(#expr, (s64)(long)(expr), 10)
#define SHOW64(expr) say_number(#expr, (s64)(expr), 10)
#define SHOW_HEX(expr) say_number(#expr, (s64)(u32)(expr), 16)

void *memset(void *p, int c, u32 n)
{
	for (u32 i = 0; i < n; i++)
		((volatile u8 *)p)[i] = (u8)c;
	return p;
}
void *memcpy(void *to, const void *from, u32 n)
{
	for (u32 i = 0; i < n; i++)
		((volatile u8 *)to)[i] = ((const u8 *)from)[i];
	return to;
}
__asm__(".globl _start\n_start:\tmovl (%esp), %eax\n\tleal 4(%esp), %edx\n\tleal 8(%esp,%eax,4), %ecx\n\txorl %ebp, %ebp\n"
        "\tmovl %esp, stack_at_start\n\tandl $-16, %esp\n\tsubl $4, %esp\n\tpushl %ecx\n\tpushl %edx\n\tpushl %eax\n\tcall program\n"
        "\tmovl %eax, %ebx\n\tmovl $252, %eax\n\tint $0x80\n");
u32 stack_at_start;
