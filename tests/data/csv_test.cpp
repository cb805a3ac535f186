#include "weir/data/csv.hpp"

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "catch.hpp"

namespace {

using table = std::vector<std::vector<std::string>>;
using memory_records = weir::basic_row_reader<weir::csv_scanner, weir::memory_source>;

/// Every record of `bytes`, which reach the scanner in pieces of `step`; counts of fields are not compared.
table parse(std::string_view bytes, std::size_t step) {
  table rows;
  weir::csv_row row;
  for (std::size_t begin = 0; begin < bytes.size();) {
    weir::csv_scanner scanner;
    scanner.begin_row();
    std::size_t at = begin, length = std::string_view::npos;
    for (; at < bytes.size() && length == std::string_view::npos; at += std::min(length, step))
      length = scanner.find_end(bytes.substr(at, step));
    at = std::min(at, bytes.size());
    auto record = bytes.substr(begin, at - begin);
    if (length != std::string_view::npos) record.remove_suffix(1);
    row.parse(record);
    rows.emplace_back(row.fields().begin(), row.fields().end());
    begin = at;
  }
  return rows;
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

struct python_case {
  std::string bytes;
  table rows;
};
std::vector<python_case> python_cases() {
  std::vector<python_case> cases;
  std::ifstream file(WEIR_SOURCE_DIR "/tests/data/csv_cases.txt");
  for (std::string line; std::getline(file, line);) {
    python_case one;
    const auto tab = line.find('\t');
    one.bytes = from_hex(std::string_view(line).substr(0, tab));
    std::string field;
    one.rows.emplace_back();
    for (const char c : line.substr(tab + 1)) {
      if (c == ';')
        one.rows.emplace_back();
      else if (c == ',')
        one.rows.back().push_back(from_hex(std::exchange(field, {})));
      else
        field += c;
    }
    cases.push_back(std::move(one));
  }
  return cases;
}

std::string failure_of(std::string_view bytes) {
  memory_records reader(weir::memory_source(bytes, 3), {4, weir::any_length});
  while (reader.advance()) {
  }
  return reader.status() ? "" : reader.status().error().detail;
}

/// A file that goes with the test.
struct temporary_file {
  explicit temporary_file(std::string_view bytes) { std::ofstream(name) << bytes; }
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  ~temporary_file() { std::remove(name.c_str()); }
  std::string name = "csv_test_" + std::to_string(::getpid()) + ".csv";
};

}  // namespace

TEST_CASE("csv: records and fields are those of Python's csv module, at any cut", "[csv]") {
  const auto cases = python_cases();
  REQUIRE(cases.size() == 500);
  for (const auto& [bytes, rows] : cases)
    for (const std::size_t step : {1U, 2U, 3U, 100U}) {
      CAPTURE(bytes, step);
      CHECK(parse(bytes, step) == rows);
    }
}

TEST_CASE("csv: a comma or newline is found wherever it stands among eight bytes", "[csv]") {
  for (std::size_t size = 0; size < 40; ++size)
    for (std::size_t at = 0; at <= size; ++at)
      for (const char c : {',', '\n'}) {
        std::string bytes(size, '\x2B');  // one below ',' : a borrow between bytes would show
        if (at < size) bytes[at] = c;
        if (at + 1 < size) bytes[at + 1] = '\x2D';
        CHECK(weir::detail::find_comma_or_newline(bytes.data(), bytes.data() + size) == bytes.data() + at);
      }
}

TEST_CASE("csv: a missing or an extra field is refused by its line, quoted newlines counted", "[csv]") {
  CHECK(failure_of("a,b\n1,2\n").empty());
  CHECK(failure_of("a,b\n\"1\n\n\",2\n3\n") == "line 5 has 1 field, the first row has 2");
  CHECK(failure_of("a,b\n1,2\n3,4,5\n") == "line 3 has 3 fields, the first row has 2");
  CHECK(failure_of("a,b\n1,2\n\n") == "line 3 has 1 field, the first row has 2");
  CHECK(failure_of("a,b\n1,2\n3") == "line 3 has 1 field, the first row has 2");
}

TEST_CASE("csv: a quote that never closes is named by the line where it opens", "[csv]") {
  CHECK(failure_of("a,b\n1,\"2\n3,4\n") == "line 2: a quoted field opens and never ends");
  CHECK(failure_of("a,b\n\"1\n2\",\"x\n3,4\n") == "line 3: a quoted field opens and never ends");
  CHECK(failure_of("\"\"\"") == "line 1: a quoted field opens and never ends");
  CHECK(failure_of("\"\"").empty());
}

TEST_CASE("csv: a reader finds columns by name, after a byte order mark, and unquotes", "[csv]") {
  const temporary_file file("\xEF\xBB\xBFid,\"the \"\"question\"\"\"\r\n7,\"a,\nb\"\r\n8,");
  auto table = weir::open_csv(file.name);
  REQUIRE(table);
  REQUIRE(table->column("id"));
  const auto question = table->column("the \"question\"");
  REQUIRE(question);
  REQUIRE(table->next());
  CHECK(table->field(*table->column("id")) == "7");
  CHECK(table->field(*question) == "a,\nb");
  REQUIRE(table->next());
  CHECK(table->line() == 4);
  CHECK(table->field(*question).empty());
  CHECK_FALSE(table->next());
  CHECK(table->status());
  CHECK(table->column("answer").error().detail == file.name + " has no column 'answer'; it has id, the \"question\"");
}

TEST_CASE("csv: a reader says which file and line is wrong, and that an empty file has no header", "[csv]") {
  const temporary_file ragged("id,x\n1,2\n3\n");
  auto table = weir::open_csv(ragged.name);
  REQUIRE(table);
  while (table->next()) {
  }
  REQUIRE_FALSE(table->status());
  CHECK(table->status().error().detail == ragged.name + ": line 3 has 1 field, the first row has 2");
  const temporary_file empty("");
  const auto none = weir::open_csv(empty.name);
  REQUIRE_FALSE(none);
  CHECK(none.error().detail == empty.name + " is empty: a CSV begins with a header");
}
