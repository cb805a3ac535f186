// tests/serve/scratch.hpp - a directory for one test, and patience.
#ifndef WEIR_TESTS_SERVE_SCRATCH_HPP
#define WEIR_TESTS_SERVE_SCRATCH_HPP

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "weir/base/clock.hpp"
#include "weir/base/text_file.hpp"

namespace test {

/// A fresh directory that is removed with everything in it.
class scratch {
 public:
  scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "weir-test-XXXXXX").string();
    if (::mkdtemp(pattern.data())) directory_ = pattern;
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  ~scratch() {
    std::error_code ignored;
    if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
  }

  [[nodiscard]] std::string path(const std::string& name) const { return directory_ + "/" + name; }
  std::string write(const std::string& name, std::string_view text) const {
    weir::replace_text(path(name), text).value();
    return path(name);
  }

 private:
  std::string directory_;
};

inline std::string text_of(const std::string& path) {
  auto text = weir::read_text_file(path);
  return text ? std::move(*text) : std::string();
}

/// Asks `holds` every millisecond. \return whether it came true in time.
template <class Condition>
bool eventually(Condition&& holds, std::int64_t within_ns) {
  for (const auto start = weir::now_ns(); weir::now_ns() - start < within_ns; ::usleep(1000))
    if (holds()) return true;
  return holds();
}

/// How many segments weir-nasty left that ran with WEIR_TEST_MARK=`mark`.
inline std::size_t leaked_memory(const std::string& mark) {
  const std::filesystem::directory_iterator names("/dev/shm");
  return static_cast<std::size_t>(std::count_if(begin(names), end(names), [&](const auto& file) {
    return file.path().filename().string().starts_with("psm_weirtest" + mark);
  }));
}

/// How often a test that looks for races repeats itself: `usual` times, or WEIR_STRESS times that.
inline int rounds(int usual) {
  const char* factor = std::getenv("WEIR_STRESS");
  return factor ? usual * std::atoi(factor) : usual;
}

}  // namespace test

#endif  // WEIR_TESTS_SERVE_SCRATCH_HPP
