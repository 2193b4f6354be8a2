/* SPDX-License-Identifier: MIT
 * proc/pidfd.c - a process as a file
 *
 * Owns:      the files; file->private holds a reference to a struct pid.
 * Layer:     proc.  Uses fs (files).
 * Locks:     none; the task is looked at under RCU.
 * Contexts:  process context.
 * Manual:    pidfd_open(2).
 * Tests:     tests/abi/pidfd.c.
 *
 * The reference keeps the number from being given to another process.  The file becomes readable when the
 * process is dead, whether or not somebody has waited for it.
 */
#include <proc/pidfd.h>
#include <proc/internal.h>
#include <fs/poll.h>
#include <fs/seq.h>

static unsigned pidfd_poll(struct file *f, struct poll_table *pt)
{
	struct pid *p = f->private;
	const struct task *t;
	bool dead;

	poll_wait(f, &p->exited, pt);
	rcu_read_lock();
	t = rcu_dereference(p->task);
	dead = !t || atomic_load(&t->group->zombie);
	rcu_read_unlock();
	return dead ? POLLIN | POLLRDNORM : 0;
}

static void pidfd_release(struct file *f)
{
	pid_put(f->private);
}

/* The number as this one pid namespace knows it; -1: somebody has waited for the process. */
static void pidfd_fdinfo(struct file *f, struct seq *s)
{
	const struct pid *p = f->private;
	int nr = atomic_load(&p->task) ? p->nr : -1;

	seq_printf(s, "Pid:\t%d\nNSpid:\t%d\n", nr, nr);
}

static const struct file_ops pidfd_ops = { .poll = pidfd_poll,
	                                   .release = pidfd_release,
	                                   .fdinfo = pidfd_fdinfo };

struct pid *pidfd_pid(const struct file *f)
{
	return f->ops == &pidfd_ops ? f->private : NULL;
}

struct file *pidfd_create(struct pid *pid, unsigned flags, const struct cred *c)
{
	struct file *f =
	        file_alloc_anon("anon_inode:[pidfd]", 0600, &pidfd_ops, O_RDWR | flags, pid_get(pid), c);

	if (!f)
		pid_put(pid);
	return f;
}
