// weir/report/plot_labels.hpp - names that fit into a picture: shortened, and set beside each other without overlap.
// Needs the standard library only.
#ifndef WEIR_REPORT_PLOT_LABELS_HPP
#define WEIR_REPORT_PLOT_LABELS_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/utf8.hpp"
#include "weir/report/display_width.hpp"
#include "weir/report/plot.hpp"

namespace weir::inline v0::detail {

/// About how wide a text of 12 pixels is: fonts differ, so rather too wide.
inline double label_width(std::string_view text) noexcept {
  return 7.0 * static_cast<double>(display_width(text));
}

/// `text` in at most `columns`: what is left out of its middle is an ellipsis, for ends of names tell groups apart.
inline std::string shortened_label(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  const auto length_of = [](std::string_view rest) { return std::max<std::size_t>(utf8_length(rest), 1); };
  const std::size_t front = (columns - 1) / 2, back = columns - 1 - front;
  std::string out;
  for (auto rest = text; !rest.empty(); rest.remove_prefix(length_of(rest))) {
    if (display_width(out) + display_width(rest.substr(0, length_of(rest))) > front) break;
    out += rest.substr(0, length_of(rest));
  }
  auto end = text;
  while (display_width(end) > back) end.remove_prefix(length_of(end));
  return out.append("\xE2\x80\xA6").append(end);
}

/// Where an entry of the legend stands.
struct legend_place {
  double x = 0;
  std::size_t row = 0;
};

/// The places of the series' names, from left to right in rows of `width`; a series without a name has none.
inline std::vector<legend_place> legend_places(const std::vector<plot_series>& series, double width) {
  constexpr double mark = 14, gap = 18;
  std::vector<legend_place> out;
  legend_place next;
  for (const auto& s : series) {
    const double needed = mark + label_width(s.name);
    if (next.x > 0 && next.x + needed > width) next = {0, next.row + 1};
    out.push_back(next);
    if (!s.name.empty()) next.x += needed + gap;
  }
  return out;
}

}  // namespace weir::inline v0::detail

#endif  // WEIR_REPORT_PLOT_LABELS_HPP
