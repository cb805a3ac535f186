#!/usr/bin/env python3
"""vllm_offline - vLLM's own engine, offline: LLM.generate with n samples a prompt, timed from outside.

    vllm_offline.py --out result.jsonl --point name=b4,prompts=4,batch=4,input=512,output=128,n=8 \\
        --iterations 3 --warmup 1 -- --model Qwen/Qwen3-1.7B --max-model-len 2048
    torchrun --nproc-per-node 2 vllm_offline.py ... -- ... --tensor-parallel-size 2 \\
        --distributed-executor-backend external_launcher

The words after -- are vLLM's own engine arguments. Prompts are random token ids, other ones in every iteration. The
result is JSON Lines: what the engine is, then a line an iteration, in the order: every point once, every point again.
Times t_*_ns are of CLOCK_MONOTONIC. A point that fails is told with its error, and the next one is tried unless the
engine is dead. Exit status: 0 done, 1 a point failed, 2 the engine did not start or the words are wrong.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import random
import sys
import time
import traceback

OUT_OF_MEMORY = ("out of memory", "OutOfMemoryError", "No available memory for the cache blocks",
                 "less than desired GPU memory utilization", "larger than the maximum number of tokens that can be stored")


class WorkerProbe:
    """Methods that vLLM adds to its workers (worker_extension_cls): run in every rank's process."""

    def probe_weights(self):
        """Bytes of the parameters and buffers that this rank holds, each storage once; by dtype. Null on a CPU, where
        vLLM packs linear layers away behind handles."""
        from vllm.platforms import current_platform
        if current_platform.is_cpu():
            return {"rank": self.rank, "bytes": None, "by_type": {}}
        seen, by_type = set(), {}
        model = self.model_runner.get_model()
        for tensor in [*model.parameters(), *model.buffers()]:
            storage = tensor.untyped_storage()
            if storage.data_ptr() in seen:
                continue
            seen.add(storage.data_ptr())
            name = str(tensor.dtype).removeprefix("torch.")
            by_type[name] = by_type.get(name, 0) + storage.nbytes()
        return {"rank": self.rank, "bytes": sum(by_type.values()), "by_type": by_type}

    def probe_memory(self):
        """The most that this rank's allocator had handed out and reserved, in bytes; null without a device."""
        import torch
        accelerator = getattr(torch, "accelerator", None)
        module = torch.cuda if torch.cuda.is_available() else getattr(torch, "npu", None)
        if module is None or (accelerator is not None and not accelerator.is_available()):
            return {"rank": self.rank, "allocated_bytes": None, "reserved_bytes": None, "device": None}
        return {"rank": self.rank, "allocated_bytes": module.max_memory_allocated(),
                "reserved_bytes": module.max_memory_reserved(), "device": module.get_device_name()}

    def probe_trace(self, start, directory):
        """Starts or ends the execution trace torch_et_<rank>.json of this rank."""
        from torch.profiler import ExecutionTraceObserver
        if start:
            self.probe_observer = ExecutionTraceObserver()
            self.probe_observer.register_callback(str(pathlib.Path(directory) / f"torch_et_{self.rank}.json"))
            self.probe_observer.start()
        else:
            self.probe_observer.stop()
            self.probe_observer.unregister_callback()


@dataclasses.dataclass
class Point:
    """One workload."""
    name: str
    prompts: int
    batch: int
    input: int
    output: int
    n: int = 1
    temperature: float | None = None
    top_p: float | None = None

    @classmethod
    def parse(cls, text):
        values = {}
        kinds = {f.name: f.type for f in dataclasses.fields(cls)}
        for pair in text.split(","):
            name, equals, value = pair.partition("=")
            if not equals or name not in kinds or name in values:
                raise argparse.ArgumentTypeError(f"'{pair}' in '{text}' is not one of {', '.join(kinds)} with a value")
            try:
                values[name] = value if name == "name" else float(value) if "float" in str(kinds[name]) else int(value)
            except ValueError:
                raise argparse.ArgumentTypeError(f"'{pair}' in '{text}' is no number") from None
            if name not in ("name", "temperature") and values[name] <= 0:
                raise argparse.ArgumentTypeError(f"'{pair}' in '{text}' must be above 0")
        values.setdefault("batch", values.get("prompts"))
        missing = [name for name in ("name", "prompts", "input", "output") if name not in values]
        if missing:
            raise argparse.ArgumentTypeError(f"'{text}' has no {missing[0]}")
        return cls(**values)


