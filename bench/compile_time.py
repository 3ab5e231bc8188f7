#!/usr/bin/env python3
"""What a compiler takes for vitals, beside what it takes for prometheus-cpp or Beast: seconds, memory, and the size of
the object. table.py takes its rows from here; called alone it prints all of them:

    compile_time.py [--repetitions N] [COMPILER ...]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import astuple, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent / "compile_time"
SINGLE = HERE.parents[1] / "single_include"
# The single header is what a program includes; the headers that it is made of stand in while it is not there.
INCLUDE = SINGLE if (SINGLE / "vitals/vitals.hpp").exists() else HERE.parents[1] / "include"

METRICS, SERIES, LABELS = 100, 10, 20  # a program with 1,000 series; a label serves several metrics, as in most programs
KINDS = ("counter", "counter", "counter", "histogram")


@dataclass(frozen=True)
class Cost:
    """Of one compilation. The seconds are the user time of all processes that the compiler starts, the memory is that
    of the largest of them."""

    seconds: float
    peak_bytes: int
    loaded_bytes: int  # text, data and bss, as `size` adds them up
    object_bytes: int


def metric(number):
    kind = KINDS[number % len(KINDS)]
    return kind, f"metric_{number}_{'total' if kind == 'counter' else 'seconds'}"


def vitals_program(statements):
    """1,000 series of ours. `statements`: each is counted by a statement of its own; or else one for each metric, in a
    loop over the label's values."""
    code = ["#include <vitals/vitals.hpp>"]
    for label in range(LABELS):
        code.append(f"enum class kind_{label} {{ {', '.join(f'value_{v}' for v in range(SERIES))} }};")
    for number in range(METRICS):
        kind, name = metric(number)
        buckets = "vitals::buckets::web, " if kind == "histogram" else ""
        code.append(f'struct metric_{number} : vitals::{kind}<"{name}", "Metric number {number}.", {buckets}'
                    f'vitals::label<"kind", kind_{number % LABELS}>> {{}};')
    code.append(f"using metrics = vitals::registry<{', '.join(f'metric_{n}' for n in range(METRICS))}>;")
    for number in range(METRICS):
        values, call = f"kind_{number % LABELS}", "inc()" if metric(number)[0] == "counter" else "observe(0.25)"
        get = f"metrics::get<metric_{number}>"
        code.append(f"void update_{number}() {{")
        if statements:
            code += [f"  {get}({values}::value_{v}).{call};" for v in range(SERIES)]
        else:
            code.append(f"  for (int i = 0; i != {SERIES}; ++i) {get}(static_cast<{values}>(i)).{call};")
        code.append("}")
    code.append("std::string page() { return vitals::scrape<metrics>(); }")
    return "\n".join(code) + "\n"


def prometheus_program(statements):
    """The same series of prometheus-cpp."""
    code = [f"#include <prometheus/{header}.h>" for header in ("counter", "histogram", "registry", "text_serializer")]
    code += ["#include <memory>", "#include <string>",
             "const auto registry = std::make_shared<prometheus::Registry>();",
             "const prometheus::Histogram::BucketBoundaries web{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, "
             "10};"]
    for number in range(METRICS):
        kind, name = metric(number)
        code.append(f"auto& metric_{number} = prometheus::Build{kind.title()}().Name(\"{name}\")"
                    f'.Help("Metric number {number}.").Register(*registry);')
    code.append(f"const char* const values[] = {{{', '.join(f'{chr(34)}value_{v}{chr(34)}' for v in range(SERIES))}}};")
    for number in range(METRICS):
        counter = metric(number)[0] == "counter"
        call = ").Increment();" if counter else ", web).Observe(0.25);"
        add = f'metric_{number}.Add({{{{"kind", '
        code.append(f"void update_{number}() {{")
        if statements:
            code += [f'  {add}"value_{v}"}}}}{call}' for v in range(SERIES)]
        else:
            code.append(f"  for (const char* const value : values) {add}value}}}}{call}")
        code.append("}")
    code.append("std::string page() { return prometheus::TextSerializer().Serialize(registry->Collect()); }")
    return "\n".join(code) + "\n"


# Files of compile_time/, or what writes the program. Those of a pair stand together.
HEADERS = {"compile/vitals": "vitals.cpp", "compile/prometheus": "prometheus.cpp"}
PROGRAMS = {
    "compile_http/vitals": "vitals_http.cpp",
    "compile_http/beast": "beast.cpp",
    "compile_server/vitals": "vitals_server.cpp",
    "compile_server/beast": "beast_server.cpp",
    "compile_statements/vitals": lambda: vitals_program(statements=True),
    "compile_statements/prometheus": lambda: prometheus_program(statements=True),
    "compile_loops/vitals": lambda: vitals_program(statements=False),
    "compile_loops/prometheus": lambda: prometheus_program(statements=False),
}
CASES = HEADERS | PROGRAMS


def compile_once(compiler, source, folder):
    made = Path(folder) / "made.o"
    command = [compiler, "-std=c++20", "-O2", "-I", str(INCLUDE), "-c", str(source), "-o", str(made)]
    process = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(process, 0)
    if status != 0:
        raise RuntimeError(f"{' '.join(command)} failed")
    sizes = subprocess.run(["size", str(made)], capture_output=True, text=True, check=True).stdout.splitlines()[1]
    return Cost(usage.ru_utime, usage.ru_maxrss * 1024, sum(int(n) for n in sizes.split()[:3]), made.stat().st_size)


def costs(compiler, repetitions, cases=None):
    """The medians of each case, which take turns."""
    cases = CASES if cases is None else cases
    with tempfile.TemporaryDirectory() as folder:
        sources, all_of_it = {}, {name: [] for name in cases}
        for name, source in cases.items():
            if callable(source):
                sources[name] = Path(folder) / f"{name.replace('/', '_')}.cpp"
                sources[name].write_text(source(), encoding="utf-8")
            else:
                sources[name] = HERE / source
        for _ in range(repetitions):
            for name, source in sources.items():
                all_of_it[name].append(compile_once(compiler, source, folder))
    return {name: Cost(*(statistics.median(column) for column in zip(*map(astuple, several), strict=True)))
            for name, several in all_of_it.items()}


def measure(compiler, repetitions, cases=None):
    """The seconds alone: of both headers without macros, or of the cases given."""
    return {f"{name}/{compiler}": cost.seconds
            for name, cost in costs(compiler, repetitions, HEADERS if cases is None else cases).items()}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("compilers", nargs="*", metavar="COMPILER", default=["g++", "clang++"])
    arguments.add_argument("--repetitions", type=int, default=5)
    given = arguments.parse_args()
    for compiler in given.compilers:
        all_of_it = costs(compiler, given.repetitions)
        print(f"{compiler:<30} {'seconds':>8} {'MiB':>6} {'loaded KiB':>11} {'object KiB':>11}")
        for name, cost in all_of_it.items():
            print(f"{name:<30} {cost.seconds:8.2f} {cost.peak_bytes / 2**20:6.0f} {cost.loaded_bytes / 2**10:11.1f} "
                  f"{cost.object_bytes / 2**10:11.1f}")
        names = list(all_of_it)
        for ours, beside in zip(names[::2], names[1::2], strict=True):
            ratios = [a / b if b else float("nan") for a, b in zip(astuple(all_of_it[ours]),
                                                                  astuple(all_of_it[beside]), strict=True)]
            print(f"{ours + ' to ' + beside.split('/')[1]:<30} {ratios[0]:8.2f} {ratios[1]:6.2f} {ratios[2]:11.2f} "
                  f"{ratios[3]:11.2f}")
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
