/* SPDX-License-Identifier: MIT
 * mem/slab.c - caches of objects of one size
 *
 * Owns:      struct kmem_cache, the per-CPU magazines, pages with PAGE_SLAB.
 * Layer:     mem.  Uses page.c.
 * Locks:     cache->lock guards the cache's slabs; taken with interrupts off; buddy.lock may be taken under
 * it in freeing only.  A CPU's magazine is used with interrupts off by that CPU alone. Contexts:  any with
 * ALLOC_ATOMIC. Manual:    Bonwick, "The Slab Allocator" (1994); Bonwick and Adams, "Magazines and Vmem"
 * (2001). Tests:     tests/unit/mem_test.c, kernel/mem/mem_ktest.c
 *
 * Theory
 * ------
 *     kmem_cache_alloc --> magazine of this CPU (a stack of up to 15 objects) : no lock
 *                             | empty: half a magazine at once       ^ full: half of it back
 *                             v                                      |
 *                          slabs with free objects (cache->partial) : cache->lock
 *                             |                                      ^
 *                             v                                      |
 *                          page allocator, a block of 2^order pages a slab
 *
 * A slab has no header: what is to be said about it stands in the struct page of its first page (slab_head),
 * so objects of a power of two fill their pages and are aligned to their size.  Every page of a slab carries
 * PAGE_SLAB, the cache's number + 1 in ref.n, and the slab's order, which leads from any object to the head:
 *
 *     head->link        in cache->partial, when an object is free
 *     head->slab_inuse  objects out of it
 *     head->mapcount    first free object's number + 1, 0 = none
 *
 * Free objects are chained by number in their first four bytes.  Invariants: slab_inuse plus the chain's
 * length is the number of objects; a slab is in `partial` exactly when the chain is not empty; at most
 * EMPTY_MAX slabs of a cache are wholly free.
 *
 * An object freed twice in a row, a pointer into no slab or one into another cache's is caught at once; one
 * that is not at the start of an object when its magazine is emptied.  Debug builds search the magazine.
 */
#include <mem/kmap.h>
#include <mem/slab.h>
#include <base/irq.h>
#include <base/kasan.h>
#include <base/log.h>
#include <base/percpu.h>
#include <base/spinlock.h>
#include <base/trace.h>
#include <lib/string.h>
#include <lib/xarray.h>
#include "kmalloc.h"
#include "object_tag.h"

enum { CACHES_MAX = 64, MAG_MAX = 15, EMPTY_MAX = 1, SLAB_ORDER_MAX = 3, SLAB_OBJECTS_MIN = 8 };

struct magazine {
	u32 count;
	u32 limit; /* 0 until the CPU's first use of the cache */
	void *obj[MAG_MAX];
};
struct kmem_cache {
	struct magazine *magazine; /* in the per-CPU template */
	unsigned index;
	u32 size;      /* from one object to the next, a multiple of the alignment */
	u32 object;    /* bytes of an object */
	u32 order;     /* of a slab; when memory is fragmented, min_order */
	u32 min_order; /* the smallest that holds an object */
	u32 mag_limit;
	const char *name;
	struct spinlock lock;
	struct list_head partial GUARDED_BY(&lock);
	u32 nr_empty GUARDED_BY(&lock);            /* slabs in partial with no object in use */
	u64 inuse, total, slabs GUARDED_BY(&lock); /* objects out of slabs (magazines too), objects, slabs */
	size_t pages GUARDED_BY(&lock);
};
static struct kmem_cache caches[CACHES_MAX];
static u32 nr_caches;
static struct spinlock caches_lock = SPINLOCK_INIT("slab_caches");
static DEFINE_PERCPU(struct magazine, magazines[CACHES_MAX]);

/* ---- one slab ---- */

static inline struct page *object_page(const void *obj)
{
	struct page *p = virt_page(obj);
	assert(p->flags & PAGE_SLAB);
	return p;
}

