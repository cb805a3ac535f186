// weir/report/service_level.hpp - what a request must keep to be called good. Needs weir/record only.
#ifndef WEIR_REPORT_SERVICE_LEVEL_HPP
#define WEIR_REPORT_SERVICE_LEVEL_HPP

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "weir/base/measured.hpp"
#include "weir/base/result.hpp"
#include "weir/base/units.hpp"
#include "weir/record/request.hpp"

namespace weir::inline v0 {

/// Bounds of a request's durations. infinity: anything goes.
struct service_level {
  double ttft_ms = std::numeric_limits<double>::infinity();
  double tpot_ms = std::numeric_limits<double>::infinity();  ///< Of every choice; met where it is not measured.
  double e2el_ms = std::numeric_limits<double>::infinity();

  /// Whether any of them is bounded.
  [[nodiscard]] bool any() const noexcept {
    return !(std::isinf(ttft_ms) && std::isinf(tpot_ms) && std::isinf(e2el_ms));
  }
};

/// Reads "ttft:200" into `level`, as vLLM's --goodput takes it. \return  errc::invalid_argument.
inline result<void> add_level(service_level& level, std::string_view text) {
  const auto colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  double* const bound = name == "ttft"   ? &level.ttft_ms
                        : name == "tpot" ? &level.tpot_ms
                        : name == "e2el" ? &level.e2el_ms
                                         : nullptr;
  const auto ms = parse_number<double>(colon == text.npos ? std::string_view{} : text.substr(colon + 1));
  if (!bound || !ms || !(*ms >= 0))
    return failure{errc::invalid_argument,
                   "'" + std::string(text) + "' is not a goal such as ttft:200, tpot:50 or e2el:5000 (milliseconds)"};
  *bound = *ms;
  return {};
}

/// Whether an answer keeps them all. A goal for what was not measured (the first token of an answer in one piece) is
/// not met. \pre  the request succeeded: a failure is never good.
[[nodiscard]] inline bool meets(const service_level& level, const request_record& r) noexcept {
  const auto within = [](std::int64_t from, std::int64_t to, double bound_ms) {
    if (std::isinf(bound_ms)) return true;
    return from != unmeasured && to != unmeasured && static_cast<double>(to - from) <= bound_ms * 1e6;
  };
  if (!within(r.t_send_ns, r.t_first_ns, level.ttft_ms) || !within(r.t_send_ns, r.t_last_ns, level.e2el_ms))
    return false;
  if (std::isinf(level.tpot_ms)) return true;
  for (const auto& c : r.choices) {
    const std::int64_t first = c.tokens_first == unmeasured ? 1 : c.tokens_first;
    if (c.t_first_ns == unmeasured || c.t_last_ns == unmeasured || c.tokens_out == unmeasured) continue;
    if (c.tokens_out <= first || c.t_last_ns < c.t_first_ns) continue;
    if (static_cast<double>(c.t_last_ns - c.t_first_ns) / static_cast<double>(c.tokens_out - first) >
        level.tpot_ms * 1e6)
      return false;
  }
  return true;
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_SERVICE_LEVEL_HPP
