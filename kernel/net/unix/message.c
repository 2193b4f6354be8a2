/* SPDX-License-Identifier: MIT
 *
 * net/unix/message.c - what is between send and recv: bytes, descriptors, credentials
 *
 * Owns:      struct unix_msg.
 * Layer:     net.  Uses socket (control messages), mem.
 * Locks:     none here; a message is its maker's until it is queued, then the queue's.
 * Contexts:  process context; may sleep.
 * Manual:    unix(7), socket(7) (SO_SNDBUF).
 * Tests:     tests/abi/unix_stream.c, tests/abi/unix_dgram.c, tests/abi/scm.c.
 *
 * A short message is one allocation: header and bytes.  A longer one has an array of pages, so that no large
 * continuous piece of memory is asked for.
 *
 *     | header | bytes.....  |          | header | page | page | page |
 *                                                   |      |      +-> 4096 bytes
 *
 * What a message takes of memory is charged to its sender until it is freed: that is the send buffer.  There is no
 * receive buffer in AF_UNIX.
 */
#include "unix.h"
#include <mem/slab.h>
#include <abi/errno.h>

enum { INLINE_MAX = 3900 }; /* bytes beside the header in one piece */

/* ---- room in the sender's buffer ---- */

static bool may_charge(const struct unix_sock *u)
{
	return atomic_load(&u->wmem) < atomic_load(&u->s.sndbuf) || atomic_load(&u->s.error) ||
	       atomic_load(&u->s.shut) & SOCK_SHUT_SEND;
}

/* Waits until u may send more: 0 or what the send answers instead. */
static int wait_room(struct unix_sock *u, ktime_t deadline)
{
	for (;;) {
		int err = socket_take_error(&u->s);

		if (err)
			return err;
		if (atomic_load(&u->s.shut) & SOCK_SHUT_SEND)
			return -EPIPE;
		if (likely(atomic_load(&u->wmem) < atomic_load(&u->s.sndbuf)))
			return 0;
		if (!deadline)
			return -EAGAIN;
		err = wait_event_interruptible_until(&u->s.writable, may_charge(u), deadline);
		if (err)
			return socket_wait_error(err, deadline);
	}
}

static void uncharge(struct unix_sock *u, u32 charge)
{
	atomic_sub(&u->wmem, (s32)charge);
	if (waitq_active(&u->s.writable) && unix_writable(u))
		waitq_wake(&u->s.writable, 0, UNIX_WAKE_OUT);
}

/* ---- life ---- */

static void free_pages(struct unix_msg *msg)
{
	for (unsigned i = 0; i < msg->npages && msg->page[i]; i++)
		page_free_virt(msg->page[i], 0);
}

static struct unix_msg *alloc_long(u32 len)
{
	unsigned n = (unsigned)DIV_ROUND_UP(len, PAGE_SIZE);
	struct unix_msg *msg = kzalloc(sizeof(*msg) + n * sizeof(char *));

	if (!msg)
		return NULL;
	msg->npages = (u16)n;
	msg->charge = (u32)(sizeof(*msg) + n * (sizeof(char *) + PAGE_SIZE));
	for (unsigned i = 0; i < n; i++) {
		msg->page[i] = page_alloc_virt(0, ALLOC_USER);
		if (!msg->page[i]) {
			free_pages(msg);
			kfree(msg);
			return NULL;
		}
	}
	return msg;
}

static struct unix_msg *alloc_short(u32 len)
{
	struct unix_msg *msg = kmalloc(sizeof(*msg) + len, 0);

	if (likely(msg)) {
		msg->npages = 0;
		msg->charge =
		        (u32)sizeof(*msg) + ALIGN_UP(len, 256u) + 256; /* with what the slab rounds up */
	}
	return msg;
}

