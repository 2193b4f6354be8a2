/* SPDX-License-Identifier: MIT
 * tests/abi/at.c - the *at calls: dirfd, AT_EMPTY_PATH, AT_SYMLINK_*, AT_EACCESS, O_PATH, trailing slashes */
#include "abi.h"

static int d, f, p, l, pipes[2];

static void dirfds(void)
{
	char b[16];
	struct stat st;
	SECTION("what may be a dirfd");
	CALL(mkdirat, f, "x", 0700);
	CALL(mkdirat, 99, "x", 0700);
	CALL(mkdirat, -1, "x", 0700);
	CALL(mkdirat, pipes[0], "x", 0700);
	CALL(mkdirat, AT_FDCWD, "at", 0700);
	CALL(mkdirat, d, "sub", 0751);
	CALL(mkdirat, p, "bypath", 0700);
	CALL(mkdirat, l, "x", 0700);
	show_stat("d/sub");
	CALL(mknodat, d, "fifo", S_IFIFO | 0640, 0);
	CALL(mknodat, d, "fifo", S_IFIFO | 0640, 0);
	CALL(mknodat, f, "fifo", S_IFIFO | 0640, 0);
	CALL(mknodat, d, "", S_IFREG | 0640, 0);
	CALL(unlinkat, d, "none", 0);
	CALL(unlinkat, f, "none", 0);
	CALL(unlinkat, d, "sub", 0);
	CALL(unlinkat, d, "fifo", AT_REMOVEDIR);
	CALL(unlinkat, d, "fifo/", 0);
	CALL(unlinkat, d, ".", AT_REMOVEDIR);
	CALL(unlinkat, d, "..", AT_REMOVEDIR);
	CALL(unlinkat, d, "..", 0);
	CALL(unlinkat, d, "sub/", AT_REMOVEDIR);
	CALL(unlinkat, d, "fifo", 0);
	CALL(unlinkat, d, "bypath", AT_REMOVEDIR | AT_SYMLINK_NOFOLLOW);
	CALL(unlinkat, 99, "/tmp/w/d/bypath", AT_REMOVEDIR);
	CALL(readlinkat, d, "../l", b, sizeof b);
	CALL(readlinkat, d, "../f", b, sizeof b);
	CALL(readlinkat, d, "", b, sizeof b);
	CALL(readlinkat, l, "", b, sizeof b);
	CALL(readlinkat, l, "", b, 3);
	CALL(readlinkat, f, "", b, sizeof b);
	CALL(readlinkat, d, "../l", b, -1);
	CALL(readlinkat, d, "../l", 8, 16);
	CALL(readlinkat, AT_FDCWD, "", b, sizeof b);
	CALL(newfstatat, f, "x", &st, 0);
	CALL(newfstatat, 99, "", &st, AT_EMPTY_PATH);
	CALL(newfstatat, pipes[0], "", &st, AT_EMPTY_PATH);
	SHOW_HEX(st.st_mode);
	CALL(newfstatat, l, "", &st, AT_EMPTY_PATH);
	SHOW_HEX(st.st_mode);
	CALL(newfstatat, f, "", &st, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
	CALL(newfstatat, f, "", &st, AT_EMPTY_PATH | AT_NO_AUTOMOUNT);
	CALL(newfstatat, f, "", &st, AT_SYMLINK_FOLLOW);
	CALL(newfstatat, f, "", &st, AT_EACCESS);
	CALL(newfstatat, d, "../f/", &st, 0);
	CALL(newfstatat, d, "../l/", &st, AT_SYMLINK_NOFOLLOW);
	CALL(newfstatat, d, "../ld/", &st, AT_SYMLINK_NOFOLLOW);
	SHOW_HEX(st.st_mode);
	CALL(newfstatat, d, "../ld", &st, AT_SYMLINK_NOFOLLOW);
	SHOW_HEX(st.st_mode);
}
static void links(void)
{
	SECTION("linkat, symlinkat");
	CALL(linkat, AT_FDCWD, "f", d, "hard", 0);
	CALL(linkat, AT_FDCWD, "f", d, "hard", 0);
	CALL(linkat, AT_FDCWD, "f", f, "hard", 0);
	CALL(linkat, AT_FDCWD, "f", 99, "hard", 0);
	CALL(linkat, 99, "f", d, "hard2", 0);
	CALL(linkat, AT_FDCWD, "f", d, "hard2", 1);
	CALL(linkat, AT_FDCWD, "f", d, "hard2/", 0);
	CALL(linkat, AT_FDCWD, "f/", d, "hard2", 0);
	CALL(linkat, AT_FDCWD, "l/", d, "hard2", 0);
	CALL(linkat, AT_FDCWD, "f", d, "", 0);
	CALL(linkat, AT_FDCWD, "", d, "hard2", 0);
	CALL(linkat, AT_FDCWD, "f", d, "none/hard2", 0);
	CALL(linkat, AT_FDCWD, "d", d, "hard2", 0);
	CALL(linkat, AT_FDCWD, "f", d, ".", 0);
	CALL(linkat, AT_FDCWD, "f", d, "..", 0);
	CALL(linkat, AT_FDCWD, "l", d, "tolink", 0);
	CALL(linkat, AT_FDCWD, "l", d, "tofile", AT_SYMLINK_FOLLOW);
	CALL(linkat, AT_FDCWD, "dangling", d, "todangling", 0);
	CALL(linkat, AT_FDCWD, "dangling", d, "x", AT_SYMLINK_FOLLOW);
	CALL(linkat, f, "", d, "empty", AT_EMPTY_PATH);
	CALL(linkat, l, "", d, "emptylink", AT_EMPTY_PATH);
	CALL(linkat, d, "", AT_FDCWD, "emptydir", AT_EMPTY_PATH);
	CALL(linkat, pipes[0], "", AT_FDCWD, "pipe", AT_EMPTY_PATH);
	show_stat("f");
	show_stat("d/tolink");
	show_stat("d/todangling");
	show_stat("d/emptylink");
	show_stat("d/empty");
	CALL(linkat, AT_FDCWD, "/proc/version", AT_FDCWD, "other", 0);
	CALL(symlinkat, "target", d, "sl");
	CALL(symlinkat, "target", d, "sl");
	CALL(symlinkat, "target", f, "sl");
	CALL(symlinkat, "target", 99, "sl");
	CALL(symlinkat, "target", 99, "/tmp/w/abs");
	CALL(symlinkat, "", d, "sl2");
	CALL(symlinkat, "target", d, "");
	CALL(symlinkat, "target", d, "sl3/");
	CALL(symlinkat, "target", d, "none/sl3");
	CALL(symlinkat, 8, d, "sl4");
	show_stat("d/sl");
	show_stat("abs");
	char far[5000];
	memset(far, 'x', sizeof far);
	far[4095] = 0;
	CALL(symlinkat, far, d, "longest");
	show_stat("d/longest");
	far[4095] = 'x';
	far[4096] = 0;
	CALL(symlinkat, far, d, "toolong");
	SECTION("unnamed files");
	int t = openat(d, ".", O_TMPFILE | O_RDWR, 0640);
	show_fstat("unnamed", t);
	CALL(linkat, t, "", d, "born", AT_EMPTY_PATH);
	show_fstat("named", t);
	t = openat(d, "", O_TMPFILE | O_RDWR, 0640);
	SHOW_INT(t);
	t = openat(d, ".", O_TMPFILE | O_RDWR | O_EXCL, 0640);
	CALL(linkat, t, "", d, "never", AT_EMPTY_PATH);
	CALL(openat, d, "born", O_TMPFILE | O_RDWR, 0640);
	int u = open("f", O_RDONLY);
	link("f", "f2");
	CALL(linkat, u, "", d, "again", AT_EMPTY_PATH);
	unlink("d/born");
	int b = open("d/gone", O_CREAT | O_RDWR, 0600);
	unlink("d/gone");
	CALL(linkat, b, "", d, "back", AT_EMPTY_PATH);
}
static void access_at(void)
{
	SECTION("faccessat2");
	make_file("root", "x", 0600);
	make_file("all", "x", 0666);
	CALL(faccessat2, d, "../f", R_OK, 0);
	CALL(faccessat2, d, "", F_OK, AT_EMPTY_PATH);
	CALL(faccessat2, d, "", X_OK, AT_EMPTY_PATH);
	CALL(faccessat2, f, "", X_OK, AT_EMPTY_PATH);
	CALL(faccessat2, d, "", F_OK, 0);
	CALL(faccessat2, 99, "", F_OK, AT_EMPTY_PATH);
	CALL(faccessat2, 99, "x", F_OK, 0);
	CALL(faccessat2, f, "x", F_OK, 0);
	CALL(faccessat2, AT_FDCWD, "f", 8, 0);
	CALL(faccessat2, AT_FDCWD, "f", -1, 0);
	CALL(faccessat2, AT_FDCWD, "f", F_OK, AT_SYMLINK_FOLLOW);
	CALL(faccessat2, AT_FDCWD, "dangling", F_OK, 0);
	CALL(faccessat2, AT_FDCWD, "dangling", F_OK, AT_SYMLINK_NOFOLLOW);
	CALL(faccessat2, AT_FDCWD, "dangling", W_OK, AT_SYMLINK_NOFOLLOW);
	CALL(faccessat2, AT_FDCWD, "l", X_OK, AT_SYMLINK_NOFOLLOW);
	CALL(faccessat2, AT_FDCWD, "l", X_OK, 0);
	CALL(faccessat, AT_FDCWD, "f", R_OK, AT_EACCESS);
	IN_CHILD("real user, effective root", syscall(SYS_setresuid, 1000, 0, 0); CALL(faccessat2, AT_FDCWD, "root", R_OK, 0);
		 CALL(faccessat2, AT_FDCWD, "root", R_OK, AT_EACCESS); CALL(faccessat2, AT_FDCWD, "all", W_OK, 0);
		 CALL(faccessat2, AT_FDCWD, "all", X_OK, AT_EACCESS); CALL(access, "root", R_OK));
	IN_CHILD("real root, effective user", syscall(SYS_setresuid, 0, 1000, 0); CALL(faccessat2, AT_FDCWD, "root", R_OK, 0);
		 CALL(faccessat2, AT_FDCWD, "root", R_OK, AT_EACCESS); CALL(access, "root", W_OK);
		 CALL(access, "root", X_OK); CALL(open, "root", O_RDONLY));
	IN_CHILD("user", become(1000); CALL(access, "root", F_OK); CALL(access, "root", R_OK); CALL(access, "all", R_OK | W_OK);
		 CALL(access, "all", X_OK); CALL(access, "d", W_OK); CALL(access, "d", X_OK);
		 CALL(faccessat2, f, "", R_OK, AT_EMPTY_PATH));
}
static void renames(void)
{
	SECTION("renameat");
	CALL(renameat, AT_FDCWD, "f", d, "moved");
	CALL(renameat, d, "moved", AT_FDCWD, "f");
	CALL(renameat, 99, "f", d, "moved");
	CALL(renameat, AT_FDCWD, "f", 99, "moved");
	CALL(renameat, f, "f", d, "moved");
	CALL(renameat, d, "none", d, "moved");
	CALL(renameat, d, "", d, "moved");
	CALL(renameat, AT_FDCWD, "f/", d, "moved");
	CALL(renameat, AT_FDCWD, "f", d, "moved/");
	CALL(renameat, AT_FDCWD, "l", d, "link");
	show_stat("d/link");
	CALL(renameat, d, "link", AT_FDCWD, "l");
}
static void paths(void)
{
	char b[8];
	int n;
	SECTION("descriptors of paths");
	CALL(read, p, b, 1);
	CALL(fchdir, p);
	CALL(fchdir, l);
	chdir("/tmp/w");
	CALL(fchmod, p, 0700);
	CALL(fchown, p, 0, 0);
	CALL(ftruncate, p, 0);
	CALL(getdents64, p, b, sizeof b);
	CALL(ioctl, p, FIONREAD, &n);
	CALL(fcntl, p, F_GETFL);
	CALL(fcntl, p, F_SETFL, O_NONBLOCK);
	CALL(fcntl, p, F_GETFD);
	CALL(fcntl, p, F_SETFD, FD_CLOEXEC);
	n = CALL(dup, p);
	CALL(close, n);
	CALL(mmap, 0, 4096, PROT_READ, MAP_PRIVATE, p, 0);
	CALL(fsync, p);
	CALL(lseek, p, 0, SEEK_SET);
	CALL(flock, p, 1);
	n = open("root", O_PATH);
	CALL(read, n, b, 1);
	CALL(write, n, b, 1);
	CALL(fchownat, n, "", 0, 0, AT_EMPTY_PATH);
	IN_CHILD("user", become(1000); SHOW_OK(open("root", O_PATH)); char s[40]; sprintf(s, "/proc/self/fd/%d", n);
		 CALL(open, s, O_RDONLY));
	CALL(open, "none", O_PATH | O_CREAT, 0600);
	CALL(open, "f", O_PATH | O_DIRECTORY);
	CALL(open, "f/", O_PATH);
	struct pollfd pf = { p, POLLIN, 0 };
	CALL(poll, &pf, 1, 0);
	SHOW_HEX(pf.revents);
}
int main(void)
{
	mkdir("d", 0755);
	make_file("f", "file", 0644);
	symlink("f", "l");
	symlink("d", "ld");
	symlink("nowhere", "dangling");
	d = open("d", O_RDONLY | O_DIRECTORY);
	f = open("f", O_RDWR);
	p = open("d", O_PATH);
	l = open("l", O_PATH | O_NOFOLLOW);
	pipe(pipes);
	dirfds();
	links();
	access_at();
	renames();
	paths();
	return 0;
}
