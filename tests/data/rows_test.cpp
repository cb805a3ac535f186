#include "weir/data/rows.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <range/v3/range/conversion.hpp>
#include <range/v3/view/drop.hpp>
#include <range/v3/view/stride.hpp>
#include <range/v3/view/transform.hpp>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "weir/base/hash.hpp"

namespace {

using memory_rows = weir::basic_row_reader<weir::line_scanner, weir::memory_source>;
using strings = std::vector<std::string>;

strings rows_of(memory_rows& reader) {
  strings rows;
  for (std::string_view row; reader.next(row);) rows.emplace_back(row);
  return rows;
}
strings rows_of(std::string_view bytes, std::size_t window = 4096, std::size_t step = 4096) {
  memory_rows reader(weir::memory_source(bytes, step), {window, weir::any_length});
  return rows_of(reader);
}
/// The rows by a way that shares nothing with the reader.
strings lines_of(std::string_view bytes) {
  strings rows;
  std::string row;
  for (const char c : bytes) {
    if (c == '\n') {
      rows.push_back(row);
      row.clear();
    } else {
      row += c;
    }
  }
  if (!row.empty()) rows.push_back(row);
  return rows;
}

}  // namespace

TEST_CASE("rows: a row ends at a newline, and only a last row may lack it", "[rows]") {
  CHECK(rows_of("").empty());
  CHECK(rows_of("\n") == strings{""});
  CHECK(rows_of("a") == strings{"a"});
  CHECK(rows_of("a\n") == strings{"a"});
  CHECK(rows_of("a\n\nb") == strings{"a", "", "b"});
}

TEST_CASE("rows: CR, NUL and bytes that are not UTF-8 pass untouched", "[rows]") {
  const std::string bytes("a\r\n\0\xFF\n\xC3\r", 8);
  CHECK(rows_of(bytes) == strings{"a\r", std::string("\0\xFF", 2), "\xC3\r"});
}

TEST_CASE("rows: neither the window's size nor the cuts of the stream change the rows", "[rows][property]") {
  weir::random_stream random(7);
  for (int round = 0; round < 200; ++round) {
    std::string bytes;
    const auto size = random.below(60);
    for (std::uint64_t i = 0; i < size; ++i) bytes += "ab\n\r\0\n"[random.below(6)];
    for (const std::size_t window : {1U, 2U, 3U, 7U, 64U})
      for (const std::size_t step : {1U, 2U, 5U, 100U}) {
        CAPTURE(bytes, window, step);
        CHECK(rows_of(bytes, window, step) == lines_of(bytes));
      }
  }
}

TEST_CASE("rows: pieces put together are the stream, and every row is visited", "[rows][property]") {
  const std::string bytes = "first\n\nthe third is longer than the window\nlast without end";
  for (const std::size_t window : {1U, 4U, 16U, 256U}) {
    CAPTURE(window);
    memory_rows reader(weir::memory_source(bytes, 5), {window, 1});  // the bound is for held rows only
    std::string joined;
    std::size_t rows = 0;
    while (reader.advance()) {
      CHECK(reader.line() == ++rows);
      CHECK(reader.offset() == joined.size());
      CHECK(reader.pieces([&](std::string_view piece) { joined += piece; }));
    }
    CHECK(reader.status());
    CHECK_FALSE(reader.terminated());
    CHECK(joined == bytes);
    CHECK(rows == 4);
  }
}

TEST_CASE("rows: a row that nobody read is skipped", "[rows]") {
  memory_rows reader(weir::memory_source("skipped and long\nheld\nhalf held and then skipped\nlast\n"), {4, 100});
  REQUIRE(reader.advance());
  std::string_view row;
  REQUIRE(reader.next(row));
  CHECK(row == "held");
  REQUIRE(reader.next());
  REQUIRE(reader.next(row));
  CHECK(row == "last");
  CHECK(reader.line() == 4);
  CHECK_FALSE(reader.next(row));
  CHECK_FALSE(reader.next(row));
}

TEST_CASE("rows: a byte order mark belongs to no row, wherever it is cut", "[rows]") {
  for (const std::size_t step : {1U, 2U, 3U, 100U}) {
    CAPTURE(step);
    memory_rows reader(weir::memory_source("\xEF\xBB\xBF{}\n\xEF\xBB\xBFx\n", step), {2, 100});
    CHECK(rows_of(reader) == strings{"{}", "\xEF\xBB\xBFx"});
    CHECK(reader.bom() == "\xEF\xBB\xBF");
    CHECK(reader.offset() == 6);
    memory_rows broken(
        weir::memory_source("\xEF\xBB"
                            "a\n",
                            step));
    CHECK(rows_of(broken) == strings{"\xEF\xBB"
                                     "a"});
    CHECK(broken.bom().empty());
  }
  CHECK(rows_of("\xEF\xBB\xBF").empty());
  CHECK(rows_of("\xEF\xBB") == strings{"\xEF\xBB"});
}

TEST_CASE("rows: a row above the bound is refused by its line number, one at the bound is not", "[rows]") {
  memory_rows reader(weir::memory_source("12345678\n123456789\nx\n"), {2, 8});
  std::string_view row;
  CHECK(reader.next(row));
  CHECK_FALSE(reader.next(row));
  REQUIRE_FALSE(reader.status());
  CHECK(reader.status().error().code == weir::errc::limit);
  CHECK(reader.status().error().detail == "line 2 is longer than 8 bytes");
  CHECK_FALSE(reader.next(row));
}

TEST_CASE("rows: the bytes after a row may be read", "[rows]") {
  const std::string bytes(5000, 'x');
  memory_rows reader(weir::memory_source(bytes, 77), {64, weir::any_length});
  std::string_view row;
  REQUIRE(reader.next(row));
  REQUIRE(row == bytes);
  unsigned sum = 0;  // AddressSanitizer watches
  for (std::size_t i = 0; i < weir::row_padding; ++i) sum += static_cast<unsigned char>(row.data()[row.size() + i]);
  CHECK(sum < 256 * weir::row_padding);
}

TEST_CASE("rows: a range-v3 pipeline reads no further than it is asked", "[rows]") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const weir::unique_fd out(ends[0]);
  weir::unique_fd in(ends[1]);
  REQUIRE(::write(in.get(), "0\n1\n2\n3\n4", 9) == 9);
  weir::row_reader reader(out.get());
  auto mine = reader | ranges::views::drop(1) | ranges::views::stride(2);
  auto at = mine.begin();  // the pipe is still open: waiting for its end would hang here
  CHECK(*at == "1");
  ++at;
  CHECK(*at == "3");
  in = weir::unique_fd();
  ++at;
  CHECK(at == mine.end());
  CHECK(reader.status());
}

TEST_CASE("rows: a missing file and a directory are told apart", "[rows]") {
  CHECK(weir::open_rows("/nonexistent/x").error().code == weir::errc::not_found);
  const auto directory = weir::open_rows("/");
  REQUIRE_FALSE(directory);
  CHECK(directory.error().detail == "/ is a directory, not a file");
}

TEST_CASE("rows: a descriptor that cannot be read is a failure, not an empty file", "[rows]") {
  const weir::unique_fd directory(::open("/", O_RDONLY));
  weir::row_reader reader(directory.get());
  CHECK_FALSE(reader.next());
  REQUIRE_FALSE(reader.status());
  CHECK(reader.status().error().code == weir::errc::io);
}
