/* SPDX-License-Identifier: MIT
 * tests/abi/futex_requeue_pi.c - condition variables on locks with inheritance: FUTEX_WAIT_REQUEUE_PI, FUTEX_CMP_REQUEUE_PI */
#include "abi.h"
#include <pthread.h>

enum { WAIT, WAKE, REQUEUE = 3, CMP_REQUEUE, WAKE_OP, LOCK_PI, UNLOCK_PI, TRYLOCK_PI, WAIT_BITSET, WAIT_REQUEUE_PI = 11, CMP_REQUEUE_PI,
       PRIVATE = 128, REALTIME = 256 };
#define WAITERS    0x80000000U
#define OWNER_DIED 0x40000000U

static uint32_t cond, lock, other_lock;
static _Atomic int ready, results;

static long futex(uint32_t *p, int op, uint32_t val, const void *t, uint32_t *p2, uint32_t val3)
{
	return syscall(SYS_futex, p, (long)op, (long)val, t, p2, (long)val3);
}
static long wait_requeue(uint32_t val, const struct timespec *t)
{
	return futex(&cond, WAIT_REQUEUE_PI, val, t, &lock, 0);
}
static long requeue(uint32_t *from, uint32_t *to, long wake, long more, uint32_t val)
{
	return futex(from, CMP_REQUEUE_PI, wake, (void *)more, to, val);
}
static long pi(uint32_t *p, int op)
{
	return futex(p, op, 0, NULL, NULL, 0);
}
static pid_t tid(void)
{
	return (pid_t)syscall(SYS_gettid);
}
static void show_word(const char *what, uint32_t w, pid_t owner)
{
	uint32_t t = w & 0x3fffffff;
	printf("%s: %s%s%s\n", what, !t ? "free" : t == (uint32_t)owner ? "ours" : "another's", w & WAITERS ? " WAITERS" : "",
	       w & OWNER_DIED ? " DIED" : "");
	fflush(stdout);
}
static struct timespec in_ms(clockid_t clock, long ms)
{
	struct timespec t;
	clock_gettime(clock, &t);
	t.tv_nsec += ms * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

static void errors(void)
{
	struct timespec past = { 1, 0 }, bad = { 0, 1000000000 }, soon;
	char *none = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	SECTION("alone");
	SHOW(wait_requeue(1, NULL));
	SHOW(wait_requeue(0, &past));
	soon = in_ms(CLOCK_MONOTONIC, 20);
	SHOW(wait_requeue(0, &soon));
	soon = in_ms(CLOCK_REALTIME, 20);
	SHOW(futex(&cond, WAIT_REQUEUE_PI | REALTIME | PRIVATE, 0, &soon, &lock, 0));
	SHOW(wait_requeue(0, &bad));
	SHOW(futex(&cond, WAIT_REQUEUE_PI, 0, (void *)8, &lock, 0));
	SHOW(futex(&cond, WAIT_REQUEUE_PI, 0, &past, &cond, 0));
	SHOW(futex((void *)((char *)&cond + 1), WAIT_REQUEUE_PI, 0, &past, &lock, 0));
	SHOW(futex(&cond, WAIT_REQUEUE_PI, 0, &past, (void *)((char *)&lock + 2), 0));
	SHOW(futex((uint32_t *)none, WAIT_REQUEUE_PI, 0, &past, &lock, 0));
	SHOW(futex(&cond, WAIT_REQUEUE_PI, 0, &past, (uint32_t *)none, 0));
	SHOW(requeue(&cond, &lock, 1, 0, 0));
	SHOW(requeue(&cond, &lock, 1, 100, 0));
	SHOW(requeue(&cond, &lock, 1, 100, 7));
	SHOW(requeue(&cond, &lock, 0, 100, 0));
	SHOW(requeue(&cond, &lock, 2, 100, 0));
	SHOW(requeue(&cond, &lock, -1, 100, 0));
	SHOW(requeue(&cond, &lock, 1, -1, 0));
	SHOW(requeue(&cond, &cond, 1, 1, 0));
	SHOW(requeue((void *)((char *)&cond + 1), &lock, 1, 1, 0));
	SHOW(requeue((uint32_t *)none, &lock, 1, 1, 0));
	SHOW(requeue(&cond, (uint32_t *)none, 1, 1, 0));
	SHOW(futex(&cond, CMP_REQUEUE_PI | REALTIME, 1, (void *)1, &lock, 0));
	SHOW_HEX(lock);
}

/* ---- waiters ---- */

struct waiter {
	pthread_t thread;
	pid_t tid;
	int op, prio;
	long timeout_ms;
	long result;
	int error;
	int mine;
	uint32_t *own; /* takes this lock first */
};

static _Atomic int handled;
static void on_signal(int sig)
{
	(void)sig;
	handled++;
}
/* A signal that the waiter takes, and goes on waiting: until it sleeps again. */
static void signal_waiter(struct waiter *w)
{
	handled = 0;
	pthread_kill(w->thread, SIGUSR1);
	while (!handled)
		sleep_ms(1);
	until_asleep(w->tid);
	SHOW_INT(results);
}
static void *wait_on_cond(void *arg)
{
	struct waiter *w = arg;
	struct timespec t = in_ms(CLOCK_MONOTONIC, w->timeout_ms);
	struct sched_param p = { .sched_priority = w->prio };

	if (w->prio && syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &p))
		printf("SCHED_FIFO: %s\n", strerror(errno));
	if (w->own)
		pi(w->own, LOCK_PI);
	w->tid = tid();
	ready++;
	w->result = futex(&cond, w->op, 0, w->timeout_ms ? &t : NULL, &lock, ~0U);
	w->error = errno;
	results++;
	w->mine = (lock & 0x3fffffff) == (uint32_t)tid();
	if (w->mine)
		pi(&lock, UNLOCK_PI);
	if (w->own && w->own != &lock)
		pi(w->own, UNLOCK_PI);
	return NULL;
}
/* One after the other, so that their order is known; until each sleeps. */
static void start(struct waiter *w, int n)
{
	ready = results = 0;
	for (int i = 0; i < n; i++) {
		if (!w[i].op)
			w[i].op = WAIT_REQUEUE_PI;
		pthread_create(&w[i].thread, NULL, wait_on_cond, &w[i]);
		while (ready <= i)
			sleep_ms(1);
		until_asleep(w[i].tid);
	}
}
static void finish(struct waiter *w, int n)
{
	for (int i = 0; i < n; i++) {
		pthread_join(w[i].thread, NULL);
		printf("waiter %d: %ld%s%s%s\n", i, w[i].result, w[i].result < 0 ? " " : "",
		       w[i].result < 0 ? strerror(w[i].error) : "", w[i].mine ? ", has the lock" : "");
	}
	show_word("the lock", lock, getpid());
}

