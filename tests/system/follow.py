"""Following a log through all that happens to logs: the counts at /metrics are grep's, and no event is lost."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time
import unittest

import relay
from relay import SAMPLE, counts_of, event, wait_for

ROTATED = 'relay_input_changes_total{change="rotated"}'
TRUNCATED = 'relay_input_changes_total{change="truncated"}'


def events(first, last):
    return b"".join(map(event, range(first, last)))


class Growing(relay.TestCase):
    def test_append(self):
        self.write(b"")
        r = self.follow()
        r.wait_until(counts_of(self.log))
        for i in range(20):
            self.append(event(i))
        r.wait_until(counts_of(self.log))
        self.append(SAMPLE.read_bytes() + b"no event\n\n")
        r.settle_at(counts_of(self.log) | {ROTATED: 0, TRUNCATED: 0, "relay_input_present": 1})
        self.assertEqual(relay.promtool_complaints(r.scrape()), "")

    def test_line_in_pieces(self):
        self.write(event(1))
        r = self.follow()
        for piece in (event(2)[:30], event(2)[30:-1]):
            self.append(piece)
            wanted = {"relay_lines_total": 1, "relay_read_bytes_total": self.log.stat().st_size}
            r.settle_at(wanted)
        self.append(b"\n")
        r.settle_at(counts_of(self.log))

    def test_line_of_10_megabytes(self):
        self.write(event(1))
        r = self.follow()
        start = event(2).rstrip()
        self.append(start)
        for _ in range(10):
            self.append(b"x" * 1_000_000)
        r.wait_until({"relay_lines_total": 1, "relay_read_bytes_total": self.log.stat().st_size})
        self.append(b"\n" + event(3))
        r.settle_at(counts_of(self.log) | {"relay_oversized_lines_total": 1})


class Truncated(relay.TestCase):
    def cut(self, before, after, **how):
        """One content after another in the same file."""
        old = self.write(before, "old")
        new = self.write(after, "new")
        self.write(before)
        r = self.follow(**how)
        finished = counts_of(old)
        unfinished = not before.endswith(b"\n")
        r.wait_until({"relay_read_bytes_total": len(before), "relay_lines_total": finished["relay_lines_total"] - unfinished})
        self.write(after)  # truncates and writes at once
        r.settle_at(counts_of(old, new) | {TRUNCATED: 1, ROTATED: 0})

    def test_to_less(self):
        self.cut(events(0, 1000), events(1000, 1010))

    def test_to_more(self):
        self.cut(events(0, 10), events(10, 1000))

    def test_to_as_much(self):
        self.cut(events(100, 200), events(200, 300))

    def test_to_nothing(self):
        self.cut(events(0, 10), b"")

    def test_in_the_middle_of_a_line(self):
        self.cut(events(0, 10) + event(11).rstrip(), events(20, 30))
        self.cut(events(0, 10) + event(11)[:8], events(20, 300))

    def test_of_large_files(self):
        self.cut(SAMPLE.read_bytes() * 30, b"x\n" + SAMPLE.read_bytes() * 31)

    def test_again_and_again(self):
        self.write(b"")
        r = self.follow()
        parts = []
        for i in range(10):
            parts.append(self.write(events(i * 100, i * 100 + 1 + i), f"part{i}"))
            self.write(parts[-1].read_bytes())
            r.wait_until(counts_of(*parts))
        r.settle_at(counts_of(*parts) | {TRUNCATED: len(parts) - 1})

    def test_copy_and_truncate(self):
        """As logrotate's copytruncate does, under a writer that appends."""
        with open(self.log, "ab", buffering=0) as writer:
            writer.write(events(0, 50) + event(50)[:20])
            r = self.follow()
            r.wait_until({"relay_read_bytes_total": self.log.stat().st_size})
            copy = shutil.copy(self.log, self.folder / "log.1")
            os.truncate(self.log, 0)
            writer.write(event(50)[20:] + events(51, 60))
            r.settle_at(counts_of(copy, self.log) | {TRUNCATED: 1})

    def test_hole(self):
        """A writer that does not append goes on at its old place, behind NULs."""
        with open(self.log, "wb", buffering=0) as writer:
            writer.write(events(0, 50))
            r = self.follow()
            r.wait_until(counts_of(self.log))
            copy = shutil.copy(self.log, self.folder / "log.1")
            os.truncate(self.log, 0)
            writer.write(events(51, 60))
            r.settle_at(counts_of(copy, self.log) | {TRUNCATED: 1, "relay_unmatched_lines_total": 1})


