// weir/openai/mock_request.hpp - what a client asked the mock for, and how vLLM says no. Needs simdjson.
#ifndef WEIR_OPENAI_MOCK_REQUEST_HPP
#define WEIR_OPENAI_MOCK_REQUEST_HPP

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/base/json_write.hpp"
#include "weir/base/measured.hpp"
#include "weir/base/result.hpp"
#include "weir/data/json_copy.hpp"
#include "weir/data/json_row.hpp"
#include "weir/openai/mock_options.hpp"
#include "weir/openai/mock_text.hpp"

namespace weir::inline v0 {

/// An error as the API tells it: a status, and {"error":{"message","type","param","code"}}.
struct api_error {
  int status = 400;
  std::string message, type = "BadRequestError", param;  ///< `param` empty: null.
};

/// \param spaced  as vLLM writes it inside a stream (another serializer there).
[[nodiscard]] inline std::string error_json(const api_error& e, bool spaced = false) {
  const std::string_view colon = spaced ? ": " : ":", comma = spaced ? ", " : ",";
  std::string out("{\"error\"");
  out.append(colon).append("{\"message\"").append(colon);
  append_json_string(out, e.message);
  out.append(comma).append("\"type\"").append(colon);
  append_json_string(out, e.type);
  out.append(comma).append("\"param\"").append(colon);
  e.param.empty() ? void(out.append("null")) : append_json_string(out, e.param);
  return out.append(comma).append("\"code\"").append(colon).append(std::to_string(e.status)).append("}}");
}

/// One prompt of a request: its text, or its token ids.
struct mock_prompt {
  std::string text;               ///< All messages of a chat, joined by line ends; empty where ids were given.
  std::vector<std::int64_t> ids;  ///< Empty where text was given.
  std::int64_t tokens = 0;
};

/// Where a request was sent: /v1/completions, /v1/chat/completions, /tokenize.
enum class mock_endpoint : unsigned char { completions, chat, tokenize };

/// What the body of a request says.
struct mock_request {
  bool chat = false;  ///< It came as messages.
  bool stream = false, include_usage = false, continuous_usage = false;
  bool return_token_ids = false, ignore_eos = false;
  std::int64_t n = 1, max_tokens = unmeasured, min_tokens = 0;
  std::string model, user;
  std::vector<mock_prompt> prompts;
};

/// Reads request bodies; keeps its buffers from one to the next. Fields that it does not know are checked to be JSON.
class mock_request_reader {
 public:
  explicit mock_request_reader(const mock_options& options) : options_(&options) {}

  /// \return  what is wrong with the request, in vLLM's words; nothing where it is good.
  std::optional<api_error> read(std::string_view body, mock_endpoint where, mock_request& out) {
    out = {};
    out.chat = where == mock_endpoint::chat;
    where_ = where;
    stream_options_ = false;
    wrong_.reset();
    const auto read = rows_(body, [&](std::string_view name, json_value v) { return take(out, name, v); });
    if (wrong_) return wrong_;
    if (!read) return invalid_json(body.size());
    return check(out);
  }

 private:
  static api_error invalid_json(std::size_t at) {
    const std::string where = std::to_string(at);
    return {400,
            "1 validation error:\n  {'type': 'json_invalid', 'loc': ('body', " + where +
                "), 'msg': 'JSON decode error', 'input': {}, 'ctx': {'error': 'Expecting value'}}",
            "Bad Request", "body." + where};
  }
  static api_error invalid_field(std::string_view name, std::string_view what) {
    return {400,
            "1 validation error:\n  {'loc': ('body', '" + std::string(name) + "'), 'msg': '" + std::string(what) + "'}",
            "Bad Request", std::string(name)};
  }
  static api_error bad_value(std::string_view name, std::string message, const std::string& value) {
    message.append(" (parameter=").append(name).append(", value=").append(value).append(")");
    return {400, std::move(message), "BadRequestError", std::string(name)};
  }
  result<void> refuse(api_error why) {
    wrong_ = std::move(why);
    return failure{errc::invalid_argument, wrong_->message};
  }

