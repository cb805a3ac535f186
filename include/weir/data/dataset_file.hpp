// weir/data/dataset_file.hpp - the prompts of a data set by its name, wherever its questions lie. Needs simdjson,
// POSIX.
#ifndef WEIR_DATA_DATASET_FILE_HPP
#define WEIR_DATA_DATASET_FILE_HPP

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "weir/base/measured.hpp"
#include "weir/base/result.hpp"
#include "weir/data/choice_prompt.hpp"
#include "weir/data/dataset.hpp"
#include "weir/data/dataset_ceval.hpp"
#include "weir/data/dataset_fields.hpp"
#include "weir/data/dataset_gsm8k.hpp"
#include "weir/data/dataset_gsm8k_fewshot.hpp"
#include "weir/data/dataset_mmlu.hpp"
#include "weir/data/dataset_sharegpt.hpp"
#include "weir/data/prompts.hpp"
#include "weir/data/row_format.hpp"
#include "weir/data/rows.hpp"

namespace weir::inline v0 {

/// What is wanted of a data set.
struct dataset_request {
  std::string name;         ///< gsm8k, ceval, mmlu, sharegpt, custom
  std::string path = "-";   ///< A file, a tree (ceval, mmlu), or - for standard input.
  std::string prompt = {};  ///< How to ask; empty: the harness's default for the data set.
  std::string train = {};   ///< gsm8k, lm-eval-5-shot: the file with the examples.
  std::string split = "val";
  std::vector<std::string> subjects = {};  ///< ceval; empty: all.
  std::optional<field_map> fields = {};    ///< custom
  std::optional<prompt_form> form = {};    ///< What to make of string prompts; nothing: as they are.
  std::int64_t max_tokens = unmeasured;    ///< For prompts that have none of their own.
  sharegpt_shape conversations = {};       ///< sharegpt
  prompt_choice choice = {};
};

namespace detail {

inline result<choice_prompt> find_way(std::span<const choice_prompt> ways, std::string_view name,
                                      std::string_view dataset) {
  std::string known;
  for (const auto& way : ways) {
    if (way.name == name) return way;
    known.append(known.empty() ? "" : ", ").append(way.name);
  }
  return failure{errc::invalid_argument,
                 std::string(dataset) + " has no prompt named '" + std::string(name) + "' here; it has " + known};
}

inline bool is_directory(const std::string& path) {
  std::error_code none;
  return std::filesystem::is_directory(path, none);
}

/// Names the file in a failure, where it does not yet.
inline failure of_file(const std::string& path, const failure& what) {
  const std::string name = path == "-" ? "standard input" : path;
  const bool named = what.code == errc::io || what.detail.find(path) != what.detail.npos;
  return named ? what : failure{what.code, name + ": " + what.detail};
}

/// The prompts of a file of lines, chosen.
template <class Read, class Sink>
result<void> line_prompts(const dataset_request& want, Read&& read, Sink&& sink) {
  auto rows = want.path == "-" ? result<row_reader>(row_reader(fd_source(0))) : open_rows(want.path);
  if (!rows) return rows.error();
  return chosen_prompts(*rows, read, want.choice, sink);
}

template <class Sink>
result<void> gsm8k_prompts_of(const dataset_request& want, Sink&& sink) {
  if (want.prompt == "lm-eval-5-shot") {
    if (want.train.empty())
      return failure{errc::invalid_argument,
                     "lm-eval-5-shot shows five questions of the training set: name its file (--train FILE)"};
    auto train = read_solved(want.train);
    if (!train) return train.error();
    return line_prompts(want, gsm8k_fewshot_reader(*std::move(train)), sink);
  }
  const auto way = find_gsm8k_prompt(want.prompt.empty() ? "0-shot-cot-chat" : want.prompt);
  if (!way) return way.error();
  return line_prompts(want, gsm8k_reader(*way), sink);
}

template <class Sink, class Note>
result<void> ceval_prompts_of(const dataset_request& want, Sink&& sink, Note&& note) {
  const auto way = find_way(ceval_prompts, want.prompt.empty() ? "5-shot-str" : want.prompt, "ceval");
  if (!way) return way.error();
  const ceval_source from{want.path, want.split, want.subjects};
  return choose_prompts([&](auto&& keep) { return each_ceval_prompt(from, *way, keep, note); }, want.choice, sink);
}

template <class Sink, class Note>
result<void> mmlu_prompts_of(const dataset_request& want, Sink&& sink, Note&& note) {
  const bool tree = is_directory(want.path);
  const std::string_view usual = tree ? "5-shot-str" : "0-shot-cot-chat";
  const auto way = find_way(mmlu_prompts, want.prompt.empty() ? usual : want.prompt, "mmlu");
  if (!way) return way.error();
  if (tree)
    return choose_prompts([&](auto&& keep) { return each_mmlu_prompt(want.path, *way, keep, note); }, want.choice,
                          sink);
  if (way->shots > 0)
    return failure{errc::invalid_argument, std::string(way->name) +
                                               " shows five questions of dev: it needs MMLU's tree of files, with dev "
                                               "and test"};
  mmlu_reader read(*way);
  auto done = line_prompts(want, [&](std::string_view line) { return read(line); }, sink);
  for (const auto& row : read.broken()) note(row + ": broken, left out");
  return done;
}

template <class Sink>
result<void> sharegpt_prompts_of(const dataset_request& want, Sink&& sink) {
  simdjson::padded_string bytes;
  if (const auto error = simdjson::padded_string::load(want.path).get(bytes))
    return failure{errc::io, "cannot read " + want.path + ": " + simdjson::error_message(error)};
  return choose_prompts<sharegpt_conversation>(
      [&](auto&& keep) { return each_sharegpt_conversation(bytes, want.conversations, keep); }, want.choice,
      [&](const sharegpt_conversation& one) {
        for (const auto& turn : one.turns) sink(turn);
      });
}

template <class Sink>
result<void> custom_prompts_of(const dataset_request& want, Sink&& sink) {
  if (!want.fields) return line_prompts(want, prompt_reader(), sink);
  if (format_of(want.path) != row_format::csv) return line_prompts(want, mapped_reader(*want.fields), sink);
  return choose_prompts([&](auto&& keep) { return each_mapped_csv(want.path, *want.fields, keep); }, want.choice, sink);
}

template <class Sink, class Note>
result<void> prompts_as_they_are(const dataset_request& want, Sink&& sink, Note&& note) {
  if (want.name == "gsm8k") return gsm8k_prompts_of(want, sink);
  if (want.name == "ceval") return ceval_prompts_of(want, sink, note);
  if (want.name == "mmlu") return mmlu_prompts_of(want, sink, note);
  if (want.name == "sharegpt") return sharegpt_prompts_of(want, sink);
  if (want.name == "custom") return custom_prompts_of(want, sink);
  return failure{errc::invalid_argument, "there is no data set named '" + want.name + "'"};
}

}  // namespace detail

/// Gives the prompts that are wanted to `sink(const prompt&)`. \param note  called with a sentence about each row that
/// was left out. \return  a failure names file and line.
template <class Sink, class Note>
result<void> read_dataset(const dataset_request& want, Sink&& sink, Note&& note) {
  result<void> shaped;
  auto done = detail::prompts_as_they_are(
      want,
      [&](const prompt& p) {
        prompt copy = p;
        if (copy.max_tokens == unmeasured) copy.max_tokens = want.max_tokens;
        if (want.form && shaped) shaped = to_form(copy, *want.form);
        if (shaped) sink(std::as_const(copy));
      },
      note);
  if (!done) return detail::of_file(want.path, done.error());
  if (!shaped) return detail::of_file(want.path, shaped.error());
  return {};
}

}  // namespace weir::inline v0

#endif  // WEIR_DATA_DATASET_FILE_HPP
