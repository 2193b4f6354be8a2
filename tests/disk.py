#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""disk.py - disks: images made here, read and written by Zerno, and looked at again.  run.py calls it.

Each case is one guest: the launcher's `--disk`, or QEMU arguments of its own where errors are to be injected.
"""
import binascii
import hashlib
import json
import os
import socket
import struct
import subprocess
import threading
import time
import uuid

MB = 1 << 20
SLOW = 1  # how much slower than the ordinary kernel the tested one is
KASAN = False  # it is one that keeps what was freed in quarantine


def pattern(seed, size):
    out = hashlib.shake_128(str(seed).encode()).digest(65536)
    return (out * (size // 65536 + 1))[:size]


def mbr_entry(kind, start, count):
    return struct.pack("<B3xB3xII", 0, kind, start, count)


def mbr(entries, ident=0x12345678):
    table = b"".join(mbr_entry(*e) for e in entries).ljust(64, b"\0")
    return bytes(440) + struct.pack("<IH", ident, 0) + table + b"\x55\xaa"


def gpt(blocks, parts):
    """(bytes of the start, bytes of the end) of a GPT disk; parts: (first, last, name)."""
    entries = b""
    for n, (first, last, name) in enumerate(parts):
        kind = uuid.UUID("0fc63daf-8483-4772-8e79-3d69d8477de4").bytes_le
        unique = uuid.UUID(int=0x1000 + n).bytes_le
        entries += kind + unique + struct.pack("<QQQ", first, last, 0) + name.encode("utf-16-le").ljust(72, b"\0")
    entries = entries.ljust(128 * 128, b"\0")

    def header(mine, other, at):
        h = struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, 0, mine, other, 34, blocks - 34,
                        uuid.UUID(int=7).bytes_le, at, 128, 128, binascii.crc32(entries))
        crc = binascii.crc32(h)
        return (h[:16] + struct.pack("<I", crc) + h[20:]).ljust(512, b"\0")
    start = mbr([(0xee, 1, blocks - 1)]) + header(1, blocks - 1, 2) + entries
    return start, entries + header(blocks - 1, 1, blocks - 33)


class Disks:
    def __init__(self, top, build, report, wanted):
        self.top, self.dir, self.report, self.wanted = top, f"{build}/disk", report, wanted
        os.makedirs(self.dir, exist_ok=True)

    def path(self, name):
        return f"{self.dir}/{name}"

    def image(self, name, data):
        with open(self.path(name), "wb") as f:
            f.write(data)
        return self.path(name)

    def bytes_of(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def run(self, args, script, rootfs="busybox"):
        words = [f"{self.top}/zerno", "run", "--timeout", str(100 * SLOW), *args, "--rootfs", rootfs, "--", "sh", "-c", script]
        r = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=240 * SLOW)
        return r.returncode, r.stdout.decode(errors="replace"), r.stderr.decode(errors="replace")

    def case(self, name, args, script, want, also=lambda: None, **kw):
        """want: the exact output; also: a complaint about what the guest left, or None."""
        if self.wanted and name not in self.wanted:
            return
        status, out, err = self.run(args, script, **kw)
        bad = also() if status == 0 and out == want else f"status {status}\n{out[-1500:]}\n---wanted\n{want[-1500:]}\n---stderr\n{err[-800:]}"
        self.report(f"disk/{name}", not bad, bad or "")


def host_full(d):
    """The image is sparse and this machine's disk is full: an I/O error, and the guest goes on."""
    if d.wanted and "host-full" not in d.wanted:
        return
    small = d.path("small")
    os.makedirs(small, exist_ok=True)
    script = "dd if=/dev/urandom of=/dev/vda bs=64k count=100 conv=fsync 2>/dev/null || echo failed; dd if=/dev/vda bs=64k count=8 2>/dev/null | wc -c"
    command = f"mount -t tmpfs -o size=2m small {small} && truncate -s 16M {small}/img && exec {d.top}/zerno run --timeout 60 --rootfs busybox --disk {small}/img -- sh -c \"$0\""
    enter = ["unshare", "-m", "--propagation", "private"] + ["-U", "-r"] * (os.getuid() != 0)
    r = subprocess.run([*enter, "sh", "-c", command, script], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240)
    d.report("disk/host-full", (r.returncode, r.stdout) == (0, "failed\n524288\n"), f"status {r.returncode}\n{r.stdout}{r.stderr[-800:]}")


