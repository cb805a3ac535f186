// weir/kernels/tuned.hpp - one measured choice: what ran fastest for a format and size. Needs the standard library
// only.
#ifndef WEIR_KERNELS_TUNED_HPP
#define WEIR_KERNELS_TUNED_HPP

#include <cstdint>

#include "weir/kernels/plan.hpp"

namespace weir::kernels::inline v0 {

/// What ran fastest for up to `m` tokens (and more than the row before has, of the same format and size).
struct tuned_row {
  format kind;
  std::int32_t group;
  bool dynamic;
  std::int64_t n, k, m;
  tuning best;
};

}  // namespace weir::kernels::inline v0

#endif  // WEIR_KERNELS_TUNED_HPP
