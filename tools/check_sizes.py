#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check_sizes.py - files at most 1000 lines, 95 % of functions under 45 lines of code; prints the measures."""
import re
import statistics
import subprocess
import sys

files = subprocess.run(["git", "ls-files", "kernel/*.c", "user/*.c", "tools/*.c"], capture_output=True, text=True).stdout.split()
bad, lengths, sizes = [], [], []
for path in files:
    lines = open(path).read().split("\n")
    sizes.append(len(lines))
    if len(lines) > 1000:
        bad.append(f"{path}: {len(lines)} lines, at most 1000")
    start = None
    for no, line in enumerate(lines, 1):
        if line == "{":
            start = no
        elif line == "}" and start:
            code = [x for x in lines[start:no - 1] if x.strip() and not re.match(r"\s*(/\*|\*)", x)]
            lengths.append((len(code), f"{path}:{start}"))
            start = None
long = sorted((x for x in lengths if x[0] >= 45), reverse=True)
share = 100 * (1 - len(long) / max(1, len(lengths)))
print(f"sizes: {len(files)} files, {sum(sizes)} lines, median {int(statistics.median(sizes or [0]))}; "
      f"{len(lengths)} functions, {share:.1f} % under 45 lines")
if share < 95:
    bad += [f"{where}: a function of {n} lines of code" for n, where in long[:20]]
print("\n".join(bad), end="\n" if bad else "")
sys.exit(bool(bad))
