// A parser that has seen an event must read the next body exactly as a new parser does: what it remembers is for speed.
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "streams.hpp"
#include "weir/net/sse.hpp"
#include "weir/openai/chunk.hpp"

namespace {

/// Everything that a body says, as text; "refused" where it is none.
std::string said(weir::chunk_parser& parser, std::string_view body) {
  const auto parsed = parser.parse(body);
  if (!parsed) return "refused";
  const weir::chunk& c = **parsed;
  std::string out;
  const auto add = [&out](std::string_view part) { out.append(part).push_back('|'); };
  for (const auto text : {c.id, c.system_fingerprint, c.error}) add(text);
  for (const auto number : {c.prompt_tokens, c.completion_tokens}) add(std::to_string(number));
  add(c.is_error ? "error" : "");
  for (const auto& choice : c.choices) {
    for (const auto text : {choice.text, choice.reasoning, choice.finish_reason}) add(text);
    for (const auto number : {std::int64_t{choice.index}, choice.token_ids, choice.logprobs})
      add(std::to_string(number));
    add(choice.other ? "other" : "");
  }
  return out;
}

constexpr std::string_view completion =
    R"({"id":"cmpl-1","object":"text_completion","choices":[{"index":0,"text":" ab","finish_reason":null}],)"
    R"("usage":{"prompt_tokens":3,"total_tokens":14,"completion_tokens":11}})";
constexpr std::string_view chat =
    R"({"id":"c","choices":[{"index":1,"delta":{"reasoning_content":"hm"}}],"system_fingerprint":"f","usage":null})";

}  // namespace

TEST_CASE("chunk: after an event, any other is read as by a new parser", "[openai][property]") {
  for (const std::string_view seen : {completion, chat}) {
    weir::chunk_parser kept;
    const auto compare = [&](const std::string& body) {
      weir::chunk_parser fresh;
      REQUIRE(said(kept, seen) != "refused");
      if (const auto want = said(fresh, body); said(kept, body) != want) FAIL(body << " is " << want);
    };
    std::vector<std::string> tokens{"\"",   "\\",   "\\n",  "\\u00e9", "\xC3\xA9", "\xC3", "\xED\xA0\x80",
                                    "0",    "12",   "-1",   ".5",      "e3",       "00",   "{",
                                    "}",    "[",    "]",    ",",       ":",        " ",    "\t",
                                    "\x1F", "\x7F", "null", "true",    "{}",       "99999"};
    tokens.emplace_back(1, '\0');
    for (std::size_t at = 0; at <= seen.size(); ++at)
      for (const auto& token : tokens) {
        compare(std::string(seen.substr(0, at)) + token + std::string(seen.substr(at)));
        if (at < seen.size()) compare(std::string(seen.substr(0, at)) + token + std::string(seen.substr(at + 1)));
      }
    for (std::size_t at = 0; at < seen.size(); ++at) {
      compare(std::string(seen.substr(0, at)));
      compare(std::string(seen.substr(0, at)) + std::string(seen.substr(at + 1)));
    }
  }
}

TEST_CASE("chunk: recorded streams say the same to a parser that has read all before as to a new one", "[openai]") {
  weir::chunk_parser kept;
  int events = 0;
  for (const auto& each : std::filesystem::directory_iterator(WEIR_SOURCE_DIR "/tests/fixtures/sse")) {
    const std::string all = streams::file(each.path());
    weir::sse_parser sse;
    REQUIRE(sse.feed(all.substr(std::min(all.find("\r\n\r\n"), all.size() - 4) + 4), [&](const auto& e) {
      weir::chunk_parser fresh;
      const std::string body(e.data), want = said(fresh, body);
      ++events;
      CAPTURE(each.path(), body);
      CHECK(said(kept, body) == want);
      CHECK(said(kept, body) == want);
    }));
  }
  CHECK(events > 50);
}

TEST_CASE("chunk: the text of the next event is its own, however long, and so are its numbers", "[openai]") {
  weir::chunk_parser parser;
  const auto event = [](std::string_view text, std::string_view tokens) {
    return R"({"choices":[{"index":2,"text":")" + std::string(text) +
           R"("}],"usage":{"prompt_tokens":5,"total_tokens":7,"completion_tokens":)" + std::string(tokens) + "}}";
  };
  const auto check = [&](std::string_view text, std::string_view spelled, std::int64_t tokens) {
    const auto c = parser.parse(event(spelled, std::to_string(tokens)));
    REQUIRE(c);
    CHECK((*c)->choices.at(0).text == text);
    CHECK((*c)->choices.at(0).index == 2);
    CHECK((*c)->prompt_tokens == 5);
    CHECK((*c)->completion_tokens == tokens);
  };
  check("a", "a", 9);
  check("", "", 10);
  check(std::string(5000, 'x'), std::string(5000, 'x'), 1234567890123456789);
  check("\xE7\xAD\x94", "\xE7\xAD\x94", 11);
  check("\"\n", "\\\"\\n", 12);
  check("b", "b", 999999999999999999);
}
