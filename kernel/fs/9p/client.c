/* SPDX-License-Identifier: MIT
 *
 * fs/9p/client.c - requests to a 9P server: tags, waiting, answers
 *
 * Owns:      struct p9_client, struct p9_request, the list of transports.
 * Layer:     fs/9p.  Uses dev (pieces of memory), sched.  drivers/virtio_9p.c registers transports.
 * Locks:     client->lock (interrupts off) guards tags and fid numbers; a leaf.  transports_lock: the list.
 * Contexts:  process context; p9_request_done and p9_transport_failed: any.
 * Manual:    Plan 9's intro(5), flush(5), version(5).
 * Tests:     tests/run.py p9.
 *
 * Theory
 * ------
 * A client has many requests on their way at once, each with a tag of its own; answers come in any order.
 *
 *     p9_request_new --> p9_rpc: tag, send, sleep ... p9_request_done (interrupt) --> answer read, freed
 *                   `--> p9_send: tag, send           ... p9_request_done --> r->end(r)
 *
 * A thread that is killed while it waits sends Tflush(its tag) and waits for that answer: after it, or after the
 * late answer of the request itself, the server does not touch the request's memory any more.
 *
 * The server is not trusted: sizes, types and tags of answers are compared with what was asked; the cursor keeps
 * every field inside what was received.
 */
#include <fs/9p/client.h>
#include <base/log.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <abi/errno.h>

static LIST_HEAD(transports);
static struct spinlock transports_lock = SPINLOCK_INIT("p9_transports");

void p9_transport_add(struct p9_transport *t)
{
	spin_lock(&transports_lock);
	list_add_tail(&t->link, &transports);
	spin_unlock(&transports_lock);
}

/* ---- life of a request ---- */

static struct waitq *answer_queue(struct p9_client *c, u16 tag)
{
	return &c->answered[tag % ARRAY_SIZE(c->answered)];
}

struct p9_request *p9_request_new(struct p9_client *c, enum p9_type type, u32 out, u32 in, unsigned data)
{
	size_t head = sizeof(struct p9_request) + (2 + data) * sizeof(struct vq_buf);
	struct p9_request *r = kmalloc(head + out + in, 0);

	assert(in >= P9_IO_HEADER && out >= P9_HEADER);
	if (!r)
		return NULL;
	*r = (struct p9_request){ .client = c, .type = (u8)type, .in_size = in, .tag = P9_NOTAG };
	r->m = (struct p9_msg){ .buf = (u8 *)r + head, .size = out, .at = P9_HEADER };
	r->in = r->m.buf + out;
	r->nout = r->nin = 1;
	r->bufs[0] = (struct vq_buf){ virt_to_phys(r->m.buf), 0 };
	r->bufs[1] = (struct vq_buf){ virt_to_phys(r->in), in };
	return r;
}

void p9_request_free(struct p9_request *r)
{
	kfree(r);
}

void p9_request_data(struct p9_request *r, paddr_t addr, u32 len, bool out)
{
	struct vq_buf *last = &r->bufs[r->nout + r->nin - 1];

	r->data_len += len;
	if (out) {
		assert(r->nin == 1);
		last[1] = last[0]; /* the answer stays last */
		last[0] = (struct vq_buf){ addr, len };
		r->nout++;
	} else if (r->nin > 1 && last->addr + last->len == addr) {
		last->len += len;
	} else {
		last[1] = (struct vq_buf){ addr, len };
		r->nin++;
	}
}

/* A tag for r, if there is one. */
static bool tag_take(struct p9_request *r, bool flush)
{
	struct p9_client *c = r->client;
	irqflags_t f = spin_lock_irqsave(&c->lock);
	unsigned from = flush ? P9_TAGS - P9_TAGS_FLUSH : 0, to = flush ? P9_TAGS : P9_TAGS - P9_TAGS_FLUSH;
	bool found = false;

	for (unsigned i = from; i < to && !found; i++) {
		if (c->tags[i])
			continue;
		c->tags[i] = r;
		r->tag = (u16)i;
		found = true;
	}
	spin_unlock_irqrestore(&c->lock, f);
	return found;
}

/* r's tag is free again; false: it was taken from r already (p9_transport_failed).  The wake-up comes from under the
 * lock: whoever sees the tag free may free the client, once it has the lock. */
