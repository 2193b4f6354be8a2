/* SPDX-License-Identifier: MIT
 *
 * syscall/strace.c - system calls as text in the log, in the style of strace(1)
 *
 * Owns:      struct strace_line.
 * Layer:     syscall.  Uses the descriptions generated from syscalls.tbl; base/log.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep (reads user memory).
 * Manual:    strace(1).
 * Tests:     tests/debian/strace.cases
 *
 * Theory
 * ------
 * A line is written in two halves.  Before the call: the name and the arguments up to the first one that the
 * call will fill in, because execve and munmap take away what they point to.  After the call: the rest and
 * the result.  Nothing about a system call is known here; the kind of each argument in the table says how to
 * show it:
 *
 *      openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3
 *      read(3, "root:x:0:0:root:/root:/bin/sh\nda"..., 4096) = 312
 *      <-------><------------------------------------------------->
 *       before                        after
 */
#include <syscall/strace.h>
#include <base/log.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mem/slab.h>

void strace_put(struct strace_line *s, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (s->len >= STRACE_TEXT - 1)
		return;
	va_start(ap, fmt);
	n = vsnprintf(s->text + s->len, STRACE_TEXT - s->len, fmt, ap);
	va_end(ap);
	s->len = MIN(s->len + (size_t)n, (size_t)STRACE_TEXT - 1);
}

static void strace_print(struct strace_line *s)
{
	struct task *t = current_task();

	log_info("[%d %s] %s", t->pid, t->comm, s->text);
	kfree(s);
}

/* An argument that matters only with another one: the mode of an open that creates nothing. */
static bool strace_skip_arg(const struct strace_line *s, unsigned i)
{
	unsigned long flags;

	if (!i || strcmp(s->desc->arg[i].kind, "mode") || strcmp(s->desc->arg[i - 1].kind, "flags:open"))
		return false;
	flags = s->arg[i - 1];
	return !(flags & (O_CREAT | O_TMPFILE_BIT));
}

static void strace_put_args(struct strace_line *s)
{
	for (; s->next < s->desc->nargs; s->next++) {
		if (!s->after && strace_is_output(s->desc->arg[s->next].kind))
			return;
		if (strace_skip_arg(s, s->next))
			continue;
		if (s->next)
			strace_put(s, ", ");
		strace_put_arg(s, s->next);
	}
}

struct strace_line *strace_enter(unsigned long nr, const unsigned long arg[6])
{
	struct strace_line *s = kmalloc(sizeof(*s), ALLOC_NOFAIL_INJECT);

	if (!s)
		return NULL;
	memset(s, 0, offsetof(struct strace_line, text));
	s->text[0] = 0;
	s->nr = nr;
	memcpy(s->arg, arg, sizeof(s->arg));
	const struct syscall_desc *all =
	        current_task()->call_layout ? syscall_desc_i386 : syscall_desc_native;
	if (nr < SYSCALL_NATIVE_MAX && all[nr].name)
		s->desc = &all[nr];
	if (!s->desc) {
		strace_put(s, "syscall_%lu(0x%lx, 0x%lx, 0x%lx, 0x%lx, 0x%lx, 0x%lx", nr, arg[0], arg[1],
		           arg[2], arg[3], arg[4], arg[5]);
		return s;
	}
	strace_put(s, "%s(", s->desc->name);
	strace_put_args(s);
	if (strcmp(s->desc->result, "none"))
		return s;
	strace_put(s, ") = ?");
	strace_print(s);
	return NULL;
}

static const char *restart_name(long result)
{
	switch (result) {
	case -ERESTARTSYS:
		return "ERESTARTSYS";
	case -ERESTARTNOINTR:
		return "ERESTARTNOINTR";
	case -ERESTARTNOHAND:
		return "ERESTARTNOHAND";
	case -ERESTART_RESTARTBLOCK:
		return "ERESTART_RESTARTBLOCK";
	default:
		return NULL;
	}
}

static void strace_put_result(struct strace_line *s, long result)
{
	const char *kind = s->desc ? s->desc->result : "int", *name;

	if (restart_name(result)) {
		strace_put(s, ") = ? %s", restart_name(result));
	} else if (result < 0 && result >= -ERR_MAX) {
		name = strace_errno_name(-result);
		strace_put(s, ") = -1 %s", name ? name : "E?");
		if (!name)
			strace_put(s, "%ld", -result);
	} else if (!strcmp(kind, "addr") || !strcmp(kind, "hex")) {
		strace_put(s, ") = 0x%lx", (unsigned long)result);
	} else if (!strcmp(kind, "mode")) {
		strace_put(s, ") = 0%lo", (unsigned long)result);
	} else {
		strace_put(s, ") = %ld", result);
	}
}

void strace_exit(struct strace_line *s, long result)
{
	if (likely(!s))
		return;
	s->after = true;
	s->result = result;
	if (s->desc)
		strace_put_args(s);
	strace_put_result(s, result);
	strace_print(s);
}
