#!/usr/bin/env python3
"""Reads what vitals prints with others' parsers: parsers.py PROGRAM SEEDS

PROGRAM fills metrics of every kind at random, and prints what it put there and a page in each format. The Prometheus
client's parsers of both text formats, and Python's of JSON, must read all of it and find the same families, labels and
values, and nothing else.
"""
import decimal
import json
import math
import struct
import subprocess
import sys
import time

try:
    from prometheus_client import parser as prometheus
    from prometheus_client.openmetrics import parser as openmetrics
except ImportError:
    sys.exit("prometheus_client is missing: apt-get install python3-prometheus-client")

FAILURES = ("vitals_callback_failures_total", "counter",
            "Callbacks that threw, or gave a counter what it cannot be: their families were left out of a scrape.", "")
REFUSALS = ("vitals_slot_refusals_total", "counter",
            "Texts counted as other: all of the label's slots were taken, or the text was empty, longer than 1,024 bytes "
            "or not UTF-8.", "")
CALLED = "p_taken_total"  # a counter whose value a function gives
ENDINGS = {"counter": "_total", "info": "_info"}
NOT_IN_PROMETHEUS = {"info": "gauge", "stateset": "gauge"}


def text_of(field):
    assert field[0] == "x", field
    return bytes.fromhex(field[1:]).decode()


def number_of(field):
    kind, digits = field.split(":")
    if kind == "real":
        return struct.unpack("<d", struct.pack("<Q", int(digits)))[0]
    return int(digits) if kind == "integer" else decimal.Decimal(int(digits)).scaleb(-9)


def labels_of(field):
    return {name: text_of(value) for name, _, value in (part.partition("=") for part in field.split(",")[:-1])}


class Family:
    def __init__(self, name, kind, help_text, unit, bounds=()):
        self.name, self.help, self.unit = name, help_text, unit
        self.kind = "histogram" if kind == "native" else kind
        self.bounds = [*bounds, math.inf]
        # A native histogram shows the bounds that are powers of two.
        self.shown = [b for b in self.bounds if kind != "native" or math.frexp(b)[0] in (0.5, math.inf)]
        self.series = []  # labels, numbers
        self.created = None  # where that is known: since when it counts
        self.exemplars = {}  # by labels and index of the shown bucket

    def stem(self):
        return self.name.removesuffix(ENDINGS.get(self.kind, ""))

    def samples(self, negative_sums, created=False):
        """The samples that a text page has of it; `le` is a number here."""
        for labels, numbers in self.series:
            def exemplar(bucket=0):
                return self.exemplars.get((tuple(labels.items()), bucket))  # pylint: disable=cell-var-from-loop
            if created and self.created is not None and self.kind in ("counter", "histogram", "summary"):
                yield self.stem() + "_created", labels, self.created, None
            if self.kind not in ("histogram", "summary"):
                yield self.name, labels, numbers[0], exemplar()
                continue
            total = 0
            for bound, count in zip(self.bounds, numbers[1:]):
                total += count
                if self.kind == "histogram" and bound in self.shown:
                    yield self.name + "_bucket", {**labels, "le": bound}, total, exemplar(self.shown.index(bound))
            if negative_sums or self.bounds[0] >= 0:
                yield self.name + "_sum", labels, numbers[0], None
                yield self.name + "_count", labels, total, None

    def shown_counts(self, counts):
        """Each shown bucket's own count."""
        shown, below = [], 0
        for bound, count in zip(self.bounds, counts, strict=True):
            below += count
            if bound in self.shown:
                shown.append(below)
                below = 0
        return shown


def read_output(output):
    """The families that the program says it has, how many callbacks fail, what slots refuse, and its pages."""
    families, failures, refused, pages, created = [], 0, [], {}, None
    while output:
        line, _, output = output.partition(b"\n")
        word, *fields = line.decode().split(" ")
        if word == "family":
            name, kind, help_text, unit, *bounds = fields
            families.append(Family(name, kind, text_of(help_text), text_of(unit), map(number_of, bounds)))
            families[-1].created = created if name not in CALLED else None
        elif word == "series":
            families[-1].series.append((labels_of(fields[0]), [number_of(field) for field in fields[1:]]))
        elif word == "created":
            created = decimal.Decimal(fields[0]).scaleb(-9) or None
        elif word == "exemplar":
            name, labels, bucket, time_of_it, *trace, span, value = fields
            [family] = [f for f in families if f.name == name]
            at = tuple(labels_of(labels).items()), int(bucket)
            ids = {"trace_id": "".join(f"{int(half):016x}" for half in trace), "span_id": f"{int(span):016x}"}
            assert at not in family.exemplars, at
            family.exemplars[at] = ids, number_of("real:" + value), int(time_of_it)
        elif word == "failures":
            failures = int(fields[0])
        elif word == "refused":
            refused = [int(field) for field in fields]
        else:
            assert word == "page", word
            pages[fields[0]], output = output[:int(fields[1])].decode(), output[int(fields[1]):]
    assert list(pages) == ["prometheus", "openmetrics", "created", "json"]
    return families, failures, refused, pages


