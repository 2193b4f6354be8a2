#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tests/ext4/killtest.py - ext4 on a virtio disk of a guest whose QEMU is killed in the middle of work.

    killtest.py N [first]     N kills; the short form runs in `tests/run.py ext4`.  ZERNO_KERNEL=FILE: another build

tests/stress/crashwork.c works on the disk and writes down, on a second disk, what fsync and sqlite3 promised to it.  At
a random moment QEMU gets SIGKILL.  Every other time the disks are files; else they are a recorder (recorder.py), from
which several images are made: the disk as it may be after power was lost at random moments, when what no flush covers
is there in part.  Each image is then
  - mounted by Zerno, which replays the journal; all that was promised is looked for; e2fsck finds nothing afterwards;
  - as a copy, replayed by `e2fsck -fy`, after which `e2fsck -fn` finds nothing;
  - as a copy, mounted by Linux (when we are root and it can), and looked through by the same program.
"""
import concurrent.futures
import os
import random
import re
import shutil
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORK = os.environ.get("KILL_WORK", f"{TOP}/build/ext4/kill")
PROGRAM = f"{TOP}/build/tests/stress/crashwork"
KINDS = {"ext4": ["-t", "ext4", "-b", "4096"], "ext4-1k": ["-t", "ext4", "-b", "1024"], "ext3": ["-t", "ext3", "-b", "4096"]}
SIZE, LOG_SIZE = 64 << 20, 8 << 20
RUN = [f"{TOP}/zerno", "run", "-q", "-T", "--rootfs", "host"]
IMAGES = 3         # made of one recorded run
TOGETHER = 8       # images looked through by one guest


def run(*words, seconds=300):
    return subprocess.run(words, cwd=TOP, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=seconds)


def fsck_clean(image):
    """None, or what e2fsck says."""
    r = run("e2fsck", "-fn", image)
    return None if r.returncode == 0 else r.stdout[-1500:]


def base_image(kind):
    path = f"{WORK}/base-{kind}.img"
    if not os.path.exists(path):
        r = run("mke2fs", "-q", "-F", *KINDS[kind], "-N", "16384", "-J", "size=4", path, f"{SIZE >> 10}k")
        if r.returncode:
            raise RuntimeError(r.stderr)
    return path


def copy(source, to):
    """Holes stay holes."""
    subprocess.run(["cp", "--sparse=always", source, to], check=True)
    return to


def write_image(path, data):
    with open(path, "wb") as f:
        for at in range(0, len(data), 65536):
            piece = data[at:at + 65536]
            if any(piece):
                f.seek(at)
                f.write(piece)
        f.truncate(len(data))
    return path


class Guest:
    """The work in a guest; kill() ends QEMU as the loss of power would."""

    def __init__(self, disks, seed):
        self.pid_file = f"{WORK}/qemu.pid"
        if os.path.exists(self.pid_file):
            os.unlink(self.pid_file)
        script = f"mkdir -p /tmp/m && mount -t ext4 /dev/vda /tmp/m && exec {PROGRAM} work /tmp/m /dev/vdb {seed}"
        self.process = subprocess.Popen([*RUN, "-c", str(1 + seed % 2), "--timeout", "100",
                                         "--qemu-arg", f"-pidfile {self.pid_file}", *disks, "--", "sh", "-c", script], cwd=TOP,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")

    def kill(self, after):
        """`after` seconds after the work has begun.  None, or what went wrong before."""
        said = ""
        for line in self.process.stdout:
            said += line
            if re.match(r"crashwork: \d+ workers", line):
                break
        time.sleep(after)
        ended = self.process.poll() is not None
        if not ended:
            with open(self.pid_file) as f:
                os.kill(int(f.read()), 9)
        later = self.process.stdout.read()
        self.process.wait()
        return f"the work ended by itself: {said[-1500:]}{later[-1500:]}" if ended or "crashwork:" in later else None


def moment(rnd):
    """Seconds; sqlite3 is loaded within the first."""
    return rnd.choice([rnd.uniform(0.1, 1.5), rnd.uniform(1.5, 3.5)])


def crash_files(seed, kind, rnd):
    """The disks are files, and all that QEMU was told to write is there: ([(image, log)], None or what is wrong)."""
    disk, log = copy(base_image(kind), f"{WORK}/{seed}.img"), f"{WORK}/{seed}.log"
    with open(log, "wb") as f:
        f.truncate(LOG_SIZE)
    guest = Guest(["--disk", disk, "--disk", log], seed)
    bad = guest.kill(moment(rnd))
    return [(disk, log)], bad


def crash_recorded(seed, kind, rnd):
    """The disks have a write cache that is lost."""
    from recorder import Recorder
    with open(base_image(kind), "rb") as f:
        recorder = Recorder(f"{WORK}/nbd", {"data": f.read(), "log": bytes(LOG_SIZE)})
    disks = " ".join(f"-blockdev driver=nbd,node-name={name},server.type=unix,server.path={WORK}/nbd,export={name} "
                     f"-device virtio-blk-device,drive={name}" for name in ("data", "log"))
    try:
        bad = Guest(["--qemu-arg", disks], seed).kill(moment(rnd))
    finally:
        recorder.close()
    made = []
    for n in range(IMAGES):
        up_to = rnd.randrange(len(recorder.log) // 8, len(recorder.log) + 1)
        made.append((write_image(f"{WORK}/{seed}.{n}.img", recorder.image("data", up_to, rnd)),
                     write_image(f"{WORK}/{seed}.{n}.log", recorder.image("log", up_to, rnd, stable=("log",)))))
    if not bad and not recorder.flushes("data"):
        bad = "no flush reached the disk"
    return made, bad


# ---- what is left ----

def look_on_zerno(images):
    """[None or what is wrong] for each; the images are replayed and unmounted cleanly."""
    script = "mkdir -p /tmp/m; " + "".join(
        f"echo @@{n}; mount -t ext4 /dev/vd{chr(97 + n)} /tmp/m && {{ {PROGRAM} check /tmp/m {log}; umount /tmp/m || echo umount failed; }}; "
        for n, (_, log) in enumerate(images)) + "echo @@end"
    disks = [w for image, _ in images for w in ("--disk", image)]
    r = run(*RUN, "--timeout", "250", *disks, "--", "sh", "-c", script)
    parts = dict(re.findall(r"^@@(\w+)\n(.*?)(?=^@@|\Z)", r.stdout.replace("\r", ""), re.M | re.S))
    results = []
    for n, (image, _) in enumerate(images):
        text = parts.get(str(n), "")
        if os.environ.get("VERBOSE"):
            print(image, text.strip(), flush=True)
        if not text.startswith("crashcheck: ok") or text.count("\n") != 1 or "end" not in parts:
            results.append(f"Zerno: {text[-2000:]} status {r.returncode} {r.stderr[-1500:]}")
        else:
            bad = fsck_clean(image)
            results.append(f"e2fsck after Zerno: {bad}" if bad else None)
    return results


def look_on_linux(image, log):
    """e2fsck's replay of one copy, Linux's own of another: None, or what is wrong."""
    theirs, folder = f"{WORK}/theirs.img", f"{WORK}/mnt"
    copy(image, theirs)
    fix = run("e2fsck", "-fy", theirs)
    if fix.returncode > 1 or fsck_clean(theirs):
        return f"e2fsck -fy: {fix.stdout[-1500:]}; then: {fsck_clean(theirs)}"
    os.makedirs(folder, exist_ok=True)
    if os.getuid() == 0 and run("mount", "-o", "loop", copy(image, f"{WORK}/mounted.img"), folder).returncode == 0:
        try:
            r = run(PROGRAM, "check", folder, log)
        finally:
            run("umount", folder)
        bad = fsck_clean(f"{WORK}/mounted.img")
        return None if r.returncode == 0 and not bad else f"Linux: {r.stdout[-2000:]} {bad}"
    shutil.rmtree(folder)
    os.makedirs(folder)
    run("debugfs", "-R", f"rdump / {folder}", theirs)
    r = run(PROGRAM, "check", folder, log)
    shutil.rmtree(folder)
    return None if r.returncode == 0 else f"e2fsck's replay: {r.stdout[-2000:]}"


def keep(image, log, why):
    """What went wrong stays to be looked at."""
    folder = f"{WORK}/bad"
    os.makedirs(folder, exist_ok=True)
    for path in (image, log):
        if os.path.exists(path):
            copy(path, f"{folder}/{os.path.basename(path)}")
    with open(f"{folder}/{os.path.basename(image)}.txt", "w") as f:
        f.write(why)


def look(waiting, bad):
    """Looks through the (name, image, log) of `waiting`; adds what is wrong to `bad`."""
    for name, image, log in waiting:
        copy(image, f"{image}.crashed")
        why = look_on_linux(image, log)
        if why:
            keep(f"{image}.crashed", log, why)
            bad.append((name, why))
    for (name, image, log), why in zip(waiting, look_on_zerno([w[1:] for w in waiting])):
        if why:
            keep(f"{image}.crashed", log, why)
            bad.append((name, why))
    for _, image, log in waiting:
        for path in (image, f"{image}.crashed", log):
            os.unlink(path)


def crashes(count, first=1, seconds=None):
    """(kills, images looked through, [(name, what is wrong)]); stops early after `seconds`."""
    os.makedirs(WORK, exist_ok=True)
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    waiting, bad, looks, images, began, done = [], [], [], 0, time.time(), 0
    with concurrent.futures.ThreadPoolExecutor(1) as looker:  # while the next guests work
        for seed in range(first, first + count):
            rnd, kind = random.Random(seed), ["ext4", "ext4", "ext4-1k", "ext4", "ext4", "ext3", "ext4-1k", "ext4"][seed // 2 % 8]
            made, why = (crash_files if seed % 2 else crash_recorded)(seed, kind, rnd)
            done += 1
            images += len(made)
            if why:
                bad.append((f"{seed} {kind}", why))
            waiting += [(f"{seed} {kind} {os.path.basename(image)}", image, log) for image, log in made]
            late = seconds and time.time() - began > seconds
            if len(waiting) + IMAGES > TOGETHER or seed == first + count - 1 or late:
                looks.append(looker.submit(look, waiting, bad))
                waiting = []
                if count > 10:
                    print(f"{done} kills, {images} images, {len(bad)} bad, {time.time() - began:.0f} s", flush=True)
            if len(bad) >= 5 or late:
                break
    for f in looks:
        f.result()  # an exception in it is one of ours
    return done, images, bad


def test_kill(report, count):
    done, images, bad = crashes(count)
    report("ext4/kill", not bad, f"{done} kills, {images} images, {len(bad)} bad: " + "\n".join(f"{n}: {w}" for n, w in bad[:3]))
    if not bad:
        shutil.rmtree(WORK, ignore_errors=True)


if __name__ == "__main__":
    done, images, bad = crashes(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    for name, why in bad:
        print(f"{name}: {why}")
    print(f"{done} kills of QEMU, {images} images replayed by Zerno, by e2fsck and by Linux: {len(bad)} bad")
    print(f"{done} passed, {len(bad)} failed")
    sys.exit(bool(bad))
