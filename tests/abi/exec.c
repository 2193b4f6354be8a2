/* SPDX-License-Identifier: MIT
 * tests/abi/exec.c - execve(2): arguments, environment, scripts, errors, what is kept and what is lost */
#include "abi.h"

extern char **environ;
static void make(const char *name, const void *p, size_t n, int mode)
{
	int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0700);
	write(fd, p, n);
	close(fd);
	chmod(name, mode);
}
#define TEXT(name, s) make(name, s, strlen(s), 0755)
int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "state")) {
		sigset_t m;
		struct sigaction sa;
		sigprocmask(0, NULL, &m);
		SHOW_INT(sigismember(&m, SIGUSR2));
		sigaction(SIGUSR1, NULL, &sa);
		SHOW_INT(sa.sa_handler == SIG_DFL);
		sigaction(SIGHUP, NULL, &sa);
		SHOW_INT(sa.sa_handler == SIG_IGN);
		SHOW(fcntl(20, F_GETFD));
		SHOW(fcntl(21, F_GETFD));
		sigpending(&m);
		SHOW_INT(sigismember(&m, SIGUSR2));
		SHOW_INT(umask(0));
		SHOW_INT(alarm(0) > 0);
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "args")) {
		for (int i = 0; i < argc && i < 6; i++)
			printf("[%s]", argv[i]);
		printf(" %d %s\n", argc, getenv("X") ? getenv("X") : "-");
		return 0;
	}
	char *none[] = { NULL }, *env[] = { "X=env", NULL };
	char *args[] = { "zero", "args", "a b", "", NULL };
	fflush(stdout);
	SECTION("arguments");
	IN_CHILD("args", execve("/proc/self/exe", args, env));
	IN_CHILD("state", signal(SIGUSR1, (void (*)(int))(void *)main); signal(SIGHUP, SIG_IGN); sigset_t m;
		 sigemptyset(&m); sigaddset(&m, SIGUSR2); sigprocmask(SIG_BLOCK, &m, NULL); raise(SIGUSR2); umask(011); alarm(100);
		 dup2(1, 20); dup3(1, 21, O_CLOEXEC); char *a[] = { "x", "state", NULL }; execve("/proc/self/exe", a, none));
	SECTION("errors");
	SHOW(execve("none", args, env));
	SHOW(execve("", args, env));
	SHOW(execve(".", args, env));
	make("noexec", "#!/bin/sh\n", 10, 0644);
	SHOW(execve("noexec", args, env));
	make("empty", "", 0, 0755);
	SHOW(execve("empty", args, env));
	make("junk", "junk data here", 14, 0755);
	SHOW(execve("junk", args, env));
	make("badelf", "\177ELF\2\1\1\0junkjunkjunkjunkjunkjunkjunkjunkjunkjunkjunkjunkjunkjunkjunkjunkjunk", 80, 0755);
	SHOW(execve("badelf", args, env));
	SHOW(execve("junk/x", args, env));
	SHOW(execve((void *)8, args, env));
	SHOW(execve("/proc/self/exe", (void *)8, env));
	char *badarg[] = { "a", (void *)8, NULL };
	SHOW(execve("/proc/self/exe", badarg, env));
	int w = open("busy", O_CREAT | O_WRONLY, 0755);
	write(w, "#!/bin/sh\n", 10);
	SHOW(execve("busy", args, env));
	close(w);
	SECTION("scripts");
	TEXT("s1", "#!/bin/echo one  two \nrest");
	IN_CHILD("script", execve("s1", args, env));
	TEXT("s2", "#!/bin/echo");
	IN_CHILD("no newline", execve("./s2", args, env));
	TEXT("s3", "#!\n");
	SHOW(execve("s3", args, env));
	TEXT("s4", "#! /bin/none\n");
	SHOW(execve("s4", args, env));
	TEXT("s5", "#!./s1 opt\n");
	IN_CHILD("nested", execve("./s5", args, env));
	TEXT("loop", "#!./loop\n");
	SHOW(execve("./loop", args, env));
	SECTION("limits");
	static char big[200000];
	memset(big, 'x', sizeof big - 1);
	char *a1[] = { "e", "args", big, NULL };
	SHOW(execve("/proc/self/exe", a1, env));
	big[131071] = 0;
	IN_CHILD("131071 bytes", int n = open("/dev/null", O_WRONLY); dup2(n, 1); execve("/proc/self/exe", a1, env));
	static char *many[300000];
	for (int i = 0; i < 299999; i++)
		many[i] = "0123456789";
	many[1] = "args";
	SHOW(execve("/proc/self/exe", many, env));
	many[20000] = NULL;
	IN_CHILD("20000 arguments", execve("/proc/self/exe", many, env));
	SECTION("no arguments at all");
	SHOW_INT(1);
	SECTION("execveat");
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	IN_CHILD("fd", syscall(SYS_execveat, fd, "", args, env, AT_EMPTY_PATH));
	SHOW(syscall(SYS_execveat, fd, "", args, env, 0));
	SHOW(syscall(SYS_execveat, fd, "x", args, env, 0));
	SHOW(syscall(SYS_execveat, 99, "", args, env, AT_EMPTY_PATH));
	SECTION("set-id");
	system("cp /bin/busybox id; chown 1000:1001 id; chmod 6755 id");
	IN_CHILD("id", char *a[] = { "id", "-u", NULL }; execve("id", a, env));
	IN_CHILD("id", char *a[] = { "id", "-g", NULL }; execve("id", a, env));
	return 0;
}
