# SPDX-License-Identifier: MIT
"""tests/ext4/ext4test.py - the kernel's ext4 on the host (exttool.c) against e2fsprogs.

    ext4test.py crash N | fuzz N | fuzz-host N | fuzz-guest N [seed] | walk N       long forms; the short ones run in `tests/run.py ext4`
"""
import concurrent.futures
import os
import random
import re
import shutil
import subprocess
import sys
import zlib

import fiotest
import killtest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = os.environ.get("EXTTOOL", f"{TOP}/build/ext4/exttool")
WORK = os.environ.get("EXT4_WORK", f"{TOP}/build/ext4/work")
KINDS = {"ext4": ["-t", "ext4"], "ext4-1k": ["-t", "ext4", "-b", "1024"], "ext3": ["-t", "ext3"],
         "ext2": ["-t", "ext2", "-b", "1024"], "uninit": ["-t", "ext4", "-O", "^metadata_csum,uninit_bg"]}


def run(*words, seconds=300, **kw):
    return subprocess.run(words, capture_output=True, text=True, errors="replace", timeout=seconds, **kw)


def tool(*words, seconds=300):
    return run(TOOL, *words, seconds=seconds)


def fsck_clean(image):
    """None, or what e2fsck says."""
    r = run("e2fsck", "-fn", image)
    return None if r.returncode == 0 else r.stdout[-1500:]