static inline struct page *slab_head(const void *obj)
{
	struct page *p = object_page(obj);
	return pfn_page(page_pfn(p) & ~((1ul << p->order) - 1));
}

/* Of any page of a slab. */
static inline struct kmem_cache *slab_cache(const struct page *p)
{
	return &caches[p->ref.n - 1];
}

static inline u32 slab_objects(const struct kmem_cache *c, const struct page *head)
{
	return (u32)(PAGE_SIZE << head->order) / c->size;
}

static inline u32 *object_next(const struct kmem_cache *c, const struct page *head, u32 i)
{
	return (u32 *)((char *)page_virt(head) + (size_t)i * c->size);
}

/* Pages for a slab, all objects free.  No lock held. */
static struct page *slab_create(struct kmem_cache *c, unsigned flags)
{
	unsigned pass =
	        (flags & ~ALLOC_ZERO) | ALLOC_NOFAIL_INJECT; /* the object's allocation was asked already */
	unsigned order = c->order;
	struct page *head = page_alloc(order, pass);
	if (!head && order > c->min_order) {
		order = c->min_order;
		head = page_alloc(order, pass);
	}
	if (!head)
		return NULL;
	for (unsigned i = 0; i < 1u << order; i++) {
		head[i].flags = PAGE_SLAB;
		head[i].order = (u16)order;
		head[i].ref.n = (s32)c->index + 1;
	}
	head->slab_inuse = 0;
	kasan_poison(page_virt(head), PAGE_SIZE << order, KASAN_REDZONE);
	u32 n = slab_objects(c, head);
	for (u32 i = 0; i < n; i++)
		*object_next(c, head, i) = i + 1 < n ? i + 2 : 0;
	head->mapcount = 1;
	mem_count(MEMC_SLAB, 1l << order);
	return head;
}

static void slab_destroy(struct page *head)
{
	unsigned order = head->order;
	assert(head->slab_inuse == 0);
	for (unsigned i = 0; i < 1u << order; i++) {
		head[i].flags = 0;
		head[i].ref.n = 0;
	}
	head->ref.n = 1;
	head->mapcount = 0;
	mem_count(MEMC_SLAB, -(1l << order));
	page_free(head, order);
}

static void *slab_take(struct kmem_cache *c, struct page *head) MUST_HOLD(&c->lock)
{
	u32 i = head->mapcount - 1;
	u32 *obj = object_next(c, head, i);
	assert(i < slab_objects(c, head));
	head->mapcount = *obj;
	if (head->slab_inuse++ == 0)
		c->nr_empty--;
	if (!head->mapcount)
		list_del(&head->link);
	c->inuse++;
	return obj;
}

/* Puts an object back; the slab when it became empty and is one too many: the caller destroys it. */
static struct page *slab_give(struct kmem_cache *c, void *obj) MUST_HOLD(&c->lock)
{
	struct page *head = slab_head(obj);
	size_t offset = (size_t)((char *)obj - (char *)page_virt(head));
	u32 i = (u32)(offset / c->size);
	assert(slab_cache(head) == c && offset % c->size == 0 && i < slab_objects(c, head));
	assert(head->slab_inuse > 0 && head->mapcount != i + 1);
	if (!head->mapcount)
		list_add(&head->link, &c->partial);
	*(u32 *)obj = head->mapcount;
	head->mapcount = i + 1;
	c->inuse--;
	if (--head->slab_inuse > 0)
		return NULL;
	if (c->nr_empty < EMPTY_MAX) {
		c->nr_empty++;
		list_move_tail(&head->link, &c->partial); /* used last */
		return NULL;
	}
	list_del(&head->link);
	c->slabs--;
	c->total -= slab_objects(c, head);
	c->pages -= 1ul << head->order;
	return head;
}

/* ---- magazines ---- */

/* This CPU's; interrupts are off. */
static inline struct magazine *magazine_here(const struct kmem_cache *c)
{
	return this_cpu_ptr(*c->magazine);
}

