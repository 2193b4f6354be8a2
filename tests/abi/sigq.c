/* SPDX-License-Identifier: MIT
 * tests/abi/sigq.c - queued signals: sigqueue, rt_tgsigqueueinfo, sigtimedwait, priorities, what becomes of them by
 * ignoring, masks, stops, fork and exec; who may send */
#include "abi.h"

static volatile int count, last, code, value;
static void on(int s, siginfo_t *i, void *u)
{
	(void)u;
	count++;
	last = s;
	code = i->si_code;
	value = i->si_value.sival_int;
}
static void handle(int s, int flags)
{
	struct sigaction a = { .sa_sigaction = on, .sa_flags = SA_SIGINFO | flags };
	sigaction(s, &a, NULL);
}
static void block(int how, int a, int b, int c)
{
	sigset_t m;
	sigemptyset(&m);
	sigaddset(&m, a);
	if (b)
		sigaddset(&m, b);
	if (c)
		sigaddset(&m, c);
	sigprocmask(how, &m, NULL);
}
static void show_pending(const char *what)
{
	sigset_t m;
	sigpending(&m);
	printf("%s:", what);
	for (int s = 1; s <= 64; s++)
		if (sigismember(&m, s) == 1)
			printf(" %d", s);
	printf("\n");
	fflush(stdout);
}
static void queueinfo(void)
{
	unsigned long raw[16] = { 0 };
	siginfo_t *si = (siginfo_t *)raw;
	SECTION("rt_sigqueueinfo");
	handle(SIGRTMIN, 0);
	handle(SIGUSR1, 0);
	si->si_code = SI_QUEUE;
	si->si_value.sival_int = 42;
	CALL(rt_sigqueueinfo, getpid(), SIGRTMIN, si);
	SHOW_INT(code);
	SHOW_INT(value);
	si->si_signo = 5;
	CALL(rt_sigqueueinfo, getpid(), SIGUSR1, si);
	SHOW_INT(last);
	for (int c = -70; c <= 3; c += 1) {
		if (c > -50 && c < -7)
			continue;
		si->si_code = c;
		count = 0;
		code = 0;
		errno = 0;
		long own = syscall(SYS_rt_sigqueueinfo, getpid(), SIGRTMIN, si);
		fflush(stdout);
		pid_t k = fork();
		if (!k)
			_exit(syscall(SYS_rt_sigqueueinfo, getppid(), 0, si) ? errno : 0);
		int st;
		waitpid(k, &st, 0);
		printf("code %d: own %ld received %d, to another %s\n", c, own, code, st ? strerror(WEXITSTATUS(st)) : "ok");
	}
	si->si_code = SI_QUEUE;
	CALL(rt_sigqueueinfo, getpid(), 0, si);
	CALL(rt_sigqueueinfo, getpid(), 65, si);
	CALL(rt_sigqueueinfo, getpid(), -1, si);
	CALL(rt_sigqueueinfo, 999999, SIGUSR1, si);
	CALL(rt_sigqueueinfo, -1, SIGUSR1, si);
	CALL(rt_sigqueueinfo, 0, SIGUSR1, si);
	CALL(rt_sigqueueinfo, getpid(), SIGUSR1, 8);
	CALL(rt_tgsigqueueinfo, getpid(), getpid(), SIGRTMIN, si);
	SHOW_INT(value);
	CALL(rt_tgsigqueueinfo, getpid(), 999999, SIGRTMIN, si);
	CALL(rt_tgsigqueueinfo, getppid(), getpid(), SIGRTMIN, si);
	CALL(rt_tgsigqueueinfo, 0, getpid(), SIGRTMIN, si);
	CALL(rt_tgsigqueueinfo, getpid(), -1, SIGRTMIN, si);
	CALL(rt_tgsigqueueinfo, getpid(), getpid(), 99, si);
}
static void waiting(void)
{
	sigset_t m;
	siginfo_t si;
	struct timespec t = { 0, 0 }, bad = { 0, 1000000000 }, neg = { -1, 0 };
	SECTION("sigtimedwait");
	sigemptyset(&m);
	sigaddset(&m, SIGUSR1);
	sigaddset(&m, SIGUSR2);
	sigaddset(&m, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &m, NULL);
	CALL(rt_sigtimedwait, &m, &si, &t, 8);
	kill(getpid(), SIGUSR2);
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR1);
	sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = 1 });
	sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = 2 });
	show_pending("pending");
	for (int i = 0; i < 5; i++) {
		memset(&si, 0, sizeof si);
		CALL(rt_sigtimedwait, &m, &si, &t, 8);
		printf("signo %d code %d value %d from me %d uid %d\n", si.si_signo, si.si_code, si.si_value.sival_int,
		       si.si_pid == getpid(), si.si_uid);
	}
	raise(SIGUSR1);
	CALL(rt_sigtimedwait, &m, NULL, &t, 8);
	CALL(rt_sigtimedwait, &m, NULL, &bad, 8);
	CALL(rt_sigtimedwait, &m, NULL, &neg, 8);
	CALL(rt_sigtimedwait, &m, NULL, &t, 4);
	CALL(rt_sigtimedwait, &m, NULL, 8, 8);
	CALL(rt_sigtimedwait, 8, NULL, &t, 8);
	raise(SIGUSR1);
	CALL(rt_sigtimedwait, &m, 8, &t, 8);
	show_pending("after a bad address");
	t.tv_nsec = 20000000;
	CALL(rt_sigtimedwait, &m, &si, &t, 8);
	handle(SIGALRM, SA_RESTART);
	count = 0;
	ring(20);
	CALL(rt_sigtimedwait, &m, &si, NULL, 8);
	ring(0);
	SHOW_INT(count > 0);
	/* waiting for a signal that is not blocked and has a handler */
	block(SIG_UNBLOCK, SIGUSR1, 0, 0);
	fflush(stdout);
	pid_t parent = getpid(), k = fork();
	if (!k) {
		until_asleep(parent);
		kill(parent, SIGUSR1);
		_exit(3);
	}
	count = 0;
	sigset_t u;
	sigemptyset(&u);
	sigaddset(&u, SIGUSR1);
	CALL(rt_sigtimedwait, &u, &si, NULL, 8);
	SHOW_INT(count);
	SHOW_INT(si.si_pid == k);
	waitpid(k, NULL, 0);
	sigemptyset(&u);
	sigaddset(&u, SIGKILL);
	sigaddset(&u, SIGSTOP);
	CALL(rt_sigtimedwait, &u, &si, &t, 8);
	block(SIG_UNBLOCK, SIGUSR2, SIGRTMIN + 1, 0);
}
static void pending(void)
{
	sigset_t m;
	SECTION("pending");
	CALL(rt_sigpending, &m, 8);
	CALL(rt_sigpending, &m, 4);
	CALL(rt_sigpending, &m, 16);
	CALL(rt_sigpending, 8, 8);
	CALL(rt_sigprocmask, SIG_BLOCK, NULL, NULL, 8);
	CALL(rt_sigprocmask, SIG_BLOCK, NULL, NULL, 4);
	CALL(rt_sigprocmask, 99, NULL, &m, 8);
	CALL(rt_sigprocmask, 99, &m, NULL, 8);
	CALL(rt_sigprocmask, SIG_BLOCK, 8, NULL, 8);
	CALL(rt_sigprocmask, SIG_BLOCK, NULL, 8, 8);
	CALL(rt_sigsuspend, &m, 4);
	CALL(rt_sigsuspend, 8, 8);
	CALL(rt_sigaction, SIGUSR1, NULL, NULL, 8);
	CALL(rt_sigaction, SIGUSR1, NULL, NULL, 4);
	CALL(rt_sigaction, 0, NULL, NULL, 8);
	CALL(rt_sigaction, 65, NULL, NULL, 8);
	CALL(rt_sigaction, SIGUSR1, 8, NULL, 8);
	CALL(rt_sigaction, SIGUSR1, NULL, 8, 8);
	SECTION("ignored signals");
	block(SIG_BLOCK, SIGUSR1, SIGCHLD, SIGURG);
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGCHLD);
	kill(getpid(), SIGURG);
	show_pending("blocked");
	signal(SIGUSR1, SIG_IGN);
	show_pending("then ignored");
	signal(SIGCHLD, SIG_DFL);
	show_pending("then default, which ignores");
	kill(getpid(), SIGUSR1);
	show_pending("ignored and blocked");
	handle(SIGUSR1, 0);
	show_pending("handled again");
	count = 0;
	block(SIG_UNBLOCK, SIGUSR1, SIGCHLD, SIGURG);
	SHOW_INT(count);
	SECTION("stop and continue");
	block(SIG_BLOCK, SIGCONT, SIGTSTP, SIGTTIN);
	kill(getpid(), SIGTSTP);
	kill(getpid(), SIGTTIN);
	show_pending("stops");
	kill(getpid(), SIGCONT);
	show_pending("continue");
	kill(getpid(), SIGTSTP);
	show_pending("stop");
	kill(getpid(), SIGCONT);
	block(SIG_UNBLOCK, SIGCONT, SIGTSTP, SIGTTIN);
	SECTION("fork and exec");
	block(SIG_BLOCK, SIGUSR2, SIGRTMIN + 2, 0);
	kill(getpid(), SIGUSR2);
	sigqueue(getpid(), SIGRTMIN + 2, (union sigval){ .sival_int = 1 });
	IN_CHILD("child", show_pending("in the child"));
	show_pending("in the parent");
	IN_CHILD("exec keeps", kill(getpid(), SIGUSR2); execl("/bin/grep", "grep", "-E", "^(SigPnd|ShdPnd|SigBlk|SigIgn|SigCgt)", "/proc/self/status", NULL));
	handle(SIGUSR2, 0);
	handle(SIGRTMIN + 2, 0);
	block(SIG_UNBLOCK, SIGUSR2, SIGRTMIN + 2, 0);
}
static int order[12], n;
static void note(int s) { order[n++] = s; }
static void nested(int s)
{
	order[n++] = s;
	raise(SIGRTMIN + 5);
	order[n++] = -s;
}
static void orders(void)
{
	sigset_t all, old;
	SECTION("orders");
	int s[] = { SIGRTMIN + 3, SIGTERM, SIGRTMIN, SIGHUP, SIGUSR2, SIGRTMIN + 4 };
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	for (int i = 0; i < 6; i++) {
		struct sigaction a = { .sa_handler = note };
		sigfillset(&a.sa_mask);
		sigaction(s[i], &a, NULL);
		kill(getpid(), s[i]);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	for (int i = 0; i < n; i++)
		printf("%d ", order[i]);
	printf("\n");
	n = 0;
	struct sigaction a = { .sa_handler = nested, .sa_flags = SA_NODEFER };
	sigaction(SIGUSR1, &a, NULL);
	a.sa_handler = note;
	sigaction(SIGRTMIN + 5, &a, NULL);
	raise(SIGUSR1);
	for (int i = 0; i < n; i++)
		printf("%d ", order[i]);
	printf("\n");
	n = 0;
	a = (struct sigaction){ .sa_handler = nested };
	sigaddset(&a.sa_mask, SIGRTMIN + 5);
	sigaction(SIGUSR1, &a, NULL);
	raise(SIGUSR1);
	for (int i = 0; i < n; i++)
		printf("%d ", order[i]);
	printf("\n");
	/* synchronous signals come before others */
	n = 0;
	for (int i = 0; i < 6; i++)
		signal(s[i], SIG_DFL);
}
static void sending(void)
{
	SECTION("who may send");
	int p[2], q[2];
	char c;
	pipe(p);
	pipe(q);
	fflush(stdout);
	pid_t k = fork();
	if (!k) {
		close(q[1]);
		setpgid(0, 0);
		signal(SIGUSR1, SIG_IGN);
		syscall(SYS_setresuid, 1000, 1001, 1002);
		write(p[1], "r", 1);
		read(q[0], &c, 1);
		_exit(0);
	}
	read(p[0], &c, 1);
	static const int uids[] = { 0, 999, 1000, 1001, 1002 };
	for (int i = 0; i < 5; i++)
		for (int j = 0; j < 5; j++) {
			pid_t s = fork();
			if (!s) {
				syscall(SYS_setresuid, uids[i], uids[j], 7);
				errno = 0;
				int r = kill(k, SIGUSR1);
				printf("real %d effective %d: %d %s\n", uids[i], uids[j], r, strerror(errno));
				fflush(stdout);
				_exit(0);
			}
			waitpid(s, NULL, 0);
		}
	IN_CHILD("continue in the session", become(999); CALL(kill, k, SIGCONT); CALL(kill, -k, SIGCONT); CALL(kill, k, 0));
	IN_CHILD("another session", setsid(); become(999); CALL(kill, k, SIGCONT));
	CALL(kill, -k, SIGUSR1);
	CALL(kill, -999999, 0);
	CALL(kill, 0, 0);
	CALL(kill, INT_MIN, 0);
	CALL(kill, k, 65);
	CALL(kill, k, -1);
	CALL(tkill, k, SIGUSR1);
	CALL(tkill, 0, SIGUSR1);
	CALL(tkill, -1, SIGUSR1);
	CALL(tgkill, k, k, 0);
	CALL(tgkill, getpid(), k, 0);
	CALL(tgkill, 0, k, 0);
	CALL(tgkill, k, 0, 0);
	IN_CHILD("user", become(5); CALL(tkill, k, SIGUSR1); CALL(tgkill, k, k, 0); CALL(kill, -k, SIGUSR1); CALL(tkill, getppid(), 0));
	close(q[1]);
	int st;
	waitpid(k, &st, 0);
	show_status("receiver", st);
	pid_t z = fork();
	if (!z)
		_exit(0);
	siginfo_t si;
	waitid(P_PID, z, &si, WEXITED | WNOWAIT);
	CALL(kill, z, SIGKILL);
	CALL(kill, z, 0);
	CALL(tkill, z, 0);
	waitpid(z, &st, 0);
	show_status("zombie", st);
	CALL(kill, z, 0);
}
int main(void)
{
	queueinfo();
	waiting();
	pending();
	orders();
	sending();
	return 0;
}
