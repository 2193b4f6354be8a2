/* SPDX-License-Identifier: MIT
 *
 * dev/virtqueue_ktest.c - a virtqueue against a device that lies
 *
 * Owns:      a pretended device: its transport only notes where the rings are, and the test plays the device.
 * Layer:     dev.
 * Contexts:  the ktest thread.
 */
#include "virtqueue.h"
#include <base/ktest.h>
#include <lib/string.h>
#include <mem/slab.h>

enum { FAKE_SIZE = 8 };
static struct virtq_addresses rings;
static unsigned notified;

static unsigned fake_queue_max(struct virtio_device *d, unsigned index)
{
	return index == 0 ? FAKE_SIZE : 0;
}

static int fake_queue_setup(struct virtio_device *d, unsigned index, const struct virtq_addresses *a)
{
	rings = *a;
	return 0;
}

static void fake_notify(struct virtio_device *d, unsigned index)
{
	notified++;
}

static const struct virtio_transport fake_transport = {
	.queue_max = fake_queue_max,
	.queue_setup = fake_queue_setup,
	.queue_notify = fake_notify,
};

/* The used ring as the device writes it. */
static void device_uses(u32 id, u32 len, u16 count)
{
	u16 *used = phys_to_virt(rings.used);
	u32 *entry = (u32 *)(used + 2) + (size_t)(used[1] % FAKE_SIZE) * 2;

	entry[0] = id;
	entry[1] = len;
	atomic_store_release(&used[1], (u16)(used[1] + count));
}

static struct virtqueue *fake_queue(struct virtio_device *d, u64 features)
{
	memset(d, 0, sizeof(*d));
	d->features = features;
	d->transport = &fake_transport;
	strlcpy(d->name, "fake", sizeof(d->name));
	return virtqueue_create(d, 0, NULL, NULL);
}

static void fake_queue_free(struct virtqueue *q)
{
	virtqueue_destroy(q);
}

/* 0, or 1 when the honest use of a queue fails. */
static int run_honest(struct virtqueue *q, u8 *mem)
{
	struct vq_buf bufs[2] = { { virt_to_phys(mem), 16 }, { virt_to_phys(mem + 16), 32 } };
	u32 len;

	for (unsigned round = 0; round < 100; round++) {
		for (unsigned i = 0; i < FAKE_SIZE / 2; i++)
			KT_CHECK(virtqueue_add(q, bufs, 1, 1, mem + i) == 0);
		KT_CHECK(virtqueue_add(q, bufs, 1, 1, mem) == -ENOSPC);
		const u16 *avail = phys_to_virt(rings.avail);
		for (unsigned i = 0; i < FAKE_SIZE / 2; i++) {
			u16 at = (u16)(avail[1] - FAKE_SIZE / 2 + i);
			device_uses(avail[2 + at % FAKE_SIZE], 1000, 1); /* claims more than fits */
			KT_CHECK(virtqueue_get(q, &len) == mem + i);
			KT_CHECK(len == 32);
		}
		KT_CHECK(virtqueue_get(q, &len) == NULL);
	}
	return 0;
}

KTEST(virtqueue_honest)
{
	struct virtio_device *d = kzalloc(sizeof(*d));
	u8 *mem = kzalloc(64);
	KT_CHECK(d && mem);
	struct virtqueue *q = fake_queue(d, 0);
	KT_CHECK(!IS_ERR(q));
	KT_CHECK(virtqueue_size(q) == FAKE_SIZE);

	int failed = run_honest(q, mem);
	notified = 0;
	virtqueue_kick(q);
	KT_CHECK(notified == 1);
	fake_queue_free(q);
	kfree(mem);
	kfree(d);
	return failed;
}

