// weir/report/summary.hpp - what was counted, as named figures for each group and for all. Needs weir/record and
// weir/stats.
#ifndef WEIR_REPORT_SUMMARY_HPP
#define WEIR_REPORT_SUMMARY_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "weir/report/answer_figures.hpp"
#include "weir/report/figure.hpp"
#include "weir/report/latency.hpp"
#include "weir/report/natural_order.hpp"
#include "weir/report/request_figures.hpp"
#include "weir/report/request_log.hpp"
#include "weir/report/sample_figures.hpp"
#include "weir/report/steady_figures.hpp"
#include "weir/report/summarizer.hpp"

namespace weir::inline v0 {

/// How a summary is made.
struct summary_options {
  std::vector<double> percentiles{50, 90, 95, 99};
  bool intervals = false;  ///< With an interval for each percentile: see stats/interval.hpp.
  device_price price = {};
  const request_log* steady = nullptr;  ///< With figures of the steady part, of these requests. \pre they are sorted.
};

/// Figures by group, and what a reader must know to read them.
struct summary {
  std::vector<std::string> keys;      ///< Names of the keys; empty where there are no groups to tell apart.
  std::vector<group_summary> groups;  ///< In natural order of their labels; the last one is of all records.
  std::vector<latency> latencies;
  std::vector<double> percentiles;
  std::vector<std::string> rules;
  bool requests = false, answers = false;  ///< Which of the two there were.
  bool steady = false;                     ///< Figures of the steady part are there.
  bool samples = false;                    ///< Of devices, processes or the host.
  bool adjusted = false, intervals = false;
  bool goals = false, cost = false;  ///< Figures of a service level, and of a price.
  service_level level = {};          ///< That level.
  request_counts counts;             ///< Of all records.
  bool exact = true;                 ///< Else percentiles of some latency come from a histogram.
};

namespace detail {

/// A summary under construction: one list of figures a group, and one for all at the end.
class summary_maker {
 public:
  summary_maker(summarizer& counted, const summary_options& options) : counted_(&counted) {
    counted.close();
    counted.bound_samples();
    std::ranges::sort(counted.groups(), [](const auto& a, const auto& b) {
      return std::ranges::lexicographical_compare(a.labels, b.labels, natural_less);
    });
    for (const auto& group : counted.groups()) {
      out_.counts.merge(group.requests.counts);
      answers_.merge(group.answers);
    }
    out_.requests = out_.counts.all() > 0;
    out_.answers = answers_.questions > 0;
    for (const auto& [rule, unused] : answers_.rules) out_.rules.push_back(rule);
    out_.percentiles = choice_.percentiles = options.percentiles;
    out_.intervals = choice_.intervals = options.intervals;
    out_.goals = choice_.goals = counted.goals().any();
    out_.level = counted.goals();
    out_.cost = options.price.per_hour > 0;
    price_ = options.price;
    log_ = options.steady;
    out_.steady = log_ != nullptr && out_.requests;
    out_.adjusted = choice_.adjusted = out_.counts.failed() > 0;
    for (std::size_t i = 1; i < outcome_count; ++i) choice_.outcomes[i] = out_.counts.by_outcome[i] > 0;
    choose_latencies();
    // A single group is all there is: telling it apart would print everything twice.
    shown_ = counted.groups().size() > 1 ? counted.groups().size() : 0;
    lists_.resize(shown_ + 1);
  }

  summary make() && {
    if (out_.requests) append_requests();
    if (out_.answers) {
      for (std::size_t i = 0; i < shown_; ++i) append_answers(lists_[i], counted_->groups()[i].answers, out_.rules);
      append_answers(lists_.back(), answers_, out_.rules);
    }
    for (std::size_t i = 0; i <= shown_; ++i) {
      auto labels = i < shown_ ? counted_->groups()[i].labels : std::vector<std::string>{};
      out_.groups.push_back({std::move(labels), std::move(lists_[i]).take()});
    }
    if (shown_ > 0)
      for (const auto key : counted_->keys()) out_.keys.emplace_back(to_string(key));
    return std::move(out_);
  }

