/* SPDX-License-Identifier: MIT
 * dev/virtqueue.h - between virtqueue.c (what drivers call, split rings) and packed.c; private to dev/. */
#pragma once
#include "virtio_transport.h"

enum { VIRTQ_DESC_NEXT = 1, VIRTQ_DESC_WRITE = 2, VIRTQ_DESC_INDIRECT = 4, VIRTQ_USED_NO_NOTIFY = 1 };
struct virtq_desc {
	u64 addr;
	u32 len;
	u16 flags, next;
};
/* A descriptor of a packed ring, VIRTIO 1.2, 2.8. */
struct packed_desc {
	u64 addr;
	u32 len;
	u16 id, flags;
};
_Static_assert(sizeof(struct virtq_desc) == 16 && sizeof(struct packed_desc) == 16,
               "VIRTIO 1.2, 2.7.5, 2.8.13");
/* Which notifications one side wants of the other, 2.8.14. */
struct packed_event {
	u16 off_wrap, flags;
};
struct virtq_avail {
	u16 flags, idx, ring[];
};
struct virtq_used {
	u16 flags, idx;
	struct {
		u32 id, len;
	} ring[];
};
struct virtq_slot {
	void *token;  /* of the chain that begins here (packed: has this id); NULL: none does */
	u32 in_bytes; /* the device may write */
	u16 count;    /* descriptors of the chain */
	u16 next;     /* in the chain, or in the free list */
	u16 room;     /* entries of the table */
	void *table;  /* of an indirect chain that begins here; NULL: never was one */
};
struct virtqueue {
	struct virtio_device *device;
	unsigned index, size;
	void (*callback)(struct virtqueue *q);
	void *ctx;
	void *ring; /* all of it: memory shared with the device */
	union {
		struct {
			struct virtq_desc *desc;
			struct virtq_avail *avail;
			volatile struct virtq_used *used;
		};
		struct {
			volatile struct packed_desc *packed;
			volatile struct packed_event *driver_event, *device_event;
		};
	};
	u16 nr_free, free_head;
	u16 used_seen;  /* split: index; packed: the descriptor that is used next */
	u16 kicked;     /* split: avail index at the last kick; packed: descriptors added since */
	u16 next_avail; /* packed */
	bool avail_wrap, used_wrap;
	bool broken, indirect, event_idx, is_packed;
	struct virtq_slot *slots;
};
/* Notes that the device broke the rules. NULL. */
void *virtqueue_break(struct virtqueue *q, const char *why);
/* The table of an indirect chain of n buffers at slot s, or NULL: no memory. */
void *virtqueue_table(struct virtq_slot *s, unsigned n);

/* packed.c: the same functions on a packed ring. */
void packed_init(struct virtqueue *q, u8 *mem);
void packed_add(struct virtqueue *q, const struct vq_buf *bufs, unsigned nout, unsigned n, void *table);
bool packed_kick_wanted(struct virtqueue *q);
bool packed_pending(struct virtqueue *q);
/* The id and the bytes of the next used chain; false: there is none. */
bool packed_used(struct virtqueue *q, u32 *id, u32 *written);
void packed_passed(struct virtqueue *q, u16 id); /* that chain is ours again */
