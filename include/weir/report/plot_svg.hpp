// weir/report/plot_svg.hpp - plots as SVG, readable on light and dark pages, with each value as a tool tip. Needs the
// standard library only.
#ifndef WEIR_REPORT_PLOT_SVG_HPP
#define WEIR_REPORT_PLOT_SVG_HPP

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "weir/report/plot.hpp"
#include "weir/report/plot_labels.hpp"

namespace weir::inline v0 {

/// Appends `text` for XML: the five characters escaped, control characters as U+FFFD.
inline void append_xml(std::string& out, std::string_view text) {
  for (const char c : text) switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        static_cast<unsigned char>(c) < 0x20 ? out += "\xEF\xBF\xBD" : out += c;
    }
}

namespace detail {

/// Draws one plot into a string.
class svg_drawing {
 public:
  svg_drawing(std::string& out, const plot& p, std::size_t id) : out_(out), p_(p), id_(id) {
    across_ = is_across(p);
    named_ = across_ || p.kind == plot_kind::bars;
    double widest = 0;
    for (const auto& c : p.categories) {
      names_.push_back(shortened_label(c, across_ ? 40 : 20));
      widest = std::max(widest, label_width(names_.back()));
    }
    if (across_) {
      left_ = 40 + widest;
      bottom_ = std::max(240.0, top_ + 22.0 * static_cast<double>(p.categories.size()));
    } else if (named_ && widest > (right_ - left_) / static_cast<double>(std::max<std::size_t>(names_.size(), 1))) {
      const double half = 0.71 * widest;  // turned by 45 degrees
      left_ = std::max(left_, half), under_ = half;
    }
    values_ = value_scale(p);
    if (!named_) xs_ = x_scale(p);
    legend_ = legend_places(p.series, right_ - left_);
  }

  void draw() {
    begin();
    grid();
    for (std::size_t i = 0; i < p_.series.size(); ++i) {
      out_ += "<g class=\"series s" + std::to_string(color(i)) + "\" data-series=\"" + std::to_string(i) + "\">";
      series(i);
      out_ += "</g>\n";
    }
    for (const auto& mark : p_.marks) draw_mark(mark);
    legend();
    if (p_.series.empty()) text(width_ / 2, (top_ + bottom_) / 2, "no data", "middle");
    out_ += "</svg>\n";
  }

 private:
  static constexpr double width_ = 768, right_ = 740, top_ = 44;

  void number(double v) {
    std::array<char, 32> digits{};
    if (std::abs(v) < 0.005) v = 0;
    out_.append(digits.data(),
                std::to_chars(digits.data(), digits.data() + digits.size(), v, std::chars_format::fixed, 2).ptr);
  }
  void attribute(const char* name, double v) {
    out_.append(" ").append(name).append("=\"");
    number(v);
    out_ += '"';
  }
  void text(double x, double y, std::string_view words, const char* anchor, const char* more = "") {
    out_ += "<text";
    attribute("x", x), attribute("y", y);
    out_.append(" text-anchor=\"").append(anchor).append("\"").append(more).append(">");
    append_xml(out_, words);
    out_ += "</text>\n";
  }
  void line(const char* of, double x1, double y1, double x2, double y2) {
    out_.append("<line class=\"").append(of).append("\"");
    attribute("x1", x1), attribute("y1", y1), attribute("x2", x2), attribute("y2", y2);
    out_ += "/>\n";
  }
  void title(std::string_view words) {
    out_ += "<title>";
    append_xml(out_, words);
    out_ += "</title>";
  }
  [[nodiscard]] std::size_t color(std::size_t i) const { return p_.series[i].muted ? 8 : i % 8; }
  [[nodiscard]] double x_of(double v) const { return left_ + (across_ ? values_ : xs_).place(v) * (right_ - left_); }
  [[nodiscard]] double y_of(double v) const { return bottom_ - values_.place(v) * (bottom_ - top_); }
  /// The middle of a category's row or column.
  [[nodiscard]] double slot(std::size_t i) const {
    const double part =
        (static_cast<double>(i) + 0.5) / static_cast<double>(std::max<std::size_t>(p_.categories.size(), 1));
    return across_ ? top_ + part * (bottom_ - top_) : left_ + part * (right_ - left_);
  }
  [[nodiscard]] double thickness() const {
    const double room = across_ ? bottom_ - top_ : right_ - left_;
    return std::min(48.0, 0.7 * room / static_cast<double>(std::max<std::size_t>(p_.categories.size(), 1)));
  }

