// weir/openai/mock_text.hpp - the mock's language: what is a token, and words to fill answers with. Needs the standard
// library only.
//
// The mock has no vocabulary. A token is white space and up to eight bytes behind it, so that " w294" and " bhuq" are
// one token each as in a real model's, words of a natural language make about 1.2, and counting is one pass.
#ifndef WEIR_OPENAI_MOCK_TEXT_HPP
#define WEIR_OPENAI_MOCK_TEXT_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "weir/base/hash.hpp"
#include "weir/base/utf8.hpp"

namespace weir::inline v0 {

inline constexpr std::size_t mock_token_bytes = 8;        ///< Of a token, behind its white space.
inline constexpr std::int64_t mock_vocabulary = 131'072;  ///< Token ids are below this.

/// The first token of `text`; empty where `text` is. No UTF-8 character is cut.
[[nodiscard]] constexpr std::string_view first_token(std::string_view text) noexcept {
  constexpr std::string_view space = " \n\t\r";
  std::size_t end = std::min(text.find_first_not_of(space), text.size());
  const std::size_t limit = end + mock_token_bytes;
  while (end < text.size() && space.find(text[end]) == space.npos) {
    const std::size_t step = std::max<std::size_t>(1, utf8_length(text.substr(end)));
    if (end + step > limit) break;
    end += step;
  }
  return text.substr(0, end);
}

/// Calls `take(token)` for each token of `text`, in order; joined they are `text`.
template <class Take>
constexpr void for_each_token(std::string_view text, Take&& take) {
  while (!text.empty()) {
    const std::string_view token = first_token(text);
    take(token);
    text.remove_prefix(token.size());
  }
}

[[nodiscard]] constexpr std::int64_t count_tokens(std::string_view text) noexcept {
  std::int64_t count = 0;
  for_each_token(text, [&](std::string_view) { ++count; });
  return count;
}

/// The same bytes have the same id everywhere; two tokens may share one.
[[nodiscard]] constexpr std::int64_t mock_token_id(std::string_view token) noexcept {
  return static_cast<std::int64_t>(hash64(token) % static_cast<std::uint64_t>(mock_vocabulary));
}

/// Words that mean nothing: " bhuq". One token each, also when joined; no digits and no capitals, so that no scoring
/// rule reads an answer out of them, and nothing that JSON escapes.
class mock_words {
 public:
  /// \param wide  words of Chinese characters instead: three bytes a character, for streams cut within one.
  explicit mock_words(bool wide = false) {
    for (std::uint64_t i = 0; i < words_.size(); ++i) {
      std::string& word = words_[i] = " ";
      for (std::uint64_t bits = mix64(i), k = 0; k < (wide ? 2 : 4); ++k, bits /= 26) {
        if (wide)
          append_utf8(word, static_cast<char32_t>(0x4E00 + bits % 26));
        else
          word.push_back(static_cast<char>('a' + bits % 26));
      }
    }
  }
  /// The word number `at` of the text that `text_seed` stands for.
  [[nodiscard]] std::string_view word(std::uint64_t text_seed, std::int64_t at) const noexcept {
    return words_[mix64(text_seed + static_cast<std::uint64_t>(at)) % words_.size()];
  }

 private:
  std::array<std::string, 1024> words_;  // short enough to need no heap
};

}  // namespace weir::inline v0

#endif  // WEIR_OPENAI_MOCK_TEXT_HPP
