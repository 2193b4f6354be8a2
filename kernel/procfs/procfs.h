/* SPDX-License-Identifier: MIT
 * procfs/procfs.h - /proc, proc(5). */
#pragma once
struct inode;
struct pid;
void procfs_init(void);
/* The process whose directory /proc/[pid] this is, referenced; NULL: it is something else. */
struct pid *proc_dir_pid(const struct inode *i);
