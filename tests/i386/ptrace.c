/* SPDX-License-Identifier: MIT
 * tests/i386/ptrace.c - a 32-bit tracer of a 32-bit program: words, registers, register sets, system calls, segments */
#include "start.h"

enum { NR_ptrace = 26, TRACEME = 0, PEEK = 2, PEEKUSER, POKE = 5, POKEUSER, CONT, STEP = 9, GETREGS = 12, SETREGS, GETFPREGS, SETFPREGS,
       GETFPXREGS = 18, SYSCALL = 24, GET_AREA, SET_AREA, SETOPTIONS = 0x4200, GETMSG, GETSIGINFO, SETSIGINFO, GETREGSET, SETREGSET,
       SYSCALL_INFO = 0x420e };
enum { BX, CX, DX, SI, DI, BP, AX, DS, ES, FS, GS, ORIG_AX, IP, CS, FLAGS, SP, SS };

static volatile u32 word = 0x12345678, answer;
static u32 regs[17], fx[128];
struct user_desc {
	u32 entry, base, limit, flags;
};
static struct user_desc area = { (u32)-1, 0, 0xfffff, 0x51 };

static int pt(int what, int pid, u32 addr, u32 data)
{
	return SYS(NR_ptrace, what, pid, addr, data);
}

static int stop(int pid)
{
	int status = 0;

	SYS(NR_wait4, pid, &status, 0, 0);
	return status;
}

static void child(void)
{
	pt(TRACEME, 0, 0, 0);
	area.base = (u32)regs;
	SYS(NR_set_thread_area, &area);
	__asm__ volatile("movl %0, %%gs" ::"r"(area.entry * 8 + 3));
	__asm__ volatile("fldpi; fld1; fldz");
	__asm__ volatile("int3" : "=a"(answer) : "a"(1), "b"(2), "c"(3), "d"(4), "S"(5), "D"(6));
	int good = answer == 0x77 && word == 0xcafe; /* it prints nothing, since the tracer does at the same time */
	SYS(NR_getpid);
	SYS(NR_gettid);
	SYS(NR_exit, good ? 9 : 1);
}

static void user_area(int pid)
{
	u32 v = 0;

	SHOW(pt(PEEKUSER, pid, 4 * ORIG_AX, (u32)&v));
	SHOW((int)v);
	SHOW(pt(PEEKUSER, pid, 4 * CS, (u32)&v));
	SHOW_HEX(v);
	SHOW(pt(PEEKUSER, pid, 4 * DS, (u32)&v));
	SHOW_HEX(v);
	SHOW(pt(PEEKUSER, pid, 70, (u32)&v));
	SHOW(pt(PEEKUSER, pid, 284, (u32)&v));
	SHOW(pt(PEEKUSER, pid, 100, (u32)&v));
	SHOW(v);
	SHOW(pt(POKEUSER, pid, 4 * CS, 0x10));
	SHOW(pt(POKEUSER, pid, 4 * SS, 0));
	SHOW(pt(POKEUSER, pid, 4 * FS, 8));
	SHOW(pt(POKEUSER, pid, 252, (u32)&word));
	SHOW(pt(PEEKUSER, pid, 252, (u32)&v));
	SHOW(v == (u32)&word);
	SHOW(pt(POKEUSER, pid, 252, 0));
	SHOW(pt(PEEKUSER, pid, 4 * IP, 1));
}

