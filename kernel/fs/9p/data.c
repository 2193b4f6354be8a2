/* SPDX-License-Identifier: MIT
 *
 * fs/9p/data.c - the page cache of a shared folder's files
 *
 * Owns:      struct io: the pages of one request.
 * Layer:     fs/9p.
 * Locks:     PAGE_LOCKED of the pages on their way.
 * Contexts:  process context; the ends of requests: interrupts.
 * Manual:    diod's protocol.md: Tread, Twrite.
 * Tests:     tests/run.py p9.
 *
 * Pages go to and come from the server where they lie: a request's pieces are the pages themselves.  A round trip
 * costs as much as many pages, so a page that is missing brings the missing ones behind it along, and dirty
 * neighbours go together, several requests at once.
 */
#include <fs/9p/node.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <abi/errno.h>

enum { CLUSTER = 32 /* pages read with one that is missing */, RUN_MAX = 64 /* pages of a request */ };

struct io {
	unsigned n;
	u64 off; /* of the first page's first byte */
	struct page *pages[RUN_MAX];
};

static struct p9_request *io_request(struct inode *i, enum p9_type type, u32 fid, const struct io *io,
                                     u32 len)
{
	bool out = type == P9_TWRITE;
	struct p9_request *r = p9_request_new(p9_client(i), type, P9_TWRITE_HEADER, P9_IO_HEADER, io->n);

	if (!r)
		return NULL;
	p9_put_u32(&r->m, fid);
	p9_put_u64(&r->m, io->off);
	p9_put_u32(&r->m, len);
	for (unsigned k = 0; k < io->n && len; k++) {
		u32 piece = MIN(len, (u32)PAGE_SIZE);

		p9_request_data(r, page_paddr(io->pages[k]), piece, out);
		len -= piece;
	}
	return r;
}

/* Bytes an answer says were moved, at most `len`; or an error. */
static ssize_t io_count(struct p9_request *r, u32 len, bool in)
{
	int err = p9_answer(r);
	u32 count = p9_get_u32(&r->m);

	if (err)
		return err;
	if (r->m.bad || count > len || (in && P9_IO_HEADER + count > r->in_len))
		return -EIO;
	return count;
}

/* ---- reading ---- */

/* What the server did not give is zero: the end of the file, or it became shorter. */
static void zero_rest(const struct io *io, u32 got)
{
	for (unsigned k = got / PAGE_SIZE; k < io->n; k++) {
		u32 from = k == got / PAGE_SIZE ? got % PAGE_SIZE : 0;

		memset((u8 *)page_virt(io->pages[k]) + from, 0, PAGE_SIZE - from);
	}
}

/* How many of `want` pages at index lie inside the file, and in a message. */
static unsigned clip(struct inode *i, u64 index, unsigned want)
{
	u64 pages = DIV_ROUND_UP((u64)atomic_load(&i->size), PAGE_SIZE);
	u32 fit = (p9_client(i)->msize - P9_IO_HEADER) / PAGE_SIZE;

	want = MIN(want, MIN(MAX(fit, 1u), (u32)RUN_MAX));
	return index >= pages ? 0 : (unsigned)MIN((u64)want, pages - index);
}

/* Appends missing pages, locked, as long as they follow each other. */
static void gather_missing(struct mapping *m, struct io *io, unsigned want)
{
	while (io->n < want) {
		struct page *p = mapping_add_for_read(m, io->off / PAGE_SIZE + io->n);

		if (!p)
			return;
		io->pages[io->n++] = p;
	}
}

static void read_ended(struct p9_request *r)
{
	struct io *io = r->private;
	ssize_t got = io_count(r, r->data_len, true);

	if (got >= 0)
		zero_rest(io, (u32)got);
	for (unsigned k = 0; k < io->n; k++)
		mapping_read_end(io->pages[k], got < 0 ? (int)got : 0);
	kfree(io);
	p9_request_free(r);
}

static void read_ahead(struct mapping *m, u64 index, unsigned n)
{
	struct inode *i = m->host;
	u64 end = index + n;
	u32 fid;

	if (p9_reading_fid(i, &fid))
		return;
	while (index < end) {
		unsigned want = clip(i, index, (unsigned)MIN(end - index, (u64)RUN_MAX));
		struct io *io = want ? kmalloc(sizeof(*io), 0) : NULL;
		struct p9_request *r;

		if (!io)
			return;
		io->n = 0;
		io->off = index << PAGE_SHIFT;
		gather_missing(m, io, want);
		r = io->n ? io_request(i, P9_TREAD, fid, io, io->n * (u32)PAGE_SIZE) : NULL;
		index += io->n ? io->n : 1;
		if (!r) {
			for (unsigned k = 0; k < io->n; k++)
				mapping_read_end(io->pages[k], -ENOMEM);
			kfree(io);
			continue;
		}
		r->private = io;
		r->end = read_ended;
		p9_send(r);
	}
}

