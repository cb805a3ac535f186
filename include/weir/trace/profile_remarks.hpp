// weir/trace/profile_remarks.hpp - what a person has to know about a trace beside its figures: damage, cuts, doubts.
// Needs weir/data.
#ifndef WEIR_TRACE_PROFILE_REMARKS_HPP
#define WEIR_TRACE_PROFILE_REMARKS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/utf8.hpp"
#include "weir/trace/profile.hpp"

namespace weir::inline v0 {
namespace detail {

inline void remark_on_damage(std::vector<std::string>& out, const rank_profile& p) {
  const auto say = [&](std::uint64_t count, std::string_view of_one, std::string_view of_more,
                       std::string_view behind) {
    if (count == 0) return;
    std::string text(count == 1 ? of_one : of_more);
    text.replace(text.find('#'), 1, std::to_string(count));
    out.push_back(p.file + ": " + text.append(behind));
  };
  say(p.summary.damaged, "# damaged event is", "# damaged events are",
      " in no figure; the first is " + p.summary.first_damage);
  say(p.device.negative(), "# device event ends before it begins and is",
      "# device events end before they begin and are", " in no figure");
  say(p.device.incomplete(), "# device event has no begin or no duration and is",
      "# device events have no begin or no duration and are", " in no figure");
  say(p.untimed_annotations, "# annotation of a step or collective has no begin or no duration and is",
      "# annotations of steps or collectives have no begin or no duration and are", " in no figure");
  say(p.collectives.damaged() + p.damaged_steps, "the arguments of # collective or step",
      "the arguments of # collectives and steps", " are damaged: their sizes and ids are missing");
  say(static_cast<std::uint64_t>(
          std::ranges::count_if(p.device.names(), [](const auto& name) { return !is_utf8(name.name); })),
      "the name of # kernel is", "the names of # kernels are", " not UTF-8: U+FFFD stands for the bytes that are none");
  if (p.step_table)
    say(p.step_table->damaged, "# row of step_trace_time.csv is", "# rows of step_trace_time.csv are",
        " in no figure: numbers are missing, or the communication is not its two parts; the first is " +
            p.step_table->first_damage);
  if (p.communication_table)
    say(p.communication_table->damaged, "# collective of communication.json is",
        "# collectives of communication.json are",
        " in no figure: the times do not add up; the first is " + p.communication_table->first_damage);
}

inline void remark_on_graphs(std::vector<std::string>& out, const rank_profile& p) {
  const std::uint64_t graphs = p.device.opaque_graphs();
  if (graphs == 0) return;
  out.push_back(
      p.file + (p.device_name.empty() ? "" : " device " + p.device_name) + ": " + std::to_string(graphs) +
      (graphs == 1 ? " launch of a CUDA graph was traced as a whole"
                   : " launches of CUDA graphs were traced as wholes") +
      ", not kernel by kernel: all of it counts as busy, figures by class are missing, and the tables of "
      "kernels and collectives hold only what ran outside; nsys profile --cuda-graph-trace=node traces kernels");
}

inline void remark_on_execution(std::vector<std::string>& out, const execution_link& link) {
  if (!link.reason.empty()) out.push_back(link.file + " was not linked: " + link.reason);
  if (link.disagreements > 0)
    out.push_back(link.file + ": " + std::to_string(link.disagreements) +
                  " collectives have another kind or size there than in the trace, whose word was taken");
}

}  // namespace detail

/// Appends what there is to say, a sentence each.
inline void remark_on(std::vector<std::string>& out, const rank_profile& p) {
  detail::remark_on_damage(out, p);
  detail::remark_on_graphs(out, p);
  if (p.execution) detail::remark_on_execution(out, *p.execution);
  if (const auto strange = p.unknown_categories(); !strange.empty())
    out.push_back(p.file + ": events of categories that no profiler is known to write: " + strange);
  if (p.summary.truncated) out.push_back(p.file + ": the file is cut; figures are of what is there");
  if (p.steps_backwards() > 0)
    out.push_back(p.file + ": its clock goes backwards: a step begins before the one with the number before it");
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_PROFILE_REMARKS_HPP
