"""The relay's health from outside, as its probes and its operators see it: its target fails, its reader hangs, its
input goes, its queue fills, and it is asked to end."""

import json
import os
import signal
import subprocess
import time
import unittest

import relay
from relay import SAMPLE, counts_of, event, samples, wait_for
from target import Target

LIVE = ["/livez", "/healthz", "/live", "/health/live", "/api/v1/health/live"]
READY = ["/ready", "/readyz", "/health/ready", "/api/v1/health/ready", "/health", "/api/v1/health"]
PARTS = ["input", "target", "delivery", "queue"]


def events(first, last):
    return b"".join(map(event, range(first, last)))


def lines_of(content):
    return content.decode().splitlines()


class RelayWithPipe(relay.Relay):
    """A relay whose messages go into a pipe, which may be full."""

    def open_messages(self):
        os.mkfifo(self.messages_path)
        self.pipe = os.open(self.messages_path, os.O_RDWR | os.O_NONBLOCK)
        self.said = ""
        return super().open_messages()

    def messages(self):
        try:
            while True:
                self.said += os.read(self.pipe, 1 << 16).decode()
        except BlockingIOError:
            return self.said

    def fill(self):
        for size in (4096, 1):
            try:
                while True:
                    os.write(self.pipe, b"x" * size)
            except BlockingIOError:
                pass

    def kill(self):
        super().kill()
        os.close(self.pipe)


class TestCase(relay.TestCase):
    def setUp(self):
        super().setUp()
        self.target = Target(self.folder)
        self.addCleanup(self.target.close)

    def ask(self, r, path):
        """Status and body of an answer."""
        url = r.url.removesuffix("/metrics") + path
        command = ["curl", "-sS", "--noproxy", "*", "--max-time", str(relay.PATIENCE), "-w", "\n%{http_code}", url]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
        body, status = done.stdout.decode().rsplit("\n", 1)
        return int(status), body

    def probe(self, r, path="/ready"):
        status, body = self.ask(r, path)
        return status, json.loads(body)

    def wait_for_probe(self, r, status, reasons, path="/ready"):
        """Waits until a probe has this status for these reasons. Its document."""
        last = []

        def reached():
            last[:] = self.probe(r, path)
            return last[0] == status and last[1]["reasons"] == reasons and last[1]

        try:
            return wait_for(reached, f"{status} {reasons}")
        except AssertionError as error:
            raise AssertionError(f"{error}: {last}; {r.messages()}") from None

    def check_pages(self, r, ready, live=200):
        """All paths of a question have the same answer, and so has the page of metrics."""
        for path in READY:
            self.assertEqual(self.ask(r, path)[0], ready, path)
        for path in LIVE:
            self.assertEqual(self.ask(r, path)[0], live, path)
        self.assertEqual(self.ask(r, "/startupz")[0], 200)
        self.assertEqual(self.ask(r, "/status")[0], 200)
        shown = r.samples()
        self.assertEqual((shown["relay_ready"], shown["relay_live"]), (ready == 200, live == 200))

    def check_parts(self, r, wanted):
        """The components' states, as JSON, metrics and each component's own page have them."""
        parts = self.probe(r, "/status")[1]["components"]
        shown = r.samples()
        for name in PARTS:
            state = wanted.get(name, "healthy")
            works = state in ("healthy", "degraded")
            self.assertEqual(parts[name]["status"], state, parts)
            self.assertEqual(shown[f'relay_component_status{{component="{name}"}}'], works)
            for other in ("unknown", "healthy", "degraded", "unhealthy"):
                sample = f'relay_component_state{{component="{name}",relay_component_state="{other}"}}'
                self.assertEqual(shown[sample], other == state, sample)
            self.assertEqual(self.ask(r, f"/readyz/{name}")[0], 200 if works else 503)
        return parts

    def check_received(self, *paths):
        """The target has exactly the events of these files, in their order."""
        wanted = [line for path in paths for line in lines_of(path.read_bytes())]
        self.assertEqual([e["line"] for e in self.target.events()], wanted)


