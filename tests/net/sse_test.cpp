#include "weir/net/sse.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"

namespace {

using strings = std::vector<std::string>;

/// The events of a stream as "type|id|data", fed in pieces of `step` bytes.
strings events_of(std::string_view stream, std::size_t step = std::string_view::npos) {
  weir::sse_parser parser;
  strings events;
  while (!stream.empty()) {
    const auto ok = parser.feed(stream.substr(0, step), [&](const weir::sse_parser::event& e) {
      events.push_back(std::string(e.type) + '|' + std::string(e.id) + '|' + std::string(e.data));
    });
    REQUIRE(ok);
    stream.remove_prefix(std::min(step, stream.size()));
  }
  return events;
}

}  // namespace

TEST_CASE("sse: CR, LF and CRLF end lines alike", "[sse]") {
  const strings expected{"message||a\nb", "t|7|c"};
  for (const std::string_view end : {"\n", "\r", "\r\n"}) {
    CAPTURE(end);
    std::string stream;
    for (const std::string_view line : {"data: a", "data:b", "", ": ping", "event: t", "id: 7", "data: c", "", ""})
      stream.append(line).append(end);
    for (const std::size_t step : {1U, 2U, 3U, 7U, 1000U}) CHECK(events_of(stream, step) == expected);
  }
}
