/* SPDX-License-Identifier: MIT
 * stub/host.h - included before every kernel file on the host: what lib/ leaves to libc. */
#pragma once
#include <stdio.h>
#include <sys/types.h>
size_t strlcpy(char *dst, const char *src, size_t size);
