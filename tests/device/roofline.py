"""roofline.py WEIR_KERNELS [OUT] - holds `weir-kernels roofline` against measured steps of Qwen3-1.7B and of 8 layers of
Qwen3-8B (transformers' layers, each compiled by torch.compile, random weights, the whole step one CUDA graph): decoding at
batch 1, 8 and 64 with a cache that holds 512 tokens, and a prompt of 2048. Exit status: 0 all within 15 %, 1 not.

WEIR_KERNELS is the tool, with its cuda backend. The models are compiled first, then the machine is measured (limits), and
here what the tool has not: attention, and norms and rows as torch.compile makes them, all alone and with sizes that are not
the models'. Both go into OUT/limits.jsonl, and every prediction is made from that file: nothing that a prediction rests on was measured on a model. OUT
also gets steps.jsonl (a line a step) and kernels.jsonl (the kernels of each step by name, by CUPTI). TIMING_LOCK names a file
that is locked while anything is timed, for whoever uses the device while models are compiled; steps whose compiling COMPILE_S
seconds do not suffice to begin are left out, and that is said. DEVICE=cpu rehearses it with tiny models, and judges nothing.
docs/kernels.md keeps what it printed.
"""
import fcntl, json, os, subprocess, sys, time, traceback
import torch
import torch._dynamo
from torch_step import device, graph_of, kernels_in, make_model, median_ms, qwen3_config, small, sums_of

LIMIT = 15.0
CONTEXT, PROMPT = (16, 32) if small else (512, 2048)
MODELS = {"Qwen3-1.7B": ("qwen3-1.7b", None), "Qwen3-8B, 8 layers": ("qwen3-8b", 8)}
SHAPES = [(1, 1), (8, 1), (64, 1), (1, PROMPT)]  # sequences, new tokens


class layer_cache:
    """Keys and values of one layer, all places taken; the last is written again by each step."""

    def __init__(self, config, sequences):
        shape = (sequences, config.num_key_value_heads, CONTEXT, config.head_dim)
        self.keys, self.values = (torch.randn(shape, device=device, dtype=torch.bfloat16) for _ in range(2))
        self.at = torch.tensor([CONTEXT - 1], device=device)

    def update(self, keys, values, *_, **__):
        self.keys.index_copy_(2, self.at, keys)
        self.values.index_copy_(2, self.at, values)
        return self.keys, self.values


def run_layer(layer, hidden, rotation, cache):
    return layer(hidden, attention_mask=None, past_key_values=cache, use_cache=cache is not None, position_embeddings=rotation)


def run_head(model, hidden):
    return model.lm_head(model.model.norm(hidden[:, -1:]))


def step_of(model, sequences, tokens, layer_run, head_run):
    config = model.config
    caches = [layer_cache(config, sequences) if tokens == 1 else None for _ in model.model.layers]
    ids = torch.randint(0, config.vocab_size, (sequences, tokens), device=device)
    first = CONTEXT - 1 if tokens == 1 else 0
    places = torch.arange(first, first + tokens, device=device)[None].expand(sequences, -1)

    def run(layer_run=layer_run, head_run=head_run):
        hidden = model.model.embed_tokens(ids)
        rotation = model.model.rotary_emb(hidden, places)
        for layer, cache in zip(model.model.layers, caches):
            hidden = layer_run(layer, hidden, rotation, cache)
        return head_run(model, hidden)
    run.ids = ids
    return run


def difference(a, b):
    a, b = a.float(), b.float()
    return ((a - b).norm() / b.norm()).item()


@torch.no_grad()
def worker(label, out):
    """Compiles and captures all steps of a model, then times them when it is told to."""
    name, layers = MODELS[label]
    if device == "cuda":
        torch.backends.cuda.enable_cudnn_sdp(False)  # flash attention, which splits the cache and knows groups of heads
    config = qwen3_config(name, layers)
    config.to_json_file(os.path.join(out, name + ".config.json"))
    model = make_model(config)
    for layer in model.model.layers:
        layer.self_attn.layer_idx = 0  # each has a cache of its own; one compiled form serves all
    torch._dynamo.config.fail_on_recompile_limit_hit = True  # else what was not compiled would be timed
    layer_run, head_run = torch.compile(run_layer, dynamic=False), torch.compile(run_head, dynamic=False)
    steps, start = [], time.time()
    for sequences, tokens in SHAPES:
        began = time.time()
        if began - start > float(os.environ.get("COMPILE_S", "inf")):
            print(label, sequences, tokens, "left out: COMPILE_S have passed", file=sys.stderr, flush=True)
            continue
        try:
            run = step_of(model, sequences, tokens, layer_run, head_run)
            plain = run(run_layer, run_head)
            replay, result = graph_of(run)
            error = difference(result, plain)
            if tokens > 1:  # the loop over the layers is transformers' own
                error = max(error, difference(plain, model(input_ids=run.ids, use_cache=False, logits_to_keep=1).logits))
        except Exception:
            traceback.print_exc()  # the others can still be measured; this one is missed in the end
            continue
        steps.append((sequences, tokens, replay, error, run))  # the graph reads what run holds
        print(label, sequences, tokens, f"compiled in {time.time() - began:.1f} s, differs by {error:.1e},",
              torch._dynamo.utils.counters["stats"]["unique_graphs"], "graphs in all", file=sys.stderr, flush=True)
    print("ready", flush=True)
    sys.stdin.readline()
    for sequences, tokens, replay, error, _ in steps:
        middle, least, most = median_ms(replay)
        try:
            found = kernels_in(replay) if device == "cuda" else {}
        except Exception:
            traceback.print_exc()  # the time stands without them
            found = {}
        with open(os.path.join(out, "kernels.jsonl"), "a") as file:
            file.write(json.dumps({"model": label, "sequences": sequences, "tokens": tokens, "kernels": found}) + "\n")
        print(json.dumps({"model": label, "config": name + ".config.json", "sequences": sequences, "tokens": tokens,
                          "context": CONTEXT if tokens == 1 else 0, "measured_us": round(middle * 1e3, 1),
                          "least_us": round(least * 1e3, 1), "most_us": round(most * 1e3, 1), "differs": error,
                          "seen": sums_of(found)}), flush=True)
    print("done", flush=True)


