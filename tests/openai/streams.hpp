// Server responses for the tests of the client: recorded ones, made ones, and the ways to feed them.
#ifndef WEIR_TESTS_OPENAI_STREAMS_HPP
#define WEIR_TESTS_OPENAI_STREAMS_HPP

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/openai/exchange.hpp"

namespace streams {

inline std::string file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A recorded response of tests/fixtures/sse: its body was kept without chunk framing, which is put back here, one
/// chunk for each event, as vLLM sends it.
inline std::string fixture(const std::string& name) {
  const std::string whole = file(WEIR_SOURCE_DIR "/tests/fixtures/sse/" + name);
  const auto split = whole.find("\r\n\r\n") + 4;
  std::string out = whole.substr(0, split), body = whole.substr(split);
  if (out.find("ransfer-") == out.npos) return whole;
  const auto chunk = [&](std::string_view piece) {
    char size[20];
    out.append(size, std::to_chars(size, size + 20, piece.size(), 16).ptr).append("\r\n").append(piece).append("\r\n");
  };
  while (!body.empty()) {
    const auto end = std::min(body.find("\n\n"), body.size() - 2) + 2;
    chunk(std::string_view(body).substr(0, end));
    body.erase(0, end);
  }
  return out + "0\r\n\r\n";
}

/// A 200 response whose body ends with the connection.
inline std::string streamed(std::string_view body) {
  return "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + std::string(body);
}

/// `data: {...}` events with the given JSON bodies, each ended by a blank line.
inline std::string events(std::initializer_list<std::string_view> bodies) {
  std::string out;
  for (const auto body : bodies) out.append("data: ").append(body).append("\n\n");
  return out;
}

inline std::string text_event(int index, std::string_view text, std::string_view rest = "") {
  return R"({"choices":[{"index":)" + std::to_string(index) + R"(,"text":")" + std::string(text) +
         R"(","finish_reason":null}])" + std::string(rest) + "}";
}

/// Feeds `bytes` in pieces, each from its own buffer, then closes; piece i arrives at times[i].
class player {
 public:
  explicit player(weir::exchange_options options = {}) : x_(json_, options, {}) { x_.sent(1000); }

  player& feed(std::string_view piece, std::int64_t t_ns) {
    std::string own(piece);
    own.append(weir::sse_parser::padding, '"');  // the worst that may lie behind
    if (!x_.over()) x_.feed(std::string_view(own).substr(0, piece.size()), t_ns);
    return *this;
  }
  weir::request_record close(std::int64_t t_ns) {
    x_.closed("", t_ns);
    return x_.take();
  }
  weir::completion_exchange& exchange() { return x_; }

 private:
  weir::chunk_parser json_;
  weir::completion_exchange x_;
};

/// The record of a response that comes whole at t = 2000 and ends with the connection at t = 3000.
inline weir::request_record play(std::string_view bytes, weir::exchange_options options = {}) {
  return player(options).feed(bytes, 2000).close(3000);
}

}  // namespace streams

#endif  // WEIR_TESTS_OPENAI_STREAMS_HPP
