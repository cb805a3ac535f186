#!/bin/sh
# run_full_evaluation.sh [COUNT [BATCH_SIZE [BACKEND]]] - 2 base and 16 agent configurations over COUNT (40) questions, with
# BATCH_SIZE (1) requests in flight, on transformers (default), vllm or auto; one table at the end.
#
# MODEL (default: mock), QUESTIONS (default: this project's own), OUT and SERVER_ARGS (words for the server, split at blanks)
# are taken from the environment. With BATCH_SIZE above 1 each configuration is run at concurrency 1 too, which takes as long
# as it says, and the table tells how much faster it was.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
speedup=
count=${1:-40} batch=${2:-1} backend=${3:-transformers}
[ "$batch" = 1 ] || speedup=--speedup
exec "$here/batch-eval" --model "${MODEL:-mock}" --dataset gsm8k --path "${QUESTIONS:-$here/data/questions.jsonl}" \
  --count "$count" --batch_size "$batch" --inference_backend "$backend" --round "full_$count" \
  --suite "$here/data/suite.jsonl" ${speedup:+"$speedup"} --out "${OUT:-out/full_evaluation_$count}" -- ${SERVER_ARGS:-}
