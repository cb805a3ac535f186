// weir/report/summary_plots.hpp - pictures of a summary: percentiles by group, throughput by group, scaling, Pareto.
// Needs weir/report only.
#ifndef WEIR_REPORT_SUMMARY_PLOTS_HPP
#define WEIR_REPORT_SUMMARY_PLOTS_HPP

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/report/plot.hpp"
#include "weir/report/summary.hpp"

namespace weir::inline v0 {
namespace detail {

/// A number within a label: "c16.jsonl" has 16 at 1, two characters long. NaN where there is none.
struct load_number {
  double value = std::nan("");
  std::size_t at = 0, length = 0;
};
inline load_number number_in(std::string_view label, std::size_t begin) {
  load_number out;
  out.at = std::min(label.find_first_of("0123456789", begin), label.size());
  const auto end = std::from_chars(label.data() + out.at, label.data() + label.size(), out.value).ptr;
  out.length = static_cast<std::size_t>(end - label.data()) - out.at;
  if (out.length > 0 && label[out.at + out.length - 1] == '.') --out.length;
  return out;
}
/// The number that each label has of its own, for groups that are steps of a load: what all labels begin with ("2026/c"
/// of "2026/c8" and "2026/c16") says nothing of the step.
inline std::vector<load_number> own_numbers(const std::vector<std::string>& labels) {
  std::string_view same = labels.empty() ? std::string_view{} : std::string_view(labels[0]);
  for (const auto& label : labels)
    same = same.substr(0, static_cast<std::size_t>(std::ranges::mismatch(same, label).in1 - same.begin()));
  const std::size_t begin = same.find_last_not_of("0123456789.") + 1;  // not within a number
  std::vector<load_number> out;
  for (const auto& label : labels) out.push_back(number_in(label, begin));
  return out;
}
/// What the numbers are: "N of cN.jsonl" where all labels have one form, the key where they are nothing but numbers.
inline std::string axis_of(const std::vector<std::string>& labels, const std::vector<load_number>& numbers,
                           const std::vector<std::string>& keys) {
  const std::string key = keys.empty() ? "the group" : keys[0];
  std::string form;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    auto label = labels[i];
    const auto folder = label.rfind('/', numbers[i].at);
    label.replace(numbers[i].at, numbers[i].length, "N");
    if (folder != label.npos) label.erase(0, folder + 1);
    if (i > 0 && label != form) return "number in the name of " + key;
    form = std::move(label);
  }
  return form == "N" ? key : "N of " + form;
}
inline std::string joined_labels(const group_summary& g) {
  std::string out;
  for (const auto& label : g.labels) out += (out.empty() ? "" : ", ") + label;
  return out.empty() ? "all" : out;
}
/// The groups of `s` but the last one, which is of all records; that one alone where there is no other.
inline std::vector<const group_summary*> told_apart(const summary& s) {
  std::vector<const group_summary*> out;
  for (std::size_t i = 0; i + 1 < s.groups.size(); ++i) out.push_back(&s.groups[i]);
  if (out.empty() && !s.groups.empty()) out.push_back(&s.groups.back());
  return out;
}
inline double exact_of(const group_summary& g, std::string_view name) {
  const auto* f = g.find(name);
  return f == nullptr ? std::nan("") : f->exact;
}

}  // namespace detail

/// One figure of each group, as bars: throughput by instance, say.
[[nodiscard]] inline plot figure_by_group(const summary& s, std::string title, std::string unit,
                                          const std::vector<std::pair<std::string, std::string>>& figures) {
  plot p{.title = std::move(title), .kind = plot_kind::bars, .x = {}, .y = {std::move(unit), false}};
  for (std::size_t i = 0; i < s.keys.size(); ++i) p.x.label += (i == 0 ? "" : ", ") + s.keys[i];
  const auto groups = detail::told_apart(s);
  for (const auto* g : groups) p.categories.push_back(detail::joined_labels(*g));
  for (const auto& [name, shown] : figures) {
    plot_series series{.name = shown, .x = {}, .y = {}};
    for (const auto* g : groups) series.y.push_back(detail::exact_of(*g, name));
    p.series.push_back(std::move(series));
  }
  return p;
}

