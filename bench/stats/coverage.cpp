// How often the intervals and verdicts err: simulated queues (M/G/k, so that requests hang together) and simulated runs
// of two systems. Fixed seeds: the same numbers every time. Prints Markdown.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "weir/base/hash.hpp"
#include "weir/report/comparison.hpp"
#include "weir/stats/steady.hpp"

namespace {

double normal(weir::random_stream& random) {
  return std::sqrt(-2 * std::log1p(-random.uniform())) * std::cos(2 * 3.141592653589793 * random.uniform());
}

/// Times in system of `n` requests at a first-come queue with `servers`: Poisson arrivals, lognormal service of mean 1.
std::vector<double> queue(std::size_t n, std::size_t servers, double load, std::uint64_t seed) {
  weir::random_stream random(seed);
  std::vector<double> free(servers, 0), out;
  const std::size_t warm = 2000;
  double now = 0;
  constexpr double sigma = 0.5;
  for (std::size_t i = 0; i < n + warm; ++i) {
    now += random.exponential(1 / (load * static_cast<double>(servers)));
    const auto next = std::ranges::min_element(free);
    const double start = std::max(now, *next), service = std::exp(sigma * normal(random) - sigma * sigma / 2);
    *next = start + service;
    if (i >= warm) out.push_back(*next - now);
  }
  return out;
}

struct truth {
  double mean, p50, p90;
};
truth truth_of(std::size_t servers, double load) {
  auto values = queue(8'000'000, servers, load, 999);
  const double mean = weir::moments_of(values).mean;
  return {mean, weir::percentile_figure(50)(values), weir::percentile_figure(90)(values)};
}

void coverage(std::size_t servers, double load, std::size_t n, int runs) {
  const truth t = truth_of(servers, load);
  int mean = 0, p50 = 0, p90 = 0;
  double effective = 0;
  for (int i = 0; i < runs; ++i) {
    const auto values = queue(n, servers, load, 1 + static_cast<std::uint64_t>(i));
    const auto covers = [](const auto& interval, double value) {
      return interval && interval->low <= value && value <= interval->high;
    };
    mean += covers(weir::section_interval(values, weir::mean_figure()), t.mean);
    p50 += covers(weir::section_interval(values, weir::percentile_figure(50)), t.p50);
    p90 += covers(weir::section_interval(values, weir::percentile_figure(90)), t.p90);
    if (i < 50) effective += weir::effective_samples(values) / 50;
  }
  const double all = 0.01 * runs;
  std::printf("| M/G/%zu, load %.2f, %zu requests | %.0f | %.1f | %.1f | %.1f |\n", servers, load, n, effective,
              mean / all, p50 / all, p90 / all);
}

std::vector<weir::measured_run> runs_of(weir::random_stream& random, std::size_t count, double factor) {
  std::vector<weir::measured_run> out;
  for (std::size_t i = 0; i < count; ++i) {
    weir::measured_run run;
    for (const auto* name : {"a_p50_ms", "b_p50_ms", "c_p50_ms", "d_p50_ms"})
      run.figures[name] = 100 * std::exp(0.02 * normal(random)) * (name[0] == 'a' ? factor : 1);
    out.push_back(std::move(run));
  }
  return out;
}

/// Of how many comparisons, in %, the verdict is `better` or `worse`; of the first metric, and of any.
void verdicts(const char* what, std::size_t count, double factor, std::vector<std::string> metrics, int rounds) {
  weir::random_stream random(17);
  int first = 0, any = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto all = weir::compare(runs_of(random, count, 1), runs_of(random, count, factor), {.metrics = metrics});
    const auto called = [](const auto& m) {
      return m.verdict == weir::ab_verdict::better || m.verdict == weir::ab_verdict::worse;
    };
    first += called(all.front());
    any += std::ranges::any_of(all, called);
  }
  std::printf("| %s | %zu | %zu | %.1f | %.1f |\n", what, count, metrics.size(), 100.0 * first / rounds,
              100.0 * any / rounds);
}

}  // namespace

int main() {
  std::printf("| queue | effective samples | mean, %% covered | p50 | p90 |\n|---|---|---|---|---|\n");
  coverage(1, 0.5, 20000, 2000);
  coverage(8, 0.7, 20000, 2000);
  coverage(64, 0.8, 20000, 2000);
  coverage(8, 0.7, 4000, 2000);
  std::printf(
      "\n| comparison, runs scatter by 2 %% | runs a side | metrics | first metric called, %% | any metric called, %% "
      "|\n|---|---|---|---|---|\n");
  const std::vector<std::string> one{"a_p50_ms"}, four{"a_p50_ms", "b_p50_ms", "c_p50_ms", "d_p50_ms"};
  verdicts("no change (A/A)", 10, 1, one, 4000);
  verdicts("no change (A/A)", 12, 1, four, 4000);
  verdicts("no change (A/A)", 5, 1, four, 4000);
  verdicts("3 % slower", 10, 1.03, one, 4000);
  verdicts("3 % slower", 12, 1.03, four, 4000);
  verdicts("3 % slower", 5, 1.03, one, 4000);
}
