#!/usr/bin/env python3
"""Compares weir-trace with reckoning.py on random traces that are as nasty as profilers and people make them, and on the
real ones beside the repository where they are there.

    random_traces.py WEIR_TRACE TRACES_DIRECTORY [FIRST_SEED [CASES]]       exit 0 all agree, 1 they do not
"""
import collections
import decimal
import gzip
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import reckoning

NAMES = {"computation": ["void gemm_kernel<float, 4>(float*, int)", "ampere_sgemm_128x64_tn", "triton_poi_fused_add_0",
                         "flash_fwd_kernel", "nobody_knows_this", "k\\u00e9rnel \\\"quoted\\\" \\\\ one", "Memcpy DtoD"],
         "communication": ["ncclDevKernel_AllReduce_Sum_f32_RING_LL(ncclDevKernelArgsStorage<4096ul>)",
                           "ncclKernel_AllGather_RING_LL_Sum_int8_t(ncclWorkElem)", "ncclDevKernel_SendRecv(ncclWork*)",
                           "ncclDevKernel_ReduceScatter_Sum_bf16_RING_LL(x)", "ncclDevKernel_Broadcast_RING_LL(x)",
                           "void multimem_all_reduce_kernel<c10::BFloat16, 16>(x)",
                           "void vllm::cross_device_reduce_2stage<float, 8>(x)", "reduce_scatter_cross_device_store"],
         "memory": ["Memcpy HtoD (Pageable -> Device)", "Memcpy DtoD", "Memset (Device)"]}
NAMED = ["allreduce", "_allgather_base", "all_to_all", "reduce_scatter_tensor_coalesced", "broadcast"]


