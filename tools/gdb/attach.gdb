# SPDX-License-Identifier: MIT
# Attaches gdb to the kernel that `make debug` holds: gdb -x tools/gdb/attach.gdb
file build/x86_64/zerno.elf
source tools/gdb/zerno.py
target remote build/gdb.sock
hbreak kernel_main
continue
