// weir-summarize of a sweep, in a translation unit of its own.
#include "summarize_sweep.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "sweep_pictures.hpp"
#include "weir/base/text_file.hpp"
#include "weir/run/sweep_report.hpp"

namespace weir::tool {
namespace {

/// The files at `path` that scripts of batch experiments wrote; empty where it is none and has none.
std::vector<std::string> batch_files(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  std::vector<std::string> files;
  if (fs::is_directory(path, ignored)) {
    for (const auto& entry : fs::directory_iterator(path, ignored))
      if (entry.path().filename().string().ends_with("_results.json")) files.push_back(entry.path().string());
  } else if (path.ends_with(".json")) {
    files.push_back(path);
  }
  std::sort(files.begin(), files.end(), natural_less);
  std::erase_if(files, [](const std::string& file) {
    const auto text = read_text_file(file);
    return !text || !looks_like_batch_results(*text);
  });
  return files;
}

result<int> show(const arguments& args, const sweep_results& all) {
  const auto report = report_of(all);
  const auto name = args.get("format", "txt");
  if (args.has("out")) {
    const std::string out(args.get("out"));
    std::error_code error;
    std::filesystem::create_directories(out, error);
    if (error) return failure{errc::io, "cannot make " + out + ": " + error.message()};
    if (!args.has("force") && std::filesystem::exists(out + "/summary.txt", error))
      return failure{errc::busy, out + "/summary.txt is there already: --force overwrites it"};
    if (auto wrote = write_report(all, report, out, !args.has("no-plots"), gnuplot()); !wrote) return wrote.error();
  }
  if (name == "html") {
    if (auto printed = print(report_html(all, report)); !printed) return printed.error();
    return 0;
  }
  const auto format =
      std::find_if(report_formats.begin(), report_formats.end(), [&](auto f) { return to_string(f) == name; });
  if (format == report_formats.end())
    return failure{errc::invalid_argument,
                   "a sweep has no --format " + std::string(name) + "; its pictures are written with --out"};
  const auto text = args.has("json") ? metric_records(report) : report_text(report, *format, terminal_columns());
  if (auto printed = print(text); !printed) return printed.error();
  return 0;
}

}  // namespace

std::optional<result<int>> summarize_sweep(const arguments& args) {
  if (args.operands().size() != 1) return std::nullopt;
  const auto& path = args.operands()[0];
  if (const auto directory = sweep_directory_of(path); !directory.empty()) {
    const auto all = read_sweep_results(directory);
    return all ? show(args, *all) : result<int>(all.error());
  }
  const auto files = batch_files(path);
  if (files.empty()) return std::nullopt;
  const auto all = read_batch_results(files);
  return all ? show(args, *all) : result<int>(all.error());
}

}  // namespace weir::tool
