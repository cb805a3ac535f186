// tools/score_extract.hpp - `weir-score extract`: what one rule reads out of each line.
#ifndef WEIR_TOOLS_SCORE_EXTRACT_HPP
#define WEIR_TOOLS_SCORE_EXTRACT_HPP

#include <cstdint>
#include <string>
#include <string_view>

#include "cli.hpp"
#include "record_output.hpp"
#include "weir/data/json_row.hpp"
#include "weir/data/rows.hpp"
#include "weir/score/rules.hpp"

namespace weir::tool {

/// "-" is standard input.
inline result<row_reader> open_operand(const std::string& path) {
  if (path != "-") return open_rows(path);
  return row_reader(fd_source(0));
}
inline std::string shown(const std::string& path) {
  return path == "-" ? "standard input" : path;
}

/// Reads {"text": ...} a line and prints {"answer": ...} a line. \return  a failure names file and line; what was read
/// before it has been printed.
inline result<int> extract_answers(const score_rule& rule, const std::string& path) {
  auto rows = open_operand(path);
  if (!rows) return rows.error();
  record_output out;
  json_row_reader read;
  std::string text, answer;
  for (std::string_view line; rows->next(line);) {
    bool has_text = false;
    text.clear();
    const auto ok = read(line, [&](std::string_view name, json_value v) {
      has_text = has_text || name == "text";
      return name == "text" ? read_text(text, name, v) : result<void>{};
    });
    if (!ok || !has_text) {
      out.flush();
      return failure{errc::parse, shown(path) + ":" + std::to_string(rows->line()) + ": " +
                                      (ok ? "has no field 'text'" : ok.error().detail)};
    }
    const bool found = rule.extract(text, answer);
    out.write([&](std::string& bytes) {
      json_writer json(bytes);
      json.begin_object().key("answer");
      (found ? json.value(answer) : json.value(nullptr)).end_object();
      bytes.push_back('\n');
    });
  }
  out.flush();
  if (!rows->status()) return failure{rows->status().error().code, shown(path) + ": " + rows->status().error().detail};
  return 0;
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SCORE_EXTRACT_HPP
