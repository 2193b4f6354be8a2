/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/errors.c - what happens when the disk holds nonsense or cannot be written
 *
 * Owns:      fs->failed.
 * Layer:     fs/ext4.
 * Locks:     none: the flags are set once and never taken back.
 * Contexts:  process context; does not sleep.
 * Manual:    ext4(5), errors=; the superblock's s_error fields.
 * Tests:     tests/ext4 (mutated images); tests/diskerrors.py.
 *
 * errors=continue: the operation fails, the next may work.  errors=remount-ro: nothing is written any more.
 * errors=panic is taken for remount-ro: a disk must not be able to stop the machine.  In each case the superblock
 * says that e2fsck is needed, as soon as it can be written.
 */
#include "internal.h"
#include <base/clock.h>
#include <lib/format.h>
#include <abi/mount.h>

static void go_read_only(struct ext4_fs *fs)
{
	if (atomic_xchg(&fs->failed, true))
		return;
	atomic_or(&fs->sb->flags, (u32)MS_RDONLY);
	log_err("ext4 %s: remounted read-only", fs->sb->source);
}

int ext4_error(struct ext4_fs *fs, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!atomic_load(&fs->failed))
		log_err("ext4 %s: %s", fs->sb->source, text);
	fs->error_seen = true;
	if (!fs->error_count++)
		fs->first_error = (u32)(clock_realtime() / NSEC_PER_SEC);
	if (fs->options.errors != ERRORS_CONTINUE && !fs->read_only)
		go_read_only(fs);
	return -EUCLEAN;
}

int ext4_read_failed(struct ext4_fs *fs, int err, const char *what, u64 number)
{
	if (err == -EIO)
		(void)ext4_error(fs, "%s %llu cannot be read", what, (unsigned long long)number);
	return err;
}

void ext4_abort(struct ext4_fs *fs, const char *why)
{
	log_err("ext4 %s: %s", fs->sb->source, why);
	fs->error_seen = true;
	go_read_only(fs);
}
