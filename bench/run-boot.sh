#!/bin/bash
# SPDX-License-Identifier: MIT
#
# run-boot.sh - measures the boot of a kernel under QEMU.
#
# usage: run-boot.sh KERNEL OUTDIR
#
# Boots the kernel with an initramfs that holds only bootprobe, for each memory
# size in $MEMS, under icount, and once in real time.  Result, in the format of
# kbench: OUTDIR/boot.tsv, with these rows (SIZE in MiB):
#
#   boot_icount_SIZE        guest instructions from power-on to /init (firmware
#                           and idle time included, 1 ns = 1 instruction)
#   boot_mem_reserved_SIZE  RAM of the machine - MemTotal in KiB
#   boot_mem_used_SIZE      MemTotal - MemFree in KiB
#   boot_mem_taken_SIZE     the sum of both, which does not depend on how a
#                           kernel divides them
#   boot_wall               ms of real time from the start of QEMU to /init
#   kernel_file             size of the kernel file in KiB
#
# Environment (default): CMDLINE, QEMU, CPU, QEMU_ARGS, SEED, TIMEOUT (300) as for
# run-bench.sh; MEMS ("128 512 2048").
set -u

here=$(cd "$(dirname "$0")" && pwd)
die() { echo "run-boot.sh: $*" >&2; exit 2; }

[ $# = 2 ] || die "usage: run-boot.sh KERNEL OUTDIR"
kernel=$1 out=$2
cmdline=${CMDLINE-console=ttyS0 quiet panic=-1 tsc=reliable}
qemu=${QEMU:-qemu-system-x86_64}
cpu=${CPU:-qemu64}
timeout=${TIMEOUT:-300}
probe=${BOOTPROBE:-$here/bootprobe}
[ -r "$kernel" ] || die "no such kernel: $kernel"
mkdir -p "$out" || exit 2
[ -x "$probe" ] || musl-gcc -static -O2 -std=gnu11 -o "$probe" "$probe.c" ||
	gcc -static -O2 -std=gnu11 -o "$probe" "$probe.c" || die "cannot build bootprobe"
work=$(mktemp -d) || exit 2
qemu_pid=
trap '[ -z "$qemu_pid" ] || kill -9 "$qemu_pid" 2>/dev/null; rm -rf "$work"' EXIT
"$here/mkinitramfs.py" "$work/initrd" dir:dev dir:proc char:dev/console=5,1 \
	"file:init=$probe" || exit 2

# boot LOG MEM OPTION... : sets $ready_ms, fails if the guest is never done.
boot()
{
	local log=$1 mem=$2 begin now
	shift 2
	: >"$log"
	begin=$(date +%s%N)
	"$qemu" "$@" -cpu "$cpu" -m "$mem" -kernel "$kernel" -initrd "$work/initrd" \
		-append "$cmdline" -display none -monitor none -nic none -no-reboot \
		-serial "file:$log" ${QEMU_ARGS:-} </dev/null &
	qemu_pid=$!
	ready_ms=
	while :; do
		now=$(date +%s%N)
		[ -n "$ready_ms" ] || ! grep -q '^READY' "$log" ||
			ready_ms=$(((now - begin) / 1000000))
		grep -q '^DONE' "$log" && break
		kill -0 "$qemu_pid" 2>/dev/null || { sleep 0.1; break; }
		[ $(((now - begin) / 1000000000)) -lt "$timeout" ] || break
		sleep 0.02
	done
	kill -9 "$qemu_pid" 2>/dev/null
	wait "$qemu_pid" 2>/dev/null
	qemu_pid=
	grep -q '^DONE' "$log"
}

row() { printf '%s\t%s\t%s\n' "$@"; }

status=0
{
	echo "# kernel: $kernel ($(sha256sum <"$kernel" | cut -c1-16))"
	echo "# command line: $cmdline"
	echo "# cpu $cpu, $("$qemu" --version | head -1) ${QEMU_ARGS:-}"
	for mem in ${MEMS:-128 512 2048}; do
		log=$out/boot-$mem.log
		if boot "$log" "$mem" -accel tcg -icount shift=0,sleep=off -smp 1 \
			-seed "${SEED:-1}" -rtc base=2024-01-01T00:00:00,clock=vm; then
			read -r _ tsc < <(tr -d '\r' <"$log" | grep '^READY')
			read -r _ total free _ < <(tr -d '\r' <"$log" | grep '^MEM')
			row "boot_icount_$mem" "$tsc" ns
			row "boot_mem_reserved_$mem" $((mem * 1024 - total)) KiB
			row "boot_mem_used_$mem" $((total - free)) KiB
			row "boot_mem_taken_$mem" $((mem * 1024 - free)) KiB
		else
			row "boot_icount_$mem" n/a "no DONE, see $log"
			status=1
		fi
	done
	if boot "$out/boot-wall.log" 512 -accel tcg,thread=multi -smp 2; then
		row boot_wall "$ready_ms" ms
	else
		row boot_wall n/a "no DONE, see $out/boot-wall.log"
		status=1
	fi
	row kernel_file $(($(stat -L -c %s "$kernel") / 1024)) KiB
} >"$out/boot.tsv"
cat "$out/boot.tsv"
exit $status
