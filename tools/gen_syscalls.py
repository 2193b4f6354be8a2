#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""gen_syscalls.py - everything that follows from kernel/syscall/syscalls.tbl (its head explains the columns).

gen_syscalls.py TABLE OUTDIR            writes sys_protos.h, syscall_table_<abi>.c, fuzz_table.h, syscalls.md
gen_syscalls.py TABLE --check-docs FILE fails when FILE is not what the table says now
gen_syscalls.py TABLE --verify          compares the numbers with the Linux headers of this machine
"""
import os
import re
import subprocess
import sys

ABIS = ("x86_64", "i386", "riscv64")
NATIVE_MAX = 512
KINDS = re.compile(r"(int|hex|size|off|addr|ptr|id|pid|sig|mode|dev|ioctl|fd|dirfd|path|str|strv"
                   r"|(flags|enum):\w+|(in|out|inout)(:\w+)?(\[\w+\])?)$")
RESULTS = {"int", "fd", "size", "off", "addr", "pid", "id", "hex", "mode", "sig", "none"}
# i386 has several generations of some calls; the table's number is that of the one on the right.
I386_NAMES = {"newfstatat": "fstatat64", "stat": "stat64", "lstat": "lstat64", "fstat": "fstat64",
              "select": "_newselect"}
# Structures that look the same in both ABIs, and those that handlers copy by user_layout.c.
LAYOUT_KNOWN = set("""pollfd_k statx_k utsname_k timezone_k cap_user_header_k cap_user_data_k sched_param_k clone3_args_k
    timespec_k timeval_k itimerval_k utimbuf_k tms_k rusage_k sigaction_k sigaltstack_k siginfo iovec stat_k statfs64_k
    rlimit64_k itimerspec_k sigevent_k epoll_event futex_waitv_k msghdr_k mmsghdr_k rseq_k timex_k""".split())
I386_NAMES.update({n: n + "32" for n in (
    "getuid geteuid getgid getegid getresuid getresgid setuid setgid setreuid setregid setresuid setresgid "
    "setfsuid setfsgid getgroups setgroups chown lchown fchown").split()})


def parse_args(where, name, text):
    args = []
    for a in filter(None, (s.strip() for s in text.split(","))):
        kind, rest = a.split(None, 1)
        if not KINDS.match(kind):
            sys.exit(f"{where}: unknown argument kind '{kind}'")
        ctype, arg = rest.rsplit(None, 1)
        args.append((kind, ctype, arg))
    if len(args) > 6:
        sys.exit(f"{where}: {name} has more than six arguments")
    names = {a[2] for a in args}
    for kind, _, arg in args:
        m = re.search(r"\[(\w+)\]", kind)
        if m and m[1] not in names:
            sys.exit(f"{where}: {arg}'s length '{m[1]}' is no argument of {name}")
    return args


def parse(path):
    calls, section = [], ""
    for no, line in enumerate(open(path), 1):
        where = f"{path}:{no}"
        line = line.split("#", 1)[0].strip()
        if not line:
            continue
        body, _, lacks = (s.strip() for s in line.partition("!"))
        f = body.split(None, 7)
        if "=" in f[0]:     # i386_NAME=HANDLER: another number of a call that is in the table already
            alias, _, target = f[0].partition("=")
            c = next((c for c in calls if c["name"] == target), None)
            if not c or len(f) != 4:
                sys.exit(f"{where}: `i386_NAME=HANDLER` has three numbers, and a handler that stands above")
            calls.append(dict(c, name=alias, nr=dict(zip(ABIS, f[1:4])), handler=target))
            continue
        if len(f) < 7:
            sys.exit(f"{where}: too few columns")
        name, nrs, file, status, result = f[0], f[1:4], f[4], f[5], f[6]
        if status not in ("full", "partial") or (status == "partial") != bool(lacks):
            sys.exit(f"{where}: `partial` and `! what is missing` go together")
        if result not in RESULTS:
            sys.exit(f"{where}: unknown result '{result}'")
        calls.append(dict(name=name, handler=name, nr=dict(zip(ABIS, nrs)), file=file, status=status, result=result,
                          args=parse_args(where, name, f[7] if len(f) > 7 else ""), lacks=lacks))
    for key in ABIS:
        seen = {}
        for c in calls:
            n = c["nr"][key]
            if c["name"].startswith("i386_"):
                continue    # stands before the general row
            if n != "-" and seen.setdefault(n, c["name"]) != c["name"]:
                sys.exit(f"{path}: {key} number {n} is both {seen[n]} and {c['name']}")
    if len({c["name"] for c in calls}) != len(calls):
        sys.exit(f"{path}: a name stands twice")
    return calls


def join_type(ctype, name):
    return ctype + name if ctype.endswith("*") else f"{ctype} {name}"


def protos(calls):
    structs = sorted({s for c in calls for _, t, _ in c["args"] for s in re.findall(r"struct \w+", t)})
    out = ["#pragma once", "#include <abi/types.h>", "#include <abi/signal.h>"]
    out += [s + ";" for s in structs]
    for c in calls:
        if c["handler"] != c["name"]:
            continue
        args = ", ".join(join_type(t.replace(" *", " *"), a) for _, t, a in c["args"]) or "void"
        out.append(f"long sys_{c['name']}({args});")
    return "\n".join(out) + "\n"


def same_in_both(call):
    """Can an i386 program call the 64-bit handler?  Not where an offset takes two registers, or a structure has
    another layout and its handler does not know (user_layout.c)."""
    return all(t != "loff_t" and
               set(re.findall(r"struct (\w+)", t)) <= LAYOUT_KNOWN for _, t, _ in call["args"])


def cast(abi, ctype, letter):
    if abi != "i386":
        return f"({ctype}){letter}"
    wide = ctype.endswith("*") or "long" in ctype or ctype == "size_t"
    return f"({ctype})(unsigned long)(u32){letter}" if ctype.endswith("*") else \
           f"({ctype})(u32){letter}" if wide else f"({ctype}){letter}"


def table(calls, abi):
    """A thunk for each call: it gives the registers their types; on x86-64 it is a single jump."""
    by_nr = {int(c["nr"][abi]): c for c in sorted(calls, key=lambda c: c["name"].startswith("i386_"))
             if c["nr"][abi] != "-"}
    if abi == "i386":
        by_nr = {n: c for n, c in by_nr.items() if c["name"].startswith("i386_") or same_in_both(c)}
    tag = "i386" if abi == "i386" else "native"
    out = ["#include <syscall/dispatch.h>", "#include <syscall/syscall.h>", "#include <sys_protos.h>", "",
           "#define THUNK(name, handler, ...) \\",
           "\tstatic long t_##name(unsigned long a, unsigned long b, unsigned long c, unsigned long d, \\",
           "\t\t\t     unsigned long e, unsigned long f) \\",
           "\t{ \\", "\t\treturn sys_##handler(__VA_ARGS__); \\", "\t}"]
    for n in sorted(by_nr):
        c = by_nr[n]
        args = ", ".join(cast(abi, t, "abcdef"[i]) for i, (_, t, _) in enumerate(c["args"]))
        out.append(f"THUNK({c['name']}, {c['handler']}, {args})" if args else f"THUNK({c['name']}, {c['handler']})")
    limit = NATIVE_MAX
    if by_nr and max(by_nr) >= limit:
        sys.exit(f"{abi}: number {max(by_nr)} does not fit the table")
    out.append(f"\nconst syscall_fn syscall_table_{tag}[{limit}] = {{")
    out += [f"\t[{n}] = t_{by_nr[n]['name']}," if n in by_nr else f"\t[{n}] = sys_ni," for n in range(limit)]
    out.append("};")
    out.append(f"\nconst struct syscall_desc syscall_desc_{tag}[{limit}] = {{")
    for n in sorted(by_nr):
        c = by_nr[n]
        name = I386_NAMES.get(c["name"], c["name"]).removeprefix("i386_") if abi == "i386" else c["name"]
        kinds = ", ".join(f'{{ "{a}", "{k}" }}' for k, _, a in c["args"])
        out.append(f'\t[{n}] = {{ "{name}", "{c["result"]}", {len(c["args"])}, {{ {kinds} }} }},'
                   if kinds else f'\t[{n}] = {{ .name = "{name}", .result = "{c["result"]}" }},')
    out.append("};")
    return "\n".join(out) + "\n"


def fuzz_table(calls):
    """For tests/stress/fuzz_syscalls.c, which runs on Linux too: x86-64 numbers."""
    out = ["struct fuzz_call {", "\tconst char *name;", "\tint nr, nargs;", "\tconst char *kind[6];", "};",
           "static const struct fuzz_call fuzz_calls[] = {"]
    for c in calls:
        if c["nr"]["x86_64"] != "-":
            kinds = ", ".join(f'"{k}"' for k, _, _ in c["args"]) or "0"
            out.append(f'\t{{ "{c["name"]}", {c["nr"]["x86_64"]}, {len(c["args"])}, {{ {kinds} }} }},')
    out.append("};")
    return "\n".join(out) + "\n"


def docs(calls):
    full = sum(c["status"] == "full" for c in calls)
    out = ["<!-- Written by tools/gen_syscalls.py from kernel/syscall/syscalls.tbl; do not edit. -->",
           "# System calls", "",
           f"{len(calls)} calls: {full} full, {len(calls) - full} partial. A call that is not listed answers "
           "`ENOSYS`, and the log says so once for each program.", "",
           "| call | x86-64 | i386 | riscv64 | status | not supported | where |",
           "|---|---|---|---|---|---|---|"]
    for c in sorted(calls, key=lambda c: c["name"]):
        nrs = " | ".join(c["nr"][a] for a in ABIS)
        name = c["name"].removeprefix("i386_") + ("` (i386)" if c["name"].startswith("i386_") else "`")
        out.append(f"| `{name} | {nrs} | {c['status']} | {c['lacks']} | syscall/{c['file']}.c |")
    return "\n".join(out) + "\n"


def header_numbers(source):
    text = subprocess.run(["gcc", "-E", "-dM", "-"], input=source, text=True, capture_output=True, check=True).stdout
    macros = dict(re.findall(r"#define (__NR\w*) (\S+)", text))
    numbers = {}
    for name, value in macros.items():
        for _ in range(4):
            value = macros.get(value, value)
        if value.isdigit():
            numbers[name[5:]] = value
    return numbers


def verify(calls):
    riscv = "\n".join("#define " + d for d in ("__riscv", "__ARCH_WANT_NEW_STAT", "__ARCH_WANT_SET_GET_RLIMIT",
                                               "__ARCH_WANT_SYS_CLONE3"))
    sources = {"x86_64": "#include <asm/unistd_64.h>\n", "i386": "#include <asm/unistd_32.h>\n",
               "riscv64": riscv + "\n#include <asm-generic/unistd.h>\n"}
    bad = 0
    for abi, source in sources.items():
        numbers = header_numbers(source)
        for c in calls:
            name = I386_NAMES.get(c["name"], c["name"]).removeprefix("i386_") if abi == "i386" else c["name"]
            right = numbers.get(name, "-")
            if right != c["nr"][abi]:
                print(f"{c['name']}: {abi} number is {right}, the table says {c['nr'][abi]}")
                bad += 1
    return bad


def write(path, comment, text):
    with open(path, "w") as f:
        f.write(comment + text)


def main(argv):
    if len(argv) < 2:
        sys.exit(__doc__)
    calls = parse(argv[0])
    if argv[1] == "--verify":
        sys.exit(1 if verify(calls) else 0)
    if argv[1] == "--check-docs":
        if open(argv[2]).read() != docs(calls):
            sys.exit(f"{argv[2]} is not what {argv[0]} says: run `make docs`")
        return
    out = argv[1]
    os.makedirs(out, exist_ok=True)
    mark = "/* Written by tools/gen_syscalls.py from kernel/syscall/syscalls.tbl; do not edit. */\n"
    write(f"{out}/sys_protos.h", mark, protos(calls))
    for abi in ABIS:
        write(f"{out}/syscall_table_{abi}.c", mark, table(calls, abi))
    write(f"{out}/fuzz_table.h", mark, fuzz_table(calls))
    write(f"{out}/syscalls.md", "", docs(calls))


main(sys.argv[1:])
