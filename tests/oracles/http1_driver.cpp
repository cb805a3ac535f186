// Reads byte streams as http1_parser does and prints what they held, for http1_differential.py to compare. Standard
// input holds cases, each a line "ROLE STEP SIZE" (ROLE: request, response, or head for the response to a HEAD) and
// then SIZE bytes, which are fed in pieces of STEP. Standard output gets a line of JSON for each, all text in
// hexadecimal.
#include <cstddef>
#include <iostream>
#include <string>
#include <string_view>

#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/net/http1.hpp"
#include "weir/net/http1_head.hpp"

namespace {

std::string hex(std::string_view bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text.append({digits[byte >> 4], digits[byte & 15]});
  }
  return text;
}

/// One connection's messages as JSON.
struct printer {
  weir::json_writer& json;
  std::string body{};

  void fields(std::string_view name, const weir::http1_fields& all) {
    json.key(name).begin_array();
    for (std::size_t i = 0; i < all.size(); ++i)
      json.begin_array().value(hex(all[i].name)).value(hex(all[i].value)).end_array();
    json.end_array();
  }
  void on_head(const weir::http1_head& head) {
    body.clear();
    json.begin_object()
        .field("method", hex(head.method))
        .field("target", hex(head.target))
        .field("status", head.status);
    json.field("reason", hex(head.reason)).field("minor", head.minor_version).field("keep_alive", head.keep_alive);
    fields("headers", head.headers);
  }
  void on_body(std::string_view piece) { body += piece; }
  void on_end() {}
  void close(const weir::http1_parser& parser, std::size_t used) {
    json.field("body", hex(body)).field("ended", parser.done());
    fields("trailers", parser.trailers());
    json.field("used", used).end_object();
  }
};

std::string_view outcome(weir::errc code) {
  if (code == weir::errc{}) return "";
  if (code == weir::errc::closed) return "closed";
  return code == weir::errc::limit ? "limit" : "parse";
}

/// Messages until one that the connection does not outlive, an error, or the end of the bytes.
std::string read(std::string_view role, std::string_view bytes, std::size_t step) {
  using parser_role = weir::http1_parser::role;
  weir::http1_parser parser(role == "request" ? parser_role::request : parser_role::response);
  if (role == "head") parser.expect_no_body();
  std::string line;
  weir::json_writer json(line);
  printer out{json};
  json.begin_object().key("messages").begin_array();

  weir::failure why{};
  bool open = false;  // a message was begun and not printed to its end
  std::size_t used = 0;
  struct sink {
    printer& out;
    bool& open;
    void on_head(const weir::http1_head& head) { out.on_head(head), open = true; }
    void on_body(std::string_view piece) { out.on_body(piece); }
    void on_end() {}
  } into{out, open};
  while (used < bytes.size() && why.code == weir::errc{}) {
    const auto fed = parser.feed(bytes.substr(used, step), into);
    if (!fed) {
      why = fed.error();
      break;
    }
    used += *fed;
    if (!parser.done()) continue;
    out.close(parser, used);
    open = false;
    if (!parser.head().keep_alive) break;
    parser.next();
  }
  if (!parser.done() && why.code == weir::errc{})
    if (const auto finished = parser.finish(into); !finished) why = finished.error();
  if (open) out.close(parser, used);
  json.end_array().field("error", outcome(why.code)).field("detail", why.detail).end_object();
  return line + '\n';
}

}  // namespace

int main() {
  std::string role, bytes;
  for (std::size_t step = 0, size = 0; std::cin >> role >> step >> size;) {
    bytes.resize(size);
    std::cin.ignore(1);
    std::cin.read(bytes.data(), static_cast<std::streamsize>(size));
    std::cout << read(role, bytes, step);
  }
  std::cout.flush();
  return std::cout ? 0 : 2;
}
