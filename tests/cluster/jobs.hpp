// tests/cluster/jobs.hpp - jobs of a test on a real cluster, and what is left of them.
#ifndef WEIR_TESTS_CLUSTER_JOBS_HPP
#define WEIR_TESTS_CLUSTER_JOBS_HPP

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "serve/scratch.hpp"
#include "weir/base/clock.hpp"
#include "weir/run/launcher.hpp"
#include "weir/serve/marked.hpp"
#include "weir/serve/process.hpp"

namespace test {

constexpr std::int64_t ms = 1'000'000, s = 1'000 * ms;

/// A directory for the jobs of one test, and a launcher for them.
class jobs : public scratch {
 public:
  jobs() { ::setenv("WEIR_TEST_MARK", mark_.c_str(), 1); }
  virtual ~jobs() { weir::kill_marked("WEIR_TEST_MARK=" + mark_); }
  virtual weir::launcher& where() = 0;

  [[nodiscard]] weir::job command(const std::string& name, std::vector<std::string> argv,
                                  weir::job_needs needs = {}) const {
    return {name,     std::move(argv),     {{"WEIR_TEST_MARK", mark_}}, needs,
            path(""), path(name + ".log"), path(name + ".exit")};
  }
  [[nodiscard]] weir::job script(const std::string& name, const std::string& text, weir::job_needs needs = {}) const {
    return command(name, {"sh", "-c", text}, needs);
  }
  std::vector<weir::job_ticket> submit(const std::vector<weir::job>& all) { return where().submit(all).value(); }
  weir::job_ticket submit(const weir::job& one) { return submit(std::vector<weir::job>{one})[0]; }

  /// Polls until `holds` of the reports, for at most 40 s. \return  the last ones.
  template <class Condition>
  std::vector<weir::job_report> until(const std::vector<weir::job_ticket>& tickets, Condition&& holds) {
    for (const auto start = weir::now_ns();;) {
      auto reports = where().poll(tickets, 200 * ms).value();
      if (holds(reports) || weir::now_ns() - start > 40 * s) return reports;
    }
  }
  std::vector<weir::job_report> ends(const std::vector<weir::job_ticket>& tickets) {
    return until(tickets, [](const auto& reports) {
      return std::all_of(reports.begin(), reports.end(),
                         [](const auto& r) { return r.phase == weir::job_phase::ended; });
    });
  }
  weir::job_report end(const weir::job_ticket& ticket) { return ends({ticket})[0]; }
  weir::job_report reach(const weir::job_ticket& ticket, weir::job_phase phase) {
    return until({ticket}, [&](const auto& reports) { return reports[0].phase == phase; })[0];
  }
  [[nodiscard]] std::string log(const std::string& name) const { return text_of(path(name + ".log")); }
  [[nodiscard]] bool says(const std::string& name, const std::string& text) const {
    return eventually([&] { return log(name).find(text) != std::string::npos; }, 20 * s);
  }
  /// Processes of weir-nasty that this test's jobs started and that are still there.
  [[nodiscard]] int nasty() const {
    int count = 0;
    for (const auto each : weir::marked_processes("WEIR_TEST_MARK=" + mark_))
      count += text_of("/proc/" + std::to_string(each) + "/comm") == "weir-nasty\n";
    return count;
  }

 private:
  std::string mark_ = weir::detail::launch_name();
};

/// The beginning of a job's shell script that leaves everything that can be left.
inline const std::string leaves_much =
    WEIR_NASTY " stubborn grandchildren group session daemon stopped zombie chain port 0 & ";

}  // namespace test

#endif  // WEIR_TESTS_CLUSTER_JOBS_HPP
