/* SPDX-License-Identifier: MIT
 * tools/zerno/console.h - the guest's console text: kept to be shown when something goes wrong. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
/* where: NULL (only keep), "stderr", or a file that is made anew. */
void console_open(const char *where);
void console_add(const char *text, size_t n);
/* Writes the end of what was kept to stderr (not what --console stderr has shown already). */
void console_show(void);
