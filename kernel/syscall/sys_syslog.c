/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_syslog.c - syslog(2): the kernel log for dmesg
 *
 * Owns:      the mark up to which the log was cleared.
 * Layer:     syscall.  Uses base/log.
 * Locks:     none; the mark is one word.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    syslog(2).
 * Tests:     tests/abi/system.c
 *
 * Clearing forgets nothing: it moves the mark behind which dmesg reads.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <base/log.h>
#include <base/clock.h>
#include <mem/slab.h>
#include <sched/mutex.h>
#include <sched/timer.h>

enum {
	SYSLOG_CLOSE,
	SYSLOG_OPEN,
	SYSLOG_READ,
	SYSLOG_READ_ALL,
	SYSLOG_READ_CLEAR,
	SYSLOG_CLEAR,
	SYSLOG_CONSOLE_OFF,
	SYSLOG_CONSOLE_ON,
	SYSLOG_CONSOLE_LEVEL,
	SYSLOG_SIZE_UNREAD,
	SYSLOG_SIZE_BUFFER,
};
enum { LOG_PIECE = 2048 };
#define LOG_LOOK_NS (100 * NSEC_PER_MSEC)

static u64 log_mark; /* READ_CLEAR and CLEAR have seen what lies before */
static u64 log_seen; /* READ has; log_lock */
static struct mutex log_lock = { NULL, WAITQ_INIT(log_lock.waiters) };
static int log_level_saved = -1;

/* The bytes behind pos; pos moves to the end. */
static size_t log_left(u64 *pos, char *piece)
{
	size_t n, total = 0;

	while ((n = log_read(pos, piece, LOG_PIECE)) > 0)
		total += n;
	return total;
}

/* Copies the last `size` bytes behind the mark. */
static long log_copy_tail(char __user *buf, size_t size, char *piece, u64 *end)
{
	u64 pos = atomic_load(&log_mark), count = pos;
	size_t total = log_left(&count, piece), skip = total > size ? total - size : 0, done = 0, n;

	while (done < size && (n = log_read(&pos, piece, LOG_PIECE)) > 0) {
		size_t cut = MIN(skip, n), keep = MIN(n - cut, size - done);

		skip -= cut;
		if (copy_to_user(buf + done, piece + cut, keep))
			return -EFAULT;
		done += keep;
	}
	*end = pos;
	return (long)done;
}

static long log_read_all(char __user *buf, int len, bool clear)
{
	char *piece;
	u64 end;
	long n;

	if (!buf || len < 0)
		return -EINVAL;
	if (!len)
		return 0;
	piece = kmalloc(LOG_PIECE, 0);
	if (!piece)
		return -ENOMEM;
	n = log_copy_tail(buf, (size_t)len, piece, &end);
	if (n >= 0 && clear)
		atomic_store(&log_mark, end);
	kfree(piece);
	return n;
}

/* What is behind *mark: passed over, or only counted. */
static long log_skip(u64 *mark, bool only_count)
{
	char *piece = kmalloc(LOG_PIECE, 0);
	u64 pos = atomic_load(mark);
	size_t left;

	if (!piece)
		return -ENOMEM;
	left = log_left(&pos, piece);
	if (!only_count)
		atomic_store(mark, pos);
	kfree(piece);
	return only_count ? (long)left : 0;
}

/* New text, or none yet. */
static long log_read_new(char __user *buf, size_t size, char *piece)
{
	scoped_mutex(&log_lock);
	u64 pos = log_seen;
	size_t n = log_read(&pos, piece, MIN(size, (size_t)LOG_PIECE));

	if (copy_to_user(buf, piece, n))
		return -EFAULT;
	log_seen = pos;
	return (long)n;
}

/* The log is written in any context and wakes nobody: who waits for it looks from time to time. */
static long log_read_wait(char __user *buf, int len)
{
	char *piece;
	long n;

	if (!buf || len < 0)
		return -EINVAL;
	if (!len)
		return 0;
	piece = kmalloc(LOG_PIECE, 0);
	if (!piece)
		return -ENOMEM;
	do
		n = log_read_new(buf, (size_t)len, piece);
	while (!n && !(n = thread_sleep_until(clock_monotonic() + LOG_LOOK_NS, true)));
	kfree(piece);
	return n;
}

static long log_console(int type, int level)
{
	switch (type) {
	case SYSLOG_CONSOLE_OFF:
		if (log_level_saved < 0)
			log_level_saved = log_console_level;
		log_console_level = 0;
		return 0;
	case SYSLOG_CONSOLE_ON:
		if (log_level_saved >= 0)
			log_console_level = log_level_saved;
		log_level_saved = -1;
		return 0;
	default:
		if (level < 1 || level > 8)
			return -EINVAL;
		log_console_level = level - 1; /* messages below the given level are printed */
		log_level_saved = -1;
		return 0;
	}
}

long sys_syslog(int type, char __user *buf, int len)
{
	bool harmless = type == SYSLOG_READ_ALL || type == SYSLOG_SIZE_BUFFER;

	if (!harmless && !capable(CAP_SYSLOG) && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	switch (type) {
	case SYSLOG_CLOSE:
	case SYSLOG_OPEN:
		return 0;
	case SYSLOG_READ:
		return log_read_wait(buf, len);
	case SYSLOG_READ_ALL:
	case SYSLOG_READ_CLEAR:
		return log_read_all(buf, len, type == SYSLOG_READ_CLEAR);
	case SYSLOG_CLEAR:
		return log_skip(&log_mark, false);
	case SYSLOG_SIZE_UNREAD:
		return log_skip(&log_seen, true);
	case SYSLOG_CONSOLE_OFF:
	case SYSLOG_CONSOLE_ON:
	case SYSLOG_CONSOLE_LEVEL:
		return log_console(type, len);
	case SYSLOG_SIZE_BUFFER:
		return (long)log_size();
	default:
		return -EINVAL;
	}
}