 private:
  void choose_latencies() {
    for (std::size_t i = 0; i < latency_count; ++i) {
      const auto which = static_cast<latency>(i);
      if (which == latency::ttfot && out_.counts.reasoned == 0) continue;  // it is ttft
      const bool core =
          which == latency::ttft || which == latency::tpot || which == latency::itl || which == latency::e2el;
      if (core ||
          std::ranges::any_of(counted_->groups(), [&](const auto& g) { return g.requests.samples[i].count() > 0; }))
        out_.latencies.push_back(which);
    }
  }

  void append_requests() {
    const auto append_counts = [&](figure_list& list, const request_counts& counts) {
      append_outcomes(list, counts, choice_);
      append_tokens(list, counts);
      append_throughput(list, counts, counted_->axis());
      if (out_.goals) append_goodput(list, counts, counted_->axis());
    };
    for (std::size_t i = 0; i < shown_; ++i) append_counts(lists_[i], counted_->groups()[i].requests.counts);
    append_counts(lists_.back(), out_.counts);
    if (out_.cost) append_costs();
    for (const auto which : out_.latencies) append_samples(which);
    if (out_.samples = counted_->samples().any(); out_.samples) append_observed();
    if (!out_.steady) return;
    for (std::size_t i = 0; i < shown_; ++i) append_steady(lists_[i], nullptr, "told of all records only");
    append_steady(lists_.back(), counted_->axis().one_clock() ? log_ : nullptr, "several machines or boots");
  }

  /// Instances ran at once, each on its own devices; of other groups nobody says whether they did.
  void append_costs() {
    for (std::size_t i = 0; i < shown_; ++i)
      append_cost(lists_[i], counted_->groups()[i].requests.counts, counted_->axis(), price_, "");
    auto all = price_;
    if (shown_ > 0) all.devices *= static_cast<double>(shown_);
    const bool at_once = shown_ == 0 || counted_->keys() == std::vector{group_key::instance};
    append_cost(lists_.back(), out_.counts, counted_->axis(), all,
                at_once ? "" : "groups other than instances are not told to have run at the same time");
  }

  /// Samples name an instance: only groups by instance have figures of their own.
  void append_observed() {
    auto& log = counted_->samples();
    log.sort();
    const bool by_instance = counted_->keys() == std::vector{group_key::instance};
    for (std::size_t i = 0; i < shown_; ++i) {
      const auto& group = counted_->groups()[i];
      if (by_instance)
        append_sample_figures(lists_[i], log, &group.labels[0], group.requests.counts, counted_->axis());
      else
        append_no_sample_figures(lists_[i], "samples are told apart by instance only");
    }
    append_sample_figures(lists_.back(), log, nullptr, out_.counts, counted_->axis());
  }

  /// One latency at a time, so that the samples of all groups are held twice for one latency only.
  void append_samples(latency which) {
    sample_set all;
    for (std::size_t i = 0; i < counted_->groups().size(); ++i) {
      auto& requests = counted_->groups()[i].requests;
      sample_set samples = std::exchange(requests.samples[static_cast<std::size_t>(which)], sample_set());
      if (i < shown_) append_latency(lists_[i], which, samples, requests.counts, choice_);
      all.merge(std::move(samples));
    }
    append_latency(lists_.back(), which, all, out_.counts, choice_);
    out_.exact = out_.exact && all.exact();
  }

  summarizer* counted_;
  summary out_;
  figure_choice choice_;
  device_price price_;
  const request_log* log_ = nullptr;
  answer_group answers_;
  std::size_t shown_ = 0;  // groups that are told apart
  std::vector<figure_list> lists_;
};

}  // namespace detail

/// Turns what was counted into figures; the samples are used up, and nothing can be added any more.
/// \complexity  sorting the samples of each latency, once by group and once for all.
[[nodiscard]] inline summary summarize(summarizer& counted, const summary_options& options = {}) {
  return detail::summary_maker(counted, options).make();
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_SUMMARY_HPP
