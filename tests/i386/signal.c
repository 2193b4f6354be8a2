/* SPDX-License-Identifier: MIT
 * tests/i386/signal.c - both signal frames, masks, the alternate stack, restarts */
#include "start.h"

struct sigaction {
	u32 handler, flags, restorer, mask[2];
};
struct old_sigaction {
	u32 handler, mask, flags, restorer;
};
enum { SIGINFO = 4, ONSTACK = 0x08000000, RESTART = 0x10000000, RESTORER = 0x04000000 };

static volatile int count;
static u32 *volatile last_info;

void restore_rt(void);
void restore_old(void);
__asm__("restore_rt:\tmovl $173, %eax\n\tint $0x80\nrestore_old:\tpopl %eax\n\tmovl $119, %eax\n\tint $0x80\n");

static u32 frame_low(void)
{
	return (u32)__builtin_frame_address(0);
}

static void plain(int sig)
{
	count++;
	say_number("plain handler", sig, 10);
	say_number("  sp & 15", (frame_low() + 4) & 15, 10);
}

static void with_info(int sig, u32 *info, u32 *uc)
{
	count++;
	say_number("handler", sig, 10);
	say_number("  signo", info[0], 10);
	say_number("  code", (int)info[2], 10);
	say_number("  cs", uc[5 + 15], 16);
	say_number("  ss", uc[5 + 18], 16);
	say_number("  ds", uc[5 + 3], 16);
	say_number("  trapno", sig == 11 ? uc[5 + 12] : 0, 10);
	say_number("  err", sig == 11 ? uc[5 + 13] : 0, 10);
	say_number("  mask", uc[5 + 22], 16);
	last_info = info;
	if (sig == 11) {
		say_number("  address", info[3], 16);
		uc[5 + 14] += 2; /* over the two bytes of the instruction */
	}
	if (sig == 34)
		say_number("  value", info[5], 10);
}

static void fpu(int sig)
{
	(void)sig;
	__asm__ volatile("fninit; fld1; fld1; fld1");
}

static void set(int sig, void *handler, u32 flags, u32 mask)
{
	struct sigaction a = { (u32)handler, flags | RESTORER, (u32)restore_rt, { mask, 0 } }, was;

	if (!(flags & SIGINFO))
		a.restorer = (u32)restore_old;
	SHOW(SYS(NR_rt_sigaction, sig, &a, &was, 8));
	SHOW(SYS(NR_rt_sigaction, sig, 0, &was, 8));
	SHOW_HEX(was.flags);
	SHOW_HEX(was.mask[0]);
}

static void frames(void)
{
	struct old_sigaction old = { (u32)plain, 0x100, 0, 0 }, was = { 0, 0, 0, 0 };
	u32 before, after, pid = SYS(NR_getpid);
	double d = 0;

	set(10, plain, 0, 2);
	__asm__ volatile("movl %%esp, %0" : "=r"(before));
	SHOW(SYS(NR_kill, pid, 10));
	__asm__ volatile("movl %%esp, %0" : "=r"(after));
	SHOW(before == after);
	set(10, with_info, SIGINFO, 4);
	SHOW(SYS(NR_kill, pid, 10));
	SHOW(SYS(NR_sigaction, 12, &old, 0));
	SHOW(SYS(NR_sigaction, 12, 0, &was));
	SHOW(was.handler == old.handler && was.mask == 0x100);
	SHOW_HEX(was.flags);
	SHOW(SYS(NR_kill, pid, 12)); /* no restorer: the return code */
	SHOW(SYS(NR_signal, 12, plain) == (long)plain);
	SHOW(SYS(NR_kill, pid, 12));
	SHOW(SYS(NR_signal, 12, 0)); /* it was reset */
	set(10, fpu, 0, 0);
	__asm__ volatile("fninit; fldpi");
	SYS(NR_kill, pid, 10);
	__asm__ volatile("fstpl %0" : "=m"(d));
	SHOW(d > 3.14159 && d < 3.1416);
	set(11, with_info, SIGINFO, 0);
	__asm__ volatile("movl $0x12340, %%eax; movl (%%eax), %%eax" ::: "eax");
	u32 info[32] = { 34, 0, (u32)-1, pid, 0, 77 };
	set(34, with_info, SIGINFO, 0);
	SHOW(SYS(NR_rt_sigqueueinfo, pid, 34, info));
}

