// The two parsers together, as a client uses them: real answers of vLLM on an H100, every byte as it was received.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "samples.hpp"
#include "weir/net/http1.hpp"
#include "weir/net/http1_head.hpp"
#include "weir/net/sse.hpp"

namespace {

/// A body taken out of its chunks the plain way, where all of it is there.
std::string unchunked(std::string_view framed) {
  std::string body;
  for (std::size_t size = 1; size > 0;) {
    size = std::stoul(std::string(framed.substr(0, framed.find("\r\n"))), nullptr, 16);
    body += framed.substr(framed.find("\r\n") + 2, size);
    framed.remove_prefix(framed.find("\r\n") + 2 + size + 2);
  }
  return body;
}

/// The data of events the plain way: vLLM sends one "data: " line each, ended by two line feeds.
std::vector<std::string> plain_events(std::string_view body) {
  std::vector<std::string> events;
  for (; !body.empty(); body.remove_prefix(body.find("\n\n") + 2)) {
    REQUIRE(body.starts_with("data: "));
    events.emplace_back(body.substr(6, body.find("\n\n") - 6));
  }
  return events;
}

/// Reads a stream and compares each event with the one expected.
struct client {
  const std::vector<std::string>& expected;
  weir::http1_parser http{weir::http1_parser::role::response};
  weir::sse_parser sse{};
  std::size_t events = 0;
  bool same = true, ended = false;

  void on_head(const weir::http1_head& head) { same = same && head.status == 200 && head.chunked; }
  void on_body(std::string_view piece) {
    const auto fed = sse.feed(piece, [&](const weir::sse_parser::event& e) {
      same = same && events < expected.size() && e.data == expected[events];
      ++events;
    });
    same = same && fed;
  }
  void on_end() { ended = true; }

  void feed(std::string_view bytes) {
    const auto used = http.feed(bytes, *this);
    same = same && used && *used == bytes.size();
  }
  [[nodiscard]] bool all() const { return same && ended && events == expected.size() && !sse.pending(); }
};

}  // namespace

TEST_CASE("stream: real answers give the same events at every cut", "[sse][http1]") {
  std::size_t streams = 0;
  const auto all = samples::in(WEIR_SOURCE_DIR "/../shared/vllm_h100/streams", ".resp");
  if (all.empty()) {
    WARN("SKIPPED: ../shared/vllm_h100/streams is not here");
    return;
  }
  for (const auto& [name, bytes] : all) {
    if (bytes.find("text/event-stream") == bytes.npos) continue;
    CAPTURE(name);
    ++streams;
    const auto expected = plain_events(unchunked(std::string_view(bytes).substr(bytes.find("\r\n\r\n") + 4)));
    CHECK(expected.back() == "[DONE]");
    bool same = true;
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      client c{expected};
      c.feed(std::string_view(bytes).substr(0, cut));
      c.feed(std::string_view(bytes).substr(cut));
      same = same && c.all();
    }
    CHECK(same);
    for (const std::size_t step : {1U, 2U, 5U, 64U, 1000U}) {
      client c{expected};
      samples::in_steps(bytes, step, [&](std::string_view piece) { c.feed(piece); });
      CHECK(c.all());
    }
  }
  CHECK(streams == 13);
}
