// weir/load/ask_tokens.hpp - asks a server how many tokens a prompt has. Needs Linux (epoll) and simdjson.
#ifndef WEIR_LOAD_ASK_TOKENS_HPP
#define WEIR_LOAD_ASK_TOKENS_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/base/measured.hpp"
#include "weir/base/result.hpp"
#include "weir/data/json_row.hpp"
#include "weir/data/prompts.hpp"
#include "weir/net/address.hpp"
#include "weir/net/http_call.hpp"
#include "weir/observe/ask_metrics.hpp"
#include "weir/openai/endpoint.hpp"
#include "weir/openai/request.hpp"

namespace weir::inline v0 {

/// Asks /tokenize, beside the base URL's /v1, as vLLM, SGLang and llama.cpp have it. Blocks for each question.
///
///     weir::token_question count(endpoint, addresses, options);
///     weir::result<std::int64_t> tokens = count(prompt);     // what `usage` will call prompt_tokens
///
/// A chat is counted with the server's template where it knows messages there (vLLM); where it does not, the text
/// alone is counted from then on, and with_template() says so.
class token_question {
 public:
  token_question(const endpoint& where, std::vector<socket_address> addresses, const request_options& options)
      : addresses_(std::move(addresses)),
        model_(options.model.empty() ? where.model : options.model),
        chat_(options.chat) {
    head_ = "POST " + where.prefix + page_beside_v1(where.where, "/tokenize") +
            " HTTP/1.1\r\nHost: " + where.where.authority() +
            "\r\nConnection: close\r\nContent-Type: application/json\r\n";
    append_own_headers(head_, options);
  }

  /// \return  errc::not_found where the server has no such page, or its answer has no count.
  result<std::int64_t> operator()(const prompt& p) {
    if (chat_) {
      if (const auto tokens = ask(messages_body(p)); tokens && *tokens > 0) return tokens;
      if (p.form == prompt_form::messages) return failure{errc::not_found, "/tokenize knows no messages here"};
      auto tokens = ask(text_body(p));
      if (tokens) chat_ = false;
      return tokens;
    }
    return ask(text_body(p));
  }
  /// Whether a chat's template is counted; true also where nothing was asked yet.
  [[nodiscard]] bool with_template() const noexcept { return chat_; }

 private:
  [[nodiscard]] std::string messages_body(const prompt& p) const {
    const bool text = p.form == prompt_form::text;
    std::string out;
    json_writer json(out);
    json.begin_object().field("model", model_).key("messages");
    json.raw(text ? R"([{"role":"user","content":)" + p.content + "}]" : p.content);
    json.field("add_generation_prompt", true).end_object();
    return out;
  }
  /// What one server calls `prompt` another calls `content`; each leaves the other's names alone.
  [[nodiscard]] std::string text_body(const prompt& p) const {
    std::string out;
    json_writer json(out);
    json.begin_object().field("model", model_).key("prompt").raw(p.content).key("content").raw(p.content);
    json.field("add_special_tokens", true).field("add_special", true).end_object();
    return out;
  }

  result<std::int64_t> ask(const std::string& body) const {
    const auto answer =
        http_call(addresses_, head_ + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body, timeout_ns,
                  most_bytes);
    if (!answer) return failure{answer.error().code, "/tokenize: " + answer.error().detail};
    if (answer->status != 200)
      return failure{errc::not_found, "/tokenize answers HTTP " + std::to_string(answer->status)};
    std::int64_t count = unmeasured, listed = unmeasured;
    json_row_reader read;
    const auto ok = read(answer->body, [&](std::string_view name, json_value value) -> result<void> {
      if (name == "count") return read_count(count, name, value, 0);
      if (name != "tokens") return {};
      simdjson::ondemand::array tokens;
      std::size_t size = 0;
      if (const auto error = value.get_array().get(tokens)) return json_failure(error);
      if (const auto error = tokens.count_elements().get(size)) return json_failure(error);
      listed = static_cast<std::int64_t>(size);
      return {};
    });
    if (!ok) return failure{ok.error().code, "/tokenize: " + ok.error().detail};
    if (count == unmeasured) count = listed;
    if (count == unmeasured) return failure{errc::not_found, "/tokenize answers without a count"};
    return count;
  }

  static constexpr std::int64_t timeout_ns = 10'000'000'000;
  static constexpr std::size_t most_bytes = std::size_t{64} << 20;

  std::vector<socket_address> addresses_;
  std::string head_, model_;
  bool chat_;
};

}  // namespace weir::inline v0

#endif  // WEIR_LOAD_ASK_TOKENS_HPP
