"""step_time.py LIBRARY [8b LAYERS] - the time of a decode step of a model of Qwen3-1.7B's sizes (transformers, random
weights), with PyTorch's linear layers and with those of this project's kernels, to hold `weir-kernels roofline` against;
or, of Qwen3-8B's sizes with LAYERS layers, as it is and compiled by torch.compile.

LIBRARY is what tests/device/kernels builds (libweir_kernels.so). The step is a CUDA graph, so what the host does is not in
it. Also measured: what a kernel costs that only touches a few KB, and how many kernels a step has beside its matrices:
roofline --kernels and --kernel-us take them. Prints one JSON line a measurement.
"""
import ctypes, json, os, sys, time
import torch
from torch import nn
from transformers import Qwen3Config, Qwen3ForCausalLM, StaticCache

FORMATS = {"bf16": 0, "w8a16": 1, "w8a8": 2, "w4a16": 4}
device = os.environ.get("DEVICE", "cuda")
small = os.environ.get("TINY") == "1"
config = Qwen3Config(hidden_size=2048, intermediate_size=6144, num_hidden_layers=28, num_attention_heads=16,
                     num_key_value_heads=8, head_dim=128, vocab_size=151936, tie_word_embeddings=True,
                     max_position_embeddings=4096)
if len(sys.argv) > 3:
    config.hidden_size, config.intermediate_size, config.num_attention_heads = 4096, 12288, 32
    config.num_hidden_layers, config.tie_word_embeddings = int(sys.argv[3]), False
if hasattr(config, "layer_types") and config.layer_types:
    config.layer_types = config.layer_types[:1] * config.num_hidden_layers
if small:
    config.num_hidden_layers, config.vocab_size = 2, 1000
CONTEXT = 256


