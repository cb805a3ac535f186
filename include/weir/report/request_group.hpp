// weir/report/request_group.hpp - what is counted of a group of requests. Needs weir/record and weir/stats.
#ifndef WEIR_REPORT_REQUEST_GROUP_HPP
#define WEIR_REPORT_REQUEST_GROUP_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "weir/base/measured.hpp"
#include "weir/record/request.hpp"
#include "weir/report/latency.hpp"
#include "weir/report/service_level.hpp"
#include "weir/stats/samples.hpp"

namespace weir::inline v0 {

inline constexpr std::size_t outcome_count = static_cast<std::size_t>(outcome::cancelled) + 1;
inline constexpr std::size_t basis_count = static_cast<std::size_t>(tokens_basis::chunks) + 1;

/// First byte sent and last token of the requests that came from one file, on that file's clock.
struct file_window {
  std::size_t file = 0;
  std::int64_t first_ns = std::numeric_limits<std::int64_t>::max();
  std::int64_t last_ns = std::numeric_limits<std::int64_t>::min();

  void include(const file_window& other) noexcept {
    first_ns = std::min(first_ns, other.first_ns);
    last_ns = std::max(last_ns, other.last_ns);
  }
};

/// A sum of counts some of which are not known.
struct partial_sum {
  std::int64_t known = 0;
  std::uint64_t unknown = 0;  ///< Requests without the count.

  void add(std::int64_t count) noexcept { count == unmeasured ? void(++unknown) : void(known += count); }
  void add(const partial_sum& other) noexcept { known += other.known, unknown += other.unknown; }
};

/// All counts of a group but its samples: cheap to copy and to merge. An attempt that another one followed at once is
/// no request of its own: it counts in `resent` and in the window, and nowhere else.
struct request_counts {
  std::array<std::uint64_t, outcome_count> by_outcome{};
  std::uint64_t retries = 0;                          ///< Records with attempt > 1.
  std::uint64_t resent = 0;                           ///< Records that the next attempt followed at once.
  partial_sum tokens_in, tokens_out;                  ///< Of successes.
  std::array<std::uint64_t, basis_count> by_basis{};  ///< Successes by what their tokens_out rest on.
  std::uint64_t events = 0;           ///< Events with tokens, of successes whose tokens are not an estimate.
  std::int64_t tokens_in_events = 0;  ///< Tokens of those successes.
  std::uint64_t itl_by_token = 0, itl_by_chunk = 0;  ///< Successes with events, by what their itl is.
  std::uint64_t first_estimated = 0, backwards = 0;  ///< See latency_remarks.
  std::uint64_t several_choices = 0;                 ///< Successes with n > 1.
  std::uint64_t good = 0;                            ///< Successes within the service level.
  std::uint64_t reasoned = 0;                        ///< Successes whose first visible token is not their first.
  std::vector<file_window> windows;                  ///< By file, ascending.

  [[nodiscard]] std::uint64_t ok() const noexcept { return by_outcome[0]; }
  [[nodiscard]] std::uint64_t all() const noexcept {
    std::uint64_t sum = 0;
    for (const auto count : by_outcome) sum += count;
    return sum;
  }
  [[nodiscard]] std::uint64_t failed() const noexcept { return all() - ok(); }

  void add(const request_record& r, std::size_t file) {
    retries += r.attempt > 1;
    if (windows.empty() || windows.back().file != file) windows.push_back({file});
    if (r.t_send_ns != unmeasured) windows.back().first_ns = std::min(windows.back().first_ns, r.t_send_ns);
    if (r.t_last_ns != unmeasured) windows.back().last_ns = std::max(windows.back().last_ns, r.t_last_ns);
    if (r.resent) return void(++resent);
    ++by_outcome[static_cast<std::size_t>(r.status)];
    if (r.status != outcome::ok) return;
    tokens_in.add(r.tokens_in);
    tokens_out.add(r.tokens_out);
    ++by_basis[static_cast<std::size_t>(r.basis)];
    several_choices += r.choices.size() > 1;
    reasoned += r.t_visible_ns != r.t_first_ns;
    if (r.events.empty() || r.tokens_out == unmeasured || r.basis == tokens_basis::chunks) return;
    events += r.events.size();
    tokens_in_events += r.tokens_out;
  }

  void add(const latency_remarks& remarks, bool has_events) noexcept {
    first_estimated += remarks.first_estimated;
    backwards += remarks.backwards;
    itl_by_token += has_events && remarks.itl_by_token;
    itl_by_chunk += has_events && !remarks.itl_by_token;
  }

  void merge(const request_counts& other) {
    for (std::size_t i = 0; i < outcome_count; ++i) by_outcome[i] += other.by_outcome[i];
    for (std::size_t i = 0; i < basis_count; ++i) by_basis[i] += other.by_basis[i];
    tokens_in.add(other.tokens_in), tokens_out.add(other.tokens_out);
    retries += other.retries, resent += other.resent;
    events += other.events, tokens_in_events += other.tokens_in_events;
    itl_by_token += other.itl_by_token, itl_by_chunk += other.itl_by_chunk;
    first_estimated += other.first_estimated, backwards += other.backwards;
    several_choices += other.several_choices, reasoned += other.reasoned, good += other.good;
    for (const auto& window : other.windows) {
      const auto place = std::ranges::lower_bound(windows, window.file, {}, &file_window::file);
      if (place != windows.end() && place->file == window.file)
        place->include(window);
      else
        windows.insert(place, window);
    }
  }
};

/// A group of requests: counts, and the samples of each latency of the successes.
struct request_group {
  request_counts counts;
  std::array<sample_set, latency_count> samples;

  /// \param file  which file the record came from: ascending from call to call.
  void add(const request_record& r, std::size_t file, latency_reader& latencies, const service_level& goals = {}) {
    struct keeper {
      void operator()(latency which, double ns, std::uint32_t times) {
        times == 1 ? of(which).add(ns) : of(which).add(ns, times);
      }
      void operator()(latency which, std::span<const double> ns) { of(which).add(ns); }
      sample_set& of(latency which) { return (*samples)[static_cast<std::size_t>(which)]; }
      std::array<sample_set, latency_count>* samples;
    };
    counts.add(r, file);
    if (r.status != outcome::ok) return;
    counts.good += meets(goals, r);
    counts.add(latencies(r, keeper{&samples}), !r.events.empty());
  }
};

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_REQUEST_GROUP_HPP
