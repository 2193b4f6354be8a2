/* SPDX-License-Identifier: MIT
 *
 * tests/stress/diskerrors.c - what system calls answer when a disk is full, read-only or broken (tests/diskerrors.py)
 *
 *     diskerrors CASE DIR [DEVICE]   prints a line a call: what it was, and its answer.  Run on Linux and on Zerno.
 *
 * The images are prepared by the host, which knows where the broken sectors are: in the data of DIR/data, in the block of
 * DIR/dir, in the table of inodes where DIR/inode is, or in the log.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

static char block[65536];
static const char *device = "/dev/vda";
static sigjmp_buf on_fault;

static void say(const char *what, long result)
{
	printf("%s: %s\n", what, result < 0 ? strerror(errno) : "ok");
	fflush(stdout);
}
#define SAY(call) say(#call, (long)(call))

static void faulted(int sig)
{
	(void)sig;
	siglongjmp(on_fault, 1);
}

/* Touches a byte of a mapping: ok, or SIGBUS. */
static void touch(const char *what, volatile char *p, bool write)
{
	signal(SIGBUS, faulted);
	if (sigsetjmp(on_fault, 1)) {
		printf("%s: SIGBUS\n", what);
		return;
	}
	if (write)
		*p = 'm';
	else
		(void)*p;
	printf("%s: ok\n", what);
}

static char *map(int fd, size_t size)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int writing(const char *name)
{
	return open(name, O_RDWR | O_CREAT, 0644);
}

/* Is the file system still written to? */
static void look_at_state(void)
{
	struct statvfs v;

	SAY(mkdir("a-new-directory", 0755));
	SAY(unlink("victim"));
	say("open for writing", writing("data"));
	say("open for reading", open("data", O_RDONLY));
	printf("read-only flag: %d\n", !statvfs(".", &v) && v.f_flag & ST_RDONLY ? 1 : 0);
}

/* ---- full ---- */

static long fill(int fd, size_t piece)
{
	ssize_t n;

	while ((n = write(fd, block, piece)) == (ssize_t)piece)
		;
	while (n > 0)
		n = write(fd, block, 1);
	return n;
}

static void case_full(void)
{
	int kept = writing("kept"), fd = writing("filler"), other = writing("other");
	struct statvfs v;

	SAY(write(kept, block, 50000));
	SAY(fsync(kept));
	SAY(ftruncate(other, 1 << 20));
	char *hole = map(other, 1 << 20);
	say("write until it fails", fill(fd, sizeof(block)));
	say("byte by byte", fill(fd, 1));
	SAY(fsync(fd));
	say("again", fill(fd, 4096));
	printf("free: %d\n", !statvfs(".", &v) && v.f_bavail ? 1 : 0);
	SAY(pwrite(fd, block, 5000, 0));
	SAY(pwrite(other, block, 1, 500000));
	touch("a page of a hole", hole + 4096, true);
	SAY(fallocate(other, 0, 0, 1 << 20));
	SAY(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 10));
	SAY(mkdir("d", 0755));
	SAY(symlink("short", "l"));
	memset(block, 'a', 200);
	block[200] = 0;
	SAY(symlink(block, "long"));
	SAY(fsetxattr(fd, "user.small", "v", 1, 0));
	SAY(fsetxattr(fd, "user.large", block, 2000, 0));
	SAY(rename("other", "renamed"));
	SAY(link("renamed", "linked"));
	int small = writing("small");
	SAY(small);
	SAY(write(small, "x", 1));
	SAY(ftruncate(fd, 100000));
	SAY(write(small, "x", 1));
	SAY(fsync(small));
	SAY(unlink("filler"));
	SAY(mkdir("d2", 0755));
	SAY(syncfs(fd));
}

static void say_free(void)
{
	struct statvfs v;

	SAY(statvfs(".", &v));
	printf("available: %d, free: %d\n", v.f_bavail > 0, v.f_bfree > 0);
}

