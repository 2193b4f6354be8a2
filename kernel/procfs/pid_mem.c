/* SPDX-License-Identifier: MIT
 *
 * procfs/pid_mem.c - [pid]/mem: the memory of a process as a file
 *
 * Owns:      nothing; an open file holds a reference to the address space.
 * Layer:     procfs.
 * Locks:     none of its own.
 * Contexts:  process context; may sleep.
 * Manual:    proc(5): /proc/[pid]/mem.
 * Tests:     tests/abi/ptrace.c
 *
 * The file shows the space that the process had when it was opened: after execve it reads as empty, so nobody looks
 * into a program with more power through an old descriptor.  Page protection does not count, as for ptrace(2).
 */
#include <procfs/internal.h>
#include <mem/slab.h>
#include <proc/ptrace.h>

static int mem_open(struct inode *i, struct file *f)
{
	struct task *t = proc_task(proc_node(i));
	int err = 0;

	if (!t)
		return -ESRCH;
	if (ptrace_may_access(t, false))
		f->private = task_mm_get(t);
	else
		err = -EACCES;
	task_put(t);
	return err;
}

static void mem_release(struct file *f)
{
	if (f->private)
		vm_space_put(f->private);
}

static ssize_t mem_copy(struct file *f, struct iov_iter *it, loff_t *pos, bool write)
{
	struct vm_space *mm = f->private;
	ssize_t done = 0;
	char *buf;

	if (!mm)
		return 0;
	buf = kmalloc(PAGE_SIZE, 0);
	if (!buf)
		return -ENOMEM;
	while (it->count) {
		uaddr_t addr = (uaddr_t)*pos;
		size_t n = MIN(PAGE_SIZE - addr % PAGE_SIZE, it->count);
		size_t got = write ? copy_from_iter(buf, n, it) : vm_copy(mm, addr, buf, n, false, true);
		size_t put = write ? vm_copy(mm, addr, buf, got, true, true) : copy_to_iter(buf, got, it);

		done += (ssize_t)put;
		*pos += (loff_t)put;
		if (put < n) {
			if (!done)
				done = (write ? got < n : put < got) ? -EFAULT : -EIO;
			break;
		}
		cond_resched();
	}
	kfree(buf);
	return done;
}

static ssize_t mem_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	return mem_copy(f, to, pos, false);
}

static ssize_t mem_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	return mem_copy(f, from, pos, true);
}

static loff_t mem_lseek(struct file *f, loff_t off, int whence)
{
	if (whence == SEEK_CUR)
		off += f->pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	f->pos = off;
	return off;
}

const struct file_ops proc_mem_fops = {
	.open = mem_open,
	.release = mem_release,
	.read = mem_read,
	.write = mem_write,
	.lseek = mem_lseek,
};
