// weir/load/run_summary.hpp - what a run amounts to, counted record by record. Needs weir/report.
#ifndef WEIR_LOAD_RUN_SUMMARY_HPP
#define WEIR_LOAD_RUN_SUMMARY_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/measured.hpp"
#include "weir/load/offered_load.hpp"
#include "weir/record/request.hpp"
#include "weir/report/latency.hpp"
#include "weir/report/request_group.hpp"
#include "weir/report/service_level.hpp"
#include "weir/stats/samples.hpp"

namespace weir::inline v0 {

/// Counts tokens by time and finds the busiest second. Memory: 4 bytes for each 10 ms of the run.
class token_rate {
 public:
  void add(std::int64_t t_ns, std::int64_t tokens) {
    if (bins_.empty()) origin_ns_ = t_ns;
    if (t_ns < origin_ns_) {  // a long request ends late, and began before the first that ended
      const std::int64_t earlier = (origin_ns_ - t_ns + bin_ns - 1) / bin_ns;
      bins_.insert(bins_.begin(), static_cast<std::size_t>(earlier), 0);
      origin_ns_ -= earlier * bin_ns;
    }
    const auto bin = static_cast<std::size_t>((t_ns - origin_ns_) / bin_ns);
    if (bin >= bins_.size()) bins_.resize(bin + 1);
    bins_[bin] += static_cast<std::uint32_t>(tokens);
  }

  /// The most tokens that came within any second (to 10 ms); NaN where the tokens span less than one.
  [[nodiscard]] double peak_per_s() const {
    const auto first = std::ranges::find_if(bins_, [](auto n) { return n > 0; });
    const auto used = static_cast<std::size_t>(bins_.end() - first);
    if (used < bins_a_second) return std::numeric_limits<double>::quiet_NaN();
    std::int64_t window = 0, most = 0;
    for (auto it = first; it != bins_.end(); ++it) {
      window += *it;
      if (static_cast<std::size_t>(it - first) >= bins_a_second)
        window -= *(it - static_cast<std::ptrdiff_t>(bins_a_second));
      most = std::max(most, window);
    }
    return static_cast<double>(most);
  }

 private:
  static constexpr std::int64_t bin_ns = 10'000'000;
  static constexpr std::size_t bins_a_second = 100;
  std::int64_t origin_ns_ = 0;
  std::vector<std::uint32_t> bins_;
};

/// One kind of failure, with the words it came with.
struct failure_kind {
  outcome status;
  std::string error;
  auto operator<=>(const failure_kind&) const = default;
};

/// "http: HTTP 404: The model does not exist."
[[nodiscard]] inline std::string words_of(const failure_kind& kind) {
  return std::string(to_string(kind.status)) + ": " + kind.error;
}

/// What the records of a run add up to.
///
/// A request whose first attempt was lost with its connection and sent again counts once in `completed` or `failed`,
/// by its last attempt, as weir-summarize counts the file.
class run_summary {
 public:
  explicit run_summary(service_level goals = {}) : goals_(goals) {}

  void add(const request_record& r, bool last) {
    attempts.add(r, 0, latencies_);
    busy_ns_ += span(r.t_send_ns, r.t_done_ns);
    if (r.t_send_ns != unmeasured) first_send_ns = std::min(first_send_ns, r.t_send_ns);
    if (r.t_last_ns != unmeasured && r.status == outcome::ok) last_token_ns = std::max(last_token_ns, r.t_last_ns);
    if (r.t_done_ns != unmeasured) last_end_ns = std::max(last_end_ns, r.t_done_ns);
    if (r.attempt == 1) offered.add(r);
    turns_not_sent += static_cast<std::uint64_t>(r.turns_not_sent);
    if (!last) {
      ++resent;
    } else if (r.status == outcome::ok) {
      ++completed;
      add_success(r);
    } else {
      ++failed;
      if (failures.size() < max_kinds || failures.contains({r.status, r.error})) ++failures[{r.status, r.error}];
    }
  }

