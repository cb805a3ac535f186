#!/usr/bin/env python3
"""Compares weir-trace with figures that were computed without it: the reference files beside the traces, and, for
sets that have none, a second computation below that shares nothing with the tool (whole-file JSON, sorted sweeps).

    against_truth.py WEIR_TRACE TRACES_DIRECTORY       exit 0 all agree, 1 they do not, 77 the traces are not here
"""
import collections
import decimal
import gzip
import json
import pathlib
import re
import subprocess
import sys

wrong = []
compared = 0


def ns(us):
    return int(decimal.Decimal(us) * 1000)


def metrics_of(tool, *paths):
    done = subprocess.run([tool, "--json", "--top", "100000", *map(str, paths)], capture_output=True, text=True)
    if done.returncode not in (0, 1):
        wrong.append(f"{paths}: {done.stderr}")
        return []
    return [json.loads(line) for line in done.stdout.splitlines()]


def pick(metrics, table, name, **labels):
    found = [m["value"] for m in metrics if m["labels"]["table"] == table and m["name"] == name
             and all(m["labels"].get(k) == v for k, v in labels.items())]
    return found[0] if len(found) == 1 else f"{len(found)} metrics {table}/{name} {labels}"


def same(what, got, want, within=0.0):
    global compared
    compared += 1
    if isinstance(got, str) != isinstance(want, str) or (got is None) != (want is None):
        wrong.append(f"{what}: {got}, not {want}")
    elif isinstance(got, str) or got is None:
        if got != want:
            wrong.append(f"{what}: {got}, not {want}")
    elif abs(got - want) > within:
        wrong.append(f"{what}: {got}, not {want}")


def against_exact(tool, traces):
    """Every figure of truth/exact_reference.json; percentages there have four digits, times three."""
    for file, truth in json.loads((traces / "truth/exact_reference.json").read_text()).items():
        m = metrics_of(tool, traces / file)
        for name, key, digits in (("device_events", "gpu_events", 0), ("coll_call_num", "kernels_comm", 0),
                                  ("computation_kernels", "kernels_comp", 0), ("memory_operations", "mem_events", 0),
                                  ("span", "span_us", 3), ("busy", "busy_us", 3), ("idle", "idle_us", 3),
                                  ("computation", "computation_us", 3), ("communication", "total_comm_us", 3),
                                  ("exposed_communication", "exposed_comm_us", 3), ("overlap", "overlap_us", 3),
                                  ("overlap_share", "overlap_pct", 4), ("memory", "total_memcpy_us", 3),
                                  ("exposed_memory", "exposed_memcpy_us", 3),
                                  ("sum_of_durations", "sum_kernel_dur_us", 3),
                                  ("comm_overhead", "comm_overhead_pct_of_span", 4)):
            got = pick(m, "rank", name)
            if name == "overlap_share" and truth["total_comm_us"] == 0:
                same(f"{file} {name}", got, None)
            else:
                same(f"{file} {name}", got if isinstance(got, str) or got is None else round(got, digits), truth[key],
                     1e-9)
        against_kernels(file, m, truth["top5"])
        against_collectives(file, m, truth["collectives"])


def kernels_of(m):
    """The table of kernels: name -> its row."""
    rows = collections.defaultdict(dict)
    for x in m:
        if x["labels"]["table"] == "kernel":
            rows[x["labels"]["kernel"]][x["name"]] = x["value"]
    return rows


def against_kernels(file, m, top5):
    """The reference cuts names at 120 characters: one kernel that begins so has its calls and its time."""
    rows = kernels_of(m)
    for top in top5:
        cut = 120 if len(top["name"]) >= 120 else None
        rows_named_so = [(r["calls"], round(r["time"], 3)) for name, r in rows.items() if name[:cut] == top["name"]]
        found = (top["count"], top["us"]) if (top["count"], top["us"]) in rows_named_so else rows_named_so
        same(f"{file} {top['name'][:40]}", str(found), str((top["count"], top["us"])))


