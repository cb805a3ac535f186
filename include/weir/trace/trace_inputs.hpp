// weir/trace/trace_inputs.hpp - which files a set of traces is made of: operands, directories, Ascend's directories of
// ranks. Needs the standard library only.
#ifndef WEIR_TRACE_TRACE_INPUTS_HPP
#define WEIR_TRACE_TRACE_INPUTS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/trace/rank_of_name.hpp"

namespace weir::inline v0 {

/// A file to read. "-" is standard input.
struct trace_input {
  std::string path;
  bool named = false;      ///< By the user, and not found in a directory: then it has to be a trace.
  std::int64_t rank = -1;  ///< What its directory tells; -1: it does not.

  [[nodiscard]] std::string name() const {
    return path == "-" ? "standard input" : std::filesystem::path(path).filename().string();
  }
};

namespace detail {

inline bool may_be_trace(std::string_view name) noexcept {
  constexpr std::string_view endings[] = {".json", ".json.gz", ".csv", ".jsonl", ".jsonl.gz", ".sqlite"};
  return !name.starts_with('.') && std::ranges::any_of(endings, [&](auto ending) { return name.ends_with(ending); });
}

/// The entries of a directory, sorted.
inline result<std::vector<std::filesystem::path>> entries_of(const std::filesystem::path& directory) {
  std::error_code error;
  std::vector<std::filesystem::path> found;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end; at.increment(error))
    found.push_back(at->path());
  if (error) return failure{errc::io, "cannot list " + directory.string() + ": " + error.message()};
  std::sort(found.begin(), found.end());
  return found;
}

inline constexpr const char* ascend_output = "ASCEND_PROFILER_OUTPUT";

/// The rank that profiler_info_<rank>.json beside the output tells.
inline std::int64_t ascend_rank(const std::filesystem::path& directory) {
  const auto entries = entries_of(directory);
  if (!entries) return -1;
  for (const auto& path : *entries)
    if (path.filename().string().starts_with("profiler_info_")) return rank_of_name(path.string()).value_or(-1);
  return -1;
}

/// The files of one rank that Ascend's PyTorch profiler wrote: the timeline, else the table of kernels; and what it
/// computed itself. Its other tables say nothing more.
inline void add_ascend_rank(std::vector<trace_input>& out, const std::filesystem::path& directory) {
  std::error_code ignored;
  const auto output = directory / ascend_output;
  const std::int64_t rank = ascend_rank(directory);
  const bool timeline = std::filesystem::exists(output / "trace_view.json", ignored);
  for (const auto* name :
       {timeline ? "trace_view.json" : "kernel_details.csv", "step_trace_time.csv", "communication.json"})
    if (std::filesystem::exists(output / name, ignored)) out.push_back({(output / name).string(), false, rank});
}

inline result<void> add_directory(std::vector<trace_input>& out, std::filesystem::path directory) {
  std::error_code ignored;
  const auto before = out.size();
  if (directory.filename().empty()) directory = directory.parent_path();  // of "DIR/"
  if (directory.filename() == ascend_output) directory = directory.parent_path();
  if (std::filesystem::is_directory(directory / ascend_output, ignored)) {
    add_ascend_rank(out, directory);
  } else {
    const auto entries = entries_of(directory);
    if (!entries) return entries.error();
    for (const auto& path : *entries) {
      const bool inner = std::filesystem::is_directory(path, ignored);
      if (inner && std::filesystem::is_directory(path / ascend_output, ignored))
        add_ascend_rank(out, path);
      else if (!inner && may_be_trace(path.filename().string()))
        out.push_back({path.string()});
    }
  }
  if (out.size() == before)
    return failure{errc::not_found,
                   directory.string() + ": there is no .json, .json.gz, .csv, .jsonl or .sqlite in it"};
  return {};
}

}  // namespace detail

/// The files that `operands` name: files, directories, "-".
/// \return  errc::not_found for a directory without a file that may be a trace, errc::io where it can't be listed.
inline result<std::vector<trace_input>> find_trace_inputs(const std::vector<std::string>& operands) {
  std::vector<trace_input> out;
  std::error_code ignored;
  for (const auto& operand : operands) {
    if (operand == "-" || !std::filesystem::is_directory(operand, ignored))
      out.push_back({operand, true});
    else if (auto ok = detail::add_directory(out, operand); !ok)
      return ok.error();
  }
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_TRACE_TRACE_INPUTS_HPP
