// weir/data/json_copy.hpp - copies a JSON value after checking all of it. Needs simdjson.
#ifndef WEIR_DATA_JSON_COPY_HPP
#define WEIR_DATA_JSON_COPY_HPP

#include <simdjson.h>

#include <string_view>
#include <type_traits>
#include <utility>

#include "weir/base/json_write.hpp"

namespace weir::inline v0 {

/// Whether `value` is null. simdjson returned a bool here once, and a result today.
[[nodiscard]] inline bool is_json_null(simdjson::ondemand::value value) {
  if constexpr (std::is_same_v<decltype(value.is_null()), bool>) {
    return value.is_null();
  } else {
    bool null = false;
    return !value.is_null().get(null) && null;
  }
}

/// Writes `value` to `json` without white space, its strings in one spelling, its numbers digit by digit as they were.
/// simdjson's on-demand values are checked only where they are read; a value passed on to a server must be whole.
/// \return  simdjson's error for the first thing in it that is not JSON; what was written so far is then a fragment.
inline simdjson::error_code append_json(json_writer& json, simdjson::ondemand::value value) {
  namespace od = simdjson::ondemand;
  od::json_type type{};
  if (const auto error = value.type().get(type)) return error;
  if (type == od::json_type::array) {
    od::array items;
    if (const auto error = value.get_array().get(items)) return error;
    json.begin_array();
    for (auto item : items) {
      od::value inner;
      if (const auto error = std::move(item).get(inner)) return error;
      if (const auto error = append_json(json, inner)) return error;
    }
    json.end_array();
  } else if (type == od::json_type::object) {
    od::object fields;
    if (const auto error = value.get_object().get(fields)) return error;
    json.begin_object();
    for (auto each : fields) {
      od::field field;
      std::string_view name;
      if (const auto error = std::move(each).get(field)) return error;
      if (const auto error = field.unescaped_key().get(name)) return error;
      json.key(name);
      if (const auto error = append_json(json, field.value())) return error;
    }
    json.end_object();
  } else if (type == od::json_type::string) {
    std::string_view text;
    if (const auto error = value.get_string().get(text)) return error;
    json.value(text);
  } else if (type == od::json_type::number) {
    std::string_view digits = value.raw_json_token();
    od::number checked;
    if (const auto error = value.get_number().get(checked)) return error;
    json.raw(digits.substr(0, digits.find_last_not_of(" \t\r\n") + 1));
  } else if (type == od::json_type::boolean) {
    bool truth = false;
    if (value.get_bool().get(truth)) return simdjson::T_ATOM_ERROR;
    json.value(truth);
  } else {
    if (!is_json_null(value)) return simdjson::N_ATOM_ERROR;
    json.value(nullptr);
  }
  return simdjson::SUCCESS;
}

}  // namespace weir::inline v0

#endif  // WEIR_DATA_JSON_COPY_HPP
