/* SPDX-License-Identifier: MIT
 * proc/lookup.c - tasks by number, walks over all of them, and what others may see of a task
 *
 * Owns:      nothing; reads what task.c keeps.
 * Layer:     proc.
 * Locks:     by number: RCU.  Threads of a group: proc_lock.  mm, files, fs: task->lock.
 * Contexts:  any; nothing sleeps but task_set_cred.
 * Manual:    proc(5), credentials(7).
 * Tests:     tests/abi/sigq.c, tests/abi/cred.c.
 */
#include <proc/coredump.h>
#include <proc/internal.h>
#include <mem/slab.h>

struct task *task_find_get(pid_t nr)
{
	rcu_read_lock();
	struct pid *p = pid_find_rcu(nr);
	struct task *t = p ? rcu_dereference(p->task) : NULL;
	if (t && !ref_get_unless_zero(&t->ref))
		t = NULL;
	rcu_read_unlock();
	return t;
}

struct task *process_find_get(pid_t tgid)
{
	struct task *t = task_find_get(tgid);

	if (t && atomic_load(&t->group->leader) != t) {
		task_put(t);
		t = NULL;
	}
	return t;
}

struct task *process_next_get(pid_t *tgid)
{
	for (pid_t nr = pid_next_used(*tgid); nr > 0; nr = pid_next_used(nr + 1)) {
		struct task *t = process_find_get(nr);
		if (t) {
			*tgid = nr;
			return t;
		}
	}
	return NULL;
}

struct task *process_next_thread(struct thread_group *g, pid_t *tid)
{
	struct task *t, *best = NULL;
	irqflags_t f = spin_lock_irqsave(&proc_lock);

	list_for_each_entry (t, &g->threads, group_link)
		if (t->pid >= *tid && (!best || t->pid < best->pid))
			best = t;
	if (best) {
		task_get(best);
		*tid = best->pid;
	}
	spin_unlock_irqrestore(&proc_lock, f);
	return best;
}

struct vm_space *task_mm_get(struct task *t)
{
	irqflags_t f = spin_lock_irqsave(&t->lock);
	struct vm_space *mm = t->mm;

	if (mm)
		vm_space_get(mm);
	spin_unlock_irqrestore(&t->lock, f);
	return mm;
}

struct fd_table *task_files_get(struct task *t)
{
	irqflags_t f = spin_lock_irqsave(&t->lock);
	struct fd_table *files = t->files;

	if (files)
		ref_get(&files->ref);
	spin_unlock_irqrestore(&t->lock, f);
	return files;
}

int task_unshare_files(struct task *t)
{
	struct fd_table *mine, *old = t->files;

	if (ref_read(&old->ref) == 1)
		return 0;
	mine = fd_table_copy(old);
	if (!mine)
		return -ENOMEM;
	irqflags_t f = spin_lock_irqsave(&t->lock);
	t->files = mine;
	spin_unlock_irqrestore(&t->lock, f);
	fd_table_put(old);
	return 0;
}

int task_unshare_fs(struct task *t)
{
	struct fs_ctx *mine, *old = t->fs;

	if (ref_read(&old->ref) == 1)
		return 0;
	mine = fs_ctx_copy(old);
	if (!mine)
		return -ENOMEM;
	irqflags_t f = spin_lock_irqsave(&t->lock);
	t->fs = mine;
	spin_unlock_irqrestore(&t->lock, f);
	fs_ctx_put(old);
	return 0;
}

struct fs_ctx *task_fs_get(struct task *t)
{
	irqflags_t f = spin_lock_irqsave(&t->lock);
	struct fs_ctx *fs = t->fs;

	if (fs)
		ref_get(&fs->ref);
	spin_unlock_irqrestore(&t->lock, f);
	return fs;
}

/* Credentials. */

const struct cred *task_cred_get(struct task *t)
{
	const struct cred *c;

	/* A cred that is replaced keeps its reference until RCU readers are done, so the count is not 0 here.
	 */
	rcu_read_lock();
	c = cred_get(rcu_dereference(t->cred));
	rcu_read_unlock();
	return c;
}

struct cred_drop {
	struct rcu_head rcu;
	const struct cred *cred;
};

static void cred_drop_rcu(struct rcu_head *h)
{
	struct cred_drop *d = container_of(h, struct cred_drop, rcu);

	cred_put(d->cred);
	kfree(d);
}

void cred_put_deferred(const struct cred *c)
{
	struct cred_drop *d = kmalloc(sizeof(*d), ALLOC_NOFAIL_INJECT);

	if (!d) {
		rcu_synchronize();
		cred_put(c);
		return;
	}
	d->cred = c;
	rcu_call(&d->rcu, cred_drop_rcu);
}

/* The task is counted for its real uid; without memory for the new count it stays with the old one. */
static void task_recount(struct task *t, uid_t uid)
{
	struct user_count *fresh = user_get(uid), *old;
	irqflags_t f;

	if (!fresh)
		return;
	struct sighand *s = sighand_lock(t, &f);
	old = t->user;
	t->user = fresh;
	sighand_unlock(s, f);
	atomic_add(&fresh->processes, 1);
	atomic_sub(&old->processes, 1);
	user_put(old);
}

void task_set_cred(const struct cred *c)
{
	struct task *t = current_task();
	const struct cred *old = t->cred;

	if (old == c) {
		cred_put(c);
		return;
	}
	/* Who gains or loses power must not be read or written by who he was before (ptrace(2), prctl(2)). */
	if (c->euid != old->euid || c->egid != old->egid || c->fsuid != old->fsuid ||
	    c->fsgid != old->fsgid || (c->cap_permitted & ~old->cap_permitted)) {
		if (t->mm)
			atomic_store(&t->mm->dumpable, (u8)suid_dumpable);
		t->pdeath_signal = 0;
	}
	if (c->uid != t->user->uid)
		task_recount(t, c->uid);
	rcu_assign(t->cred, c);
	cred_put_deferred(old);
}

char task_state_char(struct task *t)
{
	if (atomic_load(&t->exiting) == TASK_DEAD)
		return t->group->zombie || t->group->leader == t ? 'Z' : 'X';
	switch (atomic_load(&t->thread.state)) {
	case THREAD_RUNNING:
		return 'R';
	case THREAD_INTERRUPTIBLE:
		return 'S';
	case THREAD_STOPPED:
		return 'T';
	case THREAD_TRACED:
		return 't';
	case THREAD_DEAD:
		return 'X';
	default:
		return 'D';
	}
}
