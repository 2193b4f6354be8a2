#!/bin/sh
# SPDX-License-Identifier: MIT
# bench/files.sh - the rows of files.py, run in the guest, the same on Linux and on Zerno.  Prints `@ROW name seconds` for each.
# A cold row begins with empty caches; a row that writes ends when all is on the disk.
cd /bench || exit 1
mkdir -p work

row() { # row NAME cold|warm COMMAND
	case " $ROWS " in "  " | *" $1 "*) ;; *) return ;; esac
	sync
	[ "$2" = warm ] || echo 3 >/proc/sys/vm/drop_caches
	start=$(date +%s%N)
	if sh -c "$3" >/bench/log 2>&1; then
		echo "@ROW $1 $(($(date +%s%N) - start))"
	else
		echo "@ROW $1 failed"
		tail -n 5 /bench/log
	fi
}
fio="fio --name=x --filename=work/data --size=64m --minimal"

row fio_seq_write cold "$fio --rw=write --bs=64k --end_fsync=1"
row fio_seq_read cold "$fio --rw=read --bs=64k"
row fio_seq_read_warm warm "$fio --rw=read --bs=64k"
row fio_rand_write cold "$fio --rw=randwrite --bs=4k --io_size=16m --end_fsync=1"
row fio_rand_read cold "$fio --rw=randread --bs=4k --io_size=8m"
row fio_rand_read_direct cold "$fio --rw=randread --bs=4k --io_size=8m --direct=1"
row fio_rand_write_direct cold "$fio --rw=randwrite --bs=4k --io_size=8m --direct=1"
row fio_rand_mmap cold "$fio --rw=randrw --bs=4k --io_size=8m --ioengine=mmap"
rm -f work/data
mkdir -p work/tree
row create_10000 cold "./tree create work/tree 10000; sync"
row stat_10000 cold "./tree stat work/tree 10000"
row stat_10000_warm warm "./tree stat work/tree 10000"
row unlink_10000 cold "./tree unlink work/tree 10000; sync"
row find cold "find / -xdev"
row find_warm warm "find / -xdev"
row tar_usr cold "tar -cf - /usr | cat >/dev/null"
row tar_usr_warm warm "tar -cf - /usr | cat >/dev/null"
row sqlite_inserts cold "seq 200 | sed 's/.*/insert into t values(&, hex(randomblob(50)));/; 1i create table t(a integer primary key, b text);' | sqlite3 work/db"
row git_checkout cold "cd repository && git checkout -q other && sync"
row git_checkout_warm warm "cd repository && git checkout -q master && sync"
imports="import json, re, os, subprocess, asyncio, unittest, email, http.client, xml.dom.minidom, decimal, argparse, logging, ctypes, csv"
row python_imports cold "python3 -B -c '$imports'"
row python_imports_warm warm "python3 -B -c '$imports'"
row python_9p cold "chroot /bench/share python3 -B -c '$imports'"
row python_9p_warm warm "chroot /bench/share python3 -B -c '$imports'"
row find_9p cold "find /bench/share -xdev"
row find_9p_warm warm "find /bench/share -xdev"
