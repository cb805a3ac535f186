// weir/report/sample_track.hpp - power, load and memory over time, from samples. Needs weir/record.
#ifndef WEIR_REPORT_SAMPLE_TRACK_HPP
#define WEIR_REPORT_SAMPLE_TRACK_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/record/sample.hpp"

namespace weir::inline v0 {

/// A time span on the samples' clock.
struct sample_span {
  std::int64_t from_ns = 0, to_ns = 0;
  [[nodiscard]] double seconds() const noexcept { return static_cast<double>(to_ns - from_ns) / 1e9; }
};

/// One value over time. Null samples are left out: what lies between two known ones is taken to be a straight line.
class value_track {
 public:
  void add(std::int64_t t_ns, double value) {
    if (!std::isnan(value)) points_.emplace_back(t_ns, value);
  }
  /// Puts the samples of several files in order. Call it once all are in.
  void sort() { std::sort(points_.begin(), points_.end()); }

  [[nodiscard]] bool empty() const noexcept { return points_.empty(); }
  [[nodiscard]] bool covers(sample_span s) const noexcept {
    return points_.size() > 1 && points_.front().first <= s.from_ns && points_.back().first >= s.to_ns;
  }
  /// \return  the value at a time, on the line between its neighbours. \pre covers({t_ns, t_ns}).
  [[nodiscard]] double at(std::int64_t t_ns) const {
    const auto after = std::lower_bound(points_.begin(), points_.end(), std::pair(t_ns, lowest));
    if (after == points_.begin() || after->first == t_ns) return after->second;
    const auto before = std::prev(after);
    const double part = static_cast<double>(t_ns - before->first) / static_cast<double>(after->first - before->first);
    return before->second + part * (after->second - before->second);
  }
  /// \return  the area under the line, in value times seconds. \pre covers(s).
  [[nodiscard]] double integral(sample_span s) const {
    std::pair<std::int64_t, double> last{s.from_ns, at(s.from_ns)};
    double area = 0;
    const auto to = [&](const std::pair<std::int64_t, double>& next) {
      area += sample_span{last.first, next.first}.seconds() * (last.second + next.second) / 2;
      last = next;
    };
    for (const auto& point : points_)
      if (point.first > s.from_ns && point.first < s.to_ns) to(point);
    to({s.to_ns, at(s.to_ns)});
    return area;
  }
  /// \return  the greatest sample; NaN where there is none.
  [[nodiscard]] double highest() const noexcept {
    double most = std::numeric_limits<double>::quiet_NaN();
    for (const auto& point : points_) most = std::isnan(most) ? point.second : std::max(most, point.second);
    return most;
  }
  [[nodiscard]] sample_span whole() const noexcept {
    return points_.empty() ? sample_span{} : sample_span{points_.front().first, points_.back().first};
  }

 private:
  static constexpr double lowest = std::numeric_limits<double>::lowest();
  std::vector<std::pair<std::int64_t, double>> points_;
};

/// Energy of a device or host: from its counter where it has one, else from the power drawn at each sample.
struct energy_track {
  value_track joules, watts;

  [[nodiscard]] bool known() const noexcept { return !joules.empty() || !watts.empty(); }
  [[nodiscard]] bool covers(sample_span s) const noexcept { return joules.covers(s) || watts.covers(s); }
  /// \return  J during `s`; NaN where no samples cover it.
  [[nodiscard]] double during(sample_span s) const {
    if (joules.covers(s)) return joules.at(s.to_ns) - joules.at(s.from_ns);
    return watts.covers(s) ? watts.integral(s) : std::numeric_limits<double>::quiet_NaN();
  }
  /// \return  mean W before and after `busy`, where samples were taken then; else NaN.
  [[nodiscard]] double idle_watts(sample_span busy) const {
    const auto all = joules.empty() ? watts.whole() : joules.whole();
    double energy = 0, time = 0;
    for (const sample_span s : {sample_span{all.from_ns, std::min(busy.from_ns, all.to_ns)},
                                sample_span{std::max(busy.to_ns, all.from_ns), all.to_ns}})
      if (s.seconds() > 0) energy += during(s), time += s.seconds();
    return time > 0 ? energy / time : std::numeric_limits<double>::quiet_NaN();
  }
};

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_SAMPLE_TRACK_HPP
