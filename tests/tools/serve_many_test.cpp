#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <set>

#include "catch.hpp"
#include "serve/scratch.hpp"
#include "weir/base/hash.hpp"
#include "weir/serve/describe.hpp"
#include "weir/serve/marked.hpp"
#include "weir/serve/ports.hpp"
#include "weir/serve/process.hpp"

namespace {

constexpr std::int64_t ms = 1'000'000, s = 1'000 * ms;
using words = std::vector<std::string>;

/// A place for runs of weir-serve-many: their locks, logs and outputs, and a mark to find what they leave.
struct bench : test::scratch {
  bench() {
    ::setenv("WEIR_LOCK_DIR", path("locks").c_str(), 1);
    ::setenv("WEIR_RUN_DIR", path("runs").c_str(), 1);
    ::setenv("WEIR_TEST_MARK", mark.c_str(), 1);
  }
  ~bench() { weir::kill_marked("WEIR_TEST_MARK=" + mark); }

  /// Starts the tool; its outputs go to the files `out` and `err`.
  pid_t start(const words& args, const char* out = nullptr) const {
    words all{WEIR_TOOLS_DIR "/weir-serve-many", "--log-dir", path("logs")};
    all.insert(all.end(), args.begin(), args.end());
    const auto argv = weir::detail::pointers(all);
    const std::string out_path = out ? out : path("out"), err_path = path("err");
    // No signal may find the child before it is the tool: it would run the handlers of this test program.
    const pid_t pid = weir::detail::fork_blocked();
    if (pid != 0) return pid;
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::signal(number, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::dup2(::open(out_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644), 1);
    ::dup2(::open(err_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644), 2);
    ::execv(argv[0], argv.data());
    ::_exit(99);
  }
  static int status_of(pid_t pid) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    return weir::shell_status(status);
  }
  int run(const words& args) const { return status_of(start(args)); }

  [[nodiscard]] std::string out() const { return test::text_of(path("out")); }
  [[nodiscard]] std::string err() const { return test::text_of(path("err")); }
  [[nodiscard]] std::size_t survivors() const { return weir::marked_processes("WEIR_TEST_MARK=" + mark).size(); }
  /// Nothing runs, and no directory of a run is left.
  [[nodiscard]] bool clean() const {
    return survivors() == 0 && (!std::filesystem::exists(path("runs")) || std::filesystem::is_empty(path("runs")));
  }
  [[nodiscard]] bool says(std::string_view text) const {
    return test::eventually([&] { return err().find(text) != std::string::npos; }, 60 * s);
  }

  std::string mark = weir::detail::launch_name();
};

/// The tool's arguments for `count` servers with these habits.
words servers(int count, const words& habits, const words& options = {}) {
  words all{"-n", std::to_string(count)};
  all.insert(all.end(), options.begin(), options.end());
  all.insert(all.end(), {"--", WEIR_NASTY});
  all.insert(all.end(), habits.begin(), habits.end());
  return all;
}

/// All of the answer to GET /v1/models at a port of this machine.
std::string answer_of(int port) {
  const weir::unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(static_cast<std::uint16_t>(port));
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  constexpr std::string_view request = "GET /v1/models HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 ||
      ::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0)
    return {};
  std::string all;
  std::array<char, 4096> bytes;
  for (ssize_t got = 1; got > 0;) {
    got = ::recv(fd.get(), bytes.data(), bytes.size(), 0);
    if (got > 0) all.append(bytes.data(), static_cast<std::size_t>(got));
  }
  return all;
}

const words good{"port", "{port}"};
const words nasty{"stubborn", "grandchildren", "session", "daemon", "stopped", "chain", "port", "{port}"};
/// Everything bad at once, but for what ends the server by itself.
const words worst{"stubborn", "shm",    "grandchildren", "group", "session", "daemon",
                  "stopped",  "zombie", "chain",         "bomb",  "flood",   "close"};

/// A copy of the nasty server under a name that nothing else on this machine has, to count its processes by.
struct named_nasty {
  explicit named_nasty(const bench& b) : name("nasty-" + std::to_string(::getpid())), file(b.path(name)) {
    std::filesystem::copy_file(WEIR_NASTY, file);
  }
  [[nodiscard]] int alive() const {
    int count = 0;
    weir::each_process(
        [&](pid_t pid) { count += test::text_of("/proc/" + std::to_string(pid) + "/comm") == name + "\n"; });
    return count;
  }
  [[nodiscard]] words server(const words& options, const words& more) const {
    words all = options;
    all.insert(all.end(), {"--grace", "20ms", "--", file});
    all.insert(all.end(), worst.begin(), worst.end());
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  std::string name, file;
};

}  // namespace

