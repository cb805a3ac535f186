// weir/report/pivot.hpp - one figure by two keys: rows of one, columns of the other, and how many times a base column.
// Needs weir/report only.
#ifndef WEIR_REPORT_PIVOT_HPP
#define WEIR_REPORT_PIVOT_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/report/summary.hpp"
#include "weir/report/table.hpp"

namespace weir::inline v0 {

/// A summary by two keys as one table: models down, formats across, say. With `base`, a column of that key, each other
/// column is followed by its speed-up against it: value / base of rates, base / value of times; by value / base of what
/// is neither.
/// \return  errc::invalid_argument where the summary has not two keys, or knows no such figure or base.
[[nodiscard]] inline result<table> pivot(const summary& s, const std::string& wanted, const std::string& base = {}) {
  if (s.keys.size() != 2)
    return failure{errc::invalid_argument, "a pivot needs two keys, such as --group-by model,file, and groups of both"};
  std::vector<std::string> down, across;
  const auto note = [](std::vector<std::string>& list, const std::string& label) {
    if (!std::ranges::count(list, label)) list.push_back(label);
  };
  std::string unit;
  for (std::size_t i = 0; i + 1 < s.groups.size(); ++i) {
    const auto* f = s.groups[i].find(wanted);
    if (f == nullptr) return failure{errc::invalid_argument, "there is no figure '" + wanted + "'; --json lists them"};
    unit = f->unit;
    note(down, s.groups[i].labels[0]), note(across, s.groups[i].labels[1]);
  }
  if (!base.empty() && !std::ranges::count(across, base))
    return failure{errc::invalid_argument, "no group has " + s.keys[1] + " '" + base + "' to compare with; there is " +
                                               (across.empty() ? "none" : across.front()) +
                                               (across.size() > 1 ? " and " + across.back() + ", say" : "")};
  const bool less_is_better = unit == "ms" || unit == "s", speed = less_is_better || unit == "1/s";
  table t{wanted + " by " + s.keys[0] + " and " + s.keys[1], {{s.keys[0], "", side::left}}};
  if (!base.empty() && speed) t.title += ", speed-up against " + base;
  for (const auto& name : across) {
    t.columns.push_back({name, unit});
    if (!base.empty() && name != base) t.columns.push_back({speed ? name + " speed-up" : name + " / " + base, "x"});
  }
  const auto at = [&](const std::string& row, const std::string& column) -> const weir::figure* {
    for (std::size_t i = 0; i + 1 < s.groups.size(); ++i)
      if (s.groups[i].labels[0] == row && s.groups[i].labels[1] == column) return s.groups[i].find(wanted);
    return nullptr;
  };
  for (const auto& row : down) {
    auto& cells = t.rows.emplace_back(std::vector{cell::text(row.empty() ? "(none)" : row)});
    const auto* of_base = base.empty() ? nullptr : at(row, base);
    for (const auto& name : across) {
      const auto* f = at(row, name);
      cells.push_back(f == nullptr ? cell::missing("no such run") : f->shown);
      if (base.empty() || name == base) continue;
      const double a = f == nullptr ? std::nan("") : f->exact, b = of_base == nullptr ? std::nan("") : of_base->exact;
      const double times = less_is_better ? b / a : a / b;
      cells.push_back(std::isfinite(times) ? cell::number(times, 2) : cell::missing("one of the two is missing or 0"));
    }
  }
  return t;
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_PIVOT_HPP
