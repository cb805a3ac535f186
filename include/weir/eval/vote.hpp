// weir/eval/vote.hpp - votes counted: who leads, whether the rest can change it, whether it is a tie. Needs the
// standard library only.
#ifndef WEIR_EVAL_VOTE_HPP
#define WEIR_EVAL_VOTE_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::inline v0 {

/// Answers and how often each was given. An empty answer is no vote.
class vote_count {
 public:
  void add(std::string_view answer) {
    if (answer.empty()) return;
    const auto it = std::ranges::find(counts_, answer, &entry::answer);
    if (it != counts_.end())
      ++it->votes;
    else
      counts_.push_back({std::string(answer), 1});
  }

  /// The answer with the most votes; of several, the one that was given first. Empty where there is no vote.
  [[nodiscard]] std::string winner() const { return counts_.empty() ? std::string() : leader()->answer; }
  /// The fewest of the `left` votes to come that may decide it: 0 where they can neither change the winner nor make a
  /// tie, or there are none.
  [[nodiscard]] std::size_t votes_needed(std::size_t left) const {
    // With m more votes the leader (at the start: anyone) has first + m; the next one may still get the other left - m.
    const std::size_t first = counts_.empty() ? 0 : leader()->votes, second = runner_up();
    for (std::size_t m = 0; m < left; ++m)
      if (first + m > second + (left - m)) return m;
    return left;
  }
  /// "12 and 15, 2 votes each" where several answers have the most votes, else nothing.
  [[nodiscard]] std::string tie() const {
    std::string names;
    if (counts_.empty()) return names;
    const std::size_t most = leader()->votes;
    std::size_t tied = 0;
    for (const auto& each : counts_)
      if (each.votes == most) names.append(tied++ == 0 ? "" : " and ").append(each.answer);
    return tied < 2 ? std::string() : names + ", " + std::to_string(most) + (most == 1 ? " vote each" : " votes each");
  }

 private:
  struct entry {
    std::string answer;
    std::size_t votes;
  };
  [[nodiscard]] std::vector<entry>::const_iterator leader() const {
    return std::ranges::max_element(counts_, {}, &entry::votes);  // the first of equals
  }
  [[nodiscard]] std::size_t runner_up() const {
    std::size_t most = 0;
    for (auto it = counts_.begin(); it != counts_.end(); ++it)
      if (it != leader()) most = std::max(most, it->votes);
    return most;
  }

  std::vector<entry> counts_;  // in the order of first appearance
};

}  // namespace weir::inline v0

#endif  // WEIR_EVAL_VOTE_HPP
