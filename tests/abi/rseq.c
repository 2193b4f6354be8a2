/* SPDX-License-Identifier: MIT
 * rseq.c - restartable sequences.
 *
 * A libc that has registered an area of its own has it taken back first, so that ours can be tried. */
#include "abi.h"
#include <pthread.h>

enum { SIG = 0x53053053 };
struct area {
	uint32_t cpu_id_start, cpu_id;
	uint64_t rseq_cs;
	uint32_t flags, more[3];
} __attribute__((aligned(32)));
struct sequence {
	uint32_t version, flags;
	uint64_t start, length, abort;
} __attribute__((aligned(32)));

static struct area mine, other;
static struct sequence cs;
extern char seq_start[], seq_end[], seq_abort[], seq_other[], seq_bad[];

/* Counts in a sequence until it is thrown out (1) or the count is over (0).  The counter is *n. */
long run_sequence(struct area *a, struct sequence *s, volatile long *n);
__asm__(".text\n"
        ".globl run_sequence\n"
        "run_sequence:\n"
        "	movq %rsi, 8(%rdi)\n"
        "seq_start:\n"
        "1:	decq (%rdx)\n"
        "	jne 1b\n"
        "seq_end:\n"
        "	xorl %eax, %eax\n"
        "	ret\n"
        "	.long 0x53053053\n"
        "seq_abort:\n"
        "	movl $1, %eax\n"
        "	ret\n"
        "	.long 0x53053053\n"
        "seq_other:\n"
        "	movl $2, %eax\n"
        "	ret\n"
        "	.long 0x11111111\n"
        "seq_bad:\n"
        "	movl $3, %eax\n"
        "	ret\n"
        ".globl seq_start, seq_end, seq_abort, seq_other, seq_bad\n");

static long rseq(void *a, unsigned len, int flags, unsigned sig)
{
	return syscall(SYS_rseq, a, len, flags, sig);
}
static void cs_set(void *abort_ip)
{
	cs = (struct sequence){ .start = (uint64_t)seq_start,
		                .length = (uint64_t)(seq_end - seq_start),
		                .abort = (uint64_t)abort_ip };
}
static void show_cpu(const struct area *a)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	printf("the ids agree: %d, a CPU we may use: %d\n", a->cpu_id == a->cpu_id_start,
	       a->cpu_id < CPU_SETSIZE && CPU_ISSET(a->cpu_id, &set));
}

static void registering(void)
{
	static char unaligned[128] __attribute__((aligned(64)));

	SECTION("registering");
	SHOW(rseq(&mine, 32, 2, SIG));
	SHOW(rseq(&mine, 32, -1, SIG));
	SHOW(rseq(unaligned + 8, 32, 0, SIG));
	SHOW(rseq(&mine, 16, 0, SIG));
	SHOW(rseq(&mine, 0, 0, SIG));
	SHOW(rseq((void *)0xffffffffffffffe0, 32, 0, SIG));
	SHOW(rseq(&mine, 32, 1, SIG)); /* not registered */
	SHOW(rseq(NULL, 32, 1, 0));
	mine.cpu_id = mine.cpu_id_start = 12345;
	SHOW(rseq(&mine, 32, 0, SIG));
	show_cpu(&mine);
	SHOW(rseq(&mine, 32, 0, SIG));
	SHOW(rseq(&mine, 32, 0, SIG + 1));
	SHOW(rseq(&mine, 64, 0, SIG));
	SHOW(rseq(&other, 32, 0, SIG));
	SHOW(rseq(&other, 32, 1, SIG));
	SHOW(rseq(&mine, 16, 1, SIG));
	SHOW(rseq(&mine, 32, 1, SIG + 1));
	SHOW(rseq(&mine, 32, 3, SIG));
	SHOW(rseq(&mine, 32, 1, SIG));
	SHOW_HEX(mine.cpu_id);
	SHOW_HEX(mine.cpu_id_start);
	SHOW(rseq(&mine, 32, 1, SIG));
}

static volatile long signals, cs_at_signal;
static void on_alarm(int sig)
{
	signals = sig;
	cs_at_signal = (long)mine.rseq_cs;
}
static void thrown_out(const char *why, void *abort_ip)
{
	volatile long n = LONG_MAX;

	cs_set(abort_ip);
	long r = run_sequence(&mine, &cs, &n);
	printf("%s: run_sequence = %ld, cleared: %d\n", why, r, !mine.rseq_cs);
}

static void *spinner(void *where)
{
	cpu_set_t one = *(cpu_set_t *)where;
	pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
	while (where)
		pthread_testcancel();
	return NULL;
}

