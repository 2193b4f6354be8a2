/* SPDX-License-Identifier: MIT
 * tests/abi/ptrace.c - ptrace(2): stops, events, registers, steps, memory, permissions, the end of a tracer. */
#include "abi.h"
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/user.h>

static void show_wait(const char *what, pid_t who, int options)
{
	int st = 0;
	pid_t got = waitpid(who, &st, options | __WALL);

	if (got <= 0) {
		printf("%s: wait %d %s\n", what, (int)got, got < 0 ? strerror(errno) : "");
	} else if (WIFSTOPPED(st)) {
		printf("%s: stopped by %d event %d\n", what, WSTOPSIG(st), st >> 16);
	} else {
		show_status(what, st);
	}
	fflush(stdout);
}
#define PT(req, pid, addr, data) SHOW(ptrace(req, pid, (void *)(long)(addr), (void *)(long)(data)))
static void info_of(pid_t p)
{
	siginfo_t si;

	memset(&si, 0, sizeof(si));
	if (ptrace(PTRACE_GETSIGINFO, p, 0, &si) < 0)
		printf("siginfo: %s\n", strerror(errno));
	else
		printf("siginfo: signo %d code 0x%x\n", si.si_signo, si.si_code);
	fflush(stdout);
}
static void state_of(pid_t p)
{
	char name[64], line[256];
	snprintf(name, sizeof(name), "/proc/%d/status", p);
	FILE *f = fopen(name, "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "State", 5))
			printf("%s", line);
		if (!strncmp(line, "TracerPid", 9))
			printf("TracerPid is %s\n", atoi(line + 10) == getpid() ? "me" : atoi(line + 10) ? "other" : "none");
	}
	if (f)
		fclose(f);
	fflush(stdout);
}
static pid_t traced_child(void (*fn)(void))
{
	fflush(stdout);
	pid_t p = fork();
	if (!p) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		fn();
		_exit(7);
	}
	waitpid(p, NULL, 0);
	return p;
}
static void nothing(void)
{
}
static volatile long variable = 5;
static void on_usr1(int sig)
{
	variable = 100 + sig;
}
static void do_signals(void)
{
	signal(SIGUSR1, on_usr1);
	signal(SIGUSR2, SIG_IGN);
	raise(SIGUSR1);
	raise(SIGUSR2);
	raise(SIGTERM);
	_exit(variable == 110 ? 3 : 4);
}
static void test_errors(void)
{
	SECTION("errors");
	PT(PTRACE_CONT, 1, 0, 0);
	PT(PTRACE_ATTACH, 99999999, 0, 0);
	PT(PTRACE_ATTACH, getpid(), 0, 0);
	PT(PTRACE_SEIZE, getppid(), 1, 0);
	PT(PTRACE_SEIZE, getppid(), 0, 0x40000000);
	PT(PTRACE_PEEKDATA, getppid(), 0, 0);
	pid_t p = traced_child(nothing);
	PT(PTRACE_ATTACH, p, 0, 0);
	SHOW(syscall(SYS_ptrace, PTRACE_SETOPTIONS, 0xdefaced00000000UL | p, 0, 0)); /* a pid is 32 bits */
	PT(PTRACE_SETOPTIONS, p, 0, 0x1000);
	PT(PTRACE_CONT, p, 0, 65);
	PT(PTRACE_DETACH, p, 0, 65);
	PT(PTRACE_LISTEN, p, 0, 0);
	PT(PTRACE_INTERRUPT, p, 0, 0);
	PT(PTRACE_GETSIGMASK, p, 4, 0);
	PT(0x1234, p, 0, 0);
	PT(PTRACE_POKEUSER, p, 1, 0);
	PT(PTRACE_POKEUSER, p, 912, 0);
	PT(PTRACE_POKEUSER, p, offsetof(struct user_regs_struct, cs), 0);
	PT(PTRACE_POKEUSER, p, offsetof(struct user_regs_struct, cs), 0x10);
	PT(PTRACE_POKEUSER, p, offsetof(struct user_regs_struct, fs_base), 0x800000000000);
	PT(PTRACE_POKEUSER, p, offsetof(struct user, u_debugreg[4]), 0);
	PT(PTRACE_POKEUSER, p, offsetof(struct user, u_debugreg[0]), 0xffffffff80000000);
	PT(PTRACE_POKEDATA, p, 16, 0);
	errno = 0;
	SHOW(ptrace(PTRACE_PEEKDATA, p, 16, 0));
	info_of(p);
	state_of(p);
	PT(PTRACE_CONT, p, 0, 0);
	PT(PTRACE_CONT, p, 0, 0);
	show_wait("end", p, 0);
	PT(PTRACE_CONT, p, 0, 0);
}
static void test_signals(void)
{
	SECTION("signals");
	pid_t p = traced_child(do_signals);
	PT(PTRACE_CONT, p, 0, 0);
	show_wait("usr1", p, 0);
	info_of(p);
	PT(PTRACE_CONT, p, 0, SIGUSR1);
	show_wait("usr2, ignored", p, 0);
	PT(PTRACE_CONT, p, 0, SIGUSR2);
	show_wait("term", p, 0);
	siginfo_t si;
	waitid(P_PID, p, &si, WSTOPPED | WNOHANG);
	PT(PTRACE_CONT, p, 0, 0);
	show_wait("swallowed", p, 0);
	p = traced_child(do_signals);
	PT(PTRACE_CONT, p, 0, SIGKILL);
	show_wait("killed", p, 0);
	p = traced_child(nothing);
	PT(PTRACE_KILL, p, 0, 0);
	show_wait("PTRACE_KILL", p, 0);
	p = traced_child(nothing);
	SHOW(kill(p, SIGKILL));
	show_wait("kill -9", p, 0);
}
static void do_calls(void)
{
	syscall(SYS_getppid, 1);
	syscall(SYS_close, -1);
	syscall(12345, 2);
	_exit(syscall(SYS_dup, 0x77) == 42 ? 1 : 2);
}
static void show_call(pid_t p)
{
	struct user_regs_struct r;
	struct __ptrace_syscall_info si;
	memset(&si, 0, sizeof(si));
	long n = ptrace(PTRACE_GET_SYSCALL_INFO, p, sizeof(si), &si);
	ptrace(PTRACE_GETREGS, p, 0, &r);
	printf("size %ld op %d arch %x ip %d sp %d", n, si.op, si.arch, si.instruction_pointer == r.rip,
	       si.stack_pointer == r.rsp);
	if (si.op == 1)
		printf(" nr %ld arg0 %ld orig %ld ax %ld", (long)si.entry.nr, (long)si.entry.args[0] & 0xff,
		       (long)r.orig_rax, (long)r.rax);
	else if (si.op == 2)
		printf(" error %d", si.exit.is_error);
	printf(" cs %llx ss %llx\n", (unsigned long long)r.cs, (unsigned long long)r.ss);
	fflush(stdout);
}
static void test_calls(void)
{
	unsigned long msg = 77;
	SECTION("system calls");
	pid_t p = traced_child(do_calls);
	PT(PTRACE_SETOPTIONS, p, 0, PTRACE_O_TRACESYSGOOD);
	for (int i = 0; i < 9; i++) {
		if (ptrace(PTRACE_SYSCALL, p, 0, 0) < 0)
			break;
		show_wait("syscall", p, 0);
		ptrace(PTRACE_GETEVENTMSG, p, 0, &msg);
		printf("message %lu ", msg);
		show_call(p);
		if (i == 6)
			PT(PTRACE_POKEUSER, p, offsetof(struct user_regs_struct, orig_rax), SYS_getpid);
		if (i == 7) {
			errno = 0;
			long ax = ptrace(PTRACE_PEEKUSER, p, offsetof(struct user_regs_struct, rax), 0);
			printf("getpid %d\n", ax == p);
			PT(PTRACE_POKEUSER, p, offsetof(struct user_regs_struct, rax), 42);
		}
	}
	PT(PTRACE_CONT, p, 0, 0);
	show_wait("end", p, 0);
	p = traced_child(do_calls);
	ptrace(PTRACE_SYSCALL, p, 0, 0);
	show_wait("no sysgood", p, 0);
	info_of(p);
	PT(PTRACE_POKEUSER, p, offsetof(struct user_regs_struct, orig_rax), -1);
	ptrace(PTRACE_SYSCALL, p, 0, 0);
	show_wait("skipped", p, 0);
	PT(PTRACE_PEEKUSER, p, offsetof(struct user_regs_struct, rax), 0);
	kill(p, SIGKILL);
	show_wait("end", p, 0);
}
static void do_family(void)
{
	pid_t c = fork();
	if (!c)
		_exit(11);
	waitpid(c, NULL, 0);
	c = vfork();
	if (!c)
		_exit(12);
	waitpid(c, NULL, 0);
	execl("/proc/self/exe", "ptrace", "quit", NULL);
	_exit(99);
}
static void test_events(bool seize)
{
	long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
	               PTRACE_O_TRACEEXIT | PTRACE_O_TRACEVFORKDONE;
	SECTION(seize ? "events, seized" : "events");
	pid_t p;
	if (seize) {
		fflush(stdout);
		p = fork();
		if (!p) {
			raise(SIGSTOP);
			do_family();
		}
		waitpid(p, NULL, WUNTRACED);
		PT(PTRACE_SEIZE, p, 0, options);
		kill(p, SIGCONT);
		int st;
		while (waitpid(p, &st, __WALL) == p && WIFSTOPPED(st) && WSTOPSIG(st) != SIGCONT)
			ptrace(PTRACE_CONT, p, 0, 0);
		printf("SIGCONT seen\n");
	} else {
		p = traced_child(do_family);
		PT(PTRACE_SETOPTIONS, p, 0, options);
	}
	ptrace(PTRACE_CONT, p, 0, 0);
	for (int i = 0; i < 3; i++) {
		unsigned long msg = 0;
		show_wait("event", p, 0);
		ptrace(PTRACE_GETEVENTMSG, p, 0, &msg);
		if (i == 2) {
			printf("exec of me %d\n", msg == (unsigned long)p);
			break;
		}
		pid_t c = (pid_t)msg;
		show_wait("child", c, 0);
		state_of(c);
		info_of(c);
		ptrace(PTRACE_CONT, c, 0, 0);
		if (i == 1)
			ptrace(PTRACE_CONT, p, 0, 0);
		show_wait("child exit", c, 0);
		ptrace(PTRACE_GETEVENTMSG, c, 0, &msg);
		printf("message %lx\n", msg);
		ptrace(PTRACE_CONT, c, 0, 0);
		show_wait("child end", c, 0);
		if (i == 0)
			ptrace(PTRACE_CONT, p, 0, 0);
		show_wait(i ? "vfork done or sigchld" : "sigchld", p, 0);
		ptrace(PTRACE_CONT, p, 0, 0);
		if (i) {
			show_wait("the other", p, 0);
			ptrace(PTRACE_CONT, p, 0, 0);
		}
	}
	ptrace(PTRACE_CONT, p, 0, 0);
	show_wait("exit event", p, 0);
	ptrace(PTRACE_CONT, p, 0, 0);
	show_wait("end", p, 0);
}
static void test_exec_trap(void)
{
	SECTION("exec without the event");
	fflush(stdout);
	pid_t p = fork();
	if (!p) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		execl("/proc/self/exe", "ptrace", "quit", NULL);
		_exit(99);
	}
	show_wait("exec", p, 0);
	info_of(p);
	ptrace(PTRACE_CONT, p, 0, 0);
	show_wait("end", p, 0);
}
__attribute__((noinline)) static void do_steps(void)
{
	__asm__ volatile("movl $1, %%ecx; movl $2, %%ecx; int3; movl $3, %%ecx; nop; mov $39, %%eax; syscall; movl $4, "
	                 "%%ecx; nop" ::
	                         : "rax", "rcx", "r11");
	variable = 6;
	__asm__ volatile("nop");
	variable = 7;
	_exit(variable + 1);
}
static void test_steps(void)
{
	struct user_regs_struct r;
	SECTION("steps");
	pid_t p = traced_child(do_steps);
	PT(PTRACE_CONT, p, 0, 0);
	show_wait("int3", p, 0);
	info_of(p);
	unsigned long last = 0;
	for (int i = 0; i < 6; i++) {
		if (ptrace(PTRACE_SINGLESTEP, p, 0, 0))
			break;
		show_wait("step", p, 0);
		info_of(p);
		ptrace(PTRACE_GETREGS, p, 0, &r);
		printf("moved %ld cx %d flags %llx\n", last ? (long)(r.rip - last) : 0, (int)r.rcx < 10 ? (int)r.rcx : 10,
		       (unsigned long long)r.eflags & 0x100);
		last = r.rip;
	}
	SECTION("watchpoint");
	PT(PTRACE_POKEUSER, p, offsetof(struct user, u_debugreg[0]), &variable);
	PT(PTRACE_POKEUSER, p, offsetof(struct user, u_debugreg[7]), 1 | 9 << 16 | 0 << 18);
	PT(PTRACE_POKEUSER, p, offsetof(struct user, u_debugreg[7]), 1 | 2 << 16);
	for (int i = 0; i < 2; i++) {
		PT(PTRACE_CONT, p, 0, 0);
		show_wait("watch", p, 0);
		info_of(p);
		printf("dr6 %lx\n", ptrace(PTRACE_PEEKUSER, p, offsetof(struct user, u_debugreg[6]), 0) & 0xf);
		SHOW(ptrace(PTRACE_PEEKDATA, p, &variable, 0));
	}
	PT(PTRACE_POKEDATA, p, &variable, 20);
	PT(PTRACE_POKEUSER, p, offsetof(struct user, u_debugreg[7]), 0);
	PT(PTRACE_CONT, p, 0, 0);
	show_wait("end", p, 0);
}
static void do_handler_step(void)
{
	signal(SIGUSR1, on_usr1);
	raise(SIGUSR1);
	_exit(variable == 110 ? 3 : 4);
}
static void test_handler(void)
{
	struct user_regs_struct r;
	SECTION("step into a handler");
	pid_t p = traced_child(do_handler_step);
	PT(PTRACE_CONT, p, 0, 0);
	show_wait("usr1", p, 0);
	PT(PTRACE_SINGLESTEP, p, 0, SIGUSR1);
	show_wait("handler", p, 0);
	ptrace(PTRACE_GETREGS, p, 0, &r);
	printf("at the handler %d, arg %d\n", r.rip == (unsigned long)on_usr1, (int)r.rdi);
	PT(PTRACE_CONT, p, 0, 0);
	show_wait("end", p, 0);
}
static void do_sleep(void)
{
	for (;;)
		pause();
}
static void call_numbers(void)
{
	long five = syscall(-5, 0x5151), one = syscall(-1, 0x5151), high = syscall(1 << 30, 0x5151);
	printf("-5: %ld %s, -1: %ld, 2^30: %ld\n", five, five == -1 ? strerror(errno) : "", one, high);
	fflush(stdout);
}

