"""rivals.py LIBRARY [VLLM_SO SCALAR_TYPE_DIR] - times the cuda kernels beside other libraries' own binaries in one process.

LIBRARY is what tests/device/kernels builds (libweir_kernels.so); VLLM_SO is vLLM's _C_stable_libtorch.abi3.so and
SCALAR_TYPE_DIR a directory with its scalar_type.py; Humming is taken where it can be imported. TABLE may name a file with rows that
`kernels tune` has just printed. Needs PyTorch and a CUDA
device. CUDA graphs of back-to-back launches over rotated copies of the weights, so that weights are in no cache; rounds in
random order; identical pairs say how much noise there is. Every candidate's result is compared with float64 first.
Prints one JSON line a result, and a table at the end. docs/kernels.md keeps what it printed.
"""
import ctypes, json, os, random, sys, time
import torch

FORMATS = {n: i for i, n in enumerate(["bf16", "w8a16", "w8a8", "w8a8-fp8", "w4a16", "w4a8", "w4a4"])}
SHAPES = {"7B.o": (4096, 4096), "8B.gateup": (28672, 4096), "8B.down": (4096, 14336), "1.7B.qkv": (4096, 2048),
          "A3B.expert": (1536, 2048)}
COLD_BYTES = 400 << 20
ROUNDS = int(os.environ.get("ROUNDS", "9"))
BUDGET = float(os.environ.get("BUDGET_S", "240"))
HUMMING_BUDGET = float(os.environ.get("HUMMING_S", "80"))
BEGAN = time.time()
device = "cuda"
lib = ctypes.CDLL(sys.argv[1])
lib.weir_open.restype = ctypes.c_void_p
lib.weir_open.argtypes = [ctypes.c_int] * 3 + [ctypes.c_int64] * 3 + [ctypes.POINTER(ctypes.c_int32)]
lib.weir_why.restype = ctypes.c_char_p
lib.weir_workspace.restype = ctypes.c_size_t
lib.weir_workspace.argtypes = [ctypes.c_void_p]
lib.weir_choice.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_int32)]
lib.weir_run.argtypes = [ctypes.c_void_p] * 8

ops = types = None
if len(sys.argv) > 2:
    torch.ops.load_library(sys.argv[2])
    ops = torch.ops._C
    sys.path.insert(0, sys.argv[3])
    from scalar_type import scalar_types as types
try:
    from humming.layer import HummingLayer
except Exception as e:
    print("no humming:", repr(e), flush=True)
    HummingLayer = None


def pointer(t):
    return 0 if t is None else t.data_ptr()


