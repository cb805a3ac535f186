// weir/net/detail/ascii.hpp - characters as protocols see them, whatever the locale. Needs the standard library only.
#ifndef WEIR_NET_DETAIL_ASCII_HPP
#define WEIR_NET_DETAIL_ASCII_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace weir::inline v0::detail {

inline char ascii_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
inline bool ascii_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
inline bool ascii_alnum(char c) noexcept {
  return ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

/// Equal but for the case of ASCII letters: how field names, codings and schemes compare.
inline bool ascii_same(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

/// The value of a hexadecimal digit; -1 for any other character.
inline int hex_value(char c) noexcept {
  if (ascii_digit(c)) return c - '0';
  const char low = ascii_lower(c);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/// The first `most` bytes of `text` fit for a message: quoted, bytes that do not print escaped.
inline std::string ascii_quoted(std::string_view text, std::size_t most = 60) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string quoted = "'";
  for (const char c : text.substr(0, most)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F)
      quoted += c;
    else
      quoted.append("\\x").append({digits[byte >> 4], digits[byte & 15]});
  }
  return quoted + (text.size() > most ? "...'" : "'");
}

}  // namespace weir::inline v0::detail

#endif  // WEIR_NET_DETAIL_ASCII_HPP
