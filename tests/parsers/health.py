#!/usr/bin/env python3
"""Reads the pages of a program's health that was given texts of any bytes: health.py PROGRAM SEEDS

PROGRAM prints what it marked and the pages. What must stand there is worked out here from the marks. Python's JSON, the
Prometheus client's parsers of both text formats, and a reader of protobuf must find it, and nothing else.
"""
import json
import re
import struct
import subprocess
import sys

try:
    from prometheus_client import parser as prometheus
    from prometheus_client.openmetrics import parser as openmetrics
except ImportError:
    sys.exit("prometheus_client is missing: apt-get install python3-prometheus-client")

COMPONENTS = {"store": "critical", "cache": "degrading", "queue": "degrading", "rumour": "informational"}
REASONS, TYPES, ENTRIES = 30, 31, 64  # how many are kept: of a component, of the program, of both together
ROOM = 215  # bytes of a message


def is_utf8(text):
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


class Table:
    """Texts that are kept while there is room."""

    def __init__(self, room):
        self.room, self.texts = room, []

    def intern(self, text):
        if not text or len(text) > 1024 or not is_utf8(text):
            return "other"
        text = text.decode()
        if text not in self.texts and text != "other" and len(self.texts) < self.room:
            self.texts.append(text)
        return text if text in self.texts else "other"


def cleaned(text, room=ROOM):
    """A message as it is kept: whole characters, blanks for control characters, question marks for what is no UTF-8."""
    out, at = "", 0
    while at < len(text):
        size = next((n for n in range(1, 5) if at + n <= len(text) and is_utf8(text[at:at + n])), 0)
        character = text[at:at + size].decode() if size else "?"
        room -= max(size, 1)
        if room < 0:
            break
        out += " " if ord(character) < 0x20 or ord(character) == 0x7F else character
        at += max(size, 1)
    return out


class Program:
    """What the marks lead to."""

    def __init__(self):
        self.options = ()
        self.status = dict.fromkeys(COMPONENTS, "unknown")
        self.reason = dict.fromkeys(COMPONENTS, "")
        self.in_a_row = dict.fromkeys(COMPONENTS, 0)
        self.reasons = {name: Table(REASONS) for name in COMPONENTS}
        self.types = Table(TYPES)
        self.errors = {}  # by component and type: count, message

    def error(self, component, kind, message):
        key = component, self.types.intern(kind)
        if key not in self.errors and sum(k[1] != "other" for k in self.errors) == ENTRIES:
            key = component, "other"
        self.errors[key] = (self.errors.get(key, (0, ""))[0] + 1, cleaned(message))
        self.in_a_row[component] += 1

    def mark(self, component, what, reason, message=None):
        if message is not None:
            self.error(component, reason, message)
        if what == "error":
            return
        if what == "healthy":
            self.reason[component] = ""
            self.in_a_row[component] = 0 if self.status[component] != "healthy" else self.in_a_row[component]
        else:
            self.reason[component] = self.reasons[component].intern(reason) if reason else ""
        self.status[component] = what

    def is_working(self, component):
        return self.status[component] in ("healthy", "degraded")

    def at_fault(self):
        return [f"{name}: {self.reason[name] or self.status[name]}" for name, matters in COMPONENTS.items()
                if self.status[name] != "healthy" and matters != "informational"]

    def counts(self):
        return {key: count for key, (count, _) in self.errors.items()}


def read_output(data):
    """What was marked, and the pages: name, status, bytes."""
    program, pages = Program(), []
    while data:
        line, data = data.split(b"\n", 1)
        word, *fields = line.decode().split(" ")
        texts = [bytes.fromhex(field[1:]) for field in fields if field[0] == "x"]
        if word == "options":
            program.options = texts
        elif word == "mark":
            program.mark(fields[0], fields[1], *texts)
        else:
            length = int(fields[2])
            pages.append((fields[0], int(fields[1]), data[:length]))
            assert data[length:length + 1] == b"\n"
            data = data[length + 1:]
    return program, pages


def unique(pairs):
    assert len(dict(pairs)) == len(pairs), pairs
    return dict(pairs)


def refuse(constant):
    raise ValueError(f"{constant} is not JSON")


def read_json(page):
    return json.loads(page.decode(), parse_constant=refuse, object_pairs_hook=unique)


def check_component(program, name, found):
    assert found["status"] == program.status[name], found
    assert found["criticality"] == COMPONENTS[name], found
    assert found["reason"] == program.reason[name], found
    assert found["cause"] == ("" if found["status"] == "healthy" else name), found
    mine = {kind: error for (component, kind), error in program.errors.items() if component == name}
    assert found["errors"] == sum(count for count, _ in mine.values()), found
    assert found["errors_in_a_row"] == program.in_a_row[name], found
    kinds = {e["type"]: (e["count"], e["message"]) for e in found.get("error_types", [])}
    assert kinds == mine and len(kinds) == len(found.get("error_types", [])), (kinds, mine)
    for e in found.get("error_types", []):
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", e[when]) for when in ("first", "last")), e


