/* SPDX-License-Identifier: MIT
 * fs/inode.h - an object of a file system, whatever its names. */
#pragma once
#include <fs/file.h>
#include <vm/mapping.h>
#include <abi/stat.h>
#include <abi/time.h>

struct super_block;
struct inode;
struct dentry;
struct xattr_list;
struct seq;
struct fs_walk;
struct iattr {     /* setattr: which, and the values */
	u32 valid; /* ATTR_* */
	umode_t mode;
	uid_t uid;
	gid_t gid;
	loff_t size;
	ktime_t atime, mtime; /* ns since 1970 */
};
enum {
	ATTR_MODE = 1,
	ATTR_UID = 2,
	ATTR_GID = 4,
	ATTR_SIZE = 8,
	ATTR_ATIME = 16,
	ATTR_MTIME = 32,
	ATTR_ATIME_SET = 64,
	ATTR_MTIME_SET = 128,
	ATTR_FORCE = 256, /* no permission check: kernel's own */
	ATTR_CHOWN = 512, /* set-id bits go, even if neither id is changed */
	ATTR_TIMES = 1024 /* times are given, even if only as "now" and "as it is": the owner's right */
};
struct kstat {
	u64 ino, size, blocks; /* blocks of 512 bytes */
	dev_t dev, rdev;
	umode_t mode;
	u32 nlink, blksize;
	uid_t uid;
	gid_t gid;
	ktime_t atime, mtime, ctime, btime;
	u64 mnt_id;
	bool mount_root; /* the name is a mount point's */
	bool has_flags;  /* the file system keeps flags: */
	u32 flags;       /* enum inode_flag */
};
/* Directory operations are called with dir->lock held for writing (lookup: for reading or writing); the victim's
 * lock is held for writing too in unlink, rmdir, and rename.  All may sleep.  NULL = -EPERM (lookup: -ENOTDIR). */
