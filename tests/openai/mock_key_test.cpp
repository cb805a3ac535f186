#include "weir/openai/mock_key.hpp"

#include <string>

#include "../catch.hpp"
#include "../shell.hpp"

namespace {

const temporary_directory folder;

std::vector<weir::mock_question> read(const std::string& name, std::string_view bytes) {
  return weir::read_mock_key(folder.write(name, bytes)).value();
}
std::string refusal(const std::string& name, std::string_view bytes) {
  const auto key = weir::read_mock_key(folder.write(name, bytes));
  return key ? "" : key.error().detail;
}

}  // namespace

TEST_CASE("mock key: GSM8K, MMLU and prompt records are read in their own form", "[mock]") {
  const auto key = read("key.jsonl",
                        R"({"type":"run","tool":"weir-prompts"}
{"question": "How many?", "answer": "It is 3 * 6 = <<3*6=18>>18.\n#### 18"}

{"question": " IBS\n", "answer_a": "w", "answer_b": "x", "answer_c": "y", "answer_d": "z", "correct_answer": "B", "topic": "t"}
{"type":"prompt","id":"77","prompt":"Question: Why?\nAnswer:","expected":"42","max_tokens":9}
{"id":5,"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Where?"}],"expected":3.5}
)");
  REQUIRE(key.size() == 4);
  CHECK(key[0].id == "0");
  CHECK(key[0].text == "How many?");
  CHECK(key[0].expected == "18");
  CHECK(key[0].choices.empty());
  CHECK(key[1].id == "1");
  CHECK(key[1].text == "IBS");
  CHECK(key[1].expected == "B");
  CHECK(key[1].choices == std::vector<std::string>{"w", "x", "y", "z"});
  CHECK(key[2].id == "77");
  CHECK(key[2].text == "Question: Why?\nAnswer:");
  CHECK(key[2].expected == "42");
  CHECK(key[3].id == "5");
  CHECK(key[3].text == "Be brief.\nWhere?");
  CHECK(key[3].expected == "3.5");
}

TEST_CASE("mock key: CEval's CSV is one too, quoted newlines and all", "[mock]") {
  const auto key = read("law_val.csv",
                        "id,question,A,B,C,D,answer\r\n"
                        "0,\"first line\nsecond, line\",one,two,three,four,C\r\n"
                        "1,\u95EE\u9898,\u7532,\u4E59,\u4E19,\u4E01,A\r\n");
  REQUIRE(key.size() == 2);
  CHECK(key[0].text == "first line\nsecond, line");
  CHECK(key[0].expected == "C");
  CHECK(key[0].choices == std::vector<std::string>{"one", "two", "three", "four"});
  CHECK(key[1].id == "1");
  CHECK(key[1].text == "\u95EE\u9898");
}

TEST_CASE("mock key: what can't be a key is refused by line", "[mock]") {
  CHECK(refusal("a.jsonl", "{\"question\":\"q\",\"answer\":\"1\"}\nnonsense\n").find("line 2") != std::string::npos);
  CHECK(refusal("b.jsonl", "{\"answer\":\"1\"}\n").find("has no question") != std::string::npos);
  CHECK(refusal("c.jsonl", "{\"question\":\"q\"}\n").find("line 1: has no answer") != std::string::npos);
  CHECK(refusal("d.jsonl", "").find("holds no question") != std::string::npos);
  CHECK(refusal("e.jsonl", "{\"question\":[1],\"answer\":\"1\"}").find("'question'") != std::string::npos);
  CHECK(refusal("f.csv", "question,answer\nq,1\nonly one\n").find("line 3") != std::string::npos);
  CHECK_FALSE(weir::read_mock_key(folder.file("not-there.jsonl")));
}
