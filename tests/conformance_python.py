#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""conformance_python.py - CPython's own tests, from Debian's libpython3.11-testsuite, on Linux and on Zerno.

usage: conformance_python.py [--disk] [MODULE...]

--disk     /tmp, where the tests work, is an ext4 image on both systems; the modules that work with files

Each module is a case: the same script runs it on Linux and on Zerno, in the same Debian root, and writes a line for each
test that passes.  What passes on Linux and not on Zerno is listed, and must stand in tests/conformance_python.known with
its reason (`module: test | reason`; a * at the end of the test stands for any rest).  Aim: at least 95 %.
"""
import fnmatch
import glob
import os
import re
import subprocess
import sys

sys.argv, words = [sys.argv[0], "none"], sys.argv[1:]
TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, f"{TOP}/tests")
import run  # noqa: E402

MODULES = """test_os test_posix test_subprocess test_signal test_threading test_thread test_mmap test_select test_fcntl test_io
test_tempfile test_shutil test_time test_resource test_fork1 test_wait3 test_wait4 test_pty test_faulthandler
test_multiprocessing_fork""".split()
DISK_MODULES = "test_os test_shutil test_tempfile test_mailbox test_zipfile test_sqlite3".split()
ARCHIVE = f"{TOP}/build/debian/root-python.cpio"
DISK = f"{run.BUILD}/python.img"
CASE_SECONDS = 3000  # of a module
TEST_SECONDS = 400

# The results go to a descriptor of their own; what the tests themselves print is lost, but for the last failures.
RUN_ONE = '''import faulthandler, fnmatch, os, socket, sys, unittest

def say(word, test):
    os.write(report, f"{word} {test.id()}\\n".encode(errors="replace"))

class Result(unittest.TextTestResult):
    def startTest(self, test):
        super().startTest(test)
        if watched:  # a test that hangs ends the module, with the stacks of all threads
            faulthandler.dump_traceback_later(int(sys.argv[2]), exit=True, file=watched)
    def addSuccess(self, test):
        super().addSuccess(test)
        say("PASS", test)
    def addFailure(self, test, err):
        super().addFailure(test, err)
        say("FAIL", test)
    def addError(self, test, err):
        super().addError(test, err)
        say("ERROR", test)
    def addSkip(self, test, why):
        super().addSkip(test, why)
        say("SKIP", test)

def internet():
    try:
        socket.socket().close()
        return True
    except OSError:
        return False

# Where one fails for want of Internet sockets it leaves a process, for which the end of the module waits for ever.
LEAVES_A_PROCESS = ["*PicklingConnections.test_pickling"]

def chosen(suite):
    for t in suite:
        if isinstance(t, unittest.TestSuite):
            yield from chosen(t)
        elif not any(fnmatch.fnmatchcase(t.id(), p) for p in LEAVES_A_PROCESS) or internet():
            yield t

def main():
    global report, watched
    from test import support
    support.use_resources = {}
    report = os.dup(1)
    os.set_inheritable(report, False)
    watched = os.fdopen(os.dup(2), "w") if sys.argv[1] != "test_faulthandler" else None
    with open("/tmp/pytest.log", "w") as log:
        os.dup2(log.fileno(), 1)
        suite = unittest.TestSuite(chosen(unittest.defaultTestLoader.loadTestsFromName("test." + sys.argv[1])))
        unittest.TextTestRunner(stream=log, verbosity=1, resultclass=Result).run(suite)
    os.write(report, b"DONE\\n")

# A child of multiprocessing that is spawned imports this file again, under another name: it must not run the tests, too.
if __name__ == "__main__":
    main()
'''
CASE = """cd /tmp/w
export HOME=/root PYTHONDONTWRITEBYTECODE=1
python3 /cases/run_one.py {module} {test_seconds} 2>/tmp/pytest.err
echo "status $?"
tail -c 4000 /tmp/pytest.err
grep -a -A 40 -E '^(ERROR|FAIL):' /tmp/pytest.log | tail -c 20000
"""


def add_sqlite_tests(root):
    """test_sqlite3 is not in Debian's package of the tests: from the source package."""
    home, to = f"{TOP}/build/conformance/python", f"{root}/usr/lib/python3.11/test/test_sqlite3"
    if not glob.glob(f"{home}/*.orig.tar.*"):
        os.makedirs(home, exist_ok=True)
        run.fetch_source(home, "python3.11", "--download-only")
    os.makedirs(to, exist_ok=True)
    subprocess.run(["tar", "-xf", glob.glob(f"{home}/*.orig.tar.*")[0], "-C", to, "--strip-components=4", "--wildcards", "*/Lib/test/test_sqlite3/*"],
                   check=True)


