/* SPDX-License-Identifier: MIT
 * proc/elf.c - loading ELF programs: static, static-PIE, and with an interpreter
 *
 * Owns:      nothing that lasts.
 * Layer:     proc.  Uses fs (reading the file), vm (mapping into the new address space).
 * Locks:     none: nobody else knows the address space.
 * Contexts:  process context, in execve; may sleep.
 * Manual:    elf(5), System V ABI "Program Loading", execve(2).
 * Tests:     tests/abi/exec.c, the ELF mutations of the fuzzer.
 *
 * Theory
 * ------
 * Two phases.  First the headers of the program and its interpreter are read and checked: what is wrong there
 * is -ENOEXEC.  Then the segments are mapped into the new space; Linux has thrown the old program away by
 * then, so what is wrong there kills (x->late), with one difference: want of memory is still a clean -ENOMEM
 * here.
 *
 * A segment is file pages up to p_filesz, and zeros from there to p_memsz:
 *
 *     |.....ffffff|ffffffffff|ffff000000|0000000000|        f = from the file, 0 = zero
 *           ^ p_vaddr             ^ p_filesz      ^ p_memsz
 *                             cleared by copy   anonymous mapping
 *
 * An ELF32 file's headers are widened as they are read, so that the rest knows one form only.
 *
 * All numbers in the headers are hostile.  Each is compared with the space's top before it is added to anything.
 */
#include <proc/exec.h>
#include <arch/elf.h>
#include <abi/elf.h>
#include <abi/sched.h>
#include <base/random.h>
#include <lib/string.h>
#include <mem/slab.h>

#define BRK_RANDOM   0x02000000UL /* bytes of room for a random start of the heap, as Linux */
#define PIE_RANDOM   (1UL << 28)  /* pages */
#define PIE_RANDOM32 (1UL << 8)

/* One ELF file: the program or its interpreter. */
struct elf_file {
	struct file *file;
	bool small; /* ELF32 */
	struct elf64_ehdr_k eh;
	struct elf64_phdr_k *ph; /* eh.e_phnum of them */
};
/* What mapping has found. */
struct elf_extent {
	uaddr_t bias; /* added to every address of the file */
	uaddr_t code_start, code_end, data_start, data_end, mem_end;
	uaddr_t mapped_end; /* pages below it may be mapped already */
	bool any;
};

static void header_widen(struct elf64_ehdr_k *to, const struct elf32_ehdr_k *eh)
{
	to->e_entry = eh->e_entry;
	to->e_phoff = eh->e_phoff;
	to->e_phentsize = eh->e_phentsize;
	to->e_phnum = eh->e_phnum;
}

static size_t phdr_size(const struct elf_file *e)
{
	return e->small ? sizeof(struct elf32_phdr_k) : sizeof(struct elf64_phdr_k);
}

/* Takes the header from a file's first bytes; is it a program for this machine? */
static bool elf_take_header(struct elf_file *e, const void *head)
{
	static const u8 magic[4] = { 0x7f, 'E', 'L', 'F' };
	struct elf64_ehdr_k *eh = &e->eh;

	/* Like Linux, which looks at neither the class nor the byte order: the machine says it all, and stands at
	 * the same place in both classes. */
	memcpy(eh, head, sizeof(*eh));
	e->small = eh->e_machine == ARCH_ELF_MACHINE32;
	if (e->small)
		header_widen(eh, head);
	return !memcmp(eh->e_ident, magic, 4) && (eh->e_type == ET_EXEC || eh->e_type == ET_DYN) &&
	       (e->small || eh->e_machine == ARCH_ELF_MACHINE) && eh->e_phentsize == phdr_size(e) &&
	       eh->e_phnum > 0 && eh->e_phnum * phdr_size(e) <= PAGE_SIZE;
}

/* Reads exactly n bytes: 0, -EIO (the file is shorter), or the error. */
static int elf_read(struct file *f, void *dst, size_t n, u64 pos)
{
	if (pos > (u64)INT64_MAX - n)
		return -EINVAL;
	ssize_t got = file_read_kernel(f, dst, n, (loff_t)pos);

	return got < 0 ? (int)got : (size_t)got == n ? 0 : -EIO;
}

