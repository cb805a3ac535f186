// weir/report/summarize_files.hpp - reads record files into a summary. Needs simdjson and POSIX.
#ifndef WEIR_REPORT_SUMMARIZE_FILES_HPP
#define WEIR_REPORT_SUMMARIZE_FILES_HPP

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "weir/base/result.hpp"
#include "weir/data/rows.hpp"
#include "weir/record/read.hpp"
#include "weir/report/request_log.hpp"
#include "weir/report/summarizer.hpp"

namespace weir::inline v0 {

/// The record files that `paths` name: a file is itself, a directory stands for its *.jsonl in sorted order (not for
/// those of directories in it; sockets and the like are none). A file that is named twice comes once.
/// \return  errc::not_found for a path that is not there, and for a directory without any such file.
[[nodiscard]] inline result<std::vector<std::string>> record_files(const std::vector<std::string>& paths) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  std::vector<fs::path> known;
  const auto add = [&](const fs::path& file) {
    std::error_code none;
    auto same = fs::canonical(file, none);
    if (none) same = file;
    if (std::ranges::count(known, same)) return;
    known.push_back(std::move(same));
    files.push_back(file.string());
  };
  for (const auto& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      if (error) return failure{errc::not_found, "there is no file " + path};
      add(path);
      continue;
    }
    std::vector<fs::path> inside;
    for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error))
      if (std::error_code gone; entry->path().extension() == ".jsonl" && entry->is_regular_file(gone))
        inside.push_back(entry->path());
    if (error) return failure{errc::io, "cannot read " + path + ": " + error.message()};
    if (inside.empty()) return failure{errc::not_found, "there is no *.jsonl in the directory " + path};
    std::ranges::sort(inside);
    for (const auto& file : inside) add(file);
  }
  return files;
}

/// Counts the records of files; keeps its buffers from file to file.
class file_summarizer {
 public:
  /// \param log  takes what pictures need of each request; nullptr: no pictures.
  explicit file_summarizer(summarizer& into, request_log* log = nullptr) : into_(&into), log_(log) {}

  /// Counts the records of one file, and remembers what was odd about it.
  result<void> add(const std::string& path) {
    auto rows = open_rows(path);
    if (!rows) return rows.error();
    return add(*rows, path);
  }

  /// The same for any reader of rows: see read_records.
  template <class Rows>
  result<void> add(Rows& rows, const std::string& name) {
    into_->begin_file(name);
    std::uint64_t others = 0;
    const auto seen = read_records(rows, name, reader_, [&](record_type type) {
      others += type == record_type::other;
      if (type == record_type::request && into_->add(reader_.request()) && log_ != nullptr)
        log_->add(reader_.request(), reader_.request().instance);
      if (type == record_type::answer) into_->add(reader_.answer());
      if (type == record_type::run) into_->add(reader_.run());
      if (type == record_type::sample) into_->add(reader_.sample());
      if (type == record_type::metric) into_->add(reader_.metric());
      if (type == record_type::sample && log_ != nullptr) log_->add(reader_.sample());
      counted_ += type == record_type::request || type == record_type::answer;
    });
    if (!seen) return seen.error();
    lines_ += seen->records;
    remark_on_others(name, others, seen->records);
    if (seen->records == 0 && seen->truncated_line == 0) remarks_.push_back(name + " is empty");
    if (seen->truncated_line > 0)
      remarks_.push_back(name + ":" + std::to_string(seen->truncated_line) +
                         ": the last line is half written (was its writer killed?); it was skipped");
    return {};
  }

  /// One more thing that was odd about the input.
  void remark(std::string words) { remarks_.push_back(std::move(words)); }

  /// How many requests and answers there were.
  [[nodiscard]] std::uint64_t counted() const noexcept { return counted_; }
  /// How many lines were read, of whatever type.
  [[nodiscard]] std::uint64_t lines() const noexcept { return lines_; }
  [[nodiscard]] const std::vector<std::string>& remarks() const noexcept { return remarks_; }

 private:
  /// Lines without a type, or of one that is not known: of a damaged file, or of another tool.
  void remark_on_others(const std::string& name, std::uint64_t others, std::uint64_t all) {
    if (others == 0) return;
    const std::string one = all == 1 ? "its one line is no" : "none of its " + std::to_string(all) + " lines is a";
    remarks_.push_back(name + ": " +
                       (others < all ? std::to_string(others) + " of " + std::to_string(all) +
                                           " lines are of no \"type\" that is known, and were passed over"
                                     : one + " record (its \"type\" says so), nor is it a result of another tool that "
                                             "is known"));
  }

  summarizer* into_;
  request_log* log_;
  record_reader reader_{{.text = false, .events = true}};
  std::uint64_t counted_ = 0, lines_ = 0;
  std::vector<std::string> remarks_;
};

}  // namespace weir::inline v0

#endif  // WEIR_REPORT_SUMMARIZE_FILES_HPP
