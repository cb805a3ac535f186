// weir/data/prompt_words.hpp - synthetic prompts as text, for servers and chats that take no token ids. Needs simdjson
// (for the record).
#ifndef WEIR_DATA_PROMPT_WORDS_HPP
#define WEIR_DATA_PROMPT_WORDS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "weir/base/hash.hpp"
#include "weir/base/json_write.hpp"
#include "weir/data/prompts.hpp"

namespace weir::inline v0 {

/// Words of which the common vocabularies make one token each, with the space before them.
inline constexpr std::array<std::string_view, 32> common_words{
    "the",  "of",   "and", "to",  "in",  "is",   "that",  "for", "it",  "as",  "was",
    "with", "be",   "by",  "on",  "not", "he",   "his",   "but", "at",  "are", "this",
    "have", "from", "or",  "had", "an",  "they", "which", "one", "you", "were"};

/// Makes a prompt of token ids a text of as many common words: equal ids are equal words, so that what prompts share
/// they still share. About a token each: see fit_length.
inline void to_words(prompt& p) {
  std::string text;
  std::uint64_t id = 0;
  for (const char c : p.content) {
    if (c >= '0' && c <= '9') {
      id = id * 10 + static_cast<std::uint64_t>(c - '0');
    } else if (c == ',' || c == ']') {
      text.append(text.empty() ? "" : " ").append(common_words[id % common_words.size()]);
      id = 0;
    }
  }
  p.form = prompt_form::text;
  p.content.clear();
  append_json_string(p.content, text);
}

/// Words of a text that to_words() made.
[[nodiscard]] inline std::size_t count_words(const prompt& p) noexcept {
  return 1 + static_cast<std::size_t>(std::ranges::count(p.content, ' '));
}

/// Makes such a text one of `words` words: takes some from its end, or puts some there that the prompt's id decides.
/// \pre  words >= 1
inline void resize_words(prompt& p, std::size_t words) {
  std::size_t has = count_words(p);
  p.content.pop_back();  // the quote
  for (; has > words; --has) p.content.resize(p.content.rfind(' '));
  for (; has < words; ++has) p.content.append(" ").append(common_words[hash64(p.id, has) % common_words.size()]);
  p.content.push_back('"');
}

}  // namespace weir::inline v0

#endif  // WEIR_DATA_PROMPT_WORDS_HPP
