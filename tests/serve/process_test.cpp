#include "weir/serve/process.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "catch.hpp"
#include "scratch.hpp"
#include "weir/base/hash.hpp"
#include "weir/serve/describe.hpp"

namespace {

using weir::process;
using weir::process_spec;

constexpr std::int64_t ms = 1'000'000, s = 1'000 * ms;

/// Everything bad at once, but for what ends the server by itself.
const std::vector<std::string> all_habits{"stubborn", "shm",    "grandchildren", "group", "session", "daemon",
                                          "stopped",  "zombie", "chain",         "bomb",  "flood",   "close"};

struct nasty : test::scratch {
  explicit nasty(std::vector<std::string> habits, bool use_cgroup = true) {
    spec.argv = {WEIR_NASTY};
    spec.argv.insert(spec.argv.end(), habits.begin(), habits.end());
    spec.variables = {{"WEIR_TEST_MARK", mark}};
    spec.log = path("log");
    spec.use_cgroup = use_cgroup;
  }
  [[nodiscard]] std::size_t survivors() const { return weir::marked_processes("WEIR_TEST_MARK=" + mark).size(); }
  [[nodiscard]] bool says(std::string_view words, std::int64_t within = 60 * s) const {
    return test::eventually([&] { return test::text_of(spec.log).find(words) != std::string::npos; }, within);
  }

  std::string mark = weir::detail::launch_name();
  process_spec spec;
};

}  // namespace

TEST_CASE("process: nothing of the worst server survives a kill", "[serve][process]") {
  weir::random_stream random(7);
  std::vector<std::int64_t> took;
  const int rounds = test::rounds(20);
  for (int round = 0; round < rounds; ++round) {
    const bool with_cgroup = round % 2 == 0;
    CAPTURE(round, with_cgroup);
    const nasty n(all_habits, with_cgroup);
    auto server = process::start(n.spec);
    REQUIRE(server);
    REQUIRE(n.says("ready"));
    ::usleep(static_cast<useconds_t>(random.below(3000)));
    const auto start = weir::now_ns();
    server->stop(0);
    REQUIRE(server->wait(60 * s));
    took.push_back(weir::now_ns() - start);
    CHECK(server->state().ended);
    CHECK(n.survivors() == 0);
    CHECK(test::leaked_memory(n.mark) == 0);
  }
  std::sort(took.begin(), took.end());
  const auto p99 = took[took.size() * 99 / 100];
  WARN("kill to empty, ms: median " << took[took.size() / 2] / ms << ", p99 " << p99 / ms << ", worst "
                                    << took.back() / ms);
}

TEST_CASE("process: nothing survives when the supervisor itself is killed with SIGKILL", "[serve][process]") {
  for (int round = 0; round < test::rounds(10); ++round) {
    const bool with_cgroup = round % 2 == 0;
    CAPTURE(round, with_cgroup);
    const nasty n(all_habits, with_cgroup);
    const pid_t supervisor = ::fork();
    if (supervisor == 0) {
      const auto server = process::start(n.spec);
      for (;;) ::pause();
    }
    REQUIRE(n.says("ready"));
    ::kill(supervisor, SIGKILL);
    ::waitpid(supervisor, nullptr, 0);
    CHECK(test::eventually([&] { return n.survivors() == 0; }, 30 * s));
    CHECK(test::eventually([&] { return test::leaked_memory(n.mark) == 0; }, 30 * s));
  }
}

TEST_CASE("process: a killed keeper does not save what it kept", "[serve][process]") {
  const bool with_cgroup = GENERATE(true, false);
  CAPTURE(with_cgroup);
  const nasty n(all_habits, with_cgroup);
  auto server = process::start(n.spec);
  REQUIRE(server);
  REQUIRE(n.says("ready"));
  ::kill(server->keeper_pid(), SIGKILL);
  CHECK(server->wait(60 * s));
  CHECK(n.survivors() == 0);
  // Nobody noted what was mapped: this is the one way to leave shared memory behind.
  for (const auto& file : std::filesystem::directory_iterator("/dev/shm"))
    if (file.path().filename().string().starts_with("psm_weirtest" + n.mark)) std::filesystem::remove(file.path());
}

TEST_CASE("process: the object's end is the server's end", "[serve][process]") {
  const nasty n({"stubborn", "session", "daemon"});
  {
    const auto server = process::start(n.spec);
    REQUIRE(server);
    REQUIRE(n.says("ready"));
    // The server, the one in its own session, the daemon; the daemon's first parent ends some time after "ready".
    CHECK(test::eventually([&] { return n.survivors() == 3; }, 60 * s));
  }
  CHECK(n.survivors() == 0);
}

