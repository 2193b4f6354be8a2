/* SPDX-License-Identifier: MIT
 * fs/seq.h - text files that are made when they are read: /proc, /sys. */
#pragma once
#include <fs/file.h>
struct seq {
	char *buf;
	size_t len, size;
	bool overflow; /* grow and call again */
	void *ctx;
};
PRINTF_LIKE(2, 3) void seq_printf(struct seq *s, const char *fmt, ...);
void seq_write(struct seq *s, const void *p, size_t n);
static inline void seq_puts(struct seq *s, const char *t)
{
	seq_write(s, t, __builtin_strlen(t));
}
/* Opens f as text: `show` writes all of it (0 or -errno) and may be called again with a larger buffer.
 * The text is made at the first read, and again after lseek to 0.  `write` (may be NULL) gets the whole string. */
int seq_open(struct file *f, int (*show)(struct seq *s, void *ctx),
             ssize_t (*write)(void *ctx, char *text, size_t n), void *ctx, void (*release)(void *ctx));
extern const struct file_ops seq_file_ops;
