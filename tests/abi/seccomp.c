// SPDX-License-Identifier: MIT
// tests/abi/seccomp.c - seccomp(2): strict mode, filters and each of their actions, programs that are refused.
#include "abi.h"
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>

/* <linux/filter.h>, <linux/seccomp.h>: musl has no headers of the kernel. */
struct sock_filter {
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};
struct sock_fprog {
	unsigned short len;
	struct sock_filter *filter;
};
struct seccomp_data {
	int nr;
	uint32_t arch;
	uint64_t instruction_pointer, args[6];
};
enum { BPF_LD, BPF_LDX, BPF_ST, BPF_STX, BPF_ALU, BPF_JMP, BPF_RET, BPF_MISC };
enum { BPF_W = 0, BPF_H = 8, BPF_IMM = 0, BPF_ABS = 0x20, BPF_IND = 0x40, BPF_MEM = 0x60, BPF_LEN = 0x80 };
enum { BPF_ADD = 0, BPF_SUB = 0x10, BPF_MUL = 0x20, BPF_DIV = 0x30, BPF_OR = 0x40, BPF_AND = 0x50, BPF_LSH = 0x60 };
enum { BPF_RSH = 0x70, BPF_NEG = 0x80, BPF_MOD = 0x90, BPF_XOR = 0xa0 };
enum { BPF_JA = 0, BPF_JEQ = 0x10, BPF_JGT = 0x20, BPF_JGE = 0x30, BPF_JSET = 0x40, BPF_K = 0, BPF_X = 8, BPF_A = 0x10 };
enum { BPF_TAX = 0, BPF_TXA = 0x80 };
#define BPF_STMT(code, k)         { (uint16_t)(code), 0, 0, (uint32_t)(k) }
#define BPF_JUMP(code, k, jt, jf) { (uint16_t)(code), jt, jf, (uint32_t)(k) }
enum { SECCOMP_MODE_STRICT = 1, SECCOMP_MODE_FILTER };
enum { SECCOMP_SET_MODE_STRICT, SECCOMP_SET_MODE_FILTER, SECCOMP_GET_ACTION_AVAIL };
enum { SECCOMP_FILTER_FLAG_TSYNC = 1, SECCOMP_FILTER_FLAG_LOG = 2, SECCOMP_FILTER_FLAG_SPEC_ALLOW = 4 };
enum { SECCOMP_FILTER_FLAG_TSYNC_ESRCH = 16 };
#define SECCOMP_RET_KILL_PROCESS 0x80000000U
#define SECCOMP_RET_KILL_THREAD  0U
#define SECCOMP_RET_TRAP         0x00030000U
#define SECCOMP_RET_ERRNO        0x00050000U
#define SECCOMP_RET_USER_NOTIF   0x7fc00000U
#define SECCOMP_RET_TRACE        0x7ff00000U
#define SECCOMP_RET_LOG          0x7ffc0000U
#define SECCOMP_RET_ALLOW        0x7fff0000U

#define NR       offsetof(struct seccomp_data, nr)
#define ARG(n)   offsetof(struct seccomp_data, args[n])
#define LOAD(at) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at)
#define RET(v)   BPF_STMT(BPF_RET | BPF_K, v)
/* If the call is nr: action, else on. */
#define ON(nr, action) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1), RET(action)

static long install_flags(struct sock_filter *f, unsigned n, unsigned flags)
{
	struct sock_fprog p = { (unsigned short)n, f };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &p);
}
#define INSTALL_FLAGS(flags, ...)                                                                            \
	({                                                                                                   \
		struct sock_filter f_[] = { __VA_ARGS__ };                                                   \
		install_flags(f_, sizeof(f_) / sizeof(*f_), flags);                                          \
	})
#define INSTALL(...) INSTALL_FLAGS(0, __VA_ARGS__)

/* In a child; how it ended. */
static void in_child(const char *what, void (*fn)(void))
{
	int status;
	pid_t p;

	fflush(stdout);
	p = fork();
	if (!p) {
		fn();
		fflush(stdout);
		_exit(0);
	}
	waitpid(p, &status, 0);
	if (WIFSIGNALED(status))
		printf("%s: signal %d\n", what, WTERMSIG(status));
	else
		printf("%s: exit %d\n", what, WEXITSTATUS(status));
}

static void say(const char *text)
{
	write(1, text, strlen(text));
}

