/* SPDX-License-Identifier: MIT
 *
 * fs/9p/xattr.c - extended attributes of a shared folder's files
 *
 * Owns:      nothing.
 * Layer:     fs/9p.
 * Locks:     inode->lock, held by the caller.
 * Contexts:  process context; may sleep.
 * Manual:    diod's protocol.md: Txattrwalk, Txattrcreate; xattr(7).
 * Tests:     tests/run.py p9.
 *
 * To the server an attribute is a small file: a fid that is read, or written once and then clunked.
 */
#include <fs/9p/node.h>
#include <fs/xattr.h>
#include <lib/string.h>
#include <mem/slab.h>

/* All n bytes at fid into buf. */
static ssize_t read_all(struct p9_client *c, u32 fid, u8 *buf, u32 n)
{
	u32 done = 0;

	while (done < n) {
		ssize_t got = p9_read(c, fid, done, buf + done, n - done);

		if (got <= 0)
			return got ? got : -EIO;
		done += (u32)got;
	}
	return n;
}

/* The value of name ("": the names) in an allocation; its length or an error. */
static ssize_t fetch(struct inode *i, const char *name, u8 **value)
{
	struct p9_client *c = p9_client(i);
	u32 from, fid;
	u64 size;
	ssize_t n = p9_inode_fid(i, &from);

	*value = NULL;
	if (n)
		return n;
	fid = p9_fid_new(c);
	n = p9_xattrwalk(c, from, fid, name, &size);
	if (n) {
		p9_fid_free(c, fid);
		return n;
	}
	if (size > XATTR_SIZE_MAX)
		n = -E2BIG;
	else if (size && !(*value = kmalloc(size, 0)))
		n = -ENOMEM;
	else if (size)
		n = read_all(c, fid, *value, (u32)size);
	p9_clunk(c, fid);
	return n;
}

ssize_t p9_getxattr(struct inode *i, const char *name, void *value, size_t size)
{
	u8 *bytes;
	ssize_t n = fetch(i, name, &bytes);

	if (n > 0 && size) {
		if ((size_t)n > size)
			n = -ERANGE;
		else
			memcpy(value, bytes, (size_t)n);
	}
	kfree(bytes);
	return n;
}

int p9_listxattr(struct inode *i, struct xattr_list *to)
{
	u8 *names;
	ssize_t n = fetch(i, "", &names), err = n < 0 ? n : 0;

	for (ssize_t at = 0; at < n && !err;) {
		size_t len = strnlen((const char *)names + at, (size_t)(n - at));

		if (len && len <= XATTR_NAME_MAX)
			err = xattr_list_add(to, "", (const char *)names + at, len);
		at += (ssize_t)len + 1;
	}
	kfree(names);
	return (int)err;
}

/* value NULL removes: the protocol writes an attribute of no bytes and flags that say so to the server's library
 * call; QEMU takes size 0 for a removal. */
static int store(struct inode *i, const char *name, const void *value, size_t size, int flags)
{
	struct p9_client *c = p9_client(i);
	u32 from, fid;
	u8 *copy = NULL;
	int err = p9_inode_fid(i, &from);
	ssize_t n = 0;

	if (err)
		return err;
	if (size && !(copy = kmalloc(size, 0)))
		return -ENOMEM;
	fid = p9_fid_new(c);
	err = p9_walk(c, from, NULL, 0, fid);
	if (err) {
		p9_fid_free(c, fid);
		goto out;
	}
	err = p9_xattrcreate(c, fid, name, size, (u32)flags);
	if (!err && size) {
		memcpy(copy, value, size);
		n = p9_write(c, fid, 0, copy, (u32)size);
		if (n != (ssize_t)size)
			err = n < 0 ? (int)n : -EIO;
	}
	if (err)
		p9_clunk(c, fid);
	else
		err = p9_clunk_wait(c, fid);
	p9_inode_changed(i);
out:
	kfree(copy);
	return err;
}

int p9_setxattr(struct inode *i, const char *name, const void *value, size_t size, int flags)
{
	if (!size)
		return -EOPNOTSUPP; /* to the server that is a removal */
	return store(i, name, value, size, flags);
}

int p9_removexattr(struct inode *i, const char *name)
{
	return store(i, name, NULL, 0, XATTR_REPLACE);
}
