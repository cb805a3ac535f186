// TLS against a small server of OpenSSL's own, with certificates that are made here.
#include "weir/net/tls.hpp"

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "net/identity.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/net/http_call.hpp"
#include "weir/net/proxy.hpp"

using tls_tests::identity;

namespace {

/// Answers one connection, then ends.
class tls_server {
 public:
  struct behaviour {
    std::string trusted = {};  ///< Wants a certificate of the client, vouched for by this file.
    bool proxy = false;        ///< A CONNECT comes first.
    std::string answer = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
  };
  tls_server(const identity& who, behaviour how) : how_(std::move(how)) {
    context_ = SSL_CTX_new(TLS_server_method());
    REQUIRE(SSL_CTX_use_certificate_chain_file(context_, who.path.c_str()) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey_file(context_, who.path.c_str(), SSL_FILETYPE_PEM) == 1);
    if (!how_.trusted.empty()) {
      REQUIRE(SSL_CTX_load_verify_locations(context_, how_.trusted.c_str(), nullptr) == 1);
      SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    listener_ = weir::unique_fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    REQUIRE(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&at), size) == 0);
    REQUIRE(::listen(listener_.get(), 4) == 0);
    REQUIRE(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&at), &size) == 0);
    port = ntohs(at.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  tls_server(const tls_server&) = delete;
  tls_server& operator=(const tls_server&) = delete;
  ~tls_server() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
    SSL_CTX_free(context_);
  }
  std::uint16_t port = 0;
  std::string connect;  ///< The head of the CONNECT; read it when the call is over.

 private:
  void serve() {
    const weir::unique_fd peer(::accept(listener_.get(), nullptr, nullptr));
    if (!peer) return;
    const timeval patience{20, 0};
    ::setsockopt(peer.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    char byte = 0;
    while (how_.proxy && !connect.ends_with("\r\n\r\n") && ::read(peer.get(), &byte, 1) == 1) connect += byte;
    if (how_.proxy && ::write(peer.get(), "HTTP/1.1 200 OK\r\n\r\n", 19) != 19) return;
    SSL* const session = SSL_new(context_);
    SSL_set_fd(session, peer.get());
    std::string request;
    if (SSL_accept(session) == 1)
      while (!request.ends_with("\r\n\r\n") && SSL_read(session, &byte, 1) == 1) request += byte;
    if (!request.empty()) SSL_write(session, how_.answer.data(), static_cast<int>(how_.answer.size()));
    SSL_shutdown(session);
    SSL_free(session);
  }
  behaviour how_;
  SSL_CTX* context_ = nullptr;
  weir::unique_fd listener_;
  std::thread thread_;
};

weir::result<weir::http_answer> ask(std::uint16_t port, std::shared_ptr<const weir::layer_source> layers) {
  auto addresses = *weir::resolve("127.0.0.1", port);
  addresses.resize(1);
  addresses[0].layers = std::move(layers);
  return weir::http_call(addresses, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 20'000'000'000, std::size_t{16} << 20);
}
std::shared_ptr<const weir::layer_source> trusting(const identity& who, const std::string& host,
                                                   const std::string& own = {}) {
  return weir::tls_context::make({.ca_file = who.path, .cert_file = own, .key_file = {}}).value()->layers(host);
}
std::string why(const weir::result<weir::http_answer>& answer) {
  return answer ? "an answer" : answer.error().detail;
}

}  // namespace

TEST_CASE("tls: a server that is vouched for, under its own name or address, is spoken to", "[tls]") {
  const identity who("DNS:server.test,IP:127.0.0.1");
  for (const char* host : {"server.test", "127.0.0.1"}) {
    const tls_server server(who, {});
    const auto answer = ask(server.port, trusting(who, host));
    CAPTURE(why(answer));
    REQUIRE(answer);
    CHECK(answer->body == "hello");
  }
}

TEST_CASE("tls: another name, an unknown signer and a default trust are refused before a byte is sent", "[tls]") {
  const identity who("DNS:server.test,IP:127.0.0.1"), other("DNS:server.test");
  const auto refused = [&](std::shared_ptr<const weir::layer_source> layers) {
    const tls_server server(who, {});
    return why(ask(server.port, std::move(layers)));
  };
  CHECK(refused(trusting(who, "evil.test")).find("ostname mismatch") != std::string::npos);
  CHECK(refused(trusting(who, "127.0.0.2")).find("IP address mismatch") != std::string::npos);
  CHECK(refused(trusting(other, "server.test")).find("certificate is refused") != std::string::npos);
  CHECK(refused(weir::tls_context::make({}).value()->layers("server.test")).find("--cacert") != std::string::npos);
}

TEST_CASE("tls: insecure speaks to whoever answers", "[tls]") {
  const identity who("DNS:server.test");
  const tls_server server(who, {});
  weir::tls_options options;
  options.insecure = true;
  CHECK(ask(server.port, weir::tls_context::make(options).value()->layers("evil.test")));
}

TEST_CASE("tls: a server that wants our certificate gets it, or breaks off", "[tls]") {
  const identity who("DNS:server.test"), client("DNS:client.test");
  {
    const tls_server server(who, {.trusted = client.path});
    CHECK(ask(server.port, trusting(who, "server.test", client.path)));
  }
  const tls_server server(who, {.trusted = client.path});
  CHECK_FALSE(ask(server.port, trusting(who, "server.test")));
}

TEST_CASE("tls: an answer of many records arrives whole", "[tls]") {
  const identity who("DNS:server.test");
  std::string body;
  for (int i = 0; body.size() < 3'000'000; ++i) body += std::to_string(i) + " ";
  const tls_server server(
      who, {.answer = "HTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + body});
  const auto answer = ask(server.port, trusting(who, "server.test"));
  CAPTURE(why(answer));
  REQUIRE(answer);
  CHECK(answer->body == body);
}

TEST_CASE("tls: what is no TLS is a failure, at once", "[tls]") {
  const identity who("DNS:server.test");
  const auto layer = trusting(who, "server.test")->make();
  std::string in, out;
  REQUIRE(layer->start(out));
  CHECK(out.size() > 100);  // the greeting
  const auto done = layer->receive("HTTP/1.1 400 Bad Request\r\n\r\n", in, out);
  REQUIRE_FALSE(done);
  CHECK(done.error().code == weir::errc::io);
  CHECK(in.empty());
}

TEST_CASE("tls: through a proxy, the proxy learns the name and nothing else", "[tls]") {
  const identity who("DNS:server.test");
  tls_server server(who, {.proxy = true});
  const auto tunnel = std::make_shared<weir::tunnel_source>("server.test:443", trusting(who, "server.test"));
  const auto answer = ask(server.port, tunnel);
  CAPTURE(why(answer));
  REQUIRE(answer);
  CHECK(answer->body == "hello");
  CHECK(server.connect == "CONNECT server.test:443 HTTP/1.1\r\nHost: server.test:443\r\n\r\n");
}

TEST_CASE("tls: files that can't be used are named", "[tls]") {
  const identity who("DNS:server.test"), other("DNS:other.test");
  const auto no_file = weir::tls_context::make({.ca_file = "/nonexistent.pem", .cert_file = {}, .key_file = {}});
  REQUIRE_FALSE(no_file);
  CHECK(no_file.error().detail.find("/nonexistent.pem") != std::string::npos);
  CHECK_FALSE(weir::tls_context::make({.ca_file = {}, .cert_file = who.path, .key_file = other.path}));
  CHECK(weir::tls_context::make({.ca_file = {}, .cert_file = who.path, .key_file = {}}));
}
