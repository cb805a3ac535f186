// weir/score/numeric.hpp - weir's own rule: the number that an answer ends on, as a value. Needs the standard library.
//
// The published rules compare spellings: "1,250", "1250.00" and "$1250" are three different answers to them. This one
// reads numbers as people write them and compares what they are worth, exactly, digit by digit.
#ifndef WEIR_SCORE_NUMERIC_HPP
#define WEIR_SCORE_NUMERIC_HPP

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "weir/score/unicode.hpp"

namespace weir::inline v0 {

namespace detail {

constexpr bool is_ascii_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
constexpr bool is_ascii_alnum(char c) noexcept {
  return is_ascii_letter(c) || (c >= '0' && c <= '9');
}

/// Where a number stands in a text.
struct number_place {
  std::size_t begin;      ///< Its first digit, behind sign and currency.
  std::size_t whole_end;  ///< The end of its digits before the point, with their commas.
  std::size_t end;
  bool bare_fraction;  ///< ".5": its digits are those of the fraction.
};

/// Reads digits of any script from `at` on into `out`. \return  where they end.
inline std::size_t read_digits(std::string_view text, std::size_t at, std::string& out) {
  while (at < text.size()) {
    const auto c = first_character(text.substr(at));
    const int value = decimal_value(c.code);
    if (value < 0) break;
    out.push_back(static_cast<char>('0' + value));
    at += c.bytes;
  }
  return at;
}

/// Whether what stands before `at` (a digit, or its currency sign) is a minus that is no subtraction: "-5", "= -5".
inline bool is_negative(std::string_view text, std::size_t at) {
  constexpr std::string_view minus = "\xE2\x88\x92";  // U+2212
  std::string_view before = text.substr(0, at);
  if (before.ends_with('$')) before.remove_suffix(1);
  if (before.ends_with('-'))
    before.remove_suffix(1);
  else if (before.ends_with(minus))
    before.remove_suffix(minus.size());
  else
    return false;
  return before.empty() || (!is_ascii_alnum(before.back()) && before.back() != ')' && before.back() != '-');
}

inline std::string shortest(std::string whole, std::string fraction, bool negative) {
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
  fraction.erase(fraction.find_last_not_of('0') + 1);
  if (whole.empty()) whole.push_back('0');
  if (!fraction.empty()) whole += "." + fraction;
  return negative && whole != "0" ? "-" + whole : whole;
}

/// Passes digits of any script. \param count  how many they were. \return  where they end.
inline std::size_t pass_digits(std::string_view text, std::size_t at, std::size_t& count) {
  for (count = 0; at < text.size(); ++count) {
    const auto c = first_character(text.substr(at));
    if (decimal_value(c.code) < 0) break;
    at += c.bytes;
  }
  return at;
}

/// The first number of `text` at or after `from`. A thousands comma is part of a number where three digits and no
/// fourth follow it; digits right after a letter ("x2") are none.
inline std::optional<number_place> find_number(std::string_view text, std::size_t from) {
  for (std::size_t at = from, count = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80 && (byte < '0' || byte > '9')) {
      ++at;
      continue;
    }
    std::size_t end = pass_digits(text, at, count);
    if (end == at) {
      at += first_character(text.substr(at)).bytes;
      continue;
    }
    const bool glued = at > 0 && is_ascii_letter(text[at - 1]);
    const bool bare_fraction = at > 0 && text[at - 1] == '.' && (at == 1 || !is_ascii_alnum(text[at - 2]));
    std::size_t whole_end = end;
    if (!bare_fraction) {
      for (std::size_t group = 3; count <= 3 && group == 3 && end < text.size() && text[end] == ',';)
        if (const auto group_end = pass_digits(text, end + 1, group); group == 3) end = group_end;
      whole_end = end;
      if (end < text.size() && text[end] == '.')
        if (const std::size_t after = pass_digits(text, end + 1, count); count > 0) end = after;
    }
    if (!glued) return number_place{at, whole_end, end, bare_fraction};
    at = end;
  }
  return std::nullopt;
}

/// The shortest decimal spelling of a number: "-1250", "0.5", "0".
inline std::string value_of(std::string_view text, const number_place& number) {
  std::string whole, fraction;
  std::size_t at = read_digits(text, number.begin, whole);
  while (at < number.whole_end) at = read_digits(text, at + 1, whole);  // behind a comma
  if (number.whole_end < number.end) read_digits(text, number.whole_end + 1, fraction);
  if (number.bare_fraction) fraction.swap(whole);
  return shortest(std::move(whole), std::move(fraction),
                  is_negative(text, number.begin - (number.bare_fraction ? 1 : 0)));
}

/// The last number of `text`, sought from its end: a stretch of digits, commas and points holds all of each number in
/// it.
inline std::optional<std::string> last_number(std::string_view text) {
  for (std::size_t at = text.size(); at > 0;) {
    const std::size_t end = at;
    bool has_digit = false;
    std::size_t other = 0;  // bytes of the character before the stretch
    while (at > 0 && other == 0) {
      const auto c = last_character(text.substr(0, at));
      const bool digit = decimal_value(c.code) >= 0;
      if (digit || c.code == U',' || c.code == U'.')
        at -= c.bytes, has_digit |= digit;
      else
        other = c.bytes;
    }
    std::optional<number_place> last;
    if (has_digit)
      for (auto n = find_number(text.substr(0, end), at); n; n = find_number(text.substr(0, end), n->end)) last = n;
    if (last) return value_of(text, *last);
    at -= other;
  }
  return std::nullopt;
}

/// Where the last of the announcements of a final answer ends, and the text that it announces: up to the end of its
/// sentence or line, or to the brace of \boxed{}. Nothing where there is no announcement.
inline std::optional<std::string_view> announced(std::string_view text) {
  constexpr std::array<std::string_view, 4> marks{"####", "\\boxed{", "answer is", "answer:"};
  const auto is_at = [&](std::size_t at, std::string_view mark) {
    if (text.size() - at < mark.size()) return false;
    for (std::size_t i = 0; i < mark.size(); ++i) {
      const char c = text[at + i];
      if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != mark[i]) return false;
    }
    return true;
  };
  for (std::size_t at = text.size(); at-- > 0;) {
    const char c = text[at];
    if (c != '#' && c != '\\' && c != 'a' && c != 'A') continue;
    for (const auto mark : marks)
      if (is_at(at, mark)) {
        std::string_view rest = text.substr(at + mark.size());
        rest = rest.substr(0, rest.find(mark.ends_with('{') ? '}' : '\n'));
        const auto sentence = rest.find(". ");
        return rest.substr(0, sentence);
      }
  }
  return std::nullopt;
}

}  // namespace detail

