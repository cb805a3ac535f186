"""step_time.py LIBRARY - the time of a decode step of a model of Qwen3-1.7B's sizes (transformers as it is, random weights), with
PyTorch's linear layers and with those of this project's kernels in each format.

LIBRARY is what tests/device/kernels builds (libweir_kernels.so). The step is a CUDA graph, so what the host does is not in
it; nothing is compiled or fused, so most of its kernels are small ones. Prints one JSON line a measurement.
"""
import ctypes, json, sys, time
import torch
from torch import nn
from transformers import StaticCache
from torch_step import device, graph_of, kernels_in, make_model, median_ms, qwen3_config, sums_of

FORMATS = {"bf16": 0, "w8a16": 1, "w8a8": 2, "w4a16": 4}
CONTEXT = 256
config = qwen3_config("qwen3-1.7b")


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


def report(what, linears, batch, tokens, replay, finite):
    middle, least, most = median_ms(replay)
    seen = sums_of(kernels_in(replay)) if device == "cuda" else {}
    print(json.dumps({"what": what, "linears": linears, "batch": batch, "tokens": tokens, "ms": middle, "least": least, "most": most,
                      "kernels": seen, "finite": finite}), flush=True)


@torch.no_grad()
def step(model, batch, label):
    cache = StaticCache(config=config, max_cache_len=CONTEXT)
    ids = torch.randint(0, config.vocab_size, (batch, 64), device=device)
    model(input_ids=ids, past_key_values=cache, use_cache=True)
    token, position = ids[:, :1].contiguous(), torch.full((batch, 1), 64, device=device)
    replay, out = graph_of(lambda: model(input_ids=token, past_key_values=cache, position_ids=position, use_cache=True).logits)
    report("decode step", label, batch, batch, replay, bool(torch.isfinite(out).all()))


@torch.no_grad()
def prefill(model, batch, tokens, label):
    ids = torch.randint(0, config.vocab_size, (batch, tokens), device=device)
    replay, out = graph_of(lambda: model(input_ids=ids, use_cache=False, logits_to_keep=1).logits)
    report("prefill", label, batch, batch * tokens, replay, bool(torch.isfinite(out).all()))


if device == "cuda":
    print(json.dumps({"device": torch.cuda.get_device_name(), "torch": torch.__version__, "date": time.strftime("%Y-%m-%d")}), flush=True)
model = make_model(config)
for batch in (1, 8, 64):
    step(model, batch, "torch")
if device == "cuda":
    prefill(model, 8, 512, "torch")
    lib = ctypes.CDLL(sys.argv[1])
    lib.weir_open.restype = ctypes.c_void_p
    lib.weir_open.argtypes = [ctypes.c_int] * 3 + [ctypes.c_int64] * 3 + [ctypes.POINTER(ctypes.c_int32)]
    lib.weir_why.restype = ctypes.c_char_p
    lib.weir_workspace.restype, lib.weir_workspace.argtypes = ctypes.c_size_t, [ctypes.c_void_p]
    lib.weir_run.argtypes = [ctypes.c_void_p] * 8
    for kind in ("bf16", "w8a16", "w8a8", "w4a16"):
        model = replaced(make_model(config), lib, kind)
        for batch in (1, 8, 64):
            try:
                step(model, batch, "weir " + kind)
            except Exception as e:
                print("left out", kind, batch, repr(e)[:300], flush=True)
                torch.cuda.synchronize()
