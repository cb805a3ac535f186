#include "weir/net/server.hpp"

#include <sys/stat.h>
#include <sys/un.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../catch.hpp"
#include "peer.hpp"

namespace {

/// Answers /echo at once with what was asked, and keeps /wait for the test to answer.
class desk final : public weir::http_service, public weir::exchange_owner {
 public:
  void on_request(weir::exchange& x) override {
    ++requests;
    if (x.head().target == "/nothing") return;
    if (x.head().target == "/cut") return x.cut();
    if (x.head().target == "/stream") {
      x.begin(200, "text/event-stream");
      x.chunk("one ", "two");
      x.flush();
      x.chunk("three");
      return x.end();
    }
    if (x.head().target == "/wait") {
      held = &x;
      return x.hold(*this);
    }
    x.reply(200, "text/plain", x.head().method + " " + x.head().target + " " + std::string(x.body()));
  }
  void on_gone() override {
    ++gone;
    held = nullptr;
  }
  void on_drained(std::int64_t t_ns) override {
    ++drained;
    drained_at = t_ns;
  }
  void on_empty() override { ++empty; }

  weir::exchange* held = nullptr;
  int requests = 0, gone = 0, drained = 0, empty = 0;
  std::int64_t drained_at = 0;
};

struct site {
  explicit site(weir::server_limits limits = {}) : server(std::in_place, loop, service, limits) {
    server->bind("127.0.0.1", 0).value();
    server->listen().value();
    port = server->port();
  }
  weir::loop loop;
  desk service;
  std::optional<weir::http_server> server;
  std::uint16_t port = 0;
};

constexpr std::string_view post_abc = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
constexpr std::string_view get_wait = "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n";

std::string body_of(std::string_view response) {
  const auto end = response.find("\r\n\r\n");
  return std::string(end == response.npos ? std::string_view{} : response.substr(end + 4));
}

}  // namespace

TEST_CASE("server: the answer does not depend on where the network cuts the request", "[server]") {
  site s;
  for (std::size_t cut = 0; cut <= post_abc.size(); ++cut) {
    CAPTURE(cut);
    peer p(s.loop, s.port);
    p.send(post_abc.substr(0, cut));
    p.turn(0), p.turn(0);
    p.send(post_abc.substr(cut));
    CHECK(body_of(p.read_until("abc")) == "POST /echo abc");
  }
  CHECK(s.service.requests == static_cast<int>(post_abc.size()) + 1);
}

TEST_CASE("server: one request sent byte by byte, and ten in one piece, are all answered in order", "[server]") {
  site s;
  peer slow(s.loop, s.port);
  for (const char byte : post_abc) slow.send({&byte, 1}), slow.turn(0);
  CHECK(body_of(slow.read_until("abc")) == "POST /echo abc");

  peer fast(s.loop, s.port);
  std::string ten;
  for (int i = 0; i < 10; ++i) ten += "GET /" + std::to_string(i) + "- HTTP/1.1\r\nHost: x\r\n\r\n";
  fast.send(ten);
  const std::string all = fast.read_until("/9-");
  for (int i = 0; i < 9; ++i)
    CHECK(all.find("/" + std::to_string(i) + "-") < all.find("/" + std::to_string(i + 1) + "-"));
}

TEST_CASE("server: a flood of pipelined requests is answered without recursion", "[server]") {
  site s;
  peer p(s.loop, s.port);
  constexpr int count = 50'000;  // at one stack frame a request this would not end well
  std::string flood;
  for (int i = 0; i < count; ++i) flood += "GET /x HTTP/1.1\r\nHost: x\r\n\r\n";
  flood += "GET /last HTTP/1.1\r\nHost: x\r\n\r\n";
  std::size_t at = 0;
  while (at < flood.size()) {
    p.send(std::string_view(flood).substr(at, 65536));
    at += 65536;
    p.received();
  }
  CHECK(count_of(p.read_until("/last"), "HTTP/1.1 200 OK") == count + 1);
  CHECK(s.service.requests == count + 1);
}

