// weir/record/flat_json.hpp - the numbers and texts of any JSON document, by path. Needs simdjson.
#ifndef WEIR_RECORD_FLAT_JSON_HPP
#define WEIR_RECORD_FLAT_JSON_HPP

#include <simdjson.h>

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/record/json_fields.hpp"

namespace weir::inline v0 {

/// A number, text, truth value or null of a document, and where it stands: "benchmarks/0/metrics/ttft/mean".
struct flat_value {
  enum class kind : unsigned char { number, text, other };
  std::string path;
  kind is = kind::other;
  double number = 0;  ///< NaN and infinities as Python writes them, which JSON proper can't.
  std::string text;   ///< Of a text; of anything else its token as it stands.
};

/// A document as one list, in its order.
class flat_json {
 public:
  /// Takes `json` apart. Of an array of anything but objects the first 16 elements count, and of one of the document
  /// itself the first: lists of samples are long, and are not what a summary is about. Any JSON is taken, and Python's
  /// NaN and Infinity besides.
  /// \return  errc::parse with simdjson's words; a document that is cut short, or has more text after its end.
  static result<flat_json> read(std::string_view json) {
    const simdjson::padded_string padded(json);
    simdjson::ondemand::parser parser;
    simdjson::ondemand::document document;
    simdjson::ondemand::value root;
    if (const auto error = parser.iterate(padded).get(document)) return detail::not_json(error);
    if (const auto error = document.get_value().get(root)) return detail::not_json(error);
    flat_json out;
    if (const auto error = out.add(root, "", 0)) return detail::not_json(error);
    const char* rest = nullptr;
    if (!document.current_location().get(rest)) return failure{errc::parse, "more text after the JSON value"};
    return out;
  }

  [[nodiscard]] const std::vector<flat_value>& values() const noexcept { return values_; }
  [[nodiscard]] const flat_value* find(std::string_view path) const noexcept {
    for (const auto& v : values_)
      if (v.path == path) return &v;
    return nullptr;
  }
  [[nodiscard]] bool has(std::string_view path) const noexcept { return find(path) != nullptr; }
  [[nodiscard]] std::string text(std::string_view path) const {
    const auto* v = find(path);
    return v == nullptr || v->text == "null" ? std::string() : v->text;
  }

 private:
  static constexpr int deepest = 64;

  simdjson::error_code add(simdjson::ondemand::value value, const std::string& path, int depth) {
    if (depth > deepest) return simdjson::DEPTH_ERROR;
    const std::string_view token = value.raw_json_token();
    if (token.starts_with('{')) return add_object(value, path, depth);
    if (token.starts_with('[')) return add_array(value, path, depth);
    return add_scalar(value, token, path);
  }
  simdjson::error_code add_object(simdjson::ondemand::value value, const std::string& path, int depth) {
    simdjson::ondemand::object object;
    if (const auto error = value.get_object().get(object)) return error;
    for (auto each : object) {
      simdjson::ondemand::field field;
      std::string_view key;
      if (const auto error = std::move(each).get(field)) return error;
      if (const auto error = field.unescaped_key().get(key)) return error;
      const auto inner = (path.empty() ? std::string() : path + "/").append(key);
      if (const auto error = add(field.value(), inner, depth + 1)) return error;
    }
    return simdjson::SUCCESS;
  }
  simdjson::error_code add_array(simdjson::ondemand::value value, const std::string& path, int depth) {
    simdjson::ondemand::array array;
    if (const auto error = value.get_array().get(array)) return error;
    const std::size_t most = depth <= 1 ? 1 : 16;
    std::size_t index = 0;
    for (auto each : array) {
      simdjson::ondemand::value element;
      if (const auto error = std::move(each).get(element)) return error;
      const bool object = element.raw_json_token().starts_with('{');
      if (object || index < most)
        if (const auto error = add(element, (path.empty() ? "" : path + "/") + std::to_string(index), depth + 1))
          return error;
      ++index;
    }
    return simdjson::SUCCESS;
  }
  simdjson::error_code add_scalar(simdjson::ondemand::value value, std::string_view token, const std::string& path) {
    token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
    flat_value out{path, flat_value::kind::other, 0, std::string(token)};
    constexpr double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
    if (token.starts_with('"')) {
      std::string_view plain;
      if (const auto error = value.get_string().get(plain)) return error;
      out.is = flat_value::kind::text, out.text = plain;
    } else if (token == "NaN" || token == "Infinity" || token == "-Infinity") {
      out.is = flat_value::kind::number, out.number = token == "NaN" ? nan : token[0] == '-' ? -inf : inf;
    } else if (token != "true" && token != "false" && token != "null") {
      out.is = flat_value::kind::number;
      if (const auto error = value.get_double().get(out.number)) return error;
    }
    values_.push_back(std::move(out));
    return simdjson::SUCCESS;
  }

  std::vector<flat_value> values_;
};

}  // namespace weir::inline v0

#endif  // WEIR_RECORD_FLAT_JSON_HPP
