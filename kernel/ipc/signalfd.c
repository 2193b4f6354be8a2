/* SPDX-License-Identifier: MIT
 *
 * ipc/signalfd.c - signals read from a file
 *
 * Owns:      struct signalfd.
 * Layer:     ipc.  Uses proc (signals), fs (files).
 * Locks:     none of its own; the set is one word.
 * Contexts:  process context of a user task; reading may sleep.
 * Manual:    signalfd(2).
 * Tests:     tests/abi/signalfd.c.
 *
 * The file has a set and nothing else: who reads or polls it gets its own signals.  All signal files of the
 * system wait on one queue (signal_watchers), which lives longer than any process; a wake-up is a hint to
 * look again.
 */
#include <ipc/signalfd.h>
#include <fs/poll.h>
#include <fs/seq.h>
#include <lib/string.h>
#include <proc/signal.h>
#include <mem/slab.h>
#include <abi/errno.h>

struct signalfd {
	sigset_k set;
};
struct signalfd_siginfo_k { /* signalfd(2) */
	u32 signo;
	s32 err, code;
	u32 pid, uid;
	s32 fd;
	u32 tid, band, overrun, trapno;
	s32 status, value_int;
	u64 value_ptr, utime, stime, addr;
	u16 addr_lsb, pad2;
	s32 syscall;
	u64 call_addr;
	u32 arch;
	u8 pad[28];
};
_Static_assert(sizeof(struct signalfd_siginfo_k) == 128, "struct signalfd_siginfo");

/* Which member of the union a siginfo has is known by its code and number (sigaction(2)). */
static void siginfo_convert(struct signalfd_siginfo_k *o, const struct siginfo *i)
{
	int sig = i->si_signo, code = i->si_code;

	memset(o, 0, sizeof(*o));
	o->signo = (u32)sig;
	o->err = i->si_errno;
	o->code = code;
	if (code == SI_TIMER) {
		o->tid = (u32)i->timer.tid;
		o->overrun = (u32)i->timer.overrun;
		o->value_ptr = i->timer.value;
		o->value_int = (s32)i->timer.value;
	} else if (code > 0 && code < SI_KERNEL &&
	           (sig == SIGSEGV || sig == SIGBUS || sig == SIGILL || sig == SIGFPE || sig == SIGTRAP)) {
		o->addr = i->fault.addr;
	} else if (code == SI_SIGIO || (code > 0 && code < SI_KERNEL && sig == SIGIO)) {
		o->band = (u32)i->poll.band;
		o->fd = i->poll.fd;
	} else {
		o->pid = (u32)i->pid;
		o->uid = i->uid;
		if (code > 0 && code < SI_KERNEL && sig == SIGCHLD) {
			o->status = i->chld.status;
			o->utime = (u64)i->chld.utime;
			o->stime = (u64)i->chld.stime;
		} else if (code < 0 && code != SI_TKILL) {
			o->value_ptr = i->value;
			o->value_int = (s32)i->value;
		}
	}
}

static int signalfd_next(struct signalfd *s, struct siginfo *info, bool wait)
{
	for (;;) {
		int sig = signal_timedwait(atomic_load(&s->set), info, 0), err;

		if (sig > 0 || !wait)
			return sig;
		err = wait_event_interruptible(&signal_watchers, signal_pending_any(atomic_load(&s->set)));
		if (err)
			return err;
	}
}

static ssize_t signalfd_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct signalfd *s = f->private;
	struct signalfd_siginfo_k k;
	struct siginfo info;
	bool wait = !(f->flags & O_NONBLOCK);
	ssize_t done = 0;

	if (to->count < sizeof(k))
		return -EINVAL;
	while (to->count >= sizeof(k)) {
		int sig = signalfd_next(s, &info, wait && !done);

		if (sig <= 0)
			return done ? done : sig;
		siginfo_convert(&k, &info);
		if (copy_to_iter(&k, sizeof(k), to) != sizeof(k))
			return done ? done : -EFAULT;
		done += (ssize_t)sizeof(k);
	}
	return done;
}

static unsigned signalfd_poll(struct file *f, struct poll_table *pt)
{
	struct signalfd *s = f->private;

	poll_wait(f, &signal_watchers, pt);
	return signal_pending_any(atomic_load(&s->set)) ? POLLIN : 0;
}

static void signalfd_release(struct file *f)
{
	kfree(f->private);
}

static void signalfd_fdinfo(struct file *f, struct seq *seq)
{
	const struct signalfd *s = f->private;

	seq_printf(seq, "sigmask:\t%016llx\n", (unsigned long long)atomic_load(&s->set));
}

static const struct file_ops signalfd_ops = {
	.read = signalfd_read, .poll = signalfd_poll, .release = signalfd_release, .fdinfo = signalfd_fdinfo
};

int signalfd_change(struct file *f, sigset_k set)
{
	struct signalfd *s = f->private;

	if (f->ops != &signalfd_ops)
		return -EINVAL;
	atomic_store(&s->set, set);
	if (waitq_active(&signal_watchers))
		waitq_wake(&signal_watchers, 0, 0);
	return 0;
}

struct file *signalfd_create(sigset_k set, unsigned flags, const struct cred *c)
{
	struct signalfd *s = kmalloc(sizeof(*s), 0);
	struct file *f;

	if (!s)
		return NULL;
	s->set = set;
	f = file_alloc_anon("anon_inode:[signalfd]", 0600, &signalfd_ops, O_RDWR | flags, s, c);
	if (!f)
		kfree(s);
	return f;
}
