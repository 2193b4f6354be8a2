/* SPDX-License-Identifier: MIT
 * tests/abi/futex.c - futex(2) by its number: errors, waiting, waking, requeueing, robust lists; membarrier */
#include "abi.h"
#include <pthread.h>
#include <stddef.h>

enum { WAIT, WAKE, FD, REQUEUE, CMP_REQUEUE, WAKE_OP, LOCK_PI, WAIT_BITSET = 9, WAKE_BITSET, PRIVATE = 128, REALTIME = 256 };
#define OP(op, oparg, cmp, cmparg) ((op) << 28 | (cmp) << 24 | ((oparg) & 0xfff) << 12 | ((cmparg) & 0xfff))
struct robust_head { void *next; long offset; void *pending; };

static uint32_t word, word2;
static long futex(uint32_t *p, int op, long val, const void *t, uint32_t *p2, long val3)
{
	return syscall(SYS_futex, p, (long)op, val, t, p2, val3);
}

/* ---- threads that wait ---- */
static _Atomic int places, started, returned, last_errno;
static pid_t tids[8];
struct wait { uint32_t *at; int op; uint32_t val, bits; int ms; };
/* Says who we are; the call that waits comes next. */
static void announce(void)
{
	tids[places++] = (pid_t)syscall(SYS_gettid);
	started++;
}
static void *waiter(void *arg)
{
	struct wait *w = arg;
	struct timespec t = { w->ms / 1000, w->ms % 1000 * 1000000L };
	announce();
	long r = futex(w->at, w->op, w->val, w->ms ? &t : NULL, NULL, w->bits);
	last_errno = r < 0 ? errno : 0;
	returned++;
	return NULL;
}
/* Until `n` threads have gone to sleep. */
static void settle(int n)
{
	while (started < n)
		sleep_ms(1);
	for (int i = 0; i < n; i++)
		until_asleep(tids[i]);
}
/* Until `n` have come back; whether more did is seen when the rest is woken. */
static void until_returned(int n)
{
	while (returned < n)
		sleep_ms(1);
	SHOW_INT(returned);
}
static void begin(pthread_t *t, int n, struct wait *w)
{
	places = started = returned = 0;
	for (int i = 0; i < n; i++)
		pthread_create(&t[i], NULL, waiter, w);
	settle(n);
}
static void end(pthread_t *t, int n)
{
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	SHOW_INT(returned);
}

