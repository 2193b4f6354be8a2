/* SPDX-License-Identifier: MIT
 *
 * tests/abi/vdso.c - the vDSO: found by AT_SYSINFO_EHDR, each function by name and version, against the system calls. */
#include "abi.h"
#include <elf.h>
#include <sys/auxv.h>

static const char *base;
static const Elf64_Sym *symbols;
static const char *strings;
static const Elf64_Half *versym;
static const char *verdef;
static unsigned nr_symbols;
static const unsigned char *frame_hdr;

static const void *at(Elf64_Addr offset)
{
	return base + offset;
}

static void parse(void)
{
	const Elf64_Ehdr *eh = (const void *)base;
	const Elf64_Phdr *ph = at(eh->e_phoff);
	const Elf64_Dyn *dyn = NULL;

	printf("magic %d class %d type %d machine %d\n", !memcmp(eh->e_ident, ELFMAG, 4), eh->e_ident[EI_CLASS], eh->e_type,
	       eh->e_machine);
	for (int i = 0; i < eh->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD)
			printf("load at %lx flags %d\n", ph[i].p_vaddr, (int)ph[i].p_flags);
		if (ph[i].p_type == PT_DYNAMIC)
			dyn = at(ph[i].p_vaddr);
		if (ph[i].p_type == PT_GNU_EH_FRAME)
			frame_hdr = at(ph[i].p_vaddr);
	}
	for (; dyn && dyn->d_tag != DT_NULL; dyn++) {
		if (dyn->d_tag == DT_SYMTAB)
			symbols = at(dyn->d_un.d_ptr);
		if (dyn->d_tag == DT_STRTAB)
			strings = at(dyn->d_un.d_ptr);
		if (dyn->d_tag == DT_VERSYM)
			versym = at(dyn->d_un.d_ptr);
		if (dyn->d_tag == DT_VERDEF)
			verdef = at(dyn->d_un.d_ptr);
	}
	for (const Elf64_Shdr *sh = at(eh->e_shoff), *end = sh + eh->e_shnum; sh < end; sh++)
		if (sh->sh_type == SHT_DYNSYM)
			nr_symbols = sh->sh_size / sizeof(Elf64_Sym);
}

static const char *version_name(unsigned index)
{
	const Elf64_Verdef *d = (const void *)verdef;

	for (;;) {
		if ((d->vd_ndx & 0x7fff) == (index & 0x7fff))
			return strings + ((const Elf64_Verdaux *)((const char *)d + d->vd_aux))->vda_name;
		if (!d->vd_next)
			return "?";
		d = (const void *)((const char *)d + d->vd_next);
	}
}

/* Does the binary search table of .eh_frame_hdr know the function? */
static bool has_frame(const char *code, size_t size)
{
	unsigned count;

	if (!frame_hdr || frame_hdr[0] != 1 || frame_hdr[2] != 0x03 || frame_hdr[3] != 0x3b)
		return false;
	memcpy(&count, frame_hdr + 8, 4);
	for (unsigned i = 0; i < count; i++) {
		int where;
		memcpy(&where, frame_hdr + 12 + 8 * i, 4);
		if ((const char *)frame_hdr + where >= code && (const char *)frame_hdr + where < code + size)
			return true;
	}
	return false;
}

static void *lookup(const char *name)
{
	for (unsigned i = 0; i < nr_symbols; i++)
		if (symbols[i].st_shndx && !strcmp(strings + symbols[i].st_name, name)) {
			printf("%s: version %s, bind %s, unwind table %s\n", name, version_name(versym[i]),
			       ELF64_ST_BIND(symbols[i].st_info) == STB_WEAK ? "weak" : "global",
			       has_frame(at(symbols[i].st_value), symbols[i].st_size) ? "yes" : "no");
			return (void *)at(symbols[i].st_value);
		}
	printf("%s: not there\n", name);
	return NULL;
}

static long ns(struct timespec t)
{
	return t.tv_sec * 1000000000 + t.tv_nsec;
}

static int (*v_gettime)(clockid_t, struct timespec *);
static int (*v_getres)(clockid_t, struct timespec *);
static int (*v_timeofday)(struct timeval *, struct timezone *);
static time_t (*v_time)(time_t *);
static long (*v_getcpu)(unsigned *, unsigned *, void *);

static void check_clocks(void)
{
	static const clockid_t coarse[] = { CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE };
	static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME, CLOCK_TAI,
		                            CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID };

	for (unsigned i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		int bad = 0;
		for (int n = 0; n < 1000; n++) {
			struct timespec a, b, c;
			syscall(SYS_clock_gettime, clocks[i], &a);
			int r = v_gettime(clocks[i], &b);
			syscall(SYS_clock_gettime, clocks[i], &c);
			bad += r || ns(a) > ns(b) || ns(b) > ns(c) || b.tv_nsec < 0 || b.tv_nsec >= 1000000000;
		}
		printf("clock %d: %d of 1000 out of order\n", clocks[i], bad);
	}
	for (unsigned i = 0; i < 2; i++) {
		struct timespec a, b;
		syscall(SYS_clock_gettime, coarse[i], &a);
		int r = v_gettime(coarse[i], &b);
		printf("clock %d: %d, %d\n", coarse[i], r, ns(b) >= ns(a) && ns(b) - ns(a) < 60000000000);
	}
	struct timespec t;
	SHOW_INT(v_gettime(10, &t));
	SHOW_INT(v_gettime(12, &t));
	SHOW_INT(v_gettime(100, &t));
	SHOW_INT(v_gettime(64 + CLOCK_MONOTONIC, &t));
	SHOW_INT(v_gettime((clockid_t)0x80000001, &t) < 0);
	SHOW_INT(v_gettime(CLOCK_PROCESS_CPUTIME_ID, (void *)8));
}

