// weir/net/sse.hpp - a server-sent-events parser that does no I/O. Needs the standard library only.
//
// Source: WHATWG HTML Living Standard, section 9.2 (parsing and interpreting an event stream).
#ifndef WEIR_NET_SSE_HPP
#define WEIR_NET_SSE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"

namespace weir::inline v0 {

namespace detail {

/// Finds the ends of lines in one piece of bytes, whether CR or LF. Each byte is looked at once for either, however
/// the lines end, so a piece of nothing but CR costs no more than one of long lines.
class line_finder {
 public:
  line_finder(const char* at, const char* end) : end_(end), lf_(find('\n', at)), cr_(find('\r', at)) {}

  /// The first CR or LF from `at` on, or the end of the piece. \pre `at` never goes back.
  const char* next(const char* at) {
    if (lf_ < at) lf_ = find('\n', at);
    if (cr_ < at) cr_ = find('\r', at);
    return std::min(lf_, cr_);
  }

 private:
  const char* find(char byte, const char* at) const {
    const void* found = at == end_ ? nullptr : std::memchr(at, byte, static_cast<std::size_t>(end_ - at));
    return found ? static_cast<const char*>(found) : end_;
  }

  const char* end_;
  const char* lf_;
  const char* cr_;
};

}  // namespace detail

/// Turns bytes into events. You own the socket; the parser owns the half-received event.
///
///     weir::sse_parser parser;
///     auto ok = parser.feed(bytes, [&](const weir::sse_parser::event& e) { on_token(e.data); });
///
/// `feed` may be given any cut of the stream: one byte, half a CRLF, ten events. The events it reports, and the
/// point at which it refuses, do not depend on where the cuts fall. An event that lies whole in the bytes given is
/// reported as views into them; only what straddles two calls is copied. Bytes are passed on as they came: whether
/// they are UTF-8 is for the reader of `data` to say.
class sse_parser {
 public:
  /// Views that are valid until the callback returns.
  struct event {
    std::string_view type;  ///< "message" unless an `event:` line said otherwise.
    std::string_view data;  ///< `data:` lines joined by '\n', without the last one.
    std::string_view id;    ///< Last `id:` seen on this stream, possibly from an earlier event.
  };

  /// Where at least this many bytes behind the `bytes` of every `feed` may be read, so may this many behind `data`
  /// (their values mean nothing). JSON parsers ask for that: simdjson wants 64.
  static constexpr std::size_t padding = 64;

  /// \param max_event_bytes  refuse the stream where an event's data and the line being read are together longer.
  explicit sse_parser(std::size_t max_event_bytes = std::size_t{1} << 20) : limit_(max_event_bytes) {}

  /// Consumes all of `bytes`; calls `on_event(const event&)` once per complete event, in order.
  /// \return  the number of events reported, or errc::limit; after that the stream is lost: `reset` the parser.
  /// \throws  only what `on_event` throws, and std::bad_alloc.
  /// \complexity  linear; no allocation once the buffers have grown to the longest straddling event.
  template <class OnEvent>
  result<std::size_t> feed(std::string_view bytes, OnEvent&& on_event) {
    bytes.remove_prefix(skip_bom(bytes));
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    detail::line_finder lines(at, end);
    std::string_view borrowed;  // the event's only data line so far, where it lies in `bytes`
    std::size_t reported = 0;
    while (at != end) {
      if (std::exchange(after_cr_, false) && *at == '\n') {  // the second half of a CRLF
        ++at;
        continue;
      }
      const char* const stop = lines.next(at);
      const std::string_view piece(at, static_cast<std::size_t>(stop - at));
      if (data_.size() + borrowed.size() + line_.size() + piece.size() > limit_)
        return failure{errc::limit, "a server-sent event is longer than " + std::to_string(limit_) + " bytes"};
      if (stop == end) {
        line_.append(piece);
        break;
      }
      after_cr_ = *stop == '\r';
      at = stop + 1;
      if (line_.empty()) {
        if (piece.empty())
          reported += dispatch(borrowed, on_event);
        else
          take_line(piece, borrowed, true);
      } else {
        take_line(line_.append(piece), borrowed, false);
        line_.clear();
      }
    }
    if (borrowed.data()) data_.assign(borrowed);
    return reported;
  }