struct inode_ops {
	/* Finds name and returns the inode with a reference, NULL when there is none, ERR_PTR on errors. */
	struct inode *(*lookup)(struct inode *dir, const char *name, unsigned len);
	/* Make a node (S_IFMT in mode; rdev for devices; target for links); the inode with a reference, or ERR_PTR. */
	struct inode *(*create)(struct inode *dir, const char *name, unsigned len, umode_t mode, dev_t rdev,
	                        const char *target, const struct cred *c);
	int (*link)(struct inode *dir, const char *name, unsigned len, struct inode *target);
	int (*unlink)(struct inode *dir, const char *name, unsigned len,
	              struct inode *victim); /* also rmdir: -ENOTEMPTY */
	/* Moves; `victim` (may be NULL) is what new_name was; flags: RENAME_EXCHANGE, (NOREPLACE is done above). */
	int (*rename)(struct inode *od, const char *on, unsigned olen, struct inode *moved, struct inode *nd,
	              const char *nn, unsigned nlen, struct inode *victim, unsigned flags);
	struct inode *(*tmpfile)(struct inode *dir, umode_t mode, const struct cred *c);
	/* The target of a symbolic link: a NUL-terminated string, good while the inode lives, or ERR_PTR. */
	const char *(*get_link)(struct inode *i);
	/* A link that names an object, not a path (/proc/self/fd/N, exe, cwd): fills a referenced path. */
	int (*follow)(struct inode *i, struct path *out);
	/* readlink text when `follow` is set; bytes */
	ssize_t (*readlink)(struct inode *i, char *buf, size_t size);
	int (*setattr)(struct inode *i,
	               const struct iattr *a); /* after all checks; NULL: the inode's fields alone */
	int (*getattr)(struct inode *i, struct kstat *st); /* NULL: from the inode's fields */
	int (*permission)(struct inode *i, unsigned want, const struct cred *c); /* NULL: by mode bits */
	/* NAMES_ASK: may cached names below `d` (of directory dir) be used now?  Drops those that may not. May sleep. */
	bool (*names_good)(struct inode *dir, struct dentry *d);
	/* Extended attributes by their whole names, see fs/xattr.h, which has checked name, length and rights.
	 * i->lock is held for writing by set and remove, for reading or writing by get and list.
	 * All four or none; none: -EOPNOTSUPP, and an empty list. */
	ssize_t (*getxattr)(struct inode *i, const char *name, void *value, size_t size); /* size 0: length */
	int (*setxattr)(struct inode *i, const char *name, const void *value, size_t size, int flags);
	int (*listxattr)(struct inode *i, struct xattr_list *to); /* xattr_list_add() for each */
	int (*removexattr)(struct inode *i, const char *name);
	/* The flags of chattr(1), see fs/fileflags.h.  set_flags: i->lock held for writing, the rights checked; sets i->flags
	 * too.  Both or none; none: -ENOTTY. */
	int (*get_flags)(struct inode *i, u32 *flags);
	int (*set_flags)(struct inode *i, u32 flags);
};
enum inode_flag { /* those that mean something to fs; numbers as programs and disks have them */
	          INODE_SYNC = 0x8,
	          INODE_IMMUTABLE = 0x10,
	          INODE_APPEND = 0x20,
	          INODE_NODUMP = 0x40,
	          INODE_NOATIME = 0x80,
	          INODE_DIRSYNC = 0x10000,
	          INODE_FLAGS = 0x100f8,
};
enum names_cached {
	NAMES_CACHED, /* they change through us alone */
	NAMES_NEVER,  /* looked up anew each time (procfs) */
	NAMES_ASK,    /* ops->names_good says whether the cached ones may be used (a shared folder) */
};
struct inode {
	struct refcount ref;
	umode_t mode;
	uid_t uid;
	gid_t gid;
	u32 nlink;
	u64 ino;
	loff_t size;
	u64 blocks; /* 512 bytes */
	dev_t rdev;
	ktime_t atime, mtime, ctime, btime;
	struct super_block *sb;
	const struct inode_ops *ops;
	const struct file_ops *fops; /* what open gives the file */
	struct rwlock lock;          /* contents of a directory; size of a file */
	struct mapping *mapping;     /* = &data for regular files of memory and disks */
	struct mapping data;
	void *private;          /* the file system's */
	struct watch *watches;  /* inotify.c */
	struct list_head locks; /* fcntl, flock: fs/locks.c */
	s32 writers;            /* open for writing (> 0) or denied (< 0: being executed), atomically */
	u32 flags;              /* enum inode_flag; lock for writing */
	u32 seals;              /* tmpfs: F_SEAL_*; lock for writing */
	void *fifo;             /* ipc/pipe: the pipe of a FIFO */
	struct rcu_head rcu;
	struct list_head dirty_link; /* in sb->dirty_inodes; see writeback.c */
	ktime_t dirtied_when;        /* monotonic */
	bool dirty;                  /* fields changed since write_inode; writeback.c's lock */
	u8 revalidate;               /* enum names_cached: of the names below */
	bool default_acl; /* of a directory: names made in it take their mode from it, not from the umask */
	bool linkable;    /* O_TMPFILE without O_EXCL: linkat(2) may give it its first name */
	char *link;       /* target of a symbolic link held in memory; owned, freed after RCU: the walk
	                                follows it without sleeping.  NULL: ops->get_link or ops->follow */
	/* Known to have no security.capability (fs/xattr.c); changes under lock, a hint to who does not hold it. */
	bool no_file_caps;
};
struct inode *inode_alloc(struct super_block *sb,
                          umode_t mode); /* ref 1, times now, ino new; NULL: no memory */
