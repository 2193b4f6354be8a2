/* SPDX-License-Identifier: MIT
 *
 * dev/packed.c - packed virtqueues: one ring that both sides write
 *
 * Owns:      the ring of a struct virtqueue with is_packed.
 * Layer:     dev.  Called by virtqueue.c, which keeps the slots and checks what the device says.
 * Locks:     none of its own: the driver's lock guards each queue.
 * Contexts:  any.
 * Manual:    VIRTIO 1.2, 2.8 "Packed Virtqueues"
 * Tests:     kernel/dev/virtqueue_ktest.c, tests/disk.py packed
 *
 * Theory
 * ------
 *      ring[]   { address, length, id, flags }
 *
 * The driver writes chains at next_avail, the device overwrites the first descriptor of a chain that is done, at the place
 * where its own walk has come.  Two bits of the flags say whose a descriptor is, against a wrap counter that turns at each
 * round of the ring:
 *
 *      AVAIL = wrap, USED = !wrap     the device's: given in this round
 *      AVAIL = wrap, USED =  wrap     ours again: used in this round
 *
 * A used descriptor brings the id of its chain; how long the chain was stands in our slots.
 */
#include "virtqueue.h"
#include <lib/string.h>

enum { DESC_AVAIL = 1 << 7, DESC_USED = 1 << 15 };
enum { EVENT_ENABLE = 0, EVENT_DISABLE = 1, EVENT_DESC = 2, EVENT_WRAP = 1 << 15 };

void packed_init(struct virtqueue *q, u8 *mem)
{
	q->packed = (struct packed_desc *)mem;
	q->driver_event = (struct packed_event *)(mem + 16 * q->size);
	q->device_event = q->driver_event + 1;
	q->avail_wrap = q->used_wrap = true;
	if (q->event_idx)
		*q->driver_event = (struct packed_event){ EVENT_WRAP, EVENT_DESC };
}

static u16 owner_flags(const struct virtqueue *q)
{
	return q->avail_wrap ? DESC_AVAIL : DESC_USED;
}

static void step_avail(struct virtqueue *q)
{
	if (++q->next_avail == q->size) {
		q->next_avail = 0;
		q->avail_wrap = !q->avail_wrap;
	}
}

/* Without flags, which make it the device's. */
static void desc_write(volatile struct packed_desc *d, u64 addr, u32 len, u16 id)
{
	d->addr = addr;
	d->len = len;
	d->id = id;
}

static u16 fill_table(struct packed_desc *table, const struct vq_buf *bufs, unsigned nout, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		table[i] = (struct packed_desc){ bufs[i].addr, bufs[i].len, 0,
			                         i >= nout ? VIRTQ_DESC_WRITE : 0 };
	return (u16)(n * sizeof(*table));
}

void packed_add(struct virtqueue *q, const struct vq_buf *bufs, unsigned nout, unsigned n, void *table)
{
	const u16 id = q->free_head, first = q->next_avail;
	u16 first_flags = 0;
	unsigned count = table ? 1 : n;

	for (unsigned i = 0; i < count; i++) {
		volatile struct packed_desc *d = &q->packed[q->next_avail];
		u16 flags = owner_flags(q);

		if (table) {
			desc_write(d, virt_to_phys(table), fill_table(table, bufs, nout, n), id);
			flags |= VIRTQ_DESC_INDIRECT;
		} else {
			desc_write(d, bufs[i].addr, bufs[i].len, id);
			flags |=
			        (u16)((i >= nout ? VIRTQ_DESC_WRITE : 0) | (i + 1 < n ? VIRTQ_DESC_NEXT : 0));
		}
		if (i == 0)
			first_flags = flags;
		else
			d->flags = flags;
		step_avail(q);
	}
	q->free_head = q->slots[id].next;
	q->slots[id].count = (u16)count;
	q->nr_free -= (u16)count;
	q->kicked += (u16)count;
	/* With the first one's flags the device has the whole chain. */
	atomic_store_release(&((struct packed_desc *)q->packed)[first].flags, first_flags);
}

bool packed_kick_wanted(struct virtqueue *q)
{
	u16 new = q->next_avail, old = (u16)(new - q->kicked);

	memory_barrier(); /* descriptors before the device's wish: 2.8.21.3.1 */
	q->kicked = 0;
	u16 flags = q->device_event->flags, off_wrap = q->device_event->off_wrap;
	if (flags != EVENT_DESC)
		return flags != EVENT_DISABLE;
	u16 event = off_wrap & (EVENT_WRAP - 1);
	if ((off_wrap & EVENT_WRAP) != (q->avail_wrap ? EVENT_WRAP : 0))
		event = (u16)(event - q->size);
	return (u16)(new - event - 1) < (u16)(new - old);
}

bool packed_pending(struct virtqueue *q)
{
	u16 flags = q->packed[q->used_seen].flags;
	bool avail = flags & DESC_AVAIL, used = flags & DESC_USED;

	return avail == used && used == q->used_wrap;
}

bool packed_used(struct virtqueue *q, u32 *id, u32 *written)
{
	if (!packed_pending(q)) {
		if (!q->event_idx)
			return false;
		memory_barrier(); /* as in the split ring: our wish may have come too late */
		if (!packed_pending(q))
			return false;
	}
	__atomic_thread_fence(__ATOMIC_ACQUIRE); /* the rest after the flags */
	*id = q->packed[q->used_seen].id;
	*written = q->packed[q->used_seen].len;
	return true;
}

void packed_passed(struct virtqueue *q, u16 id)
{
	struct virtq_slot *s = &q->slots[id];

	q->used_seen += s->count;
	if (q->used_seen >= q->size) {
		q->used_seen -= (u16)q->size;
		q->used_wrap = !q->used_wrap;
	}
	if (q->event_idx)
		q->driver_event->off_wrap = (u16)(q->used_seen | (q->used_wrap ? EVENT_WRAP : 0));
	q->nr_free += s->count;
	s->token = NULL;
	s->next = q->free_head;
	q->free_head = id;
}
