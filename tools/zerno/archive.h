/* SPDX-License-Identifier: MIT
 * tools/zerno/archive.h - newc cpio archives (cpio(5)), written to a descriptor. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct archive {
	int fd;
	unsigned ino;
	unsigned long long written;
	bool map_owner; /* files of the calling user become root's */
};
/* All die() on write errors.  Names are without leading slash. */
void archive_dir(struct archive *a, const char *name, unsigned mode);
void archive_file(struct archive *a, const char *name, unsigned mode, const char *data);
void archive_file_from(struct archive *a, const char *name, unsigned mode, const char *path);
void archive_symlink(struct archive *a, const char *name, const char *target);
void archive_device(struct archive *a, const char *name, unsigned mode, unsigned major, unsigned minor);
/* All below the directory `path`, as it is; other file systems mounted there are left out. */
void archive_tree(struct archive *a, const char *path);
/* Copies a finished archive (plain or compressed) and pads it, so that another may follow. */
void archive_copy(struct archive *a, const char *path);
void archive_end(struct archive *a);
