// weir/record/json_fields.hpp - reads the fields of a JSON object into members, whatever their order. Needs simdjson.
#ifndef WEIR_RECORD_JSON_FIELDS_HPP
#define WEIR_RECORD_JSON_FIELDS_HPP

#include <simdjson.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "weir/base/measured.hpp"
#include "weir/base/result.hpp"
#include "weir/record/plain_integers.hpp"

namespace weir::inline v0::detail {

using json_value = simdjson::ondemand::value;

/// Reads one kind of value. \return  nullptr, or what was expected instead: "an integer or null".
using read_outcome = const char*;

/// Calls `take(std::string_view name, json_value)` for each member of an object, whatever its names; stops at the first
/// one that is not what was expected.
/// \param wanted  what is said where it is no object.
template <class Take>
read_outcome take_members(json_value value, const char* wanted, Take&& take) {
  simdjson::ondemand::object object;
  if (value.get_object().get(object)) return wanted;
  for (auto each : object) {
    simdjson::ondemand::field field;
    std::string_view name;
    if (std::move(each).get(field) || field.unescaped_key().get(name)) return wanted;
    if (const read_outcome wrong = take(name, field.value())) return wrong;
  }
  return nullptr;
}

/// A name as it stands in a document, with its closing quote, in two words that compare at once.
///
/// Comparing names byte by byte was a seventh of what reading a record costs.
class packed_key {
 public:
  /// \pre  `name` has at most 15 bytes, and neither quote nor backslash. (Else it does not compile.)
  consteval explicit packed_key(std::string_view name) {
    if (name.size() + 1 > word_.size() * 8) throw "a field's name has at most 15 bytes";
    std::array<unsigned char, 16> bytes{}, mask{};
    for (std::size_t i = 0; i <= name.size(); ++i) {
      bytes[i] = i < name.size() ? static_cast<unsigned char>(name[i]) : '"';
      mask[i] = 0xFF;
    }
    word_ = std::bit_cast<words>(bytes);
    mask_ = std::bit_cast<words>(mask);
  }
  /// Whether the bytes behind a key's opening quote spell this name. \pre 16 bytes are readable at `raw`.
  [[nodiscard]] bool operator==(const char* raw) const noexcept {
    words seen;
    std::memcpy(seen.data(), raw, sizeof seen);
    return (((seen[0] ^ word_[0]) & mask_[0]) | ((seen[1] ^ word_[1]) & mask_[1])) == 0;
  }

 private:
  using words = std::array<std::uint64_t, 2>;
  words word_{}, mask_{};
};

/// What the value of a field is.
enum class field_kind : unsigned char {
  other = 0,  ///< Read by a function of its own.
  text,       ///< See take_text.
  time,       ///< See read_time.
  count,      ///< See take_count.
  int32,      ///< See read_small.
  numbers,    ///< An array of integers; read by a function of its own.
  rows,       ///< An array of objects; read by a function of its own.
};

/// A field of a record: what its value is, and where that goes. `Target` is what it goes into.
template <class Target>
struct json_field {
  using reader = read_outcome (*)(Target&, json_value);
  consteval json_field(std::string_view spelled, reader how) : name(spelled), key(spelled), other(how) {}
  consteval json_field(std::string_view spelled, field_kind kind, reader how)
      : name(spelled), key(spelled), is(kind), other(how) {}
  consteval json_field(std::string_view spelled, std::vector<std::int64_t> Target::* where, reader how)
      : name(spelled), key(spelled), is(field_kind::numbers), list(where), other(how) {}
  consteval json_field(std::string_view spelled, std::string Target::* where)
      : name(spelled), key(spelled), is(field_kind::text), text(where) {}
  consteval json_field(std::string_view spelled, field_kind kind, std::int64_t Target::* where)
      : name(spelled), key(spelled), is(kind), number(where) {}
  consteval json_field(std::string_view spelled, std::int32_t Target::* where)
      : name(spelled), key(spelled), is(field_kind::int32), int32(where) {}

  /// \return  nullptr, or what was expected instead.
  read_outcome read(Target& into, json_value value) const;