/* The tracer writes a result at the entry of calls that there are not. */
static void test_numbers(void)
{
	SECTION("numbers of no call");
	pid_t p = traced_child(call_numbers);
	struct user_regs_struct r;
	int st, stops = 0;
	for (;;) {
		ptrace(PTRACE_SYSCALL, p, 0, 0);
		if (waitpid(p, &st, 0) != p || !WIFSTOPPED(st))
			break;
		ptrace(PTRACE_GETREGS, p, 0, &r);
		if (r.rdi != 0x5151 || stops++ % 2)
			continue;
		r.rax = -9999;
		ptrace(PTRACE_SETREGS, p, 0, &r);
	}
	SHOW_INT(stops);
	show_status("end", st);
}

/* The request to stop is taken by the stop at the end of the call that it interrupted: the call is restarted all the
 * same. */
static void test_detach_sleeping(void)
{
	SECTION("detach from a call that was interrupted");
	fflush(stdout);
	pid_t p = fork();
	if (!p) {
		struct timespec ts = { 3, 0 };
		int r = syscall(SYS_nanosleep, &ts, NULL);
		_exit(r == 0 ? 7 : errno);
	}
	until_asleep(p);
	PT(PTRACE_SEIZE, p, 0, PTRACE_O_TRACESYSGOOD);
	PT(PTRACE_INTERRUPT, p, 0, 0);
	show_wait("interrupt", p, 0);
	PT(PTRACE_SYSCALL, p, 0, 0);
	show_wait("call", p, 0);
	PT(PTRACE_SYSCALL, p, 0, 0);
	until_asleep(p);
	PT(PTRACE_INTERRUPT, p, 0, 0);
	show_wait("end of call", p, 0);
	PT(PTRACE_DETACH, p, 0, 0);
	show_wait("it slept", p, 0);
}

