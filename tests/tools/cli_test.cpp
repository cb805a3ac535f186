#include "cli.hpp"

#include <string>
#include <vector>

#include "catch.hpp"
#include "cli_table.hpp"
#include "shell.hpp"

using weir::tool::parse;
using words = std::vector<std::string>;

namespace {

weir::tool::description example() {
  return {.name = "weir-example",
          .summary = "shows what a table can say",
          .usage = "weir-example -n N [FILE]",
          .text = "One paragraph that ends here.\n\n.This one starts with a dot, and has 'quotes', ~, ^, ` and \\.",
          .options = {{"count,n", "N", "How many; 3 by default. More words."},
                      {"max-tokens,max-len", "N", "Two long names."},
                      {"by", "RULE", "One of a few [in brackets]: it's so.", "stride|hash|weight=..."},
                      {"header", "K=V", "May be given again.", {}, true},
                      {"goal", "G", "Takes words.", {}, true, true},
                      {"quiet-one", "", ""},
                      {"force,f", "", "A flag."}},
          .examples = "weir-example -n 3 rows"};
}

weir::tool::arguments parsed(const words& given) {
  return parse(example(), given).value();
}
std::string refused(const words& given) {
  const auto got = parse(example(), given);
  return got ? "accepted" : got.error().detail;
}

bool installed(const std::string& program) {
  return shell("command -v " + program).status == 0;
}

/// Whether `command FILE` succeeds on a file that holds `text`.
bool accepts(const std::string& command, const std::string& text) {
  const temporary_directory folder;
  return shell(command + " " + folder.write("text", text)).status == 0;
}

std::string completion(const char* shell) {
  return weir::tool::completion(example(), shell).value();
}

}  // namespace

TEST_CASE("cli: long names take - or _, and every name of an option is the same option", "[cli]") {
  for (const auto& given : {words{"--max-tokens", "7"}, words{"--max_tokens", "7"}, words{"--max_tokens=7"},
                            words{"--max_len=7"}, words{"--max-len", "7"}})
    CHECK(parsed(given).get("max-tokens") == "7");
  for (const auto& given : {words{"-n", "7"}, words{"-n7"}, words{"--count=7"}})
    CHECK(parsed(given).get("count") == "7");
}

TEST_CASE("cli: a value stays as it was typed", "[cli]") {
  for (const std::string value :
       {"-1", "--force", "--max_tokens", "-", "--", "", "{}", "[a,b]", "a=b_c", "%%", "--x=1"}) {
    CAPTURE(value);
    CHECK(parsed({"--header", value}).all("header") == words{value});
    CHECK(parsed({"--header=" + value}).all("header") == words{value});
    CHECK(parsed({"--header", value}).operands().empty());
    CHECK_FALSE(parsed({"--header", value}).has("force"));
  }
  CHECK(parsed({"--header=a_b=--c_d"}).all("header") == words{"a_b=--c_d"});
}

TEST_CASE("cli: an option that was not given has its fallback", "[cli]") {
  const auto none = parsed({});
  CHECK_FALSE(none.has("count"));
  CHECK(none.get("count", "3") == "3");
  CHECK(*none.number("count", 3) == 3);
  CHECK(none.all("header").empty());
}

TEST_CASE("cli: an unknown option is refused and the nearest one is named", "[cli]") {
  CHECK(refused({"--max-tokns", "3"}) == "unknown option --max-tokns; did you mean --max-tokens?");
  CHECK(refused({"--forse"}) == "unknown option --forse; did you mean --force?");
  CHECK(refused({"--tensor-parallel=2"}) == "unknown option --tensor-parallel=2");
  CHECK(refused({"-z"}) == "unknown option -z");
  CHECK(refused({"FILE", "-1"}) == "unknown option -1");
}

TEST_CASE("cli: what can't be meant is refused", "[cli]") {
  CHECK(refused({"--count", "1", "-n", "2"}) == "-n, --count N was given 2 times");
  CHECK(refused({"--by", "colour"}) == "--by RULE: 'colour' is not one of stride|hash|weight=...");
  CHECK(refused({"--count"}).find("--count") != std::string::npos);
  CHECK(parsed({"--by", "weight=size"}).get("by") == "weight=size");
  CHECK(refused({"--by", "weight"}) != "accepted");
  CHECK(parsed({"--header", "a=1", "--header", "b=2"}).all("header") == words{"a=1", "b=2"});
  CHECK(parsed({"-f", "--force"}).has("force"));
  CHECK(parsed({"-n", "x"}).number("count", 0).error().detail == "--count: 'x' is not a number in range");

  auto bare = example();
  bare.operands = {};
  CHECK(parse(bare, {"FILE"}).error().detail == "takes no operand, but got 'FILE'");
}

