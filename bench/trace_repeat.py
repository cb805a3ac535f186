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
length_us = int(last - first) + 1001
ids = 1 + max((e["args"]["correlation"] for e in timed if "correlation" in e.get("args", {})), default=0)

begin = text.index("[", text.index('"traceEvents"')) + 1
end = json.JSONDecoder().raw_decode(text, begin - 1)[1] - 1
body = text[begin:end]
# the whole part of each number that moves, and the text between them
shift = {"ts": length_us, "correlation": ids, "ProfilerStep#": 1000}
pieces, numbers, steps, at = [], [], [], 0
for match in re.finditer(r'"(ts|correlation)"\s*:\s*([0-9]+)|(ProfilerStep#)([0-9]+)', body):
    group = 2 if match[2] else 4
    pieces.append(body[at:match.start(group)])
    numbers.append(int(match[group]))
    steps.append(shift[match[1] or match[3]])
    at = match.end(group)
sys.stdout.write(text[:begin])
for copy in range(copies):
    out = [] if copy == 0 else [","]
    for piece, number, step in zip(pieces, numbers, steps):
        out.append(piece)
        out.append(str(number + step * copy))
    out.append(body[at:])
    sys.stdout.write("".join(out))
sys.stdout.write(text[end:])
