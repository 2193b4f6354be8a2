/* SPDX-License-Identifier: MIT
 * tests/abi/sync.c - sync, fsync, fdatasync, syncfs, fadvise64, readahead, fallocate, truncate: kinds of files, errors */
#include "abi.h"

enum { FALLOC_FL_COLLAPSE_RANGE = 8, FALLOC_FL_ZERO_RANGE = 16, FALLOC_FL_INSERT_RANGE = 32 };
static int fd, ro, wo, dir, path, p[2], null, fifo;

static void syncing(void)
{
	SECTION("sync");
	CALL(sync);
	int fds[] = { fd, ro, dir, path, p[0], null, fifo, 99, -1 };
	for (unsigned i = 0; i < sizeof fds / sizeof *fds; i++) {
		printf("%u: ", i);
		CALL(fsync, fds[i]);
		CALL(fdatasync, fds[i]);
		CALL(syncfs, fds[i]);
	}
	SECTION("advice");
	for (unsigned i = 0; i < sizeof fds / sizeof *fds; i++) {
		printf("%u: ", i);
		CALL(fadvise64, fds[i], 0, 0, POSIX_FADV_NORMAL);
		CALL(readahead, fds[i], 0, 4096);
	}
	for (int a = -1; a < 8; a++) {
		printf("%d ", a);
		CALL(fadvise64, fd, 0, 4096, a);
	}
	CALL(fadvise64, fd, 0, -1, 0);
	CALL(fadvise64, fd, -1, 0, 0);
	CALL(fadvise64, p[0], 0, -1, 0);
	CALL(readahead, wo, 0, 4096);
	CALL(readahead, fd, -1, 4096);
	CALL(readahead, fd, 0, -1);
}
static void ranges(void)
{
	SECTION("sync_file_range");
	int fds[] = { fd, ro, dir, path, p[0], null, fifo, 99 };
	for (unsigned i = 0; i < sizeof fds / sizeof *fds; i++) {
		printf("%u: ", i);
		CALL(sync_file_range, fds[i], 0, 4096, 7);
	}
	for (int f = 0; f < 10; f++)
		CALL(sync_file_range, fd, 0, 0, f);
	CALL(sync_file_range, fd, -1, 1, 0);
	CALL(sync_file_range, fd, 1, -1, 0);
	CALL(sync_file_range, fd, 1, -2, 0);
	CALL(sync_file_range, fd, LONG_MAX, 1, 0);
	CALL(sync_file_range, fd, LONG_MAX, 0, 2);
	CALL(sync_file_range, p[0], -1, 1, 0);
}
static void modes(void)
{
	SECTION("fallocate modes");
	for (int m = 0; m < 128; m++) {
		errno = 0;
		long r = syscall(SYS_fallocate, ro, m, 0, 4096L); /* not open for writing: no mode does anything */
		printf("%x: %ld %d\n", m, r, errno);
	}
	fflush(stdout);
}
static void sizes(const char *what)
{
	struct stat st;
	fstat(fd, &st);
	printf("%s: size %ld blocks %ld\n", what, st.st_size, st.st_blocks);
	fflush(stdout);
}
static void allocating(void)
{
	char b[16];
	SECTION("fallocate");
	ftruncate(fd, 0);
	CALL(fallocate, fd, 0, 0, 10000);
	sizes("allocated");
	CALL(fallocate, fd, FALLOC_FL_KEEP_SIZE, 20000, 1);
	sizes("kept");
	CALL(pread64, fd, b, 4, 9000);
	SHOW_INT(b[0]);
	CALL(pwrite64, fd, "data", 4, 5000);
	CALL(pwrite64, fd, "data", 4, 9000);
	CALL(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 5001, 2);
	CALL(pread64, fd, b, 4, 5000);
	printf("%c %d %d %c\n", b[0], b[1], b[2], b[3]);
	CALL(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 100000);
	sizes("punched");
	CALL(pread64, fd, b, 4, 9000);
	SHOW_INT(b[0]);
	CALL(fallocate, fd, FALLOC_FL_PUNCH_HOLE, 0, 4096);
	CALL(fallocate, fd, 0x80, 0, 4096);
	CALL(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 0, 4096);
	CALL(fallocate, fd, FALLOC_FL_COLLAPSE_RANGE, 0, 4096);
	CALL(fallocate, fd, FALLOC_FL_INSERT_RANGE, 0, 4096);
	CALL(fallocate, fd, FALLOC_FL_ZERO_RANGE, 0, 4096);
	CALL(fallocate, fd, 0, -1, 10);
	CALL(fallocate, fd, 0, 0, 0);
	CALL(fallocate, fd, 0, 0, -1);
	CALL(fallocate, fd, 0, 0x7ffffffffffffff0L, 100);
	CALL(fallocate, ro, 0, 0, 10);
	CALL(fallocate, path, 0, 0, 10);
	CALL(fallocate, dir, 0, 0, 10);
	CALL(fallocate, p[1], 0, 0, 10);
	CALL(fallocate, fifo, 0, 0, 10);
	CALL(fallocate, null, 0, 0, 10);
	CALL(fallocate, 99, 0, 0, 10);
	signal(SIGXFSZ, SIG_IGN);
	IN_CHILD("file size limit", struct rlimit r = { 65536, 65536 }; setrlimit(RLIMIT_FSIZE, &r); CALL(fallocate, fd, 0, 0, 65537);
		 CALL(fallocate, fd, 0, 0, 65536); CALL(ftruncate, fd, 65537); CALL(ftruncate, fd, 65536); CALL(truncate, "f", 65537);
		 CALL(fallocate, fd, FALLOC_FL_KEEP_SIZE, 0, 65537); sizes("limited"));
}
static void truncating(void)
{
	char b[16];
	SECTION("truncate");
	CALL(ftruncate, fd, 0);
	CALL(pwrite64, fd, "0123456789", 10, 0);
	CALL(ftruncate, fd, 5);
	CALL(ftruncate, fd, 10);
	CALL(pread64, fd, b, 10, 0);
	SHOW_INT(b[4] * 1000 + b[5]);
	CALL(ftruncate, fd, 1L << 40);
	sizes("huge");
	CALL(ftruncate, fd, 0x7fffffffffffffffL);
	CALL(ftruncate, fd, 0);
	CALL(ftruncate, wo, 3);
	CALL(ftruncate, ro, 3);
	CALL(ftruncate, path, 3);
	CALL(ftruncate, dir, 3);
	CALL(ftruncate, p[1], 3);
	CALL(ftruncate, null, 3);
	CALL(ftruncate, fifo, 3);
	CALL(ftruncate, 99, 3);
	CALL(ftruncate, fd, -1);
	CALL(truncate, "f", -1);
	CALL(truncate, "none", -1);
	CALL(truncate, "none", 0);
	CALL(truncate, "", 0);
	CALL(truncate, 8, 0);
	CALL(truncate, "d", 0);
	CALL(truncate, "d", -1);
	CALL(truncate, "fifo", 0);
	CALL(truncate, "/dev/null", 0);
	CALL(truncate, "f/", 0);
	symlink("f", "l");
	CALL(truncate, "l", 77);
	sizes("through a link");
	symlink("loop", "loop");
	CALL(truncate, "loop", 77);
	chmod("f", 0444);
	IN_CHILD("user", become(1000); CALL(truncate, "f", 1); CALL(ftruncate, fd, 78); CALL(ftruncate, ro, 1));
	sizes("by descriptor");
	chmod("f", 06777);
	IN_CHILD("user", become(1000); CALL(truncate, "f", 78); show_stat("f"); CALL(truncate, "f", 79); show_stat("f"));
	chmod("f", 06777);
	CALL(truncate, "f", 80);
	show_stat("f");
	close(wo);
	close(fd);
	system("cp /bin/busybox run; chmod 755 run");
	fflush(stdout);
	int q[2];
	pipe(q);
	pid_t c = fork();
	if (!c) {
		close(q[0]);
		fcntl(q[1], F_SETFD, FD_CLOEXEC);
		execl("run", "sleep", "100", NULL);
		_exit(1);
	}
	close(q[1]);
	read(q[0], b, 1); /* the exec has closed it */
	CALL(truncate, "run", 0);
	CALL(open, "run", O_WRONLY);
	CALL(open, "run", O_RDONLY | O_TRUNC);
	CALL(unlink, "run");
	kill(c, SIGKILL);
	wait(NULL);
}
int main(void)
{
	make_file("f", "text", 0644);
	mkdir("d", 0755);
	mkfifo("fifo", 0600);
	fd = open("f", O_RDWR);
	ro = open("f", O_RDONLY);
	wo = open("f", O_WRONLY);
	dir = open("d", O_RDONLY);
	path = open("f", O_PATH);
	null = open("/dev/null", O_RDWR);
	fifo = open("fifo", O_RDWR);
	pipe(p);
	syncing();
	ranges();
	modes();
	allocating();
	truncating();
	return 0;
}
