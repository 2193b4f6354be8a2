/* SPDX-License-Identifier: MIT
 * tests/abi/copy.c - sendfile, copy_file_range: offsets, overlap, kinds of files, errors */
#include "abi.h"

#include <sys/sendfile.h>
static char b[4096];
static void content(const char *name)
{
	int fd = open(name, O_RDONLY);
	ssize_t n = read(fd, b, sizeof b);
	printf("%s:", name);
	for (ssize_t i = 0; i < n && i < 60; i++)
		printf(b[i] ? "%c" : ".", b[i]);
	printf("\n");
	fflush(stdout);
	close(fd);
}
int main(void)
{
	make_file("a", "0123456789abcdefghijklmnopqrstuvwxyz", 0644);
	make_file("o", "", 0644);
	int in = open("a", O_RDWR), out = open("o", O_RDWR), ro = open("o", O_RDONLY), wo = open("a", O_WRONLY);
	int app = open("o", O_WRONLY | O_APPEND), dir = open(".", O_RDONLY), p[2], path = open("a", O_PATH);
	loff_t x = 5, y = 3;
	pipe(p);
	SECTION("copy_file_range");
	CALL(copy_file_range, in, NULL, out, NULL, 10, 0);
	CALL(lseek, in, 0, SEEK_CUR);
	CALL(lseek, out, 0, SEEK_CUR);
	content("o");
	CALL(copy_file_range, in, &x, out, &y, 4, 0);
	SHOW_INT(x);
	SHOW_INT(y);
	CALL(lseek, in, 0, SEEK_CUR);
	content("o");
	CALL(copy_file_range, in, NULL, out, &y, 1000, 0);
	SHOW_INT(y);
	content("o");
	CALL(copy_file_range, in, NULL, out, &y, 1000, 0);
	x = 1000;
	CALL(copy_file_range, in, &x, out, NULL, 10, 0);
	x = -1;
	CALL(copy_file_range, in, &x, out, NULL, 10, 0);
	x = 0;
	y = -1;
	CALL(copy_file_range, in, &x, out, &y, 10, 0);
	y = 0;
	CALL(copy_file_range, in, &x, out, &y, 0, 0);
	CALL(copy_file_range, in, &x, out, &y, 10, 1);
	CALL(copy_file_range, in, 8, out, NULL, 10, 0);
	CALL(copy_file_range, in, &x, ro, &y, 10, 0);
	CALL(copy_file_range, wo, &x, out, &y, 10, 0);
	CALL(copy_file_range, in, &x, app, NULL, 10, 0);
	CALL(copy_file_range, dir, NULL, out, &y, 10, 0);
	CALL(copy_file_range, in, &x, dir, NULL, 10, 0);
	CALL(copy_file_range, p[0], NULL, out, &y, 10, 0);
	CALL(copy_file_range, in, &x, p[1], NULL, 10, 0);
	CALL(copy_file_range, path, &x, out, NULL, 10, 0);
	CALL(copy_file_range, 99, &x, out, NULL, 10, 0);
	CALL(copy_file_range, in, &x, 99, NULL, 10, 0);
	SECTION("one file");
	x = 0;
	y = 20;
	CALL(copy_file_range, in, &x, in, &y, 10, 0);
	content("a");
	x = 0;
	y = 5;
	CALL(copy_file_range, in, &x, in, &y, 10, 0);
	x = 0;
	y = 36;
	CALL(copy_file_range, in, &x, in, &y, 36, 0);
	content("a");
	SECTION("limits");
	x = 0;
	y = 0x7fffffffffffffffL;
	CALL(copy_file_range, in, &x, out, &y, 10, 0);
	y = 0;
	CALL(copy_file_range, in, &x, out, &y, -1, 0);
	signal(SIGXFSZ, SIG_IGN);
	IN_CHILD("file size limit", struct rlimit r = { 65536, 65536 }; setrlimit(RLIMIT_FSIZE, &r); x = 0; y = 65530;
		 CALL(copy_file_range, in, &x, out, &y, 20, 0); CALL(copy_file_range, in, &x, out, &y, 20, 0));
	SECTION("sendfile");
	truncate("o", 0);
	lseek(out, 0, SEEK_SET);
	off_t off = 10;
	CALL(sendfile, out, in, &off, 6);
	SHOW_INT(off);
	content("o");
	CALL(sendfile, out, in, &off, 0);
	off = 70;
	CALL(sendfile, out, in, &off, 100);
	SHOW_INT(off);
	CALL(sendfile, out, in, &off, 100);
	off = -1;
	CALL(sendfile, out, in, &off, 100);
	off = 0;
	CALL(sendfile, ro, in, &off, 10);
	CALL(sendfile, out, wo, &off, 10);
	CALL(sendfile, app, in, &off, 10);
	CALL(sendfile, out, dir, &off, 10);
	CALL(sendfile, dir, in, &off, 10);
	CALL(sendfile, out, path, &off, 10);
	CALL(sendfile, out, in, 8, 10);
	CALL(sendfile, out, 99, &off, 10);
	CALL(sendfile, 99, in, &off, 10);
	CALL(sendfile, p[1], p[0], NULL, 10);
	off = 0;
	CALL(sendfile, p[1], in, &off, 7);
	CALL(read, p[0], b, 100);
	write(p[1], "piped", 5);
	CALL(sendfile, out, p[0], NULL, 5);
	write(p[1], "piped", 5);
	CALL(sendfile, out, p[0], &off, 5);
	int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR);
	CALL(sendfile, null, in, &off, 20);
	CALL(sendfile, out, zero, NULL, 100);
	CALL(lseek, out, 0, SEEK_CUR);
	SECTION("a full pipe");
	fcntl(p[1], F_SETFL, O_NONBLOCK);
	fcntl(p[1], F_SETPIPE_SZ, 4096);
	while (read(p[0], b, 1) == 1 && fcntl(p[0], F_SETFL, O_NONBLOCK) == 0)
		;
	make_file("big", "", 0644);
	truncate("big", 100000);
	int big = open("big", O_RDONLY);
	off = 0;
	CALL(sendfile, p[1], big, &off, 100000);
	SHOW_INT(off);
	CALL(sendfile, p[1], big, &off, 100000);
	close(p[0]);
	signal(SIGPIPE, SIG_IGN);
	CALL(sendfile, p[1], big, &off, 10);
	return 0;
}
