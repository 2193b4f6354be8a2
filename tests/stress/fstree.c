/* SPDX-License-Identifier: MIT
 *
 * tests/stress/fstree.c - a tree of files with everything an inode can have, and its description as text
 *
 *     fstree make DIR [long]     makes the tree; `long`: with a directory of 20,000 names and a file of 100 MiB
 *     fstree show DIR [exact]    one line a name: type and mode, links, owner, device, size, time, attributes,
 *                                contents; exact: all times, to the nanosecond, blocks and directory sizes, too
 *
 * The same tree is made by one kernel and described by the other: the texts must be equal (tests/images.py).  Run as
 * root.  What cannot be made is said on stderr, and the status is 1.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

static int failures;

#define CHECK(x)                                                                                   \
	do {                                                                                       \
		if ((x) < 0) {                                                                     \
			fprintf(stderr, "fstree:%d: %s: %s\n", __LINE__, #x, strerror(errno));     \
			failures++;                                                                \
		}                                                                                  \
	} while (0)

/* ---- making ---- */

static uint64_t seed = 1;
static unsigned next_random(void)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(seed >> 33);
}

static void put(const char *name, off_t at, size_t size)
{
	static unsigned char buf[65536];
	int fd = open(name, O_WRONLY | O_CREAT, 0644);

	CHECK(fd);
	while (size) {
		size_t n = size < sizeof(buf) ? size : sizeof(buf);
		for (size_t i = 0; i < n; i++)
			buf[i] = (unsigned char)next_random();
		CHECK(pwrite(fd, buf, n, at));
		at += (off_t)n;
		size -= n;
	}
	close(fd);
}

static void make_files(bool is_long)
{
	static const size_t sizes[] = { 0, 1, 59, 60, 61, 1023, 1024, 4095, 4096, 4097, 65536, 1000003 };
	char name[64];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		snprintf(name, sizeof(name), "size-%zu", sizes[i]);
		put(name, 0, sizes[i]);
	}
	if (is_long)
		put("big", 0, 100 << 20);
	/* Holes: at the start, between, at the end; many extents; beyond 4 GiB of blocks of 32 bits of bytes. */
	put("holes", 3 << 20, 5000);
	put("holes", (off_t)5 << 30, 5000);
	CHECK(truncate("holes", ((off_t)6 << 30) + 1));
	for (int i = 0; i < 1000; i++)
		put("pieces", (off_t)i * 12288, 100);
	int fd = open("allocated", O_WRONLY | O_CREAT, 0644);
	CHECK(fallocate(fd, 0, 0, 1 << 20));
	CHECK(pwrite(fd, "in the middle", 13, 500000));
	CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 8192, 16384));
	CHECK(fallocate(fd, FALLOC_FL_KEEP_SIZE, 1 << 20, 1 << 20));
	close(fd);
}

static void make_names(bool is_long)
{
	char name[300], target[4096];

	memset(name, 'n', 255);
	name[255] = 0;
	put(name, 0, 10);
	put("\xd0\xb7\xd0\xb5\xd1\x80\xd0\xbd\xd0\xbe \xff\x01", 0, 10);
	for (int i = 0; i < 3; i++) {
		static const int lengths[] = { 59, 60, 4095 };
		memset(target, 'a' + i, sizeof(target));
		target[lengths[i]] = 0;
		snprintf(name, sizeof(name), "link-%d", lengths[i]);
		CHECK(symlink(target, name));
	}
	CHECK(mkdir("many", 0755));
	for (int i = 0; i < (is_long ? 20000 : 1500); i++) {
		snprintf(name, sizeof(name), "many/a name of some length, number %d", i);
		CHECK(mknod(name, S_IFREG | 0600, 0));
	}
	for (int i = 0; i < 1500; i += 3) { /* holes in the directory */
		snprintf(name, sizeof(name), "many/a name of some length, number %d", i);
		CHECK(unlink(name));
	}
	CHECK(mkdir("deep", 0755));
	strcpy(name, "deep");
	for (int i = 0; i < 40; i++) {
		strcat(name, "/d");
		CHECK(mkdir(name, 0700));
	}
	put("hard", 0, 100);
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "deep/hard-%d", i);
		CHECK(link("hard", name));
	}
	CHECK(symlink("gone", "link-with-names"));
	CHECK(link("link-with-names", "deep/link-with-names"));
}

