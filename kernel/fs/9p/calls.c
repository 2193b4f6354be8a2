/* SPDX-License-Identifier: MIT
 *
 * fs/9p/calls.c - each 9P2000.L message as a function
 *
 * Owns:      nothing.
 * Layer:     fs/9p.
 * Locks:     none.
 * Contexts:  process context; may sleep.
 * Manual:    Plan 9's section 5; diod's protocol.md for 9P2000.L.
 * Tests:     tests/run.py p9.
 */
#include <fs/9p/client.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/time.h>

enum { ANSWER_SMALL = 64, ANSWER_ATTR = 192, NAME_ROOM = 300, LINK_MAX = PATH_MAX };

/* Sends, and reads nothing of the answer but that it is one. */
static int rpc_free(struct p9_request *r)
{
	int err = p9_rpc(r);

	p9_request_free(r);
	return err;
}

/* A request that begins with a fid. */
static struct p9_request *about(struct p9_client *c, enum p9_type type, u32 fid, u32 room, u32 answer)
{
	struct p9_request *r = p9_request_new(c, type, P9_HEADER + 4 + room, answer, 0);

	if (r)
		p9_put_u32(&r->m, fid);
	return r;
}

int p9_attach(struct p9_client *c, u32 fid, const char *uname, const char *aname, u32 uid)
{
	u32 room = 16 + (u32)strlen(uname) + (u32)strlen(aname);
	struct p9_request *r = about(c, P9_TATTACH, fid, room, ANSWER_SMALL);

	if (!r)
		return -ENOMEM;
	p9_put_u32(&r->m, P9_NOFID);
	p9_put_name(&r->m, uname, strlen(uname));
	p9_put_name(&r->m, aname, strlen(aname));
	p9_put_u32(&r->m, uid);
	c->uid = uid;
	return rpc_free(r);
}

int p9_walk(struct p9_client *c, u32 fid, const char *name, size_t len, u32 newfid)
{
	struct p9_request *r = about(c, P9_TWALK, fid, NAME_ROOM, ANSWER_SMALL);
	int err;

	if (!r)
		return -ENOMEM;
	p9_put_u32(&r->m, newfid);
	p9_put_u16(&r->m, name ? 1 : 0);
	if (name)
		p9_put_name(&r->m, name, len);
	err = p9_rpc(r);
	if (!err && p9_get_u16(&r->m) != (name ? 1 : 0))
		err = -ENOENT; /* walk(5): fewer steps than asked, and no newfid */
	p9_request_free(r);
	return err;
}

int p9_getattr(struct p9_client *c, u32 fid, struct p9_attr *a)
{
	struct p9_request *r = about(c, P9_TGETATTR, fid, 8, ANSWER_ATTR);
	int err;

	if (!r)
		return -ENOMEM;
	p9_put_u64(&r->m, P9_GETATTR_BASIC | P9_GETATTR_BTIME);
	err = p9_rpc(r);
	if (!err) {
		p9_get_attr(&r->m, a);
		if (r->m.bad || (a->valid & P9_GETATTR_BASIC) != P9_GETATTR_BASIC || a->size > INT64_MAX)
			err = -EIO;
	}
	p9_request_free(r);
	return err;
}

int p9_setattr(struct p9_client *c, u32 fid, const struct p9_setattr_args *a)
{
	struct p9_request *r = about(c, P9_TSETATTR, fid, 64, ANSWER_SMALL);

	if (!r)
		return -ENOMEM;
	p9_put_u32(&r->m, a->valid);
	p9_put_u32(&r->m, a->mode);
	p9_put_u32(&r->m, a->uid);
	p9_put_u32(&r->m, a->gid);
	p9_put_u64(&r->m, a->size);
	p9_put_u64(&r->m, (u64)(a->atime / NSEC_PER_SEC));
	p9_put_u64(&r->m, (u64)(a->atime % NSEC_PER_SEC));
	p9_put_u64(&r->m, (u64)(a->mtime / NSEC_PER_SEC));
	p9_put_u64(&r->m, (u64)(a->mtime % NSEC_PER_SEC));
	return rpc_free(r);
}

int p9_lopen(struct p9_client *c, u32 fid, u32 flags)
{
	struct p9_request *r = about(c, P9_TLOPEN, fid, 4, ANSWER_SMALL);

	if (!r)
		return -ENOMEM;
	p9_put_u32(&r->m, flags);
	return rpc_free(r);
}

