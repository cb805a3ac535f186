#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "../catch.hpp"
#include "../net/peer.hpp"
#include "../shell.hpp"

namespace {

const std::string mock = WEIR_TOOLS_DIR "/weir-mock";

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A weir-mock that runs until it is told to end, or the test is over.
class running_mock {
 public:
  explicit running_mock(std::vector<std::string> options) {
    options.insert(options.begin(), mock);
    std::vector<char*> argv;
    for (auto& word : options) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 2, said_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (::posix_spawn(&pid_, mock.c_str(), &actions, nullptr, argv.data(), environ) != 0) pid_ = -1;
    ::posix_spawn_file_actions_destroy(&actions);
  }
  running_mock(const running_mock&) = delete;
  running_mock& operator=(const running_mock&) = delete;
  ~running_mock() {
    if (pid_ > 0) (void)end(SIGKILL);
  }

  /// What it has said on standard error.
  [[nodiscard]] std::string said() const { return bytes_of(said_); }
  /// The port that it says it listens on; 0 if it does not within a minute.
  [[nodiscard]] std::uint16_t port() const {
    for (int i = 0; i < 6000; ++i) {
      const std::string text = said();
      const auto at = text.find("http://127.0.0.1:");
      if (at != text.npos && text.ends_with('\n')) return static_cast<std::uint16_t>(std::stoi(text.substr(at + 17)));
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return 0;
  }
  /// Its exit status after a signal (0: just waits); 128 + signal where that ended it.
  int end(int signal) {
    int status = 0;
    if (signal != 0) ::kill(pid_, signal);
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

 private:
  temporary_directory folder_;
  std::string said_ = folder_.file("stderr");
  pid_t pid_ = -1;
};

std::string completion(std::string_view fields) {
  const std::string body = R"({"model":"mock","prompt":"one two three",)" + std::string(fields) + "}";
  return "POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}
std::string ask(std::uint16_t port, const std::string& request, std::string_view end = "\r\n0\r\n\r\n") {
  weir::loop loop;
  peer p(loop, port);
  p.send(request);
  return p.read_until(end);
}

}  // namespace

TEST_CASE("weir-mock: serves, and ends with its log complete on SIGTERM or SIGINT, streams running or not", "[tool]") {
  const int signal = GENERATE(SIGTERM, SIGINT);
  const temporary_directory folder;
  const std::string truth = folder.file("truth.jsonl");
  running_mock server({"--port", "0", "--ttft", "1ms", "--itl", "1ms", "--truth", truth, "--model", "mock"});
  const auto port = server.port();
  REQUIRE(port != 0);
  CHECK(count_of(server.said(), "\n") == 1);
  for (int i = 0; i < 20; ++i)
    CHECK(count_of(ask(port, completion(R"("max_tokens":5,"stream":true)")), "data: {") == 5);
  weir::loop loop;
  peer p(loop, port);
  p.send(completion(R"("max_tokens":50000,"stream":true)"));
  p.read_until("data: {");
  CHECK(server.end(signal) == 0);
  p.read_to_end();
  CHECK(p.ended());
  const std::string log = bytes_of(truth);
  CHECK(count_of(log, "\n") == 21);
  CHECK(count_of(log, "\"status\":\"ok\"") == 20);
  CHECK(count_of(log, "\"status\":\"stopped\"") == 1);
  CHECK(count_of(log, "\"instance\":\"127.0.0.1:" + std::to_string(port) + '"') == 21);
}

TEST_CASE("weir-mock: every option that shapes a stream reaches it", "[tool]") {
  struct shape {
    std::vector<std::string> options;
    std::string fields, expected;
  };
  const std::vector<shape> shapes{
      {{"--crlf"}, R"("max_tokens":2,"stream":true)", "}\r\n\r\n"},
      {{"--no-space"}, R"("max_tokens":2,"stream":true)", "data:{\"id\""},
      {{"--comment"}, R"("max_tokens":2,"stream":true)", ": ping\n\ndata: {"},
      {{"--tokens", "3"},
       R"("max_tokens":9,"stream":true,"stream_options":{"include_usage":true})",
       "\"completion_tokens\":3}"},
      {{"--tokens-per-event", "4"},
       R"("max_tokens":9,"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true})",
       "\"completion_tokens\":4}"},
      {{"--error-at", "1"}, R"("max_tokens":9,"stream":true)", "data: {\"error\": {"},
      {{"--stop-at", "2"}, R"("max_tokens":9,"stream":true)", "\"finish_reason\":\"stop\""},
      {{"--cut", "utf8"}, R"("max_tokens":1,"stream":true)", "\"text\":\" \xE4\xB8"},
      {{"--fail-rate", "1"}, R"("max_tokens":1)", "HTTP/1.1 500 Internal Server Error"},
      {{"--n-order", "shuffle"}, R"("max_tokens":1,"n":2,"stream":true)", "\"index\":1"},
      {{"--model", "mock", "--max-model-len", "10"},
       R"("max_tokens":11)",
       "max_tokens=11 cannot be greater than max_model_len=10"},
  };
  for (const auto& s : shapes) {
    std::vector<std::string> options{"--port", "0", "--ttft", "0", "--itl", "0"};
    options.insert(options.end(), s.options.begin(), s.options.end());
    CAPTURE(s.options);
    running_mock server(options);
    const std::string answer = ask(server.port(), completion(s.fields), s.expected);
    CHECK(answer.find(s.expected) != answer.npos);
  }
}

TEST_CASE("weir-mock: answers from a key, and says how many prompts held none of its questions", "[tool]") {
  const temporary_directory folder;
  const std::string key = folder.write("key.jsonl", R"({"question":"one two three","answer":"so\n#### 18"})"
                                                    "\n");
  running_mock server({"--port", "0", "--ttft", "0", "--itl", "0", "--answers", key, "--accuracy", "1"});
  CHECK(ask(server.port(), completion(R"("max_tokens":99)"), "#### 18").find("The answer is 18.") != std::string::npos);
  const std::string other = R"({"prompt":"something else","max_tokens":2,"stream":true})";
  ask(server.port(), "POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(other.size()) +
                         "\r\n\r\n" + other);
  CHECK(server.end(SIGTERM) == 0);
  CHECK(server.said().find("1 of 2 requests held no question of the key") != std::string::npos);
}

TEST_CASE("weir-mock: a slow start refuses connections, loading answers 503", "[tool]") {
  running_mock probe({"--port", "0"});
  const auto port = probe.port();
  CHECK(probe.end(SIGTERM) == 0);
  weir::loop loop;
  running_mock slow({"--port", std::to_string(port), "--slow-start", "300ms", "--loading", "200ms"});
  CHECK_FALSE(peer(loop, port).connected());
  REQUIRE(slow.port() == port);
  peer p(loop, port);
  CHECK(p.get("/health", "\r\n\r\n").starts_with("HTTP/1.1 503"));
  CHECK(turn_until(loop, [&] { return p.get("/health", "\r\n\r\n").starts_with("HTTP/1.1 200"); }));
}

TEST_CASE("weir-mock: connections may be closed after an answer, or instead of one", "[tool]") {
  running_mock server({"--port", "0", "--ttft", "0", "--itl", "0", "--close-after", "1", "--close-every", "2"});
  weir::loop loop;
  peer first(loop, server.port()), second(loop, server.port());
  first.send(completion(R"("max_tokens":1,"stream":true)"));
  CHECK(first.read_to_end().ends_with("\r\n0\r\n\r\n"));
  second.send(completion(R"("max_tokens":1,"stream":true)"));
  CHECK(second.read_to_end().empty());
}

TEST_CASE("weir-mock: a unix socket serves too", "[tool]") {
  const temporary_directory folder;
  const std::string path = folder.file("mock.sock");
  running_mock server({"--unix-socket", path});
  for (int i = 0; i < 6000 && server.said().empty(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(server.said() == "weir-mock: listening on " + path + ", model mock\n");
  CHECK(server.end(SIGTERM) == 0);
}

TEST_CASE("weir-mock: trouble is told in one sentence, status 2, before anything is served", "[tool]") {
  running_mock server({"--port", "0"});
  const std::string port = std::to_string(server.port());
  const temporary_directory folder;
  const std::string theirs = folder.write("truth.jsonl", "theirs\n");
  const auto says = [](const std::string& options, const std::string& words) {
    const auto ran = shell(mock + " " + options + " 2>&1");
    CAPTURE(options, ran.out);
    CHECK(ran.status == 2);
    CHECK(ran.out.find(words) != std::string::npos);
  };
  says("--port " + port + " --truth " + theirs, "127.0.0.1:" + port + " is in use by another program; choose another");
  CHECK(bytes_of(theirs) == "theirs\n");
  says("--port 70000", "--port");
  says("--host 256.1.1.1 --port 0", "cannot listen on 256.1.1.1");
  says("--answers " + folder.file("none.jsonl"), "there is no file");
  says("--port 0 --truth /not/there/t.jsonl", "cannot write /not/there/t.jsonl");
  says("--accuracy 80", "--accuracy is a number from 0 to 1");
  says("--tokens 0", "--tokens is at least 1");
  says("--ttft 5 --ttft 6", "given 2 times");
  says("--itl fast", "'fast' is not a duration");
  says("--ttft 5ms --role-first 6ms", "--role-first comes no later than --ttft");
  says("--cut nowhere", "not one of");
  says("--tokenz 4", "did you mean --tokens");
}

TEST_CASE("weir-mock: a truth that can't be written ends it with status 2", "[tool]") {
  running_mock server({"--port", "0", "--ttft", "0", "--itl", "0", "--truth", "/dev/full"});
  weir::loop loop;
  peer p(loop, server.port());
  p.send(completion(R"("max_tokens":5,"stream":true)"));
  p.read_until("\r\n0\r\n\r\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  p.send(completion(R"("max_tokens":5,"stream":true)"));
  CHECK(server.end(0) == 2);
  CHECK(server.said().find("cannot write /dev/full: No space left on device") != std::string::npos);
}
