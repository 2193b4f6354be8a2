/* SPDX-License-Identifier: MIT
 *
 * fs/overlay/dir.c - listing directories of an overlay
 *
 * Owns:      struct ovl_listing: the merged names of one opening; struct ovl_dirfile.
 * Layer:     fs/overlay.
 * Locks:     the overlay directory's lock, held by fs; the real directories' inside.
 * Contexts:  process context; may sleep.
 * Manual:    Linux Documentation/filesystems/overlayfs.rst, "readdir".
 * Tests:     tests/run.py overlay.
 *
 * With one lower layer, a directory that lies there alone is listed by that layer.  Any other one is read whole, from the top layer down,
 * into a table: a name counts where it is met first, and a whiteout hides it below.  The table is made when the
 * listing begins and again after rewinddir(3); positions are places in it.
 */
#include <fs/overlay/internal.h>
#include <lib/hash.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <abi/errno.h>

enum { POS_DOT, POS_DOTDOT, POS_FIRST, LIST_BITS = 6, DT_WHITEOUT = 255 };

struct ovl_entry {
	struct hlist_node link;
	struct ovl_entry *next; /* in the order of the listing */
	u64 ino;
	u8 type;
	u16 len;
	char name[];
};
struct ovl_listing {
	struct ovl_entry *first, **last;
	struct hlist_head names[1 << LIST_BITS];
};
struct ovl_dirfile {
	struct file *real;        /* of the one layer */
	struct ovl_listing *list; /* or all names */
	struct ovl_entry *at;     /* the entry at position `pos` */
	loff_t pos;
};

/* ---- reading real directories ---- */

static int open_dir(const struct path *p, struct file **out)
{
	return vfs_open_path(p, O_RDONLY | O_DIRECTORY | O_NOATIME, &cred_init, out);
}

static struct hlist_head *bucket(struct ovl_listing *l, const char *name, unsigned len)
{
	return &l->names[hash_bytes(name, len, 0) & ((1u << LIST_BITS) - 1)];
}

static bool known(struct ovl_listing *l, const char *name, unsigned len)
{
	struct ovl_entry *e;

	hlist_for_each_entry(e, bucket(l, name, len), link)
	{
		if (e->len == len && !memcmp(e->name, name, len))
			return true;
	}
	return false;
}

static bool add(struct ovl_listing *l, const char *name, unsigned len, u64 ino, unsigned type)
{
	struct ovl_entry *e = kmalloc(sizeof(*e) + len + 1, 0);

	if (!e)
		return false;
	*e = (struct ovl_entry){ .ino = ino, .type = (u8)type, .len = (u16)len };
	memcpy(e->name, name, len);
	e->name[len] = 0;
	hlist_add_head(&e->link, bucket(l, name, len));
	*l->last = e;
	l->last = &e->next;
	return true;
}

static void listing_free(struct ovl_listing *l)
{
	struct ovl_entry *e = l ? l->first : NULL;

	while (e) {
		struct ovl_entry *next = e->next;

		kfree(e);
		e = next;
	}
	kfree(l);
}

struct collect {
	struct dir_context dc;
	struct ovl_listing *l;
	const struct ovl_super *s;
	const struct mount *layer;
	bool no_memory;
};

static bool collect_one(struct dir_context *dc, const char *name, unsigned len, u64 ino, unsigned type)
{
	struct collect *c = container_of(dc, struct collect, dc);

	if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')))
		return true;
	if (known(c->l, name, len))
		return true;
	c->no_memory = !add(c->l, name, len, ovl_number(c->s, c->layer, ino), type);
	return !c->no_memory;
}

/* Devices among the new entries may be whiteouts: only their inodes tell. */
static int mark_whiteouts(struct ovl_entry *e, struct dentry *dir)
{
	for (; e; e = e->next) {
		struct dentry *d;

		if (e->type != DT_CHR)
			continue;
		d = ovl_child(dir, e->name, e->len);
		if (IS_ERR(d))
			return (int)PTR_ERR(d);
		if (!d || ovl_is_whiteout(d->inode))
			e->type = DT_WHITEOUT;
		dentry_put(d);
	}
	return 0;
}

/* All names of one real directory that are not in the list yet. */
static int collect_layer(const struct ovl_super *s, struct ovl_listing *l, const struct path *p)
{
	struct collect c = { .dc = { .emit = collect_one }, .l = l, .s = s, .layer = p->mnt };
	struct ovl_entry **from = l->last;
	struct file *f;
	int err = open_dir(p, &f);

	if (err)
		return err;
	for (loff_t before = -1; !err && before != f->pos;) {
		before = f->pos;
		err = file_iterate(f, &c.dc);
		if (c.no_memory)
			err = -ENOMEM;
	}
	file_put(f);
	return err ? err : mark_whiteouts(*from, p->dentry);
}

static struct ovl_listing *listing_new(void)
{
	struct ovl_listing *l = kzalloc(sizeof(*l));

	if (l)
		l->last = &l->first;
	return l;
}

/* The merged names of dir, whiteouts included. */
static struct ovl_listing *merge(const struct inode *dir)
{
	const struct ovl_super *s = ovl_super(dir->sb);
	const struct ovl_node *n = ovl_node(dir);
	struct ovl_listing *l = listing_new();
	int err = 0;

