/* SPDX-License-Identifier: MIT
 *
 * tty/tty_ioctl.c - ioctl(2) on terminals: modes, sizes, queues
 *
 * Layer:     tty.  Arguments are kernel copies (see fs/file.h, ioctl).
 * Locks:     tty->lock around each change of the modes.
 * Contexts:  process context; TCSETSW, TCSETSF and TCSBRK may sleep.
 * Manual:    tty_ioctl(4), termios(3)
 * Tests:     tests/abi/tty.c
 */
#include "tty_struct.h"
#include <lib/string.h>

/* baud of a CBAUD code of TCSETS (the index has CBAUDEX as bit 4). */
static u32 baud_of(u32 cflag)
{
	static const u32 table[32] = {
		0,       50,      75,      110,     134,     150,     200,     300,
		600,     1200,    1800,    2400,    4800,    9600,    19200,   38400,
		0,       57600,   115200,  230400,  460800,  500000,  576000,  921600,
		1000000, 1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000,
	};
	u32 code = cflag & CBAUD;

	return table[(code & 017) | (code & 010000 ? 16 : 0)];
}

int tty_drain(struct tty *t)
{
	if (!t->drv->chars_in_buffer)
		return 0;
	return wait_event_interruptible(&t->writers, t->drv->chars_in_buffer(t) == 0);
}

static void flush_output(struct tty *t)
{
	irqflags_t f = spin_lock_irqsave(&t->lock);

	t->echo_tail = t->echo_head;
	if (t->drv->flush_output)
		t->drv->flush_output(t);
	spin_unlock_irqrestore(&t->lock, f);
	waitq_wake_all(&t->writers);
}

static void flush_input(struct tty *t)
{
	irqflags_t f = spin_lock_irqsave(&t->lock);

	ldisc_flush_input(t);
	if (t->drv->packet)
		t->drv->packet(t, TIOCPKT_FLUSHREAD);
	spin_unlock_irqrestore(&t->lock, f);
}

void tty_set_stopped(struct tty *t, bool stopped)
{
	if (t->stopped == stopped)
		return;
	t->stopped = stopped;
	if (t->drv->packet)
		t->drv->packet(t, stopped ? TIOCPKT_STOP : TIOCPKT_START);
}

/* speed 0: from c_cflag. */
static void apply_termios(struct tty *t, const struct termios_k *new, u32 speed)
{
	irqflags_t f = spin_lock_irqsave(&t->lock);
	struct termios_k old = t->termios;

	t->termios = *new;
	t->speed = speed ? speed : baud_of(new->c_cflag);
	ldisc_mode_changed(t, &old);
	if (t->drv->set_termios)
		t->drv->set_termios(t, &old);
	spin_unlock_irqrestore(&t->lock, f);
	/* Both may find what they wait for in the new mode. */
	waitq_wake_all(&t->readers);
	waitq_wake_all(&t->writers);
}

enum set_when { SET_NOW, SET_DRAIN, SET_FLUSH };

static long set_termios(struct tty *t, const struct termios_k *new, u32 speed, enum set_when when)
{
	int err = tty_check_background(t, SIGTTOU);

	if (err)
		return err;
	if (when == SET_FLUSH)
		flush_input(t);
	if (when != SET_NOW) {
		err = tty_drain(t);
		if (err)
			return err;
	}
	apply_termios(t, new, speed);
	return 0;
}

/* struct termios2 begins with the same fields as struct termios. */
static long set_termios2(struct tty *t, const struct termios2_k *new, enum set_when when)
{
	enum { BOTHER = 0010000 };
	struct termios_k k;

	memcpy(&k, new, sizeof(k));
	return set_termios(t, &k, (k.c_cflag & CBAUD) == BOTHER ? new->c_ospeed : 0, when);
}

static void get_termios(struct tty *t, struct termios_k *k, u32 *speed)
{
	irqflags_t f = spin_lock_irqsave(&t->lock);

	*k = t->termios;
	*speed = t->speed;
	spin_unlock_irqrestore(&t->lock, f);
}

