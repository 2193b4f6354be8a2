#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""gen_symbols.py - the kernel's own symbol table, for backtraces.

Reads `nm -n` of a linked kernel from stdin and writes assembly: text symbols between _text and _etext, sorted by
address, as offsets from _text (see kernel/base/symbols.c).  Empty input makes an empty table."""
import sys


def read_symbols(lines):
    """(address, name) of text symbols, one name an address (the first, globals preferred)."""
    start = end = None
    found = {}
    for line in lines:
        fields = line.split()
        if len(fields) != 3:
            continue
        addr, kind, name = int(fields[0], 16), fields[1], fields[2]
        if name == "_text":
            start = addr
        elif name == "_etext":
            end = addr
        if kind in "tTwW" and not name.startswith((".L", "_text", "_etext", "_init_text", "_kernel_start")):
            old = found.get(addr)
            if old is None or (old[1] in "tw" and kind in "TW"):
                found[addr] = (name, kind)
    if start is None or end is None:
        return []
    return [(addr - start, found[addr][0]) for addr in sorted(found) if start <= addr < end]


def main():
    symbols = read_symbols(sys.stdin)
    out = ['\t.section .symbols, "a"', "\t.globl symbols_count, symbols_offset, symbols_name, symbols_text",
           "\t.balign 4", "symbols_count:", f"\t.long {len(symbols)}", "symbols_offset:"]
    out += [f"\t.long {off}" for off, _ in symbols]
    out.append("symbols_name:")
    at = 0
    for _, name in symbols:
        out.append(f"\t.long {at}")
        at += len(name) + 1
    out.append("symbols_text:")
    out += [f'\t.asciz "{name}"' for _, name in symbols]
    out += ["\t.byte 0", '\t.section .note.GNU-stack, "", @progbits']
    print("\n".join(out))


if __name__ == "__main__":
    main()
