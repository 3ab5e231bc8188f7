#!/usr/bin/env python3
"""Checks that README.md's C++ compiles: readme_code.py COMPILER INCLUDE_FOLDER README.md

All its pieces are one program, in their order, with what they leave to the reader's imagination from readme_code.hpp.
So are expressions in tables: the cells that begin with `vitals::`. Its first program is a file of its own.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

compiler, include, readme = sys.argv[1:]
text = pathlib.Path(readme).read_text()
context = pathlib.Path(__file__).resolve().parent / "readme_code.hpp"
pieces = re.findall(r"^```cpp\n(.*?)^```$|^\| `(vitals::[^`]*\})` \|", text, re.MULTILINE | re.DOTALL)
head, body = [], []
for block, expression in pieces[1:]:
    line = text[: text.index(block or expression)].count("\n") + 1
    body.append(f'#line {line} "{readme}"')
    for piece in block.splitlines():
        (head if piece.startswith("#") else body).append(piece)
        if piece.startswith("#"):
            body.append("")
    if expression:
        body.append(f"static_cast<void>({expression});")
program = "\n".join([*head, f'#include "{context}"', "void readme() {", "using namespace readme_code;", *body, "}", ""])
with tempfile.TemporaryDirectory() as folder:
    source = pathlib.Path(folder) / "readme.cpp"
    source.write_text(program)
    flags = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wno-unused-variable"]
    made = subprocess.run([compiler, *flags, "-I", include, str(source)], check=False)
blocks = sum(bool(block) for block, _ in pieces[1:])
print(f"{blocks} blocks and {len(pieces) - 1 - blocks} expressions")
if blocks < 4 or len(pieces) - 1 - blocks < 8:
    sys.exit("README.md has fewer of them than it had: does this test still find them?")
sys.exit(made.returncode)
