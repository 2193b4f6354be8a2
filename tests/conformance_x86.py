#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""conformance_x86.py - the x86 and vDSO selftests of Debian's linux-source-6.1, on Linux and on Zerno in the same QEMU.

usage: conformance_x86.py [TEST...] [--cached]

The tests (64- and 32-bit) are fetched and built once, on this Linux, under build/conformance/x86; so is the kernel they
are compared with, Debian's own of the same version.  Each test is a case: it passes (its exit status is 0), is skipped (4)
or fails.  What passes on Linux and not on Zerno is listed and must stand in tests/conformance_x86.known with its reason.
--cached takes Linux's results of the run before.
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
import linux_kernel  # noqa: E402
import run  # noqa: E402

HOME = f"{TOP}/build/conformance/x86"
SELFTESTS = f"{HOME}/linux-source-6.1/tools/testing/selftests"
RESULTS = f"{run.BUILD}/x86"
CASE_SECONDS = 900
ONE_CPU = ["syscall_numbering_64"]  # 170,000 stops of a tracer: on two emulated CPUs each waits for the host, 14 minutes in all
# Without SMAP: QEMU 7.2 reads the stack of a far return in user mode with the kernel's rights.  With SMAP that faults, and
# Linux itself ends sysret_ss_attrs with an oops.
CPU = "max,smap=off"
LIBRARIES = ["lib64/ld-linux-x86-64.so.2", "lib/ld-linux.so.2"] + [
    f"{d}/{lib}" for d in ("lib/x86_64-linux-gnu", "lib32") for lib in ("libc.so.6", "libm.so.6", "libgcc_s.so.1")]


def fetch():
    """The source of the tests, from Debian's package."""
    if os.path.isdir(SELFTESTS):
        return
    unpacked = linux_kernel.download("linux-source-6.1")
    subprocess.run(["tar", "-xf", f"{unpacked}/usr/src/linux-source-6.1.tar.xz", "-C", HOME, "--wildcards",
                    "linux-source-6.1/tools/testing/selftests/*", "linux-source-6.1/arch/x86/include/asm/desc_defs.h"], check=True)
    shutil.rmtree(unpacked)


def build():
    """The names of the tests that are built."""
    os.makedirs(f"{HOME}/out", exist_ok=True)
    with open(f"{HOME}/make.log", "w") as log:
        for folder in ("x86", "vDSO"):
            r = subprocess.run(["make", "-j2", "-k", "-C", f"{SELFTESTS}/{folder}", f"OUTPUT={HOME}/out"], stdout=log, stderr=log)
            if r.returncode:
                print(f"x86 selftests: not all of {folder} is built: see {HOME}/make.log")
    return sorted(n for n in os.listdir(f"{HOME}/out") if os.access(f"{HOME}/out/{n}", os.X_OK) and os.path.isfile(f"{HOME}/out/{n}"))


def make_root(root, tests):
    run.make_root(root)
    for lib in LIBRARIES:
        if os.path.exists(f"/{lib}"):
            os.makedirs(os.path.dirname(f"{root}/{lib}"), exist_ok=True)
            shutil.copy(f"/{lib}", f"{root}/{lib}")
    for t in tests:
        shutil.copy(f"{HOME}/out/{t}", f"{root}/tests/{t}")
        # The status first: a test's own output differs from run to run.
        run.write(f"{root}/cases/{t}", f"/tests/{t} >/tmp/test.log 2>&1\necho \"RESULT $?\"\ntail -n 30 /tmp/test.log\n")


def run_in_qemu(kernel, root, tests, name):
    ours, run.KERNEL = run.KERNEL, kernel
    results = {}
    for some, cpus in (([t for t in tests if t not in ONE_CPU], 2), ([t for t in tests if t in ONE_CPU], 1)):
        results |= run.run_on_zerno(root, some, f"{name}-{cpus}cpu", seconds=CASE_SECONDS, machine=["-M", "q35"], cpu=CPU, smp=cpus,
                                    append="tsc=reliable") if some else {}
    run.KERNEL = ours
    return results


def verdict(result):
    if result is None or result[0] is None:
        return "LOST"
    m = re.search(r"^RESULT (\d+)$", result[1], re.M)  # the kernel may speak before
    return {0: "PASS", 4: "SKIP"}.get(int(m[1]), "FAIL") if m else "FAIL"


def main():
    chosen = [w for w in words if not w.startswith("--")]
    os.makedirs(HOME, exist_ok=True)
    os.makedirs(RESULTS, exist_ok=True)
    fetch()
    tests = [t for t in build() if not chosen or t in chosen or re.sub("_(32|64)$", "", t) in chosen]
    root, cache = f"{run.BUILD}/root-x86", f"{RESULTS}/linux.json"
    make_root(root, tests)
    linux = json.load(open(cache)) if "--cached" in words and os.path.exists(cache) else {}
    if any(t not in linux for t in tests):
        linux |= run_in_qemu(linux_kernel.kernel(), root, tests, "x86-linux")
        json.dump(linux, open(cache, "w"))
    zerno = run_in_qemu(run.KERNEL, root, tests, "x86")
    sys.exit(compare(tests, linux, zerno))


def compare(tests, linux, zerno):
    """Prints every difference; whether the run is bad."""
    path = f"{TOP}/tests/conformance_x86.known"
    known = dict(re.findall(r"^(\S+) \| (.*)$", open(path).read(), re.M)) if os.path.exists(path) else {}
    counts, unexplained, total, common = {}, 0, 0, 0
    for t in tests:
        want, got = verdict(linux.get(t)), verdict(zerno.get(t))
        counts[want, got] = counts.get((want, got), 0) + 1
        total += want == "PASS"
        common += want == got == "PASS"
        run.write(f"{RESULTS}/{t}.txt", "\n".join(f"{who}: {word}, the shell's status {status}\n{text}" for who, word, (status, text) in
                                                  (("Linux", want, linux.get(t) or (0, "")), ("Zerno", got, zerno.get(t) or (0, "")))))
        if want not in ("PASS", got) or want == "PASS" != got:
            reason = known.get(t)
            unexplained += reason is None and want == "PASS"
            print(f"{t}: {want} on Linux, {got} on Zerno | {reason or 'UNEXPLAINED'}")
    for (want, got), n in sorted(counts.items()):
        print(f"x86 selftests: {n} {want} on Linux, {got} on Zerno")
    print(f"x86 selftests: {len(tests)} tests, {total} pass on Linux, {common} of these on Zerno, {unexplained} differences without a reason")
    print(f"{common} passed, {total - common} failed")
    return bool(unexplained)


main()