  void begin() {
    const double height = bottom_ + under_ + 66 + 18 * static_cast<double>(legend_.empty() ? 0 : legend_.back().row);
    out_ += "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" role=\"img\" viewBox=\"0 0 ";
    number(width_), out_ += ' ', number(height), out_ += "\" aria-label=\"";
    append_xml(out_, p_.title);
    out_ += "\" data-plot=\"" + std::to_string(id_) + "\">\n<style>";
    out_ +=
        ".plot{font:12px system-ui,sans-serif;fill:#222;background:#fff}.plot .grid{stroke:#ddd}.plot "
        ".mark{stroke:#888;"
        "stroke-dasharray:2 3}.plot .band{opacity:.18;stroke:none}.plot path.curve{fill:none;stroke-width:2}";
    for (std::size_t i = 0; i < series_colors.size(); ++i)
      out_ += ".plot .s" + std::to_string(i) + "{fill:" + series_colors[i] + ";stroke:" + series_colors[i] + "}";
    out_ +=
        ".plot text{stroke:none;fill:#222}.plot .bar{stroke:none}@media(prefers-color-scheme:dark){"
        ".plot{background:#181a1b}.plot text{fill:#ddd}.plot .grid{stroke:#3a3d40}.plot .s7{fill:#999;stroke:#999}"
        ".plot .s8{fill:#777;stroke:#777}}</style>\n";
    text(left_, 22, p_.title, "start", " font-size=\"15\" font-weight=\"600\"");
  }

  void grid() {
    const auto& along = across_ ? values_ : xs_;
    if (!named_ || across_)
      for (const double t : along.ticks) {
        if (across_) line("grid", x_of(t), top_, x_of(t), bottom_);
        text(x_of(t), bottom_ + 16, tick_text(t), "middle");
      }
    if (!across_)
      for (const double t : values_.ticks) {
        line("grid", left_, y_of(t), right_, y_of(t));
        text(left_ - 6, y_of(t) + 4, tick_text(t), "end");
      }
    const std::size_t step = across_ ? 1 : p_.categories.size() / 24 + 1;
    for (std::size_t i = 0; named_ && i < p_.categories.size(); i += step) name(i);
    text((left_ + right_) / 2, bottom_ + under_ + 34, p_.x.label, "middle");
    if (p_.y.label.empty()) return;
    const std::string turned = " transform=\"rotate(-90 14 " + tick_text((top_ + bottom_) / 2) + ")\"";
    text(14, (top_ + bottom_) / 2, p_.y.label, "middle", turned.c_str());
  }

  /// The name of a category, beside its row or under its column.
  void name(std::size_t i) {
    if (across_) return text(left_ - 6, slot(i) + 4, names_[i], "end");
    if (under_ == 0) return text(slot(i), bottom_ + 16, names_[i], "middle");
    const std::string turned = " transform=\"rotate(-45 " + tick_text(slot(i)) + " " + tick_text(bottom_ + 14) + ")\"";
    text(slot(i), bottom_ + 14, names_[i], "end", turned.c_str());
  }

  void series(std::size_t i) {
    if (p_.kind == plot_kind::lines) {
      band(p_.series[i]);
      p_.series[i].line ? curve(p_.series[i]) : points(p_.series[i]);
    } else if (p_.kind == plot_kind::whiskers) {
      whiskers(p_.series[i], i);
    } else {
      boxes(i);
    }
  }