TEST_CASE("process: a server that ends by itself takes its children with it", "[serve][process]") {
  const nasty n({"session", "grandchildren", "daemon", "leave"});
  auto server = process::start(n.spec);
  REQUIRE(server);
  REQUIRE(server->wait(60 * s));
  CHECK(server->state().ended);
  CHECK(weir::describe_end(server->state().status) == "exit status 0");
  CHECK(n.survivors() == 0);
}

TEST_CASE("process: how a server ended is told as it was", "[serve][process]") {
  const auto end_of = [](std::vector<std::string> habits) {
    const nasty n(std::move(habits));
    auto server = process::start(n.spec);
    REQUIRE(server);
    REQUIRE(server->wait(60 * s));
    return std::pair(weir::shell_status(server->state().status), test::text_of(n.spec.log));
  };
  CHECK(end_of({"end"}) == std::pair(0, std::string()));
  CHECK(end_of({"die"}) == std::pair(3, std::string("boom\n")));
  CHECK(end_of({"crash"}).first == 128 + SIGSEGV);
}

TEST_CASE("process: how a server ended is told also where its keeper ends with an order unread", "[serve][process]") {
  const nasty n({"die"});
  weir::random_stream random(11);
  std::int64_t lived = 10 * ms;  // the last one, until nothing was left
  for (int round = 0; round < test::rounds(200); ++round) {
    const auto start = weir::now_ns();
    auto server = process::start(n.spec).value();
    const auto moment = start + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(lived + lived / 4)));
    while (weir::now_ns() < moment) ::usleep(10);
    server.signal(SIGCONT);
    REQUIRE(server.wait(60 * s));
    lived = weir::now_ns() - start;
    CHECK(server.state().ended);
  }
}

TEST_CASE("process: SIGTERM goes to the server, and SIGKILL only to what is left after the grace", "[serve][process]") {
  const nasty polite({});
  auto server = process::start(polite.spec);
  REQUIRE(server);
  REQUIRE(polite.says("ready"));
  server->stop(10 * s);
  REQUIRE(server->wait(60 * s));
  CHECK(weir::describe_end(server->state().status) == "signal 15 (Terminated)");

  const nasty rude({"stubborn"});
  server = process::start(rude.spec);
  REQUIRE(server);
  REQUIRE(rude.says("ready"));
  const auto asked = weir::now_ns();
  server->stop(200 * ms);
  REQUIRE(server->wait(60 * s));
  CHECK(weir::now_ns() - asked >= 200 * ms);
  CHECK(weir::describe_end(server->state().status) == "signal 9 (Killed)");
}

TEST_CASE("process: a second stop shortens the first one's grace", "[serve][process]") {
  const nasty n({"stubborn"});
  auto server = process::start(n.spec);
  REQUIRE(server);
  REQUIRE(n.says("ready"));
  server->stop(60 * s);
  CHECK_FALSE(server->wait(100 * ms));
  server->stop(0);
  CHECK(server->wait(60 * s));
}

TEST_CASE("process: a resource tracker may finish its work before it is killed", "[serve][process]") {
  const nasty n({"stubborn", "tracker"});
  auto server = process::start(n.spec);
  REQUIRE(server);
  REQUIRE(n.says("ready"));
  REQUIRE(n.says("tracker: watches"));
  server->stop(0);
  REQUIRE(server->wait(60 * s));
  CHECK(test::text_of(n.spec.log).find("tracker: cleaned up") != std::string::npos);
  CHECK(n.survivors() == 0);
}

TEST_CASE("process: shared memory in use by others stays", "[serve][process]") {
  const nasty one({"shm"}), other({"shm"});
  auto first = process::start(one.spec), second = process::start(other.spec);
  REQUIRE((first && second));
  REQUIRE((one.says("ready") && other.says("ready")));
  REQUIRE(test::leaked_memory(one.mark) == 1);
  first->stop(0);
  REQUIRE(first->wait(60 * s));
  CHECK(test::leaked_memory(one.mark) == 0);
  CHECK(test::leaked_memory(other.mark) == 1);
  second->stop(0);
  REQUIRE(second->wait(60 * s));
  CHECK(test::leaked_memory(other.mark) == 0);
}

