#include "weir/openai/client.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "catch.hpp"
#include "scripted.hpp"
#include "weir/net/connection.hpp"

using scripted::completion;
using weir::outcome;
using weir::unmeasured;

namespace {

constexpr std::int64_t ms = 1'000'000;

/// Collects records, and runs the loop until as many have come as were asked for.
struct bench final : weir::exchange_observer {
  explicit bench(std::function<scripted::script(const scripted::request&)> answer, weir::client_limits limits = {})
      : server(loop, std::move(answer)), client(loop, server.addresses(), limits) {}

  void on_attempt(weir::request_record&& record, bool last) override {
    records.push_back(std::move(record));
    ended += last ? 1 : 0;
  }
  void ask(std::string body = "{}") {
    weir::request_record about;
    about.id = std::to_string(asked++);
    client.submit("POST /v1/completions HTTP/1.1\r\nhost: t\r\ncontent-length: " + std::to_string(body.size()) +
                      "\r\n\r\n" + body,
                  {}, std::move(about), *this);
  }
  /// Turns the loop until `until` or for 5 s.
  template <class Until>
  void turn(Until until) {
    const auto end = weir::now_ns() + 5000 * ms;
    while (!until() && weir::now_ns() < end) loop.turn(end).value();
    REQUIRE(until());
  }
  void finish() {
    turn([&] { return ended == asked; });
    CHECK(client.outstanding() == 0);
  }
  const weir::request_record& only() {
    finish();
    REQUIRE(records.size() == 1);
    return records[0];
  }

  weir::loop loop;
  scripted::server server;
  weir::client client;
  std::vector<weir::request_record> records;
  int asked = 0, ended = 0;
};

}  // namespace

TEST_CASE("client: requests one after the other share one connection, and only the first connects", "[openai]") {
  bench b([](const auto&) -> scripted::script { return {scripted::send(completion(3))}; });
  for (int i = 0; i < 3; ++i) {
    b.ask();
    b.finish();
  }
  CHECK(b.server.connections == 1);
  REQUIRE(b.records.size() == 3);
  for (const auto& r : b.records) {
    CHECK(r.status == outcome::ok);
    CHECK(r.attempt == 1);
    CHECK(r.tokens_out == 3);
    CHECK((r.t_connect_ns == unmeasured) == (r.id != "0"));
    CHECK(r.t_send_ns <= r.t_first_ns);
    CHECK(r.t_first_ns <= r.t_last_ns);
    CHECK(r.t_last_ns <= r.t_done_ns);
  }
  CHECK(b.records[0].t_connect_ns <= b.records[0].t_send_ns);
  CHECK(b.client.idle() == 1);
}

TEST_CASE("client: requests at the same time have a connection each, and prepared ones cost no connect", "[openai]") {
  bench b([](const auto&) -> scripted::script { return {scripted::send(completion(1), 5 * ms)}; });
  b.client.prepare(50);
  b.turn([&] { return b.client.preparing() == 0; });
  CHECK(b.client.idle() == 50);
  for (int i = 0; i < 60; ++i) b.ask();
  CHECK(b.client.outstanding() == 60);
  b.finish();
  CHECK(b.server.connections == 60);
  int connected = 0;
  for (const auto& r : b.records) connected += r.t_connect_ns != unmeasured;
  CHECK(connected == 10);
}

TEST_CASE("client: arrival times are those of the events, not of the answer", "[openai]") {
  bench b([](const auto&) -> scripted::script {
    const std::string all = completion(2);
    const auto second = all.find("data: ", all.find("data: ") + 1);
    const auto done = all.find("data: [DONE]");
    return {scripted::send(all.substr(0, second), 20 * ms), scripted::send(all.substr(second, done - second), 30 * ms),
            scripted::send(all.substr(done), 40 * ms)};
  });
  b.ask();
  const auto& r = b.only();
  CHECK(r.t_first_ns - r.t_send_ns >= 20 * ms);
  CHECK(r.t_last_ns - r.t_first_ns >= 29 * ms);  // the server's timer may have been late the first time
  CHECK(r.t_done_ns - r.t_last_ns >= 39 * ms);
  REQUIRE(r.events.size() == 2);
  CHECK(r.events[1].t_ns == r.t_last_ns);
}

TEST_CASE("client: a connection that the server closed while idle is replaced without a trace", "[openai]") {
  bench b([](const auto&) -> scripted::script { return {scripted::send(completion(1))}; });
  b.ask();
  b.finish();
  b.server.close_all();
  b.turn([&] { return b.client.idle() == 0; });
  b.ask();
  b.finish();
  REQUIRE(b.records.size() == 2);
  CHECK(b.records[1].status == outcome::ok);
  CHECK(b.records[1].attempt == 1);
  CHECK(b.records[1].t_connect_ns != unmeasured);
}

