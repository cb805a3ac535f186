// weir/data/json_row.hpp - the fields of a line that is a JSON object. Needs simdjson.
#ifndef WEIR_DATA_JSON_ROW_HPP
#define WEIR_DATA_JSON_ROW_HPP

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/data/json_copy.hpp"

namespace weir::inline v0 {

using json_value = simdjson::ondemand::value;

/// "not JSON: ..." with simdjson's sentence.
[[nodiscard]] inline failure json_failure(simdjson::error_code error) {
  return {errc::parse, std::string("not JSON: ") + simdjson::error_message(error)};
}

/// "field 'id' is not a string".
[[nodiscard]] inline failure field_failure(std::string_view name, std::string_view what) {
  return {errc::parse, "field '" + std::string(name) + "' is not " + std::string(what)};
}

namespace detail {

/// Calls `take(std::string_view name, json_value)` for each field in order; stops at the first failure.
template <class Take>
result<void> each_field(simdjson::ondemand::object& fields, Take&& take) {
  for (auto each : fields) {
    simdjson::ondemand::field field;
    std::string_view name;
    if (const auto error = std::move(each).get(field)) return json_failure(error);
    if (const auto error = field.unescaped_key().get(name)) return json_failure(error);
    if (result<void> taken = take(name, field.value()); !taken) return taken;
  }
  return {};
}

}  // namespace detail

/// Reads JSON objects, one a line; keeps its buffers from line to line.
class json_row_reader {
 public:
  /// Calls `take(std::string_view name, json_value)` for each field of the object in order; stops at the first failure.
  /// \return  errc::parse where the line is not one JSON object and nothing else; what `take` failed with.
  template <class Take>
  result<void> operator()(std::string_view line, Take&& take) {
    buffer_.assign(line).append(simdjson::SIMDJSON_PADDING, '\0');
    simdjson::ondemand::document document;
    simdjson::ondemand::object fields;
    const simdjson::padded_string_view padded(buffer_.data(), line.size(), buffer_.size());
    if (const auto error = parser_.iterate(padded).get(document)) return json_failure(error);
    if (const auto error = document.get_object().get(fields))
      return error == simdjson::INCORRECT_TYPE ? failure{errc::parse, "not a JSON object"} : json_failure(error);
    if (result<void> taken = detail::each_field(fields, take); !taken) return taken;
    if (const char* rest = nullptr; !document.current_location().get(rest))
      return failure{errc::parse, "more text after the JSON object"};
    return {};
  }

 private:
  simdjson::ondemand::parser parser_;
  std::string buffer_;  // the line, with the padding that simdjson asks for
};

/// Reads a string, or a number with the digits it has, into `out`; null leaves `out` as it is.
[[nodiscard]] inline result<void> read_text(std::string& out, std::string_view name, json_value value) {
  simdjson::ondemand::json_type type{};
  if (const auto error = value.type().get(type)) return json_failure(error);
  if (type == simdjson::ondemand::json_type::string) {
    std::string_view text;
    if (const auto error = value.get_string().get(text)) return json_failure(error);
    out = text;
    return {};
  }
  if (type != simdjson::ondemand::json_type::number && type != simdjson::ondemand::json_type::null)
    return field_failure(name, "a string");
  std::string copy;
  json_writer json(copy);
  if (const auto error = append_json(json, value)) return json_failure(error);
  if (type == simdjson::ondemand::json_type::number) out = std::move(copy);
  return {};
}

/// Reads an integer >= `least` into `out`; null leaves `out` as it is.
[[nodiscard]] inline result<void> read_count(std::int64_t& out, std::string_view name, json_value value,
                                             std::int64_t least) {
  if (is_json_null(value)) return {};
  std::int64_t count = 0;
  if (value.get_int64().get(count) || count < least)
    return field_failure(name, "an integer of at least " + std::to_string(least));
  out = count;
  return {};
}

}  // namespace weir::inline v0

#endif  // WEIR_DATA_JSON_ROW_HPP
