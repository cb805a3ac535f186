// weir/data/dataset_mmlu.hpp - MMLU's questions as the harnesses put them to a model. Needs simdjson, POSIX.
#ifndef WEIR_DATA_DATASET_MMLU_HPP
#define WEIR_DATA_DATASET_MMLU_HPP

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/data/choice_prompt.hpp"
#include "weir/data/csv.hpp"
#include "weir/data/json_row.hpp"
#include "weir/data/prompts.hpp"
#include "weir/data/tree.hpp"

namespace weir::inline v0 {

/// \source  AISBench 3.1, configs/datasets/mmlu/mmlu_gen_*.py (Apache-2.0); the names are those of the files.
inline constexpr std::array<choice_prompt, 3> mmlu_prompts{{
    {"0-shot-cot-chat", prompt_form::messages, "",
     "There is a single choice question about %S. Answer the question by replying A, B, C or D. The last line of your "
     "response should be of the form Answer: $ANSWER (without quotes) where $ANSWER is the answer to the question.\n"
     "Question: {input}\nA. {A}\nB. {B}\nC. {C}\nD. {D}\nLet's think step by step.",
     "", "", 0, "target"},
    {"5-shot-chat", prompt_form::messages, "",
     "There is a single choice question about %S. Answer the question by replying A, B, C or D.\n"
     "Question: {input}\nA. {A}\nB. {B}\nC. {C}\nD. {D}\nAnswer: ",
     "", "{target}\n", 5, "target"},
    {"5-shot-str", prompt_form::text, "The following are multiple choice questions (with answers) about  %S.\n\n",
     "{input}\nA. {A}\nB. {B}\nC. {C}\nD. {D}\nAnswer:", "{input}\nA. {A}\nB. {B}\nC. {C}\nD. {D}\nAnswer: {target}\n",
     "", 5, "target"},
}};

namespace detail {

inline prompt mmlu_prompt(const choice_prompt& way, std::string id, std::string subject,
                          std::span<const row_fields> shots, const row_fields& row) {
  prompt p;
  p.id = std::move(id);
  p.expected = *weir::find_field(row, "target");
  p.form = way.form;
  p.content = choice_content(way, replaced(subject, "_", " "), shots, row);
  p.subject = std::move(subject);
  return p;
}
inline bool is_option(std::string_view gold) noexcept {
  return gold.size() == 1 && gold[0] >= 'A' && gold[0] <= 'D';
}

/// A file without a header, of six columns.
inline result<std::vector<row_fields>> read_mmlu_table(const std::string& path) {
  auto fd = open_input(path);
  if (!fd) return fd.error();
  csv_records records(fd_source(*std::move(fd), path));
  csv_row fields;
  std::vector<row_fields> rows;
  constexpr std::array<const char*, 6> names{"input", "A", "B", "C", "D", "target"};
  for (std::string_view record; records.next(record);) {
    fields.parse(record);
    if (fields.fields().size() != names.size())
      return failure{errc::parse, path + ", line " + std::to_string(records.line()) + ": has " +
                                      std::to_string(fields.fields().size()) + " columns, MMLU's files have 6"};
    auto& row = rows.emplace_back();
    for (std::size_t i = 0; i < names.size(); ++i) row.emplace_back(names[i], fields.fields()[i]);
  }
  if (!records.status()) return in_file(path, records.status().error());
  return rows;
}

}  // namespace detail

/// Reads lines {"question":..., "answer_a":..., "correct_answer":"B", "topic":"moral scenarios"} into prompts. The id
/// is "mmlu-" and the row's place in the file, from 0, broken rows counted.
class mmlu_reader {
 public:
  /// \param way  one without worked examples: such a file has none.
  explicit mmlu_reader(const choice_prompt& way) : way_(way) {}

  /// \return  errc::not_found for a row whose answer is none of A to D: it is passed over, and named in broken().
  ///          errc::parse naming what is missing.
  result<prompt> operator()(std::string_view line) {
    row_fields row{{"input", ""}, {"A", ""}, {"B", ""}, {"C", ""}, {"D", ""}, {"target", ""}};
    constexpr std::array<std::string_view, 6> names{"question", "answer_a", "answer_b",
                                                    "answer_c", "answer_d", "correct_answer"};
    std::string subject;
    std::array<bool, 6> seen{};
    const auto read = rows_(line, [&](std::string_view name, json_value v) -> result<void> {
      if (name == "topic") return read_text(subject, name, v);
      for (std::size_t i = 0; i < names.size(); ++i)
        if (name == names[i]) return seen[i] = true, read_text(row[i].second, name, v);
      return {};
    });
    if (!read) return read.error();
    for (std::size_t i = 0; i < names.size(); ++i)
      if (!seen[i]) return failure{errc::parse, "has no field '" + std::string(names[i]) + "'"};
    const std::string id = "mmlu-" + std::to_string(place_++);
    if (!detail::is_option(row[5].second)) {
      broken_.push_back(id + " (its answer is '" + row[5].second + "')");
      return failure{errc::not_found, "is broken"};
    }
    return detail::mmlu_prompt(way_, id, std::move(subject), {}, row);
  }
  [[nodiscard]] const std::vector<std::string>& broken() const noexcept { return broken_; }

 private:
  choice_prompt way_;
  json_row_reader rows_;
  std::uint64_t place_ = 0;
  std::vector<std::string> broken_;
};

/// Gives the questions of the original tree, `path`/test/SUBJECT_test.csv with examples in `path`/dev/SUBJECT_dev.csv,
/// to `sink(prompt&&)` until it returns false, subjects in byte order. An id is "mmlu-SUBJECT-ROW", rows from 0. A row
/// whose answer is none of A to D is passed over and told to `note`.
/// \return  how many were given; errc::not_found, errc::parse naming file and line.
template <class Sink, class Note>
result<std::uint64_t> each_mmlu_prompt(const std::string& path, const choice_prompt& way, Sink&& sink, Note&& note) {
  const auto tree = list_tree(path + "/test");
  if (!tree) return tree.error();
  std::uint64_t given = 0;
  for (const auto& name : tree->files) {
    if (!name.ends_with("_test.csv")) continue;
    const std::string subject = name.substr(0, name.size() - 9);
    std::vector<row_fields> shots;
    if (way.shots > 0) {
      auto dev = detail::read_mmlu_table(path + "/dev/" + subject + "_dev.csv");
      if (!dev) return dev.error();
      if (dev->size() < static_cast<std::size_t>(way.shots))
        return failure{errc::parse, path + "/dev/" + subject + "_dev.csv has too few rows for the prompt"};
      shots = *std::move(dev);
    }
    const auto rows = detail::read_mmlu_table(path + "/test/" + name);
    if (!rows) return rows.error();
    for (std::size_t i = 0; i < rows->size(); ++i) {
      const std::string id = "mmlu-" + subject + "-" + std::to_string(i);
      if (!detail::is_option((*rows)[i][5].second)) {
        note(id + " is broken (its answer is '" + (*rows)[i][5].second + "'): left out");
        continue;
      }
      ++given;
      if (!sink(detail::mmlu_prompt(way, id, subject, shots, (*rows)[i]))) return given;
    }
  }
  return given;
}

}  // namespace weir::inline v0

#endif  // WEIR_DATA_DATASET_MMLU_HPP
