// weir/base/json_write.hpp - writes JSON into a string. Needs the standard library only.
#ifndef WEIR_BASE_JSON_WRITE_HPP
#define WEIR_BASE_JSON_WRITE_HPP

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "weir/base/utf8.hpp"

namespace weir::inline v0 {

/// Appends `text` to `out` as a JSON string with its quotes. A byte that is not valid UTF-8 becomes U+FFFD, so
/// that what is written can always be read back.
/// \complexity  one pass; runs of plain bytes are copied whole.
inline void append_json_string(std::string& out, std::string_view text) {
  static constexpr std::string_view digits = "0123456789abcdef";
  out.push_back('"');
  std::size_t plain = 0;  // start of the run not yet copied
  std::size_t at = 0;
  const auto flush = [&] { out.append(text.substr(plain, at - plain)); };
  while (at < text.size()) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte >= 0x80) {
      const std::size_t length = utf8_length(text.substr(at));
      if (length == 0) {
        flush();
        out.append("\\ufffd");
        plain = ++at;
      } else {
        at += length;
      }
    } else if (byte < 0x20 || byte == '"' || byte == '\\') {
      flush();
      out.push_back('\\');
      switch (byte) {
        case '"':
        case '\\':
          out.push_back(static_cast<char>(byte));
          break;
        case '\n':
          out.push_back('n');
          break;
        case '\r':
          out.push_back('r');
          break;
        case '\t':
          out.push_back('t');
          break;
        default:
          out.append("u00").append({digits[byte >> 4], digits[byte & 15]});
      }
      plain = ++at;
    } else {
      ++at;
    }
  }
  flush();
  out.push_back('"');
}

/// Writes one JSON value piece by piece; commas are its business.
///
///     std::string line;
///     weir::json_writer json(line);
///     json.begin_object().field("type", "run").key("seeds").begin_array().value(1).value(2).end_array().end_object();
///     // {"type":"run","seeds":[1,2]}
///
/// A double is written in its shortest form that reads back the same; a NaN or infinity is written as null,
/// because JSON has no other way to say "not measured".
class json_writer {
 public:
  explicit json_writer(std::string& out) : out_(&out) {}

  json_writer& begin_object() { return open('{'); }
  json_writer& end_object() { return close('}'); }
  json_writer& begin_array() { return open('['); }
  json_writer& end_array() { return close(']'); }

  json_writer& key(std::string_view name) {
    separate();
    append_json_string(*out_, name);
    out_->push_back(':');
    first_ = true;
    return *this;
  }

  json_writer& value(std::string_view text) {
    separate();
    append_json_string(*out_, text);
    return *this;
  }
  json_writer& value(const char* text) { return value(std::string_view(text)); }
  json_writer& value(bool truth) { return raw(truth ? "true" : "false"); }
  json_writer& value(std::nullptr_t) { return raw("null"); }
  json_writer& value(double number) {
    if (!std::isfinite(number)) return value(nullptr);
    std::array<char, 32> text{};
    return raw({text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr});
  }
  template <std::integral Integer>
    requires(!std::same_as<Integer, bool> && !std::same_as<Integer, char>)
  json_writer& value(Integer number) {
    std::array<char, 24> text{};
    return raw({text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr});
  }

  /// Writes text that already is JSON: an object kept as it came, a number with its own digits.
  json_writer& raw(std::string_view json) {
    separate();
    out_->append(json);
    return *this;
  }

  template <class Value>
  json_writer& field(std::string_view name, Value&& what) {
    return key(name).value(static_cast<Value&&>(what));
  }

 private:
  void separate() {
    if (!first_) out_->push_back(',');
    first_ = false;
  }
  json_writer& open(char bracket) {
    separate();
    out_->push_back(bracket);
    first_ = true;
    return *this;
  }
  json_writer& close(char bracket) {
    out_->push_back(bracket);
    first_ = false;
    return *this;
  }

  std::string* out_;
  bool first_ = true;
};

}  // namespace weir::inline v0

#endif  // WEIR_BASE_JSON_WRITE_HPP
