/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/journal.c - handles, transactions, commit
 *
 * Owns:      struct ext4_txn, the running transaction, the journal's thread.
 * Layer:     fs/ext4.
 * Locks:     journal->lock (spinlock): the running transaction, its lists, buffer->txn. commit_lock: commits
 *            and writing home. A thread that waits here for others' handles holds none itself.
 * Contexts:  process context; may sleep.
 * Manual:    the ext4 disk layout, "Journal (jbd2)".
 * Tests:     tests/ext4 (crashes at every write of a workload).
 *
 * Theory
 * ------
 * What belongs together is changed inside a handle; many handles make a transaction, and a transaction is on the
 * disk wholly or not at all.
 *
 *      handle handle handle ...            handle handle ...
 *      '--- transaction 7: commits ---'    '--- 8: running ---
 *
 *   running      handles add buffers: ext4_access before the first change.
 *   commit       no new handles; those open end; each buffer's bytes are copied (`frozen`), and the next
 *                transaction may begin. The copies go to the log, then the commit block, after which it counts.
 *   home         sooner or later the copies go to their own places (journal_write.c), and the log has room again.
 *
 * Without a journal (ext2) everything is the same, but that the copies go home at once.
 *
 * Ordered data: who writes back a file's new blocks keeps the handle open until the data is on its way back from
 * the disk. As a commit waits for handles, no transaction can commit a block whose data is not written.
 */
#include "jbd2.h"
#include <base/clock.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <sched/timer.h>

enum { COMMIT_SECONDS = 5 };

static bool tid_reached(u32 done, u32 tid)
{
	return (s32)(done - tid) >= 0;
}

bool ext4_committed(struct ext4_fs *fs, u32 tid)
{
	return !tid || tid_reached(atomic_load(&fs->journal->committed), tid);
}

u32 ext4_last_tid(struct ext4_fs *fs)
{
	return fs->journal ? atomic_load(&fs->journal->next_tid) - 1 : 0;
}

/* ---- handles ---- */

static struct ext4_txn *txn_alloc(void)
{
	struct ext4_txn *t = kzalloc(sizeof(*t));

	if (!t)
		return NULL;
	list_init(&t->buffers);
	list_init(&t->freed);
	list_init(&t->home);
	list_init(&t->link);
	t->started = clock_monotonic();
	return t;
}

static struct ext4_handle *own_handle(struct ext4_journal *j) MUST_HOLD(&j->lock)
{
	struct ext4_handle *h;

	list_for_each_entry (h, &j->handles, link)
		if (h->thread == thread_current())
			return h;
	return NULL;
}

static bool journal_locked(struct ext4_journal *j)
{
	bool locked;

	spin_lock(&j->lock);
	locked = j->locked;
	spin_unlock(&j->lock);
	return locked;
}

/* 0: joined; 1: wait for the commit that waits for us; 2: commit *tid first; 3: there is no transaction. */
static int try_join(struct ext4_journal *j, struct ext4_handle *h, unsigned credits, u32 *tid)
        MUST_HOLD(&j->lock)
{
	struct ext4_txn *t = j->running;

	h->outer = own_handle(j);
	if (h->outer) {
		h->txn = h->outer->txn;
		return 0;
	}
	if (j->locked)
		return 1;
	if (!t)
		return 3;
	*tid = t->tid;
	if (t->nr_buffers && t->nr_buffers + t->outstanding + credits > j->max_txn)
		return 2;
	t->nr_handles++;
	t->outstanding += credits;
	h->txn = t;
	h->credits = credits;
	list_add(&h->link, &j->handles);
	return 0;
}

int ext4_start(struct ext4_fs *fs, struct ext4_handle *h, unsigned credits)
{
	struct ext4_journal *j = fs->journal;
	struct ext4_txn *new = NULL;
	int err = 0, r = -1;
	u32 tid = 0;

	*h = (struct ext4_handle){ .fs = fs, .thread = thread_current() };
	while (r && !err) {
		if (atomic_load(&fs->failed) || fs->read_only || atomic_load(&j->error)) {
			err = -EROFS;
			break;
		}
		spin_lock(&j->lock);
		r = try_join(j, h, credits, &tid);
		if (r == 3 && new) {
			new->tid = j->next_tid++;
			j->running = new;
			new = NULL;
		}
		spin_unlock(&j->lock);
		if (r == 1)
			wait_event(&j->wait, !journal_locked(j));
		else if (r == 2)
			err = ext4_commit(fs, tid);
		else if (r == 3 && !new && !(new = txn_alloc()))
			err = -ENOMEM;
	}
	kfree(new);
	return err;
}

