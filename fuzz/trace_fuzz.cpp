// Any bytes as a trace, whole and cut anywhere: the same profile, no crash, and no event that is neither read nor
// counted.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cuts.hpp"
#include "weir/base/result.hpp"
#include "weir/data/source.hpp"
#include "weir/trace/read_profile.hpp"
#include "weir/trace/skew.hpp"
#include "weir/trace/step_metrics.hpp"

namespace {

std::string metrics_of(std::string_view text, std::size_t step) {
  static const weir::kind_table kinds;
  weir::profile_options options;
  options.idle = options.coverage = true;
  std::vector<weir::rank_profile> set;
  for (int i = 0; i < 2; ++i) {
    auto read = weir::read_profile(weir::memory_source(text, step), "rank0.json", kinds, options);
    if (!read) return read.error().detail;
    set.push_back(*std::move(read));
  }
  std::vector<weir::trace_metric> metrics;
  fuzz::require(static_cast<bool>(append_rank_metrics(metrics, set[0], {})), "no step is asked for");
  for (const auto& m : find_skew(set).collectives) fuzz::require(m.skew_ns() == 0, "a rank does not wait for itself");
  std::string out;
  append_metric_records(out, metrics);
  return out;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string whole = metrics_of(text, text.npos);
  for (const std::size_t step : {1U, 7U, 64U})
    fuzz::require(metrics_of(text, step) == whole, "figures do not depend on where reads cut the file");
  return 0;
}
