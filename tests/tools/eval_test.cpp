#include <string>

#include "catch.hpp"
#include "shell.hpp"
#include "tools/mock_process.hpp"

namespace {

const std::string tools = WEIR_TOOLS_DIR "/";
const std::string eval = tools + "weir-eval --dataset gsm8k --form text ";

bool has(const std::string& text, std::string_view what) {
  return text.find(what) != std::string::npos;
}
std::string questions(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i)
    lines += "{\"question\":\"In row " + std::to_string(i) +
             ", how many trees stand there altogether?\",\"answer\":\"#### " + std::to_string(i + 10) + "\"}\n";
  return lines;
}
std::string count(const std::string& file, const std::string& what) {
  return shell("grep -c '" + what + "' " + file).out;
}

}  // namespace

TEST_CASE("weir-eval: a run that was killed is taken up, and weir-score reads the same accuracy", "[tools]") {
  const temporary_directory dir;
  const std::string path = dir.write("q.jsonl", questions(80));
  const mock_process mock("--ttft 5ms --itl 0 --tokens 12 --accuracy 1 --answers " + path);
  const mock_process slow("--ttft 200ms --itl 0 --tokens 12 --accuracy 1 --answers " + path);
  const auto run_at = [&](const std::string& url) {
    return eval + "--path " + path + " --base-url " + url + " --agent solver_checker --max-concurrency 4 --records " +
           dir.file("r.jsonl");
  };
  const std::string run = run_at(mock.url);
  // Killed as soon as some answers are on disk, seconds before it would be through.
  const auto killed =
      shell(run_at(slow.url) + " > /dev/null 2>&1 & pid=$!; i=0; while [ $i -lt 6000 ] && [ $(cat " +
            dir.file("r.jsonl") + " 2>/dev/null | grep -c '\"answer\"') -lt 8 ]; do sleep 0.01; i=$((i+1)); done; " +
            "kill -9 $pid; wait $pid; echo $?");
  CHECK(has(killed.out, "137"));
  CHECK(shell(run + " 2>&1").status == 2);  // the file is there
  const auto resumed = shell(run + " --resume");
  CAPTURE(resumed.out);
  CHECK(resumed.status == 0);
  CHECK(has(resumed.out, "numeric              1.0000"));
  CHECK(count(dir.file("r.jsonl"), "\"type\":\"answer\"") == "80\n");
  // Each request that was answered stands there once: 160 of them, however the kill fell.
  CHECK(shell("grep '\"type\":\"request\"' " + dir.file("r.jsonl") +
              " | grep '\"status\":\"ok\"' | cut -d'\"' -f8 | sort | "
              "uniq -d | wc -l")
            .out == "0\n");
  CHECK(count(dir.file("r.jsonl"), "\"type\":\"request\".*\"status\":\"ok\"") == "160\n");
  CHECK(has(shell(tools + "weir-score " + dir.file("r.jsonl")).out,
            "numeric              1.0000  0.9542  1.0000     80  80"));

  const std::string other = dir.write("q2.jsonl", questions(81));
  const auto refused = shell(eval + "--path " + other + " --base-url " + mock.url +
                             " --agent solver_checker --records " + dir.file("r.jsonl") + " --resume 2>&1");
  CHECK(refused.status == 2);
  CHECK(has(refused.out, "was made with questions_hash"));
}

TEST_CASE("weir-eval: what can't be done is said, with status 2", "[tools]") {
  const temporary_directory dir;
  const std::string path = dir.write("q.jsonl", questions(1));
  const auto says = [](const std::string& words, std::string_view sentence) {
    const auto ran = shell("(" + words + ") 2>&1");
    CAPTURE(words, ran.out);
    CHECK(ran.status == 2);
    CHECK(has(ran.out, sentence));
  };
  const std::string with = eval + "--path " + path + " --records " + dir.file("r") + " ";
  says(eval + "--path " + path + " --base-url http://127.0.0.1:9", "--records FILE is missing");
  says(with, "name the servers");
  says(with + "--base-url nonsense", "--base-url");
  says(with + "--base-url http://127.0.0.1:9 --max-concurrency 0", "auto, or a number from 1");
  says(with + "--base-url http://127.0.0.1:9 --agent oracle", "is not one of standard");
  says(with + "--base-url http://127.0.0.1:9 --speedup", "belongs to --suite");
  says(with + "--base-url http://127.0.0.1:9 x", "takes no operand");
  says(with + "--base-url http://127.0.0.1:9", "127.0.0.1:9");  // nobody listens there
  says(tools + "weir-eval --base-url http://127.0.0.1:9 --records r", "--dataset is missing");
}

TEST_CASE("weir-eval: where nothing was answered there is no speed", "[tools]") {
  const temporary_directory dir;
  const std::string path = dir.write("q.jsonl", questions(3));
  const auto none =
      shell(eval + "--path " + path + " --base-url http://127.0.0.1:1 --model m --max-concurrency 2 --records " +
            dir.file("r.jsonl") + " 2>&1");
  CHECK(none.status == 1);
  CHECK(has(none.out, "3 failed (connect) and count as wrong: 0, 1, 2"));
  CHECK_FALSE(has(none.out, "questions a second"));
  CHECK_FALSE(has(none.out, "tokens a question"));
}

TEST_CASE("weir-eval: a suite runs every configuration, and says how much faster it was than one at a time",
          "[tools]") {
  const temporary_directory dir;
  const std::string path = dir.write("q.jsonl", questions(6));
  const std::string suite =
      dir.write("s.jsonl", "{\"name\":\"base\"}\n{\"name\":\"vote\",\"agent\":\"majority_vote\",\"runs\":3}\n");
  const mock_process mock("--ttft 5ms --itl 0 --tokens 12 --accuracy 1 --answers " + path);
  const std::string run = eval + "--path " + path + " --base-url " + mock.url + " --suite " + suite + " --speedup " +
                          "--max-concurrency 6 --records " + dir.file("records");
  const auto ran = shell(run);
  CAPTURE(ran.out);
  CHECK(ran.status == 0);
  CHECK(has(ran.out, "speed-up"));
  CHECK(has(ran.out, "base"));
  CHECK(has(ran.out, "vote"));
  CHECK(count(dir.file("records/vote.jsonl"), "\"type\":\"answer\"") == "6\n");
  CHECK(count(dir.file("records/vote.sequential.jsonl"), "\"type\":\"answer\"") == "6\n");

  // Questions that the server failed are wrong in the accuracy: that is shown and said, and is no success.
  const mock_process poor("--ttft 5ms --itl 0 --tokens 12 --accuracy 1 --fail-rate 1 --answers " + path);
  const auto failed = shell(eval + "--path " + path + " --base-url " + poor.url + " --suite " + suite +
                            " --max-concurrency 6 --records " + dir.file("failed") + " 2>&1");
  CAPTURE(failed.out);
  CHECK(failed.status == 1);
  CHECK(has(failed.out, "unanswered"));
  CHECK(has(failed.out, "12 questions have no answer and count as wrong"));
  CHECK(has(shell(tools + "weir-score " + dir.file("failed/base.jsonl")).out, "6 failed (http) and count as wrong: "));
}
