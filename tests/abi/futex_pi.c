/* SPDX-License-Identifier: MIT
 * tests/abi/futex_pi.c - locks whose owner inherits the priority of its waiters: FUTEX_LOCK_PI and its family */
#include "abi.h"
#include <pthread.h>

enum { LOCK_PI = 6, UNLOCK_PI, TRYLOCK_PI, LOCK_PI2 = 13, PRIVATE = 128, REALTIME = 256 };
#define WAITERS    0x80000000U
#define OWNER_DIED 0x40000000U

static long futex(uint32_t *p, int op, const void *t)
{
	return syscall(SYS_futex, p, (long)op, 0L, t, NULL, 0L);
}
static pid_t tid(void)
{
	return (pid_t)syscall(SYS_gettid);
}
/* Whose the lock is, and its flags. */
static void show_word(const char *what, uint32_t w, pid_t owner)
{
	uint32_t t = w & 0x3fffffff;
	printf("%s: %s%s%s\n", what,
	       !t                     ? "free"
	       : t == (uint32_t)owner ? "ours"
	                              : "another's",
	       w & WAITERS ? " WAITERS" : "", w & OWNER_DIED ? " DIED" : "");
	fflush(stdout);
}

static uint32_t a, b;
static void errors(void)
{
	struct timespec past = { 1, 0 }, bad = { 0, 1000000000 };
	char *none = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *ro = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t *fresh = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	SECTION("alone");
	SHOW(futex(&a, LOCK_PI | PRIVATE, NULL));
	show_word("taken", a, getpid());
	SHOW(futex(&a, LOCK_PI | PRIVATE, NULL));
	SHOW(futex(&a, TRYLOCK_PI | PRIVATE, NULL));
	SHOW(futex(&a, UNLOCK_PI | PRIVATE, NULL));
	SHOW_HEX(a);
	SHOW(futex(&a, UNLOCK_PI, NULL));
	SHOW(futex(&a, TRYLOCK_PI, NULL));
	show_word("taken", a, getpid());
	a |= WAITERS;
	SHOW(futex(&a, UNLOCK_PI, NULL));
	SHOW_HEX(a);
	a = OWNER_DIED;
	SHOW(futex(&a, LOCK_PI, NULL));
	show_word("of a dead owner", a, getpid());
	SHOW(futex(&a, UNLOCK_PI, NULL));
	SHOW_HEX(a);
	SHOW(futex(fresh, LOCK_PI, NULL));
	show_word("fresh page", *fresh, getpid());
	SECTION("errors");
	SHOW(futex((uint32_t *)((char *)&a + 2), LOCK_PI, NULL));
	SHOW(futex((uint32_t *)none, LOCK_PI, NULL));
	SHOW(futex((uint32_t *)none, UNLOCK_PI, NULL));
	SHOW(futex((uint32_t *)ro, LOCK_PI | PRIVATE, NULL));
	SHOW(futex((uint32_t *)8, TRYLOCK_PI, NULL));
	a = 0x3ffffff0; /* no such thread */
	SHOW(futex(&a, LOCK_PI, NULL));
	SHOW(futex(&a, TRYLOCK_PI, NULL));
	SHOW(futex(&a, UNLOCK_PI, NULL));
	SHOW_HEX(a);
	a = 0;
	SHOW(futex(&a, LOCK_PI, &bad));
	SHOW(futex(&a, LOCK_PI | REALTIME, NULL));
	SHOW(futex(&a, LOCK_PI2 | REALTIME, &past));
	show_word("free: no wait", a, getpid());
	a = 0;
}

/* ---- another thread holds, or waits ---- */
static _Atomic int step;
static _Atomic pid_t other;
static void *holder(void *arg)
{
	(void)arg;
	other = tid();
	SHOW(futex(&a, LOCK_PI, NULL));
	step = 1;
	while (step < 2)
		sleep_ms(1);
	SHOW(futex(&a, UNLOCK_PI, NULL));
	return NULL;
}
static void *taker(void *arg)
{
	(void)arg;
	other = tid();
	step = 1;
	SHOW(futex(&a, LOCK_PI, NULL));
	show_word("handed over", a, tid());
	SHOW(futex(&a, UNLOCK_PI, NULL));
	return NULL;
}
static void contended(void)
{
	struct timespec past = { 1, 0 }, soon;
	pthread_t t;
	SECTION("contended");
	step = 0;
	pthread_create(&t, NULL, holder, NULL);
	while (step < 1)
		sleep_ms(1);
	SHOW(futex(&a, TRYLOCK_PI, NULL));
	SHOW(futex(&a, UNLOCK_PI, NULL));
	SHOW(futex(&a, LOCK_PI, &past));
	show_word("after the timeout", a, other);
	SHOW(futex(&a, LOCK_PI2, &past));
	clock_gettime(CLOCK_MONOTONIC, &soon);
	soon.tv_nsec += 20000000;
	if (soon.tv_nsec >= 1000000000) {
		soon.tv_nsec -= 1000000000;
		soon.tv_sec++;
	}
	SHOW(futex(&a, LOCK_PI2, &soon));
	step = 2;
	pthread_join(t, NULL);
	SHOW_HEX(a);
	step = 0;
	SHOW(futex(&a, LOCK_PI, NULL));
	pthread_create(&t, NULL, taker, NULL);
	while (step < 1 || !(a & WAITERS))
		sleep_ms(1);
	until_asleep(other);
	show_word("somebody waits", a, getpid());
	long r = futex(&a, UNLOCK_PI, NULL);
	pthread_join(t, NULL);
	SHOW_INT(r);
	SHOW_HEX(a);
}