static inline struct inode *inode_get(struct inode *i)
{
	ref_get(&i->ref);
	return i;
}
void inode_put(struct inode *i); /* last: sb->ops->evict, then freed after RCU; may sleep */
void inode_init_owner(struct inode *i, const struct inode *dir, umode_t mode, const struct cred *c);
enum { MAY_EXEC = 1, MAY_WRITE = 2, MAY_READ = 4 };
/* path_resolution(7): by fsuid, fsgid, capabilities.  0, -EACCES, -EROFS is checked elsewhere. */
int inode_permission(struct inode *i, unsigned want, const struct cred *c);
int inode_permission_mode(struct inode *i, unsigned want, const struct cred *c); /* by mode bits alone */
bool inode_owner_or_capable(const struct inode *i, const struct cred *c);
/* chmod, chown, utimes, truncate with all checks. May sleep. */
int inode_setattr(struct inode *i, struct iattr *a, const struct cred *c);
/* Fills st from the inode's fields, then lets ops->getattr change it. */
int inode_getattr(struct inode *i, struct kstat *st);
/* Size in bytes of inode and mapping, always in step.  i->lock held for writing. */
static inline void inode_set_size(struct inode *i, loff_t size)
{
	atomic_store(&i->size, size);
	if (i->mapping)
		atomic_store(&i->mapping->size, (u64)size);
}
/* Sets the size and drops pages behind it. i->lock held for writing; may sleep. */
void inode_truncate(struct inode *i, loff_t size);
/* A regular file whose bytes are in i->data. */
void inode_init_data(struct inode *i, const struct mapping_ops *ops, enum mem_counter counter);
/* Set-id bits that a write, truncate or chown of `c` removes: the mode without them. */
umode_t inode_mode_without_privs(const struct inode *i, const struct cred *c);
/* Before c changes the contents: clears set-user-id and set-group-id unless c has CAP_FSETID, and the file's
 * capabilities.  0, or an error of the file system.  May sleep. */
MUST_CHECK int inode_drop_privs(struct inode *i, const struct cred *c);
MUST_CHECK int inode_drop_privs_locked(struct inode *i, const struct cred *c); /* i->lock held for writing */
/* Is there anything of that kind?  A hint. */
static inline bool inode_may_have_privs(const struct inode *i)
{
	return i->mode & (S_ISUID | S_ISGID) || !i->no_file_caps;
}
/* One more opener for writing: 0 or -ETXTBSY. */
int inode_get_write(struct inode *i);
void inode_put_write(struct inode *i);
void inode_cache_init(void);
extern const struct file_ops no_open_ops;         /* open: -ENXIO */
void inode_touch(struct inode *i, unsigned attr); /* ATTR_ATIME, ATTR_MTIME(+ctime) := now */
/* Text file busy: 0 or -ETXTBSY. */
int inode_deny_write(struct inode *i);
void inode_allow_write(struct inode *i);
static inline bool s_isdir(umode_t m)
{
	return (m & S_IFMT) == S_IFDIR;
}
static inline bool s_isreg(umode_t m)
{
	return (m & S_IFMT) == S_IFREG;
}
static inline bool s_islnk(umode_t m)
{
	return (m & S_IFMT) == S_IFLNK;
}

/* Fields of i (times, size, owner, ...) changed: write_inode will be called some time.  Called by the VFS wherever it
 * changes a field, and by file systems.  Nothing without ops->write_inode.  Does not sleep. */
void inode_mark_dirty(struct inode *i);
/* mapping_ops->hold and ->release of mappings whose host is an inode. */
bool inode_mapping_hold(struct mapping *m);
void inode_mapping_release(struct mapping *m);

