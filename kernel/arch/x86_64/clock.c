/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/clock.c - how fast do the cycle counter and the APIC timer run?
 *
 * Owns:      tsc_hz, lapic_timer_mult.
 * Layer:     arch/x86_64.  Uses base (clock_init), mem (kmap_io).
 * Locks:     none: boot CPU alone.
 * Contexts:  boot, interrupts off.
 * Manual:    Intel SDM vol. 2 CPUID 15H; IA-PC HPET 1.0a; ACPI 6.4, 4.8.3.3 (PM timer); Intel 8254 data
 * sheet. Tests:     tests/boot: `date` and sleep against the host's clock on microvm, q35, pc.
 *
 * Theory
 * ------
 * The hypervisor or CPU may say the frequency (CPUID 0x40000010, 0x15).  If not, it is measured against a
 * clock of known frequency: HPET, ACPI PM timer, or PIT channel 0 in mode 2 with latched reads - never port
 * 0x61, which some machines lack and which then reads as "done".
 *
 * An edge of the reference is a read that differs from the one before; it happened between the two reads, so
 * the TSC value of an edge is known up to the time of one read.  Two edges dT apart, each known within u:
 *
 *        edge                                   edge
 *     ----|--------------- dT --------------------|----     relative error <= (u1 + u2) / dT
 *
 * The window starts short and is doubled until the error is below 100 ppm or 16 ms have passed.  Where an
 * instruction is a nanosecond (QEMU -icount) the first window of 0.5 ms is enough; on a loaded host it grows
 * by itself.
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/timer.h>
#include <base/clock.h>
#include <base/log.h>
#include <base/panic.h>
#include <mem/kmap.h>
#include "acpi.h"
#include "features.h"
#include "lapic.h"
#include "msr.h"
#include "tsc.h"

enum { PIT_HZ = 1193182, PM_TIMER_HZ = 3579545, APIC_HZ_VIRTUAL = 1000000000 };
enum { WINDOW_FIRST_US = 500, WINDOW_MAX_US = 16000, ERROR_PPM = 100 };
#define FEMTO 1000000000000000UL

static u64 tsc_frequency, lapic_frequency, lapic_mult, cycles_mult;
u64 tsc_hz(void)
{
	return tsc_frequency;
}
u64 lapic_timer_mult(void)
{
	return lapic_mult;
}
u64 tsc_mult(void)
{
	return cycles_mult;
}

/* a * b / c by one multiplication and one division of the CPU; 0 when the result needs more than 64 bits. */
static u64 mul_div(u64 a, u64 b, u64 c)
{
	u64 high, low;

	__asm__("mulq %3" : "=a"(low), "=d"(high) : "a"(a), "r"(b) : "cc");
	if (high >= c)
		return 0;
	__asm__("divq %2" : "+a"(low), "+d"(high) : "r"(c) : "cc");
	return low;
}

/* A counter of known frequency that counts up modulo mask + 1. */
struct reference {
	const char *name;
	u64 hz, mask;
	u64 (*read)(void);
};
static volatile u8 *hpet;

static u64 read_hpet(void)
{
	return mmio_read32(hpet + 0xf0);
}
static u64 read_pm_timer(void)
{
	return inl(acpi_info.pm_timer_port);
}
static u64 read_pit(void)
{
	u16 n;

	outb(0, 0x43); /* latch channel 0 */
	n = inb(0x40);
	n = (u16)(n | inb(0x40) << 8);
	return (u16)-n; /* it counts down */
}

static bool open_hpet(struct reference *r)
{
	u32 period;

	if (!acpi_info.hpet_addr || acpi_info.hpet_addr % 8 ||
	    !(hpet = kmap_io(acpi_info.hpet_addr & PAGE_MASK, PAGE_SIZE)))
		return false;
	hpet += acpi_info.hpet_addr % PAGE_SIZE;
	period = mmio_read32(hpet + 4); /* femtoseconds a tick */
	if (period == 0 || period > 100000000)
		return false;
	mmio_write32(hpet + 0x10, mmio_read32(hpet + 0x10) | 1);
	*r = (struct reference){ "HPET", FEMTO / period, ~0u, read_hpet };
	return true;
}

static bool open_pm_timer(struct reference *r)
{
	if (!acpi_info.pm_timer_port)
		return false;
	*r = (struct reference){ "ACPI PM timer", PM_TIMER_HZ, acpi_info.pm_timer_32 ? ~0u : 0xffffff,
		                 read_pm_timer };
	return true;
}

static bool open_pit(struct reference *r)
{
	outb(0x34, 0x43); /* channel 0, both bytes, mode 2 */
	outb(0, 0x40);
	outb(0, 0x40); /* 65536: 55 ms a round */
	*r = (struct reference){ "PIT", PIT_HZ, 0xffff, read_pit };
	return true;
}

struct edge {
	u64 count, tsc, slack; /* slack: how long before tsc it may have happened */
	u32 apic;
};

