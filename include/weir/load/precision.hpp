// weir/load/precision.hpp - a run that goes on until it knows a figure of its own well enough. Needs weir/report.
#ifndef WEIR_LOAD_PRECISION_HPP
#define WEIR_LOAD_PRECISION_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/base/units.hpp"
#include "weir/record/request.hpp"
#include "weir/report/flow_meter.hpp"
#include "weir/report/latency.hpp"
#include "weir/report/table.hpp"
#include "weir/stats/run_interval.hpp"

namespace weir::inline v0 {

/// How well a run is to know one of its figures.
struct precision_goal {
  std::string text;  ///< "p99_ttft:5%"
  latency which = latency::ttft;
  double p = 0;      ///< The percentile; 0 is the mean.
  double share = 0;  ///< The 95 % interval reaches no farther from the figure than this share of it.
};

/// Reads "p99_ttft:5%", "mean_e2el:2%", "median_tpot:1%". \return  errc::invalid_argument.
[[nodiscard]] inline result<precision_goal> parse_precision_goal(std::string_view text) {
  precision_goal out{.text = std::string(text)};
  const auto refused = [&] {
    return failure{errc::invalid_argument, "'" + out.text +
                                               "' is not a goal such as p99_ttft:5% or mean_e2el:2% (of ttft, tpot, "
                                               "e2el, ttft_sched, e2el_sched)"};
  };
  const auto bar = text.find('_'), colon = text.find(':');
  if (bar == text.npos || colon == text.npos || bar > colon || !text.ends_with('%')) return refused();
  const auto stat = text.substr(0, bar), name = text.substr(bar + 1, colon - bar - 1);
  constexpr std::array known{latency::ttft, latency::tpot, latency::e2el, latency::ttft_sched, latency::e2el_sched};
  const auto found = std::ranges::find(known, name, [](latency l) { return to_string(l); });
  const auto share = parse_number<double>(text.substr(colon + 1, text.size() - colon - 2));
  const auto p = stat == "mean"     ? result<double>(0.0)
                 : stat == "median" ? result<double>(50.0)
                                    : parse_number<double>(stat.starts_with('p') ? stat.substr(1) : std::string_view{});
  if (found == known.end() || !share || !(*share > 0 && *share < 100) || !p || !(*p >= 0 && *p < 100)) return refused();
  if (*p == 0 && stat != "mean") return refused();
  out.which = *found, out.p = *p, out.share = *share / 100;
  return out;
}

/// What a run came to know of a figure. Times are nanoseconds.
struct precision_found {
  precision_goal goal;
  std::size_t values = 0;
  steady_run known;
  [[nodiscard]] bool met() const noexcept { return known.estimate.within(goal.share); }
};

/// Follows a run and says when all goals are met. It looks each time the run has grown by a quarter, in a thread of its
/// own, so that the one that receives has nothing to wait for. What the look that met the goals saw is what is
/// reported: with the few requests that end after it an interval could be a hair too wide again.
class precision_watch {
 public:
  /// \param how  deferred: looks in the thread that adds, so that where a run ends does not depend on the machine.
  explicit precision_watch(std::vector<precision_goal> goals, std::launch how = std::launch::async) : how_(how) {
    for (auto& goal : goals) found_.push_back({std::move(goal), 0, {}});
    values_.resize(found_.size());
  }

  /// The next request that ended. \return  whether the goals are met, as of the last look.
  bool add(const request_record& r) {
    if (found_.empty()) return false;
    if (r.status == outcome::ok) latencies_(r, keeper{this});
    meter_.add(r.t_sched_ns, r.t_send_ns, r.t_last_ns);
    if (look_.valid()) {
      if (look_.wait_for(std::chrono::seconds(0)) == std::future_status::timeout) return met_;
      take(look_.get());
    }
    const auto least = std::ranges::min(values_, {}, &std::vector<double>::size).size();
    if (met_ || least < next_) return met_;
    next_ = next_look(least);
    look_ = std::async(how_,
                       [found = found_, values = values_, flow = meter_.flow()] { return known(found, values, flow); });
    return false;
  }

  [[nodiscard]] bool met() const noexcept { return met_; }
  /// What was known when the goals were met; where they were not, what is known of all that ended. Call it after the
  /// run.
  [[nodiscard]] const std::vector<precision_found>& finish() {
    if (look_.valid()) take(look_.get());
    if (!met_) found_ = known(found_, values_, meter_.flow());
    return found_;
  }

 private:
  struct keeper {
    void operator()(latency which, double ns, std::uint32_t /*times*/) const {
      for (std::size_t i = 0; i < to->found_.size(); ++i)
        if (to->found_[i].goal.which == which) to->values_[i].push_back(ns);
    }
    void operator()(latency, std::span<const double>) const {}
    precision_watch* to;
  };
  [[nodiscard]] static std::vector<precision_found> known(std::vector<precision_found> found,
                                                          const std::vector<std::vector<double>>& values,
                                                          request_flow flow) {
    for (std::size_t i = 0; i < found.size(); ++i)
      found[i].values = values[i].size(), found[i].known = steady_estimate(values[i], found[i].goal.p, flow);
    return found;
  }
  void take(std::vector<precision_found> seen) {
    met_ = std::ranges::all_of(seen, &precision_found::met);
    if (met_) found_ = std::move(seen);
  }

  std::launch how_;
  std::vector<precision_found> found_;
  std::vector<std::vector<double>> values_;  // by goal, in the order in which requests ended
  flow_meter meter_;
  std::size_t next_ = first_look;
  bool met_ = false;
  latency_reader latencies_;
  std::future<std::vector<precision_found>> look_;
};

/// "53.100 ms, 95 % interval 51.900 to 54.600 (goal met)", or why there is none.
[[nodiscard]] inline std::string precision_words(const precision_found& f) {
  const auto ms = [](double ns) { return std::string(cell::number(ns / 1e6, 3).shown()); };
  const auto& e = f.known.estimate;
  if (f.values == 0) return "no request told it";
  std::string words = ms(e.value) + " ms, ";
  if (e.interval)
    words += "95 % interval " + ms(e.interval->low) + " to " + ms(e.interval->high);
  else
    words += "no interval: " + words_of_lack(e);
  return words + (f.met() ? " (goal met)" : " (goal not met)");
}

/// Appends them to the object that `json` is writing, as `until`.
inline void append_precision(json_writer& json, const std::vector<precision_found>& all) {
  if (all.empty()) return;
  json.key("until").begin_array();
  for (const auto& f : all) {
    const auto& e = f.known.estimate;
    json.begin_object().field("goal", f.goal.text).field("met", f.met()).field("values", f.values);
    json.field("value_ms", e.value / 1e6);
    e.interval ? json.field("low_ms", e.interval->low / 1e6).field("high_ms", e.interval->high / 1e6)
               : json.field("low_ms", nullptr).field("high_ms", nullptr);
    json.field("warm_up", f.known.cut.skip).field("steady", f.known.cut.steady);
    json.field("effective", e.effective).field("needed", e.needed);
    e.interval ? json.field("reason", nullptr) : json.field("reason", words_of_lack(e));
    json.end_object();
  }
  json.end_array();
}

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_PRECISION_HPP
