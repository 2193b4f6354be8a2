/* SPDX-License-Identifier: MIT
 * tests/abi/mount2.c - mount, umount2, pivot_root, statfs: flags and their effects, bind trees, remounting, busy, covered */
#include "abi.h"

#include <sys/mount.h>
#include <sys/statfs.h>
enum { UMOUNT_NOFOLLOW_ = 8, MS_UNBINDABLE_ = 1 << 17, MS_LAZYTIME_ = 1 << 25 };

static void flags_of(const char *name)
{
	struct statfs s;
	if (statfs(name, &s))
		printf("%s: %s\n", name, strerror(errno));
	else
		printf("%s: type %lx flags %lx namelen %ld bsize %ld\n", name, (unsigned long)s.f_type, (unsigned long)s.f_flags, (long)s.f_namelen,
		       (long)s.f_bsize);
	fflush(stdout);
}
/* The options of a mount point as /proc/self/mounts shows them, up to those of the file system. */
static void shown(const char *what)
{
	char path[200], line[500], dir[200];
	snprintf(path, sizeof path, "/tmp/w/%s", what);
	FILE *f = fopen("/proc/self/mounts", "r");
	char last[500] = "not mounted";
	while (fgets(line, sizeof line, f)) {
		char src[100], type[50], opts[200];
		if (sscanf(line, "%99s %199s %49s %199s", src, dir, type, opts) == 4 && !strcmp(dir, path)) {
			char *cut = strstr(opts, ",size=");
			if (!cut)
				cut = strstr(opts, ",inode64");
			if (cut)
				*cut = 0;
			snprintf(last, sizeof last, "%s %s %s", src, type, opts);
		}
	}
	fclose(f);
	printf("%s: %s\n", what, last);
	fflush(stdout);
}
static void arguments(void)
{
	SECTION("arguments");
	mkdir("a", 0755);
	make_file("f", "x", 0644);
	symlink("a", "la");
	symlink("nowhere", "dangling");
	CALL(mount, "none", "a", "nosuch", 0, NULL);
	CALL(mount, "none", "a", NULL, 0, NULL);
	CALL(mount, "none", "a", 8, 0, NULL);
	CALL(mount, 8, "a", "tmpfs", 0, NULL);
	CALL(mount, "none", 8, "tmpfs", 0, NULL);
	CALL(mount, "none", NULL, "tmpfs", 0, NULL);
	CALL(mount, "none", "", "tmpfs", 0, NULL);
	CALL(mount, "none", "none", "tmpfs", 0, NULL);
	CALL(mount, "none", "f", "tmpfs", 0, NULL);
	CALL(mount, "none", "f/x", "tmpfs", 0, NULL);
	CALL(mount, "none", "dangling", "tmpfs", 0, NULL);
	CALL(mount, "none", "a", "tmpfs", 0, "size=junk");
	CALL(mount, "none", "a", "tmpfs", 0, "mode=9");
	CALL(mount, "none", "a", "tmpfs", 0, "nosuchoption=1");
	CALL(mount, "none", "la", "tmpfs", 0xC0ED0000, NULL);
	shown("a");
	CALL(umount2, "la", UMOUNT_NOFOLLOW_);
	CALL(umount2, "la", 0);
	CALL(umount2, "a", 0);
	CALL(umount2, "a", 0x10);
	CALL(umount2, "a", MNT_EXPIRE | MNT_FORCE);
	CALL(umount2, "a", MNT_EXPIRE | MNT_DETACH);
	CALL(umount2, "none", 0);
	CALL(umount2, "", 0);
	CALL(umount2, 8, 0);
	CALL(umount2, "f", 0);
	CALL(umount2, "f/x", 0);
	CALL(mount, NULL, "a", "tmpfs", 0, NULL);
	shown("a");
	CALL(umount2, "a", MNT_FORCE);
	CALL(mount, "none", "a", "proc", 0, NULL);
	CALL(faccessat, AT_FDCWD, "a/self/stat", F_OK);
	flags_of("a");
	CALL(umount2, "a", 0);
	CALL(mount, "none", "a", "tmpfs", MS_SILENT, "size=1m,nr_inodes=5,uid=3,gid=4,mode=1712");
	struct stat st;
	stat("a", &st);
	printf("%o %d %d\n", st.st_mode, st.st_uid, st.st_gid);
	for (int i = 0; i < 6; i++) {
		char n[10];
		sprintf(n, "a/%d", i);
		int fd = open(n, O_CREAT | O_RDWR, 0600);
		printf("%d %s\n", i, fd < 0 ? strerror(errno) : "ok");
		close(fd);
	}
	struct statfs s;
	statfs("a", &s);
	printf("files %ld free %ld\n", (long)s.f_files, (long)s.f_ffree);
	CALL(umount2, "a", 0);
	SECTION("statfs");
	CALL(statfs, "none", &s);
	CALL(statfs, "f/x", &s);
	CALL(statfs, "", &s);
	CALL(statfs, ".", 8);
	CALL(statfs, "dangling", &s);
	CALL(fstatfs, 99, &s);
	int fd = open("f", O_PATH), p[2];
	CALL(fstatfs, fd, &s);
	SHOW_HEX(s.f_type);
	pipe(p);
	CALL(fstatfs, p[0], &s);
	SHOW_HEX(s.f_type);
	flags_of("/proc");
	flags_of("/dev/pts");
}
static void effects(void)
{
	static const struct { const char *name; unsigned long flags; } kinds[] = {
		{ "nosuid", MS_NOSUID }, { "nodev", MS_NODEV }, { "noexec", MS_NOEXEC }, { "noatime", MS_NOATIME }, { "nodiratime", MS_NODIRATIME },
		{ "relatime", MS_RELATIME }, { "strictatime", MS_STRICTATIME }, { "sync", MS_SYNCHRONOUS }, { "dirsync", MS_DIRSYNC },
		{ "ro", MS_RDONLY }, { "lazytime", MS_LAZYTIME_ }, { "ro,noexec", MS_RDONLY | MS_NOEXEC } };
	SECTION("flags");
	for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		printf("%s: %d ", kinds[i].name, mount("none", "a", "tmpfs", kinds[i].flags, NULL));
		shown("a");
		flags_of("a");
		umount("a");
	}
	SECTION("set-id and devices");
	mkdir("src", 0755);
	system("cp /bin/busybox src/id; chown 1234 src/id; chmod 4755 src/id; mknod src/null c 1 3; cp /bin/busybox src/true");
	mkdir("b", 0755);
	CALL(mount, "src", "b", NULL, MS_BIND | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	shown("b");
	CALL(mount, NULL, "b", NULL, MS_REMOUNT | MS_BIND | MS_NOSUID, NULL);
	shown("b");
	IN_CHILD("nosuid", execl("b/id", "id", "-u", NULL));
	IN_CHILD("suid below", execl("src/id", "id", "-u", NULL));
	close(CALL(open, "b/null", O_RDONLY));
	CALL(mount, NULL, "b", NULL, MS_REMOUNT | MS_BIND | MS_NODEV, NULL);
	CALL(open, "b/null", O_RDONLY);
	close(CALL(open, "b/null", O_PATH));
	CALL(access, "b/null", R_OK);
	CALL(mount, NULL, "b", NULL, MS_REMOUNT | MS_BIND | MS_NOEXEC, NULL);
	CALL(execve, "b/true", NULL, NULL);
	CALL(access, "b/true", X_OK);
	CALL(access, "b", X_OK);
	int fd = open("b/true", O_RDONLY);
	CALL(mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	void *m = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	CALL(mprotect, m, 4096, PROT_READ | PROT_EXEC);
	close(fd);
	munmap(m, 4096);
	CALL(umount2, "b", 0);
	SECTION("read only");
	make_file("src/f", "x", 0666);
	CALL(mount, "src", "b", NULL, MS_BIND, NULL);
	fd = open("b/f", O_RDWR);
	CALL(mount, NULL, "b", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
	close(fd);
	fd = open("b/f", O_RDONLY);
	CALL(mount, NULL, "b", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
	flags_of("b");
	flags_of("src");
	CALL(open, "b/f", O_RDWR);
	CALL(open, "b/f", O_RDONLY | O_TRUNC);
	CALL(open, "b/new", O_CREAT | O_RDWR, 0600);
	close(CALL(open, "b/f", O_CREAT | O_RDONLY, 0600));
	CALL(open, "b/f", O_CREAT | O_EXCL | O_RDONLY, 0600);
	CALL(open, "b", O_TMPFILE | O_RDWR, 0600);
	CALL(mkdir, "b/d", 0700);
	CALL(mkdir, "b/f", 0700);
	CALL(mknod, "b/n", S_IFIFO | 0600, 0);
	CALL(symlink, "x", "b/l");
	CALL(link, "b/f", "b/l");
	CALL(unlink, "b/f");
	CALL(unlink, "b/none");
	CALL(rmdir, "b/none");
	CALL(rename, "b/f", "b/g");
	CALL(rename, "b/none", "b/g");
	CALL(chmod, "b/f", 0600);
	CALL(chown, "b/f", 1, 1);
	CALL(utimensat, AT_FDCWD, "b/f", NULL, 0);
	CALL(truncate, "b/f", 0);
	CALL(fchmod, fd, 0600);
	CALL(futimesat, fd, NULL, NULL);
	CALL(access, "b/f", W_OK);
	CALL(access, "b/null", W_OK);
	int null = SHOW_OK(open("b/null", O_WRONLY));
	close(null);
	CALL(flock, fd, 2);
	close(fd);
	CALL(mount, NULL, "b", NULL, MS_REMOUNT | MS_BIND, NULL);
	fd = SHOW_OK(open("b/f", O_RDWR));
	close(fd);
	CALL(umount2, "b", 0);
	SECTION("remounting");
	CALL(mount, "none", "a", "tmpfs", 0, "size=64k");
	fd = open("a/f", O_CREAT | O_RDWR, 0600);
	CALL(mount, NULL, "a", NULL, MS_REMOUNT | MS_RDONLY, NULL);
	close(fd);
	CALL(mount, NULL, "a", NULL, MS_REMOUNT | MS_RDONLY, NULL);
	shown("a");
	CALL(open, "a/f", O_RDWR);
	CALL(mount, NULL, "a", NULL, MS_REMOUNT | MS_NOEXEC, "size=128k");
	shown("a");
	struct statfs s;
	statfs("a", &s);
	SHOW_INT(s.f_blocks * s.f_bsize);
	CALL(mount, NULL, "a", NULL, MS_REMOUNT, "size=junk");
	fd = open("a/f", O_RDWR);
	static char big[100000];
	CALL(write, fd, big, 100000);
	CALL(mount, NULL, "a", NULL, MS_REMOUNT, "size=8k");
	close(fd);
	CALL(mount, NULL, "src", NULL, MS_REMOUNT, NULL);
	CALL(mount, NULL, "src", NULL, MS_REMOUNT | MS_BIND, NULL);
	CALL(umount2, "a", 0);
}
static void trees(void)
{
	SECTION("bind trees");
	mkdir("t", 0755);
	mkdir("t/x", 0755);
	mkdir("t/y", 0755);
	mkdir("o", 0755);
	CALL(mount, "outer", "t/x", "tmpfs", 0, NULL);
	mkdir("t/x/in", 0755);
	CALL(mount, "inner", "t/x/in", "tmpfs", 0, NULL);
	make_file("t/x/in/file", "", 0600);
	CALL(mount, "t", "o", NULL, MS_BIND, NULL);
	CALL(access, "o/x", F_OK);
	CALL(access, "o/x/in", F_OK);
	CALL(umount2, "o", 0);
	CALL(mount, "t", "o", NULL, MS_BIND | MS_REC, NULL);
	CALL(access, "o/x/in/file", F_OK);
	shown("o/x/in");
	CALL(umount2, "o", 0);
	CALL(umount2, "o/x", 0);
	CALL(umount2, "o/x/in", 0);
	CALL(access, "t/x/in/file", F_OK);
	CALL(umount2, "o", MNT_DETACH);
	CALL(access, "o/x", F_OK);
	CALL(mount, "t/x/in/file", "f", NULL, MS_BIND, NULL);
	show_stat("f");
	CALL(mount, "t/x", "f", NULL, MS_BIND, NULL);
	CALL(mount, "t/x/in/file", "o", NULL, MS_BIND, NULL);
	CALL(umount2, "f", 0);
	CALL(mount, "none2", "o", NULL, MS_BIND, NULL);
	CALL(mount, "", "o", NULL, MS_BIND, NULL);
	CALL(mount, NULL, "o", NULL, MS_BIND, NULL);
	SECTION("busy");
	int fd = open("t/x/in/file", O_RDONLY);
	CALL(umount2, "t/x/in", 0);
	CALL(umount2, "t/x", 0);
	close(fd);
	chdir("t/x/in");
	CALL(umount2, "/tmp/w/t/x/in", 0);
	CALL(umount2, ".", MNT_DETACH);
	char b[300];
	CALL(getcwd, b, sizeof b);
	printf("%s\n", b);
	CALL(access, "file", F_OK);
	CALL(access, "..", F_OK);
	CALL(open, "new", O_CREAT | O_RDWR, 0600);
	chdir("/tmp/w");
	CALL(access, "t/x/in/file", F_OK);
	CALL(umount2, "t/x", MNT_EXPIRE);
	CALL(umount2, "t/x", 0);
	SECTION("moving");
	CALL(mount, "none", "t/x", "tmpfs", 0, NULL);
	make_file("t/x/here", "", 0600);
	mkdir("t/x/sub", 0755);
	CALL(mount, "t/x", "t/y", NULL, MS_MOVE, NULL);
	CALL(access, "t/y/here", F_OK);
	CALL(access, "t/x/here", F_OK);
	CALL(mount, "t/y", "t/y/sub", NULL, MS_MOVE, NULL);
	CALL(mount, "t/y/sub", "t/x", NULL, MS_MOVE, NULL);
	CALL(mount, "t/y", "f", NULL, MS_MOVE, NULL);
	CALL(mount, "none2", "t/x", NULL, MS_MOVE, NULL);
	CALL(umount2, "t/y", 0);
	SECTION("propagation");
	CALL(mount, "none", "t/x", "tmpfs", 0, NULL);
	CALL(mount, NULL, "t/x", NULL, MS_PRIVATE, NULL);
	CALL(mount, NULL, "t/x", NULL, MS_PRIVATE | MS_REC, NULL);
	CALL(mount, NULL, "t/x", NULL, MS_SLAVE, NULL);
	CALL(mount, NULL, "t/x", NULL, MS_PRIVATE | MS_SHARED, NULL);
	CALL(mount, NULL, "t/x", NULL, MS_PRIVATE | MS_RDONLY, NULL);
	CALL(mount, NULL, "t/y", NULL, MS_PRIVATE, NULL);
	CALL(mount, NULL, "t/x", NULL, MS_UNBINDABLE_, NULL);
	CALL(mount, "t/x", "t/y", NULL, MS_BIND, NULL);
	CALL(mount, NULL, "t/x", NULL, MS_PRIVATE, NULL);
	CALL(umount2, "t/x", 0);
	SECTION("mount over mount");
	for (int i = 0; i < 3; i++) {
		mount("none", "a", "tmpfs", 0, NULL);
		char n[10];
		sprintf(n, "a/%d", i);
		mkdir(n, 0700);
	}
	for (int i = 0; i < 4; i++) {
		printf("%d%d%d %d\n", access("a/0", F_OK), access("a/1", F_OK), access("a/2", F_OK), umount("a"));
	}
	fd = open("a", O_RDONLY);
	mount("none", "a", "tmpfs", 0, NULL);
	CALL(mkdirat, fd, "below", 0700);
	CALL(faccessat, AT_FDCWD, "a/below", F_OK);
	CALL(umount2, "a", 0);
	CALL(faccessat, AT_FDCWD, "a/below", F_OK);
	rmdir("a/below");
	close(fd);
}
static void roots(void)
{
	SECTION("pivot_root");
	mkdir("new", 0755);
	CALL(pivot_root, "none", "none2");
	CALL(pivot_root, "f", "f");
	CALL(pivot_root, ".", ".");
	CALL(pivot_root, "new", "new");
	CALL(pivot_root, 8, 8);
	CALL(mount, "none", "new", "tmpfs", 0, NULL);
	mkdir("new/old", 0755);
	CALL(pivot_root, "new", "new");
	CALL(pivot_root, "new", "a");
	IN_CHILD("user", become(1000); CALL(pivot_root, "new", "new/old"); CALL(mount, "none", "new", "tmpfs", 0, NULL);
		 CALL(mount, NULL, "new", NULL, MS_REMOUNT, NULL); CALL(mount, "new", "new", NULL, MS_BIND, NULL); CALL(umount2, "new", 0);
		 CALL(umount2, "none", 0); CALL(mount, "none", "none", "tmpfs", 0, NULL); CALL(chroot, "new"); CALL(chroot, "none"));
	CALL(umount2, "new", 0);
	SECTION("chroot and mounts");
	CALL(mount, "none", "new", "tmpfs", 0, NULL);
	mkdir("new/proc", 0755);
	IN_CHILD("inside", CALL(chroot, "new"); CALL(chdir, "/"); CALL(mount, "proc", "/proc", "proc", 0, NULL);
		 int fd = open("/proc/self/mounts", O_RDONLY); char b[2000]; int n = read(fd, b, sizeof b - 1); b[n] = 0; char *l = strtok(b, "\n");
		 while (l) { char *cut = strstr(l, ",inode64"); if (cut) *cut = 0; puts(l); l = strtok(NULL, "\n"); } close(fd);
		 CALL(umount2, "/", 0); CALL(umount2, "/proc", 0));
	CALL(umount2, "new", 0);
}
int main(void)
{
	arguments();
	effects();
	trees();
	roots();
	shown("a");
	shown("b");
	shown("o");
	shown("src");
	shown("t/x");
	shown("t/y");
	shown("new");
	return 0;
}
