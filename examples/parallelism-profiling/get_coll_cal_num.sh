#!/bin/sh
# get_coll_cal_num.sh EXPERIMENT - prints the collectives of a rank, mean over ranks, one number.
# EXPERIMENT is a directory of traces, or a name under $TRACE_COLLECTION (./trace_collection). Status 1, and why on
# standard error, where the traces do not tell it.
exec "$(dirname "$0")/one_metric.sh" coll_call_num "$@"
