// weir/openai/mock_chunk.hpp - the bytes of a mock's answer, in vLLM's words and order. Needs the standard library
// only.
//
// Source: streams of vLLM 0.25 (on an H100) and 0.32, kept in tests/fixtures/sse.
#ifndef WEIR_OPENAI_MOCK_CHUNK_HPP
#define WEIR_OPENAI_MOCK_CHUNK_HPP

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/base/version.hpp"
#include "weir/openai/mock_options.hpp"
#include "weir/openai/mock_request.hpp"

namespace weir::inline v0 {

/// Token counts as `usage` tells them.
struct mock_usage {
  std::int64_t prompt = 0, completion = 0;
};

/// One event's worth of a choice.
struct mock_piece {
  int choice = 0;
  std::string_view text = {};
  const std::vector<std::int64_t>* ids = nullptr;  ///< Of its tokens, where the request wants them.
  const mock_prompt* prompt = nullptr;             ///< A choice's first piece: the prompt, where its ids are wanted.
  std::string_view finish_reason = {};             ///< Empty: it goes on.
  bool reasoning = false;
  mock_usage usage = {};  ///< So far, of this choice.
};

/// One choice of an answer given in one piece.
struct mock_message {
  std::string text, reasoning, finish_reason;
  std::vector<std::int64_t> ids;
  const mock_prompt* prompt = nullptr;  ///< Where its ids are wanted.
};

/// Renders the answer to one request: everything that does not change from event to event is made once.
/// \complexity  an event is a handful of copies; nothing is allocated once `out` has grown.
class mock_renderer {
 public:
  mock_renderer(const mock_options& o, const mock_request& r, std::string_view id, std::int64_t created_s)
      : request_(&r), eol_(o.crlf ? "\r\n\r\n" : "\n\n"), comment_(o.comment ? ": ping" + std::string(eol_) : "") {
    data_ = o.no_space ? "data:" : "data: ";
    const auto identity = [&](std::string_view object) {
      std::string text;
      json_writer json(text);
      json.begin_object().field("id", id).field("object", object).field("created", created_s).field("model", o.model);
      return text;
    };
    identity_ = identity(r.chat ? "chat.completion" : "text_completion");
    const std::string streamed = r.chat ? identity("chat.completion.chunk") : identity_;
    prefix_ = comment_ + std::string(data_) + streamed + ",\"choices\":[";
    text_key_ = r.chat ? ",\"delta\":{\"content\":" : ",\"text\":";
    rest_of(plain_rest_, {});
  }

  void role(std::string& out, int choice, const mock_prompt& prompt) const {
    open_choice(out, choice);
    out.append(R"(,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}])");
    if (request_->continuous_usage) usage(out, {prompt.tokens, 0});
    out.append(",\"prompt_token_ids\":");
    prompt_ids(out, request_->return_token_ids ? &prompt : nullptr);
    out.append(",\"prompt_text\":null}").append(eol_);
  }

  void piece(std::string& out, const mock_piece& p) const {
    open_choice(out, p.choice);
    out.append(p.reasoning ? ",\"delta\":{\"reasoning\":" : text_key_);
    append_json_string(out, p.text);
    const bool plain = p.finish_reason.empty() && !p.ids && !request_->continuous_usage;
    plain ? void(out.append(plain_rest_)) : rest_of(out, p);
  }

  void final_usage(std::string& out, mock_usage total) const {
    out.append(prefix_).append("]");
    usage(out, total);
    out.append(fingerprint).append("}").append(eol_);
  }
  void error(std::string& out, const api_error& why) const {
    out.append(comment_).append(data_).append(error_json(why, true)).append(eol_);
  }
  void done(std::string& out) const { out.append(data_).append("[DONE]").append(eol_); }

