// weir/record/sample.hpp - the record of something observed at one moment. Needs the standard library only.
#ifndef WEIR_RECORD_SAMPLE_HPP
#define WEIR_RECORD_SAMPLE_HPP

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/measured.hpp"

namespace weir::inline v0 {

/// A server's counters, a device's memory, a host's power: values with one time.
struct sample_record {
  std::int64_t t_ns = unmeasured;  ///< Monotonic.
  std::string source;              ///< What was asked: "/metrics", "GPU-8c6e...", "processes", "host".
  std::string instance;            ///< Whose it is; may be empty.
  std::vector<std::pair<std::string, double>> values;  ///< Name, with its unit, and value; NaN is written as null.

  /// \return  NaN where there is no value of this name, or null.
  [[nodiscard]] double value(std::string_view name) const noexcept {
    for (const auto& [known, number] : values)
      if (known == name) return number;
    return std::numeric_limits<double>::quiet_NaN();
  }
};

}  // namespace weir::inline v0

#endif  // WEIR_RECORD_SAMPLE_HPP