  [[nodiscard]] bool shows(const plot_series& s, std::size_t k) const {
    return k < s.x.size() && xs_.shows(s.x[k]) && values_.shows(s.y[k]);
  }
  void point(double x, double y, bool first) {
    out_ += first ? 'M' : 'L';
    number(x), out_ += ' ', number(y);
  }
  void band(const plot_series& s) {
    if (s.low.size() != s.y.size() || s.high.size() != s.y.size()) return;
    std::vector<std::size_t> there;
    for (std::size_t k = 0; k < s.y.size(); ++k)
      if (shows(s, k) && values_.shows(s.low[k]) && values_.shows(s.high[k])) there.push_back(k);
    if (there.size() < 2) return;
    out_ += "<path class=\"band\" d=\"";
    for (std::size_t k = 0; k < there.size(); ++k) point(x_of(s.x[there[k]]), y_of(s.high[there[k]]), k == 0);
    for (std::size_t k = there.size(); k-- > 0;) point(x_of(s.x[there[k]]), y_of(s.low[there[k]]), false);
    out_ += "Z\"/>";
  }
  void curve(const plot_series& s) {
    out_ += s.dashed ? "<path class=\"curve\" stroke-dasharray=\"6 4\" d=\"" : "<path class=\"curve\" d=\"";
    bool first = true;
    for (std::size_t k = 0; k < s.y.size(); ++k) {
      if (shows(s, k)) point(x_of(s.x[k]), y_of(s.y[k]), first);
      first = !shows(s, k);
    }
    out_ += "\"/>";
    if (s.y.size() <= 64) points(s);
  }
  void points(const plot_series& s) {
    for (std::size_t k = 0; k < s.y.size(); ++k) {
      if (!shows(s, k)) continue;
      out_ += "<circle r=\"3\"";
      attribute("cx", x_of(s.x[k])), attribute("cy", y_of(s.y[k]));
      out_ += '>';
      title((k < s.labels.size() ? s.labels[k] + ", " : "") + s.name + ": " + tick_text(s.x[k]) + ", " +
            tick_text(s.y[k]));
      out_ += "</circle>";
      if (k < s.labels.size()) point_label(x_of(s.x[k]), y_of(s.y[k]), s.labels[k]);
    }
  }
  /// The name of a point, on the side where there is room; none where another stands there: the tip has it all the
  /// same.
  void point_label(double x, double y, std::string_view label) {
    const auto words = shortened_label(label, 20);
    const double width = label_width(words);
    const bool left = x + 7 + width > right_;
    const double from = left ? x - 7 - width : x + 7, line = std::max(y - 5, top_ + 10);
    if (take(from, width, line)) text(left ? x - 7 : x + 7, line, words, left ? "end" : "start");
  }
  /// Takes room for a text. \return  false where another stands there.
  bool take(double from, double width, double y) {
    const auto overlaps = [&](const spot& other) {
      return std::abs(other.y - y) < 13 && from < other.to && other.from < from + width;
    };
    if (std::ranges::any_of(taken_, overlaps)) return false;
    taken_.push_back({from, from + width, y});
    return true;
  }
  void whiskers(const plot_series& s, std::size_t i) {
    const double shift = (static_cast<double>(i) - static_cast<double>(p_.series.size() - 1) / 2) * 8;
    for (std::size_t k = 0; k < std::min(s.y.size(), p_.categories.size()); ++k) {
      if (!values_.shows(s.y[k])) continue;
      const double y = slot(k) + shift;
      out_ += "<g>";
      if (k < s.low.size() && k < s.high.size() && values_.shows(s.low[k]) && values_.shows(s.high[k])) {
        line("whisker", x_of(s.low[k]), y, x_of(s.high[k]), y);
        for (const double end : {s.low[k], s.high[k]}) line("whisker", x_of(end), y - 5, x_of(end), y + 5);
      }
      out_ += "<circle r=\"4\"";
      attribute("cx", x_of(s.y[k])), attribute("cy", y);
      out_ += "/>";
      title(p_.categories[k] + ": " + tick_text(s.y[k]));
      out_ += "</g>";
    }
  }
  void boxes(std::size_t i) {
    const auto& s = p_.series[i];
    for (std::size_t k = 0; k < std::min(s.y.size(), p_.categories.size()); ++k) {
      if (s.name.empty() || !std::isfinite(s.y[k]) || s.y[k] <= 0) continue;
      double from = 0;
      for (std::size_t below = 0; below < i; ++below)
        if (k < p_.series[below].y.size() && std::isfinite(p_.series[below].y[k])) from += p_.series[below].y[k];
      const double a = across_ ? x_of(from) : y_of(from), b = across_ ? x_of(from + s.y[k]) : y_of(from + s.y[k]);
      const double edge = slot(k) - thickness() / 2;
      out_ += "<rect class=\"bar\"";
      attribute("x", across_ ? a : edge), attribute("y", across_ ? edge : b);
      attribute("width", across_ ? b - a : thickness()), attribute("height", across_ ? thickness() : a - b);
      out_ += '>';
      title(p_.categories[k] + ", " + s.name + ": " + tick_text(s.y[k]));
      out_ += "</rect>";
    }
  }

