#include "weir/openai/mock.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../catch.hpp"
#include "../net/peer.hpp"
#include "../shell.hpp"
#include "skeleton.hpp"
#include "weir/net/server.hpp"

namespace {

constexpr std::int64_t ms = 1'000'000;

/// A mock, its server and its log.
struct site {
  explicit site(weir::mock_options options, const weir::mock_answers* key = nullptr)
      : mock(loop, std::move(options)), http(std::in_place, loop, mock) {
    log.emplace(weir::truth_log::create(folder.file("truth")).value(), "truth");
    mock.log_to(*log, "here:1");
    if (key) mock.answer_from(*key);
    http->bind("127.0.0.1", 0).value();
    http->listen().value();
    port = http->port();
  }
  /// Ends everything and returns the log, line by line, parsed.
  std::vector<simdjson::dom::element> truth() {
    mock.stopping();
    http.reset();
    log->close().value();
    std::ifstream in(folder.file("truth"), std::ios::binary);
    std::vector<simdjson::dom::element> lines;
    for (std::string line; std::getline(in, line);) {
      parsers.push_back(std::make_unique<simdjson::dom::parser>());
      lines.push_back(parsers.back()->parse(line).value());
    }
    return lines;
  }

  temporary_directory folder;
  weir::loop loop;
  weir::mock_server mock;
  std::optional<weir::truth_log> log;
  std::optional<weir::http_server> http;
  std::uint16_t port = 0;
  std::vector<std::unique_ptr<simdjson::dom::parser>> parsers;
};

std::string post(std::string_view target, std::string_view body) {
  return "POST " + std::string(target) + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}
std::string completion(std::string_view fields) {
  return post("/v1/completions", R"({"model":"mock","prompt":"one two three",)" + std::string(fields) + "}");
}
std::string chat(std::string_view fields) {
  return post("/v1/chat/completions",
              R"({"model":"mock","messages":[{"role":"user","content":"one two three"}],)" + std::string(fields) + "}");
}
constexpr std::string_view body_end = "\r\n0\r\n\r\n";

std::string ask(site& s, const std::string& request) {
  peer p(s.loop, s.port);
  p.send(request);
  return p.read_until(body_end);
}
/// For answers that are not streamed: until the body is as long as its head says.
std::string ask_whole(site& s, const std::string& request) {
  peer p(s.loop, s.port);
  p.send(request);
  return p.read_until([](std::string_view all) {
    const auto head = all.find("\r\n\r\n"), length = all.find("content-length: ");
    return head != all.npos && all.size() >= head + 4 + std::stoul(std::string(all.substr(length + 16, 12)));
  });
}
std::string body_of(const std::string& response) {
  return response.substr(response.find("\r\n\r\n") + 4);
}

/// The texts of a stream's events, by choice.
std::map<int, std::string> texts(std::string_view stream) {
  std::map<int, std::string> all;
  simdjson::dom::parser parser;
  for (auto at = stream.find("data: {"); at != stream.npos; at = stream.find("data: {", at + 1)) {
    const auto json = parser.parse(simdjson::padded_string(stream.substr(at + 6, stream.find('\n', at) - at - 6)));
    simdjson::dom::array choices;
    if (json["choices"].get(choices)) continue;  // an error
    for (const auto choice : choices) {
      std::string_view text;
      if (choice["text"].get(text) && choice["delta"]["content"].get(text)) continue;
      all[static_cast<int>(choice["index"].get_int64().value())] += text;
    }
  }
  return all;
}

std::int64_t number(const simdjson::dom::element& line, std::string_view name) {
  return line[name].get_int64().value();
}
std::string text(const simdjson::dom::element& line, std::string_view name) {
  return std::string(line[name].get_string().value());
}
std::vector<std::int64_t> list(const simdjson::dom::element& line, std::string_view name) {
  std::vector<std::int64_t> all;
  for (const auto item : line[name]) all.push_back(item.get_int64().value());
  return all;
}

weir::mock_options fast() {
  weir::mock_options o;
  o.ttft_ns = o.itl_ns = 0;
  return o;
}

}  // namespace