/* File systems and their instances.  All may sleep; NULL ok but where it says otherwise. */
struct super_ops {
	void (*evict)(
	        struct inode
	                *i); /* the inode dies: free i->private; with nlink 0 its blocks too.  Its pages are
	                                   written back before, if it has a name, and dropped afterwards. */
	int (*statfs)(struct super_block *sb, struct statfs64_k *out);
	/* The instance dies: everything is on its way to the store (sync was called).  May put sb->root_inode (and
	 * clear it), which is put afterwards otherwise. */
	void (*put_super)(struct super_block *sb);
	/* Writes the fields of an inode that was marked dirty: `wait` until they are where fsync wants them, else as
	 * far as it costs no waiting (into the journal, into buffers). 0 or -errno. */
	int (*write_inode)(struct inode *i, bool wait);
	/* The whole file system on stable storage: pages and inodes have been handed over by write_pages and
	 * write_inode before. 0 or -errno. */
	int (*sync)(struct super_block *sb);
	/* Further mount options for /proc/mounts, ",name=value" each; NULL: sb->options. */
	void (*show_options)(struct super_block *sb, struct seq *s);
	/* MS_REMOUNT with new options; mount_mutex held.  NULL: options are ignored. */
	int (*remount)(struct super_block *sb, const char *options);
	/* Memory is short: frees up to n unused objects of its own (blocks of metadata); their number. */
	unsigned long (*shrink)(struct super_block *sb, unsigned long n);
	const struct handle_ops *handles; /* fs/handle.h; NULL: no file handles */
};
struct fs_type {
	const char *name;
	bool nodev; /* needs no device */
	/* Fills sb->root_inode (reference), sb->ops, sb->private.  Without nodev: sb->bdev_dev is the device that
	 * `source` names (a block special file; whether there is such a disk is for fill to say: -ENXIO), and
	 * sb->dev, sb->flags (MS_RDONLY...) are set.  0 or -errno. */
	int (*fill)(struct super_block *sb, const char *source, const char *options);
	/* Options may be said one by one (fsconfig(2)): 0, -ENOENT (no such one), -EINVAL (not with this value; NULL: a
	 * flag).  NULL: fill and remount look at them. */
	int (*param)(const char *key, const char *value);
	struct super_block *single; /* if set by fill (devfs, devpts): one instance for all mounts */
	struct fs_type *next;
};
struct super_block {
	struct refcount ref;
	struct fs_type *type;
	dev_t dev;      /* st_dev */
	dev_t bdev_dev; /* the block device below; 0 without one */
	const struct super_ops *ops;
	struct inode *root_inode;
	struct dentry *root; /* owned */
	u32 flags;           /* of all its mounts: MS_RDONLY, MS_SYNCHRONOUS, MS_DIRSYNC, MS_LAZYTIME */
	u32 blocksize;
	u64 magic;
	u64 max_bytes, max_file; /* 0 = none; of a file */
	void *private;
	u64 next_ino;
	char *source; /* as mount(2) was given it; owned */
	char options[128];
	struct list_head all;          /* instances; super.c */
	struct list_head dirty_inodes; /* oldest first; writeback.c */
	s32 pins;                      /* of the flusher, atomically: put_super waits for them */
	bool dying;                    /* no more pins */
	struct mapping_store store;    /* of its inodes' pages */
	bool never_writable;           /* MS_RDONLY stays: remounting it writable is -EROFS */
	struct mutex rename_mutex;     /* one rename between directories at a time */
	const struct fs_walk *mounter; /* during fill: who mounts, for options that are paths */
};
struct super_args { /* of a mount; source and options may be NULL */
	const char *source, *options;
	u32 flags;                     /* MS_RDONLY...: of the instance, if it is made now */
	dev_t bdev_dev;                /* the device behind source, for kinds that need one */
	const struct fs_walk *mounter; /* NULL: the kernel itself */
};
void fs_register(struct fs_type *t);
int fs_no_params(const char *key, const char *value); /* param of kinds without options: -ENOENT */
struct fs_type *fs_type_find(const char *name);       /* NULL: unknown */
/* An instance for a mount, with a reference, or ERR_PTR. May sleep. */
struct super_block *super_get(struct fs_type *t, const char *source, const char *options);
/* The same with all there is to say.  A device that is mounted already: its instance, or -EBUSY if MS_RDONLY
 * differs. */
struct super_block *super_get_args(struct fs_type *t, const struct super_args *a);
/* Calls fn, which may sleep, for each instance. */
void super_for_each(void (*fn)(struct super_block *sb, void *ctx), void *ctx);
/* Pages, inodes and the file system itself are on stable storage: syncfs(2). 0 or the first error. */
int super_sync(struct super_block *sb);
struct super_block *super_alloc(struct fs_type *t); /* empty; NULL = no memory */
void super_put(struct super_block *sb); /* last: drops cached names, root and put_super; may sleep */
dev_t super_anon_dev(void);             /* a new minor of major 0 */
struct fs_type *fs_type_first(void);    /* for /proc/filesystems */
