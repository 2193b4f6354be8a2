/* SPDX-License-Identifier: MIT
 * tty/tty_struct.h - the terminal itself, and what the files of this folder call of each other.
 *
 * Private to tty/: drivers see struct tty only through tty.h.  Theory: README.md of this folder. */
#pragma once
#include <tty/tty.h>
#include <fs/poll.h>
#include <lib/bitmap.h>

enum {
	TTY_BUF_ORDER = 2,
	TTY_BUF_SIZE = 4096 << TTY_BUF_ORDER, /* input ring; a power of two */
	TTY_LINE_MAX = 4096, /* a canonical line with its end, N_TTY_BUF_SIZE of termios(3) */
	TTY_ECHO_SIZE = 2048,
	TTY_POST_MAX = 8, /* most bytes one byte of output becomes: a tab */
	PTY_SLAVE_MAJOR = 136,
	PTY_MAX = 1024, /* as /proc/sys/kernel/pty/max allows at least */
};
struct tty {
	struct refcount ref; /* the registry or the pty master, open files, short-time users */
	const struct tty_driver *drv;
	void *private;
	char name[16];
	dev_t dev;
	struct list_head link; /* in the registry; tty_registry_lock */
	unsigned opens;        /* open files, hung up ones too; tty_registry_lock */
	bool exclusive;        /* TIOCEXCL */
	bool dead;             /* the pty master is gone: no further open */
	u32 generation;        /* counts hang-ups; a file of an older generation is hung up */
	struct waitq readers, writers;
	struct mutex write_lock; /* one write(2) at a time; above `lock` */

	struct spinlock lock; /* everything below but the last two; taken by drivers' interrupts */
	struct termios_k termios;
	u32 speed; /* of TCSETS2, baud */
	struct winsize_k winsize;
	bool stopped;     /* output: by VSTOP or TCOOFF */
	bool tco_stopped; /* by TCOOFF: VSTART does not resume it */
	bool lnext;       /* the next byte is literal */
	bool throttled;
	/* Input: bytes [tail, head) of the ring; whole lines end at canon_head; counters only grow. */
	u8 *buf;
	u32 head, canon_head, tail;
	unsigned long
	        line_end[BITMAP_LONGS(TTY_BUF_SIZE)]; /* the byte ends a line; with byte 0: end of file */
	/* Output columns, for tabs and erasing. */
	u32 column, canon_column;
	/* Echo that the driver had no room for. */
	u32 echo_head, echo_tail;
	u8 echo[TTY_ECHO_SIZE];

	struct pid *session, *pgrp; /* whose controlling terminal, foreground group; references; proc_lock */
};
/* An open terminal. */
struct tty_file {
	struct tty *tty; /* reference */
	u32 generation;
	bool console; /* opened as /dev/console: no job control on output */
};
static inline bool tty_file_hung_up(const struct tty_file *tf)
{
	return tf->generation != atomic_load(&tf->tty->generation);
}

/* ---- tty.c: the registry ---- */
extern struct mutex tty_registry_lock;
static inline struct tty *tty_get(struct tty *t)
{
	ref_get(&t->ref);
	return t;
}
void tty_put(struct tty *t); /* the last one frees it; may sleep */
void tty_registry_add(struct tty *t);
void tty_registry_remove(struct tty *t);
/* The registered terminal with this number, referenced; NULL when there is none. May sleep. */
struct tty *tty_find_get(dev_t dev);
struct tty *tty_find_name_get(const char *name, size_t n);
struct tty *tty_first_get(void);
/* Completes the open of f as terminal t (takes over the reference, also on failure). May sleep. */
int tty_open_as(struct tty *t, struct file *f, bool noctty, bool console);

/* ---- tty_ioctl.c ---- */
long tty_ioctl(struct file *f, unsigned cmd, void *arg);
/* The commands that a pty master passes on to its slave; -ENOTTY: none of them. */
long tty_mode_ioctl(struct tty *t, unsigned cmd, void *arg);
/* TCFLSH. */
long tty_ioctl_flush(struct tty *t, unsigned long which);
/* Waits until the driver has sent everything; 0 or -ERESTARTSYS. */
MUST_CHECK int tty_drain(struct tty *t);

/* Output stops or goes on: VSTOP, VSTART, TCXONC. */
void tty_set_stopped(struct tty *t, bool stopped) MUST_HOLD(&t->lock);

