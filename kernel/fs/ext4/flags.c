/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/flags.c - an inode's flags that programs see: chattr(1)
 *
 * Owns:      ext4_inode.flags where a program changes them.
 * Layer:     fs/ext4.
 * Locks:     the inode's lock, held for writing by fs.
 * Contexts:  process context; may sleep.
 * Manual:    ioctl_iflags(2), ext4(5); the ext4 disk layout, "i_flags".
 * Tests:     tests/ext4.
 */
#include "ext4.h"
#include "internal.h"
#include <base/clock.h>

enum {
	FL_VISIBLE = 0x725bdfff,
	FL_MODIFIABLE = 0x1 | 0x2 | 0x4 /* no meaning: secrm, unrm, compr */ | INODE_SYNC | INODE_IMMUTABLE |
	                INODE_APPEND | INODE_NODUMP | INODE_NOATIME | 0x8000 /* notail */ | INODE_DIRSYNC |
	                0x20000 /* topdir */,
	FL_FOR_FILES = ~(INODE_DIRSYNC | 0x20000),
	FL_FOR_OTHERS = INODE_NODUMP | INODE_NOATIME /* devices, FIFOs, links */
};

u32 ext4_flags_for(u32 flags, umode_t mode)
{
	if (s_isdir(mode))
		return flags;
	return flags & (u32)(s_isreg(mode) ? FL_FOR_FILES : FL_FOR_OTHERS);
}

int ext4_get_flags(struct inode *i, u32 *flags)
{
	*flags = ext4_i(i)->flags & FL_VISIBLE;
	return 0;
}

int ext4_set_flags(struct inode *i, u32 flags)
{
	struct ext4_inode *ei = ext4_i(i);
	struct ext4_handle h;
	int err;

	if (flags & ~(u32)FL_VISIBLE)
		return -EOPNOTSUPP;
	flags = ext4_flags_for(flags, i->mode);
	/* What is no switch is left as it is, except that nobody may think it was changed. */
	if ((flags ^ ei->flags) & (FL_EXTENTS | 0x4000 /* data in the journal */))
		return -EOPNOTSUPP;
	err = ext4_start(ei->fs, &h, WRITE_INODE_CREDITS);
	if (err)
		return err;
	ei->flags = (ei->flags & ~(u32)FL_MODIFIABLE) | (flags & FL_MODIFIABLE);
	i->flags = ei->flags & INODE_FLAGS;
	i->ctime = clock_realtime_coarse();
	return ext4_stop(&h, ext4_inode_write(&h, i));
}