/// The number that an answer ends on, in its shortest decimal spelling; nothing where the answer has no number.
///
/// That is the last number of what the last "####", "\boxed{", "answer is" or "answer:" announces (to the end of the
/// sentence or line); where that holds none, the last number of the text. Reads "$1,250.00", "1250" and fullwidth
/// digits as 1250, "16-3" as 16 and 3, "= -3" as -3. Knows no fractions, exponents or words.
[[nodiscard]] inline std::optional<std::string> numeric_answer(std::string_view text) {
  if (const auto answer = detail::announced(text))
    if (auto number = detail::last_number(*answer)) return number;
  return detail::last_number(text);
}

/// A gold as the shortest spelling of its value: "$1,250.00" is "1250".
/// \return  nothing where the gold is anything but one number with its sign, currency or percent sign.
[[nodiscard]] inline std::optional<std::string> numeric_gold(std::string_view gold) {
  gold = python_strip(gold);
  const auto number = detail::find_number(gold, 0);
  if (!number || gold.substr(0, number->begin).find_first_not_of("-+$.\xE2\x88\x92") != gold.npos) return std::nullopt;
  if (gold.substr(number->end).find_first_not_of("%.") != gold.npos) return std::nullopt;
  return detail::value_of(gold, *number);
}

}  // namespace weir::inline v0

#endif  // WEIR_SCORE_NUMERIC_HPP
