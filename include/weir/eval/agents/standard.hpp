// weir/eval/agents/standard.hpp - one request a question. Needs simdjson.
#ifndef WEIR_EVAL_AGENTS_STANDARD_HPP
#define WEIR_EVAL_AGENTS_STANDARD_HPP

#include <memory>
#include <span>
#include <vector>

#include "weir/eval/agent.hpp"

namespace weir::inline v0 {

/// Asks once and takes what comes.
class standard_run final : public agent_run {
 public:
  standard_run(const prompt& question, const agent_options& options) : ask_{question, 1, options.temperature, {}} {}

  std::vector<agent_ask> next(std::span<const agent_reply> replies) override {
    return replies.empty() ? std::vector{ask_} : std::vector<agent_ask>{};
  }
  [[nodiscard]] agent_answer answer(std::span<const agent_reply> replies) const override {
    const agent_reply& reply = replies.front();
    return {reply.texts.empty() ? "" : reply.texts.front(), reply.error, reply.ok};
  }

 private:
  agent_ask ask_;
};

inline constexpr agent_kind standard_agent{"standard", "one request a question", 1, "requests",
                                           [](const prompt& q, const agent_options& o) -> std::unique_ptr<agent_run> {
                                             return std::make_unique<standard_run>(q, o);
                                           }};

}  // namespace weir::inline v0

#endif  // WEIR_EVAL_AGENTS_STANDARD_HPP
