/* SPDX-License-Identifier: MIT
 *
 * procfs/values.c - variables as text: the show and write functions that tables share
 *
 * Owns:      nothing.
 * Layer:     procfs.
 * Locks:     none; a variable is one word.
 * Contexts:  process context.
 * Manual:    proc(5), sysctl(8).
 * Tests:     tests/abi/procself.c
 */
#include <procfs/internal.h>

static bool only_space(const char *s)
{
	while (*s == ' ' || *s == '\n' || *s == '\t')
		s++;
	return !*s;
}

int proc_parse_int(const char *text, s64 *out)
{
	bool minus;
	u64 v;

	while (*text == ' ' || *text == '\t')
		text++;
	minus = *text == '-';
	text += minus;
	if (!parse_u64(&text, 0, &v) || v > INT64_MAX || !only_space(text))
		return -EINVAL;
	*out = minus ? -(s64)v : (s64)v;
	return 0;
}

int proc_show_int(struct seq *s, struct proc_node *n)
{
	seq_printf(s, "%d\n", atomic_load((int *)n->entry->data));
	return 0;
}

/* A number that the entry allows: 0 or -EINVAL. */
static int parse_allowed(const struct proc_node *n, const char *text, s64 *v)
{
	int err = proc_parse_int(text, v);

	return !err && (*v < n->entry->min || *v > n->entry->max) ? -EINVAL : err;
}

ssize_t proc_write_int(struct proc_node *n, char *text, size_t len)
{
	s64 v;
	int err = parse_allowed(n, text, &v);

	if (!err)
		atomic_store((int *)n->entry->data, (int)v);
	return err ? err : (ssize_t)len;
}

int proc_show_u64(struct seq *s, struct proc_node *n)
{
	seq_printf(s, "%llu\n", (unsigned long long)atomic_load((u64 *)n->entry->data));
	return 0;
}

ssize_t proc_write_u64(struct proc_node *n, char *text, size_t len)
{
	s64 v;
	int err = parse_allowed(n, text, &v);

	if (!err)
		atomic_store((u64 *)n->entry->data, (u64)v);
	return err ? err : (ssize_t)len;
}

int proc_show_text(struct seq *s, struct proc_node *n)
{
	seq_puts(s, (const char *)n->entry->data);
	return 0;
}

void seq_escaped(struct seq *s, const char *text, const char *set)
{
	for (const char *p = text; *p; p++) {
		if (*p == '\\' || strchr(set, *p))
			seq_printf(s, "\\%03o", (unsigned char)*p);
		else
			seq_write(s, p, 1);
	}
}
