// weir/load/search_run.hpp - runs benchmarks at one load after the other until the limit is found. Needs Linux,
// simdjson.
#ifndef WEIR_LOAD_SEARCH_RUN_HPP
#define WEIR_LOAD_SEARCH_RUN_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/data/json_row.hpp"
#include "weir/data/output.hpp"
#include "weir/data/rows.hpp"
#include "weir/load/bench.hpp"
#include "weir/load/progress.hpp"
#include "weir/load/record_log.hpp"
#include "weir/load/search.hpp"

namespace weir::inline v0 {

/// What a search is to do.
struct search_plan {
  search_options options;
  bool by_concurrency = false;  ///< For throughput: the load is a number of requests in flight, and there is no goal.
  std::string log;              ///< Keeps the probes; empty: nowhere.
  /// The run for one load; `number` is that of the probe, so that each can have prompts of its own.
  std::function<bench_options(double load, std::size_t number)> run;
};

struct search_report {
  std::vector<probe> probes;
  std::optional<probe> answer;
  std::string missing;  ///< See load_search::missing.
  int signal = 0;
};

/// The probes of an earlier search, and the length of what is whole in its log.
struct probes_done {
  std::vector<probe> probes;
  std::int64_t whole_bytes = 0;
};

/// \return  none where there is no such file.
[[nodiscard]] inline result<probes_done> read_probes(const std::string& path) {
  probes_done done;
  auto rows = open_rows(path);
  if (!rows) return rows.error().code == errc::not_found ? result<probes_done>(std::move(done)) : rows.error();
  json_row_reader read;
  for (std::string_view row; rows->next(row);) {
    if (!rows->terminated()) break;  // a probe that was cut off is made again
    done.whole_bytes = static_cast<std::int64_t>(rows->offset() + rows->bytes().size());
    if (row.empty()) continue;
    probe p;
    std::string verdict;
    std::int64_t good = 0, sent = 0;
    const auto ok = read(row, [&](std::string_view name, json_value value) -> result<void> {
      if (name == "load" || name == "request_throughput") {
        if (const auto error = value.get_double().get(name == "load" ? p.load : p.per_s)) return json_failure(error);
      }
      if (name == "good") return read_count(good, name, value, 0);
      if (name == "sent") return read_count(sent, name, value, 0);
      if (name == "verdict") return read_text(verdict, name, value);
      return {};
    });
    if (!ok) return failure{ok.error().code, path + ":" + std::to_string(rows->line()) + ": " + ok.error().detail};
    p.good = static_cast<std::uint64_t>(good), p.sent = static_cast<std::uint64_t>(sent);
    p.level = verdict == "VALID" ? trust::valid : verdict == "SUSPECT" ? trust::suspect : trust::invalid;
    done.probes.push_back(p);
  }
  if (!rows->status()) return rows->status().error();
  return done;
}

namespace detail {

/// The next concurrency of a search for throughput: doubled, until doubling brings less than `precision` more.
inline std::optional<double> next_concurrency(const std::vector<probe>& probes, const search_options& o) {
  if (probes.size() >= o.probes) return std::nullopt;
  if (probes.empty()) return o.start;
  const std::size_t n = probes.size();
  if (n > 1 && probes[n - 1].per_s < probes[n - 2].per_s * (1 + o.precision)) return std::nullopt;
  return probes[n - 1].load * 2;
}

inline search_report searched(const load_search& search, const search_plan& plan) {
  search_report report{search.probes(), std::nullopt, {}, 0};
  if (!plan.by_concurrency) {
    report.answer = search.answer();
    report.missing = search.missing();
    return report;
  }
  for (const auto& p : report.probes)
    if (p.level != trust::invalid && (!report.answer || p.per_s > report.answer->per_s)) report.answer = p;
  if (next_concurrency(report.probes, plan.options) == std::nullopt && report.probes.size() >= plan.options.probes)
    report.missing = "throughput still rose when the probes allowed were used up";
  return report;
}

}  // namespace detail

/// Probes until the limit is found; every probe is told to the console and kept in the log before the next begins.
[[nodiscard]] inline result<search_report> run_search(const search_plan& plan, const run_console& console) {
  if (const auto ok = plan.options.check(); !ok) return ok.error();
  load_search search(plan.options);
  std::optional<byte_sink> log;
  if (!plan.log.empty()) {
    auto known = read_probes(plan.log);
    if (!known) return known.error();
    for (const auto& p : known->probes) search.add(p);
    if (!known->probes.empty())
      console.note("going on after " + std::to_string(known->probes.size()) + " probes in " + plan.log);
    auto sink = open_records(plan.log, records_mode::resume, known->whole_bytes);
    if (!sink) return sink.error();
    log.emplace(*std::move(sink));
  }
  const auto next = [&] {
    return plan.by_concurrency ? detail::next_concurrency(search.probes(), plan.options) : search.next();
  };
  for (auto load = next(); load; load = next()) {
    const auto ran = run_bench(plan.run(*load, search.probes().size()), console);
    if (!ran) return ran.error();
    if (ran->signal != 0) {
      auto report = detail::searched(search, plan);
      report.signal = ran->signal;
      return report;
    }
    const auto answered = [](const probe& p) { return p.per_s > 0; };
    if (ran->completed == 0 && std::ranges::none_of(search.probes(), answered))
      return failure{errc::not_found, "no request succeeds at load " + detail::shown(*load, 3) + ": " + ran->trouble};
    // A load at which nothing succeeds any more is the server's limit, though as a measurement it is none.
    const trust level = ran->completed == 0 ? trust::suspect : ran->level;
    const probe p{*load, ran->good, ran->completed + ran->failed, ran->completed_per_s, level};
    search.add(p);
    console.note("probe " + std::to_string(search.probes().size()) + ": load " + detail::shown(p.load, 3) + ", " +
                 std::to_string(p.good) + " of " + std::to_string(p.sent) + " good, " + detail::shown(p.per_s) +
                 " requests/s, " + std::string(to_string(p.level)));
    if (!log) continue;
    std::string line;
    append_record(line, p);
    (*log)(line);
    if (auto flushed = log->flush(); !flushed) return flushed.error();
  }
  return detail::searched(search, plan);
}

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_SEARCH_RUN_HPP
