"""--once on good and hostile input: the counts are grep's, and promtool has nothing to say."""

import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import unittest

import relay
from relay import SAMPLE, counts_of, differences, event, promtool_complaints, samples


class Counts(relay.TestCase):
    def check(self, *paths):
        """Replays a file and compares; returns the events that were written."""
        output = self.folder / "events.json"
        output.unlink(missing_ok=True)
        done = self.run_relay("--once", *paths, "--output", output)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        exposition = done.stdout.decode()
        self.assertEqual(promtool_complaints(exposition), "")
        shown = samples(exposition)
        wanted = counts_of(*paths)
        wanted["relay_written_bytes_total"] = output.stat().st_size
        self.assertEqual(differences(shown, wanted), {})
        lines = output.read_bytes().splitlines()
        self.assertEqual(len(lines), wanted["relay_delivered_events_total"])
        return [json.loads(line) for line in lines]

    def check_content(self, content):
        return self.check(self.write(content))

    def test_sample(self):
        events = self.check(SAMPLE)
        self.assertGreater(len(events), 200)
        self.assertEqual({e["type"] for e in events}, set(relay.TYPES))
        with open(SAMPLE, "rb") as f:  # every line of the sample is an event
            self.assertEqual([e["line"] for e in events], f.read().decode().splitlines())
        lines = int(subprocess.run(["wc", "-l", SAMPLE], stdout=subprocess.PIPE, check=True).stdout.split()[0])
        self.assertEqual(len(events), lines)

    def test_default_input(self):
        done = self.run_relay("--once")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        shown = samples(done.stdout.decode())
        if not os.path.exists("/var/log/dpkg.log"):
            self.assertEqual(differences(shown, counts_of(SAMPLE)), {})
        self.assertGreater(shown["relay_lines_total"], 0)

    def test_empty(self):
        self.assertEqual(self.check_content(b""), [])
        self.assertEqual(self.check(pathlib.Path("/dev/null")), [])

    def test_no_last_newline(self):
        self.assertEqual(len(self.check_content(event(1) + event(2).rstrip())), 2)
        self.assertEqual(len(self.check_content(b"x")), 0)

    def test_newlines_alone(self):
        self.check_content(b"\n")
        self.check_content(b"\n" * 100_000)

    def test_carriage_returns(self):
        events = self.check_content(SAMPLE.read_bytes().replace(b"\n", b"\r\n"))
        self.assertTrue(all(e["line"].endswith("\r") for e in events))

    def test_almost_events(self):
        good = event(1).decode().rstrip()
        stamp, rest = good[:20], good[20:]
        almost = [" " + good, good[1:], stamp + " " + rest, stamp + rest.upper(), stamp + "install", stamp + "installed x",
                  stamp, stamp[:19], stamp.replace("-", "/") + rest, "202x" + good[4:], "\0" + good, stamp + "\0" + rest]
        self.assertEqual(self.check_content("\n".join(almost).encode()), [])
        self.assertEqual(len(self.check_content("\n".join([*almost, good, *almost]).encode())), 1)

    def test_pieces(self):
        """Lines of all lengths around the sizes in which the relay reads and keeps."""
        lines = [event(i).rstrip() + b"." * extra
                 for i, extra in enumerate([*range(300), *range(16_300, 16_400), *range(65_400, 65_600), 200_000])]
        events = self.check_content(b"\n".join(lines) + b"\n")
        self.assertEqual([e["line"].encode() for e in events], [line[:relay.KEPT] for line in lines])
        self.assertEqual([e.get("line_bytes") for e in events],
                         [len(line) if len(line) > relay.KEPT else None for line in lines])

    def test_line_of_10_megabytes(self):
        long = b"x" * 10_000_000
        self.check_content(long)
        self.check_content(event(1) + long + b"\n" + event(2))
        start = event(1).rstrip()
        events = self.check_content(event(0) + start + long + b"\n" + event(2) + start + long)
        self.assertEqual([len(e["line"]) for e in events], [len(event(0)) - 1, relay.KEPT, len(event(2)) - 1, relay.KEPT])
        self.assertEqual(events[1]["line_bytes"], len(start) + len(long))

    @unittest.skipIf(relay.SANITIZED, "sanitizers take memory of their own")
    def test_memory_is_bounded(self):
        path = self.folder / "log"
        with open(path, "wb") as f:
            f.write(event(1).rstrip())
            f.truncate(256 << 20)  # and as many NULs
        command = ["prlimit", f"--data={64 << 20}", relay.RELAY, "--once", path]
        done = subprocess.run(command, capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        wanted = {"relay_lines_total": 1, "relay_oversized_lines_total": 1, 'relay_events_total{type="install"}': 1}
        self.assertEqual(differences(samples(done.stdout.decode()), wanted), {})

    def test_binary(self):
        chance = random.Random(2026)
        self.check_content(chance.randbytes(3_000_000))
        noise = [chance.randbytes(chance.randrange(400)) for _ in range(4000)]
        self.check_content(b"\n".join(event(i).rstrip() + n if i % 3 else n for i, n in enumerate(noise)))
        self.check_content(b"\0" * 1_000_000 + b"\n" + event(1))

    def test_json_of_any_bytes(self):
        chance = random.Random(7)
        start = event(1).rstrip()
        tails = [bytes([b]) for b in range(256) if b != 10]
        tails += ['"\\/\b\f\r\t\x7f\u0080\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff'.encode()]
        tails += [b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\xf0\x9f\x98", b"\xff\xfe", b"\xc3"]
        tails += [chance.randbytes(200).replace(b"\n", b"") for _ in range(500)]
        lines = [start + tail for tail in tails]
        events = self.check_content(b"\n".join(lines))

        def plain(text):  # how many U+FFFD stand for a broken sequence is a matter of taste
            return re.sub("\ufffd+", "\ufffd", text)

        for line, e in zip(lines, events):
            self.assertEqual(plain(e["line"]), plain(line.decode(errors="replace")), line)
        subprocess.run([sys.executable, "-m", "json.tool", "--json-lines", self.folder / "events.json", "/dev/null"], check=True)

    def test_output_is_appended_to(self):
        path = self.write(event(1) + event(2))
        output = self.folder / "events.json"
        for times in (1, 2):
            self.assertEqual(self.run_relay("--once", path, f"--output={output}").returncode, 0)
            self.assertEqual(output.read_bytes().count(b"\n"), 2 * times)


class Errors(relay.TestCase):
    def test_missing(self):
        self.fails("cannot read .*/log: No such file or directory", "--once", self.log)
        self.fails("cannot read .*/log: No such file or directory", self.log, "--port", "0")
        self.fails("cannot read : No such file or directory", "")

    def test_directory(self):
        self.fails("cannot read .*: Is a directory", "--once", self.folder)

    def test_pipe(self):
        os.mkfifo(self.log)
        self.fails("cannot read .*/log: it is no regular file; .*", "--once", self.log)

    def test_no_permission(self):
        self.write(event(1)).chmod(0)
        if os.getuid() != 0:
            self.fails("cannot read .*/log: Permission denied", "--once", self.log)
        else:  # who may read everything asks as nobody
            self.folder.chmod(0o755)
            program = shutil.copy(relay.RELAY, self.folder)
            done = subprocess.run([program, "--once", self.log], user=65534, capture_output=True, check=False)
            self.assertEqual((done.returncode, done.stdout), (1, b""))
            self.assertRegex(done.stderr.decode(), r"\Aevent_relay: cannot read .*/log: Permission denied\n\Z")

    def test_command_line(self):
        self.fails("unknown option --twice; see --help", "--twice", status=2)
        self.fails("--port needs a value; see --help", "--port", status=2)
        self.fails("one INPUT at a time: got a and b; see --help", "a", "b", status=2)
        for port in ("65536", "-1", "x", "80x", ""):
            self.fails(f'"{port}" is no port: give a number from 0 to 65535; see --help', "--port", port, status=2)

    def test_help(self):
        done = self.run_relay("--help")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        for word in ("INPUT", "--output", "--address", "--port", "--once", "--help"):
            self.assertIn(word, done.stdout.decode())

    def test_output(self):
        self.write(event(1))
        self.fails("cannot write .*/none/events: No such file or directory", "--once", self.log, "--output",
                   self.folder / "none/events")
        self.fails("cannot write /dev/full: No space left on device", "--once", self.log, "--output", "/dev/full")
        self.fails("the output is the input: .*", "--once", self.log, "--output", self.log)
        self.assertEqual(self.log.read_bytes(), event(1))

    def test_standard_output(self):
        self.write(event(1))
        with open("/dev/full", "wb") as full:
            self.fails("cannot print the metrics", "--once", self.log, stdout=full)


if __name__ == "__main__":
    unittest.main(verbosity=2)