/* May this CPU's magazine be used?  Interrupts are off. */
static bool magazine_open(const struct kmem_cache *c, struct magazine *m)
{
	if (!m->limit && percpu_ready())
		m->limit = c->mag_limit;
	return m->limit != 0;
}

/* An object out of the slabs, and half a magazine more; NULL when all slabs are used up. */
static void *magazine_refill(struct kmem_cache *c)
{
	void *obj = NULL;
	irqflags_t irq = spin_lock_irqsave(&c->lock);
	struct magazine *m = magazine_here(c);
	u32 goal = magazine_open(c, m) ? (m->limit + 1) / 2 : 0;
	while (!list_empty(&c->partial)) {
		struct page *head = list_first_entry(&c->partial, struct page, link);
		if (!obj)
			obj = slab_take(c, head);
		else if (m->count < goal)
			m->obj[m->count++] = slab_take(c, head);
		else
			break;
	}
	spin_unlock_irqrestore(&c->lock, irq);
	return obj;
}

static void slab_publish(struct kmem_cache *c, struct page *head)
{
	irqflags_t irq = spin_lock_irqsave(&c->lock);
	list_add(&head->link, &c->partial);
	c->nr_empty++;
	c->slabs++;
	c->total += slab_objects(c, head);
	c->pages += 1ul << head->order;
	spin_unlock_irqrestore(&c->lock, irq);
}

/* The object leaves the cache. */
static inline void *object_ready(const struct kmem_cache *c, void *obj, unsigned flags)
{
	object_tag_alloc(obj, c->object, c->size);
	return unlikely(flags & ALLOC_ZERO) ? memset(obj, 0, c->object) : obj;
}

COLD static void *cache_alloc_slow(struct kmem_cache *c, unsigned flags)
{
	for (;;) {
		void *obj = magazine_refill(c);
		if (obj)
			return object_ready(c, obj, flags);
		struct page *head = slab_create(c, flags);
		if (!head && object_quarantine_drain())
			continue;
		if (!head)
			return NULL;
		slab_publish(c, head);
	}
}

/* Gives n objects back to their slabs.  Interrupts are off. */
static void cache_give(struct kmem_cache *c, void **obj, u32 n)
{
	struct page *doomed[MAG_MAX];
	u32 nr_doomed = 0;
	spin_lock(&c->lock);
	for (u32 i = 0; i < n; i++) {
		struct page *head = slab_give(c, obj[i]);
		if (head)
			doomed[nr_doomed++] = head;
	}
	spin_unlock(&c->lock);
	while (nr_doomed)
		slab_destroy(doomed[--nr_doomed]);
}

/* The magazine is full, or closed.  Interrupts are off. */
COLD static void cache_free_slow(struct kmem_cache *c, struct magazine *m, void *obj)
{
	if (!magazine_open(c, m)) {
		cache_give(c, &obj, 1);
		return;
	}
	if (m->count >= m->limit) {
		u32 n = (m->limit + 1) / 2;
		cache_give(c, m->obj, n); /* the coldest */
		m->count -= n;
		memmove(m->obj, m->obj + n, m->count * sizeof(m->obj[0]));
	}
	m->obj[m->count++] = obj;
}

/* ---- the interface ---- */

/* The failure knob is set: ask it; if it lets this one pass, go on without the magazine. */
COLD static void *cache_alloc_asked(struct kmem_cache *c, unsigned flags)
{
	bool ask = !(flags & ALLOC_NOFAIL_INJECT) && arch_irqs_enabled();
	return ask && mem_should_fail() ? NULL : cache_alloc_slow(c, flags);
}

