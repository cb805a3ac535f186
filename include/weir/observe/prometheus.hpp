// weir/observe/prometheus.hpp - reads the text that servers answer at /metrics. Needs the standard library only.
#ifndef WEIR_OBSERVE_PROMETHEUS_HPP
#define WEIR_OBSERVE_PROMETHEUS_HPP

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "weir/base/result.hpp"

namespace weir::inline v0 {

/// One line of the exposition: a name, labels, a value. Views into the text that was read.
struct metric_sample {
  std::string_view name;    ///< "vllm:prompt_tokens_total"
  std::string_view labels;  ///< What stands between the braces, unread: see label_of. Empty where there is none.
  double value = 0;         ///< May be NaN or infinite.
};

namespace detail {

inline void skip_blanks(std::string_view& text) noexcept {
  while (!text.empty() && (text[0] == ' ' || text[0] == '\t')) text.remove_prefix(1);
}

/// Where the label set that begins behind its brace ends; npos where its brace is missing. A brace inside of a quoted
/// value is none.
inline std::size_t labels_end(std::string_view text) noexcept {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      quoted = !quoted;
    else if (!quoted && text[i] == '}')
      return i;
  }
  return std::string_view::npos;
}

/// The number at the start of `text`, which a blank or the end follows (a timestamp and an exemplar may come then).
inline std::optional<double> metric_value(std::string_view text) noexcept {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = end == text.data() + text.size() || *end == ' ' || *end == '\t';
  if (error != std::errc{} || !whole) return std::nullopt;
  return value;
}

inline std::optional<metric_sample> metric_line(std::string_view line) noexcept {
  metric_sample sample;
  const std::size_t name_end = line.find_first_of("{ \t");
  if (name_end == 0 || name_end == line.npos) return std::nullopt;
  sample.name = line.substr(0, name_end);
  line.remove_prefix(name_end);
  skip_blanks(line);
  if (line.starts_with('{')) {
    line.remove_prefix(1);
    const std::size_t end = labels_end(line);
    if (end == line.npos) return std::nullopt;
    sample.labels = line.substr(0, end);
    line.remove_prefix(end + 1);
    skip_blanks(line);
  }
  const auto value = metric_value(line);
  if (!value) return std::nullopt;
  sample.value = *value;
  return sample;
}

}  // namespace detail

/// Reads `text` line by line and calls `each(const metric_sample&)` for every sample, in order.
///
///     weir::read_prometheus(body, [&](const weir::metric_sample& s) { if (s.name == "up") up = s.value; });
///
/// Comments (TYPE and HELP too), empty lines, timestamps and exemplars are passed over; LF and CRLF end a line.
/// \return      errc::parse naming the first line that is no sample; what came before it was given.
/// \complexity  one pass, no allocation.
/// \source      Prometheus, "Exposition formats", version 0.0.4; OpenMetrics 1.0.
template <class Each>
result<void> read_prometheus(std::string_view text, Each&& each) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    detail::skip_blanks(line);
    if (line.empty() || line[0] == '#') continue;
    const auto sample = detail::metric_line(line);
    if (!sample) return failure{errc::parse, "line " + std::to_string(number) + " is no sample of a metric"};
    each(*sample);
  }
  return {};
}

/// The value of one label of a sample, with its escapes undone; nothing where it has no such label.
[[nodiscard]] inline std::optional<std::string> label_of(std::string_view labels, std::string_view name) {
  while (!labels.empty()) {
    const std::size_t equals = labels.find('=');
    if (equals == labels.npos || labels.size() < equals + 2 || labels[equals + 1] != '"') return std::nullopt;
    std::string_view found = labels.substr(0, equals);
    found.remove_prefix(std::min(found.find_first_not_of(" \t,"), found.size()));
    std::string value;
    std::size_t i = equals + 2;
    for (; i < labels.size() && labels[i] != '"'; ++i) {
      if (labels[i] == '\\' && i + 1 < labels.size()) ++i;
      value.push_back(labels[i] == 'n' && labels[i - 1] == '\\' ? '\n' : labels[i]);
    }
    if (found == name) return value;
    labels.remove_prefix(std::min(i + 1, labels.size()));
  }
  return std::nullopt;
}

}  // namespace weir::inline v0

#endif  // WEIR_OBSERVE_PROMETHEUS_HPP
