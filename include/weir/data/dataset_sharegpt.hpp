// weir/data/dataset_sharegpt.hpp - conversations of ShareGPT as prompts. Needs simdjson, POSIX.
#ifndef WEIR_DATA_DATASET_SHAREGPT_HPP
#define WEIR_DATA_DATASET_SHAREGPT_HPP

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/data/json_row.hpp"
#include "weir/data/prompts.hpp"

namespace weir::inline v0 {

/// How conversations of ShareGPT become prompts.
struct sharegpt_shape {
  std::int64_t turns = 1;  ///< Of the user, at most. 1: a text without a session, as vLLM asks it; 0: all there are.
  bool recorded = false;   ///< The answers in between are those of the file; otherwise the server's own.
};

/// One conversation: its turns in order.
struct sharegpt_conversation {
  std::string id;  ///< Its place in the file, from 0: the published files repeat their own ids.
  std::vector<prompt> turns;
};

namespace detail {

struct sharegpt_line {
  std::string from, text;
};

/// {"id":..., "conversations":[{"from":"human","value":...}, ...]} or, as others name it, "conversation".
/// \param wanted  so many lines are read, the others are only counted: they come out empty.
inline result<std::vector<sharegpt_line>> sharegpt_lines(simdjson::ondemand::object conversation, std::size_t wanted) {
  std::vector<sharegpt_line> lines;
  for (auto each : conversation) {
    simdjson::ondemand::field field;
    std::string_view name;
    if (const auto error = std::move(each).get(field)) return json_failure(error);
    if (const auto error = field.unescaped_key().get(name)) return json_failure(error);
    if (name != "conversations" && name != "conversation") continue;
    const std::string list_name(name);
    simdjson::ondemand::array list;
    if (field.value().get_array().get(list)) return field_failure(list_name, "an array of turns");
    for (auto item : list) {
      sharegpt_line& line = lines.emplace_back();
      if (lines.size() > wanted) continue;
      simdjson::ondemand::object turn;
      std::string_view text, from;
      if (std::move(item).get_object().get(turn) || turn["value"].get_string().get(text))
        return field_failure(list_name, "an array of objects with a text 'value'");
      line.text = text;
      if (!turn["from"].get_string().get(from)) line.from = from;
    }
  }
  return lines;
}

/// What the API calls a speaker; empty for one that it does not know.
inline std::string_view sharegpt_role(std::string_view from) noexcept {
  if (from == "human" || from == "user") return "user";
  if (from == "system") return "system";
  for (const auto* model : {"gpt", "assistant", "chatgpt", "bing", "bard"})
    if (from == model) return "assistant";
  return {};
}

/// The turns of the user, with what the system said before them.
/// \return  none where somebody speaks who is neither user, system nor a model.
inline std::vector<prompt> sharegpt_turns(const std::vector<sharegpt_line>& lines, const sharegpt_shape& shape,
                                          const std::string& id) {
  std::vector<prompt> turns;
  std::string so_far, fresh;  // messages without brackets: of the turns before, and of this one
  const auto add = [](std::string& list, std::string_view role, std::string_view text) {
    if (!list.empty()) list.push_back(',');
    json_writer(list).begin_object().field("role", role).field("content", text).end_object();
  };
  const auto close = [&] {
    if (fresh.empty() || (shape.turns > 0 && std::cmp_equal(turns.size(), shape.turns))) return;
    prompt& p = turns.emplace_back();
    p.turn = static_cast<std::int64_t>(turns.size()) - 1;
    p.id = id + "/" + std::to_string(p.turn);
    p.session = id;
    p.form = prompt_form::messages;
    p.continues = p.turn > 0 && !shape.recorded;
    so_far += (so_far.empty() ? "" : ",") + fresh;
    p.content = "[" + (shape.recorded ? so_far : fresh) + "]";
    fresh.clear();
  };
  for (const auto& line : lines) {
    const auto role = sharegpt_role(line.from);
    if (role.empty()) return {};
    if (role != "assistant") {
      if (!line.text.empty()) add(fresh, role, line.text);
      continue;
    }
    close();
    if (!turns.empty()) add(so_far, role, line.text);  // what a model says before anybody asked is left out
  }
  close();
  return turns;
}

}  // namespace detail

/// Gives the conversations of at least two lines to `sink(sharegpt_conversation&&)` until it returns false; others, and
/// those with an empty first line, are passed over, as `vllm bench serve --dataset-name sharegpt` does.
/// \param bytes  the whole file, one JSON array; simdjson::SIMDJSON_PADDING bytes behind it are readable.
/// \return  how many were given; errc::parse.
template <class Sink>
result<std::uint64_t> each_sharegpt_conversation(simdjson::padded_string_view bytes, const sharegpt_shape& shape,
                                                 Sink&& sink) {
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::array all;
  if (const auto error = parser.iterate(bytes).get(document)) return json_failure(error);
  if (document.get_array().get(all)) return failure{errc::parse, "not a JSON array of conversations"};
  const std::size_t wanted = shape.turns == 1 ? 1 : std::numeric_limits<std::size_t>::max();
  std::uint64_t place = 0, given = 0;
  for (auto item : all) {
    simdjson::ondemand::object object;
    const std::string where = std::to_string(place++);
    if (const auto error = std::move(item).get_object().get(object))
      return failure{errc::parse, "conversation " + where + ": " + json_failure(error).detail};
    const auto lines = detail::sharegpt_lines(object, wanted);
    if (!lines) return failure{lines.error().code, "conversation " + where + ": " + lines.error().detail};
    if (lines->size() < 2 || lines->front().text.empty()) continue;
    sharegpt_conversation one{where, {}};
    if (shape.turns == 1) {
      prompt& p = one.turns.emplace_back();
      p.id = where;
      append_json_string(p.content, lines->front().text);
    } else {
      one.turns = detail::sharegpt_turns(*lines, shape, where);
    }
    if (one.turns.empty()) continue;
    ++given;
    if (!sink(std::move(one))) return given;
  }
  return given;
}

}  // namespace weir::inline v0

#endif  // WEIR_DATA_DATASET_SHAREGPT_HPP
