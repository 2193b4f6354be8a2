/* SPDX-License-Identifier: MIT
 *
 * tty/tty.c - terminals as files: registry, open, close, read, write, poll, hang-up
 *
 * Owns:      struct tty's life, the registry of terminals, struct tty_file.
 * Layer:     tty.  Used by drivers (serial, virtio console) through tty.h.
 * Locks:     tty_registry_lock (mutex) -> tty->write_lock (mutex) -> tty->lock (spin, irqs off) -> the driver's.
 *            proc_lock is never taken under tty->lock.
 * Contexts:  tty_receive, tty_write_wakeup: any.  The rest: process context.
 * Manual:    tty(4), tty_ioctl(4), termios(3)
 * Tests:     tests/abi/tty.c, tests/interactive.py
 *
 * Theory
 * ------
 * A terminal outlives its open files: a file holds a reference and the number of hang-ups it was opened after.
 * Hanging up adds one to that number, so all files opened before it are dead at once - reads answer end of file,
 * writes -EIO - while the terminal can be opened anew.
 */
#include "tty_struct.h"
#include <base/log.h>
#include <fs/chrdev.h>
#include <lib/string.h>
#include <mem/slab.h>

enum { WRITE_PIECE = 512 };

struct mutex tty_registry_lock;
static LIST_HEAD(registry); /* struct tty.link; tty_registry_lock */

/* ---- life ---- */

struct tty *tty_create(const struct tty_driver *drv, const char *name, dev_t dev, void *private)
{
	struct tty *t = kzalloc(sizeof(*t));

	if (!t)
		return NULL;
	t->buf = page_alloc_virt(TTY_BUF_ORDER, 0);
	if (!t->buf) {
		kfree(t);
		return NULL;
	}
	ref_init(&t->ref, 1);
	t->drv = drv;
	t->private = private;
	t->dev = dev;
	strlcpy(t->name, name, sizeof(t->name));
	list_init(&t->link);
	waitq_init(&t->readers);
	waitq_init(&t->writers);
	mutex_init(&t->write_lock);
	spin_init(&t->lock, "tty");
	t->speed = 38400;
	ldisc_init_termios(&t->termios);
	return t;
}

void tty_put(struct tty *t)
{
	if (!ref_put(&t->ref))
		return;
	tty_leave_session(t);
	if (t->drv->free)
		t->drv->free(t);
	page_free_virt(t->buf, TTY_BUF_ORDER);
	kfree(t);
}

void *tty_private(const struct tty *t)
{
	return t->private;
}

const char *tty_name(const struct tty *t)
{
	return t->name;
}

void tty_registry_add(struct tty *t)
{
	scoped_mutex(&tty_registry_lock);
	list_add_tail(&t->link, &registry);
}

void tty_registry_remove(struct tty *t)
{
	scoped_mutex(&tty_registry_lock);
	list_del(&t->link);
}

struct tty *tty_find_get(dev_t dev)
{
	struct tty *t;

	scoped_mutex(&tty_registry_lock);
	list_for_each_entry (t, &registry, link)
		if (t->dev == dev)
			return tty_get(t);
	return NULL;
}

struct tty *tty_find_name_get(const char *name, size_t n)
{
	struct tty *t;

	scoped_mutex(&tty_registry_lock);
	list_for_each_entry (t, &registry, link)
		if (strlen(t->name) == n && !memcmp(t->name, name, n))
			return tty_get(t);
	return NULL;
}

struct tty *tty_first_get(void)
{
	scoped_mutex(&tty_registry_lock);
	return list_empty(&registry) ? NULL : tty_get(list_first_entry(&registry, struct tty, link));
}

int tty_register(struct tty *t)
{
	int err = chrdev_register(dev_major(t->dev), dev_minor(t->dev), 1, t->name, S_IFCHR | 0620,
	                          &tty_file_ops);

	if (!err)
		tty_registry_add(t);
	return err;
}

