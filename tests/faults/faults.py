"""A server under attack: see harness.TestCase for what must hold through each of these."""

import socket
import time
import unittest

import harness
from harness import Clients, MOST_CONNECTIONS, PROBE, SCRAPE, rest_of, reset, vanish

ONCE = b"GET /readyz?verbose HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nConnection: close\r\n\r\n"


def without_date(answer):
    return [line for line in answer.split(b"\r\n") if not line.startswith(b"Date: ")]


class Slow(harness.TestCase):
    def test_a_thousand_that_send_a_byte_a_second(self):
        with Clients() as clients:
            for _ in range(1000):
                clients.add(self.server.connect())
            for second in range(2 * harness.HEADER):
                for s in list(clients.answers):
                    clients.send(s, SCRAPE[second : second + 1])
                clients.receive(1)
            clients.receive(harness.PATIENCE)
            self.assertEqual(len(clients.ended), 1000)
            self.assertGreater(sum(a.startswith(b"HTTP/1.1 408 ") for a in clients.ended), 0)
        self.assertLess(self.watch.most_descriptors, len(self.descriptors) + MOST_CONNECTIONS + 3)


class Reset(harness.TestCase):
    memory = 16 * harness.CONNECTION + 1024 * 1024

    def test_ten_thousand_opened_and_reset(self):
        for i in range(10_000):
            s = self.server.connect()
            kind = i % 4
            if kind != 0:
                s.sendall((PROBE[:40], PROBE, SCRAPE)[kind - 1])
            if kind == 2:
                s.recv(1)
            reset(s)

    def test_while_answers_are_written(self):
        """SIGPIPE would end the program, which does not ignore it."""
        self.assertEqual(int(self.server.status("SigIgn"), 16) >> 12 & 1, 0)
        for _ in range(300):
            s = self.server.connect()
            s.sendall(20 * SCRAPE)
            s.recv(1)
            reset(s)


class Unread(harness.TestCase):
    # Of a client that never reads the server has an answer, in memory for twice as much at most.
    clients = 100

    @property
    def memory(self):
        return self.clients * (2 * len(self.page) + harness.CONNECTION) + 1024 * 1024

    def test_clients_that_never_read(self):
        all_of_them = [self.server.connect(receive_buffer=4096) for _ in range(self.clients)]
        for s in all_of_them:
            s.setblocking(False)
            try:
                s.sendall(100 * SCRAPE)
            except BlockingIOError:
                pass  # more than enough
        self.wait_for(lambda: len(self.server.descriptors()) > self.clients, "never had them all")
        self.wait_for(self.is_as_before, "who does not read is not closed")
        for s in all_of_them:
            s.close()


class HalfOpen(harness.TestCase):
    def test_peers_that_are_gone_and_said_nothing(self):
        for i in range(300):
            s = self.server.connect()
            s.sendall((b"", SCRAPE[:30])[i % 2])
            if not vanish(s):
                self.skipTest("needs the right to repair a connection (CAP_NET_ADMIN)")
        self.wait_for(lambda: len(self.server.descriptors()) > len(self.descriptors) + 250, "never had them all")

    def test_peers_that_keep_silent(self):
        silent = [self.server.connect() for _ in range(300)]
        self.assertEqual({rest_of(s) for s in silent}, {b""})
        for s in silent:
            s.close()

    def test_peers_that_have_ended_their_side(self):
        whole = without_date(self.server.ask(ONCE))
        for cut in (0, 1, 40, len(ONCE) - 1, len(ONCE)):
            with self.subTest(cut=cut), self.server.connect() as s:
                s.sendall(ONCE[:cut])
                s.shutdown(socket.SHUT_WR)
                self.assertEqual(without_date(rest_of(s)), whole if cut == len(ONCE) else [b""])


class Split(harness.TestCase):
    def test_at_every_byte(self):
        whole = without_date(self.server.ask(ONCE))
        cuts = range(1, len(ONCE))
        halves = [self.server.connect() for _ in cuts]
        for cut, s in zip(cuts, halves):
            s.sendall(ONCE[:cut])
        time.sleep(0.2)
        for cut, s in zip(cuts, halves):
            with self.subTest(cut=cut), s:
                s.sendall(ONCE[cut:])
                self.assertEqual(without_date(rest_of(s)), whole)

    def test_pipelined_and_split_at_every_byte(self):
        two = SCRAPE.replace(b"/metrics", b"/livez?verbose") + ONCE
        whole = without_date(self.server.ask(two))
        self.assertEqual(whole.count(b"HTTP/1.1 200 OK"), 1)  # the other one begins behind a body
        cuts = range(1, len(two))
        halves = [self.server.connect() for _ in cuts]
        for cut, s in zip(cuts, halves):
            s.sendall(two[:cut])
        time.sleep(0.2)
        for cut, s in zip(cuts, halves):
            with self.subTest(cut=cut), s:
                s.sendall(two[cut:])
                self.assertEqual(without_date(rest_of(s)), whole)


class Descriptors(harness.TestCase):
    def test_few_are_left(self):
        """Probes take the place of connections that wait."""
        before = self.server.limit_descriptors(max(self.descriptors) + 9)
        with Clients() as clients:
            for _ in range(200):
                clients.add(self.server.connect())  # the system accepts for it
            for _ in range(20):
                clients.receive(0.1)
                for s in list(clients.answers):
                    clients.send(s, b"G")
        self.server.limit_descriptors(before)

    def test_none_is_left(self):
        """What else is open in the program is not the server's: it has to do with one."""
        time.sleep(0.2)  # any probe's connection is closed by now: it is not there to be used again
        first_free = next(n for n in range(1024) if n not in self.descriptors)
        before = self.server.limit_descriptors(first_free)
        probes = len(self.watch.probes)
        time.sleep(3)
        self.assertGreater(len(self.watch.probes), probes + 2)
        self.server.limit_descriptors(before)


if __name__ == "__main__":
    unittest.main()
