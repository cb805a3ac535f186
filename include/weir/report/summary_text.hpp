// weir/report/summary_text.hpp - a summary in each format. Needs weir/record and weir/stats.
#ifndef WEIR_REPORT_SUMMARY_TEXT_HPP
#define WEIR_REPORT_SUMMARY_TEXT_HPP

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/report/summary.hpp"
#include "weir/report/summary_tables.hpp"
#include "weir/report/table_data.hpp"
#include "weir/report/table_latex.hpp"
#include "weir/report/table_text.hpp"

namespace weir::inline v0 {

/// How a report is written. A number has the same digits in all of them.
enum class report_format : unsigned char { txt = 0, md, csv, tsv, json, latex };
inline constexpr std::array report_formats{report_format::txt, report_format::md,   report_format::csv,
                                           report_format::tsv, report_format::json, report_format::latex};
[[nodiscard]] constexpr std::string_view to_string(report_format f) noexcept {
  constexpr std::array<std::string_view, 6> names{"txt", "md", "csv", "tsv", "json", "latex"};
  return names[static_cast<std::size_t>(f)];
}

/// One table in a format. \param width  of the terminal, for txt; 0: any.
inline void append_table(std::string& out, const table& t, report_format format, std::size_t width = 0) {
  switch (format) {
    case report_format::txt:
      return append_text(out, t, width);
    case report_format::md:
      return append_markdown(out, t);
    case report_format::csv:
      return append_csv(out, t);
    case report_format::tsv:
      return append_tsv(out, t);
    case report_format::latex:
      return append_latex(out, t);
    case report_format::json:
      json_writer json(out);
      write_json(json, t);
      out.push_back('\n');
  }
}

/// A summary as one text: several tables with notes to be read (txt, md, latex), one table to be loaded (csv, tsv,
/// json).
/// \param notes  see notes_on; csv and tsv have no place for them.
/// \param width  of the terminal, for txt; 0: any.
[[nodiscard]] inline std::string render(const summary& s, const std::vector<std::string>& notes, report_format format,
                                        std::size_t width = 0) {
  std::string out;
  if (format == report_format::csv || format == report_format::tsv) {
    append_table(out, data_table(s), format);
  } else if (format == report_format::json) {
    json_writer json(out);
    json.begin_object().key("summary");
    write_json(json, data_table(s));
    json.key("notes").begin_array();
    for (const auto& note : notes) json.value(note);
    json.end_array().end_object();
    out.push_back('\n');
  } else {
    for (const auto& t : reading_tables(s)) {
      if (!out.empty()) out.push_back('\n');
      append_table(out, t, format, width);
    }
    if (!notes.empty()) out.push_back('\n');
    const bool latex = format == report_format::latex;
    for (const auto& note : notes)
      out.append(latex ? "% " : "- ")
          .append(format == report_format::md ? detail::escape_markdown(note) : detail::without_controls(note))
          .push_back('\n');
  }
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_SUMMARY_TEXT_HPP
