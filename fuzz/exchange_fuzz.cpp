// A response of an OpenAI-compatible server, or of anything else: whatever it is and wherever reads cut it, the
// exchange ends with the same record (but for the words about what is no HTTP). The first byte of the input says how
// many choices were asked for, and whether the server closes behind it.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cuts.hpp"
#include "weir/net/sse.hpp"
#include "weir/openai/chunk.hpp"
#include "weir/openai/exchange.hpp"
#include "weir/record/request.hpp"

namespace {

weir::request_record record_of(bool closes, std::int32_t choices, auto&& next) {
  constexpr std::int64_t now = 1000;
  weir::chunk_parser json;
  weir::exchange_options options;
  options.choices = choices;
  options.max_event_bytes = 700, options.max_answer_bytes = 700;
  weir::completion_exchange x(json, options, {});
  x.sent(1);
  std::vector<char> held;
  for (std::string_view piece; !x.over() && next(piece);) {
    held.assign(piece.begin(), piece.end());
    held.resize(piece.size() + weir::sse_parser::padding, '"');
    if (x.feed({held.data(), piece.size()}, now)) break;
  }
  if (!x.over()) closes ? x.closed("", now) : x.fail(weir::outcome::timeout, "no end", now);
  fuzz::require(x.over(), "it ends");
  return x.take();
}

std::string text_of(weir::request_record r) {
  fuzz::require((r.status == weir::outcome::ok) == r.error.empty(), "a failure says why, a success nothing");
  if (r.status == weir::outcome::ok) fuzz::require(r.http_status == 200, "only 200 is a success");
  for (const auto& c : r.choices) fuzz::require(c.tokens_out >= 0 || c.tokens_out == weir::unmeasured, "a count");
  for (const auto& e : r.events) fuzz::require(e.tokens >= 1 && e.choice >= 0, "an event with tokens");
  r.shared_events = 0;                                        // how events share reads is the cuts' doing
  if (r.status == weir::outcome::malformed) r.error = "why";  // may quote as much as had come
  std::string out;
  append_record(out, r);
  return out;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool closes = data[0] % 2 == 0;
  const std::int32_t choices = 1 + data[0] / 2 % 4;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  fuzz::same_at_any_cut(stream, [&](auto&& next) { return text_of(record_of(closes, choices, next)); });
  return 0;
}