static void errors(void)
{
	struct timespec bad = { 0, 1000000000 }, neg = { -1, 0 }, zero = { 0, 0 }, ms = { 0, 5000000 };
	char *none = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *ro = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	SECTION("errors");
	word = 1;
	SHOW(futex(&word, WAIT, 0, NULL, NULL, 0));
	SHOW(futex((uint32_t *)((char *)&word + 1), WAIT, 1, NULL, NULL, 0));
	SHOW(futex((uint32_t *)((char *)&word + 2), WAKE, 1, NULL, NULL, 0));
	SHOW(futex(NULL, WAIT, 0, NULL, NULL, 0));
	SHOW(futex(NULL, WAIT | PRIVATE, 0, NULL, NULL, 0));
	SHOW(futex(NULL, WAKE, 1, NULL, NULL, 0));
	SHOW(futex(NULL, WAKE | PRIVATE, 1, NULL, NULL, 0));
	SHOW(futex((uint32_t *)0xffffffff80000000, WAKE | PRIVATE, 1, NULL, NULL, 0));
	SHOW(futex((uint32_t *)none, WAIT, 0, &zero, NULL, 0));
	SHOW(futex((uint32_t *)none, WAKE, 1, NULL, NULL, 0));
	SHOW(futex((uint32_t *)none, WAKE | PRIVATE, 1, NULL, NULL, 0));
	SHOW(futex((uint32_t *)ro, WAIT | PRIVATE, 0, &ms, NULL, 0));
	SHOW(futex(&word, WAIT, 1, &zero, NULL, 0));
	SHOW(futex(&word, WAIT, 1, &ms, NULL, 0));
	SHOW(futex(&word, WAIT, 1, &bad, NULL, 0));
	SHOW(futex(&word, WAIT, 1, &neg, NULL, 0));
	SHOW(futex(&word, WAIT, 0, &bad, NULL, 0));
	SHOW(futex(&word, WAIT, 1, (void *)8, NULL, 0));
	SHOW(futex(&word, WAIT | REALTIME, 1, &ms, NULL, 0));
	SHOW(futex(&word, WAIT_BITSET, 1, &ms, NULL, 0));
	SHOW(futex(&word, WAIT_BITSET, 1, &ms, NULL, -1));
	SHOW(futex(&word, WAIT_BITSET | REALTIME, 1, &ms, NULL, 1));
	SHOW(futex(&word, WAIT_BITSET, 0, &ms, NULL, 1));
	SHOW(futex(&word, WAKE_BITSET, 1, NULL, NULL, 0));
	SHOW(futex(&word, WAKE | REALTIME, 1, NULL, NULL, 0));
	SHOW(futex(&word, WAKE, 1, (void *)8, (void *)1, 0));
	SHOW(futex(&word, FD, 1, NULL, NULL, 0));
	SHOW(futex(&word, 77, 1, NULL, NULL, 0));
	SHOW(futex(&word, REQUEUE, 1, (void *)1, NULL, 0));
	SHOW(futex(&word, REQUEUE, 1, (void *)1, &word2, 0));
	SHOW(futex(&word, REQUEUE, -1, (void *)1, &word2, 0));
	SHOW(futex(&word, CMP_REQUEUE, 1, (void *)-1, &word2, 1));
	SHOW(futex(&word, CMP_REQUEUE, 1, (void *)1, &word2, 2));
	SHOW(futex(&word, CMP_REQUEUE, 1, (void *)1, &word2, 1));
	SHOW(futex(NULL, CMP_REQUEUE | PRIVATE, 1, (void *)1, &word2, 1));
	SHOW(futex(&word, WAKE_OP, 1, (void *)1, NULL, 0));
	SHOW(futex(&word, WAKE_OP | PRIVATE, 1, (void *)1, (uint32_t *)ro, 0));
	SHOW(futex(&word, WAKE_OP | PRIVATE, 1, (void *)1, &word2, OP(7, 0, 0, 0)));
	SHOW(futex(&word, WAKE_OP | PRIVATE, 1, (void *)1, &word2, OP(0, 5, 9, 0)));
	SHOW_INT(word2);
}

static long elapsed_ms(const struct timespec *a)
{
	struct timespec b;
	clock_gettime(CLOCK_MONOTONIC, &b);
	return (b.tv_sec - a->tv_sec) * 1000 + (b.tv_nsec - a->tv_nsec) / 1000000;
}
static void later(clockid_t clock, struct timespec *t, int ms)
{
	clock_gettime(clock, t);
	t->tv_nsec += ms * 1000000L;
	t->tv_sec += t->tv_nsec / 1000000000;
	t->tv_nsec %= 1000000000;
}
static void timeouts(void)
{
	struct timespec a, t = { 0, 50000000 };
	SECTION("timeouts");
	word = 0;
	clock_gettime(CLOCK_MONOTONIC, &a);
	SHOW(futex(&word, WAIT | PRIVATE, 0, &t, NULL, 0));
	SHOW_INT(elapsed_ms(&a) >= 50);
	clock_gettime(CLOCK_MONOTONIC, &a);
	later(CLOCK_MONOTONIC, &t, 50);
	SHOW(futex(&word, WAIT_BITSET | PRIVATE, 0, &t, NULL, -1));
	SHOW_INT(elapsed_ms(&a) >= 49);
	clock_gettime(CLOCK_MONOTONIC, &a);
	later(CLOCK_REALTIME, &t, 50);
	SHOW(futex(&word, WAIT_BITSET | REALTIME, 0, &t, NULL, -1));
	SHOW_INT(elapsed_ms(&a) >= 49);
}

