// weir/eval/evaluate.hpp - one evaluation from its options to its report. Needs Linux and simdjson.
#ifndef WEIR_EVAL_EVALUATE_HPP
#define WEIR_EVAL_EVALUATE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/data/output.hpp"
#include "weir/data/prompts.hpp"
#include "weir/eval/agents.hpp"
#include "weir/eval/concurrency.hpp"
#include "weir/eval/past.hpp"
#include "weir/eval/report.hpp"
#include "weir/eval/servers.hpp"
#include "weir/eval/session.hpp"
#include "weir/load/file_limit.hpp"
#include "weir/load/progress.hpp"
#include "weir/load/record_log.hpp"
#include "weir/load/stop_signals.hpp"
#include "weir/net/loop.hpp"
#include "weir/openai/dial.hpp"
#include "weir/openai/endpoint.hpp"
#include "weir/openai/request.hpp"
#include "weir/record/run.hpp"
#include "weir/score/rules.hpp"

namespace weir::inline v0 {

struct eval_options {
  std::vector<endpoint> endpoints;  ///< At least one.
  request_options request;          ///< Its model, where not empty, is asked of every endpoint.
  tls_maker tls;                    ///< Empty: no https.
  std::vector<prompt> questions;    ///< At least one; their ids differ.
  agent_kind agent = standard_agent;
  agent_options how;      ///< `read` is chosen by `vote_rule`.
  std::string vote_rule;  ///< A rule of score/rules.hpp; empty: numeric, or last_option where the golds are letters.
  concurrency_options concurrency;
  bool longest_first = true;
  client_limits limits;
  std::string records;  ///< A file; empty: none is written.
  records_mode mode = records_mode::fresh;
  run_record run;
};

/// What an evaluation came to, and how it ended.
struct eval_outcome {
  eval_report report;
  std::string model;
  int signal = 0;        ///< That ended it early, or 0.
  result<void> records;  ///< Whether they were written in full.
};

namespace detail {

inline result<answer_reader> vote_reader(const eval_options& options) {
  std::string_view name = options.vote_rule;
  if (name.empty()) name = has_form(options.questions.front().expected, gold_form::option) ? "last_option" : "numeric";
  const score_rule* rule = find_rule(name);
  if (!rule) return failure{errc::invalid_argument, "there is no rule named '" + std::string(name) + "' to vote by"};
  return answer_reader([rule](std::string_view text) {
    std::string out;
    const bool found = rule->extract(after_think(text), out);
    return found && out != "[invalid]" && out != "NULL" ? out : std::string();
  });
}

inline result<void> check_questions(const eval_options& options) {
  std::unordered_set<std::string_view> ids;
  if (options.questions.empty()) return failure{errc::invalid_argument, "there is no question"};
  for (const auto& p : options.questions) {
    if (!ids.insert(p.id).second)
      return failure{errc::invalid_argument, "two questions have the id '" + p.id + "': ids must be global and differ"};
    if (p.form == prompt_form::token_ids && options.agent.name != "standard")
      return failure{errc::invalid_argument,
                     "question '" + p.id + "' holds token ids, which only the agent standard takes"};
  }
  return {};
}

inline eval_identity identity_of(const eval_options& options, const std::string& model) {
  eval_identity identity;
  const auto add = [&](std::string name, const auto& value) {
    std::string json;
    json_writer(json).value(value);
    identity.emplace_back(std::move(name), std::move(json));
  };
  add("questions_hash", std::to_string(questions_hash(options.questions)));
  add("agent", options.agent.name);
  add("runs", options.how.runs);
  add("vote_rule", options.vote_rule);
  add("model", model);
  options.how.temperature ? add("temperature", *options.how.temperature) : add("temperature", nullptr);
  options.request.max_tokens == unmeasured ? add("max_tokens", nullptr) : add("max_tokens", options.request.max_tokens);
  return identity;
}

/// The records, opened; with --resume behind what is whole in them.
inline result<std::optional<byte_sink>> open_eval_records(eval_options& options, const eval_identity& identity,
                                                          eval_past& past) {
  if (options.records.empty()) return std::optional<byte_sink>{};
  if (options.mode == records_mode::resume) {
    auto read = read_eval_past(options.records, identity);
    if (!read) return read.error();
    past = *std::move(read);
  }
  auto sink = open_records(options.records, options.mode, past.whole_bytes);
  if (!sink) return sink.error();
  options.run.config.insert(options.run.config.end(), identity.begin(), identity.end());
  std::string line;
  append_record(line, options.run);
  (*sink)(line);
  if (auto ok = sink->flush(); !ok) return ok.error();
  return std::optional<byte_sink>(*std::move(sink));
}

}  // namespace detail

/// Asks all questions. SIGINT and SIGTERM end it early; what was answered is on disk then, and resume goes on from
/// there.
/// \param console  told what is odd, and at its intervals how far the run is.
/// \return  errc::invalid_argument, not_found, limit, busy, io before anything is sent. A request that fails is a
/// record,
///          and its question an answer that counts as wrong.
[[nodiscard]] inline result<eval_outcome> evaluate(eval_options options, const run_console& console = {}) {
  if (auto ok = detail::check_questions(options); !ok) return ok.error();
  if (options.how.runs == 0) options.how.runs = options.agent.default_runs;
  if (options.how.runs < 1) return failure{errc::invalid_argument, "the agent's number of runs must be at least 1"};
  auto read = detail::vote_reader(options);
  if (!read) return read.error();
  options.how.read = *std::move(read);

  loop turning;
  eval_servers servers(turning, options.request, options.limits);
  for (const auto& where : options.endpoints)
    if (auto ok = servers.add(where, options.tls, console.note); !ok) return ok.error();
  if (auto ok = ensure_file_limit(options.concurrency.fixed > 0 ? options.concurrency.fixed : options.concurrency.most);
      !ok)
    return ok.error();

  eval_past past;
  auto log = detail::open_eval_records(options, detail::identity_of(options, servers.model()), past);
  if (!log) return log.error();
  byte_sink* const sink = log->has_value() ? &**log : nullptr;
  eval_session session(turning, servers, options.questions, options.agent, options.how, options.concurrency,
                       std::move(past), sink);
  stop_signals signals(turning, [&](int signal) { session.stop("ended by signal " + std::to_string(signal)); });
  if (auto ok = signals.begin(); !ok) return ok.error();
  session.start(options.longest_first);
  const progress_ticker ticker(turning, console, [&] { return session.state(); });
  if (auto ok = turning.run(); !ok) return ok.error();
  eval_outcome out{session.report(), servers.model(), signals.seen(), {}};
  if (sink) out.records = sink->close();
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_EVAL_EVALUATE_HPP
