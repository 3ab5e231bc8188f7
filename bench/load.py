"""How many requests a second 64 connections get out of a server, and what they cost the program that it is a part of:
wrk on a processor of its own, the server on another."""

import os
import re
import subprocess
import time

CONNECTIONS = 64


class Server:
    def __init__(self, path, side, processor):
        self.side = side
        self.process = subprocess.Popen(["taskset", "-c", str(processor), str(path), side], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())

    def begin_counting(self, processor, seconds):
        print(processor, int(1000 * seconds), file=self.process.stdin, flush=True)

    def counted(self):
        """Seconds for an increment, and for ++."""
        return [float(ns) * 1e-9 for ns in self.process.stdout.readline().split()]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:  # the Exposer has been seen to wait for connections that are gone
            self.process.kill()
            self.process.wait()
            if self.side == "vitals":
                raise RuntimeError("bench_serving did not stop") from None
        self.process.stdout.close()


def begin_wrk(server, path, processor, seconds):
    return subprocess.Popen(
        ["taskset", "-c", str(processor), "wrk", "--threads", "1", "--connections", str(CONNECTIONS),
         "--duration", f"{seconds}s", "--timeout", "10s", f"http://127.0.0.1:{server.port}{path}"],
        text=True, stdout=subprocess.PIPE)


def result_of(wrk):
    """Seconds for a request, and how many went wrong."""
    text = wrk.communicate()[0]
    if wrk.returncode != 0:
        raise RuntimeError(f"wrk failed: {text}")
    wrong = sum(map(int, re.findall(r"(?:connect|read|write|timeout|Non-2xx or 3xx responses:) (\d+)", text)))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    return (1 / rate if rate > 0 else float("inf")), wrong


def measure(program, seconds):
    """Times by case, and errors by case; none where there are not two processors."""
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) < 2:
        return {}, {}
    here, there = processors[:2]
    times, errors = {}, {}
    for case, path, side in (("load_scrape", "/metrics", "vitals"), ("load_scrape", "/metrics", "exposer"),
                             ("load_probe", "/healthz", "vitals"), ("load_probe", "/healthz", "beast")):
        with Server(program, side, here) as server:
            times[f"{case}/{side}"], errors[f"{case}/{side}"] = result_of(
                begin_wrk(server, path, there, seconds))
    # A quarter of the time each, in turns, so that a machine that drifts meets both alike.
    taken = {True: [], False: []}
    with Server(program, "vitals", there) as server:
        for loaded in (False, True, False, True):
            wrk = begin_wrk(server, "/metrics", there, seconds // 2 + 1) if loaded else None
            if wrk:
                time.sleep(0.2)
            server.begin_counting(here, seconds / 2)
            taken[loaded].append(server.counted())
            if wrk:
                result_of(wrk)
    for loaded, name in ((False, "quiet"), (True, "loaded")):
        ours, floor = (sum(column) / len(column) for column in zip(*taken[loaded]))
        times[f"count_beside/vitals/{name}"], times[f"count_beside/floor/{name}"] = ours, floor
    return times, errors
