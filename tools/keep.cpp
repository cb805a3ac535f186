// weir-keep - runs one command and leaves nothing of it behind.
#include <string>

#include "cli.hpp"
#include "weir/serve/kept_command.hpp"

namespace {

using weir::result;
using weir::tool::arguments;

const weir::tool::description keep{
    .name = "weir-keep",
    .summary = "runs a command, and ends all that it started when it ends, when told to, and when killed",
    .usage = "weir-keep [--grace 10s] [--while FILE] -- COMMAND [ARGS]",
    .text =
        "The command runs in this directory, with this input and output. When it has ended, whatever it started is "
        "killed, also what began its own session and forked twice; the same happens, at once, when weir-keep itself "
        "is killed. It is what weir puts between a scheduler's job and its command: not every scheduler finds what a "
        "job leaves.\n\n"
        "SIGTERM is passed to the command alone, SIGINT, SIGHUP, SIGUSR1 and SIGUSR2 to its process group. After the "
        "first three it has --grace to end, a second one does not wait.",
    .options = {{"grace", "10s", "From SIGTERM, SIGINT or SIGHUP to SIGKILL. Default: 10s."},
                {"while", "FILE", "End the command when FILE is not there, or is stale: nobody wants it any more."},
                {"stale", "180s", "With --while: how long FILE may stay untouched. Default: 180s."}},
    .examples =
        "srun --ntasks-per-node 1 weir-keep -- vllm serve Qwen/Qwen3-1.7B\n"
        "weir-keep --grace 1s -- sh -c 'setsid sleep 1000 & exit 3'",
    .exits =
        "the command's, 128 + its signal, 125 own failure or something can't be killed, 126 or 127 not executable or "
        "not found",
    .operands = "",
    .rest = true};

result<int> run(const arguments& args) {
  if (!args.operands().empty() || args.rest().empty())
    return weir::failure{weir::errc::invalid_argument, "the command stands after --: weir-keep -- COMMAND"};
  const auto grace = args.duration_ns("grace", 10'000'000'000);
  if (!grace) return grace.error();
  const auto stale = args.duration_ns("stale", weir::kept_while{}.stale_ns);
  if (!stale) return stale.error();
  const auto ended = weir::kept_command(args.rest(), *grace, {std::string(args.get("while")), *stale}).run();
  if (!ended.trouble.empty()) weir::tool::say(ended.trouble);
  return ended.status;
}

}  // namespace

int main(int argc, char** argv) {
  return weir::tool::run(keep, argc, argv, run);
}
