/* SPDX-License-Identifier: MIT
 * stub/stub.c - arch and base for kernel code that runs on the host
 *
 * Owns:      a machine of one CPU whose RAM is mmap()ed memory.
 * Layer:     tests/unit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <base/bootinfo.h>
#include <base/irq.h>
#include <base/log.h>
#include <base/panic.h>
#include <base/percpu.h>
#include <base/spinlock.h>
#include <base/trace.h>
#include <arch/pgtable.h>
#include "stub.h"

struct boot_info boot_info;
unsigned long stub_irqs_on = 1;
unsigned long percpu_offset[NR_CPUS] = { 1 };
unsigned cpu_count = 1;
cpumask_t cpu_online_mask = 1;
int log_console_level = LOG_INFO;
u64 trace_enabled;
unsigned stub_log_lines;
jmp_buf stub_panic_jump;
bool stub_panic_expected;
char stub_panic_text[256];

static void map_at(unsigned long va, unsigned long size)
{
	void *p = mmap((void *)va, size, PROT_READ | PROT_WRITE,
	               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
	if (p != (void *)va) {
		perror("mmap");
		exit(2);
	}
}

void stub_ram_map(paddr_t start, paddr_t end)
{
	map_at(DIRECT_MAP + start, end - start);
}

/* Aliases of RAM are not needed by any test: fresh memory does. */
int arch_kernel_map(unsigned long va, paddr_t pa, unsigned long size, unsigned flags)
{
	(void)pa;
	(void)flags;
	map_at(va, size);
	return 0;
}

void arch_kernel_unmap(unsigned long va, unsigned long size)
{
	munmap((void *)va, size);
}

void panic(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(stub_panic_text, sizeof(stub_panic_text), fmt, ap);
	va_end(ap);
	stub_irqs_on = 1;
	if (stub_panic_expected)
		longjmp(stub_panic_jump, 1);
	fprintf(stderr, "panic: %s\n", stub_panic_text);
	abort();
}

void assert_failed(const char *expr, const char *file, int line)
{
	panic("assertion failed: %s at %s:%d", expr, file, line);
}

void log_printf(enum log_level level, const char *fmt, ...)
{
	va_list ap;
	stub_log_lines++;
	va_start(ap, fmt);
	printf("<%d>", level);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

void spin_lock_contended(struct spinlock *l)
{
	panic("spinlock %p taken twice", (void *)l);
}

void trace_record(enum trace_event ev, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	panic("trace event %d %lu %lu %lu %lu although tracing is off", ev, a, b, c, d);
}

void trace_set_allocator(void *(*alloc)(size_t size))
{
	(void)alloc;
}

void cpu_call(cpumask_t mask, void (*fn)(void *), void *ctx)
{
	if (mask & 1)
		fn(ctx);
}

u64 arch_cycles(void)
{
	static u64 now;
	return now += 1000;
}

bool arch_random(u64 *out)
{
	*out = (u64)random() << 32 ^ (u64)random();
	return true;
}