/* The locked page p, and what is missing behind it, in one request. */
static int read_page(struct mapping *m, struct page *p)
{
	struct inode *i = m->host;
	unsigned want = clip(i, p->index, CLUSTER);
	struct io *io = want ? kmalloc(sizeof(*io), 0) : NULL;
	struct p9_request *r = NULL;
	ssize_t got;
	u32 fid;

	if (!want) {
		memset(page_virt(p), 0, PAGE_SIZE);
		return 0;
	}
	if (!io)
		return -ENOMEM;
	*io = (struct io){ .n = 1, .off = p->index << PAGE_SHIFT, .pages = { p } };
	got = p9_reading_fid(i, &fid);
	if (!got) {
		gather_missing(m, io, want);
		r = io_request(i, P9_TREAD, fid, io, io->n * (u32)PAGE_SIZE);
		got = r ? p9_rpc(r) : -ENOMEM;
	}
	if (!got)
		got = io_count(r, r->data_len, true);
	if (got >= 0)
		zero_rest(io, (u32)got);
	for (unsigned k = 1; k < io->n; k++)
		mapping_read_end(io->pages[k], got < 0 ? (int)got : 0);
	if (r)
		p9_request_free(r);
	kfree(io);
	return got < 0 ? (int)got : 0;
}

/* ---- writing ---- */

static void write_ended(struct p9_request *r)
{
	struct io *io = r->private;
	ssize_t put = io_count(r, r->data_len, false);

	for (unsigned k = 0; k < io->n; k++) {
		bool whole = put >= (ssize_t)MIN((u32)(k + 1) * (u32)PAGE_SIZE, r->data_len);

		/* A server that takes less than it was given has no room for the rest. */
		mapping_write_end(io->pages[k], whole ? 0 : put < 0 ? (int)put : -ENOSPC);
	}
	kfree(io);
	p9_request_free(r);
}

/* Sends the run of pages. 0 or why not. */
static int write_run(struct inode *i, u32 fid, struct io *io)
{
	u64 size = atomic_load(&i->data.size), end = io->off + io->n * PAGE_SIZE;
	struct p9_request *r = NULL;
	int err = fid ? -ENOMEM : -EIO;

	if (fid && io->off < size)
		r = io_request(i, P9_TWRITE, fid, io, (u32)(MIN(end, size) - io->off));
	else if (fid)
		err = 0; /* behind the end: truncated meanwhile */
	if (!r) {
		for (unsigned k = 0; k < io->n; k++)
			mapping_write_end(io->pages[k], err);
		kfree(io);
		return err;
	}
	r->private = io;
	r->end = write_ended;
	p9_send(r);
	return 0;
}

/* The next run of dirty pages, NULL at the end, or ERR_PTR(-ENOMEM). *next: a page found behind the run, which begins the one after it. */
static struct io *next_run(struct mapping *m, u64 *index, u64 last, unsigned max, struct page **next)
{
	struct page *p = *next ? *next : mapping_next_dirty_locked(m, index, last);
	struct io *io = p ? kmalloc(sizeof(*io), 0) : NULL;

	*next = NULL;
	if (!p)
		return NULL;
	if (!io) {
		mapping_write_end(p, -ENOMEM);
		return ERR_PTR(-ENOMEM);
	}
	*io = (struct io){ .n = 0, .off = p->index << PAGE_SHIFT };
	while (p) {
		io->pages[io->n++] = p;
		p = io->n < max ? mapping_next_dirty_locked(m, index, last) : NULL;
		if (p && p->index != io->off / PAGE_SIZE + io->n) {
			*next = p;
			break;
		}
	}
	return io;
}

static int write_pages(struct mapping *m, u64 first, u64 last, bool wait)
{
	struct inode *i = m->host;
	u32 fid = atomic_load(&p9_node(i)->wfid);
	unsigned max = MIN((p9_client(i)->msize - P9_TWRITE_HEADER) / (unsigned)PAGE_SIZE, (unsigned)RUN_MAX);
	struct page *next = NULL;
	struct io *io;
	int first_err = 0;

	p9_inode_changed(i);
	while ((io = next_run(m, &first, last, MAX(max, 1u), &next))) {
		int err = IS_ERR(io) ? (int)PTR_ERR(io) : write_run(i, fid, io);

		first_err = first_err ? first_err : err;
		cond_resched();
	}
	return first_err;
}

const struct mapping_ops p9_mapping_ops = {
	.read_page = read_page,
	.read_ahead = read_ahead,
	.write_pages = write_pages,
	.hold = inode_mapping_hold,
	.release = inode_mapping_release,
};

int p9_write_back(struct inode *i)
{
	return mapping_sync(&i->data, 0, INT64_MAX);
}