def make_tree(folder):
    """Files of many sizes and kinds, the same each time."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(f"{folder}/deep/er/and/deeper")
    os.makedirs(f"{folder}/many")
    rnd = random.Random(1)
    for n in range(400):
        with open(f"{folder}/many/a file with number {n}", "w") as f:
            f.write(f"{n}\n" * (n % 50))
    for n, size in enumerate([0, 1, 59, 1023, 4096, 4097, 100_000, 3_000_000]):
        with open(f"{folder}/deep/er/{n}", "wb") as f:
            f.write(rnd.randbytes(size))
    with open(f"{folder}/sparse", "wb") as f:
        f.truncate(40_000_000)
        f.seek(20_000_000)
        f.write(b"in the middle")
    os.symlink("deep/er", f"{folder}/short")
    os.symlink("x" * 300, f"{folder}/long")
    os.link(f"{folder}/deep/er/3", f"{folder}/hard")


def tree_lines(folder):
    """What exttool walk says of it: mode, links, size, checksum, name."""
    lines = []
    for base, dirs, files in os.walk(folder):
        for name in dirs + files:
            full = f"{base}/{name}"
            st = os.lstat(full)
            link, isdir = os.path.islink(full), os.path.isdir(full) and not os.path.islink(full)
            data = os.readlink(full).encode() if link else b"" if isdir else open(full, "rb").read()
            lines.append(f"{st.st_mode:06o} {0 if isdir else st.st_nlink} {0 if isdir else st.st_size} "
                         f"{zlib.crc32(data):08x} {full[len(folder):]}")
    return sorted(lines)


def walked_lines(text):
    found = re.findall(r"^(\d{6}) \d+:\d+ (\d+) [0-9a-f]{8} (\d+) ([0-9a-f]{8}) 0 (.*)$", text, re.M)
    return sorted(" ".join(f) for f in found if f[4] != "/lost+found")


def image(kind, tree=None, size="64M", name=None):
    path = f"{WORK}/{name or kind}.img"
    if os.path.exists(path):
        os.unlink(path)
    r = run("mke2fs", "-q", "-F", *KINDS[kind], *(["-d", tree] if tree else []), path, size,
            env={**os.environ, "E2FSPROGS_FAKE_TIME": "1700000000"})
    if r.returncode:
        raise RuntimeError(r.stderr)
    return path


def test_read(report, kind):
    tree = f"{WORK}/tree"
    got = tool(image(kind, tree), "ro", "walk")
    want, have = tree_lines(tree), walked_lines(got.stdout)
    report(f"ext4/read-{kind}", got.returncode == 0 and want == have,
           "\n".join([x for x in want if x not in have][:5] + [x for x in have if x not in want][:5]) + got.stderr[-800:])


def test_work(report, kind, seed, ops):
    out = f"{WORK}/{kind}-work.img"
    r = tool(image(kind), f"out={out}", "work", str(seed), str(ops))
    bad = "FAIL" in r.stdout or r.returncode
    report(f"ext4/work-{kind}", not bad and not (bad := fsck_clean(out)), f"{bad} {r.stdout[-500:]} {r.stderr[-1500:]}")


def test_dirs(report, kind, count):
    out = f"{WORK}/{kind}-dirs.img"
    path = f"{WORK}/dirs.img"
    if os.path.exists(path):
        os.unlink(path)
    run("mke2fs", "-q", "-F", *KINDS[kind], "-N", str(count + 1000), path, "64M")
    r = tool(path, f"out={out}", "dirs", str(count))
    bad = "FAIL" in r.stdout or r.returncode
    report(f"ext4/dirs-{kind}", not bad and not (bad := fsck_clean(out)), f"{bad} {r.stdout[-500:]} {r.stderr[-1500:]}")


def crash_once(kind, seed):
    """None, or what went wrong: a crash at a write chosen by seed, replayed by us and by e2fsck."""
    base = f"{WORK}/crash-{os.getpid()}-{seed}"
    crashed, ours, theirs = f"{base}.img", f"{base}.ours", f"{base}.theirs"
    at = seed * 7919 % 5000 + 20
    try:
        r = tool(f"{WORK}/crash-{kind}.img", f"out={crashed}", f"crash={at}", f"keep={seed}", "work", str(seed), "2200")
        if r.returncode or "FAIL" in r.stdout:
            return f"the work failed: {r.stdout[-500:]} {r.stderr[-1500:]}"
        shutil.copy(crashed, theirs)
        fix = run("e2fsck", "-fy", theirs)
        if fix.returncode > 1:
            return f"e2fsck -fy: {fix.stdout[-1500:]}"
        again = tool(crashed, f"out={ours}", "work", "0", "0")
        if again.returncode or "mount 0" not in again.stdout:
            return f"our replay: {again.stdout[-500:]} {again.stderr[-1500:]}"
        if bad := fsck_clean(ours):
            return f"after our replay: {bad}"
        walks = [tool(x, "ro", "walk").stdout for x in (ours, theirs)]
        if walked_lines(walks[0]) != walked_lines(walks[1]):
            return "our replay and e2fsck's differ"
        for crc, size, name in re.findall(r"^SYNCED ([0-9a-f]{8}) (\d+) (.*)$", r.stdout, re.M):
            if not re.search(rf" {size} {crc} 0 {re.escape(name)}$", walks[0], re.M):
                return f"{name} was synced and is lost"
        return None
    except subprocess.TimeoutExpired as e:
        return f"hangs: {e}"
    finally:
        for path in (crashed, ours, theirs):
            if os.path.exists(path):
                os.unlink(path)


def many(fn, jobs):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda j: (j, fn(*j)), jobs))


def test_crash(report, count, first=1):
    kinds = ["ext4", "ext4-1k", "ext3"]
    for kind in kinds:
        image(kind, name=f"crash-{kind}")
    done = many(crash_once, [(kinds[n % 3], n) for n in range(first, first + count)])
    bad = [(job, why) for job, why in done if why]
    report("ext4/crash", not bad, f"{count} crashes, {len(bad)} bad: " + "\n".join(f"{j}: {w}" for j, w in bad[:3]))


def places(data, block):
    """Where metadata stands: {kind: [offsets]}."""
    found = {"super": list(range(1024 + 4, 1024 + 56, 2)) + list(range(1024 + 58, 1024 + 400, 2)), "groups": list(range(2048, 2048 + 64, 2))}
    table = int.from_bytes(data[2048 + 8:2048 + 12], "little") * block
    size = int.from_bytes(data[1024 + 88:1024 + 90], "little") or 128
    used = [table + n * size for n in range(1, 60) if data[table + n * size:table + n * size + 2] != b"\0\0"]
    found["inodes"] = [at + k for at in used for k in range(0, min(size, 200), 2)]
    found["maps"] = [at + 40 + k for at in used for k in range(0, 60, 2)]
    found["bitmaps"] = [int.from_bytes(data[2048 + k:2052 + k], "little") * block + n for k in (0, 4) for n in range(0, 300)]
    for at in range(0, len(data) - block, block):
        if data[at:at + 2] == b"\x0a\xf3":
            found.setdefault("extents", []).extend(at + k for k in range(0, 200))
        elif data[at + 4:at + 10] == b"\x0c\0\x01\x02.\0" or data[at + 4:at + 7] == b"\x0c\0\x01":
            found.setdefault("dirs", []).extend(at + k for k in range(0, 120))
        elif data[at:at + 4] == b"\xc0\x3b\x39\x98":
            found.setdefault("log", []).extend(at + k for k in range(0, 120))
        elif b"a long name to fill" in data[at:at + 40]:
            found.setdefault("names", []).extend(at + k for k in range(0, block))
    return found


def mutate(path, rnd, block):
    """Changes a few bytes where metadata stands, or puts one block of it in the place of another."""
    with open(path, "r+b") as f:
        data = bytearray(f.read())
        found = places(data, block)
        for _ in range(rnd.choice([1, 2, 5, 20])):
            at, how = rnd.choice(found[rnd.choice(list(found))]), rnd.random()
            if how < 0.4:
                data[at] ^= 1 << rnd.randrange(8)
            elif how < 0.8:
                new = rnd.choice([b"\0\0", b"\xff\xff", rnd.randbytes(2), rnd.randbytes(1), b"\x0c\0", bytes(4), b"\xff\xff\xff\xff"])
                data[at:at + len(new)] = new
            elif how < 0.9:
                value = int.from_bytes(data[at:at + 4], "little") + rnd.choice([-1, 1, 8, 1000])
                data[at:at + 4] = (value & 0xffffffff).to_bytes(4, "little")
            elif at >= 4 * block:
                other = rnd.choice(found[rnd.choice([k for k in found if k not in ("super", "groups")])]) // block * block
                data[at // block * block:at // block * block + block] = data[other:other + block]
        f.seek(0)
        f.write(data)


def fuzz_once(seed):
    rnd = random.Random(seed)
    kind = rnd.choice(["nocsum", "ext2", "ext4-1k", "dirty"])
    path = f"{WORK}/fuzz-{os.getpid()}-{seed}.img"
    shutil.copy(f"{WORK}/fuzz-{kind}.img", path)
    mutate(path, rnd, 1024)
    out = f"{path}.out"
    try:
        for words in (["ro", "walk"], [f"opt=errors={rnd.choice(['continue', 'continue', 'remount-ro'])}", f"out={out}", "wreck"],
                      ["ro", "walk"], ["opt=errors=continue", "work", str(seed), "200"]):
            r = tool(out if os.path.exists(out) else path, *words, seconds=120)
            # What is damaged may be found out as wrong contents: only the program's own end counts.
            if r.returncode and not re.search(r"^FAIL", r.stdout, re.M):
                return f"{words}: status {r.returncode} {r.stderr[-2500:]}"
        return None
    except subprocess.TimeoutExpired:
        return "hangs"
    finally:
        for name in (path, out):
            if os.path.exists(name):
                os.unlink(name)


def fuzz_images():
    tree = f"{WORK}/small"
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(f"{tree}/many")
    os.makedirs(f"{tree}/deep/er")
    os.symlink("x" * 200, f"{tree}/deep/link")
    with open(f"{tree}/deep/fragments", "wb") as f:
        for n in range(40):
            f.seek(n * 20000)
            f.write(b"y" * 3000)
    for n in range(150):
        with open(f"{tree}/many/a long name to fill directories {n}", "wb") as f:
            f.write(b"x" * (n * 97))
    KINDS["nocsum"] = ["-t", "ext4", "-b", "1024", "-O", "^metadata_csum"]
    for kind in ("nocsum", "ext2", "ext4-1k"):
        image(kind, tree, size="8M", name=f"fuzz-{kind}")
    # One with a journal to be replayed.
    tool(f"{WORK}/fuzz-nocsum.img", f"out={WORK}/fuzz-dirty.img", "crash=400", "keep=1", "work", "7", "800")


def test_fuzz(report, count, first=1):
    fuzz_images()
    bad = [(j, w) for j, w in many(fuzz_once, [(n,) for n in range(first, first + count)]) if w]
    report("ext4/fuzz", not bad, f"{count} images, {len(bad)} bad: " + "\n".join(f"{j}: {w}" for j, w in bad[:3]))


WRECK = """mkdir -p /tmp/m; for d in {disks}; do
    echo "@@ $d"; case $d in [ace]) e=remount-ro;; *) e=continue;; esac; mount -t ext4 -o errors=$e /dev/vd$d /tmp/m || continue
    timeout -s KILL 100 sh -c 'cd /tmp/m; find . | head -n 3000 > /tmp/names; for how in stat "head -c 200000"; do tr "\\n" "\\0" < /tmp/names | xargs -0 $how; done
        find . -type l | head -n 100 | while read -r f; do readlink "$f"; done; n=0; for f in $(head -n 60 /tmp/names); do n=$((n + 1)); echo x >> $f; echo y > $f.new; mv $f.new $f.$n; rm -rf $f; done
        mkdir a b; cp -r /bin a; dd if=/dev/zero of=b/large bs=100k count=20; sync; rm -rf a deep many; find . | head -n 3000' > /dev/null 2>&1
    [ $? = 137 ] && echo "hangs: $d"; umount /tmp/m || echo "umount failed: $d"; done; echo "@@ end" """
IN_GUEST = 12  # images a guest


def fuzz_guest(first):
    """Mutated images in one guest: mounted, walked, written to and removed from by busybox.  None, or what went wrong."""
    letters = [chr(97 + n) for n in range(IN_GUEST)]
    paths = []
    for n, letter in enumerate(letters):
        rnd = random.Random(first + n)
        paths.append(shutil.copy(f"{WORK}/fuzz-{rnd.choice(['nocsum', 'ext2', 'ext4-1k', 'dirty'])}.img", f"{WORK}/guest-{letter}.img"))
        mutate(paths[-1], rnd, 1024)
        shutil.copy(paths[-1], f"{paths[-1]}.before")
    disks = [w for p in paths[1:] for w in ("--disk", p)]
    r = run(*guest(paths[0], WRECK.format(disks=" ".join(letters)), 300, "--rootfs", "busybox", *disks), cwd=TOP, stdin=subprocess.DEVNULL, seconds=330)
    if r.returncode or "@@ end" not in r.stdout or re.search("hangs: |umount failed: ", r.stdout):
        return f"status {r.returncode} {r.stdout[-2500:]} {r.stderr[-1500:]}"
    for path in paths:
        os.unlink(path)
        os.unlink(f"{path}.before")
    return None


def test_fuzz_guest(report, count, first=1):
    starts, bad = range(first, first + count, IN_GUEST), []
    for k, n in enumerate(starts):
        why = fuzz_guest(n)
        bad += [(n, why)] if why else []
        if k % 10 == 9:
            print(f"{(k + 1) * IN_GUEST} images in guests, {len(bad)} guests bad", flush=True)
    report("ext4/fuzz-guest", not bad, f"{len(starts) * IN_GUEST} images, {len(bad)} guests bad: " + "\n".join(f"from {n}: {w}" for n, w in bad[:2]))


def fault_once(kind, what, n):
    """The n-th allocation fails, or requests from the n-th on: an errno, no crash; what was written is consistent."""
    out = f"{WORK}/fault-{os.getpid()}-{what}-{n}.img"
    try:
        r = tool(f"{WORK}/crash-{kind}.img", f"out={out}", f"{what}={n}", "work", str(n), "400")
        if r.returncode or "FAIL" in r.stdout:
            return f"{r.stdout[-300:]} {r.stderr[-2000:]}"
        if what == "nomem" and "mount 0" in r.stdout:
            fix = run("e2fsck", "-fy", out)
            return fix.stdout[-1500:] if fix.returncode > 1 else None
        return None
    finally:
        if os.path.exists(out):
            os.unlink(out)


def test_faults(report, count):
    image("ext4", name="crash-ext4")
    jobs = [("ext4", what, n * n * 3 + n) for what in ("nomem", "eio") for n in range(1, count + 1)]
    bad = [(j, w) for j, w in many(fault_once, jobs) if w]
    report("ext4/faults", not bad, f"{len(bad)} bad: " + "\n".join(f"{j}: {w}" for j, w in bad[:3]))


# ---- in the guest ----

def guest(image, script, seconds, *more):
    return [f"{TOP}/zerno", "run", "-q", "-T", "--timeout", str(seconds), "--disk", image, *more, "--", "sh", "-c", script]


def test_guest(report):
    """Linux's image read on Zerno: the same checksums; written there: read by debugfs."""
    disk, tree, out = image("ext4", f"{WORK}/tree", name="guest"), f"{WORK}/tree", f"{WORK}/dumped"
    sums = "cd {}; find . -type f ! -path './lost+found*' ! -path './copy*' -exec md5sum {{}} + | sort; find . -type l ! -path './copy*' -exec readlink {{}} ';' | sort"
    want = run("sh", "-c", sums.format(tree)).stdout
    got = run(*guest(disk, "mkdir -p /tmp/m; mount -t ext4 /dev/vda /tmp/m || exit 1;" + sums.format("/tmp/m") +
                     "; mkdir copy; cp -a deep many sparse short long hard copy; cd /; umount /tmp/m", 200), cwd=TOP, stdin=subprocess.DEVNULL)
    report("ext4/guest-read", got.returncode == 0 and got.stdout.strip() == want.strip(), got.stdout[-1000:] + got.stderr[-1000:])
    bad = fsck_clean(disk)
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    run("debugfs", "-R", f"rdump /copy {out}", disk)
    have = run("sh", "-c", sums.format(f"{out}/copy").replace(" ! -path './copy*'", "")).stdout
    report("ext4/guest-write", not bad and have.strip() == want.strip(), f"{bad} {have[-1500:]}")


