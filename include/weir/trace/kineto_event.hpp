// weir/trace/kineto_event.hpp - one event of a Kineto (Chrome) trace, read from its text. Needs the standard library.
#ifndef WEIR_TRACE_KINETO_EVENT_HPP
#define WEIR_TRACE_KINETO_EVENT_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

#include "weir/base/measured.hpp"
#include "weir/trace/json_extent.hpp"

namespace weir::inline v0 {

/// Steps over JSON text without building anything. A cursor that met something unexpected stays at the end.
/// 64 bytes after the text must be readable (any value): see json_extent.
class json_cursor {
 public:
  explicit json_cursor(std::string_view text) noexcept : text_(text) {}

  [[nodiscard]] bool failed() const noexcept { return failed_; }
  /// The next byte that is not white space; 0 at the end.
  char peek() noexcept {
    while (at_ < text_.size() && static_cast<unsigned char>(text_[at_]) <= ' ') ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char wanted) noexcept {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }
  /// A string's bytes between its quotes; escapes are left as they are written.
  std::string_view string() noexcept {
    if (!take('"')) return fail();
    const std::size_t begin = at_;
    for (; at_ < text_.size(); ++at_) {  // most strings are a few bytes: a call to memchr costs more than it saves
      if (text_[at_] == '"') return text_.substr(begin, at_++ - begin);
      if (text_[at_] == '\\') ++at_;
    }
    return fail();
  }
  /// Any value as it is written: a string with its quotes, a number, an object with its braces.
  std::string_view value() noexcept {
    const char first = peek();
    const std::size_t begin = at_;
    if (first == '"') return string(), since(begin);
    if (first == '{' || first == '[') return bracketed(begin);
    while (at_ < text_.size() && !ends_value(text_[at_])) ++at_;
    return at_ == begin ? fail() : since(begin);
  }

 private:
  static constexpr bool ends_value(char c) noexcept {
    return c == ',' || c == '}' || c == ']' || static_cast<unsigned char>(c) <= ' ';
  }
  std::string_view since(std::size_t begin) const noexcept {
    return failed_ ? std::string_view{} : text_.substr(begin, at_ - begin);
  }
  std::string_view bracketed(std::size_t begin) noexcept {
    json_extent extent;
    if (!extent.find_end(text_.substr(begin)) || extent.broken()) return fail();
    at_ = begin + extent.end();
    return since(begin);
  }
  std::string_view fail() noexcept {
    failed_ = true;
    at_ = text_.size();
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

/// A time in microseconds, as written, in nanoseconds: exact, never through a double ("4461810182019.683" has more
/// digits than one). Digits below a nanosecond are cut off.
/// \return  nothing where `text` is not a plain decimal number in range (NaN, an exponent, too large).
[[nodiscard]] constexpr std::optional<std::int64_t> exact_ns(std::string_view text) noexcept {
  bool negative = false;
  if (!text.empty() && text[0] == '-') {
    negative = true;
    text.remove_prefix(1);
  }
  std::int64_t value = 0;
  int decimals = -1;  // -1 before the point
  bool any = false;
  for (const char c : text) {
    if (c == '.' && decimals < 0) {
      decimals = 0;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    any = true;
    if (decimals == 3) continue;
    if (value > (std::numeric_limits<std::int64_t>::max() - 9) / 10) return std::nullopt;
    value = value * 10 + (c - '0');
    if (decimals >= 0) ++decimals;
  }
  if (!any) return std::nullopt;
  for (int missing = 3 - (decimals < 0 ? 0 : decimals); missing > 0; --missing) {
    if (value > std::numeric_limits<std::int64_t>::max() / 10) return std::nullopt;
    value *= 10;
  }
  return negative ? -value : value;
}

/// One event. All views point into the text it was read from; strings are without quotes and not unescaped.
struct kineto_event {
  std::string_view phase;     ///< "X" complete, "M" metadata, "i" instant, "s" and "f" flow, ...
  std::string_view category;  ///< "kernel", "cpu_op", "user_annotation", ...; empty where there is none.
  std::string_view name;
  std::string_view pid, tid;         ///< As written: a number or a string.
  std::int64_t t_ns = unmeasured;    ///< `ts`: relative to the trace's baseTimeNanoseconds, if it has one.
  std::int64_t dur_ns = unmeasured;  ///< `dur`.
  std::string_view args;             ///< The object as written, with braces; empty where there is none.
};

/// Times beyond these are damage (the year 2043, 104 days), so that sums and differences of times stay in range.
inline constexpr std::int64_t latest_ns = std::int64_t{1} << 61, longest_ns = std::int64_t{1} << 53;

enum class event_read : unsigned char {
  ok,       ///< The event is whole.
  skipped,  ///< `wanted` said no to its category; the rest was not read.
  damaged,  ///< Not an object as JSON says, or its `ts` or `dur` is no number in range.
};

/// Reads the event that `object` holds.
/// \param object  from '{' to its '}'.
/// \param wanted  bool(std::string_view category): false spares the rest of the work.
/// \complexity  one pass over the keys; most events name their category second, so that a skip costs a few bytes.
template <class Wanted>
[[nodiscard]] event_read read_kineto_event(std::string_view object, kineto_event& event, Wanted&& wanted) {
  json_cursor at(object);
  event = {};
  if (!at.take('{')) return event_read::damaged;
  while (at.peek() == '"') {
    const std::string_view key = at.string();
    if (!at.take(':')) return event_read::damaged;
    if (key == "cat") {
      event.category = at.string();
      if (!at.failed() && !wanted(event.category)) return event_read::skipped;
    } else if (key == "ph") {
      event.phase = at.string();
    } else if (key == "name") {
      event.name = at.string();
    } else if (key == "ts" || key == "dur") {
      const auto time = exact_ns(at.value());
      if (!time || *time > (key == "ts" ? latest_ns : longest_ns) || *time < -longest_ns) return event_read::damaged;
      (key == "ts" ? event.t_ns : event.dur_ns) = *time;
    } else if (key == "args") {
      event.args = at.value();
    } else {
      const std::string_view value = at.value();
      if (key == "pid") event.pid = value;
      if (key == "tid") event.tid = value;
    }
    if (at.failed()) return event_read::damaged;
    if (!at.take(',')) break;
  }
  return at.take('}') && !at.failed() ? event_read::ok : event_read::damaged;
}

/// The value of `key` in an `args` object, as written; empty where it is not there.
[[nodiscard]] inline std::string_view event_arg(std::string_view args, std::string_view key) noexcept {
  json_cursor at(args);
  if (!at.take('{')) return {};
  while (at.peek() == '"') {
    const std::string_view name = at.string();
    if (!at.take(':')) return {};
    const std::string_view value = at.value();
    if (at.failed()) return {};
    if (name == key) return value;
    if (!at.take(',')) break;
  }
  return {};
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_KINETO_EVENT_HPP
