#!/usr/bin/env python3
"""Makes a long trace out of a short one: its events COPIES times, one copy after the other in time.

    trace_repeat.py TRACE.json[.gz] COPIES > long.json
    trace_repeat.py TRACE.json[.gz] COPIES SEED > any-order.json        # the same events, all of them in random order

The text is kept as the profiler wrote it, so that reading costs what it costs on a real trace; only times, correlation
ids and the numbers of profiler steps change. Shares stay within the 1 ms gap that each copy adds.
"""
import array
import decimal
import gzip
import json
import random
import re
import sys

path, copies = sys.argv[1], int(sys.argv[2])
seed = int(sys.argv[3]) if len(sys.argv) > 3 else None
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
number_that_moves = re.compile(r'"(ts|correlation)"\s*:\s*([0-9]+)|(ProfilerStep#)([0-9]+)')


def parts_of(body):
    """Texts and the numbers between them with what a copy adds to each, and the text behind the last."""
    parts, at = [], 0
    for match in number_that_moves.finditer(body):
        group = 2 if match[2] else 4
        parts.append((body[at:match.start(group)], int(match[group]), shift[match[1] or match[3]]))
        at = match.end(group)
    return parts, body[at:]


def written(parts, copy):
    return "".join([piece + str(number + step * copy) for piece, number, step in parts[0]]) + parts[1]


def texts_of_events():
    decoder, at = json.JSONDecoder(), 0
    while (at := body.find("{", at)) >= 0:
        first, at = at, decoder.raw_decode(body, at)[1]
        yield body[first:at]


sys.stdout.write(text[:begin])
if seed is None:
    parts = parts_of(body)
    for copy in range(copies):
        sys.stdout.write(("," if copy > 0 else "") + written(parts, copy))
else:
    all_parts = [parts_of(event) for event in texts_of_events()]
    order = array.array("I", range(len(all_parts) * copies))
    random.Random(seed).shuffle(order)
    for place, which in enumerate(order):
        sys.stdout.write((",\n  " if place > 0 else "") + written(all_parts[which % len(all_parts)], which // len(all_parts)))
sys.stdout.write(text[end:])