def against_collectives(file, m, collectives):
    """Calls, time and bytes of each; the reference names those without arguments as their kernel, and counts what goes
    in, where bytes here is the larger of in and out."""
    rows = kernels_of(m)
    for name, truth in collectives.items():
        kind = {"allreduce": "all_reduce", "broadcast": "broadcast", "_allgather_base": "all_gather"}.get(name)
        untold = {x["name"]: x["value"] for x in m if x["labels"]["table"] == "collective"
                  and x["labels"]["collective"] == name}
        if untold:
            calls, time = untold["calls"], untold["time"]
        elif kind is None:
            own = [r for kernel, r in rows.items() if name in kernel]
            calls, time = sum(r["calls"] for r in own), sum(r["time"] for r in own)
            same(f"{file} {name} is communication", str({r["class"] for r in own}), "{'communication'}")
        else:
            own = {x["name"]: x["value"] for x in m if x["labels"]["table"] == "collective" and x["value"] is not None
                   and x["labels"]["collective"] == kind and x["labels"]["group"] != ""}
            calls, time = own["calls"], own["time"]
            out_of = own["group_size"] if kind == "all_gather" else 1
            same(f"{file} {name} bytes", own["bytes"], truth["in_bytes"] * out_of)
        same(f"{file} {name} calls", calls, truth["count"])
        same(f"{file} {name} time", round(time, 3), truth["us"], 1e-6)


def against_stragglers(tool, traces):
    truth = json.loads((traces / "truth/dlrm8_straggler_reference.json").read_text())
    m = metrics_of(tool, traces / "dlrm8_v100")
    same("dlrm8 slow rank", pick(m, "set", "slow_rank"), "7")
    for rank in map(str, range(8)):
        same(f"dlrm8 {rank} arrived last", pick(m, "straggler", "arrived_last", rank=rank),
             truth["arrived_last_count"].get(rank, 0))
        same(f"dlrm8 {rank} wait", pick(m, "straggler", "wait_for_last", rank=rank), truth["wait_for_last_us"][rank])
        same(f"dlrm8 {rank} total", pick(m, "straggler", "matched_communication", rank=rank),
             truth["total_comm_us"][rank])
    spreads = [x["value"] for x in m if x["labels"]["table"] == "skew" and x["name"] == "end_spread"]
    same("dlrm8 end spreads", str(sorted(spreads)), str(sorted(map(float, truth["end_spread_us"]))).replace(".0", ""))


def against_gloo(tool, traces):
    for name, truth in json.loads((traces / "truth/gloo_reference.json").read_text()).items():
        m = metrics_of(tool, traces / "gloo" / name)
        same(f"{name} matched", pick(m, "set", "matched_collectives"), truth["collectives_matched"])
        least = min(truth["wait_for_last_us"], key=truth["wait_for_last_us"].get)
        same(f"{name} slow rank", pick(m, "set", "slow_rank"), least)
        for rank, own in truth["ranks"].items():
            same(f"{name} {rank} last", pick(m, "straggler", "arrived_last", rank=rank),
                 truth["arrived_last_count"][rank])
            same(f"{name} {rank} total", round(pick(m, "straggler", "matched_communication", rank=rank), 3),
                 own["total_us"], 1e-6)
            same(f"{name} {rank} no device", pick(m, "rank", "computation", rank=rank), None)
            lateness = pick(m, "straggler", "lateness", rank=rank) / truth["collectives_matched"]
            same(f"{name} {rank} lateness", round(lateness, 1), truth["mean_lateness_us"][rank], 0.1001)
            for kind, calls in own["n"].items():
                same(f"{name} {rank} {kind}", pick(m, "collective", "calls", rank=rank, collective=kind[5:]), calls)
                same(f"{name} {rank} {kind} time", round(pick(m, "collective", "time", rank=rank, collective=kind[5:]),
                                                         3), own["us"][kind], 1e-6)
            # the reference waits until the last begins, even where the own call had ended (a broadcast's root)
            waited = pick(m, "set", "total_skew") - pick(m, "straggler", "lateness", rank=rank)
            same(f"{name} {rank} wait", round(waited, 1), truth["wait_for_last_us"][rank], 1.0)
            walls = [x["value"] for x in m if x["labels"]["table"] == "step" and x["name"] == "wall"
                     and x["labels"]["rank"] == rank and x["labels"]["step"].startswith("ProfilerStep#")]
            same(f"{name} {rank} steps", str([f"{w:.1f}" for w in walls]), str([f"{w:.1f}" for w in own["step_us"]]))


