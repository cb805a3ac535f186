"""HolisticTraceAnalysis on one rank: parse and overlap, with all steps and without rounding. Prints the overlap in
percent, CPU seconds (children included, import excluded) and peak memory. argv: a directory with rank 0's trace."""
import os
import resource
import sys

os.environ["HTA_DISABLE_NS_ROUNDING"] = "1"
from hta.trace_analysis import TraceAnalysis  # noqa: E402


def cpu():
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


before = cpu()
analysis = TraceAnalysis(trace_dir=sys.argv[1], include_last_profiler_step=True)
overlap = analysis.get_comm_comp_overlap(visualize=False)
peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print("HTA: overlap %.4f %%, %.2f s of CPU, %.0f MB" % (overlap.iloc[0, 1], cpu() - before, peak / 1024), flush=True)
os._exit(0)
