// weir/net/http1.hpp - an HTTP/1.1 message parser that does no I/O, for requests and responses. Needs the standard
// library only.
//
// Source: RFC 9112 (message syntax, body length in section 6.3, chunked coding in section 7), RFC 9110.
#ifndef WEIR_NET_HTTP1_HPP
#define WEIR_NET_HTTP1_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/net/detail/ascii.hpp"
#include "weir/net/detail/http1_syntax.hpp"
#include "weir/net/http1_head.hpp"

namespace weir::inline v0 {

/// Turns bytes into messages, one at a time. You own the socket and the sink:
///
///     struct sink {
///       void on_head(const weir::http1_head&);   // once a message; interim (1xx) responses are not reported
///       void on_body(std::string_view);          // views into the bytes given to feed, chunk framing taken off
///       void on_end();                           // the message is whole
///     };
///     weir::http1_parser parser(weir::http1_parser::role::response);
///     while (!bytes.empty()) {
///       const auto used = parser.feed(bytes, sink);
///       if (!used) return used.error();
///       bytes.remove_prefix(*used);
///       if (parser.done()) parser.next();
///     }
///
/// Where the cuts between two feeds fall changes how a body is split over on_body calls and nothing else. Body bytes
/// are never copied. Refused, because two readers could disagree about them: Content-Length next to
/// Transfer-Encoding or to another value, any transfer coding but one "chunked", a CR without its LF, an LF without
/// its CR in chunk framing, a folded header in a request, space before a header's colon. Accepted: LF alone in the
/// head, spaces and extensions behind a chunk size. Trailer fields stand apart in `trailers`.
class http1_parser {
 public:
  enum class role { request, response };  ///< which of the two is parsed

  explicit http1_parser(role parsed, http1_limits limits = {}) : limits_(limits), role_(parsed) {}

  /// Consumes bytes up to the end of one message.
  /// \return  how many: all of them unless the message ended before. errc::parse where the bytes are not HTTP/1.x,
  ///          errc::limit where an http1_limits is reached; the connection is then lost, and so is the parser.
  /// \pre     the sink does not call the parser.
  template <class Sink>
  result<std::size_t> feed(std::string_view bytes, Sink&& sink) {
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    while (at != end && state_ < state::done) {
      if (state_ <= state::trailer)
        at = take_line(at, end, sink);
      else if (state_ <= state::chunk_body)
        at = take_body(at, end, sink);
      else
        at = take_chunk_framing(at, end);
    }
    if (state_ == state::failed) return failure_;
    return static_cast<std::size_t>(at - bytes.data());
  }

  /// The peer closed the connection: ends a body that lasts until then.
  /// \return  errc::closed where the message was not whole. Success before the first byte of a message or after its
  ///          end; `done` says which.
  template <class Sink>
  result<void> finish(Sink&& sink) {
    if (state_ == state::failed) return failure_;
    if (state_ == state::rest_body) end_message(sink);
    if (state_ == state::done || !started()) return {};
    fail(errc::closed, state_ == state::head ? "the peer closed the connection before the end of the HTTP head"
                                             : "the peer closed the connection before the end of the HTTP body");
    return failure_;
  }

  [[nodiscard]] bool done() const noexcept { return state_ == state::done; }
  /// Whether a byte of the current message has come.
  [[nodiscard]] bool started() const noexcept { return begun_ || !line_.empty(); }
  /// The current message's head; complete from on_head until next().
  [[nodiscard]] const http1_head& head() const noexcept { return head_; }
  /// The fields behind a chunked body; complete from on_end until next().
  [[nodiscard]] const http1_fields& trailers() const noexcept { return trailers_; }

  /// Makes ready for the next message of the connection. \pre done() and head().keep_alive
  void next() {
    head_.clear();
    trailers_.clear();
    head_bytes_ = fields_ = 0;
    state_ = state::head;
    start_line_ = true;
    begun_ = bodyless_ = false;
  }
  /// The next response answers a HEAD request: whatever its head says, no body follows. Call before its first byte.
  void expect_no_body() noexcept { bodyless_ = true; }

