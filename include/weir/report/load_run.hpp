// weir/report/load_run.hpp - files of runs, ours or another tool's, as figures. Needs simdjson and POSIX.
#ifndef WEIR_REPORT_LOAD_RUN_HPP
#define WEIR_REPORT_LOAD_RUN_HPP

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/report/measured_run.hpp"
#include "weir/report/rival_files.hpp"
#include "weir/report/summarize_files.hpp"
#include "weir/report/summary.hpp"

namespace weir::inline v0 {

namespace detail {

/// How long a request's prompt was: what a file says of the lengths asked for is not always there.
inline void add_sizes(measured_run& run) {
  const auto tokens = run.figures.find("tokens_in"), requests = run.figures.find("ok");
  if (tokens != run.figures.end() && requests != run.figures.end() && requests->second > 0)
    run.sizes["input tokens a request"] = tokens->second / requests->second;
}

inline measured_run run_of(const rival_result& r) {
  measured_run run{r.source, {}, {r.workload.begin(), r.workload.end()}};
  for (const auto& f : r.figures)
    std::isnan(f.value) ? void(run.missing.insert(f.name)) : void(run.figures[f.name] = f.value);
  add_sizes(run);
  if (const auto ok = run.figures.find("ok"); r.tool.starts_with("SGLang") && ok != run.figures.end())
    run.sizes["requests"] = ok->second;  // it says neither how many there were to be, nor how many failed
  return run;
}

/// \return  errc::not_found where one of them has no figure under a name of ours: it would count as a run without any.
inline result<std::vector<measured_run>> runs_of(const std::vector<rival_result>& all) {
  std::vector<measured_run> out;
  for (const auto& r : all) {
    if (r.figures.empty())
      return failure{errc::not_found, r.source + ", of " + r.tool + ", holds no figure that can be compared"};
    out.push_back(run_of(r));
  }
  return out;
}

/// Records as one run. \pre  they are counted.
inline measured_run run_of(const std::string& path, summarizer& counted) {
  measured_run run{path, {}, {}};
  std::string models;
  for (const auto& group : counted.groups()) models += (models.empty() ? "" : ", ") + group.labels[0];
  const auto s = summarize(counted, {.percentiles = {50, 90, 95, 99}, .intervals = false});
  for (const auto& f : s.groups.back().figures)
    std::isfinite(f.exact) ? void(run.figures[f.name] = f.exact) : void(run.missing.insert(f.name));
  for (const auto& [name, json] : counted.config())
    run.workload[name] = json.starts_with('"') ? json.substr(1, json.size() - 2) : json;
  if (!models.empty()) run.workload["model"] = models;
  const bool by_time = run.workload.contains("duration_s") || run.workload.contains("until");  // then they are a result
  for (const auto* name : {"requests", "questions"})
    if (const auto at = run.figures.find(name); at != run.figures.end() && !by_time)
      run.workload[name] = size_text(at->second);
  add_sizes(run);
  return run;
}

}  // namespace detail

/// The runs that a file holds: one for records, one for each result of another tool; all results below a directory.
[[nodiscard]] inline result<std::vector<measured_run>> load_runs(const std::string& path) {
  if (is_rival_tree(path)) {
    auto tree = rivals_below(path);
    return tree ? detail::runs_of(tree->results) : tree.error();
  }
  auto rivals = rivals_in(path);
  if (!rivals) return rivals.error();
  if (*rivals) return detail::runs_of(**rivals);
  summarizer counted({group_key::model});
  file_summarizer reader(counted);
  if (auto ok = reader.add(path); !ok) return ok.error();
  if (reader.counted() == 0)
    return failure{errc::not_found, path + " holds no request and no answer records, nor a result that is known"};
  return std::vector{detail::run_of(path, counted)};
}

/// The runs of one side: those of each file, and of a directory of records each file as one. A run that is named twice,
/// or is there in a copy, would count as two and make intervals narrower than they are.
/// \return  errc::invalid_argument for such a run; what load_runs says.
[[nodiscard]] inline result<std::vector<measured_run>> load_side(const std::vector<std::string>& paths) {
  std::vector<measured_run> out;
  std::vector<std::filesystem::path> known;
  const auto add = [&](const std::string& file) -> result<void> {
    std::error_code none;
    known.push_back(std::filesystem::weakly_canonical(file, none));
    if (std::ranges::count(known, known.back()) > 1)
      return failure{errc::invalid_argument, file + " is named twice: a run counts once"};
    auto more = load_runs(file);
    if (!more) return more.error();
    for (auto& run : *more) {
      const auto same = std::ranges::find_if(out, [&](const auto& other) { return is_same_run(run, other); });
      if (same != out.end())
        return failure{errc::invalid_argument, run.source + " has every figure of " + same->source +
                                                   ": it is the same run, and a run counts once"};
      out.push_back(std::move(run));
    }
    return {};
  };
  for (const auto& path : paths) {
    const auto files = is_rival_tree(path) ? result<std::vector<std::string>>({path}) : record_files({path});
    if (!files) return files.error();
    for (const auto& file : *files)
      if (auto ok = add(file); !ok) return ok.error();
  }
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_LOAD_RUN_HPP
