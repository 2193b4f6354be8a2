#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check_layers.py LAYERS KERNEL BUILD - enforce docs/layers.txt.

Two checks: every #include "dir/x.h" or <dir/x.h> must point downward, and every undefined symbol of a folder's
objects must be defined downward, so that a smuggled extern is found too.
"""
import collections
import fnmatch
import os
import re
import subprocess
import sys


def load(path):
    rank, upcalls = {}, set()
    for n, line in enumerate(open(path)):
        line = line.split("#", 1)[0].strip()
        if line.startswith("contract"):
            upcalls.add(line.split()[1] + "*")
        elif line.startswith("upcall"):
            upcalls |= set(line.split(":", 1)[1].split())
        elif line:
            for d in line.split():
                rank[d] = n
    return rank, upcalls


def owner(path, rank):
    while path:
        if path in rank:
            return path
        path = os.path.dirname(path)
    return None


def check_includes(root, rank, layers):
    bad = []
    for d, _, files in os.walk(root):
        for f in (f for f in files if f.endswith((".c", ".h", ".S"))):
            p = os.path.relpath(os.path.join(d, f), root)
            me = owner(os.path.dirname(p), rank)
            if me is None:
                bad.append(f"{p}: directory not in {layers}")
                continue
            for no, line in enumerate(open(os.path.join(root, p), errors="replace"), 1):
                m = re.match(r'\s*#\s*include\s*[<"]([\w/.-]+/)?([\w.-]+)[>"]', line)
                to = owner(m[1].rstrip("/"), rank) if m and m[1] else None
                if to is None or to == me or (to == "arch" and me.startswith("arch/")):
                    continue
                if rank[to] >= rank[me]:
                    bad.append(f"{p}:{no}: {me}/ must not use {to}/ ({m[1]}{m[2]})")
    return bad


def check_symbols(build, rank, upcalls):
    defs, undef = {}, collections.defaultdict(set)
    for d, _, files in os.walk(build):
        folder = owner(os.path.relpath(d, build), rank)
        for f in (f for f in files if f.endswith(".o") and folder):
            out = subprocess.run(["nm", os.path.join(d, f)], capture_output=True, text=True).stdout
            for line in out.splitlines():
                *_, kind, sym = line.split()
                if kind == "U":
                    undef[folder].add(sym)
                elif kind.isupper():
                    defs.setdefault(sym, folder)
    bad = []
    for folder, symbols in undef.items():
        for sym in symbols:
            to = defs.get(sym)
            declared = any(fnmatch.fnmatch(sym, u) for u in upcalls)
            if to and not declared and to != folder and rank[to] >= rank[folder]:
                bad.append(f"{folder}/ uses {sym} of {to}/")
    return bad


def main(layers, root, build):
    rank, upcalls = load(layers)
    bad = check_includes(root, rank, layers) + check_symbols(build, rank, upcalls)
    print("\n".join(sorted(bad)) or "layers: ok")
    return bool(bad)


sys.exit(main(*sys.argv[1:]))
