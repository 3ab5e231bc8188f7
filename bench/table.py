#!/usr/bin/env python3
"""Runs the benches several times over and prints one table; see README.md. Called by run.sh."""

import argparse
import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import compile_time
import load

COMPILERS = ("g++", "clang++")


@dataclass(frozen=True)
class Row:
    """One line of the table: one case beside another."""

    what: str
    ours: str
    beside: str
    beside_is: str
    at_most: float | None = None  # bar for ours / beside
    at_least: float | None = None  # bar for beside / ours
    faster: bool = False  # no bar, shown as beside / ours
    scaled_by: tuple[str, str] | None = None  # two cases: the second one's time to the first one's multiplies beside

    def ratio(self, ours, beside):
        return beside / ours if self.faster or self.at_least is not None else ours / beside

    def meets(self, ratio):
        if self.at_most is not None:
            return ratio <= self.at_most
        return self.at_least is None or ratio >= self.at_least

    def bar(self):
        if self.at_most is not None:
            return f"<= {self.at_most:g}"
        return f">= {self.at_least:g}" if self.at_least is not None else ""


PLAIN = "through a pointer"
PEER = "prometheus-cpp"
ROWS = [
    Row("inc", "inc/vitals", "inc/floor", f"++ {PLAIN}"),
    Row("inc", "inc/vitals", "inc/prometheus", PEER, faster=True),
    Row("++ on memory of its own, 2 threads", "shared_inc/floor/threads:2", "shared_inc/floor/threads:1", "1 thread",
        faster=True),
    Row("inc, 2 threads on the same series", "shared_inc/vitals/threads:2", "shared_inc/vitals/threads:1", "1 thread",
        faster=True),
    Row("inc, 2 threads on the same series", "shared_inc/vitals/threads:2", "shared_inc/vitals/threads:1",
        "1 thread, scaled as ++", at_least=0.9, scaled_by=("shared_inc/floor/threads:1", "shared_inc/floor/threads:2")),
    Row("inc, 2 threads on the same series", "shared_inc/vitals/threads:2", "shared_inc/prometheus/threads:2", PEER,
        at_least=30),
    Row("inc, 2 threads, one cell in a loop", "one_counter/vitals/threads:2", "one_counter/vitals/threads:1",
        "1 thread", faster=True),
    Row("inc, 2 threads, one cell in a loop", "one_counter/vitals/threads:2", "one_counter/prometheus/threads:2", PEER,
        faster=True),
    Row("inc, label known at run time", "labelled_inc/vitals", "labelled_inc/floor", f"++ {PLAIN}"),
    Row("up_down add", "up_down_add/vitals", "up_down_add/floor", f"+= {PLAIN}"),
    Row("gauge set", "gauge_set/vitals", "gauge_set/floor", f"= {PLAIN}"),
    Row("max_gauge observe", "peak_observe/vitals", "peak_observe/floor", "the clock and a compare", at_most=1.5),
    Row("observe a double, 11 bounds", "observe_double/vitals", "observe_double/floor", "++, += and a table"),
    Row("observe a double, 11 bounds", "observe_double/vitals", "observe_double/prometheus", PEER, at_least=5),
    Row("observe a duration, 11 bounds", "observe_duration/vitals", "observe_double/floor", "++, += and a table"),
    Row("observe a duration, 11 bounds", "observe_duration/vitals", "observe_double/prometheus", PEER, at_least=5),
    Row("observe a double, 240 native buckets", "observe_native/vitals", "observe_double/vitals", "11 bounds",
        at_most=2),
    Row("observe a duration, 240 native buckets", "observe_native_duration/vitals", "observe_duration/vitals",
        "11 bounds", at_most=2),
    Row("scrape 1,000 counters", "scrape_counters/vitals", "scrape_counters/memcpy", "memcpy of the page"),
    Row("scrape 1,000 counters", "scrape_counters/vitals", "scrape_counters/prometheus", PEER, at_least=60),
    Row("scrape 100 histograms", "scrape_histograms/vitals", "scrape_histograms/prometheus", PEER,
        at_least=25),
    Row("readiness probe, 20 components", "probe/vitals", "probe/fmt", "fmt::format_to", at_most=1),
    Row("beat", "beat/vitals", "beat/floor", "the counter and a store", at_most=1.5),
    Row("beat", "beat/vitals", "store/floor", "a store"),
    Row("mark_healthy, no change", "mark_healthy/vitals", "mark_healthy/floor", f"++ {PLAIN}"),
    Row("mark that changes a status", "change/vitals", "change/floor", "a compare-exchange"),
    Row("scrape of 1,000 series, 64 connections", "load_scrape/vitals", "load_scrape/exposer", f"{PEER}'s Exposer",
        at_least=5),
    Row("probe, 64 connections", "load_probe/vitals", "load_probe/beast", "Beast alone", at_least=0.7),
    Row("inc, 64 connections scraping", "count_beside/vitals/loaded", "count_beside/vitals/quiet", "none scraping",
        at_least=0.95),
    Row("++, 64 connections scraping", "count_beside/floor/loaded", "count_beside/floor/quiet", "none scraping",
        faster=True),
] + [
    Row(f"compile the header, {compiler}", f"compile/vitals/{compiler}", f"compile/prometheus/{compiler}",
        f"{PEER}'s headers", at_most=1.1)
    for compiler in COMPILERS
]