TEST_CASE("client: a kept connection closed instead of an answer gives two records, never one or none", "[openai]") {
  const bool hard = GENERATE(false, true);
  bench b([&](const scripted::request& r) -> scripted::script {
    if (r.on_connection == 1) return {hard ? scripted::reset() : scripted::close()};
    return {scripted::send(completion(2))};
  });
  for (int i = 0; i < 4; ++i) {
    b.ask();
    b.finish();
  }
  // 0 fresh; 1 kept, lost, fresh; 2 kept, lost, fresh; 3 the same.
  REQUIRE(b.records.size() == 7);
  CHECK(b.server.connections == 4);
  for (std::size_t i = 1; i < 7; i += 2) {
    const auto &lost = b.records[i], &again = b.records[i + 1];
    CHECK(lost.status == outcome::truncated);
    CHECK(lost.attempt == 1);
    CHECK(lost.error.find("sent again") != std::string::npos);
    CHECK(again.id == lost.id);
    CHECK(again.attempt == 2);
    CHECK(again.status == outcome::ok);
    CHECK(again.t_send_ns > lost.t_send_ns);
    CHECK(again.t_connect_ns != unmeasured);
  }
}

TEST_CASE("client: a fresh connection closed instead of an answer is a failure and is not tried again", "[openai]") {
  bench b([](const auto&) -> scripted::script { return {scripted::close()}; });
  b.ask();
  const auto& r = b.only();
  CHECK(r.status == outcome::truncated);
  CHECK(r.error == "the server closed the connection before it answered");
  CHECK(b.server.connections == 1);
}

TEST_CASE("client: an answer once begun is never asked for again", "[openai]") {
  bench b([](const scripted::request& r) -> scripted::script {
    if (r.number == 0) return {scripted::send(completion(1))};
    return {scripted::send(completion(9).substr(0, 300)), scripted::reset(5 * ms)};
  });
  b.ask();
  b.finish();
  b.ask();
  b.finish();
  REQUIRE(b.records.size() == 2);
  CHECK(b.records[1].status == outcome::truncated);
  CHECK(b.records[1].tokens_out > 0);
  CHECK(b.records[1].error.find("reset") != std::string::npos);
}

TEST_CASE("client: a refused port fails each request by itself, with the system's word", "[openai]") {
  weir::loop loop;
  std::uint16_t port = 0;
  {
    scripted::server gone(loop, [](const auto&) -> scripted::script { return {}; });
    port = gone.port;
  }
  struct : weir::exchange_observer {
    void on_attempt(weir::request_record&& r, bool last) override {
      CHECK(last);
      records.push_back(std::move(r));
    }
    std::vector<weir::request_record> records;
  } seen;
  weir::client client(loop, *weir::resolve("127.0.0.1", port));
  client.prepare(10);
  for (int i = 0; i < 3; ++i) client.submit("x", {}, {}, seen);
  CHECK(seen.records.empty());  // never from inside submit
  const auto end = weir::now_ns() + 2000 * ms;
  while (seen.records.size() < 3 && weir::now_ns() < end) loop.turn(end).value();
  REQUIRE(seen.records.size() == 3);
  CHECK(client.preparing() == 0);
  for (const auto& r : seen.records) {
    CHECK(r.status == outcome::connect);
    CHECK(r.error == "Connection refused");
    CHECK(r.t_connect_ns != unmeasured);
    CHECK(r.t_send_ns == unmeasured);
  }
}

TEST_CASE("client: of several addresses the first that answers is used", "[openai]") {
  weir::loop loop;
  scripted::server server(loop, [](const auto&) -> scripted::script { return {scripted::send(completion(1))}; });
  auto addresses = *weir::resolve("127.0.0.2", server.port);  // nobody listens there
  addresses.push_back(server.addresses()[0]);
  weir::client client(loop, addresses);
  struct : weir::exchange_observer {
    void on_attempt(weir::request_record&& r, bool) override { record = std::move(r), ended = true; }
    weir::request_record record;
    bool ended = false;
  } seen;
  client.submit("POST / HTTP/1.1\r\nhost: t\r\ncontent-length: 0\r\n\r\n", {}, {}, seen);
  const auto end = weir::now_ns() + 2000 * ms;
  while (!seen.ended && weir::now_ns() < end) loop.turn(end).value();
  CHECK(seen.record.status == outcome::ok);
}

