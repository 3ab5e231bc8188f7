"""event_relay as its users run it, and what grep counts in the same files."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

RELAY = os.environ["EVENT_RELAY"]
SANITIZED = os.environ.get("VITALS_SANITIZED") == "1"
SAMPLE = pathlib.Path(__file__).parents[2] / "examples/event_relay/sample_dpkg.log"
TYPES = "startup install upgrade configure trigproc disappear remove purge status conffile".split()
STAMP = "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"
KEPT = 16 * 1024  # bytes of a line
BOUND = ["setpriv", "--pdeathsig", "KILL", "--"]  # starts a process that ends with this one, however that ends
PATIENCE = 60  # seconds to wait for what must come; long, as sanitizers are slow

for tool, package in {"curl": "curl", "promtool": "prometheus"}.items():
    if shutil.which(tool) is None:
        raise SystemExit(f"{tool} is missing: apt-get install {package}")


def event(number, kind="install"):
    """A line of dpkg's log."""
    return f"2026-01-02 03:04:05 {kind} package-{number}:amd64 <none> {number}\n".encode()


def grep(pattern, paths):
    """How many lines of all files match; grep counts what follows the last newline too."""
    command = ["grep", "-a", "-h", "-c", "-E", "-e", pattern, "--", *map(str, paths)]
    done = subprocess.run(command, stdout=subprocess.PIPE, env={**os.environ, "LC_ALL": "C"}, check=False)
    assert done.returncode < 2, command
    return sum(map(int, done.stdout.split()))


def counts_of(*paths):
    """The samples that a relay shows once it has read these files."""
    counts = {f'relay_events_total{{type="{t}"}}': grep(f"^{STAMP} {t} ", paths) for t in TYPES}
    matched = sum(counts.values())
    all_lines = grep("", paths)
    counts["relay_lines_total"] = all_lines
    counts["relay_line_size_bytes_count"] = all_lines
    counts["relay_parse_duration_seconds_count"] = all_lines
    counts["relay_unmatched_lines_total"] = all_lines - matched
    counts["relay_delivered_events_total"] = matched
    counts["relay_delivery_duration_seconds_count"] = matched
    counts["relay_queue_depth"] = 0
    counts["relay_oversized_lines_total"] = sum(
        len(line) > KEPT for path in paths for line in pathlib.Path(path).read_bytes().split(b"\n"))
    counts["relay_read_bytes_total"] = sum(os.stat(path).st_size for path in paths)
    return counts


def samples(exposition):
    """The samples of an exposition by their names and labels."""
    found = {}
    for line in exposition.splitlines():
        if not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            found[name] = float(value)
    return found


def differences(found, wanted):
    return {name: (found.get(name), value) for name, value in wanted.items() if found.get(name) != value}


def wait_for(condition, what):
    """Waits until the condition holds and returns what it returned."""
    deadline = time.monotonic() + PATIENCE
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {PATIENCE} s in vain for {what}")
        time.sleep(0.05)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def promtool_complaints(exposition):
    """What promtool says of an exposition: nothing, if it is good."""
    done = subprocess.run(["promtool", "check", "metrics"], input=exposition.encode(), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    return (done.stdout.decode() or f"exit status {done.returncode}") if done.stdout or done.returncode else ""


class Relay:
    """A relay that follows a log, on a port of its own."""

    def __init__(self, log, *arguments):
        self.messages_path = pathlib.Path(f"{log}.messages")
        with self.open_messages() as messages:
            self.process = subprocess.Popen([*BOUND, RELAY, str(log), "--port", "0", "--drain", "0", *map(str, arguments)],
                                            stdout=subprocess.PIPE, stderr=messages)
        try:
            self.url = wait_for(self._served_url, "the relay to serve")
        except BaseException:
            self.kill()
            raise

    def open_messages(self):
        return open(self.messages_path, "wb")

    def _served_url(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the relay ended with {self.process.returncode}: {self.messages()}")
        found = re.search(r"metrics at (http://\S+)\n", self.messages())
        return found and found[1]

    def messages(self):
        return self.messages_path.read_text()

    def scrape(self):
        return subprocess.run(["curl", "-sS", "--fail", "--noproxy", "*", "--max-time", str(PATIENCE), self.url], check=True,
                              stdout=subprocess.PIPE).stdout.decode()

    def samples(self):
        return samples(self.scrape())

    def wait_until(self, wanted):
        """Waits until these samples are shown. Fails with the differences."""
        last = {}

        def reached():
            last.update(differences=differences(self.samples(), wanted))
            return not last["differences"]

        try:
            wait_for(reached, "these samples")
        except AssertionError as error:
            raise AssertionError(f"{error}: (shown, wanted) {last['differences']}; {self.messages()}") from None

    def settle_at(self, wanted):
        """Waits until these samples are shown, and looks whether it stays so: nothing may be counted twice later."""
        self.wait_until(wanted)
        time.sleep(1.5)  # a rotated file's last line is finished after a second
        self.wait_until(wanted)

    def stop(self, number=signal.SIGTERM):
        """Asks the relay to end. Returns its exit status."""
        self.process.send_signal(number)
        out, _ = self.process.communicate(timeout=PATIENCE)
        assert out == b"", out
        return self.process.returncode

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        assert "Sanitizer" not in self.messages(), self.messages()


class TestCase(unittest.TestCase):
    """A test with a folder of its own, and relays that end with it."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="event_relay."))
        self.addCleanup(shutil.rmtree, self.folder)
        self.log = self.folder / "log"

    def write(self, content, name="log"):
        path = self.folder / name
        path.write_bytes(content)
        return path

    def append(self, content, name="log"):
        with open(self.folder / name, "ab") as f:
            f.write(content)

    def follow(self, *arguments, kind=Relay):
        relay = kind(self.log, *arguments)
        self.addCleanup(relay.kill)
        return relay

    def run_relay(self, *arguments, **how):
        """Runs a relay that ends by itself."""
        how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "timeout": 10 * PATIENCE, "check": False, **how}
        return subprocess.run([RELAY, *map(str, arguments)], **how)

    def fails(self, message, *arguments, status=1, **how):
        """Runs a relay that must fail with one line that matches, and print nothing."""
        done = self.run_relay(*arguments, **how)
        said = done.stderr.decode()
        self.assertEqual(done.returncode, status, said)
        self.assertFalse(done.stdout)
        self.assertRegex(said, rf"\Aevent_relay: {message}\n\Z")
