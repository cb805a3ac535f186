// weir/record/rival.hpp - what another tool's result says, under the names of docs/results.md. Needs weir/base only.
#ifndef WEIR_RECORD_RIVAL_HPP
#define WEIR_RECORD_RIVAL_HPP

#include <algorithm>
#include <cmath>
#include <limits>
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
