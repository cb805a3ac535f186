// weir/trace/kineto_event.hpp - one event of a Kineto (Chrome) trace, read from its text. Needs the standard library.
#ifndef WEIR_TRACE_KINETO_EVENT_HPP
#define WEIR_TRACE_KINETO_EVENT_HPP

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "weir/base/measured.hpp"
#include "weir/trace/json_cursor.hpp"

namespace weir::inline v0 {

/// A decimal number as written, times 10 to the power of `digits`: "1.5" with 3 is 1500. Exact, never through a double
/// ("4461810182019.683" has more digits than one). Further digits are cut off.
/// \return  nothing where `text` is not a plain decimal number in range (NaN, an exponent, too large).
[[nodiscard]] constexpr std::optional<std::int64_t> exact_decimal(std::string_view text, int digits) noexcept {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  std::int64_t value = 0;
  int decimals = -1;  // -1 before the point
  bool any = false;
  for (const char c : text) {
    if (c == '.' && decimals < 0) {
      decimals = 0;
      continue;
    }
    const auto digit = static_cast<unsigned char>(c - '0');
    if (digit > 9) return std::nullopt;
    any = true;
    if (decimals == digits) continue;
    if (value > (std::numeric_limits<std::int64_t>::max() - 9) / 10) return std::nullopt;
    value = value * 10 + digit;
    if (decimals >= 0) ++decimals;
  }
  if (!any) return std::nullopt;
  for (int missing = digits - (decimals < 0 ? 0 : decimals); missing > 0; --missing) {
    if (value > std::numeric_limits<std::int64_t>::max() / 10) return std::nullopt;
    value *= 10;
  }
  return negative ? -value : value;
}

/// A time in microseconds, as written, in nanoseconds.
[[nodiscard]] constexpr std::optional<std::int64_t> exact_ns(std::string_view text) noexcept {
  return exact_decimal(text, 3);
}

/// One event. Its views are valid until the next one is read; strings are without quotes and not unescaped.
struct kineto_event {
  std::string_view phase;     ///< "X" complete, "M" metadata, "i" instant, "s" and "f" flow, ...
  std::string_view category;  ///< "kernel", "cpu_op", "user_annotation", ...; empty where there is none.
  std::string_view name;
  std::string_view pid, tid;         ///< As written: a number or a string.
  std::int64_t t_ns = unmeasured;    ///< `ts`: relative to the trace's baseTimeNanoseconds, if it has one.
  std::int64_t dur_ns = unmeasured;  ///< `dur`.
  std::string_view args;             ///< The object as written, with braces; empty where there is none.
  /// Where it is not null, 0, or what its one receiver wrote there for an event with the same phase, category, name,
  /// process and thread: what it found out then, it need not look for again.
  std::uint32_t* mark = nullptr;
};

/// Times beyond these are damage (the year 2043, 104 days), so that sums and differences of times stay in range.
inline constexpr std::int64_t latest_ns = std::int64_t{1} << 61, longest_ns = std::int64_t{1} << 53;

namespace detail {

/// Whether the caller wants events of `phase`: all, where it does not say.
template <class Wanted>
bool wants_phase(Wanted& wanted, std::string_view phase) {
  if constexpr (requires { wanted.phase(phase); })
    return wanted.phase(phase);
  else
    return true;
}

/// Whether the caller wants an event for its name, where that stands before the category.
template <class Wanted>
bool wants_name(Wanted& wanted, std::string_view name) {
  if constexpr (requires { wanted.named(name); })
    return wanted.named(name);
  else
    return false;
}

/// Reads the members that are taken as they are. \return  false where `key` is none of them.
[[gnu::always_inline]] inline bool read_member(json_cursor& at, std::string_view key, kineto_event& event) noexcept {
  if (is(key, "name"))
    event.name = at.string();
  else if (is(key, "args"))
    event.args = at.value();
  else if (is(key, "pid"))
    event.pid = at.value();
  else if (is(key, "tid"))
    event.tid = at.value();
  else
    return false;
  return true;
}

/// \param text  a number, or one in quotes as Ascend's profilers write `ts`.
/// \return  false where `text` is a time that can't be: damage. An event without the member has none.
inline bool read_time(std::string_view text, std::int64_t most, std::int64_t& into) noexcept {
  if (text.empty()) return true;
  text = unquoted(text);
  const auto time = exact_ns(text);
  if (!time || *time > most || *time < -longest_ns) return false;
  into = *time;
  return true;
}

}  // namespace detail

/// Reads the event that `object` holds.
/// \param object  from '{' to its '}'.
/// \param wanted  bool(std::string_view category): false spares the rest of the work. It may have members
///                bool phase(std::string_view), asked about "X", "s", "M" in the same way, and
///                bool named(std::string_view): true keeps an event whose name stands before its unwanted category.
/// \return  damaged: not an object as JSON says, or its `ts` or `dur` is no number in range.
/// \complexity  one pass over the keys; most events name their category second, so that a skip costs a few bytes.
template <class Wanted>
[[nodiscard]] object_read read_kineto_event(std::string_view object, kineto_event& event, Wanted&& wanted) {
  json_cursor at(object);
  if (!at.take('{')) return object_read::damaged;
  std::string_view phase, category;
  at.peek();
  bool more = true;
  if (at.take_exactly("\"ph\": \"")) {  // as most events begin; in another layout or order the loop finds the same
    phase = at.rest_of_string();
    if (!detail::wants_phase(wanted, phase)) return object_read::skipped;
    more = at.take(',');
    at.peek();
    if (more && at.take_exactly("\"cat\": \"")) {
      category = at.rest_of_string();
      if (!at.failed() && !wanted(category)) return object_read::skipped;
      more = at.take(',');
    }
  }
  event = {};
  event.phase = phase;
  event.category = category;
  std::string_view begin, duration;
  while (more && at.peek() == '"') {
    const std::string_view key = at.string();
    if (!at.take(':')) return object_read::damaged;
    if (detail::is(key, "cat")) {
      event.category = at.string();
      if (!at.failed() && !wanted(event.category) && !detail::wants_name(wanted, event.name))
        return object_read::skipped;
    } else if (detail::is(key, "ph")) {
      event.phase = at.string();
      if (!at.failed() && !detail::wants_phase(wanted, event.phase)) return object_read::skipped;
    } else if (!detail::read_member(at, key, event)) {
      const std::string_view value = at.value();
      if (detail::is(key, "ts")) begin = value;
      if (detail::is(key, "dur")) duration = value;
    }
    if (at.failed()) return object_read::damaged;
    more = at.take(',');
  }
  if (!at.take('}') || at.failed()) return object_read::damaged;
  const bool times =
      detail::read_time(begin, latest_ns, event.t_ns) && detail::read_time(duration, longest_ns, event.dur_ns);
  return times ? object_read::ok : object_read::damaged;
}

/// The value of `key` in an `args` object, as written; empty where it is not there.
[[nodiscard]] inline std::string_view event_arg(std::string_view args, std::string_view key) noexcept {
  std::string_view found;
  (void)for_each_member(args, [&](std::string_view name, std::string_view value) {
    if (found.empty() && name == key) found = value;
  });
  return found;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_KINETO_EVENT_HPP