static void check_getres(void)
{
	for (clockid_t c = -1; c < 14; c++) {
		if (c == CLOCK_REALTIME_ALARM || c == CLOCK_BOOTTIME_ALARM)
			continue; /* only where the machine has an RTC that wakes it */
		struct timespec a = { 7, 7 }, b = { 7, 7 };
		long r = syscall(SYS_clock_getres, c, &a);
		int v = v_getres(c, &b);
		printf("getres %d: %d, %s\n", c, v, (r ? -errno == v : !v) && ns(a) == ns(b) ? "as the call" : "differs");
		if (!r)
			SHOW_INT(v_getres(c, NULL));
	}
}

static void check_others(void)
{
	struct timeval a, b, c;
	struct timezone z = { 1, 1 }, y = { 2, 2 };
	int bad = 0;

	for (int n = 0; n < 1000; n++) {
		syscall(SYS_gettimeofday, &a, NULL);
		int r = v_timeofday(&b, NULL);
		syscall(SYS_gettimeofday, &c, NULL);
		bad += r || timercmp(&a, &b, >) || timercmp(&b, &c, >) || b.tv_usec < 0 || b.tv_usec > 999999;
	}
	printf("gettimeofday: %d of 1000 out of order\n", bad);
	SHOW_INT(v_timeofday(NULL, NULL));
	SHOW_INT(v_timeofday(&b, &z));
	syscall(SYS_gettimeofday, NULL, &y);
	printf("zone %s\n", z.tz_minuteswest == y.tz_minuteswest && z.tz_dsttime == y.tz_dsttime ? "the same" : "differs");
	time_t stored, t0 = syscall(SYS_time, NULL), t1 = v_time(&stored);
	printf("time %d %d\n", t1 == stored, t1 - t0 >= 0 && t1 - t0 <= 60);
	SHOW_INT(v_time(NULL) >= t1);
}

static void check_getcpu(void)
{
	cpu_set_t all, one;
	int bad = 0;

	sched_getaffinity(0, sizeof(all), &all);
	for (int cpu = 0; cpu < 4; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		unsigned c = 99, n = 99, sc = 98, sn = 98;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
		bad += v_getcpu(&c, &n, NULL) != 0;
		syscall(SYS_getcpu, &sc, &sn, NULL);
		bad += c != (unsigned)cpu || sc != c || sn != n;
	}
	sched_setaffinity(0, sizeof(all), &all);
	printf("getcpu: %d wrong\n", bad);
	SHOW_INT(v_getcpu(NULL, NULL, NULL));
}

static void show_maps(void)
{
	char line[512], perms[8], name[64];
	unsigned long start, end;
	FILE *f = fopen("/proc/self/maps", "r");

	while (fgets(line, sizeof(line), f)) {
		name[0] = 0;
		sscanf(line, "%lx-%lx %7s %*s %*s %*s %63s", &start, &end, perms, name);
		if (!strcmp(name, "[vvar]") || !strcmp(name, "[vdso]"))
			printf("%s %s\n", name, perms);
		if (!strcmp(name, "[vdso]"))
			printf("AT_SYSINFO_EHDR is %s\n", start == (unsigned long)base ? "its start" : "elsewhere");
	}
	fclose(f);
}

static void check_pages(void)
{
	static char copy[64];

	IN_CHILD("write to the code", *(volatile char *)base = 1);
	IN_CHILD("write to the clock page", *(volatile char *)(base - 4096) = 1);
	SHOW(mprotect((void *)(base - 4096), 4096, PROT_READ | PROT_WRITE));
	int fd = open("/tmp/vdso_bytes", O_CREAT | O_TRUNC | O_RDWR, 0600);
	SHOW(write(fd, base, 64));
	SHOW(pread(fd, copy, 64, 0));
	printf("same bytes: %d\n", !memcmp(base, copy, 64));
	close(fd);
	unlink("/tmp/vdso_bytes");
	IN_CHILD("after fork", struct timespec t; printf("%d\n", v_gettime(CLOCK_MONOTONIC, &t)));
}

int main(int argc, char **argv)
{
	/* Two programs do not find it at the same address. */
	if (argc > 1)
		return printf("%lx\n", getauxval(AT_SYSINFO_EHDR)), 0;
	base = (const char *)getauxval(AT_SYSINFO_EHDR);
	SHOW_INT(base != NULL && (unsigned long)base % 4096 == 0);
	SHOW_INT(getauxval(AT_MINSIGSTKSZ) > 1000 && getauxval(AT_MINSIGSTKSZ) < 65536);
	if (!base)
		return 1;
	parse();
	static const char *const aliases[] = { "clock_gettime", "clock_getres", "gettimeofday", "time", "getcpu" };
	for (int i = 0; i < 5; i++)
		lookup(aliases[i]);
	v_gettime = lookup("__vdso_clock_gettime");
	v_getres = lookup("__vdso_clock_getres");
	v_timeofday = lookup("__vdso_gettimeofday");
	v_time = lookup("__vdso_time");
	v_getcpu = lookup("__vdso_getcpu");
	check_clocks();
	check_getres();
	check_others();
	check_getcpu();
	show_maps();
	check_pages();
	char a[64] = "", b[64] = "";
	snprintf(a, sizeof(a), "%s x", argv[0]);
	FILE *p = popen(a, "r");
	fgets(b, sizeof(b), p);
	pclose(p);
	printf("another place next time: %d\n", strtoul(b, NULL, 16) != 0 && strtoul(b, NULL, 16) != (unsigned long)base);
	return 0;
}