def test_direct(report):
    """O_DIRECT: what tests/stress/directio.c says on Linux's ext4 and on Zerno."""
    disk, folder, program = image("ext4", name="direct"), f"{WORK}/mnt", f"{TOP}/build/tests/stress/directio"
    os.makedirs(folder, exist_ok=True)
    if os.getuid() or run("mount", "-o", "loop", disk, folder).returncode:
        print("ext4/direct: skipped, this system does not let us mount an ext4 image")
        return
    try:
        want = run(program, folder).stdout
    finally:
        run("umount", folder)
    got = run(*guest(disk, f"mkdir -p /tmp/m; mount -t ext4 /dev/vda /tmp/m && /p/{os.path.basename(program)} /tmp/m; umount /tmp/m", 100, "-v",
                     f"{os.path.dirname(program)}:/p:ro"), cwd=TOP, stdin=subprocess.DEVNULL)
    wrong = [line for line in got.stdout.splitlines() if line not in want.splitlines()]
    bad = fsck_clean(disk)
    report("ext4/direct", got.stdout == want and want and not bad, f"{bad} {wrong} {got.stdout[-1500:]} {got.stderr[-500:]}")


def test_append(report):
    """A file that grows while it is written back, on ext4 and on a folder of this machine."""
    disk, folder = image("ext4", size="160M", name="append"), f"{WORK}/append"
    os.makedirs(folder, exist_ok=True)
    got = run(*guest(disk, "mkdir -p /tmp/m; mount -t ext4 /dev/vda /tmp/m && /p/appendsync /tmp/m/file 3; cp /tmp/m/file /v/copy; umount /tmp/m; /p/appendsync /v/file 3; "
                     "cmp -n 300000 /v/copy /v/file", 150, "-c", "2", "-v", f"{TOP}/build/tests/stress:/p:ro", "-v", f"{folder}:/v"), cwd=TOP, stdin=subprocess.DEVNULL)
    sizes = [int(n) for n in re.findall(r"^appendsync: (\d+) bytes, ok$", got.stdout, re.M)]
    bad = fsck_clean(disk) or (None if [os.path.getsize(f"{folder}/{n}") for n in ("copy", "file")] == sizes else "other sizes")
    report("ext4/append", got.returncode == 0 and len(sizes) == 2 and min(sizes) > 300000 and not bad, f"{bad} {got.stdout[-1000:]} {got.stderr[-500:]}")


