// weir/observe/sample.hpp - writes the record of something observed at one moment. Needs the standard library only.
#ifndef WEIR_OBSERVE_SAMPLE_HPP
#define WEIR_OBSERVE_SAMPLE_HPP

#include <string>

#include "weir/base/json_write.hpp"
#include "weir/record/sample.hpp"

namespace weir::inline v0 {

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
