#!/bin/sh
# trace_large.sh TRACE.json[.gz] [WEIR_TRACE [GIGABYTES...]] - the memory and CPU time of weir-trace on traces of 1, 2, 4 and
# 10 GB made of the given one, and on 8 ranks of 300 MB at once, beside one of them alone. Needs 11 GB under $TMPDIR
# (/tmp), which it clears.
set -eu
trace=${1:?"usage: trace_large.sh TRACE.json[.gz] [WEIR_TRACE [GIGABYTES...]]"}
root=$(cd "$(dirname "$0")/.." && pwd)
tool=${2:-$root/build/release/tools/weir-trace}
shift $(($# < 2 ? $# : 2))
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-trace-large-XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM
size=$(case $trace in *.gz) zcat "$trace" ;; *) cat "$trace" ;; esac | wc -c)

measure() { # NAME PATH...: one line
  name=$1
  shift
  python3 - "$name" "$tool" "$@" << 'PYTHON'
import json, os, resource, subprocess, sys, time
name, tool, paths = sys.argv[1], sys.argv[2], sys.argv[3:]
begin = time.monotonic()
out = subprocess.run([tool, "--metrics", "overlap_share", "--json", *paths], capture_output=True, check=True)
wall, used = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
shares = {m["value"] for m in map(json.loads, out.stdout.splitlines()) if m["labels"]["table"] == "rank"}
files = [os.path.join(p, f) for p in paths for f in os.listdir(p)] if os.path.isdir(paths[0]) else paths
print("%s: %.2f GB, wall %.2f s, CPU %.2f s, peak %.1f MB, overlap %s %%" % (
    name, sum(map(os.path.getsize, files)) / 1e9, wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024,
    ", ".join("%.4f" % s for s in sorted(shares))))
PYTHON
}

for gigabytes in ${*:-1 2 4 10}; do
  python3 "$root/bench/trace_repeat.py" "$trace" $((gigabytes * 1000000000 / size + 1)) > "$work/long.json"
  measure "a trace" "$work/long.json"
done
python3 "$root/bench/trace_repeat.py" "$trace" $((300000000 / size + 1)) > "$work/long.json"
mkdir "$work/one" "$work/eight"
ln "$work/long.json" "$work/one/kineto_trace_0.json"
for rank in 0 1 2 3 4 5 6 7; do ln "$work/long.json" "$work/eight/kineto_trace_$rank.json"; done
for round in 1 2 3; do
  measure "one rank" "$work/one"
  measure "eight ranks" "$work/eight"
done
