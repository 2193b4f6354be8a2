/* SPDX-License-Identifier: MIT
 *
 * tests/abi/filecap.c - capabilities that a program file carries: who gets what at execve, and what takes them away. */
#include "abi.h"
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/xattr.h>

enum { V2 = 0x02000000, V3 = 0x03000000, EFFECTIVE = 1, NET_RAW = 1 << 13, KILL = 1 << 5, SETUID = 1 << 7 };
/* Containers take CAP_SYS_RESOURCE from root: it is left out of all sets. */
#define WITHOUT (1U << 24)
#define ALL (~WITHOUT)
#define NAME "security.capability"

static void show_caps(void)
{
	static const char *const lines[] = { "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb" };
	char line[200];
	FILE *f = fopen("/proc/self/status", "r");

	printf("   ");
	while (f && fgets(line, sizeof(line), f))
		for (unsigned i = 0; i < 5; i++)
			if (!strncmp(line, lines[i], 6))
				printf(" %.3s %llx", line + 3, strtoull(line + 8, NULL, 16) & ~(unsigned long long)WITHOUT);
	printf("\n    euid %d egid %d secure %ld dumpable %d\n", geteuid(), getegid(), getauxval(AT_SECURE), prctl(PR_GET_DUMPABLE));
	fflush(stdout);
	if (f)
		fclose(f);
}

static void copy_program(const char *to, int mode)
{
	static char buf[65536];
	int in = open("/proc/self/exe", O_RDONLY), out = open(to, O_CREAT | O_TRUNC | O_WRONLY, 0700);
	ssize_t n;

	while ((n = read(in, buf, sizeof(buf))) > 0)
		write(out, buf, n);
	close(in);
	fchmod(out, mode);
	close(out);
}

static int give(const char *file, unsigned magic, unsigned permitted, unsigned inheritable)
{
	unsigned v[6] = { magic, permitted, inheritable, 0, 0, 0 };

	if (permitted == ALL)
		v[3] = ~0U;
	return setxattr(file, NAME, v, magic >> 24 == 3 ? 24 : 20, 0);
}

static void show_file(const char *file)
{
	unsigned char b[40];
	long n = getxattr(file, NAME, b, sizeof(b));

	printf("  %s: %ld", file, n);
	if (n < 0)
		printf(" %s", strerror(errno));
	for (long i = 0; i < n; i++)
		printf(" %02x", b[i]);
	printf("\n");
	fflush(stdout);
}

static void run(const char *file)
{
	execl(file, "filecap", "show", NULL);
	printf("execve: %s\n", strerror(errno));
}

static void set_inheritable(unsigned caps)
{
	struct { unsigned version; int pid; } h = { 0x20080522, 0 };
	struct { unsigned e, p, i; } d[2];

	syscall(SYS_capget, &h, d);
	d[0].i = caps;
	d[1].i = 0;
	if (syscall(SYS_capset, &h, d))
		printf("capset: %s\n", strerror(errno));
}

static void bytes(void)
{
	unsigned v2[6] = { V2, 1, 2, 3, 4, 5 }, v3[6] = { V3, 1, 2, 3, 4, 0 }, v1[3] = { 0x01000000, 1, 2 };
	char b[40];

	SECTION("the bytes");
	SHOW(setxattr("prog", NAME, v1, 12, 0));
	SHOW(setxattr("prog", NAME, v2, 19, 0));
	SHOW(setxattr("prog", NAME, v2, 24, 0));
	SHOW(setxattr("prog", NAME, v3, 20, 0));
	SHOW(setxattr("prog", NAME, v2, 2, 0));
	SHOW(setxattr("prog", NAME, v2, 20, 0));
	show_file("prog");
	SHOW(getxattr("prog", NAME, b, 19));
	SHOW(getxattr("prog", NAME, b, 0));
	SHOW(setxattr("prog", NAME, v3, 24, XATTR_CREATE));
	SHOW(setxattr("prog", NAME, v3, 24, 0));
	show_file("prog");
	SHOW(getxattr("prog", NAME, b, 0));
	SHOW(getxattr("prog", NAME, b, 19));
	v3[5] = 1000;
	SHOW(setxattr("prog", NAME, v3, 24, 0));
	show_file("prog");
	v3[0] |= 2;
	SHOW(setxattr("prog", NAME, v3, 24, 0));
	IN_CHILD("user", become(1000); SHOW(setxattr("prog", NAME, v2, 20, 0)); SHOW(setxattr("prog", NAME, v2, 3, 0));
		 SHOW(removexattr("prog", NAME)); show_file("prog"); SHOW(setxattr("mine", NAME, v2, 20, 0)));
	SHOW(removexattr("prog", NAME));
	SHOW(removexattr("prog", NAME));
	SHOW(setxattr("prog", NAME, "", 0, 0));
	show_file("prog");
	IN_CHILD("empty", run("./prog"));
	SHOW(removexattr("prog", NAME));
}

