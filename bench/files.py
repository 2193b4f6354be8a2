#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""bench/files.py - file rows on Linux and on Zerno: the same disk image, the same share, the same QEMU.

usage: files.py [ROW...] [--rounds=N] [--icount] [--zerno]

Debian's root is on an ext4 disk (/dev/vda) and, read-only, on a 9p share.  Each round boots Debian's kernel
(mitigations=off) and Zerno in turn, each with a fresh copy of the image; bench/files.sh runs the rows.  The figures are
milliseconds of wall time, the lowest of all rounds (2): on a machine with other work only their ratio means anything.
--icount counts guest time in instructions (a million is a "millisecond"; waiting for the disk takes host time).
--zerno runs Zerno alone.
"""
import os
import re
import shutil
import subprocess
import sys

sys.argv, words = [sys.argv[0], "none"], sys.argv[1:]
TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, f"{TOP}/tests")
import linux_kernel  # noqa: E402
import run  # noqa: E402

HOME = f"{TOP}/build/bench"
ARCHIVE, ROOT, IMAGE = f"{TOP}/build/debian/root-bench.cpio", f"{HOME}/root", f"{HOME}/root.ext4"
ROWS = [w for w in words if not w.startswith("--")]
ROUNDS = int(next((w[9:] for w in words if w.startswith("--rounds=")), 2))
MACHINE = ["-M", "q35", *(["-accel", "tcg,thread=single", "-icount", "shift=0"] if "--icount" in words else [])]
STALL = 900
INIT = """#!/bin/sh
mount -t proc proc /proc
mount -t devtmpfs devtmpfs /dev
case $(uname -v) in *Zerno*) ;; *) for m in $(cat /modules/list); do insmod /modules/$m; done ;; esac
mount -t ext4 /dev/vda /mnt || echo no disk
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro share /mnt/bench/share || echo no share
mount -t proc proc /mnt/proc
mount -t devtmpfs devtmpfs /mnt/dev
cp /files.sh /mnt/bench
ROWS="{rows}" chroot /mnt /bin/sh /bench/files.sh
umount /mnt/proc /mnt/dev /mnt/bench/share /mnt
echo @@END
poweroff -f
"""


def make_image():
    """The disk, once: Debian's root, the programs of the bench, and a git repository with two branches."""
    if os.path.exists(IMAGE) and os.path.getmtime(IMAGE) > max(os.path.getmtime(f) for f in (ARCHIVE, __file__, f"{TOP}/bench/tree.c")):
        return
    print("bench: making the image")
    shutil.rmtree(ROOT, ignore_errors=True)
    for d in ("bench/share", "dev", "proc"):
        os.makedirs(f"{ROOT}/{d}")
    subprocess.run(["bsdtar", "-xpf", ARCHIVE, "-C", ROOT, "--exclude", "./dev/*"], check=True)
    subprocess.run(["musl-gcc", "-static", "-O2", "-Wall", "-o", f"{ROOT}/bench/tree", f"{TOP}/bench/tree.c"], check=True)
    repository = f"{ROOT}/bench/repository"
    subprocess.run(["git", "init", "-q", "-b", "master", repository], check=True)
    git = ["git", "-C", repository, "-c", "user.name=zerno", "-c", "user.email=zerno@localhost"]
    for branch in ("master", "other"):
        if branch == "other":
            subprocess.run([*git, "checkout", "-q", "-b", branch], check=True)
        for i in range(1000):
            os.makedirs(f"{repository}/{i % 20}", exist_ok=True)
            run.write(f"{repository}/{i % 20}/file{i}.c", f"/* {branch} {i} */\n" * (20 + i % 200))
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", branch], check=True)
    subprocess.run([*git, "checkout", "-q", "master"], check=True)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", ROOT, IMAGE, "1536m"], check=True)


def make_initrd():
    """One for both kernels: busybox, and the modules which Debian's kernel needs to see the disk and the share."""
    root = f"{HOME}/initrd"
    run.make_root(root, INIT.format(rows=" ".join(ROWS)))
    shutil.copy(f"{TOP}/bench/files.sh", f"{root}/files.sh")
    os.makedirs(f"{root}/modules")
    for path in linux_kernel.modules():
        shutil.copy(path, f"{root}/modules")
    run.write(f"{root}/modules/list", "".join(f"{os.path.basename(p)}\n" for p in linux_kernel.modules()))
    run.pack(root, f"{HOME}/files.cpio")


def measure(kernel, name):
    """{row: milliseconds} of one boot; a row that failed is told and left out."""
    disk, log = f"{HOME}/{name}.img", f"{HOME}/{name}.log"
    subprocess.run(["cp", "--sparse=always", IMAGE, disk], check=True)
    run.options["kernel"] = kernel
    guest = run.Guest(f"{HOME}/files.cpio", log, append="mitigations=off", smp=1, mem="1G", machine=MACHINE, extra=[
        "-drive", f"file={disk},format=raw,if=none,id=d,cache=writeback", "-device", "virtio-blk-pci,drive=d",
        "-virtfs", f"local,path={ROOT},mount_tag=share,security_model=none,readonly=on,multidevs=remap"])
    how = guest.wait("^@@END$", STALL)
    text = guest.text()
    checked = subprocess.run(["e2fsck", "-fn", disk], capture_output=True, text=True)
    os.unlink(disk)
    for trouble in re.findall(r"^@ROW \S+ failed\n(?:[^@].*\n)*", text, re.M) + ([f"{how}: see {log}\n"] if how != "done" else []):
        print(f"bench: {name}: {trouble}", end="")
    if checked.returncode:
        print(f"bench: {name}: e2fsck -fn finds errors on the disk:\n{checked.stdout[-2000:]}")
    return {n: int(ns) / 1e6 for n, ns in re.findall(r"^@ROW (\S+) (\d+)$", text, re.M)}


def main():
    if not os.path.exists(ARCHIVE):
        sys.exit(f"bench: there is no {ARCHIVE}: use `make bench-files`")
    os.makedirs(HOME, exist_ok=True)
    make_image()
    make_initrd()
    best = {"linux": {}, "zerno": {}}
    for _ in range(ROUNDS):
        for name, kernel in (("linux", linux_kernel.kernel()), ("zerno", run.KERNEL)):
            if name == "zerno" or "--zerno" not in words:
                for row, ms in measure(kernel, name).items():
                    best[name][row] = min(ms, best[name].get(row, ms))
    print(f"{'row':24}{'Linux ms':>12}{'Zerno ms':>12}{'ratio':>8}")
    for row in best["linux"] | best["zerno"]:
        a, b = best["linux"].get(row), best["zerno"].get(row)
        print(f"{row:24}{a and f'{a:,.0f}' or '-':>12}{b and f'{b:,.0f}' or '-':>12}{f'{b / a:.2f}' if a and b else '-':>8}")


main()
