/* SPDX-License-Identifier: MIT
 * tests/abi/fork.c - fork, vfork, clone, wait4, waitid, exit */
#include "abi.h"
#include <sys/prctl.h>

static int run(void *arg) { *(int *)arg = 42; return 5; }
int main(void)
{
	int st, shared = 1, fd, go[2];
	char byte;
	siginfo_t si;
	SECTION("wait");
	SHOW(wait(&st));
	SHOW(waitpid(999999, &st, 0));
	IN_CHILD("exit 3", exit(3));
	IN_CHILD("exit 256+7", _exit(263));
	IN_CHILD("abort", abort());
	IN_CHILD("kill", kill(getpid(), SIGKILL));
	pipe(go);
	pid_t c = fork();
	if (!c) {
		read(go[0], &byte, 1);
		_exit(9);
	}
	SHOW(waitpid(c, &st, WNOHANG));
	write(go[1], "", 1);
	SHOW_INT(waitpid(c, &st, 0) == c);
	show_status("child", st);
	SHOW(waitpid(c, &st, 0));
	SHOW(waitpid(-1, &st, 0x100));
	SECTION("copy on write");
	static int data = 1;
	int *heap = malloc(100000);
	heap[5000] = 1;
	IN_CHILD("writes", data = 2; heap[5000] = 2; shared = 2; SHOW_INT(data + heap[5000] + shared));
	SHOW_INT(data + heap[5000] + shared);
	fd = open("f", O_CREAT | O_RDWR, 0600);
	IN_CHILD("shares offset", write(fd, "abc", 3); close(fd));
	SHOW(lseek(fd, 0, SEEK_CUR));
	SECTION("vfork and clone");
	volatile int seen = 0;
	c = vfork();
	if (!c) {
		seen = 7;
		_exit(1);
	}
	SHOW_INT(seen);
	waitpid(c, &st, 0);
	static char stack[65536];
	shared = 0;
	c = clone(run, stack + sizeof stack, CLONE_VM | SIGCHLD, &shared);
	waitpid(c, &st, 0);
	show_status("clone", st);
	SHOW_INT(shared);
	shared = 0;
	c = clone(run, stack + sizeof stack, SIGCHLD, &shared);
	waitpid(c, &st, 0);
	SHOW_INT(shared);
	c = clone(run, stack + sizeof stack, CLONE_VM, &shared);
	SHOW(waitpid(c, &st, 0));
	SHOW_INT(waitpid(c, &st, __WALL) == c);
	SHOW(syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0));
	SHOW(syscall(SYS_clone, CLONE_THREAD | SIGCHLD, 0, 0, 0, 0));
	int tid = 0, ctid = 0;
	c = syscall(SYS_clone, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, 0, &tid, &ctid, 0);
	if (!c)
		_exit(ctid == getpid() ? 0 : 1);
	SHOW_INT(tid == c);
	SHOW_INT(ctid);
	waitpid(c, &st, 0);
	show_status("settid", st);
	if (syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0) == 0) {
		close(fd);
		_exit(0);
	}
	wait(NULL);
	SHOW(lseek(fd, 0, SEEK_CUR));
	if (syscall(SYS_clone, CLONE_FS | SIGCHLD, 0, 0, 0, 0) == 0) {
		mkdir("sub", 0700);
		chdir("sub");
		umask(055);
		_exit(0);
	}
	wait(NULL);
	char cwd[256];
	printf("%s %o\n", strrchr(getcwd(cwd, sizeof cwd), '/'), umask(022));
	SECTION("waitid and stops");
	c = fork();
	if (!c) {
		raise(SIGSTOP);
		read(go[0], &byte, 1);
		_exit(4);
	}
	SHOW_INT(waitpid(c, &st, WUNTRACED) == c);
	show_status("child", st);
	kill(c, SIGCONT);
	memset(&si, 0, sizeof si);
	SHOW(waitid(P_PID, c, &si, WCONTINUED));
	SHOW_INT(si.si_code);
	SHOW_INT(si.si_status);
	write(go[1], "", 1);
	SHOW(waitid(P_PID, c, &si, WEXITED | WNOWAIT));
	SHOW_INT(si.si_code);
	SHOW_INT(si.si_status);
	SHOW_INT(si.si_pid == c);
	SHOW_INT(si.si_signo);
	SHOW(waitid(P_ALL, 0, &si, WEXITED));
	SHOW(waitid(P_ALL, 0, &si, WEXITED | WNOHANG));
	SHOW(waitid(P_PID, c, &si, 0));
	SHOW(waitid(99, c, &si, WEXITED));
	c = fork();
	if (!c) {
		pause();
		_exit(0);
	}
	si.si_pid = 77;
	SHOW(waitid(P_PID, c, &si, WEXITED | WNOHANG));
	SHOW_INT(si.si_pid);
	kill(c, SIGTERM);
	SHOW(waitid(P_PID, c, &si, WEXITED));
	SHOW_INT(si.si_code);
	SHOW_INT(si.si_status);
	c = fork();
	if (!c)
		_exit(0);
	waitid(P_PID, c, &si, WEXITED | WNOWAIT);
	SHOW(waitid(P_PID, c, &si, WCONTINUED));
	SHOW(waitid(P_PID, c, &si, WSTOPPED | WNOHANG));
	SHOW(waitid(P_PID, c, &si, WEXITED));
	SECTION("many children");
	for (int i = 0; i < 50; i++)
		if (!fork())
			_exit(i);
	int sum = 0, n = 0;
	while (wait(&st) > 0) {
		sum += WEXITSTATUS(st);
		n++;
	}
	SHOW_INT(n);
	SHOW_INT(sum);
	SECTION("SIGCHLD ignored");
	signal(SIGCHLD, SIG_IGN);
	if (!fork())
		_exit(0);
	SHOW(wait(&st));
	signal(SIGCHLD, SIG_DFL);
	SECTION("orphans");
	int p[2];
	pipe(p);
	if (!fork()) {
		if (!fork()) {
			while (getppid() != 1)
				sleep_ms(5);
			write(p[1], "orphan adopted", 14);
			_exit(0);
		}
		_exit(0);
	}
	wait(NULL);
	char b[20] = "";
	read(p[0], b, sizeof b);
	printf("%s\n", b);
	SECTION("subreaper");
	int sub = -1;
	SHOW(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
	SHOW(prctl(PR_MCE_KILL_GET, 0, 0, 1, 0));
	SHOW(prctl(PR_MCE_KILL, 0, 1, 0, 0));
	SHOW(prctl(PR_MCE_KILL, 1, 3, 0, 0));
	SHOW(prctl(PR_MCE_KILL, 2, 0, 0, 0));
	SHOW(prctl(PR_MCE_KILL, 1, 1, 0, 0));
	IN_CHILD("inherited", SHOW(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0)); SHOW(prctl(PR_MCE_KILL, 1, 0, 0, 0)));
	SHOW(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
	SHOW(prctl(PR_MCE_KILL, 0, 0, 0, 0));
	SHOW(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
	SHOW(prctl(PR_SET_CHILD_SUBREAPER, 1));
	SHOW(prctl(PR_GET_CHILD_SUBREAPER, &sub));
	SHOW_INT(sub);
	fflush(stdout);
	c = fork();
	if (!c) {
		if (!fork())
			_exit(33);
		_exit(0);
	}
	waitpid(c, &st, 0);
	SHOW_INT(wait(&st) > 0);
	show_status("grandchild", st);
	SECTION("process limit");
	IN_CHILD("nproc", setuid(12345); struct rlimit rl = { 0, 0 }; setrlimit(RLIMIT_NPROC, &rl); SHOW(fork()));
	return 0;
}
