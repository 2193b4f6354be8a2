/* SPDX-License-Identifier: MIT
 * fs/fileflags.h - flags of inodes, as FS_IOC_GETFLAGS and FS_IOC_SETFLAGS have them: ioctl_iflags(2). */
#pragma once
#include <fs/inode.h>

/* The flags as the file system has them: 0 or -ENOTTY. */
int file_get_flags(struct file *f, u32 *flags);
/* 0, -EROFS, -ENOTTY, -EPERM, -EOPNOTSUPP (flags that the file system does not know), -errno. */
int file_set_flags(struct file *f, u32 flags, const struct cred *c);
/* Names of dir came or went: where that is to be synchronous (chattr +D, mount -o dirsync), it is on stable storage
 * afterwards.  dir->lock may be held; may sleep. */
void inode_names_changed(struct inode *dir);
