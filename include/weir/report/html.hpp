// weir/report/html.hpp - one self-contained page: tables, pictures, definitions. Needs weir/report only.
#ifndef WEIR_REPORT_HTML_HPP
#define WEIR_REPORT_HTML_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/report/html_assets.hpp"
#include "weir/report/plot.hpp"
#include "weir/report/plot_svg.hpp"
#include "weir/report/table.hpp"

namespace weir::inline v0 {

/// What a page shows, from top to bottom.
struct html_page {
  std::string title;
  std::vector<std::string> facts;  ///< Runs, and where they come from.
  std::vector<table> tables;
  std::vector<plot> plots;
  std::vector<std::string> notes;
  std::vector<std::pair<std::string, std::string>> definitions;  ///< Name and meaning.
  int refresh_s = 0;  ///< Load the page anew after so many seconds; 0: never.
};

namespace detail {

/// The percentile that a column shows ("p99", "adj_p99"), for the picker; nothing for other columns.
inline std::string percentile_class(std::string_view name) {
  if (name.starts_with("adj_")) name.remove_prefix(4);
  if (!name.starts_with('p') || name.find_first_not_of("0123456789.", 1) < 2 || name.size() < 2) return {};
  const auto digits = name.substr(1, name.find_first_not_of("0123456789.", 1) - 1);
  return digits.empty() || digits.size() + 1 < name.size() ? std::string() : "p" + std::string(digits);
}

inline void append_html_cell(std::string& out, const char* tag, std::string_view text, const column& head,
                             std::string_view hint) {
  const auto picked = percentile_class(head.name);
  out.append("<").append(tag);
  if (head.lean == side::left || !picked.empty()) {
    out.append(" class=\"").append(head.lean == side::left ? "left" : "");
    if (!picked.empty()) out.append("\" data-p=\"").append(picked);
    out += '"';
  }
  if (!hint.empty()) {
    out += " title=\"";
    append_xml(out, hint);
    out += '"';
  }
  out += '>';
  append_xml(out, text);
  out.append("</").append(tag).append(">");
}

/// The numbers of a plot's lines, for hovering.
inline void append_plot_data(std::string& out, const plot& p) {
  json_writer json(out);
  json.begin_array();
  for (const auto& s : p.series) {
    json.begin_object().field("name", s.name).key("points").begin_array();
    for (std::size_t i = 0; p.kind == plot_kind::lines && i < s.y.size(); ++i)
      json.begin_array()
          .raw(std::isfinite(s.x[i]) ? tick_text(s.x[i]) : "null")
          .raw(std::isfinite(s.y[i]) ? tick_text(s.y[i]) : "null")
          .end_array();
    json.end_array().end_object();
  }
  json.end_array();
}

/// One plot: as it is and, for lines, once more with the other kind of axis, behind a switch.
inline void append_html_plot(std::string& out, plot p, std::size_t id) {
  out += "<figure>";
  const auto view = [&](const char* name) {
    out.append("<div class=\"view\" data-view=\"").append(name).append("\">");
    append_svg(out, p, id);
    out += "</div>";
  };
  view("first");
  if (p.kind == plot_kind::lines) {
    bool& axis = p.x.log ? p.x.log : p.y.log;
    axis = !axis;
    view("second");
    out.append("<label class=\"control\"><input type=\"checkbox\" class=\"log\"> ")
        .append(axis ? "logarithmic" : "linear")
        .append(" axis</label>");
    axis = !axis;
  }
  out += "<script type=\"application/json\" class=\"data\">";
  std::string data;
  append_plot_data(data, p);
  for (const char c : data) c == '<' ? out += "\\u003c" : out += c;  // no tag may begin in here
  out += "</script></figure>\n";
}

/// Why values are missing, for paper and for those who can't point at them: each reason with its columns.
inline void append_reasons(std::string& out, const table& t) {
  std::vector<std::pair<std::string_view, std::vector<std::string>>> reasons;
  for (const auto& row : t.rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (!row[i].is(cell::kind::missing)) continue;
      auto known = std::ranges::find(reasons, row[i].reason(), [](const auto& r) { return r.first; });
      if (known == reasons.end()) known = reasons.insert(known, {row[i].reason(), {}});
      if (!std::ranges::count(known->second, t.columns[i].name)) known->second.push_back(t.columns[i].name);
    }
  if (reasons.empty()) return;
  out += "<ul class=\"why\">";
  for (const auto& [reason, columns] : reasons) {
    out += "<li>\xE2\x80\x93 ";
    append_xml(out, reason);
    out += " (";
    for (std::size_t i = 0; i < columns.size(); ++i) append_xml(out, (i == 0 ? "" : ", ") + columns[i]);
    out += ")</li>";
  }
  out += "</ul>";
}

}  // namespace detail

/// Appends `t` as an HTML table; a missing value shows its reason as a hint, and reasons stand below.
inline void append_html(std::string& out, const table& t) {
  out += "<section><h2>";
  append_xml(out, t.title);
  out += "</h2><div class=\"scroll\"><table><thead><tr>";
  for (const auto& c : t.columns) detail::append_html_cell(out, "th", c.header(), c, {});
  out += "</tr></thead><tbody>\n";
  for (const auto& row : t.rows) {
    out += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i)
      row[i].is(cell::kind::missing)
          ? detail::append_html_cell(out, "td", "\xE2\x80\x93", t.columns[i], row[i].reason())
          : detail::append_html_cell(out, "td", row[i].shown(), t.columns[i], {});
    out += "</tr>\n";
  }
  out += "</tbody></table></div>";
  detail::append_reasons(out, t);
  out += "</section>\n";
}

/// The page as one file: no other is loaded, and it works from file://.
[[nodiscard]] inline std::string render_html(const html_page& page) {
  std::string out =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\"><link rel=\"icon\" href=\"data:,\">";
  if (page.refresh_s > 0) out += "<meta http-equiv=\"refresh\" content=\"" + std::to_string(page.refresh_s) + "\">";
  out += "<title>";
  append_xml(out, page.title);
  out.append("</title><style>").append(detail::html_style).append("</style></head><body><main><h1>");
  append_xml(out, page.title);
  out += "</h1>\n";
  const auto list = [&](const char* title, const std::vector<std::string>& lines) {
    if (lines.empty()) return;
    out.append("<section><h2>").append(title).append("</h2><ul>");
    for (const auto& line : lines) out += "<li>", append_xml(out, line), out += "</li>";
    out += "</ul></section>\n";
  };
  list("Runs", page.facts);
  out += "<fieldset class=\"control\" id=\"percentiles\"><legend>Percentiles shown</legend></fieldset>\n";
  for (const auto& t : page.tables) append_html(out, t);
  out += "<section><h2>Pictures</h2><div class=\"plots\">\n";
  for (std::size_t i = 0; i < page.plots.size(); ++i) detail::append_html_plot(out, page.plots[i], i);
  out += "</div></section>\n";
  list("Notes", page.notes);
  out += "<section><h2>What the figures mean</h2><dl>";
  for (const auto& [name, meaning] : page.definitions) {
    out += "<dt>", append_xml(out, name), out += "</dt><dd>", append_xml(out, meaning), out += "</dd>";
  }
  out += "</dl></section></main><div id=\"tip\" role=\"status\" hidden></div><script>";
  return out.append(detail::html_script).append("</script></body></html>\n");
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_HTML_HPP