class Problem:
    """The same numbers for all: x, integer weights with scales, and the exact result of each format."""

    def __init__(self, n, k, m):
        self.n, self.k, self.m = n, k, m
        torch.manual_seed(n + k + m)
        self.x = torch.randn(m, k, device=device, dtype=torch.bfloat16)
        self.q8 = torch.randint(-127, 128, (n, k), device=device, dtype=torch.int8)
        self.s8 = torch.rand(n, device=device) * 1e-3 + 5e-4
        self.q4 = torch.randint(-8, 8, (n, k), device=device, dtype=torch.int8)
        self.s4 = (torch.rand(n, k // 128, device=device) * 1e-2 + 5e-3).to(torch.bfloat16)
        self.s4c = torch.rand(n, device=device) * 1e-2 + 5e-3
        self.xs = (self.x.float().abs().amax(1) / 127).clamp_min(1e-10)
        self.xq = torch.clamp(torch.round(self.x.float() / self.xs[:, None]), -127, 127).to(torch.int8)
        self.xf = self.x.float().abs().amax(1) / 448
        self.xe = (self.x.float() / self.xf[:, None]).to(torch.float8_e4m3fn)
        self.rows = torch.randperm(n, device=device)[:256]

    def expected(self, kind):
        r = self.rows
        if kind == "bf16":
            x, w = self.x.double(), (self.q8[r].float() * 0.01).to(torch.bfloat16).double()
        elif kind == "w8a16":
            x, w = self.x.double(), self.q8[r].double() * self.s8[r].double()[:, None]
        elif kind == "w8a8":
            x, w = self.xq.double() * self.xs.double()[:, None], self.q8[r].double() * self.s8[r].double()[:, None]
        elif kind == "w8a8-fp8":
            x, w = self.xe.double() * self.xf.double()[:, None], self.e4m3()[r].double() * self.s8[r].double()[:, None]
        elif kind == "w4a16":
            x = self.x.double()
            w = self.q4[r].double() * self.s4[r].double().repeat_interleave(128, 1)
        else:  # w4a8 by channel
            x, w = self.xq.double() * self.xs.double()[:, None], self.q4[r].double() * self.s4c[r].double()[:, None]
        return x @ w.t()

    def e4m3(self):
        if not hasattr(self, "_e"):
            self._e = (self.q8.float() / 16).to(torch.float8_e4m3fn)
        return self._e

    def nibbles(self):
        low, high = self.q4[:, 0::2].to(torch.uint8) & 15, self.q4[:, 1::2].to(torch.uint8) & 15
        return (low | (high << 4)).contiguous()


def packed_k(q, bits):
    """GPTQ's packing: unsigned values along k, the first lowest. q is [k, n] int32."""
    per = 32 // bits
    k, n = q.shape
    out = torch.zeros(k // per, n, dtype=torch.int64, device=device)
    for i in range(per):
        out |= q[i::per].to(torch.int64) << (bits * i)
    return torch.where(out >= 2**31, out - 2**32, out).to(torch.int32)


def own(p, kind, label, group=0, dynamic=False, choice=(0, 0, 0, 0, 0)):
    c = (ctypes.c_int32 * 5)(*choice)
    h = lib.weir_open(FORMATS[kind], group, int(dynamic), p.m, p.n, p.k, c)
    if not h:
        return None
    lib.weir_choice(h, c)
    space = torch.zeros(max(lib.weir_workspace(h), 256), dtype=torch.uint8, device=device)
    if kind == "bf16":
        w, s = (p.q8.float() * 0.01).to(torch.bfloat16), None
    elif kind in ("w8a16", "w8a8"):
        w, s = p.q8, p.s8
    elif kind == "w8a8-fp8":
        w, s = p.e4m3().view(torch.uint8), p.s8
    else:
        w, s = p.nibbles(), (p.s4 if group else p.s4c)
    x, xs = p.x, None
    if kind in ("w8a8", "w4a8") and not dynamic:
        x, xs = p.xq, p.xs
    if kind == "w8a8-fp8" and not dynamic:
        x, xs = p.xe, p.xf

    def call(w, s, y):
        r = lib.weir_run(h, pointer(x), pointer(xs), pointer(w), pointer(s), pointer(y), pointer(space),
                         torch.cuda.current_stream().cuda_stream)
        if r:
            raise RuntimeError(lib.weir_why().decode())
        return y
    return {"label": label, "kind": kind, "weights": (w, s), "call": call, "ran": list(c), "keep": (x, xs, space)}


def candidates(p):
    m, n, k = p.m, p.n, p.k
    small = m <= 64
    out = []

    def add(make, label):
        try:
            c = make()
            if c is not None:
                out.append(c)
        except Exception as e:
            print("left out", label, repr(e)[:300], flush=True)

    wb = (p.q8.float() * 0.01).to(torch.bfloat16)
    for label in ("torch bf16", "torch bf16 (again)"):
        out.append({"label": label, "kind": "bf16", "weights": (wb, None), "call": lambda w, s, y: torch.mm(p.x, w.t(), out=y)})
    add(lambda: own(p, "bf16", "weir bf16"), "weir bf16")
    for label in ("weir w8a16", "weir w8a16 (again)"):
        add(lambda: own(p, "w8a16", label), label)
    add(lambda: own(p, "w8a8", "weir w8a8 quantized before"), "w8a8")
    add(lambda: own(p, "w8a8", "weir w8a8 with quantization", dynamic=True), "w8a8 dynamic")
    add(lambda: own(p, "w8a8-fp8", "weir fp8 quantized before"), "fp8")
    add(lambda: own(p, "w8a8-fp8", "weir fp8 with quantization", dynamic=True), "fp8 dynamic")
    add(lambda: own(p, "w4a16", "weir w4a16 g128", group=128), "w4a16")
    add(lambda: own(p, "w4a8", "weir w4a8 quantized before"), "w4a8")
    add(lambda: own(p, "w4a8", "weir w4a8 with quantization", dynamic=True), "w4a8 dynamic")
    if small:
        early = (0, 0, 0, 0, 1)
        for kind, label, g, dyn in (("w8a16", "weir w8a16 early", 0, False), ("w8a8", "weir w8a8 with quantization early", 0, True),
                                    ("w4a16", "weir w4a16 g128 early", 128, False), ("w4a8", "weir w4a8 with quantization early", 0, True)):
            add(lambda: own(p, kind, label, g, dyn, early), label)
    # torch's scaled products by row
    out.append({"label": "torch fp8 rowwise", "kind": "w8a8-fp8", "weights": (p.e4m3(), p.s8),
                "call": lambda w, s, y: torch._scaled_mm(p.xe, w.t(), scale_a=p.xf[:, None], scale_b=s[None, :],
                                                         out_dtype=torch.bfloat16, use_fast_accum=True)})
    if ops is not None:
        def scaled(x, xs):
            def call(w, s, y):
                ops.cutlass_scaled_mm(y, x, w.t(), xs, s, None)
                return y
            return call

        def int8_quantizing(w, s, y):
            q, qs = torch.empty_like(p.xq), torch.empty(m, 1, device=device)
            ops.dynamic_scaled_int8_quant(q, p.x, qs, None)
            ops.cutlass_scaled_mm(y, q, w.t(), qs, s, None)
            return y

        def fp8_quantizing(w, s, y):
            q, qs = torch.empty_like(p.xe), torch.empty(m, 1, device=device)
            ops.dynamic_per_token_scaled_fp8_quant(q, p.x, qs, None)
            ops.cutlass_scaled_mm(y, q, w.t(), qs, s, None)
            return y
        s_row = p.s8[None, :].contiguous()
        out.append({"label": "vllm int8 quantized before", "kind": "w8a8", "weights": (p.q8, s_row), "call": scaled(p.xq, p.xs[:, None])})
        out.append({"label": "vllm int8 with quantization", "kind": "w8a8", "weights": (p.q8, s_row), "call": int8_quantizing})
        out.append({"label": "vllm fp8 quantized before", "kind": "w8a8-fp8", "weights": (p.e4m3(), s_row), "call": scaled(p.xe, p.xf[:, None])})
        out.append({"label": "vllm fp8 with quantization", "kind": "w8a8-fp8", "weights": (p.e4m3(), s_row), "call": fp8_quantizing})
        empty = torch.empty(0, dtype=torch.int, device=device)
        locks = torch.zeros(132 * 4, dtype=torch.int, device=device)
        perm = [i + 8 * j for i in range(8) for j in range(8)]
        perm_single = [2 * i + j for i in range(4) for j in (0, 1, 8, 9, 16, 17, 24, 25)]

        def marlin(bits):
            q = p.q8 if bits == 8 else p.q4
            kind = types.uint8b128 if bits == 8 else types.uint4b8
            packed = packed_k((q.to(torch.int32) + (128 if bits == 8 else 8)).t(), bits)
            w = ops.gptq_marlin_repack(packed, empty, k, n, bits, False)
            if bits == 8:
                s = p.s8.to(torch.bfloat16)[None, :].reshape(-1, 32)[:, perm_single].reshape(1, n).contiguous()
            else:
                s = p.s4.t().reshape(-1, 64)[:, perm].reshape(-1, n).contiguous()
            call = lambda w, s, y: ops.marlin_gemm(p.x, y, w, None, s, None, None, empty, empty, empty, locks, kind.id, m, n, k,
                                                   True, False, True, False)
            return {"label": f"vllm marlin w{bits}a16", "kind": "w8a16" if bits == 8 else "w4a16", "weights": (w, s), "call": call,
                    "coarse": True}

        def machete(bits):
            q = p.q8 if bits == 8 else p.q4
            kind = types.uint8b128 if bits == 8 else types.uint4b8
            packed = packed_k((q.to(torch.int32) + (128 if bits == 8 else 8)).t(), bits)
            w = ops.machete_prepack_B(packed.t().contiguous().t(), torch.bfloat16, kind.id, torch.bfloat16)
            s = (p.s4.t() if bits == 4 else p.s8.to(torch.bfloat16)[None, :].expand(k // 128, n)).contiguous()
            call = lambda w, s, y: ops.machete_mm(p.x, w, kind.id, None, s, None, 128, None, None, None)
            return {"label": f"vllm machete w{bits}a16 g128", "kind": "w8a16" if bits == 8 else "w4a16", "weights": (w, s), "call": call,
                    "coarse": True}
        for bits in (8, 4):
            add(lambda: marlin(bits), f"marlin {bits}")
            add(lambda: machete(bits), f"machete {bits}")
    if HummingLayer is not None and m in (1, 16, 256, 4096) and humming_spent[0] < HUMMING_BUDGET:
        began = time.time()
        for label, kind, weight, given in (("humming w4a16 g128", "w4a16", {"dtype": "int4", "group_size": 128}, None),
                                           ("humming w8a16", "w8a16", {"dtype": "int8"}, None),
                                           ("humming w4a8 with quantization", "w4a8", {"dtype": "int4"}, {"dtype": "int8"})):
            def humming():
                layer = HummingLayer(shape_n=n, shape_k=k, weight_config=weight, input_config=given, torch_dtype=torch.bfloat16).cuda()
                layer.load_from_unquantized(torch.randn(n, k, device=device, dtype=torch.bfloat16))
                layer.transform()
                r = layer(p.x)
                names = [a for a, _ in layer.named_parameters()]
                held = tuple(getattr(layer, a).data for a in names)

                def call(*args):
                    for a, t in zip(names, args[:-1]):
                        getattr(layer, a).data = t
                    return layer(p.x, outputs=args[-1])
                return {"label": label, "kind": kind, "weights": held, "call": call, "unchecked": True}
            add(humming, label)
        humming_spent[0] += time.time() - began
    return out


humming_spent = [0.0]


def graph_of(c, p):
    held = [t for t in c["weights"]]
    size = sum(t.numel() * t.element_size() for t in held if t is not None)
    c["bytes"] = size
    copies = max(2, min(200, COLD_BYTES // size + 1)) if p.m < 1024 else 2
    runs = max(copies, 24) if p.m < 1024 else 4
    sets = [[None if t is None else t.clone() for t in held] for _ in range(copies)]
    for i, s in enumerate(sets):  # clones keep strides only of dense tensors; views are taken of the originals' layout
        for j, t in enumerate(s):
            if t is not None and t.stride() != held[j].stride():
                s[j] = torch.empty_strided(held[j].shape, held[j].stride(), dtype=held[j].dtype, device=device).copy_(held[j])
    y = torch.empty(p.m, p.n, device=device, dtype=torch.bfloat16)
    y.fill_(float("nan"))
    r = c["call"](*sets[0], y)
    torch.cuda.synchronize()
    if not c.get("unchecked"):
        e = p.expected(c["kind"])
        got = r[:, p.rows].double()
        c["error"] = ((got - e).norm() / e.norm()).item()
        limit = 2e-2 if c["label"].endswith("quantization") or "early" in c["label"] else 6e-3
        if not c["error"] < limit:
            raise RuntimeError(f"wrong: relative error {c['error']}")
    g = torch.cuda.CUDAGraph()
    with torch.cuda.graph(g):
        for i in range(runs):
            c["call"](*sets[i % copies], y)
    c["graph"], c["runs"], c["sets"], c["y"] = g, runs, sets, y
    for _ in range(2):
        g.replay()
    torch.cuda.synchronize()


def measure(name, m):
    n, k = SHAPES[name]
    p = Problem(n, k, m)
    ready = []
    for c in candidates(p):
        try:
            graph_of(c, p)
            ready.append(c)
        except Exception as e:
            print("left out", name, m, c["label"], repr(e)[:300], flush=True)
            torch.cuda.synchronize()
    times = {c["label"]: [] for c in ready}
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    for _ in range(ROUNDS):
        random.shuffle(ready)
        for c in ready:
            begin.record()
            c["graph"].replay()
            end.record()
            end.synchronize()
            times[c["label"]].append(begin.elapsed_time(end) * 1e3 / c["runs"])
    rows = []
    for c in ready:
        t = sorted(times[c["label"]])
        rows.append({"shape": name, "m": m, "label": c["label"], "kind": c["kind"], "us": t[len(t) // 2], "least": t[0],
                     "most": t[-1], "error": c.get("error"), "weight_bytes": c["bytes"], "ran": c.get("ran"),
                     "tera": 2e-6 * m * n * k / t[len(t) // 2]})
    rows.sort(key=lambda r: (r["kind"], r["us"]))
    for r in rows:
        print(json.dumps(r), flush=True)
    return rows


print(json.dumps({"device": torch.cuda.get_device_name(), "torch": torch.__version__, "date": time.strftime("%Y-%m-%d")}), flush=True)
plan = [(s, m) for m in (1, 16, 256, 4096, 8, 64, 4, 32) for s in ("7B.o", "8B.gateup")]
plan += [(s, m) for m in (1, 16) for s in ("8B.down", "1.7B.qkv", "A3B.expert")]
if os.environ.get("ONLY"):
    plan = [(s, int(m)) for s, m in (w.split(":") for w in os.environ["ONLY"].split(","))]
everything = []
for shape, m in plan:
    if time.time() - BEGAN > BUDGET:
        print("no time left for", shape, m, flush=True)
        continue
    everything += measure(shape, m)
    torch.cuda.empty_cache()


def verdicts(rows):
    """Ours against the fastest other of the same kind: ahead or behind only where the spreads do not touch."""
    for shape, m in dict.fromkeys((r["shape"], r["m"]) for r in rows):
        here = [r for r in rows if r["shape"] == shape and r["m"] == m]
        for r in here:
            if not r["label"].startswith("weir") or "again" in r["label"]:
                continue
            whole = "with quantization" in r["label"]
            others = [o for o in here if not o["label"].startswith("weir") and o["kind"] == r["kind"] and "again" not in o["label"] and
                      (r["kind"] in ("bf16", "w8a16", "w4a16") or ("with quantization" in o["label"]) == whole)]
            if not others:
                print(f"verdict {shape} M={m} {r['label']}: {r['us']:.2f} us, no other ran")
                continue
            best = min(others, key=lambda o: o["us"])
            word = "ahead" if r["most"] < best["least"] else "behind" if r["least"] > best["most"] else "equal"
            print(f"verdict {shape} M={m} {r['label']}: {word}, {r['us']:.2f} [{r['least']:.2f}-{r['most']:.2f}] against {best['label']} "
                  f"{best['us']:.2f} [{best['least']:.2f}-{best['most']:.2f}] us ({best['us'] / r['us']:.2f})")


verdicts(everything)
for r in everything:
    print(f"{r['shape']:10} M={r['m']:<5} {r['label']:36} {r['us']:9.2f} [{r['least']:.2f}-{r['most']:.2f}] us {r['tera']:8.1f} T/s "
          f"{r['weight_bytes'] / r['us'] * 1e-3:7.0f} GB/s error {r['error'] if r['error'] is None else format(r['error'], '.2e')} {r['ran'] or ''}")