def streams_without_launches(path):
    """Streams with an event whose launch is not in the trace: HTA takes the begin of an unrelated event for it."""
    events = loaded(path)["traceEvents"]
    launches = {e["args"].get("correlation") for e in events if e.get("cat") in ("cuda_runtime", "cuda_driver")}
    return {e["args"]["stream"] for e in events if e.get("cat") in ("kernel", "gpu_memcpy", "gpu_memset")
            and e["args"].get("correlation") not in launches}


def against_hta_gaps(file, m, truth, unlaunched):
    for stream in {g["stream"] for g in truth}:
        own = {g["idle_category"]: g["idle_time"] for g in truth if g["stream"] == stream}
        got = {name: pick(m, "hta_stream", name, stream=str(stream)) for name in ("host_wait", "kernel_wait", "other")}
        same(f"{file} HTA gaps of stream {stream}", round(sum(got.values()), 2), round(sum(own.values()), 2), 0.0151)
        for name, value in got.items():
            if stream not in unlaunched:
                same(f"{file} HTA {name} of stream {stream}", value, own.get(name, 0.0), 0.0051)


def against_hta_queues(file, m, truth):
    """Where a launch and a begin share a moment, HTA takes them in the order that an unstable sort leaves, weir the launch
    first: a pair that HTA takes the other way round has lengths n - 1, n there and n + 1, n here, 2 more in the sum."""
    for q in truth:
        stream = str(q["('stream', '')"])
        own = {key: q[f"('queue_length', '{key}')"] for key in ("count", "mean", "std", "min", "25%", "50%", "75%", "max")}
        got = {key: pick(m, "hta_queue", key, stream=stream) for key in (*own, "ties")}
        if got["ties"] == 0:
            for key, value in own.items():
                same(f"{file} HTA queue {key} of stream {stream}", got[key], value, 1e-9)
            continue
        for key in ("count", "min", "25%", "50%", "75%", "max"):
            same(f"{file} HTA queue {key} of stream {stream}", got[key], own[key])
        more = round((got["mean"] - own["mean"]) * own["count"], 3)
        same(f"{file} HTA queue lengths of stream {stream}, sum within ties", 0 <= more <= 2 * got["ties"], True)


def against_hta(tool, traces):
    """HTA 0.5.0's own figures (last step included, no rounding), which it computes through doubles of microseconds."""
    for name, file in (("hta_nccl_data", "hta/nccl_data"), ("hta_vllm_decode_full", "tracelens/vllm_decode_full_mi300"),
                       ("hta_b200_eager", "tracelens/b200_eager_rank0_of_8"), *(
                           ("hta_dlrm8", f"dlrm8_v100/kineto_rank{r}") for r in range(8))):
        truth = json.loads((traces / f"truth/{name}.json").read_text())
        rank = int(file[-1]) if "dlrm8" in file else 0
        m = metrics_of(tool, "--hta-compatible", "--idle", traces / f"{file}.json.gz")
        own = next(x for x in truth["temporal_breakdown"] if x["rank"] == rank)
        wrong_there = ("idle_time", "compute_time") if name == "hta_b200_eager" else ()
        for key in ("idle_time", "compute_time", "non_compute_time", "kernel_time"):
            if key in wrong_there:
                continue
            same(f"{file} HTA {key}", pick(m, "hta", key), own[key + "(us)"], 0.01)
        for key in ("idle_time_pctg", "compute_time_pctg", "non_compute_time_pctg"):
            if key[:-5] in wrong_there:
                continue
            same(f"{file} HTA {key}", pick(m, "hta", key), own[key], 0.0001)
        overlap = next(x for x in truth["comm_comp_overlap"] if x["rank"] == rank)["comp_comm_overlap_pctg"]
        same(f"{file} HTA overlap", pick(m, "hta", "comp_comm_overlap_pctg"), overlap, 0.0001)
        against_hta_gaps(file, m, [g for g in truth["idle_time_breakdown"] if g["rank"] == rank],
                         streams_without_launches(traces / f"{file}.json.gz"))
        against_hta_queues(file, m, [q for q in truth["queue_length_summary"] if q["('rank', '')"] == rank])
        rows = kernels_of(m)
        for top in truth["gpu_kernel_breakdown"]["by_kernel_top20"]:
            if top["rank"] != rank:
                continue
            for key, column in (("sum", "time"), ("max", "max_time"), ("min", "min_time"), ("mean", "mean_time")):
                same(f"{file} HTA {key} of {top['name'][:40]}", rows[top["name"]].get(column, "none"),
                     top[f"{key} (us)"], 1e-6)
            same(f"{file} HTA class of {top['name'][:40]}", rows[top["name"]].get("class", "none"),
                 top["kernel_type"].lower())
    same("HTA straggler", f"[{pick(metrics_of(tool, traces / 'dlrm8_v100'), 'set', 'slow_rank')}]",
         str(json.loads((traces / "truth/hta_dlrm8.json").read_text())["potential_stragglers"]))


