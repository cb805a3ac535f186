// weir/stats/steady.hpp - where a run is steady. Needs the standard library only.
#ifndef WEIR_STATS_STEADY_HPP
#define WEIR_STATS_STEADY_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

namespace weir::inline v0 {

/// Where warm-up ends.
struct warm_up {
  std::size_t skip = 0;  ///< This many values, from the first, are warm-up.
  bool steady = true;    ///< False: the best cut is at the half or beyond: the run was too short, or never steady.
};

/// Cuts warm-up by MSER-5: of all cuts in the first half, the one after which the mean of batches of five is known
/// best.
/// \param values  in the order of time. Fewer than 20 are not cut, and not called steady.
/// \source        White, "An effective truncation heuristic for bias reduction in simulation output", 1997; Hoad and
///                Robinson, "Implementing MSER-5 in commercial simulation software", 2011.
[[nodiscard]] inline warm_up mser5(std::span<const double> values) {
  const std::size_t batches = values.size() / 5;
  if (batches < 4) return {0, false};
  double sum = 0, squares = 0, best = std::numeric_limits<double>::infinity();
  std::size_t cut = 0;
  for (std::size_t i = batches; i-- > 0;) {  // from the end: the sums of what is left after a cut at batch i
    double batch = 0;
    for (std::size_t k = 0; k < 5; ++k) batch += (values[5 * i + k] - values.back()) / 5;
    sum += batch, squares += batch * batch;
    const double left = static_cast<double>(batches - i);
    const double error = std::max(0.0, squares - sum * sum / left) / (left * left);
    if (batches - i >= 2 && i <= batches / 2 && error <= best) best = error, cut = i;
  }
  return {5 * cut, cut < batches / 2};
}

}  // namespace weir::inline v0

#endif  // WEIR_STATS_STEADY_HPP