TEST_CASE("cli: after -- there are operands, or words kept for the command that is run", "[cli]") {
  CHECK(parsed({"a", "--", "--max_tokens", "-n", "--"}).operands() == words{"a", "--max_tokens", "-n", "--"});
  auto runner = example();
  runner.rest = true;
  const auto given = parse(runner, {"--header", "--", "a", "--", "--force", "--", "--max_tokens=1"}).value();
  CHECK(given.all("header") == words{"--"});
  CHECK(given.operands() == words{"a"});
  CHECK(given.rest() == words{"--force", "--", "--max_tokens=1"});
  CHECK_FALSE(given.has("force"));
}

TEST_CASE("cli: an option that takes words has all up to the next option", "[cli]") {
  const auto given =
      parsed({"--goal", "a", "b=1", "--header", "x=1", "FILE", "--goal=c", "d", "--goal", "-e", "-f", "g"});
  CHECK(given.all("goal") == words{"a", "b=1", "c", "d", "-e"});
  CHECK(given.all("header") == words{"x=1"});
  CHECK(given.operands() == words{"FILE", "g"});
  CHECK(parsed({"--goal", "a", "--", "b"}).operands() == words{"b"});
}

TEST_CASE("cli: help names every option, the exit statuses and an example", "[cli]") {
  const auto help = weir::tool::help_text(example());
  for (const auto* part : {"-n, --count N", "--max-tokens, --max-len N", "-f, --force", "(stride | hash | weight=...)",
                           "exit status: 0 done, 2 trouble", "weir-example -n 3 rows", "--completion SHELL"})
    CHECK(help.find(part) != std::string::npos);
  CHECK(help.find("--summary") == std::string::npos);
  CHECK(help.find("--quiet-one") == std::string::npos);
  CHECK(parsed({"--quiet-one"}).has("quiet-one"));
}

TEST_CASE("cli: the manual page is clean roff that keeps quotes, dashes and dots", "[cli]") {
  const auto page = weir::tool::man_page(example());
  CHECK(page.find("\n\\&.This one") != std::string::npos);
  CHECK(page.find("\\(aqquotes\\(aq, \\(ti, \\(ha, \\(ga and \\e.") != std::string::npos);
  if (!installed("groff")) SKIP("groff is not installed");
  CHECK(accepts("sh -c '! groff -man -ww -z -Tutf8 \"$0\" 2>&1 | grep .'", page));
  CHECK_FALSE(accepts("sh -c '! groff -man -ww -z -Tutf8 \"$0\" 2>&1 | grep .'", page + ".no_such_request\n"));
}

TEST_CASE("cli: bash reads its completion rules", "[cli]") {
  CHECK(accepts("bash -n", completion("bash")));
  CHECK_FALSE(weir::tool::completion(example(), "csh"));
}

TEST_CASE("cli: zsh reads its completion rules", "[cli]") {
  if (!installed("zsh")) SKIP("zsh is not installed");
  CHECK(accepts("zsh -n", completion("zsh")));
}

TEST_CASE("cli: fish reads its completion rules", "[cli]") {
  if (!installed("fish")) SKIP("fish is not installed");
  CHECK(accepts("fish -n", completion("fish")));
}

TEST_CASE("cli: bash completes options, values from the table, and both names of an option", "[cli]") {
  const auto completes = [](const std::string& line, const std::string& expected) {
    return accepts("bash", completion("bash") + "\nCOMP_WORDS=(weir-example " + line +
                               ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_weir_example\ntest \"${COMPREPLY[*]}\" = '" +
                               expected + "'\n");
  };
  CHECK(completes("--max", "--max-tokens --max-len"));
  CHECK(completes("--by ''", "stride hash weight="));
  CHECK(completes("--by s", "stride"));
  CHECK(completes("--fo", "--force"));
  CHECK(completes("--nothing", ""));
}
