#!/bin/sh
# get_comm_overhead.sh EXPERIMENT - prints communication's share of the device's time in percent, mean over ranks, one number.
# EXPERIMENT is a directory of traces, or a name under $TRACE_COLLECTION (./trace_collection). Status 1, and why on
# standard error, where the traces do not tell it.
exec "$(dirname "$0")/one_metric.sh" comm_overhead "$@"
