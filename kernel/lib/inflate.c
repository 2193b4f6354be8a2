/* SPDX-License-Identifier: MIT
 * lib/inflate.c - gzip decompression
 *
 * Owns:      nothing; state and window stand in the caller's work memory.
 * Layer:     lib.
 * Locks:     none.
 * Contexts:  as emit().
 * Manual:    RFC 1951 (DEFLATE), RFC 1952 (gzip).
 * Tests:     tests/unit/inflate_test.c (gzip's output, damaged streams)
 *
 * Theory
 * ------
 * A DEFLATE stream is a row of blocks of literals and of (length, distance) pairs that repeat text up to
 * 32 KiB back, Huffman-coded with codes of at most 15 bits.  Output goes into a window of 32 KiB that is
 * emitted each time it is full.
 *
 * A code is decoded by a lookup of the next PRIMARY bits: entry = symbol << 8 | length.  A longer code
 * finds there a link to a secondary table, indexed by the bits that follow:
 *
 *     bits:  ...xyz|pppppppppp  ->  primary[p] = LINK | base << 8 | bits of the secondary table
 *                                     -> table[base + xyz]
 *
 * Codes arrive most significant bit first in a stream read least significant bit first, so tables are
 * indexed by reversed codes.  An incomplete code leaves entries of 0, which decode as damage; an
 * over-subscribed one is refused.  RFC 1951 permits the one-code distance tree.
 *
 * Hostile input: each symbol consumes at least one bit, so the work is bounded by input and output; past
 * the end of input zero bits are read, and `overrun` counts them until a check refuses the stream.
 */
#include <lib/inflate.h>
#include <lib/string.h>
#include <abi/errno.h>

enum {
	WINDOW = 32768,
	LIT_BITS = 10,
	DIST_BITS = 8,
	CODE_MAX = 15,
	LIT_TABLE = 1536,
	DIST_TABLE = 640, /* above the maxima for these widths: 1334 and 402 */
	LINK = 0x80,
};
/* Table entry: bits 0-3 length to consume (or width of the secondary table), 7 LINK, 8-31 symbol or base. */
struct huffman {
	unsigned bits, size; /* primary width; capacity of the table */
	u32 *table;
};
struct inflate {
	u8 window[WINDOW];
	const u8 *src, *end;
	u64 hold;         /* the next bits of input, lowest first */
	unsigned nhold;   /* how many of them are valid */
	unsigned overrun; /* zero bytes made up past the end */
	unsigned pos;     /* where the next byte goes in the window */
	u64 total;        /* bytes written */
	u32 crc;
	int (*emit)(void *ctx, const u8 *p, size_t n);
	void *ctx;
	struct huffman lit, dist;
	u32 lit_table[LIT_TABLE], dist_table[DIST_TABLE];
};
_Static_assert(sizeof(struct inflate) <= INFLATE_WORK, "work memory");

/* ---- bits ---- */

struct word {
	u64 v;
} __attribute__((packed, may_alias));

/* Afterwards at least 56 bits are held; made-up ones beyond the end. */
static inline void bits_fill(struct inflate *s)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	if (likely(s->end - s->src >= 8)) {
		s->hold |= ((const struct word *)s->src)->v << s->nhold;
		s->src += (63 - s->nhold) >> 3;
		s->nhold |= 56;
		return;
	}
#endif
	while (s->nhold <= 56) {
		if (s->src < s->end)
			s->hold |= (u64)*s->src++ << s->nhold;
		else
			s->overrun++;
		s->nhold += 8;
	}
}

static inline void bits_drop(struct inflate *s, unsigned n)
{
	s->hold >>= n;
	s->nhold -= n;
}

/* n <= 16 bits, which must be held. */
static inline u32 bits_take(struct inflate *s, unsigned n)
{
	u32 v = (u32)s->hold & ((1u << n) - 1);
	bits_drop(s, n);
	return v;
}

/* Were bits used that the input does not have? */
static bool bits_overran(const struct inflate *s)
{
	return s->overrun * 8 > s->nhold;
}

