/* SPDX-License-Identifier: MIT
 *
 * drivers/serial.c - the 16550 UART at COM1: the log's first console, and the terminal ttyS0
 *
 * Owns:      ports 0x3f8-0x3ff.
 * Layer:     drivers.  Uses tty, base (log console, irq).
 * Locks:     port_lock guards the registers and the transmit ring once there is more than one user of them
 *            (serial_init); before that one CPU logs alone.  tty->lock -> port_lock.
 * Contexts:  log writes: any; interrupt; the tty's driver functions: any.
 * Manual:    PC16550D data sheet (National Semiconductor, 1995)
 * Tests:     tests/boot
 *
 * Theory
 * ------
 * The log polls: it must work in a panic.  The terminal has a ring and interrupts: bytes go out while the
 * transmitter takes them, and the "holding register empty" interrupt goes on where that stopped.  When readers are
 * slow the receive interrupt is switched off; the FIFO fills, and the other side must wait: nothing is lost.
 * A machine without the UART reads all ones, or does not keep what is written to the scratch register.
 */
#include <drivers/drivers.h>
#include <arch/io.h>
#include <base/cmdline.h>
#include <base/irq.h>
#include <base/log.h>
#include <base/panic.h>
#include <base/spinlock.h>
#include <lib/string.h>
#include <tty/tty.h>

enum { COM1 = 0x3f8, COM1_ISA_IRQ = 4, FIFO_SIZE = 16, RING_SIZE = 4096, TTYS_MAJOR = 4, TTYS_MINOR = 64 };
enum {
	R_DATA = 0,
	R_DIVISOR_LOW = 0,
	R_IER = 1,
	R_DIVISOR_HIGH = 1,
	R_IIR = 2,
	R_FCR = 2,
	R_LCR = 3,
	R_MCR = 4,
	R_LSR = 5,
	R_MSR = 6,
	R_SCRATCH = 7
};
enum {
	IER_RECEIVE = 1,
	IER_TRANSMIT = 2,
	IER_LINE = 4,
	LCR_8N1 = 3,
	LCR_DLAB = 0x80,
	FCR_ENABLE_CLEAR = 7,
	MCR_DTR = 1,
	MCR_RTS = 2,
	MCR_OUT2 = 8,
	LSR_DATA = 1,
	LSR_BREAK = 0x10,
	LSR_EMPTY = 0x20,
	LSR_IDLE = 0x40
};

static struct spinlock port_lock = SPINLOCK_INIT("serial");
static bool present;       /* the UART answers */
static bool shared;        /* the tty uses it too: log writes take port_lock */
static bool log_muted;     /* console= names another device */
static u8 ier;             /* interrupts enabled; port_lock */
static u8 ring[RING_SIZE]; /* to be sent; port_lock */
static u32 ring_head, ring_tail;
static struct tty *serial_tty;

static u8 reg_read(unsigned reg)
{
	return inb((u16)(COM1 + reg));
}

static void reg_write(unsigned reg, u8 v)
{
	outb(v, (u16)(COM1 + reg));
}

static void set_ier(u8 v)
{
	if (v == ier)
		return;
	ier = v;
	reg_write(R_IER, v);
}

/* ---- the log ---- */

/* A transmitter that does not get empty in time is stuck; the byte is lost, the kernel goes on. */
static void put_polled(u8 c)
{
	for (unsigned i = 0; i < 100000; i++) {
		if (reg_read(R_LSR) & LSR_EMPTY) {
			reg_write(R_DATA, c);
			return;
		}
		arch_cpu_relax();
	}
}

static void write_polled(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n')
			put_polled('\r');
		put_polled((u8)text[i]);
	}
}

static void log_write(const char *text, size_t n)
{
	if (!present || (log_muted && !panic_in_progress))
		return;
	if (!shared || panic_in_progress) { /* in a panic the lock's holder may be stopped */
		write_polled(text, n);
		return;
	}
	irqflags_t f = spin_lock_irqsave(&port_lock);
	write_polled(text, n);
	spin_unlock_irqrestore(&port_lock, f);
}

static struct log_console serial_console = { .write = log_write };

static bool uart_detect(void)
{
	reg_write(R_SCRATCH, 0x5a);
	if (reg_read(R_SCRATCH) != 0x5a)
		return false;
	reg_write(R_SCRATCH, 0xa5);
	return reg_read(R_SCRATCH) == 0xa5 && reg_read(R_LSR) != 0xff;
}

/* The log goes to the UART when console=ttyS0 or no console= is given. */
static bool console_is_ours(void)
{
	const char *name = cmdline_get("console");

	return !name || !*name || str_starts(name, "ttyS0") || str_starts(name, "uart");
}

void serial_early_init(void)
{
	if (present)
		return;
	present = uart_detect();
	if (!present)
		return;
	reg_write(R_IER, 0);
	reg_write(R_LCR, LCR_DLAB);
	reg_write(R_DIVISOR_LOW, 1); /* 115200 */
	reg_write(R_DIVISOR_HIGH, 0);
	reg_write(R_LCR, LCR_8N1);
	reg_write(R_FCR, FCR_ENABLE_CLEAR);
	reg_write(R_MCR, MCR_DTR | MCR_RTS);
	log_console_register(&serial_console);
}

