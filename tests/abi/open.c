/* SPDX-License-Identifier: MIT
 * tests/abi/open.c - open(2), openat(2), creat(2), close(2): flags, modes and errors */
#include "abi.h"

int main(void)
{
	int fd;
	SECTION("create and modes");
	umask(022);
	fd = SHOW(open("f", O_RDWR | O_CREAT, 0666));
	struct stat st;
	fstat(fd, &st);
	SHOW_HEX(st.st_mode);
	SHOW(write(fd, "hello", 5));
	SHOW(close(fd));
	SHOW(close(fd));
	SHOW(open("f", O_RDWR | O_CREAT | O_EXCL, 0666));
	SHOW(open("none", O_RDONLY));
	SHOW(open("", O_RDONLY));
	SHOW(open("f/x", O_RDONLY));
	SHOW(open("none/x", O_CREAT | O_RDWR, 0600));
	SHOW(open(".", O_WRONLY));
	SHOW(open(".", O_RDWR | O_CREAT, 0600));
	SHOW(open("f", O_RDONLY | O_DIRECTORY));
	SHOW(open((char *)8, O_RDONLY));
	SHOW(open("f/", O_RDONLY));
	SHOW(open("new/", O_RDWR | O_CREAT, 0600));

	SECTION("append, truncate, access modes");
	fd = open("f", O_WRONLY | O_APPEND);
	SHOW(lseek(fd, 0, SEEK_SET));
	SHOW(write(fd, " world", 6));
	SHOW(lseek(fd, 0, SEEK_CUR));
	char b[32];
	SHOW(read(fd, b, 1));
	SHOW_HEX(fcntl(fd, F_GETFL) & ~0100000);
	close(fd);
	fd = open("f", O_RDONLY);
	SHOW(read(fd, b, sizeof b));
	SHOW(write(fd, "x", 1));
	SHOW(ftruncate(fd, 0));
	close(fd);
	fd = open("f", O_RDWR | O_TRUNC);
	fstat(fd, &st);
	SHOW_INT(st.st_size);
	close(fd);
	fd = open("f", O_RDONLY | O_TRUNC);
	SHOW_INT(fd >= 0);
	close(fd);

	SECTION("links");
	symlink("f", "l");
	symlink("none", "dangling");
	symlink("loop", "loop");
	SHOW(open("l", O_RDONLY | O_NOFOLLOW));
	fd = SHOW(open("l", O_RDONLY));
	close(fd);
	SHOW(open("loop", O_RDONLY));
	SHOW(open("dangling", O_RDONLY));
	SHOW(open("dangling", O_CREAT | O_EXCL | O_RDWR, 0600));
	fd = SHOW(open("dangling", O_CREAT | O_RDWR, 0600));
	close(fd);
	SHOW(access("none", F_OK));

	SECTION("O_PATH, O_TMPFILE, O_CLOEXEC");
	fd = SHOW(open("l", O_PATH | O_NOFOLLOW));
	fstat(fd, &st);
	SHOW_INT(S_ISLNK(st.st_mode));
	SHOW(read(fd, b, 1));
	SHOW(fchmod(fd, 0600));
	SHOW_INT(fcntl(fd, F_GETFD));
	close(fd);
	fd = SHOW(open(".", O_TMPFILE | O_RDWR, 0600));
	SHOW(write(fd, "tmp", 3));
	fstat(fd, &st);
	SHOW_INT(st.st_nlink);
	char proc[64];
	snprintf(proc, sizeof proc, "/proc/self/fd/%d", fd);
	SHOW(linkat(AT_FDCWD, proc, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
	fstat(fd, &st);
	SHOW_INT(st.st_nlink);
	close(fd);
	SHOW(open(".", O_TMPFILE | O_RDONLY, 0600));
	fd = open("f", O_RDONLY | O_CLOEXEC);
	SHOW_INT(fcntl(fd, F_GETFD));
	close(fd);

	SECTION("openat and dirfd");
	mkdir("d", 0755);
	int d = open("d", O_RDONLY | O_DIRECTORY);
	fd = SHOW(openat(d, "x", O_CREAT | O_RDWR, 0644));
	close(fd);
	SHOW(access("d/x", F_OK));
	SHOW(openat(99, "x", O_RDONLY));
	fd = open("f", O_RDONLY);
	SHOW(openat(fd, "x", O_RDONLY));
	close(fd);
	fd = SHOW(openat(99, "/", O_RDONLY));
	close(fd);
	SHOW(read(d, b, 1));
	SHOW(close(d));

	SECTION("names");
	char name[5000];
	memset(name, 'a', sizeof name);
	name[255] = 0;
	fd = SHOW_OK(creat(name, 0600));
	close(fd);
	name[255] = 'a';
	name[256] = 0;
	SHOW_OK(creat(name, 0600));
	name[256] = 'a';
	name[4999] = 0;
	SHOW_OK(open(name, O_RDONLY));
	SHOW_OK(open("./././../.", O_RDONLY));

	SECTION("limits");
	struct rlimit rl = { 10, 10 };
	setrlimit(RLIMIT_NOFILE, &rl);
	for (int i = 0; i < 10; i++)
		fd = open("f", O_RDONLY);
	SHOW(open("f", O_RDONLY));
	SHOW(dup(0));
	return 0;
}
