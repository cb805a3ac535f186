// weir/trace/nsys_lines.hpp - a profile from `nsys export --type json`, which some versions call jsonlines: an object a
// line. Needs weir/data.
#ifndef WEIR_TRACE_NSYS_LINES_HPP
#define WEIR_TRACE_NSYS_LINES_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/trace/json_cursor.hpp"
#include "weir/trace/nsys_events.hpp"
#include "weir/trace/object_stream.hpp"
#include "weir/trace/rank_of_name.hpp"

namespace weir::inline v0 {
namespace detail {

/// {"startNs":"1","endNs":"2","deviceId":0,"kernel":{"demangledName":"316"}}, or "memcpy", "memset" or "graph" in the
/// last place; synchronizations and recorded events are no work of the device.
inline bool take_nsys_cuda(std::string_view object, nsys_events& into) {
  nsys_graph_launch event{.begin_ns = unmeasured, .end_ns = unmeasured};
  std::int64_t bytes = -1;
  std::uint64_t name = 0;
  auto kind = nsys_events::what::range;  // none
  bool whole = true, node = false;
  const auto contents = [&](std::string_view text, nsys_events::what of) {
    kind = of;
    whole = whole && for_each_member(text, [&](auto key, auto value) {
              if (key == "demangledName") name = static_cast<std::uint64_t>(integer_or(value, 0));
              if (key == "sizebytes") bytes = integer_or(value, -1);
              if (key == "graphNodeId") node = unquoted(value) != "0";
              if (key == "graphId") event.graph = integer_or(value, 0);
            });
  };
  whole = for_each_member(object,
                          [&](auto key, auto value) {
                            if (key == "startNs") event.begin_ns = integer_or(value, unmeasured);
                            if (key == "endNs") event.end_ns = integer_or(value, unmeasured);
                            if (key == "deviceId") event.device = integer_or(value, -1);
                            if (key == "globalPid") event.global_pid = integer_or(value, 0);
                            if (key == "correlationId") event.correlation = integer_or(value, -1);
                            if (key == "kernel") contents(value, nsys_events::what::kernel);
                            if (key == "memcpy") contents(value, nsys_events::what::copy);
                            if (key == "memset") contents(value, nsys_events::what::fill);
                            if (key == "graph") contents(value, nsys_events::what::graph);
                          }) &&
          whole;
  if (!whole || kind == nsys_events::what::range) return whole;
  if (kind == nsys_events::what::graph) return into.add(event), true;
  if (node) into.add_node(event.global_pid, event.correlation);
  const bool placed = event.device >= 0;
  into.add(kind, event.begin_ns, placed ? event.end_ns : unmeasured,
           placed ? into.device_of(event.global_pid, event.device) : 0, name, bytes);
  return true;
}

/// {"Timestamp":"1","EndTimestamp":"2","Text":"iteration 16"}, or "TextId" for a string that comes later.
inline bool take_nsys_range(std::string_view object, nsys_events& into) {
  std::int64_t begin = unmeasured, end = unmeasured, id = -1;
  std::string_view text;
  const bool whole = for_each_member(object, [&](auto key, auto value) {
    if (key == "Timestamp") begin = integer_or(value, unmeasured);
    if (key == "EndTimestamp") end = integer_or(value, unmeasured);
    if (key == "Text") text = unquoted(value);
    if (key == "TextId") id = integer_or(value, -1);
  });
  if (!whole || begin == unmeasured || end < begin) return whole;  // a mark, or a range that never ended
  if (step_kind_of(text) != step_kind::none)
    into.add(nsys_events::what::range, begin, end, 0, into.own_name(text));
  else if (text.empty() && id >= 0)
    into.add(nsys_events::what::range, begin, end, 0, static_cast<std::uint64_t>(id));
  return true;
}

/// One line of the export. The strings are {"data":["a","b",...]} by place, at the begin of the file or (before 2022)
/// at its end, or {"type":"String","id":"3","value":"a"}.
inline object_read take_nsys_line(std::string_view object, nsys_events& into) {
  std::int64_t id = -1;
  std::string_view value_text;
  bool used = false, whole = true;
  const bool object_ok = for_each_member(object, [&](auto key, auto value) {
    if (key == "CudaEvent") used = true, whole = whole && take_nsys_cuda(value, into);
    if (key == "NvtxEvent") used = true, whole = whole && take_nsys_range(value, into);
    if (key == "id") id = integer_or(value, -1);
    if (key == "value") value_text = value;
    if (key != "data" || !value.starts_with("[\"")) return;  // behind the events stands a list of threads too
    std::uint64_t place = 0;
    whole = whole && for_each_in_array(value, [&](auto text) { into.set_name(place++, unquoted(text)); });
    used = true;
  });
  if (!object_ok || !whole) return object_read::damaged;
  if (id >= 0 && value_text.starts_with('"')) {
    into.set_name(static_cast<std::uint64_t>(id), unquoted(value_text));
    used = true;
  }
  return used ? object_read::ok : object_read::skipped;
}

}  // namespace detail

/// Reads an export of Nsight Systems as JSON Lines: kernels, copies, launches of whole CUDA graphs, and NVTX ranges
/// that are steps. Events of several devices are kept apart. \param kinds  must outlive the profile.
/// \return  errc::not_found where no line of it is an event of CUDA.
/// \complexity  one pass; 24 bytes an event, since the names of kernels may stand at the end of the file.
/// \source  NVIDIA Nsight Systems user guide, "JSON and Text Format Description".
template <class Source>
result<rank_profile> read_nsys_lines(Source source, const std::string& file, const kind_table& kinds) {
  nsys_events events;
  object_stream<Source> stream(std::move(source), {"", {"\"Type\"", "\"data\"", "\"type\""}});
  auto ok = stream.read([&](std::string_view object) { return detail::take_nsys_line(object, events); });
  if (!ok && stream.summary().events == 0) return ok.error();
  rank_profile out;
  out.summary = stream.summary();
  if (!ok) out.summary.truncated = true;
  if (events.empty() && events.damaged() == 0)
    return failure{errc::not_found, "JSON Lines, but not an export of nsys with CUDA events: no line has a CudaEvent"};
  out.rank = rank_of_name(file).value_or(-1);
  out.file = file;
  if (auto done = events.give(out, kinds); !done) return done.error();
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_NSYS_LINES_HPP