def parse_arguments(words):
    """Ours, and vLLM's after --."""
    parser = argparse.ArgumentParser(prog="vllm_offline.py", usage="vllm_offline.py [OPTION]... -- ENGINE WORDS")
    parser.add_argument("--out", required=True, help="the result, JSON Lines")
    parser.add_argument("--point", action="append", type=Point.parse, required=True, dest="points",
                        help="name=,prompts=,batch=,input=,output=,n=,temperature=,top_p=")
    parser.add_argument("--iterations", type=int, default=1, help="measured, of each point")
    parser.add_argument("--warmup", type=int, default=1, help="not counted, of each point")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--vocab-size", type=int, default=30000, help="token ids of prompts are below this")
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--top-p", type=float, default=1.0)
    parser.add_argument("--stop-at-eos", action="store_true", help="do not go on to the point's output")
    parser.add_argument("--profile", choices=["torch", "cuda"], help="profile the measured iterations")
    parser.add_argument("--profile-dir", help="where torch's traces go; absolute")
    parser.add_argument("--timing-dir", help="where timing_stats_<rank>.json goes")
    parser.add_argument("--dp-rank", type=int, default=0, help="of several engines that share the prompts")
    parser.add_argument("--dp-size", type=int, default=1)
    parser.add_argument("--barrier", help="a directory where the engines wait for each other")
    if "--" not in words:
        parser.error("the engine's own words stand after --: -- --model NAME ...")
    cut = words.index("--")
    args = parser.parse_args(words[:cut])
    if args.iterations < 1 or args.warmup < 0 or args.vocab_size < 1:
        parser.error("--iterations and --vocab-size are at least 1, --warmup at least 0")
    if not 0 <= args.dp_rank < args.dp_size or (args.dp_size > 1 and not args.barrier):
        parser.error("--dp-rank is below --dp-size, and more than one engine needs --barrier")
    if args.profile == "torch" and not args.profile_dir:
        parser.error("--profile torch needs --profile-dir")
    return args, words[cut + 1:]


def start_engine(args, words):
    """\\return  the engine, its arguments, and the seconds that import and start took."""
    began = time.monotonic()
    from vllm import LLM, SamplingParams
    from vllm.engine.arg_utils import EngineArgs
    try:
        from vllm.utils.argparse_utils import FlexibleArgumentParser
    except ImportError:
        from vllm.utils import FlexibleArgumentParser
    imported = time.monotonic()
    parser = EngineArgs.add_cli_args(FlexibleArgumentParser(prog="vllm_offline.py ... --"))
    engine_args = EngineArgs.from_cli_args(parser.parse_args(words))
    if not getattr(engine_args, "worker_extension_cls", None):
        here = pathlib.Path(__file__).resolve()
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(here.parent), os.environ.get("PYTHONPATH")]))
        engine_args.worker_extension_cls = f"{here.stem}.WorkerProbe"
    if args.profile and hasattr(engine_args, "profiler_config"):
        import vllm.config
        values = {"profiler": args.profile}
        if args.profile == "torch":
            values.update(torch_profiler_dir=args.profile_dir, torch_profiler_with_stack=False)
        engine_args.profiler_config = vllm.config.ProfilerConfig(**values)
    elif args.profile == "torch":
        os.environ["VLLM_TORCH_PROFILER_DIR"] = args.profile_dir  # before vLLM had --profiler-config
    if hasattr(LLM, "from_engine_args"):
        llm = LLM.from_engine_args(engine_args)
    else:
        llm = LLM(**{f.name: getattr(engine_args, f.name) for f in dataclasses.fields(engine_args)})
    return llm, SamplingParams, {"import_s": imported - began, "init_s": time.monotonic() - imported}


