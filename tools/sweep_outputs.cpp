// What is made of a sweep's records, in a translation unit of its own.
#include "sweep_outputs.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "sweep_pictures.hpp"
#include "weir/base/text_file.hpp"
#include "weir/run/sweep_report.hpp"

namespace weir::tool {

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