  /// Whether bytes of an unfinished event or line are held: at the end of the stream they mean that it was cut.
  [[nodiscard]] bool pending() const noexcept { return has_data_ || !type_.empty() || !line_.empty() || bom_ % 3 != 0; }

  /// The last `retry:` of this stream, in milliseconds.
  [[nodiscard]] std::optional<std::uint64_t> retry_ms() const noexcept { return retry_ms_; }

  /// Forgets the stream; the next bytes are the first of another one.
  void reset() {
    line_.clear();
    data_.clear();
    type_.clear();
    id_.clear();
    retry_ms_.reset();
    bom_ = 0;
    has_data_ = after_cr_ = false;
  }

 private:
  /// The number of bytes of a byte order mark at the start of the stream, which may come in pieces. What looked
  /// like one and was not is put back as the start of the first line.
  std::size_t skip_bom(std::string_view bytes) {
    static constexpr std::string_view mark = "\xEF\xBB\xBF";
    std::size_t skipped = 0;
    while (bom_ < mark.size() && skipped < bytes.size()) {
      if (bytes[skipped] == mark[bom_]) {
        ++bom_, ++skipped;
      } else {
        line_.append(mark.substr(0, bom_));
        bom_ = mark.size();
      }
    }
    return skipped;
  }

  void take_line(std::string_view line, std::string_view& borrowed, bool outlives_feed) {
    const auto colon = line.find(':');
    const auto field = line.substr(0, colon);
    auto value = colon == line.npos ? std::string_view{} : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "data")
      take_data(value, borrowed, outlives_feed);
    else if (field == "event")
      type_ = value;
    else if (field == "id" && value.find('\0') == value.npos)
      id_ = value;
    else if (field == "retry")
      take_retry(value);
    // Comments (empty field name) and unknown fields are ignored, as the standard asks.
  }

  void take_data(std::string_view value, std::string_view& borrowed, bool outlives_feed) {
    if (!std::exchange(has_data_, true)) {
      if (outlives_feed)
        borrowed = value;
      else
        data_.assign(value);
      return;
    }
    if (borrowed.data()) data_.assign(std::exchange(borrowed, {}));
    data_.append(1, '\n').append(value);
  }

  void take_retry(std::string_view value) {
    std::uint64_t time = 0;
    for (const char digit : value) {
      if (digit < '0' || digit > '9' || time > UINT64_MAX / 10 - 1) return;
      time = time * 10 + static_cast<std::uint64_t>(digit - '0');
    }
    if (!value.empty()) retry_ms_ = time;
  }

  template <class OnEvent>
  std::size_t dispatch(std::string_view& borrowed, OnEvent& on_event) {
    const bool any = std::exchange(has_data_, false);
    if (any) {
      if (!borrowed.data() && data_.capacity() - data_.size() < padding) data_.reserve(data_.size() + padding);
      const std::string_view data = borrowed.data() ? borrowed : std::string_view(data_);
      on_event(event{type_.empty() ? std::string_view{"message"} : std::string_view(type_), data, id_});
    }
    borrowed = {};
    data_.clear();
    type_.clear();
    return any ? 1 : 0;
  }

  std::size_t limit_;
  std::string line_;  // the start of a line whose end has not come
  std::string data_;  // the data lines so far, where they could not stay in the caller's bytes
  std::string type_, id_;
  std::optional<std::uint64_t> retry_ms_;
  std::size_t bom_ = 0;    // bytes of the byte order mark seen; 3 once it is past or absent
  bool has_data_ = false;  // a data line has come, perhaps an empty one
  bool after_cr_ = false;  // the last byte was a CR: an LF now belongs to it
};

}  // namespace weir::inline v0

#endif  // WEIR_NET_SSE_HPP