 private:
  enum class state : unsigned char {
    head,
    trailer,
    sized_body,  // until Content-Length
    rest_body,   // until the peer closes
    chunk_body,
    chunk_size,   // from here on bytes are taken one by one
    chunk_space,  // behind the size: only an extension or the line's end may follow
    chunk_extension,
    chunk_line_lf,
    chunk_end_cr,
    chunk_end_lf,
    done,  // from here on none is taken
    failed
  };

  void fail(errc code, std::string_view what) {
    state_ = state::failed;
    failure_ = {code, "HTTP: " + std::string(what)};
  }

  template <class Sink>
  void end_message(Sink& sink) {
    state_ = state::done;
    sink.on_end();
  }

  /// Takes one line of head or trailer, or holds the start of one.
  template <class Sink>
  const char* take_line(const char* at, const char* end, Sink& sink) {
    const auto available = static_cast<std::size_t>(end - at);
    const void* lf = std::memchr(at, '\n', available);
    const std::size_t taken = lf ? static_cast<std::size_t>(static_cast<const char*>(lf) - at) + 1 : available;
    std::string_view line(at, taken);
    if (!line_.empty() || !lf) line = line_.append(line);
    const std::size_t budget = limits_.head_bytes - head_bytes_;
    // What can't be a start line is refused at once, not after 64 KiB of it: a TLS record, another protocol.
    if (start_line_ && !plausible_start(line.substr(0, budget + 1)))
      fail(errc::parse, detail::ascii_quoted(line) + " is not the start of an HTTP/1.x message");
    else if (line.size() > budget)
      fail(errc::limit, "the head is longer than " + std::to_string(limits_.head_bytes) + " bytes");
    else if (lf)
      on_line(line, sink);
    return at + taken;
  }

  [[nodiscard]] bool plausible_start(std::string_view line) const noexcept {
    if (role_ == role::response) return std::string_view("HTTP/1.").starts_with(line.substr(0, 7));
    return detail::http_token_char(line.front()) || line.front() == '\r' || line.front() == '\n';
  }

  /// Takes one whole line, with its end.
  template <class Sink>
  void on_line(std::string_view line, Sink& sink) {
    head_bytes_ += line.size();
    line.remove_suffix(line.ends_with("\r\n") ? 2 : 1);
    if (start_line_)
      on_start_line(line);
    else if (!line.empty())
      on_field_line(line);
    else if (state_ == state::trailer)
      end_message(sink);
    else
      on_head_end(sink);
    line_.clear();
  }

  void on_start_line(std::string_view line) {
    if (line.empty()) return;  // plausible_start lets it through before requests only: RFC 9112 section 2.2
    begun_ = true;
    start_line_ = false;
    const auto good =
        role_ == role::response ? detail::parse_status_line(line, head_) : detail::parse_request_line(line, head_);
    if (!good) fail(errc::parse, good.error().detail);
  }

  void on_field_line(std::string_view line) {
    if (++fields_ > limits_.fields)
      return fail(errc::limit, "more than " + std::to_string(limits_.fields) + " header fields");
    auto& fields = state_ == state::head ? head_.headers : trailers_;
    const auto good = detail::parse_field_line(line, role_ == role::response, fields);
    if (!good) fail(errc::parse, good.error().detail);
  }

  /// RFC 9112 section 6.3: how long the body is.
  template <class Sink>
  void on_head_end(Sink& sink) {
    const bool response = role_ == role::response;
    if (const auto settled = detail::settle_head(head_, response); !settled)
      return fail(errc::parse, settled.error().detail);
    if (head_.status == 101) return fail(errc::parse, "101 Switching Protocols, which was not asked for");
    if (response && head_.status < 200) {  // an interim response: the next head is the one
      head_.clear();
      start_line_ = true;
      return;
    }
    const bool none = bodyless_ || head_.status == 204 || head_.status == 304;
    const bool until_close = response && !none && !head_.chunked && !head_.content_length;
    left_ = none || head_.chunked ? 0 : head_.content_length.value_or(until_close ? limits_.body_bytes : 0);
    budget_ = limits_.body_bytes;
    chunk_line_bytes_ = 0;
    if (left_ > budget_) return fail_body_limit();
    head_.keep_alive = head_.keep_alive && !until_close;
    sink.on_head(std::as_const(head_));
    if (until_close)
      state_ = state::rest_body;
    else if (head_.chunked && !none)
      state_ = state::chunk_size;
    else if (left_ > 0)
      state_ = state::sized_body;
    else
      end_message(sink);
  }

