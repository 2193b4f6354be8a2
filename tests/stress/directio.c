/* SPDX-License-Identifier: MIT
 *
 * tests/stress/directio.c - what O_DIRECT does on a file system with 512-byte sectors, as lines
 *
 *     directio DIR      on Linux's ext4 and on Zerno's the lines are the same
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { MAX = 1 << 20 };
static char *memory, *other, model[MAX]; /* aligned buffers; what the file holds */
static long model_size;
static int fd, plain; /* the file, with O_DIRECT and without */

static void say(const char *what, long r)
{
	printf("%s: %ld%s%s\n", what, r, r < 0 ? " " : "", r < 0 ? strerror(errno) : "");
}

static void pattern(char *to, long n, int seed)
{
	for (long k = 0; k < n; k++)
		to[k] = (char)(seed * 31 + k * 7 + k / 4096);
}

static void wrote(long at, const char *bytes, long n)
{
	if (n <= 0)
		return;
	if (at > model_size)
		memset(model + model_size, 0, (size_t)(at - model_size));
	memcpy(model + at, bytes, (size_t)n);
	if (at + n > model_size)
		model_size = at + n;
}

/* Is all there, by either way? */
static void compare(const char *when)
{
	struct stat st;

	fstat(fd, &st);
	long n = pread(fd, other, MAX, 0);
	long k = 0, p = 0;
	while (k < n && other[k] == model[k])
		k++;
	n = pread(plain, other, MAX, 0);
	while (p < n && other[p] == model[p])
		p++;
	printf("%s: size %ld of %ld, direct right to %ld, cached to %ld\n", when, (long)st.st_size, model_size, k, p);
}

static void direct_write(const char *name, long at, long n, int seed)
{
	pattern(memory, n, seed);
	long r = pwrite(fd, memory, (size_t)n, at);

	say(name, r);
	wrote(at, memory, r);
	compare("  then");
}

static void cached_write(long at, long n, int seed)
{
	pattern(memory, n, seed);
	wrote(at, memory, pwrite(plain, memory, (size_t)n, at));
}

static void alignment(void)
{
	say("write at 100", pwrite(fd, memory, 4096, 100));
	say("write of 100", pwrite(fd, memory, 100, 0));
	say("write from an odd address", pwrite(fd, memory + 100, 4096, 0));
	say("write of nothing", pwrite(fd, memory, 0, 100));
	cached_write(0, 10000, 1);
	say("read at 100", pread(fd, memory, 4096, 100));
	say("read of 100", pread(fd, memory, 100, 0));
	say("read to an odd address", pread(fd, memory + 100, 4096, 0));
	say("read at the end", pread(fd, memory, 4096, 8192));
	say("read behind the end", pread(fd, memory, 4096, 12288));
	say("odd read behind the end", pread(fd, memory, 100, 20001));
	say("read a sector", pread(fd, memory, 512, 512));
	say("the sector", memcmp(memory, model + 512, 512));
	compare("after cached writes");
}

static void places(void)
{
	direct_write("over the beginning", 0, 4096, 2);
	direct_write("over the end", 8192, 8192, 3);
	direct_write("behind the end", 65536, 12288, 4);
	direct_write("into the hole", 32768, 8192, 5);
	direct_write("sectors in a block", 4608, 1024, 6);
	direct_write("sectors in the hole", 49664, 512, 7);
	direct_write("sectors behind the end", 90112, 1536, 8);
	direct_write("300 KB", 200704, 307200, 9);
	say("fallocate", fallocate(fd, FALLOC_FL_KEEP_SIZE, 600000, 200000));
	direct_write("into what is allocated", 602112, 16384, 10);
	say("fallocate", fallocate(fd, 0, 0, 720000));
	if (model_size < 720000) {
		memset(model + model_size, 0, (size_t)(720000 - model_size));
		model_size = 720000;
	}
	compare("after fallocate");
	direct_write("into zeros", 700416, 4096, 11);
	say("truncate", ftruncate(fd, 300001));
	model_size = 300001;
	compare("after truncate");
	direct_write("behind an odd end", 303104, 4096, 12);
}