def test_flags(report):
    """chattr: what e2fsprogs sets is obeyed, what is set here e2fsprogs sees."""
    disk = image("ext4", f"{WORK}/tree", name="flags")
    run("debugfs", "-w", "-R", "sif /hard flags 0x80010", disk)
    got = run(*guest(disk, "mkdir -p /tmp/m; mount -t ext4 /dev/vda /tmp/m && cd /tmp/m || exit 1; rm -f hard; echo x >> hard; [ -e hard ] && echo kept;"
                     "/p/chattr hard 80000 && rm hard && echo gone; echo a > log; /p/chattr log 80020; echo b > log; echo c >> log; cat log;"
                     "/p/chattr log 80028; /p/chattr deep 90000; touch deep/new; rm deep/new; cd /; umount /tmp/m", 100,
                     "-v", f"{TOP}/build/tests/abi:/p:ro"), cwd=TOP, stdin=subprocess.DEVNULL)
    seen = [run("debugfs", "-R", f"stat /{name}", disk).stdout.partition("Flags: ")[2].split()[:1] for name in ("log", "deep")]
    want = ("kept\nhard set 80000: ok, is 80000 , statx 0\ngone\nlog set 80020: ok, is 80020 , statx 20\na\nc\n"
            "log set 80028: ok, is 80028 , statx 20\ndeep set 90000: ok, is 90000 , statx 0\n")
    bad = fsck_clean(disk)
    report("ext4/flags", got.stdout == want and seen == [["0x80028"], ["0x90000"]] and not bad,
           f"{bad} {seen} {got.stdout[-500:]} {got.stderr[-500:]}")


