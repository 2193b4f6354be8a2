// SPDX-License-Identifier: MIT
// tests/debian/steps.c - a small program for gdb to stop in: calls, a recursion, signals, a child, the clock.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct point {
	int x, y;
	const char *name;
};
int watched = 1;
double real = 2.5;
static struct point place = { 3, 4, "here" };

static int factorial(int n)
{
	if (n <= 1)
		return 1;
	return n * factorial(n - 1);
}

static void on_usr1(int sig)
{
	watched += sig;
}

static int sum(const int *v, int n)
{
	int total = 0;

	for (int i = 0; i < n; i++)
		total += v[i];
	return total;
}

static void children(const char *program)
{
	int status;
	pid_t p = fork();

	if (!p) {
		execl(program, program, "child", NULL);
		_exit(9);
	}
	waitpid(p, &status, 0);
	printf("child: %d\n", WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
	int values[] = { 1, 2, 3, 4 };
	struct timespec now;
	char text[16];

	if (argc > 1 && !strcmp(argv[1], "child"))
		return 5;
	if (argc > 1 && !strcmp(argv[1], "crash"))
		*(volatile int *)8 = 1;
	if (argc > 1 && !strcmp(argv[1], "abort"))
		abort();
	place.x = factorial(5);
	watched = sum(values, 4);
	real *= 3;
	signal(SIGUSR1, on_usr1);
	raise(SIGUSR1);
	snprintf(text, sizeof(text), "x=%d", place.x);
	clock_gettime(CLOCK_MONOTONIC, &now);
	watched++;
	children(argv[0]);
	printf("%s %d %s %.1f\n", text, watched, place.name, real);
	return 0;
}
