/* SPDX-License-Identifier: MIT
 *
 * fs/seq.c - text files that are made when they are read
 *
 * Owns:      struct seq_file, f->private of such a file.
 * Layer:     fs. Used by procfs.
 * Locks:     s->lock: the text of one open file.
 * Contexts:  process context; may sleep.
 * Manual:    proc(5).
 * Tests:     tests/abi/procself.c.
 *
 * The whole text is made at once, so that what one reader sees is of one moment even if it reads byte by
 * byte; a buffer that was too small is doubled and the text made again.
 */
#include <fs/seq.h>
#include <fs/inode.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <abi/errno.h>

enum { SEQ_FIRST = 4096, SEQ_MAX = 4 << 20, SEQ_WRITE_MAX = 65536 };

struct seq_file {
	struct mutex lock;
	struct seq s;
	bool made;
	int (*show)(struct seq *s, void *ctx);
	ssize_t (*write)(void *ctx, char *text, size_t n);
	void (*release)(void *ctx);
};

void seq_write(struct seq *s, const void *p, size_t n)
{
	if (n > s->size - s->len) {
		s->overflow = true;
		return;
	}
	memcpy(s->buf + s->len, p, n);
	s->len += n;
}

void seq_printf(struct seq *s, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(s->buf + s->len, s->size - s->len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= s->size - s->len)
		s->overflow = true;
	else
		s->len += (size_t)n;
}

/* Calls show until the text fits. */
static int make_text(struct seq_file *q)
{
	struct seq *s = &q->s;

	for (;;) {
		int err;

		if (!s->buf) {
			s->buf = kmalloc(s->size, 0);
			if (!s->buf)
				return -ENOMEM;
		}
		s->len = 0;
		s->overflow = false;
		err = q->show(s, s->ctx);
		if (err)
			return err;
		if (!s->overflow)
			return 0;
		if (s->size >= SEQ_MAX)
			return -ENOMEM;
		kfree(s->buf);
		s->buf = NULL;
		s->size *= 2;
	}
}

static ssize_t seq_file_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct seq_file *q = f->private;
	size_t n;

	scoped_mutex(&q->lock);
	if (*pos == 0 || !q->made) {
		int err = make_text(q);
		if (err)
			return err;
		q->made = true;
	}
	if ((u64)*pos >= q->s.len || !to->count)
		return 0;
	n = copy_to_iter(q->s.buf + *pos, MIN(to->count, q->s.len - (size_t)*pos), to);
	if (!n)
		return -EFAULT;
	*pos += (loff_t)n;
	return (ssize_t)n;
}

static ssize_t seq_file_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	struct seq_file *q = f->private;
	size_t n = from->count;
	char *text;
	ssize_t r;

	if (!q->write || n > SEQ_WRITE_MAX)
		return -EINVAL;
	text = kmalloc(n + 1, 0);
	if (!text)
		return -ENOMEM;
	if (copy_from_iter(text, n, from) == n) {
		text[n] = 0;
		r = q->write(q->s.ctx, text, n);
	} else {
		r = -EFAULT;
	}
	kfree(text);
	if (r > 0)
		*pos += r;
	return r;
}

static loff_t seq_file_lseek(struct file *f, loff_t off, int whence)
{
	return dir_lseek(f, off, whence); /* SEEK_SET and SEEK_CUR: the text has no size yet */
}

static void seq_file_release(struct file *f)
{
	struct seq_file *q = f->private;

	if (q->release)
		q->release(q->s.ctx);
	kfree(q->s.buf);
	kfree(q);
}

const struct file_ops seq_file_ops = {
	.read = seq_file_read,
	.write = seq_file_write,
	.lseek = seq_file_lseek,
	.release = seq_file_release,
};

int seq_open(struct file *f, int (*show)(struct seq *s, void *ctx),
             ssize_t (*write)(void *ctx, char *text, size_t n), void *ctx, void (*release)(void *ctx))
{
	struct seq_file *q = kzalloc(sizeof(*q));

	if (!q)
		return -ENOMEM;
	mutex_init(&q->lock);
	q->s.size = SEQ_FIRST;
	q->s.ctx = ctx;
	q->show = show;
	q->write = write;
	q->release = release;
	f->private = q;
	f->ops = &seq_file_ops;
	return 0;
}