  template <class Sink>
  const char* take_body(const char* at, const char* end, Sink& sink) {
    if (left_ == 0) return fail_body_limit(), at;  // only a body that lasts until the peer closes gets here
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(left_, static_cast<std::uint64_t>(end - at)));
    left_ -= taken;
    sink.on_body(std::string_view(at, taken));
    if (left_ == 0 && state_ == state::chunk_body) state_ = state::chunk_end_cr;
    if (left_ == 0 && state_ == state::sized_body) end_message(sink);
    return at + taken;
  }

  /// Takes what stands between two chunk bodies: the CRLF behind one, and the line with the next one's size.
  const char* take_chunk_framing(const char* at, const char* end) {
    while (at != end && state_ >= state::chunk_size && state_ < state::done) take_chunk_byte(*at++);
    return at;
  }

  void take_chunk_byte(char c) {
    switch (state_) {
      case state::chunk_end_cr:
        return expect(c == '\r', state::chunk_end_lf, "a chunk is longer than its size line says");
      case state::chunk_end_lf:
        left_ = chunk_line_bytes_ = 0;
        return expect(c == '\n', state::chunk_size, "a chunk is longer than its size line says");
      case state::chunk_line_lf:
        budget_ -= left_;
        return expect(c == '\n', left_ > 0 ? state::chunk_body : state::trailer,
                      "a CR without its LF in a chunk's size line");
      default:
        take_size_line_byte(c);
    }
  }

  void take_size_line_byte(char c) {
    if (c == '\r' && chunk_line_bytes_ > 0)
      state_ = state::chunk_line_lf;
    else if (++chunk_line_bytes_ > limits_.chunk_line_bytes)
      fail(errc::limit, "a chunk's size line is longer than " + std::to_string(limits_.chunk_line_bytes) + " bytes");
    else if (state_ == state::chunk_size && detail::hex_value(c) >= 0)
      add_size_digit(static_cast<std::uint64_t>(detail::hex_value(c)));
    else if (state_ == state::chunk_extension)
      expect(detail::http_text({&c, 1}), state::chunk_extension, "a control character in a chunk extension");
    else if (chunk_line_bytes_ > 1 && c == ';')
      state_ = state::chunk_extension;
    else
      expect(chunk_line_bytes_ > 1 && (c == ' ' || c == '\t'), state::chunk_space,
             "a chunk's size is not a hexadecimal number");
  }

  void expect(bool holds, state then, std::string_view otherwise) {
    if (holds)
      state_ = then;
    else
      fail(errc::parse, otherwise);
  }

  void add_size_digit(std::uint64_t digit) {
    if (left_ > budget_ / 16 || left_ * 16 + digit > budget_) return fail_body_limit();
    left_ = left_ * 16 + digit;
  }

  void fail_body_limit() {
    fail(errc::limit, "the body is longer than " + std::to_string(limits_.body_bytes) + " bytes");
  }

  http1_limits limits_;
  role role_;
  state state_ = state::head;
  bool start_line_ = true;      // the next line is a start line
  bool begun_ = false;          // a start line has come, perhaps of an interim response
  bool bodyless_ = false;       // the answer to a HEAD request
  std::size_t head_bytes_ = 0;  // of whole lines, trailers too
  std::size_t fields_ = 0;      // trailers too
  std::size_t chunk_line_bytes_ = 0;
  std::uint64_t left_ = 0;    // bytes until the end of the body, the chunk, or the limit
  std::uint64_t budget_ = 0;  // body bytes that later chunks may still hold
  std::string line_;          // the start of a line whose end has not come
  http1_head head_;
  http1_fields trailers_;
  failure failure_{};
};

}  // namespace weir::inline v0

#endif  // WEIR_NET_HTTP1_HPP
