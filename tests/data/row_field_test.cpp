#include "weir/data/row_field.hpp"

#include <string>

#include "catch.hpp"

TEST_CASE("row_field: a column is found by name behind mark, quotes and CRLF", "[split]") {
  weir::row_field field("b");
  REQUIRE(field.begin_file(weir::row_format::csv, "\xEF\xBB\xBF\"b\",a\r\n"));
  CHECK(*field("\"x,\"\"y\"\"\",2") == "x,\"y\"");
  REQUIRE(field.begin_file(weir::row_format::csv, "a,b\r\n"));
  CHECK(*field("1,2\r") == "2");
  CHECK(field.begin_file(weir::row_format::csv, "a,c\n").error().code == weir::errc::not_found);
  CHECK(field.begin_file(weir::row_format::csv, "").error().code == weir::errc::invalid_argument);
  CHECK(field.begin_file(weir::row_format::lines, "").error().code == weir::errc::invalid_argument);
}

TEST_CASE("row_field: a JSON field is its text, a number as it is written; null and none are told of", "[split]") {
  weir::row_field field("w");
  REQUIRE(field.begin_file(weir::row_format::jsonl, ""));
  CHECK(*field(R"({"a":{"w":1},"w":"x\ny"})") == "x\ny");
  CHECK(*field("{\"w\": 1.50 }\r") == "1.50");
  CHECK(field(R"({"a":1})").error().code == weir::errc::not_found);
  CHECK(field(R"({"w":null})").error().code == weir::errc::not_found);
  CHECK(field(R"({"w":[1]})").error().code == weir::errc::parse);
  CHECK(field(R"({"w":1)").error().code == weir::errc::parse);
  CHECK(field("").error().code == weir::errc::parse);
}