static void register_sets(int pid)
{
	u32 iov[2] = { (u32)fx, sizeof(fx) };
	struct user_desc d = { 0, 0, 0, 0 };

	SHOW(pt(GETREGSET, pid, 1, (u32)iov));
	SHOW(iov[1]);
	SHOW_HEX(fx[CS]);
	iov[1] = 6;
	SHOW(pt(GETREGSET, pid, 1, (u32)iov));
	iov[1] = sizeof(fx);
	SHOW(pt(GETREGSET, pid, 2, (u32)iov));
	SHOW(iov[1]);
	SHOW(pt(GETREGSET, pid, 0x46e62b7f, (u32)iov));
	SHOW(iov[1]);
	iov[1] = sizeof(fx);
	SHOW(pt(GETREGSET, pid, 0x200, (u32)iov));
	SHOW(iov[1]);
	SHOW(fx[0]);
	SHOW(fx[1] == (u32)regs);
	SHOW_HEX(fx[3]);
	SHOW_HEX(fx[4 + 3]);
	SHOW(pt(GETREGSET, pid, 77, (u32)iov));
	SHOW(pt(GETREGSET, pid, 1, 1));
	SHOW(pt(GET_AREA, pid, 12, (u32)&d));
	SHOW(d.entry);
	SHOW_HEX(d.limit);
	SHOW_HEX(d.flags);
	SHOW(pt(GET_AREA, pid, 5, (u32)&d));
	SHOW(pt(GET_AREA, pid, (u32)-1, (u32)&d));
	d.limit = 0x123;
	d.flags = 0x41;
	SHOW(pt(SET_AREA, pid, 13, (u32)&d));
	SHOW(pt(GET_AREA, pid, 13, (u32)&d));
	SHOW_HEX(d.limit);
}

static void floating_point(int pid)
{
	SHOW(pt(GETFPREGS, pid, 0, (u32)fx));
	SHOW_HEX(fx[0]);
	SHOW_HEX(fx[1]);
	SHOW_HEX(fx[2]);
	for (int i = 7; i < 15; i++)
		SHOW_HEX(fx[i]);
	fx[0] = 0xffff027f;
	SHOW(pt(SETFPREGS, pid, 0, (u32)fx));
	fx[0] = 0;
	SHOW(pt(GETFPXREGS, pid, 0, (u32)fx));
	SHOW_HEX(fx[0]);
	SHOW_HEX(fx[1] & 0xff);
	SHOW_HEX(fx[8]);
}

int program(int argc, char **argv, char **envp)
{
	u32 v = 0, info[32], si[22];

	(void)argc, (void)argv, (void)envp;
	int pid = SYS(NR_fork);
	if (!pid)
		child();
	SHOW_HEX(stop(pid));
	SHOW(pt(PEEK, pid, (u32)&word, (u32)&v));
	SHOW_HEX(v);
	SHOW(pt(PEEK, pid, 1, (u32)&v));
	SHOW(pt(POKE, pid, (u32)&word, 0xcafe));
	SHOW(pt(GETREGS, pid, 0, (u32)regs));
	for (u32 i = 0; i < 17; i++)
		if (i != BP && i != IP && i != SP && i != GS && i != FLAGS)
			SHOW_HEX(regs[i]);
	SHOW_HEX(regs[GS]);
	user_area(pid);
	register_sets(pid);
	floating_point(pid);
	SHOW(pt(GETSIGINFO, pid, 0, (u32)info));
	SHOW(info[0]);
	SHOW((int)info[2]);
	regs[AX] = 0x77;
	SHOW(pt(SETREGS, pid, 0, (u32)regs));
	SHOW(pt(SETOPTIONS, pid, 0, 1));
	SHOW(pt(SYSCALL, pid, 0, 0));
	for (int i = 0; i < 4; i++) {
		SHOW_HEX(stop(pid));
		SHOW(pt(GETMSG, pid, 0, (u32)&v));
		SHOW(v);
		SHOW(pt(SYSCALL_INFO, pid, sizeof(si), (u32)si));
		SHOW_HEX(si[0]);
		SHOW_HEX(si[1]);
		SHOW(si[6] == (u32)pid ? 0 : si[6]);
		SHOW(pt(GETREGS, pid, 0, (u32)regs));
		SHOW(regs[ORIG_AX]);
		SHOW(regs[AX] == (u32)pid ? 0 : (int)regs[AX]);
		SHOW(pt(SYSCALL, pid, 0, 0));
	}
	SHOW_HEX(stop(pid));
	SHOW(pt(STEP, pid, 0, 0));
	SHOW_HEX(stop(pid));
	SHOW(pt(CONT, pid, 0, 0));
	SHOW_HEX(stop(pid));
	return 0;
}
