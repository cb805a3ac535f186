#!/bin/sh
# run_experiment.sh EXPERIMENT [WEIR-SWEEP OPTION]... - runs configs/EXPERIMENT.yaml, which is generated where it is not
# there, on this machine or on all machines of the SLURM job that this is in. A file that says otherwise than MODEL, SEQ_LEN and
# the others in the environment is refused: what is asked for is what is run.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
experiment=${1:?usage: run_experiment.sh EXPERIMENT [OPTION]...}
shift
config=${CONFIGS:-configs}/$experiment.yaml
[ -f "$config" ] || "$here/generate_configs.sh" "${CONFIGS:-configs}" > /dev/null
[ -f "$config" ] || { echo "run_experiment: there is no $config" >&2; exit 2; }
if [ -n "${MODEL-}${BATCH_SIZE-}${SEQ_LEN-}${MAX_TOKENS-}${ENGINE_ARGS-}" ]; then
  asked=$(mktemp -d)
  "$here/generate_configs.sh" "$asked" > /dev/null
  differs=0 # in more than the machines, which the job has
  [ ! -f "$asked/$experiment.yaml" ] || [ "$(sed 's/nodes: .*//' "$config")" = "$(sed 's/nodes: .*//' "$asked/$experiment.yaml")" ] || differs=1
  rm -rf "$asked"
  [ $differs = 0 ] || {
    echo "run_experiment: $config is there, and is not what MODEL, BATCH_SIZE, SEQ_LEN, MAX_TOKENS or ENGINE_ARGS in the" \
      "environment ask for: remove it, name another directory by CONFIGS, or unset those" >&2
    exit 2
  }
fi
out=${OUT:-.}/runs/$experiment
status=0
if [ "${SLURM_JOB_NUM_NODES:-1}" -gt 1 ]; then
  master=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
  # shellcheck disable=SC2016 # each task's own shell expands the rank
  srun --ntasks-per-node=1 --kill-on-bad-exit=1 sh -c 'exec weir-sweep "$@" --node-rank "$SLURM_NODEID"' sh \
    "$config" --out "$out" --resume --nodes "$SLURM_JOB_NUM_NODES" --master-addr "$master" \
    --executor-backend external_launcher "$@" || status=$?
else
  weir-sweep "$config" --out "$out" --resume "$@" || status=$?
fi
traces=$out/trace_collection/$experiment
if [ -d "$traces" ]; then # not after --dry-run, nor where the engine did not start
  mkdir -p "${OUT:-.}/trace_collection"
  ln -sfn "$(cd "$traces" && pwd)" "${OUT:-.}/trace_collection/$experiment"
fi
exit $status
