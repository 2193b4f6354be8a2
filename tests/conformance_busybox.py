#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""conformance_busybox.py - the test suite of busybox 1.35, from Debian's source package, on Linux and on Zerno.

Every *.tests file, and every one-file test of an applet's folder, is a case: the same script runs it on Linux and on
Zerno, with the same (Debian's, unmodified, static) busybox.  Counts PASS lines; what passes on Linux and not on Zerno
is listed, and must stand in tests/conformance_busybox.known with its reason.  Aim: at least 97 %.
"""
import glob
import os
import re
import subprocess
import sys

sys.argv, words = [sys.argv[0], "none"], sys.argv[1:]
TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, f"{TOP}/tests")
import run  # noqa: E402

SOURCE = f"{run.BUILD}/busybox-source"
CASE_SECONDS = 2400  # bc.tests takes 15 minutes under emulation
RUN_TESTS = """
export ECHO=echo bindir=/suite tsdir=/suite/testsuite d=/suite/testsuite VERBOSE= SKIP_KNOWN_BUGS= LINKSDIR=/suite/links
export PATH=/suite/links:/suite/testsuite:/suite:/bin OPTIONFLAGS="$(cat /suite/optionflags)"
ln -s /suite/testsuite/* .
"""


def fetch():
    if glob.glob(f"{SOURCE}/busybox-1.35*"):
        return
    apt = f"{SOURCE}/apt"
    for d in ("lists/partial", "cache/archives/partial", "state"):
        os.makedirs(f"{apt}/{d}", exist_ok=True)
    run.write(f"{apt}/sources.list", "deb-src http://deb.debian.org/debian bookworm main\n")
    options = ["-o", f"Dir::Etc::SourceList={apt}/sources.list", "-o", "Dir::Etc::SourceParts=-",
               "-o", f"Dir::State::Lists={apt}/lists", "-o", f"Dir::Cache={apt}/cache", "-o", "APT::Sandbox::User=root"]
    subprocess.run(["apt-get", *options, "update", "-q"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["apt-get", *options, "source", "-q", "busybox"], cwd=SOURCE, check=True, stdout=subprocess.DEVNULL)


def option_flags(config):
    """Which FEATUREs and applets the suite may ask for: the configuration Debian builds the static flavour with."""
    names = re.findall(r"^CONFIG_(\w+)=", open(config).read(), re.M)
    return ":" + ":".join(names) + ":"


def main():
    fetch()
    src = glob.glob(f"{SOURCE}/busybox-1.35*/")[0]
    suite = f"{src}testsuite"
    root = f"{run.BUILD}/root-conformance"
    run.make_root(root)
    subprocess.run(["cp", "-a", suite, f"{root}/suite-testsuite"], check=True)
    os.makedirs(f"{root}/suite/links")
    os.rename(f"{root}/suite-testsuite", f"{root}/suite/testsuite")
    config = f"{src}debian/config/pkg/static"
    run.write(f"{root}/suite/optionflags", option_flags(config))
    subprocess.run(["cp", config, f"{root}/suite/.config"], check=True)
    os.symlink("/bin/busybox", f"{root}/suite/busybox")
    applets = subprocess.run(["/bin/busybox", "--list"], capture_output=True, text=True).stdout.split()
    for a in applets:
        os.symlink("/bin/busybox", f"{root}/suite/links/{a}")
    cases = []
    for path in sorted(glob.glob(f"{suite}/*.tests")):
        name = os.path.basename(path)
        cases.append(name)
        run.write(f"{root}/cases/{name}", RUN_TESTS + f"sh ./{name}\n")
    for applet in sorted(d for d in os.listdir(suite) if os.path.isdir(f"{suite}/{d}") and d in applets):
        for path in sorted(glob.glob(f"{suite}/{applet}/*")):
            if not os.path.isfile(path):
                continue
            name = f"{applet}__{os.path.basename(path)}"
            cases.append(name)
            run.write(f"{root}/cases/{name}", RUN_TESTS + f"if sh -e /suite/testsuite/{applet}/{os.path.basename(path)} "
                      f">./log 2>&1; then echo PASS: {name}; else echo FAIL: {name}; tail -3 ./log; fi\n")
    if words:
        cases = [c for c in cases if c in words]
    linux = run.run_on_linux(root, cases, seconds=CASE_SECONDS)
    zerno = linux if os.environ.get("LINUX_ONLY") else run.run_on_zerno(root, cases, "conformance", seconds=CASE_SECONDS, mem="1G")

    def passes(results):
        out = set()
        for case, (_, text) in results.items():
            n = {}
            for line in re.findall(r"^PASS: (.*)$", text or "", re.M):
                n[line] = n.get(line, 0) + 1
                out.add(f"{case}: {line}" + (f" #{n[line]}" if n[line] > 1 else ""))
        return out

    want, got = passes(linux), passes(zerno)
    known_file = f"{TOP}/tests/conformance_busybox.known"
    known = dict(re.findall(r"^(.*?) \| (.*)$", open(known_file).read(), re.M)) if os.path.exists(known_file) else {}
    missing = sorted(want - got)
    for name in missing:
        print(f"not on Zerno: {name} | {known.get(name, 'UNEXPLAINED')}")
    for case, (status, text) in zerno.items():
        if status is None:
            print(f"guest lost in {case}: {text[-600:]}")
    common = len(want & got)
    share = 100 * common / max(1, len(want))
    print(f"busybox suite: {len(want)} pass on Linux, {common} of these on Zerno ({share:.1f} %)")
    bad = share < 97 or any(m not in known for m in missing)
    print(f"{common} passed, {len(missing)} failed")
    sys.exit(bool(bad))


main()
