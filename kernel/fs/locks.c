/* SPDX-License-Identifier: MIT
 *
 * fs/locks.c - advisory locks
 *
 * Owns:      struct file_lock on inode->locks, the list of sleepers.
 * Layer:     fs.
 * Locks:     locks_lock guards all of it: locks are few, and nothing under it sleeps.
 * Contexts:  process context; F_SETLKW and flock sleep.
 * Manual:    fcntl(2) (advisory record locking), flock(2).
 * Tests:     tests/abi/fdctl.c.
 *
 * Theory
 * ------
 * Three kinds, told apart by their owner: record locks belong to a process (its descriptor table) and go when
 * the process closes ANY descriptor of the file; OFD locks belong to an open file description; flock locks do
 * too, cover the whole file and do not meet the other two.
 *
 * An inode's list holds, for each owner, disjoint ranges.  Setting [s,e] cuts it out of what the owner has
 *
 *       before   rrrrrrrrrrrrr          set W on [s,e]
 *       after    rrrrWWWWWrrrr          one range becomes three: up to two new ones, allocated beforehand
 *
 * and neighbours of the same type melt together.
 *
 * A sleeper says whom it waits for (the owner of the first conflicting lock).  Before a record lock sleeps,
 * the chain "waits for X, who waits for Y ..." is followed; if it comes back to the asker, the answer is
 * EDEADLK.
 */
#include <fs/locks.h>
#include <fs/file.h>
#include <mem/slab.h>
#include <abi/errno.h>

enum kind { KIND_POSIX, KIND_OFD, KIND_FLOCK };
enum { DEADLOCK_DEPTH = 256 };

struct file_lock {
	struct list_head link; /* of inode->locks */
	struct list_head all;
	const struct inode *inode;
	const void *owner;
	pid_t pid;
	enum kind kind;
	int type;          /* F_RDLCK, F_WRLCK, F_UNLCK (in a request) */
	loff_t start, end; /* bytes, both inclusive */
};
struct sleeper {
	struct list_head link;
	const void *owner, *waits_for;
	const struct file_lock *req, *blocker; /* for /proc/locks; the blocker may be gone */
	struct list_head shown;                /* in `waiting` */
	bool wait;
};
static struct spinlock locks_lock = SPINLOCK_INIT("file_locks");
static LIST_HEAD(sleepers); /* for record locks */
static LIST_HEAD(waiting);  /* all of them */
static LIST_HEAD(all_locks);
static struct waitq lock_waitq = WAITQ_INIT(lock_waitq);

/* flock locks and the two others live in different worlds. */
static bool same_world(const struct file_lock *a, const struct file_lock *b)
{
	return (a->kind == KIND_FLOCK) == (b->kind == KIND_FLOCK);
}

static bool conflict(const struct file_lock *a, const struct file_lock *b)
{
	return same_world(a, b) && a->owner != b->owner && a->start <= b->end && b->start <= a->end &&
	       (a->type == F_WRLCK || b->type == F_WRLCK);
}

static struct file_lock *find_conflict(struct inode *i, const struct file_lock *req) MUST_HOLD(&locks_lock)
{
	struct file_lock *l;

	list_for_each_entry (l, &i->locks, link)
		if (conflict(l, req))
			return l;
	return NULL;
}

static bool would_deadlock(const void *me, const void *blocker) MUST_HOLD(&locks_lock)
{
	for (int depth = 0; depth < DEADLOCK_DEPTH; depth++) {
		struct sleeper *s;
		const void *next = NULL;

		if (blocker == me)
			return true;
		list_for_each_entry (s, &sleepers, link)
			if (s->owner == blocker)
				next = s->waits_for;
		if (!next)
			return false;
		blocker = next;
	}
	return false;
}

static void lock_free(struct file_lock *l) MUST_HOLD(&locks_lock)
{
	list_del(&l->link);
	list_del(&l->all);
	kfree(l);
}

/* Takes the request's range out of l, which has another type; the right rest goes into *spare if there are
 * two rests. Returns true when nothing of l is left. */
static bool cut(struct file_lock *l, loff_t start, loff_t end, struct file_lock **spare)
{
	if (l->start >= start && l->end <= end)
		return true;
	if (l->start < start && l->end > end) {
		struct file_lock *right = *spare;

		*spare = NULL;
		*right = *l;
		right->start = end + 1;
		l->end = start - 1;
		list_add(&right->link, &l->link);
		list_add(&right->all, &l->all);
	} else if (l->start < start) {
		l->end = start - 1;
	} else {
		l->start = end + 1;
	}
	return false;
}

