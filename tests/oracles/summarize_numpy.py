"""Compares weir-summarize's figures with numpy's on made records.

usage: summarize_numpy.py WEIR-SUMMARIZE [SEED]    (tests/oracles/summarize_test makes numpy ready)

The definitions of docs/summarize.md are written down here once more, over whole arrays and without regard for speed.
Every figure of every group must agree to 1e-9 or be missing on both sides. Exit status 0: so it is; 1: not.
"""
import json
import math
import random
import subprocess
import sys

import numpy as np

PERCENTILES = [0.5, 50, 90, 95, 99, 99.9]
OUTCOMES = ["connect", "tls", "http", "server_error", "malformed", "truncated", "token_mismatch", "timeout", "cancelled"]


def make_request(rng, i):
    """One record, as a sender of any quality might write it."""
    send = rng.randrange(10**9, 2 * 10**9)
    r = {"type": "request", "id": f"q{i}", "attempt": 1 + (rng.random() < 0.05), "status": "ok", "http_status": 200,
         "instance": str(rng.randrange(3)), "t_send_ns": send, "t_sched_ns": None, "t_connect_ns": None}
    if rng.random() < 0.3:
        r["t_sched_ns"] = send - rng.randrange(5 * 10**6)
        r["t_woke_ns"] = r["t_sched_ns"] + rng.randrange(10**5) if rng.random() < 0.9 else None
    if rng.random() < 0.3:
        r["t_connect_ns"] = send - rng.randrange(10**6)
    if rng.random() < 0.1:
        r["status"] = rng.choice(OUTCOMES)
        return r
    events, choices = [], []
    for k in range(rng.choice([1, 1, 1, 3])):
        t = send + rng.randrange(10**6, 10**8)
        mine = []
        for _ in range(rng.randrange(1, 12)):
            mine.append((t, rng.choice([1, 1, 2, 5]), k))
            t += rng.randrange(0, 3 * 10**7)
        choices.append({"index": k, "t_first_ns": mine[0][0], "t_last_ns": mine[-1][0],
                        "tokens_out": sum(e[1] for e in mine), "tokens_first": mine[0][1], "text": "..."})
        events += mine
    events.sort()
    r.update(t_first_ns=events[0][0], t_visible_ns=events[0][0], t_last_ns=events[-1][0],
             t_done_ns=events[-1][0] + rng.randrange(10**5), tokens_in=rng.randrange(1, 500),
             tokens_out=sum(e[1] for e in events), tokens_basis="usage", itl_basis="usage", choices=choices,
             event_t_ns=[e[0] - send for e in events], event_tokens=[e[1] for e in events],
             event_choice=[e[2] for e in events])
    if rng.random() < 0.1:
        r["t_visible_ns"] = events[-1][0]
    if rng.random() < 0.1:
        for name in ("event_t_ns", "event_tokens", "event_choice"):
            del r[name]
    return r


def durations(requests):
    """Name to samples in ms, of successes."""
    out = {name: [] for name in ("ttft", "ttfot", "tpot", "itl", "icl", "e2el", "ttft_sched", "e2el_sched",
                                 "client_queue", "sched_lag", "slot_wait", "connect", "usage_tail", "ttft_choice",
                                 "e2el_choice")}
    for r in requests:
        def span(name, a, b, of=r):
            if r.get(a) is not None and of.get(b) is not None and of[b] >= r[a]:  # backwards: left out
                out[name].append((of[b] - r[a]) / 1e6)
        for name, a, b in (("ttft", "t_send_ns", "t_first_ns"), ("ttfot", "t_send_ns", "t_visible_ns"),
                           ("e2el", "t_send_ns", "t_last_ns"), ("ttft_sched", "t_sched_ns", "t_first_ns"),
                           ("e2el_sched", "t_sched_ns", "t_last_ns"), ("client_queue", "t_sched_ns", "t_send_ns"),
                           ("sched_lag", "t_sched_ns", "t_woke_ns"), ("connect", "t_connect_ns", "t_send_ns"),
                           ("usage_tail", "t_last_ns", "t_done_ns")):
            span(name, a, b)
        span("slot_wait", "t_woke_ns", "t_send_ns" if r["t_connect_ns"] is None else "t_connect_ns")
        for c in r["choices"]:
            if len(r["choices"]) > 1:
                span("ttft_choice", "t_send_ns", "t_first_ns", c)
                span("e2el_choice", "t_send_ns", "t_last_ns", c)
            rest = c["tokens_out"] - c["tokens_first"]
            if rest > 0:
                out["tpot"].append((c["t_last_ns"] - c["t_first_ns"]) / rest / 1e6)
        for k in range(len(r["choices"])):
            mine = [(t, n) for t, n, c in zip(r.get("event_t_ns", []), r.get("event_tokens", []),
                                              r.get("event_choice", [])) if c == k]
            for (before, _), (t, n) in zip(mine, mine[1:]):
                out["icl"].append((t - before) / 1e6)
                out["itl"] += [(t - before) / n / 1e6] * n
    return {name: np.array(values) for name, values in out.items()}


