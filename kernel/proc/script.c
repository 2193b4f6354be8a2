/* SPDX-License-Identifier: MIT
 * proc/script.c - `#!` scripts
 *
 * Owns:      nothing.
 * Layer:     proc.
 * Locks:     none.
 * Contexts:  process context, in execve; may sleep.
 * Manual:    execve(2): interpreter scripts.
 * Tests:     tests/abi/exec.c.
 *
 * The first line is `#!`, blanks, the interpreter's path, and at most one argument: all that follows the
 * path, inner blanks included.  A line longer than the head is accepted if the path ends within it, as Linux
 * does.
 */
#include <proc/exec.h>
#include <lib/string.h>
#include <mem/slab.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Cuts the line out of text[0..size): ends it with NUL, without trailing blanks; -ENOEXEC when the
 * interpreter's path may have been cut off. */
static int script_line(char *text, size_t size, char **line)
{
	char *begin = text + 2, *limit = text + size, *end, *p;

	for (end = begin; end < limit && *end != '\n' && *end; end++)
		;
	if (end == limit) {
		for (p = begin; p < limit && is_blank(*p); p++)
			;
		for (; p < limit && !is_blank(*p); p++)
			;
		if (p == limit)
			return -ENOEXEC;
		end = limit - 1;
	}
	while (end > begin && is_blank(end[-1]))
		end--;
	*end = 0;
	while (is_blank(*begin))
		begin++;
	*line = begin;
	return *begin ? 0 : -ENOEXEC;
}

int script_load(struct exec_image *x)
{
	char text[EXEC_HEAD], *line, *arg = NULL, *p;

	if (x->head[0] != '#' || x->head[1] != '!')
		return -ENOEXEC;
	if (x->name_closes)
		return -ENOENT; /* the interpreter could not open it */
	memcpy(text, x->head, sizeof(text));
	int err = script_line(text, sizeof(text), &line);
	if (err)
		return err;
	for (p = line; *p && !is_blank(*p); p++)
		;
	if (*p) {
		for (*p++ = 0; is_blank(*p); p++)
			;
		if (*p)
			arg = p;
	}
	char *interp = kstrdup(line);
	if (!interp)
		return -ENOMEM;
	err = exec_args_prefix(&x->args, interp, arg, x->interp ? x->interp : x->name);
	if (err) {
		kfree(interp);
		return err;
	}
	kfree(x->interp);
	x->interp = interp;
	return 0;
}
