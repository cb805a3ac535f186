// The load on a served cell: weir-bench's words, run by its headers, once a point and iteration.
#include "sweep_measure.hpp"

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench_flags.hpp"
#include "cli.hpp"
#include "weir/base/clock.hpp"
#include "weir/base/json_write.hpp"
#include "weir/data/output.hpp"
#include "weir/data/rows.hpp"
#include "weir/load/bench.hpp"
#include "weir/net/http_call.hpp"
#include "weir/openai/dial.hpp"
#include "weir/record/read.hpp"
#include "weir/run/cell_job.hpp"
#include "weir/run/commands.hpp"
#include "weir/serve/command.hpp"

namespace weir::tool {
namespace {

/// When a run's first request could leave: its records say so.
std::int64_t start_of(const std::string& records) {
  auto rows = open_rows(records);
  record_reader reader;
  std::string_view row;
  if (!rows || !rows->next(row)) return now_ns();
  const auto type = reader.read(row);
  return type && *type == record_type::run ? reader.run().t_start_ns : now_ns();
}

class measurement {
 public:
  measurement(cell_job job, byte_sink out) : job_(std::move(job)), out_(std::move(out)) {}

  result<int> run() {
    const int ended = measure();
    if (auto written = out_.close(); !written) return written.error();
    return signal_ != 0 ? 128 + signal_ : ended;
  }

 private:
  int measure() {
    if (job_.profiled) {
      for (const auto& p : job_.cell.points)
        if (!once(p, -1)) return 1;
      profile("/start_profile");
    }
    for (std::int64_t k = 0; k < job_.cell.values.count("iterations") && signal_ == 0; ++k)
      for (const auto& p : job_.cell.points)
        if (signal_ == 0 && !once(p, k)) failed_ = true;
    if (job_.profiled) profile("/stop_profile");
    return failed_ ? 1 : 0;
  }

  /// One iteration of a point. A profiled cell is warmed up by one of its own, below 0.
  bool once(const cell_point& p, std::int64_t iteration) {
    auto words = load_words(job_, p, iteration, endpoints_);
    std::erase_if(words, [&, drop = false](const std::string& word) mutable {
      if (std::exchange(drop, false)) return true;
      return drop = job_.profiled && word == "--warmup";
    });
    run_console silent;
    silent.note = [](std::string_view text) { say(text); };
    silent.progress = [](std::string_view) {};
    try {
      auto options = bench_options_of(parse(bench_about(), words).value(), words);
      const std::string records = options.records;
      const auto report = run_bench(std::move(options), silent);
      if (!report) return fail(p, report.error().detail);
      signal_ = report->signal;
      if (signal_ != 0) return false;
      if (!report->records) return fail(p, report->records.error().detail);
      if (iteration >= 0) tell(p, iteration, start_of(records), *report);
    } catch (const std::exception& refused) {
      return fail(p, refused.what());
    }
    return true;
  }

  void tell(const cell_point& p, std::int64_t iteration, std::int64_t t_start_ns, const bench_report& report) {
    std::string line;
    json_writer json(line);
    json.begin_object().field("type", "iteration").field("point", p.name).field("index", iteration);
    json.field("t_start_ns", t_start_ns).field("t_end_ns", now_ns()).field("verdict", to_string(report.level));
    json.key("result").raw(report.json).end_object();
    out_(line + "\n");
    (void)out_.flush();
  }

  bool fail(const cell_point& p, std::string_view why) {
    std::string line;
    json_writer(line)
        .begin_object()
        .field("type", "point_failed")
        .field("point", p.name)
        .field("error", why)
        .end_object();
    out_(line + "\n");
    say(why);
    return false;
  }

  /// Asks every server to begin or end its profile. Ending may take minutes: the file is written then.
  void profile(const std::string& path) {
    auto servers = read_endpoints(endpoints_);
    for (auto& server : servers ? *servers : std::vector<endpoint>{}) {
      const auto addresses = find_way(server, {});
      const std::string request = "POST " + path + " HTTP/1.1\r\nHost: " + server.where.authority() +
                                  "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
      const auto answer =
          addresses ? http_call(*addresses, request, 600'000'000'000) : result<http_answer>(addresses.error());
      if (answer && answer->status == 200) continue;
      const std::string why = path + " of " + server.base_url + ": " +
                              (answer ? "HTTP " + std::to_string(answer->status) : answer.error().detail);
      std::string line;
      json_writer(line).begin_object().field("type", "profile_failed").field("error", why).end_object();
      out_(line + "\n");
      say(why);
    }
  }

  cell_job job_;
  byte_sink out_;
  std::string endpoints_{variable("WEIR_ENDPOINTS")};
  int signal_ = 0;
  bool failed_ = false;
};

}  // namespace

result<int> measure_cell(const std::string& directory) {
  auto job = read_cell_job(directory + "/cell.json");
  if (!job) return job.error();
  auto out = create_file(job->file("measure.jsonl"));
  if (!out) return out.error();
  return measurement(std::move(*job), std::move(*out)).run();
}

}  // namespace weir::tool
