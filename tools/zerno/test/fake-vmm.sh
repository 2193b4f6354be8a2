#!/bin/sh
# SPDX-License-Identifier: MIT
# fake-vmm.sh - stands in for QEMU: runs the guest's init on this host, on the channel's descriptor.  So the
# launcher, the frames and init's pump are tested without a kernel (ZERNO_QEMU=fake-vmm.sh).
for word; do
	case $word in
	socket,id=channel,fd=*) fd=${word##*fd=} ;;
	socket,id=console,fd=*) console=${word##*fd=} ;;
	esac
done
if [ -n "$FAKE_PANIC" ]; then
	eval "printf 'booting\r\npanic: fake\r\n' >&$console"
	exit 0
fi
exec "${0%/*}/../../../build/user/init" --fd "$fd"