def why_hta_is_wrong(traces):
    """HTA takes every event with a stream in its arguments for one of the device. The B200 trace has an operation of the
    CPU with one: with it, HTA's computation and idle time are what its formulas give."""
    own = json.loads((traces / "truth/hta_b200_eager.json").read_text())["temporal_breakdown"][0]
    events = [e for e in loaded(traces / "tracelens/b200_eager_rank0_of_8.json.gz")["traceEvents"]
              if "stream" in e.get("args", {})]
    every = [(ns(e["ts"]), ns(e["ts"]) + ns(e["dur"])) for e in events]
    compute = [s for s, e in zip(every, events) if e["cat"] in ("kernel", "cpu_op") and not e["name"].startswith("nccl")]
    same("B200 operations of the CPU with a stream", sum(e["cat"] == "cpu_op" for e in events), 1)
    same("B200 HTA computation with it", covered(compute) / 1000, own["compute_time(us)"], 0.01)
    span = max(e for _, e in every) - min(b for b, _ in every)
    same("B200 HTA idle time with it", (span - covered(every)) / 1000, own["idle_time(us)"], 0.01)


def against_timings(tool, traces):
    """timing_stats_<rank>.json: the averages that the files state beside their lists."""
    for file in sorted((traces / "gloo").glob("*/timing_stats_*.json")):
        truth, rank = json.loads(file.read_text()), file.stem[-1]
        m = metrics_of(tool, file.parent)
        for name, key in (("iteration_wall_clock", "avg"), ("iteration_wall_clock_min", "min"),
                          ("iteration_wall_clock_max", "max")):
            same(f"{file} {name}", pick(m, "timing", name, rank=rank), truth[f"{key}_iteration_time"] * 1e6, 1e-6)


def covered(intervals):
    """Moments covered, by a sweep over sorted edges."""
    depth, since, total = 0, 0, 0
    for at, change in sorted([(b, 1) for b, e in intervals] + [(e, -1) for b, e in intervals], key=lambda x: (x[0], -x[1])):
        if depth == 0 and change > 0:
            since = at
        depth += change
        if depth == 0:
            total += at - since
    return total


def loaded(path):
    with gzip.open(path, "rt") as f:
        return json.load(f, parse_float=decimal.Decimal)


def clipped(intervals, window):
    return [(max(b, window[0]), min(e, window[1])) for b, e in intervals if b < window[1] and e > window[0]]


