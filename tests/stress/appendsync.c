/* SPDX-License-Identifier: MIT
 *
 * tests/stress/appendsync.c - a file that grows while it is written back
 *
 *     appendsync FILE SECONDS    `appendsync: N bytes, ok` (the file's size), or where the file is not what was written
 *
 * One thread appends pieces of odd sizes; others have the file written back all the time, so that it grows while its last
 * page is on its way to the disk.  Afterwards the caches are dropped, and all of it is compared.  Then what is stored
 * behind the end, through a mapping, must be zeros when the file grows over it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { WRITE_BACK = 7 /* SYNC_FILE_RANGE_WAIT_BEFORE, _WRITE, _WAIT_AFTER */, PIECE = 6000, MOST = 64 << 20 };
static int fd;
static volatile int over;

static void fill(char *to, uint64_t at, size_t n)
{
	for (size_t k = 0; k < n; k++, at++)
		to[k] = (char)(((at >> 3) * 0x9e3779b97f4a7c15ULL | 0x8080808080808080ULL) >>
		               (at & 7) * 8); /* no byte is 0 */
}

static void *write_back(void *arg)
{
	while (!over)
		if (arg ? fdatasync(fd) : sync_file_range(fd, 0, 0, WRITE_BACK))
			perror("write-back");
	return NULL;
}

static void drop_caches(void)
{
	int drop = open("/proc/sys/vm/drop_caches", O_WRONLY);

	if (fsync(fd) || drop < 0 || write(drop, "3", 1) != 1) {
		perror("drop_caches");
		exit(1);
	}
	close(drop);
}

/* Is the gap of 50 bytes before a byte that is written behind the end one of zeros? */
static int gap_is_zero(uint64_t size)
{
	static const char zeros[50];
	uint64_t end = size / 4096 * 4096 + 100; /* cut, so that there is room in the last page */
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)(end - 100)), got[51] = "";

	if (p == MAP_FAILED || ftruncate(fd, (off_t)end))
		return 0;
	memset(p, 'm', 1000);
	if (msync(p, 4096, MS_SYNC) || pwrite(fd, "w", 1, (off_t)end + 50) != 1 ||
	    pread(fd, got, 51, (off_t)end) != 51)
		return 0;
	return !memcmp(got, zeros, 50) && got[50] == 'w';
}

int main(int argc, char **argv)
{
	static char bytes[PIECE], want[PIECE];
	uint64_t size = 0, random = 1, at = 0;
	pthread_t t[2];

	if (argc != 3 || (fd = open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0644)) < 0)
		return 2;
	for (int k = 0; k < 2; k++)
		pthread_create(&t[k], NULL, write_back, k ? "" : NULL);
	for (time_t end = time(NULL) + atoi(argv[2]); time(NULL) < end && size < MOST;) {
		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		size_t n = 1 + (random >> 33) % (random >> 60 ? 300 : PIECE);
		fill(bytes, size, n);
		if (write(fd, bytes, n) != (ssize_t)n) {
			printf("appendsync: write: %s\n", strerror(errno));
			return 1;
		}
		size += n;
	}
	over = 1;
	for (int k = 0; k < 2; k++)
		pthread_join(t[k], NULL);
	drop_caches();
	while (at < size) {
		ssize_t n = pread(fd, bytes, PIECE, (off_t)at);
		fill(want, at, n > 0 ? (size_t)n : 0);
		if (n <= 0 || memcmp(bytes, want, (size_t)n)) {
			for (ssize_t k = 0; k < n; k++)
				if (bytes[k] != want[k])
					at += (uint64_t)k, n = 0;
			printf("appendsync: wrong at %llu of %llu\n", (unsigned long long)at,
			       (unsigned long long)size);
			return 1;
		}
		at += (uint64_t)n;
	}
	if (!gap_is_zero(size)) {
		printf("appendsync: stores behind the end became part of the file\n");
		return 1;
	}
	printf("appendsync: %lld bytes, ok\n", (long long)lseek(fd, 0, SEEK_END));
	return 0;
}