def check_json(program, status, page):
    found = read_json(page)
    if "service" not in found:  # of one component alone
        (name, one), = found.items()
        assert status in (200, 200 if program.is_working(name) else 503), status
        check_component(program, name, one)
        return
    for name, one in found["components"].items():
        if one["criticality"] == COMPONENTS[name]:
            check_component(program, name, one)
        else:  # left out of the question, as the target says
            assert one["criticality"] == "informational", one
    assert list(found["components"]) in (list(COMPONENTS), []), found
    assert [r for r in program.at_fault() if not r.startswith("store: ")] == \
        [r for r in found["reasons"] if not r.startswith("store: ")], found["reasons"]
    assert found["service"] == "hostile"
    shown = [found["version"], found["environment"]]
    assert shown == [text.decode() if is_utf8(text) else cleaned(text, len(text)) for text in program.options], shown


def check_draft(program, _, page):
    found = read_json(page)
    assert found["status"] in ("pass", "warn", "fail"), found
    outputs = {name: one[0].get("output") for name, one in found["checks"].items()}
    assert outputs == {name: None if program.status[name] == "healthy" else program.reason[name] or program.status[name]
                       for name in COMPONENTS}, outputs


def verbose_line(program, name):
    if program.is_working(name):
        return f"[+]{name} ok"
    why = re.sub("[\x00-\x1f\x7f]", " ", program.reason[name]) or program.status[name]
    return f"[-]{name} failed: {why}"


def check_verbose(program, status, page):
    ready = "[+]process ok"
    end = f"readyz check {'passed' if status == 200 else 'failed'}"
    expected = [ready, *(verbose_line(program, name) for name in COMPONENTS), end, ""]
    assert page.decode().split("\n") == expected, (page, expected)


def check_verbose_one(program, _, page):
    assert page.decode() == verbose_line(program, "store") + "\n", page


def check_counts(program, samples):
    found = {(s.labels["component"], s.labels["type"]): s.value for s in samples
             if s.name == "hostile_component_errors_total" and s.value != 0}
    assert found == program.counts(), (found, program.counts())
    states = {s.labels["component"]: s.labels["component_state"] for s in samples
              if "component_state" in s.labels and s.value == 1}
    assert not states or states == program.status, states


def check_prometheus(program, _, page):
    check_counts(program, [s for f in prometheus.text_string_to_metric_families(page.decode()) for s in f.samples])


def check_openmetrics(program, _, page):
    check_counts(program, [s for f in openmetrics.text_string_to_metric_families(page.decode()) for s in f.samples])


def check_families(program, _, page):
    errors = next(f for f in read_json(page)["families"] if f["name"] == "hostile_component_errors_total")
    found = {(s["labels"]["component"], s["labels"]["type"]): s["value"] for s in errors["series"] if s["value"]}
    assert found == program.counts(), (found, program.counts())


def varint(data, at):
    number, shift = 0, 0
    while True:
        number |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return number, at


def fields_of(message):
    """The fields of a protobuf message: number, and what it holds."""
    at = 0
    while at != len(message):
        tag, at = varint(message, at)
        if tag & 7 == 0:
            value, at = varint(message, at)
        else:
            length, at = varint(message, at) if tag & 7 == 2 else ({1: 8, 5: 4}[tag & 7], at)
            value, at = message[at:at + length], at + length
            assert at <= len(message), "a field is cut"
        yield tag >> 3, value


def check_protobuf(program, _, page):
    found, at = {}, 0
    while at != len(page):
        length, at = varint(page, at)
        family, at = list(fields_of(page[at:at + length])), at + length
        name = next(value for number, value in family if number == 1).decode()
        for metric in (list(fields_of(value)) for number, value in family if number == 4):
            labels = [dict(fields_of(value)) for number, value in metric if number == 1]
            labels = {pair[1].decode(): pair[2].decode() for pair in labels}  # of strict UTF-8
            if name == "hostile_component_errors_total":
                counter = dict(fields_of(next(value for number, value in metric if number == 3)))
                count = struct.unpack("<d", counter.get(1, bytes(8)))[0]
                found |= {(labels["component"], labels["type"]): count} if count else {}
    assert found == program.counts(), (found, program.counts())


def main():
    program, seeds = sys.argv[1], int(sys.argv[2])
    errors, cut, others = 0, 0, 0
    for seed in range(seeds):
        output = subprocess.run([program, str(seed)], stdout=subprocess.PIPE, check=True).stdout
        expected, pages = read_output(output)
        for name, status, page in pages:
            try:
                globals()["check_" + name](expected, status, page)
            except Exception as problem:
                raise SystemExit(f"{name} page of `{program} {seed}`: {type(problem).__name__}: {problem}") from problem
        errors += sum(expected.counts().values())
        cut += sum(len(message.encode()) > ROOM - 4 for _, message in expected.errors.values())
        others += sum(count for (_, kind), count in expected.counts().items() if kind == "other")
    assert cut > seeds and others > seeds, f"only {cut} long messages and {others} others"
    print(f"{seeds} programs, {errors} errors, {others} of no type of their own, {cut} messages that were cut")


if __name__ == "__main__":
    main()
