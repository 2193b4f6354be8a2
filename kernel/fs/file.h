/* SPDX-License-Identifier: MIT
 * fs/file.h - an open file description, and what a kind of file can do. */
#pragma once
#include <base/iov.h>
#include <fs/path.h>
#include <cred/cred.h>
#include <sched/mutex.h>
#include <sched/rcu.h>
#include <vm/mapping.h>
#include <abi/fcntl.h>
#include <abi/poll.h>

struct file;
struct epoll_item;
struct seq;
struct inode;
struct poll_table;
struct vm_mmap_args;
struct mapping;

/* getdents: one entry; false = the buffer is full, stop. */
struct dir_context {
	bool (*emit)(struct dir_context *ctx, const char *name, unsigned len, u64 ino, unsigned d_type);
	loff_t pos; /* position of the next entry; the file system moves it */
};
/* All may sleep.  NULL = the answer in brackets. */
struct file_ops {
	ssize_t (*read)(struct file *f, struct iov_iter *to, loff_t *pos);    /* [-EINVAL] */
	ssize_t (*write)(struct file *f, struct iov_iter *from, loff_t *pos); /* [-EINVAL] */
	loff_t (*lseek)(struct file *f, loff_t off, int whence);              /* [-ESPIPE] */
	int (*iterate)(struct file *f, struct dir_context *ctx);              /* [-ENOTDIR] */
	unsigned (*poll)(struct file *f, struct poll_table *pt); /* [always ready: EPOLLIN|EPOLLOUT] */
	/* `arg` is a kernel copy for commands in ioctls.tbl with a size, else the value itself. [-ENOTTY] */
	long (*ioctl)(struct file *f, unsigned cmd, void *arg);
	/* Checks and fills mapping, file, ops, may. [-ENODEV] */
	int (*mmap)(struct file *f, struct vm_mmap_args *a);
	int (*open)(struct inode *i, struct file *f); /* [0]; may replace f->ops and f->private */
	int (*flush)(struct file *f);                 /* each close(2) [0] */
	void (*release)(struct file *f);              /* the last reference is gone */
	/* Bytes [start, end), and what is needed to find them (datasync), or all, are on stable storage. [-EINVAL] */
	int (*fsync)(struct file *f, loff_t start, loff_t end, bool datasync);
	int (*fallocate)(struct file *f, int mode, loff_t off, loff_t len); /* [-EOPNOTSUPP] */
	/* F_SETPIPE_SZ and others of one kind of file. [-EINVAL] */
	long (*fcntl)(struct file *f, int cmd, unsigned long arg);
	/* What /proc/PID/fdinfo/N tells of this kind of file beyond the position and the flags. [nothing] */
	void (*fdinfo)(struct file *f, struct seq *s);
};
enum { SMALL_FILE_MAX = INT32_MAX }; /* bytes of a file for a program that did not say O_LARGEFILE */
enum file_mode {
	FMODE_READ = 1,
	FMODE_WRITE = 2,
	FMODE_LSEEK = 4,
	FMODE_PATH = 8,
	FMODE_EXEC = 16,
	FMODE_ATOMIC_POS = 32 /* regular files and directories: read() and write() lock pos */,
	FMODE_WCOUNT = 64 /* counted in inode->writers and path.mnt->writers */,
	FMODE_FLOATING =
	        128 /* of fsmount(2), open_tree(2): the mount goes with it unless it was moved into the tree */
};
struct file {
	struct refcount ref;
	u32 mode;  /* enum file_mode */
	u32 flags; /* O_* as fcntl(F_GETFL) shows; O_APPEND, O_NONBLOCK change */
	const struct file_ops *ops;
	struct inode *inode; /* owned through path; for pipes etc. an anonymous inode */
	struct path path;    /* owned */
	loff_t pos;
	struct mutex pos_lock;
	void *private;
	const struct cred *cred; /* of the opener; owned */
	struct rcu_head rcu;
	pid_t owner; /* F_SETOWN; of a group: negative */
	bool owner_is_thread;
	struct epoll_item *watches; /* of epoll(7) instances; changed through ipc/epoll.c only */
	struct readahead ra;        /* what it reads in advance */
	u32 wb_err;                 /* which errors of write-backs it was told of: base/errseq.h */
	u32 fs_err;                 /* the same of its file system: syncfs(2) */
	bool opened;                /* by a name: its end is told to watchers */
	bool flocked;               /* has locks of flock(2) */
	bool rcu_free;              /* stood in a table of several threads: lockless readers may look at it */
};
/* A new description of an inode at path (takes its own references), not opened yet. NULL = -ENFILE or no memory. */
struct file *file_alloc(const struct path *path, const struct file_ops *ops, unsigned flags,
                        const struct cred *c);