def second_steps(m, rank, trace, base, compute, comm):
    """Steps of a rank: windows on the device by the pieces of each annotation, times inside them by edges."""
    begin = lambda e: (ns(e["ts"]), ns(e["ts"]) + ns(e["dur"]))
    host, device = {}, {}
    for e in trace["traceEvents"]:
        if e.get("cat") == "user_annotation" and e["name"].startswith("execute_"):
            host[e["args"]["External id"]] = e
        if e.get("cat") == "gpu_user_annotation" and e["name"].startswith("execute_"):
            b, end = begin(e)
            old = device.get(e["args"]["External id"], (b, end))
            device[e["args"]["External id"]] = (min(b, old[0]), max(end, old[1]))
    rows = [x for x in m if x["labels"]["table"] == "step" and x["labels"]["rank"] == str(rank)]
    phases = collections.Counter()
    walls = collections.Counter()
    for e in host.values():
        b, end = begin(e)
        context, generation = re.fullmatch(r"execute_context_(\d+)\(\d+\)_generation_(\d+)\(\d+\)", e["name"]).groups()
        phase = ("mixed" if generation != "0" else "prefill") if context != "0" else "decode"
        phases[phase] += 1
        walls[phase] += end - b
    for phase in ("prefill", "decode", "mixed"):
        same(f"H100 {rank} {phase} steps", pick(m, "rank", f"{phase}_steps", rank=str(rank)), phases[phase])
        same(f"H100 {rank} {phase} time", round(pick(m, "rank", f"{phase}_time", rank=str(rank)) * 1000), walls[phase])
    ordered = sorted(device.values())
    own = [x for x in rows if x["labels"]["step"].startswith("execute_")]
    indexes = sorted({int(x["labels"]["index"]) for x in own})
    same(f"H100 {rank} steps on the device", len(indexes), len(ordered))
    for index, window in zip(indexes, ordered):
        c, p = clipped(comm, (window[0] + base, window[1] + base)), clipped(compute, (window[0] + base, window[1] + base))
        for name, value in (("communication", covered(c)), ("computation", covered(p)),
                            ("overlap", covered(c) + covered(p) - covered(c + p))):
            got = [x["value"] for x in own if x["labels"]["index"] == str(index) and x["name"] == name]
            same(f"H100 {rank} step {index} {name}", round(got[0] * 1000), value)


def product(shapes, first):
    a, b = shapes[first], shapes[first + 1]
    flops = 2 * b[-1]
    for size in a:
        flops *= size
    return flops


PRODUCTS = {"aten::mm": 0, "aten::bmm": 0, "aten::addmm": 1, "aten::baddbmm": 1}


def attributes(node):
    return {a["name"]: a["value"] for a in node["attrs"]} if "attrs" in node else node


def tensor_bytes(value):
    return sum(map(tensor_bytes, value)) if isinstance(value[0], list) else value[3] * value[4]


def asked_for(node):
    """(number, bytes) of a record_param_comms, None of one that waits."""
    values, types, outputs = ((node["inputs"]["values"], node["inputs"]["types"], node["outputs"]["values"])
                              if "attrs" in node else (node["inputs"], node["input_types"], node["outputs"]))
    at = types.index("String")
    if values[at] == "wait":
        return None
    number = values[at - 3] if isinstance(values[at - 3], int) else values[at - 3][0]
    going_in = sum(tensor_bytes(v) for v, t in zip(values, types) if "Tensor" in t)
    return number, max(going_in, sum(map(tensor_bytes, outputs)))


