// weir/openai/models.hpp - asks a server which models it serves. Needs Linux (epoll) and simdjson.
#ifndef WEIR_OPENAI_MODELS_HPP
#define WEIR_OPENAI_MODELS_HPP

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "weir/base/clock.hpp"
#include "weir/base/result.hpp"
#include "weir/data/json_row.hpp"
#include "weir/net/address.hpp"
#include "weir/net/http_call.hpp"
#include "weir/openai/endpoint.hpp"
#include "weir/openai/request.hpp"

namespace weir::inline v0 {

/// Reads the ids out of {"object":"list","data":[{"id":"m",...},...]}.
[[nodiscard]] inline result<std::vector<std::string>> parse_models(std::string_view body) {
  std::vector<std::string> ids;
  json_row_reader read;
  const auto ok = read(body, [&](std::string_view name, json_value value) -> result<void> {
    if (name != "data") return {};
    simdjson::ondemand::array models;
    if (const auto error = value.get_array().get(models)) return json_failure(error);
    for (auto each : models) {
      std::string_view id;
      if (const auto error = each["id"].get_string().get(id)) return json_failure(error);
      ids.emplace_back(id);
    }
    return {};
  });
  if (!ok) return failure{ok.error().code, "/v1/models: " + ok.error().detail};
  return ids;
}

/// Asks /v1/models of `where`. Blocks for at most `timeout_ns`.
/// \return  the ids, at least one; errc::not_found where it serves none; a failure says what to do.
[[nodiscard]] inline result<std::vector<std::string>> ask_models(const endpoint& where,
                                                                 const std::vector<socket_address>& addresses,
                                                                 const request_options& options,
                                                                 std::int64_t timeout_ns = 10'000'000'000) {
  const auto target = where.target("/v1/models");
  if (!target) return target.error();
  std::string request = "GET " + *target + " HTTP/1.1\r\nHost: " + where.where.authority() +
                        "\r\nConnection: close\r\nAccept: application/json\r\n";
  append_own_headers(request, options);
  const auto answer = http_call(addresses, request + "\r\n", timeout_ns);
  const std::string hint = "; name the model with --model, or check the address " + where.base_url;
  if (!answer) return failure{answer.error().code, "cannot ask for the models: " + answer.error().detail + hint};
  if (answer->status != 200)
    return failure{errc::not_found, "/v1/models answers HTTP " + std::to_string(answer->status) + hint};
  auto ids = parse_models(answer->body);
  if (!ids) return failure{ids.error().code, ids.error().detail + hint};
  if (ids->empty()) return failure{errc::not_found, where.base_url + " serves no model; name one with --model"};
  return ids;
}

/// The same, again and again until there is an answer, for `limit_ns` at most.
[[nodiscard]] inline result<std::vector<std::string>> await_models(const endpoint& where,
                                                                   const std::vector<socket_address>& addresses,
                                                                   const request_options& options,
                                                                   std::int64_t limit_ns) {
  const std::int64_t end = now_ns() + limit_ns;
  for (;;) {
    auto models = ask_models(where, addresses, options, std::clamp<std::int64_t>(end - now_ns(), 1, 10'000'000'000));
    if (models || now_ns() >= end) return models;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

}  // namespace weir::inline v0

#endif  // WEIR_OPENAI_MODELS_HPP
