/* SPDX-License-Identifier: MIT
 * tests/abi/shm.c - shmget, shmat, shmdt, shmctl; /proc/sysvipc/shm.  Ids are not shown: others have segments too. */
#include "abi.h"
#include <sys/ipc.h>
#include <sys/shm.h>

#ifndef SHM_STAT_ANY
#define SHM_STAT_ANY 15
#endif
#define KEY (0x5a000000 + (getpid() & 0xffffff))

static struct shmid_ds d;
static int id, st;
static char *a;

static void show_segment(const char *what, int n)
{
	if (shmctl(n, IPC_STAT, &d)) {
		printf("%s: %m\n", what);
		return;
	}
	printf("%s: key %d mode %o uid %d gid %d cuid %d cgid %d size %zu attached %lu creator %d last %d times %d %d %d\n", what,
	       d.shm_perm.__key == KEY, d.shm_perm.mode, d.shm_perm.uid, d.shm_perm.gid, d.shm_perm.cuid, d.shm_perm.cgid,
	       d.shm_segsz, (unsigned long)d.shm_nattch, d.shm_cpid == getpid(), d.shm_lpid == getpid(), d.shm_atime != 0,
	       d.shm_dtime != 0, d.shm_ctime != 0);
}

/* Whether it can be attached; not where. */
static char *attach(const char *what, int n, const void *at, int flags)
{
	char *p = shmat(n, at, flags);
	if (p == (char *)-1)
		printf("%s: %m\n", what);
	else
		printf("%s: attached\n", what);
	return p;
}

/* What /proc/self/maps says of the mapping at p. */
static void show_maps(const char *what, const char *p)
{
	char line[512], perms[8], name[300];
	unsigned long from, to, off;
	FILE *f = fopen("/proc/self/maps", "r");

	while (fgets(line, sizeof(line), f)) {
		name[0] = 0;
		if (sscanf(line, "%lx-%lx %7s %lx %*s %*s %299[^\n]", &from, &to, perms, &off, name) < 4 || from != (unsigned long)p)
			continue;
		int own = !strncmp(name, "/SYSV", 5) && (int)strtoul(name + 5, NULL, 16) == KEY;
		printf("%s: %lu bytes %s offset %lx %s\n", what, to - from, perms, off, own ? "/SYSVkey (deleted)" : name);
	}
	fclose(f);
}

static void show_proc(const char *what)
{
	char line[512];
	int first = 1;
	FILE *f = fopen("/proc/sysvipc/shm", "r");

	while (fgets(line, sizeof(line), f)) {
		if (first)
			fputs(line, stdout);
		first = 0;
		int key, n, uid;
		unsigned mode;
		unsigned long size, attached, rss;
		if (sscanf(line, "%d %d %o %lu %*d %*d %lu %d %*d %*d %*d %*d %*d %*d %lu", &key, &n, &mode, &size, &attached, &uid, &rss) == 7 && n == id)
			printf("%s: key %d mode %o size %lu attached %lu uid %d resident %lu\n", what, key == KEY, mode, size, attached, uid, rss);
	}
	fclose(f);
}

