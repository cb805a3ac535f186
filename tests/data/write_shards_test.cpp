#include "weir/data/write_shards.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <string>
#include <vector>

#include "catch.hpp"
#include "shell.hpp"
#include "weir/base/hash.hpp"
#include "weir/data/merge_shards.hpp"
#include "weir/data/print_shard.hpp"

namespace {

using strings = std::vector<std::string>;

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
bool exists(const std::string& path) {
  return std::filesystem::exists(path);
}

/// A file as it was made: what a splitter has to find out.
struct made_file {
  std::string head;
  strings rows;     // each with its end
  strings weights;  // of each row, as its field "w" has it
  weir::row_format format = weir::row_format::lines;
  [[nodiscard]] std::string bytes() const { return std::accumulate(rows.begin(), rows.end(), head); }
};

class file_maker {
 public:
  explicit file_maker(std::uint64_t seed) : random_(seed) {}

  made_file make(weir::row_format format) {
    made_file file;
    file.format = format;
    if (one_of(3) == 0) file.head = "\xEF\xBB\xBF";
    if (format == weir::row_format::csv) file.head += std::string("text,w,\"a \"\"note\"\"\nhere\"") + end();
    if (format == weir::row_format::jsonl && one_of(2) == 0) file.head += R"({"type":"run","argv":["x"]})" + end();
    const auto count = 1 + one_of(20);
    for (std::uint64_t i = 0; i < count; ++i) {
      file.weights.push_back(std::to_string(one_of(50)) + (one_of(2) == 0 ? ".5" : ""));
      file.rows.push_back(row(format, file.weights.back()) + end());
    }
    if (one_of(2) == 0) file.rows.back().pop_back();        // no final newline, or a '\r' at the end
    if (file.rows.back().empty()) file.rows.back() = "\n";  // no row would be left
    return file;
  }
  std::uint64_t one_of(std::uint64_t count) { return random_.below(count); }

 private:
  std::string end() { return one_of(4) == 0 ? "\r\n" : "\n"; }
  std::string text(const strings& alphabet) {
    std::string out;
    for (auto length = one_of(8); length > 0; --length) out += alphabet[one_of(alphabet.size())];
    return out;
  }
  std::string row(weir::row_format format, const std::string& weight) {
    if (format == weir::row_format::csv)
      return "\"" + text({"a", ",", "\"\"", "\n", "\r\n", "\xFF"}) + "\"," + weight + "," + text({"x", " ", "é"});
    if (format == weir::row_format::jsonl) return R"({"text":")" + text({"a", "é", "\\n"}) + R"(","w":)" + weight + "}";
    return text({"a", std::string(1, '\0'), "\xFF", "\r", "\"", ",", " "});
  }
  weir::random_stream random_;
};

/// The shard of each row, worked out here once more in the plainest way.
std::vector<std::uint64_t> owners_of(const made_file& file, const weir::split_rule& rule) {
  std::vector<std::uint64_t> owners;
  std::vector<double> loads(rule.shards);
  std::vector<std::uint64_t> counts(rule.shards);
  for (std::uint64_t r = 0; r < file.rows.size(); ++r) {
    std::uint64_t owner = r % rule.shards;
    if (rule.by == weir::deal_by::block) {
      owner = 0;
      const auto end_of = [&](std::uint64_t i) {
        return (i + 1) * (file.rows.size() / rule.shards) +
               std::min<std::uint64_t>(i + 1, file.rows.size() % rule.shards);
      };
      while (r >= end_of(owner)) ++owner;
    } else if (rule.by == weir::deal_by::hash) {
      std::string key = file.rows[r];
      if (key.ends_with('\n')) key.pop_back();
      if (key.ends_with('\r')) key.pop_back();
      owner = weir::hash64(rule.field.empty() ? key : file.weights[r]) % rule.shards;
    } else if (rule.by == weir::deal_by::weight) {
      owner = 0;
      for (std::uint64_t i = 1; i < rule.shards; ++i)
        if (std::pair(loads[i], counts[i]) < std::pair(loads[owner], counts[owner])) owner = i;
      loads[owner] += std::stod(file.weights[r]);
      ++counts[owner];
    }
    owners.push_back(owner);
  }
  return owners;
}

/// One shard by print_shard.
std::string printed(const std::string& path, weir::row_format format, const weir::split_rule& rule, std::uint64_t index,
                    const std::string& out_path) {
  auto input = weir::split_input::open(path);
  REQUIRE(input);
  auto out = weir::create_file(out_path);
  REQUIRE(out);
  const auto done = weir::print_shard(*input, {.format = format, .rule = rule, .index = index}, *out);
  CHECK(done);
  return read(out_path);
}

weir::split_rule rule_of(std::string_view text, std::uint64_t shards) {
  auto rule = weir::parse_split_rule(text).value();
  rule.shards = shards;
  return rule;
}

std::string merged(const std::string& directory, const temporary_directory& scratch) {
  const auto done = weir::merge_shards({.directory = directory, .out = scratch.file("merged"), .force = true});
  if (!done) FAIL(done.error().detail);
  return read(scratch.file("merged"));
}

}  // namespace

