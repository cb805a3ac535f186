// weir/load/search.hpp - which load to try next, and what the tries have shown. Needs weir/stats.
//
// Knows nothing of servers: a probe is a load and how many requests met their goals at it.
#ifndef WEIR_LOAD_SEARCH_HPP
#define WEIR_LOAD_SEARCH_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/load/validity.hpp"
#include "weir/stats/wilson.hpp"

namespace weir::inline v0 {

/// One run at one load.
struct probe {
  double load = 0;  ///< Requests a second, or requests in flight.
  std::uint64_t good = 0, sent = 0;
  double per_s = 0;  ///< Requests a second that succeeded.
  trust level = trust::valid;
};

/// Appends `p` as one line of JSON with its newline.
inline void append_record(std::string& out, const probe& p) {
  json_writer json(out);
  json.begin_object().field("type", "probe").field("load", p.load).field("good", p.good).field("sent", p.sent);
  json.field("request_throughput", p.per_s).field("verdict", to_string(p.level)).end_object();
  out.push_back('\n');
}

struct search_options {
  double target = 0.99;     ///< Share of requests that must meet the goals.
  double start = 1;         ///< The first load.
  double precision = 0.05;  ///< Enough where (failed load / held load - 1) is below it.
  std::size_t probes = 24;  ///< At most.
  double least = 1e-3;      ///< No load below is tried.

  [[nodiscard]] result<void> check() const {
    const auto bad = [](const char* why) { return failure{errc::invalid_argument, why}; };
    if (!(target > 0 && target < 1)) return bad("the share to be met lies between 0 and 1, such as 0.99");
    if (!(start >= least && std::isfinite(start))) return bad("a search starts at a load above 0");
    if (!(precision > 0 && precision <= 1)) return bad("the precision lies between 0 and 1, such as 0.05");
    if (probes == 0) return bad("a search needs at least one probe");
    return {};
  }
  /// The requests of a probe without a miss that show the target: with fewer nothing can ever be shown.
  [[nodiscard]] std::uint64_t fewest_requests() const noexcept {
    return static_cast<std::uint64_t>(std::ceil(z * z * target / (1 - target)));
  }
  static constexpr double z = 1.6448536269514722;  ///< One-sided 95 %.
};

/// What the probes at one load, taken together, say.
enum class load_state : unsigned char {
  held,      ///< The share is at or above the target with 95 % confidence.
  failed,    ///< It is below with 95 % confidence.
  unsettled  ///< Neither: more requests are needed.
};

/// Searches the highest load that meets the target: doubles until one fails, then halves the distance (on a logarithmic
/// scale). A load that is neither shown to hold nor to fail is tried again, three times in all, and then counts as not
/// held. What is returned as the answer was always shown.
class load_search {
 public:
  explicit load_search(search_options options) : options_(options) {}

  /// The next load to try; nothing where the search is over.
  [[nodiscard]] std::optional<double> next() const {
    if (probes_.size() >= options_.probes) return std::nullopt;
    if (probes_.empty()) return options_.start;
    for (const auto& at : loads())
      if (unsure(at)) return at.load;
    const auto best = highest_held();
    const auto worst = lowest_not_held();
    if (!worst) return best->load * 2;
    if (!best) return worst->load / 2 < options_.least ? std::nullopt : std::optional(worst->load / 2);
    if (worst->load / best->load - 1 <= options_.precision) return std::nullopt;
    return std::sqrt(worst->load * best->load);
  }

  void add(const probe& p) { probes_.push_back(p); }
  [[nodiscard]] const std::vector<probe>& probes() const noexcept { return probes_; }

  /// The highest load that was shown to meet the target, with its probes added up, below every load that was not.
  [[nodiscard]] std::optional<probe> answer() const { return highest_held(); }

  [[nodiscard]] load_state state_of(const probe& sum) const noexcept {
    const auto share = wilson_interval(sum.good, sum.sent, search_options::z);
    if (sum.sent > 0 && share.low >= options_.target && sum.level != trust::invalid) return load_state::held;
    if (sum.sent > 0 && (share.high < options_.target || sum.level == trust::invalid)) return load_state::failed;
    return load_state::unsettled;
  }

  /// What stands in the way of an answer, or of a better one; empty where nothing does.
  [[nodiscard]] std::string missing() const {
    const auto best = highest_held();
    const auto worst = lowest_not_held();
    if (!worst) return best ? "no load failed within the probes allowed: the limit lies higher" : "nothing was tried";
    const bool invalid = worst->level == trust::invalid;
    const std::string at = "at " + detail::shown(worst->load, 3);
    if (invalid) return at + " this client could not make the load (INVALID): the server's limit may lie higher";
    if (state_of(*worst) == load_state::unsettled)
      return at + " " + std::to_string(worst->good) + " of " + std::to_string(worst->sent) +
             " were good, which shows neither: more requests a probe would (at least " +
             std::to_string(options_.fewest_requests()) + ")";
    if (!best) return "no load tried met the target";
    const bool precise = worst->load / best->load - 1 <= options_.precision;
    return precise ? "" : "the probes allowed ended before the limit was found to the precision asked for";
  }

 private:
  static constexpr int tries = 3;
  struct at_load : probe {
    int times = 0;
  };

  /// The probes of each load added up, by ascending load. The worst verdict of a load is the load's.
  [[nodiscard]] std::vector<at_load> loads() const {
    std::vector<at_load> all;
    for (const auto& p : probes_) {
      auto place = std::ranges::lower_bound(all, p.load, {}, &at_load::load);
      if (place == all.end() || place->load != p.load) place = all.insert(place, at_load{{.load = p.load}, 0});
      place->good += p.good, place->sent += p.sent, place->times += 1;
      place->per_s = p.per_s;
      place->level = std::max(place->level, p.level);
    }
    return all;
  }
  [[nodiscard]] bool unsure(const at_load& at) const {
    return at.times < tries && state_of(at) == load_state::unsettled;
  }
  [[nodiscard]] std::optional<probe> lowest_not_held() const {
    for (const auto& at : loads())
      if (state_of(at) != load_state::held) return at;
    return std::nullopt;
  }
  [[nodiscard]] std::optional<probe> highest_held() const {
    std::optional<probe> best;
    for (const auto& at : loads()) {
      if (state_of(at) != load_state::held) break;
      best = at;
    }
    return best;
  }

  search_options options_;
  std::vector<probe> probes_;
};

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_SEARCH_HPP
