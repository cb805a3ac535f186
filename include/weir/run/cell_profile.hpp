// weir/run/cell_profile.hpp - what a profiled run left: whether it is a profile at all, and its place among the traces
// of the sweep. Needs weir/trace, zlib and yaml-cpp.
#ifndef WEIR_RUN_CELL_PROFILE_HPP
#define WEIR_RUN_CELL_PROFILE_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/data/output.hpp"
#include "weir/run/cell_job.hpp"
#include "weir/run/cell_record.hpp"
#include "weir/serve/capture.hpp"
#include "weir/serve/engine.hpp"
#include "weir/trace/card.hpp"
#include "weir/trace/gz_source.hpp"
#include "weir/trace/profile_files.hpp"
#include "weir/trace/set_metrics.hpp"
#include "weir/trace/step_metrics.hpp"

namespace weir::inline v0 {

namespace detail {

namespace fs = std::filesystem;

/// Files below a directory, at most three levels down, in order.
inline std::vector<fs::path> files_below(const std::string& directory) {
  std::vector<fs::path> out;
  std::error_code ignored;
  for (fs::recursive_directory_iterator at(directory, ignored), end; at != end; at.increment(ignored)) {
    if (at.depth() > 3) at.disable_recursion_pending();
    if (at->is_regular_file(ignored)) out.push_back(at->path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

/// torch_npu writes raw data; its own analyse() makes traces of them, in place.
inline void analyse_ascend(const std::string& directory, profile_facts& facts) {
  std::error_code ignored;
  bool any = false;
  for (const auto& entry : fs::directory_iterator(directory, ignored))
    any = any || entry.path().filename().string().ends_with("_ascend_pt");
  if (!any) return;
  const auto said = capture_output(
      {python(), "-c", "import sys; from torch_npu.profiler.profiler import analyse; analyse(sys.argv[1])", directory},
      1'800'000'000'000);
  if (!said) facts.reason = "torch_npu's analyse() of it failed: " + said.error().detail;
}

/// The mean over ranks of a figure that weir-trace gives each of them.
inline double mean_of(const std::vector<trace_metric>& all, std::string_view name) {
  double sum = 0;
  std::size_t count = 0;
  for (const auto& m : all)
    if (m.table == "rank" && m.name == name && !std::isnan(m.value)) sum += m.value, ++count;
  return count > 0 ? sum / static_cast<double>(count) : std::numeric_limits<double>::quiet_NaN();
}

inline void judge_traces(const trace_set& set, profile_facts& facts) {
  facts.ranks = static_cast<std::int64_t>(set.ranks.size());
  double events = 0;
  bool work = false;
  std::vector<trace_metric> metrics;
  for (const auto& p : set.ranks) {
    events += static_cast<double>(p.device.events());
    for (const auto& [category, count] : p.categories) work = work || (category == "cpu_op" && count > 0);
    (void)append_rank_metrics(metrics, p, {});
  }
  facts.device_events = events;
  facts.comm_overhead_pct = mean_of(metrics, "comm_overhead");
  facts.bubble_ratio_pct = mean_of(metrics, "idle_share");
  facts.empty = events == 0 && !work;
  if (facts.empty)
    facts.reason = "its traces hold neither kernels nor operators";
  else if (events == 0)
    facts.reason = "operators of the processor only: no kernel of a device is in it";
}

/// Copies a file, unpacked where it is gzip.
inline result<void> copy_unpacked(const std::string& from, const std::string& to) {
  auto source = gz_source::open(from);
  if (!source) return source.error();
  auto file = create_file(partial_name(to));
  if (!file) return file.error();
  std::vector<char> buffer(std::size_t{1} << 18);
  for (;;) {
    const auto got = source->read(std::span(buffer));
    if (!got) return got.error();
    if (*got == 0) break;
    (*file)({buffer.data(), *got});
  }
  if (auto closed = file->close(); !closed) return closed;
  return publish(to);
}

/// An experiment as the YAML that its card is made of.
inline std::string experiment_yaml(const cell_job& job) {
  const auto& s = job.cell.values;
  const settings point = job.cell.points.empty() ? settings{} : job.cell.points.front().values;
  const auto text = [](std::string_view value) {
    std::string quoted = "\"";
    for (const char c : value) quoted += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    return quoted + "\"";
  };
  const auto value = [](const settings& from, std::string_view name) {
    return from.has(name) ? std::string(from.text(name)) : "~";
  };
  return "experiment_id: " + text(job.cell.name) + "\nmodel: {name: " + text(job.cell.model) +
         ", precision: " + text(job.cell.quant) + "}\nparallelism: {tp: " + value(s, "tp") + ", pp: " + value(s, "pp") +
         ", dp_replicate: " + value(s, "dp") + ", dp_shard: 1, ep: " + value(s, "ep") +
         "}\ndata: {batch_size: " + value(point, "batch_size") + ", seq_len: " + value(point, "input_len") +
         ", input_len: " + value(point, "input_len") + ", output_len: " + value(point, "output_len") +
         "}\nprofile_iterations: " + value(s, "iterations") + "\n";
}

/// trace_collection/NAME: the traces by rank, the timings of the clean run, the workload card.
inline result<void> collect_traces(const cell_job& job, const trace_set& set, const std::vector<fs::path>& files) {
  const std::string to = job.out + "/trace_collection/" + job.cell.name;
  std::error_code error;
  fs::create_directories(to, error);
  if (error) return failure{errc::io, "cannot make " + to + ": " + error.message()};
  for (const auto& p : set.ranks)
    for (const auto& file : files)
      if (file.filename() == p.file)
        if (auto copied = copy_unpacked(
                file.string(), to + "/kineto_trace_" + std::to_string(std::max<std::int64_t>(p.rank, 0)) + ".json");
            !copied)
          return copied;
  for (const auto& file : files)
    if (const auto name = file.filename().string(); name.starts_with("torch_et_") || name.ends_with(".nsys-rep"))
      fs::copy_file(file, fs::path(to) / name, fs::copy_options::overwrite_existing, error);
  const std::string clean = job.out + "/cells/" + job.cell.name;
  for (const auto& entry : fs::directory_iterator(clean, error))
    if (entry.path().filename().string().starts_with("timing_stats_"))
      fs::copy_file(entry.path(), fs::path(to) / entry.path().filename(), fs::copy_options::overwrite_existing, error);
  if (set.ranks.empty()) return {};
  const auto driver = read_text_file("/sys/module/nvidia/version");
  std::vector<std::string> unknown;
  const auto card =
      make_card(experiment_yaml(job), set.ranks, driver ? driver->substr(0, driver->find('\n')) : "", unknown);
  return card ? replace_text(to + "/workload_card.yaml", *card) : result<void>(card.error());
}

}  // namespace detail

/// Looks at what a profiled run left in its directory, tells in the record what it is, and gathers it under
/// OUT/trace_collection where the sweep wants that.
inline void look_at_cell_profile(const cell_job& job, cell_record& record) {
  auto& facts = record.profile;
  facts.directory = job.profiles();
  if (job.cell.values.text("profile") == "torch") detail::analyse_ascend(facts.directory, facts);
  const auto files = detail::files_below(facts.directory);
  facts.files = static_cast<std::int64_t>(files.size());
  facts.empty = files.empty();
  if (files.empty()) {
    if (facts.reason.empty())
      facts.reason = "the profiler wrote no file: was there time to write it, and anything to see?";
    return;
  }
  trace_set set;
  if (job.cell.values.text("profile") == "torch") {
    const kind_table kinds;
    std::vector<std::string> traces;
    for (const auto& file : files)
      if (const auto name = file.filename().string();
          name.ends_with(".json.gz") || (name.ends_with(".json") && !name.starts_with("torch_et_")))
        traces.push_back(file.string());
    auto read = traces.empty() ? result<trace_set>(failure{errc::not_found, "there is no trace among its files"})
                               : read_trace_set(traces, kinds, 2);
    if (!read) facts.empty = true, facts.reason = read.error().detail;
    if (read) set = std::move(*read), detail::judge_traces(set, facts);
  } else {
    std::error_code ignored;
    facts.empty = std::none_of(files.begin(), files.end(),
                               [&](const auto& file) { return std::filesystem::file_size(file, ignored) > 0; });
    facts.reason = facts.empty ? "its files are empty" : "what is in its files, the vendor's tool tells";
  }
  if (!job.cell.values.flag("trace_collection")) return;
  if (auto gathered = detail::collect_traces(job, set, files); !gathered)
    record.notes.push_back("trace_collection: " + gathered.error().detail);
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_CELL_PROFILE_HPP