TEST_CASE("write_shards: shards hold the rows that the rule says, and merge to the input byte for byte",
          "[split][property]") {
  const std::string by = GENERATE("stride", "block", "hash", "hash=w", "weight=w");
  const auto format = GENERATE(weir::row_format::lines, weir::row_format::jsonl, weir::row_format::csv);
  if (format == weir::row_format::lines && by.ends_with("=w")) return;
  const temporary_directory dir;
  file_maker maker(by.size() * 10 + static_cast<std::uint64_t>(format));
  for (const std::uint64_t shards : {1U, 2U, 3U, 5U, 70U}) {
    const auto file = maker.make(format);
    const auto rule = rule_of(by, shards);
    const auto input = dir.write("input." + std::string(to_string(format)), file.bytes());
    CAPTURE(by, shards, file.bytes());
    const auto plan = weir::write_shards(
        {.input = input, .directory = dir.file("out"), .rule = rule, .format = format, .force = true});
    if (!plan) FAIL(plan.error().detail);

    const auto owners = owners_of(file, rule);
    for (std::uint64_t i = 0; i < shards; ++i) {
      std::string expected = file.head;
      for (std::size_t r = 0; r < file.rows.size(); ++r)
        if (owners[r] == i) expected += file.rows[r];
      CHECK(read(dir.file("out/" + plan->part(i))) == expected);
      CHECK(plan->shard_rows[i] == static_cast<std::uint64_t>(std::count(owners.begin(), owners.end(), i)));
      if (shards < 10) CHECK(printed(input, format, rule, i, dir.file("one")) == expected);
    }
    CHECK(merged(dir.file("out"), dir) == file.bytes());
  }
}

