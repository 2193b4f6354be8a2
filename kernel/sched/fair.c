/* SPDX-License-Identifier: MIT
 *
 * sched/fair.c - the fair class: earliest eligible virtual deadline first (EEVDF)
 *
 * Owns:      struct fair_queue; vruntime, deadline, vlag and weight of threads.
 * Layer:     sched.  Called by core.c and balance.c only.
 * Locks:     every function runs under the run queue's lock.
 * Contexts:  any, irqs off; never sleeps.
 * Manual:    sched(7) (nice, SCHED_BATCH, SCHED_IDLE); I. Stoica, H. Abdel-Wahab: Earliest Eligible Virtual
 *            Deadline First, 1995.
 * Tests:     tests/abi/sched2.c
 *
 * Theory
 * ------
 * A thread with weight w that runs for t ns ages by  t * 1024 / w  in its virtual time, `vruntime`: heavy
 * threads age slowly.  If all aged alike, each would have its share.  The virtual time V of the queue is the
 * weighted mean of all vruntimes:
 *
 *          sum w_i * v_i                            lag_i = V - v_i
 *     V = ---------------     a thread with lag >= 0 has had too little: it is *eligible*.
 *            sum w_i
 *
 * Each thread asks for a slice; its virtual deadline is the virtual time at which it should have had it.  Of
 * the eligible threads the one with the earliest deadline runs.  So shares are proportional to weights, and a
 * thread that asked for a shorter slice, or has slept with lag in hand, comes first.
 *
 * V changes with each ns that passes; instead of keeping it, the queue keeps sum w and sum w*(v - base), with
 * `base` a recent V so that products stay small:  v_i is eligible  <=>  (v_i - base) * sum_w <= sum_wv.
 * A thread that goes to sleep remembers its lag and is placed at V - lag when it comes back: sleeping neither
 * earns nor loses.  The running thread stands outside the tree; its part is added where V is computed.
 */
#include <sched/rq.h>
#include <lib/bitmap.h>

/* 1024 * 1.25^-nice, rounded: one nice step is about 10 % of CPU time between two threads. */
static const u32 nice_weights[40] = {
	88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916, 9548, 7620, 6100, 4904,
	3906,  3121,  2501,  1991,  1586,  1277,  1024,  820,   655,   526,   423,  335,  272,  215,
	172,   137,   110,   87,    70,    56,    45,    36,    29,    23,    18,   15,
};
/* |vruntime - base| beyond which the base is moved: weight (17 bits) * key * threads fits 63 bits. */
#define FAIR_REBASE (1LL << 33)

void fair_init(struct fair_queue *q)
{
	*q = (struct fair_queue){ .tree = RB_ROOT };
}

void fair_set_weight(struct thread *t)
{
	assert(t->nice >= -20 && t->nice <= 19);
	t->weight = t->policy == POLICY_IDLE ? SCHED_WEIGHT_IDLE : nice_weights[t->nice + 20];
}

u64 fair_virtual(const struct thread *t, u64 ns)
{
	if (likely(t->weight == SCHED_WEIGHT_0))
		return ns;
	return ns * SCHED_WEIGHT_0 / t->weight;
}

static bool fair_counts(const struct thread *t)
{
	return !t->is_idle && !policy_is_rt(t->policy);
}

/* V relative to base, of the tree and the running thread. *load is the sum of weights. */
static s64 fair_mean(const struct run_queue *rq, u64 *load)
{
	const struct fair_queue *q = &rq->fair;
	const struct thread *c = rq->curr;
	s64 sum = q->sum_wv;
	u64 w = q->sum_w;

	if (c->on_rq && fair_counts(c)) {
		sum += (s64)(c->vruntime - q->base) * c->weight;
		w += c->weight;
	}
	*load = w;
	return w ? sum / (s64)w : 0;
}

static void fair_rebase(struct fair_queue *q, u64 base)
{
	q->sum_wv -= (s64)(base - q->base) * (s64)q->sum_w;
	q->base = base;
}

void fair_place(struct run_queue *rq, struct thread *t)
{
	struct fair_queue *q = &rq->fair;
	const struct thread *c = rq->curr;
	s64 mean = 0, lag = t->vlag;
	u64 load;

	if (q->nr) {
		mean = fair_mean(rq, &load);
	} else { /* the running thread alone, and fair_charge keeps base at its time; or nobody */
		load = c->on_rq && fair_counts(c) ? c->weight : 0;
	}
	/* Its own weight will pull V towards it; a lag enlarged by that is what remains of it afterwards. */
	if (load == t->weight)
		lag *= 2;
	else
		lag = load ? lag * (s64)(load + t->weight) / (s64)load : 0;
	t->vruntime = q->base + (u64)(mean - lag);
	t->deadline = t->vruntime + fair_virtual(t, t->slice_ns);
}

