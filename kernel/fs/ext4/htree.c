/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/htree.c - large directories: an index by the hash of the name
 *
 * Owns:      the index's blocks, and which names stand in which block.
 * Layer:     fs/ext4. Uses dir.c, hash.c.
 * Locks:     the directory's inode lock.
 * Contexts:  process context; may sleep.
 * Manual:    the ext4 disk layout, "Hash Tree Directories".
 * Tests:     tests/ext4.
 *
 * Theory
 * ------
 * Block 0 is the root: "." and "..", whose entry seems to fill the block, and hidden behind it pairs (hash, block),
 * sorted.  A pair says: names with this hash and above, up to the next pair's, stand in that block (or, with two
 * levels, below that node).  The blocks themselves are ordinary directory blocks, so a system that knows no index
 * finds all names too.
 *
 *      root:   [.][..]{version, levels} (limit,count | block 1) (hash 4a.. | block 2) (hash 9c.. | block 5)
 *
 * A full block is split at the middle hash. Names of one hash that do not fit one block go on in the next, whose pair
 * has bit 0 of the hash set.
 */
#include "internal.h"
#include <lib/sort.h>
#include <lib/string.h>
#include <mem/slab.h>

enum { MAX_FRAMES = 3, INFO_AT = 24, NODE_AT = 8, BLOCK_MASK = 0x0fffffff };
struct dx_count {
	u16 limit, count;
};
struct dx_frame {
	struct ext4_buffer *buf;
	struct ext4_dx_entry *entries;
	u32 at; /* the pair followed */
};
struct dx_path {
	struct dx_frame frame[MAX_FRAMES];
	unsigned n;
	u32 hash;
	struct ext4_hash_in in;
};

static struct dx_count *count_of(struct ext4_dx_entry *entries)
{
	return (struct dx_count *)entries;
}

static u32 block_of(const struct ext4_dx_entry *e)
{
	return e->block & BLOCK_MASK;
}

/* Pairs that fit a node whose pairs begin at byte `at`. */
static u32 limit_at(const struct ext4_fs *fs, u32 at)
{
	return (fs->block_size - at - (fs->metadata_csum ? (u32)sizeof(struct ext4_dx_tail) : 0)) /
	       (u32)sizeof(struct ext4_dx_entry);
}

static u32 entries_at(const struct ext4_buffer *b, bool root)
{
	return root ? INFO_AT + ((const struct ext4_dx_info *)(b->data + INFO_AT))->info_length : NODE_AT;
}

/* ---- checksums and checks ---- */

static u32 dx_csum(u32 seed, struct ext4_buffer *b, u32 at, struct ext4_dx_tail **tail)
{
	struct ext4_dx_entry *e = (struct ext4_dx_entry *)(b->data + at);
	u32 zero = 0, c;

	*tail = (struct ext4_dx_tail *)(e + count_of(e)->limit);
	c = ext4_crc(seed, b->data, at + count_of(e)->count * sizeof(*e));
	c = ext4_crc(c, *tail, offsetof(struct ext4_dx_tail, csum));
	return ext4_crc(c, &zero, sizeof(zero));
}

static void seal(struct ext4_fs *fs, struct ext4_buffer *b, bool root)
{
	u32 at = entries_at(b, root), c;
	struct ext4_dx_entry *e = (struct ext4_dx_entry *)(b->data + at);
	struct ext4_dx_tail *tail;

	if (at > 64 || count_of(e)->limit != limit_at(fs, at) || count_of(e)->count > count_of(e)->limit)
		return; /* a damaged disk shows one block as index and as leaf */
	c = dx_csum(b->seed, b, at, &tail);
	tail->csum = c;
}

static void root_seal(struct ext4_fs *fs, struct ext4_buffer *b)
{
	seal(fs, b, true);
}

static void node_seal(struct ext4_fs *fs, struct ext4_buffer *b)
{
	seal(fs, b, false);
}

