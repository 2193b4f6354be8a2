/* SPDX-License-Identifier: MIT
 *
 * fs/9p/dir.c - the names of a shared folder: look-up, making, removing, listing
 *
 * Owns:      struct listing: one opening of a directory.
 * Layer:     fs/9p.
 * Locks:     the inode locks that fs holds around each operation.
 * Contexts:  process context; may sleep.
 * Manual:    diod's protocol.md: Tlcreate, Tmkdir, Tunlinkat, Trenameat, Treaddir.
 * Tests:     tests/run.py p9.
 *
 * A listing is fetched in large pieces; each entry brings the position of the one behind it, so seekdir(3) and a
 * directory that changes meanwhile are the server's affair.
 */
#include <fs/9p/node.h>
#include <fs/dcache.h>
#include <base/clock.h>
#include <base/log.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <abi/errno.h>

enum { LISTING_BYTES = 64 * 1024 };

/* ---- look-up ---- */

static struct inode *lookup(struct inode *dir, const char *name, unsigned len)
{
	return p9_inode_walk(dir, name, len, false);
}

/* The directory is looked at again after a while; if somebody changed it, the names go.  It may have been us; but then
 * others could have changed it in the same moment. */
static bool names_good(struct inode *dir, struct dentry *d)
{
	struct p9_node *n = p9_node(dir);
	ktime_t before = n->server_mtime;
	int err;

	if (clock_monotonic() < n->names_until)
		return true;
	err = p9_inode_refresh(dir, true);
	if (err == -ENOENT || err == -ESTALE)
		dentry_drop(d); /* it is not there any more; who comes by name finds the new one */
	n->server_mtime = dir->mtime;
	n->names_until = clock_monotonic() + P9_FRESH_NS;
	if (err || dir->mtime != before)
		dentry_forget_names(d);
	return true;
}

/* ---- making ---- */

/* Who asked becomes the owner, where the server allows it. */
static void give_to(struct inode *i, const struct cred *c)
{
	const struct p9_super *s = p9_super(i->sb);
	struct p9_setattr_args a = { .valid = P9_SET_UID | P9_SET_GID, .uid = c->fsuid, .gid = i->gid };
	u32 fid;

	if (c->fsuid == i->uid || p9_inode_fid(i, &fid))
		return;
	if (!a.uid && ~s->map_uid)
		a.uid = s->map_uid;
	if (!a.gid && ~s->map_gid)
		a.gid = s->map_gid;
	if (!p9_setattr(s->client, fid, &a))
		i->uid = c->fsuid;
}

/* The open fid that Tlcreate leaves is the file's for writing. */
static int create_regular(struct inode *dir, u32 dfid, const char *name, unsigned len, umode_t mode,
                          gid_t gid, u32 *fid)
{
	struct p9_client *c = p9_client(dir);
	int err;

	*fid = p9_fid_new(c);
	err = p9_walk(c, dfid, NULL, 0, *fid);
	if (err) {
		p9_fid_free(c, *fid);
		return err;
	}
	err = p9_lcreate(c, *fid, name, len, O_RDWR | O_CREAT | O_EXCL, mode & S_IALLUGO, gid);
	if (err)
		p9_clunk(c, *fid);
	return err;
}

static struct inode *create(struct inode *dir, const char *name, unsigned len, umode_t mode, dev_t rdev,
                            const char *target, const struct cred *c)
{
	struct p9_client *client = p9_client(dir);
	const struct p9_super *s = p9_super(dir->sb);
	gid_t gid = dir->mode & S_ISGID ? dir->gid : c->fsgid;
	struct inode *i;
	u32 dfid, open_fid = 0;
	int err = p9_inode_fid(dir, &dfid);

	if (err)
		return ERR_PTR(err);
	if (!gid && ~s->map_gid)
		gid = s->map_gid;
	if (s_isreg(mode))
		err = create_regular(dir, dfid, name, len, mode, gid, &open_fid);
	else
		err = p9_make(client, dfid, name, len, mode, rdev, target, gid);
	if (err)
		return ERR_PTR(err);
	p9_inode_changed(dir);
	i = p9_inode_walk(dir, name, len, true);
	if (!i)
		i = ERR_PTR(-ENOENT); /* somebody was quick */
	if (IS_ERR(i) || !s_isreg(i->mode)) {
		p9_clunk(client, open_fid);
		return i;
	}
	struct p9_node *n = p9_node(i);
	mutex_lock(&n->lock);
	if (n->wfid)
		p9_clunk(client, open_fid);
	else
		n->wfid = open_fid, n->wfid_reads = true;
	mutex_unlock(&n->lock);
	give_to(i, c);
	i->no_file_caps = true; /* it is new */
	return i;
}