TEST_CASE("server: the next request waits until the answer before it has ended", "[server]") {
  site s;
  peer p(s.loop, s.port);
  p.send(std::string(get_wait) + std::string(post_abc));
  REQUIRE(turn_until(s.loop, [&] { return s.service.held != nullptr; }));
  for (int i = 0; i < 5; ++i) p.turn(0);
  CHECK(s.service.requests == 1);
  s.service.held->begin(200, "text/plain");
  s.service.held->chunk("later");
  s.service.held->end();
  CHECK(s.service.requests == 2);  // handled before end() returned
  const std::string all = p.read_until("abc");
  CHECK(all.find("later") < all.find("POST /echo abc"));
  CHECK(s.service.gone == 0);
}

TEST_CASE("server: a stream comes in chunks, to an HTTP/1.0 peer as bytes until the end", "[server]") {
  site s;
  peer p(s.loop, s.port);
  p.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(body_of(p.read_until("0\r\n\r\n")) == "7\r\none two\r\n5\r\nthree\r\n0\r\n\r\n");
  CHECK(p.received().find("transfer-encoding: chunked\r\n") != std::string::npos);

  peer old(s.loop, s.port);
  old.send("GET /stream HTTP/1.0\r\n\r\n");
  CHECK(body_of(old.read_to_end()) == "one twothree");
  CHECK(old.ended());
  CHECK(old.received().find("chunked") == std::string::npos);
}

