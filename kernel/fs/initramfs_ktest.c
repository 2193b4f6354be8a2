/* SPDX-License-Identifier: MIT
 *
 * fs/initramfs_ktest.c - boot archives, good and mutated
 *
 * Owns:      nothing.
 * Layer:     fs.
 * Locks:     none.
 * Contexts:  a kernel thread.
 * Manual:    cpio(5).
 * Tests:     itself: ktest=initramfs_good,initramfs_mutations
 */
#include <base/ktest.h>
#include <fs/initramfs.h>
#include <fs/ktest_root.h>
#include <fs/file.h>
#include <lib/format.h>
#include <lib/inflate.h>
#include <lib/string.h>

enum { ARCHIVE_MAX = 32768, MUTATIONS = 100, BODY = 5000 };

struct archive {
	u8 bytes[ARCHIVE_MAX];
	size_t n;
	u32 ino;
};

static void put_bytes(struct archive *a, const void *p, size_t n)
{
	memcpy(a->bytes + a->n, p, n);
	a->n += n;
	while (a->n % 4)
		a->bytes[a->n++] = 0;
}

static void put_entry(struct archive *a, const char *name, unsigned mode, unsigned nlink, u32 ino,
                      const void *body, size_t n, unsigned rdev_minor)
{
	char head[111 + 64];
	size_t len = strlen(name) + 1;

	scnprintf(head, sizeof(head), "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", ino, mode,
	          3, 4, nlink, 1000, (unsigned)n, 0, 7, 1, rdev_minor, (unsigned)len, 0);
	memcpy(a->bytes + a->n, head, 110);
	a->n += 110;
	put_bytes(a, name, len);
	put_bytes(a, body, n);
}

/* All kinds of entries; two names of one file, the bytes with the second. */
static void make_archive(struct archive *a, const u8 *body)
{
	a->n = 0;
	put_entry(a, ".", S_IFDIR | 0755, 2, 1, "", 0, 0);
	put_entry(a, "dir", S_IFDIR | 0711, 2, 2, "", 0, 0);
	put_entry(a, "dir/file", S_IFREG | 0640, 1, 3, body, BODY, 0);
	put_entry(a, "dir/one", S_IFREG | 0755, 2, 4, "", 0, 0);
	put_entry(a, "dir/two", S_IFREG | 0755, 2, 4, "shared", 6, 0);
	put_entry(a, "link", S_IFLNK | 0777, 1, 5, "dir/file", 8, 0);
	put_entry(a, "null", S_IFCHR | 0666, 1, 6, "", 0, 3);
	put_entry(a, "fifo", S_IFIFO | 0600, 1, 7, "", 0, 0);
	put_entry(a, "../../up", S_IFREG | 0600, 1, 8, "stays inside", 12, 0);
	put_entry(a, "missing/x", S_IFREG | 0600, 1, 9, "skipped", 7, 0);
	put_entry(a, "TRAILER!!!", 0, 1, 0, "", 0, 0);
}

static int check_file(const struct fs_walk *w, const char *name, const void *body, size_t n)
{
	static u8 back[BODY + 1];
	struct file *f;

	KT_CHECK(!vfs_open(w, name, O_RDONLY, 0, &f));
	ssize_t got = file_read_kernel(f, back, sizeof(back), 0);
	file_put(f);
	KT_CHECK(got == (ssize_t)n && !memcmp(back, body, n));
	return 0;
}

static int check_tree(const struct fs_walk *w, const u8 *body)
{
	struct kstat st, st2;

	KT_CHECK(!check_file(w, "/dir/file", body, BODY) && !check_file(w, "/link", body, BODY));
	KT_CHECK(!check_file(w, "/dir/one", "shared", 6) && !check_file(w, "/up", "stays inside", 12));
	KT_CHECK(!vfs_stat(w, "/dir/one", 0, &st) && !vfs_stat(w, "/dir/two", 0, &st2));
	KT_CHECK(st.ino == st2.ino && st.nlink == 2 && st.uid == 3 && st.gid == 4 &&
	         st.mode == (S_IFREG | 0755));
	KT_CHECK(!vfs_stat(w, "/dir", 0, &st) && st.mode == (S_IFDIR | 0711) &&
	         st.mtime == 1000 * NSEC_PER_SEC);
	KT_CHECK(!vfs_stat(w, "/null", 0, &st) && st.rdev == dev_make(1, 3));
	KT_CHECK(vfs_stat(w, "/missing/x", 0, &st) == -ENOENT);
	return 0;
}

