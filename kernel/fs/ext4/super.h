/* SPDX-License-Identifier: MIT
 * fs/ext4/super.h - between super.c and super_read.c. */
#pragma once
#include "internal.h"

/* Reads fs->super_copy and takes from it what the mount needs. -EINVAL: no ext4, or not one for us. */
int ext4_super_read(struct ext4_fs *fs);
extern const struct handle_ops ext4_handle_ops;
/* fs_type.param: whether there is such an option. */
int ext4_param(const char *key, const char *value);
/* Options of mount(2): -EINVAL for unknown ones. */
int ext4_parse_options(struct ext4_fs *fs, const char *options);
