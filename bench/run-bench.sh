#!/bin/bash
# SPDX-License-Identifier: MIT
#
# run-bench.sh - runs kbench on a kernel under QEMU and saves the results.
#
# usage: run-bench.sh KERNEL OUTDIR [icount|wall]
#
#   icount  one CPU, the guest's clock advances by 1 ns per guest instruction:
#           "ns" in the results means guest instructions  (the default)
#   wall    two CPUs, multi-threaded TCG, real time: use only ratios of values
#           that were measured on the same machine at the same time
#
# Result: OUTDIR/kbench.tsv, and the console in OUTDIR/console*.log.
# Exit status: 0 all rows ran (n/a included), 1 the guest crashed or hung at
# least once (the row concerned is marked n/a), 2 no result or a usage error.
#
# When the guest dies in a row, that row is marked and a new guest goes on with
# the rows after it, up to $RETRIES times.
#
# Environment (default):
#   CMDLINE    kernel command line ("console=ttyS0 quiet panic=-1 tsc=reliable")
#   ROWS       rows to run (all)
#   ARGS       more kbench options, e.g. "--no-fork --batches=51"
#   KBENCH     kbench binary (kbench beside this script, built if missing)
#   BUSYBOX    static busybox, for /bin/sh (/bin/busybox)
#   QEMU       (qemu-system-x86_64)    CPU    -cpu model (qemu64)
#   MEM        -m (512)                SMP    -smp (icount 1, wall 2)
#   QEMU_ARGS  more QEMU options       SEED   -seed, icount only (1)
#   TIMEOUT    longest run of a guest in s (900)
#   STALL      longest silence of a guest in s (120)
#   RETRIES    (8)
#   SETTLE     seconds of sleep in the guest before the first row (2): Linux uses
#              a periodic tick until its TSC calibration is done; 0 for a kernel
#              that cannot sleep yet
set -u

here=$(cd "$(dirname "$0")" && pwd)
die() { echo "run-bench.sh: $*" >&2; exit 2; }

[ $# -ge 2 ] && [ $# -le 3 ] || die "usage: run-bench.sh KERNEL OUTDIR [icount|wall]"
kernel=$1 out=$2 mode=${3:-icount}
cmdline=${CMDLINE-console=ttyS0 quiet panic=-1 tsc=reliable}
kbench=${KBENCH:-$here/kbench}
busybox=${BUSYBOX:-/bin/busybox}
qemu=${QEMU:-qemu-system-x86_64}
cpu=${CPU:-qemu64}
mem=${MEM:-512}
timeout=${TIMEOUT:-900}
stall=${STALL:-120}
retries=${RETRIES:-8}

case $mode in
icount)
	smp=${SMP:-1}
	machine=(-accel tcg -icount shift=0,sleep=off -seed "${SEED:-1}"
		 -rtc base=2024-01-01T00:00:00,clock=vm)
	arguments="--icount --verbose --progress --settle=${SETTLE:-2} ${ARGS:-}" ;;
wall)
	smp=${SMP:-2}
	machine=(-accel tcg,thread=multi)
	arguments="--verbose --progress --settle=${SETTLE:-2} ${ARGS:-}" ;;
*)
	die "unknown mode: $mode" ;;
esac

[ -r "$kernel" ] || die "no such kernel: $kernel"
mkdir -p "$out" || exit 2
if [ ! -x "$kbench" ]; then
	musl-gcc -static -O2 -std=gnu11 -o "$kbench" "$here/kbench.c" ||
		gcc -static -O2 -std=gnu11 -pthread -o "$kbench" "$here/kbench.c" ||
		die "cannot build kbench"
fi
all_rows=${ROWS:-$("$kbench" --list | cut -f1)}
tsv=$out/kbench.tsv
work=$(mktemp -d) || exit 2
qemu_pid=
trap '[ -z "$qemu_pid" ] || kill -9 "$qemu_pid" 2>/dev/null; rm -rf "$work"' EXIT

