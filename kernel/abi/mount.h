/* SPDX-License-Identifier: MIT
 * abi/mount.h - mount(2), umount2(2) */
#pragma once
#include <abi/types.h>

#define MS_RDONLY      1
#define MS_NOSUID      2
#define MS_NODEV       4
#define MS_NOEXEC      8
#define MS_SYNCHRONOUS 16
#define MS_REMOUNT     32
#define MS_MANDLOCK    64
#define MS_DIRSYNC     128
#define MS_NOSYMFOLLOW 256
#define MS_NOATIME     1024
#define MS_NODIRATIME  2048
#define MS_BIND        4096
#define MS_MOVE        8192
#define MS_REC         16384
#define MS_SILENT      32768
#define MS_UNBINDABLE  (1 << 17)
#define MS_PRIVATE     (1 << 18)
#define MS_SLAVE       (1 << 19)
#define MS_SHARED      (1 << 20)
#define MS_RELATIME    (1 << 21)
#define MS_STRICTATIME (1 << 24)
#define MS_LAZYTIME    (1 << 25)
#define MS_MGC_VAL     0xc0ed0000U
#define MS_MGC_MSK     0xffff0000U
#define MNT_FORCE       1
#define MNT_DETACH      2
#define MNT_EXPIRE      4
#define UMOUNT_NOFOLLOW 8
/* The calls with descriptors: fsopen(2) and the others. */
#define FSOPEN_CLOEXEC           1
#define FSMOUNT_CLOEXEC          1
#define FSPICK_CLOEXEC           1
#define FSPICK_SYMLINK_NOFOLLOW  2
#define FSPICK_NO_AUTOMOUNT      4
#define FSPICK_EMPTY_PATH        8
#define FSCONFIG_SET_FLAG        0
#define FSCONFIG_SET_STRING      1
#define FSCONFIG_SET_BINARY      2
#define FSCONFIG_SET_PATH        3
#define FSCONFIG_SET_PATH_EMPTY  4
#define FSCONFIG_SET_FD          5
#define FSCONFIG_CMD_CREATE      6
#define FSCONFIG_CMD_RECONFIGURE 7
#define OPEN_TREE_CLONE          1
#define MOVE_MOUNT_F_SYMLINKS    0x01
#define MOVE_MOUNT_F_AUTOMOUNTS  0x02
#define MOVE_MOUNT_F_EMPTY_PATH  0x04
#define MOVE_MOUNT_T_SYMLINKS    0x10
#define MOVE_MOUNT_T_AUTOMOUNTS  0x20
#define MOVE_MOUNT_T_EMPTY_PATH  0x40
#define MOVE_MOUNT_SET_GROUP     0x100
#define MOUNT_ATTR_RDONLY        0x01
#define MOUNT_ATTR_NOSUID        0x02
#define MOUNT_ATTR_NODEV         0x04
#define MOUNT_ATTR_NOEXEC        0x08
#define MOUNT_ATTR_NOATIME       0x10
#define MOUNT_ATTR_STRICTATIME   0x20
#define MOUNT_ATTR__ATIME        0x70 /* 0: relatime */
#define MOUNT_ATTR_NODIRATIME    0x80
#define MOUNT_ATTR_NOSYMFOLLOW   0x200000
struct mount_attr_k {
	u64 attr_set, attr_clr, propagation, userns_fd;
};
#define ST_RDONLY 1
#define ST_NOSUID 2
#define ST_NODEV  4
#define ST_NOEXEC 8
#define ST_VALID  0x20
#define ST_NOATIME 1024
#define ST_NODIRATIME 2048
#define ST_RELATIME 4096
