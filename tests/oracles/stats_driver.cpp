// stats_driver - weir's statistics for tests/oracles/stats_scipy.py: a question a line on standard input, its numbers
// on standard output, with all their digits.
//
//   NAME PARAMETER... : VALUE... : VALUE...
#include <cstdio>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "weir/stats/interval.hpp"
#include "weir/stats/moments.hpp"
#include "weir/stats/percentile.hpp"
#include "weir/stats/run_interval.hpp"
#include "weir/stats/samples.hpp"
#include "weir/stats/shift.hpp"
#include "weir/stats/steady.hpp"
#include "weir/stats/student.hpp"
#include "weir/stats/wilson.hpp"

namespace {

using values = std::vector<double>;
struct question {
  values of, a, b;
};

constexpr double none = std::numeric_limits<double>::quiet_NaN();
std::size_t whole(double v) {
  return static_cast<std::size_t>(v);
}
template <class Interval>
void append(values& out, const std::optional<Interval>& interval) {
  out.push_back(interval ? static_cast<double>(interval->low) : none);
  out.push_back(interval ? static_cast<double>(interval->high) : none);
}
values told(const weir::shift_estimate& e) {
  values out{e.shift, e.p};
  append(out, e.interval);
  return out;
}
values told(const weir::run_estimate& e) {
  values out{e.value, e.effective, e.needed};
  append(out, e.interval);
  return out;
}
values told(const weir::moments& m) {
  return {static_cast<double>(m.count), m.mean, m.std, m.min, m.max};
}

const std::map<std::string, std::function<values(const question&)>> answers{
    {"percentile",
     [](const question& q) {
       auto sorted = q.a;
       std::ranges::sort(sorted);
       return values{weir::percentile(sorted, q.of[0])};
     }},
    {"samples",
     [](const question& q) {
       weir::sample_set set(whole(q.of[1]));
       for (const double v : q.a) set.add(v);
       auto out = told(set.describe());
       out.push_back(set.percentile(q.of[0]));
       return out;
     }},
    {"moments", [](const question& q) { return told(weir::moments_of(q.a)); }},
    {"percentile_interval",
     [](const question& q) {
       values out;
       append(out, weir::percentile_interval(whole(q.of[0]), q.of[1], q.of[2]));
       return out;
     }},
    {"wilson",
     [](const question& q) {
       const auto w = weir::wilson_interval(whole(q.of[0]), whole(q.of[1]));
       return values{w.share, w.low, w.high};
     }},
    {"student",
     [](const question& q) {
       return values{weir::student_cdf(q.of[0], q.of[1]), weir::student_quantile(q.of[2], q.of[1])};
     }},
    {"normal", [](const question& q) { return values{weir::normal_cdf(q.of[0]), weir::normal_quantile(q.of[1])}; }},
    {"hodges_lehmann", [](const question& q) { return told(weir::hodges_lehmann(q.a, q.b)); }},
    {"welch", [](const question& q) { return told(weir::welch(q.a, q.b)); }},
    {"bootstrap_medians", [](const question& q) { return told(weir::bootstrap_medians(q.a, q.b, 0.95, 20000)); }},
    {"holm", [](const question& q) { return weir::holm(q.a); }},
    {"runs_needed", [](const question& q) { return values{static_cast<double>(weir::runs_needed(q.of[0], q.of[1]))}; }},
    {"mser5",
     [](const question& q) {
       const auto cut = weir::mser5(q.a);
       return values{static_cast<double>(cut.skip), cut.steady ? 1.0 : 0.0};
     }},
    {"effective", [](const question& q) { return values{weir::effective_samples(q.a)}; }},
    {"estimate_mean", [](const question& q) { return told(weir::value_run(q.a, {q.of[0], q.of[1] != 0}).mean()); }},
    {"estimate_percentile",
     [](const question& q) { return told(weir::value_run(q.a, {q.of[1], q.of[2] != 0}).percentile(q.of[0])); }},
    {"block_bootstrap",
     [](const question& q) {
       values out;
       append(out, weir::block_bootstrap(
                       q.a, whole(q.of[0]), [](const values& drawn) { return weir::moments_of(drawn).mean; }, 1, 4000));
       return out;
     }},
};

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string name, word;
    words >> name;
    question q;
    values* lists[] = {&q.of, &q.a, &q.b};
    std::size_t list = 0;
    while (words >> word) word == ":" ? void(++list) : lists[list]->push_back(std::stod(word));
    for (const double v : answers.at(name)(q)) std::printf("%.17g ", v);
    std::puts("");
  }
}
