// weir/data/dataset_ceval.hpp - CEval's tree of files as the harnesses put its questions to a model. Needs simdjson,
// POSIX.
#ifndef WEIR_DATA_DATASET_CEVAL_HPP
#define WEIR_DATA_DATASET_CEVAL_HPP

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/data/ceval_subjects.hpp"
#include "weir/data/choice_prompt.hpp"
#include "weir/data/csv.hpp"
#include "weir/data/prompts.hpp"

namespace weir::inline v0 {

namespace detail {

/// Texts one after the other, at compile time.
template <const std::string_view&... Parts>
inline constexpr auto joined_bytes = [] {
  std::array<char, (Parts.size() + ...)> bytes{};
  char* at = bytes.data();
  ((at = std::copy(Parts.begin(), Parts.end(), at)), ...);
  return bytes;
}();
template <const std::string_view&... Parts>
inline constexpr std::string_view joined{joined_bytes<Parts...>.data(), joined_bytes<Parts...>.size()};

// "The following are single-choice questions of the Chinese exam in %S; choose the right answer."
inline constexpr std::string_view ceval_lead =
    "\u4ee5\u4e0b\u662f\u4e2d\u56fd\u5173\u4e8e%S\u8003\u8bd5\u7684\u5355\u9879\u9009\u62e9\u9898\uff0c\u8bf7\u9009"
    "\u51fa\u5176\u4e2d\u7684\u6b63\u786e\u7b54\u6848\u3002";
// "The last line is to be of the form "answer:$LETTER"."
inline constexpr std::string_view ceval_form =
    "\u56de\u7b54\u7684\u6700\u540e\u4e00\u884c\u5e94\u91c7\u7528\u4ee5\u4e0b\u683c\u5f0f\uff1a\u201danswer:$LETTER"
    "\u201c\uff08\u4e0d\u5e26\u5f15\u53f7\uff09\uff0c\u5176\u4e2dLETTER \u662fABCD\u4e4b\u4e00\u3002";
inline constexpr std::string_view ceval_steps = "\u56de\u7b54\u4e4b\u524d\u5148\u4e00\u6b65\u6b65\u601d\u8003\u3002";
inline constexpr std::string_view ceval_choices = "{question}\nA. {A}\nB. {B}\nC. {C}\nD. {D}";
inline constexpr std::string_view ceval_answer = "\n\u7b54\u6848: {answer}";
inline constexpr std::string_view line_end = "\n", blank_line = "\n\n";

}  // namespace detail

/// \source  AISBench 3.1, configs/datasets/ceval/ceval_gen_*.py (Apache-2.0); the names are those of the files.
inline constexpr std::array<choice_prompt, 4> ceval_prompts{{
    {"5-shot-str", prompt_form::text, detail::joined<detail::ceval_lead, detail::line_end>,
     detail::joined<detail::ceval_choices, detail::ceval_answer>,
     detail::joined<detail::ceval_lead, detail::line_end, detail::ceval_choices, detail::ceval_answer>, "", 5},
    {"0-shot-str", prompt_form::text, detail::joined<detail::ceval_lead, detail::line_end>,
     detail::joined<detail::ceval_choices, detail::ceval_answer>},
    {"0-shot-cot-chat", prompt_form::messages, "",
     detail::joined<detail::ceval_lead, detail::ceval_form, detail::ceval_steps, detail::blank_line,
                    detail::ceval_choices>},
    {"0-shot-noncot-chat", prompt_form::messages, "",
     detail::joined<detail::ceval_lead, detail::ceval_form, detail::blank_line, detail::ceval_choices>},
}};

/// Where CEval lies and what of it is wanted.
struct ceval_source {
  std::string path;                        ///< The directory with dev, val and test, or the one with formal_ceval.
  std::string split = "val";               ///< val or test
  std::vector<std::string> subjects = {};  ///< Empty: all 52.
};

namespace detail {

/// The rows of a CSV with a header; the columns `more` are added, empty, where it has none of that name.
inline result<std::vector<row_fields>> read_table(const std::string& path, std::vector<std::string> more) {
  auto table = open_csv(path);
  if (!table) return table.error();
  for (const auto& name : {"id", "question", "A", "B", "C", "D"})
    if (const auto there = table->column(name); !there) return there.error();
  std::erase_if(more, [&](const std::string& name) { return table->column(name); });
  std::vector<row_fields> rows;
  while (table->next()) {
    auto& row = rows.emplace_back();
    for (std::size_t i = 0; i < table->header().size(); ++i) row.emplace_back(table->header()[i], table->field(i));
    for (const auto& name : more) row.emplace_back(name, "");
  }
  if (!table->status()) return table->status().error();
  return rows;
}

inline std::string ceval_root(const std::string& path) {
  std::error_code none;
  return std::filesystem::is_directory(path + "/formal_ceval", none) ? path + "/formal_ceval" : path;
}

inline result<std::vector<const ceval_subject*>> wanted_subjects(const std::vector<std::string>& names) {
  std::vector<const ceval_subject*> wanted;
  for (const auto& name : names) {
    wanted.push_back(find_ceval_subject(name));
    if (!wanted.back()) return failure{errc::invalid_argument, "CEval has no subject '" + name + "'"};
  }
  if (names.empty())
    for (const auto& subject : ceval_subjects) wanted.push_back(&subject);
  return wanted;
}

}  // namespace detail

/// Gives the questions of all subjects to `sink(prompt&&)` until it returns false, in the order of ceval_subjects.
///
/// An id is AISBench's name of the data set and the row's own id, "ceval-law-7" (val) or "ceval-test-law-7": it is the
/// same in a shard and in the whole. `expected` is empty where the file has no answers (test).
/// \param note  called with a sentence about each subject without a question: a shard may have such, the whole has
/// none.
/// \return  how many were given; errc::not_found where a subject's file is missing, errc::parse where a row is broken,
///          an id comes twice, or there are fewer dev rows than the prompt shows.
template <class Sink, class Note>
result<std::uint64_t> each_ceval_prompt(const ceval_source& from, const choice_prompt& way, Sink&& sink, Note&& note) {
  const auto wanted = detail::wanted_subjects(from.subjects);
  if (!wanted) return wanted.error();
  const std::string root = detail::ceval_root(from.path);
  std::uint64_t given = 0;
  for (const ceval_subject* subject : *wanted) {
    const auto file = [&](const std::string& split) {
      return root + "/" + split + "/" + std::string(subject->name) + "_" + split + ".csv";
    };
    std::vector<row_fields> shots;
    if (way.shots > 0) {
      auto dev = detail::read_table(file("dev"), {"explanation", "answer"});
      if (!dev) return dev.error();
      if (dev->size() < static_cast<std::size_t>(way.shots))
        return failure{errc::parse, file("dev") + " has " + std::to_string(dev->size()) + " rows, the prompt shows " +
                                        std::to_string(way.shots) +
                                        ": copy dev whole into every shard (weir-split --copy dev)"};
      shots = *std::move(dev);
    }
    const auto rows = detail::read_table(file(from.split), {"explanation", "answer"});
    if (!rows) return rows.error();
    if (rows->empty()) note(file(from.split) + " has no questions");
    std::unordered_set<std::string_view> ids;
    for (const auto& row : *rows) {
      prompt p;
      p.id =
          (from.split == "val" ? "ceval-" : "ceval-test-") + std::string(subject->name) + "-" + *find_field(row, "id");
      if (!ids.insert(*find_field(row, "id")).second)
        return failure{errc::parse, file(from.split) + ": the id '" + *find_field(row, "id") + "' comes twice"};
      p.subject = subject->name;
      p.expected = *find_field(row, "answer");
      p.form = way.form;
      p.content = choice_content(way, subject->chinese, shots, row);
      ++given;
      if (!sink(std::move(p))) return given;
    }
  }
  return given;
}

}  // namespace weir::inline v0

#endif  // WEIR_DATA_DATASET_CEVAL_HPP
