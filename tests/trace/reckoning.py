"""The figures of weir-trace, reckoned a second time from docs/traces.md alone: whole-file JSON, edges in order of time, and
plain loops. Slow and short. Times are whole nanoseconds; a figure that is missing is None.
"""
import collections
import decimal
import fractions
import math
import re

DEVICE = {"kernel": "kernel", "gpu_memcpy": "memory", "gpu_memset": "memory"}
COLLECTIVES = (("all_reduce", r"all_?reduce|cross_device_reduce"), ("all_gather", r"all_?gather"),
               ("reduce_scatter", r"reduce_?scatter"), ("all_to_all", r"all_?to_?all"), ("broadcast", r"broadcast"),
               ("send_recv", r"send_?recv"), ("reduce", r"nccl\w*kernel_reduce_"))
BYTES = {"Float": 4, "BFloat16": 2, "Half": 2, "Long": 8, "Byte": 1}
TOGETHER = ("all_reduce", "all_gather", "reduce_scatter", "all_to_all", "barrier")


def ns(us):
    return int(decimal.Decimal(us).scaleb(3).to_integral_value(decimal.ROUND_DOWN))


def share(part, whole):
    return 100 * part / whole if whole > 0 else None


def collective_of(name):
    """What a kernel's name says it does between devices; None: nothing."""
    plain = name.split("<")[0].split("(")[0] if not name.startswith("void") else name
    if not re.search(r"nccl|multimem|cross_device|one_shot|two_shot|gloo:", plain):
        return None
    return next((word for word, piece in COLLECTIVES if re.search(piece, plain.lower())), "")


class Event:
    def __init__(self, e):
        self.name, self.args, self.pid = e["name"], e.get("args", {}), str(e.get("pid"))
        self.begin, self.ns = ns(e["ts"]), ns(e["dur"])
        self.end = self.begin + self.ns
        self.what = DEVICE.get(e.get("cat"))
        if self.what == "kernel":
            self.what = "computation" if collective_of(self.name) is None else "communication"


def together(sets, window):
    """How long which of the sets of intervals hold at once inside a window: {frozenset of names: ns}."""
    edges = []
    for name, intervals in sets.items():
        for begin, end in intervals:
            begin, end = max(begin, window[0]), min(end, window[1])
            if begin < end:
                edges += [(begin, name, 1), (end, name, -1)]
    edges.sort(key=lambda e: e[0])
    depth, found, last = collections.Counter(), collections.Counter(), window[0]
    for at, name, change in edges:
        found[frozenset(n for n, d in depth.items() if d > 0)] += at - last
        depth[name] += change
        last = at
    found[frozenset()] += window[1] - last
    return found


def covered(intervals):
    if not intervals:
        return 0
    found = together({"x": intervals}, (min(b for b, _ in intervals), max(e for _, e in intervals)))
    return found[frozenset("x")]


def merged(intervals):
    out = []
    for begin, end in sorted(i for i in intervals if i[0] < i[1]):
        if out and begin <= out[-1][1]:
            out[-1][1] = max(out[-1][1], end)
        else:
            out.append([begin, end])
    return out


class Rank:
    """One device of one trace."""

    def __init__(self, trace, rank=0, device=None):
        self.base = trace.get("baseTimeNanoseconds", 0)
        self.rank = rank
        events = [e for e in trace["traceEvents"] if e.get("ph") == "X"]
        self.device = [Event(e) for e in events if e.get("cat") in DEVICE and (device is None or str(e["pid"]) == device)]
        self.launches = collections.defaultdict(list)
        for e in events:
            if e.get("cat") in ("cuda_runtime", "cuda_driver") and "correlation" in e.get("args", {}):
                self.launches[e["args"]["correlation"]].append(Event(e))
        self.gloo = [Event(e) for e in events if e.get("cat") == "user_annotation" and e["name"].startswith("gloo:")]
        self.on_cpu = not self.device and bool(self.gloo)
        self.steps = self.steps_of(events, device)

    def steps_of(self, events, device):
        """[name, (begin, end) on the CPU or None, the same on the device], by their External id, in order of window."""
        steps, alone = {}, []
        for e in events:
            if e.get("cat") not in ("user_annotation", "gpu_user_annotation"):
                continue
            if not re.match(r"ProfilerStep#|execute_.*context_|step\[", e["name"]):
                continue
            x, on_device = Event(e), e["cat"][0] == "g"
            if on_device and device is not None and x.pid != device:
                continue
            if "External id" not in x.args:
                alone.append([x.name, None, (x.begin, x.end)] if on_device else [x.name, (x.begin, x.end), None])
                continue
            step = steps.setdefault((x.name, x.args["External id"]), [x.name, None, None])
            if not on_device:
                step[1] = (x.begin, x.end)
            else:
                old = step[2] or (x.begin, x.end)
                step[2] = (min(old[0], x.begin), max(old[1], x.end))
        both = list(steps.values()) + alone
        return sorted(both, key=lambda s: ((s[2] or s[1])[0], -(s[2] or s[1])[1], s[0]))

    def intervals(self, what):
        return [(e.begin, e.end) for e in self.device if e.what == what]

    def span(self):
        return min(e.begin for e in self.device), max(e.end for e in self.device)

    def calls(self):
        return self.gloo if self.on_cpu else [e for e in self.device if e.what == "communication"]


