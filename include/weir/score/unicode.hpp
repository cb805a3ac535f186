// weir/score/unicode.hpp - digits, spaces and capitals as Python's str sees them. Needs the standard library only.
//
// The harnesses are Python programs: their \\d, \\s and isupper() are those of Unicode, not of ASCII.
// Source: Unicode 14.0.0 as in the module unicodedata of Python 3.11 (general category Nd; str.isspace; str.isupper).
#ifndef WEIR_SCORE_UNICODE_HPP
#define WEIR_SCORE_UNICODE_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "weir/base/utf8.hpp"

namespace weir::inline v0 {

/// A character at the start of some text: its code point and its bytes. A byte that is not UTF-8 stands for itself, as
/// a code point above all of Unicode.
struct text_character {
  char32_t code;
  std::size_t bytes;
};
[[nodiscard]] constexpr text_character first_character(std::string_view text) noexcept {
  const std::size_t length = utf8_length(text);
  if (length == 0) return {0x110000U + static_cast<unsigned char>(text[0]), 1};
  return {utf8_decode(text, length), length};
}

namespace detail {
/// The zeros of Unicode: each begins a run of ten decimal digits.
inline constexpr char32_t decimal_zeros[] = {
    0x30,    0x660,   0x6F0,   0x7C0,   0x966,   0x9E6,   0xA66,   0xAE6,   0xB66,   0xBE6,   0xC66,
    0xCE6,   0xD66,   0xDE6,   0xE50,   0xED0,   0xF20,   0x1040,  0x1090,  0x17E0,  0x1810,  0x1946,
    0x19D0,  0x1A80,  0x1A90,  0x1B50,  0x1BB0,  0x1C40,  0x1C50,  0xA620,  0xA8D0,  0xA900,  0xA9D0,
    0xA9F0,  0xAA50,  0xABF0,  0xFF10,  0x104A0, 0x10D30, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0,
    0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950, 0x11C50, 0x11D50, 0x11DA0, 0x16A60,
    0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E950, 0x1FBF0};

/// Capitals: first, last, and the step between them.
struct capital_run {
  std::uint32_t first, last, step;
};
inline constexpr capital_run capital_runs[] = {
    {0x41, 0x5A, 1},       {0xC0, 0xD6, 1},       {0xD8, 0xDE, 1},       {0x100, 0x136, 2},     {0x139, 0x147, 2},
    {0x14A, 0x178, 2},     {0x179, 0x17D, 2},     {0x181, 0x182, 1},     {0x184, 0x186, 2},     {0x187, 0x189, 2},
    {0x18A, 0x18B, 1},     {0x18E, 0x191, 1},     {0x193, 0x194, 1},     {0x196, 0x198, 1},     {0x19C, 0x19D, 1},
    {0x19F, 0x1A0, 1},     {0x1A2, 0x1A6, 2},     {0x1A7, 0x1A9, 2},     {0x1AC, 0x1AE, 2},     {0x1AF, 0x1B1, 2},
    {0x1B2, 0x1B3, 1},     {0x1B5, 0x1B7, 2},     {0x1B8, 0x1B8, 1},     {0x1BC, 0x1BC, 1},     {0x1C4, 0x1C4, 1},
    {0x1C7, 0x1C7, 1},     {0x1CA, 0x1CA, 1},     {0x1CD, 0x1DB, 2},     {0x1DE, 0x1EE, 2},     {0x1F1, 0x1F1, 1},
    {0x1F4, 0x1F6, 2},     {0x1F7, 0x1F8, 1},     {0x1FA, 0x232, 2},     {0x23A, 0x23B, 1},     {0x23D, 0x23E, 1},
    {0x241, 0x243, 2},     {0x244, 0x246, 1},     {0x248, 0x24E, 2},     {0x370, 0x372, 2},     {0x376, 0x376, 1},
    {0x37F, 0x37F, 1},     {0x386, 0x388, 2},     {0x389, 0x38A, 1},     {0x38C, 0x38E, 2},     {0x38F, 0x391, 2},
    {0x392, 0x3A1, 1},     {0x3A3, 0x3AB, 1},     {0x3CF, 0x3CF, 1},     {0x3D2, 0x3D4, 1},     {0x3D8, 0x3EE, 2},
    {0x3F4, 0x3F4, 1},     {0x3F7, 0x3F9, 2},     {0x3FA, 0x3FA, 1},     {0x3FD, 0x42F, 1},     {0x460, 0x480, 2},
    {0x48A, 0x4C0, 2},     {0x4C1, 0x4CD, 2},     {0x4D0, 0x52E, 2},     {0x531, 0x556, 1},     {0x10A0, 0x10C5, 1},
    {0x10C7, 0x10C7, 1},   {0x10CD, 0x10CD, 1},   {0x13A0, 0x13F5, 1},   {0x1C90, 0x1CBA, 1},   {0x1CBD, 0x1CBF, 1},
    {0x1E00, 0x1E94, 2},   {0x1E9E, 0x1EFE, 2},   {0x1F08, 0x1F0F, 1},   {0x1F18, 0x1F1D, 1},   {0x1F28, 0x1F2F, 1},
    {0x1F38, 0x1F3F, 1},   {0x1F48, 0x1F4D, 1},   {0x1F59, 0x1F5F, 2},   {0x1F68, 0x1F6F, 1},   {0x1FB8, 0x1FBB, 1},
    {0x1FC8, 0x1FCB, 1},   {0x1FD8, 0x1FDB, 1},   {0x1FE8, 0x1FEC, 1},   {0x1FF8, 0x1FFB, 1},   {0x2102, 0x2102, 1},
    {0x2107, 0x2107, 1},   {0x210B, 0x210D, 1},   {0x2110, 0x2112, 1},   {0x2115, 0x2115, 1},   {0x2119, 0x211D, 1},
    {0x2124, 0x212A, 2},   {0x212B, 0x212D, 1},   {0x2130, 0x2133, 1},   {0x213E, 0x213F, 1},   {0x2145, 0x2145, 1},
    {0x2160, 0x216F, 1},   {0x2183, 0x2183, 1},   {0x24B6, 0x24CF, 1},   {0x2C00, 0x2C2F, 1},   {0x2C60, 0x2C62, 2},
    {0x2C63, 0x2C64, 1},   {0x2C67, 0x2C6D, 2},   {0x2C6E, 0x2C70, 1},   {0x2C72, 0x2C72, 1},   {0x2C75, 0x2C75, 1},
    {0x2C7E, 0x2C80, 1},   {0x2C82, 0x2CE2, 2},   {0x2CEB, 0x2CED, 2},   {0x2CF2, 0x2CF2, 1},   {0xA640, 0xA66C, 2},
    {0xA680, 0xA69A, 2},   {0xA722, 0xA72E, 2},   {0xA732, 0xA76E, 2},   {0xA779, 0xA77D, 2},   {0xA77E, 0xA786, 2},
    {0xA78B, 0xA78D, 2},   {0xA790, 0xA792, 2},   {0xA796, 0xA7AA, 2},   {0xA7AB, 0xA7AE, 1},   {0xA7B0, 0xA7B4, 1},
    {0xA7B6, 0xA7C4, 2},   {0xA7C5, 0xA7C7, 1},   {0xA7C9, 0xA7C9, 1},   {0xA7D0, 0xA7D0, 1},   {0xA7D6, 0xA7D8, 2},
    {0xA7F5, 0xA7F5, 1},   {0xFF21, 0xFF3A, 1},   {0x10400, 0x10427, 1}, {0x104B0, 0x104D3, 1}, {0x10570, 0x1057A, 1},
    {0x1057C, 0x1058A, 1}, {0x1058C, 0x10592, 1}, {0x10594, 0x10595, 1}, {0x10C80, 0x10CB2, 1}, {0x118A0, 0x118BF, 1},
    {0x16E40, 0x16E5F, 1}, {0x1D400, 0x1D419, 1}, {0x1D434, 0x1D44D, 1}, {0x1D468, 0x1D481, 1}, {0x1D49C, 0x1D49E, 2},
    {0x1D49F, 0x1D49F, 1}, {0x1D4A2, 0x1D4A2, 1}, {0x1D4A5, 0x1D4A6, 1}, {0x1D4A9, 0x1D4AC, 1}, {0x1D4AE, 0x1D4B5, 1},
    {0x1D4D0, 0x1D4E9, 1}, {0x1D504, 0x1D505, 1}, {0x1D507, 0x1D50A, 1}, {0x1D50D, 0x1D514, 1}, {0x1D516, 0x1D51C, 1},
    {0x1D538, 0x1D539, 1}, {0x1D53B, 0x1D53E, 1}, {0x1D540, 0x1D544, 1}, {0x1D546, 0x1D546, 1}, {0x1D54A, 0x1D550, 1},
    {0x1D56C, 0x1D585, 1}, {0x1D5A0, 0x1D5B9, 1}, {0x1D5D4, 0x1D5ED, 1}, {0x1D608, 0x1D621, 1}, {0x1D63C, 0x1D655, 1},
    {0x1D670, 0x1D689, 1}, {0x1D6A8, 0x1D6C0, 1}, {0x1D6E2, 0x1D6FA, 1}, {0x1D71C, 0x1D734, 1}, {0x1D756, 0x1D76E, 1},
    {0x1D790, 0x1D7A8, 1}, {0x1D7CA, 0x1D7CA, 1}, {0x1E900, 0x1E921, 1}, {0x1F130, 0x1F149, 1}, {0x1F150, 0x1F169, 1},
    {0x1F170, 0x1F189, 1}};

/// Whether a page of 256 code points has a digit: most texts are told to have none by this alone.
inline constexpr std::array<bool, 0x200> digit_pages = [] {
  std::array<bool, 0x200> pages{};
  for (const char32_t zero : decimal_zeros) pages[zero >> 8] = pages[(zero + 9) >> 8] = true;
  return pages;
}();
}  // namespace detail

/// The value of a decimal digit of any script, or -1.
[[nodiscard]] constexpr int decimal_value(char32_t c) noexcept {
  if (c < 0x80) return c >= U'0' && c <= U'9' ? static_cast<int>(c - U'0') : -1;
  if (c >= detail::digit_pages.size() << 8 || !detail::digit_pages[c >> 8]) return -1;
  const auto* after = std::upper_bound(std::begin(detail::decimal_zeros), std::end(detail::decimal_zeros), c);
  const char32_t distance = c - *(after - 1);
  return distance < 10 ? static_cast<int>(distance) : -1;
}

[[nodiscard]] constexpr bool is_python_space(char32_t c) noexcept {
  if (c < 0x80) return (c >= 9 && c <= 13) || (c >= 0x1C && c <= 0x20);
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
         c == 0x202F || c == 0x205F || c == 0x3000;
}

[[nodiscard]] constexpr bool is_capital(char32_t c) noexcept {
  if (c < 0x80) return c >= U'A' && c <= U'Z';
  if (c >= 0x2E80 && c < 0xA640) return false;  // no need to look for a Chinese character in the table
  const auto* after = std::upper_bound(std::begin(detail::capital_runs), std::end(detail::capital_runs), c,
                                       [](char32_t code, const detail::capital_run& run) { return code < run.first; });
  const detail::capital_run& run = *(after - 1);
  return c <= run.last && (c - run.first) % run.step == 0;
}

/// The character at the end of some text, such that reading forwards finds the same.
[[nodiscard]] constexpr text_character last_character(std::string_view text) noexcept {
  for (std::size_t bytes = 1; bytes <= std::min<std::size_t>(4, text.size()); ++bytes) {
    const auto c = first_character(text.substr(text.size() - bytes));
    if (c.bytes == bytes && c.code < 0x110000) return c;
  }
  return {0x110000U + static_cast<unsigned char>(text.back()), 1};
}

/// `text` without the spaces at both ends: str.strip().
[[nodiscard]] constexpr std::string_view python_strip(std::string_view text) noexcept {
  while (!text.empty() && is_python_space(first_character(text).code)) text.remove_prefix(first_character(text).bytes);
  while (!text.empty() && is_python_space(last_character(text).code)) text.remove_suffix(last_character(text).bytes);
  return text;
}

}  // namespace weir::inline v0

#endif  // WEIR_SCORE_UNICODE_HPP
