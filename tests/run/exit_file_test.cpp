#include "weir/run/exit_file.hpp"

#include "catch.hpp"
#include "serve/scratch.hpp"

TEST_CASE("exit file: a status counts for the job that wrote it, and for no other", "[run]") {
  CHECK(weir::parse_exit_file("0 17\n", "17") == 0);
  CHECK(weir::parse_exit_file("143 17_3\n", "17_3") == 143);
  CHECK(weir::parse_exit_file("5 17_3\n", "") == 5);
  CHECK_FALSE(weir::parse_exit_file("0 17\n", "18"));
  CHECK_FALSE(weir::parse_exit_file("0 17_3\n", "17"));
}

TEST_CASE("exit file: half a line is no status", "[run]") {
  for (const char* text : {"", "0", "0 17", "\n", "x 17\n", "1x 17\n", " \n"}) {
    CAPTURE(text);
    CHECK_FALSE(weir::parse_exit_file(text, "17"));
  }
}

TEST_CASE("exit file: what was written is read again, also over an older one", "[run]") {
  const test::scratch here;
  const auto file = here.path("status");
  CHECK_FALSE(weir::read_exit_file(file, ""));
  REQUIRE(weir::write_exit_file(file, 3, "1"));
  CHECK(weir::read_exit_file(file, "1") == 3);
  REQUIRE(weir::write_exit_file(file, 0, "2"));
  CHECK_FALSE(weir::read_exit_file(file, "1"));
  CHECK(weir::read_exit_file(file, "2") == 0);
  CHECK(test::text_of(file) == "0 2\n");
}
