/* SPDX-License-Identifier: MIT
 * syscall/strace.h - the line of text that stands for a system call, and who writes into it. */
#pragma once
#include <syscall/syscall.h>

enum { STRACE_TEXT = 360 /* fits a line of the log */, STRACE_STRING = 32 /* bytes shown of a buffer */ };
struct strace_line {
	const struct syscall_desc *desc; /* NULL: unknown number */
	unsigned long nr;
	unsigned long arg[6];
	unsigned next; /* the first argument not written yet */
	bool after;    /* the call has returned: results can be read */
	long result;
	size_t len;
	char text[STRACE_TEXT];
};
/* Appends; a full line is cut. */
PRINTF_LIKE(2, 3) void strace_put(struct strace_line *s, const char *fmt, ...);
/* strace_args.c: appends argument i. */
void strace_put_arg(struct strace_line *s, unsigned i);
/* True when the argument's kind shows what the call wrote, so that it must wait for the result. */
bool strace_is_output(const char *kind);
/* strace_structs.c: appends the struct at user address addr; count = elements where kind has [N]. */
void strace_put_struct(struct strace_line *s, const char *type, size_t type_len, unsigned long addr,
                       unsigned long count);
/* A quoted string of n bytes of user memory, cut to `max`; the address when it cannot be read. */
void strace_put_bytes(struct strace_line *s, unsigned long addr, size_t n, size_t max);
void strace_put_string(struct strace_line *s, unsigned long addr);

/* ---- strace_names.c ---- */
/* Appends the value in words: "O_RDONLY|O_CLOEXEC"; what has no name as a number. */
void strace_put_flags(struct strace_line *s, const char *set, u64 value);
void strace_put_enum(struct strace_line *s, const char *set, u64 value);
void strace_put_signal(struct strace_line *s, long sig);
void strace_put_sigset(struct strace_line *s, sigset_k set);
const char *strace_errno_name(long err); /* "ENOENT", or NULL */