int p9_lcreate(struct p9_client *c, u32 fid, const char *name, size_t len, u32 flags, u32 mode, u32 gid)
{
	struct p9_request *r = about(c, P9_TLCREATE, fid, NAME_ROOM, ANSWER_SMALL);

	if (!r)
		return -ENOMEM;
	p9_put_name(&r->m, name, len);
	p9_put_u32(&r->m, flags);
	p9_put_u32(&r->m, mode);
	p9_put_u32(&r->m, gid);
	return rpc_free(r);
}

int p9_make(struct p9_client *c, u32 dir, const char *name, size_t len, u32 mode, dev_t rdev,
            const char *target, u32 gid)
{
	enum p9_type type = (mode & S_IFMT) == S_IFDIR   ? P9_TMKDIR
	                    : (mode & S_IFMT) == S_IFLNK ? P9_TSYMLINK
	                                                 : P9_TMKNOD;
	u32 room = NAME_ROOM + (type == P9_TSYMLINK ? (u32)strlen(target) + 2 : 16);
	struct p9_request *r = about(c, type, dir, room, ANSWER_SMALL);

	if (!r)
		return -ENOMEM;
	p9_put_name(&r->m, name, len);
	switch (type) {
	case P9_TSYMLINK:
		p9_put_name(&r->m, target, strlen(target));
		break;
	case P9_TMKDIR:
		p9_put_u32(&r->m, mode & S_IALLUGO);
		break;
	default:
		p9_put_u32(&r->m, mode);
		p9_put_u32(&r->m, dev_major(rdev));
		p9_put_u32(&r->m, dev_minor(rdev));
	}
	p9_put_u32(&r->m, gid);
	return rpc_free(r);
}

int p9_link(struct p9_client *c, u32 dir, u32 fid, const char *name, size_t len)
{
	struct p9_request *r = about(c, P9_TLINK, dir, NAME_ROOM, ANSWER_SMALL);

	if (!r)
		return -ENOMEM;
	p9_put_u32(&r->m, fid);
	p9_put_name(&r->m, name, len);
	return rpc_free(r);
}

int p9_renameat(struct p9_client *c, u32 od, const char *on, size_t olen, u32 nd, const char *nn, size_t nlen)
{
	struct p9_request *r = about(c, P9_TRENAMEAT, od, 2 * NAME_ROOM, ANSWER_SMALL);

	if (!r)
		return -ENOMEM;
	p9_put_name(&r->m, on, olen);
	p9_put_u32(&r->m, nd);
	p9_put_name(&r->m, nn, nlen);
	return rpc_free(r);
}

int p9_unlinkat(struct p9_client *c, u32 dir, const char *name, size_t len, bool rmdir)
{
	struct p9_request *r = about(c, P9_TUNLINKAT, dir, NAME_ROOM, ANSWER_SMALL);

	if (!r)
		return -ENOMEM;
	p9_put_name(&r->m, name, len);
	p9_put_u32(&r->m, rmdir ? AT_REMOVEDIR : 0);
	return rpc_free(r);
}

char *p9_readlink(struct p9_client *c, u32 fid)
{
	struct p9_request *r = about(c, P9_TREADLINK, fid, 0, P9_HEADER + 2 + LINK_MAX);
	const char *s = NULL;
	char *text;
	u16 len = 0;
	int err;

	if (!r)
		return ERR_PTR(-ENOMEM);
	err = p9_rpc(r);
	if (!err) {
		s = p9_get_name(&r->m, &len);
		if (r->m.bad || !len || len >= PATH_MAX || memchr(s, 0, len))
			err = -EIO;
	}
	text = err ? ERR_PTR(err) : kmalloc(len + 1u, 0);
	if (!err && !text)
		text = ERR_PTR(-ENOMEM);
	if (!IS_ERR(text)) {
		memcpy(text, s, len);
		text[len] = 0;
	}
	p9_request_free(r);
	return text;
}

int p9_fsync(struct p9_client *c, u32 fid, bool datasync)
{
	struct p9_request *r = about(c, P9_TFSYNC, fid, 4, ANSWER_SMALL);

	if (!r)
		return -ENOMEM;
	p9_put_u32(&r->m, datasync);
	return rpc_free(r);
}