static _Atomic int handled;
static void on_signal(int sig) { handled++; }
static void signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct wait w = { &word, WAIT | PRIVATE, 0, 0, 0 };
	pthread_t t[1];
	SECTION("signals");
	word = 0;
	sigaction(SIGUSR1, &sa, NULL);
	begin(t, 1, &w);
	pthread_kill(t[0], SIGUSR1);
	end(t, 1);
	SHOW_INT(last_errno == EINTR);
	SHOW_INT(handled);
	sa.sa_flags = SA_RESTART;
	sigaction(SIGUSR1, &sa, NULL);
	begin(t, 1, &w);
	pthread_kill(t[0], SIGUSR1);
	while (handled < 2)
		sleep_ms(1);
	settle(1); /* in the call restarted, since the handler has run */
	SHOW_INT(returned);
	SHOW_INT(handled);
	SHOW(futex(&word, WAKE | PRIVATE, 1, NULL, NULL, 0));
	end(t, 1);
	SHOW_INT(last_errno);
	w.ms = 60000; /* with a timeout SA_RESTART does not help */
	begin(t, 1, &w);
	pthread_kill(t[0], SIGUSR1);
	end(t, 1);
	SHOW_INT(last_errno == EINTR);
}

static void waking(void)
{
	struct wait w = { &word, WAIT | PRIVATE, 5, 0, 0 };
	pthread_t t[8];
	SECTION("waking");
	word = 5;
	begin(t, 8, &w);
	SHOW(futex(&word, WAKE | PRIVATE, 0, NULL, NULL, 0)); /* yes: one */
	SHOW(futex(&word, WAKE | PRIVATE, 1, NULL, NULL, 0));
	SHOW(futex(&word, WAKE | PRIVATE, 2, NULL, NULL, 0));
	SHOW(futex(&word, WAKE, 100, NULL, NULL, 0)); /* another key */
	SHOW(futex(&word2, WAKE | PRIVATE, 100, NULL, NULL, 0));
	until_returned(4);
	SHOW(futex(&word, WAKE | PRIVATE, INT_MAX, NULL, NULL, 0));
	end(t, 8);
	SHOW(futex(&word, WAKE | PRIVATE, 1, NULL, NULL, 0));
	SECTION("bits");
	struct wait b1 = { &word, WAIT_BITSET | PRIVATE, 5, 1, 0 }, b6 = { &word, WAIT_BITSET | PRIVATE, 5, 6, 0 };
	begin(t, 2, &b1);
	for (int i = 2; i < 4; i++)
		pthread_create(&t[i], NULL, waiter, &b6);
	settle(4);
	SHOW(futex(&word, WAKE_BITSET | PRIVATE, 10, NULL, NULL, 8));
	SHOW(futex(&word, WAKE_BITSET | PRIVATE, 10, NULL, NULL, 4));
	SHOW(futex(&word, WAKE_BITSET | PRIVATE, 1, NULL, NULL, 3));
	SHOW(futex(&word, WAKE | PRIVATE, 10, NULL, NULL, 0));
	end(t, 4);
	SECTION("requeue");
	begin(t, 8, &w);
	SHOW(futex(&word, CMP_REQUEUE | PRIVATE, 1, (void *)3, &word2, 4));
	SHOW(futex(&word, CMP_REQUEUE | PRIVATE, 1, (void *)3, &word2, 5));
	until_returned(1);
	SHOW(futex(&word2, WAKE | PRIVATE, 2, NULL, NULL, 0));
	SHOW(futex(&word, REQUEUE | PRIVATE, 0, (void *)2, &word2, 0));
	SHOW(futex(&word2, WAKE | PRIVATE, 10, NULL, NULL, 0));
	SHOW(futex(&word, REQUEUE | PRIVATE, 0, (void *)2, &word, 0));
	SHOW(futex(&word, WAKE | PRIVATE, 10, NULL, NULL, 0));
	end(t, 8);
	SECTION("wake op");
	struct wait w2 = { &word2, WAIT | PRIVATE, 5, 0, 0 };
	word2 = 5;
	begin(t, 2, &w);
	for (int i = 2; i < 4; i++)
		pthread_create(&t[i], NULL, waiter, &w2);
	settle(4);
	SHOW(futex(&word, WAKE_OP | PRIVATE, 1, (void *)1, &word2, OP(1, 3, 0, 5)));
	SHOW_INT(word2);
	SHOW(futex(&word, WAKE_OP | PRIVATE, 1, (void *)1, &word2, OP(0, -2, 4, 100)));
	SHOW_INT((int)word2);
	SHOW(futex(&word, WAKE_OP | PRIVATE, 1, (void *)1, &word2, OP(8 | 2, 4, 2, 0)));
	SHOW_INT((int)word2);
	end(t, 4);
	word2 = 0xff;
	SHOW(futex(&word, WAKE_OP | PRIVATE, 1, (void *)1, &word2, OP(3, 0xf, 3, 1)));
	SHOW_INT(word2);
	SHOW(futex(&word, WAKE_OP | PRIVATE, 1, (void *)1, &word2, OP(4, 0xff, 5, 1)));
	SHOW_INT(word2);
}

