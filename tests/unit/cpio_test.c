/* SPDX-License-Identifier: MIT
 * tests/unit/cpio_test.c - lib/cpio.c: an archive of our own making, and 10,000 damaged ones
 */
#include "unit.h"
#include <lib/cpio.h>
#include <abi/errno.h>

enum { MUTATIONS = 10000, ARCHIVE_MAX = 8192 };
static u8 archive[ARCHIVE_MAX];
static size_t archive_len;

static void pad4(void)
{
	while (archive_len % 4)
		archive[archive_len++] = 0;
}

static void put_entry(const char *name, u32 mode, const char *data, size_t size)
{
	char header[160];
	snprintf(header, sizeof(header), "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", 11,
	         mode, 1000, 100, 1, 0x5f000000, size, 8, 1, 5, 3, strlen(name) + 1, 0);
	memcpy(archive + archive_len, header, 110);
	archive_len += 110;
	memcpy(archive + archive_len, name, strlen(name) + 1);
	archive_len += strlen(name) + 1;
	pad4();
	memcpy(archive + archive_len, data, size);
	archive_len += size;
	pad4();
}

static int build(void **state)
{
	(void)state;
	archive_len = 0;
	put_entry(".", 040755, "", 0);
	put_entry("hello", 0100644, "hello world", 11);
	put_entry("dev/console", 020600, "", 0);
	put_entry("a/longer/name/with/many/parts", 0100755, "0123456789abcdef", 16);
	put_entry("TRAILER!!!", 0, "", 0);
	while (archive_len % 512)
		archive[archive_len++] = 0;
	put_entry("second", 0100644, "2", 1);
	put_entry("TRAILER!!!", 0, "", 0);
	return 0;
}

static void test_good(void **state)
{
	(void)state;
	static const char *const names[] = { ".", "hello", "dev/console", "a/longer/name/with/many/parts",
		                             "second" };
	struct cpio_entry e;
	size_t at = 0, seen = 0;
	while (at < archive_len) {
		int r = cpio_next(archive, archive_len, &at, &e);
		assert_in_range(r, 0, 1);
		if (!r)
			continue;
		assert_string_equal(e.name, names[seen++]);
		assert_int_equal(e.uid, 1000);
		assert_int_equal(e.gid, 100);
		assert_int_equal(e.ino, 11);
		assert_int_equal(e.mtime, 0x5f000000);
		assert_int_equal(e.rdev_major, 5);
		assert_int_equal(e.rdev_minor, 3);
		if (!strcmp(e.name, "hello")) {
			assert_int_equal(e.size, 11);
			assert_int_equal(e.mode, 0100644);
			assert_memory_equal(e.data, "hello world", 11);
		}
	}
	assert_int_equal(seen, 5);
	assert_int_equal(cpio_next(archive, archive_len, &at, &e), 0);
}

/* Everything an entry names lies inside the archive: touch it all, ASan watches. */
static unsigned walk(const u8 *p, size_t n)
{
	struct cpio_entry e;
	size_t at = 0, before;
	volatile u8 sum = 0;
	unsigned steps = 0;
	do {
		before = at;
		int r = cpio_next(p, n, &at, &e);
		assert_true(at <= n && at >= before);
		if (r < 0) {
			assert_int_equal(r, -EINVAL);
			break;
		}
		if (r == 1) {
			for (const char *s = e.name; *s; s++)
				sum = (u8)(sum + *s);
			for (u64 i = 0; i < e.size; i++)
				sum = (u8)(sum + e.data[i]);
		}
		assert_true(++steps < ARCHIVE_MAX);
	} while (at < n && at > before);
	return steps;
}

static void test_mutated(void **state)
{
	(void)state;
	static const char digits[] = "0123456789abcdefF ";
	for (int round = 0; round < MUTATIONS; round++) {
		size_t n = round % 3 ? archive_len : unit_random() % archive_len;
		u8 *p = malloc(n ? n : 1);
		memcpy(p, archive, n);
		for (unsigned k = 1 + unit_random() % 8; n && k > 0; k--)
			p[unit_random() % n] = round % 2 ? (u8)unit_random() : (u8)digits[unit_random() % 18];
		walk(p, n);
		free(p);
	}
}

/* Sizes at the edge of 32 bits must not wrap. */
static void test_huge_sizes(void **state)
{
	(void)state;
	struct cpio_entry e;
	static const size_t fields[] = { 6, 11 }; /* size, length of the name */
	for (size_t i = 0; i < 2; i++)
		for (u32 v = 0xffffff00; v >= 0xffffff00; v++) {
			char hex[9];
			build(NULL);
			snprintf(hex, sizeof(hex), "%08x", v);
			memcpy(archive + 6 + 8 * fields[i], hex, 8);
			size_t at = 0;
			assert_int_equal(cpio_next(archive, archive_len, &at, &e), -EINVAL);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_good, build),
		cmocka_unit_test_setup(test_mutated, build),
		cmocka_unit_test_setup(test_huge_sizes, build),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
