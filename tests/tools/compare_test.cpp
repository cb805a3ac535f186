// weir-compare as its user runs it.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "catch.hpp"
#include "mock_process.hpp"
#include "shell.hpp"
#include "weir/record/request.hpp"

namespace {

const std::string tool = std::string(WEIR_TOOLS_DIR) + "/weir-compare";

/// A directory of runs: 20 requests each, TTFT `ttft_ms` give or take.
struct scratch {
  std::string path = [] {
    std::string name = "/tmp/weir-compare-XXXXXX";
    return std::string(::mkdtemp(name.data()));
  }();
  ~scratch() { std::filesystem::remove_all(path); }
  scratch() = default;
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;

  std::string run(const std::string& name, double ttft_ms, int requests = 20) const {
    std::string text;
    for (int i = 0; i < requests; ++i) {
      weir::request_record r;
      r.id = std::to_string(i);
      r.model = "m";
      r.t_send_ns = 1'000'000'000 + i * 1'000'000;
      r.t_first_ns = r.t_visible_ns = r.t_send_ns + static_cast<std::int64_t>(ttft_ms * 1e6) + i * 1000;
      r.t_last_ns = r.t_done_ns = r.t_first_ns + 50'000'000;
      r.tokens_in = 5, r.tokens_out = 6, r.basis = weir::tokens_basis::usage;
      r.choices = {{0, r.t_first_ns, r.t_last_ns, 6, 1, "stop", "", ""}};
      append_record(text, r);
    }
    std::ofstream(path + "/" + name) << text;
    return " " + path + "/" + name;
  }
  std::string read(const std::string& name) const {
    std::ifstream in(path + "/" + name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

}  // namespace

TEST_CASE("weir-compare: worse is exit 1, the same is exit 0, and JUnit and SVG are written", "[tools]") {
  const scratch s;
  std::string base, slow, same;
  for (int i = 0; i < 6; ++i) {
    base += s.run("a" + std::to_string(i), 50 + 0.1 * i);
    slow += s.run("b" + std::to_string(i), 60 + 0.1 * i);
    same += s.run("c" + std::to_string(i), 50.05 + 0.1 * i);
  }
  const auto worse = shell(tool + " --base" + base + " --new" + slow + " --metric ttft_p50_ms --junit " + s.path +
                           "/j.xml --svg " + s.path + "/p.svg --format csv");
  CHECK(worse.status == 1);
  CHECK(worse.out.find("ttft_p50_ms,6,6,") != std::string::npos);
  CHECK(worse.out.find(",worse,") != std::string::npos);
  CHECK(s.read("j.xml").find("failures=\"1\"") != std::string::npos);
  CHECK(s.read("p.svg").starts_with("<svg"));
  const auto fine = shell(tool + " --base" + base + " --new" + same + " --metric ttft_p50_ms");
  CHECK(fine.status == 0);
  CHECK(fine.out.find(" same ") != std::string::npos);
}

TEST_CASE("weir-compare: records and a drawing say what the table says", "[tools]") {
  const scratch s;
  std::string base, slow;
  for (int i = 0; i < 6; ++i)
    base += s.run("a" + std::to_string(i), 50 + 0.1 * i), slow += s.run("b" + std::to_string(i), 60 + 0.1 * i);
  const auto json = shell(tool + " --json --metric ttft_p50_ms --base" + base + " --new" + slow);
  CHECK(json.status == 1);
  CHECK(json.out.starts_with(R"({"type":"comparison","metric":"ttft_p50_ms","verdict":"worse","why":)"));
  CHECK(json.out.find(R"("base_runs":6,"new_runs":6,"base":)") != std::string::npos);
  const auto drawn = shell("LC_ALL=C " + tool + " --plot --metric ttft_p50_ms --base" + base + " --new" + slow);
  CHECK(drawn.out.find("ttft_p50_ms (worse) ") != std::string::npos);
  CHECK(drawn.out.find("change (%)") != std::string::npos);
}

TEST_CASE("weir-compare run: two servers of different speed are told apart, with weir-bench in between", "[tools]") {
  const scratch s;
  const mock_process fast("--ttft 4ms --itl 1ms"), slow("--ttft 12ms --itl 1ms");
  const auto bench = [](const mock_process& mock) {
    return "'" WEIR_TOOLS_DIR "/weir-bench --base-url " + mock.url +
           " --num-prompts 24 --max-concurrency 4 --random-input-len 4 --random-output-len 4 --records {out}'";
  };
  const auto ran = shell(tool + " run --runs 5 --dir " + s.path + "/runs --base " + bench(fast) + " --new " +
                         bench(slow) + " --metric ttft_p50_ms --format csv 2>/dev/null");
  CHECK(ran.status == 1);
  CHECK(ran.out.find("ttft_p50_ms,5,5,") != std::string::npos);
  CHECK(ran.out.find(",worse,") != std::string::npos);
  // The same runs once more, by their files; and against another load, which is named.
  const auto files = [&](const std::string& side) {
    std::string out;
    for (int i = 1; i <= 5; ++i) out += " " + s.path + "/runs/" + side + "-" + std::to_string(i);
    return out;
  };
  CHECK(shell(tool + " --metric ttft_p50_ms --base" + files("base") + " --new" + files("new")).status == 1);
  shell(WEIR_TOOLS_DIR "/weir-bench --base-url " + fast.url +
        " --num-prompts 24 --max-concurrency 2 --random-input-len 4 --random-output-len 4 --records " + s.path +
        "/other 2>&1");
  const auto other = shell(tool + " --base" + files("base") + " --new " + s.path + "/other 2>&1");
  CHECK(other.status == 2);
  CHECK(other.out.find("the workloads differ in max_concurrency: 4 and 2") != std::string::npos);
}

TEST_CASE("weir-compare: different workloads are refused with what differs, unless told", "[tools]") {
  const scratch s;
  const auto a = s.run("a", 50), b = s.run("b", 50, 21);
  const auto refused = shell(tool + " --base" + a + " --new" + b + " 2>&1");
  CHECK(refused.status == 2);
  CHECK(refused.out.find("requests: 20 and 21") != std::string::npos);
  CHECK(shell(tool + " --any-workload --base" + a + " --new" + b + " 2>&1").status == 0);
}

TEST_CASE("weir-compare: a run that is named twice is refused, and does not count as two", "[tools]") {
  const scratch s;
  const auto a = s.run("a", 50), b = s.run("b", 51), c = s.run("c", 52);
  const auto again = " " + s.path + "/../" + std::filesystem::path(s.path).filename().string() + "/a";
  for (const auto& words : {" --base" + a + b + again + " --new" + c, " --base" + c + " --new" + a + b + again}) {
    CAPTURE(words);
    const auto refused = shell(tool + words + " 2>&1");
    CHECK(refused.status == 2);
    CHECK(refused.out == "weir-compare:" + again + " is named twice: a run counts once\n");
  }
}

TEST_CASE("weir-compare: of a directory each file is a run", "[tools]") {
  const scratch s;
  for (const auto* side : {"old", "new"}) {
    std::filesystem::create_directory(s.path + "/" + side);
    for (int i = 0; i < 4; ++i) s.run(std::string(side) + "/" + std::to_string(i) + ".jsonl", 50 + i);
  }
  const auto old = " --base " + s.path + "/old", fresh = " --new " + s.path + "/new";
  const auto ran = shell(tool + old + fresh + " --format csv --metric ttft_p50_ms");
  CHECK(ran.status == 0);
  CHECK(ran.out.find("\nttft_p50_ms,4,4,") != std::string::npos);
  CHECK(shell(tool + old + " " + s.path + "/old/2.jsonl" + fresh + " 2>&1").out.find("named twice") !=
        std::string::npos);
}

TEST_CASE("weir-compare: a missing file, no files and a file of something else are trouble", "[tools]") {
  const scratch s;
  std::ofstream(s.path + "/text") << "hello\n";
  const auto a = s.run("a", 50);
  for (const auto& words :
       {std::string(" --base") + a, " --base" + a + " --new /nonexistent", " --base" + a + " --new " + s.path + "/text",
        " --threshold x --base" + a + " --new" + a, std::string(" stray")}) {
    CAPTURE(words);
    const auto ran = shell(tool + words + " 2>&1");
    CHECK(ran.status == 2);
    CHECK_FALSE(ran.out.empty());
  }
}

TEST_CASE("weir-compare run: takes turns, and compares what the commands wrote", "[tools]") {
  const scratch s;
  // Each time the next of four runs.
  for (int i = 1; i <= 4; ++i) s.run("fast" + std::to_string(i), 50 + i), s.run("slow" + std::to_string(i), 80 + i);
  const auto command = [&](const std::string& side) {
    return "f=$(ls " + s.path + "/" + side + "[1-4] | head -n 1); mv $f {out}";
  };
  const std::string run = tool + " run --runs 2 --dir " + s.path + "/runs --base '" + command("fast") + "' --new '" +
                          command("slow") + "' --metric ttft_p50_ms";
  const auto ran = shell(run + " 2>&1");
  CHECK(ran.status == 1);
  CHECK(ran.out.find("worse") != std::string::npos);
  const auto at = [&](const std::string& name) { return ran.out.find("/runs/" + name); };
  CHECK((at("base-1") < at("new-1") && at("new-1") < at("new-2") && at("new-2") < at("base-2")));
  CHECK(shell(tool + " run --runs 1 --dir " + s.path + "/runs --base 'true {out}' --new 'true {out}' 2>&1").status ==
        2);
  CHECK(shell(tool + " run --runs 1 --dir " + s.path + "/x --base 'false; exit 3 #{out}' --new 'true {out}' 2>&1")
            .status == 2);
  // It goes on: two runs a side are there, two more are made.
  std::string more = run;
  more.replace(more.find("--runs 2"), 8, "--runs 4");
  CHECK(shell(more + " 2>&1").out.find("--resume goes on with them") != std::string::npos);
  const auto other = shell(more + " --resume --base 'true {out}' 2>&1");
  CHECK(other.status == 2);  // two --base
  const auto on = shell(more + " --resume --format csv 2>&1");
  CHECK(on.status == 1);
  // The middle two of each side are 52.0095 and 53.0095, 82.0095 and 83.0095; their means are of logarithms.
  CHECK(on.out.find("\nttft_p50_ms,4,4,52.507,82.508,") != std::string::npos);
  CHECK(on.out.find("/runs/base-2: ") == std::string::npos);
  CHECK(on.out.find("/runs/base-3: ") != std::string::npos);
  const auto mixed =
      shell(tool + " run --runs 4 --resume --dir " + s.path + "/runs --base 'true {out}' --new 'true {out}' 2>&1");
  CHECK(mixed.status == 2);
  CHECK(mixed.out.find("--base is not the command that") != std::string::npos);
}

TEST_CASE("weir-compare run: a run that was broken off is none, and is made anew", "[tools]") {
  const scratch s;
  for (int i = 1; i <= 2; ++i) s.run("a" + std::to_string(i), 50 + i), s.run("b" + std::to_string(i), 51 + i);
  // The third run writes a part of its result and waits; the tool is ended meanwhile, as by Ctrl-C.
  const auto command = [&](const std::string& side) {
    return "if [ " + side + " = b ] && [ -e " + s.path + "/runs/new-1 ] && [ ! -e " + s.path +
           "/again ]; then echo half > {out}; touch " + s.path + "/again; sleep 60; fi; f=$(ls " + s.path + "/" + side +
           "[12] | head -n 1); mv $f {out}";
  };
  const std::string run = tool + " run --runs 2 --dir " + s.path + "/runs --base '" + command("a") + "' --new '" +
                          command("b") + "' --metric ttft_p50_ms";
  shell("timeout -s INT 60 " + run + " 2>/dev/null & t=$!; i=0; until [ -e " + s.path +
        "/again ] || [ $i = 300 ]; do sleep 0.1; i=$((i+1)); done; kill -INT $t; wait $t");
  REQUIRE(std::filesystem::exists(s.path + "/again"));
  CHECK(std::filesystem::exists(s.path + "/runs/new-1"));
  CHECK_FALSE(std::filesystem::exists(s.path + "/runs/new-2"));
  const auto on = shell(run + " --resume --format csv 2>&1");
  CHECK(on.status == 0);
  CHECK(on.out.find("\nttft_p50_ms,2,2,") != std::string::npos);
}

TEST_CASE("weir-compare run: results whose commands nobody knows are not taken for done", "[tools]") {
  const scratch s;
  std::filesystem::create_directories(s.path + "/runs");
  s.run("runs/base-1", 50), s.run("runs/new-1", 50), s.run("a", 51);
  const std::string run = tool + " run --runs 1 --dir " + s.path + "/runs --base 'cp " + s.path +
                          "/a {out}' --new 'cp " + s.path + "/a {out}'";
  for (const std::string how : {"", " --resume"}) {
    const auto refused = shell(run + how + " 2>&1");
    CHECK(refused.status == 2);
    CHECK(refused.out.find("holds runs, but not the commands that made them") != std::string::npos);
  }
}

TEST_CASE("weir-compare run: a directory that was half written is made anew, and what is left out is said", "[tools]") {
  const scratch s;
  for (int i = 1; i <= 2; ++i) s.run("a" + std::to_string(i), 50 + i), s.run("b" + std::to_string(i), 51 + i);
  const auto command = [&](const std::string& side) {
    return "n=$(ls " + s.path + "/runs | grep -c \"^" + side + "-.$\"); mkdir {out}; [ -e " + s.path +
           "/again ] || { echo half > {out}/half.jsonl; touch " + s.path + "/again; exit 3; }; cp " + s.path + "/" +
           (side == "base" ? "a" : "b") + "$((n+1)) {out}/run.jsonl";
  };
  const auto run = [&](const char* more) {
    return shell(tool + " run --dir " + s.path + "/runs --base '" + command("base") + "' --new '" + command("new") +
                 "' --metric ttft_p50_ms --format csv " + more + " 2>&1");
  };
  CHECK(run("--runs 2").status == 2);
  const auto on = run("--runs 2 --resume");
  CHECK(on.status == 0);
  CHECK(on.out.find("\nttft_p50_ms,2,2,") != std::string::npos);
  CHECK(on.out.find("an earlier start") == std::string::npos);
  const auto fewer = run("--runs 1 --resume").out;
  CHECK(fewer.find("2 of the 2 runs are of an earlier start") != std::string::npos);
  CHECK(fewer.find("holds more than the first 1 runs of a side: the others are left out") != std::string::npos);
}

TEST_CASE("weir-compare: a copy of a run is the same run, and a metric that nobody knows is refused", "[tools]") {
  const scratch s;
  const auto a = s.run("a", 50), b = s.run("b", 51), copy = s.run("copy", 50);
  const auto refused = shell(tool + " --base" + a + b + copy + " --new" + b + " 2>&1");
  CHECK(refused.status == 2);
  CHECK(refused.out == "weir-compare: " + s.path + "/copy has every figure of " + s.path +
                           "/a: it is the same run, and a run counts once\n");
  const auto unknown = shell(tool + " --metric ttft_p5O_ms --base" + a + " --new" + b + " 2>&1");
  CHECK(unknown.status == 2);
  CHECK(unknown.out.find("no run has a figure 'ttft_p5O_ms': weir-summarize --json " + s.path + "/a tells") !=
        std::string::npos);
  CHECK(shell(tool + " --metric itl_p50_ms --base" + a + " --new" + b + " 2>&1").status == 0);  // known, and missing
}
