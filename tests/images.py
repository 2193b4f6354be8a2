# SPDX-License-Identifier: MIT
"""images.py - images of ext4 that travel between Linux and Zerno, and Debian living on one.  run.py calls it.

    read      a tree made by Linux, packed by mke2fs: Zerno shows the same of every file (tests/stress/fstree.c)
    write     the same tree made by Zerno: e2fsck finds nothing, and it is the tree that Linux makes
    debian    apt-get install of a package of our own, on a disk that is kept: it is there after the power was lost and
              after a reboot, e2fsck finds nothing, and debugfs reads the installed files
    errors    disks that are full, read-only or broken (tests/diskerrors.py)

The long form (`make images-tests`) adds Debian's Linux in QEMU: what one kernel has written the other one shows, exactly
(times to the nanosecond, blocks, sizes of directories), also after both have written in turns.
"""
import os
import re
import shutil
import signal
import subprocess

import run

MB = 1 << 20
NOT_TIMES = re.compile(r"^(?!\./time-)(\S.*?) m-?\d+\.\d+", re.M)


class Images:
    def __init__(self, wanted):
        self.dir, self.wanted, self.root = f"{run.BUILD}/travel", wanted, f"{run.BUILD}/root-travel"
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)
        run.make_root(self.root)
        shutil.copy(f"{run.BUILD}/stress/fstree", f"{self.root}/tests/fstree")

    def chosen(self, name):
        return not self.wanted or name in self.wanted

    def report(self, name, bad):
        run.report(f"images/{name}", not bad, bad or "")

    def path(self, name):
        return f"{self.dir}/{name}"

    def image(self, name, *options, size="256M"):
        path = self.path(name)
        subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", *options, path, size], check=True, stdout=subprocess.DEVNULL)
        return path

    def zerno(self, script, *args, seconds=200):
        """(status, output) of a script on Zerno."""
        r = subprocess.run([f"{run.TOP}/zerno", "run", "-q", "--timeout", str(seconds), *args, "--", "sh", "-c", script],
                           stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds + 30)
        out = r.stdout.decode(errors="surrogateescape")
        return (r.returncode, out if r.returncode == 0 else out + r.stderr.decode(errors="replace"))

    def on_disk(self, disk, script, options="rw"):
        return self.zerno(f"mkdir /m && mount -t ext4 -o {options} /dev/vda /m && " + script, "--rootfs", self.root, "--disk", disk)

    def linux(self, disk, script, options="rw"):
        """The same on Linux."""
        return self.linux_run(["-drive", f"file={disk},if=none,id=d0,format=raw", "-device", "virtio-blk-pci,drive=d0"],
                              f"mkdir -p /m && mount -t ext4 -o {options} /dev/vda /m && " + script)

    def linux_run(self, drives, script, last="/dev/vdb"):
        """(status, output) of a script on Linux with these drives; the output comes on a drive behind them, `last`."""
        import linux_kernel
        modules = linux_kernel.modules()
        for m in modules:
            shutil.copy(m, f"{self.root}/")
        load = "\n".join(f"insmod /{os.path.basename(m)}" for m in modules)
        run.write(f"{self.root}/init", f"#!/bin/sh\nmount -t devtmpfs devtmpfs /dev; mount -t proc proc /proc; mount -t tmpfs tmpfs /tmp\n{load}\n"
                  f"({script}\n) > /tmp/out 2>&1; echo status $? >> /tmp/out\numount /m; cat /tmp/out > {last}; sync; echo @@ALL; poweroff -f\n", 0o755)
        run.pack(self.root, self.path("linux.cpio"))
        with open(self.path("out"), "wb") as f:
            f.truncate(16 * MB)
        second = ["-drive", f"file={self.path('out')},if=none,id=out,format=raw", "-device", "virtio-blk-pci,drive=out"]
        ours, run.KERNEL = run.KERNEL, linux_kernel.kernel()
        guest = run.Guest(self.path("linux.cpio"), self.path("linux.log"), machine=["-M", "q35"], append="tsc=reliable", mem="1G", extra=drives + second)
        how = guest.wait(r"^@@ALL$", 240)
        run.KERNEL = ours
        with open(self.path("out"), "rb") as f:
            out = f.read().rstrip(b"\0").decode(errors="surrogateescape")
        m = re.search(r"status (\d+)\n\Z", out)
        return (int(m[1]), out[:m.start()]) if m else (-1, f"{how}: {out[-500:]}{guest.text()[-1500:]}")


