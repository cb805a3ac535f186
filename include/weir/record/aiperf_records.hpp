// weir/record/aiperf_records.hpp - AIPerf's record of each request, made figures. Needs simdjson.
#ifndef WEIR_RECORD_AIPERF_RECORDS_HPP
#define WEIR_RECORD_AIPERF_RECORDS_HPP

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/base/trim.hpp"
#include "weir/record/read_rival.hpp"
#include "weir/stats/samples.hpp"

namespace weir::inline v0 {

/// Whether `head`, the beginning of a file, is that of a profile_export.jsonl (--export-level records).
[[nodiscard]] inline bool is_aiperf_records(std::string_view head) noexcept {
  const auto line = head.substr(0, head.find('\n'));
  return line.starts_with('{') && line.find("\"metrics\"") != line.npos && line.find("\"session_num\"") != line.npos;
}

/// Counts the lines of a profile_export.jsonl: it holds no percentiles, so they are computed here.
/// \complexity  8 bytes for each latency of a request, up to the limit of sample_set.
class aiperf_records {
 public:
  /// The next line. \return  errc::parse, with the place.
  result<void> add(std::string_view line, const std::string& source) {
    ++lines_;
    if (trimmed(line).empty()) return {};
    const auto json = flat_json::read(line);
    if (!json) return failure{errc::parse, source + ":" + std::to_string(lines_) + ": " + json.error().detail};
    if (const auto phase = json->text("metadata/benchmark_phase"); !phase.empty() && phase != "profiling") {
      ++others_;
      return {};
    }
    if (json->has("error/code") || json->has("error/message") || json->has("error/type")) {
      ++failed_;  // what it measured before it failed is no latency of an answer
      return {};
    }
    ++ok_;
    for (const auto& v : json->values())
      if (v.is == flat_value::kind::number && v.path.starts_with("metrics/")) add_value(v);
    const auto* start = json->find("metadata/request_start_ns");
    const auto* end = json->find("metadata/request_end_ns");
    if (start != nullptr && end != nullptr && start->number > 0 && end->number >= start->number)
      first_ns_ = std::min(first_ns_, start->number), last_ns_ = std::max(last_ns_, end->number);
    return {};
  }

  [[nodiscard]] rival_result finish(const std::string& source) && {
    detail::rival_builder out("AIPerf (records)", source);
    for (auto& [name, set] : samples_) {
      const std::string theirs = name + ", percentiles computed from its records";
      const auto* known = detail::find_name(detail::aiperf_names, name);
      const auto m = set.describe();
      out.add(*known, "count", static_cast<double>(m.count), theirs);
      for (const auto& [stat, value] : {std::pair{"mean", m.mean}, {"std", m.std}, {"min", m.min}, {"max", m.max}})
        out.add(*known, stat, value / us_per_ms, theirs);
      for (const double p : {1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0})
        out.add(*known, "p" + std::to_string(static_cast<int>(p)), set.percentile(p) / us_per_ms, theirs);
    }
    const auto total = [&](const char* ours, const char* theirs) {
      if (const auto at = sums_.find(theirs); at != sums_.end()) out.add({"", ours, ""}, "", at->second, theirs);
    };
    out.add({"", "ok", ""}, "", static_cast<double>(ok_), "lines without an error");
    out.add({"", "failed", ""}, "", static_cast<double>(failed_), "lines with an error");
    total("tokens_in", "input_sequence_length"), total("tokens_out", "output_sequence_length");
    if (last_ns_ > first_ns_)
      out.add({"", "window_s", "s", 1e-9, "first start to last end, by the wall clock"}, "", last_ns_ - first_ns_,
              "request_start_ns, request_end_ns");
    if (others_ > 0) out.note(std::to_string(others_) + " records of other phases than profiling are left out");
    return std::move(out).take();
  }

 private:
  static constexpr double us_per_ms = 1000;  // samples are kept in microseconds: sample_set's sums are of whole units

  void add_value(const flat_value& v) {
    if (!v.path.ends_with("/value")) return;
    const auto name = v.path.substr(8, v.path.size() - 14);
    const auto* known = detail::find_name(detail::aiperf_names, name);
    if (known != nullptr && known->unit == "ms") {
      if (std::isfinite(v.number) && v.number >= 0) samples_[name].add(v.number * us_per_ms);
    } else if (name == "input_sequence_length" || name == "output_sequence_length") {
      sums_[name] += v.number;
    }
  }

  std::map<std::string, sample_set, std::less<>> samples_;
  std::map<std::string, double, std::less<>> sums_;
  std::uint64_t lines_ = 0, ok_ = 0, failed_ = 0, others_ = 0;
  double first_ns_ = std::numeric_limits<double>::infinity(), last_ns_ = -std::numeric_limits<double>::infinity();
};

}  // namespace weir::inline v0

#endif  // WEIR_RECORD_AIPERF_RECORDS_HPP
