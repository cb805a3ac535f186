// The figures of a trace report, to be compared as they are: to write them as records took more than half of a run.
#ifndef WEIR_FUZZ_FIGURES_HPP
#define WEIR_FUZZ_FIGURES_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/hash.hpp"
#include "weir/trace/metric.hpp"

namespace fuzz {

/// What became of a file: its figures, or why there are none.
struct report {
  std::string words;
  std::vector<weir::trace_metric> figures;

  /// A missing value is one NaN like the other.
  friend bool operator==(const report& a, const report& b) {
    const auto same = [](const weir::trace_metric& x, const weir::trace_metric& y) {
      return std::bit_cast<std::uint64_t>(x.value) == std::bit_cast<std::uint64_t>(y.value) && x.table == y.table &&
             x.name == y.name && x.unit == y.unit && x.text == y.text && x.reason == y.reason && x.labels == y.labels;
    };
    return a.words == b.words && std::ranges::equal(a.figures, b.figures, same);
  }
};

/// How much of a file is read at once, beside all of it: one of three, as its bytes say, since each costs as much
/// again.
inline std::size_t step_of(std::string_view text) {
  constexpr std::size_t steps[] = {1, 7, 64};
  return steps[weir::hash64(text) % std::size(steps)];
}

}  // namespace fuzz

#endif  // WEIR_FUZZ_FIGURES_HPP
