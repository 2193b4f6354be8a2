/* SPDX-License-Identifier: MIT
 * tests/ext4/disk.c - the host's disk
 *
 * Owns:      `now`: the image with all writes; `safe`: with those that were flushed.
 * A crash keeps of each block that differs the new or the old bytes, by chance: a write cache has no order.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "disk.h"

enum { UNIT = 512 };
void (*disk_crashed)(void);
static unsigned char *now, *safe, *dirty; /* dirty: a byte for each 4096 bytes */
static uint64_t size, writes, crash_at, fail_from, requests;
static int ro;

int disk_open(const char *path, int read_only)
{
	struct stat st;
	int fd = open(path, O_RDONLY);

	if (fd < 0 || fstat(fd, &st))
		return -1;
	size = (uint64_t)st.st_size & ~(uint64_t)(UNIT - 1);
	now = mmap(NULL, size + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	safe = mmap(NULL, size + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	dirty = calloc(size / 4096 + 1, 1);
	close(fd);
	ro = read_only;
	return now == MAP_FAILED || safe == MAP_FAILED || !dirty ? -1 : 0;
}

uint64_t disk_size(void)
{
	return size;
}

int disk_is_read_only(void)
{
	return ro;
}

static int fails(void)
{
	return fail_from && ++requests >= fail_from;
}

int disk_read(uint64_t offset, void *buf, size_t n)
{
	if (offset > size || n > size - offset || fails())
		return -EIO;
	memcpy(buf, now + offset, n);
	return 0;
}

int disk_write(uint64_t offset, const void *buf, size_t n)
{
	if (ro)
		return -EROFS;
	if (offset > size || n > size - offset || fails())
		return -EIO;
	writes++;
	if (crash_at && writes >= crash_at)
		disk_crashed();
	memcpy(now + offset, buf, n);
	for (uint64_t b = offset / 4096; b <= (offset + n - 1) / 4096; b++)
		dirty[b] = 1;
	return 0;
}

static size_t unit_len(uint64_t b)
{
	return size - b * 4096 < 4096 ? size - b * 4096 : 4096;
}

int disk_flush(void)
{
	if (fails())
		return -EIO;
	for (uint64_t b = 0; b <= (size - 1) / 4096; b++) {
		if (dirty[b])
			memcpy(safe + b * 4096, now + b * 4096, unit_len(b));
		dirty[b] = 0;
	}
	return 0;
}

void disk_crash_at(uint64_t n)
{
	crash_at = n ? writes + n : 0;
}

void disk_fail_from(uint64_t n)
{
	fail_from = n;
	requests = 0;
}

uint64_t disk_writes(void)
{
	return writes;
}

int disk_save(const char *path, unsigned seed)
{
	FILE *f;

	if (seed)
		srandom(seed);
	for (uint64_t b = 0; b <= (size - 1) / 4096; b++)
		if (dirty[b] && (!seed || random() & 1))
			memcpy(safe + b * 4096, now + b * 4096, unit_len(b));
	f = fopen(path, "wb");
	if (!f || fwrite(safe, 1, size, f) != size || fclose(f))
		return -1;
	return 0;
}