static void make_kinds(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX, .sun_path = "socket" };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	CHECK(mkfifo("fifo", 0620));
	CHECK(mknod("char", S_IFCHR | 0666, makedev(1, 3)));
	CHECK(mknod("block", S_IFBLK | 0660, makedev(253, 77)));
	CHECK(mknod("char-large", S_IFCHR | 0600, makedev(4000, 700000)));
	CHECK(bind(fd, (struct sockaddr *)&sun, sizeof(sun)));
	close(fd);
	put("setuid", 0, 10);
	CHECK(chown("setuid", 1234, 4321));
	CHECK(chmod("setuid", 06755));
	put("owner-large", 0, 10);
	CHECK(chown("owner-large", 0x12345678, 0x7fff1234));
	CHECK(mkdir("sticky", 0));
	CHECK(chmod("sticky", 03777));
}

static void set(const char *name, const char *attr, size_t size)
{
	char value[4000];

	for (size_t i = 0; i < size; i++)
		value[i] = (char)next_random();
	CHECK(lsetxattr(name, attr, value, size, 0));
}

/* struct posix_acl_xattr: version 2, then tag, permission, id of each entry. */
static const unsigned char acl[] = { 2, 0, 0, 0, 1, 0, 7, 0, 255, 255, 255, 255, 2, 0, 5, 0, 0xe8, 3, 0, 0,
	                             4, 0, 5, 0, 255, 255, 255, 255, 8, 0, 4, 0, 0xd0, 7, 0, 0,
	                             16, 0, 5, 0, 255, 255, 255, 255, 32, 0, 1, 0, 255, 255, 255, 255 };
/* struct vfs_cap_data of revision 2: cap_net_raw+ep. */
static const unsigned char caps[] = { 1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };

static void make_attributes(void)
{
	put("attrs", 0, 10);
	set("attrs", "user.small", 5);
	set("attrs", "user.empty", 0);
	set("attrs", "trusted.\xd0\xb7", 30);
	put("attrs-block", 0, 10); /* in a block of its own */
	set("attrs-block", "user.large", 2500);
	set("attrs-block", "user.more", 900);
	put("attrs-shared", 0, 10);
	CHECK(lsetxattr("attrs-shared", "security.capability", caps, sizeof(caps), 0));
	put("acl", 0, 10);
	CHECK(lsetxattr("acl", "system.posix_acl_access", acl, sizeof(acl), 0));
	CHECK(mkdir("acl-dir", 0755));
	CHECK(lsetxattr("acl-dir", "system.posix_acl_access", acl, sizeof(acl), 0));
	CHECK(lsetxattr("acl-dir", "system.posix_acl_default", acl, sizeof(acl), 0));
	/* A default list takes the place of the umask, at once and when the directory was made with it; a removed one not. */
	mode_t before = umask(077);
	put("acl-dir/file", 0, 10);
	CHECK(mkdir("acl-dir/dir", 0777));
	put("acl-dir/dir/file", 0, 10);
	CHECK(mknod("acl-dir/dir/fifo", S_IFIFO | 0640, 0));
	CHECK(mkdir("acl-none", 0777));
	CHECK(lsetxattr("acl-none", "system.posix_acl_default", acl, sizeof(acl), 0));
	CHECK(lremovexattr("acl-none", "system.posix_acl_default"));
	put("acl-none/file", 0, 10);
	umask(before);
	CHECK(symlink("x", "link-attrs"));
	set("link-attrs", "trusted.t", 10);
}

/* Up to 2255: Zerno counts nanoseconds in 64 bits and so keeps no time after April 2262; ext4 could until 2446. */
static void make_times(void)
{
	static const struct timespec times[] = { { 0, 0 }, { 1, 1 }, { -1, 999999999 }, { -1000000000, 5 },
		                                 { 2147483647, 999999999 }, { 2147483648, 123456789 },
		                                 { 4294967296, 7 }, { 8000000000, 8 }, { 9000000000, 999999999 } };
	char name[64];

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct timespec both[2] = { times[i], times[sizeof(times) / sizeof(times[0]) - 1 - i] };
		snprintf(name, sizeof(name), "time-%zu", i);
		put(name, 0, 1);
		CHECK(utimensat(AT_FDCWD, name, both, 0));
	}
}

/* ---- showing ---- */

static bool exact;

static uint64_t fnv(uint64_t h, const void *p, size_t n)
{
	for (const unsigned char *c = p; n--; c++)
		h = (h ^ *c) * 0x100000001b3ull;
	return h;
}

