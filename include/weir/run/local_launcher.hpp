// weir/run/local_launcher.hpp - jobs on this machine: each under a keeper, gone when this program is. Needs Linux.
#ifndef WEIR_RUN_LOCAL_LAUNCHER_HPP
#define WEIR_RUN_LOCAL_LAUNCHER_HPP

#include <poll.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/result.hpp"
#include "weir/run/exit_file.hpp"
#include "weir/run/launcher.hpp"
#include "weir/serve/describe.hpp"
#include "weir/serve/process.hpp"

namespace weir::inline v0 {

/// Starts jobs as processes of this machine. A job's devices are its own business: what leases them locks them for all
/// runs of the machine. Jobs end with this program, however it ends; a ticket of an earlier one is that of a job that
/// is over.
class local_launcher final : public launcher {
 public:
  /// \param at_once  how many jobs may run side by side.
  explicit local_launcher(std::size_t at_once = 1) : at_once_(at_once) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "local"; }
  [[nodiscard]] launcher_limits limits() const noexcept override { return {1, at_once_}; }

  result<std::vector<job_ticket>> submit(std::span<const job> jobs) override {
    std::vector<job_ticket> tickets;
    for (const auto& each : jobs) {
      if (each.needs.nodes > 1)
        return failure{errc::invalid_argument,
                       "this machine is one node: cells of several need --launcher slurm, or --nnodes and --node-rank "
                       "on each of them"};
      auto started = process::start(
          {.argv = each.argv, .variables = each.variables, .directory = each.directory, .log = each.log});
      if (!started) {
        (void)cancel(tickets);
        return started.error();
      }
      tickets.push_back({started->launch(), each.status_file, each.log});
      running_.insert_or_assign(tickets.back().id, member{std::move(*started)});
    }
    return tickets;
  }

  result<std::vector<job_report>> poll(std::span<const job_ticket> jobs, std::int64_t wait_ns, int wake_fd) override {
    const auto until = now_ns() + wait_ns;
    for (;;) {
      bool news = false;
      std::vector<job_report> reports;
      for (const auto& each : jobs) reports.push_back(look(each, news));
      const auto left = until - now_ns();
      if (news || left <= 0 || !wait_for_news(jobs, left, wake_fd)) return reports;
    }
  }

  result<void> cancel(std::span<const job_ticket> jobs) override {
    for (const auto& each : jobs)
      if (const auto at = running_.find(each.id); at != running_.end()) at->second.command.stop(grace_ns);
    return {};
  }

 private:
  struct member {
    process command;
    bool told = false;  ///< That it runs.
  };
  static constexpr std::int64_t grace_ns = 30'000'000'000;  // a cell ends its server first

  job_report look(const job_ticket& ticket, bool& news) {
    const auto at = running_.find(ticket.id);
    if (at == running_.end()) {
      const auto status = read_exit_file(ticket.status_file, ticket.id);
      return {.phase = job_phase::ended,
              .status = status,
              .why = status ? "" : "it ended with the program that started it"};
    }
    auto& command = at->second.command;
    const auto& now = command.update();
    if (!command.over()) {
      if (now.stuck == 0) {
        news = news || !std::exchange(at->second.told, true);
        return {.phase = job_phase::running};
      }
      job_report stuck{.phase = job_phase::ended};
      stuck.why = describe_process(now.stuck) + " was killed and does not go away; its keeper stays with it";
      command.abandon();
      running_.erase(at);
      news = true;
      return stuck;
    }
    job_report report{.phase = job_phase::ended};
    if (now.exec_error != 0)
      report.why = io_failure("it can't be executed", now.exec_error).detail;
    else if (!now.ended)
      report.why = "it is gone without a status: its keeper was killed";
    else
      report.status = shell_status(now.status);
    if (report.status) (void)write_exit_file(ticket.status_file, *report.status, ticket.id);
    running_.erase(at);
    news = true;
    return report;
  }

  /// \return  whether one of the jobs has news; false: the time is over, or somebody waves.
  bool wait_for_news(std::span<const job_ticket> jobs, std::int64_t wait_ns, int wake_fd) {
    std::vector<pollfd> fds{{wake_fd, POLLIN, 0}};
    for (const auto& each : jobs)
      if (const auto at = running_.find(each.id); at != running_.end())
        fds.push_back({at->second.command.fd(), POLLIN, 0});
    const timespec span{static_cast<std::time_t>(wait_ns / 1'000'000'000), static_cast<long>(wait_ns % 1'000'000'000)};
    const int ready = ::ppoll(fds.data(), fds.size(), &span, nullptr);
    return ready > 0 && fds[0].revents == 0;
  }

  std::size_t at_once_;
  std::map<std::string, member, std::less<>> running_;
};

}  // namespace weir::inline v0

#endif  // WEIR_RUN_LOCAL_LAUNCHER_HPP
