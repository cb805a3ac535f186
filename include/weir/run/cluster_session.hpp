// weir/run/cluster_session.hpp - weir-serve-many's life on a cluster: jobs submitted, their instances ready, a command
// or a signal, all gone. Needs simdjson and Linux.
//
// The jobs see by a file that is touched here (weir-keep --while) that they are wanted: when this program has ended,
// however that came, they end too.
#ifndef WEIR_RUN_CLUSTER_SESSION_HPP
#define WEIR_RUN_CLUSTER_SESSION_HPP

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/net/loop.hpp"
#include "weir/run/cluster_fleet.hpp"
#include "weir/run/launcher.hpp"
#include "weir/serve/describe.hpp"
#include "weir/serve/log_tail.hpp"
#include "weir/serve/runs.hpp"
#include "weir/serve/session_command.hpp"
#include "weir/serve/session_user.hpp"
#include "weir/serve/signals.hpp"

namespace weir::inline v0 {

/// What a session does beside keeping a fleet.
struct cluster_session_spec {
  cluster_fleet servers;
  std::string endpoints = {};                       ///< File for the endpoint records; empty: none but the command's.
  std::vector<std::string> command = {};            ///< Run here when all are ready; empty: serve until a signal.
  std::int64_t ready_timeout_ns = 600'000'000'000;  ///< Of an instance, from the start of its job on.
  /// Makes what starts the jobs. \param scripts  a directory for what it writes.
  std::function<result<std::unique_ptr<launcher>>(const std::string& scripts)> make_launcher = {};
};

/// Runs one session. Exit statuses: see session_user.
class cluster_session final : private timer {
 public:
  cluster_session(cluster_session_spec spec, session_user& user) : spec_(std::move(spec)), user_(&user) {}
  ~cluster_session() { loop_.disarm(*this); }

  /// \return  the exit status; a failure where nothing was submitted.
  result<int> run() {
    if (auto clear = clear_endpoints(spec_.endpoints); !clear) return clear.error();
    auto run = run_directory::make();
    if (!run) return run.error();
    run_.emplace(std::move(*run));
    spec_.servers.directory += "/jobs-" + run_->name();
    auto where = spec_.make_launcher(spec_.servers.directory + "/scripts");
    if (!where) return where.error();
    where_ = std::move(*where);
    auto jobs = cluster_jobs(spec_.servers);
    if (!jobs) return jobs.error();
    jobs_ = std::move(*jobs);
    std::error_code error;
    std::filesystem::create_directories(spec_.servers.directory, error);
    if (error) return failure{errc::io, "cannot make " + spec_.servers.directory + ": " + error.message()};
    if (auto wanted = replace_text(wanted_file(spec_.servers), ""); !wanted) return wanted.error();
    write_state();
    loop_.arm(*this, now_ns());
    while (!over_)
      if (auto turned = loop_.turn(); !turned) return turned.error();
    clean_up();
    if (refused_) return *refused_;
    return status_;
  }

 private:
  static constexpr std::int64_t s = 1'000'000'000, tick_ns = s / 4, retry_ns = 10 * s;

  [[nodiscard]] int failed(int with_command) const { return spec_.command.empty() ? 1 : with_command; }

  /// Ends with `status`, unless an end with another one is under way.
  void end(int status) {
    if (std::exchange(ending_, true)) return;
    status_ = status;
  }

  void on_time(std::int64_t now) override {
    if (!ending_ && now >= next_touch_ns_) {
      ::utimensat(AT_FDCWD, wanted_file(spec_.servers).c_str(), nullptr, 0);
      next_touch_ns_ = now + std::min(5 * s, spec_.servers.stale_ns / 8);
    }
    if (tickets_.empty())
      submit(now);
    else
      look(now);
    if (ending_ && !command_.running()) wind_up(now);
    user_->on_status(status_line());
    loop_.arm(*this, now_ns() + tick_ns);
  }