def attention_us(sequences, context, queries, heads=24, groups=8, wide=128):
    """The time of attention alone in a graph, over keys and values that no cache holds."""
    size = sequences * context * groups * wide * 4
    copies = min(200, max(2, 200_000_000 // size)) if queries == 1 and not small else 2
    make = lambda h, n: torch.randn(sequences, h, n, wide, device=device, dtype=torch.bfloat16)
    query, cached = make(heads, queries), [(make(groups, context), make(groups, context)) for _ in range(copies)]

    def run():
        for keys, values in cached:
            torch.nn.functional.scaled_dot_product_attention(query, keys, values, is_causal=queries > 1, enable_gqa=True)
    replay, _ = graph_of(run)
    return median_ms(replay, 9)[0] * 1e3 / copies, size


@torch.no_grad()
def measure_attention(path):
    """Adds attention's line (start and rate, by relative error, as the tool fits products) and its rate of operations."""
    if device == "cuda":
        torch.backends.cuda.enable_cudnn_sdp(False)
    sizes = [(1, 8), (2, 16)] if small else [(1, 384), (1, 1536), (6, 768), (24, 768), (48, 1536)]
    points = [attention_us(sequences, context, 1) for sequences, context in sizes]
    w = [1 / us**2 for us, _ in points]
    one, x, xx = sum(w), sum(a * s for a, (_, s) in zip(w, points)), sum(a * s * s for a, (_, s) in zip(w, points))
    y, xy = sum(a * us for a, (us, _) in zip(w, points)), sum(a * us * s for a, (us, s) in zip(w, points))
    start, rate = (y * xx - xy * x) / (one * xx - x * x), (one * xx - x * x) / (one * xy - x * y)
    queries = 16 if small else 1536
    us, _ = attention_us(1, queries, queries)
    tera = 4 * 24 * 128 * queries * (queries + 1) / 2 / max(us - start, 1) * 1e-6
    origin = "measured now: scaled_dot_product_attention alone, 24 heads in groups of 3, "
    with open(path, "a") as file:
        for name, value, unit, how in (("start_us", max(start, 0.01), "us", f"{len(points)} caches"), ("gb_s", rate * 1e-3, "GB/s", f"{len(points)} caches"),
                                       ("tera", tera, "T/s", f"a prompt of {queries}")):
            file.write(json.dumps({"type": "metric", "name": "attention_" + name, "value": value, "unit": unit, "labels": {"origin": origin + how}}) + "\n")
    print("attention:", [(f"{s * 1e-6:.1f} MB", f"{us:.1f} us") for us, s in points], f"prompt of {queries}: {us:.1f} us", flush=True)


def norm_of(x, weight):
    wide = x.float()
    return weight * (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-6)).to(x.dtype)


def gate_of(a, b):
    return torch.nn.functional.silu(a) * b


@torch.no_grad()
def compile_small():
    """A norm and a kernel over a row, compiled, and what they are measured with: 100 MB of norms' weights."""
    wide, norms = (64, 8) if small else (3072, 16384)
    x, y = (torch.randn(1, wide, device=device, dtype=torch.bfloat16) for _ in range(2))
    weights = torch.randn(norms, wide, device=device, dtype=torch.bfloat16).unbind()
    norm, gate = torch.compile(norm_of, dynamic=False), torch.compile(gate_of, dynamic=False)
    norm(x, weights[0]), gate(x, y)
    return norm, gate, x, y, weights


@torch.no_grad()
def measure_small(path, norm, gate, x, y, weights):
    """Adds the times of a norm whose weights no cache holds, and of a kernel over a row, both in a graph."""
    wide, norms, rows = x.shape[1], len(weights), 8 if small else 2000

    def each_us(run, count):
        replay, _ = graph_of(run)
        return median_ms(replay, 5)[0] * 1e3 / count
    norm_us = each_us(lambda: [norm(x, w) for w in weights][-1], norms)
    row_us = each_us(lambda: [gate(x, y) for _ in range(rows)][-1], rows)
    with open(path, "a") as file:
        for name, us, what in (("norm", norm_us, f"RMSNorm of a row of {wide}, {norms} in a graph"), ("row", row_us, f"silu times, a row of {wide}, {rows} in a graph")):
            file.write(json.dumps({"type": "metric", "name": f"kernel_{name}_us", "value": us, "unit": "us",
                                   "labels": {"origin": "measured now: torch.compile's " + what}}) + "\n")
    print(f"torch.compile's norm {norm_us:.2f} us, row {row_us:.2f} us", flush=True)


def predicted(tool, step, out):
    words = [tool, "roofline", "--json", "--format", "bf16", "--stack", "separate", "--model", os.path.join(out, step["config"]),
             "--machine", "h100" if small else os.path.join(out, "limits.jsonl"), "--batch", str(step["sequences"])]
    words += ["--context", str(step["context"])] if step["tokens"] == 1 else ["--prompt", str(step["tokens"])]
    records = [json.loads(line) for line in subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()]
    return {r["name"]: r["value"] for r in records}


def alone():
    """The device to ourselves: waits until who holds the file TIMING_LOCK shared (flock -s) has ended. Keep what is returned."""
    path = os.environ.get("TIMING_LOCK")
    if not path:
        return None
    file = open(path, "a")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def main(tool, out):
    os.makedirs(out, exist_ok=True)
    for name in ("kernels.jsonl", "steps.jsonl"):
        open(os.path.join(out, name), "w").close()
    here = os.path.abspath(__file__)
    workers = {label: subprocess.Popen([sys.executable, here, tool, out, label], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
               for label in MODELS}
    compiled = compile_small()
    late = [label for label, w in workers.items() if w.stdout.readline() != "ready\n"]  # they compile beside each other
    held = alone()
    limits = os.path.join(out, "limits.jsonl")
    if device == "cuda":
        with open(limits, "w") as file:
            subprocess.run([tool, "limits", "--backend", "cuda", "--format", "bf16", "--rounds", "7", "--json"], check=True, stdout=file)
        print(torch.cuda.get_device_name(), "torch", torch.__version__, time.strftime("%Y-%m-%d"), flush=True)
    measure_attention(limits)
    measure_small(limits, *compiled)
    rows = []
    for label, w in workers.items():  # one after the other
        if label in late:
            continue
        w.stdin.write("go\n"), w.stdin.flush()
        for line in w.stdout:
            if line == "done\n":
                break
            step = json.loads(line)
            says = predicted(tool, step, out)
            step.update(bound_us=round(says["roofline_bound_us"], 1), predicted_us=round(says["roofline_predicted_us"], 1),
                        predicted_kernels=says["roofline_kernels"])
            step["error_pct"] = round(100 * (step["predicted_us"] / step["measured_us"] - 1), 1)
            rows.append(step)
            with open(os.path.join(out, "steps.jsonl"), "a") as file:
                file.write(json.dumps(step) + "\n")
    print(f"{'model':20} {'step':>16} {'measured us':>12} {'least':>9} {'most':>9} {'predicted':>10} {'error %':>8} {'bound':>9}  kernels seen, us (predicted)")
    for s in rows:
        what = f"{s['sequences']} x {s['tokens']}" + (f" at {s['context']}" if s["context"] else "")
        seen = ", ".join(f"{k} {n}: {us:.0f}" for k, (n, us) in s["seen"].items())
        print(f"{s['model']:20} {what:>16} {s['measured_us']:12.1f} {s['least_us']:9.1f} {s['most_us']:9.1f} {s['predicted_us']:10.1f} "
              f"{s['error_pct']:8.1f} {s['bound_us']:9.1f}  {seen} ({s['predicted_kernels']:.0f})")
    layers = lambda s: 2 if small else 28 if MODELS[s["model"]][1] is None else MODELS[s["model"]][1]
    odd = [s for s in rows if not s["differs"] < 0.02 * layers(s)**0.5]  # each layer rounds to bf16 in its own way
    for s in odd:
        print("WRONG:", s["model"], s["sequences"], s["tokens"], "differs from transformers by", s["differs"])
    wide = [s for s in rows if abs(s["error_pct"]) > LIMIT]
    whole = len(rows) == len(MODELS) * len(SHAPES)
    if small:
        print("a rehearsal: nothing is judged")
        return 0 if whole and not odd else 1
    print(f"{len(rows) - len(wide)} of {len(rows)} steps predicted within {LIMIT:.0f} %" + ("" if whole else "; SOME WERE NOT MEASURED"))
    return 0 if whole and not wide and not odd else 1


if len(sys.argv) > 3:
    worker(sys.argv[3], sys.argv[2])
else:
    sys.exit(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "."))
