/* SPDX-License-Identifier: MIT
 * mem/object_tag.c - who allocated and freed a slab object, and the quarantine of freed ones (KASAN=1)
 *
 * Owns:      the tag behind each object, the quarantine.
 * Layer:     mem.  Used by slab.c and kmalloc.c.
 * Locks:     quarantine.lock, a leaf; interrupts off.
 * Contexts:  any.
 * Manual:    see base/sanitizers_address.c.
 * Tests:     kernel/mem/kasan_ktest.c
 *
 * Theory
 * ------
 *     slot:  | object ............ | redzone ... | tag 64 bytes |
 *             may be touched         may not       may not; read by this file, which is not instrumented
 *
 * A freed object is reused only when QUARANTINE bytes were freed after it, so that a late access finds it poisoned:
 *
 *     free -> newest [o][o][o][o] oldest -> the cache's magazine
 */
#include <base/atomic.h>
#include <base/kasan.h>
#include <base/log.h>
#include <base/panic.h>
#include <base/spinlock.h>
#include "buddy.h"
#include "object_tag.h"

#ifdef CONFIG_KASAN
enum {
	CALLERS = 6,
	OURS = 3,
	DRAIN = 64,
	QUARANTINE_PART = 64,
	QUARANTINE_MIN = 64 << 10,
	QUARANTINE_MAX = 8 << 20
};
enum { STATE_NEVER, STATE_USED = 0x5553, STATE_FREE = 0x4652 };

struct object_tag {
	u16 state, size; /* size: what was asked for */
	u32 slot;
	u32 alloc[CALLERS], free[CALLERS]; /* offsets from KERNEL_BASE of who called; 0 = none */
	struct object_tag *next;           /* freed after this one */
};
_Static_assert(sizeof(struct object_tag) == OBJECT_TAG, "OBJECT_TAG");

static struct {
	struct spinlock lock;
	struct object_tag *oldest, *newest;
	size_t bytes;
	u64 objects;
} quarantine = { .lock = SPINLOCK_INIT("quarantine") };

static struct object_tag *tag_of(const void *obj, u32 slot)
{
	return (struct object_tag *)((char *)obj + slot) - 1;
}

static void *tag_object(struct object_tag *t)
{
	return (char *)(t + 1) - t->slot;
}

static void callers_note(u32 *out)
{
	unsigned long pcs[CALLERS + OURS];
	unsigned n = arch_backtrace(NULL, pcs, CALLERS + OURS);
	for (unsigned i = 0; i < CALLERS; i++)
		out[i] = i + OURS < n ? (u32)(pcs[i + OURS] - KERNEL_BASE) : 0;
}

static void size_set(void *obj, struct object_tag *t, size_t size)
{
	char *end = (char *)ALIGN_UP((unsigned long)obj + size, 8);
	t->size = (u16)size;
	kasan_poison(end, (size_t)((char *)(t + 1) - end), KASAN_REDZONE);
	kasan_unpoison(obj, size);
}

void object_tag_alloc(void *obj, u32 size, u32 slot)
{
	struct object_tag *t = tag_of(obj, slot);
	t->state = STATE_USED;
	t->slot = slot;
	callers_note(t->alloc);
	for (unsigned i = 0; i < CALLERS; i++) /* memset would look at the shadow */
		t->free[i] = 0;
	size_set(obj, t, size);
}

void object_tag_resize(void *obj, size_t size, u32 slot)
{
	size_set(obj, tag_of(obj, slot), size);
}

size_t object_tag_size(const void *obj, u32 size, u32 slot)
{
	return tag_of(obj, slot)->size;
}

static size_t quarantine_limit(void)
{
	size_t part = buddy_total_pages() * PAGE_SIZE / QUARANTINE_PART;
	return MAX(MIN(part, (size_t)QUARANTINE_MAX), (size_t)QUARANTINE_MIN);
}

static void quarantine_push(struct object_tag *t) MUST_HOLD(&quarantine.lock)
{
	t->next = NULL;
	if (quarantine.newest)
		quarantine.newest->next = t;
	else
		quarantine.oldest = t;
	quarantine.newest = t;
	quarantine.bytes += t->slot;
	quarantine.objects++;
}

static struct object_tag *quarantine_pop(void) MUST_HOLD(&quarantine.lock)
{
	struct object_tag *t = quarantine.oldest;
	if (!t)
		return NULL;
	quarantine.oldest = t->next;
	if (!t->next)
		quarantine.newest = NULL;
	quarantine.bytes -= t->slot;
	quarantine.objects--;
	return t;
}

void *object_tag_free(void *obj, bool good, u32 size, u32 slot)
{
	struct object_tag *t = tag_of(obj, slot);
	if (!good || t->state != STATE_USED) {
		kasan_report(good ? "second free" : "free of what is no object", obj);
		return NULL;
	}
	t->state = STATE_FREE;
	callers_note(t->free);
	kasan_poison(obj, size, KASAN_OBJECT);
	irqflags_t irq = spin_lock_irqsave(&quarantine.lock);
	quarantine_push(t);
	t = quarantine.bytes > quarantine_limit() ? quarantine_pop() : NULL;
	spin_unlock_irqrestore(&quarantine.lock, irq);
	return t ? tag_object(t) : NULL;
}

u64 object_quarantine_count(void)
{
	return atomic_load(&quarantine.objects);
}

bool object_quarantine_drain(void)
{
	for (unsigned i = 0; i < DRAIN; i++) {
		irqflags_t irq = spin_lock_irqsave(&quarantine.lock);
		struct object_tag *t = quarantine_pop();
		spin_unlock_irqrestore(&quarantine.lock, irq);
		if (!t)
			return i > 0;
		object_free_now(tag_object(t));
	}
	return true;
}

static void callers_log(const char *what, const u32 *callers)
{
	char name[96];
	for (unsigned i = 0; i < CALLERS && callers[i]; i++) {
		unsigned long pc = KERNEL_BASE + callers[i];
		log_err("KASAN:   %s %s", i ? "        from" : what, symbol_name(pc - 1, name, sizeof(name)));
	}
}

void object_tag_describe(const void *obj, u32 slot)
{
	const struct object_tag *t = tag_of(obj, slot);
	if (t->state != STATE_USED && t->state != STATE_FREE)
		return;
	log_err("KASAN: %u bytes were asked for", t->size);
	callers_log("allocated by", t->alloc);
	callers_log("    freed by", t->free);
}

void object_tag_init(void)
{
	kasan_describe = object_describe;
}
#endif
