// weir/run/sweep.hpp - runs the cells of a matrix, one by one or many at once, here or under a scheduler; goes on where
// it was ended. Needs simdjson and Linux.
#ifndef WEIR_RUN_SWEEP_HPP
#define WEIR_RUN_SWEEP_HPP

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/run/cell_job.hpp"
#include "weir/run/cell_record.hpp"
#include "weir/run/launcher.hpp"
#include "weir/run/read_cell_record.hpp"
#include "weir/run/sweep_directory.hpp"
#include "weir/run/sweep_order.hpp"
#include "weir/serve/log_tail.hpp"

namespace weir::inline v0 {

enum class run_phase : unsigned char { waiting, queued, running, finished, resumed };
[[nodiscard]] constexpr std::string_view phase_name(run_phase p) noexcept {
  constexpr std::array<std::string_view, 5> names{"waiting", "queued", "running", "finished", "resumed"};
  return names[static_cast<std::size_t>(p)];
}

/// One run of the sweep, as it stands.
struct sweep_run {
  cell_job job;
  run_phase phase = run_phase::waiting;
  job_ticket ticket = {};
  job_report report = {};
  std::int64_t t_started_ns = 0, t_ended_ns = 0;
  cell_record record = {};  ///< Once it is finished or resumed.
  bool adopted = false;     ///< An earlier sweep handed it over.

  [[nodiscard]] bool over() const noexcept { return phase == run_phase::finished || phase == run_phase::resumed; }
};

/// How a sweep is run.
struct sweep_setup {
  std::string out;   ///< The directory, opened and locked.
  std::string from;  ///< Where cells start: a person's relative paths hold there.
  std::string study, driver;
  std::vector<std::string> runner;  ///< The command that runs a cell; its directory is added.
  std::vector<std::pair<std::string, std::string>> variables = {};
  /// Not empty: this is not the first machine of its cells. What it needs goes here, it writes no record, and of the
  /// first one's records it takes those that are whole before it begins.
  std::string follower = {};
  bool placed = false;              ///< The runner knows its place among several machines: the launcher need not.
  int wake_fd = -1;                 ///< Readable: look at `stop`.
  std::function<bool()> stop = {};  ///< Start nothing more, and end what runs.
  std::function<void(const sweep_run&)> changed = {};  ///< A run has a new phase.
  std::function<void()> looked = {};                   ///< Every second at least, and after each change.
  std::function<void(std::string_view)> say = {};
};

/// Runs a sweep to its end.
class sweep {
 public:
  sweep(sweep_setup setup, launcher& where) : setup_(std::move(setup)), where_(&where) {}

  /// \param known  records that are there already are taken where they are whole.
  /// \return       errc::io where the results can't be written (a full disk): everything finished so far is whole. What
  ///               is wrong with a cell is in its record.
  result<void> run(const std::vector<sweep_cell>& cells) {
    cells_ = cells;
    for (const auto& each : runs_in_order(cells_)) add(each);
    for (;;) {
      if (auto stepped = start_what_can(); !stepped) return stop_and(stepped.error());
      if (setup_.stop() && !std::exchange(stopping_, true)) cancel_all();
      if (under_way() == 0 && (stopping_ || next_waiting() == runs_.size()) && !add_probes()) return {};
      if (under_way() == 0 && stopping_) return {};
      if (auto looked = look(); !looked) return stop_and(looked.error());
    }
  }

  [[nodiscard]] const std::deque<sweep_run>& runs() const noexcept { return runs_; }
  [[nodiscard]] bool stopped() const noexcept { return stopping_; }

 private:
  static constexpr std::int64_t look_ns = 1'000'000'000, retry_ns = 10'000'000'000;

  void add(const cell_run& which) {
    sweep_run run{.job = {.cell = cells_[which.cell], .run = which.run, .profiled = which.profiled}};
    run.job.out = setup_.out, run.job.driver = setup_.driver, run.job.study = setup_.study;
    auto record = read_cell_record(run.job.record());
    if (record && is_whole(*record)) {
      run.record = std::move(*record);
      run.phase = run_phase::resumed;
    } else if (const auto id = read_text_file(home(run) + "/ticket"); id && where_->name() != "local") {
      adopt(run, *id);
    }
    runs_.push_back(std::move(run));
    if (runs_.back().phase != run_phase::waiting) setup_.changed(runs_.back());
  }

  /// A job that an earlier sweep handed over, and that may still run.
  void adopt(sweep_run& run, std::string_view text) {
    const auto blank = std::min(text.find(' '), text.size());
    if (text.substr(0, blank) != where_->name()) return;
    const std::string id(text.substr(std::min(blank + 1, text.size())));
    run.ticket = {id, home(run) + "/status", home(run) + "/runner.out"};
    run.phase = run_phase::queued;
    run.adopted = true;
    run.t_started_ns = now_ns();
  }

