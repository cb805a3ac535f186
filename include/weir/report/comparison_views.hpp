// weir/report/comparison_views.hpp - a comparison as a table, a picture and JUnit XML. Needs weir/report only.
#ifndef WEIR_REPORT_COMPARISON_VIEWS_HPP
#define WEIR_REPORT_COMPARISON_VIEWS_HPP

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/report/comparison.hpp"
#include "weir/report/plot.hpp"
#include "weir/report/plot_svg.hpp"
#include "weir/report/table.hpp"

namespace weir::inline v0 {

/// The comparison as a table, one row a metric.
[[nodiscard]] inline table comparison_table(const std::vector<metric_comparison>& all) {
  table t{"New against base",
          {{"metric", "", side::left},
           {"base runs"},
           {"new runs"},
           {"base median"},
           {"new median"},
           {"change", "%"},
           {"low", "%"},
           {"high", "%"},
           {"bootstrap low", "%"},
           {"bootstrap high", "%"},
           {"p"},
           {"verdict", "", side::left},
           {"more runs"},
           {"why", "", side::left}}};
  for (const auto& m : all) {
    using bounds = std::optional<shift_estimate::bounds>;
    const bool valued = !std::isnan(m.change), few = m.base_runs < 2 || m.new_runs < 2;
    const std::string drawn = valued ? "too few runs for an interval" : m.no_change;
    const std::string none = valued && !few ? "the runs do not differ from each other" : drawn;
    const auto percent = [](const bounds& b, double shift_estimate::bounds::* end, const std::string& reason) {
      return b ? cell::number(100 * ((*b).*end), 2) : cell::missing(reason);
    };
    using ends = shift_estimate::bounds;
    t.rows.push_back({cell::text(m.metric), cell::count(m.base_runs), cell::count(m.new_runs), cell::number(m.base, 3),
                      cell::number(m.fresh, 3), valued ? cell::number(100 * m.change, 2) : cell::missing(none),
                      percent(m.interval, &ends::low, none), percent(m.interval, &ends::high, none),
                      percent(m.bootstrap, &ends::low, drawn), percent(m.bootstrap, &ends::high, drawn),
                      m.interval ? cell::probability(m.p) : cell::missing(none),
                      cell::text(std::string(to_string(m.verdict))),
                      m.more_runs > 0 ? cell::count(m.more_runs) : cell::text(""), cell::text(m.why)});
  }
  return t;
}

/// Appends each metric as a record of type `comparison`, one line of JSON. Changes are shares: 0.03 is 3 %.
inline void append_comparison(std::string& out, const std::vector<metric_comparison>& all) {
  for (const auto& m : all) {
    json_writer json(out);
    json.begin_object().field("type", "comparison").field("metric", m.metric).field("verdict", to_string(m.verdict));
    json.field("why", m.why).field("base_runs", m.base_runs).field("new_runs", m.new_runs);
    json.field("base", m.base).field("new", m.fresh).field("change", m.change);
    const auto bounds = [&](std::string_view low, std::string_view high,
                            const std::optional<shift_estimate::bounds>& b) {
      b ? json.field(low, b->low).field(high, b->high) : json.field(low, nullptr).field(high, nullptr);
    };
    bounds("low", "high", m.interval);
    bounds("bootstrap_low", "bootstrap_high", m.bootstrap);
    m.interval ? json.field("p", m.p) : json.field("p", nullptr);
    m.more_runs > 0 ? json.field("more_runs", m.more_runs) : json.field("more_runs", nullptr);
    json.end_object();
    out.push_back('\n');
  }
}

/// The comparison as a picture: each change with its interval, and where it would matter.
[[nodiscard]] inline plot comparison_plot(const std::vector<metric_comparison>& all, double threshold) {
  plot p{"New against base", plot_kind::whiskers, {"change (%)", false}, {}};
  plot_series s;
  for (const auto& m : all) {
    if (std::isnan(m.change)) continue;
    p.categories.push_back(m.metric + " (" + std::string(to_string(m.verdict)) + ")");
    s.y.push_back(100 * m.change);
    s.low.push_back(m.interval ? 100 * m.interval->low : std::nan(""));
    s.high.push_back(m.interval ? 100 * m.interval->high : std::nan(""));
  }
  p.series.push_back(std::move(s));
  p.marks = {{0, true, "no change"}, {-100 * threshold, true, ""}, {100 * threshold, true, "threshold"}};
  return p;
}

/// The comparison as JUnit XML: a test case a metric, failed where it is worse, skipped where it is inconclusive. It
/// has what the schema of Jenkins' xUnit plugin (junit-10.xsd) requires.
[[nodiscard]] inline std::string junit_of(const std::vector<metric_comparison>& all) {
  const auto escaped = [](std::string_view text) {
    std::string out;
    append_xml(out, text);
    return out;
  };
  const auto of = [&](ab_verdict v) { return std::to_string(std::ranges::count(all, v, &metric_comparison::verdict)); };
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"weir-compare\" tests=\"" +
                    std::to_string(all.size()) + "\" failures=\"" + of(ab_verdict::worse) +
                    "\" errors=\"0\" skipped=\"" + of(ab_verdict::inconclusive) + "\">\n";
  for (const auto& m : all) {
    const std::string words = escaped(std::string(to_string(m.verdict)) + ": " +
                                      (std::isnan(m.change) ? "" : tick_text(100 * m.change) + " %, ") + m.why);
    out += "  <testcase classname=\"weir-compare\" name=\"" + escaped(m.metric) + "\">";
    if (m.verdict == ab_verdict::worse) out += "<failure message=\"" + words + "\"/>";
    if (m.verdict == ab_verdict::inconclusive) out += "<skipped message=\"" + words + "\"/>";
    out += "</testcase>\n";
  }
  return out + "</testsuite>\n";
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_COMPARISON_VIEWS_HPP
