#!/bin/sh
# generate_configs.sh [DIR] - writes the experiments' files configs/E1.1_llama8b_baseline.yaml, E1.2_llama8b_tp2.yaml and
# E1.3_llama8b_tp4.yaml: one model over 1, 2 and 4 devices. From the environment: MODEL, BATCH_SIZE, SEQ_LEN (to 32768),
# MAX_TOKENS, NODES (tensor parallelism over more than one machine), ENGINE_ARGS (a YAML list).
set -eu
dir=${1:-configs}
mkdir -p "$dir"
write() { # ID TP DESCRIPTION; whole or not at all: jobs that begin at one time may do this at one time
  part=$dir/.$1.$(hostname).$$
  cat > "$part" << END
experiment_id: $1
description: $3
model: {name: ${MODEL:-meta-llama/Llama-3.1-8B}, precision: bfloat16}
parallelism: {tp: $2, pp: 1, dp_replicate: 1, dp_shard: 1, ep: 1, nodes: ${NODES:-1}}
data: {batch_size: ${BATCH_SIZE:-4}, seq_len: ${SEQ_LEN:-2048}, max_tokens: ${MAX_TOKENS:-512}}
warmup_iterations: 2
profile_iterations: 5
output_dir: trace_collection/$1
END
  [ -z "${ENGINE_ARGS:-}" ] || echo "engine_args: $ENGINE_ARGS" >> "$part"
  mv "$part" "$dir/$1.yaml"
  echo "$dir/$1.yaml"
}
write E1.1_llama8b_baseline 1 "Llama-3.1-8B on one device"
write E1.2_llama8b_tp2 2 "Llama-3.1-8B, tensor parallel over 2 devices"
write E1.3_llama8b_tp4 4 "Llama-3.1-8B, tensor parallel over 4 devices"
