#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""run.py - runs the tests and prints `N passed, N failed` last.

usage: run.py all|guests|unit|ktest|abi|i386|apps|debian|debian-i386|debian-dev|strace|boot|launcher|disk|images|interactive|files|ext4|share|fuzz|failalloc|wakeups|stress [NAME...] [--seconds=N] [--seed=N] [--smp=N] [--busybox=FILE] [--verbose]
       [--kernel=FILE] [--slow=N] [--append=WORDS]    another build of the kernel, N times slower, with more on its command line
`guests` is all that runs a kernel.

A case of `abi` or `apps` is a shell script.  The same runner script executes all cases in the same root directory,
first on this Linux (in a chroot with its own mounts and processes), then on Zerno, and the output and exit
status must be equal.  A guest that hangs or dies fails the case that was running, with the end of the console log,
and a new guest goes on with the case after it.
"""
import ctypes
import glob
import gzip
import hashlib
import io
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = f"{TOP}/build/tests"
KERNEL = f"{TOP}/build/x86_64/zerno.elf"  # unless --kernel names another build
CASE_SECONDS = 120  # of one case on Zerno, under software emulation
DEV_SECONDS = 300   # of one that compiles
MICROVM = ["-M", "microvm,acpi=on,pit=on,pic=off,rtc=on,x-option-roms=off,auto-kernel-cmdline=off",
           "-global", "virtio-mmio.force-legacy=false"]

os.environ["ZERNO_ROOTFS"] = "busybox"  # what `zerno run` takes where a case does not say

results = []        # (name, passed)
options = {}


def slow(seconds):
    """A time limit for the kernel that is tested."""
    return seconds * int(options.get("slow", 1))


def report(name, passed, detail=""):
    results.append((name, passed))
    if not passed or options.get("verbose"):
        print(f"{'PASS' if passed else 'FAIL'} {name}", flush=True)
        for line in detail.rstrip("\n").split("\n")[-40:] if detail else []:
            print(f"    {line}")


# ---- the root directory both systems run in ----

RUNNER = """#!/bin/sh
# Runs the cases named in /list, one `NAME SECONDS` a line.
export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root TERM=dumb USER=root TZ=UTC LANG=C.UTF-8
umask 022
while read name seconds; do
	echo "@@BEGIN $name"
	rm -rf /tmp/w; mkdir -p /tmp/w; cd /tmp/w
	timeout -s KILL $seconds sh /cases/$name </dev/null >/tmp/out 2>&1
	status=$?
	cat /tmp/out
	echo; echo "@@END $name $status"
	cd /
done < /list
rm -rf /tmp/w /tmp/out
echo @@ALL
"""
INIT = """#!/bin/sh
mount -t proc proc /proc
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm; mount -t devpts devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t tmpfs -o mode=1777 tmpfs /tmp
/runner
poweroff -f
"""


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)


def make_root(root, init=INIT):
    shutil.rmtree(root, ignore_errors=True)
    for d in "bin sbin dev proc tmp root etc cases tests usr/bin usr/sbin var/run sys mnt".split():
        os.makedirs(f"{root}/{d}")
    busybox = options.get("busybox", "/bin/busybox")
    shutil.copy(busybox, f"{root}/bin/busybox")
    for applet in subprocess.run([busybox, "--list"], capture_output=True, text=True).stdout.split():
        if applet != "busybox":
            os.symlink("busybox", f"{root}/bin/{applet}")
    os.chmod(f"{root}/tmp", 0o1777)
    write(f"{root}/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/tmp:/bin/sh\n")
    write(f"{root}/etc/group", "root:x:0:\nuser:x:1000:\n")
    write(f"{root}/etc/hosts", "127.0.0.1 localhost\n")
    write(f"{root}/runner", RUNNER, 0o755)
    write(f"{root}/init", init, 0o755)


def pack(root, archive):
    files = subprocess.run(["find", ".", "-mindepth", "1", "-print0"], cwd=root, capture_output=True).stdout  # any bytes
    files = b"".join(f + b"\0" for f in sorted(files.split(b"\0")[:-1]))
    with open(archive, "wb") as out:
        subprocess.run(["cpio", "-o0", "-H", "newc", "--quiet", "-R", "0:0"], cwd=root, input=files, stdout=out, check=True)


def parse(text):
    """{name: (status, output)} of a runner's output, and the name of a case that did not end."""
    done, running = {}, None
    parts = re.split(r"^@@BEGIN (\S+)\n", text, flags=re.M)
    for name, rest in zip(parts[1::2], parts[2::2]):
        end = re.search(rf"\n@@END {re.escape(name)} (\d+)\n", rest)
        if end:
            done[name] = (int(end[1]), rest[:end.start()])
        else:
            running = name
    return done, running


# ---- Linux ----

def run_on_linux(root, cases, seconds=CASE_SECONDS, disk=None):
    """{case: (status, output)}.  disk: an ext4 image that is /tmp (which asks for root)."""
    write(f"{root}/list", "".join(f"{name} {seconds}\n" for name in cases))
    # The guest's first process has nice 0: so has this one, whatever we were started with (where we may).
    tmp = f"mount -o loop '{disk}' $0/tmp && chmod 1777 $0/tmp" if disk else "mount -t tmpfs -o mode=1777 tmpfs $0/tmp"
    script = (f"renice 0 $$ >/dev/null 2>&1; mount --rbind /dev $0/dev; mount -t proc proc $0/proc; {tmp}; "
              "exec chroot $0 /bin/busybox setsid /runner")
    enter = ["unshare", "-m", "-p", "-f", "--kill-child", "--propagation", "private"]
    if os.getuid() != 0:
        enter += ["-U", "-r"]
    r = subprocess.run(enter + ["sh", "-c", script, root], stdin=subprocess.DEVNULL, capture_output=True)
    done, _ = parse(r.stdout.decode(errors="replace"))
    if not done:
        print(f"the reference run on Linux gave nothing: {r.stderr.decode(errors='replace')[-500:]}")
    return done


# ---- Zerno ----

def end_with_parent():
    """A guest does not outlive its runner, however that ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def tmp_on_disk(root, disk):
    """The guest of `root` has this ext4 image as /tmp: run_on_zerno's options for it."""
    with open(f"{root}/init") as f:
        init = f.read()
    write(f"{root}/init", re.sub(r"mount -t tmpfs -o mode=1777 tmpfs /tmp", "mount -t ext4 /dev/vda /tmp; chmod 1777 /tmp", init), 0o755)
    return {"extra": ["-drive", f"file={disk},if=none,id=tmp,format=raw", "-device", "virtio-blk-device,drive=tmp"]}


