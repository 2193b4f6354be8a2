/* SPDX-License-Identifier: MIT
 * tests/abi/prctl_mm.c - prctl(2): the parts of memory (PR_SET_MM), the time stamp counter, options of other machines */
#include "abi.h"
#include <setjmp.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

/* The numbered fields of /proc/self/stat that PR_SET_MM sets. */
static unsigned long field(int n)
{
	char line[1024] = "";
	FILE *f = fopen("/proc/self/stat", "r");
	fgets(line, sizeof line, f);
	fclose(f);
	char *p = strrchr(line, ')') + 2;
	for (int i = 3; i < n; i++)
		p = strchr(p, ' ') + 1;
	return strtoul(p, NULL, 10);
}
enum { START_CODE = 26, END_CODE = 27, START_STACK = 28, START_DATA = 45, END_DATA = 46, START_BRK = 47, ARG_START = 48, ARG_END, ENV_START, ENV_END };

static void show_file(const char *name)
{
	char b[200];
	int fd = open(name, O_RDONLY);
	ssize_t n = read(fd, b, sizeof b);
	printf("%s: %zd [", name, n);
	for (ssize_t i = 0; i < n; i++)
		putchar(b[i] ? b[i] : '.');
	puts("]");
	fflush(stdout);
	close(fd);
}
struct map {
	uint64_t start_code, end_code, start_data, end_data, start_brk, brk, start_stack, arg_start, arg_end, env_start, env_end, *auxv;
	uint32_t auxv_size, exe_fd;
};
/* One number at a time may be set with CAP_SYS_RESOURCE alone, which the reference run may not have: so nobody has it here. */
static void drop_resource(void)
{
	struct { uint32_t version; int pid; } head = { 0x20080522, 0 };
	struct { uint32_t effective, permitted, inheritable; } sets[2];
	syscall(SYS_capget, &head, sets);
	sets[0].effective &= ~(1u << 24);
	syscall(SYS_capset, &head, sets);
}
static void set_mm(void)
{
	char *area = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned size = 0;
	munmap(area + 4096, 4096);
	drop_resource();
	SECTION("PR_SET_MM: errors");
	CALL(prctl, PR_SET_MM, PR_SET_MM_START_CODE, 8, 0, 0);
	CALL(prctl, PR_SET_MM, PR_SET_MM_START_CODE, -1L, 0, 0);
	CALL(prctl, PR_SET_MM, PR_SET_MM_ARG_START, area + 4096, 0, 0);
	CALL(prctl, PR_SET_MM, PR_SET_MM_BRK, 4096, 0, 0);
	CALL(prctl, PR_SET_MM, 99, area, 0, 0);
	CALL(prctl, PR_SET_MM, 0, area, 0, 0);
	CALL(prctl, PR_SET_MM, PR_SET_MM_ARG_START, area, 1, 0);
	CALL(prctl, PR_SET_MM, PR_SET_MM_ARG_START, area, 0, 1);
	CALL(prctl, PR_SET_MM, PR_SET_MM_AUXV, area, 5000, 0);
	CALL(prctl, PR_SET_MM, PR_SET_MM_AUXV, 8, 16, 0);
	CALL(prctl, PR_SET_MM, PR_SET_MM_EXE_FILE, 99, 0, 0);
	CALL(prctl, PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0, 0);
	SHOW_INT(size);
	CALL(prctl, PR_SET_MM, PR_SET_MM_MAP_SIZE, 8, 0, 0);
	IN_CHILD("user", become(1000); CALL(prctl, PR_SET_MM, PR_SET_MM_ARG_START, area, 0, 0);
		 CALL(prctl, PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0, 0); CALL(prctl, PR_SET_MM, 99, 0, 0, 0));
	strcpy(area, "other name");
	memcpy(area + 100, "A=1\0B=2", 8);
	unsigned long code = field(START_CODE), end = field(END_CODE), data = field(START_DATA), edata = field(END_DATA);
	unsigned long v[4] = { AT_PAGESZ, 4096, AT_CLKTCK, 99 }, back[200];
	SECTION("PR_SET_MM: all at once");
	struct map m = { code, end, data, edata, field(START_BRK), (uint64_t)sbrk(0), (uint64_t)area, (uint64_t)area, (uint64_t)area + 5,
		         (uint64_t)area + 100, (uint64_t)area + 104, NULL, 0, -1 };
	CALL(prctl, PR_SET_MM, PR_SET_MM_MAP, &m, sizeof m, 0);
	show_file("/proc/self/cmdline");
	show_file("/proc/self/environ");
	CALL(prctl, PR_SET_MM, PR_SET_MM_MAP, &m, sizeof m - 8, 0);
	CALL(prctl, PR_SET_MM, PR_SET_MM_MAP, 8, sizeof m, 0);
	m.arg_end = m.arg_start - 1;
	CALL(prctl, PR_SET_MM, PR_SET_MM_MAP, &m, sizeof m, 0);
	m.arg_end = m.arg_start + 5;
	m.end_code = 8;
	CALL(prctl, PR_SET_MM, PR_SET_MM_MAP, &m, sizeof m, 0);
	m.end_code = end;
	m.start_brk = m.end_data - 8;
	CALL(prctl, PR_SET_MM, PR_SET_MM_MAP, &m, sizeof m, 0);
	m.start_brk = field(START_BRK);
	m.exe_fd = 99;
	CALL(prctl, PR_SET_MM, PR_SET_MM_MAP, &m, sizeof m, 0);
	m.exe_fd = -1;
	m.auxv = (uint64_t *)v;
	m.auxv_size = sizeof v;
	CALL(prctl, PR_SET_MM, PR_SET_MM_MAP, &m, sizeof m, 0);
	int fd = open("/proc/self/auxv", O_RDONLY);
	ssize_t n = read(fd, back, sizeof back);
	close(fd);
	SHOW_INT(n >= 32 && !memcmp(back, v, sizeof v));
	SHOW_INT(field(START_CODE) == code && field(END_DATA) == edata);
	SHOW_INT(field(ARG_START) == (unsigned long)area);
	SHOW_INT(field(ENV_END) == (unsigned long)area + 104);
	SHOW_INT(field(START_STACK) == (unsigned long)area);
	m.brk += 4096;
	CALL(prctl, PR_SET_MM, PR_SET_MM_MAP, &m, sizeof m, 0);
	SHOW_INT((uint64_t)syscall(SYS_brk, 0L) == m.brk);
	m.brk -= 4096;
	CALL(prctl, PR_SET_MM, PR_SET_MM_MAP, &m, sizeof m, 0);
	m.auxv_size = 6000;
	CALL(prctl, PR_SET_MM, PR_SET_MM_MAP, &m, sizeof m, 0);
	m.auxv = NULL;
	CALL(prctl, PR_SET_MM, PR_SET_MM_MAP, &m, sizeof m, 0);
	IN_CHILD("a child has it", show_file("/proc/self/cmdline"));
}
static int tsc(void)
{
	int v = -1;
	prctl(PR_GET_TSC, &v, 0, 0, 0);
	return v;
}
static sigjmp_buf back_here;
static void on_segv(int sig, siginfo_t *i, void *u)
{
	(void)u;
	printf("signal %d code %d address %s\n", sig, i->si_code, i->si_addr ? "some" : "0");
	fflush(stdout);
	siglongjmp(back_here, 1);
}
static void stamp(const char *what)
{
	if (sigsetjmp(back_here, 1)) {
		printf("%s: a signal\n", what);
		return;
	}
	__asm__ volatile("rdtsc" ::: "eax", "edx");
	printf("%s: read\n", what);
}
static void stamps(void)
{
	struct sigaction sa = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO };
	char *name[] = { "x", "tsc", NULL }, *none[] = { NULL };
	SECTION("the time stamp counter");
	sigaction(SIGSEGV, &sa, NULL);
	SHOW_INT(tsc());
	CALL(prctl, PR_GET_TSC, 8, 0, 0, 0);
	CALL(prctl, PR_SET_TSC, 0, 0, 0, 0);
	CALL(prctl, PR_SET_TSC, 3, 0, 0, 0);
	CALL(prctl, PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0);
	SHOW_INT(tsc());
	stamp("forbidden");
	sched_yield();
	sleep_ms(5);
	stamp("still forbidden");
	IN_CHILD("child", SHOW_INT(tsc()); stamp("child"));
	IN_CHILD("over exec", execve("/proc/self/exe", name, none));
	CALL(prctl, PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0);
	SHOW_INT(tsc());
	stamp("allowed");
	IN_CHILD("child", stamp("child"));
}
static void others(void)
{
	int v = 77;
	SECTION("options of other machines");
	static const int options[] = { PR_GET_UNALIGN, PR_SET_UNALIGN, PR_GET_FPEMU, PR_SET_FPEMU, PR_GET_FPEXC, PR_SET_FPEXC, PR_GET_ENDIAN,
		                       PR_SET_ENDIAN, 45, 46, 50, 51, 54, 55, 56, 60, 61 };
	for (unsigned i = 0; i < sizeof options / sizeof *options; i++) {
		errno = 0;
		long r = prctl(options[i], &v, 0, 0, 0);
		printf("%d: %ld %s %d\n", options[i], r, r ? strerror(errno) : "", v);
	}
	SECTION("arguments that must be 0");
	static const int strict[] = { PR_GET_SPECULATION_CTRL, PR_MCE_KILL_GET, PR_GET_NO_NEW_PRIVS, PR_GET_THP_DISABLE, 35 };
	for (unsigned i = 0; i < sizeof strict / sizeof *strict; i++) {
		errno = 0;
		long r = prctl(strict[i], 99, 1, 1, 1);
		printf("%d: %ld %s\n", strict[i], r, r ? strerror(errno) : "");
	}
	CALL(prctl, PR_GET_SPECULATION_CTRL, 77, 0, 0, 0);
	CALL(prctl, PR_SET_SPECULATION_CTRL, 77, 0, 0, 0);
	CALL(prctl, PR_GET_SPECULATION_CTRL, 0, 0, 1, 0);
	CALL(prctl, 0x53564d41, 1, 0, 0, 0);
}
int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		struct sigaction sa = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO };
		sigaction(SIGSEGV, &sa, NULL);
		SHOW_INT(tsc());
		stamp("after exec");
		return 0;
	}
	stamps();
	others();
	set_mm();
	return 0;
}
