// The ways from weir-bench to a server: a unix socket, a proxy of the environment. (TLS: bench_tls_test.cpp.)
#include <set>
#include <string>

#include "bench_run.hpp"
#include "catch.hpp"
#include "openai/server_thread.hpp"
#include "shell.hpp"

using bench_tests::field, bench_tests::number, bench_tests::records, bench_tests::refuses, bench_tests::tool;

TEST_CASE("weir-bench: a unix socket, by its URL or beside another", "[tools][bench]") {
  const temporary_directory dir;
  const std::string socket = dir.file("s");
  const std::string serve = "rm -f " + socket +
                            ".said; " WEIR_TOOLS_DIR "/weir-mock --ttft 5ms --itl 1ms --unix-socket " + socket +
                            " 2> " + socket + ".said & M=$!; for i in $(seq 3000); do grep -q listening " + socket +
                            ".said && break; sleep 0.02; done; ";
  for (const std::string& way : {"--base-url unix:" + socket, "--base-url http://any --unix-socket " + socket}) {
    const auto ran = shell(serve + tool + way +
                           " --num-prompts 6 --max-concurrency 2 --random-output-len 3 --json --force "
                           "--records " +
                           dir.file("r") + " 2> /dev/null; S=$?; kill $M; exit $S");
    CAPTURE(way);
    CHECK(ran.status == 0);
    CHECK(number(ran.out, "completed") == 6);
    for (const auto& row : records(dir.file("r"))) CHECK(field(row, "stamp_basis") == "\"user\"");  // none there
  }
  refuses("--base-url unix:" + dir.file("none") + " --num-prompts 1", "cannot ask for the models");
  refuses("--base-url unix:relative --num-prompts 1", "from the root on");
}

TEST_CASE("weir-bench: a proxy of the environment is asked for the whole URL, but never for this machine",
          "[tools][bench]") {
  const scripted::server_thread proxy(
      [](const scripted::request&) -> scripted::script { return {scripted::send(scripted::completion(2))}; });
  const temporary_directory dir;
  const auto ran =
      shell("http_proxy=" + proxy.url + " " + tool +
            "--base-url http://model.example --model m --num-prompts 4 --max-concurrency 2 --json --records " +
            dir.file("r") + " 2> /dev/null");
  CHECK(ran.status == 0);
  CHECK(number(ran.out, "completed") == 4);
  std::set<std::string> targets;
  for (const auto& r : proxy.seen()) targets.insert(r.target);
  CHECK(targets == std::set<std::string>{"http://model.example/v1/completions"});
  CHECK(field(records(dir.file("r"), "run").at(0), "config").find(proxy.url) != std::string::npos);

  const auto here = proxy.seen().size();
  CHECK(shell("http_proxy=" + proxy.url + " " + tool + "--base-url http://127.0.0.1:1 --model m --num-prompts 2")
            .status == 1);
  CHECK(proxy.seen().size() == here);
  const auto secret = shell("http_proxy=http://me:hunter2@127.0.0.1:9 " + tool +
                            "--base-url http://model.example --model m --num-prompts 1 2>&1");
  CHECK(secret.status == 2);
  CHECK(secret.out.find("hunter2") == std::string::npos);
}
