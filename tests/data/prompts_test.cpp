#include "weir/data/prompts.hpp"

#include <string>

#include "catch.hpp"

namespace {
std::string rewritten(std::string_view line) {
  const auto p = weir::parse_prompt(line);
  if (!p) return "refused: " + p.error().detail;
  std::string out;
  weir::append_record(out, *p);
  return out;
}
}  // namespace

TEST_CASE("prompts: a record comes back as it was written", "[data]") {
  for (
      const std::string_view line : {
          R"({"type":"prompt","id":"7","prompt":"Wie hé\n\"x\" 答案","max_tokens":20})",
          R"({"type":"prompt","id":"a/b","messages":[{"role":"user","content":"x"}],"expected":"B","subject":"law"})",
          R"({"type":"prompt","id":"","prompt_token_ids":[0,17,151935],"t_sched_ns":0,"session":"s","turn":2,"model":"m"})",
      })
    CHECK(rewritten(line) == std::string(line) + "\n");
}

TEST_CASE("prompts: a data set's own line is read as a prompt", "[data]") {
  CHECK(rewritten(R"({"question": "How many?", "answer": "1 + 1 = <<1+1=2>>2\n#### 1,250"})") ==
        R"({"type":"prompt","id":"","prompt":"How many?","expected":"1,250"})"
        "\n");
  CHECK(rewritten(R"({"prompt": "p", "question": "not this", "answer": 3.50, "id": 12, "other": [1, {"a": null}]})") ==
        R"({"type":"prompt","id":"12","prompt":"p","expected":"3.50"})"
        "\n");
  CHECK(rewritten(R"({"prompt": "p", "answer": "an answer", "expected": "gold", "max_tokens": null})") ==
        R"({"type":"prompt","id":"","prompt":"p","expected":"gold"})"
        "\n");
}

TEST_CASE("prompts: a message is copied whole, without its white space", "[data]") {
  const std::string inner =
      R"([{"role":"user","content":[{"type":"text","text":"\u0001ü"}],"n":-1.50e3,"t":true,"z":null}])";
  CHECK(rewritten("{\"messages\": " + inner + " , \"id\": \"m\"}\r") ==
        "{\"type\":\"prompt\",\"id\":\"m\",\"messages\":" + inner + "}\n");
}

TEST_CASE("prompts: what is not a prompt is refused by name", "[data]") {
  const auto why = [](std::string_view line) { return weir::parse_prompt(line).error().detail; };
  CHECK(why("{\"id\":\"1\"}") == "has none of the fields prompt, messages, prompt_token_ids and question");
  CHECK(why(R"({"prompt":"a","messages":[{"role":"user","content":"x"}]})") == "has both 'prompt' and 'messages'");
  CHECK(why(R"({"prompt":["a"]})") == "field 'prompt' is not a string");
  CHECK(why(R"({"messages":"a"})") == "field 'messages' is not an array of message objects");
  for (const std::string_view ids : {"[]", "[1.5]", "[-1]", "[1,\"2\"]", "7", "[[1]]", "{}"})
    CHECK(why("{\"prompt_token_ids\":" + std::string(ids) + "}") ==
          "field 'prompt_token_ids' is not an array of token ids (integers from 0)");
  for (const std::string_view count : {"0", "-3", "1.5", "\"9\"", "99999999999999999999"})
    CHECK(why("{\"prompt\":\"a\",\"max_tokens\":" + std::string(count) + "}") ==
          "field 'max_tokens' is not an integer of at least 1");
  CHECK(why(R"({"prompt":"a","t_sched_ns":-1})") == "field 't_sched_ns' is not an integer of at least 0");
  CHECK(why(R"({"prompt":"a","subject":["x"]})") == "field 'subject' is not a string");
}

TEST_CASE("prompts: what is not JSON is refused, also inside a message", "[data]") {
  for (const std::string_view line :
       {"", " ", "[1]", "7", "{\"prompt\":\"a\"", "{\"prompt\":\"a}", "{\"prompt\":\"a\"} x",
        "{\"prompt\":\"a\"}{\"prompt\":\"a\"}", "{\"prompt\" \"a\"}", "{\"prompt\":\"\xFF\"}",
        "{\"messages\":[{\"role\":user}]}", "{\"messages\":[{\"role\":\"u\",}]}", "{\"messages\":[{\"n\":1x}]}",
        "{\"prompt\":\"\\ud800\"}"}) {
    CAPTURE(line);
    const auto p = weir::parse_prompt(line);
    REQUIRE_FALSE(p);
    CHECK(p.error().code == weir::errc::parse);
  }
  const auto other = weir::parse_prompt(R"({"type":"run","tool":"weir-prompts"})");
  REQUIRE_FALSE(other);
  CHECK(other.error().code == weir::errc::not_found);
}

TEST_CASE("prompts: one reader gives the same for a line whatever came before it", "[data]") {
  weir::prompt_reader read;
  const std::string full = R"({"question":"q","answer":"#### 2","id":"1","max_tokens":5,"subject":"s"})";
  REQUIRE(read(full));
  CHECK_FALSE(read("{\"question\":"));
  const auto bare = read(R"({"prompt":"p"})");
  REQUIRE(bare);
  CHECK(bare->id.empty());
  CHECK(bare->expected.empty());
  CHECK(bare->subject.empty());
  CHECK(bare->max_tokens == weir::unmeasured);
  CHECK(bare->content == "\"p\"");
}
