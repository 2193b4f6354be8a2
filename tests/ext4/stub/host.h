/* SPDX-License-Identifier: MIT
 * tests/ext4/stub/host.h - included before every file: what lib/ leaves to libc, without what abi/ defines too. */
#pragma once
#include <stdio.h>
#include <sys/types.h>
#undef RENAME_NOREPLACE
#undef RENAME_EXCHANGE
#undef RENAME_WHITEOUT
size_t strlcpy(char *dst, const char *src, size_t size);
