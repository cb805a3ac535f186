#include "weir/net/url.hpp"

#include "catch.hpp"

TEST_CASE("url: the parts of an address are found", "[url]") {
  const auto u = weir::parse_url("HTTP://[::1]:8080/v1?x=1#top");
  REQUIRE(u);
  CHECK(u->host == "::1");
  CHECK(u->port == 8080);
  CHECK(u->target == "/v1?x=1");
  CHECK(u->authority() == "[::1]:8080");
  CHECK_FALSE(u->tls);
}
