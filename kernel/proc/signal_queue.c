/* SPDX-License-Identifier: MIT
 * proc/signal_queue.c - pending signals
 *
 * Owns:      struct sigqueue, struct sigpending; the handlers' structure as an object (struct sighand).
 * Layer:     proc.
 * Locks:     sighand->lock (irqs off) guards everything here.
 * Contexts:  any but NMI.
 * Manual:    signal(7): queueing and delivery order; getrlimit(2): RLIMIT_SIGPENDING.
 * Tests:     tests/abi/signal.c, tests/abi/sigq.c.
 *
 * Theory
 * ------
 * A pending signal is a bit in a set and, if there was memory, an entry in the queue with its siginfo.  The
 * signals below SIGRTMIN are pending once, however often they are sent; the real-time signals as often as
 * they are sent, and come in that order.  A bit without an entry delivers a siginfo of zeros: such a signal
 * is late by nothing but its sender's name.
 */
#include <proc/internal.h>
#include <proc/signal.h>
#include <lib/string.h>
#include <mem/slab.h>

static struct kmem_cache *sigqueue_cache, *sighand_cache;

INIT_CODE void signal_init(void)
{
	sigqueue_cache = kmem_cache_create("sigqueue", sizeof(struct sigqueue), 0);
	sighand_cache = kmem_cache_create("sighand", sizeof(struct sighand), 64);
}

/* Handlers. */

struct sighand *sighand_copy(struct sighand *old)
{
	struct sighand *s = kmem_cache_alloc(sighand_cache, old ? 0 : ALLOC_ZERO);

	if (!s)
		return NULL;
	ref_init(&s->ref, 1);
	spin_init(&s->lock, "sighand");
	s->processes = 1;
	if (old) {
		irqflags_t f = spin_lock_irqsave(&old->lock);
		memcpy(s->action, old->action, sizeof(s->action));
		spin_unlock_irqrestore(&old->lock, f);
	}
	return s;
}

void sighand_free_now(struct sighand *s)
{
	if (ref_put(&s->ref))
		kmem_cache_free(sighand_cache, s);
}

static void sighand_free_rcu(struct rcu_head *h)
{
	kmem_cache_free(sighand_cache, container_of(h, struct sighand, rcu));
}

void sighand_put(struct sighand *s)
{
	if (ref_put(&s->ref))
		rcu_call(&s->rcu, sighand_free_rcu);
}

struct sighand *sighand_lock(struct task *t, irqflags_t *f)
{
	for (;;) {
		*f = arch_irq_save();
		struct sighand *s = rcu_dereference(t->sighand); /* lives until this CPU passes a switch */
		spin_lock(&s->lock);
		if (likely(s == t->sighand))
			return s;
		spin_unlock(&s->lock);
		arch_irq_restore(*f);
	}
}

/* Queues. */

void sigqueue_free(struct sigqueue *q)
{
	if (q->timer) { /* the timer's own; it may send it again */
		posix_timer_unqueued(q->timer);
		return;
	}
	if (q->user) {
		atomic_sub(&q->user->sigpending, 1);
		user_put(q->user);
	}
	kmem_cache_free(sigqueue_cache, q);
}

/* Charges t's user.  Signals that the kernel or kill(2) sends are not refused for the limit. */
struct sigqueue *sigqueue_alloc(struct task *t, bool over_limit)
{
	if (!over_limit && (u64)atomic_load(&t->user->sigpending) >= task_rlimit(t, RLIMIT_SIGPENDING))
		return NULL;
	struct sigqueue *q = kmem_cache_alloc(sigqueue_cache, ALLOC_ATOMIC);
	if (!q)
		return NULL;
	q->timer = NULL;
	list_init(&q->link);
	q->user = user_ref(t->user);
	atomic_add(&q->user->sigpending, 1);
	return q;
}

static void siginfo_fill(struct siginfo *out, int sig, const struct siginfo *info)
{
	if (info && info != SIGINFO_KERNEL) {
		*out = *info;
		out->si_signo = sig;
		return;
	}
	memset(out, 0, sizeof(*out));
	out->si_signo = sig;
	if (info == SIGINFO_KERNEL) {
		out->si_code = SI_KERNEL;
	} else {
		struct task *sender = current_task();
		out->si_code = SI_USER;
		out->pid = sender->group->tgid;
		out->uid = sender->cred->uid;
	}
}