static void transfers(void)
{
	struct waiter one = { 0 }, three[3] = { 0 }, more[3] = { 0 };

	SECTION("a free lock");
	start(&one, 1);
	SHOW(requeue(&cond, &lock, 1, 0, 0));
	finish(&one, 1);
	SECTION("a free lock, three waiters");
	start(three, 3);
	SHOW(requeue(&cond, &lock, 1, 100, 0));
	finish(three, 3);
	SECTION("a lock that is held");
	pi(&lock, LOCK_PI);
	start(more, 3);
	SHOW(requeue(&cond, &lock, 1, 0, 0));
	show_word("one waits for it", lock, getpid());
	SHOW(requeue(&cond, &lock, 1, 100, 0));
	SHOW(requeue(&cond, &lock, 1, 100, 0));
	for (int i = 0; i < 3; i++)
		until_asleep(more[i].tid);
	SHOW_INT(results);
	SHOW(pi(&lock, UNLOCK_PI));
	finish(more, 3);
}

static void mistakes(void)
{
	struct waiter one = { 0 }, plain = { .op = WAIT_BITSET };

	SECTION("not what it waits for");
	start(&one, 1);
	SHOW(requeue(&cond, &other_lock, 1, 1, 0));
	SHOW(futex(&cond, WAKE, 1, NULL, NULL, 0));
	SHOW(futex(&cond, REQUEUE, 0, (void *)1, &other_lock, 0));
	SHOW(futex(&cond, CMP_REQUEUE, 0, (void *)1, &other_lock, 0));
	SHOW(futex(&cond, WAKE_OP, 1, (void *)1, &other_lock, 0));
	SHOW_INT(results);
	lock = 0x3ffffff0; /* no such thread */
	SHOW(requeue(&cond, &lock, 1, 0, 0));
	show_word("of nobody", lock, 0);
	lock = 0;
	SHOW(requeue(&cond, &lock, 1, 0, 0));
	finish(&one, 1);
	SECTION("a plain waiter");
	start(&plain, 1);
	SHOW(requeue(&cond, &lock, 1, 1, 0));
	SHOW(futex(&cond, WAKE, 1, NULL, NULL, 0));
	finish(&plain, 1);
	SECTION("it has the lock itself");
	one = (struct waiter){ .own = &lock };
	start(&one, 1);
	SHOW(requeue(&cond, &lock, 1, 0, 0));
	kill(getpid(), 0);
	signal_waiter(&one);
	lock = 0;
	SHOW(requeue(&cond, &lock, 1, 0, 0));
	finish(&one, 1);
}