static void shared(void)
{
	SECTION("shared memory");
	uint32_t *a = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd = open("word", O_CREAT | O_RDWR, 0600);
	ftruncate(fd, 8192);
	uint32_t *f = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	fflush(stdout);
	pid_t c = fork();
	if (!c) {
		uint32_t *g = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096);
		if (futex(a + 3, WAIT, 0, NULL, NULL, 0))
			_exit(1);
		a[0] = 1;
		if (futex(g + 7, WAIT, 0, NULL, NULL, 0))
			_exit(2);
		_exit(0);
	}
	until_asleep(c);
	SHOW(futex(a + 3, WAKE | PRIVATE, 1, NULL, NULL, 0));
	SHOW(futex(a + 4, WAKE, 1, NULL, NULL, 0));
	SHOW(futex(a + 3, WAKE, 1, NULL, NULL, 0));
	while (!*(volatile uint32_t *)a)
		sleep_ms(1);
	until_asleep(c);
	SHOW(futex(f + 7, WAKE, 1, NULL, NULL, 0));
	SHOW(futex(f + 1024 + 7, WAKE, 1, NULL, NULL, 0));
	int st;
	waitpid(c, &st, 0);
	show_status("child", st);
	word = 0;
	c = fork();
	if (!c) { /* private memory is a copy */
		struct timespec t = { 0, 200000000 };
		_exit(futex(&word, WAIT, 0, &t, NULL, 0) < 0 && errno == ETIMEDOUT ? 7 : 8);
	}
	until_asleep(c);
	SHOW(futex(&word, WAKE, 1, NULL, NULL, 0));
	waitpid(c, &st, 0);
	show_status("child", st);
}

