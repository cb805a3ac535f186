#include "weir/net/url.hpp"

#include <cstdint>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "weir/base/result.hpp"

TEST_CASE("url: the parts of an address are found", "[url]") {
  struct row {
    std::string_view text, host;
    std::uint16_t port;
    std::string_view target, authority;
    bool tls;
  };
  for (const auto& [text, host, port, target, authority, tls] : {
           row{"http://localhost", "localhost", 80, "/", "localhost", false},
           row{"http://localhost:8000", "localhost", 8000, "/", "localhost:8000", false},
           row{"HTTPS://Api.Example.ORG/v1/", "api.example.org", 443, "/v1/", "api.example.org", true},
           row{"https://h:80/", "h", 80, "/", "h:80", true},
           row{"http://h:80/", "h", 80, "/", "h", false},
           row{"http://h:/x", "h", 80, "/x", "h", false},
           row{"http://127.0.0.1:65535?a=b&c=%20", "127.0.0.1", 65535, "/?a=b&c=%20", "127.0.0.1:65535", false},
           row{"http://[::1]:8080/v1?x=1#top", "::1", 8080, "/v1?x=1", "[::1]:8080", false},
           row{"http://[FE80::1]", "fe80::1", 80, "/", "[fe80::1]", false},
           row{"http://[::ffff:127.0.0.1]/", "::ffff:127.0.0.1", 80, "/", "[::ffff:127.0.0.1]", false},
           row{"http://my_service.ns:1/~a/(b);c=d,e@f!$'*+:", "my_service.ns", 1,
               "/~a/(b);c=d,e@f!$'*+:", "my_service.ns:1", false},
           row{"http://h#?not-a-query", "h", 80, "/", "h", false},
       }) {
    CAPTURE(text);
    const auto u = weir::parse_url(text);
    REQUIRE(u);
    CHECK(u->host == host);
    CHECK(u->port == port);
    CHECK(u->target == target);
    CHECK(u->authority() == authority);
    CHECK(u->tls == tls);
    CHECK(*weir::parse_url(u->text()) == *u);
  }
}

TEST_CASE("url: what is not an http address is refused, and the sentence says why", "[url]") {
  struct row {
    std::string_view text, why;
  };
  using namespace std::string_view_literals;
  for (const auto& [text, why] : {
           row{"", "must start with http"},
           row{"localhost:8000", "must start with http"},
           row{"ftp://h", "must start with http"},
           row{"http:/h", "must start with http"},
           row{"://h", "must start with http"},
           row{" http://h", "must start with http"},
           row{"http://", "host name"},
           row{"http:///x", "host name"},
           row{"http://:80", "host name"},
           row{"http://a b/", "host name"},
           row{"http://h\r\nX: y/", "host name"},
           row{"http://h%41/", "host name"},
           row{"http://\xC3\xA4/", "host name"},
           row{"http://h:0", "port"},
           row{"http://h:65536", "port"},
           row{"http://h:-1", "port"},
           row{"http://h:8o", "port"},
           row{"http://h: 80", "port"},
           row{"http://h:+80", "port"},
           row{"http://h:80:80", "port"},
           row{"http://[::1]80", "port"},
           row{"http://[::1", "closed"},
           row{"http://[]/", "IPv6"},
           row{"http://[1.2.3.4]/", "IPv6"},
           row{"http://[::g]/", "IPv6"},
           row{"http://[fe80::1%25eth0]/", "IPv6"},
           row{"http://::1/", "host name"},
           row{"http://h/a b", "percent-encoded"},
           row{"http://h/\xC3\xA4", "percent-encoded"},
           row{"http://h/a\r\nX: y", "percent-encoded"},
           row{"http://h/\0"sv, "percent-encoded"},
           row{"http://h/<x>", "percent-encoded"},
           row{"http://h/a\\b", "percent-encoded"},
           row{"http://h/%", "percent-encoded"},
           row{"http://h/%4x", "percent-encoded"},
       }) {
    CAPTURE(text);
    const auto u = weir::parse_url(text);
    REQUIRE_FALSE(u);
    CHECK(u.error().code == weir::errc::invalid_argument);
    CHECK(u.error().detail.find(why) != std::string::npos);
  }
}

TEST_CASE("url: a secret before '@' is refused and not repeated", "[url]") {
  for (const std::string_view text :
       {"http://user:hunter2@h/", "https://hunter2@h", "http://user:hunter2@h:99999999/ ", "https//user:hunter2@h",
        "http://user:hunter2/@h", "http://h:99999999/?key=hunter2@x"}) {
    const auto u = weir::parse_url(text);
    REQUIRE_FALSE(u);
    CHECK(u.error().detail.find("hunter2") == std::string::npos);
  }
}

TEST_CASE("url: an endpoint goes under the base's path", "[url]") {
  const auto under = [](std::string_view base, std::string_view endpoint) {
    return weir::parse_url(base)->under(endpoint).value().text();
  };
  CHECK(under("http://h", "/v1/completions") == "http://h/v1/completions");
  CHECK(under("http://h/", "v1/completions") == "http://h/v1/completions");
  CHECK(under("https://h:1/api//", "/v1/models") == "https://h:1/api/v1/models");
  CHECK(under("http://h/api?key=1", "/v1/models?x=2") == "http://h/api/v1/models?x=2");
  for (const char* bad : {"/a b", "/a\r\nX: y", "/%", "/%4", "/%g0", "/\xC3\xA4"})
    CHECK_FALSE(weir::parse_url("http://h")->under(bad));
}
