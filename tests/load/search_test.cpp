#include "weir/load/search.hpp"

#include <cmath>
#include <string>

#include "catch.hpp"
#include "weir/base/hash.hpp"

using weir::load_search, weir::load_state, weir::trust;

namespace {

/// Drives a search against a server that keeps its goals up to `limit`, with `n` requests a probe.
load_search driven(double limit, weir::search_options options, std::uint64_t n = 1000) {
  load_search search(options);
  while (const auto load = search.next()) {
    const bool ok = *load <= limit;
    search.add({.load = *load, .good = ok ? n : n / 2, .sent = n, .per_s = *load});
  }
  return search;
}

}  // namespace

TEST_CASE("search: finds the limit of a server to the precision asked for, from either side", "[load][property]") {
  const auto limit = GENERATE(0.05, 0.9, 1.0, 7.3, 100.0, 4096.0);
  const auto start = GENERATE(0.5, 1.0, 64.0);
  CAPTURE(limit, start);
  const auto search = driven(limit, {.start = start, .precision = 0.05, .probes = 60});
  const auto found = search.answer();
  REQUIRE(found);
  CHECK(found->load <= limit);
  CHECK(found->load * 1.05 >= limit * 0.999);
  CHECK(search.missing().empty());
}

TEST_CASE("search: what it returns was shown: a share at the target itself is not enough", "[load]") {
  load_search search({.target = 0.99});
  // Wilson's lower bound, one-sided 95 %, by hand: 990 of 1000 gives 0.9837; 268 of 268 gives 0.99000; 267 of 267
  // 0.98997.
  CHECK(search.state_of({.load = 1, .good = 990, .sent = 1000}) == load_state::unsettled);
  CHECK(search.state_of({.load = 1, .good = 268, .sent = 268}) == load_state::held);
  CHECK(search.state_of({.load = 1, .good = 267, .sent = 267}) == load_state::unsettled);
  CHECK(search.state_of({.load = 1, .good = 970, .sent = 1000}) == load_state::failed);
  CHECK(search.state_of({.load = 1, .good = 0, .sent = 0}) == load_state::unsettled);
  CHECK(weir::search_options{.target = 0.99}.fewest_requests() == 268);
  CHECK(weir::search_options{.target = 0.5}.fewest_requests() == 3);
}

TEST_CASE("search: a load that shows neither is tried again with its requests added up, three times in all", "[load]") {
  load_search search({.target = 0.99, .start = 8});
  for (int i = 0; i < 3; ++i) {
    REQUIRE(search.next() == 8);
    search.add({.load = 8, .good = 100, .sent = 100});
  }
  CHECK(search.answer()->sent == 300);  // 300 of 300 shows 99 %, 100 of 100 did not
  CHECK(search.next() == 16);

  load_search doubtful({.target = 0.99, .start = 8});
  for (int i = 0; i < 3; ++i) doubtful.add({.load = 8, .good = 99, .sent = 100});
  CHECK(doubtful.next() == 4);
  CHECK_FALSE(doubtful.answer());
  CHECK(doubtful.missing().find("more requests") != std::string::npos);
}

TEST_CASE("search: a load that the client could not make is no limit of the server", "[load]") {
  load_search search({.start = 1});
  search.add({.load = 1, .good = 1000, .sent = 1000});
  search.add({.load = 2, .good = 1000, .sent = 1000, .level = trust::invalid});
  CHECK(search.answer()->load == 1);
  CHECK(search.missing().find("INVALID") != std::string::npos);
}

TEST_CASE("search: a load that held above one that failed is no answer", "[load]") {
  load_search search({.start = 1, .precision = 1});
  search.add({.load = 1, .good = 1000, .sent = 1000});
  search.add({.load = 2, .good = 10, .sent = 1000});
  search.add({.load = 4, .good = 1000, .sent = 1000});
  CHECK(search.answer()->load == 1);
}

TEST_CASE("search: going on from kept probes is the same search", "[load][property]") {
  const auto whole = driven(37, {.start = 1, .probes = 40});
  for (std::size_t kept = 0; kept < whole.probes().size(); ++kept) {
    load_search again({.start = 1, .probes = 40});
    for (std::size_t i = 0; i < kept; ++i) again.add(whole.probes()[i]);
    CHECK(again.next() == whole.probes()[kept].load);
  }
}

TEST_CASE("search: ends, whatever the probes say", "[load][property]") {
  weir::random_stream random(11);
  for (int round = 0; round < 200; ++round) {
    load_search search({.start = 10, .probes = 24});
    while (const auto load = search.next()) {
      REQUIRE(std::isfinite(*load));
      REQUIRE(*load > 0);
      search.add({.load = *load, .good = random.below(301), .sent = 300, .level = static_cast<trust>(random.below(3))});
    }
    CHECK(search.probes().size() <= 24);
  }
}

TEST_CASE("search: options out of range are refused", "[load]") {
  CHECK_FALSE(weir::search_options{.target = 1}.check());
  CHECK_FALSE(weir::search_options{.start = 0}.check());
  CHECK_FALSE(weir::search_options{.precision = 0}.check());
  CHECK_FALSE(weir::search_options{.probes = 0}.check());
  CHECK(weir::search_options{}.check());
}
