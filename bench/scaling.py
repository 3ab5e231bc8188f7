#!/usr/bin/env python3
"""Runs the scaling bench in fresh processes, prints how costs grow, and draws it; see README.md. Called by run.sh."""

import argparse
import json
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import plots
from samples import progress

ROUNDS = (7, 2)
GROWTHS = ("threads", "series", "live", "memory")


def measure(program, rounds):
    """By what and then by of how many: the numbers of all rounds."""
    found = {}
    for number in range(rounds):
        for growth in GROWTHS:
            if growth == "memory" and number != 0:
                continue  # it is counted, and the same each time
            progress(f"round {number + 1}, {growth}")
            done = subprocess.run([str(program), growth], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise RuntimeError(f"{program.name} {growth} failed: {done.stderr.strip()}")
            for line in done.stdout.splitlines():
                what, of, value = line.split()
                found.setdefault(what, {}).setdefault(int(of), []).append(float(value))
    progress("")
    return found


def spread(values):
    """The lower quartile, the median, the upper quartile."""
    if len(values) == 1:
        return values * 3
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return [low, statistics.median(values), high]


def scaled(value, units):
    unit, scale = next((u for u in units if value * u[1] < 1000), units[-1])
    return f"{value * scale:.3g} {unit}"


def seconds(value):
    return scaled(value, (("ns", 1e9), ("us", 1e6), ("ms", 1e3), ("s", 1)))


def size(value):
    return scaled(value, (("B", 1), ("kB", 1e-3), ("MB", 1e-6), ("GB", 1e-9)))


def plain(value):
    return f"{value:,.10g}"


@dataclass(frozen=True)
class Plot:
    """One plot, and one block of the printed figures."""

    file: str
    title: str
    x: str
    y: str
    lines: dict  # what, by the name that it is shown under
    text: object = staticmethod(seconds)
    of: object = staticmethod(lambda value, of: value)  # what is shown of a number
    log_y: bool = True


def rate(value, _):
    return 1e-6 / value


PLOTS = [
    Plot("threads_inc.svg", "inc on the same 64 counters, rate of a thread", "threads", "million a second",
         {"vitals": "inc/vitals", "vitals, scraped": "inc/vitals_scraped", "++ on its own memory": "inc/floor",
          "prometheus-cpp, scraped": "inc/prometheus_scraped"}, plain, rate),
    Plot("threads_observe.svg", "observe on the same 64 histograms, rate of a thread", "threads", "million a second",
         {"vitals": "observe/vitals", "vitals, scraped": "observe/vitals_scraped",
          "prometheus-cpp, scraped": "observe/prometheus_scraped"}, plain, rate),
    Plot("memory.svg", "Heap that threads take", "threads", "bytes",
         {f"{count} series": f"memory/{count}" for count in ("10", "1,000", "100,000", "1,000,000")}, size),
    Plot("series.svg", "A scrape, every value changed", "series", "time",
         {"vitals": "scrape/vitals", "memcpy of the page": "scrape/memcpy"}),
    Plot("series_each.svg", "A scrape, every value changed: for each series", "series", "time for a series",
         {"vitals": "scrape/vitals", "memcpy of the page": "scrape/memcpy"}, of=lambda value, of: value / of,
         log_y=False),
    Plot("live.svg", "A scrape of 1,000 series", "live threads", "time",
         {"all of it": "live/vitals", "the threads' mutex held": "mutex/held", "at one go, at most": "mutex/longest",
          "memcpy of the page": "live/memcpy"}),
    Plot("live_each.svg", "A scrape of 1,000 series: for each live thread", "live threads", "time for a thread",
         {"all of it": "live/vitals", "the threads' mutex held": "mutex/held"}, of=lambda value, of: value / of),
    Plot("mutex.svg", "Threads that come and go while 1,000 series are scraped", "live threads", "time",
         {"attach, not scraped": "attach/quiet", "attach": "attach/scraped", "attach, 99 of 100": "attach/scraped_99",
          "end": "end/scraped", "end, 99 of 100": "end/scraped_99"}),
]


def lines_of(plot, found):
    """Without those that could not be measured: a machine that is busy, or has one processor."""
    return {name: {of: [plot.of(value, of) for value in spread(values)] for of, values in sorted(found[what].items())}
            for name, what in plot.lines.items() if what in found}


def print_figures(found):
    for plot in PLOTS:
        lines = lines_of(plot, found)
        columns = sorted({of for line in lines.values() for of in line})
        print(f"{plot.title} ({plot.y}), by {plot.x}")
        table = [["", *map(plain, columns)]]
        for name, line in lines.items():
            table.append([name, *(plot.text(float(f"{line[of][1]:.3g}")) if of in line else "" for of in columns)])
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        for row in table:
            print("  " + "  ".join(cell.rjust(width) if i else cell.ljust(width)
                                   for i, (cell, width) in enumerate(zip(row, widths, strict=True))))
        print()


def draw(found, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for plot in PLOTS:
        plots.plot(folder / plot.file, plot.title, lines_of(plot, found), plot.x, plot.y, plain, plot.text, plot.log_y)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--build", type=Path, required=True, help="the build folder")
    arguments.add_argument("--quick", action="store_true", help="fewer rounds")
    arguments.add_argument("--json", type=Path, metavar="FILE", help="writes the numbers of all rounds there too")
    arguments.add_argument("--plots", type=Path, metavar="FOLDER", help="writes the plots there")
    given = arguments.parse_args()
    try:
        found = measure(given.build / "bench" / "bench_scaling", ROUNDS[given.quick])
    except (RuntimeError, OSError) as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 2
    print_figures(found)
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    if given.plots:
        draw(found, given.plots)
    return 0


if __name__ == "__main__":
    sys.exit(main())