  /// Where what a run is started with lies.
  [[nodiscard]] std::string home(const sweep_run& run) const {
    return setup_.follower.empty() ? run.job.directory() : setup_.follower + "/" + run.job.name();
  }

  [[nodiscard]] std::size_t under_way() const {
    return static_cast<std::size_t>(std::count_if(runs_.begin(), runs_.end(), [](const auto& r) {
      return r.phase == run_phase::queued || r.phase == run_phase::running;
    }));
  }
  [[nodiscard]] std::size_t next_waiting() {
    while (first_waiting_ < runs_.size() && runs_[first_waiting_].phase != run_phase::waiting) ++first_waiting_;
    return first_waiting_;
  }

  [[nodiscard]] job job_of(const sweep_run& run) const {
    const auto& s = run.job.cell.values;
    job out{.name = run.job.name(), .argv = setup_.runner, .variables = setup_.variables};
    out.argv.push_back(home(run));
    const auto nodes = setup_.placed ? 1 : s.count("nodes");
    out.needs.nodes = static_cast<std::size_t>(nodes);
    out.needs.devices =
        s.text("devices") == "none" ? 0 : static_cast<std::size_t>(devices_needed(s) / s.count("nodes"));
    if (const auto limit = s.duration_ns("cell_timeout"); limit > 0) out.needs.time_limit_ns = limit + 600'000'000'000;
    if (nodes > 1)
      out.argv.insert(out.argv.end(), {"--nnodes", "{nnodes}", "--node-rank", "{node_rank}", "--master-addr",
                                       "{master_addr}", "--master-port", "{master_port}"});
    out.directory = setup_.from;
    out.log = home(run) + "/runner.out";
    out.status_file = home(run) + "/status";
    return out;
  }

  /// Hands over as many runs as the launcher takes, those of equal needs together.
  result<void> start_what_can() {
    const auto limits = where_->limits();
    while (!stopping_ && !setup_.stop() && now_ns() >= retry_at_ns_ && next_waiting() < runs_.size() &&
           under_way() < limits.under_way) {
      std::vector<sweep_run*> batch;
      std::vector<job> jobs;
      const std::size_t most = std::min(limits.batch, limits.under_way - under_way());
      for (std::size_t i = next_waiting(); i < runs_.size() && jobs.size() < most; ++i) {
        if (runs_[i].phase != run_phase::waiting) continue;
        auto made = job_of(runs_[i]);
        if (!jobs.empty() && !(made.needs == jobs.front().needs)) continue;
        batch.push_back(&runs_[i]);
        jobs.push_back(std::move(made));
      }
      for (auto* run : batch)
        if (auto wrote = write_job(*run); !wrote) return wrote;
      if (auto handed = hand_over(batch, jobs); !handed) return handed;
    }
    return {};
  }

  [[nodiscard]] result<void> write_job(const sweep_run& run) const {
    const auto directory = home(run);
    if (::mkdir(directory.c_str(), 0777) != 0 && errno != EEXIST) return io_failure("cannot make " + directory, errno);
    ::unlink((directory + "/status").c_str());
    return replace_text(directory + "/cell.json", cell_job_json(run.job));
  }

  result<void> hand_over(const std::vector<sweep_run*>& batch, std::span<const job> jobs) {
    const auto tickets = where_->submit(jobs);
    if (!tickets && tickets.error().code == errc::closed) {
      silent(tickets.error().detail);
      retry_at_ns_ = now_ns() + retry_ns;
      return {};
    }
    if (!tickets && tickets.error().code == errc::io) return tickets.error();
    answers();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      auto& run = *batch[i];
      run.t_started_ns = now_ns();
      if (!tickets) {
        if (auto wrote = conclude(run, failed_record(run.job, cell_status::failed, tickets.error().detail)); !wrote)
          return wrote;
        continue;
      }
      run.ticket = (*tickets)[i];
      run.phase = run_phase::queued;
      if (where_->name() != "local")
        (void)replace_text(home(run) + "/ticket", std::string(where_->name()) + " " + run.ticket.id);
      setup_.changed(run);
    }
    return {};
  }

