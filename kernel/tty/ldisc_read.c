/* SPDX-License-Identifier: MIT
 *
 * tty/ldisc_read.c - read(2) from a terminal: whole lines, or what MIN and TIME ask for
 *
 * Owns:      tty->tail.
 * Layer:     tty.
 * Locks:     takes tty->lock for each piece it moves; sleeps and copies to the user without it.
 * Contexts:  process context; may sleep.
 * Manual:    termios(3), "Canonical and noncanonical mode".
 * Tests:     tests/abi/tty.c, tests/interactive.py
 *
 * Theory
 * ------
 * Canonical: a read returns at most one line, or the part of it that fits.  Raw: with MIN > 0 it waits for MIN
 * bytes (TIME limits the gap between two bytes, once one has come); with MIN = 0 it waits at most TIME for one.
 */
#include "tty_struct.h"

enum { READ_PIECE = 512 };

/* lock held.  For poll(2) raw mode counts MIN when TIME is not set, as a read would then go on waiting. */
static bool input_ready(const struct tty *t, bool poll) MUST_HOLD(&t->lock)
{
	const u8 *cc = t->termios.c_cc;

	if (t->termios.c_lflag & ICANON)
		return t->canon_head != t->tail;
	u32 need = poll && !cc[VTIME] && cc[VMIN] ? cc[VMIN] : 1;
	return t->head - t->tail >= need;
}

bool ldisc_readable(struct tty *t, bool poll)
{
	irqflags_t f = spin_lock_irqsave(&t->lock);
	bool ready = input_ready(t, poll);

	spin_unlock_irqrestore(&t->lock, f);
	return ready;
}

u32 ldisc_input_count(struct tty *t)
{
	irqflags_t f = spin_lock_irqsave(&t->lock);
	bool canon = t->termios.c_lflag & ICANON;
	u32 end = canon ? t->canon_head : t->head, n = end - t->tail;

	/* End-of-file marks are not data. */
	for (u32 at = t->tail; canon && at != end; at++)
		if (!ldisc_at(t, at) && bitmap_test(t->line_end, at % TTY_BUF_SIZE))
			n--;
	spin_unlock_irqrestore(&t->lock, f);
	return n;
}

/* One line or a part of it; *line_done: its end was reached. */
static size_t take_line(struct tty *t, u8 *dst, size_t n, bool *line_done) MUST_HOLD(&t->lock)
{
	size_t got = 0;

	while (t->tail != t->canon_head) {
		u8 c = ldisc_at(t, t->tail);
		bool end = bitmap_test(t->line_end, t->tail % TTY_BUF_SIZE);

		/* An end of file right behind a full buffer belongs to this read, not to the next. */
		if (got == n && !(end && !c))
			break;
		t->tail++;
		if (end) {
			bitmap_clear(t->line_end, (t->tail - 1) % TTY_BUF_SIZE);
			*line_done = true;
			if (c)
				dst[got++] = c;
			break;
		}
		dst[got++] = c;
	}
	return got;
}

static size_t take_raw(struct tty *t, u8 *dst, size_t n) MUST_HOLD(&t->lock)
{
	size_t got = MIN(n, (size_t)(t->head - t->tail));

	for (size_t i = 0; i < got; i++)
		dst[i] = ldisc_at(t, t->tail++);
	return got;
}

static size_t take(struct tty *t, u8 *dst, size_t n, bool *done)
{
	irqflags_t f = spin_lock_irqsave(&t->lock);
	size_t got = t->termios.c_lflag & ICANON ? take_line(t, dst, n, done) : take_raw(t, dst, n);

	if (t->throttled && ldisc_room(t) > TTY_BUF_SIZE / 2) {
		t->throttled = false;
		if (t->drv->throttle)
			t->drv->throttle(t, false);
	}
	spin_unlock_irqrestore(&t->lock, f);
	return got;
}

/* Waits for input: 1 = there is some (or the file was hung up), 0 = the deadline, -EAGAIN, -ERESTARTSYS. */
static int wait_input(struct tty_file *tf, bool nonblock, ktime_t wait_ns)
{
	struct tty *t = tf->tty;

	if (ldisc_readable(t, false) || tty_file_hung_up(tf))
		return 1;
	if (wait_ns == 0)
		return 0;
	if (nonblock)
		return -EAGAIN;
	ktime_t deadline = wait_ns == KTIME_MAX ? KTIME_MAX : clock_monotonic() + wait_ns;
	int err = wait_event_interruptible_until(&t->readers,
	                                         ldisc_readable(t, false) || tty_file_hung_up(tf), deadline);
	return err == -ETIMEDOUT ? 0 : err ? err : 1;
}

struct read_rule {
	bool canonical;
	size_t minimum;   /* enough to return */
	ktime_t first_ns; /* how long to wait for the first byte, */
	ktime_t next_ns;  /* and for each further one */
};

static struct read_rule read_rule(struct tty *t)
{
	irqflags_t f = spin_lock_irqsave(&t->lock);
	const u8 min = t->termios.c_cc[VMIN];
	const ktime_t time_ns = t->termios.c_cc[VTIME] * (NSEC_PER_SEC / 10);
	struct read_rule r = { .canonical = t->termios.c_lflag & ICANON,
		               .minimum = 1,
		               .first_ns = KTIME_MAX,
		               .next_ns = KTIME_MAX };

	if (!r.canonical) {
		r.minimum = min ? min : 1;
		if (min == 0)
			r.first_ns = time_ns;
		else if (time_ns)
			r.next_ns = time_ns;
	}
	spin_unlock_irqrestore(&t->lock, f);
	return r;
}

ssize_t ldisc_read(struct tty_file *tf, struct iov_iter *to, bool nonblock)
{
	struct tty *t = tf->tty;
	const struct read_rule rule = read_rule(t);
	size_t total = 0;
	bool done = false;
	int err = 0;

	while (to->count > 0 && !done) {
		u8 piece[READ_PIECE];

		err = wait_input(tf, nonblock, total ? rule.next_ns : rule.first_ns);
		if (err <= 0 || tty_file_hung_up(tf))
			break;
		bool more;
		do { /* once begun, a line is finished, and raw bytes are taken while there are some */
			size_t want = MIN(to->count, sizeof(piece));
			size_t got = take(t, piece, want, &done);

			if (copy_to_iter(piece, got, to) < got)
				return total ? (ssize_t)total : -EFAULT;
			total += got;
			more = got == want && to->count > 0 && !done && got > 0;
		} while (more);
		if (rule.canonical || total >= rule.minimum)
			break;
	}
	if (total)
		return (ssize_t)total;
	return err < 0 ? err : 0;
}
