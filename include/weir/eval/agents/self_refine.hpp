// weir/eval/agents/self_refine.hpp - the model looks over its own answer. Needs simdjson.
#ifndef WEIR_EVAL_AGENTS_SELF_REFINE_HPP
#define WEIR_EVAL_AGENTS_SELF_REFINE_HPP

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "weir/eval/agent.hpp"
#include "weir/eval/conversation.hpp"

namespace weir::inline v0 {

/// Asks, then lets the model look over its last answer, `runs` rounds; ends early where the answer did not change. A
/// round that fails ends it with the answer before.
/// \source  after Madaan et al., "Self-Refine: Iterative Refinement with Self-Feedback", 2023: feedback and refinement
///          are one request here.
class self_refine_run final : public agent_run {
 public:
  self_refine_run(prompt question, agent_options options)
      : question_(std::move(question)), options_(std::move(options)) {}

  std::vector<agent_ask> next(std::span<const agent_reply> replies) override {
    if (replies.empty()) return {{question_, 1, options_.temperature, "answer"}};
    if (!replies.back().ok || replies.size() > static_cast<std::size_t>(options_.runs)) return {};
    if (replies.size() > 1 && vote(replies.back()) == vote(replies[replies.size() - 2])) return {};
    return {{continued(question_, replies.back().texts.front(),
                       "Look over your answer step by step. Correct it where it is wrong, and give the final answer in "
                       "the same form as before."),
             1, options_.temperature, "refine"}};
  }
  [[nodiscard]] agent_answer answer(std::span<const agent_reply> replies) const override {
    for (auto it = replies.rbegin(); it != replies.rend(); ++it)
      if (it->ok) return {it->texts.front(), {}, true};
    return {{}, replies.back().error, false};
  }

 private:
  [[nodiscard]] std::string vote(const agent_reply& reply) const { return options_.read(reply.texts.front()); }

  prompt question_;
  agent_options options_;
};

inline constexpr agent_kind self_refine_agent{
    "self_refine", "the model looks over its own answer until it stands", 2, "rounds of refinement at most",
    [](const prompt& q, const agent_options& o) -> std::unique_ptr<agent_run> {
      return std::make_unique<self_refine_run>(q, o);
    }};

}  // namespace weir::inline v0

#endif  // WEIR_EVAL_AGENTS_SELF_REFINE_HPP
