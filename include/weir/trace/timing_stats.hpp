// weir/trace/timing_stats.hpp - reads timing_stats_<rank>.json: what a run measured of itself beside its trace. Needs
// the standard library only.
#ifndef WEIR_TRACE_TIMING_STATS_HPP
#define WEIR_TRACE_TIMING_STATS_HPP

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/trace/json_cursor.hpp"
#include "weir/trace/metric.hpp"

namespace weir::inline v0 {

/// Seconds, as the file has them; NaN where it does not.
struct timing_stats {
  std::vector<double> iterations;
  double ttft_mean = std::numeric_limits<double>::quiet_NaN(), ttft_p99 = ttft_mean;
  double tpot_mean = ttft_mean, tpot_p99 = ttft_mean;
};

namespace detail {

/// \return  false where an entry is no time.
inline bool read_iterations(std::string_view list, std::vector<double>& into) {
  bool all = true;
  const bool whole = for_each_in_array(list, [&](auto value) {
    into.push_back(amount_or_nan(value));
    all = all && !std::isnan(into.back());
  });
  return whole && all;
}

}  // namespace detail

/// \param text  the file; 64 bytes after it are readable.
/// \return      errc::parse where it is not such a file: an object with the list iteration_times.
/// \source      ccl-bench's profilers write {iteration_times[], avg/min/max_iteration_time, ttft_avg, tpot_avg,
/// ttft_p99,
///              tpot_p99}; the averages are computed here again, from the list.
[[nodiscard]] inline result<timing_stats> read_timing_stats(std::string_view text) {
  const failure bad{errc::parse, "not a file of timings: it has no list iteration_times of seconds"};
  timing_stats out;
  bool listed = false;
  const bool whole = for_each_member(text, [&](auto key, auto value) {
    if (key == "iteration_times") listed = detail::read_iterations(value, out.iterations);
    if (key == "ttft_avg") out.ttft_mean = detail::amount_or_nan(value);
    if (key == "ttft_p99") out.ttft_p99 = detail::amount_or_nan(value);
    if (key == "tpot_avg") out.tpot_mean = detail::amount_or_nan(value);
    if (key == "tpot_p99") out.tpot_p99 = detail::amount_or_nan(value);
  });
  if (!whole || !listed) return bad;
  return out;
}

/// Appends the table "timing" of a rank: what the run says of itself, next to what its trace says.
inline void append_timing(std::vector<trace_metric>& all, const timing_stats& t, const std::string& rank) {
  metric_writer out(all, "timing", {{"rank", rank}});
  out.count("iterations", t.iterations.size());
  double sum = 0, least = t.iterations.empty() ? 0 : t.iterations[0], most = least;
  for (const double one : t.iterations) {
    sum += one;
    least = std::fmin(least, one);
    most = std::fmax(most, one);
  }
  const auto write = [&](std::string_view name, double seconds, bool there) {
    if (there)
      out.number(name, "us", seconds * 1e6, 3);
    else
      out.missing(name, "us", "timing_stats has none");
  };
  const bool any = !t.iterations.empty();
  write("iteration_wall_clock", any ? sum / static_cast<double>(t.iterations.size()) : 0, any);
  write("iteration_wall_clock_min", least, any);
  write("iteration_wall_clock_max", most, any);
  write("ttft", t.ttft_mean, !std::isnan(t.ttft_mean));
  write("ttft_p99", t.ttft_p99, !std::isnan(t.ttft_p99));
  write("tpot", t.tpot_mean, !std::isnan(t.tpot_mean));
  write("tpot_p99", t.tpot_p99, !std::isnan(t.tpot_p99));
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_TIMING_STATS_HPP
