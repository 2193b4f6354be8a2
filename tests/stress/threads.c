/* SPDX-License-Identifier: MIT
 * tests/stress/threads.c - N threads with mutexes, conditions, forks of threads and signals for S seconds
 *
 * usage: threads [N [S]]      (200 threads, 60 seconds)
 *
 * They start together, so that the S seconds are of all of them, however long it takes to make them: those that ran
 * already would mostly make threads, too, and the last of N would wait for N * N / 3 others.
 * A hang is a lost wake-up, a wrong count a broken lock.  Prints the counts; exits with 1 when they do not agree. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 16 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER, counter_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER, not_empty = PTHREAD_COND_INITIALIZER;
static long slots, put, taken, counter, waits;
static _Atomic long mine, created, signals;
static _Atomic int stop;
static pthread_mutex_t start_lock = PTHREAD_MUTEX_INITIALIZER;

static void on_signal(int sig)
{
	signals++;
}
static void produce(void)
{
	pthread_mutex_lock(&lock);
	while (slots == SLOTS && !stop) {
		waits++;
		pthread_cond_wait(&not_full, &lock);
	}
	if (slots < SLOTS) {
		slots++;
		put++;
		pthread_cond_signal(&not_empty);
	}
	pthread_mutex_unlock(&lock);
}
static void consume(void)
{
	pthread_mutex_lock(&lock);
	while (!slots && !stop) {
		waits++;
		pthread_cond_wait(&not_empty, &lock);
	}
	if (slots) {
		slots--;
		taken++;
		pthread_cond_signal(&not_full);
	}
	pthread_mutex_unlock(&lock);
}
static void count(void)
{
	pthread_mutex_lock(&counter_lock);
	counter++;
	pthread_mutex_unlock(&counter_lock);
	mine++;
}
static void *short_lived(void *arg)
{
	count();
	return NULL;
}
static void timed(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	if (!pthread_mutex_timedlock(&counter_lock, &t)) {
		counter++;
		mine++;
		pthread_mutex_unlock(&counter_lock);
	}
}
static void *worker(void *arg)
{
	long role = (long)arg;
	pthread_t t;

	pthread_mutex_lock(&start_lock);
	pthread_mutex_unlock(&start_lock);
	for (unsigned i = 0; !stop; i++) {
		if (role % 2)
			produce();
		else
			consume();
		count();
		if (i % 16 == 5)
			timed();
		if (i % 64 == 7 && !pthread_create(&t, NULL, short_lived, NULL)) {
			created++;
			pthread_kill(t, SIGUSR1);
			pthread_join(t, NULL);
		}
	}
	return NULL;
}
int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 200, seconds = argc > 2 ? atol(argv[2]) : 60;
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	pthread_t *t = calloc(n, sizeof *t);
	pthread_attr_t a;

	sigaction(SIGUSR1, &sa, NULL);
	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 65536);
	pthread_mutex_lock(&start_lock);
	for (long i = 0; i < n; i++)
		if (pthread_create(&t[i], &a, worker, (void *)i)) {
			printf("only %ld threads\n", n = i);
			break;
		}
	pthread_mutex_unlock(&start_lock);
	for (long s = 0; s < seconds * 10; s++) {
		usleep(100000);
		for (long i = s % 7; i < n; i += 7)
			pthread_kill(t[i], SIGUSR1);
	}
	stop = 1;
	pthread_mutex_lock(&lock);
	pthread_cond_broadcast(&not_full);
	pthread_cond_broadcast(&not_empty);
	pthread_mutex_unlock(&lock);
	for (long i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	int ok = counter == mine && put == taken + slots;
	printf("threads %ld, put %ld, taken %ld, left %ld, waits %ld, counted %ld of %ld, created %ld, signals %ld: %s\n", n,
	       put, taken, slots, waits, counter, (long)mine, (long)created, (long)signals, ok ? "ok" : "WRONG");
	return !ok;
}