/* Waits for the next change of the reference; false when it stands still. */
static bool find_edge(const struct reference *r, struct edge *e)
{
	u64 first = r->read(), before = arch_cycles();

	for (unsigned tries = 0; tries < 100000; tries++) {
		u64 count = r->read(), now = arch_cycles();

		if (count != first) {
			*e = (struct edge){ count, now, now - before, lapic_read(LAPIC_TIMER_CURRENT) };
			return true;
		}
		before = now;
	}
	return false;
}

struct measure {
	u64 tsc_hz, apic_hz, error_ppm;
};

/* One window of about `us` microseconds. */
static bool measure_window(const struct reference *r, u64 us, struct measure *m)
{
	struct edge a, b;
	u64 ticks, want = r->hz * us / 1000000 + 1;

	if (!find_edge(r, &a))
		return false;
	for (u64 spins = 0; ((r->read() - a.count) & r->mask) < want; spins++)
		if (spins > 10000000)
			return false;
	if (!find_edge(r, &b))
		return false;
	ticks = (b.count - a.count) & r->mask;
	if (!ticks || b.tsc <= a.tsc)
		return false;
	m->tsc_hz = mul_div(b.tsc - a.tsc, r->hz, ticks);
	m->apic_hz = (u64)(a.apic - b.apic) * r->hz / ticks;
	m->error_ppm = (a.slack + b.slack) * 1000000 / (b.tsc - a.tsc);
	return m->tsc_hz >= 1000000;
}

static bool measure(const struct reference *r)
{
	struct measure m;

	for (u64 us = WINDOW_FIRST_US; us <= WINDOW_MAX_US; us *= 2) {
		if (!measure_window(r, us, &m))
			return false;
		if (m.error_ppm <= ERROR_PPM)
			break;
	}
	if (!tsc_frequency)
		tsc_frequency = m.tsc_hz;
	lapic_frequency = m.apic_hz;
	log_info("clock: TSC %llu.%03llu MHz by %s, within %llu ppm",
	         (unsigned long long)tsc_frequency / 1000000, (unsigned long long)tsc_frequency / 1000 % 1000,
	         r->name, (unsigned long long)m.error_ppm);
	return true;
}

/* What CPUID says; 0 = nothing. */
static void ask_cpuid(void)
{
	if (cpu_features.hypervisor && cpu_features.max_hyp >= 0x40000010 &&
	    cpu_features.max_hyp < 0x40010000) {
		struct cpuid h = cpuid(0x40000010, 0);

		tsc_frequency = (u64)h.a * 1000;
		lapic_frequency = (u64)h.b * 1000;
	}
	if (!tsc_frequency && cpu_features.max_leaf >= 0x15) {
		struct cpuid c = cpuid(0x15, 0);

		if (c.a && c.b && c.c) {
			tsc_frequency = (u64)c.c * c.b / c.a;
			lapic_frequency = c.c;
		}
	}
	if (tsc_frequency < 1000000)
		tsc_frequency = 0;
}

/* No clock at all: hypervisors give the APIC timer a 1 GHz clock; better than nothing, and said. */
static void guess_from_apic(void)
{
	u64 t0 = arch_cycles(), t1;
	u32 c0 = lapic_read(LAPIC_TIMER_CURRENT), c1;

	while (c0 - (c1 = lapic_read(LAPIC_TIMER_CURRENT)) < APIC_HZ_VIRTUAL / 1000 &&
	       arch_cycles() - t0 < 1UL << 33)
		arch_cpu_relax();
	t1 = arch_cycles();
	lapic_frequency = APIC_HZ_VIRTUAL;
	if (!tsc_frequency)
		tsc_frequency = c0 != c1 ? (t1 - t0) * APIC_HZ_VIRTUAL / (c0 - c1) : APIC_HZ_VIRTUAL;
	if (tsc_frequency < 1000000)
		tsc_frequency = APIC_HZ_VIRTUAL;
	log_warn("clock: no reference clock; assuming a 1 GHz APIC timer, TSC %llu MHz",
	         (unsigned long long)tsc_frequency / 1000000);
}

void arch_clock_init(void)
{
	static bool (*const open[])(struct reference *) = { open_hpet, open_pm_timer, open_pit };
	struct reference r;

	ask_cpuid();
	/* The APIC timer counts freely while we measure both. */
	lapic_write(LAPIC_TIMER_DIVIDE, 0xb); /* by 1 */
	lapic_write(LAPIC_TIMER_INITIAL, ~0u);
	for (unsigned i = 0; i < ARRAY_SIZE(open) && (!tsc_frequency || !lapic_frequency); i++)
		if (open[i](&r) && measure(&r))
			break;
	if (!tsc_frequency || !lapic_frequency)
		guess_from_apic();
	lapic_write(LAPIC_TIMER_INITIAL, 0);
	lapic_mult = mul_div(lapic_frequency, 1UL << 32, NSEC_PER_SEC) + 1;
	cycles_mult = mul_div(tsc_frequency, 1UL << 32, NSEC_PER_SEC) + 1;
	clock_init(tsc_frequency);
	rtc_read_wall_clock();
}
