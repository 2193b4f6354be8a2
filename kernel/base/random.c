/* SPDX-License-Identifier: MIT
 * base/random.c - random numbers from ChaCha20
 *
 * Owns:      the root key and the per-CPU streams.
 * Layer:     base.  Uses arch (cycle counter, the CPU's generator).
 * Locks:     root_lock guards the root key; a CPU's stream is used with interrupts off.
 * Contexts:  any.
 * Manual:    RFC 8439, 2.3 (ChaCha20 block); Bernstein, "Fast-key-erasure random-number generators".
 * Tests:     tests/unit/random_test.c (the RFC's vector), tests/abi/misc.c
 *
 * Theory
 * ------
 *     entropy --> root key --(one block)--> key of a CPU --(batch of blocks)--> next key | bytes to give out
 *
 * A batch begins with the key that will make the next batch, and bytes are erased as they are given out: who
 * reads the state learns nothing of the past.  `generation` counts additions of entropy; a CPU whose stream
 * is older takes a new key from the root first.  So it does when the stream carries another CPU's number:
 * the copy of the template that a CPU starts with must never be used.
 *
 * Making a block costs some 1300 instructions, a batch of four serves fourteen requests of 16 bytes.
 */
#include <base/random.h>
#include <base/percpu.h>
#include <base/spinlock.h>
#include <lib/string.h>

enum { KEY_WORDS = 8, BLOCK = 64, BATCH = 4 * BLOCK, KEY = 32 };

struct stream {
	u8 buf[BATCH];
	u32 used;       /* bytes of buf given out or erased */
	u32 owner;      /* CPU number + 1; 0 = no key */
	u64 generation; /* of the root when the key was made */
	u32 key[KEY_WORDS];
};
static DEFINE_PERCPU(struct stream, streams);

static struct spinlock root_lock = SPINLOCK_INIT("random");
static u32 root_key[KEY_WORDS] GUARDED_BY(&root_lock);
static u64 root_counter GUARDED_BY(&root_lock);
static u64 generation = 1;
static bool root_seeded GUARDED_BY(&root_lock);

static inline u32 rotl(u32 x, int n)
{
	return x << n | x >> (32 - n);
}

#define QUARTER(a, b, c, d)                                                                                  \
	do {                                                                                                 \
		a += b;                                                                                      \
		d = rotl(d ^ a, 16);                                                                         \
		c += d;                                                                                      \
		b = rotl(b ^ c, 12);                                                                         \
		a += b;                                                                                      \
		d = rotl(d ^ a, 8);                                                                          \
		c += d;                                                                                      \
		b = rotl(b ^ c, 7);                                                                          \
	} while (0)

/* One block of key stream. */
static void chacha_block(const u32 key[KEY_WORDS], u64 counter, u64 nonce, u8 out[BLOCK])
{
	u32 in[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 }, x[16];
	memcpy(in + 4, key, KEY);
	in[12] = (u32)counter;
	in[13] = (u32)(counter >> 32);
	in[14] = (u32)nonce;
	in[15] = (u32)(nonce >> 32);
	memcpy(x, in, sizeof(x));
	for (int i = 0; i < 10; i++) {
		QUARTER(x[0], x[4], x[8], x[12]);
		QUARTER(x[1], x[5], x[9], x[13]);
		QUARTER(x[2], x[6], x[10], x[14]);
		QUARTER(x[3], x[7], x[11], x[15]);
		QUARTER(x[0], x[5], x[10], x[15]);
		QUARTER(x[1], x[6], x[11], x[12]);
		QUARTER(x[2], x[7], x[8], x[13]);
		QUARTER(x[3], x[4], x[9], x[14]);
	}
	for (int i = 0; i < 16; i++)
		x[i] += in[i];
	memcpy(out, x, BLOCK);
}

/* Erases in a way the compiler does not drop. */
static inline void erase(void *p, size_t n)
{
	memset(p, 0, n);
	__asm__ volatile("" ::"r"(p) : "memory");
}

/* Replaces the root key by a function of itself and 32 bytes of input. */
static void root_mix(const u8 input[KEY]) MUST_HOLD(&root_lock)
{
	u8 block[BLOCK];
	u32 words[KEY_WORDS];
	memcpy(words, input, KEY);
	for (int i = 0; i < KEY_WORDS; i++)
		root_key[i] ^= words[i];
	chacha_block(root_key, root_counter++, arch_cycles(), block);
	memcpy(root_key, block, KEY);
	erase(block, sizeof(block));
}

/* What the CPU offers by itself: its generator, or the jitter of its cycle counter. */
static void root_seed(void) MUST_HOLD(&root_lock)
{
	u64 w[4];
	for (int round = 0; round < 16; round++) {
		for (int i = 0; i < 4; i++)
			if (!arch_random(&w[i]))
				w[i] = arch_cycles() ^ (u64)(uintptr_t)&w << 32;
		root_mix((const u8 *)w);
	}
	root_seeded = true;
}

void random_add_entropy(const void *p, size_t n)
{
	const u8 *s = p;
	irqflags_t flags = spin_lock_irqsave(&root_lock);
	while (n) {
		u8 part[KEY] = { 0 };
		size_t k = MIN(n, sizeof(part));
		memcpy(part, s, k);
		root_mix(part);
		s += k;
		n -= k;
	}
	generation++;
	spin_unlock_irqrestore(&root_lock, flags);
}

/* Gives this CPU's stream a key of its own. */
COLD static void stream_rekey(struct stream *st)
{
	u8 block[BLOCK];
	spin_lock(&root_lock);
	if (!root_seeded)
		root_seed();
	chacha_block(root_key, root_counter++, arch_cycles(), block);
	memcpy(root_key, block, KEY);
	memcpy(st->key, block + KEY, KEY);
	st->generation = generation;
	spin_unlock(&root_lock);
	erase(block, sizeof(block));
	st->owner = cpu_id() + 1;
	st->used = BATCH;
}

static void stream_refill(struct stream *st)
{
	for (u64 i = 0; i < BATCH / BLOCK; i++)
		chacha_block(st->key, i, 0, st->buf + i * BLOCK);
	memcpy(st->key, st->buf, KEY);
	erase(st->buf, KEY);
	st->used = KEY;
}

/* n <= BATCH - KEY bytes. */
static void stream_take(u8 *dst, size_t n)
{
	irqflags_t flags = arch_irq_save();
	struct stream *st = this_cpu_ptr(streams);
	if (unlikely(st->generation != atomic_load(&generation) || st->owner != cpu_id() + 1))
		stream_rekey(st);
	if (unlikely(n > BATCH - st->used))
		stream_refill(st);
	memcpy(dst, st->buf + st->used, n);
	erase(st->buf + st->used, n);
	st->used += (u32)n;
	arch_irq_restore(flags);
}

/* Many bytes: a key of their own, and no time with interrupts off. */
static void random_stream(u8 *dst, size_t n)
{
	u32 key[KEY_WORDS];
	u8 last[BLOCK];
	stream_take((u8 *)key, KEY);
	u64 i = 0;
	for (; n >= BLOCK; n -= BLOCK, dst += BLOCK)
		chacha_block(key, i++, 1, dst);
	chacha_block(key, i, 1, last);
	memcpy(dst, last, n);
	erase(key, sizeof(key));
	erase(last, sizeof(last));
}

void random_bytes(void *dst, size_t n)
{
	if (n <= BATCH - KEY)
		stream_take(dst, n);
	else
		random_stream(dst, n);
}

u64 random_u64(void)
{
	u64 x;
	stream_take((u8 *)&x, sizeof(x));
	return x;
}
