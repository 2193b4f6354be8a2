/* SPDX-License-Identifier: MIT
 *
 * syscall/compat_mem.c - the i386 ABI: mmap, and descriptors for thread-local storage
 *
 * Owns:      nothing.
 * Layer:     syscall.  Calls the handlers of the 64-bit ABI.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    mmap2(2), set_thread_area(2).
 * Tests:     tests/i386.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <arch/switch.h>

long sys_i386_mmap2(unsigned long addr, size_t len, unsigned long prot, unsigned long flags, unsigned long fd,
                    unsigned long page)
{
	/* A 64-bit program's i386 calls cannot tell it of an address above 4 GiB. */
	if (current_task()->mm->top > 1UL << 32)
		flags |= MAP_32BIT;
	return sys_mmap(addr, len, prot, flags, fd, page << PAGE_SHIFT);
}

long sys_i386_mmap(const u32 __user *args)
{
	u32 a[6];

	if (copy_from_user(a, args, sizeof(a)))
		return -EFAULT;
	if (a[5] & ~PAGE_MASK)
		return -EINVAL;
	return sys_i386_mmap2(a[0], a[1], a[2], a[3], a[4], a[5] >> PAGE_SHIFT);
}

long sys_i386_set_thread_area(void __user *desc)
{
	return arch_set_thread_area(desc);
}

long sys_i386_get_thread_area(void __user *desc)
{
	return arch_get_thread_area(desc);
}
