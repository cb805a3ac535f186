// weir/run/run_driven.hpp - a cell that is commands to their end: vLLM's offline engine through its driver, vLLM's own
// benches, or a command of one's own. Needs simdjson and Linux.
#ifndef WEIR_RUN_RUN_DRIVEN_HPP
#define WEIR_RUN_RUN_DRIVEN_HPP

#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/result.hpp"
#include "weir/base/shell_words.hpp"
#include "weir/run/cell_devices.hpp"
#include "weir/run/cell_evidence.hpp"
#include "weir/run/cell_job.hpp"
#include "weir/run/cell_record.hpp"
#include "weir/run/command_results.hpp"
#include "weir/run/commands.hpp"
#include "weir/run/driver_results.hpp"
#include "weir/run/process_set.hpp"
#include "weir/run/read_cell_record.hpp"
#include "weir/serve/placeholders.hpp"
#include "weir/serve/ports.hpp"
#include "weir/serve/run_directory.hpp"
#include "weir/serve/sampler.hpp"

namespace weir::inline v0 {

/// Runs one such cell.
class driven_cell {
 public:
  /// \param say  a sentence for the person.
  driven_cell(const cell_job& job, cell_node node, std::function<void(std::string_view)> say)
      : job_(job), node_(std::move(node)), say_(std::move(say)) {
    if (node_.rank == 0) return;  // another machine's files may lie in the same directory
    const std::string mark = ".node" + std::to_string(node_.rank);
    log_.insert(log_.size() - 4, mark);
    samples_.insert(samples_.size() - 6, mark);
  }

  /// Fills in what came of it.
  /// \return  the signal that ended it early: then there is no record; 0. A failure is one of this machine (a disk, no
  ///          free port), and no result of the cell.
  result<int> run(cell_record& record) {
    const auto groups = static_cast<std::size_t>(drivers_of(job_.cell));
    const auto per = static_cast<std::size_t>(devices_needed(job_.cell.values) / node_.count) / groups;
    auto devices = lease_cell_devices(job_.cell.values, groups, per, [&](const std::string& why) { return wait(why); });
    if (sets_.signal() != 0) return sets_.signal();
    if (!devices) return fail(record, devices.error());
    devices_ = std::move(*devices);
    record.devices = devices_.ids();
    if (auto ready = prepare(); !ready) return ready.error();
    if (auto begun = start_samples(groups); !begun) return begun.error();
    auto ran = run_sets(record);
    if (const auto missing = sampling_->finish(); missing)
      for (const auto& why : *missing) record.notes.push_back("samples: " + why);
    record.devices_after = devices_.look_after();
    if (!ran) return ran.error();
    return sets_.signal();
  }

 private:
  /// \return  false: stop waiting.
  bool wait(const std::string& why) {
    if (!why.empty() && !std::exchange(told_, true)) say_("waiting for devices: " + why);
    return sets_.signal() == 0;
  }

  /// A cell that can't have its devices failed; everything else is this machine's trouble.
  static result<int> fail(cell_record& record, const failure& why) {
    if (why.code == errc::io) return why;
    for (auto& p : record.points) p.status = cell_status::failed, p.reason = why.detail;
    record.reason = why.detail;
    return 0;
  }

  result<void> prepare() {
    auto run = run_directory::make();
    if (!run) return run.error();
    run_ = std::make_unique<run_directory>(std::move(*run));
    auto locks = lock_directory();
    if (!locks) return locks.error();
    for (std::int64_t i = 0; i < drivers_of(job_.cell); ++i) {
      auto block = take_port_block(*locks);
      if (!block) return block.error();
      blocks_.push_back(std::move(*block));
    }
    std::error_code error;
    std::filesystem::create_directories(job_.file("barrier"), error);
    return error ? result<void>(failure{errc::io, "cannot make " + job_.file("barrier") + ": " + error.message()})
                 : result<void>();
  }

