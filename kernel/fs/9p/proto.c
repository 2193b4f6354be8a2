/* SPDX-License-Identifier: MIT
 *
 * fs/9p/proto.c - the encoding of 9P2000.L messages
 *
 * Owns:      nothing.
 * Layer:     fs/9p.
 * Locks:     none.
 * Contexts:  any.
 * Manual:    Plan 9's intro(5); diod's protocol.md for 9P2000.L.
 * Tests:     fs/9p/p9_ktest.c.
 */
#include <fs/9p/proto.h>
#include <lib/string.h>

/* Room for n bytes at the cursor, or NULL. */
static u8 *take(struct p9_msg *m, u32 n)
{
	u8 *at = m->buf + m->at;

	if (m->bad || n > m->size - m->at) {
		m->bad = true;
		return NULL;
	}
	m->at += n;
	return at;
}

static void put(struct p9_msg *m, const void *v, u32 n)
{
	u8 *to = take(m, n);

	if (to)
		memcpy(to, v, n);
}

static void get(struct p9_msg *m, void *v, u32 n)
{
	const u8 *from = take(m, n);

	if (from)
		memcpy(v, from, n);
	else
		memset(v, 0, n);
}

void p9_put_u8(struct p9_msg *m, u8 v)
{
	put(m, &v, sizeof(v));
}

void p9_put_u16(struct p9_msg *m, u16 v)
{
	put(m, &v, sizeof(v));
}

void p9_put_u32(struct p9_msg *m, u32 v)
{
	put(m, &v, sizeof(v));
}

void p9_put_u64(struct p9_msg *m, u64 v)
{
	put(m, &v, sizeof(v));
}

void p9_put_name(struct p9_msg *m, const char *s, size_t len)
{
	if (len > UINT16_MAX) {
		m->bad = true;
		return;
	}
	p9_put_u16(m, (u16)len);
	put(m, s, (u32)len);
}

u8 p9_get_u8(struct p9_msg *m)
{
	u8 v;

	get(m, &v, sizeof(v));
	return v;
}

u16 p9_get_u16(struct p9_msg *m)
{
	u16 v;

	get(m, &v, sizeof(v));
	return v;
}

u32 p9_get_u32(struct p9_msg *m)
{
	u32 v;

	get(m, &v, sizeof(v));
	return v;
}

u64 p9_get_u64(struct p9_msg *m)
{
	u64 v;

	get(m, &v, sizeof(v));
	return v;
}

const char *p9_get_name(struct p9_msg *m, u16 *len)
{
	const char *s;

	*len = p9_get_u16(m);
	s = (const char *)take(m, *len);
	if (!s)
		*len = 0;
	return s;
}

struct p9_qid p9_get_qid(struct p9_msg *m)
{
	struct p9_qid q;

	q.type = p9_get_u8(m);
	q.version = p9_get_u32(m);
	q.path = p9_get_u64(m);
	return q;
}

void p9_get_attr(struct p9_msg *m, struct p9_attr *a)
{
	u64 *const times[] = { a->atime, a->mtime, a->ctime, a->btime };

	a->valid = p9_get_u64(m);
	a->qid = p9_get_qid(m);
	a->mode = p9_get_u32(m);
	a->uid = p9_get_u32(m);
	a->gid = p9_get_u32(m);
	a->nlink = p9_get_u64(m);
	a->rdev = p9_get_u64(m);
	a->size = p9_get_u64(m);
	a->blksize = p9_get_u64(m);
	a->blocks = p9_get_u64(m);
	for (unsigned i = 0; i < ARRAY_SIZE(times); i++) {
		times[i][0] = p9_get_u64(m);
		times[i][1] = p9_get_u64(m);
	}
	p9_get_u64(m); /* generation */
	p9_get_u64(m); /* data version */
}
