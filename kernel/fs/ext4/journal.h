/* SPDX-License-Identifier: MIT
 * fs/ext4/journal.h - handles and transactions: what changes together. See journal.c for the theory. */
#pragma once
#include <lib/list.h>
#include <sched/mutex.h>

struct ext4_fs;
struct ext4_buffer;
struct ext4_journal;

enum txn_state { TXN_RUNNING, TXN_COMMITTING, TXN_DONE };
struct ext4_txn {
	u32 tid;
	enum txn_state state;
	u32 nr_handles;  /* that are open; journal lock */
	u32 outstanding; /* buffers they may still add */
	u32 nr_buffers, nr_freed;
	struct list_head buffers; /* to be logged */
	struct list_head freed;   /* blocks that are no metadata any more: revoked */
	struct list_head home;    /* committed, not yet written to their place */
	struct list_head link;    /* journal->done */
	ktime_t started;
};
/* One change of the file system, on the stack of who makes it. */
struct ext4_handle {
	struct ext4_fs *fs;
	struct ext4_txn *txn;
	struct ext4_handle *outer; /* the same thread's, which this one joined */
	struct thread *thread;
	struct list_head link;
	u32 credits; /* buffers it may still add */
	int error;
};

/* Opens a handle that will change at most `credits` blocks of metadata. -EROFS, -ENOMEM, -EIO.
 * No page lock and no map_lock is taken before it while it is waited for: handle -> map_lock -> group lock. */
MUST_CHECK int ext4_start(struct ext4_fs *fs, struct ext4_handle *h, unsigned credits);
/* Ends it: the first error of the handle's own changes, or err if that is not 0. */
int ext4_stop(struct ext4_handle *h, int err);
/* Before the bytes of b are changed. */
MUST_CHECK int ext4_access(struct ext4_handle *h, struct ext4_buffer *b);
/* A block of metadata is given up: its old copies in the log must not come back. */
MUST_CHECK int ext4_revoke(struct ext4_handle *h, u64 block);
/* More credits without ending the handle; false: end it and begin another. */
bool ext4_extend(struct ext4_handle *h, unsigned credits);

/* Everything up to transaction tid is on stable storage. */
int ext4_commit(struct ext4_fs *fs, u32 tid);
/* The same of all that was changed so far. */
int ext4_commit_all(struct ext4_fs *fs);
bool ext4_committed(struct ext4_fs *fs, u32 tid);
/* The youngest transaction there is; 0: none yet. */
u32 ext4_last_tid(struct ext4_fs *fs);

/* Mount: finds the journal and replays it if it is not empty (may_write: the device can be written).
 * -EROFS: it must be replayed and may not.  Before any buffer is read. */
int ext4_journal_open(struct ext4_fs *fs, bool may_write);
/* Reads the log's inode again through the caches and makes it ready for writing. */
int ext4_journal_begin(struct ext4_fs *fs);
/* Commits, writes all home, marks the log empty. */
int ext4_journal_flush(struct ext4_fs *fs);
void ext4_journal_close(struct ext4_fs *fs);
