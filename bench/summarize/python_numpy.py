"""The same figures the usual way: orjson and numpy. Prints TTFT, TPOT, E2EL and, where there are events, ICL."""
import sys

import numpy as np
import orjson

rows, gaps = [], []
with open(sys.argv[1], "rb") as lines:
    for line in lines:
        r = orjson.loads(line)
        if r["type"] != "request" or r["status"] != "ok":
            continue
        c = r["choices"][0]
        rows.append((r["t_send_ns"], r["t_first_ns"], r["t_last_ns"], c["tokens_out"] - c["tokens_first"]))
        if "event_t_ns" in r:
            gaps.append(np.diff(r["event_t_ns"]))
send, first, last, tokens = np.array(rows, dtype=np.float64).T
samples = {"ttft": first - send, "tpot": (last - first) / tokens, "e2el": last - send}
if gaps:
    samples["icl"] = np.concatenate(gaps)
for name, values in samples.items():
    print(name, len(values), values.mean() / 1e6, *(np.percentile(values, [50, 90, 95, 99]) / 1e6))