/* In place, the last one first: the wide form is the longer one. */
static void phdrs_widen(struct elf_file *e)
{
	for (unsigned i = e->eh.e_phnum; i-- > 0;) {
		struct elf32_phdr_k p;

		memcpy(&p, (char *)e->ph + i * sizeof(p), sizeof(p));
		e->ph[i] = (struct elf64_phdr_k){ p.p_type,  p.p_flags,  p.p_offset, p.p_vaddr,
			                          p.p_paddr, p.p_filesz, p.p_memsz,  p.p_align };
	}
}

/* The program headers, once the header is good. */
static int elf_read_phdrs(struct elf_file *e)
{
	size_t n = e->eh.e_phnum * phdr_size(e);

	e->ph = kmalloc(e->eh.e_phnum * sizeof(*e->ph), 0);
	if (!e->ph)
		return -ENOMEM;
	if (elf_read(e->file, e->ph, n, e->eh.e_phoff))
		return -ENOEXEC;
	if (e->small)
		phdrs_widen(e);
	return 0;
}

static const struct elf64_phdr_k *elf_find(const struct elf_file *e, u32 type)
{
	for (unsigned i = 0; i < e->eh.e_phnum; i++)
		if (e->ph[i].p_type == type)
			return &e->ph[i];
	return NULL;
}

static int elf_open_interp(struct exec_image *x, const struct elf64_phdr_k *ph, struct elf_file *out)
{
	if (ph->p_filesz < 2 || ph->p_filesz > PATH_MAX)
		return -ENOEXEC;
	char *path = kmalloc(ph->p_filesz, 0);
	if (!path)
		return -ENOMEM;
	int err = elf_read(x->file, path, ph->p_filesz, ph->p_offset);
	if (!err && path[ph->p_filesz - 1] != 0)
		err = -ENOEXEC;
	if (!err) {
		struct fs_walk w = { x->walk->fs, x->walk->cred, NULL };
		err = vfs_open_exec(&w, path, LOOKUP_FOLLOW, &out->file);
	}
	kfree(path);
	if (err)
		return err;
	struct elf64_ehdr_k head;
	err = elf_read(out->file, &head, sizeof(head), 0);
	if (err)
		return err;
	if (!elf_take_header(out, &head) || out->small != x->small)
		return -ELIBBAD;
	err = elf_read_phdrs(out);
	return err == -ENOEXEC ? -ELIBBAD : err;
}

/* Mapping. */

static int elf_prot(const struct elf64_phdr_k *ph)
{
	return (ph->p_flags & PF_R ? PROT_READ : 0) | (ph->p_flags & PF_W ? PROT_WRITE : 0) |
	       (ph->p_flags & PF_X ? PROT_EXEC : 0);
}

static bool segment_ok(const struct elf64_phdr_k *ph, uaddr_t bias, uaddr_t top)
{
	uaddr_t at = ph->p_vaddr + bias; /* may wrap: then it is not below top - memsz, or honestly small */

	return ph->p_filesz <= ph->p_memsz && ph->p_memsz <= top && at < top && at <= top - ph->p_memsz &&
	       ph->p_offset <= (u64)INT64_MAX - ph->p_filesz;
}

static int map_file_part(struct vm_space *mm, struct file *f, const struct elf64_phdr_k *ph, uaddr_t at,
                         int fixed)
{
	u64 in_page = at & (PAGE_SIZE - 1);
	struct vm_mmap_args a = {
		.addr = at - in_page,
		.len = ph->p_filesz + in_page,
		.prot = elf_prot(ph),
		.flags = MAP_PRIVATE | fixed,
	};

	if (ph->p_offset < in_page || !IS_ALIGNED(ph->p_offset - in_page, PAGE_SIZE))
		return -EINVAL;
	a.pgoff = (ph->p_offset - in_page) >> PAGE_SHIFT;
	int err = file_mmap(f, &a);
	if (err)
		return err;
	long r = vm_mmap(mm, &a);
	return r < 0 ? (int)r : 0;
}

/* Why a page of the file could not be cleared: there is no such page, or no memory for a copy of it. */
static int zero_failed(const struct elf_file *e, const struct elf64_phdr_k *ph)
{
	u64 last = ALIGN_DOWN(ph->p_offset + ph->p_filesz - 1, PAGE_SIZE);

	if (!ph->p_filesz)
		return 0;
	return last >= (u64)atomic_load(&e->file->inode->size) ? -EFAULT : -ENOMEM;
}