/* Drops the rest of the byte and moves src back to the first unused byte. */
static void bits_align(struct inflate *s)
{
	bits_drop(s, s->nhold & 7);
	unsigned bytes = s->nhold / 8;
	s->src -= bytes > s->overrun ? bytes - s->overrun : 0;
	s->hold = 0;
	s->nhold = 0;
	s->overrun = 0;
}

/* ---- Huffman codes ---- */

static u32 reverse_bits(u32 code, unsigned n)
{
	u32 r = 0;
	for (; n; n--, code >>= 1)
		r = r << 1 | (code & 1);
	return r;
}

/* Counts codes by length into count[]; false when there are more codes than bits allow. */
static bool code_count(const u8 *lengths, unsigned n, u16 count[CODE_MAX + 1])
{
	int left = 1;
	memset(count, 0, (CODE_MAX + 1) * sizeof(*count));
	for (unsigned i = 0; i < n; i++)
		count[lengths[i]]++;
	count[0] = 0;
	for (unsigned len = 1; len <= CODE_MAX; len++) {
		left = left * 2 - count[len];
		if (left < 0)
			return false;
	}
	return true;
}

/* The secondary table for the codes that begin with this primary index: its first entry, or 0 when full.
 * Its width suffices for the longest code that can follow, by the counts still to be handed out. */
static u32 secondary_open(struct huffman *h, unsigned *used, unsigned len, const u16 *left_of_len, u32 *width)
{
	unsigned w = len - h->bits;
	int left = 1 << w;
	for (unsigned l = len; l < CODE_MAX; l++) {
		left -= left_of_len[l];
		if (left <= 0)
			break;
		left *= 2;
		w++;
	}
	if (*used + (1u << w) > h->size)
		return 0;
	u32 base = *used;
	*used += 1u << w;
	*width = w;
	return base;
}

/* Builds the table of the canonical code with these lengths; false: over-subscribed. */
static bool huffman_build(struct huffman *h, const u8 *lengths, unsigned n)
{
	u16 count[CODE_MAX + 1], sorted[288], first[CODE_MAX + 2];
	if (!code_count(lengths, n, count))
		return false;
	first[1] = 0;
	for (unsigned l = 1; l <= CODE_MAX; l++)
		first[l + 1] = (u16)(first[l] + count[l]);
	unsigned total = first[CODE_MAX + 1], used = 1u << h->bits;
	for (unsigned i = 0; i < n; i++)
		if (lengths[i])
			sorted[first[lengths[i]]++] = (u16)i;
	memset(h->table, 0, h->size * sizeof(*h->table));

	u32 code = 0;
	unsigned len = 1;
	for (unsigned i = 0; i < total; i++, code++) {
		unsigned sym = sorted[i];
		for (; len < lengths[sym]; len++)
			code <<= 1;
		u32 rev = reverse_bits(code, len);
		if (len <= h->bits) {
			for (u32 k = rev; k < 1u << h->bits; k += 1u << len)
				h->table[k] = sym << 8 | len;
			continue;
		}
		u32 *link = &h->table[rev & ((1u << h->bits) - 1)], width;
		if (!*link) {
			u32 base = secondary_open(h, &used, len, count, &width);
			if (!base)
				return false;
			*link = base << 8 | LINK | width;
		}
		width = *link & 15;
		for (u32 k = rev >> h->bits; k < 1u << width; k += 1u << (len - h->bits))
			h->table[(*link >> 8) + k] = sym << 8 | (len - h->bits);
		count[len]--;
	}
	return true;
}

/* The next symbol, or -1 for a bit pattern that is no code.  At least 15 bits must be held. */
static inline int huffman_decode(struct inflate *s, const struct huffman *h)
{
	u32 e = h->table[s->hold & ((1u << h->bits) - 1)];
	if (unlikely(e & LINK)) {
		bits_drop(s, h->bits);
		e = h->table[(e >> 8) + (s->hold & ((1u << (e & 15)) - 1))];
	}
	if (unlikely(!e))
		return -1;
	bits_drop(s, e & 15);
	return (int)(e >> 8);
}

/* ---- output ---- */

