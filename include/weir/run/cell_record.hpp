// weir/run/cell_record.hpp - what came of one run of a cell: the raw record that everything else is made of. Needs
// POSIX and simdjson.
//
// A record is written whole or not at all, when the run is over: a file that is there is a run that is finished.
#ifndef WEIR_RUN_CELL_RECORD_HPP
#define WEIR_RUN_CELL_RECORD_HPP

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/base/version.hpp"
#include "weir/run/cell_job.hpp"
#include "weir/run/cell_metrics.hpp"

namespace weir::inline v0 {

enum class cell_status : unsigned char {
  done,           ///< Every point was measured.
  partial,        ///< Some points were not.
  out_of_memory,  ///< None was, or the engine did not start: memory ran out.
  failed          ///< None was.
};
[[nodiscard]] constexpr std::string_view status_name(cell_status s) noexcept {
  constexpr std::array<std::string_view, 4> names{"done", "partial", "out_of_memory", "failed"};
  return names[static_cast<std::size_t>(s)];
}

struct point_record {
  cell_point point;
  cell_status status = cell_status::failed;
  std::string reason = {};   ///< Why it is not done.
  std::string verdict = {};  ///< Of the load generator: VALID, SUSPECT, INVALID; empty offline.
  metric_list metrics = {};
  std::vector<double> iterations_s = {};  ///< Of each measured iteration.
};

/// What was seen of the engine, from its log and from its own answers. NaN and empty where it is not known.
struct engine_facts {
  std::string version = {};
  double weights_bytes = std::numeric_limits<double>::quiet_NaN();  ///< Of all ranks together.
  std::string weights_from = {};          ///< "tensors" (counted in the workers) or "log"; else why they are not known.
  std::vector<std::string> kernels = {};  ///< Lines of the log that name a kernel or a backend.
  double import_s = std::numeric_limits<double>::quiet_NaN(), init_s = std::numeric_limits<double>::quiet_NaN();
  double kv_cache_tokens = std::numeric_limits<double>::quiet_NaN();
  double allocated_max_bytes = std::numeric_limits<double>::quiet_NaN();  ///< Of the rank with the most.
};

/// What a profiled run left.
struct profile_facts {
  std::string directory = {};
  std::int64_t files = 0, ranks = 0;
  double device_events = std::numeric_limits<double>::quiet_NaN();
  double comm_overhead_pct =
      std::numeric_limits<double>::quiet_NaN();  ///< As weir-trace defines them, mean over ranks.
  double bubble_ratio_pct = std::numeric_limits<double>::quiet_NaN();
  bool empty = true;
  std::string reason = {};  ///< Why it is empty, or what to know of it.
};

struct cell_record {
  sweep_cell cell;
  std::int64_t run = 1;
  bool profiled = false;
  cell_status status = cell_status::failed;
  std::string reason = {};
  std::vector<point_record> points = {};
  engine_facts engine = {};
  profile_facts profile = {};
  std::vector<std::string> devices = {};   ///< Ids of those that were leased.
  std::string devices_after = {};          ///< "empty", or what was still on them, or why nobody looked.
  std::vector<std::string> commands = {};  ///< As a person could type them.
  std::vector<std::string> notes = {};     ///< What a reader should know.
  std::string host = {};
  std::int64_t start_unix_ns = 0;
  double wall_s = std::numeric_limits<double>::quiet_NaN();

  [[nodiscard]] std::string name() const { return cell_run{0, run, profiled}.name(cell.name); }
};

namespace detail {

inline void write_metrics(json_writer& json, const metric_list& metrics) {
  json.key("metrics").begin_object();
  for (const auto& m : metrics.all()) json.field(m.name, m.value);
  json.end_object().key("missing").begin_object();
  for (const auto& m : metrics.all())
    if (!m.reason.empty()) json.field(m.name, m.reason);
  json.end_object();
}

inline void write_result_point(json_writer& json, const point_record& p) {
  json.begin_object().field("name", p.point.name);
  write_settings(json, "settings", p.point.values);
  json.field("status", status_name(p.status));
  if (!p.reason.empty()) json.field("reason", p.reason);
  if (!p.verdict.empty()) json.field("verdict", p.verdict);
  write_metrics(json, p.metrics);
  json.key("iterations_s").begin_array();
  for (const double s : p.iterations_s) json.value(s);
  json.end_array().end_object();
}

inline void write_engine(json_writer& json, const engine_facts& e) {
  json.key("engine").begin_object().field("version", e.version).field("weights_bytes", e.weights_bytes);
  json.field("weights_from", e.weights_from);
  write_words(json, "kernels", e.kernels);
  json.field("import_s", e.import_s).field("init_s", e.init_s).field("kv_cache_tokens", e.kv_cache_tokens);
  json.field("allocated_max_bytes", e.allocated_max_bytes).end_object();
}

inline void write_profile(json_writer& json, const profile_facts& p) {
  json.key("profile").begin_object().field("directory", p.directory).field("files", p.files).field("ranks", p.ranks);
  json.field("comm_overhead_pct", p.comm_overhead_pct).field("bubble_ratio_pct", p.bubble_ratio_pct);
  json.field("device_events", p.device_events).field("empty", p.empty).field("reason", p.reason).end_object();
}

}  // namespace detail

/// One line: {"type":"cell", ...}.
[[nodiscard]] inline std::string cell_record_json(const cell_record& r) {
  std::string out;
  json_writer json(out);
  json.begin_object().field("type", "cell").field("version", WEIR_VERSION_STRING).field("run", r.run);
  json.field("profiled", r.profiled).field("status", status_name(r.status)).field("reason", r.reason);
  json.field("host", r.host).field("start", utc_text(r.start_unix_ns)).field("start_unix_ns", r.start_unix_ns);
  json.field("wall_s", r.wall_s);
  detail::write_words(json, "devices", r.devices);
  json.field("devices_after", r.devices_after);
  detail::write_engine(json, r.engine);
  if (r.profiled) detail::write_profile(json, r.profile);
  json.key("results").begin_array();
  for (const auto& p : r.points) detail::write_result_point(json, p);
  json.end_array();
  detail::write_words(json, "notes", r.notes);
  detail::write_words(json, "commands", r.commands);
  json.key("cell").begin_object();
  write_cell_fields(json, r.cell);
  json.end_object().end_object();
  return out + "\n";
}

/// Why a whole run failed, as the record that stands for it.
[[nodiscard]] inline cell_record failed_record(const cell_job& job, cell_status status, std::string reason) {
  cell_record r{.cell = job.cell, .run = job.run, .profiled = job.profiled};
  r.status = status;
  r.reason = std::move(reason);
  r.start_unix_ns = wall_ns();
  r.devices_after = "nobody looked";
  for (const auto& p : job.cell.points) r.points.push_back({.point = p, .status = status, .reason = r.reason});
  return r;
}

/// The status of a run whose points are filled in.
[[nodiscard]] inline cell_status status_of(const std::vector<point_record>& points) {
  std::size_t done = 0, memory = 0;
  for (const auto& p : points) {
    done += p.status == cell_status::done;
    memory += p.status == cell_status::out_of_memory;
  }
  if (done == points.size() && done > 0) return cell_status::done;
  if (done > 0) return cell_status::partial;
  return memory > 0 ? cell_status::out_of_memory : cell_status::failed;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_CELL_RECORD_HPP
