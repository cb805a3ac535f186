// weir/report/natural_order.hpp - the order in which people expect names: 2 before 10. Needs the standard library only.
#ifndef WEIR_REPORT_NATURAL_ORDER_HPP
#define WEIR_REPORT_NATURAL_ORDER_HPP

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace weir::inline v0 {

/// Whether `a` comes before `b`: runs of digits compare as numbers, all else byte by byte. A strict weak order; texts
/// that differ only in leading zeros are ordered by their bytes.
[[nodiscard]] constexpr bool natural_less(std::string_view a, std::string_view b) noexcept {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto digits = [&](std::string_view text) {
    return text.substr(0, static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin()));
  };
  std::string_view x = a, y = b;
  while (!x.empty() && !y.empty()) {
    std::string_view left = x.substr(0, 1), right = y.substr(0, 1);
    if (is_digit(x[0]) && is_digit(y[0])) {
      left = digits(x), right = digits(y);
      x.remove_prefix(left.size()), y.remove_prefix(right.size());
      left.remove_prefix(std::min(left.find_first_not_of('0'), left.size()));
      right.remove_prefix(std::min(right.find_first_not_of('0'), right.size()));
      if (left.size() != right.size()) return left.size() < right.size();
    } else {
      x.remove_prefix(1), y.remove_prefix(1);
    }
    if (left != right) return left < right;
  }
  return x.empty() == y.empty() ? a < b : x.empty();
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_NATURAL_ORDER_HPP
