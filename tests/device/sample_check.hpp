// tests/device/sample_check.hpp - power, memory and load as sampled by serve/sampler.hpp, under a known load and
// against nvidia-smi.
#ifndef WEIR_TESTS_DEVICE_SAMPLE_CHECK_HPP
#define WEIR_TESTS_DEVICE_SAMPLE_CHECK_HPP

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "smi.hpp"
#include "weir/base/clock.hpp"
#include "weir/base/text_file.hpp"
#include "weir/serve/device.hpp"
#include "weir/serve/process.hpp"
#include "weir/serve/sampler.hpp"

namespace test {

inline int failures = 0;

inline void expect(bool holds, const std::string& what) {
  std::printf("%s %s\n", holds ? "ok    " : "FAILED", what.c_str());
  std::fflush(stdout);
  failures += holds ? 0 : 1;
}

/// The number behind "name": in a record; NaN where it is null or not there.
inline double value_in(std::string_view record, const std::string& name) {
  const auto at = record.find("\"" + name + "\":");
  if (at == record.npos) return std::numeric_limits<double>::quiet_NaN();
  const std::string text(record.substr(at + name.size() + 3, 40));
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  return end == text.c_str() ? std::numeric_limits<double>::quiet_NaN() : value;
}

/// A source's records within a time: their times and one of their values.
struct series {
  std::vector<double> t_s, values;

