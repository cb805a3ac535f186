// weir/openai/chunk.hpp - reads one JSON body of the OpenAI API: a streamed event, a whole answer, an error. Needs
// simdjson.
#ifndef WEIR_OPENAI_CHUNK_HPP
#define WEIR_OPENAI_CHUNK_HPP

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "weir/base/measured.hpp"
#include "weir/base/result.hpp"
#include "weir/base/utf8.hpp"
#include "weir/openai/chunk_data.hpp"
#include "weir/openai/detail/chunk_repeat.hpp"

namespace weir::inline v0 {

/// Parses bodies one after the other and keeps its buffers.
///
///     weir::chunk_parser parser;
///     auto chunk = parser.parse(event.data);
///     if (!chunk) return chunk.error();                       // errc::parse
///     for (const auto& choice : (*chunk)->choices) show(choice.index, choice.text);
///
/// Unknown fields are skipped. A lone surrogate in a string (a token may end in the middle of a character) becomes
/// U+FFFD.
/// \complexity  about 0.4 us for an event of 300 bytes, far less where it has the form of the last one
///              (detail/chunk_repeat.hpp, bench/capacity); nothing is allocated once the buffers have grown.
class chunk_parser {
 public:
  /// Reads a body behind which simdjson::SIMDJSON_PADDING bytes may be read, whatever they hold.
  /// \return  a pointer to what it says, valid until the next call; errc::parse where it is not such a body.
  result<const chunk*> parse(simdjson::padded_string_view body) {
    if (repeat_.read(body, chunk_)) return &chunk_;
    chunk_.id = chunk_.system_fingerprint = chunk_.error = {};
    chunk_.prompt_tokens = chunk_.completion_tokens = unmeasured;
    chunk_.is_error = false;
    chunk_.choices.clear();
    repaired_.clear();
    repeat_.begin(body);
    if (const auto error = read(body)) return failure{errc::parse, explain(error, body)};
    repeat_.learn(body, chunk_);
    return &chunk_;
  }
  /// The same for any bytes: they are copied first.
  result<const chunk*> parse(std::string_view body) {
    buffer_.assign(body).append(simdjson::SIMDJSON_PADDING, ' ');
    return parse(simdjson::padded_string_view(buffer_.data(), body.size(), buffer_.size()));
  }

 private:
  using error_code = simdjson::error_code;
  using json_type = simdjson::ondemand::json_type;
  using value = simdjson::ondemand::value;
  using part = detail::chunk_repeat::part;

  void note(part what, value& v) { repeat_.note(what, v.raw_json_token().data()); }

  static std::string explain(error_code error, std::string_view body) {
    return std::string(simdjson::error_message(error)) + " in: " + std::string(body.substr(0, 120));
  }

  /// Calls `on_field(key, value) -> error_code` for each field. A key is compared as it is spelled, without
  /// unescaping: nobody escapes the letters of "choices".
  template <class OnField>
  static error_code each_field(value& from, OnField&& on_field) {
    simdjson::ondemand::object object;
    if (const auto error = from.get_object().get(object)) return error;
    return each_field(object, on_field);
  }
  template <class OnField>
  static error_code each_field(simdjson::ondemand::object& object, OnField&& on_field) {
    for (auto each : object) {
      simdjson::ondemand::field field;
      if (const auto error = std::move(each).get(field)) return error;
      if (const auto error = on_field(field.key().raw(), field.value())) return error;
    }
    return simdjson::SUCCESS;
  }
  template <std::size_t N>
  static bool is(const char* key, const char (&name)[N]) noexcept {
    return std::memcmp(key, name, N - 1) == 0 && key[N - 1] == '"';  // in bounds: the body is padded
  }

  error_code read(simdjson::padded_string_view body) {
    simdjson::ondemand::document document;
    simdjson::ondemand::object object;
    if (const auto error = parser_.iterate(body).get(document)) return error;
    if (const auto error = document.get_object().get(object)) return error;
    std::string_view kind, message;
    bool detail = false;
    const auto error = each_field(object, [&](const char* key, value v) -> error_code {
      if (is(key, "choices")) return read_choices(v);
      if (is(key, "usage")) return read_usage(v);
      if (is(key, "error")) return read_error(v);
      if (is(key, "detail")) return detail = true, read_detail(v);
      if (is(key, "object")) return kind = v.raw_json_token(), simdjson::SUCCESS;
      if (is(key, "id")) return note(part::id, v), chunk_.id = plain(v.raw_json_token()), simdjson::SUCCESS;
      if (is(key, "message")) return read_text(v, message);
      if (is(key, "system_fingerprint")) return note(part::fingerprint, v), read_text(v, chunk_.system_fingerprint);
      return simdjson::SUCCESS;
    });
    if (error) return error;
    if (const char* rest = nullptr; !document.current_location().get(rest)) return simdjson::TRAILING_CONTENT;
    if (plain(kind) == "error")
      chunk_.is_error = true, chunk_.error = message;  // older vLLM and SGLang: no `error` key
    if (detail && chunk_.choices.empty()) chunk_.is_error = true;
    return simdjson::SUCCESS;
  }

