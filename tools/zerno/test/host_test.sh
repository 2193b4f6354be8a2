#!/bin/sh
# SPDX-License-Identifier: MIT
# host_test.sh - the launcher against fake-vmm.sh.  usage: host_test.sh [path of zerno]
here=${0%/*}
zerno=${1:-$here/../../../zerno}
export ZERNO_ROOTFS=busybox ZERNO_QEMU="$here/fake-vmm.sh" ZERNO_KERNEL=/dev/null
passed=0 failed=0
ok() { # ok NAME GOT WANT
	if [ "$2" = "$3" ]; then passed=$((passed + 1)); else
		failed=$((failed + 1))
		echo "FAIL $1: got '$2', want '$3'"
	fi
}
run() { timeout 60 "$zerno" run "$@"; }

run -- true </dev/null; ok true $? 0
run sh -c 'exit 7' </dev/null; ok status $? 7
run -- sh -c 'kill -9 $$' </dev/null; ok killed $? 137
run -- /no/such/program </dev/null 2>/dev/null; ok not-found $? 127
run -- /etc/passwd </dev/null 2>/dev/null; ok not-executable $? 126
ok stdin "$(echo hi | run cat)" hi
ok stderr "$(run sh -c 'echo out; echo err >&2' 2>&1 >/dev/null </dev/null)" err
ok stdout "$(run sh -c 'echo out; echo err >&2' 2>/dev/null </dev/null)" out
ok workdir "$(run -w /usr pwd </dev/null)" /usr
ok env "$(run -e A='x y' sh -c 'echo "$A $HOME"' </dev/null)" "x y /root"
ok argv "$(run printf '%s|' a '' 'b c' -m </dev/null)" "a||b c|-m|"
run --timeout 0.5 -q -- sleep 30 </dev/null; ok timeout $? 124
FAKE_PANIC=1 run true </dev/null >/dev/null 2>"${TMPDIR:-/tmp}/zerno-panic.$$"; ok panic $? 125
ok panic-text "$(grep -c 'panic: fake' "${TMPDIR:-/tmp}/zerno-panic.$$")" 1
rm -f "${TMPDIR:-/tmp}/zerno-panic.$$"
run -- yes </dev/null 2>/dev/null | head -1 >/dev/null; ok broken-pipe $? 0
head -c 20000000 /dev/urandom >"${TMPDIR:-/tmp}/zerno-data.$$"
ok bytes "$(run cat <"${TMPDIR:-/tmp}/zerno-data.$$" | cksum)" "$(cksum <"${TMPDIR:-/tmp}/zerno-data.$$")"
# Nobody reads its stdin, and much waits there: signals still get through.
timeout -s TERM 1 "$zerno" run -- sh -c 'trap "exit 5" TERM; sleep 30 & wait' <"${TMPDIR:-/tmp}/zerno-data.$$"
ok blocked-stdin $? 124 # timeout(1) says 124; the point is that it came back
ok background "$(run sh -c 'sleep 100 & echo done' </dev/null)" done
rm -f "${TMPDIR:-/tmp}/zerno-data.$$"
ok tty "$(script -qec "$zerno run -- sh -c 'tty; stty size; exit 3'" /dev/null </dev/null | tr -d '\r' | grep -o "/dev/pts/" | head -1)" /dev/pts/
script -qec "$zerno run -- sh -c 'exit 3'" /dev/null </dev/null >/dev/null; ok tty-status $? 3
run --machine vax -- true 2>/dev/null; ok bad-option $? 125
echo "launcher on the host: $passed passed, $failed failed"
[ "$failed" = 0 ]
