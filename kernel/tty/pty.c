/* SPDX-License-Identifier: MIT
 *
 * tty/pty.c - pseudo-terminals: a terminal whose device is another program
 *
 * Owns:      struct pty: the master side, the queue from slave to master, and the numbers.
 * Layer:     tty.
 * Locks:     pty_lock (mutex) guards the table of numbers and the inodes.  tty->lock (the slave's) -> pty->lock
 *            (spin, irqs off), which guards the queue and the state of both ends.
 * Contexts:  the driver functions: any; file operations: process context, may sleep.
 * Manual:    pty(7), pts(4), tty_ioctl(4)
 * Tests:     tests/abi/tty.c
 *
 * Theory
 * ------
 *      program behind the master                        programs on the slave, /dev/pts/N
 *           write --> tty_receive(slave) --> line discipline --> read
 *           read  <-- pty->queue <-- driver write <-- output processing <-- write
 *
 * Only the slave is a struct tty with a line discipline; the master is a plain file.  What ends:
 *  - the last slave file is closed: the master reads what is queued, then -EIO, until a slave is opened again.
 *    Before the first open the master just waits.
 *  - the master is closed: the slave is hung up and can never be opened again; its name is gone at once, its
 *    number when the last slave file is closed.
 */
#include "tty_struct.h"
#include <base/log.h>
#include <fs/chrdev.h>
#include <lib/format.h>
#include <lib/idr.h>
#include <lib/string.h>
#include <mem/slab.h>

enum { PTY_QUEUE_ORDER = 3, PTY_QUEUE_SIZE = 4096 << PTY_QUEUE_ORDER };
struct pty {
	int index;
	struct tty *slave;   /* the master's reference; the slave's drv->free frees the pty */
	struct inode *inode; /* of the slave in devpts; pty_lock */
	uid_t uid;           /* of who opened the master */
	gid_t gid;
	struct waitq readers, writers; /* of the master */
	struct spinlock lock;
	u8 *queue;
	u32 head, tail;  /* counters that only grow */
	bool locked;     /* TIOCSPTLCK: the slave cannot be opened */
	bool slave_gone; /* was open and is closed */
	bool master_gone;
	bool packet;      /* TIOCPKT */
	u8 packet_status; /* TIOCPKT_*, to be told */
};

static struct mutex pty_lock;
static struct idr pty_numbers; /* struct pty; pty_lock.  A number lives as long as the slave's struct tty */

/* ---- the slave's driver ---- */

static size_t pty_drv_room(struct tty *t)
{
	struct pty *p = tty_private(t);
	irqflags_t f = spin_lock_irqsave(&p->lock);
	/* With no master the bytes go nowhere, and fast. */
	size_t room = p->master_gone ? PTY_QUEUE_SIZE : PTY_QUEUE_SIZE - (p->head - p->tail);

	spin_unlock_irqrestore(&p->lock, f);
	return room;
}

static size_t pty_drv_write(struct tty *t, const u8 *src, size_t n)
{
	struct pty *p = tty_private(t);
	irqflags_t f = spin_lock_irqsave(&p->lock);
	size_t done = 0;

	if (p->master_gone)
		done = n;
	while (done < n && p->head - p->tail < PTY_QUEUE_SIZE) {
		u32 at = p->head % PTY_QUEUE_SIZE;
		size_t piece =
		        MIN(n - done, (size_t)MIN(PTY_QUEUE_SIZE - at, PTY_QUEUE_SIZE - (p->head - p->tail)));

		memcpy(p->queue + at, src + done, piece);
		p->head += (u32)piece;
		done += piece;
	}
	spin_unlock_irqrestore(&p->lock, f);
	if (done && waitq_active(&p->readers))
		waitq_wake(&p->readers, 0, POLLIN | POLLRDNORM);
	return done;
}

static void pty_drv_throttle(struct tty *t, bool on)
{
	struct pty *p = tty_private(t);

	if (!on && waitq_active(&p->writers))
		waitq_wake(&p->writers, 0, POLLOUT | POLLWRNORM);
}

static void pty_drv_packet(struct tty *t, u8 status)
{
	static const u8 opposite[] = { [TIOCPKT_STOP] = TIOCPKT_START,
		                       [TIOCPKT_START] = TIOCPKT_STOP,
		                       [TIOCPKT_NOSTOP] = TIOCPKT_DOSTOP,
		                       [TIOCPKT_DOSTOP] = TIOCPKT_NOSTOP };
	struct pty *p = tty_private(t);
	irqflags_t f = spin_lock_irqsave(&p->lock);
	bool on = p->packet;

	if (on)
		p->packet_status = (p->packet_status & (u8)~opposite[status]) | status;
	spin_unlock_irqrestore(&p->lock, f);
	if (on && waitq_active(&p->readers))
		waitq_wake(&p->readers, 0, POLLIN | POLLRDNORM | POLLPRI);
}

