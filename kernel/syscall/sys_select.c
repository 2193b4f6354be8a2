/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_select.c - select(2), pselect(2)
 *
 * Owns:      the bitmaps and items of one call.
 * Layer:     syscall.  Uses fs (poll_items).
 * Locks:     none.
 * Contexts:  process context of a user task; sleeps.
 * Manual:    select(2).
 * Tests:     tests/abi/poll.c
 *
 * select is poll with three bitmaps: each descriptor that stands in one of them becomes a poll item.  What
 * the three sets ask for, in events:
 *
 *      read:    POLLIN or normal or priority-band data, end of file, error
 *      write:   POLLOUT and the like, error
 *      except:  POLLPRI
 *
 * poll_items() also returns for hang-up and error nobody asked for (an exception set with a hung-up pipe).
 * Such an item is taken out and the wait goes on.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <fs/poll.h>
#include <lib/bitmap.h>
#include <lib/string.h>
#include <mem/slab.h>

enum { SET_RD, SET_WR, SET_EX, SETS };

static const unsigned set_events[SETS] = {
	[SET_RD] = POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR,
	[SET_WR] = POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR,
	[SET_EX] = POLLPRI,
};

struct select_call {
	unsigned n;          /* descriptors 0..n-1 count */
	size_t bytes;        /* of one bitmap */
	unsigned long *bits; /* SETS bitmaps in, SETS bitmaps out */
	unsigned items;
	struct poll_item *item;
	struct fd_ref *ref;
	u32 *fd;
};

static unsigned long *set_in(const struct select_call *c, int s)
{
	return c->bits + (size_t)s * BITMAP_LONGS(c->n);
}

static unsigned long *set_out(const struct select_call *c, int s)
{
	return set_in(c, SETS + s);
}

static void select_free(struct select_call *c)
{
	for (unsigned i = 0; i < c->items; i++)
		fd_ref_put(c->ref[i]);
	kfree(c->item);
	kfree(c->bits);
}

/* Copies the sets and counts the descriptors in any of them. 0, -EFAULT, -ENOMEM. */
static int select_copy_in(struct select_call *c, unsigned long __user *const set[SETS], unsigned *count)
{
	unsigned longs = BITMAP_LONGS(c->n);

	size_t size = longs * sizeof(unsigned long);
	c->bytes = call_small() ? DIV_ROUND_UP(c->n, 32) * sizeof(u32) : size;
	c->bits = kmalloc(MAX(2 * SETS * size, (size_t)1), ALLOC_ZERO);
	if (!c->bits)
		return -ENOMEM;
	for (int s = 0; s < SETS; s++) {
		if (!set[s] || !longs)
			continue;
		if (copy_from_user(set_in(c, s), set[s], c->bytes))
			return -EFAULT;
		if (c->n % BITS_PER_LONG)
			set_in(c, s)[longs - 1] &= BIT(c->n % BITS_PER_LONG) - 1;
	}
	*count = 0;
	for (unsigned i = 0; i < longs; i++)
		*count += (unsigned)popcount64(set_in(c, SET_RD)[i] | set_in(c, SET_WR)[i] |
		                               set_in(c, SET_EX)[i]);
	return 0;
}

/* One descriptor that stands in a set becomes an item. 0 or -EBADF. */
static int select_add(struct select_call *c, unsigned fd, unsigned events)
{
	struct fd_ref r = fd_ref_get(current_task()->files, fd);

	if (!r.file)
		return -EBADF;
	c->ref[c->items] = r;
	c->fd[c->items] = fd;
	c->item[c->items++] = (struct poll_item){ r.file, events, 0 };
	return 0;
}

/* The same for 64 descriptors from `first`, which stand in the sets as the words say. */
static int select_add_word(struct select_call *c, unsigned first, u64 rd, u64 wr, u64 ex)
{
	int err = 0;

	for (u64 any = rd | wr | ex; any && !err; any &= any - 1) {
		u64 bit = any & -any;

		err = select_add(c, first + (unsigned)__builtin_ctzll(any),
		                 (rd & bit ? set_events[SET_RD] : 0) | (wr & bit ? set_events[SET_WR] : 0) |
		                         (ex & bit ? set_events[SET_EX] : 0));
	}
	return err;
}

/* Makes an item of each descriptor in a set. 0, -EBADF, -ENOMEM. */
static int select_open_files(struct select_call *c, unsigned count)
{
	const unsigned long *rd = set_in(c, SET_RD), *wr = set_in(c, SET_WR), *ex = set_in(c, SET_EX);
	int err = 0;

	if (!count)
		return 0;
	c->item = kmalloc(count * (sizeof(*c->item) + sizeof(*c->ref) + sizeof(*c->fd)), 0);
	if (!c->item)
		return -ENOMEM;
	c->ref = (struct fd_ref *)(c->item + count);
	c->fd = (u32 *)(c->ref + count);
	for (unsigned i = 0; i < BITMAP_LONGS(c->n) && !err; i++)
		err = select_add_word(c, i * BITS_PER_LONG, rd[i], wr[i], ex[i]);
	return err;
}

