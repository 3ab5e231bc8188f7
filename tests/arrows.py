#!/usr/bin/env python3
"""Checks that the rooms under include/vitals keep to their arrows: arrows.py COMPILER

A header may include its own room and those that the table gives; the headers that every file pays for include only
light standard headers; every guard is named after its header; every header compiles alone.
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

INCLUDE = pathlib.Path(__file__).resolve().parent.parent / "include"

# room: the rooms that it may use, directly or through others
ARROWS = {
    "core": set(),
    "metric": {"core"},
    "registry": {"core", "metric"},
    "health": {"core", "metric"},
    "process": {"core", "metric"},
    "trace": {"core"},
    "log": {"core", "trace"},
    "expose": {"core", "metric", "registry", "health"},
    "ops": {"core", "metric", "registry", "health", "expose"},
}
ARROWS["http"] = set(ARROWS)
HEAVY_ROOMS = {"http", "ops"}  # behind a macro: they may include what they need
EVERYBODY = {"version.hpp"}
UMBRELLA = "vitals.hpp"
LIGHT = set("""
array atomic bit cerrno charconv concepts cstddef cstdint cstdio cstdlib cstring initializer_list limits mutex new
optional ratio stdexcept string string_view type_traits utility
cpuid.h cxxabi.h fcntl.h pthread.h sched.h sys/resource.h sys/stat.h sys/syscall.h time.h unistd.h
""".split())
ALONE = {  # what one header alone may include
    "core/chrono.hpp": {"bits/chrono.h", "chrono"},
    "core/mutex.hpp": {"bits/std_mutex.h", "mutex"},
    "expose/number.hpp": {"emmintrin.h"},
    "expose/textfile.hpp": {"cerrno", "fcntl.h", "sys/stat.h", "system_error", "unistd.h"},
    # behind VITALS_HTTP in the umbrella
    "expose/health_json.hpp": {"vector"},
    "expose/protobuf_families.hpp": {"vector"},
    "health/check_schedule.hpp": {"chrono"},
    "health/check_task.hpp": {"chrono", "condition_variable", "exception", "functional", "thread"},
    "health/check_watch.hpp": {"algorithm", "chrono", "exception", "functional", "memory", "vector"},
    "health/drain.hpp": {"algorithm", "chrono", "condition_variable", "memory", "semaphore.h", "signal.h",
                         "system_error", "thread"},
    "health/growth_window.hpp": {"chrono", "deque"},
    "health/metric_checks.hpp": {"chrono"},
    "health/monitor.hpp": {"memory", "thread"},
    "health/quiet_thread.hpp": {"signal.h", "thread"},
    "health/shown.hpp": {"chrono", "cmath"},
    "health/system_checks.hpp": {"algorithm", "chrono", "sys/statvfs.h", "system_error"},
}
ARROWS_ALONE = {  # what one header alone may use, behind VITALS_HTTP
    "health/system_checks.hpp": {"process"},
}


def room_of(name):
    return name.split("/")[0] if "/" in name else ""


def problems_of(header):
    name = header.relative_to(INCLUDE / "vitals").as_posix()
    room = room_of(name)
    text = header.read_text()
    if room and room not in ARROWS:
        yield f"{name}: the room {room} is none of {', '.join(ARROWS)}"
        return
    for included in re.findall(r"^\s*#\s*include <vitals/([^>]+)>", text, re.MULTILINE):
        other = room_of(included)
        if included == UMBRELLA:
            yield f"{name}: includes the umbrella"
        elif (name != UMBRELLA and included not in EVERYBODY and other != room and
              other not in ARROWS[room] | ARROWS_ALONE.get(name, set())):
            yield f"{name}: includes {included}, and there is no arrow from {room} to {other or 'there'}"
    for included in re.findall(r"^\s*#\s*include [<\"](?!vitals/)([^>\"]+)[>\"]", text, re.MULTILINE):
        if room not in HEAVY_ROOMS and included not in LIGHT | ALONE.get(name, set()):
            yield f"{name}: includes <{included}>, which is none of the light headers that every file may pay for"
    guard = "VITALS_" + re.sub(r"[/.]", "_", name).upper()
    if f"#ifndef {guard}\n#define {guard}\n" not in text:
        yield f"{name}: its include guard is not {guard}"


def includes_of(header):
    return [INCLUDE / path for path in re.findall(r"^#include <(vitals/[^>]+)>", header.read_text(), re.MULTILINE)]


def cycles(headers):
    done, path = set(), []

    def visit(header):
        if header in path:
            names = [h.relative_to(INCLUDE).as_posix() for h in path[path.index(header):] + [header]]
            yield "a cycle: " + " -> ".join(names)
        elif header not in done:
            path.append(header)
            for other in includes_of(header):
                yield from visit(other)
            path.pop()
            done.add(header)

    for header in headers:
        yield from visit(header)


def compiles_alone(compiler, header):
    flags = "-std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -x c++".split()
    name = header.relative_to(INCLUDE).as_posix()
    source = f"#include <{name}>\n#include <{name}>\n"
    result = subprocess.run([compiler, *flags, "-I", str(INCLUDE), "-"], input=source, capture_output=True, text=True,
                            check=False)
    return [] if result.returncode == 0 else [f"{name} does not compile alone:\n{result.stderr}"]


def main():
    headers = sorted((INCLUDE / "vitals").rglob("*.hpp"))
    problems = [p for header in headers for p in problems_of(header)] + list(cycles(headers))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(lambda header: compiles_alone(sys.argv[1], header), headers):
            problems += found
    print("\n".join(problems) or f"{len(headers)} headers keep to the arrows")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