def same(expected, found):
    if isinstance(expected, float) and math.isnan(expected):
        return math.isnan(found)
    return expected == found if isinstance(found, int) else float(expected) == found


def check_exemplar(expected, found, at):
    if expected is None:
        assert found is None, f"{at} has a stray exemplar {found}"
        return
    assert found is not None, f"{at} lacks its exemplar {expected}"
    ids, value, time = expected
    assert dict(found.labels) == ids, f"{found} of {at} is not {expected}"
    assert sum(len(name) + len(text) for name, text in found.labels.items()) <= 128
    assert same(value, found.value), f"{found} of {at} is not {expected}"
    assert math.copysign(1, value) == math.copysign(1, found.value), f"sign of {at}'s exemplar"
    assert round(float(found.timestamp) * 1000) == time, f"{found} of {at} is not {expected}"
    labels = dict(at[1])
    assert "le" not in labels or found.value <= labels["le"], f"{found} is above {at}"


def check_samples(expected, metrics, has_exemplars):
    """Each sample is there once, and has its value."""
    def key(name, labels):
        return name, tuple(sorted((n, float(v) if n == "le" else v) for n, v in labels.items()))

    expected = list(expected)
    wanted = {key(name, labels): value for name, labels, value, _ in expected}
    exemplars = {key(name, labels): exemplar for name, labels, _, exemplar in expected if has_exemplars}
    seen = set()
    for metric in metrics:
        for name, labels, value, timestamp, exemplar in metric.samples:
            at = key(name, labels)
            assert at not in seen, f"twice: {at}"
            assert at in wanted, f"stray: {at}"
            assert timestamp is None, at
            check_exemplar(exemplars.get(at), exemplar, at)
            assert same(wanted[at], value), f"{at} is {value!r} rather than {wanted[at]!r}"
            if isinstance(wanted[at], float) and isinstance(value, float):
                assert math.copysign(1, wanted[at]) == math.copysign(1, value) or value != value, f"sign of {at}"
            seen.add(at)
    assert seen == set(wanted), f"missing: {set(wanted) - seen}"
    return len(seen)


def check_prometheus(families, page):
    metrics = list(prometheus.text_string_to_metric_families(page))
    found = [(m.name, m.type, m.documentation) for m in metrics]
    expected = [(f.stem() if f.kind == "counter" else f.name, NOT_IN_PROMETHEUS.get(f.kind, f.kind), f.help)
                for f in families]
    assert found == expected, f"{found}\n{expected}"
    samples = check_samples([s for f in families for s in f.samples(True)], metrics, False)
    assert page.endswith("\n")
    lines = page[:-1].split("\n")
    assert sum(line.startswith("# HELP ") for line in lines) == len(families)
    assert sum(line.startswith("# TYPE ") for line in lines) == len(families)
    assert len(lines) == 2 * len(families) + samples, "stray lines"


def check_created(families, page):
    check_openmetrics(families, page, True)
    times = sum(len(f.series) for f in families if f.created and f.kind in ("counter", "histogram", "summary"))
    assert page.count("_created") == times > 100, times


def check_openmetrics(families, page, created=False):
    metrics = list(openmetrics.text_string_to_metric_families(page))
    found = [(m.name, m.type, m.documentation, m.unit) for m in metrics]
    expected = [(f.stem(), f.kind, f.help, f.unit) for f in families]
    assert found == expected, f"{found}\n{expected}"
    for sample in (s for m in metrics for s in m.samples if s.name.endswith(("_total", "_count", "_bucket"))):
        assert isinstance(sample.value, int) or "joules" in sample.name, sample
    samples = check_samples([s for f in families for s in f.samples(False, created)], metrics, True)
    assert page.endswith("\n# EOF\n")
    lines = page[:-1].split("\n")
    units = sum(f.unit != "" for f in families)
    for start, count in (("# TYPE ", len(families)), ("# UNIT ", units), ("# HELP ", len(families)), ("# EOF", 1)):
        assert sum(line.startswith(start) for line in lines) == count, start
    assert len(lines) == 2 * len(families) + units + samples + 1, "stray lines"


def quantile(q, counts, bounds):
    """histogram_quantile() of Prometheus, but that rounding never leaves the bucket."""
    total = sum(counts)
    if total == 0:
        return math.nan
    rank, below = q * total, 0
    for i, (count, bound) in enumerate(zip(counts[:-1], bounds)):
        if count and below + count >= rank:
            if i == 0 and bound <= 0:
                return bound
            start = bounds[i - 1] if i else 0
            return min(max(start, start + (bound - start) * ((rank - below) / count)), bound)
        below += count
    return bounds[-2]