/* Strict mode. */
static void do_strict(void)
{
	SHOW(prctl(PR_GET_SECCOMP));
	fflush(stdout);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0)
		say("written\n");
	syscall(SYS_exit, 3);
}

static void do_strict_kill(void)
{
	fflush(stdout);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL) == 0)
		say("strict\n");
	syscall(SYS_getpid);
	say("not reached\n");
}

static void do_strict_args(void)
{
	SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 1, NULL));
	SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, &errno));
	SHOW(syscall(SYS_seccomp, 77, 0, NULL));
	SHOW(prctl(PR_SET_SECCOMP, 0));
	SHOW(prctl(PR_SET_SECCOMP, 5));
	SHOW(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL));
	for (unsigned long long a = 0; a < 0x100000000ULL; a += 0x10000) {
		unsigned v = (unsigned)a;
		if (v == SECCOMP_RET_USER_NOTIF)
			continue;
		if (!syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &v))
			printf("action %x is known\n", v);
	}
	unsigned v = SECCOMP_RET_ALLOW;
	SHOW(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 1, &v));
	SHOW(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, 8));
}

/* Actions. */
static void show_proc(void)
{
	char line[256];
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "Seccomp", 7) || !strncmp(line, "NoNewPrivs", 10))
			printf("%s", line);
	fclose(f);
}

static void do_errno(void)
{
	show_proc();
	SHOW(INSTALL(LOAD(NR), ON(SYS_getpid, SECCOMP_RET_ERRNO | EDOM), ON(SYS_getppid, SECCOMP_RET_ERRNO | 0),
	             ON(SYS_getuid, SECCOMP_RET_ERRNO | 0xffff), RET(SECCOMP_RET_ALLOW)));
	SHOW(syscall(SYS_getpid));
	SHOW(syscall(SYS_getppid));
	SHOW(syscall(SYS_getuid));
	SHOW(syscall(SYS_getgid));
	SHOW(prctl(PR_GET_SECCOMP));
	SHOW(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
	show_proc();
	/* The newest of equals, and the most severe of all. */
	SHOW(INSTALL(LOAD(NR), ON(SYS_getpid, SECCOMP_RET_ERRNO | ENOMEM), ON(SYS_getuid, SECCOMP_RET_LOG), RET(SECCOMP_RET_ALLOW)));
	SHOW(syscall(SYS_getpid));
	SHOW(syscall(SYS_getuid));
	show_proc();
	fflush(stdout);
	if (!fork()) {
		SHOW(syscall(SYS_getpid));
		show_proc();
		fflush(stdout);
		execl("/proc/self/exe", "seccomp", "after-exec", NULL);
	}
	wait(NULL);
}

static volatile int trapped;
static void on_sys(int sig, siginfo_t *s, void *context)
{
	trapped++;
	printf("SIGSYS %d code %d errno %d call %d arch %x addr %d\n", sig, s->si_code, s->si_errno, s->si_syscall, s->si_arch,
	       s->si_call_addr != NULL);
}

static void do_trap(void)
{
	struct sigaction sa = { .sa_sigaction = on_sys, .sa_flags = SA_SIGINFO };

	sigaction(SIGSYS, &sa, NULL);
	SHOW(INSTALL(LOAD(NR), ON(SYS_getpid, SECCOMP_RET_TRAP | 55), RET(SECCOMP_RET_ALLOW)));
	printf("result %d\n", syscall(SYS_getpid) == SYS_getpid);
	printf("trapped %d\n", trapped);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGSYS, &sa, NULL);
	fflush(stdout);
	syscall(SYS_getpid);
	say("not reached\n");
}

static void do_kill(void)
{
	struct sigaction sa = { .sa_sigaction = on_sys, .sa_flags = SA_SIGINFO };

	sigaction(SIGSYS, &sa, NULL);
	SHOW(INSTALL(LOAD(NR), ON(SYS_getpid, SECCOMP_RET_KILL_PROCESS), RET(SECCOMP_RET_ALLOW)));
	syscall(SYS_getpid);
	say("not reached\n");
}

static void do_unknown_action(void)
{
	SHOW(INSTALL(LOAD(NR), ON(SYS_getpid, 0x12340000), RET(SECCOMP_RET_ALLOW)));
	syscall(SYS_getpid);
	say("not reached\n");
}