/* The part of a segment that no file bytes fill. */
static int map_zero_part(struct vm_space *mm, const struct elf_file *e, const struct elf64_phdr_k *ph,
                         uaddr_t at, const struct elf_extent *x)
{
	static const u8 zeros[PAGE_SIZE];
	uaddr_t from = at + ph->p_filesz, page = ALIGN_UP(from, PAGE_SIZE),
	        end = ALIGN_UP(at + ph->p_memsz, PAGE_SIZE);

	if (!ph->p_filesz && ALIGN_DOWN(at, PAGE_SIZE) >= x->mapped_end)
		page = ALIGN_DOWN(at, PAGE_SIZE); /* nothing lies on the first page yet */
	else if (ph->p_flags & PF_W)
		for (uaddr_t p = from, n; p < page; p += n) {
			n = MIN(page - p, sizeof(zeros));
			if (vm_copy(mm, p, (void *)zeros, n, true, true) != n)
				return zero_failed(e, ph);
		}
	if (end <= page)
		return 0;
	struct vm_mmap_args a = { .addr = page,
		                  .len = end - page,
		                  .prot = elf_prot(ph),
		                  .flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED };
	long r = vm_mmap(mm, &a);
	return r < 0 ? (int)r : 0;
}

static void extent_add(struct elf_extent *x, const struct elf64_phdr_k *ph, uaddr_t at)
{
	uaddr_t file_end = at + ph->p_filesz, mem_end = at + ph->p_memsz;

	if (ph->p_flags & PF_X) {
		if (!x->code_start || at < x->code_start)
			x->code_start = at;
		x->code_end = MAX(x->code_end, file_end);
	}
	if (!(ph->p_flags & PF_X) || (ph->p_flags & PF_W)) {
		x->data_start = MAX(x->data_start, at);
		x->data_end = MAX(x->data_end, file_end);
	}
	x->mem_end = MAX(x->mem_end, mem_end);
	x->mapped_end = MAX(x->mapped_end, ALIGN_UP(mem_end, PAGE_SIZE));
	x->any = true;
}

static int elf_map(struct vm_space *mm, const struct elf_file *e, struct elf_extent *x)
{
	for (unsigned i = 0; i < e->eh.e_phnum; i++) {
		const struct elf64_phdr_k *ph = &e->ph[i];
		uaddr_t at = ph->p_vaddr + x->bias;
		int err = 0;

		if (ph->p_type != PT_LOAD)
			continue;
		if (!segment_ok(ph, x->bias, mm->top))
			return -EINVAL;
		if (ph->p_filesz)
			err = map_file_part(mm, e->file, ph, at, x->any ? MAP_FIXED : MAP_FIXED_NOREPLACE);
		if (!err && ph->p_memsz > ph->p_filesz)
			err = map_zero_part(mm, e, ph, at, x);
		if (err)
			return err;
		extent_add(x, ph, at);
		if (thread_kill_pending())
			return -EINTR;
	}
	return 0;
}

/* The pages from the lowest to the highest segment: 0 or -EINVAL. */
static int elf_span(const struct vm_space *mm, const struct elf_file *e, uaddr_t *low, uaddr_t *size)
{
	uaddr_t min = mm->top, max = 0;

	for (unsigned i = 0; i < e->eh.e_phnum; i++) {
		const struct elf64_phdr_k *ph = &e->ph[i];
		if (ph->p_type != PT_LOAD)
			continue;
		if (!segment_ok(ph, 0, mm->top))
			return -EINVAL;
		min = MIN(min, ALIGN_DOWN(ph->p_vaddr, PAGE_SIZE));
		max = MAX(max, ph->p_vaddr + ph->p_memsz);
	}
	if (max <= min)
		return -EINVAL;
	*low = min;
	*size = ALIGN_UP(max - min, PAGE_SIZE);
	return 0;
}

static uaddr_t elf_max_align(const struct elf_file *e)
{
	uaddr_t align = PAGE_SIZE;

	for (unsigned i = 0; i < e->eh.e_phnum; i++) {
		u64 a = e->ph[i].p_align;
		if (e->ph[i].p_type == PT_LOAD && a > align && !(a & (a - 1)) && a <= 1UL << 30)
			align = a;
	}
	return align;
}