TEST_CASE("mock: events leave when they are due, never before, and nothing adds up", "[mock]") {
  weir::mock_options o;
  o.ttft_ns = 20 * ms;
  o.itl_ns = 5 * ms;
  site s(o);
  std::vector<std::unique_ptr<peer>> peers;
  for (int i = 0; i < 8; ++i) {
    peers.push_back(std::make_unique<peer>(s.loop, s.port));
    peers.back()->send(completion(R"("max_tokens":40,"stream":true)"));
  }
  for (auto& p : peers) p->read_until(body_end);
  std::vector<std::int64_t> late;
  for (const auto& line : s.truth()) {
    const auto times = list(line, "event_t_ns");
    REQUIRE(times.size() == 40);
    CHECK(number(line, "t_start_ns") == number(line, "t_accept_ns"));
    for (std::size_t t = 0; t < times.size(); ++t)
      late.push_back(times[t] - number(line, "t_start_ns") - 20 * ms - static_cast<std::int64_t>(t) * 5 * ms);
  }
  std::sort(late.begin(), late.end());
  CHECK(late.front() >= 0);
  CHECK(late[late.size() / 2] < 5 * ms);  // typically 0.1 ms; the machine may be busy
}

TEST_CASE("mock: a client sees an event after the time in the log, and the clock starts with the whole request",
          "[mock]") {
  weir::mock_options o;
  o.ttft_ns = 10 * ms;
  site s(o);
  peer p(s.loop, s.port);
  const std::string request = completion(R"("max_tokens":1,"stream":true)");
  p.send(std::string_view(request).substr(0, request.size() - 1));
  p.turn(3 * ms), p.turn(3 * ms);
  const auto last_byte = weir::now_ns();
  p.send("}");
  p.read_until("data: {");
  const auto seen = weir::now_ns();
  p.read_until(body_end);
  const auto line = s.truth().at(0);
  CHECK(number(line, "t_accept_ns") >= last_byte);
  CHECK(list(line, "event_t_ns").at(0) >= last_byte + 10 * ms);
  CHECK(list(line, "event_t_ns").at(0) <= seen);
}

TEST_CASE("mock: streamed or whole, here or there, the same prompt gets the same text", "[mock]") {
  site one(fast()), two(fast());
  const std::string streamed = ask(one, completion(R"("max_tokens":20,"stream":true)"));
  const std::string whole = ask_whole(two, completion(R"("max_tokens":20)"));
  const std::string said = texts(streamed).at(0);
  CHECK(weir::count_tokens(said) == 20);
  CHECK(whole.find(R"("text":")" + said + '"') != std::string::npos);
  CHECK(whole.find(R"("usage":{"prompt_tokens":3,"total_tokens":23,"completion_tokens":20,)") != std::string::npos);
  CHECK(ask(two, chat(R"("max_tokens":20,"stream":true)")).find("\"finish_reason\":\"length\"") != std::string::npos);
}

TEST_CASE("mock: how long an answer is", "[mock]") {
  auto o = fast();
  site s(o);
  const auto tokens = [](site& at, const std::string& request) {
    return weir::count_tokens(texts(ask(at, request)).at(0));
  };
  CHECK(tokens(s, completion(R"("stream":true)")) == 16);  // vLLM's default
  CHECK(tokens(s, completion(R"("stream":true,"max_tokens":5)")) == 5);
  o.tokens = 9;
  o.max_model_len = 30;
  site natural(o);
  CHECK(tokens(natural, completion(R"("stream":true,"max_tokens":20)")) == 9);
  CHECK(tokens(natural, completion(R"("stream":true,"max_tokens":20,"ignore_eos":true)")) == 20);
  CHECK(tokens(natural, completion(R"("stream":true,"max_tokens":20,"min_tokens":12)")) == 12);
  CHECK(tokens(natural, completion(R"("stream":true,"max_tokens":4)")) == 4);
  CHECK(tokens(natural, completion(R"("stream":true,"max_tokens":30,"ignore_eos":true)")) ==
        27);  // the context is full
  CHECK(ask(natural, completion(R"("stream":true,"max_tokens":20)")).find(R"("finish_reason":"stop")") !=
        std::string::npos);
  CHECK(ask(natural, completion(R"("stream":true,"max_tokens":4)")).find(R"("finish_reason":"length")") !=
        std::string::npos);
}

TEST_CASE("mock: n choices of several prompts have indices prompt by prompt, each paced as if alone", "[mock]") {
  weir::mock_options o;
  o.ttft_ns = 5 * ms;
  o.itl_ns = 5 * ms;
  site s(o);
  const std::string stream = ask(
      s,
      post(
          "/v1/completions",
          R"({"prompt":["a b","c d e"],"n":2,"max_tokens":6,"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true}})"));
  const auto said = texts(stream);
  REQUIRE(said.size() == 4);
  for (const auto& [index, what] : said) CHECK(weir::count_tokens(what) == 6);
  CHECK(said.at(0) != said.at(1));
  CHECK(count_of(stream, R"("usage":{"prompt_tokens":3,"total_tokens":9,"completion_tokens":6})") == 2);
  CHECK(stream.find(R"("choices":[],"usage":{"prompt_tokens":5,"total_tokens":29,"completion_tokens":24})") !=
        stream.npos);
  const auto line = s.truth().at(0);
  CHECK(number(line, "tokens") == 24);
  const auto times = list(line, "event_t_ns"), choices = list(line, "event_choice");
  std::map<std::int64_t, std::vector<std::int64_t>> by_choice;
  for (std::size_t i = 0; i < times.size(); ++i) by_choice[choices[i]].push_back(times[i]);
  REQUIRE(by_choice.size() == 4);
  for (const auto& [choice, t] : by_choice) {
    REQUIRE(t.size() == 6);
    for (std::size_t k = 0; k < t.size(); ++k)
      CHECK(t[k] - number(line, "t_start_ns") >= 5 * ms + static_cast<std::int64_t>(k) * 5 * ms);
  }
  CHECK(line["choices"].get_array().size() == 4);
}

