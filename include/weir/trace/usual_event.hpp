// weir/trace/usual_event.hpp - reads an event that is laid out as profilers do, and finds its end on the way. Needs the
// standard library.
#ifndef WEIR_TRACE_USUAL_EVENT_HPP
#define WEIR_TRACE_USUAL_EVENT_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "weir/trace/event_shapes.hpp"
#include "weir/trace/json_cursor.hpp"
#include "weir/trace/json_extent.hpp"
#include "weir/trace/kept_text.hpp"
#include "weir/trace/kineto_event.hpp"
#include "weir/trace/written_ns.hpp"

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

/// The length of the object that begins at `text` and of which `at` has read no nested part; 0: the end is not there,
/// or brackets can't be trusted.
inline std::size_t usual_length(std::string_view text, const json_cursor& at) noexcept {
  const std::size_t head = text.size() - at.rest().size();
  const std::size_t length = json_extent::whole(at.rest(), 1);
  return length > 0 ? head + length : 0;
}

/// Takes a time in microseconds, as exact_ns reads it.
/// \param last  of its kind.
/// \return  false where it is written in another way or is later than `most`.
[[gnu::always_inline]] inline bool take_usual_ns(json_cursor& cursor, std::int64_t most, written_before& last,
                                                 std::int64_t& into) noexcept {
  const std::string_view text = cursor.rest();
  const written_ns found = read_ns(text.data(), last);
  if (found.length == 0 || found.length >= text.size() || found.value > static_cast<std::uint64_t>(most)) return false;
  into = static_cast<std::int64_t>(found.value);
  cursor.skip(found.length);
  return true;
}

/// What `at` took since `text` was its rest.
inline std::string_view taken(std::string_view text, const json_cursor& at) noexcept {
  return text.substr(0, text.size() - at.rest().size());
}

/// How the last events were laid out.
struct usual_layout {
  kept_text lead;                    ///< Between an event's brace and its phase.
  event_shapes shapes;               ///< Of events that were read.
  written_before time;               ///< Of the last of them.
  std::array<kept_text, 4> skipped;  ///< Behind the phase, of objects that were not wanted for it: see skipped_length.
  bool read_last = false;            ///< Whether the last object was an event that was read.
};

/// The length of an object whose phase is not wanted, as usual_length gives it. Flows look like the last one with their
/// phase that stood behind an event of the same sort.
inline std::size_t skipped_length(std::string_view text, const json_cursor& at, std::string_view phase,
                                  usual_layout& layout) noexcept {
  const std::size_t head = text.size() - at.rest().size();
  kept_text& last = layout.skipped[(is(phase, "s") ? 2U : 0U) + (layout.read_last ? 1U : 0U)];
  layout.read_last = false;
  if (last.begins_but_digits(at.rest())) return head + last.size();
  const std::size_t length = usual_length(text, at);
  if (length > 0) last.keep(text.substr(head, length - head));
  return length;
}

/// Takes what stands between the category and the time.
[[gnu::always_inline]] inline bool take_names(json_cursor& at, kineto_event& event) noexcept {
  event.mark = nullptr;
  return at.take_next("\"name\": \"") && at.plain_text(event.name) && at.take_next("\"pid\": ") &&
         at.plain_value(event.pid) && at.take_next("\"tid\": ") && at.plain_value(event.tid) &&
         at.take_next("\"ts\": ");
}

/// Takes what stands behind the duration: the arguments, and the event's last brace.
[[gnu::always_inline]] inline bool take_tail(json_cursor& at, kineto_event& event) noexcept {
  if (!at.take_next("\"args\": ") || at.peek() != '{') return false;
  event.args = at.value();
  return !event.args.empty() && at.take('}');
}

/// Reads the members of a complete event behind its category, all of them and in the order that profilers write.
/// \param head   from behind the event's brace on.
/// \param shape  that the event has as far as its time; null: another one.
/// \param at     behind the category, or behind the brace where there is a shape.
/// \return  whether that is what stands there, with its last bracket.
[[gnu::always_inline]] inline bool read_usual_members(std::string_view head, event_shape* shape, json_cursor& at,
                                                      kineto_event& event, usual_layout& layout) {
  if (shape != nullptr) {
    shape->give_names(head.data(), event);
    at.skip(shape->head.size());
  } else if (!take_names(at, event)) {
    return false;
  }
  head = taken(head, at);
  written_before unknown;
  if (!take_usual_ns(at, latest_ns, layout.time, event.t_ns) || !at.take_next("\"dur\": ") ||
      !take_usual_ns(at, longest_ns, shape != nullptr ? shape->duration : unknown, event.dur_ns))
    return false;
  const std::string_view tail = at.rest();
  if (shape != nullptr && shape->tail.begins_but_digits(tail)) {
    event.args = shape->args(tail.data());
    at.skip(shape->tail.size());
    layout.shapes.came(*shape);
    return true;
  }
  if (!take_tail(at, event)) return false;
  shape = layout.shapes.learn(head, taken(tail, at), event);
  event.mark = shape != nullptr ? &shape->mark : nullptr;
  return true;
}

}  // namespace detail

/// Reads an event where it begins `{"ph": "...", "cat": "..."`, in any white space, and where it has the members of a
/// complete event in the usual order if it is wanted. Each byte is looked at once: finding the end first and reading
/// then is twice the work for kernels, of which all is read.
/// \param text    from '{' on, as far as bytes are there; 64 bytes behind them are readable.
/// \param wanted  as for read_kineto_event; and where it has void unask(phase, category), that is called where it was
///                asked and length 0 is the answer.
/// \param layout  of the events before it.
/// \return  what read_kineto_event would make of the object, or length 0; never `damaged`.
template <class Wanted>
[[nodiscard]] usual_object read_usual_event(std::string_view text, kineto_event& event, Wanted& wanted,
                                            detail::usual_layout& layout) {
  __builtin_prefetch(text.data() + 1024);
  const std::string_view inner = text.substr(1);
  json_cursor at(inner);
  std::string_view phase, category;
  event_shape* shape = layout.shapes.likely();
  if (shape != nullptr && shape->head.begins(inner)) {
    phase = shape->phase(inner.data()), category = shape->category(inner.data());
  } else {
    shape = nullptr;
    if (!at.take_same(layout.lead)) {
      at.peek();
      if (!at.take_exactly("\"ph\": \"")) return {};
      layout.lead.keep(detail::taken(inner, at));
    }
    if (!at.letter(phase) && !at.plain_text(phase)) return {};
  }
  if (!detail::wants_phase(wanted, phase)) {
    const std::size_t length = detail::skipped_length(text, at, phase, layout);
    if (length == 0) detail::unask(wanted, phase, {});
    return {length, object_read::skipped};
  }
  if (shape == nullptr && (!at.take_next("\"cat\": \"") || !at.plain_text(category) || category.empty())) return {};
  layout.read_last = wanted(category);
  if (!layout.read_last) {
    const std::size_t length = detail::usual_length(text, at);
    if (length == 0) detail::unask(wanted, phase, category);
    return {length, object_read::skipped};
  }
  event.phase = phase, event.category = category;
  if (detail::read_usual_members(inner, shape, at, event, layout))
    return {text.size() - at.rest().size(), object_read::ok};
  detail::unask(wanted, phase, category);
  return {};
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_USUAL_EVENT_HPP
