/* SPDX-License-Identifier: MIT
 *
 * tests/stress/managers.c - processes that meet through a server, as those of Python's multiprocessing managers do.
 *
 * usage: managers [SECONDS [SEED [keep]]]      (10 seconds; keep: waits after a hang, to be looked at with a debugger)
 *
 * A server process owns a lock, a condition and a barrier; each connection on its unix socket has a thread of its own
 * there.  In every round the client, which has threads itself, forks children; children and threads connect, and lock,
 * wait, notify and meet by messages to the server, beside semaphores in shared memory, pipes that tell of an end (waited
 * for by poll), waits with a time-out, and SIGCHLD.  All steps are of the kind where one lost wake-up stops everybody.
 * Every process checks pages it wrote before it forked: what a stale translation would write reaches the wrong copy.
 *
 * A round that takes longer than STUCK_SECONDS is a hang: `STUCK` with what each process did last.  Prints
 * `MANAGERS rounds=N stuck=0 wrong=0` at the end. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STUCK_SECONDS = 60, CHILDREN = 3, THREADS = 2, PARTIES = CHILDREN + THREADS, STEPS = 6, PAGES = 24, PLACES = 64 };
enum { ASK_LOCK, ASK_UNLOCK, ASK_WAIT, ASK_WAIT_TIMED, ASK_NOTIFY, ASK_MEET, ASK_COUNT };
struct shared {
	sem_t tokens;
	volatile unsigned rounds, wrong, at[PLACES];
	volatile unsigned counter;
};
static struct shared *shared;
static volatile sig_atomic_t children_gone;
static char *pages; /* private memory: a word of each page says who wrote it last */

static void at(unsigned who, unsigned step) { shared->at[who % PLACES] = step; }

/* ---- the server ---- */

static struct {
	pthread_mutex_t inner, lock;
	pthread_cond_t notified, met;
	unsigned notices, waiting, here, generation;
	int locked;
} s = { .inner = PTHREAD_MUTEX_INITIALIZER, .notified = PTHREAD_COND_INITIALIZER, .met = PTHREAD_COND_INITIALIZER };

static void soon(struct timespec *t, long ms)
{
	clock_gettime(CLOCK_REALTIME, t);
	t->tv_nsec += ms * 1000000;
	t->tv_sec += t->tv_nsec / 1000000000;
	t->tv_nsec %= 1000000000;
}

/* The condition is one that counts: a notice that comes before the wait is not lost. */
static char serve_wait(int timed)
{
	struct timespec t;
	int late = 0;

	soon(&t, 20);
	while (!s.notices && !late)
		late = timed ? pthread_cond_timedwait(&s.notified, &s.inner, &t) : pthread_cond_wait(&s.notified, &s.inner);
	if (!s.notices)
		return 'l';
	s.notices--;
	return 'w';
}

static char serve(char ask)
{
	char answer = 'y';
	unsigned generation;

	pthread_mutex_lock(&s.inner);
	switch (ask) {
	case ASK_LOCK:
		while (s.locked)
			pthread_cond_wait(&s.met, &s.inner);
		s.locked = 1;
		break;
	case ASK_UNLOCK:
		s.locked = 0;
		pthread_cond_broadcast(&s.met);
		break;
	case ASK_WAIT:
	case ASK_WAIT_TIMED:
		answer = serve_wait(ask == ASK_WAIT_TIMED);
		break;
	case ASK_NOTIFY:
		s.notices++;
		pthread_cond_signal(&s.notified);
		break;
	case ASK_MEET:
		generation = s.generation;
		if (++s.here == PARTIES) {
			s.here = 0;
			s.generation++;
			pthread_cond_broadcast(&s.met);
		}
		while (generation == s.generation)
			pthread_cond_wait(&s.met, &s.inner);
		break;
	}
	pthread_mutex_unlock(&s.inner);
	return answer;
}

/* A question comes in two parts, as a length and its bytes do. */
static int read_ask(int fd, char *ask)
{
	return read(fd, ask, 1) == 1 && read(fd, ask, 1) == 1;
}