class Targets(TestCase):
    def test_gone_and_back(self):
        self.target.start()
        self.write(SAMPLE.read_bytes())
        output = self.folder / "output"
        r = self.follow("--target", self.target.url, "--output", output)
        self.wait_for_probe(r, 200, [])
        r.wait_until(counts_of(self.log))
        self.check_received(self.log)
        self.check_pages(r, 200)
        self.check_parts(r, {})

        self.target.kill()
        self.wait_for_probe(r, 503, ["target: connection_refused"])  # without an event to deliver
        self.check_pages(r, 503)
        self.check_parts(r, {"target": "unhealthy"})
        self.assertEqual(self.ask(r, "/ready?exclude=target")[0], 200)
        self.append(events(0, 100))
        wait_for(lambda: self.ask(r, "/readyz/delivery")[0] == 503, "the delivery to fail")
        parts = self.check_parts(r, {"target": "unhealthy", "delivery": "unhealthy"})
        self.assertEqual((parts["delivery"]["reason"], parts["delivery"]["cause"]), ("connection_failed", "target"))
        self.wait_for_probe(r, 503, ["target: connection_refused"])  # the delivery suffers, and is not blamed
        self.check_pages(r, 503)
        self.assertEqual(self.ask(r, "/ready?exclude=target")[0], 503)
        shown = r.samples()
        self.assertEqual(shown["relay_queue_depth"], 100)
        self.assertGreaterEqual(shown['relay_target_requests_total{outcome="connection_failed"}'], 3)
        self.assertGreaterEqual(shown['relay_component_errors_total{component="delivery",type="connection_failed"}'], 3)
        self.assertEqual(r.messages().count("cannot deliver: "), 1, r.messages())

        checks = 'relay_component_check_duration_seconds_count{component="target"}'
        before = r.samples()[checks]
        self.target.start()
        works = 'relay_component_status{component="target"}'
        shown = wait_for(lambda: (now := r.samples())[works] == 1 and now, "the target")
        self.assertGreaterEqual(shown[checks], before + 3)  # three good checks in a row, and not before
        self.wait_for_probe(r, 200, [])
        r.wait_until(counts_of(self.log))
        self.check_received(self.log)
        self.assertEqual(output.read_bytes(), self.target.received.read_bytes())
        self.check_pages(r, 200)
        self.check_parts(r, {})
        shown = r.samples()
        self.assertEqual(shown['relay_component_transitions_total{component="target",to="unhealthy"}'], 1)
        self.assertEqual(shown['relay_component_transitions_total{component="target",to="healthy"}'], 2)
        self.assertEqual(shown["relay_refused_transitions_total"], 0)
        self.assertEqual(relay.promtool_complaints(r.scrape()), "")
        self.assertEqual(r.stop(), 0)
        self.check_received(self.log)

    def test_refuses(self):
        self.target.start(status=503)
        self.write(events(0, 10))
        r = self.follow("--target", self.target.url)
        self.wait_for_probe(r, 503, ["delivery: bad_status"])
        self.check_pages(r, 503)
        self.check_parts(r, {"delivery": "unhealthy"})
        self.assertIn(f"cannot deliver: {self.target.url} answered with status 503; trying on\n", r.messages())
        self.target.kill()
        self.target.start()
        self.wait_for_probe(r, 200, [])
        r.wait_until(counts_of(self.log))
        self.check_received(self.log)

    def test_hangs(self):
        self.target.start()
        self.write(events(0, 10))
        r = self.follow("--target", self.target.url)
        r.wait_until(counts_of(self.log))
        self.target.halt()
        self.append(events(10, 20))
        self.wait_for_probe(r, 503, ["delivery: timeout"])
        self.check_parts(r, {"delivery": "unhealthy"})
        self.target.go_on()
        self.wait_for_probe(r, 200, [])
        r.wait_until(counts_of(self.log))
        # What it was sent before it hung may come twice, as nothing told the relay that it has arrived.
        self.assertEqual(list(dict.fromkeys(e["line"] for e in self.target.events())), lines_of(self.log.read_bytes()))

    def test_full_queue(self):
        """The reader waits and does not hang: it is not blamed."""
        self.write(SAMPLE.read_bytes() * 30)
        r = self.follow("--target", self.target.url)
        self.wait_for_probe(r, 503, ["target: connection_refused"])
        waited = 'relay_component_state_duration_seconds{component="queue"}'
        wait_for(lambda: (now := r.samples())['relay_component_status{component="queue"}'] == 0 and now[waited] > 7,
                 "a full queue for longer than the heartbeat may be missing")
        parts = self.check_parts(r, {p: "unhealthy" for p in ("target", "delivery", "queue")})
        self.assertEqual((parts["queue"]["reason"], parts["queue"]["cause"]), ("full", "target"))
        self.wait_for_probe(r, 503, ["target: connection_refused"])
        self.target.start()
        r.settle_at(counts_of(self.log))
        self.check_received(self.log)
        self.wait_for_probe(r, 200, [])
        self.check_parts(r, {})


