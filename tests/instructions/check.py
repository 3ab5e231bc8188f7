#!/usr/bin/env python3
"""Reads the machine code of hot.cpp's functions and holds it to what an update may cost.

The warm path is walked from a function's entry with every conditional jump not taken (the compilers put what is likely
there) to its `ret`. Nothing on it may be a call or a jump out of the function, which is a call too; but for the one
function that a rule names: the clock of a max_gauge, and what keeps an exemplar, which calls the clock.

usage: check.py OBJDUMP BINARY ...
"""
import collections
import re
import subprocess
import sys

Rule = collections.namedtuple("Rule", "instructions locks branches moves stores calls",
                              defaults=(None, 0, None, None, None, ""))

# For each function: the most instructions (ret and padding not counted), the exact number of lock prefixes, the most
# conditional jumps, the most conditional moves, the exact number of stores elsewhere than on the stack, what it calls
# once (a part of its name). Names of templates are what the compiler makes of them, a part will do.
RULES = {
    "plain_inc": Rule(8, branches=1, moves=0, stores=1),
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
    "gauge_set": Rule(8, branches=1, moves=0, stores=1),
    "peak_observe": Rule(34, branches=4, moves=0, stores=0, calls="clock_gettime"),
    "peak_label_observe": Rule(branches=5, stores=0, calls="clock_gettime"),
    "observe_double": Rule(stores=2),
    "observe_seconds": Rule(),
    "observe_nanoseconds": Rule(),
    "observe_milliseconds": Rule(),
    "observe_label": Rule(),
    "traced_inc": Rule(8, branches=1, moves=0),
    "exemplar_inc": Rule(20, branches=1, moves=0, calls="4keepILb0E"),
    "exemplar_shared_inc": Rule(20, locks=1, branches=1, moves=0, calls="4keepILb1E"),
    "exemplar_observe": Rule(calls="4keepILb0E"),
    "4keepILb0E": Rule(70, branches=5, calls="clock_gettime"),
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


def function_named(name: str, functions: dict[str, list[Instruction]]) -> list[Instruction]:
    return functions.get(name) or next((body for symbol, body in functions.items()
                                        if name in symbol and not symbol.endswith(("@plt", ".cold"))), [])


def warm_path(body: list[Instruction], calls: str) -> tuple[list[str], str]:
    """The instructions of the warm path without its ret, and what is wrong with it. It calls `calls` once."""
    at = {instruction.address: i for i, instruction in enumerate(body)}
    path, i, called = [], 0, 0
    while i < len(body):
        text = body[i].text
        if re.match(r"([\w.]+ )*ret", text):
            return path, "" if called == bool(calls) else f"calls no {calls}"
        if not PADDING.match(text):
            path.append(text)
        if re.match(r"([\w.]+ )*call", text):
            if not calls or calls not in text or called:
                return path, "calls"
            called += 1
            i += 1
            continue
        if jump := re.match(r"(?:[\w.]+ )*jmp\s+(\S+)", text):
            target = int(jump.group(1), 16) if re.fullmatch(r"(0x)?[0-9a-f]+", jump.group(1)) else -1
            if target not in at and calls and calls in text and not called:
                return path, ""  # a call at its end
            if target not in at or at[target] <= i:
                return path, "jumps away"
            i = at[target]
        else:
            i += 1
    return path, "does not return"


def count(path: list[str], pattern: str) -> int:
    return sum(bool(re.match(pattern, text)) for text in path)


def is_store(text: str) -> bool:
    """Whether an instruction writes to memory other than the stack: its last operand is where the result goes."""
    code = re.match(r"(?:lock )?(mov|add|sub|inc|dec|neg|and|or|xor|xchg|xadd|cmpxchg)\w* +(.*)", text)
    return code is not None and "(" in (last := re.split(r",(?![^(]*\))", code[2])[-1]) and "%rsp" not in last


def main() -> int:
    objdump, *binaries = sys.argv[1:]
    failed = []
    print(f"{'':<24}{'instructions':>14}{'locks':>7}{'branches':>10}{'moves':>7}")
    for binary in binaries:
        functions = disassemble(objdump, binary)
        print(binary.rsplit("/", 1)[-1])
        for name, rule in RULES.items():
            body = function_named(name, functions)
            path, wrong = warm_path(body, rule.calls)
            # an exchange with memory locks without a prefix
            locks = count(path, r"lock\b") + count(path, r"xchg\w*\s.*\(")
            branches, moves = count(path, r"j(?!mp)"), count(path, "cmov")
            wrongs = [wrong] if wrong else []
            if rule.instructions is not None and len(path) > rule.instructions:
                wrongs.append(f"more than {rule.instructions} instructions")
            if locks != rule.locks:
                wrongs.append(f"{locks} lock prefixes, not {rule.locks}")
            stores = sum(is_store(text) for text in path)
            if rule.stores is not None and stores != rule.stores:
                wrongs.append(f"{stores} stores, not {rule.stores}")
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