def test_walk(report, count):
    """A tree of many files is walked by a guest whose memory would not hold it."""
    tree, disk = f"{WORK}/wide", f"{WORK}/wide.img"
    shutil.rmtree(tree, ignore_errors=True)
    for n in range(count):
        if n % 500 == 0:
            os.makedirs(f"{tree}/{n // 500}")
        os.symlink("nowhere", f"{tree}/{n // 500}/the file with number {n}")
    r = run("mke2fs", "-q", "-F", "-t", "ext4", "-N", str(count + 2000), "-d", tree, disk, f"{64 + count // 1000}M")
    shutil.rmtree(tree)
    got = run(*guest(disk, "mkdir -p /tmp/m; mount -t ext4 /dev/vda /tmp/m || exit 1; for i in 1 2; do find /tmp/m -links 1 | wc -l; done;"
                     "awk '/^Slab/{print ($2 < 24576 ? \"small\" : \"large\")}' /proc/meminfo; dd if=/dev/zero of=/tmp/x bs=1M count=16 2>/dev/null;"
                     "wc -c < /tmp/x; umount /tmp/m", 600, "-m", "64M"), cwd=TOP, stdin=subprocess.DEVNULL, seconds=700)
    os.unlink(disk)
    report("ext4/walk", not r.returncode and got.stdout == f"{count}\n{count}\nsmall\n{16 << 20}\n",
           r.stderr + got.stdout[-500:] + got.stderr[-500:])


