#include "weir/net/proxy.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "catch.hpp"

namespace {

using variables = std::map<std::string, std::string>;

/// The proxy's URL, "none", or "refused".
std::string proxy(const std::string& to, const variables& env) {
  const auto found = weir::proxy_for(*weir::parse_url(to), [&](const char* name) {
    const auto at = env.find(name);
    return at == env.end() ? nullptr : at->second.c_str();
  });
  return !found ? "refused" : *found ? (*found)->text() : "none";
}

/// A layer that says what it is told, in brackets.
struct echo final : weir::byte_layer {
  weir::result<void> start(std::string& out) override { return out += "(hello)", weir::result<void>{}; }
  weir::result<void> receive(std::string_view bytes, std::string& in, std::string&) override {
    return in.append("[").append(bytes).append("]"), weir::result<void>{};
  }
  weir::result<void> send(std::string_view bytes, std::string& out) override {
    return out.append("<").append(bytes).append(">"), weir::result<void>{};
  }
  [[nodiscard]] bool ready() const override { return true; }
};
struct echo_source final : weir::layer_source {
  [[nodiscard]] std::unique_ptr<weir::byte_layer> make() const override { return std::make_unique<echo>(); }
};

}  // namespace

TEST_CASE("proxy: the environment's variables mean what they mean to curl", "[net]") {
  const std::string http = "http://api.example.org/v1", https = "https://api.example.org/v1";
  CHECK(proxy(http, {}) == "none");
  CHECK(proxy(http, {{"http_proxy", "http://p:3128"}}) == "http://p:3128/");
  CHECK(proxy(http, {{"http_proxy", "p:3128"}}) == "http://p:3128/");
  CHECK(proxy(http, {{"HTTP_PROXY", "http://p:3128"}}) == "none");  // a CGI server sets it from a header
  CHECK(proxy(https, {{"http_proxy", "http://p:3128"}}) == "none");
  CHECK(proxy(https, {{"https_proxy", "http://p:3128"}}) == "http://p:3128/");
  CHECK(proxy(https, {{"HTTPS_PROXY", "http://p:3128"}}) == "http://p:3128/");
  CHECK(proxy(https, {{"https_proxy", "http://small:1"}, {"HTTPS_PROXY", "http://large:2"}}) == "http://small:1/");
  CHECK(proxy(https, {{"ALL_PROXY", "http://p:3128"}}) == "http://p:3128/");
  CHECK(proxy(http, {{"http_proxy", ""}}) == "none");
}

TEST_CASE("proxy: no_proxy spares names and domains, and this machine is always spared", "[net]") {
  const auto spared = [](const std::string& host, const std::string& list) {
    return proxy("http://" + host, {{"http_proxy", "p:1"}, {"no_proxy", list}}) == "none";
  };
  CHECK(spared("api.example.org", "example.org"));
  CHECK(spared("api.example.org", "a.net, .example.org"));
  CHECK(spared("example.org", "EXAMPLE.org"));
  CHECK(spared("10.0.0.7", "10.0.0.7"));
  CHECK(spared("anything", "*"));
  CHECK_FALSE(spared("badexample.org", "example.org"));
  CHECK_FALSE(spared("example.org.evil.net", "example.org"));
  CHECK_FALSE(spared("api.example.org", ""));
  for (const char* here : {"localhost", "127.0.0.1", "127.1.2.3", "[::1]"}) CHECK(spared(here, ""));
}

TEST_CASE("proxy: what can't be used is refused, and a password is not repeated", "[net]") {
  CHECK(proxy("http://h", {{"http_proxy", "https://p:1"}}) == "refused");
  CHECK(proxy("http://h", {{"http_proxy", "socks5://p:1"}}) == "refused");
  const auto bad = weir::proxy_for(*weir::parse_url("http://h"), [](const char*) { return "http://me:hunter2@p:1"; });
  REQUIRE_FALSE(bad);
  CHECK(bad.error().detail.find("hunter2") == std::string::npos);
}

TEST_CASE("tunnel: it asks for the way, then hands over, wherever the answer is cut", "[net]") {
  const std::string answer = "HTTP/1.1 200 Connection established\r\nvia: p\r\n\r\n";
  for (std::size_t cut = 0; cut <= answer.size(); ++cut) {
    CAPTURE(cut);
    const auto layer = weir::tunnel_source("h:443", std::make_shared<echo_source>()).make();
    std::string in, out;
    REQUIRE(layer->start(out));
    CHECK(out == "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n");
    out.clear();
    CHECK_FALSE(layer->ready());
    REQUIRE(layer->receive(answer.substr(0, cut), in, out));
    REQUIRE(layer->receive(answer.substr(cut) + "more", in, out));
    CHECK(layer->ready());
    CHECK(out == "(hello)");
    CHECK(in == "[more]");
    REQUIRE(layer->send("x", out));
    CHECK(out == "(hello)<x>");
  }
}

TEST_CASE("tunnel: a refusal is told with the proxy's status, and what is no HTTP as that", "[net]") {
  const auto refused = [](std::string_view answer) {
    const auto layer = weir::tunnel_source("h:443", std::make_shared<echo_source>()).make();
    std::string in, out;
    (void)layer->start(out);
    const auto done = layer->receive(answer, in, out);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == weir::errc::closed);
    CHECK(in.empty());
    return done.error().detail;
  };
  CHECK(refused("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n") ==
        "the proxy answers HTTP 407 to CONNECT h:443");
  CHECK(refused("SSH-2.0-OpenSSH\r\n").starts_with("the proxy speaks no HTTP"));
}
