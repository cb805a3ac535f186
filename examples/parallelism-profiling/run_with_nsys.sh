#!/bin/sh
#SBATCH --job-name=nsys_profiling
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=4
#SBATCH --time=01:00:00
#SBATCH --output=logs/nsys_%j.out
# run_with_nsys.sh - an experiment under Nsight Systems: sbatch --export=ALL,CONFIG=E1.3_llama8b_tp4.yaml run_with_nsys.sh, or
# CONFIG=... run_with_nsys.sh on the machine. Reports come to $OUT/trace_collection/EXPERIMENT/nsys_<rank>.nsys-rep.
config=${CONFIG:-E1.1_llama8b_baseline.yaml}
exec "${SLURM_SUBMIT_DIR:-$(cd "$(dirname "$0")" && pwd)}/run_experiment.sh" "${config%.yaml}" --profile nsys "$@"
