// Recorded server responses for the tests of the parsers, and the ways to cut them.
#ifndef WEIR_TESTS_NET_SAMPLES_HPP
#define WEIR_TESTS_NET_SAMPLES_HPP

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace samples {

struct sample {
  std::string name, bytes;
};

/// The files with `suffix` in a folder, sorted by name; none where the folder is not there.
inline std::vector<sample> in(const std::string& folder, std::string_view suffix) {
  std::vector<sample> found;
  std::error_code absent;
  for (const auto& entry : std::filesystem::directory_iterator(folder, absent)) {
    if (!entry.path().string().ends_with(suffix)) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    found.push_back({entry.path().filename().string(), {std::istreambuf_iterator<char>(file), {}}});
  }
  std::sort(found.begin(), found.end(), [](const sample& a, const sample& b) { return a.name < b.name; });
  return found;
}

/// Calls `feed(piece)` for pieces of `step` bytes.
template <class Feed>
void in_steps(std::string_view bytes, std::size_t step, Feed&& feed) {
  for (std::size_t at = 0; at < bytes.size(); at += step) feed(bytes.substr(at, step));
}

}  // namespace samples

#endif  // WEIR_TESTS_NET_SAMPLES_HPP
