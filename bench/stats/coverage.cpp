// How often the intervals and verdicts err: simulated queues (M/G/k, so that requests hang together) and simulated runs
// of two systems. Fixed seeds: the same numbers every time. Prints Markdown.
//
//   coverage [RUNS [queues|stops|verdicts [ROW]]]    ROW: of its rows the one (of queues: the queue) alone, from 0
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <queue>
#include <span>
#include <string>
#include <vector>

#include "weir/base/hash.hpp"
#include "weir/report/comparison.hpp"
#include "weir/stats/run_interval.hpp"
#include "weir/stats/steady.hpp"

namespace {

double normal(weir::random_stream& random) {
  return std::sqrt(-2 * std::log1p(-random.uniform())) * std::cos(2 * 3.141592653589793 * random.uniform());
}

/// A first-come queue: so many servers, Poisson arrivals, lognormal service of mean 1 (coefficient of variation 0.53,
/// or 1.31 where sigma is 1).
struct queue {
  std::size_t servers;
  double load, sigma = 0.5;
};

double service_of(const queue& q, weir::random_stream& random) {
  return std::exp(q.sigma * normal(random) - q.sigma * q.sigma / 2);
}

/// Of the first run of a row, the next one has the next. Not those with which the gates of stats/swings.hpp and
/// stats/run_interval.hpp were chosen.
constexpr std::uint64_t first_seed = 1'700'001;

/// Times in system of `n` requests, the first of which comes after `warm` others.
std::vector<double> times_in(const queue& q, std::size_t n, std::uint64_t seed, std::size_t warm) {
  weir::random_stream random(seed);
  std::priority_queue<double, std::vector<double>, std::greater<>> free;  // when each server is free again
  for (std::size_t i = 0; i < q.servers; ++i) free.push(0);
  std::vector<double> out;
  double now = 0;
  for (std::size_t i = 0; i < n + warm; ++i) {
    now += random.exponential(1 / (q.load * static_cast<double>(q.servers)));
    const double start = std::max(now, free.top()), service = service_of(q, random);
    free.pop();
    free.push(start + service);
    if (i >= warm) out.push_back(start + service - now);
  }
  return out;
}
/// After how many requests it has forgotten that it was empty: ten times the longest memory of M/M/k, and ten services.
std::size_t memory_of(const queue& q) {
  const double root = 1 - std::sqrt(q.load);
  return static_cast<std::size_t>(10 * q.load / (root * root) + 10 * static_cast<double>(q.servers));
}

/// What is asked of a run, by its name and its percentile; 0 is the mean.
constexpr std::array asked{0.0, 50.0, 90.0, 99.0};

/// What a run of an open loop at that queue says of itself: as weir-summarize --steady and weir-bench --until do.
weir::steady_run estimate_of(const queue& q, std::span<const double> values, double p) {
  const double at_once = weir::moments_of(values).mean * q.load * static_cast<double>(q.servers);  // Little
  return weir::steady_estimate(values, p, at_once);
}
/// The truth: of a run of 8,000,000 requests.
std::array<double, asked.size()> truth_of(const queue& q) {
  auto values = times_in(q, 8'000'000, 999, memory_of(q));
  std::array<double, asked.size()> out{weir::moments_of(values).mean};
  std::ranges::sort(values);
  for (std::size_t i = 1; i < asked.size(); ++i) out[i] = weir::percentile(values, asked[i]);
  return out;
}
bool covers(const weir::run_estimate& e, double truth) {
  return e.interval && e.interval->low <= truth && truth <= e.interval->high;
}

/// Of how many runs an interval is given, in %, and of how many of those it holds the truth.
/// \param empty  the runs begin with an empty queue, and MSER-5 has to find the end of the warm-up.
void coverage(const queue& q, const std::vector<std::size_t>& lengths, int runs, bool empty = false) {
  const auto truth = truth_of(q);
  for (const std::size_t n : lengths) {
    std::array<int, asked.size()> given{}, held{};
    double effective = 0;
    for (int i = 0; i < runs; ++i) {
      const auto values = times_in(q, n, first_seed + static_cast<std::uint64_t>(i), empty ? 0 : memory_of(q));
      for (std::size_t k = 0; k < asked.size(); ++k) {
        const auto e = estimate_of(q, values, asked[k]).estimate;
        given[k] += e.interval.has_value();
        held[k] += covers(e, truth[k]);
        if (k == 0) effective += e.effective / runs;
      }
    }
    std::printf("| M/G/%zu, load %.2f%s%s | %zu | %.0f |", q.servers, q.load, q.sigma > 0.5 ? ", varied service" : "",
                empty ? ", from empty" : "", n, effective);
    for (std::size_t k = 0; k < asked.size(); ++k)
      given[k] == 0 ? std::printf(" none |")
                    : std::printf(" %.1f (%.1f) |", 100.0 * held[k] / given[k], 100.0 * given[k] / runs);
    std::printf("\n");
    std::fflush(stdout);
  }
}

/// A run that ends as soon as the p-th percentile is known to `share`, looked at as weir-bench --until does.
void stopping(const queue& q, double p, double share, std::size_t most, int runs) {
  const auto truth = truth_of(q)[static_cast<std::size_t>(std::ranges::find(asked, p) - asked.begin())];
  int stopped = 0, held = 0;
  double length = 0;
  for (int i = 0; i < runs; ++i) {
    const auto values = times_in(q, most, first_seed + static_cast<std::uint64_t>(i), memory_of(q));
    for (std::size_t n = weir::first_look; n <= most; n = weir::next_look(n)) {
      const auto e = estimate_of(q, std::span(values).first(n), p);
      if (!e.estimate.within(share)) continue;
      ++stopped, held += covers(e.estimate, truth), length += static_cast<double>(n);
      break;
    }
  }
  std::printf("| M/G/%zu, load %.2f | p%.0f to %.0f %% | %.0f | %.0f | %.1f |\n", q.servers, q.load, p, 100 * share,
              100.0 * stopped / runs, length / std::max(stopped, 1), 100.0 * held / std::max(stopped, 1));
  std::fflush(stdout);
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

void header(const char* columns) {
  std::printf("\n%s\n|", columns);
  for (const char* c = columns + 1; *c != 0; ++c)
    if (*c == '|') std::printf("---|");
  std::printf("\n");
}

/// All rows, or the one that was asked for.
void each(const std::vector<std::function<void()>>& rows, int row) {
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (row < 0 || i == static_cast<std::size_t>(row)) rows[i]();
}
void all_queues(int runs, int row) {
  header("| queue | requests | effective | mean | p50 | p90 | p99 |");
  each({[=] { coverage({1, 0.5}, {1000, 4000, 20000}, runs); }, [=] { coverage({8, 0.7}, {4000, 20000}, runs); },
        [=] { coverage({8, 0.8}, {4000, 20000}, runs); }, [=] { coverage({64, 0.8}, {4000, 20000}, runs); },
        [=] { coverage({8, 0.9}, {4000, 20000}, runs); }, [=] { coverage({8, 0.9}, {100000}, runs); },
        [=] { coverage({64, 0.95}, {4000, 14000, 20000}, runs); }, [=] { coverage({64, 0.95}, {100000}, runs); },
        [=] { coverage({8, 0.7}, {4000}, runs, true); }, [=] { coverage({8, 0.9}, {20000}, runs, true); },
        [=] { coverage({4, 0.6, 1}, {4000, 20000}, runs); }, [=] { coverage({16, 0.75}, {4000, 20000}, runs); }},
       row);
}
void all_stops(int runs, int row) {
  header("| queue | until | stopped, % | after requests | truth held, % |");
  each({[=] { stopping({1, 0.5}, 90, 0.05, 100000, runs); }, [=] { stopping({8, 0.7}, 50, 0.05, 100000, runs); },
        [=] { stopping({8, 0.7}, 99, 0.05, 100000, runs); }, [=] { stopping({64, 0.8}, 99, 0.05, 100000, runs); }},
       row);
}
void all_verdicts(int rounds, int row) {
  header("| truth | runs a side | metrics | first called, % | any called, % |");
  const std::vector<std::string> one{"a_p50_ms"}, four{"a_p50_ms", "b_p50_ms", "c_p50_ms", "d_p50_ms"};
  each({[=] { verdicts("no change (A/A)", 10, 1, one, rounds); },
        [=] { verdicts("no change (A/A)", 12, 1, four, rounds); },
        [=] { verdicts("no change (A/A)", 5, 1, four, rounds); },
        [=] { verdicts("first 3 % slower", 10, 1.03, one, rounds); },
        [=] { verdicts("first 3 % slower", 12, 1.03, four, rounds); },
        [=] { verdicts("first 3 % slower", 5, 1.03, one, rounds); }},
       row);
}

}  // namespace

int main(int argc, char** argv) {
  const int runs = argc > 1 ? std::atoi(argv[1]) : 2000;
  const std::string part = argc > 2 ? argv[2] : "all";
  const int row = argc > 3 ? std::atoi(argv[3]) : -1;
  if (part == "all" || part == "queues") all_queues(runs, row);
  if (part == "all" || part == "stops") all_stops(runs, row);
  if (part == "all" || part == "verdicts") all_verdicts(10 * runs, row);
}
