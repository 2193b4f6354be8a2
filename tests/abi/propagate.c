/* SPDX-License-Identifier: MIT
 * tests/abi/propagate.c - shared, slave, private and unbindable mounts; MNT_EXPIRE; /proc/locks */
#include "abi.h"
#include <sys/file.h>
#include <sys/mount.h>

static char here[PATH_MAX];
static unsigned groups[32], nr_groups;

/* Group numbers differ from run to run, and Linux uses old ones again: their order in one listing does not differ. */
static unsigned group_name(unsigned id)
{
	for (unsigned i = 0; i < nr_groups; i++)
		if (groups[i] == id)
			return i + 1;
	groups[nr_groups++] = id;
	return nr_groups;
}
/* The mounts below this directory with what mountinfo says of their propagation. */
static void show(const char *what)
{
	char line[4096], *save;
	FILE *f = fopen("/proc/self/mountinfo", "r");
	printf("%s:\n", what);
	nr_groups = 0;
	while (fgets(line, sizeof line, f)) {
		char *word = strtok_r(line, " ", &save);
		for (int i = 0; i < 4; i++)
			word = strtok_r(NULL, " ", &save);
		if (strncmp(word, here, strlen(here)))
			continue;
		printf("  %s", word + strlen(here));
		strtok_r(NULL, " ", &save);
		while ((word = strtok_r(NULL, " ", &save)) && strcmp(word, "-")) {
			char *id = strchr(word, ':');
			if (!strncmp(word, "propagate_from", 14))
				continue;
			if (id)
				printf(" %.*s:%u", (int)(id - word), word, group_name((unsigned)atoi(id + 1)));
			else
				printf(" %s", word);
		}
		puts("");
	}
	fclose(f);
	fflush(stdout);
}
static int tmpfs(const char *at)
{
	return mount("tmpfs", at, "tmpfs", 0, NULL);
}
static void peers(void)
{
	SECTION("peers and slaves");
	tmpfs("a");
	SHOW(mount(NULL, "a", NULL, MS_SHARED, NULL));
	mkdir("a/x", 0755);
	mkdir("a/y", 0755);
	SHOW(mount("a", "b", NULL, MS_BIND, NULL));
	show("a and b are peers");
	SHOW(mount("a", "c", NULL, MS_BIND, NULL));
	SHOW(mount(NULL, "c", NULL, MS_SLAVE, NULL));
	SHOW(mount("a", "d", NULL, MS_BIND, NULL));
	SHOW(mount(NULL, "d", NULL, MS_PRIVATE, NULL));
	show("c is a slave, d private");
	SHOW(tmpfs("a/x"));
	close(open("b/x/f", O_CREAT | O_WRONLY, 0644));
	show("mounted in a");
	printf("%d %d %d %d\n", access("a/x/f", F_OK), access("b/x/f", F_OK), access("c/x/f", F_OK), access("d/x/f", F_OK));
	SHOW(tmpfs("c/y"));
	show("mounted in the slave");
	SHOW(umount("b/x"));
	show("unmounted in b");
	SHOW(mount(NULL, "c", NULL, MS_SHARED, NULL));
	SHOW(mount("c", "e", NULL, MS_BIND, NULL));
	SHOW(tmpfs("b/x"));
	show("through two groups");
	SHOW(mount("a/x", "f", NULL, MS_MOVE, NULL));
	SHOW(umount("a/x"));
	SHOW(umount("c/y"));
	show("after all");
	SHOW(mount(NULL, "a", NULL, MS_PRIVATE, NULL));
	SHOW(mount(NULL, "b", NULL, MS_SLAVE, NULL));
	show("the group is gone");
	umount("e");
	umount("d");
	umount("c");
	umount("b");
	umount("a");
}
static void trees(void)
{
	SECTION("part of a tree");
	tmpfs("a");
	mkdir("a/sub", 0755);
	mkdir("a/sub/in", 0755);
	mkdir("a/out", 0755);
	SHOW(mount(NULL, "a", NULL, MS_SHARED, NULL));
	SHOW(mount("a/sub", "b", NULL, MS_BIND, NULL));
	SHOW(tmpfs("a/out"));
	SHOW(tmpfs("a/sub/in"));
	show("b sees sub alone");
	tmpfs("c");
	mkdir("c/p", 0755);
	tmpfs("c/p");
	mkdir("a/tree", 0755);
	SHOW(mount("c", "a/tree", NULL, MS_BIND | MS_REC, NULL));
	show("a tree becomes shared");
	SHOW(mount(NULL, "c", NULL, MS_UNBINDABLE, NULL));
	SHOW(mount("c", "d", NULL, MS_BIND, NULL));
	show("unbindable");
	umount2("c", MNT_DETACH);
	umount2("b", MNT_DETACH);
	umount2("a", MNT_DETACH);
	SECTION("a tree that holds a peer of its place");
	tmpfs("a");
	mkdir("a/y", 0755);
	SHOW(mount(NULL, "a", NULL, MS_SHARED, NULL));
	tmpfs("b");
	mkdir("b/x", 0755);
	SHOW(mount("a", "b/x", NULL, MS_BIND, NULL));
	SHOW(mount("b", "a/y", NULL, MS_BIND | MS_REC, NULL));
	show("no end");
	umount2("b", MNT_DETACH);
	umount2("a", MNT_DETACH);
}
static void expiring(void)
{
	SECTION("MNT_EXPIRE");
	tmpfs("a");
	SHOW(umount2("a", MNT_EXPIRE));
	close(open("a", O_RDONLY));
	SHOW(umount2("a", MNT_EXPIRE));
	int fd = open("a", O_RDONLY);
	SHOW(umount2("a", MNT_EXPIRE));
	close(fd);
	SHOW(umount2("a", MNT_EXPIRE));
	SHOW(umount2("a", MNT_EXPIRE));
	SHOW(umount2("a", MNT_EXPIRE));
}
static void show_locks(unsigned long ino)
{
	char line[256], waits[4], kind[16], mode[16], type[16], end[32];
	FILE *f = fopen("/proc/locks", "r");
	long pid, start;
	unsigned long i;
	while (fgets(line, sizeof line, f)) {
		char *p = strchr(line, ':') + 2;
		bool arrow = !strncmp(p, "-> ", 3);
		snprintf(waits, sizeof waits, "%s", arrow ? "-> " : "");
		if (sscanf(p + 3 * arrow, "%15s %15s %15s %ld %*x:%*x:%lu %ld %31s", kind, mode, type, &pid, &i, &start, end) == 7 &&
		    i == ino)
			printf("%s%s %s %s %s %ld %s\n", waits, kind, mode, type,
			       pid == getpid() ? "self" : pid == -1 ? "none" : "other", start, end);
	}
	fclose(f);
	fflush(stdout);
}
static void locks(void)
{
	struct flock w = { .l_type = F_WRLCK, .l_start = 10, .l_len = 20 }, r = { .l_type = F_RDLCK, .l_start = 100 };
	struct stat st;
	SECTION("/proc/locks");
	int fd = open("lf", O_CREAT | O_RDWR, 0644);
	fstat(fd, &st);
	fcntl(fd, F_SETLK, &w);
	fcntl(fd, F_OFD_SETLK, &r);
	flock(fd, LOCK_SH);
	show_locks(st.st_ino);
	pid_t child = fork();
	if (!child) {
		fcntl(fd, F_SETLKW, &w);
		_exit(0);
	}
	until_asleep(child);
	show_locks(st.st_ino);
	w.l_type = F_UNLCK;
	fcntl(fd, F_SETLK, &w);
	waitpid(child, NULL, 0);
	show_locks(st.st_ino);
	close(fd);
	show_locks(st.st_ino);
}
int main(void)
{
	for (char n[2] = "a"; *n <= 'f'; ++*n)
		mkdir(n, 0755);
	getcwd(here, sizeof here);
	mount("tmpfs", ".", "tmpfs", 0, NULL);
	if (chdir(here))
		return 1;
	for (char n[2] = "a"; *n <= 'f'; ++*n)
		mkdir(n, 0755);
	mount(NULL, ".", NULL, MS_PRIVATE, NULL);
	strcat(here, "/");
	peers();
	trees();
	expiring();
	locks();
	chdir("/");
	here[strlen(here) - 1] = 0;
	return umount2(here, MNT_DETACH);
}
