/* SPDX-License-Identifier: MIT
 *
 * fs/9p/super.c - mount -t 9p -o trans=virtio,version=9p2000.L,... TAG DIR
 *
 * Owns:      struct p9_super.
 * Layer:     fs/9p.
 * Locks:     none of its own.
 * Contexts:  process context; may sleep.
 * Manual:    Linux Documentation/filesystems/9p.rst.
 * Tests:     tests/run.py p9.
 *
 * Options as Linux's: trans, version, msize, cache (none, mmap, loose, fscache, readahead), aname, uname, dfltuid,
 * access, debug, posixacl, nodevmap, noextend.  Besides: mapuid=N, mapgid=N, the owner at the server who is root
 * here, and the other way round; the launcher gives its user's, whose files else would be a stranger's to root.
 */
#include <fs/9p/9p.h>
#include <fs/9p/node.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <abi/errno.h>

enum { V9FS_MAGIC = 0x01021997 };

struct options {
	u32 msize;
	enum p9_cache cache;
	u32 map_uid, map_gid, dfltuid;
	char aname[64], uname[32];
};

static int parse_cache(const char *v, enum p9_cache *out)
{
	static const struct {
		const char *name;
		enum p9_cache mode;
	} modes[] = { { "none", P9_CACHE_NONE },     { "0", P9_CACHE_NONE },
		      { "mmap", P9_CACHE_MMAP },     { "loose", P9_CACHE_LOOSE },
		      { "fscache", P9_CACHE_LOOSE }, { "readahead", P9_CACHE_MMAP } };

	for (unsigned i = 0; i < ARRAY_SIZE(modes); i++) {
		if (strcmp(modes[i].name, v) != 0)
			continue;
		*out = modes[i].mode;
		return 0;
	}
	return -EINVAL;
}

static int parse_number(const char *v, u32 *out)
{
	u64 n;

	if (!parse_u64(&v, 0, &n) || *v || n > UINT32_MAX)
		return -EINVAL;
	*out = (u32)n;
	return 0;
}

static int parse_word(struct options *o, const char *key, const char *v)
{
	static const char *const ignored[] = { "access",   "debug",    "posixacl",
		                               "nodevmap", "noextend", "locktimeout" };
	u32 *number = !strcmp(key, "msize")     ? &o->msize
	              : !strcmp(key, "mapuid")  ? &o->map_uid
	              : !strcmp(key, "mapgid")  ? &o->map_gid
	              : !strcmp(key, "dfltuid") ? &o->dfltuid
	                                        : NULL;

	if (number)
		return parse_number(v, number);
	if (!strcmp(key, "cache"))
		return parse_cache(v, &o->cache);
	if (!strcmp(key, "trans"))
		return strcmp(v, "virtio") ? -EINVAL : 0;
	if (!strcmp(key, "version"))
		return strcmp(v, "9p2000.L") ? -EINVAL : 0;
	if (!strcmp(key, "aname"))
		return strlcpy(o->aname, v, sizeof(o->aname)) < sizeof(o->aname) ? 0 : -EINVAL;
	if (!strcmp(key, "uname"))
		return strlcpy(o->uname, v, sizeof(o->uname)) < sizeof(o->uname) ? 0 : -EINVAL;
	for (unsigned i = 0; i < ARRAY_SIZE(ignored); i++)
		if (!strcmp(key, ignored[i]))
			return 0;
	return -EINVAL;
}

static int parse_options(struct options *o, const char *text)
{
	while (*text) {
		const char *comma = strchr(text, ',');
		size_t n = comma ? (size_t)(comma - text) : strlen(text);
		char word[96], *eq;
		int err = 0;

		if (n >= sizeof(word))
			return -EINVAL;
		memcpy(word, text, n);
		word[n] = 0;
		text += n + (comma ? 1 : 0);
		eq = strchr(word, '=');
		if (eq)
			*eq++ = 0;
		if (n)
			err = parse_word(o, word, eq ? eq : "");
		if (err)
			return err;
	}
	return o->msize < 4096 ? -EINVAL : 0;
}

static int p9_statfs_op(struct super_block *sb, struct statfs64_k *out)
{
	u32 fid;
	int err = p9_inode_fid(sb->root_inode, &fid);

	return err ? err : p9_statfs(p9_super(sb)->client, fid, out);
}

static void p9_put_super(struct super_block *sb)
{
	struct p9_super *s = p9_super(sb);

	if (sb->root_inode)
		inode_put(sb->root_inode); /* while it has a server to tell */
	sb->root_inode = NULL;
	if (s->client)
		p9_client_destroy(s->client);
	kfree(s);
}

static const struct super_ops p9_super_ops = {
	.evict = p9_evict,
	.statfs = p9_statfs_op,
	.put_super = p9_put_super,
};

static int make_root(struct super_block *sb, const struct options *o)
{
	struct p9_client *c = p9_super(sb)->client;
	struct p9_name top = { .dir = 0, .hash = 0 };
	struct p9_attr a;
	u32 fid = p9_fid_new(c);
	int err = p9_attach(c, fid, o->uname, o->aname, o->dfltuid);

	if (err) {
		p9_fid_free(c, fid);
		return err;
	}
	err = p9_getattr(c, fid, &a);
	if (!err && (a.mode & S_IFMT) != S_IFDIR)
		err = -ENOTDIR;
	if (err) {
		p9_clunk(c, fid);
		return err;
	}
	sb->root_inode = p9_inode_get(sb, fid, &a, &top, true);
	if (!IS_ERR(sb->root_inode))
		return 0;
	err = (int)PTR_ERR(sb->root_inode);
	sb->root_inode = NULL;
	return err;
}

static void describe(struct super_block *sb, const struct options *o)
{
	static const char *const names[] = { "none", "mmap", "loose" };
	int n = scnprintf(sb->options, sizeof(sb->options), "trans=virtio,version=9p2000.L,msize=%u,cache=%s",
	                  p9_super(sb)->client->msize, names[o->cache]);

	if (~o->map_uid)
		scnprintf(sb->options + n, sizeof(sb->options) - (size_t)n, ",mapuid=%u,mapgid=%u",
		          o->map_uid, o->map_gid);
}

static int p9_fill(struct super_block *sb, const char *source, const char *text)
{
	struct options o = { .msize = P9_MSIZE, .map_uid = ~0u, .map_gid = ~0u, .uname = "nobody" };
	struct p9_super *s;
	int err = parse_options(&o, text);

	if (err)
		return err;
	if (!source || !*source)
		return -EINVAL;
	s = kzalloc(sizeof(*s));
	if (!s)
		return -ENOMEM;
	mutex_init(&s->nodes_lock);
	s->cache = o.cache;
	s->map_uid = o.map_uid;
	s->map_gid = o.map_gid;
	s->client = p9_client_create(source, MIN(MAX(o.msize, (u32)P9_MSIZE_MIN), (u32)P9_MSIZE));
	if (IS_ERR(s->client)) {
		err = (int)PTR_ERR(s->client);
		kfree(s);
		return err;
	}
	sb->private = s;
	sb->ops = &p9_super_ops;
	sb->magic = V9FS_MAGIC;
	err = make_root(sb, &o);
	if (!err)
		describe(sb, &o);
	return err; /* super_put() undoes */
}

static struct fs_type p9_type = { .name = "9p", .nodev = true, .fill = p9_fill };

void p9_init(void)
{
	fs_register(&p9_type);
}