class Inputs(TestCase):
    def test_without_a_target(self):
        self.write(SAMPLE.read_bytes())
        r = self.follow()
        document = self.wait_for_probe(r, 200, [])
        self.assertEqual((document["status"], document["service"]), ("ready", "relay"))
        self.check_pages(r, 200)
        self.check_parts(r, {})
        r.wait_until(counts_of(self.log))
        document = self.probe(r, "/status")[1]
        self.assertRegex(document["version"], r"^[0-9]+\.[0-9]+\.[0-9]+$")
        self.assertEqual(document["dependencies"],
                         {"input": [], "target": [], "delivery": ["target"], "queue": ["delivery"]})
        values = {f["name"]: f["series"][0]["value"] for f in document["metrics"]["families"]}
        self.assertEqual(values, {name: counts_of(self.log)[name] for name in
                                  ("relay_lines_total", "relay_delivered_events_total", "relay_queue_depth")})
        self.assertIn("/readyz  ", self.ask(r, "/")[1])

    def test_goes(self):
        """A relay without input is degraded, and goes on."""
        self.write(events(0, 10))
        r = self.follow()
        self.wait_for_probe(r, 200, [])
        old = self.log.rename(self.folder / "kept")
        self.wait_for_probe(r, 200, ["input: missing"])
        self.check_pages(r, 200)
        self.check_parts(r, {"input": "degraded"})
        self.assertEqual(r.samples()['relay_phase{relay_phase="degraded"}'], 1)
        self.log.mkdir()
        self.wait_for_probe(r, 200, ["input: unreadable"])
        self.assertGreater(r.samples()['relay_component_errors_total{component="input",type="unreadable"}'], 0)
        self.log.rmdir()
        self.write(events(20, 30))
        self.wait_for_probe(r, 200, [])
        r.settle_at(counts_of(old, self.log))
        self.check_parts(r, {})

    def test_reader_hangs(self):
        """In a message to a standard error that nobody reads: a pipe that is full."""
        self.write(events(0, 10))
        r = self.follow(kind=RelayWithPipe)
        self.wait_for_probe(r, 200, [])

        r.fill()
        old = self.log.rename(self.folder / "kept")
        self.log.mkdir()  # which it wants to complain of
        self.wait_for_probe(r, 503, ["input: heartbeat_missed"])
        live = self.ask(r, "/livez")[0]
        age = self.probe(r)[1]["components"]["input"]["heartbeat_age_seconds"]
        self.assertGreater(age, 5)
        self.assertTrue(live == 200 or age > 20, (live, age))
        self.check_parts(r, {"input": "unhealthy"})
        wait_for(lambda: self.ask(r, "/livez")[0] == 503, "the wish to be restarted")
        self.assertGreater(self.probe(r)[1]["components"]["input"]["heartbeat_age_seconds"], 20)
        self.check_pages(r, 503, live=503)
        self.assertEqual(self.ask(r, "/livez/delivery")[0], 200)
        self.assertEqual(self.ask(r, "/livez/input")[0], 503)

        self.log.rmdir()
        self.write(events(20, 30))
        self.assertIn("xxx", r.messages())
        self.wait_for_probe(r, 200, [])
        self.check_pages(r, 200)
        self.check_parts(r, {})
        r.settle_at(counts_of(old, self.log))
        shown = r.samples()
        self.assertEqual(shown['relay_component_transitions_total{component="input",to="unhealthy"}'], 1)
        self.assertEqual(shown['relay_component_transitions_total{component="input",to="healthy"}'], 2)
        self.assertEqual(r.stop(), 0)
        self.assertIn("Is a directory; trying on\n", r.messages())


