// weir/record/rival.hpp - what another tool's result says, under the names of docs/results.md. Needs weir/base only.
#ifndef WEIR_RECORD_RIVAL_HPP
#define WEIR_RECORD_RIVAL_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::inline v0 {

/// One figure of a result.
struct rival_figure {
  std::string name;                                         ///< Ours, by meaning: "ttft_p99_ms".
  std::string unit;                                         ///< "ms", "s", "1/s"; empty for a count.
  double value = std::numeric_limits<double>::quiet_NaN();  ///< NaN: missing, for `reason`.
  std::string reason;
  std::string theirs;  ///< As the file calls it: "p99_itl_ms".
  std::string basis;   ///< How that tool measures it, where this is not what our name says; else empty.
};

namespace detail {

/// "p99" of "e2el_per_token_p99_ms"; nothing where a name has no statistic.
inline std::string_view statistic_of(const rival_figure& f) noexcept {
  std::string_view name = f.name;
  if (name.ends_with("_ms"))
    name.remove_suffix(3);
  else if (!name.ends_with("_n"))
    return {};
  return name.substr(name.rfind('_') + 1);
}
/// "e2el_per_token" of "e2el_per_token_p99_ms".
inline std::string quantity_of(const rival_figure& f) {
  const auto stat = statistic_of(f);
  return stat.empty() ? f.name : f.name.substr(0, static_cast<std::size_t>(stat.data() - f.name.data()) - 1);
}

}  // namespace detail

/// One run, as its tool reported it.
struct rival_result {
  std::string tool;    ///< "AIPerf 0.13.0"
  std::string source;  ///< File, and place in it where that holds several.
  std::vector<rival_figure> figures;
  std::vector<std::pair<std::string, std::string>> other;     ///< Numbers without a counterpart here: path and value.
  std::vector<std::pair<std::string, std::string>> workload;  ///< What was asked for: model, prompts, concurrency, ...
  std::vector<std::string> notes;                             ///< What a reader of the figures must know.

  [[nodiscard]] const rival_figure* find(std::string_view name) const noexcept {
    for (const auto& f : figures)
      if (f.name == name) return &f;
    return nullptr;
  }
  /// Takes `value` in, or says why it can't be one: NaN, infinite, or below zero.
  void add(rival_figure f) {
    if (find(f.name) != nullptr) return;  // the file says it twice: median and p50
    if (std::isnan(f.value))
      f.reason = f.reason.empty() ? "the file says NaN" : f.reason;
    else if (std::isinf(f.value))
      f.reason = "the file says infinity";
    else if (f.value < 0)
      f.reason = "the file says " + std::to_string(f.value) + ", below zero";
    if (!f.reason.empty()) f.value = std::numeric_limits<double>::quiet_NaN();
    figures.push_back(std::move(f));
  }
  /// Whether it holds no figure at all, under our names or its own.
  [[nodiscard]] bool empty() const noexcept { return figures.empty() && other.empty(); }
  /// Makes a latency missing of which the file says 0 throughout: some tools write 0 where they measured nothing (vLLM,
  /// where every request failed, or each answer has one token).
  void drop_zeros() {
    std::map<std::string, double, std::less<>> most;  // of each latency
    for (const auto& f : figures)
      if (f.unit == "ms" && !std::isnan(f.value)) {
        auto& m = most[detail::quantity_of(f)];
        m = std::max(m, f.value);
      }
    for (auto& f : figures)
      if (f.unit == "ms" && f.value == 0 && most[detail::quantity_of(f)] == 0) {
        f.value = std::numeric_limits<double>::quiet_NaN();
        f.reason = "the file says 0 for all of it: nothing was measured";
      }
  }
  /// Takes in another file of the same run. \pre  of the same tool.
  void merge(rival_result&& more) {
    for (auto& f : more.figures) add(std::move(f));
    const auto append = [](auto& to, auto& from) {
      for (auto& each : from)
        if (std::ranges::find(to, each) == to.end()) to.push_back(std::move(each));
    };
    append(other, more.other), append(workload, more.workload), append(notes, more.notes);
  }
};

}  // namespace weir::inline v0

#endif  // WEIR_RECORD_RIVAL_HPP
