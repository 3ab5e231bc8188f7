"""A server that takes the events which a relay posts. As a program: target.py PORT FILE STATUS appends them to FILE,
and answers with STATUS; those that it does not answer with 200 it forgets."""

import http.server
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys


class Target:
    """Such a server, to be started and killed. Its port is its own, in between too."""

    def __init__(self, folder):
        self.received = folder / "received"
        self.received.touch()
        self.process = None
        self.reserved = socket.socket()  # it does not listen: who connects is refused
        self.reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.reserved.bind(("127.0.0.1", 0))
        self.port = self.reserved.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/events?of=relay"

    def start(self, status=200):
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", sys.executable, "-B", __file__, str(self.port), self.received,
             str(status)], stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b"listening\n"

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def halt(self):
        """Connections are still made, and nobody answers."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def close(self):
        self.kill()
        self.reserved.close()

    def events(self):
        return [json.loads(line) for line in self.received.read_bytes().splitlines()]


class Handler(http.server.BaseHTTPRequestHandler):
    received = pathlib.Path()
    status = 200

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        good = self.headers["Content-Type"] == "application/x-ndjson" and self.path == "/events?of=relay"
        if good and self.status == 200:
            descriptor = os.open(self.received, os.O_WRONLY | os.O_APPEND)
            assert os.write(descriptor, body) == len(body)
            os.close(descriptor)
        self.send_response(self.status if good else 400)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"done\n")

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 1024  # while it is halted

    def server_bind(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()

    def handle_error(self, request, client_address):
        pass  # a relay that has waited long enough goes away


def main():
    port, Handler.received, status = sys.argv[1:]
    Handler.status = int(status)
    with Server(("127.0.0.1", int(port)), Handler) as server:
        print("listening", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
