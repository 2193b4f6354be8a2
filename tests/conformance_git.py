#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""conformance_git.py - scripts of git's own test suite, from Debian's source package, on ext4, on Linux and on Zerno.

usage: conformance_git.py [SCRIPT...] [--resume] [--report]

git is fetched and built once, on this Linux, under build/conformance/git.  git, its t/ and the folder the tests work in
lie on an ext4 image, which is /tmp on both systems.  Each script of tests/conformance_git.list is a case; what a script
reports as `ok` on Linux must be `ok` on Zerno, or the script stands in tests/conformance_git.known with its reason
(`script | reason`).

--resume   only the scripts that have no result from an earlier run
--report   no run: the comparison of the results there are
"""
import json
import os
import re
import shutil
import subprocess
import sys

sys.argv, words = [sys.argv[0], "none"], sys.argv[1:]
TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, f"{TOP}/tests")
import run  # noqa: E402

HOME = f"{TOP}/build/conformance/git"
ARCHIVE = f"{TOP}/build/debian/root.cpio"
RESULTS = os.environ.get("GIT_RESULTS", f"{run.BUILD}/git")  # another folder: another run at the same time
DISK = f"{RESULTS}/disk.img"
CASE_SECONDS = 1500
MAKE = ["make", "-j2", "CFLAGS=-O1", "NO_CURL=1", "NO_EXPAT=1", "NO_GETTEXT=1", "NO_TCLTK=1", "NO_PYTHON=1", "NO_INSTALL_HARDLINKS=1", "all"]
NOT_NEEDED = ["*.o", "*.a", "*.c", "*.h", "*.po", "*.pot", ".depend", "Documentation", "gitk-git", "git-gui", "debian", ".pc", "compat",
              "reftable", "xdiff", "refs", "builtin", "sha1dc", "block-sha1", "perf", "test-results"]

CASE = """cd /tmp/git/t
mkdir -p /tmp/w/t; chown 1000:1000 /tmp/w/t
setpriv --reuid=1000 --regid=1000 --clear-groups --reset-env env PATH="$PATH" LANG=C HOME=/tmp/w/t sh ./{script} --root=/tmp/w/t 2>/tmp/w/err
status=$?
[ $status = 0 ] || tail -c 3000 /tmp/w/err
exit $status
"""


def source():
    found = [d for d in os.listdir(HOME) if re.match(r"git-\d", d) and os.path.isdir(f"{HOME}/{d}")] if os.path.isdir(HOME) else []
    return f"{HOME}/{found[0]}" if found else None


def build():
    if not source():
        run.fetch_source(HOME, "git")
    if os.path.exists(f"{source()}/t/helper/test-tool"):
        return
    print("git: building (minutes, once)", flush=True)
    with open(f"{HOME}/build.log", "w") as log:
        if subprocess.run(MAKE, cwd=source(), stdout=log, stderr=log).returncode:
            sys.exit(f"git does not build: see {HOME}/build.log")


def new_disk():
    """The image with /git: what the scripts need of the built tree, the ordinary user's."""
    stage = f"{RESULTS}/stage"
    shutil.rmtree(stage, ignore_errors=True)
    os.makedirs(stage)
    excluded = [f"--exclude={name}" for name in NOT_NEEDED]
    tar = subprocess.Popen(["tar", "-C", os.path.dirname(source()), *excluded, "--transform", "s,^git-[^/]*,git,", "-cf", "-", os.path.basename(source())],
                           stdout=subprocess.PIPE)
    subprocess.run(["tar", "-C", stage, "--owner=1000", "--group=1000", "-xf", "-"], stdin=tar.stdout, check=True)
    for name in os.listdir(f"{stage}/git/bin-wrappers"):
        with open(f"{stage}/git/bin-wrappers/{name}") as f:
            text = f.read()
        run.write(f"{stage}/git/bin-wrappers/{name}", text.replace(source(), "/tmp/git"), 0o755)
    subprocess.run(["chown", "-R", "1000:1000", f"{stage}/git"], check=True)
    if os.path.exists(DISK):
        os.unlink(DISK)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-d", stage, DISK, "1G"], check=True, capture_output=True)
    shutil.rmtree(stage)
    return DISK


