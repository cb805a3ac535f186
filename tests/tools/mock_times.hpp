// What a mock says it did: the figures that a client should have come to, from the mock's log of each event. A loaded
// machine makes the mock late, and its log says so: a test that compares with the log does not depend on the load.
#ifndef WEIR_TESTS_TOOLS_MOCK_TIMES_HPP
#define WEIR_TESTS_TOOLS_MOCK_TIMES_HPP

#include <algorithm>
#include <cstddef>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "bench_run.hpp"
#include "catch.hpp"

/// Of the requests that were answered in whole: medians over requests (TPOT: over choices), means over all gaps, in ms.
struct mock_times {
  double ttft, e2el, tpot_token, itl, itl_token;

  /// \param path  --truth of a mock that has ended.
  explicit mock_times(const std::string& path) {
    std::vector<double> ttfts, e2els, tpots, itls, token_itls;
    for (const auto& line : bench_tests::records(path, "truth")) {
      const auto times = bench_tests::numbers(bench_tests::field(line, "event_t_ns"));
      if (times.empty() || bench_tests::field(line, "status") != "\"ok\"") continue;
      const double accepted = bench_tests::number(line, "t_accept_ns");
      ttfts.push_back((times.front() - accepted) / 1e6), e2els.push_back((times.back() - accepted) / 1e6);
      for (const auto& [choice, events] : by_choice(line, times)) {
        double tokens = 0;
        for (std::size_t i = 1; i < events.size(); ++i) {
          itls.push_back((events[i].ns - events[i - 1].ns) / 1e6);
          token_itls.push_back(itls.back() / events[i].tokens);
          tokens += events[i].tokens;
        }
        tpots.push_back((events.back().ns - events.front().ns) / 1e6 / tokens);
      }
    }
    REQUIRE(!tpots.empty());
    ttft = median(ttfts), e2el = median(e2els), tpot_token = median(tpots), itl = mean(itls),
    itl_token = mean(token_itls);
  }

 private:
  struct event {
    double ns, tokens;
  };
  static std::map<int, std::vector<event>> by_choice(const std::string& line, const std::vector<double>& times) {
    const auto tokens = bench_tests::field(line, "event_tokens"), choices = bench_tests::field(line, "event_choice");
    const auto counts = tokens.empty() ? std::vector<double>(times.size(), 1) : bench_tests::numbers(tokens);
    const auto owners = choices.empty() ? std::vector<double>(times.size(), 0) : bench_tests::numbers(choices);
    std::map<int, std::vector<event>> all;
    for (std::size_t i = 0; i < times.size(); ++i) all[static_cast<int>(owners[i])].push_back({times[i], counts[i]});
    return all;
  }
  static double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
  }
  static double mean(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  }
};

/// A client's span is never shorter than the server's, and longer only by what a loaded machine takes on the way.
inline void near(double value, double truth) {
  CHECK(value >= truth - 0.1);
  CHECK(value < truth * 1.25 + 20);
}

/// A time a token: the server's, but for what the way adds to one event and not to another.
inline void near_token(double value, double truth) {
  CHECK(value == Approx(truth).epsilon(0.25));
}

#endif  // WEIR_TESTS_TOOLS_MOCK_TIMES_HPP
