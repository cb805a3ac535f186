// Compares reading a trace into a profile with simdjson's stage 1 alone (it finds the structure of the JSON and reads
// nothing), on the same bytes in memory, in turns. CPU time, so that a busy machine disturbs both the same. What it
// can't take out is another program on the other thread of the same core, which in a virtual machine may be somebody
// else's: then a core begins half as many instructions a cycle. So it says how many additions a cycle the core did, in
// turns with both: 5 on one that is free, half of that on one that is shared.
//
//     trace_stage1 FILE [ROUNDS]
#include <simdjson.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "weir/data/window.hpp"
#include "weir/trace/read_profile.hpp"

namespace {

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// How many additions that do not wait for each other run in a cycle; a multiplication that waits for the one before
/// takes three of them.
double additions_a_cycle() {
#if defined(__x86_64__)
  constexpr int turns = 20'000;
  std::uint64_t a = 0, b = 0, c = 0, d = 0, e = 0, f = 0;
  double begin = cpu_seconds();
  for (int i = 0; i < turns; ++i) asm volatile("imul %0,%0" : "+r"(a));
  const double chained = cpu_seconds() - begin;
  begin = cpu_seconds();
  for (int i = 0; i < turns; ++i)
    asm volatile("add $1,%0\nadd $1,%1\nadd $1,%2\nadd $1,%3\nadd $1,%4\nadd $1,%5"
                 : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f));
  return 6 * (chained / 3) / (cpu_seconds() - begin);
#else
  return 0;
#endif
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  simdjson::padded_string text;
  if (argc < 2 || simdjson::padded_string::load(argv[1]).get(text) != simdjson::SUCCESS) return 2;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  simdjson::dom::parser parser;
  if (parser.allocate(text.size()) != simdjson::SUCCESS) return 2;
  const weir::kind_table kinds;
  std::vector<double> stage1, profile, additions;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  for (int i = 0; i < rounds; ++i) {
    additions.push_back(additions_a_cycle());
    double begin = cpu_seconds();
    if (parser.implementation->stage1(bytes, text.size(), simdjson::stage1_mode::regular) != simdjson::SUCCESS)
      return 1;
    stage1.push_back(cpu_seconds() - begin);
    begin = cpu_seconds();
    const auto read = weir::read_profile(weir::padded_memory{{text.data(), text.size()}}, "trace", kinds);
    profile.push_back(cpu_seconds() - begin);
    if (!read || read->device.events() == 0) return 1;
  }
  const double megabytes = static_cast<double>(text.size()) / 1e6, a = median(stage1), b = median(profile);
  std::printf(
      "%.0f MB, median of %d rounds, CPU: stage 1 %.0f MB/s, profile %.0f MB/s, ratio %.2f; additions a cycle %.1f\n",
      megabytes, rounds, megabytes / a, megabytes / b, a / b, median(additions));
  return 0;
}
