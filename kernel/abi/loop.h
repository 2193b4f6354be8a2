/* SPDX-License-Identifier: MIT
 * abi/loop.h - loop devices, loop(4), <linux/loop.h> */
#pragma once
#include <abi/types.h>

#define LOOP_SET_FD         0x4c00
#define LOOP_CLR_FD         0x4c01
#define LOOP_SET_STATUS64   0x4c04
#define LOOP_GET_STATUS64   0x4c05
#define LOOP_CHANGE_FD      0x4c06
#define LOOP_SET_CAPACITY   0x4c07
#define LOOP_SET_DIRECT_IO  0x4c08
#define LOOP_SET_BLOCK_SIZE 0x4c09
#define LOOP_CONFIGURE      0x4c0a
#define LOOP_CTL_ADD        0x4c80
#define LOOP_CTL_REMOVE     0x4c81
#define LOOP_CTL_GET_FREE   0x4c82

enum { LO_FLAGS_READ_ONLY = 1, LO_FLAGS_AUTOCLEAR = 4, LO_FLAGS_PARTSCAN = 8, LO_FLAGS_DIRECT_IO = 16 };
struct loop_info64_k {
	u64 device, inode, rdevice, offset, sizelimit;
	u32 number, encrypt_type, encrypt_key_size, flags;
	u8 file_name[64], crypt_name[64], encrypt_key[32];
	u64 init[2];
};
struct loop_config_k {
	u32 fd, block_size;
	struct loop_info64_k info;
	u64 reserved[8];
};