def md5(data):
    return hashlib.md5(data).hexdigest()


def run_disks(top, build, report, wanted):
    d = Disks(top, build, report, wanted)
    data = pattern("a", 8 * MB + 512 * 3)
    plain = d.image("plain.img", data)
    tail = data[-1536:]
    for machine, cpus in (("microvm", "1"), ("q35", "2")):
        d.case(f"read-{machine}", ["--machine", machine, "-c", cpus, "--disk", plain + ":ro"],
               "md5sum < /dev/vda; dd if=/dev/vda bs=64k iflag=direct 2>/dev/null | md5sum; blockdev --getsize64 /dev/vda;"
               "tail -c 1536 /dev/vda | md5sum; echo x 2>/dev/null > /dev/vda || echo refused; blockdev --getro /dev/vda",
               f"{md5(data)}  -\n{md5(data)}  -\n{len(data)}\n{md5(tail)}  -\nrefused\n1\n",
               lambda: None if d.bytes_of("plain.img") == data else "the image was changed")
        d.image("write.img", bytes(4 * MB))
        d.case(f"write-{machine}", ["--machine", machine, "-c", cpus, "--disk", d.path("write.img")],
               "yes 0123456 | head -c 1000000 | dd of=/dev/vda bs=100k seek=1 conv=fsync 2>/dev/null;"
               "yes abcdefg | head -c 65536 | dd of=/dev/vda bs=64k seek=40 oflag=direct 2>/dev/null; echo done",
               "done\n", lambda: None if d.bytes_of("write.img") == (bytes(102400) + b"0123456\n" * 125000).ljust(40 * 65536, b"\0")
               + (b"abcdefg\n" * 8192).ljust(4 * MB - 40 * 65536, b"\0") else "the image does not hold what was written")
    for machine, bus in (("microvm", "device"), ("q35", "pci")):
        d.case(f"packed-{machine}", ["--machine", machine, "-c", "2", "--qemu-arg",
               f"-drive file={plain},if=none,id=p,format=raw,readonly=on -device virtio-blk-{bus},drive=p,packed=on,num-queues=2"],
               "for i in 1 2 3; do md5sum < /dev/vda & dd if=/dev/vda bs=16k iflag=direct 2>/dev/null | md5sum; wait; done",
               f"{md5(data)}  -\n" * 6)
    start, end = gpt(16384, [(64, 2047, "first"), (4096, 8191, "second")])
    body = bytearray(pattern("gpt", 8 * MB))
    body[:len(start)], body[-len(end):] = start, end
    d.image("gpt.img", body)
    dos = bytearray(pattern("dos", 8 * MB))
    dos[:512] = mbr([(0x83, 64, 1000), (5, 2048, 8192)])
    dos[2048 * 512:2049 * 512] = mbr([(0x83, 8, 100), (5, 4096, 4096)])
    dos[6144 * 512:6145 * 512] = mbr([(0x83, 8, 200)])
    d.image("dos.img", dos)
    d.case("partitions", ["--disk", d.path("gpt.img"), "--disk", d.path("dos.img")],
           "awk '/vd/{print $1,$2,$3,$4}' /proc/partitions; md5sum < /dev/vda2; md5sum < /dev/vdb6; cat /sys/class/block/vda2/start;"
           "grep PART /sys/class/block/vda2/uevent; ls -d /sys/block/vd*; cat /sys/block/vda/size",
           "254 0 8192 vda\n254 1 992 vda1\n254 2 2048 vda2\n254 16 8192 vdb\n254 17 500 vdb1\n254 18 1 vdb2\n254 21 50 vdb5\n254 22 100 vdb6\n"
           f"{md5(body[4096 * 512:8192 * 512])}  -\n{md5(dos[6152 * 512:6352 * 512])}  -\n4096\n"
           "PARTN=2\nPARTUUID=00000000-0000-0000-0000-000000001001\nPARTNAME=second\n/sys/block/vda\n/sys/block/vdb\n16384\n")
    d.image("bad.img", pattern("bad", 4 * MB))
    inject = ("-blockdev driver=raw,node-name=d,file.driver=blkdebug,file.image.driver=file,file.image.filename={},"
              "file.inject-error.0.event=none,file.inject-error.0.iotype=read,file.inject-error.0.sector=1000,"
              "file.inject-error.0.errno=5,file.inject-error.0.once=off,"
              "file.inject-error.1.event=none,file.inject-error.1.iotype=write,file.inject-error.1.sector=3000,"
              "file.inject-error.1.errno=5,file.inject-error.1.once=off -device virtio-blk-device,drive=d")
    bad = pattern("bad", 4 * MB)
    d.case("errors", ["--qemu-arg", inject.format(d.path("bad.img"))],
           "dd if=/dev/vda bs=4k skip=125 count=1 of=/dev/null 2>/dev/null || echo read failed;"
           "dd if=/dev/vda bs=4k skip=100 count=25 2>/dev/null | md5sum; dd if=/dev/vda bs=4k skip=126 count=25 2>/dev/null | md5sum;"
           "dd if=/dev/vda bs=512 skip=1000 count=1 iflag=direct of=/dev/null 2>/dev/null || echo direct read failed;"
           "dd if=/dev/zero of=/dev/vda bs=4k seek=375 count=1 conv=fsync,notrunc 2>/dev/null || echo write failed;"
           "dd if=/dev/zero of=/dev/vda bs=4k seek=376 count=1 conv=fsync,notrunc 2>/dev/null && echo next written",
           f"read failed\n{md5(bad[100 * 4096:125 * 4096])}  -\n{md5(bad[126 * 4096:151 * 4096])}  -\ndirect read failed\nwrite failed\nnext written\n")
    flush = inject.replace("iotype=write", "iotype=flush").replace("file.inject-error.1.sector=3000,", "")
    d.case("flush-error", ["--qemu-arg", flush.format(d.path("bad.img"))],
           "echo x | dd of=/dev/vda conv=fsync,notrunc 2>/dev/null || echo fsync failed", "fsync failed\n")
    d.case("loop", [],
           "cd /tmp; yes loopdata | head -c 3000000 > f; losetup -r /dev/loop3 f; losetup /dev/loop3; md5sum f; head -c 2999808 f | md5sum;"
           "md5sum < /dev/loop3; losetup -d /dev/loop3; head -c 1 /dev/loop3 | wc -c",
           "/dev/loop3: 0 f\n" + "".join(f"{md5((b'loopdata' + bytes([10])) * 333333 + b'loo')}  f\n" for _ in [0])
           + (md5(((b"loopdata\n" * 333334)[:2999808])) + "  -\n") * 2 + "0\n")
    # A device so slow that it never answers: one byte a second.
    d.case("hang", ["--append", "virtio_blk.timeout=3", "--disk", plain + ":ro", "--qemu-arg",
           f"-drive file={d.path('write.img')},if=none,id=h,format=raw,readonly=on,throttling.bps-total=1 -device virtio-blk-device,drive=h"],
           "v=vdb; [ $(cat /sys/block/vda/size) = 8192 ] && v=vda; w=vda; [ $v = vda ] && w=vdb;"
           "dd if=/dev/$v of=/dev/null bs=64k count=16 2>/dev/null && dd if=/dev/$v of=/dev/null bs=64k count=16 2>/dev/null && echo answered;"
           "echo gone; md5sum < /dev/$w; dmesg | grep -c 'does not answer'", f"gone\n{md5(data)}  -\n1\n")
    balloon(d)
    host_full(d)


