#include "weir/openai/exchange.hpp"

#include <string>
#include <vector>

#include "catch.hpp"
#include "streams.hpp"

using streams::events;
using streams::play;
using streams::player;
using streams::streamed;
using streams::text_event;
using weir::outcome;
using weir::stamp_basis;
using weir::tokens_basis;
using weir::unmeasured;

namespace {

/// All but what the cuts decide: which events one read brought together.
std::string as_line(weir::request_record r) {
  r.shared_events = 0;
  std::string line;
  weir::append_record(line, r);
  return line;
}

/// The number behind the last occurrence of `name` in a recorded stream: what the server itself says in the end.
std::int64_t last_number(const std::string& bytes, const std::string& name) {
  const auto at = bytes.rfind(name);
  REQUIRE(at != bytes.npos);
  return std::stoll(bytes.substr(at + name.size()));
}

}  // namespace

TEST_CASE("exchange: recorded streams give the same record wherever they are cut", "[openai]") {
  const auto name =
      GENERATE(as<std::string>{}, "vllm-chat-stream.txt", "vllm-chat-stream-n2.txt", "vllm-chat-stream-usage.txt",
               "vllm-completion-stream.txt", "vllm-completion-stream-n2.txt", "vllm-completion-stream-usage.txt",
               "vllm-completion-stream-continuous-usage.txt", "vllm-completion-logprobs-tokenids.txt",
               "vllm-completion-nonstream.txt", "vllm-chat-nonstream.txt", "vllm-error-enginedead-stream-http200.txt",
               "vllm-error-bad-model.txt", "llamacpp-chat-stream-n2.txt", "llamacpp-chat-stream.txt",
               "llamacpp-completion-stream.txt", "llamacpp-error-too-long.txt");
  CAPTURE(name);
  const std::string bytes = streams::fixture(name);
  REQUIRE(bytes.size() > 100);
  const std::string whole = as_line(play(bytes));
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    const auto r = player().feed(bytes.substr(0, cut), 2000).feed(bytes.substr(cut), 2000).close(3000);
    if (as_line(r) != whole) {
      CAPTURE(cut);
      REQUIRE(as_line(r) == whole);
    }
  }
  player slowly;
  for (const char byte : bytes) slowly.feed({&byte, 1}, 2000);
  CHECK(as_line(slowly.close(3000)) == whole);
}

TEST_CASE("exchange: the record says which clock its times are of, and which events shared a read", "[openai]") {
  weir::chunk_parser json;
  const auto padded = [](std::string bytes) { return bytes.append(weir::sse_parser::padding, ' '); };
  const std::string head = padded(streams::streamed("")), one = padded(streams::events({streams::text_event(0, "a")})),
                    two = padded(streams::events({streams::text_event(0, "b"), streams::text_event(0, "c")})),
                    done = padded("data: [DONE]\n\n");
  const auto feed = [](weir::completion_exchange& x, const std::string& bytes, std::int64_t t, stamp_basis basis) {
    x.feed(std::string_view(bytes).substr(0, bytes.size() - weir::sse_parser::padding), t, basis);
  };
  const auto run = [&](stamp_basis first, stamp_basis second) {
    weir::completion_exchange x(json, {}, {});
    x.sent(1000);
    feed(x, head, 1500, stamp_basis::user);  // the head holds no token: its stamp is nobody's
    feed(x, one, 2000, first);
    feed(x, two, 3000, second);
    feed(x, done, 4000, stamp_basis::user);
    x.closed("", 5000);
    return x.take();
  };
  CHECK(run(stamp_basis::kernel, stamp_basis::kernel).stamps == stamp_basis::kernel);
  CHECK(run(stamp_basis::user, stamp_basis::user).stamps == stamp_basis::user);
  CHECK(run(stamp_basis::kernel, stamp_basis::user).stamps == stamp_basis::mixed);
  CHECK(run(stamp_basis::user, stamp_basis::kernel).stamps == stamp_basis::mixed);
  CHECK(run(stamp_basis::kernel, stamp_basis::kernel).shared_events == 2);
}