/// Median TTFT and TPOT of each group, a row each, with whiskers from p10 to p90 where these were asked for.
[[nodiscard]] inline plot latency_by_group(const summary& s) {
  plot p{.title = "Median latency by group, p10 to p90",
         .kind = plot_kind::whiskers,
         .x = {"ms", false},
         .y = {"", false}};
  plot_series medians{.name = "", .x = {}, .y = {}};
  for (const auto& [name, shown] : {std::pair{std::string("ttft"), "TTFT"}, {std::string("tpot"), "TPOT"}})
    for (const auto* g : detail::told_apart(s)) {
      p.categories.push_back(std::string(shown) + ", " + detail::joined_labels(*g));
      medians.y.push_back(detail::exact_of(*g, name + "_p50_ms"));
      medians.low.push_back(detail::exact_of(*g, name + "_p10_ms"));
      medians.high.push_back(detail::exact_of(*g, name + "_p90_ms"));
    }
  double least = std::numeric_limits<double>::infinity(), most = 0;
  for (const auto* values : {&medians.y, &medians.low})
    for (const double v : *values)
      if (v > 0) least = std::min(least, v), most = std::max(most, v);
  p.x.log = most > 30 * least;  // TPOT would lie on the axis where TTFT waits in a queue
  p.series.push_back(std::move(medians));
  return p;
}

namespace detail {

/// NaN comes last.
inline bool is_before(double a, double b) noexcept {
  return a < b || (std::isnan(b) && !std::isnan(a));
}

/// The groups in the order of the numbers in their labels, and a row of one figure of each.
struct loads {
  std::vector<const group_summary*> groups;
  std::vector<double> x;
  std::string axis;  ///< What the numbers are.