/* Everything but the common case is a tail call, so that this needs no stack frame of its own. */
void *kmem_cache_alloc(struct kmem_cache *c, unsigned flags)
{
	if (!(flags & ALLOC_ATOMIC))
		lockdep_might_sleep();
	if (unlikely(mem_should_fail != NULL))
		return cache_alloc_asked(c, flags);
	irqflags_t irq = arch_irq_save();
	struct magazine *m = magazine_here(c);
	u32 n = m->count;
	if (unlikely(n == 0)) {
		arch_irq_restore(irq);
		return cache_alloc_slow(c, flags);
	}
	void *obj = m->obj[--n];
	m->count = n;
	arch_irq_restore(irq);
	return object_ready(c, obj, flags);
}

/* Without the detour that debugging builds make. */
static inline void cache_free_now(struct kmem_cache *c, void *obj)
{
	irqflags_t irq = arch_irq_save();
	struct magazine *m = magazine_here(c);
	assert(!m->count || m->obj[m->count - 1] != obj);
#ifdef CONFIG_DEBUG
	for (u32 i = 0; i < m->count; i++)
		assert(m->obj[i] != obj);
#ifndef CONFIG_KASAN /* which poisons it */
	memset(obj, 0x6b, c->object);
#endif
#endif
	if (likely(m->count < m->limit))
		m->obj[m->count++] = obj;
	else
		cache_free_slow(c, m, obj);
	arch_irq_restore(irq);
}

#ifdef CONFIG_KASAN
/* The number of the object that p is in or behind, and where it begins. */
static u32 object_at(const struct kmem_cache *c, const struct page *head, const void *p, char **start)
{
	u32 i = (u32)((size_t)((char *)p - (char *)page_virt(head)) / c->size);
	*start = (char *)page_virt(head) + (size_t)i * c->size;
	return i;
}

/* It rests in the quarantine first; what comes out of that is free. */
static void cache_free(struct kmem_cache *c, void *obj)
{
	char *start;
	bool good =
	        object_at(c, slab_head(obj), obj, &start) < slab_objects(c, slab_head(obj)) && start == obj;
	void *out = object_tag_free(obj, good, c->object, c->size);
	if (out)
		object_free_now(out);
}

void object_free_now(void *obj)
{
	cache_free_now(slab_cache(object_page(obj)), obj);
}

void object_resize(void *obj, size_t size)
{
	if (obj)
		object_tag_resize(obj, size, slab_cache(object_page(obj))->size);
}

void object_describe(unsigned long addr)
{
	struct page *p = virt_page((void *)addr);
	if (!pfn_valid(page_pfn(p)))
		return;
	if (!(p->flags & PAGE_SLAB)) {
		log_err("KASAN: page %lx, flags %x, %d references", page_pfn(p), p->flags, ref_read(&p->ref));
		return;
	}
	char *start;
	const struct kmem_cache *c = slab_cache(p);
	object_at(c, slab_head((void *)addr), (void *)addr, &start);
	log_err("KASAN: byte %ld of the object at %p of %s", (long)(addr - (unsigned long)start), start,
	        c->name);
	object_tag_describe(start, c->size);
}
#else
#define cache_free cache_free_now
#endif

void kmem_cache_free(struct kmem_cache *c, void *obj)
{
	assert(slab_cache(object_page(obj)) == c);
	cache_free(c, obj);
}

void slab_free_object(void *obj)
{
	cache_free(slab_cache(object_page(obj)), obj);
}

size_t slab_object_size(const void *obj)
{
	const struct kmem_cache *c = slab_cache(object_page(obj));
	return object_tag_size(obj, c->object, c->size);
}