void ext4_dx_block_done(struct inode *dir, struct ext4_buffer *b, bool root)
{
	b->seed = ext4_i(dir)->csum_seed;
	b->seal = !ext4_i(dir)->fs->metadata_csum ? NULL : root ? root_seal : node_seal;
}

static int dx_bad(struct inode *dir, const char *what)
{
	return ext4_error(ext4_i(dir)->fs, "directory %llu: index: %s", (unsigned long long)dir->ino, what);
}

static int check_root(struct inode *dir, const struct ext4_buffer *b)
{
	const struct ext4_dirent *dot = (const struct ext4_dirent *)b->data;
	const struct ext4_dx_info *info = (const struct ext4_dx_info *)(b->data + INFO_AT);
	u32 deepest = ext4_i(dir)->fs->incompat & INCOMPAT_LARGEDIR ? 2 : 1;

	if (dot->rec_len != 12 || info->reserved || info->info_length != sizeof(*info) ||
	    info->hash_version > HASH_TEA_UNSIGNED || info->indirect_levels > deepest || info->flags & 1)
		return dx_bad(dir, "a wrong root");
	return 0;
}

/* Limits and order; pairs are checked against the directory's size when they are followed. */
int ext4_dx_check(struct inode *dir, struct ext4_buffer *b, bool root)
{
	struct ext4_fs *fs = ext4_i(dir)->fs;
	struct ext4_dx_entry *e;
	struct ext4_dx_tail *tail;
	u32 at;
	int err = root ? check_root(dir, b) : 0;

	if (err)
		return err;
	at = entries_at(b, root);
	e = (struct ext4_dx_entry *)(b->data + at);
	if (count_of(e)->limit != limit_at(fs, at) || !count_of(e)->count ||
	    count_of(e)->count > count_of(e)->limit)
		return dx_bad(dir, "a wrong count");
	if (fs->metadata_csum && dx_csum(ext4_i(dir)->csum_seed, b, at, &tail) != tail->csum) {
		dx_bad(dir, "a wrong checksum");
		return -EBADMSG;
	}
	return 0;
}

/* ---- finding ---- */

static void dx_path_put(struct ext4_fs *fs, struct dx_path *p)
{
	while (p->n)
		ext4_buffer_put(fs, p->frame[--p->n].buf);
}

/* The block was checked when it was read, perhaps as an ordinary one: look again at what is used here. */
static int push_frame(struct inode *dir, struct dx_path *p, u32 lblk)
{
	struct dx_frame *f = &p->frame[p->n];
	struct ext4_buffer *b = ext4_dir_block(dir, lblk);
	int err;
	u32 lo = 1, hi;

	if (IS_ERR_OR_NULL(b))
		return b ? (int)PTR_ERR(b) : dx_bad(dir, "a hole");
	err = p->n == 0 ? check_root(dir, b) : 0;
	f->entries = (struct ext4_dx_entry *)(b->data + (err ? NODE_AT : entries_at(b, p->n == 0)));
	if (!err &&
	    (count_of(f->entries)->limit != limit_at(ext4_i(dir)->fs, entries_at(b, p->n == 0)) ||
	     !count_of(f->entries)->count || count_of(f->entries)->count > count_of(f->entries)->limit))
		err = dx_bad(dir, "a wrong count");
	if (err) {
		ext4_buffer_put(ext4_i(dir)->fs, b);
		return err;
	}
	f->buf = b;
	for (hi = count_of(f->entries)->count; lo < hi;) { /* the first pair above the hash */
		u32 mid = lo + (hi - lo) / 2;

		if (f->entries[mid].hash > p->hash)
			hi = mid;
		else
			lo = mid + 1;
	}
	f->at = lo - 1;
	p->n++;
	return 0;
}

