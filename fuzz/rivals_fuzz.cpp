// Any bytes as another tool's result: a failure with words, or figures that are finite and not below zero, or missing
// with a reason.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cuts.hpp"
#include "weir/record/read_rival_text.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto all = weir::read_rivals({reinterpret_cast<const char*>(data), size}, "f");
  if (!all) {
    fuzz::require(!all.error().detail.empty(), "a failure says why");
    return 0;
  }
  for (const auto& r : *all)
    for (const auto& f : r.figures) {
      fuzz::require(!f.name.empty(), "a figure has a name");
      fuzz::require(std::isnan(f.value) ? !f.reason.empty() : std::isfinite(f.value) && f.value >= 0,
                    "a figure is a value from 0, or missing with a reason");
    }
  return 0;
}