class Rotated(relay.TestCase):
    def test_by_rename(self):
        self.write(events(0, 10))
        r = self.follow()
        r.wait_until(counts_of(self.log))
        old = self.log.rename(self.folder / "log.1")
        self.write(events(10, 30))
        r.settle_at(counts_of(old, self.log) | {ROTATED: 1, TRUNCATED: 0})

    def test_at_once(self):
        """What was written just before is not lost, nor what follows the last newline."""
        self.write(b"")
        r = self.follow()
        old = []
        for i in range(5):
            self.append(SAMPLE.read_bytes() + event(i).rstrip())
            old.append(self.log.rename(self.folder / f"log.{i}"))
            self.write(SAMPLE.read_bytes())
            r.wait_until({ROTATED: i + 1})
        r.settle_at(counts_of(*old, self.log) | {TRUNCATED: 0})

    def test_under_a_slow_writer(self):
        """A writer goes on in the old file until it is told to open the new one."""
        with open(self.log, "ab", buffering=0) as writer:
            writer.write(events(0, 10) + event(10)[:9])
            r = self.follow()
            old = self.log.rename(self.folder / "log.1")
            self.write(events(20, 30))
            writer.write(event(10)[9:] + events(11, 15))
            r.wait_until({ROTATED: 1, "relay_lines_total": 25})
            self.append(events(30, 40))
            writer.write(events(15, 20) + event(0)[:-1])
            r.settle_at(counts_of(old, self.log) | {ROTATED: 1})

    def test_long_after_the_last_line(self):
        """An old file that was quiet before its rotation is still read after it."""
        with open(self.log, "ab", buffering=0) as writer:
            writer.write(events(0, 10))
            r = self.follow()
            r.settle_at(counts_of(self.log))
            old = self.log.rename(self.folder / "log.1")
            self.write(b"")
            r.wait_until({ROTATED: 1})
            writer.write(event(10))
            r.settle_at(counts_of(old, self.log))

    def test_away_for_a_while(self):
        self.write(events(0, 10))
        r = self.follow()
        r.wait_until(counts_of(self.log))
        old = self.log.rename(self.folder / "kept")
        r.wait_until({"relay_input_present": 0})
        self.append(events(10, 12), "kept")  # the name is gone, the file is not
        r.settle_at(counts_of(old))
        self.write(events(20, 30))
        r.settle_at(counts_of(old, self.log) | {"relay_input_present": 1, ROTATED: 1})

    def test_deleted_and_made_anew(self):
        content = events(0, 10)
        old = self.write(content, "copy")
        self.write(content)
        r = self.follow()
        r.wait_until(counts_of(old))
        for i in range(3):
            self.log.unlink()
            r.wait_until({"relay_input_present": 0, ROTATED: i})
            self.write(content)  # the same bytes: a new file all the same
            r.settle_at(counts_of(*[old] * (i + 1), self.log) | {ROTATED: i + 1, TRUNCATED: 0})

    def test_replaced_by_something_unreadable(self):
        self.write(events(0, 10))
        r = self.follow()
        r.wait_until(counts_of(self.log))
        old = self.log.rename(self.folder / "kept")
        self.log.mkdir()
        wait_for(lambda: r.samples()["relay_input_errors_total"] > 2, "errors")
        self.assertEqual(r.messages().count("Is a directory"), 1)
        self.log.rmdir()
        self.write(events(20, 30))
        r.settle_at(counts_of(old, self.log) | {ROTATED: 1})

    def test_link_to_another_file(self):
        first = self.write(events(0, 10), "first")
        second = self.write(events(10, 15), "second")
        self.log.symlink_to(first)
        r = self.follow()
        r.wait_until(counts_of(first))
        (self.folder / "link").symlink_to(second)
        (self.folder / "link").rename(self.log)
        r.settle_at(counts_of(first, second) | {ROTATED: 1})


