/* SPDX-License-Identifier: MIT
 *
 * tools/zerno/archive.c - writes newc cpio archives
 *
 * Manual:    cpio(5), "New ASCII Format"
 * Tests:     tools/zerno/test/host_test.sh
 *
 * Owners: as root, files keep their owner; an ordinary user's own files become root's in the guest and all others
 * keep their numbers.  Files with several names are written once for each name.
 */
#define _GNU_SOURCE
#include "archive.h"
#include "options.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct entry {
	const char *name;
	unsigned mode, uid, gid, mtime;
	unsigned long long size;
	unsigned rdev_major, rdev_minor;
};

static void put(struct archive *a, const void *p, size_t n)
{
	const char *at = p;

	while (n > 0) {
		ssize_t w = write(a->fd, at, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			die("cannot write the boot archive: %s", strerror(errno));
		at += w;
		n -= (size_t)w;
		a->written += (unsigned long long)w;
	}
}

static void pad(struct archive *a)
{
	static const char zeros[4];

	put(a, zeros, (4 - a->written % 4) % 4);
}

static void put_header(struct archive *a, const struct entry *e)
{
	char header[111];
	size_t name_len = strlen(e->name) + 1;

	if (e->size > 0xffffffffULL)
		die("%s: larger than 4 GiB, the archive cannot hold it", e->name);
	snprintf(header, sizeof(header), "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
	         ++a->ino, e->mode, e->uid, e->gid, 1u, e->mtime, (unsigned)e->size, 0u, 0u, e->rdev_major,
	         e->rdev_minor, (unsigned)name_len, 0u);
	put(a, header, 110);
	put(a, e->name, name_len);
	pad(a);
}

void archive_dir(struct archive *a, const char *name, unsigned mode)
{
	put_header(a, &(struct entry){ .name = name, .mode = S_IFDIR | mode });
}

void archive_file(struct archive *a, const char *name, unsigned mode, const char *data)
{
	put_header(a, &(struct entry){ .name = name, .mode = S_IFREG | mode, .size = strlen(data) });
	put(a, data, strlen(data));
	pad(a);
}

void archive_symlink(struct archive *a, const char *name, const char *target)
{
	put_header(a, &(struct entry){ .name = name, .mode = S_IFLNK | 0777, .size = strlen(target) });
	put(a, target, strlen(target));
	pad(a);
}

void archive_device(struct archive *a, const char *name, unsigned mode, unsigned major, unsigned minor)
{
	put_header(a,
	           &(struct entry){
	                   .name = name, .mode = S_IFCHR | mode, .rdev_major = major, .rdev_minor = minor });
}

/* Exactly e->size bytes of fd: a file that shrinks meanwhile is filled up with zeros. */
static void put_content(struct archive *a, int fd, unsigned long long size)
{
	static char buf[1 << 16];

	while (size > 0) {
		size_t want = size < sizeof(buf) ? (size_t)size : sizeof(buf);
		ssize_t n = read(fd, buf, want);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			memset(buf, 0, want);
			n = (ssize_t)want;
		}
		put(a, buf, (size_t)n);
		size -= (unsigned long long)n;
	}
	pad(a);
}

void archive_file_from(struct archive *a, const char *name, unsigned mode, const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st))
		die("%s: %s", path, strerror(errno));
	put_header(a, &(struct entry){
	                      .name = name, .mode = S_IFREG | mode, .size = (unsigned long long)st.st_size });
	put_content(a, fd, (unsigned long long)st.st_size);
	close(fd);
}

void archive_end(struct archive *a)
{
	put_header(a, &(struct entry){ .name = "TRAILER!!!" });
}

void archive_copy(struct archive *a, const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st))
		die("%s: %s", path, strerror(errno));
	put_content(a, fd, (unsigned long long)st.st_size);
	close(fd);
}

/* ---- a directory tree ---- */

static void tree_walk(struct archive *a, int dir_fd, const char *prefix, dev_t dev);

static struct entry entry_of(const struct archive *a, const char *name, const struct stat *st)
{
	bool own = a->map_owner && st->st_uid == getuid();

	return (struct entry){
		.name = name,
		.mode = st->st_mode,
		.uid = own ? 0 : st->st_uid,
		.gid = own ? 0 : st->st_gid,
		.mtime = (unsigned)st->st_mtime,
		.rdev_major = major(st->st_rdev),
		.rdev_minor = minor(st->st_rdev),
	};
}

static void tree_link(struct archive *a, struct entry *e, int dir_fd, const char *name)
{
	char target[4097];
	ssize_t n = readlinkat(dir_fd, name, target, sizeof(target) - 1);

	if (n < 0)
		die("%s: %s", e->name, strerror(errno));
	e->size = (unsigned long long)n;
	put_header(a, e);
	put(a, target, (size_t)n);
	pad(a);
}

static void tree_entry(struct archive *a, int dir_fd, const char *name, const char *full, dev_t dev)
{
	struct stat st;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW))
		die("%s: %s", full, strerror(errno));
	struct entry e = entry_of(a, full, &st);
	if (S_ISLNK(st.st_mode)) {
		tree_link(a, &e, dir_fd, name);
		return;
	}
	if (S_ISSOCK(st.st_mode))
		return;
	int fd = -1;
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) {
		fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			die("%s: %s", full, strerror(errno));
	}
	e.size = S_ISREG(st.st_mode) ? (unsigned long long)st.st_size : 0;
	put_header(a, &e);
	if (S_ISREG(st.st_mode))
		put_content(a, fd, e.size);
	else if (S_ISDIR(st.st_mode) && st.st_dev == dev)
		tree_walk(a, dup(fd), full, dev);
	if (fd >= 0)
		close(fd);
}

/* Takes over dir_fd. */
static void tree_walk(struct archive *a, int dir_fd, const char *prefix, dev_t dev)
{
	DIR *d = fdopendir(dir_fd);
	struct dirent *e;

	if (!d)
		die("%s: %s", prefix, strerror(errno));
	while ((e = readdir(d)) != NULL) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		char *full = *prefix ? text("%s/%s", prefix, e->d_name) : text("%s", e->d_name);
		tree_entry(a, dirfd(d), e->d_name, full, dev);
		free(full);
	}
	closedir(d);
}

void archive_tree(struct archive *a, const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st))
		die("%s: %s", path, strerror(errno));
	tree_walk(a, fd, "", st.st_dev);
}
