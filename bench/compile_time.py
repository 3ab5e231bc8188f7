"""How long a compiler takes for a file that includes vitals.hpp and nothing else, beside one that includes
prometheus-cpp's registry, counter and histogram headers."""

import os
import statistics
from pathlib import Path

HERE = Path(__file__).resolve().parent / "compile_time"
SINGLE = HERE.parents[1] / "single_include"
# The single header is what a program includes; the headers that it is made of stand in while it is not there.
INCLUDE = SINGLE if (SINGLE / "vitals/vitals.hpp").exists() else HERE.parents[1] / "include"


def seconds(compiler, name):
    """The user time of one compilation, of all processes that the compiler starts."""
    command = [compiler, "-std=c++20", "-O2", "-I", str(INCLUDE), "-c", str(HERE / name), "-o", os.devnull]
    process = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(process, 0)
    if status != 0:
        raise RuntimeError(f"{' '.join(command)} failed")
    return usage.ru_utime


def measure(compiler, repetitions):
    """Medians of both, which take turns, in seconds."""
    both = {"compile/vitals": [], "compile/prometheus": []}
    for _ in range(repetitions):
        both["compile/vitals"].append(seconds(compiler, "vitals.cpp"))
        both["compile/prometheus"].append(seconds(compiler, "prometheus.cpp"))
    return {f"{name}/{compiler}": statistics.median(all_of_it) for name, all_of_it in both.items()}