def percentile(values, failures, p):
    """numpy's percentile of `values` and `failures` infinities, which numpy itself makes NaN of."""
    if len(values) + failures == 0:
        return None
    rank = (len(values) + failures - 1) * p / 100
    whole = np.concatenate([np.sort(values), np.full(failures, 1e300)])
    return math.inf if math.ceil(rank - 1e-9) >= len(values) else float(np.percentile(whole, p))


def figures(requests):
    ok = [r for r in requests if r["status"] == "ok"]
    failures = len(requests) - len(ok)
    out = {"requests": len(requests), "ok": len(ok), "failed": failures, "error_rate_pct": 100 * failures / len(requests),
           "retries": sum(r["attempt"] > 1 for r in requests)}
    for name in OUTCOMES:
        out[f"failed_{name}"] = sum(r["status"] == name for r in requests)
    window = (max(r["t_last_ns"] for r in ok) - min(r["t_send_ns"] for r in requests)) / 1e9
    tokens_in, tokens_out = (sum(r[name] for r in ok) for name in ("tokens_in", "tokens_out"))
    with_events = [r for r in ok if "event_t_ns" in r]
    out.update(tokens_in=tokens_in, tokens_out=tokens_out, window_s=window, requests_per_s=len(ok) / window,
               output_tokens_per_s=tokens_out / window, total_tokens_per_s=(tokens_in + tokens_out) / window,
               tokens_per_chunk=sum(r["tokens_out"] for r in with_events) / sum(len(r["event_t_ns"]) for r in with_events))
    for name, values in durations(ok).items():
        out[f"{name}_n"] = len(values)
        some = len(values) > 0
        for what, of in (("mean", np.mean), ("std", np.std), ("min", np.min), ("max", np.max)):
            out[f"{name}_{what}_ms"] = float(of(values)) if some else None
        for p in PERCENTILES:
            out[f"{name}_p{p:g}_ms"] = float(np.percentile(values, p)) if some else None
            if name in ("ttft", "tpot", "e2el", "ttft_sched", "e2el_sched"):
                out[f"{name}_adj_p{p:g}_ms"] = percentile(values, failures, p)
    return out


def main():
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    requests = [make_request(rng, i) for i in range(600)]
    text = "".join(json.dumps(r) + "\n" for r in requests)
    command = [sys.argv[1], "--json", "--percentiles", ",".join(f"{p:g}" for p in PERCENTILES)]
    printed = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
    compared = wrong = 0
    groups = {json.dumps({"instance": i}): [r for r in requests if r["instance"] == i] for i in "012"}
    groups["{}"] = requests
    expected = {labels: figures(members) for labels, members in groups.items()}
    for line in printed.splitlines():
        metric = json.loads(line)
        if isinstance(metric["value"], str):
            continue
        theirs = expected[json.dumps(metric["labels"])].pop(metric["name"])
        ours = metric["value"]
        if theirs is not None and math.isinf(theirs):
            same = ours is None and metric["reason"] == "infinite"
        elif theirs is None or ours is None:
            same = ours is None and theirs is None
        else:
            same = math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12)
        compared += 1
        if not same:
            wrong += 1
        if not same and wrong < 20:
            print(f"{metric['labels']} {metric['name']}: weir {ours}, numpy {theirs}")
    left = [name for rest in expected.values() for name in rest]
    if left:
        print("weir-summarize did not print", left)
    print(f"{compared} figures compared with numpy {np.__version__}, {wrong} differ")
    return 1 if wrong or left or compared < 500 else 0


sys.exit(main())
