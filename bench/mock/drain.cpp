// Opens connections to an OpenAI-compatible server, streams completions on each, and only counts bytes: the fastest
// reader there can be, so that what is measured is the server. See bench/mock/run.
//   g++ -std=c++20 -O2 -Iinclude bench/mock/drain.cpp -o drain
//   drain PORT CONNECTIONS REQUESTS_EACH TOKENS
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/unique_fd.hpp"
#include "weir/net/loop.hpp"

namespace {

struct drain {
  weir::loop loop;
  std::string request;
  std::vector<char> buffer = std::vector<char>(std::size_t{1} << 18);
  long left = 0, bytes = 0, reads = 0;
};

/// One connection: its next request goes out when the last chunk of an answer has come.
class peer final : public weir::watcher {
 public:
  peer(drain& all, int port, long requests) : all_(&all), requests_(requests) {
    fd_ = weir::unique_fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
      std::perror("connect"), std::exit(2);
    const int on = 1;
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    all_->loop.watch(fd_.get(), EPOLLIN, *this).value();
  }
  void ask() {
    if (requests_-- == 0) {
      all_->loop.forget(fd_.get(), *this);
      if (--all_->left == 0) all_->loop.stop();
      return;
    }
    if (::send(fd_.get(), all_->request.data(), all_->request.size(), MSG_NOSIGNAL) < 0)
      std::perror("send"), std::exit(2);
  }
  void on_ready(std::uint32_t) override {
    const ssize_t got = ::recv(fd_.get(), all_->buffer.data(), all_->buffer.size(), MSG_DONTWAIT);
    if (got <= 0) std::fprintf(stderr, "a connection ended early\n"), std::exit(2);
    all_->bytes += got;
    ++all_->reads;
    tail_.append(all_->buffer.data() + std::max<ssize_t>(0, got - 5),
                 static_cast<std::size_t>(std::min<ssize_t>(5, got)));
    tail_.erase(0, tail_.size() - std::min<std::size_t>(tail_.size(), 5));
    if (tail_ == "0\r\n\r\n") tail_.clear(), ask();
  }

 private:
  drain* all_;
  long requests_;
  weir::unique_fd fd_;
  std::string tail_;  // the last five bytes
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return std::fprintf(stderr, "usage: drain PORT CONNECTIONS REQUESTS_EACH TOKENS\n"), 2;
  const int port = std::atoi(argv[1]), connections = std::atoi(argv[2]);
  const long requests = std::atol(argv[3]), tokens = std::atol(argv[4]);
  const std::string body =
      R"({"model":"mock","prompt":"one two three","stream":true,"max_tokens":)" + std::to_string(tokens) + "}";
  drain all;
  all.left = connections;
  all.request = "POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body;
  std::vector<std::unique_ptr<peer>> peers;
  for (int i = 0; i < connections; ++i) peers.push_back(std::make_unique<peer>(all, port, requests));
  const auto begin = weir::now_ns();
  for (auto& p : peers) p->ask();
  all.loop.run().value();
  const double seconds = static_cast<double>(weir::now_ns() - begin) * 1e-9;
  const double events = static_cast<double>(connections * requests * tokens);
  std::printf("%.0f events/s, %.2f s, %.0f events, %.1f events a read, %.0f bytes an event\n", events / seconds,
              seconds, events, events / static_cast<double>(all.reads), static_cast<double>(all.bytes) / events);
}
