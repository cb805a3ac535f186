#include "weir/net/http1.hpp"

#include <string>
#include <string_view>

#include "catch.hpp"

namespace {

struct message {
  weir::http1_head head;
  std::string body;
  bool ended = false;
  void on_head(const weir::http1_head& h) { head = h; }
  void on_body(std::string_view piece) { body += piece; }
  void on_end() { ended = true; }
};

}  // namespace

TEST_CASE("http1: two messages on one connection are told apart", "[http1]") {
  const std::string_view first =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=\"y\"\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n";
  const std::string both =
      std::string(first) + "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno";
  weir::http1_parser parser(weir::http1_parser::role::response);
  message one, two;
  const auto used = parser.feed(both, one);
  REQUIRE(used);
  CHECK(*used == first.size());
  CHECK(one.body == "hello!");
  CHECK(one.head.keep_alive);
  REQUIRE(parser.done());
  parser.next();
  REQUIRE(parser.feed(std::string_view(both).substr(*used), two));
  CHECK(parser.done());
  CHECK(two.head.status == 404);
  CHECK(two.head.header("content-length") == "2");
  CHECK(two.body == "no");
  CHECK_FALSE(two.head.keep_alive);
}
