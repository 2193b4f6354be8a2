/* SPDX-License-Identifier: MIT
 * tests/abi/exec2.c - execve(2): how deep scripts may nest, files that are written or run, the auxiliary vector, secure mode */
#include "abi.h"
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/personality.h>

static char self[PATH_MAX];
static char *none[] = { NULL };

static void copy_self(const char *to, int mode)
{
	char b[4096];
	int in = open(self, O_RDONLY), out = open(to, O_CREAT | O_TRUNC | O_WRONLY, 0700);
	for (ssize_t n; (n = read(in, b, sizeof b)) > 0;)
		write(out, b, n);
	close(in);
	close(out);
	chmod(to, mode);
}

/* ---- what the program sees ---- */

static void show_auxv(void)
{
	static const int same[] = { AT_PAGESZ, AT_CLKTCK, AT_PHENT, AT_FLAGS, AT_UID, AT_EUID, AT_GID, AT_EGID, AT_SECURE };
	for (unsigned i = 0; i < sizeof same / sizeof *same; i++)
		printf("auxv %d: %lu\n", same[i], getauxval(same[i]));
	static const int there[] = { AT_PHDR, AT_PHNUM, AT_ENTRY, AT_RANDOM, AT_HWCAP, AT_EXECFN, AT_PLATFORM, AT_SYSINFO_EHDR, 51 };
	for (unsigned i = 0; i < sizeof there / sizeof *there; i++)
		printf("auxv %d: %s\n", there[i], getauxval(there[i]) ? "there" : "none");
	printf("platform %s, execfn %s\n", (char *)getauxval(AT_PLATFORM), (char *)getauxval(AT_EXECFN));
	printf("base %s\n", getauxval(AT_BASE) ? "there" : "none");
	int fd = open("/proc/self/auxv", O_RDONLY);
	unsigned long v[100];
	ssize_t n = read(fd, v, sizeof v);
	close(fd);
	int ok = 0, all = 0;
	for (int i = 0; i + 1 < n / 8 && v[i]; i += 2, all++)
		ok += getauxval(v[i]) == v[i + 1];
	printf("/proc/self/auxv: %s\n", ok == all && all > 15 ? "the same" : "different");
}
static int show(const char *what)
{
	int st;
	if (!strcmp(what, "auxv"))
		show_auxv();
	if (!strcmp(what, "secure")) {
		printf("secure %lu uid %d %d gid %d %d", getauxval(AT_SECURE), getuid(), geteuid(), getgid(), getegid());
		printf(" dumpable %d", prctl(PR_GET_DUMPABLE));
		prctl(PR_GET_PDEATHSIG, &st);
		printf(" pdeathsig %d keepcaps %d personality %lx\n", st, prctl(PR_GET_KEEPCAPS), syscall(SYS_personality, 0xffffffffL));
	}
	if (!strcmp(what, "argv")) {
		printf("comm ");
		fflush(stdout);
		char b[20] = "";
		prctl(PR_GET_NAME, b);
		puts(b);
	}
	fflush(stdout);
	return 0;
}

/* ---- the sections ---- */