def times(rank, windows):
    """Unions by class inside disjoint windows."""
    sets = {w: rank.intervals(w) for w in ("computation", "communication", "memory")}
    sums = collections.Counter()
    for window in windows:
        sums.update(together(sets, window))
    length = sum(e - b for b, e in windows)
    have = lambda *wanted: sum(v for k, v in sums.items() if set(wanted) <= k)
    out = {"busy": length - sums[frozenset()], "idle": sums[frozenset()], "computation": have("computation"),
           "communication": have("communication"), "memory": have("memory"),
           "overlap": have("computation", "communication"), "exposed_memory": sums[frozenset(["memory"])]}
    out["exposed_communication"] = out["communication"] - out["overlap"]
    out = {name: fractions.Fraction(value, 1000) for name, value in out.items()}
    for name, part in (("idle_share", "idle"), ("computation_share", "computation"), ("comm_overhead", "communication"),
                       ("exposed_comm_overhead", "exposed_communication"), ("exposed_memory_share", "exposed_memory")):
        out[name] = share(1000 * out[part], length)
    out["overlap_share"] = share(out["overlap"], out["communication"])
    return out


def work(name):
    """(prefill requests, prefill tokens, decode requests, decode tokens) that a step's name tells."""
    found = re.match(r"execute_.*?context_(\d+)\((?:sq)?(\d+).*?_generation_(\d+)\((?:sq)?(\d+)", name)
    if not found:
        return None
    a, b, c, d = map(int, found.groups())
    return a, b if a else 0, c, d if c else 0


def iterations(rank, wanted=None):
    for kind in ("ProfilerStep#", "execute_", "step["):
        walls = [cpu[1] - cpu[0] for name, cpu, _ in rank.steps if cpu and name.startswith(kind) and wanted in (None, name)]
        if walls:
            return walls
    return []


def of_steps(rank, wanted=None):
    us = lambda value: fractions.Fraction(value, 1000)
    walls = iterations(rank, wanted)
    out = {"iterations": len(walls), "iteration_wall_clock": us(sum(walls)) / len(walls) if walls else None,
           "iteration_wall_clock_min": us(min(walls)) if walls else None,
           "iteration_wall_clock_max": us(max(walls)) if walls else None}
    told = [(work(name), (cpu or device)[1] - (cpu or device)[0]) for name, cpu, device in rank.steps
            if wanted in (None, name) and work(name)]
    prefill, decode = sum(w[1] for w, _ in told), sum(w[3] for w, _ in told)
    length = sum(t for _, t in told)
    out["prefill_tokens"], out["decode_tokens"] = (prefill, decode) if told else (None, None)
    out["throughput_tokens_sec"] = fractions.Fraction((prefill + decode) * 10**9, length) if length > 0 else None
    out["tpot"] = us(sum(t * w[2] for w, t in told)) / decode if decode > 0 else None
    for phase, test in (("prefill", lambda w: w[0] and not w[2]), ("decode", lambda w: w[2] and not w[0]),
                        ("mixed", lambda w: w[0] and w[2])):
        own = [t for w, t in told if test(w)]
        out[phase + "_steps"], out[phase + "_time"] = (len(own), us(sum(own))) if told else (None, None)
    return out


def idle_causes(rank):
    """Each gap between device events is cut at the end of the call that launched what ends it, the first launched where
    several end it."""
    sums, until = collections.Counter(idle_host=0, idle_queued=0, idle_unknown=0), None
    for at in sorted({e.begin for e in rank.device}):
        ended_by = [e for e in rank.device if e.begin == at]
        if until is not None and at > until:
            calls = [c.end for e in ended_by for c in rank.launches.get(e.args.get("correlation"), [])]
            if calls:
                cut = min(max(min(calls), until), at)
                sums["idle_host"] += cut - until
                sums["idle_queued"] += at - cut
            else:
                sums["idle_unknown"] += at - until
        until = max([e.end for e in ended_by] + ([until] if until is not None else []))
    return {name: fractions.Fraction(value, 1000) for name, value in sums.items()}


