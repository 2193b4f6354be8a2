/* SPDX-License-Identifier: MIT
 * tests/abi/names.c - mkdir, rmdir, unlink, rename, link, symlink, readlink, getdents, chdir, getcwd, mknod */
#include "abi.h"

#include <sys/sysmacros.h>
static int cmp(const void *a, const void *b) { return strcmp(*(char **)a, *(char **)b); }
static void list(const char *path)
{
	DIR *d = opendir(path);
	char *n[100];
	int c = 0;
	for (struct dirent *e; (e = readdir(d));) {
		char *s = malloc(300);
		sprintf(s, "%s:%d", e->d_name, e->d_type);
		n[c++] = s;
	}
	closedir(d);
	qsort(n, c, sizeof *n, cmp);
	for (int i = 0; i < c; i++)
		printf("%s ", n[i]);
	printf("\n");
}
int main(void)
{
	char b[5000];
	SECTION("mkdir rmdir");
	SHOW(mkdir("d", 0755));
	SHOW(mkdir("d", 0755));
	SHOW(mkdir("d/", 0755));
	SHOW(mkdir("x/y", 0755));
	SHOW(mkdir("e/", 0755));
	SHOW(mkdir(".", 0755));
	SHOW(mkdir("", 0755));
	close(creat("d/f", 0644));
	SHOW(rmdir("d"));
	SHOW(rmdir("d/f"));
	SHOW(rmdir("e"));
	SHOW(rmdir("none"));
	SHOW(rmdir("."));
	SHOW(rmdir("d/.."));
	SHOW(rmdir("/"));
	SECTION("unlink");
	SHOW(unlink("d"));
	SHOW(unlink("d/f"));
	SHOW(unlink("d/f"));
	SHOW(unlink(""));
	SHOW(unlinkat(AT_FDCWD, "d", AT_REMOVEDIR));
	SHOW(unlinkat(AT_FDCWD, "d", 0x1000));
	SECTION("link symlink readlink");
	close(creat("f", 0644));
	SHOW(link("f", "h"));
	SHOW(link("f", "h"));
	SHOW(link("none", "q"));
	SHOW(link(".", "q"));
	SHOW(symlink("f", "s"));
	SHOW(symlink("", "t"));
	SHOW(symlink("x", "s"));
	SHOW(readlink("s", b, sizeof b));
	SHOW(readlink("s", b, 0));
	SHOW(readlink("f", b, 10));
	SHOW(link("s", "ls"));
	SHOW(readlink("ls", b, 10));
	SHOW(linkat(AT_FDCWD, "s", AT_FDCWD, "lf", AT_SYMLINK_FOLLOW));
	SHOW(readlink("lf", b, 10));
	SECTION("rename");
	SHOW(rename("f", "g"));
	SHOW(rename("f", "g"));
	SHOW(rename("g", "h"));
	SHOW(access("g", F_OK));
	mkdir("a", 0755);
	mkdir("a/b", 0755);
	mkdir("c", 0755);
	SHOW(rename("a", "a/b/c"));
	SHOW(rename("a", "a"));
	SHOW(rename("g", "a"));
	SHOW(rename("a", "g"));
	SHOW(rename("c", "a"));
	SHOW(rename("a/b", "c"));
	SHOW(rename("a", "."));
	SHOW(rename("a/.", "z"));
	SHOW(rename("a/..", "z"));
	SHOW(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "c", 1));
	SHOW(syscall(SYS_renameat2, AT_FDCWD, "h", AT_FDCWD, "c", 2));
	SHOW(syscall(SYS_renameat2, AT_FDCWD, "h", AT_FDCWD, "none", 2));
	SHOW(syscall(SYS_renameat2, AT_FDCWD, "h", AT_FDCWD, "c", 3));
	SHOW(syscall(SYS_renameat2, AT_FDCWD, "h", AT_FDCWD, "c", 0x100));
	list(".");
	SECTION("mknod");
	SHOW(mknod("p", S_IFIFO | 0600, 0));
	SHOW(mknod("n", S_IFCHR | 0600, makedev(1, 3)));
	SHOW(mknod("r", 0600, 0));
	SHOW(mknod("sock", S_IFSOCK | 0600, 0));
	SHOW(mknod("dd", S_IFDIR | 0600, 0));
	SHOW(mknod("zz", 0170000 | 0600, 0));
	list(".");
	SECTION("chdir getcwd");
	mkdir("deep", 0755);
	SHOW(chdir("deep"));
	SHOW(chdir("none"));
	close(creat("file", 0644));
	SHOW(chdir("file"));
	SHOW(syscall(SYS_getcwd, b, 3));
	SHOW_OK(syscall(SYS_getcwd, b, sizeof b));
	printf("%s\n", strrchr(b, '/'));
	SHOW(chdir(".."));
	int d = open("deep", O_RDONLY);
	SHOW(fchdir(d));
	SHOW(fchdir(99));
	unlink("file");
	SHOW(rmdir("../deep"));
	SHOW_OK(syscall(SYS_getcwd, b, sizeof b));
	SHOW(open("x", O_CREAT | O_RDWR, 0600));
	SHOW(mkdir("y", 0700));
	SHOW(chdir(".."));
	SECTION("getdents while deleting");
	mkdir("many", 0755);
	for (int i = 0; i < 500; i++) {
		sprintf(b, "many/file%d", i);
		close(creat(b, 0600));
	}
	DIR *dir = opendir("many");
	int seen = 0;
	for (struct dirent *e; (e = readdir(dir));)
		if (e->d_name[0] != '.') {
			seen++;
			unlinkat(dirfd(dir), e->d_name, 0);
		}
	SHOW_INT(seen);
	rewinddir(dir);
	seen = 0;
	while (readdir(dir))
		seen++;
	SHOW_INT(seen);
	closedir(dir);
	SHOW(rmdir("many"));
	char small[8];
	d = open(".", O_RDONLY);
	SHOW(syscall(SYS_getdents64, d, small, sizeof small));
	SHOW(syscall(SYS_getdents64, 99, small, sizeof small));
	return 0;
}
