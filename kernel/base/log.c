/* SPDX-License-Identifier: MIT
 * base/log.c - the kernel log: a ring in memory and the consoles that registered
 *
 * Owns:      the ring, the list of consoles.
 * Layer:     base.  Uses lib (format, string), clock for the stamps.
 * Locks:     log_lock, a leaf, never through lockdep (lockdep itself logs).  Consoles write under it.
 * Contexts:  any, from the first instruction to the panic.
 * Manual:    syslog(2): each line begins with its level as <6>, which consoles do not show.
 * Tests:     tests/boot
 *
 * Theory
 * ------
 * `head` counts the bytes ever written and `tail` stands at the oldest whole line:
 *
 *     tail <= head,  head - tail <= LOG_RING,  the byte number i lives at ring[i % LOG_RING].
 *
 * Three things must not deadlock: a console's write() that logs (the line is dropped and counted), an NMI in
 * the middle of log_printf (the same), and a panic while another CPU, stopped for ever, holds the lock (the
 * panicking CPU waits for a moment and then goes on without it).
 */
#include <base/log.h>
#include <base/clock.h>
#include <base/panic.h>
#include <base/percpu.h>
#include <base/spinlock.h>
#include <lib/format.h>
#include <lib/string.h>

enum { LOG_RING = 64 * 1024, LOG_LINE = 400, PANIC_SPINS = 1000000 };

int log_console_level = LOG_INFO;

static struct spinlock log_lock = SPINLOCK_INIT("log");
static u32 log_owner; /* CPU number + 1 of the holder */
static char ring[LOG_RING];
static u64 head, tail;
static u64 dropped; /* lines lost to recursion */
static struct log_console *consoles;

/* Takes the log; false when this CPU has it already. */
NO_LOCK_CHECK static bool log_enter(irqflags_t *flags)
{
	*flags = arch_irq_save();
	u32 me = cpu_id() + 1;
	for (unsigned spins = 0; !spin_trylock(&log_lock); spins++) {
		if (atomic_load(&log_owner) == me && !panic_in_progress) {
			arch_irq_restore(*flags);
			return false;
		}
		if (panic_in_progress && spins > PANIC_SPINS)
			break;
		arch_cpu_relax();
	}
	atomic_store(&log_owner, me);
	return true;
}

static void log_leave(irqflags_t flags)
{
	atomic_store(&log_owner, 0u);
	atomic_store_release(&log_lock.held, 0u);
	arch_irq_restore(flags);
}

static void ring_append(const char *s, size_t n)
{
	while (head + n - tail > LOG_RING)
		while (ring[tail++ % LOG_RING] != '\n' && tail < head)
			;
	size_t at = head % LOG_RING, part = MIN(n, LOG_RING - at);
	memcpy(ring + at, s, part);
	memcpy(ring, s + part, n - part);
	head += n;
}

static void consoles_write(const char *line, size_t n)
{
	for (struct log_console *c = consoles; c; c = c->next)
		c->write(line, n);
}

/* The text behind "<6>". */
static const char *line_text(const char *line)
{
	return line + 3;
}

void log_printf(enum log_level level, const char *fmt, ...)
{
	char line[LOG_LINE];
	irqflags_t flags;
	u64 us = (u64)clock_monotonic() / 1000;
	size_t n =
	        (size_t)scnprintf(line, sizeof(line), "<%d>[%5lu.%06lu] ", level, us / 1000000, us % 1000000);
	va_list ap;
	va_start(ap, fmt);
	int len = vsnprintf(line + n, sizeof(line) - n, fmt, ap);
	va_end(ap);
	n = MIN(n + (size_t)len, sizeof(line) - 2);
	while (n > 0 && line[n - 1] == '\n')
		n--;
	line[n++] = '\n';
	if (!log_enter(&flags)) {
		atomic_add(&dropped, 1);
		return;
	}
	ring_append(line, n);
	if ((int)level <= log_console_level)
		consoles_write(line_text(line), n - 3);
	log_leave(flags);
}

/* Sends the lines of the ring that its level lets through. */
static void console_replay(struct log_console *c)
{
	char line[LOG_LINE];
	for (u64 at = tail; at < head;) {
		size_t n = 0;
		do
			line[n++] = ring[at % LOG_RING];
		while (ring[at++ % LOG_RING] != '\n' && at < head && n < sizeof(line));
		if (n > 3 && line[0] == '<' && line[1] - '0' <= log_console_level)
			c->write(line_text(line), n - 3);
	}
}

void log_console_register(struct log_console *c)
{
	irqflags_t flags;
	if (!log_enter(&flags))
		return;
	console_replay(c);
	c->next = consoles;
	consoles = c;
	log_leave(flags);
}

size_t log_read(u64 *pos, char *dst, size_t size)
{
	irqflags_t flags;
	if (!log_enter(&flags))
		return 0;
	if (*pos < tail)
		*pos = tail;
	if (*pos > head)
		*pos = head;
	size_t n = MIN(size, (size_t)(head - *pos));
	size_t at = *pos % LOG_RING, part = MIN(n, LOG_RING - at);
	memcpy(dst, ring + at, part);
	memcpy(dst + part, ring, n - part);
	*pos += n;
	log_leave(flags);
	return n;
}

size_t log_size(void)
{
	return LOG_RING;
}
