/* SPDX-License-Identifier: MIT
 * tests/abi/prctl2.c - prctl(2): timer slack, timing, huge pages; ptrace(2): what it tells of rseq and seccomp */
#include "abi.h"
#include <sys/prctl.h>
#include <sys/ptrace.h>

static void options(void)
{
	SECTION("timer slack");
	CALL(prctl, PR_SET_TIMERSLACK, 1000, 0, 0, 0);
	CALL(prctl, PR_GET_TIMERSLACK, 0, 0, 0, 0);
	IN_CHILD("a child has its parent's", CALL(prctl, PR_GET_TIMERSLACK, 0, 0, 0, 0); CALL(prctl, PR_SET_TIMERSLACK, 77, 0, 0, 0);
		 CALL(prctl, PR_SET_TIMERSLACK, 0, 0, 0, 0); CALL(prctl, PR_GET_TIMERSLACK, 0, 0, 0, 0));
	CALL(prctl, PR_SET_TIMERSLACK, 0, 0, 0, 0);
	CALL(prctl, PR_GET_TIMERSLACK, 0, 0, 0, 0);
	CALL(prctl, PR_SET_TIMERSLACK, -1L, 0, 0, 0);
	CALL(prctl, PR_GET_TIMERSLACK, 0, 0, 0, 0);
	SECTION("others");
	CALL(prctl, PR_GET_TIMING, 0, 0, 0, 0);
	CALL(prctl, PR_SET_TIMING, 0, 0, 0, 0);
	CALL(prctl, PR_SET_TIMING, 1, 0, 0, 0);
	CALL(prctl, PR_TASK_PERF_EVENTS_DISABLE, 0, 0, 0, 0);
	CALL(prctl, PR_TASK_PERF_EVENTS_ENABLE, 0, 0, 0, 0);
	CALL(prctl, PR_GET_THP_DISABLE, 0, 0, 0, 0);
	CALL(prctl, PR_GET_THP_DISABLE, 1, 0, 0, 0);
	CALL(prctl, PR_SET_THP_DISABLE, 1, 0, 0, 0);
	CALL(prctl, PR_GET_THP_DISABLE, 0, 0, 0, 0);
	IN_CHILD("a child has it, too", CALL(prctl, PR_GET_THP_DISABLE, 0, 0, 0, 0));
	CALL(prctl, PR_SET_THP_DISABLE, 0, 0, 0, 0);
	CALL(prctl, PR_GET_THP_DISABLE, 0, 0, 0, 0);
	CALL(prctl, PR_GET_UNALIGN, 0, 0, 0, 0);
	CALL(prctl, 9999, 0, 0, 0, 0);
}

enum { GET_FILTER = 0x420c, GET_RSEQ = 0x420f, SIGNATURE = 0x53053053 };
struct rseq_conf {
	uint64_t pointer;
	uint32_t size, signature, flags, pad;
};
static struct {
	uint32_t words[8];
} area __attribute__((aligned(32)));

struct sock_filter {
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};
struct sock_fprog {
	unsigned short len;
	struct sock_filter *filter;
};
enum { LD_ABS = 0x20, JEQ = 0x15, RET = 0x06, MODE_FILTER = 2, RET_ERRNO = 0x50000 };
#define RET_ALLOW 0x7fff0000U
static struct sock_filter first[] = { { RET, 0, 0, RET_ALLOW } };
static struct sock_filter second[] = { { LD_ABS, 0, 0, 0 }, { JEQ, 0, 1, SYS_chroot }, { RET, 0, 0, RET_ERRNO | 5 }, { RET, 0, 0, RET_ALLOW } };

static void add(struct sock_filter *f, int n)
{
	struct sock_fprog p = { n, f };
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, MODE_FILTER, &p))
		printf("filter: %s\n", strerror(errno));
}

/* A child that stops again and again, with more to be seen each time. */
static void tracee(void)
{
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	raise(SIGSTOP);
	syscall(SYS_rseq, &area, 32, 0, SIGNATURE);
	raise(SIGSTOP);
	add(first, 1);
	add(second, 4);
	raise(SIGSTOP);
}

static void show_rseq(pid_t p, long size)
{
	struct rseq_conf c = { 1, 1, 1, 1, 1 };
	long r = syscall(SYS_ptrace, GET_RSEQ, p, size, &c);

	printf("rseq(%ld): %ld %s%s size %u signature %x flags %u pad %u\n", size, r, r < 0 ? strerror(errno) : "",
	       c.pointer == (uintptr_t)&area ? "ours" : c.pointer ? "?" : "none", c.size, c.signature, c.flags, c.pad);
	fflush(stdout);
}

static void show_filter(pid_t p, long nth)
{
	struct sock_filter f[16] = { 0 };
	long r = syscall(SYS_ptrace, GET_FILTER, p, nth, NULL);

	printf("filter %ld: %ld %s\n", nth, r, r < 0 ? strerror(errno) : "");
	r = syscall(SYS_ptrace, GET_FILTER, p, nth, f);
	for (long i = 0; i < r; i++)
		printf("  %x %d %d %x\n", f[i].code, f[i].jt, f[i].jf, f[i].k);
	fflush(stdout);
}

static void traced(void)
{
	int st;
	SECTION("what a tracer is told");
	fflush(stdout);
	pid_t p = fork();
	if (!p) {
		tracee();
		_exit(3);
	}
	waitpid(p, &st, 0);
	show_rseq(p, 24);
	show_filter(p, 0);
	ptrace(PTRACE_CONT, p, 0, 0);
	waitpid(p, &st, 0);
	show_rseq(p, 24);
	show_rseq(p, 12);
	show_rseq(p, 100);
	ptrace(PTRACE_CONT, p, 0, 0);
	waitpid(p, &st, 0);
	show_filter(p, 0);
	show_filter(p, 1);
	show_filter(p, 2);
	SHOW(syscall(SYS_ptrace, GET_FILTER, p, 0L, (void *)8));
	ptrace(PTRACE_CONT, p, 0, 0);
	waitpid(p, &st, 0);
	show_status("tracee", st);
}

int main(void)
{
	options();
	traced();
	return 0;
}
