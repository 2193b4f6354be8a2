/* SPDX-License-Identifier: MIT
 *
 * net/unix/inflight.c - descriptors on the way: their limit, and cycles that nobody can reach
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
 * who is closing such files already only leaves further ones on his list (inflight_drop).
 */
#include "unix.h"
#include <abi/errno.h>
#include <abi/resource.h>
#include <lib/hash.h>
#include <mem/slab.h>

struct inflight_user { /* of one real uid */
	struct list_head link;
	uid_t uid;
	u64 count;
};
struct drainer { /* a thread in inflight_drop, on its stack */
	struct list_head link, files;
	const struct thread *thread;
};

int unix_inflight_total; /* sockets in flight, counted once for each message; gc_lock, read without it */
static struct mutex gc_lock;
static LIST_HEAD(inflight_socks);
static LIST_HEAD(inflight_users);
static struct spinlock drain_lock = SPINLOCK_INIT("unix_drain");
static LIST_HEAD(drainers);

INIT_CODE void inflight_init(void)
{
	mutex_init(&gc_lock);
}

static struct unix_sock *unix_of(const struct file *f)
{
	struct socket *s = socket_of(f);

	return s && s->family == &unix_family ? unix_sock(s) : NULL;
}

/* ---- counting ---- */

static struct inflight_user *user_find(uid_t uid) MUST_HOLD(&gc_lock)
{
	struct inflight_user *u;

	list_for_each_entry (u, &inflight_users, link)
		if (u->uid == uid)
			return u;
	u = kmalloc(sizeof(*u), 0);
	if (u) {
		u->uid = uid;
		u->count = 0;
		list_add(&u->link, &inflight_users);
	}
	return u;
}

static void user_uncharge(struct inflight_user *u, u64 n) MUST_HOLD(&gc_lock)
{
	u->count -= n;
	if (u->count)
		return;
	list_del(&u->link);
	kfree(u);
}

static void count_in(struct unix_sock *u) MUST_HOLD(&gc_lock)
{
	if (u->inflight++ == 0)
		list_add_tail(&u->inflight_link, &inflight_socks);
	atomic_add(&unix_inflight_total, 1);
}

static void count_out(struct unix_sock *u) MUST_HOLD(&gc_lock)
{
	assert(u->inflight > 0);
	if (--u->inflight == 0)
		list_del(&u->inflight_link);
	atomic_sub(&unix_inflight_total, 1);
}

int inflight_add(struct scm_files *f)
{
	struct socket_caller who = socket_caller();
	bool privileged = cred_capable(who.cred, CAP_SYS_RESOURCE) || cred_capable(who.cred, CAP_SYS_ADMIN);
	struct inflight_user *user;

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

void inflight_remove(struct scm_files *f)
{
	scoped_mutex(&gc_lock);
	remove_locked(f);
}

struct scm_files *inflight_peek(const struct scm_files *f)
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

static void close_files(struct scm_files *f)
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
}

void inflight_drop(struct scm_files *f)
{
	inflight_remove(f);
	close_files(f);
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

static bool revived; /* gc_lock */

static void revive(struct unix_sock *u)
{
	if (!u->alive)
		u->alive = revived = true;
}

static void mark(void) MUST_HOLD(&gc_lock)
{
	struct unix_sock *u;

	list_for_each_entry (u, &inflight_socks, inflight_link) {
		const struct file *f = atomic_load(&u->s.file);

		u->candidate = f && ref_read(&f->ref) == u->inflight;
		u->alive = false;
		u->outside = u->inflight;
	}
	list_for_each_entry (u, &inflight_socks, inflight_link)
		if (u->candidate)
			each_child(u, not_outside);
	list_for_each_entry (u, &inflight_socks, inflight_link)
		if (u->candidate && u->outside > 0)
			u->alive = true;
	do {
		revived = false;
		list_for_each_entry (u, &inflight_socks, inflight_link)
			if (u->candidate && u->alive)
				each_child(u, revive);
	} while (revived);
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

void inflight_collect(void)
{
	struct list_head garbage;
	struct scm_files *f, *next;
	struct unix_sock *u;

	list_init(&garbage);
	mutex_lock(&gc_lock);
	mark();
	list_for_each_entry (u, &inflight_socks, inflight_link)
		if (u->candidate && !u->alive)
			strip(u, &garbage);
	list_for_each_entry (f, &garbage, link)
		remove_locked(f);
	mutex_unlock(&gc_lock);
	list_for_each_entry_safe (f, next, &garbage, link) {
		list_del(&f->link);
		close_files(f);
	}
}
