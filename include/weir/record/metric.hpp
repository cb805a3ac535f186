// weir/record/metric.hpp - the record of one figure. Needs the standard library only.
#ifndef WEIR_RECORD_METRIC_HPP
#define WEIR_RECORD_METRIC_HPP

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"

namespace weir::inline v0 {

/// A figure, what it is of, and its value: a number, a text, or null with the reason.
struct metric_record {
  std::string name, unit;
  double value = std::numeric_limits<double>::quiet_NaN();  ///< NaN: missing, or `text`.
  std::string text;                                         ///< In place of a number.
  std::string reason;                                       ///< Why there is no value.
  std::vector<std::pair<std::string, std::string>> labels;  ///< {"device","NVIDIA H100"}: what it is of.
};

/// Appends `m` as one line: {"type":"metric","name","value" or null,"reason","unit","labels"}.
inline void append_record(std::string& out, const metric_record& m) {
  json_writer json(out);
  json.begin_object().field("type", "metric").field("name", m.name);
  m.text.empty() ? json.field("value", m.value) : json.field("value", m.text);
  if (!m.reason.empty()) json.field("reason", m.reason);
  if (!m.unit.empty()) json.field("unit", m.unit);
  json.key("labels").begin_object();
  for (const auto& [key, value] : m.labels) json.field(key, value);
  json.end_object().end_object();
  out.push_back('\n');
}

}  // namespace weir::inline v0

#endif  // WEIR_RECORD_METRIC_HPP