  result<void> take(mock_request& r, std::string_view name, json_value v) {
    if (name == "prompt" && where_ != mock_endpoint::chat) return take_prompt(r, v);
    if (name == "messages" && where_ != mock_endpoint::completions) return take_messages(r, v);
    if (name == "model") return text(r.model, name, v);
    if (name == "user") return text(r.user, name, v);
    if (name == "n") return integer(r.n, name, v);
    if (name == "max_tokens" || name == "max_completion_tokens") return integer(r.max_tokens, name, v);
    if (name == "min_tokens") return integer(r.min_tokens, name, v);
    if (name == "stream") return truth(r.stream, name, v);
    if (name == "ignore_eos") return truth(r.ignore_eos, name, v);
    if (name == "return_token_ids") return truth(r.return_token_ids, name, v);
    if (name == "stream_options") return take_stream_options(r, v);
    if (name == "temperature") return take_temperature(v);
    scratch_.clear();
    json_writer json(scratch_);
    if (const auto error = append_json(json, v)) return json_failure(error);
    return {};
  }

  result<void> text(std::string& out, std::string_view name, json_value v) {
    auto ok = read_text(out, name, v);
    return ok ? ok : refuse(invalid_field(name, "Input should be a valid string"));
  }
  result<void> integer(std::int64_t& out, std::string_view name, json_value v) {
    if (is_json_null(v)) return {};
    return v.get_int64().get(out) ? refuse(invalid_field(name, "Input should be a valid integer")) : result<void>{};
  }
  result<void> truth(bool& out, std::string_view name, json_value v) {
    if (is_json_null(v)) return {};
    return v.get_bool().get(out) ? refuse(invalid_field(name, "Input should be a valid boolean")) : result<void>{};
  }
  result<void> take_temperature(json_value v) {
    double temperature = 0;
    if (is_json_null(v)) return {};
    if (v.get_double().get(temperature)) return refuse(invalid_field("temperature", "Input should be a valid number"));
    if (temperature >= 0) return {};
    std::string digits;
    json_writer(digits).value(temperature);
    return refuse(bad_value("temperature", "temperature must be non-negative, got " + digits + ".", digits));
  }
  result<void> take_stream_options(mock_request& r, json_value v) {
    if (is_json_null(v)) return {};
    stream_options_ = true;
    simdjson::ondemand::object fields;
    if (v.get_object().get(fields)) return refuse(invalid_field("stream_options", "Input should be an object"));
    for (auto each : fields) {
      std::string_view name;
      simdjson::ondemand::field field;
      if (const auto error = std::move(each).get(field)) return json_failure(error);
      if (const auto error = field.unescaped_key().get(name)) return json_failure(error);
      auto ok = name == "include_usage"            ? truth(r.include_usage, "stream_options", field.value())
                : name == "continuous_usage_stats" ? truth(r.continuous_usage, "stream_options", field.value())
                                                   : result<void>{};
      if (!ok) return ok;
    }
    return {};
  }

  result<void> take_prompt(mock_request& r, json_value v) {
    using enum simdjson::ondemand::json_type;
    simdjson::ondemand::json_type type{};
    if (const auto error = v.type().get(type)) return json_failure(error);
    if (type == string) return text(r.prompts.emplace_back().text, "prompt", v);
    if (type != array) return refuse(invalid_field("prompt", "Input should be a string or a list"));
    mock_prompt ids;
    for (auto item : v.get_array()) {
      json_value inner;
      if (const auto error = std::move(item).get(inner)) return json_failure(error);
      if (const auto error = inner.type().get(type)) return json_failure(error);
      auto ok = type == string  ? text(r.prompts.emplace_back().text, "prompt", inner)
                : type == array ? take_ids(r.prompts.emplace_back(), inner)
                                : integer(ids.ids.emplace_back(), "prompt", inner);
      if (!ok) return ok;
    }
    if (!ids.ids.empty()) r.prompts.push_back(std::move(ids));
    return {};
  }
  result<void> take_ids(mock_prompt& p, json_value list) {
    for (auto item : list.get_array()) {
      json_value id;
      if (const auto error = std::move(item).get(id)) return json_failure(error);
      if (auto ok = integer(p.ids.emplace_back(), "prompt", id); !ok) return ok;
    }
    return {};
  }

