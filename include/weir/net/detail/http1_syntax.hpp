// weir/net/detail/http1_syntax.hpp - the lines of an HTTP/1.1 head, one function each. Needs the standard library only.
//
// Source: RFC 9112 sections 2 to 6, RFC 9110 sections 5, 7.6.1 and 8.6. Where they leave a choice, what could make
// two readers see two different messages (request smuggling) is refused.
#ifndef WEIR_NET_DETAIL_HTTP1_SYNTAX_HPP
#define WEIR_NET_DETAIL_HTTP1_SYNTAX_HPP

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/net/detail/ascii.hpp"
#include "weir/net/http1_head.hpp"

namespace weir::inline v0::detail {

/// RFC 9110 section 5.6.2: what method and field names are made of.
inline bool http_token_char(char c) noexcept {
  return ascii_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
inline bool http_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), http_token_char);
}
/// What a field value and a reason phrase are made of: printable, space, tab, and bytes above ASCII.
inline bool http_text(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7F) || byte == '\t';
  });
}

inline failure http_refused(std::string what) {
  return {errc::parse, std::move(what)};
}

/// Sets the minor version from "HTTP/1.x". False for anything else: HTTP/0.9 and HTTP/2 are other protocols.
inline bool parse_http_version(std::string_view text, http1_head& head) {
  if (text.size() != 8 || !text.starts_with("HTTP/1.") || text[7] < '0' || text[7] > '9') return false;
  head.minor_version = text[7] - '0';
  return true;
}

inline result<void> parse_status_line(std::string_view line, http1_head& head) {
  const auto digit = [&](std::size_t i) { return line[i] >= '0' && line[i] <= '9'; };
  if (line.size() < 12 || !parse_http_version(line.substr(0, 8), head) || line[8] != ' ' || !digit(9) || !digit(10) ||
      !digit(11) || line[9] == '0' || (line.size() > 12 && line[12] != ' ') || !http_text(line.substr(12)))
    return http_refused("the status line " + ascii_quoted(line) + " is not 'HTTP/1.x NNN reason'");
  head.status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  if (line.size() > 13) head.reason = line.substr(13);
  return {};
}

inline result<void> parse_request_line(std::string_view line, http1_head& head) {
  const auto bad = [&] {
    return http_refused("the request line " + ascii_quoted(line) + " is not 'METHOD target HTTP/1.x'");
  };
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == line.npos || first == last || !parse_http_version(line.substr(last + 1), head)) return bad();
  const auto target = line.substr(first + 1, last - first - 1);
  const auto visible = [](char c) { return c > 0x20 && c < 0x7F; };
  if (!http_token(line.substr(0, first)) || target.empty() || !std::all_of(target.begin(), target.end(), visible))
    return bad();
  head.method = line.substr(0, first);
  head.target = target;
  return {};
}

/// One field line into `headers`. A line that starts with a space continues the last value (obs-fold): a response's
/// is joined by a space, as a user agent must; a request's is refused, as a server may.
inline result<void> parse_field_line(std::string_view line, bool response, http1_fields& headers) {
  if (line.front() == ' ' || line.front() == '\t') {
    if (!response || headers.size() == 0 || !http_text(line)) return http_refused("a header line starts with a space");
    headers.extend_last(http_trim(line));
    return {};
  }
  const auto colon = line.find(':');
  const auto name = line.substr(0, colon);
  if (colon == line.npos || !http_token(name))
    return http_refused("the header line " + ascii_quoted(name) + " has no valid name");
  const auto value = http_trim(line.substr(colon + 1));
  if (!http_text(value))
    return http_refused("the value of header " + ascii_quoted(name) + " holds a control character");
  headers.add(name, value);
  return {};
}

/// Adds one Content-Length field. Repeating the same number is allowed, anything else is a conflict.
inline result<void> add_content_length(std::string_view value, http1_head& head) {
  bool good = true, any = false;
  for_each_element(value, [&](std::string_view element) {
    std::uint64_t length = 0;
    for (const char c : element) {
      const auto digit = static_cast<std::uint64_t>(c - '0');
      good = good && c >= '0' && c <= '9' && length <= (std::numeric_limits<std::uint64_t>::max() - digit) / 10;
      if (good) length = length * 10 + digit;
    }
    good = good && (!head.content_length || *head.content_length == length);
    if (good) head.content_length = length;
    any = true;
  });
  if (!good || !any)
    return http_refused("Content-Length " + ascii_quoted(value) + " is malformed, too large or contradicts another");
  return {};
}

/// Reads the fields that say how long the body is and whether the connection lives on.
inline result<void> settle_head(http1_head& head, bool response) {
  bool close = false, keep = false;
  std::size_t codings = 0, hosts = 0;
  for (std::size_t i = 0; i < head.headers.size(); ++i) {
    const auto [name, value] = head.headers[i];
    if (ascii_same(name, "content-length")) {
      if (auto ok = add_content_length(value, head); !ok) return ok;
    } else if (ascii_same(name, "transfer-encoding")) {
      if (++codings > 1 || !ascii_same(value, "chunked"))
        return http_refused("Transfer-Encoding " + ascii_quoted(value) + ": only one 'chunked' is supported");
    } else if (ascii_same(name, "connection")) {
      for_each_element(value, [&](std::string_view option) {
        close = close || ascii_same(option, "close");
        keep = keep || ascii_same(option, "keep-alive");
      });
    } else if (ascii_same(name, "host")) {
      ++hosts;
    }
  }
  head.chunked = codings > 0;
  head.keep_alive = !close && (head.minor_version >= 1 || keep);
  if (head.chunked && head.content_length)
    return http_refused("both Transfer-Encoding and Content-Length (request smuggling?)");
  if (head.chunked && head.minor_version == 0) return http_refused("Transfer-Encoding in an HTTP/1.0 message");
  if (!response && (hosts > 1 || (hosts == 0 && head.minor_version >= 1)))
    return http_refused("a request needs exactly one Host header, this has " + std::to_string(hosts));
  return {};
}

}  // namespace weir::inline v0::detail

#endif  // WEIR_NET_DETAIL_HTTP1_SYNTAX_HPP
