/* SPDX-License-Identifier: MIT
 *
 * net/unix/address.c - names of sockets: paths, abstract names, autobind
 *
 * Owns:      struct unix_addr; the table of names and the list of all sockets.
 * Layer:     net.  Uses fs (path walk, mknod).
 * Locks:     names_lock (spinlock) guards table and list; bind_lock (mutex): one bind at a time.
 * Contexts:  process context; may sleep.
 * Manual:    unix(7) "Address format", bind(2), path_resolution(7).
 * Tests:     tests/abi/unix_dgram.c, tests/abi/unix_stream.c.
 *
 * There are two kinds of names.  A path is a node of type S_IFSOCK: who finds its inode, and may write to it, finds
 * the socket that made it.  An abstract name begins with a zero byte and is bytes, known to this table alone; it is
 * gone with its socket.  Both stand in one table, hashed by the inode's address or by the bytes.
 */
#include "unix.h"
#include <net/unix/show.h>
#include <base/random.h>
#include <fs/mount.h>
#include <fs/namei.h>
#include <fs/seq.h>
#include <lib/hash.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <abi/errno.h>

enum { HASH_BITS = 8, AUTOBIND_NAMES = 1 << 20, AUTOBIND_LEN = SUN_PATH_OFFSET + 6 };

static struct spinlock names_lock = SPINLOCK_INIT("unix_names");
static struct list_head names[1 << HASH_BITS] GUARDED_BY(&names_lock);
static LIST_HEAD(all_sockets);
static struct mutex bind_lock;

INIT_CODE void unix_names_init(void) NO_LOCK_CHECK
{
	mutex_init(&bind_lock);
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		list_init(&names[i]);
}

/* ---- addresses ---- */

static bool is_abstract(const struct unix_addr *a)
{
	return !a->name.sun_path[0];
}

int unix_check_name(const struct sockaddr_any *a, unsigned len)
{
	if (len <= SUN_PATH_OFFSET || len > sizeof(struct sockaddr_un_k) || a->family != AF_UNIX)
		return -EINVAL;
	return 0;
}

static struct unix_addr *addr_make(const struct sockaddr_any *from, unsigned len)
{
	struct unix_addr *a = kzalloc(sizeof(*a));

	if (!a)
		return NULL;
	ref_init(&a->ref, 1);
	memcpy(&a->name, from, len);
	a->len = is_abstract(a) ? len : SUN_PATH_OFFSET + (unsigned)strlen(a->name.sun_path) + 1;
	if (is_abstract(a))
		a->hash = hash_bytes(a->name.sun_path, len - SUN_PATH_OFFSET, 0) >> (32 - HASH_BITS);
	return a;
}

void unix_addr_put(struct unix_addr *a)
{
	if (a && ref_put(&a->ref))
		kfree(a);
}

unsigned unix_copy_name(const struct unix_sock *u, struct sockaddr_any *out)
{
	const struct unix_addr *a = atomic_load_acquire(&u->addr);

	if (!a)
		return 0;
	memcpy(out, &a->name, a->len); /* a path of 108 bytes has its NUL in a->nul */
	return a->len;
}

int unix_name(struct socket *s, struct sockaddr_any *out, bool peer)
{
	struct unix_sock *u = unix_sock(s), *of = u;
	unsigned len;

	if (peer) {
		spin_lock(&s->lock);
		of = u->peer;
		if (of)
			unix_get(of);
		spin_unlock(&s->lock);
		if (!of)
			return -ENOTCONN;
	}
	out->family = AF_UNIX;
	len = unix_copy_name(of, out);
	if (peer)
		unix_put(of);
	return len ? (int)len : SUN_PATH_OFFSET;
}

/* ---- the table ---- */

static struct list_head *bucket_of_inode(const struct inode *i)
{
	return &names[hash_u64((u64)(unsigned long)i, HASH_BITS)];
}

void unix_names_add(struct unix_sock *u)
{
	spin_lock(&names_lock);
	list_add_tail(&u->all, &all_sockets);
	spin_unlock(&names_lock);
}

void unix_names_remove(struct unix_sock *u)
{
	spin_lock(&names_lock);
	list_del(&u->all);
	list_del(&u->named);
	spin_unlock(&names_lock);
}

static struct unix_sock *find_abstract(const struct unix_addr *a, unsigned type) MUST_HOLD(&names_lock)
{
	struct unix_sock *u;

	list_for_each_entry (u, &names[a->hash], named)
		if (is_abstract(u->addr) && u->s.type == type && u->addr->len == a->len &&
		    !memcmp(u->addr->name.sun_path, a->name.sun_path, a->len - SUN_PATH_OFFSET))
			return u;
	return NULL;
}

static struct unix_sock *find_inode(const struct inode *i) MUST_HOLD(&names_lock)
{
	struct unix_sock *u;

	list_for_each_entry (u, bucket_of_inode(i), named)
		if (u->path.dentry && u->path.dentry->inode == i)
			return u;
	return NULL;
}

static struct unix_sock *find_path(const char *name, unsigned type)
{
	struct socket_caller who = socket_caller();
	struct fs_walk w = { who.fs, who.cred, NULL };
	struct unix_sock *u = NULL;
	struct inode *i;
	struct path p;
	int err = path_lookup(&w, name, LOOKUP_FOLLOW, &p);

	if (err)
		return ERR_PTR(err);
	i = p.dentry->inode;
	err = mount_readonly(p.mnt) && s_isreg(i->mode) ? -EROFS : inode_permission(i, MAY_WRITE, who.cred);
	if (!err && (i->mode & S_IFMT) == S_IFSOCK) {
		spin_lock(&names_lock);
		u = find_inode(i);
		if (u)
			unix_get(u);
		spin_unlock(&names_lock);
	}
	if (!err && !u)
		err = -ECONNREFUSED;
	if (u && u->s.type != type) {
		unix_put(u);
		err = -EPROTOTYPE;
	}
	if (!err)
		inode_accessed(i, p.mnt->flags);
	path_put(&p);
	return err ? ERR_PTR(err) : u;
}

