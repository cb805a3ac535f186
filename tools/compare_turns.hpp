// tools/compare_turns.hpp - runs the two commands of weir-compare in turn.
#ifndef WEIR_TOOLS_COMPARE_TURNS_HPP
#define WEIR_TOOLS_COMPARE_TURNS_HPP

#include <sys/wait.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "cli.hpp"
#include "weir/base/text_file.hpp"
#include "weir/data/output.hpp"
#include "weir/serve/process.hpp"

namespace weir::tool {

/// Runs `command` with {out} replaced; what it writes gets its name when it is whole, so that a run that was broken off
/// is none. \return  a failure where it does not end well or writes nothing.
inline result<void> run_once(std::string command, const std::string& out) {
  const std::string part = out + ".part";
  std::error_code error;
  std::filesystem::remove_all(part, error);  // a command may make a directory of it
  for (auto at = command.find("{out}"); at != command.npos; at = command.find("{out}", at + part.size()))
    command.replace(at, 5, part);
  say(out + ": " + command);
  auto started = process::start({.argv = {"sh", "-c", command}, .log = out + ".log", .use_cgroup = false});
  if (!started) return started.error();
  started->wait();
  const int status = started->state().status;
  if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)  // 1 is a tool's "no", with a result all the same
    return failure{errc::io, "the command failed; see " + out + ".log: " + command};
  std::filesystem::rename(part, out, error);
  if (error) return failure{errc::not_found, "the command did not write {out}: " + command};
  return {};
}

/// Keeps the two commands beside their results, or finds them kept: results of other commands are not to be mixed in.
inline result<void> keep_commands(const std::string& dir, const arguments& args) {
  for (const auto* side : {"base", "new"}) {
    const std::string path = dir + "/" + side + ".command", now(args.get(side));
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
      if (auto ok = write_whole(path, now); !ok) return ok;
      continue;
    }
    const auto before = read_text_file(path);
    if (!before) return before.error();
    if (*before != now)
      return failure{errc::invalid_argument,
                     std::string("--") + side + " is not the command that " + dir + " was begun with: " + *before};
  }
  return {};
}

/// Base, new, new, base, ...: what drifts falls on both sides alike. With --resume runs that are there are not run
/// anew.
inline result<std::pair<std::vector<std::string>, std::vector<std::string>>> take_turns(const arguments& args) {
  const auto count = args.number<int>("runs", 10);
  if (!count) return count.error();
  if (*count < 1 || args.all("base").size() != 1 || args.all("new").size() != 1)
    return failure{errc::invalid_argument, "run needs one --base COMMAND, one --new COMMAND, and --runs of 1 or more"};
  for (const auto* side : {"base", "new"})
    if (args.get(side).find("{out}") == std::string_view::npos)
      return failure{errc::invalid_argument, std::string("--") + side + " must write its result to {out}"};
  const std::string dir(args.get("dir", "compare-runs"));
  std::error_code error;
  const bool begun = std::filesystem::exists(dir + "/base.command", error);
  if (begun && !args.has("resume"))
    return failure{errc::busy, dir + " holds runs already; --resume goes on with them, or give another --dir"};
  if (!begun && (std::filesystem::exists(dir + "/base-1", error) || std::filesystem::exists(dir + "/new-1", error)))
    return failure{errc::busy, dir + " holds runs, but not the commands that made them; give another --dir"};
  if (!std::filesystem::create_directories(dir, error) && error) return failure{errc::io, "cannot make " + dir};
  if (auto ok = keep_commands(dir, args); !ok) return ok.error();
  std::pair<std::vector<std::string>, std::vector<std::string>> files;
  int kept = 0;
  for (int i = 1; i <= *count; ++i)
    for (int turn = 0; turn < 2; ++turn) {
      const bool is_new = (turn == 1) == (i % 2 == 1);
      const std::string out = dir + (is_new ? "/new-" : "/base-") + std::to_string(i);
      if (std::filesystem::exists(out, error))
        ++kept;
      else if (auto ok = run_once(std::string(args.get(is_new ? "new" : "base")), out); !ok)
        return ok.error();
      (is_new ? files.second : files.first).push_back(out);
    }
  if (kept > 0)
    say(std::to_string(kept) + " of the " + std::to_string(2 * *count) +
        " runs are of an earlier start: whether servers and machine were the same then is not known here");
  for (const auto* side : {"/base-", "/new-"})
    if (std::filesystem::exists(dir + side + std::to_string(*count + 1), error))
      say(dir + " holds more than the first " + std::to_string(*count) + " runs of a side: the others are left out");
  return files;
}

}  // namespace weir::tool

#endif  // WEIR_TOOLS_COMPARE_TURNS_HPP
