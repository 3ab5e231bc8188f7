"""The attacked program, and who watches it."""

import os
import resource
import selectors
import socket
import struct
import subprocess
import threading
import time
import unittest

PROGRAM = os.environ["FAULT_SERVER"]
SANITIZED = os.environ.get("VITALS_SANITIZED") == "1"

BOUND = ["setpriv", "--pdeathsig", "KILL", "--"]  # starts a process that ends with this one, however that ends
IDLE, HEADER, WRITE = 6, 4, 4  # seconds
MOST_CONNECTIONS = 512  # the default
# What a connection may keep: the bytes of a request's head (8 KiB), and as much again for all else of it.
CONNECTION = 16 * 1024
MOST_QUEUED = 512 * 1024  # bytes that the system may keep for a peer to take
PATIENCE = 60  # seconds, for what must come but has no time of its own

PROBE = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nUser-Agent: probe\r\nConnection: close\r\n\r\n"
SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain;version=0.0.4\r\n\r\n"


class Server:
    def __init__(self):
        self.process = subprocess.Popen(
            [*BOUND, PROGRAM, *(str(1000 * seconds) for seconds in (IDLE, HEADER, WRITE))], stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())
        self.pid = self.process.pid

    def descriptors(self):
        return {int(name) for name in os.listdir(f"/proc/{self.pid}/fd")}

    def status(self, field):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as lines:
            return next(line.split()[1] for line in lines if line.startswith(field + ":"))

    def memory(self):
        """Bytes that it has for itself."""
        return 1024 * int(self.status("RssAnon"))

    def most_queued(self):
        """Bytes that the system keeps for a peer to take, of the connection that has most."""
        with open("/proc/net/tcp", encoding="ascii") as lines:
            rows = [line.split() for line in lines][1:]
        ours = (r for r in rows if int(r[1].split(":")[1], 16) == self.port)
        return max((int(r[4].split(":")[0], 16) for r in ours), default=0)

    def limit_descriptors(self, limit):
        """Lowers or raises its limit; the one before."""
        soft, hard = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (limit, hard))
        return soft

    def stop(self):
        self.process.terminate()
        code = self.process.wait(PATIENCE)
        self.process.stdout.close()
        return code

    def connect(self, receive_buffer=None):
        s = socket.socket()
        s.settimeout(PATIENCE)
        if receive_buffer is not None:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        s.connect(("127.0.0.1", self.port))
        return s

    def ask(self, request):
        with self.connect() as s:
            s.sendall(request)
            return rest_of(s)


def rest_of(s):
    """All until the server closes, by a reset too."""
    parts = []
    try:
        while part := s.recv(65536):
            parts.append(part)
    except ConnectionError:
        pass
    return b"".join(parts)


def reset(s):
    """Closes with RST in place of FIN."""
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def vanish(s):
    """Closes and tells the server nothing, as a peer does whose cable is cut. Without the right to do that, false."""
    tcp_repair = 19
    try:
        s.setsockopt(socket.IPPROTO_TCP, tcp_repair, 1)
    except PermissionError:
        return False
    s.close()
    return True


