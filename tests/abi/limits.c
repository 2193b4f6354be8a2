/* SPDX-License-Identifier: MIT
 * tests/abi/limits.c - getrlimit, setrlimit, prlimit64: every limit's reading, who may raise it, and its effect */
#include "abi.h"

static volatile int xcpu, xfsz;
static void on_xcpu(int s) { (void)s; xcpu++; }
static void on_xfsz(int s) { (void)s; xfsz++; }
static void rt_limited(long soft_us, long hard_us)
{
	struct rlimit r = { soft_us, hard_us };
	struct sched_param p = { .sched_priority = 1 };
	setrlimit(RLIMIT_RTTIME, &r);
	SHOW_OK(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &p));
}
static void spin_ms(long ms)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	for (long from = t.tv_sec * 1000 + t.tv_nsec / 1000000; t.tv_sec * 1000 + t.tv_nsec / 1000000 - from < ms;)
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
}
static void show_limit(int which)
{
	struct rlimit r;
	getrlimit(which, &r);
	printf("limit %d: %ld %ld\n", which, (long)r.rlim_cur, (long)r.rlim_max);
	fflush(stdout);
}
static void reading(void)
{
	struct rlimit r, o;
	SECTION("reading and setting");
	for (int i = 0; i < 16; i++) {
		int g = getrlimit(i, &r), s = setrlimit(i, &r), p = prlimit(0, i, &r, &o);
		printf("%d: %d %d %d %d\n", i, g, s, p, r.rlim_cur == o.rlim_cur && r.rlim_max == o.rlim_max);
	}
	CALL(getrlimit, 16, &r);
	CALL(getrlimit, -1, &r);
	CALL(getrlimit, 0, 8);
	CALL(setrlimit, 16, &r);
	CALL(setrlimit, 0, 8);
	CALL(prlimit64, 0, 16, NULL, NULL);
	CALL(prlimit64, 0, 0, NULL, NULL);
	CALL(prlimit64, 0, 0, 8, NULL);
	CALL(prlimit64, 0, 0, NULL, 8);
	CALL(prlimit64, -1, 0, NULL, &o);
	CALL(prlimit64, 999999, 0, NULL, &o);
	r = (struct rlimit){ 2, 1 };
	CALL(setrlimit, RLIMIT_CORE, &r);
	SECTION("lowering and raising");
	IN_CHILD("user", become(1000); r = (struct rlimit){ 10, 20 }; CALL(setrlimit, RLIMIT_NICE, &(struct rlimit){ 0 });
		 CALL(setrlimit, RLIMIT_NPROC, &r); show_limit(RLIMIT_NPROC); r.rlim_cur = 20; CALL(setrlimit, RLIMIT_NPROC, &r);
		 r.rlim_max = 21; CALL(setrlimit, RLIMIT_NPROC, &r); r = (struct rlimit){ 5, RLIM_INFINITY }; CALL(setrlimit, RLIMIT_NPROC, &r);
		 show_limit(RLIMIT_NPROC));
	r = (struct rlimit){ 100, 200 };
	IN_CHILD("inherited", setrlimit(RLIMIT_SIGPENDING, &r); IN_CHILD("child", show_limit(RLIMIT_SIGPENDING));
		 execl("/bin/sh", "sh", "-c", "ulimit -S -i", NULL));
	fflush(stdout);
	int p[2], q[2];
	char c;
	pipe(p);
	pipe(q);
	pid_t k = fork();
	if (!k) {
		close(q[1]);
		setrlimit(RLIMIT_SIGPENDING, &r);
		write(p[1], "r", 1);
		read(q[0], &c, 1);
		show_limit(RLIMIT_SIGPENDING);
		_exit(0);
	}
	read(p[0], &c, 1);
	CALL(prlimit64, k, RLIMIT_SIGPENDING, NULL, &o);
	SHOW_INT(o.rlim_cur * 1000 + o.rlim_max);
	r = (struct rlimit){ 50, 60 };
	CALL(prlimit64, k, RLIMIT_SIGPENDING, &r, &o);
	IN_CHILD("user", become(1000); CALL(prlimit64, k, RLIMIT_SIGPENDING, NULL, &o); CALL(prlimit64, k, RLIMIT_SIGPENDING, &r, NULL);
		 CALL(prlimit64, getpid(), RLIMIT_SIGPENDING, NULL, &o));
	write(q[1], "g", 1);
	waitpid(k, NULL, 0);
}
static void files(void)
{
	SECTION("open files");
	IN_CHILD("RLIMIT_NOFILE", struct rlimit r = { 8, 100 }; setrlimit(RLIMIT_NOFILE, &r); int n = 0, fd;
		 while ((fd = open("/dev/null", O_RDONLY)) >= 0) n = fd; printf("last %d %s\n", n, strerror(errno)); int p[2];
		 CALL(pipe, p); CALL(dup, 0); CALL(dup2, 0, 8); CALL(dup2, 0, 7); CALL(dup3, 0, 50, 0); CALL(fcntl, 0, F_DUPFD, 7);
		 CALL(fcntl, 0, F_DUPFD, 8); CALL(close, 5); CALL(pipe, p); CALL(dup, 0); r.rlim_cur = 9; setrlimit(RLIMIT_NOFILE, &r);
		 CALL(dup, 0); r.rlim_cur = 2; CALL(setrlimit, RLIMIT_NOFILE, &r); CALL(dup2, 0, 1); CALL(close, 7); CALL(dup, 0);
		 struct pollfd pf[3] = { { 0 } }; CALL(poll, pf, 2, 0); CALL(poll, pf, 3, 0));
	SECTION("file size");
	signal(SIGXFSZ, on_xfsz);
	IN_CHILD("RLIMIT_FSIZE", struct rlimit r = { 100000, 200000 }; setrlimit(RLIMIT_FSIZE, &r);
		 int fd = open("f", O_CREAT | O_RDWR, 0600); CALL(pwrite64, fd, "0123456789", 10, 99995);
		 CALL(pwrite64, fd, "0123456789", 10, 100000); SHOW_INT(xfsz); CALL(pwrite64, fd, "x", 1, 50); CALL(ftruncate, fd, 100001);
		 SHOW_INT(xfsz); CALL(ftruncate, fd, 100000); lseek(fd, 0, SEEK_END); CALL(write, fd, "x", 1); SHOW_INT(xfsz);
		 CALL(write, fd, "", 0); r.rlim_cur = 10; setrlimit(RLIMIT_FSIZE, &r); fcntl(fd, F_SETFL, O_APPEND);
		 int e = write(fd, "x", 1) < 0 ? errno : 0; int t = ftruncate(fd, 5000) ? errno : 0; int x = xfsz;
		 r.rlim_cur = 200000; setrlimit(RLIMIT_FSIZE, &r); SHOW_INT(e); SHOW_INT(t); SHOW_INT(x));
	signal(SIGXFSZ, SIG_DFL);
	IN_CHILD("by default", struct rlimit r = { 100000, 200000 }; setrlimit(RLIMIT_FSIZE, &r); struct rlimit z = { 0, 0 };
		 setrlimit(RLIMIT_CORE, &z); int fd = open("f", O_CREAT | O_RDWR, 0600); pwrite(fd, "x", 1, 100000));
	IN_CHILD("pipes have none", struct rlimit r = { 0, 0 }; int p[2]; pipe(p); setrlimit(RLIMIT_FSIZE, &r); exit(write(p[1], "abc", 3)));
}
static void processes(void)
{
	SECTION("processes");
	IN_CHILD("RLIMIT_NPROC", struct rlimit r = { 3, 3 }; setrlimit(RLIMIT_NPROC, &r); become(23456); int n = 0; pid_t c;
		 while ((c = fork()) > 0) n++; if (!c) { pause(); _exit(0); } int e = errno; printf("%d children, then %s\n", n, strerror(e));
		 kill(0, 0); signal(SIGTERM, SIG_IGN); kill(-1, SIGTERM); while (n-- && wait(NULL) > 0);
		 fflush(stdout); c = fork(); if (!c) _exit(0); printf("again: %d\n", c > 0));
	SECTION("CPU time");
	signal(SIGXCPU, on_xcpu);
	struct rlimit z = { 0, 0 };
	setrlimit(RLIMIT_CORE, &z);
	IN_CHILD("RLIMIT_CPU, caught", struct rlimit r = { 1, 60 }; setrlimit(RLIMIT_CPU, &r); while (!xcpu) ; SHOW_INT(xcpu));
	signal(SIGXCPU, SIG_DFL);
	IN_CHILD("RLIMIT_CPU, by default", struct rlimit r = { 1, 60 }; setrlimit(RLIMIT_CPU, &r); for (;;) ;);
	signal(SIGXCPU, SIG_IGN);
	IN_CHILD("RLIMIT_CPU, hard", struct rlimit r = { 1, 1 }; setrlimit(RLIMIT_CPU, &r); for (;;) ;);
	SECTION("CPU time of a real-time thread");
	signal(SIGXCPU, on_xcpu);
	IN_CHILD("RLIMIT_RTTIME, caught", rt_limited(200000, 60000000); while (!xcpu) ; SHOW_INT(xcpu); struct rlimit r;
		 getrlimit(RLIMIT_RTTIME, &r); SHOW(r.rlim_cur));
	signal(SIGXCPU, SIG_DFL);
	IN_CHILD("by default", rt_limited(200000, 60000000); for (;;) ;);
	signal(SIGXCPU, SIG_IGN);
	struct rusage before, after;
	getrusage(RUSAGE_CHILDREN, &before);
	IN_CHILD("hard", rt_limited(100000, 300000); for (;;) ;);
	getrusage(RUSAGE_CHILDREN, &after);
	SHOW_INT(after.ru_utime.tv_sec * 1000 + after.ru_utime.tv_usec / 1000 - before.ru_utime.tv_sec * 1000 - before.ru_utime.tv_usec / 1000 < 900);
	signal(SIGXCPU, on_xcpu);
	IN_CHILD("each sleep begins anew", rt_limited(400000, 400000); for (int i = 0; i < 4; i++) { spin_ms(150); usleep(1000); } SHOW_INT(xcpu));
	IN_CHILD("yielding does not", rt_limited(200000, 60000000); while (!xcpu) sched_yield(); SHOW_INT(xcpu));
	IN_CHILD("another policy has no limit", rt_limited(100000, 100000); struct sched_param p = { 0 };
		 SHOW_OK(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &p)); spin_ms(300); SHOW_INT(xcpu));
	SECTION("memory");
	IN_CHILD("RLIMIT_AS", struct rlimit r = { 50 << 20, 50 << 20 }; setrlimit(RLIMIT_AS, &r);
		 SHOW_INT(mmap(NULL, 60 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED); SHOW_INT(errno == ENOMEM);
		 SHOW_OK(malloc(60 << 20) ? 0 : -1));
	IN_CHILD("RLIMIT_STACK over exec", struct rlimit r = { 200 << 10, 8 << 20 }; setrlimit(RLIMIT_STACK, &r); static char big[100 << 10];
		 memset(big, 'x', sizeof big - 1); char *e[] = { NULL }; char *a[] = { "true", big, NULL }; CALL(execve, "/bin/true", a, e);
		 big[40 << 10] = 0; int k = fork(); if (!k) { execve("/bin/true", a, e); _exit(99); } int st; waitpid(k, &st, 0);
		 show_status("smaller", st));
}
static void queued(void)
{
	SECTION("queued signals");
	IN_CHILD("RLIMIT_SIGPENDING", sigset_t m; sigemptyset(&m); sigaddset(&m, SIGRTMIN); sigaddset(&m, SIGUSR1); sigprocmask(SIG_BLOCK, &m, NULL);
		 become(34567); struct rlimit r = { 3, 3 }; setrlimit(RLIMIT_SIGPENDING, &r); for (int i = 0; i < 5; i++)
		 SHOW(sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = i })); CALL(kill, getpid(), SIGRTMIN);
		 CALL(kill, getpid(), SIGUSR1); siginfo_t si; struct timespec t = { 0, 0 }; int n;
		 while ((n = sigtimedwait(&m, &si, &t)) > 0) printf("got %d code %d value %d\n", n, si.si_code, si.si_value.sival_int));
}
static void core(void)
{
	int st;
	SECTION("core");
	fflush(stdout);
	for (int dump = 0; dump < 2; dump++) {
		pid_t c = fork();
		if (!c) {
			struct rlimit r = { 0, 0 };
			setrlimit(RLIMIT_CORE, &r);
			raise(dump ? SIGTERM : SIGQUIT);
			_exit(0);
		}
		waitpid(c, &st, 0);
		SHOW_INT(WTERMSIG(st));
		SHOW_INT(WCOREDUMP(st) != 0);
	}
}
int main(void)
{
	reading();
	files();
	processes();
	queued();
	core();
	return 0;
}