# What is counted: exact, so the largest count of all rounds must not be above the ceiling.
COUNTS = [
    ("allocations of a scrape, 1,000 counters", "scrape_counters/vitals", "allocations", 0),
    ("allocations of a scrape, 100 histograms", "scrape_histograms/vitals", "allocations", 0),
    ("errors of 64 connections, /metrics", "load_scrape/vitals", "errors", 0),
    ("errors of 64 connections, /healthz", "load_probe/vitals", "errors", 0),
]


class Samples:
    """Of each case one time for each round, in seconds; and what it counted."""

    def __init__(self):
        self.times = {}  # by case, then by round: the two sides of a ratio come from one round
        self.counters = {}
        self.unmeasured = {}

    def add(self, name, number, seconds):
        self.times.setdefault(name, {})[number] = seconds

    def add_process(self, number, report):
        cases = {}
        for run in report["benchmarks"]:
            if run["run_type"] == "iteration":
                cases.setdefault(run["name"].removesuffix("/manual_time"), []).append(run)
        for name, runs in cases.items():
            if runs[0].get("error_occurred"):
                self.unmeasured[name] = runs[0]["error_message"]
                continue
            runs = undisturbed(runs)
            if not runs:
                self.unmeasured[name] = "the threads never ran at the same time: the machine is busy"
                continue
            self.add(name, number, statistics.median(1 / run["items_per_second"] for run in runs))
            for run in runs:
                if "allocations" in run:
                    self.counters.setdefault((name, "allocations"), []).append(run["allocations"])


def undisturbed(runs):
    """Those repetitions in which all threads ran the whole time: threads that take turns, because another program has
    a processor of theirs, do not meet in the cache. (Google Benchmark gives the real time divided by the threads, and
    the processor time of one.)"""
    threads = runs[0]["threads"]
    return [run for run in runs if threads == 1 or run["real_time"] * threads < 1.1 * run["cpu_time"]]


# Repetitions of each case and the least time for one of them, in full and in quick mode. Repetitions with threads are
# short, so that some of them pass undisturbed on a machine that others use too.
CONCERNS = {
    "hot_path": ((15, 0.03), (7, 0.01)),
    "threads": ((60, 0.004), (40, 0.002)),
    "scrape": ((15, 0.03), (7, 0.01)),
    "health": ((15, 0.03), (7, 0.01)),
}
ROUNDS = (7, 3)
COMPILATIONS = (10, 4)
LOADS = (3, 1)  # rounds with load
LOAD_SECONDS = (20, 2)


def run_bench(path, repetitions, least_time):
    """One process of a bench. Its cases' repetitions are mixed, so that a machine that drifts meets all alike."""
    command = [
        str(path),
        f"--benchmark_repetitions={repetitions}",
        f"--benchmark_min_time={least_time}",
        "--benchmark_enable_random_interleaving=true",
        "--benchmark_format=json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{path.name} failed: {done.stderr.strip()}")
    return json.loads(done.stdout)


def collect(build, quick, without_compiling):
    samples = Samples()
    for number in range(ROUNDS[quick]):
        for concern, repetitions in CONCERNS.items():
            progress(f"round {number + 1}, {concern}")
            samples.add_process(number, run_bench(build / "bench" / f"bench_{concern}", *repetitions[quick]))
        if number < LOADS[quick]:
            progress(f"round {number + 1}, load")
            times, errors = load.measure(build / "bench" / "bench_serving", LOAD_SECONDS[quick])
            for name, seconds in times.items():
                samples.add(name, number, seconds)
            for name, wrong in errors.items():
                samples.counters.setdefault((name, "errors"), []).append(wrong)
        for compiler in () if without_compiling else COMPILERS:
            progress(f"round {number + 1}, compile time with {compiler}")
            for name, seconds in compile_time.measure(compiler, COMPILATIONS[quick]).items():
                samples.add(name, number, seconds)
    progress("")
    return samples


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def three(values):
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def verdict(row, ratios):
    """A bar is missed where no round reaches it. Where only some do, the ranges meet: that decides nothing."""
    if not row.bar():
        return "shown"
    if row.meets(statistics.median(ratios)):
        return "holds"
    return "close" if any(row.meets(r) for r in ratios) else "MISSED"