int sigpending_add(struct sigpending *p, struct task *t, int sig, const struct siginfo *info)
{
	bool special = !info || info == SIGINFO_KERNEL;
	bool over_limit = sig < SIGRTMIN && (special || info->si_code >= 0);

	if (sig != SIGKILL) { /* nobody will ever see SIGKILL's siginfo */
		struct sigqueue *q = sigqueue_alloc(t, over_limit);
		if (q) {
			siginfo_fill(&q->info, sig, info);
			list_add_tail(&q->link, &p->queue);
		} else if (!special && sig >= SIGRTMIN && info->si_code != SI_USER) {
			return -EAGAIN;
		}
	}
	p->set |= SIGMASK(sig);
	return 0;
}

void sigpending_remove(struct sigpending *p, sigset_k set)
{
	struct sigqueue *q, *next;

	if (!(p->set & set))
		return;
	p->set &= ~set;
	list_for_each_entry_safe (q, next, &p->queue, link) {
		if (SIGMASK(q->info.si_signo) & set) {
			list_del(&q->link);
			list_init(&q->link);
			sigqueue_free(q);
		}
	}
}

void signal_flush(struct sigpending *p)
{
	sigpending_remove(p, ~0UL);
	assert(list_empty(&p->queue));
}

/* Takes the oldest entry of sig; the bit stays while there is another. */
static void sigpending_take(struct sigpending *p, int sig, struct siginfo *info)
{
	struct sigqueue *q, *first = NULL;
	bool more = false;

	list_for_each_entry (q, &p->queue, link) {
		if (q->info.si_signo != sig)
			continue;
		if (first) {
			more = true;
			break;
		}
		first = q;
	}
	if (!more)
		p->set &= ~SIGMASK(sig);
	if (first) {
		list_del(&first->link);
		list_init(&first->link);
		if (first->timer)
			posix_timer_delivered(first->timer, &first->info);
		*info = first->info;
		sigqueue_free(first);
	} else {
		memset(info, 0, sizeof(*info));
		info->si_signo = sig;
	}
}

/* Which comes next: the faults first, since their handler must run where they happened; then the lowest
 * number. */
static int sigset_first(sigset_k set)
{
	if (set & SIGSET_FAULT)
		set &= SIGSET_FAULT;
	return set ? __builtin_ctzll(set) + 1 : 0;
}

int signal_dequeue(struct task *t, sigset_k blocked, struct siginfo *info)
{
	struct sigpending *p = &t->pending;
	int sig = sigset_first(p->set & ~blocked);

	if (!sig) {
		p = &t->group->shared;
		sig = sigset_first(p->set & ~blocked);
	}
	if (!sig)
		return 0;
	sigpending_take(p, sig, info);
	if (SIGMASK(sig) & SIGSET_STOP)
		t->stop_dequeued = true;
	return sig;
}

void signal_recalc(struct task *t)
{
	sigset_k pending = t->pending.set | t->group->shared.set;

	if (t->stop_pending || t->pt.trap_stop || t->pt.trap_notify || t->group->cld_pending ||
	    (pending & ~t->blocked))
		thread_set_flag(&t->thread, TF_SIGPENDING);
	else if (&t->thread == thread_current()) /* others may be about to act on theirs */
		thread_clear_flag(&t->thread, TF_SIGPENDING);
}

bool signal_pending_any(sigset_k set)
{
	struct task *t = current_task();
	irqflags_t f;
	struct sighand *s = sighand_lock_self(t, &f);
	bool any = (t->pending.set | t->group->shared.set) & set;

	sighand_unlock(s, f);
	return any;
}

sigset_k signal_pending_set(void)
{
	struct task *t = current_task();
	irqflags_t f;
	struct sighand *s = sighand_lock_self(t, &f);
	sigset_k set = (t->pending.set | t->group->shared.set) & t->blocked;

	sighand_unlock(s, f);
	return set;
}
