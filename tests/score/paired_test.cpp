#include "weir/score/paired.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include "catch.hpp"
#include "shell.hpp"
#include "weir/score/ais_bench.hpp"
#include "weir/score/disagreement.hpp"

namespace {
weir::scoreboard board(const std::vector<std::pair<std::string, std::string>>& answers, const std::string& gold = "A") {
  weir::scoreboard b({*weir::find_rule("last_option")});
  for (const auto& [id, text] : answers) {
    weir::prediction p;
    p.id = id, p.text = text, p.expected = gold, p.subject = id.substr(0, 1);
    b.add(p).value();
  }
  return b;
}
}  // namespace

TEST_CASE("mcnemar_exact: the p-values of scipy", "[score]") {
  // scipy 1.17.1: binomtest(min(b, c), b + c, 0.5).pvalue
  struct known {
    std::uint64_t lost, won;
    double p;
  };
  for (const auto& k : {known{0, 0, 1},
                        {1, 0, 1},
                        {5, 5, 1},
                        {3, 12, 0.03515625},
                        {40, 71, 0.004195534185394861},
                        {0, 10, 0.001953125},
                        {121, 59, 4.4344492637551645e-06}}) {
    CAPTURE(k.lost, k.won);
    CHECK(weir::mcnemar_exact(k.lost, k.won) == Approx(k.p).epsilon(1e-9));
    CHECK(weir::mcnemar_exact(k.won, k.lost) == Approx(k.p).epsilon(1e-9));
  }
}

TEST_CASE("paired_interval: the published formula by hand, and it turns around with the sets", "[score]") {
  // 53 both, 16 lost, 9 won, 22 neither of 100: (9.5 - 16.5) / 102 = -0.0686275;
  // half = 1.9599640 * sqrt(26 - 49/102) / 102 = 1.9599640 * 5.0516836 / 102 = 0.0970697.
  const auto i = weir::paired_interval({53, 16, 9, 22});
  CHECK(i.low == Approx(-0.1656972).margin(1e-6));
  CHECK(i.high == Approx(0.0284422).margin(1e-6));
  const auto turned = weir::paired_interval({53, 9, 16, 22});
  CHECK(turned.low == Approx(-i.high));
  CHECK(turned.high == Approx(-i.low));
}

TEST_CASE("pair_up: questions meet by id; what has no partner is in no figure", "[score]") {
  const auto base = board({{"a1", "A"}, {"a2", "B"}, {"b1", "A"}, {"b2", "C"}, {"x", "A"}});
  const auto other = board({{"b1", "D"}, {"a1", "A"}, {"a2", "A"}, {"b2", "D"}, {"y", "A"}});
  const auto pairing = weir::pair_up(base, other).value();
  CHECK(pairing.only_base == std::vector<std::string>{"x"});
  CHECK(pairing.only_other == std::vector<std::string>{"y"});
  const auto all = weir::paired_by(pairing, 0, [](const auto&) { return ""; }).at("");
  CHECK(all.both == 1);
  CHECK(all.won == 1);
  CHECK(all.lost == 1);
  CHECK(all.neither == 1);
  CHECK(all.difference() == 0);
  const auto groups = weir::paired_by(pairing, 0, [](const auto& q) { return q.subject; });
  CHECK(groups.at("a").difference() == Approx(0.5));
  CHECK(groups.at("b").difference() == Approx(-0.5));
  CHECK(weir::pair_up(base, board({{"a1", "A"}}, "B")).error().detail.find("not the same questions") !=
        std::string::npos);
}

TEST_CASE("why_wrong: says what a rule did with an answer that another calls right", "[score]") {
  const auto why = [](const char* rule, bool found, const char* read, const char* gold) {
    return weir::why_wrong(*weir::find_rule(rule), found, read, gold);
  };
  CHECK(why("gsm8k_opencompass", true, "125", "2,125") == "cut at the thousands comma");
  CHECK(why("gsm8k_flexible", true, "18.00", "18") == "the right value, spelled unlike the gold");
  CHECK(why("gsm8k_strict", true, "[invalid]", "18") == "found none of its patterns");
  CHECK(why("gsm8k_opencompass", true, "19", "18") == "read another number");
  CHECK(why("numeric", false, "", "18") == "found nothing");
  CHECK(why("first_capital", true, "T", "A") == "took a capital that is no option");
  CHECK(why("last_option", true, "D", "A") == "took another option");
}

