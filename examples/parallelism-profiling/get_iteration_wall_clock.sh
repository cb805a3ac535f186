#!/bin/sh
# get_iteration_wall_clock.sh EXPERIMENT - prints the mean wall time of an iteration in microseconds, mean over ranks, one number.
# EXPERIMENT is a directory of traces, or a name under $TRACE_COLLECTION (./trace_collection). Status 1, and why on
# standard error, where the traces do not tell it.
exec "$(dirname "$0")/one_metric.sh" iteration_wall_clock "$@"
