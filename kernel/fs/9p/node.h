/* SPDX-License-Identifier: MIT
 * fs/9p/node.h - inside fs/9p: an instance, its inodes and what is known of them. */
#pragma once
#include <fs/9p/client.h>
#include <fs/inode.h>
#include <sched/mutex.h>

enum p9_cache {
	P9_CACHE_NONE, /* everything is asked each time */
	P9_CACHE_MMAP, /* kept, but looked at again after P9_FRESH_NS and at each open: others may change the folder */
	P9_CACHE_LOOSE, /* kept: the folder is ours alone, or read-only */
};
#define P9_FRESH_NS NSEC_PER_SEC
#define P9_JUST_NS                                                                                           \
	(20 * NSEC_PER_MSEC) /* attributes as young as this came with the look-up for the same open */
enum { P9_NODE_BITS = 10, P9_NAMES = 2 };

struct p9_super {
	struct p9_client *client;
	enum p9_cache cache;
	u32 map_uid, map_gid; /* the server's owner that is root here; ~0: none */
	char aname[64];
	u32 dfltuid;
	struct mutex nodes_lock;
	struct hlist_head nodes[1 << P9_NODE_BITS] GUARDED_BY(&nodes_lock); /* by qid.path */
};
/* A fid that names the file, and of which name: servers follow a fid by its name, so it dies with it. */
struct p9_name {
	u32 fid; /* 0: none */
	u32 hash;
	u64 dir; /* qid.path of the directory */
};
struct p9_node { /* inode->private */
	struct hlist_node link;
	struct inode *inode;
	struct p9_qid qid;
	struct mutex lock; /* names, open fids */
	/* Each name that was looked up, so that a fid is left when others are removed. */
	struct p9_name *names GUARDED_BY(&lock); /* max_names of them: `few`, or owned */
	unsigned max_names GUARDED_BY(&lock);
	struct p9_name few[P9_NAMES];
	u32 rfid GUARDED_BY(&lock), wfid
	        GUARDED_BY(&lock); /* open for reading, for (reading and) writing; 0: not */
	bool wfid_reads;
	unsigned writers GUARDED_BY(&lock); /* files open for writing */
	ktime_t asked_at;                   /* when the attributes came; monotonic, as the next two */
	ktime_t fresh_until;                /* attributes may be believed */
	ktime_t names_until;                /* a directory's cached names, too */
	ktime_t server_mtime;
	bool ours; /* we changed it since: a new time at the server is no news */
	bool gone; /* no name is left, the server does not find it any more */
};
static inline struct p9_super *p9_super(const struct super_block *sb)
{
	return sb->private;
}
static inline struct p9_node *p9_node(const struct inode *i)
{
	return i->private;
}
static inline struct p9_client *p9_client(const struct inode *i)
{
	return p9_super(i->sb)->client;
}
static inline bool p9_cached(const struct inode *i)
{
	return p9_super(i->sb)->cache != P9_CACHE_NONE;
}

/* node.c */
/* The inode the server means by a: an old one or a new one, with a reference, or ERR_PTR.  Takes over fid. */
struct inode *p9_inode_get(struct super_block *sb, u32 fid, const struct p9_attr *a, const struct p9_name *n,
                           bool fresh);
/* walk + getattr + p9_inode_get. NULL: there is no such name. */
struct inode *p9_inode_walk(struct inode *dir, const char *name, unsigned len, bool fresh);
struct p9_name p9_name_of(const struct inode *dir, const char *name, unsigned len);
/* A fid for calls about i; -ENOENT when its names are gone. */
MUST_CHECK int p9_inode_fid(struct inode *i, u32 *fid);
/* Looks again when what is known is too old, or `now`. */
MUST_CHECK int p9_inode_refresh(struct inode *i, bool now);
/* i was changed by a call of ours. */
void p9_inode_changed(struct inode *i);
/* Takes over fid. 0 or -ENOMEM. */
MUST_CHECK int p9_name_add(struct inode *i, u32 fid, const struct p9_name *n);
void p9_name_removed(struct inode *i, const struct p9_name *n);
void p9_name_moved(struct inode *i, const struct p9_name *from, const struct p9_name *to);
int p9_getattr_op(struct inode *i, struct kstat *st);
int p9_setattr_op(struct inode *i, const struct iattr *a);
void p9_evict(struct inode *i);

/* file.c */
extern const struct file_ops p9_file_ops, p9_direct_ops, p9_dir_file_ops;
/* Makes a fid open for reading or writing. */
MUST_CHECK int p9_open_fid(struct inode *i, bool write);
/* The fid to read i's bytes with. */
MUST_CHECK int p9_reading_fid(struct inode *i, u32 *fid);

/* data.c */
extern const struct mapping_ops p9_mapping_ops;
/* All that was written here is at the server. */
int p9_write_back(struct inode *i);

/* dir.c */
extern const struct inode_ops p9_dir_ops, p9_node_ops, p9_link_ops;

/* xattr.c */
ssize_t p9_getxattr(struct inode *i, const char *name, void *value, size_t size);
int p9_setxattr(struct inode *i, const char *name, const void *value, size_t size, int flags);
int p9_listxattr(struct inode *i, struct xattr_list *to);
int p9_removexattr(struct inode *i, const char *name);
