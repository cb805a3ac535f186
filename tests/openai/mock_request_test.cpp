#include "weir/openai/mock_request.hpp"

#include <fstream>
#include <iterator>
#include <string>

#include "../catch.hpp"
#include "skeleton.hpp"

namespace {

using weir::mock_endpoint;

weir::mock_options served() {
  weir::mock_options o;
  o.model = "m";
  o.max_model_len = 100;
  return o;
}

weir::mock_request good(std::string_view body, mock_endpoint where = mock_endpoint::completions) {
  const auto options = served();
  weir::mock_request_reader reader(options);
  weir::mock_request r;
  const auto error = reader.read(body, where, r);
  if (error) FAIL(error->message);
  return r;
}
weir::api_error bad(std::string_view body, mock_endpoint where = mock_endpoint::completions) {
  const auto options = served();
  weir::mock_request_reader reader(options);
  weir::mock_request r;
  const auto error = reader.read(body, where, r);
  CAPTURE(std::string(body));
  REQUIRE(error);
  return *error;
}
std::string fixture_body(const std::string& name) {
  std::ifstream in(WEIR_SOURCE_DIR "/tests/fixtures/sse/" + name, std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(in), {}};
  return all.substr(all.find("\r\n\r\n") + 4);
}

}  // namespace

TEST_CASE("mock request: a prompt is a text, ids, or a list of either", "[mock]") {
  const auto one = good(R"({"prompt":"aaab aabc","model":"m"})");
  REQUIRE(one.prompts.size() == 1);
  CHECK(one.prompts[0].text == "aaab aabc");
  CHECK(one.prompts[0].tokens == 2);
  const auto ids = good(R"({"prompt":[11,12,13]})");
  REQUIRE(ids.prompts.size() == 1);
  CHECK(ids.prompts[0].ids == std::vector<std::int64_t>{11, 12, 13});
  CHECK(ids.prompts[0].tokens == 3);
  const auto texts = good(R"({"prompt":["a b c","d"]})");
  REQUIRE(texts.prompts.size() == 2);
  CHECK(texts.prompts[1].text == "d");
  const auto lists = good(R"({"prompt":[[1,2],[3]]})");
  REQUIRE(lists.prompts.size() == 2);
  CHECK(lists.prompts[0].ids == std::vector<std::int64_t>{1, 2});
}

TEST_CASE("mock request: a chat's text is that of all its messages, in strings or parts", "[mock]") {
  const auto r = good(
      R"({"messages":[{"role":"system","content":"Be \"brief\"."},{"role":"user","content":[{"type":"text","text":"Why"},)"
      R"({"type":"image_url","image_url":{"url":"x"}},{"type":"text","text":" not?"}]},{"role":"assistant","content":null}]})",
      mock_endpoint::chat);
  REQUIRE(r.prompts.size() == 1);
  CHECK(r.chat);
  CHECK(r.prompts[0].text == "Be \"brief\".\nWhy not?");
}

TEST_CASE("mock request: the options that it knows are read, in any order, the others passed over", "[mock]") {
  const auto r = good(
      R"({"stream_options":{"continuous_usage_stats":true,"include_usage":true,"new":[{}]},"temperature":0.5,"n":3,)"
      R"("logit_bias":{"1":[2,{"a":null}]},"max_tokens":7,"min_tokens":2,"user":"q7","ignore_eos":true,"prompt":"x",)"
      R"("return_token_ids":true,"stream":true,"stop":null,"seed":4})");
  CHECK(r.stream);
  CHECK(r.include_usage);
  CHECK(r.continuous_usage);
  CHECK(r.return_token_ids);
  CHECK(r.ignore_eos);
  CHECK(r.n == 3);
  CHECK(r.max_tokens == 7);
  CHECK(r.min_tokens == 2);
  CHECK(r.user == "q7");
  CHECK(good(R"({"messages":[{"role":"user","content":"x"}],"max_completion_tokens":9})", mock_endpoint::chat)
            .max_tokens == 9);
  const auto plain = good(R"({"prompt":"x","max_tokens":null,"n":null,"stream":null,"stream_options":null})");
  CHECK(plain.max_tokens == weir::unmeasured);
  CHECK(plain.n == 1);
  CHECK_FALSE(plain.stream);
  // As in vLLM, running counts come only to those who asked for usage.
  CHECK_FALSE(
      good(R"({"prompt":"x","stream":true,"stream_options":{"continuous_usage_stats":true}})").continuous_usage);
}