static int probe(struct inode *dir, const char *name, unsigned len, struct dx_path *p)
{
	struct ext4_fs *fs = ext4_i(dir)->fs;
	struct ext4_buffer *root = ext4_dir_block(dir, 0);
	const struct ext4_dx_info *info;
	unsigned levels;
	int err;

	p->n = 0;
	if (IS_ERR_OR_NULL(root))
		return root ? (int)PTR_ERR(root) : dx_bad(dir, "a hole");
	err = check_root(dir, root);
	info = (const struct ext4_dx_info *)(root->data + INFO_AT);
	levels = info->indirect_levels;
	p->in = (struct ext4_hash_in){ fs->hash_seed, info->hash_version };
	if (p->in.version <= HASH_TEA && fs->hash_unsigned)
		p->in.version += HASH_LEGACY_UNSIGNED;
	ext4_buffer_put(fs, root);
	if (!err)
		err = ext4_dirhash(&p->in, name, len, &p->hash, NULL);
	if (!err)
		err = push_frame(dir, p, 0);
	while (!err && levels--) {
		const struct dx_frame *f = &p->frame[p->n - 1];

		err = push_frame(dir, p, block_of(&f->entries[f->at]));
	}
	if (err)
		dx_path_put(fs, p);
	return err;
}

/* On to the next leaf if it may hold names of the same hash: 1, else 0, or an error. */
static int next_leaf(struct inode *dir, struct dx_path *p)
{
	unsigned k = p->n;
	u32 saved = p->hash, levels = p->n;
	int err = 0;

	while (k && p->frame[k - 1].at + 1 >= count_of(p->frame[k - 1].entries)->count)
		k--;
	if (!k)
		return 0;
	if (p->frame[k - 1].entries[p->frame[k - 1].at + 1].hash != (p->hash | 1))
		return 0;
	p->frame[k - 1].at++;
	while (p->n > k)
		ext4_buffer_put(ext4_i(dir)->fs, p->frame[--p->n].buf);
	p->hash = 0; /* the leftmost below */
	while (p->n < levels && !err) {
		const struct dx_frame *f = &p->frame[p->n - 1];

		err = push_frame(dir, p, block_of(&f->entries[f->at]));
	}
	p->hash = saved;
	return err ? err : 1;
}

static struct ext4_buffer *leaf_block(struct inode *dir, struct dx_path *p, u64 *lblk)
{
	const struct dx_frame *f = &p->frame[p->n - 1];
	struct ext4_buffer *b;

	*lblk = block_of(&f->entries[f->at]);
	if (!*lblk)
		return ERR_PTR(dx_bad(dir, "the root as a leaf"));
	b = ext4_dir_block(dir, *lblk);
	return b ? b : ERR_PTR(dx_bad(dir, "a hole"));
}

int ext4_dx_find(struct inode *dir, const char *name, unsigned len, struct ext4_dir_at *at)
{
	struct ext4_fs *fs = ext4_i(dir)->fs;
	struct dx_path p;
	int err = probe(dir, name, len, &p), more = 1;
	u64 blocks = (u64)dir->size >> fs->block_bits;

	if (err)
		return err;
	/* At most every block once, whatever the pairs say. */
	for (u64 n = 0; more == 1 && n <= blocks; n++) {
		struct ext4_buffer *b = leaf_block(dir, &p, &at->lblk);

		if (IS_ERR(b)) {
			more = (int)PTR_ERR(b);
			break;
		}
		if (ext4_dir_search(fs, b, name, len, &at->de)) {
			at->buf = b;
			dx_path_put(fs, &p);
			return 0;
		}
		ext4_buffer_put(fs, b);
		more = next_leaf(dir, &p);
	}
	dx_path_put(fs, &p);
	return more < 0 ? more : -ENOENT;
}

/* ---- splitting ---- */

struct dx_name {
	u32 hash;
	u16 at, size;
};

static int name_cmp(const void *a, const void *b)
{
	const struct dx_name *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (int)x->at - (int)y->at;
}

/* The names of a block with their hashes, sorted. The number, or an error. */
static int collect(const struct ext4_fs *fs, const struct ext4_hash_in *in, const char *data,
                   struct dx_name *out)
{
	int n = 0;

