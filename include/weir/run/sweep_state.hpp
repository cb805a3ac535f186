// weir/run/sweep_state.hpp - where a sweep stands, for people and for whoever follows it: OUT/state.jsonl. Needs
// simdjson and Linux.
#ifndef WEIR_RUN_SWEEP_STATE_HPP
#define WEIR_RUN_SWEEP_STATE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/data/json_row.hpp"
#include "weir/report/table.hpp"
#include "weir/run/cell_record.hpp"
#include "weir/run/sweep.hpp"

namespace weir::inline v0 {

/// One run as a table shows it.
struct run_state_line {
  std::string name, state, where, detail;
  double seconds = 0;
};

/// The figure that a run is known by: output tokens a second of its best point, or what went wrong.
[[nodiscard]] inline std::string headline(const cell_record& r) {
  if (r.status == cell_status::failed || r.status == cell_status::out_of_memory) return r.reason.substr(0, 120);
  double best = 0;
  std::size_t done = 0;
  for (const auto& p : r.points) {
    done += p.status == cell_status::done;
    if (const double v = p.metrics.value("output_tokens_per_s"); v > best) best = v;
  }
  std::string text = best > 0 ? std::string(cell::number(best, 0).shown()) + " tok/s" : "";
  if (r.points.size() > 1)
    text += (text.empty() ? "" : " at most, ") + std::to_string(done) + " of " + std::to_string(r.points.size()) +
            " points";
  return text;
}

[[nodiscard]] inline run_state_line state_of(const sweep_run& run) {
  run_state_line line{.name = run.job.name(), .state = {}, .where = run.report.where, .detail = {}};
  const auto until = run.t_ended_ns > 0 ? run.t_ended_ns : now_ns();
  if (run.t_started_ns > 0) line.seconds = static_cast<double>(until - run.t_started_ns) / 1e9;
  line.state = run.over() ? status_name(run.record.status) : phase_name(run.phase);
  line.detail = run.over() ? headline(run.record) : run.report.why;
  if (run.over() && run.record.wall_s > 0) line.seconds = run.record.wall_s;  // a scheduler's news is seconds old
  return line;
}

/// "[3/8] tp_2: done in 92 s: 28160 tok/s". \param over  how many runs are, of `all`.
[[nodiscard]] inline std::string describe_run(const sweep_run& run, std::size_t over, std::size_t all) {
  const auto line = state_of(run);
  std::string text = "[" + std::to_string(over) + "/" + std::to_string(all) + "] " + line.name + ": " + line.state;
  if (run.over()) text += " in " + std::string(cell::number(line.seconds, 1).shown()) + " s";
  if (!line.where.empty()) text += " on " + line.where;
  return line.detail.empty() ? text : text + ": " + line.detail;
}

[[nodiscard]] inline std::string state_json(const std::deque<sweep_run>& runs) {
  std::string out;
  for (const auto& run : runs) {
    const auto line = state_of(run);
    json_writer json(out);
    json.begin_object().field("type", "sweep_run").field("name", line.name).field("state", line.state);
    json.field("seconds", line.seconds).field("where", line.where).field("detail", line.detail).end_object();
    out.push_back('\n');
  }
  return out;
}

/// \return  errc::not_found where no sweep has written its state there.
[[nodiscard]] inline result<std::vector<run_state_line>> read_state(const std::string& directory) {
  const auto text = read_text_file(directory + "/state.jsonl");
  if (!text) return failure{errc::not_found, "no sweep has run in " + directory};
  std::vector<run_state_line> lines;
  json_row_reader reader;
  result<void> good;
  each_line(*text, [&](std::string_view row) {
    auto& line = lines.emplace_back();
    const auto read = reader(row, [&](std::string_view name, json_value value) -> result<void> {
      if (name == "name") return read_text(line.name, name, value);
      if (name == "state") return read_text(line.state, name, value);
      if (name == "where") return read_text(line.where, name, value);
      if (name == "detail") return read_text(line.detail, name, value);
      return name == "seconds" ? detail::read_real(line.seconds, name, value) : result<void>();
    });
    if (!read) good = read;
  });
  if (!good) return failure{good.error().code, directory + "/state.jsonl: " + good.error().detail};
  return lines;
}

/// All runs, or where they are many those that are under way and the last that ended, and how many are in each state.
[[nodiscard]] inline table state_table(const std::vector<run_state_line>& lines, std::size_t most_rows) {
  table t{"",
          {{"run", "", side::left},
           {"state", "", side::left},
           {"time", "s"},
           {"where", "", side::left},
           {"", "", side::left}},
          {},
          1};
  std::vector<const run_state_line*> shown;
  for (const auto& line : lines) shown.push_back(&line);
  if (lines.size() > most_rows) {
    std::stable_partition(shown.begin(), shown.end(),
                          [](const auto* l) { return l->state == "running" || l->state == "queued"; });
    const auto ended = std::stable_partition(shown.begin(), shown.end(), [](const auto* l) {
      return l->state == "running" || l->state == "queued" || l->state == "failed" || l->state == "out_of_memory";
    });
    shown.erase(ended, shown.end());
    if (shown.size() > most_rows) shown.resize(most_rows);
  }
  for (const auto* line : shown)
    t.rows.push_back({cell::text(line->name), cell::text(line->state), cell::number(line->seconds, 1),
                      cell::text(line->where), cell::text(line->detail.substr(0, 60))});
  return t;
}

/// "12 runs: 7 done, 1 running, 4 waiting".
[[nodiscard]] inline std::string state_counts(const std::vector<run_state_line>& lines) {
  std::vector<std::pair<std::string, std::size_t>> counts;
  for (const auto& line : lines) {
    const auto at = std::find_if(counts.begin(), counts.end(), [&](const auto& c) { return c.first == line.state; });
    at == counts.end() ? (void)counts.emplace_back(line.state, 1) : (void)++at->second;
  }
  std::string text = std::to_string(lines.size()) + " runs:";
  for (const auto& [state, count] : counts) text += " " + std::to_string(count) + " " + state + ",";
  text.pop_back();
  return text;
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_SWEEP_STATE_HPP
