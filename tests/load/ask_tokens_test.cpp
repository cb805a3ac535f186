#include "weir/load/ask_tokens.hpp"

#include <string>

#include "catch.hpp"
#include "openai/server_thread.hpp"
#include "weir/openai/endpoint.hpp"

using scripted::reply;

namespace {

weir::token_question question(const scripted::server_thread& server, bool chat) {
  weir::request_options options;
  options.chat = chat;
  options.api_key = "secret";
  return {weir::make_endpoint(server.url + "/v1", "", "m").value(), server.addresses(), options};
}

weir::prompt text(const std::string& content) {
  weir::prompt p;
  p.content = content;
  return p;
}

}  // namespace

TEST_CASE("ask_tokens: vLLM's page beside /v1 counts a text, with the key, and a chat with its template", "[load]") {
  const scripted::server_thread server(
      [](const auto&) { return reply(200, R"({"count":4,"max_model_len":9,"tokens":[1,2,3,4]})"); });
  auto count = question(server, false);
  CHECK(count(text("\"a b\"")).value() == 4);
  CHECK(server.seen().back().target == "/tokenize");
  CHECK(server.seen().back().body.find(R"("prompt":"a b")") != std::string::npos);
  CHECK(server.seen().back().body.find(R"("model":"m")") != std::string::npos);
  auto chat = question(server, true);
  CHECK(chat(text("\"a b\"")).value() == 4);
  CHECK(server.seen().back().body.find(R"("messages":[{"role":"user","content":"a b"}])") != std::string::npos);
  CHECK(chat.with_template());
}

TEST_CASE("ask_tokens: llama.cpp lists tokens, and knows no messages", "[load]") {
  const scripted::server_thread server([](const scripted::request& r) {
    return reply(200, r.body.find("\"content\":\"a b\",\"add") == std::string::npos ? R"({"tokens":[]})"
                                                                                    : R"({"tokens":[5,6]})");
  });
  auto chat = question(server, true);
  CHECK(chat(text("\"a b\"")).value() == 2);
  CHECK_FALSE(chat.with_template());
  CHECK(chat(text("\"a b\"")).value() == 2);
}

TEST_CASE("ask_tokens: a server without the page, or that says something else, is no count", "[load]") {
  const auto [status, body] = GENERATE(table<int, std::string>({{404, R"({"detail":"Not Found"})"},
                                                                {200, "ok"},
                                                                {200, "{}"},
                                                                {200, R"({"count":-1})"},
                                                                {200, R"({"tokens":7})"}}));
  const scripted::server_thread server([code = status, text = body](const auto&) { return reply(code, text); });
  CHECK_FALSE(question(server, false)(text("\"a\"")));
  const auto chat = question(server, true)(text("\"a\""));
  REQUIRE_FALSE(chat);
  CHECK(chat.error().detail.find("/tokenize") != std::string::npos);
}