/* Where a position-independent program goes. */
static int pie_bias(const struct vm_space *mm, const struct elf_file *e, bool random, uaddr_t *bias)
{
	uaddr_t low, size, at = e->small ? ARCH_ET_DYN_BASE32 : ARCH_ET_DYN_BASE;
	int err = elf_span(mm, e, &low, &size);

	if (err)
		return err;
	if (random)
		at += random_u64() % (e->small ? PIE_RANDOM32 : PIE_RANDOM) * PAGE_SIZE;
	*bias = ALIGN_DOWN(at, elf_max_align(e)) - low;
	return 0;
}

/* Where the interpreter goes: anywhere among the mappings, or where an ET_EXEC one says. */
static int interp_bias(struct vm_space *mm, const struct elf_file *e, uaddr_t *bias)
{
	struct vm_mmap_args a = { .prot = PROT_NONE, .flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE };
	uaddr_t low, align = elf_max_align(e), size;
	int err = elf_span(mm, e, &low, &size);

	*bias = 0;
	if (err || e->eh.e_type == ET_EXEC)
		return err;
	a.len = size + align - PAGE_SIZE;
	long at = vm_mmap(mm, &a); /* only to find the room: the space is ours alone */
	if (at < 0)
		return (int)at;
	*bias = ALIGN_UP((uaddr_t)at, align) - low;
	return vm_munmap(mm, (uaddr_t)at, a.len);
}

/* AT_PHDR: the program headers as the program sees them. */
static uaddr_t elf_phdr_addr(const struct elf_file *e, uaddr_t bias)
{
	const struct elf64_phdr_k *ph = elf_find(e, PT_PHDR);

	if (ph)
		return ph->p_vaddr + bias;
	for (unsigned i = 0; i < e->eh.e_phnum; i++) {
		ph = &e->ph[i];
		if (ph->p_type == PT_LOAD && ph->p_offset <= e->eh.e_phoff &&
		    e->eh.e_phoff - ph->p_offset < ph->p_filesz)
			return e->eh.e_phoff - ph->p_offset + ph->p_vaddr + bias;
	}
	return 0;
}

static void set_ranges(struct exec_image *x, const struct elf_extent *prog)
{
	struct vm_space *mm = x->mm;

	mm->code_start = prog->code_start;
	mm->code_end = prog->code_end;
	mm->data_start = prog->data_start;
	mm->data_end = prog->data_end;
	uaddr_t brk = ALIGN_UP(prog->mem_end, PAGE_SIZE);
	if (x->random && brk < mm->top - BRK_RANDOM)
		brk += random_u64() % (BRK_RANDOM / PAGE_SIZE) * PAGE_SIZE;
	mm->brk_start = mm->brk = brk;
}

static int elf_map_all(struct exec_image *x, const struct elf_file *prog, const struct elf_file *interp)
{
	struct elf_extent p = { 0 }, i = { 0 };
	int err = 0;

	if (prog->eh.e_type == ET_DYN)
		err = pie_bias(x->mm, prog, x->random, &p.bias);
	if (!err)
		err = elf_map(x->mm, prog, &p);
	if (err)
		return err;
	set_ranges(x, &p);
	x->entry = x->start = prog->eh.e_entry + p.bias;
	x->phdr = elf_phdr_addr(prog, p.bias);
	x->phnum = prog->eh.e_phnum;
	if (interp->file) {
		err = interp_bias(x->mm, interp, &i.bias);
		if (!err)
			err = elf_map(x->mm, interp, &i);
		if (err)
			return err;
		x->base = i.bias;
		x->start = interp->eh.e_entry + i.bias;
	}
	return x->start < x->mm->top ? 0 : -EINVAL;
}

int elf_load(struct exec_image *x)
{
	struct elf_file prog = { .file = x->file }, interp = { 0 };
	const struct elf64_phdr_k *ph;
	int err;

	if (!elf_take_header(&prog, x->head))
		return -ENOEXEC;
	x->small = prog.small;
	err = elf_read_phdrs(&prog);
	if (err)
		goto free;
	ph = elf_find(&prog, PT_INTERP);
	if (ph)
		err = elf_open_interp(x, ph, &interp);
	if (err)
		goto free;
	ph = elf_find(&prog, PT_GNU_STACK);
	x->exec_stack = ph && (ph->p_flags & PF_X);
	err = exec_found(x);
	if (err)
		goto free;
	x->late = true;
	err = elf_map_all(x, &prog, &interp);
free:
	kfree(prog.ph);
	kfree(interp.ph);
	if (interp.file)
		file_put(interp.file);
	return err;
}
