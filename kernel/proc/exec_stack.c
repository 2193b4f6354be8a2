/* SPDX-License-Identifier: MIT
 * proc/exec_stack.c - the first stack of a program
 *
 * Owns:      its layout; the auxiliary vector.
 * Layer:     proc.  Writes into an address space that does not run yet (vm_copy).
 * Locks:     none: nobody else knows the address space.
 * Contexts:  process context, in execve; may sleep.
 * Manual:    getauxval(3), System V ABI AMD64 3.4.1 "Initial Stack and Register State".
 * Tests:     tests/abi/exec.c.
 *
 * Theory
 * ------
 *     stack_top   8 zero bytes
 *                 the program's name (AT_EXECFN)
 *                 environment strings                       env_start .. env_end
 *                 argument strings                          arg_start .. arg_end
 *                 (some random bytes of distance)
 *                 platform's name, 16 random bytes
 *                 auxv, ends with AT_NULL
 *                 envp[], NULL
 *                 argv[], NULL
 *     sp -------> argc                                      16-byte aligned
 *
 * A 32-bit program's words have 4 bytes; nothing else differs.
 */
#include <proc/exec.h>
#include <arch/elf.h>
#include <abi/elf.h>
#include <abi/sched.h>
#include <base/random.h>
#include <lib/string.h>
#include <mem/slab.h>

enum { STACK_EXTRA = 128 * 1024, RANDOM_BYTES = 16, STACK_SHIFT_MASK = 0x1ff0 };

/* A cursor that writes upwards in the new address space, a page at a time. */
struct stack_writer {
	struct vm_space *mm;
	uaddr_t addr;  /* of buf[0] */
	unsigned word; /* bytes of a pointer */
	size_t fill;
	char *buf; /* PAGE_SIZE */
	int err;
};

static void writer_flush(struct stack_writer *w)
{
	if (w->fill && !w->err && vm_copy(w->mm, w->addr, w->buf, w->fill, true, true) != w->fill)
		w->err = -ENOMEM;
	w->addr += w->fill;
	w->fill = 0;
}

static void writer_put(struct stack_writer *w, const void *src, size_t n)
{
	const char *p = src;

	while (n > 0) {
		size_t piece = MIN(n, PAGE_SIZE - w->fill);
		memcpy(w->buf + w->fill, p, piece);
		w->fill += piece;
		p += piece;
		n -= piece;
		if (w->fill == PAGE_SIZE)
			writer_flush(w);
	}
}

static void writer_put_word(struct stack_writer *w, u64 v)
{
	if (likely(w->word == sizeof(v)))
		writer_put(w, &v, sizeof(v));
	else
		writer_put(w, &v, sizeof(u32)); /* the low half is the first */
}

static void writer_put_words(struct stack_writer *w, const unsigned long *v, unsigned n)
{
	if (likely(w->word == sizeof(*v))) {
		writer_put(w, v, n * sizeof(*v));
		return;
	}
	for (unsigned i = 0; i < n; i++)
		writer_put_word(w, v[i]);
}

static void writer_seek(struct stack_writer *w, uaddr_t addr)
{
	writer_flush(w);
	w->addr = addr;
}

struct stack_layout {
	uaddr_t execfn, strings, platform, random;
	unsigned argc, envc;
};

/* The strings without the argv[0] that a script has replaced. */
static void put_strings(struct stack_writer *w, const struct exec_args *a)
{
	size_t skip = a->prefix ? a->first_len : 0, left = a->strings.len;

	writer_put(w, a->prefix, a->prefix_len);
	for (const struct exec_chunk *c = a->strings.first; c; c = c->next) {
		size_t n = MIN(left, sizeof(c->data)), from = MIN(skip, n);
		writer_put(w, c->data + from, n - from);
		skip -= from;
		left -= n;
	}
}

/* argv, NULL, envp, NULL. */
static void put_vectors(struct stack_writer *w, const struct exec_args *a, uaddr_t strings)
{
	/* Offset o of the collected strings stands at base + o. */
	uaddr_t base = strings + a->prefix_len - (a->prefix ? a->first_len : 0);
	unsigned i = 0, total = a->argc + a->envc;

	for (size_t at = 0; at < a->prefix_len; at += strlen(a->prefix + at) + 1)
		writer_put_word(w, strings + at);
	for (const struct exec_chunk *c = a->offsets.first; c; c = c->next) {
		const u64 *offset = (const u64 *)c->data;
		for (unsigned n = 0; n < sizeof(c->data) / sizeof(u64) && i < total; n++, i++) {
			if (i == a->argc)
				writer_put_word(w, 0);
			if (i > 0 || !a->prefix)
				writer_put_word(w, base + offset[n]);
		}
	}
	if (!a->envc)
		writer_put_word(w, 0);
	writer_put_word(w, 0);
}

