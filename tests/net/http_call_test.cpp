#include "weir/net/http_call.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "../catch.hpp"
#include "weir/base/unique_fd.hpp"

namespace {

/// Accepts connections one after the other, reads a request, and sends `answer` where it is not "-" (then it waits for
/// the peer to go). Ends with the object.
class canned {
 public:
  explicit canned(std::vector<std::string> answers) : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof here;
    REQUIRE(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&here), size) == 0);
    REQUIRE(::listen(listener_.get(), 8) == 0);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&here), &size);
    port_ = ntohs(here.sin_port);
    thread_ = std::thread([this, answers = std::move(answers)] {
      for (const auto& answer : answers) serve(answer);
    });
  }
  canned(const canned&) = delete;
  canned& operator=(const canned&) = delete;
  ~canned() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  [[nodiscard]] weir::socket_address address() const { return weir::resolve("127.0.0.1", port_).value().front(); }

 private:
  void serve(const std::string& answer) const {
    const weir::unique_fd peer(::accept(listener_.get(), nullptr, nullptr));
    std::array<char, 4096> request;
    if (!peer || ::recv(peer.get(), request.data(), request.size(), 0) <= 0) return;
    if (answer != "-") (void)::send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
    if (answer == "-") (void)::recv(peer.get(), request.data(), request.size(), 0);
  }
  weir::unique_fd listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

/// Where nobody listens: a port that was just let go.
weir::socket_address nobody() {
  const weir::unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof here;
  REQUIRE(::bind(fd.get(), reinterpret_cast<sockaddr*>(&here), size) == 0);
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&here), &size);
  return weir::resolve("127.0.0.1", ntohs(here.sin_port)).value().front();
}

constexpr std::int64_t second = 1'000'000'000;
const std::string question = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const std::string hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

weir::result<weir::http_answer> call(const std::vector<weir::socket_address>& to, std::int64_t timeout = 20 * second) {
  return weir::http_call(to, question, timeout, 1000);
}

}  // namespace

TEST_CASE("http call: the first address that answers is the one", "[net][http-call]") {
  const canned mute({""}), good({hello, hello});
  CHECK(call({good.address()}).value().body == "hello");
  const auto answer = call({nobody(), mute.address(), good.address()});
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->body == "hello");
}

TEST_CASE("http call: whatever the status, a whole answer is one; also one that ends with the connection",
          "[net][http-call]") {
  const canned server({"HTTP/1.1 503 Busy\r\n\r\nlater"});
  const auto answer = call({server.address()});
  REQUIRE(answer);
  CHECK(answer->status == 503);
  CHECK(answer->body == "later");
}

TEST_CASE("http call: what is no answer is told apart", "[net][http-call]") {
  const canned cut({"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"}), other({"SSH-2.0-OpenSSH_9.2\r\n"}),
      mute({"-"}), large({"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + std::string(5000, 'x')}), good({hello});
  CHECK(call({}).error().code == weir::errc::not_found);
  CHECK(call({nobody()}).error().code == weir::errc::closed);
  CHECK(call({nobody()}).error().detail == "Connection refused");
  CHECK(call({other.address()}).error().code == weir::errc::parse);
  CHECK(call({large.address()}).error().code == weir::errc::limit);
  const auto start = weir::now_ns();
  CHECK(call({mute.address()}, second / 5).error().detail == "no answer in time");
  CHECK(weir::now_ns() - start >= second / 5);
  // An answer that broke off may have had its effect: it is not asked for again elsewhere.
  CHECK(call({cut.address(), good.address()}).error().code == weir::errc::closed);
}

TEST_CASE("http question: one after the other, also from within an answer; none after cancel", "[net][http-call]") {
  const canned server({hello, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "-", hello});
  weir::loop loop;
  weir::receive_buffer buffer;
  weir::http_question asker(loop, buffer);
  std::vector<int> seen;
  asker.ask({server.address()}, question, 20 * second, [&](weir::result<weir::http_answer> first) {
    seen.push_back(first->status);
    asker.ask({server.address()}, question, 20 * second, [&](weir::result<weir::http_answer> next) {
      seen.push_back(next->status);
      loop.stop();
    });
  });
  REQUIRE(loop.run());
  CHECK(seen == std::vector<int>{200, 404});
  asker.ask({server.address()}, question, 20 * second,
            [&](const weir::result<weir::http_answer>&) { seen.push_back(0); });
  while (!asker.waiting()) REQUIRE(loop.turn());
  asker.cancel();
  CHECK_FALSE(asker.waiting());
  asker.ask({server.address()}, question, 20 * second, [&](weir::result<weir::http_answer> last) {
    seen.push_back(last->status);
    loop.stop();
  });
  REQUIRE(loop.run());
  CHECK(seen == std::vector<int>{200, 404, 200});
}