  series(std::string_view records, const std::string& source, const std::string& name, std::int64_t from_ns,
         std::int64_t to_ns) {
    weir::each_line(records, [&](std::string_view line) {
      if (line.find("\"source\":\"" + source + "\"") == line.npos) return;
      const double t_ns = value_in(line, "t_ns");
      if (t_ns < static_cast<double>(from_ns) || t_ns > static_cast<double>(to_ns)) return;
      t_s.push_back(t_ns / 1e9);
      values.push_back(value_in(line, name));
    });
  }
  [[nodiscard]] double mean() const {  // NaN as soon as one is
    double sum = 0;
    for (const double each : values) sum += each;
    return sum / static_cast<double>(values.size());
  }
  [[nodiscard]] double rate() const { return (values.back() - values.front()) / (t_s.back() - t_s.front()); }
};

inline std::string text_of(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

/// One device's samples of a span beside nvidia-smi's of the same span.
/// \param percent  the share of the time in which the device works.
/// \return         mean W.
inline double check_span(std::string_view records, const std::string& id, std::int64_t from, std::int64_t to,
                         const smi_watch::means& theirs, int percent) {
  const series watts(records, id, "watts", from, to), joules(records, id, "joules", from, to),
      busy(records, id, "busy_percent", from, to), memory(records, id, "device_memory_bytes", from, to);
  if (watts.values.size() < 10 || theirs.samples < 10) {
    expect(false, "there are samples: " + std::to_string(watts.values.size()) + ", of nvidia-smi " +
                      std::to_string(theirs.samples));
    return 0;
  }
  const double mib = memory.mean() / (1 << 20), near = std::max(10.0, theirs.watts * 0.05);
  expect(std::abs(watts.mean() - theirs.watts) <= near,
         "power " + text_of(watts.mean()) + " W, nvidia-smi " + text_of(theirs.watts) + " W");
  expect(std::abs(joules.rate() - watts.mean()) <= std::max(10.0, watts.mean() * 0.1),
         "energy counter " + text_of(joules.rate()) + " J/s");
  expect(std::abs(mib - theirs.used_mib) <= 2,
         "memory " + text_of(mib) + " MiB, nvidia-smi " + text_of(theirs.used_mib) + " MiB");
  const double off = percent == 0 ? 5 : percent == 100 ? 5 : 30;
  expect(std::abs(busy.mean() - percent) <= off && std::abs(busy.mean() - theirs.busy_percent) <= 15,
         "busy " + text_of(busy.mean()) + " %, works " + std::to_string(percent) + " % of the time, nvidia-smi " +
             text_of(theirs.busy_percent) + " %");
  return watts.mean();
}

/// Of the first two devices one works all the time and one half of it, after some idle seconds.
inline void check_samples(const weir::device_source& source, const std::string& here) {
  constexpr std::uint64_t bytes = std::uint64_t{8} << 30;
  const std::size_t count = std::min<std::size_t>(source.devices().size(), 2);
  const std::string go = here + "/go", file = here + "/samples";
  std::vector<weir::process> loads;
  std::vector<weir::sampled_instance> instances;
  for (std::size_t i = 0; i < count; ++i) {
    instances.push_back({std::to_string(i), {i}});
    loads.push_back(
        weir::process::start({.argv = {"/proc/self/exe", "work", std::to_string(bytes), i ? "50" : "100", go},
                              .variables = weir::device_variables({source.devices()[i]}),
                              .log = here + "/load" + std::to_string(i)})
            .value());
    for (int tries = 0; tries < 3000 && source.use(i).value().used_bytes < bytes; ++tries) ::usleep(20'000);
  }
  ::usleep(3'000'000);  // a context that was just made is not idle yet
  auto taken = weir::sampling::start(weir::sampler(instances, &source), count, file, 100'000'000).value();
  for (std::size_t i = 0; i < count; ++i) taken->set_keeper(i, loads[i].keeper_pid());
  const auto span = [&](const std::string& name, unsigned seconds) {
    smi_watch smi(here + "/smi-" + name);
    const auto from = weir::now_ns();
    ::sleep(seconds);
    const auto to = weir::now_ns();
    return std::tuple(from, to, smi.stop(count));
  };
  const auto [idle_from, idle_to, idle_smi] = span("idle", 3);
  std::fclose(std::fopen(go.c_str(), "w"));
  ::usleep(2'500'000);  // the driver's power is the mean of a second
  const auto [busy_from, busy_to, busy_smi] = span("busy", 5);
  ::unlink(go.c_str());
  const auto missing = taken->finish();
  expect(static_cast<bool>(missing), "the samples are written");
  const auto records = weir::read_text_file(file).value();
  for (std::size_t i = 0; i < count; ++i) {
    const auto& id = source.devices()[i].id;
    const auto name = std::to_string(i);
    std::printf("  device %zu idle\n", i);
    const double idle = check_span(records, id, idle_from, idle_to, idle_smi[i], 0);
    std::printf("  device %zu at work\n", i);
    const double busy = check_span(records, id, busy_from, busy_to, busy_smi[i], i ? 50 : 100);
    expect(busy > idle + 50, "it draws " + text_of(busy - idle) + " W more");
    const series memory(records, id, "device_memory_bytes", busy_from, busy_to);
    const double held = (memory.mean() - static_cast<double>(bytes)) / (1 << 20);
    expect(held >= 0 && held < 3072, "beside the 8 GiB that the program took, " + text_of(held) + " MiB");
  }
  const series processes(records, "processes", "memory_bytes", busy_from, busy_to),
      cores(records, "processes", "cpu_s", busy_from, busy_to),
      host(records, "host", "memory_used_bytes", busy_from, busy_to);
  expect(!processes.values.empty() && processes.mean() > 50e6,
         "the programs' memory: " + text_of(processes.mean() / 1e6) + " MB each");
  expect(!host.values.empty() && host.mean() > processes.mean(), "the host's: " + text_of(host.mean() / 1e9) + " GB");
  expect(!cores.values.empty() && cores.values.back() > 0,
         "processor time is counted: " + text_of(cores.values.back()) + " s");
  if (missing)
    for (const auto& why : *missing) std::printf("       said: %s\n", why.c_str());
  const bool has_energy = !std::isnan(series(records, "host", "package_joules", busy_from, busy_to).mean());
  expect(has_energy || (missing && std::any_of(missing->begin(), missing->end(),
                                               [](const std::string& why) {
                                                 return why.find("the processors' energy is not known") == 0;
                                               })),
         has_energy ? "the processors' energy is sampled" : "that the processors' energy is not known is said");
}

}  // namespace test

#endif  // WEIR_TESTS_DEVICE_SAMPLE_CHECK_HPP
