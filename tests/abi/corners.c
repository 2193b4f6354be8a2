/* SPDX-License-Identifier: MIT
 * tests/abi/corners.c - what a 64-bit program gets for each exception it can raise: signal, si_code, si_addr, trap, error
 *
 *
 * What QEMU 7.2 emulates wrongly is not here: alignment checks, int1 (0xf1), far returns (it reads the stack as the kernel:
 * SMAP), stack faults of x87, unmasked SSE exceptions, #SS and not #GP for a stack at no address, WRGSBASE of no address. */
#include "abi.h"
#include <setjmp.h>
#include <sys/auxv.h>
#include <ucontext.h>

static sigjmp_buf back;
static volatile int traps, steps, hide_error;
static volatile unsigned long resume_at, last_ip;

static const char *code_name(int sig, int code)
{
	static char number[16];

	if (code == SI_KERNEL)
		return "SI_KERNEL";
	if (sig == SIGSEGV && code == SEGV_MAPERR)
		return "SEGV_MAPERR";
	if (sig == SIGSEGV && code == SEGV_ACCERR)
		return "SEGV_ACCERR";
	snprintf(number, sizeof(number), "%d", code);
	return number;
}

static void on_trap(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;
	greg_t *r = uc->uc_mcontext.gregs;

	printf("%s %s addr ", strsignal(sig), code_name(sig, si->si_code));
	if (si->si_addr && (greg_t)si->si_addr == r[REG_RIP])
		printf("ip");
	else
		printf("%lx", (unsigned long)si->si_addr);
	printf(" trap %lld", r[REG_TRAPNO]);
	if (!hide_error)
		printf(" err %llx", r[REG_ERR]);
	if (r[REG_TRAPNO] == 14)
		printf(" cr2 %s", r[REG_CR2] == (greg_t)si->si_addr ? "same" : "other");
	printf(" cs %llx", r[REG_CSGSFS] & 0xffff);
	printf("%s\n", r[REG_EFL] & 0x100 ? " TF" : "");
	traps++;
	siglongjmp(back, 1);
}

static void handlers(void)
{
	static char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction sa = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigaltstack(&ss, NULL);
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	sigaction(SIGILL, &sa, NULL);
	sigaction(SIGFPE, &sa, NULL);
	sigaction(SIGTRAP, &sa, NULL);
}

#define TRY(name, ...)                                     \
	do {                                               \
		printf("%s: ", name);                      \
		if (!sigsetjmp(back, 1)) {                 \
			__VA_ARGS__;                       \
			printf("nothing\n");               \
		}                                          \
		fflush(stdout);                            \
	} while (0)
#define ASM(text) TRY(text, __asm__ volatile(text ::: "memory", "cc", "rax", "rcx", "rdx", "rbx"))

/* ---- int N ---- */

static void interrupts(void)
{
	unsigned char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	SECTION("int N");
	hide_error = 1; /* for a gate that is closed QEMU 7.2 counts 16 bytes a gate, not 8 */
	for (int n = 0; n < 256; n++) {
		char name[16];

		if (n == 0x80)
			continue;
		code[0] = 0xcd;
		code[1] = (unsigned char)n;
		code[2] = 0xc3;
		snprintf(name, sizeof(name), "int %d", n);
		TRY(name, ((void (*)(void))code)());
	}
	hide_error = 0;
	munmap(code, 4096);
}

/* ---- instructions ---- */

static void instructions(void)
{
	SECTION("instructions");
	ASM("int3");
	ASM("ud2");
	ASM(".byte 0x06"); /* push %es: not in 64-bit mode */
	ASM("xorl %%eax, %%eax; xorl %%edx, %%edx; xorl %%ecx, %%ecx; divl %%ecx");
	ASM("movl $0x80000000, %%eax; cltd; movl $-1, %%ecx; idivl %%ecx");
	ASM("hlt");
	ASM("cli");
	ASM("sti");
	ASM("inb $0x80, %%al");
	ASM("movl $0x3f8, %%edx; outb %%al, %%dx");
	ASM("movq %%cr0, %%rax");
	ASM("movq %%rax, %%cr3");
	ASM("movq %%dr7, %%rax");
	ASM("clts");
	ASM("wbinvd");
	ASM("rdmsr");
	ASM("swapgs");
	ASM("sysretq");
	ASM("invlpg (%%rsp)");
	ASM("lgdt (%%rsp)");
	ASM("ltr %%ax");
	ASM("movl $0x10, %%eax; movl %%eax, %%ds");
	ASM("movl $0x1b, %%eax; movl %%eax, %%ss");
	ASM("xorl %%eax, %%eax; movl %%eax, %%ss");
	ASM("movl $0x2b, %%eax; movl %%eax, %%ss");
	ASM("movl $0x123, %%eax; movl %%eax, %%fs");
	ASM("xorl %%ecx, %%ecx; xgetbv");
	ASM("movl $5, %%ecx; xgetbv");
	ASM("lock; nop");
	ASM("lfence; rdtsc");
}

