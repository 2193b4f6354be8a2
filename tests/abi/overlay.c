/* SPDX-License-Identifier: MIT
 * tests/abi/overlay.c - overlay: merging, copy-up, whiteouts, opaque directories, rename, links, listing, mount errors, a full upper layer */
#include "abi.h"

#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/xattr.h>

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}
/* A directory's names with their kinds, sorted. */
static void list(const char *dir)
{
	char *names[200];
	int n = 0;
	DIR *d = opendir(dir);
	struct dirent *e;

	printf("%s:", dir);
	while (d && (e = readdir(d)) != NULL)
		asprintf(&names[n++], "%s/%d", e->d_name, e->d_type);
	if (d)
		closedir(d);
	else
		printf(" %s", strerror(errno));
	qsort(names, n, sizeof *names, compare);
	for (int i = 0; i < n; i++) {
		printf(" %s", names[i]);
		free(names[i]);
	}
	printf("\n");
	fflush(stdout);
}
static void cat(const char *name)
{
	char buf[256];
	int fd = open(name, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof buf - 1);

	if (n < 0)
		printf("%s: %s\n", name, strerror(errno));
	else
		printf("%s: [%.*s]\n", name, (int)n, buf);
	if (fd >= 0)
		close(fd);
	fflush(stdout);
}
static void append(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_APPEND);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		printf("append %s: %s\n", name, strerror(errno));
	if (fd >= 0)
		close(fd);
}
/* Is it a whiteout in the upper layer? */
static void upper(const char *name)
{
	char path[300], value[16];
	struct stat st;
	ssize_t n;

	snprintf(path, sizeof path, "/tmp/w/u/%s", name);
	if (lstat(path, &st)) {
		printf("upper %s: %s\n", name, strerror(errno));
		return;
	}
	n = lgetxattr(path, "trusted.overlay.opaque", value, sizeof value);
	printf("upper %s: %s%s\n", name,
	       S_ISCHR(st.st_mode) && !st.st_rdev ? "whiteout" :
	       S_ISDIR(st.st_mode)                ? "directory" :
	       S_ISLNK(st.st_mode)                ? "link" :
	                                            "file",
	       n == 1 && value[0] == 'y' ? " opaque" : "");
	fflush(stdout);
}
static void layers(void)
{
	mkdir("l", 0755), mkdir("l2", 0755), mkdir("u", 0755), mkdir("w", 0755), mkdir("m", 0755);
	make_file("l/file", "lower\n", 0644);
	make_file("l/other", "other\n", 0600);
	make_file("l/both", "from l\n", 0644);
	make_file("l2/both", "from l2\n", 0644);
	make_file("l2/deep", "deep\n", 0640);
	chown("l/other", 1000, 1000);
	symlink("file", "l/link");
	mkfifo("l/fifo", 0600);
	mkdir("l/dir", 0751), mkdir("l/dir/sub", 0700), mkdir("l2/dir", 0755), mkdir("l/empty", 0755);
	make_file("l/dir/a", "a\n", 0644);
	make_file("l/dir/sub/x", "x\n", 0644);
	make_file("l2/dir/b", "b\n", 0644);
	make_file("l/file-dir", "a file above a directory\n", 0644);
	mkdir("l2/file-dir", 0755);
	make_file("l2/file-dir/hidden", "", 0644);
}
/* 1 if it can be opened so. */
static int opens(const char *name, int flags)
{
	int fd = open(name, flags);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}
