/* SPDX-License-Identifier: MIT
 * base/cmdline.h - the kernel command line, as kernel-command-line(7) and bootparam(7). */
#pragma once
#include <abi/types.h>

/* The value of `name=value` (the last one wins), "" for a bare `name`, or NULL.  Double quotes group words.
 * Points into a static copy that lives for ever. */
const char *cmdline_get(const char *name);
bool cmdline_flag(const char *name);              /* present as a bare word or with value != 0 */
u64 cmdline_u64(const char *name, u64 otherwise); /* decimal, 0x, suffixes K M G */
/* Declares that the kernel knows `name`; words nobody knows go to init (name=value: environment, bare words
 * without a dot: arguments).  cmdline_get and friends declare by themselves. */
void cmdline_parse(const char *text);
/* Fills argv (from index *argc) and envp (from *envc) with init's words; at most max each. */
void cmdline_for_init(const char **argv, unsigned *argc, const char **envp, unsigned *envc, unsigned max);
/* The text as given, for /proc/cmdline. */
const char *cmdline_text(void);
