// weir/eval/agent.hpp - a way of getting one question answered in one or more requests; no I/O. Needs simdjson.
#ifndef WEIR_EVAL_AGENT_HPP
#define WEIR_EVAL_AGENT_HPP

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/data/prompts.hpp"

namespace weir::inline v0 {

/// One request that an agent wants sent.
struct agent_ask {
  prompt what;               ///< Its id is filled in by who sends it.
  std::int32_t choices = 1;  ///< n
  std::optional<double> temperature = {};
  std::string role = {};  ///< What the request is for, for the records: "check".
};

/// What came back to one ask.
struct agent_reply {
  std::vector<std::string> texts;  ///< One a choice, in the order of their indices; empty where the request failed.
  bool ok = false;
  std::string error;  ///< Why not.
};

/// What an agent makes of a question in the end.
struct agent_answer {
  std::string text;  ///< What is scored, by every rule.
  std::string note;  ///< "tie: 12 and 15, 2 votes each"; empty where there is nothing to say.
  bool ok = false;   ///< False: no reply that an answer could be taken from.
};

/// Reads an agent's vote out of a reply: the answer by one rule, empty where it finds none.
using answer_reader = std::function<std::string(std::string_view text)>;

/// How an agent is set up.
struct agent_options {
  std::int32_t runs = 0;  ///< Votes, samples, rounds or debaters; 0: the agent's own default.
  std::optional<double> temperature = {};
  answer_reader read = [](std::string_view text) { return std::string(text); };
};

/// A question on its way. It decides from the replies so far alone, never from time or order: so a run that was killed
/// is taken up again by giving it the replies that are on disk.
class agent_run {
 public:
  virtual ~agent_run() = default;
  agent_run(const agent_run&) = delete;
  agent_run& operator=(const agent_run&) = delete;

  /// What to send next. Called at the start, and whenever all that was asked for has been replied to.
  /// \param replies  to all asks so far, in the order of asking.
  /// \return         nothing: the question is done, see answer().
  virtual std::vector<agent_ask> next(std::span<const agent_reply> replies) = 0;
  /// \pre  next() returned nothing for these replies.
  [[nodiscard]] virtual agent_answer answer(std::span<const agent_reply> replies) const = 0;

 protected:
  agent_run() = default;
};

/// A kind of agent: adding one is a header with one of these, and a line in eval/agents.hpp.
struct agent_kind {
  std::string_view name, about;
  std::int32_t default_runs;
  std::string_view runs_are;  ///< What `runs` counts.
  std::unique_ptr<agent_run> (*start)(const prompt& question, const agent_options& options);
};

}  // namespace weir::inline v0

#endif  // WEIR_EVAL_AGENT_HPP