def clean(disk):
    """None, or what e2fsck says; a journal to replay is wrong, too."""
    r = subprocess.run(["e2fsck", "-fn", disk], capture_output=True, text=True)
    return None if r.returncode == 0 and "skipping journal recovery" not in r.stderr else "e2fsck: " + r.stdout[-1500:] + r.stderr[-500:]


def difference(got, want):
    """None, or the lines that differ."""
    if got == want:
        return None
    a, b = got.splitlines(), want.splitlines()
    have, expect = set(a), set(b)
    lines = [f"has   {x[:300]}" for x in a if x not in expect][:10] + [f"wants {x[:300]}" for x in b if x not in have][:10]
    return "\n".join(lines).encode(errors="replace").decode() or "the order differs"


def tree_on_host(t, long):
    """A tree of this Linux, and what it shows of it."""
    tool, tree = f"{run.BUILD}/stress/fstree", t.path("tree")
    os.makedirs(tree)
    subprocess.run([tool, "make", tree, *long], check=True)
    return tree, lambda: subprocess.run([tool, "show", tree], check=True, capture_output=True).stdout.decode(errors="surrogateescape")


def test_read(t, tree, show, long):
    moved = t.path("moved")  # mke2fs keeps 32 bits of a time, and one name of a symbolic link
    os.makedirs(moved)
    for name in os.listdir(tree):
        if name.startswith("time-") or name == "link-with-names":
            os.rename(f"{tree}/{name}", f"{moved}/{name}")
    os.rename(f"{tree}/deep/link-with-names", f"{tree}-link")
    disk, want = t.image("read.img", "-d", tree, size="512M"), show()
    os.rename(f"{tree}-link", f"{tree}/deep/link-with-names")
    for name in os.listdir(moved):
        os.rename(f"{moved}/{name}", f"{tree}/{name}")
    status, got = t.on_disk(disk, "/tests/fstree show /m", "ro")
    t.report("read", f"status {status} {got[-500:]}" if status else difference(got, want) or clean(disk))


def test_write(t, show, long):
    disk = t.image("write.img", size="512M")
    status, out = t.on_disk(disk, f"/tests/fstree make /m {' '.join(long)}")
    bad = f"status {status} {out[-500:]}" if status else clean(disk)
    if not bad:
        status, got = t.on_disk(disk, "/tests/fstree show /m", "ro")
        # When a file was made is not when Linux made it; what was set is the same.
        bad = f"status {status} {got[-500:]}" if status else difference(NOT_TIMES.sub(r"\1", got), NOT_TIMES.sub(r"\1", show()))
    t.report("write", bad)


def test_exact(t, long):
    """Each kernel reads what the other has written."""
    systems = {"zerno": t.on_disk, "linux": t.linux}
    for writer, reader in (("zerno", "linux"), ("linux", "zerno")):
        if not t.chosen(f"{writer}-to-{reader}"):
            continue
        disk, bad, shown = t.image(f"{writer}.img", size="512M"), None, {}
        for n, (system, script, options) in enumerate([
                (writer, f"/tests/fstree make /m {' '.join(long)}", "rw"), (writer, "/tests/fstree show /m exact", "ro"), (reader, "/tests/fstree show /m exact", "ro"),
                # In turns: the other one changes it, and the first one reads that.
                (reader, "cd /m && rm -r many/*1* && mv deep moved && cat size-* > copy && mkdir d && for i in 1 2 3 4 5 6 7; do cp -a size-* d; mv d d$i; mkdir d; done", "rw"),
                (reader, "/tests/fstree show /m exact", "ro"), (writer, "/tests/fstree show /m exact", "ro")]):
            status, out = systems[system](disk, script, options)
            bad = bad or (f"step {n} on {system}: status {status} {out[-800:]}" if status else None) or clean(disk)
            shown[n] = out
        t.report(f"{writer}-to-{reader}", bad or difference(shown[2], shown[1]) or difference(shown[5], shown[4]))


# ---- Debian on a disk ----

def make_package(t):
    """A .deb with files, a configuration file, links and a script that runs when it is installed."""
    top = t.path("package")
    run.write(f"{top}/DEBIAN/control", "Package: zerno-local\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody <nobody@localhost>\nDescription: of the tests\n")
    run.write(f"{top}/DEBIAN/conffiles", "/etc/zerno-local.conf\n")
    run.write(f"{top}/DEBIAN/postinst", "#!/bin/sh\nset -e\necho \"configured $1\" > /var/lib/zerno-local\n", 0o755)
    run.write(f"{top}/etc/zerno-local.conf", "a configuration\n")
    run.write(f"{top}/usr/bin/zerno-local", "#!/bin/sh\nexec cat /etc/zerno-local.conf /var/lib/zerno-local\n", 0o755)
    for n in range(200):
        run.write(f"{top}/usr/share/zerno-local/{n}", f"{n}\n" * n * 10)
    os.symlink("zerno-local", f"{top}/usr/bin/zerno-link")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", top, t.path("local.deb")], check=True, stdout=subprocess.DEVNULL)


