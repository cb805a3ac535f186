// weir/eval/suite.hpp - a file of configurations to be run over the same questions. Needs POSIX and simdjson.
#ifndef WEIR_EVAL_SUITE_HPP
#define WEIR_EVAL_SUITE_HPP

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/measured.hpp"
#include "weir/base/result.hpp"
#include "weir/base/units.hpp"
#include "weir/data/json_row.hpp"
#include "weir/data/rows.hpp"
#include "weir/eval/agents.hpp"

namespace weir::inline v0 {

/// One configuration of a suite.
struct suite_entry {
  std::string name;  ///< Its records are NAME.jsonl: letters, digits, `-`, `_` and `.` only.
  agent_kind agent = standard_agent;
  std::int32_t runs = 0;  ///< 0: the agent's default.
  std::optional<double> temperature = {};
};

/// Reads {"name":"vote-5","agent":"majority_vote","runs":5,"temperature":0.7}; only `name` is needed.
/// \return  errc::parse, errc::invalid_argument naming the field.
[[nodiscard]] inline result<suite_entry> parse_suite_entry(json_row_reader& rows, std::string_view line) {
  suite_entry entry;
  std::string agent = "standard", temperature;
  std::int64_t runs = 0;
  const auto read = rows(line, [&](std::string_view name, json_value v) -> result<void> {
    if (name == "name") return read_text(entry.name, name, v);
    if (name == "agent") return read_text(agent, name, v);
    if (name == "runs") return read_count(runs, name, v, 1);
    if (name == "temperature") return read_text(temperature, name, v);
    return failure{errc::invalid_argument,
                   "has the field '" + std::string(name) + "'; it may have name, agent, runs and temperature"};
  });
  if (!read) return read.error();
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  if (entry.name.empty() || entry.name.front() == '.' || !std::ranges::all_of(entry.name, fits))
    return failure{errc::invalid_argument, "needs a name of letters, digits, -, _ and ."};
  auto kind = find_agent(agent);
  if (!kind) return kind.error();
  entry.agent = *kind;
  if (runs > 1000) return failure{errc::invalid_argument, "runs is at most 1000"};
  entry.runs = static_cast<std::int32_t>(runs);
  if (!temperature.empty()) {
    const auto number = parse_number<double>(temperature);
    if (!number || *number < 0) return failure{errc::invalid_argument, "temperature is a number from 0"};
    entry.temperature = *number;
  }
  return entry;
}

/// The configurations of a file, one a line. \return  a failure names file and line; errc::parse where there is none,
/// or two have one name.
[[nodiscard]] inline result<std::vector<suite_entry>> read_suite(const std::string& path) {
  auto rows = open_rows(path);
  if (!rows) return rows.error();
  std::vector<suite_entry> suite;
  json_row_reader json;
  for (std::string_view line; rows->next(line);) {
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    auto entry = parse_suite_entry(json, line);
    const auto at = path + ": line " + std::to_string(rows->line()) + ": ";
    if (!entry) return failure{entry.error().code, at + entry.error().detail};
    if (std::ranges::find(suite, entry->name, &suite_entry::name) != suite.end())
      return failure{errc::parse, at + "the name '" + entry->name + "' comes twice"};
    suite.push_back(*std::move(entry));
  }
  if (!rows->status()) return rows->status().error();
  if (suite.empty()) return failure{errc::parse, path + " holds no configuration"};
  return suite;
}

}  // namespace weir::inline v0

#endif  // WEIR_EVAL_SUITE_HPP
