// weir/run/exit_file.hpp - how a job's end is written down by the job itself. Needs POSIX.
//
// One line, "STATUS ID": the exit status as a shell's, and the launcher's name of the job, so that what an earlier
// submission left is not taken for this one's. Whoever runs the command writes it whole or not at all. A job that was
// told to end by its scheduler writes none: it may be started again, and is over only when the scheduler says so.
#ifndef WEIR_RUN_EXIT_FILE_HPP
#define WEIR_RUN_EXIT_FILE_HPP

#include <optional>
#include <string>
#include <string_view>

#include "weir/base/result.hpp"
#include "weir/base/text_file.hpp"
#include "weir/base/trim.hpp"
#include "weir/base/units.hpp"

namespace weir::inline v0 {

/// The status in an exit-status file's text, where it is that of the job `id`. An empty `id` is any job.
[[nodiscard]] inline std::optional<int> parse_exit_file(std::string_view text, std::string_view id) {
  const auto end = text.find('\n');
  if (end == text.npos) return {};
  std::string_view line = text.substr(0, end);
  const auto status = parse_number<int>(next_word(line));
  if (!status || (!id.empty() && trimmed(line) != id)) return {};
  return *status;
}

/// The same of a file; nothing where it is not there.
[[nodiscard]] inline std::optional<int> read_exit_file(const std::string& path, std::string_view id) {
  const auto text = read_text_file(path);
  return text ? parse_exit_file(*text, id) : std::nullopt;
}

/// Writes an exit-status file, whole or not at all.
inline result<void> write_exit_file(const std::string& path, int status, std::string_view id) {
  return replace_text(path, std::to_string(status) + " " + std::string(id) + "\n");
}

}  // namespace weir::inline v0

#endif  // WEIR_RUN_EXIT_FILE_HPP
