// weir/score/gsm8k.hpp - the rules by which the field reads a number out of an answer. Needs the standard library only.
//
// OpenCompass and AISBench have one rule, lm-eval has two (and a third for its chain-of-thought task). They disagree
// even about a perfect model: see docs/scoring.md. Each function here is one of them, character by character.
// Source: AISBench 3.1 datasets/gsm8k.py; lm-eval 0.4.13 tasks/gsm8k/*.yaml, filters/extraction.py, api/metrics.py.
#ifndef WEIR_SCORE_GSM8K_HPP
#define WEIR_SCORE_GSM8K_HPP

#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "weir/score/unicode.hpp"

namespace weir::inline v0 {

namespace detail {
/// The end of the run of decimal digits (of any script) that begins at `at`; `at` where there is none.
constexpr std::size_t digits_end(std::string_view text, std::size_t at) noexcept {
  while (at < text.size()) {
    const auto c = first_character(text.substr(at));
    if (decimal_value(c.code) < 0) break;
    at += c.bytes;
  }
  return at;
}
constexpr bool is_ascii_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
constexpr bool is_in(char c, std::string_view set) noexcept {
  return is_ascii_digit(c) || set.find(c) != set.npos;
}
/// The end of the run of ASCII digits and characters of `set` that begins at `at`.
constexpr std::size_t run_end(std::string_view text, std::size_t at, std::string_view set) noexcept {
  while (at < text.size() && is_in(text[at], set)) ++at;
  return at;
}
}  // namespace detail

inline constexpr std::string_view opencompass_nothing = "NULL";   ///< OpenCompass found no number.
inline constexpr std::string_view lm_eval_nothing = "[invalid]";  ///< lm-eval found no match.

/// OpenCompass, AISBench: the last of `-?\d+\.\d+|-?\d+` before the first "Question:", or "NULL".
/// \complexity  reads backwards to the last digit, and no further than what stands next to it.
[[nodiscard]] constexpr std::string_view gsm8k_opencompass(std::string_view text) noexcept {
  text = text.substr(0, text.find("Question:"));
  const auto is_digit = [](std::string_view t) { return decimal_value(last_character(t).code) >= 0; };
  while (!text.empty() && !is_digit(text)) text.remove_suffix(last_character(text).bytes);
  if (text.empty()) return opencompass_nothing;
  // No match crosses a character that is no digit, dot or minus: the last one lies in the last run of these.
  std::string_view before = text;
  while (!before.empty() && (is_digit(before) || before.back() == '.' || before.back() == '-'))
    before.remove_suffix(last_character(before).bytes);
  std::string_view last;
  for (std::size_t at = before.size(); at < text.size();) {
    const std::size_t whole = at + (text[at] == '-' ? 1 : 0);
    std::size_t end = detail::digits_end(text, whole);
    if (end == whole) {
      ++at;  // a dot or a minus
      continue;
    }
    if (end < text.size() && text[end] == '.')
      if (const auto fraction = detail::digits_end(text, end + 1); fraction > end + 1) end = fraction;
    last = text.substr(at, end - at);
    at = end;
  }
  return last;
}

/// lm-eval gsm8k, strict-match: the first `#### (\-?[0-9\.\,]+)`, or "[invalid]".
[[nodiscard]] constexpr std::string_view gsm8k_strict(std::string_view text) noexcept {
  for (std::size_t at = text.find("#### "); at != text.npos; at = text.find("#### ", at + 1)) {
    const std::size_t begin = at + 5, sign = begin < text.size() && text[begin] == '-' ? 1 : 0;
    const std::size_t end = detail::run_end(text, begin + sign, ".,");
    if (end > begin + sign) return text.substr(begin, end - begin);
  }
  return lm_eval_nothing;
}

/// lm-eval, flexible-extract: the last of `(-?[$0-9.,]{2,})|(-?[0-9]+)`, or "[invalid]".
/// \complexity  reads backwards, run by run of the characters that a match is made of.
[[nodiscard]] constexpr std::string_view gsm8k_flexible(std::string_view text) noexcept {
  for (;;) {
    while (!text.empty() && !detail::is_in(text.back(), "$.,")) text.remove_suffix(1);
    if (text.empty()) return lm_eval_nothing;
    std::size_t start = text.size();
    while (start > 0 && detail::is_in(text[start - 1], "$.,-")) --start;
    std::string_view last;
    for (std::size_t at = start; at < text.size();) {
      const std::size_t begin = at + (text[at] == '-' ? 1 : 0);
      const std::size_t end = detail::run_end(text, begin, "$.,");
      const bool matches = end - begin >= 2 || (end - begin == 1 && detail::is_ascii_digit(text[begin]));
      if (matches) last = text.substr(at, end - at);
      at = matches ? end : at + 1;
    }
    if (!last.empty()) return last;
    text = text.substr(0, start);
  }
}

/// lm-eval gsm8k_cot, strict-match: the first `The answer is (\-?[0-9\.\,]+).`, or "[invalid]". The last dot is any
/// character but a line end; where none follows the number, the number gives up its last character to it.
[[nodiscard]] constexpr std::string_view gsm8k_cot_strict(std::string_view text) noexcept {
  constexpr std::string_view words = "The answer is ";
  for (std::size_t at = text.find(words); at != text.npos; at = text.find(words, at + 1)) {
    const std::size_t begin = at + words.size(), sign = begin < text.size() && text[begin] == '-' ? 1 : 0;
    std::size_t end = detail::run_end(text, begin + sign, ".,");
    if (end == begin + sign) continue;
    if (end == text.size() || text[end] == '\n') --end;
    if (end > begin + sign) return text.substr(begin, end - begin);
  }
  return lm_eval_nothing;
}

namespace detail {
/// A run of digits of any script, with at most one point, as a double: Python's float(). Nothing for other text.
inline std::optional<double> python_float(std::string_view text) {
  std::string ascii;
  bool digits = false;
  for (std::size_t at = 0; at < text.size();) {
    const auto c = first_character(text.substr(at));
    const int value = decimal_value(c.code);
    if (value < 0 && !(at == 0 && c.code == U'-') && c.code != U'.') return std::nullopt;
    digits = digits || value >= 0;
    ascii.push_back(value >= 0 ? static_cast<char>('0' + value) : text[at]);
    at += c.bytes;
  }
  double number = 0;
  const char* end = ascii.data() + ascii.size();
  const auto [last, error] = std::from_chars(ascii.data(), end, number);
  if (!digits || last != end) return std::nullopt;
  if (error != std::errc{})  // too large or too small for a double: only a whole part can make it large
    return ascii.find_first_of("123456789") < ascii.find('.') ? std::numeric_limits<double>::infinity() : 0.0;
  return number;
}

/// Python's int(): spaces around, a sign, digits of any script with single underscores between them.
inline std::optional<double> python_int(std::string_view text) {
  text = python_strip(text);
  std::string digits;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    if (text[0] == '-') digits.push_back('-');
    text.remove_prefix(1);
  }
  bool after_digit = false;
  for (std::size_t at = 0; at < text.size();) {
    const auto c = first_character(text.substr(at));
    const int value = decimal_value(c.code);
    if (value < 0 && (c.code != U'_' || !after_digit)) return std::nullopt;
    if (value >= 0) digits.push_back(static_cast<char>('0' + value));
    after_digit = value >= 0;
    at += c.bytes;
  }
  return after_digit ? python_float(digits) : std::nullopt;
}

inline std::string without(std::string_view text, std::string_view characters) {
  std::string out;
  for (const char c : text)
    if (characters.find(c) == characters.npos) out.push_back(c);
  return out;
}

/// What lm-eval's exact_match compares: its four `regexes_to_ignore` deleted in order, in small letters.
inline std::string lm_eval_normal(std::string_view text) {
  std::string out = without(text, ",$");
  if (const auto mark = out.rfind("#### "); mark != out.npos) out.erase(0, mark + 5);  // (?s).*####
  const std::size_t end = out.ends_with('\n') ? out.size() - 1 : out.size();
  if (end > 0 && out[end - 1] == '.') out.erase(end - 1, 1);  // \.$
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}
}  // namespace detail

/// OpenCompass, AISBench: the same text as the gold without its commas, or |float(predicted) - int(gold)| < 1e-6.
[[nodiscard]] inline bool opencompass_equal(std::string_view predicted, std::string_view gold) {
  const std::string plain = detail::without(gold, ",");
  if (predicted == plain) return true;
  const auto number = detail::python_float(predicted), right = detail::python_int(plain);
  return number && right && std::abs(*number - *right) < 1e-6;
}

/// lm-eval: the same text once `,`, `$`, all up to "#### " and a last `.` are deleted, letters in any case.
[[nodiscard]] inline bool lm_eval_equal(std::string_view predicted, std::string_view gold) {
  return detail::lm_eval_normal(predicted) == detail::lm_eval_normal(gold);
}

}  // namespace weir::inline v0

#endif  // WEIR_SCORE_GSM8K_HPP