class Maker:
    """One set of random traces: its events as they are meant, and the text in which they are written."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        r = self.r
        self.digits = r.choice([0, 3, 3, 3, 6])  # behind the point; ns is 3
        self.base = r.choice([0, 0, 1_700_000_000_123_456_789])
        self.start = r.choice([0, 5, 4_461_810_182_019_683, 1_712_195_495_505_583_001]) if self.base == 0 else r.choice([7, 10**9])
        self.length = r.choice([300, 20_000, 10**7])
        self.damage_on = r.random() < 0.3
        self.layout = r.choice(["usual", "usual", "pretty", "compact", "mixed"])
        self.strings = r.random() < 0.15

    def moment(self, most=None):
        grain = 1000 if self.digits == 0 else 1
        return self.r.randrange(0, most or self.length) // grain * grain

    def x(self, cat, name, begin, ns, pid, tid, args):
        """An event; begin relative to the start, in ns."""
        return {"ph": "X", "cat": cat, "name": name, "pid": pid, "tid": tid, "ns": (self.start + begin, ns), "args": args}

    def device_event(self, pid, what, group):
        r = self.r
        stream = r.choice([7, 7, 7, 20, 24])
        ns = r.choice([0, 0, 1, 999]) if r.random() < 0.1 else self.moment(max(2, self.length // r.choice([3, 20, 50])))
        args = {"device": pid, "stream": stream, "External id": r.randrange(100), "queued": 0}
        if r.random() < 0.8:
            args["correlation"] = self.next_correlation = getattr(self, "next_correlation", 0) + 1
        cat = {"memory": r.choice(["gpu_memcpy", "gpu_memset"])}.get(what, "kernel")
        name = r.choice(NAMES[what])
        if what == "memory" and r.random() < 0.95:
            args["bytes"] = r.randrange(1 << 30)
        if what == "communication" and r.random() < 0.6:
            args |= {"Collective name": r.choice(NAMED), "In msg nelems": r.randrange(1 << 22),
                     "Out msg nelems": r.randrange(1 << 22), "Group size": group, "dtype": r.choice(["Float", "BFloat16", "Odd"]),
                     "Process Group Name": "0", "Process Group Ranks": str(list(range(group)))}
        return self.x(cat, name, self.moment(), self.grain(ns), pid, stream, args)

    def grain(self, ns):
        return ns // 1000 * 1000 if self.digits == 0 else ns

    def launch_of(self, e):
        before = self.moment(max(2, self.length // 10))
        begin = e["ns"][0] - self.start - before
        name = self.r.choice(["cudaLaunchKernel", "cuLaunchKernelEx", "cudaMemcpyAsync"])
        return self.x("cuda_runtime", name, begin, self.grain(self.r.randrange(1, 3 * before + 2000)), 500, 500,
                      {"correlation": e["args"]["correlation"]})

    def steps(self, pids):
        r, out, at = self.r, [], 0
        kind = r.choice(["profiler", "vllm", "vllm-new", "both", "none"])
        for i in range(r.randrange(1, 6)):
            width = self.moment(self.length // 3) + 1000
            names = {"profiler": [f"ProfilerStep#{i}"], "none": [],
                     "vllm": [f"execute_context_{r.randrange(2)}({r.randrange(99)})_generation_{r.randrange(3)}({r.randrange(9)})"],
                     "vllm-new": [f"execute_9_context_{r.randrange(2)}(sq{r.randrange(9)}sk7sqsq0)_generation_{r.randrange(2)}(sq4sk9)"]}
            names["both"] = names["profiler"] + names["vllm"]
            for name in names[kind]:
                args = {"External id": 1000 + 10 * i + len(out)} if r.random() < 0.9 else {}
                cpu = self.x("user_annotation", name, at, self.grain(width), 500, 500, dict(args))
                out.append(cpu)
                if args and r.random() < 0.7:
                    for piece in range(r.randrange(1, 4)):  # one a stream, of which some are late
                        out.append(self.x("gpu_user_annotation", name, at + self.moment(width), self.moment(width), r.choice(pids),
                                          7 + piece, dict(args)))
            at += width + r.choice([0, self.moment(max(2, width // 2))])
        return out

    def noise(self):
        r, out = self.r, []
        for i in range(r.randrange(30)):
            at = self.moment()
            out.append(r.choice([self.x("cpu_op", "aten::mm", at, self.grain(99999), 500, 500, {"Input Dims": "[[1, 2], []]"}),
                                 self.x("python_function", "f(){}[],\\\"", at, 10**9, 500, 501, {"Python id": i}),
                                 {"ph": "i", "cat": "cpu_instant_event", "name": "[memory]", "pid": 500, "tid": 0, "s": "t",
                                  "ns": (self.start + at, None), "args": {"Bytes": -3}}] +
                                [{"ph": p, "id": i, "pid": 0, "tid": 7, "cat": "ac2g", "name": "ac2g", "bp": "e",
                                  "ns": (self.start + at, None)} for p in "sft"] +
                                [{"ph": p, "id": i, "pid": 0, "tid": 7, "cat": "cpu_op", "name": "async",
                                  "ns": (self.start + at, None)} for p in "bneBE"]))
        return out

    def ruin(self, e):
        """A copy of an event of the device, or of a step, that can't be: counted, and in no figure."""
        bad, r = dict(e, args=dict(e["args"])), self.r
        bad["args"].pop("Collective name", None)
        how = r.choice(["dur", "ts", "negative", "nan", "null", "phase", "late", "text"])
        bad["ruined"] = {"dur": {"dur": None}, "ts": {"ts": None}, "negative": {"dur": "-1.000"}, "nan": {"dur": "NaN"},
                         "null": {"ts": "null"}, "phase": {"ph": r.choice("BEi")}, "late": {"ts": "92233720368547758070.5"},
                         "text": {"dur": '"long"'}}[how]
        bad["unreadable"] = how in ("nan", "null", "late", "text") or e["cat"] not in reckoning.DEVICE
        return bad

    def written_time(self, ns):
        r = self.r
        sign, whole, part = "-" if ns < 0 else "", abs(ns) // 1000, abs(ns) % 1000
        if self.digits == 0:
            text = str(whole) if r.random() < 0.9 else f"{whole}.0"
        elif self.digits == 6:  # what is behind the nanoseconds is cut off
            text = f"{whole}.{part:03d}{r.randrange(1000):03d}"
        else:
            text = f"{whole}.{part:03d}"
        return f'"{sign}{text}"' if self.strings else sign + text

    def text_of(self, e):
        r = self.r
        members = [("ph", f'"{e["ph"]}"'), ("cat", f'"{e["cat"]}"'), ("name", f'"{e["name"]}"'), ("pid", str(e["pid"])),
                   ("tid", str(e["tid"])), ("ts", self.written_time(e["ns"][0]))]
        if e["ns"][1] is not None:
            members.append(("dur", self.written_time(e["ns"][1])))
        if "args" in e:
            members.append(("args", json.dumps(e["args"])))
        for key, value in e.get("ruined", {}).items():
            members = [(k, value if k == key and key != "ph" else f'"{value}"' if k == key else v) for k, v in members
                       if not (k == key and value is None)]
        layout = self.layout if self.layout != "mixed" else r.choice(["usual", "shuffled", "compact", "pretty"])
        if layout == "shuffled":
            r.shuffle(members)
        colon, comma, inner = {"compact": (":", ",", ""), "pretty": (": ", ",\n    ", "\n    ")}.get(layout, (": ", ", ", ""))
        return "{" + inner + comma.join(f'"{k}"{colon}{v}' for k, v in members) + inner + "}"

    def document(self, events, rank, world):
        r = self.r
        texts = [self.text_of(e) for e in events]
        body = "[" + r.choice([", ", ",\n  ", ","]).join(texts) + "]"
        if self.base == 0 and world == 1 and r.random() < 0.2:
            return body
        parts = [f'"baseTimeNanoseconds": {self.base}'] if self.base else []
        parts.append(f'"distributedInfo": {{"backend": "nccl", "rank": {rank}, "world_size": {world}}}')
        r.shuffle(parts)
        parts.insert(r.randrange(len(parts) + 1), f'"traceEvents": {body}')
        return "{" + ", ".join(parts) + "}"


