#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cuts.hpp"
#include "weir/base/result.hpp"
#include "weir/net/url.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = weir::parse_url(text);
  if (!parsed) {
    fuzz::require(parsed.error().code == weir::errc::invalid_argument, "a refused URL is an invalid argument");
    return 0;
  }
  const auto visible = [](char c) { return c > 0x20 && c < 0x7F; };
  fuzz::require(std::all_of(parsed->target.begin(), parsed->target.end(), visible),
                "nothing in a target ends its line");
  fuzz::require(std::all_of(parsed->host.begin(), parsed->host.end(), visible), "nothing in a host ends its line");
  fuzz::require(parsed->target.starts_with('/') && !parsed->host.empty() && parsed->port > 0, "all parts are there");
  const auto again = weir::parse_url(parsed->text());
  fuzz::require(again && *again == *parsed, "the text of a URL reads as the same URL");
  const auto joined = parsed->under(parsed->target);
  fuzz::require(joined && weir::parse_url(joined->text()).value() == *joined, "so does one made under it");
  return 0;
}
