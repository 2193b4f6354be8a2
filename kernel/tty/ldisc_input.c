/* SPDX-License-Identifier: MIT
 *
 * tty/ldisc_input.c - the line discipline's way in: from bytes of the device to lines
 *
 * Owns:      the input ring of struct tty: head, canon_head, line_end (tail is the reader's, ldisc_read.c).
 * Layer:     tty.
 * Locks:     tty->lock is held by every caller.  Signals and wake-ups are only noted in struct ldisc_events; the
 *            caller does them after it has dropped the lock (signals need proc_lock).
 * Contexts:  any; mostly the device's interrupt.
 * Manual:    termios(3); POSIX.1-2017 General Terminal Interface, chapter 11.
 * Tests:     tests/abi/tty.c, tests/interactive.py
 *
 * Theory
 * ------
 *        tail              canon_head         head
 *         v                    v               v
 *     |...whole lines...\n.....|the line edited|....
 *
 * In canonical mode a reader sees [tail, canon_head); the line being edited can still change.  line_end marks the
 * last byte of each line; end of file (^D) is stored as a marked zero byte, which ends a read and is not copied.
 * In raw mode a reader sees [tail, head).  A line that is full (TTY_LINE_MAX) loses what is typed further, but
 * its end always fits; a ring that is full makes the driver wait (throttle).
 */
#include "tty_struct.h"
#include <lib/string.h>

static inline bool is_cc(const struct tty *t, u8 c, unsigned which)
{
	return c && t->termios.c_cc[which] == c; /* 0 = disabled */
}

static inline bool has_lflag(const struct tty *t, u32 f)
{
	return t->termios.c_lflag & f;
}

void ldisc_init_termios(struct termios_k *k)
{
	*k = (struct termios_k){
		.c_iflag = ICRNL | IXON,
		.c_oflag = OPOST | ONLCR,
		.c_cflag = B38400 | CS8 | CREAD | HUPCL,
		.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
		.c_cc = {
			[VINTR] = 3, [VQUIT] = 28, [VERASE] = 127, [VKILL] = 21, [VEOF] = 4, [VTIME] = 0,
			[VMIN] = 1, [VSWTC] = 0, [VSTART] = 17, [VSTOP] = 19, [VSUSP] = 26, [VEOL] = 0,
			[VREPRINT] = 18, [VDISCARD] = 15, [VWERASE] = 23, [VLNEXT] = 22, [VEOL2] = 0,
		},
	};
}

size_t ldisc_room(const struct tty *t)
{
	u32 used = t->head - t->tail;

	/* Two bytes are kept back: PARMRK may double one. */
	return used + 2 < TTY_BUF_SIZE ? TTY_BUF_SIZE - 2 - used : 0;
}

void ldisc_flush_input(struct tty *t)
{
	t->head = t->canon_head = t->tail;
	memset(t->line_end, 0, sizeof(t->line_end));
	t->lnext = false;
	if (t->throttled) {
		t->throttled = false;
		if (t->drv->throttle)
			t->drv->throttle(t, false);
	}
}

void ldisc_mode_changed(struct tty *t, const struct termios_k *old)
{
	if ((old->c_lflag ^ t->termios.c_lflag) & ICANON) {
		memset(t->line_end, 0, sizeof(t->line_end));
		if (!has_lflag(t, ICANON) || t->head == t->tail) {
			t->canon_head = t->tail;
		} else { /* what was typed in raw mode becomes one line */
			bitmap_set(t->line_end, (t->head - 1) % TTY_BUF_SIZE);
			t->canon_head = t->head;
		}
		t->lnext = false;
	}
	if ((old->c_iflag & IXON) && !(t->termios.c_iflag & IXON) && !t->tco_stopped)
		tty_set_stopped(t, false);
	ldisc_echo_flush(t);
}

/* ---- storing ---- */