TEST_CASE("write_shards: a tree gives trees, dealt on from file to file, and merges to the same tree", "[split]") {
  const auto by = GENERATE("stride", "block", "hash", "weight=w");
  const auto per_file = GENERATE(false, true);
  const temporary_directory dir;
  file_maker maker(99);
  std::filesystem::create_directories(dir.file("in/val"));
  std::filesystem::create_directories(dir.file("in/dev"));
  std::filesystem::create_directories(dir.file("in/empty"));
  strings names{"val/b.csv", "val/a.csv", "test.jsonl", "val-c.csv"};
  for (const auto& name : names)
    dir.write("in/" + name,
              maker.make(name.ends_with("csv") ? weir::row_format::csv : weir::row_format::jsonl).bytes());
  dir.write("in/dev/a_dev.csv", "id\n1\n2\n");
  dir.write("in/README.md", "not rows\n");

  auto rule = rule_of(by, 3);
  rule.per_file = per_file;
  const auto plan =
      weir::write_shards({.input = dir.file("in"), .directory = dir.file("out"), .rule = rule, .copy = {"dev"}});
  if (!plan) FAIL(plan.error().detail);
  for (const char* part : {"out/shard-0", "out/shard-2"}) {
    CHECK(read(dir.file(part) + "/dev/a_dev.csv") == "id\n1\n2\n");
    CHECK(read(dir.file(part) + "/README.md") == "not rows\n");
    CHECK(std::filesystem::is_directory(dir.file(part) + "/empty"));
  }
  if (!rule.by_content() && !per_file) {
    const auto [least, most] = std::minmax_element(plan->shard_rows.begin(), plan->shard_rows.end());
    CHECK(*most - *least <= 1);
  }
  std::uint64_t dealt = 0;
  for (const auto& f : plan->files) dealt += f.rows;
  CHECK(dealt == std::accumulate(plan->shard_rows.begin(), plan->shard_rows.end(), std::uint64_t{0}));
  CHECK(std::is_sorted(plan->files.begin(), plan->files.end(), [](auto& a, auto& b) { return a.path < b.path; }));

  const auto done = weir::merge_shards({.directory = dir.file("out"), .out = dir.file("back")});
  if (!done) FAIL(done.error().detail);
  names.insert(names.end(), {"dev/a_dev.csv", "README.md"});
  for (const auto& name : names) CHECK(read(dir.file("back/" + name)) == read(dir.file("in/" + name)));
  CHECK(exists(dir.file("back/empty")));
}

TEST_CASE("write_shards: in a tree the stride runs on, and with per_file it begins anew", "[split]") {
  const temporary_directory dir;
  std::filesystem::create_directories(dir.file("in"));
  dir.write("in/1.jsonl", "a\n");
  dir.write("in/2.jsonl", "b\n");
  dir.write("in/3.jsonl", "c\n");
  auto rule = rule_of("stride", 3);
  REQUIRE(weir::write_shards({.input = dir.file("in"), .directory = dir.file("on"), .rule = rule}));
  CHECK(read(dir.file("on/shard-1/1.jsonl")).empty());
  CHECK(read(dir.file("on/shard-1/2.jsonl")) == "b\n");
  rule.per_file = true;
  REQUIRE(weir::write_shards({.input = dir.file("in"), .directory = dir.file("anew"), .rule = rule}));
  for (const char* name : {"1", "2", "3"}) CHECK_FALSE(read(dir.file("anew/shard-0/") + name + ".jsonl").empty());
}

TEST_CASE("write_shards: shards.json tells the row numbers of each shard", "[split]") {
  const temporary_directory dir;
  const auto input = dir.write("q.csv", "id\n0\n1\n2\n3\n4\n");
  REQUIRE(weir::write_shards({.input = input, .directory = dir.file("s"), .rule = rule_of("stride", 2)}));
  CHECK(
      read(dir.file("s/shards.json")) ==
      R"({"type":"shards","version":")" WEIR_VERSION_STRING
      R"(","by":"stride","shards":2,"rows":5,"tree":false,"per_file":false,"extension":".csv",)"
      R"("parts":[{"name":"shard-0.csv","rows":3,"first":0,"step":2},{"name":"shard-1.csv","rows":2,"first":1,"step":2}],)"
      R"("files":[{"path":"q.csv","copied":false,"format":"csv","header":true,"rows":5}]})"
      "\n");
  REQUIRE(weir::write_shards({.input = input, .directory = dir.file("b"), .rule = rule_of("block", 2)}));
  CHECK(read(dir.file("b/shards.json")).find(R"({"name":"shard-1.csv","rows":2,"first":3,"step":1})") !=
        std::string::npos);
}