/* Same type: do they touch or overlap?  (Ranges reach to INT64_MAX, so no +1 on an end.) */
static bool adjoins(const struct file_lock *l, loff_t start, loff_t end)
{
	return (l->start <= end || l->start - 1 == end) && (l->end >= start || l->end == start - 1);
}

/* Applies a request that conflicts with nobody. spare[0] for the lock, spare[1] for a split; used ones become
 * NULL. */
static void apply(struct inode *i, const struct file_lock *req, struct file_lock **spare)
        MUST_HOLD(&locks_lock)
{
	struct file_lock *l, *next, *new = spare[0];

	*new = *req;
	list_for_each_entry_safe (l, next, &i->locks, link) {
		bool gone;

		if (l->owner != req->owner || l->kind != req->kind)
			continue;
		if (l->type == req->type) {
			gone = adjoins(l, new->start, new->end);
			if (gone) {
				new->start = MIN(new->start, l->start);
				new->end = MAX(new->end, l->end);
			}
		} else {
			gone = l->start <= req->end && req->start <= l->end &&
			       cut(l, req->start, req->end, &spare[1]);
		}
		if (gone)
			lock_free(l);
	}
	if (req->type != F_UNLCK) {
		new->inode = i;
		list_add_tail(&new->link, &i->locks);
		list_add(&new->all, &all_locks); /* the newest first, as Linux shows them */
		spare[0] = NULL;
	}
}

static void sleeper_unlink(struct sleeper *s) MUST_HOLD(&locks_lock)
{
	list_del(&s->link);
	list_init(&s->link);
	list_del(&s->shown);
	list_init(&s->shown);
}

/* Tries once. 0, -EAGAIN (s->waits_for says whom for), -EDEADLK. */
static int try_lock(struct inode *i, const struct file_lock *req, struct file_lock **spare, struct sleeper *s)
{
	struct file_lock *l;
	int err = 0;

	spin_lock(&locks_lock);
	sleeper_unlink(s);
	l = req->type == F_UNLCK ? NULL : find_conflict(i, req);
	if (!l) {
		apply(i, req, spare);
	} else if (req->kind == KIND_POSIX && would_deadlock(req->owner, l->owner)) {
		err = -EDEADLK;
	} else {
		err = -EAGAIN;
		s->owner = req->owner;
		s->waits_for = l->owner;
		s->req = req;
		s->blocker = l;
		if (s->wait)
			list_add_tail(&s->shown, &waiting);
		if (req->kind == KIND_POSIX)
			list_add(&s->link, &sleepers);
	}
	spin_unlock(&locks_lock);
	return err;
}

static void sleeper_leave(struct sleeper *s)
{
	spin_lock(&locks_lock);
	sleeper_unlink(s);
	spin_unlock(&locks_lock);
}

static int set_lock(struct inode *i, const struct file_lock *req, bool wait)
{
	struct file_lock *spare[2] = { kmalloc(sizeof(*req), 0), kmalloc(sizeof(*req), 0) };
	struct sleeper s;
	int err = -ENOLCK, slept;

	list_init(&s.link);
	list_init(&s.shown);
	s.wait = wait;
	if (!spare[0] || !spare[1])
		goto out;
	err = try_lock(i, req, spare, &s);
	if (err == -EAGAIN && wait) {
		slept = wait_event_interruptible(&lock_waitq, (err = try_lock(i, req, spare, &s)) != -EAGAIN);
		if (slept)
			err = slept;
	} else if (err == -EDEADLK && !wait) {
		err = -EAGAIN;
	}
	sleeper_leave(&s);
	if (!err) /* what was changed or given up may let others go on */
		waitq_wake_all(&lock_waitq);
out:
	kfree(spare[0]);
	kfree(spare[1]);
	return err;
}

/* ---- fcntl ---- */

/* The range of l in absolute, inclusive offsets. 0, -EINVAL, -EOVERFLOW. */
static int decode_range(const struct file *f, const struct flock_k *l, struct file_lock *req)
{
	loff_t base, start, last;

	switch (l->l_whence) {
	case SEEK_SET:
		base = 0;
		break;
	case SEEK_CUR:
		base = f->pos;
		break;
	case SEEK_END:
		base = atomic_load(&f->inode->size);
		break;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(base, l->l_start, &start))
		return -EOVERFLOW;
	if (start < 0)
		return -EINVAL;
	last = INT64_MAX;
	if (l->l_len > 0) {
		if (__builtin_add_overflow(start, l->l_len - 1, &last))
			return -EOVERFLOW;
	} else if (l->l_len < 0) {
		last = start - 1;
		start += l->l_len; /* cannot overflow: start >= 0 */
		if (start < 0)
			return -EINVAL;
	}
	req->start = start;
	req->end = last;
	return 0;
}

