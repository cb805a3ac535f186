// weir/base/nearest.hpp - the known name that a misspelled one was meant to be. Needs the standard library only.
#ifndef WEIR_BASE_NEAREST_HPP
#define WEIR_BASE_NEAREST_HPP

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace weir::inline v0 {

/// How many single-character edits turn `a` into `b`.
[[nodiscard]] inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t above = row[j + 1];
      row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

/// The one of `names` that `word` was most likely meant to be; empty where none is near.
[[nodiscard]] inline std::string nearest(const std::vector<std::string>& names, std::string_view word) {
  std::string best;
  std::size_t least = std::min(word.size(), std::max<std::size_t>(3, word.size() / 3 + 1));  // edits that are too many
  for (const auto& name : names)
    if (const auto distance = edit_distance(word, name); distance < least) least = distance, best = name;
  return best;
}

}  // namespace weir::inline v0

#endif  // WEIR_BASE_NEAREST_HPP
