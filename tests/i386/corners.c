/* SPDX-License-Identifier: MIT
 * tests/i386/corners.c - exceptions of 32-bit code, segments of the LDT, and the way back to bad ones
 *
 * What QEMU 7.2 emulates wrongly is not here: see tests/abi/corners.c; limits and write protection of segments. */
#include "start.h"

struct user_desc {
	u32 entry, base, limit, flags; /* flags: 1 = 32-bit, 6 = contents, 8 = read-only, 16 = pages, 32 = not present, 64 = usable */
};
struct action {
	u32 handler, flags, restorer, mask[2];
};
enum { NR_modify_ldt = 123, SIGINFO = 4, ONSTACK = 0x08000000, UC = 5, GS = 0, FS, ES, DS, SP = 7, TRAPNO = 12, ERR, IP, CS, FLAGS, SS = 18 };

u32 resume, saved_sp, sysinfo;
static volatile u32 steps, hide_error, patch_cs, patch_ss, patching;
static u8 stack[16384] __attribute__((aligned(16)));

static void on_trap(int sig, u32 *info, u32 *uc)
{
	u32 *sc = uc + UC;

	say_number("  signal", sig, 10);
	say_number("  code", (int)info[2], 10);
	if (info[3] == sc[IP])
		say("  at ip\n");
	else
		say_number("  address", info[3], 16);
	say_number("  trap", sc[TRAPNO], 10);
	if (!hide_error)
		say_number("  error", sc[ERR], 16);
	say_number("  cs", sc[CS] & 0xffff, 16);
	say_number("  ss", sc[SS] & 0xffff, 16);
	sc[IP] = resume;
	sc[SP] = saved_sp;
	sc[CS] = 0x23;
	sc[SS] = sc[DS] = sc[ES] = 0x2b;
	sc[FLAGS] &= ~0x100u;
}

static void on_step(int sig, u32 *info, u32 *uc)
{
	if (!steps++) {
		say_number("  step code", (int)info[2], 10);
		say(info[3] == uc[UC + IP] ? "  at ip\n" : "  elsewhere\n");
	}
	(void)sig;
}

static void on_patch(int sig, u32 *info, u32 *uc)
{
	if (patching) {
		uc[UC + CS] = patch_cs;
		uc[UC + SS] = patch_ss;
	}
	(void)sig, (void)info;
}

static void handle(int sig, void *handler)
{
	struct action a = { (u32)handler, SIGINFO | ONSTACK, 0, { 0, 0 } };

	SYS(NR_rt_sigaction, sig, &a, 0, 8);
}

#define TRY(text)                                                                                            \
	do {                                                                                                 \
		say(text "\n");                                                                              \
		__asm__ volatile("movl %%esp, saved_sp; movl $991f, resume; " text "\n991:" ::               \
		                         : "eax", "ebx", "ecx", "edx", "esi", "edi", "memory", "cc");        \
	} while (0)

static void interrupts(void)
{
	u8 *code = (u8 *)SYS(NR_mmap2, 0, 4096, 7, 0x22, -1, 0);

	hide_error = 1; /* QEMU counts 16 bytes a gate */
	for (u32 n = 0; n < 256; n++) {
		if (n == 0x80)
			continue;
		code[0] = 0xcd;
		code[1] = (u8)n;
		code[2] = 0xc3;
		say_number("int", n, 10);
		__asm__ volatile("movl %%esp, saved_sp; movl $991f, resume; call *%0\n991:" ::"r"(code) : "eax", "ecx", "edx", "memory", "cc");
	}
	hide_error = 0;
}

u32 bounds[2] = { 1, 5 };
static void instructions(void)
{
	TRY("int3");
	TRY("ud2");
	TRY("movb $0x7f, %%al; addb $1, %%al; into");
	TRY("xorl %%eax, %%eax; into");
	TRY("movl $7, %%eax; boundl %%eax, bounds");
	TRY("movl $3, %%eax; boundl %%eax, bounds");
	TRY("movb $1, %%al; .byte 0xd4, 0"); /* aam 0 */
	TRY("xorl %%eax, %%eax; xorl %%edx, %%edx; xorl %%ecx, %%ecx; divl %%ecx");
	TRY("hlt");
	TRY("cli");
	TRY("inb $0x80, %%al");
	TRY("movl $0x10, %%eax; movl %%eax, %%ds");
	TRY("movl $0x123, %%eax; movl %%eax, %%es");
	TRY("movl $0x23, %%eax; movl %%eax, %%ss");
	TRY("movl $7, %%eax; movl %%eax, %%gs");
	TRY("movl $0x73, %%eax; movl %%eax, %%fs");
	TRY("ljmp $0x10, $0");
	TRY("ljmp $0x43, $0");
	TRY("ljmp $0x7, $0");
	TRY("movl 0, %%eax");
	TRY("movl %%eax, 0xfffff000");
	TRY("movl $0xc0000000, %%eax; jmp *%%eax");
	TRY("movl $0, %%esp; pushl %%eax");
	TRY("movl $0, %%esp; movl $20, %%eax; int $0x80; ud2");
	TRY("movl $0, %%esp; movl $20, %%eax; jmp *sysinfo");
}

