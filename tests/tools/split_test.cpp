#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "catch.hpp"
#include "shell.hpp"

namespace {

const std::string split = WEIR_TOOLS_DIR "/weir-split ";

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A command that is to fail with status 2 and say `words` on standard error.
void refuses(const std::string& command, const std::string& words) {
  const auto ran = shell(command + " 2>&1 > /dev/null");
  CAPTURE(command, ran.out);
  CHECK(ran.status == 2);
  CHECK(ran.out.find(words) != std::string::npos);
}

}  // namespace

TEST_CASE("weir-split: each shard reaches standard output, from a file and from a pipe", "[tools]") {
  const temporary_directory dir;
  const auto file = dir.write("q.csv", "id,text\n0,\"a\n,\"\n1,b\n2,c\n");
  CHECK(shell(split + "-n 2 -i 0 " + file).out == "id,text\n0,\"a\n,\"\n2,c\n");
  CHECK(shell(split + "-n 2 -i 1 --format csv < " + file).out == "id,text\n1,b\n");
  CHECK(shell("cat " + file + " | " + split + "-n 2 -i 1 --by block --format csv").out == "id,text\n2,c\n");
  CHECK(shell(split + "-n 2 -i 0 --no-header " + file).out == "id,text\n1,b\n");
  CHECK(shell("seq 5 | " + split + "-n 3 -i 1").out == "2\n5\n");
  CHECK(shell("seq 5 | " + split + "-n 3 -i 1 -").out == "2\n5\n");
  CHECK(shell(split + "-n 9 -i 8 " + file).out == "id,text\n");
}

TEST_CASE("weir-split: shards in a directory merge to the input", "[tools]") {
  const temporary_directory dir;
  const auto file = dir.write("q.jsonl", "{\"w\":3}\n{\"w\":1}\r\n\n{\"w\":2}");
  const auto out = dir.file("out");
  REQUIRE(shell(split + "-n 3 --out " + out + " " + file).status == 0);
  CHECK(shell(split + "--merge " + out).out == read(file));
  refuses(split + "-n 3 --out " + out + " " + file, "exists; --force replaces an earlier split");
  CHECK(shell(split + "-n 2 --by hash --force --out " + out + " " + file).status == 0);
  CHECK(shell(split + "--merge " + out + " --out " + dir.file("back")).status == 0);
  CHECK(read(dir.file("back")) == read(file));
  refuses(split + "--merge " + out + " --out " + dir.file("back"), "exists; --force replaces it");
}

TEST_CASE("weir-split: wrong input ends with status 2 and a sentence that says where", "[tools]") {
  const temporary_directory dir;
  const std::string shard = split + "-n 2 -i 1 ";
  refuses(shard + dir.file("missing"), "there is no file ");
  refuses(shard + dir.file(""), "is a directory, not a file; --out DIR splits");
  refuses(shard + dir.write("empty.jsonl", ""), "empty.jsonl: empty, no rows");
  refuses(shard + dir.write("empty.csv", ""), "empty.csv: empty, not even a header");
  refuses(shard + "< /dev/null", "standard input: empty, no rows");
  refuses(shard + dir.write("short.csv", "a,b\n1,2\n\"3\n\",4\n5\n"), "short.csv: line 5 has 1 field");
  refuses(shard + dir.write("long.csv", "a,b\n1,2,3\n"), "long.csv: line 2 has 3 fields, the first row has 2");
  refuses(shard + dir.write("open.csv", "a,b\n1,2\n3,\"4\n5,6\n"), "open.csv: line 3: a quoted field opens and never");
  refuses(shard + dir.write("array.json", "[1]\n"), "say --format jsonl");
  refuses(shard + "--by weight=w " + dir.write("w.jsonl", "{\"w\":1}\n{\"w\":-1}\n"),
          "w.jsonl: line 2: '-1' in field 'w'");
  refuses(shard + "--by hash=id " + dir.file("w.jsonl"), "w.jsonl: line 1: the row has no field 'id'");
  refuses(split + "-n 2 --out " + dir.file("out") + " " + dir.file("short.csv"), "partial output is left in ");
}

TEST_CASE("weir-split: a wrong command line ends with status 2 and says what to do", "[tools]") {
  for (const char* args : {"", "-n 0 -i 0 x", "-n 2 -i 2 x", "-n 2 x", "-n 2 -i -1 x", "-n 2 -i 0 --out d x", "-i 0 x",
                           "-n 2 -i 0 --by stripe x", "-n 2 -i 0 --by weight x", "-n 2 -i 0 x y", "--merge",
                           "-n x -i 0", "--merge d -n 2", "--merge d x", "-n 2 -i 0 --results '{index}' x"})
    refuses(split + args, "weir-split: ");
  refuses(split + "-n 1000001 -i 0 x", "-n is at most");
  refuses(split + "-n 0 -i 0 x", "-n must be at least 1");
  refuses(split + "--merge /nonexistent", "there is no file /nonexistent/shards.json");
}

