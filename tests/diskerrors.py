# SPDX-License-Identifier: MIT
"""diskerrors.py - what system calls answer when a disk is full, read-only or broken.  images.py calls it.

Each case is a run of tests/stress/diskerrors.c on a small ext4 image; QEMU's blkdebug makes chosen sectors fail.  What
Linux answers stands in tests/diskerrors.linux, where Zerno differs in diskerrors.known; `make images-tests` asks Debian's Linux
in the same QEMU again, and with UPDATE=1 writes the file.
"""
import os
import re
import shutil
import subprocess

import run

KNOWN = f"{run.TOP}/tests/diskerrors.linux"
OTHERWISE = f"{run.TOP}/tests/diskerrors.known"  # where Zerno's answers are others, and why: `# reason`, `## case`, the answers
# case: (mke2fs, mount's options, what fails: (kind of request, path in the image or <inode>, block of it))
CASES = {
    "full": (["-m", "0"], "rw", None), "reserved": (["-m", "10"], "rw", None), "reserved-uid": (["-m", "10"], "rw,resuid=1000", None),
    "reserved-gid": (["-m", "10"], "rw,resgid=1001", None),
    "inodes": (["-N", "112"], "rw", None), "readonly": ([], None, None),
    "write-error": ([], "errors=remount-ro", ("write", "/data", 2)), "read-error": ([], "errors=remount-ro", ("read", "/data", 2)),
    "dir-error": ([], "errors=remount-ro", ("read", "/dir", 0)), "inode-error": ([], "errors=remount-ro,inode_readahead_blks=1", ("read", "/inode", None)),
    "inode-error-continue": ([], "errors=continue,inode_readahead_blks=1", ("read", "/inode", None)),
    "flush-error": ([], "errors=remount-ro", ("flush", None, None)),
    "log-error": ([], "errors=remount-ro", ("write", "<8>", 200)), "log-error-continue": ([], "errors=continue", ("write", "<8>", 200)),
}


def debugfs(image, command):
    return subprocess.run(["debugfs", "-R", command, image], capture_output=True, text=True, errors="replace").stdout


def sector(image, path, block):
    """The first sector of a block of a file, or of the block that its inode is in."""
    if block is None:
        return int(re.search(r"located at block (\d+)", debugfs(image, f"imap {path}"))[1]) * 8
    return int(debugfs(image, f"bmap {path} {block}").split()[-1]) * 8


def make_image(t, case):
    """The image, and QEMU's words for its drive, a node named as the case."""
    options, _, broken = CASES[case]
    tree, image = t.path("broken-tree"), t.path(f"{case}.img")
    shutil.rmtree(tree, ignore_errors=True)
    run.write(f"{tree}/data", "0123456789abcde\n" * 4096)
    run.write(f"{tree}/victim", "victim\n")
    run.write(f"{tree}/dir/name", "")
    t.image(f"{case}.img", "-b", "4096", *options, "-d", tree, size="16M")
    # The files behind take the rest of a block of the table of inodes, so that /inode lies in another one.
    commands = "mkdir n\n" + "".join(f"write {tree}/victim n/{n}\n" for n in range(16)) + f"write {tree}/victim inode\n"
    subprocess.run(["debugfs", "-w", "-f", "-", image], input=commands, capture_output=True, text=True)
    words = f"driver=raw,node-name={case},file.driver=blkdebug,file.image.driver=file,file.image.filename={image}"
    if case == "readonly":
        words += ",read-only=on"
    if broken:
        kind, path, block = broken
        words += f",file.inject-error.0.event=none,file.inject-error.0.iotype={kind},file.inject-error.0.errno=5,file.inject-error.0.once=off"
        if path:
            words += f",file.inject-error.0.sector={sector(image, path, block)}"
    return image, words


def script(case, device):
    name, options = re.sub("-(continue|uid|gid)$", "", case), CASES[case][1]
    mount = f"mount -t ext4 -o {options} {device} /m 2>/dev/null || echo mount failed; " if options else ""
    return f"mkdir -p /m; {mount}if [ -e /m/data -o {name} = readonly ]; then /tests/diskerrors {name} /m {device}; fi"


def on_zerno(t, case):
    image, words = make_image(t, case)
    status, out = t.zerno(script(case, "/dev/vda"), "--rootfs", t.root, "--qemu-arg", f"-blockdev {words} -device virtio-blk-device,drive={case}")
    return image, out if status == 0 else f"status {status}: {out}"


def on_linux(t, cases):
    """{case: output}, in one boot with a drive for each."""
    drives, lines = [], []
    for n, case in enumerate(cases):
        drives += ["-blockdev", make_image(t, case)[1], "-device", f"virtio-blk-pci,drive={case}"]
        lines += [f"echo '## {case}'", script(case, f"/dev/vd{chr(ord('a') + n)}"), "cd /; umount -l /m 2>/dev/null"]
    status, out = t.linux_run(drives, "\n".join(lines), f"/dev/vd{chr(ord('a') + len(cases))}")
    if status < 0:
        t.report("linux", out)
    return sections(out)


def sections(text):
    return dict(re.findall(r"^## (\S+)\n((?:(?!## ).*\n)*)", text, re.M))


def lost(image, case):
    """None, or what of the disk is not as it should be: what was synced is there, and e2fsck has little to do."""
    if case == "flush-error":
        return None  # nothing was promised
    fix = subprocess.run(["e2fsck", "-fy", image], capture_output=True, text=True)
    if fix.returncode > 1:
        return f"e2fsck: {fix.stdout[-1500:]}"
    if case in ("full", "log-error", "log-error-continue") and debugfs(image, "cat /kept")[:5000].strip("x"):
        return "what was synced is lost"
    return None


def session(t, long):
    shutil.copy(f"{run.BUILD}/stress/diskerrors", f"{t.root}/tests/diskerrors")
    cases = [c for c in CASES if t.chosen("errors") or t.chosen(c)]
    known = sections(open(KNOWN).read()) if os.path.exists(KNOWN) else {}
    if long and cases:
        linux = on_linux(t, cases)
        for case in cases:
            if os.environ.get("UPDATE"):
                known[case] = linux.get(case, "")
            else:
                bad = None if linux.get(case) == known.get(case) else run.difference(case, (0, known.get(case, "")), (0, linux.get(case, "nothing")))
                t.report(f"linux-{case}", bad and f"Linux answers otherwise than {KNOWN} says:\n{bad}")
        if os.environ.get("UPDATE"):
            run.write(KNOWN, "".join(f"## {case}\n{known[case]}" for case in CASES if case in known))
    known |= sections(re.sub(r"^# .*\n", "", open(OTHERWISE).read(), flags=re.M)) if os.path.exists(OTHERWISE) else {}
    for case in cases:
        image, out = on_zerno(t, case)
        bad = None if out == known.get(case) else run.difference(case, (0, known.get(case, "")), (0, out))
        t.report(case, bad or lost(image, case))
