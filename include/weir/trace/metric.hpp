// weir/trace/metric.hpp - one figure of a trace report: a value, or null with the reason. Needs the standard library
// only.
#ifndef WEIR_TRACE_METRIC_HPP
#define WEIR_TRACE_METRIC_HPP

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/record/metric.hpp"

namespace weir::inline v0 {

using trace_labels = std::vector<std::pair<std::string, std::string>>;

/// A named value of what its labels say: {"rank","0"}, or {"rank","0"},{"step","ProfilerStep#3"}.
struct trace_metric {
  std::string_view table;  ///< "rank", "step", "collective", "kernel", "set", "skew": which table it stands in.
  std::string name, unit;
  double value = std::numeric_limits<double>::quiet_NaN();  ///< NaN: missing, for `reason`; or `text`.
  int digits = 0;                                           ///< After the point, in tables.
  std::string reason, text;
  trace_labels labels;
};

/// A list of metrics of one table and one set of labels being written.
class metric_writer {
 public:
  metric_writer(std::vector<trace_metric>& into, std::string_view table, trace_labels labels)
      : into_(&into), table_(table), labels_(std::move(labels)) {}

  template <std::integral Integer>
  void count(std::string_view name, Integer value) {
    add(name, "", static_cast<double>(value), 0);
  }
  /// Nanoseconds, shown as microseconds with all their digits.
  void time(std::string_view name, std::int64_t ns) { add(name, "us", static_cast<double>(ns) / 1e3, 3); }
  void number(std::string_view name, std::string_view unit, double value, int digits) {
    add(name, unit, value, digits);
  }
  /// 100 * part / whole; missing where `whole` is 0.
  void percent(std::string_view name, double part, double whole, std::string_view why_not) {
    if (whole > 0)
      add(name, "%", 100 * part / whole, 4);
    else
      missing(name, "%", why_not);
  }
  void missing(std::string_view name, std::string_view unit, std::string_view reason) {
    add(name, unit, std::numeric_limits<double>::quiet_NaN(), 0);
    into_->back().reason = reason;
  }
  void text(std::string_view name, std::string_view words) {
    missing(name, "", "");
    into_->back().text = words;
  }

 private:
  void add(std::string_view name, std::string_view unit, double value, int digits) {
    into_->push_back({table_, std::string(name), std::string(unit), value, digits, {}, {}, labels_});
  }

  std::vector<trace_metric>* into_;
  std::string_view table_;
  trace_labels labels_;
};

/// The metrics of one table.
[[nodiscard]] inline std::vector<trace_metric> of_table(const std::vector<trace_metric>& metrics,
                                                        std::string_view table) {
  std::vector<trace_metric> out;
  std::ranges::copy_if(metrics, std::back_inserter(out), [&](const auto& m) { return m.table == table; });
  return out;
}

/// Drops all metrics but those of `names`.
/// \return  errc::invalid_argument naming the name that no metric has; then nothing is dropped.
inline result<void> keep_metrics(std::vector<trace_metric>& metrics, const std::vector<std::string>& names) {
  for (const auto& name : names)
    if (std::ranges::find(metrics, name, &trace_metric::name) == metrics.end())
      return failure{errc::invalid_argument, "there is no metric '" + name + "'; docs/traces.md lists them"};
  std::erase_if(metrics, [&](const auto& m) { return std::ranges::find(names, m.name) == names.end(); });
  return {};
}

/// Appends metrics as records: {"type":"metric","name","value" or null,"reason","unit","labels"}, one a line.
inline void append_metric_records(std::string& out, const std::vector<trace_metric>& metrics) {
  for (const auto& m : metrics) {
    const bool missing = std::isnan(m.value) && m.text.empty();
    metric_record record{m.name, m.unit, m.value, m.text, missing ? m.reason : "", {{"table", std::string(m.table)}}};
    record.labels.insert(record.labels.end(), m.labels.begin(), m.labels.end());
    append_record(out, record);
  }
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_METRIC_HPP