TEST_CASE("mock: a chat's role comes first, alone when it is asked to be early; usage may be late", "[mock]") {
  weir::mock_options o;
  o.ttft_ns = 40 * ms;
  o.itl_ns = ms;
  o.role_first_ns = 5 * ms;
  o.late_usage_ns = 30 * ms;
  site s(o);
  const std::string stream = ask(s, chat(R"("max_tokens":3,"stream":true,"stream_options":{"include_usage":true})"));
  CHECK(skeletons(stream).size() == 6);
  const auto line = s.truth().at(0);
  const auto first = list(line, "event_t_ns").at(0), last = list(line, "event_t_ns").at(2);
  CHECK(number(line, "t_role_ns") >= number(line, "t_start_ns") + 5 * ms);
  CHECK(number(line, "t_role_ns") < first);
  CHECK(number(line, "t_usage_ns") - number(line, "t_start_ns") >= 72 * ms);
  CHECK(number(line, "t_usage_ns") > last);
  CHECK(number(line, "t_done_ns") >= number(line, "t_usage_ns"));
}

TEST_CASE("mock: with slots, requests queue in order and no more than that decode at once", "[mock]") {
  weir::mock_options o;
  o.ttft_ns = 10 * ms;
  o.itl_ns = 2 * ms;
  o.slots = 2;
  site s(o);
  std::vector<std::unique_ptr<peer>> peers;
  for (int i = 0; i < 6; ++i) {
    peers.push_back(std::make_unique<peer>(s.loop, s.port));
    peers.back()->send(completion(R"("max_tokens":5,"stream":true,"user":"u)" + std::to_string(i) + '"'));
    REQUIRE(turn_until(s.loop, [&] { return s.mock.accepted() == i + 1; }));
  }
  peer watcher(s.loop, s.port);
  const std::string metrics = watcher.get("/metrics", "vllm:request_queue_time_seconds_sum");
  CHECK(metrics.find("vllm:num_requests_running{engine=\"0\",model_name=\"mock\"} 2.0") != metrics.npos);
  CHECK(metrics.find("vllm:num_requests_waiting{engine=\"0\",model_name=\"mock\"} 4.0") != metrics.npos);
  for (auto& p : peers) p->read_until(body_end);
  std::vector<std::pair<std::int64_t, int>> changes;
  std::int64_t before = 0;
  auto lines = s.truth();
  std::sort(lines.begin(), lines.end(), [](auto& a, auto& b) { return number(a, "index") < number(b, "index"); });
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CHECK(text(lines[i], "user") == "u" + std::to_string(i));
    CHECK(number(lines[i], "t_start_ns") >= before);
    before = number(lines[i], "t_start_ns");
    CHECK(list(lines[i], "event_t_ns").at(0) >= number(lines[i], "t_start_ns") + 10 * ms);
    changes.emplace_back(number(lines[i], "t_start_ns"), 1);
    changes.emplace_back(number(lines[i], "t_done_ns"), -1);
  }
  std::sort(changes.begin(), changes.end());
  int decoding = 0, most = 0;
  for (const auto& [t, change] : changes) most = std::max(most, decoding += change);
  CHECK(most == 2);
}

