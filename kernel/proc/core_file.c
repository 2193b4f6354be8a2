/* SPDX-License-Identifier: MIT
 * proc/core_file.c - a core file: ELF header, program headers, notes, memory
 *
 * Owns:      the layout of the file; which memory is in it.
 * Layer:     proc.
 * Locks:     the address space's lock while its vmas are listed.
 * Contexts:  process context of the dumper; sleeps.
 * Manual:    core(5): "Controlling which mappings are written to the core dump", elf(5).
 * Tests:     tests/abi/core.c, tests/debian/core.cases.
 *
 * Theory
 * ------
 *     ELF header | program headers: PT_NOTE, one PT_LOAD a vma | notes | page boundary | memory of each vma
 *
 * Each vma has its PT_LOAD; memory that is left out has p_filesz 0, and a debugger finds it in the file that was
 * mapped (NT_FILE).  Pages that were never touched are holes of the file.
 */
#include <proc/coredump.h>
#include <proc/internal.h>
#include <arch/elf.h>
#include <abi/elf.h>
#include <base/iov.h>
#include <lib/string.h>
#include <mem/slab.h>

enum { HEADERS_MAX = 0xffff, WINDOW = 64 /* pages looked at at a time */ };

static bool elf_header_at(uaddr_t addr)
{
	u8 magic[4];

	return !copy_from_user(magic, (const void __user *)addr, sizeof(magic)) &&
	       !memcmp(magic, "\177ELF", sizeof(magic));
}

static bool str_ends(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

/* How much of v is dumped.  *ask: only if an ELF header is there, which is looked at later, when faults are allowed. */
static u64 dump_size(const struct vma *v, const char *name, u32 filter, bool *ask)
{
	u64 all = v->end - v->start;

	if (v->flags & VM_SPECIAL) /* the vDSO tells a debugger how to unwind */
		return v->name && (v->flags & VM_EXEC) ? all : 0;
	if (v->flags & VM_DONTDUMP)
		return 0;
	if (v->flags & VM_SHARED) {
		bool named = name && !str_ends(name, " (deleted)"); /* else nobody can open it any more */
		return filter & (named ? CORE_MAPPED_SHARED : CORE_ANON_SHARED) ? all : 0;
	}
	if ((!v->mapping || v->has_anon) && (filter & CORE_ANON_PRIVATE))
		return all;
	if (!v->mapping)
		return 0;
	if (filter & CORE_MAPPED_PRIVATE)
		return all;
	if (!(filter & CORE_ELF_HEADERS) || v->pgoff || !(v->flags & VM_READ))
		return 0;
	*ask = true;
	return PAGE_SIZE;
}

static char *vma_file_name(const struct vma *v, char *buf)
{
	dev_t dev;
	u64 ino;

	if (!v->ops || !v->ops->describe || v->ops->describe(v, buf, PATH_MAX, &dev, &ino) || !*buf)
		return NULL;
	char *name = kmalloc(strlen(buf) + 1, 0);
	if (name)
		strlcpy(name, buf, strlen(buf) + 1);
	return name;
}

static void vmas_free(struct core_vma *list, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		kfree(list[i].name);
	kfree(list);
}

/* The vmas as they are now; nobody changes them but another process that shares the space. */
static struct core_vma *vmas_list(struct vm_space *mm, unsigned *nr)
{
	char *buf = kmalloc(PATH_MAX, 0);
	unsigned room = MIN(mm->nr_vmas, (unsigned)HEADERS_MAX), n = 0;
	struct core_vma *list = buf ? kmalloc(MAX(room, 1u) * sizeof(*list), 0) : NULL;

	if (list) {
		rwlock_read_lock(&mm->lock);
		for (const struct vma *v = vma_find(mm, 0); v && n < room; v = vma_next(v), n++) {
			struct core_vma *c = &list[n];

			*c = (struct core_vma){ v->start, v->end, v->flags, 0, v->pgoff, NULL, false };
			c->name = vma_file_name(v, buf);
			c->dumped = dump_size(v, c->name, mm->dump_filter, &c->ask);
		}
		rwlock_read_unlock(&mm->lock);
		for (unsigned i = 0; i < n; i++)
			if (list[i].ask && !elf_header_at(list[i].start))
				list[i].dumped = 0;
	}
	kfree(buf);
	*nr = n;
	return list;
}

static void put_elf_header(struct core_sink *k, unsigned nr_headers)
{
	struct elf64_ehdr_k e = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1 },
		                  .e_type = ET_CORE,
		                  .e_machine = ARCH_ELF_MACHINE,
		                  .e_version = 1,
		                  .e_phoff = sizeof(e),
		                  .e_ehsize = sizeof(e),
		                  .e_phentsize = sizeof(struct elf64_phdr_k),
		                  .e_phnum = (u16)nr_headers };
	struct elf32_ehdr_k s = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, 1 },
		                  .e_type = ET_CORE,
		                  .e_machine = ARCH_ELF_MACHINE32,
		                  .e_version = 1,
		                  .e_phoff = sizeof(s),
		                  .e_ehsize = sizeof(s),
		                  .e_phentsize = sizeof(struct elf32_phdr_k),
		                  .e_phnum = (u16)nr_headers };

	if (k->core->small)
		core_put(k, &s, sizeof(s));
	else
		core_put(k, &e, sizeof(e));
}

