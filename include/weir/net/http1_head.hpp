// weir/net/http1_head.hpp - what stands before the body of an HTTP/1.1 message. Needs the standard library only.
#ifndef WEIR_NET_HTTP1_HEAD_HPP
#define WEIR_NET_HTTP1_HEAD_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weir/net/detail/ascii.hpp"

namespace weir::inline v0 {

namespace detail {

/// `text` without the spaces and tabs (RFC 9110: OWS) at its ends.
inline std::string_view http_trim(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Calls `take(element)` for each element, trimmed, of a comma-separated list; empty ones are left out.
template <class Take>
void for_each_element(std::string_view list, Take&& take) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    if (const auto element = http_trim(list.substr(0, comma)); !element.empty()) take(element);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

}  // namespace detail

/// The fields of a message in the order in which they came. Copyable; holds all text in one string, so that filling
/// it again after `clear` allocates nothing.
class http1_fields {
 public:
  struct field {
    std::string_view name, value;  ///< views into the http1_fields
  };

  [[nodiscard]] std::size_t size() const noexcept { return spans_.size(); }
  [[nodiscard]] field operator[](std::size_t i) const noexcept {
    const std::string_view all = text_;
    const std::size_t end = i + 1 < spans_.size() ? spans_[i + 1].name : all.size();
    return {all.substr(spans_[i].name, spans_[i].value - spans_[i].name),
            all.substr(spans_[i].value, end - spans_[i].value)};
  }

  void add(std::string_view name, std::string_view value) {
    spans_.push_back({text_.size(), text_.size() + name.size()});
    text_.append(name).append(value);
  }
  /// Continues the last field's value (an obsolete folded line) behind one space. \pre size() > 0.
  void extend_last(std::string_view value) {
    if (text_.size() > spans_.back().value && !value.empty()) text_.push_back(' ');
    text_.append(value);
  }
  void clear() noexcept {
    text_.clear();
    spans_.clear();
  }

 private:
  struct span {
    std::size_t name, value;  // where each starts in text_; a value ends where the next name starts
  };
  std::string text_;
  std::vector<span> spans_;
};

/// Start line, fields, and what they mean for the body and the connection.
struct http1_head {
  int status = 0;              ///< of a response; 0 in a request
  std::string reason;          ///< of a response; often empty
  std::string method, target;  ///< of a request
  int minor_version = 1;       ///< 1 of HTTP/1.1
  http1_fields headers;        ///< as they came, names in their own case
  bool keep_alive = true;      ///< the connection may carry another message after this one
  bool chunked = false;
  std::optional<std::uint64_t> content_length;  ///< as said, also where no body follows (HEAD, 304)

  /// The first field of that name, whatever its case; empty where there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const noexcept {
    for (std::size_t i = 0; i < headers.size(); ++i)
      if (const auto field = headers[i]; detail::ascii_same(field.name, name)) return field.value;
    return {};
  }

  void clear() {
    status = 0;
    reason.clear();
    method.clear();
    target.clear();
    minor_version = 1;
    headers.clear();
    keep_alive = true;
    chunked = false;
    content_length.reset();
  }
};

/// The most that a peer may send. Reaching one of them is errc::limit, whatever the cuts.
struct http1_limits {
  std::size_t head_bytes = std::size_t{64} << 10;       ///< start line and fields, with interim responses and trailers
  std::size_t fields = 256;                             ///< their number, likewise
  std::size_t chunk_line_bytes = std::size_t{4} << 10;  ///< a chunk's size with its extensions
  std::uint64_t body_bytes = std::uint64_t{1} << 30;    ///< of one message; the parser keeps none of them
};

}  // namespace weir::inline v0

#endif  // WEIR_NET_HTTP1_HEAD_HPP