/* ---- a circle ---- */
static long other_results;
static void *wants_a(void *arg)
{
	(void)arg;
	other = tid();
	long r = futex(&b, LOCK_PI, NULL);
	step = 1;
	long s = futex(&a, LOCK_PI, NULL);
	other_results = r * 100 + s;
	futex(&a, UNLOCK_PI, NULL);
	futex(&b, UNLOCK_PI, NULL);
	return NULL;
}
static void circle(void)
{
	pthread_t t;
	SECTION("deadlock");
	a = b = 0;
	step = 0;
	SHOW(futex(&a, LOCK_PI, NULL));
	pthread_create(&t, NULL, wants_a, NULL);
	while (step < 1 || !(a & WAITERS))
		sleep_ms(1);
	until_asleep(other);
	SHOW(futex(&b, LOCK_PI, NULL));
	SHOW(futex(&a, UNLOCK_PI, NULL));
	pthread_join(t, NULL);
	SHOW_INT(other_results);
	SHOW_HEX(a);
	SHOW_HEX(b);
}

/* ---- an owner that dies ---- */
static void death(void)
{
	uint32_t *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	SECTION("the owner dies");
	fflush(stdout);
	pid_t c = fork();
	if (!c) {
		futex(m, LOCK_PI, NULL);
		m[1] = 1;
		while (!(*(volatile uint32_t *)m & WAITERS))
			sleep_ms(1);
		until_asleep(getppid());
		_exit(0);
	}
	while (!__atomic_load_n(m + 1, __ATOMIC_SEQ_CST))
		sleep_ms(1);
	SHOW(futex(m, LOCK_PI, NULL));
	show_word("inherited", *m, getpid());
	SHOW(futex(m, UNLOCK_PI, NULL));
	SHOW_HEX(*m);
	waitpid(c, NULL, 0);
	c = fork();
	if (!c) {
		futex(m, LOCK_PI, NULL);
		_exit(0);
	}
	waitpid(c, NULL, 0);
	show_word("nobody waited", *m, c);
	SHOW(futex(m, LOCK_PI, NULL));
}

/* ---- priorities ---- */
static pid_t highs[2];
static void *high(void *arg)
{
	struct sched_param p = { .sched_priority = (int)(long)arg };
	if (syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &p))
		printf("SCHED_FIFO: %s\n", strerror(errno));
	highs[step - 1] = tid();
	step++;
	long r = futex(&b, LOCK_PI, NULL);
	futex(&b, UNLOCK_PI, NULL);
	return (void *)r;
}
static void *middle(void *arg)
{
	(void)arg;
	other = tid();
	futex(&b, LOCK_PI, NULL);
	step++;
	futex(&a, LOCK_PI, NULL);
	futex(&a, UNLOCK_PI, NULL);
	futex(&b, UNLOCK_PI, NULL);
	return NULL;
}
static void priorities(void)
{
	pthread_t t[3];
	struct sched_param p = { 0 };
	SECTION("priorities through a chain");
	a = b = 0;
	step = 0;
	futex(&a, LOCK_PI, NULL);
	SHOW_INT(thread_priority(tid()));
	pthread_create(&t[0], NULL, middle, NULL);
	while (step < 1 || !(a & WAITERS))
		sleep_ms(1);
	until_asleep(other);
	SHOW_INT(thread_priority(tid()));
	pthread_create(&t[1], NULL, high, (void *)30L);
	while (step < 2 || !(b & WAITERS))
		sleep_ms(1);
	until_asleep(highs[0]);
	SHOW_INT(thread_priority(tid()));
	SHOW_INT(thread_priority(other));
	pthread_create(&t[2], NULL, high, (void *)40L);
	while (step < 3)
		sleep_ms(1);
	until_asleep(highs[1]);
	SHOW_INT(thread_priority(tid()));
	SHOW_INT(thread_priority(other));
	CALL(sched_getscheduler, 0); /* what was set is another thing */
	CALL(sched_getparam, 0, &p);
	SHOW_INT(p.sched_priority);
	IN_CHILD("a child inherits nothing lent", SHOW_INT(thread_priority(tid())));
	SHOW(futex(&a, UNLOCK_PI, NULL));
	SHOW_INT(thread_priority(tid()));
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	SHOW_HEX(a);
	SHOW_HEX(b);
}

static pthread_mutex_t m;
static int counter;
static void *adds(void *arg)
{
	for (int i = 0; i < 500; i++) {
		pthread_mutex_lock(&m);
		counter++;
		if (i % 50 == 0)
			sched_yield();
		pthread_mutex_unlock(&m);
	}
	return arg;
}
static void *dies_with_it(void *arg)
{
	pthread_mutex_lock(&m);
	return arg;
}
static void mutexes(void)
{
	pthread_mutexattr_t at;
	pthread_t t[8];
	SECTION("pthread mutexes");
	pthread_mutexattr_init(&at);
	SHOW_INT(pthread_mutexattr_setprotocol(&at, PTHREAD_PRIO_INHERIT));
	SHOW_INT(pthread_mutex_init(&m, &at));
	for (int i = 0; i < 8; i++)
		pthread_create(&t[i], NULL, adds, NULL);
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	SHOW_INT(counter);
	pthread_mutexattr_setrobust(&at, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_destroy(&m);
	SHOW_INT(pthread_mutex_init(&m, &at));
	pthread_create(t, NULL, dies_with_it, NULL);
	pthread_join(t[0], NULL);
	SHOW_INT(pthread_mutex_lock(&m) == EOWNERDEAD);
	SHOW_INT(pthread_mutex_consistent(&m));
	SHOW_INT(pthread_mutex_unlock(&m));
	SHOW_INT(pthread_mutex_lock(&m));
}
int main(void)
{
	errors();
	contended();
	circle();
	death();
	priorities();
	mutexes();
	return 0;
}
