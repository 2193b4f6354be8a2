/* SPDX-License-Identifier: MIT
 * lib/bpf.c - the classic BPF machine, as seccomp filters use it
 *
 * Owns:      nothing.
 * Layer:     lib.
 * Locks:     none.
 * Contexts:  any.
 * Manual:    McCanne, Jacobson: "The BSD Packet Filter" (USENIX 1993); seccomp(2); bpf(4) of the BSDs.
 * Tests:     tests/unit/bpf_test.c, tests/abi/seccomp.c.
 *
 * Theory
 * ------
 * An accumulator A, an index X, sixteen words M[].  Jumps go forward only, so a program of n instructions ends after
 * at most n steps; the check makes sure of that, of a return at the end, and that no word of M[] is read on a path
 * where it was not written: what stood on our stack must not reach the program's result.
 *
 * For that the check walks the program once.  written[pc] is the set of words that are written on every way that
 * leads to pc; a jump narrows the set of its targets.
 */
#include <lib/bpf.h>
#include <lib/string.h>

#define CLASS(code) ((code)&7)
#define OP(code)    ((code)&0xf0)

enum { OPS_ALU = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 10 };

static bool alu_ok(const struct sock_filter_k *i)
{
	unsigned op = OP(i->code);

	if (i->code == (BPF_ALU | BPF_NEG))
		return true;
	if (!(OPS_ALU >> (op >> 4) & 1))
		return false;
	if (i->code & BPF_X)
		return true;
	return !(op == BPF_DIV && !i->k) && !((op == BPF_LSH || op == BPF_RSH) && i->k >= 32);
}

static bool jump_ok(const struct sock_filter_k *i, unsigned left)
{
	if (i->code == (BPF_JMP | BPF_JA))
		return i->k < left;
	return OP(i->code) >= BPF_JEQ && OP(i->code) <= BPF_JSET && i->jt < left && i->jf < left;
}

/* left: instructions behind this one. */
static bool insn_ok(const struct sock_filter_k *i, unsigned left)
{
	switch (i->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		return i->k < sizeof(struct seccomp_data_k) && i->k % 4 == 0;
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_IMM:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
	case BPF_RET | BPF_K:
	case BPF_RET | BPF_A:
		return true;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return i->k < BPF_MEMWORDS;
	}
	if (i->code > 0xff)
		return false;
	return CLASS(i->code) == BPF_ALU ? alu_ok(i) : CLASS(i->code) == BPF_JMP && jump_ok(i, left);
}

static bool memory_ok(const struct sock_filter_k *prog, unsigned len, u16 *written)
{
	u16 now = 0;

	memset(written, 0xff, len * sizeof(*written));
	for (unsigned pc = 0; pc < len; pc++) {
		const struct sock_filter_k *i = &prog[pc];

		now &= written[pc];
		switch (i->code) {
		case BPF_ST:
		case BPF_STX:
			now |= (u16)(1u << i->k);
			break;
		case BPF_LD | BPF_MEM:
		case BPF_LDX | BPF_MEM:
			if (!(now >> i->k & 1))
				return false;
			break;
		case BPF_JMP | BPF_JA:
			written[pc + 1 + i->k] &= now;
			now = 0xffff;
			break;
		default:
			if (CLASS(i->code) == BPF_JMP) {
				written[pc + 1 + i->jt] &= now;
				written[pc + 1 + i->jf] &= now;
				now = 0xffff;
			}
		}
	}
	return true;
}

bool bpf_check(const struct sock_filter_k *prog, unsigned len, u16 *scratch)
{
	if (!len || len > BPF_MAXINSNS || CLASS(prog[len - 1].code) != BPF_RET)
		return false;
	for (unsigned pc = 0; pc < len; pc++)
		if (!insn_ok(&prog[pc], len - pc - 1))
			return false;
	return memory_ok(prog, len, scratch);
}

static u32 alu(unsigned op, u32 a, u32 b)
{
	switch (op) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_DIV:
		return a / b;
	case BPF_OR:
		return a | b;
	case BPF_AND:
		return a & b;
	case BPF_LSH:
		return a << (b & 31);
	case BPF_RSH:
		return a >> (b & 31);
	case BPF_XOR:
		return a ^ b;
	default:
		return -a;
	}
}

static bool compare(unsigned op, u32 a, u32 b)
{
	return op == BPF_JEQ ? a == b : op == BPF_JGT ? a > b : op == BPF_JGE ? a >= b : (a & b) != 0;
}

u32 bpf_run(const struct sock_filter_k *i, const struct seccomp_data_k *data)
{
	u32 a = 0, x = 0, m[BPF_MEMWORDS], b;

	for (;; i++) {
		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&a, (const char *)data + i->k, sizeof(a));
			continue;
		case BPF_LD | BPF_W | BPF_LEN:
			a = sizeof(*data);
			continue;
		case BPF_LDX | BPF_W | BPF_LEN:
			x = sizeof(*data);
			continue;
		case BPF_LD | BPF_IMM:
			a = i->k;
			continue;
		case BPF_LDX | BPF_IMM:
			x = i->k;
			continue;
		case BPF_LD | BPF_MEM:
			a = m[i->k];
			continue;
		case BPF_LDX | BPF_MEM:
			x = m[i->k];
			continue;
		case BPF_ST:
			m[i->k] = a;
			continue;
		case BPF_STX:
			m[i->k] = x;
			continue;
		case BPF_MISC | BPF_TAX:
			x = a;
			continue;
		case BPF_MISC | BPF_TXA:
			a = x;
			continue;
		case BPF_RET | BPF_K:
			return i->k;
		case BPF_RET | BPF_A:
			return a;
		case BPF_JMP | BPF_JA:
			i += i->k;
			continue;
		}
		b = i->code & BPF_X ? x : i->k;
		if (CLASS(i->code) == BPF_JMP)
			i += compare(OP(i->code), a, b) ? i->jt : i->jf;
		else if (OP(i->code) == BPF_DIV && !b)
			return 0;
		else
			a = alu(OP(i->code), a, b);
	}
}