	if (!l)
		return ERR_PTR(-ENOMEM);
	if (ovl_upper(dir)) {
		struct path up = ovl_upper_path(dir);

		err = collect_layer(s, l, &up);
	}
	for (unsigned k = 0; k < n->nlower && !err; k++) {
		struct path p = { s->layers[n->lower[k].layer].mnt, n->lower[k].d };

		err = collect_layer(s, l, &p);
	}
	if (!err)
		return l;
	listing_free(l);
	return ERR_PTR(err);
}

int ovl_check_empty(struct inode *dir)
{
	struct ovl_listing *l = merge(dir);
	int err = 0;

	if (IS_ERR(l))
		return (int)PTR_ERR(l);
	for (struct ovl_entry *e = l->first; e && !err; e = e->next)
		if (e->type != DT_WHITEOUT)
			err = -ENOTEMPTY;
	listing_free(l);
	return err;
}

int ovl_list_whiteouts(const struct ovl_super *s, const struct path *dir,
                       bool (*fn)(void *ctx, const char *name, unsigned len), void *ctx)
{
	struct ovl_listing *l = listing_new();
	int err = l ? collect_layer(s, l, dir) : -ENOMEM;

	for (struct ovl_entry *e = err ? NULL : l->first; e; e = e->next)
		if (e->type == DT_WHITEOUT && !fn(ctx, e->name, e->len))
			break;
	listing_free(l);
	return err;
}

/* ---- an open directory ---- */

/* Can the one layer list it?  An upper directory may have whiteouts, and so may one of several lower layers. */
static bool is_plain(const struct inode *i)
{
	return !ovl_upper(i) && ovl_node(i)->nlower == 1 && ovl_super(i->sb)->nlayers == 1;
}

static int dir_open(struct inode *i, struct file *f)
{
	f->private = kzalloc(sizeof(struct ovl_dirfile));
	return f->private ? 0 : -ENOMEM;
}

static void forget(struct ovl_dirfile *d)
{
	if (d->real)
		file_put(d->real);
	listing_free(d->list);
	*d = (struct ovl_dirfile){ 0 };
}

static void dir_release(struct file *f)
{
	forget(f->private);
	kfree(f->private);
}

static int begin(struct file *f, struct ovl_dirfile *d)
{
	struct path real = ovl_real(f->inode);

	forget(d);
	if (is_plain(f->inode))
		return open_dir(&real, &d->real);
	d->list = merge(f->inode);
	if (IS_ERR(d->list)) {
		int err = (int)PTR_ERR(d->list);

		d->list = NULL;
		return err;
	}
	d->at = d->list->first;
	d->pos = POS_FIRST;
	return 0;
}

static int emit_dots(struct file *f, struct dir_context *ctx)
{
	if (ctx->pos == POS_DOT) {
		if (!ctx->emit(ctx, ".", 1, f->inode->ino, DT_DIR))
			return 1;
		ctx->pos = POS_DOTDOT;
	}
	if (ctx->pos == POS_DOTDOT) {
		if (!ctx->emit(ctx, "..", 2, f->path.dentry->parent->inode->ino, DT_DIR))
			return 1;
		ctx->pos = POS_FIRST;
	}
	return 0;
}

/* From position ctx->pos on, in the table. */
static int emit_list(struct ovl_dirfile *d, struct dir_context *ctx)
{
	if (ctx->pos < d->pos) {
		d->at = d->list->first;
		d->pos = POS_FIRST;
	}
	for (; d->at; d->at = d->at->next, d->pos++) {
		if (d->pos < ctx->pos)
			continue;
		if (d->at->type != DT_WHITEOUT &&
		    !ctx->emit(ctx, d->at->name, d->at->len, d->at->ino, d->at->type))
			return 0;
		ctx->pos = d->pos + 1;
	}
	return 0;
}

struct pass {
	struct dir_context dc, *outer;
	const struct ovl_super *s;
	const struct mount *layer;
};

static bool pass_one(struct dir_context *dc, const char *name, unsigned len, u64 ino, unsigned type)
{
	struct pass *p = container_of(dc, struct pass, dc);

	p->outer->pos = dc->pos;
	return p->outer->emit(p->outer, name, len, ovl_number(p->s, p->layer, ino), type);
}

/* The one layer's entries, with our numbers. */
static int emit_real(const struct ovl_super *s, struct ovl_dirfile *d, struct dir_context *ctx)
{
	struct pass p = { .dc = { .emit = pass_one }, .outer = ctx, .s = s, .layer = d->real->path.mnt };
	int err;

	d->real->pos = ctx->pos;
	err = file_iterate(d->real, &p.dc);
	ctx->pos = d->real->pos;
	return err;
}

static int dir_iterate(struct file *f, struct dir_context *ctx)
{
	struct ovl_dirfile *d = f->private;
	int err = 0;

	if (!ctx->pos || (!d->real && !d->list))
		err = begin(f, d);
	if (err)
		return err;
	if (d->real)
		return emit_real(ovl_super(f->inode->sb), d, ctx);
	return emit_dots(f, ctx) ? 0 : emit_list(d, ctx);
}

static int dir_fsync(struct file *f, loff_t start, loff_t end, bool datasync)
{
	struct path real = ovl_real(f->inode);
	struct file *r;
	int err;

	if (!ovl_upper(f->inode) || ovl_super(f->inode->sb)->is_volatile)
		return 0;
	err = open_dir(&real, &r);
	if (err)
		return err;
	err = file_fsync(r, start, end, datasync);
	file_put(r);
	return err;
}

const struct file_ops ovl_dir_file_ops = {
	.open = dir_open,
	.release = dir_release,
	.iterate = dir_iterate,
	.lseek = dir_lseek,
	.fsync = dir_fsync,
};
