/* SPDX-License-Identifier: MIT
 *
 * fs/inotify.c - watches on inodes, and the queues of what happened to them
 *
 * Owns:      struct watch on inode->watches, struct inotify (the open file with its queue).
 * Layer:     fs.  Uses sched (wait queues), lib (idr).
 * Locks:     notify_lock guards all watches and queues: watches are few, and nothing under it sleeps.  It comes after
 *            all inode locks.
 * Contexts:  process context; telling does not sleep.
 * Manual:    inotify(7).
 * Tests:     tests/abi/inotify.c.
 *
 * Theory
 * ------
 *      inode A <--- watch (wd 1, mask) ---\                 event <- event <- event   read(2) takes here
 *      inode B <--- watch (wd 2, mask) ----- struct inotify ---------------------^
 *                                                            ^ new ones; one equal to the last is dropped
 *
 * A watch holds a reference to its inode and stands in two lists: its inode's and its owner's.  It ends by
 * inotify_rm_watch, with its owner, when its inode is removed (IN_DELETE_SELF), with the file system
 * (IN_UNMOUNT), or after one event (IN_ONESHOT); each but the second leaves an IN_IGNORED.
 *
 * A queue that is full, and one for whose event there is no memory, gets one IN_Q_OVERFLOW, which each instance keeps
 * ready from its birth.
 */
#include <fs/notify.h>
#include <fs/dcache.h>
#include <fs/poll.h>
#include <lib/idr.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <sched/waitq.h>
#include <abi/errno.h>
#include <abi/termios.h>

struct watch {
	struct watch *next;    /* of the inode */
	struct list_head link; /* of the owner */
	struct list_head all;
	struct inotify *owner;
	struct inode *inode; /* referenced */
	int wd;
	u32 mask;
};
struct event {
	struct list_head link;
	s32 wd;
	u32 mask, cookie;
	u16 len; /* of name, without a zero */
	char name[];
};
struct inotify {
	struct list_head events, watches;
	unsigned nr_events;
	u32 bytes; /* what read could give: FIONREAD */
	struct idr wds;
	struct event overflow; /* queued while its link is in use */
	struct waitq wait;
	uid_t uid;
	struct list_head all;
};
static struct spinlock notify_lock = SPINLOCK_INIT("notify");
static LIST_HEAD(all_watches);
static LIST_HEAD(all_instances);
u32 notify_watches;
static u32 last_cookie;
int inotify_max_events = 16384, inotify_max_instances = 128, inotify_max_watches = 65536;
static const struct file_ops inotify_ops;

u32 notify_cookie(void)
{
	return atomic_add(&last_cookie, 1);
}

/* ---- queues ---- */

/* Names are padded to a multiple of the header. */
static u32 event_size(const struct event *e)
{
	u32 size = sizeof(struct inotify_event_k);

	return size + (e->len ? (u32)ALIGN_UP(e->len + 1u, sizeof(struct inotify_event_k)) : 0);
}

static void enqueue(struct inotify *n, struct event *e) MUST_HOLD(&notify_lock)
{
	list_add_tail(&e->link, &n->events);
	n->nr_events++;
	n->bytes += event_size(e);
	waitq_wake(&n->wait, 0, POLLIN | POLLRDNORM);
}

static bool same_as_last(const struct inotify *n, s32 wd, u32 mask, u32 cookie, const char *name,
                         unsigned len)
{
	const struct event *e;

	if (list_empty(&n->events))
		return false;
	e = list_entry(n->events.prev, struct event, link);
	return e->wd == wd && e->mask == mask && e->cookie == cookie && e->len == len &&
	       !memcmp(e->name, name, len);
}

static void queue_event(struct inotify *n, s32 wd, u32 mask, u32 cookie, const char *name, unsigned len)
        MUST_HOLD(&notify_lock)
{
	struct event *e = NULL;

	if (same_as_last(n, wd, mask, cookie, name, len))
		return;
	if (n->nr_events < (unsigned)atomic_load(&inotify_max_events))
		e = kmalloc(sizeof(*e) + len, ALLOC_ATOMIC);
	if (!e) {
		if (list_empty(&n->overflow.link))
			enqueue(n, &n->overflow);
		return;
	}
	*e = (struct event){ .wd = wd, .mask = mask, .cookie = cookie, .len = (u16)len };
	memcpy(e->name, name, len);
	enqueue(n, e);
}

