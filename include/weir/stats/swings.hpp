// weir/stats/swings.hpp - whether a run is long against its own swings. Needs the standard library only.
#ifndef WEIR_STATS_SWINGS_HPP
#define WEIR_STATS_SWINGS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>

namespace weir::inline v0 {

/// By how many standard deviations the means of 40, 80, 160 and 320 stretches of a run cross its mean less often than
/// those of independent values would, which do in half of all steps: the worst of the four, below 0 for fewer.
///
/// A variance says nothing of this where it is needed: a run that saw only a part of one swing has a small one. Near
/// saturation a queue rises and falls over thousands of requests, and its stretches stay on one side of the mean for
/// long, however small the swing is beside what each request adds.
/// \param values  in the order of time. Stretches that would hold no value are left out.
/// \complexity    O(n).
/// \source        The count of runs about the mean, with equal shares of both sides assumed: Wald and Wolfowitz, "On a
///                test whether two samples are from the same population", 1940. Skewed values cross less often, which
///                errs on the side of caution.
[[nodiscard]] inline double swing_score(std::span<const double> values, double mean) {
  double worst = 0;
  for (const std::size_t parts : std::array<std::size_t, 4>{40, 80, 160, 320}) {
    const std::size_t length = values.size() / parts;
    if (length == 0) break;
    std::size_t crossings = 0;
    bool above = false;
    for (std::size_t part = 0; part < parts; ++part) {
      double sum = 0;
      for (const double value : values.subspan(part * length, length)) sum += value - mean;
      crossings += part > 0 && above != (sum > 0);
      above = sum > 0;
    }
    const auto steps = static_cast<double>(parts - 1);
    worst = std::min(worst, (static_cast<double>(crossings) - steps / 2) / (std::sqrt(steps) / 2));
  }
  return worst;
}

}  // namespace weir::inline v0

#endif  // WEIR_STATS_SWINGS_HPP