static int window_emit(struct inflate *s)
{
	s->crc = crc32(s->crc, s->window, s->pos);
	int err = s->pos ? s->emit(s->ctx, s->window, s->pos) : 0;
	s->pos = 0;
	return err < 0 ? err : 0;
}

static inline int window_put(struct inflate *s, u8 c)
{
	s->window[s->pos++] = c;
	s->total++;
	return s->pos == WINDOW ? window_emit(s) : 0;
}

/* Repeats `len` bytes from `dist` back. */
static int window_repeat(struct inflate *s, unsigned len, unsigned dist)
{
	if (dist > s->total || dist > WINDOW)
		return -EINVAL;
	s->total += len;
	while (len) {
		unsigned from = (s->pos - dist) & (WINDOW - 1);
		unsigned n = MIN(len, WINDOW - MAX(s->pos, from));
		u8 *d = s->window + s->pos;
		const u8 *p = s->window + from;
		if (n <= dist && (p + n <= d || d + n <= p))
			memcpy(d, p, n);
		else
			for (unsigned i = 0; i < n; i++)
				d[i] = p[i]; /* byte by byte: the text may repeat itself */
		s->pos += n;
		len -= n;
		if (s->pos == WINDOW) {
			int err = window_emit(s);
			if (err)
				return err;
		}
	}
	return 0;
}

/* ---- blocks ---- */

static const u16 len_base[29] = { 3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
	                          31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258 };
static const u8 len_extra[29] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
	                          2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0 };
static const u16 dist_base[30] = { 1,    2,    3,    4,    5,    7,    9,    13,    17,    25,
	                           33,   49,   65,   97,   129,  193,  257,  385,   513,   769,
	                           1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577 };
static const u8 dist_extra[30] = { 0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
	                           6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13 };

static int block_stored(struct inflate *s)
{
	bits_align(s);
	if (s->end - s->src < 4)
		return -EINVAL;
	unsigned len = s->src[0] | s->src[1] << 8, inverse = s->src[2] | s->src[3] << 8;
	s->src += 4;
	if ((len ^ inverse) != 0xffff || s->end - s->src < (ptrdiff_t)len)
		return -EINVAL;
	s->total += len;
	while (len) {
		unsigned n = MIN(len, WINDOW - s->pos);
		memcpy(s->window + s->pos, s->src, n);
		s->src += n;
		s->pos += n;
		len -= n;
		int err = s->pos == WINDOW ? window_emit(s) : 0;
		if (err)
			return err;
	}
	return 0;
}

/* The distance and the copy that follow a length symbol.  The caller filled the bits. */
static int block_match(struct inflate *s, unsigned sym)
{
	if (sym >= 29)
		return -EINVAL;
	unsigned len = len_base[sym] + bits_take(s, len_extra[sym]);
	bits_fill(s);
	int d = huffman_decode(s, &s->dist);
	if (d < 0 || d >= 30)
		return -EINVAL;
	unsigned dist = dist_base[d] + bits_take(s, dist_extra[d]);
	return window_repeat(s, len, dist);
}

static int block_coded(struct inflate *s)
{
	for (;;) {
		bits_fill(s);
		int sym = huffman_decode(s, &s->lit), err;
		if (sym < 256) {
			if (sym < 0)
				return -EINVAL;
			err = window_put(s, (u8)sym);
		} else if (sym == 256) {
			return bits_overran(s) ? -EINVAL : 0;
		} else {
			err = block_match(s, (unsigned)sym - 257);
		}
		if (err)
			return err;
		if (unlikely(s->overrun > 16))
			return -EINVAL;
	}
}