static volatile pid_t thread;
static void *getpid_thread(void *arg)
{
	thread = (pid_t)syscall(SYS_gettid);
	SHOW(INSTALL(LOAD(NR), ON(SYS_getpid, SECCOMP_RET_KILL_THREAD), RET(SECCOMP_RET_ALLOW)));
	syscall(SYS_getpid);
	say("not reached\n");
	return arg;
}

static void do_kill_thread(void)
{
	pthread_t t;

	pthread_create(&t, NULL, getpid_thread, NULL);
	while (!thread || syscall(SYS_tgkill, getpid(), thread, 0) == 0) /* until it is dead */
		sleep_ms(1);
	say("the process lives\n");
	SHOW(syscall(SYS_getpid) == getpid());
	fflush(stdout);
	_exit(4);
}

static void do_kill_last_thread(void)
{
	getpid_thread(NULL);
}

static void do_notify(void)
{
	SHOW(INSTALL(LOAD(NR), ON(SYS_getpid, SECCOMP_RET_USER_NOTIF), ON(SYS_getuid, SECCOMP_RET_TRACE), RET(SECCOMP_RET_ALLOW)));
	SHOW(syscall(SYS_getpid));
	SHOW(syscall(SYS_getuid));
}

static void do_no_privilege(void)
{
	struct sock_filter f[] = { RET(SECCOMP_RET_ALLOW) };
	struct sock_fprog p = { 1, f };

	if (setgid(1000) || setuid(1000))
		_exit(9);
	SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p));
	SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	SHOW(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p));
	SHOW(prctl(PR_GET_SECCOMP));
}

/* Programs: the value that one computes on getpid's first two arguments comes back as the error number. */
static void do_compute(void)
{
#define OPERATION(name, op, k)                                                                               \
	{ name, { BPF_STMT(BPF_LDX | BPF_IMM, k), LOAD(ARG(0)), BPF_STMT(BPF_ALU | op | BPF_X, 0) } },       \
	{ name " k", { BPF_STMT(BPF_LDX | BPF_IMM, 1), LOAD(ARG(0)), BPF_STMT(BPF_ALU | op | BPF_K, k) } }
	static const struct {
		const char *name;
		struct sock_filter f[3];
	} ops[] = { OPERATION("add", BPF_ADD, 7),
		    OPERATION("sub", BPF_SUB, 9),
		    OPERATION("mul", BPF_MUL, 3),
		    OPERATION("div", BPF_DIV, 3),
		    OPERATION("and", BPF_AND, 6),
		    OPERATION("or", BPF_OR, 17),
		    OPERATION("xor", BPF_XOR, 5),
		    OPERATION("lsh", BPF_LSH, 2),
		    OPERATION("rsh", BPF_RSH, 1),
		    { "neg", { LOAD(ARG(0)), BPF_STMT(BPF_ALU | BPF_NEG, 0), BPF_STMT(BPF_LDX | BPF_IMM, 1) } },
		    { "len", { BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), BPF_STMT(BPF_MISC | BPF_TAX, 0), BPF_STMT(BPF_MISC | BPF_TXA, 0) } },
		    { "memory", { LOAD(ARG(1)), BPF_STMT(BPF_ST, 15), BPF_STMT(BPF_LD | BPF_MEM, 15) } },
		    { "high half", { LOAD(ARG(0) + 4), BPF_STMT(BPF_LDX | BPF_IMM, 1), BPF_STMT(BPF_MISC | BPF_TXA, 0) } } };

	for (unsigned i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
		fflush(stdout);
		if (!fork()) {
			/* Other calls than getpid go on; A & 0xfff, and then the action. */
			INSTALL(LOAD(NR), ON(SYS_getpid + 10000, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpid, 1, 0),
			        RET(SECCOMP_RET_ALLOW), ops[i].f[0], ops[i].f[1], ops[i].f[2],
			        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xfff), BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO),
			        BPF_STMT(BPF_RET | BPF_A, 0));
			errno = 0;
			long r = syscall(SYS_getpid, 13, 1234);
			printf("%s: %ld errno %d\n", ops[i].name, r, errno);
			fflush(stdout);
			_exit(0);
		}
		wait(NULL);
	}
}