static void put_program_header(struct core_sink *k, const struct elf64_phdr_k *p)
{
	const struct elf32_phdr_k s = { .p_type = p->p_type,
		                        .p_offset = (u32)p->p_offset,
		                        .p_vaddr = (u32)p->p_vaddr,
		                        .p_filesz = (u32)p->p_filesz,
		                        .p_memsz = (u32)p->p_memsz,
		                        .p_flags = p->p_flags,
		                        .p_align = (u32)p->p_align };

	if (!k->core->small) {
		core_put(k, p, sizeof(*p));
		return;
	}
	if (p->p_offset > UINT32_MAX) /* nearly all of 4 GiB and the notes */
		k->failed = true;
	core_put(k, &s, sizeof(s));
}

static void put_headers(struct core_sink *k, const struct core_vma *vmas, unsigned nr, size_t notes)
{
	size_t header = k->core->small ? sizeof(struct elf32_ehdr_k) : sizeof(struct elf64_ehdr_k);
	size_t entry = k->core->small ? sizeof(struct elf32_phdr_k) : sizeof(struct elf64_phdr_k);
	u64 at = header + (nr + 1) * entry;
	struct elf64_phdr_k note = { .p_type = PT_NOTE, .p_offset = at, .p_filesz = notes };

	put_elf_header(k, nr + 1);
	put_program_header(k, &note);
	at = ALIGN_UP(at + notes, PAGE_SIZE);
	for (unsigned i = 0; i < nr; i++) {
		const struct core_vma *v = &vmas[i];
		struct elf64_phdr_k ph = { .p_type = PT_LOAD, .p_offset = at, .p_align = PAGE_SIZE };

		ph.p_vaddr = v->start;
		ph.p_filesz = v->dumped;
		ph.p_memsz = v->end - v->start;
		ph.p_flags = (v->flags & VM_READ ? PF_R : 0) | (v->flags & VM_WRITE ? PF_W : 0) |
		             (v->flags & VM_EXEC ? PF_X : 0);
		put_program_header(k, &ph);
		at += v->dumped;
	}
}

/* Pages that are not there become holes. */
static void put_memory(struct core_sink *k, const struct core_vma *v, char *page)
{
	struct vm_space *mm = k->core->dumper->mm;
	u8 there[WINDOW];

	for (u64 done = 0; done < v->dumped && !k->failed; done += PAGE_SIZE) {
		u64 slot = done / PAGE_SIZE % WINDOW;

		if (slot == 0 &&
		    vm_mincore(mm, v->start + done, MIN(v->dumped - done, (u64)WINDOW * PAGE_SIZE), there))
			memset(there, 0, sizeof(there));
		if ((there[slot] || (v->flags & VM_SPECIAL)) &&
		    vm_copy(mm, v->start + done, page, PAGE_SIZE, false, true) == PAGE_SIZE)
			core_put(k, page, PAGE_SIZE);
		else
			core_skip(k, PAGE_SIZE);
		cond_resched();
	}
}

static bool write_all(struct core_sink *k, const struct core_vma *vmas, unsigned nr, char *page)
{
	struct core_sink count = { .core = k->core };

	core_put_notes(&count, vmas, nr);
	put_headers(k, vmas, nr, (size_t)count.pos);
	core_put_notes(k, vmas, nr);
	if (k->failed || count.failed)
		return false;
	core_align(k, PAGE_SIZE);
	for (unsigned i = 0; i < nr && !k->failed; i++)
		put_memory(k, &vmas[i], page);
	if (!k->failed && !k->core->pipe) /* a hole at the end */
		(void)!file_truncate(k->file, k->pos);
	return true;
}

bool core_write(struct core_dump *c, struct file *f)
{
	struct core_sink k = { .core = c, .file = f };
	char *page = kmalloc(PAGE_SIZE, 0);
	unsigned nr = 0;
	struct core_vma *vmas = page ? vmas_list(c->dumper->mm, &nr) : NULL;
	bool ok = vmas && nr + 1 < HEADERS_MAX && write_all(&k, vmas, nr, page);

	if (vmas)
		vmas_free(vmas, nr);
	kfree(page);
	return ok;
}
