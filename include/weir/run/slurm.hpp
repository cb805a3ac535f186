// weir/run/slurm.hpp - jobs as batch jobs of SLURM, through its own commands. Needs Linux.
//
// Jobs are submitted by sbatch, looked at by squeue, ended by scancel. How a job ended stands in its exit-status file,
// which its script writes (slurm_script.hpp); where there is none although SLURM says that the job is over, scontrol
// and sacct are asked. A controller that does not answer is waited for: nothing is lost meanwhile, the jobs run on.
#ifndef WEIR_RUN_SLURM_HPP
#define WEIR_RUN_SLURM_HPP

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/hash.hpp"
#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/run/exit_file.hpp"
#include "weir/run/launcher.hpp"
#include "weir/run/slurm_script.hpp"
#include "weir/run/slurm_text.hpp"
#include "weir/serve/capture.hpp"
#include "weir/serve/describe.hpp"

namespace weir::inline v0 {

struct slurm_options {
  slurm_site site = {};
  std::string scripts;  ///< Directory for batch scripts, absolute, on a file system that the nodes see; it is made.
  launcher_limits limits = {500, 1000};        ///< SLURM's own limits are MaxArraySize (1001) and MaxJobCount.
  std::int64_t ask_every_ns = 10'000'000'000;  ///< Between two questions to the controller.
  std::int64_t look_every_ns = 500'000'000;    ///< Between two looks at the exit-status files.
  std::int64_t settle_ns = 5'000'000'000;      ///< How long after a job's end its exit-status file may come into sight.
  std::int64_t patience_ns = 60'000'000'000;   ///< For one of SLURM's commands.
};

class slurm_launcher final : public launcher {
 public:
  explicit slurm_launcher(slurm_options options) : options_(std::move(options)) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "slurm"; }
  [[nodiscard]] launcher_limits limits() const noexcept override { return options_.limits; }

  result<std::vector<job_ticket>> submit(std::span<const job> jobs) override {
    if (jobs.empty()) return std::vector<job_ticket>{};
    const auto script = write_scripts(jobs);
    if (!script) return script.error();
    if (doubtful_) {
      const auto there = find_submitted(*script);
      if (!there) return there.error();
      doubtful_ = false;
      if (!there->empty()) return tickets(*there, jobs);
    }
    const auto said = command({"sbatch", "--parsable", *script});
    doubtful_ = !said && said.error().code == errc::closed;
    if (!said) return said.error();
    const auto id = parse_sbatch_id(*said);
    if (!id) return failure{errc::parse, "sbatch names no job: " + slurm_words(*said)};
    next_ask_ns_ = std::min(next_ask_ns_, now_ns() + options_.ask_every_ns / 10);
    return tickets(*id, jobs);
  }

  result<std::vector<job_report>> poll(std::span<const job_ticket> jobs, std::int64_t wait_ns,
                                       int wake_fd = -1) override {
    for (const std::int64_t until = now_ns() + wait_ns;;) {
      if (auto asked = ask(jobs); !asked) return asked.error();
      std::vector<job_report> reports;
      for (const auto& each : jobs) reports.push_back(look(each));
      const std::int64_t now = now_ns();
      if (reports != last_ || now >= until) return last_ = std::move(reports);
      std::array<pollfd, 2> news{pollfd{wake_fd, POLLIN, 0}, pollfd{asking_ ? asking_->fd() : -1, POLLIN, 0}};
      const std::int64_t pause = std::min({until, now + options_.look_every_ns, std::max(now, next_ask_ns_)}) - now;
      ::poll(news.data(), news.size(), static_cast<int>(pause / 1'000'000 + 1));
      if (news[0].revents != 0) return last_ = std::move(reports);
    }
  }

  result<void> cancel(std::span<const job_ticket> jobs) override {
    std::vector<std::string> words{"scancel"};
    for (const auto& each : jobs)
      if (!ended_.contains(each.id)) words.push_back(each.id);
    if (words.size() == 1) return {};
    next_ask_ns_ = now_ns();
    const auto said = command(std::move(words));
    const bool gone = !said && said.error().detail.find("Invalid job id") != std::string::npos;
    return said || gone ? result<void>() : result<void>(said.error());
  }

 private:
  /// An answer of squeue: what it says of the jobs that it was asked about.
  struct answer {
    std::set<std::string> asked;  // tickets' ids
    std::map<std::string, slurm_job> rows;
  };