static bool tag_give(struct p9_request *r)
{
	struct p9_client *c = r->client;
	irqflags_t f = spin_lock_irqsave(&c->lock);
	bool mine = c->tags[r->tag] == r;

	if (mine) {
		c->tags[r->tag] = NULL;
		waitq_wake_all(&c->tag_free);
	}
	spin_unlock_irqrestore(&c->lock, f);
	return mine;
}

/* The header; then it is the server's. */
static int submit(struct p9_request *r)
{
	struct p9_client *c = r->client;
	struct p9_msg head = { .buf = r->m.buf, .size = P9_HEADER };
	struct p9_pieces p = { r->bufs, r->nout, r->nin };
	u32 len = r->m.at;
	bool version = r->type == P9_TVERSION;

	if (r->m.bad)
		return -ENAMETOOLONG;
	if (c->dead)
		return -EIO;
	wait_event(&c->tag_free, tag_take(r, r->type == P9_TFLUSH));
	p9_put_u32(&head, len + (r->nout > 1 ? r->data_len : 0));
	p9_put_u8(&head, r->type);
	p9_put_u16(&head, version ? P9_NOTAG : r->tag);
	r->bufs[0].len = len;
	atomic_add(&c->requests, 1);
	if (p.nout + p.nin <= c->t->max_pieces && !c->t->send(c->t, r, &p))
		return 0;
	return tag_give(r) ? -EIO : 0; /* 0: the failed transport has ended it */
}

/* An answer for a thread that waits; r may be gone when the lock is free. */
static void wake_waiter(struct p9_client *c, struct p9_request *r) MUST_HOLD(&c->lock)
{
	atomic_store_release(&r->done, true);
	waitq_wake_all(answer_queue(c, r->tag));
}

void p9_request_done(struct p9_request *r, u32 len)
{
	struct p9_client *c = r->client;

	r->in_len = len;
	if (r->end) {
		if (tag_give(r))
			r->end(r);
		return;
	}
	irqflags_t f = spin_lock_irqsave(&c->lock);
	wake_waiter(c, r);
	spin_unlock_irqrestore(&c->lock, f);
}

void p9_transport_failed(struct p9_transport *t)
{
	struct p9_client *c = t->client;

	if (!c)
		return;
	c->dead = true;
	for (unsigned i = 0; i < P9_TAGS; i++) {
		irqflags_t f = spin_lock_irqsave(&c->lock);
		struct p9_request *r = c->tags[i];

		if (r && !r->done)
			r->failed = true;
		if (r && r->end) {
			c->tags[i] = NULL;
		} else if (r && !r->done) {
			wake_waiter(c, r);
			r = NULL;
		} else {
			r = NULL;
		}
		spin_unlock_irqrestore(&c->lock, f);
		if (r)
			r->end(r);
	}
}

/* ---- answers ---- */

int p9_answer(struct p9_request *r)
{
	u32 size, code;
	u8 type;
	u16 tag;

	if (r->failed)
		return -EIO;
	r->m = (struct p9_msg){ .buf = r->in, .size = MIN(r->in_len, r->in_size) };
	size = p9_get_u32(&r->m);
	type = p9_get_u8(&r->m);
	tag = p9_get_u16(&r->m);
	if (r->m.bad || size > r->in_len || size < P9_HEADER)
		return -EIO;
	if (tag != (r->type == P9_TVERSION ? P9_NOTAG : r->tag))
		return -EIO;
	r->m.size = MIN(size, r->m.size);
	if (type == r->type + 1)
		return 0;
	code = p9_get_u32(&r->m);
	if (type != P9_RLERROR || r->m.bad || !code || code > 133)
		return -EIO;
	return -(int)code;
}

/* A fatal signal: the server is told to forget r; waits until it has, or has answered r. */
static void flush(struct p9_request *r)
{
	struct p9_request *f = p9_request_new(r->client, P9_TFLUSH, P9_HEADER + 2, P9_IO_HEADER, 0);

	if (f) {
		p9_put_u16(&f->m, r->tag);
		if (!submit(f)) {
			wait_event(answer_queue(r->client, f->tag), atomic_load_acquire(&f->done));
			(void)tag_give(f);
			/* flush(5): no answer to r comes after this one. */
			if (!f->failed && !p9_answer(f)) {
				p9_request_free(f);
				return;
			}
		}
		p9_request_free(f);
	}
	wait_event(answer_queue(r->client, r->tag), atomic_load_acquire(&r->done));
}

