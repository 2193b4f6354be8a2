/* SPDX-License-Identifier: MIT
 *
 * tests/abi/xattr2.c - extended attributes that are stored: trusted.*, security.* of a file in memory. */
#include "abi.h"
#include <sys/xattr.h>

static char big[70000];

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of a file in the order of the alphabet: the order of the list is the file system's. */
static void show_names(const char *file)
{
	char list[1000], *name[32];
	long n = llistxattr(file, list, sizeof(list));
	int count = 0;

	if (n < 0) {
		printf("names of %s: %s\n", file, strerror(errno));
		return;
	}
	for (char *p = list; p < list + n; p += strlen(p) + 1)
		name[count++] = p;
	qsort(name, count, sizeof(*name), compare);
	printf("names of %s, %ld bytes:", file, n);
	for (int i = 0; i < count; i++)
		printf(" %s", name[i]);
	printf("\n");
	fflush(stdout);
}

static void show_value(const char *file, const char *name)
{
	char b[100];
	long n = lgetxattr(file, name, b, sizeof(b));

	printf("%s of %s: %ld", name, file, n);
	if (n < 0)
		printf(" %s", strerror(errno));
	for (long i = 0; i < n; i++)
		printf(" %02x", (unsigned char)b[i]);
	printf("\n");
	fflush(stdout);
}

static void values(void)
{
	char b[10], name[300];

	SECTION("values");
	SHOW(setxattr("f", "trusted.a", "one", 3, 0));
	SHOW(getxattr("f", "trusted.a", NULL, 0));
	SHOW(getxattr("f", "trusted.a", b, 2));
	SHOW(getxattr("f", "trusted.a", b, 3));
	SHOW(getxattr("f", "trusted.a", (void *)8, 3));
	show_value("f", "trusted.a");
	SHOW(setxattr("f", "trusted.a", "two!", 4, XATTR_CREATE));
	SHOW(setxattr("f", "trusted.a", "two!", 4, XATTR_CREATE | XATTR_REPLACE));
	SHOW(setxattr("f", "trusted.a", "two!", 4, XATTR_REPLACE));
	show_value("f", "trusted.a");
	SHOW(setxattr("f", "trusted.b", "x", 1, XATTR_REPLACE));
	SHOW(setxattr("f", "trusted.b", "", 0, XATTR_CREATE));
	show_value("f", "trusted.b");
	SHOW(setxattr("f", "security.c", "c", 1, 0));
	show_names("f");
	SHOW(listxattr("f", NULL, 0));
	SHOW(listxattr("f", b, 10));
	SHOW(removexattr("f", "trusted.a"));
	SHOW(removexattr("f", "trusted.a"));
	show_names("f");

	SECTION("limits");
	SHOW(setxattr("f", "trusted.big", big, 65536, 0));
	SHOW(getxattr("f", "trusted.big", big, 65535));
	SHOW(getxattr("f", "trusted.big", big, 65536));
	SHOW(getxattr("f", "trusted.big", big, sizeof(big)));
	SHOW(setxattr("f", "trusted.big", big, 65537, 0));
	SHOW(removexattr("f", "trusted.big"));
	memset(name, 'n', sizeof(name));
	memcpy(name, "trusted.", 8);
	name[255] = 0;
	SHOW(setxattr("f", name, "v", 1, 0));
	SHOW(getxattr("f", name, b, 10));
	SHOW(removexattr("f", name));
	name[255] = 'n';
	name[256] = 0;
	SHOW(setxattr("f", name, "v", 1, 0));
}

