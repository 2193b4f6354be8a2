#!/bin/sh
# SPDX-License-Identifier: MIT
#
# setup.sh - installs the Debian packages a target needs, says which and why, and is silent when none is missing.
#
# usage: setup.sh run|test|check|debian|debian-i386|debian-dev|suites|all
set -eu

run="gcc:the_compiler make:the_build libc6-dev:headers_for_the_launcher python3:generators musl-tools:static_guest_programs
     qemu-system-x86:the_machine busybox-static:the_guest's_user_space cpio:boot_archives"
test="$run libcmocka-dev:unit_tests dpkg-dev:source_packages bzip2:source_packages xz-utils:source_packages e2fsprogs:ext4_images sqlite3:crashes_of_ext4 libarchive-tools:ext4_images fakeroot:ext4_images util-linux:namespaces_for_the_reference_run"
check="clang-22:lock_analysis clang-format:layout binutils:symbols codespell:spelling python3:checkers"
debian="mmdebstrap:a_Debian_root uidmap:a_Debian_root_without_being_root libarchive-tools:boot_archives fakeroot:a_disk_image_without_being_root e2fsprogs:a_disk_image ca-certificates:the_mirror"
dev="$debian golang-go:a_static_Go_program rustc:a_static_Rust_program"
i386="$debian gcc-multilib:32-bit_programs"
suites="$debian gcc-multilib:32-bit_tests gawk:strace's_suite zlib1g-dev:git's_suite fio:disks dpkg-dev:source_packages"
case ${1:-all} in
run) want=$run ;;
test) want=$test ;;
check) want="$check $run" ;;
debian) want=$debian ;;
debian-i386) want=$i386 ;;
debian-dev) want=$dev ;;
suites) want=$suites ;;
all) want="$test $check" ;;
*) echo "usage: setup.sh run|test|check|debian|debian-i386|debian-dev|suites|all" >&2; exit 2 ;;
esac

missing=
for item in $want; do
	package=${item%%:*}
	dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' && continue
	case " $missing " in *" $package "*) continue ;; esac
	missing="$missing $package"
	echo "setup: $package is missing ($(echo "${item#*:}" | tr _ ' '))"
done
[ -n "$missing" ] || exit 0

as_root=
[ "$(id -u)" = 0 ] || as_root=sudo
echo "setup: installing:$missing"
export DEBIAN_FRONTEND=noninteractive
# A package list that is not there or out of date is the usual reason for a failure: refresh it and try once more.
$as_root apt-get install -y -q --no-install-recommends $missing >/dev/null 2>&1 || {
	$as_root apt-get update -q >/dev/null
	$as_root apt-get install -y -q --no-install-recommends $missing >/dev/null
}
echo "setup: done"
