// The least that a client of an event stream can do, as the measure of weir-bench: an epoll loop that receives. With
// `count` it only counts bytes; with `parse` it also splits the events at their blank lines and has simdjson parse
// each. Chunk framing is not read, nothing is stamped or kept. See bench/capacity/run.
//   g++ -std=c++20 -O3 -DNDEBUG bench/capacity/bare.cpp -lsimdjson -o bare
//   bare count|parse PORT CONNECTIONS REQUESTS_EACH TOKENS
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <simdjson.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct peer {
  int fd = -1;
  long requests = 0;
  std::string tail;  // the last five bytes
  std::string rest;  // of an event that was cut
};

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(2);
}

/// Takes the events out of what came, each parsed to its last byte.
class event_counter {
 public:
  void take(peer& p, std::string_view bytes) {
    if (!p.rest.empty()) {
      p.rest.append(bytes);
      bytes = p.rest;
    }
    std::size_t end = 0;
    while ((end = bytes.find("\n\n")) != bytes.npos) {
      const std::size_t at = bytes.substr(0, end).rfind("data: ");
      if (at != bytes.npos && bytes[at + 6] == '{') parse(bytes.substr(at + 6, end - at - 6));
      bytes.remove_prefix(end + 2);
    }
    p.rest = std::string(bytes);
  }
  long events = 0, tokens = 0;

 private:
  void parse(std::string_view json) {
    text_.assign(json).append(simdjson::SIMDJSON_PADDING, ' ');
    simdjson::ondemand::document document;
    if (parser_.iterate(text_.data(), json.size(), text_.size()).get(document)) die("not JSON");
    for (auto choice : document["choices"].get_array()) {
      std::string_view text;
      if (!choice["text"].get_string().get(text)) ++events;
    }
    std::int64_t count = 0;
    if (!document["usage"]["completion_tokens"].get_int64().get(count)) tokens += count;
  }
  simdjson::ondemand::parser parser_;
  std::string text_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return std::fprintf(stderr, "usage: bare count|parse PORT CONNECTIONS REQUESTS_EACH TOKENS\n"), 2;
  const bool parse = std::string_view(argv[1]) == "parse";
  const long requests = std::atol(argv[4]), tokens = std::atol(argv[5]);
  const std::string body = R"({"model":"mock","prompt":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16],"max_tokens":)" +
                           std::to_string(tokens) +
                           R"(,"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true}})";
  const std::string request =
      "POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
      "Content-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[2])));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int set = ::epoll_create1(0);
  std::vector<peer> peers(static_cast<std::size_t>(std::atol(argv[3])));
  for (auto& p : peers) {
    p.fd = ::socket(AF_INET, SOCK_STREAM, 0);
    p.requests = requests;
    const int on = 1;
    ::setsockopt(p.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(p.fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) die("connect");
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &p;
    if (::epoll_ctl(set, EPOLL_CTL_ADD, p.fd, &event) != 0) die("epoll_ctl");
  }
  std::size_t left = peers.size();
  const auto ask = [&](peer& p) {
    if (p.requests-- == 0) return static_cast<void>(--left);
    if (::send(p.fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) die("send");
  };
  for (auto& p : peers) ask(p);
  event_counter counter;
  std::array<epoll_event, 256> ready{};
  std::vector<char> buffer(std::size_t{1} << 16);
  long bytes = 0, reads = 0;
  while (left > 0) {
    const int n = ::epoll_wait(set, ready.data(), static_cast<int>(ready.size()), -1);
    for (int i = 0; i < n; ++i) {
      peer& p = *static_cast<peer*>(ready[static_cast<std::size_t>(i)].data.ptr);
      const ssize_t got = ::recv(p.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got <= 0) die("a connection ended early");
      bytes += got;
      ++reads;
      const std::string_view all(buffer.data(), static_cast<std::size_t>(got));
      if (parse) counter.take(p, all);
      p.tail.append(all.substr(all.size() - std::min<std::size_t>(5, all.size())));
      p.tail.erase(0, p.tail.size() - std::min<std::size_t>(p.tail.size(), 5));
      if (p.tail == "0\r\n\r\n") p.tail.clear(), p.rest.clear(), ask(p);
    }
  }
  std::printf("%ld bytes, %ld reads, %ld events parsed\n", bytes, reads, counter.events);
}