/* One lie: the queue must answer NULL, refuse more buffers, and nothing else must happen. */
static int run_lie(u64 features, u32 id, u16 count, unsigned give)
{
	struct virtio_device *d = kzalloc(sizeof(*d));
	u8 *mem = kzalloc(64);
	KT_CHECK(d && mem);
	struct virtqueue *q = fake_queue(d, features);
	struct vq_buf b = { virt_to_phys(mem), 16 };
	u32 len;

	KT_CHECK(!IS_ERR(q));
	for (unsigned i = 0; i < give; i++)
		KT_CHECK(virtqueue_add(q, &b, 0, 1, mem) == 0);
	device_uses(id, 16, count);
	KT_CHECK(virtqueue_get(q, &len) == NULL);
	KT_CHECK(virtqueue_add(q, &b, 0, 1, mem) == -EIO);
	KT_CHECK(virtqueue_get(q, &len) == NULL);
	fake_queue_free(q);
	kfree(mem);
	kfree(d);
	return 0;
}

static int run_lies(u64 features)
{
	return run_lie(features, FAKE_SIZE, 1, 2) ||     /* a descriptor that does not exist */
	       run_lie(features, 0xffffffff, 1, 2) ||    /* ... far away */
	       run_lie(features, 5, 1, 2) ||             /* one that was not given */
	       run_lie(features, 0, FAKE_SIZE + 1, 2) || /* more used than there is */
	       run_lie(features, 0, 0xffff, 1) ||        /* the index goes back */
	       run_lie(features, 3, 1, 0);               /* nothing was given at all */
}

KTEST(virtqueue_hostile)
{
	return run_lies(0) || run_lies(1ULL << VIRTIO_F_EVENT_IDX | 1ULL << VIRTIO_F_INDIRECT);
}

static u16 *used_event(void)
{
	return (u16 *)phys_to_virt(rings.avail) + 2 + FAKE_SIZE;
}

static void set_avail_event(u16 v)
{
	u8 *used = phys_to_virt(rings.used);

	*(u16 *)(used + 4 + 8 * FAKE_SIZE) = v;
}

/* Chains of two take one descriptor each; the table holds both buffers. */
KTEST(virtqueue_indirect)
{
	struct virtio_device *d = kzalloc(sizeof(*d));
	u8 *mem = kzalloc(64);
	KT_CHECK(d && mem);
	struct virtqueue *q = fake_queue(d, 1ULL << VIRTIO_F_INDIRECT);
	struct vq_buf bufs[2] = { { virt_to_phys(mem), 16 }, { virt_to_phys(mem + 16), 32 } };
	u32 len;

	KT_CHECK(!IS_ERR(q));
	for (unsigned round = 0; round < 20; round++) {
		for (unsigned i = 0; i < FAKE_SIZE; i++)
			KT_CHECK(virtqueue_add(q, bufs, 1, 1, mem + i) == 0);
		KT_CHECK(virtqueue_add(q, bufs, 1, 1, mem) == -ENOSPC);
		const u16 *avail = phys_to_virt(rings.avail);
		for (unsigned i = 0; i < FAKE_SIZE; i++) {
			u16 id = avail[2 + (u16)(avail[1] - FAKE_SIZE + i) % FAKE_SIZE];
			const u64 *desc = (u64 *)phys_to_virt(rings.desc) + (size_t)id * 2;
			const u64 *table = phys_to_virt(desc[0]);

			KT_CHECK((u32)desc[1] == 32 && table[0] == bufs[0].addr && table[2] == bufs[1].addr);
			device_uses(id, 20, 1);
			KT_CHECK(virtqueue_get(q, &len) == mem + i && len == 20);
		}
	}
	fake_queue_free(q);
	kfree(mem);
	kfree(d);
	return 0;
}