  /// Writes the script of each job, and of the array where there are several. \return  what to submit.
  result<std::string> write_scripts(std::span<const job> jobs) const {
    std::error_code error;
    std::filesystem::create_directories(options_.scripts, error);
    if (error) return failure{errc::io, "cannot make " + options_.scripts + ": " + error.message()};
    std::vector<std::string> paths;
    std::string names;
    for (const auto& each : jobs) {
      if (each.needs != jobs[0].needs || each.directory != jobs[0].directory)
        return failure{errc::invalid_argument, "jobs " + jobs[0].name + " and " + each.name + " have different needs"};
      const auto text = sbatch_script(each, options_.site);
      if (!text) return text.error();
      paths.push_back(options_.scripts + "/" + each.name + ".sbatch");
      names += each.name + "\n";
      if (auto wrote = replace_text(paths.back(), *text); !wrote) return wrote.error();
    }
    if (jobs.size() == 1) return paths[0];
    const std::string array =
        options_.scripts + "/" + jobs[0].name + "_array_" + std::to_string(hash64(names) % 1'000'000) + ".sbatch";
    const auto text = sbatch_array_script(jobs[0], paths, array + ".log", options_.site);
    if (!text) return text.error();
    if (auto wrote = replace_text(array, *text); !wrote) return wrote.error();
    return array;
  }

  static std::vector<job_ticket> tickets(const std::string& id, std::span<const job> jobs) {
    std::vector<job_ticket> made;
    for (std::size_t i = 0; i < jobs.size(); ++i)
      made.push_back({jobs.size() == 1 ? id : id + "_" + std::to_string(i), jobs[i].status_file, jobs[i].log});
    return made;
  }

  /// Whether a submission of `script` has arrived that nobody has a ticket of: its answer was lost, or we were killed
  /// before we wrote it down. \return  the job's id, empty where there is none.
  result<std::string> find_submitted(const std::string& script) const {
    const auto said = command({"squeue", "--noheader", "--array", "--user=" + std::to_string(::geteuid()),
                               "--states=PENDING,CONFIGURING,RUNNING,SUSPENDED", "--format=%F|%o"});
    if (!said) return said.error();
    std::string id;
    each_line(*said, [&](std::string_view line) {
      const auto bar = line.find('|');
      if (bar != line.npos && trimmed(line.substr(bar + 1)) == script) id = trimmed(line.substr(0, bar));
    });
    return id;
  }

  /// Runs one of SLURM's commands. \return  what it printed; errc::closed where nobody answers it.
  result<std::string> command(std::vector<std::string> words) const {
    const std::string name = words[0];
    auto running = captured_command::start(std::move(words));
    if (!running && running.error().code == errc::not_found)
      return failure{errc::not_found, "there is no " + name + " here: is this a machine of a SLURM cluster?"};
    if (!running) return running.error();
    if (!running->wait(options_.patience_ns))
      return failure{errc::closed, name + " does not end within " + seconds_text(options_.patience_ns) + " s"};
    return outcome(name, *running);
  }
  static result<std::string> outcome(const std::string& name, const captured_command& ended) {
    auto text = ended.text();
    if (!text || shell_status(ended.status()) == 0) return text;
    const std::string words = slurm_words(*text);
    return failure{slurm_is_away(*text) ? errc::closed : errc::invalid_argument,
                   name + ": " + (words.empty() ? describe_end(ended.status()) : words)};
  }

  /// Takes squeue's answer where it has one, and asks it again where it is time to.
  result<void> ask(std::span<const job_ticket> jobs) {
    if (asking_ && (asking_->wait(0) || now_ns() - asked_ns_ > options_.patience_ns)) take_answer();
    if (asking_ || now_ns() < next_ask_ns_) return {};
    asked_.clear();
    std::set<std::string> ids;  // of arrays the array's, once
    for (const auto& each : jobs)
      if (!ended_.contains(each.id)) asked_.insert(each.id), ids.insert(each.id.substr(0, each.id.find('_')));
    if (ids.empty()) return {};
    std::string list;
    for (const auto& id : ids) list += (list.empty() ? "" : ",") + id;
    auto running = captured_command::start({"squeue", "--noheader", "--array", "--states=all", "--jobs=" + list,
                                            "--format=" + std::string(squeue_format)});
    asked_ns_ = now_ns();
    next_ask_ns_ = asked_ns_ + options_.ask_every_ns;
    if (!running) return failure{running.error().code, "squeue: " + running.error().detail};
    asking_.emplace(std::move(*running));
    return {};
  }

