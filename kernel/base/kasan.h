/* SPDX-License-Identifier: MIT
 * base/kasan.h - which bytes of kernel memory may be touched (builds with KASAN=1; docs/debugging.md).  Any context.
 * In other builds all of this is nothing. */
#pragma once
#include <arch/pgtable.h>

/* Why a byte must not be touched: its group's shadow.  The compiler's own are in sanitizers_address.c. */
enum kasan_why {
	KASAN_OBJECT = 0xfb,  /* a freed object */
	KASAN_REDZONE = 0xfc, /* between objects, or behind the bytes that were asked for */
	KASAN_STACK = 0xfd,   /* the stack of a dead thread */
	KASAN_PAGE = 0xff,    /* a free page */
};
#ifdef CONFIG_KASAN
/* The first byte is the first of a group of 8; kasan_poison rounds the end up. */
void kasan_poison(const void *p, size_t n, enum kasan_why why);
void kasan_unpoison(const void *p, size_t n);
/* For copies by instructions the compiler does not see. */
void kasan_check(const void *p, size_t n, bool write);
/* Gives kernel stacks at `va` a shadow; 0 or -ENOMEM. */
static inline MUST_CHECK int kasan_map(unsigned long va, size_t n)
{
	return arch_shadow_map(va, n);
}
/* The shadow of RAM below ram_end, of the image and of kernel stacks up to stacks_end is mapped: look from now on. */
void kasan_start(paddr_t ram_end, unsigned long stacks_end);
/* Reports what no access shows: a second free, a pointer to no object. */
void kasan_report(const char *what, const void *p);
/* Registered by mem: logs which object or page an address belongs to. */
extern void (*kasan_describe)(unsigned long addr);
#else
static inline void kasan_poison(const void *p, size_t n, enum kasan_why why) {}
static inline void kasan_unpoison(const void *p, size_t n) {}
static inline void kasan_check(const void *p, size_t n, bool write) {}
static inline int kasan_map(unsigned long va, size_t n)
{
	return 0;
}
#endif
