#!/bin/sh
# trace_hta.sh TRACE.json[.gz] [WEIR_TRACE] - the overlap of communication by HolisticTraceAnalysis (of PyPI, in an
# environment of its own under ~/.cache/weir) and by weir-trace, on a trace of about 300 MB made of the given one: CPU time
# of each, the memory of each, and whether they agree, one before, one behind. Prints what bench/trace.md holds.
# `trace_hta.sh --prepare TRACE` makes the environment and the trace only, so that the rest can be timed alone.
set -eu
prepare=
[ "${1:-}" = --prepare ] && prepare=1 && shift
trace=${1:?"usage: trace_hta.sh [--prepare] TRACE.json[.gz] [WEIR_TRACE]"}
root=$(cd "$(dirname "$0")/.." && pwd)
tool=${2:-$root/build/release/tools/weir-trace}
venv=${XDG_CACHE_HOME:-$HOME/.cache}/weir/venv-hta
work=${TMPDIR:-/tmp}/weir-trace-hta
mkdir -p "$work/set" "$(dirname "$venv")"
if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q 'HolisticTraceAnalysis==0.5.0'
fi
size=$(case $trace in *.gz) zcat "$trace" ;; *) cat "$trace" ;; esac | wc -c)
[ -f "$work/set/rank_0.json" ] || python3 "$root/bench/trace_repeat.py" "$trace" $((303000000 / size + 1)) > "$work/set/rank_0.json"
ls -l "$work/set/rank_0.json" | awk '{printf "trace: %.0f MB\n", $5 / 1e6}'
[ -z "$prepare" ] || exit 0

weir() {
  python3 - "$tool" "$work/set/rank_0.json" << 'PYTHON'
import json, resource, subprocess, sys
out = subprocess.run([sys.argv[1], "--metrics", "overlap_share", "--json", sys.argv[2]], capture_output=True, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
share = [m["value"] for m in map(json.loads, out.stdout.splitlines()) if m["labels"]["table"] == "rank"][0]
print("weir-trace: overlap %.4f %%, %.2f s of CPU, %.0f MB" % (share, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024))
PYTHON
}
for round in 1 2 3; do weir; done
"$venv/bin/python" "$root/bench/trace_hta.py" "$work/set"
for round in 4 5 6; do weir; done
