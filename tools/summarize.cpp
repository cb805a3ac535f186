// weir-summarize: records in, the tables that people look at out.
#include <sys/ioctl.h>
#include <unistd.h>

#include <filesystem>

#include "cli.hpp"
#include "cli_table.hpp"
#include "weir/data/output.hpp"
#include "weir/report/summarize_files.hpp"
#include "weir/report/summary.hpp"
#include "weir/report/summary_notes.hpp"
#include "weir/report/summary_text.hpp"

namespace {

using weir::errc, weir::failure, weir::result, weir::tool::arguments;

const weir::tool::description about{
    .name = "weir-summarize",
    .summary = "turns records into tables: accuracy, latency percentiles, throughput, failures",
    .usage = "weir-summarize [OPTION]... [FILE|DIR]...",
    .text =
        "Reads request and answer records (JSON Lines) of files, of the *.jsonl in directories, or of standard input, "
        "and prints accuracy, TTFT, TPOT, ITL and E2EL, throughput and failures: for each group and for all.\n\n"
        "Neither the order of records nor how they are spread over files changes a figure. A figure is a value or it "
        "is "
        "missing with a reason, never a silent 0. docs/summarize.md defines every one.\n\n"
        "txt and md are several tables with notes; csv, tsv and json are one table with a row for each group. A number "
        "has the same digits in all five. --json writes metric records instead, with the values as computed.",
    .options =
        {{"format", "FORMAT", "txt (default), md, csv, tsv or json.", "txt|md|csv|tsv|json"},
         {"json", "", "Metric records, one a figure and group, for other programs."},
         {"group-by", "KEYS",
          "Any of instance, model, subject, endpoint, session, file, with commas between; none for no groups. Default: "
          "instance."},
         {"percentiles", "LIST", "Which percentiles, with commas between (default 50,90,95,99)."},
         {"intervals", "", "A 95 % interval for each percentile; it holds if requests are independent of each other."},
         {"out", "DIR", "Write summary.txt, .md, .csv and .json into DIR, and print --format's as well."},
         {"force", "", "With --out: overwrite what is there."}},
    .examples =
        "weir-summarize records.jsonl answers.jsonl\n"
        "weir-summarize --group-by instance,subject --format md results/\n"
        "weir-bench --base-url http://127.0.0.1:8000 --num-prompts 100 --records - | weir-summarize --percentiles "
        "50,99",
    .operands = "[FILE|DIR]...",
};

result<std::vector<double>> percentiles_of(std::string_view list) {
  std::vector<double> out;
  for (const auto& word : weir::tool::split_at(list, ',')) {
    const auto p = weir::parse_number<double>(word);
    if (!p || !(*p > 0 && *p < 100))
      return failure{errc::invalid_argument, "--percentiles: '" + word + "' is not between 0 and 100"};
    if (!std::ranges::count(out, *p)) out.push_back(*p);
  }
  return out;
}

/// The columns of the terminal that is standard output; 0 where it is none.
std::size_t terminal_width() {
  winsize size{};
  return ::isatty(STDOUT_FILENO) == 1 && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

result<void> read_all(weir::file_summarizer& reader, const std::vector<std::string>& operands) {
  if (operands.empty() || operands == std::vector<std::string>{"-"}) {
    weir::row_reader rows(STDIN_FILENO);
    return reader.add(rows, "standard input");
  }
  const auto files = weir::record_files(operands);
  if (!files) return files.error();
  for (const auto& file : *files)
    if (auto ok = reader.add(file); !ok) return ok;
  return {};
}

/// Writes summary.txt, .md, .csv and .json.
result<void> write_files(const std::string& directory, bool force, const weir::summary& s,
                         const std::vector<std::string>& notes) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return failure{errc::io, "cannot make the directory " + directory + ": " + error.message()};
  const auto path_of = [&](weir::report_format f) { return directory + "/summary." + std::string(to_string(f)); };
  for (const auto format : weir::report_formats)
    if (!force && std::filesystem::exists(path_of(format), error))
      return failure{errc::busy, path_of(format) + " exists; --force overwrites it"};
  for (const auto format : weir::report_formats)
    if (format != weir::report_format::tsv)
      if (auto ok = weir::write_whole(path_of(format), render(s, notes, format)); !ok) return ok;
  return {};
}

result<int> summarize(const arguments& args) {
  const auto keys = args.get("group-by", "instance");
  const auto group_by = weir::parse_group_keys(keys == "none" ? "" : keys);
  if (!group_by) return failure{errc::invalid_argument, "--group-by: " + group_by.error().detail};
  const auto percentiles = percentiles_of(args.get("percentiles", "50,90,95,99"));
  if (!percentiles) return percentiles.error();

  weir::summarizer counted(*group_by);
  weir::file_summarizer reader(counted);
  if (auto ok = read_all(reader, args.operands()); !ok) return ok.error();
  for (const auto& remark : reader.remarks()) weir::tool::say(remark);
  if (reader.counted() == 0)
    return failure{errc::not_found, "there are no request and no answer records in the input: nothing to summarize"};

  const auto s = weir::summarize(counted, {.percentiles = *percentiles, .intervals = args.has("intervals")});
  auto notes = weir::notes_on(s, counted);
  notes.insert(notes.end(), reader.remarks().begin(), reader.remarks().end());
  if (args.has("out"))
    if (auto ok = write_files(std::string(args.get("out")), args.has("force"), s, notes); !ok) return ok.error();
  std::string text;
  if (args.has("json")) {
    append_metrics(text, s);
  } else {
    const auto name = args.get("format", "txt");
    const auto format = std::ranges::find(weir::report_formats, name, [](auto f) { return to_string(f); });
    text = render(s, notes, *format, terminal_width());
  }
  if (auto ok = weir::tool::print(text); !ok) return ok.error();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return weir::tool::run(about, argc, argv, summarize);
}
