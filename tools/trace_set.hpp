// tools/trace_set.hpp - what the forms of weir-trace share: the set that is read, its kinds, how tables are printed.
#ifndef WEIR_TOOLS_TRACE_SET_HPP
#define WEIR_TOOLS_TRACE_SET_HPP

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "cli.hpp"
#include "cli_table.hpp"
#include "weir/trace/check_set.hpp"
#include "weir/trace/hta_metrics.hpp"
#if defined(WEIR_HAVE_SQLITE)
#include "weir/trace/nsys_sqlite.hpp"
#endif
#include "weir/trace/profile_files.hpp"
#include "weir/trace/report_text.hpp"
#include "weir/trace/set_metrics.hpp"
#include "weir/trace/step_metrics.hpp"

namespace weir::tool {

inline report_format format_of(const arguments& args) {
  const auto name = args.get("format", "txt");
  return *std::ranges::find(report_formats, name, [](auto f) { return to_string(f); });
}

/// \param notes  that belong to the tables. What there is to say of the files was said on standard error.
inline result<void> print_tables(const arguments& args, const std::vector<table>& tables,
                                 const std::vector<std::string>& notes = {}) {
  winsize size{};
  const bool terminal = ::isatty(STDOUT_FILENO) == 1 && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
  return print(render_tables(tables, notes, format_of(args), terminal ? size.ws_col : 0));
}

inline result<kind_table> kinds_of(const arguments& args) {
  if (args.has("hta-compatible") && args.has("kinds"))
    return failure{errc::invalid_argument, "--hta-compatible has kinds of its own: leave out --kinds"};
  if (args.has("hta-compatible")) return kind_table::parse(std::string(hta_kinds));
  if (!args.has("kinds")) return kind_table{};
  const std::string path(args.get("kinds"));
  std::ifstream file(path, std::ios::binary);
  if (!file) return failure{errc::not_found, "--kinds: cannot open " + path};
  auto table = kind_table::parse({std::istreambuf_iterator<char>(file), {}});
  if (!table) return failure{table.error().code, "--kinds: " + path + ": " + table.error().detail};
  return table;
}

/// Reads what `operands` name, and says what there is to say about the files.
inline result<trace_set> read_set(const arguments& args, const std::vector<std::string>& operands,
                                  const kind_table& kinds) {
  constexpr unsigned threads = 2;  // a rank is read at a gigabyte a second: more would wait for the disk
  profile_options options;
  options.idle = args.has("idle");
  options.coverage = args.has("sm-coverage");
#if defined(WEIR_HAVE_SQLITE)
  options.read_database = read_nsys_sqlite;
#endif
  auto set = read_trace_set(operands, kinds, threads, options);
  for (const auto& remark : set ? set->remarks : std::vector<std::string>{}) say(remark);
  return set;
}

/// Says which traces hold no kernels. \return  the status: 1 where one does.
inline int say_empty(const trace_set& set) {
  int status = 0;
  for (const auto& p : set.ranks) {
    if (p.tells_of_device()) continue;
    say(p.file + ": there are no kernels in it, so its metrics are missing; it has " + p.contents());
    status = 1;
  }
  return status;
}

/// Says where several traces are not one whole set of one run, whose figures would be of nothing. What a file lacks was
/// said when it was read.
inline void say_mixed(const trace_set& set) {
  if (set.ranks.size() < 2) return;
  for (const auto& check : {check_ranks(set.ranks), check_run(set.ranks), check_steps(set.ranks)}) {
    if (check.outcome == check_outcome::failed) say("not so: " + check.question + ": " + check.detail);
  }
}

inline result<rank_metrics_options> metric_options(const arguments& args) {
  const auto top = args.number<std::size_t>("top", 10);
  const auto flops = args.number<double>("flops-per-token", 0), peak = args.number<double>("peak-tflops", 0),
             link = args.number<double>("link-gbps", 0);
  if (!top) return top.error();
  for (const auto* number : {&flops, &peak, &link}) {
    if (!*number) return number->error();
    if (**number < 0)
      return failure{errc::invalid_argument, "--flops-per-token, --peak-tflops and --link-gbps are > 0"};
  }
  return rank_metrics_options{std::string(args.get("step")), *top, *flops, *peak * 1e12, *link};
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_TRACE_SET_HPP