/* Fills the auxiliary vector; words used. */
static unsigned make_auxv(const struct exec_image *x, const struct stack_layout *l, unsigned long *v)
{
	const struct cred *c = x->cred;
	const unsigned long pairs[][2] = {
		{ AT_SYSINFO, x->vdso + arch_vdso32.vsyscall }, /* of 32-bit programs alone */
		{ AT_SYSINFO_EHDR, x->vdso },
		{ AT_MINSIGSTKSZ, arch_signal_frame_size() },
		{ AT_HWCAP, arch_elf_hwcap() },
		{ AT_PAGESZ, PAGE_SIZE },
		{ AT_CLKTCK, 100 },
		{ AT_PHDR, x->phdr },
		{ AT_PHENT, x->small ? sizeof(struct elf32_phdr_k) : sizeof(struct elf64_phdr_k) },
		{ AT_PHNUM, x->phnum },
		{ AT_BASE, x->base },
		{ AT_FLAGS, 0 },
		{ AT_ENTRY, x->entry },
		{ AT_UID, c->uid },
		{ AT_EUID, c->euid },
		{ AT_GID, c->gid },
		{ AT_EGID, c->egid },
		{ AT_SECURE, x->secure },
		{ AT_RANDOM, l->random },
		{ AT_HWCAP2, arch_elf_hwcap2() },
		{ AT_EXECFN, l->execfn },
		{ AT_PLATFORM, l->platform },
		{ AT_NULL, 0 },
	};
	_Static_assert(ARRAY_SIZE(pairs) <= EXEC_AUXV_MAX, "saved_auxv");

	unsigned skip = x->small ? 0 : 1;
	memcpy(v, pairs + skip, sizeof(pairs) - skip * sizeof(pairs[0]));
	return (ARRAY_SIZE(pairs) - skip) * 2;
}

static int map_stack(struct exec_image *x, uaddr_t sp)
{
	struct vm_space *mm = x->mm;
	u64 limit = ALIGN_DOWN(mm->limit_stack, PAGE_SIZE);
	u64 need = mm->stack_top - ALIGN_DOWN(sp, PAGE_SIZE);
	u64 size = MAX(need, MIN(need + STACK_EXTRA, limit));
	struct vm_mmap_args a = {
		.addr = mm->stack_top - size,
		.len = size,
		.prot = PROT_READ | PROT_WRITE | (x->exec_stack ? PROT_EXEC : 0),
		.flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
		.extra = VM_STACK | VM_GROWSDOWN,
	};
	long at = vm_mmap(mm, &a);

	return at < 0 ? (int)at : 0;
}

int exec_build_stack(struct exec_image *x)
{
	struct exec_args *a = &x->args;
	struct vm_space *mm = x->mm;
	size_t name_len = strlen(x->name) + 1;
	size_t strings_len = a->prefix_len + a->strings.len - (a->prefix ? a->first_len : 0);
	unsigned argc = a->argc + a->prefix_count - (a->prefix ? 1 : 0);
	struct stack_layout l = { .argc = argc, .envc = a->envc };
	const char *platform = x->small ? ARCH_PLATFORM32 : ARCH_PLATFORM;
	size_t platform_len = x->small ? sizeof(ARCH_PLATFORM32) : sizeof(ARCH_PLATFORM);
	unsigned word = x->small ? sizeof(u32) : sizeof(u64);

	l.execfn = mm->stack_top - sizeof(u64) - name_len;
	l.strings = l.execfn - strings_len;
	uaddr_t p = l.strings - (x->random ? random_u64() & STACK_SHIFT_MASK : 0);
	l.platform = ALIGN_DOWN(p, 16) - ALIGN_UP(platform_len, 16);
	l.random = l.platform - RANDOM_BYTES;
	unsigned words = make_auxv(x, &l, mm->saved_auxv);
	x->sp = ALIGN_DOWN(l.random - (1 + argc + 1 + a->envc + 1 + words) * word, 16);
	mm->stack_start = x->sp;
	mm->arg_start = l.strings;
	mm->arg_end = mm->env_start = l.execfn - (a->strings.len - a->env_offset);
	mm->env_end = l.execfn;

	int err = map_stack(x, x->sp);
	if (err)
		return err;
	struct stack_writer w = { .mm = mm, .addr = x->sp, .word = word, .buf = kmalloc(PAGE_SIZE, 0) };
	if (!w.buf)
		return -ENOMEM;
	u8 seed[RANDOM_BYTES];
	random_bytes(seed, sizeof(seed));
	writer_put_word(&w, argc);
	put_vectors(&w, a, l.strings);
	writer_put_words(&w, mm->saved_auxv, words);
	writer_seek(&w, l.random);
	writer_put(&w, seed, sizeof(seed));
	writer_put(&w, platform, platform_len);
	writer_seek(&w, l.strings);
	put_strings(&w, a);
	writer_put(&w, x->name, name_len);
	writer_flush(&w);
	kfree(w.buf);
	return w.err;
}