  /// The inside of a string token that needs no unescaping (ids, kinds): cheaper than read_text.
  static std::string_view plain(std::string_view token) noexcept {
    return token.starts_with('"') ? token.substr(1, token.find('"', 1) - 1) : std::string_view{};
  }

  /// Null and other types read as nothing: a server that sends `"finish_reason":null` says nothing by it.
  error_code read_text(value v, std::string_view& out) {
    json_type type{};
    if (const auto error = v.type().get(type)) return error;
    if (type != json_type::string) return simdjson::SUCCESS;
    const char* const token = v.raw_json_token().data();
    const auto error = v.get_string().get(out);
    return error == simdjson::STRING_ERROR ? repair(token + 1, out) : error;
  }

  error_code read_count(value v, std::int64_t& out) {
    std::int64_t count = 0;
    if (v.get_int64().get(count) == simdjson::SUCCESS && count >= 0) out = count;
    return simdjson::SUCCESS;
  }

  static error_code read_length(value v, std::int64_t& out) {
    json_type type{};
    if (const auto error = v.type().get(type)) return error;
    if (type != json_type::array) return simdjson::SUCCESS;
    simdjson::ondemand::array array;
    std::size_t count = 0;
    if (const auto error = v.get_array().get(array)) return error;
    if (const auto error = array.count_elements().get(count)) return error;
    out = static_cast<std::int64_t>(count);
    return simdjson::SUCCESS;
  }

  /// {"prompt_tokens":4,"total_tokens":5,"completion_tokens":1}, or null.
  error_code read_usage(value v) {
    json_type type{};
    if (const auto error = v.type().get(type)) return error;
    if (type != json_type::object) return simdjson::SUCCESS;
    return each_field(v, [&](const char* key, value count) {
      if (is(key, "prompt_tokens")) return note(part::prompt_tokens, count), read_count(count, chunk_.prompt_tokens);
      if (is(key, "completion_tokens"))
        return note(part::completion_tokens, count), read_count(count, chunk_.completion_tokens);
      if (is(key, "total_tokens")) note(part::other, count);
      return simdjson::SUCCESS;
    });
  }

  /// {"message":"...","type":"...","code":500}, a bare string, or null (which is no error).
  error_code read_error(value v) {
    json_type type{};
    if (const auto error = v.type().get(type)) return error;
    if (type == json_type::null) return simdjson::SUCCESS;
    chunk_.is_error = true;
    if (type != json_type::object) return read_text(v, chunk_.error);
    return each_field(v, [&](const char* key, value text) {
      return is(key, "message") ? read_text(text, chunk_.error) : simdjson::SUCCESS;
    });
  }

  /// FastAPI's own errors: {"detail":"Not Found"}, {"detail":[{"loc":[...],"msg":"..."}]} (the first one's message).
  error_code read_detail(value v) {
    json_type type{};
    if (const auto error = v.type().get(type)) return error;
    if (type != json_type::array) return read_text(v, chunk_.error);
    simdjson::ondemand::array details;
    if (const auto error = v.get_array().get(details)) return error;
    for (auto each : details) {
      value detail;
      if (const auto error = std::move(each).get(detail)) return error;
      if (const auto error = detail.type().get(type)) return error;
      if (type != json_type::object || !chunk_.error.empty()) continue;
      const auto error = each_field(detail, [&](const char* key, value text) {
        return is(key, "msg") ? read_text(text, chunk_.error) : simdjson::SUCCESS;
      });
      if (error) return error;
    }
    return simdjson::SUCCESS;
  }

  error_code read_choices(value v) {
    simdjson::ondemand::array choices;
    if (const auto error = v.get_array().get(choices)) return error;
    for (auto each : choices) {
      value choice;
      if (const auto error = std::move(each).get(choice)) return error;
      if (const auto error = read_choice(choice, chunk_.choices.emplace_back())) return error;
    }
    return simdjson::SUCCESS;
  }

