/* SPDX-License-Identifier: MIT
 *
 * tty/ldisc_output.c - the line discipline's way out: output processing and echo
 *
 * Owns:      tty->column, canon_column and the echo ring.
 * Layer:     tty.  Uses the driver's write() and write_room().
 * Locks:     tty->lock is held by every caller; so what write_room() answered stays true until we write.
 * Contexts:  any.
 * Manual:    termios(3): c_oflag, ECHO, ECHOCTL.
 * Tests:     tests/abi/tty.c, tests/interactive.py
 *
 * Theory
 * ------
 * Output processing turns one byte into up to eight (a tab with TAB3) and follows the cursor's column, because
 * erasing a tab needs it.  A byte is processed only when the driver has room for the longest result: its effects
 * cannot be undone.  Echo may come from an interrupt and cannot wait: it goes, already processed, into a ring of
 * its own that is emptied before any later output, so the order on the screen is that of the keys.
 */
#include "tty_struct.h"

static u8 to_upper(u8 c)
{
	return c >= 'a' && c <= 'z' ? (u8)(c - 32) : c;
}

static unsigned post_tab(struct tty *t, u8 *out)
{
	unsigned spaces = 8 - (t->column & 7);

	t->column += spaces;
	if ((t->termios.c_oflag & TABDLY) != XTABS) {
		out[0] = '\t';
		return 1;
	}
	for (unsigned i = 0; i < spaces; i++)
		out[i] = ' ';
	return spaces;
}

static unsigned post_newline(struct tty *t, u8 *out)
{
	const u32 flags = t->termios.c_oflag;

	if (flags & ONLRET)
		t->column = 0;
	if (flags & ONLCR) {
		t->column = t->canon_column = 0;
		out[0] = '\r';
		out[1] = '\n';
		return 2;
	}
	t->canon_column = t->column;
	out[0] = '\n';
	return 1;
}

static unsigned post_return(struct tty *t, u8 *out)
{
	const u32 flags = t->termios.c_oflag;

	if ((flags & ONOCR) && t->column == 0)
		return 0;
	out[0] = '\r';
	if (flags & OCRNL) {
		out[0] = '\n';
		if (!(flags & ONLRET))
			return 1;
	}
	t->canon_column = t->column = 0;
	return 1;
}

/* Output processing of one byte into out[TTY_POST_MAX]; the number of bytes. */
static unsigned post_process(struct tty *t, u8 c, u8 *out)
{
	switch (c) {
	case '\n':
		return post_newline(t, out);
	case '\r':
		return post_return(t, out);
	case '\t':
		return post_tab(t, out);
	case '\b':
		if (t->column > 0)
			t->column--;
		break;
	default:
		if (ldisc_is_cntrl(c))
			break;
		if (t->termios.c_oflag & OLCUC)
			c = to_upper(c);
		if (!ldisc_is_continuation(t, c))
			t->column++;
	}
	out[0] = c;
	return 1;
}

size_t ldisc_write(struct tty *t, const u8 *p, size_t n)
{
	size_t done = 0;

	if (t->stopped || !ldisc_echo_flush(t))
		return 0;
	if (!(t->termios.c_oflag & OPOST))
		return t->drv->write(t, p, n);

	size_t room = t->drv->write_room(t);
	while (done < n && room >= TTY_POST_MAX) {
		u8 out[256];
		size_t len = 0, max = MIN(room, sizeof(out));

		while (done < n && len + TTY_POST_MAX <= max) {
			u8 c = p[done++];

			if (c >= 0x20 && c < 0x7f && !(t->termios.c_oflag & OLCUC)) {
				t->column++; /* the common byte, without a call */
				out[len++] = c;
			} else {
				len += post_process(t, c, out + len);
			}
		}
		size_t sent = t->drv->write(t, out, len);
		assert(sent == len);
		room -= len;
	}
	return done;
}

bool ldisc_writable(struct tty *t)
{
	irqflags_t f = spin_lock_irqsave(&t->lock);
	bool ok = !t->stopped && t->echo_head == t->echo_tail && t->drv->write_room(t) >= TTY_POST_MAX;

	spin_unlock_irqrestore(&t->lock, f);
	return ok;
}

void ldisc_echo_raw(struct tty *t, u8 c)
{
	u8 out[TTY_POST_MAX] = { c };
	unsigned n = t->termios.c_oflag & OPOST ? post_process(t, c, out) : 1;

	if (t->echo_head - t->echo_tail + n > TTY_ECHO_SIZE)
		return; /* nobody reads the other side: this echo is lost, the input is not */
	for (unsigned i = 0; i < n; i++)
		t->echo[t->echo_head++ % TTY_ECHO_SIZE] = out[i];
}

void ldisc_echo_char(struct tty *t, u8 c)
{
	if ((t->termios.c_lflag & ECHOCTL) && ldisc_is_cntrl(c) && c != '\t') {
		ldisc_echo_raw(t, '^');
		ldisc_echo_raw(t, c ^ 0x40);
	} else {
		ldisc_echo_raw(t, c);
	}
}

bool ldisc_echo_flush(struct tty *t)
{
	while (!t->stopped && t->echo_tail != t->echo_head) {
		u32 at = t->echo_tail % TTY_ECHO_SIZE;
		size_t piece = MIN(t->echo_head - t->echo_tail, TTY_ECHO_SIZE - at);
		size_t sent = t->drv->write(t, t->echo + at, piece);

		t->echo_tail += (u32)sent;
		if (sent < piece)
			break;
	}
	return t->echo_tail == t->echo_head;
}
