#include "weir/openai/request.hpp"

#include <string>

#include "catch.hpp"
#include "weir/net/http1.hpp"
#include "weir/openai/endpoint.hpp"

namespace {

weir::prompt prompt(std::string_view line) {
  auto p = weir::parse_prompt(line);
  REQUIRE(p);
  return *p;
}

std::string body(const weir::request_options& options, std::string_view line) {
  return weir::request_writer(options, "h:1", "/v1/completions").body(prompt(line));
}

}  // namespace

TEST_CASE("request: a completion asks for a stream with the usage of every event", "[openai]") {
  CHECK(body({.model = "m"}, R"({"id":"1","prompt":"a \"b\"","max_tokens":20})") ==
        R"({"model":"m","prompt":"a \"b\"","max_tokens":20,"stream":true,)"
        R"("stream_options":{"include_usage":true,"continuous_usage_stats":true}})");
  CHECK(body({}, R"({"prompt_token_ids":[1,2]})") ==
        R"({"prompt":[1,2],"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true}})");
}

TEST_CASE("request: what the command line says stands in the body, and a prompt's own words win", "[openai]") {
  weir::request_options options{.chat = true, .model = "m", .max_tokens = 7, .temperature = 0.5, .choices = 4};
  options.ignore_eos = options.tag_user = true;
  CHECK(
      body(options, R"({"id":"q1","prompt":"hi","model":"lora"})") ==
      R"({"model":"lora","messages":[{"role":"user","content":"hi"}],"max_tokens":7,"user":"q1","temperature":0.5,)"
      R"("n":4,"ignore_eos":true,"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true}})");
  CHECK(body(options, R"({"id":"q1","messages":[{"role":"system","content":"x"}],"max_tokens":3})")
            .starts_with(R"({"model":"m","messages":[{"role":"system","content":"x"}],"max_tokens":3,)"));
}

TEST_CASE("request: an extra field replaces ours of the same name and is never sent twice", "[openai]") {
  weir::request_options options{.model = "m", .max_tokens = 7};
  auto extra = weir::parse_extra_body(R"({"model":"x","max_tokens":1,"stream":false,"top_p":0.90,"a":{"b":[null]}})");
  REQUIRE(extra);
  options.extra = *extra;
  CHECK(body(options, R"({"prompt":"p"})") ==
        R"({"prompt":"p","model":"x","max_tokens":1,"stream":false,"top_p":0.90,"a":{"b":[null]}})");
  options.extra = *weir::parse_extra_body(R"({"stream_options":{"include_usage":true}})");
  CHECK(body(options, R"({"prompt":"p"})") ==
        R"({"model":"m","prompt":"p","max_tokens":7,"stream":true,"stream_options":{"include_usage":true}})");
  for (const char* bad : {"", "[]", "{", "{\"a\":tru}", "{\"a\":1} x", "top_p=1"})
    CHECK_FALSE(weir::parse_extra_body(bad));
}

TEST_CASE("request: the bytes are one HTTP message of the length it says", "[openai]") {
  weir::request_options options{.api_key = "s3cret"};
  options.headers.push_back(*weir::parse_header("X-Team: a b"));
  const weir::request_writer writer(options, "[::1]:8000", "/v1/completions");
  std::string bytes;
  writer.append(bytes, prompt(R"({"prompt":"答案"})"));
  struct {
    std::string body;
    bool ended = false;
    void on_head(const weir::http1_head& head) {
      CHECK(head.method == "POST");
      CHECK(head.target == "/v1/completions");
      CHECK(head.header("host") == "[::1]:8000");
      CHECK(head.header("authorization") == "Bearer s3cret");
      CHECK(head.header("x-team") == "a b");
      CHECK(head.header("x-request-id").empty());
      CHECK(head.keep_alive);
    }
    void on_body(std::string_view piece) { body += piece; }
    void on_end() { ended = true; }
  } sink;
  weir::http1_parser parser(weir::http1_parser::role::request);
  const auto used = parser.feed(bytes, sink);
  REQUIRE(used);
  CHECK(*used == bytes.size());
  CHECK(sink.ended);
  CHECK(sink.body == writer.body(prompt(R"({"prompt":"答案"})")));
}

TEST_CASE("request: a header that would break the request apart is refused, and its value is not repeated",
          "[openai]") {
  CHECK(weir::parse_header("a=b")->second == "b");
  CHECK(weir::parse_header("Authorization: Bearer x")->second == "Bearer x");
  CHECK(weir::parse_header("a=")->second.empty());
  for (const char* bad :
       {"", "a", "=b", ": b", "a b=c", "a=secret\r\nx: y", "Content-Length: 5", "transfer-encoding=chunked"}) {
    INFO(bad);
    const auto header = weir::parse_header(bad);
    REQUIRE_FALSE(header);
    CHECK(header.error().detail.find("secret") == std::string::npos);
  }
}

TEST_CASE("request: a prompt that the endpoint can't take is refused by its id", "[openai]") {
  const weir::request_writer chat({.chat = true}, "h", "/"), completions({}, "h", "/");
  CHECK_FALSE(chat.check(prompt(R"({"id":"7","prompt_token_ids":[1]})")));
  CHECK(completions.check(prompt(R"({"id":"7","messages":[{"role":"user","content":"x"}]})")).error().detail ==
        "prompt 7 holds messages: use chat completions");
  CHECK(chat.check(prompt(R"({"prompt":"x"})")));
}

TEST_CASE("endpoint: targets keep the base's path and never say /v1 twice", "[openai]") {
  const auto target = [](const char* base) { return *weir::make_endpoint(base)->target("/v1/models"); };
  CHECK(target("http://h:8000") == "/v1/models");
  CHECK(target("http://h:8000/") == "/v1/models");
  CHECK(target("http://h/v1") == "/v1/models");
  CHECK(target("http://h/v1/") == "/v1/models");
  CHECK(target("http://h/proxy/v1") == "/proxy/v1/models");
  CHECK(target("http://h/av1") == "/av1/v1/models");
  CHECK_FALSE(weir::make_endpoint("h:8000"));
  CHECK_FALSE(weir::make_endpoint("http://h")->target("/v1/x y"));
}

TEST_CASE("endpoint: a record is read, another type is passed over, a bad one is named", "[openai]") {
  const auto e = weir::parse_endpoint(
      R"({"type":"endpoint","instance":0,"pid":12,"base_url":"http://127.0.0.1:8000","model":null})");
  REQUIRE(e);
  CHECK(e->instance == "0");
  CHECK(e->where.port == 8000);
  CHECK(e->model.empty());
  CHECK(weir::parse_endpoint(R"({"type":"run"})").error().code == weir::errc::not_found);
  for (const char* bad : {R"({"type":"endpoint"})", R"({"type":"endpoint","base_url":"ftp://x"})", "x"})
    CHECK(weir::parse_endpoint(bad).error().code != weir::errc::not_found);
}
