/* SPDX-License-Identifier: MIT
 *
 * fs/9p/p9_ktest.c - a 9P server that lies
 *
 * Owns:      struct liar: a transport that answers by itself.
 * Layer:     fs/9p.
 * Locks:     none: everything happens in the calling thread.
 * Contexts:  process context.
 * Manual:    Plan 9's intro(5).
 * Tests:     itself: ktest=p9_messages,p9_hostile
 *
 * The server answers a mount as it should and then sends noise: right and wrong types, tags and sizes, names with
 * slashes, counts beyond what was asked, directories that go round in a circle.  Whatever it says, calls return, the
 * file system can be unmounted, and nothing is lost.
 */
#include <fs/9p/node.h>
#include <fs/dcache.h>
#include <fs/ktest_root.h>
#include <base/ktest.h>
#include <lib/string.h>
#include <abi/errno.h>

enum { HONEST_ATTR = 160 /* bytes of an Rgetattr */ };
struct liar {
	struct p9_transport t;
	u64 state;
	bool honest;
};

static u32 noise(struct liar *l)
{
	l->state = l->state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (u32)(l->state >> 33);
}

/* What an honest server would say to the messages of a mount. */
static void honest_body(struct p9_msg *m, u8 type)
{
	switch (type) {
	case P9_TVERSION:
		p9_put_u32(m, 65536);
		p9_put_name(m, "9P2000.L", 8);
		break;
	case P9_TGETATTR:
		p9_put_u64(m, P9_GETATTR_BASIC);
		for (unsigned i = 0; i < P9_QID_BYTES; i++)
			p9_put_u8(m, i ? 0 : P9_QTDIR);
		p9_put_u32(m, S_IFDIR | 0755);
		while (m->at < HONEST_ATTR)
			p9_put_u8(m, 0);
		break;
	}
}

static void noisy_body(struct liar *l, struct p9_msg *m)
{
	unsigned n = noise(l) % 8 ? noise(l) % 200 : m->size;
	/* Small numbers are likelier to be taken for something. */
	u32 mask = noise(l) % 2 ? 0x0300ff00 : 0x00000007;

	for (unsigned i = 0; i < n; i += 4)
		p9_put_u32(m, noise(l) & mask);
}

/* The whole answer is made in `text` and cut into the pieces the request has for it. */
static u32 answer(struct liar *l, const struct p9_pieces *p, u8 *text, u32 room)
{
	const u8 *ask = phys_to_virt(p->bufs[0].addr);
	struct p9_msg m = { .buf = text, .size = room, .at = P9_HEADER };
	struct p9_msg head = { .buf = text, .size = P9_HEADER };
	u8 type = (u8)(ask[4] + 1);
	u16 tag = (u16)(ask[5] | ask[6] << 8);

	memset(text, 0, room);
	if (l->honest)
		honest_body(&m, ask[4]);
	else
		noisy_body(l, &m);
	u32 size = m.at;
	if (!l->honest && !(noise(l) % 8))
		size = noise(l);
	if (!l->honest && !(noise(l) % 4))
		type = noise(l) % 3 ? P9_RLERROR : (u8)noise(l);
	if (!l->honest && !(noise(l) % 16))
		tag = (u16)noise(l);
	p9_put_u32(&head, size);
	p9_put_u8(&head, type);
	p9_put_u16(&head, tag);
	return l->honest ? size : noise(l) % 8 ? m.at : noise(l) % 40;
}

static int liar_send(struct p9_transport *t, struct p9_request *r, const struct p9_pieces *p)
{
	static u8 text[4096];
	struct liar *l = container_of(t, struct liar, t);
	u32 len = answer(l, p, text, sizeof(text)), at = 0;

	for (unsigned i = p->nout; i < p->nout + p->nin && at < sizeof(text); i++) {
		u32 n = MIN(p->bufs[i].len, (u32)sizeof(text) - at);

		memcpy(phys_to_virt(p->bufs[i].addr), text + at, n);
		at += n;
	}
	p9_request_done(r, MIN(len, at));
	return 0;
}

static struct liar liar = { .t = { .tag = "ktest", .max_pieces = 128, .send = liar_send } };

/* Once, since transports stay. */
static void liar_begin(u64 seed)
{
	if (!liar.t.link.next) {
		list_init(&liar.t.link);
		p9_transport_add(&liar.t);
	}
	liar.state = seed;
	liar.honest = true;
}