struct unix_sock *unix_find(const struct sockaddr_any *name, unsigned len, unsigned type)
{
	struct unix_addr *a = addr_make(name, len);
	struct unix_sock *u;

	if (!a)
		return ERR_PTR(-ENOMEM);
	if (is_abstract(a)) {
		spin_lock(&names_lock);
		u = find_abstract(a, type);
		if (u)
			unix_get(u);
		spin_unlock(&names_lock);
		if (!u)
			u = ERR_PTR(-ECONNREFUSED);
	} else {
		u = find_path(a->name.sun_path, type);
	}
	unix_addr_put(a);
	return u;
}

/* ---- bind ---- */

/* bind_lock held.  The name is complete before anybody can find it. */
static void set_name(struct unix_sock *u, struct unix_addr *a, struct list_head *bucket)
        MUST_HOLD(&names_lock)
{
	atomic_store_release(&u->addr, a);
	list_add_tail(&u->named, bucket);
}

static int bind_abstract(struct unix_sock *u, struct unix_addr *a) MUST_HOLD(&bind_lock)
{
	int err = 0;

	if (u->addr)
		return -EINVAL;
	spin_lock(&names_lock);
	if (find_abstract(a, u->s.type))
		err = -EADDRINUSE;
	else
		set_name(u, a, &names[a->hash]);
	spin_unlock(&names_lock);
	return err;
}

static int bind_path(struct unix_sock *u, struct unix_addr *a) MUST_HOLD(&bind_lock)
{
	struct socket_caller who = socket_caller();
	struct fs_walk w = { who.fs, who.cred, NULL };
	struct path p;
	int err = vfs_mknod_path(&w, a->name.sun_path, S_IFSOCK | 0777, &p);

	if (err)
		return err == -EEXIST ? -EADDRINUSE : err;
	if (u->addr) {
		path_put(&p);
		(void)!vfs_unlink(&w, a->name.sun_path);
		return -EINVAL;
	}
	spin_lock(&names_lock);
	u->path = p;
	set_name(u, a, bucket_of_inode(p.dentry->inode));
	spin_unlock(&names_lock);
	return 0;
}

/* unix(7) "Autobind feature": a NUL and five hexadecimal digits. */
static int autobind(struct unix_sock *u)
{
	static u32 next;
	struct sockaddr_any n = { .family = AF_UNIX };
	int err = 0;

	scoped_mutex(&bind_lock);
	if (u->addr)
		return 0;
	if (!next)
		next = (u32)random_u64();
	for (unsigned i = 0; i < AUTOBIND_NAMES; i++) {
		struct unix_addr *a;
		char text[8];

		scnprintf(text, sizeof(text), "%05x", next++ % AUTOBIND_NAMES);
		n.data[0] = 0;
		memcpy(n.data + 1, text, 5);
		a = addr_make(&n, AUTOBIND_LEN);
		if (!a)
			return -ENOMEM;
		err = bind_abstract(u, a);
		if (!err)
			return 0;
		unix_addr_put(a);
		cond_resched();
	}
	return -ENOSPC;
}

int unix_autobind_passcred(struct unix_sock *u)
{
	if (likely(!(atomic_load(&u->s.options) & SOCKF_PASSCRED)) || atomic_load(&u->addr))
		return 0;
	return autobind(u);
}

int unix_bind(struct socket *s, const struct sockaddr_any *name, unsigned len)
{
	struct unix_sock *u = unix_sock(s);
	struct unix_addr *a;
	int err;

	if (len == SUN_PATH_OFFSET && name->family == AF_UNIX)
		return autobind(u);
	err = unix_check_name(name, len);
	if (err)
		return err;
	a = addr_make(name, len);
	if (!a)
		return -ENOMEM;
	mutex_lock(&bind_lock);
	err = is_abstract(a) ? bind_abstract(u, a) : bind_path(u, a);
	mutex_unlock(&bind_lock);
	if (err)
		unix_addr_put(a);
	return err;
}

/* ---- /proc/net/unix ---- */

static void show_one(struct seq *s, struct unix_sock *u)
{
	static const u8 state_unix[] = { [UNIX_CLOSED] = 1, [UNIX_LISTENING] = 1, [UNIX_CONNECTED] = 3 };
	const struct file *f = atomic_load(&u->s.file);
	const struct unix_addr *a = atomic_load_acquire(&u->addr);
	unsigned state = atomic_load(&u->state);

	seq_printf(s, "%016x: %08X %08X %08X %04X %02X %5llu", 0, (unsigned)ref_read(&u->s.ref) + 1, 0,
	           state == UNIX_LISTENING ? 0x10000 : 0, u->s.type, f ? state_unix[state] : 2,
	           f ? (unsigned long long)f->inode->ino : 0ull);
	if (a) {
		seq_puts(s, " ");
		for (unsigned i = 0; i < a->len - SUN_PATH_OFFSET - !is_abstract(a); i++) {
			char c = a->name.sun_path[i];

			seq_write(s, c ? &c : "@", 1);
		}
	}
	seq_puts(s, "\n");
}

int unix_show(struct seq *s)
{
	struct unix_sock *u;

	seq_puts(s, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	spin_lock(&names_lock);
	list_for_each_entry (u, &all_sockets, all)
		show_one(s, u);
	spin_unlock(&names_lock);
	return 0;
}
