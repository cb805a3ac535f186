// weir/serve/device_groups.hpp - which devices work together in one instance. Needs the standard library and POSIX.
#ifndef WEIR_SERVE_DEVICE_GROUPS_HPP
#define WEIR_SERVE_DEVICE_GROUPS_HPP

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <limits>
#include <set>
#include <tuple>
#include <vector>

#include "weir/serve/device.hpp"

namespace weir::inline v0 {

namespace detail {

/// What a group is worth: its worst link first, then few NUMA nodes, then all its links.
inline std::tuple<int, int, int> group_worth(const device_source& source, const std::vector<std::size_t>& group) {
  int worst = std::numeric_limits<int>::max(), sum = 0;
  std::set<int> nodes;
  for (auto one = group.begin(); one != group.end(); ++one) {
    nodes.insert(source.devices()[*one].numa);
    for (auto other = one + 1; other != group.end(); ++other) {
      const int link = source.link(*one, *other);
      worst = std::min(worst, link);
      sum += link;
    }
  }
  return {worst, -static_cast<int>(nodes.size()), sum};
}

/// Calls `visit(group)` for the groups of `size` of `from`: all of them up to 16 devices, runs of neighbours above.
template <class Visit>
void each_group(const std::vector<std::size_t>& from, std::size_t size, Visit&& visit) {
  if (from.size() > 16) {
    for (std::size_t at = 0; at + size <= from.size(); ++at)
      visit(std::vector<std::size_t>(from.begin() + static_cast<std::ptrdiff_t>(at),
                                     from.begin() + static_cast<std::ptrdiff_t>(at + size)));
    return;
  }
  std::vector<char> taken(from.size(), 0);
  std::fill_n(taken.begin(), size, 1);
  do {
    std::vector<std::size_t> group;
    for (std::size_t i = 0; i < from.size(); ++i)
      if (taken[i]) group.push_back(from[i]);
    visit(group);
  } while (std::prev_permutation(taken.begin(), taken.end()));
}

}  // namespace detail

/// Deals `free` devices into `count` groups of `size`, each the best connected one that the ones before it left; of
/// equals the first. Tensor parallelism waits for its slowest link, so that decides.
/// \param free   places in the source's list, in order of preference.
/// \return       fewer groups where there are not enough devices.
/// \complexity   all subsets of up to 16 devices: at most 12,870 a group.
[[nodiscard]] inline std::vector<std::vector<std::size_t>> choose_groups(const device_source& source,
                                                                         std::vector<std::size_t> free,
                                                                         std::size_t size, std::size_t count) {
  std::vector<std::vector<std::size_t>> groups;
  while (groups.size() < count && size > 0 && free.size() >= size) {
    std::vector<std::size_t> best;
    std::tuple<int, int, int> worth;
    detail::each_group(free, size, [&](const std::vector<std::size_t>& group) {
      const auto found = detail::group_worth(source, group);
      if (!best.empty() && found <= worth) return;
      best = group;
      worth = found;
    });
    for (const auto taken : best) free.erase(std::find(free.begin(), free.end(), taken));
    groups.push_back(std::move(best));
  }
  return groups;
}

}  // namespace weir::inline v0

#endif  // WEIR_SERVE_DEVICE_GROUPS_HPP
