/* SPDX-License-Identifier: MIT
 * tests/i386/tls.c - set_thread_area, %gs over switches, fork and threads */
#include "start.h"

struct user_desc {
	u32 entry, base, limit, flags; /* 0x51: 32-bit, limit in pages, available */
};

static u32 area1[16], area2[16], area3[16];
static volatile int ready, go_on;
static u32 seen;

static u32 gs_word(void)
{
	u32 v;

	__asm__ volatile("movl %%gs:4, %0" : "=r"(v));
	return v;
}

static void set_gs(u32 entry)
{
	__asm__ volatile("movw %w0, %%gs" ::"r"(entry << 3 | 3));
}

static int thread(void)
{
	seen = gs_word();
	ready = 1;
	for (int i = 0; i < 50; i++) {
		u32 t[2] = { 0, 1000000 };
		SYS(NR_nanosleep, t, 0);
		if (gs_word() != seen)
			seen = 0;
	}
	ready = 2;
	return 0;
}

static void threads(u32 entry)
{
	static u8 stack[16384] __attribute__((aligned(16)));
	struct user_desc d = { entry, (u32)area3, 0xfffff, 0x51 };
	u32 *sp = (u32 *)(stack + sizeof(stack)) - 4;
	long r;

	sp[0] = (u32)thread;
	/* clone(VM | FS | FILES | SIGHAND | THREAD | SYSVSEM | SETTLS) */
	__asm__ volatile("int $0x80\n\ttestl %%eax, %%eax\n\tjnz 1f\n\tpopl %%eax\n\tcall *%%eax\n\tmovl $1, %%eax\n\txorl %%ebx, %%ebx\n\t"
	                 "int $0x80\n1:"
	                 : "=a"(r)
	                 : "a"(NR_clone), "b"(0xd0f00), "c"(sp), "d"(0), "S"(&d), "D"(0)
	                 : "memory");
	SHOW(r > 0);
	while (ready < 2) {
		u32 t[2] = { 0, 1000000 };
		SYS(NR_nanosleep, t, 0);
		if (gs_word() != 0x1111) {
			say("lost\n");
			break;
		}
	}
	SHOW_HEX(seen);
}

int program(int argc, char **argv, char **envp)
{
	struct user_desc d = { (u32)-1, (u32)area1, 0xfffff, 0x51 }, e = { (u32)-1, (u32)area2, 0xfffff, 0x51 }, got = { 0, 0, 0, 0 };
	int status;

	(void)argc, (void)argv, (void)envp;
	area1[1] = 0x1111;
	area2[1] = 0x2222;
	area3[1] = 0x3333;
	SHOW(SYS(NR_set_thread_area, &d));
	SHOW(d.entry);
	SHOW(SYS(NR_set_thread_area, &e));
	SHOW(e.entry);
	set_gs(d.entry);
	SHOW_HEX(gs_word());
	SHOW(SYS(NR_getpid) > 0);
	SHOW_HEX(gs_word());
	set_gs(e.entry);
	SHOW_HEX(gs_word());
	got.entry = e.entry;
	SHOW(SYS(NR_get_thread_area, &got));
	SHOW(got.base == (u32)area2);
	SHOW_HEX(got.limit);
	SHOW_HEX(got.flags);
	e.base = (u32)area3;
	SHOW(SYS(NR_set_thread_area, &e)); /* the loaded register follows */
	SHOW_HEX(gs_word());
	set_gs(d.entry);
	if (!SYS(NR_fork)) {
		SHOW_HEX(gs_word());
		SYS(NR_exit, 0);
	}
	SYS(NR_waitpid, -1, &status, 0);
	SHOW(status);
	threads(d.entry);
	got.entry = 5;
	SHOW(SYS(NR_set_thread_area, &got));
	SHOW(SYS(NR_get_thread_area, &got));
	SHOW(SYS(NR_set_thread_area, 0));
	d.flags = 0x50; /* 16 bits */
	SHOW(SYS(NR_set_thread_area, &d));
	struct user_desc third = { (u32)-1, (u32)area1, 0xfffff, 0x51 };
	SHOW(SYS(NR_set_thread_area, &third));
	third.entry = (u32)-1;
	SHOW(SYS(NR_set_thread_area, &third));
	struct user_desc empty = { e.entry, 0, 0, 0x28 };
	SHOW(SYS(NR_set_thread_area, &empty));
	return 0;
}