/* In the middle of a line; what does not fit into the line is dropped. */
static void put_byte(struct tty *t, u8 c) MUST_HOLD(&t->lock)
{
	if (has_lflag(t, ICANON) && t->head - t->canon_head >= TTY_LINE_MAX - 1)
		return;
	bitmap_clear(t->line_end, t->head % TTY_BUF_SIZE);
	t->buf[t->head++ % TTY_BUF_SIZE] = c;
}

static void put_line_end(struct tty *t, u8 c, struct ldisc_events *ev) MUST_HOLD(&t->lock)
{
	bitmap_set(t->line_end, t->head % TTY_BUF_SIZE);
	t->buf[t->head++ % TTY_BUF_SIZE] = c;
	t->canon_head = t->head;
	ev->readable = true;
}

/* A byte that is data.  As literal it is echoed as ^X even when it is a newline. */
static void input_data(struct tty *t, u8 c, bool literal, struct ldisc_events *ev) MUST_HOLD(&t->lock)
{
	if (has_lflag(t, ECHO)) {
		if (t->head == t->canon_head)
			t->canon_column = t->column;
		if (c == '\n' && !literal)
			ldisc_echo_raw(t, c);
		else
			ldisc_echo_char(t, c);
	}
	if (c == 0xff && (t->termios.c_iflag & PARMRK))
		put_byte(t, c);
	put_byte(t, c);
	if (!has_lflag(t, ICANON))
		ev->readable = true;
}

/* ---- editing ---- */

static void echo_rubout(struct tty *t) MUST_HOLD(&t->lock)
{
	ldisc_echo_raw(t, '\b');
	ldisc_echo_raw(t, ' ');
	ldisc_echo_raw(t, '\b');
}

/* Moves the cursor back over a tab that stood at t->head: to where the text before it ends. */
static void echo_tab_rubout(struct tty *t) MUST_HOLD(&t->lock)
{
	u32 width = 0, at = t->head;
	bool after_tab = false;

	while (at != t->canon_head && !after_tab) {
		u8 c = ldisc_at(t, --at);

		if (c == '\t')
			after_tab = true;
		else if (ldisc_is_cntrl(c))
			width += has_lflag(t, ECHOCTL) ? 2 : 0;
		else if (!ldisc_is_continuation(t, c))
			width++;
	}
	if (!after_tab)
		width += t->canon_column;
	for (unsigned n = 8 - (width & 7); n > 0; n--)
		ldisc_echo_raw(t, '\b');
}

static void echo_erased(struct tty *t, u8 c, u8 key, bool single) MUST_HOLD(&t->lock)
{
	if (!has_lflag(t, ECHO))
		return;
	if (single && !has_lflag(t, ECHOE)) {
		ldisc_echo_char(t, key);
	} else if (c == '\t') {
		echo_tab_rubout(t);
	} else {
		if (ldisc_is_cntrl(c) && has_lflag(t, ECHOCTL))
			echo_rubout(t);
		if (!ldisc_is_cntrl(c) || has_lflag(t, ECHOCTL))
			echo_rubout(t);
	}
}

static bool is_word_char(u8 c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       c >= 0x80;
}

/* Removes the last character, which may have several bytes; false when there is none or only a part of one. */
static bool erase_last(struct tty *t, u8 *c) MUST_HOLD(&t->lock)
{
	u32 h = t->head;

	do {
		*c = ldisc_at(t, --h);
	} while (ldisc_is_continuation(t, *c) && h != t->canon_head);
	if (ldisc_is_continuation(t, *c))
		return false;
	t->head = h;
	return true;
}

static void edit_erase(struct tty *t, u8 key) MUST_HOLD(&t->lock)
{
	u8 c;

	if (t->head != t->canon_head && erase_last(t, &c))
		echo_erased(t, c, key, true);
}