/* ---- open and close ---- */

/* registry lock held: the rules that can refuse an open. */
static int open_check(struct tty *t, struct file *f)
{
	if (t->dead)
		return -EIO;
	if (t->exclusive && t->opens && !cred_capable(f->cred, CAP_SYS_ADMIN))
		return -EBUSY;
	return t->drv->open ? t->drv->open(t, f) : 0;
}

int tty_open_as(struct tty *t, struct file *f, bool noctty, bool console)
{
	struct tty_file *tf = kzalloc(sizeof(*tf));
	int err = -ENOMEM;

	if (!tf)
		goto put_tty;
	mutex_lock(&tty_registry_lock);
	err = open_check(t, f);
	if (!err) {
		t->opens++;
		tf->generation = atomic_load(&t->generation);
	}
	mutex_unlock(&tty_registry_lock);
	if (err)
		goto free_tf;

	tf->tty = t;
	tf->console = console;
	f->private = tf;
	f->ops = &tty_file_ops;
	if (!noctty)
		tty_acquire_on_open(t, f);
	return 0;

free_tf:
	kfree(tf);
put_tty:
	tty_put(t);
	return err;
}

static int tty_open(struct inode *i, struct file *f)
{
	struct tty *t = tty_find_get(i->rdev);

	return t ? tty_open_as(t, f, f->flags & O_NOCTTY, false) : -ENXIO;
}

static void tty_release(struct file *f)
{
	struct tty_file *tf = f->private;
	struct tty *t = tf->tty;
	bool last;

	mutex_lock(&tty_registry_lock);
	last = --t->opens == 0;
	if (last) {
		t->exclusive = false;
		if (t->drv->close)
			t->drv->close(t);
	}
	mutex_unlock(&tty_registry_lock);
	if (last)
		tty_leave_session(t);
	kfree(tf);
	tty_put(t);
}

/* ---- read, write, poll ---- */

static ssize_t tty_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct tty_file *tf = f->private;

	if (tty_file_hung_up(tf))
		return 0;
	int err = tf->console ? 0 : tty_check_background(tf->tty, SIGTTIN);
	if (err)
		return err;
	ssize_t n = ldisc_read(tf, to, f->flags & O_NONBLOCK);
	if (n > 0)
		inode_touch(f->inode, ATTR_ATIME);
	return n;
}

/* Sends p[0, n); the bytes sent, and in *err why not all. */
static size_t write_piece(struct tty_file *tf, const u8 *p, size_t n, bool nonblock, int *err)
{
	struct tty *t = tf->tty;
	size_t done = 0;

	for (;;) {
		if (tty_file_hung_up(tf)) {
			*err = -EIO;
			return done;
		}
		irqflags_t f = spin_lock_irqsave(&t->lock);
		size_t sent = ldisc_write(t, p + done, n - done);
		spin_unlock_irqrestore(&t->lock, f);

		done += sent;
		if (done == n)
			return done;
		if (sent)
			continue;
		if (nonblock) {
			*err = -EAGAIN;
			return done;
		}
		*err = wait_event_interruptible(&t->writers, ldisc_writable(t) || tty_file_hung_up(tf));
		if (*err)
			return done;
	}
}

