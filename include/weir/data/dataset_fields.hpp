// weir/data/dataset_fields.hpp - any CSV or JSON Lines as prompts, by a map of its fields. Needs simdjson, POSIX.
#ifndef WEIR_DATA_DATASET_FIELDS_HPP
#define WEIR_DATA_DATASET_FIELDS_HPP

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/base/result.hpp"
#include "weir/data/choice_prompt.hpp"
#include "weir/data/csv.hpp"
#include "weir/data/json_row.hpp"
#include "weir/data/prompts.hpp"

namespace weir::inline v0 {

/// Which field of a file is what. Empty names: there is none.
struct field_map {
  std::string question = "question";  ///< The prompt, unless a template is given.
  std::string expected, id, subject;
  std::string text;  ///< A template, "Q: {question}\nA:": every {field} in it is put in.
};

/// Reads "question=q,expected=gold,id=nr,subject=topic".
[[nodiscard]] inline result<field_map> parse_field_map(std::string_view words) {
  field_map map;
  while (!words.empty()) {
    const auto end = std::min(words.find(','), words.size());
    const auto word = words.substr(0, end);
    words.remove_prefix(std::min(end + 1, words.size()));
    const auto equals = word.find('=');
    const auto name = word.substr(0, equals);
    std::string* const place = name == "question"                       ? &map.question
                               : name == "expected" || name == "answer" ? &map.expected
                               : name == "id"                           ? &map.id
                               : name == "subject"                      ? &map.subject
                                                                        : nullptr;
    if (equals == word.npos || !place || equals + 1 == word.size())
      return failure{errc::invalid_argument, "a field map is question=NAME,expected=NAME,id=NAME,subject=NAME, not '" +
                                                 std::string(word) + "'"};
    *place = word.substr(equals + 1);
  }
  return map;
}

/// The prompt that a row makes. `expected` is what follows "#### " where that is in it.
/// \return  errc::parse naming a field that the row lacks.
[[nodiscard]] inline result<prompt> mapped_prompt(const field_map& map, const row_fields& row) {
  prompt p;
  const auto take = [&](std::string& into, const std::string& name) -> result<void> {
    if (name.empty()) return {};
    const std::string* const value = find_field(row, name);
    if (!value) return failure{errc::parse, "has no field '" + name + "'"};
    into = *value;
    return {};
  };
  std::string question;
  if (map.text.empty()) {
    if (auto ok = take(question, map.question); !ok) return ok.error();
    if (question.empty()) return failure{errc::parse, "field '" + map.question + "' is empty"};
  } else {
    question = fill_template(map.text, row);
  }
  append_json_string(p.content, question);
  for (const auto& [into, name] : {std::pair{&p.expected, &map.expected}, {&p.id, &map.id}, {&p.subject, &map.subject}})
    if (auto ok = take(*into, *name); !ok) return ok.error();
  p.expected = std::string(gold_of(p.expected));
  return p;
}

/// Reads JSON Lines into prompts; only texts and numbers are fields.
class mapped_reader {
 public:
  explicit mapped_reader(field_map map) : map_(std::move(map)) {}

  result<prompt> operator()(std::string_view line) {
    row_fields row;
    const auto read = rows_(line, [&](std::string_view name, json_value v) -> result<void> {
      simdjson::ondemand::json_type type{};
      if (const auto error = v.type().get(type)) return json_failure(error);
      using kind = simdjson::ondemand::json_type;
      if (type != kind::string && type != kind::number) return {};
      row.emplace_back(std::string(name), "");
      return read_text(row.back().second, name, v);
    });
    if (!read) return read.error();
    return mapped_prompt(map_, row);
  }

 private:
  field_map map_;
  json_row_reader rows_;
};

/// Gives the rows of a CSV with a header to `sink(prompt&&)` until it returns false; a row without an id is named by
/// its place, from 0. \return  how many were given; a failure names file and line.
template <class Sink>
result<std::uint64_t> each_mapped_csv(const std::string& path, const field_map& map, Sink&& sink) {
  auto table = open_csv(path);
  if (!table) return table.error();
  std::uint64_t given = 0;
  while (table->next()) {
    row_fields row;
    for (std::size_t i = 0; i < table->header().size(); ++i) row.emplace_back(table->header()[i], table->field(i));
    auto p = mapped_prompt(map, row);
    if (!p) return failure{p.error().code, path + ": line " + std::to_string(table->line()) + ": " + p.error().detail};
    if (p->id.empty()) p->id = std::to_string(given);
    ++given;
    if (!sink(*std::move(p))) return given;
  }
  if (!table->status()) return table->status().error();
  return given;
}

}  // namespace weir::inline v0

#endif  // WEIR_DATA_DATASET_FIELDS_HPP