/* struct termio has the low half of each word of modes and the first characters; the rest stays as it is. */
static long set_termio(struct tty *t, const struct termio_k *new, enum set_when when)
{
	struct termios_k k;
	u32 speed;

	get_termios(t, &k, &speed);
	k.c_iflag = (k.c_iflag & 0xffff0000) | new->c_iflag;
	k.c_oflag = (k.c_oflag & 0xffff0000) | new->c_oflag;
	k.c_cflag = (k.c_cflag & 0xffff0000) | new->c_cflag;
	k.c_lflag = (k.c_lflag & 0xffff0000) | new->c_lflag;
	k.c_line = new->c_line;
	memcpy(k.c_cc, new->c_cc, sizeof(new->c_cc));
	return set_termios(t, &k, 0, when);
}

static void get_termio(struct tty *t, struct termio_k *out)
{
	struct termios_k k;
	u32 speed;

	get_termios(t, &k, &speed);
	*out = (struct termio_k){ .c_iflag = (u16)k.c_iflag,
		                  .c_oflag = (u16)k.c_oflag,
		                  .c_cflag = (u16)k.c_cflag,
		                  .c_lflag = (u16)k.c_lflag,
		                  .c_line = k.c_line };
	memcpy(out->c_cc, k.c_cc, sizeof(out->c_cc));
}

static long tty_termio_ioctl(struct tty *t, unsigned cmd, void *arg)
{
	switch (cmd) {
	case TCGETA:
		get_termio(t, arg);
		return 0;
	case TCSETA:
		return set_termio(t, arg, SET_NOW);
	case TCSETAW:
		return set_termio(t, arg, SET_DRAIN);
	case TCSETAF:
		return set_termio(t, arg, SET_FLUSH);
	}
	return -ENOTTY;
}

long tty_mode_ioctl(struct tty *t, unsigned cmd, void *arg)
{
	struct termios2_k *k2 = arg;
	struct termios_k k;
	u32 speed;

	switch (cmd) {
	case TCGETS:
		get_termios(t, arg, &speed);
		return 0;
	case TCGETS2:
		get_termios(t, &k, &speed);
		memcpy(k2, &k, sizeof(k));
		k2->c_ispeed = k2->c_ospeed = speed;
		return 0;
	case TCSETS:
		return set_termios(t, arg, 0, SET_NOW);
	case TCSETSW:
		return set_termios(t, arg, 0, SET_DRAIN);
	case TCSETSF:
		return set_termios(t, arg, 0, SET_FLUSH);
	case TCSETS2:
		return set_termios2(t, arg, SET_NOW);
	case TCSETSW2:
		return set_termios2(t, arg, SET_DRAIN);
	case TCSETSF2:
		return set_termios2(t, arg, SET_FLUSH);
	case TIOCGWINSZ: {
		irqflags_t f = spin_lock_irqsave(&t->lock);
		*(struct winsize_k *)arg = t->winsize;
		spin_unlock_irqrestore(&t->lock, f);
		return 0;
	}
	case TIOCSWINSZ:
		tty_set_winsize(t, arg);
		return 0;
	}
	return tty_termio_ioctl(t, cmd, arg);
}

/* TCXONC: suspend or resume output; ask the other side to (by a character). */
static long flow_control(struct tty *t, unsigned long what)
{
	int err = tty_check_background(t, SIGTTOU);

	if (err)
		return err;
	if (what > TCION)
		return -EINVAL;
	irqflags_t f = spin_lock_irqsave(&t->lock);
	if (what == TCOOFF || what == TCOON) {
		t->tco_stopped = what == TCOOFF;
		tty_set_stopped(t, what == TCOOFF);
		ldisc_echo_flush(t);
	} else {
		u8 c = t->termios.c_cc[what == TCIOFF ? VSTOP : VSTART];
		if (c)
			t->drv->write(t, &c, 1);
	}
	spin_unlock_irqrestore(&t->lock, f);
	waitq_wake_all(&t->writers);
	return 0;
}

long tty_ioctl_flush(struct tty *t, unsigned long which)
{
	int err = tty_check_background(t, SIGTTOU);

	if (err)
		return err;
	if (which > TCIOFLUSH)
		return -EINVAL;
	if (which != TCOFLUSH)
		flush_input(t);
	if (which != TCIFLUSH)
		flush_output(t);
	return 0;
}