/* Kicks only when the device asked for that index; and our own wish stands in used_event. */
KTEST(virtqueue_event_idx)
{
	struct virtio_device *d = kzalloc(sizeof(*d));
	u8 *mem = kzalloc(64);
	KT_CHECK(d && mem);
	struct virtqueue *q = fake_queue(d, 1ULL << VIRTIO_F_EVENT_IDX);
	struct vq_buf b = { virt_to_phys(mem), 16 };
	u32 len;

	KT_CHECK(!IS_ERR(q));
	notified = 0;
	set_avail_event(2);
	for (unsigned i = 0; i < 5; i++) { /* indexes 1 .. 5; it wants to hear of the third buffer */
		KT_CHECK(virtqueue_add(q, &b, 1, 0, mem + i) == 0);
		virtqueue_kick(q);
		KT_CHECK(notified == (i >= 2));
	}
	const u16 *avail = phys_to_virt(rings.avail);
	for (unsigned i = 0; i < 3; i++)
		device_uses(avail[2 + i], 0, 1);
	for (unsigned i = 0; i < 3; i++)
		KT_CHECK(virtqueue_get(q, &len) == mem + i);
	KT_CHECK(virtqueue_get(q, &len) == NULL && *used_event() == 3);
	fake_queue_free(q);
	kfree(mem);
	kfree(d);
	return 0;
}

/* ---- packed rings ---- */

static struct {
	u16 at;
	bool wrap;
} packed_device;

/* Marks the chain of `count` descriptors where the device's walk has come as used, under the id given. */
static void packed_device_uses(u16 id, u32 len, unsigned count)
{
	struct packed_desc *d = (struct packed_desc *)phys_to_virt(rings.desc) + packed_device.at;

	d->id = id;
	d->len = len;
	atomic_store_release(&d->flags, (u16)(packed_device.wrap ? 0x8080 : 0));
	packed_device.at += (u16)count;
	if (packed_device.at >= FAKE_SIZE) {
		packed_device.at -= FAKE_SIZE;
		packed_device.wrap = !packed_device.wrap;
	}
}

/* Rounds of chains of two; used in another order than given. */
static int run_packed(struct virtqueue *q, u8 *mem, unsigned chain)
{
	struct vq_buf bufs[2] = { { virt_to_phys(mem), 16 }, { virt_to_phys(mem + 16), 32 } };
	const struct packed_desc *ring = phys_to_virt(rings.desc);
	u32 len;

	for (unsigned round = 0; round < 20; round++) {
		u16 ids[FAKE_SIZE], n = (u16)(FAKE_SIZE / chain);

		for (unsigned i = 0; i < n; i++) {
			ids[i] = (u16)((packed_device.at + i * chain) % FAKE_SIZE);
			KT_CHECK(virtqueue_add(q, bufs, 1, 1, mem + i) == 0);
			ids[i] = ring[ids[i]].id;
		}
		KT_CHECK(virtqueue_add(q, bufs, 1, 1, mem) == -ENOSPC && virtqueue_get(q, &len) == NULL);
		for (unsigned i = 0; i < n; i++) {
			packed_device_uses(ids[n - 1 - i], 1000, chain);
			KT_CHECK(virtqueue_get(q, &len) == mem + n - 1 - i && len == 32);
		}
		KT_CHECK(virtqueue_get(q, &len) == NULL);
	}
	KT_CHECK(virtqueue_add(q, bufs, 1, 1, mem) == 0);
	packed_device_uses(FAKE_SIZE, 0, 1); /* no such chain */
	KT_CHECK(virtqueue_get(q, &len) == NULL && virtqueue_broken(q));
	KT_CHECK(virtqueue_add(q, bufs, 1, 1, mem) == -EIO);
	return 0;
}

static int try_packed(u64 features, unsigned chain)
{
	struct virtio_device *d = kzalloc(sizeof(*d));
	u8 *mem = kzalloc(64);
	KT_CHECK(d && mem);
	struct virtqueue *q = fake_queue(d, 1ULL << VIRTIO_F_RING_PACKED | features);
	KT_CHECK(!IS_ERR(q));
	packed_device.at = 0;
	packed_device.wrap = true;
	int failed = run_packed(q, mem, chain);
	fake_queue_free(q);
	kfree(mem);
	kfree(d);
	return failed;
}

KTEST(virtqueue_packed)
{
	return try_packed(0, 2) || try_packed(1ULL << VIRTIO_F_INDIRECT | 1ULL << VIRTIO_F_EVENT_IDX, 1);
}