  void take_answer() {
    auto text = asking_->wait(0) ? outcome("squeue", *asking_)
                                 : failure{errc::closed, "squeue does not end; the controller is slow or away"};
    asking_.reset();
    if (!text && text.error().detail.find("Invalid job id") != std::string::npos)
      text = std::string();  // it knows none
    trouble_ = text ? "" : text.error().detail;
    if (!text) return;
    answer_ = {std::move(asked_), {}};
    for (auto& row : parse_squeue(*text)) {
      const std::string id = row.id;
      answer_.rows[id] = std::move(row);
    }
  }

  /// What is known of a job now.
  job_report look(const job_ticket& ticket) {
    if (const auto known = ended_.find(ticket.id); known != ended_.end()) return known->second;
    const auto status = read_exit_file(ticket.status_file, ticket.id);
    const auto row = answer_.rows.find(ticket.id);
    const bool known = row != answer_.rows.end();
    const std::string where = known ? row->second.nodes : "";
    // A status of 128 or more may be of a run that SLURM ended to start it again: its word is waited for.
    if (status && *status < 128) return over(ticket, {job_phase::ended, status, "", where});
    if (!trouble_.empty()) return {job_phase::unknown, {}, trouble_, where};
    if (!answer_.asked.contains(ticket.id)) return {job_phase::queued};
    if (known && !slurm_is_over(row->second.state)) {
      gone_ns_.erase(ticket.id);
      if (slurm_is_running(row->second.state)) return {job_phase::running, {}, "", where};
      return {job_phase::queued, {}, row->second.reason == "None" ? "" : row->second.reason, where};
    }
    if (status) return over(ticket, {job_phase::ended, status, "", where});
    // What the job's node wrote may not be in sight here yet.
    const std::int64_t gone = gone_ns_.try_emplace(ticket.id, now_ns()).first->second;
    if (now_ns() - gone < options_.settle_ns)
      return {job_phase::running, {}, "over; its exit status is waited for", where};
    return resolve(ticket, known ? &row->second : nullptr);
  }

  job_report over(const job_ticket& ticket, job_report report) {
    gone_ns_.erase(ticket.id);
    return ended_[ticket.id] = std::move(report);
  }

  /// Asks SLURM how a job ended that says nothing itself.
  job_report resolve(const job_ticket& ticket, const slurm_job* seen) {
    std::optional<slurm_job> told;
    if (seen) told = *seen;
    const auto take = [&](std::vector<slurm_job> jobs) {
      for (auto& each : jobs)
        if (each.id == ticket.id && slurm_is_over(each.state)) told = std::move(each);
    };
    const auto shown = command({"scontrol", "--oneliner", "show", "job", ticket.id});
    if (shown) take(parse_scontrol_jobs(*shown));
    if (!shown && shown.error().code == errc::closed) return {job_phase::unknown, {}, shown.error().detail};
    if (!told || (!told->status && told->state != "COMPLETED"))
      if (const auto listed = command({"sacct", "--allocations", "--noheader", "--parsable2", "--jobs=" + ticket.id,
                                       "--format=JobID,State,ExitCode"}))
        take(parse_sacct(*listed));
    if (!told)
      return over(ticket, {job_phase::ended, {}, "SLURM does not know the job any more, and it left no exit status"});
    job_report report{job_phase::ended, {}, slurm_state_text(told->state), told->nodes};
    if (told->state == "COMPLETED") report.status = 0;
    if (told->state == "FAILED") report.status = told->status;
    if (report.status) report.why += ", says SLURM; the job left no exit status";
    return over(ticket, std::move(report));
  }

  slurm_options options_;
  bool doubtful_ = true;  // there may be a submission that we do not know of
  std::optional<captured_command> asking_;
  std::set<std::string> asked_;  // by the question under way
  std::int64_t asked_ns_ = 0, next_ask_ns_ = 0;
  answer answer_;
  std::string trouble_;  // why squeue's last answer is none
  std::map<std::string, job_report> ended_;
  std::map<std::string, std::int64_t> gone_ns_;  // when a job was first seen to be over without a status
  std::vector<job_report> last_;
};

}  // namespace weir::inline v0

#endif  // WEIR_RUN_SLURM_HPP
