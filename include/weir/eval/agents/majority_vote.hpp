// weir/eval/agents/majority_vote.hpp - several independent requests, and the answer that most of them give. Needs
// simdjson.
#ifndef WEIR_EVAL_AGENTS_MAJORITY_VOTE_HPP
#define WEIR_EVAL_AGENTS_MAJORITY_VOTE_HPP

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "weir/eval/agent.hpp"
#include "weir/eval/vote.hpp"

namespace weir::inline v0 {

/// The answer that most texts of the replies give: the first text that gives it, so that every rule can judge it.
[[nodiscard]] inline agent_answer voted_answer(std::span<const agent_reply> replies, const answer_reader& read) {
  vote_count votes;
  std::size_t texts = 0;
  std::vector<std::pair<std::string, const std::string*>> read_texts;
  for (const auto& reply : replies)
    for (const auto& text : reply.texts) {
      ++texts;
      read_texts.emplace_back(read(text), &text);
      votes.add(read_texts.back().first);
    }
  agent_answer out;
  const std::string winner = votes.winner();
  for (const auto& [vote, text] : read_texts)
    if (!out.ok && (vote == winner || winner.empty())) out.text = *text, out.ok = true;
  if (const auto tie = votes.tie(); !tie.empty()) out.note = "tie: " + tie + "; the first given is taken";
  if (out.ok && winner.empty()) out.note = "no vote could be read out of " + std::to_string(texts) + " texts";
  if (!out.ok && !replies.empty()) out.note = replies.back().error;
  return out;
}

/// What agents that vote have in common: the one ask that they repeat or sample, and how its replies become an answer.
class voting_run : public agent_run {
 public:
  [[nodiscard]] agent_answer answer(std::span<const agent_reply> replies) const final {
    return voted_answer(replies, options_.read);
  }

 protected:
  voting_run(agent_ask ask, agent_options options) : ask_(std::move(ask)), options_(std::move(options)) {}

  agent_ask ask_;
  agent_options options_;
};

/// Asks the question `runs` times, each for itself, and stops as soon as the rest can't change the vote: it asks first
/// for as many as may decide it, then for as many as are still needed. A request that failed is no vote.
class majority_vote_run final : public voting_run {
 public:
  majority_vote_run(const prompt& question, const agent_options& options)
      : voting_run({question, 1, options.temperature, "vote"}, options) {}

  std::vector<agent_ask> next(std::span<const agent_reply> replies) override {
    vote_count votes;
    for (const auto& reply : replies)
      if (!reply.texts.empty()) votes.add(options_.read(reply.texts.front()));
    const std::size_t left = static_cast<std::size_t>(options_.runs) - replies.size();
    return std::vector<agent_ask>(votes.votes_needed(left), ask_);
  }
};

inline constexpr agent_kind majority_vote_agent{
    "majority_vote", "independent requests until the vote is decided", 5, "votes at most",
    [](const prompt& q, const agent_options& o) -> std::unique_ptr<agent_run> {
      return std::make_unique<majority_vote_run>(q, o);
    }};

}  // namespace weir::inline v0

#endif  // WEIR_EVAL_AGENTS_MAJORITY_VOTE_HPP
