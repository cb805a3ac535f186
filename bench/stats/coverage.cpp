// How often the intervals and verdicts err: simulated queues (so that requests hang together) and simulated runs
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

/// Times of service, all of mean 1. Coefficients of variation: 0.53, 1.31, 1, 0, 1.05.
enum class service { lognormal, varied, exponential, fixed, short_and_long };
constexpr std::array law_names{"", ", varied service", ", exponential service", ", fixed service",
                               ", short and long service"};

double time_of(service law, weir::random_stream& random) {
  const auto lognormal = [&](double sigma) { return std::exp(sigma * normal(random) - sigma * sigma / 2); };
  switch (law) {
    case service::lognormal:
      return lognormal(0.5);
    case service::varied:
      return lognormal(1);
    case service::exponential:
      return random.exponential(1);
    case service::fixed:
      return 1;
    case service::short_and_long:  // four answers of five are short
      return (random.uniform() < 0.8 ? 0.5 : 3) * lognormal(0.3);
  }
  return 0;
}

/// A first-come queue: so many servers, Poisson arrivals or those of so many clients that ask again at once.
struct queue {
  std::size_t servers;
  double load;  ///< Of a queue with clients: 1.
  service law = service::lognormal;
  std::size_t clients = 0;  ///< 0: an open loop.
  bool bursts = false;      ///< The rate is 0.7 or 1.3 times its mean, for 20 services in the mean.
};
std::string name_of(const queue& q) {
  char text[100];
  const auto law = law_names[static_cast<std::size_t>(q.law)];
  q.clients > 0 ? std::snprintf(text, sizeof text, "%zu clients of %zu servers%s", q.clients, q.servers, law)
                : std::snprintf(text, sizeof text, "M/G/%zu, load %.2f%s%s", q.servers, q.load, law,
                                q.bursts ? ", in bursts" : "");
  return text;
}

/// When requests come.
class arrivals {
 public:
  explicit arrivals(const queue& q)
      : rate_(q.load * static_cast<double>(q.servers)), bursts_(q.bursts), clients_(q.clients > 0) {
    for (std::size_t i = 0; i < q.clients; ++i) ready_.push(0);
  }
  double next(weir::random_stream& random) {
    if (!ready_.empty()) {
      now_ = ready_.top(), ready_.pop();
      return now_;
    }
    for (;;) {
      const double step = random.exponential(1 / (rate_ * (!bursts_ ? 1 : high_ ? 1.3 : 0.7)));
      if (!bursts_ || now_ + step <= turn_) return now_ += step;
      now_ = turn_, high_ = !high_, turn_ += random.exponential(20);
    }
  }
  /// A client has its answer.
  void answered(double when) {
    if (clients_) ready_.push(when);
  }

 private:
  double rate_, now_ = 0, turn_ = 0;
  bool bursts_, clients_, high_ = false;
  std::priority_queue<double, std::vector<double>, std::greater<>> ready_;
};

/// Of the first run of a row, the next one has the next. Not those with which the gates and factors of
/// stats/run_interval.hpp were chosen.
constexpr std::uint64_t first_seed = 13'700'001;

/// Times in system of `n` requests, the first of which comes after `warm` others.
std::vector<double> times_in(const queue& q, std::size_t n, std::uint64_t seed, std::size_t warm) {
  weir::random_stream random(seed);
  std::priority_queue<double, std::vector<double>, std::greater<>> free;  // when each server is free again
  for (std::size_t i = 0; i < q.servers; ++i) free.push(0);
  arrivals come(q);
  std::vector<double> out;
  for (std::size_t i = 0; i < n + warm; ++i) {
    const double now = come.next(random), end = std::max(now, free.top()) + time_of(q.law, random);
    free.pop(), free.push(end), come.answered(end);
    if (i >= warm) out.push_back(end - now);
  }
  return out;
}
/// After how many requests it has forgotten that it was empty: ten times the longest memory of M/M/k, and ten services,
/// or bursts.
std::size_t memory_of(const queue& q) {
  if (q.clients > 0) return 50 * q.clients;
  const double root = 1 - std::sqrt(q.load);
  return static_cast<std::size_t>(10 * q.load / (root * root) + (q.bursts ? 400 : 10) * static_cast<double>(q.servers));
}

/// What is asked of a run, by its name and its percentile; 0 is the mean.
constexpr std::array asked{0.0, 50.0, 90.0, 99.0};

