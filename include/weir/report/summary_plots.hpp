// weir/report/summary_plots.hpp - pictures of a summary: percentiles by group, throughput by group, scaling, Pareto.
// Needs weir/report only.
#ifndef WEIR_REPORT_SUMMARY_PLOTS_HPP
#define WEIR_REPORT_SUMMARY_PLOTS_HPP

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/report/plot.hpp"
#include "weir/report/summary.hpp"

namespace weir::inline v0 {
namespace detail {

/// The number in a label ("c16" and "16" are 16), for groups that are steps of a load; NaN where there is none.
inline double number_in(std::string_view label) {
  const auto at = label.find_first_of("0123456789");
  double value = std::nan("");
  if (at != label.npos) (void)std::from_chars(label.data() + at, label.data() + label.size(), value);
  return value;
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

/// A latency against the number in each group's label (its concurrency or rate): median, p90, and p99 dashed.
[[nodiscard]] inline plot latency_by_load(const summary& s, std::string_view latency) {
  plot p{.title = std::string(latency) + " by " + (s.keys.empty() ? "group" : s.keys[0]),
         .x = {s.keys.empty() ? "" : s.keys[0], false},
         .y = {"ms", false}};
  auto groups = detail::told_apart(s);
  std::ranges::sort(groups, {}, [](const auto* g) { return detail::number_in(detail::joined_labels(*g)); });
  for (const auto* stat : {"p50", "p90", "p99"}) {
    plot_series series{.name = stat, .x = {}, .y = {}, .dashed = std::string_view(stat) == "p99"};
    for (const auto* g : groups) {
      series.x.push_back(detail::number_in(detail::joined_labels(*g)));
      series.y.push_back(detail::exact_of(*g, std::string(latency) + "_" + stat + "_ms"));
    }
    p.series.push_back(std::move(series));
  }
  return p;
}

/// Throughput against the number in each group's label, and what it would be if it grew in proportion from the least.
[[nodiscard]] inline plot scaling_plot(const summary& s) {
  plot p{.title = "Throughput and scaling",
         .x = {s.keys.empty() ? "" : s.keys[0], false},
         .y = {"output tokens / s", false}};
  auto groups = detail::told_apart(s);
  std::ranges::sort(groups, {}, [](const auto* g) { return detail::number_in(detail::joined_labels(*g)); });
  plot_series seen{.name = "measured", .x = {}, .y = {}},
      ideal{.name = "ideal", .x = {}, .y = {}, .dashed = true, .muted = true};
  for (const auto* g : groups) {
    seen.x.push_back(detail::number_in(detail::joined_labels(*g)));
    seen.y.push_back(detail::exact_of(*g, "output_tokens_per_s"));
  }
  ideal.x = seen.x;
  for (const double x : seen.x) ideal.y.push_back(seen.y[0] * x / seen.x[0]);
  p.series = {std::move(seen), std::move(ideal)};
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
  };
  for (const auto& [figure, name] :
       {std::pair{"output_tokens_per_s", "output_tok_s_gpu"}, {"total_tokens_per_s", "total_tok_s_gpu"}}) {
    std::vector<point> all;
    for (const auto* g : detail::told_apart(s))
      all.push_back({1000 / detail::exact_of(*g, "tpot_p50_ms"), detail::exact_of(*g, figure) / devices});
    plot_series best{.name = name, .x = {}, .y = {}},
        rest{.name = std::string(name) + ", dominated", .x = {}, .y = {}, .line = false, .muted = true};
    std::ranges::sort(all, {}, &point::user);
    for (const auto& a : all) {
      const bool beaten = std::ranges::any_of(all, [&](const point& b) {
        return b.user >= a.user && b.device >= a.device && (b.user > a.user || b.device > a.device);
      });
      auto& to = beaten ? rest : best;
      to.x.push_back(a.user), to.y.push_back(a.device);
    }
    p.series.push_back(std::move(best));
    if (!rest.x.empty()) p.series.push_back(std::move(rest));
  }
  return p;
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_SUMMARY_PLOTS_HPP
