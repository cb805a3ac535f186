// weir-bench run against a mock, and what it wrote, for tests of the whole tool.
#ifndef WEIR_TESTS_TOOLS_BENCH_RUN_HPP
#define WEIR_TESTS_TOOLS_BENCH_RUN_HPP

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "json_field.hpp"
#include "mock_process.hpp"
#include "shell.hpp"

namespace bench_tests {

inline const std::string tool = WEIR_TOOLS_DIR "/weir-bench ";

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// A top-level field of a JSON object as it is spelled; empty where there is none.
inline std::string field(const std::string& json, std::string_view name) {
  return test::json_field(json, name).value_or("");
}
inline double number(const std::string& json, std::string_view name) {
  const auto text = field(json, name);
  return text.empty() || text == "null" ? std::numeric_limits<double>::quiet_NaN() : std::stod(text);
}

inline std::vector<double> numbers(const std::string& array) {
  std::vector<double> out;
  for (const char* at = array.c_str() + 1; *at != ']' && *at != '\0'; at += *at == ',') {
    char* end = nullptr;
    out.push_back(std::strtod(at, &end));
    at = end;
  }
  return out;
}

/// Lines of a records file of one type.
inline std::vector<std::string> records(const std::string& path, const std::string& type = "request") {
  std::vector<std::string> found;
  for (const auto& line : lines_of(read_file(path)))
    if (field(line, "type") == "\"" + type + "\"") found.push_back(line);
  return found;
}

/// Runs weir-bench on a mock and gives its JSON.
struct bench_run {
  int status;
  std::string json;
};
inline bench_run bench(const mock_process& mock, const std::string& flags) {
  const auto ran = shell(tool + "--base-url " + mock.url + " --json " + flags + " 2>&1");
  CAPTURE(flags, ran.out);
  REQUIRE(ran.out.starts_with("{"));
  return {ran.status, ran.out};
}

/// A command that ends with status 2 and says `words` on standard error.
inline void refuses(const std::string& flags, const std::string& words) {
  const auto ran = shell(tool + flags + " 2>&1 > /dev/null");
  CAPTURE(flags, ran.out);
  CHECK(ran.status == 2);
  CHECK(ran.out.find(words) != std::string::npos);
}

}  // namespace bench_tests

#endif  // WEIR_TESTS_TOOLS_BENCH_RUN_HPP
