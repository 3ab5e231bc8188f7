#!/usr/bin/env python3
"""Holds what is counted exactly to the ceilings of ceilings.txt: instructions, cache lines, memory, locks.

usage: counted.py CEILINGS g++|clang++ instructions|lines|memory PROGRAM VALGRIND [--write]

A count that is above its ceiling fails. One that is below it by more than 2 % is told, so that the ceiling follows.
With --write the ceilings become what is counted now.
"""
import collections
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator

# The C library has a memcpy for each kind of processor; without these features it takes the one that all have.
FEATURES = ("AVX2", "AVX_Fast_Unaligned_Load", "ERMS", "FSRM", "SSSE3", "SSE4_1", "SSE4_2")
ENVIRONMENT = os.environ | {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=" + ",".join(f"-{name}" for name in FEATURES)}
ROUNDS = 4  # of instructions.cpp: each is 500 updates of a kind and a scrape of each


def inclusive_costs(program: str, valgrind: str, rounds: int) -> dict[str, tuple[int, int]]:
    """Of each function how often it was called, and the instructions of all these calls, with all that it calls."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder, "out")
        subprocess.run([valgrind, "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}", program, str(rounds)],
                       check=True, env=ENVIRONMENT)
        lines = iter(out.read_text().splitlines())
    names: dict[str, str] = {}
    costs: dict[str, tuple[int, int]] = collections.defaultdict(lambda: (0, 0))
    called = ""
    for line in lines:
        if function := re.match(r"c?fn=(\(\d+\))(?: (.*))?", line):
            called = names.setdefault(function[1], function[2])
        elif call := re.match(r"calls=(\d+)", line):
            calls, cost = costs[called]
            costs[called] = (calls + int(call[1]), cost + int(next(lines).split()[1]))
    return costs


def count_instructions(program: str, valgrind: str) -> dict[str, float]:
    once, twice = (inclusive_costs(program, valgrind, rounds) for rounds in (ROUNDS, 2 * ROUNDS))
    counts: dict[str, float] = {}
    for name in [name for name in twice if re.fullmatch(r"row_\w+", name)]:
        calls, cost = (after - before for before, after in zip(once[name], twice[name]))
        assert calls > 0 and calls == once[name][0], f"{name} was called {once[name][0]} and {twice[name][0]} times"
        counts[name.removeprefix("row_")] = cost / calls - 1  # its ret
    # of two sizes: what one more costs
    sizes: dict[str, dict[int, float]] = collections.defaultdict(dict)
    for name in [name for name in counts if re.search(r"_of_\d+$", name)]:
        what, size = name.rsplit("_of_", 1)
        sizes[what][int(size)] = counts.pop(name)
    for what, cost in sizes.items():
        (small, first), (large, second) = sorted(cost.items())
        counts[what] = (second - first) / (large - small)
    return counts


def count_lines(program: str, valgrind: str) -> dict[str, float]:
    """Of the thread's cells, the lines of 64 bytes that a call reads or writes, on the average and at most; and how
    many places elsewhere, each in some line, but for the stack."""
    with tempfile.TemporaryDirectory() as folder:
        trace = pathlib.Path(folder, "trace")
        said = subprocess.run([valgrind, "--tool=lackey", "--trace-mem=yes", f"--log-file={trace}", program],
                              check=True, stdout=subprocess.PIPE, text=True).stdout
        rows = {int(address, 16): name for address, name in re.findall(r"row (\w+) (\w+)", said)}
        stack, end = (int(re.search(rf"{what} (\w+)", said)[1], 16) for what in ("stack", "end"))
        cells, size = re.search(r"cells (\w+) (\d+)", said).groups()
        in_cells = range(int(cells, 16), int(cells, 16) + int(size))
        own: dict[str, list[int]] = collections.defaultdict(list)
        others: dict[str, list[int]] = collections.defaultdict(list)
        name, touched = "", set()
        with trace.open() as lines:
            for line in lines:
                if line.startswith("I  "):
                    address = int(line[3:].split(",")[0], 16)
                    if address in rows:
                        name, touched = rows[address], set()
                    elif address == end and name:
                        own[name].append(len({address // 64 for address in touched if address in in_cells}))
                        others[name].append(len([address for address in touched if address not in in_cells]))
                        name = ""
                elif name and line[:3] in (" L ", " S ", " M "):
                    address = int(line[3:].split(",")[0], 16)
                    if abs(address - stack) > 1 << 16:
                        touched.add(address)
    counts = {}
    for name in rows.values():
        assert len(own[name]) == 500, f"{name} was called {len(own[name])} times"
        counts[name] = sum(own[name]) / len(own[name])
        counts[f"{name}_at_most"] = max(own[name])
        counts[f"{name}_elsewhere"] = max(others[name])
    return counts


def count_memory(program: str, _valgrind: str) -> dict[str, float]:
    out = subprocess.run([program], check=True, stdout=subprocess.PIPE, text=True).stdout
    return {name: float(count) for name, count in (line.split() for line in out.splitlines())}


def shown(count: float) -> str:
    return f"{count:.2f}".removesuffix(".00")


def rows(lines: list[str], compiler: str, group: str) -> Iterator[tuple[int, list[str], int]]:
    """Of each line of a group: its number, what it is made of, blanks included, and which of that is the ceiling."""
    here, place = "", 0
    for number, line in enumerate(lines):
        parts = re.split("( +)", line)
        if line.startswith("["):
            here, place = parts[0].strip("[]"), parts.index(compiler)
        elif here == group and line and not line.startswith("#"):
            yield number, parts, place


def read_ceilings(path: str, compiler: str, group: str) -> dict[str, float]:
    lines = pathlib.Path(path).read_text().splitlines()
    return {parts[0]: float(parts[place]) for _, parts, place in rows(lines, compiler, group)}


def write_ceilings(path: str, compiler: str, group: str, counts: dict[str, float]) -> None:
    lines = pathlib.Path(path).read_text().splitlines()
    for number, parts, place in rows(lines, compiler, group):
        if parts[0] in counts:
            width = len(parts[place - 1] + parts[place])
            parts[place - 1:place + 1] = [" " + shown(counts[parts[0]]).rjust(width - 1)]
            lines[number] = "".join(parts)
    pathlib.Path(path).write_text("\n".join(lines) + "\n")


def main() -> int:
    path, compiler, group, program, valgrind, *options = sys.argv[1:]
    count = {"instructions": count_instructions, "lines": count_lines, "memory": count_memory}[group]
    counts = count(program, valgrind)
    if options == ["--write"]:
        write_ceilings(path, compiler, group, counts)
    ceilings = read_ceilings(path, compiler, group)
    failed, lower = [], []
    width = max(map(len, ceilings | counts))
    print(f"{group + ', ' + compiler:<{width + 2}}{'ceiling':>12}{'now':>12}")
    for name in ceilings | counts:
        old = shown(ceilings[name]) if name in ceilings else "none"
        new = shown(counts[name]) if name in counts else "none"
        print(f"  {name:<{width}}{old:>12}{new:>12}")
        if name not in ceilings or name not in counts:
            failed.append(f"{name}: its ceiling is {old}, its count is {new}")
        elif float(new) > float(old):
            failed.append(f"{name}: was {old} at most, and is {new}")
        elif float(new) < 0.98 * float(old):
            lower.append(f"{name}: was {old} at most, and is {new}")
    where = f"in the column {compiler} of [{group}] in {path}"
    if lower:
        print(f"\nBELOW their ceilings, which may follow {where}:\n  " + "\n  ".join(lower))
    if failed:
        print("\nFAILED:\n  " + "\n  ".join(failed))
        print(f"Where the change is worth it, write the new number {where}, "
              "or run this with --write (ctest -V shows the command).")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
