// weir/base/trim.hpp - text without the blanks around it. Needs the standard library only.
#ifndef WEIR_BASE_TRIM_HPP
#define WEIR_BASE_TRIM_HPP

#include <concepts>
#include <string>
#include <string_view>

namespace weir::inline v0 {

/// `text` without the spaces, tabs and line ends at its start and end.
[[nodiscard]] inline std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view blank = " \t\r\n";
  const auto first = text.find_first_not_of(blank);
  return first == text.npos ? std::string_view{} : text.substr(first, text.find_last_not_of(blank) - first + 1);
}
/// Of a string that is about to end nothing would be left.
template <std::same_as<std::string> Text>
std::string_view trimmed(Text&&) = delete;

}  // namespace weir::inline v0

#endif  // WEIR_BASE_TRIM_HPP
