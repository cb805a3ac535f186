// The property of both HTTP fuzzers. The first byte of the input chooses the limits, the rest is the connection.
#ifndef WEIR_FUZZ_HTTP1_FUZZ_HPP
#define WEIR_FUZZ_HTTP1_FUZZ_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "cuts.hpp"
#include "weir/base/result.hpp"
#include "weir/net/http1.hpp"
#include "weir/net/http1_head.hpp"

namespace fuzz {

/// Writes down all that is read from a connection, and checks the limits on the way.
struct http1_reader {
  weir::http1_limits limits;
  std::string seen{};
  std::uint64_t body = 0;

  void note(std::string_view part) { seen.append(std::to_string(part.size())).append(1, ':').append(part); }
  void note_fields(const weir::http1_fields& fields) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      note(fields[i].name);
      note(fields[i].value);
      require(fields[i].value.find_first_of("\r\n") == std::string_view::npos, "no line end in a value");
    }
  }
  void on_head(const weir::http1_head& head) {
    body = 0;
    for (const std::string_view part :
         {std::string_view(head.method), std::string_view(head.target), std::string_view(head.reason)})
      note(part);
    note(std::to_string(head.status) + (head.keep_alive ? "k" : "") + (head.chunked ? "c" : "") +
         std::to_string(head.minor_version) + (head.content_length ? std::to_string(*head.content_length) : "-"));
    require(head.headers.size() <= limits.fields, "number of fields within the limit");
    require(!head.chunked || !head.content_length, "one length and no more");
    note_fields(head.headers);
  }
  void on_body(std::string_view piece) {
    require(!piece.empty(), "no empty piece of a body");
    body += piece.size();
    require(body <= limits.body_bytes, "body within the limit");
    seen += piece;
  }
  void on_end() { seen += "<end>"; }
};

inline void http1(weir::http1_parser::role role, const std::uint8_t* data, std::size_t size) {
  if (size == 0) return;
  weir::http1_limits limits;
  if (data[0] & 1) limits.head_bytes = data[0];
  if (data[0] & 2) limits.fields = data[0] / 32;
  if (data[0] & 4) limits.chunk_line_bytes = data[0] / 16;
  if (data[0] & 8) limits.body_bytes = data[0];
  same_at_any_cut({reinterpret_cast<const char*>(data) + 1, size - 1}, [&](auto&& next) {
    weir::http1_parser parser(role, limits);
    if (data[0] & 16) parser.expect_no_body();
    http1_reader reader{limits};
    const auto failed = [&](const weir::failure& why) {
      return reader.seen + "<failed " + std::to_string(static_cast<int>(why.code)) + ">";
    };
    for (std::string_view piece; next(piece);) {
      for (std::string_view rest = piece; !rest.empty();) {
        const auto used = parser.feed(rest, reader);
        if (!used) return failed(used.error());
        require(*used > 0 && *used <= rest.size(), "feed makes progress");
        rest.remove_prefix(*used);
        require(rest.empty() || parser.done(), "feed stops only at the end of a message");
        if (!parser.done()) continue;
        reader.note_fields(parser.trailers());
        parser.next();
      }
    }
    const auto finished = parser.finish(reader);
    return finished ? reader.seen : failed(finished.error());
  });
}

}  // namespace fuzz

#endif  // WEIR_FUZZ_HTTP1_FUZZ_HPP
