// weir/data/dataset_sharegpt.hpp - conversations of ShareGPT as prompts. Needs simdjson, POSIX.
#ifndef WEIR_DATA_DATASET_SHAREGPT_HPP
#define WEIR_DATA_DATASET_SHAREGPT_HPP

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/data/json_row.hpp"
#include "weir/data/prompts.hpp"

namespace weir::inline v0 {

namespace detail {

/// {"id":..., "conversations":[{"from":"human","value":...}, ...]} or, as others name it, "conversation".
/// \return  errc::not_found where there are fewer than two turns, or the first is empty: vLLM leaves these out.
inline result<prompt> sharegpt_prompt(simdjson::ondemand::object conversation) {
  prompt p;
  std::string first;
  std::size_t turns = 0;
  for (auto each : conversation) {
    simdjson::ondemand::field field;
    std::string_view name;
    if (const auto error = std::move(each).get(field)) return json_failure(error);
    if (const auto error = field.unescaped_key().get(name)) return json_failure(error);
    if (name != "conversations" && name != "conversation") continue;
    simdjson::ondemand::array list;
    if (field.value().get_array().get(list)) return field_failure(name, "an array of turns");
    for (auto item : list) {
      std::string_view text;
      if (turns++ > 0) continue;
      simdjson::ondemand::object turn;
      if (std::move(item).get_object().get(turn) || turn["value"].get_string().get(text))
        return field_failure(name, "an array of objects with a text 'value'");
      first = text;
    }
  }
  if (turns < 2 || first.empty()) return failure{errc::not_found, "has fewer than two turns"};
  append_json_string(p.content, first);
  return p;
}

}  // namespace detail

/// Gives the first turn of each conversation to `sink(prompt&&)` until it returns false; conversations of fewer than
/// two turns are passed over, as `vllm bench serve --dataset-name sharegpt` does. The id is the place in the file, from
/// 0: the published files repeat their own ids.
/// \param bytes  the whole file, one JSON array; simdjson::SIMDJSON_PADDING bytes behind it are readable.
/// \return  how many were given; errc::parse.
template <class Sink>
result<std::uint64_t> each_sharegpt_prompt(simdjson::padded_string_view bytes, Sink&& sink) {
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::array all;
  if (const auto error = parser.iterate(bytes).get(document)) return json_failure(error);
  if (document.get_array().get(all)) return failure{errc::parse, "not a JSON array of conversations"};
  std::uint64_t place = 0, given = 0;
  for (auto item : all) {
    simdjson::ondemand::object conversation;
    const std::string where = std::to_string(place++);
    if (const auto error = std::move(item).get_object().get(conversation))
      return failure{errc::parse, "conversation " + where + ": " + json_failure(error).detail};
    auto p = detail::sharegpt_prompt(conversation);
    if (!p && p.error().code == errc::not_found) continue;
    if (!p) return failure{p.error().code, "conversation " + where + ": " + p.error().detail};
    p->id = where;
    ++given;
    if (!sink(*std::move(p))) return given;
  }
  return given;
}

}  // namespace weir::inline v0

#endif  // WEIR_DATA_DATASET_SHAREGPT_HPP
