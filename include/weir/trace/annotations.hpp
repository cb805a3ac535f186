// weir/trace/annotations.hpp - what was found about a set, as a small trace for Perfetto: who waited for whom. Needs
// weir/data.
#ifndef WEIR_TRACE_ANNOTATIONS_HPP
#define WEIR_TRACE_ANNOTATIONS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/trace/skew.hpp"

namespace weir::inline v0 {
namespace detail {

/// "12.345" of 12345 ns, in text, since a double has not enough digits.
inline std::string microseconds(std::int64_t ns) {
  std::string digits = std::to_string(ns % 1000);
  return std::to_string(ns / 1000) + "." + std::string(3 - digits.size(), '0') + digits;
}

inline void append_span(std::string& out, std::string_view name, std::size_t rank, std::int64_t begin, std::int64_t end,
                        std::string_view what) {
  if (end <= begin) return;
  out.append(out.ends_with('[') ? "\n" : ",\n").append(R"({"ph":"X","cat":"weir","name":)");
  append_json_string(out, name);
  out.append(R"(,"pid":)").append(std::to_string(rank)).append(R"(,"tid":"collectives","ts":)");
  out.append(microseconds(begin)).append(R"(,"dur":)").append(microseconds(end - begin));
  out.append(R"(,"args":{"collective":)");
  append_json_string(out, what);
  out.append("}}");
}

}  // namespace detail

/// Chrome JSON that Perfetto opens: for each rank a track with, per matched collective, the wait for the last rank and
/// the transfer behind it; times in microseconds since the first.
[[nodiscard]] inline std::string annotations(const std::vector<rank_profile>& set, const skew_report& report) {
  std::int64_t zero = std::numeric_limits<std::int64_t>::max();
  for (const auto& m : report.collectives) zero = std::min(zero, *std::min_element(m.begins.begin(), m.begins.end()));
  std::string out = R"({"displayTimeUnit":"ns","traceEvents":[)";
  for (std::size_t r = 0; r < set.size(); ++r) {
    out.append(out.ends_with('[') ? "\n" : ",\n").append(R"({"ph":"M","name":"process_name","pid":)");
    out.append(std::to_string(r)).append(R"(,"args":{"name":)");
    append_json_string(out, "rank " + set[r].label());
    out.append("}}");
  }
  for (const auto& m : report.collectives) {
    const std::string what = m.collective + " " + std::to_string(m.number);
    const std::string last = set[m.ranks[m.arrived_last()]].label();
    for (std::size_t i = 0; i < m.ranks.size(); ++i) {
      const std::int64_t met = std::min(m.last_begin(), m.ends[i]);
      detail::append_span(out, "wait for rank " + last, m.ranks[i], m.begins[i] - zero, met - zero, what);
      detail::append_span(out, m.collective, m.ranks[i], met - zero, m.ends[i] - zero, what);
    }
  }
  return out += "\n]}\n";
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_ANNOTATIONS_HPP
