/* SPDX-License-Identifier: MIT
 * tty/tty.h - terminals: the line discipline between a driver (serial line, virtio console, pty master) and its
 * readers.  termios(3), tty_ioctl(4). */
#pragma once
#include <proc/task.h>
#include <abi/termios.h>

struct tty;
struct tty_driver {
	/* Sends bytes to the device; the number taken (0 = full: it will call tty_write_wakeup). Must not sleep. */
	size_t (*write)(struct tty *t, const u8 *p, size_t n);
	size_t (*write_room)(struct tty *t);
	void (*set_termios)(struct tty *t, const struct termios_k *old); /* may be NULL */
	void (*throttle)(struct tty *t, bool on);   /* input buffer full or not; may be NULL */
	void (*hangup)(struct tty *t);              /* may be NULL */
	int (*open)(struct tty *t, struct file *f); /* each open, may sleep: 0 or -errno; may be NULL */
	void (*close)(struct tty *t);               /* last close; may be NULL */
	/* The optional rest, each may be NULL. */
	size_t (*chars_in_buffer)(struct tty *t); /* not yet sent (TIOCOUTQ, tcdrain) */
	void (*flush_output)(struct tty *t);      /* forget what is not yet sent; must not sleep */
	void (*free)(struct tty *t);              /* the last reference is gone: free private */
	/* Something changed that packet mode tells the other side, TIOCPKT_*; the lock is held. */
	void (*packet)(struct tty *t, u8 status);
	/* Commands tty_ioctl does not know; -ENOIOCTLCMD-like answer: -ENOTTY. */
	long (*ioctl)(struct tty *t, unsigned cmd, void *arg);
};
/* Makes a terminal with default settings; dev is its number, name as in /dev. NULL = no memory. */
struct tty *tty_create(const struct tty_driver *drv, const char *name, dev_t dev, void *private);
/* Registers it as character device; the console (5,1) goes to the one named by console=. */
MUST_CHECK int tty_register(struct tty *t);
void *tty_private(const struct tty *t);
const char *tty_name(const struct tty *t);
/* Bytes have arrived from the device; any context.  The number taken: fewer when the buffer is full. */
size_t tty_receive(struct tty *t, const u8 *p, size_t n);
void tty_receive_break(struct tty *t);
void tty_write_wakeup(struct tty *t);
void tty_hangup(struct tty *t); /* carrier lost: SIGHUP to the session. May sleep. */
void tty_set_winsize(struct tty *t, const struct winsize_k *ws); /* SIGWINCH when changed */
extern const struct file_ops tty_file_ops;
void tty_init(void); /* /dev/tty, /dev/console, session hook */
void pty_init(void); /* /dev/ptmx, devpts */
/* vhangup(2): hangs up the caller's controlling terminal; -EPERM without CAP_SYS_TTY_CONFIG. */
int tty_vhangup_current(void);
/* For /proc/pid/stat and ps: device number of a process's terminal and its foreground group; 0, -1 when none. */
dev_t tty_number(struct thread_group *g);
pid_t tty_foreground(struct thread_group *g);