  /// All texts of a chat, whoever said them, one below the other.
  result<void> take_messages(mock_request& r, json_value v) {
    simdjson::ondemand::array list;
    if (v.get_array().get(list)) return refuse(invalid_field("messages", "Input should be a valid list"));
    r.chat = true;
    std::string& joined = r.prompts.emplace_back().text;
    for (auto item : list) {
      simdjson::ondemand::object message;
      if (std::move(item).get_object().get(message))
        return refuse(invalid_field("messages", "Input should be a list of messages"));
      for (auto each : message) {
        std::string_view name;
        simdjson::ondemand::field field;
        if (const auto error = std::move(each).get(field)) return json_failure(error);
        if (const auto error = field.unescaped_key().get(name)) return json_failure(error);
        if (name != "content") continue;
        if (auto ok = take_content(joined, field.value()); !ok) return ok;
      }
    }
    if (joined.empty()) return refuse(invalid_field("messages", "Input should hold a message with text"));
    return {};
  }
  /// A string, or a list of parts of which the texts count.
  result<void> take_content(std::string& joined, json_value v) {
    using enum simdjson::ondemand::json_type;
    simdjson::ondemand::json_type type{};
    if (const auto error = v.type().get(type)) return json_failure(error);
    if (type == null) return {};
    if (!joined.empty()) joined.push_back('\n');
    if (type == string) {
      std::string_view content;
      if (const auto error = v.get_string().get(content)) return json_failure(error);
      joined.append(content);
      return {};
    }
    if (type != array) return refuse(invalid_field("messages", "content should be a string or a list of parts"));
    for (auto item : v.get_array()) {
      std::string_view part;
      json_value inner;
      if (const auto error = std::move(item).get(inner)) return json_failure(error);
      if (!inner["text"].get_string().get(part)) joined.append(part);
    }
    return {};
  }

  [[nodiscard]] std::optional<api_error> check(mock_request& r) const {
    if (!r.model.empty() && r.model != options_->model)
      return api_error{404, "The model `" + r.model + "` does not exist.", "NotFoundError", "model"};
    if (r.prompts.empty())
      return invalid_field(where_ == mock_endpoint::chat ? "messages" : "prompt", "Field required");
    for (auto& p : r.prompts) p.tokens = p.ids.empty() ? count_tokens(p.text) : static_cast<std::int64_t>(p.ids.size());
    if (where_ == mock_endpoint::tokenize) return {};
    const auto sequences = static_cast<std::int64_t>(r.prompts.size());
    if (r.n < 1) return bad_value("n", "n must be at least 1, got " + std::to_string(r.n) + ".", std::to_string(r.n));
    if (r.n > max_sequences / sequences)
      return bad_value("n", "n must be at most " + std::to_string(max_sequences) + ".", std::to_string(r.n));
    if (r.max_tokens != unmeasured) {
      const std::string asked = std::to_string(r.max_tokens), most = std::to_string(options_->max_model_len);
      if (r.max_tokens < 1) return bad_value("max_tokens", "max_tokens must be at least 1, got " + asked + ".", asked);
      if (r.max_tokens > options_->max_model_len)
        return bad_value("max_tokens",
                         "max_tokens=" + asked + " cannot be greater than max_model_len=" + most +
                             ". Please request fewer output tokens.",
                         asked);
    }
    if (stream_options_ && !r.stream)
      return api_error{400, "Stream options can only be defined when `stream=True`.", "BadRequestError", ""};
    r.continuous_usage = r.continuous_usage && r.include_usage;
    return check_length(r);
  }
  [[nodiscard]] std::optional<api_error> check_length(const mock_request& r) const {
    for (const auto& p : r.prompts) {
      if (p.tokens < 1) return api_error{400, "The prompt is empty.", "BadRequestError", "prompt"};
      if (p.tokens < options_->max_model_len) continue;
      const std::string most = std::to_string(options_->max_model_len), has = std::to_string(p.tokens);
      return bad_value("input_tokens",
                       "This model's maximum context length is " + most +
                           " tokens. However, your prompt contains at least " + has +
                           " input tokens, which exceeds this limit even without any output tokens. "
                           "Please reduce the length of the input prompt.",
                       has);
    }
    return {};
  }

  static constexpr std::int64_t max_sequences = 16'384;  // of one request, as vLLM's default

  const mock_options* options_;
  json_row_reader rows_;
  mock_endpoint where_ = mock_endpoint::completions;
  bool stream_options_ = false;
  std::optional<api_error> wrong_;
  std::string scratch_;
};

}  // namespace weir::inline v0

#endif  // WEIR_OPENAI_MOCK_REQUEST_HPP
