/* SPDX-License-Identifier: MIT
 *
 * fs/devfs/memdev.c - the memory devices: null, zero, full, random, urandom, kmsg
 *
 * Owns:      major 1.
 * Layer:     fs/devfs.
 * Locks:     a reader's position in the log, under f->private's mutex.
 * Contexts:  process context; copies may sleep.
 * Manual:    null(4), full(4), random(4), Linux' Documentation/ABI/testing/dev-kmsg.
 * Tests:     tests/abi/system.c.
 */
#include <fs/devfs/devfs.h>
#include <fs/chrdev.h>
#include <fs/inode.h>
#include <fs/poll.h>
#include <base/log.h>
#include <base/random.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <sched/mutex.h>
#include <sched/timer.h>
#include <vm/space.h>
#include <abi/errno.h>

/* ---- null, zero, full ---- */

static loff_t null_lseek(struct file *f, loff_t off, int whence)
{
	f->pos = 0;
	return 0;
}

static ssize_t null_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	return 0;
}

static ssize_t null_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	ssize_t n = (ssize_t)from->count;

	from->count = 0;
	return n;
}

enum { ZERO_CHUNK = 1 << 20 }; /* between two looks at the clock and at signals */

static COLD ssize_t zero_read_long(struct iov_iter *to)
{
	ssize_t done = 0;

	while (to->count) {
		size_t want = MIN(to->count, (size_t)ZERO_CHUNK);
		size_t n = zero_iter(want, to);

		done += (ssize_t)n;
		if (n < want)
			return done ? done : -EFAULT;
		cond_resched();
		if (thread_signal_pending())
			break;
	}
	return done;
}

static ssize_t zero_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	size_t n;

	if (unlikely(to->count - 1 >= ZERO_CHUNK)) /* 0 too */
		return zero_read_long(to);
	n = zero_iter(to->count, to);
	return likely(n) ? (ssize_t)n : -EFAULT;
}

static ssize_t full_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	return -ENOSPC;
}

/* Mapping /dev/zero is the same as anonymous memory. */
static int zero_mmap(struct file *f, struct vm_mmap_args *a)
{
	a->flags |= MAP_ANONYMOUS;
	a->mapping = NULL;
	a->file = NULL;
	a->ops = NULL;
	a->pgoff = 0;
	return 0;
}

/* ---- random, urandom ---- */

static ssize_t random_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	u8 block[256];
	ssize_t done = 0;

	while (to->count) {
		size_t want = MIN(to->count, sizeof(block)), n;

		random_bytes(block, want);
		n = copy_to_iter(block, want, to);
		done += (ssize_t)n;
		if (n < want) {
			if (!done)
				done = -EFAULT;
			break;
		}
		cond_resched();
		if (thread_signal_pending())
			break;
	}
	memset(block, 0, sizeof(block));
	return done;
}

static ssize_t random_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	u8 block[256];
	ssize_t done = 0;

	while (from->count) {
		size_t want = MIN(from->count, sizeof(block));
		size_t n = copy_from_iter(block, want, from);

		random_add_entropy(block, n);
		done += (ssize_t)n;
		if (n < want)
			return done ? done : -EFAULT;
		cond_resched();
		if (thread_signal_pending())
			break;
	}
	return done;
}

/* ---- kmsg ---- */

enum { KMSG_LINE = 1024 };
struct kmsg_reader {
	struct mutex lock;
	u64 pos;  /* in the log's text */
	u64 seq;  /* of the next record */
	size_t n; /* bytes in text that are not yet a record */
	char text[KMSG_LINE];
	char record[KMSG_LINE + 64];
};

static int kmsg_open(struct inode *i, struct file *f)
{
	struct kmsg_reader *r;

	if (!(f->mode & FMODE_READ))
		return 0;
	r = kzalloc(sizeof(*r));
	if (!r)
		return -ENOMEM;
	mutex_init(&r->lock);
	f->private = r;
	return 0;
}

static void kmsg_release(struct file *f)
{
	kfree(f->private);
}

/* A line "<6>[  sec.usec] text" of the log as "prio,seq,usec,-;text\n"; its length. */
static size_t kmsg_format(struct kmsg_reader *r, char *line)
{
	u64 sec = 0, usec = 0;
	unsigned prio = LOG_INFO;
	const char *s = line;

	if (s[0] == '<' && s[1] && s[2] == '>') {
		prio = (unsigned)(s[1] - '0') & 7;
		s += 3;
	}
	if (*s == '[') {
		const char *p = s + 1;

		while (*p == ' ')
			p++;
		if (parse_u64(&p, 10, &sec) && *p == '.') {
			p++;
			if (parse_u64(&p, 10, &usec) && *p == ']')
				s = p[1] == ' ' ? p + 2 : p + 1;
		}
	}
	return (size_t)scnprintf(r->record, sizeof(r->record), "%u,%llu,%llu,-;%s\n", prio,
	                         (unsigned long long)r->seq++, (unsigned long long)(sec * 1000000 + usec), s);
}

