// weir/openai/mock_key.hpp - reads an answer key for the mock: a data set in its own form. Needs simdjson, POSIX.
#ifndef WEIR_OPENAI_MOCK_KEY_HPP
#define WEIR_OPENAI_MOCK_KEY_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/base/trim.hpp"
#include "weir/data/csv.hpp"
#include "weir/data/json_row.hpp"
#include "weir/data/prompts.hpp"
#include "weir/data/row_format.hpp"
#include "weir/data/rows.hpp"
#include "weir/openai/mock_answers.hpp"

namespace weir::inline v0 {

namespace detail {

/// Which choice a field holds, if any: MMLU's answer_a ... or CEval's A ...
inline std::optional<std::size_t> choice_field(std::string_view name) noexcept {
  const bool lower = name.size() == 8 && name.starts_with("answer_") && name[7] >= 'a' && name[7] <= 'd';
  const bool upper = name.size() == 1 && name[0] >= 'A' && name[0] <= 'D';
  if (lower) return static_cast<std::size_t>(name[7] - 'a');
  return upper ? std::optional<std::size_t>(static_cast<std::size_t>(name[0] - 'A')) : std::nullopt;
}

/// Takes the fields of one question, whatever the data set calls them.
class key_row {
 public:
  result<void> take(std::string_view name, json_value v) {
    if (name == "messages") return take_messages(v);
    std::string* const place = place_of(name);
    return place ? read_text(*place, name, v) : result<void>{};
  }
  void take(std::string_view name, std::string_view value) {
    if (std::string* const place = place_of(name)) *place = value;
  }
  /// \param place  in the file, from 0: the id of a question that has none.
  /// \return  nothing for a record of another type; errc::parse where question or answer is missing.
  result<std::optional<mock_question>> finish(std::size_t place) {
    if (!type_.empty() && type_ != "prompt") return std::optional<mock_question>{};
    mock_question q{id_.empty() ? std::to_string(place) : id_, prompt_.empty() ? question_ : prompt_, expected_, {}};
    if (q.expected.empty()) q.expected = correct_.empty() ? std::string(gold_of(answer_)) : correct_;
    q.text = std::string(trimmed(q.text)), q.expected = std::string(trimmed(q.expected));
    if (q.text.empty()) return failure{errc::parse, "has no question: none of the fields question, prompt, messages"};
    if (q.expected.empty())
      return failure{errc::parse, "has no answer: none of the fields expected, answer, correct_answer"};
    for (auto& choice : choices_)
      if (!choice.empty()) q.choices.push_back(std::move(choice));
    return std::optional(std::move(q));
  }

 private:
  std::string* place_of(std::string_view name) {
    if (const auto choice = choice_field(name)) return &choices_[*choice];
    if (name == "question") return &question_;
    if (name == "prompt") return &prompt_;
    if (name == "answer") return &answer_;
    if (name == "expected") return &expected_;
    if (name == "correct_answer") return &correct_;
    if (name == "id") return &id_;
    return name == "type" ? &type_ : nullptr;
  }
  /// The texts of all messages, joined as the mock joins those of a request.
  result<void> take_messages(json_value v) {
    for (auto item : v.get_array()) {
      std::string_view content;
      simdjson::ondemand::object message;
      if (std::move(item).get_object().get(message) || message["content"].get_string().get(content))
        return field_failure("messages", "an array of messages with text");
      prompt_.append(prompt_.empty() ? "" : "\n").append(content);
    }
    return {};
  }

  std::string id_, type_, question_, prompt_, answer_, expected_, correct_;
  std::array<std::string, 4> choices_;
};

inline failure in_line(const std::string& path, std::uint64_t line, const failure& why) {
  return {why.code, path + ", line " + std::to_string(line) + ": " + why.detail};
}

}  // namespace detail

/// Reads the questions of a file: JSON Lines with `question` or `prompt` or `messages`, and `expected`, `answer` ("...
/// #### 18") or `correct_answer`; or, by its name, a CSV with a header of the same words (CEval: A to D are choices).
/// \return  a failure names the line. An empty key is errc::parse.
[[nodiscard]] inline result<std::vector<mock_question>> read_mock_key(const std::string& path) {
  std::vector<mock_question> key;
  const auto keep = [&](detail::key_row& row, std::uint64_t line) -> result<void> {
    auto question = row.finish(key.size());
    if (!question) return detail::in_line(path, line, question.error());
    if (*question) key.push_back(**std::move(question));
    return {};
  };
  if (format_of(path) == row_format::csv) {
    auto table = open_csv(path);
    if (!table) return table.error();
    while (table->next()) {
      detail::key_row row;
      for (std::size_t i = 0; i < table->header().size(); ++i) row.take(table->header()[i], table->field(i));
      if (auto kept = keep(row, table->line()); !kept) return kept.error();
    }
    if (!table->status()) return table->status().error();
  } else {
    auto rows = open_rows(path);
    if (!rows) return rows.error();
    json_row_reader read;
    for (std::string_view line; rows->next(line);) {
      if (trimmed(line).empty()) continue;
      detail::key_row row;
      const auto taken = read(line, [&](std::string_view name, json_value v) { return row.take(name, v); });
      if (!taken) return detail::in_line(path, rows->line(), taken.error());
      if (auto kept = keep(row, rows->line()); !kept) return kept.error();
    }
    if (!rows->status()) return rows->status().error();
  }
  if (key.empty()) return failure{errc::parse, path + " holds no question"};
  return key;
}

}  // namespace weir::inline v0

#endif  // WEIR_OPENAI_MOCK_KEY_HPP
