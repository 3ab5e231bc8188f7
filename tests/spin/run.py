#!/usr/bin/env python3
"""Checks marks.pml with spin, whole and broken in each way that it knows: run.py SPIN CC"""
import pathlib
import re
import subprocess
import sys
import tempfile

MODEL = pathlib.Path(__file__).resolve().parent / "marks.pml"


def search(spin: str, cc: str, full: bool, build: str, *defines: str) -> tuple[int, str]:
    """How many errors the search found, and what it said. `full`: it will have to see all states."""
    with tempfile.TemporaryDirectory() as folder:
        for command in ([spin, "-a", *defines, str(MODEL)], [cc, "-w", "-O2" if full else "-O0", build, "-o", "pan", "pan.c"]):
            subprocess.run(command, cwd=folder, check=True)
        out = subprocess.run(["./pan", "-m1000000", *(["-l"] if build == "-DNP" else [])], cwd=folder,
                             capture_output=True, text=True, check=False)
    found = re.search(r"errors: (\d+)", out.stdout)
    if not found or "max search depth too small" in out.stdout:
        sys.exit(f"the search did not come to an end:\n{out.stdout}{out.stderr}")
    return int(found.group(1)), out.stdout


def main() -> int:
    spin, cc = sys.argv[1:]
    failed = 0
    searches = (("nothing is lost or stuck", "-DSAFETY"), ("no endless circle", "-DNP", "-DREPORTS=3"),
                ("no error outlasts a success", "-DSAFETY", "-DREPORTS=3", "-DERRORS"))
    for what, build, *defines in searches:
        errors, said = search(spin, cc, True, build, *defines)
        states = int(re.search(r"(\d+) states, stored", said).group(1))
        print(f"{what}: {errors} errors in {states} states")
        if errors or states < 100_000:
            failed += 1
            print(said)
    for broken in range(1, 9):
        errors, said = search(spin, cc, False, "-DSAFETY", f"-DBREAK={broken}", *(["-DERRORS"] if broken > 6 else []))
        found = re.search(r"^pan:\d+: (.*?)(?: \(at depth|$)", said, re.MULTILINE)
        print(f"broken in way {broken}: {found.group(1) if errors and found else 'no error is found'}")
        failed += errors == 0
    print("FAILED" if failed else "passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