def new_disk():
    if os.path.exists(DISK):
        os.unlink(DISK)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", DISK, "2G"], check=True, capture_output=True)
    return DISK


def results(cases):
    """{module: set of the tests that pass}"""
    return {c: {m for m in re.findall(r"^PASS (\S+)", text or "", re.M)} for c, (_, text) in cases.items()}


def known_reasons():
    path = f"{TOP}/tests/conformance_python.known"
    if not os.path.exists(path):
        return []
    return re.findall(r"^(\S+): (\S+) \| (.*)$", open(path).read(), re.M)


def main():
    if not os.path.exists(ARCHIVE):
        sys.exit(f"there is no {ARCHIVE}: run `make conformance-python`")
    root = f"{run.BUILD}/root-python"
    run.unpack_debian(ARCHIVE, root)
    on_disk, chosen = "--disk" in words, [w for w in words if w != "--disk"]
    modules = [m for m in (DISK_MODULES if on_disk else MODULES) if not chosen or m in chosen]
    if "test_sqlite3" in modules:
        add_sqlite_tests(root)
    run.write(f"{root}/cases/run_one.py", RUN_ONE)
    for m in modules:
        run.write(f"{root}/cases/{m}", CASE.format(module=m, test_seconds=TEST_SECONDS))
    linux = run.run_on_linux(root, modules, seconds=CASE_SECONDS, disk=new_disk() if on_disk else None)
    extra = run.tmp_on_disk(root, new_disk()) if on_disk else {}
    zerno = linux if os.environ.get("LINUX_ONLY") else run.run_on_zerno(root, modules, "python", seconds=CASE_SECONDS, mem="3G", **extra)
    if on_disk and not os.environ.get("LINUX_ONLY"):
        fsck = [subprocess.run(["e2fsck", how, DISK], capture_output=True, text=True) for how in ("-fp", "-fn")]
        print(f"the disk afterwards: {'clean' if fsck[0].returncode <= 1 and not fsck[1].returncode else fsck[0].stdout + fsck[1].stdout}")
    for c, (status, text) in zerno.items():
        run.write(f"{run.BUILD}/python/{c}.zerno", f"{text}\nstatus {status}\n")
        run.write(f"{run.BUILD}/python/{c}.linux", f"{linux[c][1]}\nstatus {linux[c][0]}\n")
    want, got, known = results(linux), results(zerno), known_reasons()
    total = common = unexplained = 0
    for m in modules:
        missing = sorted(want.get(m, set()) - got.get(m, set()))
        total += len(want.get(m, ()))
        common += len(want.get(m, ())) - len(missing)
        print(f"{m}: {len(want.get(m, ()))} pass on Linux, {len(missing)} of these not on Zerno", flush=True)
        for test in missing:
            reason = next((r for km, kt, r in known if km == m and fnmatch.fnmatchcase(test, f"*{kt}")), None)
            unexplained += reason is None
            print(f"    {test} | {reason or 'UNEXPLAINED'}")
    share = 100 * common / max(1, total)
    print(f"CPython: {total} pass on Linux, {common} of these on Zerno ({share:.1f} %), {unexplained} without a reason")
    print(f"{common} passed, {total - common} failed")
    sys.exit(bool(share < 95 or unexplained))


main()
