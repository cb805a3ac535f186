// tools/score_read.hpp - answers from files and from ais_bench's directories, onto one scoreboard.
#ifndef WEIR_TOOLS_SCORE_READ_HPP
#define WEIR_TOOLS_SCORE_READ_HPP

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli.hpp"
#include "score_extract.hpp"
#include "weir/score/ais_bench.hpp"
#include "weir/score/scoreboard.hpp"

namespace weir::tool {

inline std::vector<score_rule> chosen_rules(std::string_view set) {
  const auto wanted = set == "gsm8k" ? gold_form::number : gold_form::option;
  std::vector<score_rule> rules;
  for (const auto& rule : score_rules)
    if (set == "all" || rule.gold == wanted) rules.push_back(rule);
  return rules;
}

inline result<void> read_file(const std::string& path, bool cut_thoughts, scoreboard& board) {
  auto rows = open_operand(path);
  if (!rows) return rows.error();
  result<void> added;
  std::uint64_t count = 0;
  const auto seen = prediction_reader().read(*rows, shown(path), [&](prediction& p) {
    ++count;
    if (cut_thoughts) p.text = after_think(p.text);
    if (added) added = board.add(p);
  });
  if (!seen) return seen.error();
  if (!added) return failure{added.error().code, shown(path) + ": " + added.error().detail};
  if (seen->truncated_line > 0)
    say(shown(path) + ":" + std::to_string(seen->truncated_line) + ": cut off while it was written; left out");
  if (count == 0) return failure{errc::parse, shown(path) + " holds no answer"};
  return {};
}

inline result<void> read_directory(const std::string& path, bool cut_thoughts, scoreboard& board) {
  auto run = read_ais_bench(path);
  if (!run) return run.error();
  for (const auto& note : run->notes) say(note);
  for (auto& p : run->answers) {
    if (cut_thoughts || run->cuts_thoughts) p.text = after_think(p.text);
    if (auto ok = board.add(p); !ok) return ok;
  }
  return {};
}

/// All of the files, or of ais_bench's directories.
inline result<scoreboard> read_all(const arguments& args, const std::vector<std::string>& paths, bool ais_bench) {
  scoreboard board(chosen_rules(args.get("rules", "all")));
  for (const auto& path : paths)
    if (auto ok = ais_bench ? read_directory(path, args.has("after-think"), board)
                            : read_file(path, args.has("after-think"), board);
        !ok)
      return ok.error();
  if (ais_bench && std::ranges::none_of(board.questions(), &scored_question::answered))
    return failure{errc::invalid_argument, "no question was answered: there is no accuracy"};
  if (std::ranges::none_of(board.questions(), &scored_question::judged))
    return failure{errc::invalid_argument, "no question has a gold that these rules can be judged by"};
  return board;
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_SCORE_READ_HPP
