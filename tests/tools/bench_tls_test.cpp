// weir-bench over https: a mock behind a front that speaks TLS, with certificates that are made here.
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bench_run.hpp"
#include "catch.hpp"
#include "mock_process.hpp"
#include "net/identity.hpp"
#include "shell.hpp"
#include "weir/base/unique_fd.hpp"

using bench_tests::field, bench_tests::number, bench_tests::read_file, bench_tests::records, bench_tests::tool;
using tls_tests::identity;

namespace {

weir::unique_fd tcp() {
  return weir::unique_fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}
sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(port);
  return at;
}

/// Takes TLS off what comes, and gives it to a port of this machine; a thread a connection.
class tls_front {
 public:
  tls_front(const identity& who, std::uint16_t to, const std::string& trusted = {}) : to_(to) {
    context_ = SSL_CTX_new(TLS_server_method());
    REQUIRE(SSL_CTX_use_certificate_chain_file(context_, who.path.c_str()) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey_file(context_, who.path.c_str(), SSL_FILETYPE_PEM) == 1);
    if (!trusted.empty()) {
      REQUIRE(SSL_CTX_load_verify_locations(context_, trusted.c_str(), nullptr) == 1);
      SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    sockaddr_in at = loopback(0);
    socklen_t size = sizeof at;
    listener_ = tcp();
    REQUIRE(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&at), size) == 0);
    REQUIRE(::listen(listener_.get(), 64) == 0);
    REQUIRE(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&at), &size) == 0);
    url = "https://127.0.0.1:" + std::to_string(ntohs(at.sin_port));
    accepting_ = std::thread([this] {
      for (int fd = 0; (fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)) >= 0;)
        peers_.emplace_back([this, fd] { serve(weir::unique_fd(fd)); });
    });
  }
  tls_front(const tls_front&) = delete;
  tls_front& operator=(const tls_front&) = delete;
  ~tls_front() {
    over_ = true;
    ::shutdown(listener_.get(), SHUT_RDWR);
    accepting_.join();
    for (auto& peer : peers_) peer.join();
    SSL_CTX_free(context_);
  }
  std::string url;

 private:
  void serve(const weir::unique_fd client) {
    SSL* const session = SSL_new(context_);
    SSL_set_fd(session, client.get());
    const auto server = tcp();
    sockaddr_in at = loopback(to_);
    if (SSL_accept(session) == 1 && ::connect(server.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) == 0)
      pump(session, client.get(), server.get());
    SSL_free(session);
  }
  void pump(SSL* session, int client, int server) const {
    std::array<char, 16384> bytes{};
    while (!over_) {
      std::array<pollfd, 2> ends{{{client, POLLIN, 0}, {server, POLLIN, 0}}};
      if (SSL_pending(session) == 0 && ::poll(ends.data(), ends.size(), 50) < 0) return;
      if (SSL_pending(session) > 0 || ends[0].revents != 0) {
        const int got = SSL_read(session, bytes.data(), static_cast<int>(bytes.size()));
        if (got <= 0 || ::send(server, bytes.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) != got) return;
      }
      if (ends[1].revents != 0) {
        const auto got = ::recv(server, bytes.data(), bytes.size(), 0);
        if (got <= 0 || SSL_write(session, bytes.data(), static_cast<int>(got)) != got) return;
      }
    }
  }

  std::uint16_t to_;
  std::atomic<bool> over_{false};
  SSL_CTX* context_ = nullptr;
  weir::unique_fd listener_;
  std::vector<std::thread> peers_;  // of the accepting thread, until it is joined
  std::thread accepting_;
};

std::uint16_t port_of(const mock_process& mock) {
  return static_cast<std::uint16_t>(std::stoi(mock.url.substr(mock.url.rfind(':') + 1)));
}

}  // namespace

TEST_CASE("weir-bench: https to a server that is vouched for, and to no other unless told so", "[tools][bench][tls]") {
  const mock_process mock("--ttft 20ms --itl 2ms");
  const identity who("DNS:localhost,IP:127.0.0.1");
  const tls_front front(who, port_of(mock));
  const temporary_directory dir;
  const std::string common = tool + "--base-url " + front.url +
                             " --num-prompts 12 --max-concurrency 4 --random-input-len 4 --random-output-len 5 --json "
                             "--force --records " +
                             dir.file("r") + " ";
  const auto fine = shell(common + "--cacert " + who.path + " 2> " + dir.file("words"));
  CAPTURE(read_file(dir.file("words")));
  CHECK(fine.status == 0);
  CHECK(number(fine.out, "completed") == 12);
  CHECK(number(fine.out, "total_output_tokens") == 60);
  CHECK(number(fine.out, "median_ttft_ms") >= 19.9);
  CHECK(field(records(dir.file("r"), "run").at(0), "config").find("insecure") == std::string::npos);

  const auto stranger = shell(common + "--model mock 2>&1");
  CHECK(stranger.status == 1);
  for (const auto& row : records(dir.file("r"))) {
    CHECK(field(row, "status") == "\"tls\"");
    CHECK(field(row, "error").find("certificate") != std::string::npos);
  }
  CHECK(shell(common).status == 2);  // it can't be asked for its models

  const auto any = shell(common + "--insecure 2> /dev/null");
  CHECK(any.status == 0);
  CHECK(number(any.out, "completed") == 12);
  CHECK(field(records(dir.file("r"), "run").at(0), "config").find("\"insecure\":true") != std::string::npos);
}

TEST_CASE("weir-bench: a server that wants a certificate gets ours", "[tools][bench][tls]") {
  const mock_process mock("--ttft 1ms --itl 1ms");
  const identity who("IP:127.0.0.1"), ours("DNS:client");
  const tls_front front(who, port_of(mock), ours.path);
  const std::string common = tool + "--base-url " + front.url + " --model mock --cacert " + who.path +
                             " --num-prompts 3 --random-output-len 2 --json ";
  const auto with = shell(common + "--cert " + ours.path + " 2> /dev/null");
  CHECK(with.status == 0);
  CHECK(number(with.out, "completed") == 3);
  CHECK(shell(common + "2> /dev/null").status == 1);
}