static void do_jumps(void)
{
	/* errno tells which of the conditions hold for the first argument. */
	SHOW(INSTALL(LOAD(NR), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpid, 1, 0), RET(SECCOMP_RET_ALLOW), LOAD(ARG(0)),
	             BPF_STMT(BPF_LDX | BPF_IMM, 10), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1), RET(SECCOMP_RET_ERRNO | 1),
	             BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 100, 0, 1), RET(SECCOMP_RET_ERRNO | 2),
	             BPF_JUMP(BPF_JMP | BPF_JGE | BPF_X, 0, 0, 1), RET(SECCOMP_RET_ERRNO | 3),
	             BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 4, 0, 1), BPF_STMT(BPF_JMP | BPF_JA, 1), RET(SECCOMP_RET_ERRNO | 4),
	             RET(SECCOMP_RET_ERRNO | 5)));
	static const long values[] = { 0, 4, 10, 11, 100, 101, -1, 0x10000000aL };
	for (unsigned i = 0; i < sizeof(values) / sizeof(*values); i++) {
		syscall(SYS_getpid, values[i]);
		printf("%ld: %d\n", values[i], errno);
	}
}

#define REFUSE(what, ...)                                                                                    \
	({                                                                                                   \
		struct sock_filter f_[] = { __VA_ARGS__ };                                                   \
		long r_ = install_flags(f_, sizeof(f_) / sizeof(*f_), 0);                                    \
		printf("%s: %s\n", what, r_ ? strerror(errno) : "accepted");                                 \
	})
static void do_refused(void)
{
	struct sock_filter *big = calloc(5000, sizeof(*big));
	struct sock_fprog p = { 1, (void *)8 };

	REFUSE("no return", LOAD(NR));
	REFUSE("no return at the end", RET(0x7fff0000), LOAD(NR));
	REFUSE("misaligned", LOAD(2), RET(0x7fff0000));
	REFUSE("too far", LOAD(64), RET(0x7fff0000));
	REFUSE("last word", LOAD(60), RET(0x7fff0000));
	REFUSE("half word", BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0), RET(0x7fff0000));
	REFUSE("indirect", BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0), RET(0x7fff0000));
	REFUSE("division by 0", BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), RET(0x7fff0000));
	REFUSE("modulo", BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 3), RET(0x7fff0000));
	REFUSE("long shift", BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), RET(0x7fff0000));
	REFUSE("jump out", BPF_STMT(BPF_JMP | BPF_JA, 1), RET(0x7fff0000));
	REFUSE("jump to the end", BPF_STMT(BPF_JMP | BPF_JA, 0), RET(0x7fff0000));
	REFUSE("wild jump", BPF_STMT(BPF_JMP | BPF_JA, 0xffffffff), RET(0x7fff0000));
	REFUSE("branch out", BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1), RET(0x7fff0000));
	REFUSE("word 16", BPF_STMT(BPF_ST, 16), RET(0x7fff0000));
	REFUSE("unwritten word", BPF_STMT(BPF_LD | BPF_MEM, 0), RET(0x7fff0000));
	REFUSE("word written on one way", LOAD(NR), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1), BPF_STMT(BPF_ST, 3),
	       BPF_STMT(BPF_LD | BPF_MEM, 3), RET(0x7fff0000));
	REFUSE("unknown", BPF_STMT(0xff, 0), RET(0x7fff0000));
	REFUSE("unknown high", BPF_STMT(0x1006, 0), RET(0x7fff0000));
	REFUSE("return x", BPF_STMT(BPF_RET | BPF_X, 0));
	for (int i = 0; i < 5000; i++)
		big[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	SHOW(install_flags(big, 0, 0));
	SHOW(install_flags(big, 4097, 0));
	SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p));
	SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL));
	SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0x1000, &p));
	SHOW(install_flags(big, 1, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW));
	int n = 0;
	while (install_flags(big, 4096, 0) == 0)
		n++;
	/* Linux counts the instructions of the machine it translates to. */
	printf("large filters: %s, then %s\n", n > 1 && n < 9 ? "some" : "none or many", strerror(errno));
}

/* Threads. */
static int go[2], done[2];
static long thread_result[2];
static void *asks(void *arg)
{
	char c;
	long n = (long)arg;

	if (n == 2)
		INSTALL(LOAD(NR), ON(SYS_getppid, SECCOMP_RET_ERRNO | ENOTDIR), RET(SECCOMP_RET_ALLOW));
	write(done[1], "x", 1);
	read(go[0], &c, 1);
	errno = 0;
	thread_result[0] = syscall(SYS_getuid) == -1 ? errno : 0;
	thread_result[1] = syscall(SYS_getppid) == -1 ? errno : 0;
	return arg;
}

