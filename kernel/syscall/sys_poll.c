/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_poll.c - poll(2), ppoll(2)
 *
 * Owns:      the arrays of one call.
 * Layer:     syscall.  Uses fs (poll_items), proc (masks, restart).
 * Locks:     none.
 * Contexts:  process context of a user task; sleeps.
 * Manual:    poll(2).
 * Tests:     tests/abi/poll.c
 *
 * A descriptor that is not open answers POLLNVAL at once, which makes the whole call return at once.
 * Interrupted, poll goes on by restart_syscall(2) with the deadline it had; ppoll writes back what time is
 * left.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <fs/poll.h>
#include <mem/slab.h>

enum { POLL_SMALL = 6 };

struct poll_call {
	unsigned n, invalid;
	struct pollfd_k *fds;
	struct poll_item *items;
	struct fd_ref *refs;
	void *block; /* what the three stand in when they are large */
	struct pollfd_k small_fds[POLL_SMALL];
	struct poll_item small_items[POLL_SMALL];
	struct fd_ref small_refs[POLL_SMALL];
};

static int poll_alloc(struct poll_call *c, unsigned n)
{
	c->n = n;
	c->invalid = 0;
	c->fds = c->small_fds;
	c->items = c->small_items;
	c->refs = c->small_refs;
	c->block = NULL;
	if (n <= POLL_SMALL)
		return 0;
	c->block = kmalloc(n * (sizeof(*c->fds) + sizeof(*c->items) + sizeof(*c->refs)), 0);
	if (!c->block)
		return -ENOMEM;
	c->items = c->block;
	c->refs = (struct fd_ref *)(c->items + n);
	c->fds = (struct pollfd_k *)(c->refs + n);
	return 0;
}

static void poll_open_files(struct poll_call *c)
{
	struct fd_table *files = current_task()->files;

	for (unsigned i = 0; i < c->n; i++) {
		struct fd_ref r = { NULL, false };
		unsigned revents = 0;

		if (c->fds[i].fd >= 0) {
			r = fd_ref_get(files, (unsigned)c->fds[i].fd);
			if (!r.file) {
				revents = POLLNVAL;
				c->invalid++;
			}
		}
		c->refs[i] = r;
		c->items[i] = (struct poll_item){ r.file, (u16)c->fds[i].events, revents };
	}
}

static void poll_close_files(struct poll_call *c)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->refs[i].file)
			fd_ref_put(c->refs[i]);
}

/* Results to the user, where they are not there already (mostly 0 for 0); the number of descriptors with an answer. */
static long poll_store(struct poll_call *c, struct pollfd_k __user *ufds)
{
	long ready = 0;

	for (unsigned i = 0; i < c->n; i++) {
		s16 revents = (s16)c->items[i].revents;

		if (revents)
			ready++;
		if (revents != c->fds[i].revents && put_user(revents, user_field(ufds + i, revents)))
			return -EFAULT;
	}
	return ready;
}

/* The number of ready descriptors, 0 at the deadline, -EINTR for a signal. */
static long do_poll(struct pollfd_k __user *ufds, unsigned n, ktime_t deadline)
{
	struct poll_call c;
	long ret;

	if (n > task_rlimit(current_task(), RLIMIT_NOFILE))
		return -EINVAL;
	ret = poll_alloc(&c, n);
	if (ret)
		return ret;
	ret = -EFAULT;
	if (n && copy_from_user(c.fds, ufds, n * sizeof(*c.fds)))
		goto free;
	poll_open_files(&c);
	ret = poll_items(c.items, n, c.invalid ? 0 : deadline);
	poll_close_files(&c);
	if (ret >= 0)
		ret = poll_store(&c, ufds);
free:
	kfree(c.block);
	return ret;
}

static long poll_or_restart(struct task *t, struct pollfd_k __user *ufds, unsigned n, ktime_t deadline);

static long poll_restart(struct task *t)
{
	return poll_or_restart(t, (struct pollfd_k __user *)t->restart.arg[0], (unsigned)t->restart.arg[1],
	                       t->restart.deadline);
}

static long poll_or_restart(struct task *t, struct pollfd_k __user *ufds, unsigned n, ktime_t deadline)
{
	long ret = do_poll(ufds, n, deadline);

	if (ret != -EINTR)
		return ret;
	t->restart.fn = poll_restart;
	t->restart.deadline = deadline;
	t->restart.arg[0] = (unsigned long)ufds;
	t->restart.arg[1] = n;
	return -ERESTART_RESTARTBLOCK;
}

long sys_poll(struct pollfd_k __user *fds, unsigned nfds, int timeout_ms)
{
	ktime_t deadline = KTIME_MAX;

	if (timeout_ms >= 0)
		deadline = timeout_ms ? deadline_after(timeout_ms * NSEC_PER_MSEC) : 0;
	return poll_or_restart(current_task(), fds, nfds, deadline);
}

int wait_mask_begin(const sigset_k __user *u, size_t size)
{
	sigset_k mask;

	if (!u)
		return 0;
	if (size != sizeof(mask))
		return -EINVAL;
	if (get_user(mask, u))
		return -EFAULT;
	signal_suspend_mask(mask);
	return 0;
}

void wait_mask_end(long result)
{
	struct task *t = current_task();

	/* After a signal its handler runs under the waiting mask, and the exit to user mode restores. */
	if (result == -EINTR || !thread_flag(&t->thread, TF_RESTORE_MASK))
		return;
	thread_clear_flag(&t->thread, TF_RESTORE_MASK);
	signal_set_mask(t->saved_mask);
}

long sys_ppoll(struct pollfd_k __user *fds, unsigned nfds, struct timespec_k __user *timeout,
               const sigset_k __user *mask, size_t size)
{
	ktime_t deadline = KTIME_MAX, ns, left;
	long ret;

	if (timeout) {
		ret = timespec_get(&ns, timeout);
		if (ret)
			return ret;
		deadline = ns ? deadline_after(ns) : 0;
	}
	ret = wait_mask_begin(mask, size);
	if (ret)
		return ret;
	ret = do_poll(fds, nfds, deadline);
	wait_mask_end(ret);
	if (timeout && deadline) {
		left = deadline == KTIME_MAX ? ns : MAX(deadline - clock_monotonic(), (ktime_t)0);
		if (timeouts_stay() || timespec_put(left, timeout))
			return ret; /* not restarted: it would wait the full time again */
	}
	return ret == -EINTR ? -ERESTARTNOHAND : ret;
}
