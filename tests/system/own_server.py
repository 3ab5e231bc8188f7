"""The examples with servers of their own, as curl sees them: own_server.py PROGRAM..."""

import json
import subprocess
import sys
import unittest

PROGRAMS = sys.argv[1:]
BOUND = ["setpriv", "--pdeathsig", "KILL", "--"]  # starts a process that ends with this one, however that ends


def curl(url, *more):
    """Status, media type and body."""
    command = ["curl", "-sS", "--max-time", "60", "-w", "\n%{http_code} %{content_type}", *more, url]
    body, _, facts = subprocess.run(command, capture_output=True, check=True).stdout.decode().rpartition("\n")
    status, _, media_type = facts.partition(" ")
    return int(status), media_type, body


class Server(unittest.TestCase):
    def each(self):
        for path in PROGRAMS:
            with self.subTest(program=path), subprocess.Popen([*BOUND, path], stdout=subprocess.PIPE, text=True) as p:
                try:
                    yield p.stdout.readline().strip()
                finally:
                    p.kill()

    def test_both_are_there(self):
        self.assertEqual(len(PROGRAMS), 2)

    def test_its_own_page_counts(self):
        for url in self.each():
            self.assertEqual(curl(url + "/hello")[::2], (200, "hello\n"))
            status, media_type, page = curl(url + "/metrics")
            self.assertEqual((status, media_type), (200, "text/plain; version=0.0.4; charset=utf-8"))
            self.assertIn("\ngreetings_total 1\n", page)

    def test_formats_and_codings(self):
        for url in self.each():
            wants = ("--compressed", "-H", "Accept: application/openmetrics-text")
            status, media_type, page = curl(url + "/metrics", *wants)
            self.assertEqual((status, media_type), (200, "application/openmetrics-text; version=1.0.0; charset=utf-8"))
            self.assertTrue(page.endswith("# EOF\n"))

    def test_one_of_them_compresses(self):
        heads = [curl(url + "/metrics", "-I", "-H", "Accept-Encoding: gzip")[2] for url in self.each()]
        self.assertEqual(["Content-Encoding: gzip" in head for head in heads], [False, True])

    def test_health(self):
        for url in self.each():
            status, media_type, body = curl(url + "/readyz")
            self.assertEqual((status, media_type), (200, "application/json"))
            self.assertEqual(json.loads(body)["service"], "greeter")

    def test_head_has_no_body(self):
        for url in self.each():
            status, _, head = curl(url + "/metrics", "-I")
            self.assertEqual(status, 200)
            self.assertRegex(head, r"\r\nContent-Length: [1-9][0-9]+\r\n")
            self.assertTrue(head.endswith("\r\n\r\n"))

    def test_what_is_not_there(self):
        for url in self.each():
            self.assertEqual(curl(url + "/nothing")[0], 404)
            status, _, answer = curl(url + "/metrics", "-X", "POST", "-i")
            self.assertEqual(status, 405)
            self.assertIn("Allow: GET, HEAD, OPTIONS\r\n", answer)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
