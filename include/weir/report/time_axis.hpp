// weir/report/time_axis.hpp - puts the times of files with different clocks on one axis. Needs weir/record only.
#ifndef WEIR_REPORT_TIME_AXIS_HPP
#define WEIR_REPORT_TIME_AXIS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "weir/base/measured.hpp"
#include "weir/base/result.hpp"
#include "weir/record/run.hpp"
#include "weir/report/request_group.hpp"

namespace weir::inline v0 {

/// From the first byte sent to the last token, over all files of a group.
struct time_window {
  std::int64_t length_ns = 0;
  std::int64_t idle_ns = 0;  ///< Time in it during which no file had a request under way.
};

/// Knows which file's times are of which clock.
///
/// Times of records are monotonic: they mean something on one machine, from boot to boot. Where all runs are of one
/// such clock (and files without a run record are taken to be of it too), times compare as they are. Where runs are of
/// several, each file's times are moved to the wall clock by its own run record.
class time_axis {
 public:
  void add_run(std::size_t file, const run_record& run) {
    if (run.t_start_ns == unmeasured || run.start_unix_ns == unmeasured) return;
    const clock seen{run.host, run.start_unix_ns - run.t_start_ns};
    auto known = std::ranges::find_if(clocks_, [&](const clock& c) {
      return c.host == seen.host && std::abs(c.to_wall_ns - seen.to_wall_ns) < same_boot_ns;
    });
    if (known == clocks_.end()) known = clocks_.insert(known, seen);
    auto& of_file = clocks_of_[file];
    const auto index = static_cast<std::size_t>(known - clocks_.begin());
    if (!std::ranges::count(of_file, index)) of_file.push_back(index);
  }

  [[nodiscard]] bool one_clock() const noexcept { return clocks_.size() <= 1; }

  /// \return  errc::not_found, with the reason, where there is no window or it can't be told.
  [[nodiscard]] result<time_window> over(const std::vector<file_window>& windows) const {
    constexpr auto never = std::numeric_limits<std::int64_t>::min();
    std::vector<std::pair<std::int64_t, std::int64_t>> spans;  // first byte sent, last token
    std::int64_t last = never;
    for (const auto& w : windows) {
      if (w.first_ns == std::numeric_limits<std::int64_t>::max()) continue;  // nothing was sent
      const auto shift = to_axis(w.file);
      if (!shift) return shift.error();
      spans.emplace_back(w.first_ns + *shift, w.last_ns == never ? w.first_ns + *shift : w.last_ns + *shift);
      if (w.last_ns != never) last = std::max(last, w.last_ns + *shift);
    }
    if (spans.empty()) return failure{errc::not_found, "no request was sent"};
    std::ranges::sort(spans);
    if (last <= spans[0].first) return failure{errc::not_found, "no token came after the first byte sent"};
    time_window out{last - spans[0].first, 0};
    std::int64_t end = spans[0].second;
    for (const auto& span : spans) {
      if (span.first > end) out.idle_ns += std::min(span.first, last) - std::min(end, last);
      end = std::max(end, span.second);
    }
    return out;
  }

 private:
  struct clock {
    std::string host;
    std::int64_t to_wall_ns;
  };
  static constexpr std::int64_t same_boot_ns = 10'000'000'000;  // a wall clock may be stepped a little

  /// What is added to the times of a file.
  [[nodiscard]] result<std::int64_t> to_axis(std::size_t file) const {
    if (one_clock()) return std::int64_t{0};
    const auto known = clocks_of_.find(file);
    if (known != clocks_of_.end() && known->second.size() == 1) return clocks_[known->second[0]].to_wall_ns;
    return failure{errc::not_found, "several machines or boots, and a file does not say which one its times are of"};
  }

  std::vector<clock> clocks_;
  std::map<std::size_t, std::vector<std::size_t>> clocks_of_;  // by file: indices of clocks_
};

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_TIME_AXIS_HPP