	for (u32 at = 0; at < ext4_dir_usable(fs);) {
		const struct ext4_dirent *de = (const struct ext4_dirent *)(data + at);

		if (de->inode && de->name_len) {
			int err = ext4_dirhash(in, de->name, de->name_len, &out[n].hash, NULL);

			if (err)
				return err;
			out[n].at = (u16)at;
			out[n++].size = (u16)ext4_dirent_size(de->name_len);
		}
		at += de->rec_len;
	}
	sort(out, (size_t)n, sizeof(*out), name_cmp);
	return n;
}

/* Entries names[0..n) of `from`, packed into `to`, the last one as long as the block. */
static void pack(const struct ext4_fs *fs, const char *from, const struct dx_name *names, int n, char *to)
{
	struct ext4_dirent *last = (struct ext4_dirent *)to;
	u32 at = 0;

	*last = (struct ext4_dirent){ 0 };
	for (int k = 0; k < n; k++) {
		last = (struct ext4_dirent *)(to + at);
		memcpy(last, from + names[k].at, names[k].size);
		last->rec_len = names[k].size;
		at += names[k].size;
	}
	at = (u32)((char *)last - to);
	last->rec_len = (u16)(ext4_dir_usable(fs) - at);
	if (fs->metadata_csum)
		ext4_dir_tail_init(fs, to);
}

static void insert_pair(struct dx_frame *f, u32 hash, u32 block)
{
	struct ext4_dx_entry *e = &f->entries[f->at + 1];
	u32 count = count_of(f->entries)->count;

	assert(count < count_of(f->entries)->limit);
	memmove(e + 1, e, (count - f->at - 1) * sizeof(*e));
	e->hash = hash;
	e->block = block;
	count_of(f->entries)->count = (u16)(count + 1);
}

/* Where to cut: the names [0, cut) stay; about half of the bytes. */
static int find_cut(const struct ext4_fs *fs, const struct dx_name *names, int n)
{
	u32 bytes = 0;
	int cut = n;

	while (cut > 1 && bytes + names[cut - 1].size / 2 < fs->block_size / 2)
		bytes += names[--cut].size;
	return MAX(cut, 1);
}

struct split {
	struct dx_name *names;
	char *copy;
	int n, cut;
};

static int split_prepare(struct ext4_fs *fs, struct dx_path *p, struct ext4_buffer *b, struct split *s)
{
	s->names = kmalloc(fs->block_size / 12 * sizeof(*s->names), 0);
	s->copy = kmalloc(fs->block_size, 0);
	if (!s->names || !s->copy)
		return -ENOMEM;
	memcpy(s->copy, b->data, fs->block_size);
	s->n = collect(fs, &p->in, s->copy, s->names);
	if (s->n < 0)
		return s->n;
	if (s->n < 2)
		return -EUCLEAN;
	s->cut = find_cut(fs, s->names, s->n);
	return s->cut < s->n ? 0 : -EUCLEAN;
}

/* The full leaf *b becomes two; *b is then the one for the path's hash. The node above has room. */
static int split_leaf(struct ext4_handle *h, struct inode *dir, struct dx_path *p, struct ext4_buffer **b)
{
	struct ext4_fs *fs = h->fs;
	struct dx_frame *f = &p->frame[p->n - 1];
	struct split s = { 0 };
	struct ext4_buffer *new = NULL;
	u64 lblk;
	u32 hash, same;
	int err = split_prepare(fs, p, *b, &s);

	if (!err)
		err = ext4_access(h, *b);
	if (!err)
		err = ext4_access(h, f->buf);
	if (!err) {
		new = ext4_dir_append(h, dir, &lblk);
		err = IS_ERR(new) ? (int)PTR_ERR(new) : 0;
	}
	if (!err) {
		hash = s.names[s.cut].hash;
		same = s.names[s.cut - 1].hash == hash;
		pack(fs, s.copy, s.names + s.cut, s.n - s.cut, new->data);
		pack(fs, s.copy, s.names, s.cut, (*b)->data);
		ext4_dir_block_done(dir, new);
		ext4_dir_block_done(dir, *b);
		insert_pair(f, hash + same, (u32)lblk);
		ext4_dx_block_done(dir, f->buf, p->n == 1);
		if (p->hash >= hash) {
			struct ext4_buffer *old = *b;

			*b = new;
			new = old;
		}
		ext4_buffer_put(fs, new);
	}
	kfree(s.names);
	kfree(s.copy);
	return err;
}

