#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the results of kbench.

usage: compare.py [--normalise ROW] [--sort] [--min] A.tsv B.tsv
           a table with B/A for each row and the geometric mean of these
           ratios: below 1, B is cheaper.  --normalise divides each file's
           values by its value of ROW first (for wall mode: ref_cpu_loop).
       compare.py --spread [--min] A.tsv B.tsv ...
           the spread of each row over several runs: (max - min) / median

--min takes the lowest batch of each row (the fourth column, of --verbose)
instead of the median, for wall mode on a machine with other work.

In all units of kbench a lower value is better.  The reference rows (ref_*) are
shown, but do not count in the mean.
"""
import argparse
import math
import statistics
import sys


def load(path, lowest=False):
    """Returns {row: value or reason} and {row: unit}, in the file's order."""
    values, units = {}, {}
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            columns = line.rstrip("\n").split("\t")
            if line.startswith("#") or len(columns) < 3:
                continue
            name, value, unit = columns[:3]
            if value == "n/a":
                values[name] = unit
            else:
                values[name] = float(columns[3] if lowest and len(columns) > 3
                                     else value)
                units[name] = unit
    return values, units


def number(value):
    if isinstance(value, float):
        return f"{value:,.1f}"
    return "-" if value is None else "n/a"


def normalise(values, row, path):
    unit = values.get(row)
    if not isinstance(unit, float):
        sys.exit(f"compare.py: {path} has no value of {row}")
    return {name: value / unit if isinstance(value, float) else value
            for name, value in values.items()}


def compare(options):
    (a, units), (b, more_units) = (load(path, options.min)
                                   for path in options.files)
    units = more_units | units
    if options.normalise:
        a = normalise(a, options.normalise, options.files[0])
        b = normalise(b, options.normalise, options.files[1])
    names = list(a) + [name for name in b if name not in a]

    def ratio(name):
        x, y = a.get(name), b.get(name)
        if isinstance(x, float) and isinstance(y, float) and x > 0 and y > 0:
            return y / x
        return None

    if options.sort:
        names.sort(key=lambda name: ratio(name) or math.inf)
    print(f"A = {options.files[0]}\nB = {options.files[1]}\n")
    print(f"{'row':28}{'A':>14}{'B':>14}{'B/A':>9}  unit")
    for name in names:
        r = ratio(name)
        unit = units.get(name, "")
        if options.normalise:
            unit += f" / {options.normalise}"
        print(f"{name:28}{number(a.get(name)):>14}{number(b.get(name)):>14}"
              f"{f'{r:.3f}' if r else '':>9}  {unit}")

    ratios = [r for r in map(ratio, names) if r]
    counted = [ratio(name) for name in names
               if ratio(name) and not name.startswith("ref_")]
    print()
    for file, values in zip(options.files, (a, b)):
        for name, value in values.items():
            if isinstance(value, str):
                print(f"n/a in {file}: {name}: {value}")
    if not counted:
        sys.exit("no row has a value in both files")
    mean = math.exp(statistics.fmean(map(math.log, counted)))
    cheaper, dearer = sum(r < 1 for r in counted), sum(r > 1 for r in counted)
    print(f"geometric mean of B/A over {len(counted)} rows: {mean:.3f}"
          f"   (B cheaper in {cheaper}, dearer in {dearer};"
          f" {len(names) - len(ratios)} rows without a ratio)")


def spread(options):
    runs = [load(path, options.min)[0] for path in options.files]
    units = load(options.files[0])[1]
    print(f"{'row':28}{'median':>14}{'min':>14}{'max':>14}{'spread':>9}  unit")
    worst = 0.0, "-"
    for name in runs[0]:
        values = [run.get(name) for run in runs]
        if not all(isinstance(value, float) for value in values):
            print(f"{name:28}{'n/a in at least one run':>14}")
            continue
        middle = statistics.median(values)
        share = (max(values) - min(values)) / middle if middle else 0.0
        worst = max(worst, (share, name))
        print(f"{name:28}{middle:14,.1f}{min(values):14,.1f}{max(values):14,.1f}"
              f"{share:8.2%}  {units[name]}")
    print(f"\nlargest spread: {worst[0]:.2%} ({worst[1]}), {len(runs)} runs")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="FILE.tsv")
    parser.add_argument("--normalise", metavar="ROW")
    parser.add_argument("--sort", action="store_true", help="by ratio")
    parser.add_argument("--min", action="store_true", help="lowest batches")
    parser.add_argument("--spread", action="store_true")
    options = parser.parse_args()
    if options.spread:
        spread(options)
    elif len(options.files) == 2:
        compare(options)
    else:
        parser.error("two files, please")


main()
