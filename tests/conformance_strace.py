#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""conformance_strace.py - strace's own test suite, from Debian's source package, on Linux and on Zerno.

usage: conformance_strace.py [TEST...] [--m32|--all] [--short] [--cached|--resume|--report|--linux] [--anyway] [--smp=N]

The suite is fetched and built once, on this Linux, under build/conformance/strace.  Each test is a case: the same script
runs it in the same Debian root, as an ordinary user, on Linux and on Zerno, and it passes, is skipped or fails.  What
does not pass on Linux says nothing and is not run on Zerno.  What passes on Linux and not on Zerno is listed and must
stand in tests/conformance_strace.known with its reason (`test | reason`; the test may be a pattern).  A reason that
begins with `needs` is a part of the kernel that is not built yet: such tests are counted by themselves.  Aim: more than
95 % of the others pass.

--m32      the tests as 32-bit programs (named m32/TEST); --all both kinds
--short    some quick ones which pass on both; nothing is fetched or built
--cached   Linux's results of the runs before
--resume   a run that was stopped goes on: what has a result on Linux and on Zerno is not run again
--anyway   on Zerno also what does not pass on Linux
--linux    on Linux alone
--report   no run: the comparison of the results of the runs before
"""
import fnmatch
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys

sys.argv, words = [sys.argv[0], "none"], sys.argv[1:]
TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, f"{TOP}/tests")
import run  # noqa: E402

HOME = f"{TOP}/build/conformance/strace"
ARCHIVE = f"{TOP}/build/debian/root.cpio"
RESULTS = f"{run.BUILD}/strace"
CASE_SECONDS = 300
# Thousands of processes each, without a word in between: half an hour under emulation.
SLOW, SLOW_SECONDS = ("trace_", "filtering_syscall-syntax", "qual_fault", "strace--tips"), 3600
BATCH = 150  # tests of one guest
NEED_TWO_CPUS = ("status-none-threads", "status-unfinished-threads", "threads-execve")
# Parts of the Debian root which no test looks at: a smaller archive boots sooner.
NOT_NEEDED = ["usr/lib/git-core", "usr/lib/python3", "usr/lib/python3.11", "usr/lib/x86_64-linux-gnu/perl", "usr/share/perl",
              "usr/share/zoneinfo", "usr/share/python3", "var/lib/dpkg", "var/cache"]
SHORT = """access alarm attach-p-cmd.test brk caps dup epoll_create1 eventfd execve fcntl fork-f.gen.test futex getcwd getpid
kill mmap nanosleep openat pipe2 poll prctl-name ptrace_syscall_info rt_sigprocmask sched_yield signal_receive.gen.test
strace-C.test strace-p1-Y-p.test threads-execve.test vfork-f.gen.test wait4""".split()
WORDS = {0: "PASS", 77: "SKIP", 99: "ERROR"}

CASE = """read start rest </proc/uptime
cd /suite/build/{dir}
setpriv --reuid=1000 --regid=1000 --clear-groups --reset-env env PATH="$PATH" LANG=C TIMEOUT_DURATION={limit} \\
STRACE_ARCH={arch} STRACE_NATIVE_ARCH=x86_64 SIZEOF_KERNEL_LONG_T={long} SIZEOF_LONG={long} MIPS_ABI= \\
srcdir=../../strace-6.1/{dir} ../../strace-6.1/{dir}/run.sh ../../strace-6.1/{dir}/{test} >/tmp/test.log 2>&1
status=$?
read end rest </proc/uptime
echo "RESULT $status after $((${{end%.*}} - ${{start%.*}})) s"
[ $status = 0 ] || tail -c 3000 /tmp/test.log
"""


def fetch():
    """Debian's source package, by apt-get with lists of its own: the host's stay as they are."""
    if os.path.isdir(f"{HOME}/strace-6.1"):
        return
    apt = f"{HOME}/apt"
    for d in ("lists/partial", "cache/archives/partial", "state"):
        os.makedirs(f"{apt}/{d}", exist_ok=True)
    run.write(f"{apt}/sources.list", "deb-src http://deb.debian.org/debian bookworm main\n")
    options = ["-o", f"Dir::Etc::SourceList={apt}/sources.list", "-o", "Dir::Etc::SourceParts=-",
               "-o", f"Dir::State::Lists={apt}/lists", "-o", f"Dir::Cache={apt}/cache", "-o", "APT::Sandbox::User=root"]
    subprocess.run(["apt-get", *options, "update", "-q"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["apt-get", *options, "source", "-q", "strace"], cwd=HOME, check=True, stdout=subprocess.DEVNULL)


def make(*words):
    with open(f"{HOME}/make.log", "a") as log:
        r = subprocess.run(["make", "-j2", *words], cwd=f"{HOME}/build", stdout=log, stderr=log)
    if r.returncode:
        sys.exit(f"strace's suite does not build: see {HOME}/make.log")


def build(folders):
    os.makedirs(f"{HOME}/build", exist_ok=True)
    if not os.path.exists(f"{HOME}/build/Makefile"):
        with open(f"{HOME}/configure.log", "w") as log:
            r = subprocess.run(["../strace-6.1/configure", "--enable-mpers=check", "--disable-gcc-Werror", "--without-libdw",
                                "--without-libunwind", "--without-libiberty", "CFLAGS=-O1"], cwd=f"{HOME}/build", stdout=log, stderr=log)
        if r.returncode:
            sys.exit(f"strace's configure fails: see {HOME}/configure.log")
    for folder in ["bundled", "src"] + folders:
        if not os.path.exists(f"{HOME}/build/{folder}.made"):
            print(f"strace suite: building {folder} (minutes, once)", flush=True)
            make("-C", folder, *(["check", "TESTS=", "CFLAGS=-O0"] if folder.startswith("tests") else []))
            run.write(f"{HOME}/build/{folder}.made", "")


def tests_of(folder):
    """What `make check` would run."""
    r = subprocess.run(["make", "-s", "-C", f"{HOME}/build/{folder}", "--eval=print-tests: ; @echo $(TESTS)", "print-tests"],
                       capture_output=True, text=True, check=True)
    return r.stdout.split()


def make_root(root, folders):
    run.unpack_debian(ARCHIVE, root)
    for path in ["suite", "cases", *NOT_NEEDED]:
        shutil.rmtree(f"{root}/{path}", ignore_errors=True)
    os.makedirs(f"{root}/suite/strace-6.1")
    for folder in folders:
        subprocess.run(["cp", "-a", f"{HOME}/strace-6.1/{folder}", f"{root}/suite/strace-6.1/"], check=True)
        shutil.copytree(f"{HOME}/build/{folder}", f"{root}/suite/build/{folder}",
                        ignore=shutil.ignore_patterns("*.o", "*.a", ".deps", "*.dir", "*.log", "*.trs"))
        subprocess.run(["chmod", "-R", "a+rwX", f"{root}/suite/build/{folder}"], check=True)
    for path in ("src/strace-log-merge",):
        os.makedirs(f"{root}/suite/strace-6.1/src", exist_ok=True)
        for top in (f"{HOME}/strace-6.1", f"{HOME}/build"):
            if os.path.exists(f"{top}/{path}"):
                shutil.copy(f"{top}/{path}", f"{root}/suite/strace-6.1/{path}")
    os.makedirs(f"{root}/suite/build/src", exist_ok=True)
    for name in ("strace", "config.h"):
        shutil.copy(f"{HOME}/build/src/{name}", f"{root}/suite/build/src/")
    if "tests-m32" in folders:
        os.makedirs(f"{root}/lib32", exist_ok=True)
        for lib in ("ld-linux.so.2", "libc.so.6", "libm.so.6"):
            shutil.copy(f"/lib32/{lib}", f"{root}/lib32/")
        shutil.copy("/lib32/ld-linux.so.2", f"{root}/usr/lib/")
    passwd = open(f"{root}/etc/passwd").read()
    if "user:x:1000" not in passwd:
        run.write(f"{root}/etc/passwd", passwd + "user:x:1000:1000:user:/tmp:/bin/sh\n")
        run.write(f"{root}/etc/group", open(f"{root}/etc/group").read() + "user:x:1000:\n")


def write_cases(root, folders, chosen):
    cases = []
    for folder in folders:
        bits = ("i386", 4) if folder == "tests-m32" else ("x86_64", 8)
        for test in tests_of(folder):
            name = ("m32/" if folder == "tests-m32" else "") + test
            if chosen and name not in chosen and re.sub(r"(\.gen)?\.test$", "", name) not in chosen:
                continue
            case = name.replace("/", "__")
            limit = (SLOW_SECONDS if is_slow(case) else CASE_SECONDS) - 20
            run.write(f"{root}/cases/{case}", CASE.format(dir=folder, arch=bits[0], long=bits[1], test=test, limit=limit))
            cases.append(case)
    return cases


def verdict(result):
    if result is None or result[0] is None:
        return "LOST"
    m = re.match(r"RESULT (\d+)", result[1])
    return WORDS.get(int(m[1]), "FAIL") if m else "FAIL"


def known_reasons():
    path = f"{TOP}/tests/conformance_strace.known"
    return re.findall(r"^(\S+) \| (.*)$", open(path).read(), re.M) if os.path.exists(path) else []


def main():
    signal.signal(signal.SIGTERM, stop)
    options = {w for w in words if w.startswith("--")}
    smp = next((int(w[6:]) for w in options if w.startswith("--smp=")), 1)
    chosen = [w for w in words if not w.startswith("--")]
    folders = ["tests"] if "--m32" not in options else ["tests-m32"]
    folders = ["tests", "tests-m32"] if "--all" in options else folders
    if not os.path.exists(ARCHIVE):
        print(f"strace suite: skipped, there is no {os.path.relpath(ARCHIVE, TOP)}: run `make debian`")
        print("0 passed, 0 failed")
        return
    if "--short" in options:
        if not os.path.exists(f"{HOME}/build/tests.made"):
            print("strace suite: skipped, it is not built: run `make conformance-strace`")
            print("0 passed, 0 failed")
            return
        chosen = chosen or SHORT
    else:
        os.makedirs(HOME, exist_ok=True)
        fetch()
        build(folders)
    root = f"{run.BUILD}/root-strace"
    if "--report" not in options:
        make_root(root, folders)
    cases = sorted(write_cases(root, folders, chosen), key=is_slow)
    os.makedirs(RESULTS, exist_ok=True)
    linux, zerno = load("linux"), load("zerno")
    if "--report" not in options:
        again = not options & {"--cached", "--resume"}
        for some in batches([c for c in cases if again or c not in linux], BATCH // 10):
            linux |= run.run_on_linux(root, some, seconds=SLOW_SECONDS)
            save("linux", linux)
        if "--linux" in options:
            return
        want = [c for c in cases if "--anyway" in options or verdict(linux.get(c)) == "PASS"]
        want = [c for c in want if "--resume" not in options or c not in zerno]
        for n, (some, cpus, seconds) in enumerate(guests(want, smp)):
            zerno |= run_guest(root, some, cpus, seconds, zerno)
            save("zerno", zerno)
            print(f"strace suite: guest {n}: {sum(verdict(zerno[c]) == 'PASS' for c in some)} of {len(some)} pass on Zerno", flush=True)
    sys.exit(compare(cases, linux, zerno))


def stop(*_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # timeout(1) sends it twice
    raise KeyboardInterrupt


def is_slow(case):
    return case.removeprefix("m32__").startswith(SLOW)


def batches(cases, size=BATCH):
    return [cases[i:i + size] for i in range(0, len(cases), size)]


def guests(cases, smp):
    """Tests, CPUs and seconds a test of each guest.  One CPU is enough for most; the slow ones come last, each alone."""
    two = [c for c in cases if smp == 1 and c.removeprefix("m32__").startswith(NEED_TWO_CPUS)]
    slow = [c for c in cases if is_slow(c)]
    others = [c for c in cases if c not in two + slow]
    return ([(some, 2, CASE_SECONDS) for some in batches(two)] + [(some, smp, CASE_SECONDS) for some in batches(others)] +
            [([c], smp, SLOW_SECONDS) for c in slow])


def run_guest(root, cases, cpus, seconds, before):
    """Who stops the run keeps what the guest has done so far."""
    for log in glob.glob(f"{run.BUILD}/strace-*.log"):
        os.unlink(log)
    try:
        return run.run_on_zerno(root, cases, "strace", seconds=seconds, mem="3G", smp=cpus)
    except KeyboardInterrupt:  # SIGTERM, too
        for log in glob.glob(f"{run.BUILD}/strace-*.log"):
            before |= run.parse(open(log, errors="replace").read().replace("\r", ""))[0]
        save("zerno", before)
        sys.exit("strace suite: stopped; --resume goes on")


def load(system):
    path = f"{RESULTS}/{system}.json"
    return json.load(open(path)) if os.path.exists(path) else {}


def save(system, results):
    """By renaming: a run that is stopped leaves what was."""
    run.write(f"{RESULTS}/{system}.part", json.dumps(results))
    os.rename(f"{RESULTS}/{system}.part", f"{RESULTS}/{system}.json")


def compare(cases, linux, zerno):
    """Prints every difference; whether the run is bad."""
    reasons, known = {}, known_reasons()
    for path in glob.glob(f"{RESULTS}/*.txt"):
        os.unlink(path)
    total = [c for c in cases if verdict(linux.get(c)) == "PASS"]
    missing = [c for c in total if verdict(zerno.get(c)) != "PASS"]
    for c in missing:
        name = c.replace("m32__", "m32/", 1)
        plain = name.removeprefix("m32/")
        run.write(f"{RESULTS}/{c}.txt", (zerno.get(c) or (0, "not run"))[1])
        reasons[c] = next((r for pattern, r in known if fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(plain, pattern)), "UNEXPLAINED")
        print(f"{name}: {verdict(zerno.get(c))} | {reasons[c]}")
    needs = sum(r.startswith("needs") for r in reasons.values())
    unexplained = sum(r == "UNEXPLAINED" for r in reasons.values())
    skipped = sum(verdict(linux.get(c)) == "SKIP" for c in cases)
    passed, others = len(total) - len(missing), len(total) - needs
    print(f"strace suite: {len(cases)} tests; on Linux {len(total)} pass, {skipped} are skipped, {len(cases) - len(total) - skipped} fail")
    print(f"strace suite: {needs} of these {len(total)} need a part that is not built yet; {passed} of the other {others} pass on Zerno "
          f"({100 * passed / max(1, others):.1f} %), {unexplained} differences without a reason")
    print(f"{passed} passed, {len(missing)} failed")
    return passed <= 0.95 * others or unexplained > 0


main()