static void coherence(void)
{
	char *map = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, plain, 0);

	cached_write(4096, 5000, 13);
	compare("dirty pages");
	memset(map + 20480, 'm', 4096);
	memset(model + 20480, 'm', 4096);
	compare("a dirty mapping");
	direct_write("under a mapping", 20480, 4096, 14);
	printf("the mapping: %d\n", memcmp(map, model, 65536));
	cached_write(24576, 100, 15);
	direct_write("over dirty pages", 24576, 4096, 16);
	memcpy(other, map + 8192, 4096);
	say("from its own mapping", pwrite(fd, map + 8192, 4096, 40960));
	wrote(40960, other, 4096);
	compare("  then");
	say("into its own mapping", pread(fd, map + 4096, 8192, 49152));
	wrote(4096, model + 49152, 8192);
	compare("  then");
	munmap(map, 65536);
}

static void vectors(void)
{
	struct iovec v[3] = { { memory, 4096 }, { memory + 8192, 512 }, { memory + 16384, 3584 } }, bad[2] = { { memory, 4096 }, { memory + 100, 512 } };

	pattern(memory, 32768, 17);
	say("writev", pwritev(fd, v, 3, 102400));
	wrote(102400, memory, 4096);
	wrote(106496, memory + 8192, 512);
	wrote(107008, memory + 16384, 3584);
	compare("  then");
	say("writev, one of them odd", pwritev(fd, bad, 2, 0));
	memset(memory, 0, 32768);
	say("readv", preadv(fd, v, 3, 102400));
	printf("  %d %d %d\n", memcmp(memory, model + 102400, 4096), memcmp(memory + 8192, model + 106496, 512),
	       memcmp(memory + 16384, model + 107008, 3584));
	say("from no memory", pwrite(fd, (void *)4096, 4096, 0));
	say("to no memory", pread(fd, (void *)4096, 4096, 0));
	compare("  then");
}

static void flags(const char *path)
{
	int a = open(path, O_RDWR | O_APPEND | O_DIRECT);

	say("truncate", ftruncate(a, 8192));
	model_size = 8192;
	pattern(memory, 4096, 18);
	say("append", write(a, memory, 4096));
	wrote(8192, memory, 4096);
	compare("  then");
	say("F_GETFL", !!(fcntl(a, F_GETFL) & O_DIRECT));
	say("F_SETFL", fcntl(a, F_SETFL, O_APPEND));
	say("append of 3", write(a, "xyz", 3));
	wrote(12288, "xyz", 3);
	say("F_SETFL", fcntl(a, F_SETFL, O_APPEND | O_DIRECT));
	say("append at an odd end", write(a, memory, 4096));
	compare("  then");
	close(a);
	a = open(path, O_RDWR | O_DIRECT | O_SYNC);
	say("O_SYNC", pwrite(a, memory, 4096, 16384));
	wrote(16384, memory, 4096);
	compare("  then");
	close(a);
	a = open(path, O_RDONLY | O_DIRECT);
	say("write to a file for reading", pwrite(a, memory, 4096, 0));
	close(a);
}

int main(int argc, char **argv)
{
	char path[300];

	if (argc != 2)
		return 2;
	snprintf(path, sizeof(path), "%s/directio", argv[1]);
	unlink(path);
	memory = aligned_alloc(4096, MAX);
	other = aligned_alloc(4096, MAX);
	fd = open(path, O_RDWR | O_CREAT | O_DIRECT, 0644);
	plain = open(path, O_RDWR);
	if (!memory || !other || fd < 0 || plain < 0) {
		perror(path);
		return 1;
	}
	memset(memory, 'x', MAX);
	alignment();
	places();
	coherence();
	vectors();
	flags(path);
	unlink(path);
	return 0;
}
