/* SPDX-License-Identifier: MIT
 *
 * dev/virtqueue.c - split virtqueues: the rings through which driver and device exchange buffers
 *
 * Owns:      struct virtqueue.
 * Layer:     dev.
 * Locks:     none of its own: the driver's lock guards each queue.
 * Contexts:  any, but virtqueue_create.
 * Manual:    VIRTIO 1.2, 2.7 "Split Virtqueues"
 * Tests:     tests/boot, kernel/dev/virtqueue_ktest.c
 *
 * Theory
 * ------
 *      desc[]   { address, length, flags, next }      a buffer; chained by next
 *      avail    idx, ring[] of first descriptors       written by the driver: "take these"
 *      used     idx, ring[] of { first, bytes }        written by the device: "done with these"
 *
 * Both indexes only grow, modulo 65536.  The device is not trusted: what it may change is read once and checked,
 * and what we must know later (which descriptors form a chain, how many bytes the device could write) stands in
 * `slots`, which it does not see.  A device that breaks the rules makes its queue dead, not the kernel.
 *
 * With INDIRECT a chain of several buffers takes one descriptor, which points to a table of them; a table belongs to
 * its slot and is kept for the next chain.  With EVENT_IDX each side says at which index it wants to be told next
 * (used_event behind the avail ring, avail_event behind the used ring), so a busy queue needs few kicks and interrupts.
 */
#include "virtqueue.h"
#include <base/log.h>
#include <lib/string.h>
#include <mem/slab.h>

static unsigned ring_order(unsigned size)
{
	/* The split ring's; a packed one is smaller. */
	size_t bytes = 16 * size + ALIGN_UP(6 + 2 * size, 4) + 6 + 8 * size;
	unsigned order = 0;

	while (PAGE_SIZE << order < bytes)
		order++;
	return order;
}

static void ring_init(struct virtqueue *q, u8 *mem)
{
	q->desc = (struct virtq_desc *)mem;
	q->avail = (struct virtq_avail *)(mem + 16 * q->size);
	q->used = (struct virtq_used *)(mem + 16 * q->size + ALIGN_UP(6 + 2 * q->size, 4));
}

static unsigned usable_size(struct virtio_device *d, unsigned index)
{
	unsigned max = d->transport->queue_max(d, index), size = 1;

	if (!max)
		return 0;
	while (size * 2 <= MIN(max, (unsigned)VIRTQ_SIZE_MAX))
		size *= 2;
	return size;
}

struct virtqueue *virtqueue_create(struct virtio_device *d, unsigned index,
                                   void (*callback)(struct virtqueue *q), void *ctx)
{
	if (index >= VIRTIO_QUEUES_MAX)
		return ERR_PTR(-EINVAL);
	unsigned size = usable_size(d, index);
	if (!size)
		return ERR_PTR(-ENOENT);

	int err = -ENOMEM;
	struct virtqueue *q = kzalloc(sizeof(*q) + size * sizeof(struct virtq_slot));
	if (!q)
		return ERR_PTR(err);
	u8 *mem = page_alloc_virt(ring_order(size), ALLOC_ZERO);
	if (!mem)
		goto free_queue;
	q->device = d;
	q->index = index;
	q->size = size;
	q->callback = callback;
	q->ctx = ctx;
	q->slots = (struct virtq_slot *)(q + 1);
	q->indirect = virtio_has_feature(d, VIRTIO_F_INDIRECT);
	q->event_idx = virtio_has_feature(d, VIRTIO_F_EVENT_IDX);
	q->is_packed = virtio_has_feature(d, VIRTIO_F_RING_PACKED);
	q->ring = mem;
	for (unsigned i = 0; i < size; i++)
		q->slots[i].next = (u16)(i + 1);
	q->nr_free = (u16)size;
	if (q->is_packed)
		packed_init(q, mem);
	else
		ring_init(q, mem);

	/* The three parts of both kinds of rings, in the same order. */
	struct virtq_addresses a = { virt_to_phys(q->desc), virt_to_phys(q->avail),
		                     virt_to_phys((void *)q->used), size };
	err = d->transport->queue_setup(d, index, &a);
	if (err)
		goto free_ring;
	d->queues[index] = q;
	if (index >= d->nr_queues)
		d->nr_queues = index + 1;
	return q;

free_ring:
	page_free_virt(mem, ring_order(size));
free_queue:
	kfree(q);
	return ERR_PTR(err);
}

void virtqueue_destroy(struct virtqueue *q)
{
	q->device->queues[q->index] = NULL;
	for (unsigned i = 0; i < q->size; i++)
		kfree(q->slots[i].table);
	page_free_virt(q->ring, ring_order(q->size));
	kfree(q);
}

void *virtqueue_table(struct virtq_slot *s, unsigned n)
{
	if (likely(n <= s->room))
		return s->table;
	void *t = kmalloc(n * sizeof(struct virtq_desc), ALLOC_ATOMIC);
	if (!t)
		return NULL;
	kfree(s->table);
	s->table = t;
	s->room = (u16)MIN(kmalloc_size(t) / sizeof(struct virtq_desc), (size_t)UINT16_MAX);
	return t;
}

static void desc_fill(struct virtq_desc *d, const struct vq_buf *b, bool in, bool more, u16 next)
{
	d->addr = b->addr;
	d->len = b->len;
	d->flags = (u16)((in ? VIRTQ_DESC_WRITE : 0) | (more ? VIRTQ_DESC_NEXT : 0));
	d->next = more ? next : 0;
}

