// weir/eval/agents/solver_checker.hpp - one request solves, another checks, until the check passes. Needs simdjson.
#ifndef WEIR_EVAL_AGENTS_SOLVER_CHECKER_HPP
#define WEIR_EVAL_AGENTS_SOLVER_CHECKER_HPP

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/eval/agent.hpp"
#include "weir/eval/conversation.hpp"

namespace weir::inline v0 {

/// Solve, check, and solve again with the check's words where it did not pass: `runs` solutions at most. The check
/// passes unless it says INCORRECT. The last solution is the answer; a request that fails ends it with the one before.
class solver_checker_run final : public agent_run {
 public:
  solver_checker_run(prompt question, agent_options options)
      : question_(std::move(question)), options_(std::move(options)) {}

  std::vector<agent_ask> next(std::span<const agent_reply> replies) override {
    if (replies.empty()) return {{question_, 1, options_.temperature, "solve"}};
    if (!replies.back().ok) return {};
    const bool solved = replies.size() % 2 == 1;  // solutions and checks take turns
    if (solved)
      return {{continued(question_, replies.back().texts.front(),
                         "Check this solution step by step. End with the word CORRECT or the word INCORRECT."),
               1, options_.temperature, "check"}};
    const auto solutions = replies.size() / 2;
    if (passed(replies.back().texts.front()) || solutions >= static_cast<std::size_t>(options_.runs)) return {};
    return {{continued(question_, replies[replies.size() - 2].texts.front(),
                       "A check of this solution says:\n" + replies.back().texts.front() +
                           "\nSolve the question again, and give the final answer in the same form as before."),
             1, options_.temperature, "solve"}};
  }
  [[nodiscard]] agent_answer answer(std::span<const agent_reply> replies) const override {
    const std::size_t last = (replies.size() - 1) / 2 * 2;
    for (std::size_t i = last + 2; i >= 2; i -= 2)
      if (replies[i - 2].ok) return {replies[i - 2].texts.front(), note(replies), true};
    return {{}, replies.front().error, false};
  }

 private:
  static bool passed(std::string_view check) { return check.find("INCORRECT") == check.npos; }
  [[nodiscard]] static std::string note(std::span<const agent_reply> replies) {
    if (!replies.back().ok) return "a later request failed: " + replies.back().error;
    return passed(replies.back().texts.front()) ? "" : "the last check did not pass";
  }

  prompt question_;
  agent_options options_;
};

inline constexpr agent_kind solver_checker_agent{
    "solver_checker", "a solution, a check, and another solution where it did not pass", 3, "solutions at most",
    [](const prompt& q, const agent_options& o) -> std::unique_ptr<agent_run> {
      return std::make_unique<solver_checker_run>(q, o);
    }};

}  // namespace weir::inline v0

#endif  // WEIR_EVAL_AGENTS_SOLVER_CHECKER_HPP
