#include <unistd.h>

#include <csignal>
#include <string>

#include "catch.hpp"
#include "serve/scratch.hpp"
#include "shell.hpp"
#include "weir/serve/marked.hpp"
#include "weir/serve/process.hpp"

namespace {

constexpr std::int64_t s = 1'000'000'000;

struct marked_run {
  marked_run() { ::setenv("WEIR_TEST_MARK", mark.c_str(), 1); }
  ~marked_run() { weir::kill_marked("WEIR_TEST_MARK=" + mark); }
  [[nodiscard]] std::size_t survivors() const { return weir::marked_processes("WEIR_TEST_MARK=" + mark).size(); }
  std::string mark = weir::detail::launch_name();
};

shell_result keep(const std::string& words) {
  return shell(WEIR_TOOLS_DIR "/weir-keep " + words + " 2>&1");
}

}  // namespace

TEST_CASE("keep: the command's status, output, input and directory are its own", "[keep]") {
  CHECK(keep("-- true").status == 0);
  CHECK(keep("-- sh -c 'exit 7'").status == 7);
  CHECK(keep("-- sh -c 'kill -9 $$'").status == 128 + 9);
  const auto said =
      shell("cd /usr && echo asked | " WEIR_TOOLS_DIR "/weir-keep -- sh -c 'cat; pwd; echo wrong >&2' 2>&1");
  CHECK(said.out == "asked\n/usr\nwrong\n");
  CHECK(said.status == 0);
}

TEST_CASE("keep: what can't be run shows in the status, as env(1) has it", "[keep]") {
  CHECK(keep("-- no-such-program-of-weir").status == 127);
  CHECK(keep("-- /etc/passwd").status == 126);
  CHECK(keep("-- /etc").status == 127);
  const auto nothing = keep("");
  CHECK(nothing.status == 2);
  CHECK(nothing.out.find("weir-keep -- COMMAND") != std::string::npos);
  CHECK(keep("true").status == 2);
}

TEST_CASE("keep: what the command leaves is gone before its status is given", "[keep]") {
  const marked_run here;
  const auto ended = keep("-- sh -c '(setsid sh -c \"setsid sleep 1000 & sleep 1000\" &) ; sleep 0.1; exit 5'");
  CHECK(ended.status == 5);
  CHECK(here.survivors() == 0);
}

TEST_CASE("keep: SIGTERM reaches the command, which ends as it likes", "[keep]") {
  CHECK(keep("-- sh -c 'trap \"exit 17\" TERM; kill -TERM $(cut -d\" \" -f4 /proc/$PPID/stat); sleep 1000 & wait'")
            .status == 17);
}

TEST_CASE("keep: a command that does not hear SIGTERM is killed after its grace", "[keep]") {
  const marked_run here;
  const auto began = weir::now_ns();
  const auto ended = keep(
      "--grace 100ms -- sh -c 'trap \"\" TERM; kill -TERM $(cut -d\" \" -f4 /proc/$PPID/stat); sleep 1000; sleep "
      "1000'");
  CHECK(ended.status == 128 + SIGKILL);
  CHECK(weir::now_ns() - began < 300 * s);  // of the 2,000 s
  CHECK(here.survivors() == 0);
}

TEST_CASE("keep: nothing is left when weir-keep itself is killed", "[keep]") {
  const marked_run here;
  const auto ended = keep("-- sh -c 'setsid sleep 1000 & kill -KILL $(cut -d\" \" -f4 /proc/$PPID/stat); sleep 1000'");
  CHECK(ended.status == 128 + SIGKILL);
  CHECK(test::eventually([&] { return here.survivors() == 0; }, 60 * s));
}

TEST_CASE("keep: a signal that means something else goes to all of the command's group", "[keep]") {
  const auto said = keep(
      "-- sh -c 'trap \"echo usr1; exit 3\" USR1; kill -USR1 $(cut -d\" \" -f4 /proc/$PPID/stat); sleep 1000 & wait'");
  CHECK(said.out == "usr1\n");
  CHECK(said.status == 3);
}

TEST_CASE("keep: a command that nobody wants any more is ended", "[keep]") {
  const test::scratch here;
  const auto wanted = here.write("wanted", "");
  const auto began = weir::now_ns();
  const auto removed =
      keep("--while " + wanted + " -- sh -c 'trap \"exit 9\" TERM; rm " + wanted + "; sleep 1000 & wait'");
  CHECK(removed.status == 9);
  CHECK(removed.out == "weir-keep: " + wanted + " is not there: the command was ended\n");
  here.write("wanted", "");
  const auto stale = keep("--while " + wanted + " --stale 100ms -- sleep 1000");
  CHECK(stale.status == 128 + SIGTERM);
  CHECK(stale.out == "weir-keep: " + wanted + " was not touched for 0.1 s: the command was ended\n");
  CHECK(weir::now_ns() - began < 300 * s);  // of the 2,000 s
  // Touched again and again, for longer than it may stay untouched, it goes on.
  const auto touched =
      keep("--while " + wanted + " --stale 3s -- sh -c 'for i in $(seq 50); do sleep 0.1; touch " + wanted + "; done'");
  CHECK(touched.status == 0);
  CHECK(touched.out.empty());
}