int ext4_stop(struct ext4_handle *h, int err)
{
	struct ext4_journal *j = h->fs->journal;
	struct ext4_txn *t = h->txn;
	bool last;

	if (h->outer)
		return err;
	spin_lock(&j->lock);
	assert(t->nr_handles > 0);
	t->outstanding -= MIN(t->outstanding, h->credits);
	list_del(&h->link);
	last = !--t->nr_handles;
	spin_unlock(&j->lock);
	if (last)
		waitq_wake_all(&j->wait);
	return err;
}

bool ext4_extend(struct ext4_handle *h, unsigned credits)
{
	struct ext4_journal *j = h->fs->journal;
	struct ext4_handle *top = h->outer ? h->outer : h;
	struct ext4_txn *t = h->txn;
	bool ok;

	spin_lock(&j->lock);
	ok = top->credits >= credits;
	if (!ok && !j->locked && t->nr_buffers + t->outstanding + credits <= j->max_txn) {
		t->outstanding += credits - top->credits;
		top->credits = credits;
		ok = true;
	}
	spin_unlock(&j->lock);
	return ok;
}

/* ---- buffers ---- */

static bool txn_done(struct ext4_txn **place, struct ext4_journal *j, struct ext4_txn *t)
{
	bool done;

	spin_lock(&j->lock);
	done = *place != t;
	spin_unlock(&j->lock);
	return done;
}

/* b was freed by the transaction that commits now: it stays that one's until the end. */
static void wait_for_other(struct ext4_handle *h, struct ext4_buffer *b)
{
	struct ext4_journal *j = h->fs->journal;
	struct ext4_txn *t;

	spin_lock(&j->lock);
	t = b->txn;
	spin_unlock(&j->lock);
	if (t && t != h->txn)
		wait_event(&j->wait, txn_done(&b->txn, j, t));
}

static void use_credit(struct ext4_handle *h)
{
	struct ext4_handle *top = h->outer ? h->outer : h;

	if (top->credits) {
		top->credits--;
		h->txn->outstanding--;
	}
}

/* Under the lock: b joins the list of what is logged, or of what is revoked. */
static void join(struct ext4_handle *h, struct ext4_buffer *b, bool freed)
{
	struct ext4_txn *t = h->txn;

	if (b->txn == t) {
		if (freed == !!(b->flags & BUF_FREED))
			return;
		list_del(&b->txn_link);
		freed ? t->nr_buffers-- : t->nr_freed--;
	} else {
		assert(!b->txn);
		ext4_buffer_hold(b);
		b->txn = t;
	}
	if (freed) {
		list_add_tail(&b->txn_link, &t->freed);
		t->nr_freed++;
		atomic_or(&b->flags, BUF_FREED);
	} else {
		list_add_tail(&b->txn_link, &t->buffers);
		t->nr_buffers++;
		atomic_and(&b->flags, ~(u32)BUF_FREED);
		use_credit(h);
	}
}

int ext4_access(struct ext4_handle *h, struct ext4_buffer *b)
{
	struct ext4_journal *j = h->fs->journal;
	char *frozen = NULL;

	if (b->txn == h->txn && !(b->flags & BUF_FREED))
		return 0;
	wait_for_other(h, b);
	for (;;) {
		spin_lock(&j->lock);
		if (!b->frozen && frozen) {
			b->frozen = frozen;
			frozen = NULL;
		}
		if (b->frozen) {
			join(h, b, false);
			spin_unlock(&j->lock);
			kfree(frozen);
			return 0;
		}
		spin_unlock(&j->lock);
		frozen = kmalloc(h->fs->block_size, 0);
		if (!frozen)
			return -ENOMEM;
	}
}

