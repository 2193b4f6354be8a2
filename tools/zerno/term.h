/* SPDX-License-Identifier: MIT
 * tools/zerno/term.h - the user's terminal: raw while a guest uses it, always restored. */
#pragma once
#include <stdbool.h>
void term_raw(void);     /* stdin must be a terminal; registers the restore for exit() and crashes */
void term_restore(void); /* may be called any number of times, also from signal handlers */
bool term_size(unsigned short *rows, unsigned short *cols);
