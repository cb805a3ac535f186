// weir/trace/usual_event.hpp - reads an event that is laid out as profilers do, and finds its end on the way. Needs the
// standard library.
#ifndef WEIR_TRACE_USUAL_EVENT_HPP
#define WEIR_TRACE_USUAL_EVENT_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "weir/trace/json_cursor.hpp"
#include "weir/trace/json_extent.hpp"
#include "weir/trace/kineto_event.hpp"

namespace weir::inline v0 {

/// An object that was read before its end was known.
struct usual_object {
  std::size_t length = 0;  ///< Bytes up to and with its '}'; 0: it is not laid out as usual, or not all there.
  object_read read = object_read::skipped;
};

namespace detail {

/// Takes back what `wanted` counted when it was asked, where it counts; with no category the question was of the phase.
template <class Wanted>
void unask(Wanted& wanted, std::string_view phase, std::string_view category) {
  if constexpr (requires { wanted.unask(phase, category); }) wanted.unask(phase, category);
}

/// The name that the caller holds for likely, where it does.
template <class Wanted>
std::string_view likely_name(const Wanted& wanted) {
  if constexpr (requires { wanted.likely_name(); })
    return wanted.likely_name();
  else
    return {};
}

/// The length of the object that begins at `text` and of which `at` has read no nested part; 0: the end is not there,
/// or brackets can't be trusted.
inline std::size_t usual_length(std::string_view text, const json_cursor& at) noexcept {
  const std::size_t head = text.size() - at.rest().size();
  const std::size_t length = json_extent::whole(at.rest(), 1);
  return length > 0 ? head + length : 0;
}

/// The number that eight digits write; more than that where one of the bytes is none. 8 bytes are readable.
/// \source  Lemire, "Quickly parsing eight digits", 2018: neighbours are joined to numbers of two, four, eight digits.
inline std::uint64_t eight_digits(const char* at) noexcept {
  std::uint64_t b = 0;
  std::memcpy(&b, at, sizeof b);
  constexpr std::uint64_t each = 0x0101010101010101;
  const bool digits = (((b + each * 0x46) | (b - each * '0')) & (each * 0x80)) == 0;
  if (std::endian::native != std::endian::little || !digits) return ~std::uint64_t{0};
  b = ((b & (each * 0x0F)) * (10 * 256 + 1)) >> 8;
  b = ((b & 0x00FF00FF00FF00FF) * (100 * 65536 + 1)) >> 16;
  return ((b & 0x0000FFFF0000FFFF) * ((std::uint64_t{10000} << 32) + 1)) >> 32;
}

/// Takes a time in microseconds, of at most 15 digits and three more behind a point, as exact_ns reads it.
/// \return  false where it is written in another way or is later than `most`.
[[gnu::always_inline]] inline bool take_usual_ns(json_cursor& cursor, std::int64_t most, std::int64_t& into) noexcept {
  const std::string_view text = cursor.rest();
  const char *const begin = text.data(), *const end = begin + text.size(), *at = begin;
  const auto digit = [](char c) { return static_cast<unsigned char>(c - '0'); };
  std::uint64_t value = 0;
  if (const std::uint64_t first = eight_digits(at); first <= 99'999'999) value = first, at += 8;
  for (; digit(*at) <= 9 && at - begin < 16; ++at) value = 10 * value + digit(*at);
  if (at == begin || at - begin > 15) return false;
  int missing = 3;
  if (*at == '.')
    for (++at; missing > 0 && digit(*at) <= 9; ++at, --missing) value = 10 * value + digit(*at);
  for (; missing > 0; --missing) value *= 10;
  if (at >= end || digit(*at) <= 9 || value > static_cast<std::uint64_t>(most)) return false;
  into = static_cast<std::int64_t>(value);
  cursor.skip(static_cast<std::size_t>(at - begin));
  return true;
}

/// What `at` took since `text` was its rest.
inline std::string_view taken(std::string_view text, const json_cursor& at) noexcept {
  return text.substr(0, text.size() - at.rest().size());
}

/// How the last events were laid out.
struct usual_layout {
  usual_layout() = default;
  usual_layout(const usual_layout&) = delete;  // it views into itself
  usual_layout& operator=(const usual_layout&) = delete;

