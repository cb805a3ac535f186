"""What roofline.py and step_time.py share: models of Qwen3's sizes (transformers, random weights), CUDA graphs and their times."""
import os
import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

device = os.environ.get("DEVICE", "cuda")  # cpu: a rehearsal
small = device == "cpu"
SIZES = {"qwen3-1.7b": (2048, 6144, 28, 16, True), "qwen3-8b": (4096, 12288, 36, 32, False)}


def qwen3_config(name, layers=None):
    """hidden, intermediate, layers, heads, tied: the config.json of Qwen/Qwen3-1.7B and Qwen/Qwen3-8B."""
    hidden, wide, all_layers, heads, tied = SIZES[name]
    count = layers or all_layers
    config = Qwen3Config(hidden_size=hidden, intermediate_size=wide, num_hidden_layers=2 if small else count,
                         num_attention_heads=heads, num_key_value_heads=8, head_dim=128, vocab_size=1000 if small else 151936,
                         tie_word_embeddings=tied, max_position_embeddings=4096)
    if getattr(config, "layer_types", None):
        config.layer_types = config.layer_types[:1] * config.num_hidden_layers
    return config


def make_model(config):
    torch.manual_seed(1)
    torch.set_default_dtype(torch.bfloat16)
    with torch.device(device):
        model = Qwen3ForCausalLM._from_config(config, attn_implementation="sdpa")
    torch.set_default_dtype(torch.float32)
    return model.eval()


def graph_of(run):
    """`run` as a CUDA graph, and what it returned there; on a CPU itself."""
    if device == "cpu":
        return run, run()
    for _ in range(2):
        run()
    torch.cuda.synchronize()
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        run()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        out = run()
    graph.replay()
    torch.cuda.synchronize()
    return graph.replay, out


def median_ms(run, count=15, warm=3):
    """Median, least and most of `count` runs."""
    if device == "cpu":
        import time
        times = []
        for _ in range(3):
            began = time.perf_counter()
            run()
            times.append((time.perf_counter() - began) * 1e3)
    else:
        begin, end, times = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True), []
        for _ in range(warm):
            run()
        for _ in range(count):
            begin.record()
            run()
            end.record()
            end.synchronize()
            times.append(begin.elapsed_time(end))
    times.sort()
    return times[len(times) // 2], times[0], times[-1]


def kind_of(name):
    name = name.lower()
    if any(w in name for w in ("flash", "fmha", "sdpa", "attention")):
        return "attention"
    if any(w in name for w in ("gemm", "gemv", "cutlass", "nvjet", "splitk", "cublas", "weir", "cluster_", "stream_kernel")):
        return "product"
    return "other"


def kernels_in(run):
    """Name to [count, us together] of the kernels that `run` launches, copies and fills too."""
    from torch.profiler import profile, ProfilerActivity
    with profile(activities=[ProfilerActivity.CUDA]) as p:
        run()
        torch.cuda.synchronize()
    found = {}
    for e in p.events():
        if e.device_type == torch.autograd.DeviceType.CUDA:
            known = found.setdefault(e.name, [0, 0.0])
            known[0] += 1
            known[1] += e.time_range.elapsed_us()
    return found


def sums_of(found):
    """Kind to [count, us together]."""
    sums = {"product": [0, 0.0], "attention": [0, 0.0], "other": [0, 0.0]}
    for name, (count, us) in found.items():
        sums[kind_of(name)][0] += count
        sums[kind_of(name)][1] += us
    return {k: [n, round(us, 1)] for k, (n, us) in sums.items()}
