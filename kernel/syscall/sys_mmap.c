/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_mmap.c - mmap(2), munmap(2), mprotect(2), mremap(2), brk(2), madvise(2), msync(2), mincore(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses vm, fs (which file, and what it allows).
 * Locks:     none; vm locks the address space.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    mmap(2), mprotect(2), mremap(2), brk(2), madvise(2), msync(2), mincore(2).
 * Tests:     tests/abi/mem.c
 *
 * The flow of a file mapping: descriptor -> file_mmap(), which checks the open mode and fills in the page
 * cache and what is allowed -> vm_mmap(), which knows no file.
 */
#include <syscall/syscall.h>
#include <arch/elf.h>
#include <sys_protos.h>
#include <arch/user_access.h>
#include <mem/slab.h>

static struct vm_space *own_space(void)
{
	return current_task()->mm;
}

static long mmap_file(struct vm_mmap_args *a, unsigned fd)
{
	struct fd_ref r = fd_arg(fd);
	long addr;

	if (!r.file)
		return -EBADF;
	addr = a->len ? file_mmap(r.file, a) : -EINVAL;
	if (!addr)
		addr = vm_mmap(own_space(), a);
	fd_ref_put(r);
	return addr;
}

long sys_mmap(unsigned long addr, size_t len, unsigned long prot, unsigned long flags, unsigned long fd,
              unsigned long offset)
{
	struct vm_mmap_args a = {
		.addr = addr,
		.len = len,
		.prot = (int)prot,
		.flags = (int)flags,
		.pgoff = offset >> PAGE_SHIFT,
		.extra = addr < USER_MIN && capable(CAP_SYS_RAWIO) ? VM_LOWADDR : 0,
	};

	if (offset & ~PAGE_MASK)
		return -EINVAL;
	if (unlikely(flags & MAP_LOCKED || own_space()->lock_future) && mlock_set_limit(own_space()) &&
	    flags & MAP_LOCKED)
		return -EPERM;
	if (!(flags & MAP_ANONYMOUS))
		return mmap_file(&a, (unsigned)fd);
	a.pgoff = 0;
	return vm_mmap(own_space(), &a);
}

long sys_munmap(unsigned long addr, size_t len)
{
	return vm_munmap(own_space(), addr, len);
}

long sys_mprotect(unsigned long addr, size_t len, unsigned long prot)
{
	return vm_mprotect(own_space(), addr, len, (int)prot);
}

long sys_mremap(unsigned long addr, size_t old_len, size_t new_len, unsigned long flags,
                unsigned long new_addr)
{
	if (unlikely(own_space()->locked_pages))
		(void)!mlock_set_limit(own_space());
	long at = vm_mremap(own_space(), addr, old_len, new_len, (int)flags, new_addr);

	if (at >= 0 && (unsigned long)at != addr)
		arch_vdso_moved(addr, old_len, (unsigned long)at);
	return at;
}

long sys_brk(unsigned long brk)
{
	if (unlikely(own_space()->lock_future))
		(void)!mlock_set_limit(own_space());
	return (long)vm_brk(own_space(), brk);
}

long sys_madvise(unsigned long addr, size_t len, int advice)
{
	return vm_madvise(own_space(), addr, len, advice);
}

long sys_msync(unsigned long addr, size_t len, int flags)
{
	return vm_msync(own_space(), addr, len, flags);
}

/* One page of answers at a time: PAGE_SIZE pages of memory. */
static long do_mincore(unsigned long addr, unsigned long pages, unsigned char __user *vec, u8 *buf)
{
	while (pages) {
		unsigned long n = MIN(pages, PAGE_SIZE);
		int err = vm_mincore(own_space(), addr, n * PAGE_SIZE, buf);

		if (err)
			return err;
		if (copy_to_user(vec, buf, n))
			return -EFAULT;
		pages -= n;
		vec += n;
		addr += n * PAGE_SIZE;
		cond_resched();
	}
	return 0;
}

long sys_mincore(unsigned long addr, size_t len, unsigned char __user *vec)
{
	unsigned long pages = DIV_ROUND_UP(len, PAGE_SIZE);
	u8 *buf;
	long ret;

	if (addr & ~PAGE_MASK)
		return -EINVAL;
	if (!arch_user_range_ok(addr, len))
		return -ENOMEM;
	if (!arch_user_range_ok((unsigned long)vec, pages))
		return -EFAULT;
	buf = kmalloc(PAGE_SIZE, 0);
	if (!buf)
		return -EAGAIN;
	ret = do_mincore(addr, pages, vec, buf);
	kfree(buf);
	return ret;
}
