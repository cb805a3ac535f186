// weir/report/measured_run.hpp - a run as comparisons see it, and whether two sets of them did the same work. Needs the
// standard library only.
#ifndef WEIR_REPORT_MEASURED_RUN_HPP
#define WEIR_REPORT_MEASURED_RUN_HPP

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::inline v0 {

/// What one run came to, and what it was asked to do.
struct measured_run {
  std::string source;
  std::map<std::string, double, std::less<>> figures;        ///< "ttft_p50_ms" and so on, in the unit of its name.
  std::map<std::string, std::string, std::less<>> workload;  ///< What was asked for: "model": "mock", "rate": "4".
  std::map<std::string, double, std::less<>> sizes = {};     ///< What it came to: "input tokens a request": 512.
  std::set<std::string, std::less<>> missing = {};           ///< Figures that it has by name and without a value.
};

/// Whether two runs are one and the same under two names: each figure has the same value, and some of them are times,
/// which no two runs share to the last digit. Runs that tell accuracies only may well agree.
[[nodiscard]] inline bool is_same_run(const measured_run& a, const measured_run& b) {
  const auto is_time = [](const auto& f) { return f.first.ends_with("_ms") || f.first == "window_s"; };
  return std::ranges::any_of(a.figures, is_time) && a.figures == b.figures;
}

/// How many runs of one side are on the other too.
[[nodiscard]] inline std::ptrdiff_t runs_of_both(const std::vector<measured_run>& base,
                                                 const std::vector<measured_run>& fresh) {
  return std::ranges::count_if(base, [&](const measured_run& a) {
    return std::ranges::any_of(fresh, [&](const measured_run& b) { return is_same_run(a, b); });
  });
}

namespace detail {

/// The values that the runs of each side have under each name, each once, sorted.
template <class Value>
struct values_of_both {
  std::map<std::string, std::array<std::vector<Value>, 2>, std::less<>> seen;

  template <class Member>
  values_of_both(const std::vector<measured_run>& base, const std::vector<measured_run>& fresh, Member member) {
    collect(base, member, 0), collect(fresh, member, 1);
    for (auto& [name, both] : seen)
      for (auto& list : both) std::ranges::sort(list);
  }
  template <class Member>
  void collect(const std::vector<measured_run>& runs, Member member, std::size_t side) {
    for (const auto& run : runs)
      for (const auto& [name, value] : run.*member)
        if (auto& list = seen[name][side]; !std::ranges::count(list, value)) list.push_back(value);
  }
};

inline std::string size_text(double value) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, 6).ptr};
}

}  // namespace detail

/// What differs in the workloads of two sets: "requests: 100 and 128"; empty where nothing does. What was asked for
/// must be the same, where a side has one value of it (a seed that each run draws anew is none); what it came to may
/// differ by `slack`, for lengths that are drawn and requests that failed.
[[nodiscard]] inline std::vector<std::string> workload_differences(const std::vector<measured_run>& base,
                                                                   const std::vector<measured_run>& fresh,
                                                                   double slack = 0.05) {
  const auto joined = [](const auto& values, auto&& text_of) {
    std::string out;
    for (const auto& v : values) out += (out.empty() ? "" : " or ") + text_of(v);
    return out.empty() ? "not said" : out;
  };
  std::vector<std::string> out;
  const auto note = [&](const std::string& name, const auto& both, auto&& text_of) {
    out.push_back(name + ": " + joined(both[0], text_of) + " and " + joined(both[1], text_of));
  };
  const auto itself = [](const std::string& text) { return text; };
  const auto is_varied = [](const auto& both) { return both[0].size() > 1 && both[1].size() > 1; };
  for (const auto& [name, both] : detail::values_of_both<std::string>(base, fresh, &measured_run::workload).seen)
    if (both[0] != both[1] && !(name.ends_with("hash") && is_varied(both))) note(name, both, itself);
  for (const auto& [name, both] : detail::values_of_both<double>(base, fresh, &measured_run::sizes).seen) {
    if (both[0].empty() || both[1].empty()) continue;
    const double least = std::min(both[0].front(), both[1].front()), most = std::max(both[0].back(), both[1].back());
    if (most > least * (1 + slack)) note(name, both, detail::size_text);
  }
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_MEASURED_RUN_HPP
