#include "weir/data/row_format.hpp"

#include <string>
#include <utility>

#include "catch.hpp"

namespace {
const std::string bom = "\xEF\xBB\xBF", run = "{\"type\":\"run\",\"tool\":\"x\"}\n";

/// Head and first row of `bytes`, or the failure.
template <class Scanner>
std::pair<std::string, std::string> head_and_row(const std::string& bytes, weir::row_format format, bool header) {
  weir::basic_row_reader<Scanner, weir::memory_source> reader(weir::memory_source(bytes, 1), {2, weir::any_length});
  const auto head = weir::read_input_head(reader, format, header);
  if (!head) return {head.error().detail, ""};
  std::string_view row;
  reader.next(row);
  return {*head, std::string(row)};
}
auto lines(const std::string& bytes, weir::row_format format, bool header = true) {
  return head_and_row<weir::line_scanner>(bytes, format, header);
}
auto csv(const std::string& bytes, bool header = true) {
  return head_and_row<weir::csv_scanner>(bytes, weir::row_format::csv, header);
}
using both = std::pair<std::string, std::string>;
}  // namespace

TEST_CASE("row_format: the head is the mark, the CSV header and the run record, and a row is none of them", "[rows]") {
  CHECK(lines("a\nb\n", weir::row_format::lines) == both("", "a"));
  CHECK(csv("a\nb\n") == both("a\n", "b"));
  CHECK(csv(bom + "\"a\nb\",c\r\nd,e") == both(bom + "\"a\nb\",c\r\n", "d,e"));
  CHECK(csv(bom + "a\nb\n", false) == both(bom, "a"));
  CHECK(csv("a") == both("a", ""));
  CHECK(lines(run + "{}\n", weir::row_format::jsonl) == both(run, "{}"));
  CHECK(lines(bom + run + "{}\n", weir::row_format::jsonl) == both(bom + run, "{}"));
  CHECK(lines("{\"type\":\"runner\"}\n{}\n", weir::row_format::jsonl) == both("", "{\"type\":\"runner\"}"));
  CHECK(lines("{\"type\":\"ru", weir::row_format::jsonl) == both("", "{\"type\":\"ru"));
  CHECK(lines(run + "{}\n", weir::row_format::jsonl, false) == both("", run.substr(0, run.size() - 1)));
}

TEST_CASE("row_format: an empty file is refused, one with a head alone is not", "[rows]") {
  CHECK(csv("").first == "empty, not even a header");
  CHECK(csv(bom).first == "empty, not even a header");
  CHECK(lines("", weir::row_format::jsonl).first == "empty, no rows");
  CHECK(lines(bom, weir::row_format::jsonl).first == "empty, no rows");
  CHECK(lines(run, weir::row_format::jsonl) == both(run, ""));
  CHECK(csv("id,x\n") == both("id,x\n", ""));
}

TEST_CASE("row_format: extensions tell the format, and names are read back", "[rows]") {
  CHECK(weir::format_of("a/b.csv") == weir::row_format::csv);
  CHECK(weir::format_of("b.jsonl") == weir::row_format::jsonl);
  CHECK(weir::format_of("b.ndjson") == weir::row_format::jsonl);
  CHECK_FALSE(weir::format_of("b.json"));
  CHECK_FALSE(weir::format_of("csv"));
  for (const auto f : {weir::row_format::lines, weir::row_format::jsonl, weir::row_format::csv})
    CHECK(*weir::parse_row_format(to_string(f)) == f);
  CHECK_FALSE(weir::parse_row_format("tsv"));
}