static void executions(void)
{
	SECTION("no attribute");
	IN_CHILD("root", run("./prog"));
	IN_CHILD("user", become(1000); run("./prog"));
	SECTION("permitted");
	SHOW(give("prog", V2, NET_RAW | KILL, 0));
	IN_CHILD("root", run("./prog"));
	IN_CHILD("user", become(1000); run("./prog"));
	IN_CHILD("bounding", prctl(PR_CAPBSET_DROP, 5); become(1000); run("./prog"));
	SECTION("effective");
	SHOW(give("prog", V2 | EFFECTIVE, NET_RAW | KILL, 0));
	IN_CHILD("user", become(1000); run("./prog"));
	IN_CHILD("bounding", prctl(PR_CAPBSET_DROP, 5); become(1000); run("./prog"));
	IN_CHILD("root bounding", prctl(PR_CAPBSET_DROP, 5); run("./prog"));
	SECTION("inheritable");
	SHOW(give("prog", V2 | EFFECTIVE, 0, NET_RAW | KILL));
	IN_CHILD("user", become(1000); run("./prog"));
	IN_CHILD("user with", set_inheritable(NET_RAW); become(1000); run("./prog"));
	SECTION("all, and those that do not exist");
	SHOW(give("prog", V2 | EFFECTIVE, ALL, 0));
	IN_CHILD("user", become(1000); run("./prog"));
	SECTION("revision 3");
	SHOW(give("prog", V3 | EFFECTIVE, NET_RAW, 0));
	IN_CHILD("user", become(1000); run("./prog"));
	SECTION("nothing");
	SHOW(give("prog", V2, 0, 0));
	IN_CHILD("user", become(1000); run("./prog"));
}

static void no_root(void)
{
	prctl(PR_SET_SECUREBITS, 1);
	run("./prog");
}

static void ambient(const char *file)
{
	prctl(PR_SET_KEEPCAPS, 1);
	become(1000);
	set_inheritable(NET_RAW);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 13, 0, 0);
	run(file);
}

/* Is there until its parent closes the pipe. */
static int companion(void *arg)
{
	int *hold = arg;
	char c;

	close(hold[1]);
	return (int)read(hold[0], &c, 1);
}

static void sharing(void)
{
	/* Another process with the same working directory. */
	char *stack = malloc(65536);
	int hold[2];

	pipe(hold);
	clone(companion, stack + 65536, CLONE_FS | SIGCHLD, hold);
	pid_t p = fork();
	if (!p) {
		close(hold[1]);
		run("./prog");
	}
	waitpid(p, NULL, 0);
	become(1000);
	fflush(stdout);
	/* This process shares it; the child of fork did not. */
	if (!vfork()) {
		char *argv[] = { "filecap", "show", NULL };
		execv("./prog", argv);
		_exit(1);
	}
	wait(NULL);
	p = clone((int (*)(void *))(void *)run, malloc(65536) + 65536, CLONE_FS | SIGCHLD, "./prog");
	waitpid(p, NULL, 0);
}

static void traced(const char *file)
{
	int st;
	pid_t p = fork();

	if (!p) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		run(file);
		_exit(0);
	}
	while (waitpid(p, &st, 0) == p && WIFSTOPPED(st))
		ptrace(PTRACE_CONT, p, 0, 0);
	show_status("traced", st);
}

