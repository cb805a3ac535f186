#!/bin/sh
# one_metric.sh METRIC EXPERIMENT - the mean over ranks of a metric of weir-trace, as one number.
set -eu
metric=$1
experiment=${2:?"usage: $(basename "$0") METRIC EXPERIMENT"}
[ -d "$experiment" ] || experiment=${TRACE_COLLECTION:-trace_collection}/$experiment
[ -d "$experiment" ] || { echo "$(basename "$0"): there is no directory $experiment" >&2; exit 2; }
records=$("${WEIR_TRACE:-weir-trace}" --metrics "$metric" --json "$experiment") || [ $? -eq 1 ] || exit 2
# numbers stand in the records as "value":12.5; null has a reason behind it
printf '%s\n' "$records" | grep '"table":"rank"' | awk '
  match($0, /"value":-?[0-9][0-9.eE+-]*/) { sum += substr($0, RSTART + 8, RLENGTH - 8); ++count }
  match($0, /"reason":"[^"]*"/) { why = substr($0, RSTART + 10, RLENGTH - 11) }
  END {
    if (!count) { print "no rank has it: " why > "/dev/stderr"; exit 1 }
    printf "%.10g\n", sum / count
  }'
