#!/usr/bin/env python3
"""Each .cpp here compiles as it is, and fails with -DFAIL=1 by the error that its head expects.

    // expect: text of the error
    // shows: what was wrong, as the user wrote it

Both must stand in the first screen of the compiler's output; in place of what `shows` gives, a reference to a line of
the file that has it will do. Every static_assert in the headers needs a case that expects its message.

usage: run.py COMPILER INCLUDE_FOLDER [CASE ...]
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
SCREEN_LINES, SCREEN_COLUMNS = 60, 120

# Facts about the machine that no program can get wrong.
NO_CASE = {"vitals needs lock-free 64-bit atomics"}


def directive(source: str, name: str) -> str:
    found = re.search(rf"^// {name}: (.*)$", source, re.MULTILINE)
    return found.group(1) if found else ""


def first_screen(output: str) -> str:
    lines = []
    for line in output.splitlines():
        lines += [line[i : i + SCREEN_COLUMNS] for i in range(0, max(len(line), 1), SCREEN_COLUMNS)]
    return "".join(lines[:SCREEN_LINES])


class Compiler:
    """Compiles cases. The umbrella is precompiled once: that makes the test five times as fast."""

    def __init__(self, command: str, include: str, folder: str):
        self.command = [command, *FLAGS, "-I", include]
        self.umbrella = pathlib.Path(folder) / "umbrella.hpp"
        self.umbrella.write_text("#include <vitals/vitals.hpp>\n")
        made = self.run("-x", "c++-header", str(self.umbrella), "-o", f"{self.umbrella}.gch")
        if made.returncode != 0:
            sys.exit(f"vitals.hpp does not compile:\n{made.stderr}")

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        flags = [flag for flag in self.command if "-o" not in arguments or flag != "-fsyntax-only"]
        return subprocess.run([*flags, *arguments], cwd=HERE, env={**os.environ, "LC_ALL": "C"}, capture_output=True,
                              text=True, errors="replace", check=False)

    def compile(self, case: pathlib.Path, *more: str) -> subprocess.CompletedProcess:
        whole = "#include <vitals/vitals.hpp>" in case.read_text()
        return self.run(*(["-include", str(self.umbrella)] if whole else []), *more, case.name)


def visible(text: str, screen: str, case: pathlib.Path, source: list[str]) -> bool:
    """Whether the user sees `text`, or is sent to a line that has it."""
    if text in screen:
        return True
    lines = {int(n) for n in re.findall(rf"{re.escape(case.name)}:(\d+):", screen)}
    return any(text in source[n - 1] for n in lines)


def problem(compiler: Compiler, case: pathlib.Path) -> str:
    """What is wrong with a case; empty if nothing is."""
    source = case.read_text()
    expect, shows = directive(source, "expect"), directive(source, "shows")
    if not expect:
        return "no `// expect:` line in its head"
    good = compiler.compile(case)
    if good.returncode != 0:
        return "does not compile as it is:\n" + good.stderr
    bad = compiler.compile(case, "-DFAIL=1")
    if bad.returncode == 0:
        return "compiles with -DFAIL=1"
    screen = first_screen(bad.stderr)
    if expect not in screen:
        return f"fails, but the first screen of the error does not say\n  {expect}\nbut\n{bad.stderr}"
    if not visible(shows, screen, case, source.splitlines()) or f"{case.name}:" not in screen:
        return f"the first screen of the error does not show\n  {shows}\nbut\n{bad.stderr}"
    return ""


def messages(include: pathlib.Path) -> set[str]:
    """The texts of all static_asserts."""
    found = set()
    for header in sorted(include.rglob("*.hpp")):
        code = re.sub(r"^\s*//.*$", "", header.read_text(), flags=re.MULTILINE)
        for assertion in re.findall(r"static_assert\(((?:[^;\"]|\"(?:[^\"\\]|\\.)*\")*)\);", code):
            text = re.search(r",\s*((?:\"(?:[^\"\\]|\\.)*\"\s*)+)$", assertion)
            if text:
                parts = re.findall(r"\"((?:[^\"\\]|\\.)*)\"", text.group(1))
                found.add("".join(parts).replace('\\"', '"'))
    return found


def main() -> int:
    command, include, *names = sys.argv[1:]
    include = str(pathlib.Path(include).resolve())
    cases = [HERE / f"{name}.cpp" for name in names] or sorted(HERE.glob("*.cpp"))
    failed = 0
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        compiler = Compiler(command, include, folder)
        for case, wrong in zip(cases, pool.map(lambda c: problem(compiler, c), cases)):
            print(f"{'FAIL' if wrong else 'ok  '} {case.stem}" + (f": {wrong}" if wrong else ""), flush=True)
            failed += bool(wrong)
    if not names:
        expected = [directive(case.read_text(), "expect") for case in cases]
        for message in sorted(messages(pathlib.Path(include))):
            if message not in NO_CASE and not any(text in message for text in expected):
                print(f"FAIL no case expects the message: {message}")
                failed += 1
    print(f"{len(cases)} cases, {failed} failures")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