/* ---- addresses ---- */

static void load(unsigned long at)
{
	(void)*(volatile char *)at;
}
static void store(unsigned long at)
{
	*(volatile char *)at = 1;
}
static void jump(unsigned long at)
{
	((void (*)(void))at)();
}

static void addresses(void)
{
	char *page = mmap((void *)0x10000000, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	static const unsigned long wild[] = { 0,
		                              8,
		                              0x7fffffffeff8,
		                              0x7ffffffff000,
		                              0x800000000000,
		                              0x8000000000000000,
		                              0xdead000000000000,
		                              0xffff800000000000,
		                              0xffffffff80000000,
		                              0xffffffff81000000,
		                              0xfffffffffffff000,
		                              0xffffffffffffffff };

	SECTION("addresses");
	for (unsigned i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
		char name[64];

		snprintf(name, sizeof(name), "load %lx", wild[i]);
		TRY(name, load(wild[i]));
		snprintf(name, sizeof(name), "store %lx", wild[i]);
		TRY(name, store(wild[i]));
		snprintf(name, sizeof(name), "jump %lx", wild[i]);
		TRY(name, jump(wild[i]));
	}
	TRY("load of a page that is there", load((unsigned long)page));
	TRY("store to a read-only page", store((unsigned long)page));
	TRY("jump to a page without x", jump((unsigned long)page));
	munmap(page + 4096, 4096);
	mprotect(page, 4096, PROT_NONE);
	TRY("load of PROT_NONE", load((unsigned long)page));
	TRY("load behind the end", load((unsigned long)page + 4096));
	munmap(page, 4096);

	/* The last instruction of the last page: what follows is no user address. */
	unsigned char *last = mmap((void *)0x7fffffffe000, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (last != MAP_FAILED) {
		last[4094] = 0x0f;
		last[4095] = 0x05;
		TRY("syscall at the end of the address space",
		    __asm__ volatile("jmp *%1" ::"a"(SYS_getpid), "r"(last + 4094) : "rcx", "r11"));
		last[4095] = 0x90;
		TRY("the end of the address space", jump((unsigned long)last + 4095));
		munmap(last, 4096);
	}
	SHOW_OK(mmap((void *)0x7ffffffff000, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
}

/* ---- stacks ---- */

#define WITH_SP(sp, text) \
	__asm__ volatile("movq %%rsp, %%rbx; movq %0, %%rsp; " text "; movq %%rbx, %%rsp" ::"r"(sp) : "rax", "rbx", "rcx", "r11", "memory")

static void stacks(void)
{
	static const unsigned long wild[] = { 0, 8, 0xffff888000000000, 0xffffffff80000000, ~0UL };

	SECTION("stacks");
	for (unsigned i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
		char name[64];

		snprintf(name, sizeof(name), "push at %lx", wild[i]);
		TRY(name, WITH_SP(wild[i], "pushq %%rax"));
		snprintf(name, sizeof(name), "load at %lx", wild[i]);
		TRY(name, WITH_SP(wild[i], "movq (%%rsp), %%rax"));
		snprintf(name, sizeof(name), "syscall at %lx", wild[i]);
		TRY(name, WITH_SP(wild[i], "movl $39, %%eax; syscall"));
		snprintf(name, sizeof(name), "int $0x80 at %lx", wild[i]);
		TRY(name, WITH_SP(wild[i], "movl $20, %%eax; int $0x80"));
		snprintf(name, sizeof(name), "ud2 at %lx", wild[i]);
		TRY(name, WITH_SP(wild[i], "ud2"));
	}
	/* Without another stack no frame can be written, and the signal kills. */
	for (unsigned i = 0; i < sizeof(wild) / sizeof(wild[0]); i++)
		IN_CHILD("a handler without a stack", {
			stack_t none = { .ss_flags = SS_DISABLE };

			sigaltstack(&none, NULL);
			WITH_SP(wild[i], "ud2");
		});
}

/* ---- single steps ---- */

static void on_step(int sig, siginfo_t *si, void *ctx)
{
	greg_t *r = ((ucontext_t *)ctx)->uc_mcontext.gregs;

	steps++;
	if (steps == 1)
		printf("step: code %d addr %s trap %lld TF %d\n", si->si_code, (greg_t)si->si_addr == r[REG_RIP] ? "ip" : "other",
		       r[REG_TRAPNO], !!(r[REG_EFL] & 0x100));
	last_ip = (unsigned long)r[REG_RIP];
	(void)sig;
}

#define STEPS(name, text)                                                                                                   \
	do {                                                                                                               \
		steps = 0;                                                                                                 \
		__asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq; " text "; pushfq; andl $~0x100, (%%rsp); popfq" ::   \
		                         : "rax", "rbx", "rcx", "rdx", "r11", "memory", "cc");                             \
		printf("steps of %s: %d\n", name, steps);                                                                  \
	} while (0)

static void single_steps(void)
{
	struct sigaction sa = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO }, old;

	SECTION("single steps");
	sigaction(SIGTRAP, &sa, &old);
	STEPS("nothing", "");
	STEPS("three nops", "nop; nop; nop");
	STEPS("getpid by int $0x80", "movl $20, %%eax; int $0x80; nop");
	STEPS("int3", "nop; int3; nop");
	STEPS("a string move of 5", "movl $5, %%ecx; 1: loop 1b");
	STEPS("mov to ss", "movl %%ss, %%eax; movl %%eax, %%ss; nop; nop");
	STEPS("cpuid", "xorl %%eax, %%eax; cpuid; nop");
	sigaction(SIGTRAP, &old, NULL);
}

/* ---- floating point ---- */

static void x87(unsigned short control)
{
	unsigned short cw = control;

	__asm__ volatile("fninit; fldcw %0" ::"m"(cw));
}

static void floating_point(void)
{
	static const double zero = 0, one = 1, huge = 1e308, tiny = 1e-308;
	static const float fzero = 0, fone = 1, fthree = 3;
	double out;
	float fout;

	SECTION("x87");
	TRY("masked", x87(0x37f); __asm__ volatile("fldl %0; fdivl %1; fwait; fstp %%st(0)" ::"m"(one), "m"(zero)));
	TRY("divide", x87(0x37b); __asm__ volatile("fldl %0; fdivl %1; fwait" ::"m"(one), "m"(zero)));
	TRY("invalid", x87(0x37e); __asm__ volatile("fldl %0; fdivl %0; fwait" ::"m"(zero)));
	TRY("overflow", x87(0x377); __asm__ volatile("fldl %1; fmull %1; fstpl %0; fwait" : "=m"(out) : "m"(huge)));
	TRY("underflow", x87(0x36f); __asm__ volatile("fldl %1; fmull %1; fstpl %0; fwait" : "=m"(out) : "m"(tiny)));
	TRY("inexact", x87(0x35f); __asm__ volatile("fldl %1; fdivs %2; fstpl %0; fwait" : "=m"(out) : "m"(one), "m"(fthree)));
	__asm__ volatile("fninit");

	SECTION("SSE");
#define SSE(name, mask, op, a, b)                                                                                  \
	TRY(name, unsigned m = 0x1f80 & ~(mask); __asm__ volatile("ldmxcsr %1; movss %2, %%xmm0; " op " %3, %%xmm0; movss %%xmm0, %0" \
	                                                          : "=m"(fout) : "m"(m), "m"(a), "m"(b) : "xmm0"))
	SSE("masked", 0, "divss", fone, fzero);
	unsigned m = 0x1f80;
	__asm__ volatile("ldmxcsr %0" ::"m"(m));
	TRY("movaps of an odd address", __asm__ volatile("movaps 1(%0), %%xmm0" ::"r"(((unsigned long)&fout & ~15UL) - 64) : "xmm0"));
}

/* ---- FSGSBASE, UMIP ---- */

static unsigned long gs_base(void)
{
	unsigned long v;

	__asm__ volatile("rdgsbase %0" : "=r"(v));
	return v;
}

static void bases(void)
{
	unsigned long v = 0, probe = 0x123456789abc;

	SECTION("FSGSBASE");
	SHOW_INT(getauxval(AT_HWCAP2) >> 1 & 1);
	SHOW_HEX(gs_base());
	__asm__ volatile("wrgsbase %0" ::"r"(probe));
	SHOW_HEX(gs_base());
	getpid();
	sched_yield();
	usleep(1000);
	SHOW_HEX(gs_base());
	SHOW_INT(syscall(SYS_arch_prctl, 0x1004, &v));
	SHOW_HEX(v);
	IN_CHILD("in a child", SHOW_HEX(gs_base()));
	__asm__ volatile("wrgsbase %0" ::"r"(0xffffffff80000000UL)); /* a kernel address is no danger */
	usleep(1000);
	SHOW_HEX(gs_base());
	SHOW_INT(syscall(SYS_arch_prctl, 0x1001, 0x1234));
	SHOW_HEX(gs_base());
	SHOW(syscall(SYS_arch_prctl, 0x1001, 0x800000000000));
	__asm__ volatile("movl %0, %%gs" ::"r"(0x2b));
	usleep(1000);
	unsigned sel;
	__asm__ volatile("movl %%gs, %0" : "=r"(sel));
	SHOW_HEX(sel);
	SHOW_INT(syscall(SYS_arch_prctl, 0x1001, 0));
	__asm__ volatile("movl %%gs, %0" : "=r"(sel));
	SHOW_HEX(sel);
}

static void tables(void)
{
	struct {
		unsigned short limit;
		unsigned long base;
	} __attribute__((packed)) t = { 0xffff, 0 };
	unsigned long v = ~0UL;
	unsigned short s = 0xffff;

	SECTION("UMIP");
	TRY("sgdt", __asm__ volatile("sgdt %0" : "=m"(t)); printf("%x %lx ", t.limit, t.base));
	TRY("sidt", __asm__ volatile("sidt %0" : "=m"(t)); printf("%x %lx ", t.limit, t.base));
	TRY("sldt m16", __asm__ volatile("sldt %0" : "=m"(s)); printf("%x ", s));
	TRY("sldt r64", v = ~0UL; __asm__ volatile("sldt %0" : "+r"(v)); printf("%lx ", v));
	TRY("str r32", v = ~0UL; __asm__ volatile("strl %k0" : "+r"(v)); printf("%lx ", v));
	TRY("smsw r64", v = ~0UL; __asm__ volatile("smsw %0" : "+r"(v)); printf("%lx ", v));
	TRY("smsw r16", v = ~0UL; __asm__ volatile("smsww %w0" : "+r"(v)); printf("%lx ", v));
	TRY("smsw m16", s = 0; __asm__ volatile("smsw %0" : "=m"(s)); printf("%x ", s));
	TRY("sgdt nowhere", __asm__ volatile("sgdt (%0)" ::"r"(8UL)));
	TRY("sidt with an index", __asm__ volatile("sidt 8(%0, %1, 4)" ::"r"((char *)&t - 8 - 40), "r"(10UL) : "memory"); printf("%x %lx ", t.limit, t.base));
}

/* ---- the way back ---- */

static volatile int mode;
static void on_usr1(int sig, siginfo_t *si, void *ctx)
{
	greg_t *r = ((ucontext_t *)ctx)->uc_mcontext.gregs;
	unsigned long cs = r[REG_CSGSFS] & 0xffff, ss = (unsigned long)r[REG_CSGSFS] >> 48;

	if (!mode)
		printf("cs %lx ss %lx uc_flags %lx\n", cs, ss, ((ucontext_t *)ctx)->uc_flags);
	switch (mode) {
	case 1: cs = 0; break;
	case 2: cs = 0x10; break;
	case 3: cs = 0x2b; break;
	case 4: cs = 0x43; break; /* the TSS */
	case 5: ss = 0; break;
	case 6: ss = 0x33; break;
	case 7: ss = 0x18; break;
	case 8: ss = 0x13; break;
	case 9: r[REG_RIP] = 1L << 47; break;
	case 10: r[REG_RIP] = (greg_t)0xdead000000000000; break;
	case 11: r[REG_RIP] = (greg_t)0xffffffff80000000; break;
	case 12: r[REG_RIP] = (greg_t)0x7ffffffff000; break;
	case 13: r[REG_EFL] |= 0x3000; break; /* IOPL */
	case 14: r[REG_EFL] &= ~0x200L; break; /* IF */
	case 15: r[REG_EFL] |= 0x24000; break; /* NT, VM */
	case 16: cs = 0xffff; break;
	case 17: ss = 0x2a; break;
	}
	r[REG_CSGSFS] = (greg_t)(((unsigned long)r[REG_CSGSFS] & 0x0000ffffffff0000) | cs | ss << 48);
	(void)sig, (void)si;
}

static void way_back(void)
{
	struct sigaction sa = { .sa_sigaction = on_usr1, .sa_flags = SA_SIGINFO };

	SECTION("sigreturn with a bad frame");
	sigaction(SIGUSR1, &sa, NULL);
	for (mode = 0; mode <= 17; mode++) {
		char name[16];

		snprintf(name, sizeof(name), "mode %d", mode);
		TRY(name, raise(SIGUSR1));
	}
	unsigned long flags;
	__asm__ volatile("pushfq; popq %0" : "=r"(flags));
	SHOW_HEX(flags & 0x7000);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOFBF, 65536);
	handlers();
	interrupts();
	instructions();
	addresses();
	stacks();
	single_steps();
	floating_point();
	bases();
	tables();
	way_back();
	SHOW_INT(traps);
	return 0;
}
