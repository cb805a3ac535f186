// weir/run/shell_words.hpp - a command line as a person could type it. Needs the standard library only.
#ifndef WEIR_RUN_SHELL_WORDS_HPP
#define WEIR_RUN_SHELL_WORDS_HPP

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::inline v0 {

/// A word for sh: quoted where it has to be.
[[nodiscard]] inline std::string shell_word(std::string_view word) {
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) || std::string_view("-_=+:,./@%").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) return std::string(word);
  std::string out = "'";
  for (const char c : word) c == '\'' ? out.append("'\\''") : out.append(1, c);
  return out + "'";
}

/// NAME=value WORD WORD: variables before the words.
[[nodiscard]] inline std::string shell_line(const std::vector<std::pair<std::string, std::string>>& variables,
                                            const std::vector<std::string>& words) {
  std::string line;
  for (const auto& [name, value] : variables) line += name + "=" + shell_word(value) + " ";
  for (const auto& word : words) line += shell_word(word) + " ";
  if (!line.empty()) line.pop_back();
  return line;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_SHELL_WORDS_HPP
