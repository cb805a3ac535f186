// Every table in every format: what was looked at, and the same cells in all of them.
#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "golden.hpp"
#include "weir/data/csv.hpp"
#include "weir/record/flat_json.hpp"
#include "weir/report/comparison_views.hpp"
#include "weir/report/html.hpp"
#include "weir/report/load_run.hpp"
#include "weir/report/pivot.hpp"
#include "weir/report/rival_tables.hpp"
#include "weir/report/summary_text.hpp"

namespace {

constexpr std::int64_t ms = 1'000'000;

/// Two models in two files, with failures, goals, a price, samples and a steady part: every table there is.
weir::summary full_summary(weir::summarizer& counted, weir::request_log& log) {
  counted.begin_file("bf16.jsonl");
  for (int i = 0; i < 60; ++i) {
    if (i == 30) counted.begin_file("w8a8.jsonl");
    weir::request_record r;
    r.id = std::to_string(i);
    r.instance = "0";
    r.model = i % 2 == 0 ? "\xE9\x80\x9A\xE4\xB9\x89\xE5\x8D\x83\xE9\x97\xAE" : "llama_3 | 8B & co";
    r.t_send_ns = 1'000 * ms + i * 20 * ms;
    r.t_first_ns = r.t_visible_ns = r.t_send_ns + (40 + i % 7) * ms;
    r.t_last_ns = r.t_first_ns + (90 + i % 5) * ms;
    r.t_done_ns = r.t_last_ns + 10;
    r.tokens_in = 100, r.tokens_out = 10, r.basis = weir::tokens_basis::usage;
    r.choices = {{0, r.t_first_ns, r.t_last_ns, 10, 1, "stop", "", ""}};
    if (i % 20 == 19) r.status = weir::outcome::timeout;
    counted.add(r);
    log.add(r, r.instance);
  }
  for (int i = 0; i <= 40; ++i)
    counted.add(weir::sample_record{
        i * 100 * ms, "GPU-1", "0", {{"joules", 1000 + 30.0 * i}, {"watts", 300}, {"device_memory_bytes", 8e9 + i}}});
  log.sort();
  return weir::summarize(counted, {.percentiles = {50, 99}, .price = {2.5, 2}, .steady = &log});
}

std::vector<weir::table> all_tables() {
  weir::service_level goals;
  REQUIRE(weir::add_level(goals, "ttft:44"));
  weir::summarizer counted({weir::group_key::model, weir::group_key::file}, goals);
  weir::request_log log;
  const auto s = full_summary(counted, log);
  auto tables = reading_tables(s);
  tables.push_back(data_table(s));
  tables.push_back(weir::pivot(s, "ttft_p50_ms", "bf16.jsonl").value());
  const std::string fixtures = std::string(WEIR_SOURCE_DIR) + "/tests/fixtures/rivals/";
  std::vector<weir::rival_result> rivals;
  for (const auto* name : {"vllm.json", "ais_bench.csv"})
    rivals.push_back(weir::rivals_in(fixtures + name).value()->front());
  for (auto& r : rivals) r.source = r.source.substr(fixtures.size());
  rivals[0].add({"e2el_p1_ms", "ms", -3, "", "p1", ""});
  tables.push_back(weir::rivals_side_by_side(rivals));
  tables.push_back(weir::rivals_in_a_list(rivals));
  std::vector<weir::measured_run> base, fresh;
  for (int i = 0; i < 6; ++i) {
    base.push_back({"a", {{"ttft_p50_ms", 50 + 0.1 * i}, {"ok", 20}, {"failed", 0}}, {}});
    fresh.push_back({"b", {{"ttft_p50_ms", 55 - 0.1 * i}, {"ok", 20}, {"failed", 0}}, {}});
  }
  auto all = weir::compare(base, fresh, {.metrics = {"ttft_p50_ms", "tpot_p50_ms"}});
  all.push_back(weir::compare_failures(base, fresh));
  tables.push_back(weir::comparison_table(all));
  return tables;
}

using cells = std::vector<std::vector<std::string>>;

std::vector<std::string> split(std::string_view line, std::string_view mark) {
  std::vector<std::string> out;
  for (std::size_t from = 0; from <= line.size();) {
    const auto to = std::min(line.find(mark, from), line.size());
    std::string word(line.substr(from, to - from));
    word.erase(0, std::min(word.find_first_not_of(' '), word.size()));
    word.erase(word.find_last_not_of(' ') + 1);
    out.push_back(std::move(word));
    from = to + mark.size();
  }
  return out;
}
std::vector<std::string> lines_of(const std::string& text) {
  auto out = split(text, "\n");
  std::erase(out, "");
  return out;
}

/// The number cells of a table, by row and column; others are empty.
cells numbers_of(const weir::table& t) {
  cells out;
  for (const auto& row : t.rows) {
    auto& line = out.emplace_back();
    for (const auto& c : row) line.emplace_back(c.is(weir::cell::kind::number) ? c.shown() : "");
  }
  return out;
}
/// The same cells of what was read back: the others are taken out.
void check_numbers(const weir::table& t, const cells& read) {
  const auto wanted = numbers_of(t);
  REQUIRE(read.size() == wanted.size());
  for (std::size_t r = 0; r < wanted.size(); ++r) {
    REQUIRE(read[r].size() == wanted[r].size());
    for (std::size_t i = 0; i < wanted[r].size(); ++i)
      if (!wanted[r][i].empty()) CHECK(read[r][i] == wanted[r][i]);
  }
}

cells from_csv(const std::string& text) {
  cells out;
  weir::csv_row row;
  for (const auto& line : lines_of(text)) {
    row.parse(line);
    const auto fields = row.fields();
    out.emplace_back(fields.begin(), fields.end());
  }
  out.erase(out.begin());
  return out;
}
cells from_tsv(const std::string& text) {
  cells out;
  for (const auto& line : split(text, "\n"))
    if (!line.empty()) out.push_back(split(line, "\t"));
  out.erase(out.begin());
  return out;
}
cells from_markdown(const std::string& text) {
  cells out;
  for (const auto& line : lines_of(text)) {
    if (!line.starts_with("| ")) continue;
    auto row = split(std::string_view(line).substr(2, line.size() - 4), " | ");
    out.push_back(std::move(row));
  }
  out.erase(out.begin(), out.begin() + 2);
  return out;
}
cells from_latex(const std::string& text) {
  cells out;
  for (const auto& line : lines_of(text))
    if (line.ends_with(" \\\\")) out.push_back(split(std::string_view(line).substr(0, line.size() - 3), " & "));
  out.erase(out.begin());
  return out;
}
cells from_html(const std::string& text) {
  cells out;
  for (const auto& line : lines_of(text)) {
    if (!line.starts_with("<tr><td")) continue;
    auto& row = out.emplace_back();
    for (const auto& part : split(line, "</td>"))
      if (const auto at = part.rfind('>'); part.find("<td") != part.npos) row.push_back(part.substr(at + 1));
  }
  return out;
}
/// Why a cell is null: JSON has no infinity, so an infinite one is null and said to be infinite.
std::string json_reason(const weir::flat_json& json, std::size_t row, const std::string& column) {
  for (std::size_t i = 0; json.has("missing/" + std::to_string(i) + "/row"); ++i) {
    const auto at = "missing/" + std::to_string(i) + "/";
    if (json.text(at + "row") == std::to_string(row) && json.text(at + "column") == column)
      return json.text(at + "reason") == "infinite" ? "inf" : "";
  }
  return {};
}
cells from_json(const weir::table& t, const std::string& text) {
  const auto json = weir::flat_json::read(text).value();
  cells out;
  for (std::size_t r = 0; r < t.rows.size(); ++r) {
    auto& row = out.emplace_back();
    for (const auto& c : t.columns) {
      const auto value = json.text("rows/" + std::to_string(r) + "/" + c.name);
      row.push_back(value.empty() ? json_reason(json, r, c.name) : value);
    }
  }
  return out;
}

std::string written(const weir::table& t, weir::report_format format) {
  std::string out;
  append_table(out, t, format);
  return out;
}

}  // namespace

