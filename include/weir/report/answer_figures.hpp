// weir/report/answer_figures.hpp - a group's answers as figures. Needs weir/record and weir/stats.
#ifndef WEIR_REPORT_ANSWER_FIGURES_HPP
#define WEIR_REPORT_ANSWER_FIGURES_HPP

#include <string>
#include <vector>

#include "weir/report/answer_group.hpp"
#include "weir/report/figure.hpp"
#include "weir/stats/wilson.hpp"

namespace weir::inline v0 {

/// Appends questions, and for each of `rules` the accuracy with its 95 % interval (Wilson). An answer whose request
/// failed is wrong.
inline void append_answers(figure_list& out, const answer_group& answers, const std::vector<std::string>& rules) {
  out.count("questions", answers.questions);
  out.count("unanswered", answers.unanswered);
  for (const auto& rule : rules) {
    const auto known = answers.rules.find(rule);
    const rule_counts counts = known == answers.rules.end() ? rule_counts{} : known->second;
    out.count("correct_" + rule, counts.correct);
    out.count("not_found_" + rule, counts.answers - counts.found);
    if (counts.answers == 0) {
      for (const char* what : {"", "_low", "_high"})
        out.missing("accuracy_" + rule + what + "_pct", "%",
                    answers.questions == 0 ? "no answers in this group" : "no answer was judged by this rule set");
      continue;
    }
    const auto interval = wilson_interval(counts.correct, counts.answers);
    const auto share = static_cast<double>(counts.correct) / static_cast<double>(counts.answers);
    out.number("accuracy_" + rule + "_pct", "%", 100 * share, 2);
    out.number("accuracy_" + rule + "_low_pct", "%", 100 * interval.low, 2);
    out.number("accuracy_" + rule + "_high_pct", "%", 100 * interval.high, 2);
  }
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_ANSWER_FIGURES_HPP
