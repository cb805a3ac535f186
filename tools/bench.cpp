// weir-bench: sends prompts to servers and measures the answers.
#include "weir/load/bench.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench_flags.hpp"
#include "bench_search.hpp"
#include "bench_self_test.hpp"
#include "cli.hpp"
#include "progress_flags.hpp"
#include "weir/base/host_name.hpp"
#include "weir/data/output.hpp"

namespace {

using weir::result, weir::tool::arguments, weir::tool::console, weir::tool::say;

std::vector<std::string> words;  // the command line, for the run's record

std::string_view progress_of(const arguments& args) {
  return args.has("disable-tqdm") ? "off" : args.get("progress", "auto");
}

/// Where --save-result puts it.
std::string result_path(const arguments& args, const std::string& default_name) {
  if (const auto named = weir::tool::result_file_of(args); !named.empty()) return named;
  const std::filesystem::path folder(std::string(args.get("result-dir", ".")));
  if (args.has("result-dir")) std::filesystem::create_directories(folder);
  return folder / std::string(args.get("result-filename", default_name));
}

result<void> save(const arguments& args, const weir::bench_report& report) {
  if (!args.has("save-result") && !args.has("append-result")) return {};
  const std::string path = result_path(args, report.name);
  if (!args.has("append-result")) return weir::write_whole(path, report.json + "\n");
  weir::unique_fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (!fd) return weir::io_failure("cannot write " + path, errno);
  weir::byte_sink out(std::move(fd), path);
  out(report.json + "\n");
  return out.close();
}

result<int> bench(const arguments& args) {
  weir::tool::refuse_what_is_not_here(args);
  weir::tool::say_what_has_no_effect(args);
  if (args.has("self-test")) {
    console person(progress_of(args));
    return weir::tool::self_test(args, words, person.calls);
  }
  if (args.has("until") && args.has("search")) weir::tool::refuse("--until or --search, not both");
  if (args.has("search")) {
    console person(progress_of(args));
    return weir::tool::search_limit(args, words, person.calls);
  }
  auto options = weir::tool::bench_options_of(args, words);
  options.run.host = weir::host_name();
  const bool records_to_stdout = options.records == "-";
  if (records_to_stdout && args.has("json")) weir::tool::refuse("--records - and --json both want standard output");
  console person(progress_of(args));
  const auto report = weir::run_bench(std::move(options), person.calls);
  person.clear();
  if (!report) return report.error();

  if (const auto saved = save(args, *report); !saved) return saved.error();
  if (report->already_done > 0) say(std::to_string(report->already_done) + " prompts were answered before: not sent");
  if (records_to_stdout)
    std::fwrite(report->table.data(), 1, report->table.size(), stderr);
  else if (auto printed = weir::tool::print(args.has("json") ? report->json + "\n" : report->table); !printed)
    return printed.error();
  if (!report->records) return report->records.error();
  if (report->signal != 0) return 128 + report->signal;
  if (report->completed == 0 && report->failed > 0) return 1;
  return args.has("require-valid") && report->level != weir::trust::valid ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  words.assign(argv, argv + argc);
  return weir::tool::run(weir::tool::bench_about(), argc, argv, bench);
}
