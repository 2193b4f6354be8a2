// SPDX-License-Identifier: MIT
// tests/debian/waiter.c - a program to attach to: `waiter N` has N more threads and waits for SIGUSR1.
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

volatile sig_atomic_t got;
volatile long counter = 41;
static volatile int started;

static void on_usr1(int sig)
{
	got = sig;
}

static void *thread_waits(void *arg)
{
	__atomic_add_fetch(&started, 1, __ATOMIC_SEQ_CST);
	for (;;)
		pause();
	return arg;
}

static void wait_here(void)
{
	sigset_t none;

	sigemptyset(&none);
	while (!got)
		sigsuspend(&none);
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 0;
	sigset_t usr1;
	pthread_t t;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	signal(SIGUSR1, on_usr1);
	for (int i = 0; i < n; i++)
		pthread_create(&t, NULL, thread_waits, NULL);
	while (started < n)
		usleep(1000);
	close(open("ready", O_CREAT | O_WRONLY, 0644));
	wait_here();
	printf("got %d, counter %ld\n", got, counter);
	return 0;
}
