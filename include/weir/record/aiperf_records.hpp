// weir/record/aiperf_records.hpp - AIPerf's record of each request, made figures. Needs simdjson.
#ifndef WEIR_RECORD_AIPERF_RECORDS_HPP
#define WEIR_RECORD_AIPERF_RECORDS_HPP

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/measured.hpp"
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
    const auto wrong = [&](std::string_view why) {
      return failure{errc::parse, source + ":" + std::to_string(lines_) + ": " + std::string(why)};
    };
    buffer_.assign(line).reserve(line.size() + simdjson::SIMDJSON_PADDING);
    simdjson::ondemand::document document;
    simdjson::ondemand::object object;
    if (const auto error = parser_.iterate(simdjson::padded_string_view(buffer_)).get(document))
      return wrong(detail::not_json(error).detail);
    if (document.get_object().get(object)) return wrong("not a JSON object in one line");
    now_ = {};
    if (auto ok = detail::read_fields<request>(object, fields(), now_); !ok) return wrong(ok.error().detail);
    if (!possible(now_))
      return wrong("a latency of more than 10^6 s, or a time before 1970: no figure can be made of it");
    count();
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
        out.add(*known, stat, value / ns_per_ms, theirs);
      for (const double p : {1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0})
        out.add(*known, "p" + std::to_string(static_cast<int>(p)), set.percentile(p) / ns_per_ms, theirs);
    }
    out.add({"", "ok", ""}, "", static_cast<double>(ok_), "lines without an error");
    out.add({"", "failed", ""}, "", static_cast<double>(failed_), "lines with an error");
    for (const auto& [ours, theirs] : {std::pair{"tokens_in", tokens_in}, {"tokens_out", tokens_out}})
      if (const auto at = sums_.find(theirs); at != sums_.end())
        out.add({"", ours, ""}, "", at->second, "sum of " + std::string(theirs));
    if (last_ns_ > first_ns_)
      out.add({"", "window_s", "s", 1e-9, "first start to last end, by the wall clock"}, "",
              static_cast<double>(last_ns_ - first_ns_), "request_start_ns, request_end_ns");
    if (others_ > 0) out.note(std::to_string(others_) + " records of other phases than profiling are left out");
    return std::move(out).take();
  }

 private:
  static constexpr double ns_per_ms = 1e6;
  static constexpr auto tokens_in = "input_sequence_length", tokens_out = "output_sequence_length";

  /// A line: its metrics, each with one value or, of chunks, many.
  struct request {
    std::string phase;
    std::int64_t start_ns = unmeasured, end_ns = unmeasured;
    bool failed = false;
    std::vector<std::pair<std::string, std::vector<double>>> metrics;
  };

  /// Whether sums and differences of the line's times stay in range.
  static bool possible(const request& r) {
    constexpr double longest_ms = 1e9;
    if ((r.start_ns != unmeasured && r.start_ns < 0) || (r.end_ns != unmeasured && r.end_ns < 0)) return false;
    return std::ranges::all_of(r.metrics, [](const auto& metric) {
      const auto* known = detail::find_name(detail::aiperf_names, metric.first);
      return known == nullptr || known->unit != "ms" ||
             std::ranges::none_of(metric.second, [](double ms) { return std::isfinite(ms) && ms > longest_ms; });
    });
  }

  void count() {
    if (!now_.phase.empty() && now_.phase != "profiling") return void(++others_);
    if (now_.failed) return void(++failed_);  // what it measured before it failed is no latency of an answer
    ++ok_;
    for (const auto& [name, values] : now_.metrics) {
      const auto* known = detail::find_name(detail::aiperf_names, name);
      if (known != nullptr && known->unit == "ms")
        for (const double ms : values) {
          if (std::isfinite(ms) && ms >= 0) samples_[name].add(ms * ns_per_ms);
        }
      else if ((name == tokens_in || name == tokens_out) && values.size() == 1)
        sums_[name] += values[0];
    }
    if (now_.start_ns == unmeasured || now_.end_ns == unmeasured) return;
    first_ns_ = std::min(first_ns_, now_.start_ns), last_ns_ = std::max(last_ns_, now_.end_ns);
  }

  static detail::read_outcome read_metadata(request& r, detail::json_value value) {
    // Names are longer than those of our own records.
    return detail::take_members(value, "an object", [&](std::string_view name, auto of) -> detail::read_outcome {
      if (name == "benchmark_phase") return detail::take_text(r.phase, of);
      if (name == "request_start_ns") return detail::read_time(r.start_ns, of);
      if (name == "request_end_ns") return detail::read_time(r.end_ns, of);
      return nullptr;
    });
  }
  /// {name: {"value": number or [numbers], "unit": ...}}
  static detail::read_outcome read_metrics(request& r, detail::json_value value) {
    constexpr auto wanted = "an object of metrics";
    return detail::take_members(value, wanted, [&](std::string_view name, auto of) -> detail::read_outcome {
      simdjson::ondemand::value inner;
      const auto* known = detail::find_name(detail::aiperf_names, name);
      if ((known == nullptr || known->unit != "ms") && name != tokens_in && name != tokens_out) return nullptr;
      auto& [kept, numbers] = r.metrics.emplace_back(name, std::vector<double>());
      if (of["value"].get(inner)) return wanted;
      if (!inner.raw_json_token().starts_with('[')) {
        if (!detail::is_null(inner) && inner.get_double().get(numbers.emplace_back())) return wanted;
        return nullptr;
      }
      simdjson::ondemand::array list;
      if (inner.get_array().get(list)) return wanted;
      for (auto number : list)
        if (number.get_double().get(numbers.emplace_back())) return wanted;
      return nullptr;
    });
  }
  static std::span<const detail::json_field<request>> fields() {
    using field = detail::json_field<request>;
    static constexpr std::array all{field{"metadata", read_metadata}, field{"metrics", read_metrics},
                                    field{"error", [](request& r, detail::json_value v) -> detail::read_outcome {
                                            r.failed = !detail::is_null(v);
                                            return nullptr;
                                          }}};
    return all;
  }

  simdjson::ondemand::parser parser_;
  std::string buffer_;
  request now_;
  std::map<std::string, sample_set, std::less<>> samples_;  // ns: sample_set's sums are of whole units
  std::map<std::string, double, std::less<>> sums_;
  std::uint64_t lines_ = 0, ok_ = 0, failed_ = 0, others_ = 0;
  std::int64_t first_ns_ = std::numeric_limits<std::int64_t>::max(),
               last_ns_ = std::numeric_limits<std::int64_t>::min();
};

}  // namespace weir::inline v0

#endif  // WEIR_RECORD_AIPERF_RECORDS_HPP
