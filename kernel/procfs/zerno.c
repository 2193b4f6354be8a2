/* SPDX-License-Identifier: MIT
 *
 * procfs/zerno.c - our own directory /proc/zerno: the trace rings, exact counts of memory
 *
 * Owns:      nothing; reads what others own.
 * Layer:     procfs.
 * Locks:     none of its own.
 * Contexts:  process context; may sleep.
 * Manual:    docs/tracing.md.
 * Tests:     tests/abi/procself.c
 */
#include <procfs/internal.h>
#include <base/trace.h>
#include <mem/slab.h>

enum { TRACE_READ_MIN = 256 }; /* room for any one record's text */

/* The file position is the record number, so that a reader goes on where it was and sees new records. */
static ssize_t trace_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	u64 cursor = (u64)*pos;
	size_t got;
	char *buf;
	ssize_t result;

	if (to->count < TRACE_READ_MIN)
		return -EINVAL;
	buf = kmalloc(PAGE_SIZE, 0);
	if (!buf)
		return -ENOMEM;
	got = trace_format(&cursor, buf, MIN(to->count, PAGE_SIZE));
	result = (ssize_t)copy_to_iter(buf, got, to);
	if (result < (ssize_t)got)
		result = -EFAULT;
	else
		*pos = (loff_t)cursor;
	kfree(buf);
	return result;
}

static const struct file_ops trace_fops = { .read = trace_read, .lseek = generic_lseek };

static const char *const event_names[TRACE_NR] = {
#define X(name, group, fmt) #name,
	TRACE_EVENTS(X)
#undef X
};

/* The enabled events, in the form trace_enable takes. */
static int show_enable(struct seq *s, struct proc_node *n)
{
	u64 on = atomic_load(&trace_enabled);
	const char *comma = "";

	for (unsigned i = 0; i < TRACE_NR; i++) {
		if (!(on >> i & 1))
			continue;
		seq_printf(s, "%s%s", comma, event_names[i]);
		comma = ",";
	}
	seq_puts(s, "\n");
	return 0;
}

static ssize_t write_enable(struct proc_node *n, char *text, size_t len)
{
	char *end = strchr(text, '\n');
	int err;

	if (end)
		*end = 0;
	err = trace_set(text);
	return err ? err : (ssize_t)len;
}

static const struct proc_entry zerno_entries[] = {
	{ .name = "memory", .mode = S_IFREG | 0444, .show = proc_show_memory },
	{ .name = "trace", .mode = S_IFREG | 0400, .fops = &trace_fops },
	{ .name = "trace_enable", .mode = S_IFREG | 0600, .show = show_enable, .write = write_enable },
};
const struct proc_dir proc_zerno_dir = { PROC_DIR(zerno_entries) };