  result<void> start_samples(std::size_t groups) {
    std::vector<sampled_instance> all;
    for (std::size_t i = 0; i < groups; ++i)
      all.push_back(
          {std::to_string(i), i < devices_.leases.size() ? devices_.leases[i].places : std::vector<std::size_t>{}});
    auto begun = sampling::start(sampler(std::move(all), devices_.source.get()), groups, samples_, 500'000'000);
    if (!begun) return begun.error();
    sampling_ = std::move(*begun);
    return {};
  }

  /// What driver `i` is started with; its words may hold {port} and {block+N}.
  result<process_spec> spec_of(std::size_t i, const std::vector<std::string>& words) {
    const auto& block = blocks_[i];
    const placeholder_values values{block.first, static_cast<int>(i), block.first, device_text(i), run_->path()};
    process_spec spec{.argv = {}, .variables = {}, .log = log_, .held = {block.lock.fd(), run_->lock_fd()}};
    for (const auto& word : words) {
      auto filled = replace_placeholders(word, values);
      if (!filled) return filled.error();
      spec.argv.push_back(std::move(*filled));
    }
    if (i < devices_.leases.size()) {
      spec.variables = device_variables(devices_.leases[i].devices);
      for (const auto& lock : devices_.leases[i].locks) spec.held.push_back(lock.fd());
    }
    std::sort(spec.held.begin(), spec.held.end());
    const auto port = [&](int plus) { return std::to_string(block.first + plus); };
    spec.variables.insert(spec.variables.end(), {{"VLLM_PORT", port(1)},
                                                 {"VLLM_DP_MASTER_PORT", port(50)},
                                                 {"MASTER_PORT", port(40)},
                                                 {"VLLM_RPC_BASE_PATH", run_->path()},
                                                 {"WEIR_RUN", run_->name()}});
    if (job_.cell.values.count("ep") > 1 && drivers_of(job_.cell) > 1)  // experts are dealt over the engines too
      spec.variables.insert(spec.variables.end(), {{"VLLM_DP_RANK", std::to_string(i)},
                                                   {"VLLM_DP_RANK_LOCAL", std::to_string(i)},
                                                   {"VLLM_DP_SIZE", std::to_string(drivers_of(job_.cell))},
                                                   {"VLLM_DP_MASTER_IP", "127.0.0.1"},
                                                   {"VLLM_DP_MASTER_PORT", std::to_string(blocks_[0].first + 50)}});
    for (auto& variable : cell_variables(job_.cell)) spec.variables.push_back(std::move(variable));
    return spec;
  }

  [[nodiscard]] std::string device_text(std::size_t i) const {
    std::string text;
    if (i < devices_.leases.size())
      for (const auto& each : devices_.leases[i].devices)
        text += (text.empty() ? "" : ",") + std::to_string(each.index);
    return text;
  }

  /// One set of processes, started together. \param enough  as process_sets::run.
  result<set_end> run_set(const std::vector<std::vector<std::string>>& commands, cell_record& record,
                          std::function<bool()> enough = {}) {
    std::vector<process_spec> specs;
    for (std::size_t i = 0; i < commands.size(); ++i) {
      auto spec = spec_of(i, commands[i]);
      if (!spec) return spec.error();
      record.commands.push_back(shell_line(spec->argv));
      specs.push_back(std::move(*spec));
    }
    const auto limit = job_.cell.values.duration_ns("cell_timeout");
    return sets_.run(
        specs, limit > 0 ? now_ns() + limit : 0, [&](std::size_t i, pid_t keeper) { sampling_->set_keeper(i, keeper); },
        std::move(enough));
  }

  result<void> run_sets(cell_record& record) {
    log_from_ = log_size(log_);
    if (is_served(job_.cell)) return follow_server(record);
    return job_.cell.values.text("mode") == "offline" ? run_offline(record) : run_by_point(record);
  }

  /// This machine's part of a server of several machines, whose first one is asked and measured. An engine's other
  /// parts outlive the first one (vLLM's do): this one is ended when the first machine has written its record.
  result<void> follow_server(cell_record& record) {
    const auto server = server_of(job_, node_, has_profiler_flag(installed_vllm()));
    if (!server) return server.error();
    const auto written = [this] {
      const auto there = read_cell_record(job_.record());
      return there ? there->start_unix_ns : 0;
    };
    const auto ended = run_set({server->command}, record, [&, before = written()] { return written() != before; });
    return ended ? result<void>() : result<void>(ended.error());
  }