TEST_CASE("mock request: refusals have vLLM's statuses, types and parameters", "[mock]") {
  const auto is = [](const weir::api_error& e, int status, const std::string& type, const std::string& param) {
    return e.status == status && e.type == type && e.param == param;
  };
  CHECK(is(bad(R"({"model":"nope","prompt":"x"})"), 404, "NotFoundError", "model"));
  CHECK(is(bad(R"({"model": "m", "prompt": )"), 400, "Bad Request", "body.25"));
  CHECK(is(bad(R"({"prompt":"x","max_tokens":-1})"), 400, "BadRequestError", "max_tokens"));
  CHECK(is(bad(R"({"prompt":"x","max_tokens":99999})"), 400, "BadRequestError", "max_tokens"));
  CHECK(is(bad(R"({"prompt":"x","temperature":-1})"), 400, "BadRequestError", "temperature"));
  CHECK(is(bad(R"({"prompt":"x","n":0})"), 400, "BadRequestError", "n"));
  CHECK(is(bad(R"({"prompt":"x","n":1000000})"), 400, "BadRequestError", "n"));
  CHECK(is(bad(R"({"prompt":"x","stream_options":{"include_usage":true}})"), 400, "BadRequestError", ""));
  std::string long_prompt;
  for (int i = 0; i < 100; ++i) long_prompt += " w";
  CHECK(is(bad("{\"prompt\":\"" + long_prompt + "\"}"), 400, "BadRequestError", "input_tokens"));
  CHECK(is(bad(R"({"max_tokens":5})"), 400, "Bad Request", "prompt"));
  CHECK(is(bad(R"({"max_tokens":5})", mock_endpoint::chat), 400, "Bad Request", "messages"));
  CHECK(is(bad(R"({"prompt":"x"})", mock_endpoint::chat), 400, "Bad Request", "messages"));
  CHECK(is(bad(R"({"prompt":"x","max_tokens":"many"})"), 400, "Bad Request", "max_tokens"));
  CHECK(is(bad(R"({"prompt":"x","stream":"yes"})"), 400, "Bad Request", "stream"));
  CHECK(is(bad(R"({"prompt":{}})"), 400, "Bad Request", "prompt"));
  CHECK(is(bad(R"({"prompt":""})"), 400, "BadRequestError", "prompt"));
}

TEST_CASE("mock request: whatever is not one JSON object is refused as such", "[mock]") {
  for (const std::string_view body :
       {"", "[]", "3", "null", "{", "{\"prompt\":\"x\"", "{\"prompt\":\"x\"}}", "{\"prompt\":\"x\"} {}",
        "{\"prompt\" \"x\"}", "{\"other\":[1,],\"prompt\":\"x\"}", "{\"other\":tru,\"prompt\":\"x\"}",
        "{\"prompt\":\"\xff\"}", "\xff\xfe"}) {
    CHECK(bad(body).status == 400);
  }
}

TEST_CASE("mock request: an error's JSON is built like vLLM's, in a reply and in a stream", "[mock]") {
  CHECK(
      weir::error_json({404, "The model `nope` does not exist.", "NotFoundError", "model"}) ==
      R"({"error":{"message":"The model `nope` does not exist.","type":"NotFoundError","param":"model","code":404}})");
  CHECK(skeleton(weir::error_json({400, "x", "y", "z"})) == skeleton(fixture_body("vllm-error-bad-model.txt")));
  CHECK(skeleton(weir::error_json({500, "x", "y", ""})) == skeleton(fixture_body("vllm-error-enginedead-http500.txt")));
  CHECK(skeletons("data: " + weir::error_json({500, "x", "y", ""}, true) + "\n\ndata: [DONE]\n\n") ==
        skeletons(fixture_body("vllm-error-enginedead-stream-http200.txt")));
  CHECK(weir::error_json({500, "x", "y", ""}, true)
            .starts_with(R"({"error": {"message": "x", "type": "y", "param": null)"));
}
