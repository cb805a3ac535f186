// weir/run/sweep_report.hpp - the files that are made of a sweep's records, and the text that people read. Needs POSIX
// and simdjson.
//
//     benchmark_results/summary.txt, .csv, .md     the tables; the CSV has a row a point with everything
//     results_summary.csv, scaling_analysis.svg    a row a cell, as parallelism profiling knows it; four pictures
//     report.html                                  one page with all of it
//     NAME_results.json                            batch studies: a list a cell
//     *.svg                                        pictures; *.png beside them where gnuplot is installed
#ifndef WEIR_RUN_SWEEP_REPORT_HPP
#define WEIR_RUN_SWEEP_REPORT_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/report/html.hpp"
#include "weir/report/plot_gnuplot.hpp"
#include "weir/report/plot_svg.hpp"
#include "weir/report/summary_text.hpp"
#include "weir/report/table_data.hpp"
#include "weir/report/table_text.hpp"
#include "weir/run/batch_results.hpp"
#include "weir/run/sweep_notes.hpp"
#include "weir/run/sweep_plots.hpp"
#include "weir/run/sweep_results.hpp"
#include "weir/run/sweep_tables.hpp"

namespace weir::inline v0 {

/// All that a reader is shown.
struct sweep_report {
  std::vector<result_row> rows;
  std::vector<table> tables;
  std::vector<std::string> notes;
};

/// \param all  must outlive the report.
[[nodiscard]] inline sweep_report report_of(const sweep_results& all) {
  sweep_report out{all.rows(), {}, {}};
  std::vector<result_row> done;
  for (const auto& row : out.rows)
    if (row.done > 0) done.push_back(row);
  if (!done.empty())
    for (auto t : {result_table(done), speedup_table(done), best_table(done), device_table(done)})
      if (!t.rows.empty()) out.tables.push_back(std::move(t));
  if (auto t = unmeasured_table(all, out.rows); !t.rows.empty()) out.tables.push_back(std::move(t));
  out.notes = notes_of(all, out.rows);
  return out;
}

/// The report in a format. \param width  of the terminal, for txt; 0: any.
[[nodiscard]] inline std::string report_text(const sweep_report& report, report_format format, std::size_t width = 0) {
  std::string out;
  if (format == report_format::csv || format == report_format::tsv) {
    append_table(out, data_table_of(report.rows), format);
    return out;
  }
  if (format == report_format::json) {
    json_writer json(out);
    json.begin_object().key("results");
    write_json(json, data_table_of(report.rows));
    json.key("notes").begin_array();
    for (const auto& note : report.notes) json.value(note);
    json.end_array().end_object();
    return out + "\n";
  }
  for (const auto& t : report.tables) {
    if (!out.empty()) out.push_back('\n');
    append_table(out, t, format, width);
  }
  if (!report.notes.empty()) out.push_back('\n');
  for (const auto& note : report.notes) out += "- " + note + "\n";
  return out;
}

/// A metric record a figure, for other programs.
[[nodiscard]] inline std::string metric_records(const sweep_report& report) {
  std::string out;
  for (const auto& row : report.rows)
    for (const auto& [name, values] : row.figures) {
      const auto* about = find_metric(name);
      json_writer json(out);
      json.begin_object().field("type", "metric").field("name", name).field("value", values.mean());
      if (values.values.empty()) json.field("reason", values.reason);
      json.field("unit", about ? about->unit : std::string_view{}).key("labels").begin_object();
      json.field("cell", row.cell().name).field("model", row.cell().model).field("quant", row.cell().quant);
      json.field("point", row.point.name).end_object().field("runs", values.values.size()).end_object();
      out.push_back('\n');
    }
  return out;
}

namespace detail {

/// results_summary.csv: a row a cell, of its first measured point; what the profile alone can tell comes from there.
inline table cell_summary(const sweep_results& all, const std::vector<result_row>& rows) {
  table t{"", {}, {}, 1};
  for (const auto* name : {"experiment", "model", "tp", "pp", "ep", "gpus"})
    t.columns.push_back({name, "", side::left});
  for (const auto* name :
       {"throughput_tokens_sec", "ttft_ms", "tpot_ms", "mfu_pct", "comm_overhead_pct", "bubble_ratio_pct"})
    t.columns.push_back({name});
  std::string last;
  for (const auto& row : rows) {
    if (row.done == 0 || row.cell().name == last) continue;
    last = row.cell().name;
    const profile_facts* profile = nullptr;
    for (const auto& r : all.records)
      if (r.profiled && r.cell.name == last) profile = &r.profile;
    const auto number = [](double value, const char* why) {
      return std::isnan(value) ? cell::missing(why) : cell::number(value, 4);
    };
    auto& cells = t.rows.emplace_back();
    cells.push_back(cell::text(last));
    cells.push_back(cell::text(row.cell().model));
    for (const auto* name : {"tp", "pp", "ep"}) cells.push_back(cell::text(std::string(row.cell().values.text(name))));
    cells.push_back(cell::count(row.devices()));
    cells.push_back(number(row.mean("output_tokens_per_s"), "not measured"));
    cells.push_back(number(row.mean("ttft_mean_ms"), "not measured"));
    cells.push_back(number(row.mean("tpot_mean_ms"), "not measured"));
    cells.push_back(cell::missing("needs the model's FLOPs: weir-trace --flops-per-token"));
    cells.push_back(number(profile ? profile->comm_overhead_pct : std::nan(""), "no profile"));
    cells.push_back(number(profile ? profile->bubble_ratio_pct : std::nan(""), "no profile"));
  }
  return t;
}

/// Four plots as one picture, two by two.
inline std::string four_svg(const std::array<plot, 4>& plots) {
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1520 920\">\n";
  for (std::size_t i = 0; i < plots.size(); ++i) {
    std::string one;
    append_svg(one, plots[i], i);
    one.insert(4, " x=\"" + std::to_string(i % 2 * 760) + "\" y=\"" + std::to_string(i / 2 * 460) +
                      "\" width=\"760\" height=\"460\"");
    out += one;
  }
  return out + "</svg>\n";
}

inline std::string four_gnuplot(const std::array<plot, 4>& plots) {
  std::string out = "set multiplot layout 2,2\n";
  for (const auto& p : plots) {
    const bool any = std::any_of(p.series.begin(), p.series.end(), [](const auto& s) { return !s.x.empty(); });
    if (any)
      append_gnuplot(out, p);
    else
      out += "set multiplot next\n";
    out += "reset\n";
  }
  return out + "unset multiplot\n";
}

}  // namespace detail

/// Draws a gnuplot script into a PNG file, or says why not; empty: no PNG is made.
using png_maker = std::function<result<void>(const std::string& script, const std::string& file)>;

/// Writes pictures into `directory`: SVG, and PNG through `png`.
inline result<void> write_pictures(const std::vector<result_row>& rows, const std::string& directory,
                                   const png_maker& png) {
  for (const auto& [file, plot] : sweep_plots(rows)) {
    std::string svg, script;
    append_svg(svg, plot);
    if (auto wrote = replace_text(directory + "/" + file + ".svg", svg); !wrote) return wrote;
    append_gnuplot(script, plot);
    if (png)
      if (auto drawn = png(script, directory + "/" + file + ".png"); !drawn) return drawn;
  }
  const auto four = scaling_plots(rows);
  if (auto wrote = replace_text(directory + "/scaling_analysis.svg", detail::four_svg(four)); !wrote) return wrote;
  return png ? png(detail::four_gnuplot(four), directory + "/scaling_analysis.png") : result<void>();
}

/// One page with everything.
[[nodiscard]] inline std::string report_html(const sweep_results& all, const sweep_report& report) {
  html_page page{.title = all.plan.study.empty() ? "weir sweep" : "weir sweep: " + all.plan.study,
                 .facts = {},
                 .tables = report.tables,
                 .plots = {},
                 .notes = report.notes,
                 .definitions = {}};
  for (const auto& r : all.records)
    if (page.facts.size() < 200)
      page.facts.push_back(r.name() + ": " + std::string(status_name(r.status)) + (r.profiled ? ", profiled" : "") +
                           (r.host.empty() ? "" : ", on " + r.host));
  for (auto& [file, plot] : sweep_plots(report.rows)) page.plots.push_back(std::move(plot));
  for (auto& plot : scaling_plots(report.rows))
    if (std::any_of(plot.series.begin(), plot.series.end(), [](const auto& s) { return s.x.size() > 1; }))
      page.plots.push_back(std::move(plot));
  for (const auto& m : cell_metrics)
    page.definitions.emplace_back(
        m.title, std::string(m.name) + (m.unit.empty() ? "" : ", in " + std::string(m.unit)) + ": docs/experiments.md");
  return render_html(page);
}

/// Writes every file into the sweep's directory. \param pictures  false: none.
inline result<void> write_report(const sweep_results& all, const sweep_report& report, const std::string& directory,
                                 bool pictures, const png_maker& png) {
  const auto put = [&](const std::string& name, const std::string& text) {
    return replace_text(directory + "/" + name, text);
  };
  std::error_code ignored;
  const std::string inner =
      std::filesystem::is_directory(directory + "/benchmark_results", ignored) ? "benchmark_results/" : "";
  for (const auto& [name, format] :
       {std::pair("summary.txt", report_format::txt), std::pair("summary.csv", report_format::csv),
        std::pair("summary.md", report_format::md)})
    if (auto wrote = put(inner + name, report_text(report, format)); !wrote) return wrote;
  std::string csv;
  append_csv(csv, detail::cell_summary(all, report.rows));
  if (auto wrote = put("results_summary.csv", csv); !wrote) return wrote;
  if (auto wrote = put("report.html", report_html(all, report)); !wrote) return wrote;
  return pictures ? write_pictures(report.rows, directory, png) : result<void>();
}

/// Whether a study's users look for NAME_results.json.
[[nodiscard]] inline bool wants_batch_results(std::string_view study) {
  return study.ends_with("-parallel") || study == "scaling-study" || study == "custom" || study == "batch";
}

/// Writes NAME_results.json of every cell.
inline result<void> write_batch_results(const sweep_results& all, const sweep_report& report,
                                        const std::string& directory) {
  for (const auto& c : all.plan.cells) {
    const bool any = std::any_of(report.rows.begin(), report.rows.end(),
                                 [&](const auto& r) { return r.cell().name == c.name && r.done > 0; });
    if (!any) continue;
    if (auto wrote = replace_text(directory + "/" + c.name + "_results.json", batch_results_json(report.rows, c.name));
        !wrote)
      return wrote;
  }
  return {};
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_SWEEP_REPORT_HPP
