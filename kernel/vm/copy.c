/* SPDX-License-Identifier: MIT
 * vm/copy.c - reading and writing another address space
 *
 * Owns:      vm_copy.
 * Layer:     vm.  Used by exec (the new space's stack), ptrace and /proc/pid/mem.
 * Locks:     space->lock for reading; pt_lock while bytes move, so the page cannot go.
 * Contexts:  process context; may sleep.
 * Manual:    ptrace(2) PTRACE_POKEDATA, process_vm_readv(2).
 * Tests:     kernel/vm/vm_ktest.c.
 */
#include "internal.h"
#include <lib/string.h>

/* Does the entry permit the copy as it is? */
static bool entry_ready(const struct vma *v, pte_t e, bool write)
{
	struct page *p;

	if (pte_none(e) || !pfn_valid(pte_paddr(e) >> PAGE_SHIFT))
		return false;
	if (!write)
		return true;
	if (v->flags & VM_SHARED)
		return pte_writable(e);
	if (pte_special(e))
		return false;
	p = paddr_page(pte_paddr(e));
	return (p->flags & PAGE_ANON) && ref_read(&p->ref) == 1; /* ours alone, whatever the program may */
}

/* Moves n bytes within one page if it is there; false when a fault is needed first. */
static bool copy_present(struct vm_space *s, struct vma *v, uaddr_t addr, void *buf, size_t n, bool write)
{
	bool ready;
	pte_t *pte;

	spin_lock(&s->pt_lock);
	pte = arch_pgtable_walk(&s->pt, addr, false);
	ready = pte && entry_ready(v, *pte, write);
	if (ready) {
		char *at = (char *)phys_to_virt(pte_paddr(*pte)) + addr % PAGE_SIZE;

		if (write)
			memcpy(at, buf, n);
		else
			memcpy(buf, at, n);
	}
	spin_unlock(&s->pt_lock);
	return ready;
}

static bool copy_in_page(struct vm_space *s, struct vma *v, uaddr_t addr, void *buf, size_t n, bool write,
                         bool force)
{
	unsigned access = (write ? VM_ACCESS_WRITE : VM_ACCESS_READ) | (force ? VM_ACCESS_FORCE : 0);
	u32 need = write ? VM_WRITE : VM_PROT_BITS;

	if (!force && !(v->flags & need))
		return false;
	/* A fault may have to be repeated: reading a page in, then copying it. */
	for (unsigned tries = 0; tries < 4; tries++) {
		if (copy_present(s, v, addr, buf, n, write))
			return true;
		if (vm_fault_vma(s, v, addr, access) < 0)
			return false;
	}
	return false;
}

size_t vm_copy(struct vm_space *s, uaddr_t addr, void *buf, size_t len, bool write, bool force)
{
	size_t done = 0;

	rwlock_read_lock(&s->lock);
	while (done < len) {
		uaddr_t at = addr + done;
		size_t n = MIN(len - done, PAGE_SIZE - at % PAGE_SIZE);
		struct vma *v = vma_find(s, at);

		if (at < addr || !v)
			break;
		if (at < v->start) {
			bool grown;

			rwlock_read_unlock(&s->lock);
			grown = vm_stack_grow(s, at);
			rwlock_read_lock(&s->lock);
			if (!grown)
				break;
			continue;
		}
		if (!copy_in_page(s, v, at, (char *)buf + done, n, write, force))
			break;
		done += n;
	}
	rwlock_read_unlock(&s->lock);
	return done;
}