def meant(events, base):
    """The events as reckoning.py takes them: without what can't be, times as decimal text."""
    out = []
    for e in events:
        if "ruined" in e:
            continue
        e = dict(e)
        begin, length = e.pop("ns")
        e["ts"], e["name"] = str(decimal.Decimal(begin).scaleb(-3)), e["name"]
        if length is not None:
            e["dur"] = str(decimal.Decimal(length).scaleb(-3))
        out.append(e)
    return {"baseTimeNanoseconds": base, "traceEvents": out}


def one_rank(maker, pids, group):
    r = maker.r
    events = []
    for pid in pids:
        for what, most in (("computation", 60), ("communication", 25), ("memory", 15)):
            events += [maker.device_event(pid, what, group) for _ in range(r.randrange(most))]
    if r.random() < 0.5:  # nothing of the device in a part of the time
        a = maker.moment()
        events = [e for e in events if not a <= e["ns"][0] - maker.start <= a + maker.length // 4]
    launches = [maker.launch_of(e) for e in events if "correlation" in e["args"] and r.random() < 0.8]
    events += launches + maker.steps(pids) + maker.noise()
    if maker.damage_on:
        good = [e for e in events if e["cat"] in reckoning.DEVICE or e["cat"].endswith("user_annotation")]
        events += [maker.ruin(r.choice(good)) for _ in range(r.randrange(4))] if good else []
    order = r.choice(["time", "any", "backwards", "late"])
    events.sort(key=lambda e: e["ns"][0], reverse=order == "backwards")
    if order == "any":
        r.shuffle(events)
    if order == "late":
        events = events[len(events) // 2:] + events[:len(events) // 2]
    return events


def a_world(maker, ranks):
    """Ranks that make the same collectives: each arrives when it does, and all leave together."""
    r, sets = maker.r, []
    numbered, offset = r.random() < 0.5, [r.choice([0, 0, 40_000, 5_000_000]) for _ in range(ranks)]
    at, calls, cut = maker.length, [], r.random() < 0.3
    for i in range(r.randrange(3, 15)):
        arrivals = [at + r.randrange(0, 90_000) for _ in range(ranks)]
        end = max(arrivals) + r.randrange(1000, 60_000)
        calls.append((r.choice(["AllReduce", "AllGather", "ReduceScatter"]), arrivals, end, r.randrange(1 << 20)))
        at = end + r.randrange(0, 50_000)
    for rank in range(ranks):
        events = one_rank(maker, [0], ranks)
        events = [e for e in events if not (e["cat"] == "kernel" and reckoning.collective_of(e["name"]) is not None)]
        for number, (word, arrivals, end, size) in enumerate(calls):
            args = {"stream": 30, "Group size": ranks, "Process Group Name": "7", "dtype": "Float", "In msg nelems": size,
                    "Out msg nelems": size, "Process Group Ranks": str(list(range(ranks))), "Collective name": word.lower()}
            if numbered:
                args["Seq"] = number
            if cut and number == (0 if rank == 0 else len(calls) - 1):  # as many calls, of which none is the other's
                continue
            begin, last = maker.grain(arrivals[rank]), maker.grain(end + r.randrange(0, 3000))
            events.insert(r.randrange(len(events) + 1),
                          maker.x("kernel", f"ncclDevKernel_{word}_RING_LL(x)", begin + maker.grain(offset[rank]), last - begin, 0, 30, args))
        sets.append(events)
    return sets


class Comparison:
    def __init__(self, tool):
        self.tool, self.compared, self.wrong = tool, 0, []

    def run(self, *arguments):
        done = subprocess.run([self.tool, "--json", "--top", "100000", *map(str, arguments)], capture_output=True, text=True)
        if done.returncode not in (0, 1):
            self.wrong.append(f"{arguments}: {done.stderr}")
            return collections.defaultdict(dict)
        tables = collections.defaultdict(dict)
        for m in map(json.loads, done.stdout.splitlines()):
            labels = dict(m["labels"])
            row = tables[labels.pop("table")].setdefault(tuple(sorted(labels.items())), {})
            if m["name"] in row:
                self.wrong.append(f"{arguments}: {m} twice")
            row[m["name"]] = m["value"]
        return tables

    def same(self, what, got, want):
        """`want` is exact: the nearest double is what a right figure is."""
        for name, value in want.items():
            self.compared += 1
            mine = got.get(name, "no such figure")
            if value is None or mine is None or isinstance(mine, str):
                right = mine is None and value is None or isinstance(mine, str) and mine == value
            else:
                right = abs(mine - float(value)) <= 1e-9 * max(1, abs(float(value)))
            if not right:
                self.wrong.append(f"{what} {name}: {mine}, not {value if value is None or isinstance(value, str) else float(value)}")

    def rows(self, what, got, want):
        """Tables whose rows have names: {name: figures}."""
        if set(got) != set(want):
            self.wrong.append(f"{what}: rows {sorted(map(str, set(got) ^ set(want)))[:3]} are in one only")
        for name in set(got) & set(want):
            self.same(f"{what} {name}", got[name], want[name])

    def rank(self, what, tables, rank, label, wanted=None, idle=False):
        of = lambda table: {k: v for k, v in tables[table].items() if dict(k).get("rank") == label}
        own = of("rank")
        self.same(f"{what} rank {label}", next(iter(own.values()), {}), reckoning.of_rank(rank, wanted))
        if idle and rank.device:
            self.same(f"{what} rank {label}", next(iter(own.values())), reckoning.idle_causes(rank))
        windows = None
        if wanted is not None:
            windows = reckoning.merged([s[2] or s[1] for s in rank.steps if s[0] == wanted])
        calls = {(dict(k)["collective"], dict(k)["group"], v["group_size"] or 0): v for k, v in of("collective").items()}
        self.rows(f"{what} rank {label} collectives", calls, reckoning.collectives(rank, windows))
        steps = sorted(of("step").items(), key=lambda kv: int(dict(kv[0])["index"]))
        ours = [s for s in rank.steps if wanted in (None, s[0])]
        if [dict(k)["step"] for k, _ in steps] != [s[0] for s in ours]:
            self.wrong.append(f"{what} rank {label} steps: {[dict(k)['step'] for k, _ in steps]}, not {[s[0] for s in ours]}")
        elif rank.device:
            for (_, row), (name, cpu, device) in zip(steps, ours):
                want = reckoning.times(rank, [device or cpu])
                want |= {"wall": (cpu[1] - cpu[0]) / 1000 if cpu else None, "window": "device" if device else "cpu"}
                self.same(f"{what} rank {label} step {name}", row, want)
        if wanted is None and not rank.on_cpu:
            table = {(dict(k)["kernel"], v["class"]): v for k, v in of("kernel").items()}
            self.rows(f"{what} rank {label} kernels", table, reckoning.kernels(rank))

    def set(self, what, tables, ranks):
        s = reckoning.Set(ranks)
        own = next(iter(tables["set"].values()))
        self.same(f"{what} set", own, {"matched_collectives": len(s.matched), "clocks": "aligned by the ends of collectives"
                                       if s.aligned else "taken as they are"})
        for i, want in s.stragglers().items():
            row = next((v for k, v in tables["straggler"].items() if dict(k)["rank"] == str(ranks[i].rank)), {})
            if want is None:
                want = dict.fromkeys(("arrived_last", "wait_for_last", "lateness", "exposed_wait"))
            self.same(f"{what} straggler {i}", row, want)
        if s.matched:
            least = min((i for i in range(len(ranks)) if any(i in row for _, row in s.matched)),
                        key=lambda i: s.waits[i]["wait_for_last"])
            self.same(f"{what} set", own, {"slow_rank": str(ranks[least].rank), "total_skew": sum(x[2] for x in s.skews()),
                                           "total_transfer": sum(x[3] for x in s.skews())})
        got = collections.Counter((dict(k)["collective"], v["ranks"], round(v["skew"] * 1000), round(v["transfer"] * 1000),
                                   round(v["end_spread"] * 1000)) for k, v in tables["skew"].items())
        want = collections.Counter((x[0], x[1], *(round(y * 1000) for y in x[2:])) for x in s.skews())
        self.compared += sum(want.values())
        if got != want:
            self.wrong.append(f"{what} skews: {list((got - want).items())[:2]}, not {list((want - got).items())[:2]}")
        if all(r.device for r in ranks):
            for name, which in (("load_imbalance", "busy"), ("computation_imbalance", "computation")):
                lengths = [reckoning.times(r, [r.span()])[which] for r in ranks]
                self.same(f"{what} set", own, {name: max(lengths) / min(lengths) if min(lengths) > 0 else None})


def random_case(check, seed, directory):
    maker = Maker(seed)
    r = maker.r
    pids = r.choice([[0], [0], [0, 1], [3, 5, 9]])
    events = one_rank(maker, pids, r.choice([2, 8]))
    path = directory / f"case{seed}_rank0.json"
    path.write_text(maker.document(events, 0, 1))
    if r.random() < 0.2:
        path = pathlib.Path(str(path) + ".gz")
        path.write_bytes(gzip.compress((directory / f"case{seed}_rank0.json").read_bytes()))
    trace = meant(events, maker.base)
    there = [str(p) for p in dict.fromkeys(e["pid"] for e in events if e["cat"] in reckoning.DEVICE and "ruined" not in e)]
    ranks = {}
    for pid in there:
        label = "0" if len(there) == 1 else f"0 device {pid}"
        ranks[label] = reckoning.Rank(trace, device=pid)
    if not ranks:
        return
    tables = check.run("--idle", path)
    for label, rank in ranks.items():
        check.rank(f"seed {seed}", tables, rank, label, idle=True)
    first = next(iter(ranks.values()))
    ruined = [e for e in events if "ruined" in e]  # what can't be read, and a step, is of no device: it counts on each
    for i, pid in enumerate(there):
        own = sum(e["unreadable"] or str(e["pid"]) == pid or (i == 0 and str(e["pid"]) not in there) for e in ruined)
        row = next(v for k, v in tables["rank"].items() if len(there) == 1 or dict(k)["rank"].endswith(f"device {pid}"))
        check.same(f"seed {seed} {pid}", row, {"damaged_events": own, "truncated": 0})
    steps = [s for s in first.steps if s[2] or s[1]]
    names = {s[0] for s in steps if reckoning.merged([s[2] or s[1]])}
    if names and all(any(s[0] in names for s in k.steps) for k in ranks.values()):
        wanted = r.choice(sorted(n for n in names if all(any(s[0] == n and reckoning.merged([s[2] or s[1]]) for s in k.steps)
                                                         for k in ranks.values())) or [None])
        if wanted is not None:
            tables = check.run("--step", wanted, path)
            for label, rank in ranks.items():
                check.rank(f"seed {seed} in {wanted}", tables, rank, label, wanted)


def random_world(check, seed, directory):
    maker = Maker(seed)
    maker.damage_on = False
    ranks = maker.r.choice([2, 3, 8])
    home = directory / f"world{seed}"
    home.mkdir()
    sets = a_world(maker, ranks)
    for i, events in enumerate(sets):
        (home / f"trace_{i}.json").write_text(maker.document(events, i, ranks))
    ours = [reckoning.Rank(meant(events, maker.base), i) for i, events in enumerate(sets)]
    tables = check.run(home)
    for i, rank in enumerate(ours):
        check.rank(f"world {seed}", tables, rank, str(i))
    check.set(f"world {seed}", tables, ours)


def loaded(path):
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt") as f:
        trace = json.load(f, parse_float=decimal.Decimal)
    return trace if isinstance(trace, dict) else {"traceEvents": trace}


def real(check, traces):
    """Every real trace by itself, and the sets that need no execution trace to be matched."""
    for path in sorted(traces.glob("*/**/*.json.gz")):
        if "truth" in path.parts or "_et" in path.name or "chakra" in str(path) or path.name.startswith("et_"):
            continue
        trace = loaded(path)
        there = dict.fromkeys(str(e["pid"]) for e in trace["traceEvents"] if e.get("cat") in reckoning.DEVICE and e["ph"] == "X")
        tables = check.run("--idle", path)
        labels = sorted({dict(k)["rank"] for k in tables["rank"]})
        ranks = {p: reckoning.Rank(trace, device=p) for p in there} or {None: reckoning.Rank(trace)}
        for pid, rank in ranks.items():
            label = next((x for x in labels if len(labels) == 1 or x.endswith(f"device {pid}")), "none")
            check.rank(path.name, tables, rank, label, idle=True)


def main():
    tool, traces = sys.argv[1], pathlib.Path(sys.argv[2])
    first, cases = (int(x) for x in (sys.argv[3:] + ["1", "60"][len(sys.argv) - 3:]))
    check = Comparison(tool)
    with tempfile.TemporaryDirectory() as directory:
        for seed in range(first, first + cases):
            (random_world if seed % 4 == 0 else random_case)(check, seed, pathlib.Path(directory))
    of_random = check.compared
    if (traces / "truth").is_dir():
        real(check, traces)
    else:
        print(f"the real traces at {traces} are not here")
    for line in check.wrong[:40]:
        print(line)
    print(f"{of_random} figures of {cases} random traces and {check.compared - of_random} of real ones compared, {len(check.wrong)} differ")
    return 1 if check.wrong or of_random < 50 * cases else 0


sys.exit(main())
