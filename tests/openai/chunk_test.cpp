#include "weir/openai/chunk.hpp"

#include <string>

#include "catch.hpp"

namespace {

weir::chunk parsed(weir::chunk_parser& parser, std::string_view body) {
  const auto chunk = parser.parse(body);
  INFO(body);
  REQUIRE(chunk);
  return **chunk;
}

}  // namespace

TEST_CASE("chunk: a completion event of vLLM gives text, index and running usage", "[openai]") {
  weir::chunk_parser parser;
  const auto c = parsed(
      parser,
      R"({"id":"cmpl-8","object":"text_completion","created":1795322048,"model":"tiny","choices":[{"index":3,"text":" sub\nject","logprobs":null,"finish_reason":null,"stop_reason":null,"prompt_token_ids":null,"token_ids":null}],"usage":{"prompt_tokens":5,"total_tokens":6,"completion_tokens":1}})");
  CHECK(c.id == "cmpl-8");
  REQUIRE(c.choices.size() == 1);
  CHECK(c.choices[0].index == 3);
  CHECK(c.choices[0].text == " sub\nject");
  CHECK(c.choices[0].finish_reason.empty());
  CHECK(c.choices[0].token_ids == weir::unmeasured);
  CHECK(c.choices[0].logprobs == weir::unmeasured);
  CHECK(c.choices[0].generated());
  CHECK(c.prompt_tokens == 5);
  CHECK(c.completion_tokens == 1);
  CHECK_FALSE(c.is_error);
}

TEST_CASE("chunk: token ids and log probabilities are counted", "[openai]") {
  weir::chunk_parser parser;
  const auto c = parsed(
      parser,
      R"({"choices":[{"index":0,"text":" subjectde.","logprobs":{"text_offset":[0,8],"token_logprobs":[-8.6,-8.6],"tokens":[" subject","de."],"top_logprobs":[{" subject":-8.6},{"de.":-8.6}]},"finish_reason":"length","prompt_token_ids":[89,18,291],"token_ids":[5188,3602]}],"system_fingerprint":"vllm-0.32.0"})");
  REQUIRE(c.choices.size() == 1);
  CHECK(c.choices[0].token_ids == 2);
  CHECK(c.choices[0].logprobs == 2);
  CHECK(c.choices[0].finish_reason == "length");
  CHECK(c.system_fingerprint == "vllm-0.32.0");
  CHECK(c.completion_tokens == weir::unmeasured);

  const auto chat = parsed(
      parser,
      R"({"choices":[{"index":0,"delta":{"content":" x"},"logprobs":{"content":[{"token":"x","logprob":-1,"bytes":[120],"top_logprobs":[]}]},"token_ids":[]}]})");
  CHECK(chat.choices[0].logprobs == 1);
  CHECK(chat.choices[0].token_ids == 0);
}

TEST_CASE("chunk: a role alone, an empty delta and nulls generate nothing", "[openai]") {
  weir::chunk_parser parser;
  for (const char* body : {
           R"({"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]})",
           R"({"choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":null}}]})",
           R"({"choices":[{"index":0,"delta":{"tool_calls":[],"reasoning":"","refusal":null}}]})",
           R"({"choices":[{"index":0,"delta":{},"finish_reason":"length"}]})",
           R"({"choices":[{"index":0,"delta":null,"text":""}]})",
       }) {
    const auto c = parsed(parser, body);
    INFO(body);
    REQUIRE(c.choices.size() == 1);
    CHECK_FALSE(c.choices[0].generated());
  }
}

