#include "weir/data/shards.hpp"

#include <string>

#include "catch.hpp"

TEST_CASE("shards: rules are read as they are written on a command line", "[split]") {
  CHECK(weir::parse_split_rule("stride")->by == weir::deal_by::stride);
  CHECK(weir::parse_split_rule("hash")->field.empty());
  CHECK(weir::parse_split_rule("hash=id")->field == "id");
  CHECK(weir::parse_split_rule("weight=a=b")->field == "a=b");
  for (const char* bad : {"", "strid", "weight", "weight=", "hash=", "stride=x", "block="})
    CHECK(weir::parse_split_rule(bad).error().code == weir::errc::invalid_argument);
}

TEST_CASE("shards: owners are read back, in as few digits as hold the count", "[split][property]") {
  CHECK(weir::owner_width(1) == 1);
  CHECK(weir::owner_width(64) == 1);
  CHECK(weir::owner_width(65) == 2);
  CHECK(weir::owner_width(4096) == 2);
  CHECK(weir::owner_width(4097) == 3);
  for (const std::uint64_t shards : {1U, 10U, 64U, 65U, 4096U, 4097U})
    for (std::uint64_t owner = 0; owner < shards; ++owner) {
      std::string digits;
      weir::append_owner(digits, owner, weir::owner_width(shards));
      CHECK(digits.size() == weir::owner_width(shards));
      CHECK(weir::parse_owner(digits) == owner);
    }
  std::string one;
  weir::append_owner(one, 7, 1);
  CHECK(one == "7");  // a person can read ten shards
  CHECK_FALSE(weir::parse_owner("1\n"));
}

TEST_CASE("shards: turns by block stop where the counted rows do", "[split]") {
  weir::row_turns turns({.by = weir::deal_by::block, .shards = 2});
  turns.restart(3);
  CHECK(turns.next() == 0);
  CHECK(turns.next() == 0);
  CHECK(turns.next() == 1);
  CHECK_FALSE(turns.next());
  turns.restart(1);
  CHECK(turns.next() == 0);
}