int p9_statfs(struct p9_client *c, u32 fid, struct statfs64_k *out)
{
	struct p9_request *r = about(c, P9_TSTATFS, fid, 0, 128);
	int err;

	if (!r)
		return -ENOMEM;
	err = p9_rpc(r);
	if (!err) {
		p9_get_u32(&r->m); /* the server's own type */
		out->f_bsize = p9_get_u32(&r->m);
		out->f_blocks = p9_get_u64(&r->m);
		out->f_bfree = p9_get_u64(&r->m);
		out->f_bavail = p9_get_u64(&r->m);
		out->f_files = p9_get_u64(&r->m);
		out->f_ffree = p9_get_u64(&r->m);
		p9_get_u64(&r->m); /* the server's file system id */
		out->f_namelen = p9_get_u32(&r->m);
		if (r->m.bad)
			err = -EIO;
	}
	p9_request_free(r);
	return err;
}

/* Tread and Treaddir: n bytes into buf. */
static ssize_t read_into(struct p9_client *c, enum p9_type type, u32 fid, u64 off, void *buf, u32 n)
{
	struct p9_request *r;
	ssize_t got;
	u32 count;

	n = MIN(n, c->msize - P9_IO_HEADER);
	r = p9_request_new(c, type, P9_TWRITE_HEADER, P9_IO_HEADER, 1);
	if (!r)
		return -ENOMEM;
	p9_put_u32(&r->m, fid);
	p9_put_u64(&r->m, off);
	p9_put_u32(&r->m, n);
	p9_request_data(r, virt_to_phys(buf), n, false);
	got = p9_rpc(r);
	if (!got) {
		count = p9_get_u32(&r->m);
		got = r->m.bad || count > n || P9_IO_HEADER + count > r->in_len ? -EIO : (ssize_t)count;
	}
	p9_request_free(r);
	return got;
}

ssize_t p9_read(struct p9_client *c, u32 fid, u64 off, void *buf, u32 n)
{
	return read_into(c, P9_TREAD, fid, off, buf, n);
}

ssize_t p9_readdir(struct p9_client *c, u32 fid, u64 off, void *buf, u32 n)
{
	return read_into(c, P9_TREADDIR, fid, off, buf, n);
}

ssize_t p9_write(struct p9_client *c, u32 fid, u64 off, const void *buf, u32 n)
{
	struct p9_request *r;
	ssize_t put;
	u32 count;

	n = MIN(n, c->msize - P9_TWRITE_HEADER);
	r = p9_request_new(c, P9_TWRITE, P9_TWRITE_HEADER, ANSWER_SMALL, 1);
	if (!r)
		return -ENOMEM;
	p9_put_u32(&r->m, fid);
	p9_put_u64(&r->m, off);
	p9_put_u32(&r->m, n);
	p9_request_data(r, virt_to_phys(buf), n, true);
	put = p9_rpc(r);
	if (!put) {
		count = p9_get_u32(&r->m);
		put = r->m.bad || count > n ? -EIO : (ssize_t)count;
	}
	p9_request_free(r);
	return put;
}

int p9_xattrwalk(struct p9_client *c, u32 fid, u32 newfid, const char *name, u64 *size)
{
	struct p9_request *r = about(c, P9_TXATTRWALK, fid, NAME_ROOM, ANSWER_SMALL);
	int err;

	if (!r)
		return -ENOMEM;
	p9_put_u32(&r->m, newfid);
	p9_put_name(&r->m, name, strlen(name));
	err = p9_rpc(r);
	if (!err) {
		*size = p9_get_u64(&r->m);
		if (r->m.bad)
			err = -EIO;
	}
	p9_request_free(r);
	return err;
}

int p9_xattrcreate(struct p9_client *c, u32 fid, const char *name, u64 size, u32 flags)
{
	struct p9_request *r = about(c, P9_TXATTRCREATE, fid, NAME_ROOM + 12, ANSWER_SMALL);

	if (!r)
		return -ENOMEM;
	p9_put_name(&r->m, name, strlen(name));
	p9_put_u64(&r->m, size);
	p9_put_u32(&r->m, flags);
	return rpc_free(r);
}

int p9_clunk_wait(struct p9_client *c, u32 fid)
{
	struct p9_request *r = about(c, P9_TCLUNK, fid, 0, ANSWER_SMALL);
	int err;

	if (!r)
		return -ENOMEM;
	err = rpc_free(r);
	p9_fid_free(c, fid); /* clunk(5): it is gone whatever the answer says */
	return err;
}
