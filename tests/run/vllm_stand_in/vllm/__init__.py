import json, os, types
__version__ = "9.9"
def note(**what):
    with open(os.environ["ASKED"], "a") as out: out.write(json.dumps(what) + "\n")
class SamplingParams:
    def __init__(self, **kw): self.__dict__.update(kw)
class Output:
    def __init__(self, prompt, params):
        self.prompt_token_ids = prompt["prompt_token_ids"]; self.num_cached_tokens = 1
        self.outputs = [types.SimpleNamespace(token_ids=[7] * params.max_tokens) for _ in range(params.n)]
        self.metrics = types.SimpleNamespace(first_token_latency=0.5, first_token_ts=10.0, last_token_ts=12.0)
class EngineDeadError(Exception): pass
class LLM:
    @classmethod
    def from_engine_args(cls, args):
        if args.model == "broken": raise RuntimeError("No available memory for the cache blocks.")
        note(engine=vars(args) if not getattr(args, "profiler_config", None) else {**vars(args), "profiler_config": vars(args.profiler_config)})
        self = cls(); self.fail = os.environ.get("FAIL", "")
        self.traces = getattr(getattr(args, "profiler_config", None), "torch_profiler_dir", ""); return self
    def generate(self, prompts, params, use_tqdm):
        note(generate=[p["prompt_token_ids"] for p in prompts], n=params.n, max_tokens=params.max_tokens, ignore_eos=params.ignore_eos,
             temperature=params.temperature, top_p=params.top_p)
        if self.fail == "memory" and len(prompts) > 1: raise RuntimeError("CUDA out of memory. Tried to allocate")
        if self.fail == "dead" and len(prompts) > 1: raise EngineDeadError("EngineCore encountered an issue")
        return [Output(p, params) for p in prompts]
    def collective_rpc(self, method, args=()):
        note(rpc=method, args=list(args))
        if method == "probe_weights": return [{"rank": 0, "bytes": 5, "by_type": {}}]
        if method == "probe_memory": return [{"rank": 0, "allocated_bytes": 6, "reserved_bytes": 7, "device": "X"}]
    def start_profile(self): note(profile="start")
    def stop_profile(self):
        note(profile="stop")
        if not os.path.isdir(self.traces): return
        rank = int(os.environ.get("RANK", "0"))
        kernel = {"ph": "X", "cat": "kernel", "name": "gemm", "pid": 0, "tid": 7, "ts": 1.0, "dur": 2.0, "args": {"stream": 7}}
        with open(f"{self.traces}/rank{rank}.pt.trace.json", "w") as out:
            json.dump({"schemaVersion": 1, "distributedInfo": {"rank": rank}, "traceEvents": [kernel]}, out)