static void get_lock(struct inode *i, const struct file_lock *req, struct flock_k *l)
{
	struct file_lock *c;

	spin_lock(&locks_lock);
	c = find_conflict(i, req);
	if (!c) {
		l->l_type = F_UNLCK;
	} else {
		l->l_type = (s16)c->type;
		l->l_whence = SEEK_SET;
		l->l_start = c->start;
		l->l_len = c->end == INT64_MAX ? 0 : c->end - c->start + 1;
		l->l_pid = c->kind == KIND_POSIX ? c->pid : -1;
	}
	spin_unlock(&locks_lock);
}

int locks_fcntl(struct file *f, int cmd, struct flock_k *l, void *owner, pid_t pid)
{
	bool ofd = cmd == F_OFD_GETLK || cmd == F_OFD_SETLK || cmd == F_OFD_SETLKW;
	bool get = cmd == F_GETLK || cmd == F_OFD_GETLK;
	struct file_lock req = { .owner = ofd ? (void *)f : owner,
		                 .pid = pid,
		                 .kind = ofd ? KIND_OFD : KIND_POSIX,
		                 .type = l->l_type };
	int err;

	if (ofd && l->l_pid)
		return -EINVAL;
	if (l->l_type != F_RDLCK && l->l_type != F_WRLCK && (get || l->l_type != F_UNLCK))
		return -EINVAL;
	err = decode_range(f, l, &req);
	if (err)
		return err;
	if (get) {
		get_lock(f->inode, &req, l);
		return 0;
	}
	if ((req.type == F_RDLCK && !(f->mode & FMODE_READ)) ||
	    (req.type == F_WRLCK && !(f->mode & FMODE_WRITE)))
		return -EBADF;
	return set_lock(f->inode, &req, cmd == F_SETLKW || cmd == F_OFD_SETLKW);
}

/* ---- flock ---- */

int locks_flock(struct file *f, int op, pid_t pid)
{
	struct file_lock req = { .owner = f, .pid = pid, .kind = KIND_FLOCK, .start = 0, .end = INT64_MAX };
	int err;

	switch (op & ~LOCK_NB) {
	case LOCK_SH:
		req.type = F_RDLCK;
		break;
	case LOCK_EX:
		req.type = F_WRLCK;
		break;
	case LOCK_UN:
		req.type = F_UNLCK;
		break;
	default:
		return -EINVAL;
	}
	f->flocked = true;
	err = set_lock(f->inode, &req, !(op & LOCK_NB));
	return err == -ENOLCK ? -ENOMEM : err;
}

/* ---- the ends of owners ---- */

static void drop_owner(struct inode *i, const void *owner, bool posix)
{
	struct file_lock *l, *next;
	bool any = false;

	spin_lock(&locks_lock);
	list_for_each_entry_safe (l, next, &i->locks, link) {
		if (l->owner != owner || (l->kind == KIND_POSIX) != posix)
			continue;
		lock_free(l);
		any = true;
	}
	spin_unlock(&locks_lock);
	if (any)
		waitq_wake_all(&lock_waitq);
}

void locks_close(struct file *f, void *owner)
{
	drop_owner(f->inode, owner, true);
}

void locks_release(struct file *f)
{
	drop_owner(f->inode, f, false);
}

/* ---- /proc/locks ---- */

static void show_one(const struct file_lock *l, const struct inode *i, unsigned nr, bool waits,
                     void (*fn)(const struct lock_info *l, void *ctx), void *ctx)
{
	static const char *const kinds[] = {
		[KIND_POSIX] = "POSIX", [KIND_OFD] = "OFDLCK", [KIND_FLOCK] = "FLOCK"
	};
	struct lock_info info = {
		nr,         waits,  l->type == F_WRLCK, kinds[l->kind], l->kind == KIND_OFD ? -1 : l->pid,
		i->sb->dev, i->ino, l->start,           l->end
	};

	fn(&info, ctx);
}

void locks_for_each(void (*fn)(const struct lock_info *l, void *ctx), void *ctx)
{
	const struct file_lock *l;
	struct sleeper *s;
	unsigned nr = 0;

	spin_lock(&locks_lock);
	list_for_each_entry (l, &all_locks, all) {
		show_one(l, l->inode, ++nr, false, fn, ctx);
		list_for_each_entry (s, &waiting, shown)
			if (s->blocker == l)
				show_one(s->req, l->inode, nr, true, fn, ctx);
	}
	spin_unlock(&locks_lock);
}