static void test_attach(void)
{
	SECTION("attach and detach");
	fflush(stdout);
	pid_t p = fork();
	if (!p)
		do_sleep();
	PT(PTRACE_ATTACH, p, 0, 0);
	show_wait("attach", p, 0);
	info_of(p);
	state_of(p);
	PT(PTRACE_CONT, p, 0, SIGSTOP);
	show_wait("group stop", p, 0);
	info_of(p);
	PT(PTRACE_DETACH, p, 0, 0);
	show_wait("stopped for good", p, WUNTRACED);
	while (task_state(p) != 'T') /* the stop is told before it has gone from one kind into the other */
		sleep_ms(1);
	state_of(p);
	PT(PTRACE_ATTACH, p, 0, 0);
	PT(PTRACE_POKEDATA, p, &variable, 20);
	show_wait("attach stopped", p, 0);
	PT(PTRACE_CONT, p, 0, 0);
	show_wait("its SIGSTOP", p, 0);
	PT(PTRACE_CONT, p, 0, 0);
	kill(p, SIGCONT);
	show_wait("cont", p, 0);
	PT(PTRACE_DETACH, p, 0, SIGTERM);
	show_wait("end", p, 0);
	SECTION("seize");
	p = fork();
	if (!p)
		do_sleep();
	PT(PTRACE_SEIZE, p, 0, 0);
	show_wait("no stop", p, WNOHANG);
	PT(PTRACE_INTERRUPT, p, 0, 0);
	show_wait("interrupt", p, 0);
	info_of(p);
	PT(PTRACE_LISTEN, p, 0, 0);
	PT(PTRACE_CONT, p, 0, 0);
	PT(PTRACE_INTERRUPT, p, 0, 0);
	show_wait("again", p, 0);
	PT(PTRACE_CONT, p, 0, 0);
	kill(p, SIGSTOP);
	show_wait("stop", p, 0);
	PT(PTRACE_CONT, p, 0, SIGSTOP);
	show_wait("group stop", p, 0);
	info_of(p);
	PT(PTRACE_LISTEN, p, 0, 0);
	show_wait("listening", p, WNOHANG);
	kill(p, SIGCONT);
	show_wait("trap", p, 0);
	info_of(p);
	PT(PTRACE_CONT, p, 0, 0);
	show_wait("cont", p, 0);
	PT(PTRACE_CONT, p, 0, 0);
	kill(p, SIGKILL);
	show_wait("end", p, 0);
}
static volatile int thread_done;
static int thread_main(void *arg)
{
	syscall(SYS_getppid, 1);
	thread_done = 1;
	syscall(SYS_exit, 3);
	return arg != NULL;
}
static void do_thread(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	int tid = clone(thread_main, stack + sizeof(stack),
	      CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, NULL);
	/* Until the tracer has waited for it: an exit of the process would change its status. */
	while (!thread_done || !syscall(SYS_tgkill, getpid(), tid, 0))
		sleep_ms(1);
	_exit(5);
}
static void test_thread(void)
{
	unsigned long tid = 0;
	SECTION("thread");
	pid_t p = traced_child(do_thread);
	PT(PTRACE_SETOPTIONS, p, 0, PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXIT);
	PT(PTRACE_CONT, p, 0, 0);
	show_wait("clone", p, 0);
	ptrace(PTRACE_GETEVENTMSG, p, 0, &tid);
	show_wait("thread", (pid_t)tid, 0);
	PT(PTRACE_CONT, p, 0, 0);
	ptrace(PTRACE_CONT, (pid_t)tid, 0, 0);
	show_wait("thread exit", (pid_t)tid, 0);
	ptrace(PTRACE_CONT, (pid_t)tid, 0, 0);
	show_wait("thread end", (pid_t)tid, 0);
	show_wait("exit", p, 0);
	PT(PTRACE_CONT, p, 0, 0);
	show_wait("end", p, 0);
}
static void test_tracer_death(long options)
{
	int fds[2];
	char c;
	SECTION(options ? "tracer dies, EXITKILL" : "tracer dies");
	fflush(stdout);
	pid_t p = fork();
	if (!p)
		do_sleep();
	if (pipe(fds) < 0)
		return;
	pid_t tracer = fork();
	if (!tracer) {
		ptrace(PTRACE_SEIZE, p, 0, options);
		ptrace(PTRACE_INTERRUPT, p, 0, 0);
		waitpid(p, NULL, __WALL);
		if (write(fds[1], "x", 1) < 0)
			_exit(2);
		_exit(1);
	}
	if (read(fds[0], &c, 1) < 0)
		return;
	waitpid(tracer, NULL, 0);
	until_asleep(p); /* or dead */
	state_of(p);
	kill(p, SIGTERM);
	show_wait("end", p, 0);
	SECTION("parent and tracer");
	p = fork();
	if (!p)
		do_sleep();
	tracer = fork();
	if (!tracer) {
		int st;
		ptrace(PTRACE_SEIZE, p, 0, 0);
		kill(p, SIGKILL);
		waitpid(p, &st, __WALL);
		show_status("tracer sees", st);
		_exit(1);
	}
	show_wait("tracer", tracer, 0);
	show_wait("parent", p, 0);
	close(fds[0]);
	close(fds[1]);
}
static void test_memory(void)
{
	char name[64];
	long local[2] = { 0, 0 };
	struct iovec l = { local, 16 }, r = { (void *)&variable, 8 };
	SECTION("memory");
	variable = 5;
	pid_t p = traced_child(nothing);
	variable = 9;
	SHOW(process_vm_readv(p, &l, 1, &r, 1, 0));
	SHOW_INT(local[0]);
	local[0] = 33;
	SHOW(process_vm_writev(p, &l, 1, &r, 1, 0));
	SHOW(process_vm_writev(p, &l, 1, &r, 1, 1));
	r.iov_base = (void *)16;
	SHOW(process_vm_readv(p, &l, 1, &r, 1, 0));
	SHOW(process_vm_readv(99999999, &l, 1, &r, 1, 0));
	SHOW(process_vm_readv(p, &l, 1, &r, 2000, 0));
	SHOW(process_vm_readv(p, &l, 0, &r, 1, 0));
	snprintf(name, sizeof(name), "/proc/%d/task/%d/mem", p, p);
	int fd = open(name, O_RDWR);
	SHOW(pread(fd, local, 8, (off_t)&variable));
	SHOW_INT(local[0]);
	static const char text[] = "read-only";
	SHOW(pwrite(fd, "R", 1, (off_t)text));
	SHOW(pread(fd, local, 8, 16));
	SHOW(pread(fd, local, 8, (off_t)text));
	printf("%.4s %.4s\n", (char *)local, text);
	close(fd);
	struct user_regs_struct regs;
	struct iovec v = { &regs, 4096 };
	SHOW(ptrace(PTRACE_GETREGSET, p, 1, &v));
	SHOW_INT(v.iov_len);
	v.iov_len = 12;
	SHOW(ptrace(PTRACE_GETREGSET, p, 1, &v));
	v.iov_len = 16;
	SHOW(ptrace(PTRACE_SETREGSET, p, 1, &v));
	SHOW_INT(v.iov_len);
	SHOW(ptrace(PTRACE_GETREGSET, p, 0x7777, &v));
	struct user_fpregs_struct fp;
	SHOW(ptrace(PTRACE_GETFPREGS, p, 0, &fp));
	printf("cwd %x mxcsr %x\n", fp.cwd, fp.mxcsr);
	fp.xmm_space[0] = 0x1234;
	SHOW(ptrace(PTRACE_SETFPREGS, p, 0, &fp));
	memset(&fp, 0, sizeof(fp));
	v = (struct iovec){ &fp, sizeof(fp) };
	SHOW(ptrace(PTRACE_GETREGSET, p, 2, &v));
	printf("xmm0 %x\n", fp.xmm_space[0]);
	fp.mxcsr = 0xffffffff;
	SHOW(ptrace(PTRACE_SETFPREGS, p, 0, &fp));
	kill(p, SIGKILL);
	show_wait("end", p, 0);
}
static void test_permission(void)
{
	SECTION("permission");
	fflush(stdout);
	pid_t p = fork();
	if (!p)
		do_sleep();
	IN_CHILD("other user", {
		become(1000);
		PT(PTRACE_ATTACH, p, 0, 0);
		struct iovec l = { &p, 4 };
		SHOW(process_vm_readv(p, &l, 1, &l, 1, 0));
	});
	kill(p, SIGKILL);
	show_wait("end", p, 0);
}
/* PTRACE_PEEKSIGINFO: the queues of pending signals. */
static void do_queue(void)
{
	union sigval v = { 0 };
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (int i = 0; i < 3; i++) {
		v.sival_int = 10 + i;
		sigqueue(getpid(), SIGRTMIN + 2 - i, v);
	}
	syscall(SYS_tgkill, getpid(), getpid(), SIGUSR2);
	raise(SIGSTOP);
}