static bool codes_fixed(struct inflate *s)
{
	u8 l[288];
	for (unsigned i = 0; i < 288; i++)
		l[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
	if (!huffman_build(&s->lit, l, 288))
		return false;
	memset(l, 5, 30);
	return huffman_build(&s->dist, l, 30);
}

/* RFC 1951, 3.2.7: the code lengths, themselves coded with run lengths. */
static bool codes_lengths(struct inflate *s, u8 *l, unsigned n)
{
	for (unsigned i = 0; i < n;) {
		bits_fill(s);
		int sym = huffman_decode(s, &s->lit);
		if (sym < 0 || bits_overran(s))
			return false;
		if (sym < 16) {
			l[i++] = (u8)sym;
			continue;
		}
		if (sym == 16 && i == 0)
			return false;
		u8 value = sym == 16 ? l[i - 1] : 0;
		unsigned run = sym == 16   ? 3 + bits_take(s, 2)
		               : sym == 17 ? 3 + bits_take(s, 3)
		                           : 11 + bits_take(s, 7);
		if (run > n - i)
			return false;
		memset(l + i, value, run);
		i += run;
	}
	return true;
}

static bool codes_dynamic(struct inflate *s)
{
	static const u8 order[19] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };
	u8 l[286 + 32] = { 0 };
	bits_fill(s);
	unsigned nlit = bits_take(s, 5) + 257, ndist = bits_take(s, 5) + 1, ncode = bits_take(s, 4) + 4;
	if (nlit > 286 || ndist > 30)
		return false;
	for (unsigned i = 0; i < ncode; i++) {
		bits_fill(s);
		l[order[i]] = (u8)bits_take(s, 3);
	}
	if (!huffman_build(&s->lit, l, 19))
		return false;
	memset(l, 0, sizeof(l));
	if (!codes_lengths(s, l, nlit + ndist) || !l[256])
		return false;
	return huffman_build(&s->lit, l, nlit) && huffman_build(&s->dist, l + nlit, ndist);
}

static int inflate_blocks(struct inflate *s)
{
	bool last;
	do {
		bits_fill(s);
		last = bits_take(s, 1);
		unsigned type = bits_take(s, 2);
		int err = -EINVAL;
		if (type == 0)
			err = block_stored(s);
		else if (type == 1 && codes_fixed(s))
			err = block_coded(s);
		else if (type == 2 && codes_dynamic(s))
			err = block_coded(s);
		if (err)
			return err;
	} while (!last);
	bits_align(s);
	return 0;
}

/* ---- gzip ---- */

/* The length of the member's header (RFC 1952, 2.3), or 0 for damage. */
static size_t gzip_header(const u8 *p, size_t n)
{
	enum { FHCRC = 2, FEXTRA = 4, FNAME = 8, FCOMMENT = 16, RESERVED = 0xe0 };
	if (n < 18 || p[0] != 0x1f || p[1] != 0x8b || p[2] != 8 || p[3] & RESERVED)
		return 0;
	size_t at = 10;
	if (p[3] & FEXTRA) {
		at += 2u + (p[10] | (size_t)p[11] << 8);
		if (at > n)
			return 0;
	}
	for (unsigned f = FNAME; f <= FCOMMENT; f <<= 1) {
		if (!(p[3] & f))
			continue;
		const u8 *nul = memchr(p + at, 0, n - at);
		if (!nul)
			return 0;
		at = (size_t)(nul - p) + 1;
	}
	if (p[3] & FHCRC)
		at += 2;
	return at <= n ? at : 0;
}

static u32 le32(const u8 *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (u32)p[3] << 24;
}

ssize_t gzip_inflate(const u8 *src, size_t n, void *work, int (*emit)(void *ctx, const u8 *p, size_t n),
                     void *ctx)
{
	struct inflate *s = work;
	size_t header = gzip_header(src, n);
	if (!header)
		return -EINVAL;
	/* The window needs no clearing: nothing before the first byte can be repeated. */
	memset((u8 *)s + WINDOW, 0, offsetof(struct inflate, lit_table) - WINDOW);
	s->src = src + header;
	s->end = src + n;
	s->emit = emit;
	s->ctx = ctx;
	s->lit = (struct huffman){ LIT_BITS, LIT_TABLE, s->lit_table };
	s->dist = (struct huffman){ DIST_BITS, DIST_TABLE, s->dist_table };
	int err = inflate_blocks(s);
	if (!err)
		err = window_emit(s);
	if (err)
		return err;
	if (s->end - s->src < 8 || le32(s->src) != s->crc || le32(s->src + 4) != (u32)s->total)
		return -EINVAL;
	return s->src + 8 - src;
}
