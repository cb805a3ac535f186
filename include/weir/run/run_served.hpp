// weir/run/run_served.hpp - a cell whose engine is a server: started, loaded point by point, and gone. Needs simdjson
// and Linux.
#ifndef WEIR_RUN_RUN_SERVED_HPP
#define WEIR_RUN_RUN_SERVED_HPP

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/base/shell_words.hpp"
#include "weir/base/text_file.hpp"
#include "weir/data/json_row.hpp"
#include "weir/run/cell_devices.hpp"
#include "weir/run/cell_evidence.hpp"
#include "weir/run/cell_iterations.hpp"
#include "weir/run/cell_job.hpp"
#include "weir/run/cell_record.hpp"
#include "weir/run/commands.hpp"
#include "weir/run/measure_results.hpp"
#include "weir/serve/fleet.hpp"
#include "weir/serve/session.hpp"

namespace weir::inline v0 {

/// Runs one such cell.
class served_cell final : private session_user {
 public:
  /// \param measurer  the command that puts the load on the servers that WEIR_ENDPOINTS names, and writes measure.jsonl
  ///                  into the cell's directory.
  served_cell(const cell_job& job, cell_node node, std::vector<std::string> measurer,
              std::function<void(std::string_view)> say)
      : job_(job), node_(std::move(node)), measurer_(std::move(measurer)), say_(std::move(say)) {}

  /// Fills in what came of it. \return  as driven_cell::run.
  result<int> run(cell_record& record) {
    const bool vllm = job_.cell.values.text("engine") == "vllm";
    record.engine.version = vllm ? installed_vllm() : "";
    auto server = server_of(job_, node_, has_profiler_flag(record.engine.version));
    if (!server) return refuse(record, server.error().detail);
    record.commands.push_back(shell_line(server->command));
    for (const auto& p : job_.cell.points)
      record.commands.push_back("weir-bench " + shell_line(load_words(job_, p, 0, job_.file("endpoints.jsonl"))));
    std::optional<session> served;
    auto status = take_when_free(
        [&] {
          served.emplace(session_of(*server), static_cast<session_user&>(*this));
          return served->run();
        },
        job_.cell.values.duration_ns("device_wait"), [&](const std::string& why) { return wait(why); });
    take_logs();
    if (served->ended_by() != 0) return served->ended_by();
    if (!status && status.error().code == errc::io) return status.error();
    if (!status) return refuse(record, status.error().detail);
    record.devices = devices_;
    record.devices_after = !device_use_             ? "none"
                           : served->devices_back() ? "empty"
                                                    : served->devices_back().error().detail;
    record.notes.insert(record.notes.end(), warnings_.begin(), warnings_.end());
    if (auto read = fill(record, *status); !read) return read.error();
    return 0;
  }

 private:
  bool wait(const std::string& why) {
    if (!why.empty() && !std::exchange(told_, true)) say_("waiting: " + why);
    return true;
  }

  static result<int> refuse(cell_record& record, const std::string& why) {
    for (auto& p : record.points) p.status = cell_status::failed, p.reason = why;
    record.devices_after = "none";
    return 0;
  }

  session_spec session_of(const engine& server) {
    const auto& s = job_.cell.values;
    fleet_spec fleet{server, static_cast<std::size_t>(s.count("instances"))};
    const auto choice = device_choice_of(s);
    using use = fleet_spec::device_use;
    fleet.devices = choice.named;
    fleet.devices_per_instance = static_cast<std::size_t>(devices_needed(s) / s.count("instances") / node_.count);
    device_use_ = !choice.none && (!choice.named.empty() || (server.wants_devices && devices_here() > 0));
    fleet.devices_from = !device_use_ ? use::none : choice.named.empty() ? use::free : use::named;
    fleet.log_directory = job_.directory();
    fleet.ready_timeout_ns = s.duration_ns("ready_timeout");
    session_spec spec{.servers = std::move(fleet), .endpoints = job_.file("endpoints.jsonl"), .command = measurer_};
    spec.samples = job_.samples();
    spec.sample_every_ns = 500'000'000;
    spec.run.tool = "weir-sweep";
    return spec;
  }

  void say(std::string_view) override {}
  void warn(std::string_view news) override {
    warnings_.emplace_back(news);
    say_(news);
  }
  void on_endpoints(std::string_view records) override {
    json_row_reader reader;
    each_line(records, [&](std::string_view line) {
      (void)reader(line, [&](std::string_view name, json_value value) -> result<void> {
        return name == "devices" ? detail::read_words(devices_, name, value) : result<void>();
      });
    });
  }
  void on_status(std::string_view) override {}

  /// Gives the servers' logs their names: server_NAME.log, and of further instances server_NAME_1.log.
  void take_logs() {
    std::error_code ignored;
    std::vector<std::string> logs;
    for (const auto& entry : std::filesystem::directory_iterator(job_.directory(), ignored))
      if (entry.path().extension() == ".log") logs.push_back(entry.path().string());
    std::sort(logs.begin(), logs.end());
    for (std::size_t i = 0; i < logs.size(); ++i) {
      std::string to = job_.server_log();
      if (i > 0) to.insert(to.size() - 4, "_" + std::to_string(i));
      if (std::rename(logs[i].c_str(), to.c_str()) == 0 && i == 0) log_ = to;
    }
  }

  /// \param status  the session's: 0, the measurer's, or 124 and 125 where the servers were not ready or did not live.
  result<void> fill(cell_record& record, int status) {
    const auto log = read_log(log_);
    add_log_facts(record.engine, log);
    auto measured = read_measure_results(job_.file("measure.jsonl"));
    if (!measured) return measured.error();
    record.profile.reason = measured->profile_error;
    const auto samples = read_samples(job_.samples());
    const auto wanted = static_cast<std::size_t>(job_.cell.values.count("iterations"));
    for (auto& p : record.points) {
      const auto& of = measured->points[p.point.name];
      if (of.iterations.size() < wanted || !of.error.empty()) {
        p.status = log.out_of_memory ? cell_status::out_of_memory : cell_status::failed;
        p.reason = log.out_of_memory    ? "out of memory: " + log.memory_line
                   : !of.error.empty()  ? of.error
                   : !warnings_.empty() ? warnings_.front()
                                        : "the load generator ended with status " + std::to_string(status);
        continue;
      }
      fill_point(p, of, samples);
    }
    return {};
  }

  void fill_point(point_record& p, const measured_point& of, const sample_log& samples) const {
    p.status = cell_status::done;
    std::vector<sample_span> spans;
    double tokens = 0;
    for (const auto& i : of.iterations) {
      p.iterations_s.push_back(i.span.seconds());
      spans.push_back(i.span);
      tokens += detail::number_at(i.result, "total_output_tokens");
      if (p.verdict.empty() || i.verdict != "VALID") p.verdict = i.verdict;
    }
    set_measured_metrics(p.metrics, of.iterations, devices_needed(job_.cell.values));
    set_sample_metrics(p.metrics, samples, spans, std::isnan(tokens) ? 0 : static_cast<std::int64_t>(tokens),
                       job_.cell.values.count("nodes"));
    if (p.metrics.value("error_rate") < 1) return;
    p.status = cell_status::failed;
    p.reason = "every request failed";
  }

  const cell_job& job_;
  cell_node node_;
  std::vector<std::string> measurer_;
  std::function<void(std::string_view)> say_;
  std::vector<std::string> devices_, warnings_;
  std::string log_;
  bool device_use_ = false, told_ = false;
};

}  // namespace weir::inline v0

#endif  // WEIR_RUN_RUN_SERVED_HPP