static void pty_drv_flush(struct tty *t)
{
	struct pty *p = tty_private(t);
	irqflags_t f = spin_lock_irqsave(&p->lock);

	p->tail = p->head;
	spin_unlock_irqrestore(&p->lock, f);
	pty_drv_packet(t, TIOCPKT_FLUSHWRITE);
}

/* Can ^S and ^Q, and they alone, stop and start the output? */
static bool usual_flow(const struct termios_k *k)
{
	return (k->c_iflag & IXON) && k->c_cc[VSTOP] == 023 && k->c_cc[VSTART] == 021;
}

static void pty_drv_set_termios(struct tty *t, const struct termios_k *old)
{
	if (usual_flow(old) != usual_flow(&t->termios))
		pty_drv_packet(t, usual_flow(old) ? TIOCPKT_NOSTOP : TIOCPKT_DOSTOP);
}

static int pty_drv_open(struct tty *t, struct file *file)
{
	struct pty *p = tty_private(t);
	irqflags_t f = spin_lock_irqsave(&p->lock);
	int err = p->locked || p->master_gone ? -EIO : 0;

	if (!err)
		p->slave_gone = false;
	spin_unlock_irqrestore(&p->lock, f);
	return err;
}

static void pty_drv_close(struct tty *t)
{
	struct pty *p = tty_private(t);

	atomic_store(&p->slave_gone, true);
	waitq_wake_all(&p->readers);
	waitq_wake_all(&p->writers);
}

static void pty_drv_free(struct tty *t)
{
	struct pty *p = tty_private(t);

	mutex_lock(&pty_lock);
	idr_remove(&pty_numbers, p->index);
	mutex_unlock(&pty_lock);
	page_free_virt(p->queue, PTY_QUEUE_ORDER);
	kfree(p);
}

static const struct tty_driver pty_driver = {
	.write = pty_drv_write,
	.write_room = pty_drv_room,
	.throttle = pty_drv_throttle,
	.open = pty_drv_open,
	.close = pty_drv_close,
	.set_termios = pty_drv_set_termios,
	.flush_output = pty_drv_flush,
	.packet = pty_drv_packet,
	.free = pty_drv_free,
};

/* ---- making one ---- */

static struct pty *pty_alloc(const struct cred *c)
{
	struct pty *p = kzalloc(sizeof(*p));

	if (!p)
		return NULL;
	p->queue = page_alloc_virt(PTY_QUEUE_ORDER, 0);
	if (!p->queue) {
		kfree(p);
		return NULL;
	}
	p->uid = c->fsuid;
	p->gid = c->fsgid;
	p->locked = true;
	spin_init(&p->lock, "pty");
	waitq_init(&p->readers);
	waitq_init(&p->writers);
	return p;
}

/* Gives p a number and a slave.  The number becomes visible with the pty complete. */
static int pty_make_slave(struct pty *p)
{
	char name[16];

	scoped_mutex(&pty_lock);
	p->index = idr_alloc(&pty_numbers, p, 0, PTY_MAX - 1);
	if (p->index < 0)
		return p->index;
	snprintf(name, sizeof(name), "pts/%d", p->index);
	p->slave = tty_create(&pty_driver, name, dev_make(PTY_SLAVE_MAJOR, (unsigned)p->index), p);
	if (!p->slave) {
		idr_remove(&pty_numbers, p->index);
		return -ENOMEM;
	}
	p->slave->termios.c_cflag &= ~(u32)HUPCL; /* there is no line to hang up */
	return 0;
}

static const struct file_ops pty_master_ops;

static int ptmx_open(struct inode *i, struct file *f)
{
	struct pty *p = pty_alloc(f->cred);
	int err;

	if (!p)
		return -ENOMEM;
	err = pty_make_slave(p);
	if (err) {
		page_free_virt(p->queue, PTY_QUEUE_ORDER);
		kfree(p);
		return err;
	}
	tty_registry_add(p->slave);
	f->private = p;
	f->ops = &pty_master_ops;
	return 0;
}

