/* SPDX-License-Identifier: MIT
 * abi/stat.h - file modes and the structures of stat(2), statx(2), statfs(2) */
#pragma once
#include <abi/types.h>

#define S_IFMT   0170000
#define S_IFSOCK 0140000
#define S_IFLNK  0120000
#define S_IFREG  0100000
#define S_IFBLK  0060000
#define S_IFDIR  0040000
#define S_IFCHR  0020000
#define S_IFIFO  0010000
#define S_ISUID  0004000
#define S_ISGID  0002000
#define S_ISVTX  0001000
#define S_IRWXU  0700
#define S_IRUSR  0400
#define S_IWUSR  0200
#define S_IXUSR  0100
#define S_IRWXG  0070
#define S_IRGRP  0040
#define S_IWGRP  0020
#define S_IXGRP  0010
#define S_IRWXO  0007
#define S_IROTH  0004
#define S_IWOTH  0002
#define S_IXOTH  0001
#define S_IRWXUGO 0777
#define S_IALLUGO 07777
#define S_IXUGO  0111

struct stat_k { /* x86-64 struct stat */
	u64 st_dev, st_ino, st_nlink;
	u32 st_mode, st_uid, st_gid, pad0;
	u64 st_rdev;
	s64 st_size, st_blksize, st_blocks;
	u64 st_atime, st_atime_nsec, st_mtime, st_mtime_nsec, st_ctime, st_ctime_nsec;
	s64 unused[3];
};
_Static_assert(sizeof(struct stat_k) == 144, "struct stat");

struct stat64_i386_k {
	u64 st_dev;
	u32 pad0, st_ino32, st_mode, st_nlink, st_uid, st_gid;
	u64 st_rdev;
	u32 pad1;
	s64 st_size;
	u32 st_blksize;
	u64 st_blocks;
	u32 st_atime, st_atime_nsec, st_mtime, st_mtime_nsec, st_ctime, st_ctime_nsec;
	u64 st_ino;
} __attribute__((packed));
_Static_assert(sizeof(struct stat64_i386_k) == 96, "struct stat64");

struct statx_timestamp_k {
	s64 tv_sec;
	u32 tv_nsec;
	s32 reserved;
};
struct statx_k {
	u32 stx_mask, stx_blksize;
	u64 stx_attributes;
	u32 stx_nlink, stx_uid, stx_gid;
	u16 stx_mode, spare0;
	u64 stx_ino, stx_size, stx_blocks, stx_attributes_mask;
	struct statx_timestamp_k stx_atime, stx_btime, stx_ctime, stx_mtime;
	u32 stx_rdev_major, stx_rdev_minor, stx_dev_major, stx_dev_minor;
	u64 stx_mnt_id;
	u32 stx_dio_mem_align, stx_dio_offset_align;
	u64 spare3[12];
};
_Static_assert(sizeof(struct statx_k) == 256, "struct statx");
#define STATX_BASIC_STATS 0x7ffU
#define STATX_BTIME       0x800U
#define STATX_MNT_ID      0x1000U
#define STATX__RESERVED   0x80000000U
/* As FS_IOC_GETFLAGS has them. */
#define STATX_ATTR_IMMUTABLE  0x10
#define STATX_ATTR_APPEND     0x20
#define STATX_ATTR_NODUMP     0x40
#define STATX_ATTR_MOUNT_ROOT 0x2000

struct statfs64_k {
	s64 f_type, f_bsize;
	u64 f_blocks, f_bfree, f_bavail, f_files, f_ffree;
	s32 f_fsid[2];
	s64 f_namelen, f_frsize, f_flags, f_spare[4];
};
_Static_assert(sizeof(struct statfs64_k) == 120, "struct statfs");
struct statfs64_i386_k {
	u32 f_type, f_bsize;
	u64 f_blocks, f_bfree, f_bavail, f_files, f_ffree;
	s32 f_fsid[2];
	u32 f_namelen, f_frsize, f_flags, f_spare[4];
} __attribute__((packed));
_Static_assert(sizeof(struct statfs64_i386_k) == 84, "struct statfs64");
#define TMPFS_MAGIC      0x01021994
#define RAMFS_MAGIC      0x858458f6
#define PROC_SUPER_MAGIC 0x9fa0
#define DEVPTS_SUPER_MAGIC 0x1cd1
#define PIPEFS_MAGIC     0x50495045
#define ANON_INODE_FS_MAGIC 0x09041934