static void merging(void)
{
	SECTION("merging");
	list("m");
	list("m/dir");
	list("m/file-dir");
	cat("m/both");
	cat("m/deep");
	cat("m/dir/b");
	show_stat("m/dir");
	show_stat("m/dir/sub");
	show_stat("m/other");
	show_stat("m/link");
	cat("m/link");
	show_stat("m/fifo");
	struct statfs s;
	SHOW(statfs("m", &s));
	SHOW_HEX(s.f_type);
	struct stat a, b;
	stat("m", &a), stat("m/dir", &b);
	SHOW_INT(a.st_dev == b.st_dev);
}
static void copying(void)
{
	struct stat before, after;
	char buf[32] = { 0 };

	SECTION("copy-up");
	stat("m/dir/sub/x", &before);
	int ro = open("m/dir/sub/x", O_RDONLY);
	SHOW(access("u/dir", F_OK));
	append("m/dir/sub/x", "more\n");
	stat("m/dir/sub/x", &after);
	SHOW_INT(before.st_ino == after.st_ino);
	SHOW_INT(before.st_mode == after.st_mode);
	cat("m/dir/sub/x");
	cat("l/dir/sub/x");
	cat("u/dir/sub/x");
	SHOW(read(ro, buf, sizeof buf)); /* opened before the copy */
	close(ro);
	show_stat("u/dir");
	show_stat("u/dir/sub");
	list("u/dir");
	SHOW(chmod("m/other", 0666));
	show_stat("m/other");
	show_stat("l/other");
	SHOW(chown("m/file", 5, 6));
	show_stat("m/file");
	SHOW(truncate("m/deep", 2));
	cat("m/deep");
	cat("l2/deep");
	SHOW(opens("m/both", O_WRONLY | O_TRUNC));
	show_stat("m/both");
	stat("l/dir/a", &before);
	struct timespec t[2] = { { 100, 5 }, { 200, 7 } };
	SHOW(utimensat(AT_FDCWD, "m/dir/a", t, 0));
	stat("m/dir/a", &after);
	SHOW_INT(after.st_mtim.tv_sec * 1000 + after.st_mtim.tv_nsec);
	SHOW(open("m/dir", O_WRONLY));
	list("w/work");
}
static void removing(void)
{
	SECTION("removing");
	SHOW(unlink("m/both"));
	SHOW(access("m/both", F_OK));
	upper("both");
	SHOW(rmdir("m/dir"));
	SHOW(rmdir("m/empty"));
	upper("empty");
	SHOW(unlink("m/dir/b"));
	upper("dir/b");
	list("m/dir");
	SHOW(unlink("m/dir/a"));
	SHOW(unlink("m/dir/sub/x"));
	SHOW(rmdir("m/dir/sub"));
	SHOW(rmdir("m/dir"));
	upper("dir");
	list("m");
	SHOW(unlink("m/nothing"));
	SHOW(unlink("m/link"));
	SHOW(unlink("m/fifo"));
	SECTION("making where something was");
	SHOW(mkdir("m/dir", 0700));
	upper("dir");
	list("m/dir");
	make_file("m/both", "new\n", 0600);
	cat("m/both");
	upper("both");
	SHOW(symlink("target", "m/link"));
	upper("link");
	SHOW(mkdir("m/empty", 0755));
	list("m/empty");
	SHOW(rmdir("m/empty"));
	upper("empty");
	make_file("m/pure", "p\n", 0644);
	SHOW(unlink("m/pure"));
	upper("pure");
	SHOW(mknod("m/whiteout", S_IFCHR | 0600, 0));
	list("u");
}
static void renaming(void)
{
	SECTION("renaming");
	SHOW(rename("m/file", "m/file2"));
	upper("file");
	upper("file2");
	cat("m/file2");
	SHOW(rename("m/file-dir", "m/other"));
	cat("m/other");
	list("m");
	mkdir("m/new", 0755);
	make_file("m/new/inside", "in\n", 0644);
	SHOW(rename("m/new", "m/new2"));
	list("m/new2");
	SHOW(rename("m/new2", "m/file-dir")); /* a directory where the lower layers have a file and a directory */
	upper("file-dir");
	list("m/file-dir");
	SHOW(syscall(SYS_renameat2, AT_FDCWD, "m/file2", AT_FDCWD, "m/other", 2 /* exchange */));
	cat("m/file2");
	cat("m/other");
	SHOW(syscall(SYS_renameat2, AT_FDCWD, "m/file2", AT_FDCWD, "m/other", 1 /* noreplace */));
	SHOW(rename("m/other", "/tmp/w/outside"));
	SHOW(rename("m/deep", "m/dir/deep"));
	upper("deep");
	cat("m/dir/deep");
	list("m");
}
static void linking(void)
{
	struct stat a, b;

	SECTION("links");
	SHOW(link("m/other", "m/other2"));
	show_stat("m/other");
	append("m/other2", "+");
	cat("m/other");
	stat("m/other", &a), stat("m/other2", &b);
	SHOW_INT(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	SHOW(link("m/other", "m/deep")); /* over a whiteout */
	upper("deep");
	show_stat("m/deep");
	SHOW(unlink("m/other2"));
	show_stat("m/other");
	SHOW(link("l/file", "m/x"));
	int fd = open("m", O_TMPFILE | O_RDWR, 0600);
	SHOW(write(fd, "tmp", 3));
	SHOW(linkat(fd, "", AT_FDCWD, "m/linked", AT_EMPTY_PATH));
	cat("m/linked");
	close(fd);
}
static void attributes(void)
{
	char value[32] = { 0 };

	SECTION("attributes");
	SHOW(setxattr("l/file", "trusted.one", "1", 1, 0));
	SHOW(mount("overlay", "m", "overlay", 0, "lowerdir=l2:l"));
	SHOW(getxattr("m/file", "trusted.one", value, sizeof value));
	SHOW(setxattr("m/file", "trusted.one", "2", 1, 0));
	cat("m/both");
	list("m");
	SHOW(open("m/file", O_WRONLY));
	SHOW(mkdir("m/no", 0755));
	SHOW(unlink("m/file"));
	SHOW(mount(NULL, "m", NULL, MS_REMOUNT, NULL));
	SHOW(umount("m"));
	mkdir("u2", 0755), mkdir("w2", 0755);
	SHOW(mount("overlay", "m", "overlay", 0, "lowerdir=l,upperdir=u2,workdir=w2"));
	append("m/file", "!");
	SHOW(getxattr("u2/file", "trusted.one", value, sizeof value));
	SHOW(setxattr("m/file", "trusted.two", "22", 2, 0));
	SHOW(removexattr("m/file", "trusted.one"));
	SHOW(getxattr("m/file", "trusted.one", value, sizeof value));
	SHOW(getxattr("m/file", "trusted.two", value, sizeof value));
	SHOW(umount("m"));
}
static void mapping(void)
{
	SECTION("mappings and positions");
	SHOW(mount("overlay", "m", "overlay", 0, "lowerdir=l,upperdir=u2,workdir=w2"));
	int fd = open("m/other", O_RDWR);
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	p[0] = 'O';
	cat("m/other");
	SHOW(lseek(fd, 0, SEEK_END));
	SHOW(write(fd, "end\n", 4));
	SHOW(lseek(fd, -3, SEEK_CUR));
	SHOW(ftruncate(fd, 3));
	show_fstat("other", fd);
	SHOW(fsync(fd));
	SHOW(fcntl(fd, F_SETFL, O_APPEND));
	SHOW(pwrite(fd, "x", 1, 0));
	cat("m/other");
	munmap(p, 4096);
	close(fd);
	fd = open("m/dir/a", O_RDWR);
	SHOW(unlink("m/dir/a"));
	SHOW(write(fd, "gone", 4));
	show_fstat("gone", fd);
	close(fd);
	cat("l/dir/a");
	SHOW(chdir("m/dir"));
	char where[100];
	SHOW_OK(getcwd(where, sizeof where));
	printf("%s\n", where);
	make_file("made", "here\n", 0644);
	SHOW(chdir("/tmp/w"));
	cat("m/dir/made");
	SHOW(umount("m"));
}
static void rights(void)
{
	SECTION("rights");
	SHOW(mount("overlay", "m", "overlay", 0, "lowerdir=l,upperdir=u2,workdir=w2"));
	chmod("m", 0755);
	IN_CHILD("user", {
		become(1000);
		SHOW(open("m/file", O_WRONLY));
		SHOW(unlink("m/file"));
		SHOW(mkdir("m/mine", 0755));
		SHOW(opens("m/other", O_RDWR));
		SHOW(open("m/dir/sub/x", O_RDONLY));
	});
	chmod("m", 0777);
	IN_CHILD("user", {
		become(1000);
		make_file("m/mine", "m\n", 0644);
		SHOW(unlink("m/file"));
		SHOW(mkdir("m/file", 0755));
	});
	show_stat("m/mine");
	show_stat("m/file");
	SHOW(umount("m"));
}
static void full(void)
{
	char *big = calloc(1, 1 << 20);

	SECTION("a full upper layer");
	mkdir("t", 0755);
	SHOW(mount("none", "t", "tmpfs", 0, "size=256k"));
	mkdir("t/u", 0755), mkdir("t/w", 0755);
	int fd = open("l/big", O_CREAT | O_WRONLY, 0644);
	write(fd, big, 1 << 20);
	close(fd);
	SHOW(mount("overlay", "m", "overlay", 0, "lowerdir=l,upperdir=t/u,workdir=t/w"));
	SHOW(open("m/big", O_WRONLY));
	list("t/u");
	list("t/w/work");
	show_stat("m/big");
	SHOW(chmod("m/big", 0600));
	append("m/file", "fits\n");
	cat("m/file");
	fd = open("m/new", O_CREAT | O_WRONLY, 0644);
	long n = 0, r;
	while ((r = write(fd, big, 4096)) > 0)
		n += r;
	printf("until %s: %s\n", strerror(errno), n > 100000 && n < 300000 ? "some" : "wrong");
	close(fd);
	SHOW(unlink("m/new"));
	SHOW(unlink("m/other"));
	SHOW(umount("m"));
	SHOW(umount("t"));
	free(big);
}
static void errors(void)
{
	SECTION("errors of mount");
	SHOW(mount("overlay", "m", "overlay", 0, NULL));
	SHOW(mount("overlay", "m", "overlay", 0, "lowerdir=none"));
	SHOW(mount("overlay", "m", "overlay", 0, "lowerdir=l/file"));
	SHOW(mount("overlay", "m", "overlay", 0, "lowerdir=l,upperdir=u2"));
	SHOW(mount("overlay", "m", "overlay", 0, "lowerdir=l,upperdir=none,workdir=w2"));
	SHOW(mount("overlay", "m", "overlay", 0, "lowerdir=l,upperdir=u2,workdir=none"));
	SHOW(mount("overlay", "m", "overlay", 0, "lowerdir=l,upperdir=u2,workdir=u2"));
	SHOW(mount("overlay", "m", "overlay", 0, "lowerdir=l,upperdir=u2,workdir=u2/dir"));
	SHOW(mount("overlay", "m", "overlay", 0, "lowerdir=l,upperdir=u2,workdir=w2,nosuch=1"));
	SHOW(mount("overlay", "m", "overlay", 0, "lowerdir=l,upperdir=u2,workdir=w2,redirect_dir=bad"));
	SHOW(mount("overlay", "m", "overlay", 0, "upperdir=u2,workdir=w2"));
	mkdir("a:b", 0755);
	make_file("a:b/colon", "", 0644);
	SHOW(mount("overlay", "m", "overlay", 0, "lowerdir=a\\:b:l2"));
	list("m");
	SHOW(umount("m"));
}
int main(void)
{
	umask(022);
	layers();
	SHOW(mount("overlay", "m", "overlay", 0, "lowerdir=l:l2,upperdir=u,workdir=w"));
	merging();
	copying();
	removing();
	renaming();
	linking();
	SHOW(umount("m"));
	attributes();
	mapping();
	rights();
	full();
	errors();
	return 0;
}
