// tools/bench_self_test.hpp - weir-bench --self-test: this machine's error bars, before a real run.
#ifndef WEIR_TOOLS_BENCH_SELF_TEST_HPP
#define WEIR_TOOLS_BENCH_SELF_TEST_HPP

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "bench_flags.hpp"
#include "cli.hpp"
#include "weir/base/result.hpp"
#include "weir/load/bench.hpp"
#include "weir/load/self_test.hpp"

namespace weir::tool {

/// A folder for the two logs, gone at the end.
class log_folder {
 public:
  log_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "weir-self-test-XXXXXX").string();
    if (!::mkdtemp(name.data())) refuse("cannot make a folder for the logs in " + name + ": set TMPDIR");
    path_ = name;
  }
  log_folder(const log_folder&) = delete;
  log_folder& operator=(const log_folder&) = delete;
  ~log_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string file(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// The asked load against a server whose every send is known. \return  0 where the verdict is VALID, else 1.
inline result<int> self_test(const arguments& args, const std::vector<std::string>& words, const run_console& console) {
  for (const auto* name : {"base-url", "endpoints", "host", "port", "records", "save-result", "search"})
    if (args.has(name)) refuse("--" + std::string(name) + " does not go with --self-test, which is its own server");
  const log_folder logs;
  own_mock mock;
  mock_options server;
  server.ttft_ns = args.duration_ns("self-test-ttft", server.ttft_ns).value();
  server.itl_ns = args.duration_ns("self-test-itl", server.itl_ns).value();
  const auto url = mock.start(server, logs.file("truth.jsonl"));
  if (!url) return url.error();
  probe_wish wish;
  wish.base_url = *url;
  bench_options run = bench_options_of(args, words, wish);
  run.records = logs.file("records.jsonl");
  run.request.tag_user = true;
  const auto report = run_bench(std::move(run), console);
  if (!report) return report.error();
  if (report->signal != 0) return 128 + report->signal;
  if (const auto logged = mock.stop(); !logged) return logged.error();
  const auto errors = compare_with_truth(logs.file("records.jsonl"), logs.file("truth.jsonl"));
  if (!errors) return errors.error();
  if (auto printed = print(report->table + self_test_text(*errors)); !printed) return printed.error();
  return report->level == trust::valid ? 0 : 1;
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_BENCH_SELF_TEST_HPP
