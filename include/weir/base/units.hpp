// weir/base/units.hpp - numbers and durations as people type them. Needs the standard library only.
#ifndef WEIR_BASE_UNITS_HPP
#define WEIR_BASE_UNITS_HPP

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "weir/base/result.hpp"

namespace weir::inline v0 {

/// Reads all of `text` as a number: `parse_number<int>("42")`, `parse_number<double>("1e-3")`.
/// \return  errc::invalid_argument naming the text where it is not one, or out of the type's range.
template <class Number>
  requires std::integral<Number> || std::floating_point<Number>
[[nodiscard]] result<Number> parse_number(std::string_view text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || last != end || text.empty())
    return failure{errc::invalid_argument, "'" + std::string(text) + "' is not a number in range"};
  return number;
}

/// Reads a duration with its unit: "50ms", "2s", "1.5m", "1h", "10us", "7ns"; a bare number takes `bare_unit_ns`.
/// \return  nanoseconds >= 0, or errc::invalid_argument.
[[nodiscard]] inline result<std::int64_t> parse_duration_ns(std::string_view text, double bare_unit_ns = 1e9) {
  const failure bad{errc::invalid_argument, "'" + std::string(text) + "' is not a duration such as 50ms, 2s or 1m"};
  double count = 0;
  const char* end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc{}) return bad;
  const std::string_view unit(last, static_cast<std::size_t>(end - last));
  double scale = 0;
  if (unit.empty())
    scale = bare_unit_ns;
  else if (unit == "ns")
    scale = 1;
  else if (unit == "us")
    scale = 1e3;
  else if (unit == "ms")
    scale = 1e6;
  else if (unit == "s")
    scale = 1e9;
  else if (unit == "m" || unit == "min")
    scale = 60e9;
  else if (unit == "h")
    scale = 3600e9;
  const double nanoseconds = count * scale;
  if (scale == 0 || !(nanoseconds >= 0) || nanoseconds > 9.2e18) return bad;
  return static_cast<std::int64_t>(std::llround(nanoseconds));
}

}  // namespace weir::inline v0

#endif  // WEIR_BASE_UNITS_HPP
