/* SPDX-License-Identifier: MIT
 *
 * procfs/pid_memory.c - [pid]/cmdline, environ, auxv: what exec put on the stack
 *
 * Owns:      nothing; reads what others own.
 * Layer:     procfs.
 * Locks:     none of its own.
 * Contexts:  process context; may sleep.
 * Manual:    proc(5).
 * Tests:     tests/abi/procself.c
 */
#include <procfs/internal.h>
#include <mem/slab.h>
#include <abi/elf.h>

enum { STRINGS_MAX = 2 << 20 }; /* exec allows no more; a program may have moved the marks by prctl(2) */

/* Copies [start, end) of another address space; stops at what is not readable. */
static int show_range(struct seq *s, struct vm_space *mm, uaddr_t start, uaddr_t end)
{
	char *buf = kmalloc(PAGE_SIZE, 0);

	if (!buf)
		return -ENOMEM;
	if (end > start + STRINGS_MAX)
		end = start + STRINGS_MAX;
	while (start < end && !s->overflow) {
		size_t want = MIN(PAGE_SIZE - (start & (PAGE_SIZE - 1)), end - start);
		size_t got = vm_copy(mm, start, buf, want, false, true);

		seq_write(s, buf, got);
		if (got < want)
			break;
		start += got;
	}
	kfree(buf);
	return 0;
}

int proc_show_cmdline(struct seq *s, struct task *t, struct proc_node *n)
{
	struct vm_space *mm = task_mm_get(t);
	int err = 0;

	if (!mm)
		return 0; /* a zombie */
	err = show_range(s, mm, mm->arg_start, mm->arg_end);
	vm_space_put(mm);
	return err;
}

int proc_show_environ(struct seq *s, struct task *t, struct proc_node *n)
{
	struct vm_space *mm = task_mm_get(t);
	int err = 0;

	if (!mm)
		return 0;
	err = show_range(s, mm, mm->env_start, mm->env_end);
	vm_space_put(mm);
	return err;
}

int proc_show_auxv(struct seq *s, struct task *t, struct proc_node *n)
{
	struct vm_space *mm = task_mm_get(t);
	unsigned i = 0;

	if (!mm)
		return 0;
	while (i + 2 < ARRAY_SIZE(mm->saved_auxv) && mm->saved_auxv[i] != AT_NULL)
		i += 2;
	size_t word = mm->top == USER_TOP ? sizeof(u64) : sizeof(u32); /* of the program */
	for (unsigned k = 0; k < i + 2; k++)
		seq_write(s, &mm->saved_auxv[k], word);
	vm_space_put(mm);
	return 0;
}
