/* SPDX-License-Identifier: MIT
 * lib/inflate.h - gzip (RFC 1952) and DEFLATE (RFC 1951) decompression of hostile input. */
#pragma once
#include <abi/types.h>
/* Decompresses one gzip member at src and hands the bytes to `emit` in pieces of at most 32 KiB (a negative
 * return of emit stops and is returned).  `window` is 32 KiB + scratch of INFLATE_WORK bytes from the caller.
 * Returns the compressed bytes consumed, or -EINVAL for bad data (also wrong CRC or size). */
enum { INFLATE_WORK = 48 * 1024 };
ssize_t gzip_inflate(const u8 *src, size_t n, void *work, int (*emit)(void *ctx, const u8 *p, size_t n),
                     void *ctx);
u32 crc32(u32 crc, const void *p, size_t n);