TEST_CASE("exchange: events of one segment share its stamp, in however many reads they came", "[openai]") {
  const auto event = [](int i) {
    return "data: {\"choices\":[{\"index\":0,\"text\":\"" + std::string(1, static_cast<char>('a' + i)) + "\"}]}\n\n";
  };
  const auto shared = [&](std::vector<std::pair<int, std::int64_t>> reads, stamp_basis basis) {
    weir::chunk_parser json;
    weir::completion_exchange x(json, {}, {});
    x.sent(1000);
    const auto feed = [&](std::string bytes, std::int64_t t) {
      bytes.append(weir::sse_parser::padding, ' ');
      (void)x.feed(std::string_view(bytes).substr(0, bytes.size() - weir::sse_parser::padding), t, basis);
    };
    feed("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", 1500);
    for (const auto& [events, t] : reads) {
      std::string bytes;
      for (int i = 0; i < events; ++i) bytes += event(i);
      feed(bytes, t);
    }
    return x.record().shared_events;
  };
  CHECK(shared({{1, 2000}, {1, 3000}, {1, 4000}}, stamp_basis::kernel) == 0);
  CHECK(shared({{1, 2000}, {1, 2000}, {1, 4000}}, stamp_basis::kernel) == 2);
  CHECK(shared({{1, 2000}, {1, 2000}, {1, 2000}}, stamp_basis::kernel) == 3);
  CHECK(shared({{1, 2000}, {2, 2000}, {1, 2000}, {1, 3000}}, stamp_basis::kernel) == 4);
  CHECK(shared({{2, 2000}, {1, 2000}}, stamp_basis::kernel) == 3);
  CHECK(shared({{1, 2000}, {1, 2000}}, stamp_basis::user) == 0);  // two readings of a clock, each after its read
}

TEST_CASE("exchange: the tokens of vLLM's recorded streams are those of its usage", "[openai]") {
  struct row {
    const char* name;
    int choices;
    std::int64_t tokens;
    tokens_basis basis, itl_basis;
  };
  // Tokens as the requests asked for them with max_tokens; the files without usage hold one token an event.
  using enum tokens_basis;
  for (const auto& [name, choices, tokens, basis, itl] : {
           row{"vllm-completion-stream.txt", 1, 4, chunks, chunks},
           row{"vllm-completion-stream-usage.txt", 1, 4, usage, chunks},
           row{"vllm-completion-stream-continuous-usage.txt", 1, 4, usage, usage},
           row{"vllm-completion-logprobs-tokenids.txt", 1, 2, token_ids, token_ids},
           row{"vllm-chat-stream-usage.txt", 1, 3, usage, chunks},
           row{"vllm-chat-stream-n2.txt", 2, 6, usage, chunks},
           row{"llamacpp-completion-stream.txt", 1, 4, chunks, chunks},
           row{"llamacpp-completion-logprobs-tokenids.txt", 1, 2, token_ids, token_ids},
       }) {
    CAPTURE(name);
    const auto r = play(streams::fixture(name), {.choices = choices});
    CHECK(r.status == outcome::ok);
    CHECK(r.error.empty());
    CHECK(r.tokens_out == tokens);
    CHECK(r.basis == basis);
    CHECK(r.itl_basis == itl);
    REQUIRE(r.choices.size() == static_cast<std::size_t>(choices));
    std::int64_t sum = 0;
    for (const auto& c : r.choices) {
      sum += c.tokens_out;
      CHECK(c.finish_reason == "length");
    }
    CHECK(sum == tokens);
  }
}

TEST_CASE("exchange: texts are put together per choice, whatever the order of their events", "[openai]") {
  const auto r = play(streams::fixture("vllm-chat-stream-n2.txt"), {.choices = 2});
  REQUIRE(r.choices.size() == 2);
  CHECK(r.choices[0].text == " w294ov w018");
  CHECK(r.choices[1].text == " w230roxim FAILURE");
}