static struct inode *create_owned(struct inode *dir, const char *name, unsigned len, umode_t mode, dev_t rdev,
                                  const char *target, const struct cred *c)
{
	struct inode *i = create(dir, name, len, mode, rdev, target, c);

	if (!IS_ERR(i) && !s_isreg(i->mode))
		give_to(i, c);
	if (!IS_ERR(i) && s_isdir(i->mode))
		dir->nlink++;
	return i;
}

static int link_name(struct inode *dir, const char *name, unsigned len, struct inode *target)
{
	struct p9_client *c = p9_client(dir);
	struct p9_name place = p9_name_of(dir, name, len);
	u32 dfid, fid, new;
	int err = p9_inode_fid(dir, &dfid);

	if (!err)
		err = p9_inode_fid(target, &fid);
	if (!err)
		err = p9_link(c, dfid, fid, name, len);
	if (err)
		return err;
	p9_inode_changed(dir);
	target->nlink++;
	p9_inode_changed(target);
	/* The first name may go (git makes its objects so): the second one must be known to the server, too. */
	new = p9_fid_new(c);
	if (p9_walk(c, dfid, name, len, new))
		p9_fid_free(c, new);
	else if (p9_name_add(target, new, &place))
		log_debug("9p: a link whose name is not remembered: no memory");
	return 0;
}

/* ---- removing, moving ---- */

static void lost_name(struct inode *dir, const char *name, unsigned len, struct inode *i)
{
	struct p9_name place = p9_name_of(dir, name, len);

	p9_name_removed(i, &place);
	if (s_isdir(i->mode)) {
		i->nlink = 0;
		dir->nlink -= dir->nlink > 2;
	} else {
		i->nlink -= i->nlink > 0;
	}
	p9_inode_changed(i);
}

static int unlink_name(struct inode *dir, const char *name, unsigned len, struct inode *victim)
{
	u32 dfid;
	int err = p9_inode_fid(dir, &dfid);

	if (!err)
		err = p9_unlinkat(p9_client(dir), dfid, name, len, s_isdir(victim->mode));
	if (err)
		return err;
	p9_inode_changed(dir);
	lost_name(dir, name, len, victim);
	return 0;
}

static int rename_name(struct inode *od, const char *on, unsigned olen, struct inode *moved, struct inode *nd,
                       const char *nn, unsigned nlen, struct inode *victim, unsigned flags)
{
	struct p9_name from = p9_name_of(od, on, olen), to = p9_name_of(nd, nn, nlen);
	u32 ofid, nfid;
	int err;

	if (flags & RENAME_EXCHANGE)
		return -EINVAL; /* the protocol has no such thing */
	err = p9_inode_fid(od, &ofid);
	if (!err)
		err = p9_inode_fid(nd, &nfid);
	if (!err)
		err = p9_renameat(p9_client(od), ofid, on, olen, nfid, nn, nlen);
	if (err)
		return err;
	p9_inode_changed(od);
	p9_inode_changed(nd);
	if (victim)
		lost_name(nd, nn, nlen, victim);
	p9_name_moved(moved, &from, &to);
	p9_inode_changed(moved);
	if (s_isdir(moved->mode) && od != nd) {
		od->nlink -= od->nlink > 2;
		nd->nlink++;
	}
	return 0;
}

/* ---- symbolic links ---- */

static const char *get_link(struct inode *i)
{
	char *text = atomic_load_acquire(&i->link), *there = NULL;
	u32 fid;
	int err;

	if (text)
		return text;
	err = p9_inode_fid(i, &fid);
	if (err)
		return ERR_PTR(err);
	text = p9_readlink(p9_client(i), fid);
	if (IS_ERR(text))
		return text;
	if (__atomic_compare_exchange_n(&i->link, &there, text, false, __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE))
		return text;
	kfree(text);
	return there;
}