def collective_key(call):
    """(collective, group, its size) and bytes."""
    named = call.args.get("Collective name", "")
    word = next((w for w, piece in COLLECTIVES if re.search(piece, named)), named) or collective_of(call.name)
    group, size = "", int(call.args.get("Group size", 0))
    if "Process Group Name" in call.args:
        group = call.args["Process Group Name"] + " " + call.args.get("Process Group Ranks", "")
    elements = max(call.args.get("In msg nelems", -1), call.args.get("Out msg nelems", -1))
    each = BYTES.get(call.args.get("dtype"))
    if call.name.startswith("gloo:") and word != "all_gather":  # which gives out more than goes in, and does not say
        elements, each = math.prod(call.args["Input Dims"][0]), {"float": 4, "long int": 8}[call.args["Input type"][0]]
    return (word or re.sub(r"\(.*", "", call.name), group, size), elements * each if each and elements >= 0 else None


def collectives(rank, windows=None):
    inside = lambda c: windows is None or any(b <= c.begin < e for b, e in windows)
    groups = collections.defaultdict(list)
    for call in rank.calls():
        if inside(call):
            groups[collective_key(call)[0]].append(call)
    out = {}
    for (word, group, size), calls in groups.items():
        sizes, time = [collective_key(c)[1] for c in calls], sum(c.ns for c in calls)
        total = sum(sizes) if None not in sizes else None
        rate = total / time if total is not None and time > 0 else None
        factor = {"all_reduce": 2 * (size - 1) / size, "all_gather": (size - 1) / size, "reduce_scatter": (size - 1) / size,
                  "all_to_all": (size - 1) / size, "broadcast": 1, "reduce": 1, "send_recv": 1}.get(word) if size else None
        out[word, group, size] = {"calls": len(calls), "time": fractions.Fraction(time, 1000), "group_size": size or None,
                                  "mean_time": fractions.Fraction(time, 1000 * len(calls)), "bytes": total,
                                  "algorithm_bandwidth": rate,
                                  "bus_bandwidth": rate * factor if rate is not None and factor is not None else None}
    return out


def kernels(rank):
    rows = collections.defaultdict(list)
    for e in rank.device:
        rows[e.name, e.what].append(e.ns)
    us = lambda value: fractions.Fraction(value, 1000)
    whole = sum(map(sum, rows.values()))
    both = {name for name, what in rows if what == "memory"} & {name for name, what in rows if what != "memory"}
    rows = {(name + " (copy)" if what == "memory" and name in both else name, what): own for (name, what), own in rows.items()}
    return {key: {"calls": len(own), "time": us(sum(own)), "mean_time": us(sum(own)) / len(own), "min_time": us(min(own)),
                  "max_time": us(max(own)), "share": share(sum(own), whole)} for key, own in rows.items()}


def of_rank(rank, wanted=None):
    """The table "rank"; with `wanted`, of what lies in steps of that name."""
    out = of_steps(rank, wanted)
    if not rank.device:
        out |= dict.fromkeys(("span", "busy", "idle", "computation", "overlap", "memory", "comm_overhead", "idle_share"))
        out["coll_call_num"] = len(rank.calls()) if rank.on_cpu else None
        out["communication"] = fractions.Fraction(covered([(c.begin, c.end) for c in rank.gloo]), 1000) if rank.on_cpu else None
        return out
    windows = [rank.span()] if wanted is None else merged((s[2] or s[1]) for s in rank.steps if s[0] == wanted)
    out["span"] = fractions.Fraction(sum(e - b for b, e in windows), 1000)
    out |= times(rank, windows)
    out["coll_call_num"] = sum(wanted is None or any(b <= c.begin < e for b, e in windows) for c in rank.calls())
    if wanted is not None:
        return out
    count = lambda what: sum(e.what == what for e in rank.device)
    kernels_ns = sum(e.ns for e in rank.device if e.what != "memory")
    by_name = collections.Counter()
    for e in rank.device:
        by_name[e.name] += e.ns if e.what != "memory" else 0
    copies = [e for e in rank.device if e.what == "memory"]
    time, sized = sum(e.ns for e in copies), all("bytes" in e.args for e in copies)
    out |= {"device_events": len(rank.device), "computation_kernels": count("computation"),
            "memory_operations": count("memory"), "sum_of_durations": fractions.Fraction(sum(e.ns for e in rank.device), 1000),
            "dominant_kernel_share": share(max(by_name.values(), default=0), kernels_ns),
            "memory_bandwidth": sum(e.args["bytes"] for e in copies) / time if sized and time > 0 else None}
    return out


