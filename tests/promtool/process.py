#!/usr/bin/env python3
"""The process's metrics as promtool's linter sees them, and beside what the shell knows: process.py PROGRAM"""
import os
import resource
import shutil
import subprocess
import sys
import time

if shutil.which("promtool") is None:
    sys.exit("promtool is missing: apt-get install prometheus")

resource.setrlimit(resource.RLIMIT_NOFILE, (123, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
extra = [os.open("/dev/null", os.O_RDONLY) for _ in range(10)]
before = time.time()
page = subprocess.run([sys.argv[1]], capture_output=True, text=True, check=True, pass_fds=extra).stdout
after = time.time()

lint = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, check=False)
assert lint.returncode == 0 and not lint.stdout + lint.stderr, lint

values = dict(line.split() for line in page.splitlines() if not line.startswith("#"))
print(page)
assert float(values["process_open_fds"]) == 3 + len(extra)
assert float(values["process_max_fds"]) == 123
assert float(values["process_threads"]) in (1, 2)  # ThreadSanitizer has one of its own
assert 0 < float(values["process_cpu_seconds_total"]) <= after - before
assert before - 0.05 <= float(values["process_start_time_seconds"]) <= after
assert 0 < float(values["process_resident_memory_bytes"]) < float(values["process_virtual_memory_bytes"])