def with_execution_traces(tool, traces):
    """Collectives linked to execution traces by another way than the tool's: by record function id on the H100 set, on
    the old generation by the k-th call of record_param_comms of each thread; products by their shapes."""
    m = metrics_of(tool, traces / "nccl_tp2_h100")
    for rank in (0, 1):
        ops = loaded(traces / f"nccl_tp2_h100/kineto_trace_{rank}.json.gz")["traceEvents"]
        ids = {e["args"]["Record function id"] for e in ops if "Record function id" in e.get("args", {})}
        flops = 0
        for node in loaded(traces / f"nccl_tp2_h100/torch_et_{rank}.json.gz")["nodes"]:
            if node["name"] in PRODUCTS and attributes(node)["rf_id"] in ids:
                flops += product(node["inputs"]["shapes"], PRODUCTS[node["name"]])
        same(f"H100 {rank} flops", pick(m, "rank", "matmul_flops", rank=str(rank)), flops)
        same(f"H100 {rank} linked", pick(m, "execution", "linked_collectives", rank=str(rank)), 55)
        same(f"H100 {rank} disagreements", pick(m, "execution", "disagreements", rank=str(rank)), 0)

    m = metrics_of(tool, traces / "dlrm8_v100")
    for rank in range(8):
        events = loaded(traces / f"dlrm8_v100/kineto_rank{rank}.json.gz")["traceEvents"]
        nodes = loaded(traces / f"dlrm8_v100/et_rank{rank}.json.gz")["nodes"]
        asked = [[asked_for(n) for n in sorted((n for n in nodes if n["name"] == "record_param_comms"
                                                and n["tid"] == thread), key=lambda n: n["rf_id"])] for thread in (1, 2)]
        calls = {}
        for e in events:
            if e["name"] == "record_param_comms":
                calls.setdefault(e["tid"], []).append(e)
        launch = {e["args"]["correlation"]: e for e in events if e.get("cat") == "cuda_runtime"}
        size = collections.Counter()
        for e in events:
            if e.get("cat") != "kernel" or not e["name"].startswith("ncclKernel"):
                continue
            begin = launch[e["args"]["correlation"]]
            own = sorted(calls[begin["tid"]], key=lambda c: c["ts"])
            at = [i for i, c in enumerate(own) if c["ts"] <= begin["ts"] <= c["ts"] + c["dur"]]
            thread = next(t for t in asked if len(t) == len(own))
            size["all_reduce" if "AllReduce" in e["name"] else "all_to_all"] += thread[at[0]][1]
        for kind, total in size.items():
            same(f"dlrm8 {rank} bytes of {kind}", pick(m, "collective", "bytes", rank=str(rank), collective=kind), total)
        same(f"dlrm8 {rank} linked", pick(m, "execution", "linked", rank=str(rank)), "by order of calls")
    for name in ("tp2_straggler1", "tp4_balanced"):
        m = metrics_of(tool, traces / "gloo" / name)
        for x in m:
            if x["labels"]["table"] == "execution" and x["name"] == "linked_collectives":
                same(f"{name} {x['labels']['rank']} linked", x["value"], 36)


