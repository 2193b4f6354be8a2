/* SPDX-License-Identifier: MIT
 *
 * tests/stress/leakcheck.c - runs a command on Zerno and says whether the kernel kept memory.
 *
 * usage: leakcheck COMMAND [ARG...]
 *
 * Counts the used pages and slab objects (/proc/zerno/memory) before and after, with all caches dropped
 * (/proc/sys/vm/drop_caches).  Not counted: the pages of slabs, since they depend on which objects share one, and what the
 * kernel keeps by design, the tables behind the addresses of its stacks, which grow with the number of threads that live
 * at once.  The command is run again when the counts differ, up to TRIES times: what one run leaves (a table that grew, a cache
 * made on first use) is no leak, what every run leaves is.  Prints `LEAK none` or `LEAK pages=N objects=N`. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TRIES = 4 };
struct counts {
	long pages, objects;
};

static struct counts count(void)
{
	struct counts c = { -1, -1 };
	char text[512] = "";
	/* Sockets that hold only each other are looked for when one is closed. */
	close(socket(AF_UNIX, SOCK_DGRAM, 0));
	for (int i = 0; i < 3; i++) {
		int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);
		if (fd < 0 || write(fd, "3", 1) != 1) {
			perror("drop_caches");
			exit(1); /* the counts would say nothing */
		}
		close(fd);
		usleep(100000);
	}
	int fd = open("/proc/zerno/memory", O_RDONLY);
	if (read(fd, text, sizeof text - 1) < 0)
		perror("/proc/zerno/memory");
	close(fd);
	char *p = strstr(text, "used_pages"), *o = strstr(text, "slab_objects"), *s = strstr(text, "slab_pages");
	char *k = strstr(text, "kept_pages");
	if (p && o && s && k)
		c = (struct counts){ strtol(p + 10, NULL, 10) - strtol(s + 10, NULL, 10) - strtol(k + 10, NULL, 10),
			             strtol(o + 12, NULL, 10) };
	return c;
}

/* What grew since the last call, by cache and by use; for the eye. */
static void show_growth(const char *path, int print)
{
	static struct item {
		char name[24];
		long count;
	} known[100];
	char line[512];
	FILE *f = fopen(path, "r");

	for (struct item now; f && fgets(line, sizeof line, f);) {
		struct item *i = known;
		if (sscanf(line, "%23s %ld", now.name, &now.count) != 2)
			continue;
		while (*i->name && strcmp(i->name, now.name) && i < known + 99)
			i++;
		if (print && *i->name && now.count != i->count)
			printf("# leakcheck: %s: %+ld = %ld\n", now.name, now.count - i->count, now.count);
		*i = now;
	}
	if (f)
		fclose(f);
}

static void show_all_growth(int print)
{
	show_growth("/proc/slabinfo", print);
	show_growth("/proc/zerno/memory", print);
}

static void run(char **argv)
{
	pid_t child = fork();
	if (child == 0) {
		execv(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	int status;
	waitpid(child, &status, 0);
	/* What the command left behind ends with it. */
	while (waitpid(-1, &status, WNOHANG) > 0)
		;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	struct counts before, after;
	printf("# leakcheck: %s\n", argv[1]);
	fflush(stdout);
	for (int i = 0; i < 2; i++) { /* the first round pays for our own pages */
		show_all_growth(0);
		before = count();
	}
	show_all_growth(0);
	for (int tries = 0; tries < TRIES; tries++) {
		run(argv + 1);
		after = count();
		if (after.pages <= before.pages && after.objects <= before.objects && after.pages > 0) {
			printf("LEAK none\n");
			return 0;
		}
		printf("# leakcheck: pages %ld -> %ld, objects %ld -> %ld\n", before.pages, after.pages, before.objects,
		       after.objects);
		show_all_growth(1);
		fflush(stdout);
		before = after;
	}
	printf("LEAK pages=%ld objects=%ld\n", after.pages, after.objects);
	return 1;
}