class Ending(relay.TestCase):
    def check_end(self, number):
        """All that was written before the signal comes out, the unfinished line too."""
        self.write(events(0, 10))
        output = self.folder / "events.json"
        r = self.follow("--output", output)
        r.wait_until(counts_of(self.log))
        self.append(SAMPLE.read_bytes() * 20 + event(1).rstrip())
        self.assertEqual(r.stop(number), 0)
        wanted = counts_of(self.log)
        lines = output.read_bytes().splitlines()
        self.assertEqual(len(lines), wanted["relay_delivered_events_total"])
        types = [json.loads(line)["type"] for line in lines]
        for t in relay.TYPES:
            self.assertEqual(types.count(t), wanted[f'relay_events_total{{type="{t}"}}'])
        self.assertIn(f'stopped after {wanted["relay_lines_total"]} lines\n', r.messages())

    def test_sigterm(self):
        self.check_end(signal.SIGTERM)

    def test_sigint(self):
        self.check_end(signal.SIGINT)

    def test_just_rotated(self):
        self.write(events(0, 10))
        output = self.folder / "events.json"
        r = self.follow("--output", output)
        r.wait_until(counts_of(self.log))
        self.append(event(10).rstrip())
        old = self.log.rename(self.folder / "log.1")
        self.write(events(20, 25))
        self.assertEqual(r.stop(), 0)
        self.assertEqual(output.read_bytes().count(b"\n"), counts_of(old, self.log)["relay_delivered_events_total"])

    def test_just_truncated(self):
        self.write(events(0, 10))
        output = self.folder / "events.json"
        r = self.follow("--output", output)
        r.wait_until(counts_of(self.log))
        self.write(events(20, 25))
        self.assertEqual(r.stop(), 0)
        self.assertEqual(output.read_bytes().count(b"\n"), 15)

    def test_slow_output(self):
        """The queue fills, the reader waits, nothing is lost."""
        self.write(SAMPLE.read_bytes() * 30)
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        end = os.open(pipe, os.O_RDWR)
        self.addCleanup(os.close, end)
        r = self.follow("--output", pipe)
        wait_for(lambda: (r.samples()["relay_queue_full_waits_total"] >= 1 and
                          r.samples()["relay_queue_depth"] > r.samples()["relay_queue_capacity"]), "a full queue")
        time.sleep(1)  # time enough to go past the limit: a full queue, as much under delivery, one that waits
        shown = r.samples()
        self.assertLessEqual(shown["relay_queue_depth"], 2 * shown["relay_queue_capacity"] + 1)
        self.assertEqual(relay.promtool_complaints(r.scrape()), "")
        with open(self.folder / "events.json", "wb") as kept, \
                subprocess.Popen(["cat", pipe], stdout=kept) as reader:
            try:
                r.settle_at(counts_of(self.log))
                self.assertEqual(r.stop(), 0)
                wanted = counts_of(self.log)["relay_delivered_events_total"]
                wait_for(lambda: (self.folder / "events.json").read_bytes().count(b"\n") == wanted, "all events")
            finally:
                reader.terminate()

    def test_output_fails(self):
        self.write(b"")
        r = self.follow("--output", "/dev/full")
        self.write(events(0, 10))
        r.process.wait(relay.PATIENCE)
        self.assertEqual(r.process.returncode, 1)
        self.assertIn("event_relay: cannot write /dev/full: No space left on device\n", r.messages())


class Serving(relay.TestCase):
    def test_port_in_use(self):
        self.write(events(0, 10))
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            self.fails(rf"cannot serve on http://127\.0\.0\.1:{port}/metrics: Address already in use; choose another --port .*",
                       self.log, "--port", port)

    def test_port_of_another_relay(self):
        self.write(events(0, 10))
        first = self.follow()
        port = first.url.split(":")[2].split("/")[0]
        self.fails(r"cannot serve on .*: Address already in use; .*", self.log, "--port", port)
        first.settle_at(counts_of(self.log))

    def test_no_address(self):
        self.write(b"")
        self.fails(r"cannot serve on http://localhost:0/metrics: Invalid argument; .* --address", self.log, "--port", "0",
                   "--address", "localhost")

    def test_address_of_version_6(self):
        if not pathlib.Path("/proc/net/if_inet6").exists() or "lo" not in pathlib.Path("/proc/net/if_inet6").read_text():
            self.skipTest("no IPv6 here")
        self.write(events(0, 10))
        r = self.follow("--address", "::1")
        self.assertRegex(r.url, r"^http://\[::1\]:[0-9]+/metrics$")
        r.wait_until(counts_of(self.log))


if __name__ == "__main__":
    unittest.main(verbosity=2)