/* A tenth of the blocks is root's: for everybody else the disk is full before. */
static void case_reserved(void)
{
	int fd = writing("filler"), hole = writing("hole"), root = writing("of-root");

	SAY(ftruncate(hole, 1 << 20));
	char *p = map(hole, 1 << 20);
	SAY(fchmod(fd, 0666) | chmod(".", 0777));
	SAY(setegid(1001));
	SAY(seteuid(1000));
	say("write until it fails", fill(fd, sizeof(block)));
	SAY(fsync(fd));
	say("again", fill(fd, 4096));
	say_free();
	touch("a page of a hole", p + 4096, true);
	SAY(fallocate(fd, 0, 14 << 20, 65536));
	SAY(mkdir("of-a-user", 0755));
	SAY(writing("empty"));
	SAY(seteuid(0));
	SAY(pwrite(root, block, sizeof(block), 0));
	SAY(fsync(root));
	SAY(fallocate(root, 0, 65536, 65536));
	SAY(mkdir("of-root-too", 0755));
	touch("a page of a hole", p + 4096, true);
	SAY(seteuid(1000));
	SAY(pwrite(root, block, sizeof(block), 1 << 20));
	SAY(seteuid(0));
	say("write until it fails", fill(fd, sizeof(block)));
	say_free();
}

static void case_inodes(void)
{
	char name[32];
	int n = 0, fd;

	while ((fd = (snprintf(name, sizeof(name), "f%d", n), open(name, O_WRONLY | O_CREAT | O_EXCL, 0644))) >= 0) {
		close(fd);
		n++;
	}
	printf("%d files\n", n);
	say("create", fd);
	SAY(mkdir("d", 0755));
	SAY(mknod("n", S_IFIFO | 0600, 0));
	SAY(symlink("x", "l"));
	SAY(open(".", O_TMPFILE | O_RDWR, 0600));
	SAY(link("f1", "linked"));
	fd = writing("f1");
	SAY(write(fd, block, 10000));
	SAY(fsync(fd));
	SAY(rename("f1", "f0"));
	SAY(mkdir("d", 0755));
	SAY(mkdir("e", 0755));
	SAY(rmdir("d"));
	SAY(mkdir("e", 0755));
}

/* ---- read-only ---- */

static void case_readonly(void)
{
	struct timespec now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };

	say("mount for writing", mount(device, ".", "ext4", 0, NULL));
	say("mount", mount(device, ".", "ext4", MS_RDONLY, NULL));
	say("cd", chdir("/m"));
	look_at_state();
	SAY(access("data", W_OK));
	SAY(access("data", R_OK));
	SAY(open("new", O_RDONLY | O_CREAT, 0644));
	SAY(open("data", O_RDONLY | O_CREAT, 0644));
	SAY(open("data", O_RDONLY | O_TRUNC));
	SAY(open(".", O_TMPFILE | O_RDWR, 0600));
	SAY(chmod("data", 0600));
	SAY(chown("data", 1, 1));
	SAY(utimensat(AT_FDCWD, "data", now, 0));
	SAY(setxattr("data", "user.x", "v", 1, 0));
	SAY(removexattr("data", "user.x"));
	SAY(truncate("data", 0));
	SAY(rename("data", "x"));
	SAY(link("data", "x"));
	SAY(symlink("data", "x"));
	SAY(mknod("x", S_IFIFO | 0600, 0));
	SAY(rmdir("dir"));
	SAY(mkdir("dir", 0755));
	SAY(unlink("nothing"));
	SAY(fsync(open("data", O_RDONLY)));
	SAY(syncfs(open("data", O_RDONLY)));
	say("map for writing", map(open("data", O_RDONLY), 4096) ? 0 : -1);
	say("remount for writing", mount(NULL, ".", NULL, MS_REMOUNT, NULL));
}

/* ---- data that cannot be written: sectors of the third block of "data" ---- */

static void case_write_error(void)
{
	int a = writing("data"), b = writing("data"), ro = open("data", O_RDONLY);
	char got = 0;

	say("overwrite", pwrite(a, "new", 3, 8192));
	say("overwrite elsewhere", pwrite(a, "new", 3, 0));
	SAY(fsync(a));
	SAY(fsync(a));
	int later = writing("data");
	SAY(fsync(b));
	SAY(fsync(b));
	SAY(fsync(ro));
	SAY(fsync(later));
	SAY(close(b));
	SAY(pread(a, &got, 1, 8192));
	printf("in memory: %c\n", got);
	SAY(pwrite(a, "again", 5, 8192));
	SAY(fdatasync(a));
	SAY(fdatasync(a));
	SAY(fdatasync(later));
	char *p = map(a, 16384);
	touch("write to the page", p + 8192, true);
	SAY(msync(p, 16384, MS_SYNC));
	SAY(msync(p, 16384, MS_SYNC));
	SAY(syncfs(ro));
	SAY(syncfs(ro));
	int sync = open("data", O_RDWR | O_DSYNC);
	SAY(pwrite(sync, "s", 1, 8192));
	SAY(pwrite(sync, "s", 1, 4096));
	SAY(pwrite(a, "range", 5, 8192));
	SAY(sync_file_range(a, 8192, 4096, 7));
	SAY(fsync(a));
	SAY(close(a));
	int fresh = writing("fresh");
	SAY(write(fresh, block, 20000));
	SAY(fsync(fresh));
	look_at_state();
}

