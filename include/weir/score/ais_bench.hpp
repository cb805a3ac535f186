// weir/score/ais_bench.hpp - AISBench's work directories as predictions with global ids. Needs simdjson, POSIX.
#ifndef WEIR_SCORE_AIS_BENCH_HPP
#define WEIR_SCORE_AIS_BENCH_HPP

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/data/prompts.hpp"
#include "weir/data/rows.hpp"
#include "weir/data/tree.hpp"
#include "weir/score/prediction.hpp"

namespace weir::inline v0 {

/// What a work directory holds.
struct ais_bench_run {
  std::vector<prediction> answers;  ///< A question that was asked for and never answered is one with status "missing".
  bool cuts_thoughts = false;       ///< Its model's configuration removes reasoning before anything is scored.
  std::vector<std::string> notes;   ///< What a reader must know.
};

namespace detail {

/// The questions that a directory was to ask, from its prompts.jsonl: data set and row give id and gold.
using question_map = std::map<std::pair<std::string, std::string>, prompt>;

inline result<question_map> read_question_map(const std::string& path) {
  question_map map;
  auto rows = open_rows(path);
  if (!rows) return rows.error().code == errc::not_found ? result<question_map>(std::move(map)) : rows.error();
  std::map<std::string, std::size_t> counts;
  prompt_reader read;
  for (std::string_view line; rows->next(line);) {
    auto p = read(line);
    if (!p) return failure{p.error().code, path + ": line " + std::to_string(rows->line()) + ": " + p.error().detail};
    // The id is the data set's name and the row's own id: "ceval-law-7" is of ceval-law. A number alone is of the only
    // data set there is.
    std::string dataset = p->id.substr(0, std::min(p->id.rfind('-'), p->id.size()));
    if (dataset.size() == p->id.size()) dataset.clear();
    const std::string row = std::to_string(counts[dataset]++);
    map.emplace(std::pair(std::move(dataset), row), *std::move(p));
  }
  if (!rows->status()) return rows->status().error();
  return map;
}

/// The newest run below a directory.
struct newest_run {
  std::string name;
  std::vector<std::pair<std::string, std::string>> predictions;  ///< Files, with the name of the data set.
};

inline result<newest_run> find_newest_run(const std::string& dir, std::vector<std::string>& notes) {
  const auto tree = list_tree(dir);
  if (!tree) return tree.error();
  std::map<std::string, std::vector<std::pair<std::string, std::string>>> runs;
  for (const auto& file : tree->files) {
    const auto at = ("/" + file).find("/predictions/");
    if (at == std::string::npos || !file.ends_with(".jsonl") || file.ends_with("_failed.jsonl")) continue;
    const auto name = file.substr(file.rfind('/') + 1);
    runs[file.substr(0, at)].emplace_back(dir + "/" + file, name.substr(0, name.size() - 6));
  }
  if (runs.empty()) return failure{errc::not_found, dir + " holds no predictions of ais_bench"};
  if (runs.size() > 1)
    notes.push_back(dir + " holds " + std::to_string(runs.size()) + " runs: " + runs.rbegin()->first +
                    ", the newest by name, is taken");
  return newest_run{runs.rbegin()->first, std::move(runs.rbegin()->second)};
}

/// Whether a run's configuration, which ais_bench keeps beside its predictions, names the step that removes reasoning.
inline bool config_cuts_thoughts(const std::string& run) {
  std::error_code none;
  for (const auto& file : std::filesystem::directory_iterator(run + "/configs", none))
    if (const auto text = read_text_file(file.path().string());
        text && text->find("extract_non_reasoning_content") != std::string::npos)
      return true;
  return false;
}

}  // namespace detail

/// Reads the predictions of one work directory, `dir`/TIMESTAMP/predictions/MODEL/DATASET.jsonl.
///
/// AISBench numbers the rows of each data set from 0, in each shard anew. Where `dir`/prompts.jsonl lists what was
/// asked (weir-prompts over the shard's own tree), a row gets that prompt's global id, and what is listed and has no
/// prediction counts as missing, all of it where there is no prediction at all. Without it ids are data set and row,
/// and `dir` in front of them, so that shards are never taken for repetitions of each other.
/// \return  a failure names file and line; errc::invalid_argument where a gold is not the one that was asked for.
[[nodiscard]] inline result<ais_bench_run> read_ais_bench(const std::string& dir) {
  ais_bench_run run;
  const auto asked = detail::read_question_map(dir + "/prompts.jsonl");
  if (!asked) return asked.error();
  auto newest = detail::find_newest_run(dir, run.notes);
  if (!newest && (newest.error().code != errc::not_found || asked->empty())) return newest.error();
  if (!newest) {
    run.notes.push_back(newest.error().detail + ": all " + std::to_string(asked->size()) +
                        " of its questions are missing");
    newest = detail::newest_run{};
  }
  run.cuts_thoughts = detail::config_cuts_thoughts(dir + "/" + newest->name);
  std::set<std::pair<std::string, std::string>> seen;
  result<void> wrong;
  for (const auto& [path, dataset] : newest->predictions) {
    auto rows = open_rows(path);
    if (!rows) return rows.error();
    const auto read = prediction_reader().read(*rows, path, [&](const prediction& p) {
      prediction answer = p;
      answer.instance = dir;
      std::pair key(dataset, p.id);
      if (!asked->contains(key) && newest->predictions.size() == 1) key.first.clear();
      seen.insert(key);
      answer.subject = dataset.starts_with("ceval-") ? dataset.substr(6) : dataset;
      answer.id = dir + ":" + dataset + "-" + p.id;
      if (const auto found = asked->find(key); found != asked->end()) {
        answer.id = found->second.id;
        if (found->second.expected != answer.expected)
          wrong = failure{errc::invalid_argument, path + ": row " + p.id + " has the gold '" + answer.expected +
                                                      "', prompts.jsonl says '" + found->second.expected +
                                                      "': it is not of this shard"};
      } else if (!asked->empty()) {
        wrong = failure{errc::invalid_argument, path + ": row " + p.id + " is not in prompts.jsonl"};
      }
      run.answers.push_back(std::move(answer));
    });
    if (!read) return read.error();
    if (read->truncated_line > 0) run.notes.push_back(path + " was cut off while it was written");
  }
  if (!wrong) return wrong.error();
  for (const auto& [key, p] : *asked)
    if (!seen.contains(key)) {
      prediction missing;
      missing.id = p.id, missing.subject = p.subject, missing.expected = p.expected, missing.instance = dir;
      missing.status = "missing";
      run.answers.push_back(std::move(missing));
    }
  return run;
}

}  // namespace weir::inline v0

#endif  // WEIR_SCORE_AIS_BENCH_HPP
