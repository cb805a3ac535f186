// The first byte of the input is the limit, the rest the stream.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "cuts.hpp"
#include "weir/base/result.hpp"
#include "weir/net/sse.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t limit = data[0] < 200 ? data[0] : 100000;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  fuzz::same_at_any_cut(stream, [&](auto&& next) {
    weir::sse_parser parser(limit);
    std::string seen;  // all that was reported, in one text
    const auto report = [&](const weir::sse_parser::event& e) {
      fuzz::require(e.data.size() <= limit, "data within the limit");
      fuzz::require(!e.type.empty() && e.id.find('\0') == e.id.npos, "a type, and no NUL in an id");
      for (const auto part : {e.type, e.data, e.id})
        seen.append(std::to_string(part.size())).append(1, ':').append(part);
    };
    for (std::string_view piece; next(piece);) {
      if (const auto fed = parser.feed(piece, report); !fed) {
        fuzz::require(fed.error().code == weir::errc::limit, "nothing but the limit refuses a stream");
        return seen + "refused";
      }
    }
    return seen + (parser.pending() ? "pending" : "") + std::to_string(parser.retry_ms().value_or(7));
  });
  return 0;
}
