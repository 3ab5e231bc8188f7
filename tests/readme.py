#!/usr/bin/env python3
"""Checks that README.md shows examples/hello as it is, and what it prints: readme.py README.md main.cpp HELLO"""
import pathlib
import re
import subprocess
import sys

readme, source, program = sys.argv[1:]
text = pathlib.Path(readme).read_text()
blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
shown_source = next(block for kind, block in blocks if kind == "cpp")
shown_output = next(block for kind, block in blocks if not kind)
if shown_source != pathlib.Path(source).read_text():
    sys.exit("README.md's first program is not examples/hello/main.cpp")
printed = subprocess.run([program], check=True, capture_output=True, text=True).stdout
if shown_output != printed:
    sys.exit("README.md shows another scrape than examples/hello prints:\n" + printed)
head = "\n".join(text.splitlines()[:40])
for command in ("examples/demo.sh", "tests/run.sh"):
    if command not in head:
        sys.exit(f"{command} is not in README.md's first 40 lines")
