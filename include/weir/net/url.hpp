// weir/net/url.hpp - where an HTTP server is: http://host[:port][/path][?query]. Needs the standard library only.
//
// Source: RFC 3986 section 3, RFC 9110 section 4.2 (http and https; no user information).
#ifndef WEIR_NET_URL_HPP
#define WEIR_NET_URL_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "weir/base/result.hpp"
#include "weir/base/units.hpp"
#include "weir/net/detail/ascii.hpp"

namespace weir::inline v0 {

/// An http or https URL, taken apart. Made by `parse_url`.
struct url {
  bool tls = false;          ///< https
  std::string host;          ///< lower case; an IPv6 address without its brackets: what getaddrinfo wants
  std::uint16_t port = 0;    ///< 80 or 443 where the text names none
  std::string target = "/";  ///< path and query: what a request line wants

  /// The value of the Host field: brackets round an IPv6 address, the port only where it is not the scheme's own.
  [[nodiscard]] std::string authority() const {
    const bool literal = host.find(':') != host.npos;
    std::string text = literal ? "[" + host + "]" : host;
    if (port != (tls ? 443 : 80)) text += ":" + std::to_string(port);
    return text;
  }

  /// The URL of `endpoint` with this one as the base: "http://h/api/" and "/v1/models" give "http://h/api/v1/models".
  /// The base's own query, if any, is dropped.
  /// \return  errc::invalid_argument where a character of `endpoint` had to be percent-encoded.
  [[nodiscard]] result<url> under(std::string_view endpoint) const;

  /// The whole as text again; `parse_url` of it gives an equal url.
  [[nodiscard]] std::string text() const { return (tls ? "https://" : "http://") + authority() + target; }

  bool operator==(const url&) const = default;
};

namespace detail {

inline std::string ascii_lowered(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), ascii_lower);
  return lowered;
}

/// Names the URL, unless what stands before an '@' in it may be a password.
inline failure bad_url(std::string_view text, std::string_view why) {
  const std::string name = text.find('@') == text.npos ? ascii_quoted(text, 200) : "with '@' (not shown)";
  return {errc::invalid_argument, "URL " + name + ": " + std::string(why)};
}

/// Whether `target` is path and query as RFC 3986 has them: nothing in it ends a request line or a header.
inline bool plausible_target(std::string_view target) noexcept {
  for (std::size_t i = 0; i < target.size(); ++i) {
    const bool escape =
        target[i] == '%' && i + 2 < target.size() && hex_value(target[i + 1]) >= 0 && hex_value(target[i + 2]) >= 0;
    const bool plain =
        ascii_alnum(target[i]) || std::string_view("-._~!$&'()*+,;=:@/?").find(target[i]) != std::string_view::npos;
    if (!escape && !plain) return false;
  }
  return true;
}

/// A DNS name or IPv4 address by its characters; the resolver has the last word. "_" is no host name's, but in use.
inline bool plausible_name(std::string_view host) noexcept {
  const auto fits = [](char c) { return ascii_alnum(c) || c == '-' || c == '.' || c == '_'; };
  return !host.empty() && std::all_of(host.begin(), host.end(), fits);
}

/// An IPv6 address by its characters, without a zone.
inline bool plausible_ipv6(std::string_view host) noexcept {
  const auto fits = [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; };
  return std::count(host.begin(), host.end(), ':') >= 2 && std::all_of(host.begin(), host.end(), fits);
}

/// Fills in host and port from "host", "host:port", "[::1]" or "[::1]:port".
inline result<void> parse_authority(std::string_view authority, std::string_view text, url& to) {
  std::string_view rest;
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == authority.npos) return bad_url(text, "the '[' of an IPv6 address is not closed");
    if (!plausible_ipv6(authority.substr(1, close - 1))) return bad_url(text, "not an IPv6 address between [ and ]");
    to.host = ascii_lowered(authority.substr(1, close - 1));
    rest = authority.substr(close + 1);
  } else {
    const auto colon = std::min(authority.find(':'), authority.size());
    if (!plausible_name(authority.substr(0, colon))) return bad_url(text, "the host name is missing or malformed");
    to.host = ascii_lowered(authority.substr(0, colon));
    rest = authority.substr(colon);
  }
  if (rest.empty() || rest == ":") return {};
  const auto port = rest.front() == ':' ? parse_number<std::uint16_t>(rest.substr(1)) : failure{errc::parse, ""};
  if (!port || *port == 0) return bad_url(text, "after the host comes ':' and a port from 1 to 65535, or '/'");
  to.port = *port;
  return {};
}

}  // namespace detail

/// Reads an absolute http or https URL. A fragment is dropped, since it is never sent.
/// \return  errc::invalid_argument with a sentence that names the text and what is wrong: another scheme, user
///          information (a key does not belong on a command line), a bad host or port, a character to be escaped.
[[nodiscard]] inline result<url> parse_url(std::string_view text) {
  const auto scheme_end = text.find("://");
  const auto scheme = text.substr(0, std::min(scheme_end, text.size()));
  url parsed;
  parsed.tls = detail::ascii_same(scheme, "https");
  if (scheme_end == text.npos || (!parsed.tls && !detail::ascii_same(scheme, "http")))
    return detail::bad_url(text, "must start with http:// or https://");
  parsed.port = parsed.tls ? 443 : 80;

  std::string_view rest = text.substr(scheme_end + 3);
  rest = rest.substr(0, rest.find('#'));
  const auto authority = rest.substr(0, rest.find_first_of("/?"));
  if (authority.find('@') != authority.npos) return detail::bad_url(text, "must not hold a user name, password or key");
  if (auto ok = detail::parse_authority(authority, text, parsed); !ok) return ok.error();

  const auto target = rest.substr(authority.size());
  if (!detail::plausible_target(target))
    return detail::bad_url(text, "a space or special character in the path must be percent-encoded");
  parsed.target = target.starts_with('/') ? "" : "/";
  parsed.target += target;
  return parsed;
}

inline result<url> url::under(std::string_view endpoint) const {
  if (!detail::plausible_target(endpoint))
    return detail::bad_url(endpoint, "a space or special character must be percent-encoded");
  url joined = *this;
  joined.target.resize(std::min(target.find('?'), target.size()));
  while (joined.target.ends_with('/')) joined.target.pop_back();
  if (!endpoint.starts_with('/')) joined.target += '/';
  joined.target += endpoint;
  return joined;
}

}  // namespace weir::inline v0

#endif  // WEIR_NET_URL_HPP