static void event_free(struct inotify *n, struct event *e)
{
	if (e != &n->overflow)
		kfree(e);
}

/* ---- watches ---- */

/* Takes w out of everything; the caller drops its inode and memory after unlocking. */
static void watch_unlink(struct watch *w) MUST_HOLD(&notify_lock)
{
	struct watch **p = &w->inode->watches;

	while (*p != w)
		p = &(*p)->next;
	atomic_store(p, w->next);
	list_del(&w->link);
	list_del(&w->all);
	idr_remove(&w->owner->wds, w->wd);
	notify_watches--;
}

static void watch_free(struct watch *w)
{
	inode_put(w->inode);
	kfree(w);
}

/* The watch ends by itself: a last word, and out. */
static void watch_end(struct watch *w, struct list_head *dead) MUST_HOLD(&notify_lock)
{
	queue_event(w->owner, w->wd, IN_IGNORED, 0, "", 0);
	watch_unlink(w);
	list_add(&w->link, dead);
}

static void free_dead(struct list_head *dead)
{
	while (!list_empty(dead)) {
		struct watch *w = list_first_entry(dead, struct watch, link);

		list_del(&w->link);
		watch_free(w);
	}
}

/* Tells the watches of i; one-shot ones end. */
static void tell(struct inode *i, u32 mask, const char *name, unsigned len, u32 cookie, bool unlinked,
                 struct list_head *dead) MUST_HOLD(&notify_lock)
{
	struct watch *w, *next;

	for (w = i->watches; w; w = next) {
		next = w->next;
		if (!(w->mask & mask & IN_ALL_EVENTS) || (unlinked && w->mask & IN_EXCL_UNLINK))
			continue;
		queue_event(w->owner, w->wd, mask, cookie, name, len);
		if (w->mask & IN_ONESHOT)
			watch_end(w, dead);
	}
}

static u32 dir_bit(const struct inode *i)
{
	return s_isdir(i->mode) ? IN_ISDIR : 0;
}

/* A one-shot watch is not the last user of its inode: whoever tells has another reference. */
void notify_inode_slow(struct inode *i, u32 mask)
{
	LIST_HEAD(dead);

	spin_lock(&notify_lock);
	tell(i, mask | dir_bit(i), "", 0, 0, false, &dead);
	spin_unlock(&notify_lock);
	free_dead(&dead);
}

void notify_name_slow(struct inode *dir, u32 mask, const char *name, unsigned len, u32 cookie)
{
	LIST_HEAD(dead);

	spin_lock(&notify_lock);
	tell(dir, mask, name, len, cookie, false, &dead);
	spin_unlock(&notify_lock);
	free_dead(&dead);
}

void notify_dentry_slow(struct dentry *d, u32 mask)
{
	struct dentry *parent = dentry_get_parent(d);
	struct inode *i = d->inode;
	LIST_HEAD(dead);

	/* A rename that runs meanwhile replaces the name; its memory lives for a grace period, but its length may
	 * not fit: so it is read under the lock of names. */
	if (parent != d && !d->anon && atomic_load(&parent->inode->watches)) {
		char name[NAME_MAX_LEN + 1];
		unsigned len = dentry_copy_name(d, name);

		spin_lock(&notify_lock);
		tell(parent->inode, mask | dir_bit(i), name, len, 0, d->unlinked, &dead);
		spin_unlock(&notify_lock);
	}
	if (atomic_load(&i->watches)) {
		spin_lock(&notify_lock);
		tell(i, mask | dir_bit(i), "", 0, 0, d->unlinked, &dead);
		spin_unlock(&notify_lock);
	}
	dentry_put(parent);
	free_dead(&dead);
}

void notify_removed_slow(struct inode *i)
{
	LIST_HEAD(dead);

	spin_lock(&notify_lock);
	tell(i, IN_DELETE_SELF, "", 0, 0, false, &dead);
	while (i->watches)
		watch_end(i->watches, &dead);
	spin_unlock(&notify_lock);
	free_dead(&dead);
}