  std::string_view name;
  packed_key key;
  field_kind is = field_kind::other;
  std::string Target::* text = nullptr;
  std::int64_t Target::* number = nullptr;
  std::int32_t Target::* int32 = nullptr;
  std::vector<std::int64_t> Target::* list = nullptr;
  reader other = nullptr;
};

inline failure not_json(simdjson::error_code error) {
  return {errc::parse, std::string("not JSON: ") + simdjson::error_message(error)};
}

/// Finds the entry of `fields` that `key` names, from entry `start` on and round.
/// \return  fields.size() where there is none.
template <class Target>
std::size_t find_field(std::span<const json_field<Target>> fields, std::size_t start, simdjson::ondemand::field& key) {
  const auto find = [&](auto&& matches) {
    for (std::size_t at = start; at < fields.size(); ++at)
      if (matches(fields[at])) return at;
    for (std::size_t at = 0; at < start; ++at)
      if (matches(fields[at])) return at;
    return fields.size();
  };
  const char* raw = key.key().raw();
  const auto found = find([&](const auto& field) { return field.key == raw; });
  if (found < fields.size() || raw[std::strcspn(raw, "\"\\")] == '"') return found;
  std::string_view plain;  // a key may be spelled with escapes
  if (key.unescaped_key().get(plain)) return fields.size();
  return find([&](const auto& field) { return field.name == plain; });
}

/// Reads the fields of `object` that `fields` names; skips the others, of which only brackets and quotes are checked.
/// \complexity  one comparison a field where the object has them in the table's order, as our own writers do.
template <class Target>
result<void> read_fields(simdjson::ondemand::object object, std::span<const json_field<Target>> fields, Target& into) {
  std::size_t next = 0;  // the table's entry after the last one found
  for (auto each : object) {
    simdjson::ondemand::field field;
    if (const auto error = std::move(each).get(field)) return not_json(error);
    const std::size_t at = find_field(fields, next, field);
    if (at == fields.size()) continue;
    if (const auto wanted = fields[at].read(into, field.value()))
      return failure{errc::parse, "field '" + std::string(fields[at].name) + "' is not " + wanted};
    next = at + 1;
  }
  return {};
}

/// Whether `value` is null. simdjson returned a bool here once, and a result today.
inline bool is_null(json_value value) {
  if constexpr (std::is_same_v<decltype(value.is_null()), bool>) {
    return value.is_null();
  } else {
    bool null = false;
    return !value.is_null().get(null) && null;
  }
}

/// A string; a number's digits as they stand (ids of other people's files); nothing for null.
inline read_outcome take_text(std::string& out, json_value value) {
  constexpr auto wanted = "a string";
  if (const auto token = value.raw_json_token(); token.starts_with('"')) {
    const auto plain = token.substr(1, token.find_last_of('"') - 1);  // white space may follow a token
    if (token.size() < 64 && !plain.empty() && plain.find('\\') == plain.npos) {
      out.assign(plain);
      return nullptr;  // a short one without escapes needs no second copy
    }
  }
  simdjson::ondemand::json_type type{};
  if (value.type().get(type)) return wanted;
  std::string_view text;
  if (type == simdjson::ondemand::json_type::string) {
    if (value.get_string().get(text)) return wanted;
  } else if (type == simdjson::ondemand::json_type::number) {
    text = value.raw_json_token();
    if (simdjson::ondemand::number checked; value.get_number().get(checked)) return wanted;
    text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  } else if (!is_null(value)) {
    return wanted;
  }
  out.assign(text);
  return nullptr;
}

/// Within 146 years of 0, so that the difference of two times is one too. Times of events, after t_send_ns: 31 years.
inline constexpr std::int64_t most_time_ns = std::numeric_limits<std::int64_t>::max() / 2,
                              most_event_ns = 1'000'000'000'000'000'000;

/// A time: an integer, or null for one that was not measured.
inline read_outcome read_time(std::int64_t& out, json_value value) {
  const std::string_view token = value.raw_json_token();
  std::uint64_t digits = 0;
  if (plain_digits(token.data(), digits) == token.data() + token.size()) {
    out = static_cast<std::int64_t>(digits);
    return nullptr;
  }
  if (!token.starts_with('n') && !value.get_int64().get(out))
    return -most_time_ns <= out && out <= most_time_ns ? nullptr : "within 4.6e18";
  out = unmeasured;
  return is_null(value) ? nullptr : "an integer or null";
}

/// A count: an integer from 0, or null for one that was not taken.
inline read_outcome take_count(std::int64_t& out, json_value value) {
  if (!read_time(out, value) && (out >= 0 || out == unmeasured)) return nullptr;
  return "a count from 0 or null";
}

/// A small integer, such as an index or an HTTP status.
inline read_outcome read_small(std::int32_t& out, json_value value) {
  std::int64_t wide = 0;
  if (value.get_int64().get(wide) || wide < 0 || wide > std::numeric_limits<std::int32_t>::max())
    return "an integer from 0 to 2147483647";
  out = static_cast<std::int32_t>(wide);
  return nullptr;
}

template <class Target>
read_outcome json_field<Target>::read(Target& into, json_value value) const {
  switch (is) {
    case field_kind::text:
      return take_text(into.*text, value);
    case field_kind::time:
      return read_time(into.*number, value);
    case field_kind::count:
      return take_count(into.*number, value);
    case field_kind::int32:
      return read_small(into.*int32, value);
    default:
      return other(into, value);
  }
}

}  // namespace weir::inline v0::detail

#endif  // WEIR_RECORD_JSON_FIELDS_HPP