def asked(llm, method, *args):
    """What each worker answers; None where this engine can't be asked."""
    try:
        return llm.collective_rpc(method, args=args)
    except Exception as error:  # a metric that is missing must not end the measurement
        print(f"vllm_offline: {method}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return None


def times_of(outputs, n):
    """Per request: to the first token (only of n = 1: vLLM keeps the times of one sample), to the last, per token."""
    rows = {"ttft_s": [], "latency_s": [], "tpot_s": [], "tokens": []}
    for output in outputs:
        tokens = sum(len(sample.token_ids) for sample in output.outputs)
        m = getattr(output, "metrics", None)
        first = getattr(m, "first_token_latency", 0) or None
        span = (m.last_token_ts - m.first_token_ts) if first and m.first_token_ts and m.last_token_ts else None
        rows["tokens"].append(tokens)
        rows["ttft_s"].append(first if n == 1 else None)
        rows["latency_s"].append(first + span if span is not None else None)
        rows["tpot_s"].append(span / (tokens - 1) if span is not None and n == 1 and tokens > 1 else None)
    return rows


class Barrier:
    """Engines of one data-parallel set begin each iteration together."""

    def __init__(self, args):
        self.args, self.count = args, 0

    def wait(self, timeout_s=3600):
        self.count += 1
        if self.args.dp_size == 1:
            return
        folder = pathlib.Path(self.args.barrier)
        (folder / f"{self.count}.{self.args.dp_rank}").touch()
        end = time.monotonic() + timeout_s
        while not all((folder / f"{self.count}.{rank}").exists() for rank in range(self.args.dp_size)):
            if time.monotonic() > end:
                raise TimeoutError("another engine of the data-parallel set did not come to the barrier")
            time.sleep(0.0005)


class Measurement:
    def __init__(self, args, llm, sampling, out):
        self.args, self.llm, self.sampling, self.out = args, llm, sampling, out
        self.barrier, self.failed = Barrier(args), set()
        self.times = {point.name: [] for point in args.points}  # measured iterations: seconds, and rows of times_of

    def say(self, **record):
        if self.out:
            self.out.write(json.dumps(record) + "\n")
            self.out.flush()

    def prompts(self, point, round_number):
        """This engine's share of the point's prompts."""
        source = random.Random(f"{self.args.seed} {point.name} {round_number}")
        low = min(10, self.args.vocab_size - 1)  # below stand special tokens
        all_prompts = [{"prompt_token_ids": [source.randrange(low, self.args.vocab_size) for _ in range(point.input)]}
                       for _ in range(point.prompts)]
        return all_prompts[self.args.dp_rank::self.args.dp_size]

    def iterate(self, point, round_number, measured):
        args = self.args
        temperature = args.temperature if point.temperature is None else point.temperature
        top_p = args.top_p if point.top_p is None else point.top_p
        params = self.sampling(n=point.n, temperature=temperature, top_p=top_p, max_tokens=point.output,
                               ignore_eos=not args.stop_at_eos)
        prompts = self.prompts(point, round_number)
        step = max(1, -(-point.batch // args.dp_size))
        self.barrier.wait()
        outputs, began = [], time.monotonic_ns()
        for at in range(0, len(prompts), step):
            outputs += self.llm.generate(prompts[at:at + step], params, use_tqdm=False)
        ended = time.monotonic_ns()
        rows = times_of(outputs, point.n)
        self.say(type="iteration", point=point.name, index=round_number, measured=measured, t_start_ns=began,
                 t_end_ns=ended, prompts=len(outputs), samples=sum(len(o.outputs) for o in outputs),
                 prompt_tokens=sum(len(o.prompt_token_ids) for o in outputs), output_tokens=sum(rows["tokens"]),
                 cached_tokens=sum(getattr(o, "num_cached_tokens", 0) or 0 for o in outputs), **rows)
        if measured:
            self.times[point.name].append(((ended - began) / 1e9, rows))

    def attempt(self, point, round_number, measured):
        """\\return  false where the engine is dead."""
        if point.name in self.failed:
            return True
        try:
            self.iterate(point, round_number, measured)
        except Exception as error:
            traceback.print_exc()
            self.failed.add(point.name)
            text = f"{type(error).__name__}: {error}"
            self.say(type="point_failed", point=point.name, error=text[:2000],
                     out_of_memory=any(word in text for word in OUT_OF_MEMORY))
            return "EngineDead" not in type(error).__name__ and "dead" not in str(error).lower()
        return True

    def run(self):
        args = self.args
        alive = all(self.attempt(point, k - args.warmup, False) for k in range(args.warmup) for point in args.points)
        if args.profile and alive:
            self.profile(True)
        alive = alive and all(self.attempt(point, k, True) for k in range(args.iterations) for point in args.points)
        if args.profile and alive:
            self.profile(False)
        return alive

    def profile(self, start):
        (self.llm.start_profile if start else self.llm.stop_profile)()
        if self.args.profile == "torch":
            asked(self.llm, "probe_trace", start, self.args.profile_dir)

    def timing_stats(self, point, path):
        """The file that readers of timing_stats_<rank>.json know: seconds."""
        def flat(name):
            return sorted(value for _, rows in self.times[point] for value in rows[name] if value is not None)

        def mean(values):
            return sum(values) / len(values) if values else None

        def p99(values):
            return values[min(len(values) - 1, int(len(values) * 0.99))] if values else None
        times = [seconds for seconds, _ in self.times[point]]
        if not times:
            return
        ttft, tpot = flat("ttft_s"), flat("tpot_s")
        path.write_text(json.dumps({
            "iteration_times": times, "avg_iteration_time": mean(times), "min_iteration_time": min(times),
            "max_iteration_time": max(times), "ttft_avg": mean(ttft), "ttft_p99": p99(ttft), "tpot_avg": mean(tpot),
            "tpot_p99": p99(tpot)}) + "\n")


def main(words):
    args, engine_words = parse_arguments(words)
    rank = int(os.environ.get("RANK", "0"))  # torchrun's; all ranks run this, the first one writes
    llm, sampling, spent = start_engine(args, engine_words)
    import vllm
    with open(args.out if rank == 0 else os.devnull, "w", encoding="utf-8") as out:
        work = Measurement(args, llm, sampling, out if rank == 0 else None)
        weights = asked(llm, "probe_weights")
        work.say(type="engine", version=vllm.__version__, **spent, weights=weights)
        alive = work.run()
        memory = asked(llm, "probe_memory") if alive else None
        work.say(type="end", alive=alive, memory=memory)
    for point in args.points if args.timing_dir else []:
        several = f".{point.name}" if len(args.points) > 1 else ""
        work.timing_stats(point.name, pathlib.Path(args.timing_dir) / f"timing_stats_{rank + args.dp_rank}{several}.json")
    return 0 if alive and not work.failed else 1


if __name__ == "__main__":
    try:
        status = main(sys.argv[1:])
    except Exception:
        traceback.print_exc()
        status = 2
    sys.exit(status)
