// weir-bench against servers that answer with what is no answer: each is a failed request of a class, the others of the
// run are kept.
#include <cstddef>
#include <string>

#include "bench_run.hpp"
#include "catch.hpp"
#include "openai/server_thread.hpp"
#include "shell.hpp"

using bench_tests::field, bench_tests::number, bench_tests::records, bench_tests::tool;
using scripted::send, scripted::close, scripted::script;

namespace {

const std::string head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";
constexpr std::int64_t ms = 1'000'000;

std::string event_of(std::size_t bytes) {
  return R"(data: {"choices":[{"index":0,"text":")" + std::string(bytes, 'x') + "\"}]}\n\n";
}
std::string chunk_of(const std::string& bytes) {
  std::string size;
  for (std::size_t n = bytes.size(); n > 0; n /= 16) size.insert(size.begin(), "0123456789abcdef"[n % 16]);
  return size + "\r\n" + bytes + "\r\n";
}

}  // namespace

TEST_CASE("weir-bench: what is no answer is a failed request of its class, and the others are kept", "[tools][bench]") {
  struct bad {
    const char* name;
    script answer;
    const char *status, *words;
    int times = 1;  ///< How often in a row: what comes to nothing on a kept connection is sent once more.
  };
  std::string endless = head;
  while (endless.size() < 1'000'000) endless += "x-more: " + std::string(1000, 'a') + "\r\n";
  std::string interim;
  while (interim.size() < 1'000'000) interim += "HTTP/1.1 100 Continue\r\n\r\n";
  const std::string tokens = scripted::completion(4);
  const bad all[] = {
      {"garbage", {send("\x16\x03\x01\xff\x00 nothing known\r\n\r\n")}, "malformed", ""},
      {"endless header", {send(endless), close(50 * ms)}, "malformed", "bytes"},
      {"endless header line", {send(head + "x: " + std::string(300'000, 'a')), close(50 * ms)}, "malformed", "bytes"},
      {"endless interim responses", {send(interim), close(50 * ms)}, "malformed", ""},
      {"chunk of 2^64 bytes",
       {send(head + "transfer-encoding: chunked\r\n\r\n10000000000000000\r\n")},
       "malformed",
       ""},
      {"chunk that never ends",
       {send(head + "transfer-encoding: chunked\r\n\r\n7fffffff\r\n"), send(event_of(17u << 20), ms)},
       "malformed",
       "bytes"},
      {"gigantic chunk",
       {send(head + "transfer-encoding: chunked\r\n\r\n" + chunk_of(event_of(17u << 20)))},
       "malformed",
       "bytes"},
      {"a chunk size that is none", {send(head + "transfer-encoding: chunked\r\n\r\nzz\r\n")}, "malformed", ""},
      {"an event that is no JSON", {send(head + "content-length: 14\r\n\r\ndata: {nope}\n\n")}, "malformed", "JSON"},
      {"a body that ends too soon", {send(tokens.substr(0, tokens.size() - 60)), close(ms)}, "truncated", ""},
      {"nothing at all, twice", {close()}, "truncated", "before it answered", 2},
      {"a head and nothing more", {send(head + "content-length: 100\r\n\r\n")}, "timeout", "no token after 0.5 s"},
      {"a page",
       {send("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 4\r\n\r\nhi!\n")},
       "malformed",
       "text/html"},
  };
  for (const auto& one : all) {
    DYNAMIC_SECTION(one.name) {
      int asked = 0;  // on the server's thread
      const scripted::server_thread server([&](const scripted::request& r) -> script {
        if (r.target == "/metrics") return scripted::reply(404, "{}");
        const int number = asked++;
        return number >= 2 && number < 2 + one.times ? one.answer : script{send(scripted::completion(4))};
      });
      const temporary_directory dir;
      const auto ran =
          shell(tool + "--base-url " + server.url +
                " --model m --num-prompts 6 --max-concurrency 1 --random-input-len 4 --random-output-len 4 "
                "--json --first-token-timeout " +
                (std::string(one.status) == "timeout" ? "500ms" : "60s") + " --records " + dir.file("r") + " 2>&1");
      CAPTURE(ran.out);
      CHECK(ran.status == 0);
      CHECK(number(ran.out, "completed") == 5);
      CHECK(number(ran.out, "failed") == 1);
      std::string status, error;
      for (const auto& row : records(dir.file("r")))
        if (field(row, "status") != "\"ok\"" && field(row, "resent").empty())
          status = field(row, "status"), error = field(row, "error");
      CHECK(status == "\"" + std::string(one.status) + "\"");
      CHECK(error.find(one.words) != std::string::npos);
      CHECK(error.size() > 10);
    }
  }
}

TEST_CASE("weir-bench: a server that only ever says garbage ends the run with 1 and its words, told once",
          "[tools][bench]") {
  const scripted::server_thread server([](const scripted::request&) -> script { return {send("SSH-2.0-x\r\n")}; });
  const auto ran = shell(tool + "--base-url " + server.url + " --model m --num-prompts 7 --max-concurrency 3 2>&1");
  CAPTURE(ran.out);
  CHECK(ran.status == 1);
  CHECK(ran.out.find("7 x malformed: ") != std::string::npos);
  CHECK(ran.out.find("INVALID") != std::string::npos);
}