INSTALL = "DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends /deb/local.deb >/tmp/log 2>&1 || { cat /tmp/log; exit 1; }"
LOOK = "zerno-link; dpkg -s zerno-local | grep ^Status; dpkg --audit; dpkg --verify zerno-local; cat /usr/share/zerno-local/* | md5sum"
KEPT = "a configuration\nconfigured configure\nStatus: install ok installed\n"


def killed_when_installed(t, disk, name):
    """The machine dies, by its QEMU, as soon as apt-get has ended."""
    pid = t.path("qemu.pid")
    p = subprocess.Popen([f"{run.TOP}/zerno", "run", "-q", "--timeout", "240", "--rw", "--rootfs", disk, "-v", f"{t.dir}:/deb", "--qemu-arg", f"-pidfile {pid}",
                          "--", "sh", "-c", INSTALL + "; echo INSTALLED; sleep 100"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    log = ""
    for line in p.stdout:
        log += line
        if line == "INSTALLED\n":
            with open(pid) as f:
                os.kill(int(f.read()), signal.SIGKILL)
    p.wait()
    return None if "INSTALLED\n" in log else log[-1500:]


def test_debian(t):
    if not os.path.exists(f"{run.TOP}/build/debian/root.cpio"):
        print("images: debian is left out, there is no build/debian/root.cpio: run `make debian`")
        return
    env = {**os.environ, "XDG_CACHE_HOME": f"{run.BUILD}/travel-cache"}
    r = subprocess.run([f"{run.TOP}/zerno", "rootfs", "build", "debian"], capture_output=True, text=True, env=env)
    if r.returncode:
        return t.report("debian", r.stderr)
    disk = t.path("debian.ext4")
    subprocess.run(["cp", "--sparse=always", r.stdout.strip(), disk], check=True)
    make_package(t)
    want = KEPT + subprocess.run(f"cd {t.path('package')}/usr/share/zerno-local; cat * | md5sum", shell=True, capture_output=True, text=True).stdout
    volume = ["-v", f"{t.dir}:/deb"]
    status, out = t.zerno(f"{INSTALL}; {LOOK}", "--rw", "--rootfs", disk, *volume)
    t.report("debian-install", f"status {status} {out[-1500:]}" if (status, out) != (0, want) else clean(disk))
    status, out = t.zerno(LOOK, "--rw", "--rootfs", disk)
    bad = f"status {status} {out[-1500:]}" if (status, out) != (0, want) else clean(disk)
    seen = subprocess.run(["debugfs", "-R", "cat /usr/share/zerno-local/150", disk], capture_output=True, text=True).stdout
    t.report("debian-reboot", bad or (None if seen == "150\n" * 1500 else "debugfs reads something else"))
    status, out = t.zerno("apt-get purge -y zerno-local >/dev/null 2>&1; dpkg -s zerno-local 2>&1 | head -1; ls /usr/share/zerno-local /etc/zerno-local.conf 2>&1 | wc -l",
                          "--rw", "--rootfs", disk)
    t.report("debian-purge", out if status or out.splitlines()[-1:] != ["2"] else clean(disk))
    bad = killed_when_installed(t, disk, "debian-killed")
    status, out = (1, bad) if bad else t.zerno(LOOK, "--rw", "--rootfs", disk)
    t.report("debian-killed", f"status {status} {out[-1500:]}" if (status, out) != (0, want) else clean(disk))


def session(wanted, long):
    t, words = Images(wanted), ["long"] if long else []
    if os.getuid():
        print("images: read and write are left out: only root can make what Zerno's result is compared with")
    elif t.chosen("read") or t.chosen("write"):
        tree, show = tree_on_host(t, words)
        if t.chosen("read"):
            test_read(t, tree, show, words)
        if t.chosen("write"):
            test_write(t, show, words)
    if long:
        test_exact(t, words)
    import diskerrors
    diskerrors.session(t, long)
    if t.chosen("debian"):
        test_debian(t)
    shutil.rmtree(t.dir, ignore_errors=True)