TEST_CASE("weir-split: NUL bytes and invalid UTF-8 pass", "[tools]") {
  const temporary_directory dir;
  const auto file = dir.write("x.jsonl", std::string("a\0b\n\xFF\xC3\nlast", 12));
  CHECK(shell(split + "-n 1 -i 0 " + file).out == read(file));
}

TEST_CASE("weir-split: a line of 100 MB passes, in less memory than it would fill", "[tools]") {
  const temporary_directory dir;
  const std::string long_line = "head -c 100000000 /dev/zero | tr '\\0' x; echo; echo short";
  std::string bound = "ulimit -v 32768; ";  // KiB
  if (shell(bound + split + "--version").status != 0) {
    WARN("SKIPPED: the bound on memory; this build (a sanitizer's?) needs more to start");
    bound.clear();
  }
  const auto lines = dir.file("lines.jsonl"), shards = dir.file("shards");
  REQUIRE(shell("(" + long_line + ") > " + lines).status == 0);
  CHECK(shell(bound + split + "-n 2 -i 0 " + lines + " | wc -c").out == "100000001\n");
  CHECK(shell(bound + split + "-n 2 -i 1 " + lines).out == "short\n");
  CHECK(shell(bound + split + "-n 2 --out " + shards + " " + lines).status == 0);
  CHECK(shell(bound + split + "--merge " + shards + " | cmp - " + lines).status == 0);
  CHECK(shell(split + "-n 1 -i 0 --by hash " + lines + " | wc -c").out == "100000007\n");
}

TEST_CASE("weir-split: a full disk and a closed pipe are status 2, and partial outputs are named", "[tools]") {
  const temporary_directory dir;
  const auto lines = dir.file("lines.jsonl"), out = dir.file("out");
  REQUIRE(shell("seq 100000 > " + lines).status == 0);
  const auto full = shell("(" + split + "-n 2 -i 0 " + lines + " > /dev/full) 2>&1");
  CHECK(full.status == 2);
  CHECK(full.out == "weir-split: cannot write standard output: No space left on device\n");

  const auto closed = shell("trap '' PIPE; { " + split + "-n 1 -i 0 " + lines + " 2> " + dir.file("words") +
                            "; echo $? > " + dir.file("status") + "; } | true");
  CHECK(closed.status == 0);
  CHECK(read(dir.file("status")) == "2\n");
  CHECK(read(dir.file("words")) == "weir-split: cannot write standard output: Broken pipe\n");

  const auto limited = shell("trap '' XFSZ; ulimit -f 8; " + split + "-n 2 --out " + out + " " + lines + " 2>&1");
  CHECK(limited.status == 2);
  CHECK(limited.out.starts_with("weir-split: cannot write " + out + "/shard-"));
  CHECK(limited.out.ends_with(".jsonl.partial: File too large\npartial output is left in " + out +
                              "/shard-0.jsonl.partial to " + out + "/shard-1.jsonl.partial\n"));
  CHECK(shell("ls " + out).out == "shard-0.jsonl.partial\nshard-1.jsonl.partial\n");
  CHECK(shell(split + "-n 2 --out " + out + " " + lines).status == 0);  // and then there is room
  CHECK(shell("ls " + out).out == "shard-0.jsonl\nshard-1.jsonl\nshards.json\n");
}

TEST_CASE("weir-split: GSM8K's 1,319 questions give shards of 330, 330, 330 and 329, and come back", "[tools]") {
  const std::string questions = WEIR_SOURCE_DIR "/../shared/data/sets/gsm8k_test.jsonl";
  if (!std::filesystem::exists(questions)) {
    WARN("SKIPPED: there is no " << questions);
    return;
  }
  const temporary_directory dir;
  REQUIRE(shell(split + "-n 4 --out " + dir.file("out") + " " + questions).status == 0);
  CHECK(
      shell("cd " + dir.file("out") + " && cat shard-*.jsonl | wc -l && wc -l < shard-0.jsonl && wc -l < shard-3.jsonl")
          .out == "1319\n330\n329\n");
  CHECK(shell(split + "--merge " + dir.file("out") + " | cmp - " + questions).status == 0);
  CHECK(shell(split + "-n 4 -i 2 " + questions + " | cmp - " + dir.file("out/shard-2.jsonl")).status == 0);
}
