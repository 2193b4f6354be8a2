/* SPDX-License-Identifier: MIT
 *
 * tests/stress/storm.c - processes and threads that end while others fork, signal, trace and replace them
 *
 * usage: storm SECONDS [forks|signals|execs|traces...]
 *
 * Each storm blows for SECONDS and then counts: what was sent must have arrived, who was started must have ended as
 * it should.  A hang is a lost wake-up.  Prints `STORM name: ... ok` or `WRONG`; exits with 1 when one is wrong. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BOMBS_MAX = 64, BOMB_USER = 65533, SENDERS = 3, CATCHERS = 6, EXECERS = 4, TRACED_THREADS = 3, ST_EXEC = 7, ST_END = 5 };

static struct shared {
	atomic_long forked, refused, alive, most; /* forks */
	atomic_long sent, caught, plain;          /* signals */
	atomic_int stop;
} *s;
static unsigned seconds;
static const char *self_path = "/proc/self/exe";

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}
static unsigned rnd(unsigned n)
{
	static __thread unsigned long x;
	if (!x)
		x = (unsigned long)(now() * 1e9) ^ (unsigned long)syscall(SYS_gettid) * 2654435761u;
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (unsigned)((x >> 16) % n);
}
static int say(const char *name, int ok, const char *text)
{
	printf("STORM %s: %s: %s\n", name, text, ok ? "ok" : "WRONG");
	fflush(stdout);
	return !ok;
}

/* ---- forks: processes that fork whenever they may, as a user who may have BOMBS_MAX ---- */