  void draw_mark(const plot_mark& mark) {
    const bool upright = mark.vertical || across_;
    const auto& scale = upright && !across_ ? xs_ : values_;
    if (!scale.shows(mark.at) || (upright && !across_ && named_)) return;
    if (upright) {
      line("mark", x_of(mark.at), top_, x_of(mark.at), bottom_);
      const double width = label_width(mark.label), x = x_of(mark.at);
      const bool left = x + 4 + width > right_;
      double y = top_ + 12;
      while (!mark.label.empty() && !take(left ? x - 4 - width : x + 4, width, y)) y += 14;
      text(x + (left ? -4 : 4), y, mark.label, left ? "end" : "start");
    } else {
      line("mark", left_, y_of(mark.at), right_, y_of(mark.at));
      text(right_ - 4, y_of(mark.at) - 4, mark.label, "end");
    }
  }

  void legend() {
    for (std::size_t i = 0; i < p_.series.size(); ++i) {
      if (p_.series[i].name.empty()) continue;
      const double x = left_ + legend_[i].x, y = bottom_ + under_ + 52 + 18 * static_cast<double>(legend_[i].row);
      out_ += "<g class=\"legend s" + std::to_string(color(i)) + "\" data-series=\"" + std::to_string(i) +
              "\"><rect width=\"10\" height=\"10\"";
      attribute("x", x), attribute("y", y - 9);
      out_ += "/>";
      text(x + 14, y, p_.series[i].name, "start", " class=\"name\"");
      out_ += "</g>\n";
    }
  }

  std::string& out_;
  const plot& p_;
  std::size_t id_;
  bool across_ = false, named_ = false;
  double left_ = 70, bottom_ = 340, under_ = 0;  ///< under_: what turned names need below the axis.
  plot_scale values_, xs_;
  std::vector<std::string> names_;    ///< Of the categories, as short as there is room.
  std::vector<legend_place> legend_;  ///< Of each series.
  struct spot {
    double from, to, y;
  };
  std::vector<spot> taken_;  ///< By names of points.
};

}  // namespace detail

/// Appends `p` as one <svg> element: complete as a file, and in a page. Colours are those of Okabe and Ito, which most
/// colour-blind people tell apart.
/// \param id  tells the plots of one page apart (data-plot).
inline void append_svg(std::string& out, const plot& p, std::size_t id = 0) {
  detail::svg_drawing(out, p, id).draw();
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_PLOT_SVG_HPP
