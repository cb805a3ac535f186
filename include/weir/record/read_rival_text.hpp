// weir/record/read_rival_text.hpp - results of other tools that are CSV, logs or JSON Lines; and any of them by
// content. Needs simdjson and weir/data.
#ifndef WEIR_RECORD_READ_RIVAL_TEXT_HPP
#define WEIR_RECORD_READ_RIVAL_TEXT_HPP

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/trim.hpp"
#include "weir/record/aiperf_records.hpp"
#include "weir/record/read_rival.hpp"

namespace weir::inline v0 {
namespace detail {

/// Cuts the first line off `text`. \return  false where there is none.
inline bool take_line(std::string_view& text, std::string_view& line) noexcept {
  if (text.empty()) return false;
  const auto end = std::min(text.find('\n'), text.size());
  line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return true;
}
/// AIPerf's, GenAI-Perf's and ais_bench's CSV: tables one below the other, each with a header; a table "Metric,Value"
/// has no statistics.
inline rival_result csv_result(std::string_view text, bool ais_bench, std::string source) {
  rival_builder out(ais_bench ? "ais_bench" : "AIPerf or GenAI-Perf (CSV)", std::move(source));
  std::vector<std::string> header;
  csv_row row;
  bool fresh = true;
  for (std::string_view line; take_line(text, line);) {
    if (trimmed(line).empty()) {
      fresh = true;
      continue;
    }
    row.parse(line);
    const auto cells = row.fields();
    if (std::exchange(fresh, false)) {
      header.assign(cells.begin(), cells.end());
      continue;
    }
    const std::span<const rival_name> names =
        ais_bench ? std::span<const rival_name>(ais_bench_names) : aiperf_csv_names;
    for (std::size_t i = 1; i < std::min(cells.size(), header.size()); ++i) {
      double number = 0;
      std::string_view unit;
      if (!leading_number(cells[i], number, unit)) continue;
      const auto* known = find_name(names, cells[0]);
      const bool alone = header[i] == "Value";
      std::string theirs = std::string(cells[0]) + (alone ? "" : " " + header[i]);
      known != nullptr && (alone || !statistic(header[i]).empty())
          ? out.add(*known, alone ? "" : header[i], number, theirs)
          : out.other(theirs, number);
    }
  }
  out.count_failed();
  return std::move(out).take();
}

/// "50.00 percentile first token latency (ns)" and "result_first_token_50.00_percentile_latency_ns" are one thing.
inline void add_loadgen(rival_builder& out, std::string theirs, double number) {
  std::string key = theirs, stat;
  std::ranges::replace(key, ' ', '_');
  std::ranges::transform(key, key.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const auto drop = [&](std::string_view part) {
    const auto at = key.find(part);
    if (at != key.npos) key.erase(at, part.size());
    return at != key.npos;
  };
  drop("result_");
  if (const auto at = key.find("_percentile"); at != key.npos) {
    const auto begin = key.find_last_not_of("0123456789.", at - 1) + 1;
    stat = "p" + key.substr(begin, at - begin);
    key.erase(begin, at - begin + 12);
  }
  for (const std::string word : {"min", "max", "mean"})
    if (stat.empty() && (drop(word + "_") || (key.ends_with("_" + word) && drop("_" + word)))) stat = word;
  if (const auto at = key.find("_(ns)"); at != key.npos) key.replace(at, 5, "_ns");
  if (key == "time_to_output_token_ns" || key == "time_to_output_token") key = "time_per_output_token_ns";
  if (!key.empty() && key.back() == '_') key.pop_back();
  const auto* known = find_name(loadgen_names, key);
  known != nullptr ? out.add(*known, stat, number, std::move(theirs)) : out.other(std::move(theirs), number);
}

/// mlperf_log_summary.txt ("NAME : VALUE") and mlperf_log_detail.txt (":::MLLOG {...}").
inline rivals loadgen_result(std::string_view text, const std::string& source) {
  rival_builder out("MLPerf LoadGen", source);
  bool parameters = false;
  for (std::string_view line; take_line(text, line);) {
    double number = 0;
    std::string_view unit;
    if (constexpr std::string_view mark = ":::MLLOG "; line.starts_with(mark)) {
      const auto json = flat_json::read(line.substr(mark.size()));
      if (!json) return failure{errc::parse, source + ": a line of the log is cut short: " + json.error().detail};
      const auto* value = json->find("value");
      const auto key = json->text("key");
      if (key == "result_validity") out.workload("result", json->text("value"));
      if (key.starts_with("result_") && value != nullptr && value->is == flat_value::kind::number)
        add_loadgen(out, key, value->number);
      continue;
    }
    parameters = parameters || line.starts_with("Test Parameters Used");
    const auto colon = line.find(':');
    if (colon == line.npos) continue;
    const auto name = trimmed(line.substr(0, colon)), value = trimmed(line.substr(colon + 1));
    if (name == "Scenario" || name == "Mode" || name == "Result is" || (parameters && name == "target_qps"))
      out.workload(std::string(name), std::string(value));
    if (!parameters && leading_number(value, number, unit)) add_loadgen(out, std::string(name), number);
  }
  return std::vector{std::move(out).take()};
}

/// Adds what a row of an accuracy summary has of a model: per cent where the metric is accuracy; any other (rouge1,
/// pass@1, naive_average) is a score by its own name, for the file does not say its scale.
inline void add_score(rival_result& out, std::string_view dataset, std::string_view metric, std::string_view figure) {
  double number = std::numeric_limits<double>::quiet_NaN();
  std::string_view rest;
  const bool there = leading_number(figure, number, rest), known = metric == "accuracy";
  const auto name = (known ? "" : "score_") + std::string(metric) + "_" + std::string(dataset) + (known ? "_pct" : "");
  out.add({name, known ? "%" : "", number, there ? "" : "the file has no figure for it",
           std::string(dataset) + " " + std::string(metric), "by the tool's own rule, over what it counted"});
}

/// ais_bench's and OpenCompass's summary CSV: a row a data set and metric, a column a model.
inline rivals accuracy_results(std::string_view text, const std::string& source) {
  std::vector<rival_result> all;
  std::vector<std::string> header;
  csv_row row;
  for (std::string_view line; take_line(text, line);) {
    if (trimmed(line).empty()) continue;
    row.parse(line);
    const auto cells = row.fields();
    if (header.empty()) {
      header.assign(cells.begin(), cells.end());
      for (std::size_t i = 4; i < header.size(); ++i) {
        auto& r = all.emplace_back();
        r.tool = "ais_bench (accuracy)", r.source = source;
        r.workload.emplace_back("model_id", header[i]);
      }
      continue;
    }
    if (cells.size() != header.size())
      return failure{errc::parse, source + ": a row has " + std::to_string(cells.size()) + " cells, the header " +
                                      std::to_string(header.size())};
    for (std::size_t i = 4; i < cells.size(); ++i) {
      if (cells[0].empty() || header[i] == "total_count") continue;
      add_score(all[i - 4], cells[0], cells[2], cells[i]);
    }
  }
  std::erase_if(all, [](const rival_result& r) { return r.figures.empty(); });
  return all;
}

}  // namespace detail

/// Reads the result file of another tool, whatever its name: docs/results.md lists which.
/// \param source  what to call it.
/// \return        errc::not_found where `bytes` are no result that is known (records of our own, say); errc::parse
/// where
///                they begin like one and are cut short or damaged.
[[nodiscard]] inline result<std::vector<rival_result>> read_rivals(std::string_view bytes, const std::string& source) {
  if (constexpr std::string_view mark = "\xEF\xBB\xBF"; bytes.starts_with(mark)) bytes.remove_prefix(mark.size());
  const auto head = bytes.substr(0, 4096);
  if (head.starts_with("Performance Parameters,Stage,")) return std::vector{detail::csv_result(bytes, true, source)};
  if (head.starts_with("dataset,version,metric,mode")) return detail::accuracy_results(bytes, source);
  if (head.starts_with("Metric,avg,")) return std::vector{detail::csv_result(bytes, false, source)};
  if (head.find("MLPerf Results Summary") != head.npos || head.starts_with(":::MLLOG "))
    return detail::loadgen_result(bytes, source);
  const auto first = head.find_first_not_of(" \t\r\n");
  if (first == head.npos || (bytes[first] != '{' && bytes[first] != '['))
    return failure{errc::not_found, source + " is no result file"};
  if (head.find("{\"type\":") == first || head.find("{\"type\": ") == first) return failure{errc::not_found, "records"};
  if (is_aiperf_records(head)) {
    aiperf_records records;
    for (std::string_view rest = bytes, line; detail::take_line(rest, line);)
      if (auto ok = records.add(line, source); !ok) return ok.error();
    return std::vector{std::move(records).finish(source)};
  }
  const bool one_line = bytes[first] == '{' && bytes.find('\n') >= bytes.size() - 1;
  const auto whole = flat_json::read(bytes);
  if (whole) {
    auto results = rivals_of(*whole, source);
    if (results || one_line) return results;  // one line may be a record
    return failure{errc::invalid_argument, results.error().detail + ", and no records either"};
  }
  if (one_line || !trimmed(bytes.substr(0, bytes.find('\n'))).ends_with('}'))
    return failure{whole.error().code, source + ": " + whole.error().detail};
  std::vector<rival_result> all;  // a result a line, as --append-result and SGLang write them
  std::size_t number = 0;
  for (std::string_view line; detail::take_line(bytes, line);) {
    ++number;
    if (trimmed(line).empty()) continue;
    const std::string place = source + ":" + std::to_string(number);
    const auto json = flat_json::read(line);
    if (!json) return failure{errc::parse, place + ": " + json.error().detail};
    auto results = rivals_of(*json, place);
    if (!results && !all.empty())
      return failure{errc::parse, results.error().detail + ", and the lines before it are results of one"};
    if (!results) return results;
    for (auto& r : *results) all.push_back(std::move(r));
  }
  return all;
}

}  // namespace weir::inline v0

#endif  // WEIR_RECORD_READ_RIVAL_TEXT_HPP
