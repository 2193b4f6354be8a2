/* SPDX-License-Identifier: MIT
 * fs/9p/proto.h - 9P2000.L: message types and the encoding of their fields (little-endian, strings with a length).
 *
 * A message is { u32 size, u8 type, u16 tag, fields }.  The cursor never leaves its buffer: what does not fit, or is
 * not there, sets `bad` and reads as 0; so a message is decoded without looks in between, and judged once. */
#pragma once
#include <abi/types.h>

enum p9_type { /* of the request; the answer's is one more */
	       P9_RLERROR = 7,
	       P9_TSTATFS = 8,
	       P9_TLOPEN = 12,
	       P9_TLCREATE = 14,
	       P9_TSYMLINK = 16,
	       P9_TMKNOD = 18,
	       P9_TREADLINK = 22,
	       P9_TGETATTR = 24,
	       P9_TSETATTR = 26,
	       P9_TXATTRWALK = 30,
	       P9_TXATTRCREATE = 32,
	       P9_TREADDIR = 40,
	       P9_TFSYNC = 50,
	       P9_TLINK = 70,
	       P9_TMKDIR = 72,
	       P9_TRENAMEAT = 74,
	       P9_TUNLINKAT = 76,
	       P9_TVERSION = 100,
	       P9_TATTACH = 104,
	       P9_TFLUSH = 108,
	       P9_TWALK = 110,
	       P9_TREAD = 116,
	       P9_TWRITE = 118,
	       P9_TCLUNK = 120,
};
enum {
	P9_HEADER = 7,
	P9_QID_BYTES = 13,
	P9_IO_HEADER = 11, /* of Rread, Rreaddir; an Rlerror is as long */
	P9_TWRITE_HEADER = 23,
	P9_NOTAG = 0xffff,
	P9_NOFID = ~0u,
	P9_QTDIR = 0x80,
	P9_GETATTR_BASIC = 0x7ff,
	P9_GETATTR_BTIME = 0x800,
};
enum p9_setattr {
	P9_SET_MODE = 1,
	P9_SET_UID = 2,
	P9_SET_GID = 4,
	P9_SET_SIZE = 8,
	P9_SET_ATIME = 16,
	P9_SET_MTIME = 32,
	P9_SET_CTIME = 64,
	P9_SET_ATIME_SET = 128,
	P9_SET_MTIME_SET = 256,
};
struct p9_qid { /* what a file is to the server: no two files have the same path */
	u8 type;
	u32 version;
	u64 path;
};
struct p9_attr {
	u64 valid;
	struct p9_qid qid;
	u32 mode, uid, gid;
	u64 nlink, rdev, size, blksize, blocks;
	u64 atime[2], mtime[2], ctime[2], btime[2]; /* seconds, nanoseconds */
};
struct p9_msg {
	u8 *buf;
	u32 size, at;
	bool bad;
};
void p9_put_u8(struct p9_msg *m, u8 v);
void p9_put_u16(struct p9_msg *m, u16 v);
void p9_put_u32(struct p9_msg *m, u32 v);
void p9_put_u64(struct p9_msg *m, u64 v);
void p9_put_name(struct p9_msg *m, const char *s, size_t len);
u8 p9_get_u8(struct p9_msg *m);
u16 p9_get_u16(struct p9_msg *m);
u32 p9_get_u32(struct p9_msg *m);
u64 p9_get_u64(struct p9_msg *m);
/* Points into the buffer; not NUL-terminated. */
const char *p9_get_name(struct p9_msg *m, u16 *len);
struct p9_qid p9_get_qid(struct p9_msg *m);
void p9_get_attr(struct p9_msg *m, struct p9_attr *a);
