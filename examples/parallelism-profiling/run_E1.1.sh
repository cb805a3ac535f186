#!/bin/sh
#SBATCH --job-name=E1.1_llama8b_baseline
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=1
#SBATCH --time=01:00:00
#SBATCH --output=logs/E1.1_%j.out
# run_E1.1.sh - submit it (mkdir -p logs; sbatch run_E1.1.sh), or run it on a machine with the devices. Traces, timings and
# the workload card come to $OUT/trace_collection/E1.1_llama8b_baseline (OUT: default here). MODEL, SEQ_LEN, BATCH_SIZE and
# MAX_TOKENS are generate_configs.sh's; for several machines: NODES=4 sbatch --nodes=4 --gpus-per-node=1 run_E1.1.sh
exec "${SLURM_SUBMIT_DIR:-$(cd "$(dirname "$0")" && pwd)}/run_experiment.sh" E1.1_llama8b_baseline "$@"
