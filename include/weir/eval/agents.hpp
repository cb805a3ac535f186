// weir/eval/agents.hpp - all kinds of agents, by name. Needs simdjson.
#ifndef WEIR_EVAL_AGENTS_HPP
#define WEIR_EVAL_AGENTS_HPP

#include <array>
#include <string>
#include <string_view>

#include "weir/base/result.hpp"
#include "weir/eval/agent.hpp"
#include "weir/eval/agents/debate.hpp"
#include "weir/eval/agents/majority_vote.hpp"
#include "weir/eval/agents/self_consistency.hpp"
#include "weir/eval/agents/self_refine.hpp"
#include "weir/eval/agents/solver_checker.hpp"
#include "weir/eval/agents/standard.hpp"

namespace weir::inline v0 {

inline constexpr std::array<agent_kind, 6> agent_kinds{standard_agent,    majority_vote_agent,  self_consistency_agent,
                                                       self_refine_agent, solver_checker_agent, debate_agent};

/// The kind of that name. \return  errc::invalid_argument naming all there are.
[[nodiscard]] inline result<agent_kind> find_agent(std::string_view name) {
  std::string known;
  for (const auto& kind : agent_kinds) {
    if (kind.name == name) return kind;
    known.append(known.empty() ? "" : ", ").append(kind.name);
  }
  return failure{errc::invalid_argument, "there is no agent named '" + std::string(name) + "'; there are " + known};
}

}  // namespace weir::inline v0

#endif  // WEIR_EVAL_AGENTS_HPP