TEST_CASE("ais_bench: shards get global ids from their prompts, what is missing counts, and runs never mix",
          "[score]") {
  const temporary_directory dir;
  const auto shard = [&](const std::string& name, const std::string& stamp, const std::string& lines) {
    std::filesystem::create_directories(dir.file(name + "/" + stamp + "/predictions/m"));
    dir.write(name + "/" + stamp + "/predictions/m/ceval-law.jsonl", lines);
    dir.write(name + "/" + stamp + "/predictions/m/ceval-law_failed.jsonl", "{\"id\":9}\n");
  };
  shard("i0", "20261122_100000", "{\"id\":0,\"prediction\":\"old\",\"gold\":\"A\"}\n");
  shard("i0", "20261122_110000",
        "{\"success\":true,\"uuid\":\"u\",\"origin_prompt\":\"q\",\"prediction\":\"A\",\"gold\":\"A\",\"id\":0}\n");
  dir.write("i0/prompts.jsonl",
            "{\"type\":\"prompt\",\"id\":\"ceval-law-4\",\"prompt\":\"q\",\"expected\":\"A\",\"subject\":\"law\"}\n"
            "{\"type\":\"prompt\",\"id\":\"ceval-law-8\",\"prompt\":\"r\",\"expected\":\"B\",\"subject\":\"law\"}\n");
  const auto run = weir::read_ais_bench(dir.file("i0")).value();
  REQUIRE(run.answers.size() == 2);
  CHECK(run.answers[0].id == "ceval-law-4");
  CHECK(run.answers[0].text == "A");
  CHECK(run.answers[0].subject == "law");
  CHECK(run.answers[1].id == "ceval-law-8");
  CHECK(run.answers[1].status == "missing");
  REQUIRE(run.notes.size() == 1);
  CHECK(run.notes[0].find("2 runs: 20261122_110000") != std::string::npos);
  // Whether reasoning is removed is what the run's own configuration says.
  CHECK_FALSE(run.cuts_thoughts);
  std::filesystem::create_directories(dir.file("i0/20261122_110000/configs"));
  dir.write("i0/20261122_110000/configs/c.py",
            "models=[dict(pred_postprocessor=dict(type='ais_bench.x.extract_non_reasoning_content'))]\n");
  CHECK(weir::read_ais_bench(dir.file("i0")).value().cuts_thoughts);
  // Without the list, two shards' rows 0 stay two questions.
  shard("i1", "20261122_110000", "{\"id\":0,\"prediction\":\"A\",\"gold\":\"A\"}\n");
  CHECK(weir::read_ais_bench(dir.file("i1")).value().answers[0].id == dir.file("i1") + ":ceval-law-0");
  dir.write("i1/prompts.jsonl", "{\"type\":\"prompt\",\"id\":\"ceval-law-5\",\"prompt\":\"q\",\"expected\":\"C\"}\n");
  CHECK(weir::read_ais_bench(dir.file("i1")).error().detail.find("it is not of this shard") != std::string::npos);
  CHECK(weir::read_ais_bench(dir.file("none")).error().detail.find("none") != std::string::npos);
  // Where ais_bench left nothing, its questions are missing, and not out of the accuracy.
  std::filesystem::create_directories(dir.file("i2"));
  CHECK_FALSE(weir::read_ais_bench(dir.file("i2")));
  dir.write("i2/prompts.jsonl", "{\"type\":\"prompt\",\"id\":\"ceval-law-6\",\"prompt\":\"q\",\"expected\":\"C\"}\n");
  const auto nothing = weir::read_ais_bench(dir.file("i2")).value();
  REQUIRE(nothing.answers.size() == 1);
  CHECK(nothing.answers[0].id == "ceval-law-6");
  CHECK(nothing.answers[0].status == "missing");
  REQUIRE(nothing.notes.size() == 1);
  CHECK(nothing.notes[0].find("all 1 of its questions are missing") != std::string::npos);
}