/* TCSBRK, TCSBRKP: no driver can send a break, but both first wait for the output. */
static long send_break(struct tty *t)
{
	int err = tty_check_background(t, SIGTTOU);

	return err ? err : tty_drain(t);
}

/* TIOCSTI: as if typed; on one's own terminal, or by root. */
static long fake_input(struct tty *t, const u8 *c)
{
	const struct cred *cred = current_task()->cred;

	if (atomic_load(&current_task()->group->tty) != t && !cred_capable(cred, CAP_SYS_ADMIN))
		return -EPERM;
	tty_receive(t, c, 1);
	return 0;
}

static long queue_ioctl(struct tty *t, unsigned cmd, void *arg)
{
	switch (cmd) {
	case TCXONC:
		return flow_control(t, (unsigned long)arg);
	case TCFLSH:
		return tty_ioctl_flush(t, (unsigned long)arg);
	case TCSBRK:
	case TCSBRKP:
		return send_break(t);
	case TIOCSTI:
		return fake_input(t, arg);
	case FIONREAD:
		*(s32 *)arg = (s32)ldisc_input_count(t);
		return 0;
	case TIOCOUTQ:
		*(s32 *)arg = t->drv->chars_in_buffer ? (s32)t->drv->chars_in_buffer(t) : 0;
		return 0;
	}
	return -ENOTTY;
}

static void set_clocal(struct tty *t, bool on)
{
	irqflags_t f = spin_lock_irqsave(&t->lock);

	t->termios.c_cflag = (t->termios.c_cflag & ~(u32)CLOCAL) | (on ? CLOCAL : 0);
	spin_unlock_irqrestore(&t->lock, f);
}

static long misc_ioctl(struct tty *t, unsigned cmd, void *arg)
{
	switch (cmd) {
	case TIOCEXCL:
	case TIOCNXCL:
		atomic_store(&t->exclusive, cmd == TIOCEXCL);
		return 0;
	case TIOCGEXCL:
		*(s32 *)arg = t->exclusive;
		return 0;
	case TIOCGSOFTCAR:
		*(s32 *)arg = (atomic_load(&t->termios.c_cflag) & CLOCAL) != 0;
		return 0;
	case TIOCSSOFTCAR:
		set_clocal(t, *(const s32 *)arg != 0);
		return 0;
	case TIOCGETD:
		*(s32 *)arg = 0; /* N_TTY, the only line discipline */
		return 0;
	case TIOCSETD:
		return *(const s32 *)arg == 0 ? 0 : -EINVAL;
	case TIOCGDEV: /* as stat's st_rdev of old: 8 bits of minor, major, the rest of the minor */
		*(u32 *)arg = (dev_minor(t->dev) & 0xff) | dev_major(t->dev) << 8 |
		              (dev_minor(t->dev) & ~0xffu) << 12;
		return 0;
	case TIOCVHANGUP:
		if (!cred_capable(current_task()->cred, CAP_SYS_ADMIN))
			return -EPERM;
		tty_hangup(t);
		return 0;
	}
	return t->drv->ioctl ? t->drv->ioctl(t, cmd, arg) : -ENOTTY;
}

long tty_ioctl(struct file *f, unsigned cmd, void *arg)
{
	struct tty_file *tf = f->private;
	struct tty *t = tf->tty;
	long r;

	if (tty_file_hung_up(tf))
		return cmd == TIOCSPGRP ? -ENOTTY : -EIO;
	switch (cmd) {
	case TIOCSCTTY:
	case TIOCNOTTY:
	case TIOCSPGRP:
	case TIOCGPGRP:
	case TIOCGSID:
		return tty_jobctl_ioctl(t, f, cmd, arg, false);
	}
	r = tty_mode_ioctl(t, cmd, arg);
	if (r == -ENOTTY)
		r = queue_ioctl(t, cmd, arg);
	return r == -ENOTTY ? misc_ioctl(t, cmd, arg) : r;
}