  /// The answer in one piece.
  [[nodiscard]] std::string whole(const std::vector<mock_message>& choices, mock_usage total) const {
    std::string out = identity_ + ",\"choices\":[";
    for (std::size_t i = 0; i < choices.size(); ++i) {
      out.append(i == 0 ? "{\"index\":" : ",{\"index\":").append(std::to_string(i));
      message(out, choices[i]);
    }
    out.append("],\"service_tier\":null").append(fingerprint);
    usage(out, total);
    out.pop_back();
    out.append(R"(,"prompt_tokens_details":null,"completion_tokens_details":null})");
    if (request_->chat) {
      out.append(",\"prompt_logprobs\":null,\"prompt_token_ids\":");
      prompt_ids(out, choices[0].prompt);
      out.append(",\"prompt_text\":null");
    }
    return out.append(R"(,"kv_transfer_params":null,"ec_transfer_params":null,"metrics":null})");
  }

 private:
  static constexpr std::string_view fingerprint = ",\"system_fingerprint\":\"weir-" WEIR_VERSION_STRING "\"";

  static void number(std::string& out, std::int64_t value) {
    char digits[24];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }
  void open_choice(std::string& out, int choice) const {
    out.append(prefix_).append("{\"index\":");
    number(out, choice);
  }
  static void usage(std::string& out, mock_usage u) {
    out.append(",\"usage\":{\"prompt_tokens\":");
    number(out, u.prompt);
    out.append(",\"total_tokens\":");
    number(out, u.prompt + u.completion);
    out.append(",\"completion_tokens\":");
    number(out, u.completion);
    out.push_back('}');
  }
  static void ids(std::string& out, const std::vector<std::int64_t>* list) {
    if (!list) return void(out.append("null"));
    json_writer json(out);
    json.begin_array();
    for (const auto id : *list) json.value(id);
    json.end_array();
  }
  static void prompt_ids(std::string& out, const mock_prompt* prompt) {
    if (!prompt || !prompt->ids.empty()) return ids(out, prompt ? &prompt->ids : nullptr);
    std::vector<std::int64_t> list;
    for_each_token(prompt->text, [&](std::string_view token) { list.push_back(mock_token_id(token)); });
    ids(out, &list);
  }

  /// What stands behind the text of a piece.
  void rest_of(std::string& out, const mock_piece& p) const {
    const bool last = !p.finish_reason.empty();
    out.append(request_->chat ? "},\"logprobs\":null,\"finish_reason\":" : ",\"logprobs\":null,\"finish_reason\":");
    last ? void(out.append("\"").append(p.finish_reason).append("\"")) : void(out.append("null"));
    if (!request_->chat || last) out.append(",\"stop_reason\":null");
    if (!request_->chat) {
      out.append(",\"prompt_token_ids\":");
      prompt_ids(out, p.prompt);
    }
    out.append(",\"token_ids\":");
    ids(out, p.ids);
    out.append("}]");
    if (request_->continuous_usage) usage(out, p.usage);
    if (last && !request_->include_usage) out.append(fingerprint);
    out.append("}").append(eol_);
  }

  void message(std::string& out, const mock_message& m) const {
    out.append(request_->chat ? R"(,"message":{"role":"assistant","content":)" : ",\"text\":");
    append_json_string(out, m.text);
    if (request_->chat) {
      out.append(R"(,"refusal":null,"annotations":null,"audio":null,"function_call":null,"reasoning":)");
      m.reasoning.empty() ? void(out.append("null")) : append_json_string(out, m.reasoning);
      out.push_back('}');
    }
    out.append(",\"logprobs\":null,\"finish_reason\":\"").append(m.finish_reason);
    out.append("\",\"stop_reason\":null,\"token_ids\":");
    ids(out, request_->return_token_ids ? &m.ids : nullptr);
    if (!request_->chat) {
      out.append(",\"prompt_logprobs\":null,\"prompt_token_ids\":");
      prompt_ids(out, m.prompt);
    }
    out.append(",\"routed_experts\":null}");
  }

  const mock_request* request_;
  std::string_view eol_, data_;
  std::string comment_, identity_, prefix_, text_key_, plain_rest_;
};

}  // namespace weir::inline v0

#endif  // WEIR_OPENAI_MOCK_CHUNK_HPP
