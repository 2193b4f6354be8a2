/* SPDX-License-Identifier: MIT
 * lib/list.h - circular doubly linked intrusive lists.  The caller locks. */
#pragma once
#include <abi/types.h>

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD_INIT(name) { &(name), &(name) }
#define LIST_HEAD(name) struct list_head name = LIST_HEAD_INIT(name)

static inline void list_init(struct list_head *h) { h->next = h->prev = h; }
static inline bool list_empty(const struct list_head *h) { return h->next == h; }
static inline void list_insert_between(struct list_head *n, struct list_head *prev, struct list_head *next)
{
	next->prev = n;
	n->next = next;
	n->prev = prev;
	prev->next = n;
}
static inline void list_add(struct list_head *n, struct list_head *h) { list_insert_between(n, h, h->next); }
static inline void list_add_tail(struct list_head *n, struct list_head *h) { list_insert_between(n, h->prev, h); }
/* Unlinks n and leaves it an empty list, so that a second list_del is harmless. */
static inline void list_del(struct list_head *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	list_init(n);
}
static inline void list_move_tail(struct list_head *n, struct list_head *h)
{
	list_del(n);
	list_add_tail(n, h);
}
/* Moves all of `from` to the end of `to`; `from` is empty afterwards. */
static inline void list_splice_tail(struct list_head *from, struct list_head *to)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

#define list_entry(ptr, type, member) container_of(ptr, type, member)
#define list_first_entry(h, type, member) list_entry((h)->next, type, member)
#define list_last_entry(h, type, member) list_entry((h)->prev, type, member)
#define list_for_each_entry(pos, h, member)                                                                  \
	for (pos = list_entry((h)->next, __typeof__(*pos), member); &pos->member != (h);                     \
	     pos = list_entry(pos->member.next, __typeof__(*pos), member))
#define list_for_each_entry_safe(pos, nx, h, member)                                                         \
	for (pos = list_entry((h)->next, __typeof__(*pos), member),                                          \
	    nx = list_entry(pos->member.next, __typeof__(*pos), member);                                     \
	     &pos->member != (h); pos = nx, nx = list_entry(nx->member.next, __typeof__(*nx), member))

/* Hash chains: one pointer a bucket. */
struct hlist_node {
	struct hlist_node *next, **pprev;
};
struct hlist_head {
	struct hlist_node *first;
};
static inline void hlist_add_head(struct hlist_node *n, struct hlist_head *h)
{
	n->next = h->first;
	if (n->next)
		n->next->pprev = &n->next;
	n->pprev = &h->first;
	__atomic_store_n(&h->first, n, __ATOMIC_RELEASE); /* RCU readers see a whole node */
}
static inline bool hlist_unhashed(const struct hlist_node *n) { return !n->pprev; }
/* Unlinks n but leaves n->next, so that an RCU reader standing on it can go on. */
static inline void hlist_del(struct hlist_node *n)
{
	if (!n->pprev)
		return;
	__atomic_store_n(n->pprev, n->next, __ATOMIC_RELEASE);
	if (n->next)
		n->next->pprev = n->pprev;
	n->pprev = NULL;
}
#define hlist_for_each_entry(pos, h, member)                                                                 \
	for (struct hlist_node *it_ = __atomic_load_n(&(h)->first, __ATOMIC_ACQUIRE);                        \
	     it_ && (pos = container_of(it_, __typeof__(*pos), member), true);                               \
	     it_ = __atomic_load_n(&it_->next, __ATOMIC_ACQUIRE))
