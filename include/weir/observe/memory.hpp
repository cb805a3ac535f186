// weir/observe/memory.hpp - memory and processor time of processes and of their host. Needs Linux.
#ifndef WEIR_OBSERVE_MEMORY_HPP
#define WEIR_OBSERVE_MEMORY_HPP

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "weir/base/text_file.hpp"

namespace weir::inline v0 {

/// What some processes take together. Those that have ended meanwhile are left out.
struct process_use {
  int processes = 0;
  std::uint64_t memory_bytes = 0;  ///< Proportional set size: a page that n processes share counts 1/n in each.
  bool resident = false;  ///< Of some the kernel tells others' pages only (another user's): RSS counts for them.
  double cpu_s = 0;       ///< User and system, with that of their children that ended and were waited for.
};

/// A host's memory.
struct host_memory {
  std::uint64_t total_bytes = 0, available_bytes = 0;
};

namespace detail {

/// The number in `text` at `place`, or nothing.
template <class Number>
std::optional<Number> number_at(std::string_view text, std::size_t place) {
  Number number = 0;
  const auto from = std::min(text.find_first_not_of(" \t", place), text.size());
  if (std::from_chars(text.data() + from, text.data() + text.size(), number).ec != std::errc{}) return std::nullopt;
  return number;
}

/// The number behind "Name:" in a file of lines "Name:  42 kB", in bytes.
inline std::optional<std::uint64_t> kilobytes_in(const std::string& file, std::string_view name) {
  const auto text = read_text_file(file);
  std::optional<std::uint64_t> found;
  if (text)
    each_line(*text, [&](std::string_view line) {
      if (line.starts_with(name) && !found) found = number_at<std::uint64_t>(line, name.size());
    });
  return found ? std::optional(*found * 1024) : std::nullopt;
}

/// utime, stime, cutime and cstime of /proc/PID/stat, in seconds.
inline std::optional<double> cpu_seconds(const std::string& process) {
  const auto text = read_text_file(process + "/stat");
  const auto name_end = text ? text->rfind(')') : std::string::npos;  // the name may hold anything
  if (name_end == std::string::npos) return std::nullopt;
  std::string_view rest = std::string_view(*text).substr(name_end + 1);
  double ticks = 0;
  for (int field = 3; field <= 17; ++field) {
    const auto number = number_at<std::int64_t>(next_word(rest), 0);
    if (field >= 14 && !number) return std::nullopt;
    if (field >= 14) ticks += static_cast<double>(*number);
  }
  static const double per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  return ticks / per_second;
}

}  // namespace detail

/// \param proc  where procfs is mounted.
/// \complexity  the kernel walks the page tables of each: about 5 ms a GB.
[[nodiscard]] inline process_use use_of(std::span<const pid_t> pids, const std::string& proc = "/proc") {
  process_use sum;
  for (const pid_t pid : pids) {
    const std::string process = proc + "/" + std::to_string(pid);
    const auto cpu = detail::cpu_seconds(process);
    auto memory = detail::kilobytes_in(process + "/smaps_rollup", "Pss:");
    const bool shared = memory.has_value();
    if (!memory) memory = detail::kilobytes_in(process + "/status", "VmRSS:");
    if (!cpu || !memory) continue;  // it has ended, or is about to
    ++sum.processes;
    sum.cpu_s += *cpu;
    sum.memory_bytes += *memory;
    sum.resident = sum.resident || !shared;
  }
  return sum;
}

[[nodiscard]] inline std::optional<host_memory> memory_of_host(const std::string& proc = "/proc") {
  const auto total = detail::kilobytes_in(proc + "/meminfo", "MemTotal:");
  const auto available = detail::kilobytes_in(proc + "/meminfo", "MemAvailable:");
  if (!total || !available) return std::nullopt;
  return host_memory{*total, *available};
}

}  // namespace weir::inline v0

#endif  // WEIR_OBSERVE_MEMORY_HPP
