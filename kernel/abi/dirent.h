/* SPDX-License-Identifier: MIT
 * abi/dirent.h - directory entries as getdents(2) writes them */
#pragma once
#include <abi/types.h>

struct dirent64_k {
	u64 d_ino;
	s64 d_off;
	u16 d_reclen;
	u8 d_type;
	char d_name[];
};
struct dirent_k { /* old getdents: the type stands in the entry's last byte */
	u64 d_ino;
	u64 d_off;
	u16 d_reclen;
	char d_name[];
};
