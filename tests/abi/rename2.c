/* SPDX-License-Identifier: MIT
 * tests/abi/rename2.c - rename, renameat2, link, unlink, rmdir: kinds, flags, mount points, trees, open files, who may */
#include "abi.h"

#include <sys/mount.h>
enum { NOREPLACE = 1, EXCHANGE = 2, WHITEOUT = 4 };
#define R2(a, b, flags) CALL(renameat2, AT_FDCWD, a, AT_FDCWD, b, flags)

static void reset(void)
{
	system("rm -rf t; mkdir -p t/dir/sub t/full/in t/empty; echo f > t/file; echo g > t/other; ln -s file t/link; mkfifo t/fifo");
	chdir("t");
}
static void kinds(void)
{
	static const char *names[] = { "file", "dir", "empty", "full", "link", "fifo", "none" };
	SECTION("kinds");
	for (int flags = 0; flags < 4; flags++)
		for (int a = 0; a < 7; a++)
			for (int b = 0; b < 7; b++) {
				const char *from = names[a], *to = names[b];
				if (a == b && flags == 0)
					continue;
				if (!mkdir("x", 0755)) { /* a fresh copy of what is touched */
					system("cd x; mkdir -p dir/sub full/in empty; echo f > file; ln -s file link; mkfifo fifo");
				}
				chdir("x");
				errno = 0;
				int r = syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
				printf("%d %s %s: %s\n", flags, from, to, r ? strerror(errno) : "ok");
				chdir("..");
				if (!r)
					system("rm -rf x");
			}
	R2("file", "none", EXCHANGE | NOREPLACE);
	R2("file", "none", WHITEOUT | EXCHANGE);
	R2("file", "none", 8);
	R2("none", "none2", 8);
	R2("file", "file", NOREPLACE);
	R2("file", "file", EXCHANGE);
	R2("dir", "dir", EXCHANGE);
	R2("", "file", 0);
	R2("file", "", 0);
	CALL(rename, 8, "file");
	CALL(rename, "file", 8);
}
static void trees(void)
{
	SECTION("trees");
	R2("dir", "dir/sub", 0);
	R2("dir", "dir/sub/deeper", 0);
	R2("dir", "dir/none/deeper", 0);
	R2("dir/sub", "dir", 0);
	R2("dir/sub", "dir", EXCHANGE);
	R2("dir", "dir/sub", EXCHANGE);
	R2("full/in", "dir/sub", EXCHANGE);
	R2("full/in", "dir/sub/moved", 0);
	show_stat("full");
	show_stat("dir");
	show_stat("dir/sub");
	SECTION("last parts");
	R2("dir/.", "x", 0);
	R2("dir/..", "x", 0);
	R2(".", "x", 0);
	R2("..", "x", 0);
	R2("/", "x", 0);
	R2("file", ".", 0);
	R2("file", "..", 0);
	R2("file", "/", 0);
	R2("dir", "dir/.", 0);
	R2("dir/", "renamed", 0);
	R2("renamed", "dir/", 0);
	R2("file/", "x", 0);
	R2("file", "x/", 0);
	R2("link/", "x", 0);
	R2("empty/", "x/", 0);
	R2("x", "empty", 0);
	R2("file", "file/x", 0);
	R2("none/x", "y", 0);
	R2("file", "none/y", 0);
	R2("file/x", "y", 0);
	SECTION("one inode, two names");
	CALL(link, "file", "second");
	R2("file", "second", 0);
	R2("file", "second", NOREPLACE);
	R2("file", "second", EXCHANGE);
	show_stat("file");
	show_stat("second");
	SECTION("links");
	symlink("dir", "todir");
	R2("todir", "moved", 0);
	show_stat("moved");
	R2("moved/", "x", 0);
	R2("dir", "moved", 0);
	R2("file", "moved", 0);
	show_stat("moved");
	unlink("moved");
	symlink("nowhere", "dangling");
	R2("second", "dangling", 0);
	show_stat("dangling");
}
static void open_files(void)
{
	char b[200];
	SECTION("open files");
	make_file("a", "aaaa", 0644);
	make_file("b", "bb", 0644);
	int a = open("a", O_RDWR), o = open("b", O_RDWR);
	R2("a", "b", 0);
	show_fstat("replaced", o);
	show_fstat("moved", a);
	CALL(read, o, b, 10);
	CALL(write, o, "more", 4);
	CALL(pread64, o, b, 10, 0);
	char proc[40];
	sprintf(proc, "/proc/self/fd/%d", o);
	memset(b, 0, sizeof b);
	readlink(proc, b, sizeof b);
	puts(b);
	memset(b, 0, sizeof b);
	sprintf(proc, "/proc/self/fd/%d", a);
	readlink(proc, b, sizeof b);
	puts(b);
	CALL(unlink, "b");
	show_fstat("unlinked", a);
	memset(b, 0, sizeof b);
	readlink(proc, b, sizeof b);
	puts(b);
	int again = SHOW_OK(open(proc, O_RDWR));
	CALL(read, again, b, 10);
	show_fstat("again", again);
	CALL(fchmod, a, 0600);
	CALL(ftruncate, a, 1);
	show_fstat("again", again);
	make_file("b", "new", 0600);
	CALL(pread64, a, b, 10, 0);
	mkdir("gone", 0755);
	int d = open("gone", O_RDONLY);
	R2("gone", "went", 0);
	CALL(mkdirat, d, "in", 0700);
	CALL(rmdir, "went");
	CALL(rmdir, "went/in");
	CALL(rmdir, "went");
	CALL(mkdirat, d, "in", 0700);
	CALL(faccessat, d, ".", F_OK);
	CALL(faccessat, d, "..", F_OK);
	show_fstat("removed", d);
}
static void mounts(void)
{
	SECTION("mount points");
	mkdir("mnt", 0755);
	mkdir("mnt2", 0755);
	make_file("mfile", "", 0600);
	CALL(mount, "none", "mnt", "tmpfs", 0, NULL);
	R2("mnt", "x", 0);
	R2("mnt2", "mnt", 0);
	R2("mnt", "mnt2", EXCHANGE);
	R2("file", "mnt/file", 0);
	R2("mnt/none", "x", 0);
	R2("file", "mnt/none", EXCHANGE);
	CALL(link, "file", "mnt/file");
	CALL(rmdir, "mnt");
	CALL(rmdir, "mnt/");
	CALL(rmdir, "mnt/.");
	CALL(mount, "file", "mfile", NULL, MS_BIND, NULL);
	CALL(unlink, "mfile");
	R2("mfile", "x", 0);
	R2("other", "mfile", 0);
	CALL(umount2, "mfile", 0);
	CALL(mount, "mnt2", "mnt", NULL, MS_BIND, NULL);
	make_file("mnt2/f", "", 0600);
	R2("mnt2/f", "mnt/g", 0);
	CALL(link, "mnt2/f", "mnt/g");
	R2("mnt/f", "mnt/g", 0);
	CALL(umount2, "mnt", 0);
	CALL(umount2, "mnt", 0);
	CALL(rmdir, "mnt");
}
static void users(void)
{
	SECTION("users");
	chmod(".", 0755);
	mkdir("open", 0777);
	chmod("open", 0777);
	mkdir("mine", 0700);
	chown("mine", 1000, 1000);
	make_file("open/root", "", 0600);
	mkdir("open/rootdir", 0755);
	mkdir("noexec", 0666);
	make_file("noexec/f", "", 0666);
	IN_CHILD("user", become(1000); R2("file", "mine/x", 0); R2("open/root", "mine/x", 0); show_stat("mine/x");
		 R2("open/rootdir", "mine/d", 0); R2("mine/x", "open/back", 0); R2("open/back", "file", 0);
		 CALL(unlink, "open/back"); CALL(unlink, "noexec/f"); CALL(mkdir, "x", 0700); CALL(link, "open/rootdir", "mine/l");
		 CALL(symlink, "x", "x"); CALL(mknod, "mine/null", S_IFCHR | 0600, 0x103); CALL(mknod, "mine/blk", S_IFBLK | 0600, 0x103);
		 CALL(mknod, "mine/fifo", S_IFIFO | 0600, 0); CALL(mknod, "mine/sock", S_IFSOCK | 0600, 0);
		 CALL(mknod, "mine/reg", S_IFREG | 0600, 0); CALL(mknod, "mine/zero", 0600, 0); CALL(mknod, "mine/dir", S_IFDIR | 0600, 0);
		 CALL(mknod, "mine/lnk", S_IFLNK | 0600, 0); CALL(mknod, "mine/bad", 0010000 | 0040000 | 0600, 0);
		 CALL(mknod, "mine/whiteout", S_IFCHR, 0); CALL(rmdir, "open/rootdir"); CALL(mkdir, "mine/new", 04777); show_stat("mine/new");
		 CALL(rename, "mine", "gone"); CALL(rmdir, "mine"));
	int lower = dup(1);
	(void)lower;
	CALL(mknod, "none/x", S_IFREG | 0600, 0);
	CALL(mknod, "file", S_IFREG | 0600, 0);
	CALL(mknod, "file/", S_IFREG | 0600, 0);
	CALL(mknod, "new/", S_IFREG | 0600, 0);
	CALL(mknod, "", S_IFREG | 0600, 0);
	CALL(mknod, "dev", S_IFCHR | 0640, 0xfff12);
	struct stat st;
	stat("dev", &st);
	SHOW_HEX(st.st_rdev);
	CALL(open, "dev", O_RDWR);
	CALL(mkdir, "file", 0700);
	CALL(mkdir, "file/x", 0700);
	CALL(mkdir, "dangling2/x", 0700);
	symlink("nowhere", "dl");
	CALL(mkdir, "dl", 0700);
	CALL(mkdir, "dl/", 0700);
	CALL(mkdir, "..", 0700);
	CALL(mkdir, "/", 0700);
	CALL(rmdir, "dl");
	CALL(rmdir, "dl/");
	CALL(unlink, "dl/");
	CALL(unlink, ".");
	CALL(unlink, "/");
	CALL(unlink, "dir");
	CALL(unlink, "dir/");
	CALL(unlink, "none/");
	CALL(unlink, "file/");
	CALL(unlink, "file/.");
	SECTION("names too long");
	char n[300];
	memset(n, 'n', sizeof n);
	n[255] = 0;
	CALL(mkdir, n, 0700);
	CALL(rename, n, "short");
	CALL(rename, "short", n);
	CALL(rmdir, n);
	n[255] = 'n';
	n[256] = 0;
	CALL(mkdir, n, 0700);
	CALL(symlink, "x", n);
	CALL(link, "file", n);
	CALL(rename, "file", n);
	CALL(unlink, n);
	CALL(rmdir, n);
	CALL(mknod, n, 0600, 0);
}
int main(void)
{
	reset();
	kinds();
	trees();
	chdir("..");
	reset();
	open_files();
	mounts();
	users();
	return 0;
}
