#!/usr/bin/env python3
"""Writes a registry of 300 metrics with 10 series each, a program that gives every series a value of its own, and the
exposition that it must print. A second registry has 100 metrics of 400 series each.

usage: generate.py FOLDER
"""
import pathlib
import sys

METRICS, SERIES, ENUMS = 300, 10, 100
WIDE_METRICS, WIDE_VALUES = 100, 200


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    code = ["#include <vitals/vitals.hpp>", "", "#include <cstdio>", ""]
    text = []
    for e in range(ENUMS):
        code.append(f"enum class kind_{e} {{ {', '.join(f'kind_{e}_value_{v}' for v in range(SERIES))} }};")
    names, updates = [], {}
    for m in range(METRICS):
        enum = f"kind_{m % ENUMS}"
        label = f'vitals::label<"kind", {enum}>'
        kind = ("counter", "counter", "counter", "up_down", "gauge", "histogram")[m % 6]
        name = f"metric_{m}" + {"counter": "_total", "histogram": "_bytes"}.get(kind, "")
        struct = f"metric_{m}"
        names.append(struct)
        here = updates.setdefault(struct, [])
        buckets = "vitals::buckets::of<1, 1000, 100000>, " if kind == "histogram" else ""
        code.append(f'struct {struct} : vitals::{kind}<"{name}", "Metric number {m}.", {buckets}{label}> {{}};')
        shown = {"up_down": "gauge"}.get(kind, kind)
        text += [f"# HELP {name} Metric number {m}.", f"# TYPE {name} {shown}"]
        for s in range(SERIES):
            value = m * SERIES + s + 1
            series = f'kind="{enum}_value_{s}"'
            handle = f"metrics::get<{struct}>({enum}::{enum}_value_{s})"
            if kind == "counter":
                here.append(f"{handle}.inc({value}u);")
                text.append(f"{name}{{{series}}} {value}")
            elif kind == "up_down":
                here.append(f"{handle}.add(-{value});")
                text.append(f"{name}{{{series}}} -{value}")
            elif kind == "gauge":
                here.append(f"{handle}.set({value}.5);")
                text.append(f"{name}{{{series}}} {value}.5")
            else:
                here.append(f"{handle}.observe({value});")
                for bound in (1, 1000, 100000):
                    text.append(f'{name}_bucket{{{series},le="{bound}.0"}} {int(value <= bound)}')
                text.append(f'{name}_bucket{{{series},le="+Inf"}} 1')
                text += [f"{name}_sum{{{series}}} {value}", f"{name}_count{{{series}}} 1"]
    code += ["", f"using metrics = vitals::registry<{', '.join(names)}>;", ""]
    for struct, here in updates.items():
        code += [f"void update_{struct}() {{", *(f"  {update}" for update in here), "}"]
    code += [f"enum class many {{ {', '.join(f'value_{v}' for v in range(WIDE_VALUES))} }};"]
    labels = 'vitals::label<"many", many>, vitals::label<"cached", bool>'
    for m in range(WIDE_METRICS):
        code.append(f'struct wide_{m} : vitals::counter<"wide_{m}_total", "Wide metric number {m}.", {labels}> {{}};')
    code.append(f"using wide_metrics = vitals::registry<{', '.join(f'wide_{m}' for m in range(WIDE_METRICS))}>;")
    last = f"wide_metrics::get<wide_{WIDE_METRICS - 1}>(many::value_{WIDE_VALUES - 1}, true)"
    code += ["", "int main() {", f"  {last}.inc();", f"  if ({last}.value() != 1) {{", "    return 1;", "  }", *(f"  update_{struct}();" for struct in updates)]
    code += ["  const std::string page = vitals::scrape<metrics>();",
             "  return std::fwrite(page.data(), 1, page.size(), stdout) == page.size() ? 0 : 1;", "}"]
    (folder / "three_hundred.cpp").write_text("\n".join(code) + "\n")
    (folder / "three_hundred.txt").write_text("\n".join(text) + "\n")


if __name__ == "__main__":
    main()
