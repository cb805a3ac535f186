// weir/load/validity.hpp - whether a run's own figures can be trusted: VALID, SUSPECT or INVALID, and why. Needs the
// standard library only.
#ifndef WEIR_LOAD_VALIDITY_HPP
#define WEIR_LOAD_VALIDITY_HPP

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"

namespace weir::inline v0 {

/// How much a run's figures say.
enum class trust : unsigned char {
  valid,    ///< What the client adds to the figures is small, and the load was what was asked for.
  suspect,  ///< Something stands in the way of saying so.
  invalid,  ///< The figures are of another load, or more of the client than of the server.
};
[[nodiscard]] constexpr std::string_view to_string(trust t) noexcept {
  constexpr std::array<std::string_view, 3> names{"VALID", "SUSPECT", "INVALID"};
  return names[static_cast<std::size_t>(t)];
}

/// A judgement with what it rests on.
struct verdict {
  trust level = trust::valid;
  std::vector<std::string> reasons;  ///< Sentences; empty where VALID.

  void lower(trust to, std::string why) {
    if (to > level) level = to;
    reasons.push_back(std::move(why));
  }
};

/// Appends `v` as a record of type `verdict`, one line of JSON with its newline.
inline void append_record(std::string& out, const verdict& v) {
  json_writer json(out);
  json.begin_object().field("type", "verdict").field("verdict", to_string(v.level)).key("reasons").begin_array();
  for (const auto& reason : v.reasons) json.value(reason);
  json.end_array().end_object();
  out.push_back('\n');
}

/// What a run is judged by. Times are milliseconds; NaN is what was not measured, and accuses nobody.
struct validity_facts {
  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

  std::uint64_t planned = 0;    ///< Requests that were to be sent.
  std::uint64_t completed = 0;  ///< Requests that succeeded.
  std::uint64_t failed = 0;
  int signal = 0;  ///< The signal that ended the run early.

  double first_mean_ms = unknown, first_p99_ms = unknown;  ///< TTFT; of answers in one piece, their end.
  double itl_p99_ms = unknown;

  /// Of the events, those whose stamp is this program's own, or one for several that a read brought together. The
  /// others have the kernel's receive stamp, which no delay of this program touches.
  double exposed_share = 1;
  /// From an event's arrival to its stamp, as far as the client can tell; zero for events stamped by the kernel.
  double lag_mean_ms = unknown, lag_p99_ms = unknown;
  double lag_samples = 0;
  double cpu_share = unknown;      ///< Of the busiest thread.
  double starved_share = unknown;  ///< See client_health.
  double clock_step_ms = 0;

  bool scheduled = false;          ///< Requests had times.
  double asked_rate = unknown;     ///< Requests a second that the schedule asked for; NaN: none, or too short for one.
  double achieved_rate = unknown;  ///< And that left.
  double late_mean_ms = unknown, late_p99_ms = unknown;  ///< From a request's time to its leaving; not its connecting.
  std::uint64_t asked_concurrency = 0;                   ///< 0: no limit.
  double held_concurrency = unknown;                     ///< While there was more to send.

