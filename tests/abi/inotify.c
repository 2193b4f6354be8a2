/* SPDX-License-Identifier: MIT
 * tests/abi/inotify.c - inotify(7): each event, order, coalescing, the end of watches, a full queue, errors */
#include "abi.h"
#include <sys/inotify.h>
#include <sys/mount.h>

static int in;
static uint32_t cookies[16];
static unsigned nr_cookies;

/* Cookies differ from run to run: their order does not. */
static unsigned cookie_name(uint32_t c)
{
	if (!c)
		return 0;
	for (unsigned i = 0; i < nr_cookies; i++)
		if (cookies[i] == c)
			return i + 1;
	if (nr_cookies < 16)
		cookies[nr_cookies++] = c;
	return nr_cookies;
}
static void show_events(const char *what)
{
	static char buf[65536] __attribute__((aligned(8)));
	printf("%s:\n", what);
	for (;;) {
		ssize_t n = read(in, buf, sizeof buf);
		if (n <= 0)
			break;
		for (char *p = buf; p < buf + n;) {
			struct inotify_event *e = (void *)p;
			printf("  wd %d mask %x cookie %u len %u %s\n", e->wd, e->mask, cookie_name(e->cookie), e->len,
			       e->len ? e->name : "");
			p += sizeof *e + e->len;
		}
	}
	fflush(stdout);
}
static int make(const char *name)
{
	int fd = open(name, O_CREAT | O_RDWR, 0644);
	return fd;
}
static void errors(void)
{
	SECTION("errors");
	SHOW(inotify_init1(1));
	SHOW(inotify_add_watch(in, "nothing", IN_ALL_EVENTS));
	SHOW(inotify_add_watch(in, ".", 0));
	SHOW(inotify_add_watch(99, ".", IN_OPEN));
	SHOW(inotify_add_watch(0, ".", IN_OPEN));
	SHOW(inotify_add_watch(in, "f", IN_OPEN | IN_ONLYDIR));
	SHOW(inotify_add_watch(in, "f", IN_OPEN | IN_MASK_ADD | IN_MASK_CREATE));
	SHOW(inotify_rm_watch(in, 77));
	SHOW(inotify_rm_watch(0, 1));
	char small[16];
	SHOW(read(in, small, sizeof small));
	SHOW(write(in, small, 1));
	SHOW(lseek(in, 0, SEEK_SET));
}
static void names(void)
{
	SECTION("names");
	int d = SHOW(inotify_add_watch(in, "d", IN_ALL_EVENTS));
	int fd = make("d/a");
	show_events("create");
	write(fd, "abc", 3);
	write(fd, "abc", 3);
	show_events("two writes are one event");
	pread(fd, (char[4]){ 0 }, 3, 0);
	ftruncate(fd, 1);
	fchmod(fd, 0600);
	close(fd);
	show_events("read, truncate, chmod, close");
	close(open("d/a", O_RDONLY));
	show_events("open and close");
	mkdir("d/sub", 0755);
	symlink("a", "d/link");
	link("d/a", "d/b");
	mkfifo("d/fifo", 0600);
	show_events("other nodes");
	rename("d/a", "d/c");
	rename("d/c", "e/c");
	rename("e/c", "d/back");
	rename("d/sub", "d/sub2");
	show_events("renames");
	syscall(SYS_renameat2, AT_FDCWD, "d/back", AT_FDCWD, "d/link", 2);
	show_events("exchange");
	unlink("d/b");
	rmdir("d/sub2");
	unlink("d/link");
	unlink("d/back");
	unlink("d/fifo");
	show_events("removal");
	DIR *dir = opendir("d");
	while (readdir(dir))
		;
	closedir(dir);
	show_events("listing");
	truncate("f", 10);
	show_events("somebody else's file");
	SHOW(inotify_rm_watch(in, d));
	show_events("no watch");
}
static void self(void)
{
	SECTION("the file itself");
	close(make("g"));
	int w = SHOW(inotify_add_watch(in, "g", IN_ALL_EVENTS));
	SHOW_INT(w == inotify_add_watch(in, "g", IN_MODIFY | IN_MASK_ADD));
	SHOW(inotify_add_watch(in, "g", IN_MODIFY | IN_MASK_CREATE));
	close(open("g", O_WRONLY | O_TRUNC));
	show_events("truncating open");
	rename("g", "h");
	link("h", "h2");
	unlink("h2");
	show_events("rename, link, unlink");
	int fd = open("h", O_RDONLY);
	unlink("h");
	show_events("unlinked while open");
	close(fd);
	show_events("closed");
	SHOW(inotify_rm_watch(in, w));

	close(make("once"));
	SHOW(inotify_add_watch(in, "once", IN_OPEN | IN_ONESHOT));
	close(open("once", O_RDONLY));
	close(open("once", O_RDONLY));
	show_events("one shot");
	close(make("over"));
	SHOW(inotify_add_watch(in, "over", IN_ALL_EVENTS));
	rename("once", "over");
	show_events("replaced by a rename");
	struct timespec t[2] = { { 1, 0 }, { 2, 0 } }, omit[2] = { { 0, UTIME_OMIT }, { 3, 0 } };
	SHOW(inotify_add_watch(in, "over", IN_ALL_EVENTS));
	utimensat(AT_FDCWD, "over", t, 0);
	utimensat(AT_FDCWD, "over", omit, 0);
	syscall(SYS_fallocate, 0, 0, 0L, 1L);
	show_events("times");
	symlink("over", "sl");
	int a = SHOW(inotify_add_watch(in, "sl", IN_OPEN | IN_DONT_FOLLOW));
	close(open("sl", O_RDONLY));
	SHOW_INT(a != inotify_add_watch(in, "sl", IN_OPEN));
	show_events("a link");
}
static void excluded(void)
{
	SECTION("unlinked names");
	int w = SHOW(inotify_add_watch(in, "d", IN_MODIFY | IN_CLOSE | IN_EXCL_UNLINK));
	int fd = make("d/x");
	unlink("d/x");
	write(fd, "1", 1);
	close(fd);
	show_events("excluded");
	SHOW_INT(w == inotify_add_watch(in, "d", IN_MODIFY | IN_CLOSE));
	fd = make("d/x");
	unlink("d/x");
	write(fd, "1", 1);
	close(fd);
	show_events("not excluded");
	rmdir("d");
	show_events("the directory goes");
}
static void waiting(void)
{
	SECTION("waiting");
	struct pollfd p = { .fd = in, .events = POLLIN };
	int n = 0;
	close(make("w"));
	SHOW(inotify_add_watch(in, "w", IN_MODIFY));
	SHOW(poll(&p, 1, 0));
	if (!fork()) {
		until_asleep(getppid());
		truncate("w", 100);
		_exit(0);
	}
	SHOW(poll(&p, 1, 60000));
	SHOW(ioctl(in, FIONREAD, &n));
	SHOW_INT(n);
	wait(NULL);
	show_events("from a child");
	fcntl(in, F_SETFL, 0);
	if (!fork()) {
		until_asleep(getppid());
		truncate("w", 10);
		_exit(0);
	}
	char buf[16];
	SHOW(read(in, buf, sizeof buf));
	wait(NULL);
	fcntl(in, F_SETFL, O_NONBLOCK);
}
static void overflow(void)
{
	SECTION("a full queue");
	char name[8], buf[4096];
	unsigned events = 0, lost = 0;
	mkdir("o", 0755);
	int w = SHOW_OK(inotify_add_watch(in, "o", IN_CREATE));
	for (int i = 0; i < 200; i++) { /* 100 names made and removed again, 20,000 events in all */
		for (int k = 0; k < 100; k++) {
			snprintf(name, sizeof name, "o/%d", k);
			mknod(name, S_IFREG | 0600, 0);
		}
		for (int k = 0; k < 100; k++) {
			snprintf(name, sizeof name, "o/%d", k);
			unlink(name);
		}
	}
	for (ssize_t n; (n = read(in, buf, sizeof buf)) > 0;)
		for (char *p = buf; p < buf + n; p += sizeof(struct inotify_event) + ((struct inotify_event *)p)->len) {
			struct inotify_event *e = (void *)p;
			events++;
			if (e->mask & IN_Q_OVERFLOW) {
				lost++;
				printf("overflow: wd %d mask %x\n", e->wd, e->mask);
			}
		}
	SHOW_INT(events);
	SHOW_INT(lost);
	SHOW(inotify_rm_watch(in, w));
}
static void unmounted(void)
{
	SECTION("umount");
	mkdir("m", 0755);
	if (mount("tmpfs", "m", "tmpfs", 0, NULL))
		return;
	close(make("m/f"));
	SHOW_OK(inotify_add_watch(in, "m/f", IN_ALL_EVENTS));
	SHOW(umount("m"));
	show_events("unmounted");
}
int main(void)
{
	in = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	mkdir("d", 0755);
	mkdir("e", 0755);
	close(make("f"));
	errors();
	names();
	self();
	excluded();
	waiting();
	overflow();
	unmounted();
	return 0;
}
