#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tests/ext4/fiotest.py - Debian's fio with verify, from the host's root, on an ext4 image on Zerno.

    fiotest.py [MEGABYTES]    of each job (64); the short form runs in `tests/run.py ext4`

Each job writes and reads at random places and verifies what it wrote.  The jobs that only write are verified once more
when the image was unmounted and mounted again.  ZERNO_KERNEL=FILE: another build.
"""
import os
import re
import shutil
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORK = f"{TOP}/build/ext4/fio"
JOBS = [(engine, direct, rw) for engine, direct in (("psync", 0), ("psync", 1), ("pvsync", 0), ("pvsync", 1), ("mmap", 0))
        for rw in ("randrw", "randwrite")]


def command(job, size, *more):
    engine, direct, rw = job
    return " ".join(["fio", f"--name={engine}-{direct}-{rw}", "--directory=/tmp/m", f"--ioengine={engine}", f"--direct={direct}", f"--rw={rw}",
                     f"--size={size}m", "--bsrange=4k-64k", "--blockalign=4k", "--verify=crc32c", "--verify_fatal=1", "--randseed=7", "--fsync=500",
                     "--fallocate=none" if rw == "randwrite" else "--fallocate=native", "--thread", *more])


def session(report, size):
    if not shutil.which("fio"):
        print("ext4/fio: skipped, there is no fio on this system (Debian's package fio)")
        return
    os.makedirs(WORK, exist_ok=True)
    disk = f"{WORK}/disk.img"
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", disk, f"{size * len(JOBS) + 100}M"], check=True, capture_output=True)
    mount = "mount -t ext4 /dev/vda /tmp/m"
    script = f"mkdir -p /tmp/m; {mount} || exit 1\n" + "".join(f"{command(j, size)}; echo \"@@ {' '.join(map(str, j))} $?\"\n" for j in JOBS)
    script += f"umount /tmp/m; {mount} || exit 1\n" + "".join(f"{command(j, size, '--verify_only')}; echo \"@@ {' '.join(map(str, j))} again $?\"\n"
                                                             for j in JOBS if j[2] == "randwrite") + "umount /tmp/m\n"
    r = subprocess.run([f"{TOP}/zerno", "run", "-q", "-T", "--rootfs", "host", "--timeout", str(100 + size * 20), "--disk", disk, "--", "sh", "-c", script],
                       cwd=TOP, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    ends = dict(re.findall(r"^@@ (.*) (\d+)\r?$", r.stdout, re.M))
    for job in [" ".join(map(str, j)) for j in JOBS] + [" ".join(map(str, j)) + " again" for j in JOBS if j[2] == "randwrite"]:
        report(f"ext4/fio {job}", ends.get(job) == "0", f"status {ends.get(job)}\n{r.stdout[-3000:]}{r.stderr[-1000:]}")
    fsck = subprocess.run(["e2fsck", "-fn", disk], capture_output=True, text=True)
    report("ext4/fio-fsck", fsck.returncode == 0, fsck.stdout[-1500:])
    for line in re.findall(r"^ +(?:read|write): IOPS=.*$", r.stdout, re.M) if size > 10 else []:
        print(line.strip())
    shutil.rmtree(WORK)


if __name__ == "__main__":
    results = []

    def show(name, passed, detail=""):
        results.append(passed)
        print(f"{'PASS' if passed else 'FAIL'} {name}" + ("" if passed else f"\n{detail}"), flush=True)
    session(show, int(sys.argv[1]) if len(sys.argv) > 1 else 64)
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    sys.exit(not all(results))
