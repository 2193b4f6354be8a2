/* SPDX-License-Identifier: MIT
 * stub/stub.h - the host's side of the stubs. */
#pragma once
#include <setjmp.h>
#include <abi/types.h>

extern unsigned stub_log_lines; /* calls of log_printf */
/* Runs a statement that must panic; true if it did.  stub_panic_text holds the words. */
extern jmp_buf stub_panic_jump;
extern bool stub_panic_expected;
extern char stub_panic_text[256];
#define PANICS(statement)                                                                                    \
	({                                                                                                   \
		volatile bool did_ = true;                                                                   \
		stub_panic_expected = true;                                                                  \
		if (!setjmp(stub_panic_jump)) {                                                              \
			statement;                                                                           \
			did_ = false;                                                                        \
		}                                                                                            \
		stub_panic_expected = false;                                                                 \
		did_;                                                                                        \
	})
/* Makes [start, end) of "physical" memory real. */
void stub_ram_map(paddr_t start, paddr_t end);
