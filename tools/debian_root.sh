#!/bin/sh
# SPDX-License-Identifier: MIT
#
# debian_root.sh - makes a Debian 12 root as an initramfs, or as a tar file, once.
#
# usage: debian_root.sh OUT.cpio|OUT.tar [ARCHITECTURE [PACKAGE,...]]      (amd64, or i386)
#
# mmdebstrap unpacks Debian's own packages from the mirror that the host uses, without manuals and translations.  The
# archive stays as it is until it is removed: nothing here depends on the kernel.
set -eu
out=$1
architecture=${2:-amd64}
dir=$(dirname "$out")
tar=${out%.*}.tar
quiet=--quiet
[ ! -t 2 ] || quiet= # mmdebstrap draws its own bars
packages="bash,coreutils,findutils,grep,sed,gawk,perl,python3,git,strace,gdb-minimal,procps,util-linux,libcap2-bin"
[ "$architecture" = amd64 ] || packages="$packages,busybox-static"
[ $# -lt 3 ] || packages="$packages,$3"

[ ! -s "$out" ] || { echo "debian: $out is there already"; exit 0; }
mkdir -p "$dir"
# The mirror of this host; what is not Debian's own repository has no place in the root.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
	grep -v -e security -e file: | grep '/debian/*$' | head -n 1)
mirror=${mirror:-http://deb.debian.org/debian}
# The root is made without /sys: no package looks into it, and its times may be ones that a 32-bit dpkg cannot read.
echo "debian: bookworm ($architecture) from $mirror (a minute or two)"
mode=root
[ "$(id -u)" = 0 ] || mode=unshare
mmdebstrap $quiet --mode=$mode --architectures="$architecture" --skip=check/qemu,chroot/mount/sys --variant=minbase --include="$packages" \
	--aptopt='Apt::Install-Recommends "false"' \
	--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
	--dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
	--customize-hook='rm -f "$1"/var/cache/apt/*.bin "$1"/etc/resolv.conf' \
	--customize-hook='echo zerno > "$1"/etc/hostname' \
	--customize-hook='echo nameserver 10.0.2.3 > "$1"/etc/resolv.conf' \
	--customize-hook='echo 127.0.0.1 localhost zerno > "$1"/etc/hosts' \
	bookworm "$tar" "$mirror"
if [ "$out" != "$tar" ]; then
	bsdtar -c --format=newc -f "$out.part" "@$tar"
	rm "$tar"
	mv "$out.part" "$out"
fi
echo "debian: $out, $(($(stat -c %s "$out") / 1000000)) MB"