def load(system):
    path = f"{RESULTS}/{system}.json"
    return json.load(open(path)) if os.path.exists(path) else {}


def save(system, results):
    run.write(f"{RESULTS}/{system}.part", json.dumps(results))
    os.rename(f"{RESULTS}/{system}.part", f"{RESULTS}/{system}.json")


def oks(result):
    """The tests of a script that passed."""
    lines = re.findall(r"^ok (\d+) - (.*)$", (result or (0, ""))[1] or "", re.M)
    return {n for n, text in lines if "# skip" not in text and "# TODO" not in text}


def compare(scripts):
    """Prints every difference; whether the run is bad."""
    linux, zerno = load("linux"), load("zerno")
    known = dict(re.findall(r"^(\S+) \| (.*)$", open(f"{TOP}/tests/conformance_git.known").read(), re.M))
    passed = tests = failed = unexplained = 0
    for script in scripts:
        want, got = linux.get(script), zerno.get(script)
        if want is None or got is None or want[0] != 0:
            continue
        missing = oks(want) - oks(got)
        tests += len(oks(want)) - len(missing)
        if got[0] == 0 and not missing:
            passed += 1
            continue
        failed += 1
        unexplained += script not in known
        run.write(f"{RESULTS}/{script}.txt", f"{got[1]}\nstatus {got[0]}\n")
        print(f"{script}: status {got[0]}, not ok: {' '.join(sorted(missing, key=int))} | {known.get(script, 'UNEXPLAINED')}")
    print(f"git: {passed + failed} scripts that pass on Linux were run; {passed} pass on Zerno, in them and the others {tests} tests")
    print(f"{passed} passed, {failed} failed")
    return unexplained > 0


def main():
    with open(f"{TOP}/tests/conformance_git.list") as f:
        scripts = [s for s in f.read().split() if s.endswith(".sh")]
    chosen = [w for w in words if not w.startswith("--")]
    scripts = chosen or scripts
    if not os.path.exists(ARCHIVE):
        sys.exit(f"there is no {ARCHIVE}: run `make debian`")
    if os.getuid():
        sys.exit("conformance_git.py mounts an ext4 image: it must be run by root")
    os.makedirs(RESULTS, exist_ok=True)
    if "--report" in words:
        sys.exit(compare(scripts))
    os.makedirs(HOME, exist_ok=True)
    build()
    root = f"{RESULTS}/root"
    run.unpack_debian(ARCHIVE, root)
    for script in scripts:
        run.write(f"{root}/cases/{script}", CASE.format(script=script))
    linux, zerno = load("linux"), load("zerno")
    missing = [s for s in scripts if s not in linux or "--resume" not in words]
    if missing:
        linux |= run.run_on_linux(root, missing, CASE_SECONDS, disk=new_disk())
        save("linux", linux)
    missing = [s for s in scripts if linux.get(s, (1,))[0] == 0 and (s not in zerno or "--resume" not in words)]
    extra = run.tmp_on_disk(root, new_disk())
    for n in range(0, len(missing), 5):
        zerno |= run.run_on_zerno(root, missing[n:n + 5], os.path.basename(RESULTS), CASE_SECONDS, mem="2G", **extra)
        save("zerno", zerno)
    bad = compare(scripts)
    fsck = [subprocess.run(["e2fsck", how, DISK], capture_output=True, text=True) for how in ("-fp", "-fn")]
    clean = fsck[0].returncode <= 1 and not fsck[1].returncode
    print(f"the disk afterwards: {'clean' if clean else fsck[0].stdout + fsck[1].stdout}")
    sys.exit(bad or not clean)


main()
