// weir/trace/object_stream.hpp - the objects of one list in a JSON document of any size, one by one. Needs weir/data.
//
// One pass, any layout: the top level may be an object with other members before or after the list, a bare list, or
// objects one after the other (JSON Lines). What is damaged is counted and named, and reading goes on behind it; a cut
// document gives what it holds and says so.
#ifndef WEIR_TRACE_OBJECT_STREAM_HPP
#define WEIR_TRACE_OBJECT_STREAM_HPP

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/data/window.hpp"
#include "weir/trace/json_cursor.hpp"
#include "weir/trace/kept_text.hpp"

namespace weir::inline v0 {

/// What a whole pass over a document found beside its objects.
struct stream_summary {
  std::map<std::string, std::string, std::less<>> metadata;  ///< Top-level name -> value as written (JSON).
  std::uint64_t events = 0;                                  ///< Objects in the list, with those below.
  std::uint64_t skipped = 0;                                 ///< Not wanted.
  std::uint64_t damaged = 0;                                 ///< Could not be read.
  std::string first_damage;  ///< Where and how the first damaged one begins; for the person who reads the report.
  bool has_events = false;   ///< There was the list, maybe an empty one: what tells a trace from other JSON.
  bool truncated = false;    ///< The document ended before its brackets were closed.
};

/// What an object is looked for in.
struct stream_format {
  std::string_view list;                     ///< The top-level member that holds the objects; empty: JSON Lines.
  std::vector<std::string_view> first_keys;  ///< With their quotes; where reading goes on behind damage: {"ph", {"id".
};

/// Reads a document from front to back.
/// \complexity  one pass; memory is the window, which grows only to hold one longer object or metadata value.
template <class Source>
class object_stream {
 public:
  object_stream(Source source, stream_format format, std::size_t window_bytes = std::size_t{1} << 18)
      : window_(std::move(source), window_bytes), format_(std::move(format)) {}

  /// \param on_object  object_read(std::string_view): from its '{' to its '}', valid until it returns; 64 bytes behind
  ///                   it are readable. It may have usual(std::string_view), which is given all that is there from
  ///                   an object's '{' on and says how long the object is and what became of it, or length 0.
  /// \return  errc::io where the source fails, errc::parse where the bytes are no such document at all.
  template <class OnObject>
  result<void> read(OnObject&& on_object) {
    const char first = peek();
    if (format_.list.empty() && first == '{') {
      summary_.has_events = true;
      objects(on_object);
    } else if (first == '[') {
      take();
      summary_.has_events = true;
      objects(on_object);
    } else if (first == '{') {
      take();
      members(on_object);
    } else if (window_.status()) {
      return failure{errc::parse, first != '\0'           ? "not a trace: it begins with neither { nor ["
                                  : window_.offset() == 0 ? "the trace is empty"
                                                          : "not a trace: there are only blanks and zeros in it"};
    }
    return window_.status();
  }

  [[nodiscard]] const stream_summary& summary() const noexcept { return summary_; }

 private:
  static constexpr std::size_t shown = 80;  // bytes of a damaged object that are kept for the report

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

  template <class OnObject>
  void members(OnObject& on_object) {
    for (;;) {
      const char c = peek();
      if (c == ',') {
        take();
      } else if (c == '"') {
        const std::string key = unquoted(value());
        if (peek() == ':') take();
        if (key == format_.list && peek() == '[') {
          take();
          summary_.has_events = true;
          objects(on_object);
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

  template <class OnObject>
  void objects(OnObject& on_object) {
    for (;;) {
      if (between_.begins(window_.unread())) {
        window_.consume(between_.text().size() - 1);
        one_object(on_object);
        continue;
      }
      const char c = peek();
      if (c == ',') {
        keep_between();
        take();
      } else if (c == '{') {
        one_object(on_object);
      } else if (c == ']') {
        return take();
      } else if (c == '\0') {
        summary_.truncated = summary_.truncated || !format_.list.empty();
        return;
      } else {
        damage();
        if (!resync()) return;
      }
    }
  }

  /// Keeps how one object follows the other: a comma, white space, and its brace.
  void keep_between() {
    const std::string_view text = window_.unread();
    std::size_t next = 1;
    while (next < text.size() && static_cast<unsigned char>(text[next]) <= ' ') ++next;
    if (next < text.size() && text[next] == '{') between_.keep(text.substr(0, next + 1));
  }

  template <class OnObject>
  void one_object(OnObject& on_object) {
    ++summary_.events;
    if constexpr (requires { on_object.usual(std::string_view{}); }) {
      const auto found = on_object.usual(window_.unread());
      if (found.length > 0) {
        if (found.read == object_read::skipped) ++summary_.skipped;
        return window_.consume(found.length);
      }
    }
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
    const object_read read = on_object(window_.unread().substr(0, extent.end()));
    if (read == object_read::skipped) ++summary_.skipped;
    if (read == object_read::damaged) damage();
    window_.consume(extent.end());
  }

  /// Reads on until `bytes` are there or the end: what is told of them must not depend on how bytes come.
  void fill(std::size_t bytes) {
    while (window_.unread().size() < bytes && window_.more()) {
    }
  }

  void damage() {
    if (summary_.damaged++ > 0) return;
    fill(shown);
    std::string begin(window_.unread().substr(0, shown));
    for (char& c : begin)
      if (static_cast<unsigned char>(c) < ' ') c = ' ';
    summary_.first_damage = "at byte " + std::to_string(window_.offset()) + ": " + begin;
  }

  /// Goes to the next place that looks like the start of an object: '{', one of the first keys, and another member
  /// behind it, which the small objects inside of events lack.
  bool resync() {
    window_.consume(1);
    for (;;) {
      const std::string_view text = window_.unread();
      const std::size_t brace = text.find('{');
      if (brace != text.npos) {
        window_.consume(brace);
        fill(shown + 1);
        if (begins_object(window_.unread().substr(1, shown))) return true;
        window_.consume(1);
      } else {
        window_.consume(text.size());
        if (!window_.more()) return false;
      }
    }
  }
  [[nodiscard]] bool begins_object(std::string_view behind_brace) const {
    const std::size_t key = behind_brace.find_first_not_of(" \t\r\n");
    if (key == behind_brace.npos) return false;
    behind_brace.remove_prefix(key);
    for (const auto& name : format_.first_keys) {
      if (!behind_brace.starts_with(name)) continue;
      const std::size_t next = behind_brace.find_first_of(",}");
      return next == behind_brace.npos || behind_brace[next] == ',';
    }
    return false;
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
  stream_format format_;
  stream_summary summary_;
  kept_text between_;
  std::size_t held_ = 0;  // length of the value that value() found
};

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_OBJECT_STREAM_HPP
