// weir/score/choice.hpp - which of A, B, C, D an answer names, by the simple rules. Needs the standard library only.
//
// Source: AISBench 3.1 utils/postprocess/text_postprocessors.py and model_postprocessors.py, the same in OpenCompass
// 0.5.
#ifndef WEIR_SCORE_CHOICE_HPP
#define WEIR_SCORE_CHOICE_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "weir/score/unicode.hpp"

namespace weir::inline v0 {

/// The first capital of any script, be it the T of "The" or a fullwidth A; empty where there is none.
[[nodiscard]] constexpr std::string_view first_capital(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const auto c = first_character(text.substr(at));
    if (is_capital(c.code)) return text.substr(at, c.bytes);
    at += c.bytes;
  }
  return {};
}

/// The last A, B, C or D, wherever it stands; empty where there is none.
[[nodiscard]] constexpr std::string_view last_option(std::string_view text) noexcept {
  for (std::size_t at = text.size(); at-- > 0;)
    if (text[at] >= 'A' && text[at] <= 'D') return text.substr(at, 1);
  return {};
}

/// The text without its reasoning (AISBench's extract_non_reasoning_content): each <think>...</think> is cut out; where
/// no <think> opens, all up to the last </think> is. Spaces at both ends go, too.
[[nodiscard]] inline std::string after_think(std::string_view text) {
  constexpr std::string_view open = "<think>", close = "</think>";
  if (text.find(open) == text.npos) {
    const std::size_t end = text.rfind(close);
    return std::string(python_strip(end == text.npos ? text : text.substr(end + close.size())));
  }
  std::string kept;
  for (;;) {
    const std::size_t begin = text.find(open);
    const std::size_t end = begin == text.npos ? begin : text.find(close, begin + open.size());
    if (end == text.npos) break;
    kept += text.substr(0, begin);
    text.remove_prefix(end + close.size());
  }
  return std::string(python_strip(kept += text));
}

}  // namespace weir::inline v0

#endif  // WEIR_SCORE_CHOICE_HPP