TEST_CASE("serve-many: the command's status is passed on, and everything is gone after it", "[serve-many]") {
  const bench b;
  const auto status = [&](const std::string& command) { return b.run(servers(2, good, {"--run", command})); };
  CHECK(status("exit 0") == 0);
  CHECK(status("exit 7") == 7);
  CHECK(status("kill -9 $$") == 128 + 9);
  CHECK(status("no-such-program-of-weir") == 127);
  CHECK(status(b.write("plain", "")) == 126);
  CHECK(b.clean());
}

TEST_CASE("serve-many: what it is that goes wrong shows in the status", "[serve-many]") {
  const bench b;
  CHECK(b.run(servers(1, {"die", "{port}"})) == 1);
  CHECK(b.run(servers(1, {"die", "{port}"}, {"--run", "true"})) == 125);
  CHECK(b.run(servers(1, {"hang", "{port}"}, {"--ready-timeout", "200ms"})) == 1);
  CHECK(b.run(servers(1, {"hang", "{port}"}, {"--ready-timeout", "200ms", "--run", "true"})) == 124);
  CHECK(b.run({"--", "no-such-program-of-weir", "{port}"}) == 127);
  CHECK(b.run({"--", b.write("plain", ""), "{port}"}) == 126);
  CHECK(b.run({"-n", "0", "--", "x", "{port}"}) == 2);
  CHECK(b.run({"--engine", "no-engine"}) == 2);
  CHECK(b.run({"--", "server-without-a-port"}) == 2);
  CHECK(b.run({"--", "/bin/true", "{port}", "{prot}"}) == 2);
  CHECK(b.err().find("unknown placeholder {prot}") != std::string::npos);
  CHECK(b.run({"--restart", "sometimes", "--", "/bin/true", "{port}"}) == 2);
  CHECK(b.clean());
}

TEST_CASE("serve-many: the command finds the endpoints, all of them, and they answer", "[serve-many]") {
  const bench b;
  const auto file = b.path("endpoints.jsonl");
  REQUIRE(b.run(servers(2, good, {"--endpoints", file, "--run", "cat $WEIR_ENDPOINTS"})) == 0);
  CHECK(b.out() == test::text_of(file));
  std::vector<int> ports;
  weir::each_line(b.out(), [&](std::string_view line) {
    const auto at = line.find("\"port\":");
    REQUIRE(at != line.npos);
    const int port = std::atoi(std::string(line.substr(at + 7)).c_str());
    const auto number = std::to_string(ports.size()), where = std::to_string(port);
    CHECK(line == R"({"type":"endpoint","instance":")" + number + R"(","base_url":"http://127.0.0.1:)" + where +
                      R"(","model":"nasty","port":)" + where + R"(,"devices":[]})");
    CHECK(std::filesystem::exists(b.path("logs/weir-nasty_rank" + number + "_port" + where + ".log")));
    ports.push_back(port);
  });
  REQUIRE(ports.size() == 2);
  CHECK(ports[0] < ports[1]);
}

TEST_CASE("serve-many: a base port is taken at its word", "[serve-many]") {
  const bench b;
  int base = 20'000 + ::getpid() % 8'000;  // not where another suite on this machine would look first
  while (!weir::hold_ports(2, b.path(""), base, base + 2)) base += 2;
  REQUIRE(b.run(servers(2, good, {"--base-port", std::to_string(base), "--run", "cat $WEIR_ENDPOINTS"})) == 0);
  CHECK(b.out().find(":" + std::to_string(base) + "\"") < b.out().find(":" + std::to_string(base + 1) + "\""));

  const auto other = weir::detail::bind_port(base + 1, true, false);
  REQUIRE(::listen(other.get(), 1) == 0);
  CHECK(b.run(servers(2, good, {"--base-port", std::to_string(base)})) == 2);
  CHECK(b.err() == "weir-serve-many: port " + std::to_string(base + 1) + " is in use by " +
                       weir::describe_process(::getpid()) + "\n");
  CHECK(b.clean());
}

TEST_CASE("serve-many: an early end is told with the log's last lines", "[serve-many]") {
  const bench b;
  const auto start = weir::now_ns();
  CHECK(b.run(servers(1, {"say", "loading weights", "say", "CUDA out of memory", "die", "{port}"})) == 1);
  CHECK(weir::now_ns() - start < 300 * s);  // long before the time-out of 600 s
  const auto told = b.err();
  CAPTURE(told);
  CHECK(told.find("instance 0: ended before it was ready: exit status 3; ") != std::string::npos);
  CHECK(told.find(" ends with:\n  loading weights\n  CUDA out of memory\n  boom\nperhaps: the model does not fit") !=
        std::string::npos);
}

