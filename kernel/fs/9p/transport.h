/* SPDX-License-Identifier: MIT
 * fs/9p/transport.h - between the 9P client and what carries its messages to a server: drivers/virtio_9p.c. */
#pragma once
#include <dev/virtio.h>
#include <lib/list.h>

struct p9_client;
/* One message and the room for its answer: pieces the server reads, then pieces it writes.  The transport may keep
 * nothing of it once p9_request_done was called. */
struct p9_request;
struct p9_pieces {
	const struct vq_buf *bufs;
	unsigned nout, nin;
};
struct p9_transport {
	const char *tag;     /* the name mount(2) asks for */
	unsigned max_pieces; /* of one request */
	/* Hands r over.  Sleeps while the device is full.  0, or -EIO: p9_request_done will not be called. */
	int (*send)(struct p9_transport *t, struct p9_request *r, const struct p9_pieces *p);
	struct list_head link;
	struct p9_client *client; /* who uses it now, or NULL */
};
/* A server was found; t lives for ever. */
void p9_transport_add(struct p9_transport *t);
/* The server has written `len` bytes of the answer.  Any context. */
void p9_request_done(struct p9_request *r, u32 len);
/* Nothing more will come: whoever waits gets -EIO.  Any context. */
void p9_transport_failed(struct p9_transport *t);
