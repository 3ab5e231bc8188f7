#!/usr/bin/env python3
"""Runs the benches several times over and prints one table; see README.md. Called by run.sh."""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from rows import rows
from samples import ROUNDS, collect


def summary(values):
    """The median, the quartiles (those of the rounds themselves where they are few) and the ends."""
    low, _, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    return {"median": statistics.median(values), "low": low, "high": high, "least": min(values), "most": max(values),
            "rounds": len(values)}


def verdict(beside, ratios):
    """A bar is missed where no more than a quarter of the rounds reach it. Where the median misses it and more do, the
    ranges meet: that decides nothing."""
    if not beside.gated():
        return "shown"
    if beside.meets(statistics.median(ratios)):
        return "holds"
    return "close" if sum(map(beside.meets, ratios)) > len(ratios) // 4 else "MISSED"


def compare(samples, row, beside):
    """One side of a row: what stands there, the ratio, and whether its bar holds."""
    out = {"case": beside.case, "name": beside.name, "bar": beside.bar(),
           "faster": beside.faster or beside.at_least is not None}
    cases = (row.ours, beside.case, *(beside.scaled_by or ()))
    found = [samples.of(case, row.counter) for case in cases]
    rounds = sorted(set.intersection(*map(set, found)))
    if not rounds:
        reason = next((samples.unmeasured[case] for case in cases if case in samples.unmeasured), "no such case")
        return out | {"verdict": "NOT MEASURED" if beside.gated() else "not measured", "reason": reason}
    ours, other, *scale = ([numbers[number] for number in rounds] for numbers in found)
    if scale:
        other = [value * more / one for value, one, more in zip(other, *scale, strict=True)]
    ratios = [beside.ratio(a, b) for a, b in zip(ours, other, strict=True)]
    return out | {"value": summary(other), "ratio": summary(ratios), "verdict": verdict(beside, ratios)}


def exactly(samples, row):
    """A count that must hold in all rounds."""
    counts = list(samples.of(row.ours, row.counter).values())
    if not counts:
        return {"verdict": "NOT MEASURED", "reason": samples.unmeasured.get(row.ours, "not counted")}
    return {"verdict": "holds" if max(counts) <= row.ceiling else "MISSED"}


ORDER = ("MISSED", "NOT MEASURED", "close", "holds", "not measured", "shown")


def make_row(samples, row):
    """None where the row is left out."""
    ours = list(samples.of(row.ours, row.counter).values())
    if row.if_there and not ours and row.ours not in samples.unmeasured:
        return None
    out = {"what": row.what, "case": row.ours, "unit": row.counter or "s"}
    if ours:
        out["ours"] = summary(ours)
    for side, beside in row.sides():
        out[side] = compare(samples, row, beside)
    parts = [out[side] for side, _ in row.sides()]
    if row.ceiling is not None:
        parts.append(exactly(samples, row) | {"bar": f"<= {row.ceiling:g}"})
    out["bars"] = [(f"{side} " if beside.bar() else "") + beside.bar() for side, beside in row.sides() if beside.bar()]
    out["bars"] += [part["bar"] for part in parts[len(row.sides()):]]
    out["verdict"] = min((part["verdict"] for part in parts), key=ORDER.index)
    reasons = {part["reason"]: None for part in parts if "reason" in part}
    return out | ({"reason": "; ".join(reasons)} if reasons else {})


def figure(value):
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f}"


def value_text(value, unit):
    """`0.24 ns ±3%`: the median, and half of what lies between the quartiles."""
    median = value["median"]
    if unit != "s":
        return f"{median:g}"
    name, scale = next((u for u in (("ns", 1e9), ("us", 1e6), ("ms", 1e3)) if median * u[1] < 1000), ("s", 1))
    return f"{figure(median * scale)} {name} ±{50 * (value['high'] - value['low']) / median:.0f}%"


def ratio_text(side):
    ratio, sign = side["ratio"], "x" if side["faster"] else ""
    return f"{figure(ratio['median'])}{sign} ({figure(ratio['low'])}-{figure(ratio['high'])})"


def cells(row, rounds):
    line = [row["what"], value_text(row["ours"], row["unit"]) if "ours" in row else ""]
    for side in ("floor", "peer"):
        it = row.get(side)
        if not it or "value" not in it:
            line += ["", ""]
        else:
            name = "" if it["name"] == "prometheus-cpp" else f" {it['name']}"
            line += [value_text(it["value"], row["unit"]) + name, ratio_text(it)]
    said = row["verdict"] + (f": {row['reason']}" if "reason" in row else "")
    ratios = [row[side]["ratio"] for side in ("floor", "peer") if "ratio" in row.get(side, {})]
    compared = min((ratio["rounds"] for ratio in ratios), default=rounds)
    said += f" ({compared} of {rounds} rounds)" if compared < rounds else ""
    return [*line, ", ".join(row["bars"]), said]


def print_table(machine, table):
    print(f"{machine['processor']}, {machine['processors']} processors; {machine['compiler']}; "
          f"{machine['rounds']} rounds.\nMedians, of a ratio with the quartiles: 1.2 is ours to what stands left of it, "
          "12x is how many times as fast ours is.\n")
    lines = [["what", "ours", "floor", "to floor", "prometheus-cpp", "to peer", "bar", ""]]
    lines += [cells(row, machine["rounds"]) for row in table]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def describe_machine(build, rounds):
    processor = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            processor = line.split(":", 1)[1].strip()
            break
    cache = (build / "CMakeCache.txt").read_text(encoding="utf-8").splitlines()
    compiler = next(line.split("=", 1)[1] for line in cache if line.startswith("CMAKE_CXX_COMPILER:"))
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    return {"processor": processor, "processors": len(os.sched_getaffinity(0)), "compiler": version,
            "rounds": rounds, "load": os.getloadavg()}


def report(machine, table, file):
    """Prints and writes the table. Returns the exit status."""
    print_table(machine, table)
    if file:
        file.write_text(json.dumps({"machine": machine, "rows": table}, indent=2) + "\n", encoding="utf-8")
    missed, unmeasured = ([row["what"] for row in table if row["verdict"] == said] for said in ORDER[:2])
    if missed:
        print(f"\n{len(missed)} of the bars missed: {'; '.join(missed)}")
    if unmeasured:
        print(f"\nwithout a measurement: {'; '.join(unmeasured)}")
    return 1 if missed else 2 if unmeasured else 0


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--build", type=Path, required=True, help="the build folder")
    arguments.add_argument("--quick", action="store_true", help="fewer rounds and shorter ones")
    arguments.add_argument("--json", type=Path, metavar="FILE", help="writes the rows there too")
    arguments.add_argument("--without-compiling", action="store_true", help="leaves out the compile times")
    given = arguments.parse_args()
    try:
        samples = collect(given.build, given.quick, given.without_compiling)
    except (RuntimeError, OSError) as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 2
    table = [line for line in (make_row(samples, row) for row in rows(given.without_compiling)) if line]
    return report(describe_machine(given.build, ROUNDS[given.quick]), table, given.json)


if __name__ == "__main__":
    sys.exit(main())