void notify_unmount(struct super_block *sb)
{
	struct watch *w, *next;
	LIST_HEAD(dead);

	spin_lock(&notify_lock);
	list_for_each_entry_safe (w, next, &all_watches, all) {
		if (w->inode->sb != sb)
			continue;
		queue_event(w->owner, w->wd, IN_UNMOUNT, 0, "", 0);
		watch_end(w, &dead);
	}
	spin_unlock(&notify_lock);
	free_dead(&dead);
}

u32 notify_attr_mask(const struct iattr *a)
{
	bool atime = a->valid & (ATTR_ATIME | ATTR_ATIME_SET),
	     mtime = a->valid & (ATTR_MTIME | ATTR_MTIME_SET);
	u32 mask = 0;

	if (a->valid & (ATTR_UID | ATTR_GID | ATTR_MODE) || (atime && mtime))
		mask |= IN_ATTRIB;
	if (a->valid & ATTR_SIZE || (mtime && !atime))
		mask |= IN_MODIFY;
	if (atime && !mtime)
		mask |= IN_ACCESS;
	return mask;
}

/* ---- inotify_add_watch, inotify_rm_watch ---- */

static struct watch *find_watch(struct inotify *n, struct inode *i) MUST_HOLD(&notify_lock)
{
	struct watch *w = i->watches;

	while (w && w->owner != n)
		w = w->next;
	return w;
}

static bool user_has_room(uid_t uid) MUST_HOLD(&notify_lock)
{
	struct watch *w;
	int n = 0;

	if (notify_watches < (u32)atomic_load(&inotify_max_watches)) /* the usual case: no need to count */
		return true;
	list_for_each_entry (w, &all_watches, all)
		n += w->owner->uid == uid;
	return n < atomic_load(&inotify_max_watches);
}

/* Changes the watch there is: its wd; 0: there is none. */
static int change_watch(struct inotify *n, struct inode *i, u32 mask) MUST_HOLD(&notify_lock)
{
	struct watch *w = find_watch(n, i);

	if (!w)
		return 0;
	if (mask & IN_MASK_CREATE)
		return -EEXIST;
	w->mask = mask & IN_MASK_ADD ? w->mask | mask : mask;
	return w->wd;
}

int inotify_add_watch(struct file *f, struct inode *i, u32 mask)
{
	struct inotify *n = f->private;
	struct watch *w = kmalloc(sizeof(*w), 0);
	int wd;

	if (!w)
		return -ENOMEM;
	*w = (struct watch){ .owner = n, .inode = i, .mask = mask };
	spin_lock(&notify_lock);
	wd = change_watch(n, i, mask);
	if (!wd && !user_has_room(n->uid))
		wd = -ENOSPC;
	if (wd)
		goto out;
	wd = idr_alloc_cyclic(&n->wds, w, 1, INT32_MAX);
	if (wd < 0)
		goto out;
	w->wd = wd;
	inode_get(i);
	w->next = i->watches;
	atomic_store_release(&i->watches, w);
	list_add_tail(&w->link, &n->watches);
	list_add_tail(&w->all, &all_watches);
	notify_watches++;
	w = NULL;
out:
	spin_unlock(&notify_lock);
	kfree(w);
	return wd;
}

int inotify_rm_watch(struct file *f, int wd)
{
	struct inotify *n = f->private;
	struct watch *w;
	LIST_HEAD(dead);

	spin_lock(&notify_lock);
	w = idr_find(&n->wds, wd);
	if (w)
		watch_end(w, &dead);
	spin_unlock(&notify_lock);
	free_dead(&dead);
	return w ? 0 : -EINVAL;
}

/* ---- the file ---- */

/* Takes the first event if it fits into `room` bytes; NULL: there is none, or ERR_PTR(-EINVAL). */
static struct event *take_event(struct inotify *n, size_t room)
{
	struct event *e = NULL;

	spin_lock(&notify_lock);
	if (!list_empty(&n->events)) {
		e = list_first_entry(&n->events, struct event, link);
		if (event_size(e) > room) {
			e = ERR_PTR(-EINVAL);
		} else {
			list_del(&e->link);
			list_init(&e->link);
			n->nr_events--;
			n->bytes -= event_size(e);
		}
	}
	spin_unlock(&notify_lock);
	return e;
}

