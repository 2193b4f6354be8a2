/* SPDX-License-Identifier: MIT
 * base/log.h - the kernel log: a ring in memory, and the consoles that registered. Any context. */
#pragma once
#include <abi/types.h>

enum log_level { LOG_ERR = 3, LOG_WARN = 4, LOG_INFO = 6, LOG_DEBUG = 7 };

/* One line (the newline is added), stamped with the time since boot. */
PRINTF_LIKE(2, 3) void log_printf(enum log_level level, const char *fmt, ...);
#define log_err(...)   log_printf(LOG_ERR, __VA_ARGS__)
#define log_warn(...)  log_printf(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_printf(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_printf(LOG_DEBUG, __VA_ARGS__)

/* A sink for the log. write() must not sleep, may run in any context and polls its device. */
struct log_console {
	void (*write)(const char *text, size_t n);
	struct log_console *next;
};
/* Registers a sink and replays the ring to it. */
void log_console_register(struct log_console *c);
/* Levels above this one stay in the ring only (`quiet`: LOG_WARN; default LOG_INFO). */
extern int log_console_level;
/* Copies ring text starting at *pos (moved on) into dst, for dmesg; bytes copied. */
size_t log_read(u64 *pos, char *dst, size_t size);
size_t log_size(void); /* of the ring: the most that it remembers */
