/* SPDX-License-Identifier: MIT
 * tests/abi/dents.c - getdents, getdents64, seeking in directories, chdir, fchdir, getcwd, chroot, umask */
#include "abi.h"

struct old_dirent {
	unsigned long ino, off;
	unsigned short reclen;
	char name[];
};
struct dirent64_ {
	uint64_t ino;
	int64_t off;
	unsigned short reclen;
	unsigned char type;
	char name[];
};
static char buf[65536];
static int cmp(const void *a, const void *b) { return strcmp(*(char **)a, *(char **)b); }

/* The names and types of a directory by both calls, with a buffer of `size` bytes. */
static void list(const char *path, long size)
{
	for (int old = 0; old < 2; old++) {
		int fd = open(path, O_RDONLY | O_DIRECTORY), n = 0;
		char *names[300];
		bool aligned = true, ino = true;
		long r;
		while ((r = syscall(old ? SYS_getdents : SYS_getdents64, fd, buf, size)) > 0)
			for (long o = 0; o < r;) {
				struct old_dirent *d = (void *)(buf + o);
				struct dirent64_ *e = (void *)(buf + o);
				char *s = malloc(300);
				if (old)
					snprintf(s, 300, "%s:%d", d->name, buf[o + d->reclen - 1]);
				else
					snprintf(s, 300, "%s:%d", e->name, e->type);
				aligned = aligned && d->reclen % 8 == 0 && d->reclen >= (old ? 18 : 19) + strlen(strtok(strdup(s), ":"));
				ino = ino && d->ino != 0;
				names[n++] = s;
				o += d->reclen;
			}
		qsort(names, n, sizeof *names, cmp);
		printf("%s %s %ld aligned %d ino %d:", path, old ? "old" : "64", r, aligned, ino);
		for (int i = 0; i < n; i++)
			printf(" %s", names[i]);
		printf("\n");
		close(fd);
	}
	fflush(stdout);
}
static void entries(void)
{
	mkdir("d", 0755);
	SECTION("empty");
	list("d", sizeof buf);
	SECTION("types");
	make_file("d/file", "x", 0600);
	mkdir("d/dir", 0700);
	symlink("x", "d/link");
	mkfifo("d/fifo", 0600);
	mknod("d/sock", S_IFSOCK | 0600, 0);
	mknod("d/chr", S_IFCHR | 0600, 0x103);
	mknod("d/blk", S_IFBLK | 0600, 0x103);
	list("d", sizeof buf);
	list("d", 64);
	SECTION("errors");
	int fd = open("d", O_RDONLY), f = open("d/file", O_RDWR);
	CALL(getdents64, fd, buf, 0);
	CALL(getdents64, fd, buf, 20);
	CALL(getdents64, fd, buf, 23);
	CALL(getdents64, fd, buf, 24);
	CALL(getdents64, fd, buf, 24);
	CALL(getdents, fd, buf, 8);
	CALL(lseek, fd, 0, SEEK_SET);
	CALL(getdents64, fd, 8, 4096);
	CALL(getdents64, f, buf, 4096);
	CALL(getdents, f, buf, 4096);
	CALL(getdents64, 99, buf, 4096);
	CALL(read, fd, buf, 10);
	CALL(pread64, fd, buf, 10, 0);
	CALL(write, fd, buf, 10);
	CALL(ftruncate, fd, 0);
	CALL(lseek, fd, -1, SEEK_SET);
	CALL(lseek, fd, 0, 77);
	CALL(fsync, fd);
	CALL(fdatasync, fd);
	struct pollfd p = { fd, POLLIN, 0 };
	CALL(poll, &p, 1, 0);
	SHOW_HEX(p.revents);
	SECTION("deleted");
	mkdir("gone", 0700);
	int g = open("gone", O_RDONLY);
	rmdir("gone");
	CALL(getdents64, g, buf, sizeof buf);
	show_fstat("deleted", g);
	CALL(openat, g, "x", O_CREAT | O_RDWR, 0600);
	CALL(mkdirat, g, "x", 0700);
	CALL(symlinkat, "y", g, "x");
	CALL(linkat, AT_FDCWD, "d/file", g, "x", 0);
	CALL(renameat, AT_FDCWD, "d/file", g, "x");
	CALL(unlinkat, g, "x", 0);
	CALL(openat, g, ".", O_RDONLY | O_DIRECTORY);
	CALL(openat, g, "..", O_RDONLY | O_DIRECTORY);
}
static void seeking(void)
{
	char name[20];
	SECTION("seeking");
	mkdir("many", 0755);
	for (int i = 0; i < 100; i++) {
		sprintf(name, "many/%d", i);
		make_file(name, "", 0600);
	}
	DIR *d = opendir("many");
	long at[102];
	char names[102][20];
	int n = 0;
	struct dirent *e;
	while (at[n] = telldir(d), (e = readdir(d)))
		strcpy(names[n++], e->d_name);
	SHOW_INT(n);
	int same = 0;
	for (int i = n - 1; i >= 0; i -= 7) {
		seekdir(d, at[i]);
		e = readdir(d);
		same += e && !strcmp(e->d_name, names[i]);
	}
	SHOW_INT(same);
	seekdir(d, at[n]);
	SHOW_INT(readdir(d) == NULL);
	rewinddir(d);
	make_file("many/new", "", 0600);
	unlink("many/50");
	int fresh = 0, gone = 0;
	n = 0;
	while ((e = readdir(d))) {
		n++;
		fresh += !strcmp(e->d_name, "new");
		gone += !strcmp(e->d_name, "50");
	}
	SHOW_INT(n);
	SHOW_INT(fresh);
	SHOW_INT(gone);
	int fd = dirfd(d), du = dup(fd);
	CALL(lseek, fd, 0, SEEK_SET);
	syscall(SYS_getdents64, fd, buf, sizeof buf);
	CALL(getdents64, du, buf, sizeof buf);
}
static void cwd(void)
{
	char b[8192];
	SECTION("getcwd");
	CALL(getcwd, b, 6);
	CALL(getcwd, b, 7);
	CALL(getcwd, b, sizeof b);
	printf("%s\n", b);
	CALL(getcwd, 8, 100);
	CALL(getcwd, b, 0);
	CALL(chdir, "/");
	CALL(getcwd, b, 2);
	CALL(getcwd, b, 1);
	CALL(chdir, "/tmp/w/d/../d/./dir//");
	getcwd(b, sizeof b);
	printf("%s\n", b);
	CALL(rename, "/tmp/w/d/dir", "/tmp/w/moved");
	getcwd(b, sizeof b);
	printf("%s\n", b);
	CALL(rmdir, "/tmp/w/moved");
	CALL(getcwd, b, sizeof b);
	CALL(chdir, ".");
	CALL(chdir, "..");
	CALL(getcwd, b, sizeof b);
	CALL(open, ".", O_RDONLY);
	chdir("/tmp/w");
	CALL(chdir, "d/file");
	CALL(chdir, "");
	CALL(chdir, 8);
	CALL(chdir, "none");
	symlink("loop", "loop");
	CALL(chdir, "loop");
	mkdir("closed", 0);
	mkdir("noexec", 0644);
	int fd = open("noexec", O_RDONLY), f = open("d/file", O_RDONLY), c = open("closed", O_PATH);
	CALL(fchdir, f);
	CALL(fchdir, -1);
	IN_CHILD("user", become(1000); CALL(chdir, "closed"); CALL(chdir, "noexec"); CALL(fchdir, fd); CALL(fchdir, c);
		 CALL(chroot, "."));
	SECTION("longer than a page");
	char name[201];
	memset(name, 'n', 200);
	name[200] = 0;
	int top = open(".", O_RDONLY);
	for (int i = 0; i < 25; i++) {
		if (mkdir(name, 0700) || chdir(name))
			printf("%d %s\n", i, strerror(errno));
	}
	CALL(getcwd, b, sizeof b);
	CALL(getcwd, b, 4096);
	CALL(open, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ssize_t r = readlink("/proc/self/cwd", b, sizeof b);
	SHOW_INT(r);
	for (int i = 0; i < 25; i++)
		if (chdir("..") || rmdir(name))
			printf("%d %s\n", i, strerror(errno));
	fchdir(top);
	CALL(getcwd, b, sizeof b);
	SECTION("chroot");
	mkdir("jail", 0755);
	mkdir("jail/sub", 0755);
	symlink("/sub", "jail/abs");
	IN_CHILD("jail", CALL(chroot, "jail"); CALL(chdir, "jail/sub");
		 getcwd(b, sizeof b); printf("%s\n", b); CALL(chdir, "/abs"); getcwd(b, sizeof b); printf("%s\n", b);
		 CALL(chroot, "."); getcwd(b, sizeof b); printf("%s\n", b); CALL(chdir, "/sub"); CALL(fchdir, top); getcwd(b, sizeof b);
		 printf("%.13s\n", b));
	CALL(chroot, "d/file");
	CALL(chroot, "");
	CALL(chroot, 8);
	SECTION("umask");
	CALL(umask, 0);
	CALL(umask, 0177777);
	make_file("u", "", 0600);
	unlink("u");
	close(open("u", O_CREAT | O_RDWR, 07777));
	show_stat("u");
	CALL(umask, 027);
	mkdir("um", 0777);
	show_stat("um");
	mknod("un", S_IFIFO | 0777, 0);
	show_stat("un");
	symlink("x", "us");
	show_stat("us");
	close(open("uo", O_CREAT | O_RDWR, 07777));
	show_stat("uo");
	mkdir("us1", 07777);
	show_stat("us1");
}
int main(void)
{
	entries();
	seeking();
	cwd();
	return 0;
}
