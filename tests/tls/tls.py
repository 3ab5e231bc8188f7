"""A server over TLS, asked by curl, by a real Prometheus, and by sockets that misbehave."""

import http.client
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse
import urllib.request

SERVED = os.environ["TLS_SERVED"]
PATIENCE = 120
for program in ("openssl", "curl", "prometheus"):
    if shutil.which(program) is None:
        raise SystemExit(f"{program} is missing: apt-get install {program}")


def wait_for(what, condition):
    end = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.1)


def openssl(*arguments, **more):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, text=True, **more).stdout


def make_authority(folder, name="ca"):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            f"/CN={name}", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt")


def make_certificate(folder, name, common_name, authority="ca"):
    """Writes name.crt and name.key, each whole at once."""
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={common_name}",
            "-keyout", folder / "new.key", "-out", folder / "new.csr")
    (folder / "new.ext").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    openssl("x509", "-req", "-in", folder / "new.csr", "-CA", folder / f"{authority}.crt", "-CAkey",
            folder / f"{authority}.key", "-CAcreateserial", "-days", "2", "-extfile", folder / "new.ext", "-out",
            folder / "new.crt")
    (folder / "new.key").chmod(0o600)
    (folder / "new.key").rename(folder / f"{name}.key")
    (folder / "new.crt").rename(folder / f"{name}.crt")


