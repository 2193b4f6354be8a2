/* SPDX-License-Identifier: MIT
 * base/panic.c - the end of the kernel
 *
 * Owns:      panic_in_progress and which CPU panics.
 * Layer:     base.  Uses arch (IPI_STOP, power) and log, symbols, spinlock, trace.
 * Locks:     takes none that it could wait for for ever: see log.c.
 * Contexts:  any.
 * Manual:    bootparam(7), panic=.
 * Tests:     tests/boot (a panic's backtrace)
 */
#include <base/panic.h>
#include <base/atomic.h>
#include <base/clock.h>
#include <base/cmdline.h>
#include <base/log.h>
#include <base/percpu.h>
#include <base/spinlock.h>
#include <base/trace.h>
#include <arch/power.h>
#include <arch/smp.h>
#include <arch/trapframe.h>
#include <lib/format.h>
#include <lib/string.h>

enum { PANIC_TEXT = 256, PANIC_FRAMES = 32, PANIC_EVENTS = 16 };

bool panic_in_progress;
void (*panic_show_registers)(const struct trapframe *tf);

static u32 panic_cpu; /* CPU number + 1 of the first to panic */

void backtrace_log(const struct trapframe *tf)
{
	unsigned long pcs[PANIC_FRAMES];
	char name[96];
	unsigned n = arch_backtrace(tf, pcs, PANIC_FRAMES);
	log_err("backtrace:"); /* a return address may be the first byte of the next function: look up the call */
	for (unsigned i = 0; i < n; i++)
		log_err("  %016lx %s", pcs[i], symbol_name(pcs[i] - (i || !tf), name, sizeof(name)));
}

/* `panic=N`: seconds before the reboot; 0 = halt. */
static int panic_timeout(void)
{
	const char *s = cmdline_get("panic");
	u64 n;
	if (!s)
		return 0;
	if (*s == '-')
		return -1;
	return parse_u64(&s, 10, &n) && n < 100000 ? (int)n : 0;
}

NORETURN static void panic_end(void)
{
	int timeout = panic_timeout();
	if (timeout == 0) {
		log_err("---[ end Kernel panic: halted ]---");
		arch_halt();
	}
	if (timeout > 0) {
		log_err("rebooting in %d s", timeout);
		ktime_t start = clock_monotonic(), wait = timeout * NSEC_PER_SEC;
		while (start > 0 && clock_monotonic() - start < wait) /* 0: no clock yet */
			arch_cpu_relax();
	}
	arch_reboot();
}

/* One CPU panics; a second one stops here, and a panic inside the panic ends at once. */
static void panic_enter(void)
{
	arch_irq_disable();
	u32 me = cpu_id() + 1;
	if (!atomic_cas(&panic_cpu, 0u, me)) {
		if (atomic_load(&panic_cpu) != me)
			arch_cpu_halt();
		static bool again;
		if (!again) {
			again = true;
			log_err("panic during panic");
			panic_end();
		}
		arch_halt();
	}
	panic_in_progress = true;
	log_console_level = LOG_DEBUG;
	cpumask_t others = atomic_load(&cpu_online_mask) & ~BIT(cpu_id());
	if (others)
		arch_ipi_send(others, IPI_STOP);
}

NORETURN static void panic_with(const struct trapframe *tf, const char *fmt, va_list ap)
{
	char text[PANIC_TEXT];
	panic_enter();
	vsnprintf(text, sizeof(text), fmt, ap);
	log_err("Kernel panic - not syncing: %s", text);
	log_err("CPU %u of %u", cpu_id(), cpu_count);
	if (tf && panic_show_registers)
		panic_show_registers(tf);
	else if (tf)
		log_err("ip %016lx sp %016lx", tf_ip(tf), tf_sp(tf));
	backtrace_log(tf);
	lockdep_show_held();
	trace_dump_last(PANIC_EVENTS);
	panic_end();
}

void panic(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	panic_with(NULL, fmt, ap);
}

void panic_trap(const struct trapframe *tf, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	panic_with(tf, fmt, ap);
}

void assert_failed(const char *expr, const char *file, int line)
{
	panic("assertion failed: %s at %s:%d", expr, file, line);
}
