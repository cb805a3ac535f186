// weir/report/rival_files.hpp - results of other tools, out of files and out of the trees that the tools write. Needs
// simdjson and POSIX.
#ifndef WEIR_REPORT_RIVAL_FILES_HPP
#define WEIR_REPORT_RIVAL_FILES_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/data/rows.hpp"
#include "weir/data/source.hpp"
#include "weir/data/tree.hpp"
#include "weir/record/read_rival_text.hpp"

namespace weir::inline v0 {

namespace detail {

/// Whether the first line is a record of ours: their files may be too large to be read whole.
inline bool begins_with_record(std::string_view bytes) {
  if (bytes.starts_with("{\"type\":")) return true;
  const auto first = flat_json::read(bytes.substr(0, bytes.find('\n')));
  return first && first->has("type");
}

inline result<std::vector<rival_result>> read_aiperf_records(const std::string& path) {
  auto rows = open_rows(path);
  if (!rows) return rows.error();
  aiperf_records records;
  for (std::string_view line; rows->next(line);)
    if (auto ok = records.add(line, path); !ok) return ok.error();
  if (!rows->status()) return rows->status().error();
  return std::vector{std::move(records).finish(path)};
}

}  // namespace detail

namespace detail {
/// What a file is packed with, by its first bytes; empty where with nothing.
inline std::string_view packed_with(std::string_view head) noexcept {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> marks{{{"\x1F\x8B", "gzip"},
                                                                                {"\x28\xB5\x2F\xFD", "zstd"},
                                                                                {"\xFD"
                                                                                 "7zXZ",
                                                                                 "xz"},
                                                                                {"PK\x03\x04", "zip"}}};
  for (const auto& [mark, name] : marks)
    if (head.starts_with(mark)) return name;
  return {};
}
}  // namespace detail

using found_rivals = std::optional<std::vector<rival_result>>;  ///< Nothing: the file holds something else.

/// The results of another tool in the file `path`, or nothing where it holds something else: records, most likely.
/// \return      errc::invalid_argument for a file that is packed; what read_rivals says.
/// \complexity  a result is read whole; a file of requests line by line.
[[nodiscard]] inline result<found_rivals> rivals_in(const std::string& path) {
  auto fd = open_input(path);
  if (!fd) return fd.error();
  fd_source source(*std::move(fd), path);
  std::string bytes;
  for (std::size_t step = 65536;; step = std::size_t{1} << 20) {
    const std::size_t had = bytes.size();
    bytes.resize(had + step);
    const auto got = source.read(std::span(bytes).subspan(had));
    if (!got) return got.error();
    bytes.resize(had + *got);
    if (*got == 0) break;
    if (had > 0) continue;
    if (const auto packed = detail::packed_with(bytes); !packed.empty())
      return failure{errc::invalid_argument, path + " is packed (" + std::string(packed) + "): unpack it first"};
    if (detail::begins_with_record(bytes)) return found_rivals();
    if (!is_aiperf_records(bytes)) continue;
    auto records = detail::read_aiperf_records(path);
    if (!records) return records.error();
    return found_rivals(*std::move(records));
  }
  auto all = read_rivals(bytes, path);
  if (all) return found_rivals(*std::move(all));
  if (all.error().code == errc::not_found) return found_rivals();
  return all.error();
}

namespace detail {

/// The tools that write several files a run, each with a part of the figures: files of one directory (of ais_bench: of
/// one name) are one result.
inline std::string run_of_files(const rival_result& r) {
  const std::filesystem::path path(r.source);
  if (r.tool == "ais_bench") return (path.parent_path() / path.stem()).string();
  for (const auto* tool : {"evalscope", "AIPerf", "GenAI-Perf"})
    if (r.tool.starts_with(tool)) return path.parent_path().string();
  return {};
}

inline void add_result(std::vector<rival_result>& all, rival_result&& r) {
  const auto run = run_of_files(r);
  const auto known =
      std::ranges::find_if(all, [&](const auto& other) { return !run.empty() && run_of_files(other) == run; });
  known == all.end() ? all.push_back(std::move(r)) : known->merge(std::move(r));
}

}  // namespace detail

/// Whether `path` is a directory without records of ours: what other tools leave may lie anywhere below it.
[[nodiscard]] inline bool is_rival_tree(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code none;
  if (!fs::is_directory(path, none)) return false;
  for (fs::directory_iterator entry(path, none), end; !none && entry != end; entry.increment(none)) {
    std::error_code gone;
    if (entry->path().extension() != ".jsonl" || !entry->is_regular_file(gone)) continue;
    auto rows = open_rows(entry->path().string());
    if (!rows || !rows->next() || detail::begins_with_record(rows->text())) return false;
  }
  return true;
}

/// What a tree holds.
struct rival_tree {
  std::vector<rival_result> results;
  std::vector<std::string>
      passed_over;  ///< What looked like a result and is none that is known, or is no file, with the reason.
};

/// All results below the directory `path`, one a run: what a tool splits over files is put together. JSON comes first,
/// so that the figures of a file that says the same with fewer digits (AIPerf's CSV) are those of the JSON.
/// \return  errc::not_found where there is none.
[[nodiscard]] inline result<rival_tree> rivals_below(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  rival_tree out;
  const auto tree = list_tree(path, &out.passed_over);
  if (!tree) return tree.error();
  for (const std::string_view ending : {".json", ".csv", ".txt", ".jsonl"})
    for (const auto& file : tree->files) {
      if (!file.ends_with(ending)) continue;
      auto found = rivals_in(path + "/" + file);
      if (!found)
        out.passed_over.push_back(found.error().detail);
      else if (*found)
        for (auto& r : **found) detail::add_result(out.results, std::move(r));
    }
  std::erase_if(out.results, [](const auto& r) { return r.empty(); });
  if (out.results.empty())
    return failure{errc::not_found, "there is neither a *.jsonl in the directory " + path +
                                        " nor a result of another tool anywhere below it" +
                                        (out.passed_over.empty() ? "" : ": " + out.passed_over.front())};
  std::ranges::stable_sort(out.results, {}, &rival_result::source);
  return out;
}

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_RIVAL_FILES_HPP