/// How the requests of a run came.
weir::request_flow flow_of(const queue& q, std::span<const double> values) {
  if (q.clients > 0) return {static_cast<double>(q.clients), false};
  return {weir::moments_of(values).mean * q.load * static_cast<double>(q.servers), true};  // Little
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
      const auto cut = weir::mser5(values);
      const weir::value_run part{std::span(values).subspan(cut.skip), flow_of(q, values)};
      for (std::size_t k = 0; k < asked.size(); ++k) {
        const auto e = weir::estimate_of_part(part, asked[k], cut.steady);
        given[k] += e.interval.has_value();
        held[k] += covers(e, truth[k]);
        if (k == 0) effective += e.effective / runs;
      }
    }
    std::printf("| %s%s | %zu | %.0f |", name_of(q).c_str(), empty ? ", from empty" : "", n, effective);
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
      const auto seen = std::span(values).first(n);
      const auto e = weir::steady_estimate(seen, p, flow_of(q, seen));
      if (!e.estimate.within(share)) continue;
      ++stopped, held += covers(e.estimate, truth), length += static_cast<double>(n);
      break;
    }
  }
  const std::string figure = p == 0 ? "mean" : "p" + std::to_string(std::lround(p));
  std::printf("| %s | %s to %.0f %% | %.0f | %.0f | %.1f |\n", name_of(q).c_str(), figure.c_str(), 100 * share,
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
  const auto open = [=](queue q, std::vector<std::size_t> lengths) { return [=] { coverage(q, lengths, runs); }; };
  const auto from_empty = [=](queue q, std::size_t n) { return [=] { coverage(q, {n}, runs, true); }; };
  header("| queue | requests | effective | mean | p50 | p90 | p99 |");
  each({open({1, 0.5}, {1000, 4000, 20000}), open({4, 0.6, service::varied}, {2000, 4000, 20000}),
        open({8, 0.7}, {4000, 20000}), from_empty({8, 0.7}, 4000), open({16, 0.75}, {4000, 20000}),
        open({64, 0.8}, {4000, 14000, 20000}), open({8, 0.8}, {4000, 20000}), open({8, 0.9}, {4000, 20000}),
        from_empty({8, 0.9}, 20000), open({8, 0.9}, {100000}), open({64, 0.95}, {14000, 20000}),
        open({64, 0.95}, {100000}), open({2, 0.65, service::exponential}, {2000, 4000, 20000}),
        open({3, 0.8}, {4000, 20000}), open({4, 0.75, service::fixed}, {4000, 20000}),
        open({1, 0.6, service::varied}, {4000, 20000}), open({8, 0.6, service::lognormal, 0, true}, {4000, 20000}),
        open({32, 0.85, service::short_and_long}, {8000, 20000}), open({100, 0.7}, {20000}),
        open({8, 1, service::short_and_long, 32}, {1000, 4000}), open({4, 1, service::varied, 4}, {300, 1000}),
        // From here on: queues with which nothing was chosen.
        open({5, 0.7, service::varied}, {4000, 20000}), open({20, 0.85}, {6000, 20000}),
        open({10, 0.7, service::exponential, 0, true}, {5000, 20000}),
        open({40, 0.8, service::short_and_long}, {12000, 40000}), open({2, 0.8, service::exponential}, {8000, 40000}),
        open({24, 0.9}, {16000, 40000}), open({64, 0.7, service::varied}, {20000}), open({6, 0.65}, {2000, 10000}),
        open({1, 0.4, service::short_and_long}, {2000, 10000}), open({12, 1, service::varied, 48}, {1500, 6000}),
        open({4, 1, service::short_and_long, 8}, {500, 2500}), open({24, 1, service::exponential, 64}, {2000, 8000})},
       row);
}
void all_stops(int runs, int row) {
  const auto until = [=](queue q, double p, double share) { return [=] { stopping(q, p, share, 100000, runs); }; };
  header("| queue | until | stopped, % | after requests | truth held, % |");
  each({until({1, 0.5}, 90, 0.05), until({8, 0.7}, 50, 0.05), until({8, 0.7}, 99, 0.05), until({64, 0.8}, 99, 0.05),
        until({2, 0.65, service::exponential}, 50, 0.1), until({32, 0.85, service::short_and_long}, 0, 0.03),
        until({8, 1, service::short_and_long, 32}, 90, 0.05), until({20, 0.85}, 90, 0.1), until({6, 0.65}, 0, 0.05)},
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
