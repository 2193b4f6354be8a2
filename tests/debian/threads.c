// SPDX-License-Identifier: MIT
// tests/debian/threads.c - a program with three more threads, for strace and gdb to look at.
#include <pthread.h>
#include <stdio.h>

static pthread_barrier_t barrier;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
int shared;

static void inner(int n)
{
	pthread_barrier_wait(&barrier);
	pthread_mutex_lock(&mutex);
	shared += n;
	pthread_mutex_unlock(&mutex);
	pthread_barrier_wait(&barrier);
}

static void *worker(void *arg)
{
	inner((int)(long)arg);
	return arg;
}

static void all_wait(void)
{
	pthread_barrier_wait(&barrier);
}

int main(void)
{
	pthread_t t[3];
	void *result;

	pthread_barrier_init(&barrier, NULL, 4);
	for (long i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, worker, (void *)(i + 1));
	pthread_barrier_wait(&barrier);
	all_wait();
	for (int i = 0; i < 3; i++) {
		pthread_join(t[i], &result);
		printf("thread %d: %ld\n", i, (long)result);
	}
	printf("shared %d\n", shared);
	return 0;
}
