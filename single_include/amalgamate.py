#!/usr/bin/env python3
"""Makes single_include/vitals/vitals.hpp out of include/vitals.

Each header is pasted where it is first included; its guard stays, so a program may mix the two. With --check nothing
is written: the exit status is 1 where the file is not what this script would make.
"""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = HERE.parent / "include"
OUT = HERE / "vitals" / "vitals.hpp"


def version():
    text = (INCLUDE / "vitals/version.hpp").read_text()
    return ".".join(re.search(rf"VITALS_VERSION_{part} (\d+)", text)[1] for part in ("MAJOR", "MINOR", "PATCH"))


def paste(name, pasted):
    """The text of a header, with each vitals header that is not pasted yet in place of its #include."""
    pasted.add(name)
    lines = []
    everywhere = pasted
    parts = {}  # the macro of an optional part: what it pasted
    for line in (INCLUDE / name).read_text().splitlines():
        if line.startswith("#if defined(VITALS_"):
            # An optional part may not rest on what another one pasted, but for one without which it is not there.
            wanted = re.findall(r"(?<!!)defined\((\w+)\)", line)
            pasted = everywhere.union(*(parts.get(macro, ()) for macro in wanted))
            parts[wanted[-1]] = pasted
        elif line == "#endif":
            pasted = everywhere
        include = re.match(r"#include <(vitals/[^>]+)>", line)
        if not include:
            lines.append(line)
        elif include[1] not in pasted:
            lines += paste(include[1], pasted)
    return lines


def single_header():
    license_text = (HERE.parent / "LICENSE").read_text().strip().splitlines()
    head = [f"// vitals {version()} in one file, made by single_include/amalgamate.py: edit include/vitals instead.", "//"]
    head += [f"// {line}".rstrip() for line in license_text] + [""]
    head += ["// A program's own warnings are for its own code. vitals' tests see them here too.",
             "#ifndef VITALS_WARNINGS", "#pragma GCC system_header", "#endif", ""]
    text = "\n".join(head + paste("vitals/vitals.hpp", set())) + "\n"
    return re.sub(r"\n{3,}", "\n\n", text)


def main():
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit("usage: amalgamate.py [--check]")
    text = single_header()
    if sys.argv[1:]:
        if not OUT.exists() or OUT.read_text() != text:
            sys.exit(f"{OUT.relative_to(HERE.parent)} is stale: run single_include/amalgamate.py")
        return
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(text)


if __name__ == "__main__":
    main()