static void sequences(void)
{
	struct itimerval soon = { .it_value.tv_usec = 30000 };
	volatile long n;
	cpu_set_t old, one;
	pthread_t t;
	int first;

	SECTION("sequences");
	SHOW(rseq(&mine, 32, 0, SIG));
	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &soon, NULL);
	thrown_out("a signal or preemption", seq_abort);
	while (!signals) {
		volatile long m = LONG_MAX;
		run_sequence(&mine, &cs, &m);
	}
	printf("rseq_cs in the handler %ld\n", cs_at_signal);
	setitimer(ITIMER_REAL, &soon, NULL);
	thrown_out("another label", seq_other);
	long thrown = 1;
	for (int i = 0; thrown && i < 100; i++) { /* again, should a tick or the last alarm come just here */
		n = 10;
		cs_set(seq_abort);
		thrown = run_sequence(&mine, &cs, &n);
	}
	SHOW_INT(thrown);
	sched_yield();
	sched_getaffinity(0, sizeof(old), &old);
	for (first = 0; !CPU_ISSET(first, &old); first++)
		;
	CPU_ZERO(&one);
	CPU_SET(first, &one);
	sched_setaffinity(0, sizeof(one), &one);
	printf("on the CPU we are bound to: %d\n", mine.cpu_id == (unsigned)first);
	pthread_create(&t, NULL, spinner, &one);
	thrown_out("preemption", seq_abort);
	pthread_cancel(t);
	pthread_join(t, NULL);
	bool right = true;
	for (int round = 0; round < 50; round++)
		for (int c = 0; c < CPU_SETSIZE; c++) {
			if (!CPU_ISSET(c, &old))
				continue;
			CPU_ZERO(&one);
			CPU_SET(c, &one);
			sched_setaffinity(0, sizeof(one), &one);
			right &= mine.cpu_id == (unsigned)c && mine.cpu_id_start == (unsigned)c;
			usleep(100);
			right &= mine.cpu_id == (unsigned)c;
		}
	printf("right on every CPU: %d\n", right);
	sched_setaffinity(0, sizeof(old), &old);
}

static void in_children(void)
{
	SECTION("children");
	mine.cpu_id = 4000;
	IN_CHILD("fork", {
		struct itimerval soon = { .it_value.tv_usec = 30000 };
		show_cpu(&mine);
		setitimer(ITIMER_REAL, &soon, NULL);
		thrown_out("a signal in the child", seq_abort);
		SHOW(rseq(&mine, 32, 0, SIG));
	});
	IN_CHILD("signature", { raise(SIGALRM); cs_set(seq_bad); mine.rseq_cs = (uint64_t)&cs; raise(SIGALRM); });
	IN_CHILD("no sequence there", { mine.rseq_cs = 64; raise(SIGALRM); });
	IN_CHILD("a kernel address", { mine.rseq_cs = 1UL << 63; raise(SIGALRM); });
	IN_CHILD("version", { cs_set(seq_abort); cs.version = 1; mine.rseq_cs = (uint64_t)&cs; raise(SIGALRM); });
	IN_CHILD("abort in the sequence",
	         { cs_set(seq_start + 2); mine.rseq_cs = (uint64_t)&cs; raise(SIGALRM); });
	IN_CHILD("abort at a kernel address",
	         { cs_set((void *)(1UL << 63)); mine.rseq_cs = (uint64_t)&cs; raise(SIGALRM); });
	IN_CHILD("length overflows", { cs_set(seq_abort); cs.length = -8UL; mine.rseq_cs = (uint64_t)&cs; raise(SIGALRM); });
	IN_CHILD("flags outside", { cs_set(seq_abort); cs.flags = 1; mine.rseq_cs = (uint64_t)&cs; raise(SIGALRM);
		printf("cleared: %d\n", !mine.rseq_cs); });
	IN_CHILD("old flag", {
		struct itimerval soon = { .it_value.tv_usec = 30000 };
		volatile long n = LONG_MAX;
		setitimer(ITIMER_REAL, &soon, NULL);
		cs_set(seq_abort);
		cs.flags = 1;
		run_sequence(&mine, &cs, &n);
	});
	IN_CHILD("unknown flag of the area", {
		struct itimerval soon = { .it_value.tv_usec = 30000 };
		volatile long n = LONG_MAX;
		setitimer(ITIMER_REAL, &soon, NULL);
		mine.flags = 16;
		cs_set(seq_abort);
		run_sequence(&mine, &cs, &n);
	});
	IN_CHILD("unmapped", {
		void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		SHOW(rseq(&mine, 32, 1, SIG));
		SHOW(rseq(p, 32, 0, SIG));
		munmap(p, 4096);
		signal(SIGSEGV, on_alarm);
		raise(SIGALRM);
	});
}

static int vm_child(void *arg)
{
	*(long *)arg = rseq(&other, 32, 1, SIG) == -1 ? errno : 0;
	*(long *)arg += rseq(&other, 32, 0, SIG) == -1 ? 1000 : 0;
	_exit(0);
}

static void all(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	long r = -1;

	/* glibc's own area lies in its thread descriptor */
	extern const __PTRDIFF_TYPE__ __rseq_offset __attribute__((weak));
	extern const unsigned __rseq_size __attribute__((weak));
	if (&__rseq_size && __rseq_size)
		syscall(SYS_rseq, (char *)__builtin_thread_pointer() + __rseq_offset, 32, 1, SIG);
	registering();
	sequences();
	in_children();
	SECTION("a child that shares the memory has no area");
	pid_t pid = clone(vm_child, stack + sizeof(stack), CLONE_VM | SIGCHLD, &r);
	waitpid(pid, NULL, 0);
	SHOW_INT(r);
	SHOW(rseq(&mine, 32, 1, SIG));
}

int main(int argc, char **argv)
{
	if (argc > 1) { /* after exec: nothing is registered but what libc has */
		SHOW(rseq(&mine, 32, 1, SIG));
		return 0;
	}
	all();
	SECTION("exec");
	IN_CHILD("exec", { execl("/proc/self/exe", "rseq", "x", (char *)NULL); });
	return argv == NULL;
}
