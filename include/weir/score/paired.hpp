// weir/score/paired.hpp - the same questions answered twice: what changed, and whether chance explains it. Needs
// weir/record.
#ifndef WEIR_SCORE_PAIRED_HPP
#define WEIR_SCORE_PAIRED_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/score/scoreboard.hpp"

namespace weir::inline v0 {

/// How often two sets of answers to the same questions are right.
struct paired_counts {
  std::uint64_t both = 0, lost = 0, won = 0, neither = 0;  ///< lost: right in the base only; won: in the other only.

  void add(bool base, bool other) { ++(base ? (other ? both : lost) : (other ? won : neither)); }
  [[nodiscard]] std::uint64_t total() const noexcept { return both + lost + won + neither; }
  [[nodiscard]] double base_share() const noexcept { return share(both + lost); }
  [[nodiscard]] double other_share() const noexcept { return share(both + won); }
  /// other_share() - base_share(); NaN where there is no question.
  [[nodiscard]] double difference() const noexcept { return other_share() - base_share(); }

 private:
  [[nodiscard]] double share(std::uint64_t count) const noexcept {
    return total() == 0 ? std::numeric_limits<double>::quiet_NaN()
                        : static_cast<double>(count) / static_cast<double>(total());
  }
};

/// The exact two-sided p-value of McNemar's test: how likely a split of the changed questions as uneven as this one is
/// where each change goes either way with equal chance. 1 where nothing changed.
/// \source  McNemar 1947; the exact form is the binomial test of `won` in `won + lost` at 1/2.
[[nodiscard]] inline double mcnemar_exact(std::uint64_t lost, std::uint64_t won) {
  const double n = static_cast<double>(lost + won);
  const std::uint64_t fewer = std::min(lost, won);
  double tail = 0;
  for (std::uint64_t i = 0; i <= fewer; ++i) {
    const double k = static_cast<double>(i);
    tail += std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) - n * std::log(2.0));
  }
  return std::min(1.0, 2 * tail);
}

/// Ends of an interval of the difference of two paired shares.
struct difference_interval {
  double low, high;
};

/// The 95 % interval of difference(), half a question added to each of the four counts.
/// \source  Agresti and Min, "Simple improved confidence intervals for comparing matched proportions", 2005.
[[nodiscard]] inline difference_interval paired_interval(const paired_counts& c) {
  constexpr double z = 1.959963984540054;
  const double lost = static_cast<double>(c.lost) + 0.5, won = static_cast<double>(c.won) + 0.5;
  const double n = static_cast<double>(c.total()) + 2, middle = (won - lost) / n;
  const double half = z * std::sqrt((won + lost) - (won - lost) * (won - lost) / n) / n;
  return {std::max(-1.0, middle - half), std::min(1.0, middle + half)};
}

/// A question in both sets.
struct question_pair {
  const scored_question *base, *other;
};

/// Two scoreboards, question by question. Views into both.
struct score_pairing {
  std::vector<question_pair> pairs;                ///< In the base's order.
  std::vector<std::string> only_base, only_other;  ///< Ids without a partner: in no figure.
};

/// \pre     both boards have the same rules.
/// \return  errc::invalid_argument where an id has different golds: these are different questions.
[[nodiscard]] inline result<score_pairing> pair_up(const scoreboard& base, const scoreboard& other) {
  std::unordered_map<std::string_view, const scored_question*> by_id;
  for (const auto& q : other.questions()) by_id.emplace(q.id, &q);
  score_pairing pairing;
  for (const auto& q : base.questions()) {
    const auto found = by_id.find(q.id);
    if (found == by_id.end()) {
      pairing.only_base.push_back(q.id);
      continue;
    }
    if (found->second->expected != q.expected)
      return failure{errc::invalid_argument, "question '" + q.id + "' has the gold '" + q.expected + "' here and '" +
                                                 found->second->expected + "' there: not the same questions"};
    pairing.pairs.push_back({&q, found->second});
    by_id.erase(found);
  }
  for (const auto& q : other.questions())
    if (by_id.contains(q.id)) pairing.only_other.push_back(q.id);
  return pairing;
}

/// The counts of one rule over the questions that it applies to, by group (of `group_of(question)`).
template <class GroupOf>
[[nodiscard]] std::map<std::string, paired_counts> paired_by(const score_pairing& pairing, std::size_t rule,
                                                             GroupOf&& group_of) {
  std::map<std::string, paired_counts> groups;
  for (const auto& [base, other] : pairing.pairs)
    if (base->outcomes[rule].applies)
      groups[std::string(group_of(*base))].add(base->outcomes[rule].correct, other->outcomes[rule].correct);
  return groups;
}

}  // namespace weir::inline v0

#endif  // WEIR_SCORE_PAIRED_HPP
