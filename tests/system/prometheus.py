"""A real Prometheus with the relay as its only target: it is up, and the counts are grep's."""

import json
import shutil
import subprocess
import unittest
import urllib.error
import urllib.parse
import urllib.request

import relay
from relay import SAMPLE, counts_of, event, free_port, wait_for

if shutil.which("prometheus") is None:
    raise SystemExit("prometheus is missing: apt-get install prometheus")

direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever proxy the environment names

CONFIGURATION = """
global:
  scrape_interval: 1s
scrape_configs:
  - job_name: event_relay
    static_configs:
      - targets: ['{target}']
"""


class Prometheus:
    """A server with a configuration and a storage of its own, in `folder`."""

    def __init__(self, folder, target):
        self.folder = folder
        (folder / "prometheus.yml").write_text(CONFIGURATION.format(target=target))
        for _ in range(3):  # somebody else may take the port before the server does
            self.address = f"127.0.0.1:{free_port()}"
            with open(folder / "prometheus.log", "wb") as log:
                self.process = subprocess.Popen(
                    [*relay.BOUND, "prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                     f"--web.listen-address={self.address}"], stdout=log, stderr=log)
            try:
                if wait_for(self._ready_or_ended, "Prometheus to be ready") == "ready":
                    return
            except BaseException:
                self.stop()
                raise
        raise AssertionError("Prometheus does not start: " + self.messages())

    def _ready_or_ended(self):
        if self.process.poll() is not None:
            return "ended"
        try:
            with direct.open(f"http://{self.address}/-/ready", timeout=5) as answer:
                return "ready" if answer.status == 200 else None
        except (urllib.error.URLError, OSError):
            return None

    def messages(self):
        return (self.folder / "prometheus.log").read_text()

    def get(self, path, **parameters):
        url = f"http://{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with direct.open(url, timeout=relay.PATIENCE) as answer:
            return json.load(answer)["data"]

    def query(self, expression):
        """The values of an instant query, by their labels without job and instance."""
        def name(metric):
            labels = ",".join(f'{k}="{v}"' for k, v in metric.items() if k not in ("__name__", "job", "instance"))
            return metric.get("__name__", "") + (f"{{{labels}}}" if labels else "")
        return {name(r["metric"]): float(r["value"][1]) for r in self.get("query", query=expression)["result"]}

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(relay.PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Scraped(relay.TestCase):
    def test_scraped(self):
        self.write(SAMPLE.read_bytes())
        r = self.follow()
        target = r.url.split("/")[2]
        server = Prometheus(self.folder, target)
        self.addCleanup(server.stop)

        wait_for(lambda: server.query("up") == {"up": 1}, "up == 1: " + server.messages())
        self.assert_counts(server, counts_of(self.log))

        self.append(b"".join(event(i) for i in range(100)) + b"no event\n")
        old = self.log.rename(self.folder / "log.1")
        self.write(SAMPLE.read_bytes() * 2)
        self.assert_counts(server, counts_of(old, self.log))
        self.assertEqual(server.query('relay_input_changes_total{change="rotated"}'),
                         {'relay_input_changes_total{change="rotated"}': 1})

        [active] = server.get("targets")["activeTargets"]
        self.assertEqual((active["health"], active["lastError"]), ("up", ""))
        types = {name: facts[0]["type"] for name, facts in server.get("metadata").items()}
        # it asks for OpenMetrics, in which a counter's family is called without _total
        self.assertEqual(types["relay_events"], "counter")
        self.assertEqual(types["relay_queue_depth"], "gauge")
        self.assertEqual(types["relay_parse_duration_seconds"], "histogram")

        self.assertEqual(r.stop(), 0)
        wait_for(lambda: server.query("up") == {"up": 0}, "up == 0")

    def assert_counts(self, server, wanted):
        shown = {}

        def reached():
            shown.update(server.query('{job="event_relay"}'))
            return not relay.differences(shown, wanted)

        try:
            wait_for(reached, "the counts")
        except AssertionError as error:
            raise AssertionError(f"{error}: (shown, wanted) {relay.differences(shown, wanted)}") from None


if __name__ == "__main__":
    unittest.main(verbosity=2)
