/* SPDX-License-Identifier: MIT
 * abi/fcntl.h - open(2), fcntl(2), flock(2), the *at calls */
#pragma once
#include <abi/types.h>

#define O_ACCMODE           00000003
#define O_RDONLY            00000000
#define O_WRONLY            00000001
#define O_RDWR              00000002
#define O_CREAT             00000100
#define O_EXCL              00000200
#define O_NOCTTY            00000400
#define O_TRUNC             00001000
#define O_APPEND            00002000
#define O_NONBLOCK          00004000
#define O_DSYNC             00010000
#define FASYNC              00020000
#define O_DIRECT            00040000
#define O_LARGEFILE         00100000
#define O_DIRECTORY         00200000
#define O_NOFOLLOW          00400000
#define O_NOATIME           01000000
#define O_CLOEXEC           02000000
#define O_SYNC              (04000000 | O_DSYNC)
#define O_PATH              010000000
#define O_TMPFILE_BIT       020000000
#define O_TMPFILE           (O_TMPFILE_BIT | O_DIRECTORY)

#define F_DUPFD             0
#define F_GETFD             1
#define F_SETFD             2
#define F_GETFL             3
#define F_SETFL             4
#define F_GETLK             5
#define F_SETLK             6
#define F_SETLKW            7
#define F_SETOWN            8
#define F_GETOWN            9
#define F_SETSIG            10
#define F_GETSIG            11
#define F_SETOWN_EX         15
#define F_GETOWN_EX         16
#define F_OWNER_TID         0
#define F_OWNER_PID         1
#define F_OWNER_PGRP        2
#define F_OFD_GETLK         36
#define F_OFD_SETLK         37
#define F_OFD_SETLKW        38
#define F_SETLEASE          1024
#define F_GETLEASE          1025
#define F_NOTIFY            1026
#define F_DUPFD_CLOEXEC     1030
#define F_SETPIPE_SZ        1031
#define F_GETPIPE_SZ        1032
#define F_ADD_SEALS         1033
#define F_GET_SEALS         1034
#define F_SEAL_SEAL         1
#define F_SEAL_SHRINK       2
#define F_SEAL_GROW         4
#define F_SEAL_WRITE        8
#define F_SEAL_FUTURE_WRITE 16
#define FD_CLOEXEC          1
#define F_RDLCK             0
#define F_WRLCK             1
#define F_UNLCK             2
#define LOCK_SH             1
#define LOCK_EX             2
#define LOCK_NB             4
#define LOCK_UN             8

struct f_owner_ex_k {
	s32 type, pid;
};
struct flock_k {
	s16 l_type, l_whence;
	s64 l_start, l_len;
	s32 l_pid;
};
#define SEEK_SET                 0
#define SEEK_CUR                 1
#define SEEK_END                 2
#define SEEK_DATA                3
#define SEEK_HOLE                4

/* name_to_handle_at(2); handle_bytes bytes follow. */
struct file_handle_k {
	u32 handle_bytes;
	s32 handle_type;
};
#define AT_FDCWD                 (-100)
#define AT_SYMLINK_NOFOLLOW      0x100
#define AT_REMOVEDIR             0x200
#define AT_EACCESS               0x200
#define AT_SYMLINK_FOLLOW        0x400
#define AT_NO_AUTOMOUNT          0x800
#define AT_EMPTY_PATH            0x1000
#define AT_STATX_FORCE_SYNC      0x2000
#define AT_STATX_DONT_SYNC       0x4000
#define AT_RECURSIVE             0x8000
#define AT_STATX_SYNC_TYPE       0x6000
#define F_OK                     0
#define X_OK                     1
#define W_OK                     2
#define R_OK                     4
#define RENAME_NOREPLACE         1
#define RENAME_EXCHANGE          2
#define RENAME_WHITEOUT          4
#define FALLOC_FL_KEEP_SIZE      0x01
#define FALLOC_FL_PUNCH_HOLE     0x02
#define FALLOC_FL_COLLAPSE_RANGE 0x08
#define FALLOC_FL_ZERO_RANGE     0x10
#define FALLOC_FL_INSERT_RANGE   0x20
#define FALLOC_FL_UNSHARE_RANGE  0x40
#define CLOSE_RANGE_UNSHARE      2
#define CLOSE_RANGE_CLOEXEC      4
#define UTIME_NOW                ((1L << 30) - 1L)
#define UTIME_OMIT               ((1L << 30) - 2L)
#define PATH_MAX                 4096
#define NAME_MAX                 255
#define PIPE_BUF                 4096
#define IOV_MAX                  1024
#define MAX_RW_COUNT             0x7ffff000UL
#define DT_UNKNOWN               0
#define DT_FIFO                  1
#define DT_CHR                   2
#define DT_DIR                   4
#define DT_BLK                   6
#define DT_REG                   8
#define DT_LNK                   10
#define DT_SOCK                  12
#define POSIX_FADV_NORMAL        0
#define POSIX_FADV_RANDOM        1
#define POSIX_FADV_SEQUENTIAL    2
#define POSIX_FADV_WILLNEED      3
#define POSIX_FADV_DONTNEED      4
#define POSIX_FADV_NOREUSE       5
#define MFD_CLOEXEC              1
#define MFD_ALLOW_SEALING        2