  same_again lead;                          ///< Between an event's brace and its phase.
  same_again middle;                        ///< Behind the name: process, thread, and what stands before the time.
  same_again before_args;                   ///< Between the duration and the arguments.
  std::string_view middle_pid, middle_tid;  ///< In `middle`.
};

/// Takes what stands between the name and the time.
[[gnu::always_inline]] inline bool take_middle(json_cursor& at, kineto_event& event, usual_layout& layout) noexcept {
  if (at.take_same(layout.middle)) {
    event.pid = layout.middle_pid, event.tid = layout.middle_tid;
    return true;
  }
  const std::string_view text = at.rest();
  if (!at.take_next("\"pid\": ") || !at.plain_value(event.pid) || !at.take_next("\"tid\": ") ||
      !at.plain_value(event.tid) || !at.take_next("\"ts\": "))
    return false;
  layout.middle.keep(taken(text, at));
  const auto kept = [&](std::string_view part) {
    return layout.middle.text().substr(static_cast<std::size_t>(part.data() - text.data()), part.size());
  };
  if (!layout.middle.text().empty()) layout.middle_pid = kept(event.pid), layout.middle_tid = kept(event.tid);
  return true;
}

/// Takes what stands between the duration and the brace of the arguments.
[[gnu::always_inline]] inline bool take_before_args(json_cursor& at, usual_layout& layout) noexcept {
  if (!at.take_same(layout.before_args)) {
    const std::string_view text = at.rest();
    if (!at.take_next("\"args\": ")) return false;
    at.peek();
    layout.before_args.keep(taken(text, at));
  }
  return at.rest().starts_with('{');
}

/// Reads the members of a complete event behind its category, all of them and in the order that profilers write.
/// \return  whether that is what stands there, with its last bracket.
[[gnu::always_inline]] inline bool read_usual_members(json_cursor& at, kineto_event& event, usual_layout& layout,
                                                      std::string_view likely_name) noexcept {
  const bool head =
      at.take_next("\"name\": \"") && (at.take_likely(likely_name, event.name) || at.plain_text(event.name)) &&
      take_middle(at, event, layout) && take_usual_ns(at, latest_ns, event.t_ns) && at.take_next("\"dur\": ") &&
      take_usual_ns(at, longest_ns, event.dur_ns) && take_before_args(at, layout);
  if (!head) return false;
  event.args = at.value();
  return !event.args.empty() && at.take('}');
}

}  // namespace detail

/// Reads an event where it begins `{"ph": "...", "cat": "..."`, in any white space, and where it has the members of a
/// complete event in the usual order if it is wanted. Each byte is looked at once: finding the end first and reading
/// then is twice the work for kernels, of which all is read.
/// \param text    from '{' on, as far as bytes are there; 64 bytes behind them are readable.
/// \param wanted  as for read_kineto_event; and where it has void unask(phase, category), that is called where it was
///                asked and length 0 is the answer; and where it has std::string_view likely_name(), a name that it
///                was given before, that is compared first, and if it is the event's it is what event.name views.
/// \param layout  of the events before it.
/// \return  what read_kineto_event would make of the object, or length 0; never `damaged`.
template <class Wanted>
[[nodiscard]] usual_object read_usual_event(std::string_view text, kineto_event& event, Wanted& wanted,
                                            detail::usual_layout& layout) {
  __builtin_prefetch(text.data() + 1024);
  json_cursor at(text.substr(1));
  std::string_view phase, category;
  if (!at.take_same(layout.lead)) {
    at.peek();
    if (!at.take_exactly("\"ph\": \"")) return {};
    layout.lead.keep(detail::taken(text.substr(1), at));
  }
  if (!at.letter(phase) && !at.plain_text(phase)) return {};
  if (!detail::wants_phase(wanted, phase)) {
    const std::size_t length = detail::usual_length(text, at);
    if (length == 0) detail::unask(wanted, phase, {});
    return {length, object_read::skipped};
  }
  if (!at.take_next("\"cat\": \"") || !at.plain_text(category) || category.empty()) return {};
  if (!wanted(category)) {
    const std::size_t length = detail::usual_length(text, at);
    if (length == 0) detail::unask(wanted, phase, category);
    return {length, object_read::skipped};
  }
  event.phase = phase, event.category = category;
  if (detail::read_usual_members(at, event, layout, detail::likely_name(wanted)))
    return {text.size() - at.rest().size(), object_read::ok};
  detail::unask(wanted, phase, category);
  return {};
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_USUAL_EVENT_HPP
