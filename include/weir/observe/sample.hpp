// weir/observe/sample.hpp - the record of something observed at one moment. Needs the standard library only.
#ifndef WEIR_OBSERVE_SAMPLE_HPP
#define WEIR_OBSERVE_SAMPLE_HPP

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/json_write.hpp"

namespace weir::inline v0 {

/// A server's counters, a device's memory, a host's power: values with one time.
struct sample_record {
  std::int64_t t_ns = now_ns();                        ///< Monotonic.
  std::string source;                                  ///< What was asked: "/metrics", "nvml", ...
  std::string instance;                                ///< Whose it is; may be empty.
  std::vector<std::pair<std::string, double>> values;  ///< Name, with its unit, and value; NaN is written as null.
};

/// Appends `s` as one line of JSON with its newline.
inline void append_record(std::string& out, const sample_record& s) {
  json_writer json(out);
  json.begin_object().field("type", "sample").field("t_ns", s.t_ns).field("source", s.source);
  if (!s.instance.empty()) json.field("instance", s.instance);
  json.key("values").begin_object();
  for (const auto& [name, value] : s.values) json.field(name, value);
  json.end_object().end_object();
  out.push_back('\n');
}

}  // namespace weir::inline v0

#endif  // WEIR_OBSERVE_SAMPLE_HPP
