// weir/serve/news.hpp - what happens to servers, in sentences. Needs Linux.
#ifndef WEIR_SERVE_NEWS_HPP
#define WEIR_SERVE_NEWS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "weir/base/text_file.hpp"
#include "weir/serve/describe.hpp"
#include "weir/serve/instance.hpp"
#include "weir/serve/log_tail.hpp"
#include "weir/serve/supervise.hpp"

namespace weir::inline v0 {

/// The sentence about a change of state; empty where the change is no news. A failure comes with the last `lines` lines
/// of the log, and with what to do where that is known.
[[nodiscard]] inline std::string describe_change(const instance& which, std::size_t lines) {
  const std::string who = "instance " + which.spec().name;
  const auto because = [&] { return which.why() ? which.why()->detail : std::string(); };
  if (which.state() == instance_state::ready) {
    if (!which.trouble().empty()) return who + " does not answer as it should: " + which.trouble();
    const std::int64_t ms = (which.ready_ns() - which.started_ns()) / 1'000'000;
    return who + " is ready after " + seconds_text(ms * 1'000'000) + " s" +
           (which.note().empty() ? "" : "; it " + which.note());
  }
  if (which.state() == instance_state::pausing)
    return who + " will be started again (" + std::to_string(which.restarts()) + " of " +
           std::to_string(which.spec().restart.limit) + ")";
  if (which.state() == instance_state::failed && which.stuck()) return who + ": " + because();
  if (which.state() != instance_state::ending || !which.why()) return {};
  std::string news = who + ": " + because();
  const auto tail = which.tail(lines);
  if (tail.empty()) return news;
  news += "; " + which.spec().process.log + " ends with:";
  each_line(tail, [&](std::string_view line) { news.append("\n  ").append(line); });
  const auto advice = log_advice(tail);
  return advice.empty() ? news : news.append("\nperhaps: ").append(advice);
}

/// The state of all servers in one line: "4 instances: 3 ready, 1 starting: loading (HTTP 503)".
[[nodiscard]] inline std::string status_line(const supervisor& servers) {
  std::array<std::size_t, 6> counts{};
  std::string doing;
  for (const auto& each : servers.instances()) {
    ++counts[static_cast<std::size_t>(each.state())];
    if (each.state() == instance_state::starting && doing.empty()) doing = each.doing();
  }
  std::string line = std::to_string(servers.instances().size()) + " instances:";
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (counts[i] > 0)
      line += " " + std::to_string(counts[i]) + " " + std::string(state_name(static_cast<instance_state>(i))) + ",";
  line.pop_back();
  if (doing.starts_with("starting")) return line + doing.substr(8);  // the word stands there already
  return doing.empty() ? line : line + ": " + doing;
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_NEWS_HPP
