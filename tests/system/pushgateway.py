"""A real Pushgateway takes what is pushed, under the group that was meant, and its refusals are told."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request

import relay
from relay import free_port, samples, wait_for

JOB = os.environ["PUSHING_JOB"]
ITEMS = 'job_items_total{{instance="{instance}",job="{job}",outcome="ok"}}'

if shutil.which("prometheus-pushgateway") is None:
    raise SystemExit("prometheus-pushgateway is missing: apt-get install prometheus-pushgateway")

direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever proxy the environment names


class Pushgateway:
    """A gateway on a port of its own, which keeps nothing on the disk."""

    def __init__(self, folder):
        self.log = pathlib.Path(folder, "log")
        for _ in range(3):  # somebody else may take the port before the gateway does
            self.port = free_port()
            with open(self.log, "wb") as log:
                self.process = subprocess.Popen(
                    [*relay.BOUND, "prometheus-pushgateway", f"--web.listen-address=127.0.0.1:{self.port}",
                     "--persistence.file="], stdout=log, stderr=log)
            try:
                if wait_for(self._ready_or_ended, "the Pushgateway to be ready") == "ready":
                    return
            except BaseException:
                self.stop()
                raise
        raise AssertionError("the Pushgateway does not start: " + self.log.read_text())

    def _ready_or_ended(self):
        if self.process.poll() is not None:
            return "ended"
        try:
            return "ready" if self.get("/-/ready").status == 200 else None
        except (urllib.error.URLError, OSError):
            return None

    def get(self, path):
        return direct.open(f"http://127.0.0.1:{self.port}{path}", timeout=relay.PATIENCE)

    def samples(self):
        with self.get("/metrics") as answer:
            return samples(answer.read().decode())

    def groups(self):
        """The labels of all groups."""
        with self.get("/api/v1/metrics") as answer:
            return [group["labels"] for group in json.load(answer)["data"]]

    def stop(self):
        self.process.terminate()
        self.process.wait(relay.PATIENCE)


class Pushes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.gateway = Pushgateway(cls.folder.name)
        cls.addClassCleanup(cls.gateway.stop)

    def run_job(self, what, done, *group):
        return subprocess.run([JOB, what, str(self.gateway.port), str(done), *group], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=relay.PATIENCE, check=False)

    def push(self, what, done, *group):
        result = self.run_job(what, done, *group)
        self.assertEqual((result.returncode, result.stderr), (0, b""))

    def test_push_replaces_the_group(self):
        group = ("replaced", "instance", "one")
        items = ITEMS.format(instance="one", job="replaced")
        self.push("push", 3, *group)
        shown = self.gateway.samples()
        self.assertEqual(shown[items], 3)
        self.assertEqual(shown['job_last_item_ratio{instance="one",job="replaced"}'], 0.2)
        self.assertEqual(shown['job_item_duration_seconds_count{instance="one",job="replaced"}'], 3)
        self.push("add", 2, *group)
        shown = self.gateway.samples()
        self.assertEqual((shown[items], shown['other_total{instance="one",job="replaced"}']), (3, 2))
        self.push("push", 5, *group)
        shown = self.gateway.samples()
        self.assertEqual(shown[items], 5)
        self.assertNotIn('other_total{instance="one",job="replaced"}', shown)

    def test_delete(self):
        self.push("push", 1, "deleted", "instance", "one")
        self.push("push", 1, "deleted", "instance", "two")
        self.push("delete", 0, "deleted", "instance", "one")
        wait_for(lambda: ITEMS.format(instance="one", job="deleted") not in self.gateway.samples(), "the group to go")
        self.assertIn(ITEMS.format(instance="two", job="deleted"), self.gateway.samples())
        self.push("delete", 0, "never there")

    def test_any_value_names_the_group(self):
        for value in ("a/b", "/", "", ".", "..", "...", "a b", "a%2Fb", "%", "a+b", "?", "#x", "a=b&c", "a@base64", "ä€😀",
                      "x" * 2000, '"quoted"', "back\\slash", "line\nfeed", ";", "~-_.", "//", "a//b", "../x", "\x7f"):
            with self.subTest(value=value):
                self.push("push", 1, "values", "instance", value)
                self.assertIn({"job": "values", "instance": value}, self.gateway.groups())
        for job in ("a/b", ".", "..", "a b", "%2F", "ä"):
            with self.subTest(job=job):
                self.push("push", 1, job, "first", "", "second", "x")
                self.assertIn({"job": job, "first": "", "second": "x"}, self.gateway.groups())

    def test_a_refusal_is_told(self):
        text = b"# TYPE job_items_total gauge\njob_items_total 1\n"
        request = urllib.request.Request(f"http://127.0.0.1:{self.gateway.port}/metrics/job/liar", text, method="PUT")
        direct.open(request, timeout=relay.PATIENCE).close()
        refused = self.run_job("push", 1, "honest")
        direct.open(urllib.request.Request(request.full_url, method="DELETE"), timeout=relay.PATIENCE).close()
        self.assertEqual(refused.returncode, 1)
        self.assertRegex(refused.stderr.decode(),
                         rf"^vitals: PUT http://127\.0\.0\.1:{self.gateway.port}/metrics/job/honest: answered 400: "
                         r"pushed metrics are invalid or inconsistent with existing metrics.*job_items_total.*\n$")

    def test_what_the_gateway_shows_is_good(self):
        self.push("push", 7, "good")
        with self.gateway.get("/metrics") as answer:
            self.assertEqual(relay.promtool_complaints(answer.read().decode()), "")


if __name__ == "__main__":
    unittest.main()
