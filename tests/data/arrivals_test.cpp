#include "weir/data/arrivals.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "catch.hpp"

namespace {

/// A file that goes with its test.
struct scratch_file {
  explicit scratch_file(const std::string& text) {
    static int number = 0;
    path = (std::filesystem::temp_directory_path() /
            ("weir-arrivals-" + std::to_string(::getpid()) + "-" + std::to_string(number++)))
               .string();
    std::ofstream(path) << text;
  }
  ~scratch_file() { std::remove(path.c_str()); }
  std::string path;
};

const std::string shared = std::string(WEIR_SOURCE_DIR) + "/../shared/data/arrivals/";

}  // namespace

TEST_CASE("arrivals: a list of times in seconds is taken as it stands, sorted", "[data]") {
  const scratch_file file("# my schedule\n0.5\n\n2\r\n1e-3\n");
  const auto all = weir::read_arrivals(file.path);
  REQUIRE(all);
  REQUIRE(all->size() == 3);
  CHECK((*all)[0].t_ns == 1'000'000);
  CHECK((*all)[2].t_ns == 2'000'000'000);
  CHECK((*all)[0].input_len == weir::unmeasured);
  CHECK(weir::read_arrivals(file.path, 4)->back().t_ns == 500'000'000);
  CHECK(weir::read_arrivals(file.path, 1, 2)->size() == 2);
}

// Of the two traces: `date -u -d '2023-11-16 18:15:50.995169' +%s.%N` minus that of 18:15:46.68059 is 4.314579.
TEST_CASE("arrivals: Azure's trace begins at 0 and keeps its tenths of microseconds", "[data]") {
  const auto all = weir::read_arrivals(shared + "azure_conv.csv");
  if (!all && all.error().code == weir::errc::not_found) SKIP("../shared/data/arrivals is not here");
  REQUIRE(all);
  CHECK(all->size() == 19366);
  CHECK((*all)[0].t_ns == 0);
  CHECK((*all)[1].t_ns == 4'314'579'000);
  CHECK((*all)[1].input_len == 396);
  CHECK((*all)[1].output_len == 109);
}

TEST_CASE("arrivals: Mooncake's trace has milliseconds, lengths and shared blocks", "[data]") {
  const auto all = weir::read_arrivals(shared + "mooncake_synthetic.jsonl", 1, 5);
  if (!all && all.error().code == weir::errc::not_found) SKIP("../shared/data/arrivals is not here");
  REQUIRE(all);
  CHECK((*all)[2].t_ns == 40'000'000);
  CHECK((*all)[0].input_len == 40160);
  CHECK((*all)[0].output_len == 6);
  CHECK((*all)[0].blocks.size() == 79);
}

TEST_CASE("arrivals: a date over the end of a year, of a leap day and of a month is a day later", "[data]") {
  const auto day = [](const std::string& a, const std::string& b) {
    return *weir::detail::parse_date_time(b) - *weir::detail::parse_date_time(a);
  };
  constexpr std::int64_t second = 1'000'000'000;
  CHECK(day("2023-12-31 23:59:59", "2024-01-01 00:00:00") == second);
  CHECK(day("2024-02-28 00:00:00", "2024-03-01T00:00:00") == 2 * 86400 * second);
  CHECK(day("2023-02-28 00:00:00", "2023-03-01 00:00:00") == 86400 * second);
  CHECK(*weir::detail::parse_date_time("1970-01-01 00:00:00") == 0);
  CHECK(*weir::detail::parse_date_time("2000-01-01 00:00:00.5") == 946'684'800 * second + second / 2);
  CHECK_FALSE(weir::detail::parse_date_time("2023-11-16"));
}

TEST_CASE("arrivals: a line that is no arrival is refused with file and line", "[data]") {
  const auto bad = GENERATE(as<std::string>{}, "soon", "-1", "nan", "{\"timestamp\": -5}", "{\"input_length\": 5}",
                            "{\"timestamp\"", "2023-11-16 18:15:46,1", "2023-11-16 18:15:46,x,2", "1,2");
  CAPTURE(bad);
  const scratch_file file("1\n" + bad + "\n");
  const auto all = weir::read_arrivals(file.path);
  REQUIRE_FALSE(all);
  CHECK(all.error().detail.find(":2: ") != std::string::npos);
  CHECK_FALSE(weir::read_arrivals(scratch_file("# nothing\n").path));
  CHECK(weir::read_arrivals("/no/such/file").error().code == weir::errc::not_found);
}

TEST_CASE("arrivals: a trace may call its fields otherwise, and count in another unit", "[data]") {
  const scratch_file file("{\"at\": 0.5, \"in\": 40, \"out\": 2, \"h\": [9]}\n{\"at\": 2, \"in\": 3, \"out\": 1}\n");
  const weir::trace_form form{.time = "at", .input_len = "in", .output_len = "out", .blocks = "h", .unit_s = 1};
  const auto all = weir::read_arrivals(file.path, 2, 0, form);
  REQUIRE(all);
  CHECK((*all)[0].t_ns == 250'000'000);
  CHECK((*all)[1].t_ns == 1'000'000'000);
  CHECK((*all)[0].input_len == 40);
  CHECK((*all)[0].output_len == 2);
  CHECK((*all)[0].blocks == std::vector<std::int64_t>{9});
  CHECK_FALSE(weir::read_arrivals(file.path));
  const weir::arrival a{0, 40, 1, {1, 2, 3}}, b{0, 40, 1, {1, 2, 4}};
  const weir::trace_prompts make(30000, 1, 16);
  const auto p = make.at(0, a), q = make.at(1, b);
  std::size_t same = 0, at = 0;
  while (p.content[at] == q.content[at]) same += p.content[at++] == ',';
  CHECK(same == 32);
  CHECK(p.tokens_in_asked == 40);
}

TEST_CASE("arrivals: prompts of a trace are as long as it says and share what its blocks share", "[data]") {
  const weir::trace_prompts make(30000, 1);
  const weir::arrival a{5, 1100, 7, {1, 2, 3}}, b{6, 1100, 7, {1, 2, 4}}, c{7, 30, 0, {}};
  const auto p = make.at(0, a), q = make.at(1, b), r = make.at(2, c);
  const auto tokens = [](const weir::prompt& of) { return std::ranges::count(of.content, ',') + 1; };
  CHECK(tokens(p) == 1100);
  CHECK(tokens(r) == 30);
  CHECK(p.t_sched_ns == 5);
  CHECK(p.max_tokens == 7);
  CHECK(r.max_tokens == 1);
  std::size_t same = 0, at = 0;
  while (at < p.content.size() && p.content[at] == q.content[at]) same += p.content[at++] == ',';
  CHECK(same >= 1024);  // two blocks of 512
  CHECK(same < 1030);
  CHECK(make.at(0, c).content != make.at(1, c).content);
}
