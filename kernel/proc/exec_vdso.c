/* SPDX-License-Identifier: MIT
 * proc/exec_vdso.c - the kernel's shared pages in a new address space
 *
 * Owns:      their place.
 * Layer:     proc.  Uses arch (the image), base (the clock page), vm.
 * Locks:     mm->lock for a look at the vmas; nobody else knows the address space.
 * Contexts:  process context, in execve; may sleep.
 * Manual:    vdso(7), getauxval(3) AT_SYSINFO_EHDR.
 * Tests:     tests/abi/vdso.c, tests/i386/vdso.c
 *
 * Theory
 * ------
 *     stack_top |.. random distance ..|[vvar] clock page|[vdso] code ...|..| end of the stack's 2 MiB
 *
 * Above the stack they share its page tables, so they cost a process no page.  Where there is no room (the stack is
 * at the top: addresses are not random), they go among the mappings.
 */
#include <proc/exec.h>
#include <arch/elf.h>
#include <abi/sched.h>
#include <base/clock.h>
#include <base/random.h>

enum { LEAF_SPAN = 2 << 20 }; /* what one page table maps */

/* A free place above the stack; 0 = there is none. */
static uaddr_t place_above_stack(struct vm_space *mm, size_t len)
{
	uaddr_t start = mm->stack_top, end = MIN(ALIGN_UP(start + 1, LEAF_SPAN), mm->top);
	struct vma *v;

	if (start + len > end)
		return 0;
	start += random_u64() % ((end - start - len) / PAGE_SIZE + 1) * PAGE_SIZE;
	rwlock_read_lock(&mm->lock);
	v = vma_find(mm, start);
	if (v && v->start < start + len)
		start = 0;
	rwlock_read_unlock(&mm->lock);
	return start;
}

/* Anywhere: a mapping that is replaced at once.  The address or -ENOMEM. */
static long place_anywhere(struct vm_space *mm, size_t len)
{
	struct vm_mmap_args a = { .len = len,
		                  .prot = PROT_NONE,
		                  .flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE };

	return vm_mmap(mm, &a);
}

int exec_map_vdso(struct exec_image *x)
{
	const char *code = x->small ? arch_vdso32_start : arch_vdso_start;
	size_t code_len = (size_t)((x->small ? arch_vdso32_end : arch_vdso_end) - code);
	bool random = vm_aslr && !(current_task()->personality & ADDR_NO_RANDOMIZE);
	long at = random ? (long)place_above_stack(x->mm, PAGE_SIZE + code_len) : 0;

	if (!at)
		at = place_anywhere(x->mm, PAGE_SIZE + code_len);
	if (at < 0)
		return (int)at;
	long err = vm_map_physical(x->mm, (uaddr_t)at, clock_page_paddr(), PAGE_SIZE,
	                           VM_READ | VM_MAYREAD | VM_DONTDUMP, "[vvar]");
	if (err < 0)
		return (int)err;
	x->vdso = (uaddr_t)at + PAGE_SIZE;
	if (x->small)
		x->mm->vdso32 = x->vdso;
	err = vm_map_physical(x->mm, x->vdso, virt_to_phys(code), code_len,
	                      VM_READ | VM_EXEC | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC, "[vdso]");
	return err < 0 ? (int)err : 0;
}
