#!/bin/sh
# run_batch_experiments.sh [OPTION]... TYPE - batch inference under different parallelism: batch sizes x lengths.
#
#   tensor-parallel            TP 1, 2, 4, 8
#   pipeline-parallel          PP 1, 2, 4
#   mixed-parallel             TP2 PP2, TP4 PP2, TP2 PP4, TP4 PP4
#   data-parallel              DP 1, 2, 4
#   scaling-study              all of them
#   torchrun-tensor-parallel   TP 2, 4, 8 under torchrun
#   torchrun-mixed-parallel    TP2 PP2, TP4 PP2 under torchrun
#   custom TP=x PP=y DP=z      one of your own
#
#   --model MODEL              default meta-llama/Llama-2-7b-chat-hf
#   --batch-sizes LIST         default 1,4,8,16
#   --seq-lens LIST            default 512,1024,2048
#   --output-dir DIR           default experiment_results: tp_2_results.json, ..., tables, pictures
#   --max-model-len --dtype --max-num-seqs --max-num-batched-tokens --gpu-memory-utilization --temperature --top-p
#   --max-tokens --enforce-eager --trust-remote-code --num-runs --output-file --distributed-executor-backend mp|ray
#   --nnodes N --node-rank R --master-addr HOST --master-port P     on each of several machines, with one --output-dir
#
# Everything else is weir-sweep's: --dry-run, --resume, --mode online, --engine mock, --launcher slurm, -- ENGINE WORDS.
# Without a TYPE, --tensor-parallel-size, --pipeline-parallel-size and --data-parallel-size say the one configuration.
set -eu
case " $* " in *" --help "* | *" -h "* | "  ") sed -n '2,27s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
for word in "$@"; do
  case $word in
    tensor-parallel | pipeline-parallel | mixed-parallel | data-parallel | scaling-study | torchrun-*-parallel | custom | *.yaml)
      exec weir-sweep "$@" ;;
    --) break ;;
  esac
done
exec weir-sweep batch "$@"