TEST_CASE("mock: a queued client that leaves frees its place, and one with more choices than slots still runs",
          "[mock]") {
  auto o = fast();
  o.ttft_ns = 20 * ms;
  o.slots = 2;
  site s(o);
  peer first(s.loop, s.port), leaver(s.loop, s.port), big(s.loop, s.port);
  first.send(completion(R"("max_tokens":2,"stream":true,"n":2)"));
  REQUIRE(turn_until(s.loop, [&] { return s.mock.accepted() == 1; }));
  leaver.send(completion(R"("max_tokens":2,"stream":true)"));
  REQUIRE(turn_until(s.loop, [&] { return s.mock.accepted() == 2; }));
  leaver.close();
  big.send(completion(R"("max_tokens":2,"stream":true,"n":5)"));
  CHECK(texts(big.read_until(body_end)).size() == 5);
  CHECK(texts(first.read_until(body_end)).size() == 2);
  const auto lines = s.truth();
  REQUIRE(lines.size() == 3);
  CHECK(text(lines[0], "status") == "gone");
  CHECK(lines[0]["t_start_ns"].is_null());
  CHECK(s.mock.in_flight() == 0);
}

TEST_CASE("mock: an error comes inside the stream, under HTTP 200, and the stream ends cleanly", "[mock]") {
  auto o = fast();
  o.error_at = 3;
  site s(o);
  const std::string stream =
      ask(s, completion(R"("max_tokens":9,"stream":true,"stream_options":{"include_usage":true})"));
  CHECK(stream.starts_with("HTTP/1.1 200 OK"));
  CHECK(weir::count_tokens(texts(stream).at(0)) == 3);
  CHECK(stream.find(R"(data: {"error": {"message": "EngineCore encountered)") < stream.find("data: [DONE]"));
  CHECK(stream.find("\"finish_reason\":\"") == stream.npos);
  CHECK(stream.find("usage") == stream.npos);
  CHECK(ask_whole(s, completion(R"("max_tokens":9)")).starts_with("HTTP/1.1 500"));
  const auto lines = s.truth();
  CHECK(text(lines[0], "status") == "error");
  CHECK(number(lines[0], "tokens") == 3);
  CHECK(lines[0]["finish_reason"].is_null());
}

TEST_CASE("mock: an abort cuts the connection after its tokens; every other request is spared where asked", "[mock]") {
  auto o = fast();
  o.abort_at = 3;
  o.fault_every = 2;
  site s(o);
  CHECK(weir::count_tokens(texts(ask(s, completion(R"("max_tokens":9,"stream":true)"))).at(0)) == 9);
  peer p(s.loop, s.port);
  p.send(completion(R"("max_tokens":9,"stream":true)"));
  const std::string stream = p.read_to_end();
  CHECK(p.ended());
  CHECK(weir::count_tokens(texts(stream).at(0)) == 3);
  CHECK(stream.find("[DONE]") == stream.npos);
  CHECK_FALSE(stream.ends_with("0\r\n\r\n"));
  CHECK(weir::count_tokens(texts(ask(s, completion(R"("max_tokens":9,"stream":true)"))).at(0)) == 9);
  const auto lines = s.truth();
  CHECK(text(lines[1], "status") == "cut");
  CHECK(number(lines[1], "tokens") == 3);
}

TEST_CASE("mock: stop-at ends early with a finish reason; close-every gives no answer", "[mock]") {
  auto o = fast();
  o.stop_at = 4;
  o.close_every = 2;
  site s(o);
  const std::string stream = ask(s, completion(R"("max_tokens":9,"stream":true)"));
  CHECK(weir::count_tokens(texts(stream).at(0)) == 4);
  CHECK(stream.find(R"("finish_reason":"stop")") != stream.npos);
  peer p(s.loop, s.port);
  p.send(completion(R"("max_tokens":9,"stream":true)"));
  CHECK(p.read_to_end().empty());
  CHECK(p.ended());
  const auto lines = s.truth();
  CHECK(text(lines[1], "status") == "closed");
  CHECK(number(lines[1], "http_status") == 0);
}

TEST_CASE("mock: the share of requests that fail is as asked, with HTTP 500", "[mock]") {
  auto o = fast();
  o.fail_rate = 0.25;
  site s(o);
  int failed = 0;
  peer p(s.loop, s.port);
  for (int i = 0; i < 400; ++i) {
    p.received().clear();
    p.send(completion(R"("max_tokens":1)"));
    const std::string answer = p.read_until(
        [](std::string_view all) { return all.ends_with("\"code\":500}}") || all.ends_with("\"metrics\":null}"); });
    failed += answer.starts_with("HTTP/1.1 500");
  }
  CHECK(std::abs(failed - 100) < 35);  // four standard deviations of a binomial
  int logged = 0;
  for (const auto& line : s.truth()) logged += text(line, "status") == "failed";
  CHECK(logged == failed);
}

TEST_CASE("mock: an event is cut where asked, the halves apart in time", "[mock]") {
  auto o = fast();
  o.itl_ns = 5 * ms;
  o.cut = GENERATE(weir::mock_cut::space, weir::mock_cut::data, weir::mock_cut::utf8);
  site s(o);
  peer p(s.loop, s.port);
  p.send(completion(R"("max_tokens":3,"stream":true)"));
  // Every state of what has come so far; the loop is turned in steps that are shorter than the gap.
  std::vector<std::string> states;
  p.read_until([&](std::string_view all) {
    states.emplace_back(all);
    return all.find(body_end) != all.npos;
  });
  const auto stopped = [&](const std::string& where) {
    return std::any_of(states.begin(), states.end(), [&](const std::string& all) { return all.ends_with(where); });
  };
  if (o.cut == weir::mock_cut::space) CHECK(stopped("\"text\":\" "));
  if (o.cut == weir::mock_cut::data) CHECK(stopped("data: "));
  if (o.cut == weir::mock_cut::utf8)
    CHECK(std::any_of(states.begin(), states.end(), [](const std::string& all) {
      return !all.empty() && static_cast<unsigned char>(all.back()) >= 0xC0;
    }));
  CHECK(weir::count_tokens(texts(states.back()).at(0)) == 3);
  const auto times = list(s.truth().at(0), "event_t_ns");
  CHECK(times.at(0) >= number(s.truth().at(0), "t_start_ns") + ms);  // the event is there with its second half
}

TEST_CASE("mock: events of several tokens say how many, by usage and by ids", "[mock]") {
  auto o = fast();
  o.tokens_per_event = 4;
  site s(o);
  const std::string stream = ask(
      s,
      completion(
          R"("max_tokens":10,"stream":true,"return_token_ids":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true})"));
  CHECK(skeletons(stream).size() == 5);
  for (const auto n : {4, 8, 10}) CHECK(stream.find("\"completion_tokens\":" + std::to_string(n) + "}") != stream.npos);
  std::vector<std::int64_t> ids;
  weir::for_each_token(texts(stream).at(0), [&](std::string_view token) { ids.push_back(weir::mock_token_id(token)); });
  std::string four = "\"token_ids\":[";
  for (int i = 0; i < 4; ++i) four += (i ? "," : "") + std::to_string(ids[static_cast<std::size_t>(i)]);
  CHECK(stream.find(four + "]") != stream.npos);
  CHECK(list(s.truth().at(0), "event_tokens") == std::vector<std::int64_t>{4, 4, 2});
}

TEST_CASE("mock: several events in one send carry one time, and all of them come", "[mock]") {
  auto o = fast();
  o.events_per_send = 16;
  site s(o);
  CHECK(weir::count_tokens(texts(ask(s, completion(R"("max_tokens":100,"stream":true)"))).at(0)) == 100);
  const auto times = list(s.truth().at(0), "event_t_ns");
  REQUIRE(times.size() == 100);
  CHECK(times[0] == times[15]);
  CHECK(times[15] < times[16]);
  CHECK(std::is_sorted(times.begin(), times.end()));
}

TEST_CASE("mock: a client that does not read delays its own events; the log has the times at which they left",
          "[mock]") {
  auto o = fast();
  o.tokens_per_event = 2000;
  site s(o);
  peer slow(s.loop, s.port, 4096);
  slow.send(completion(R"("max_tokens":100000,"n":20,"stream":true)"));  // 10 MB: more than any socket holds
  REQUIRE(turn_until(s.loop, [&] { return s.mock.accepted() == 1; }));
  for (int i = 0; i < 50; ++i) s.loop.turn(weir::now_ns() + ms).value();
  const auto paused = weir::now_ns();
  const std::string other = ask(s, completion(R"("max_tokens":5,"stream":true)"));  // the others go on
  CHECK(weir::count_tokens(texts(other).at(0)) == 5);
  std::int64_t tokens = 0;
  slow.read_until(body_end);
  for (const auto& [index, what] : texts(slow.received())) tokens += weir::count_tokens(what);
  CHECK(tokens == 2'000'000);
  const auto lines = s.truth();
  const auto& line = lines.at(1);  // it ended last
  CHECK(number(line, "index") == 0);
  CHECK(number(line, "blocked") > 0);
  const auto times = list(line, "event_t_ns");
  REQUIRE(times.size() == 1000);
  CHECK(std::is_sorted(times.begin(), times.end()));
  CHECK(times.front() < paused);
  CHECK(times.back() > paused);
}

TEST_CASE("mock: when a client leaves, its stream ends and the log has what was sent", "[mock]") {
  weir::mock_options o;
  o.ttft_ns = 0;
  o.itl_ns = 5 * ms;
  site s(o);
  peer p(s.loop, s.port);
  p.send(completion(R"("max_tokens":1000,"stream":true)"));
  p.read_until([](std::string_view all) { return count_of(all, "data: {") >= 3; });
  p.close();
  CHECK(turn_until(s.loop, [&] { return s.mock.in_flight() == 0; }));
  const auto line = s.truth().at(0);
  CHECK(text(line, "status") == "gone");
  CHECK(number(line, "tokens") >= 3);
  CHECK(number(line, "tokens") < 1000);
  CHECK(list(line, "event_t_ns").size() == static_cast<std::size_t>(number(line, "tokens")));
}

TEST_CASE("mock: streams that are running when it stops are logged as stopped", "[mock]") {
  weir::mock_options o;
  o.ttft_ns = 0;
  o.itl_ns = 100 * ms;
  site s(o);
  peer p(s.loop, s.port);
  p.send(completion(R"("max_tokens":1000,"stream":true)"));
  p.read_until("data: {");
  const auto line = s.truth().at(0);
  CHECK(text(line, "status") == "stopped");
  CHECK(number(line, "tokens") >= 1);
}

TEST_CASE("mock: pipelined requests are answered one after the other", "[mock]") {
  site s(fast());
  peer p(s.loop, s.port);
  p.send(completion(R"("max_tokens":2,"stream":true,"user":"a")") + completion(R"("max_tokens":3,"user":"b")") +
         "GET /version HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string all = p.read_until("\"version\"");
  CHECK(all.find("[DONE]") < all.find("\"completion_tokens\":3"));
  CHECK(all.find("\"completion_tokens\":3") < all.find("\"version\""));
  const auto lines = s.truth();
  CHECK(text(lines.at(0), "user") == "a");
  CHECK(text(lines.at(1), "user") == "b");
  // The second one's clock starts when its turn comes, though it was there from the start.
  CHECK(number(lines.at(1), "t_accept_ns") >= number(lines.at(0), "t_done_ns"));
}

TEST_CASE("mock: it answers the question that stands last, and the log says which and how", "[mock]") {
  std::vector<weir::mock_question> questions;
  for (int i = 0; i < 100; ++i)
    questions.push_back({std::to_string(i),
                         "How many are " + std::to_string(i) + " and " + std::to_string(i) + "?",
                         std::to_string(2 * i),
                         {}});
  const weir::mock_answers key(questions, 0.5, 3);
  site s(fast(), &key);
  const auto ask_for = [&](int i, std::string_view more) {
    return ask(s, post("/v1/chat/completions",
                       R"({"messages":[{"role":"user","content":"Q: How many are 1 and 1?\nA: 2\n\nQ: How many are )" +
                           std::to_string(i) + " and " + std::to_string(i) + R"(?\nA:"}],"stream":true)" +
                           std::string(more) + "}"));
  };
  std::vector<std::string> said;
  for (int i = 0; i < 100; ++i) said.push_back(texts(ask_for(i, "")).at(0));
  const std::string cut = texts(ask_for(7, R"(,"max_tokens":5)")).at(0);
  ask_for(200, "");  // not in the key: the example before it is
  ask(s, completion(R"("max_tokens":5,"stream":true)"));
  CHECK(s.mock.unknown_questions() == 1);
  int right = 0;
  const auto lines = s.truth();
  for (std::size_t i = 0; i < 100; ++i) {
    const auto& line = lines.at(i);
    CHECK(text(line, "question") == std::to_string(i));
    CHECK(text(line, "expected") == std::to_string(2 * i));
    CHECK(said[i].ends_with("\n#### " + text(line, "answer")));
    const bool correct = line["correct"].get_bool().value();
    CHECK(correct == (text(line, "answer") == text(line, "expected")));
    CHECK(text(line, "finish_reason") == "stop");
    CHECK(number(line, "tokens") == weir::count_tokens(said[i]));
    right += correct;
  }
  CHECK(std::abs(right - 50) < 21);
  CHECK(text(lines.at(100), "finish_reason") == "length");
  CHECK_FALSE(lines.at(100)["correct"].get_bool().value());
  CHECK(weir::count_tokens(cut) == 5);
  CHECK(text(lines.at(101), "question") == "1");
  CHECK(lines.at(102)["question"].is_null());
  CHECK(lines.at(102)["correct"].is_null());
}

