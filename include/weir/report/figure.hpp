// weir/report/figure.hpp - one number of a summary, by name. Needs the standard library only.
#ifndef WEIR_REPORT_FIGURE_HPP
#define WEIR_REPORT_FIGURE_HPP

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/report/table.hpp"

namespace weir::inline v0 {

/// A named value with its unit, as tables show it and as it was computed.
struct figure {
  std::string name;  ///< "ttft_p99_ms": the same in CSV, JSON and metric records.
  std::string unit;  ///< "ms"; empty for a count or a text.
  cell shown;
  double exact = std::numeric_limits<double>::quiet_NaN();  ///< NaN for a text or a missing value.
};

/// All figures of one group of records.
struct group_summary {
  std::vector<std::string> labels;  ///< The value of each key.
  std::vector<figure> figures;      ///< The same names in the same order in every group of a summary.

  [[nodiscard]] const figure* find(std::string_view name) const noexcept {
    for (const auto& f : figures)
      if (f.name == name) return &f;
    return nullptr;
  }
};

/// A list of figures being written.
class figure_list {
 public:
  void count(std::string name, std::uint64_t value) {
    list_.push_back({std::move(name), "", cell::count(value), static_cast<double>(value)});
  }
  void number(std::string name, std::string unit, double value, int digits) {
    list_.push_back({std::move(name), std::move(unit), cell::number(value, digits), value});
  }
  /// A number, or missing for `reason` where `value` is NaN.
  void number_or(std::string name, std::string unit, double value, int digits, const std::string& reason) {
    std::isnan(value) ? missing(std::move(name), std::move(unit), reason)
                      : number(std::move(name), std::move(unit), value, digits);
  }
  void text(std::string name, std::string words) {
    list_.push_back({std::move(name), "", cell::text(std::move(words))});
  }
  void missing(std::string name, std::string unit, std::string reason) {
    list_.push_back({std::move(name), std::move(unit), cell::missing(std::move(reason))});
  }
  [[nodiscard]] std::vector<figure> take() && { return std::move(list_); }

 private:
  std::vector<figure> list_;
};

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_FIGURE_HPP
