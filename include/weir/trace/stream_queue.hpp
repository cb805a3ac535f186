// weir/trace/stream_queue.hpp - how many operations waited on a stream, as HolisticTraceAnalysis counts. Needs
// weir/stats.
#ifndef WEIR_TRACE_STREAM_QUEUE_HPP
#define WEIR_TRACE_STREAM_QUEUE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/stats/moments.hpp"
#include "weir/stats/percentile.hpp"

namespace weir::inline v0 {

/// The calls that HTA takes for launches. A graph's and cuLaunchKernelEx are not among them.
/// \source  HolisticTraceAnalysis 0.5.0, hta/common/trace_symbol_table.py, get_runtime_launch_events_query.
[[nodiscard]] inline bool is_hta_launch(std::string_view name) noexcept {
  constexpr std::string_view names[] = {
      "cudaLaunchKernel", "cudaLaunchKernelExC", "cuLaunchKernel",           "cudaMemcpyAsync", "cudaMemsetAsync",
      "hipLaunchKernel",  "hipMemcpyAsync",      "hipExtModuleLaunchKernel", "hipMemsetAsync",  "hipMemcpyWithStream"};
  return std::ranges::find(names, name) != std::end(names);
}

/// The lengths of one stream's queue behind each change of it: over changes, not over time.
/// \source  HolisticTraceAnalysis 0.5.0, hta/analyzers/trace_counters.py, get_queue_length_summary.
struct stream_queue {
  std::int64_t stream = -1;
  std::size_t changes = 0;
  std::size_t ties = 0;  ///< Changes at the same moment as the one before them: HTA takes such in no stated order.
  double mean = std::numeric_limits<double>::quiet_NaN(), deviation = std::numeric_limits<double>::quiet_NaN();
  double least = 0, quarter = 0, half = 0, three_quarters = 0, most = 0;
};

/// Sums up a queue of which launches make one more and begins of what was launched one less; a launch goes first where
/// both are at the same moment.
/// \param changes  moment and +1 or -1, in any order; at least one.
[[nodiscard]] inline stream_queue queue_of(std::int64_t stream, std::vector<std::pair<std::int64_t, int>> changes) {
  std::sort(changes.begin(), changes.end(),
            [](const auto& a, const auto& b) { return a.first != b.first ? a.first < b.first : a.second > b.second; });
  stream_queue out{.stream = stream, .changes = changes.size()};
  std::vector<double> lengths;
  double now = 0;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    out.ties += i > 0 && changes[i].first == changes[i - 1].first ? 1U : 0U;
    lengths.push_back(now += changes[i].second);
  }
  std::sort(lengths.begin(), lengths.end());
  const auto m = moments_of(lengths);
  const auto n = static_cast<double>(lengths.size());
  out.mean = m.mean, out.least = m.min, out.most = m.max;
  if (n > 1) out.deviation = m.std * std::sqrt(n / (n - 1));  // of a sample, as pandas' describe
  out.quarter = percentile(lengths, 25), out.half = percentile(lengths, 50);
  out.three_quarters = percentile(lengths, 75);
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_STREAM_QUEUE_HPP