  std::uint64_t token_mismatches = 0;         ///< Answers whose tokens contradict the server's own count.
  std::uint64_t client_failures = 0;          ///< Requests that failed because of this machine: files, ports.
  std::uint64_t backwards = 0;                ///< Requests with times that run backwards.
  std::vector<std::string> server_disagrees;  ///< Sentences: what the server counted otherwise.
};

namespace detail {

inline std::string shown(double value, int digits = 2) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}
inline std::string percent(double share) {
  return shown(100 * share, share < 0.1 ? 2 : 1) + " %";
}

/// What the client's own delay may be of a figure: below `fine` nobody minds, above `gross` it is the client's figure.
struct share_bounds {
  double fine, gross = std::numeric_limits<double>::infinity();
};

/// Judges `added` against the figure that it is part of.
inline void judge_share(verdict& v, double added_ms, double figure_ms, share_bounds bounds, const std::string& what,
                        const std::string& figure) {
  const double share = added_ms / figure_ms;
  if (!(share > bounds.fine)) return;
  v.lower(share > bounds.gross ? trust::invalid : trust::suspect, what + " " + shown(added_ms, 3) + " ms, " +
                                                                      percent(share) + " of the " + figure + " of " +
                                                                      shown(figure_ms) + " ms");
}

inline void judge_lag(verdict& v, const validity_facts& f) {
  // A run is to be VALID only where its mean TTFT is within 2 % of the truth and its p99 within 10 %, and INVALID only
  // where it is not within half of that. The lag is an estimate of the error that may be off by a factor of two either
  // way: hence half of those bounds, and twice.
  // Where the kernel has stamped most events, it is only an upper bound: of those that shared a read the last one's
  // stamp holds, however late the read was. That may be no reason to say INVALID.
  const bool estimate = f.exposed_share > 0.9;
  const share_bounds mean = estimate ? share_bounds{0.01, 0.04} : share_bounds{0.01};
  const share_bounds tail = estimate ? share_bounds{0.05, 0.2} : share_bounds{0.05};
  judge_share(v, f.lag_mean_ms, f.first_mean_ms, mean, "events waited for this client on average", "mean TTFT");
  judge_share(v, f.lag_p99_ms, f.first_p99_ms, tail, "one event in a hundred waited for this client at least",
              "p99 TTFT");
  if (f.lag_p99_ms > 0.5 * f.itl_p99_ms)
    v.lower(trust::suspect, "one event in a hundred waited for this client at least " + shown(f.lag_p99_ms, 3) +
                                " ms, which is no small part of the p99 ITL of " + shown(f.itl_p99_ms) + " ms");
  if (f.lag_samples < 100) v.lower(trust::suspect, "the run was too short to see whether this client kept up");
}

inline void judge_machine(verdict& v, const validity_facts& f) {
  const bool exposed = f.exposed_share > 0.01;
  if (exposed && f.cpu_share > 0.9)
    v.lower(trust::suspect, "the client's thread was busy for " + percent(f.cpu_share) +
                                " of the time: lower the load, or use more --threads");
  if (exposed && f.starved_share > 0.05)
    v.lower(trust::suspect,
            "other programs kept the client's thread from its core for " + percent(f.starved_share) + " of the time");
  if (std::abs(f.clock_step_ms) > 5)
    v.lower(trust::suspect, "the wall clock was moved by " + shown(f.clock_step_ms) + " ms during the run");
  if (f.client_failures > 0)
    v.lower(trust::invalid, std::to_string(f.client_failures) +
                                " requests failed for want of files or ports on this machine (see weir doctor)");
  if (f.backwards > 0)
    v.lower(trust::suspect, "in " + std::to_string(f.backwards) + (f.backwards == 1 ? " request" : " requests") +
                                " times run backwards: the durations in question are left out");
}

inline void judge_load(verdict& v, const validity_facts& f) {
  if (f.scheduled && std::isnan(f.asked_rate))
    v.lower(trust::suspect, "the schedule lasted less than a fifth of a second: no rate can be told");
  const double off = f.achieved_rate / f.asked_rate - 1;
  if (std::abs(off) > 0.005)
    v.lower(trust::invalid, shown(f.achieved_rate, 1) + " requests a second left instead of " + shown(f.asked_rate, 1) +
                                " (" + percent(off) + ")");
  // Lateness is in the figures from the schedule only; and below a millisecond no server's users would notice.
  if (f.late_mean_ms > 1)
    judge_share(v, f.late_mean_ms, f.first_mean_ms, {0.02}, "requests left late, on average by", "mean TTFT");
  if (f.late_p99_ms > 5)
    judge_share(v, f.late_p99_ms, f.first_p99_ms, {0.1}, "one request in a hundred left late by at least", "p99 TTFT");
  if (f.asked_concurrency == 0 || std::isnan(f.held_concurrency)) return;
  const double share = f.held_concurrency / static_cast<double>(f.asked_concurrency);
  if (share < 0.95 && !f.scheduled)
    v.lower(share < 0.5 ? trust::invalid : trust::suspect, "only " + shown(f.held_concurrency, 1) +
                                                               " requests were held in flight of " +
                                                               std::to_string(f.asked_concurrency) + " asked for");
}

inline void judge_whole(verdict& v, const validity_facts& f) {
  const std::uint64_t ended = f.completed + f.failed;
  if (f.completed == 0) v.lower(trust::invalid, "no request succeeded: nothing was measured");
  if (f.signal != 0)
    v.lower(trust::suspect, "the run was ended by signal " + std::to_string(f.signal) + " after " +
                                std::to_string(ended) + " of " + std::to_string(f.planned) + " requests");
  if (f.token_mismatches > 0)
    v.lower(trust::suspect,
            std::to_string(f.token_mismatches) + " answers contradict the server's own count of their tokens");
  for (const auto& sentence : f.server_disagrees) v.lower(trust::suspect, sentence);
}

}  // namespace detail

/// Judges a run by what it measured of itself. docs/measuring.md explains each reason to those who meet it, and
/// bench/verdict holds the judgement against the mock's log.
[[nodiscard]] inline verdict judge(const validity_facts& facts) {
  verdict v;
  detail::judge_whole(v, facts);
  if (facts.completed == 0) return v;
  detail::judge_load(v, facts);
  detail::judge_lag(v, facts);
  detail::judge_machine(v, facts);
  return v;
}

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_VALIDITY_HPP
