/* SPDX-License-Identifier: MIT
 * tests/i386/vdso.c - __kernel_vsyscall and the functions of the 32-bit vDSO, against int $0x80 */
#include "start.h"

struct ehdr {
	u8 ident[16];
	u16 type, machine;
	u32 version, entry, phoff, shoff, flags;
	u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
struct phdr {
	u32 type, offset, vaddr, paddr, filesz, memsz, flags, align;
};
struct sym {
	u32 name, value, size;
	u8 info, other;
	u16 shndx;
};
struct verdef {
	u16 version, flags, ndx, cnt;
	u32 hash, aux, next;
};
enum { AT_SYSINFO = 32, AT_SYSINFO_EHDR, DT_HASH = 4, DT_STRTAB, DT_SYMTAB, DT_VERSYM = 0x6ffffff0, DT_VERDEF = 0x6ffffffc };

static u32 sysinfo, base, auxv_order;
static const struct sym *symbols;
static const char *strings;
static const u16 *versym;
static const u8 *verdef;
static u32 nr_symbols;

static void read_auxv(char **envp)
{
	u32 *v;

	while (*envp)
		envp++;
	for (v = (u32 *)(envp + 1); v[0]; v += 2) {
		if (v[0] == AT_SYSINFO)
			sysinfo = v[1];
		if (v[0] == AT_SYSINFO_EHDR) {
			base = v[1];
			auxv_order = sysinfo != 0;
		}
	}
}

static void parse(void)
{
	const struct ehdr *eh = (const void *)base;
	const struct phdr *ph = (const void *)(base + eh->phoff);
	const u32 *dyn = 0;

	SHOW(eh->ident[4]);
	SHOW(eh->type);
	SHOW(eh->machine);
	for (u32 i = 0; i < eh->phnum; i++) {
		if (ph[i].type == 1)
			SHOW(ph[i].flags);
		if (ph[i].type == 2)
			dyn = (const u32 *)(base + ph[i].vaddr);
	}
	for (; dyn && dyn[0]; dyn += 2) {
		if (dyn[0] == DT_SYMTAB)
			symbols = (const void *)(base + dyn[1]);
		if (dyn[0] == DT_STRTAB)
			strings = (const void *)(base + dyn[1]);
		if (dyn[0] == DT_VERSYM)
			versym = (const void *)(base + dyn[1]);
		if (dyn[0] == DT_VERDEF)
			verdef = (const void *)(base + dyn[1]);
		if (dyn[0] == DT_HASH)
			nr_symbols = ((const u32 *)(base + dyn[1]))[1];
	}
}

static int same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static const char *version_of(u32 i)
{
	for (const u8 *d = verdef;; d += ((const struct verdef *)d)->next) {
		const struct verdef *v = (const void *)d;

		if ((v->ndx & 0x7fff) == (versym[i] & 0x7fff))
			return strings + *(const u32 *)(d + v->aux);
		if (!v->next)
			return "?";
	}
}

static u32 find(const char *name)
{
	if (!nr_symbols) /* Linux may have only the GNU hash table: all lie before the strings */
		nr_symbols = ((u32)strings - (u32)symbols) / sizeof(struct sym);
	for (u32 i = 1; i < nr_symbols; i++)
		if (same(strings + symbols[i].name, name)) {
			say(name);
			say(" ");
			say(version_of(i));
			say("\n");
			return base + symbols[i].value;
		}
	say(name);
	say(" is missing\n");
	return 0;
}

/* As sys6, through the vDSO; checks that only eax changes. */
static int lost;
static long vsys6(long nr, long a, long b, long c, long d, long e, long f)
{
	struct {
		long b, nr;
	} regs = { f, nr };
	long r, b2, c2, d2, s2, d3;

	__asm__ volatile("pushl %%ebp\n\tmovl (%%eax), %%ebp\n\tpushl %%ebp\n\tmovl 4(%%eax), %%eax\n\tcall *sysinfo\n\t"
	                 "cmpl %%ebp, (%%esp); je 1f; incl lost\n1:\tpopl %%ebp\n\tpopl %%ebp"
	                 : "=a"(r), "=b"(b2), "=c"(c2), "=d"(d2), "=S"(s2), "=D"(d3)
	                 : "a"(&regs), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
	                 : "memory", "cc");
	lost += b2 != a || c2 != b || d2 != c || s2 != d || d3 != e;
	return r;
}
#define VSYS_(nr, a, b, c, d, e, f, ...) vsys6(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define VSYS(...) VSYS_(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

static volatile int alarms;
static int pipe_fds[2];
static void on_alarm(int sig)
{
	(void)sig;
	alarms++;
	if (alarms == 2)
		SYS(NR_write, pipe_fds[1], "x", 1);
}

static void calls(void)
{
	struct {
		u32 handler, flags, restorer, mask[2];
	} act = { (u32)on_alarm, 0x10000000, 0, { 0, 0 } };
	u32 timer[4] = { 0, 20000, 0, 20000 }, ts[2] = { 9, 0 };
	char c = 0;

	SHOW(VSYS(NR_getpid) == SYS(NR_getpid));
	SHOW(VSYS(9999));
	SHOW(VSYS(NR_write, 1, "written\n", 8));
	SHOW(VSYS(NR_write, 1, 1, 8));
	int fd = SYS(NR_open, "/tmp/vd", 02 | 0100 | 01000, 0600);
	SHOW(SYS(NR_ftruncate, fd, 8192));
	SHOW(SYS(NR_pwrite64, fd, "page", 4, 4096, 0));
	char *p = (char *)VSYS(NR_mmap2, 0, 4096, 3, 2, fd, 1); /* the sixth: page 1 */
	SHOW((u32)p < 0xfffff000);
	SHOW(p[0] == 'p' && p[3] == 'e');
	SHOW(VSYS(NR_munmap, p, 4096));
	SYS(NR_unlink, "/tmp/vd");
	SHOW(VSYS(NR_pipe, pipe_fds));
	SHOW(VSYS(NR_rt_sigaction, 14, &act, 0, 8));
	SHOW(VSYS(NR_setitimer, 0, timer, 0));
	SHOW(VSYS(NR_read, pipe_fds[0], &c, 1)); /* restarted after each alarm */
	SHOW(alarms >= 2);
	timer[1] = timer[3] = 0;
	SHOW(VSYS(NR_setitimer, 0, timer, 0));
	act.flags = 0;
	SHOW(VSYS(NR_rt_sigaction, 14, &act, 0, 8));
	timer[1] = timer[3] = 20000;
	SHOW(VSYS(NR_setitimer, 0, timer, 0));
	SHOW(VSYS(NR_nanosleep, ts, 0));
	timer[1] = timer[3] = 0;
	SHOW(VSYS(NR_setitimer, 0, timer, 0));
	SHOW(lost);
	int pid = VSYS(NR_fork), status = 0;
	if (!pid)
		VSYS(NR_exit, 7);
	SHOW(VSYS(NR_waitpid, pid, &status, 0) == pid);
	SHOW_HEX(status);
}

static s64 ns(s64 sec, u32 nsec)
{
	return sec * 1000000000 + nsec;
}

static void times(void)
{
	int (*gettime)(int, u32 *) = (int (*)(int, u32 *))find("__vdso_clock_gettime");
	int (*gettime64)(int, void *) = (int (*)(int, void *))find("__vdso_clock_gettime64");
	int (*getres)(int, u32 *) = (int (*)(int, u32 *))find("__vdso_clock_getres");
	int (*timeofday)(u32 *, u32 *) = (int (*)(u32 *, u32 *))find("__vdso_gettimeofday");
	u32 (*time)(u32 *) = (u32(*)(u32 *))find("__vdso_time");
	static const int clocks[] = { 0, 1, 2, 3, 4, 5, 6, 7, 11 };
	u32 a[2], b[2], c[2];
	struct {
		s64 sec;
		u32 nsec, pad;
	} w, x, y;

	for (u32 i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		int id = clocks[i];

		say_number("clock", id, 10);
		SHOW(SYS(NR_clock_gettime, id, a));
		SHOW(gettime(id, b));
		SHOW(SYS(NR_clock_gettime, id, c));
		SHOW(ns(a[0], a[1]) <= ns(b[0], b[1]) && ns(b[0], b[1]) <= ns(c[0], c[1]));
		SHOW(SYS(NR_clock_gettime64, id, &w));
		SHOW(gettime64(id, &x));
		SHOW(SYS(NR_clock_gettime64, id, &y));
		SHOW(ns(w.sec, w.nsec) <= ns(x.sec, x.nsec) && ns(x.sec, x.nsec) <= ns(y.sec, y.nsec));
		SHOW(getres(id, a));
		SHOW(SYS(NR_clock_gettime + 1, id, b) || (a[0] == b[0] && a[1] == b[1]));
	}
	SHOW(gettime(99, a));
	SHOW(gettime64(99, &w));
	SHOW(getres(99, a));
	SHOW(SYS(NR_gettimeofday, a, 0));
	SHOW(timeofday(b, c));
	SHOW(c[0] | c[1]);
	SHOW(timeofday(c, 0));
	SHOW(ns(a[0], a[1] * 1000) <= ns(b[0], b[1] * 1000) && ns(b[0], b[1] * 1000) <= ns(c[0], c[1] * 1000));
	SHOW(time(0) + 1 - c[0] <= 60); /* it may be a tick behind */
	SHOW(time(a) == a[0]);
}

/* Three pushes, then (or not) a mov of two bytes and the CPU's instruction, then int $0x80. */
static int way_in(void)
{
	const u8 *code = (const u8 *)sysinfo + 3;

	say(code[2] == 0x0f && code[3] == 0x34 ? "sysenter\n" : code[2] == 0x0f && code[3] == 0x05 ? "syscall\n" : "int80\n");
	return 0;
}

int program(int argc, char **argv, char **envp)
{
	read_auxv(envp);
	if (argc == 2 && same(argv[1], "way-in"))
		return way_in();
	SHOW(auxv_order);
	parse();
	SHOW(find("__kernel_vsyscall") == sysinfo);
	SHOW_HEX(*(u8 *)find("__kernel_sigreturn"));
	SHOW_HEX(*(u8 *)find("__kernel_rt_sigreturn"));
	calls();
	times();
	return 0;
}