static void bomb(void)
{
	for (unsigned left = 1 + rnd(20); left && !s->stop; left--) {
		pid_t p = fork();
		if (p == 0) {
			s->forked++;
			left = 1 + rnd(20);
			continue;
		}
		if (p < 0)
			s->refused++;
		if (rnd(2))
			sched_yield();
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	_exit(0);
}
static int forks(void)
{
	char text[200];
	double end = now() + seconds;
	long started = 0, gone = 0;

	while (now() < end) { /* a bomb may burn out */
		pid_t p = fork();
		if (p == 0) {
			struct rlimit r = { BOMBS_MAX, BOMBS_MAX };
			setpgid(0, 0);
			setrlimit(RLIMIT_NPROC, &r);
			if (setresuid(BOMB_USER, BOMB_USER, BOMB_USER))
				_exit(9);
			bomb();
		}
		started += p > 0;
		usleep(20000);
		if (started % 16 == 0) /* the group is killed while it forks */
			kill(-p, SIGKILL);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			gone++;
	}
	s->stop = 1;
	while (waitpid(-1, NULL, 0) > 0) /* orphans come to us: a subreaper */
		gone++;
	s->stop = 0;
	snprintf(text, sizeof text, "%ld bombs, %ld forks, %ld refused, %ld reaped here", started, (long)s->forked, (long)s->refused, gone);
	return say("forks", s->refused > 0 && gone >= started, text);
}

/* ---- signals: queued ones all arrive, whoever takes them and whatever else comes ---- */

static void on_queued(int sig)
{
	s->caught++;
}
static void on_plain(int sig)
{
	s->plain++;
	if (!rnd(8))
		sched_yield();
}
static void *catcher(void *arg)
{
	stack_t alt = { .ss_sp = malloc(65536), .ss_size = 65536 };
	int p[2];
	char c;

	sigaltstack(&alt, NULL);
	if (pipe(p))
		return NULL;
	for (unsigned i = 0; !s->stop; i++) {
		struct timespec t = { 0, 200000 };
		struct itimerval it = { { 0, 0 }, { 0, 300 } };
		switch (i % 4) {
		case 0:
			nanosleep(&t, NULL);
			break;
		case 1:
			if (write(p[1], "x", 1) == 1)
				(void)!read(p[0], &c, 1);
			break;
		case 2:
			setitimer(ITIMER_REAL, &it, NULL);
			break;
		default:
			sched_yield();
		}
	}
	close(p[0]);
	close(p[1]);
	alt.ss_flags = SS_DISABLE;
	sigaltstack(&alt, NULL);
	free(alt.ss_sp);
	return NULL;
}
static void sender(pid_t to, const pid_t *tids)
{
	while (!s->stop) {
		union sigval v = { 1 };
		int sig = SIGRTMIN + (int)rnd(4);
		if (s->sent - s->caught > 500) /* the queue has an end */
			sched_yield();
		else if (!sigqueue(to, sig, v))
			s->sent++;
		if (!rnd(3))
			kill(to, SIGUSR1);
		if (!rnd(3))
			syscall(SYS_tgkill, to, tids[rnd(CATCHERS)], SIGUSR2);
		if (!rnd(1000))
			kill(to, rnd(2) ? SIGSTOP : SIGCONT);
	}
	kill(to, SIGCONT);
	_exit(0);
}
static pid_t *catcher_ids;
static void *catcher_start(void *arg)
{
	catcher_ids[(long)arg] = (pid_t)syscall(SYS_gettid);
	return catcher(arg);
}
static void catch_all(void)
{
	pthread_t t[CATCHERS];
	struct sigaction sa = { .sa_handler = on_queued, .sa_flags = SA_RESTART };

	for (int i = 0; i < 4; i++)
		sigaction(SIGRTMIN + i, &sa, NULL);
	sa.sa_handler = on_plain;
	sa.sa_flags = SA_RESTART | SA_ONSTACK;
	sigaction(SIGUSR1, &sa, NULL);
	sa.sa_flags = SA_NODEFER;
	sigaction(SIGALRM, &sa, NULL);
	sa.sa_flags = 0;
	sigaction(SIGUSR2, &sa, NULL);
	for (long i = 0; i < CATCHERS; i++)
		pthread_create(&t[i], NULL, catcher_start, (void *)i);
	for (int i = 0; i < CATCHERS; i++)
		pthread_join(t[i], NULL);
	for (double end = now() + 20; s->caught < s->sent && now() < end;)
		usleep(1000);
	exit(0);
}
static int signals(void)
{
	char text[200];
	pid_t to, from[SENDERS];
	double end = now() + seconds;
	int status = -1;

	catcher_ids = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	to = fork();
	if (to == 0)
		catch_all();
	while (!catcher_ids[CATCHERS - 1])
		usleep(1000);
	usleep(10000);
	for (int i = 0; i < SENDERS; i++)
		if ((from[i] = fork()) == 0)
			sender(to, catcher_ids);
	while (now() < end) {
		usleep(50000);
		kill(to, SIGCONT);
	}
	s->stop = 1;
	for (int i = 0; i < SENDERS; i++)
		waitpid(from[i], NULL, 0);
	kill(to, SIGCONT);
	waitpid(to, &status, 0);
	s->stop = 0;
	munmap(catcher_ids, 4096);
	snprintf(text, sizeof text, "%ld queued, %ld caught, %ld others, status %x", (long)s->sent, (long)s->caught, (long)s->plain, status);
	return say("signals", status == 0 && s->sent > 0 && s->sent == s->caught && s->plain > 0, text);
}

/* ---- execs: the threads of a process race to replace it ---- */

static void *execer(void *arg)
{
	char *const argv[] = { "storm", "end", NULL }, *const envp[] = { NULL };

	for (unsigned n = rnd(2000); n; n--)
		__asm__ volatile("");
	execve(self_path, argv, envp);
	_exit(1);
}
static int execs(void)
{
	char text[200];
	long rounds = 0, wrong = 0, last = 0;

	for (double end = now() + seconds; now() < end; rounds++) {
		pid_t p = fork();
		int status = 0;
		if (p == 0) {
			pthread_t t;
			for (int i = 0; i < EXECERS; i++)
				pthread_create(&t, NULL, execer, NULL);
			if (rnd(2))
				execer(NULL);
			for (;;)
				pause();
		}
		if (waitpid(p, &status, 0) != p || !WIFEXITED(status) || WEXITSTATUS(status) != ST_EXEC) {
			wrong++;
			last = status;
		}
	}
	snprintf(text, sizeof text, "%ld execs of one of %d threads, %ld wrong (%lx)", rounds, EXECERS, wrong, last);
	return say("execs", rounds > 0 && !wrong, text);
}

/* ---- traces: tracees that end, tracers that end ---- */

static void *traced_thread(void *arg)
{
	for (unsigned n = rnd(300); n; n--)
		syscall(SYS_getppid);
	return NULL;
}
static void traced(void)
{
	pthread_t t[TRACED_THREADS];
	for (unsigned rounds = 1 + rnd(4); rounds; rounds--) {
		for (int i = 0; i < TRACED_THREADS; i++)
			pthread_create(&t[i], NULL, traced_thread, NULL);
		if (!rnd(8))
			break; /* with threads running */
		for (int i = 0; i < TRACED_THREADS; i++)
			pthread_join(t[i], NULL);
	}
	_exit(ST_END);
}
/* Follows until all is gone; kills it after some stops. */
static void follow(pid_t p, unsigned patience)
{
	static const int how[] = { PTRACE_CONT, PTRACE_SYSCALL, PTRACE_CONT, PTRACE_SINGLESTEP };

	for (;;) {
		int status;
		pid_t w = waitpid(-1, &status, __WALL);
		if (w < 0)
			return;
		if (!WIFSTOPPED(status))
			continue;
		if (patience && !--patience)
			kill(p, SIGKILL);
		int sig = status >> 16 ? 0 : WSTOPSIG(status);
		if (sig == (SIGTRAP | 0x80) || sig == SIGTRAP)
			sig = 0;
		if (!rnd(10))
			ptrace(PTRACE_INTERRUPT, w, 0, 0);
		ptrace(how[rnd(4)], w, 0, sig);
	}
}
static int traces(void)
{
	char text[200];
	long rounds = 0, wrong = 0, killed = 0;
	int last = 0;
	const long options = PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXIT | PTRACE_O_TRACESYSGOOD;

	for (double end = now() + seconds; now() < end; rounds++) {
		int go[2], status = 0;
		if (pipe(go))
			return say("traces", 0, "no pipe");
		pid_t p = fork();
		if (p == 0) {
			char c;
			close(go[1]);
			(void)!read(go[0], &c, 1);
			traced();
		}
		pid_t tracer = fork();
		if (tracer == 0) {
			close(go[0]);
			ptrace(PTRACE_SEIZE, p, 0, options);
			close(go[1]);
			switch (rnd(3)) {
			case 0:
				usleep(rnd(3000)); /* ends, and its tracees go on */
				break;
			case 1:
				follow(p, 1 + rnd(60));
				break;
			default:
				follow(p, 0);
			}
			_exit(0);
		}
		close(go[0]);
		close(go[1]);
		if (!rnd(4)) {
			usleep(rnd(4000));
			kill(rnd(2) ? tracer : p, SIGKILL);
		}
		waitpid(tracer, NULL, 0);
		waitpid(p, &status, 0);
		killed += status == SIGKILL;
		/* SIGTRAP: its tracer ended while it took a single step. */
		if (status != SIGKILL && status != SIGTRAP && status != ST_END << 8) {
			wrong++;
			last = status;
		}
	}
	snprintf(text, sizeof text, "%ld traced processes, %ld killed, %ld wrong (%x)", rounds, killed, wrong, last);
	return say("traces", rounds > 0 && !wrong, text);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} storms[] = { { "forks", forks }, { "signals", signals }, { "execs", execs }, { "traces", traces } };
	int bad = 0;

	if (argc > 1 && !strcmp(argv[1], "end"))
		return ST_EXEC;
	seconds = argc > 1 ? (unsigned)atoi(argv[1]) : 60;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (unsigned i = 0; i < sizeof storms / sizeof storms[0]; i++) {
		int wanted = argc < 3;
		for (int a = 2; a < argc; a++)
			wanted |= !strcmp(argv[a], storms[i].name);
		if (wanted)
			bad |= storms[i].run();
	}
	return bad;
}
