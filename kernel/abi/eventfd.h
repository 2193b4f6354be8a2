/* SPDX-License-Identifier: MIT
 * abi/eventfd.h - eventfd(2) */
#pragma once
#define EFD_SEMAPHORE 1
#define EFD_CLOEXEC   02000000
#define EFD_NONBLOCK  04000