def prepare():
    os.makedirs(WORK, exist_ok=True)
    make_tree(f"{WORK}/tree")


def session(report):
    prepare()
    for kind in KINDS:
        test_read(report, kind)
    for n, kind in enumerate(list(KINDS)):
        test_work(report, kind, n + 1, 1500)
    test_dirs(report, "ext4-1k", 5000)
    test_crash(report, 6)
    test_fuzz(report, 20)
    test_fuzz_guest(report, IN_GUEST)
    test_faults(report, 8)
    test_guest(report)
    test_direct(report)
    test_append(report)
    test_flags(report)
    test_walk(report, 20000)
    fiotest.session(report, 2)
    killtest.test_kill(report, 4)
    shutil.rmtree(WORK, ignore_errors=True)


def show(name, passed, detail=""):
    print(f"{'PASS' if passed else 'FAIL'} {name}" + ("" if passed else f"\n{detail}"), flush=True)
    if not passed:
        sys.exit(1)


if __name__ == "__main__":
    prepare()
    amount = int(sys.argv[2])
    start = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    if sys.argv[1] == "crash":
        test_crash(show, amount, start)
    if sys.argv[1] in ("fuzz", "fuzz-host"):
        test_fuzz(show, amount, start)
    if sys.argv[1] == "fuzz":
        test_fuzz_guest(show, amount // 5, start)
    if sys.argv[1] == "fuzz-guest":
        fuzz_images()
        test_fuzz_guest(show, amount, start)
    if sys.argv[1] == "walk":
        test_walk(show, amount)
