/* SPDX-License-Identifier: MIT
 *
 * syscall/strace_args.c - one argument of a system call as text, by its kind
 *
 * Owns:      nothing.
 * Layer:     syscall.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep (reads user memory).
 * Manual:    syscalls.tbl says the kinds.
 * Tests:     tests/debian/strace.cases
 */
#include <syscall/strace.h>
#include <lib/string.h>

enum { STRV_SHOWN = 6, PATH_SHOWN = 160 };

static void put_escaped(struct strace_line *s, const u8 *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		switch (p[i]) {
		case '\n':
			strace_put(s, "\\n");
			break;
		case '\t':
			strace_put(s, "\\t");
			break;
		case '\r':
			strace_put(s, "\\r");
			break;
		case '"':
		case '\\':
			strace_put(s, "\\%c", p[i]);
			break;
		default:
			strace_put(s, p[i] >= ' ' && p[i] < 0x7f ? "%c" : "\\%o", p[i]);
		}
	}
}

static void put_pointer(struct strace_line *s, unsigned long addr)
{
	if (addr)
		strace_put(s, "0x%lx", addr);
	else
		strace_put(s, "NULL");
}

void strace_put_bytes(struct strace_line *s, unsigned long addr, size_t n, size_t max)
{
	size_t shown = MIN(MIN(n, max), (size_t)STRACE_STRING);
	u8 copy[STRACE_STRING];

	if (copy_from_user(copy, (const void __user *)addr, shown)) {
		put_pointer(s, addr);
		return;
	}
	strace_put(s, "\"");
	put_escaped(s, copy, shown);
	strace_put(s, shown < n ? "\"..." : "\"");
}

void strace_put_string(struct strace_line *s, unsigned long addr)
{
	char copy[PATH_SHOWN];
	ssize_t n = strncpy_from_user(copy, (const char __user *)addr, sizeof(copy));
	bool cut = n == -ENAMETOOLONG;

	if (cut)
		n = sizeof(copy);
	if (!addr || n < 0) {
		put_pointer(s, addr);
		return;
	}
	strace_put(s, "\"");
	put_escaped(s, (const u8 *)copy, (size_t)n);
	strace_put(s, cut ? "\"..." : "\"");
}

/* argv in words, the environment only counted. */
static void put_vector(struct strace_line *s, unsigned long addr, bool count_only)
{
	unsigned long p, n = 0;

	if (!addr || get_user(p, (const unsigned long __user *)addr)) {
		put_pointer(s, addr);
		return;
	}
	if (!count_only)
		strace_put(s, "[");
	while (n < 1024 && !get_user(p, (const unsigned long __user *)addr + n) && p) {
		if (!count_only && n < STRV_SHOWN) {
			strace_put(s, n ? ", " : "");
			strace_put_string(s, p);
		}
		n++;
	}
	if (count_only)
		strace_put(s, "0x%lx /* %lu vars */", addr, n);
	else
		strace_put(s, n > STRV_SHOWN ? ", ...]" : "]");
}

/* The argument that [name] in a kind refers to. */
static unsigned long length_arg(const struct strace_line *s, const char *kind)
{
	const char *open = strchr(kind, '[');

	for (unsigned i = 0; open && i < s->desc->nargs; i++) {
		size_t n = strlen(s->desc->arg[i].name);
		if (!strncmp(open + 1, s->desc->arg[i].name, n) && open[1 + n] == ']')
			return s->arg[i];
	}
	return 1;
}

bool strace_is_output(const char *kind)
{
	return str_starts(kind, "out") || str_starts(kind, "inout");
}

/* in, out, inout: bytes or structs in the caller's memory. */
static void put_memory(struct strace_line *s, const char *kind, unsigned long addr)
{
	bool out = str_starts(kind, "out");
	unsigned long n = length_arg(s, kind);
	const char *type = strchr(kind, ':'), *end;

	if (!addr || (out && s->result < 0)) {
		put_pointer(s, addr);
		return;
	}
	if (!type) {
		strace_put_bytes(s, addr, out ? MIN(n, (unsigned long)s->result) : n, STRACE_STRING);
		return;
	}
	type++;
	end = strchr(type, '[');
	strace_put_struct(s, type, end ? (size_t)(end - type) : strlen(type), addr, n);
}

static void put_ioctl(struct strace_line *s, unsigned cmd)
{
	const struct ioctl_desc *d = ioctl_find(cmd);

	if (d)
		strace_put(s, "%s", d->name);
	else
		strace_put(s, "0x%x", cmd);
}

static void put_dev(struct strace_line *s, unsigned dev)
{
	strace_put(s, "makedev(0x%x, 0x%x)", (dev & 0xfff00) >> 8, (dev & 0xff) | (dev >> 12 & 0xfff00));
}

static bool put_number(struct strace_line *s, const char *kind, unsigned long v)
{
	if (!strcmp(kind, "int") || !strcmp(kind, "fd") || !strcmp(kind, "pid") || !strcmp(kind, "id"))
		strace_put(s, "%d", (int)v);
	else if (!strcmp(kind, "size"))
		strace_put(s, "%lu", v);
	else if (!strcmp(kind, "off"))
		strace_put(s, "%ld", (long)v);
	else if (!strcmp(kind, "mode"))
		strace_put(s, "0%lo", v & 0xffffffff);
	else if (!strcmp(kind, "hex"))
		strace_put(s, v ? "0x%lx" : "%lu", v);
	else
		return false;
	return true;
}

void strace_put_arg(struct strace_line *s, unsigned i)
{
	const char *kind = s->desc->arg[i].kind;
	unsigned long v = s->arg[i];

	if (put_number(s, kind, v))
		return;
	if (!strcmp(kind, "path") || !strcmp(kind, "str"))
		strace_put_string(s, v);
	else if (!strcmp(kind, "dirfd"))
		strace_put(s, (int)v == AT_FDCWD ? "AT_FDCWD" : "%d", (int)v);
	else if (!strcmp(kind, "strv"))
		put_vector(s, v, !strcmp(s->desc->arg[i].name, "envp"));
	else if (str_starts(kind, "flags:"))
		strace_put_flags(s, kind + 6, v);
	else if (str_starts(kind, "enum:"))
		strace_put_enum(s, kind + 5, v);
	else if (!strcmp(kind, "sig"))
		strace_put_signal(s, (int)v);
	else if (!strcmp(kind, "ioctl"))
		put_ioctl(s, (unsigned)v);
	else if (!strcmp(kind, "dev"))
		put_dev(s, (unsigned)v);
	else if (str_starts(kind, "in") || str_starts(kind, "out"))
		put_memory(s, kind, v);
	else
		put_pointer(s, v);
}