static void *connection(void *arg)
{
	int fd = (int)(long)arg;
	char ask, answer;

	while (read_ask(fd, &ask)) {
		answer = serve(ask);
		if (write(fd, &answer, 1) != 1)
			break;
	}
	close(fd);
	return NULL;
}

static int start_thread(pthread_t *t, void *(*fn)(void *), void *arg)
{
	int err;

	while ((err = pthread_create(t, NULL, fn, arg)) == EAGAIN)
		usleep(1000);
	return err;
}

static const struct sockaddr_un place = { AF_UNIX, "\0managers" };

static void server(int listener)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		pthread_t t;
		int fd = accept(listener, NULL, NULL);

		if (fd >= 0 && !start_thread(&t, connection, (void *)(long)fd))
			pthread_detach(t);
	}
}

/* ---- the clients ---- */

static unsigned rnd(unsigned *seed) { return *seed = *seed * 1103515245u + 12345, *seed >> 16; }

static char ask(int fd, char what, unsigned who)
{
	char answer = 0;
	struct pollfd p = { fd, POLLIN, 0 };

	at(who, 100 + (unsigned)what);
	if (write(fd, &what, 1) != 1 || write(fd, &what, 1) != 1)
		return 0;
	if (who & 1)
		while (poll(&p, 1, -1) < 0 && errno == EINTR)
			;
	while (read(fd, &answer, 1) < 0 && errno == EINTR)
		;
	at(who, 200 + (unsigned)what);
	return answer;
}

static void sem_take(sem_t *sem)
{
	while (sem_wait(sem) < 0)
		;
}

static void fill_pages(unsigned mark)
{
	for (unsigned i = 0; i < PAGES; i++)
		*(volatile unsigned *)(pages + i * 4096 + 64) = mark + i;
}
static void check_pages(unsigned mark, const char *who)
{
	for (unsigned i = 0; i < PAGES; i++) {
		unsigned now = *(volatile unsigned *)(pages + i * 4096 + 64);

		if (now != mark + i) {
			__atomic_fetch_add(&shared->wrong, 1, __ATOMIC_SEQ_CST);
			printf("WRONG %s page %u: %#x, not %#x\n", who, i, now, mark + i);
			fflush(stdout);
		}
	}
}

/* What each party of a round does; `last`: it notifies for the others. */
static void party(unsigned who, unsigned seed)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	unsigned mine = 0;

	while (connect(fd, (const void *)&place, sizeof(sa_family_t) + 9) < 0)
		usleep(1000);
	for (unsigned i = 0; i < STEPS; i++) {
		ask(fd, ASK_MEET, who);
		ask(fd, ASK_LOCK, who);
		mine = shared->counter;
		if (rnd(&seed) % 2)
			sched_yield();
		shared->counter = mine + 1;
		ask(fd, ASK_UNLOCK, who);
		int had = rnd(&seed) % 2 && ask(fd, ASK_WAIT_TIMED, who) == 'w';
		ask(fd, ASK_NOTIFY, who);
		if (!had) /* as many waits as notices */
			ask(fd, ASK_WAIT, who);
		at(who, 300);
		sem_take(&shared->tokens);
		sem_post(&shared->tokens);
		at(who, 301);
	}
	close(fd);
	at(who, 400);
}