def from_json(value):
    """A number of our JSON."""
    strings = {"NaN": math.nan, "+Inf": math.inf, "-Inf": -math.inf}
    return strings[value] if isinstance(value, str) else value


def check_json_number(expected, value, where):
    value = from_json(value)
    if isinstance(expected, float):
        assert same(expected, float(value)), f"{where} is {value!r} rather than {expected!r}"
        assert expected != expected or math.copysign(1, expected) == math.copysign(1, float(value)), f"sign of {where}"
    else:  # integers, and durations of nanoseconds, are exact
        assert expected == value, f"{where} is {value!r} rather than {expected!r}"
        assert not isinstance(expected, int) or isinstance(value, int), where


def check_json_exemplar(expected, found, where):
    if expected is None:
        assert found is None, where
        return
    ids, value, time = expected
    assert list(found) == ["trace_id", "span_id", "value", "timestamp"], where
    assert {"trace_id": found["trace_id"], "span_id": found["span_id"]} == ids, where
    check_json_number(value, found["value"], where)
    assert found["timestamp"] * 1000 == time, where


def unique(pairs):
    members = dict(pairs)
    assert len(members) == len(pairs), pairs
    return members


def refuse(constant):
    raise ValueError(f"{constant} is not JSON")


def check_json(families, page):
    document = json.loads(page, parse_float=decimal.Decimal, parse_constant=refuse, object_pairs_hook=unique)
    assert list(document) == ["families"]
    found = [(f["name"], f["type"], f["help"], f["unit"]) for f in document["families"]]
    assert found == [(f.name, f.kind, f.help, f.unit) for f in families], found
    assert page.count("\n") == len(families) + 2, "one family a line"
    for expected, family in zip(families, document["families"]):
        assert list(family) == ["name", "type", "help", "unit", "series"]
        assert [s["labels"] for s in family["series"]] == [labels for labels, _ in expected.series], expected.name
        for (labels, numbers), series in zip(expected.series, family["series"]):
            where = (expected.name, labels)
            if expected.kind not in ("histogram", "summary"):
                assert list(series)[:2] == ["labels", "value"] and set(series) <= {"labels", "value", "exemplar"}, where
                check_json_number(numbers[0], series["value"], where)
                check_json_exemplar(expected.exemplars.get((tuple(labels.items()), 0)), series.get("exemplar"), where)
                continue
            assert list(series)[:3] == ["labels", "count", "sum"], where
            check_json_number(numbers[0], series["sum"], where)
            check_json_number(sum(numbers[1:]), series["count"], where)
            if expected.kind == "summary":
                assert len(series) == 3, where
                continue
            assert list(series)[3:] == ["quantiles", "buckets"], where
            assert [float(from_json(b["bound"])) for b in series["buckets"]] == expected.shown, where
            assert [b["count"] for b in series["buckets"]] == expected.shown_counts(numbers[1:]), where
            for i, bucket in enumerate(series["buckets"]):
                at = tuple(labels.items()), i
                check_json_exemplar(expected.exemplars.get(at), bucket.get("exemplar"), where)
            assert list(series["quantiles"]) == ["p50", "p95", "p99"], where
            for q, estimate in zip((0.5, 0.95, 0.99), series["quantiles"].values()):
                ours, theirs = float(from_json(estimate)), quantile(q, numbers[1:], expected.bounds)
                assert math.isnan(ours) and math.isnan(theirs) or math.isclose(ours, theirs, rel_tol=1e-12), where


def main():
    program, seeds = sys.argv[1], int(sys.argv[2])
    samples, exemplars = 0, 0
    for seed in range(seeds):
        start = time.time()
        output = subprocess.run([program, str(seed)], stdout=subprocess.PIPE, check=True).stdout
        families, failures, refused, pages = read_output(output)
        assert all(start - 1 <= f.created <= time.time() for f in families if f.created), "created at another time"
        total = Family(*FAILURES)
        families.append(total)
        families.append(Family(*REFUSALS))
        families[-1].series = [({"label": "player", "reason": reason}, [count])
                               for reason, count in zip(("full", "text"), refused, strict=True)]
        for readings, (name, page) in enumerate(pages.items(), 2):  # the first one was for the exemplars
            total.series = [({}, [failures * readings])]
            try:
                globals()["check_" + name](families, page)
            except Exception as problem:
                raise SystemExit(f"{name} page of `{program} {seed}`: {type(problem).__name__}: {problem}") from problem
        samples += sum(len(list(f.samples(True))) for f in families)
        exemplars += sum(len(f.exemplars) for f in families)
    assert exemplars > 50 * seeds, f"only {exemplars} exemplars"
    print(f"{seeds} pages in each format, {samples} samples, {exemplars} exemplars")


if __name__ == "__main__":
    main()