class Qmp:
    """QEMU's monitor: the balloon's size, and how much memory QEMU itself uses."""

    def __init__(self, path, end):
        while not os.path.exists(path) and time.time() < end:
            time.sleep(0.1)
        self.end = end
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        while self.socket.connect_ex(path) and time.time() < end:  # there, but nobody listens yet
            time.sleep(0.1)
        self.pid = struct.unpack("iii", self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        self.lines = self.socket.makefile("rw")
        self.lines.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.lines.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.lines.flush()
        while True:
            line = json.loads(self.lines.readline())
            if "return" in line or "error" in line:
                return line.get("return")

    def until(self, is_so):
        while not is_so() and time.time() < self.end:
            time.sleep(0.1)
        return is_so()

    def balloon(self, size):
        self.ask("balloon", value=size)
        return self.until(lambda: self.ask("query-balloon")["actual"] == size)

    def resident(self):
        with open(f"/proc/{self.pid}/statm") as f:
            return int(f.read().split()[1]) * 4096


def balloon_host(path, steps, notes):
    """The host's part: the guest writes the number of the next step into its disk when it is ready for it, and waits
    until the host has written it into the disk's second page: what the step is about has been seen, or never will be."""
    q = Qmp(path, time.time() + 80 * SLOW)

    def step(n):
        def reached():
            with open(steps, "rb") as f:
                return f.read(1) == b"%d" % n
        return q.until(reached)
    used = 0
    if KASAN:
        print("disk: balloon: not looked at is whether free pages are reported: what is in quarantine keeps blocks from becoming whole")
    for n, seen in ((1, lambda: q.balloon(256 * MB)), (2, lambda: q.balloon(480 * MB)),
                    (3, lambda: q.until(lambda: q.resident() > 320 * MB)),
                    (4, lambda: KASAN or q.until(lambda: q.resident() < used - 150 * MB))):
        notes.append(step(n) and seen())
        used = q.resident()
        with open(steps, "r+b") as f:
            f.seek(4096)
            f.write(b"%d" % n)


def balloon(d):
    path, notes = d.path("qmp.sock"), []
    if d.wanted and "balloon" not in d.wanted:
        return
    if os.path.exists(path):
        os.unlink(path)
    steps = d.image("steps.img", bytes(8192))
    t = threading.Thread(target=balloon_host, args=(path, steps, notes), daemon=True)
    t.start()

    def also():
        t.join(5)
        return None if notes == [True] * 4 else f"the host saw: grown, shrunk, memory used, memory given back: {notes}"
    d.case("balloon", ["-m", "512M", "--disk", steps, "--qemu-arg",
                       f"-device virtio-balloon-device,free-page-reporting=on -qmp unix:{path},server=on,wait=off"],
           "step() { echo $1 | dd of=/dev/vda conv=fsync,notrunc 2>/dev/null;"
           " until [ $(dd if=/dev/vda bs=4k skip=1 count=1 iflag=direct 2>/dev/null | head -c 1)x = $1x ]; do sleep 0.2; done; };"
           "free() { awk '/MemFree/{print int($2/1024)}' /proc/meminfo; }; n=0;"
           "step 1; while [ $(free) -gt 260 -a $n -lt 100 ]; do sleep 0.2; n=$((n+1)); done; [ $n -lt 100 ] && echo less;"
           "step 2; n=0; while [ $(free) -lt 340 -a $n -lt 100 ]; do sleep 0.2; n=$((n+1)); done; [ $n -lt 100 ] && echo more;"
           "mount -t tmpfs -o size=400m none /mnt; dd if=/dev/zero of=/mnt/x bs=1M count=300 2>/dev/null; step 3; rm /mnt/x; step 4;"
           "dd if=/dev/zero of=/mnt/x bs=1M count=200 2>/dev/null; md5sum < /mnt/x",
           f"less\nmore\n{md5(bytes(200 * MB))}  -\n", also)