class Guest:
    """One QEMU with the console in a file."""

    def __init__(self, initrd, log, append="", smp=2, mem="512M", machine=MICROVM, cpu="max", extra=()):
        self.log = log
        smp = options.get("smp", smp)
        open(log, "w").close()
        self.command = ["qemu-system-x86_64", *machine, "-accel", "tcg,thread=multi", "-cpu", cpu, "-smp", str(smp),
                        "-m", mem, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-kernel", options.get("kernel", KERNEL),
                        *(["-initrd", initrd] if initrd else []), "-serial", f"file:{log}",
                        "-append", f"console=ttyS0 quiet panic=-1 {append} {options.get('append', '')}".strip(), *extra]
        self.gdb = f"{tempfile.gettempdir()}/zerno-{os.getpid()}.gdb" if shutil.which("gdb") else None
        if self.gdb:
            self.command += ["-gdb", f"unix:{self.gdb},server=on,wait=off"]
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, preexec_fn=end_with_parent)

    def text(self):
        with open(self.log, "rb") as f:
            return f.read().decode(errors="replace").replace("\r", "")

    def wait(self, until, stall):
        """Until `until` stands in the log or QEMU ends ('done'), or the log stands still for `stall` s ('hang').
        Some time before a case's own limit ends what hangs, the kernel's state is noted beside the log."""
        size, since, looked = -1, time.time(), False
        stall = slow(stall)
        while True:
            ended = self.process.poll() is not None
            now = os.path.getsize(self.log)
            if now != size:
                size, since = now, time.time()
                if re.search(until, self.text(), re.M):
                    self.stop(15)
                    return "done"
            if ended:
                return "died"
            if time.time() - since > max(stall - 40, 15) and not looked:
                self.look()
                looked = True
            if time.time() - since > stall:
                self.stop()
                return "hang"
            time.sleep(0.1)

    def look(self):
        """Threads, CPUs, timers and futexes of the guest as they are now, into LOG.state."""
        if not self.gdb:
            return
        command = ["gdb", "-batch", "-nx", "-ex", f"file {options.get('kernel', KERNEL)}", "-ex", f"target remote {self.gdb}",
                   "-ex", f"source {TOP}/tools/gdb/zerno.py", "-ex", "zerno-all", "-ex", "detach"]
        with open(f"{self.log}.state", "w") as out:
            try:
                subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, timeout=60)
            except subprocess.TimeoutExpired:
                out.write("gdb did not end\n")

    def stop(self, grace=0):
        """Ends it, unless it does so by itself within `grace` s."""
        if self.process.poll() is None:
            try:
                self.process.wait(grace)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.gdb and os.path.exists(self.gdb):
            os.unlink(self.gdb)


def run_on_zerno(root, cases, name, seconds=CASE_SECONDS, **guest_options):
    """{case: (status, output)}; a case that killed or hung its guest has status None and the log's end."""
    done, left, boots = {}, list(cases), 0
    while left and boots < 40:
        write(f"{root}/list", "".join(f"{c} {slow(seconds)}\n" for c in left))
        pack(root, f"{BUILD}/{name}.cpio")
        guest = Guest(f"{BUILD}/{name}.cpio", f"{BUILD}/{name}-{boots}.log", **guest_options)
        how = guest.wait(r"^@@ALL$", seconds + 30)
        boots += 1
        text = guest.text()
        now, running = parse(text)
        done.update(now)
        left = [c for c in left if c not in done]
        if how == "done":
            break
        if not left:
            break
        culprit = running or left[0]
        done[culprit] = (None, f"the guest {'hung; its threads: ' + guest.log + '.state' if how == 'hang' else 'died'}; {guest.log}:\n"
                         + text[-2500:])
        left = [c for c in left if c != culprit]
    for c in left:
        done.setdefault(c, (None, "not run"))
    return done


def compare(kind, root, cases, **guest_options):
    compare_with(run_on_linux(root, cases), kind, root, cases, **guest_options)


def compare_with(linux, kind, root, cases, variant="", **guest_options):
    zerno = run_on_zerno(root, cases, kind + variant, **guest_options)
    for c in cases:
        want, got, name = linux.get(c), zerno.get(c), f"{kind}/{c}{variant}"
        if want is None:
            report(name, False, "did not end on Linux")
        elif want[0] == 137:  # SIGKILL is the time limit's
            report(name, False, "was killed on Linux: the case itself hangs")
        elif got == want:
            report(name, True)
        else:
            report(name, False, difference(c, want, got))


def difference(name, want, got):
    if got is None or got[0] is None:
        return got[1] if got else "no result"
    for who, (status, text) in (("linux", want), ("zerno", got)):
        write(f"{BUILD}/diff/{name}.{who}", f"{text}\nstatus {status}\n")
    r = subprocess.run(["diff", "-a", "-U1", f"{name}.linux", f"{name}.zerno"], cwd=f"{BUILD}/diff", capture_output=True)
    return r.stdout.decode(errors="replace")


