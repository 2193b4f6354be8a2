/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/cpuinfo.c - the CPU described to programs: /proc/cpuinfo, AT_HWCAP, random words
 *
 * Owns:      nothing.
 * Layer:     arch/x86_64.
 * Locks:     none.
 * Contexts:  any.
 * Manual:    proc(5) /proc/cpuinfo; getauxval(3); Intel SDM vol. 2 CPUID, RDRAND.
 * Tests:     tests/apps (nproc, grep of /proc/cpuinfo).
 */
#include <arch/cpu.h>
#include <arch/elf.h>
#include <base/percpu.h>
#include <lib/format.h>
#include <lib/string.h>
#include "features.h"
#include "tsc.h"
#include "msr.h"

enum { HWCAP2_FSGSBASE = 2 };
unsigned long arch_elf_hwcap(void)
{
	return cpuid(1, 0).d;
}
unsigned long arch_elf_hwcap2(void)
{
	return cpu_features.fsgsbase ? HWCAP2_FSGSBASE : 0;
}

bool arch_random(u64 *out)
{
	bool ok = false;

	for (unsigned i = 0; i < 10 && !ok && cpu_features.rdseed; i++)
		__asm__ volatile("rdseed %0; setc %1" : "=r"(*out), "=qm"(ok)::"cc");
	for (unsigned i = 0; i < 10 && !ok && cpu_features.rdrand; i++)
		__asm__ volatile("rdrand %0; setc %1" : "=r"(*out), "=qm"(ok)::"cc");
	return ok;
}

/* Names of feature bits in Linux's order of words; "" = none. */
static const char *const names_1d[32] = { "fpu",  "vme",   "de",   "pse",     "tsc",  "msr", "pae",  "mce",
	                                  "cx8",  "apic",  "",     "sep",     "mtrr", "pge", "mca",  "cmov",
	                                  "pat",  "pse36", "pn",   "clflush", "",     "dts", "acpi", "mmx",
	                                  "fxsr", "sse",   "sse2", "ss",      "ht",   "tm",  "ia64", "pbe" };
static const char *const names_81d[32] = {
	[11] = "syscall", [20] = "nx", [22] = "mmxext",   [25] = "fxsr_opt", [26] = "pdpe1gb",
	[27] = "rdtscp",  [29] = "lm", [30] = "3dnowext", [31] = "3dnow"
};
static const char *const names_1c[32] = { "pni",    "pclmulqdq", "dtes64", "monitor", "ds_cpl",
	                                  "vmx",    "smx",       "est",    "tm2",     "ssse3",
	                                  "cid",    "sdbg",      "fma",    "cx16",    "xtpr",
	                                  "pdcm",   "",          "pcid",   "dca",     "sse4_1",
	                                  "sse4_2", "x2apic",    "movbe",  "popcnt",  "tsc_deadline_timer",
	                                  "aes",    "xsave",     "",       "avx",     "f16c",
	                                  "rdrand", "hypervisor" };
static const char *const names_81c[32] = { "lahf_lm", "cmp_legacy",  "svm",
	                                   "extapic", "cr8_legacy",  "abm",
	                                   "sse4a",   "misalignsse", "3dnowprefetch" };
static const char
        *const names_7b[32] = { "fsgsbase", [3] = "bmi1",    [5] = "avx2", [7] = "smep", "bmi2",
	                        "erms",     [18] = "rdseed", "adx",        "smap",       [23] = "clflushopt",
	                        "clwb",     [29] = "sha_ni" };
static const char *const names_7c[32] = { [2] = "umip", [9] = "vaes", "vpclmulqdq", [22] = "rdpid" };

static size_t put_flags(char *dst, size_t size, u32 word, const char *const names[32])
{
	size_t n = 0;

	for (unsigned i = 0; i < 32; i++)
		if (word >> i & 1 && names[i] && names[i][0])
			n += (size_t)scnprintf(dst + n, size - n, " %s", names[i]);
	return n;
}

static size_t put_all_flags(char *dst, size_t size)
{
	struct cpuid l1 = cpuid(1, 0), x1 = { 0, 0, 0, 0 }, l7 = { 0, 0, 0, 0 };
	size_t n;

	if (cpu_features.max_ext >= 0x80000001)
		x1 = cpuid(0x80000001, 0);
	if (cpu_features.max_leaf >= 7)
		l7 = cpuid(7, 0);
	n = put_flags(dst, size, l1.d, names_1d);
	n += put_flags(dst + n, size - n, x1.d, names_81d);
	n += put_flags(dst + n, size - n, l1.c, names_1c);
	n += put_flags(dst + n, size - n, x1.c, names_81c);
	n += put_flags(dst + n, size - n, l7.b, names_7b);
	return n + put_flags(dst + n, size - n, l7.c, names_7c);
}

static void vendor_string(char s[13])
{
	struct cpuid v = cpuid(0, 0);

	memcpy(s, &v.b, 4);
	memcpy(s + 4, &v.d, 4);
	memcpy(s + 8, &v.c, 4);
	s[12] = '\0';
}

static void model_string(char s[49])
{
	strlcpy(s, "unknown", 49);
	if (cpu_features.max_ext < 0x80000004)
		return;
	for (unsigned i = 0; i < 3; i++) {
		struct cpuid v = cpuid(0x80000002 + i, 0);

		memcpy(s + 16 * i, &v, 16);
	}
	s[48] = '\0';
}

size_t arch_cpuinfo(unsigned cpu, char *dst, size_t size)
{
	u32 a = cpuid(1, 0).a, apic = percpu_ptr(arch_cpu_area, cpu)->apic_id;
	unsigned family = a >> 8 & 15, model = a >> 4 & 15;
	u64 khz = tsc_hz() / 1000;
	u32 widths = cpu_features.max_ext >= 0x80000008 ? cpuid(0x80000008, 0).a : 48 << 8 | 36;
	char vendor[13], name[49];
	size_t n;

	if (family == 15)
		family += a >> 20 & 255;
	if (family >= 6)
		model |= a >> 12 & 0xf0;
	vendor_string(vendor);
	model_string(name);
	n = (size_t)scnprintf(
	        dst, size,
	        "processor\t: %u\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\nmodel name\t: %s\n"
	        "stepping\t: %u\ncpu MHz\t\t: %llu.%03llu\nphysical id\t: 0\nsiblings\t: %u\n"
	        "core id\t\t: %u\ncpu cores\t: %u\napicid\t\t: %u\ninitial apicid\t: %u\nfpu\t\t: yes\n"
	        "fpu_exception\t: yes\ncpuid level\t: %u\nwp\t\t: yes\nflags\t\t:",
	        cpu, vendor, family, model, name, a & 15, (unsigned long long)khz / 1000,
	        (unsigned long long)khz % 1000, cpu_count, cpu, cpu_count, apic, apic, cpu_features.max_leaf);
	n += put_all_flags(dst + n, size - n);
	return n + (size_t)scnprintf(
	                   dst + n, size - n,
	                   "\nbugs\t\t:\nbogomips\t: %llu.%02llu\nclflush size\t: 64\ncache_alignment\t: 64\n"
	                   "address sizes\t: %u bits physical, %u bits virtual\npower management:\n\n",
	                   (unsigned long long)khz / 500, (unsigned long long)khz / 5 % 100, widths & 255,
	                   48u);
}