class Clients:
    """Many connections at once, by one thread."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.answers = {}  # by socket, while it is open
        self.ended = []  # the answers of those that the server closed

    def add(self, s):
        s.setblocking(False)
        self.answers[s] = b""
        self.selector.register(s, selectors.EVENT_READ)

    def send(self, s, data):
        """As much as goes."""
        try:
            s.send(data)
        except OSError:
            pass  # closed: it will be read

    def receive(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and self.answers:
            for key, _ in self.selector.select(left):
                s = key.fileobj
                try:
                    part = s.recv(65536)
                except BlockingIOError:
                    continue
                except ConnectionError:
                    part = b""
                self.answers[s] += part
                if not part:
                    self.ended.append(self.answers[s])
                    self.close(s)

    def close(self, s):
        self.selector.unregister(s)
        del self.answers[s]
        s.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for s in list(self.answers):
            self.close(s)
        self.selector.close()


class Watch:
    """Probes a server twenty times a second, each time over a connection of its own, and looks at its memory.

    A probe has a second, five with a sanitizer. A machine with other work may let nobody run for a while; so a thread
    that only sleeps tells how much later than due it came to run, and a probe has that much longer. On a machine that
    is not busy this is next to nothing."""

    PROBE_SECONDS = 5 if SANITIZED else 1
    SLEEP = 0.01

    def __init__(self, server):
        self.server = server
        self.probes = []  # (seconds, seconds that it may take, what was wrong)
        self.most_memory = 0
        self.most_descriptors = 0
        self.most_queued = 0
        self.late = 0.0
        self.due = time.monotonic()
        self.done = threading.Event()
        self.threads = [threading.Thread(target=run) for run in (self.sleep, self.probe, self.look)]

    def lateness(self):
        return self.late + max(0.0, time.monotonic() - self.due)

    def sleep(self):
        self.due = time.monotonic() + self.SLEEP
        while not self.done.wait(max(0.0, self.due - time.monotonic())):
            now = time.monotonic()
            self.late += max(0.0, now - self.due)
            self.due = now + self.SLEEP

    def probe(self):
        while not self.done.wait(0.05):
            late, begin = self.lateness(), time.monotonic()
            try:
                answer = self.server.ask(PROBE)
                wrong = "" if answer.startswith(b"HTTP/1.1 200 OK\r\n") else f"answered {answer[:80]!r}"
            except OSError as error:
                wrong = f"got {error!r}"
            self.probes.append((time.monotonic() - begin, self.PROBE_SECONDS + self.lateness() - late, wrong))

    def look(self):
        while not self.done.wait(0.1):
            self.most_memory = max(self.most_memory, self.server.memory())
            self.most_descriptors = max(self.most_descriptors, len(self.server.descriptors()))
            self.most_queued = max(self.most_queued, self.server.most_queued())

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        for t in self.threads:
            t.join()


class TestCase(unittest.TestCase):
    """One server for each test. At its end the server has as many descriptors as before, it had no more memory than
    `memory` says, every probe was answered in time, and SIGTERM ends it properly."""

    memory = MOST_CONNECTIONS * CONNECTION

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.process.kill)
        self.descriptors = self.server.descriptors()
        for _ in range(3):  # what is made at first use
            self.page = self.server.ask(SCRAPE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            self.server.ask(PROBE)
        self.memory_before = self.server.memory()
        self.watch = Watch(self.server)
        self.watch.__enter__()

    def tearDown(self):
        try:
            self.wait_for(self.is_as_before, "descriptors are still open")
            probes = len(self.watch.probes)
            self.wait_for(lambda: len(self.watch.probes) > probes + 1, "probes are not answered")
        finally:
            self.watch.__exit__()
        wrong = [p for p in self.watch.probes if p[2]]
        late = [p for p in self.watch.probes if p[0] > p[1]]
        taken = self.watch.most_memory - self.memory_before
        slowest = max(p[0] for p in self.watch.probes)
        print(f"{self.id()}: {len(self.watch.probes)} probes, the slowest {slowest * 1000:.1f} ms, "
              f"a thread that sleeps was late by {self.watch.late:.2f} s in all; "
              f"{taken / 1024:.0f} of {self.memory / 1024:.0f} KiB; {self.watch.most_descriptors} descriptors and "
              f"{self.watch.most_queued / 1024:.0f} KiB queued at most", flush=True)
        self.assertEqual(wrong, [])
        self.assertEqual(late, [])
        self.assertLess(self.watch.most_queued, MOST_QUEUED)
        if not SANITIZED:  # a sanitizer keeps what was freed
            self.assertLess(taken, self.memory)
        self.assertEqual(self.server.stop(), 0)

    def is_as_before(self):
        """But for a probe's connection, which may be open at any time."""
        now = self.server.descriptors()
        return now >= self.descriptors and len(now - self.descriptors) <= 1

    def wait_for(self, done, otherwise):
        end = time.monotonic() + PATIENCE
        while not done():
            self.assertLess(time.monotonic(), end, otherwise)
            time.sleep(0.05)