static int copy_event(const struct event *e, struct iov_iter *to)
{
	struct inotify_event_k k = { e->wd, e->mask, e->cookie, event_size(e) - (u32)sizeof(k) };
	size_t pad = k.len - e->len;

	if (copy_to_iter(&k, sizeof(k), to) != sizeof(k) || copy_to_iter(e->name, e->len, to) != e->len ||
	    zero_iter(pad, to) != pad)
		return -EFAULT;
	return 0;
}

static ssize_t inotify_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct inotify *n = f->private;
	size_t wanted = to->count;
	int err = 0;

	for (;;) {
		struct event *e = take_event(n, to->count);

		if (IS_ERR(e)) {
			err = (int)PTR_ERR(e);
			break;
		}
		if (e) {
			err = copy_event(e, to);
			event_free(n, e);
			if (err)
				return err;
			continue;
		}
		if (to->count < wanted)
			break;
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_interruptible(&n->wait, !list_empty(&n->events));
		if (err)
			return err;
	}
	return to->count < wanted ? (ssize_t)(wanted - to->count) : err;
}

static unsigned inotify_poll(struct file *f, struct poll_table *pt)
{
	struct inotify *n = f->private;

	poll_wait(f, &n->wait, pt);
	return list_empty(&n->events) ? 0 : POLLIN | POLLRDNORM;
}

static long inotify_ioctl(struct file *f, unsigned cmd, void *arg)
{
	struct inotify *n = f->private;

	if (cmd != FIONREAD)
		return -ENOTTY;
	*(s32 *)arg = (s32)atomic_load(&n->bytes);
	return 0;
}

/* There is no position to move; Linux says that it was moved. */
static loff_t inotify_lseek(struct file *f, loff_t off, int whence)
{
	return f->pos;
}

static void inotify_release(struct file *f)
{
	struct inotify *n = f->private;
	struct event *e;
	LIST_HEAD(dead);

	spin_lock(&notify_lock);
	while (!list_empty(&n->watches)) {
		struct watch *w = list_first_entry(&n->watches, struct watch, link);

		watch_unlink(w);
		list_add(&w->link, &dead);
	}
	list_del(&n->all);
	spin_unlock(&notify_lock);
	free_dead(&dead);
	while ((e = take_event(n, ~0UL)))
		event_free(n, e);
	xa_destroy(&n->wds.xa);
	kfree(n);
}

static const struct file_ops inotify_ops = {
	.read = inotify_read,
	.lseek = inotify_lseek,
	.poll = inotify_poll,
	.ioctl = inotify_ioctl,
	.release = inotify_release,
};

bool file_is_inotify(const struct file *f)
{
	return f->ops == &inotify_ops;
}

/* Stands in the list of instances unless the user has too many. */
static bool join(struct inotify *n)
{
	struct inotify *other;
	int have = 0;

	spin_lock(&notify_lock);
	list_for_each_entry (other, &all_instances, all)
		have += other->uid == n->uid;
	if (have < atomic_load(&inotify_max_instances))
		list_add_tail(&n->all, &all_instances);
	spin_unlock(&notify_lock);
	return !list_empty(&n->all);
}

struct file *inotify_create(unsigned flags, const struct cred *c)
{
	struct inotify *n;
	struct file *f = ERR_PTR(-EMFILE);

	if (flags & ~(unsigned)(IN_CLOEXEC | IN_NONBLOCK))
		return ERR_PTR(-EINVAL);
	n = kzalloc(sizeof(*n));
	if (!n)
		return ERR_PTR(-ENOMEM);
	list_init(&n->events);
	list_init(&n->watches);
	list_init(&n->all);
	n->wds = IDR_INIT;
	n->overflow = (struct event){ .wd = -1, .mask = IN_Q_OVERFLOW };
	list_init(&n->overflow.link);
	waitq_init(&n->wait);
	n->uid = c->euid;
	if (join(n)) {
		f = file_alloc_anon("anon_inode:inotify", 0600, &inotify_ops, flags & IN_NONBLOCK, n, c);
		if (f)
			return f;
		f = ERR_PTR(-ENOMEM);
	}
	spin_lock(&notify_lock);
	list_del(&n->all);
	spin_unlock(&notify_lock);
	kfree(n);
	return f;
}
