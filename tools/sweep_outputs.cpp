// What is made of a sweep's records, in a translation unit of its own.
#include "sweep_outputs.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

#include "weir/base/text_file.hpp"
#include "weir/run/sweep_report.hpp"
#include "weir/serve/capture.hpp"
#include "weir/serve/command.hpp"

namespace weir::tool {
namespace {

/// Draws with gnuplot; nothing where it is not installed.
png_maker gnuplot() {
  if (!find_program("gnuplot", variable("PATH"))) return {};
  return [](const std::string& script, const std::string& file) -> result<void> {
    const std::string from = file + ".gp";
    if (auto wrote = replace_text(from, script); !wrote) return wrote;
    std::string quoted;
    for (const char c : file) quoted += c == '\'' ? std::string("''") : std::string(1, c);
    const auto drawn = capture_output(
        {"gnuplot", "-e", "set terminal pngcairo size 1200,800; set output '" + quoted + "'", from}, 60'000'000'000);
    ::unlink(from.c_str());
    if (!drawn) say(file + " was not drawn: " + drawn.error().detail);
    return {};
  };
}

std::size_t terminal_columns() {
  winsize size{};
  return ::isatty(STDOUT_FILENO) == 1 && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace

result<int> write_and_show(const arguments& args, const std::string& directory) {
  const auto all = read_sweep_results(directory);
  if (!all) return all.error();
  const auto report = report_of(*all);
  if (auto wrote = write_report(*all, report, directory, !args.has("no-plots"), gnuplot()); !wrote)
    return wrote.error();
  if (wants_batch_results(all->plan.study))
    if (auto wrote = write_batch_results(*all, report, directory); !wrote) return wrote.error();
  if (args.has("output-file"))
    if (auto wrote = replace_text(std::string(args.get("output-file")), batch_results_json(report.rows, {})); !wrote)
      return wrote.error();
  const auto text =
      args.has("json") ? metric_records(report) : report_text(report, report_format::txt, terminal_columns());
  if (auto printed = print(text); !printed) return printed.error();
  const bool whole = std::all_of(report.rows.begin(), report.rows.end(),
                                 [](const auto& row) { return row.done == row.runs && row.done > 0; });
  return whole && !report.rows.empty() ? 0 : 1;
}

}  // namespace weir::tool
