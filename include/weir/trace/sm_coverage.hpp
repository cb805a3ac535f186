// weir/trace/sm_coverage.hpp - how much of a device the kernels could fill by their launch alone. Needs the standard
// library.
#ifndef WEIR_TRACE_SM_COVERAGE_HPP
#define WEIR_TRACE_SM_COVERAGE_HPP

#include <algorithm>
#include <cmath>
#include <optional>

#include "weir/trace/json_cursor.hpp"
#include "weir/trace/kineto_event.hpp"

namespace weir::inline v0 {

/// The mean over kernels, weighted by their durations, of min(blocks per multiprocessor, 1). It says which kernels
/// leave multiprocessors without a block, and nothing of what the others do with theirs.
class sm_coverage {
 public:
  void take(const kineto_event& e) {
    const double blocks = detail::amount_or_nan(event_arg(e.args, "blocks per SM"));
    if (std::isnan(blocks)) return;
    const auto time = static_cast<double>(e.dur_ns);
    covered_ += time * std::min(blocks, 1.0);
    total_ += time;
  }
  /// Nothing where no kernel told its blocks.
  [[nodiscard]] std::optional<double> mean() const {
    return total_ > 0 ? std::optional(covered_ / total_) : std::nullopt;
  }

 private:
  double covered_ = 0, total_ = 0;  // ns
};

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_SM_COVERAGE_HPP
