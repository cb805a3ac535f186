#!/bin/sh
# run_full_evaluation.sh [COUNT [BATCH_SIZE [BACKEND]]] - 2 base and 16 agent configurations over COUNT (40) questions, with
# BATCH_SIZE (1) requests in flight, on transformers (default), vllm or auto; one table at the end.
#
# MODEL (default: mock) and QUESTIONS (default: this project's own) are taken from the environment; with BATCH_SIZE above 1
# each configuration is run at concurrency 1 too, and the table says how much faster it was.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
speedup=
count=${1:-40} batch=${2:-1} backend=${3:-transformers}
[ "$batch" = 1 ] || speedup=--speedup
exec "$here/batch-eval" --model "${MODEL:-mock}" --dataset gsm8k --path "${QUESTIONS:-$here/data/questions.jsonl}" \
  --count "$count" --batch_size "$batch" --inference_backend "$backend" --round "full_$count" \
  --suite "$here/data/suite.jsonl" ${speedup:+"$speedup"} --out "${OUT:-out/full_evaluation_$count}"
