// weir/openai/request.hpp - the bytes of a request to an OpenAI-compatible server. Needs simdjson.
#ifndef WEIR_OPENAI_REQUEST_HPP
#define WEIR_OPENAI_REQUEST_HPP

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/base/measured.hpp"
#include "weir/base/result.hpp"
#include "weir/base/version.hpp"
#include "weir/data/json_copy.hpp"
#include "weir/data/json_row.hpp"
#include "weir/data/prompts.hpp"
#include "weir/net/detail/ascii.hpp"

namespace weir::inline v0 {

/// Names, each with a text.
using named_texts = std::vector<std::pair<std::string, std::string>>;

/// What is the same in all requests of a run. The API key stands in no record and in no message.
struct request_options {
  bool chat = false;                       ///< Messages to /v1/chat/completions, else a prompt to /v1/completions.
  std::string model = {};                  ///< Left out where empty; a prompt's own model wins.
  std::int64_t max_tokens = unmeasured;    ///< Where a prompt names none; unmeasured: the server's default.
  std::optional<double> temperature = {};  ///< nothing: the server's default.
  std::int32_t choices = 1;                ///< n
  bool ignore_eos = false;                 ///< vLLM, SGLang: go on to max_tokens.
  bool tag_user = false;                   ///< Put the prompt's id into the field `user`.
  named_texts extra = {};                  ///< More body fields, as JSON; they win over ours.
  named_texts headers = {};                ///< More header fields.
  std::string api_key = {};                ///< Sent as a bearer token where not empty.
};

/// Reads `{"top_p":0.9,"guided":{...}}` into names and JSON values, each checked.
[[nodiscard]] inline result<named_texts> parse_extra_body(std::string_view json) {
  named_texts extra;
  json_row_reader read;
  const auto ok = read(json, [&](std::string_view name, json_value value) -> result<void> {
    extra.emplace_back(name, "");
    json_writer copy(extra.back().second);
    if (const auto error = append_json(copy, value)) return json_failure(error);
    return {};
  });
  if (!ok) return ok.error();
  return extra;
}

/// Reads "Name: value" or "Name=value", as curl and vLLM spell a header field.
/// \return  errc::invalid_argument where it is neither, could break the request in two, or frames the body. The value
///          is not repeated in the message: it may be a key.
[[nodiscard]] inline result<std::pair<std::string, std::string>> parse_header(std::string_view text) {
  const auto split = text.find_first_of(":=");
  const auto name = text.substr(0, split);
  const auto token = [](char c) {
    return detail::ascii_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  if (split == text.npos || name.empty() || !std::ranges::all_of(name, token))
    return failure{errc::invalid_argument, "a header is NAME=VALUE or NAME: VALUE"};
  for (const char* framing : {"content-length", "transfer-encoding", "connection", "host"})
    if (detail::ascii_same(name, framing))
      return failure{errc::invalid_argument, "the header " + std::string(name) + " is not yours to set"};
  auto value = text.substr(split + 1);
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  if (std::ranges::any_of(value, [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; }))
    return failure{errc::invalid_argument,
                   "the value of the header " + std::string(name) + " holds a control character"};
  return std::pair(std::string(name), std::string(value));
}

/// Appends the header fields that the options ask for, the key among them.
inline void append_own_headers(std::string& head, const request_options& options) {
  if (!options.api_key.empty()) head.append("Authorization: Bearer ").append(options.api_key).append("\r\n");
  for (const auto& [name, value] : options.headers) head.append(name).append(": ").append(value).append("\r\n");
}

/// Writes requests: streamed, with the usage of every event asked for (vLLM's and SGLang's `continuous_usage_stats`,
/// which others ignore; a server that refuses it is asked without by `stream_options` among the extra fields).
///
///     weir::request_writer requests(options, url.authority(), url.under("/v1/completions"));
///     requests.append(bytes, prompt);       // one HTTP/1.1 message
///
/// No X-Request-Id is sent: some servers refuse one that is no UUID.
/// \complexity  one copy of the prompt.
class request_writer {
 public:
  request_writer(request_options options, std::string_view authority, std::string_view target)
      : options_(std::move(options)) {
    head_.append("POST ").append(target).append(" HTTP/1.1\r\nHost: ").append(authority);
    head_.append("\r\nUser-Agent: weir/" WEIR_VERSION_STRING "\r\nAccept: */*\r\nContent-Type: application/json\r\n");
    append_own_headers(head_, options_);
    head_.append("Content-Length: ");
    tail_ = tail();
  }

  /// Whether this kind of request can carry the prompt.
  [[nodiscard]] result<void> check(const prompt& p) const {
    if (options_.chat && p.form == prompt_form::token_ids)
      return failure{errc::invalid_argument,
                     "prompt " + p.id + " holds token ids, which a chat can't: use completions"};
    if (!options_.chat && p.form == prompt_form::messages)
      return failure{errc::invalid_argument, "prompt " + p.id + " holds messages: use chat completions"};
    return {};
  }

  /// Appends the request for `p`. \pre  check(p)
  void append(std::string& out, const prompt& p) const {
    const std::string body = this->body(p);
    out.append(head_).append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  }

  /// The JSON alone.
  [[nodiscard]] std::string body(const prompt& p) const {
    std::string out;
    out.reserve(p.content.size() + tail_.size() + 256);
    json_writer json(out);
    json.begin_object();
    const std::string& model = p.model.empty() ? options_.model : p.model;
    if (!model.empty() && !overridden("model")) json.field("model", model);
    append_prompt(json, p);
    const std::int64_t limit = p.max_tokens == unmeasured ? options_.max_tokens : p.max_tokens;
    if (limit != unmeasured && !overridden("max_tokens")) json.field("max_tokens", limit);
    if (options_.tag_user && !overridden("user")) json.field("user", p.id);
    out.append(tail_);
    return out;
  }

 private:
  [[nodiscard]] bool overridden(std::string_view name) const {
    return std::ranges::any_of(options_.extra, [&](const auto& field) { return field.first == name; });
  }

  void append_prompt(json_writer& json, const prompt& p) const {
    if (!options_.chat)
      json.key("prompt").raw(p.content);
    else if (p.form == prompt_form::messages)
      json.key("messages").raw(p.content);
    else
      json.key("messages").raw(R"([{"role":"user","content":)" + p.content + "}]");
  }

  /// The fields that all bodies end with; there is always one before them.
  [[nodiscard]] std::string tail() const {
    std::string out;
    const auto add = [&](std::string_view name, std::string_view json) {
      out.push_back(',');
      append_json_string(out, name);
      out.append(":").append(json);
    };
    const auto ours = [&](std::string_view name, std::string_view json) {
      if (!overridden(name)) add(name, json);
    };
    if (options_.temperature) {
      std::string number;
      json_writer(number).value(*options_.temperature);
      ours("temperature", number);
    }
    if (options_.choices != 1) ours("n", std::to_string(options_.choices));
    if (options_.ignore_eos) ours("ignore_eos", "true");
    ours("stream", "true");
    if (!overridden("stream")) ours("stream_options", R"({"include_usage":true,"continuous_usage_stats":true})");
    for (const auto& [name, json] : options_.extra) add(name, json);
    return out + "}";
  }

  request_options options_;
  std::string head_;  // up to the value of Content-Length
  std::string tail_;
};

}  // namespace weir::inline v0

#endif  // WEIR_OPENAI_REQUEST_HPP
