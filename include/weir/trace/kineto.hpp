// weir/trace/kineto.hpp - reads a Kineto (Chrome) trace as a stream of events, in constant memory. Needs weir/data.
//
// One pass, any layout: the top level may be an object with the metadata before or after the events, or a bare array.
// What is damaged is counted and named, and reading goes on behind it; a cut file gives what it holds and says so.
#ifndef WEIR_TRACE_KINETO_HPP
#define WEIR_TRACE_KINETO_HPP

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/data/window.hpp"
#include "weir/trace/json_cursor.hpp"
#include "weir/trace/kineto_event.hpp"

namespace weir::inline v0 {

/// What a whole pass over a trace found beside its events.
struct kineto_summary {
  std::map<std::string, std::string, std::less<>> metadata;  ///< Top-level name -> value as written (JSON).
  std::uint64_t events = 0;                                  ///< Objects in traceEvents, with those below.
  std::uint64_t skipped = 0;                                 ///< Not wanted by category.
  std::uint64_t damaged = 0;                                 ///< Could not be read.
  std::string first_damage;  ///< Where and how the first damaged one begins; for the person who reads the report.
  bool has_events = false;   ///< There was a list of events, maybe an empty one: what tells a trace from other JSON.
  bool truncated = false;    ///< The document ended before its brackets were closed.
};

/// Reads a trace from front to back.
///
///     weir::kineto_reader reader(weir::fd_source(0));
///     auto ok = reader.read([](std::string_view category) { return category == "kernel"; },
///                           [&](const weir::kineto_event& e) { total += e.dur_ns; });
///
/// \complexity  one pass; memory is the window, which grows only to hold one longer event or metadata value.
template <class Source>
class kineto_reader {
 public:
  explicit kineto_reader(Source source, std::size_t window_bytes = std::size_t{1} << 18)
      : window_(std::move(source), window_bytes) {}

  /// \param wanted    bool(std::string_view category): false skips the event early. Events without one are always read.
  /// \param on_event  void(const kineto_event&); its views are valid until it returns.
  /// \return  errc::io where the source fails, errc::parse where the bytes are no trace at all.
  template <class Wanted, class OnEvent>
  result<void> read(Wanted&& wanted, OnEvent&& on_event) {
    const char first = peek();
    if (first == '[') {
      take();
      summary_.has_events = true;
      events(wanted, on_event);
    } else if (first == '{') {
      take();
      members(wanted, on_event);
    } else if (window_.status()) {
      return failure{errc::parse, first == '\0' ? "the trace is empty" : "not a trace: it begins with neither { nor ["};
    }
    return window_.status();
  }

  [[nodiscard]] const kineto_summary& summary() const noexcept { return summary_; }

 private:
  static constexpr std::size_t shown = 80;  // bytes of a damaged event that are kept for the report

  /// The next byte that is not white space, 0 at the end.
  char peek() {
    for (;;) {
      const std::string_view text = window_.unread();
      std::size_t blank = 0;
      while (blank < text.size() && static_cast<unsigned char>(text[blank]) <= ' ') ++blank;
      window_.consume(blank);
      if (blank < text.size()) return text[blank];
      if (!window_.more()) return '\0';
    }
  }
  void take() { window_.consume(1); }

  template <class Wanted, class OnEvent>
  void members(Wanted& wanted, OnEvent& on_event) {
    for (;;) {
      const char c = peek();
      if (c == ',') {
        take();
      } else if (c == '"') {
        const std::string key = unquoted(value());
        if (peek() == ':') take();
        if (key == "traceEvents" && peek() == '[') {
          take();
          summary_.has_events = true;
          events(wanted, on_event);
        } else {
          summary_.metadata[key] = std::string(value());
          window_.consume(held_);
          held_ = 0;
        }
      } else {
        summary_.truncated = c == '\0';
        if (c != '}' && c != '\0') damage();
        return;
      }
    }
  }

  template <class Wanted, class OnEvent>
  void events(Wanted& wanted, OnEvent& on_event) {
    for (;;) {
      const char c = peek();
      if (c == ',') {
        take();
      } else if (c == '{') {
        one_event(wanted, on_event);
      } else if (c == ']') {
        return take();
      } else if (c == '\0') {
        summary_.truncated = true;
        return;
      } else {
        damage();
        if (!resync()) return;
      }
    }
  }

  template <class Wanted, class OnEvent>
  void one_event(Wanted& wanted, OnEvent& on_event) {
    ++summary_.events;
    json_extent extent;
    while (!extent.find_end(window_.unread()))
      if (!window_.more()) {
        damage();
        window_.consume(window_.unread().size());
        summary_.truncated = true;
        return;
      }
    if (extent.broken()) {
      damage();
      (void)resync();
      return;
    }
    kineto_event event;
    const event_read read = read_kineto_event(window_.unread().substr(0, extent.end()), event, wanted);
    if (read == event_read::ok) on_event(std::as_const(event));
    if (read == event_read::skipped) ++summary_.skipped;
    if (read == event_read::damaged) damage();
    window_.consume(extent.end());
  }

  void damage() {
    if (summary_.damaged++ > 0) return;
    summary_.first_damage =
        "at byte " + std::to_string(window_.offset()) + ": " + std::string(window_.unread().substr(0, shown));
  }

  /// Goes to the next place that looks like the start of an event: {"ph" with any white space.
  bool resync() {
    window_.consume(1);
    for (;;) {
      const std::string_view text = window_.unread();
      const std::size_t brace = text.find('{');
      if (brace != text.npos) {
        window_.consume(brace);
        const std::string_view rest = window_.unread().substr(1, shown);
        const std::size_t key = rest.find_first_not_of(" \t\r\n");
        if (key != rest.npos && rest.substr(key).starts_with("\"ph\"")) return true;
        if (rest.size() == shown || !window_.more()) window_.consume(1);
      } else {
        window_.consume(text.size());
        if (!window_.more()) return false;
      }
    }
  }

  /// The whole next value, as written; it stays unread: `held_` bytes.
  std::string_view value() {
    held_ = 0;
    const char first = peek();
    json_extent extent;
    for (;;) {
      const std::string_view text = window_.unread();
      const bool bracketed = first == '{' || first == '[';
      if (bracketed ? extent.find_end(text) : scalar_ends(text)) {
        if (bracketed) held_ = extent.end();
        return text.substr(0, held_);
      }
      if (!window_.more()) return window_.unread().substr(0, held_ = window_.unread().size());
    }
  }

  /// Finds the end of a string or number at the start of `text`: held_.
  bool scalar_ends(std::string_view text) {
    json_cursor at(text);
    const std::string_view found = at.value();
    held_ = found.size();
    return !at.failed() && held_ < text.size();
  }

  /// A key without its quotes; the value it was is consumed.
  std::string unquoted(std::string_view quoted) {
    std::string key(quoted.size() >= 2 ? quoted.substr(1, quoted.size() - 2) : std::string_view{});
    window_.consume(held_);
    held_ = 0;
    return key;
  }

  window<Source> window_;
  kineto_summary summary_;
  std::size_t held_ = 0;  // length of the value that value() found
};

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_KINETO_HPP
