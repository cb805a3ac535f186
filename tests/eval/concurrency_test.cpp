// The search for a concurrency against simulated servers: what it finds there, in how many questions.
#include "weir/eval/concurrency.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "simulated_server.hpp"

namespace {

using simulated::run;
using simulated::with_curve;
using simulated::with_places;

/// Of what `places` requests at once bring.
double share(const simulated::outcome& o, std::size_t places) {
  return static_cast<double>(std::min(o.limit, places)) / static_cast<double>(places);
}
weir::concurrency_options within(double ttft_s) {
  return {.max_ttft_ns = static_cast<std::int64_t>(ttft_s * 1e9)};
}

}  // namespace

TEST_CASE("concurrency_search: within 20 % of the best of servers with places, in a tenth of 1,346 questions",
          "[eval]") {
  for (const std::size_t places : {1U, 2U, 3U, 5U, 8U, 12U, 16U, 24U, 32U, 48U, 64U}) {
    const auto o = run(with_places(places), 1346);
    CAPTURE(places, o.limit, o.asked, o.tried_later, o.reason);
    CHECK(share(o, places) >= 0.8);
    CHECK(o.limit <= std::max<std::size_t>(24, 4 * places));  // more would only queue
    // Waves of answers that come back out of step take a few more than the power of two does.
    CHECK(o.asked <= (std::has_single_bit(places) ? 134U : 160U));
    CHECK(o.wall_s <= 1.2 * 1346 / static_cast<double>(places));
  }
}

TEST_CASE("concurrency_search: goes on to more places than a tenth of the questions can show", "[eval]") {
  for (const std::size_t places : {100U, 128U, 200U, 256U}) {
    const auto o = run(with_places(places), 1346);
    CAPTURE(places, o.limit, o.reason);
    CHECK(o.limit >= places * 8 / 10);
    CHECK(o.wall_s <= 2 * 1346 / static_cast<double>(places));
  }
}

TEST_CASE("concurrency_search: answers that take longer or shorter by chance do not mislead it", "[eval]") {
  for (const std::size_t places : {1U, 8U, 16U, 32U, 64U, 128U}) {
    double sum = 0;
    int near = 0;
    for (unsigned seed = 1; seed <= 20; ++seed) {
      auto server = with_places(places);
      server.tokens_vary = 0.8, server.time_varies = 0.3;
      const auto o = run(server, 1346, {}, seed);
      sum += share(o, places) / 20;
      near += share(o, places) >= 0.8 ? 1 : 0;
    }
    CAPTURE(places, sum, near);
    CHECK(sum >= 0.95);
    CHECK(near >= 18);
  }
}

TEST_CASE("concurrency_search: a server without places, whose speed falls with each request, is used to 80 %",
          "[eval]") {
  for (const double half : {4.0, 16.0, 64.0}) {
    const auto o = run(with_curve(half), 14042);
    const auto rate = [&](std::size_t n) { return static_cast<double>(n) / (1 + static_cast<double>(n) / half); };
    CAPTURE(half, o.limit, o.reason);
    CHECK(rate(o.limit) >= 0.8 * rate(4096));
  }
}

TEST_CASE("concurrency_search: goes back where more brings less", "[eval]") {
  for (const double peak : {16.0, 64.0}) {
    simulated::server thrashes;
    thrashes.speed = [peak](std::size_t n) { return 1 / (1 + std::pow(static_cast<double>(n) / peak, 2)); };
    const auto o = run(thrashes, 1346);
    const auto rate = [&](std::size_t n) { return static_cast<double>(n) * thrashes.speed(n); };
    CAPTURE(peak, o.limit, o.reason);
    CHECK(rate(o.limit) >= 0.8 * rate(static_cast<std::size_t>(peak)));
  }
}

TEST_CASE("concurrency_search: forty questions are asked in at most twice the time of the best concurrency", "[eval]") {
  for (const std::size_t places : {1U, 2U, 4U, 8U, 16U}) {
    const auto o = run(with_places(places), 40);
    CAPTURE(places, o.limit, o.reason);
    CHECK(o.wall_s <= 2 * std::ceil(40 / static_cast<double>(places)));
  }
}

TEST_CASE("concurrency_search: a limit for the first token holds for 99 of 100 questions", "[eval]") {
  for (const double limit_s : {0.3, 0.8})
    for (const std::size_t questions : {1346U, 14042U})
      for (const std::size_t places : {1U, 5U, 8U, 16U, 32U, 64U}) {
        const auto o = run(with_places(places), questions, within(limit_s));
        CAPTURE(limit_s, questions, places, o.limit, o.asked, o.reason);
        CHECK(o.slow <= 0.01);
        CHECK(share(o, places) >= 0.8);
      }
}

