// weir/trace/ascend_communication.hpp - reads communication.json: collectives as Ascend's profiler took them apart into
// waiting and transfer. Needs the standard library.
#ifndef WEIR_TRACE_ASCEND_COMMUNICATION_HPP
#define WEIR_TRACE_ASCEND_COMMUNICATION_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/trace/ascend_figures.hpp"
#include "weir/trace/json_cursor.hpp"

namespace weir::inline v0 {

namespace detail {

inline bool all_digits(std::string_view text) noexcept {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

/// Walks the nested objects of communication.json: step, "collective" or "p2p", operation@group, and a cluster's group
/// and rank around and below them.
class communication_walk {
 public:
  explicit communication_walk(ascend_communication& out) : out_(&out) {}

  /// \return  false where `object` is damaged.
  bool walk(std::string_view object) {  // NOLINT(misc-no-recursion): as deep as most_deep
    constexpr std::size_t most_deep = 6;
    if (path_.size() > most_deep) return false;
    std::string_view times, links;
    bool whole = true;
    const bool ok = for_each_member(object, [&](auto key, auto value) {
      if (key == "Communication Time Info") return (void)(times = value);
      if (key == "Communication Bandwidth Info") return (void)(links = value);
      if (!value.starts_with('{')) return;
      path_.push_back(key);
      whole = walk(value) && whole;
      path_.pop_back();
    });
    if (ok && whole && !times.empty()) whole = take(times, links);
    return ok && whole;
  }

 private:
  bool take(std::string_view times, std::string_view links) {
    ascend_collective c;
    for (const auto part : path_) {
      if (part == "Total Op Info" || part == "Total HCCL Operators") return true;  // a sum of the others
      if (const std::size_t mark = part.find('@'); mark != part.npos)
        c.name = part.substr(0, mark), c.group = part.substr(mark + 1);
      else if (all_digits(part) && !c.name.empty())
        c.rank = integer_or(part, -1);
      else if (part.starts_with("step"))
        c.step = part;
    }
    const auto take_time = [&c](std::string_view key, std::string_view value) {
      const double us = 1e3 * amount_or_nan(value);
      if (key == "Elapse Time(ms)") c.elapse = us;
      if (key == "Transit Time(ms)") c.transit = us;
      if (key == "Wait Time(ms)") c.wait = us;
      if (key == "Synchronization Time(ms)") c.synchronization = us;
      if (key == "Idle Time(ms)") c.idle = us;
    };
    if (!for_each_member(times, take_time) || (!links.empty() && !take_links(links, c))) return false;
    constexpr double rounding_us = 0.01;
    const bool sound = std::abs(c.elapse - c.transit - c.wait - c.idle) <= rounding_us;  // no with a NaN
    if (!sound && out_->damaged++ == 0) out_->first_damage = c.name;
    if (sound) out_->rows.push_back(std::move(c));
    return true;
  }
  /// SDMA is the engine behind HCCS and PCIE: its bytes are theirs.
  static bool take_links(std::string_view links, ascend_collective& c) {
    bool whole = true;
    const auto take_size = [&c](std::string_view key, std::string_view value) {
      const double mb = key == "Transit Size(MB)" ? amount_or_nan(value) : 0;
      if (mb > 0) c.transit_mb += mb;
    };
    const auto take_link = [&](std::string_view link, std::string_view value) {
      if (link != "SDMA") whole = for_each_member(value, take_size) && whole;
    };
    return for_each_member(links, take_link) && whole;
  }

  ascend_communication* out_;
  std::vector<std::string_view> path_;
};

}  // namespace detail

/// Reads communication.json, or a cluster's cluster_communication.json.
/// \param text  64 bytes after it are readable.
/// \return  errc::parse where it is no such file, or damaged.
inline result<ascend_communication> read_ascend_communication(std::string_view text) {
  ascend_communication out;
  if (!detail::communication_walk(out).walk(text))
    return failure{errc::parse, "not a communication.json, or a damaged one"};
  if (out.rows.empty() && out.damaged == 0)
    return failure{errc::parse, "there is no 'Communication Time Info' in it: not a communication.json"};
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_ASCEND_COMMUNICATION_HPP
