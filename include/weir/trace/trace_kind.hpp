// weir/trace/trace_kind.hpp - what a file of a profiler is, by its name and first bytes. Needs the standard library.
#ifndef WEIR_TRACE_TRACE_KIND_HPP
#define WEIR_TRACE_TRACE_KIND_HPP

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "weir/trace/json_extent.hpp"

namespace weir::inline v0 {

enum class trace_kind : unsigned char {
  events,         ///< Kineto's or Ascend's Chrome JSON; also what nothing else knows, to be refused by its reader.
  device_table,   ///< CSV of device events.
  execution,      ///< A PyTorch execution trace.
  nsys_lines,     ///< `nsys export --type json`.
  nsys_database,  ///< `nsys export --type sqlite`.
  timing,         ///< timing_stats_<rank>.json.
  step_table,     ///< step_trace_time.csv.
  communication_table,  ///< communication.json.
};

/// How many of a file's first bytes tell its kind.
inline constexpr std::size_t kind_bytes = std::size_t{1} << 16;

/// \param path  its name counts, not its directory.
/// \param head  up to kind_bytes from the file's begin, unpacked; 64 bytes after it are readable.
[[nodiscard]] inline trace_kind kind_of_file(std::string_view path, std::string_view head) noexcept {
  path.remove_prefix(std::min(path.find_last_of('/') + 1, path.size()));
  if (path.starts_with("timing_stats")) return trace_kind::timing;
  if (path.find("step_trace_time") != path.npos) return trace_kind::step_table;
  if (path.ends_with(".csv")) return trace_kind::device_table;
  if (head.starts_with("SQLite format 3")) return trace_kind::nsys_database;
  const std::size_t first = head.find_first_not_of(" \t\r\n");
  if (first == head.npos || head[first] != '{') return trace_kind::events;
  head.remove_prefix(first);
  if (head.find("\"Communication Time Info\"") != head.npos) return trace_kind::communication_table;
  for (const auto* begin : {"{\"data\":[\"", "{\"Type\":", "{\"type\":\"String\""})
    if (head.starts_with(begin)) return trace_kind::nsys_lines;
  json_extent extent;
  if (extent.find_end(head) && !extent.broken()) {  // a whole object, and another: a line
    const std::size_t next = head.find_first_not_of(" \t\r\n", extent.end());
    if (next != head.npos && head[next] == '{') return trace_kind::nsys_lines;
  }
  const bool nodes = head.find("\"nodes\"") != head.npos && head.find("\"traceEvents\"") == head.npos;
  return nodes ? trace_kind::execution : trace_kind::events;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_TRACE_KIND_HPP