TEST_CASE("chunk: reasoning, tool calls, refusals and content parts are generated", "[openai]") {
  weir::chunk_parser parser;
  auto c = parsed(parser, R"({"choices":[{"index":0,"delta":{"reasoning":"hm","reasoning_content":"hm"}}]})");
  CHECK(c.choices[0].reasoning == "hm");
  CHECK(c.choices[0].text.empty());
  c = parsed(parser, R"({"choices":[{"index":0,"delta":{"reasoning":null,"reasoning_content":"so"}}]})");
  CHECK(c.choices[0].reasoning == "so");
  c = parsed(parser, R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{"}}]}}]})");
  CHECK(c.choices[0].other);
  c = parsed(parser, R"({"choices":[{"index":0,"delta":{"content":[{"type":"thinking","thinking":[]}]}}]})");
  CHECK(c.choices[0].other);
  c = parsed(parser, R"({"choices":[{"index":0,"delta":{"content":null,"refusal":"No."}}]})");
  CHECK(c.choices[0].text == "No.");
}

TEST_CASE("chunk: every shape of error is one, and a null error is none", "[openai]") {
  struct row {
    const char* body;
    const char* words;
  };
  weir::chunk_parser parser;
  for (const auto& [body, words] : {
           row{R"({"error": {"message": "EngineCore encountered an issue.", "type": "InternalServerError"}})",
               "EngineCore encountered an issue."},
           row{R"({"error":"model is loading"})", "model is loading"},
           row{R"({"error":{"code":500}})", ""},
           row{R"({"object":"error","message":"no such model","type":"NotFoundError","code":404})", "no such model"},
           row{R"({"detail":"Not Found"})", "Not Found"},
           row{R"({"detail":[{"loc":["body","n"],"msg":"must be positive"},{"msg":"second"}]})", "must be positive"},
       }) {
    const auto c = parsed(parser, body);
    INFO(body);
    CHECK(c.is_error);
    CHECK(c.error == words);
  }
  CHECK_FALSE(parsed(parser, R"({"choices":[],"error":null})").is_error);
  CHECK_FALSE(parsed(parser, R"({"choices":[{"index":0,"text":"a"}],"detail":"x"})").is_error);
}

TEST_CASE("chunk: what is not one JSON object of the right shape is refused with its words", "[openai]") {
  weir::chunk_parser parser;
  for (const char* body : {"", "x", "[]", "null", "{", R"({"choices":[{"index":0,"text":"a"}])",
                           R"({"choices":[{"index":0,"text":"a"}]} x)", R"({"choices":[{"index":-1}]})",
                           R"({"choices":[{"index":99999999}]})", R"({"choices":[{"index":"0"}]})",
                           R"({"choices":{"index":0}})", R"({"choices":[7]})", R"({"choices":[{"text":"\q"}]})",
                           "{\"choices\":[{\"text\":\"\xFF\"}]}", R"({"choices":[{"text":"a}]})"}) {
    INFO(body);
    const auto c = parser.parse(std::string_view(body));
    REQUIRE_FALSE(c);
    CHECK(c.error().code == weir::errc::parse);
    CHECK(c.error().detail.find(std::string(body).substr(0, 20)) != std::string::npos);
  }
  CHECK(parser.parse(std::string_view(R"({"choices":[]})")));  // and the parser goes on
}

TEST_CASE("chunk: half a character of a token becomes U+FFFD, a whole one stays", "[openai]") {
  weir::chunk_parser parser;
  const auto text = [&](const std::string& escaped) {
    return std::string(parsed(parser, R"({"choices":[{"index":0,"text":")" + escaped + R"("}]})").choices[0].text);
  };
  CHECK(text(R"(\ud83c\udf33)") == "\xF0\x9F\x8C\xB3");
  CHECK(text(R"(a\ud83c)") == "a\xEF\xBF\xBD");
  CHECK(text(R"(\udf33 \"\\\/\b\f\n\r\t\u00e9)") == "\xEF\xBF\xBD \"\\/\b\f\n\r\t\xC3\xA9");
  CHECK(text(R"(\ud83cx\ud83c\ud83c\udf33)") == "\xEF\xBF\xBDx\xEF\xBF\xBD\xF0\x9F\x8C\xB3");
  CHECK(text(R"(\ud83c\n)") == "\xEF\xBF\xBD\n");
}

TEST_CASE("chunk: several repaired texts of one event stay apart", "[openai]") {
  weir::chunk_parser parser;
  std::string body = R"({"choices":[)";
  for (int i = 0; i < 40; ++i)
    body += (i ? "," : "") + (R"({"index":)" + std::to_string(i) + R"(,"text":"\ud83c)" + std::to_string(i) + "\"}");
  const auto c = parsed(parser, body + "]}");
  REQUIRE(c.choices.size() == 40);
  for (int i = 0; i < 40; ++i) CHECK(c.choices[std::size_t(i)].text == "\xEF\xBF\xBD" + std::to_string(i));
}

TEST_CASE("chunk: what lies behind a padded body does not matter", "[openai]") {
  weir::chunk_parser parser;
  const std::string body = R"({"choices":[{"index":0,"text":"a","finish_reason":"stop"}],"usage":null})";
  for (const char byte : {'"', '}', '{', '1', '\\', '\0', '\xFF'}) {
    const std::string bytes = body + std::string(simdjson::SIMDJSON_PADDING, byte);
    const auto c = parser.parse(simdjson::padded_string_view(bytes.data(), body.size(), bytes.size()));
    REQUIRE(c);
    CHECK((*c)->choices[0].text == "a");
    CHECK((*c)->choices[0].finish_reason == "stop");
  }
}