static void making(void)
{
	SECTION("making");
	CALL(shmget, KEY, 100, 0);
	CALL(shmget, KEY, 0, IPC_CREAT | 0600);
	CALL(shmget, IPC_PRIVATE, (size_t)-1, 0600);
	CALL(shmget, IPC_PRIVATE, (size_t)1 << 62, 0600);
	id = SHOW_OK(shmget(KEY, 10000, IPC_CREAT | IPC_EXCL | 0640));
	CALL(shmget, KEY, 10000, IPC_CREAT | IPC_EXCL | 0640);
	SHOW_INT(shmget(KEY, 10000, IPC_CREAT | 0640) == id);
	SHOW_INT(shmget(KEY, 0, 0) == id);
	CALL(shmget, KEY, 10001, 0);
	show_segment("new", id);
	show_proc("new");
	SHOW_INT(shmget(KEY, 0, 0777) == id); /* root may */
	IN_CHILD("another user", int key = 0x5a000000 + (getppid() & 0xffffff); become(1000); SHOW(shmget(key, 0, 0) == id);
		 CALL(shmget, key, 0, 0400); CALL(shmctl, id, IPC_STAT, &d); CALL(shmctl, id, IPC_RMID, 0);
		 CALL(shmctl, id, IPC_SET, &d); CALL(shmctl, id, SHM_LOCK, 0); attach("attach", id, NULL, SHM_RDONLY));
	CALL(shmctl, -1, IPC_STAT, &d);
	CALL(shmctl, id, -1, &d);
	CALL(shmctl, id, 99, &d);
	CALL(shmctl, id, IPC_STAT, 8);
	CALL(shmctl, 0x7fffffff, IPC_STAT, &d);
	CALL(shmctl, 0x7fffffff, IPC_RMID, 0);
}

