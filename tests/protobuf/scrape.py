#!/usr/bin/env python3
"""A real Prometheus scrapes our protobuf, and our text beside it: scrape.py PAGES

PAGES is the program that prints the pages. Both jobs must be up and show the same series with the same values. A third
job has native histograms, whose quantiles Prometheus computes. Two more have exemplars, in protobuf and in OpenMetrics.
"""
import http.server
import json
import math
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

PAGES = sys.argv.pop(1)
PATIENCE = 60  # seconds to wait for what must come
TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
CONFIGURATION = """
global:
  scrape_interval: 1s
scrape_configs:
  - job_name: protobuf
    metrics_path: /protobuf
    static_configs: [{{targets: ['127.0.0.1:{port}']}}]
  - job_name: text
    metrics_path: /text
    static_configs: [{{targets: ['127.0.0.1:{port}']}}]
  - job_name: native
    metrics_path: /native
    static_configs: [{{targets: ['127.0.0.1:{port}']}}]
  - job_name: exemplars
    metrics_path: /exemplars
    static_configs: [{{targets: ['127.0.0.1:{port}']}}]
  - job_name: openmetrics
    metrics_path: /openmetrics
    static_configs: [{{targets: ['127.0.0.1:{port}']}}]
"""

if shutil.which("prometheus") is None:
    sys.exit("prometheus is missing: apt-get install prometheus")

direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever proxy the environment names


def page(*arguments):
    return subprocess.run([PAGES, *arguments], stdout=subprocess.PIPE, check=True).stdout


def short(text):
    """The text with 10 KB of one letter written short, so that a difference can be read."""
    return text.replace("x" * 10240, "<10240 x>")


def wait_for(condition, what):
    """Waits until the condition holds and returns what it returned."""
    deadline = time.monotonic() + PATIENCE
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {PATIENCE} s in vain for {what()}")
        time.sleep(0.05)