static void edit_erase_word(struct tty *t, u8 key) MUST_HOLD(&t->lock)
{
	bool in_word = false;

	while (t->head != t->canon_head) {
		u32 saved = t->head;
		u8 c;

		if (!erase_last(t, &c))
			return;
		if (is_word_char(c)) {
			in_word = true;
		} else if (in_word) {
			t->head = saved;
			return;
		}
		echo_erased(t, c, key, false);
	}
}

static void edit_kill(struct tty *t, u8 key) MUST_HOLD(&t->lock)
{
	const u32 visual = ECHOK | ECHOKE | ECHOE;
	u8 c;

	if (t->head == t->canon_head)
		return;
	if (has_lflag(t, ECHO) && (t->termios.c_lflag & visual) == visual) {
		while (t->head != t->canon_head && erase_last(t, &c))
			echo_erased(t, c, key, false);
		return;
	}
	t->head = t->canon_head;
	if (!has_lflag(t, ECHO))
		return;
	ldisc_echo_char(t, key);
	if (has_lflag(t, ECHOK))
		ldisc_echo_raw(t, '\n');
}

static void edit_reprint(struct tty *t, u8 key) MUST_HOLD(&t->lock)
{
	ldisc_echo_char(t, key);
	ldisc_echo_raw(t, '\n');
	for (u32 at = t->canon_head; at != t->head; at++)
		ldisc_echo_char(t, ldisc_at(t, at));
}

/* ---- keys with a meaning ---- */

/* Editing keys of canonical mode; true: done. */
static bool input_edit(struct tty *t, u8 c) MUST_HOLD(&t->lock)
{
	const bool ext = has_lflag(t, IEXTEN);

	if (is_cc(t, c, VERASE)) {
		edit_erase(t, c);
	} else if (is_cc(t, c, VKILL)) {
		edit_kill(t, c);
	} else if (ext && is_cc(t, c, VWERASE)) {
		edit_erase_word(t, c);
	} else if (ext && is_cc(t, c, VLNEXT)) {
		t->lnext = true;
		if (has_lflag(t, ECHO) && has_lflag(t, ECHOCTL)) {
			ldisc_echo_raw(t, '^');
			ldisc_echo_raw(t, '\b');
		}
	} else if (ext && has_lflag(t, ECHO) && is_cc(t, c, VREPRINT)) {
		edit_reprint(t, c);
	} else {
		return false;
	}
	return true;
}

/* Keys that end a line; true: done. */
static bool input_line_end(struct tty *t, u8 c, struct ldisc_events *ev) MUST_HOLD(&t->lock)
{
	if (c == '\n') {
		if (has_lflag(t, ECHO | ECHONL))
			ldisc_echo_raw(t, c);
	} else if (is_cc(t, c, VEOF)) {
		c = 0;
	} else if (is_cc(t, c, VEOL) || (has_lflag(t, IEXTEN) && is_cc(t, c, VEOL2))) {
		if (has_lflag(t, ECHO)) {
			if (t->head == t->canon_head)
				t->canon_column = t->column;
			ldisc_echo_char(t, c);
		}
	} else {
		return false;
	}
	put_line_end(t, c, ev);
	return true;
}

static void flow_resume(struct tty *t, struct ldisc_events *ev) MUST_HOLD(&t->lock)
{
	if (!t->stopped || t->tco_stopped)
		return;
	tty_set_stopped(t, false);
	ev->writable = true;
}

/* ^Q and ^S; true: done. */
static bool input_flow(struct tty *t, u8 c, struct ldisc_events *ev) MUST_HOLD(&t->lock)
{
	if (is_cc(t, c, VSTART)) {
		flow_resume(t, ev);
		return true;
	}
	if (is_cc(t, c, VSTOP)) {
		tty_set_stopped(t, true);
		return true;
	}
	return false;
}

static void input_interrupt(struct tty *t, int sig, struct ldisc_events *ev) MUST_HOLD(&t->lock)
{
	ev->signals |= BIT(sig);
	if (has_lflag(t, NOFLSH))
		return;
	ldisc_flush_input(t);
	t->echo_tail = t->echo_head;
	if (t->drv->flush_output)
		t->drv->flush_output(t);
	ev->writable = true;
}