TEST_CASE("formats: every table is what was looked at, in every format", "[report][golden]") {
  const auto tables = all_tables();
  for (const auto format : weir::report_formats) {
    std::string text;
    for (const auto& t : tables) text += written(t, format) + "\n";
    const std::string name = "formats." + std::string(to_string(format) == "latex" ? "tex" : to_string(format));
    CAPTURE(name);
    CHECK(text == golden(name, text));
  }
}

TEST_CASE("formats: the same numbers stand in the same places of every format", "[report][property]") {
  for (const auto& t : all_tables()) {
    CAPTURE(t.title);
    check_numbers(t, from_csv(written(t, weir::report_format::csv)));
    check_numbers(t, from_tsv(written(t, weir::report_format::tsv)));
    check_numbers(t, from_markdown(written(t, weir::report_format::md)));
    check_numbers(t, from_latex(written(t, weir::report_format::latex)));
    check_numbers(t, from_json(t, written(t, weir::report_format::json)));
    std::string html;
    append_html(html, t);
    check_numbers(t, from_html(html));
    // Text has no marks between its columns: its numbers, in order, are those of the rows.
    const auto text = written(t, weir::report_format::txt);
    std::size_t at = 0;
    for (const auto& row : numbers_of(t))
      for (const auto& digits : row) {
        CAPTURE(digits);
        at = text.find(digits, at);
        REQUIRE(at != text.npos);
        at += digits.size();
      }
  }
}
