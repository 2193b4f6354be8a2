/* SPDX-License-Identifier: MIT
 * fs/ext4/jbd2.h - the journal on the disk, and in memory: between the journal*.c files. All numbers big-endian. */
#pragma once
#include "internal.h"

enum { JBD2_MAGIC = 0xc03b3998 };
enum jbd2_type {
	JBD2_DESCRIPTOR = 1,
	JBD2_COMMIT = 2,
	JBD2_SUPER_V1 = 3,
	JBD2_SUPER_V2 = 4,
	JBD2_REVOKE = 5
};
enum jbd2_incompat {
	JBD2_INCOMPAT_REVOKE = 1,
	JBD2_INCOMPAT_64BIT = 2,
	JBD2_INCOMPAT_ASYNC_COMMIT = 4,
	JBD2_INCOMPAT_CSUM_V2 = 8,
	JBD2_INCOMPAT_CSUM_V3 = 16,
	JBD2_INCOMPAT_KNOWN = 1 | 2 | 4 | 8 | 16,
};
enum { JBD2_COMPAT_CHECKSUM = 1 };
enum jbd2_tag_flag { TAG_ESCAPE = 1, TAG_SAME_UUID = 2, TAG_DELETED = 4, TAG_LAST = 8 };
enum { JBD2_CRC32C = 4 };

struct jbd2_head {
	u32 magic, type, sequence;
};
struct jbd2_super {
	struct jbd2_head head;
	u32 blocksize, maxlen, first;
	u32 sequence, start; /* of the oldest transaction that may not be home; start 0: the log is empty */
	u32 error;
	u32 compat, incompat, ro_compat;
	u8 uuid[16];
	u32 nr_users, dynsuper, max_transaction, max_trans_data;
	u8 checksum_type, pad1[3];
	u32 num_fc_blocks, log_head, pad2[40], checksum;
	u8 users[16 * 48];
};
_Static_assert(sizeof(struct jbd2_super) == 1024, "the log's superblock");
_Static_assert(offsetof(struct jbd2_super, checksum) == 0xfc, "the log's superblock");
struct jbd2_tag { /* 8 or 12 bytes: nr_hi with 64BIT */
	u32 nr;
	u16 csum, flags;
	u32 nr_hi;
};
struct jbd2_tag3 {
	u32 nr, flags, nr_hi, csum;
};
struct jbd2_commit {
	struct jbd2_head head;
	u8 csum_type, csum_size, pad[2];
	u32 csum[8];
	u64 sec;
	u32 nsec;
} __attribute__((packed));
struct jbd2_revoke {
	struct jbd2_head head;
	u32 count; /* bytes in use, with this head */
};

static inline u32 be32(u32 x)
{
	return __builtin_bswap32(x);
}
static inline u16 be16(u16 x)
{
	return __builtin_bswap16(x);
}
static inline u64 be64(u64 x)
{
	return __builtin_bswap64(x);
}

struct log_run { /* n blocks of the log from its block `first` stand at `at` on the disk */
	u32 first, n;
	u64 at;
};
enum { NR_SCRATCH = 8 };
struct ext4_journal {
	struct ext4_fs *fs;
	bool has_log;
	struct spinlock lock;
	struct waitq wait;        /* locked, nr_handles, state and thread_done change */
	struct mutex commit_lock; /* one commit or write-home at a time */
	struct ext4_txn *running GUARDED_BY(&lock);
	bool locked GUARDED_BY(&lock); /* a commit waits for the handles: no new ones */
	struct list_head handles GUARDED_BY(&lock);
	u32 next_tid, committed;
	int error;                                      /* it cannot be written any more */
	struct list_head done GUARDED_BY(&commit_lock); /* committed, with blocks to go home; oldest first */
	u32 max_txn;

	u32 maxlen, first, head, free; /* blocks of the log; head: where the next goes */
	u32 next_sequence; /* transactions in the log are numbered without gaps: the empty ones are not there */
	u32 incompat, csum_seed, tag_size;
	bool csum; /* v2 or v3 */
	struct log_run *runs;
	u32 nr_runs;
	struct jbd2_super *super;
	bool started; /* the superblock on the disk says where the log begins */
	char *scratch[NR_SCRATCH];

	struct thread *thread;
	bool stop, thread_done;
};

u64 journal_block(const struct ext4_journal *j, u32 n); /* on the disk; 0: not in the log */
u32 journal_next(const struct ext4_journal *j, u32 n);
int journal_write_super(struct ext4_journal *j, u32 start, u32 sequence);
bool journal_super_csum_ok(const struct jbd2_super *s);
unsigned journal_tail_size(const struct ext4_journal *j); /* bytes of the checksum at a block's end */
u32 journal_tag_csum(const struct ext4_journal *j, u32 sequence, const void *data);
u32 journal_tag_size(u32 incompat);
/* journal_replay.c: 0; the log's superblock is updated in memory: empty from the sequence after the last. */
int journal_replay(struct ext4_journal *j);
/* journal_write.c */
int journal_log(struct ext4_journal *j, struct ext4_txn *t) MUST_HOLD(&j->commit_lock);
int journal_write_home(struct ext4_journal *j) MUST_HOLD(&j->commit_lock);
