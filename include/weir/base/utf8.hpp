// weir/base/utf8.hpp - what is a character in a run of bytes. Needs the standard library only.
//
// Source: The Unicode Standard 15.0, table 3-7 (well-formed UTF-8 byte sequences).
#ifndef WEIR_BASE_UTF8_HPP
#define WEIR_BASE_UTF8_HPP

#include <cstddef>
#include <string_view>

namespace weir::inline v0 {

/// The length (1 to 4) of the well-formed UTF-8 sequence at the start of `bytes`; 0 where there is none.
[[nodiscard]] constexpr std::size_t utf8_length(std::string_view bytes) noexcept {
  const auto at = [&](std::size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U; };
  const auto tail = [&](std::size_t i) { return at(i) >= 0x80 && at(i) <= 0xBF; };
  const unsigned lead = at(0);
  if (bytes.empty()) return 0;
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;   // no overlong form
    const unsigned high = lead == 0xED ? 0x9F : 0xBF;  // no surrogate
    return at(1) >= low && at(1) <= high && tail(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned low = lead == 0xF0 ? 0x90 : 0x80;   // no overlong form
    const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;  // nothing above U+10FFFF
    return at(1) >= low && at(1) <= high && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

/// Whether all of `bytes` is well-formed UTF-8.
[[nodiscard]] constexpr bool is_utf8(std::string_view bytes) noexcept {
  while (const std::size_t length = utf8_length(bytes)) bytes.remove_prefix(length);
  return bytes.empty();
}

/// The code point of the well-formed sequence of `length` bytes at the start of `bytes`.
/// \pre  length == utf8_length(bytes) and length > 0.
[[nodiscard]] constexpr char32_t utf8_decode(std::string_view bytes, std::size_t length) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(bytes[i])); };
  if (length == 1) return at(0);
  char32_t code = at(0) & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) code = (code << 6) | (at(i) & 0x3F);
  return code;
}

/// Appends `code` to `out` as UTF-8; a surrogate or a value above U+10FFFF becomes U+FFFD.
template <class String>
constexpr void append_utf8(String& out, char32_t code) {
  if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) code = 0xFFFD;
  const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) return put(code);
  if (code < 0x800) return put(0xC0 | (code >> 6)), put(0x80 | (code & 0x3F));
  if (code < 0x10000) return put(0xE0 | (code >> 12)), put(0x80 | ((code >> 6) & 0x3F)), put(0x80 | (code & 0x3F));
  put(0xF0 | (code >> 18)), put(0x80 | ((code >> 12) & 0x3F)), put(0x80 | ((code >> 6) & 0x3F));
  put(0x80 | (code & 0x3F));
}

}  // namespace weir::inline v0

#endif  // WEIR_BASE_UTF8_HPP
