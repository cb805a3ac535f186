#!/bin/sh
# The whole pipeline out of plain tools: questions become prompts, prompts are dealt to N servers, each server is streamed
# from, and all answers are scored and summarized.
#
#   pipeline.sh QUESTIONS OUT N SERVER...
#   pipeline.sh questions.jsonl out 4 --engine mock -- --answers questions.jsonl --accuracy 0.8
#
# shellcheck disable=SC2016 # --run: its own shell expands it
#
# QUESTIONS is JSON Lines of the GSM8K form, OUT a new directory, SERVER... what weir-serve-many is to start N times.
# MAX_TOKENS in the environment limits each answer, CONCURRENCY (4) the requests in flight at each server.
set -eu
if [ $# -lt 4 ]; then sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; fi
out=$2
mkdir -p "$out"
weir-prompts --dataset gsm8k ${MAX_TOKENS:+--max-tokens "$MAX_TOKENS"} "$1" > "$out/prompts.jsonl"
export N="$3" CONCURRENCY="${CONCURRENCY:-4}"
shift 3

weir-split -n "$N" --out "$out/shards" "$out/prompts.jsonl"

# One bench for each server, all at once. The status is that of the worst of them.
OUT=$out weir-serve-many -n "$N" --log-dir "$out/logs" --endpoints "$out/endpoints.jsonl" --run '
  i=0 benches=
  while [ $i -lt $N ]; do
    weir-split -n $N -i $i "$WEIR_ENDPOINTS" > "$OUT/endpoint-$i.jsonl"
    weir-bench --endpoints "$OUT/endpoint-$i.jsonl" --prompts "$OUT/shards/shard-$i.jsonl" \
      --max-concurrency $CONCURRENCY --records "$OUT/requests-$i.jsonl" --progress off > "$OUT/bench-$i.txt" &
    benches="$benches $!" i=$((i + 1))
  done
  worst=0
  for bench in $benches; do wait $bench || worst=$?; done
  exit $worst' "$@"

weir-score --json "$out"/requests-*.jsonl > "$out/answers.jsonl"
weir-summarize --group-by instance "$out"/requests-*.jsonl "$out/answers.jsonl" > "$out/summary.txt"
cat "$out/summary.txt"
