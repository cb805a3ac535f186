// weir/base/shell_words.hpp - words for a POSIX shell, so that it reads them as they are. Needs the standard library
// only.
#ifndef WEIR_BASE_SHELL_WORDS_HPP
#define WEIR_BASE_SHELL_WORDS_HPP

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace weir::inline v0 {

/// `text` in single quotes: 'it'\''s'.
[[nodiscard]] inline std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// `text` as one word, quoted only where a shell would make something else of it.
[[nodiscard]] inline std::string shell_word(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_./:=,+@%").find(c) != std::string_view::npos;
  };
  const bool as_it_is = !text.empty() && std::all_of(text.begin(), text.end(), plain);
  return as_it_is ? std::string(text) : shell_quoted(text);
}

/// A command line that a shell takes apart into `words` again. The first one must be a command's name, not "A=b".
[[nodiscard]] inline std::string shell_line(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : " ") + shell_word(word);
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_BASE_SHELL_WORDS_HPP
