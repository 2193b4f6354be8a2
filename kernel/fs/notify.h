/* SPDX-License-Identifier: MIT
 * fs/notify.h - telling watchers what happens to files: inotify(7). */
#pragma once
#include <fs/dentry.h>
#include <abi/inotify.h>

/* Watches there are in all; 0: nobody is to be told of anything. */
extern u32 notify_watches;
static inline bool notify_watched(void)
{
	return atomic_load(&notify_watches) != 0;
}

void notify_inode_slow(struct inode *i, u32 mask);
void notify_name_slow(struct inode *dir, u32 mask, const char *name, unsigned len, u32 cookie);
void notify_dentry_slow(struct dentry *d, u32 mask);
void notify_removed_slow(struct inode *i);

/* Something happened to i itself: IN_ATTRIB, IN_MOVE_SELF... The following may not sleep nor fail: a watcher whose
 * event cannot be kept is told that some were lost. */
static inline void notify_inode(struct inode *i, u32 mask)
{
	if (unlikely(atomic_load(&i->watches) != NULL))
		notify_inode_slow(i, mask);
}
/* Something happened to a name in dir: IN_CREATE, IN_DELETE, IN_MOVED_FROM...; IN_ISDIR is the caller's to add. */
static inline void notify_name(struct inode *dir, u32 mask, const char *name, unsigned len, u32 cookie)
{
	if (unlikely(atomic_load(&dir->watches) != NULL))
		notify_name_slow(dir, mask, name, len, cookie);
}
/* Something happened to what d names: who watches it, and who watches its directory, is told. */
static inline void notify_dentry(struct dentry *d, u32 mask)
{
	if (unlikely(notify_watched()))
		notify_dentry_slow(d, mask);
}
/* The last name of i and its last user are gone: IN_DELETE_SELF; the watches end. May sleep. */
static inline void notify_removed(struct inode *i)
{
	if (unlikely(atomic_load(&i->watches) != NULL) && !i->nlink)
		notify_removed_slow(i);
}
/* The instance goes: IN_UNMOUNT; the watches of its inodes end. May sleep. */
void notify_unmount(struct super_block *sb);
u32 notify_cookie(void); /* for the two halves of a rename */
/* IN_* for a change of attributes. */
u32 notify_attr_mask(const struct iattr *a);

/* inotify_init1(2), inotify_add_watch(2), inotify_rm_watch(2). */
struct file *inotify_create(unsigned flags, const struct cred *c); /* ERR_PTR(-EINVAL, -EMFILE, -ENOMEM) */
int inotify_add_watch(struct file *f, struct inode *i, u32 mask);  /* wd, -ENOSPC, -EEXIST, -ENOMEM */
int inotify_rm_watch(struct file *f, int wd);                      /* 0, -EINVAL */
bool file_is_inotify(const struct file *f);
extern int inotify_max_events, inotify_max_instances, inotify_max_watches; /* /proc/sys/fs/inotify */