static void masks(void)
{
	u32 m = 1u << 9, was = 5, pending[2] = { 9, 9 }, pid = SYS(NR_getpid), m64[2] = { 1u << 9, 0 }, info[32];

	set(10, plain, 0, 0);
	SHOW(SYS(NR_sigprocmask, 0, &m, &was));
	SHOW_HEX(was);
	SHOW(SYS(NR_kill, pid, 10));
	SHOW(SYS(NR_sigpending, pending));
	SHOW_HEX(pending[0]);
	SHOW(SYS(NR_rt_sigpending, pending, 8));
	SHOW_HEX(pending[1]);
	SHOW(SYS(NR_rt_sigtimedwait, m64, info, 0, 8));
	SHOW(info[0]);
	SHOW(info[3] == pid);
	SHOW(SYS(NR_kill, pid, 10));
	SHOW(SYS(NR_sigsuspend, 0, 0, 0));
	SHOW_HEX(SYS(NR_sgetmask));
	SHOW_HEX(SYS(NR_ssetmask, 0));
	SHOW(SYS(NR_sigprocmask, 7, &m, 0));
}

static void altstack(void)
{
	static u8 room[16384];
	u32 st[3] = { (u32)room, 0, sizeof(room) }, was[3];

	SHOW(SYS(NR_sigaltstack, st, was));
	SHOW(was[1]);
	set(10, with_info, SIGINFO | ONSTACK, 0);
	SYS(NR_kill, SYS(NR_getpid), 10);
	SHOW((u32)last_info > (u32)room && (u32)last_info < (u32)room + sizeof(room));
	SHOW(SYS(NR_sigaltstack, 0, was));
	SHOW(was[2]);
	st[1] = 2;
	SHOW(SYS(NR_sigaltstack, st, 0));
}

static int told[2];
static void tells(int sig)
{
	count++;
	(void)sig;
	SYS(NR_write, told[1], "h", 1);
}

/* A child signals while we sleep; the call is interrupted, or goes on. */
static void restarts(void)
{
	u32 ts[2] = { 100, 0 }, rem[2] = { 9, 9 }, pid = SYS(NR_getpid);
	u64 t64[2] = { 0, 300000000 }, rem64[2] = { 9, 9 };
	int fds[2], status;
	char c;

	set(10, plain, 0, 0);
	if (!SYS(NR_fork)) {
		until_state(pid, 'S');
		SYS(NR_kill, pid, 10);
		SYS(NR_exit, 0);
	}
	SHOW(SYS(NR_nanosleep, ts, rem));
	SHOW(rem[0] > 30 && rem[0] <= 100);
	SYS(NR_waitpid, -1, &status, 0);
	if (!SYS(NR_fork)) {
		until_state(pid, 'S');
		SYS(NR_kill, pid, 19);
		until_state(pid, 'T');
		SYS(NR_kill, pid, 18);
		SYS(NR_exit, 0);
	}
	SHOW(SYS(NR_clock_nanosleep64, 1, 0, t64, rem64)); /* stopped and continued: restart_syscall */
	while (SYS(NR_waitpid, -1, &status, 0) > 0)
		;
	SYS(NR_pipe, fds);
	SYS(NR_pipe, told);
	set(10, tells, RESTART, 0);
	if (!SYS(NR_fork)) {
		until_state(pid, 'S');
		SYS(NR_kill, pid, 10);
		SYS(NR_read, told[0], &c, 1); /* the handler has run: what it sleeps in now is the call restarted */
		until_state(pid, 'S');
		SYS(NR_write, fds[1], "r", 1);
		SYS(NR_exit, 0);
	}
	SHOW(SYS(NR_read, fds[0], &c, 1));
	SHOW(c);
	SYS(NR_waitpid, -1, &status, 0);
}

int program(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	frames();
	masks();
	altstack();
	restarts();
	SHOW(count);
	SYS(NR_signal, 11, 0);
	*(volatile int *)0xfffff000 = 1;
	return 0;
}