/* The root is full and has leaves below: they go below a new node. */
static int add_level(struct ext4_handle *h, struct inode *dir, struct dx_frame *root,
                     struct ext4_buffer *node, u32 lblk)
{
	struct ext4_dx_entry *to = (struct ext4_dx_entry *)(node->data + NODE_AT);
	u32 count = count_of(root->entries)->count;

	memcpy(to, root->entries, count * sizeof(*to));
	count_of(to)->limit = (u16)limit_at(h->fs, NODE_AT);
	count_of(root->entries)->count = 1;
	root->entries[0].block = lblk;
	((struct ext4_dx_info *)(root->buf->data + INFO_AT))->indirect_levels++;
	ext4_dx_block_done(dir, node, false);
	ext4_dx_block_done(dir, root->buf, true);
	return 0;
}

/* The node `f` is full: its upper half goes to a new one, known to `up`. */
static void split_node(struct ext4_handle *h, struct inode *dir, struct dx_frame *up, bool up_is_root,
                       struct dx_frame *f, struct ext4_buffer *node, u32 lblk)
{
	struct ext4_dx_entry *to = (struct ext4_dx_entry *)(node->data + NODE_AT);
	u32 count = count_of(f->entries)->count, keep = count / 2;
	u32 hash = f->entries[keep].hash;

	memcpy(to, f->entries + keep, (count - keep) * sizeof(*to));
	*count_of(to) = (struct dx_count){ (u16)limit_at(h->fs, NODE_AT), (u16)(count - keep) };
	count_of(f->entries)->count = (u16)keep;
	insert_pair(up, hash, lblk);
	ext4_dx_block_done(dir, node, false);
	ext4_dx_block_done(dir, f->buf, false);
	ext4_dx_block_done(dir, up->buf, up_is_root);
}

/* Makes room for a pair in the path's last node; the path must be looked for anew then. */
static int grow_index(struct ext4_handle *h, struct inode *dir, struct dx_path *p)
{
	struct ext4_fs *fs = h->fs;
	unsigned deepest = fs->incompat & INCOMPAT_LARGEDIR ? 3 : 2, k = p->n - 1;
	struct ext4_buffer *node;
	u64 lblk;
	int err;

	while (k && count_of(p->frame[k - 1].entries)->count >= count_of(p->frame[k - 1].entries)->limit)
		k--; /* the highest full node below one with room, or the root */
	if (!k && p->n >= deepest)
		return -ENOSPC;
	err = ext4_access(h, p->frame[k].buf);
	if (!err && k)
		err = ext4_access(h, p->frame[k - 1].buf);
	if (err)
		return err;
	node = ext4_dir_append(h, dir, &lblk);
	if (IS_ERR(node))
		return (int)PTR_ERR(node);
	memset(node->data, 0, fs->block_size);
	((struct ext4_dirent *)node->data)->rec_len = (u16)fs->block_size;
	if (k)
		split_node(h, dir, &p->frame[k - 1], k == 1, &p->frame[k], node, (u32)lblk);
	else
		err = add_level(h, dir, &p->frame[0], node, (u32)lblk);
	ext4_buffer_put(fs, node);
	return err;
}

/* ---- adding ---- */