/* Not checked for write_lock: it is taken in two ways, both of which may fail. */
static ssize_t tty_write(struct file *f, struct iov_iter *from, loff_t *pos) NO_LOCK_CHECK
{
	struct tty_file *tf = f->private;
	struct tty *t = tf->tty;
	const bool nonblock = f->flags & O_NONBLOCK;
	size_t total = 0;
	int err = 0;

	if (tty_file_hung_up(tf))
		return -EIO;
	if ((atomic_load(&t->termios.c_lflag) & TOSTOP) && !tf->console)
		err = tty_check_background(t, SIGTTOU);
	if (err)
		return err;
	if (nonblock && !mutex_trylock(&t->write_lock))
		return -EAGAIN;
	if (!nonblock && mutex_lock_killable(&t->write_lock))
		return -ERESTARTSYS;

	while (from->count > 0 && !err) {
		u8 piece[WRITE_PIECE];
		size_t want = MIN(from->count, sizeof(piece));
		size_t got = copy_from_iter(piece, want, from);
		size_t sent = write_piece(tf, piece, got, nonblock, &err);

		total += sent;
		if (err)
			iov_revert(from, got - sent);
		else if (got < want)
			err = -EFAULT;
		else
			cond_resched();
	}
	mutex_unlock(&t->write_lock);
	if (total)
		inode_touch(f->inode, ATTR_MTIME);
	return total ? (ssize_t)total : err;
}

static unsigned tty_poll(struct file *f, struct poll_table *pt)
{
	struct tty_file *tf = f->private;
	struct tty *t = tf->tty;
	unsigned ready = 0;

	poll_wait(f, &t->readers, pt);
	poll_wait(f, &t->writers, pt);
	if (tty_file_hung_up(tf))
		return POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDNORM | POLLWRNORM;
	if (ldisc_readable(t, true))
		ready |= POLLIN | POLLRDNORM;
	if (ldisc_writable(t))
		ready |= POLLOUT | POLLWRNORM;
	return ready;
}

const struct file_ops tty_file_ops = {
	.open = tty_open,
	.release = tty_release,
	.read = tty_read,
	.write = tty_write,
	.poll = tty_poll,
	.ioctl = tty_ioctl,
};

/* ---- for drivers ---- */

void ldisc_finish(struct tty *t, const struct ldisc_events *ev)
{
	static const int signals[] = { SIGINT, SIGQUIT, SIGTSTP };

	for (unsigned i = 0; ev->signals && i < ARRAY_SIZE(signals); i++)
		if (ev->signals & BIT(signals[i]))
			tty_signal_foreground(t, signals[i]);
	if (ev->readable && waitq_active(&t->readers))
		waitq_wake(&t->readers, 0, POLLIN | POLLRDNORM);
	if (ev->writable && waitq_active(&t->writers))
		waitq_wake(&t->writers, 0, POLLOUT | POLLWRNORM);
}

size_t tty_receive(struct tty *t, const u8 *p, size_t n)
{
	size_t done = 0;

	/* In pieces, so that a long paste does not keep interrupts off for long. */
	while (done < n) {
		struct ldisc_events ev = { 0 };
		irqflags_t f = spin_lock_irqsave(&t->lock);
		size_t took = ldisc_receive(t, p + done, MIN(n - done, (size_t)256), &ev);
		spin_unlock_irqrestore(&t->lock, f);

		ldisc_finish(t, &ev);
		done += took;
		if (!took)
			break;
	}
	return done;
}

void tty_receive_break(struct tty *t)
{
	struct ldisc_events ev = { 0 };
	irqflags_t f = spin_lock_irqsave(&t->lock);

	ldisc_receive_break(t, &ev);
	spin_unlock_irqrestore(&t->lock, f);
	ldisc_finish(t, &ev);
}

void tty_write_wakeup(struct tty *t)
{
	irqflags_t f = spin_lock_irqsave(&t->lock);

	ldisc_echo_flush(t);
	spin_unlock_irqrestore(&t->lock, f);
	if (waitq_active(&t->writers))
		waitq_wake(&t->writers, 0, POLLOUT | POLLWRNORM);
}

void tty_set_winsize(struct tty *t, const struct winsize_k *ws)
{
	irqflags_t f = spin_lock_irqsave(&t->lock);
	bool changed = memcmp(&t->winsize, ws, sizeof(*ws)) != 0;

	t->winsize = *ws;
	spin_unlock_irqrestore(&t->lock, f);
	if (changed)
		tty_signal_foreground(t, SIGWINCH);
}
