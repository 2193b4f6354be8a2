/* SPDX-License-Identifier: MIT
 *
 * abi/types.h - the scalar types of the kernel.  Types of units: an address or a time of one kind does
 * not silently become another in a reader's mind.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdarg.h>
#include <abi/annot.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

#ifndef ZERNO_HOST /* host unit tests take these from libc */
typedef long ssize_t;
typedef s64 loff_t;
typedef u32 uid_t;
typedef u32 gid_t;
typedef s32 pid_t;
typedef u32 dev_t; /* major << 20 | minor; see dev_make() */
typedef s64 time64_t;
#endif
typedef u32 umode_t;           /* S_IFMT | permission bits */
typedef u64 paddr_t;           /* physical address, bytes */
typedef u64 pfn_t;             /* physical frame number */
typedef unsigned long uaddr_t; /* user virtual address */
typedef s64 ktime_t;           /* nanoseconds */
typedef u64 cpumask_t;         /* bit n = CPU n; at most 64 CPUs */

enum { NR_CPUS = 64 };

#define NSEC_PER_SEC                    1000000000LL
#define NSEC_PER_MSEC                   1000000LL
#define NSEC_PER_USEC                   1000LL
#define KTIME_MAX                       INT64_MAX

#define ARRAY_SIZE(a)                   (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#define MIN(a, b)                                                                                            \
	({                                                                                                   \
		__typeof__(a) a_ = (a);                                                                      \
		__typeof__(b) b_ = (b);                                                                      \
		a_ < b_ ? a_ : b_;                                                                           \
	})
#define MAX(a, b)                                                                                            \
	({                                                                                                   \
		__typeof__(a) a_ = (a);                                                                      \
		__typeof__(b) b_ = (b);                                                                      \
		a_ > b_ ? a_ : b_;                                                                           \
	})
#define ALIGN_UP(x, a)     (((x) + ((__typeof__(x))(a)-1)) & ~((__typeof__(x))(a)-1))
#define ALIGN_DOWN(x, a)   ((x) & ~((__typeof__(x))(a)-1))
#define IS_ALIGNED(x, a)   (((x) & ((__typeof__(x))(a)-1)) == 0)
#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))
#define BIT(n)             (1UL << (n))

/* Errors as pointers: the last page of the address space holds -errno. */
#define ERR_MAX 4095
static inline void *ERR_PTR(long err)
{
	return (void *)err;
}
static inline long PTR_ERR(const void *p)
{
	return (long)p;
}
static inline bool IS_ERR(const void *p)
{
	return (unsigned long)p >= (unsigned long)-ERR_MAX;
}
static inline bool IS_ERR_OR_NULL(const void *p)
{
	return !p || IS_ERR(p);
}

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096UL
#define PAGE_MASK  (~(PAGE_SIZE - 1))

static inline dev_t dev_make(unsigned major, unsigned minor)
{
	return major << 20 | minor;
}
static inline unsigned dev_major(dev_t d)
{
	return d >> 20;
}
static inline unsigned dev_minor(dev_t d)
{
	return d & 0xfffff;
}