  /// Waits for news of what is under way, and takes it in.
  result<void> look() {
    std::vector<sweep_run*> asked;
    std::vector<job_ticket> tickets;
    for (auto& run : runs_)
      if (run.phase == run_phase::queued || run.phase == run_phase::running) {
        asked.push_back(&run);
        tickets.push_back(run.ticket);
      }
    auto reports = where_->poll(tickets, tickets.empty() ? 0 : look_ns, setup_.wake_fd);
    if (!reports) return reports.error();
    if (tickets.empty()) ::usleep(100'000);  // all that is left waits for a scheduler that does not answer
    listen(*reports);
    for (std::size_t i = 0; i < asked.size(); ++i)
      if (auto taken = take(*asked[i], std::move((*reports)[i])); !taken) return taken;
    setup_.looked();
    return {};
  }

  /// Says once that the scheduler does not answer, and once that it does again.
  void silent(const std::string& why) {
    if (!std::exchange(silent_, true))
      setup_.say(std::string(where_->name()) + " does not answer: " + why + "; trying again, and what runs goes on");
  }
  void answers() {
    if (std::exchange(silent_, false)) setup_.say(std::string(where_->name()) + " answers again");
  }
  void listen(const std::vector<job_report>& reports) {
    const auto lost = std::ranges::find(reports, job_phase::unknown, &job_report::phase);
    if (lost != reports.end()) {
      silent(lost->why);
      unheard_ = true;
    } else if (std::exchange(unheard_, false)) {
      answers();
    }
  }

  result<void> take(sweep_run& run, job_report report) {
    const bool was_running = run.phase == run_phase::running;
    run.report = std::move(report);
    if (run.report.phase == job_phase::running && !was_running) {
      run.phase = run_phase::running;
      run.t_started_ns = now_ns();
      setup_.changed(run);
    }
    if (run.report.phase == job_phase::queued && was_running) run.phase = run_phase::queued, setup_.changed(run);
    if (run.report.phase != job_phase::ended) return {};
    if (!setup_.follower.empty()) return finish(run, failed_record(run.job, cell_status::done, {}));
    auto record = read_cell_record(run.job.record());
    const bool fresh = record && record->start_unix_ns > 0 && !is_stale(run, *record);
    if (fresh) return finish(run, std::move(*record));
    if (stopping_ || std::exchange(run.adopted, false)) {  // it was ended, and is as if it had never begun
      ::unlink((home(run) + "/ticket").c_str());
      run.phase = run_phase::waiting;
      first_waiting_ = 0;
      return {};
    }
    return conclude(run, failed_record(run.job, cell_status::failed, why_no_record(run)));
  }

  /// A record that was there before this start: of a run that failed then.
  [[nodiscard]] bool is_stale(const sweep_run& run, const cell_record& record) const {
    struct stat about{}, job{};
    if (::stat(run.job.record().c_str(), &about) != 0 || ::stat((home(run) + "/cell.json").c_str(), &job) != 0)
      return true;
    const auto ns = [](const struct stat& s) {
      return std::int64_t{s.st_mtim.tv_sec} * 1'000'000'000 + s.st_mtim.tv_nsec;
    };
    return ns(about) < ns(job) && record.run == run.job.run;
  }

  [[nodiscard]] std::string why_no_record(const sweep_run& run) const {
    std::string why = "its runner left no record";
    if (run.report.status) why += ": it ended with status " + std::to_string(*run.report.status);
    if (!run.report.why.empty()) why += ": " + run.report.why;
    const auto last = log_tail(home(run) + "/runner.out", 0, 1);
    return last.empty() ? why : why + "; it said: " + last;
  }

  /// Writes the record of a run that could not write its own.
  result<void> conclude(sweep_run& run, cell_record record) {
    if (auto wrote = replace_text(run.job.record(), cell_record_json(record)); !wrote) return wrote;
    return finish(run, std::move(record));
  }

  result<void> finish(sweep_run& run, cell_record record) {
    run.record = std::move(record);
    run.phase = run_phase::finished;
    run.t_ended_ns = now_ns();
    ::unlink((home(run) + "/ticket").c_str());
    setup_.changed(run);
    return {};
  }

  /// Appends what next_probe wants. \return  whether there is anything.
  bool add_probes() {
    if (stopping_) return false;
    bool any = false;
    for (std::size_t i = 0, count = runs_.size(); i < count; ++i) {
      if (!runs_[i].over() || !runs_[i].job.cell.derived_from.empty()) continue;
      std::vector<const cell_record*> probes;
      for (const auto& other : runs_)
        if (other.over() && other.job.cell.derived_from == runs_[i].job.cell.name) probes.push_back(&other.record);
      auto probe = next_probe(runs_[i].record, probes);
      if (!probe) continue;
      cells_.push_back(std::move(*probe));
      add({cells_.size() - 1, 1, false});
      any = true;
    }
    return any;
  }

  void cancel_all() {
    std::vector<job_ticket> tickets;
    for (const auto& run : runs_)
      if (run.phase == run_phase::queued || run.phase == run_phase::running) tickets.push_back(run.ticket);
    if (auto cancelled = where_->cancel(tickets); !cancelled) setup_.say(cancelled.error().detail);
  }

  failure stop_and(failure why) {
    cancel_all();
    return why;
  }

  sweep_setup setup_;
  launcher* where_;
  std::vector<sweep_cell> cells_;
  std::deque<sweep_run> runs_;
  std::size_t first_waiting_ = 0;
  std::int64_t retry_at_ns_ = 0;
  bool stopping_ = false;
  bool silent_ = false;   // the scheduler does not answer, and that was said
  bool unheard_ = false;  // by the last look
};

}  // namespace weir::inline v0

#endif  // WEIR_RUN_SWEEP_HPP
