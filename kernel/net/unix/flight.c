/* SPDX-License-Identifier: MIT
 *
 * net/unix/flight.c - descriptors on the way: their limit, and cycles that nobody can reach
 *
 * Owns:      the counts of descriptors in flight, per user and per socket.
 * Layer:     net.  Uses fs (files), cred.
 * Locks:     gc_lock (mutex): every count, and a collection from its first look to its last.
 *            drain_lock (spinlock, leaf): the list of those who close files.
 * Contexts:  process context; may sleep.
 * Manual:    unix(7): SCM_RIGHTS, ETOOMANYREFS.
 * Tests:     tests/abi/scm.c.
 *
 * Theory
 * ------
 * A message holds a reference to each file it carries.  A socket's file sent through that very socket, and then
 * closed, is kept alive by its own queue, for ever; so are longer rings:
 *
 *     file A --> socket A --queue--> message --> file B --> socket B --queue--> message --> file A
 *
 * The collector looks at the sockets in flight.  One whose file has no reference but those of messages is a candidate.
 * From each candidate the references are taken off that stand in the queues of candidates; if some remain, messages
 * outside of the ring hold it: it lives, and all that its queue holds lives with it.  The other candidates are
 * garbage: their queues are emptied, which closes the files.
 *
 * This is right only if nobody gets hold of a candidate's file meanwhile.  He would have to receive it, and a receiver
 * counts a file out of flight, or copies it for MSG_PEEK, under gc_lock, before a descriptor leads to it.  A message
 * that is being received and stands in no queue counts as "outside", so its files live.
 *
 * Closing a file can release a socket, whose queue holds files to close, and so on, deeper than a kernel stack.  So
 * who is closing such files already only leaves further ones on his list (flight_drop).
 */
#include "unix.h"
#include <abi/errno.h>
#include <abi/resource.h>
#include <lib/hash.h>
#include <mem/slab.h>

struct flight_user { /* of one real uid */
	struct list_head link;
	uid_t uid;
	u64 count;
};
struct drainer { /* a thread in flight_drop, on its stack */
	struct list_head link, files;
	const struct thread *thread;
	bool collect; /* a socket was released meanwhile: look for cycles at the end */
};

int unix_flight_total; /* sockets in flight, counted once for each message; gc_lock, read without it */
static struct mutex gc_lock;
static LIST_HEAD(flight_socks);
static LIST_HEAD(flight_users);
static struct spinlock drain_lock = SPINLOCK_INIT("unix_drain");
static LIST_HEAD(drainers);

INIT_CODE void flight_init(void)
{
	mutex_init(&gc_lock);
}

static struct unix_sock *unix_of(const struct file *f)
{
	struct socket *s = socket_of(f);

	return s && s->family == &unix_family ? unix_sock(s) : NULL;
}

/* ---- counting ---- */

static struct flight_user *user_find(uid_t uid) MUST_HOLD(&gc_lock)
{
	struct flight_user *u;

	list_for_each_entry (u, &flight_users, link)
		if (u->uid == uid)
			return u;
	u = kmalloc(sizeof(*u), 0);
	if (u) {
		u->uid = uid;
		u->count = 0;
		list_add(&u->link, &flight_users);
	}
	return u;
}

static void user_uncharge(struct flight_user *u, u64 n) MUST_HOLD(&gc_lock)
{
	u->count -= n;
	if (u->count)
		return;
	list_del(&u->link);
	kfree(u);
}

static void count_in(struct unix_sock *u) MUST_HOLD(&gc_lock)
{
	if (u->in_flight++ == 0)
		list_add_tail(&u->flight_link, &flight_socks);
	atomic_add(&unix_flight_total, 1);
}

static void count_out(struct unix_sock *u) MUST_HOLD(&gc_lock)
{
	assert(u->in_flight > 0);
	if (--u->in_flight == 0)
		list_del(&u->flight_link);
	atomic_sub(&unix_flight_total, 1);
}

int flight_add(struct scm_files *f)
{
	struct socket_caller who = socket_caller();
	bool privileged = cred_capable(who.cred, CAP_SYS_RESOURCE) || cred_capable(who.cred, CAP_SYS_ADMIN);
	struct flight_user *user;

	scoped_mutex(&gc_lock);
	user = user_find(who.cred->uid);
	if (!user)
		return -ENOMEM;
	if (user->count > who.nofile && !privileged)
		return -ETOOMANYREFS;
	user->count += f->count;
	f->owner = user;
	for (unsigned i = 0; i < f->count; i++) {
		struct unix_sock *u = unix_of(f->file[i]);

		if (u)
			count_in(u);
	}
	return 0;
}

static void remove_locked(struct scm_files *f) MUST_HOLD(&gc_lock)
{
	if (!f->owner)
		return;
	for (unsigned i = 0; i < f->count; i++) {
		struct unix_sock *u = unix_of(f->file[i]);

		if (u)
			count_out(u);
	}
	user_uncharge(f->owner, f->count);
	f->owner = NULL;
}

void flight_remove(struct scm_files *f)
{
	scoped_mutex(&gc_lock);
	remove_locked(f);
}

struct scm_files *flight_peek(const struct scm_files *f)
{
	scoped_mutex(&gc_lock);
	return scm_files_dup(f);
}

/* ---- closing ---- */

static struct drainer *drainer_of(const struct thread *t) MUST_HOLD(&drain_lock)
{
	struct drainer *d;