static void umip(void)
{
	u32 v[3] = { ~0u, ~0u, ~0u }, r = ~0u;

	__asm__ volatile("sgdt %0" : "=m"(v));
	SHOW_HEX(v[0]);
	SHOW_HEX(v[1]);
	__asm__ volatile("sidt (%0,%1,2)" ::"r"((u8 *)v - 8), "r"(4), "m"(v) : "memory");
	SHOW_HEX(v[0]);
	SHOW_HEX(v[1]);
	__asm__ volatile("sldtl %0" : "+r"(r));
	SHOW_HEX(r);
	__asm__ volatile("strl %0" : "+r"(r));
	SHOW_HEX(r);
	__asm__ volatile("smswl %0" : "+r"(r));
	SHOW_HEX(r);
}

#define STEPS(text)                                                                                          \
	do {                                                                                                 \
		say(text "\n");                                                                              \
		steps = 0;                                                                                   \
		__asm__ volatile("pushfl; orl $0x100, (%%esp); popfl; " text                                  \
		                 "; pushfl; andl $~0x100, (%%esp); popfl" ::                                 \
		                         : "eax", "ebx", "ecx", "edx", "memory", "cc");                      \
		say_number("  steps", steps, 10);                                                            \
	} while (0)

static void single_steps(void)
{
	handle(5, on_step);
	STEPS("nop");
	STEPS("movl $20, %%eax; int $0x80; nop");
	steps = 0;
	__asm__ volatile("pushfl; orl $0x100, (%%esp); popfl; movl $20, %%eax; call *sysinfo; pushfl; andl $~0x100, (%%esp); popfl" :: : "eax", "ecx", "edx", "memory", "cc");
	say_number("through the vDSO", steps > 8 && steps < 18, 10);
	handle(5, on_trap);
}

/* ---- segments ---- */

static u32 area[1024], other[1024];

static int ldt_set(u32 entry, u32 base, u32 limit, u32 flags)
{
	struct user_desc d = { entry, base, limit, flags };

	return SYS(NR_modify_ldt, 0x11, &d, sizeof(d));
}

static u32 gs_word(u32 at)
{
	u32 v;

	__asm__ volatile("movl %%gs:(%1), %0" : "=r"(v) : "r"(at));
	return v;
}