TEST_CASE("write_shards: what exists is refused, and force leaves nothing of the split before", "[split]") {
  const temporary_directory dir;
  const auto input = dir.write("q.jsonl", "1\n2\n3\n");
  weir::split_job job{.input = input, .directory = dir.file("out"), .rule = rule_of("hash", 3)};
  REQUIRE(weir::write_shards(job));
  dir.write("out/mine.txt", "kept");
  CHECK(exists(dir.file("out/shards.owners")));
  job.rule = rule_of("stride", 2);
  const auto refused = weir::write_shards(job);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == weir::errc::busy);
  CHECK(exists(dir.file("out/shard-2.jsonl")));
  job.force = true;
  for (const char* part : {"out/shard-0.jsonl", "out/shard-2.jsonl"}) {
    job.input = dir.file(part);
    CHECK(weir::write_shards(job).error().detail == job.input + " would be replaced; say another --out");
  }
  job.input = input;
  REQUIRE(weir::write_shards(job));
  CHECK_FALSE(exists(dir.file("out/shard-2.jsonl")));
  CHECK_FALSE(exists(dir.file("out/shards.owners")));
  CHECK(read(dir.file("out/mine.txt")) == "kept");
  CHECK(merged(dir.file("out"), dir) == "1\n2\n3\n");
}

TEST_CASE("write_shards: a split that fails leaves no shards, and names what it leaves", "[split]") {
  const temporary_directory dir;
  const auto input = dir.write("q.csv", "id,x\n1,2\n3\n");
  const auto failed = weir::write_shards({.input = input, .directory = dir.file("out"), .rule = rule_of("stride", 2)});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().detail == input + ": line 3 has 1 field, the first row has 2\npartial output is left in " +
                                     dir.file("out/shard-0.csv.partial") + " to " +
                                     dir.file("out/shard-1.csv.partial"));
  CHECK_FALSE(exists(dir.file("out/shard-0.csv")));
  CHECK_FALSE(exists(dir.file("out/shards.json")));
}

TEST_CASE("write_shards: without a header the first record is a row, and the mark comes back too", "[split]") {
  const temporary_directory dir;
  for (const char* name : {"q.csv", "q.jsonl"}) {
    const std::string bytes = "\xEF\xBB\xBF{\"type\":\"run\",\"x\":1}\n1,\"\"\n";
    const auto input = dir.write(name, bytes);
    const auto plan = weir::write_shards(
        {.input = input, .directory = dir.file("out"), .rule = rule_of("stride", 2), .header = false, .force = true});
    REQUIRE(plan);
    CHECK(plan->shard_rows == std::vector<std::uint64_t>{1, 1});
    CHECK(merged(dir.file("out"), dir) == bytes);
  }
}

TEST_CASE("write_shards: a tree is not written into itself, and a pattern that matches nothing is an error",
          "[split]") {
  const temporary_directory dir;
  std::filesystem::create_directories(dir.file("in"));
  dir.write("in/a.csv", "id\n1\n");
  const auto inside =
      weir::write_shards({.input = dir.file("in"), .directory = dir.file("in/out"), .rule = rule_of("stride", 2)});
  CHECK(inside.error().code == weir::errc::invalid_argument);
  const auto typo = weir::write_shards(
      {.input = dir.file("in"), .directory = dir.file("out"), .rule = rule_of("stride", 2), .copy = {"dve"}});
  CHECK(typo.error().code == weir::errc::not_found);
  CHECK_FALSE(exists(dir.file("out")));
}

