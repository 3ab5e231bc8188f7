#!/usr/bin/env python3
"""Reads the machine code of hot.cpp's functions and holds it to what an update may cost.

The warm path is walked from a function's entry with every conditional jump not taken (the compilers put what is likely
there) to its `ret`. Nothing on it may be a call or a jump out of the function, which is a call too.

usage: check.py OBJDUMP BINARY ...
"""
import collections
import re
import subprocess
import sys

Rule = collections.namedtuple("Rule", "instructions locks branches moves", defaults=(None, 0, None, None))

# For each function: the most instructions (ret and padding not counted), the exact number of lock prefixes, the most
# conditional jumps, the most conditional moves.
RULES = {
    "plain_inc": Rule(8, branches=1, moves=0),
    "plain_inc_by": Rule(8, branches=1, moves=0),
    "constant_label_inc": Rule(8, branches=1, moves=0),
    "constant_labels_inc": Rule(8, branches=1, moves=0),
    "label_inc": Rule(branches=1, moves=1),
    "flag_inc": Rule(branches=1, moves=0),
    "slot_inc": Rule(10, branches=1, moves=0),
    "labels_inc": Rule(branches=1, moves=1),
    "shared_inc": Rule(8, locks=1, branches=1, moves=0),
    "up_down_inc": Rule(8, branches=1, moves=0),
    "up_down_dec": Rule(8, branches=1, moves=0),
    "up_down_add": Rule(8, branches=1, moves=0),
    "up_down_label_inc": Rule(),
    "gauge_set": Rule(8, branches=1, moves=0),
    "observe_double": Rule(),
    "observe_seconds": Rule(),
    "observe_nanoseconds": Rule(),
    "observe_milliseconds": Rule(),
    "observe_label": Rule(),
    "mark_healthy": Rule(8, branches=2, moves=0),
    "beat": Rule(16, branches=2, moves=0),
}

PADDING = re.compile(r"((data16|cs) )*(nop|endbr64|xchg +%ax,%ax)")
Instruction = collections.namedtuple("Instruction", "address text")


def disassemble(objdump: str, binary: str) -> dict[str, list[Instruction]]:
    out = subprocess.run([objdump, "-d", "-w", "--no-show-raw-insn", binary], capture_output=True, text=True, check=True)
    functions: dict[str, list[Instruction]] = {}
    body: list[Instruction] = []
    for line in out.stdout.splitlines():
        if start := re.match(r"^[0-9a-f]+ <(.+)>:$", line):
            body = functions.setdefault(start.group(1), [])
        elif code := re.match(r"^\s+([0-9a-f]+):\s+(.*\S)", line):
            body.append(Instruction(int(code.group(1), 16), code.group(2)))
    return functions


def warm_path(body: list[Instruction]) -> tuple[list[str], str]:
    """The instructions of the warm path without its ret, and what is wrong with it."""
    at = {instruction.address: i for i, instruction in enumerate(body)}
    path, i = [], 0
    while i < len(body):
        text = body[i].text
        if re.match(r"([\w.]+ )*ret", text):
            return path, ""
        if not PADDING.match(text):
            path.append(text)
        if re.match(r"([\w.]+ )*call", text):
            return path, "calls"
        if jump := re.match(r"(?:[\w.]+ )*jmp\s+(\S+)", text):
            target = int(jump.group(1), 16) if re.fullmatch(r"(0x)?[0-9a-f]+", jump.group(1)) else -1
            if target not in at or at[target] <= i:
                return path, "jumps away"
            i = at[target]
        else:
            i += 1
    return path, "does not return"


def count(path: list[str], pattern: str) -> int:
    return sum(bool(re.match(pattern, text)) for text in path)


def main() -> int:
    objdump, *binaries = sys.argv[1:]
    failed = []
    print(f"{'':<24}{'instructions':>14}{'locks':>7}{'branches':>10}{'moves':>7}")
    for binary in binaries:
        functions = disassemble(objdump, binary)
        print(binary.rsplit("/", 1)[-1])
        for name, rule in RULES.items():
            body = functions.get(name, [])
            path, wrong = warm_path(body)
            # an exchange with memory locks without a prefix
            locks = count(path, r"lock\b") + count(path, r"xchg\w*\s.*\(")
            branches, moves = count(path, r"j(?!mp)"), count(path, "cmov")
            wrongs = [wrong] if wrong else []
            if rule.instructions is not None and len(path) > rule.instructions:
                wrongs.append(f"more than {rule.instructions} instructions")
            if locks != rule.locks:
                wrongs.append(f"{locks} lock prefixes, not {rule.locks}")
            if rule.branches is not None and branches > rule.branches:
                wrongs.append(f"more than {rule.branches} conditional jump")
            if rule.moves is not None and moves > rule.moves:
                wrongs.append(f"more than {rule.moves} conditional move")
            if any("__tls_get_addr" in code.text for part in (name, f"{name}.cold") for code in functions.get(part, [])):
                wrongs.append("calls __tls_get_addr")
            print(f"  {name:<22}{len(path):>14}{locks:>7}{branches:>10}{moves:>7}  {', '.join(wrongs)}".rstrip())
            if wrongs:
                failed.append(f"{binary}: {name}: {', '.join(wrongs)}\n" +
                              "\n".join(f"    {code.address:x}: {code.text}" for code in body))
    if failed:
        print("\nFAILED\n" + "\n".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
