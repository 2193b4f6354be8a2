/* SPDX-License-Identifier: MIT
 * fs/locks.h - advisory locks: fcntl(2) record locks (by fd table), open file description locks, flock(2). */
#pragma once
#include <fs/inode.h>
struct flock_k; /* abi/fcntl.h */
/* cmd: F_GETLK, F_SETLK, F_SETLKW, F_OFD_*. owner: the fd table (or the file for OFD). May sleep (SETLKW): -EINTR,
 * -EDEADLK, -EAGAIN, -ENOLCK. */
int locks_fcntl(struct file *f, int cmd, struct flock_k *l, void *owner, pid_t pid);
int locks_flock(struct file *f, int op, pid_t pid); /* LOCK_SH, LOCK_EX, LOCK_UN, LOCK_NB */
/* /proc/locks: calls fn, which must not sleep, for each lock and then for each request that waits for it. */
struct lock_info {
	unsigned nr; /* of the lock, from 1 */
	bool waits, write;
	const char *kind; /* "POSIX", "OFDLCK", "FLOCK" */
	pid_t pid;
	dev_t dev;
	u64 ino;
	loff_t start, end; /* INT64_MAX: to the end of the file */
};
void locks_for_each(void (*fn)(const struct lock_info *l, void *ctx), void *ctx);
void locks_close(struct file *f, void *owner); /* a descriptor of the table was closed: record locks go */
void locks_release(struct file *f);            /* the description dies */
