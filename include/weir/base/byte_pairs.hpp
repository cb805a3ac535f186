// weir/base/byte_pairs.hpp - whether a text may hold any of many needles, before they are looked for. Needs the
// standard library only.
#ifndef WEIR_BASE_BYTE_PAIRS_HPP
#define WEIR_BASE_BYTE_PAIRS_HPP

#include <array>
#include <cstddef>
#include <string_view>

namespace weir::inline v0 {

/// Which pairs of neighbouring bytes a text has, give or take: tells at once that most needles are not in it.
class byte_pairs {
 public:
  explicit byte_pairs(std::string_view text) noexcept {
    for (std::size_t i = 1; i < text.size(); ++i) seen_[slot(text[i - 1], text[i])] = true;
  }
  /// \return  false only where the text does not hold `needle`.
  [[nodiscard]] bool may_hold(std::string_view needle) const noexcept {
    for (std::size_t i = 1; i < needle.size(); ++i)
      if (!seen_[slot(needle[i - 1], needle[i])]) return false;
    return true;
  }

 private:
  static std::size_t slot(char a, char b) noexcept {
    return (static_cast<unsigned char>(a) * std::size_t{37} + static_cast<unsigned char>(b)) % 4096;
  }
  std::array<bool, 4096> seen_{};
};

}  // namespace weir::inline v0

#endif  // WEIR_BASE_BYTE_PAIRS_HPP
