/* SPDX-License-Identifier: MIT
 * tests/abi/thread.c - threads by raw clone: what they share, ids, signals to one and to all, exit, exec, /proc, errors */
#include "abi.h"

#include <sys/prctl.h>
enum { STACK = 32768 };
#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

static volatile int stage, ready, tids[8], seen[8];
static volatile int cleared;
static char stacks[8][STACK] __attribute__((aligned(16)));

/* No libc call that needs thread-local storage of its own is made in the threads: they share the main one's. */
static int start(int slot, int (*fn)(void *), int flags)
{
	return clone(fn, stacks[slot] + STACK, flags, (void *)(long)slot);
}
static int me(void) { return syscall(SYS_gettid); }
static void until(volatile int *what, int value)
{
	while (*what < value)
		sched_yield();
}
static int simple(void *arg)
{
	long slot = (long)arg;
	tids[slot] = me();
	seen[slot] = getpid();
	__sync_fetch_and_add(&ready, 1);
	until(&stage, 1);
	return 0;
}
static void wait_threads_gone(void)
{
	for (;;) {
		int n = 0;
		DIR *d = opendir("/proc/self/task");
		for (struct dirent *e; (e = readdir(d));)
			n += e->d_name[0] != '.';
		closedir(d);
		if (n == 1)
			return;
		sched_yield();
	}
}
static void ids(void)
{
	SECTION("ids");
	stage = ready = 0;
	int a = start(0, simple, THREAD), b = start(1, simple, THREAD);
	until(&ready, 2);
	SHOW_INT(a > 0 && a == tids[0] && b == tids[1] && a != b);
	SHOW_INT(seen[0] == getpid() && seen[1] == getpid());
	SHOW_INT(me() == getpid());
	int st;
	SHOW(waitpid(a, &st, __WALL | WNOHANG));
	SHOW(waitpid(-1, &st, __WALL | WNOHANG));
	SHOW(kill(a, 0));
	SHOW(syscall(SYS_tgkill, getpid(), a, 0));
	SHOW(syscall(SYS_tgkill, a, a, 0));
	SHOW(syscall(SYS_tkill, a, 0));
	SHOW_INT(getpgid(a) == getpgrp());
	SHOW_INT(getsid(a) == getsid(0));
	SHOW(setpgid(a, a));
	int n = 0;
	DIR *d = opendir("/proc/self/task");
	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	SHOW_INT(n);
	char p[64];
	sprintf(p, "/proc/%d", a);
	SHOW(access(p, F_OK));
	sprintf(p, "/proc/self/task/%d/stat", b);
	SHOW(access(p, F_OK));
	FILE *f = fopen("/proc/self/status", "r");
	char line[200];
	while (fgets(line, sizeof line, f))
		if (!strncmp(line, "Threads:", 8))
			printf("%s", line);
	fclose(f);
	stage = 1;
	wait_threads_gone();
	SHOW(syscall(SYS_tkill, a, 0));
}
static int sharer(void *arg)
{
	(void)arg;
	chdir("/");
	umask(0123);
	close(50);
	dup2(1, 51);
	struct sigaction sa = { .sa_handler = SIG_IGN };
	sigaction(SIGUSR2, &sa, NULL);
	syscall(SYS_prctl, PR_SET_NAME, "thread-name");
	syscall(SYS_setpriority, PRIO_PROCESS, 0, 7);
	sigset_t m;
	sigemptyset(&m);
	sigaddset(&m, SIGHUP);
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, &m, NULL, 8L);
	syscall(SYS_setresuid, 1000, 1000, 1000);
	struct rlimit r = { 77, 77 };
	setrlimit(RLIMIT_NOFILE, &r);
	stage = 1;
	until(&stage, 2);
	return 0;
}
static void show_shared(const char *what)
{
	char b[256] = "";
	sigset_t m;
	struct sigaction sa;
	struct rlimit r;
	int mask = umask(0);
	umask(mask);
	getcwd(b, sizeof b);
	printf("%s: cwd %s umask %o fd50 %d fd51 %d", what, b, mask, fcntl(50, F_GETFD), fcntl(51, F_GETFD));
	sigaction(SIGUSR2, NULL, &sa);
	sigprocmask(0, NULL, &m);
	memset(b, 0, sizeof b);
	prctl(PR_GET_NAME, b);
	getrlimit(RLIMIT_NOFILE, &r);
	printf(" ignores %d name %s nice %d HUP blocked %d uid %ld", sa.sa_handler == SIG_IGN, b, getpriority(PRIO_PROCESS, 0),
	       sigismember(&m, SIGHUP), syscall(SYS_getuid));
	printf(" files %s\n", r.rlim_cur == 77 ? "77" : "other");
	fflush(stdout);
}
static void sharing(void)
{
	SECTION("what is shared");
	dup2(1, 50);
	prctl(PR_SET_NAME, "main-name");
	IN_CHILD("everything", stage = 0; start(0, sharer, THREAD); until(&stage, 1); show_shared("main"); stage = 2);
	IN_CHILD("memory and handlers", stage = 0; start(0, sharer, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD); until(&stage, 1);
		 show_shared("main"); stage = 2);
	IN_CHILD("a process with our memory", stage = 0; int k = start(0, sharer, CLONE_VM | SIGCHLD); until(&stage, 1);
		 show_shared("main"); stage = 2; int st; waitpid(k, &st, 0); show_status("child", st));
	IN_CHILD("a process with our files and directories", stage = 0; int k = start(0, sharer, CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD);
		 until(&stage, 1); show_shared("main"); stage = 2; waitpid(k, NULL, 0));
	close(50);
}
static volatile int got_tid[65], got;
static void on(int s)
{
	got_tid[s] = me();
	__sync_fetch_and_add(&got, 1);
}
static int blocker(void *arg)
{
	sigset_t m;
	sigemptyset(&m);
	sigaddset(&m, SIGUSR1);
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, &m, NULL, 8L);
	tids[(long)arg] = me();
	ready = 1;
	until(&stage, 1);
	syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &m, NULL, 8L);
	until(&stage, 2);
	return 0;
}
static void signals(void)
{
	SECTION("signals");
	struct sigaction sa = { .sa_handler = on };
	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGUSR2, &sa, NULL);
	sigset_t m;
	sigemptyset(&m);
	sigaddset(&m, SIGUSR1);
	stage = ready = got = 0;
	int t = start(0, blocker, THREAD);
	until(&ready, 1);
	syscall(SYS_tgkill, getpid(), t, SIGUSR2);
	until(&got, 1);
	SHOW_INT(got_tid[SIGUSR2] == t);
	syscall(SYS_tgkill, getpid(), t, SIGUSR1); /* pending for the thread alone */
	sigset_t p;
	sigpending(&p);
	SHOW_INT(sigismember(&p, SIGUSR1));
	kill(getpid(), SIGUSR1); /* only we can take it */
	until(&got, 2);
	SHOW_INT(got_tid[SIGUSR1] == me());
	stage = 1;
	until(&got, 3);
	SHOW_INT(got_tid[SIGUSR1] == t);
	/* now we block it and the thread takes it */
	sigprocmask(SIG_BLOCK, &m, NULL);
	kill(getpid(), SIGUSR1);
	until(&got, 4);
	SHOW_INT(got_tid[SIGUSR1] == t);
	syscall(SYS_tgkill, getpid(), me(), SIGUSR1);
	sigpending(&p);
	SHOW_INT(sigismember(&p, SIGUSR1));
	sigprocmask(SIG_UNBLOCK, &m, NULL);
	SHOW_INT(got);
	stage = 2;
	wait_threads_gone();
}
static int spin(void *arg)
{
	(void)arg;
	ready = 1;
	while (ready)
		sched_yield();
	return 0;
}
static int leave(void *arg)
{
	(void)arg;
	until(&stage, 1);
	syscall(SYS_exit_group, 33);
	return 0;
}
static int leave_alone(void *arg)
{
	(void)arg;
	char b[200] = { 0 }, *p;
	do { /* until the main thread is dead, or the only one that waits for us */
		int fd = open("/proc/self/stat", O_RDONLY);
		read(fd, b, sizeof b - 1);
		close(fd);
		p = strrchr(b, ')');
	} while (!stage || (stage == 1 && (!p || p[2] != 'Z')));
	syscall(SYS_exit, 5);
	return 0;
}
static int fault(void *arg)
{
	(void)arg;
	*(volatile int *)8 = 1;
	return 0;
}
static int exec_true(void *arg)
{
	static char *a[] = { "sh", "-c", "echo pid is kept: $(( $$ == $WANT )), threads $(ls /proc/$$/task | wc -l); exit 8", NULL };
	static char want[32], *e[] = { want, "PATH=/bin", NULL };
	(void)arg;
	snprintf(want, sizeof want, "WANT=%d", getpid());
	syscall(SYS_execve, "/bin/sh", a, e);
	syscall(SYS_exit_group, 99);
	return 0;
}
static int stopper(void *arg)
{
	(void)arg;
	until(&stage, 1);
	syscall(SYS_kill, getpid(), SIGSTOP);
	stage = 2;
	return 0;
}
static void endings(void)
{
	struct rlimit none = { 0, 0 };
	setrlimit(RLIMIT_CORE, &none);
	SECTION("endings");
	IN_CHILD("exit_group of a thread", stage = 0; start(0, spin, THREAD); start(1, leave, THREAD); stage = 1; for (;;) pause());
	IN_CHILD("exit_group of main", stage = ready = 0; start(0, spin, THREAD); until(&ready, 1); syscall(SYS_exit_group, 21));
	IN_CHILD("main leaves first", stage = 0; start(0, leave_alone, THREAD); stage = 1; syscall(SYS_exit, 6));
	IN_CHILD("main is last", stage = 0; start(0, leave_alone, THREAD); stage = 2; wait_threads_gone(); syscall(SYS_exit, 7));
	IN_CHILD("a fault in a thread", start(0, fault, THREAD); for (;;) pause());
	IN_CHILD("a signal kills all", ready = 0; start(0, spin, THREAD); until(&ready, 1); syscall(SYS_tgkill, getpid(), me(), SIGTERM); pause());
	IN_CHILD("exec in main", ready = 0; start(0, spin, THREAD); until(&ready, 1); exec_true(NULL));
	IN_CHILD("exec in a thread", ready = 0; start(0, spin, THREAD); until(&ready, 1); start(1, exec_true, THREAD); for (;;) pause());
	IN_CHILD("failed exec", ready = 0; start(0, spin, THREAD); until(&ready, 1); CALL(execve, "/none", NULL, NULL);
		 CALL(execve, "/tmp", NULL, NULL); _exit(4));
	fflush(stdout);
	int st, go[2];
	char byte;
	pipe(go);
	pid_t k = fork();
	if (!k) {
		stage = 0;
		start(0, stopper, THREAD);
		stage = 1;
		until(&stage, 2);
		read(go[0], &byte, 1); /* not before the parent has seen that it goes on */
		_exit(9);
	}
	waitpid(k, &st, WUNTRACED);
	show_status("a thread stops all", st);
	kill(k, SIGCONT);
	waitpid(k, &st, WCONTINUED);
	show_status("continued", st);
	write(go[1], "", 1);
	waitpid(k, &st, 0);
	show_status("over", st);
	SECTION("a dead leader");
	k = fork();
	if (!k) {
		stage = ready = 0;
		start(0, simple, THREAD);
		until(&ready, 1);
		syscall(SYS_exit, 3);
	}
	char name[40], line[200];
	sprintf(name, "/proc/%d/stat", k);
	for (int z = 0; !z;) {
		FILE *f = fopen(name, "r");
		fgets(line, sizeof line, f);
		fclose(f);
		z = strrchr(line, ')')[2] == 'Z';
	}
	SHOW(waitpid(k, &st, WNOHANG));
	SHOW(kill(k, 0));
	sprintf(name, "/proc/%d/cwd", k);
	SHOW_INT(readlink(name, line, sizeof line) > 0);
	kill(k, SIGKILL);
	SHOW_INT(waitpid(k, &st, 0) == k);
	show_status("killed", st);
}
static void set_ids(void)
{
	SECTION("tids in memory");
	int ptid = 0;
	stage = ready = 0;
	cleared = 1;
	int t = clone(simple, stacks[0] + STACK, THREAD | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID, (void *)0L, &ptid,
		      NULL, &cleared);
	until(&ready, 1);
	SHOW_INT(ptid == t);
	SHOW_INT(cleared == t);
	stage = 1;
	while (cleared)
		sched_yield();
	SHOW_INT(cleared);
	wait_threads_gone();
	SHOW_INT(syscall(SYS_set_tid_address, &cleared) == me());
	unsigned long head, len;
	CALL(get_robust_list, 0, &head, &len);
	CALL(set_robust_list, &head, 24);
	CALL(set_robust_list, &head, 23);
	unsigned long got_head = 0;
	CALL(get_robust_list, 0, &got_head, &len);
	SHOW_INT(got_head == (unsigned long)&head);
	SHOW_INT(len);
	CALL(get_robust_list, 999999, &got_head, &len);
	CALL(get_robust_list, -1, &got_head, &len);
	CALL(get_robust_list, 0, 8, &len);
	IN_CHILD("user", become(1000); CALL(get_robust_list, getppid(), &got_head, &len));
	IN_CHILD("child", CALL(get_robust_list, 0, &got_head, &len); SHOW_INT(got_head == (unsigned long)&head));
	CALL(set_robust_list, NULL, 24);
}
struct clone3_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};
static void errors(void)
{
	struct clone3_args a = { .exit_signal = SIGCHLD };
	int st;
	SECTION("errors");
	CALL(clone, CLONE_THREAD | CLONE_SIGHAND, 0, 0, 0, 0);
	CALL(clone, CLONE_SIGHAND, 0, 0, 0, 0);
	CALL(clone, CLONE_THREAD | CLONE_VM, 0, 0, 0, 0);
	CALL(clone, CLONE_FS | CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0);
	CALL(clone3, &a, 63);
	CALL(clone3, &a, 0);
	CALL(clone3, &a, 5000);
	CALL(clone3, 8, 64);
	CALL(clone3, NULL, 64);
	a.exit_signal = 65;
	CALL(clone3, &a, sizeof a);
	a.exit_signal = -1;
	CALL(clone3, &a, sizeof a);
	a = (struct clone3_args){ .exit_signal = SIGCHLD, .flags = CLONE_THREAD | CLONE_VM | CLONE_SIGHAND };
	CALL(clone3, &a, sizeof a);
	a.flags = CLONE_DETACHED;
	CALL(clone3, &a, sizeof a);
	a.flags = SIGCHLD;
	CALL(clone3, &a, sizeof a);
	a.flags = 1UL << 40;
	CALL(clone3, &a, sizeof a);
	a = (struct clone3_args){ .exit_signal = SIGCHLD, .stack = 4096 };
	CALL(clone3, &a, sizeof a);
	a = (struct clone3_args){ .exit_signal = SIGCHLD, .stack_size = 4096 };
	CALL(clone3, &a, sizeof a);
	a = (struct clone3_args){ .exit_signal = SIGCHLD };
	fflush(stdout);
	long k = syscall(SYS_clone3, &a, 64L);
	if (!k)
		_exit(3);
	waitpid(k, &st, 0);
	show_status("clone3", st);
	char big[200] = { 0 };
	memcpy(big, &a, sizeof a);
	k = syscall(SYS_clone3, big, sizeof big);
	if (!k)
		_exit(4);
	waitpid(k, &st, 0);
	show_status("clone3, long", st);
	big[150] = 1;
	CALL(clone3, big, sizeof big);
	struct sigaction sa = { .sa_handler = on };
	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGCHLD, &sa, NULL);
	got = 0;
	a.exit_signal = SIGUSR1;
	k = syscall(SYS_clone3, &a, sizeof a);
	if (!k)
		_exit(5);
	SHOW_INT(waitpid(k, &st, __WALL) == k);
	SHOW_INT(got);
	SHOW_INT(got_tid[SIGUSR1] == me());
	a.exit_signal = 0;
	k = syscall(SYS_clone3, &a, sizeof a);
	if (!k)
		_exit(6);
	got = 0;
	SHOW(waitpid(k, &st, 0));
	SHOW_INT(waitpid(k, &st, __WCLONE) == k);
	show_status("no signal", st);
	SHOW_INT(got);
	a.exit_signal = SIGCHLD;
	a.flags = 0x100000000UL; /* CLONE_CLEAR_SIGHAND */
	k = syscall(SYS_clone3, &a, sizeof a);
	if (!k) {
		sigaction(SIGUSR1, NULL, &sa);
		_exit(sa.sa_handler == SIG_DFL ? 1 : 2);
	}
	waitpid(k, &st, 0);
	show_status("handlers cleared", st);
	a.flags = 0x100000000UL | CLONE_SIGHAND | CLONE_VM;
	CALL(clone3, &a, sizeof a);
	SECTION("parents");
	a = (struct clone3_args){ .flags = CLONE_PARENT };
	fflush(stdout);
	k = fork();
	if (!k) {
		long c = syscall(SYS_clone3, &a, sizeof a);
		if (!c)
			_exit(44);
		_exit(waitpid(c, &st, __WALL) < 0 ? 1 : 2);
	}
	int sum = 0, n = 0;
	while (waitpid(-1, &st, __WALL) > 0) {
		sum += WEXITSTATUS(st);
		n++;
	}
	SHOW_INT(sum);
	SHOW_INT(n);
	a.exit_signal = SIGCHLD;
	CALL(clone3, &a, sizeof a);
}
static int waiter(void *arg)
{
	int st;
	(void)arg;
	seen[0] = syscall(SYS_wait4, tids[5], &st, __WNOTHREAD, NULL);
	seen[1] = syscall(SYS_wait4, tids[5], &st, 0, NULL);
	ready = 2;
	return 0;
}
static void children(void)
{
	SECTION("children of threads");
	fflush(stdout);
	pid_t k = fork();
	if (!k)
		_exit(0);
	tids[5] = k;
	ready = 0;
	start(0, waiter, THREAD);
	until(&ready, 2);
	SHOW_INT(seen[0]);
	SHOW_INT(seen[1] == k);
	wait_threads_gone();
}
int main(void)
{
	ids();
	sharing();
	signals();
	endings();
	set_ids();
	errors();
	children();
	return 0;
}
