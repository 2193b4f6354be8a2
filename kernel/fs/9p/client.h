/* SPDX-License-Identifier: MIT
 * fs/9p/client.h - inside fs/9p: one connection to a server, and every message as a function.
 *
 * Functions return 0 (or a count) or a negative errno: the server's, -EIO for an answer that makes no sense, -EINTR
 * when a fatal signal came first, -ENOMEM.  All may sleep. */
#pragma once
#include <fs/9p/proto.h>
#include <fs/9p/transport.h>
#include <abi/stat.h>
#include <sched/waitq.h>

enum {
	P9_TAGS = 64,
	P9_TAGS_FLUSH = 4 /* kept for Tflush */,
	P9_FREE_FIDS = 2048,
	P9_MSIZE = 512 * 1024,
	P9_MSIZE_MIN = 8192 /* a page and a header */
};
struct p9_client {
	struct p9_transport *t;
	u32 msize;
	u32 uid;              /* whose files it makes */
	struct spinlock lock; /* irqs off; tags and fids; a leaf */
	struct p9_request *tags[P9_TAGS] GUARDED_BY(&lock);
	u32 next_fid GUARDED_BY(&lock);
	u32 free_fids[P9_FREE_FIDS] GUARDED_BY(&lock);
	unsigned nr_free_fids GUARDED_BY(&lock);
	struct waitq tag_free;
	struct waitq answered[8]; /* by tag */
	bool dead;
	u64 requests; /* sent so far */
};
struct p9_request {
	struct p9_client *client;
	struct p9_msg m; /* being written; after the answer: being read */
	u8 *in;
	u32 in_size, in_len; /* of the answer, without data pieces; what the server wrote in all */
	u8 type;
	u16 tag;
	bool done, failed;
	/* Set: nobody waits; called when the answer is there, in any context, and frees r with p9_request_free. */
	void (*end)(struct p9_request *r);
	void *private;
	u32 fid;              /* for end */
	u32 data_len;         /* bytes of data pieces */
	unsigned nout, nin;   /* pieces */
	struct vq_buf bufs[]; /* message, data out | answer, data in */
};
/* A request with room for out and in bytes of message and answer (headers included) and `data` pieces. */
struct p9_request *p9_request_new(struct p9_client *c, enum p9_type type, u32 out, u32 in, unsigned data);
void p9_request_free(struct p9_request *r);
/* Data behind the message (out) or behind an answer of exactly in bytes. */
void p9_request_data(struct p9_request *r, paddr_t addr, u32 len, bool out);
/* Sends and waits; then r->m reads the fields of the answer. */
MUST_CHECK int p9_rpc(struct p9_request *r);
/* Sends; r->end must be set and gets it in every case. */
void p9_send(struct p9_request *r);
/* In end(): 0 and r->m at the fields, or an error. */
MUST_CHECK int p9_answer(struct p9_request *r);

struct p9_client *p9_client_create(const char *tag, u32 msize); /* ERR_PTR(-ENOENT, -EBUSY, -ENOMEM, ...) */
void p9_client_destroy(struct p9_client *c);                    /* waits for what is on its way */
u32 p9_fid_new(struct p9_client *c);
void p9_fid_free(struct p9_client *c, u32 fid); /* one the server does not know */
void p9_clunk(struct p9_client *c, u32 fid);    /* one it knows; does not wait; 0 is none */

MUST_CHECK int p9_attach(struct p9_client *c, u32 fid, const char *uname, const char *aname, u32 uid);
/* One name down, or (name NULL) the same place under another number. */
MUST_CHECK int p9_walk(struct p9_client *c, u32 fid, const char *name, size_t len, u32 newfid);
MUST_CHECK int p9_getattr(struct p9_client *c, u32 fid, struct p9_attr *a);
struct p9_setattr_args {
	u32 valid, mode, uid, gid;
	u64 size;
	s64 atime, mtime; /* ns */
};
MUST_CHECK int p9_setattr(struct p9_client *c, u32 fid, const struct p9_setattr_args *a);
MUST_CHECK int p9_lopen(struct p9_client *c, u32 fid, u32 flags);
/* fid, a directory's, becomes the open new file. */
MUST_CHECK int p9_lcreate(struct p9_client *c, u32 fid, const char *name, size_t len, u32 flags, u32 mode,
                          u32 gid);
/* Any kind but regular files. */
MUST_CHECK int p9_make(struct p9_client *c, u32 dir, const char *name, size_t len, u32 mode, dev_t rdev,
                       const char *target, u32 gid);
MUST_CHECK int p9_link(struct p9_client *c, u32 dir, u32 fid, const char *name, size_t len);
MUST_CHECK int p9_renameat(struct p9_client *c, u32 od, const char *on, size_t olen, u32 nd, const char *nn,
                           size_t nlen);
MUST_CHECK int p9_unlinkat(struct p9_client *c, u32 dir, const char *name, size_t len, bool rmdir);
/* The text in an allocation, or ERR_PTR. */
char *p9_readlink(struct p9_client *c, u32 fid);
MUST_CHECK int p9_fsync(struct p9_client *c, u32 fid, bool datasync);
MUST_CHECK int p9_statfs(struct p9_client *c, u32 fid, struct statfs64_k *out);
/* buf: direct-map memory.  Bytes: fewer than n at the end of the file. */
ssize_t p9_read(struct p9_client *c, u32 fid, u64 off, void *buf, u32 n);
ssize_t p9_write(struct p9_client *c, u32 fid, u64 off, const void *buf, u32 n);
ssize_t p9_readdir(struct p9_client *c, u32 fid, u64 off, void *buf, u32 n);
/* newfid becomes the value of the attribute (name "": the list of names), *size its length. */
MUST_CHECK int p9_xattrwalk(struct p9_client *c, u32 fid, u32 newfid, const char *name, u64 *size);
/* fid becomes the attribute; written once with p9_write and then clunked, which sets it. */
MUST_CHECK int p9_xattrcreate(struct p9_client *c, u32 fid, const char *name, u64 size, u32 flags);
MUST_CHECK int p9_clunk_wait(struct p9_client *c, u32 fid);
