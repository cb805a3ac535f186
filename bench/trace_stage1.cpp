// Compares reading a trace into a profile with simdjson's stage 1 alone (it finds the structure of the JSON and reads
// nothing), on the same bytes in memory, in turns. CPU time, so that a busy machine disturbs both the same.
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
  std::vector<double> stage1, profile;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  for (int i = 0; i < rounds; ++i) {
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
  std::printf("%.0f MB, median of %d rounds, CPU: stage 1 %.0f MB/s, profile %.0f MB/s, ratio %.2f\n", megabytes,
              rounds, megabytes / a, megabytes / b, a / b);
  return 0;
}