/* ---- robust lists ---- */
struct lock { void *next; uint32_t word; };
static struct lock *locks;
static struct robust_head *head;
static void robust_child(int how)
{
	uint32_t tid = syscall(SYS_gettid);
	head = (void *)(locks + 8);
	head->offset = offsetof(struct lock, word);
	head->next = &locks[0];
	locks[0] = (struct lock){ &locks[1], tid };
	locks[1] = (struct lock){ &locks[2], tid | 0x80000000 };
	locks[2] = (struct lock){ &locks[3], tid + 1 };
	locks[3] = (struct lock){ &locks[4], tid | 0x40000000 };
	locks[4] = (struct lock){ how == 1 ? (void *)&locks[0] : how == 2 ? (void *)8 : (void *)head, tid };
	locks[5] = (struct lock){ NULL, tid | 0x80000000 };
	locks[6] = (struct lock){ NULL, how == 3 ? 0 : tid };
	head->pending = how == 3 ? &locks[6] : &locks[5];
	syscall(SYS_set_robust_list, head, sizeof *head);
	if (how == 4)
		execl("/proc/self/exe", "futex", "nothing", NULL);
	if (how == 5)
		raise(SIGKILL);
	if (how == 6)
		head->offset = 1;
	_exit(0);
}
static void robust(void)
{
	void *h = NULL;
	size_t len = 0;
	SECTION("robust lists");
	SHOW(syscall(SYS_set_robust_list, head, 23));
	SHOW(syscall(SYS_get_robust_list, 0, &h, &len));
	SHOW_INT(len);
	SHOW(syscall(SYS_get_robust_list, 999999, &h, &len));
	SHOW(syscall(SYS_get_robust_list, 0, NULL, &len));
	locks = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int how = 0; how < 7; how++) {
		pid_t c;
		int st;
		struct wait w = { &locks[how == 3 ? 6 : 1].word, WAIT, 0x7fffffff, 0, 0 };
		pthread_t t[1];
		w.at[0] = 0x7fffffff;
		if (how != 6)
			begin(t, 1, &w);
		fflush(stdout);
		c = fork();
		if (!c)
			robust_child(how);
		waitpid(c, &st, 0);
		if (how != 6)
			end(t, 1);
		printf("how %d:", how);
		for (int i = 0; i < 7; i++)
			printf(" %x%s", locks[i].word & 0xc0000000, locks[i].word & 0x3fffffff ? "+tid" : "");
		printf("\n");
	}
}

/* ---- the end of a thread ---- */
static int stack[4][4096];
static _Atomic int ctid;
static int thread_main(void *arg)
{
	until_asleep(*(pid_t *)arg); /* in the wait for our end */
	return 0;
}
static void clear_tid(void)
{
	SECTION("clear child tid");
	pid_t main_thread = getpid();
	int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
	            CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID;
	int tid = clone(thread_main, stack[1], flags, &main_thread, &ctid, NULL, &ctid);
	SHOW_INT(tid > 0 && ctid == tid);
	SHOW(futex((uint32_t *)&ctid, WAIT, tid, NULL, NULL, 0));
	SHOW_INT(ctid);
	flags = CLONE_VM | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID | SIGCHLD;
	tid = clone(thread_main, stack[2], flags, &main_thread, &ctid, NULL, &ctid);
	SHOW_INT(ctid == tid);
	SHOW(futex((uint32_t *)&ctid, WAIT, tid, NULL, NULL, 0));
	SHOW_INT(ctid);
	wait(NULL);
}

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
struct waitv { uint64_t val, addr; uint32_t flags, reserved; };
static struct waitv many[3];
static void *waitv_thread(void *arg)
{
	announce();
	long r = syscall(SYS_futex_waitv, many, 3, 0, NULL, 0);
	returned = r < 0 ? -errno : r;
	return NULL;
}
static void waitv(void)
{
	static uint32_t w[3];
	struct timespec t;
	pthread_t th;
	SECTION("futex_waitv");
	for (int i = 0; i < 3; i++)
		many[i] = (struct waitv){ 0, (uint64_t)&w[i], 2 | 128, 0 };
	SHOW(syscall(SYS_futex_waitv, NULL, 3, 0, NULL, 0));
	SHOW(syscall(SYS_futex_waitv, many, 0, 0, NULL, 0));
	SHOW(syscall(SYS_futex_waitv, many, 129, 0, NULL, 0));
	SHOW(syscall(SYS_futex_waitv, many, 3, 1, NULL, 0));
	SHOW(syscall(SYS_futex_waitv, (void *)8, 3, 0, NULL, 0));
	t = (struct timespec){ 0, 1000000000 };
	SHOW(syscall(SYS_futex_waitv, many, 3, 0, &t, CLOCK_MONOTONIC));
	t = (struct timespec){ 0, 1 };
	SHOW(syscall(SYS_futex_waitv, many, 3, 0, &t, CLOCK_BOOTTIME));
	SHOW(syscall(SYS_futex_waitv, many, 3, 0, &t, CLOCK_MONOTONIC));
	later(CLOCK_REALTIME, &t, 20);
	SHOW(syscall(SYS_futex_waitv, many, 3, 0, &t, CLOCK_REALTIME));
	many[1].val = 1;
	SHOW(syscall(SYS_futex_waitv, many, 3, 0, &t, CLOCK_REALTIME));
	many[1].val = 0;
	many[2].flags = 128;
	SHOW(syscall(SYS_futex_waitv, many, 3, 0, NULL, 0));
	many[2].flags = 2 | 128;
	many[2].reserved = 1;
	SHOW(syscall(SYS_futex_waitv, many, 3, 0, NULL, 0));
	many[2].reserved = 0;
	many[2].addr = 4;
	SHOW(syscall(SYS_futex_waitv, many, 3, 0, NULL, 0));
	many[2].addr = (uint64_t)&w[2];
	places = started = 0;
	pthread_create(&th, NULL, waitv_thread, NULL);
	settle(1);
	SHOW(futex(&w[1], WAKE | PRIVATE, 1, NULL, NULL, 0));
	pthread_join(th, NULL);
	SHOW_INT(returned);
	SHOW(futex(&w[2], WAKE | PRIVATE, 1, NULL, NULL, 0));
}

