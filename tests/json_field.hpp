// One field of a JSON object, for tests.
#ifndef WEIR_TESTS_JSON_FIELD_HPP
#define WEIR_TESTS_JSON_FIELD_HPP

#include <optional>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "weir/data/json_row.hpp"

namespace test {

/// A top-level field as it is spelled; nothing where there is none. A text that is no JSON object fails the test.
inline std::optional<std::string> json_field(const std::string& json, std::string_view name) {
  std::optional<std::string> found;
  weir::json_row_reader read;
  const auto ok = read(json, [&](std::string_view key, weir::json_value v) -> weir::result<void> {
    std::string text;
    weir::json_writer copy(text);
    if (const auto error = weir::append_json(copy, v)) return weir::json_failure(error);
    if (key == name) found = text;
    return {};
  });
  if (!ok) FAIL("not JSON: " << json.substr(0, 200));
  return found;
}

}  // namespace test

#endif  // WEIR_TESTS_JSON_FIELD_HPP
