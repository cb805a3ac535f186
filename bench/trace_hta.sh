#!/bin/sh
# trace_hta.sh TRACE.json[.gz] [WEIR_TRACE] - the overlap of communication by HolisticTraceAnalysis (of PyPI, in an
# environment of its own under build/) and by weir-trace, on a trace of about 300 MB made of the given one: CPU time of
# each, the memory of each, and whether they agree. Prints what bench/trace.md holds.
set -eu
trace=${1:?"usage: trace_hta.sh TRACE.json[.gz] [WEIR_TRACE]"}
root=$(cd "$(dirname "$0")/.." && pwd)
tool=${2:-$root/build/release/tools/weir-trace}
work=$root/build/bench-trace
mkdir -p "$work/set"
if [ ! -x "$work/venv/bin/python" ]; then
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install -q 'HolisticTraceAnalysis==0.5.0'
fi
size=$(case $trace in *.gz) zcat "$trace" ;; *) cat "$trace" ;; esac | wc -c)
[ -f "$work/set/rank_0.json" ] || python3 "$root/bench/trace_repeat.py" "$trace" $((303000000 / size + 1)) > "$work/set/rank_0.json"
ls -l "$work/set/rank_0.json" | awk '{printf "trace: %.0f MB\n", $5 / 1e6}'
for round in 1 2 3; do
  python3 - "$tool" "$work/set/rank_0.json" << 'PYTHON'
import json, resource, subprocess, sys
out = subprocess.run([sys.argv[1], "--metrics", "overlap_share", "--json", sys.argv[2]], capture_output=True, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
share = [m["value"] for m in map(json.loads, out.stdout.splitlines()) if m["labels"]["table"] == "rank"][0]
print("weir-trace: overlap %.4f %%, %.2f s of CPU, %.0f MB" % (share, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024))
PYTHON
done
"$work/venv/bin/python" "$root/bench/trace_hta.py" "$work/set"