TEST_CASE("client: each phase has its own time-out, named in the record", "[openai]") {
  struct row {
    weir::client_limits limits;
    scripted::script script;
    std::string words;
    std::int64_t tokens;
  };
  const std::string all = completion(5), half = all.substr(0, all.find("\n\n", all.find("w2")) + 2);
  const weir::client_limits loose;
  weir::client_limits first = loose, stall = loose, total = loose;
  first.first_token_ns = stall.stall_ns = total.total_ns = 60 * ms;
  scripted::script drip{scripted::send(half)};
  for (int i = 0; i < 40; ++i) drip.push_back(scripted::send(": ping\n\n", 10 * ms));
  for (const auto& [limits, script, words, tokens] : {
           row{first, {}, "no token after 0.06 s", 0},
           row{first, {scripted::send(all.substr(0, all.find("data:")))}, "no token after 0.06 s", 0},
           row{stall, {scripted::send(half)}, "the stream stood still for 0.06 s", 3},
           row{total, drip, "the answer took longer than 0.06 s", 3},
       }) {
    CAPTURE(words);
    bench b([&](const auto&) { return script; }, limits);
    b.ask();
    const auto& r = b.only();
    CHECK(r.status == outcome::timeout);
    CHECK(r.error == words);
    CHECK(r.tokens_out == tokens);
    CHECK(r.t_done_ns - r.t_send_ns >= 59 * ms);
    CHECK(r.t_done_ns - r.t_send_ns < 2000 * ms);
  }
}

TEST_CASE("client: bytes that come in time put off the stall, however long the answer", "[openai]") {
  weir::client_limits limits;
  limits.stall_ns = 100 * ms;
  const std::string all = completion(5);
  bench b(
      [&](const auto&) {
        scripted::script slow;
        for (std::size_t at = 0; at < all.size(); at += all.size() / 8 + 1)
          slow.push_back(scripted::send(all.substr(at, all.size() / 8 + 1), 40 * ms));
        return slow;
      },
      limits);
  b.ask();
  CHECK(b.only().status == outcome::ok);
}

TEST_CASE("client: a connection that is never accepted times out as a connect", "[openai]") {
  weir::loop loop;
  scripted::server full(loop, [](const auto&) -> scripted::script { return {}; }, 0);
  struct idle final : weir::connection_user {
    void on_connected(std::int64_t) override {}
    void on_sent(std::int64_t) override {}
    void on_bytes(std::string_view, std::int64_t) override {}
    void on_closed(std::string_view, std::int64_t) override {}
  } nobody;
  const auto buffer = std::make_unique<weir::receive_buffer>();
  std::vector<std::unique_ptr<weir::connection>> queue;  // fills the listen queue: later SYNs are dropped
  for (int i = 0; i < 3; ++i) {
    queue.push_back(std::make_unique<weir::connection>(loop, nobody, *buffer));
    REQUIRE(queue.back()->open(full.addresses()[0]));
  }
  weir::client_limits limits;
  limits.connect_ns = 50 * ms;
  weir::client client(loop, full.addresses(), limits);
  struct : weir::exchange_observer {
    void on_attempt(weir::request_record&& r, bool) override { record = std::move(r), ended = true; }
    weir::request_record record;
    bool ended = false;
  } seen;
  loop.turn(weir::now_ns() + 10 * ms).value();
  client.submit("x", {}, {}, seen);
  const auto end = weir::now_ns() + 2000 * ms;
  while (!seen.ended && weir::now_ns() < end) loop.turn(end).value();
  CHECK(seen.record.status == outcome::timeout);
  CHECK(seen.record.error == "no connection after 0.05 s");
}

TEST_CASE("client: an answer is whole at [DONE], even where the HTTP body never ends", "[openai]") {
  weir::client_limits limits;
  limits.linger_ns = 30 * ms;
  const std::string all = completion(2);
  const std::string chunked =
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\nffff\r\n" +
      all.substr(all.find("data:"));
  bench b([&](const auto&) -> scripted::script { return {scripted::send(chunked)}; }, limits);
  b.ask();
  const auto& r = b.only();
  CHECK(r.status == outcome::ok);
  CHECK(r.tokens_out == 2);
  CHECK(r.t_done_ns - r.t_send_ns < 25 * ms);
  CHECK(b.client.idle() == 0);
}