  request_group attempts;                             ///< Every record.
  std::uint64_t completed = 0, failed = 0, good = 0;  ///< Requests.
  std::uint64_t resent = 0;                           ///< Records that another attempt followed.
  std::uint64_t turns_not_sent = 0;                   ///< Because an earlier turn of their session failed.
  std::uint64_t events = 0;                           ///< With tokens, of successes.
  std::uint64_t exposed_events = 0;                   ///< Of them stamped by this program, or together with others.
  std::uint64_t fewer_choices = 0;                    ///< Successes with fewer choices than asked for.
  /// Of successes that asked for a length and told theirs: how many, how many with another, and tokens of both.
  struct prompt_lengths {
    std::uint64_t known = 0, other = 0;
    std::int64_t asked = 0, real = 0;
  } lengths;
  std::int32_t asked_choices = 1;
  std::size_t max_in_flight = 0;                   ///< Told by the runner.
  std::map<failure_kind, std::uint64_t> failures;  ///< The first 100 kinds.
  sample_set tpot_vllm;                            ///< As vLLM divides: by tokens - 1; ns.
  token_rate rate;
  offered_load offered;
  std::int64_t first_send_ns = std::numeric_limits<std::int64_t>::max();
  std::int64_t last_token_ns = std::numeric_limits<std::int64_t>::min();  ///< Of successes.
  std::int64_t last_end_ns = std::numeric_limits<std::int64_t>::min();    ///< Of any record.

  /// The kinds of failure, the commonest first.
  [[nodiscard]] std::vector<std::pair<std::uint64_t, const failure_kind*>> by_count() const {
    std::vector<std::pair<std::uint64_t, const failure_kind*>> kinds;
    for (const auto& [kind, count] : failures) kinds.emplace_back(count, &kind);
    std::ranges::stable_sort(kinds, std::ranges::greater{}, [](const auto& each) { return each.first; });
    return kinds;
  }

  [[nodiscard]] sample_set& of(latency which) { return attempts.samples[static_cast<std::size_t>(which)]; }
  [[nodiscard]] std::uint64_t requests() const noexcept { return completed + failed; }

  /// Seconds from the first byte sent to the last token; NaN where no request succeeded.
  [[nodiscard]] double window_s() const noexcept { return seconds(first_send_ns, last_token_ns); }
  /// `amount` a second of the window; NaN where there is none.
  [[nodiscard]] double per_s(double amount) const noexcept { return amount / window_s(); }
  /// Requests under way, averaged over the time in which any was.
  [[nodiscard]] double held_concurrency() const noexcept {
    return static_cast<double>(busy_ns_) / 1e9 / seconds(first_send_ns, last_end_ns);
  }
  /// A sum over all successes, or NaN where a success does not say its part.
  [[nodiscard]] static double whole(const partial_sum& sum) noexcept {
    return sum.unknown > 0 ? not_a_number : static_cast<double>(sum.known);
  }
  [[nodiscard]] double tokens_in() const noexcept {
    return completed == 0 ? not_a_number : whole(attempts.counts.tokens_in);
  }
  [[nodiscard]] double tokens_out() const noexcept {
    return completed == 0 ? not_a_number : whole(attempts.counts.tokens_out);
  }
  /// Tokens of an event, on average, where they were counted; NaN where they were not.
  [[nodiscard]] double tokens_per_chunk() const noexcept {
    const auto& c = attempts.counts;
    return c.events == 0 ? not_a_number : static_cast<double>(c.tokens_in_events) / static_cast<double>(c.events);
  }

 private:
  static constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
  static constexpr std::size_t max_kinds = 100;

  static std::int64_t span(std::int64_t from, std::int64_t to) noexcept {
    return from == unmeasured || to == unmeasured ? 0 : std::max<std::int64_t>(0, to - from);
  }
  static double seconds(std::int64_t from, std::int64_t to) noexcept {
    return to > from ? static_cast<double>(to - from) / 1e9 : not_a_number;
  }

  void add_success(const request_record& r) {
    events += r.events.size();
    exposed_events += r.stamps == stamp_basis::kernel ? static_cast<std::uint64_t>(r.shared_events) : r.events.size();
    fewer_choices += r.choices.size() < static_cast<std::size_t>(asked_choices);
    if (r.tokens_in_asked != unmeasured && r.tokens_in != unmeasured) {
      ++lengths.known, lengths.other += r.tokens_in != r.tokens_in_asked;
      lengths.asked += r.tokens_in_asked, lengths.real += r.tokens_in;
    }
    for (const auto& c : r.choices)
      if (c.t_first_ns != unmeasured && c.tokens_out != unmeasured && c.tokens_out > 1)
        tpot_vllm.add(static_cast<double>(span(c.t_first_ns, c.t_last_ns)) / static_cast<double>(c.tokens_out - 1));
    good += meets(goals_, r);
    for (const auto& e : r.events) rate.add(e.t_ns, e.tokens);
  }

  service_level goals_;
  latency_reader latencies_;
  std::int64_t busy_ns_ = 0;
};

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_RUN_SUMMARY_HPP
