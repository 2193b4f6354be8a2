/* SPDX-License-Identifier: MIT
 * tests/abi/wait2.c - wait4, waitid: ids, options, groups, stops, what ends look like, vfork, SIGCHLD's details */
#include "abi.h"

#include <sys/prctl.h>
static int st;
static int go[2];
/* A child that runs until it is killed or told to exit with `code`. */
static pid_t child(int code)
{
	int ready[2];
	char c;
	pipe(ready);
	fflush(stdout);
	pid_t k = fork();
	if (!k) {
		close(go[1]);
		write(ready[1], "r", 1);
		read(go[0], &c, 1);
		_exit(code);
	}
	read(ready[0], &c, 1);
	close(ready[0]);
	close(ready[1]);
	return k;
}
static void tell(void) { write(go[1], "g", 1); }
static pid_t dead(int code)
{
	fflush(stdout);
	pid_t k = fork();
	if (!k)
		_exit(code);
	siginfo_t si;
	waitid(P_PID, k, &si, WEXITED | WNOWAIT);
	return k;
}
static void show_info(const char *what, const siginfo_t *si, pid_t k)
{
	printf("%s: signo %d code %d status %d pid %d uid %d\n", what, si->si_signo, si->si_code, si->si_status, si->si_pid == k, si->si_uid);
	fflush(stdout);
}
static void arguments(void)
{
	siginfo_t si;
	SECTION("arguments");
	CALL(wait4, -1, &st, 0, NULL);
	CALL(wait4, 0, &st, 0, NULL);
	CALL(wait4, INT_MIN, &st, 0, NULL);
	CALL(wait4, 1, &st, 0, NULL);
	pid_t k = dead(1);
	CALL(wait4, k, &st, 0x80, NULL);
	CALL(wait4, k, &st, WEXITED, NULL);
	CALL(waitid, P_ALL, 0, &si, 0, NULL);
	CALL(waitid, P_ALL, 0, &si, WNOHANG, NULL);
	CALL(waitid, P_ALL, 0, &si, WEXITED | 0x80, NULL);
	CALL(waitid, 4, 0, &si, WEXITED, NULL);
	CALL(waitid, -1, 0, &si, WEXITED, NULL);
	CALL(waitid, P_PID, 0, &si, WEXITED, NULL);
	CALL(waitid, P_PID, -1, &si, WEXITED, NULL);
	CALL(waitid, P_PGID, -1, &si, WEXITED, NULL);
	CALL(waitid, P_PID, 999999, &si, WEXITED, NULL);
	CALL(waitid, P_PGID, 999999, &si, WEXITED, NULL);
	CALL(wait4, -999999, &st, 0, NULL);
	CALL(wait4, -getpgrp() - 100000, &st, 0, NULL);
	SHOW(syscall(SYS_wait4, k, 8L, 0L, NULL) == k ? 1 : -1);
	CALL(wait4, k, &st, 0, NULL);
	k = dead(1);
	SHOW(syscall(SYS_wait4, k, &st, 0L, 8L) == k ? 1 : -1);
	CALL(wait4, k, &st, 0, NULL);
	k = dead(1);
	CALL(waitid, P_PID, k, 8, WEXITED, NULL);
	CALL(waitid, P_PID, k, &si, WEXITED, NULL);
	k = dead(7);
	CALL(waitid, P_PID, k, NULL, WEXITED, NULL);
	CALL(wait4, k, NULL, 0, NULL);
	k = dead(7);
	SHOW_INT(syscall(SYS_wait4, 0L, &st, 0L, NULL) == k);
	k = dead(8);
	SHOW_INT(syscall(SYS_wait4, (long)-getpgrp(), &st, 0L, NULL) == k);
	k = dead(8);
	CALL(waitid, P_PGID, 0, &si, WEXITED | WNOWAIT, NULL);
	show_info("own group", &si, k);
	SHOW_INT(wait(NULL) == k);
	k = dead(9);
	CALL(wait4, k, &st, __WCLONE | WNOHANG, NULL);
	SHOW_INT(syscall(SYS_wait4, k, &st, (long)(__WALL | WNOHANG), NULL) == k);
	memset(&si, 77, sizeof si);
	k = child(0);
	CALL(waitid, P_PID, k, &si, WEXITED | WNOHANG, NULL);
	show_info("nothing yet", &si, k);
	CALL(wait4, k, &st, WNOHANG, NULL);
	CALL(wait4, k, &st, WNOHANG | WUNTRACED | WCONTINUED, NULL);
	tell();
	waitpid(k, &st, 0);
}
static void ends(void)
{
	siginfo_t si;
	struct rlimit none = { 0, 0 };
	setrlimit(RLIMIT_CORE, &none);
	SECTION("ends");
	static const int codes[] = { 0, 1, 127, 128, 255, 256, 257, -1 };
	for (unsigned i = 0; i < sizeof codes / sizeof *codes; i++) {
		pid_t k = dead(codes[i]);
		CALL(waitid, P_PID, k, &si, WEXITED | WNOWAIT, NULL);
		show_info("exit", &si, k);
		waitpid(k, &st, 0);
		SHOW_HEX(st);
	}
	static const int sigs[] = { SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGKILL, SIGSEGV, SIGTERM, SIGALRM, 34, 64 };
	for (unsigned i = 0; i < sizeof sigs / sizeof *sigs; i++) {
		pid_t k = child(0);
		kill(k, sigs[i]);
		CALL(waitid, P_PID, k, &si, WEXITED | WNOWAIT, NULL);
		show_info("killed", &si, k);
		waitpid(k, &st, 0);
		SHOW_HEX(st);
	}
}
static void stops(void)
{
	siginfo_t si;
	SECTION("stops");
	pid_t k = child(5);
	static const int sigs[] = { SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU };
	setpgid(k, k); /* not orphaned: we are in the session */
	for (int i = 0; i < 4; i++) {
		kill(k, sigs[i]);
		CALL(waitid, P_PID, k, &si, WSTOPPED | WNOWAIT, NULL);
		show_info("stopped", &si, k);
		CALL(waitid, P_PID, k, &si, WSTOPPED | WNOWAIT, NULL);
		CALL(wait4, k, &st, WNOHANG, NULL);
		SHOW_INT(waitpid(k, &st, WUNTRACED) == k);
		SHOW_HEX(st);
		CALL(wait4, k, &st, WUNTRACED | WNOHANG, NULL);
		CALL(wait4, k, &st, WCONTINUED | WNOHANG, NULL);
		kill(k, sigs[i]); /* stopped already */
		CALL(wait4, k, &st, WUNTRACED | WNOHANG, NULL);
		kill(k, SIGCONT);
		CALL(waitid, P_PID, k, &si, WCONTINUED | WNOWAIT, NULL);
		show_info("continued", &si, k);
		SHOW_INT(waitpid(k, &st, WCONTINUED) == k);
		SHOW_HEX(st);
		CALL(wait4, k, &st, WCONTINUED | WNOHANG, NULL);
	}
	kill(k, SIGCONT); /* runs already */
	CALL(wait4, k, &st, WCONTINUED | WNOHANG, NULL);
	kill(k, SIGSTOP);
	waitpid(k, &st, WUNTRACED);
	kill(k, SIGTERM); /* waits until it continues */
	sleep_ms(20);
	CALL(wait4, k, &st, WNOHANG, NULL);
	kill(k, SIGCONT);
	SHOW_INT(waitpid(k, &st, 0) == k);
	SHOW_HEX(st);
	k = child(5);
	kill(k, SIGSTOP);
	waitpid(k, &st, WUNTRACED);
	kill(k, SIGKILL);
	SHOW_INT(waitpid(k, &st, 0) == k);
	SHOW_HEX(st);
	SECTION("orphaned groups do not stop");
	IN_CHILD("terminal stops", setsid(); IN_CHILD("in an orphaned group", raise(SIGTSTP); raise(SIGTTIN); raise(SIGTTOU); printf("goes on\n"));
		 pid_t c = fork(); if (!c) { raise(SIGSTOP); _exit(6); } waitpid(c, &st, WUNTRACED); SHOW_HEX(st); kill(c, SIGCONT);
		 waitpid(c, &st, 0); SHOW_HEX(st));
	SECTION("a stopped group that becomes orphaned");
	int p[2];
	char c;
	pipe(p);
	fflush(stdout);
	pid_t leader = fork();
	if (leader) { /* in a session of their own, where nobody but the middle one looks after the leaf */
		waitpid(leader, &st, 0);
		SHOW_HEX(st);
		return;
	}
	setsid();
	pid_t middle = fork();
	if (!middle) {
		pid_t leaf = fork();
		if (!leaf) {
			setpgid(0, 0);
			signal(SIGHUP, (void (*)(int))sleep_ms);
			struct sigaction sa = { .sa_handler = SIG_DFL };
			sigaction(SIGHUP, NULL, &sa);
			sigset_t m;
			sigemptyset(&m);
			sigaddset(&m, SIGHUP);
			sigaddset(&m, SIGCONT);
			sigprocmask(SIG_BLOCK, &m, NULL);
			signal(SIGCONT, (void (*)(int))sleep_ms);
			raise(SIGSTOP);
			struct timespec t = { 60, 0 };
			int a = sigtimedwait(&m, NULL, &t), b = sigtimedwait(&m, NULL, &t);
			printf("after the orphaning: %d %d\n", a, b);
			fflush(stdout);
			write(p[1], "x", 1);
			_exit(0);
		}
		setpgid(leaf, leaf);
		waitpid(leaf, &st, WUNTRACED);
		SHOW_HEX(st);
		_exit(0);
	}
	waitpid(middle, &st, 0);
	read(p[0], &c, 1);
	_exit(0);
}
static volatile int chld, code, status;
static void on(int s, siginfo_t *i, void *u)
{
	(void)s;
	(void)u;
	chld++;
	code = i->si_code;
	status = i->si_status;
}
static void signals(void)
{
	SECTION("SIGCHLD");
	struct sigaction a = { .sa_sigaction = on, .sa_flags = SA_SIGINFO | SA_RESTART };
	sigaction(SIGCHLD, &a, NULL);
	pid_t k = child(3);
	kill(k, SIGSTOP);
	waitpid(k, &st, WUNTRACED);
	while (chld < 1) /* the stop can be waited for before the signal has been sent */
		sched_yield();
	SHOW_INT(chld);
	SHOW_INT(code);
	SHOW_INT(status);
	kill(k, SIGCONT);
	waitpid(k, &st, WCONTINUED);
	while (chld < 2) /* the child itself says so, when it runs again */
		sched_yield();
	SHOW_INT(chld);
	SHOW_INT(code);
	SHOW_INT(status);
	tell();
	waitpid(k, &st, 0);
	SHOW_INT(chld);
	SHOW_INT(code);
	SHOW_INT(status);
	a.sa_flags |= SA_NOCLDSTOP;
	sigaction(SIGCHLD, &a, NULL);
	chld = 0;
	k = child(3);
	kill(k, SIGSTOP);
	waitpid(k, &st, WUNTRACED);
	kill(k, SIGCONT);
	waitpid(k, &st, WCONTINUED);
	SHOW_INT(chld);
	kill(k, SIGKILL);
	waitpid(k, &st, 0);
	SHOW_INT(chld);
	SHOW_INT(code);
	SHOW_INT(status);
	a.sa_flags |= SA_NOCLDWAIT;
	sigaction(SIGCHLD, &a, NULL);
	chld = 0;
	k = child(3);
	tell();
	SHOW(waitpid(k, &st, 0));
	SHOW_INT(chld);
	signal(SIGCHLD, SIG_IGN);
	k = child(3);
	tell();
	SHOW(waitpid(-1, &st, 0));
	signal(SIGCHLD, SIG_DFL);
	/* children that died before the parent began to ignore: still to be waited for */
	k = dead(4);
	signal(SIGCHLD, SIG_IGN);
	SHOW_INT(waitpid(k, &st, 0) == k);
	signal(SIGCHLD, SIG_DFL);
	SECTION("interrupted waits");
	struct sigaction h = { .sa_sigaction = on, .sa_flags = SA_SIGINFO };
	sigaction(SIGALRM, &h, NULL);
	k = child(3);
	siginfo_t si;
	ring(20);
	SHOW(waitpid(k, &st, 0));
	SHOW(waitid(P_PID, k, &si, WEXITED));
	ring(0);
	tell();
	waitpid(k, &st, 0);
	SECTION("usage");
	struct rusage u;
	memset(&u, 77, sizeof u);
	k = dead(0);
	CALL(waitid, P_PID, k, &si, WEXITED, &u);
	SHOW_INT(u.ru_utime.tv_sec + u.ru_stime.tv_sec);
	SHOW_INT(u.ru_nswap + u.ru_msgsnd + u.ru_nsignals);
}
static void vforks(void)
{
	static volatile int seen;
	SECTION("vfork");
	pid_t k = vfork();
	if (!k) {
		seen = 5;
		_exit(6);
	}
	SHOW_INT(seen);
	SHOW_INT(waitpid(k, &st, 0) == k);
	SHOW_HEX(st);
	k = vfork();
	if (!k) {
		execl("/bin/true", "true", NULL);
		_exit(9);
	}
	waitpid(k, &st, 0);
	SHOW_HEX(st);
	k = vfork();
	if (!k) {
		execl("/none", "none", NULL);
		_exit(errno == ENOENT ? 2 : 3);
	}
	waitpid(k, &st, 0);
	SHOW_HEX(st);
	k = vfork();
	if (!k) {
		kill(getpid(), SIGKILL);
		for (;;)
			;
	}
	waitpid(k, &st, 0);
	SHOW_HEX(st);
	int fd = open("/dev/null", O_RDONLY);
	k = vfork();
	if (!k) {
		close(fd); /* its own table */
		chdir("/");
		umask(0111);
		_exit(0);
	}
	waitpid(k, &st, 0);
	SHOW(fcntl(fd, F_GETFD));
	SHOW(umask(022));
	char b[64];
	puts(getcwd(b, sizeof b));
	SECTION("parents");
	fflush(stdout);
	k = fork();
	if (!k) {
		int q[2];
		char c;
		pipe(q);
		pid_t me = getpid(), g = fork();
		if (!g) {
			sigset_t m;
			siginfo_t i;
			prctl(PR_SET_PDEATHSIG, SIGUSR1);
			sigemptyset(&m);
			sigaddset(&m, SIGUSR1);
			sigprocmask(SIG_BLOCK, &m, NULL);
			write(q[1], "r", 1);
			sigwaitinfo(&m, &i);
			printf("parent died: %d code %d from it %d\n", i.si_signo, i.si_code, i.si_pid == me);
			SHOW_INT(getppid() != me);
			tell();
			_exit(0);
		}
		read(q[0], &c, 1);
		_exit(3);
	}
	char c;
	read(go[0], &c, 1);
	waitpid(k, &st, 0);
	SHOW_HEX(st);
}
int main(void)
{
	pipe(go);
	arguments();
	ends();
	stops();
	signals();
	vforks();
	return 0;
}
