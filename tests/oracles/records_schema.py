"""Checks docs/records.schema.json against records that the tools really write.

usage: records_schema.py SCHEMA DIRECTORY-OF-THE-TOOLS

A run of prompts, serve-many, mock, bench, sweep, score and summarize must validate, line by line; it must hold every type of
record that the tools write, and no field that the schema does not name. Then the schema itself is put to the test: a
record without a required field, or with a value of another type, must not validate. Exit status 0: so it is; 1: not.
"""
import copy
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import jsonschema

WRITTEN = {"run", "endpoint", "prompt", "request", "answer", "metric", "sample", "verdict", "comparison", "cell"}

PIPELINE = """
set -eu
echo '{"id":7,"messages":[{"role":"user","content":"hi"}],"subject":"s","session":"a","turn":1,"expected":3}' > chat.jsonl
echo '{"id":8,"messages":[{"role":"user","content":"so"}],"session":"a","turn":2,"continues":true,"think_ns":5,"tokens_in_asked":9}' >> chat.jsonl
weir-prompts --dataset gsm8k --max-tokens 40 questions.jsonl > gsm8k.prompts
weir-prompts --dataset custom chat.jsonl > chat.prompts
weir-prompts --dataset random --num-prompts 3 --random-input-len 5 --random-output-len 4 > random.prompts
weir-serve-many --quiet -n 2 --engine mock --log-dir logs --samples samples --sample-every 20ms --run '
  cp "$WEIR_ENDPOINTS" endpoints
  weir-bench --endpoints endpoints --prompts gsm8k.prompts -n 2 --max-concurrency 4 --records closed.records
  weir-bench --endpoints endpoints --prompts chat.prompts --request-rate 50 --records chat.records
  for n in 1 2 3 4 5; do
    weir-bench --endpoints endpoints --prompts gsm8k.prompts -n 2 --max-concurrency 4 --records again$n
  done
' -- --ttft 5ms --itl 1ms --answers questions.jsonl > /dev/null
weir-serve-many --quiet -n 1 --engine mock --log-dir logs --run '
  weir-bench --endpoints "$WEIR_ENDPOINTS" --prompts random.prompts --request-rate 50 --records failed.records || true
' -- --ttft 5ms --itl 1ms --error-at 2 --fault-every 2 > /dev/null
weir-serve-many --quiet -n 1 --engine mock --log-dir logs --run '
  weir-bench --endpoints "$WEIR_ENDPOINTS" --prompts chat.prompts --records broken.records || true
' -- --ttft 5ms --itl 1ms --error-at 2 > /dev/null
weir-sweep --quiet --mode online --engine mock --models mock --devices none --concurrency 1,2 --num-prompts 4 \\
  --input-len 4 --output-len 3 --profile torch --out swept > /dev/null 2>&1
weir-sweep --quiet --mode command --devices none --out failed -- false > /dev/null 2>&1 || true
cat swept/benchmark_results/mock*.json failed/benchmark_results/cell.json > cells
weir-score --json closed.records > answers 2> /dev/null
weir-summarize --json closed.records answers failed.records > metrics
for n in 1 2 3 4 5; do sed s/mock/m$n/ again$n > run$n; done
weir-compare --any-workload --json --base run1 run2 run3 run4 run5 --new chat.records run1 run2 run3 run4 > compared || [ $? = 1 ]
weir-compare --any-workload --json --base run1 --new chat.records >> compared || [ $? = 1 ]
"""


def run_pipeline(tools):
    """All records that a run of the tools wrote, as dictionaries."""
    with tempfile.TemporaryDirectory() as directory:
        with (pathlib.Path(directory) / "questions.jsonl").open("w") as questions:
            for i in range(12):
                answer = f"It is {i} + 1.\n#### {i + 1}"
                questions.write(json.dumps({"question": f"What is {i} + 1?", "answer": answer}) + "\n")
        path = tools + os.pathsep + os.environ["PATH"]
        done = subprocess.run(["sh", "-c", PIPELINE], cwd=directory, env={**os.environ, "PATH": path}, timeout=120,
                              capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"the pipeline ended with status {done.returncode}:\n{done.stdout}{done.stderr}")
        names = ["endpoints", "answers", "metrics", "gsm8k.prompts", "chat.prompts", "random.prompts", "closed.records",
                 "chat.records", "failed.records", "broken.records", "samples", "compared", "cells"]
        return [json.loads(line) for name in names for line in (pathlib.Path(directory) / name).open()]


def other_types(value):
    """Values of a type that `value` has not."""
    return [v for v in (True, "text", 1.5, [[]], {"a": {"b": []}}) if type(v) is not type(value)]


def main():
    schema = json.loads(pathlib.Path(sys.argv[1]).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    records = run_pipeline(os.path.abspath(sys.argv[2]))
    trouble = []
    for record in records:
        trouble += [f"{record['type']}: {e.json_path}: {e.message}" for e in validator.iter_errors(record)]
        known = schema["$defs"].get(record["type"], {}).get("properties", {})
        trouble += [f"{record['type']}: field {name} is not in the schema" for name in record if name not in known | {"type": 0}]
    seen = {record["type"] for record in records}
    for kind, name in [("prompt", "continues"), ("request", "turn"), ("request", "turns_not_sent"),
                       ("request", "tokens_in_asked")]:
        if not any(name in r for r in records if r["type"] == kind):
            trouble.append(f"no {kind} record has {name}")
    if seen != WRITTEN:
        trouble.append(f"record types are {sorted(seen)}, not {sorted(WRITTEN)}")

    mutants = 0
    for kind in sorted(seen):
        record = max((r for r in records if r["type"] == kind), key=len)
        rules = schema["$defs"][kind]
        for name in rules["required"]:
            mutant = copy.deepcopy(record)
            del mutant[name]
            mutants += 1
            if validator.is_valid(mutant):
                trouble.append(f"{kind} without {name} validates")
        for name, value in record.items():
            accepted = [v for v in other_types(value) if validator.is_valid({**record, name: v})]
            mutants += 1
            allowed = rules["properties"].get(name, {}).get("type", "one")
            several = len(allowed) if isinstance(allowed, list) else 1
            if name != "type" and len(accepted) >= several:
                trouble.append(f"{kind}: {name} may be {accepted}")
    for line in sorted(set(trouble)):
        print(line)
    print(f"{len(records)} records of {len(seen)} types, {mutants} mutants, {len(set(trouble))} complaints")
    return 1 if trouble else 0


sys.exit(main())