static void case_read_error(void)
{
	int fd = open("data", O_RDONLY);
	char *p = mmap(NULL, 65536, PROT_READ, MAP_SHARED, fd, 0);

	SAY(pread(fd, block, 4096, 8192));
	SAY(pread(fd, block, 4096, 4096));
	SAY(pread(fd, block, 4096, 12288));
	printf("across it: %zd\n", pread(fd, block, 16384, 0));
	touch("page before", p + 4096, false);
	touch("page", p + 8192, false);
	touch("page behind", p + 12288, false);
	fd = writing("data");
	say("part of the block", pwrite(fd, "x", 1, 8200));
	say("the whole block", pwrite(fd, block, 4096, 8192));
	SAY(fsync(fd));
	SAY(pread(fd, block, 4096, 8192));
	look_at_state();
}

static void list(const char *name)
{
	DIR *d = opendir(name);
	int n = 0;

	say("opendir", d ? 0 : -1);
	errno = 0;
	while (d && readdir(d))
		n++;
	printf("readdir: %s, %s\n", strerror(errno), n ? "some names" : "no name");
}

static void case_dir_error(void)
{
	struct stat st;

	SAY(stat("dir", &st));
	list("dir");
	SAY(stat("dir/name", &st));
	SAY(writing("dir/new"));
	SAY(unlink("dir/name"));
	SAY(rmdir("dir"));
	look_at_state();
}

static void case_inode_error(void)
{
	struct stat st;

	SAY(stat("dir", &st));
	SAY(stat("inode", &st));
	SAY(open("inode", O_RDONLY));
	look_at_state();
}

/* Flushes of the device's cache fail from the start: mounted read-only, then the first fsync. */
static void case_flush_error(void)
{
	int fd = writing("data");

	SAY(pwrite(fd, "new", 3, 0));
	SAY(fsync(fd));
	SAY(fsync(fd));
	look_at_state();
}

/* Some block of the log cannot be written: commits until one fails. */
static void case_log_error(void)
{
	int kept = writing("kept"), fd, n, err = 0;
	char name[32];

	SAY(write(kept, block, 10000));
	SAY(fsync(kept));
	for (n = 0; !err && n < 400; n++) {
		snprintf(name, sizeof(name), "f%d", n);
		fd = writing(name);
		err = fd < 0 || write(fd, "x", 1) < 0 || fsync(fd);
		if (!err)
			close(fd);
	}
	say("create, write, fsync", err ? -1 : 0);
	SAY(fsync(fd));
	SAY(write(fd, "x", 1));
	SAY(fsync(kept));
	SAY(pwrite(kept, "x", 1, 0));
	SAY(fsync(kept));
	SAY(pread(kept, block, 100, 5000));
	SAY(mkdir("later", 0755));
	SAY(ftruncate(kept, 10));
	SAY(fchmod(kept, 0600));
	SAY(syncfs(kept));
	look_at_state();
	say("remount for writing", mount(NULL, ".", NULL, MS_REMOUNT, NULL));
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} cases[] = { { "full", case_full },
		      { "reserved", case_reserved },
		      { "inodes", case_inodes },
		      { "readonly", case_readonly },
		      { "write-error", case_write_error },
		      { "read-error", case_read_error },
		      { "dir-error", case_dir_error },
		      { "inode-error", case_inode_error },
		      { "flush-error", case_flush_error },
		      { "log-error", case_log_error } };

	memset(block, 'x', sizeof(block));
	if (argc < 3 || chdir(argv[2]))
		return 2;
	if (argc > 3)
		device = argv[3];
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (!strcmp(cases[i].name, argv[1])) {
			cases[i].run();
			return 0;
		}
	return 2;
}