  error_code read_choice(value v, chunk_choice& out) {
    return each_field(v, [&](const char* key, value field) -> error_code {
      if (is(key, "index")) {
        std::int64_t index = 0;
        note(part::index, field);
        if (const auto error = field.get_int64().get(index)) return error;
        if (index < 0 || index > max_choice_index) return simdjson::NUMBER_OUT_OF_RANGE;
        out.index = static_cast<std::int32_t>(index);
        return simdjson::SUCCESS;
      }
      if (is(key, "delta") || is(key, "message")) return read_delta(field, out);
      if (is(key, "text")) return note(part::text, field), read_text(field, out.text);
      if (is(key, "finish_reason")) return read_text(field, out.finish_reason);
      if (is(key, "token_ids")) return read_length(field, out.token_ids);
      if (is(key, "logprobs")) return read_logprobs(field, out);
      return simdjson::SUCCESS;
    });
  }

  error_code read_delta(value v, chunk_choice& out) {
    json_type type{};
    if (const auto error = v.type().get(type)) return error;
    if (type != json_type::object) return simdjson::SUCCESS;
    return each_field(v, [&](const char* key, value field) -> error_code {
      if (is(key, "content")) return read_content(field, out);
      if (is(key, "reasoning_content") || is(key, "reasoning"))
        return out.reasoning.empty() ? (note(part::reasoning, field), read_text(field, out.reasoning))
                                     : simdjson::SUCCESS;
      if (is(key, "refusal")) return out.text.empty() ? read_text(field, out.text) : simdjson::SUCCESS;
      if (is(key, "tool_calls")) return read_presence(field, out);
      if (is(key, "function_call")) return read_presence(field, out);
      return simdjson::SUCCESS;
    });
  }

  error_code read_content(value v, chunk_choice& out) {
    json_type type{};
    if (const auto error = v.type().get(type)) return error;
    if (type == json_type::array) return read_presence(v, out);
    note(part::text, v);
    return read_text(v, out.text);
  }

  /// A non-empty array or an object, however it looks inside, was generated.
  error_code read_presence(value v, chunk_choice& out) {
    json_type type{};
    if (const auto error = v.type().get(type)) return error;
    std::int64_t count = type == json_type::object ? 1 : 0;
    if (const auto error = read_length(v, count)) return error;
    out.other = out.other || count > 0;
    return simdjson::SUCCESS;
  }

  /// Completions: {"tokens":[...],...}; chat: {"content":[{"token":"..."},...]}.
  error_code read_logprobs(value v, chunk_choice& out) {
    json_type type{};
    if (const auto error = v.type().get(type)) return error;
    if (type != json_type::object) return simdjson::SUCCESS;
    return each_field(v, [&](const char* key, value field) -> error_code {
      return is(key, "tokens") || is(key, "content") ? read_length(field, out.logprobs) : simdjson::SUCCESS;
    });
  }

  /// Unescapes a string that simdjson refuses: `at` is behind its opening quote.
  error_code repair(const char* at, std::string_view& out) {
    std::string& text = repaired_.emplace_back();
    for (; *at != '"'; ++at) {
      if (*at != '\\') {
        text.push_back(*at);
        continue;
      }
      constexpr std::string_view marks = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
      ++at;
      if (const auto mark = marks.find(*at); mark != marks.npos) {
        text.push_back(meanings[mark]);
        continue;
      }
      char32_t code = 0;
      if (*at != 'u' || !hex4(at + 1, code)) return simdjson::STRING_ERROR;
      at += 4;
      char32_t low = 0;
      if (code >= 0xD800 && code < 0xDC00 && at[1] == '\\' && at[2] == 'u' && hex4(at + 3, low) && low >= 0xDC00 &&
          low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        at += 6;
      }
      append_utf8(text, code);  // which writes U+FFFD for a surrogate that stayed alone
    }
    out = text;
    return simdjson::SUCCESS;
  }
  static bool hex4(const char* digits, char32_t& code) noexcept {
    code = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = digits[i];
      const int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
      if (digit < 0) return false;
      code = code * 16 + static_cast<char32_t>(digit);
    }
    return true;
  }

  simdjson::ondemand::parser parser_;
  chunk chunk_;
  detail::chunk_repeat repeat_;
  std::string buffer_;
  std::deque<std::string> repaired_;  // texts that simdjson could not unescape; views into them must stay
};

}  // namespace weir::inline v0

#endif  // WEIR_OPENAI_CHUNK_HPP
