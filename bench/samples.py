"""Runs the benches in rounds of fresh processes and keeps what each case took in each round."""

import json
import re
import statistics
import subprocess
import sys

import compile_time
import load
from rows import COMPILERS

# Repetitions of each case and the least time for one of them, in full and in quick mode. Repetitions with threads are
# short, so that some of them pass undisturbed on a machine that others use too.
CONCERNS = {
    "hot_path": ((7, 0.01), (5, 0.005)),
    "threads": ((60, 0.004), (30, 0.002)),
    "scrape": ((7, 0.01), (5, 0.005)),
    "formats": ((7, 0.01), (5, 0.005)),
    "startup": ((20, 0.001), (10, 0.001)),
    "growth": ((3, 0.01), (2, 0.005)),
    "health": ((7, 0.01), (5, 0.005)),
}
# Of a concern that has more cases than the table shows: those that it does.
SHOWN = {"growth": "scrape_growth/.*/1000(000)?/|scrape_threads/.*/1000/|mutex_wait/"}
ROUNDS = (20, 3)
COMPILATIONS = (2, 1)
PROGRAMS = (3, 0)  # rounds in which whole programs are compiled, too
LOADS = (2, 1)  # rounds with load
LOAD_SECONDS = (20, 2)


class Samples:
    """Of each case one number for each round: seconds, or what it counted."""

    def __init__(self):
        self.numbers = {}  # by case and counter (None: its time), then by round: a ratio's sides come from one round
        self.unmeasured = {}  # why, by case

    def add(self, number, case, value, counter=None):
        self.numbers.setdefault((case, counter), {})[number] = value

    def of(self, case, counter=None):
        return self.numbers.get((case, counter), {})

    def add_process(self, number, report):
        cases = {}
        for run in report["benchmarks"]:
            if run["run_type"] == "iteration":
                cases.setdefault(re.sub("/(manual_time|iterations:[0-9]+)", "", run["name"]), []).append(run)
        for case, runs in cases.items():
            if runs[0].get("error_occurred"):
                self.unmeasured[case] = runs[0]["error_message"]
                continue
            runs = undisturbed(runs)
            if not runs:
                self.unmeasured[case] = "its threads never all ran: they waited for each other, or the machine is busy"
                continue
            if "items_per_second" in runs[0]:
                self.add(number, case, statistics.median(1 / run["items_per_second"] for run in runs))
            for counter in ("allocations", "bytes"):
                if counter in runs[0]:
                    self.add(number, case, max(run[counter] for run in runs), counter)


def undisturbed(runs):
    """Those repetitions in which all threads ran the whole time: threads that take turns, because another program has
    a processor of theirs, do not meet in the cache. (Google Benchmark gives the real time divided by the threads, and
    the processor time of one.)"""
    threads = runs[0]["threads"]
    return [run for run in runs if threads == 1 or run["real_time"] * threads < 1.1 * run["cpu_time"]]


def run_bench(path, repetitions, least_time, shown):
    """One process of a bench. Its cases' repetitions are mixed, so that a machine that drifts meets all alike."""
    command = [
        str(path),
        f"--benchmark_repetitions={repetitions}",
        f"--benchmark_min_time={least_time}",
        "--benchmark_enable_random_interleaving=true",
        "--benchmark_format=json",
        f"--benchmark_filter={shown}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{path.name} failed: {done.stderr.strip()}")
    return json.loads(done.stdout)


def collect(build, quick, without_compiling):
    samples = Samples()
    for number in range(ROUNDS[quick]):
        for concern, repetitions in CONCERNS.items():
            program = build / "bench" / f"bench_{concern}"
            if not program.exists():
                continue  # its rows say so
            progress(f"round {number + 1}, {concern}")
            samples.add_process(number, run_bench(program, *repetitions[quick], SHOWN.get(concern, ".")))
        if number < LOADS[quick]:
            progress(f"round {number + 1}, load")
            times, errors = load.measure(build / "bench" / "bench_serving", LOAD_SECONDS[quick])
            for case, seconds in times.items():
                samples.add(number, case, seconds)
            for case, wrong in errors.items():
                samples.add(number, case, wrong, "errors")
        for compiler in () if without_compiling else COMPILERS:
            progress(f"round {number + 1}, compile time with {compiler}")
            compiled = compile_time.measure(compiler, COMPILATIONS[quick])
            if number < PROGRAMS[quick]:
                compiled |= compile_time.measure(compiler, 1, compile_time.PROGRAMS)
            for case, seconds in compiled.items():
                samples.add(number, case, seconds)
    progress("")
    return samples


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
