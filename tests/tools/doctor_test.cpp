#include <sys/stat.h>

#include <map>
#include <string>

#include "bench_run.hpp"
#include "catch.hpp"
#include "shell.hpp"

using bench_tests::field, bench_tests::lines_of;

namespace {

const std::string doctor = WEIR_TOOLS_DIR "/weir-doctor ";

std::map<std::string, std::string> findings(const std::string& command) {
  std::map<std::string, std::string> all;
  for (const auto& line : lines_of(shell(command).out)) {
    auto name = field(line, "name");
    all.emplace(name.substr(1, name.size() - 2), line);
  }
  return all;
}

}  // namespace

TEST_CASE("weir-doctor: looks at files, ports, governor, clock, load, timers and loopback", "[tools][doctor]") {
  const auto all = findings(doctor + "--json");
  for (const char* name :
       {"open files", "ports for connections", "frequency governor", "clock", "load", "waking up", "loopback"}) {
    CAPTURE(name);
    REQUIRE(all.contains(name));
    const bool fine = field(all.at(name), "fine") == "true";
    CHECK((field(all.at(name), "advice") == "null") == fine);
    CHECK(field(all.at(name), "value").size() > 3);
  }
  CHECK(all.size() == 7);
  const auto table = shell(doctor);
  CHECK(table.out.find("open files") != std::string::npos);
  const bool wanting = table.out.find("look  ") != std::string::npos;
  CHECK(table.status == (wanting ? 1 : 0));
}

TEST_CASE("weir-doctor: a low file limit is wanting, with what to do, and status 1", "[tools][doctor]") {
  const auto ran = shell("ulimit -n 200; " + doctor);
  CHECK(ran.status == 1);
  CHECK(ran.out.find("look  open files              200, up to 200") != std::string::npos);
  CHECK(ran.out.find("ulimit -Hn") != std::string::npos);
}

TEST_CASE("weir-doctor: --engines tells where each engine is, or what it looked for", "[tools][doctor]") {
  const temporary_directory dir;
  const auto vllm = dir.write("vllm", "#!/bin/sh\n");
  ::chmod(vllm.c_str(), 0755);
  dir.write("nginx", "no program");
  const auto with = findings("PATH=" + dir.file("") + " " + doctor + "--engines --json");
  for (const char* name : {"engine vllm", "engine sglang", "engine llama.cpp", "engine transformers", "engine trtllm",
                           "engine mindie", "engine mock", "haproxy", "nginx", "ais_bench"})
    CHECK(with.contains(name));
  CHECK(field(with.at("engine vllm"), "value").find("/vllm\"") != std::string::npos);
  CHECK(field(with.at("engine sglang"), "value") == "\"no python3 on PATH\"");
  CHECK(field(with.at("engine trtllm"), "value") == "\"no trtllm-serve on PATH\"");
  CHECK(field(with.at("engine mock"), "value").find("weir-mock") != std::string::npos);
  CHECK(field(with.at("nginx"), "value") == "\"not on PATH\"");  // can't be executed
  if (shell("command -v python3").status != 0) SKIP("there is no python3");
  dir.write("sglang/__init__.py", "");
  const auto package = findings("mkdir " + dir.file("sglang") + "; touch " + dir.file("sglang/__init__.py") +
                                "; PYTHONPATH=" + dir.file("") + " " + doctor + "--engines --json");
  CHECK(field(package.at("engine sglang"), "value").find("sglang/__init__.py") != std::string::npos);
}