  result<void> run_offline(cell_record& record) {
    std::vector<std::vector<std::string>> commands;
    std::vector<std::string> files;
    for (std::int64_t i = 0; i < drivers_of(job_.cell); ++i) {
      commands.push_back(driver_command(job_, node_, i));
      files.push_back(
          job_.file(drivers_of(job_.cell) == 1 ? "driver.jsonl" : "driver." + std::to_string(i) + ".jsonl"));
    }
    auto ended = run_set(commands, record);
    if (!ended && ended.error().code == errc::not_found) return cannot_start(record, ended.error().detail);
    if (!ended) return ended.error();
    auto results = read_driver_results(files);
    if (!results) return results.error();
    const auto log = read_log(log_, log_from_);
    record.engine = results->engine;
    add_log_facts(record.engine, log);
    const auto samples = read_samples(samples_);
    for (auto& p : record.points) fill_point(p, *results, *ended, log, samples);
    return {};
  }

  void fill_point(point_record& p, const driver_results& all, const set_end& ended, const log_facts& log,
                  const sample_log& samples) const {
    const auto at = all.points.find(p.point.name);
    const driven_point none;
    const auto& driven = at == all.points.end() ? none : at->second;
    const auto wanted = job_.cell.values.count("iterations");
    for (const auto& i : driven.iterations)
      if (i.measured) p.iterations_s.push_back(i.seconds());
    if (static_cast<std::int64_t>(p.iterations_s.size()) < wanted) {
      p.status = driven.out_of_memory || (driven.error.empty() && log.out_of_memory) ? cell_status::out_of_memory
                                                                                     : cell_status::failed;
      p.reason = !driven.error.empty() ? driven.error
                 : log.out_of_memory   ? "out of memory: " + log.memory_line
                                     : failure_words(!ended.trouble.empty() ? ended.trouble : "the driver ended early",
                                                     log_, log_from_);
      return;
    }
    p.status = cell_status::done;
    set_iteration_metrics(p.metrics, driven.iterations, p.point.values.count("n"), devices_needed(job_.cell.values));
    const double iterations = static_cast<double>(p.iterations_s.size());
    set_sample_metrics(p.metrics, samples, measured_spans(driven.iterations),
                       static_cast<std::int64_t>(p.metrics.value("output_tokens") * iterations),
                       job_.cell.values.count("nodes"));
  }

  static result<void> cannot_start(cell_record& record, const std::string& why) {
    for (auto& p : record.points) p.status = cell_status::failed, p.reason = why;
    return {};
  }

  /// A command a point: vLLM's benches, or one's own.
  result<void> run_by_point(cell_record& record) {
    const bool own = job_.cell.values.text("mode") == "command";
    for (auto& p : record.points) {
      if (sets_.signal() != 0) return {};
      const auto from = log_size(log_);
      const auto words = own ? own_command(job_, p.point) : vllm_bench_command(job_, p.point);
      const auto began = now_ns();
      auto ended = run_set({words}, record);
      if (!ended && ended.error().code != errc::not_found) return ended.error();
      if (!ended) p.reason = ended.error().detail;
      if (!ended) continue;
      const auto log = read_log(log_, from);
      add_log_facts(record.engine, log);
      p.iterations_s = {static_cast<double>(now_ns() - began) / 1e9};
      read_point_result(job_, p, *ended, log, from);
    }
    return {};
  }

  const cell_job& job_;
  cell_node node_;
  std::function<void(std::string_view)> say_;
  process_sets sets_;
  cell_devices devices_;
  std::unique_ptr<run_directory> run_;
  std::vector<port_block> blocks_;
  std::unique_ptr<sampling> sampling_;
  std::string log_ = job_.log(), samples_ = job_.samples();
  std::int64_t log_from_ = 0;
  bool told_ = false;
};

}  // namespace weir::inline v0

#endif  // WEIR_RUN_RUN_DRIVEN_HPP