TEST_CASE("process: what can't be executed is said, as a shell would", "[serve][process]") {
  test::scratch here;
  const auto start = [](std::string program) {
    return process::start({.argv = {std::move(program)}, .log = "/dev/null"});
  };
  CHECK(start("no-such-program-of-weir").error().code == weir::errc::not_found);
  CHECK(start(here.path("missing")).error().code == weir::errc::not_found);
  const auto plain = here.write("plain", "hello");
  CHECK(start(plain).error().detail == plain + ": Permission denied");
  CHECK(start("/").error().code == weir::errc::not_found);
  CHECK_FALSE(process::start({.argv = {}}));

  ::chmod(plain.c_str(), 0755);  // executable, but neither a program nor a script
  auto broken = start(plain);
  REQUIRE(broken);
  REQUIRE(broken->wait(60 * s));
  CHECK(broken->state().exec_error == ENOEXEC);
  CHECK(weir::shell_status(broken->state().status) == 127);
}

TEST_CASE("process: a log that can't be written is an error before anything starts", "[serve][process]") {
  const auto server = process::start({.argv = {"true"}, .log = "/no/such/directory/log"});
  REQUIRE_FALSE(server);
  CHECK(server.error().detail == "cannot write the log /no/such/directory/log: No such file or directory");
}

TEST_CASE("process: the server starts with a clean slate", "[serve][process]") {
  test::scratch here;
  ::signal(SIGUSR1, SIG_IGN);
  const int leaked = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC, as other people's libraries do
  auto server = process::start({.argv = {"sh", "-c", "ls /proc/self/fd | wc -l; grep SigIgn /proc/self/status; pwd"},
                                .directory = here.path(""),
                                .log = here.path("log")});
  ::close(leaked);
  ::signal(SIGUSR1, SIG_DFL);
  REQUIRE(server);
  REQUIRE(server->wait(60 * s));
  std::string expected = "4\nSigIgn:\t0000000000000000\n";  // 0, 1, 2 and the directory that ls reads
  CHECK(test::text_of(here.path("log")) == expected + std::filesystem::canonical(here.path("")).string() + "\n");
}

TEST_CASE("process: held descriptors stay open exactly as long as something is left", "[serve][process]") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  weir::unique_fd reader(ends[0]), writer(ends[1]);
  nasty n({"stubborn"});
  n.spec.held = {writer.get()};
  auto server = process::start(n.spec);
  REQUIRE(server);
  REQUIRE(n.says("ready"));
  writer = weir::unique_fd();
  pollfd hung{reader.get(), 0, 0};
  CHECK(::poll(&hung, 1, 50) == 0);  // the keeper alone still holds it
  server->stop(0);
  REQUIRE(server->wait(60 * s));
  CHECK(::poll(&hung, 1, 60'000) == 1);
  CHECK((hung.revents & POLLHUP) != 0);
}

TEST_CASE("process: a cgroup made for a launch is removed after it", "[serve][process]") {
  const nasty n(all_habits);
  auto server = process::start(n.spec);
  REQUIRE(server);
  const std::string path = server->cgroup_path();
  if (path.empty()) {
    WARN("skipped: no cgroup can be made here");
    return;
  }
  REQUIRE(n.says("ready"));
  CHECK(std::filesystem::exists(path));
  const auto own = weir::read_text_file("/proc/" + std::to_string(server->update().pid) + "/cgroup");
  REQUIRE(own);
  CHECK(own->find(std::filesystem::path(path).filename().string() + "\n") != std::string::npos);
  server->stop(0);
  REQUIRE(server->wait(60 * s));
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("process: a child is forked into its cgroup, or outside where there is none", "[serve][process]") {
  const auto ends_with = [](weir::forked child, const std::string& group) {
    if (child.pid == 0) {
      const auto own = weir::own_cgroup();
      ::_exit(!own || *own != group ? 1 : child.inside ? 3 : 4);
    }
    int status = 0;
    REQUIRE(::waitpid(child.pid, &status, 0) == child.pid);
    return WEXITSTATUS(status);
  };
  const auto own = weir::own_cgroup();
  if (own) CHECK(ends_with(weir::fork_into_cgroup(-1), *own) == 4);
  const auto group = weir::cgroup::make();
  if (!group) {
    WARN("skipped: no cgroup can be made here");
    return;
  }
  const auto child = weir::fork_into_cgroup(group->directory.get());
  const bool inside = child.inside;
  CHECK(ends_with(child, inside ? group->path : *own) == (inside ? 3 : 4));
  ::rmdir(group->path.c_str());
}
