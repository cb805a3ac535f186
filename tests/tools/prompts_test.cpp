#include <string>

#include "catch.hpp"
#include "shell.hpp"

namespace {
const std::string tool = WEIR_TOOLS_DIR "/weir-prompts";
}  // namespace

TEST_CASE("weir-prompts: questions become records in the form asked for", "[tools]") {
  const temporary_directory dir;
  const std::string path = dir.write("q.jsonl",
                                     "{\"question\":\"How many?\",\"answer\":\"1+1=<<1+1=2>>2\\n#### 2\"}\n"
                                     "{\"question\":\"How much?\",\"answer\":\"#### 1,250\"}\n");
  const auto chat = shell(tool + " --dataset gsm8k --count 1 --max-tokens 9 " + path);
  CHECK(chat.status == 0);
  CHECK(
      chat.out ==
      R"({"type":"prompt","id":"0","messages":[{"role":"user","content":"Answer the following question.The last line )"
      R"(of the response should follow this format: \"answer:$ANSWER\" (without quotes), where ANSWER is a number. )"
      R"(Let's think step by step.\n\nQuestion: How many?"}],"max_tokens":9,"expected":"2"})"
      "\n");
  CHECK(shell(tool + " --dataset gsm8k --form text --path " + path)
            .out.find("\"prompt\":\"Question: How much?\\nLet's think step by step\\nAnswer:\"") != std::string::npos);
  CHECK(shell(tool + " --dataset gsm8k --form text --shots 4 < " + path).out ==
        shell(tool + " --dataset gsm8k --prompt 4-shot-cot-str - < " + path).out);
  CHECK(shell(tool + " --dataset custom --form chat " + path).out ==
        "{\"type\":\"prompt\",\"id\":\"0\",\"messages\":[{\"role\":\"user\",\"content\":\"How many?\"}],"
        "\"expected\":\"2\"}\n"
        "{\"type\":\"prompt\",\"id\":\"1\",\"messages\":[{\"role\":\"user\",\"content\":\"How much?\"}],"
        "\"expected\":\"1,250\"}\n");
}

TEST_CASE("weir-prompts: its own output is input again, unchanged", "[tools][property]") {
  const auto once = shell(tool + " --dataset random --num-prompts 50 --random-input-len 9 --seed 5");
  CHECK(once.status == 0);
  const temporary_directory dir;
  CHECK(shell(tool + " --dataset custom " + dir.write("p.jsonl", once.out)).out == once.out);
  CHECK(shell(tool + " --dataset random --num_prompts 2 --random_input_len 9 --seed 5").out ==
        once.out.substr(0, once.out.find('\n', once.out.find('\n') + 1) + 1));
}

TEST_CASE("weir-prompts: a conversation's turns are records that say how they hang together", "[tools]") {
  const temporary_directory dir;
  const auto file = dir.write("s.json", R"([{"conversations":[{"from":"human","value":"a"},{"from":"gpt","value":"b"},)"
                                        R"({"from":"human","value":"c"}]}])");
  const auto talk = shell(tool + " --dataset sharegpt --turns 0 --max-tokens 9 " + file);
  CHECK(talk.out ==
        "{\"type\":\"prompt\",\"id\":\"0/0\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"max_tokens\":9,"
        "\"session\":\"0\"}\n"
        "{\"type\":\"prompt\",\"id\":\"0/1\",\"messages\":[{\"role\":\"user\",\"content\":\"c\"}],\"max_tokens\":9,"
        "\"session\":\"0\",\"turn\":1,\"continues\":true}\n");
  CHECK(shell(tool + " --dataset custom " + dir.write("again", talk.out)).out == talk.out);
  CHECK(shell(tool + " --dataset sharegpt --turns 0 --history recorded " + file).out.find("\"content\":\"b\"") !=
        std::string::npos);
}

TEST_CASE("weir-prompts: what can't be done is said, with status 2", "[tools]") {
  const temporary_directory dir;
  const std::string bad = dir.write("bad.jsonl", "{\"question\":\"q\",\"answer\":\"#### 1\"}\n{\"question\":\n");
  const auto says = [](const std::string& words, std::string_view sentence) {
    const auto ran = shell("(" + tool + " " + words + ") 2>&1");
    CAPTURE(words, ran.out);
    CHECK(ran.status == 2);
    CHECK(ran.out.find(sentence) != std::string::npos);
  };
  says("", "--dataset is missing");
  says("--dataset arc", "is not one of gsm8k|ceval|mmlu|sharegpt|custom|random");
  says("--dataset ceval", "ceval is no stream");
  says("--dataset gsm8k " + bad, bad + ": line 2: not JSON");
  says("--dataset gsm8k " + dir.file("none"), "there is no file");
  says("--dataset gsm8k .", "is a directory");
  says("--dataset gsm8k " + dir.write("empty", ""), "holds no prompt");
  says("--dataset gsm8k a b", "takes one FILE");
  says("--dataset random --shots 4", "--shots has no meaning for --dataset random");
  says("--dataset gsm8k --turns 2 " + bad, "--turns has no meaning for --dataset gsm8k");
  says("--dataset custom --vocab-size 9", "--vocab-size has no meaning for --dataset custom");
  says("--dataset random --num-prompts 0", "--num-prompts must be at least 1");
  says("--dataset random --random-input-len x", "--random-input-len: 'x' is not a number");
  says("--dataset random --range-ratio 1", "range ratio");
  says("--dataset gsm8k --prompt plain --shots 4 " + bad, "leave --shots out");
  says("--dataset random --random-input-len 9 > /dev/full", "No space left on device");
}