def median(values):
    return sorted(values)[len(values) // 2]


class Set:
    """Collectives matched across ranks."""

    def __init__(self, ranks):
        self.ranks, self.matched, self.by_order = ranks, [], set()
        for key in sorted({collective_key(c)[0] for r in ranks for c in r.calls()}):
            own = {i: sorted((c for c in r.calls() if collective_key(c)[0] == key), key=lambda c: (c.begin, c.end))
                   for i, r in enumerate(ranks)}
            own = {i: calls for i, calls in own.items() if calls}
            if len(own) < 2:
                continue
            numbered = all("Seq" in c.args for calls in own.values() for c in calls)
            if numbered:
                numbers = set.intersection(*({c.args["Seq"] for c in calls} for calls in own.values()))
                rows = [{i: next(c for c in calls if c.args["Seq"] == n) for i, calls in own.items()} for n in numbers]
            elif len({len(calls) for calls in own.values()}) == 1:
                rows = [dict(zip(own, row)) for row in zip(*own.values())]
            else:
                continue
            self.by_order |= set() if numbered else {key}
            for row in rows:
                self.matched.append((key, {i: (ranks[i].base + c.begin, ranks[i].base + c.end) for i, c in row.items()}))
        while True:  # what is matched by order, and would have a rank leave before another comes, is not matched at all
            self.offsets, self.aligned = self.clocks()
            there = [(key, {i: (b - self.offsets[i], e - self.offsets[i]) if self.aligned else (b, e)
                            for i, (b, e) in row.items()}) for key, row in self.matched]
            apart = {key for key, row in there if key in self.by_order and key[0] not in ("broadcast", "reduce", "gather", "scatter")
                     and max(b for b, _ in row.values()) > min(e for _, e in row.values()) + 100_000}
            if not apart:
                break
            self.matched = [(key, row) for key, row in self.matched if key not in apart]
        self.matched = there
        self.waits = self.waited()

    def clocks(self):
        late = collections.defaultdict(list)
        for (word, *_), row in self.matched:
            if word in TOGETHER:
                middle = median([e for _, e in row.values()])
                for i, (_, e) in row.items():
                    late[i].append(e - middle)
        offsets = collections.defaultdict(int, {i: median(v) for i, v in late.items()})
        spread = {i: median([abs(x - offsets[i]) for x in v]) for i, v in late.items()}
        aligned = any(len(v) >= 3 and abs(offsets[i]) > 100_000 and abs(offsets[i]) > 8 * spread[i] for i, v in late.items())
        return offsets, aligned

    def waited(self):
        rows = {i: {"arrived_last": 0, "wait_for_last": 0, "lateness": 0, "matched_communication": 0, "waits": []}
                for i in range(len(self.ranks))}
        for _, row in self.matched:
            first, last = min(b for b, _ in row.values()), max(b for b, _ in row.values())
            rows[next(i for i in sorted(row) if row[i][0] == last)]["arrived_last"] += 1
            for i, (b, e) in row.items():
                rows[i]["wait_for_last"] += min(last, e) - b
                rows[i]["lateness"] += b - first
                rows[i]["matched_communication"] += e - b
                shift = (self.offsets[i] if self.aligned else 0) - self.ranks[i].base
                rows[i]["waits"].append((b + shift, min(last, e) + shift))
        return rows

    def stragglers(self):
        """{rank: the table's row}; None where none of its collectives is matched."""
        out = {}
        for i, r in enumerate(self.ranks):
            if not any(i in row for _, row in self.matched):
                out[i] = None
                continue
            row = dict(self.waits[i])
            waits = [w for w in row.pop("waits") if w[0] < w[1]]
            whole = r.span() if r.device else (min(c.begin for c in r.gloo), max(c.end for c in r.gloo))
            found = together({"w": waits, "p": r.intervals("computation")}, whole)
            row["exposed_wait"] = found[frozenset("w")]
            us = {k: v if k == "arrived_last" else fractions.Fraction(v, 1000) for k, v in row.items()}
            us["exposed_wait_share"] = share(row["exposed_wait"], whole[1] - whole[0])
            out[i] = us
        return out

    def skews(self):
        """[(collective, ranks, skew, transfer, spread of ends)] in any order."""
        us = lambda value: fractions.Fraction(value, 1000)
        return [(key[0], len(row), us(max(b for b, _ in row.values()) - min(b for b, _ in row.values())),
                 us(min(e - b for b, e in row.values())),
                 us(max(e for _, e in row.values()) - min(e for _, e in row.values()))) for key, row in self.matched]
