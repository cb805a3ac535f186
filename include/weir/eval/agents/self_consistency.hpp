// weir/eval/agents/self_consistency.hpp - several samples in one request, and the answer that most of them give. Needs
// simdjson.
#ifndef WEIR_EVAL_AGENTS_SELF_CONSISTENCY_HPP
#define WEIR_EVAL_AGENTS_SELF_CONSISTENCY_HPP

#include <memory>
#include <span>
#include <vector>

#include "weir/eval/agent.hpp"
#include "weir/eval/agents/majority_vote.hpp"

namespace weir::inline v0 {

/// One request with n = runs: the server reads the prompt once. Votes as majority_vote does.
/// \source  Wang et al., "Self-Consistency Improves Chain of Thought Reasoning in Language Models", 2023.
class self_consistency_run final : public voting_run {
 public:
  self_consistency_run(const prompt& question, const agent_options& options)
      : voting_run({question, options.runs, options.temperature, "samples"}, options) {}

  std::vector<agent_ask> next(std::span<const agent_reply> replies) override {
    return replies.empty() ? std::vector{ask_} : std::vector<agent_ask>{};
  }
};

inline constexpr agent_kind self_consistency_agent{
    "self_consistency", "n samples in one request, and a vote", 5, "samples",
    [](const prompt& q, const agent_options& o) -> std::unique_ptr<agent_run> {
      return std::make_unique<self_consistency_run>(q, o);
    }};

}  // namespace weir::inline v0

#endif  // WEIR_EVAL_AGENTS_SELF_CONSISTENCY_HPP