TEST_CASE("client: a refusal is read although the request was not sent in full", "[openai]") {
  // The server's script runs once the request's end has come; this one refuses at the first bytes.
  weir::loop loop;
  struct early final : weir::watcher {
    void on_ready(std::uint32_t) override {
      if (!peer) {
        peer = weir::unique_fd(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK));
        loop->watch(peer.get(), EPOLLIN, *this).value();
        return;
      }
      char bytes[1000];
      (void)!::recv(peer.get(), bytes, sizeof bytes, 0);
      const std::string refusal =
          "HTTP/1.1 413 Payload Too Large\r\nconnection: close\r\ncontent-length: 7\r\n\r\ntoo big";
      if (!std::exchange(answered, true)) (void)!::send(peer.get(), refusal.data(), refusal.size(), MSG_NOSIGNAL);
    }
    weir::loop* loop = nullptr;
    weir::unique_fd listener, peer;
    bool answered = false;
  } server;
  server.loop = &loop;
  server.listener = weir::unique_fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  REQUIRE(::bind(server.listener.get(), reinterpret_cast<sockaddr*>(&at), size) == 0);
  REQUIRE(::listen(server.listener.get(), 4) == 0);
  ::getsockname(server.listener.get(), reinterpret_cast<sockaddr*>(&at), &size);
  loop.watch(server.listener.get(), EPOLLIN, server).value();

  weir::client client(loop, *weir::resolve("127.0.0.1", ntohs(at.sin_port)));
  struct : weir::exchange_observer {
    void on_attempt(weir::request_record&& r, bool) override { record = std::move(r), ended = true; }
    weir::request_record record;
    bool ended = false;
  } seen;
  client.submit("POST / HTTP/1.1\r\nhost: t\r\ncontent-length: 30000000\r\n\r\n" + std::string(30'000'000, 'x'), {}, {},
                seen);
  const auto end = weir::now_ns() + 3000 * ms;
  while (!seen.ended && weir::now_ns() < end) loop.turn(end).value();
  CHECK(seen.record.status == outcome::http);
  CHECK(seen.record.error == "HTTP 413: too big");
  loop.forget(server.listener.get(), server);
  if (server.peer) loop.forget(server.peer.get(), server);
}

TEST_CASE("client: an answer of any number of reads is whole, though its end came with the first news of it",
          "[openai]") {
  const int tokens = GENERATE(2, 1000, 5000);  // less than one read, two, many
  bench b([&](const auto&) -> scripted::script { return {scripted::last(completion(tokens))}; });
  b.ask();
  const auto& r = b.only();
  CHECK(r.status == outcome::ok);
  CHECK(r.tokens_out == tokens);
  b.turn([&] { return b.client.idle() == 0; });
}

TEST_CASE("client: a request of many megabytes arrives whole", "[openai]") {
  bench b([](const auto&) -> scripted::script { return {scripted::send(completion(1))}; });
  std::string body(5'000'000, 'x');
  for (std::size_t i = 0; i < body.size(); i += 7) body[i] = static_cast<char>('a' + i % 26);
  b.ask(body);
  CHECK(b.only().status == outcome::ok);
  REQUIRE(b.server.seen.size() == 1);
  CHECK(b.server.seen[0].body == body);
}

TEST_CASE("client: cancelling ends everything at once, with what had come", "[openai]") {
  const std::string half = completion(5).substr(0, completion(5).find("w2"));
  bench b([&](const auto&) -> scripted::script { return {scripted::send(half)}; });
  for (int i = 0; i < 4; ++i) b.ask();
  b.turn([&] { return b.server.seen.size() == 4; });
  for (int i = 0; i < 30; ++i) b.loop.turn(weir::now_ns() + ms).value();  // what the server sends arrives
  b.ask();                                                                // still connecting
  b.client.cancel_all("the run was ended");
  CHECK(b.ended == 5);
  CHECK(b.client.outstanding() == 0);
  for (const auto& r : b.records) {
    CHECK(r.status == outcome::cancelled);
    CHECK(r.error == "the run was ended");
    CHECK(r.tokens_out == (r.id == "4" ? 0 : 2));
  }
}

TEST_CASE("client: bytes that nobody asked for cost the connection, not the next request", "[openai]") {
  bench b([](const scripted::request& r) -> scripted::script {
    if (r.number == 0) return {scripted::send(completion(1)), scripted::send("HTTP/1.1 408 Late\r\n\r\n", 5 * ms)};
    return {scripted::send(completion(2))};
  });
  b.ask();
  b.finish();
  b.turn([&] { return b.client.idle() == 0; });
  b.ask();
  b.finish();
  CHECK(b.records[1].status == outcome::ok);
  CHECK(b.records[1].tokens_out == 2);
  CHECK(b.server.connections == 2);
}

TEST_CASE("client: an answer that is followed by more bytes ends its connection", "[openai]") {
  bench b([](const auto&) -> scripted::script { return {scripted::send(completion(1) + "HTTP/1.1 200 OK\r\n")}; });
  b.ask();
  CHECK(b.only().status == outcome::ok);
  CHECK(b.client.idle() == 0);
}