void fair_insert(struct fair_queue *q, struct thread *t)
{
	struct rb_node **link = &q->tree.node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if ((s64)(t->deadline - rb_entry(parent, struct thread, rb)->deadline) < 0) {
			link = &parent->left;
		} else {
			link = &parent->right;
			leftmost = false;
		}
	}
	rb_insert(&q->tree, &t->rb, parent, link);
	if (leftmost)
		q->first = &t->rb;
	q->sum_wv += (s64)(t->vruntime - q->base) * t->weight;
	q->sum_w += t->weight;
	q->nr++;
}

void fair_remove(struct fair_queue *q, struct thread *t)
{
	assert(q->nr > 0);
	if (q->first == &t->rb)
		q->first = q->nr > 1 ? rb_next(&t->rb) : NULL;
	rb_erase(&q->tree, &t->rb);
	q->sum_wv -= (s64)(t->vruntime - q->base) * t->weight;
	q->sum_w -= t->weight;
	q->nr--;
}

void fair_save_lag(struct run_queue *rq, struct thread *t)
{
	struct fair_queue *q = &rq->fair;

	if (q->nr == 0 && t == rq->curr) { /* alone: V is its own time */
		t->vlag = 0;
		q->base = t->vruntime;
		return;
	}
	const struct thread *c = rq->curr;
	s64 limit = (s64)fair_virtual(t, 2 * t->slice_ns);
	s64 key = (s64)(t->vruntime - q->base);
	s64 sum = q->sum_wv + key * t->weight;
	u64 load = q->sum_w + t->weight;

	if (c != t && c->on_rq && fair_counts(c)) {
		sum += (s64)(c->vruntime - q->base) * c->weight;
		load += c->weight;
	}
	s64 lag = sum / (s64)load - key;

	t->vlag = lag > limit ? limit : lag < -limit ? -limit : lag;
}

struct thread *fair_pick(struct fair_queue *q)
{
	struct rb_node *n = q->first;

	if (!n)
		return NULL;
	if (q->nr > 1) {
		/* One is always eligible, most often among the first; the scan is bounded for crowds. */
		for (unsigned i = 0; n && i < SCHED_PICK_SCAN; i++, n = rb_next(n)) {
			struct thread *t = rb_entry(n, struct thread, rb);
			if ((s64)(t->vruntime - q->base) * (s64)q->sum_w <= q->sum_wv)
				return t;
		}
	}
	return rb_entry(q->first, struct thread, rb);
}

struct thread *fair_last(struct fair_queue *q, cpumask_t cpu_bit)
{
	unsigned scanned = 0;

	for (struct rb_node *n = rb_last(&q->tree); n && scanned < SCHED_PICK_SCAN;
	     n = rb_prev(n), scanned++) {
		struct thread *t = rb_entry(n, struct thread, rb);
		if (t->allowed & cpu_bit)
			return t;
	}
	return NULL;
}

void fair_charge(struct run_queue *rq, struct thread *t, u64 ns)
{
	struct fair_queue *q = &rq->fair;

	t->vruntime += fair_virtual(t, ns);
	if (q->nr == 0)
		q->base = t->vruntime; /* sums are zero */
	else if (unlikely((s64)(t->vruntime - q->base) > FAIR_REBASE))
		fair_rebase(q, t->vruntime);

	if ((s64)(t->vruntime - t->deadline) >= 0) { /* it got what it asked for: a new request */
		t->deadline = t->vruntime + fair_virtual(t, t->slice_ns);
		if (rq->nr_running > 1)
			rq_set_resched(rq);
	}
}

bool fair_preempts(const struct run_queue *rq, const struct thread *woken)
{
	const struct thread *c = rq->curr;
	u64 load;

	if (c->policy == POLICY_IDLE && woken->policy != POLICY_IDLE)
		return true;
	if (woken->policy != POLICY_NORMAL)
		return false; /* sched(7): batch and idle threads do not preempt */
	if ((s64)(woken->deadline - c->deadline) >= 0)
		return false;
	return (s64)(woken->vruntime - rq->fair.base) <= fair_mean(rq, &load);
}