class Served:
    def __init__(self, folder, how, password="open sesame"):
        self.process = subprocess.Popen([SERVED, folder, how], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.tell(openssl("passwd", "-6", password).strip())
        first = wait_for("the server", lambda: next(
            (l for l in self.lines if l.startswith(("port ", "error: "))), None))
        self.error = first if first.startswith("error") else ""
        self.port = 0 if self.error else int(first.split()[1])

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def stop(self):
        self.process.stdin.close()
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.end()

    def end(self):
        self.process.stdin.close()
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()


class Case(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        make_authority(self.folder)
        make_certificate(self.folder, "tls", "first")
        self.write_token("token-1")

    def write_token(self, token, mode=0o600):
        (self.folder / "new").write_text(token + "\n")
        (self.folder / "new").chmod(mode)
        (self.folder / "new").rename(self.folder / "token")

    def serve(self, how="threads"):
        served = Served(self.folder, how)
        self.addCleanup(served.end)
        return served

    def curl(self, served, path, *arguments):
        """The status; 0 where there was no answer."""
        done = subprocess.run(
            ["curl", "--noproxy", "*", "-s", "-o", self.folder / "body", "-w", "%{http_code}", "--cacert",
             self.folder / "ca.crt", *arguments, f"https://127.0.0.1:{served.port}{path}"],
            capture_output=True, text=True, check=False)
        return int(done.stdout or 0)

    def name_of(self, served):
        """The common name of the certificate that the server shows now."""
        context = ssl.create_default_context(cafile=self.folder / "ca.crt")
        with socket.create_connection(("127.0.0.1", served.port), PATIENCE) as plain:
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as s:
                return dict(pair for [pair] in s.getpeercert()["subject"])["commonName"]


class Curl(Case):
    def test_access(self):
        served = self.serve()
        self.assertEqual(served.error, "")
        self.assertEqual(self.curl(served, "/livez"), 200)
        self.assertEqual(self.curl(served, "/metrics"), 401)
        self.assertEqual(self.curl(served, "/metrics", "-u", "prometheus:open sesame"), 200)
        self.assertIn("served_lines_total", (self.folder / "body").read_text())
        self.assertEqual(self.curl(served, "/metrics", "-u", "prometheus:open"), 401)
        self.assertEqual(self.curl(served, "/metrics", "-u", "somebody:open sesame"), 401)
        self.assertEqual(self.curl(served, "/metrics", "-H", "Authorization: Bearer token-1"), 200)
        self.assertEqual(self.curl(served, "/metrics", "-H", "Authorization: Bearer token-2"), 401)
        self.assertEqual(self.curl(served, "/metrics", "-d", "body"), 401)
        self.write_token("token-2")
        wait_for("the new token",
                 lambda: self.curl(served, "/metrics", "-H", "Authorization: Bearer token-2") == 200)
        self.assertEqual(self.curl(served, "/metrics", "-H", "Authorization: Bearer token-1"), 401)

        self.assertEqual(self.curl(served, "/"), 403)
        make_certificate(self.folder, "client", "client")
        pair = ("--cert", self.folder / "client.crt", "--key", self.folder / "client.key")
        self.assertEqual(self.curl(served, "/", *pair), 200)
        self.assertEqual(self.curl(served, "/metrics", *pair), 401)
        make_authority(self.folder, "other")
        make_certificate(self.folder, "stranger", "stranger", "other")
        pair = ("--cert", self.folder / "stranger.crt", "--key", self.folder / "stranger.key")
        self.assertEqual(self.curl(served, "/livez", *pair), 0)
        wait_for("the refusal's count", lambda: "refused 4" in served.lines)
        self.assertEqual(served.lines.count("refused 2"), 1)

        self.assertEqual(self.curl(served, "/livez", "--tls-max", "1.2"), 200)
        self.assertEqual(self.curl(served, "/livez", "--tlsv1.3"), 200)
        self.assertEqual(self.curl(served, "/livez", "--tls-max", "1.1", "--tlsv1.0", "--ciphers",
                                   "DEFAULT:@SECLEVEL=0"), 0)
        self.assertEqual(served.stop(), 0)

    def test_on_an_io_context(self):
        served = self.serve("context")
        self.assertEqual(self.curl(served, "/livez"), 200)
        self.assertEqual(self.curl(served, "/metrics", "-u", "prometheus:open sesame"), 200)
        self.assertEqual(self.curl(served, "/metrics", "-u", "prometheus:open"), 401)
        self.assertEqual(self.curl(served, "/"), 403)
        with socket.create_connection(("127.0.0.1", served.port), PATIENCE) as silent:  # within the handshake
            self.assertEqual(served.stop(), 0)
            try:
                self.assertEqual(silent.recv(1), b"")
            except ConnectionResetError:  # it was not accepted before the stop
                pass
        self.assertEqual(served.lines[-1], "stopped")

    def test_reload(self):
        served = self.serve()
        self.assertEqual(self.name_of(served), "first")
        context = ssl.create_default_context(cafile=self.folder / "ca.crt")
        old = http.client.HTTPSConnection("127.0.0.1", served.port, timeout=PATIENCE, context=context)
        old.request("GET", "/livez")
        self.assertEqual(old.getresponse().read()[:1], b"{")

        make_certificate(self.folder, "tls", "second")
        served.tell("reload")
        wait_for("the reload", lambda: "reloaded" in served.lines)
        self.assertEqual(self.name_of(served), "second")
        make_certificate(self.folder, "tls", "third")
        wait_for("the third certificate", lambda: self.name_of(served) == "third")

        (self.folder / "tls.crt").write_text("nothing")
        served.tell("reload")
        wait_for("the refusal", lambda: "not reloaded" in served.lines)
        wait_for("a warning", lambda: self.name_of(served) == "third" and any(
            "the former certificate stays" in l for l in served.lines))

        old.request("GET", "/livez")  # a connection from before goes on
        self.assertEqual(old.getresponse().status, 200)
        old.close()
        self.assertEqual(served.stop(), 0)

    def test_misbehaving(self):
        served = self.serve()
        address = ("127.0.0.1", served.port)
        silent = socket.create_connection(address, PATIENCE)
        half = socket.create_connection(address, PATIENCE)
        half.sendall(b"\x16\x03\x01\x02\x00\x01")  # a hello begins
        plain = socket.create_connection(address, PATIENCE)
        plain.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        garbage = socket.create_connection(address, PATIENCE)
        garbage.sendall(os.urandom(4096))
        for _ in range(200):
            socket.create_connection(address, PATIENCE).close()
        self.assertEqual(self.curl(served, "/livez"), 200)
        for s in (plain, garbage, silent, half):  # the latter two by the header's time
            got = b""
            try:
                while part := s.recv(4096):
                    got += part
            except ConnectionError:
                pass
            self.assertNotIn(b"HTTP", got)
            s.close()
        # one that says no goodbye, in the middle of a request
        context = ssl.create_default_context(cafile=self.folder / "ca.crt")
        rude = context.wrap_socket(socket.create_connection(address, PATIENCE), server_hostname="127.0.0.1")
        rude.sendall(b"GET /livez HT")
        rude.detach()
        self.assertEqual(self.curl(served, "/livez"), 200)
        self.assertEqual(served.stop(), 0)

    def test_slow_head(self):
        served = self.serve()
        context = ssl.create_default_context(cafile=self.folder / "ca.crt")
        with context.wrap_socket(socket.create_connection(("127.0.0.1", served.port), PATIENCE),
                                 server_hostname="127.0.0.1") as s:
            s.sendall(b"GET /livez HT")
            self.assertTrue(s.recv(4096).startswith(b"HTTP/1.1 408 "))

    def test_files(self):
        key, certificate, token = (self.folder / n for n in ("tls.key", "tls.crt", "token"))
        good_key = key.read_text()
        key.chmod(0o644)
        served = self.serve()
        self.assertTrue(any(f"can be read by anybody: chmod o-r {key}" in l for l in served.lines), served.lines)
        served.stop()

        def error():
            return self.serve().error

        key.chmod(0o602)
        self.assertIn(f"can be written by anybody: chmod o-w {key}", error())
        key.chmod(0o600)
        token.chmod(0o606)
        self.assertIn(f"can be written by anybody: chmod o-w {token}", error())
        token.chmod(0o600)
        make_certificate(self.folder, "other", "other")
        key.write_text((self.folder / "other.key").read_text())
        self.assertIn(f'is not the key of the certificate in "{certificate}"', error())
        key.write_text(openssl("pkey", "-aes256", "-passout", "pass:x", input=good_key))
        self.assertIn("with a passphrase", error())
        key.write_text("nothing")
        self.assertIn("has no private key", error())
        key.unlink()
        self.assertIn(f'"{key}" cannot be read: see that it is there', error())
        key.write_text(good_key)
        certificate.write_text("nothing")
        self.assertIn(f'"{certificate}" has no certificate', error())


class Prometheus(Case):
    CONFIGURATION = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: basic
    scheme: https
    tls_config: {{ca_file: {folder}/ca.crt}}
    basic_auth: {{username: prometheus, password: open sesame}}
    static_configs: [{{targets: ['127.0.0.1:{port}']}}]
  - job_name: bearer
    scheme: https
    tls_config: {{ca_file: {folder}/ca.crt}}
    authorization: {{credentials_file: {folder}/token}}
    static_configs: [{{targets: ['127.0.0.1:{port}']}}]
  - job_name: wrong
    scheme: https
    tls_config: {{ca_file: {folder}/ca.crt}}
    basic_auth: {{username: prometheus, password: open}}
    static_configs: [{{targets: ['127.0.0.1:{port}']}}]
"""

    def test_scraped(self):
        served = self.serve()
        (self.folder / "prometheus.yml").write_text(
            self.CONFIGURATION.format(folder=self.folder, port=served.port))
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{s.getsockname()[1]}"
        with open(self.folder / "log", "wb") as log:
            server = subprocess.Popen(
                ["prometheus", f"--config.file={self.folder}/prometheus.yml", f"--storage.tsdb.path={self.folder}/data",
                 f"--web.listen-address={address}"], stdout=log, stderr=log)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))

        def up():
            query = urllib.parse.urlencode({"query": "up"})
            try:
                with direct.open(f"http://{address}/api/v1/query?{query}", timeout=PATIENCE) as answer:
                    found = json.load(answer)["data"]["result"]
            except OSError:
                return {}
            return {r["metric"]["job"]: r["value"][1] for r in found}

        wait_for("the targets", lambda: up() == {"basic": "1", "bearer": "1", "wrong": "0"})
        self.write_token("token-2")  # both read it again
        make_certificate(self.folder, "tls", "second")
        wait_for("the second certificate", lambda: self.name_of(served) == "second")
        wait_for("the targets", lambda: up() == {"basic": "1", "bearer": "1", "wrong": "0"})
        self.assertIsNone(server.poll(), (self.folder / "log").read_text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