static void circumstances(void)
{
	SHOW(give("prog", V2 | EFFECTIVE, NET_RAW | KILL, 0));
	SECTION("set-user-id root");
	chmod("prog", 04755);
	show_file("prog");
	IN_CHILD("user", become(1000); run("./prog"));
	IN_CHILD("root", run("./prog"));
	SHOW(give("prog", V2, NET_RAW | KILL, 0));
	IN_CHILD("user", become(1000); run("./prog"));
	SHOW(removexattr("prog", NAME));
	IN_CHILD("user, no attribute", become(1000); run("./prog"));
	IN_CHILD("no root", become(1000); run("./prog"));
	chmod("prog", 0755);
	SHOW(give("prog", V2 | EFFECTIVE, NET_RAW | KILL, 0));
	SECTION("securebits");
	IN_CHILD("root is nobody", no_root());
	SECTION("ambient");
	IN_CHILD("plain", ambient("./plain"));
	IN_CHILD("with capabilities", ambient("./prog"));
	SECTION("no_new_privs");
	IN_CHILD("user", become(1000); prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); run("./prog"));
	IN_CHILD("root", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); run("./prog"));
	SECTION("traced");
	IN_CHILD("user", become(1000); traced("./prog"));
	IN_CHILD("by root", traced("./prog"));
	SECTION("shared working directory");
	IN_CHILD("user", sharing());
	SECTION("nosuid");
	mkdir("mnt", 0755);
	SHOW(mount("tmpfs", "mnt", "tmpfs", MS_NOSUID, "mode=755"));
	copy_program("mnt/prog", 0755);
	SHOW(give("mnt/prog", V2 | EFFECTIVE, NET_RAW, 0));
	IN_CHILD("user", become(1000); run("mnt/prog"));
	SHOW(umount("mnt"));
	SECTION("a script");
	make_file("script", "#!./prog show\n", 0755);
	SHOW(give("script", V2 | EFFECTIVE, SETUID, 0));
	IN_CHILD("user", become(1000); run("./script"));
}

static void changes(void)
{
	SECTION("what takes them away");
	SHOW(give("f", V2, NET_RAW, 0));
	chmod("f", 0700);
	show_file("f");
	int fd = open("f", O_RDWR);
	SHOW(write(fd, "", 0));
	show_file("f");
	SHOW(write(fd, "x", 1));
	show_file("f");
	SHOW(give("f", V2, NET_RAW, 0));
	SHOW(chown("f", -1, -1));
	show_file("f");
	SHOW(give("f", V2, NET_RAW, 0));
	SHOW(chown("f", 0, 0));
	show_file("f");
	SHOW(give("f", V2, NET_RAW, 0));
	SHOW(ftruncate(fd, 1));
	show_file("f");
	SHOW(give("f", V2, NET_RAW, 0));
	SHOW(truncate("f", 100));
	show_file("f");
	SHOW(give("f", V2, NET_RAW, 0));
	SHOW(posix_fallocate(fd, 0, 1000));
	show_file("f");
	SHOW(give("f", V2, NET_RAW, 0));
	struct iovec v = { "ab", 2 };
	SHOW(pwritev(fd, &v, 1, 0));
	show_file("f");
	SHOW(give("f", V2, NET_RAW, 0));
	char *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	*m = 'x';
	msync(m, 4096, MS_SYNC);
	show_file("f");
	close(open("f", O_WRONLY));
	show_file("f");
	close(open("f", O_WRONLY | O_TRUNC));
	show_file("f");
	SHOW(mkdir("dir", 0755));
	SHOW(give("dir", V2, NET_RAW, 0));
	SHOW(chown("dir", 1, 1));
	show_file("dir");
	SHOW(rename("dir", "dir2"));
	show_file("dir2");
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "show")) {
		show_caps();
		return 0;
	}
	umask(0);
	chmod(".", 0755);
	copy_program("prog", 0755);
	copy_program("plain", 0755);
	make_file("mine", "", 0755);
	make_file("f", "text", 0755);
	if (chown("mine", 1000, 1000))
		printf("chown: %s\n", strerror(errno));
	bytes();
	executions();
	circumstances();
	changes();
	return 0;
}