/* Sets the bits of what is ready; their number. */
static long select_collect(struct select_call *c)
{
	long ready = 0;

	for (unsigned i = 0; i < c->items; i++)
		for (int s = 0; c->item[i].revents && s < SETS; s++)
			if (c->item[i].revents & set_events[s] && bitmap_test(set_in(c, s), c->fd[i])) {
				bitmap_set(set_out(c, s), c->fd[i]);
				ready++;
			}
	return ready;
}

static long select_wait(struct select_call *c, ktime_t deadline)
{
	for (;;) {
		long n = poll_items(c->item, c->items, deadline);
		long ready;

		if (n <= 0)
			return n;
		ready = select_collect(c);
		if (ready)
			return ready;
		for (unsigned i = 0; i < c->items; i++)
			if (c->item[i].revents)
				c->item[i] = (struct poll_item){ NULL, 0, 0 };
	}
}

static int select_copy_out(const struct select_call *c, unsigned long __user *const set[SETS])
{
	for (int s = 0; s < SETS; s++)
		if (set[s] && c->bytes && copy_to_user(set[s], set_out(c, s), c->bytes))
			return -EFAULT;
	return 0;
}

/* Descriptors above the table's size cannot be open, and were never looked at. */
static unsigned select_limit(unsigned n)
{
	struct fd_table *files = current_task()->files;
	unsigned size;

	rcu_read_lock();
	size = rcu_dereference(files->array)->size;
	rcu_read_unlock();
	return MIN(n, size);
}

static long do_select(int n, unsigned long __user *const set[SETS], ktime_t deadline)
{
	struct select_call c = { 0 };
	unsigned count;
	long ret;

	if (n < 0)
		return -EINVAL;
	c.n = select_limit((unsigned)n);
	ret = select_copy_in(&c, set, &count);
	if (!ret)
		ret = select_open_files(&c, count);
	if (!ret)
		ret = select_wait(&c, deadline);
	if (ret >= 0 && select_copy_out(&c, set))
		ret = -EFAULT;
	select_free(&c);
	return ret;
}

static ktime_t time_left(ktime_t deadline, ktime_t asked)
{
	return deadline == KTIME_MAX ? asked : MAX(deadline - clock_monotonic(), (ktime_t)0);
}

/* Here the fraction may be a second or more. */
static int select_timeout(ktime_t *out, const struct timeval_k __user *u)
{
	struct timeval_k tv;

	if (longs_get((s64 *)&tv, u, 2))
		return -EFAULT;
	if (tv.tv_sec < 0 || tv.tv_usec < 0)
		return -EINVAL;
	if (tv.tv_usec / 1000000 > KTIME_MAX / NSEC_PER_SEC - 1 ||
	    tv.tv_sec > KTIME_MAX / NSEC_PER_SEC - 1 - tv.tv_usec / 1000000)
		*out = KTIME_MAX;
	else
		*out = (tv.tv_sec + tv.tv_usec / 1000000) * NSEC_PER_SEC +
		       tv.tv_usec % 1000000 * NSEC_PER_USEC;
	return 0;
}

long sys_select(int n, unsigned long __user *rd, unsigned long __user *wr, unsigned long __user *ex,
                struct timeval_k __user *timeout)
{
	unsigned long __user *const set[SETS] = { rd, wr, ex };
	ktime_t deadline = KTIME_MAX, ns = 0;
	long ret;

	if (timeout) {
		ret = select_timeout(&ns, timeout);
		if (ret)
			return ret;
		deadline = ns ? deadline_after(ns) : 0;
	}
	ret = do_select(n, set, deadline);
	if (timeout && deadline && (timeouts_stay() || timeval_put(time_left(deadline, ns), timeout)))
		return ret; /* without the time left it cannot be restarted */
	return ret == -EINTR ? -ERESTARTNOHAND : ret;
}

long sys_pselect6(int n, unsigned long __user *rd, unsigned long __user *wr, unsigned long __user *ex,
                  struct timespec_k __user *timeout, const void __user *sig)
{
	unsigned long __user *const set[SETS] = { rd, wr, ex };
	u64 arg[2] = { 0, 0 }; /* the mask's address and size */
	ktime_t deadline = KTIME_MAX, ns = 0;
	long ret;

	if (sig && longs_get((s64 *)arg, sig, 2))
		return -EFAULT;
	if (call_small())
		arg[0] = (u32)arg[0];
	if (timeout) {
		ret = timespec_get(&ns, timeout);
		if (ret)
			return ret;
		deadline = ns ? deadline_after(ns) : 0;
	}
	ret = wait_mask_begin((const sigset_k __user *)arg[0], arg[1]);
	if (ret)
		return ret;
	ret = do_select(n, set, deadline);
	wait_mask_end(ret);
	if (timeout && deadline && (timeouts_stay() || timespec_put(time_left(deadline, ns), timeout)))
		return ret;
	return ret == -EINTR ? -ERESTARTNOHAND : ret;
}
