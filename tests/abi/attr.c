/* SPDX-License-Identifier: MIT
 * tests/abi/attr.c - chmod, chown and the times of files: every call, who may, set-id bits, errors */
#include "abi.h"

#include <utime.h>
static int fd, ro, dir, path;

static void mode_of(const char *name)
{
	struct stat st;
	if (stat(name, &st) == 0)
		printf("%s %o %d:%d\n", name, st.st_mode & 07777, st.st_uid, st.st_gid);
	fflush(stdout);
}
static void times_of(const char *name)
{
	struct stat st;
	if (lstat(name, &st) == 0)
		printf("%s a %ld.%09ld m %ld.%09ld\n", name, st.st_atim.tv_sec, st.st_atim.tv_nsec, st.st_mtim.tv_sec,
		       st.st_mtim.tv_nsec);
	fflush(stdout);
}
static void modes(void)
{
	SECTION("chmod");
	CALL(chmod, "f", 0);
	CALL(chmod, "f", 0177777);
	mode_of("f");
	CALL(chmod, "f", 0640);
	CALL(chmod, "l", 0600);
	mode_of("f");
	CALL(chmod, "dangling", 0600);
	CALL(chmod, "loop", 0600);
	CALL(chmod, "f/", 0600);
	CALL(chmod, "d/", 0700);
	CALL(chmod, "", 0600);
	CALL(chmod, 8, 0600);
	CALL(fchmod, fd, 0604);
	mode_of("f");
	CALL(fchmod, ro, 0606);
	mode_of("f");
	CALL(fchmod, path, 0606);
	CALL(fchmod, -1, 0606);
	CALL(fchmod, dir, 03777);
	mode_of("d");
	CALL(fchmodat, dir, "in", 0111);
	mode_of("d/in");
	CALL(fchmodat, fd, "in", 0111);
	CALL(fchmodat, 99, "in", 0111);
	CALL(fchmodat, AT_FDCWD, "", 0111);
	CALL(fchmodat, 99, "/tmp/w/f", 0644);
	chmod("d", 0755);
	SECTION("chmod by users");
	chown("mine", 1000, 1000);
	chown("other", 1000, 2000);
	IN_CHILD("user", become(1000); CALL(chmod, "mine", 06777); mode_of("mine"); CALL(chmod, "other", 06777); mode_of("other");
		 CALL(chmod, "other", 01644); mode_of("other"); CALL(chmod, "f", 0644); CALL(fchmod, fd, 0644);
		 CALL(chmod, "none", 0644); CALL(chmod, "closed/in", 0644));
	IN_CHILD("user in the group", gid_t g = 2000; syscall(SYS_setgroups, 1, &g); syscall(SYS_setresgid, 1000, 1000, 1000);
		 syscall(SYS_setresuid, 1000, 1000, 1000); CALL(chmod, "other", 02777); mode_of("other"));
	IN_CHILD("fsuid", syscall(SYS_setfsuid, 1000); CALL(chmod, "mine", 0600); CALL(chmod, "f", 0600));
}
static void owners(void)
{
	SECTION("chown");
	chmod("f", 06777);
	CALL(chown, "f", -1, -1);
	mode_of("f");
	CALL(chown, "f", 5, -1);
	mode_of("f");
	chmod("f", 06777);
	CALL(chown, "f", -1, 6);
	mode_of("f");
	chmod("f", 02767);
	CALL(chown, "f", 7, 7);
	mode_of("f");
	chmod("f", 07777);
	CALL(chown, "f", 0, 0);
	mode_of("f");
	chmod("d", 06777);
	CALL(chown, "d", 1, 1);
	mode_of("d");
	CALL(chown, "d", 0, 0);
	chmod("d", 0755);
	CALL(chown, "l", 8, 8);
	mode_of("f");
	CALL(lchown, "l", 9, 9);
	show_stat("l");
	mode_of("f");
	CALL(chown, "dangling", 1, 1);
	CALL(lchown, "dangling", 1, 1);
	CALL(chown, "none", 1, 1);
	CALL(chown, "f/", 1, 1);
	CALL(fchown, fd, 10, 11);
	CALL(fchown, ro, -1, 12);
	mode_of("f");
	CALL(fchown, path, 1, 1);
	CALL(fchown, 99, 1, 1);
	CALL(fchownat, dir, "in", 13, 14, 0);
	mode_of("d/in");
	CALL(fchownat, AT_FDCWD, "l", 15, 16, AT_SYMLINK_NOFOLLOW);
	show_stat("l");
	CALL(fchownat, AT_FDCWD, "l", 17, 18, 0);
	mode_of("f");
	CALL(fchownat, fd, "", 19, 20, AT_EMPTY_PATH);
	CALL(fchownat, path, "", 21, 22, AT_EMPTY_PATH);
	mode_of("d");
	CALL(fchownat, fd, "", 19, 20, 0);
	CALL(fchownat, fd, "in", 19, 20, 0);
	CALL(fchownat, AT_FDCWD, "f", 19, 20, AT_SYMLINK_FOLLOW);
	CALL(fchownat, AT_FDCWD, "f", 19, 20, AT_REMOVEDIR);
	CALL(fchownat, AT_FDCWD, "", 0, 0, AT_EMPTY_PATH);
	CALL(chown, "f", 0xfffffffe, 0xfffffffe);
	mode_of("f");
	chown("f", 0, 0);
	make_file("setid", "", 04755);
	SECTION("chown by users");
	chown("mine", 1000, 1000);
	chmod("mine", 06777);
	IN_CHILD("user", become(1000); CALL(chown, "mine", 1001, -1); CALL(chown, "mine", -1, 1001); CALL(chown, "mine", 1000, 1000);
		 mode_of("mine"); CALL(chmod, "mine", 06777); CALL(chown, "mine", -1, -1); mode_of("mine"); CALL(chown, "f", -1, -1);
		 CALL(chown, "setid", -1, -1); CALL(chown, "f", 0, 0); CALL(lchown, "mine", -1, 1000); mode_of("mine"));
	IN_CHILD("user in the group", gid_t g = 2000; syscall(SYS_setgroups, 1, &g); syscall(SYS_setresgid, 1000, 1000, 1000);
		 syscall(SYS_setresuid, 1000, 1000, 1000); CALL(chown, "mine", -1, 2000); mode_of("mine"));
}
static void who_inherits(void)
{
	SECTION("the group of what is made");
	mkdir("sg", 0777);
	chown("sg", 0, 77);
	chmod("sg", 02777);
	make_file("sg/a", "", 0644);
	mode_of("sg/a");
	mkdir("sg/d", 0755);
	mode_of("sg/d");
	symlink("x", "sg/l");
	show_stat("sg/l");
	mknod("sg/p", S_IFIFO | 0666, 0);
	mode_of("sg/p");
	IN_CHILD("user", become(1000); close(open("sg/u", O_CREAT | O_RDWR, 02770)); mode_of("sg/u"); mkdir("sg/ud", 0700); mode_of("sg/ud");
		 close(open("sg/v", O_CREAT | O_RDWR, 02640)); mode_of("sg/v"));
	IN_CHILD("fs ids", syscall(SYS_setfsuid, 1000); syscall(SYS_setfsgid, 1001); mkdir("fs", 0777); make_file("fsf", "", 0644));
	chmod(".", 0777);
	IN_CHILD("fs ids", syscall(SYS_setfsgid, 1001); syscall(SYS_setfsuid, 1000); close(open("fsf", O_CREAT | O_RDWR, 0644)); mode_of("fsf"));
	chmod(".", 0755);
	SECTION("sticky directories");
	mkdir("st", 0777);
	chmod("st", 01777);
	make_file("st/root", "", 0666);
	make_file("st/user", "", 0666);
	chown("st/user", 1000, 1000);
	mkdir("st/ud", 0777);
	chown("st/ud", 1000, 1000);
	IN_CHILD("user", become(1000); CALL(unlink, "st/root"); CALL(rename, "st/root", "st/x"); CALL(rename, "st/user", "st/root");
		 CALL(link, "st/root", "st/link"); CALL(rename, "st/user", "st/mine"); CALL(rmdir, "st/ud"); CALL(unlink, "st/mine"));
	chown("st", 1000, 1000);
	IN_CHILD("owner of the directory", become(1000); CALL(unlink, "st/root"));
}
static void set_times(void)
{
	struct utimbuf ub = { 100, 200 };
	struct timeval tv[2] = { { 300, 400000 }, { 500, 600000 } }, badtv[2] = { { 1, 1000000 }, { 1, 0 } };
	struct timespec ts[2] = { { 700, 8 }, { 900, 999999999 } };
	struct stat a;
	SECTION("utime, utimes, futimesat");
	CALL(utime, "f", &ub);
	times_of("f");
	CALL(utime, "f", 8);
	CALL(utime, "none", &ub);
	CALL(utime, "none", NULL);
	CALL(utime, "f/", &ub);
	CALL(utimes, "f", tv);
	times_of("f");
	CALL(utimes, "f", badtv);
	badtv[0].tv_usec = -1;
	CALL(utimes, "f", badtv);
	CALL(utimes, "f", 8);
	CALL(utimes, "l", tv);
	CALL(futimesat, dir, "in", tv);
	times_of("d/in");
	CALL(futimesat, dir, NULL, tv);
	times_of("d");
	CALL(futimesat, fd, NULL, tv);
	CALL(futimesat, fd, "x", tv);
	CALL(futimesat, 99, "x", tv);
	CALL(futimesat, 99, NULL, tv);
	SECTION("utimensat");
	CALL(utimensat, AT_FDCWD, "f", ts, 0);
	times_of("f");
	CALL(utimensat, AT_FDCWD, "l", ts, AT_SYMLINK_NOFOLLOW);
	times_of("l");
	CALL(utimensat, fd, NULL, ts, 0);
	CALL(utimensat, fd, NULL, ts, AT_SYMLINK_NOFOLLOW);
	CALL(utimensat, fd, "", ts, 0);
	CALL(utimensat, fd, "", ts, AT_EMPTY_PATH);
	CALL(utimensat, path, "", ts, AT_EMPTY_PATH);
	CALL(utimensat, path, NULL, ts, 0);
	CALL(utimensat, AT_FDCWD, NULL, ts, 0);
	CALL(utimensat, 99, NULL, ts, 0);
	CALL(utimensat, AT_FDCWD, "f", 8, 0);
	CALL(utimensat, AT_FDCWD, "f", ts, AT_REMOVEDIR);
	ts[0].tv_nsec = -1;
	CALL(utimensat, AT_FDCWD, "f", ts, 0);
	ts[0].tv_nsec = UTIME_OMIT;
	ts[0].tv_sec = -5;
	ts[1].tv_sec = 1;
	CALL(utimensat, AT_FDCWD, "f", ts, 0);
	times_of("f");
	ts[1].tv_nsec = UTIME_OMIT;
	CALL(utimensat, AT_FDCWD, "f", ts, 0);
	CALL(utimensat, AT_FDCWD, "none", ts, 0);
	CALL(utimensat, 99, "none", ts, 0);
	CALL(utimensat, 99, NULL, ts, 0);
	ts[0] = (struct timespec){ -1, 0 };
	ts[1] = (struct timespec){ 1L << 33, 1 };
	CALL(utimensat, AT_FDCWD, "f", ts, 0);
	times_of("f");
	ts[0] = (struct timespec){ -2, 750000000 };
	CALL(utimensat, AT_FDCWD, "f", ts, 0);
	times_of("f");
	ts[0].tv_nsec = UTIME_NOW;
	ts[1].tv_nsec = UTIME_NOW;
	CALL(utimensat, AT_FDCWD, "f", ts, 0);
	stat("f", &a);
	SHOW_INT(a.st_atim.tv_sec == a.st_mtim.tv_sec && a.st_atim.tv_nsec == a.st_mtim.tv_nsec);
	SHOW_INT(a.st_ctim.tv_sec == a.st_mtim.tv_sec && a.st_ctim.tv_nsec == a.st_mtim.tv_nsec);
	SECTION("times by users");
	chmod("f", 0644);
	chmod("mine", 0444);
	make_file("writable", "", 0666);
	struct timespec now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } }, half[2] = { { 0, UTIME_OMIT }, { 0, UTIME_NOW } },
			none[2] = { { 0, UTIME_OMIT }, { 0, UTIME_OMIT } };
	ts[0] = ts[1] = (struct timespec){ 1, 1 };
	IN_CHILD("user", become(1000); CALL(utimensat, AT_FDCWD, "f", NULL, 0); CALL(utimensat, AT_FDCWD, "f", now, 0);
		 CALL(utimensat, AT_FDCWD, "f", half, 0); CALL(utimensat, AT_FDCWD, "f", ts, 0); CALL(utimensat, AT_FDCWD, "f", none, 0);
		 CALL(utimensat, AT_FDCWD, "writable", NULL, 0); CALL(utimensat, AT_FDCWD, "writable", now, 0);
		 CALL(utimensat, AT_FDCWD, "writable", half, 0); CALL(utimensat, AT_FDCWD, "writable", ts, 0);
		 CALL(utimensat, AT_FDCWD, "mine", NULL, 0); CALL(utimensat, AT_FDCWD, "mine", ts, 0); CALL(utime, "mine", &ub);
		 CALL(utime, "writable", &ub); CALL(utime, "f", NULL));
}
/* Which call moves which time: bits a, m, c. */
static struct stat before;
static void set_past(const char *name)
{
	struct timespec ts[2] = { { 1000, 0 }, { 1000, 0 } };
	utimensat(AT_FDCWD, name, ts, AT_SYMLINK_NOFOLLOW);
	lstat(name, &before);
	sleep_ms(12);
}
static void moved(const char *what, const char *name)
{
	struct stat st;
	lstat(name, &st);
	printf("%s:%s%s%s\n", what, st.st_atim.tv_sec != 1000 ? " a" : "", st.st_mtim.tv_sec != 1000 ? " m" : "",
	       st.st_ctim.tv_sec != before.st_ctim.tv_sec || st.st_ctim.tv_nsec != before.st_ctim.tv_nsec ? " c" : "");
	fflush(stdout);
}
#define MOVES(name, call) (set_past(name), (void)(call), moved(#call, name))
static void moves(void)
{
	char b[64];
	SECTION("what moves times");
	lseek(fd, 0, SEEK_SET);
	MOVES("f", write(fd, "abc", 3));
	MOVES("f", write(fd, "", 0));
	lseek(fd, 0, SEEK_SET);
	MOVES("f", read(fd, b, 3));
	MOVES("f", chmod("f", 0644));
	MOVES("f", chown("f", 0, 0));
	MOVES("f", chown("f", -1, -1));
	MOVES("f", link("f", "lnk"));
	MOVES("f", unlink("lnk"));
	MOVES("f", rename("f", "g"));
	MOVES("g", rename("g", "f"));
	MOVES("f", ftruncate(fd, 3));
	MOVES("f", ftruncate(fd, 4));
	MOVES("f", truncate("f", 4));
	MOVES("f", close(open("f", O_RDWR)));
	MOVES("f", close(open("f", O_WRONLY | O_TRUNC)));
	MOVES("f", close(open("f", O_WRONLY | O_TRUNC)));
	MOVES("f", access("f", R_OK));
	MOVES("f", fallocate(fd, 0, 0, 4096));
	MOVES("f", fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
	MOVES("l", readlink("l", b, sizeof b));
	MOVES("l", access("l", F_OK));
	MOVES("l", lstat("l", &before));
	MOVES("l", lchown("l", 1, 1));
	MOVES("d", close(creat("d/new", 0600)));
	MOVES("d", close(creat("d/new", 0600)));
	MOVES("d", rename("d/new", "d/newer"));
	MOVES("d", link("d/newer", "d/link"));
	MOVES("d", unlink("d/link"));
	MOVES("d", mkdir("d/dd", 0700));
	MOVES("d", rmdir("d/dd"));
	MOVES("d", symlink("x", "d/s"));
	MOVES("d", unlink("none"));
	MOVES("d", rename("d/s", "s"));
	MOVES("d", chdir("d"));
	chdir("..");
	MOVES("d", closedir(opendir("d")));
	int n = open("f", O_RDONLY | O_NOATIME);
	MOVES("f", read(n, b, 1));
	MOVES("f", pread(ro, b, 0, 0));
	MOVES("f", fsync(fd));
	MOVES("f", lseek(fd, 0, SEEK_END));
	MOVES("d/newer", rename("d/newer", "d/in"));
	MOVES("d", rename("d", "d2"));
	IN_CHILD("noatime of another's file", become(1000); CALL(open, "f", O_RDONLY | O_NOATIME);
		 CALL(fcntl, ro, F_SETFL, O_NOATIME));
}
int main(void)
{
	symlink("f", "l");
	symlink("nowhere", "dangling");
	symlink("loop", "loop");
	mkdir("d", 0755);
	mkdir("closed", 0700);
	make_file("f", "text", 0644);
	make_file("d/in", "text", 0644);
	make_file("closed/in", "text", 0644);
	make_file("mine", "text", 0644);
	make_file("other", "text", 0644);
	fd = open("f", O_RDWR);
	ro = open("f", O_RDONLY);
	dir = open("d", O_RDONLY);
	path = open("d", O_PATH);
	modes();
	owners();
	who_inherits();
	set_times();
	moves();
	return 0;
}