/* Of what is there: holes are found by lseek, so that a large empty file takes no time; they count as nothing. */
static uint64_t hash_file(const char *name)
{
	static char buf[1 << 16];
	uint64_t h = 0xcbf29ce484222325ull;
	int fd = open(name, O_RDONLY | O_NOFOLLOW);
	off_t at = 0, end;

	CHECK(fd);
	while (fd >= 0 && (at = lseek(fd, at, SEEK_DATA)) >= 0 && (end = lseek(fd, at, SEEK_HOLE)) > at) {
		while (at < end) {
			ssize_t n = pread(fd, buf, (size_t)(end - at < (off_t)sizeof(buf) ? end - at : (off_t)sizeof(buf)), at);
			CHECK(n);
			if (n <= 0)
				break;
			/* Written zeros and holes are the same bytes. */
			for (ssize_t i = 0; i < n; i++) {
				if (!buf[i])
					continue;
				off_t where = at + i;
				h = fnv(h, &where, sizeof(where));
				h = fnv(h, &buf[i], 1);
			}
			at += n;
		}
	}
	close(fd);
	return h;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void show_attributes(const char *name)
{
	char list[4096], value[4096], *names[64];
	ssize_t size = llistxattr(name, list, sizeof(list));
	int n = 0;

	if (size < 0)
		printf(" listxattr=%s", strerror(errno));
	for (char *p = list; size > 0 && p < list + size && n < 64; p += strlen(p) + 1)
		names[n++] = p;
	qsort(names, (size_t)n, sizeof(names[0]), by_name);
	for (int i = 0; i < n; i++) {
		ssize_t len = lgetxattr(name, names[i], value, sizeof(value));
		printf(" %s=%zd:%016llx", names[i], len,
		       (unsigned long long)(len < 0 ? 0 : fnv(0xcbf29ce484222325ull, value, (size_t)len)));
	}
}

static void show_contents(const char *name, const struct stat *st)
{
	char target[4097];

	if (S_ISLNK(st->st_mode)) {
		ssize_t n = readlink(name, target, sizeof(target) - 1);
		printf(" -> %zd:%016llx", n, (unsigned long long)(n < 0 ? 0 : fnv(0xcbf29ce484222325ull, target, (size_t)n)));
	} else if (S_ISREG(st->st_mode)) {
		printf(" %016llx", (unsigned long long)hash_file(name));
	}
}

static void show(const char *name)
{
	struct stat st;
	bool dir;

	if (lstat(name, &st)) {
		printf("%s: %s\n", name, strerror(errno));
		return;
	}
	dir = S_ISDIR(st.st_mode);
	printf("%s %06o %lu %u:%u %x %lld m%lld.%09ld", name, st.st_mode, (unsigned long)st.st_nlink, st.st_uid, st.st_gid,
	       S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) ? (unsigned)st.st_rdev : 0, dir && !exact ? 0 : (long long)st.st_size,
	       (long long)st.st_mtim.tv_sec, exact ? st.st_mtim.tv_nsec : 0);
	if (exact)
		printf(" c%lld.%09ld b%lld", (long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec, (long long)st.st_blocks);
	if (exact && !dir)
		printf(" a%lld.%09ld", (long long)st.st_atim.tv_sec, st.st_atim.tv_nsec);
	show_attributes(name);
	show_contents(name, &st);
	printf("\n");
}

static void show_tree(const char *dir)
{
	char **names = NULL, path[8192];
	size_t n = 0, room = 0;
	DIR *d = opendir(dir);
	struct dirent *e;

	CHECK(d ? 0 : -1);
	while (d && (e = readdir(d)) != NULL) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || !strcmp(e->d_name, "lost+found"))
			continue;
		if (n == room)
			names = realloc(names, (room = room * 2 + 64) * sizeof(*names));
		names[n++] = strdup(e->d_name);
	}
	if (d)
		closedir(d);
	if (n)
		qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 0; i < n; i++) {
		struct stat st;
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		show(path);
		if (!lstat(path, &st) && S_ISDIR(st.st_mode))
			show_tree(path);
		free(names[i]);
	}
	free(names);
}

int main(int argc, char **argv)
{
	if (argc < 3 || chdir(argv[2])) {
		fprintf(stderr, "usage: fstree make|show DIR [long|exact]\n");
		return 2;
	}
	umask(022);
	if (!strcmp(argv[1], "make")) {
		bool is_long = argc > 3 && !strcmp(argv[3], "long");
		make_files(is_long);
		make_names(is_long);
		make_kinds();
		make_attributes();
		make_times();
	} else {
		exact = argc > 3 && !strcmp(argv[3], "exact");
		show_tree(".");
	}
	return failures != 0;
}