TEST_CASE("mock: the first tokens of a chat may be reasoning, and the answer stays whole", "[mock]") {
  const weir::mock_answers key({{"0", "one two three", "18", {}}}, 1, 0);
  auto o = fast();
  o.reasoning = 6;
  site s(o, &key);
  const std::string stream = ask(s, chat(R"("stream":true)"));
  CHECK(count_of(stream, "\"delta\":{\"reasoning\":") == 6);
  CHECK(texts(stream).at(0).ends_with("#### 18"));
  const std::string whole = ask_whole(s, chat(R"("max_tokens":100)"));
  CHECK(whole.find("#### 18\",\"refusal\"") != whole.npos);
  CHECK(whole.find("\"reasoning\":null") == whole.npos);
}

TEST_CASE("mock: the other paths answer as vLLM's do", "[mock]") {
  site s(fast());
  peer p(s.loop, s.port);
  const auto get = [&](const std::string& target) {
    peer q(s.loop, s.port);
    q.send("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    return q.read_to_end();
  };
  CHECK(get("/health").find("content-length: 0\r\n") != std::string::npos);
  CHECK(get("/health").starts_with("HTTP/1.1 200"));
  CHECK(body_of(get("/version")).starts_with(R"({"version":"weir-)"));
  CHECK(get("/v1/models?x=1").find(R"({"object":"list","data":[{"id":"mock","object":"model","created":)") !=
        std::string::npos);
  CHECK(get("/nope").starts_with("HTTP/1.1 404"));
  CHECK(body_of(get("/nope")) == R"({"detail":"Not Found"})");
  CHECK(get("/v1/completions").starts_with("HTTP/1.1 405"));
  CHECK(ask_whole(s, post("/health", "")).starts_with("HTTP/1.1 405"));
  const std::string tokens = ask_whole(s, post("/tokenize", R"({"model":"mock","prompt":"aaab aabc aacd aade"})"));
  CHECK(body_of(tokens).starts_with(R"({"count":4,"max_model_len":131072,"tokens":[)"));
  CHECK(tokens.ends_with(R"(],"token_strs":null})"));
  CHECK(ask_whole(s, post("/v1/completions", R"({"model":"nope","prompt":"x"})")).starts_with("HTTP/1.1 404"));
  CHECK(ask_whole(s, post("/v1/completions", "{")).starts_with("HTTP/1.1 400"));
  CHECK(ask_whole(s, chat(R"("max_tokens":0)")).starts_with("HTTP/1.1 400"));
  CHECK(s.truth().empty());  // a request that was refused is no request
}

TEST_CASE("mock: while it is loading, everything is 503", "[mock]") {
  site s(fast());
  s.mock.loading_until(weir::now_ns() + 50 * ms);
  peer p(s.loop, s.port);
  CHECK(p.get("/health", "}}").starts_with("HTTP/1.1 503"));
  CHECK(p.received().find(
            R"({"error":{"message":"Loading model","type":"unavailable_error","param":null,"code":503}})") !=
        std::string::npos);
  const auto limit = weir::now_ns() + 60 * ms;
  while (weir::now_ns() < limit) p.turn();
  CHECK(p.get("/health", "\r\n\r\n").starts_with("HTTP/1.1 200"));
}

TEST_CASE("mock: what /metrics counts is what the log and the streams hold", "[mock]") {
  weir::mock_options o;
  o.ttft_ns = 4 * ms;
  o.itl_ns = 2 * ms;
  site s(o);
  ask(s, completion(R"("max_tokens":8,"stream":true)"));
  ask(s, completion(R"("max_tokens":5,"stream":true,"n":2)"));
  ask_whole(s, completion(R"("max_tokens":6)"));
  peer p(s.loop, s.port);
  const std::string metrics =
      p.get("/metrics", "vllm:request_queue_time_seconds_sum{engine=\"0\",model_name=\"mock\"} ");
  const auto value = [&](const std::string& name) {
    const std::string key = "\nvllm:" + name + "{engine=\"0\",model_name=\"mock\"} ";
    REQUIRE(metrics.find(key) != metrics.npos);
    return std::stod(metrics.substr(metrics.find(key) + key.size(), 24));
  };
  CHECK(value("generation_tokens_total") == 8 + 10 + 6);
  CHECK(value("prompt_tokens_total") == 3 * 4);  // each choice is a sequence of its own
  CHECK(value("time_to_first_token_seconds_count") == 4);
  CHECK(value("inter_token_latency_seconds_count") == 24 - 4);
  CHECK(value("e2e_request_latency_seconds_count") == 4);
  CHECK(metrics.find("finished_reason=\"length\",model_name=\"mock\"} 4.0") != metrics.npos);
  CHECK(value("num_requests_running") == 0);
  double ttft = 0, itl = 0;
  for (const auto& line : s.truth()) {
    std::map<std::int64_t, std::int64_t> last;
    const auto times = list(line, "event_t_ns");
    if (times.size() == 1) {  // not streamed: as planned
      ttft += 0.004, itl += 5 * 0.002;
      continue;
    }
    const auto choices =
        line["event_choice"].error() ? std::vector<std::int64_t>(times.size()) : list(line, "event_choice");
    for (std::size_t i = 0; i < times.size(); ++i) {
      const bool first = !last.contains(choices[i]);
      (first ? ttft : itl) +=
          static_cast<double>(times[i] - (first ? number(line, "t_accept_ns") : last[choices[i]])) * 1e-9;
      last[choices[i]] = times[i];
    }
  }
  CHECK(value("time_to_first_token_seconds_sum") == Approx(ttft));
  CHECK(value("inter_token_latency_seconds_sum") == Approx(itl));
}