/* The smallest order that holds SLAB_OBJECTS_MIN objects and wastes at most an eighth, or SLAB_ORDER_MAX. */
static u32 order_for(size_t size)
{
	for (u32 order = 0; order < SLAB_ORDER_MAX; order++) {
		size_t bytes = PAGE_SIZE << order;
		if (bytes / size >= SLAB_OBJECTS_MIN && bytes % size <= bytes / 8)
			return order;
	}
	return SLAB_ORDER_MAX;
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align)
{
	align = MAX(align, (size_t)8);
	size_t object = MAX(size, (size_t)8);
	size = ALIGN_UP(object + OBJECT_TAG, align);
	assert((align & (align - 1)) == 0 && size <= PAGE_SIZE << SLAB_ORDER_MAX);
	irqflags_t irq = spin_lock_irqsave(&caches_lock);
	if (nr_caches == CACHES_MAX)
		panic("too many slab caches: %s", name);
	struct kmem_cache *c = &caches[nr_caches];
	c->index = nr_caches;
	c->magazine = &magazines[nr_caches];
	c->name = name;
	c->size = (u32)size;
	c->object = (u32)(OBJECT_TAG ? object : size);
	c->order = order_for(size);
	while (PAGE_SIZE << c->min_order < size)
		c->min_order++;
	c->mag_limit = (u32)MAX(MIN(16384 / size, (size_t)MAG_MAX), (size_t)2);
	spin_init(&c->lock, "slab");
	list_init(&c->partial);
	atomic_store_release(&nr_caches, nr_caches + 1);
	spin_unlock_irqrestore(&caches_lock, irq);
	return c;
}

/* ---- leak counts ---- */

static void magazines_drain(void *unused)
{
	for (u32 i = 0; i < atomic_load_acquire(&nr_caches); i++) {
		struct magazine *m = magazine_here(&caches[i]);
		if (m->count)
			cache_give(&caches[i], m->obj, m->count);
		m->count = 0;
	}
}

/* Destroys the cache's empty slabs. */
static void cache_shrink(struct kmem_cache *c)
{
	struct page *head, *next;
	LIST_HEAD(doomed);
	irqflags_t irq = spin_lock_irqsave(&c->lock);
	list_for_each_entry_safe (head, next, &c->partial, link) {
		if (head->slab_inuse)
			continue;
		list_move_tail(&head->link, &doomed);
		c->nr_empty--;
		c->slabs--;
		c->total -= slab_objects(c, head);
		c->pages -= 1ul << head->order;
	}
	spin_unlock_irqrestore(&c->lock, irq);
	list_for_each_entry_safe (head, next, &doomed, link)
		slab_destroy(head);
}

void slab_shrink(void)
{
	kstack_shrink();
	while (object_quarantine_drain())
		;
	cpu_call(atomic_load(&cpu_online_mask), magazines_drain, NULL);
	for (u32 i = 0; i < atomic_load_acquire(&nr_caches); i++)
		cache_shrink(&caches[i]);
}

bool slab_stats(unsigned index, struct slab_stats *out)
{
	if (index >= atomic_load_acquire(&nr_caches))
		return false;
	struct kmem_cache *c = &caches[index];
	irqflags_t irq = spin_lock_irqsave(&c->lock);
	*out = (struct slab_stats){ c->name, c->object, c->pages, c->inuse, c->total, c->slabs };
	spin_unlock_irqrestore(&c->lock, irq);
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		u32 idle = percpu_offset[cpu] ? atomic_load(&percpu_ptr(*c->magazine, cpu)->count) : 0;
		out->active -= MIN((u64)idle, out->active);
	}
	return true;
}

u64 slab_active_total(void)
{
	struct slab_stats s;
	u64 sum = 0;
	for (unsigned i = 0; slab_stats(i, &s); i++)
		sum += s.active;
	return sum - object_quarantine_count();
}

/* ---- boot ---- */

static struct kmem_cache *xa_node_cache;

/* Trees grow under spinlocks. */
static void *xa_node_alloc(size_t size)
{
	return kmem_cache_alloc(xa_node_cache, ALLOC_ATOMIC);
}
static void xa_node_free(void *p)
{
	kmem_cache_free(xa_node_cache, p);
}
static void *ring_alloc(size_t size)
{
	return kmalloc(size, 0);
}

void slab_init(void)
{
	object_tag_init();
	kmalloc_init();
	xa_node_cache = kmem_cache_create("xa_node", xa_node_size, 0);
	xarray_set_allocator(xa_node_alloc, xa_node_free);
	trace_set_allocator(ring_alloc);
}
