// Texts that were looked at by a person and then kept: tests/golden/NAME. UPDATE_GOLDEN=1 rewrites them.
#ifndef WEIR_TESTS_REPORT_GOLDEN_HPP
#define WEIR_TESTS_REPORT_GOLDEN_HPP

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

/// The kept text; `now` where it is being rewritten.
inline std::string golden(const std::string& name, const std::string& now) {
  const std::string path = std::string(WEIR_SOURCE_DIR) + "/tests/golden/" + name;
  if (const char* update = std::getenv("UPDATE_GOLDEN"); update && std::string(update) == "1") {
    std::ofstream(path, std::ios::binary) << now;
    return now;
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) return "there is no " + path + "; UPDATE_GOLDEN=1 makes it";
  return {std::istreambuf_iterator<char>(in), {}};
}

#endif  // WEIR_TESTS_REPORT_GOLDEN_HPP
