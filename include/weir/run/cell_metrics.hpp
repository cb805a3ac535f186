// weir/run/cell_metrics.hpp - the figures of a cell's points: their names, units, and which way is better. Needs the
// standard library only.
#ifndef WEIR_RUN_CELL_METRICS_HPP
#define WEIR_RUN_CELL_METRICS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::inline v0 {

/// Which way a figure is better; `neither` where that depends on what one wants.
enum class better : unsigned char { neither, higher, lower };

struct metric_about {
  std::string_view name;  ///< With its unit: the key in records and CSV.
  std::string_view unit, title;
  int digits;
  weir::better way;
};

/// Every figure that a point can have, in the order of tables. docs/experiments.md defines them.
inline constexpr std::array cell_metrics{
    metric_about{"output_tokens_per_s", "tok/s", "output", 1, better::higher},
    metric_about{"total_tokens_per_s", "tok/s", "total", 1, better::higher},
    metric_about{"requests_per_s", "1/s", "requests", 3, better::higher},
    metric_about{"output_tokens_per_s_per_device", "tok/s", "output per device", 1, better::higher},
    metric_about{"iteration_s", "s", "iteration", 3, better::lower},
    metric_about{"ttft_mean_ms", "ms", "TTFT mean", 2, better::lower},
    metric_about{"ttft_p50_ms", "ms", "TTFT p50", 2, better::lower},
    metric_about{"ttft_p99_ms", "ms", "TTFT p99", 2, better::lower},
    metric_about{"tpot_mean_ms", "ms", "TPOT mean", 3, better::lower},
    metric_about{"tpot_p50_ms", "ms", "TPOT p50", 3, better::lower},
    metric_about{"tpot_p99_ms", "ms", "TPOT p99", 3, better::lower},
    metric_about{"itl_mean_ms", "ms", "ITL mean", 3, better::lower},
    metric_about{"itl_p99_ms", "ms", "ITL p99", 3, better::lower},
    metric_about{"e2el_mean_ms", "ms", "E2EL mean", 2, better::lower},
    metric_about{"e2el_p50_ms", "ms", "E2EL p50", 2, better::lower},
    metric_about{"e2el_p99_ms", "ms", "E2EL p99", 2, better::lower},
    metric_about{"error_rate", "", "error rate", 4, better::lower},
    metric_about{"prompt_tokens", "", "prompt tokens", 0, better::neither},
    metric_about{"output_tokens", "", "output tokens", 0, better::neither},
    metric_about{"cached_tokens", "", "cached tokens", 0, better::neither},
    metric_about{"device_memory_max_mib", "MiB", "device memory", 0, better::lower},
    metric_about{"process_memory_max_mib", "MiB", "process memory", 0, better::lower},
    metric_about{"power_active_w", "W", "power", 1, better::lower},
    metric_about{"energy_per_output_token_j", "J", "energy per token", 4, better::lower},
    metric_about{"device_busy_pct", "%", "device busy", 1, better::neither},
};

[[nodiscard]] constexpr const metric_about* find_metric(std::string_view name) noexcept {
  for (const auto& each : cell_metrics)
    if (each.name == name) return &each;
  return nullptr;
}

/// A figure: a value, or NaN with the reason why there is none.
struct cell_metric {
  std::string name;
  double value = std::numeric_limits<double>::quiet_NaN();
  std::string reason = {};
};

/// The figures of one point. A name that is not in it was never asked for.
class metric_list {
 public:
  void set(std::string_view name, double value, std::string_view why_missing = "not measured") {
    auto at = std::find_if(list_.begin(), list_.end(), [&](const auto& m) { return m.name == name; });
    if (at == list_.end()) at = list_.insert(at, {std::string(name)});
    at->value = std::isfinite(value) ? value : std::numeric_limits<double>::quiet_NaN();
    at->reason = std::isfinite(value) ? std::string() : std::string(why_missing);
  }
  void missing(std::string_view name, std::string_view why) {
    set(name, std::numeric_limits<double>::quiet_NaN(), why);
  }
  /// \return  NaN where there is none.
  [[nodiscard]] double value(std::string_view name) const noexcept {
    const auto* m = find(name);
    return m ? m->value : std::numeric_limits<double>::quiet_NaN();
  }
  [[nodiscard]] const cell_metric* find(std::string_view name) const noexcept {
    for (const auto& m : list_)
      if (m.name == name) return &m;
    return nullptr;
  }
  [[nodiscard]] const std::vector<cell_metric>& all() const noexcept { return list_; }

 private:
  std::vector<cell_metric> list_;
};

}  // namespace weir::inline v0

#endif  // WEIR_RUN_CELL_METRICS_HPP