int ext4_revoke(struct ext4_handle *h, u64 block)
{
	struct ext4_journal *j = h->fs->journal;
	struct ext4_buffer *b = ext4_buffer_get(h->fs, block);

	if (IS_ERR(b))
		return (int)PTR_ERR(b);
	wait_for_other(h, b);
	spin_lock(&j->lock);
	join(h, b, true);
	spin_unlock(&j->lock);
	ext4_buffer_forget(h->fs, b);
	ext4_buffer_put(h->fs, b);
	return 0;
}

/* ---- commit ---- */

/* The handles are closed: keeps each buffer's bytes as they are now. */
static void snapshot(struct ext4_journal *j, struct ext4_txn *t) MUST_HOLD(&j->commit_lock)
{
	struct ext4_fs *fs = j->fs;
	struct ext4_buffer *b, *next;

	ext4_bitmaps_seal(fs);
	list_for_each_entry_safe (b, next, &t->buffers, txn_link) {
		struct ext4_txn *before;

		if (b->seal)
			b->seal(fs, b);
		memcpy(b->frozen, b->data, fs->block_size);
		spin_lock(&j->lock);
		list_del(&b->txn_link);
		b->txn = NULL;
		before = b->home_txn;
		if (before)
			list_del(&b->home_link);
		b->home_txn = t;
		list_add_tail(&b->home_link, &t->home); /* with the reference of txn_link */
		spin_unlock(&j->lock);
		if (before)
			ext4_buffer_put(fs, b);
	}
}

/* The blocks that are no metadata any more: no copy of them goes home. */
static void drop_freed(struct ext4_journal *j, struct ext4_txn *t) MUST_HOLD(&j->commit_lock)
{
	while (!list_empty(&t->freed)) {
		struct ext4_buffer *b = list_first_entry(&t->freed, struct ext4_buffer, txn_link);
		bool was_home;

		spin_lock(&j->lock);
		list_del(&b->txn_link);
		b->txn = NULL;
		atomic_and(&b->flags, ~(u32)BUF_FREED);
		was_home = b->home_txn != NULL;
		if (was_home)
			list_del(&b->home_link);
		b->home_txn = NULL;
		spin_unlock(&j->lock);
		ext4_buffer_forget(j->fs, b);
		if (was_home)
			ext4_buffer_put(j->fs, b);
		ext4_buffer_put(j->fs, b);
	}
}

static bool handles_closed(struct ext4_journal *j, struct ext4_txn *t)
{
	bool closed;

	spin_lock(&j->lock);
	closed = !t->nr_handles;
	spin_unlock(&j->lock);
	return closed;
}

/* Stops new handles, waits for the open ones, takes the copies, and lets the next transaction begin. */
static struct ext4_txn *close_running(struct ext4_journal *j) MUST_HOLD(&j->commit_lock)
{
	struct ext4_txn *t;

	spin_lock(&j->lock);
	t = j->running;
	if (t)
		j->locked = true;
	spin_unlock(&j->lock);
	if (!t)
		return NULL;
	wait_event(&j->wait, handles_closed(j, t));
	snapshot(j, t);
	spin_lock(&j->lock);
	j->running = NULL;
	j->locked = false;
	t->state = TXN_COMMITTING;
	spin_unlock(&j->lock);
	waitq_wake_all(&j->wait);
	return t;
}

static int commit_running(struct ext4_journal *j) MUST_HOLD(&j->commit_lock)
{
	struct ext4_txn *t = close_running(j);
	int err = j->error;

	if (!t)
		return err;
	if (!err && j->has_log && (!list_empty(&t->home) || !list_empty(&t->freed)))
		err = journal_log(j, t);
	if (err && !atomic_xchg(&j->error, err))
		ext4_abort(j->fs, "the journal cannot be written");
	drop_freed(j, t);
	waitq_wake_all(&j->wait); /* who waits for one of those may hold a group's lock */
	ext4_held_release(j->fs, t->tid);
	t->state = TXN_DONE;
	list_add_tail(&t->link, &j->done);
	if (!j->error && (!j->has_log || j->free < j->maxlen / 2)) {
		err = journal_write_home(j);
		if (err && !atomic_xchg(&j->error, err))
			ext4_abort(j->fs, "metadata cannot be written");
	}
	atomic_store_release(&j->committed, t->tid);
	waitq_wake_all(&j->wait);
	if (list_empty(&t->home)) {
		list_del(&t->link);
		kfree(t);
	}
	return err;
}

