/* SPDX-License-Identifier: MIT
 * fs/ext4/ext4.h - what the boot calls. */
#pragma once
/* Registers the kinds ext2, ext3 and ext4: one code for all three. */
void ext4_init(void);
