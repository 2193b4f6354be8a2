/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/extable.c - the exception table
 *
 * Owns:      section .ex_table, filled by EX_TABLE in assembly.
 * Layer:     arch/x86_64.
 * Locks:     none; read-only.
 * Contexts:  any.
 * Tests:     ktest usercopy_fault.
 *
 * An instruction that touches user memory is listed here with the address to go on at when it faults for
 * good. The table has a dozen entries, so a linear search is the right one.  Offsets are relative to their
 * own field.
 */
#include "extable.h"

extern const struct ex_entry {
	s32 insn, fixup;
} _ex_table[], _ex_table_end[];

static unsigned long entry_address(const s32 *field)
{
	return (unsigned long)field + (long)*field;
}

static const struct ex_entry *extable_find(unsigned long ip)
{
	for (const struct ex_entry *e = _ex_table; e < _ex_table_end; e++)
		if (entry_address(&e->insn) == ip)
			return e;
	return NULL;
}

bool extable_has(unsigned long ip)
{
	return extable_find(ip) != NULL;
}

bool extable_fixup(struct trapframe *tf)
{
	const struct ex_entry *e = extable_find(tf->ip);

	if (!e)
		return false;
	tf->ip = entry_address(&e->fixup);
	return true;
}
