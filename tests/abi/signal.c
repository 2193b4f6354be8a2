/* SPDX-License-Identifier: MIT
 * tests/abi/signal.c - sigaction, masks, pending, altstack, siginfo, restart, queue order */
#include "abi.h"

static volatile int count, last, depth, maxdepth;
static siginfo_t info;
static int told[2]; /* a pipe, while somebody wants to know that the handler has run */
static void h(int s)
{
	count++;
	last = s;
	if (told[1])
		write(told[1], "h", 1);
}
static void hi(int s, siginfo_t *i, void *u) { (void)u; count++; last = s; info = *i; }
static void nest(int s)
{
	if (++depth > maxdepth)
		maxdepth = depth;
	static int calls;
	if (depth < 3 && calls++ < 6)
		raise(s);
	depth--;
}
static char *where;
static void stk(int s) { char x; (void)s; where = &x; }
static int order[20], norder;
static void rt(int s, siginfo_t *i, void *u) { (void)u; order[norder++] = s * 1000 + i->si_value.sival_int; }
static void set(int s, void (*f)(int), int flags)
{
	struct sigaction a = { .sa_handler = f, .sa_flags = flags };
	sigaction(s, &a, NULL);
}
/* A child signals us when we sleep in the call that comes next. */
static void child_usr1_later(void)
{
	pid_t p = getpid();
	fflush(stdout);
	if (!fork()) {
		until_asleep(p);
		kill(p, SIGUSR1);
		_exit(0);
	}
}
/* What alarm(0) gives back, rounded by the kernel: taken again when the machine stood still between the calls. */
static int alarm_left(int seconds)
{
	for (;;) {
		long from = clock_ns(CLOCK_MONOTONIC);
		alarm(seconds);
		int left = alarm(0);
		if (clock_ns(CLOCK_MONOTONIC) - from < 400000000)
			return left;
	}
}
int main(void)
{
	struct sigaction a, old;
	sigset_t m, o;
	SECTION("actions");
	SHOW(sigaction(SIGKILL, &(struct sigaction){ .sa_handler = h }, NULL));
	SHOW(sigaction(99, NULL, &old));
	SHOW(sigaction(SIGKILL, NULL, &old));
	set(SIGUSR1, h, 0);
	raise(SIGUSR1);
	SHOW_INT(count);
	set(SIGUSR1, h, SA_RESETHAND);
	raise(SIGUSR1);
	sigaction(SIGUSR1, NULL, &old);
	SHOW_INT(old.sa_handler == SIG_DFL);
	set(SIGUSR1, nest, 0);
	raise(SIGUSR1);
	SHOW_INT(maxdepth);
	set(SIGUSR1, nest, SA_NODEFER);
	raise(SIGUSR1);
	SHOW_INT(maxdepth);
	SECTION("masks and pending");
	set(SIGUSR1, h, 0);
	count = 0;
	sigemptyset(&m);
	sigaddset(&m, SIGUSR1);
	SHOW(sigprocmask(SIG_BLOCK, &m, &o));
	raise(SIGUSR1);
	raise(SIGUSR1);
	SHOW_INT(count);
	sigpending(&m);
	SHOW_INT(sigismember(&m, SIGUSR1));
	SHOW(sigprocmask(SIG_SETMASK, &o, NULL));
	SHOW_INT(count);
	SHOW(sigprocmask(77, &o, NULL));
	sigfillset(&m);
	sigprocmask(SIG_SETMASK, &m, NULL);
	sigprocmask(SIG_SETMASK, NULL, &m);
	SHOW_INT(sigismember(&m, SIGKILL) + sigismember(&m, SIGSTOP));
	sigprocmask(SIG_SETMASK, &o, NULL);
	SECTION("siginfo");
	a = (struct sigaction){ .sa_sigaction = hi, .sa_flags = SA_SIGINFO };
	sigaction(SIGUSR1, &a, NULL);
	sigaction(SIGSEGV, &a, NULL);
	sigaction(SIGCHLD, &a, NULL);
	kill(getpid(), SIGUSR1);
	SHOW_INT(info.si_code);
	SHOW_INT(info.si_pid == getpid());
	raise(SIGUSR1);
	SHOW_INT(info.si_code);
	sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 55 });
	SHOW_INT(info.si_code);
	SHOW_INT(info.si_value.sival_int);
	fflush(stdout);
	pid_t c = fork();
	if (!c)
		_exit(6);
	waitpid(c, NULL, 0);
	SHOW_INT(info.si_signo);
	SHOW_INT(info.si_code);
	SHOW_INT(info.si_status);
	SHOW_INT(info.si_pid == c);
	signal(SIGCHLD, SIG_DFL);
	SECTION("alternate stack");
	static char alt[20000];
	stack_t ss = { .ss_sp = alt, .ss_size = sizeof alt }, os;
	SHOW(sigaltstack(&ss, &os));
	SHOW_INT(os.ss_flags);
	set(SIGUSR2, stk, SA_ONSTACK);
	raise(SIGUSR2);
	SHOW_INT(where > alt && where < alt + sizeof alt);
	set(SIGUSR2, stk, 0);
	raise(SIGUSR2);
	SHOW_INT(where > alt && where < alt + sizeof alt);
	ss.ss_size = 100;
	SHOW(sigaltstack(&ss, NULL));
	ss.ss_flags = 77;
	SHOW(sigaltstack(&ss, NULL));
	ss.ss_flags = SS_DISABLE;
	SHOW(sigaltstack(&ss, NULL));
	SECTION("restart");
	int p[2];
	char b;
	pipe(p);
	set(SIGUSR1, h, 0);
	child_usr1_later();
	SHOW(read(p[0], &b, 1));
	wait(NULL);
	set(SIGUSR1, h, SA_RESTART);
	pipe(told);
	child_usr1_later();
	if (!fork()) {
		read(told[0], &b, 1); /* the handler has run, so what it sleeps in now is the call restarted */
		until_asleep(getppid());
		write(p[1], "x", 1);
		_exit(0);
	}
	SHOW(read(p[0], &b, 1));
	while (wait(NULL) > 0)
		;
	close(told[0]);
	close(told[1]);
	told[1] = 0;
	child_usr1_later();
	struct timespec t = { 100, 0 }, rem = { 0, 0 };
	SHOW(nanosleep(&t, &rem));
	SHOW_INT(rem.tv_sec > 30 && rem.tv_sec <= 100);
	wait(NULL);
	child_usr1_later();
	struct pollfd pf = { p[0], POLLIN, 0 };
	SHOW(poll(&pf, 1, 60000));
	wait(NULL);
	child_usr1_later();
	SHOW(pause());
	wait(NULL);
	SECTION("suspend and wait");
	sigemptyset(&m);
	sigaddset(&m, SIGUSR1);
	sigprocmask(SIG_BLOCK, &m, &o);
	count = 0;
	raise(SIGUSR1);
	SHOW(sigsuspend(&o));
	SHOW_INT(count);
	sigprocmask(SIG_BLOCK, NULL, &m);
	SHOW_INT(sigismember(&m, SIGUSR1));
	raise(SIGUSR1);
	siginfo_t si;
	sigemptyset(&m);
	sigaddset(&m, SIGUSR1);
	SHOW(sigwaitinfo(&m, &si));
	t = (struct timespec){ 0, 1000000 };
	SHOW(sigtimedwait(&m, &si, &t));
	SHOW_INT(count);
	sigprocmask(SIG_SETMASK, &o, NULL);
	SECTION("real-time order");
	a = (struct sigaction){ .sa_sigaction = rt, .sa_flags = SA_SIGINFO };
	sigfillset(&a.sa_mask);
	for (int s = 40; s < 44; s++)
		sigaction(s, &a, NULL);
	sigfillset(&m);
	sigprocmask(SIG_BLOCK, &m, &o);
	for (int i = 0; i < 3; i++)
		for (int s = 43; s >= 40; s--)
			sigqueue(getpid(), s, (union sigval){ .sival_int = i });
	sigprocmask(SIG_SETMASK, &o, NULL);
	for (int i = 0; i < norder; i++)
		printf("%d ", order[i]);
	printf("\n");
	SECTION("kill");
	SHOW(kill(getpid(), 0));
	SHOW(kill(999999, 0));
	SHOW(kill(getpid(), 99));
	SHOW(kill(getpid(), -1));
	SHOW(syscall(SYS_tgkill, getpid(), 999999, 0));
	SHOW(syscall(SYS_tgkill, -1, 1, 0));
	SHOW(syscall(SYS_tkill, getpid(), 0));
	IN_CHILD("user", setuid(1000); SHOW(kill(1, SIGTERM)); SHOW(kill(getppid(), 0)));
	for (int s = 1; s < 32; s++) {
		if (s == SIGSTOP || s == SIGTSTP || s == SIGTTIN || s == SIGTTOU)
			continue;
		char l[20];
		sprintf(l, "default %d", s);
		IN_CHILD(l, struct rlimit z = { 0, 0 }; setrlimit(RLIMIT_CORE, &z); signal(s, SIG_DFL); raise(s));
	}
	SECTION("faults");
	signal(SIGSEGV, SIG_DFL);
	IN_CHILD("null", *(volatile int *)0 = 1);
	IN_CHILD("kernel", *(volatile char *)0xffffffff80000000UL = 1);
	IN_CHILD("non-canonical", *(volatile char *)0x8000000000000000UL = 1);
	IN_CHILD("ud2", __asm__ volatile("ud2"));
	IN_CHILD("int3", __asm__ volatile("int3"));
	IN_CHILD("hlt", __asm__ volatile("hlt"));
	IN_CHILD("divide", volatile int z = 0; z = 1 / z);
	IN_CHILD("int 0x21", __asm__ volatile("int $0x21"));
	IN_CHILD("in", __asm__ volatile("inb $0x60, %%al" ::: "eax"));
	IN_CHILD("jump", ((void (*)(void))8)());
	a = (struct sigaction){ .sa_sigaction = hi, .sa_flags = SA_SIGINFO | SA_RESETHAND };
	IN_CHILD("handler then default", sigaction(SIGSEGV, &a, NULL); *(volatile int *)16 = 1);
	IN_CHILD("blocked fault", sigfillset(&m); sigprocmask(SIG_BLOCK, &m, NULL); *(volatile int *)16 = 1);
	IN_CHILD("ignored fault", signal(SIGSEGV, SIG_IGN); *(volatile int *)16 = 1);
	IN_CHILD("bad stack", set(SIGUSR1, h, 0); __asm__ volatile("mov $8, %%rsp; mov $39, %%eax; syscall; mov %%eax, %%edi; mov $10, %%esi; mov $62, %%eax; syscall" ::: "memory"));
	SECTION("alarm and timers");
	count = 0;
	set(SIGALRM, h, 0);
	struct itimerval it = { { 0, 10000 }, { 0, 10000 } }, oit;
	SHOW(setitimer(ITIMER_REAL, &it, NULL));
	while (count < 3)
		pause();
	it = (struct itimerval){ 0 };
	SHOW(setitimer(ITIMER_REAL, &it, &oit));
	SHOW_INT(oit.it_interval.tv_usec);
	SHOW(alarm(100));
	SHOW(alarm_left(100));
	SHOW(setitimer(99, &it, NULL));
	it.it_value.tv_usec = 2000000;
	SHOW(setitimer(ITIMER_REAL, &it, NULL));
	count = 0;
	set(SIGVTALRM, h, 0);
	it = (struct itimerval){ { 0, 0 }, { 0, 20000 } };
	SHOW(setitimer(ITIMER_VIRTUAL, &it, NULL));
	while (!count)
		;
	SHOW_INT(last);
	return 0;
}
