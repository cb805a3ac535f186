#!/bin/sh
# get_throughput_tokens_sec.sh EXPERIMENT - prints the tokens that its steps processed per second, mean over ranks, one number.
# EXPERIMENT is a directory of traces, or a name under $TRACE_COLLECTION (./trace_collection). Status 1, and why on
# standard error, where the traces do not tell it.
exec "$(dirname "$0")/one_metric.sh" throughput_tokens_sec "$@"
