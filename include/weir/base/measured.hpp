// weir/base/measured.hpp - the value that says "this was not measured". Needs the standard library only.
#ifndef WEIR_BASE_MEASURED_HPP
#define WEIR_BASE_MEASURED_HPP

#include <cstdint>
#include <limits>

namespace weir::inline v0 {

/// A time or a count that was not measured. Written as null, or left out; never as 0.
inline constexpr std::int64_t unmeasured = std::numeric_limits<std::int64_t>::min();

}  // namespace weir::inline v0

#endif  // WEIR_BASE_MEASURED_HPP
