// weir/eval/past.hpp - what an earlier run of the same evaluation left in its records. Needs POSIX and simdjson.
#ifndef WEIR_EVAL_PAST_HPP
#define WEIR_EVAL_PAST_HPP

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "weir/base/hash.hpp"
#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/data/json_copy.hpp"
#include "weir/data/json_row.hpp"
#include "weir/data/prompts.hpp"
#include "weir/data/rows.hpp"
#include "weir/eval/agent.hpp"
#include "weir/openai/request.hpp"
#include "weir/record/read.hpp"
#include "weir/record/request.hpp"

namespace weir::inline v0 {

/// What shapes the answers of an evaluation, as the run record's config has it: name and JSON value.
using eval_identity = std::vector<std::pair<std::string, std::string>>;

/// A hash of what is asked: ids, prompts, golds, limits, in their order.
[[nodiscard]] inline std::uint64_t questions_hash(const std::vector<prompt>& prompts) {
  std::uint64_t hash = 0;
  for (const auto& p : prompts)
    for (const std::string_view part :
         {std::string_view(p.id), std::string_view(p.content), std::string_view(p.expected)})
      hash = hash64(part, hash + static_cast<std::uint64_t>(p.max_tokens));
  return hash;
}

/// The reply that a request's record holds.
[[nodiscard]] inline agent_reply reply_of(const request_record& r) {
  agent_reply reply;
  reply.ok = r.status == outcome::ok;
  reply.error = reply.ok ? std::string() : std::string(to_string(r.status)) + ": " + r.error;
  if (!reply.ok) return reply;
  std::vector<const choice_record*> choices;
  for (const auto& c : r.choices) choices.push_back(&c);
  std::ranges::sort(choices, {}, &choice_record::index);
  for (const auto* c : choices) reply.texts.push_back(c->text);
  reply.ok = !reply.texts.empty();
  if (!reply.ok) reply.error = "the answer has no choice";
  return reply;
}

/// Replies by the ids of their requests, attempts by question, and how much of the file is whole.
struct eval_past {
  struct recorded {
    agent_reply reply;
    std::int64_t tokens_out;
  };
  std::unordered_map<std::string, recorded> replies;       ///< Of the requests that were answered.
  std::unordered_map<std::string, std::int32_t> attempts;  ///< Answer records of a question so far.
  std::unordered_map<std::string, bool> answered;          ///< Questions with an answer record whose status is ok.
  std::int64_t whole_bytes = 0;
};

/// Compares the config of a run record, as it stands in its line, with what is wanted now.
[[nodiscard]] inline result<void> same_identity(const std::string& path, std::string_view line,
                                                const eval_identity& identity) {
  std::vector<std::pair<std::string, std::string>> was;
  json_row_reader read;
  const auto take = [&](std::string_view name, json_value value) -> result<void> {
    std::string json;
    json_writer copy(json);
    if (name != "config") return {};
    if (const auto error = append_json(copy, value)) return json_failure(error);
    auto config = parse_extra_body(json);
    if (!config) return config.error();
    was = *std::move(config);
    return {};
  };
  if (auto ok = read(line, take); !ok) return ok;
  for (const auto& [name, value] : identity) {
    const auto before = std::ranges::find(was, name, [](const auto& entry) { return entry.first; });
    if (before != was.end() && before->second != value)
      return failure{
          errc::invalid_argument,
          path + " was made with " + name + " " + before->second + ", now it is " + value +
              ": answers of both in one file mean nothing. Name another file with --records, or replace this "
              "one with --force"};
  }
  return {};
}

/// Reads the records at `path`; nothing where there is no such file.
/// \return  errc::invalid_argument where they were made with other questions or otherwise: it says what differs.
[[nodiscard]] inline result<eval_past> read_eval_past(const std::string& path, const eval_identity& identity) {
  eval_past past;
  auto rows = open_rows(path);
  if (!rows) return rows.error().code == errc::not_found ? result<eval_past>(std::move(past)) : rows.error();
  record_reader record({.text = true, .events = false});
  result<void> same;
  const auto seen = read_records(*rows, path, record, [&](record_type type) {
    if (!rows->terminated()) return;
    past.whole_bytes = static_cast<std::int64_t>(rows->offset() + rows->bytes().size());
    if (type == record_type::run && same) same = same_identity(path, rows->text(), identity);
    if (type == record_type::request && record.request().status == outcome::ok)
      past.replies[record.request().id] = {reply_of(record.request()), record.request().tokens_out};
    if (type == record_type::answer) {
      ++past.attempts[record.answer().id];
      if (record.answer().status == "ok") past.answered[record.answer().id] = true;
    }
  });
  if (!seen) return seen.error();
  if (!same) return same.error();
  return past;
}

}  // namespace weir::inline v0

#endif  // WEIR_EVAL_PAST_HPP
