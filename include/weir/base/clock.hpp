// weir/base/clock.hpp - the two clocks of every record. Needs the standard library only.
#ifndef WEIR_BASE_CLOCK_HPP
#define WEIR_BASE_CLOCK_HPP

#include <chrono>
#include <cstdint>
#include <ctime>
#include <string>

namespace weir::inline v0 {

/// Nanoseconds of the monotonic clock (CLOCK_MONOTONIC on Linux). Every `t_*_ns` of a record is one of these.
[[nodiscard]] inline std::int64_t now_ns() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Nanoseconds since 1970 of the wall clock: for dates in records, never for a duration (it can step).
[[nodiscard]] inline std::int64_t wall_ns() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// A wall time as "2026-11-22T12:40:00Z" (UTC, seconds cut off).
[[nodiscard]] inline std::string utc_text(std::int64_t wall_time_ns) {
  const auto seconds = static_cast<std::time_t>(wall_time_ns / 1'000'000'000);
  std::tm parts{};
#ifdef _WIN32
  gmtime_s(&parts, &seconds);
#else
  gmtime_r(&seconds, &parts);
#endif
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

}  // namespace weir::inline v0

#endif  // WEIR_BASE_CLOCK_HPP