class weir_linear(nn.Module):
    """y = x w^T by the kernels, in a format; plans by the number of tokens."""

    def __init__(self, lib, plain, kind):
        super().__init__()
        self.lib, self.kind, self.plans = lib, kind, {}
        self.n, self.k = plain.weight.shape
        w = plain.weight.data
        if kind == "bf16":
            self.w, self.s = w, None
        elif kind == "w4a16":
            g = w.float().reshape(self.n, self.k // 128, 128)
            s = (g.abs().amax(2) / 7).clamp_min(1e-8).to(torch.bfloat16)
            q = torch.clamp(torch.round(g / s.float()[:, :, None]), -8, 7).to(torch.int8).reshape(self.n, self.k)
            self.w, self.s = ((q[:, 0::2].to(torch.uint8) & 15) | ((q[:, 1::2].to(torch.uint8) & 15) << 4)).contiguous(), s
        else:
            self.s = (w.float().abs().amax(1) / 127).clamp_min(1e-8)
            self.w = torch.round(w.float() / self.s[:, None]).to(torch.int8)

    def forward(self, x):
        flat = x.reshape(-1, self.k)
        m = flat.shape[0]
        if m not in self.plans:
            choice = (ctypes.c_int32 * 5)()
            h = self.lib.weir_open(FORMATS[self.kind], 128 if self.kind == "w4a16" else 0, int(self.kind == "w8a8"), m, self.n, self.k, choice)
            if not h:
                raise RuntimeError(self.lib.weir_why().decode())
            self.plans[m] = (h, torch.zeros(max(self.lib.weir_workspace(h), 256), dtype=torch.uint8, device=x.device))
        h, space = self.plans[m]
        y = torch.empty(m, self.n, dtype=torch.bfloat16, device=x.device)
        r = self.lib.weir_run(h, flat.data_ptr(), 0, self.w.data_ptr(), 0 if self.s is None else self.s.data_ptr(), y.data_ptr(),
                              space.data_ptr(), torch.cuda.current_stream().cuda_stream)
        if r:
            raise RuntimeError(self.lib.weir_why().decode())
        return y.reshape(*x.shape[:-1], self.n)


def replaced(model, lib, kind):
    for layer in model.model.layers:
        for part, names in ((layer.self_attn, "q_proj k_proj v_proj o_proj"), (layer.mlp, "gate_proj up_proj down_proj")):
            for name in names.split():
                setattr(part, name, weir_linear(lib, getattr(part, name), kind))
    model.lm_head = weir_linear(lib, model.lm_head, "bf16")
    return model


def median_ms(run, count=15):
    begin, end, ms = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True), []
    for _ in range(count):
        begin.record()
        run()
        end.record()
        end.synchronize()
        ms.append(begin.elapsed_time(end))
    ms.sort()
    return ms[len(ms) // 2], ms[0], ms[-1]


def kernel_counts(run):
    from torch.profiler import profile, ProfilerActivity
    with profile(activities=[ProfilerActivity.CUDA]) as p:
        run()
        torch.cuda.synchronize()
    names = [e.name for e in p.events() if e.device_type == torch.autograd.DeviceType.CUDA and not e.name.startswith(("Memcpy", "Memset"))]
    matrices = [n for n in names if any(w in n.lower() for w in ("gemm", "gemv", "cutlass", "nvjet", "splitk", "cublas"))]
    return len(names), len(matrices), sorted(set(names))


@torch.no_grad()
def step(model, batch, label, compiled=False):
    cache = StaticCache(config=config, max_cache_len=CONTEXT)
    ids = torch.randint(0, config.vocab_size, (batch, 64), device=device)
    model(input_ids=ids, past_key_values=cache, use_cache=True)
    if compiled:
        model = torch.compile(model, dynamic=False)
    token = ids[:, :1].contiguous()
    position = torch.full((batch, 1), 64, device=device)

    def run():
        return model(input_ids=token, past_key_values=cache, position_ids=position, use_cache=True).logits
    for _ in range(3):
        out = run()
    if device == "cpu":
        print(label, batch, out.shape, bool(torch.isfinite(out).all()))
        return
    torch.cuda.synchronize()
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        run()
    torch.cuda.synchronize()
    g = torch.cuda.CUDAGraph()
    with torch.cuda.graph(g):
        out = run()
    for _ in range(3):
        g.replay()
    middle, least, most = median_ms(g.replay)
    try:
        kernels, matrices, names = kernel_counts(g.replay)
    except Exception as e:
        kernels, matrices, names = None, None, [repr(e)]
    config.to_json_file(os.path.join(os.environ.get("OUT", "."), "config.json"))
    print(json.dumps({"what": "decode step", "linears": label, "batch": batch, "context": CONTEXT, "ms": middle, "least": least, "most": most,
                      "kernels": kernels, "matrix_kernels": matrices, "finite": bool(torch.isfinite(out).all())}), flush=True)
    if batch == 1 and label == "torch":
        print(json.dumps({"names": names}), flush=True)


@torch.no_grad()
def prefill(model, batch, tokens, label):
    ids = torch.randint(0, config.vocab_size, (batch, tokens), device=device)

    def run():
        return model(input_ids=ids, use_cache=False, logits_to_keep=1).logits
    for _ in range(2):
        run()
    torch.cuda.synchronize()
    g = torch.cuda.CUDAGraph()
    with torch.cuda.graph(g):
        run()
    g.replay()
    middle, least, most = median_ms(g.replay, 7)
    kernels, matrices, _ = kernel_counts(g.replay)
    print(json.dumps({"what": "prefill", "linears": label, "batch": batch, "tokens": batch * tokens, "ms": middle, "least": least, "most": most,
                      "kernels": kernels, "matrix_kernels": matrices}), flush=True)


def small_kernel_us():
    """What one kernel of a row of 2048 elements costs among others in a graph."""
    a = torch.zeros(2048, device=device, dtype=torch.bfloat16)
    for _ in range(3):
        a.add_(1)
    torch.cuda.synchronize()
    g = torch.cuda.CUDAGraph()
    with torch.cuda.graph(g):
        for _ in range(2000):
            a.add_(1)
    g.replay()
    middle, least, most = median_ms(g.replay)
    print(json.dumps({"what": "small kernel", "us": middle / 2, "least": least / 2, "most": most / 2}), flush=True)


def make():
    torch.manual_seed(1)
    old = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    with torch.device(device):
        model = Qwen3ForCausalLM._from_config(config, attn_implementation="sdpa") if hasattr(Qwen3ForCausalLM, "_from_config") else Qwen3ForCausalLM(config)
    torch.set_default_dtype(old)
    return model.eval()


if device == "cuda":
    print(json.dumps({"device": torch.cuda.get_device_name(), "torch": torch.__version__, "date": time.strftime("%Y-%m-%d")}), flush=True)
    small_kernel_us()
model = make()
for batch in (1, 8, 64):
    step(model, batch, "torch")
if len(sys.argv) > 3:
    for batch in (1, 8, 64):
        try:
            step(model, batch, "torch, compiled", True)
        except Exception as e:
            print("left out: compiled", batch, repr(e)[:500], flush=True)
elif device == "cuda":
    prefill(model, 8, 512, "torch")
    lib = ctypes.CDLL(sys.argv[1])
    lib.weir_open.restype = ctypes.c_void_p
    lib.weir_open.argtypes = [ctypes.c_int] * 3 + [ctypes.c_int64] * 3 + [ctypes.POINTER(ctypes.c_int32)]
    lib.weir_why.restype = ctypes.c_char_p
    lib.weir_workspace.restype, lib.weir_workspace.argtypes = ctypes.c_size_t, [ctypes.c_void_p]
    lib.weir_run.argtypes = [ctypes.c_void_p] * 8
    for kind in ("bf16", "w8a16", "w8a8", "w4a16"):
        model = replaced(make(), lib, kind)
        for batch in (1, 8, 64):
            try:
                step(model, batch, "weir " + kind)
            except Exception as e:
                print("left out", kind, batch, repr(e)[:300], flush=True)
                torch.cuda.synchronize()