int ext4_commit(struct ext4_fs *fs, u32 tid)
{
	struct ext4_journal *j = fs->journal;
	int err = 0;

	mutex_lock(&j->commit_lock);
	if (!ext4_committed(fs, tid))
		err = commit_running(j);
	else /* by another thread, perhaps before the caller's data had reached the device */
		err = j->error ? j->error : ext4_dev_flush(fs);
	mutex_unlock(&j->commit_lock);
	return err ? -EIO : 0;
}

int ext4_commit_all(struct ext4_fs *fs)
{
	struct ext4_journal *j = fs->journal;
	int err;

	mutex_lock(&j->commit_lock);
	err = commit_running(j);
	mutex_unlock(&j->commit_lock);
	return err ? -EIO : 0;
}

int ext4_journal_flush(struct ext4_fs *fs)
{
	struct ext4_journal *j = fs->journal;
	int err;

	mutex_lock(&j->commit_lock);
	err = commit_running(j);
	if (!err && !j->error)
		err = journal_write_home(j);
	mutex_unlock(&j->commit_lock);
	return err ? -EIO : 0;
}

/* ---- the thread ---- */

static bool old_enough(struct ext4_journal *j)
{
	bool old;

	spin_lock(&j->lock);
	old = j->running && clock_monotonic() - j->running->started >= COMMIT_SECONDS * NSEC_PER_SEC;
	spin_unlock(&j->lock);
	return old;
}

/* A transaction waits at most some five seconds. */
static void journal_thread(void *arg)
{
	struct ext4_journal *j = arg;

	while (!atomic_load(&j->stop)) {
		/* "Interruptible", though nobody sends it signals: else it would count as load. */
		(void)wait_event_interruptible_until(&j->wait, atomic_load(&j->stop),
		                                     clock_monotonic() + NSEC_PER_SEC);
		if (!atomic_load(&j->stop) && old_enough(j))
			(void)ext4_commit_all(j->fs);
	}
	spin_lock(&j->lock);
	j->thread_done = true;
	waitq_wake_all(&j->wait);
	spin_unlock(&j->lock);
}

static bool thread_gone(struct ext4_journal *j)
{
	bool gone;

	spin_lock(&j->lock);
	gone = j->thread_done;
	spin_unlock(&j->lock);
	return gone;
}

int ext4_journal_begin(struct ext4_fs *fs)
{
	struct ext4_journal *j = fs->journal;

	if (fs->read_only || j->thread)
		return 0;
	j->stop = j->thread_done = false;
	j->thread = kthread_start(journal_thread, j, "ext4_journal", -1);
	return j->thread ? 0 : -ENOMEM;
}

/* What an aborted journal left behind. */
static void discard(struct ext4_journal *j) NO_LOCK_CHECK
{
	while (!list_empty(&j->done)) {
		struct ext4_txn *t = list_first_entry(&j->done, struct ext4_txn, link);

		while (!list_empty(&t->home)) {
			struct ext4_buffer *b = list_first_entry(&t->home, struct ext4_buffer, home_link);

			list_del(&b->home_link);
			b->home_txn = NULL;
			ext4_buffer_put(j->fs, b);
		}
		list_del(&t->link);
		kfree(t);
	}
}

void ext4_journal_close(struct ext4_fs *fs) NO_LOCK_CHECK
{
	struct ext4_journal *j = fs->journal;

	if (!j)
		return;
	if (j->thread) {
		atomic_store(&j->stop, true);
		waitq_wake_all(&j->wait);
		wait_event(&j->wait, thread_gone(j));
	}
	(void)ext4_commit_all(fs); /* of an aborted journal: sets its buffers free */
	discard(j);
	for (unsigned k = 0; k < NR_SCRATCH; k++)
		kfree(j->scratch[k]);
	kfree(j->runs);
	kfree(j->super);
	kfree(j);
	fs->journal = NULL;
}