int p9_rpc(struct p9_request *r)
{
	struct waitq *q;
	int err = submit(r);

	if (err)
		return err;
	q = answer_queue(r->client, r->tag);
	err = wait_event_killable(q, atomic_load_acquire(&r->done));
	if (err)
		flush(r);
	(void)tag_give(r);
	return err ? -EINTR : p9_answer(r);
}

void p9_send(struct p9_request *r)
{
	assert(r->end);
	if (submit(r)) {
		r->failed = true;
		r->end(r);
	}
}

/* ---- fid numbers ---- */

u32 p9_fid_new(struct p9_client *c)
{
	irqflags_t f = spin_lock_irqsave(&c->lock);
	u32 fid = c->nr_free_fids ? c->free_fids[--c->nr_free_fids] : ++c->next_fid;

	spin_unlock_irqrestore(&c->lock, f);
	return fid;
}

/* When the stack is full the number is not used again: there are four thousand million. */
void p9_fid_free(struct p9_client *c, u32 fid)
{
	irqflags_t f = spin_lock_irqsave(&c->lock);

	if (c->nr_free_fids < P9_FREE_FIDS)
		c->free_fids[c->nr_free_fids++] = fid;
	spin_unlock_irqrestore(&c->lock, f);
}

static void clunked(struct p9_request *r)
{
	if (!r->failed)
		p9_fid_free(r->client, r->fid);
	p9_request_free(r);
}

void p9_clunk(struct p9_client *c, u32 fid)
{
	struct p9_request *r;

	if (!fid)
		return;
	r = p9_request_new(c, P9_TCLUNK, P9_HEADER + 4, P9_IO_HEADER, 0);
	if (!r)
		return; /* the server keeps a name too many */
	p9_put_u32(&r->m, fid);
	r->fid = fid;
	r->end = clunked;
	p9_send(r);
}

/* ---- life of a client ---- */

/* Asks for the protocol and the size of messages. */
static int negotiate(struct p9_client *c)
{
	static const char wanted[] = "9P2000.L";
	struct p9_request *r = p9_request_new(c, P9_TVERSION, 64, 64, 0);
	const char *version;
	u32 msize;
	u16 len;
	int err;

	if (!r)
		return -ENOMEM;
	p9_put_u32(&r->m, c->msize);
	p9_put_name(&r->m, wanted, strlen(wanted));
	err = p9_rpc(r);
	msize = p9_get_u32(&r->m);
	version = p9_get_name(&r->m, &len);
	if (!err && (r->m.bad || msize < P9_MSIZE_MIN))
		err = -EIO;
	else if (!err && (len != strlen(wanted) || memcmp(version, wanted, len)))
		err = -EPROTONOSUPPORT;
	else if (!err)
		c->msize = MIN(c->msize, msize);
	p9_request_free(r);
	return err;
}

static int transport_claim(struct p9_client *c, const char *tag)
{
	struct p9_transport *t;
	int err = -ENOENT;

	spin_lock(&transports_lock);
	list_for_each_entry (t, &transports, link) {
		if (strcmp(t->tag, tag) != 0)
			continue;
		err = -EBUSY;
		if (t->client)
			continue;
		c->t = t;
		t->client = c;
		err = 0;
		break;
	}
	spin_unlock(&transports_lock);
	return err;
}

struct p9_client *p9_client_create(const char *tag, u32 msize)
{
	struct p9_client *c = kzalloc(sizeof(*c));
	int err;

	if (!c)
		return ERR_PTR(-ENOMEM);
	c->msize = msize;
	spin_init(&c->lock, "p9_client");
	waitq_init(&c->tag_free);
	for (unsigned i = 0; i < ARRAY_SIZE(c->answered); i++)
		waitq_init(&c->answered[i]);
	err = transport_claim(c, tag);
	if (err) {
		kfree(c);
		return ERR_PTR(err);
	}
	err = negotiate(c);
	if (err) {
		p9_client_destroy(c);
		return ERR_PTR(err);
	}
	return c;
}

static bool idle(struct p9_client *c)
{
	irqflags_t f = spin_lock_irqsave(&c->lock);
	bool any = false;

	for (unsigned i = 0; i < P9_TAGS; i++)
		any |= c->tags[i] != NULL;
	spin_unlock_irqrestore(&c->lock, f);
	return !any;
}

void p9_client_destroy(struct p9_client *c)
{
	wait_event(&c->tag_free, idle(c));
	spin_lock(&transports_lock);
	c->t->client = NULL;
	spin_unlock(&transports_lock);
	kfree(c);
}
