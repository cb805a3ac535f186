#include "weir/data/split_input.hpp"

#include <cstdlib>
#include <string>

#include "catch.hpp"
#include "shell.hpp"

namespace {
std::string first_row(weir::split_input& input) {
  weir::row_reader reader(input.source());
  std::string_view row;
  reader.next(row);
  return std::string(row);
}
}  // namespace

TEST_CASE("split_input: rows are counted without the head, and reading begins anew", "[split]") {
  const temporary_directory dir;
  auto input = weir::split_input::open(dir.write("a.csv", "id\n\"1\n\"\n2"));
  REQUIRE(input);
  CHECK(*input->count_rows(weir::row_format::csv, true) == 2);
  CHECK(*input->count_rows(weir::row_format::csv, false) == 3);
  CHECK(first_row(*input) == "id");
}

TEST_CASE("split_input: a pipe is counted and read all the same", "[split]") {
  const temporary_directory dir;
  const std::string pipe = dir.file("pipe");
  REQUIRE(shell("mkfifo " + pipe).status == 0);
  REQUIRE(shell("(seq 1000 > " + pipe + ") > /dev/null 2>&1 &").status == 0);
  auto input = weir::split_input::open(pipe);
  REQUIRE(input);
  CHECK(*input->count_rows(weir::row_format::lines, true) == 1000);
  CHECK(first_row(*input) == "1");
}

TEST_CASE("split_input: a wrong row is told of with the file and the line", "[split]") {
  const temporary_directory dir;
  auto input = weir::split_input::open(dir.write("a.csv", "id,x\n1\n"));
  REQUIRE(input);
  CHECK(input->count_rows(weir::row_format::csv, true).error().detail ==
        dir.file("a.csv") + ": line 2 has 1 field, the first row has 2");
}
