/* SPDX-License-Identifier: MIT
 * tests/unit/inflate_test.c - lib/inflate.c against the output of gzip, and against damaged streams
 */
#include "unit.h"
#include <unistd.h>
#include <lib/inflate.h>

enum { MAX = 400000, DAMAGED = 6000 };
static u8 plain[MAX], out[MAX * 4];
static size_t out_len;
static u8 work[INFLATE_WORK];

static int collect(void *ctx, const u8 *p, size_t n)
{
	(void)ctx;
	assert_in_range(n, 1, 32768);
	if (n > sizeof(out) - out_len)
		return -12; /* a damaged stream may say very much */
	memcpy(out + out_len, p, n);
	out_len += n;
	return 0;
}

/* gzip's output for `n` bytes of plain[], in memory that ends where it ends. */
static u8 *compress(size_t n, const char *options, size_t *len)
{
	char name[] = "/tmp/zerno-inflate-XXXXXX", command[128];
	int fd = mkstemp(name);
	assert_true(fd >= 0 && write(fd, plain, n) == (ssize_t)n);
	close(fd);
	snprintf(command, sizeof(command), "gzip -c %s %s", options, name);
	FILE *f = popen(command, "r");
	assert_non_null(f);
	static u8 buf[MAX * 2];
	*len = fread(buf, 1, sizeof(buf), f);
	assert_int_equal(pclose(f), 0);
	unlink(name);
	u8 *exact = malloc(*len);
	assert_non_null(exact);
	memcpy(exact, buf, *len);
	return exact;
}

static void fill_noise(size_t n)
{
	for (size_t i = 0; i < n; i++)
		plain[i] = (u8)unit_random();
}

static void fill_text(size_t n)
{
	static const char *const words[] = { "kernel ", "page ",      "table\n", "the ",
		                             "of ",     "interrupt ", "zerno " };
	for (size_t i = 0; i < n;) {
		const char *w = words[unit_random() % ARRAY_SIZE(words)];
		for (; *w && i < n; w++)
			plain[i++] = (u8)*w;
	}
}

static void fill_skewed(size_t n)
{
	for (size_t i = 0; i < n; i++)
		plain[i] = (u8)__builtin_ctz(unit_random() | 1u << 30); /* long codes */
}

static void fill_zero(size_t n)
{
	memset(plain, 0, n);
}

static void check(void (*fill)(size_t), size_t n, const char *options)
{
	size_t len;
	fill(n);
	u8 *z = compress(n, options, &len);
	memset(work, 0xa5, sizeof(work));
	out_len = 0;
	assert_int_equal(gzip_inflate(z, len, work, collect, NULL), (long)len);
	assert_int_equal(out_len, n);
	if (n)
		assert_memory_equal(out, plain, n);
	free(z);
}

static void test_gzip(void **state)
{
	(void)state;
	void (*const fills[])(size_t) = { fill_noise, fill_text, fill_skewed, fill_zero };
	const size_t sizes[] = { 0, 1, 10, 1000, 32767, 32768, 32769, 65536, MAX };
	for (size_t f = 0; f < ARRAY_SIZE(fills); f++)
		for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
			check(fills[f], sizes[s], "-9");
			check(fills[f], sizes[s], "-1 -n");
		}
}

/* Cut at every length, then bytes changed: an error, never a wrong access (ASan watches) nor a wrong text. */
static void test_damaged(void **state)
{
	(void)state;
	size_t len;
	fill_text(3000);
	u8 *z = compress(3000, "-9", &len);
	for (size_t n = 0; n < len; n++) {
		u8 *cut = malloc(n ? n : 1);
		memcpy(cut, z, n);
		out_len = 0;
		assert_true(gzip_inflate(cut, n, work, collect, NULL) < 0);
		free(cut);
	}
	for (int round = 0; round < DAMAGED; round++) {
		u8 *bad = malloc(len);
		memcpy(bad, z, len);
		for (unsigned k = 1 + unit_random() % 4; k > 0; k--)
			bad[unit_random() % len] ^= (u8)(1u << unit_random() % 8);
		out_len = 0;
		if (gzip_inflate(bad, len, work, collect, NULL) > 0) /* the header's time, name .. */
			assert_true(out_len == 3000 && !memcmp(out, plain, 3000));
		free(bad);
	}
	free(z);
}

/* Noise behind a good header. */
static void test_noise(void **state)
{
	(void)state;
	u8 z[200] = { 0x1f, 0x8b, 8 };
	for (int round = 0; round < DAMAGED * 4; round++) {
		for (size_t i = 10; i < sizeof(z); i++)
			z[i] = (u8)unit_random();
		z[10] = (u8)((z[10] & ~7) | (round % 3) << 1 | 1);
		out_len = 0;
		gzip_inflate(z, 20 + unit_random() % 180, work, collect, NULL);
	}
}

static int refuse(void *ctx, const u8 *p, size_t n)
{
	(void)ctx;
	(void)p;
	(void)n;
	return -77;
}

static void test_emit_error(void **state)
{
	(void)state;
	size_t len;
	fill_text(100000);
	u8 *z = compress(100000, "-9", &len);
	assert_int_equal(gzip_inflate(z, len, work, refuse, NULL), -77);
	free(z);
}

static void test_crc(void **state)
{
	(void)state;
	assert_int_equal(crc32(0, "123456789", 9), 0xcbf43926);
	assert_int_equal(crc32(crc32(0, "1234", 4), "56789", 5), 0xcbf43926);
	assert_int_equal(crc32(0, "", 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc),        cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_damaged),    cmocka_unit_test(test_noise),
		cmocka_unit_test(test_emit_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
