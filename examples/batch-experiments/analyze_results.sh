#!/bin/sh
# analyze_results.sh --input DIR|FILE [--output-dir DIR] [--no-plots] - tables and pictures of batch experiments: those of
# weir-sweep, and the *_results.json that others wrote.
#
#   --input PATH        an output directory, or one of its *_results.json
#   --output-dir DIR    default analysis_output
#   --no-plots          tables only
set -eu
input='' out=analysis_output plots=''
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    --no-plots) plots=--no-plots; shift; continue ;;
    --input | --output-dir) [ $# -gt 1 ] || { echo "analyze_results: $1 needs a value" >&2; exit 2; } ;;
    *) echo "analyze_results: unknown option $1; see --help" >&2; exit 2 ;;
  esac
  case $1 in --input) input=$2 ;; --output-dir) out=$2 ;; esac
  shift 2
done
[ -n "$input" ] || { echo "analyze_results: --input is missing: a directory or a *_results.json" >&2; exit 2; }
exec weir-summarize ${plots:+"$plots"} --force --out "$out" "$input"
