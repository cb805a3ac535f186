#!/usr/bin/env python3
"""vllm_offline_test.py - what examples/drivers/vllm_offline.py makes of its words, with a module in vLLM's place.

The stand-in says what it was asked and answers at once; no figure of it means anything. tests/real/rollout runs the driver
on vLLM itself.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
DRIVER = HERE.parents[1] / "examples/drivers/vllm_offline.py"

class Driver(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.scratch.name)
        self.environment = {**os.environ, "PYTHONPATH": str(HERE / "vllm_stand_in"), "PYTHONDONTWRITEBYTECODE": "1"}

    def tearDown(self):
        self.scratch.cleanup()

    def start(self, name, *words, **variables):
        environment = {**self.environment, "ASKED": str(self.folder / f"{name}.asked"), **variables}
        return subprocess.Popen([sys.executable, str(DRIVER), *words], env=environment, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)

    def run_driver(self, *words, name="a", **variables):
        process = self.start(name, "--out", str(self.folder / f"{name}.jsonl"), *words, **variables)
        self.said = process.communicate(timeout=60)[0]
        return process.returncode

    def lines(self, suffix, name="a"):
        path = self.folder / f"{name}.{suffix}"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def generated(self, name="a"):
        return [line for line in self.lines("asked", name) if "generate" in line]

    def test_words_that_mean_nothing_are_refused_before_vllm_is_imported(self):
        point = "name=a,prompts=2,input=4,output=8"
        for words, what in [(["--point", point], "stand after --"),
                            (["--", "--model", "m"], "--point"),
                            (["--point", "name=a,prompts=2,input=4", "--", "--model", "m"], "has no output"),
                            (["--point", point + ",speed=9", "--", "--model", "m"], "'speed=9'"),
                            (["--point", "name=a,prompts=x,input=4,output=8", "--", "--model", "m"], "'prompts=x'"),
                            (["--point", "name=a,prompts=0,input=4,output=8", "--", "--model", "m"], "above 0"),
                            (["--point", point, "--iterations", "0", "--", "--model", "m"], "at least 1"),
                            (["--point", point, "--profile", "torch", "--", "--model", "m"], "needs --profile-dir"),
                            (["--point", point, "--dp-size", "2", "--", "--model", "m"], "--barrier")]:
            with self.subTest(words=words):
                self.assertEqual(self.run_driver(*words), 2)
                self.assertIn(what, self.said)
                self.assertEqual(self.lines("asked"), [])

    def test_every_point_once_then_every_point_again_on_new_prompts(self):
        self.assertEqual(self.run_driver("--point", "name=a,prompts=3,batch=2,input=4,output=8,n=2,temperature=0.5,top_p=0.9",
                                         "--point", "name=b,prompts=1,input=6,output=2", "--warmup", "1", "--iterations",
                                         "2", "--vocab-size", "100", "--", "--model", "m", "--tensor-parallel-size", "2"), 0)
        self.assertEqual([(line["point"], line["index"], line["measured"]) for line in self.lines("jsonl")[1:-1]],
                         [("a", -1, False), ("b", -1, False), ("a", 0, True), ("b", 0, True), ("a", 1, True), ("b", 1, True)])
        calls = self.generated()
        self.assertEqual([len(call["generate"]) for call in calls], [2, 1, 1] * 3)  # batches of a, then b
        self.assertEqual((calls[0]["n"], calls[0]["max_tokens"], calls[0]["ignore_eos"]), (2, 8, True))
        self.assertEqual((calls[0]["temperature"], calls[0]["top_p"]), (0.5, 0.9))
        self.assertEqual({len(p) for call in calls for p in call["generate"]}, {4, 6})
        self.assertTrue(all(10 <= t < 100 for call in calls for p in call["generate"] for t in p))
        prompts = [json.dumps(p) for call in calls for p in call["generate"]]
        self.assertEqual(len(set(prompts)), len(prompts))
        first = self.lines("jsonl")[1]
        self.assertEqual((first["prompts"], first["samples"], first["prompt_tokens"], first["output_tokens"], first["cached_tokens"]),
                         (3, 6, 12, 48, 3))
        self.assertEqual(first["ttft_s"], [None] * 3)  # n > 1
        self.assertEqual(first["latency_s"], [2.5] * 3)
        second = self.lines("jsonl")[2]
        self.assertEqual((second["ttft_s"], second["tpot_s"]), ([0.5], [2.0]))  # 2 s for the second of two tokens
        engine, end = self.lines("jsonl")[0], self.lines("jsonl")[-1]
        self.assertEqual((engine["version"], engine["weights"][0]["bytes"]), ("9.9", 5))
        self.assertEqual((end["alive"], end["memory"][0]["allocated_bytes"]), (True, 6))
        self.assertEqual(self.lines("asked")[0]["engine"]["worker_extension_cls"], "vllm_offline.WorkerProbe")

    def test_the_seed_decides_the_prompts(self):
        words = ["--point", "name=a,prompts=2,input=4,output=1", "--", "--model", "m"]
        for name, seed in [("one", "1"), ("same", "1"), ("other", "2")]:
            self.run_driver("--seed", seed, *words, name=name)
        prompts = {name: [call["generate"] for call in self.generated(name)] for name in ("one", "same", "other")}
        self.assertEqual(prompts["one"], prompts["same"])
        self.assertNotEqual(prompts["one"], prompts["other"])

    def test_a_point_that_runs_out_of_memory_costs_itself_only(self):
        self.assertEqual(self.run_driver("--point", "name=big,prompts=2,input=4,output=1", "--point", "name=small,prompts=1,input=4,output=1",
                                         "--iterations", "2", "--", "--model", "m", FAIL="memory"), 1)
        failed = [line for line in self.lines("jsonl") if line["type"] == "point_failed"]
        self.assertEqual([(line["point"], line["out_of_memory"]) for line in failed], [("big", True)])
        self.assertEqual([line["index"] for line in self.lines("jsonl") if line.get("point") == "small"], [-1, 0, 1])
        self.assertTrue(self.lines("jsonl")[-1]["alive"])

    def test_nothing_more_is_asked_of_a_dead_engine(self):
        self.assertEqual(self.run_driver("--point", "name=big,prompts=2,input=4,output=1", "--point", "name=small,prompts=1,input=4,output=1",
                                         "--", "--model", "m", FAIL="dead"), 1)
        self.assertEqual(len(self.generated()), 1)
        self.assertFalse(self.lines("jsonl")[-1]["alive"])

    def test_an_engine_that_does_not_start_is_status_2_with_its_words(self):
        self.assertEqual(self.run_driver("--point", "name=a,prompts=2,input=4,output=1", "--", "--model", "broken"), 2)
        self.assertIn("No available memory for the cache blocks", self.said)
        self.assertEqual(self.lines("jsonl"), [])

    def test_the_profiler_sees_measured_iterations_only(self):
        self.assertEqual(self.run_driver("--point", "name=a,prompts=1,input=4,output=1", "--profile", "torch", "--profile-dir", "/p", "--", "--model", "m"), 0)
        kinds = ["profile" if "profile" in line else "generate" if "generate" in line else line.get("rpc", "engine") for line in self.lines("asked")]
        self.assertEqual(kinds, ["engine", "probe_weights", "generate", "profile", "probe_trace", "generate", "profile", "probe_trace", "probe_memory"])
        self.assertEqual(self.lines("asked")[0]["engine"]["profiler_config"],
                         {"profiler": "torch", "torch_profiler_dir": "/p", "torch_profiler_with_stack": False})

    def test_engines_of_a_data_parallel_set_share_the_prompts(self):
        (self.folder / "barrier").mkdir()
        words = ["--point", "name=a,prompts=5,input=4,output=1", "--warmup", "0", "--dp-size", "2", "--barrier", str(self.folder / "barrier")]
        both = [self.start(f"r{rank}", "--out", str(self.folder / f"r{rank}.jsonl"), *words, "--dp-rank", str(rank), "--", "--model", "m")
                for rank in range(2)]
        self.assertEqual([process.wait(60) for process in both], [0, 0])
        for process in both:
            process.stdout.close()
        self.run_driver("--point", "name=a,prompts=5,input=4,output=1", "--warmup", "0", "--", "--model", "m", name="alone")
        shares = [self.generated(f"r{rank}")[0]["generate"] for rank in range(2)]
        self.assertEqual([len(share) for share in shares], [3, 2])
        self.assertEqual(sorted(shares[0] + shares[1]), sorted(p for call in self.generated("alone") for p in call["generate"]))

    def test_timing_stats_are_those_of_the_measured_iterations(self):
        self.run_driver("--point", "name=a,prompts=2,input=4,output=5", "--iterations", "3", "--timing-dir", str(self.folder), "--", "--model", "m")
        stats = json.loads((self.folder / "timing_stats_0.json").read_text())
        measured = [(line["t_end_ns"] - line["t_start_ns"]) / 1e9 for line in self.lines("jsonl") if line.get("measured")]
        self.assertEqual(stats["iteration_times"], measured)
        self.assertAlmostEqual(stats["avg_iteration_time"], sum(measured) / 3)
        self.assertEqual((stats["ttft_avg"], stats["tpot_avg"], stats["tpot_p99"]), (0.5, 0.5, 0.5))  # 2 s over 4 tokens


if __name__ == "__main__":
    unittest.main()