KTEST(initramfs_good)
{
	static struct archive a;
	static u8 body[BODY];
	struct ktest_root r;
	bool keeps;

	for (unsigned i = 0; i < BODY; i++)
		body[i] = (u8)(seed >> i % 32) ^ (u8)i;
	make_archive(&a, body);
	memset(a.bytes + a.n, 0, 512);
	KT_CHECK(!ktest_root_begin(&r, ""));
	KT_CHECK(!initramfs_unpack(&r.walk, a.bytes, a.n + 512, &keeps) && !keeps);
	KT_CHECK(!check_tree(&r.walk, body));
	KT_CHECK(!initramfs_unpack(&r.walk, a.bytes, a.n, &keeps)); /* over what is there */
	KT_CHECK(!check_tree(&r.walk, body));
	KT_CHECK(initramfs_unpack(&r.walk, a.bytes, a.n / 2, &keeps) == -EINVAL);
	ktest_root_end(&r);
	return 0;
}

static u64 next_random(u64 *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

/* Bytes, hex digits of headers, and the length. */
static void mutate(struct archive *a, u64 *seed)
{
	unsigned changes = 1 + (unsigned)next_random(seed) % 8;

	while (changes--) {
		size_t at = next_random(seed) % a->n;

		switch (next_random(seed) % 4) {
		case 0:
			a->bytes[at] = (u8)next_random(seed);
			break;
		case 1:
			a->bytes[at] = (u8) "0123456789abcdefF/."[next_random(seed) % 19];
			break;
		case 2:
			a->bytes[at] ^= (u8)(1 << next_random(seed) % 8);
			break;
		default:
			if (!(next_random(seed) % 8))
				a->n = at + 1;
		}
	}
}

static void put_le32(u8 *p, u32 v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (u8)(v >> 8 * i);
}

/* Puts the archive into a gzip member of one stored block (RFC 1951, 3.2.4). */
static void wrap_gzip(struct archive *a)
{
	static const u8 head[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1 /* last block, stored */ };
	u32 crc = crc32(0, a->bytes, a->n), n = (u32)a->n;

	memmove(a->bytes + sizeof(head) + 4, a->bytes, n);
	memcpy(a->bytes, head, sizeof(head));
	put_le32(a->bytes + sizeof(head), n | ~n << 16);
	put_le32(a->bytes + sizeof(head) + 4 + n, crc);
	put_le32(a->bytes + sizeof(head) + 8 + n, n);
	a->n = n + sizeof(head) + 12;
}

/* Plain, two after one another, and packed before or after the damage. */
static void make_mutation(struct archive *a, const struct archive *good, u64 *seed)
{
	unsigned form = (unsigned)next_random(seed) % 8;

	*a = *good;
	if (form == 0) {
		memcpy(a->bytes + a->n, good->bytes, good->n);
		a->n += good->n;
	}
	if (form == 1)
		wrap_gzip(a);
	mutate(a, seed);
	if (form == 2)
		wrap_gzip(a);
}

struct usage {
	u64 objects, pages;
};

static struct usage count_usage(void)
{
	struct usage u = { .objects = ktest_objects() };
	struct mem_stats m;

	mem_stats(&m);
	u.pages = m.total_pages - m.free_pages - m.slab_pages;
	return u;
}

/* A fresh root for each; what was in it, and nothing else, goes with it. */
KTEST(initramfs_mutations)
{
	static struct archive good, a;
	static u8 body[BODY];
	struct usage before = { 0 }, after;
	unsigned refused = 0;
	bool keeps;

	make_archive(&good, body);
	for (unsigned i = 0; i < MUTATIONS + 1; i++) {
		struct ktest_root r;

		if (i == 1) /* the good one went first: it pays for what stays */
			before = count_usage();
		if (i)
			make_mutation(&a, &good, &seed);
		else
			a = good;
		KT_CHECK(!ktest_root_begin(&r, "size=256k,nr_inodes=100"));
		refused += initramfs_unpack(&r.walk, a.bytes, a.n, &keeps) != 0;
		ktest_root_end(&r);
	}
	after = count_usage();
	log_info("initramfs_mutations: %u archives, %u refused", MUTATIONS, refused);
	KT_CHECK(after.objects == before.objects && after.pages == before.pages);
	return 0;
}