static void sync_with(long kind, unsigned flags)
{
	pthread_t t;
	char c;

	pipe(go);
	pipe(done);
	pthread_create(&t, NULL, asks, (void *)kind);
	read(done[0], &c, 1);
	long r = INSTALL_FLAGS(flags, LOAD(NR), ON(SYS_getuid, SECCOMP_RET_ERRNO | EISDIR), RET(SECCOMP_RET_ALLOW));
	printf("sync %ld flags %x: %s", kind, flags, r > 0 ? "a thread" : r ? strerror(errno) : "0");
	write(go[1], "x", 1);
	pthread_join(t, NULL);
	printf(", the other thread: %ld %ld\n", thread_result[0], thread_result[1]);
}

static void do_sync(void)
{
	sync_with(1, 0);
}

static void do_sync1(void)
{
	sync_with(1, SECCOMP_FILTER_FLAG_TSYNC);
}

static void do_sync2(void)
{
	sync_with(2, SECCOMP_FILTER_FLAG_TSYNC);
	sync_with(2, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH);
}

/* A tracer. */
static void do_traced(void)
{
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	INSTALL(LOAD(NR), ON(SYS_getpid, SECCOMP_RET_TRACE | 77), ON(SYS_getuid, SECCOMP_RET_TRACE | 78),
	        ON(SYS_getgid, SECCOMP_RET_ERRNO | EBADF), RET(SECCOMP_RET_ALLOW));
	raise(SIGSTOP);
	SHOW(syscall(SYS_getpid) == 4242);
	SHOW(syscall(SYS_getuid)); /* the tracer makes getgid of it */
	SHOW(syscall(SYS_getpid) > 0);
}

static void test_tracer(void)
{
	struct user_regs_struct r;
	int status, n = 0;
	unsigned long message;
	pid_t p;

	fflush(stdout);
	p = fork();
	if (!p) {
		do_traced();
		fflush(stdout);
		_exit(0);
	}
	waitpid(p, &status, 0);
	SHOW(ptrace(PTRACE_SETOPTIONS, p, 0, 1 << 7 /* PTRACE_O_TRACESECCOMP */));
	ptrace(PTRACE_CONT, p, 0, 0);
	while (waitpid(p, &status, 0) == p && WIFSTOPPED(status)) {
		ptrace(PTRACE_GETEVENTMSG, p, 0, &message);
		ptrace(PTRACE_GETREGS, p, 0, &r);
		printf("stop %x message %lu call %d result %d\n", status >> 8, message, (int)r.orig_rax, (int)r.rax);
		if (status >> 8 != (SIGTRAP | 7 /* PTRACE_EVENT_SECCOMP */ << 8)) {
			ptrace(PTRACE_CONT, p, 0, 0);
			continue;
		}
		if (n == 0) {
			r.orig_rax = -1;
			r.rax = 4242;
		} else if (n == 1) {
			r.orig_rax = SYS_getgid;
		}
		ptrace(PTRACE_SETREGS, p, 0, &r);
		if (n++ == 2) { /* PTRACE_SYSCALL from here stops at the end of the call only */
			ptrace(PTRACE_SYSCALL, p, 0, 0);
			waitpid(p, &status, 0);
			ptrace(PTRACE_GETREGS, p, 0, &r);
			printf("then %x result %d\n", status >> 8, (pid_t)r.rax == p);
		}
		ptrace(PTRACE_CONT, p, 0, 0);
	}
	printf("end %x\n", status);
}

int main(int argc, char **argv)
{
	if (argc > 1) { /* after execve */
		SHOW(syscall(SYS_getpid));
		show_proc();
		return 0;
	}
	in_child("strict", do_strict);
	in_child("strict kill", do_strict_kill);
	in_child("arguments", do_strict_args);
	in_child("errno", do_errno);
	in_child("trap", do_trap);
	in_child("kill", do_kill);
	in_child("unknown action", do_unknown_action);
	in_child("kill thread", do_kill_thread);
	in_child("kill last thread", do_kill_last_thread);
	in_child("notify, trace", do_notify);
	in_child("no privilege", do_no_privilege);
	in_child("compute", do_compute);
	in_child("jumps", do_jumps);
	in_child("refused", do_refused);
	in_child("no sync", do_sync);
	in_child("sync", do_sync1);
	in_child("sync refused", do_sync2);
	test_tracer();
	return 0;
}