static void pty_master_release(struct file *f)
{
	struct pty *p = f->private;
	struct tty *slave = p->slave;
	struct inode *inode;

	mutex_lock(&pty_lock);
	inode = p->inode;
	p->inode = NULL;
	irqflags_t fl = spin_lock_irqsave(&p->lock);
	p->master_gone = true;
	p->tail = p->head;
	spin_unlock_irqrestore(&p->lock, fl);
	mutex_unlock(&pty_lock);
	if (inode) {
		struct super_block *sb = inode->sb;

		inode_put(inode);
		super_put(sb);
	}

	mutex_lock(&tty_registry_lock);
	slave->dead = true;
	list_del(&slave->link);
	mutex_unlock(&tty_registry_lock);
	tty_hangup(slave);
	tty_put(slave); /* p may be gone now */
}

/* ---- the master's file ---- */

static bool pty_has_data(struct pty *p)
{
	return atomic_load(&p->head) != atomic_load(&p->tail) || atomic_load(&p->packet_status);
}

static size_t pty_take(struct pty *p, u8 *dst, size_t n)
{
	irqflags_t f = spin_lock_irqsave(&p->lock);
	size_t got = 0;

	while (got < n && p->tail != p->head) {
		u32 at = p->tail % PTY_QUEUE_SIZE;
		size_t piece = MIN(n - got, (size_t)MIN(PTY_QUEUE_SIZE - at, p->head - p->tail));

		memcpy(dst + got, p->queue + at, piece);
		p->tail += (u32)piece;
		got += piece;
	}
	spin_unlock_irqrestore(&p->lock, f);
	return got;
}

/* Packet mode: the byte before the data, or alone when there is a status to tell.  1 = status only. */
static int pty_packet_header(struct pty *p, struct iov_iter *to)
{
	u8 status = atomic_xchg(&p->packet_status, 0);

	if (copy_to_iter(&status, 1, to) != 1)
		return -EFAULT;
	return status != 0;
}

static ssize_t pty_copy_out(struct pty *p, struct iov_iter *to)
{
	size_t total = 0;

	while (to->count > 0) {
		u8 piece[512];
		size_t got = pty_take(p, piece, MIN(to->count, sizeof(piece)));

		if (copy_to_iter(piece, got, to) < got)
			return total ? (ssize_t)total : -EFAULT;
		total += got;
		if (got < sizeof(piece))
			break;
	}
	if (total)
		tty_write_wakeup(p->slave);
	return (ssize_t)total;
}

static ssize_t pty_master_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct pty *p = f->private;
	int header = 0;

	if (to->count == 0)
		return 0;
	for (;;) {
		if (pty_has_data(p)) {
			if (atomic_load(&p->packet)) {
				int r = pty_packet_header(p, to);
				if (r)
					return r; /* the status byte alone, or -EFAULT */
				header = 1;
			}
			ssize_t n = pty_copy_out(p, to);
			if (n || header)
				return n < 0 ? n : n + header;
			continue; /* another reader was faster */
		}
		if (atomic_load(&p->slave_gone))
			return -EIO;
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		int err =
		        wait_event_interruptible(&p->readers, pty_has_data(p) || atomic_load(&p->slave_gone));
		if (err)
			return err;
	}
}

static bool pty_can_receive(struct pty *p)
{
	irqflags_t f = spin_lock_irqsave(&p->slave->lock);
	bool ok = ldisc_room(p->slave) > 0;

	spin_unlock_irqrestore(&p->slave->lock, f);
	return ok;
}

/* Types p[0, n) on the slave; the bytes it took, and in *err why not all.  A closed slave takes them, too: who opens
 * it next reads them.  But nobody waits for a closed slave to make room. */
static size_t pty_type(struct pty *p, const u8 *src, size_t n, bool nonblock, int *err)
{
	size_t done = 0;

	for (;;) {
		done += tty_receive(p->slave, src + done, n - done);
		if (done == n)
			return done;
		if (nonblock)
			*err = -EAGAIN;
		else if (atomic_load(&p->slave_gone))
			*err = -EIO;
		else
			*err = wait_event_interruptible(&p->writers,
			                                pty_can_receive(p) || atomic_load(&p->slave_gone));
		if (*err)
			return done;
	}
}

static ssize_t pty_master_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	struct pty *p = f->private;
	size_t total = 0;
	int err = 0;

	while (from->count > 0 && !err) {
		u8 piece[512];
		size_t want = MIN(from->count, sizeof(piece));
		size_t got = copy_from_iter(piece, want, from);
		size_t done = pty_type(p, piece, got, f->flags & O_NONBLOCK, &err);

		total += done;
		if (err)
			iov_revert(from, got - done);
		else if (got < want)
			err = -EFAULT;
	}
	return total ? (ssize_t)total : err;
}