static void membarriers(void)
{
	SECTION("membarrier");
	SHOW_INT((syscall(SYS_membarrier, 0, 0, 0) & 0x1f) == 0x1f);
	SHOW(syscall(SYS_membarrier, 0, 1, 0));
	SHOW(syscall(SYS_membarrier, 1, 0, 0));
	SHOW(syscall(SYS_membarrier, 3, 0, 0));
	SHOW(syscall(SYS_membarrier, 8, 0, 0));
	SHOW(syscall(SYS_membarrier, 16, 0, 0));
	SHOW(syscall(SYS_membarrier, 8, 0, 0));
	SHOW(syscall(SYS_membarrier, 4, 0, 0));
	SHOW(syscall(SYS_membarrier, 2, 0, 0));
	SHOW(syscall(SYS_membarrier, -1, 0, 0));
	IN_CHILD("inherited by fork", SHOW(syscall(SYS_membarrier, 8, 0, 0)));
	SHOW_INT((syscall(SYS_membarrier, 0, 0, 0) & 0x380) == 0x380);
	SHOW(syscall(SYS_membarrier, 128, 0, 0));
	SHOW(syscall(SYS_membarrier, 512, 0, 0));
	SHOW(syscall(SYS_membarrier, 256, 0, 0));
	SHOW(syscall(SYS_membarrier, 128, 0, 0));
	SHOW(syscall(SYS_membarrier, 128, 1, 0));
	SHOW(syscall(SYS_membarrier, 128, 1, 100000));
	SHOW(syscall(SYS_membarrier, 128, 1, -1));
	SHOW(syscall(SYS_membarrier, 128, 2, 0));
	SHOW(syscall(SYS_membarrier, 8, 1, 0));
	SHOW_INT((syscall(SYS_membarrier, 0, 0, 0) & 0x60) == 0x60);
	SHOW(syscall(SYS_membarrier, 32, 0, 0));
	SHOW(syscall(SYS_membarrier, 64, 0, 0));
	SHOW(syscall(SYS_membarrier, 32, 0, 0));
	SHOW(syscall(SYS_membarrier, 32, 1, 0));
	SHOW(syscall(SYS_membarrier, 512, 0, 0));
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return 0;
	errors();
	timeouts();
	signals();
	waking();
	shared();
	robust();
	clear_tid();
	waitv();
	membarriers();
	return 0;
}