/* ---- the terminal ---- */

/* Sends from the ring while the transmitter takes bytes; the rest waits for the interrupt. */
static void transmit(void) MUST_HOLD(&port_lock)
{
	while (ring_tail != ring_head && (reg_read(R_LSR) & LSR_EMPTY))
		for (unsigned i = 0; i < FIFO_SIZE && ring_tail != ring_head; i++)
			reg_write(R_DATA, ring[ring_tail++ % RING_SIZE]);
	set_ier(ring_tail != ring_head ? ier | IER_TRANSMIT : ier & ~IER_TRANSMIT);
}

static size_t serial_write_room(struct tty *t)
{
	return RING_SIZE - (atomic_load(&ring_head) - atomic_load(&ring_tail));
}

static size_t serial_write(struct tty *t, const u8 *p, size_t n)
{
	irqflags_t f = spin_lock_irqsave(&port_lock);
	size_t done = MIN(n, serial_write_room(t));

	for (size_t i = 0; i < done; i++)
		ring[ring_head++ % RING_SIZE] = p[i];
	transmit();
	spin_unlock_irqrestore(&port_lock, f);
	return done;
}

static void serial_throttle(struct tty *t, bool on)
{
	irqflags_t f = spin_lock_irqsave(&port_lock);

	set_ier(on ? ier & ~IER_RECEIVE : ier | IER_RECEIVE);
	spin_unlock_irqrestore(&port_lock, f);
}

/* The ring, and what the FIFO has not yet sent. */
static size_t serial_chars_in_buffer(struct tty *t)
{
	return atomic_load(&ring_head) - atomic_load(&ring_tail);
}

static void serial_flush_output(struct tty *t)
{
	irqflags_t f = spin_lock_irqsave(&port_lock);

	ring_tail = ring_head;
	spin_unlock_irqrestore(&port_lock, f);
}

static long serial_ioctl(struct tty *t, unsigned cmd, void *arg)
{
	if (cmd != TIOCMGET)
		return -ENOTTY;
	*(s32 *)arg =
	        0x002 | 0x004 | 0x020 | 0x040 | 0x100; /* DTR RTS CTS CD DSR: a line that is always there */
	return 0;
}

static const struct tty_driver serial_driver = {
	.write = serial_write,
	.write_room = serial_write_room,
	.throttle = serial_throttle,
	.chars_in_buffer = serial_chars_in_buffer,
	.flush_output = serial_flush_output,
	.ioctl = serial_ioctl,
};

/* Takes what the FIFO holds; *breaks counts breaks.  The number of bytes. */
static unsigned receive(u8 *buf, unsigned max, unsigned *breaks) MUST_HOLD(&port_lock)
{
	unsigned n = 0;

	while (n < max && (ier & IER_RECEIVE)) {
		u8 lsr = reg_read(R_LSR);

		if (!(lsr & LSR_DATA))
			break;
		u8 c = reg_read(R_DATA);
		if (lsr & LSR_BREAK)
			++*breaks;
		else
			buf[n++] = c;
	}
	return n;
}

static enum irq_result serial_interrupt(void *ctx)
{
	enum irq_result result = IRQ_NONE;

	for (unsigned round = 0; round < 64; round++) {
		u8 buf[FIFO_SIZE];
		unsigned n, breaks = 0;
		u32 before;

		irqflags_t f = spin_lock_irqsave(&port_lock);
		u8 why = reg_read(R_IIR);
		if (why & 1) { /* nothing pending */
			spin_unlock_irqrestore(&port_lock, f);
			break;
		}
		result = IRQ_HANDLED;
		n = receive(buf, sizeof(buf), &breaks);
		before = ring_tail;
		transmit();
		(void)reg_read(R_MSR);
		bool sent = ring_tail != before;
		spin_unlock_irqrestore(&port_lock, f);

		if (breaks)
			tty_receive_break(serial_tty);
		if (n)
			tty_receive(serial_tty, buf, n);
		if (sent)
			tty_write_wakeup(serial_tty);
	}
	return result;
}

void serial_init(void)
{
	log_muted = !console_is_ours();
	if (!present)
		return;
	serial_tty = tty_create(&serial_driver, "ttyS0", dev_make(TTYS_MAJOR, TTYS_MINOR), NULL);
	if (!serial_tty || tty_register(serial_tty)) {
		log_err("serial: no memory for ttyS0");
		return;
	}
	shared = true;
	int err = irq_register(arch_irq_isa(COM1_ISA_IRQ), IRQ_EDGE_HIGH, serial_interrupt, NULL, "ttyS0");
	if (err) {
		log_err("serial: interrupt: error %d", -err);
		return;
	}
	irqflags_t f = spin_lock_irqsave(&port_lock);
	reg_write(R_MCR, MCR_DTR | MCR_RTS | MCR_OUT2); /* OUT2 lets the interrupt out of the chip */
	set_ier(IER_RECEIVE | IER_LINE);
	spin_unlock_irqrestore(&port_lock, f);
	log_info("serial: ttyS0 at 0x%x, irq %u", COM1, COM1_ISA_IRQ);
}
