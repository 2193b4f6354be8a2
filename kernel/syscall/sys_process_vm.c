/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_process_vm.c - process_vm_readv(2), process_vm_writev(2): memory of another process
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses vm_copy, proc/ptrace (who may).
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    process_vm_readv(2).
 * Tests:     tests/abi/ptrace.c
 *
 * The bytes go through one page of kernel memory.  Unlike ptrace, page protection counts.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <arch/user_access.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <proc/ptrace.h>

enum { IOV_LIMIT = 1024 };

/* The caller's vector, to be freed; NULL for none. */
static int vec_get(const struct iovec __user *u, unsigned long nr, bool local, struct iovec **out)
{
	*out = NULL;
	if (nr > IOV_LIMIT)
		return -EINVAL;
	if (!nr)
		return 0;
	struct iovec *v = kmalloc(nr * sizeof(*v), 0);
	if (!v)
		return -ENOMEM;
	int err = longs_get((s64 *)v, u, 2 * (unsigned)nr);
	size_t total = 0;
	for (unsigned long i = 0; !err && i < nr; i++) {
		if (call_small())
			v[i].base = (u32)v[i].base;
		if ((ssize_t)v[i].len < 0)
			err = -EINVAL;
		else if (local && !arch_user_range_ok(v[i].base, v[i].len))
			err = -EFAULT;
		else if (v[i].len > MAX_RW_COUNT - total)
			v[i].len = MAX_RW_COUNT - total;
		total += err ? 0 : v[i].len;
	}
	if (err)
		kfree(v);
	else
		*out = v;
	return err;
}

/* Copies between remote memory and the iter; the bytes moved. */
static ssize_t copy_remote(struct vm_space *mm, const struct iovec *r, unsigned long nr, struct iov_iter *it,
                           bool write)
{
	char *buf = kmalloc(PAGE_SIZE, 0);
	ssize_t done = 0;

	if (!buf)
		return -ENOMEM;
	for (unsigned long i = 0; i < nr && it->count; i++) {
		size_t at = 0;

		while (at < r[i].len && it->count) {
			size_t n =
			        MIN(MIN(PAGE_SIZE - (r[i].base + at) % PAGE_SIZE, r[i].len - at), it->count);
			size_t got = write ? copy_from_iter(buf, n, it)
			                   : vm_copy(mm, r[i].base + at, buf, n, false, false);
			size_t put = write ? vm_copy(mm, r[i].base + at, buf, got, true, false)
			                   : copy_to_iter(buf, got, it);

			done += (ssize_t)put;
			if (put < n) {
				kfree(buf);
				return done ? done : -EFAULT;
			}
			at += n;
			cond_resched();
		}
	}
	kfree(buf);
	return done;
}

static ssize_t with_process(pid_t pid, const struct iovec *r, unsigned long nr, struct iov_iter *it,
                            bool write)
{
	struct task *t = task_find_get(pid);
	struct vm_space *mm;
	ssize_t result = -ESRCH;

	if (!t)
		return -ESRCH;
	if (!ptrace_may_access(t, true)) {
		result = -EPERM;
	} else if ((mm = task_mm_get(t)) != NULL) {
		result = copy_remote(mm, r, nr, it, write);
		vm_space_put(mm);
	}
	task_put(t);
	return result;
}

static long process_vm(pid_t pid, const struct iovec __user *lvec, unsigned long nl,
                       const struct iovec __user *rvec, unsigned long nr, unsigned long flags, bool write)
{
	struct iovec *local, *remote;
	struct iov_iter it;
	ssize_t result;

	if (flags)
		return -EINVAL;
	result = vec_get(lvec, nl, true, &local);
	if (result)
		return result;
	result = vec_get(rvec, nr, false, &remote);
	if (!result && nl && nr) {
		result = iov_init_user_vec(&it, local, (unsigned)nl);
		if (!result && it.count)
			result = with_process(pid, remote, nr, &it, write);
	}
	kfree(remote);
	kfree(local);
	return result;
}

long sys_process_vm_readv(pid_t pid, const struct iovec __user *lvec, unsigned long liovcnt,
                          const struct iovec __user *rvec, unsigned long riovcnt, unsigned long flags)
{
	return process_vm(pid, lvec, liovcnt, rvec, riovcnt, flags, false);
}

long sys_process_vm_writev(pid_t pid, const struct iovec __user *lvec, unsigned long liovcnt,
                           const struct iovec __user *rvec, unsigned long riovcnt, unsigned long flags)
{
	return process_vm(pid, lvec, liovcnt, rvec, riovcnt, flags, true);
}