/* ^C, ^\ and ^Z; true: done. */
static bool input_signal(struct tty *t, u8 c, struct ldisc_events *ev) MUST_HOLD(&t->lock)
{
	int sig;

	if (is_cc(t, c, VINTR))
		sig = SIGINT;
	else if (is_cc(t, c, VQUIT))
		sig = SIGQUIT;
	else if (is_cc(t, c, VSUSP))
		sig = SIGTSTP;
	else
		return false;

	input_interrupt(t, sig, ev);
	if (t->termios.c_iflag & IXON)
		flow_resume(t, ev);
	if (has_lflag(t, ECHO))
		ldisc_echo_char(t, c);
	return true;
}

static void input_byte(struct tty *t, u8 c, struct ldisc_events *ev) MUST_HOLD(&t->lock)
{
	const u32 iflag = t->termios.c_iflag;

	if (iflag & ISTRIP)
		c &= 0x7f;
	if ((iflag & IUCLC) && has_lflag(t, IEXTEN) && c >= 'A' && c <= 'Z')
		c += 32;
	if (t->lnext) {
		t->lnext = false;
		input_data(t, c, true, ev);
		return;
	}
	if ((iflag & IXON) && input_flow(t, c, ev))
		return;
	if (has_lflag(t, ISIG) && input_signal(t, c, ev))
		return;
	if ((iflag & IXON) && (iflag & IXANY))
		flow_resume(t, ev);
	if (c == '\r') {
		if (iflag & IGNCR)
			return;
		if (iflag & ICRNL)
			c = '\n';
	} else if (c == '\n' && (iflag & INLCR)) {
		c = '\r';
	}
	if (has_lflag(t, ICANON) && (input_edit(t, c) || input_line_end(t, c, ev)))
		return;
	input_data(t, c, false, ev);
}

/* No byte has a meaning: they can be copied. */
static bool is_transparent(const struct tty *t)
{
	const u32 iflags = ISTRIP | IUCLC | IXON | IGNCR | ICRNL | INLCR | PARMRK;

	return !has_lflag(t, ICANON | ISIG | ECHO) && !(t->termios.c_iflag & iflags) && !t->lnext;
}

static void copy_raw(struct tty *t, const u8 *p, size_t n) MUST_HOLD(&t->lock)
{
	while (n > 0) {
		u32 at = t->head % TTY_BUF_SIZE;
		size_t piece = MIN(n, (size_t)TTY_BUF_SIZE - at);

		memcpy(t->buf + at, p, piece);
		t->head += (u32)piece;
		p += piece;
		n -= piece;
	}
}

size_t ldisc_receive(struct tty *t, const u8 *p, size_t n, struct ldisc_events *ev)
{
	size_t done = 0;

	if (is_transparent(t)) {
		done = MIN(n, ldisc_room(t));
		copy_raw(t, p, done);
		ev->readable = done > 0;
	} else {
		while (done < n && ldisc_room(t) > 0)
			input_byte(t, p[done++], ev);
	}
	ldisc_echo_flush(t);
	if (ldisc_room(t) < TTY_BUF_SIZE / 8 && !t->throttled) {
		t->throttled = true;
		if (t->drv->throttle)
			t->drv->throttle(t, true);
	}
	return done;
}

void ldisc_receive_break(struct tty *t, struct ldisc_events *ev)
{
	const u32 iflag = t->termios.c_iflag;

	if (iflag & IGNBRK)
		return;
	if (iflag & BRKINT) {
		input_interrupt(t, SIGINT, ev);
		return;
	}
	if (ldisc_room(t) < 3)
		return;
	if (iflag & PARMRK) {
		put_byte(t, 0xff);
		put_byte(t, 0);
	}
	put_byte(t, 0);
	ev->readable = !has_lflag(t, ICANON);
}
