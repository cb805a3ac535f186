#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <ratio>
#include <string>
#include <vector>

#include "catch.hpp"
#include "shell.hpp"

namespace {

namespace fs = std::filesystem;
const std::string tools_dir = WEIR_TOOLS_DIR;

/// `weir` with `directory` as all of PATH that matters, so that a test sees its own tools and the built ones.
shell_result weir(const std::string& words, const std::string& directory = "/nonexistent") {
  return shell("PATH=" + directory + ":$PATH " + tools_dir + "/weir " + words + " 2>&1");
}

std::string tool_script(const temporary_directory& folder, const std::string& name, const std::string& body) {
  const auto path = folder.write(name, "#!/bin/sh\n" + body);
  fs::permissions(path, fs::perms::owner_all);
  return path;
}

std::vector<std::string> every_program() {
  std::vector<std::string> programs;
  for (const auto& entry : fs::directory_iterator(tools_dir)) {
    const std::string name = entry.path().filename();
    if (entry.is_regular_file() && (name == "weir" || name.starts_with("weir-"))) programs.push_back(name);
  }
  std::sort(programs.begin(), programs.end());
  return programs;
}

}  // namespace

TEST_CASE("weir: a program weir-NAME on PATH is the tool NAME, with its words and its status", "[weir]") {
  const temporary_directory folder;
  tool_script(folder, "weir-greet",
              "test \"$1\" = --summary && echo 'weir-greet: says hello' && exit\necho \"$0|$*\"; exit 37\n");
  const auto run = weir("greet --help -n '3 4' --max_tokens -- x", folder.file(""));
  CHECK(run.status == 37);
  CHECK(run.out == folder.file("") + "weir-greet|--help -n 3 4 --max_tokens -- x\n");

  CHECK(weir("list", folder.file("")).out.find("  greet         says hello\n") != std::string::npos);
  CHECK(weir("list --names", folder.file("")).out.find("greet\n") != std::string::npos);
  CHECK(weir("--help", folder.file("")).out.find("greet         says hello") != std::string::npos);
}

TEST_CASE("weir: a tool that says nothing of itself is listed by its path, and one that hangs holds nobody up",
          "[weir]") {
  const temporary_directory folder;
  const auto mute = tool_script(folder, "weir-mute", "exit 1\n");
  const auto slow = tool_script(folder, "weir-slow", "exec sleep 1000\n");
  const auto start = std::chrono::steady_clock::now();
  const auto listed = weir("list", folder.file(""));
  CHECK(listed.status == 0);
  CHECK(listed.out.find("  mute          " + mute + "\n") != std::string::npos);
  CHECK(listed.out.find("  slow          " + slow + "\n") != std::string::npos);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(300));
}

TEST_CASE("weir: statuses of a tool that is missing or can't be run are those of env(1)", "[weir]") {
  const temporary_directory folder;
  tool_script(folder, "weir-greet", "exit 0\n");
  const auto missing = weir("gret x", folder.file(""));
  CHECK(missing.status == 127);
  CHECK(missing.out.find("did you mean greet?") != std::string::npos);

  tool_script(folder, "weir-odd", "");
  folder.write("weir-odd",
               "\x7F"
               "ELF no program");
  CHECK(weir("odd", folder.file("")).status == 126);
  CHECK(weir("").status == 2);
  CHECK(weir("list --nonsense").status == 2);

  tool_script(folder, "weir-die", "kill -9 $$\n");
  CHECK(weir("die", folder.file("")).status == 137);
}

TEST_CASE("tools: each has help with an example and exit statuses, a version, a manual page, completion", "[weir]") {
  const auto programs = every_program();
  REQUIRE(programs.size() > 1);
  for (const auto& name : programs) {
    CAPTURE(name);
    const std::string program = tools_dir + "/" + name;
    const auto help = shell(program + " --help");
    CHECK(help.status == 0);
    CHECK(help.out.starts_with(name + ": "));
    for (const auto* part : {"usage:", "exit status:", "examples:", "--help", "--completion"})
      CHECK(help.out.find(part) != std::string::npos);
    CHECK(help.out.find("\n  " + name) != std::string::npos);
    CHECK(shell(program + " --version").out.starts_with(name + " "));
    const auto summary = shell(program + " --summary").out;
    CHECK(summary.starts_with(name + ": "));
    CHECK(std::count(summary.begin(), summary.end(), '\n') == 1);
    CHECK(shell(program + " --man > /dev/null").status == 0);
    CHECK(shell(program + " --completion bash | bash -n").status == 0);
    CHECK(shell(program + " --completion csh 2> /dev/null").status == 2);
    CHECK(shell(program + " --no-such-option 2> /dev/null").status == 2);
    for (const auto* word : {"--help", "--version", "--man", "--completion fish"})
      CHECK(shell(program + " " + word + " > /dev/full 2> /dev/null").status == 2);
  }
}

TEST_CASE("tools: manual pages are clean", "[weir]") {
  if (shell("command -v groff").status != 0) SKIP("groff is not installed");
  for (const auto& name : every_program()) {
    CAPTURE(name);
    CHECK(shell(tools_dir + "/" + name + " --man | groff -man -ww -z -Tutf8 2>&1").out.empty());
  }
}

TEST_CASE("tools: every long option's letters are ASCII and every option has help", "[weir]") {
  for (const auto& name : every_program()) {
    CAPTURE(name);
    const auto help = shell(tools_dir + "/" + name + " --help").out;
    CHECK(std::all_of(help.begin(), help.end(), [](unsigned char c) { return c == '\n' || (c >= ' ' && c < 127); }));
    const auto fish = shell(tools_dir + "/" + name + " --completion fish").out;
    CHECK(fish.find("-d ''") == std::string::npos);
  }
}

#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("tools: a binary is below 5 MB, and starting it takes milliseconds", "[weir]") {
  for (const auto& name : every_program()) {
    CAPTURE(name);
    CHECK(fs::file_size(tools_dir + "/" + name) < 5'000'000);
    std::vector<double> milliseconds;
    for (int i = 0; i < 9; ++i) {
      const auto start = std::chrono::steady_clock::now();
      CHECK(shell("exec " + tools_dir + "/" + name + " --version").status == 0);
      milliseconds.push_back(
          std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    }
    std::nth_element(milliseconds.begin(), milliseconds.begin() + 4, milliseconds.end());
    std::printf("%s: %ju kB, starts in %.1f ms with its shell\n", name.c_str(),
                static_cast<std::uintmax_t>(fs::file_size(tools_dir + "/" + name)) / 1000, milliseconds[4]);
  }
}
#endif