const struct inode_ops p9_dir_ops = {
	.lookup = lookup,
	.names_good = names_good,
	.create = create_owned,
	.link = link_name,
	.unlink = unlink_name,
	.rename = rename_name,
	.getattr = p9_getattr_op,
	.setattr = p9_setattr_op,
	.getxattr = p9_getxattr,
	.setxattr = p9_setxattr,
	.listxattr = p9_listxattr,
	.removexattr = p9_removexattr,
};
const struct inode_ops p9_node_ops = {
	.getattr = p9_getattr_op,
	.setattr = p9_setattr_op,
	.getxattr = p9_getxattr,
	.setxattr = p9_setxattr,
	.listxattr = p9_listxattr,
	.removexattr = p9_removexattr,
};
const struct inode_ops p9_link_ops = {
	.get_link = get_link,
	.getattr = p9_getattr_op,
	.setattr = p9_setattr_op,
	.getxattr = p9_getxattr,
	.setxattr = p9_setxattr,
	.listxattr = p9_listxattr,
	.removexattr = p9_removexattr,
};

/* ---- listing ---- */

struct listing {
	u32 fid, len;
	u64 pos; /* of the first entry in buf */
	bool any;
	u8 *buf;
};

static int listing_open(struct inode *i, struct file *f)
{
	struct p9_client *c = p9_client(i);
	struct listing *l = kzalloc(sizeof(*l));
	u32 from;
	int err;

	if (!l)
		return -ENOMEM;
	l->buf = kmalloc(LISTING_BYTES, 0);
	err = l->buf ? p9_inode_fid(i, &from) : -ENOMEM;
	if (err)
		goto fail;
	l->fid = p9_fid_new(c);
	err = p9_walk(c, from, NULL, 0, l->fid);
	if (err) {
		p9_fid_free(c, l->fid);
		goto fail;
	}
	err = p9_lopen(c, l->fid, O_RDONLY | O_DIRECTORY);
	if (err) {
		p9_clunk(c, l->fid);
		goto fail;
	}
	f->private = l;
	return 0;
fail:
	kfree(l->buf);
	kfree(l);
	return err;
}

static void listing_release(struct file *f)
{
	struct listing *l = f->private;

	p9_clunk(p9_client(f->inode), l->fid);
	kfree(l->buf);
	kfree(l);
}

/* The entries at position pos on. The bytes: 0 at the end. */
static ssize_t listing_fill(struct file *f, u64 pos)
{
	struct listing *l = f->private;
	ssize_t n = p9_readdir(p9_client(f->inode), l->fid, pos, l->buf, LISTING_BYTES);

	l->any = n >= 0;
	l->len = n > 0 ? (u32)n : 0;
	l->pos = pos;
	return n;
}

struct entry {
	struct p9_qid qid;
	u64 next;
	u8 type;
	u16 len;
	const char *name;
};

static bool decode(struct p9_msg *m, struct entry *e)
{
	e->qid = p9_get_qid(m);
	e->next = p9_get_u64(m);
	e->type = p9_get_u8(m);
	e->name = p9_get_name(m, &e->len);
	return !m->bad;
}

static bool name_sane(const struct entry *e)
{
	return e->len && e->len <= NAME_MAX && !memchr(e->name, '/', e->len) && !memchr(e->name, 0, e->len);
}

/* Emits the entries of the buffer from ctx->pos on.  1: the reader is full; 0: what follows must be fetched. */
static int listing_emit(struct listing *l, struct dir_context *ctx)
{
	struct p9_msg m = { .buf = l->buf, .size = l->len };
	u64 at = l->pos;
	struct entry e;

	while (m.at < m.size && decode(&m, &e)) {
		if (at == (u64)ctx->pos) {
			if (name_sane(&e) && !ctx->emit(ctx, e.name, e.len, e.qid.path, e.type))
				return 1;
			ctx->pos = (loff_t)e.next;
		}
		at = e.next;
	}
	return m.bad ? -EIO : 0;
}

static int listing_iterate(struct file *f, struct dir_context *ctx)
{
	struct listing *l = f->private;

	if (!ctx->pos)
		l->any = false; /* rewinddir(3) looks again */
	for (;;) {
		u64 before = (u64)ctx->pos;
		int r = l->any ? listing_emit(l, ctx) : 0;

		if (r)
			return r == 1 ? 0 : r;
		/* Nothing moved: it was fetched for this position, and the server goes round in a circle. */
		if (l->any && l->len && before == l->pos && before == (u64)ctx->pos)
			return -EIO;
		ssize_t n = listing_fill(f, (u64)ctx->pos);
		if (n <= 0)
			return (int)n;
		cond_resched();
		if (thread_kill_pending())
			return -EINTR;
	}
}

const struct file_ops p9_dir_file_ops = {
	.open = listing_open,
	.release = listing_release,
	.iterate = listing_iterate,
	.lseek = dir_lseek,
	.fsync = noop_fsync,
};