def of_vllm(tool, directory):
    """Kernels and the median decode step as other code counted them when the traces were made (its README), and times
    by edges."""
    if not directory.is_dir():
        return
    for name, kernels, median in (("graph", 8063, 3.37), ("eager", 9043, 30.9)):
        path = directory / f"trace_{name}.json.gz"
        m = metrics_of(tool, path)
        span = lambda e: (ns(e["ts"]), ns(e["ts"]) + ns(e["dur"]))
        events = [e for e in loaded(path)["traceEvents"] if e.get("cat") in ("kernel", "gpu_memcpy", "gpu_memset")]
        every, own = [span(e) for e in events], [span(e) for e in events if e["cat"] == "kernel"]
        same(f"vLLM {name} kernels", pick(m, "rank", "computation_kernels"), kernels)
        same(f"vLLM {name} computation", round(pick(m, "rank", "computation") * 1000), covered(own))
        same(f"vLLM {name} busy", round(pick(m, "rank", "busy") * 1000), covered(every))
        same(f"vLLM {name} span", round(pick(m, "rank", "span") * 1000), max(e for _, e in every) - min(every)[0])
        rows = [x for x in m if x["labels"]["table"] == "step" and x["labels"]["step"] ==
                "execute_context_0(0)_generation_4(4)"]
        lengths = sorted(next(x["value"] for x in rows if x["labels"]["index"] == i and x["name"] == "busy") +
                         next(x["value"] for x in rows if x["labels"]["index"] == i and x["name"] == "idle")
                         for i in {x["labels"]["index"] for x in rows})
        same(f"vLLM {name} decode step on the device", round(lengths[len(lengths) // 2] / 1000, 2), median, 0.06)
        total = sum(x["value"] for x in m if x["labels"]["table"] == "family" and x["name"] == "time")
        same(f"vLLM {name} families add up", round(total, 3), round(pick(m, "rank", "sum_of_durations"), 3), 0.0011)


def second_computation(tool, directory):
    """A set without a reference: two H100 and NCCL. Device times from edges, collectives by order of begin."""
    m = metrics_of(tool, directory)
    ranks, computes = [], []
    for rank in (0, 1):
        trace = loaded(directory / f"kineto_trace_{rank}.json.gz")
        base = trace["baseTimeNanoseconds"]
        device = [e for e in trace["traceEvents"] if e.get("cat") in ("kernel", "gpu_memcpy", "gpu_memset")]
        span = lambda e: (base + ns(e["ts"]), base + ns(e["ts"]) + ns(e["dur"]))
        comm = [e for e in device if e["name"].startswith("ncclDevKernel")]
        compute = [span(e) for e in device if e["cat"] == "kernel" and e not in comm]
        copies = [span(e) for e in device if e["cat"] != "kernel"]
        all_comm = [span(e) for e in comm]
        both = covered(compute) + covered(all_comm) - covered(compute + all_comm)
        first, last = min(b for b, _ in map(span, device)), max(e for _, e in map(span, device))
        for name, value in (("span", last - first), ("busy", covered(compute + all_comm + copies)),
                            ("computation", covered(compute)), ("communication", covered(all_comm)), ("overlap", both),
                            ("exposed_communication", covered(all_comm) - both),
                            ("exposed_memory", covered(compute + all_comm + copies) - covered(compute + all_comm))):
            same(f"H100 {rank} {name}", round(pick(m, "rank", name, rank=str(rank)) * 1000), value)
        second_steps(m, rank, trace, base, compute, all_comm)
        same(f"H100 {rank} calls", pick(m, "rank", "coll_call_num", rank=str(rank)), len(comm))
        size = collections.Counter()
        for e in comm:
            assert e["args"]["dtype"] == "BFloat16"
            size[e["args"]["Collective name"]] += 2 * max(e["args"]["In msg nelems"], e["args"]["Out msg nelems"])
        for kind, total in size.items():
            name = {"allreduce": "all_reduce"}.get(kind, kind)
            same(f"H100 {rank} bytes of {kind}", pick(m, "collective", "bytes", rank=str(rank), collective=name), total)
        ranks.append(sorted((*span(e), e["args"]["Collective name"]) for e in comm))
        computes.append(compute)
    assert [k for *_, k in ranks[0]] == [k for *_, k in ranks[1]], "one stream of collectives on both ranks"
    last, waits, skew, transfer, waiting = [0, 0], [0, 0], 0, 0, [[], []]
    for a, b in zip(*ranks):
        late = max(a[0], b[0])
        last[int(b[0] > a[0])] += 1
        waits[0] += min(late, a[1]) - a[0]
        waits[1] += min(late, b[1]) - b[0]
        skew += abs(a[0] - b[0])
        transfer += min(a[1] - a[0], b[1] - b[0])
        for rank, own in ((0, a), (1, b)):
            if min(late, own[1]) > own[0]:
                waiting[rank].append((own[0], min(late, own[1])))
    same("H100 slow rank", pick(m, "set", "slow_rank"), "1")
    same("H100 slow rank by hand", str(waits.index(min(waits))), "1")
    same("H100 skew", round(pick(m, "set", "total_skew") * 1000), skew)
    same("H100 transfer", round(pick(m, "set", "total_transfer") * 1000), transfer)
    for rank in (0, 1):
        same(f"H100 {rank} last", pick(m, "straggler", "arrived_last", rank=str(rank)), last[rank])
        same(f"H100 {rank} wait", round(pick(m, "straggler", "wait_for_last", rank=str(rank)) * 1000), waits[rank])
        w, p = waiting[rank], computes[rank]
        same(f"H100 {rank} exposed wait", round(pick(m, "straggler", "exposed_wait", rank=str(rank)) * 1000),
             covered(w + p) - covered(p))


def main():
    tool, traces = sys.argv[1], pathlib.Path(sys.argv[2])
    if not (traces / "truth").is_dir():
        print(f"skipped: there are no traces at {traces}")
        return 77
    against_exact(tool, traces)
    against_stragglers(tool, traces)
    against_gloo(tool, traces)
    against_hta(tool, traces)
    why_hta_is_wrong(traces)
    against_timings(tool, traces)
    second_computation(tool, traces / "nccl_tp2_h100")
    with_execution_traces(tool, traces)
    of_vllm(tool, traces.parent.parent / "vllm_h100/traces")
    for line in wrong:
        print(line)
    print(f"{compared} figures compared, {len(wrong)} differ")
    return 1 if wrong or compared < 300 else 0


sys.exit(main())