TEST_CASE("concurrency_search: a limit that no concurrency keeps brings it down to one request", "[eval]") {
  const auto o = run(with_places(8), 1346, within(0.05));
  CHECK(o.limit == 1);
  CHECK(o.reason.starts_with("with 1 a first token took 100 ms, the limit is 50 ms"));
}

TEST_CASE("concurrency_search: what a server says of its queue is believed", "[eval]") {
  for (const std::size_t places : {1U, 8U, 16U, 32U, 64U, 256U}) {
    auto server = with_places(places);
    server.speaks = true;
    const auto o = run(server, 1346);
    CAPTURE(places, o.limit, o.reason);
    CHECK(o.limit == places);
  }
}

TEST_CASE("concurrency_search: goes back where the server refuses", "[eval]") {
  for (const std::size_t places : {8U, 64U}) {
    auto server = with_places(places);
    server.refuses_above = places;
    const auto o = run(server, 1346);
    CAPTURE(places, o.limit, o.reason);
    CHECK(o.limit == places);
    CHECK(o.reason.starts_with("the server refused one more than " + std::to_string(places)));
    CHECK(o.refused <= 1);
  }
}

TEST_CASE("concurrency_search: a server that refused all for a while is used again", "[eval]") {
  simulated::server restarts = with_places(16);
  restarts.refuses_all = [](std::size_t asked) { return asked >= 500 && asked < 520; };
  const auto o = run(restarts, 14042);
  CAPTURE(o.limit, o.reason);
  CHECK(o.limit >= 8);
  CHECK(o.refused == 20);
}

TEST_CASE("concurrency_search: requests that fail neither stop it nor count", "[eval]") {
  auto server = with_places(16);
  server.fails = 0.3;
  const auto o = run(server, 1346);
  CAPTURE(o.limit, o.reason);
  CHECK(o.limit >= 13);
  server.fails = 1;
  CHECK(run(server, 1346).limit == 4);
}

TEST_CASE("concurrency_search: a server that gets more places is used in the end", "[eval]") {
  simulated::server grows;
  grows.places = [](std::size_t asked) -> std::size_t { return asked < 2000 ? 8 : 32; };
  const auto o = run(grows, 14042);
  CAPTURE(o.limit, o.reason);
  CHECK(o.limit >= 26);
  CHECK(o.tried_later < 1404);
}

TEST_CASE("concurrency_search: where first tokens come late all of a sudden, less is sent", "[eval]") {
  simulated::server shrinks;
  shrinks.places = [](std::size_t asked) -> std::size_t { return asked < 2000 ? 32 : 8; };
  const auto o = run(shrinks, 14042, within(0.5));
  CAPTURE(o.limit, o.reason, o.slow);
  CHECK(o.limit <= 12);
  CHECK(o.slow <= 0.02);
}

TEST_CASE("concurrency_search: queues and cache count once servers say it three times", "[eval]") {
  const double unknown = std::numeric_limits<double>::quiet_NaN();
  const auto filled = [] {
    weir::concurrency_search search({});
    for (int i = 0; i < 4; ++i) (void)search.sent(i);
    return search;
  };
  auto search = filled();
  search.hear(2, 2, unknown);
  search.hear(2, 2, unknown);
  search.hear(4, 0, unknown);  // a moment's queue
  search.hear(2, 2, unknown);
  search.hear(1, 3, unknown);
  CHECK(search.limit() == 4);
  search.hear(2, 2, unknown);
  CHECK(search.limit() == 2);
  CHECK(search.reason() == "of 4 the servers work on 2.0 at once and queue the rest");
  // Of three choices a request: 6 of 12 sequences in work are 2 of 4 requests.
  auto choices = filled();
  for (int i = 0; i < 3; ++i) choices.hear(6, 6, unknown);
  CHECK(choices.limit() == 2);
  auto full = filled();
  for (int i = 0; i < 3; ++i) full.hear(4, 0, 0.97);
  CHECK(full.limit() == 2);
  CHECK(full.reason() == "with 4 the servers' cache is full");
  auto easy = filled();
  for (int i = 0; i < 100; ++i) easy.hear(15, 1, 0.5), easy.hear(unknown, unknown, unknown);
  CHECK(easy.limit() == 4);
}

TEST_CASE("concurrency_search: a number that is asked for stays", "[eval]") {
  weir::concurrency_search search({.fixed = 7});
  const auto mark = search.sent(0);
  search.first_token(mark, 1);
  for (int i = 0; i < 9; ++i) search.hear(1, 6, 1);
  search.ended(mark, 2, {.ok = false, .refused = true, .tokens = weir::unmeasured});
  CHECK(search.limit() == 7);
  CHECK(search.fixed());
  CHECK(search.asked() == 0);
  CHECK(search.tried_later() == 0);
  CHECK(search.reason() == "as asked for");
}