static unsigned pty_master_poll(struct file *f, struct poll_table *pt)
{
	struct pty *p = f->private;
	unsigned ready = 0;

	poll_wait(f, &p->readers, pt);
	poll_wait(f, &p->writers, pt);
	if (pty_has_data(p))
		ready |= POLLIN | POLLRDNORM;
	if (atomic_load(&p->packet_status))
		ready |= POLLPRI;
	if (atomic_load(&p->slave_gone))
		ready |= POLLHUP;
	if (pty_can_receive(p))
		ready |= POLLOUT | POLLWRNORM;
	return ready;
}

static long pty_set_packet(struct pty *p, bool on)
{
	atomic_store(&p->packet_status, (u8)0);
	atomic_store(&p->packet, on);
	return 0;
}

static long pty_master_own_ioctl(struct pty *p, unsigned cmd, void *arg)
{
	switch (cmd) {
	case TIOCGPTN:
		*(u32 *)arg = (u32)p->index;
		return 0;
	case TIOCSPTLCK:
		atomic_store(&p->locked, *(const s32 *)arg != 0);
		return 0;
	case TIOCGPTLCK:
		*(s32 *)arg = atomic_load(&p->locked);
		return 0;
	case TIOCPKT:
		return pty_set_packet(p, *(const s32 *)arg != 0);
	case TIOCGPKT:
		*(s32 *)arg = atomic_load(&p->packet);
		return 0;
	case FIONREAD:
		*(s32 *)arg = (s32)(atomic_load(&p->head) - atomic_load(&p->tail));
		return 0;
	case TIOCOUTQ:
		*(s32 *)arg = 0;
		return 0;
	case 0x40045436: { /* TIOCSIG: a signal for the slave's foreground group */
		unsigned long sig = (unsigned long)arg;
		if (sig != SIGINT && sig != SIGQUIT && sig != SIGTSTP)
			return -EINVAL;
		tty_signal_foreground(p->slave, (int)sig);
		return 0;
	}
	}
	return -ENOTTY;
}

static long pty_master_ioctl(struct file *f, unsigned cmd, void *arg)
{
	struct pty *p = f->private;
	long r = pty_master_own_ioctl(p, cmd, arg);

	if (r != -ENOTTY)
		return r;
	switch (cmd) {
	case TIOCSCTTY:
	case TIOCSPGRP:
	case TIOCGPGRP:
	case TIOCGSID:
		return tty_jobctl_ioctl(p->slave, f, cmd, arg, true);
	case TCFLSH:
		return tty_ioctl_flush(p->slave, (unsigned long)arg);
	}
	return tty_mode_ioctl(p->slave, cmd, arg);
}

static const struct file_ops pty_master_ops = {
	.release = pty_master_release,
	.read = pty_master_read,
	.write = pty_master_write,
	.poll = pty_master_poll,
	.ioctl = pty_master_ioctl,
};
const struct file_ops ptmx_file_ops = { .open = ptmx_open };

/* ---- for devpts ---- */

struct inode *pty_slave_inode(struct super_block *sb, unsigned n)
{
	struct pty *p;

	scoped_mutex(&pty_lock);
	p = n < PTY_MAX ? idr_find(&pty_numbers, (int)n) : NULL;
	if (!p || p->master_gone || !p->slave)
		return NULL;
	if (!p->inode) {
		const struct devpts_options *o = &devpts_options;
		struct inode *i = inode_alloc(sb, S_IFCHR | o->mode);
		if (!i)
			return ERR_PTR(-ENOMEM);
		i->ino = n + 3;
		i->uid = o->uid_set ? o->uid : p->uid;
		i->gid = o->gid_set ? o->gid : p->gid;
		i->rdev = p->slave->dev;
		i->fops = &chrdev_open_ops;
		i->nlink = 1;
		p->inode = i;
		ref_get(&sb->ref); /* an inode must not outlive its instance, which may be unmounted before us */
	}
	return inode_get(p->inode);
}

int pty_next(unsigned from)
{
	scoped_mutex(&pty_lock);
	for (unsigned n = from; n < PTY_MAX; n++) {
		struct pty *p = idr_find(&pty_numbers, (int)n);
		if (p && !p->master_gone && p->slave)
			return (int)n;
	}
	return -1;
}

void pty_init(void)
{
	mutex_init(&pty_lock);
	pty_numbers = IDR_INIT;
	int err = chrdev_register(5, 2, 1, "ptmx", S_IFCHR | 0666, &ptmx_file_ops);

	if (!err)
		err = chrdev_register(PTY_SLAVE_MAJOR, 0, PTY_MAX, NULL, S_IFCHR | 0620, &tty_file_ops);
	if (err)
		log_err("pty: cannot register: error %d", -err);
	devpts_init();
}
