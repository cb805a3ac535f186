// weir/report/metric_table.hpp - metric records as one table. Needs weir/record only.
#ifndef WEIR_REPORT_METRIC_TABLE_HPP
#define WEIR_REPORT_METRIC_TABLE_HPP

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "weir/record/metric.hpp"
#include "weir/report/table.hpp"

namespace weir::inline v0 {
namespace detail {

/// Five significant digits; a whole number has no others.
inline cell metric_cell(const metric_record& m) {
  if (!m.text.empty()) return cell::text(m.text);
  if (std::isnan(m.value)) return cell::missing(m.reason.empty() ? "the record does not say why" : m.reason);
  const double size = std::fabs(m.value);
  if (size == std::floor(size)) return cell::number(m.value, 0);
  return cell::number(m.value, std::clamp(4 - static_cast<int>(std::floor(std::log10(size))), 0, 40));
}

}  // namespace detail

/// One row a record in the order in which they came: a column for each label that occurs, then name, value and unit.
/// \param reasons  with a column that says why a value is missing: for formats that can't say it otherwise.
[[nodiscard]] inline table metric_table(const std::vector<metric_record>& metrics, bool reasons) {
  table t{"Figures", {}, {}, 0};
  for (const auto& m : metrics)
    for (const auto& [key, value] : m.labels)
      if (std::ranges::find(t.columns, key, &column::name) == t.columns.end())
        t.columns.push_back({key, "", side::left});
  const auto labels = t.columns;
  t.keys = labels.size() + 1;
  t.columns.insert(t.columns.end(), {{"name", "", side::left}, {"value"}, {"unit", "", side::left}});
  if (reasons) t.columns.push_back({"reason", "", side::left});
  for (const auto& m : metrics) {
    auto& row = t.rows.emplace_back();
    for (const auto& label : labels) {
      const auto known = std::ranges::find(m.labels, label.name, &std::pair<std::string, std::string>::first);
      row.push_back(cell::text(known == m.labels.end() ? "" : known->second));
    }
    row.push_back(cell::text(m.name));
    row.push_back(detail::metric_cell(m));
    row.push_back(cell::text(m.unit));
    if (reasons) row.push_back(cell::text(std::string(row[row.size() - 2].reason())));
  }
  return t;
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_METRIC_TABLE_HPP