KTEST(p9_messages)
{
	u8 buf[16];
	struct p9_msg m = { .buf = buf, .size = sizeof(buf) };
	u16 len;

	p9_put_u32(&m, 0x12345678);
	p9_put_name(&m, "name", 4);
	KT_CHECK(m.at == 10 && !m.bad);
	p9_put_u64(&m, 1);
	KT_CHECK(m.bad && m.at == 10); /* it does not fit, and nothing after it does */
	p9_put_u8(&m, 1);
	KT_CHECK(m.at == 10);

	m = (struct p9_msg){ .buf = buf, .size = 10 };
	KT_CHECK(p9_get_u32(&m) == 0x12345678);
	KT_CHECK(!memcmp(p9_get_name(&m, &len), "name", 4) && len == 4 && !m.bad);
	KT_CHECK(!p9_get_u8(&m) && m.bad);
	buf[4] = 200; /* a name longer than the message */
	m = (struct p9_msg){ .buf = buf, .size = 10, .at = 4 };
	KT_CHECK(!p9_get_name(&m, &len) && !len && m.bad);
	return 0;
}

struct taker {
	struct dir_context ctx;
	unsigned left; /* the listing may have no end */
};

static bool take_entry(struct dir_context *ctx, const char *name, unsigned len, u64 ino, unsigned type)
{
	struct taker *t = container_of(ctx, struct taker, ctx);

	return len && len <= NAME_MAX && !memchr(name, '/', len) && t->left--;
}

/* A file's operations, whatever they answer. */
static int poke_file(const struct path *p)
{
	struct taker t = { .ctx = { .emit = take_entry }, .left = 100 };
	struct kstat st;
	struct file *f;
	char buf[64];
	int err = vfs_stat_path(p, &st);

	if (!s_isdir(p->dentry->inode->mode) && !s_isreg(p->dentry->inode->mode))
		return err; /* a device is not the server's */
	err = vfs_open_path(p, s_isdir(p->dentry->inode->mode) ? O_RDONLY : O_RDWR, &cred_init, &f);

	if (err)
		return err;
	if (f->ops->iterate) {
		(void)!file_iterate(f, &t.ctx);
	} else if (f->ops->read) {
		KT_CHECK(file_read_kernel(f, buf, sizeof(buf), 100) <= (ssize_t)sizeof(buf));
		(void)!file_write_kernel(f, "data", 4, 5000);
		(void)!file_fsync(f, 0, INT64_MAX, false);
	}
	file_put(f);
	return 0;
}

/* An instance of the liar; its names and files, many times. */
static int hostile_round(const char *options, u64 seed)
{
	struct fs_type *t = fs_type_find("9p");
	struct super_block *sb;
	struct mount *m;

	liar_begin(seed);
	sb = super_get(t, "ktest", options);
	KT_CHECK(!IS_ERR(sb));
	m = mount_create(sb, sb->root, 0);
	super_put(sb);
	KT_CHECK(m);
	liar.honest = false;
	for (unsigned i = 0; i < 400; i++) {
		char name[3] = { (char)('a' + i % 20), 0, 0 };
		struct qname q = qname_make(name, 1);
		struct path p = { m, dentry_lookup(m->root, &q) };
		struct statfs64_k fs;
		struct path top = { m, m->root };

		(void)vfs_statfs(&top, &fs);
		(void)poke_file(&top);
		if (IS_ERR(p.dentry))
			continue;
		if (p.dentry->inode)
			(void)poke_file(&p);
		dentry_put(p.dentry);
	}
	mount_put(m);
	return 0;
}

KTEST(p9_hostile)
{
	static const char *const options[] = { "cache=none", "cache=mmap", "cache=loose" };

	KT_CHECK(fs_type_find("9p"));
	KT_CHECK(PTR_ERR(super_get(fs_type_find("9p"), "no such share", "")) == -ENOENT);
	liar_begin(seed);
	KT_CHECK(PTR_ERR(super_get(fs_type_find("9p"), "ktest", "cache=what")) == -EINVAL);
	for (unsigned i = 0; i < ARRAY_SIZE(options); i++)
		if (hostile_round(options[i], seed + i))
			return 1;
	KT_CHECK(!liar.t.client); /* given back */
	return 0;
}