def make_rows(samples, without_compiling):
    rows = []
    for row in ROWS:
        if without_compiling and row.ours.startswith("compile/"):
            continue
        out = {"what": row.what, "beside_is": row.beside_is, "bar": row.bar()}
        cases = (row.ours, row.beside, *(row.scaled_by or ()))
        rounds = sorted(set.intersection(*(set(samples.times.get(case, {})) for case in cases)))
        if not rounds:
            reason = next((samples.unmeasured[case] for case in cases if case in samples.unmeasured), "no such case")
            rows.append(out | {"verdict": "NOT MEASURED" if row.bar() else "not measured", "reason": reason})
            continue
        ours, beside, *scale = ([samples.times[case][number] for number in rounds] for case in cases)
        if scale:
            beside = [time * more / one for time, one, more in zip(beside, *scale, strict=True)]
        ratios = [row.ratio(a, b) for a, b in zip(ours, beside, strict=True)]
        rows.append(out | {"seconds": three(ours), "beside_seconds": three(beside), "ratio": three(ratios),
                           "verdict": verdict(row, ratios)})
    for what, case, counter, ceiling in COUNTS:
        if (case, counter) not in samples.counters:
            rows.append({"what": what, "beside_is": "counted", "bar": f"<= {ceiling}", "verdict": "NOT MEASURED",
                         "reason": "needs two processors"})
            continue
        most = max(samples.counters[case, counter])
        rows.append({"what": what, "beside_is": "counted", "bar": f"<= {ceiling}", "count": most,
                     "verdict": "holds" if most <= ceiling else "MISSED"})
    return rows


def time_text(value):
    """`0.24 ns (0.23-0.26)`"""
    unit, scale = next((u for u in (("ns", 1e9), ("us", 1e6), ("ms", 1e3)) if value["median"] * u[1] < 1000), ("s", 1))
    return f"{figure(value['median'] * scale)} {unit} {spread(value, scale)}"


def ratio_text(value):
    return f"{figure(value['median'])} {spread(value, 1)}"


def spread(value, scale):
    return f"({figure(value['least'] * scale)}-{figure(value['most'] * scale)})"


def figure(value):
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f}"


def print_table(machine, rows):
    print(f"{machine['processor']}, {machine['processors']} processors; {machine['compiler']}; "
          f"{machine['rounds']} rounds; medians (least-most)\n")
    lines = [("what", "ours", "beside it", "", "ratio", "bar", "")]
    for row in rows:
        if "ratio" in row:
            cells = (time_text(row["seconds"]), row["beside_is"], time_text(row["beside_seconds"]),
                     ratio_text(row["ratio"]))
        elif "count" in row:
            cells = (f"{row['count']:g}", row["beside_is"], "", "")
        else:
            cells = ("", row["beside_is"], row["reason"], "")
        lines.append((row["what"], *cells, row["bar"], row["verdict"]))
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


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


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--build", type=Path, required=True, help="the build folder")
    arguments.add_argument("--quick", action="store_true", help="fewer rounds and shorter ones")
    arguments.add_argument("--json", type=Path, metavar="FILE", help="writes the rows there too")
    arguments.add_argument("--without-compiling", action="store_true", help="leaves out the compile times")
    given = arguments.parse_args()
    try:
        samples = collect(given.build, given.quick, given.without_compiling)
        rows = make_rows(samples, given.without_compiling)
    except (RuntimeError, OSError) as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 2
    machine = describe_machine(given.build, ROUNDS[given.quick])
    print_table(machine, rows)
    if given.json:
        given.json.write_text(json.dumps({"machine": machine, "rows": rows}, indent=2) + "\n", encoding="utf-8")
    missed = [row["what"] for row in rows if row["verdict"] == "MISSED"]
    if missed:
        print(f"\n{len(missed)} of the bars missed: {'; '.join(missed)}")
    unmeasured = [row["what"] for row in rows if row["verdict"] == "NOT MEASURED"]
    if unmeasured:
        print(f"\nwithout a measurement: {'; '.join(unmeasured)}")
    return 1 if missed else 2 if unmeasured else 0


if __name__ == "__main__":
    sys.exit(main())
