/* SPDX-License-Identifier: MIT
 *
 * fs/tmpfs/tmpfs_ktest.c - tests of tmpfs in the running kernel
 *
 * Owns:      nothing.
 * Layer:     fs/tmpfs.
 * Locks:     none.
 * Contexts:  a kernel thread.
 * Manual:    tmpfs(5).
 * Tests:     itself: ktest=tmpfs_limits,tmpfs_listing,tmpfs_deep,tmpfs_xattrs
 */
#include <base/ktest.h>
#include <fs/ktest_root.h>
#include <fs/file.h>
#include <fs/xattr.h>
#include <lib/format.h>
#include <lib/string.h>

KTEST(tmpfs_limits)
{
	static u8 block[8 * PAGE_SIZE];
	struct ktest_root r;
	struct file *f;
	struct kstat st;

	KT_CHECK(ktest_root_begin(&r, "size=1x") == -EINVAL);
	KT_CHECK(!ktest_root_begin(&r, "size=16k,nr_inodes=3,mode=700"));
	KT_CHECK(!vfs_stat(&r.walk, "/", 0, &st) && st.mode == (S_IFDIR | 0700));
	KT_CHECK(!vfs_open(&r.walk, "/f", O_CREAT | O_RDWR, 0600, &f));
	KT_CHECK(!vfs_mkdir(&r.walk, "/d", 0700) && vfs_mkdir(&r.walk, "/e", 0700) == -ENOSPC);
	KT_CHECK(file_write_kernel(f, block, sizeof(block), 0) == 4 * (ssize_t)PAGE_SIZE);
	KT_CHECK(file_write_kernel(f, block, 1, 4 * PAGE_SIZE) == -ENOSPC);
	KT_CHECK(file_write_kernel(f, block, 1, 0) == 1);
	KT_CHECK(!file_truncate(f, 0) && file_write_kernel(f, block, 1, 9 * PAGE_SIZE) == 1);
	KT_CHECK(!vfs_stat(&r.walk, "/f", 0, &st) && st.blocks == 8 && st.size == 9 * PAGE_SIZE + 1);
	KT_CHECK(file_fallocate(f, 0, 0, 5 * PAGE_SIZE) == -ENOSPC &&
	         !file_fallocate(f, 0, 0, 3 * PAGE_SIZE));
	KT_CHECK(!file_fallocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 9 * PAGE_SIZE));
	KT_CHECK(!vfs_stat(&r.walk, "/f", 0, &st) && st.blocks == 8);
	file_put(f);
	ktest_root_end(&r);
	return 0;
}

/* Counts names, and removes each while it lists. */
struct lister {
	struct dir_context ctx;
	const struct fs_walk *walk;
	unsigned n, batch;
	char last[16];
};

static bool count_name(struct dir_context *ctx, const char *name, unsigned len, u64 ino, unsigned type)
{
	struct lister *l = container_of(ctx, struct lister, ctx);

	if (name[0] == '.')
		return true;
	if (l->batch == 7) /* the buffer is full */
		return false;
	l->batch++;
	l->n++;
	memcpy(l->last, name, len + 1);
	return true;
}

KTEST(tmpfs_listing)
{
	enum { NAMES = 100 };
	struct ktest_root r;
	struct lister l = { .ctx = { .emit = count_name } };
	struct file *dir, *f;
	char name[16];

	KT_CHECK(!ktest_root_begin(&r, ""));
	for (unsigned i = 0; i < NAMES; i++) {
		scnprintf(name, sizeof(name), "n%u", i);
		KT_CHECK(!vfs_open(&r.walk, name, O_CREAT | O_WRONLY, 0600, &f));
		file_put(f);
	}
	KT_CHECK(!vfs_open(&r.walk, "/", O_RDONLY | O_DIRECTORY, 0, &dir));
	do {
		l.batch = 0;
		KT_CHECK(!file_iterate(dir, &l.ctx));
		if (l.batch) /* what was listed last goes, and a new name comes */
			KT_CHECK(!vfs_unlink(&r.walk, l.last) && !vfs_mkdir(&r.walk, l.last, 0700));
	} while (l.batch);
	KT_CHECK(l.n == NAMES);
	file_put(dir);
	ktest_root_end(&r);
	return 0;
}

/* A tree as deep as it can be made must not be taken apart by recursion. */
KTEST(tmpfs_deep)
{
	enum { DEPTH = 5000 };
	struct ktest_root r;
	u64 before = 0;

	for (int round = 0; round < 2; round++) {
		before = ktest_objects();
		KT_CHECK(!ktest_root_begin(&r, ""));
		for (unsigned i = 0; i < DEPTH; i++)
			KT_CHECK(!vfs_mkdir(&r.walk, "d", 0700) && !vfs_chdir(&r.walk, "d"));
		ktest_root_end(&r);
	}
	KT_CHECK(ktest_objects() == before);
	return 0;
}

/* Attributes go with their file or directory, whether it is removed or its instance is. */
KTEST(tmpfs_xattrs)
{
	struct ktest_root r;
	struct path p;
	char list[32];
	u64 before = 0;

	for (int round = 0; round < 2; round++) {
		before = ktest_objects();
		KT_CHECK(!ktest_root_begin(&r, ""));
		for (unsigned i = 0; i < 3; i++) {
			char name[] = { '/', (char)('a' + i), 0 };

			KT_CHECK(i == 1 ? !vfs_mkdir(&r.walk, name, 0700)
			                : !vfs_mknod(&r.walk, name, S_IFREG | 0700, 0));
			KT_CHECK(!path_lookup(&r.walk, name, 0, &p));
			KT_CHECK(!inode_setxattr(p.dentry->inode, "trusted.x", "value", 5, 0));
			KT_CHECK(!inode_setxattr(p.dentry->inode, "security.y", "", 0, XATTR_CREATE));
			KT_CHECK(inode_setxattr(p.dentry->inode, "user.z", "", 0, 0) == -EOPNOTSUPP);
			KT_CHECK(inode_getxattr(p.dentry->inode, "trusted.x", list, 5) == 5);
			KT_CHECK(inode_listxattr(p.dentry->inode, list, sizeof(list)) == 21);
			KT_CHECK(inode_listxattr(p.dentry->inode, list, 20) == -ERANGE);
			path_put(&p);
		}
		KT_CHECK(!vfs_unlink(&r.walk, "/a"));
		ktest_root_end(&r);
	}
	KT_CHECK(ktest_objects() == before);
	return 0;
}