/* One descriptor that points to a table of the buffers. */
static void add_indirect(struct virtqueue *q, u16 head, struct virtq_desc *table, const struct vq_buf *bufs,
                         unsigned nout, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		desc_fill(&table[i], &bufs[i], i >= nout, i + 1 < n, (u16)(i + 1));
	q->desc[head] =
	        (struct virtq_desc){ virt_to_phys(table), (u32)(n * sizeof(*table)), VIRTQ_DESC_INDIRECT, 0 };
	q->free_head = q->slots[head].next;
	q->nr_free--;
	q->slots[head].count = 1;
}

/* A descriptor for each buffer, from the free list. */
static void add_direct(struct virtqueue *q, u16 head, const struct vq_buf *bufs, unsigned nout, unsigned n)
{
	u16 at = head;

	for (unsigned i = 0; i < n; i++) {
		u16 next = q->slots[at].next;

		desc_fill(&q->desc[at], &bufs[i], i >= nout, i + 1 < n, next);
		if (i + 1 == n)
			q->free_head = next;
		else
			at = next;
	}
	q->nr_free -= (u16)n;
	q->slots[head].count = (u16)n;
}

int virtqueue_add(struct virtqueue *q, const struct vq_buf *bufs, unsigned nout, unsigned nin, void *token)
{
	const unsigned n = nout + nin;
	u16 head = q->free_head;
	void *table = NULL;
	u32 in_bytes = 0;

	assert(n > 0 && n <= q->size && token);
	if (q->broken)
		return -EIO;
	if (q->indirect && n > 1 && q->nr_free)
		table = virtqueue_table(&q->slots[head], n);
	if (!table && n > q->nr_free)
		return -ENOSPC;
	for (unsigned i = nout; i < n; i++)
		in_bytes += bufs[i].len;
	q->slots[head].token = token;
	q->slots[head].in_bytes = in_bytes;
	if (q->is_packed) {
		packed_add(q, bufs, nout, n, table);
		return 0;
	}
	if (table)
		add_indirect(q, head, table, bufs, nout, n);
	else
		add_direct(q, head, bufs, nout, n);

	q->avail->ring[q->avail->idx % q->size] = head;
	/* The device may look as soon as it sees the index. */
	atomic_store_release(&q->avail->idx, (u16)(q->avail->idx + 1));
	return 0;
}

/* avail_event: the device wants a kick when the index passes it. */
static u16 avail_event(const struct virtqueue *q)
{
	return *(const volatile u16 *)&q->used->ring[q->size];
}

static bool split_kick_wanted(struct virtqueue *q)
{
	u16 old = q->kicked, new = q->avail->idx;

	memory_barrier(); /* index before flags: VIRTIO 1.2, 2.7.13.4.1 */
	q->kicked = new;
	if (q->event_idx)
		return (u16)(new - avail_event(q) - 1) < (u16)(new - old);
	return !(q->used->flags & VIRTQ_USED_NO_NOTIFY);
}

void virtqueue_kick(struct virtqueue *q)
{
	if (q->is_packed ? packed_kick_wanted(q) : split_kick_wanted(q))
		q->device->transport->queue_notify(q->device, q->index);
}

void *virtqueue_break(struct virtqueue *q, const char *why)
{
	log_err("virtio: %s: queue %u: %s; queue given up", q->device->name, q->index, why);
	q->broken = true;
	return NULL;
}

/* Puts the chain that begins at head back on the free list. */
static void chain_free(struct virtqueue *q, u16 head)
{
	u16 last = head;

	for (unsigned i = 1; i < q->slots[head].count; i++)
		last = q->slots[last].next;
	q->nr_free += q->slots[head].count;
	q->slots[head].token = NULL;
	q->slots[last].next = q->free_head;
	q->free_head = head;
}

/* The next entry of the used ring: false: there is none, or the device lies. */
static bool split_used(struct virtqueue *q, u32 *id, u32 *written)
{
	u16 idx = q->used->idx;

	if (idx == q->used_seen) {
		if (!q->event_idx)
			return false;
		/* We asked to be told of the next one; it may have come before the device saw that. */
		memory_barrier();
		idx = q->used->idx;
		if (idx == q->used_seen)
			return false;
	}
	__atomic_thread_fence(__ATOMIC_ACQUIRE); /* the entry after the index */
	if ((u16)(idx - q->used_seen) > q->size) {
		virtqueue_break(q, "used index runs away");
		return false;
	}
	*id = q->used->ring[q->used_seen % q->size].id;
	*written = q->used->ring[q->used_seen % q->size].len;
	return true;
}

void *virtqueue_get(struct virtqueue *q, u32 *len)
{
	u32 id, written;

	if (q->broken || !(q->is_packed ? packed_used(q, &id, &written) : split_used(q, &id, &written)))
		return NULL;
	if (id >= q->size || !q->slots[id].token)
		return virtqueue_break(q, "used entry names no buffer");

	void *token = q->slots[id].token;
	*len = MIN(written, q->slots[id].in_bytes);
	if (q->is_packed) {
		packed_passed(q, (u16)id);
		return token;
	}
	q->used_seen++;
	q->avail->ring[q->size] = q->used_seen; /* used_event */
	chain_free(q, (u16)id);
	return token;
}

bool virtqueue_broken(const struct virtqueue *q)
{
	return q->broken;
}

void *virtqueue_ctx(struct virtqueue *q)
{
	return q->ctx;
}

unsigned virtqueue_size(struct virtqueue *q)
{
	return q->size;
}

void virtio_interrupt_queue(struct virtio_device *d, unsigned index)
{
	struct virtqueue *q = d->queues[index];

	if (q && q->callback && !q->broken &&
	    (q->is_packed ? packed_pending(q) : q->used->idx != q->used_seen))
		q->callback(q);
}

void virtio_interrupt_queues(struct virtio_device *d)
{
	for (unsigned i = 0; i < d->nr_queues; i++)
		virtio_interrupt_queue(d, i);
}
