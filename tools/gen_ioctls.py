#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""gen_ioctls.py TABLE OUT.c - the sorted table of ioctl commands from kernel/syscall/ioctls.tbl."""
import sys

DIRS = {"in": "IOCTL_IN", "out": "IOCTL_OUT", "inout": "IOCTL_IN | IOCTL_OUT", "value": "0"}


def parse(path):
    rows = []
    for no, line in enumerate(open(path), 1):
        f = line.split("#", 1)[0].split(None, 3)
        if not f:
            continue
        if len(f) < 3 or f[2] not in DIRS or (f[2] != "value") != (len(f) == 4):
            sys.exit(f"{path}:{no}: want NAME NUMBER in|out|inout TYPE, or NAME NUMBER value")
        ctype = f[3].strip() if len(f) == 4 else None
        rows.append((int(f[1], 0), f[0], f[2], ctype))
    rows.sort()
    for a, b in zip(rows, rows[1:]):
        if a[0] == b[0]:
            sys.exit(f"{path}: {a[1]} and {b[1]} have the same number")
    return rows


def main(table, out):
    rows = parse(table)
    with open(out, "w") as f:
        f.write("/* Written by tools/gen_ioctls.py from kernel/syscall/ioctls.tbl; do not edit. */\n"
                "#include <syscall/syscall.h>\n#include <abi/blkdev.h>\n#include <abi/loop.h>\n#include <abi/termios.h>\n\n"
                "const struct ioctl_desc ioctl_table[] = {\n")
        for number, name, direction, ctype in rows:
            size = f"sizeof({ctype})" if ctype else "0"
            f.write(f'\t{{ 0x{number:x}, {size}, {DIRS[direction]}, "{name}" }},\n')
        f.write("};\nconst unsigned ioctl_table_len = ARRAY_SIZE(ioctl_table);\n")
        for ctype in sorted({r[3] for r in rows if r[3]}):
            f.write(f"_Static_assert(sizeof({ctype}) <= IOCTL_ARG_MAX, \"fits the buffer of sys_ioctl.c\");\n")


main(*sys.argv[1:3])