  void submit(std::int64_t now) {
    if (ending_ || now < next_submit_ns_) return;
    auto tickets = where_->submit(jobs_);
    if (tickets) {
      tickets_ = std::move(*tickets);
      reports_.resize(jobs_.size());
      running_ns_.resize(jobs_.size());
      user_->say("submitted " + std::to_string(jobs_.size()) + " jobs: " + tickets_.front().id +
                 (jobs_.size() > 1 ? " to " + tickets_.back().id : "") + "; logs in " + spec_.servers.directory);
      return;
    }
    if (tickets.error().code == errc::closed) {
      if (next_submit_ns_ == 0) user_->warn(tickets.error().detail + "; trying again until it answers");
      next_submit_ns_ = now + retry_ns;
      return;
    }
    refused_ = tickets.error();
    ending_ = over_ = true;
  }

  void look(std::int64_t now) {
    auto reports = where_->poll(tickets_, 0);
    if (!reports) return user_->warn(reports.error().detail), end(failed(125));
    const bool changed = *reports != reports_;
    for (std::size_t i = 0; i < reports->size(); ++i)
      if ((*reports)[i] != reports_[i]) on_report(i, std::exchange(reports_[i], (*reports)[i]), now);
    if (changed) write_state();
    if (!ready_ && !ending_) gather_endpoints();
  }

  void on_report(std::size_t i, const job_report& before, std::int64_t now) {
    const auto& report = reports_[i];
    const std::string who = "job " + tickets_[i].id;
    if (report.phase == job_phase::running && running_ns_[i] == 0) {
      running_ns_[i] = now;
      user_->say(who + " runs" + (report.where.empty() ? "" : " on " + report.where));
    }
    if (report.phase == job_phase::queued && report.why != before.why && !report.why.empty())
      user_->say(who + " waits: " + report.why);
    if (report.phase == job_phase::unknown && before.phase != job_phase::unknown)
      user_->warn(who + ": " + report.why + "; waiting for an answer");
    if (report.phase != job_phase::ended) return;
    if (ready_) lost_ = true;
    if (ending_) return;
    std::string news = who + " has ended: " + (report.status ? "exit status " + std::to_string(*report.status) : "") +
                       (report.status && !report.why.empty() ? ", " : "") + report.why;
    if (const auto tail = log_tail(jobs_[i].log, 0, 20); !tail.empty()) {
      news += "; " + jobs_[i].log + " ends with:";
      each_line(tail, [&](std::string_view line) { news.append("\n  ").append(line); });
    }
    user_->warn(news);
    const bool late = report.status == 1 && running_ns_[i] > 0 && now - running_ns_[i] >= spec_.ready_timeout_ns;
    if (!ready_) return end(failed(late ? 124 : 125));
    const auto over = [](const job_report& each) { return each.phase == job_phase::ended; };
    if (!command_.running() && std::all_of(reports_.begin(), reports_.end(), over)) end(failed(125));
  }

  /// Takes the endpoints of all jobs where all have written theirs.
  void gather_endpoints() {
    std::string records;
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      const auto some = read_text_file(job_endpoints(spec_.servers, i));
      if (!some) return;
      records += *some;
    }
    ready_ = true;
    const std::string file = spec_.endpoints.empty() ? run_->path() + "/endpoints.jsonl" : spec_.endpoints;
    if (auto wrote = replace_text(file, records); !wrote) return user_->warn(wrote.error().detail), end(failed(125));
    user_->on_endpoints(records);
    if (spec_.command.empty()) return;
    if (auto started = command_.start(spec_.command, file, *run_); !started)
      user_->warn(started.error().detail), end(125);
  }

  void on_command_end(int status) {
    if (lost_)
      user_->warn("not every instance lived as long as the command: what it measured or wrote is not complete");
    end(lost_ && status == 0 ? 125 : status);
  }

  void on_signal(int number) {
    if (number == SIGUSR1 || number == SIGUSR2) return command_.signal(number);
    if (std::exchange(signalled_, true)) {  // in a hurry
      command_.kill();
      cancel_ns_ = now_ns();
      return;
    }
    ending_ = true;
    status_ = 128 + number;
    user_->say(std::string("stopping: ") + ::strsignal(number));
    command_.signal(number);
  }

