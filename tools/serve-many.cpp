// weir-serve-many - N instances of any engine: started, ready, watched, and gone without a trace.
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "cli.hpp"
#include "serve_flags.hpp"
#include "serve_runs.hpp"
#include "weir/serve/session.hpp"

namespace {

using weir::result;
using weir::tool::arguments;

const weir::tool::description serve_many{
    .name = "weir-serve-many",
    .summary = "starts N instances of a model server, waits until they are ready, and leaves nothing behind",
    .usage =
        "weir-serve-many -n N --engine E [--base-port P] [--run 'COMMAND'] -- MODEL [SERVER ARGS]\n"
        "weir-serve-many -n N [--run 'COMMAND'] -- SERVER [ARGS with {port} {index} {dir}]\n"
        "weir-serve-many status|stop|gc",
    .text =
        "Each instance gets a port that is held for it before it starts, a log file, and a keeper: a small process "
        "that kills whatever the server started, wherever it went, when the server ends, when this program ends, "
        "and when this program is killed.\n\n"
        "An instance is ready when it accepts a connection, answers /health, lists a model and has made one token. "
        "When all are ready their endpoint records are written to --endpoints, or to standard output. --run then "
        "runs a command with WEIR_ENDPOINTS naming a file of these records, and stops everything when it ends; "
        "without it the instances serve until SIGINT, SIGTERM or SIGHUP. A second signal does not wait.\n\n"
        "With --engine the words after -- are added to the engine's own command; without it they are the whole "
        "command, in which {port} must stand. {index} is 0 to N-1, {dir} a directory of the instance's own, {block} "
        "the first of a hundred ports of its own, {block+7} another of them. WEIR_PYTHON names the Python "
        "interpreter of the engine's virtual environment.\n\n"
        "status lists this user's runs and their instances, stop ends them, gc removes what is left of runs that "
        "were killed together with their keepers.",
    .options = {{"instances,n", "N", "Number of instances. Default: 1."},
                {"engine", "E", "What to start.", "vllm|sglang|llama.cpp|transformers|trtllm|mindie|mock"},
                {"devices", "LIST",
                 "Accelerators: none, auto for any that are free, or a list as the vendor's tool counts (0,1,2) or of "
                 "ids. Default: auto for the engines that compute on them, where there are any."},
                {"devices-per-instance", "K",
                 "Devices of each instance; also sets the engine's tensor-parallel flag. "
                 "Default: those of the list, or 1."},
                {"base-port", "P", "Instance i gets exactly port P + i. Default: free ports from 8000 on."},
                {"log-dir", "DIR", "Log files, ENGINE_rankR_portP.log, appended. Default: weir-logs."},
                {"log-limit", "MIB",
                 "Give the oldest part of a log back to the disk where it takes more. Default: never."},
                {"endpoints", "FILE", "Write the endpoint records to this file when all are ready."},
                {"ready-timeout", "600s", "Stop everything where an instance is not ready by then. Default: 600s."},
                {"ready", "STEP",
                 "When an instance is ready: it answers, is healthy, lists a model, or has made a token. "
                 "Default: token.",
                 "connect|health|model|token"},
                {"grace", "10s", "From SIGTERM to SIGKILL. Default: the engine's, mostly 10s."},
                {"restart", "WHEN",
                 "no, on-failure or on-failure:K: whether a server that ends by itself is started again, K times "
                 "at most (3). "
                 "Default: no."},
                {"gateway", "PROGRAM",
                 "One port in front of all instances: their least loaded one gets the request. Its "
                 "endpoint stands for theirs. Default: none.",
                 "none|haproxy|nginx"},
                {"gateway-port", "P", "Default: the first free port behind the instances'; with --base-port P + N."},
                {"samples", "FILE",
                 "Write samples here while the instances are ready: each device's power, memory and load, each "
                 "instance's memory and processor time. weir-summarize makes energy per token of them."},
                {"sample-every", "1s", "Time between two samples. Default: 1s."},
                {"run", "COMMAND", "Run this with sh when all are ready, and stop when it ends."},
                {"json", "", "With status: records instead of a table."},
                {"quiet,q", "", "Say nothing but what goes wrong."}},
    .examples =
        "weir-serve-many -n 4 --engine mock --run 'weir-bench --endpoints \"$WEIR_ENDPOINTS\" --num-prompts 100'\n"
        "weir-serve-many -n 2 --engine vllm --endpoints endpoints.jsonl -- Qwen/Qwen3-1.7B --max-model-len 4096\n"
        "weir-serve-many -n 2 -- ./my-server --listen 127.0.0.1:{port}",
    .exits =
        "with --run the command's, 128 + its signal, 124 not ready in time, 125 own failure, 126 or 127 not "
        "executable or not found; else 1 not ready or all instances ended, 2 trouble; 128 + signal when stopped",
    .operands = "[status|stop|gc]",
    .rest = true};

/// Writes news to standard error, and keeps a status line below them on a terminal.
class narrator final : public weir::session_user {
 public:
  narrator(bool quiet, bool print_endpoints)
      : quiet_(quiet), print_endpoints_(print_endpoints), live_(!quiet && ::isatty(STDERR_FILENO) == 1) {}
  ~narrator() { wipe(); }

  void say(std::string_view line) override {
    wipe();
    if (!quiet_) weir::tool::say(line);
  }
  void warn(std::string_view line) override {
    wipe();
    weir::tool::say(line);
  }
  void on_endpoints(std::string_view records) override {
    if (print_endpoints_) weir::tool::print(records).value();
  }
  void on_status(const weir::supervisor& servers) override {
    if (!live_) return;
    const std::string line = weir::status_line(servers).substr(0, 100);
    if (line == shown_) return;
    wipe();
    shown_ = line;
    write("\r" + line);
  }

 private:
  void wipe() {
    if (!shown_.empty()) write("\r\x1b[K");
    shown_.clear();
  }
  static void write(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

  bool quiet_, print_endpoints_, live_;
  std::string shown_;
};

result<int> run(const arguments& args) {
  if (!args.operands().empty()) return weir::tool::look_after_runs(args.operands()[0], args.has("json"));
  auto fleet = weir::tool::given_fleet(args);
  if (!fleet) return fleet.error();
  const bool has_command = args.has("run");
  narrator user(args.has("quiet"), !has_command && !args.has("endpoints"));
  const auto every = args.duration_ns("sample-every", 1'000'000'000);
  if (!every) return every.error();
  if (*every < 10'000'000) return weir::failure{weir::errc::invalid_argument, "--sample-every must be at least 10ms"};
  auto run = weir::tool::run_of(*fleet);
  std::vector<std::string> command;
  if (has_command) command = {"/bin/sh", "-c", std::string(args.get("run"))};
  weir::session session({*std::move(fleet), std::string(args.get("endpoints")), std::move(command),
                         std::string(args.get("samples")), *every, std::move(run)},
                        user);
  auto status = session.run();
  if (status) return status;
  user.warn(status.error().detail);
  return has_command ? 125 : 2;
}

}  // namespace

int main(int argc, char** argv) {
  return weir::tool::run(serve_many, argc, argv, run);
}