static void test_queue(void)
{
	struct {
		uint64_t off;
		uint32_t flags;
		int32_t nr;
	} a = { 0, 1, 8 };
	siginfo_t info[8];
	pid_t p = traced_child(do_queue);
	int status;

	ptrace(PTRACE_CONT, p, 0, 0);
	waitpid(p, &status, 0);
	for (int round = 0; round < 5; round++) {
		memset(info, 0, sizeof(info));
		long n = ptrace(0x4209, p, &a, info);
		printf("peek off %d flags %u nr %d: %ld", (int)a.off, a.flags, a.nr, n);
		for (int i = 0; i < n; i++)
			printf(" (%d code %d value %d)", info[i].si_signo, info[i].si_code, info[i].si_code == SI_QUEUE ? info[i].si_int : 0);
		printf("%s\n", n < 0 ? strerror(errno) : "");
		a.off = round == 0 ? 1 : 0;
		a.nr = round == 1 ? -1 : round == 0 ? 1 : 8;
		a.flags = round == 0 ? 1 : round == 2 ? 0 : round == 3 ? 2 : 1;
	}
	SHOW(ptrace(0x4209, p, &a, 8));
	kill(p, SIGKILL);
	waitpid(p, &status, 0);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "quit"))
		return 55;
	test_errors();
	test_signals();
	test_calls();
	test_exec_trap();
	test_events(false);
	test_events(true);
	test_steps();
	test_handler();
	test_attach();
	test_detach_sleeping();
	test_numbers();
	test_thread();
	test_tracer_death(0);
	test_tracer_death(PTRACE_O_EXITKILL);
	test_memory();
	test_permission();
	test_queue();
	return 0;
}