static void ends(void)
{
	struct waiter one = { .timeout_ms = 3000 };

	SECTION("the time is up behind the requeue");
	pi(&lock, LOCK_PI);
	start(&one, 1);
	SHOW(requeue(&cond, &lock, 1, 0, 0));
	finish(&one, 1);
	SHOW(pi(&lock, UNLOCK_PI));
	SECTION("signals");
	one = (struct waiter){ 0 };
	pi(&lock, LOCK_PI);
	start(&one, 1);
	signal_waiter(&one);
	SHOW(requeue(&cond, &lock, 1, 0, 0));
	pthread_kill(one.thread, SIGUSR1);
	while (!results)
		sleep_ms(1);
	finish(&one, 1);
	SHOW(pi(&lock, UNLOCK_PI));
}

static void *locker(void *arg)
{
	struct waiter *w = arg;

	w->tid = tid();
	ready++;
	w->result = pi(&other_lock, LOCK_PI);
	pi(&other_lock, UNLOCK_PI);
	return NULL;
}
/* Operations of one kind at a word that somebody waits for in the other way. */
static void mixed(void)
{
	struct waiter w = { 0 }, plain = { .op = WAIT_BITSET };

	SECTION("mixed");
	other_lock = 0;
	pi(&other_lock, LOCK_PI);
	ready = 0;
	pthread_create(&w.thread, NULL, locker, &w);
	while (!ready || !(other_lock & WAITERS))
		sleep_ms(1);
	until_asleep(w.tid);
	SHOW(futex(&other_lock, WAKE, 1, NULL, NULL, 0));
	SHOW(futex(&other_lock, REQUEUE, 1, (void *)1, &cond, 0));
	SHOW(pi(&other_lock, UNLOCK_PI));
	pthread_join(w.thread, NULL);
	SHOW_INT(w.result);
	SHOW_HEX(other_lock);
	start(&plain, 1);
	SHOW(pi(&cond, LOCK_PI));
	SHOW_HEX(cond);
	cond = 0;
	SHOW(futex(&cond, WAKE, 1, NULL, NULL, 0));
	finish(&plain, 1);
}

static void inheritance(void)
{
	struct waiter w[3] = { { .prio = 0 }, { .prio = 20 }, { .prio = 30 } };

	SECTION("inheritance");
	pi(&lock, LOCK_PI);
	start(w, 3);
	SHOW_INT(thread_priority(tid()));
	SHOW(requeue(&cond, &lock, 1, 0, 0));
	SHOW_INT(thread_priority(tid()));
	SHOW(requeue(&cond, &lock, 1, 1, 0));
	SHOW_INT(thread_priority(tid()));
	SHOW(pi(&lock, UNLOCK_PI));
	SHOW_INT(thread_priority(tid()));
	finish(w, 3);
}

/* Between processes; the owner dies with a waiter that was requeued. */
static void shared(void)
{
	uint32_t *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	SECTION("another process");
	fflush(stdout);
	pid_t c = fork();
	if (!c) {
		futex(m + 1, LOCK_PI, 0, NULL, NULL, 0);
		while (requeue(m, m + 1, 1, 1, 0) != 1)
			sleep_ms(5);
		m[2] = 1;
		_exit(0);
	}
	SHOW(futex(m, WAIT_REQUEUE_PI, 0, NULL, m + 1, 0));
	SHOW_INT(m[2]);
	show_word("inherited", m[1], getpid());
	SHOW(pi(m + 1, UNLOCK_PI));
	waitpid(c, NULL, 0);
}

int main(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &sa, NULL);
	errors();
	transfers();
	mistakes();
	ends();
	mixed();
	inheritance();
	shared();
	return 0;
}