  /// Ends the jobs: those that run see that they are not wanted any more, and stop their servers in good order; those
  /// that wait, and those that do not hear, are cancelled.
  void wind_up(std::int64_t now) {
    if (std::exchange(winding_, true) == false) {
      ::unlink(wanted_file(spec_.servers).c_str());
      cancel_ns_ = std::min(cancel_ns_, now + spec_.servers.grace_ns + 30 * s);
    }
    const auto left = [&](auto&& holds) {
      std::vector<job_ticket> tickets;
      for (std::size_t i = 0; i < tickets_.size(); ++i)
        if (reports_[i].phase != job_phase::ended && holds(reports_[i])) tickets.push_back(tickets_[i]);
      return tickets;
    };
    if (left([](const auto&) { return true; }).empty()) {
      over_ = true;
      return;
    }
    const auto waiting = left([](const auto& report) { return report.phase == job_phase::queued; });
    if (!waiting.empty() && !std::exchange(cancelled_queued_, true)) (void)where_->cancel(waiting);
    if (now < cancel_ns_) return;
    cancel_ns_ = now + retry_ns;
    const auto all = left([](const auto&) { return true; });
    const auto cancelled = where_->cancel(all);
    if (cancelled) return;
    std::string names;
    for (const auto& each : all) names += " " + each.id;
    user_->warn(cancelled.error().detail + "; still there:" + names + (signalled_ ? "" : "; trying again"));
    over_ = signalled_;  // a person who is in a hurry has the names, and the jobs end when nothing touches their file
  }

  [[nodiscard]] std::string status_line() const {
    if (tickets_.empty()) return "waiting to submit " + std::to_string(jobs_.size()) + " jobs";
    std::array<std::size_t, 4> counts{};
    for (const auto& each : reports_) ++counts[static_cast<std::size_t>(each.phase)];
    std::string line = std::to_string(jobs_.size()) + " jobs:";
    for (std::size_t i = 0; i < counts.size(); ++i)
      if (counts[i] > 0)
        line += " " + std::to_string(counts[i]) + " " + std::string(phase_name(static_cast<job_phase>(i))) + ",";
    return line + (ready_ ? " all instances ready" : " waiting for the instances");
  }

  /// For `weir-serve-many status`.
  void write_state() {
    std::string records;
    append_run_state(records, describe_process(::getpid()));
    for (std::size_t i = 0; i < tickets_.size(); ++i)
      append_instance_state(records, {.name = "job " + tickets_[i].id,
                                      .state = std::string(phase_name(reports_[i].phase)),
                                      .base_url = reports_[i].where,
                                      .log = jobs_[i].log,
                                      .cgroup = {},
                                      .devices = {}});
    (void)replace_text(run_->path() + "/state.jsonl", records);
  }

  /// What is left of a fleet is its logs.
  void clean_up() {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(spec_.servers.directory, ignored)) {
      const auto name = entry.path().filename().string();
      if (name.starts_with("endpoints.") || name.starts_with("exit.") || name == "wanted")
        std::filesystem::remove(entry.path(), ignored);
    }
    std::filesystem::remove_all(spec_.servers.directory + "/scripts", ignored);
    std::filesystem::remove(spec_.servers.directory, ignored);  // empty: nothing ever ran
  }

  cluster_session_spec spec_;
  std::unique_ptr<launcher> where_;
  session_user* user_;
  loop loop_;
  signal_source signals_{loop_, {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}, [this](int n) { on_signal(n); }};
  std::optional<run_directory> run_;
  std::vector<job> jobs_;
  std::vector<job_ticket> tickets_;
  std::vector<job_report> reports_;
  std::vector<std::int64_t> running_ns_;  // when each was first seen to run; 0: not yet
  session_command command_{loop_, [this](int status) { on_command_end(status); }};
  std::optional<failure> refused_;
  bool ready_ = false, ending_ = false, winding_ = false, signalled_ = false, lost_ = false, over_ = false;
  bool cancelled_queued_ = false;
  int status_ = 0;
  std::int64_t next_touch_ns_ = 0, next_submit_ns_ = 0;
  std::int64_t cancel_ns_ = std::numeric_limits<std::int64_t>::max();
};

}  // namespace weir::inline v0

#endif  // WEIR_RUN_CLUSTER_SESSION_HPP
