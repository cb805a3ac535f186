// weir/trace/check_set.hpp - whether traces are one whole set of one run. Needs weir/data.
#ifndef WEIR_TRACE_CHECK_SET_HPP
#define WEIR_TRACE_CHECK_SET_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/report/table.hpp"
#include "weir/trace/profile.hpp"

namespace weir::inline v0 {

enum class check_outcome : unsigned char { ok, failed, unknown };
[[nodiscard]] constexpr std::string_view to_string(check_outcome o) noexcept {
  constexpr std::string_view names[] = {"ok", "FAILED", "unknown"};
  return names[static_cast<unsigned char>(o)];
}

/// One question about a set, and its answer in words.
struct set_check {
  std::string question;
  check_outcome outcome = check_outcome::ok;
  std::string detail;
};

namespace detail {

inline std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

inline set_check check_whole(const std::vector<rank_profile>& set, const std::vector<std::string>& unreadable) {
  std::vector<std::string> wrong = unreadable;
  for (const auto& p : set) {
    const std::uint64_t damaged = p.damaged();
    if (p.summary.truncated) wrong.push_back(p.file + " is cut");
    if (damaged > 0) wrong.push_back(p.file + " has " + std::to_string(damaged) + " damaged events");
    if (const auto strange = p.unknown_categories(); !strange.empty())
      wrong.push_back(p.file + " has categories that no profiler writes: " + strange);
    if (p.steps_backwards() > 0) wrong.push_back("the clock of " + p.file + " goes backwards");
  }
  return {"files are whole", wrong.empty() ? check_outcome::ok : check_outcome::failed, listed(wrong)};
}

inline set_check check_devices(const std::vector<rank_profile>& set) {
  std::vector<std::string> wrong;
  for (const auto& p : set)
    if (!p.tells_of_device()) wrong.push_back(p.file + " has " + p.contents());
  return {"every trace has device events (or gloo's)", wrong.empty() ? check_outcome::ok : check_outcome::failed,
          listed(wrong)};
}

/// From the first step or device event to the last, on the set's clock.
inline interval seen_interval(const rank_profile& p) {
  interval whole{std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()};
  const auto take = [&](interval piece) {
    whole.begin = std::min(whole.begin, p.base_ns + piece.begin);
    whole.end = std::max(whole.end, p.base_ns + piece.end);
  };
  if (p.device.events() > 0) take(p.device.span());
  for (const auto& call : p.collectives.calls()) take({call.begin, call.end});
  for (const auto& step : p.steps) take(step.window());
  return whole;
}

inline std::map<std::string, int> counted_steps(const rank_profile& p) {
  std::map<std::string, int> names;
  for (const auto& step : p.steps)
    if (step.cpu) ++names[step.name];
  return names;
}

inline set_check check_collectives(const std::vector<rank_profile>& set) {
  std::map<collective_kind, std::map<std::uint64_t, int>> counts;  // calls -> ranks that made as many
  for (const auto& p : set) {
    std::map<collective_kind, std::uint64_t> own;
    for (const auto& call : p.collectives.calls()) ++own[p.collectives.kind(call)];
    for (const auto& [kind, calls] : own) ++counts[kind][calls];
  }
  std::vector<std::string> wrong;
  for (const auto& [kind, ranks] : counts) {
    if (ranks.size() > 1) wrong.push_back("the ranks made different numbers of calls of " + kind.collective);
    std::int64_t callers = 0;
    for (const auto& [calls, as_many] : ranks) callers += as_many;
    if (kind.collective != "send_recv" && callers < kind.group_size)  // two ranks of a group may send and receive
      wrong.push_back(std::to_string(callers) + " of the " + std::to_string(kind.group_size) +
                      " ranks of a group made " + kind.collective);
  }
  return {"ranks made the same collectives", wrong.empty() ? check_outcome::ok : check_outcome::failed, listed(wrong)};
}

}  // namespace detail

/// Whether each rank of the world has one trace.
[[nodiscard]] inline set_check check_ranks(const std::vector<rank_profile>& set) {
  set_check check{"every rank is there once", check_outcome::ok, {}};
  std::set<std::int64_t> seen;
  std::set<std::pair<std::int64_t, std::string>> devices;  // a process may drive several
  std::vector<std::string> wrong;
  std::int64_t world = -1;
  for (const auto& p : set) {
    world = std::max(world, p.world_size);
    if (p.rank < 0 && p.device_name.empty())
      wrong.push_back(p.file + " does not tell its rank");
    else if (!devices.emplace(p.rank, p.device_name).second)
      wrong.push_back("rank " + std::to_string(p.rank) + " twice: " + p.file);
    seen.insert(p.rank);
  }
  for (std::int64_t r = 0; r < world && wrong.size() < 20; ++r)
    if (!seen.contains(r)) wrong.push_back("rank " + std::to_string(r) + " is missing");
  if (!wrong.empty()) return {check.question, check_outcome::failed, detail::listed(wrong)};
  if (world < 0) return {check.question, check_outcome::unknown, "no trace tells the world size"};
  check.detail = std::to_string(set.size()) + " of " + std::to_string(world);
  return check;
}

/// Whether the traces are of one run: the same world, clocks of one kind, a moment that all share.
[[nodiscard]] inline set_check check_run(const std::vector<rank_profile>& set) {
  std::vector<std::string> wrong;
  for (const auto& p : set) {
    const rank_profile& first = set.front();
    const interval a = detail::seen_interval(p), b = detail::seen_interval(first);
    if (p.world_size != first.world_size)
      wrong.push_back(p.file + " is of " + std::to_string(p.world_size) + " ranks, " + first.file + " of " +
                      std::to_string(first.world_size));
    if ((p.base_ns == 0) != (first.base_ns == 0))
      wrong.push_back(p.file + " and " + first.file + " use different clocks");
    if (a.begin < a.end && b.begin < b.end && (a.begin > b.end || b.begin > a.end))
      wrong.push_back(p.file + " and " + first.file + " share no moment: two runs, or clocks that are far apart");
  }
  return {"all are of one run", wrong.empty() ? check_outcome::ok : check_outcome::failed, detail::listed(wrong)};
}

/// Whether the ranks have the same steps.
[[nodiscard]] inline set_check check_steps(const std::vector<rank_profile>& set) {
  const auto first = detail::counted_steps(set.front());
  std::vector<std::string> wrong;
  for (const auto& p : set)
    if (detail::counted_steps(p) != first) wrong.push_back(p.file + " has other steps than " + set.front().file);
  if (wrong.empty() && first.empty())
    return {"all have the same steps", check_outcome::unknown, "there is no step annotation"};
  return {"all have the same steps", wrong.empty() ? check_outcome::ok : check_outcome::failed, detail::listed(wrong)};
}

/// Asks everything about a set. \param unreadable  files that belong to it and could not be read.
[[nodiscard]] inline std::vector<set_check> check_set(const std::vector<rank_profile>& set,
                                                      const std::vector<std::string>& unreadable) {
  return {check_ranks(set), detail::check_whole(set, unreadable), detail::check_devices(set), check_run(set),
          check_steps(set), detail::check_collectives(set)};
}

[[nodiscard]] inline table check_table(const std::vector<set_check>& checks) {
  table t{"", {{"check", "", side::left}, {"answer", "", side::left}, {"detail", "", side::left}}, {}, 1};
  for (const auto& c : checks)
    t.rows.push_back({cell::text(c.question), cell::text(std::string(to_string(c.outcome))), cell::text(c.detail)});
  return t;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_CHECK_SET_HPP