/* ---- jobctl.c ---- */
/* The background rule: may the caller read (SIGTTIN), or write or change (SIGTTOU)?  0, -EIO, or -ERESTARTSYS
 * after the signal was sent to the caller's group. */
MUST_CHECK int tty_check_background(struct tty *t, int sig);
void tty_signal_foreground(struct tty *t, int sig);
/* open(2) of a terminal by a session leader without one. */
void tty_acquire_on_open(struct tty *t, const struct file *f);
struct tty *tty_current_get(void); /* the caller's controlling terminal, referenced, or NULL */
/* Takes the terminal from its session: no member has one any more. */
void tty_leave_session(struct tty *t);
long tty_jobctl_ioctl(struct tty *t, const struct file *f, unsigned cmd, void *arg, bool master);
void tty_jobctl_init(void);

/* ---- ldisc_input.c, ldisc_read.c, ldisc_output.c ---- */
/* What must be done after `lock` is dropped. */
struct ldisc_events {
	u32 signals;   /* BIT(signal) for the foreground group */
	bool readable; /* wake readers */
	bool writable; /* output may go on: wake writers */
};
void ldisc_init_termios(struct termios_k *k);
/* Takes up to n bytes of input through the line discipline; the number taken. */
size_t ldisc_receive(struct tty *t, const u8 *p, size_t n, struct ldisc_events *ev) MUST_HOLD(&t->lock);
void ldisc_receive_break(struct tty *t, struct ldisc_events *ev) MUST_HOLD(&t->lock);
/* Room for input, in bytes; canonical mode without a whole line always has some. */
size_t ldisc_room(const struct tty *t) MUST_HOLD(&t->lock);
void ldisc_flush_input(struct tty *t) MUST_HOLD(&t->lock);
/* The mode has changed: what is in the buffer is seen in the new way. */
void ldisc_mode_changed(struct tty *t, const struct termios_k *old) MUST_HOLD(&t->lock);
/* Does the events and wakes; called without lock. */
void ldisc_finish(struct tty *t, const struct ldisc_events *ev);

bool ldisc_readable(struct tty *t, bool poll); /* takes lock */
u32 ldisc_input_count(struct tty *t);          /* FIONREAD; takes lock */
ssize_t ldisc_read(struct tty_file *tf, struct iov_iter *to, bool nonblock);

/* Post-processes and hands to the driver; the bytes of p consumed. */
size_t ldisc_write(struct tty *t, const u8 *p, size_t n) MUST_HOLD(&t->lock);
bool ldisc_writable(struct tty *t); /* takes lock */
/* Echo: as the modes say (a control character as ^X), or through output processing only. */
void ldisc_echo_char(struct tty *t, u8 c) MUST_HOLD(&t->lock);
void ldisc_echo_raw(struct tty *t, u8 c) MUST_HOLD(&t->lock);
/* Gives the driver what echo it takes; true when nothing is left. */
bool ldisc_echo_flush(struct tty *t) MUST_HOLD(&t->lock);
static inline bool ldisc_is_cntrl(u8 c)
{
	return c < 0x20 || c == 0x7f;
}
/* A byte inside a multi-byte character, when the terminal is in UTF-8 mode. */
static inline bool ldisc_is_continuation(const struct tty *t, u8 c)
{
	return (t->termios.c_iflag & IUTF8) && (c & 0xc0) == 0x80;
}
static inline u8 ldisc_at(const struct tty *t, u32 pos)
{
	return t->buf[pos % TTY_BUF_SIZE];
}

/* ---- pty.c and devpts.c ---- */
struct inode;
struct super_block;
/* Slave n's inode in the devpts instance, made when first asked for; NULL = no such pty (or none unlocked). */
struct inode *pty_slave_inode(struct super_block *sb, unsigned n);
/* The first live pty with a number >= from, -1 = none. */
int pty_next(unsigned from);
extern const struct file_ops ptmx_file_ops;
/* mode and group of new slaves, mount options of devpts */
struct devpts_options {
	uid_t uid;
	gid_t gid;
	bool uid_set, gid_set;
	umode_t mode, ptmxmode;
};
extern struct devpts_options devpts_options;
void devpts_init(void);
/* ---- console.c ---- */
void console_init(void);