def fetch_source(folder, package, *options):
    """Debian's source package of this name into folder, by apt-get with lists of its own: the host's stay as they are."""
    apt = f"{folder}/apt"
    for d in ("lists/partial", "cache/archives/partial", "state"):
        os.makedirs(f"{apt}/{d}", exist_ok=True)
    write(f"{apt}/sources.list", "deb-src http://deb.debian.org/debian bookworm main\n")
    own = ["-o", f"Dir::Etc::SourceList={apt}/sources.list", "-o", "Dir::Etc::SourceParts=-",
           "-o", f"Dir::State::Lists={apt}/lists", "-o", f"Dir::Cache={apt}/cache", "-o", "APT::Sandbox::User=root"]
    subprocess.run(["apt-get", *own, "update", "-q"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["apt-get", *own, "source", "-q", *options, package], cwd=folder, check=True, stdout=subprocess.DEVNULL)


# ---- the kinds of tests ----

def chosen(names, wanted):
    return [n for n in names if not wanted or n in wanted]


def test_unit(_):
    r = subprocess.run(["make", "--no-print-directory", "-C", TOP, "unit"], capture_output=True, text=True)
    seen = False
    for line in r.stdout.splitlines():
        m = re.match(r"(PASS|FAIL) (unit/\S+)", line)
        if m:
            seen = True
            report(m[2], m[1] == "PASS", r.stdout[-3000:])
    if not seen or (r.returncode and all(p for _, p in results)):
        report("unit/build", False, r.stdout[-2000:] + r.stderr[-2000:])


def test_ktest(wanted):
    append = "ignore_loglevel ktest=" + (",".join(wanted) if wanted else "all") + f" seed={options.get('seed', 1)}"
    guest = Guest(None, f"{BUILD}/ktest.log", append=append, smp=2)
    how = guest.wait(r"KTEST passed=\d+ failed=\d+", 120)
    text = guest.text()
    names = re.findall(r"KTEST (ok|not ok) (\S+)", text)
    for verdict, name in names:
        report(f"ktest/{name}", verdict == "ok", text[-2500:])
    if how != "done" or not names:
        report("ktest/guest", False, f"{how}\n" + text[-2500:])


def test_abi(wanted):
    programs = chosen(sorted(os.path.basename(p)[:-2] for p in glob.glob(f"{TOP}/tests/abi/*.c")), wanted)
    root = f"{BUILD}/root-abi"
    make_root(root)
    for p in programs:
        shutil.copy(f"{BUILD}/abi/{p}", f"{root}/tests/{p}")
        write(f"{root}/cases/{p}", f"exec /tests/{p}\n")
    compare("abi", root, programs)


def test_i386(wanted):
    """32-bit programs that need no library, in a root whose busybox may be Debian's i386 one (`make i386-busybox`)."""
    programs = chosen(sorted(os.path.basename(p)[:-2] for p in glob.glob(f"{TOP}/tests/i386/*.c")), wanted)
    root = f"{BUILD}/root-i386"
    make_root(root)
    for p in programs:
        shutil.copy(f"{BUILD}/i386/{p}", f"{root}/tests/{p}")
        write(f"{root}/cases/{p}", f"exec /tests/{p} one two\n")
    linux = run_on_linux(root, programs)
    # Each maker's CPU has its own instruction for __kernel_vsyscall: that it is the one in use is a case more.
    shutil.copy(f"{BUILD}/i386/vdso", f"{root}/tests/vdso")
    write(f"{root}/cases/way-in", "exec /tests/vdso way-in\n")
    for maker, way in (("AuthenticAMD", "syscall"), ("GenuineIntel", "sysenter"), ("CentaurHauls", "int80")):
        compare_with(linux | {"way-in": (0, f"{way}\n")}, "i386", root, programs + ["way-in"], f"-{way}", cpu=f"max,vendor={maker}")


def write_cases(root, kind, wanted):
    """The cases of tests/KIND/*.cases as scripts in root; their names."""
    cases = []
    for path in sorted(glob.glob(f"{TOP}/tests/{kind}/*.cases")):
        family = os.path.basename(path)[:-6]
        for part in re.split(r"^## ", open(path).read(), flags=re.M)[1:]:
            name, _, script = part.partition("\n")
            name = f"{family}-{name.strip()}"
            if not wanted or name in wanted or family in wanted:
                write(f"{root}/cases/{name}", script)
                cases.append(name)
    return cases


def test_apps(wanted):
    root = f"{BUILD}/root-apps"
    make_root(root)
    compare("apps", root, write_cases(root, "apps", wanted))


def unpack_debian(archive, root):
    """A Debian root as the tests use it: busybox only starts and ends the machine."""
    made = f"{root}.made"
    if not os.path.exists(made) or os.path.getmtime(made) < os.path.getmtime(archive):
        shutil.rmtree(root, ignore_errors=True)
        os.makedirs(f"{root}/dev")
        # Without device nodes, which an ordinary user cannot make.
        subprocess.run(["bsdtar", "-xf", archive, "-C", root, "--exclude", "./dev/*", "--no-same-owner"], check=True)
        shutil.copy("/bin/busybox", f"{root}/bin/busybox")
        write(made, "")
    write(f"{root}/runner", RUNNER, 0o755)
    write(f"{root}/init", "\n".join(w if w.startswith(("#", "/")) else f"/bin/busybox {w}" for w in
                                    INIT.replace("#!/bin/sh", "#!/bin/busybox sh").replace("; mount", "\nmount").splitlines())
          + "\n", 0o755)


def test_debian(wanted, kind="debian", archive="root.cpio", folder="debian", **guest_options):
    """Debian's dynamic programs: tests/FOLDER/*.cases in a root of build/debian/."""
    archive, root = f"{TOP}/build/debian/{archive}", f"{BUILD}/root-{kind}"
    if not os.path.exists(archive):
        print(f"{kind}: skipped, there is no {os.path.relpath(archive, TOP)}: run `make {kind}`")
        return
    unpack_debian(archive, root)
    for d in ("cases", "tests"):
        shutil.rmtree(f"{root}/{d}", ignore_errors=True)
    os.makedirs(f"{root}/tests")
    for p in glob.glob(f"{TOP}/tests/{folder}/*.*"):  # the programs with their sources, and helpers
        stem, kind_of_file = os.path.splitext(os.path.basename(p))
        if kind_of_file != ".cases":
            shutil.copy(p, f"{root}/tests/")
        if kind_of_file in (".c", ".go", ".rs"):
            shutil.copy(f"{BUILD}/{kind}/{stem}", f"{root}/tests/")
    compare(kind, root, write_cases(root, folder, wanted), **{"mem": "2G"} | guest_options)


def test_debian_i386(wanted):
    """The same with Debian's 32-bit programs, and ours built for i386."""
    test_debian(wanted, "debian-i386", "root-i386.cpio")


def test_debian_dev(wanted):
    """Compilers, databases, version control, and static programs of Go and Rust."""
    test_debian(wanted, "debian-dev", "root-dev.cpio", "debian-dev", seconds=DEV_SECONDS, mem="3G")


def test_strace(wanted):
    """The short form of strace's own suite; skipped when nobody has built the suite."""
    r = subprocess.run([sys.executable, f"{TOP}/tests/conformance_strace.py", *(wanted or ["--short"])], capture_output=True, text=True)
    if r.stdout.startswith("strace suite: skipped"):
        print(r.stdout.split("\n")[0])
    else:
        report("strace/short", r.returncode == 0, r.stdout + r.stderr)


SMOKE = """#!/bin/sh
mount -t devtmpfs devtmpfs /dev
mount -t proc proc /proc
echo "SMOKE cpus=$(nproc) mem=$(awk '/MemTotal/ {print $2}' /proc/meminfo) $(uname -sr) $(echo ok | sed s/ok/fine/)"
(while :; do :; done) & p=$!; sleep 0.2; kill $p; wait $p; echo "KILLED $?"
poweroff -f
"""
BOOTS = [  # machine, CPUs, memory, CPU model
    ("microvm", 1, "16M", "qemu64"), ("microvm", 1, "64M", "max"), ("microvm", 2, "512M", "max"), ("microvm", 4, "512M", "qemu64"),
    ("microvm", 4, "5G", "max,vendor=GenuineIntel"), ("q35", 1, "512M", "qemu64"), ("q35", 2, "64M", "max"),
    ("q35", 4, "5G", "max"), ("pc", 1, "512M", "max"), ("pc", 2, "5G", "qemu64"), ("pc", 4, "64M", "max")]


def has_symbol(name):
    """Is this function in the kernel that is tested?"""
    symbols = subprocess.run(["nm", options.get("kernel", KERNEL)], capture_output=True, text=True, check=True).stdout
    return re.search(rf" \w {name}$", symbols, re.M) is not None


def test_boot(wanted):
    root = f"{BUILD}/root-boot"
    make_root(root, SMOKE)
    pack(root, f"{BUILD}/boot.cpio")
    kasan = has_symbol("kasan_start")
    overhead = 12 << 10 if kasan else 0  # KiB: a larger image, its shadow, and an eighth of the memory
    for machine, cpus, mem, cpu in BOOTS:
        name = f"{machine}-{cpus}cpu-{mem}-{cpu.split(',')[0]}"
        if wanted and name not in wanted:
            continue
        if kasan and mem == "16M":
            print(f"boot/{name}: left out, a kernel with KASAN has no room for programs in 16 MiB")
            continue
        guest = Guest(f"{BUILD}/boot.cpio", f"{BUILD}/boot-{name}.log", smp=cpus, mem=mem, cpu=cpu,
                      machine=MICROVM if machine == "microvm" else ["-M", machine])
        how = guest.wait(r"^KILLED \d+", 120)
        if how == "done":
            how = "off" if guest.process.returncode == 0 else "did not power off"
        text = guest.text()
        m = re.search(r"SMOKE cpus=(\d+) mem=(\d+) Linux 6.1.0-zerno fine\n(?:Terminated\n)?KILLED 143", text)
        kib = int(mem[:-1]) * (1024 if mem.endswith("M") else 1024 * 1024)
        good = m and int(m[1]) == cpus and kib * 0.8 - overhead < int(m[2]) <= kib and how == "off"
        report(f"boot/{name}", bool(good), f"{how}\n" + text[-1500:])
    test_conventions(wanted)
    test_panic(wanted)


def test_conventions(wanted):
    """Linux's conventions: archives plain and gzip one after another, init=, words for init, words after `--`."""
    root, extra = f"{BUILD}/root-args", f"{BUILD}/root-extra"
    make_root(root, "#!/bin/sh\nexit 1\n")
    shutil.rmtree(extra, ignore_errors=True)
    write(f"{extra}/bin/start", "#!/bin/sh\nmount -t devtmpfs devtmpfs /dev\necho \"ARGS $# $1 $2 $3 word=$word PID=$$\"; cat /extra\n"
          "reboot -f\n", 0o755)
    write(f"{extra}/extra", "EXTRA\n")
    pack(root, f"{BUILD}/args.cpio")
    pack(extra, f"{BUILD}/extra.cpio")
    subprocess.run(f"(gzip -9 < {BUILD}/args.cpio; cat {BUILD}/extra.cpio) > {BUILD}/both.cpio", shell=True, check=True)
    for machine in (MICROVM, ["-M", "q35"]):
        guest = Guest(f"{BUILD}/both.cpio", f"{BUILD}/boot-conventions.log", smp=1, machine=machine,
                      append="rdinit=/bin/start word=value single nosuch.module=1 -- after -x")
        how = guest.wait(r"^EXTRA", 90)
        text = guest.text()
        good = "ARGS 3 single after -x word=value PID=1\nEXTRA" in text and guest.process.returncode == 0
        report(f"boot/conventions-{machine[1].split(',')[0]}", good, f"{how}\n" + text[-1500:])


def test_panic(wanted):
    """The death of init is a panic with registers, a symbolised backtrace and the reason."""
    root = f"{BUILD}/root-panic"
    make_root(root, "#!/bin/sh\nexit 3\n")
    pack(root, f"{BUILD}/panic.cpio")
    guest = Guest(f"{BUILD}/panic.cpio", f"{BUILD}/boot-panic.log", smp=1)
    guest.wait(r"end of panic|process_exit\+", 90)
    text = guest.text()
    report("boot/panic", "Attempted to kill init! exitcode=0x00000300" in text and bool(re.search(r"task_exit\+0x|process_exit\+0x", text)),
           text[-1500:])


def launcher(args, **kw):
    return subprocess.run([f"{TOP}/zerno", "run", *args], cwd=TOP, stdin=kw.pop("stdin", subprocess.DEVNULL),
                          capture_output=True, timeout=slow(240), **kw)


def layer(entries):
    """A tar file of (name, kind d|f|l|h, data)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as t:
        for name, kind, data in entries:
            info = tarfile.TarInfo(name)
            info.type = {"d": tarfile.DIRTYPE, "f": tarfile.REGTYPE, "l": tarfile.SYMTYPE, "h": tarfile.LNKTYPE}[kind]
            info.mode = 0o755
            if kind == "f":
                info.size = len(data)
            elif kind != "d":
                info.linkname = data
            t.addfile(info, io.BytesIO(data) if kind == "f" else None)
    return out.getvalue()


def image_cases(case):
    """The same two layers as tar file, OCI directory and docker archive."""
    top = f"{BUILD}/images"
    shutil.rmtree(top, ignore_errors=True)
    os.makedirs(f"{top}/oci/blobs/sha256")
    os.environ["XDG_CACHE_HOME"] = f"{top}/cache"
    with open("/bin/busybox", "rb") as f:
        busybox = f.read()
    lower = layer([("bin", "d", None), ("bin/busybox", "f", busybox), ("bin/sh", "h", "bin/busybox"), ("bin/cat", "l", "busybox"), ("bin/id", "l", "busybox"),
                   ("etc", "d", None), ("etc/passwd", "f", b"root:x:0:0::/:/bin/sh\nweb:x:77:78::/:/bin/sh\n"), ("data", "d", None), ("data/old", "f", b"old\n"),
                   ("data/keep", "f", b"keep1\n"), ("opaque", "d", None), ("opaque/a", "f", b""), ("link", "l", "/data")])
    upper = layer([("link/through", "f", b""), ("data/.wh.old", "f", b""), ("data/keep", "f", b"keep2\n"), ("opaque/.wh..wh..opq", "f", b""), ("opaque/b", "f", b"")])
    config = {"architecture": "amd64", "config": {"Env": ["FOO=bar baz"], "WorkingDir": "/data", "User": "web", "Entrypoint": ["/bin/sh", "-c"],
                                                  "Cmd": ["echo $FOO; pwd; echo *; echo /opaque/*; cat keep; id -u; id -g"]}}

    def put(data):
        digest = hashlib.sha256(data).hexdigest()
        with open(f"{top}/oci/blobs/sha256/{digest}", "wb") as f:
            f.write(data)
        return {"digest": f"sha256:{digest}", "size": len(data)}

    manifest = put(json.dumps({"config": put(json.dumps(config).encode()), "layers": [put(gzip.compress(lower)), put(upper)]}).encode())
    manifest["annotations"] = {"org.opencontainers.image.ref.name": "v1"}
    write(f"{top}/oci/index.json", json.dumps({"manifests": [manifest]}))
    with tarfile.open(f"{top}/docker.tar", "w") as t:
        for name, data in (("a/layer.tar", lower), ("b/layer.tar", upper), ("c.json", json.dumps(config).encode()),
                           ("manifest.json", json.dumps([{"Config": "c.json", "Layers": ["a/layer.tar", "b/layer.tar"]}]).encode())):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    with open(f"{top}/plain.tar.gz", "wb") as f:
        f.write(gzip.compress(lower))
    says = b"bar baz\n/data\nkeep through\n/opaque/b\nkeep2\n77\n78\n"
    case("oci", ["--rootfs", f"oci:{top}/oci:v1"], 0, says)
    case("docker-archive", ["--rootfs", f"docker-archive:{top}/docker.tar"], 0, says)
    case("tar", ["--rootfs", f"{top}/plain.tar.gz", "-u", "web", "sh", "-c", "cat /data/old; id -u"], 0, b"old\n77\n")
    case("tar-rw", ["--rw", "--rootfs", f"{top}/plain.tar.gz", "sh", "-c", "cat /data/keep; echo kept > /data/keep"], 0, b"keep1\n")
    case("tar-kept", ["--rootfs", f"{top}/plain.tar.gz", "sh", "-c", "cat /data/keep; stat -c %h /bin/sh"], 0, b"kept\n2\n")
    case("rw-nothing", ["--rw", "true"], 125, b"", b"no disk image")
    case("no-image", ["--rootfs", f"oci:{top}/oci:v2"], 125, b"")


def rootfs_command(*words):
    r = subprocess.run([f"{TOP}/zerno", "rootfs", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240)
    return r.returncode, r.stdout, r.stderr


def on_terminal(command):
    """What a command writes on a terminal."""
    r = subprocess.run(["script", "-qec", shlex.join(command), "/dev/null"], stdin=subprocess.DEVNULL, capture_output=True, timeout=240)
    return r.stdout


def kept_images(case, wanted):
    """zerno rootfs build|ls|rm, and Debian where `make debian` has made one."""
    tar = f"{BUILD}/images/docker.tar"
    if not wanted or "rootfs-command" in wanted:
        bar = on_terminal([f"{TOP}/zerno", "rootfs", "build", tar])
        listed = rootfs_command("ls")
        name = re.search(r"MiB  (docker-\w+)$", listed[1], re.M)
        removed, left = rootfs_command("rm", name[1] if name else "?"), rootfs_command("ls")
        good = b"made, once" in bar and b"image [" in bar and b"100%" in bar and name and removed[0] == 0 and name[1] not in left[1] \
            and rootfs_command("rm", "nosuch")[0] and rootfs_command("build", "debian:../x")[0] and rootfs_command("build")[0]
        report("launcher/rootfs-command", bool(good), f"{bar} {listed} {removed} {left}")
    if not os.path.exists(f"{TOP}/build/debian/root.cpio"):
        print("launcher: debian is left out, there is no build/debian/root.cpio: run `make debian`")
        return
    case("debian", ["--rootfs", "debian", "sh", "-c", ". /etc/os-release; echo $ID $VERSION_ID; dpkg -s coreutils | grep Status; rm -r /usr/bin; ls /bin"],
         127, b"debian 12\nStatus: install ok installed\n")
    case("debian-again", ["--rootfs", "debian", "perl", "-e", "print 6*7"], 0, b"42")


def killed_when_synced(image):
    """The machine dies, by its QEMU, after a sync(2) of its root."""
    pid = f"{BUILD}/launcher.pid"
    p = subprocess.Popen([f"{TOP}/zerno", "run", "-q", "--rw", *image, "--qemu-arg", f"-pidfile {pid}", "sh", "-c",
                          "echo synced > /marker; sync; echo synced; echo x > /lost; sleep 100"],
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if p.stdout.readline() == b"synced\n":
        with open(pid) as f:
            os.kill(int(f.read()), signal.SIGKILL)
    p.communicate()


def disk_root_cases(case, root, wanted):
    """A root on an image of ext4: only read, kept with --rw, and after the machine was killed."""
    disk = f"{BUILD}/launcher.ext4"

    def state():
        with open(disk, "rb") as f:
            return hashlib.sha256(f.read()).hexdigest()

    def clean():
        r = subprocess.run(["e2fsck", "-fn", disk], capture_output=True, text=True)
        return None if r.returncode == 0 and "skipping journal recovery" not in r.stderr else r.stdout[-800:] + r.stderr[-400:]

    if os.path.exists(disk):
        os.unlink(disk)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-d", root, disk, "64M"], check=True, stdout=subprocess.DEVNULL)
    image, made = ["--rootfs", disk], state()
    case("rootfs-ext4", [*image, "sh", "-c", "cat /marker; echo changed > /marker; rm -r /etc; mkdir /etc/; cat /marker; ls /etc"], 0,
         b"from a directory\nchanged\n", also=lambda: None if state() == made else "the image was changed")
    case("rootfs-ext4-rw", ["--rw", *image, "sh", "-c", "echo kept > /marker; mkdir -p /new/a; ln /marker /new/link; rm -r /cases;"
                            "trap '' TERM; sleep 100 > /held & :"], 0, b"", also=clean)
    made = state()
    case("rootfs-ext4-kept", [*image, "sh", "-c", "cat /marker /new/link; ls -d /cases; stat -c %h /marker"], 0, b"kept\nkept\n2\n",
         also=lambda: None if state() == made else "the image was changed")
    if not wanted or any("rootfs-ext4-replayed".startswith(w) for w in wanted):
        killed_when_synced(image)
    made = state()
    case("rootfs-ext4-replayed", [*image, "cat", "/marker"], 0, b"synced\n", also=lambda: None if state() == made else "the image was changed")
    case("rootfs-ext4-replayed-rw", ["--rw", *image, "cat", "/marker"], 0, b"synced\n", also=clean)
    case("swap", ["--disk", f"{disk}:ro", "--swap", "64M", "sh", "-c", "tail -n 1 /proc/partitions; dd if=/dev/vdb bs=1 skip=4086 count=10 2>/dev/null"], 0,
         b" 254       16      65536 vdb\nSWAPSPACE2")
    case("swap-too-small", ["--swap", "8K", "true"], 125, err=b"mkswap refused")
    case("disk-mounted", ["--disk", disk, "sh", "-c", "mount -t ext4 /dev/vda /mnt; mkdir /mnt/in; mount -t tmpfs x /mnt/in; cd /mnt; echo left > marker;"
                          "exec 3> open; sleep 100 & :"], 0, b"",
         also=lambda: clean() or (None if subprocess.run(["debugfs", "-R", "cat /marker", disk], capture_output=True).stdout == b"left\n" else "lost"))
    os.unlink(disk)


def test_launcher(wanted):
    def case(name, args, status, out=None, err=None, also=lambda: None, **kw):
        """also: a complaint about what the guest left, or None."""
        if wanted and not any(name.startswith(w) for w in wanted):
            return
        try:
            r = launcher(args, **kw)
        except subprocess.TimeoutExpired:
            report(f"launcher/{name}", False, f"no end after {slow(240)} s")
            return
        good = r.returncode == status and (out is None or r.stdout == out) and (err is None or err in r.stderr)
        bad = also() if good else f"status {r.returncode}, stdout {r.stdout[-300:]!r}, stderr {r.stderr[-800:]!r}"
        report(f"launcher/{name}", not bad, bad or "")

    if not wanted or "host" in wanted:
        r = subprocess.run([f"{TOP}/tools/zerno/test/host_test.sh", f"{TOP}/zerno"], capture_output=True, text=True)
        report("launcher/host", r.returncode == 0, r.stdout[-2000:] + r.stderr[-500:])
    case("exit-status", ["--", "sh", "-c", "exit 7"], 7, b"")
    case("signal", ["sh", "-c", "kill -9 $$"], 137)
    case("not-found", ["no-such-program"], 127)
    case("not-executable", ["/etc/passwd"], 126)
    case("separate-streams", ["sh", "-c", "echo out; echo err >&2"], 0, b"out\n", b"err")
    case("environment", ["-e", "A=b c", "-w", "/tmp", "sh", "-c", "echo $A; pwd"], 0, b"b c\n/tmp\n")
    case("timeout", ["--timeout", "3", "sleep", "100"], 124)
    case("cpus-memory", ["-c", "2", "-m", "64M", "nproc"], 0, b"2\n")
    case("q35", ["--machine", "q35", "echo", "hello"], 0, b"hello\n")
    root = f"{BUILD}/root-launcher"
    make_root(root)
    write(f"{root}/marker", "from a directory\n")
    case("rootfs-directory", ["--rootfs", root, "cat", "/marker"], 0, b"from a directory\n")
    pack(root, f"{BUILD}/launcher.cpio")
    case("rootfs-cpio", ["--rootfs", f"{BUILD}/launcher.cpio", "sh", "-c", "cat /marker; exit 3"], 3, b"from a directory\n")
    disk_root_cases(case, root, wanted)
    image_cases(case)
    kept_images(case, wanted)
    # The other C library's dynamic linker and threads.
    program = f"{root}/dynamic"
    subprocess.run(["musl-gcc", "-O1", "-w", "-o", program, f"{TOP}/tests/abi/pthread.c"], check=True)
    os.makedirs(f"{root}/lib", exist_ok=True)
    shutil.copy(os.path.realpath("/lib/ld-musl-x86_64.so.1"), f"{root}/lib/ld-musl-x86_64.so.1")
    linux = subprocess.run([program], capture_output=True)
    case("musl-dynamic", ["--rootfs", root, "/dynamic"], linux.returncode, linux.stdout)
    # core_pattern belongs to the whole machine, so Linux is not asked: core(5) says what comes out.
    case("core-pipe", ["sh", "-c", """cd /tmp
printf '#!/bin/sh\\necho "$# $2 $3 $4 uid $(id -u) in $PWD"; head -c 4 | tail -c 3; echo; cat > rest; echo pid $1\\n' > body
printf '#!/bin/sh\\nsh /tmp/body "$@" > /tmp/out 2>&1; echo end >> /tmp/out\\n' > helper; chmod 755 helper
echo '|/tmp/helper  %p %s %e a%%b' > /proc/sys/kernel/core_pattern
sleep 100 & p=$!; until grep -q sleep /proc/$p/comm; do :; done; kill -SEGV $p; wait $p; echo $?
until grep -q end out; do sleep 0.1; done; grep -v pid out; grep -c "pid $p$" out
echo '|/no/such/program' > /proc/sys/kernel/core_pattern
sleep 100 & kill -SEGV $!; wait $!; echo $?"""], 0, b"139\n4 11 sleep a%b uid 0 in /\nELF\nend\n1\n139\n")
    case("dry-run", ["--dry-run", "true"], 0, None)
    case("panic", ["--append", "zerno.test=panic", "true"], 125, b"", b"panic")
    os.makedirs(BUILD, exist_ok=True)
    with open(f"{BUILD}/hi", "w+b") as f:
        f.write(b"hi\n")
        f.seek(0)
        case("stdin", ["cat"], 0, b"hi\n", stdin=f)
    size = 100 << 20 if options.get("long") else 10 << 20
    data = os.urandom(1 << 20) * (size >> 20)
    with open(f"{BUILD}/random", "w+b") as f:
        f.write(data)
        f.seek(0)
        case("random-bytes", ["cat"], 0, data, stdin=f)
    os.unlink(f"{BUILD}/random")


# Where fsmodel works: launcher's arguments, the folder, the commands before it, what the file system cannot do.
FILE_SYSTEMS = {
    "overlay": ([], "/tmp/m", "cd /tmp; mkdir l u w m; mount -t overlay -o lowerdir=l,upperdir=u,workdir=w none m;", "xattr"),
    # Above a tree that an earlier run has made: nothing below has several names (a copy would part them), nor do
    # directories move (EXDEV).
    "overlay-lower": ([], "/tmp/m skip=3000", "cd /tmp; mkdir l u w m; /tests/fsmodel l ops=3000 procs={procs} seed={seed} no={lacks} &&"
                      " mount -t overlay -o lowerdir=l,upperdir=u,workdir=w none m &&", "xattr,link,dirmove,exchange,dirlink"),
    "tmpfs": ([], "/tmp", "", "xattr"),
    "ext4": (["--disk", "{disk}"], "/tmp/m", "mkdir /tmp/m; mount -t ext4 /dev/vda /tmp/m &&", ""),
    "overlay-ext4": (["--disk", "{disk}"], "/tmp/m", "cd /tmp; mkdir d l m; mount -t ext4 /dev/vda d && mkdir d/u d/w &&"
                     " mount -t overlay -o lowerdir=l,upperdir=d/u,workdir=d/w none m &&", ""),
    "9p": (["-v", f"{BUILD}/share-files:/share"], "/share", "", "xattr,exchange,mknod,handle,punch"),
}


def files_piece(name, procs, ops, seed):
    """One guest: (all right, what it said)."""
    args, folder, before, lacks = FILE_SYSTEMS[name]
    disk, root, share = f"{BUILD}/files-{os.getpid()}.img", f"{BUILD}/root-files", f"{BUILD}/share-files"
    if "--disk" in args:
        subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", disk, "256M"], check=True, capture_output=True)
    shutil.rmtree(share, ignore_errors=True)
    os.makedirs(share)
    script = before.format(procs=procs, seed=seed, lacks=lacks) + f" /tests/fsmodel {folder} ops={ops // procs} procs={procs} seed={seed} no={lacks}"
    r = subprocess.run([f"{TOP}/zerno", "run", "-q", "-c", str(min(procs, 2)), "--timeout", str(slow(ops // 500 + 200)),
                        "--rootfs", root, *[a.format(disk=disk) for a in args], "--", "sh", "-c", script],
                       cwd=TOP, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    ok, said = r.returncode == 0 and "fsmodel: ok" in r.stdout, f"status {r.returncode}, {r.stdout[-3000:]}{r.stderr[-1000:]}"
    if "--disk" in args:  # as a crash leaves it: replayed, and nothing but sums and orphans to put right
        for how, most in (("-fp", 1), ("-fn", 0)):
            fsck = subprocess.run(["e2fsck", how, disk], capture_output=True, text=True)
            ok, said = ok and fsck.returncode <= most, said if fsck.returncode <= most else f"{said}\n{fsck.stdout[-1000:]}"
        os.unlink(disk)
    return ok, said


def files_long(kinds):
    """Pieces with new seeds until each kind has its 10 million operations (9p: one); a later call goes on after an earlier
    one's pieces.  Ends after --seconds."""
    path, end = f"{BUILD}/files-long.json", time.time() + float(options.get("seconds", 1e9))
    done, bad = json.load(open(path)) if os.path.exists(path) else {}, False
    while time.time() < end and not bad:
        left = [(done.get(f"{n}-{p}", 0), n, p) for n, p in kinds if done.get(f"{n}-{p}", 0) < (1_000_000 if n == "9p" else 10_000_000)]
        if not left:
            break
        had, name, procs = min(left)
        ok, said = files_piece(name, procs, 500_000, 1 + had // 1000)
        bad = not ok
        if ok:
            done = json.load(open(path)) if os.path.exists(path) else {}
            done[f"{name}-{procs}"] = had + 500_000
            write(path, json.dumps(done))
        report(f"files/{name}-{procs}-{had}", ok, said)
    print("files, operations until now: " + ", ".join(f"{k} {v:,}" for k, v in sorted(done.items())))


def test_files(wanted):
    """Random file operations against a model in memory (tests/stress/fsmodel.c): with 1 and with 4 processes."""
    make_root(f"{BUILD}/root-files")
    shutil.copy(f"{BUILD}/stress/fsmodel", f"{BUILD}/root-files/tests/")
    kinds = [(name, procs) for name in FILE_SYSTEMS for procs in (1, 4) if not wanted or name in wanted]
    if options.get("long"):
        files_long(kinds)
        return
    for name, procs in kinds:
        report(f"files/{name}-{procs}", *files_piece(name, procs, 12_000, int(options.get("seed", 1))))


def test_ext4(_):
    """fs/ext4 as a program on the host: images of e2fsprogs, random work, crashes, mutated images, faults."""
    r = subprocess.run(["make", "--no-print-directory", "build/ext4/exttool"], cwd=TOP, capture_output=True, text=True)
    if r.returncode:
        report("ext4/build", False, r.stdout[-1500:] + r.stderr[-1500:])
        return
    sys.path.insert(0, f"{TOP}/tests/ext4")
    import ext4test
    ext4test.session(report)


PROJECT = {
    "Makefile": "prog: a.o b.o\n\tgcc -o $@ $^\n%.o: %.c\n\tgcc -O1 -c -o $@ $<\n",
    "a.c": '#include <stdio.h>\nint f(int);\nint main(void) { return printf("%d\\n", f(6)) < 0; }\n',
    "b.c": "int f(int x) { return 7 * x; }\n",
    "s.py": "import json, os, subprocess\nprint(json.dumps([1, 2]), subprocess.run(['perl', '-e', 'print 6*7']).returncode)\n",
}


def tree_hash(top):
    """One hash of all names, modes, links and contents below top."""
    h = hashlib.sha256()
    for directory, dirs, files in os.walk(top):
        dirs.sort()
        for name in sorted(files):
            path = os.path.join(directory, name)
            try:
                st = os.lstat(path)
                h.update(f"{path} {st.st_mode:o} {st.st_size} {st.st_mtime_ns}".encode(errors="surrogateescape"))
                if os.path.islink(path):
                    h.update(os.readlink(path).encode(errors="surrogateescape"))
                elif os.path.isfile(path):
                    with open(path, "rb") as f:
                        h.update(f.read())
            except OSError:
                pass
    return h.hexdigest()


def test_share(wanted):
    """Folders of the host: as volumes, and its whole root below a throw-away layer."""
    work = f"{BUILD}/share"

    def begin():
        shutil.rmtree(work, ignore_errors=True)
        for name, text in PROJECT.items():
            write(f"{work}/{name}", text)

    def guest(name, script, *args, check=lambda out: True, want=0):
        if wanted and name not in wanted:
            return
        begin()
        try:
            r = subprocess.run([f"{TOP}/zerno", "run", "-q", "--timeout", str(slow(150)), *args, "--", "sh", "-c", script],
                               cwd=work, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=slow(240))
        except subprocess.TimeoutExpired:
            report(f"share/{name}", False, f"no end after {slow(240)} s")
            return
        report(f"share/{name}", r.returncode == want and check(r.stdout), f"status {r.returncode}, {r.stdout[-1500:]}{r.stderr[-1500:]}")

    def on_host(command):
        return subprocess.run(command, cwd=work, shell=True, capture_output=True, text=True).stdout

    host = ("--rootfs", "host", "-v", ".:/work", "-w", "/work")
    before = tree_hash("/etc")
    guest("make", "make >/dev/null && ./prog && touch /etc/zerno-test /usr/bin/zerno-test && rm -r /etc/apt && ls /etc | grep -c apt", *host, want=1,
          check=lambda out: out == "42\n0\n" and on_host("./prog") == "42\n" and not os.path.exists("/etc/zerno-test")
          and not os.path.exists("/usr/bin/zerno-test") and tree_hash("/etc") == before)
    guest("script", "python3 s.py", "--rootfs", "host", check=lambda out: out == "[1, 2] 0\n42" or out == "42[1, 2] 0\n")
    guest("git", "git init -q . && git add . && git -c user.name=a -c user.email=b@c commit -qm x && git status --porcelain && git fsck && git log --format=%s",
          *host, check=lambda out: out == "x\n" and on_host("git -c safe.directory='*' fsck; git -c safe.directory='*' log --format=%s") == "x\n")
    volume = ("-v", ".:/work", "-w", "/work")
    guest("read-only", "cat b.c; touch new; echo $?; echo x >> a.c; mkdir d; rm a.c; ls", "-v", ".:/work:ro", "-w", "/work",
          check=lambda out: PROJECT["b.c"] in out and "\n1\n" in out and sorted(os.listdir(work)) == sorted(PROJECT))
    guest("names", "mkdir -p d/e; echo one > d/f; ln d/f d/g; rm d/f; cat d/g; ln -s g d/l; cat d/l; mv d/g d/e/h; cat d/e/h; mv d D; chmod 711 D/e;"
          "stat -c '%a %h' D/e D/e/h; touch -d @1000 D/e/h; stat -c %Y D/e/h; rmdir D; ls D; rm -r D/e; ls D", *volume,
          check=lambda out: out == "one\none\none\n711 2\n644 1\n1000\ne\nl\nl\n" and on_host("ls D; readlink D/l") == "l\ng\n")
    for cache in ("none", "mmap", "loose"):
        mount = f"mkdir /s; mount -t 9p -o trans=virtio,version=9p2000.L,cache={cache} s /s && cd /s && "
        guest(f"bytes-{cache}", mount + "dd if=/dev/urandom of=big bs=70001 count=60 2>/dev/null; md5sum big; cp big copy; cmp big copy && dd if=copy bs=1000 skip=777 count=3 2>/dev/null | md5sum;"
              "for i in 1 2 3; do echo line $i >> log; done; cat log; truncate -s 5 log; cat log; echo; truncate -s 9 log; od -c log | head -1; md5sum < big",
              "--qemu-arg", f"-fsdev local,id=s,path={work},security_model=none -device virtio-9p-device,fsdev=s,mount_tag=s",
              check=lambda out: out.split()[0] == on_host("md5sum < big").split()[0] == out.split()[-2] and on_host("cmp big copy; od -c log | head -1") in out
              and "line 1\nline 2\nline 3\nline \n" in out)
    other_side(work, wanted)
    guest("other-side", "cat b.c > /dev/null; ls > /dev/null; test -e new; touch ready; while [ ! -e go ]; do sleep 0.2; done; sleep 1.2; cat b.c new; ls",
          *volume, check=lambda out: "changed\nnew\n" in out and "new\n" in out.split("new\n", 1)[1])
    if os.getuid():
        guest("owner", OWNER, *volume, check=lambda out: out.startswith(OWNER_SAYS))
    elif not wanted or "owner" in wanted:
        owner_of_another_user()
    if not wanted or "full" in wanted:
        full_volume()


# In the guest, root; the folder's files are the launcher's user's.
OWNER = ("stat -c %u:%g a.c; touch mine; stat -c %u mine; chown 5:5 mine; echo $?; stat -c %u mine; chmod 640 mine; stat -c %a mine; echo more >> a.c; "
         "tail -n 1 a.c; cat secret; echo x > roots; stat -c %u roots; rm secret")
OWNER_SAYS = "0:0\n0\n1\n0\n640\nmore\n"


def owner_of_another_user():
    """The launcher started by a user who is not root: whose files are whose, and what the guest's root may not do."""
    work = tempfile.mkdtemp(prefix="zerno-owner-")  # this tree may be closed to the user
    user = ["setpriv", "--reuid=1234", "--regid=1234", "--clear-groups"]
    try:
        write(f"{work}/a.c", "text\n")
        for path in (work, f"{work}/a.c"):
            os.chown(path, 1234, 1234)
        os.chmod(work, 0o755)
        write(f"{work}/secret", "", 0o600)   # of this machine's root
        write(f"{work}/roots", "roots\n")
        if subprocess.run([*user, "test", "-x", f"{TOP}/zerno"]).returncode:
            print(f"share: owner is left out: user 1234 cannot reach {TOP}")
            return
        r = subprocess.run([*user, f"{TOP}/zerno", "run", "-q", "--timeout", "100", "-v", f"{work}:/work", "-w", "/work", "--", "sh", "-c", OWNER],
                           stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=150, env={**os.environ, "HOME": work})
        st = os.stat(f"{work}/mine") if os.path.exists(f"{work}/mine") else None
        good = r.stdout == OWNER_SAYS + "0\n" and r.stderr.count("ermission denied") == 2 and st and (st.st_uid, st.st_mode & 0o777) == (1234, 0o640)
        good = good and open(f"{work}/roots").read() == "roots\n" and open(f"{work}/a.c").read() == "text\nmore\n"
        report("share/owner", bool(good), f"{r.stdout}{r.stderr[-1500:]}{st}")
    finally:
        shutil.rmtree(work)


FULL = """cd /v; dd if=/dev/zero of=f bs=64k count=64 2>/dev/null; echo dd $?; cp /bin/busybox b 2>&1 | grep -o 'No space.*'
dd if=/dev/zero of=g bs=64k count=64 conv=fsync 2>&1 | grep -o 'No space.*'; cat kept
rm f b g; echo again > h; cat h; i=0; while echo > n$i; do i=$((i+1)); done 2>/dev/null; [ $i -gt 5 ] && echo files; mkdir d 2>&1 | grep -o 'No space.*'
rm n*; mkdir d; echo more >> h; cat h d/../kept"""


def full_volume():
    """The server's disk is full: ENOSPC here, and what is there stays."""
    small = f"{BUILD}/share-small"
    os.makedirs(small, exist_ok=True)
    command = f"mount -t tmpfs -o size=2m,nr_inodes=50 small {small} && echo kept > {small}/kept && exec {TOP}/zerno run -q --timeout 100 -v {small}:/v -- sh -c \"$0\""
    enter = ["unshare", "-m", "--propagation", "private"] + ["-U", "-r"] * (os.getuid() != 0)
    r = subprocess.run([*enter, "sh", "-c", command, FULL], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=150)
    report("share/full", r.returncode == 0 and r.stdout == "dd 1\nNo space left on device\nNo space left on device\nkept\nagain\nfiles\nNo space left on device\n"
           "again\nmore\nkept\n", f"status {r.returncode}, {r.stdout[-1500:]}{r.stderr[-1500:]}")


def other_side(work, wanted):
    """A thread changes the folder when the guest is ready."""
    if os.path.exists(f"{work}/ready"):
        os.unlink(f"{work}/ready")  # an earlier run's

    def run():
        for _ in range(slow(1500)):
            if os.path.exists(f"{work}/ready"):
                write(f"{work}/b.c", "changed\n")
                write(f"{work}/new", "new\n")
                write(f"{work}/go", "")
                return
            time.sleep(0.1)
    if not wanted or "other-side" in wanted:
        threading.Thread(target=run, daemon=True).start()


def test_interactive(_):
    sys.path.insert(0, f"{TOP}/tests")
    import interactive
    interactive.SLOW = slow(1)
    interactive.session(report)


def test_stress(name, init, until, stall, check, smp=2):
    root = f"{BUILD}/root-{name}"
    make_root(root, init)
    for p in glob.glob(f"{BUILD}/stress/*"):
        if os.access(p, os.X_OK) and not p.endswith(".d"):
            shutil.copy(p, f"{root}/tests/")
    pack(root, f"{BUILD}/{name}.cpio")
    guest = Guest(f"{BUILD}/{name}.cpio", f"{BUILD}/{name}.log", smp=smp)
    how = guest.wait(until, stall)
    text = guest.text()
    lines = "\n".join(re.findall(r"^(?:FUZZ|LEAK|FAILALLOC|MANAGERS|STORM|threads ).*", text, re.M))
    print(lines, flush=True)
    report(name, how == "done" and check(text), f"{how}\n" + text[-2500:])


MOUNTS = "#!/bin/sh\nmount -t proc proc /proc; mount -t devtmpfs devtmpfs /dev; cd /tmp\n"


def test_fuzz(_):
    seconds, seed = int(options.get("seconds", 60)), int(options.get("seed", 1))
    elfs = 2000 if seconds >= 300 else 300
    test_stress("fuzz", MOUNTS + f"/tests/leakcheck /tests/fuzz_elf /bin/busybox {elfs} {seed}\n"
                f"/tests/leakcheck /tests/fuzz_syscalls {seed} {seconds} 2\necho @@ALL\npoweroff -f\n",
                r"^@@ALL$", seconds + 120,
                lambda t: "FUZZ elf=" in t and "FUZZ calls=" in t and t.count("LEAK none") == 2)
    archives = 500 if seconds >= 300 else 100
    guest = Guest(f"{BUILD}/panic.cpio" if os.path.exists(f"{BUILD}/panic.cpio") else None, f"{BUILD}/fuzz-cpio.log",
                  append=f"ktest=initramfs_mutations seed={seed} repeat={archives // 100}")
    how = guest.wait(r"KTEST passed=\d+ failed=\d+", 200)
    print(f"FUZZ archives={archives}")
    report("fuzz-cpio", how == "done" and bool(re.search(r"KTEST passed=[1-9]\d* failed=0", guest.text())), guest.text()[-2000:])


def test_failalloc(_):
    test_stress("failalloc", MOUNTS + "/tests/leakcheck /tests/failalloc\necho @@ALL\npoweroff -f\n", r"^@@ALL$", 120,
                lambda t: "FAILALLOC failed=0" in t and "FAILALLOC failed=1" not in t and "LEAK none" in t)


def test_storms(wanted):
    """200 threads, fork bombs, signal storms, exec and ptrace against exit; with --seconds=60 on 1, 2 and 4 CPUs.
    NAMEs: threads, storm; 1cpu, 2cpu, 4cpu."""
    seconds = int(options.get("seconds", 2))
    commands = {"threads": f"/tests/leakcheck /tests/threads 200 {seconds}\n", "storm": f"/tests/leakcheck /tests/storm {seconds}\n"}
    parts = chosen(commands, [w for w in wanted if w in commands])
    cpus = [n for n in (1, 2, 4) if f"{n}cpu" in wanted] or ((1, 2, 4) if seconds >= 10 else (2,))
    ends = {"threads": "threads 200,", "storm": "STORM traces"}
    for smp in cpus:
        print(f"stress: {smp} CPUs, {seconds} s each", flush=True)
        test_stress(f"stress-{smp}cpu", MOUNTS + "".join(commands[p] for p in parts) + "echo @@ALL\npoweroff -f\n",
                    r"^@@ALL$", seconds + 60,
                    lambda t: t.count("LEAK none") == len(parts) and "WRONG" not in t and "lockdep:" not in t
                    and all(ends[p] in t for p in parts), smp)


def test_wakeups(_):
    """Processes and threads that all wait for each other: a lost wake-up stops them."""
    seconds, seed = int(options.get("seconds", 10)), int(options.get("seed", 1))
    test_stress("wakeups", MOUNTS + f"/tests/managers {seconds} {seed}\necho @@ALL\npoweroff -f\n", r"^@@ALL$", seconds + 120,
                lambda t: "stuck=0 wrong=0" in t, smp=4)


def test_disk(wanted):
    """Disks: reading, writing, partitions, injected errors, loop devices (tests/disk.py)."""
    sys.path.insert(0, f"{TOP}/tests")
    import disk
    disk.SLOW, disk.KASAN = slow(1), has_symbol("kasan_start")
    disk.run_disks(TOP, BUILD, report, wanted)


def test_images(wanted):
    """Images of ext4 that travel between Linux and Zerno, and Debian on one (tests/images.py)."""
    sys.path.insert(0, f"{TOP}/tests")
    sys.modules["run"] = sys.modules[__name__]
    import images
    images.session(wanted, options.get("long"))


KINDS = {"unit": test_unit, "ktest": test_ktest, "boot": test_boot, "abi": test_abi, "i386": test_i386, "apps": test_apps,
         "debian": test_debian, "debian-i386": test_debian_i386, "debian-dev": test_debian_dev, "strace": test_strace,
         "launcher": test_launcher, "disk": test_disk, "images": test_images, "interactive": test_interactive, "files": test_files, "ext4": test_ext4, "share": test_share,
         "failalloc": test_failalloc, "wakeups": test_wakeups, "stress": test_storms, "fuzz": test_fuzz}

# What has a kernel in it: all but programs of the host, and a suite that few have built.
GUESTS = [k for k in KINDS if k not in ("unit", "ext4", "strace", "debian-i386", "debian-dev")]


def reset_signals():
    """Who started us may ignore signals, and the cases would inherit that on Linux alone.  By the system call itself:
    the C library keeps 32 and 33 from callers, yet others do set them."""
    libc = ctypes.CDLL(None)
    default = bytes(32)  # struct sigaction: SIG_DFL
    for sig in range(1, 65):
        libc.syscall(13, sig, default, None, ctypes.c_size_t(8))  # rt_sigaction; SIGKILL and SIGSTOP answer EINVAL
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # as Python has it; for children it is the default


def main():
    reset_signals()
    words = []
    for a in sys.argv[1:]:
        if a.startswith("--"):
            k, _, v = a[2:].partition("=")
            options[k] = v or True
        else:
            words.append(a)
    if not words or words[0] not in [*KINDS, "all", "guests"]:
        sys.exit(__doc__)
    if "kernel" in options:
        os.environ["ZERNO_KERNEL"] = os.path.abspath(options["kernel"])  # for those that use the launcher
    os.makedirs(BUILD, exist_ok=True)
    for kind in {"all": KINDS, "guests": GUESTS}.get(words[0], [words[0]]):
        start, before = time.time(), len(results)
        KINDS[kind](words[1:])
        new = results[before:]
        print(f"{kind}: {sum(p for _, p in new)} of {len(new)} in {time.time() - start:.0f} s", flush=True)
    failed = [n for n, p in results if not p]
    print(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