struct job {
	pthread_t thread;
	unsigned who, seed;
};
static void *thread_main(void *arg)
{
	struct job *j = arg;

	party(j->who, j->seed);
	return NULL;
}
/* A short life: its stack goes, and the space shrinks on other CPUs. */
static void *short_thread(void *arg)
{
	char *p = mmap(NULL, 8 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(p, 1, 8 * 4096);
	munmap(p, 8 * 4096);
	return arg;
}

static void child_main(unsigned who, unsigned seed, unsigned mark)
{
	pthread_t t;
	int have = !start_thread(&t, short_thread, NULL);

	check_pages(mark, "child");
	fill_pages(mark + 0x1000000 * (who + 1));
	party(who, seed);
	check_pages(mark + 0x1000000 * (who + 1), "child's own");
	if (have)
		pthread_join(t, NULL);
	_exit(0);
}

static void on_child(int sig) { children_gone++; }

/* Waits for the other end of the pipe to be closed, as multiprocessing waits for a sentinel. */
static void wait_sentinel(int fd, int by_epoll)
{
	struct pollfd p = { fd, POLLIN, 0 };
	struct epoll_event e = { EPOLLIN, { 0 } };
	int set = by_epoll ? epoll_create1(EPOLL_CLOEXEC) : -1;

	if (set >= 0)
		epoll_ctl(set, EPOLL_CTL_ADD, fd, &e);
	while ((set >= 0 ? epoll_wait(set, &e, 1, -1) : poll(&p, 1, -1)) != 1)
		;
	close(set);
}

static void one_round(unsigned seed)
{
	unsigned mark = seed << 8, before = shared->counter;
	struct job job[THREADS];
	pthread_t extra;
	int end[CHILDREN][2];
	pid_t pid[CHILDREN];

	fill_pages(mark);
	for (unsigned i = 0; i < THREADS; i++) {
		job[i] = (struct job){ .who = CHILDREN + i, .seed = seed + i };
		start_thread(&job[i].thread, thread_main, &job[i]);
	}
	start_thread(&extra, short_thread, NULL);
	for (unsigned i = 0; i < CHILDREN; i++) {
		pipe2(end[i], O_CLOEXEC);
		pid[i] = fork();
		if (!pid[i]) {
			close(end[i][0]);
			child_main(i, seed * 7 + i, mark);
		}
		close(end[i][1]);
		check_pages(mark, "parent");
		fill_pages(mark += 0x100);
	}
	for (unsigned i = 0; i < CHILDREN; i++) {
		int status = 1;

		at(10, i);
		wait_sentinel(end[i][0], i & 1);
		at(11, i);
		while (waitpid(pid[i], &status, 0) < 0 && errno == EINTR)
			;
		if (status)
			printf("WRONG child ended with %#x\n", status);
		close(end[i][0]);
	}
	at(12, 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(job[i].thread, NULL);
	pthread_join(extra, NULL);
	check_pages(mark, "parent at the end");
	if (shared->counter != before + PARTIES * STEPS) {
		__atomic_fetch_add(&shared->wrong, 1, __ATOMIC_SEQ_CST);
		printf("WRONG counter %u, not %u\n", shared->counter - before, PARTIES * STEPS);
	}
}

static void client(unsigned seed)
{
	struct sigaction sa = { .sa_handler = on_child, .sa_flags = SA_RESTART };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigaction(SIGCHLD, &sa, NULL);
	for (;; seed++) {
		one_round(seed);
		shared->rounds++;
	}
}

int main(int argc, char **argv)
{
	unsigned seconds = argc > 1 ? (unsigned)atoi(argv[1]) : 10, seed = argc > 2 ? (unsigned)atoi(argv[2]) : 1, seen = 0, still = 0;
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	pid_t a, b;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pages = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sem_init(&shared->tokens, 1, 2);
	if (bind(listener, (const void *)&place, sizeof(sa_family_t) + 9) < 0 || listen(listener, 2) < 0) {
		perror("listen");
		return 1;
	}
	if (!(a = fork()))
		server(listener);
	if (!(b = fork()))
		client(seed);
	for (unsigned i = 0; i < seconds || !shared->rounds; i++) {
		sleep(1);
		still = shared->rounds == seen ? still + 1 : 0;
		seen = shared->rounds;
		if (still > STUCK_SECONDS)
			break;
	}
	if (still > STUCK_SECONDS) {
		printf("STUCK\n");
		for (unsigned i = 0; i < 13; i++)
			printf("    %u: %u\n", i, shared->at[i]);
		printf("MANAGERS rounds=%u stuck=1 wrong=%u\n", shared->rounds, shared->wrong);
		fflush(stdout);
		if (argc > 3)
			pause();
		return 1;
	}
	kill(b, SIGKILL);
	kill(a, SIGKILL);
	waitpid(b, NULL, 0);
	waitpid(a, NULL, 0);
	printf("MANAGERS rounds=%u stuck=0 wrong=%u\n", shared->rounds, shared->wrong);
	return shared->wrong != 0;
}
