// tools/summarize_job.hpp - what weir-summarize read, and its texts.
#ifndef WEIR_TOOLS_SUMMARIZE_JOB_HPP
#define WEIR_TOOLS_SUMMARIZE_JOB_HPP

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "terminal.hpp"
#include "weir/data/output.hpp"
#include "weir/report/metric_table.hpp"
#include "weir/report/pivot.hpp"
#include "weir/report/plot_gnuplot.hpp"
#include "weir/report/report_input.hpp"
#include "weir/report/report_page.hpp"
#include "weir/report/rival_tables.hpp"
#include "weir/report/summary.hpp"
#include "weir/report/summary_notes.hpp"
#include "weir/report/summary_text.hpp"
#include "weir/report/trace_events.hpp"

namespace weir::tool {

/// Figures, and what is to be said of them.
struct summarized {
  summary figures;
  std::vector<std::string> notes;
};

inline summarized summarized_of(report_input& in, const summary_options& options) {
  if (in.records == 0) return {{}, rival_notes(in.rivals)};
  summarized out{summarize(in.counted, options), {}};
  out.notes = notes_on(out.figures, in.counted);
  out.notes.insert(out.notes.end(), in.remarks.begin(), in.remarks.end());
  for (auto& note : rival_notes(in.rivals)) out.notes.push_back(std::move(note));
  return out;
}

inline std::string metrics_of(const report_input& in, const summarized& done) {
  std::string text;
  if (in.records > 0) append_metrics(text, done.figures);
  append_metrics(text, in.rivals);
  if (in.figures_alone())
    for (const auto& m : in.counted.metrics()) append_record(text, m);
  return text;
}

/// Tables in a format. \return  errc::invalid_argument where there are two tables and the format holds one.
inline result<std::string> tables_text(const report_input& in, const summarized& done, report_format format,
                                       std::size_t width) {
  const bool data = format == report_format::csv || format == report_format::tsv || format == report_format::json;
  if (in.figures_alone()) {
    std::string text;
    append_table(text, metric_table(in.counted.metrics(), data && format != report_format::json), format, width);
    return text;
  }
  if (in.rivals.empty()) return render(done.figures, done.notes, format, width);
  if (in.records > 0 && data)
    return failure{errc::invalid_argument,
                   "csv, tsv and json hold one table: give records and results of other tools apart"};
  std::string text;
  if (data) {
    append_table(text, rivals_in_a_list(in.rivals), format);
    return text;
  }
  append_table(text, rivals_side_by_side(in.rivals), format, width);
  if (in.records == 0) {
    text += '\n';
    for (const auto& note : done.notes)
      text.append(format == report_format::latex ? "% " : "- ").append(note).push_back('\n');
    return text;
  }
  return text + "\n" + render(done.figures, done.notes, format, width);
}

/// "FIGURE" or "FIGURE:BASE" as a table.
inline result<std::string> pivot_text(const summarized& done, std::string_view what, report_format format,
                                      std::size_t width) {
  const auto colon = std::min(what.find(':'), what.size());
  const auto t = pivot(done.figures, std::string(what.substr(0, colon)),
                       std::string(what.substr(std::min(colon + 1, what.size()))));
  if (!t) return t.error();
  std::string text;
  append_table(text, *t, format, width);
  return text;
}

inline result<void> need_requests(const report_input& in, const char* what) {
  if (!in.log.all().empty()) return {};
  return failure{errc::not_found, std::string(what) + " needs request records: there are none in the input"};
}

inline result<std::string> drawn(const report_input& in, const summarized& done, std::string_view kind,
                                 std::string_view format, double devices) {
  if (auto ok = need_requests(in, "a plot"); !ok) return ok.error();
  const auto picture = plot_named(kind, done.figures, in.log, devices);
  if (!picture) return picture.error();
  if (!has_numbers(*picture))
    return failure{errc::not_found, "the plot '" + std::string(kind) + "' has nothing to show: no request tells it"};
  std::string text;
  if (format == "gnuplot")
    append_gnuplot(text, *picture);
  else if (format == "txt")
    append_terminal(text, *picture, style_of_terminal());
  else
    append_svg(text, *picture);
  return text;
}

inline html_page page_parts(const report_input& in, const summarized& done, double devices) {
  html_page page{.title = "weir report",
                 .facts = {},
                 .tables = {},
                 .plots = {},
                 .notes = done.notes,
                 .definitions = figure_definitions()};
  if (in.records > 0) page = page_of(done.figures, done.notes, in.counted.runs(), in.log, devices);
  if (!in.rivals.empty()) page.tables.push_back(rivals_side_by_side(in.rivals));
  if (in.figures_alone()) page.tables.push_back(metric_table(in.counted.metrics(), false));
  return page;
}

inline result<std::string> trace_text(const report_input& in) {
  if (auto ok = need_requests(in, "a trace"); !ok) return ok.error();
  std::string text;
  append_trace_events(text, in.log);
  return text + "\n";
}

/// Writes summary.txt, .md, .csv and .json.
inline result<void> write_files(const std::string& directory, bool force, const report_input& in,
                                const summarized& done) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return failure{errc::io, "cannot make the directory " + directory + ": " + error.message()};
  std::vector<std::pair<std::string, std::string>> files;
  for (const auto format : {report_format::txt, report_format::md, report_format::csv, report_format::json}) {
    auto text = tables_text(in, done, format, 0);
    if (!text) return text.error();
    files.emplace_back(directory + "/summary." + std::string(to_string(format)), *std::move(text));
  }
  for (const auto& [path, text] : files)
    if (!force && std::filesystem::exists(path, error))
      return failure{errc::busy, path + " exists; --force overwrites it"};
  for (const auto& [path, text] : files)
    if (auto ok = write_whole(path, text); !ok) return ok;
  return {};
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SUMMARIZE_JOB_HPP