# boot LOG ROW... : runs the rows in a new guest; sets $end to how it ended.
boot()
{
	local log=$1 started size=-1 last=0 shell=()
	shift
	[ -r "$busybox" ] && shell=("file:bin/busybox=$busybox" link:bin/sh=busybox)
	"$here/mkinitramfs.py" "$work/initrd" dir:bin dir:dev dir:proc dir:tmp \
		char:dev/console=5,1 char:dev/null=1,3 char:dev/zero=1,5 \
		"file:init=$kbench" link:bin/kbench=../init \
		"${shell[@]}" "text:kbench.args=$arguments $*" || exit 2
	: >"$log"
	"$qemu" "${machine[@]}" -smp "$smp" -cpu "$cpu" -m "$mem" \
		-kernel "$kernel" -initrd "$work/initrd" -append "$cmdline" \
		-display none -monitor none -nic none -no-reboot \
		-serial "file:$log" ${QEMU_ARGS:-} </dev/null >"$work/qemu" 2>&1 &
	qemu_pid=$!
	started=$SECONDS
	end=
	while [ -z "$end" ]; do
		sleep 0.3
		local new
		new=$(stat -c %s "$log")
		[ "$new" = "$size" ] || { size=$new last=$SECONDS; }
		if grep -q KBENCH-END "$log"; then
			end=complete
		elif ! kill -0 "$qemu_pid" 2>/dev/null; then
			# The last lines may have come after the grep above.
			grep -q KBENCH-END "$log" && end=complete || end="guest crashed"
		elif [ $((SECONDS - started)) -ge "$timeout" ]; then
			end="guest timed out"
		elif [ $((SECONDS - last)) -ge "$stall" ]; then
			end="guest hung"
		fi
	done
	# A complete guest switches itself off, if it can.
	if [ "$end" = complete ]; then
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			kill -0 "$qemu_pid" 2>/dev/null || break
			sleep 0.2
		done
	fi
	kill -9 "$qemu_pid" 2>/dev/null
	wait "$qemu_pid" 2>/dev/null
	qemu_pid=
	[ ! -s "$work/qemu" ] || sed 's/^/qemu: /' "$work/qemu" >&2
}

{
	echo "# kernel: $kernel ($(sha256sum <"$kernel" | cut -c1-16))"
	echo "# command line: $cmdline"
	echo "# mode: $mode, cpu $cpu, smp $smp, mem $mem, $("$qemu" --version | head -1)"
	echo "# qemu: ${machine[*]} ${QEMU_ARGS:-}"
	echo "# host: $(nproc) CPUs, load $(cut -d' ' -f1-3 /proc/loadavg) at the start"
	echo "# kbench: $(sha256sum <"$kbench" | cut -c1-16) $arguments"
} >"$tsv"

status=0 attempt=0
rows=$all_rows
while [ -n "$rows" ]; do
	log=$out/console$([ $attempt = 0 ] || echo "-$attempt").log
	boot "$log" $rows
	tr -d '\r' <"$log" | grep -aE '^(# (start |tsc_hz|unknown)|[a-zA-Z0-9_]+	([0-9.]+|n/a)	)' >"$work/rows"
	grep -avE '^# start' "$work/rows" >>"$tsv"
	[ "$end" = complete ] && break

	status=1
	current=$(grep -aE '^# start ' "$work/rows" | tail -1 | cut -d' ' -f3)
	if [ -z "$current" ]; then
		echo "run-bench.sh: $end before the first row; see $log" >&2
		tail -n 15 "$log" | sed 's/^/    /' >&2
		[ $attempt != 0 ] || { status=2; break; }
		attempt=$((attempt + 1))
		[ $attempt -le "$retries" ] || break
		continue
	fi
	if ! grep -qE "^$current	" "$work/rows"; then
		printf '%s\tn/a\t%s\n' "$current" "$end" >>"$tsv"
	fi
	echo "run-bench.sh: $end in row $current; see $log" >&2
	tail -n 15 "$log" | sed 's/^/    /' >&2
	rows=$(printf '%s\n' $rows | sed "1,/^$current\$/d")
	attempt=$((attempt + 1))
	[ $attempt -le "$retries" ] || { echo "run-bench.sh: giving up" >&2; break; }
done
for row in $all_rows; do
	grep -qE "^$row	" "$tsv" || printf '%s\tn/a\tnot run\n' "$row" >>"$tsv"
done
echo "$tsv: $(grep -cvE '^#|	n/a	' "$tsv") rows measured," \
     "$(grep -c '	n/a	' "$tsv") n/a, exit status $status"
exit $status