TEST_CASE("server: a connection is kept unless the peer wants it closed", "[server]") {
  site s;
  peer p(s.loop, s.port);
  p.get("/a", "GET /a ");
  CHECK_FALSE(p.ended());
  p.get("/b", "GET /b ");
  p.send("GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string last = p.read_to_end();
  CHECK(last.find("connection: close\r\n") != std::string::npos);
  CHECK(last.ends_with("GET /c "));
  CHECK(p.ended());
  CHECK(turn_until(s.loop, [&] { return s.server->connections() == 0; }));
}

TEST_CASE("server: HEAD gets the head alone", "[server]") {
  site s;
  peer p(s.loop, s.port);
  p.send("HEAD /x HTTP/1.1\r\nHost: x\r\n\r\nGET /y HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string all = p.read_until("GET /y ");
  CHECK(all.find("content-length: 8\r\n\r\nHTTP/1.1 200 OK") != std::string::npos);
}

TEST_CASE("server: a client that does not read holds up its own answer and loses none of it", "[server]") {
  site s;
  peer p(s.loop, s.port, 4096);
  peer other(s.loop, s.port);
  p.send(get_wait);
  REQUIRE(turn_until(s.loop, [&] { return s.service.held != nullptr; }));
  weir::exchange& x = *s.service.held;
  x.begin(200, "text/plain");
  const std::string piece(10'000, 'z');
  std::size_t sent = 0;
  for (bool room = true; room && sent < 100'000'000; sent += piece.size()) {
    x.chunk(piece);
    room = x.flush();
  }
  REQUIRE(x.queued() > 0);
  CHECK(sent < 100'000'000);
  CHECK(s.service.drained == 0);
  CHECK(other.get("/still-there", "/still-there ").find("200 OK") != std::string::npos);

  const auto before = weir::now_ns();
  p.read_until([&](std::string_view) { return s.service.drained > 0; });
  CHECK(s.service.drained == 1);
  CHECK(s.service.drained_at > before);
  CHECK(x.queued() == 0);
  x.end();
  const std::string all = p.read_until("0\r\n\r\n");
  CHECK(count_of(all, "z") == sent);
}

TEST_CASE("server: an answer may end while the socket is full; the next request is handled when it is out",
          "[server]") {
  site s;
  peer p(s.loop, s.port, 4096);
  p.send(std::string(get_wait) + std::string(post_abc));
  REQUIRE(turn_until(s.loop, [&] { return s.service.held != nullptr; }));
  s.service.held->reply(200, "text/plain", std::string(20'000'000, 'z'));
  CHECK(s.service.requests == 1);
  const std::string all = p.read_until("POST /echo abc");
  CHECK(count_of(all, "z") == 20'000'000);
  CHECK(s.service.requests == 2);
  CHECK(s.service.drained == 0);  // the exchange had ended: nobody was to be told
}

TEST_CASE("server: the owner hears once that the peer has gone, however it goes", "[server]") {
  site s;
  const auto how = GENERATE(0, 1, 2);
  CAPTURE(how);
  peer p(s.loop, s.port);
  p.send(get_wait);
  REQUIRE(turn_until(s.loop, [&] { return s.service.held != nullptr; }));
  s.service.held->begin(200, "text/plain");
  s.service.held->chunk("some");
  s.service.held->flush();
  if (how == 0) p.close();
  if (how == 1) p.reset();
  if (how == 2) p.half_close();
  CHECK(turn_until(s.loop, [&] { return s.service.gone > 0; }));
  for (int i = 0; i < 5; ++i) s.loop.turn(0).value();
  CHECK(s.service.gone == 1);
  CHECK(s.server->connections() == 0);
}

TEST_CASE("server: writing to a peer that has gone calls nobody back; the loop tells of it", "[server]") {
  site s;
  peer p(s.loop, s.port);
  p.send(get_wait);
  REQUIRE(turn_until(s.loop, [&] { return s.service.held != nullptr; }));
  weir::exchange& x = *s.service.held;
  x.begin(200, "text/plain");
  p.reset();
  for (int i = 0; i < 3; ++i) {
    x.chunk("into the void");
    x.flush();
    CHECK(s.service.gone == 0);
  }
  CHECK(turn_until(s.loop, [&] { return s.service.gone == 1; }));
}

TEST_CASE("server: destroying it tells the owners of unfinished exchanges", "[server]") {
  site s;
  peer p(s.loop, s.port);
  p.send(get_wait);
  REQUIRE(turn_until(s.loop, [&] { return s.service.held != nullptr; }));
  s.server.reset();
  CHECK(s.service.gone == 1);
  p.read_to_end();
  CHECK(p.ended());
}

TEST_CASE("server: cut closes without an end of the body", "[server]") {
  site s;
  peer p(s.loop, s.port);
  p.send("GET /cut HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(p.read_to_end().empty());
  CHECK(p.ended());

  peer q(s.loop, s.port);
  q.send(get_wait);
  REQUIRE(turn_until(s.loop, [&] { return s.service.held != nullptr; }));
  s.service.held->begin(200, "text/plain");
  s.service.held->chunk("half");
  s.service.held->flush();
  s.service.held->cut();
  CHECK(body_of(q.read_to_end()) == "4\r\nhalf\r\n");
  CHECK(s.service.gone == 0);
}

TEST_CASE("server: what is not HTTP or too much gets one answer and the end, others are served on", "[server]") {
  weir::server_limits limits;
  limits.http.head_bytes = 1000;
  limits.http.body_bytes = 1000;
  site s(limits);
  peer other(s.loop, s.port);
  const auto answer_to = [&](std::string_view bytes) {
    peer p(s.loop, s.port);
    p.send(bytes);
    std::string all = p.read_until("\r\n\r\n");
    p.close();
    return all.substr(0, all.find('\r'));
  };
  CHECK(answer_to("hello\r\n\r\n") == "HTTP/1.1 400 Bad Request");
  CHECK(answer_to("GET /x HTTP/1.1\r\nHost: x\r\nA: " + std::string(2000, 'a')) ==
        "HTTP/1.1 431 Request Header Fields Too Large");
  CHECK(answer_to("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n") == "HTTP/1.1 413 Content Too Large");
  CHECK(answer_to("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" +
                  std::string(1001, 'b')) == "HTTP/1.1 413 Content Too Large");
  CHECK(s.service.requests == 0);
  CHECK(other.get("/fine", "/fine ").find("200 OK") != std::string::npos);
}

TEST_CASE("server: a refusal reaches a peer that is still sending", "[server]") {
  weir::server_limits limits;
  limits.http.body_bytes = 1000;
  site s(limits);
  peer p(s.loop, s.port);
  p.send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n" + std::string(3'000'000, 'b'));
  p.half_close();
  CHECK(p.read_to_end().starts_with("HTTP/1.1 413"));
}

TEST_CASE("server: a service that forgets to answer is answered for", "[server]") {
  site s;
  peer p(s.loop, s.port);
  CHECK(p.get("/nothing", "\n").starts_with("HTTP/1.1 500"));
}

TEST_CASE("server: a peer that sends no more still gets the answers that need no waiting", "[server]") {
  site s;
  peer p(s.loop, s.port);
  p.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  p.half_close();
  CHECK(p.read_to_end().find("GET /b ") != std::string::npos);
  CHECK(p.ended());
  CHECK(turn_until(s.loop, [&] { return s.server->connections() == 0; }));
}

TEST_CASE("server: a peer that asks whether to go on is told so", "[server]") {
  site s;
  peer p(s.loop, s.port);
  p.send("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  CHECK(p.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  p.send("abc");
  CHECK(p.read_until("abc").ends_with("POST /echo abc"));
}

TEST_CASE("server: beyond the limit peers wait for a place", "[server]") {
  weir::server_limits limits;
  limits.connections = 2;
  site s(limits);
  std::optional<peer> first(std::in_place, s.loop, s.port);
  peer second(s.loop, s.port), third(s.loop, s.port);
  first->get("/1", "/1 ");
  second.get("/2", "/2 ");
  third.send("GET /3 HTTP/1.1\r\nHost: x\r\n\r\n");
  for (int i = 0; i < 5; ++i) third.turn();
  CHECK(third.received().empty());
  CHECK(s.server->connections() == 2);
  first.reset();
  CHECK(third.read_until("/3 ").find("200 OK") != std::string::npos);
}

TEST_CASE("server: after so many answers a connection ends unannounced", "[server]") {
  weir::server_limits limits;
  limits.answers = 2;
  site s(limits);
  peer p(s.loop, s.port);
  p.get("/1", "/1 ");
  p.turn(), p.received();
  CHECK_FALSE(p.ended());
  p.send("GET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
  p.read_to_end();
  CHECK(p.ended());
  CHECK(p.received().find("close") == std::string::npos);
}

TEST_CASE("server: drain lets answers finish and closes the idle at once", "[server]") {
  site s;
  peer idle(s.loop, s.port), busy(s.loop, s.port);
  idle.get("/x", "/x ");
  busy.send(get_wait);
  REQUIRE(turn_until(s.loop, [&] { return s.service.held != nullptr; }));
  s.server->drain();
  idle.read_to_end();
  CHECK(idle.ended());
  CHECK(s.service.empty == 0);
  CHECK_FALSE(peer(s.loop, s.port).connected());
  s.service.held->reply(200, "text/plain", "done");
  CHECK(busy.read_to_end().ends_with("done"));
  CHECK(turn_until(s.loop, [&] { return s.service.empty == 1; }));
}

TEST_CASE("server: a port in use is said to be, and a bound one refuses until listen", "[server]") {
  site s;
  weir::http_server second(s.loop, s.service);
  const auto bound = second.bind("127.0.0.1", s.port);
  REQUIRE_FALSE(bound);
  CHECK(bound.error().code == weir::errc::busy);
  CHECK(bound.error().detail.find(std::to_string(s.port)) != std::string::npos);
  REQUIRE(second.bind("127.0.0.1", 0));
  CHECK(second.port() != s.port);
  CHECK_FALSE(peer(s.loop, second.port()).connected());
  REQUIRE(second.listen());
  CHECK(peer(s.loop, second.port()).connected());
}

TEST_CASE("server: a unix socket is taken over from the dead and not from the living", "[server]") {
  weir::loop loop;
  desk service;
  const std::string path = std::filesystem::temp_directory_path() / ("weir-server-test-" + std::to_string(::getpid()));
  {
    weir::http_server one(loop, service);
    REQUIRE(one.bind(path, 0));
    REQUIRE(one.listen());
    weir::http_server two(loop, service);
    const auto bound = two.bind(path, 0);
    REQUIRE_FALSE(bound);
    CHECK(bound.error().code == weir::errc::busy);
  }
  weir::http_server three(loop, service);
  CHECK(three.bind(path, 0));
  std::filesystem::remove(path);
  CHECK_FALSE(three.bind(std::string(200, '/'), 0));
}

TEST_CASE("server: four hundred peers at once, each with an answer of its own", "[server]") {
  site s;
  std::vector<std::unique_ptr<peer>> peers;
  for (int i = 0; i < 400; ++i) peers.push_back(std::make_unique<peer>(s.loop, s.port));
  for (std::size_t i = 0; i < peers.size(); ++i)
    peers[i]->send("GET /" + std::to_string(i) + "- HTTP/1.1\r\nHost: x\r\n\r\n");
  for (std::size_t i = 0; i < peers.size(); ++i) {
    const std::string mine = "GET /" + std::to_string(i) + "- ";
    CHECK(peers[i]->read_until(mine).ends_with(mine));
  }
  CHECK(s.server->connections() == peers.size());
}
