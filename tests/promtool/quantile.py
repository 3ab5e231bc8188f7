#!/usr/bin/env python3
"""Asks Prometheus for the quantiles that vitals estimates: quantile.py PROGRAM

promtool evaluates histogram_quantile() over the histograms that PROGRAM prints, and must find no difference but for
the one that is documented: the 0 quantile of a histogram whose first bucket is empty is NaN there, or its bound.
"""
import itertools
import json
import math
import pathlib
import shutil
import subprocess
import sys
import tempfile

if shutil.which("promtool") is None:
    sys.exit("promtool is missing: apt-get install prometheus")

series, estimates = [], {}
lines = subprocess.run([sys.argv[1]], capture_output=True, text=True, check=True).stdout.splitlines()
for number, line in enumerate(lines):
    bounds, counts, answers = line.split(";")
    bounds, counts = bounds.split(), [int(c) for c in counts.split()]
    for bound, total in zip(bounds + ["+Inf"], itertools.accumulate(counts)):
        series.append((f'h_bucket{{id="{number}",le="{bound}"}}', total))
    for answer in answers.split(","):
        q, estimate = map(float, answer.split())
        estimates.setdefault(q, []).append((number, estimate, float(bounds[0]), counts))

tests = []
for q, all_of_q in estimates.items():
    documented = 0
    for number, estimate, first_bound, counts in all_of_q:
        if q == 0 and counts[0] == 0 and sum(counts) != 0:
            documented += 1
            estimate = first_bound if first_bound <= 0 else math.nan
        text = "NaN" if math.isnan(estimate) else repr(estimate).replace("inf", "Inf")
        series.append((f'ours{{id="{number}",q="{q}"}}', text))
    assert q != 0 or documented > 10, "the documented difference is not met"
    theirs, ours = f"histogram_quantile({q}, h_bucket)", f'ours{{q="{q}"}}'
    close = f"(abs({theirs} - on(id) {ours}) <= 1e-9 + 1e-9 * abs({theirs})) < Inf"
    both_nan = f"({theirs} != {theirs}) and on(id) ({ours} != {ours})"
    tests += [
        {"expr": f"{theirs} unless on(id) (({close}) or ({theirs} == on(id) {ours}) or ({both_nan}))",
         "eval_time": "0m", "exp_samples": []},
        {"expr": f"count({theirs})", "eval_time": "0m", "exp_samples": [{"labels": "{}", "value": len(lines)}]},
    ]

document = {"tests": [{"interval": "1m", "promql_expr_test": tests,
                       "input_series": [{"series": name, "values": str(value)} for name, value in series]}]}
with tempfile.TemporaryDirectory() as folder:
    rules = pathlib.Path(folder) / "quantiles.yml"
    rules.write_text(json.dumps(document))  # JSON is YAML
    result = subprocess.run(["promtool", "test", "rules", str(rules)], capture_output=True, text=True, check=False)
print((result.stdout + result.stderr)[-4000:])
print(f"{len(lines)} histograms, {len(estimates)} quantiles of each")
sys.exit(result.returncode)