TEST_CASE("merge_shards: results with a row for each row come back in the input's order", "[split]") {
  const temporary_directory dir;
  const auto by = GENERATE("stride", "block", "hash");
  CAPTURE(by);
  std::string questions = "q\n", expected;
  for (int i = 0; i < 23; ++i) {
    questions += "\"question\n" + std::to_string(i) + "\"\n";
    expected += "answer to \"question " + std::to_string(i) + "\"\n";
  }
  const auto input = dir.write("q.csv", questions);
  const auto plan = weir::write_shards({.input = input, .directory = dir.file("out"), .rule = rule_of(by, 4)});
  REQUIRE(plan);
  for (std::uint64_t i = 0; i < 4; ++i) {
    weir::csv_records shard(weir::fd_source(weir::open_input(dir.file("out/" + plan->part(i))).value(), ""));
    std::string answers;
    std::string_view row;
    REQUIRE(shard.next(row));  // the header
    while (shard.next(row)) {
      std::string answer = "answer to " + std::string(row) + "\n";
      std::replace(answer.begin(), answer.end() - 1, '\n', ' ');
      answers += answer;
    }
    if (!answers.empty()) answers.pop_back();  // as programs do that join lines; rows must not run together
    dir.write("answers-" + std::to_string(i) + ".jsonl", answers);
  }
  weir::merge_job job{
      .directory = dir.file("out"), .results = dir.file("answers-{index}.jsonl"), .out = dir.file("all")};
  const auto done = weir::merge_shards(job);
  if (!done) FAIL(done.error().detail);
  CHECK(read(dir.file("all")) + "\n" == expected);

  dir.write("answers-2.jsonl", read(dir.file("answers-2.jsonl")) + "\none too many\n");
  job.force = true;
  CHECK(weir::merge_shards(job).error().detail ==
        dir.file("answers-2.jsonl") + " has more rows than the split put there\npartial output is left in " +
            dir.file("all.partial"));
  dir.write("answers-2.jsonl", "");
  CHECK(weir::merge_shards(job).error().code == weir::errc::parse);
  std::filesystem::remove(dir.file("answers-2.jsonl"));
  CHECK(weir::merge_shards(job).error().code == weir::errc::not_found);
}

TEST_CASE("merge_shards: the run records of all results are kept at the top", "[split]") {
  const temporary_directory dir;
  const auto input = dir.write("q.jsonl", "0\n1\n2\n");
  REQUIRE(weir::write_shards({.input = input, .directory = dir.file("out"), .rule = rule_of("stride", 2)}));
  const std::string run0 = R"({"type":"run","host":"a"})"
                           "\n",
                    run1 = R"({"type":"run","host":"b"})"
                           "\n";
  dir.write("r0.jsonl", run0 + "zero\ntwo\n");
  dir.write("r1.jsonl", "\xEF\xBB\xBF" + run1 + "one\n");  // a mark is not kept inside a file
  REQUIRE(weir::merge_shards(
      {.directory = dir.file("out"), .results = dir.file("r{index}.jsonl"), .out = dir.file("all")}));
  CHECK(read(dir.file("all")) == run0 + run1 + "zero\none\ntwo\n");
}

TEST_CASE("merge_shards: shards of CSV files with another header do not go together", "[split]") {
  const temporary_directory dir;
  const auto input = dir.write("q.csv", "id\n0\n1\n");
  REQUIRE(weir::write_shards({.input = input, .directory = dir.file("out"), .rule = rule_of("stride", 2)}));
  dir.write("out/shard-1.csv", "di\n1\n");
  const auto refused = weir::merge_shards({.directory = dir.file("out"), .out = dir.file("all")});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().detail.starts_with(dir.file("out/shard-1.csv") + " has another header than "));
}

TEST_CASE("merge_shards: a shards.json that leads out of its directory is refused", "[split]") {
  const temporary_directory dir;
  const std::string good =
      R"({"type":"shards","by":"stride","shards":1,"tree":true,"per_file":false,"extension":"","parts":[{"rows":1}],)"
      R"("files":[{"path":"a/b.csv","copied":true}]})";
  const auto read_with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    if (!from.empty()) text.replace(text.find(from), from.size(), to);
    dir.write("shards.json", text + "\n");
    return weir::read_shards(dir.file("."));
  };
  CHECK(read_with("", ""));
  CHECK_FALSE(read_with("a/b.csv", "../b.csv"));
  CHECK_FALSE(read_with("a/b.csv", "a/../../b.csv"));
  CHECK_FALSE(read_with("a/b.csv", "/etc/passwd"));
  CHECK_FALSE(read_with(R"("extension":"")", R"("extension":"/../x")"));
  CHECK_FALSE(read_with(R"("shards":1)", R"("shards":2)"));
  CHECK_FALSE(read_with("stride", "stripe"));
  CHECK_FALSE(read_with("{\"type", "[{\"type"));
}