  explicit loads(const summary& s) {
    std::vector<std::string> labels;
    for (const auto* g : told_apart(s)) labels.push_back(joined_labels(*g));
    const auto numbers = own_numbers(labels);
    axis = axis_of(labels, numbers, s.keys);
    std::vector<std::pair<double, const group_summary*>> steps;
    for (const auto& number : numbers) steps.emplace_back(number.value, told_apart(s)[steps.size()]);
    std::ranges::stable_sort(steps, [](const auto& a, const auto& b) { return is_before(a.first, b.first); });
    for (const auto& [number, group] : steps) x.push_back(number), groups.push_back(group);
  }
  /// Whether the groups are steps: two or more, each with a number of its own.
  [[nodiscard]] bool are_steps() const {
    return x.size() > 1 && !std::isnan(x.back()) && std::ranges::adjacent_find(x) == x.end();
  }
  [[nodiscard]] std::vector<double> of(std::string_view figure) const {
    std::vector<double> out;
    for (const auto* g : groups) out.push_back(exact_of(*g, figure));
    return out;
  }
  [[nodiscard]] plot_series series(std::string name, std::vector<double> y) const {
    return {.name = std::move(name), .x = x, .y = std::move(y)};
  }
};
inline std::string in_capitals(std::string_view name) {
  std::string out(name);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

}  // namespace detail

/// A latency against the number in each group's label (its concurrency or rate): median, with the band from p10 to p90
/// where these were asked for, p99 dashed, and the bound that it was to keep.
[[nodiscard]] inline plot latency_by_load(const summary& s, latency which) {
  const std::string name(to_string(which));
  const detail::loads loads(s);
  const std::string shown = detail::in_capitals(name);
  plot p{.title = shown + " by load",
         .x = {loads.axis, loads.x.front() > 0 && loads.x.back() >= 16 * loads.x.front()},
         .y = {shown + " (ms)", false}};
  auto middle = loads.series("median, p10 to p90", loads.of(name + "_p50_ms"));
  middle.low = loads.of(name + "_p10_ms"), middle.high = loads.of(name + "_p90_ms");
  if (std::ranges::any_of(middle.low, [](double v) { return std::isnan(v); })) {
    middle.name = "median", middle.low.clear(), middle.high.clear();
    p.series.push_back(loads.series("p90", loads.of(name + "_p90_ms")));
  }
  p.series.insert(p.series.begin(), std::move(middle));
  p.series.push_back(loads.series("p99", loads.of(name + "_p99_ms")));
  p.series.back().dashed = true;
  const double bound = which == latency::ttft   ? s.level.ttft_ms
                       : which == latency::tpot ? s.level.tpot_ms
                       : which == latency::e2el ? s.level.e2el_ms
                                                : std::numeric_limits<double>::infinity();
  if (std::isfinite(bound)) p.marks.push_back({bound, false, "to be kept: " + tick_text(bound) + " ms"});
  return p;
}

/// Throughput against the number in each group's label, and what it would be if it grew in proportion from the least.
[[nodiscard]] inline plot scaling_plot(const summary& s) {
  const detail::loads loads(s);
  plot p{.title = "Throughput and scaling", .x = {loads.axis, false}, .y = {"output tokens / s", false}};
  const auto seen = loads.of("output_tokens_per_s");
  std::vector<double> ideal;
  for (const double x : loads.x) ideal.push_back(seen[0] * x / loads.x[0]);
  p.series = {loads.series("measured", seen), loads.series("ideal", std::move(ideal))};
  p.series[1].dashed = p.series[1].muted = true;
  return p;
}

/// The same as a share of the ideal: how much of what is put in comes out.
[[nodiscard]] inline plot efficiency_plot(const summary& s) {
  const detail::loads loads(s);
  plot p{.title = "Scaling efficiency: throughput as a share of the ideal",
         .x = {loads.axis, false},
         .y = {"share of the ideal (%)", false}};
  auto share = loads.of("output_tokens_per_s");
  const double least = share[0] / loads.x[0];
  for (std::size_t i = 0; i < share.size(); ++i) share[i] = 100 * share[i] / loads.x[i] / least;
  p.series = {loads.series("measured", std::move(share)),
              loads.series("ideal", std::vector<double>(loads.x.size(), 100))};
  p.series[1].dashed = p.series[1].muted = true;
  return p;
}

/// Requests a second that kept the service level, beside all that succeeded, against the number in each group's label.
[[nodiscard]] inline plot goodput_plot(const summary& s) {
  const detail::loads loads(s);
  plot p{.title = "Goodput", .x = {loads.axis, false}, .y = {"requests / s", false}};
  p.series = {loads.series("good", loads.of("goodput_requests_per_s")),
              loads.series("all that succeeded", loads.of("requests_per_s"))};
  p.series[1].dashed = p.series[1].muted = true;
  return p;
}

/// What a user gets against what the devices give: tokens a second and user (1 / median TPOT), and output and total
/// tokens a second and device, both named. A group that another beats in both is grey.
/// \param devices  of the whole, for each group; > 0.
[[nodiscard]] inline plot pareto_plot(const summary& s, double devices) {
  plot p{.title = "Per user against per device",
         .x = {"output tokens / s / user (1 / median TPOT)", false},
         .y = {"tokens / s / device", false}};
  struct point {
    double user, device;
    std::string label;
  };
  for (const auto& [figure, name] :
       {std::pair{"output_tokens_per_s", "output_tok_s_gpu"}, {"total_tokens_per_s", "total_tok_s_gpu"}}) {
    std::vector<point> all;
    for (const auto* g : detail::told_apart(s))
      if (const point here{1000 / detail::exact_of(*g, "tpot_p50_ms"), detail::exact_of(*g, figure) / devices,
                           detail::joined_labels(*g)};
          std::isfinite(here.user) && std::isfinite(here.device))
        all.push_back(here);
    plot_series best{.name = name, .x = {}, .y = {}},
        rest{.name = std::string(name) + ", dominated", .x = {}, .y = {}, .line = false, .muted = true};
    std::ranges::sort(all, {}, &point::user);
    for (const auto& a : all) {
      const bool beaten = std::ranges::any_of(all, [&](const point& b) {
        return b.user >= a.user && b.device >= a.device && (b.user > a.user || b.device > a.device);
      });
      auto& to = beaten ? rest : best;
      to.x.push_back(a.user), to.y.push_back(a.device), to.labels.push_back(a.label);
    }
    p.series.push_back(std::move(best));
    if (!rest.x.empty()) p.series.push_back(std::move(rest));
  }
  return p;
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_SUMMARY_PLOTS_HPP
