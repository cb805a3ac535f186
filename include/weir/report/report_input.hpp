// weir/report/report_input.hpp - all that a report is made of: records, counted, and results of other tools. Needs
// simdjson and POSIX.
#ifndef WEIR_REPORT_REPORT_INPUT_HPP
#define WEIR_REPORT_REPORT_INPUT_HPP

#include <unistd.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/data/rows.hpp"
#include "weir/record/rival.hpp"
#include "weir/report/request_log.hpp"
#include "weir/report/rival_files.hpp"
#include "weir/report/summarize_files.hpp"
#include "weir/report/summarizer.hpp"

namespace weir::inline v0 {

/// What was read.
struct report_input {
  summarizer counted;
  request_log log = {};  ///< In the order of sending; empty where nobody wants it.
  std::vector<rival_result> rivals = {};
  std::vector<std::string> remarks = {};  ///< What was odd.
  std::uint64_t records = 0;              ///< Requests and answers.

  /// Whether there are metric records only: weir-kernels --json, or an earlier --json of weir-summarize.
  [[nodiscard]] bool figures_alone() const noexcept { return records == 0 && rivals.empty(); }
};

namespace detail {

/// All results in a tree of another tool.
inline result<void> gather_tree(report_input& in, file_summarizer& reader, const std::string& path) {
  auto tree = rivals_below(path);
  if (!tree) return tree.error();
  for (auto& r : tree->results) in.rivals.push_back(std::move(r));
  if (const auto& over = tree->passed_over; !over.empty())
    reader.remark(path + ": " + std::to_string(over.size()) + " file" + (over.size() == 1 ? "" : "s") +
                  " passed over, such as: " + over.front());
  return {};
}

inline result<void> gather_files(report_input& in, file_summarizer& reader, const std::vector<std::string>& paths) {
  std::vector<std::string> others;
  for (const auto& path : paths) {
    if (!is_rival_tree(path))
      others.push_back(path);
    else if (auto ok = gather_tree(in, reader, path); !ok)
      return ok;
  }
  const auto files = record_files(others);
  if (!files) return files.error();
  for (const auto& file : *files) {
    auto found = rivals_in(file);
    if (!found) return found.error();
    if (!*found) {
      if (auto ok = reader.add(file); !ok) return ok;
      continue;
    }
    for (auto& r : **found)
      if (r.empty())
        reader.remark(file + ", of " + r.tool + ", holds no figures");
      else
        in.rivals.push_back(std::move(r));
  }
  return {};
}

/// Why there is nothing to summarize.
inline std::string nothing_to_summarize(const file_summarizer& reader) {
  std::string words;
  for (const auto& remark : reader.remarks()) words += (words.empty() ? "" : "; ") + remark;
  if (words.empty()) words = "the input holds no request, answer or metric record";
  return words + ": nothing to summarize";
}

}  // namespace detail

/// Reads standard input (records only) where `paths` is empty or "-", else files and directories of either kind.
/// \param log     whether the requests are wanted one by one, for pictures.
/// \return       errc::not_found where there was nothing; what a reader says of bad input.
inline result<void> gather(report_input& in, const std::vector<std::string>& paths, bool log) {
  file_summarizer reader(in.counted, log ? &in.log : nullptr);
  if (paths.empty() || paths == std::vector<std::string>{"-"}) {
    row_reader rows(STDIN_FILENO);
    if (auto ok = reader.add(rows, "standard input"); !ok) return ok;
  } else if (auto ok = detail::gather_files(in, reader, paths); !ok) {
    return ok;
  }
  in.remarks = reader.remarks();
  in.records = reader.counted();
  in.log.sort();
  const auto figures = in.counted.metrics().size();
  if (figures > 0 && !in.figures_alone())
    in.remarks.push_back(std::to_string(figures) +
                         " metric records were left out: they are shown where they come alone");
  if (figures > 0 || !in.figures_alone()) return {};
  return failure{errc::not_found, detail::nothing_to_summarize(reader)};
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_REPORT_INPUT_HPP