static void names(void)
{
	char b[10];

	SECTION("names");
	SHOW(setxattr("f", "trusted.", "v", 1, 0));
	SHOW(getxattr("f", "security.", b, 1));
	SHOW(removexattr("f", "trusted."));
	SHOW(setxattr("f", "trusted", "v", 1, 0));
	SHOW(setxattr("f", "nonsense.x", "v", 1, 0));
	SHOW(setxattr("f", "system.nonsense", "v", 1, 0));
	SHOW(getxattr("f", "system.nonsense", b, 1));

	SECTION("kinds of files");
	SHOW(setxattr("l", "trusted.l", "1", 1, 0));
	SHOW(lsetxattr("l", "trusted.l", "12", 2, 0));
	show_value("f", "trusted.l");
	show_value("l", "trusted.l");
	SHOW(removexattr("l", "trusted.l"));
	show_names("l");
	show_names("f");
	SHOW(setxattr("d", "trusted.d", "1", 1, 0));
	SHOW(setxattr("p", "trusted.p", "1", 1, 0));
	SHOW(lsetxattr("l", "user.l", "1", 1, 0));
	SHOW(lgetxattr("l", "user.l", b, 1));
	SHOW(setxattr("p", "user.p", "1", 1, 0));
	show_names("d");
	show_names("p");
	int fd = open("d", O_RDONLY), path = open("f", O_PATH), rd = open("f", O_RDONLY);
	SHOW(fgetxattr(fd, "trusted.d", b, 10));
	SHOW(fsetxattr(fd, "trusted.d", "123", 3, 0));
	SHOW(fgetxattr(fd, "trusted.d", b, 10));
	SHOW(flistxattr(fd, b, 10));
	SHOW(fremovexattr(fd, "trusted.d"));
	SHOW(flistxattr(fd, b, 10));
	SHOW(fsetxattr(path, "trusted.q", "v", 1, 0));
	SHOW(fsetxattr(rd, "trusted.q", "v", 1, 0));
	SHOW(fremovexattr(rd, "trusted.q"));
	SHOW(fsetxattr(1000, "trusted.q", "v", 1, 0));
	SHOW(fsetxattr(rd, "trusted.q", "v", 1, 0));
	SHOW(link("f", "f2"));
	show_names("f2");
	SHOW(rename("f2", "f3"));
	show_names("f3");
}

static void as_user(void)
{
	char b[100];

	become(1000);
	show_names("f");
	SHOW(listxattr("f", b, 10));
	SHOW(setxattr("f", "trusted.u", "v", 1, 0));
	SHOW(getxattr("f", "trusted.b", b, 10));
	SHOW(removexattr("f", "trusted.b"));
	SHOW(setxattr("f", "security.u", "v", 1, 0));
	SHOW(getxattr("f", "security.c", b, 10));
	SHOW(removexattr("f", "security.c"));
	SHOW(setxattr("f", "nonsense.u", "v", 1, 0));
	SHOW(setxattr("mine", "trusted.u", "v", 1, 0));
	SHOW(setxattr("mine", "security.u", "v", 1, 0));
	SHOW(setxattr("d", "user.u", "v", 1, 0));
	SHOW(getxattr("secret", "user.u", b, 1));
	SHOW(getxattr("secret", "security.u", b, 1));
	SHOW(listxattr("secret", b, 1));
}

static void change_times(void)
{
	struct stat a, b;

	SECTION("times");
	stat("f", &a);
	sleep_ms(30);
	setxattr("f", "trusted.t", "v", 1, 0);
	stat("f", &b);
	SHOW_INT(a.st_ctim.tv_nsec != b.st_ctim.tv_nsec);
	SHOW_INT(a.st_mtim.tv_nsec != b.st_mtim.tv_nsec);
	sleep_ms(30);
	removexattr("f", "trusted.t");
	stat("f", &a);
	SHOW_INT(a.st_ctim.tv_nsec != b.st_ctim.tv_nsec);
}

/* Makes and removes many: a leak would show, and the list is long. */
static void many(void)
{
	char name[32];
	long ok = 0, gone = 0;

	SECTION("many");
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "trusted.%d", i);
		ok += !setxattr("mine", name, name, strlen(name), 0);
	}
	SHOW_INT(ok);
	SHOW(listxattr("mine", NULL, 0));
	SHOW(listxattr("mine", big, sizeof(big)));
	for (int i = 0; i < 1000; i += 2) {
		snprintf(name, sizeof(name), "trusted.%d", i);
		gone += !removexattr("mine", name);
	}
	SHOW_INT(gone);
	SHOW(listxattr("mine", big, sizeof(big)));
	SHOW(unlink("mine"));
}

int main(void)
{
	umask(0);
	make_file("f", "text", 0644);
	make_file("mine", "text", 0644);
	make_file("secret", "text", 0600);
	if (chown("mine", 1000, 1000) || symlink("f", "l") || mkdir("d", 01777) || mkfifo("p", 0666))
		printf("set up: %s\n", strerror(errno));
	values();
	names();
	SECTION("as a user");
	IN_CHILD("user", as_user());
	change_times();
	many();
	return 0;
}