TEST_CASE("exchange: real streams of an H100, with their own arrival times", "[openai][shared]") {
  const std::string folder = WEIR_SOURCE_DIR "/../shared/vllm_h100/streams/";
  struct row {
    const char* name;
    int choices;
    std::int64_t tokens;  // n * max_tokens of the .req file
    tokens_basis itl_basis;
  };
  using enum tokens_basis;
  const row rows[] = {
      {"cmpl_n1_cus", 1, 24, usage},    {"cmpl_n2_cus", 2, 48, usage},    {"cmpl_2prompts_n2", 4, 96, usage},
      {"cmpl_n1_plain", 1, 24, chunks}, {"cmpl_n1_usage", 1, 24, chunks}, {"cmpl_ids_tokenids", 1, 24, usage},
      {"cmpl_logprobs2", 1, 24, usage}, {"cmpl_echo", 1, 24, usage},      {"cmpl_max1", 1, 1, usage},
      {"cmpl_wide_utf8", 1, 24, usage}, {"chat_n1_cus", 1, 24, usage},    {"chat_n2_cus", 2, 48, usage},
      {"chat_logprobs", 1, 24, usage}};
  if (streams::file(folder + "cmpl_n1_cus.resp").empty()) {
    WARN("skipped: the recorded streams are not beside the repository");
    return;
  }
  for (const auto& [name, choices, tokens, itl] : rows) {
    CAPTURE(name);
    const std::string bytes = streams::file(folder + name + ".resp");
    const std::string times = streams::file(folder + name + ".recv.csv");
    player p({.choices = choices});
    // A token's event is the first whose text is not empty; it has arrived when its blank line has.
    const auto first_text = std::min(bytes.find(R"("text":" )"), bytes.find(R"("content":" )"));
    const auto first_end = bytes.find("\n\n", std::min(first_text, bytes.find(R"("text":"a)")));
    const auto last_finish = bytes.rfind(R"("finish_reason":"length")");
    const auto last_end = bytes.find("\n\n", last_finish);
    const auto done_end = bytes.find("\n\n", bytes.find("[DONE]"));
    std::int64_t t_first = 0, t_last = 0, t_done = 0;
    std::size_t at = 0;
    for (std::size_t line = times.find('\n') + 1; line < times.size(); line = times.find('\n', line) + 1) {
      const std::int64_t t_ns = std::stoll(times.substr(line)) * 1000;
      const std::size_t size = std::stoul(times.substr(times.find(',', line) + 1));
      p.feed(std::string_view(bytes).substr(at, size), 1000 + t_ns);
      const auto holds = [&](std::size_t end) { return at < end + 2 && end + 2 <= at + size; };
      if (holds(first_end)) t_first = 1000 + t_ns;
      if (holds(last_end)) t_last = 1000 + t_ns;
      if (holds(done_end)) t_done = 1000 + t_ns;
      at += size;
    }
    REQUIRE(at == bytes.size());
    CHECK(p.exchange().over());  // the terminal chunk ends it, not the closing connection
    const auto r = p.close(99'000'000'000);
    CHECK(r.status == outcome::ok);
    CHECK(r.tokens_out == tokens);
    CHECK(r.itl_basis == itl);
    CHECK(r.t_first_ns == t_first);
    CHECK(r.t_last_ns == t_last);
    CHECK(r.t_done_ns == t_done);
    std::int64_t sum = 0, of_events = 0;
    for (const auto& c : r.choices) sum += c.tokens_out;
    for (const auto& e : r.events) of_events += e.tokens;
    CHECK(sum == tokens);
    CHECK(of_events == tokens);
    CHECK(r.choices.size() == static_cast<std::size_t>(choices));
    if (std::string(name) != "cmpl_n1_plain") {
      CHECK(r.tokens_out == last_number(bytes, R"("completion_tokens":)"));
      CHECK(r.tokens_in == last_number(bytes.substr(0, bytes.rfind(R"(,"total_tokens")")), R"("prompt_tokens":)"));
    }
  }
}

TEST_CASE("exchange: a role and an empty delta are no tokens, and the first token sets the time", "[openai]") {
  player p;
  p.feed(streamed(events({R"({"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]})"})), 2000);
  p.feed(events({R"({"choices":[{"index":0,"delta":{"content":"a"}}]})"}), 3000);
  p.feed(events({R"({"choices":[{"index":0,"delta":{"content":"b"}}]})"}), 4000);
  p.feed(events({R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})", "[DONE]"}), 5000);
  const auto r = p.close(6000);
  CHECK(r.status == outcome::ok);
  CHECK(r.t_first_ns == 3000);
  CHECK(r.t_visible_ns == 3000);
  CHECK(r.t_last_ns == 4000);
  CHECK(r.t_done_ns == 5000);
  CHECK(r.tokens_out == 2);
  CHECK(r.basis == tokens_basis::chunks);
  CHECK(r.events.size() == 2);
}

TEST_CASE("exchange: reasoning starts the clock of the first token, visible text that of the first visible one",
          "[openai]") {
  player p;
  p.feed(streamed(events({R"({"choices":[{"index":0,"delta":{"reasoning_content":"hm"}}]})"})), 2000);
  p.feed(events({R"({"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]})", "[DONE]"}), 3000);
  const auto r = p.close(4000);
  CHECK(r.t_first_ns == 2000);
  CHECK(r.t_visible_ns == 3000);
  CHECK(r.choices[0].reasoning == "hm");
  CHECK(r.choices[0].text == "a");
  CHECK(r.tokens_out == 2);

  player tool;
  tool.feed(streamed(events({R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0}]}}]})"})), 2000);
  tool.feed(events({"[DONE]"}), 2500);
  CHECK(tool.close(4000).t_visible_ns == 2000);
}

TEST_CASE("exchange: several tokens in one event are told apart from several events in one read", "[openai]") {
  const auto usage = [](int n) {
    return R"(,"usage":{"prompt_tokens":3,"completion_tokens":)" + std::to_string(n) + "}";
  };
  player p;
  p.feed(streamed(events({text_event(0, "abcd", usage(4))})), 2000);
  p.feed(events({text_event(0, "e", usage(5)), text_event(0, "f", usage(6))}), 3000);
  p.feed(events({R"({"choices":[{"index":0,"text":"g","finish_reason":"length"}])" + usage(7) + "}",
                 R"({"choices":[])" + usage(7) + "}", "[DONE]"}),
         4000);
  const auto r = p.close(5000);
  CHECK(r.status == outcome::ok);
  CHECK(r.tokens_out == 7);
  CHECK(r.choices[0].tokens_first == 4);
  REQUIRE(r.events.size() == 4);
  CHECK(r.events[0].tokens == 4);
  CHECK(r.events[1].t_ns == r.events[2].t_ns);
}

TEST_CASE("exchange: a token without text counts where the usage moves, its late text does not count again",
          "[openai]") {
  const auto usage = [](int n) { return R"(,"usage":{"completion_tokens":)" + std::to_string(n) + "}"; };
  player p;
  p.feed(streamed(events({text_event(0, "", usage(1))})), 2000);  // half a character: no text yet
  p.feed(events({text_event(0, "\\u7b54", usage(2))}), 3000);
  p.feed(events({text_event(0, "tail", usage(2))}), 3500);  // text that was held back
  p.feed(events({"[DONE]"}), 4000);
  const auto r = p.close(5000);
  CHECK(r.tokens_out == 2);
  CHECK(r.t_first_ns == 2000);
  CHECK(r.t_visible_ns == 3000);
  CHECK(r.t_last_ns == 3500);
  CHECK(r.events.size() == 2);
}

TEST_CASE("exchange: usage that is no running count does not become one", "[openai]") {
  SECTION("0 until the end: the first text still is the first token") {
    player p;
    p.feed(streamed(events({text_event(0, "a", R"(,"usage":{"completion_tokens":0})")})), 2000);
    p.feed(events({text_event(0, "b", R"(,"usage":{"completion_tokens":0})")}), 3000);
    p.feed(events({R"({"choices":[],"usage":{"completion_tokens":2}})", "[DONE]"}), 4000);
    const auto r = p.close(5000);
    CHECK(r.status == outcome::ok);
    CHECK(r.t_first_ns == 2000);
    CHECK(r.tokens_out == 2);
    CHECK(r.itl_basis == tokens_basis::chunks);
  }
  SECTION("only in the last event that has a choice: the total, not a burst of tokens") {
    player p;
    p.feed(streamed(events({text_event(0, "a")})), 2000);
    p.feed(events({text_event(0, "b")}), 3000);
    p.feed(events({R"({"choices":[{"index":0,"text":"c","finish_reason":"stop"}],"usage":{"completion_tokens":12}})",
                   "[DONE]"}),
           4000);
    const auto r = p.close(5000);
    CHECK(r.status == outcome::ok);
    CHECK(r.tokens_out == 12);
    CHECK(r.basis == tokens_basis::usage);
    CHECK(r.itl_basis == tokens_basis::chunks);
    CHECK(r.choices[0].tokens_first == 4);  // an estimate: 12 tokens in 3 events
    CHECK(r.events.size() == 3);
  }
}

TEST_CASE("exchange: without running usage the tokens of n choices add up to the total", "[openai]") {
  player p({.choices = 2});
  p.feed(streamed(events({text_event(0, "a"), text_event(1, "b"), text_event(0, "c")})), 2000);
  p.feed(events({R"({"choices":[],"usage":{"completion_tokens":10}})", "[DONE]"}), 3000);
  const auto r = p.close(4000);
  CHECK(r.status == outcome::ok);
  CHECK(r.tokens_out == 10);
  CHECK(r.choices[0].tokens_out + r.choices[1].tokens_out == 10);
  CHECK(r.choices[0].tokens_out == 6);  // 10 * 2 / 3, rounded down
}

TEST_CASE("exchange: llama.cpp's server reports the usage of each choice by itself", "[openai]") {
  const auto usage = [](int n) {
    return R"("usage":{"prompt_tokens":7,"completion_tokens":)" + std::to_string(n) + "}}";
  };
  const auto last = [](int index, const std::string& rest) {
    return R"({"choices":[{"index":)" + std::to_string(index) + R"(,"text":"","finish_reason":"length"}])" + rest;
  };
  std::string body;
  for (int i = 0; i < 4; ++i) body += events({text_event(1, "b"), text_event(0, "a")});
  SECTION("completions: in the last event of each choice") {
    body += events({text_event(0, "a"), last(1, "," + usage(4)), last(0, "," + usage(5)), "[DONE]"});
  }
  SECTION("chat: in an event of its own behind each choice") {
    body += events({last(1, "}"), R"({"choices":[],)" + usage(4), text_event(0, "a"), last(0, "}"),
                    R"({"choices":[],)" + usage(5), "[DONE]"});
  }
  const auto r = play(streamed(body), {.choices = 2});
  CHECK(r.status == outcome::ok);
  CHECK(r.tokens_in == 7);
  CHECK(r.tokens_out == 9);
  CHECK(r.basis == tokens_basis::usage);
  CHECK(r.itl_basis == tokens_basis::chunks);
  REQUIRE(r.choices.size() == 2);
  CHECK(r.choices[0].tokens_out == 5);
  CHECK(r.choices[1].tokens_out == 4);
}

TEST_CASE("exchange: a usage of one choice out of two is not taken for both", "[openai]") {
  std::string body;
  for (int i = 0; i < 4; ++i) body += events({text_event(0, "a"), text_event(1, "b")});
  body += events({R"({"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":4}})", "[DONE]"});
  const auto r = play(streamed(body), {.choices = 2});
  CHECK(r.status == outcome::ok);
  CHECK(r.tokens_out == 8);
  CHECK(r.basis == tokens_basis::chunks);
  CHECK(r.choices[1].tokens_out == 4);
}

TEST_CASE("exchange: usage that contradicts the stream is a token mismatch", "[openai]") {
  const auto usage = [](int n) { return R"(,"usage":{"completion_tokens":)" + std::to_string(n) + "}"; };
  const auto total = [&](int n) { return R"({"choices":[])" + usage(n) + "}"; };
  const auto status = [&](const std::string& body, int n = 1) {
    const auto r = play(streamed(body + events({"[DONE]"})), {.choices = n});
    return std::pair(r.status, r.error);
  };
  CHECK(status(events({text_event(0, "a", usage(1)), text_event(0, "b", usage(2)), total(3)})) ==
        std::pair(outcome::token_mismatch, std::string("the stream held 2 tokens, but usage says 3")));
  CHECK(status(events({text_event(0, "a", usage(1)), text_event(0, "b", usage(2)), total(1)})).first ==
        outcome::token_mismatch);
  CHECK(status(events({text_event(0, "a"), text_event(0, "b"), total(1)})).first == outcome::token_mismatch);
  CHECK(status(events({text_event(0, "a"), text_event(0, "b"), total(0)})).first == outcome::token_mismatch);
  CHECK(status(events({text_event(0, "a"), text_event(0, "b"), total(2)})).first == outcome::ok);
  CHECK(status(events({text_event(0, "a"), text_event(0, "b"), total(9)})).first == outcome::ok);
  CHECK(status(events({text_event(0, "a", usage(1)), text_event(1, "b", usage(1)), total(3)}), 2).first ==
        outcome::token_mismatch);
}

TEST_CASE("exchange: an error inside HTTP 200 is a failure with the server's words, [DONE] or not", "[openai]") {
  auto r = play(streams::fixture("vllm-error-enginedead-stream-http200.txt"));
  CHECK(r.status == outcome::server_error);
  CHECK(r.http_status == 200);
  CHECK(r.error == "EngineCore encountered an issue. See stack trace (above) for the root cause.");

  r = play(streamed(events({text_event(0, "a"), text_event(0, "b"), R"({"error":{"message":"gone"}})", "[DONE]"})));
  CHECK(r.status == outcome::server_error);
  CHECK(r.error == "gone");
  CHECK(r.tokens_out == 2);  // what came before it is kept
  CHECK(r.choices[0].text == "ab");

  r = play(streamed("event: error\ndata: out of memory\n\n"));
  CHECK(r.status == outcome::server_error);
  CHECK(r.error == "out of memory");

  r = play(streamed(events({R"({"choices":[{"index":0,"text":"a","finish_reason":"abort"}]})", "[DONE]"})));
  CHECK(r.status == outcome::server_error);
}

TEST_CASE("exchange: a stream that ends too early is truncated", "[openai]") {
  struct row {
    std::string bytes;
    outcome status;
    int choices = 1;
  };
  const std::string a = text_event(0, "a"), stop = R"({"choices":[{"index":0,"text":"","finish_reason":"stop"}]})";
  const std::string head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";
  const std::string chunked = head + "transfer-encoding: chunked\r\n\r\n";
  for (const auto& [bytes, status, choices] : {
           row{"", outcome::truncated},
           row{"HTTP/1.1 200 OK\r\nconten", outcome::truncated},
           row{streamed(""), outcome::truncated},
           row{streamed(events({a})), outcome::truncated},
           row{streamed(events({a, "[DONE]"})), outcome::ok},
           row{streamed(events({a, stop})), outcome::ok},
           row{streamed(events({a, stop})), outcome::truncated, 2},  // the other choice never ended
           row{streamed(events({stop})), outcome::ok},               // an answer of no token
           row{streamed(events({"[DONE]"})), outcome::truncated},
           row{streamed(events({a}) + "data: [DONE]\n"), outcome::truncated},  // half an event is none
           row{chunked + "0\r\n\r\n", outcome::truncated},
           row{chunked + "e\r\ndata: [DONE]\n\n\r\n", outcome::truncated},
           row{streams::fixture("llamacpp-error-too-long.txt"), outcome::truncated},
       }) {
    CAPTURE(bytes, choices);
    const auto r = play(bytes, {.choices = choices});
    CHECK(weir::to_string(r.status) == weir::to_string(status));
    CHECK(r.error.empty() == (status == outcome::ok));
    CHECK(r.t_done_ns != unmeasured);
  }
}

TEST_CASE("exchange: cutting a whole stream anywhere before its end never looks like success with fewer tokens",
          "[openai]") {
  const auto name = GENERATE(as<std::string>{}, "vllm-completion-stream-continuous-usage.txt",
                             "vllm-chat-stream-n2.txt", "llamacpp-chat-stream.txt");
  const std::string bytes = streams::fixture(name);
  const int n = name == "vllm-chat-stream-n2.txt" ? 2 : 1;
  const auto whole = play(bytes, {.choices = n});
  REQUIRE(whole.status == outcome::ok);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    const auto r = play(std::string_view(bytes).substr(0, cut), {.choices = n});
    if (r.status != outcome::ok) continue;
    CAPTURE(name, cut);
    CHECK(r.tokens_out == whole.tokens_out);
    CHECK(r.choices[0].text == whole.choices[0].text);
  }
}

TEST_CASE("exchange: a refusal keeps the server's message, whatever its form", "[openai]") {
  struct row {
    const char* name;
    int status;
    const char* words;
  };
  for (const auto& [name, status, words] : {
           row{"vllm-error-bad-model.txt", 404, "HTTP 404: The model "},
           row{"vllm-error-404.txt", 404, "HTTP 404: Not Found"},
           row{"vllm-error-enginedead-http500.txt", 500, "HTTP 500: EngineCore encountered an issue"},
           row{"llamacpp-error-invalid-json.txt", 500, "HTTP 500: Internal Server Error"},
           row{"llamacpp-error-negative-max-tokens.txt", 500, "HTTP 500: 1 validation error"},
       }) {
    CAPTURE(name);
    const auto r = play(streams::fixture(name));
    CHECK(r.status == outcome::http);
    CHECK(r.http_status == status);
    CHECK(r.error.substr(0, std::string(words).size()) == words);
    CHECK(r.tokens_out == 0);
  }
  auto r = play("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
  CHECK(r.status == outcome::http);
  CHECK(r.error == "HTTP 400");
  r = play("HTTP/1.1 307 Temporary Redirect\r\nlocation: http://x/\r\ncontent-length: 0\r\n\r\n");
  CHECK(r.error == "HTTP 307 (moved to http://x/)");
  r = play("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 500\r\n\r\n<html>upstream gone");  // and then it is cut
  CHECK(r.status == outcome::http);
  CHECK(r.error == "HTTP 502: <html>upstream gone");
}

TEST_CASE("exchange: bytes that follow no standard are malformed", "[openai]") {
  for (const std::string& bytes : {
           std::string("220 mail ready\r\n"),
           streamed("data: {\"choices\":[\n\n"),
           streamed("data: x\n\n"),
           std::string("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<html>login</html>"),
           std::string("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"),
           std::string("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1\r\n\r\n{"),
           std::string("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"),
       }) {
    CAPTURE(bytes);
    const auto r = play(bytes);
    CHECK(weir::to_string(r.status) == "malformed");
    CHECK_FALSE(r.error.empty());
  }
  CHECK(play(streamed("data: " + std::string(200, 'x')), {.max_event_bytes = 100}).status == outcome::malformed);
  CHECK(play("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n" + std::string(200, ' '),
             {.max_answer_bytes = 100})
            .status == outcome::malformed);
}

TEST_CASE("exchange: every legal spelling of an event stream is read", "[openai]") {
  const std::string a = text_event(0, "a"), b = text_event(0, "b");
  for (const std::string& body : {
           "data:" + a + "\n\ndata:" + b + "\n\ndata:[DONE]\n\n",
           "data: " + a + "\r\n\r\n: ping\r\n\r\ndata: " + b + "\r\n\r\ndata: [DONE]\r\n\r\n",
           "data: " + a + "\r\rdata: " + b + "\r\rdata: [DONE]\r\r",
           "\xEF\xBB\xBF" + events({a, b, "[DONE]"}),
           "id: 1\nretry: 5\nevent: message\ndata: " + a + "\n\ndata\n\n" + events({b, " [DONE] "}),
       }) {
    CAPTURE(body);
    const auto r = play(streamed(body));
    CHECK(r.status == outcome::ok);
    CHECK(r.tokens_out == 2);
    REQUIRE(r.choices.size() == 1);
    CHECK(r.choices[0].text == "ab");
  }
}

TEST_CASE("exchange: an answer in one piece has no first token, but an end and a count", "[openai]") {
  const auto r = play(streams::fixture("vllm-completion-nonstream.txt"));
  CHECK(r.status == outcome::ok);
  CHECK(r.tokens_out == 4);
  CHECK(r.tokens_in == 5);
  CHECK(r.basis == tokens_basis::usage);
  CHECK(r.itl_basis == tokens_basis::none);
  CHECK(r.t_first_ns == unmeasured);
  CHECK(r.t_last_ns == 2000);
  REQUIRE(r.choices.size() == 1);
  CHECK(r.choices[0].tokens_out == 4);
  CHECK(r.choices[0].tokens_first == unmeasured);
  CHECK(r.choices[0].text == " w479agement treat Users'");
  CHECK(play(streams::fixture("vllm-chat-nonstream.txt")).choices[0].text.size() > 0);

  const auto whole = [](std::string_view body) {
    return play("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(body.size()) +
                "\r\n\r\n" + std::string(body));
  };
  const auto two = whole(
      R"({"choices":[{"index":0,"text":"a","finish_reason":"stop","token_ids":[1]},{"index":1,"text":"bc","finish_reason":"stop","token_ids":[2,3]}],"usage":{"prompt_tokens":1,"completion_tokens":3}})");
  CHECK(two.status == outcome::ok);
  CHECK(two.choices[1].tokens_out == 2);
  CHECK(whole(R"({"choices":[{"index":0,"text":"a","token_ids":[1]}],"usage":{"completion_tokens":3}})").status ==
        outcome::token_mismatch);
  CHECK(whole(R"({"error":{"message":"no"}})").status == outcome::server_error);
}

TEST_CASE("exchange: a connection is used again only after a whole response that allows it", "[openai]") {
  const auto reusable = [](const std::string& bytes) {
    player p;
    p.feed(bytes, 2000);
    return p.exchange().over() && p.exchange().reusable();
  };
  const std::string json = R"({"choices":[{"index":0,"text":"a"}]})";
  const std::string head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 36\r\n";
  REQUIRE(json.size() == 36);
  CHECK(reusable(head + "\r\n" + json));
  CHECK_FALSE(reusable(head + "connection: close\r\n\r\n" + json));
  CHECK_FALSE(reusable(head + "\r\n" + json + "x"));
  CHECK(reusable("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"));
  CHECK(reusable(streams::fixture("vllm-completion-stream.txt")));
  CHECK_FALSE(reusable(streamed(events({"x"}))));
}

TEST_CASE("exchange: giving up keeps what had come, and never overrules the server", "[openai]") {
  player p;
  p.feed(streamed(events({text_event(0, "a")})), 2000);
  p.exchange().fail(outcome::timeout, "no event for 5 s", 7000);
  auto r = p.close(9000);
  CHECK(r.status == outcome::timeout);
  CHECK(r.error == "no event for 5 s");
  CHECK(r.tokens_out == 1);
  CHECK(r.t_done_ns == 7000);

  player failed;
  failed.feed(streamed(events({R"({"error":{"message":"gone"}})"})), 2000);
  failed.exchange().fail(outcome::cancelled, "the run was ended", 7000);
  CHECK(failed.close(9000).status == outcome::server_error);
}