static void ldt(void)
{
	struct user_desc d = { 0, 0, 0, 0 };
	u32 table[8] = { 1, 1, 1, 1, 1, 1, 1, 1 }, gs;
	int status;

	SHOW(SYS(NR_modify_ldt, 0, table, sizeof(table)));
	SHOW(SYS(NR_modify_ldt, 2, table, sizeof(table)));
	SHOW(table[7]);
	SHOW(SYS(NR_modify_ldt, 5, table, sizeof(table)));
	SHOW(SYS(NR_modify_ldt, 0x11, &d, 8));
	SHOW(SYS(NR_modify_ldt, 0x11, 1, sizeof(d)));
	SHOW(ldt_set(8192, 0, 0, 1));
	SHOW(ldt_set(0, 0, 0, 7));
	SHOW(ldt_set(0, (u32)area, 0xfff, 0x41));
	SHOW(ldt_set(1, (u32)area, 0xfff, 0x49)); /* read-only */
	SHOW(ldt_set(2, (u32)area, 0xfff, 0x61)); /* not present */
	SHOW(ldt_set(3, 0, 0xfffff, 0x55)); /* flat code */
	SHOW(ldt_set(4, 0, 0xfffff, 0x51)); /* flat data */
	SHOW(ldt_set(5, (u32)area, 0, 0x53)); /* expand-down */
	SHOW(ldt_set(6, 0, 0xfffff, 0x5d)); /* code that cannot be read */
	SHOW(SYS(NR_modify_ldt, 0, table, 8) == 8 && table[0] != 1);
	SHOW_HEX(table[1] & 0x00ffff00);
	SHOW(SYS(NR_modify_ldt, 0, table, sizeof(table)));
	area[1] = 0x1111;
	other[1] = 0x2222;
	__asm__ volatile("movl %0, %%gs" ::"r"(7));
	SHOW_HEX(gs_word(4));
	TRY("movl $15, %%eax; movl %%eax, %%gs; movl %%gs:4, %%eax");
	TRY("movl $23, %%eax; movl %%eax, %%gs");
	TRY("movl $55, %%eax; movl %%eax, %%gs");
	TRY("movl $63, %%eax; movl %%eax, %%gs");
	TRY("movl $39, %%eax; movl %%eax, %%ss; pushl %%eax; popl %%eax; movl $0x2b, %%eax; movl %%eax, %%ss");
	TRY("movl $15, %%eax; movl %%eax, %%ss");
	TRY("movl $47, %%eax; movl %%eax, %%fs");
	TRY("ljmp $31, $1f; 1: movl $20, %%eax; int $0x80; movl %%cs, %%eax; cmpl $31, %%eax; je 2f; ud2; 2: ud2");
	__asm__ volatile("movl %0, %%gs" ::"r"(7));
	if (!SYS(NR_fork)) {
		SHOW_HEX(gs_word(4));
		SHOW(ldt_set(0, (u32)other, 0xfff, 0x41));
		__asm__ volatile("movl %0, %%gs" ::"r"(7));
		SHOW_HEX(gs_word(4));
		SYS(NR_exit, 0);
	}
	SYS(NR_waitpid, -1, &status, 0);
	SHOW(status);
	__asm__ volatile("movl %0, %%gs" ::"r"(7));
	SHOW_HEX(gs_word(4));
	/* DS and ES follow a change; FS and GS need not. */
	__asm__ volatile("movl %0, %%es" ::"r"(7));
	SHOW(ldt_set(0, (u32)other, 0xfff, 0x41));
	__asm__ volatile("movl %%es:4, %0; movl %1, %%es" : "=&r"(gs) : "r"(0x2b));
	SHOW_HEX(gs);
	__asm__ volatile("movl %0, %%es" ::"r"(7));
	SHOW(ldt_set(0, 0, 0, 0x28)); /* gone */
	__asm__ volatile("movl %%es, %0; movl %1, %%es" : "=&r"(gs) : "r"(0x2b));
	SHOW_HEX(gs);
	SHOW(SYS(NR_modify_ldt, 1, &d, sizeof(d)));
	SHOW_HEX(ldt_set(8191, 0, 0xfffff, 0x51));
	SHOW(SYS(NR_modify_ldt, 0, table, sizeof(table)));
}

static void go_back(const char *name, u32 cs, u32 ss)
{
	say(name);
	say("\n");
	patch_cs = cs;
	patch_ss = ss;
	patching = 1;
	__asm__ volatile("movl %%esp, saved_sp; movl $991f, resume; pushl %%ebx; movl %1, %%ebx; movl $10, %%ecx; int $0x80; popl %%ebx\n991:"
	                 : : "a"(NR_kill), "r"(SYS(NR_getpid)) : "ecx", "edx", "memory", "cc");
	patching = 0;
	u32 now_cs, now_ss;
	__asm__ volatile("movl %%cs, %0; movl %%ss, %1" : "=r"(now_cs), "=r"(now_ss));
	say_number("  cs now", now_cs, 16);
	say_number("  ss now", now_ss, 16);
	__asm__ volatile("movl %0, %%ss" ::"r"(0x2b));
	__asm__ volatile("ljmp $0x23, $1f; 1:");
}

static void way_back(void)
{
	handle(10, on_patch);
	go_back("as it was", 0x23, 0x2b);
	go_back("without the level", 0x20, 0x28);
	go_back("LDT code", 31, 0x2b);
	go_back("LDT stack", 0x23, 39);
	go_back("no code", 0, 0x2b);
	go_back("data as code", 0x2b, 0x2b);
	go_back("kernel code", 0x10, 0x2b);
	go_back("beyond the GDT", 0xffff, 0x2b);
	go_back("missing code", 0x47, 0x2b);
	go_back("no stack", 0x23, 0);
	go_back("code as stack", 0x23, 0x23);
	go_back("read-only stack", 0x23, 15);
	go_back("missing stack", 0x23, 23);
	go_back("beyond the LDT", 0x23, 0xffff);
}

int program(int argc, char **argv, char **envp)
{
	u32 alt[3] = { (u32)stack, 0, sizeof(stack) };

	(void)argc, (void)argv;
	while (*envp)
		envp++;
	for (u32 *v = (u32 *)(envp + 1); v[0]; v += 2)
		if (v[0] == 32)
			sysinfo = v[1];
	SYS(NR_sigaltstack, alt, 0);
	handle(11, on_trap);
	handle(7, on_trap);
	handle(4, on_trap);
	handle(8, on_trap);
	handle(5, on_trap);
	interrupts();
	instructions();
	umip();
	single_steps();
	ldt();
	way_back();
	return 0;
}
