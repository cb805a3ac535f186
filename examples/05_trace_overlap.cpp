// Prints how much of a trace's communication is hidden behind computation, with two headers alone: trace/kineto.hpp
// gives events, trace/overlap.hpp unions of intervals. Constant memory, any size, from a pipe.
//
//     zcat trace.json.gz | example_05_trace_overlap
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "weir/data/source.hpp"
#include "weir/trace/kineto.hpp"
#include "weir/trace/overlap.hpp"

int main() {
  weir::interval_union communication, computation;
  weir::kineto_reader reader(weir::fd_source(STDIN_FILENO));
  const auto ok = reader.read([](std::string_view category) { return category == "kernel"; },
                              [&](const weir::kineto_event& e) {
                                const bool nccl = e.name.starts_with("nccl");
                                if (e.phase == "X" && e.category == "kernel")
                                  (nccl ? communication : computation).add(e.t_ns, e.t_ns + e.dur_ns);
                              });
  if (!ok) return std::fprintf(stderr, "%s\n", ok.error().detail.c_str()), 2;
  const auto both = static_cast<double>(weir::overlap_ns(communication, computation));
  const auto total = static_cast<double>(communication.total_ns());
  std::printf("%.3f of %.3f us of communication ran beside computation\n", both / 1e3, total / 1e3);
  if (reader.summary().damaged > 0 || reader.summary().truncated) std::puts("the trace is damaged or cut");
  return 0;
}
