#include "weir/openai/mock_chunk.hpp"

#include <fstream>
#include <iterator>
#include <string>

#include "../catch.hpp"
#include "skeleton.hpp"

namespace {

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
std::vector<std::string> fixture(const std::string& name) {
  return skeletons(bytes_of(WEIR_SOURCE_DIR "/tests/fixtures/sse/" + name));
}
std::string fixture_body(const std::string& name) {
  const std::string all = bytes_of(WEIR_SOURCE_DIR "/tests/fixtures/sse/" + name);
  return all.substr(all.find("\r\n\r\n") + 4);
}

weir::mock_request request(bool chat, bool usage = false, bool continuous = false, bool ids = false) {
  weir::mock_request r;
  r.chat = chat;
  r.include_usage = usage;
  r.continuous_usage = continuous;
  r.return_token_ids = ids;
  r.prompts.push_back({"a b c", {}, 3});
  return r;
}

/// A whole stream: `order` says which choice each token is for; each choice ends with its last token.
std::string stream(const weir::mock_request& r, const std::vector<int>& order, const weir::mock_options& o = {}) {
  const weir::mock_renderer renderer(o, r, r.chat ? "chatcmpl-1" : "cmpl-1", 1795322046);
  const weir::mock_prompt& prompt = r.prompts[0];
  std::string out;
  std::vector<std::int64_t> said(4), left(4);
  for (const int choice : order) ++left[static_cast<std::size_t>(choice)];
  for (int choice = 0; r.chat && choice < 4; ++choice)
    if (left[static_cast<std::size_t>(choice)] > 0) renderer.role(out, choice, prompt);
  const std::vector<std::int64_t> id{89022};
  for (const int choice : order) {
    const auto c = static_cast<std::size_t>(choice);
    const bool first = said[c]++ == 0, last = --left[c] == 0;
    const auto* ids = r.return_token_ids ? &id : nullptr;
    renderer.piece(out,
                   {choice, " bhuq", ids, ids && first ? &prompt : nullptr, last ? "length" : "", false, {3, said[c]}});
  }
  if (r.include_usage) renderer.final_usage(out, {3, static_cast<std::int64_t>(order.size())});
  renderer.done(out);
  return out;
}

}  // namespace

TEST_CASE("mock chunk: streams have the structure of vLLM's, key by key and event by event", "[mock]") {
  CHECK(skeletons(stream(request(false), {0, 0, 0, 0})) == fixture("vllm-completion-stream.txt"));
  CHECK(skeletons(stream(request(false, true), {0, 0, 0, 0})) == fixture("vllm-completion-stream-usage.txt"));
  CHECK(skeletons(stream(request(false, true, true), {0, 0, 0, 0})) ==
        fixture("vllm-completion-stream-continuous-usage.txt"));
  CHECK(skeletons(stream(request(false, true), {0, 0, 1, 0, 1, 1})) == fixture("vllm-completion-stream-n2.txt"));
  CHECK(skeletons(stream(request(true), {0, 0, 0})) == fixture("vllm-chat-stream.txt"));
  CHECK(skeletons(stream(request(true, true), {0, 0, 0})) == fixture("vllm-chat-stream-usage.txt"));
  CHECK(skeletons(stream(request(true, true), {0, 0, 1, 0, 1, 1})) == fixture("vllm-chat-stream-n2.txt"));
}

TEST_CASE("mock chunk: running usage and token ids have the structure of vLLM's on an H100", "[mock]") {
  const std::string folder = WEIR_SOURCE_DIR "/../shared/vllm_h100/streams/";
  const std::string chat = bytes_of(folder + "chat_n2_cus.resp"), ids = bytes_of(folder + "cmpl_ids_tokenids.resp");
  if (chat.empty() || ids.empty()) {
    WARN("skipped: the streams of vLLM on an H100 are not at hand");
    return;
  }
  std::vector<int> both, one(24, 0);
  for (int i = 0; i < 24; ++i) both.push_back(0), both.push_back(1);
  CHECK(skeletons(stream(request(true, true, true), both)) == skeletons(chat));
  auto r = request(false, true, true, true);
  r.prompts[0] = {"", {11, 12, 13}, 3};
  CHECK(skeletons(stream(r, one)) == skeletons(ids));
}

TEST_CASE("mock chunk: whole answers have the structure of vLLM's", "[mock]") {
  for (const bool chat : {false, true}) {
    const auto r = request(chat);
    const weir::mock_renderer renderer({}, r, "cmpl-1", 1795322046);
    const std::string body = renderer.whole({{"a \"text\"", "", "length", {}, nullptr}}, {5, 4});
    CHECK(skeleton(body) == skeleton(fixture_body(chat ? "vllm-chat-nonstream.txt" : "vllm-completion-nonstream.txt")));
    CHECK(body.find(R"("usage":{"prompt_tokens":5,"total_tokens":9,"completion_tokens":4,)") != std::string::npos);
  }
}

TEST_CASE("mock chunk: one event's bytes are vLLM's own but for what it says", "[mock]") {
  // tests/fixtures/sse/vllm-completion-stream.txt, first event.
  weir::mock_options o;
  o.model = "tiny";
  const auto r = request(false);
  const weir::mock_renderer renderer(o, r, "cmpl-a4036e6907a9d94b", 1795322046);
  std::string event;
  renderer.piece(event, {0, " subject"});
  CHECK(fixture_body("vllm-completion-stream.txt").starts_with(event));
}

TEST_CASE("mock chunk: line ends, the space and comments are as asked", "[mock]") {
  weir::mock_options o;
  o.crlf = true;
  const std::string crlf = stream(request(false), {0}, o);
  CHECK(crlf.ends_with("data: [DONE]\r\n\r\n"));
  CHECK(crlf.find("\n\n") == crlf.npos);
  o = {};
  o.no_space = true;
  CHECK(stream(request(false), {0}, o).starts_with("data:{\"id\""));
  CHECK(stream(request(false), {0}, o).ends_with("data:[DONE]\n\n"));
  o = {};
  o.comment = true;
  CHECK(stream(request(false), {0}, o).starts_with(": ping\n\ndata: {\"id\""));
}

TEST_CASE("mock chunk: text is escaped, reasoning goes under its own key", "[mock]") {
  const auto r = request(true);
  const weir::mock_renderer renderer({}, r, "chatcmpl-1", 1);
  std::string event;
  renderer.piece(event, {2, "\n\"\xE7\xAD\x94\""});
  CHECK(event.find(R"({"index":2,"delta":{"content":"\n\")"
                   "\xE7\xAD\x94"
                   R"(\""},)") != std::string::npos);
  event.clear();
  renderer.piece(event, {.text = " hm", .reasoning = true});
  CHECK(event.find(R"("delta":{"reasoning":" hm"})") != std::string::npos);
  const std::string whole = renderer.whole({{"b", "a", "stop", {}, nullptr}}, {1, 2});
  CHECK(whole.find(R"("content":"b")") != std::string::npos);
  CHECK(whole.find(R"("reasoning":"a")") != std::string::npos);
}
