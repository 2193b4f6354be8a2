/* SPDX-License-Identifier: MIT
 * drivers/virtio_console.h - between the three files of the virtio console; private to drivers/. */
#pragma once
#include <dev/virtio.h>
#include <sched/mutex.h>
#include <tty/tty.h>

enum { VCON_PORTS_MAX = 8, VPORT_NAME_MAX = 32 };
struct vbuf { /* one buffer of a queue: the device's while it is in a queue */
	struct list_head link;
	u8 *data;
	u32 size, len, off; /* capacity; bytes in it; bytes of them read */
};
struct vport {
	struct vcon *con;
	unsigned id;
	struct virtqueue *rx, *tx; /* lock */
	struct spinlock lock;      /* everything here; irqs off */
	struct list_head filled;   /* received, oldest first */
	struct list_head tx_free;
	bool added;      /* the device has announced the port */
	bool host_open;  /* someone is at the other end */
	bool guest_open; /* open here (one at a time) */
	bool named, buffers_ready;
	char name[VPORT_NAME_MAX];
	struct mutex io_lock[2]; /* one reader, one writer; above lock */
	struct waitq readers, writers;
	struct hvc *hvc; /* set when the port is a console */
};
/* virtio_console.c */
void vport_send_open(struct vport *p, bool open);
/* Allocates n buffers of 4 KiB << order to receive (and hands them to the device) or to send. 0 or -ENOMEM. */
MUST_CHECK int vport_add_buffers(struct vport *p, bool receive, unsigned n, unsigned order);
/* Gives a read buffer back to the device; kick tells the device now. */
void vport_repost(struct vport *p, struct vbuf *b, bool kick) MUST_HOLD(&p->lock);
/* A free send buffer or NULL; takes back what the device has sent. */
struct vbuf *vport_get_tx(struct vport *p) MUST_HOLD(&p->lock);
void vport_send(struct vport *p, struct vbuf *b) MUST_HOLD(&p->lock);

/* vport.c: the port as character device */
void vport_chr_add(struct vport *p);
void vport_chr_name(struct vport *p);
void vport_chr_wake(struct vport *p, bool readable, bool writable);

/* hvc.c: the port as terminal */
void hvc_create(struct vport *p);
void hvc_received(struct vport *p);
void hvc_sent(struct vport *p);
void hvc_resize(struct vport *p, unsigned rows, unsigned cols);