TEST_CASE("serve-many: one that does not get ready stops all, with its last words", "[serve-many]") {
  const bench b;
  CHECK(b.run(servers(3, {"say", "still loading", "daemon", "hang", "{port}"}, {"--ready-timeout", "3s"})) == 1);
  CHECK(b.err().find("not ready after 3 s: starting (no answer yet)") != std::string::npos);
  CHECK(b.err().find("still loading") != std::string::npos);
  CHECK(b.clean());
}

TEST_CASE("serve-many: of the worst server nothing is left 50 ms after the end, however it ends",
          "[serve-many][nasty]") {
  const bench b;
  const named_nasty n(b);
  const std::array ways{n.server({"--run", "true"}, {"port", "{port}"}),
                        n.server({"--run", "sleep 60"}, {"port", "{port}"}), n.server({}, {"late", "port", "{port}"}),
                        n.server({"--ready-timeout", "100ms"}, {"hang", "{port}"}), n.server({}, {"die", "{port}"})};
  weir::random_stream random(17);
  std::size_t survivors = 0, named = 0, leaked = 0;
  const int rounds = test::rounds(50);
  for (int round = 0; round < rounds; ++round) {
    const auto way = static_cast<std::size_t>(round) % ways.size();
    const auto delay_us = static_cast<useconds_t>(random.below(150'000));
    CAPTURE(round, way, delay_us);
    const pid_t tool = b.start(ways[way]);
    const bool signalled = way == 1 || way == 2;
    if (signalled) ::usleep(delay_us), ::kill(tool, SIGTERM);
    const int status = b.status_of(tool);
    CHECK(status == (signalled ? 128 + SIGTERM : way == 0 ? 0 : 1));
    ::usleep(50'000);
    survivors += b.survivors(), named += static_cast<std::size_t>(n.alive()), leaked += test::leaked_memory(b.mark);
    std::filesystem::remove_all(b.path("logs"));
  }
  CHECK(survivors == 0);
  CHECK(named == 0);
  CHECK(leaked == 0);
  CHECK(b.clean());
  WARN(rounds << " rounds: survivors by their mark " << survivors << ", by their name " << named
              << ", leaked shared memory " << leaked);
}

TEST_CASE("serve-many: of the worst server nothing is left when serve-many is killed", "[serve-many][nasty]") {
  const bench b;
  const named_nasty n(b);
  weir::random_stream random(19);
  const int rounds = test::rounds(10);
  std::int64_t slowest = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto delay_us = static_cast<useconds_t>(random.below(200'000));
    CAPTURE(round, delay_us);
    const pid_t tool = b.start(n.server({"--run", "sleep 60"}, {"port", "{port}"}));
    ::usleep(delay_us);
    ::kill(tool, SIGKILL);
    const auto killed = weir::now_ns();
    CHECK(b.status_of(tool) == 128 + SIGKILL);
    CHECK(test::eventually([&] { return b.survivors() == 0; }, 60 * s));
    slowest = std::max(slowest, weir::now_ns() - killed);
    CHECK(n.alive() == 0);
    CHECK(test::leaked_memory(b.mark) == 0);
    std::filesystem::remove_all(b.path("logs"));
  }
  for (const auto& file : std::filesystem::directory_iterator(b.path("locks"))) {
    CAPTURE(file.path());
    CHECK(test::eventually([&] { return static_cast<bool>(weir::lock_file::probe(file.path().string())); }, 60 * s));
  }
  WARN(rounds << " rounds: nothing is left; the slowest took " << slowest / ms << " ms, looking included");
}

TEST_CASE("serve-many: a signal at any moment leaves nothing", "[serve-many]") {
  const bench b;
  weir::random_stream random(11);
  for (int round = 0; round < test::rounds(24); ++round) {
    const int number = std::array{SIGINT, SIGTERM, SIGHUP}[static_cast<std::size_t>(round % 3)];
    const auto delay_us = static_cast<useconds_t>(random.below(round < 12 ? 20'000 : 200'000));
    CAPTURE(round, number, delay_us);
    const pid_t tool = b.start(servers(2, nasty, {"--grace", "20ms", "--run", "sleep 60"}));
    ::usleep(delay_us);
    ::kill(tool, number);
    CHECK(b.status_of(tool) == 128 + number);
    CHECK(b.survivors() == 0);
  }
  CHECK(b.clean());
}

TEST_CASE("serve-many: signals reach the command and its children, and it may finish its work", "[serve-many]") {
  const bench b;
  const std::string command = "trap 'echo term >> got; exit 3' TERM; trap 'echo usr1 >> got' USR1; cd " + b.path("") +
                              "; echo on >&2; while :; do sleep 0.05; done";
  const pid_t tool = b.start(servers(1, good, {"--run", command}));
  REQUIRE(b.says("on\n"));
  ::kill(tool, SIGUSR1);
  REQUIRE(test::eventually([&] { return test::text_of(b.path("got")) == "usr1\n"; }, 60 * s));
  ::kill(tool, SIGTERM);
  CHECK(b.status_of(tool) == 128 + SIGTERM);
  CHECK(test::text_of(b.path("got")) == "usr1\nterm\n");
  CHECK(b.clean());
}

TEST_CASE("serve-many: a second signal does not wait", "[serve-many]") {
  const bench b;
  const pid_t tool =
      b.start(servers(1, {"stubborn", "port", "{port}"},
                      {"--grace", "60s", "--run", "trap '' INT; echo on >&2; while :; do sleep 1; done"}));
  REQUIRE(b.says("on\n"));
  ::kill(tool, SIGINT);
  REQUIRE(b.says("stopping: Interrupt"));
  const auto asked = weir::now_ns();
  ::kill(tool, SIGINT);
  CHECK(b.status_of(tool) == 128 + SIGINT);
  CHECK(weir::now_ns() - asked < 30 * s);  // of the 60 s of grace
  CHECK(b.clean());
}

TEST_CASE("serve-many: without a command it serves until a signal, and prints the endpoints", "[serve-many]") {
  const bench b;
  const pid_t tool = b.start(servers(2, good));
  REQUIRE(
      test::eventually([&] { return b.out().find("\"1\"") != std::string::npos && b.out().ends_with("\n"); }, 60 * s));
  CHECK(b.out().starts_with(R"({"type":"endpoint","instance":"0",)"));
  ::kill(tool, SIGTERM);
  CHECK(b.status_of(tool) == 128 + SIGTERM);
  CHECK(b.clean());
}

TEST_CASE("serve-many: endpoints that can't be printed are an error", "[serve-many]") {
  const bench b;
  CHECK(b.status_of(b.start(servers(1, good), "/dev/full")) == 2);
  CHECK(b.err().find("cannot write standard output: No space left on device") != std::string::npos);
  CHECK(b.clean());
}

TEST_CASE("serve-many: a server that dies during the run is told of, and success is not claimed", "[serve-many]") {
  const bench b;
  const std::string kill_one = "for f in $(grep -lsz '^WEIR_TEST_MARK=" + b.mark +
                               "$' /proc/[0-9]*/environ); do grep -qsz '^WEIR_INSTANCE=1$' $f && p=${f%/environ} && "
                               "kill -9 ${p#/proc/}; done; ";
  // Waits for the tool to say `words`: what comes after it must not depend on how fast this machine is today.
  const auto until = [&](const std::string& words) {
    return kill_one + "i=0; until grep -q '" + words + "' " + b.path("err") +
           " || [ $i = 600 ]; do i=$((i + 1)); sleep 0.1; done; ";
  };
  const auto ended = until("instance 1: ended"), again = until("instance 1 will be started again");
  CHECK(b.run(servers(2, good, {"--run", ended})) == 125);
  CHECK(b.err().find("instance 1: ended: signal 9 (Killed)") != std::string::npos);
  CHECK(b.err().find("not every instance lived as long as the command") != std::string::npos);
  CHECK(b.run(servers(2, good, {"--run", ended + "exit 9"})) == 9);
  CHECK(b.run(servers(2, good, {"--restart", "on-failure", "--run", again})) == 0);
  CHECK(b.err().find("instance 1 will be started again (1 of 3)") != std::string::npos);
  CHECK(b.clean());
}

TEST_CASE("serve-many: when all servers have ended there is nothing to serve", "[serve-many]") {
  const bench b;
  CHECK(b.run(servers(2, {"port", "{port}", "late", "die"}, {"--ready", "connect"})) == 1);
  CHECK(b.clean());
}

TEST_CASE("serve-many: --quiet says only what goes wrong", "[serve-many]") {
  const bench b;
  CHECK(b.run(servers(1, good, {"--quiet", "--run", "true"})) == 0);
  CHECK(b.err() == "");
  CHECK(b.run(servers(1, {"die", "{port}"}, {"--quiet"})) == 1);
  CHECK(b.err().find("boom") != std::string::npos);
}

TEST_CASE("serve-many: a file that is no list of endpoints is not overwritten", "[serve-many]") {
  const bench b;
  const auto precious = b.write("answers.jsonl", "{\"type\":\"answer\"}\n");
  CHECK(b.run(servers(1, good, {"--endpoints", precious})) == 2);
  CHECK(test::text_of(precious) == "{\"type\":\"answer\"}\n");
  std::filesystem::resize_file(precious, std::uintmax_t{65} << 20);  // too large to be read for its kind
  CHECK(b.run(servers(1, good, {"--endpoints", precious})) == 2);
  CHECK(std::filesystem::exists(precious));
  const auto stale = b.write("endpoints.jsonl", "{\"type\":\"endpoint\",\"instance\":\"9\"}\n");
  CHECK(b.run(servers(1, {"die", "{port}"}, {"--endpoints", stale})) == 1);
  CHECK_FALSE(std::filesystem::exists(stale));  // nobody shall take an earlier run's endpoints for this one's
  CHECK(b.run(servers(1, good, {"--endpoints", "/no/such/directory/file", "--run", "true"})) == 125);
  // A device through a link: the real one would be lost if this failed.
  const auto full = b.path("full");
  std::filesystem::create_symlink("/dev/full", full);
  CHECK(b.run(servers(1, good, {"--endpoints", full, "--run", "true"})) == 125);
  CHECK(b.err().find("cannot write " + full + ": write: No space left on device") != std::string::npos);
  CHECK(std::filesystem::is_symlink(full));
}

TEST_CASE("serve-many: a log directory that can't be made is an error before anything starts", "[serve-many]") {
  const bench b;
  const auto file = b.write("file", "");
  CHECK(b.run({"--log-dir", file + "/logs", "--", WEIR_NASTY, "port", "{port}"}) == 2);
}

TEST_CASE("serve-many: a lock directory that can't be had is done without, and that is said", "[serve-many]") {
  const bench b;
  ::setenv("WEIR_LOCK_DIR", (b.write("file", "") + "/locks").c_str(), 1);
  CHECK(b.run(servers(1, good, {"--run", "true"})) == 0);
  CHECK(b.err().find("cannot use the lock directory " + b.path("file/locks")) != std::string::npos);
  CHECK(b.err().find("only this user's runs are kept apart") != std::string::npos);
  CHECK(b.survivors() == 0);
  ::setenv("WEIR_RUN_DIR", (b.path("file") + "/runs").c_str(), 1);
  CHECK(b.run(servers(1, good, {"--run", "true"})) == 125);
  CHECK(b.err().find("cannot make " + b.path("file/runs")) != std::string::npos);
}

TEST_CASE("serve-many: who holds a busy device is said, with the memory held", "[serve-many]") {
  const bench b;
  const auto self = std::to_string(::getpid());
  ::setenv("WEIR_DEVICES",
           b.write("devices", R"({"vendor":"ascend","index":0,"id":"NPU-0","processes":[{"pid":)" + self +
                                  R"(,"bytes":51355058176}]})" + "\n")
               .c_str(),
           1);
  CHECK(b.run(servers(1, good, {"--devices", "0"})) == 2);
  ::unsetenv("WEIR_DEVICES");
  CHECK(b.err().find("device 0 (NPU-0) is used by " + weir::describe_process(::getpid()) + " with 48976 MiB") !=
        std::string::npos);
  CHECK(b.clean());
}

TEST_CASE("serve-many: devices are shown to the servers, and are free again afterwards", "[serve-many]") {
  const bench b;
  std::string devices;
  for (int i = 0; i < 4; ++i)
    devices += R"({"vendor":"nvidia","index":)" + std::to_string(i) + R"(,"id":"GPU-)" + std::string(1, char('a' + i)) +
               R"(","links":[0,0,0,0]})" + "\n";
  ::setenv("WEIR_DEVICES", b.write("devices", devices).c_str(), 1);
  const words show{"-n",
                   "2",
                   "--devices",
                   "auto",
                   "--devices-per-instance",
                   "2",
                   "--run",
                   "grep -h PCI " + b.path("logs") + "/*; grep -o '\"devices.*' $WEIR_ENDPOINTS",
                   "--",
                   "/bin/sh",
                   "-c",
                   "echo {index} $CUDA_DEVICE_ORDER $CUDA_VISIBLE_DEVICES {devices}; exec " WEIR_NASTY " port {port}"};
  REQUIRE(b.run(show) == 0);
  CHECK(b.out() ==
        "0 PCI_BUS_ID GPU-a,GPU-b 0,1\n1 PCI_BUS_ID GPU-c,GPU-d 2,3\n"
        "\"devices\":[\"GPU-a\",\"GPU-b\"]}\n\"devices\":[\"GPU-c\",\"GPU-d\"]}\n");
  CHECK(b.run(servers(2, good, {"--devices", "1,3", "--run", "true"})) == 0);
  CHECK(b.err().find("--devices names") == std::string::npos);
  CHECK(b.run(servers(2, good, {"--devices", "1,3,0", "--run", "true"})) == 0);
  CHECK(b.says("--devices names 3; the instances take the first 2 "));
  CHECK(b.run(servers(3, good, {"--devices", "1,3"})) == 2);
  CHECK(b.run(servers(1, good, {"--devices", "7"})) == 2);
  CHECK(b.run(servers(1, good, {"--devices-per-instance", "0"})) == 2);
  const auto nested = std::string(WEIR_TOOLS_DIR "/weir-serve-many --devices auto --log-dir ") + b.path("logs") +
                      " -n 3 --run true -- " WEIR_NASTY " port {port}";
  CHECK(b.run(servers(2, good, {"--devices", "auto", "--run", nested})) == 125);  // two of four are left
  CHECK(b.err().find("only 2 are free:\n  device 0 (GPU-a) is held by pid") != std::string::npos);
  CHECK(b.run(servers(4, good, {"--devices", "auto", "--run", "true"})) == 0);
  ::unsetenv("WEIR_DEVICES");
}

TEST_CASE("serve-many: after a SIGKILL the next run waits for what the keepers end, and gets it", "[serve-many]") {
  const bench b;
  ::setenv("WEIR_DEVICES",
           b.write("devices", R"({"vendor":"nvidia","index":0,"id":"GPU-a"}
{"vendor":"nvidia","index":1,"id":"GPU-b"}
)")
               .c_str(),
           1);
  REQUIRE(::mkfifo(b.path("end").c_str(), 0600) == 0);
  words options{"-n", "2", "--devices", "auto"};
  std::string held = "device 0, device 1 of pid ";
  if (GENERATE(false, true)) {
    int port = 28'000 + ::getpid() % 3'000;  // not where another suite on this machine would look first
    while (!weir::hold_ports(2, b.path(""), port, port + 2)) port += 2;
    options.insert(options.end(), {"--base-port", std::to_string(port)});
    held = "port " + std::to_string(port) + " of pid ";  // ports are taken first
  }
  const auto many = [&](const words& more) {
    words all = options;
    all.insert(all.end(), more.begin(), more.end());
    // What the keeper takes for a resource tracker is not killed at once, and this one has its own mind when to end.
    all.insert(all.end(), {"--", "/bin/sh", "-c",
                           "sh -c 'trap \"\" TERM; read x < " + b.path("end") +
                               " # resource_tracker' & exec " WEIR_NASTY " port {port}"});
    return all;
  };
  const pid_t killed = b.start(many({}));
  REQUIRE(test::eventually([&] { return b.out().find("GPU-b") != std::string::npos; }, 60 * s));
  CHECK(b.run(many({"--run", "true"})) == 125);  // its run lives
  CHECK(b.err().find("waiting") == std::string::npos);
  ::kill(killed, SIGKILL);
  REQUIRE(b.status_of(killed) == 128 + SIGKILL);

  held += std::to_string(killed) + " (";
  const pid_t hasty = b.start(many({"--run", "true"}));
  CHECK(b.says("weir-serve-many: waiting at most 60 s for what killed runs still hold: " + held));
  ::kill(hasty, SIGINT);
  CHECK(b.status_of(hasty) == 128 + SIGINT);
  const pid_t next = b.start(many({"--run", "grep -c GPU $WEIR_ENDPOINTS"}));
  CHECK(b.says(held));
  ::close(::open(b.path("end").c_str(), O_RDWR));
  REQUIRE(test::eventually([&] { return b.out() == "2\n"; }, 60 * s));
  ::close(::open(b.path("end").c_str(), O_RDWR));
  CHECK(b.status_of(next) == 0);
  CHECK(b.survivors() == 0);
  CHECK(b.run({"gc"}) == 0);  // the killed run's directory: its keepers still held it when the next run looked
  CHECK(b.clean());
  ::unsetenv("WEIR_DEVICES");
}

TEST_CASE("serve-many: samples tell what the driver tells, and say what it does not", "[serve-many][samples]") {
  const bench b;
  ::setenv(
      "WEIR_DEVICES",
      b.write("devices", R"({"vendor":"nvidia","index":0,"id":"GPU-a","used_bytes":7,"watts":250.5,"busy_percent":90}
{"vendor":"nvidia","index":1,"id":"GPU-b","used_bytes":8}
)")
          .c_str(),
      1);
  const auto file = b.path("samples.jsonl");
  const auto enough =
      "i=0; until [ $(grep -c GPU-b " + file + ") -ge 3 ] || [ $i = 600 ]; do i=$((i + 1)); sleep 0.1; done";
  const words options{"--devices", "auto", "--samples", file, "--sample-every", "50ms", "--run", enough};
  REQUIRE(b.run(servers(2, good, options)) == 0);
  ::unsetenv("WEIR_DEVICES");
  const auto text = test::text_of(file);
  CAPTURE(text, b.err());
  CHECK(text.starts_with(R"({"type":"run","tool":"weir-serve-many")"));
  CHECK(text.find(R"("source":"GPU-a","instance":"0","values":{"device_memory_bytes":7,"watts":250.5,"joules":null,)"
                  R"("busy_percent":90}})") != std::string::npos);
  CHECK(text.find(R"("source":"GPU-b","instance":"1","values":{"device_memory_bytes":8,"watts":null,"joules":null,)"
                  R"("busy_percent":null}})") != std::string::npos);
  CHECK(text.find(R"("source":"processes","instance":"1","values":{"processes":2,"memory_bytes":)") !=
        std::string::npos);
  CHECK(text.find(R"("source":"host","values":{"memory_used_bytes":)") != std::string::npos);
  CHECK(text.ends_with("\n"));
  CHECK(b.err().find("samples: GPU-b: the driver does not tell the power drawn\n") != std::string::npos);
  CHECK(b.err().find("samples: GPU-a") == std::string::npos);

  CHECK(b.run(servers(1, good, {"--samples", b.path("no/such/file"), "--run", "true"})) == 125);
  CHECK(b.err().find("cannot write " + b.path("no/such/file")) != std::string::npos);
  CHECK(b.run(servers(1, good, {"--samples", file, "--sample-every", "1us"})) == 2);
  CHECK(b.run(servers(1, good, {"--quiet", "--samples", "/dev/full", "--run", "true"})) == 125);
  CHECK(b.err().find("No space left on device") != std::string::npos);
  CHECK(b.clean());
}

TEST_CASE("serve-many: status shows what serves, stop ends it", "[serve-many]") {
  const bench b;
  CHECK(b.run({"status"}) == 0);
  CHECK(b.out() == "nothing serves, and nothing is left\n");
  const pid_t tool = b.start(servers(2, good, {"--endpoints", b.path("endpoints")}));
  REQUIRE(test::eventually([&] { return std::filesystem::exists(b.path("endpoints")); }, 60 * s));
  const auto shown = [&](const words& args) { return b.run(args) == 0 ? b.out() : std::string(); };
  const auto two_ready = [](const std::string& text) {
    const auto first = text.find("ready");
    return first != text.npos && text.find("ready", first + 1) != text.npos;
  };
  CHECK(test::eventually([&] { return two_ready(shown({"status"})); }, 60 * s));
  const auto records = shown({"status", "--json"});
  CHECK(records.find(R"("is":"serving","run_pid":)" + std::to_string(tool)) != std::string::npos);
  CHECK(std::count(records.begin(), records.end(), '\n') == 2);
  CHECK(b.run({"gc"}) == 0);  // takes nothing from those who live
  CHECK(b.err() == "weir-serve-many: removed 0 dead runs, 0 processes and 0 cgroups of theirs\n");
  CHECK(b.run({"stop"}) == 0);
  CHECK(b.status_of(tool) == 128 + SIGTERM);
  CHECK(b.run({"begone"}) == 2);
  CHECK(b.clean());
}

TEST_CASE("serve-many: what is left where keepers were killed too is collected", "[serve-many]") {
  const bench b;
  const auto leave_some = [&] {
    std::filesystem::remove(b.path("endpoints"));  // of an earlier time: this one's servers aren't up yet
    const pid_t tool = b.start(servers(2, nasty, {"--endpoints", b.path("endpoints")}));
    REQUIRE(test::eventually([&] { return std::filesystem::exists(b.path("endpoints")); }, 60 * s));
    std::vector<pid_t> doomed{tool};
    for (const pid_t pid : weir::marked_processes("WEIR_TEST_MARK=" + b.mark))
      if (test::text_of("/proc/" + std::to_string(pid) + "/comm") == "weir-keeper\n") doomed.push_back(pid);
    REQUIRE(doomed.size() == 3);
    for (const pid_t pid : doomed) ::kill(pid, SIGSTOP);  // none may see another one die
    for (const pid_t pid : doomed) ::kill(pid, SIGKILL);
    CHECK(b.status_of(tool) == 128 + SIGKILL);
    CHECK(b.survivors() > 4);
    CHECK_FALSE(b.clean());
    // The keepers hold the run's lock until the kernel has done with them.
    CHECK(test::eventually([&] { return b.run({"status"}) == 0 && b.out().find("killed") != std::string::npos; },
                           60 * s));
  };
  leave_some();
  CHECK(b.run({"gc"}) == 0);
  CHECK(b.err().find("removed 1 dead runs, ") != std::string::npos);
  CHECK(b.clean());
  leave_some();
  CHECK(b.run(servers(1, good, {"--run", "true"})) == 0);  // the next run sees to it by itself
  CHECK(b.err().find("removed what 1 killed runs had left") != std::string::npos);
  CHECK(b.clean());
}

TEST_CASE("serve-many: a gateway deals requests to all instances behind one port", "[serve-many]") {
  const std::string program = GENERATE("haproxy", "nginx");
  CAPTURE(program);
  if (!weir::find_program(program, std::string(weir::variable("PATH")) + ":/usr/sbin")) {
    WARN("skipped: " << program << " is not installed");
    return;
  }
  ::setenv("PATH", (std::string(weir::variable("PATH")) + ":/usr/sbin").c_str(), 1);
  const bench b;
  const pid_t tool = b.start(servers(3, good, {"--gateway", program}));
  const auto listed = [&] { return b.out().find("\"gateway\"") != std::string::npos && b.out().ends_with("\n"); };
  REQUIRE(test::eventually(listed, 60 * s));
  CAPTURE(b.out(), b.err());
  const auto records = b.out();
  CHECK(records.starts_with(R"({"type":"backend","instance":"0",)"));
  const auto gateway = records.substr(records.find(R"({"type":"endpoint","instance":"gateway")"));
  const int port = std::atoi(gateway.substr(gateway.find("\"port\":") + 7).c_str());
  REQUIRE(port > 0);
  std::set<std::string> served_by;
  for (int i = 0; i < 12; ++i) {
    const auto reply = answer_of(port);
    CHECK(reply.starts_with("HTTP/1.1 200"));
    CHECK(reply.find("nasty") != std::string::npos);
    const auto lower = reply.find("pstream: ");
    served_by.insert(lower == reply.npos ? "nobody" : reply.substr(lower + 9, 2));
  }
  CHECK(served_by == std::set<std::string>{"i0", "i1", "i2"});
  ::kill(tool, SIGTERM);
  CHECK(b.status_of(tool) == 128 + SIGTERM);
  CHECK(b.clean());
}

TEST_CASE("serve-many: a gateway that is not installed is said before anything starts", "[serve-many]") {
  const bench b;
  const std::string path(weir::variable("PATH"));
  ::setenv("PATH", "/nowhere", 1);
  CHECK(b.run(servers(1, good, {"--gateway", "haproxy"})) == 2);
  ::setenv("PATH", path.c_str(), 1);
  CHECK(b.err() == "weir-serve-many: the gateway: haproxy: command not found\n");
  CHECK(b.clean());
}

TEST_CASE("serve-many: 32 runs at the same time never share a port or a device", "[serve-many][concurrent]") {
  const bench b;
  constexpr int runs = 32, each = 2;
  std::string devices;
  for (int i = 0; i < runs * each; ++i)
    devices +=
        R"({"vendor":"nvidia","index":)" + std::to_string(i) + R"(,"id":"GPU-)" + std::to_string(1000 + i) + "\"}\n";
  ::setenv("WEIR_DEVICES", b.write("devices", devices).c_str(), 1);
  words files;
  std::vector<pid_t> tools;
  for (int i = 0; i < runs; ++i) {
    files.push_back(b.path("endpoints" + std::to_string(i)));
    tools.push_back(b.start(servers(each, good, {"--quiet", "--devices", "auto", "--endpoints", files.back()})));
  }
  ::unsetenv("WEIR_DEVICES");
  std::set<std::string> urls, ids;
  for (const auto& file : files) {
    REQUIRE(test::eventually([&] { return std::filesystem::exists(file); }, 120 * s));
    weir::each_line(test::text_of(file), [&](std::string_view line) {
      CHECK(urls.insert(std::string(line.substr(line.find("http"), 22))).second);
      CHECK(ids.insert(std::string(line.substr(line.find("GPU-"), 8))).second);
    });
  }
  CHECK(urls.size() == runs * each);
  CHECK(ids.size() == runs * each);
  for (const pid_t tool : tools) ::kill(tool, SIGTERM);
  for (const pid_t tool : tools) CHECK(b.status_of(tool) == 128 + SIGTERM);
  CHECK(b.clean());
}