/* 1: the index has grown, once more. */
static int try_add(struct ext4_handle *h, struct inode *dir, const char *name, unsigned len, u32 ino, u8 type)
{
	struct ext4_fs *fs = h->fs;
	struct ext4_buffer *b;
	struct dx_path p;
	u64 lblk;
	int err = probe(dir, name, len, &p);

	if (err)
		return err;
	b = leaf_block(dir, &p, &lblk);
	if (IS_ERR(b)) {
		dx_path_put(fs, &p);
		return (int)PTR_ERR(b);
	}
	err = ext4_access(h, b);
	if (!err)
		err = ext4_dir_insert(fs, b->data, name, len, ino, type);
	if (err == -ENOSPC) {
		const struct dx_count *c = count_of(p.frame[p.n - 1].entries);

		if (c->count >= c->limit) {
			err = grow_index(h, dir, &p);
			err = err ? err : 1;
		} else {
			err = split_leaf(h, dir, &p, &b);
			if (!err)
				err = ext4_dir_insert(fs, b->data, name, len, ino, type);
		}
	}
	if (!err)
		ext4_dir_block_done(dir, b);
	ext4_buffer_put(fs, b);
	dx_path_put(fs, &p);
	return err;
}

int ext4_dx_add(struct ext4_handle *h, struct inode *dir, const char *name, unsigned len, u32 ino, u8 type)
{
	int err = 1;

	for (unsigned n = 0; err == 1 && n <= MAX_FRAMES + 1; n++)
		err = try_add(h, dir, name, len, ino, type);
	return err == 1 ? -ENOSPC : err;
}

/* The one block of a directory is full: its names go to block 1, and it becomes the root. */
int ext4_dx_create(struct ext4_handle *h, struct inode *dir, struct ext4_buffer *first)
{
	struct ext4_fs *fs = h->fs;
	struct ext4_dirent *dot = (struct ext4_dirent *)first->data, *dotdot;
	struct ext4_dx_entry *entries =
	        (struct ext4_dx_entry *)(first->data + INFO_AT + sizeof(struct ext4_dx_info));
	u32 to = 0, at;
	struct ext4_dirent *last = NULL;
	struct ext4_buffer *b;
	u64 lblk;
	int err = ext4_access(h, first);

	dotdot = (struct ext4_dirent *)(first->data + 12);
	if (!err && (dot->rec_len != 12 || dot->name_len != 1 || dotdot->name_len != 2))
		err = dx_bad(dir, "cannot be made: no dots");
	if (err)
		return err;
	b = ext4_dir_append(h, dir, &lblk);
	if (IS_ERR(b))
		return (int)PTR_ERR(b);
	for (at = 12u + dotdot->rec_len; at < ext4_dir_usable(fs);) {
		const struct ext4_dirent *de = (const struct ext4_dirent *)(first->data + at);

		if (de->inode) {
			last = (struct ext4_dirent *)(b->data + to);
			memcpy(last, de, ext4_dirent_size(de->name_len));
			last->rec_len = (u16)ext4_dirent_size(de->name_len);
			to += last->rec_len;
		}
		at += de->rec_len;
	}
	if (last)
		last->rec_len = (u16)(ext4_dir_usable(fs) - (u32)((char *)last - b->data));
	ext4_dir_tail_init(fs, b->data);
	ext4_dir_block_done(dir, b);
	ext4_buffer_put(fs, b);

	dotdot->rec_len = (u16)(fs->block_size - 12);
	memset(first->data + INFO_AT, 0, fs->block_size - INFO_AT);
	*(struct ext4_dx_info *)(first->data + INFO_AT) =
	        (struct ext4_dx_info){ .hash_version = fs->hash_version, .info_length = 8 };
	*count_of(entries) = (struct dx_count){ (u16)limit_at(fs, INFO_AT + 8), 1 };
	entries[0].block = (u32)lblk;
	ext4_i(dir)->flags |= FL_INDEX;
	ext4_dx_block_done(dir, first, true);
	return 0;
}