	list_for_each_entry (d, &drainers, link)
		if (d->thread == t)
			return d;
	return NULL;
}

/* The next files that were left for d; NULL: d is no drainer any more. */
static struct scm_files *drain_next(struct drainer *d)
{
	struct scm_files *f = NULL;

	spin_lock(&drain_lock);
	if (list_empty(&d->files)) {
		list_del(&d->link);
	} else {
		f = list_first_entry(&d->files, struct scm_files, link);
		list_del(&f->link);
	}
	spin_unlock(&drain_lock);
	return f;
}

/* Closes f, now or when this thread comes back to those it is closing already.  True: look for cycles now. */
static bool close_files(struct scm_files *f)
{
	struct drainer me = { .thread = thread_current() }, *d;

	spin_lock(&drain_lock);
	d = drainer_of(me.thread);
	if (d) {
		list_add_tail(&f->link, &d->files);
	} else {
		list_init(&me.files);
		list_add(&me.link, &drainers);
	}
	spin_unlock(&drain_lock);
	for (; !d && f; f = drain_next(&me)) {
		scm_files_put(f);
		cond_resched();
	}
	return me.collect;
}

void flight_drop(struct scm_files *f)
{
	flight_remove(f);
	if (close_files(f))
		flight_collect();
}

/* ---- collecting ---- */

/* Calls fn for each candidate socket that stands in the queue of `of`, or in those of its embryos. */
static void each_in_messages(struct list_head *queue, void (*fn)(struct unix_sock *u))
{
	struct unix_msg *m;

	list_for_each_entry (m, queue, link)
		for (unsigned i = 0; m->files && i < m->files->count; i++) {
			struct unix_sock *u = unix_of(m->files->file[i]);

			if (u && u->candidate)
				fn(u);
		}
}

static void each_child(struct unix_sock *of, void (*fn)(struct unix_sock *u)) NO_LOCK_CHECK
{
	struct unix_sock *e;

	spin_lock(&of->s.lock);
	if (of->state != UNIX_LISTENING) {
		each_in_messages(&of->queue, fn);
	} else {
		list_for_each_entry (e, &of->queue, link) {
			spin_lock(&e->s.lock);
			each_in_messages(&e->queue, fn);
			spin_unlock(&e->s.lock);
		}
	}
	spin_unlock(&of->s.lock);
}

static void not_outside(struct unix_sock *u)
{
	u->outside--;
}

static LIST_HEAD(revived); /* live candidates whose queues are still to be looked at; gc_lock */

static void revive(struct unix_sock *u)
{
	if (u->alive)
		return;
	u->alive = true;
	list_add_tail(&u->revived_link, &revived);
}

static void mark(void) MUST_HOLD(&gc_lock)
{
	struct unix_sock *u;

	list_for_each_entry (u, &flight_socks, flight_link) {
		const struct file *f = atomic_load(&u->s.file);

		u->candidate = f && ref_read(&f->ref) == u->in_flight;
		u->alive = false;
		u->outside = u->in_flight;
	}
	list_for_each_entry (u, &flight_socks, flight_link) {
		if (u->candidate)
			each_child(u, not_outside);
		cond_resched();
	}
	list_for_each_entry (u, &flight_socks, flight_link)
		if (u->candidate && u->outside > 0)
			revive(u);
	while (!list_empty(&revived)) {
		u = list_first_entry(&revived, struct unix_sock, revived_link);
		list_del(&u->revived_link);
		each_child(u, revive);
		cond_resched();
	}
}

/* Takes the files of all messages in a queue into `out`. */
static void strip_queue(struct list_head *queue, struct list_head *out) MUST_HOLD(&gc_lock)
{
	struct unix_msg *m;

	list_for_each_entry (m, queue, link) {
		if (!m->files)
			continue;
		list_add_tail(&m->files->link, out);
		m->files = NULL;
	}
}

static void strip(struct unix_sock *u, struct list_head *out) NO_LOCK_CHECK
{
	struct unix_sock *e;

	spin_lock(&u->s.lock);
	if (u->state != UNIX_LISTENING) {
		strip_queue(&u->queue, out);
	} else {
		list_for_each_entry (e, &u->queue, link) {
			spin_lock(&e->s.lock);
			strip_queue(&e->queue, out);
			spin_unlock(&e->s.lock);
		}
	}
	spin_unlock(&u->s.lock);
}

/* Is this thread closing files from messages?  Then it collects when it has closed all. */
static bool collect_later(void)
{
	struct drainer *d;

	spin_lock(&drain_lock);
	d = drainer_of(thread_current());
	if (d)
		d->collect = true;
	spin_unlock(&drain_lock);
	return d;
}

/* One collection: true when it closed something, which may have left more. */
static bool collect_once(void)
{
	struct list_head garbage;
	struct scm_files *f, *next;
	struct unix_sock *u;
	bool again = false;

	list_init(&garbage);
	mutex_lock(&gc_lock);
	mark();
	list_for_each_entry (u, &flight_socks, flight_link)
		if (u->candidate && !u->alive)
			strip(u, &garbage);
	list_for_each_entry (f, &garbage, link)
		remove_locked(f);
	mutex_unlock(&gc_lock);
	list_for_each_entry_safe (f, next, &garbage, link) {
		list_del(&f->link);
		again |= close_files(f);
	}
	return again;
}

void flight_collect(void)
{
	if (collect_later())
		return;
	while (collect_once())
		cond_resched();
}
