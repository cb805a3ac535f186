#!/usr/bin/env python3
"""Makes a long trace out of a short one: its events COPIES times, one copy after the other in time.

    trace_repeat.py TRACE.json[.gz] COPIES > long.json

The text is kept as the profiler wrote it, so that reading costs what it costs on a real trace; only times, correlation
ids and the numbers of profiler steps change. Shares stay within the 1 ms gap that each copy adds.
"""
import decimal
import gzip
import json
import re
import sys

path, copies = sys.argv[1], int(sys.argv[2])
with (gzip.open if path.endswith(".gz") else open)(path, "rt") as f:
    text = f.read()
events = json.loads(text, parse_float=decimal.Decimal)["traceEvents"]
timed = [e for e in events if e.get("ph") == "X"]
first, last = min(e["ts"] for e in timed), max(e["ts"] + e.get("dur", 0) for e in timed)
length = (decimal.Decimal(last - first) + 1000).quantize(decimal.Decimal("0.001"))
ids = 1 + max((e["args"]["correlation"] for e in timed if "correlation" in e.get("args", {})), default=0)

begin = text.index("[", text.index('"traceEvents"')) + 1
end = json.JSONDecoder().raw_decode(text, begin - 1)[1] - 1
head, body, tail = text[:begin], text[begin:end], text[end:]
pattern = re.compile(r'("(?:ts|correlation)"\s*:\s*)([0-9.]+)|(ProfilerStep#)([0-9]+)')
for copy in range(copies):
    def moved(match):
        if match[3]:
            return match[3] + str(int(match[4]) + 1000 * copy)
        if "correlation" in match[1]:
            return match[1] + str(int(match[2]) + ids * copy)
        return match[1] + str(decimal.Decimal(match[2]) + length * copy)
    sys.stdout.write((head if copy == 0 else ",") + pattern.sub(moved, body))
sys.stdout.write(tail)
