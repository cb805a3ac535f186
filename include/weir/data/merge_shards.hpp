// weir/data/merge_shards.hpp - shards, or results with the same rows, put back in the input's order. Needs range-v3,
// simdjson, POSIX.
#ifndef WEIR_DATA_MERGE_SHARDS_HPP
#define WEIR_DATA_MERGE_SHARDS_HPP

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/data/output.hpp"
#include "weir/data/read_shards.hpp"
#include "weir/data/row_format.hpp"
#include "weir/data/shards.hpp"
#include "weir/data/split_input.hpp"
#include "weir/data/tree.hpp"

namespace weir::inline v0 {

/// A directory of shards to be put together.
struct merge_job {
  std::string directory = {};  ///< Where shards.json is.
  std::string results = {};    ///< Names of files to merge in place of the shards: "out/{index}.jsonl"; or empty.
  std::optional<row_format> format = {};  ///< Of the results; by extension where it is not given.
  std::string out = {};                   ///< A file, or for trees a directory; empty for standard output.
  bool force = false;
};

namespace detail {

class shard_merger {
 public:
  shard_merger(const merge_job& job, const shard_plan& plan, owner_reader owners)
      : job_(job), plan_(plan), owners_(std::move(owners)) {}

  result<void> merge() {
    std::error_code ignored;
    if (plan_.tree && std::filesystem::is_directory(root(0), ignored)) return merge_trees();
    auto format = plan_.files.front().format;
    if (!job_.results.empty()) format = format_of(root(0)).value_or(row_format::lines);
    return merge_files(plan_.files, "", job_.format.value_or(format), job_.out);
  }

 private:
  [[nodiscard]] std::string root(std::uint64_t index) const {
    if (job_.results.empty()) return job_.directory + "/" + plan_.part(index);
    std::string path = job_.results;
    constexpr std::string_view hole = "{index}";
    for (auto at = path.find(hole); at != path.npos; at = path.find(hole, at))
      path.replace(at, hole.size(), std::to_string(index));
    return path;
  }

  result<void> merge_trees() {
    if (job_.out.empty()) return failure{errc::invalid_argument, "these shards are trees: say --out DIR"};
    const auto tree = list_tree(root(0));
    if (!tree) return tree.error();
    std::error_code error;
    std::filesystem::create_directories(job_.out, error);
    for (const auto& directory : tree->directories)
      if (!error) std::filesystem::create_directories(job_.out + "/" + directory, error);
    if (error) return failure{errc::io, "cannot make " + job_.out + ": " + error.message()};
    for (const auto& file : plan_.files) {
      const std::string out = job_.out + "/" + file.path;
      auto done = file.copied ? copy_file(file, out) : merge_files({&file, 1}, "/" + file.path, file.format, out);
      if (!done) return done;
    }
    return {};
  }

  result<void> copy_file(const dealt_file& file, const std::string& out) const {
    std::error_code error;
    std::filesystem::copy_file(root(0) + "/" + file.path, out, std::filesystem::copy_options::overwrite_existing,
                               error);
    return error ? failure{errc::io, "cannot copy to " + out + ": " + error.message()} : result<void>{};
  }

  /// Merges the rows of `files`, which each part holds one after the other in one file, root(part) + below.
  result<void> merge_files(std::span<const dealt_file> files, const std::string& below, row_format format,
                           const std::string& out_path) {
    auto out = out_path.empty() ? byte_sink(STDOUT_FILENO, "standard output") : create_file(partial_name(out_path));
    if (!out) return out.error();
    const auto merge_as = [&](auto reader) {
      return merge_parts<typename decltype(reader)::type>(files, below, format, *out);
    };
    auto merged = format == row_format::csv ? merge_as(std::type_identity<csv_records>{})
                                            : merge_as(std::type_identity<row_reader>{});
    if (merged) merged = out->close();
    if (out_path.empty()) return merged;
    if (merged) merged = publish(out_path);
    if (merged) return merged;
    return failure{merged.error().code,
                   merged.error().detail + "\npartial output is left in " + partial_name(out_path)};
  }

  template <class Reader>
  result<void> merge_parts(std::span<const dealt_file> files, const std::string& below, row_format format,
                           byte_sink& out) {
    std::vector<Reader> parts;
    if (auto begun = write_heads(parts, files.front().header, below, format, out); !begun) return begun;
    bool row_is_open = false;  // a row without its '\n' came last: only the last of all may lack it
    for (const auto& file : files) {
      owners_.begin_file(file);
      for (std::uint64_t row = 0; row < file.rows; ++row) {
        const auto owner = owners_.next();
        if (!owner) return owner.error();
        Reader& part = parts[*owner];
        if (!part.advance())
          return part.status() ? failure{errc::parse, root(*owner) + below + " has fewer rows than the split put there"}
                               : in_file(root(*owner) + below, part.status().error());
        if (row_is_open) out("\n");
        if (!part.pieces(out)) return in_file(root(*owner) + below, part.status().error());
        if (!out.status()) return out.status();
        row_is_open = !part.terminated();
      }
    }
    for (std::uint64_t i = 0; i < parts.size(); ++i)
      if (!parts[i].ended()) return failure{errc::parse, root(i) + below + " has more rows than the split put there"};
    return {};
  }

  /// Opens the parts and writes their head once. Run records may differ from part to part: each is kept.
  template <class Reader>
  result<void> write_heads(std::vector<Reader>& parts, bool has_header, const std::string& below, row_format format,
                           byte_sink& out) {
    constexpr std::size_t all_windows = std::size_t{4} << 20;
    const row_limits limits{std::clamp<std::size_t>(all_windows / plan_.rule.shards, 4096, split_limits.window_bytes),
                            any_length};
    std::string first;
    for (std::uint64_t i = 0; i < plan_.rule.shards; ++i) {
      const std::string path = root(i) + below;
      auto fd = open_input(path);
      if (!fd) return fd.error();
      parts.emplace_back(fd_source(*std::move(fd), path), limits);
      const auto head = read_head(parts.back(), format, has_header);
      if (!head) return in_file(path, head.error());
      if (i == 0) first = *head;
      if (i > 0 && format == row_format::csv && *head != first)
        return failure{errc::parse, path + " has another header than " + root(0) + below};
      if (i == 0 || *head != first) out(i == 0 ? std::string_view(*head) : without_bom(*head));
    }
    return {};
  }

  static std::string_view without_bom(std::string_view head) {
    return head.substr(head.starts_with("\xEF\xBB\xBF") ? 3 : 0);
  }

  const merge_job& job_;
  const shard_plan& plan_;
  owner_reader owners_;
};

}  // namespace detail

/// Puts shards back: the input again, byte for byte, where they were not changed. Results whose rows stand for the rows
/// of the shards one by one are put into the order of the input.
/// \return  errc::not_found, errc::busy where the output exists, errc::parse where a part has other rows than the split
///          gave it, errc::io.
inline result<void> merge_shards(const merge_job& job) {
  std::error_code ignored;
  if (!job.results.empty() && job.results.find("{index}") == job.results.npos)
    return failure{errc::invalid_argument, "--results needs {index} where the names have the shard's number"};
  if (!job.out.empty() && !job.force && std::filesystem::exists(job.out, ignored))
    return failure{errc::busy, job.out + " exists; --force replaces it"};
  const auto plan = read_shards(job.directory);
  if (!plan) return plan.error();
  auto owners = owner_reader::open(*plan, job.directory);
  if (!owners) return owners.error();
  return detail::shard_merger(job, *plan, *std::move(owners)).merge();
}

}  // namespace weir::inline v0

#endif  // WEIR_DATA_MERGE_SHARDS_HPP
