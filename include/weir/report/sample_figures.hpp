// weir/report/sample_figures.hpp - what an answer's tokens cost: energy, and memory of each instance. Needs weir/record
// and weir/stats.
#ifndef WEIR_REPORT_SAMPLE_FIGURES_HPP
#define WEIR_REPORT_SAMPLE_FIGURES_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "weir/base/result.hpp"
#include "weir/report/figure.hpp"
#include "weir/report/request_figures.hpp"
#include "weir/report/request_group.hpp"
#include "weir/report/sample_log.hpp"
#include "weir/report/time_axis.hpp"

namespace weir::inline v0 {

namespace detail {

inline constexpr double no_figure = std::numeric_limits<double>::quiet_NaN();

/// A sum that is not known where one of its parts is not: half of the devices' energy is no energy.
class whole_sum {
 public:
  void add(double part) noexcept { sum_ += part, ++parts_; }
  [[nodiscard]] double value() const noexcept { return parts_ == 0 ? no_figure : sum_; }
  [[nodiscard]] double mean() const noexcept { return value() / static_cast<double>(parts_); }

 private:
  double sum_ = 0;
  std::size_t parts_ = 0;
};

/// From the first byte sent to the last token, on the one clock that samples and requests share.
inline result<sample_span> busy_span(const request_counts& counts, const time_axis& axis) {
  if (!axis.one_clock()) return failure{errc::not_found, "several machines or boots: samples can't be matched"};
  file_window all;
  for (const auto& w : counts.windows) all.include(w);
  if (all.last_ns <= all.first_ns) return failure{errc::not_found, "no token came after the first byte sent"};
  return sample_span{all.first_ns, all.last_ns};
}

/// Why the energy of a group's devices is not known.
inline std::string why_no_energy(const sample_log& log, const std::string* instance, sample_span busy) {
  std::string why = "no device was sampled";
  log.each_device(instance, [&](const device_track& d) {
    why = !d.energy.known()        ? "the driver does not tell the power drawn"
          : !d.energy.covers(busy) ? "the samples do not cover the time of the requests"
                                   : "there are no samples outside the time of the requests";
  });
  return why;
}

inline void append_energy(figure_list& out, const sample_log& log, const std::string* instance,
                          const request_counts& counts, const sample_span& busy) {
  whole_sum energy, idle, busy_percent;
  log.each_device(instance, [&](const device_track& d) {
    energy.add(d.energy.during(busy));
    idle.add(d.energy.idle_watts(busy));
    busy_percent.add(d.busy_percent.covers(busy) ? d.busy_percent.integral(busy) / busy.seconds() : no_figure);
  });
  const auto why = why_no_energy(log, instance, busy);
  const std::string no_tokens = why_unknown("output", counts.tokens_out, counts);
  const double tokens =
      no_tokens.empty() && counts.tokens_out.known > 0 ? static_cast<double>(counts.tokens_out.known) : no_figure;
  const auto& token_reason = std::isnan(energy.value()) ? why : no_tokens.empty() ? "no token came" : no_tokens;
  out.number_or("energy_j", "J", energy.value(), 1, why);
  out.number_or("power_active_w", "W", energy.value() / busy.seconds(), 1, why);
  out.number_or("power_idle_w", "W", idle.value(), 1, why);
  out.number_or("energy_per_output_token_j", "J", energy.value() / tokens, 4, token_reason);
  out.number_or("energy_above_idle_per_output_token_j", "J", (energy.value() - idle.value() * busy.seconds()) / tokens,
                4, std::isnan(idle.value()) ? why : token_reason);
  out.number_or("requests_per_j", "1/J",
                energy.value() > 0 ? static_cast<double>(counts.ok()) / energy.value() : no_figure, 6,
                std::isnan(energy.value()) ? why : "no energy was drawn");
  out.number_or("device_busy_pct", "%", busy_percent.mean(), 1,
                std::isnan(energy.value()) ? why : "the driver does not tell how busy the device was");
}

inline void append_memory(figure_list& out, const sample_log& log, const std::string* instance,
                          const sample_span& busy) {
  constexpr double mib = 1024.0 * 1024.0;
  whole_sum device, memory, cores;
  log.each_device(instance, [&](const device_track& d) { device.add(d.memory_bytes.highest() / mib); });
  log.each_process(instance, [&](const process_track& p) {
    memory.add(p.memory_bytes.highest() / mib);
    cores.add(p.cpu_s.covers(busy) ? (p.cpu_s.at(busy.to_ns) - p.cpu_s.at(busy.from_ns)) / busy.seconds() : no_figure);
  });
  out.number_or("device_memory_max_mib", "MiB", device.value(), 0, "no device was sampled");
  out.number_or("process_memory_max_mib", "MiB", memory.value(), 0, "no process was sampled");
  out.number_or(
      "cpu_cores", "", cores.value(), 2,
      std::isnan(memory.value()) ? "no process was sampled" : "the samples do not cover the time of the requests");
}

}  // namespace detail

/// Appends the names of append_sample_figures, all missing for `why`.
inline void append_no_sample_figures(figure_list& out, const std::string& why) {
  for (const auto& [name, unit] :
       {std::pair("energy_j", "J"), std::pair("power_active_w", "W"), std::pair("power_idle_w", "W"),
        std::pair("energy_per_output_token_j", "J"), std::pair("energy_above_idle_per_output_token_j", "J"),
        std::pair("requests_per_j", "1/J"), std::pair("device_busy_pct", "%"),
        std::pair("device_memory_max_mib", "MiB"), std::pair("process_memory_max_mib", "MiB"),
        std::pair("cpu_cores", ""), std::pair("host_energy_j", "J")})
    out.missing(name, unit, why);
}

/// Appends energy per token, power under load and idle, and the most memory taken.
/// \param instance  the group's; nullptr: all of them, whose energy, power, memory and cores are added up.
inline void append_sample_figures(figure_list& out, const sample_log& log, const std::string* instance,
                                  const request_counts& counts, const time_axis& axis) {
  const auto busy = detail::busy_span(counts, axis);
  if (!busy) return append_no_sample_figures(out, busy.error().detail);
  detail::append_energy(out, log, instance, counts, *busy);
  detail::append_memory(out, log, instance, *busy);
  out.number_or("host_energy_j", "J", instance ? detail::no_figure : log.host().during(*busy), 1,
                instance              ? "a host's energy is not told apart by instance"
                : !log.host().known() ? "the host's energy counters could not be read"
                                      : "the samples do not cover the time of the requests");
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_SAMPLE_FIGURES_HPP