static bool fill(struct unix_msg *msg, struct iov_iter *from, u32 len)
{
	if (likely(!msg->npages))
		return copy_from_iter(msg->data, len, from) == len;
	for (unsigned i = 0; i < msg->npages; i++) {
		size_t n = MIN((size_t)len - i * PAGE_SIZE, PAGE_SIZE);

		if (copy_from_iter(msg->page[i], n, from) != n)
			return false;
	}
	return true;
}

struct unix_msg *unix_msg_make(struct unix_sock *from, struct iov_iter *data, u32 len, ktime_t deadline)
{
	struct unix_msg *msg;
	int err = wait_room(from, deadline);

	if (unlikely(err))
		return ERR_PTR(err);
	msg = likely(len <= INLINE_MAX) ? alloc_short(len) : alloc_long(len);
	if (unlikely(!msg))
		return ERR_PTR(-ENOBUFS);
	msg->len = len;
	msg->off = 0;
	msg->has_creds = false;
	msg->files = NULL;
	msg->from = from;
	unix_get(from);
	atomic_add(&from->wmem, (s32)msg->charge);
	if (likely(fill(msg, data, len)))
		return msg;
	unix_msg_free(msg);
	return ERR_PTR(-EFAULT);
}

void unix_msg_free(struct unix_msg *msg)
{
	struct unix_sock *from = msg->from;

	uncharge(from, msg->charge);
	unix_put(from);
	if (unlikely(msg->npages))
		free_pages(msg);
	if (unlikely(msg->files))
		flight_drop(msg->files);
	kfree(msg);
}

void unix_queue_purge(struct unix_sock *u)
{
	struct list_head all;
	struct unix_msg *m, *next;

	list_init(&all);
	spin_lock(&u->s.lock);
	list_splice_tail(&u->queue, &all);
	u->queued = 0;
	spin_unlock(&u->s.lock);
	list_for_each_entry_safe (m, next, &all, link) {
		list_del(&m->link);
		unix_msg_free(m);
	}
}

size_t unix_msg_copy(const struct unix_msg *msg, u32 off, size_t n, struct iov_iter *to)
{
	size_t done = 0;

	if (likely(!msg->npages))
		return copy_to_iter(msg->data + off, n, to);
	while (done < n) {
		size_t at = off + done, part = MIN(n - done, PAGE_SIZE - at % PAGE_SIZE);
		size_t moved = copy_to_iter(msg->page[at / PAGE_SIZE] + at % PAGE_SIZE, part, to);

		done += moved;
		if (moved < part)
			break;
	}
	return done;
}

/* ---- control data ---- */

int unix_msg_attach(struct unix_msg *msg, struct scm *scm)
{
	if (scm->has_creds) {
		msg->creds = scm->creds;
		msg->has_creds = true;
	}
	if (!scm->files)
		return 0;
	int err = flight_add(scm->files);
	if (err)
		return err;
	msg->files = scm->files;
	scm->files = NULL;
	return 0;
}

void unix_msg_add_creds(struct unix_msg *msg, const struct unix_sock *from, const struct unix_sock *to)
{
	if (msg->has_creds)
		return;
	/* Whoever is not accepted yet may ask for them when he is. */
	if (likely(!((atomic_load(&from->s.options) | atomic_load(&to->s.options)) & SOCKF_PASSCRED) &&
	           atomic_load(&to->s.file)))
		return;
	scm_own_creds(&msg->creds);
	msg->has_creds = true;
}

struct scm_files *unix_msg_files(struct unix_msg *msg, bool peek)
{
	struct scm_files *f = msg->files;

	if (!f)
		return NULL;
	if (peek)
		return flight_peek(f);
	msg->files = NULL;
	flight_remove(f);
	return f;
}

void unix_recv_done(struct unix_sock *u, struct socket_msg *m, struct scm *scm)
{
	u32 options = atomic_load(&u->s.options);

	if (unlikely(options & SOCKF_PASSCRED || scm->stamp || scm->files))
		scm_to_user(m, scm, options);
	if (unlikely(scm->files))
		scm_files_put(scm->files);
}