static void nesting(void)
{
	char name[20], text[64];
	SECTION("scripts of scripts");
	make_file("n0", "#!/bin/echo\n", 0755);
	for (int i = 1; i < 8; i++) {
		sprintf(name, "n%d", i);
		sprintf(text, "#!./n%d -%d\n", i - 1, i);
		make_file(name, text, 0755);
	}
	for (int i = 0; i < 8; i++) {
		sprintf(name, "./n%d", i);
		fflush(stdout);
		IN_CHILD(name, char *a[] = { "zero", "one", NULL }; execve(name, a, none); puts(strerror(errno)));
	}
	make_file("dir", "#!/tmp\n", 0755);
	SHOW(execve("./dir", none, none));
	make_file("plain", "#!/etc/passwd\n", 0755);
	SHOW(execve("./plain", none, none));
	make_file("text", "#!./noformat\n", 0755);
	make_file("noformat", "nothing that runs\n", 0755);
	SHOW(execve("./text", none, none));
	static char line[600];
	memset(line, 'a', sizeof line - 1);
	memcpy(line, "#!/bin/echo ", 12);
	make_file("long", line, 0755);
	IN_CHILD("long line", char *a[] = { "z", NULL }; execve("./long", a, none));
	memset(line, 'b', sizeof line - 1);
	memcpy(line, "#!", 2);
	make_file("longpath", line, 0755);
	SHOW(execve("./longpath", none, none));
	make_file("tabs", "#!\t /bin/echo\t x \t y\t \nrest", 0755);
	IN_CHILD("tabs", char *a[] = { "z", "a b", NULL }; execve("./tabs", a, none));
	int fd = open("n0", O_RDONLY | O_CLOEXEC);
	IN_CHILD("by a descriptor that closes", char *a[] = { "z", NULL };
		 syscall(SYS_execveat, fd, "", a, none, AT_EMPTY_PATH); puts(strerror(errno)));
	fd = open("n0", O_RDONLY);
	dup2(fd, 60);
	IN_CHILD("by a descriptor", char *a[] = { "z", NULL }; syscall(SYS_execveat, 60, "", a, none, AT_EMPTY_PATH));
	symlink("n0", "link");
	IN_CHILD("by a link", char *a[] = { "z", NULL }; execve("./link", a, none));
	SHOW(syscall(SYS_execveat, AT_FDCWD, "link", none, none, AT_SYMLINK_NOFOLLOW));
	SHOW(syscall(SYS_execveat, AT_FDCWD, "n0", none, none, 1));
}
static void busy(void)
{
	SECTION("written and run");
	copy_self("prog", 0755);
	make_file("x", "#!./prog argv\n", 0755);
	int w = open("prog", O_WRONLY);
	char *a[] = { "prog", "argv", NULL };
	SHOW(execve("prog", a, none));
	SHOW(execve("x", a, none));
	int w2 = dup(w);
	close(w);
	SHOW(execve("prog", a, none));
	close(w2);
	IN_CHILD("not written", execve("prog", a, none));
	IN_CHILD("a script has the script's name", execve("x", a, none));
	w = open("x", O_WRONLY);
	SHOW(execve("x", a, none));
	close(w);
	void *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, w = open("prog", O_RDWR), 0);
	close(w);
	SHOW(execve("prog", a, none));
	munmap(m, 4096);
	IN_CHILD("unmapped", execve("prog", a, none));
	int p[2];
	char c;
	copy_self("sleeper", 0755);
	pipe(p);
	fflush(stdout);
	pid_t k = fork();
	if (!k) {
		dup2(p[0], 0);
		dup2(p[1], 3);
		char *s[] = { "sleeper", "sleep", NULL };
		execve("sleeper", s, none);
		_exit(9);
	}
	int q = open("sleeper", O_RDONLY);
	until_asleep(k); /* it runs, and reads; to try by opening for writing could just be what its exec fails of */
	SHOW(open("sleeper", O_WRONLY));
	SHOW(open("sleeper", O_RDWR));
	SHOW(open("sleeper", O_RDONLY | O_TRUNC));
	SHOW(truncate("sleeper", 0));
	SHOW(truncate("sleeper", 100));
	SHOW_OK(open("sleeper", O_RDONLY));
	SHOW(chmod("sleeper", 0700));
	SHOW(rename("sleeper", "other"));
	SHOW(open("other", O_WRONLY));
	SHOW(unlink("other"));
	SHOW_OK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, q, 0) == MAP_FAILED ? -1 : 0);
	write(p[1], "x", 1);
	waitpid(k, NULL, 0);
	read(p[0], &c, 0);
}
static void secure(void)
{
	char *a[] = { "prog", "secure", NULL };
	SECTION("secure mode");
	chmod(".", 0755);
	copy_self("plain1", 0755);
	copy_self("suid", 0755);
	chown("suid", 2000, 2000);
	chmod("suid", 04755);
	copy_self("sgid", 0755);
	chown("sgid", 0, 2000);
	chmod("sgid", 02755);
	copy_self("mandatory", 0755);
	chown("mandatory", 0, 2000);
	chmod("mandatory", 02745);
	copy_self("hidden", 0755);
	chmod("hidden", 0711);
	static const char *names[] = { "./plain1", "./suid", "./sgid", "./mandatory", "./hidden" };
	for (int i = 0; i < 5; i++) {
		printf("%s\n", names[i]);
		IN_CHILD("root", prctl(PR_SET_PDEATHSIG, SIGUSR1); prctl(PR_SET_KEEPCAPS, 1); personality(0x0040000);
			 execve(names[i], a, none));
		IN_CHILD("user", become(1000); prctl(PR_SET_PDEATHSIG, SIGUSR1); prctl(PR_SET_KEEPCAPS, 1); personality(0x0040000);
			 execve(names[i], a, none));
		IN_CHILD("no new privileges", become(1000); prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); execve(names[i], a, none));
	}
	IN_CHILD("its own set-id", become(2000); execve("./suid", a, none));
	IN_CHILD("ids differ before", setresuid(1000, 2000, 2000); execve("./plain1", a, none));
	make_file("script", "#!./plain1 secure\n", 0755);
	chown("script", 2000, 2000);
	chmod("script", 06755);
	IN_CHILD("a set-id script", become(1000); execve("./script", a, none));
	make_file("script2", "#!./suid secure\n", 0755);
	IN_CHILD("a set-id interpreter", become(1000); execve("./script2", a, none));
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "sleep")) {
		char c;
		return read(0, &c, 1) < 0;
	}
	if (argc > 1 && argv[1][0] != '/')
		return show(argv[1]);
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	self[n > 0 ? n : 0] = 0;
	SECTION("auxiliary vector");
	char *a[] = { "zero", "auxv", NULL };
	copy_self("aux", 0755);
	IN_CHILD("auxv", execve("./aux", a, none));
	IN_CHILD("auxv of a user", become(1000); execve("./aux", a, none));
	nesting();
	busy();
	secure();
	return 0;
}
