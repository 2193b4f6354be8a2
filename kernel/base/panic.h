/* SPDX-License-Identifier: MIT
 * base/panic.h - the end of the kernel, and the assertions that lead there. */
#pragma once
#include <abi/types.h>

struct trapframe;
/* Stops the other CPUs, prints the text, registers, symbolised backtrace, held locks (debug builds) and the
 * last trace events, then halts, or reboots after `panic=N` seconds (N < 0: at once). */
NORETURN COLD PRINTF_LIKE(1, 2) void panic(const char *fmt, ...);
NORETURN COLD PRINTF_LIKE(2, 3) void panic_trap(const struct trapframe *tf, const char *fmt, ...);
NORETURN COLD void assert_failed(const char *expr, const char *file, int line);
#define assert(e) (likely(e) ? (void)0 : assert_failed(#e, __FILE__, __LINE__))
#ifdef CONFIG_DEBUG
#define debug_assert(e) assert(e)
#else
#define debug_assert(e) ((void)sizeof(!!(e)))
#endif
#define unreachable() panic("unreachable code at %s:%d", __FILE__, __LINE__)
/* Prints a backtrace to the log. */
void backtrace_log(const struct trapframe *tf);
/* symbols.c: "name+0xoff/0xsize" of a kernel text address into buf. */
const char *symbol_name(unsigned long addr, char *buf, size_t size);
/* Registered high (power driver, serial): what panic uses when nothing else works. */
extern bool panic_in_progress;
/* Set by arch's trap code: prints all registers of the frame to the log. */
extern void (*panic_show_registers)(const struct trapframe *tf);