/* One that stands in no directory: pipes, ptys, sockets; shown as "name:[ino]".  The inode gets `mode`. */
struct file *file_alloc_anon(const char *name, umode_t mode, const struct file_ops *ops, unsigned flags,
                             void *private, const struct cred *c);
static inline struct file *file_get(struct file *f)
{
	ref_get(&f->ref);
	return f;
}
void file_put(struct file *f); /* may sleep */
/* Registered by ipc/epoll: takes a file that is being closed out of all instances that watch it. May sleep. */
extern void (*file_unwatch)(struct file *f);
u64 files_open(void);
extern u64 files_max; /* /proc/sys/fs/file-max */

/* The operations with all checks but the copying of arguments; pos NULL = f->pos. May sleep. */
ssize_t file_read(struct file *f, struct iov_iter *to, loff_t *pos);
ssize_t file_write(struct file *f, struct iov_iter *from, loff_t *pos);
loff_t file_lseek(struct file *f, loff_t off, int whence);
/* Kernel buffers (exec, initramfs): bytes or -errno. */
ssize_t file_read_kernel(struct file *f, void *dst, size_t n, loff_t pos);
ssize_t file_write_kernel(struct file *f, const void *src, size_t n, loff_t pos);
int file_iterate(struct file *f, struct dir_context *ctx);
unsigned file_poll(struct file *f, struct poll_table *pt);
long file_ioctl(struct file *f, unsigned cmd, void *arg);
int file_mmap(struct file *f, struct vm_mmap_args *a); /* checks modes, then ops->mmap */
/* ops->fsync, and then the errors of write-backs that this description was not told of yet. */
int file_fsync(struct file *f, loff_t start, loff_t end, bool datasync);
int file_fallocate(struct file *f, int mode, loff_t off, loff_t len);
int file_truncate(struct file *f, loff_t len);
/* For file systems whose data is in inode->mapping: tmpfs now, disks later. */
ssize_t mapping_file_read(struct file *f, struct iov_iter *to, loff_t *pos);
ssize_t mapping_file_write(struct file *f, struct iov_iter *from, loff_t *pos);
/* posix_fadvise(2) after its checks; len 0: to the end. May sleep. */
int file_fadvise(struct file *f, loff_t off, loff_t len, int advice);
int mapping_file_mmap(struct file *f, struct vm_mmap_args *a);
/* The page at index of an object with a store, referenced, up to date, and by the rules of read-ahead those behind it;
 * wanted: bytes from the start of this page on.  ERR_PTR(-EIO, -ENOMEM).  May sleep. */
struct page *mapping_page_for_read(struct file *f, struct mapping *m, u64 index, size_t wanted);
int mapping_mmap(struct file *f, struct vm_mmap_args *a, struct mapping *m); /* the same of another mapping */
loff_t generic_lseek(struct file *f, loff_t off, int whence); /* SEEK_SET, CUR, END, DATA, HOLE by i->size */
loff_t dir_lseek(struct file *f, loff_t off, int whence);     /* directories: SEEK_SET, SEEK_CUR */
int noop_fsync(struct file *f, loff_t start, loff_t end, bool datasync); /* nothing lies below: 0 */
/* The same as file_alloc, but takes over the path's references (also on failure); ERR_PTR(-ENFILE, -ENOMEM). */
struct file *file_alloc_path(const struct path *path, const struct file_ops *ops, unsigned flags,
                             const struct cred *c);
void file_accessed(struct file *f); /* atime by the rules of the mount: relatime by default */
void inode_accessed(struct inode *i, u32 mnt_flags); /* the same for a file that is not open */
void file_init(void);
/* Sequential text files (procfs): see fs/seq.h. */
int no_open(struct inode *i, struct file *f); /* -ENXIO */