class Target(http.server.ThreadingHTTPServer):
    """Serves a page under /protobuf and one under /text, and remembers what it was asked for."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        protobuf = page("content_type").decode().strip()
        self.types = {"/protobuf": protobuf, "/text": TEXT, "/native": protobuf, "/exemplars": protobuf,
                      "/openmetrics": OPENMETRICS}
        self.accepts = {}
        self.show()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def show(self, *state):
        self.pages = {path: page(path[1:], *state) for path in self.types}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # pylint: disable=invalid-name
        self.server.accepts[self.path] = self.headers["Accept"]
        self.send_response(200)
        self.send_header("Content-Type", self.server.types[self.path])
        self.end_headers()
        self.wfile.write(self.server.pages[self.path])

    def log_message(self, *_):
        pass


class Prometheus:
    """A server with a configuration and a storage of its own, in `folder`."""

    def __init__(self, folder, port):
        self.log = folder / "prometheus.log"
        (folder / "prometheus.yml").write_text(CONFIGURATION.format(port=port))
        for _ in range(3):  # somebody else may take the port before the server does
            with socket.socket() as s:
                s.bind(("127.0.0.1", 0))
                self.address = f"127.0.0.1:{s.getsockname()[1]}"
            with open(self.log, "wb") as log:
                self.process = subprocess.Popen(
                    ["setpriv", "--pdeathsig", "KILL", "--", "prometheus", f"--config.file={folder}/prometheus.yml",
                     f"--storage.tsdb.path={folder}/data", f"--web.listen-address={self.address}",
                     "--enable-feature=native-histograms,exemplar-storage"], stdout=log, stderr=log)
            try:
                if wait_for(self.ready_or_ended, lambda: "Prometheus to be ready") == "ready":
                    return
            except BaseException:
                self.stop()
                raise
        raise AssertionError("Prometheus does not start: " + self.log.read_text())

    def ready_or_ended(self):
        if self.process.poll() is not None:
            return "ended"
        try:
            with direct.open(f"http://{self.address}/-/ready", timeout=5) as answer:
                return "ready" if answer.status == 200 else None
        except (urllib.error.URLError, OSError):
            return None

    def get(self, path, **parameters):
        url = f"http://{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with direct.open(url, timeout=PATIENCE) as answer:
            return json.load(answer)["data"]

    def series(self, job):
        """The values of all series of a job, but for those that Prometheus adds to each target. A value is a number's
        repr: in it, NaN equals NaN, and -0.0 is not 0.0."""
        def name(metric):
            return tuple(sorted((k, short(v)) for k, v in metric.items() if k not in ("job", "instance")))
        found = self.get("query", query=f'{{job="{job}",__name__!~"up|scrape_.*"}}')["result"]
        return {name(s["metric"]): repr(float(s["value"][1])) for s in found}

    def metadata(self, job):
        found = self.get("targets/metadata", match_target=f'{{job="{job}"}}')
        return {m["metric"]: (m["type"], short(m["help"])) for m in found}

    def complaints(self):
        return {t["labels"]["job"]: t["lastError"] for t in self.get("targets")["activeTargets"]}

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def named(name, **labels):
    return tuple(sorted({"__name__": name, **labels}.items()))


class Scraped(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.target = Target()
        cls.addClassCleanup(cls.target.server_close)
        cls.addClassCleanup(cls.target.shutdown)
        cls.server = Prometheus(pathlib.Path(folder.name), cls.target.server_port)
        cls.addClassCleanup(cls.server.stop)

    def wait_for_both(self, name, value):
        """Waits until both jobs show this value, and returns all that they show."""
        shown = {}

        def reached():
            shown.update({job: self.server.series(job) for job in ("protobuf", "text")})
            return all(series.get(name) == repr(value) for series in shown.values())

        wait_for(reached, lambda: f"{name} to be {value}: " + str(self.server.complaints()))
        return shown

    def test_scraped(self):
        shown = self.wait_for_both(named("vitals_callback_failures_total"), 0.0)
        wait_for(lambda: self.server.get("query", query='up{job="native"}')["result"],
                 lambda: "the job 'native' to be scraped: " + str(self.server.complaints()))
        self.assertIn(self.target.types["/protobuf"].replace("; ", ";"), self.target.accepts["/protobuf"])
        self.assertEqual(set(self.server.complaints().values()), {""})
        up = self.server.get("query", query="up")["result"]
        self.assertLessEqual({("protobuf", "1"), ("text", "1"), ("native", "1")},
                             {(s["metric"]["job"], s["value"][1]) for s in up})

        protobuf = shown["protobuf"]
        self.assertEqual(protobuf, shown["text"])
        wanted = {
            named("test_requests_total", zone="eu", cached="false"): 2.0**53,
            named("test_requests_total", zone="eu", cached="true"): 2.0**64,
            named("test_energy_joules_total"): 1e-07,
            named("test_in_flight", room='say "hi"\\\nnow'): 0.0,
            named("test_in_flight", room="caf\u00e9 \u2603"): -2.0**63,
            named("test_reals", which="-0"): -0.0,
            named("test_reals", which="smallest"): 5e-324,
            named("test_reals", which="largest"): 1.7976931348623157e+308,
            named("test_reals", which="NaN"): math.nan,
            named("test_reals", which="+Inf"): math.inf,
            named("test_reals", which="-Inf"): -math.inf,
            named("test_reals", which="1e21"): 1e+21,
            named("test_peak_bytes", zone="eu"): math.nan,
            named("test_peak_bytes", zone="us"): 1e+21,
            named("test_latency_seconds_bucket", zone="eu", le="1e-05"): 1.0,
            named("test_latency_seconds_bucket", zone="eu", le="1.0"): 2.0,
            named("test_latency_seconds_bucket", zone="eu", le="+Inf"): 3.0,
            named("test_latency_seconds_count", zone="eu"): 3.0,
            named("test_latency_seconds_sum", zone="eu"): 2.50001,
            named("test_payload_bytes_sum"): 1500.0,
            named("test_payload_bytes_count"): 1.0,
            named("test_build_info", version="1.4.2"): 1.0,
            named("test_phase", zone="us", test_phase="stopping"): 1.0,
            named("test_phase", zone="us", test_phase="running"): 0.0,
            named("test_queue_depth", zone="us"): 1e+21,
            named("lib_large_seconds_count"): 2.0**64,
            named("lib_queue_bytes", shard='a\\b "c"\nd caf\u00e9', note="<10240 x>"): -1.0,
        }
        self.assertEqual({name: protobuf.get(name) for name in wanted}, {n: repr(v) for n, v in wanted.items()})

        metadata = self.server.metadata("protobuf")
        self.assertEqual(metadata, self.server.metadata("text"))
        self.assertEqual(metadata["test_requests_total"],
                         ("counter", 'A \\ and a "quote"\nand a line, in caf\u00e9s.'))
        self.assertEqual(metadata["test_latency_seconds"], ("histogram", "Latency."))
        self.assertEqual(metadata["test_payload_bytes"], ("summary", "Payload."))
        self.assertEqual(metadata["test_build_info"], ("gauge", "Build."))
        self.assertEqual(metadata["lib_queue_bytes"], ("gauge", "<10240 x>"))

        self.addCleanup(self.target.show)
        self.target.show("broken")
        shown = self.wait_for_both(named("vitals_callback_failures_total"), 1.0)
        self.assertEqual(shown["protobuf"], shown["text"])
        self.assertEqual({name for name in protobuf if dict(name)["__name__"] == "test_queue_depth"},
                         set(protobuf) - set(shown["protobuf"]))

    def value(self, query):
        """What a query gives; None where it gives nothing."""
        found = self.server.get("query", query=query)["result"]
        return float(found[0]["value"][1]) if found else None

    def test_native(self):
        wait_for(lambda: self.value("histogram_count(native_even_seconds)") == 2000,
                 lambda: "native histograms: " + str(self.server.complaints()))
        values = [2 ** (-10 + 20 * (i + 0.5) / 2000) for i in range(2000)]
        # schema 8 has 5,120 buckets here, 2,000 of them hold something: they are sent at schema 2, 80 buckets
        for name, schema in (("native_even_seconds", 3), ("native_fine_bytes", 2)):
            error = 2 ** (2 ** -schema)  # the width of a bucket
            for q in (0.01, 0.1, 0.5, 0.9, 0.95, 0.99):
                exact = values[int(q * 2000)]
                estimate = self.value(f"histogram_quantile({q}, {name})")
                self.assertTrue(exact / error <= estimate <= exact * error, f"{name}: {q} is {estimate}, not {exact}")
            self.assertAlmostEqual(self.value(f"histogram_sum({name})"), sum(values), delta=1e-3)
        # zero bucket to 1/16: 2; then to 1/4: 2, to 1: 0, to 4: 2, to 16: 1, and 2 above, which go to the last one
        self.assertEqual(self.value("histogram_count(native_coarse_bytes)"), 9)
        self.assertEqual(self.value("histogram_fraction(-1, 0.0625, native_coarse_bytes) * 9"), 2)
        self.assertEqual(self.value("histogram_fraction(-1, 0.25, native_coarse_bytes) * 9"), 4)
        self.assertEqual(self.value("histogram_fraction(-1, 1, native_coarse_bytes) * 9"), 4)
        self.assertEqual(self.value("histogram_fraction(-1, 4, native_coarse_bytes) * 9"), 6)
        self.assertEqual(self.value("histogram_fraction(-1, 16, native_coarse_bytes) * 9"), 9)
        self.assertEqual(self.value("histogram_count(native_empty_bytes)"), 0)

    def exemplars(self, job):
        """All exemplars that are stored of a job, as labels, value and time, by their series."""
        found = self.server.get("query_exemplars", query=f'{{job="{job}"}}', start=1.5e9, end=1.6e9)
        def name(labels):
            return tuple(sorted((k, v) for k, v in labels.items() if k not in ("job", "instance")))
        return {name(series["seriesLabels"]): [
            (e["labels"]["trace_id"], e["labels"]["span_id"], len(e["labels"]), float(e["value"]), e["timestamp"])
            for e in series["exemplars"]] for series in found}

    def test_exemplars(self):
        smallest, largest = ("0" * 31 + "1", "0" * 15 + "1", 2), ("f" * 32, "f" * 16, 2)
        specified = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", 2)
        at = [1520879607.089 + i for i in range(7)]  # in their order on the page
        both = {
            named("traced_jobs_total", zone="eu"): [(*specified, 3, at[0])],
            named("traced_energy_joules_total"): [(*largest, 1e-07, at[1])],
            named("traced_sizes_bytes_bucket", zone="us", le="1.0"): [(*smallest, 1, at[2])],
            named("traced_sizes_bytes_bucket", zone="us", le="+Inf"): [(*largest, math.inf, at[3])],
        }
        waits = [(*smallest, 0.25, at[4]), (*specified, 1.5, at[5]), (*largest, 3600, at[6])]
        buckets = {named("traced_waits_seconds_bucket", le=le): [one]
                   for le, one in zip(("0.5", "2.0", "+Inf"), waits)}
        wait_for(lambda: len(self.exemplars("openmetrics")) == 7 and len(self.exemplars("exemplars")) == 5,
                 lambda: "exemplars: " + str(self.server.complaints()))
        self.assertEqual(self.exemplars("openmetrics"), {**both, **buckets})
        protobuf = self.exemplars("exemplars")
        native = protobuf.pop(named("traced_waits_seconds"))
        self.assertEqual(protobuf, both)
        self.assertIn(native, (waits, waits[:1]))  # one series has them all, of which 2.42 takes one a scrape
        self.assertEqual(set(self.server.complaints().values()), {""})


if __name__ == "__main__":
    unittest.main(verbosity=2)
