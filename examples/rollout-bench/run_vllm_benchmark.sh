#!/bin/sh
# run_vllm_benchmark.sh - how fast bf16, w8a16 and w8a8 roll out: models x formats, offline with n samples a prompt, or
# online with latencies. Results, logs and profiles lie under $BENCH_BASE_DIR (default: here), tables in
# benchmark_results/summary.txt, .csv and .md; `weir-summarize benchmark_results` prints them again.
#
#   MODEL_BASE=/models run_vllm_benchmark.sh                  all 8 cells of models.yaml
#   MODEL_BASE=/models run_vllm_benchmark.sh --diagnostic     bf16 and qwen3-1.7b, 4 prompts: does anything work?
#
#   --offline             LLM.generate with n samples a prompt (default)
#   --online              a server under load: TTFT, TPOT, ITL, E2EL; n > 1 measured for each sample
#   --diagnostic          the smallest cell alone
#   --models M1,M2        of models.yaml: qwen3-1.7b, pangu-7b, qwen3-30b-a3b
#   --quants Q1,Q2        bf16, w8a16, w8a8
#   --num-prompts N       prompts (default 32); -n N samples of each (default 8)
#   --input-len N         tokens of a prompt (default 512); --output-len N of each sample (default 256)
#   --max-concurrency N   online: requests in flight (default: all)
#   --gpu-mem-util F      memory share of all models
#   --no-profile          no profiled runs behind the clean ones
#   --model-base DIR      instead of MODEL_BASE
#   --models-file FILE    instead of models.yaml
#   anything else         is weir-sweep's: --num-runs 3, --resume, --dry-run, --launcher slurm, --engine mock, -- WORDS
set -eu
here=$(cd "$(dirname "$0")" && pwd)
models=$here/models.yaml
case " $* " in *" --help "* | *" -h "*) sed -n '2,24s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
count=$#
while [ "$count" -gt 0 ]; do # every word once: ours are taken out, the others keep their order
  word=$1
  shift
  count=$((count - 1))
  case $word in
    --models-file) models=$1; shift; count=$((count - 1)) ;;
    --port) echo "run_vllm_benchmark.sh: --port $1 is not needed: a free port is leased" >&2; shift; count=$((count - 1)) ;;
    --) set -- "$@" --; while [ "$count" -gt 0 ]; do set -- "$@" "$1"; shift; count=$((count - 1)); done ;;
    *) set -- "$@" "$word" ;;
  esac
done
exec weir-sweep "$models" --out "${BENCH_BASE_DIR:-.}" "$@"