static void attaching(void)
{
	SECTION("attaching");
	attach("no such id", 0x7fffffff, NULL, 0);
	attach("negative id", -1, NULL, 0);
	attach("odd address", id, (void *)0x10000001, 0);
	attach("remap without an address", id, NULL, SHM_REMAP);
	IN_CHILD("a user", become(1000); attach("rounded to page 0", shmget(IPC_PRIVATE, 1, 0600), (void *)1, SHM_RND));
	a = attach("anywhere", id, NULL, 0);
	show_segment("attached", id);
	show_maps("map", a);
	SHOW_INT(a[0] + a[9999] + a[12287]);
	strcpy(a + 9990, "hello");
	char *b = attach("twice", id, NULL, SHM_RDONLY);
	puts(b + 9990);
	show_maps("read only", b);
	CALL(mprotect, b, 4096, PROT_READ | PROT_WRITE);
	char *c = attach("executable", id, NULL, SHM_EXEC);
	show_maps("executable", c);
	SHOW(shmdt(c));
	attach("where something is", id, a, 0);
	SHOW_INT(attach("instead of it", id, a, SHM_REMAP) == a);
	show_segment("replaced", id);
	puts(a + 9990);
	char *hole = mmap(NULL, 16 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(hole, 16 * 4096);
	SHOW_INT(attach("rounded down", id, hole + 123, SHM_RND) == hole);
	SHOW(shmdt(hole));
	CALL(shmdt, 1);
	CALL(shmdt, hole);
	CALL(shmdt, &st);
	SHOW(shmdt(b));
	IN_CHILD("a child", show_segment("inherited", id); strcpy(a, "from the child"); SHOW(shmdt(a)); show_segment("detached", id));
	puts(a);
	show_segment("after the child", id);
	IN_CHILD("exit", (void)0);
	show_segment("after exit", id);
	show_proc("used");
	SECTION("pieces");
	SHOW(mprotect(a + 4096, 4096, PROT_READ));
	show_segment("split", id);
	SHOW(munmap(a + 4096, 4096));
	show_segment("a hole", id);
	CALL(shmdt, a + 8192);
	SHOW(shmdt(a));
	show_segment("detached", id);
	CALL(shmdt, a);
	SECTION("moved");
	a = attach("again", id, NULL, 0);
	b = mremap(a, 12288, 12288, MREMAP_MAYMOVE | MREMAP_FIXED, hole);
	SHOW_INT(b == hole);
	puts(b + 9990);
	show_segment("moved", id);
	b = mremap(b, 12288, 20480, MREMAP_MAYMOVE);
	SHOW_INT(b != MAP_FAILED);
	SHOW(shmdt(b));
	show_segment("gone", id);
}

static void changing(void)
{
	SECTION("changing");
	shmctl(id, IPC_STAT, &d);
	d.shm_perm.uid = 1000;
	d.shm_perm.gid = 7;
	d.shm_perm.mode = 07604;
	SHOW(shmctl(id, IPC_SET, &d));
	show_segment("set", id);
	d.shm_perm.uid = (uid_t)-1;
	CALL(shmctl, id, IPC_SET, &d);
	CALL(shmctl, id, IPC_SET, 8);
	SHOW(shmctl(id, SHM_LOCK, NULL));
	show_segment("locked", id);
	SHOW(shmctl(id, SHM_UNLOCK, NULL));
	show_segment("unlocked", id);
	IN_CHILD("its owner", become(1000); attach("attach", id, NULL, 0); SHOW(shmctl(id, SHM_LOCK, NULL)); SHOW(shmctl(id, SHM_UNLOCK, NULL));
		 struct rlimit r = { 0, 0 }; setrlimit(RLIMIT_MEMLOCK, &r); CALL(shmctl, id, SHM_LOCK, 0));
	IN_CHILD("others", become(1001); attach("read", id, NULL, SHM_RDONLY); attach("write", id, NULL, 0); attach("execute", id, NULL, SHM_RDONLY | SHM_EXEC);
		 CALL(shmctl, id, SHM_UNLOCK, 0); CALL(shmctl, id, IPC_RMID, 0));
	SECTION("information");
	struct shminfo limits;
	struct shm_info totals;
	SHOW_INT(shmctl(0, IPC_INFO, (struct shmid_ds *)&limits) >= 0);
	printf("max %lu min %lu mni %lu seg %lu all %lu\n", limits.shmmax, limits.shmmin, limits.shmmni, limits.shmseg, limits.shmall);
	int highest = shmctl(0, SHM_INFO, (struct shmid_ds *)&totals);
	SHOW_INT(totals.used_ids > 0 && totals.shm_tot >= 3 && totals.shm_rss >= 2);
	int found = 0;
	for (int i = 0; i <= highest; i++)
		found += shmctl(i, SHM_STAT, &d) == id && shmctl(i, SHM_STAT_ANY, &d) == id;
	SHOW_INT(found);
	IN_CHILD("any", become(1002); SHOW(shmctl(id % 32768, SHM_STAT_ANY, &d) == id); (void)0);
	CALL(shmctl, 32767, SHM_STAT, &d);
}

static void removing(void)
{
	SECTION("removing");
	a = attach("last", id, NULL, 0);
	SHOW(shmctl(id, IPC_RMID, NULL));
	show_segment("removed", id);
	CALL(shmget, KEY, 0, 0);
	int other = SHOW_OK(shmget(KEY, 100, IPC_CREAT | 0600));
	SHOW_INT(other == id);
	char *b = attach("a removed one", id, NULL, 0);
	puts(b);
	SHOW(shmctl(id, IPC_RMID, NULL));
	SHOW(shmdt(b));
	show_segment("still there", id);
	IN_CHILD("a child", SHOW(shmdt(a)));
	SHOW(shmdt(a));
	CALL(shmctl, id, IPC_STAT, &d);
	attach("gone", id, NULL, 0);
	SHOW(shmctl(other, IPC_RMID, NULL));
	CALL(shmctl, other, IPC_RMID, 0);
	int again = SHOW_OK(shmget(KEY, 100, IPC_CREAT | 0600));
	SHOW_INT(again == other);
	SHOW(shmctl(again, IPC_RMID, NULL));
	IN_CHILD("a process that leaves one", int left = shmget(IPC_PRIVATE, 4096, 0600); shmat(left, NULL, 0); shmctl(left, IPC_RMID, NULL); id = left);
	SHOW(shmget(IPC_PRIVATE, 4096, 0) >= 0);
}

int main(void)
{
	making();
	attaching();
	changing();
	removing();
	for (int i = 0; i < 32768; i++) /* the last one above: by its size, mode and creator */
		if ((id = shmctl(i, SHM_STAT, &d)) >= 0 && d.shm_cpid == getpid())
			shmctl(id, IPC_RMID, NULL);
	return 0;
}
