#include "weir/report/table.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "catch.hpp"
#include "golden.hpp"
#include "weir/report/display_width.hpp"
#include "weir/report/table_data.hpp"
#include "weir/report/table_text.hpp"

using weir::cell;
using weir::side;

namespace {

/// Wide and combining characters, what each format must escape, missing values, numbers of all sizes.
weir::table awkward() {
  weir::table t{"Latency, by model", {{"model", "", side::left}, {"n"}, {"p99", "ms"}, {"note", "", side::left}}};
  t.rows.push_back({cell::text("\xE9\x80\x9A\xE4\xB9\x89\xE5\x8D\x83\xE9\x97\xAE-7B"), cell::count(1319),
                    cell::number(85.12345, 3), cell::text("plain")});
  t.rows.push_back({cell::text("cafe\xCC\x81"), cell::count(0), cell::missing("no request succeeded"),
                    cell::text("a|b, \"c\" \\ <d>")});
  t.rows.push_back({cell::text("m\x1B[31m\tx"), cell::count(7), cell::number(1e9, 3), cell::text("two\nlines")});
  t.rows.push_back({cell::text("all"), cell::count(1326), cell::number(std::numeric_limits<double>::infinity(), 3),
                    cell::missing("no request succeeded")});
  return t;
}

std::string text_of(const weir::table& t, std::size_t width = 0) {
  std::string out;
  weir::append_text(out, t, width);
  return out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

}  // namespace

TEST_CASE("table: numbers are rounded once, to the digits asked for", "[report]") {
  CHECK(cell::number(1.0005, 2).shown() == "1.00");
  CHECK(cell::number(2.5, 0).shown() == "2");  // to even, as the digits of the double say
  CHECK(cell::number(0.125, 2).shown() == "0.12");
  CHECK(cell::number(-0.0004, 3).shown() == "0.000");
  CHECK(cell::number(-0.0006, 3).shown() == "-0.001");
  CHECK(cell::number(1e300, 0).shown().size() == 301);
  CHECK(cell::number(std::numeric_limits<double>::infinity(), 2).shown() == "inf");
  CHECK(cell::number(std::nan(""), 2).is(cell::kind::missing));
  CHECK(cell::count(-3).shown() == "-3");
  CHECK(cell::count(std::uint64_t{18446744073709551615U}).shown() == "18446744073709551615");
}

TEST_CASE("table: a small probability is no 0", "[report]") {
  CHECK(weir::cell::probability(0.2786).shown() == "0.2786");
  CHECK(weir::cell::probability(0.00123).shown() == "0.0012");
  CHECK(weir::cell::probability(0).shown() == "0.0000");
  CHECK(weir::cell::probability(3.84e-12).shown() == "3.8e-12");
  CHECK(weir::cell::probability(0.00004).shown() == "4.0e-05");
}

TEST_CASE("table: each format is what was looked at", "[report][golden]") {
  const auto t = awkward();
  std::string md, csv, tsv, json;
  weir::append_markdown(md, t);
  weir::append_csv(csv, t);
  weir::append_tsv(tsv, t);
  weir::json_writer writer(json);
  weir::write_json(writer, t);
  CHECK(text_of(t) == golden("table.txt", text_of(t)));
  CHECK(text_of(t, 30) == golden("table_narrow.txt", text_of(t, 30)));
  CHECK(md == golden("table.md", md));
  CHECK(csv == golden("table.csv", csv));
  CHECK(tsv == golden("table.tsv", tsv));
  CHECK(json + "\n" == golden("table.json", json + "\n"));
}

TEST_CASE("table: columns line up whatever characters are in them", "[report][property]") {
  const auto lines = lines_of(text_of(awkward()));
  REQUIRE(lines.size() > 6);
  // Right-aligned numbers of a column end at the same display column: the header's.
  const auto end_of = [](const std::string& line, std::string_view word) {
    const auto at = line.find(word);
    return at == line.npos ? 0 : weir::display_width(std::string_view(line).substr(0, at + word.size()));
  };
  const auto edge = end_of(lines[1], "p99 (ms)");
  CHECK(edge > 0);
  CHECK(end_of(lines[3], "85.123") == edge);
  CHECK(end_of(lines[4], "(a)") == edge);
  CHECK(end_of(lines[6], "inf") == edge);
}

TEST_CASE("table: text fits the width it is given, and loses nothing", "[report][property]") {
  weir::table t{"", {{"key", "", side::left}}};
  std::vector<cell> row{cell::text("k")};
  for (int i = 0; i < 30; ++i) {
    t.columns.push_back({"column" + std::to_string(i)});
    row.push_back(cell::count(1000 + i));
  }
  t.rows = {row};
  for (const std::size_t width : {1U, 12U, 13U, 14U, 40U, 80U, 1000U}) {
    const auto text = text_of(t, width);
    CAPTURE(width, text);
    std::size_t widest = 0;
    for (const auto& line : lines_of(text)) widest = std::max(widest, weir::display_width(line));
    CHECK(widest <= std::max<std::size_t>(width, 13));  // "key  column10" can't be cut
    for (int i = 0; i < 30; ++i) CHECK(text.find(std::to_string(1000 + i)) != text.npos);
  }
}

TEST_CASE("table: no rows and no columns are tables too", "[report]") {
  CHECK(text_of({"", {{"a"}, {"b", "s"}}}) == "a  b (s)\n--------\n");
  std::string csv;
  weir::append_csv(csv, {"", {{"a"}, {"b", "s"}}});
  CHECK(csv == "a,b (s)\n");
  CHECK(text_of({"", {}}) == "\n\n");
}

TEST_CASE("table: more reasons than letters still have marks of their own", "[report]") {
  CHECK(weir::detail::footnote_mark(0) == "(a)");
  CHECK(weir::detail::footnote_mark(25) == "(z)");
  CHECK(weir::detail::footnote_mark(26) == "(aa)");
  CHECK(weir::detail::footnote_mark(701) == "(zz)");
  CHECK(weir::detail::footnote_mark(702) == "(aaa)");
}