class Ending(TestCase):
    def test_drains(self):
        """It is not ready at once, and all else goes on for the delay."""
        self.target.start()
        self.write(events(0, 10))
        r = self.follow("--target", self.target.url, "--drain", "10")
        self.wait_for_probe(r, 200, [])
        asked = time.monotonic()
        r.process.send_signal(signal.SIGTERM)
        document = self.wait_for_probe(r, 503, ["process: draining"])
        self.assertEqual((document["status"], document["live"], document["started"]), ("draining", True, True))
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
            r.process.send_signal(number)
        self.append(events(10, 20))
        r.wait_until(counts_of(self.log) | {'relay_phase{relay_phase="draining"}': 1})
        self.check_pages(r, 503)
        self.check_parts(r, {})
        self.check_received(self.log)
        self.append(events(20, 30) + event(30).rstrip())
        self.assertEqual(r.process.wait(relay.PATIENCE), 0)
        self.assertGreaterEqual(time.monotonic() - asked, 10)  # further signals do not shorten it
        self.check_received(self.log)
        self.assertIn("asked to end: going on for 10 s\n", r.messages())
        self.assertIn("stopped after 31 lines\n", r.messages())

    def test_signals_again_and_again(self):
        """To its very end."""
        self.write(SAMPLE.read_bytes())
        for _ in range(10):
            r = self.follow()
            self.wait_for_probe(r, 200, [])
            while r.process.poll() is None:
                r.process.send_signal(signal.SIGTERM)
                time.sleep(0.0002)
            self.assertEqual(r.process.returncode, 0)

    def check_in_vain(self, more, sample, least):
        """What cannot be delivered is counted and told, and nobody else is blamed meanwhile."""
        self.write(events(0, 10))
        self.target.start()
        r = self.follow("--target", self.target.url)
        r.wait_until(counts_of(self.log))
        self.target.kill()
        self.append(more)
        wait_for(lambda: r.samples()[sample] >= least, sample)
        r.process.send_signal(signal.SIGTERM)
        reasons = set()

        def ended():
            try:
                reasons.update(self.probe(r)[1]["reasons"])
            except subprocess.CalledProcessError:  # its server is gone
                pass
            return r.process.poll() is not None

        wait_for(ended, "the end")
        self.assertEqual(r.process.returncode, 1)
        self.assertEqual(reasons - {"delivery: connection_failed"}, {"process: draining", "target: connection_refused"})
        given_up = counts_of(self.log)["relay_delivered_events_total"] - 10
        self.assertIn(f"event_relay: {given_up} events could not be delivered to {self.target.url}\n", r.messages())
        self.assertEqual(len(self.target.events()), 10)

    def test_in_vain(self):
        self.check_in_vain(events(10, 110), "relay_lines_total", 110)

    def test_in_vain_with_a_full_queue(self):
        self.check_in_vain(SAMPLE.read_bytes() * 20, "relay_queue_full_waits_total", 1)


class Once(TestCase):
    def test_delivers(self):
        self.target.start()
        self.write(SAMPLE.read_bytes() * 20)
        output = self.folder / "output"
        done = self.run_relay("--once", self.log, "--target", self.target.url, "--output", output)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        exposition = done.stdout.decode()
        self.assertEqual(relay.promtool_complaints(exposition), "")
        shown = samples(exposition)
        self.assertEqual(relay.differences(shown, counts_of(self.log) | {"relay_undelivered_events_total": 0}), {})
        self.assertGreater(shown['relay_target_requests_total{outcome="ok"}'], 1)
        self.check_received(self.log)
        self.assertEqual(output.read_bytes(), self.target.received.read_bytes())

    def test_in_vain(self):
        self.write(SAMPLE.read_bytes() * 20)
        count = counts_of(self.log)["relay_delivered_events_total"]
        done = self.run_relay("--once", self.log, "--target", self.target.url)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.decode(), rf"\Aevent_relay: cannot deliver: .*Connection refused; trying on\n"
                         rf"event_relay: {count} events could not be delivered to .*\n\Z")
        wanted = {"relay_undelivered_events_total": count, "relay_delivered_events_total": 0, "relay_queue_depth": 0}
        self.assertEqual(relay.differences(samples(done.stdout.decode()), wanted), {})


class CommandLine(TestCase):
    def test_targets(self):
        for url in ("", "x", "127.0.0.1:80", "ftp://x/", "http://", "http:///x", "http://:80/", "http://a b/",
                    "http://a/\n", "http://a:0/", "http://u@a/", "http://[::1", "http://[::1]x/", "http://a]/",
                    "http://a/#b", "http://\xe4/"):
            self.fails(r'"(.|\n)*" is no target: write http://host:port/path; see --help', "--once", "--target", url,
                       status=2)
        self.fails('"x" is no port: .*', "--once", "--target", "http://a:x/", status=2)
        self.fails('"" is no port: .*', "--once", "--target", "http://a:/", status=2)
        self.fails("--target speaks plain HTTP: for https put a proxy in front of https://a/b; see --help", "--once",
                   "--target=https://a/b", status=2)

    def test_drain(self):
        for time_span in ("", "x", "-1", "1s", "nan", "inf", "1e9", "3601"):
            self.fails('".*" is no time: give seconds from 0 to 3600; see --help', "--drain", time_span, status=2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
