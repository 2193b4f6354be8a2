#!/bin/sh
# SPDX-License-Identifier: MIT
#
# bench/run.sh - measures Zerno in executed guest instructions and prints the rows beside Linux's.
#
# usage: bench/run.sh [ROW...]      (no row: all)
#
# QEMU runs with `-icount shift=0`: the guest's clock advances one nanosecond an instruction, so a row repeats to the
# digit whatever else the machine does.  Linux's figures (bench/linux/, Debian 12's 6.1 kernel, same QEMU, same
# options) were measured with the same program.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
out=$top/build/bench
mkdir -p "$out"
for p in kbench bootprobe; do
	[ "$out/$p" -nt "$here/$p.c" ] || musl-gcc -static -O2 -std=gnu11 -o "$out/$p" "$here/$p.c"
done
status=0
KBENCH=$out/kbench ROWS="$*" SETTLE=${SETTLE:-0} "$here/run-bench.sh" "$top/build/x86_64/zerno.elf" "$out" icount || status=1
if [ $# = 0 ]; then
	BOOTPROBE=$out/bootprobe "$here/run-boot.sh" "$top/build/x86_64/zerno.elf" "$out" || status=1
	"$here/compare.py" "$here/linux/boot-default.tsv" "$out/boot.tsv" || true
fi
"$here/compare.py" "$here/linux/icount-default.tsv" "$out/kbench.tsv"
exit $status
