// SPDX-License-Identifier: MIT
// tests/debian/threads.c - a program with three more threads, for strace and gdb to look at.
#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static pthread_barrier_t begin, barrier;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
int shared;
static pid_t tid[4];

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
	tid[(long)arg] = gettid();
	pthread_barrier_wait(&begin); // none is stopped by a debugger before all are there
	inner((int)(long)arg);
	return arg;
}

static void all_wait(void)
{
	pthread_barrier_wait(&barrier);
}

// Until all three have added their number and sleep in the second barrier: a debugger sees the same each time.
static void settle(void)
{
	for (int i = 1; i < 4; i++) {
		char name[40], state = 0;
		do {
			usleep(10000);
			snprintf(name, sizeof(name), "/proc/self/task/%d/stat", tid[i]);
			FILE *f = fopen(name, "r");
			if (f) {
				fscanf(f, "%*d (%*[^)]) %c", &state);
				fclose(f);
			}
		} while (*(volatile int *)&shared != 6 || state != 'S');
	}
}

// Until the others are gone for a debugger, too: a leader that ends before them looks dead to it, and then alive again.
static void alone(void)
{
	int n;
	do {
		DIR *d = opendir("/proc/self/task");
		for (n = 0; readdir(d); n++)
			;
		closedir(d);
	} while (n > 3 && !usleep(10000)); // ".", "..", and this thread
}

int main(void)
{
	pthread_t t[3];
	void *result;

	pthread_barrier_init(&begin, NULL, 3);
	pthread_barrier_init(&barrier, NULL, 4);
	for (long i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, worker, (void *)(i + 1));
	pthread_barrier_wait(&barrier);
	settle();
	all_wait();
	for (int i = 0; i < 3; i++) {
		pthread_join(t[i], &result);
		printf("thread %d: %ld\n", i, (long)result);
	}
	alone();
	printf("shared %d\n", shared);
	return 0;
}
