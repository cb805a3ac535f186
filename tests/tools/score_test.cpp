#include <string>

#include "catch.hpp"
#include "shell.hpp"

namespace {
const std::string tool = WEIR_TOOLS_DIR "/weir-score";
bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}
}  // namespace

TEST_CASE("weir-score: accuracies by every rule, with what was left out", "[tools]") {
  const temporary_directory dir;
  const std::string path = dir.write("p.jsonl",
                                     "{\"id\":1,\"text\":\"#### 1,250\",\"expected\":\"1,250\",\"subject\":\"x\"}\n"
                                     "{\"id\":2,\"text\":\"The answer is 5.\",\"expected\":\"5\",\"subject\":\"x\"}\n"
                                     "{\"id\":10,\"text\":\"six\",\"expected\":\"6\",\"subject\":\"y\"}\n"
                                     "{\"id\":9,\"prediction\":\"\",\"gold\":\"#### 7\",\"success\":false}\n"
                                     "{\"id\":11,\"text\":\"A\",\"expected\":\"apple\",\"subject\":\"y\"}\n"
                                     "{\"id\":2,\"text\":\"5\",\"expected\":\"5\",\"subject\":\"x\"}\n");
  const auto table = shell(tool + " --by subject --disagreements " + path);
  CAPTURE(table.out);
  CHECK(table.status == 0);
  // 4 questions have a number for a gold; by hand: opencompass reads 250 and 5, strict 1,250 only, numeric both.
  CHECK(has(table.out, "gsm8k_opencompass    0.2500  0.0456  0.6994      1   4  OpenCompass, AISBench\n"));
  CHECK(has(table.out, "gsm8k_strict         0.2500"));
  CHECK(has(table.out, "numeric              0.5000"));
  CHECK(has(table.out, "1 failed (failed) and count as wrong: 9\n"));
  CHECK(has(table.out, "rules can be judged by: 11 ('apple')\n"));
  CHECK(has(table.out, "1 came more than once with the same attempt number (the last success counts): 2\n"));
  CHECK(has(table.out, "2 questions about which the rules differ"));
  CHECK(has(table.out, "mean of 3"));

  const auto json = shell(tool + " --json - 2>/dev/null < " + path);
  CHECK(json.status == 0);
  CHECK(has(json.out,
            "{\"type\":\"answer\",\"id\":\"1\",\"subject\":\"x\",\"expected\":\"1,250\",\"status\":\"ok\","
            "\"predicted\":{\"gsm8k_opencompass\":\"250\",\"gsm8k_strict\":\"1,250\","));
  CHECK(has(json.out, "\"status\":\"failed\",\"predicted\":{\"gsm8k_opencompass\":null,"));
}

TEST_CASE("weir-score: extract writes what a rule reads, line by line", "[tools]") {
  const temporary_directory dir;
  const std::string path =
      dir.write("t.jsonl", "{\"text\":\"It is $1,250.\"}\n{\"text\":\"none\",\"id\":3}\n{\"text\":null}");
  const auto lines = [&](const std::string& rule) { return shell(tool + " extract --rule " + rule + " " + path).out; };
  CHECK(lines("gsm8k_opencompass") == "{\"answer\":\"250\"}\n{\"answer\":\"NULL\"}\n{\"answer\":\"NULL\"}\n");
  CHECK(lines("gsm8k_flexible") ==
        "{\"answer\":\"$1,250.\"}\n{\"answer\":\"[invalid]\"}\n{\"answer\":\"[invalid]\"}\n");
  CHECK(lines("numeric") == "{\"answer\":\"1250\"}\n{\"answer\":null}\n{\"answer\":null}\n");
}

TEST_CASE("weir-score: what can't be scored is said, with status 2", "[tools]") {
  const temporary_directory dir;
  const auto says = [&](const std::string& words, std::string_view sentence) {
    const auto ran = shell("(" + tool + " " + words + ") 2>&1");
    CAPTURE(words, ran.out);
    CHECK(ran.status == 2);
    CHECK(has(ran.out, sentence));
  };
  const std::string good = dir.write("good", "{\"id\":1,\"text\":\"5\",\"expected\":\"5\"}\n");
  const std::string other = dir.write("other", "{\"id\":1,\"text\":\"5\",\"expected\":\"6\"}\n");
  const std::string bad = dir.write("bad", "{\"id\":1,\"text\":\"5\"}\n{\"id\":2\n{}\n");
  says(dir.file("none"), "there is no file");
  says(".", "is a directory");
  says(dir.write("empty", ""), "holds no answer");
  says(dir.write("runs", "{\"type\":\"run\"}\n"), "holds no answer");
  says(bad, bad + ":2: not JSON");
  says(good + " " + other, "two golds");
  says(dir.write("nogold", "{\"id\":1,\"text\":\"5\"}\n"), "no question has a gold");
  says("--rule numeric " + good, "belongs to 'weir-score extract'");
  says("extract " + good, "extract needs --rule NAME");
  says("extract --rule numeric " + dir.write("notext", "{\"text\":\"1\"}\n{\"x\":1}\n"), ":2: has no field 'text'");
  says(good + " > /dev/full", "No space left on device");
  const std::string huge = dir.file("huge");
  REQUIRE(
      shell("(echo '{\"id\":1,\"text\":\"5\",\"expected\":\"5\"}'; head -c 70000000 /dev/zero | tr '\\0' x; echo) > " +
            huge)
          .status == 0);
  says(huge, "line 2 is longer than 67108864 bytes");
}

TEST_CASE("weir-score: letters and numbers are judged by the rules made for them", "[tools]") {
  const temporary_directory dir;
  const std::string path = dir.write("m.jsonl",
                                     "{\"id\":1,\"text\":\"#### 5\",\"expected\":\"5\"}\n"
                                     "{\"id\":2,\"text\":\"<think>A</think>The answer is (B).\",\"expected\":\"B\"}\n"
                                     "{\"id\":3,\"text\":\"no idea\",\"expected\":\"answer\"}\n");
  const auto all = shell(tool + " " + path);
  CHECK(has(all.out, "gsm8k_strict         1.0000"));
  CHECK(has(all.out, "first_capital        0.0000  0.0000  0.7935      0   1"));  // the A of the reasoning
  CHECK(has(all.out, "last_option          1.0000"));
  CHECK(has(all.out, "3 ('answer')"));
  const auto mmlu = shell(tool + " --rules mmlu " + path);
  CHECK_FALSE(has(mmlu.out, "gsm8k_strict"));
  CHECK(
      has(mmlu.out, "2 are not counted, for want of a gold that these rules can be judged by: 1 ('5'), 3 ('answer')"));
  CHECK(has(shell(tool + " --rules ceval --json --after-think " + path).out,
            "\"predicted\":{\"first_option\":\"B\",\"first_capital\":\"T\",\"last_option\":\"B\"}"));
  CHECK(shell("(" + tool + " --rules gsm8k " + dir.write("b", "{\"id\":1,\"text\":\"B\",\"expected\":\"B\"}\n") +
              ") 2>&1")
            .out == "weir-score: no question has a gold that these rules can be judged by\n");
}