/* The next line into r->record; its length, 0 when there is none yet. */
static size_t kmsg_next(struct kmsg_reader *r)
{
	char *end;
	size_t len, n;

	r->n += log_read(&r->pos, r->text + r->n, sizeof(r->text) - 1 - r->n);
	if (!r->n)
		return 0;
	end = memchr(r->text, '\n', r->n);
	if (!end && r->n < sizeof(r->text) - 1)
		return 0;
	len = end ? (size_t)(end - r->text) : r->n;
	r->text[len] = 0;
	n = kmsg_format(r, r->text);
	len += end ? 1 : 0;
	r->n -= len;
	memmove(r->text, r->text + len, r->n);
	return n;
}

static ssize_t kmsg_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct kmsg_reader *r = f->private;
	size_t n;

	scoped_mutex(&r->lock);
	while (!(n = kmsg_next(r))) {
		int err;

		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		/* The log wakes nobody (it runs in any context), so a waiting reader looks twice a second. */
		err = thread_sleep_until(clock_monotonic() + NSEC_PER_SEC / 2, true);
		if (err)
			return err;
	}
	if (n > to->count)
		return -EINVAL;
	return copy_to_iter(r->record, n, to) == n ? (ssize_t)n : -EFAULT;
}

/* A line for the log; a prefix <N> gives its level. */
static ssize_t kmsg_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	char line[KMSG_LINE];
	size_t n = from->count, len = n;
	const char *s = line;
	u64 prio = LOG_INFO;

	if (n >= sizeof(line))
		return -EINVAL;
	if (copy_from_iter(line, n, from) != n)
		return -EFAULT;
	while (len && line[len - 1] == '\n')
		len--;
	line[len] = 0;
	if (*s == '<') {
		const char *p = s + 1;
		u64 v;

		if (parse_u64(&p, 10, &v) && *p == '>') {
			prio = v & 7;
			s = p + 1;
		}
	}
	log_printf(prio <= LOG_ERR ? LOG_ERR : prio <= 5 ? LOG_WARN : (enum log_level)prio, "%s", s);
	return (ssize_t)n;
}

/* SEEK_SET: the first record kept; SEEK_END: after the last. */
static loff_t kmsg_lseek(struct file *f, loff_t off, int whence)
{
	struct kmsg_reader *r = f->private;

	if (!r)
		return -EBADF;
	if (off)
		return -ESPIPE;
	scoped_mutex(&r->lock);
	r->n = 0;
	if (whence == SEEK_SET) {
		r->pos = 0;
		return 0;
	}
	if (whence != SEEK_END && whence != SEEK_DATA)
		return -EINVAL;
	while (whence == SEEK_END && log_read(&r->pos, r->text, sizeof(r->text)))
		;
	return 0;
}

static const struct file_ops null_ops = { .read = null_read, .write = null_write, .lseek = null_lseek };
static const struct file_ops zero_ops = {
	.read = zero_read,
	.write = null_write,
	.lseek = null_lseek,
	.mmap = zero_mmap,
};
static const struct file_ops full_ops = { .read = zero_read, .write = full_write, .lseek = null_lseek };
static const struct file_ops random_ops = { .read = random_read, .write = random_write, .lseek = null_lseek };
static const struct file_ops kmsg_ops = {
	.read = kmsg_read,
	.write = kmsg_write,
	.lseek = kmsg_lseek,
	.open = kmsg_open,
	.release = kmsg_release,
};

void memdev_init(void)
{
	static const struct {
		unsigned minor;
		const char *name;
		umode_t mode;
		const struct file_ops *ops;
	} devices[] = {
		{ 3, "null", 0666, &null_ops },      { 5, "zero", 0666, &zero_ops },
		{ 7, "full", 0666, &full_ops },      { 8, "random", 0666, &random_ops },
		{ 9, "urandom", 0666, &random_ops }, { 11, "kmsg", 0644, &kmsg_ops },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(devices); i++) {
		int err = chrdev_register(1, devices[i].minor, 1, devices[i].name, devices[i].mode,
		                          devices[i].ops);

		if (err)
			log_err("memdev: %s: error %d", devices[i].name, -err);
	}
}
