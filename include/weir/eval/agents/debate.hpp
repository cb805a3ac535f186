// weir/eval/agents/debate.hpp - several answers, each given again in the light of the others, then a vote. Needs
// simdjson.
#ifndef WEIR_EVAL_AGENTS_DEBATE_HPP
#define WEIR_EVAL_AGENTS_DEBATE_HPP

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "weir/eval/agent.hpp"
#include "weir/eval/agents/majority_vote.hpp"
#include "weir/eval/conversation.hpp"
#include "weir/eval/vote.hpp"

namespace weir::inline v0 {

/// `runs` debaters answer, then each answers again with the others' answers before it; then they vote. All requests of
/// a round are sent together; where the first round is of one mind, there is no second.
/// \source  after Du et al., "Improving Factuality and Reasoning in Language Models through Multiagent Debate", 2023.
class debate_run final : public agent_run {
 public:
  debate_run(prompt question, agent_options options) : question_(std::move(question)), options_(std::move(options)) {}

  std::vector<agent_ask> next(std::span<const agent_reply> replies) override {
    const auto debaters = static_cast<std::size_t>(options_.runs);
    if (replies.empty()) return std::vector<agent_ask>(debaters, {question_, 1, options_.temperature, "answer"});
    if (replies.size() > debaters || of_one_mind(replies)) return {};
    std::vector<agent_ask> asks;
    for (std::size_t i = 0; i < debaters; ++i)
      asks.push_back({second_round(replies, i), 1, options_.temperature, "debate"});
    return asks;
  }
  [[nodiscard]] agent_answer answer(std::span<const agent_reply> replies) const override {
    const auto debaters = static_cast<std::size_t>(options_.runs);
    if (replies.size() <= debaters) return voted_answer(replies, options_.read);
    const auto last = voted_answer(replies.subspan(debaters), options_.read);
    return last.ok ? last : voted_answer(replies.first(debaters), options_.read);
  }

 private:
  [[nodiscard]] bool of_one_mind(std::span<const agent_reply> replies) const {
    std::string first;
    for (const auto& reply : replies) {
      if (!reply.ok) continue;
      const std::string vote = options_.read(reply.texts.front());
      if (!first.empty() && vote != first) return false;
      first = vote;
    }
    return true;
  }
  [[nodiscard]] prompt second_round(std::span<const agent_reply> replies, std::size_t self) const {
    std::string others = "These are the answers of others:\n";
    for (std::size_t i = 0; i < replies.size(); ++i)
      if (i != self && replies[i].ok) others.append("---\n").append(replies[i].texts.front()).append("\n");
    others.append("---\nWith them in mind, answer the question again in the same form as before.");
    const std::string own = replies[self].ok ? replies[self].texts.front() : "";
    return continued(question_, own, others);
  }

  prompt question_;
  agent_options options_;
};

inline constexpr agent_kind debate_agent{"debate", "answers, each given again in the light of the others, and a vote",
                                         3, "debaters",
                                         [](const prompt& q, const agent_options& o) -> std::unique_ptr<agent_run> {
                                           return std::make_unique<debate_run>(q, o);
                                         }};

}  // namespace weir::inline v0

#endif  // WEIR_EVAL_AGENTS_DEBATE_HPP
